/* SPDX-License-Identifier: Apache-2.0 */
/* connection.c - one client's socket and TLS, and what its session has to do with them.
 *
 * OpenSSL works on the socket itself, and libevent only says when: README.md says why. */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "tls/gateway.h"

enum {
    READS_AT_ONCE = 4,        /* then it is others' turn */
    RECORD_BYTES_MAX = 16384, /* of one record of TLS */
    RECORDS_MAX = 1024,       /* without a whole frame: ten times what one in single bytes takes */
    KEY_UPDATES_MAX = 16,
    KEY_UPDATE_FRAMES = 65536, /* each so many frames allow one more */
};

void btx_connection_touch(struct btx_connection *connection)
{
    struct btx_gateway *gateway = connection->gateway;

    if (connection->is_unsettled)
        return;
    connection->is_unsettled = true;
    connection->unsettled_next = NULL;
    *gateway->unsettled_last = connection;
    gateway->unsettled_last = &connection->unsettled_next;
}

static void leave_handshakes(struct btx_connection *connection)
{
    struct btx_gateway *gateway = connection->gateway;

    if (connection->shake_link == NULL)
        return;
    *connection->shake_link = connection->shake_next;
    if (connection->shake_next != NULL)
        connection->shake_next->shake_link = connection->shake_link;
    else
        gateway->shakes_last = connection->shake_link;
    connection->shake_link = NULL;
    gateway->shake_count--;
}

void btx_connection_close(struct btx_connection *connection, uint16_t code, const char *why)
{
    if (connection->session.state == BTX_SESSION_HANDSHAKE)
        leave_handshakes(connection); /* Who looks for the oldest finds the next one. */
    btx_session_close(&connection->session, code, why, btx_gateway_now_ns(connection->gateway));
    btx_connection_touch(connection);
}

static void end(struct btx_connection *connection)
{
    btx_session_end(&connection->session);
    btx_connection_touch(connection);
}

static void say(const struct btx_connection *connection, const char *message, const char *why)
{
    struct btx_log_line line;

    btx_log_begin(&line, connection->gateway->options.log, BTX_LOG_INFO, message);
    btx_log_u64(&line, "connection", connection->number);
    btx_log_text(&line, "peer", connection->peer);
    if (connection->subject != NULL)
        btx_log_text(&line, "subject", connection->subject);
    if (connection->session.account != 0)
        btx_log_u64(&line, "account", connection->session.account);
    if (why != NULL)
        btx_log_text(&line, "why", why);
    btx_log_end(&line);
}

/* ---- Handshakes ---- */

static void fail_handshake(struct btx_connection *connection)
{
    char reason[128];

    say(connection, "handshake failed", btx_tls_reason(reason, sizeof reason));
    end(connection);
}

/* TLS is there: who is it? */
static void finish_handshake(struct btx_connection *connection)
{
    char subject[BTX_SUBJECT_BYTES_MAX + 1];
    const unsigned char *alpn;
    unsigned int alpn_length;

    leave_handshakes(connection);
    SSL_get0_alpn_selected(connection->ssl, &alpn, &alpn_length);
    if (alpn_length == 0 || !btx_tls_subject(connection->ssl, subject) ||
        (connection->subject = strdup(subject)) == NULL) {
        fail_handshake(connection); /* Who does not ask for the protocol does not speak it. */
        return;
    }
    connection->gateway->counters.handshakes++;
    /* They are not active: this is called by the one, and the other is not added. */
    (void)event_priority_set(connection->readable, BTX_GATEWAY_FIRST);
    (void)event_priority_set(connection->writable, BTX_GATEWAY_FIRST);
    connection->is_drained = false; /* HELLO may have come with the end of the handshake. */
    btx_session_secure(&connection->session, btx_gateway_now_ns(connection->gateway));
    btx_connection_touch(connection);
}

static void shake(struct btx_connection *connection)
{
    int result;

    ERR_clear_error();
    result = SSL_do_handshake(connection->ssl);
    if (result == 1) {
        finish_handshake(connection);
        return;
    }
    switch (SSL_get_error(connection->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        break;
    case SSL_ERROR_WANT_WRITE:
        connection->wants_write = true;
        break;
    default: /* lint: default: OpenSSL's numbers; all others are the end */
        fail_handshake(connection);
        return;
    }
    btx_connection_touch(connection);
}

/* ---- Reading and writing ---- */

void btx_connection_watch_records(int is_written, int version, int content_type, const void *bytes,
                                  size_t length_bytes, SSL *ssl, void *context)
{
    struct btx_connection *connection = SSL_get_app_data(ssl);
    const uint8_t *message = bytes;

    (void)version;
    (void)context;
    if (is_written || connection == NULL || connection->session.state == BTX_SESSION_HANDSHAKE)
        return;
    if (connection->frames_seen != connection->session.frames) {
        connection->frames_seen = connection->session.frames;
        connection->records = 0;
    }
    if (content_type == SSL3_RT_HEADER)
        connection->records++;
    if (content_type == SSL3_RT_HANDSHAKE && length_bytes > 0 && message[0] == SSL3_MT_KEY_UPDATE)
        connection->key_updates++;
    if (connection->records <= RECORDS_MAX &&
        connection->key_updates <= KEY_UPDATES_MAX + connection->session.frames / KEY_UPDATE_FRAMES)
        return;
    /* SSL_read() would go on as long as more comes: nothing more comes. */
    connection->is_abusive = true;
    (void)shutdown(connection->fd, SHUT_RD);
}

/* SSL_read() gave nothing. */
static void read_nothing(struct btx_connection *connection, int result)
{
    switch (SSL_get_error(connection->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        connection->is_drained = true;
        return;
    case SSL_ERROR_WANT_WRITE: /* An answer of TLS itself, to a KeyUpdate. */
        connection->wants_write = true;
        connection->is_drained = true;
        return;
    default: /* lint: default: OpenSSL's numbers; all others are the end */
        if (connection->is_abusive)
            btx_connection_close(connection, BTX_FRAME_STATUS_LIMIT, "records without a frame");
        if (connection->is_abusive && !connection->is_shut) {
            connection->is_drained = true; /* Only the STATUS is left to be sent. */
            return;
        }
        end(connection);
        return;
    }
}

static void read_some(struct btx_connection *connection)
{
    struct btx_gateway *gateway = connection->gateway;

    connection->is_drained = false;
    for (int i = 0; i < READS_AT_ONCE; i++) {
        size_t room = btx_session_input_room(&connection->session);
        int result;

        if (room == 0)
            break;
        if (room > sizeof gateway->scratch)
            room = sizeof gateway->scratch;
        ERR_clear_error();
        result = SSL_read(connection->ssl, gateway->scratch, (int)room);
        if (result <= 0) {
            read_nothing(connection, result);
            break;
        }
        btx_session_receive(&connection->session, gateway->scratch, (size_t)result);
    }
    btx_connection_touch(connection);
}

static void send_output(struct btx_connection *connection)
{
    const uint8_t *bytes;
    size_t length_bytes;

    while (!connection->wants_write &&
           (length_bytes = btx_session_output(&connection->session, &bytes)) > 0) {
        int result;

        if (length_bytes > RECORD_BYTES_MAX)
            length_bytes = RECORD_BYTES_MAX;
        ERR_clear_error();
        result = SSL_write(connection->ssl, bytes, (int)length_bytes);
        if (result > 0) {
            btx_session_sent(&connection->session, (size_t)result,
                             btx_gateway_now_ns(connection->gateway));
            continue;
        }
        switch (SSL_get_error(connection->ssl, result)) {
        case SSL_ERROR_WANT_WRITE:
            connection->wants_write = true;
            return;
        case SSL_ERROR_WANT_READ: /* It is read anyhow. */
            return;
        default: /* lint: default: OpenSSL's numbers; all others are the end */
            btx_session_end(&connection->session);
            return;
        }
    }
}

/* The STATUS is out: say that this was all, and wait for the client to go. */
static void shut(struct btx_connection *connection)
{
    if (connection->is_shut || connection->wants_write)
        return;
    connection->is_shut = true;
    ERR_clear_error();
    (void)SSL_shutdown(connection->ssl); /* What it cannot say now is not worth waiting for. */
    (void)shutdown(connection->fd, SHUT_WR);
    if (connection->is_abusive)
        btx_session_end(&connection->session);
}

/* ---- Events ---- */

static void on_readable(evutil_socket_t fd, short events, void *context)
{
    struct btx_connection *connection = context;
    struct btx_gateway *gateway = connection->gateway;

    (void)fd;
    (void)events;
    if (connection->session.state == BTX_SESSION_HANDSHAKE)
        shake(connection);
    else
        read_some(connection);
    btx_gateway_settle(gateway);
}

static void on_writable(evutil_socket_t fd, short events, void *context)
{
    struct btx_connection *connection = context;
    struct btx_gateway *gateway = connection->gateway;

    (void)fd;
    (void)events;
    connection->wants_write = false;
    if (connection->session.state == BTX_SESSION_HANDSHAKE)
        shake(connection);
    btx_connection_touch(connection);
    btx_gateway_resume_go_on(gateway); /* It may have waited for this. */
    btx_gateway_settle(gateway);
}

static void on_timer(evutil_socket_t fd, short events, void *context)
{
    struct btx_connection *connection = context;
    struct btx_gateway *gateway = connection->gateway;

    (void)fd;
    (void)events;
    connection->timer_ns = UINT64_MAX;
    if (connection->is_reading && !connection->is_drained &&
        connection->session.state != BTX_SESSION_HANDSHAKE)
        read_some(connection);
    btx_session_pass(&connection->session, btx_gateway_now_ns(gateway));
    btx_session_trim(&connection->session);
    btx_connection_touch(connection);
    btx_gateway_settle(gateway);
}

static void set_timer(struct btx_connection *connection)
{
    const uint64_t due_ns = btx_session_due_ns(&connection->session);
    const uint64_t now_ns = btx_gateway_now_ns(connection->gateway);
    const uint64_t wait_us = due_ns <= now_ns ? 0 : (due_ns - now_ns) / 1000 + 1;
    struct timeval wait = {.tv_sec = (time_t)(wait_us / 1000000),
                           .tv_usec = (suseconds_t)(wait_us % 1000000)};

    /* A timer that comes too early sets itself again: deadlines move with each frame. */
    if (due_ns >= connection->timer_ns)
        return; /* 0: it was set to at once. */
    connection->timer_ns = due_ns;
    if (event_add(connection->timer, &wait) != 0)
        btx_session_end(&connection->session); /* No memory: without a deadline nobody stays. */
}

static void set_interest(struct btx_connection *connection)
{
    const bool is_shaking = connection->session.state == BTX_SESSION_HANDSHAKE;
    const bool wants =
        is_shaking || (!connection->is_abusive && btx_session_input_room(&connection->session) > 0);

    if (wants != connection->is_reading) {
        if ((wants ? event_add(connection->readable, NULL) : event_del(connection->readable)) != 0)
            btx_session_end(&connection->session);
        connection->is_reading = wants;
    }
    /* What TLS has already, the socket does not tell of. */
    if (wants && !is_shaking && !connection->is_drained) {
        connection->timer_ns = 0;
        btx_gateway_soon(connection->timer);
    }
    if (connection->wants_write && event_add(connection->writable, NULL) != 0)
        btx_session_end(&connection->session);
}

/* ---- Beginning and end ---- */

static void free_event(struct event **event)
{
    if (*event != NULL)
        event_free(*event);
    *event = NULL;
}

/* All that belongs to the socket. */
static void close_socket(struct btx_connection *connection)
{
    free_event(&connection->readable);
    free_event(&connection->writable);
    free_event(&connection->timer);
    SSL_free(connection->ssl);
    connection->ssl = NULL;
}

/* The session has ended: only what is still to be answered holds the rest. */
static void disconnect(struct btx_connection *connection)
{
    struct btx_gateway *gateway = connection->gateway;

    if (connection->subject == NULL)
        gateway->counters.handshakes_failed++;
    else
        say(connection, "session ended",
            connection->session.why != NULL ? connection->session.why : "the client has gone");
    leave_handshakes(connection);
    btx_gateway_stream_end(connection);
    btx_gateway_books_end(connection);
    btx_gateway_part(connection);
    close_socket(connection);
    (void)close(connection->fd);
    connection->fd = -1;
    btx_gateway_leave(gateway, connection->address);
    gateway->connection_count--;
}

static void give_back(struct btx_connection *connection)
{
    *connection->link = connection->next;
    if (connection->next != NULL)
        connection->next->link = connection->link;
    btx_session_done(&connection->session);
    free(connection->subject);
    free(connection);
}

void btx_connection_settle(struct btx_connection *connection)
{
    struct btx_gateway *gateway = connection->gateway;
    struct btx_session *session = &connection->session;

    if (connection->fd >= 0) {
        while (btx_session_next(session, btx_gateway_now_ns(gateway), &gateway->request))
            btx_gateway_do(connection);
        btx_gateway_show_books(connection);
        send_output(connection);
        if (session->state == BTX_SESSION_CLOSING && btx_byte_queue_length(&session->out) == 0)
            shut(connection);
        if (session->state != BTX_SESSION_CLOSED)
            set_interest(connection);
        if (session->state != BTX_SESSION_CLOSED)
            set_timer(connection);
        if (session->state == BTX_SESSION_CLOSED)
            disconnect(connection);
    }
    if (connection->fd < 0 && session->outstanding == 0 && !connection->is_unsettled)
        give_back(connection);
}

static bool make_parts(struct btx_connection *connection)
{
    struct btx_gateway *gateway = connection->gateway;
    const int fd = connection->fd;

    connection->ssl = SSL_new(gateway->tls);
    connection->readable =
        event_new(gateway->base, fd, EV_READ | EV_PERSIST, on_readable, connection);
    connection->writable = event_new(gateway->base, fd, EV_WRITE, on_writable, connection);
    connection->timer = evtimer_new(gateway->base, on_timer, connection);
    if (connection->ssl == NULL || connection->readable == NULL || connection->writable == NULL ||
        connection->timer == NULL || SSL_set_fd(connection->ssl, fd) != 1 ||
        SSL_set_app_data(connection->ssl, connection) != 1)
        return false;
    SSL_set_accept_state(connection->ssl);
    return event_priority_set(connection->readable, BTX_GATEWAY_LATER) == 0 &&
           event_priority_set(connection->writable, BTX_GATEWAY_LATER) == 0 &&
           event_priority_set(connection->timer, BTX_GATEWAY_FIRST) == 0;
}

bool btx_connection_open(struct btx_gateway *gateway, int fd, struct btx_address *address,
                         const char *peer)
{
    struct btx_connection *connection = calloc(1, sizeof *connection);

    if (connection == NULL)
        return false;
    connection->gateway = gateway;
    connection->fd = fd;
    if (!make_parts(connection)) {
        close_socket(connection);
        free(connection);
        return false;
    }
    connection->address = address;
    connection->timer_ns = UINT64_MAX;
    connection->number = ++gateway->connection_number;
    (void)strncpy(connection->peer, peer, sizeof connection->peer - 1);
    btx_session_init(&connection->session, &gateway->rules, btx_gateway_now_ns(gateway));
    connection->next = gateway->connections;
    connection->link = &gateway->connections;
    if (connection->next != NULL)
        connection->next->link = &connection->next;
    gateway->connections = connection;
    connection->shake_link = gateway->shakes_last;
    *gateway->shakes_last = connection;
    gateway->shakes_last = &connection->shake_next;
    gateway->shake_count++;
    gateway->connection_count++;
    btx_connection_touch(connection);
    return true;
}
