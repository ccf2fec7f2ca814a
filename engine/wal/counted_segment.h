/* SPDX-License-Identifier: Apache-2.0 */
/* counted_segment.h - the batches of one segment that count, checked one behind the other.
 *
 * Private to log_reader.c.  It stands between segment_reader.h, which finds batches, and the
 * log: it decides what of them is right and what is missing, up to where the segment counts.
 *
 * Damaged pages are no news by themselves: a batch may be found without them, and behind the end
 * of what counts anything may lie.  So what segment_reader.h reports is held back until something
 * that counts turns out to be missing.  Only at the end of a last segment, where nobody knows what
 * more there was, is it told by itself. */
#ifndef BTX_WAL_COUNTED_SEGMENT_H
#define BTX_WAL_COUNTED_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/fault.h"
#include "engine/wal/batch.h"
#include "engine/wal/damage.h"
#include "engine/wal/log_folder.h"
#include "engine/wal/seal.h"
#include "engine/wal/segment_reader.h"

/* Damages in the order in which they are to be told.  Start with {0}; free(items) at the end. */
struct btx_damage_list {
    struct btx_wal_damage *items;
    size_t count;
    size_t size;
    size_t taken; /* told already */
};

/* Add one.  Faults: MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_damage_list_add(struct btx_damage_list *list,
                                                     const struct btx_wal_damage *damage,
                                                     struct btx_fault *reterr_fault);

/* The next one to tell, NULL when there is none; valid until the next add. */
const struct btx_wal_damage *btx_damage_list_take(struct btx_damage_list *list);

/* Up to where a segment counts, as the header of the next one says. */
struct btx_segment_bound {
    bool known;
    bool bytes_known;            /* the header is that of the very next segment */
    struct btx_wal_position end; /* behind what counts: seq, tx and batch */
    uint64_t bytes;              /* of records, when bytes_known */
};

/* How the position at the beginning of a segment is known. */
enum btx_segment_anchor {
    BTX_ANCHOR_EXACT, /* the records before it were read */
    BTX_ANCHOR_CLAIM, /* as its header says: nothing is known of in_command and time */
    BTX_ANCHOR_LEAST, /* not at all, but it is not before the one given: its first batch says it */
};

/* Caller's storage; start with {0}.  Fields are private but those described. */
struct btx_counted_segment {
    struct btx_segment_reader *reader;   /* NULL: not open */
    const struct btx_wal_header *header; /* NULL: none that is right */
    struct btx_log_segment segment;      /* as the folder names it */
    struct btx_wal_position position;    /* behind the last record that is right */
    struct btx_wal_position before;      /* before the batch handed out last */
    struct btx_segment_bound bound;      /* may become known while the segment is read */
    bool all_damage;                     /* may be set: tell also what costs no batch */
    struct btx_damage_list *damages;     /* the caller's: what is to be told */
    struct btx_damage_list held;         /* what may turn out not to matter */
    bool sought;                         /* not read from its beginning */
    uint64_t lost_batch;                 /* last one known to be wrong or missing, 0: none */
    uint64_t batches;                    /* that count, seen so far */
    uint64_t bytes;                      /* of them */
    bool anchored;                       /* position.seq and .batch are known */
    bool command_known;                  /* position.in_command is */
    bool damaged;                        /* something that counts is wrong or missing */
    bool cut;                            /* some of its last batch does not count */
    bool repeat_told;                    /* batches that repeat others were told */
    bool has_batch;                      /* batch was read and is not judged yet */
    struct btx_wal_batch batch;
    bool chained; /* the chain is being computed */
    struct btx_wal_chain chain;
};

/* Open the file of @segment.  Faults: IO, MEMORY; LAYOUT when this version does not read it. */
BTX_MUST_USE enum btx_fault_code btx_counted_segment_open(struct btx_counted_segment *counted,
                                                          int folder_fd,
                                                          const struct btx_log_segment *segment,
                                                          const struct btx_segment_options *options,
                                                          struct btx_fault *reterr_fault);

/* Before the first next: where it begins, and where damage is told. */
void btx_counted_segment_begin(struct btx_counted_segment *counted,
                               const struct btx_wal_position *position,
                               enum btx_segment_anchor anchor, struct btx_damage_list *damages);

/* Instead of reading from its beginning: begin with the batch that holds the event @seq.
 * Faults: IO. */
BTX_MUST_USE enum btx_fault_code btx_counted_segment_seek(struct btx_counted_segment *counted,
                                                          uint64_t seq,
                                                          struct btx_fault *reterr_fault);

/* Behind begin: compute the seal too, behind the segment whose hash is @previous and that ends at
 * @position (only asked for where there is no header).  Faults: MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_counted_segment_chain(
    struct btx_counted_segment *counted, const struct btx_wal_position *position,
    const uint8_t previous[BTX_WAL_HASH_BYTES], struct btx_fault *reterr_fault);

/* The next batch, of which all is checked: *ret_batch is what of it is right and counts, between
 * counted->before and counted->position.  Its bytes are valid until the
 * next call.  DAMAGE: something was added to the list of damages, nothing else.
 * At END a later call looks again: there may be more (live), or another bound. */
BTX_MUST_USE enum btx_segment_step btx_counted_segment_next(struct btx_counted_segment *counted,
                                                            struct btx_wal_batch *ret_batch,
                                                            struct btx_fault *reterr_fault);

/* Whether the position is right where the segment ends, so that the next one may stand on it. */
bool btx_counted_segment_whole(const struct btx_counted_segment *counted);

/* Damage of this segment that is not in a page: *ret_damage without a reason. */
void btx_counted_segment_damage(const struct btx_counted_segment *counted,
                                struct btx_wal_damage *ret_damage);

/* Idempotent. */
void btx_counted_segment_close(struct btx_counted_segment *counted);

#endif
