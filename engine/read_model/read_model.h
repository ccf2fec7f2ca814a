/* SPDX-License-Identifier: Apache-2.0 */
/* read_model.h - the exchange's state in another process than the engine's: the log up to where
 * the event ring stands, then the ring.  For gateways and the administration.
 *
 * It shows what is durable and nothing else.  Reading the log can take long, so a thread of its own
 * does that: the model is STARTING meanwhile, and whoever asks for it is told so.  The same thread
 * does it again whenever the owner was too slow for the ring, and after a restart of the engine.
 * All functions are for one thread, the owner's; none of them waits but close. */
#ifndef BTX_READ_MODEL_READ_MODEL_H
#define BTX_READ_MODEL_READ_MODEL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/base/clock.h"
#include "engine/base/fault.h"
#include "engine/exchange/exchange.h"
#include "engine/ring/event_reader.h"

/* Called for each record that the model has taken from the ring, in order, after it was applied;
 * what came from the log meanwhile is not shown.  The record is valid during the call. */
typedef void (*btx_read_model_sink)(void *context, const struct btx_record *record);

struct btx_read_model_options {
    const char *wal_root; /* of the engine's log; outlives the model */
    struct btx_core_capacity capacity;
    const struct btx_clock *clock;
    btx_read_model_sink before; /* the same just before it is applied, for who wants to know what
                                   it ends: an order's account, its runner.  NULL: nobody */
    btx_read_model_sink sink;   /* NULL: nobody wants records */
    void *context;
    /* Called by the model's thread when it has come to its end: wake the owner, which then calls
     * turn.  Must be safe there (a write to an eventfd). */
    void (*wake)(void *context);
};

enum btx_read_model_state {
    BTX_READ_MODEL_ALONE,     /* not attached: the state is what it last was, or empty */
    BTX_READ_MODEL_STARTING,  /* the log is being read: the state is not to be looked at */
    BTX_READ_MODEL_FOLLOWING, /* the state is what the ring says, up to where turn has read */
    BTX_READ_MODEL_WAITING,   /* the log could not be read: tried again after a while */
};

/* Caller's storage; must not move while open.  Fields are private but those described. */
struct btx_read_model {
    struct btx_read_model_options options;
    struct btx_exchange exchange;    /* its core may be viewed unless STARTING */
    enum btx_read_model_state state; /* for reading */
    struct btx_fault fault;          /* of WAITING: why */
    uint64_t seq;                    /* last event in the state; not while STARTING */
    uint64_t catch_ups;              /* how often the log was read to its end, for the operator */
    struct btx_event_reader *reader; /* NULL: not attached */
    uint64_t mark;                   /* STARTING: the last seq before the reader's position */
    uint64_t retry_ns;               /* WAITING: when, monotonic */
    pthread_t thread;
    _Atomic bool is_done; /* the thread has nothing more to do and can be joined */
    _Atomic bool is_stopping;
    bool has_thread;
    bool is_fresh;              /* the state is that before all events: a snapshot may be taken */
    bool is_spoilt;             /* the state is of no further use: begin anew */
    enum btx_fault_code result; /* of the thread, with fault */
    uint8_t *bytes;             /* what was copied from the ring */
};

/* Make an empty one, not attached.  Faults: USAGE for a capacity out of its range; MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_read_model_open(struct btx_read_model *model,
                                                     const struct btx_read_model_options *options,
                                                     struct btx_fault *reterr_fault);

/* An engine is there: begin to read the log up to where @reader, which stays the caller's and is
 * read by the model alone from now on, stands.  Not attached before. */
void btx_read_model_attach(struct btx_read_model *model, struct btx_event_reader *reader);

/* The engine is gone, and with it the reader.  Waits for the model's thread, which looks at
 * whether to stop with each record.  What it has read of the log stays. */
void btx_read_model_detach(struct btx_read_model *model);

/* Go on: take at most one copy from the ring, or see what has become of the thread.  Returns
 * whether there may be more at once; otherwise call it when the reader's connection, wake or
 * (WAITING) time says so. */
BTX_MUST_USE bool btx_read_model_turn(struct btx_read_model *model);

/* Detach, and give back everything.  Idempotent on {0}. */
void btx_read_model_close(struct btx_read_model *model);

#endif
