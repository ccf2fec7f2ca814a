/* SPDX-License-Identifier: Apache-2.0 */
/* gateway_engine.c - the connection to the engine, over its restarts.
 *
 * Sessions are let in when the state is there and, in it, all that an earlier life of this gateway
 * asked for: a command that changes nothing goes first through the ring, and when it comes by in
 * the event ring, everything that stood before it has.  When the connection ends, or the ring was
 * faster than we are, nobody knows here what has become of the commands in it: all sessions are
 * closed, and who resumes is told by the log. */
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "tls/gateway.h"

#define CONNECT_NS UINT64_C(500000000)

enum { TURNS_AT_ONCE = 16 };

static void tell(struct btx_gateway *gateway, const char *message, const struct btx_fault *fault)
{
    struct btx_log_line line;

    btx_log_begin(&line, gateway->options.log, fault == NULL ? BTX_LOG_NOTICE : BTX_LOG_WARNING,
                  message);
    btx_log_text(&line, "socket", gateway->options.settings->engine.socket);
    if (fault != NULL)
        btx_log_fault(&line, fault);
    btx_log_end(&line);
}

/* ---- Commands ---- */

bool btx_gateway_hand_over(struct btx_gateway *gateway, union btx_command_space *command,
                           struct btx_pending *pending)
{
    struct btx_command_producer *commands = &gateway->client.commands;
    const size_t length_bytes = btx_record_length_bytes(&command->command.record);
    struct btx_command_terms terms;
    void *room;

    if (!gateway->is_connected || gateway->pending_count == BTX_GATEWAY_PENDING_MAX)
        return false;
    room = btx_command_producer_claim(commands, (uint32_t)length_bytes);
    if (room == NULL)
        return false;
    terms = btx_command_producer_terms(commands);
    pending->number = ++gateway->number;
    command->command.number = pending->number;
    command->command.incarnation = terms.incarnation;
    command->command.producer = terms.producer;
    memcpy(room, command, length_bytes);
    btx_command_producer_commit(commands);
    gateway
        ->pending[(gateway->pending_first + gateway->pending_count++) % BTX_GATEWAY_PENDING_MAX] =
        *pending;
    return true;
}

/* A cancel of the house's: it is UNKNOWN_ACCOUNT to every command. */
static void send_barrier(struct btx_gateway *gateway)
{
    union btx_command_space space;
    struct btx_pending pending = {0};

    (void)btx_command_begin(&space, BTX_COMMAND_CANCEL_ORDER);
    gateway->is_barrier_sent = btx_gateway_hand_over(gateway, &space, &pending);
}

/* ---- What is lost ---- */

/* Of these commands nobody will tell us. */
static void drop_pending(struct btx_gateway *gateway)
{
    for (; gateway->pending_count > 0; gateway->pending_count--) {
        const struct btx_pending *pending = &gateway->pending[gateway->pending_first];

        gateway->pending_first = (gateway->pending_first + 1) % BTX_GATEWAY_PENDING_MAX;
        if (pending->connection != NULL) {
            btx_session_forget(&pending->connection->session);
            btx_connection_touch(pending->connection);
        }
        if (pending->account != NULL) {
            pending->account->outstanding--;
            btx_gateway_account_release(gateway, pending->account);
        }
    }
    gateway->answering = NULL;
}

/* Who waits for WELCOME may go on waiting; all others are closed. */
static void lose(struct btx_gateway *gateway)
{
    gateway->is_ready = false;
    gateway->is_barrier_sent = false;
    for (struct btx_connection *connection = gateway->connections; connection != NULL;
         connection = connection->next) {
        if (connection->session.state == BTX_SESSION_ACTIVE)
            btx_connection_close(connection, BTX_FRAME_STATUS_ENGINE_LOST, NULL);
    }
    drop_pending(gateway);
}

/* ---- Following ---- */

static void look_at_state(struct btx_gateway *gateway)
{
    if (gateway->model.state != BTX_READ_MODEL_FOLLOWING) {
        if (gateway->is_ready || gateway->is_barrier_sent)
            lose(gateway);
        return;
    }
    if (gateway->catch_ups != gateway->model.catch_ups) {
        /* From the log to the ring: what came by before was not shown. */
        if (gateway->is_ready || gateway->is_barrier_sent)
            lose(gateway);
        gateway->catch_ups = gateway->model.catch_ups;
        gateway->boundary_seq = gateway->model.seq;
    }
    if (!gateway->is_barrier_sent)
        send_barrier(gateway);
}

static void go_on(struct btx_gateway *gateway)
{
    int turns = 0;
    bool has_more = true;

    /* What the model took from the ring before a catch-up belongs to the life before it. */
    while (has_more && turns++ < TURNS_AT_ONCE) {
        has_more = btx_read_model_turn(&gateway->model);
        look_at_state(gateway);
    }
    btx_gateway_books_due(gateway);
    if (has_more || (gateway->model.state == BTX_READ_MODEL_FOLLOWING &&
                     !btx_ring_client_may_sleep(&gateway->client)))
        btx_gateway_soon(gateway->go_on);
    btx_gateway_resume_go_on(gateway);
    btx_gateway_settle(gateway);
}

static void on_go_on(evutil_socket_t fd, short events, void *context)
{
    (void)fd;
    (void)events;
    go_on(context);
}

static void on_woken(evutil_socket_t fd, short events, void *context)
{
    uint64_t ignored;

    (void)events;
    (void)!read((int)fd, &ignored, sizeof ignored); /* Of several wakes one is enough. */
    go_on(context);
}

/* Called in the model's thread. */
static void wake(void *context)
{
    const struct btx_gateway *gateway = context;
    const uint64_t one = 1;

    (void)!write(gateway->wake_fd, &one, sizeof one); /* Full means that it is awake. */
}

/* ---- Connecting ---- */

/* The engine's list of accounts is gone with its ring. */
static void forget_places(struct btx_gateway *gateway)
{
    for (struct btx_connection *connection = gateway->connections; connection != NULL;
         connection = connection->next) {
        if (connection->account != NULL)
            connection->account->engine_place = UINT32_MAX;
    }
    for (struct btx_gateway_account *account = gateway->cancels_due; account != NULL;
         account = account->due_next)
        account->engine_place = UINT32_MAX;
    free(gateway->engine_places);
    gateway->engine_places = NULL;
    gateway->engine_place_count = 0;
}

static void disconnect(struct btx_gateway *gateway, const char *why)
{
    struct btx_fault fault = {0};

    if (!gateway->is_connected)
        return;
    gateway->is_connected = false;
    event_free(gateway->engine);
    gateway->engine = NULL;
    (void)event_del(gateway->go_on);
    btx_read_model_detach(&gateway->model);
    lose(gateway);
    forget_places(gateway);
    btx_ring_client_close(&gateway->client);
    (void)btx_fault_set(&fault, BTX_FAULT_IO, 0, "%s", why);
    tell(gateway, "engine lost", &fault);
}

static void on_engine(evutil_socket_t fd, short events, void *context)
{
    struct btx_gateway *gateway = context;

    (void)fd;
    (void)events;
    btx_ring_client_awake(&gateway->client);
    if (btx_ring_client_read_news(&gateway->client) != BTX_RING_NEWS_ENDED) {
        go_on(gateway);
        return;
    }
    while (btx_read_model_turn(&gateway->model)) {
        /* What became durable before it ended is still there. */
    }
    disconnect(gateway, gateway->client.why);
    btx_gateway_settle(gateway);
}

static bool make_places(struct btx_gateway *gateway)
{
    gateway->engine_place_count =
        btx_command_producer_terms(&gateway->client.commands).accounts_max;
    gateway->engine_places = calloc(gateway->engine_place_count + 1, sizeof(uint64_t));
    return gateway->engine_places != NULL;
}

static void connect_engine(struct btx_gateway *gateway)
{
    struct btx_fault fault = {0};

    if (btx_ring_client_open(&gateway->client, gateway->options.settings->engine.socket, CONNECT_NS,
                             &fault) != BTX_OK) {
        if (!gateway->is_told)
            tell(gateway, "engine not reached, trying on", &fault);
        gateway->is_told = true;
        return;
    }
    gateway->engine =
        event_new(gateway->base, gateway->client.fd, EV_READ | EV_PERSIST, on_engine, gateway);
    CHECK(gateway->engine != NULL && event_priority_set(gateway->engine, BTX_GATEWAY_FIRST) == 0 &&
          event_add(gateway->engine, NULL) == 0 && make_places(gateway));
    gateway->is_connected = true;
    gateway->is_told = false;
    tell(gateway, "engine reached", NULL);
    btx_read_model_attach(&gateway->model, &gateway->client.events);
}

void btx_gateway_engine_second(struct btx_gateway *gateway)
{
    if (!gateway->is_connected && !gateway->is_stopping)
        connect_engine(gateway);
    else if (gateway->model.state == BTX_READ_MODEL_WAITING)
        go_on(gateway);
}

enum btx_fault_code btx_gateway_engine_open(struct btx_gateway *gateway,
                                            struct btx_fault *reterr_fault)
{
    const struct btx_read_model_options options = {
        .wal_root = gateway->options.wal_root,
        .capacity = btx_settings_capacity(gateway->options.settings),
        .clock = gateway->options.clock,
        .before = btx_gateway_take_record,
        .context = gateway,
        .wake = wake,
    };

    gateway->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (gateway->wake_fd < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, 0, "no eventfd");
    if (btx_read_model_open(&gateway->model, &options, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    gateway->go_on = event_new(gateway->base, -1, 0, on_go_on, gateway);
    gateway->woken =
        event_new(gateway->base, gateway->wake_fd, EV_READ | EV_PERSIST, on_woken, gateway);
    if (gateway->go_on == NULL || gateway->woken == NULL ||
        event_priority_set(gateway->go_on, BTX_GATEWAY_FIRST) != 0 ||
        event_priority_set(gateway->woken, BTX_GATEWAY_FIRST) != 0 ||
        event_add(gateway->woken, NULL) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "no memory for events");
    connect_engine(gateway);
    return BTX_OK;
}

void btx_gateway_engine_close(struct btx_gateway *gateway)
{
    disconnect(gateway, "the gateway ends");
    btx_read_model_close(&gateway->model);
    if (gateway->go_on != NULL)
        event_free(gateway->go_on);
    if (gateway->woken != NULL)
        event_free(gateway->woken);
    gateway->go_on = gateway->woken = NULL;
    if (gateway->wake_fd >= 0)
        (void)close(gateway->wake_fd);
    gateway->wake_fd = -1;
}
