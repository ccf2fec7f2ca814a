/* SPDX-License-Identifier: Apache-2.0 */
/* session.h - one client's session in betex/1: bytes come in, requests come out; answers are put
 * in, bytes come out.
 *
 * It knows the protocol, the session's rights, limits and deadlines, and nothing else: no socket,
 * no TLS, no clock (it is told the time, monotonic), no exchange.  Who owns it carries the bytes,
 * does what is requested and answers.  One thread. */
#ifndef BTX_TLS_SESSION_H
#define BTX_TLS_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/attributes.h"
#include "tls/byte_queue.h"
#include "tls/frame.h"

/*   HANDSHAKE -> HELLO -> GREETING -> ACTIVE -> CLOSING -> CLOSED
 * and from each to CLOSING (HANDSHAKE: to CLOSED, since nothing can be said yet).  Each but CLOSED
 * has a deadline. */
enum btx_session_state {
    BTX_SESSION_HANDSHAKE, /* the owner is doing TLS */
    BTX_SESSION_HELLO,     /* the client has to say HELLO */
    BTX_SESSION_GREETING,  /* the owner has to say WELCOME */
    BTX_SESSION_ACTIVE,
    BTX_SESSION_CLOSING, /* the STATUS has to get out; what comes in is not looked at */
    BTX_SESSION_CLOSED,  /* the owner has to give it back */
    BTX_SESSION_STATE_COUNT
};

struct btx_session_rules {
    uint64_t handshake_ns;
    uint64_t hello_ns;
    uint64_t greeting_ns;
    uint64_t idle_ns;    /* ACTIVE: from frame to frame */
    uint64_t closing_ns; /* for a STATUS to get out and the client to go */
    uint64_t stalled_ns; /* output that waits must make progress within it */
    uint32_t frames_per_second;
    uint32_t outstanding_max;
    size_t output_bytes_max; /* a client with more waiting is too slow */
};

/* Input that may wait; a client that sends more finds TCP closed. */
enum { BTX_SESSION_INPUT_BYTES_MAX = 16384 };

/* Fields are private but those described. */
struct btx_session {
    const struct btx_session_rules *rules;
    enum btx_session_state state; /* for reading */
    uint64_t deadline_ns;
    uint64_t progress_ns; /* when output last got out, or began to wait */
    uint64_t allowed_ns;  /* the rate: when the frames so far would have been due */
    bool is_throttled;    /* the rate holds frames back */
    struct btx_byte_queue in;
    struct btx_byte_queue out;
    uint64_t account; /* for reading; from WELCOME on */
    uint32_t rights;
    uint32_t flags;          /* of HELLO, for reading */
    uint32_t outstanding;    /* commands without an answer, for reading */
    uint64_t frames;         /* whole ones so far, for reading */
    uint64_t reply_position; /* in the output, of the reply that is begun; UINT64_MAX: none */
    uint16_t status;         /* CLOSING and CLOSED: why, for reading; 0: the client went */
    const char *why;         /* static: the same in words */
};

void btx_session_init(struct btx_session *session, const struct btx_session_rules *rules,
                      uint64_t now_ns);
/* Give back the memory.  Idempotent. */
void btx_session_done(struct btx_session *session);

/* ---- What comes in ---- */

/* TLS is there: HANDSHAKE becomes HELLO. */
void btx_session_secure(struct btx_session *session, uint64_t now_ns);

/* How many bytes the owner should read from its socket at most; 0: none, TCP has to wait. */
size_t btx_session_input_room(const struct btx_session *session);

/* Bytes have come, no more than there was room for. */
void btx_session_receive(struct btx_session *session, const void *bytes, size_t length_bytes);

/* What a client asks for. */
struct btx_session_request {
    enum btx_frame_type type;
    uint64_t request;
    union {
        struct btx_frame_hello hello;
        struct btx_frame_book_wish book;
        struct btx_frame_stream_wish stream;
        struct btx_frame_orders_wish orders;
        struct btx_frame_market_wish market;
    };
    union btx_command_space command; /* of commands: whole but for where it comes from */
};

/* The next request, if there is one and it may be done now.  What the session can judge itself it
 * has judged and answered.  HELLO is to be answered by welcome or close; a command by taken, and
 * later begin_reply and end_reply, or by refuse; all others by put or refuse. */
BTX_MUST_USE bool btx_session_next(struct btx_session *session, uint64_t now_ns,
                                   struct btx_session_request *ret_request);

/* ---- What goes out ---- */

/* The answer to HELLO: GREETING becomes ACTIVE.  The session adds what its rules say. */
void btx_session_welcome(struct btx_session *session, uint64_t request,
                         const struct btx_frame_welcome *welcome, uint64_t now_ns);

/* A command was handed over; it will be answered. */
void btx_session_taken(struct btx_session *session);

/* One of them will not be answered: nobody waits for it any more. */
void btx_session_forget(struct btx_session *session);

/* Keep a place for the answer of a command that was taken, before whatever is put behind it.
 * Nothing from there on goes out before end_reply. */
void btx_session_begin_reply(struct btx_session *session, uint64_t request, uint64_t now_ns);
void btx_session_end_reply(struct btx_session *session, const struct btx_frame_reply *reply);

/* A frame with @body_bytes for the caller to fill, zero; valid until the next call.  NULL when the
 * session is not ACTIVE, or just now became too slow. */
BTX_MUST_USE void *btx_session_put(struct btx_session *session, enum btx_frame_type type,
                                   uint8_t flags, uint64_t request, size_t body_bytes,
                                   uint64_t now_ns);

/* A request is not done: STATUS @code.  @why, static, says more; NULL: the code's sentence. */
void btx_session_refuse(struct btx_session *session, uint64_t request, uint16_t code,
                        const char *why, uint64_t now_ns);

/* End the session with STATUS @code, likewise; a reply that is begun is taken back. */
void btx_session_close(struct btx_session *session, uint16_t code, const char *why,
                       uint64_t now_ns);

/* The client or its connection is gone: CLOSED at once. */
void btx_session_end(struct btx_session *session);

/* What may go out: its length, 0 for nothing.  Valid until the next call that puts. */
size_t btx_session_output(const struct btx_session *session, const uint8_t **ret_bytes);
/* @length_bytes of it are out. */
void btx_session_sent(struct btx_session *session, size_t length_bytes, uint64_t now_ns);

/* ---- Time ---- */

/* When to call pass at the latest; UINT64_MAX in CLOSED. */
uint64_t btx_session_due_ns(const struct btx_session *session);
/* See whether a deadline has passed.  Afterwards there may be output, requests that had to wait
 * for their rate, or the end. */
void btx_session_pass(struct btx_session *session, uint64_t now_ns);
/* Give back memory that is not in use: for sessions that are quiet. */
void btx_session_trim(struct btx_session *session);

#endif
