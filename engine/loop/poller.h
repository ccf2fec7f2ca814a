/* SPDX-License-Identifier: Apache-2.0 */
/* poller.h - the loop between the event ring and the disk: whole txs, as many as there are, in one
 * commit; then they are durable, and whoever waits for them is woken.
 *
 * One thread.  Batches grow with the load by themselves: while one is on its way to the disk the
 * next one gathers in the ring. */
#ifndef BTX_LOOP_POLLER_H
#define BTX_LOOP_POLLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/clock.h"
#include "engine/base/fault.h"
#include "engine/loop/desk.h"
#include "engine/loop/latency_track.h"
#include "engine/ring/event_ring.h"
#include "engine/status/page.h"
#include "engine/wal/writer.h"

struct btx_poller_options {
    struct btx_event_ring *ring;
    struct btx_wal_writer *writer;           /* the poller's until it has ended */
    const struct btx_wal_settings *settings; /* of the writer; outlives it */
    uint64_t mark;                           /* last seq in the log */
    const struct btx_clock *clock;
    struct btx_desk *desk;
    struct btx_latency_track *track;
    struct btx_status_shared *status;
    void (*wake)(void *context, uint64_t durable); /* peers that wait for it */
    void *wake_context;
};

/* Caller's storage, zeroed.  Fields are private. */
struct btx_poller {
    struct btx_poller_options options;
    struct btx_status_writer status;
    struct btx_status_writer segments; /* of the log's helper, which tells nobody itself */
    uint64_t mark;
    uint64_t durable_tx;
    uint64_t rotations_wanted; /* by operators, when last looked */
    uint64_t rotations_done;
    uint64_t rotate_behind;  /* position: the note of the last one wanted is before it */
    uint64_t rotations_seen; /* of the writer, of which the status knows */
    uint64_t looked_ns;      /* when the writer's status was last looked at */
};

void btx_poller_init(struct btx_poller *poller, const struct btx_poller_options *options);

enum btx_poller_turn {
    BTX_POLLER_WORKED,
    BTX_POLLER_IDLE,    /* nothing was pending: wait (btx_event_ring_wait) */
    BTX_POLLER_STOPPED, /* the matcher has stopped and all it has published is durable */
    BTX_POLLER_FAILED,  /* the log is closed for good: nothing is durable any more */
};

/* Commit what is pending, up to the limit of one commit, and what has been asked for besides.
 * Faults: those of btx_wal_writer_commit(), for FAILED. */
BTX_MUST_USE enum btx_poller_turn btx_poller_turn(struct btx_poller *poller,
                                                  struct btx_fault *reterr_fault);

#endif
