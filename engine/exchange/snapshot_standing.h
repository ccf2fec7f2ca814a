/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot_standing.h - whether a snapshot stands on this log.
 *
 * It does if the log has the very hash that the snapshot names, as the seal of the segment that it
 * names: then the log up to there is the one that it was made from. */
#ifndef BTX_EXCHANGE_SNAPSHOT_STANDING_H
#define BTX_EXCHANGE_SNAPSHOT_STANDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/fault.h"
#include "engine/wal/log_end.h"
#include "engine/wal/log_folder.h"
#include "engine/wal/wal_format.h"

/* Where the seals of a log are.  Caller's storage; all of it stays the caller's. */
struct btx_log_ground {
    int segments_fd; /* the folder segments/ */
    const struct btx_log_segment *segments;
    size_t segment_count;
    const struct btx_log_end *end; /* seals that no segment has yet; NULL: a writer may be at work,
                                      and what is not in a segment is not there */
};

/* The seal of segment @number: in the end, or in the first segment behind it that has it.
 * *ret_found is false where there is none.  Faults: IO, MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_log_ground_seal(const struct btx_log_ground *ground,
                                                     uint64_t number, bool *ret_found,
                                                     struct btx_wal_seal *ret_seal,
                                                     struct btx_fault *reterr_fault);

/* Whether the snapshot of @header, which was checked, stands on @seal, that of the segment that it
 * names: NULL or why not, in static storage. */
BTX_MUST_USE const char *btx_snapshot_standing(const struct btx_wal_snapshot_header *header,
                                               const struct btx_wal_seal *seal);

#endif
