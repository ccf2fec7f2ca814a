/* SPDX-License-Identifier: Apache-2.0 */
/* page_socket.h - a status page is handed out: a UNIX socket that gives everybody who connects the
 * page's descriptor, opened for reading only, and says goodbye.
 *
 * Who may connect is what the socket's folder and mode say.  Nothing that a client sends is read,
 * and no client is waited for.  The engine's own page goes with its rings (engine/ring); this is
 * for processes that have nothing else to give. */
#ifndef BTX_STATUS_PAGE_SOCKET_H
#define BTX_STATUS_PAGE_SOCKET_H

#include <stdint.h>
#include <sys/types.h>
#include <sys/un.h>

#include "engine/base/fault.h"
#include "engine/status/page.h"

/* The one message that goes with the descriptor. */
#define BTX_STATUS_PAGE_MESSAGE_MAGIC UINT64_C(0x0045474150585442) /* "BTXPAGE" and a zero */
struct btx_status_page_message {
    uint64_t magic;
    uint64_t layout_version; /* of the page */
};

/* The serving side.  Caller's storage; start with {.fd = -1, .page_fd = -1}. */
struct btx_status_page_socket {
    int fd;      /* for poll(): when it is readable, serve */
    int page_fd; /* private from here on */
    int spare_fd;
    struct sockaddr_un address;
};

/* Listen at @path, with the mode @mode, for @page, which outlives it.  A socket that a process left
 * when it died is replaced; LOCKED when somebody answers there.
 * Faults: CONFIG for a path that is too long; LOCKED; IO, also when something else is there. */
BTX_MUST_USE enum btx_fault_code btx_status_page_listen(struct btx_status_page_socket *socket,
                                                        const char *path, mode_t mode,
                                                        const struct btx_status_page *page,
                                                        struct btx_fault *reterr_fault);

/* Hand the page to those who wait, a bounded number of them.  Never waits; a client that is gone
 * is nobody's fault. */
void btx_status_page_serve(struct btx_status_page_socket *socket);

/* Remove the socket and close it.  Idempotent; accepts an object that listen failed on. */
void btx_status_page_socket_close(struct btx_status_page_socket *socket);

/* Fetch the page that is handed out at @path: *ret_fd is the caller's, -1 on a fault.  What came is
 * checked: one descriptor, of a memfd that nobody can shrink, grow, unseal or write to
 * from now on, of the size of a page of this layout; what stands in it is the reader's to check
 * (btx_status_view_open()).  Waits at most five seconds.
 * Faults: CONFIG for a path that is too long; IO when nobody answers; LAYOUT. */
BTX_MUST_USE enum btx_fault_code btx_status_page_fetch(const char *path, int *ret_fd,
                                                       struct btx_fault *reterr_fault);

#endif
