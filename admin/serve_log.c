/* SPDX-License-Identifier: Apache-2.0 */
/* serve_log.c - looking into the log: by a betex-wal of its own for each call, since that may take
 * minutes and reads bytes of any kind (the launcher executes it); here what is quickly told. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin/json.h"
#include "admin/server.h"
#include "engine/text/record_text.h"
#include "engine/wal/snapshot.h"

enum { ARGUMENTS_MAX = 10, READ_BYTES = 16 * 1024, TAIL_RECORDS_AT_ONCE = 256 };

/* ---- A betex-wal ---- */

static void end_pipe(struct btx_admin_call *call, size_t pipe)
{
    if (call->child_events[pipe] != NULL)
        event_free(call->child_events[pipe]);
    call->child_events[pipe] = NULL;
    if (call->child_fds[pipe] >= 0)
        (void)close(call->child_fds[pipe]);
    call->child_fds[pipe] = -1;
}

void btx_call_end_child(struct btx_admin_call *call)
{
    for (size_t i = 0; i < BTX_LAUNCH_PIPE_COUNT; i++)
        end_pipe(call, i);
}

/* It has ended, and all that it printed is here. */
static void conclude(struct btx_admin_call *call)
{
    const struct btx_launch_end *end = &call->child_end;

    if (!call->is_child_end_known)
        btx_call_fail(call, 70, "betex-wal: nobody knows how it ended");
    else if (end->os_error != 0)
        btx_call_fail(call, 68, "betex-wal: %s", strerror(end->os_error));
    else if (!WIFEXITED(end->status))
        btx_call_fail(call, 70, "betex-wal ended by a signal");
    else
        call->status = (uint8_t)WEXITSTATUS(end->status);
    call->wait = BTX_ADMIN_WAIT_NOTHING;
}

static void take_bytes(struct btx_admin_call *call, size_t pipe, const char *bytes, size_t count)
{
    if (pipe != BTX_LAUNCH_END) {
        (void)fwrite(bytes, 1, count, pipe == BTX_LAUNCH_OUT ? call->out : call->err);
        return;
    }
    call->is_child_end_known = count == sizeof call->child_end; /* It is written at once. */
    if (call->is_child_end_known)
        memcpy(&call->child_end, bytes, count);
}

static bool is_running(const struct btx_admin_call *call)
{
    bool any = false;

    for (size_t i = 0; i < BTX_LAUNCH_PIPE_COUNT; i++)
        any = any || call->child_fds[i] >= 0;
    return any;
}

static void on_output(evutil_socket_t fd, short events, void *context)
{
    struct btx_admin_call *call = context;
    char bytes[READ_BYTES];
    const ssize_t got = read((int)fd, bytes, sizeof bytes);
    size_t pipe = 0;

    (void)events;
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    while (call->child_fds[pipe] != (int)fd)
        pipe++;
    if (got > 0)
        take_bytes(call, pipe, bytes, (size_t)got);
    else
        end_pipe(call, pipe);
    if (!is_running(call))
        conclude(call);
    btx_session_flush(call);
    btx_session_sweep(call->server);
}

static void run(struct btx_admin_call *call, const char **arguments)
{
    const int os_error = btx_launcher_run(call->server->launcher, arguments, call->child_fds);

    if (os_error != 0) {
        btx_call_fail(call, 68, "betex-wal: %s", strerror(os_error));
        return;
    }
    call->wait = BTX_ADMIN_WAIT_CHILD;
    for (size_t i = 0; i < BTX_LAUNCH_PIPE_COUNT; i++) {
        call->child_events[i] = event_new(call->server->base, call->child_fds[i],
                                          EV_READ | EV_PERSIST, on_output, call);
        if (call->child_events[i] == NULL || event_add(call->child_events[i], NULL) != 0)
            call->is_lost = true;
    }
}

static void look(struct btx_admin_call *call, const char *verb, const char *option)
{
    const char *arguments[ARGUMENTS_MAX] = {"betex-wal", verb};
    size_t count = 2;

    if (call->request.json)
        arguments[count++] = "--json";
    if (option != NULL)
        arguments[count++] = option;
    arguments[count] = call->server->wal_root;
    run(call, arguments);
}

void btx_serve_wal_lock(struct btx_admin_call *call)
{
    look(call, "lock", NULL);
}

void btx_serve_wal_segments(struct btx_admin_call *call)
{
    look(call, "ls", call->request.is_long ? "--long" : NULL);
}

void btx_serve_wal_verify(struct btx_admin_call *call)
{
    look(call, "verify", call->request.no_execute ? "--no-execute" : NULL);
}

void btx_serve_wal_sizing(struct btx_admin_call *call)
{
    const char *arguments[ARGUMENTS_MAX] = {"betex-wal", "sizing"};
    char rate[32];
    size_t count = 2;

    if (call->request.json)
        arguments[count++] = "--json";
    if (call->request.rate.given) {
        (void)snprintf(rate, sizeof rate, "--rate=%" PRIu64, call->request.rate.value);
        arguments[count++] = rate;
    }
    if (call->server->config_path != NULL) {
        arguments[count++] = "--config";
        arguments[count] = call->server->config_path;
    }
    run(call, arguments);
}

/* ---- Snapshots ---- */

void btx_serve_snapshot_ls(struct btx_admin_call *call)
{
    struct btx_json json = {.out = call->out};
    struct btx_fault fault = {0};
    uint64_t *seqs;
    size_t count;

    if (btx_snapshot_list(call->server->wal_root, &seqs, &count, &fault) != BTX_OK) {
        btx_call_fail(call, (uint8_t)btx_fault_exit_status(fault.code), "%s", fault.text);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        char name[BTX_WAL_NAME_BYTES];

        btx_snapshot_name(name, seqs[i]);
        if (!call->request.json) {
            fprintf(call->out, "%20" PRIu64 "  %s\n", seqs[i], name);
            continue;
        }
        btx_json_begin_object(&json, NULL);
        btx_json_u64(&json, "seq", seqs[i]);
        btx_json_text(&json, "name", name);
        btx_json_end_object(&json);
        btx_json_end_line(&json);
    }
    if (count == 0 && !call->request.json)
        fputs("no snapshots\n", call->out);
    free(seqs);
}

/* ---- Events ---- */

/* Nothing behind what the model has is shown: that may not be durable. */
void btx_call_go_on_with_tail(struct btx_admin_call *call)
{
    static char text[BTX_RECORD_TEXT_BYTES_MAX];
    const struct btx_record *record;
    struct btx_fault fault = {0};
    enum btx_log_step step = BTX_LOG_RECORD;

    if (btx_engine_link_why(call->server) != NULL || event_pending(call->writable, EV_WRITE, NULL))
        return; /* The client has not taken what it was sent last. */
    btx_log_reader_limit(call->tail, call->server->model.seq);
    for (int i = 0; i < TAIL_RECORDS_AT_ONCE; i++) {
        step = btx_log_reader_next(call->tail, &record, &fault);
        if (step != BTX_LOG_RECORD)
            break;
        if (btx_record_kind(record) == BTX_RECORD_EVENT && record->seq >= call->tail_from)
            (void)fwrite(text, 1, btx_record_text_encode(record, text), call->out);
    }
    if (step == BTX_LOG_DAMAGE || step == BTX_LOG_FAULT) {
        call->wait = BTX_ADMIN_WAIT_NOTHING;
        btx_call_fail(call, 66, "the log cannot be read on: %s",
                      step == BTX_LOG_FAULT ? fault.text : "damage (see wal verify)");
    }
    btx_session_flush(call);
    if (step == BTX_LOG_RECORD && event_pending(call->writable, EV_WRITE, NULL) == 0)
        event_active(call->writable, EV_WRITE, 0); /* Passed over so many: go on. */
}

void btx_serve_events_tail(struct btx_admin_call *call)
{
    const char *why = btx_engine_link_why(call->server);
    struct btx_log_options options = {.live = true};
    struct btx_fault fault = {0};

    if (why != NULL) {
        btx_call_fail(call, 68, "%s", why);
        return;
    }
    call->tail_from =
        call->request.from.given ? call->request.from.value : call->server->model.seq + 1;
    options.from_seq = call->tail_from;
    if (btx_log_reader_open(&call->tail, call->server->wal_root, &options, &fault) != BTX_OK) {
        btx_call_fail(call, (uint8_t)btx_fault_exit_status(fault.code), "%s", fault.text);
        return;
    }
    call->wait = BTX_ADMIN_WAIT_EVENTS;
    btx_call_go_on_with_tail(call);
}
