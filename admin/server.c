/* SPDX-License-Identifier: Apache-2.0 */
/* server.c - the socket at which betex-admin answers, and its loop. */
#include "admin/server.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { ACCEPTED_AT_ONCE = 16, BACKLOG = 16, TICK_US = 500 * 1000 };

static void on_accept(evutil_socket_t fd, short events, void *context)
{
    struct btx_admin_server *server = context;

    (void)events;
    for (int i = 0; i < ACCEPTED_AT_ONCE; i++) {
        const int client = accept4((int)fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (client < 0)
            return;
        btx_session_open(server, client);
    }
}

static void on_stop(evutil_socket_t number, short events, void *context)
{
    struct btx_admin_server *server = context;

    (void)number;
    (void)events;
    (void)event_base_loopbreak(server->base);
}

/* It ends by a bug or by who may kill it; whoever starts us again starts it too. */
static void on_launcher_gone(evutil_socket_t fd, short events, void *context)
{
    struct btx_admin_server *server = context;

    (void)fd;
    (void)events;
    server->has_launcher_gone = true;
    (void)event_base_loopbreak(server->base);
}

/* Who has started this process is told that it answers, and from then on that it is alive. */
static void on_tick(evutil_socket_t fd, short events, void *context)
{
    struct btx_admin_server *server = context;

    (void)fd;
    (void)events;
    if (!server->is_ready_told)
        server->is_ready_told = btx_notify_ready(server->notify);
    (void)btx_notify_alive(server->notify, btx_clock_monotonic_ns(server->clock));
}

static void fill_address(struct sockaddr_un *address, const char *path)
{
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, strlen(path)); /* The setting is bounded by its size. */
}

/* Whether somebody answers at @path. */
static bool is_taken(const struct sockaddr_un *address)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool taken;

    if (fd < 0)
        return false;
    taken = connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 || errno == EAGAIN;
    (void)close(fd);
    return taken;
}

/* The table of groups decides who may do what; the mode only who may connect, and a stranger is
 * told so in words. */
static enum btx_fault_code listen_at(struct btx_admin_server *server, const char *path,
                                     struct btx_fault *reterr_fault)
{
    struct sockaddr_un address;

    fill_address(&address, path);
    if (is_taken(&address))
        return btx_fault_set(reterr_fault, BTX_FAULT_LOCKED, 0,
                             "%s: another betex-admin answers there", path);
    server->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (server->listen_fd < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "a socket");
    (void)unlink(path); /* What a dead one left there. */
    if (bind(server->listen_fd, (const struct sockaddr *)&address, sizeof address) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s: cannot listen there", path);
    if (chmod(path, 0666) != 0 || listen(server->listen_fd, BACKLOG) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s: cannot listen there", path);
    return BTX_OK;
}

static enum btx_fault_code make_events(struct btx_admin_server *server,
                                       struct btx_fault *reterr_fault)
{
    const struct timeval tick = {.tv_usec = TICK_US};

    server->accept =
        event_new(server->base, server->listen_fd, EV_READ | EV_PERSIST, on_accept, server);
    server->stop[0] = evsignal_new(server->base, SIGTERM, on_stop, server);
    server->stop[1] = evsignal_new(server->base, SIGINT, on_stop, server);
    server->launcher_gone =
        event_new(server->base, server->launcher->fd, EV_READ, on_launcher_gone, server);
    server->tick = event_new(server->base, -1, EV_PERSIST, on_tick, server);
    if (server->accept == NULL || server->stop[0] == NULL || server->stop[1] == NULL ||
        server->launcher_gone == NULL || server->tick == NULL ||
        event_add(server->accept, NULL) != 0 || event_add(server->stop[0], NULL) != 0 ||
        event_add(server->stop[1], NULL) != 0 || event_add(server->launcher_gone, NULL) != 0 ||
        event_add(server->tick, &tick) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "no memory for events");
    return BTX_OK;
}

enum btx_fault_code btx_admin_server_open(struct btx_admin_server *server,
                                          struct btx_fault *reterr_fault)
{
    server->listen_fd = server->wake_fd = -1;
    server->client.fd = -1;
    server->base = event_base_new();
    if (server->base == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "no memory for events");
    if (listen_at(server, server->settings->admin.socket, reterr_fault) != BTX_OK ||
        make_events(server, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    return btx_engine_link_open(server, reterr_fault);
}

enum btx_fault_code btx_admin_server_run(struct btx_admin_server *server,
                                         struct btx_fault *reterr_fault)
{
    on_tick(-1, 0, server);
    (void)event_base_dispatch(server->base);
    (void)btx_notify_stopping(server->notify);
    if (server->has_launcher_gone)
        return btx_fault_set(reterr_fault, BTX_FAULT_BUG, 0, "the launcher of betex-wal is gone");
    return BTX_OK;
}

static void free_event(struct event *event)
{
    if (event != NULL)
        event_free(event);
}

void btx_admin_server_close(struct btx_admin_server *server)
{
    for (size_t i = 0; i < BTX_ADMIN_CALLS_MAX; i++) {
        if (server->calls[i] != NULL)
            btx_session_close(server->calls[i]);
        server->calls[i] = NULL;
    }
    btx_engine_link_close(server);
    free_event(server->accept);
    free_event(server->stop[0]);
    free_event(server->stop[1]);
    free_event(server->launcher_gone);
    free_event(server->tick);
    if (server->listen_fd >= 0) {
        (void)close(server->listen_fd);
        (void)unlink(server->settings->admin.socket);
    }
    if (server->base != NULL)
        event_base_free(server->base);
}
