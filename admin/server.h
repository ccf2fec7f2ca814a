/* SPDX-License-Identifier: Apache-2.0 */
/* server.h - betex-admin's inside: the connection to the engine, and the calls of betexctl.
 *
 * One thread and one libevent loop for everything but what takes long: the log is folded by the
 * read model's thread, and looked into by a betex-wal of its own, which the launcher executes. */
#ifndef BTX_ADMIN_SERVER_H
#define BTX_ADMIN_SERVER_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "admin/ctl_request.h"
#include "admin/launcher.h"
#include "admin/protocol.h"
#include "admin/roles.h"
#include "admin/verb_table.h"
#include "engine/base/log.h"
#include "engine/read_model/read_model.h"
#include "engine/ring/ring_client.h"
#include "engine/service/notify.h"
#include "engine/settings/settings.h"
#include "engine/status/page.h"
#include "engine/status/reading.h"
#include "engine/text/command_text.h"
#include "engine/wal/log_reader.h"
#include "engine/wire/requests.h"

enum {
    BTX_ADMIN_CALLS_MAX = 32,
    BTX_ADMIN_CALLS_OF_USER_MAX = 16,          /* so that one user leaves room for others */
    BTX_ADMIN_BACKLOG_BYTES_MAX = 1024 * 1024, /* that a slow reader may have waiting in a tail */
    BTX_ADMIN_OUTPUT_BYTES_MAX = 64 * 1024 * 1024, /* of one answer */
    BTX_ADMIN_REQUEST_SECONDS = 5,                 /* to send a request */
    BTX_ADMIN_ANSWER_SECONDS = 10,                 /* for the engine to answer a command */
    BTX_ADMIN_IDLE_SECONDS = 30,                   /* for a client to take something */
};

struct btx_admin_server;

/* What a call is waiting for when its function has returned. */
enum btx_admin_wait {
    BTX_ADMIN_WAIT_NOTHING, /* the answer is whole */
    BTX_ADMIN_WAIT_COMMAND, /* its command's end in the event ring */
    BTX_ADMIN_WAIT_NOTE,    /* its request's OperatorAction in the event ring */
    BTX_ADMIN_WAIT_CHILD,   /* a betex-wal */
    BTX_ADMIN_WAIT_EVENTS,  /* what comes next in the log */
};

/* One request of a betexctl and its answer.  Functions of verbs use what is above the line. */
struct btx_admin_call {
    struct btx_admin_server *server;
    const struct btx_verb *verb;
    struct btx_ctl_request request;
    bool colour;
    unsigned columns;
    struct btx_peer peer;
    char what[1025]; /* the request as one line, for the log */
    FILE *out;       /* what is printed here gets to the client */
    FILE *err;
    uint8_t status; /* the exit status */
    enum btx_admin_wait wait;

    /* The session's own. */
    int fd;
    struct event *readable;
    struct event *writable;
    struct evbuffer *unsent;
    uint8_t *received;
    size_t received_bytes;
    size_t length_bytes; /* of the whole request, once its header is there */
    const char *arguments[BTX_ADMIN_ARGUMENTS_MAX];
    bool is_asked;    /* the request is there */
    bool is_answered; /* EXIT is in unsent */
    bool is_lost;     /* to be closed */
    char *out_text;   /* behind out and err */
    char *err_text;
    size_t out_bytes;
    size_t err_bytes;
    /* COMMAND and NOTE */
    uint64_t number;
    bool is_rejected;
    struct event *deadline;
    /* CHILD */
    int child_fds[BTX_LAUNCH_PIPE_COUNT]; /* -1: ended */
    struct event *child_events[BTX_LAUNCH_PIPE_COUNT];
    struct btx_launch_end child_end;
    bool is_child_end_known;
    /* EVENTS */
    struct btx_log_reader *tail;
    uint64_t tail_from;
};

struct btx_admin_server {
    const struct btx_settings *settings;
    const char *config_path; /* NULL: none */
    const char *wal_root;
    const struct btx_log *log;
    const struct btx_clock *clock;
    struct btx_launcher *launcher;
    struct btx_notify *notify; /* who has started this process */
    struct btx_role_groups groups;
    struct event_base *base;
    struct event *accept;
    struct event *stop[2];
    struct event *launcher_gone;
    bool has_launcher_gone;
    struct event *tick; /* a timer: says that the loop turns */
    bool is_ready_told;
    int listen_fd;
    struct btx_admin_call *calls[BTX_ADMIN_CALLS_MAX];
    struct btx_command_text decoder;

    /* The engine. */
    struct btx_ring_client client;
    bool is_connected;
    struct btx_fault connect_fault; /* why it is not */
    bool is_told;                   /* of that, in the log */
    struct event *connection;
    struct event *second; /* a timer: connecting again, readings, retries */
    struct event *go_on;  /* the model has more to do at once */
    struct event *woken;  /* by the model's thread */
    int wake_fd;
    struct btx_read_model model;
    struct btx_status_view view;
    struct btx_status_view
        shadow_view; /* of the auditor's page, which is fetched anew now and then:
                                           a restart of it makes another */
    uint64_t shadow_due_ns;
    struct btx_status_shared own_page; /* what this process tells of itself */
    struct btx_status_writer own;
    uint64_t changes;                 /* commands and requests that were handed in */
    uint64_t overruns;                /* the engine's ring went by too fast */
    uint64_t number;                  /* of the command handed in last */
    struct btx_admin_call *answering; /* whose command's events come now */
    struct btx_status_reading *reading;
    struct btx_status_reading *earlier; /* a few seconds old, for rates */
    uint64_t earlier_ns;
};

/* Listen, and begin to look for the engine.  @server is zeroed but for what stands before base.
 * Faults: CONFIG, IO, MEMORY, LOCKED when another one answers. */
BTX_MUST_USE enum btx_fault_code btx_admin_server_open(struct btx_admin_server *server,
                                                       struct btx_fault *reterr_fault);
/* Until SIGTERM or SIGINT.  Faults: BUG when the launcher has ended. */
BTX_MUST_USE enum btx_fault_code btx_admin_server_run(struct btx_admin_server *server,
                                                      struct btx_fault *reterr_fault);
void btx_admin_server_close(struct btx_admin_server *server);

/* ---- The engine (engine_link.c) ---- */

BTX_MUST_USE enum btx_fault_code btx_engine_link_open(struct btx_admin_server *server,
                                                      struct btx_fault *reterr_fault);
void btx_engine_link_close(struct btx_admin_server *server);
/* Hand in @command for @call, in front of it a note of who asks for it.  NULL, or why not. */
BTX_MUST_USE const char *btx_engine_link_command(struct btx_admin_call *call,
                                                 union btx_command_space *command);
/* Hand in a request, likewise. */
BTX_MUST_USE const char *btx_engine_link_request(struct btx_admin_call *call,
                                                 enum btx_request_type type);
/* Take a reading of all pages that can be reached. */
void btx_engine_link_read(struct btx_admin_server *server);
/* Why the state cannot be shown now; NULL when it can. */
const char *btx_engine_link_why(const struct btx_admin_server *server);

/* ---- What this process tells of itself (own_status.c) ---- */

void btx_own_status_open(struct btx_admin_server *server);
/* Bring it up to date: before it is read. */
void btx_own_status_show(const struct btx_admin_server *server);

/* ---- Calls (session.c) ---- */

/* Take a client that has connected. */
void btx_session_open(struct btx_admin_server *server, int fd);
/* Send what was printed; and if @call waits for nothing any more, its exit status behind it. */
void btx_session_flush(struct btx_admin_call *call);
/* Wait for the engine no longer than is proper. */
void btx_session_set_deadline(struct btx_admin_call *call, int seconds);
/* Close those that are lost or done; no call is used any more behind this. */
void btx_session_sweep(struct btx_admin_server *server);
/* Give back all of it at once. */
void btx_session_close(struct btx_admin_call *call);

/* ---- What a verb prints ---- */

/* "betexctl: WHY" and the status. */
void btx_call_fail(struct btx_admin_call *call, uint8_t status, const char *format, ...)
    BTX_PRINTF(3, 4);
/* An id among the arguments.  False, and the call has failed, when it is none. */
BTX_MUST_USE bool btx_call_id(struct btx_admin_call *call, size_t index, const char *what,
                              uint64_t *ret_id);
/* Show one record of what became of a command. */
void btx_call_show_record(struct btx_admin_call *call, const struct btx_record *record);
/* More events of the log for one that follows it; called when there are more, or room for them. */
void btx_call_go_on_with_tail(struct btx_admin_call *call);
/* End the betex-wal of a call that is not wanted any more. */
void btx_call_end_child(struct btx_admin_call *call);

/* The functions of the verbs, as verbs.def names them. */
typedef void (*btx_serve)(struct btx_admin_call *call);
#define FUNCTION_LOCAL(function)
#define FUNCTION_SERVER(function) void function(struct btx_admin_call *call);
#define VERB(NAME, PLACE, function, ROLE, COMMAND, OPTIONS, pattern, summary, help)                \
    FUNCTION_##PLACE(function)
#include "admin/verbs.def"
#undef FUNCTION_LOCAL
#undef FUNCTION_SERVER

#endif
