/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/ctl_remote.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "admin/protocol.h"
#include "admin/terminal.h"

enum { WATCH_SECONDS = 2 };

const char btx_ctl_socket_usual[] = "/run/betex/admin.sock";

static enum btx_fault_code connect_to(const char *path, int *ret_fd, struct btx_fault *reterr_fault)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof address.sun_path)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "--socket: the path is too long");
    memcpy(address.sun_path, path, strlen(path));
    *ret_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*ret_fd < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "a socket");
    if (connect(*ret_fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return BTX_OK;
    (void)btx_fault_set(reterr_fault, BTX_FAULT_IO, errno,
                        "%s: nobody answers (is betex-admin up?)", path);
    (void)close(*ret_fd);
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

static enum btx_fault_code ask(int fd, const char *const *arguments, size_t argument_count,
                               struct btx_fault *reterr_fault)
{
    static uint8_t bytes[BTX_ADMIN_HEADER_BYTES + BTX_ADMIN_REQUEST_BYTES_MAX];
    const uint16_t flags = *btx_colour_on(BTX_COLOUR_STRONG) != '\0' ? BTX_ADMIN_COLOUR : 0;
    struct winsize size = {0};
    size_t length_bytes;

    if (isatty(STDOUT_FILENO))
        (void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    length_bytes = btx_admin_request_put(bytes + BTX_ADMIN_HEADER_BYTES, flags, size.ws_col,
                                         arguments, argument_count);
    if (length_bytes == 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "too much: want at most %d arguments of %d bytes together",
                             BTX_ADMIN_ARGUMENTS_MAX, BTX_ADMIN_REQUEST_BYTES_MAX);
    btx_admin_header_put(bytes, BTX_ADMIN_REQUEST, (uint32_t)length_bytes);
    return send_all(fd, bytes, BTX_ADMIN_HEADER_BYTES + length_bytes, reterr_fault);
}

static enum btx_fault_code receive_all(int fd, uint8_t *bytes, size_t length_bytes,
                                       struct btx_fault *reterr_fault)
{
    while (length_bytes != 0) {
        const ssize_t got = recv(fd, bytes, length_bytes, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return btx_fault_set(reterr_fault, BTX_FAULT_IO, got < 0 ? errno : 0,
                                 "betex-admin went away before it had answered");
        bytes += got;
        length_bytes -= (size_t)got;
    }
    return BTX_OK;
}

static enum btx_fault_code take_answer(int fd, int *ret_status, struct btx_fault *reterr_fault)
{
    static uint8_t bytes[BTX_ADMIN_CHUNK_BYTES_MAX];
    struct btx_admin_header header;

    for (;;) {
        if (receive_all(fd, bytes, BTX_ADMIN_HEADER_BYTES, reterr_fault) != BTX_OK)
            return reterr_fault->code;
        if (btx_admin_header_read(bytes, &header) != NULL || header.length_bytes == 0 ||
            header.length_bytes > sizeof bytes || header.type < BTX_ADMIN_OUT ||
            header.type > BTX_ADMIN_EXIT)
            return btx_fault_set(reterr_fault, BTX_FAULT_LAYOUT, 0,
                                 "what answers is no betex-admin, or of another version");
        if (receive_all(fd, bytes, header.length_bytes, reterr_fault) != BTX_OK)
            return reterr_fault->code;
        if (header.type == BTX_ADMIN_EXIT) {
            *ret_status = bytes[0];
            return BTX_OK;
        }
        (void)fwrite(bytes, 1, header.length_bytes, header.type == BTX_ADMIN_OUT ? stdout : stderr);
        /* Whoever follows events wants to see them; that it cannot be written, main finds out. */
        if (fflush(stdout) != 0)
            return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "standard output");
    }
}

static enum btx_fault_code once(const char *path, const char *const *arguments,
                                size_t argument_count, int *ret_status,
                                struct btx_fault *reterr_fault)
{
    enum btx_fault_code code;
    int fd = -1;

    if (connect_to(path, &fd, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    code = ask(fd, arguments, argument_count, reterr_fault);
    if (code == BTX_OK)
        code = take_answer(fd, ret_status, reterr_fault);
    (void)close(fd);
    return code;
}

enum btx_fault_code btx_ctl_remote(const struct btx_ctl_request *request,
                                   const char *const *arguments, size_t argument_count,
                                   int *ret_status, struct btx_fault *reterr_fault)
{
    const char *path = request->socket != NULL ? request->socket : btx_ctl_socket_usual;
    const struct timespec pause = {.tv_sec = WATCH_SECONDS};
    enum btx_fault_code code;

    for (;;) {
        if (request->watch && isatty(STDOUT_FILENO))
            fputs("\033[H\033[2J", stdout);
        code = once(path, arguments, argument_count, ret_status, reterr_fault);
        if (code != BTX_OK || !request->watch || ferror(stdout))
            return code;
        (void)nanosleep(&pause, NULL);
    }
}
