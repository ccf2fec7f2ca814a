/* SPDX-License-Identifier: Apache-2.0 */
/* listen.c - where clients connect: addresses, limits, and what if descriptors run out. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "tls/gateway.h"

enum {
    BACKLOG = 1024,
    ACCEPTED_AT_ONCE = 16,
    UNSENT_BYTES_MAX = 131072, /* that the kernel keeps: what waits there cannot be conflated */
};

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_storage room;
};

/* ---- Addresses as texts ---- */

static bool read_port(const char *text, in_port_t *ret_port)
{
    char *end;
    const unsigned long port = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || port > 65535)
        return false;
    *ret_port = htons((uint16_t)port);
    return true;
}

/* "192.0.2.1:7443" or "[2001:db8::1]:7443"; @text is cut. */
static bool read_address(char *text, union address *ret_address, socklen_t *ret_length)
{
    char *port = strrchr(text, ':');

    memset(ret_address, 0, sizeof *ret_address);
    if (port == NULL)
        return false;
    *port++ = '\0';
    if (*text != '[') {
        ret_address->v4.sin_family = AF_INET;
        *ret_length = sizeof ret_address->v4;
        return inet_pton(AF_INET, text, &ret_address->v4.sin_addr) == 1 &&
               read_port(port, &ret_address->v4.sin_port);
    }
    if (text[strlen(text) - 1] != ']')
        return false;
    text[strlen(text) - 1] = '\0';
    ret_address->v6.sin6_family = AF_INET6;
    *ret_length = sizeof ret_address->v6;
    return inet_pton(AF_INET6, text + 1, &ret_address->v6.sin6_addr) == 1 &&
           read_port(port, &ret_address->v6.sin6_port);
}

static void write_address(const union address *address, char *text, size_t size_bytes)
{
    char host[INET6_ADDRSTRLEN] = "?";

    if (address->any.sa_family == AF_INET) {
        (void)inet_ntop(AF_INET, &address->v4.sin_addr, host, sizeof host);
        (void)snprintf(text, size_bytes, "%s:%u", host, (unsigned)ntohs(address->v4.sin_port));
    } else {
        (void)inet_ntop(AF_INET6, &address->v6.sin6_addr, host, sizeof host);
        (void)snprintf(text, size_bytes, "[%s]:%u", host, (unsigned)ntohs(address->v6.sin6_port));
    }
}

/* ---- Limits of an address ---- */

/* Who has one address of a /64 has all of them. */
static void key_of(const union address *address, uint64_t ret_key[2])
{
    ret_key[0] = ret_key[1] = 0;
    if (address->any.sa_family == AF_INET) {
        ret_key[0] = 1; /* No /64 of IPv6 that is in use. */
        ret_key[1] = address->v4.sin_addr.s_addr;
    } else {
        memcpy(ret_key, &address->v6.sin6_addr, sizeof ret_key[0]);
    }
}

/* One more connection of @from; NULL when it has too many, or there is no memory. */
static struct btx_address *enter(struct btx_gateway *gateway, const union address *from)
{
    uint64_t key[2];
    struct btx_address *address;

    key_of(from, key);
    address = (struct btx_address *)btx_table_find(&gateway->addresses, key[0], key[1]);
    if (address == NULL) {
        address = calloc(1, sizeof *address);
        if (address == NULL)
            return NULL;
        memcpy(address->entry.key, key, sizeof key);
        if (!btx_table_add(&gateway->addresses, &address->entry)) {
            free(address);
            return NULL;
        }
    }
    if (address->connections >= gateway->options.settings->gateway.connections_per_address)
        return NULL;
    address->connections++;
    return address;
}

void btx_gateway_leave(struct btx_gateway *gateway, struct btx_address *address)
{
    CHECK(address->connections > 0);
    if (--address->connections > 0)
        return;
    btx_table_remove(&gateway->addresses, &address->entry);
    free(address);
}

/* ---- Accepting ---- */

/* Descriptors have run out: without one to take the connection with, the loop would turn for ever
 * on a socket that stays readable. */
static void turn_away(struct btx_gateway *gateway, int listen_fd)
{
    int fd;

    (void)close(gateway->spare_fd);
    fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        (void)close(fd);
    gateway->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    gateway->counters.turned_away++;
}

static void take(struct btx_gateway *gateway, int fd, const union address *from)
{
    const struct btx_gateway_settings *settings = &gateway->options.settings->gateway;
    struct btx_address *address = NULL;
    const int one = 1;
    const int unsent_bytes = UNSENT_BYTES_MAX;
    char peer[INET6_ADDRSTRLEN + 8];

    gateway->counters.accepted++;
    if (gateway->connection_count < settings->connections)
        address = enter(gateway, from);
    write_address(from, peer, sizeof peer);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_bytes, sizeof unsent_bytes);
    if (address != NULL && btx_connection_open(gateway, fd, address, peer)) {
        /* One that is in no hurry must not keep others out. */
        if (gateway->shake_count > settings->handshakes)
            btx_connection_close(gateway->shakes, BTX_FRAME_STATUS_LIMIT, NULL);
        return;
    }
    if (address != NULL)
        btx_gateway_leave(gateway, address);
    gateway->counters.turned_away++;
    (void)close(fd);
}

static void on_accept(evutil_socket_t listen_fd, short events, void *context)
{
    struct btx_gateway *gateway = context;

    (void)events;
    for (int i = 0; i < ACCEPTED_AT_ONCE; i++) {
        union address from;
        socklen_t length = sizeof from;
        const int fd = accept4((int)listen_fd, &from.any, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0)
            take(gateway, fd, &from);
        else if (errno == EMFILE || errno == ENFILE)
            turn_away(gateway, (int)listen_fd);
        else if (errno != ECONNABORTED && errno != EINTR)
            break;
    }
    btx_gateway_settle(gateway);
}

/* ---- Listening ---- */

static enum btx_fault_code open_listener(struct btx_gateway *gateway, const char *text,
                                         struct btx_fault *reterr_fault)
{
    char copy[INET6_ADDRSTRLEN + 16];
    union address address;
    socklen_t length;
    struct btx_log_line line;
    const int one = 1;
    int fd;

    (void)snprintf(copy, sizeof copy, "%s", text);
    if (strlen(text) >= sizeof copy || !read_address(copy, &address, &length))
        return btx_fault_set(reterr_fault, BTX_FAULT_CONFIG, 0,
                             "gateway.listen: want ADDRESS:PORT or [ADDRESS]:PORT, got '%s'", text);
    if (gateway->listener_count == BTX_GATEWAY_LISTENERS_MAX)
        return btx_fault_set(reterr_fault, BTX_FAULT_CONFIG, 0,
                             "gateway.listen: want at most %d addresses",
                             BTX_GATEWAY_LISTENERS_MAX);
    fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "gateway.listen: %s", text);
    gateway->listen_fds[gateway->listener_count++] = fd;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        (address.any.sa_family == AF_INET6 &&
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) != 0) ||
        bind(fd, &address.any, length) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, &address.any, &length) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "gateway.listen: %s", text);
    gateway->accepts[gateway->listener_count - 1] =
        event_new(gateway->base, fd, EV_READ | EV_PERSIST, on_accept, gateway);
    if (gateway->accepts[gateway->listener_count - 1] == NULL ||
        event_priority_set(gateway->accepts[gateway->listener_count - 1], BTX_GATEWAY_LATER) != 0 ||
        event_add(gateway->accepts[gateway->listener_count - 1], NULL) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "no memory for events");
    write_address(&address, copy, sizeof copy);
    btx_log_begin(&line, gateway->options.log, BTX_LOG_NOTICE, "listening");
    btx_log_text(&line, "address", copy);
    btx_log_end(&line);
    return BTX_OK;
}

enum btx_fault_code btx_gateway_listen(struct btx_gateway *gateway, struct btx_fault *reterr_fault)
{
    char listen_copy[sizeof gateway->options.settings->gateway.listen];
    char *rest = listen_copy;
    char *text;

    memcpy(listen_copy, gateway->options.settings->gateway.listen, sizeof listen_copy);
    gateway->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (gateway->spare_fd < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "/dev/null");
    while ((text = strsep(&rest, ",")) != NULL) {
        if (open_listener(gateway, text, reterr_fault) != BTX_OK)
            return reterr_fault->code;
    }
    return BTX_OK;
}

void btx_gateway_listen_end(struct btx_gateway *gateway)
{
    for (size_t i = 0; i < gateway->listener_count; i++) {
        if (gateway->accepts[i] != NULL)
            event_free(gateway->accepts[i]);
        (void)close(gateway->listen_fds[i]);
        gateway->accepts[i] = NULL;
    }
    gateway->listener_count = 0;
    if (gateway->spare_fd >= 0)
        (void)close(gateway->spare_fd);
    gateway->spare_fd = -1;
}
