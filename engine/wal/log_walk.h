/* SPDX-License-Identifier: Apache-2.0 */
/* log_walk.h - the batches of a log that count, over all its segments, each checked.
 *
 * Private to log_reader.c: segments in the order of their numbers, their headers and seals against
 * each other, and the look ahead at the next header that says up to where a segment counts. */
#ifndef BTX_WAL_LOG_WALK_H
#define BTX_WAL_LOG_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "engine/base/fault.h"
#include "engine/wal/counted_segment.h"
#include "engine/wal/log_links.h"
#include "engine/wal/log_reader.h"

/* Caller's storage; start with {.segments_fd = -1}.  Fields are private but those described. */
struct btx_log_walk {
    struct btx_log_options options; /* behind points to where it was copied to */
    struct btx_wal_seal behind;
    struct btx_wal_id id;
    int segments_fd;
    struct btx_log_segment *segments; /* as listed last */
    size_t segment_count;
    bool listing_counts;                /* else it is listed anew, whatever the folder says */
    struct timespec listed_change;      /* of the folder, when it was listed */
    size_t next;                        /* index of the first segment behind the present one */
    struct btx_wal_position origin;     /* where the first segment that is read begins */
    struct btx_counted_segment present; /* its before and position may be read */
    struct btx_counted_segment ahead;   /* segments[next], opened for its header, or not open */
    bool foreign;                       /* the present one is of another log: passed over */
    bool opened_live;
    uint64_t limit_segment; /* no segment behind this one is entered; the caller's to raise */
    bool held;              /* the present one is read to its end, and is that one */
    bool drained;           /* live: looked at once more, since the next one is there */
    size_t seals_taken;     /* of those in the present one */
    uint64_t epoch;         /* of the last header */
    struct btx_log_seals seals;
    struct btx_damage_list damages; /* to be told before anything else */
};

/* Open the log at @root.  A failed one is to be closed.  Faults: as btx_log_reader_open(). */
BTX_MUST_USE enum btx_fault_code btx_log_walk_open(struct btx_log_walk *walk, const char *root,
                                                   const struct btx_log_options *options,
                                                   struct btx_fault *reterr_fault);

/* The next batch: what of it is right and counts, between present.before and present.position.
 * DAMAGE: walk->damages has something to tell.  END: no more, for now. */
BTX_MUST_USE enum btx_segment_step btx_log_walk_next(struct btx_log_walk *walk,
                                                     struct btx_wal_batch *ret_batch,
                                                     struct btx_fault *reterr_fault);

/* Idempotent. */
void btx_log_walk_close(struct btx_log_walk *walk);

#endif
