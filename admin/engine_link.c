/* SPDX-License-Identifier: Apache-2.0 */
/* engine_link.c - the connection to the engine, over its restarts, and what comes through it.
 *
 * A command is handed in with a number, and its answer is what the event ring has between the
 * command's record with that number and its end: so it is durable, and nothing else is believed.
 * When the connection ends before, nobody knows here what has become of it, and that is said. */
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "admin/server.h"
#include "engine/base/check.h"
#include "engine/status/page_socket.h"
#include "engine/wire/notes.h"

#define CONNECT_NS UINT64_C(500000000)
#define EARLIER_NS UINT64_C(5000000000)
#define SHADOW_NS UINT64_C(10000000000)
#define SHADOW_FAILED_NS UINT64_C(60000000000)

enum { TURNS_AT_ONCE = 64 };

/* ---- Answers ---- */

static bool waits(const struct btx_admin_call *call, enum btx_admin_wait wait)
{
    return call != NULL && !call->is_lost && call->wait == wait;
}

static void finish(struct btx_admin_call *call)
{
    call->wait = BTX_ADMIN_WAIT_NOTHING;
    (void)event_del(call->deadline);
    btx_session_flush(call);
}

static void take_command(struct btx_admin_server *server, const struct btx_command *command)
{
    const struct btx_command_terms terms = btx_command_producer_terms(&server->client.commands);

    server->answering = NULL;
    if (command->producer != terms.producer || command->incarnation != terms.incarnation)
        return;
    for (size_t i = 0; i < BTX_ADMIN_CALLS_MAX; i++) {
        if (waits(server->calls[i], BTX_ADMIN_WAIT_COMMAND) &&
            server->calls[i]->number == command->number)
            server->answering = server->calls[i];
    }
}

static void take_event(struct btx_admin_server *server, const struct btx_record *event)
{
    struct btx_admin_call *call = server->answering;

    if (!waits(call, BTX_ADMIN_WAIT_COMMAND))
        return;
    btx_call_show_record(call, event);
    if ((event->kind_flags & BTX_RECORD_COMMAND_END) == 0) {
        btx_session_flush(call);
        return;
    }
    server->answering = NULL;
    finish(call);
}

/* The note of a request says the same as it: of equals the oldest has come first. */
static void take_note(struct btx_admin_server *server, const struct btx_record *record)
{
    const struct btx_operator_action *note = (const void *)record;
    struct btx_admin_call *first = NULL;

    if (record->type != BTX_NOTE_OPERATOR_ACTION)
        return;
    for (size_t i = 0; i < BTX_ADMIN_CALLS_MAX; i++) {
        struct btx_admin_call *call = server->calls[i];

        if (waits(call, BTX_ADMIN_WAIT_NOTE) && strncmp(call->peer.name, note->who, 32) == 0 &&
            strlen(call->what) == note->what_length &&
            memcmp(call->what, btx_operator_action_what(note), note->what_length) == 0 &&
            (first == NULL || call->number < first->number))
            first = call;
    }
    if (first == NULL)
        return;
    btx_call_show_record(first, record);
    finish(first);
}

static void on_record(void *context, const struct btx_record *record)
{
    struct btx_admin_server *server = context;

    switch (btx_record_kind(record)) {
    case BTX_RECORD_COMMAND:
        take_command(server, (const struct btx_command *)record);
        return;
    case BTX_RECORD_EVENT:
        take_event(server, record);
        return;
    case BTX_RECORD_NOTE:
        take_note(server, record);
        return;
    }
    CHECK_UNREACHABLE();
}

/* What was handed in will not be answered any more. */
static void fail_waiting(struct btx_admin_server *server, const char *why)
{
    server->answering = NULL;
    for (size_t i = 0; i < BTX_ADMIN_CALLS_MAX; i++) {
        struct btx_admin_call *call = server->calls[i];

        if (!waits(call, BTX_ADMIN_WAIT_COMMAND) && !waits(call, BTX_ADMIN_WAIT_NOTE))
            continue;
        btx_call_fail(call, 68, "%s: whether it was done, only the log tells", why);
        finish(call);
    }
}

/* ---- Following ---- */

/* One turn of the model.  One that was up to date and reads the log again was overtaken. */
static bool turn_model(struct btx_admin_server *server)
{
    const bool was_following = server->model.state == BTX_READ_MODEL_FOLLOWING;
    const bool has_more = btx_read_model_turn(&server->model);

    if (was_following && server->model.state != BTX_READ_MODEL_FOLLOWING)
        server->overruns++;
    return has_more;
}

static void go_on(struct btx_admin_server *server)
{
    const uint64_t catch_ups = server->model.catch_ups;
    int turns = 0;

    while (turn_model(server)) {
        if (++turns == TURNS_AT_ONCE) {
            event_active(server->go_on, EV_TIMEOUT, 0);
            break;
        }
    }
    /* Read again from the log: what came by meanwhile was not shown. */
    if (catch_ups != server->model.catch_ups && catch_ups != 0)
        fail_waiting(server, "the engine's ring went by too fast");
    for (size_t i = 0; i < BTX_ADMIN_CALLS_MAX; i++) {
        if (waits(server->calls[i], BTX_ADMIN_WAIT_EVENTS))
            btx_call_go_on_with_tail(server->calls[i]);
    }
    if (server->model.state == BTX_READ_MODEL_FOLLOWING && turns < TURNS_AT_ONCE &&
        !btx_ring_client_may_sleep(&server->client))
        event_active(server->go_on, EV_TIMEOUT, 0);
    btx_session_sweep(server);
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

static void wake(void *context)
{
    const struct btx_admin_server *server = context;
    const uint64_t one = 1;

    (void)!write(server->wake_fd, &one, sizeof one); /* Full means that it is awake. */
}

/* ---- Connecting ---- */

static void tell(struct btx_admin_server *server, const char *message,
                 const struct btx_fault *fault)
{
    struct btx_log_line line;

    btx_log_begin(&line, server->log, fault == NULL ? BTX_LOG_NOTICE : BTX_LOG_WARNING, message);
    btx_log_text(&line, "socket", server->settings->engine.socket);
    if (fault != NULL)
        btx_log_fault(&line, fault);
    btx_log_end(&line);
}

static void disconnect(struct btx_admin_server *server, const char *why)
{
    struct btx_fault fault = {0};

    if (!server->is_connected)
        return;
    server->is_connected = false;
    event_free(server->connection);
    server->connection = NULL;
    (void)event_del(server->go_on);
    btx_read_model_detach(&server->model);
    btx_status_view_close(&server->view);
    btx_ring_client_close(&server->client);
    (void)btx_fault_set(&fault, BTX_FAULT_IO, 0, "%s", why);
    server->connect_fault = fault;
    tell(server, "engine lost", &fault);
    fail_waiting(server, "the engine is gone");
    btx_session_sweep(server);
}

static void on_connection(evutil_socket_t fd, short events, void *context)
{
    struct btx_admin_server *server = context;

    (void)fd;
    (void)events;
    btx_ring_client_awake(&server->client);
    if (btx_ring_client_read_news(&server->client) == BTX_RING_NEWS_ENDED) {
        go_on(server); /* What became durable before it ended is still there. */
        disconnect(server, server->client.why);
    } else {
        go_on(server);
    }
}

static void connect_engine(struct btx_admin_server *server)
{
    struct btx_fault fault = {0};

    if (btx_ring_client_open(&server->client, server->settings->engine.socket, CONNECT_NS,
                             &fault) != BTX_OK) {
        server->connect_fault = fault;
        if (!server->is_told)
            tell(server, "engine not reached, trying on", &fault);
        server->is_told = true;
        return;
    }
    server->connection =
        event_new(server->base, server->client.fd, EV_READ | EV_PERSIST, on_connection, server);
    CHECK(server->connection != NULL && event_add(server->connection, NULL) == 0);
    server->is_connected = true;
    server->is_told = false;
    if (server->client.status_fd >= 0 &&
        btx_status_view_open(&server->view, server->client.status_fd, &fault) != BTX_OK)
        tell(server, "engine's status page not read", &fault);
    tell(server, "engine reached", NULL);
    btx_read_model_attach(&server->model, &server->client.events);
}

void btx_engine_link_read(struct btx_admin_server *server)
{
    struct btx_fault ignored = {0};

    btx_status_reading_init(server->reading, server->clock);
    if (server->view.memory != NULL)
        (void)!btx_status_reading_add_view(server->reading, &server->view, &ignored);
    if (server->shadow_view.memory != NULL)
        (void)!btx_status_reading_add_view(server->reading, &server->shadow_view, &ignored);
    btx_own_status_show(server);
    (void)!btx_status_reading_add(server->reading, &server->own_page, sizeof server->own_page,
                                  &ignored);
}

/* The auditor's page.  Where nobody answers that is known at once; one that hangs holds us up for
 * the seconds that a fetch may take, and so is asked seldom.  The page of one that is gone stays:
 * how long it has been silent is what an operator wants to know. */
static void fetch_shadow(struct btx_admin_server *server)
{
    const uint64_t now_ns = btx_clock_monotonic_ns(server->clock);
    struct btx_status_view view = {0};
    struct btx_fault fault = {0};
    int fd = -1;

    if (now_ns < server->shadow_due_ns)
        return;
    if (btx_status_page_fetch(server->settings->shadow.socket, &fd, &fault) == BTX_OK &&
        btx_status_view_open(&view, fd, &fault) == BTX_OK) {
        btx_status_view_close(&server->shadow_view);
        server->shadow_view = view;
    }
    if (fd >= 0)
        (void)close(fd); /* The mapping stays. */
    server->shadow_due_ns = btx_clock_monotonic_ns(server->clock);
    server->shadow_due_ns +=
        server->shadow_due_ns - now_ns < CONNECT_NS ? SHADOW_NS : SHADOW_FAILED_NS;
}

/* A reading now and then, so that rates are of the last seconds. */
static void keep_reading(struct btx_admin_server *server)
{
    struct btx_status_reading *reading = server->reading;

    if (btx_clock_monotonic_ns(server->clock) - server->earlier_ns < EARLIER_NS)
        return;
    btx_engine_link_read(server);
    server->reading = server->earlier;
    server->earlier = reading;
    server->earlier_ns = btx_clock_monotonic_ns(server->clock);
}

static void on_second(evutil_socket_t fd, short events, void *context)
{
    struct btx_admin_server *server = context;

    (void)fd;
    (void)events;
    if (!server->is_connected)
        connect_engine(server);
    fetch_shadow(server);
    keep_reading(server);
    go_on(server);
}

enum btx_fault_code btx_engine_link_open(struct btx_admin_server *server,
                                         struct btx_fault *reterr_fault)
{
    const struct timeval second = {.tv_sec = 1};
    const struct btx_read_model_options options = {
        .wal_root = server->wal_root,
        .capacity = btx_settings_capacity(server->settings),
        .clock = server->clock,
        .sink = on_record,
        .context = server,
        .wake = wake,
    };

    server->reading = calloc(1, sizeof *server->reading);
    server->earlier = calloc(1, sizeof *server->earlier);
    server->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (server->reading == NULL || server->earlier == NULL || server->wake_fd < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "no memory for readings");
    btx_own_status_open(server);
    if (btx_read_model_open(&server->model, &options, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    server->second = event_new(server->base, -1, EV_PERSIST, on_second, server);
    server->go_on = event_new(server->base, -1, 0, on_go_on, server);
    server->woken =
        event_new(server->base, server->wake_fd, EV_READ | EV_PERSIST, on_woken, server);
    if (server->second == NULL || server->go_on == NULL || server->woken == NULL ||
        event_add(server->second, &second) != 0 || event_add(server->woken, NULL) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "no memory for events");
    btx_status_reading_init(server->earlier, server->clock);
    fetch_shadow(server);
    connect_engine(server);
    return BTX_OK;
}

void btx_engine_link_close(struct btx_admin_server *server)
{
    if (server->go_on != NULL)
        disconnect(server, "the end of betex-admin");
    btx_read_model_close(&server->model);
    btx_status_view_close(&server->shadow_view);
    if (server->second != NULL)
        event_free(server->second);
    if (server->go_on != NULL)
        event_free(server->go_on);
    if (server->woken != NULL)
        event_free(server->woken);
    if (server->wake_fd >= 0)
        (void)close(server->wake_fd);
    free(server->reading);
    free(server->earlier);
}

/* ---- Handing in ---- */

const char *btx_engine_link_why(const struct btx_admin_server *server)
{
    if (!server->is_connected)
        return server->connect_fault.text;
    switch (server->model.state) {
    case BTX_READ_MODEL_ALONE:
    case BTX_READ_MODEL_STARTING:
        return "the log is being read; try again in a while (STARTING)";
    case BTX_READ_MODEL_WAITING:
        return server->model.fault.text;
    case BTX_READ_MODEL_FOLLOWING:
        return NULL;
    }
    CHECK_UNREACHABLE();
}

static bool hand_in(struct btx_admin_call *call, union btx_command_space *space)
{
    struct btx_command_producer *commands = &call->server->client.commands;
    const struct btx_command_terms terms = btx_command_producer_terms(commands);
    const size_t length_bytes = btx_record_length_bytes(&space->command.record);
    void *room = btx_command_producer_claim(commands, (uint32_t)length_bytes);

    if (room == NULL)
        return false;
    call->number = ++call->server->number;
    space->command.number = call->number;
    space->command.incarnation = terms.incarnation;
    space->command.producer = terms.producer;
    memcpy(room, space, length_bytes);
    btx_command_producer_commit(commands);
    return true;
}

static const char full[] = "the engine does not take it: its ring is full (BUSY)";

const char *btx_engine_link_request(struct btx_admin_call *call, enum btx_request_type type)
{
    union btx_command_space space;
    const char *why = btx_engine_link_why(call->server);

    if (why != NULL)
        return why;
    (void)btx_request_build(&space, type, call->peer.name, call->what);
    if (!hand_in(call, &space))
        return full;
    if (type == BTX_REQUEST_OPERATOR_ACTION)
        return NULL;
    call->server->changes++;
    call->wait = BTX_ADMIN_WAIT_NOTE;
    btx_session_set_deadline(call, BTX_ADMIN_ANSWER_SECONDS);
    return NULL;
}

const char *btx_engine_link_command(struct btx_admin_call *call, union btx_command_space *command)
{
    const char *why = btx_engine_link_request(call, BTX_REQUEST_OPERATOR_ACTION);

    if (why != NULL)
        return why;
    if (!hand_in(call, command))
        return full;
    call->server->changes++;
    call->wait = BTX_ADMIN_WAIT_COMMAND;
    btx_session_set_deadline(call, BTX_ADMIN_ANSWER_SECONDS);
    return NULL;
}
