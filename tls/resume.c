/* SPDX-License-Identifier: Apache-2.0 */
/* resume.c - an account's events from any seq on: out of the log up to where the state is, then as
 * they come by.
 *
 * Few read the log at a time, each a little before it is the next one's turn, and none faster than
 * its client reads.  Who has come to the state changes over between two transactions: from there
 * on answers.c shows what comes by, so nothing is left out and nothing shown twice. */
#include <string.h>

#include "engine/base/check.h"
#include "tls/gateway.h"

enum {
    RECORDS_AT_ONCE = 256,
    OUTPUT_PART = 4, /* a client with more than this part of its output waiting has to read first */
};

static void close_log(struct btx_connection *connection)
{
    if (connection->log == NULL)
        return;
    btx_log_reader_close(connection->log);
    connection->log = NULL;
    connection->gateway->reader_count--;
}

static void leave_resuming(struct btx_connection *connection)
{
    struct btx_connection **at = &connection->gateway->resuming;

    if (!connection->is_resuming)
        return;
    while (*at != connection)
        at = &(*at)->resume_next;
    *at = connection->resume_next;
    connection->is_resuming = false;
    close_log(connection);
}

void btx_gateway_stream_end(struct btx_connection *connection)
{
    leave_resuming(connection);
    connection->is_streaming = false;
}

/* From here on what comes by is shown. */
static void change_over(struct btx_connection *connection)
{
    struct btx_gateway *gateway = connection->gateway;
    struct btx_frame_current *current;

    leave_resuming(connection);
    connection->is_streaming = true;
    current =
        btx_session_put(&connection->session, BTX_FRAME_CURRENT, 0, connection->stream_request,
                        sizeof *current, btx_gateway_now_ns(gateway));
    if (current != NULL)
        current->seq = gateway->model.seq;
    btx_connection_touch(connection);
}

static bool is_between_txs(const struct btx_gateway *gateway)
{
    return gateway->boundary_seq == gateway->model.seq;
}

static void fail(struct btx_connection *connection, const char *why)
{
    leave_resuming(connection);
    btx_connection_close(connection, BTX_FRAME_STATUS_LOG_LOST, why);
}

/* False: not now, others read. */
static bool open_log(struct btx_connection *connection)
{
    struct btx_gateway *gateway = connection->gateway;
    const struct btx_log_options options = {.from_seq = connection->shown_seq + 1, .live = true};
    struct btx_fault fault = {0};

    if (connection->log != NULL)
        return true;
    if (gateway->reader_count == BTX_GATEWAY_READERS_MAX)
        return false;
    if (btx_log_reader_open(&connection->log, gateway->options.wal_root, &options, &fault) !=
        BTX_OK) {
        fail(connection, "the log cannot be read");
        return false;
    }
    gateway->reader_count++;
    connection->log_account = 0;
    return true;
}

/* One record of the log; false when that is the end of this stream. */
static bool take(struct btx_connection *connection, const struct btx_record *record)
{
    if (btx_record_kind(record) == BTX_RECORD_NOTE)
        return true;
    if (!connection->has_log_begun && record->seq > connection->shown_seq + 1) {
        fail(connection, "the log begins behind it");
        return false;
    }
    connection->has_log_begun = true;
    if (btx_record_kind(record) == BTX_RECORD_COMMAND) {
        connection->log_account = btx_command_account((const struct btx_command *)record);
        return true;
    }
    if (record->seq <= connection->shown_seq)
        return true; /* Of the tx in which it begins. */
    connection->shown_seq = record->seq;
    if (btx_event_concerns(record, connection->session.account, connection->log_account))
        btx_connection_show(connection, record);
    return connection->session.state == BTX_SESSION_ACTIVE;
}

/* A part of the log for one client.  Whether there may be more at once. */
static bool read_some(struct btx_connection *connection)
{
    struct btx_gateway *gateway = connection->gateway;
    const struct btx_record *record;
    struct btx_fault fault = {0};

    if (btx_byte_queue_length(&connection->session.out) >
            gateway->rules.output_bytes_max / OUTPUT_PART ||
        !open_log(connection))
        return false;
    btx_log_reader_limit(connection->log, gateway->model.seq);
    for (int i = 0; i < RECORDS_AT_ONCE; i++) {
        switch (btx_log_reader_next(connection->log, &record, &fault)) {
        case BTX_LOG_RECORD:
            if (!take(connection, record))
                return false;
            break;
        case BTX_LOG_END:
            if (is_between_txs(gateway) && connection->shown_seq == gateway->model.seq)
                change_over(connection);
            return false;
        case BTX_LOG_DAMAGE:
        case BTX_LOG_FAULT:
            fail(connection, "the log cannot be read on");
            return false;
        }
    }
    return true;
}

static void on_resume(evutil_socket_t fd, short events, void *context)
{
    struct btx_gateway *gateway = context;
    struct btx_connection *next;
    bool has_more = false;

    (void)fd;
    (void)events;
    for (struct btx_connection *connection = gateway->resuming;
         gateway->is_ready && connection != NULL; connection = next) {
        next = connection->resume_next;
        has_more = read_some(connection) || has_more;
    }
    if (has_more)
        btx_gateway_soon(gateway->resume);
    btx_gateway_settle(gateway);
}

void btx_gateway_resume_go_on(struct btx_gateway *gateway)
{
    if (gateway->resuming != NULL && gateway->is_ready)
        btx_gateway_soon(gateway->resume);
}

void btx_gateway_stream(struct btx_connection *connection)
{
    struct btx_gateway *gateway = connection->gateway;
    const struct btx_frame_stream_wish *wish = &gateway->request.stream;
    const uint64_t seq = gateway->model.seq;

    if (wish->from_now == 0 && wish->after_seq > seq) {
        btx_session_refuse(&connection->session, gateway->request.request, BTX_FRAME_STATUS_UNKNOWN,
                           "after_seq: not there yet", btx_gateway_now_ns(gateway));
        return;
    }
    btx_gateway_stream_end(connection);
    connection->stream_request = gateway->request.request;
    connection->shown_seq = wish->from_now != 0 ? seq : wish->after_seq;
    if (connection->shown_seq == seq && (wish->from_now != 0 || is_between_txs(gateway))) {
        change_over(connection);
        return;
    }
    connection->has_log_begun = false;
    connection->is_resuming = true;
    connection->resume_next = gateway->resuming;
    gateway->resuming = connection;
    btx_gateway_resume_go_on(gateway);
}

enum btx_fault_code btx_gateway_resume_open(struct btx_gateway *gateway,
                                            struct btx_fault *reterr_fault)
{
    gateway->resume = event_new(gateway->base, -1, 0, on_resume, gateway);
    if (gateway->resume == NULL || event_priority_set(gateway->resume, BTX_GATEWAY_LATER) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "no memory for events");
    return BTX_OK;
}
