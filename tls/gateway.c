/* SPDX-License-Identifier: Apache-2.0 */
/* gateway.c - betex-gateway as a whole: what it is made of, its loop, reload and end. */
#include "tls/gateway.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "engine/service/sandbox.h"

#define SECOND_NS UINT64_C(1000000000)
#define CLOSING_NS (2 * SECOND_NS)
#define STOPPING_NS (5 * SECOND_NS)

/* Besides connections: rings, segments of the log for each reader of it, listeners, the loop. */
enum { OWN_DESCRIPTORS = 256 };

/* ---- Certificates, keys, lists ---- */

static enum btx_fault_code load(struct btx_gateway *gateway, struct btx_fault *reterr_fault)
{
    const struct btx_gateway_settings *settings = &gateway->options.settings->gateway;
    const struct btx_tls_files files = {
        .certificate = settings->certificate,
        .key = settings->key,
        .client_ca = settings->client_ca,
        .crl = settings->crl,
    };
    struct btx_clients clients;
    SSL_CTX *tls;

    if (btx_clients_read(&clients, settings->clients, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (btx_tls_context_server(&tls, &files, btx_connection_watch_records, reterr_fault) !=
        BTX_OK) {
        btx_clients_done(&clients);
        return reterr_fault->code;
    }
    /* Sessions keep the context that they began with. */
    SSL_CTX_free(gateway->tls);
    btx_clients_done(&gateway->clients);
    gateway->tls = tls;
    gateway->clients = clients;
    return BTX_OK;
}

/* Who is connected with rights that are gone goes, too. */
static void drop_strangers(struct btx_gateway *gateway)
{
    for (struct btx_connection *connection = gateway->connections; connection != NULL;
         connection = connection->next) {
        const struct btx_client_row *client;

        if (connection->account == NULL || connection->fd < 0)
            continue;
        client = btx_clients_find(&gateway->clients, connection->subject,
                                  connection->account->entry.key[0]);
        if (client == NULL || client->rights != connection->rights)
            btx_connection_close(connection, BTX_FRAME_STATUS_NOT_ALLOWED, NULL);
    }
}

static void reload(struct btx_gateway *gateway)
{
    struct btx_fault fault = {0};
    struct btx_log_line line;
    const bool is_done = load(gateway, &fault) == BTX_OK;

    btx_log_begin(&line, gateway->options.log, is_done ? BTX_LOG_NOTICE : BTX_LOG_ERROR,
                  is_done ? "read certificates and clients again"
                          : "certificates and clients stay as they were");
    if (!is_done)
        btx_log_fault(&line, &fault);
    btx_log_end(&line);
    if (is_done)
        drop_strangers(gateway);
}

/* ---- The loop ---- */

void btx_gateway_soon(struct event *event)
{
    const struct timeval at_once = {0};

    CHECK(event_add(event, &at_once) == 0); /* It was added before: there is memory for it. */
}

void btx_gateway_settle(struct btx_gateway *gateway)
{
    btx_gateway_cancel_due(gateway);
    btx_gateway_greet(gateway);
    while (gateway->unsettled != NULL) {
        struct btx_connection *connection = gateway->unsettled;

        gateway->unsettled = connection->unsettled_next;
        if (gateway->unsettled == NULL)
            gateway->unsettled_last = &gateway->unsettled;
        connection->is_unsettled = false;
        btx_connection_settle(connection);
    }
    if (gateway->is_stopping &&
        (gateway->connection_count == 0 || btx_gateway_now_ns(gateway) >= gateway->stop_ns))
        (void)event_base_loopbreak(gateway->base);
}

static void stop(struct btx_gateway *gateway)
{
    if (gateway->is_stopping)
        return;
    gateway->is_stopping = true;
    gateway->stop_ns = btx_gateway_now_ns(gateway) + STOPPING_NS;
    (void)btx_notify_stopping(gateway->options.notify);
    btx_gateway_listen_end(gateway);
    for (struct btx_connection *connection = gateway->connections; connection != NULL;
         connection = connection->next)
        btx_connection_close(connection, BTX_FRAME_STATUS_SHUTDOWN, NULL);
}

static void on_signal(evutil_socket_t fd, short events, void *context)
{
    struct btx_gateway *gateway = context;

    (void)fd;
    (void)events;
    btx_signals_read(gateway->options.signals);
    if (btx_signals_take_reload(gateway->options.signals))
        reload(gateway);
    if (btx_signals_stop(gateway->options.signals) != 0)
        stop(gateway);
    btx_gateway_settle(gateway);
}

static void on_second(evutil_socket_t fd, short events, void *context)
{
    struct btx_gateway *gateway = context;

    (void)fd;
    (void)events;
    btx_gateway_engine_second(gateway);
    gateway->is_ready_told = gateway->is_ready_told || btx_notify_ready(gateway->options.notify);
    (void)btx_notify_alive(gateway->options.notify, btx_gateway_now_ns(gateway));
    (void)btx_notify_status(
        gateway->options.notify, "%zu connections, %llu handshakes, %llu commands, engine %s",
        gateway->connection_count, (unsigned long long)gateway->counters.handshakes,
        (unsigned long long)gateway->counters.commands,
        gateway->is_ready       ? "ready"
        : gateway->is_connected ? "starting"
                                : "not there");
    btx_gateway_settle(gateway);
}

/* ---- Beginning and end ---- */

static void set_rules(struct btx_gateway *gateway)
{
    const struct btx_gateway_settings *settings = &gateway->options.settings->gateway;

    gateway->rules = (struct btx_session_rules){
        .handshake_ns = settings->handshake_ns,
        .hello_ns = settings->handshake_ns,
        .greeting_ns = settings->handshake_ns,
        .idle_ns = settings->idle_ns,
        .closing_ns = CLOSING_NS,
        .stalled_ns = settings->stalled_ns,
        .frames_per_second = (uint32_t)settings->frames_per_second, /* Their maxima fit. */
        .outstanding_max = (uint32_t)settings->outstanding,
        .output_bytes_max = settings->output_bytes,
    };
}

static enum btx_fault_code make_loop(struct btx_gateway *gateway, struct btx_fault *reterr_fault)
{
    const struct timeval second = {.tv_sec = 1};
    struct event_config *config = event_config_new();

    if (config != NULL) {
        /* Behind each thing that may wait it looks for what may not. */
        (void)event_config_set_max_dispatch_interval(config, NULL, 1, BTX_GATEWAY_LATER);
        (void)event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
        gateway->base = event_base_new_with_config(config);
        event_config_free(config);
    }
    if (gateway->base == NULL ||
        event_base_priority_init(gateway->base, BTX_GATEWAY_PRIORITIES) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "no event loop");
    gateway->signal = event_new(gateway->base, gateway->options.signals->fd, EV_READ | EV_PERSIST,
                                on_signal, gateway);
    gateway->second = event_new(gateway->base, -1, EV_PERSIST, on_second, gateway);
    if (gateway->signal == NULL || gateway->second == NULL ||
        event_priority_set(gateway->signal, BTX_GATEWAY_FIRST) != 0 ||
        event_priority_set(gateway->second, BTX_GATEWAY_FIRST) != 0 ||
        event_add(gateway->signal, NULL) != 0 || event_add(gateway->second, &second) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "no memory for events");
    return BTX_OK;
}

/* Folders and not files: what replaces one later is found there too. */
static enum btx_fault_code enter_sandbox(const struct btx_gateway *gateway,
                                         struct btx_fault *reterr_fault)
{
    const struct btx_gateway_settings *settings = &gateway->options.settings->gateway;
    const enum btx_sandbox_access access = BTX_SANDBOX_READ;
    const struct btx_sandbox_path paths[] = {
        {.path = gateway->options.wal_root, .access = access, .optional = true},
        {.path = settings->certificate, .access = access, .folder_of = true},
        {.path = settings->key, .access = access, .folder_of = true},
        {.path = settings->client_ca, .access = access, .folder_of = true},
        {.path = settings->crl, .access = access, .folder_of = true},
        {.path = settings->clients, .access = access, .folder_of = true},
        {.path = gateway->options.settings->engine.socket, .access = access, .folder_of = true},
        {.path = "/dev/null", .access = access, .optional = true},
        {.path = "/proc/self/mountinfo", .access = access, .optional = true},
        {.path = "/sys/kernel/mm/hugepages", .access = access, .optional = true},
    };
    const struct btx_sandbox sandbox = {
        .profile = BTX_SANDBOX_GATEWAY,
        .limits = {.descriptors = settings->connections + OWN_DESCRIPTORS},
        .files = {.paths = paths, .path_count = BTX_COUNT_OF(paths)},
    };

    if (gateway->options.sandbox)
        return btx_sandbox_enter(&sandbox, gateway->options.log, reterr_fault);
    btx_sandbox_leave_out(gateway->options.log);
    return BTX_OK;
}

static enum btx_fault_code open_all(struct btx_gateway *gateway, struct btx_fault *reterr_fault)
{
    uint64_t secret;

    gateway->shakes_last = &gateway->shakes;
    gateway->unsettled_last = &gateway->unsettled;
    gateway->spare_fd = gateway->wake_fd = -1;
    if (getrandom(&secret, sizeof secret, 0) != (ssize_t)sizeof secret)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, 0, "no random numbers");
    btx_table_init(&gateway->addresses, secret);
    btx_table_init(&gateway->accounts, secret);
    btx_table_init(&gateway->books, secret);
    set_rules(gateway);
    if (load(gateway, reterr_fault) != BTX_OK || make_loop(gateway, reterr_fault) != BTX_OK ||
        btx_gateway_listen(gateway, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    /* From here on nothing is opened but the log, the engine's socket, and what is read again. */
    if (enter_sandbox(gateway, reterr_fault) != BTX_OK ||
        btx_gateway_resume_open(gateway, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    return btx_gateway_engine_open(gateway, reterr_fault);
}

static void free_event(struct event **event)
{
    if (*event != NULL)
        event_free(*event);
    *event = NULL;
}

static void close_all(struct btx_gateway *gateway)
{
    btx_gateway_listen_end(gateway);
    btx_gateway_engine_close(gateway); /* Nothing is answered any more. */
    for (struct btx_connection *connection = gateway->connections; connection != NULL;
         connection = connection->next) {
        btx_session_end(&connection->session);
        btx_connection_touch(connection);
    }
    gateway->is_stopping = false; /* No loop to break. */
    btx_gateway_settle(gateway);
    CHECK(gateway->connections == NULL);
    btx_table_done(&gateway->addresses);
    btx_table_done(&gateway->accounts);
    btx_table_done(&gateway->books);
    free_event(&gateway->resume);
    free_event(&gateway->signal);
    free_event(&gateway->second);
    if (gateway->base != NULL)
        event_base_free(gateway->base);
    SSL_CTX_free(gateway->tls);
    btx_clients_done(&gateway->clients);
}

enum btx_fault_code btx_gateway_run(struct btx_gateway *gateway,
                                    const struct btx_gateway_options *options,
                                    struct btx_fault *reterr_fault)
{
    enum btx_fault_code code;

    memset(gateway, 0, sizeof *gateway);
    gateway->options = *options;
    code = open_all(gateway, reterr_fault);
    if (code == BTX_OK)
        (void)event_base_dispatch(gateway->base);
    close_all(gateway);
    return code;
}
