/* SPDX-License-Identifier: Apache-2.0 */
/* ctl_remote.h - a verb that betex-admin does: asked for at its socket, its answer printed here. */
#ifndef BTX_ADMIN_CTL_REMOTE_H
#define BTX_ADMIN_CTL_REMOTE_H

#include "admin/ctl_request.h"

/* Ask for the @arguments at request->socket (NULL: the usual one), again and again with
 * request->watch, and print what comes.  *ret_status is the exit status that was answered.
 * Faults: USAGE, too long; IO, nobody answers; LAYOUT, who answers speaks something else. */
BTX_MUST_USE enum btx_fault_code btx_ctl_remote(const struct btx_ctl_request *request,
                                                const char *const *arguments, size_t argument_count,
                                                int *ret_status, struct btx_fault *reterr_fault);

#endif
