/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/ctl_remote.h"

#include <errno.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "admin/ctl_interrupt.h"
#include "admin/protocol.h"
#include "admin/remote.h"
#include "admin/terminal.h"

enum { WATCH_SECONDS = 2 };

static enum btx_fault_code ask(int fd, const char *const *arguments, size_t argument_count,
                               struct btx_fault *reterr_fault)
{
    const uint16_t flags = *btx_colour_on(BTX_COLOUR_STRONG) != '\0' ? BTX_ADMIN_COLOUR : 0;
    struct winsize size = {0};

    if (isatty(STDOUT_FILENO))
        (void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    return btx_remote_ask(fd, flags, size.ws_col, arguments, argument_count, reterr_fault);
}

static enum btx_fault_code receive_all(int fd, uint8_t *bytes, size_t length_bytes,
                                       struct btx_fault *reterr_fault)
{
    while (length_bytes != 0) {
        const ssize_t got = recv(fd, bytes, length_bytes, 0);

        if (got < 0 && errno == EINTR && !btx_ctl_interrupt_take())
            continue;
        if (got < 0 && errno == EINTR)
            return btx_fault_set(reterr_fault, BTX_FAULT_IO, 0, "interrupted");
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

    if (btx_remote_connect(path, btx_remote_hint, 0, &fd, reterr_fault) != BTX_OK)
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
    const char *path = request->socket != NULL ? request->socket : btx_remote_socket_usual;
    const struct timespec pause = {.tv_sec = WATCH_SECONDS};
    enum btx_fault_code code;

    for (;;) {
        if (request->watch && isatty(STDOUT_FILENO))
            fputs("\033[H\033[2J", stdout);
        code = once(path, arguments, argument_count, ret_status, reterr_fault);
        if (code != BTX_OK || !request->watch || ferror(stdout))
            return code;
        if (nanosleep(&pause, NULL) != 0 && btx_ctl_interrupt_take()) {
            putchar('\n'); /* The terminal has shown ^C. */
            return BTX_OK;
        }
    }
}
