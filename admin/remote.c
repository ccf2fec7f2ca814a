/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/remote.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "admin/protocol.h"

const char btx_remote_socket_usual[] = "/run/betex/admin.sock";
const char btx_remote_hint[] = "is betex-admin up?";

enum btx_fault_code btx_remote_connect(const char *path, const char *hint, int socket_flags,
                                       int *ret_fd, struct btx_fault *reterr_fault)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof address.sun_path)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "--socket: the path is too long");
    memcpy(address.sun_path, path, strlen(path));
    *ret_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | socket_flags, 0);
    if (*ret_fd < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "a socket");
    if (connect(*ret_fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return BTX_OK;
    (void)btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s: nobody answers (%s)", path, hint);
    (void)close(*ret_fd);
    *ret_fd = -1;
    return reterr_fault->code;
}

static enum btx_fault_code send_all(int fd, const uint8_t *bytes, size_t length_bytes,
                                    struct btx_fault *reterr_fault)
{
    while (length_bytes != 0) {
        const ssize_t sent = send(fd, bytes, length_bytes, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "betex-admin");
        bytes += sent;
        length_bytes -= (size_t)sent;
    }
    return BTX_OK;
}

enum btx_fault_code btx_remote_ask(int fd, uint16_t flags, uint16_t columns,
                                   const char *const *arguments, size_t argument_count,
                                   struct btx_fault *reterr_fault)
{
    static uint8_t bytes[BTX_ADMIN_HEADER_BYTES + BTX_ADMIN_REQUEST_BYTES_MAX];
    const size_t length_bytes = btx_admin_request_put(bytes + BTX_ADMIN_HEADER_BYTES, flags,
                                                      columns, arguments, argument_count);

    if (length_bytes == 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "too much: want at most %d arguments of %d bytes together",
                             BTX_ADMIN_ARGUMENTS_MAX, BTX_ADMIN_REQUEST_BYTES_MAX);
    btx_admin_header_put(bytes, BTX_ADMIN_REQUEST, (uint32_t)length_bytes);
    return send_all(fd, bytes, BTX_ADMIN_HEADER_BYTES + length_bytes, reterr_fault);
}
