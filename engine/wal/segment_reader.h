/* SPDX-License-Identifier: Apache-2.0 */
/* segment_reader.h - the batches of one segment, read without liblmdb.
 *
 * Bounds-checked on every byte: no file content makes it crash, hang, or read outside its buffers.
 * It walks the LMDB pages with pread, from the newest meta page, in the order of the keys.  Where
 * the tree is damaged it looks at every page of the file for what the tree no longer leads to
 * (stale leaves and overflow pages), so that a batch is missing only when it is nowhere.
 * A segment that a writer has open may be read: page_walker.h says how.
 * It hands out raw batches: checking and counting them is log_reader.h. */
#ifndef BTX_WAL_SEGMENT_READER_H
#define BTX_WAL_SEGMENT_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/fault.h"
#include "engine/wal/batch.h"
#include "engine/wal/damage.h"
#include "engine/wal/wal_format.h"

enum btx_segment_step {
    BTX_SEGMENT_BATCH,  /* *ret_batch is the next one */
    BTX_SEGMENT_END,    /* no more, for now */
    BTX_SEGMENT_DAMAGE, /* see ret_damage; the next call goes on behind it */
    BTX_SEGMENT_FAULT,  /* reading failed (not damage: the disk or memory) */
};

struct btx_segment_options {
    bool direct; /* past the page cache (O_DIRECT) where the filesystem has it: what is on disk */
    bool live;   /* a writer may have it open: never report damage that a second look explains,
                    and never look for stale pages */
};

struct btx_segment_reader; /* opaque */

/* Open @name in the folder @folder_fd (which stays the caller's) and read its header.
 * *ret_reader is NULL on a fault.  A file without a readable header opens all the same:
 * btx_segment_reader_header() is then NULL, and its damage is handed out first.
 * Faults: IO, MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_segment_reader_open(struct btx_segment_reader **ret_reader,
                                                         int folder_fd, const char *name,
                                                         const struct btx_segment_options *options,
                                                         struct btx_fault *reterr_fault);

/* The checked header, valid until close; NULL when there is none that is right. */
const struct btx_wal_header *btx_segment_reader_header(const struct btx_segment_reader *reader);

/* The checked seal number @index (from 0) that stands in this segment, NULL behind the last.
 * Damaged ones are skipped here and reported by next.  Live: those there when it was opened, at
 * the last seek, or at the last BTX_SEGMENT_END. */
const struct btx_wal_seal *btx_segment_reader_seal(const struct btx_segment_reader *reader,
                                                   size_t index);

/* The next batch in the order of the keys, each once.  Its bytes are valid until the next call.
 * At BTX_SEGMENT_END a later call looks again (live only). */
BTX_MUST_USE enum btx_segment_step btx_segment_reader_next(struct btx_segment_reader *reader,
                                                           struct btx_wal_batch *ret_batch,
                                                           struct btx_wal_damage *ret_damage,
                                                           struct btx_fault *reterr_fault);

/* For who found the batch handed out last to be damaged, and asks before the next one is read:
 * BATCH with a copy of it, from another page, whose records are all valid and sealed; END when
 * there is none.  Both are valid until the next call.  Looks at the whole file, the first time. */
BTX_MUST_USE enum btx_segment_step btx_segment_reader_other(struct btx_segment_reader *reader,
                                                            struct btx_wal_batch *ret_batch,
                                                            struct btx_fault *reterr_fault);

/* Go on with the last batch whose key's seq is not greater than @seq (the one that holds the event
 * @seq, if any does); with the first where there is none. */
BTX_MUST_USE enum btx_fault_code btx_segment_reader_seek(struct btx_segment_reader *reader,
                                                         uint64_t seq,
                                                         struct btx_fault *reterr_fault);

/* What the newest meta page claims, for reports; all zero but file_bytes when none is readable. */
struct btx_segment_claims {
    uint64_t transaction; /* of LMDB, counts commits */
    uint64_t entries;     /* header, seals and batches */
    uint64_t used_bytes;  /* up to the last page */
    uint64_t file_bytes;
    bool truncated; /* the file is shorter than the last page of the newest meta page */
};
void btx_segment_reader_claims(const struct btx_segment_reader *reader,
                               struct btx_segment_claims *ret_claims);

/* Idempotent on NULL. */
void btx_segment_reader_close(struct btx_segment_reader *reader);

#endif
