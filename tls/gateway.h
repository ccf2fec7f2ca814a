/* SPDX-License-Identifier: Apache-2.0 */
/* gateway.h - betex-gateway's inside: clients' connections on one side, the engine's rings on the
 * other.
 *
 * One thread and one libevent loop for everything; only the log is folded by the read model's
 * thread.  Whatever happens to a connection, it is settled (its requests done, its output sent, its
 * end) by btx_gateway_settle() alone, at the end of each callback: so nothing is freed in the
 * middle of anything. */
#ifndef BTX_TLS_GATEWAY_H
#define BTX_TLS_GATEWAY_H

#include <event2/event.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/base/log.h"
#include "engine/read_model/read_model.h"
#include "engine/ring/ring_client.h"
#include "engine/service/notify.h"
#include "engine/service/signals.h"
#include "engine/settings/settings.h"
#include "engine/wal/log_reader.h"
#include "engine/wire/events.h"
#include "tls/clients.h"
#include "tls/session.h"
#include "tls/table.h"
#include "tls/tls_context.h"

enum {
    BTX_GATEWAY_LISTENERS_MAX = 8,
    BTX_GATEWAY_PENDING_MAX = 16384, /* twice what the engine's ring for a gateway can hold */
    BTX_GATEWAY_READERS_MAX = 8,     /* of the log, for streams that are resumed, at a time */
    BTX_GATEWAY_SCRATCH_BYTES = 16384,
};
static_assert((BTX_GATEWAY_PENDING_MAX & (BTX_GATEWAY_PENDING_MAX - 1)) == 0, "a power of two");

/* Established clients come before who wants to get in, and before who reads old events. */
enum { BTX_GATEWAY_FIRST, BTX_GATEWAY_LATER, BTX_GATEWAY_PRIORITIES };

struct btx_gateway;
struct btx_connection;

/* One book of one subscriber. */
struct btx_book_watch {
    struct btx_connection *connection;
    struct btx_book *book;
    struct btx_book_watch *book_next; /* of the same book */
    struct btx_book_watch *own_next;  /* of the same connection */
    struct btx_book_watch *due_next;  /* of the same connection, to be shown */
    uint64_t request;                 /* of its subscription */
    uint32_t levels;
    bool is_due;
};

/* A book that somebody watches. */
struct btx_book {
    struct btx_table_entry entry; /* market, runner */
    struct btx_book_watch *watches;
    struct btx_book *changed_next;
    bool is_changed;
};

/* An account that somebody is connected for. */
struct btx_gateway_account {
    struct btx_table_entry entry; /* id, 0 */
    struct btx_connection *connections;
    uint32_t outstanding;  /* commands that are not answered, of connections that have ended too */
    uint32_t cancel_count; /* connections at whose end its orders are cancelled */
    uint32_t engine_place; /* in the engine's list for the same; UINT32_MAX: none */
    uint64_t batch_seq;    /* of the batch that it was shown last */
    bool is_cancel_due;    /* that has come, and the command is not handed over yet */
    struct btx_gateway_account *due_next;
};

/* An address that somebody connects from. */
struct btx_address {
    struct btx_table_entry entry; /* its 16 bytes; of IPv6 the first 8 */
    uint32_t connections;
};

struct btx_connection {
    struct btx_gateway *gateway;
    struct btx_session session;
    SSL *ssl;
    int fd; /* -1: gone; the rest stays for the answers that are still due */
    struct event *readable;
    struct event *writable;
    struct event *timer;
    uint64_t timer_ns;                               /* when it is set to; UINT64_MAX: it is not */
    struct btx_connection *next, **link;             /* of all */
    struct btx_connection *shake_next, **shake_link; /* of those in their handshake, oldest first */
    struct btx_connection *unsettled_next;
    bool is_unsettled;
    bool wants_write; /* the socket is full */
    bool is_reading;  /* readable is added */
    bool is_drained;  /* TLS has nothing more before the socket has */
    bool is_abusive;  /* records without end and without a frame */
    bool is_shut;     /* our side of TLS is closed */
    uint64_t number;  /* for the log */
    struct btx_address *address;
    char peer[INET6_ADDRSTRLEN + 8];
    char *subject;
    uint64_t frames_seen; /* when records were last counted from 0 */
    uint32_t records;     /* of TLS since the last whole frame */
    uint32_t key_updates;

    /* From HELLO on. */
    struct btx_gateway_account *account;
    struct btx_connection *account_next;
    struct btx_connection *greet_next; /* of those that wait for WELCOME */
    bool is_greeting;
    bool is_counted; /* in cancel_count */
    uint64_t hello_request;
    uint32_t rights;

    /* SUBSCRIBE_ORDERS. */
    bool is_streaming; /* events are shown as they come by */
    bool is_resuming;  /* events of the log are shown, up to where the model is */
    struct btx_connection *resume_next;
    struct btx_log_reader *log;
    uint64_t log_account; /* whose command the events that come are of; 0: nobody's */
    bool has_log_begun;   /* one record was seen */
    uint64_t shown_seq;
    uint64_t stream_request;

    struct btx_book_watch *watches;
    struct btx_book_watch *due_watches, *due_last;
    uint32_t watch_count;
};

/* A command that was handed over. */
struct btx_pending {
    struct btx_connection *connection;   /* NULL: ours */
    struct btx_gateway_account *account; /* NULL: the barrier */
    uint64_t request;
    uint64_t number;
};

struct btx_gateway_counters {
    uint64_t accepted;
    uint64_t turned_away; /* for a limit */
    uint64_t handshakes;  /* that succeeded */
    uint64_t handshakes_failed;
    uint64_t commands;
    uint64_t replies;
    uint64_t busy;
};

struct btx_gateway_options {
    const struct btx_settings *settings;
    const char *wal_root;
    const struct btx_log *log;
    const struct btx_clock *clock;
    struct btx_signals *signals;
    struct btx_notify *notify;
    bool sandbox;
};

struct btx_gateway {
    struct btx_gateway_options options;
    struct event_base *base;
    struct event *signal;
    struct event *second;
    bool is_ready_told; /* to systemd: clients may connect */
    bool is_stopping;
    uint64_t stop_ns; /* when it ends at the latest */
    struct btx_gateway_counters counters;

    /* Clients (listen.c, connection.c). */
    SSL_CTX *tls;
    struct btx_clients clients;
    struct btx_session_rules rules;
    int listen_fds[BTX_GATEWAY_LISTENERS_MAX];
    struct event *accepts[BTX_GATEWAY_LISTENERS_MAX];
    size_t listener_count;
    int spare_fd; /* to be closed when descriptors have run out */
    struct btx_connection *connections;
    struct btx_connection *shakes, **shakes_last;
    struct btx_connection *unsettled, **unsettled_last;
    size_t connection_count; /* with a socket */
    size_t shake_count;
    uint64_t connection_number;
    struct btx_table addresses;
    struct btx_table accounts;
    struct btx_table books;
    struct btx_session_request request; /* the one that is being done */
    uint8_t scratch[BTX_GATEWAY_SCRATCH_BYTES];

    /* The engine (gateway_engine.c). */
    struct btx_ring_client client;
    bool is_connected;
    bool is_told; /* that it is not, in the log */
    struct event *engine;
    struct event *go_on;
    struct event *woken;
    int wake_fd;
    struct btx_read_model model;
    uint64_t catch_ups;   /* of the model, as seen last */
    bool is_ready;        /* the state is there, and all that an earlier life asked for is in it */
    bool is_barrier_sent; /* the command that says so */
    uint64_t number;      /* of the command handed over last */
    struct btx_pending pending[BTX_GATEWAY_PENDING_MAX];
    size_t pending_first;
    size_t pending_count;
    uint64_t *engine_places; /* the engine's list of accounts: 0 is free */
    uint32_t engine_place_count;
    struct btx_gateway_account *cancels_due;
    struct btx_connection *greeters;

    /* What comes by (answers.c). */
    const struct btx_pending *answering; /* the command that the events that come are of */
    struct btx_frame_reply reply;
    uint64_t boundary_seq; /* the last event of the last whole tx in the state */
    struct btx_book *changed_books;

    /* The log (resume.c). */
    struct event *resume;
    struct btx_connection *resuming;
    size_t reader_count;
};

static inline uint64_t btx_gateway_now_ns(const struct btx_gateway *gateway)
{
    return btx_clock_monotonic_ns(gateway->options.clock);
}

/* ---- The whole (gateway.c) ---- */

/* Make everything and serve until a signal asks to stop.
 * Faults: CONFIG, IO, MEMORY, LIMIT. */
BTX_MUST_USE enum btx_fault_code btx_gateway_run(struct btx_gateway *gateway,
                                                 const struct btx_gateway_options *options,
                                                 struct btx_fault *reterr_fault);

/* Settle all connections that were touched: the end of each callback. */
void btx_gateway_settle(struct btx_gateway *gateway);

/* Have @event called in the next turn of the loop, behind what is there by then: activating it at
 * once would call it in this one again, before anything else. */
void btx_gateway_soon(struct event *event);

/* ---- Getting in (listen.c) ---- */

BTX_MUST_USE enum btx_fault_code btx_gateway_listen(struct btx_gateway *gateway,
                                                    struct btx_fault *reterr_fault);
void btx_gateway_listen_end(struct btx_gateway *gateway);
/* A connection of @address has gone. */
void btx_gateway_leave(struct btx_gateway *gateway, struct btx_address *address);

/* ---- Connections (connection.c) ---- */

/* Begin TLS with a client that was accepted; @fd and the place at @address are the connection's.
 * False: no memory, and nothing was taken. */
BTX_MUST_USE bool btx_connection_open(struct btx_gateway *gateway, int fd,
                                      struct btx_address *address, const char *peer);
/* There is something to settle. */
void btx_connection_touch(struct btx_connection *connection);
/* Close its session with @code. */
void btx_connection_close(struct btx_connection *connection, uint16_t code, const char *why);
/* Do all there is to do: called by settle alone; it may be gone afterwards. */
void btx_connection_settle(struct btx_connection *connection);
/* Counts what a client can send without saying anything. */
void btx_connection_watch_records(int is_written, int version, int content_type, const void *bytes,
                                  size_t length_bytes, SSL *ssl, void *context);

/* ---- Requests (requests.c) ---- */

/* Do the request in gateway->request. */
void btx_gateway_do(struct btx_connection *connection);
/* Say WELCOME to those that it can be said to. */
void btx_gateway_greet(struct btx_gateway *gateway);
/* The session has ended: out of its account, and what is to be cancelled then. */
void btx_gateway_part(struct btx_connection *connection);
/* Hand over the cancels that are due, as far as that goes. */
void btx_gateway_cancel_due(struct btx_gateway *gateway);
/* Give the account back if nobody needs it. */
void btx_gateway_account_release(struct btx_gateway *gateway, struct btx_gateway_account *account);

/* ---- Books (books.c) ---- */

void btx_gateway_book(struct btx_connection *connection, enum btx_frame_type wish);
/* A book has changed; with all its runners for runner 0. */
void btx_gateway_book_changed(struct btx_gateway *gateway, uint64_t market, uint64_t runner);
/* All changes are in the state: those who watch are to be shown. */
void btx_gateway_books_due(struct btx_gateway *gateway);
/* Show what is due, as far as the client reads. */
void btx_gateway_show_books(struct btx_connection *connection);
void btx_gateway_books_end(struct btx_connection *connection);

/* ---- The engine (gateway_engine.c) ---- */

BTX_MUST_USE enum btx_fault_code btx_gateway_engine_open(struct btx_gateway *gateway,
                                                         struct btx_fault *reterr_fault);
void btx_gateway_engine_close(struct btx_gateway *gateway);
/* Each second: connect, and what has to be tried again. */
void btx_gateway_engine_second(struct btx_gateway *gateway);
/* Hand over @command for @pending, whose number is set here.  False: not now (BUSY). */
BTX_MUST_USE bool btx_gateway_hand_over(struct btx_gateway *gateway,
                                        union btx_command_space *command,
                                        struct btx_pending *pending);

/* ---- What comes by (answers.c) ---- */

/* The sink of the read model, before the record is applied. */
void btx_gateway_take_record(void *context, const struct btx_record *record);
/* Whether @event concerns @account; @command_account is that of the command that it is of, 0 for
 * none: a batch of a whole market then concerns all. */
bool btx_event_concerns(const struct btx_record *event, uint64_t account, uint64_t command_account);
/* The account of a command, 0 for none. */
uint64_t btx_command_account(const struct btx_command *command);
/* Show @event, as @connection's account may see it. */
void btx_connection_show(struct btx_connection *connection, const struct btx_record *event);

/* ---- The log (resume.c) ---- */

BTX_MUST_USE enum btx_fault_code btx_gateway_resume_open(struct btx_gateway *gateway,
                                                         struct btx_fault *reterr_fault);
/* SUBSCRIBE_ORDERS in gateway->request. */
void btx_gateway_stream(struct btx_connection *connection);
/* There may be more to show from the log. */
void btx_gateway_resume_go_on(struct btx_gateway *gateway);
void btx_gateway_stream_end(struct btx_connection *connection);

#endif
