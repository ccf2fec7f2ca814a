/* SPDX-License-Identifier: Apache-2.0 */
/* session.c - one betexctl at the socket: its request, its answer, and how long it may take.
 *
 * Everything of a client is bounded: the bytes of its request and the time to send it, the answer
 * that it leaves unread and the time it reads nothing at all.  What goes wrong with one closes that
 * one. */
#include <errno.h>
#include <event2/buffer.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/server.h"
#include "engine/base/check.h"

static const btx_serve functions[BTX_VERB_COUNT] = {
#define FUNCTION_LOCAL(function) NULL
#define FUNCTION_SERVER(function) function
#define VERB(NAME, PLACE, function, ROLE, COMMAND, OPTIONS, pattern, summary, help)                \
    [BTX_VERB_##NAME] = FUNCTION_##PLACE(function),
#include "admin/verbs.def"
};

void btx_call_fail(struct btx_admin_call *call, uint8_t status, const char *format, ...)
{
    va_list arguments;

    fputs("betexctl: ", call->err);
    va_start(arguments, format);
    (void)vfprintf(call->err, format, arguments);
    va_end(arguments);
    putc('\n', call->err);
    call->status = status;
}

bool btx_call_id(struct btx_admin_call *call, size_t index, const char *what, uint64_t *ret_id)
{
    const char *text = call->request.arguments[index];
    char *end = NULL;

    errno = 0;
    if (text[0] >= '0' && text[0] <= '9')
        *ret_id = strtoull(text, &end, 10);
    if (end != NULL && *end == '\0' && errno == 0)
        return true;
    btx_call_fail(call, 2, "%s: want a number", what);
    return false;
}

/* ---- Sending ---- */

static void add_frames(struct btx_admin_call *call, enum btx_admin_frame type, const char *text,
                       size_t length_bytes)
{
    while (length_bytes != 0) {
        const size_t chunk_bytes =
            length_bytes < BTX_ADMIN_CHUNK_BYTES_MAX ? length_bytes : BTX_ADMIN_CHUNK_BYTES_MAX;
        uint8_t header[BTX_ADMIN_HEADER_BYTES];

        btx_admin_header_put(header, type, (uint32_t)chunk_bytes);
        if (evbuffer_add(call->unsent, header, sizeof header) != 0 ||
            evbuffer_add(call->unsent, text, chunk_bytes) != 0) {
            call->is_lost = true;
            return;
        }
        text += chunk_bytes;
        length_bytes -= chunk_bytes;
    }
}

/* What was printed since the last time. */
static void take_printed(struct btx_admin_call *call, FILE *stream, char **text, size_t *bytes,
                         enum btx_admin_frame type)
{
    if (fflush(stream) != 0) {
        call->is_lost = true;
        return;
    }
    add_frames(call, type, *text, *bytes);
    rewind(stream);
}

static void wait_for_client(struct btx_admin_call *call)
{
    const struct timeval idle = {.tv_sec = BTX_ADMIN_IDLE_SECONDS};

    if (event_add(call->writable, &idle) != 0)
        call->is_lost = true;
}

void btx_session_flush(struct btx_admin_call *call)
{
    if (call->is_lost)
        return;
    take_printed(call, call->out, &call->out_text, &call->out_bytes, BTX_ADMIN_OUT);
    take_printed(call, call->err, &call->err_text, &call->err_bytes, BTX_ADMIN_ERR);
    if (call->wait == BTX_ADMIN_WAIT_NOTHING && !call->is_answered) {
        const char status = (char)call->status;

        add_frames(call, BTX_ADMIN_EXIT, &status, 1);
        call->is_answered = true;
    }
    if (evbuffer_get_length(call->unsent) > BTX_ADMIN_OUTPUT_BYTES_MAX)
        call->is_lost = true;
    if (!call->is_lost && evbuffer_get_length(call->unsent) != 0 &&
        event_pending(call->writable, EV_WRITE, NULL) == 0)
        wait_for_client(call);
}

static void on_writable(evutil_socket_t fd, short events, void *context)
{
    struct btx_admin_call *call = context;
    struct btx_admin_server *server = call->server;

    if ((events & EV_TIMEOUT) != 0 || evbuffer_write(call->unsent, fd) < 0) {
        /* A client that reads nothing for so long, or is gone. */
        call->is_lost = (events & EV_TIMEOUT) != 0 || (errno != EAGAIN && errno != EINTR);
        if (!call->is_lost)
            wait_for_client(call);
    } else if (evbuffer_get_length(call->unsent) != 0) {
        wait_for_client(call);
    } else if (call->is_answered) {
        call->is_lost = true; /* All was said. */
    } else if (call->wait == BTX_ADMIN_WAIT_EVENTS) {
        btx_call_go_on_with_tail(call);
    }
    btx_session_sweep(server);
}

/* ---- Waiting for the engine ---- */

static void on_deadline(evutil_socket_t fd, short events, void *context)
{
    struct btx_admin_call *call = context;

    (void)fd;
    (void)events;
    if (!call->is_asked) {
        call->is_lost = true;
    } else if (call->wait == BTX_ADMIN_WAIT_COMMAND || call->wait == BTX_ADMIN_WAIT_NOTE) {
        call->wait = BTX_ADMIN_WAIT_NOTHING;
        btx_call_fail(call, 68,
                      "the engine has not answered for %d s: whether it was done, "
                      "only the log tells",
                      BTX_ADMIN_ANSWER_SECONDS);
        btx_session_flush(call);
    }
    btx_session_sweep(call->server);
}

void btx_session_set_deadline(struct btx_admin_call *call, int seconds)
{
    const struct timeval time = {.tv_sec = seconds};

    if (event_add(call->deadline, &time) != 0)
        call->is_lost = true;
}

/* ---- The request ---- */

static void join_arguments(struct btx_admin_call *call, const struct btx_admin_request *request)
{
    size_t length = 0;

    for (size_t i = 0; i < request->argument_count && length < sizeof call->what; i++)
        length += (size_t)snprintf(call->what + length, sizeof call->what - length, "%s%s",
                                   i == 0 ? "" : " ", request->arguments[i]);
}

static void dispatch(struct btx_admin_call *call, size_t argument_count)
{
    struct btx_fault fault = {0};
    size_t word_count = 0;

    call->verb = btx_verbs_find(btx_verb_table, BTX_VERB_COUNT, call->arguments, argument_count,
                                &word_count);
    if (call->verb == NULL || call->verb->place != BTX_VERB_SERVER) {
        btx_call_fail(call, 2, "not a verb of betex-admin: is it of another version?");
        return;
    }
    if (btx_verb_options_parse(call->verb, call->arguments + word_count,
                               argument_count - word_count, &call->request, &fault) != BTX_OK) {
        btx_call_fail(call, 2, "%s", fault.text);
        return;
    }
    if (!btx_verb_takes(call->verb, call->request.argument_count)) {
        btx_call_fail(call, 2, "want betexctl %s", call->verb->pattern);
        return;
    }
    if (call->peer.role < call->verb->role) {
        const struct btx_admin_settings *admin = &call->server->settings->admin;

        btx_call_fail(call, 1, "%s: want the role %s, which members of the group %s have",
                      call->verb->pattern, btx_role_text(call->verb->role),
                      call->verb->role == BTX_ROLE_VIEW ? admin->view_group
                                                        : admin->operator_group);
        return;
    }
    functions[btx_verb_name(call->verb)](call);
}

static void take_request(struct btx_admin_call *call)
{
    struct btx_admin_request request;
    const char *why = btx_admin_request_read(call->received + BTX_ADMIN_HEADER_BYTES,
                                             call->length_bytes - BTX_ADMIN_HEADER_BYTES, &request);

    call->is_asked = true;
    (void)event_del(call->deadline);
    if (why != NULL) {
        btx_call_fail(call, 2, "%s", why);
    } else {
        memcpy(call->arguments, request.arguments, request.argument_count * sizeof(char *));
        call->colour = (request.flags & BTX_ADMIN_COLOUR) != 0;
        call->columns = request.columns;
        join_arguments(call, &request);
        dispatch(call, request.argument_count);
    }
    btx_session_flush(call);
}

/* Whether the header says a request that may be. */
static bool take_header(struct btx_admin_call *call)
{
    struct btx_admin_header header;

    if (btx_admin_header_read(call->received, &header) != NULL ||
        header.type != BTX_ADMIN_REQUEST || header.length_bytes == 0 ||
        header.length_bytes > BTX_ADMIN_REQUEST_BYTES_MAX)
        return false;
    call->length_bytes = BTX_ADMIN_HEADER_BYTES + header.length_bytes;
    return true;
}

static void on_readable(evutil_socket_t fd, short events, void *context)
{
    struct btx_admin_call *call = context;
    const size_t wanted_bytes =
        call->length_bytes == 0 ? (size_t)BTX_ADMIN_HEADER_BYTES : call->length_bytes;
    ssize_t got;

    (void)events;
    if (call->is_asked) {
        /* Nothing is due any more: it is gone, or talks out of turn. */
        call->is_lost = true;
        btx_session_sweep(call->server);
        return;
    }
    got = recv(fd, call->received + call->received_bytes, wanted_bytes - call->received_bytes, 0);
    if (got <= 0) {
        call->is_lost = got == 0 || (errno != EAGAIN && errno != EINTR);
    } else {
        call->received_bytes += (size_t)got;
        if (call->length_bytes == 0 && call->received_bytes == BTX_ADMIN_HEADER_BYTES)
            call->is_lost = !take_header(call);
        else if (call->received_bytes == call->length_bytes)
            take_request(call);
    }
    btx_session_sweep(call->server);
}

/* ---- Beginning and end ---- */

static struct btx_admin_call *make_call(struct btx_admin_server *server, int fd)
{
    struct btx_admin_call *call = calloc(1, sizeof *call);

    if (call == NULL)
        return NULL;
    call->server = server;
    call->fd = fd;
    for (size_t i = 0; i < BTX_LAUNCH_PIPE_COUNT; i++)
        call->child_fds[i] = -1;
    call->received = malloc(BTX_ADMIN_HEADER_BYTES + BTX_ADMIN_REQUEST_BYTES_MAX);
    call->unsent = evbuffer_new();
    call->out = open_memstream(&call->out_text, &call->out_bytes);
    call->err = open_memstream(&call->err_text, &call->err_bytes);
    call->readable = event_new(server->base, fd, EV_READ | EV_PERSIST, on_readable, call);
    call->writable = event_new(server->base, fd, EV_WRITE, on_writable, call);
    call->deadline = evtimer_new(server->base, on_deadline, call);
    if (call->received != NULL && call->unsent != NULL && call->out != NULL && call->err != NULL &&
        call->readable != NULL && call->writable != NULL && call->deadline != NULL &&
        event_add(call->readable, NULL) == 0)
        return call;
    btx_session_close(call);
    return NULL;
}

static size_t calls_of(const struct btx_admin_server *server, uid_t uid)
{
    size_t count = 0;

    for (size_t i = 0; i < BTX_ADMIN_CALLS_MAX; i++)
        count += server->calls[i] != NULL && server->calls[i]->peer.uid == uid ? 1 : 0;
    return count;
}

void btx_session_open(struct btx_admin_server *server, int fd)
{
    struct btx_peer peer;
    size_t place = 0;

    while (place < BTX_ADMIN_CALLS_MAX && server->calls[place] != NULL)
        place++;
    if (place == BTX_ADMIN_CALLS_MAX || !btx_peer_find(fd, &server->groups, &peer) ||
        calls_of(server, peer.uid) >= BTX_ADMIN_CALLS_OF_USER_MAX) {
        (void)close(fd);
        return;
    }
    server->calls[place] = make_call(server, fd);
    if (server->calls[place] == NULL)
        return;
    server->calls[place]->peer = peer;
    btx_session_set_deadline(server->calls[place], BTX_ADMIN_REQUEST_SECONDS);
}

static void free_event(struct event *event)
{
    if (event != NULL)
        event_free(event);
}

void btx_session_close(struct btx_admin_call *call)
{
    if (call->server->answering == call)
        call->server->answering = NULL;
    btx_call_end_child(call);
    btx_log_reader_close(call->tail);
    free_event(call->readable);
    free_event(call->writable);
    free_event(call->deadline);
    if (call->unsent != NULL)
        evbuffer_free(call->unsent);
    if (call->out != NULL)
        (void)fclose(call->out); /* Memory. */
    if (call->err != NULL)
        (void)fclose(call->err);
    free(call->out_text);
    free(call->err_text);
    free(call->received);
    (void)close(call->fd);
    free(call);
}

void btx_session_sweep(struct btx_admin_server *server)
{
    for (size_t i = 0; i < BTX_ADMIN_CALLS_MAX; i++) {
        if (server->calls[i] == NULL || !server->calls[i]->is_lost)
            continue;
        btx_session_close(server->calls[i]);
        server->calls[i] = NULL;
    }
}
