/* SPDX-License-Identifier: Apache-2.0 */
/* desk.h - the words that the engine's threads leave for each other: private to one process.
 *
 * Each word says who writes it.  None of them protects other memory, but where it says so. */
#ifndef BTX_LOOP_DESK_H
#define BTX_LOOP_DESK_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* What is wanted of the matcher, by the main thread; only ever grows. */
enum btx_engine_wish {
    BTX_ENGINE_SERVE,
    BTX_ENGINE_DRAIN, /* answer new orders with BUSY, do all else */
    BTX_ENGINE_STOP,  /* take what is in the rings, say that the log ends in order, and stop */
    BTX_ENGINE_ABORT, /* stop at once: the log is closed for good */
};

struct btx_desk {
    /* Main thread, signals; and the matcher, for an operator's request. */
    _Atomic uint32_t wish; /* enum btx_engine_wish; raised by btx_desk_wish() */
    /* Poller: how much space the log has (enum btx_wal_space). */
    alignas(128) _Atomic uint32_t space;
    /* Poller: the most that ever waited for it in the event ring. */
    _Atomic uint64_t ring_high_bytes;
    /* Matcher: rotations that operators have asked for; the poller compares with what it did.
     * Released behind the note of each, acquired by the poller. */
    alignas(128) _Atomic uint64_t rotations_wanted;
    _Atomic int64_t clock_distance_ns; /* of the wall clock, when the matcher last looked */
    _Atomic uint64_t clock_steps;      /* times that it was away */
    _Atomic uint32_t matcher_stopped;  /* 1: nothing more will be published.  Released behind the
                                         last publish, acquired by the poller. */
};

/* Want at least @wish.  Any thread. */
static inline void btx_desk_wish(struct btx_desk *desk, enum btx_engine_wish wish)
{
    uint32_t before = atomic_load_explicit(&desk->wish, memory_order_relaxed);

    while (before < (uint32_t)wish &&
           !atomic_compare_exchange_weak_explicit(&desk->wish, &before, (uint32_t)wish,
                                                  memory_order_relaxed, memory_order_relaxed)) {
    }
}

static inline enum btx_engine_wish btx_desk_wished(struct btx_desk *desk)
{
    return (enum btx_engine_wish)atomic_load_explicit(&desk->wish, memory_order_relaxed);
}

#endif
