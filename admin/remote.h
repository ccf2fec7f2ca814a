/* SPDX-License-Identifier: Apache-2.0 */
/* remote.h - asking betex-admin: a connection for each request (protocol.h has what is said). */
#ifndef BTX_ADMIN_REMOTE_H
#define BTX_ADMIN_REMOTE_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/attributes.h"
#include "engine/base/fault.h"

/* Where betex-admin answers unless it is told otherwise. */
extern const char btx_remote_socket_usual[];

/* What to say of a socket of betex-admin's at which nobody answers. */
extern const char btx_remote_hint[];

/* Connect to @path.  @hint is what to think of when nobody answers.  @socket_flags may be
 * SOCK_NONBLOCK: then a betex-admin that has too many waiting is a fault at once.
 * Faults: USAGE, the path is too long; IO, nobody answers. */
BTX_MUST_USE enum btx_fault_code btx_remote_connect(const char *path, const char *hint,
                                                    int socket_flags, int *ret_fd,
                                                    struct btx_fault *reterr_fault);

/* Send the one request of a connection; @flags and @columns as in protocol.h.  It fits what the
 * system buffers, so that this does not wait.  Faults: USAGE, it is too much; IO. */
BTX_MUST_USE enum btx_fault_code btx_remote_ask(int fd, uint16_t flags, uint16_t columns,
                                                const char *const *arguments, size_t argument_count,
                                                struct btx_fault *reterr_fault);

#endif
