/* SPDX-License-Identifier: Apache-2.0 */
/* page_socket.c - listen, hand out; connect, receive, check. */
#include "engine/status/page_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "engine/base/check.h"

/* Served in a row before the caller has its turn. */
#define SERVE_MAX 16
/* How long a client waits for a server that accepts nobody. */
#define FETCH_WAIT_S 5

#define SEALS_WANTED (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
#define SEALS_WRITE (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)

/* Room for one descriptor, aligned as the kernel wants it. */
struct control {
    alignas(struct cmsghdr) uint8_t bytes[CMSG_SPACE(sizeof(int))];
};

static enum btx_fault_code address_set(struct sockaddr_un *ret_address, const char *path,
                                       struct btx_fault *reterr_fault)
{
    memset(ret_address, 0, sizeof *ret_address);
    ret_address->sun_family = AF_UNIX;
    if (path[0] == '\0' || strlen(path) >= sizeof ret_address->sun_path)
        return btx_fault_set(reterr_fault, BTX_FAULT_CONFIG, 0,
                             "socket path '%s': want 1 to %zu bytes", path,
                             sizeof ret_address->sun_path - 1);
    memcpy(ret_address->sun_path, path, strlen(path) + 1);
    return BTX_OK;
}

static int address_connect(int fd, const struct sockaddr_un *address)
{
    return connect(fd, (const struct sockaddr *)(const void *)address, sizeof *address);
}

/* ---- The serving side ---- */

/* Make way at the address: what is there is left over, or somebody's. */
static enum btx_fault_code make_way(const struct sockaddr_un *address,
                                    struct btx_fault *reterr_fault)
{
    bool answered;
    struct stat status;
    int fd;

    if (lstat(address->sun_path, &status) != 0 || !S_ISSOCK(status.st_mode))
        return BTX_OK; /* If something else is there, bind says so. */
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "making a socket");
    /* EAGAIN: there are too many who wait, so somebody is there. */
    answered = address_connect(fd, address) == 0 || errno == EAGAIN;
    (void)close(fd);
    if (answered)
        return btx_fault_set(reterr_fault, BTX_FAULT_LOCKED, 0,
                             "another process hands out its status at '%s'", address->sun_path);
    (void)unlink(address->sun_path); /* If it cannot be, bind says so. */
    return BTX_OK;
}

/* Descriptor @fd opened anew, so that nothing can be done with it but read. */
static int open_reader(int fd)
{
    char path[32];

    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static enum btx_fault_code bind_and_listen(struct btx_status_page_socket *page_socket, mode_t mode,
                                           struct btx_fault *reterr_fault)
{
    const struct sockaddr_un *address = &page_socket->address;
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0 || bind(fd, (const struct sockaddr *)(const void *)address, sizeof *address) != 0) {
        (void)btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "listening at '%s'",
                            address->sun_path);
        if (fd >= 0)
            (void)close(fd);
        return BTX_FAULT_IO;
    }
    page_socket->fd = fd; /* From here on the name is ours to remove. */
    if (chmod(address->sun_path, mode) != 0 || listen(fd, SOMAXCONN) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "listening at '%s'",
                             address->sun_path);
    return BTX_OK;
}

enum btx_fault_code btx_status_page_listen(struct btx_status_page_socket *page_socket,
                                           const char *path, mode_t mode,
                                           const struct btx_status_page *page,
                                           struct btx_fault *reterr_fault)
{
    *page_socket = (struct btx_status_page_socket){.fd = -1, .page_fd = -1, .spare_fd = -1};
    if (address_set(&page_socket->address, path, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    page_socket->page_fd = open_reader(page->fd);
    page_socket->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (page_socket->page_fd < 0 || page_socket->spare_fd < 0)
        (void)btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "opening the status page to read");
    else if (make_way(&page_socket->address, reterr_fault) == BTX_OK &&
             bind_and_listen(page_socket, mode, reterr_fault) == BTX_OK)
        return BTX_OK;
    btx_status_page_socket_close(page_socket);
    return reterr_fault->code;
}

static void hand_out(int client_fd, int page_fd)
{
    static const struct btx_status_page_message message = {
        .magic = BTX_STATUS_PAGE_MESSAGE_MAGIC, .layout_version = BTX_STATUS_LAYOUT_VERSION};
    struct iovec piece = {.iov_base = (void *)(uintptr_t)&message, .iov_len = sizeof message};
    struct control control = {{0}};
    const struct msghdr header = {.msg_iov = &piece,
                                  .msg_iovlen = 1,
                                  .msg_control = control.bytes,
                                  .msg_controllen = sizeof control.bytes};
    struct cmsghdr *item = CMSG_FIRSTHDR(&header);

    item->cmsg_level = SOL_SOCKET;
    item->cmsg_type = SCM_RIGHTS;
    item->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(item), &page_fd, sizeof(int));
    /* A client that is gone, or that wants to be waited for, gets nothing. */
    (void)!sendmsg(client_fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* When all descriptors are in use nobody could be accepted, and poll() would report it for ever:
 * one that was kept for this takes the connection. */
static int accept_with_spare(struct btx_status_page_socket *page_socket)
{
    (void)close(page_socket->spare_fd);
    page_socket->spare_fd = -1;
    return accept4(page_socket->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

void btx_status_page_serve(struct btx_status_page_socket *page_socket)
{
    for (int i = 0; i < SERVE_MAX; i++) {
        int fd = accept4(page_socket->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0 && (errno == EMFILE || errno == ENFILE) && page_socket->spare_fd >= 0)
            fd = accept_with_spare(page_socket);
        if (fd >= 0) {
            hand_out(fd, page_socket->page_fd);
            (void)close(fd); /* What was sent stays for the client to receive. */
        } else if (errno != ECONNABORTED && errno != EINTR) {
            return;
        }
        if (page_socket->spare_fd < 0)
            page_socket->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
}

void btx_status_page_socket_close(struct btx_status_page_socket *page_socket)
{
    const int fds[] = {page_socket->fd, page_socket->page_fd, page_socket->spare_fd};

    if (page_socket->fd >= 0)
        (void)unlink(page_socket->address.sun_path); /* What stays is replaced by the next. */
    for (size_t i = 0; i < BTX_COUNT_OF(fds); i++) {
        if (fds[i] >= 0)
            (void)close(fds[i]); /* None of them holds anything that could be lost. */
    }
    page_socket->fd = page_socket->page_fd = page_socket->spare_fd = -1;
}

/* ---- The client ---- */

static enum btx_fault_code client_connect(int fd, const char *path, struct btx_fault *reterr_fault)
{
    static const struct timeval wait = {.tv_sec = FETCH_WAIT_S};
    struct sockaddr_un address;

    if (address_set(&address, path, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    /* The time to send is also that to connect, when many want to. */
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) != 0 ||
        address_connect(fd, &address) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "connecting to '%s'", path);
    return BTX_OK;
}

/* The message and its descriptor, which is the caller's then: -1 for none. */
static enum btx_fault_code client_receive(int fd, int *ret_page_fd, struct btx_fault *reterr_fault)
{
    struct btx_status_page_message message = {0};
    struct iovec piece = {.iov_base = &message, .iov_len = sizeof message};
    struct control control = {{0}};
    struct msghdr header = {.msg_iov = &piece,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof control.bytes};
    const ssize_t length = recvmsg(fd, &header, MSG_CMSG_CLOEXEC);
    const struct cmsghdr *item;

    if (length < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "receiving a status page");
    item = CMSG_FIRSTHDR(&header);
    /* There is room for one descriptor: the kernel closes all others, and says so. */
    if (item != NULL && item->cmsg_level == SOL_SOCKET && item->cmsg_type == SCM_RIGHTS &&
        item->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(ret_page_fd, CMSG_DATA(item), sizeof(int));
    if (length != (ssize_t)sizeof message || *ret_page_fd < 0 ||
        (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 ||
        message.magic != BTX_STATUS_PAGE_MESSAGE_MAGIC)
        return btx_fault_set(reterr_fault, BTX_FAULT_LAYOUT, 0,
                             "what answers hands out no status page");
    if (message.layout_version != BTX_STATUS_LAYOUT_VERSION)
        return btx_fault_set(reterr_fault, BTX_FAULT_LAYOUT, 0,
                             "the status page has layout version %" PRIu64 ", want %u",
                             message.layout_version, BTX_STATUS_LAYOUT_VERSION);
    return BTX_OK;
}

/* Whether touching the page is safe for ever, and nobody else can be handed a way to write it. */
static enum btx_fault_code client_check(int page_fd, struct btx_fault *reterr_fault)
{
    const int seals = fcntl(page_fd, F_GET_SEALS);
    struct stat status;

    if (seals < 0 || (seals & SEALS_WANTED) != SEALS_WANTED || (seals & SEALS_WRITE) == 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_LAYOUT, 0,
                             "what came is no status page: it is not sealed as one");
    if (fstat(page_fd, &status) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "looking at a status page");
    if (status.st_size != (off_t)sizeof(struct btx_status_shared))
        return btx_fault_set(reterr_fault, BTX_FAULT_LAYOUT, 0,
                             "what came is no status page: %jd bytes, want %zu",
                             (intmax_t)status.st_size, sizeof(struct btx_status_shared));
    return BTX_OK;
}

enum btx_fault_code btx_status_page_fetch(const char *path, int *ret_fd,
                                          struct btx_fault *reterr_fault)
{
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    enum btx_fault_code code;
    int page_fd = -1;

    *ret_fd = -1;
    if (fd < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "making a socket");
    code = client_connect(fd, path, reterr_fault);
    if (code == BTX_OK)
        code = client_receive(fd, &page_fd, reterr_fault);
    if (code == BTX_OK)
        code = client_check(page_fd, reterr_fault);
    (void)close(fd);
    if (code == BTX_OK) {
        *ret_fd = page_fd;
        return BTX_OK;
    }
    if (page_fd >= 0)
        (void)close(page_fd);
    return btx_fault_wrap(reterr_fault, "%s", path);
}
