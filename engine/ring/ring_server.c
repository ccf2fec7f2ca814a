/* SPDX-License-Identifier: Apache-2.0 */
/* ring_server.c - the helper thread: poll, accept, hand out, revoke.
 *
 * Each port has at most one peer and one connection that waits for the place, so there is nothing
 * to fill up: a further connection is refused at once, and a stranger's is closed at once. */
#include "engine/ring/ring_server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "engine/ring/ring_message.h"

#define NS_PER_MS UINT64_C(1000000)
/* The longest that poll() is asked to wait: what is due later is looked at again. */
#define POLL_MS_MAX 60000
/* Accepted in a row before other connections have their turn. */
#define ACCEPT_MAX 16

#define WHY_SPOKE "the peer said something that it must not"
#define WHY_UNMAPPED "the peer did not say that it has mapped its ring, or something else"
/* The ends that a peer is not to blame for; compared by address. */
static const char why_gone[] = "the connection ended";
static const char why_stop[] = "the engine stops";

/* A port and who is there. */
struct place {
    struct btx_ring_port port;
    /* The connection for the poller, -1 for none: the same as peer_fd, which is the helper's. */
    _Atomic int wake_fd;
    pid_t peer_pid;
    int peer_fd; /* with a closed port: welcomed, and has not said yet that it has mapped */
    uint64_t mapping_until_ns;
    int waiting_fd;
    pid_t waiting_pid;
    uint64_t waiting_until_ns;
    uint64_t open_after_ns;
};

struct btx_ring_server {
    struct place *places;
    size_t place_count;
    struct btx_ring_server_options options;
    struct sockaddr_un address;
    int event_page_fd;
    int event_bytes_fd;
    int listener;
    int kick_fd;
    int spare_fd; /* given up to take a connection when there are no more descriptors */
    uint32_t incarnation;
    bool is_started;
    pthread_t thread;
    _Atomic bool is_stopping;
    _Atomic uint32_t poller_inside; /* 1 while btx_ring_server_wake() runs */
    _Atomic uint64_t accepted, strangers, refused, opened, ended;
};

static void count(_Atomic uint64_t *counter)
{
    (void)atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* Say why and close.  A peer whose queue is full does not get to know. */
static void dismiss(int fd, enum btx_ring_message_type type, const char *why)
{
    const struct btx_ring_message message = btx_ring_message_make(type, why);

    (void)!btx_ring_message_send(fd, &message, NULL, 0);
    (void)close(fd); /* A socket has nothing to report. */
}

/* --- A place ---------------------------------------------------------------------------------- */

/* Tell who wants to know; @why is NULL when the peer came. */
static void place_news(const struct btx_ring_server *server, const struct place *place,
                       const char *why)
{
    const struct btx_ring_peer_news news = {
        .index = (size_t)(place - server->places),
        .pid = place->peer_pid,
        .why = why,
        .is_to_blame = why != NULL && why != why_gone && why != why_stop,
    };

    if (server->options.on_news != NULL)
        server->options.on_news(server->options.news_context, &news);
}

static void place_end(struct btx_ring_server *server, struct place *place, const char *why)
{
    btx_ring_port_revoke(&place->port, why);
    atomic_store_explicit(&place->wake_fd, -1, memory_order_seq_cst);
    /* Sequentially consistent: the other half of btx_ring_server_wake().  Either the poller sees
     * that the port is no longer open, or we see it inside, where it never stays for long. */
    while (atomic_load_explicit(&server->poller_inside, memory_order_seq_cst) != 0)
        (void)sched_yield();
    dismiss(place->peer_fd, BTX_RING_MESSAGE_ENDED, why);
    place->peer_fd = -1;
    count(&server->ended);
    place_news(server, place, why);
}

static bool place_is_free(const struct place *place)
{
    return place->peer_fd < 0 && btx_ring_port_state(&place->port) == BTX_RING_PORT_CLOSED;
}

static bool place_is_mapping(const struct place *place)
{
    return place->peer_fd >= 0 && btx_ring_port_state(&place->port) == BTX_RING_PORT_CLOSED;
}

/* Nothing came of a peer that was welcomed. */
static void place_abandon(struct btx_ring_server *server, struct place *place, const char *why)
{
    btx_ring_port_abandon(&place->port);
    dismiss(place->peer_fd, BTX_RING_MESSAGE_REFUSED, why);
    place->peer_fd = -1;
    count(&server->refused);
}

/* Hand the ring to who waits for it. */
static void place_welcome(struct btx_ring_server *server, struct place *place)
{
    const int fd = place->waiting_fd;
    const uint64_t now_ns = btx_clock_monotonic_ns(server->options.clock);
    struct btx_ring_message message = btx_ring_message_make(BTX_RING_MESSAGE_WELCOME, "");
    int fds[BTX_RING_DESCRIPTORS_MAX] = {server->event_page_fd, server->event_bytes_fd};
    struct btx_fault fault = {0};

    place->waiting_fd = -1;
    place->open_after_ns = now_ns + server->options.reopen_ns;
    place->mapping_until_ns = now_ns + server->options.mapping_ns;
    if (btx_ring_port_prepare(&place->port, server->incarnation, &fault) != BTX_OK) {
        count(&server->refused);
        dismiss(fd, BTX_RING_MESSAGE_REFUSED, fault.text);
        return;
    }
    server->incarnation++;
    place->peer_fd = fd;
    place->peer_pid = place->waiting_pid;
    btx_ring_port_descriptors(&place->port, &fds[2], &fds[3]);
    message.descriptors[0] = BTX_RING_DESCRIPTOR_EVENT_PAGE;
    message.descriptors[1] = BTX_RING_DESCRIPTOR_EVENT_BYTES;
    message.descriptors[2] = BTX_RING_DESCRIPTOR_ENGINE_PAGE;
    message.descriptors[3] = BTX_RING_DESCRIPTOR_PRODUCER_REGION;
    message.descriptor_count = 4;
    if (server->options.status_fd >= 0) {
        fds[4] = server->options.status_fd;
        message.descriptors[4] = BTX_RING_DESCRIPTOR_STATUS_PAGE;
        message.descriptor_count = 5;
    }
    if (btx_ring_message_send(fd, &message, fds, message.descriptor_count) != 0)
        place_abandon(server, place, why_gone);
}

/* A peer that was welcomed has answered. */
static void place_open(struct btx_ring_server *server, struct place *place)
{
    const struct btx_ring_message ready = btx_ring_message_make(BTX_RING_MESSAGE_READY, "");
    struct btx_fault fault = {0};

    if (!btx_ring_message_is_mapped(place->peer_fd)) {
        place_abandon(server, place, WHY_UNMAPPED);
        return;
    }
    /* Before the port is open: the poller looks at it from then on. */
    atomic_store_explicit(&place->wake_fd, place->peer_fd, memory_order_seq_cst);
    if (btx_ring_port_open(&place->port, &fault) != BTX_OK) {
        atomic_store_explicit(&place->wake_fd, -1, memory_order_seq_cst);
        place_abandon(server, place, fault.text);
        return;
    }
    count(&server->opened);
    place_news(server, place, NULL);
    if (btx_ring_message_send(place->peer_fd, &ready, NULL, 0) != 0)
        place_end(server, place, why_gone);
}

/* What a readable or broken connection of a peer means. */
static const char *peer_why(int fd)
{
    char byte;

    /* Not recvmsg: descriptors that somebody sends along are dropped by the kernel. */
    return recv(fd, &byte, sizeof(byte), MSG_DONTWAIT) > 0 ? WHY_SPOKE : why_gone;
}

/* Look after the peer of a place. */
static void place_run_peer(struct btx_ring_server *server, struct place *place, short events,
                           uint64_t now_ns)
{
    const char *lie;

    if (place_is_mapping(place)) {
        if (events != 0)
            place_open(server, place);
        else if (now_ns >= place->mapping_until_ns)
            place_abandon(server, place, WHY_UNMAPPED);
        return;
    }
    lie = btx_ring_port_lie(&place->port);
    if (lie != NULL)
        place_end(server, place, lie);
    else if (events != 0)
        place_end(server, place, peer_why(place->peer_fd));
}

/* Look after one place: who is there, what is over, who waits. */
static void place_run(struct btx_ring_server *server, struct place *place, short peer_events,
                      short waiting_events)
{
    const uint64_t now_ns = btx_clock_monotonic_ns(server->options.clock);

    if (place->peer_fd >= 0)
        place_run_peer(server, place, peer_events, now_ns);
    if (btx_ring_port_state(&place->port) == BTX_RING_PORT_DRAINED)
        btx_ring_port_close(&place->port);
    if (place->waiting_fd < 0)
        return;
    if (waiting_events != 0) {
        (void)close(place->waiting_fd); /* Gone, or it spoke. */
        place->waiting_fd = -1;
    } else if (place_is_free(place) && now_ns >= place->open_after_ns) {
        place_welcome(server, place);
    } else if (now_ns >= place->waiting_until_ns) {
        count(&server->refused);
        dismiss(place->waiting_fd, BTX_RING_MESSAGE_REFUSED,
                "the port is taken, or was open just now");
        place->waiting_fd = -1;
    }
}

/* --- New connections -------------------------------------------------------------------------- */

/* Where a peer of @uid may wait: a port that is free, or else any other; NULL for none. */
static struct place *place_for(struct btx_ring_server *server, uid_t uid, bool *ret_is_known)
{
    struct place *found = NULL;

    *ret_is_known = false;
    for (size_t i = 0; i < server->place_count; i++) {
        struct place *place = &server->places[i];

        if (place->port.rule.uid != uid)
            continue;
        *ret_is_known = true;
        if (place->waiting_fd >= 0)
            continue;
        if (place_is_free(place))
            return place;
        if (found == NULL)
            found = place;
    }
    return found;
}

static void welcome_or_refuse(struct btx_ring_server *server, int fd)
{
    struct ucred peer;
    socklen_t length = sizeof(peer);
    struct place *place;
    bool is_known = false;

    count(&server->accepted);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) {
        (void)close(fd); /* Without a name there is nothing for it. */
        return;
    }
    place = place_for(server, peer.uid, &is_known);
    if (place == NULL) {
        count(is_known ? &server->refused : &server->strangers);
        dismiss(fd, BTX_RING_MESSAGE_REFUSED,
                is_known ? "another peer is there, and one waits" : "no port is for this user");
        return;
    }
    place->waiting_fd = fd;
    place->waiting_pid = peer.pid;
    place->waiting_until_ns =
        btx_clock_monotonic_ns(server->options.clock) + server->options.patience_ns;
    place_run(server, place, 0, 0);
}

/* When all descriptors are in use a connection cannot even be refused and poll() would report it
 * for ever: one that was kept for this takes it, to close it. */
static void accept_without_descriptors(struct btx_ring_server *server)
{
    int fd;

    if (server->spare_fd < 0)
        return;
    (void)close(server->spare_fd);
    fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0)
        (void)close(fd);
    count(&server->refused);
    server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void accept_some(struct btx_ring_server *server)
{
    for (int i = 0; i < ACCEPT_MAX; i++) {
        const int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd >= 0) {
            welcome_or_refuse(server, fd);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE)
            accept_without_descriptors(server);
        if (errno != ECONNABORTED && errno != EINTR)
            return;
    }
}

/* --- The thread ------------------------------------------------------------------------------- */

enum { POLL_KICK, POLL_LISTENER, POLL_PLACES };

/* When something has to be done at a place that nobody says; UINT64_MAX for never. */
static uint64_t place_due_ns(const struct place *place)
{
    uint64_t due_ns = place_is_mapping(place) ? place->mapping_until_ns : UINT64_MAX;

    if (place->waiting_fd >= 0 && place->waiting_until_ns < due_ns)
        due_ns = place->waiting_until_ns;
    if (place->waiting_fd >= 0 && place_is_free(place) && place->open_after_ns < due_ns)
        due_ns = place->open_after_ns;
    return due_ns;
}

/* Until the next thing that has to be done at a time: in ms, rounded up, -1 for never. */
static int poll_timeout_ms(const struct btx_ring_server *server)
{
    const uint64_t now_ns = btx_clock_monotonic_ns(server->options.clock);
    uint64_t due_ns = UINT64_MAX;
    uint64_t left_ms;

    for (size_t i = 0; i < server->place_count; i++) {
        const uint64_t place_ns = place_due_ns(&server->places[i]);

        if (place_ns < due_ns)
            due_ns = place_ns;
    }
    if (due_ns == UINT64_MAX)
        return -1;
    left_ms = due_ns > now_ns ? (due_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS : 0;
    return left_ms < POLL_MS_MAX ? (int)left_ms : POLL_MS_MAX;
}

static void *helper_main(void *context)
{
    struct btx_ring_server *server = context;
    struct pollfd polls[POLL_PLACES + 2 * BTX_RING_PORTS_MAX];
    const nfds_t poll_count = POLL_PLACES + 2 * server->place_count;

    while (!atomic_load_explicit(&server->is_stopping, memory_order_acquire)) {
        uint64_t kicks;

        polls[POLL_KICK] = (struct pollfd){.fd = server->kick_fd, .events = POLLIN};
        polls[POLL_LISTENER] = (struct pollfd){.fd = server->listener, .events = POLLIN};
        for (size_t i = 0; i < server->place_count; i++) {
            struct pollfd *both = &polls[POLL_PLACES + 2 * i];

            both[0] = (struct pollfd){.fd = server->places[i].peer_fd, .events = POLLIN};
            both[1] = (struct pollfd){.fd = server->places[i].waiting_fd, .events = POLLIN};
        }
        if (poll(polls, poll_count, poll_timeout_ms(server)) < 0) {
            CHECK(errno == EINTR || errno == ENOMEM);
            continue;
        }
        (void)!read(server->kick_fd, &kicks, sizeof(kicks)); /* Only to make it unreadable. */
        for (size_t i = 0; i < server->place_count; i++)
            place_run(server, &server->places[i], polls[POLL_PLACES + 2 * i].revents,
                      polls[POLL_PLACES + 2 * i + 1].revents);
        if (polls[POLL_LISTENER].revents != 0)
            accept_some(server);
    }
    return NULL;
}

/* --- Open and close --------------------------------------------------------------------------- */

static enum btx_fault_code server_listen(struct btx_ring_server *server,
                                         struct btx_fault *reterr_fault)
{
    const char *path = server->options.path;
    struct stat status;

    server->address.sun_family = AF_UNIX;
    if (strlen(path) >= sizeof(server->address.sun_path))
        return btx_fault_set(reterr_fault, BTX_FAULT_CONFIG, 0, "socket path '%s' is too long",
                             path);
    memcpy(server->address.sun_path, path, strlen(path) + 1);
    /* The log's lock says that no other engine lives: a socket that is there is a dead one's. */
    if (lstat(path, &status) == 0 && S_ISSOCK(status.st_mode))
        (void)unlink(path); /* If it cannot be, bind says so. */
    server->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (server->listener < 0 ||
        bind(server->listener, (const struct sockaddr *)(const void *)&server->address,
             sizeof(server->address)) != 0 ||
        chmod(path, server->options.mode) != 0 || listen(server->listener, SOMAXCONN) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "listening on '%s'", path);
    return BTX_OK;
}

static enum btx_fault_code server_start(struct btx_ring_server *server,
                                        struct btx_fault *reterr_fault)
{
    sigset_t all;
    sigset_t before;
    int os_error;

    /* Signals are the main thread's. */
    CHECK(sigfillset(&all) == 0 && pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    os_error = pthread_create(&server->thread, NULL, helper_main, server);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    if (os_error != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, os_error, "starting the helper");
    server->is_started = true;
    (void)pthread_setname_np(server->thread, "betex-peers"); /* Only for people who look. */
    return BTX_OK;
}

static enum btx_fault_code server_ports(struct btx_ring_server *server,
                                        struct btx_fault *reterr_fault)
{
    const struct btx_ring_server_options *options = &server->options;

    server->places =
        aligned_alloc(BTX_RING_APART_BYTES, options->rule_count * sizeof(server->places[0]));
    if (server->places == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "the ports");
    for (size_t i = 0; i < options->rule_count; i++) {
        struct place *place = &server->places[i];

        if (btx_ring_port_init(&place->port, &options->rules[i], options->lock_required,
                               reterr_fault) != BTX_OK)
            return reterr_fault->code;
        atomic_store_explicit(&place->wake_fd, -1, memory_order_relaxed);
        place->peer_fd = -1;
        place->waiting_fd = -1;
        place->mapping_until_ns = 0;
        place->waiting_until_ns = 0;
        place->open_after_ns = 0;
        server->place_count++;
    }
    return BTX_OK;
}

enum btx_fault_code btx_ring_server_open(struct btx_ring_server **ret_server,
                                         const struct btx_ring_server_options *options,
                                         struct btx_fault *reterr_fault)
{
    struct btx_ring_server *server = calloc(1, sizeof(*server));

    CHECK(options->rule_count > 0 && options->rule_count <= BTX_RING_PORTS_MAX);
    if (server == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "the engine's socket");
    server->options = *options;
    server->incarnation = options->first_incarnation;
    server->event_page_fd = server->event_bytes_fd = -1;
    server->listener = server->kick_fd = server->spare_fd = -1;
    if (server_ports(server, reterr_fault) != BTX_OK ||
        btx_ring_memory_open_reader(&options->events->page_memory, &server->event_page_fd,
                                    reterr_fault) != BTX_OK ||
        btx_ring_memory_open_reader(&options->events->bytes_memory, &server->event_bytes_fd,
                                    reterr_fault) != BTX_OK)
        goto close_server;
    server->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (server->kick_fd < 0 || server->spare_fd < 0) {
        (void)btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "descriptors of the helper");
        goto close_server;
    }
    if (server_listen(server, reterr_fault) != BTX_OK ||
        server_start(server, reterr_fault) != BTX_OK)
        goto close_server;
    *ret_server = server;
    return BTX_OK;

close_server:
    btx_ring_server_close(server);
    return reterr_fault->code;
}

void btx_ring_server_close(struct btx_ring_server *server)
{
    int fds[5];

    if (server == NULL)
        return;
    if (server->is_started) {
        atomic_store_explicit(&server->is_stopping, true, memory_order_release);
        btx_ring_server_kick(server);
        CHECK(pthread_join(server->thread, NULL) == 0);
    }
    for (size_t i = 0; i < server->place_count; i++) {
        struct place *place = &server->places[i];

        if (place->waiting_fd >= 0)
            dismiss(place->waiting_fd, BTX_RING_MESSAGE_REFUSED, why_stop);
        if (place_is_mapping(place))
            place_abandon(server, place, why_stop);
        else if (place->peer_fd >= 0)
            place_end(server, place, why_stop);
        btx_ring_port_done(&place->port);
    }
    if (server->is_started)
        (void)unlink(server->options.path); /* The next engine would replace it, too. */
    fds[0] = server->listener;
    fds[1] = server->kick_fd;
    fds[2] = server->spare_fd;
    fds[3] = server->event_page_fd;
    fds[4] = server->event_bytes_fd;
    for (size_t i = 0; i < BTX_COUNT_OF(fds); i++)
        if (fds[i] >= 0)
            (void)close(fds[i]); /* None of them holds anything that could be lost. */
    free(server->places);
    free(server);
}

struct btx_ring_port *btx_ring_server_port(struct btx_ring_server *server, size_t index)
{
    CHECK(index < server->place_count);
    return &server->places[index].port;
}

void btx_ring_server_kick(struct btx_ring_server *server)
{
    const uint64_t one = 1;

    /* Not written when the counter is at its end: then it is readable, which is all it is for. */
    (void)!write(server->kick_fd, &one, sizeof(one));
}

void btx_ring_server_wake(struct btx_ring_server *server, uint64_t durable)
{
    static const struct btx_ring_message message = {
        .magic = BTX_RING_MESSAGE_MAGIC,
        .type = BTX_RING_MESSAGE_WAKE,
        .layout_version = BTX_RING_LAYOUT_VERSION,
    };

    /* Sequentially consistent: the other half of place_end(). */
    atomic_store_explicit(&server->poller_inside, 1, memory_order_seq_cst);
    for (size_t i = 0; i < server->place_count; i++) {
        struct place *place = &server->places[i];
        int fd;

        if (btx_ring_port_state(&place->port) != BTX_RING_PORT_OPEN)
            continue;
        fd = atomic_load_explicit(&place->wake_fd, memory_order_seq_cst);
        /* A peer whose queue is full has something to wake up for; one that is gone needs none. */
        if (fd >= 0 && btx_ring_port_wake_due(&place->port, durable))
            (void)!btx_ring_message_send(fd, &message, NULL, 0);
    }
    /* Release pairs with the load in place_end(): we are done with port and connection. */
    atomic_store_explicit(&server->poller_inside, 0, memory_order_release);
}

void btx_ring_server_status(const struct btx_ring_server *server,
                            struct btx_ring_server_status *ret_status)
{
    ret_status->accepted = atomic_load_explicit(&server->accepted, memory_order_relaxed);
    ret_status->strangers = atomic_load_explicit(&server->strangers, memory_order_relaxed);
    ret_status->refused = atomic_load_explicit(&server->refused, memory_order_relaxed);
    ret_status->opened = atomic_load_explicit(&server->opened, memory_order_relaxed);
    ret_status->ended = atomic_load_explicit(&server->ended, memory_order_relaxed);
}
