/* SPDX-License-Identifier: Apache-2.0 */
/* page_scan.h - what lies in the pages of a segment, whether its tree leads there or not.
 *
 * Private to the readers of segments.  Looks at every page of the file and remembers
 *   - the entries of everything that looks like a leaf.  LMDB never overwrites the page that it
 *     changes, so there are stale copies of leaves, and what they say is true: nothing is ever
 *     changed or deleted in a segment;
 *   - overflow runs that no such entry names.  Their records say which events they are, but not
 *     which batch: its number is that of its neighbour, counted on where the seqs meet.
 * Nothing here is believed because of where it lies: what is handed out are records that are valid,
 * sealed, and of the events that the key names, from the first one on. */
#ifndef BTX_WAL_PAGE_SCAN_H
#define BTX_WAL_PAGE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/fault.h"
#include "engine/wal/page_file.h"
#include "engine/wal/page_format.h"
#include "engine/wal/page_walker.h"

/* Private: where a value may be. */
struct btx_page_item {
    struct btx_page_key key; /* of a run that nothing names: its number is UINT64_MAX */
    uint64_t page;           /* that the entry is in; of such a run: its first page */
    uint64_t run_page;       /* 0: the value lies in the page of the entry */
    uint64_t next_seq;       /* behind a run that nothing names; else 0 */
    uint32_t value_bytes;
    uint16_t offset_bytes; /* of a value in the page */
    uint16_t doubt;        /* 0: its page is right in every respect */
};

/* Start with {0}.  Fields are private. */
struct btx_page_scan {
    bool built;
    struct btx_page_item
        *items; /* ascending by key; of copies the greatest, then the right first */
    size_t count;
    size_t room;
    size_t position;
    uint64_t budget_bytes; /* to be read yet: many entries may name the same pages */
    uint64_t budget_full_bytes;
};

/* Look at every page of @file, unless it was done before.  Faults: IO, MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_page_scan_build(struct btx_page_scan *scan,
                                                     struct btx_page_file *file,
                                                     struct btx_fault *reterr_fault);

/* Records found. */
struct btx_page_found {
    struct btx_page_key key;
    const uint8_t *bytes; /* in the buffer */
    size_t length_bytes;  /* of the records that are right; not 0 */
    bool whole;           /* these are all */
    uint64_t next_seq;    /* behind its last event */
};

/* Between which keys to look. */
struct btx_page_gap {
    struct btx_page_key after; /* key of the batch before, or of where one would be */
    uint64_t next_seq;         /* behind the last event of that batch; 0: not known */
    bool has_before;
    struct btx_page_key before; /* key of the batch behind */
};

/* The first batch in the gap, or END.  Goes on where it stopped, so that each copy is read once:
 * the gaps must ascend, until the next seek. */
BTX_MUST_USE enum btx_page_step btx_page_scan_next(struct btx_page_scan *scan,
                                                   struct btx_page_file *file,
                                                   const struct btx_page_gap *gap,
                                                   struct btx_page_buffer *buffer,
                                                   struct btx_page_found *ret_found,
                                                   struct btx_fault *reterr_fault);

/* The copy of the batch of @key that is whole, if there is one: ENTRY or END. */
BTX_MUST_USE enum btx_page_step btx_page_scan_copy(struct btx_page_scan *scan,
                                                   struct btx_page_file *file,
                                                   const struct btx_page_key *key,
                                                   struct btx_page_buffer *buffer,
                                                   struct btx_page_found *ret_found,
                                                   struct btx_fault *reterr_fault);

/* Entry number @index with a key of seq 0, header and seals, ascending, the copies of one behind
 * each other; unchecked.  END behind the last. */
BTX_MUST_USE enum btx_page_step btx_page_scan_head(struct btx_page_scan *scan,
                                                   struct btx_page_file *file, size_t index,
                                                   struct btx_page_entry *ret_entry,
                                                   struct btx_fault *reterr_fault);

/* Begin anew.  *ret_after is the key behind which the last batch is whose seq is not greater than
 * @seq; false when there is none. */
bool btx_page_scan_seek(struct btx_page_scan *scan, uint64_t seq, struct btx_page_key *ret_after);

/* What can be said of the records at @bytes by themselves. */
struct btx_page_content {
    size_t valid_bytes; /* up to here they are valid, sealed, and their seqs count on */
    uint64_t seq;       /* that the key of such a batch has */
    uint64_t next_seq;  /* behind the last event of the valid ones */
};
void btx_page_content_check(const uint8_t *bytes, size_t length_bytes,
                            struct btx_page_content *ret_content);

/* Idempotent. */
void btx_page_scan_done(struct btx_page_scan *scan);

#endif
