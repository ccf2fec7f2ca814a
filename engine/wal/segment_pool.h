/* SPDX-License-Identifier: Apache-2.0 */
/* segment_pool.h - what keeps rotation off the commit path.  Private to engine/wal.
 *
 * A helper thread makes the next segments (created, zeroed ahead, synced, under temporary names),
 * truncates, closes and seals the ones that are full, and looks at the free space.  The writer
 * takes and gives by these functions; only take and seal_wait may wait.  Without a thread the same
 * work is done by btx_segment_pool_run(), which the writer calls. */
#ifndef BTX_WAL_SEGMENT_POOL_H
#define BTX_WAL_SEGMENT_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/clock.h"
#include "engine/base/fault.h"
#include "engine/wal/batch.h"
#include "engine/wal/segment_file.h"
#include "engine/wal/wal_format.h"
#include "engine/wal/wal_settings.h"

struct btx_segment_pool; /* opaque */

struct btx_segment_pool_options {
    const char *segments; /* path of the folder; copied */
    int segments_fd;      /* of the same; stays the caller's */
    const struct btx_wal_settings *settings;
    const struct btx_clock *clock;
    uint64_t recent_bytes; /* pages in use in the last segment, 0: none */
    const uint8_t *chain;  /* hash of the last segment so far */
    bool threadless;
};

BTX_MUST_USE enum btx_fault_code btx_segment_pool_open(
    struct btx_segment_pool **ret_pool, const struct btx_segment_pool_options *options,
    struct btx_fault *reterr_fault);

/* The next segment.  Waits when none is ready: *ret_waited says so.
 * Faults: DISK_FULL, IO, MEMORY, of making one. */
BTX_MUST_USE enum btx_fault_code btx_segment_pool_take(struct btx_segment_pool *pool,
                                                       struct btx_segment_file *ret_file,
                                                       bool *ret_waited,
                                                       struct btx_fault *reterr_fault);

/* How many segments may wait to be sealed, the one being sealed included: so many may be without a
 * seal at a crash, beside the open one, and recovery reads them. */
#define BTX_SEGMENT_POOL_CLOSED_MAX 3u

/* A segment that is full: what it holds, as the writer counted. */
struct btx_segment_closed {
    struct btx_segment_file file;
    struct btx_wal_header header;
    struct btx_wal_position position; /* behind its last batch */
    uint64_t batch_count;
    uint64_t bytes;
};

/* How much of the open segment is in use: the next ones are zeroed ahead as it grows, so that the
 * zeros never come all at once, and are there when it is full.  Called after each commit; wakes the
 * helper now and then. */
void btx_segment_pool_progress(struct btx_segment_pool *pool, uint64_t used_bytes);

/* Hand over a segment to be finished and sealed.  No more than BTX_SEGMENT_POOL_CLOSED_MAX may be
 * there whose seals were not taken. */
void btx_segment_pool_give(struct btx_segment_pool *pool, const struct btx_segment_closed *closed);

/* The next seal, in the order in which the segments were given, if it is there; *ret_seal is
 * untouched otherwise.  wait waits for it; without a segment given that is a bug.
 * Faults: CORRUPT when the file does not hold what was counted; IO, MEMORY.  Also an IO fault of
 * making the next segment: a disk that fails is not trusted further. */
BTX_MUST_USE enum btx_fault_code btx_segment_pool_seal_poll(struct btx_segment_pool *pool,
                                                            bool *ret_there,
                                                            struct btx_wal_seal *ret_seal,
                                                            struct btx_fault *reterr_fault);
BTX_MUST_USE enum btx_fault_code btx_segment_pool_seal_wait(struct btx_segment_pool *pool,
                                                            struct btx_wal_seal *ret_seal,
                                                            struct btx_fault *reterr_fault);

/* Without a thread: do all work that there is.  With one: nothing. */
void btx_segment_pool_run(struct btx_segment_pool *pool);

/* Free bytes of the filesystem, as of the last look; UINT64_MAX when it could not be told. */
uint64_t btx_segment_pool_free_bytes(const struct btx_segment_pool *pool);

/* How the helper is: what is ready, what was sealed. */
struct btx_segment_pool_status {
    size_t ready;          /* next segments: created, synced */
    size_t ready_wanted;   /* so many should be */
    size_t closed;         /* segments that are full and not sealed yet */
    uint64_t seals;        /* since open */
    uint64_t seal_ns;      /* how long the last one took */
    uint64_t seal_wall_ns; /* when it was made, by the wall clock; 0 for none yet */
};
void btx_segment_pool_status(struct btx_segment_pool *pool,
                             struct btx_segment_pool_status *ret_status);

/* Stop, and remove the segments that were made in vain.  Idempotent on NULL. */
void btx_segment_pool_close(struct btx_segment_pool *pool);

#endif
