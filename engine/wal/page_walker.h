/* SPDX-License-Identifier: Apache-2.0 */
/* page_walker.h - the entries of a segment in the order of their keys, along the tree of pages.
 *
 * Private to the readers of segments.  A walk follows one snapshot: what the newest of the two meta
 * pages leads to.  Every page is checked before it is used; one that is wrong is one damage, and
 * the walk goes on with the page beside it.
 *
 * A file that a writer has open.  LMDB never changes a page of the newest two snapshots: what the
 * transaction T no longer needs is used again by T + 2 at the earliest, when T + 1 is committed
 * (mdb_page_alloc; we have no readers that LMDB knows of).  So what was read of the snapshot T is
 * right if the newest meta page says T or T + 1 after it was read.  If it says more, it is read
 * again, from the newest snapshot, behind the last entry that was handed out.  Values in overflow
 * pages never move.  Both meta pages are read until two readings agree. */
#ifndef BTX_WAL_PAGE_WALKER_H
#define BTX_WAL_PAGE_WALKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/fault.h"
#include "engine/wal/damage.h"
#include "engine/wal/page_file.h"
#include "engine/wal/page_format.h"

enum btx_page_step {
    BTX_PAGE_ENTRY,
    BTX_PAGE_END,    /* changing files: for now */
    BTX_PAGE_DAMAGE, /* the next call goes on behind it */
    BTX_PAGE_FAULT,
};

/* What a meta page leads to; all zero without one that is right, and then it has no entries. */
struct btx_page_snapshot {
    uint64_t transaction;
    uint64_t entries;
    uint64_t root; /* 0: no entries */
    unsigned depth;
    uint64_t last_page;
};

/* Private: a page on the way from the root to the leaf. */
struct btx_page_level {
    uint64_t number;
    unsigned index; /* of the node that the walk is at */
    unsigned count; /* of nodes */
    bool has_low;   /* its first key is known: what its parent says */
    bool has_high;  /* all its keys are below this */
    struct btx_page_key low;
    struct btx_page_key high;
};

/* Fields may be read. */
struct btx_page_walker {
    struct btx_page_file *file;
    struct btx_page_snapshot snapshot;
    struct btx_wal_damage meta_damage[2]; /* what is wrong with the meta pages, at the last look */
    unsigned meta_damage_count;
    struct btx_page_key from; /* the next entry is not before this */
    bool ended;               /* no more, whatever the levels say */
    bool placed;              /* the levels are a way from the root to a leaf */
    unsigned top;             /* level of the leaf */
    uint64_t visited_pages;   /* since the last seek or snapshot */
    uint64_t damage_page;     /* changing: reported last, not to do so again */
    uint8_t *pages;           /* one for each level */
    struct btx_page_level levels[BTX_PAGE_DEPTH_MAX];
    struct btx_page_buffer meta_buffer;
};

/* Begin at the first entry of the newest snapshot of @file, which outlives the walker.
 * Faults: IO, MEMORY.  A failed one may be done with. */
BTX_MUST_USE enum btx_fault_code btx_page_walker_init(struct btx_page_walker *walker,
                                                      struct btx_page_file *file,
                                                      struct btx_fault *reterr_fault);

/* Go on with the first entry that is not before @key. */
void btx_page_walker_seek(struct btx_page_walker *walker, const struct btx_page_key *key);

/* Look whether there is a newer snapshot (changing files) and go on in it, behind what was handed
 * out.  Faults: IO. */
BTX_MUST_USE enum btx_fault_code btx_page_walker_look(struct btx_page_walker *walker,
                                                      bool *ret_newer,
                                                      struct btx_fault *reterr_fault);

/* The next entry.  What it points to is valid until the next call.  At the end of a changing file
 * it looks for a newer snapshot before it says so. */
BTX_MUST_USE enum btx_page_step btx_page_walker_next(struct btx_page_walker *walker,
                                                     struct btx_page_entry *ret_entry,
                                                     struct btx_wal_damage *ret_damage,
                                                     struct btx_fault *reterr_fault);

/* The greatest key that is not greater than @key: as next, with only entry->key set, and END when
 * there is none.  The walk is somewhere else afterwards: seek. */
BTX_MUST_USE enum btx_page_step btx_page_walker_floor(struct btx_page_walker *walker,
                                                      const struct btx_page_key *key,
                                                      struct btx_page_key *ret_key,
                                                      struct btx_wal_damage *ret_damage,
                                                      struct btx_fault *reterr_fault);

/* A value in memory. */
struct btx_page_value {
    const uint8_t *bytes; /* 8-byte aligned, valid until the next one is read */
    size_t length_bytes;  /* less than the entry says where the file ends within it */
    const char *why;      /* what is wrong with the first of its overflow pages, or NULL */
};

/* Read the value of @entry, whatever its pages look like; @buffer takes those of leaves.
 * Faults: IO, MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_page_value_read(struct btx_page_file *file,
                                                     const struct btx_page_entry *entry,
                                                     struct btx_page_buffer *buffer,
                                                     struct btx_page_value *ret_value,
                                                     struct btx_fault *reterr_fault);

/* Idempotent; accepts an object that init failed on. */
void btx_page_walker_done(struct btx_page_walker *walker);

#endif
