/* SPDX-License-Identifier: Apache-2.0 */
/* launcher.c - betex-admin's side: starts the launcher and sends it orders. */
#include "admin/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/launcher_process.h"
#include "engine/base/check.h"

static enum btx_fault_code await_start(int fd, struct btx_fault *reterr_fault)
{
    struct btx_fault fault;
    ssize_t got;

    do
        got = recv(fd, &fault, sizeof fault, 0);
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof fault)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, 0,
                             "the launcher of betex-wal ended as it began");
    if (fault.code != BTX_OK)
        *reterr_fault = fault;
    return fault.code;
}

enum btx_fault_code btx_launcher_start(struct btx_launcher *ret_launcher,
                                       const struct btx_launcher_options *options,
                                       struct btx_fault *reterr_fault)
{
    int ends[2];
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "a socket for the launcher");
    pid = fork();
    if (pid == 0) {
        (void)close(ends[0]);
        btx_launcher_serve(ends[1], options);
    }
    (void)close(ends[1]);
    if (pid < 0) {
        (void)btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "starting the launcher");
    } else if (await_start(ends[0], reterr_fault) == BTX_OK) {
        ret_launcher->fd = ends[0];
        return BTX_OK;
    }
    (void)close(ends[0]);
    return reterr_fault->code;
}

void btx_launcher_close(struct btx_launcher *launcher)
{
    if (launcher->fd >= 0)
        (void)close(launcher->fd);
    launcher->fd = -1;
}

/* @arguments as they are sent; 0 when they are too many bytes. */
static size_t write_order(char order[BTX_LAUNCH_ORDER_BYTES_MAX], const char *const *arguments)
{
    size_t length_bytes = 0;

    for (size_t i = 0; arguments[i] != NULL; i++) {
        const size_t bytes = strlen(arguments[i]) + 1;

        CHECK(i < BTX_LAUNCH_ARGUMENTS_MAX);
        if (bytes > BTX_LAUNCH_ORDER_BYTES_MAX - length_bytes)
            return 0;
        memcpy(order + length_bytes, arguments[i], bytes);
        length_bytes += bytes;
    }
    return length_bytes;
}

/* 0 or an errno.  Never waits: a launcher that stands still is no reason to do so too. */
static int send_order(int fd, const char *const *arguments, const int fds[BTX_LAUNCH_PIPE_COUNT])
{
    struct {
        alignas(struct cmsghdr) char bytes[CMSG_SPACE(BTX_LAUNCH_PIPE_COUNT * sizeof(int))];
    } control = {{0}};
    char order[BTX_LAUNCH_ORDER_BYTES_MAX];
    struct iovec piece = {.iov_base = order, .iov_len = write_order(order, arguments)};
    const struct msghdr header = {.msg_iov = &piece,
                                  .msg_iovlen = 1,
                                  .msg_control = control.bytes,
                                  .msg_controllen = sizeof control.bytes};
    struct cmsghdr *item = CMSG_FIRSTHDR(&header);

    if (piece.iov_len == 0)
        return E2BIG;
    item->cmsg_level = SOL_SOCKET;
    item->cmsg_type = SCM_RIGHTS;
    item->cmsg_len = CMSG_LEN(BTX_LAUNCH_PIPE_COUNT * sizeof(int));
    memcpy(CMSG_DATA(item), fds, BTX_LAUNCH_PIPE_COUNT * sizeof(int));
    return sendmsg(fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? errno : 0;
}

static void close_all(const int fds[BTX_LAUNCH_PIPE_COUNT])
{
    for (size_t i = 0; i < BTX_LAUNCH_PIPE_COUNT; i++) {
        if (fds[i] >= 0)
            (void)close(fds[i]);
    }
}

int btx_launcher_run(const struct btx_launcher *launcher, const char *const *arguments,
                     int ret_pipes[BTX_LAUNCH_PIPE_COUNT])
{
    int from[BTX_LAUNCH_PIPE_COUNT] = {-1, -1, -1};
    int to[BTX_LAUNCH_PIPE_COUNT] = {-1, -1, -1};
    int os_error = 0;

    for (size_t i = 0; i < BTX_LAUNCH_PIPE_COUNT && os_error == 0; i++) {
        int ends[2];

        if (pipe2(ends, O_CLOEXEC) != 0) {
            os_error = errno;
            break;
        }
        from[i] = ends[0];
        to[i] = ends[1];
    }
    if (os_error == 0)
        os_error = send_order(launcher->fd, arguments, to);
    close_all(to); /* They are on their way, or not wanted. */
    if (os_error != 0)
        close_all(from);
    else
        memcpy(ret_pipes, from, sizeof from);
    return os_error;
}
