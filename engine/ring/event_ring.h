/* SPDX-License-Identifier: Apache-2.0 */
/* event_ring.h - the engine's side of the event ring: the matcher writes, the poller commits.
 *
 * Two threads of one process, each with functions of its own.  The matcher never waits and makes
 * no system call but one: waking a poller that has said that it sleeps.  Readers of other
 * processes (event_reader.h) are unknown to both and can hold up neither.
 * Which positions there are, who stores them and what pairs with what: README.md, section 4. */
#ifndef BTX_RING_EVENT_RING_H
#define BTX_RING_EVENT_RING_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/fault.h"
#include "engine/ring/ring_layout.h"
#include "engine/ring/ring_memory.h"

struct btx_event_ring_options {
    uint64_t capacity_bytes; /* a power of two, BTX_EVENT_RING_BYTES_MIN.._MAX */
    uint64_t incarnation;    /* of the engine: the epoch of its log */
    uint64_t mark;           /* of the position 0: the last seq that is in the log already */
    bool hugepages;          /* for the records; the page of positions is an ordinary one */
    bool lock_required;      /* of the ordinary pages (ring_memory.h) */
};

/* Fields are private to event_ring.c; each thread's own are two cache lines from the others. */
struct btx_event_ring {
    struct btx_ring_memory page_memory;
    struct btx_ring_memory bytes_memory;
    struct btx_event_page *page;
    uint8_t *bytes;
    uint64_t capacity_bytes;

    /* The matcher's.  What a thread stores itself it never loads back from the shared page. */
    alignas(BTX_RING_APART_BYTES) uint64_t published;
    uint64_t claimed;       /* the greatest position ever claimed */
    uint64_t claimed_bytes; /* of the claim that is not published yet; else 0 */
    uint64_t durable_seen;  /* the last durable position seen: it can only have grown */

    /* The poller's. */
    alignas(BTX_RING_APART_BYTES) uint64_t durable;
    uint64_t pair;

    /* Between them: 1 while the poller sleeps or is about to. */
    alignas(BTX_RING_APART_BYTES) _Atomic uint32_t poller_sleeps;
};

/* Make the ring, all of its memory included.  @ring is the caller's and must not move.
 * Faults: MEMORY (hugepages that are missing), LIMIT, IO. */
BTX_MUST_USE enum btx_fault_code btx_event_ring_create(struct btx_event_ring *ring,
                                                       const struct btx_event_ring_options *options,
                                                       struct btx_fault *reterr_fault);

/* Give it back; others keep what they have mapped.  A ring that could not be made is allowed. */
void btx_event_ring_done(struct btx_event_ring *ring);

/* --- The matcher ------------------------------------------------------------------------------ */

/* Bytes that may be claimed now: what is free, since nothing is overwritten that is not durable.
 * To be asked before each tx.  No system call. */
uint64_t btx_event_ring_room(struct btx_event_ring *ring, uint64_t wanted_bytes);

/* Where to write the next at most @length_bytes (whole units, not more than there is room for).
 * Contiguous also over the end of the ring.  From here until publish the bytes are the matcher's,
 * and readers know that what was there before may be gone.  Stale records lie in it. */
void *btx_event_ring_claim(struct btx_event_ring *ring, uint64_t length_bytes);

/* Hand the first @length_bytes (whole units; 0 is allowed: nothing came of it) of what was claimed
 * to the poller.  Wakes it if it sleeps. */
void btx_event_ring_publish(struct btx_event_ring *ring, uint64_t length_bytes);

/* --- The poller ------------------------------------------------------------------------------- */

/* What is published and not durable yet: @ret_bytes gets where it is, contiguous and unchanging
 * until it is made durable.  Returns its length, 0 for nothing. */
size_t btx_event_ring_pending(struct btx_event_ring *ring, const void **ret_bytes);

/* The first @length_bytes of what is pending are on the disk: readers may see them, the matcher may
 * overwrite them.  @mark is the last seq in them, or the mark before if there is none.  Readers
 * that wait have to be woken after it (btx_ring_server_wake). */
void btx_event_ring_set_durable(struct btx_event_ring *ring, size_t length_bytes, uint64_t mark);

/* The durable position.  Of the poller only: others are readers. */
static inline uint64_t btx_event_ring_durable(const struct btx_event_ring *ring)
{
    return ring->durable;
}

/* Sleep until something is pending, somebody kicks, or @timeout_ns are over.  May return early.
 * Returns whether something is pending. */
bool btx_event_ring_wait(struct btx_event_ring *ring, uint64_t timeout_ns);

/* Any thread: end the sleep of the poller, for a stop or a task. */
void btx_event_ring_kick(struct btx_event_ring *ring);

#endif
