/* SPDX-License-Identifier: Apache-2.0 */
/* latency_track.h - when the commands were handed in whose events wait for the disk: from the
 * matcher, which knows it, to the poller, which knows when they are there.
 *
 * One writer, one reader, no waiting: a track that is full leaves samples out, so that latencies
 * are then of some commands instead of all. */
#ifndef BTX_LOOP_LATENCY_TRACK_H
#define BTX_LOOP_LATENCY_TRACK_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define BTX_LATENCY_TRACK_PLACES 16384u /* a power of two; a commit of 1 M commands/s and 16 ms */

struct btx_latency_sample {
    uint64_t position; /* of the event ring: durable from here on */
    uint64_t began_ns; /* monotonic, when the command was handed in */
};

/* Caller's storage; start with zeros. */
struct btx_latency_track {
    alignas(128) _Atomic uint64_t head; /* the poller's: taken up to here */
    uint64_t tail_seen;
    alignas(128) _Atomic uint64_t tail; /* the matcher's: filled up to here */
    uint64_t head_seen;
    alignas(128) struct btx_latency_sample samples[BTX_LATENCY_TRACK_PLACES];
};

/* The matcher: the events of a command handed in at @began_ns end before @position. */
static inline void btx_latency_track_put(struct btx_latency_track *track, uint64_t position,
                                         uint64_t began_ns)
{
    const uint64_t tail = atomic_load_explicit(&track->tail, memory_order_relaxed);

    if (tail - track->head_seen == BTX_LATENCY_TRACK_PLACES) {
        /* Pairs with the release in take(): the sample was read before it is written over. */
        track->head_seen = atomic_load_explicit(&track->head, memory_order_acquire);
        if (tail - track->head_seen == BTX_LATENCY_TRACK_PLACES)
            return;
    }
    track->samples[tail % BTX_LATENCY_TRACK_PLACES] =
        (struct btx_latency_sample){.position = position, .began_ns = began_ns};
    /* Pairs with the acquire in take(). */
    atomic_store_explicit(&track->tail, tail + 1, memory_order_release);
}

/* The poller: the next sample whose events are durable at @position; false when there is none. */
static inline bool btx_latency_track_take(struct btx_latency_track *track, uint64_t position,
                                          uint64_t *ret_began_ns)
{
    const uint64_t head = atomic_load_explicit(&track->head, memory_order_relaxed);
    const struct btx_latency_sample *sample = &track->samples[head % BTX_LATENCY_TRACK_PLACES];

    if (head == track->tail_seen) {
        track->tail_seen = atomic_load_explicit(&track->tail, memory_order_acquire);
        if (head == track->tail_seen)
            return false;
    }
    if (sample->position > position)
        return false;
    *ret_began_ns = sample->began_ns;
    atomic_store_explicit(&track->head, head + 1, memory_order_release);
    return true;
}

#endif
