/* SPDX-License-Identifier: Apache-2.0 */
/* serve_log.c - looking into the log: by a betex-wal of its own for each call, since that may take
 * minutes and reads bytes of any kind; and what is quickly told, here. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin/json.h"
#include "admin/server.h"
#include "engine/text/record_text.h"
#include "engine/wal/snapshot.h"

enum { ARGUMENTS_MAX = 10, READ_BYTES = 16 * 1024, TAIL_RECORDS_AT_ONCE = 256 };

/* ---- A child ---- */

static void end_output(struct event **event, int *fd)
{
    if (*event != NULL)
        event_free(*event);
    *event = NULL;
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

void btx_call_end_child(struct btx_admin_call *call)
{
    end_output(&call->child_out_event, &call->child_out);
    end_output(&call->child_err_event, &call->child_err);
    if (call->child == 0)
        return;
    (void)kill(call->child, SIGKILL);
    (void)waitpid(call->child, NULL, 0);
    call->child = 0;
}

/* Both outputs have ended: so has it, or is about to. */
static void reap(struct btx_admin_call *call)
{
    int status = 0;

    if (waitpid(call->child, &status, 0) == call->child && WIFEXITED(status))
        call->status = (uint8_t)WEXITSTATUS(status);
    else
        btx_call_fail(call, 70, "betex-wal ended by a signal");
    call->child = 0;
    call->wait = BTX_ADMIN_WAIT_NOTHING;
}

static void on_output(evutil_socket_t fd, short events, void *context)
{
    struct btx_admin_call *call = context;
    const bool is_out = (int)fd == call->child_out;
    char bytes[READ_BYTES];
    const ssize_t got = read((int)fd, bytes, sizeof bytes);

    (void)events;
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got > 0) {
        (void)fwrite(bytes, 1, (size_t)got, is_out ? call->out : call->err);
    } else {
        if (is_out)
            end_output(&call->child_out_event, &call->child_out);
        else
            end_output(&call->child_err_event, &call->child_err);
        if (call->child_out < 0 && call->child_err < 0)
            reap(call);
    }
    btx_session_flush(call);
    btx_session_sweep(call->server);
}

/* betex-wal stands beside this program. */
static bool find_program(char path[PATH_MAX])
{
    const ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 16);
    char *name;

    if (length <= 0)
        return false;
    path[length] = '\0';
    name = strrchr(path, '/');
    if (name == NULL)
        return false;
    (void)strcpy(name + 1, "betex-wal");
    return true;
}

static int spawn(struct btx_admin_call *call, const char **arguments, int out, int err)
{
    static char environment_path[] = "PATH=/usr/bin:/bin";
    static char environment_locale[] = "LC_ALL=C";
    char *const environment[] = {environment_path, environment_locale, NULL};
    posix_spawn_file_actions_t actions;
    char path[PATH_MAX];
    int os_error;

    if (!find_program(path))
        return ENOENT;
    os_error = posix_spawn_file_actions_init(&actions);
    if (os_error != 0)
        return os_error;
    os_error = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (os_error == 0)
        os_error = posix_spawn_file_actions_adddup2(&actions, out, 1);
    if (os_error == 0)
        os_error = posix_spawn_file_actions_adddup2(&actions, err, 2);
    if (os_error == 0)
        os_error = posix_spawn(&call->child, path, &actions, NULL,
                               (char *const *)(uintptr_t)arguments, environment);
    (void)posix_spawn_file_actions_destroy(&actions);
    return os_error;
}

static struct event *watch(struct btx_admin_call *call, int fd)
{
    struct event *event = event_new(call->server->base, fd, EV_READ | EV_PERSIST, on_output, call);

    if (event != NULL)
        (void)event_add(event, NULL);
    return event;
}

static void run(struct btx_admin_call *call, const char **arguments)
{
    int out[2] = {-1, -1};
    int err[2] = {-1, -1};
    int os_error = 0;

    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
        os_error = errno;
    if (os_error == 0)
        os_error = spawn(call, arguments, out[1], err[1]);
    for (size_t i = 0; i < 2; i++) {
        const int ends[2] = {out[i], err[i]};

        /* The writing ends are the child's; of what failed nothing is kept. */
        for (size_t j = 0; j < 2; j++)
            if ((i == 1 || os_error != 0) && ends[j] >= 0)
                (void)close(ends[j]);
    }
    if (os_error != 0) {
        call->child = 0;
        btx_call_fail(call, 68, "betex-wal: %s", strerror(os_error));
        return;
    }
    call->child_out = out[0];
    call->child_err = err[0];
    call->child_out_event = watch(call, out[0]);
    call->child_err_event = watch(call, err[0]);
    call->wait = BTX_ADMIN_WAIT_CHILD;
    if (call->child_out_event == NULL || call->child_err_event == NULL)
        call->is_lost = true;
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
