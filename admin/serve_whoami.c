/* SPDX-License-Identifier: Apache-2.0 */
/* serve_whoami.c - who somebody is to betex-admin, and what they may do. */
#include "admin/json.h"
#include "admin/server.h"

void btx_serve_whoami(struct btx_admin_call *call)
{
    struct btx_json json = {.out = call->out};

    if (!call->request.json) {
        fprintf(call->out, "%s, with the role %s\n", call->peer.name,
                btx_role_text(call->peer.role));
        return;
    }
    btx_json_begin_object(&json, NULL);
    btx_json_text(&json, "user", call->peer.name);
    btx_json_text(&json, "role", btx_role_text(call->peer.role));
    btx_json_end_object(&json);
    btx_json_end_line(&json);
}
