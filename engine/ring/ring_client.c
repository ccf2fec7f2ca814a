/* SPDX-License-Identifier: Apache-2.0 */
/* ring_client.c - connect, receive, map, say so. */
#include "engine/ring/ring_client.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine/base/check.h"

#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_US UINT64_C(1000)

static enum btx_fault_code client_connect(struct btx_ring_client *client, const char *path,
                                          uint64_t timeout_ns, struct btx_fault *reterr_fault)
{
    const struct timeval timeout = {.tv_sec = (time_t)(timeout_ns / NS_PER_S),
                                    .tv_usec = (suseconds_t)(timeout_ns % NS_PER_S / NS_PER_US)};
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof(address.sun_path))
        return btx_fault_set(reterr_fault, BTX_FAULT_CONFIG, 0, "socket path '%s' is too long",
                             path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    client->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    /* The time to send is also that to connect, when many want to. */
    if (client->fd < 0 ||
        setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) != 0 ||
        setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) != 0 ||
        connect(client->fd, (const struct sockaddr *)(const void *)&address, sizeof(address)) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "connecting to the engine at '%s'",
                             path);
    return BTX_OK;
}

/* The descriptor that WELCOME calls @kind; -1 for none.  It is the caller's from then on. */
static int descriptor_take(const struct btx_ring_message *message, int *fds,
                           enum btx_ring_descriptor kind)
{
    for (size_t i = 0; i < message->descriptor_count; i++) {
        const int fd = fds[i];

        if (message->descriptors[i] == kind && fd >= 0) {
            fds[i] = -1;
            return fd;
        }
    }
    return -1;
}

static enum btx_fault_code client_map(struct btx_ring_client *client,
                                      const struct btx_ring_message *message, int *fds,
                                      struct btx_fault *reterr_fault)
{
    enum btx_fault_code code;

    if (message->layout_version != BTX_RING_LAYOUT_VERSION)
        return btx_fault_set(reterr_fault, BTX_FAULT_LAYOUT, 0,
                             "the engine's rings are of layout %u, ours of %u",
                             message->layout_version, BTX_RING_LAYOUT_VERSION);
    client->status_fd = descriptor_take(message, fds, BTX_RING_DESCRIPTOR_STATUS_PAGE);
    code = btx_event_reader_attach(
        &client->events, descriptor_take(message, fds, BTX_RING_DESCRIPTOR_EVENT_PAGE),
        descriptor_take(message, fds, BTX_RING_DESCRIPTOR_EVENT_BYTES), reterr_fault);
    if (code != BTX_OK)
        return code;
    return btx_command_producer_attach(
        &client->commands, descriptor_take(message, fds, BTX_RING_DESCRIPTOR_ENGINE_PAGE),
        descriptor_take(message, fds, BTX_RING_DESCRIPTOR_PRODUCER_REGION), reterr_fault);
}

/* Receive an answer within the time that the socket has; its descriptors are in @fds. */
static enum btx_fault_code client_receive(struct btx_ring_client *client,
                                          struct btx_ring_message *message, int *fds, size_t *count,
                                          struct btx_fault *reterr_fault)
{
    const int os_error = btx_ring_message_receive(client->fd, message, fds, count);

    if (os_error == EAGAIN)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, 0, "the engine does not answer");
    if (os_error != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, os_error, "the engine's answer");
    return BTX_OK;
}

/* Tell the engine that all is mapped, and wait until it has accepted that. */
static enum btx_fault_code client_mapped(struct btx_ring_client *client,
                                         struct btx_fault *reterr_fault)
{
    struct btx_ring_message message = btx_ring_message_make(BTX_RING_MESSAGE_MAPPED, "");
    int fds[BTX_RING_DESCRIPTORS_MAX];
    size_t count = 0;
    const int os_error = btx_ring_message_send(client->fd, &message, NULL, 0);

    if (os_error != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, os_error, "answering the engine");
    if (client_receive(client, &message, fds, &count, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    while (count > 0)
        (void)close(fds[--count]); /* None is expected here. */
    if (message.type != BTX_RING_MESSAGE_READY)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, 0, "the engine refused: %s", message.text);
    return BTX_OK;
}

static enum btx_fault_code client_welcome(struct btx_ring_client *client,
                                          struct btx_fault *reterr_fault)
{
    struct btx_ring_message message;
    int fds[BTX_RING_DESCRIPTORS_MAX];
    size_t count = 0;
    enum btx_fault_code code = client_receive(client, &message, fds, &count, reterr_fault);

    if (code != BTX_OK)
        return code;
    if (message.type == BTX_RING_MESSAGE_WELCOME)
        code = client_map(client, &message, fds, reterr_fault);
    else
        code = btx_fault_set(reterr_fault, BTX_FAULT_IO, 0, "the engine refused: %s", message.text);
    for (size_t i = 0; i < count; i++)
        if (fds[i] >= 0)
            (void)close(fds[i]); /* Of a kind that we do not know. */
    return code;
}

enum btx_fault_code btx_ring_client_open(struct btx_ring_client *client, const char *path,
                                         uint64_t timeout_ns, struct btx_fault *reterr_fault)
{
    enum btx_fault_code code;

    memset(client, 0, sizeof(*client));
    client->events.page_memory = client->events.bytes_memory = BTX_RING_MEMORY_NONE;
    client->commands.page_memory = client->commands.region_memory = BTX_RING_MEMORY_NONE;
    client->status_fd = client->fd = -1;
    code = client_connect(client, path, timeout_ns, reterr_fault);
    if (code == BTX_OK)
        code = client_welcome(client, reterr_fault);
    if (code == BTX_OK)
        code = client_mapped(client, reterr_fault);
    if (code == BTX_OK && fcntl(client->fd, F_SETFL, O_NONBLOCK) != 0)
        code = btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "the engine's connection");
    if (code != BTX_OK)
        btx_ring_client_close(client);
    return code;
}

void btx_ring_client_close(struct btx_ring_client *client)
{
    btx_event_reader_detach(&client->events);
    btx_command_producer_detach(&client->commands);
    if (client->status_fd >= 0)
        (void)close(client->status_fd); /* Only read. */
    if (client->fd >= 0)
        (void)close(client->fd); /* This is what tells the engine. */
    client->status_fd = client->fd = -1;
}

static enum btx_ring_news ended(struct btx_ring_client *client, const char *why)
{
    (void)memset(client->why, 0, sizeof(client->why));
    memcpy(client->why, why, strnlen(why, sizeof(client->why) - 1));
    return BTX_RING_NEWS_ENDED;
}

enum btx_ring_news btx_ring_client_read_news(struct btx_ring_client *client)
{
    enum btx_ring_news news = BTX_RING_NEWS_NONE;

    for (;;) {
        struct btx_ring_message message;
        int fds[BTX_RING_DESCRIPTORS_MAX];
        size_t count = 0;
        const int os_error = btx_ring_message_receive(client->fd, &message, fds, &count);

        if (os_error == EAGAIN)
            return news;
        if (os_error == EINTR)
            continue;
        if (os_error != 0)
            return ended(client, "the engine is gone");
        while (count > 0)
            (void)close(fds[--count]); /* None is expected after the welcome. */
        if (message.type == BTX_RING_MESSAGE_ENDED)
            return ended(client, message.text);
        if (message.type == BTX_RING_MESSAGE_WAKE)
            news = BTX_RING_NEWS_WOKEN;
    }
}

bool btx_ring_client_may_sleep(struct btx_ring_client *client)
{
    btx_command_producer_wait_for(&client->commands,
                                  btx_event_reader_position(&client->events) + 1);
    if (!btx_event_reader_is_behind(&client->events))
        return true;
    btx_ring_client_awake(client);
    return false;
}

void btx_ring_client_awake(struct btx_ring_client *client)
{
    btx_command_producer_wait_for(&client->commands, 0);
}
