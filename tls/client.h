/* SPDX-License-Identifier: Apache-2.0 */
/* client.h - libbetex-client: a client of betex/1 for programs in C.
 *
 * One connection, one thread, and every call waits until it is done or its time is up.
 * btx_client_command() does a command exactly once: it gives it the account's next cseq, connects
 * again when the connection is lost, and finds out what has become of it.  Whoever wants more than
 * one command on its way at a time uses send and receive. */
#ifndef BTX_TLS_CLIENT_H
#define BTX_TLS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/fault.h"
#include "tls/frame.h"

/* Called for each frame that is no answer: EVENTs, CURRENTs and BOOKs of subscriptions.  Valid
 * during the call, which must not call the client. */
typedef void (*btx_client_sink)(void *context, const struct btx_frame *frame);

struct btx_client_options {
    const char *host; /* a name or an address; it must be in the gateway's certificate */
    const char *port;
    const char *ca;          /* PEM: of the gateway's certificate */
    const char *certificate; /* PEM: one's own */
    const char *key;         /* PEM */
    uint64_t account;        /* 0: the certificate's first */
    uint32_t flags;          /* BTX_FRAME_HELLO_...; SEQUENCE for btx_client_command() */
    uint64_t timeout_ns;     /* of each wait for the gateway */
    uint64_t patience_ns;    /* for connecting, also again, and for what is BUSY: of each call */
    btx_client_sink sink;    /* NULL: nobody wants them */
    void *context;
};

struct btx_client; /* opaque */

/* Connect and say HELLO.  The texts of @options must outlive the client.  *ret_client is NULL on a
 * fault.
 * Faults: CONFIG (files), IO (not reached, time is up), INPUT (refused, with the STATUS; or it does
 * not speak the protocol), MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_client_open(struct btx_client **ret_client,
                                                 const struct btx_client_options *options,
                                                 struct btx_fault *reterr_fault);

/* Idempotent on NULL. */
void btx_client_close(struct btx_client *client);

/* What the gateway said last. */
const struct btx_frame_welcome *btx_client_welcome(const struct btx_client *client);

/* Do @command exactly once: account and cseq are set here.  *ret_reply is the answer, a
 * CommandRejected too.
 * Faults: IO (patience is over: whether it was done is not known; calling again with the same
 * command would be another one), INPUT (refused by the gateway: not done), MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_client_command(struct btx_client *client,
                                                    union btx_command_space *command,
                                                    struct btx_frame_reply *ret_reply,
                                                    struct btx_fault *reterr_fault);

/* Ask, and wait for the answer, which is valid until the next call.
 * Faults: IO, INPUT (a STATUS). */
BTX_MUST_USE enum btx_fault_code btx_client_ask(struct btx_client *client, enum btx_frame_type type,
                                                const void *body, size_t body_bytes,
                                                struct btx_frame *ret_frame,
                                                struct btx_fault *reterr_fault);

/* Send a frame, of which only the body is the caller's; *ret_request is its number. */
BTX_MUST_USE enum btx_fault_code btx_client_send(struct btx_client *client,
                                                 enum btx_frame_type type, const void *body,
                                                 size_t body_bytes, uint64_t *ret_request,
                                                 struct btx_fault *reterr_fault);

/* The next frame of any kind, valid until the next call; waits as long as timeout_ns.
 * Faults: IO (also when nothing came), INPUT (a closing STATUS). */
BTX_MUST_USE enum btx_fault_code btx_client_receive(struct btx_client *client,
                                                    struct btx_frame *ret_frame,
                                                    struct btx_fault *reterr_fault);

#endif
