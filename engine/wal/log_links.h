/* SPDX-License-Identifier: Apache-2.0 */
/* log_links.h - how the segments of a log hang together: names, headers, seals.
 *
 * Private to log_walk.c and log_end.c.  All sentences are in static storage; NULL: it is right. */
#ifndef BTX_WAL_LOG_LINKS_H
#define BTX_WAL_LOG_LINKS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/attributes.h"
#include "engine/base/fault.h"
#include "engine/wal/batch.h"
#include "engine/wal/log_folder.h"
#include "engine/wal/wal_format.h"

/* Whether the checked @header is of the log @id. */
BTX_MUST_USE bool btx_wal_header_is_of(const struct btx_wal_header *header,
                                       const struct btx_wal_id *id);

/* Whether the checked @header is that of the segment that is named so, in the log @id. */
BTX_MUST_USE const char *btx_wal_header_fits(const struct btx_wal_header *header,
                                             const struct btx_log_segment *segment,
                                             const struct btx_wal_id *id);

/* Where the log ends before the segment of @header, as it says; the time is 0. */
struct btx_wal_position btx_wal_header_position(const struct btx_wal_header *header);

/* The seals of a log in their order, as far as they were met, and seals that were computed and
 * that none was met for yet.  Caller's storage; start with {0}. */
struct btx_log_seals {
    uint64_t begin;   /* number of the first segment that is read: the caller's to set */
    uint64_t segment; /* of the last one met; 0: none was */
    uint8_t hash[BTX_WAL_HASH_BYTES];
    struct btx_wal_seal *computed; /* ascending */
    size_t count;
    size_t size;
};

/* Take the checked @seal, which stands in segment number @holder, as the next one met.  It is
 * taken in any case, so that what is wrong is told once. */
BTX_MUST_USE const char *btx_log_seals_take(struct btx_log_seals *seals,
                                            const struct btx_wal_seal *seal, uint64_t holder);

/* Add one that was computed.  Faults: MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_log_seals_add(struct btx_log_seals *seals,
                                                   const struct btx_wal_seal *computed,
                                                   struct btx_fault *reterr_fault);

/* The hash that segment @number stands on; NULL when it is not known. */
const uint8_t *btx_log_seals_before(const struct btx_log_seals *seals, uint64_t number);

/* Whether seals were computed; *ret_position is then where the last of them says that its segment
 * ends, with the time and in_command as they were. */
bool btx_log_seals_end(const struct btx_log_seals *seals, struct btx_wal_position *ret_position);

/* Idempotent. */
void btx_log_seals_done(struct btx_log_seals *seals);

#endif
