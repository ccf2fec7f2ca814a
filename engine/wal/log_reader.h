/* SPDX-License-Identifier: Apache-2.0 */
/* log_reader.h - the records of a log, in order, from any seq, each of them checked.
 *
 * For recovery, auditors, read models and forensics: the one reader of logs.  Takes no lock, needs
 * no write permission, changes nothing.  It follows the segments of a folder from the first to
 * the last and checks everything that README.md, "Validity" asks for: nothing it hands out is
 * damaged, out of order or part of a torn tx.
 *
 * What was cut by a recovery is not part of the log: where a next segment says that the one before
 * counts up to some batch and byte, the reader stops there, and what lies behind is no damage. */
#ifndef BTX_WAL_LOG_READER_H
#define BTX_WAL_LOG_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/fault.h"
#include "engine/wal/batch.h"
#include "engine/wal/damage.h"
#include "engine/wal/log_folder.h"
#include "engine/wal/wal_format.h"

enum btx_log_step {
    BTX_LOG_RECORD, /* *ret_record is the next one */
    BTX_LOG_END,    /* no more, for now */
    BTX_LOG_DAMAGE, /* see btx_log_reader_damage(); the next call goes on with what can be read
                       behind it, and seq and tx start anew there.  Seqs never go back. */
    BTX_LOG_FAULT,  /* reading failed: the disk or memory */
};

struct btx_log_options {
    uint64_t from_seq; /* begin with the tx that holds this event, passing over what stands before
                          that tx; 0 or 1: with the first record of the log */
    bool live;         /* a writer is at work: END is not the end, and a later call goes on */
    bool direct;       /* read the last segment past the page cache: recovery */

    bool all_damage; /* tell also of damaged pages that cost no record, for who verifies files;
                          but never of what lies behind an end that was cut */

    /* Compute the seal of each segment that is read from its beginning, and compare it with the one
     * in the log: damage when they differ.  Costs a SHA-256 of all that is read. */
    bool verify_seals;
    uint64_t sealed_ns; /* with verify_seals: the time that stands in what is computed */
    /* With verify_seals: a seal that is believed, of a segment at or behind which reading begins.
     * Segments behind it are verified (and with direct, read past the page cache), those before
     * are not.  NULL: what the log says.  Needed only for the call of open. */
    const struct btx_wal_seal *behind;
};

struct btx_log_reader; /* opaque */

/* Open the log at @root (the folder with wal.id and segments/).  *ret_reader is NULL on a fault.
 * Faults: CORRUPT when wal.id is damaged or missing beside segments, or when the names of segments
 * contradict each other; CONFIG when there is no log at all; LAYOUT for a format that this
 * version does not read (of a segment: next says so); IO; MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_log_reader_open(struct btx_log_reader **ret_reader,
                                                     const char *root,
                                                     const struct btx_log_options *options,
                                                     struct btx_fault *reterr_fault);

const struct btx_wal_id *btx_log_reader_id(const struct btx_log_reader *reader);

/* The segments that there were when it was opened (live: at the last look), ascending. */
const struct btx_log_segment *btx_log_reader_segments(const struct btx_log_reader *reader,
                                                      size_t *ret_count);

/* Never hand out a record behind the event @seq, nor a part of its tx when that goes on behind
 * it: what is not durable yet, for readers of a living engine.  Nothing behind the event is looked
 * at, so there is no damage either; next says END.  UINT64_MAX (at first): no limit. */
void btx_log_reader_limit(struct btx_log_reader *reader, uint64_t seq);

/* Never go on behind the end of segment @number, in which or before which reading begins: there
 * next says END, and when a segment behind it is there, all of it was read and its seal is among
 * the unsealed.  For readers of a living engine that follow what is sealed.  It may be raised.
 * UINT64_MAX (at first): no limit. */
void btx_log_reader_limit_segment(struct btx_log_reader *reader, uint64_t number);

/* The next record; it is valid until the next call.  A record is handed out only when the whole
 * tx that it belongs to has been checked. */
BTX_MUST_USE enum btx_log_step btx_log_reader_next(struct btx_log_reader *reader,
                                                   const struct btx_record **ret_record,
                                                   struct btx_fault *reterr_fault);

/* The damage of the last BTX_LOG_DAMAGE. */
const struct btx_wal_damage *btx_log_reader_damage(const struct btx_log_reader *reader);

/* Behind the record handed out last, and what was passed over; before the first one, where the log
 * begins. */
void btx_log_reader_position(struct btx_log_reader *reader, struct btx_wal_position *ret_position);

/* The header of the segment that the record handed out last stands in; NULL before the first and
 * where that header is damaged. */
const struct btx_wal_header *btx_log_reader_header(const struct btx_log_reader *reader);

/* With verify_seals: the seals that were computed and that no seal in the log stands for, as far as
 * was read, ascending; at BTX_LOG_END, if not live, up to that of the last segment, and at the end
 * of a limiting segment up to that.  They have no signature.  Where a segment is damaged its
 * seal is that of what is right before the damage.  Valid until the next call of next. */
const struct btx_wal_seal *btx_log_reader_unsealed(const struct btx_log_reader *reader,
                                                   size_t *ret_count);

/* Idempotent on NULL. */
void btx_log_reader_close(struct btx_log_reader *reader);

#endif
