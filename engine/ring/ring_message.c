/* SPDX-License-Identifier: Apache-2.0 */
/* ring_message.c - one message and its descriptors into and out of a packet. */
#include "engine/ring/ring_message.h"

#include <errno.h>
#include <stdalign.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "engine/ring/ring_layout.h"

static_assert(BTX_RING_LAYOUT_VERSION <= UINT8_MAX, "the version fits its byte");

/* Room for the descriptors of one packet, aligned as the kernel wants it. */
struct control {
    alignas(struct cmsghdr) uint8_t bytes[CMSG_SPACE(BTX_RING_DESCRIPTORS_MAX * sizeof(int))];
};

struct btx_ring_message btx_ring_message_make(enum btx_ring_message_type type, const char *text)
{
    struct btx_ring_message message = {
        .magic = BTX_RING_MESSAGE_MAGIC,
        .type = (uint16_t)type,
        .layout_version = BTX_RING_LAYOUT_VERSION,
    };

    memcpy(message.text, text, strnlen(text, sizeof(message.text) - 1));
    return message;
}

int btx_ring_message_send(int socket, const struct btx_ring_message *message, const int *fds,
                          size_t count)
{
    struct iovec piece = {.iov_base = (void *)(uintptr_t)message, .iov_len = sizeof(*message)};
    struct msghdr header = {.msg_iov = &piece, .msg_iovlen = 1};
    struct control control = {{0}};

    CHECK(count <= BTX_RING_DESCRIPTORS_MAX);
    if (count != 0) {
        struct cmsghdr *item;

        header.msg_control = control.bytes;
        header.msg_controllen = CMSG_SPACE(count * sizeof(int));
        item = CMSG_FIRSTHDR(&header);
        item->cmsg_level = SOL_SOCKET;
        item->cmsg_type = SCM_RIGHTS;
        item->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(item), fds, count * sizeof(int));
    }
    /* Per call and not a mode of the socket: nothing that is shared decides whether we wait. */
    if (sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        return errno;
    return 0;
}

bool btx_ring_message_is_mapped(int socket)
{
    const struct btx_ring_message wanted = btx_ring_message_make(BTX_RING_MESSAGE_MAPPED, "");
    struct btx_ring_message message;
    /* Not recvmsg: there is no room for descriptors.  MSG_TRUNC: the length that was sent. */
    const ssize_t length = recv(socket, &message, sizeof(message), MSG_DONTWAIT | MSG_TRUNC);

    return length == (ssize_t)sizeof(message) && memcmp(&message, &wanted, sizeof(message)) == 0;
}

/* The descriptors that came along. */
static size_t take_descriptors(struct msghdr *header, int ret_fds[BTX_RING_DESCRIPTORS_MAX])
{
    size_t count = 0;

    for (struct cmsghdr *item = CMSG_FIRSTHDR(header); item != NULL;
         item = CMSG_NXTHDR(header, item)) {
        const size_t bytes = item->cmsg_len - CMSG_LEN(0);

        if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_RIGHTS)
            continue;
        /* The room is for that many and the kernel gives one item of a kind. */
        CHECK(count == 0 && bytes <= BTX_RING_DESCRIPTORS_MAX * sizeof(int));
        memcpy(ret_fds, CMSG_DATA(item), bytes);
        count = bytes / sizeof(int);
    }
    return count;
}

int btx_ring_message_receive(int socket, struct btx_ring_message *ret_message,
                             int ret_fds[BTX_RING_DESCRIPTORS_MAX], size_t *ret_count)
{
    struct control control = {{0}};
    struct iovec piece = {.iov_base = ret_message, .iov_len = sizeof(*ret_message)};
    struct msghdr header = {.msg_iov = &piece,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof(control.bytes)};
    const ssize_t length = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
    size_t count;

    if (length < 0)
        return errno;
    if (length == 0)
        return ECONNRESET;
    count = take_descriptors(&header, ret_fds);
    if ((size_t)length != sizeof(*ret_message) ||
        (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 ||
        ret_message->magic != BTX_RING_MESSAGE_MAGIC || ret_message->descriptor_count != count) {
        while (count > 0)
            (void)close(ret_fds[--count]); /* Not wanted. */
        return EPROTO;
    }
    ret_message->text[sizeof(ret_message->text) - 1] = '\0';
    *ret_count = count;
    return 0;
}
