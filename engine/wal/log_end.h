/* SPDX-License-Identifier: Apache-2.0 */
/* log_end.h - where a log ends, and whether its end is torn: the first half of recovery.
 *
 * Called by the writer when it has the lock and has synced what the last writer left behind, and
 * by betex-wal to tell what recovery would do.  Reads the segments that no seal stands for yet
 * (the last one, and at most a few before it) and the headers and seals of all; the payload of
 * sealed segments is the auditor's to verify. */
#ifndef BTX_WAL_LOG_END_H
#define BTX_WAL_LOG_END_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/fault.h"
#include "engine/wal/batch.h"
#include "engine/wal/damage.h"
#include "engine/wal/wal_format.h"

struct btx_log_end {
    struct btx_wal_position position;  /* behind the last record that counts */
    uint64_t segment;                  /* number of the last segment, 0: there is none */
    uint64_t segment_bytes;            /* of the records of the last segment that count */
    uint64_t file_bytes;               /* of pages in use in the last segment, for the next one's */
    uint64_t epoch;                    /* of the last header, 0 for none */
    bool cut;                          /* the end was torn: what lies behind it does not count */
    struct btx_wal_damage cut_where;   /* the first thing that does not count, when cut */
    uint64_t cut_batches;              /* how many batches were there or claimed to be, about */
    struct btx_wal_seal *seals;        /* of the segments that no seal stands for yet, ascending; */
    size_t seal_count;                 /* the last of them is that of the last segment */
    uint8_t chain[BTX_WAL_HASH_BYTES]; /* hash of the last segment; zeros without segments */
};

/* Find the end of the log at @root.  @direct: read past the page cache.
 * A torn end is cut: the first batch of the last segment that is not whole, when nothing intact
 * lies behind it or when the file is shorter than it claims to be; and so is a last segment without
 * a readable header, when it holds nothing.  Whole txs before the damage are kept.  Any other
 * damage is a fault (README.md, 4).
 * Faults: CORRUPT, with segment, batch and reason; CONFIG when there is no log; LAYOUT; IO;
 * MEMORY: ret_end holds nothing then. */
BTX_MUST_USE enum btx_fault_code btx_log_end_find(struct btx_log_end *ret_end, const char *root,
                                                  bool direct, uint64_t now_ns,
                                                  struct btx_fault *reterr_fault);

/* Give back the seals.  Idempotent. */
void btx_log_end_done(struct btx_log_end *end);

#endif
