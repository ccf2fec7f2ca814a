/* SPDX-License-Identifier: Apache-2.0 */
/* serve_status.c - what the status pages say. */
#include <stdlib.h>

#include "admin/server.h"
#include "engine/status/status_text.h"

enum form { FORM_SCREEN, FORM_LIST, FORM_METRICS };

static void show(struct btx_admin_call *call, enum form form, uint64_t parts)
{
    struct btx_admin_server *server = call->server;
    char *text = malloc(BTX_STATUS_OUTPUT_BYTES);
    struct btx_writer out;

    if (text == NULL) {
        btx_call_fail(call, 71, "no memory for an answer");
        return;
    }
    btx_writer_init(&out, text, BTX_STATUS_OUTPUT_BYTES);
    btx_engine_link_read(server);
    if (form == FORM_METRICS)
        btx_status_put_metrics(&out, server->reading);
    else if (call->request.json)
        btx_status_put_json(&out, server->reading, server->earlier);
    else if (form == FORM_LIST)
        btx_status_put_list(&out, server->reading, parts);
    else
        (void)btx_status_put_screen(&out, server->reading, server->earlier, call->colour);
    (void)fwrite(text, 1, out.length_bytes, call->out);
    free(text);
    if (form == FORM_LIST && out.length_bytes == 0)
        btx_call_fail(call, 1, "%s",
                      server->is_connected ? "no process says anything about that"
                                           : server->connect_fault.text);
}

void btx_serve_status(struct btx_admin_call *call)
{
    show(call, FORM_SCREEN, 0);
}

void btx_serve_metrics(struct btx_admin_call *call)
{
    show(call, FORM_METRICS, 0);
}

void btx_serve_wal_status(struct btx_admin_call *call)
{
    show(call, FORM_LIST,
         UINT64_C(1) << BTX_STATUS_PART_POLLER | UINT64_C(1) << BTX_STATUS_PART_SEGMENTS);
}

void btx_serve_audit_status(struct btx_admin_call *call)
{
    show(call, FORM_LIST, UINT64_C(1) << BTX_STATUS_PART_SHADOW);
}
