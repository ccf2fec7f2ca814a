/* SPDX-License-Identifier: Apache-2.0 */
/* page_format.h - the pages of an LMDB data file, and whether one is what it should be.
 *
 * Private to the readers of segments.  Data version 1, pages of 4096 bytes, a main database without
 * flags whose keys have 16 bytes: nothing else is a segment.  Pages carry no checksum, so every
 * number in them is checked against what it must agree with before it is used. */
#ifndef BTX_WAL_PAGE_FORMAT_H
#define BTX_WAL_PAGE_FORMAT_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/attributes.h"
#include "engine/wal/wal_format.h"

#define BTX_PAGE_BRANCH 0x01u
#define BTX_PAGE_LEAF 0x02u
#define BTX_PAGE_OVERFLOW 0x04u
#define BTX_PAGE_META 0x08u

/* The one flag of a node: its value lies in overflow pages. */
#define BTX_PAGE_NODE_BIG 0x01u

#define BTX_PAGE_MAGIC 0xbeefc0deu
#define BTX_PAGE_VERSION 1u
/* The root of a tree without entries. */
#define BTX_PAGE_NONE UINT64_MAX
/* Pages 0 and 1 are the meta pages. */
#define BTX_PAGE_FIRST 2u
/* A segment with as many levels, each of them half full, would be greater than any disk. */
#define BTX_PAGE_DEPTH_MAX 8u
#define BTX_PAGE_VALUE_BYTES_MAX (UINT32_C(1) << 30)

struct btx_page_header {
    uint64_t number; /* where the page is in the file */
    uint16_t unused; /* anything */
    uint16_t flags;
    uint16_t lower; /* end of the offsets of nodes; with upper: overflow pages in the run */
    uint16_t upper; /* begin of the nodes */
};
static_assert(sizeof(struct btx_page_header) == BTX_WAL_PAGE_HEADER_BYTES, "no padding");

struct btx_page_tree {
    uint32_t page_bytes; /* of the first tree only, the one of free pages */
    uint16_t flags;
    uint16_t depth;
    uint64_t branch_pages;
    uint64_t leaf_pages;
    uint64_t overflow_pages;
    uint64_t entries;
    uint64_t root;
};
static_assert(sizeof(struct btx_page_tree) == 48, "no padding");

struct btx_page_meta {
    struct btx_page_header header;
    uint32_t magic;
    uint32_t version;
    uint64_t address;
    uint64_t map_bytes;
    struct btx_page_tree free;
    struct btx_page_tree main;
    uint64_t last_page;   /* the greatest one that was ever in use */
    uint64_t transaction; /* whose commit wrote it: to page 0 the even ones, to 1 the odd ones */
};
static_assert(sizeof(struct btx_page_meta) == 152, "no padding");

/* A node begins at an even offset; its key and then its value follow. */
struct btx_page_node {
    uint16_t low;   /* leaf: bytes of the value; branch: page of the child, */
    uint16_t high;  /* */
    uint16_t flags; /* of which this is the highest part */
    uint16_t key_bytes;
};
static_assert(sizeof(struct btx_page_node) == 8, "no padding");

/* A key as two numbers; memcmp() of the bytes orders like them. */
struct btx_page_key {
    uint64_t seq;
    uint64_t batch;
};

/* What a node of a leaf says. */
struct btx_page_entry {
    struct btx_page_key key;
    uint64_t run_page;    /* first overflow page of the value; 0: the value lies in the leaf */
    const uint8_t *value; /* in the leaf; NULL when it does not lie there */
    uint32_t value_bytes;
};

static inline int btx_page_key_compare(const struct btx_page_key *a, const struct btx_page_key *b)
{
    if (a->seq != b->seq)
        return a->seq < b->seq ? -1 : 1;
    return (a->batch > b->batch) - (a->batch < b->batch);
}

/* The next greater key; of the greatest one that key itself. */
struct btx_page_key btx_page_key_next(const struct btx_page_key *key);

/* All pages below are 8-byte aligned and BTX_WAL_PAGE_BYTES long. */

static inline const struct btx_page_header *btx_page_header(const uint8_t *page)
{
    return (const struct btx_page_header *)(const void *)page;
}

/* How many pages the overflow run says it has that begins with @page. */
uint32_t btx_page_run_claimed(const uint8_t *page);

/* Nodes of a page whose header is right. */
static inline unsigned btx_page_node_count(const uint8_t *page)
{
    return (btx_page_header(page)->lower - BTX_WAL_PAGE_HEADER_BYTES) / 2u;
}

/* The checks return NULL or what is wrong, in static storage.  A page that was not read from where
 * @number says is wrong. */
BTX_MUST_USE const char *btx_page_meta_check(const uint8_t *page, uint64_t number);
/* Whether @meta is what LMDB leaves where it could not write a meta page, beside @other, which is
 * right and now the newest: the trees of the transaction that failed, with the numbers of the one
 * before it.  No damage, and nothing to follow. */
BTX_MUST_USE bool btx_page_meta_is_taken_back(const struct btx_page_meta *meta,
                                              const struct btx_page_meta *other);
/* A branch: at least two children, keys ascending. */
BTX_MUST_USE const char *btx_page_branch_check(const uint8_t *page, uint64_t number);
/* A leaf: nodes packed without gaps, keys ascending, values of a size that belongs where they
 * are. */
BTX_MUST_USE const char *btx_page_leaf_check(const uint8_t *page, uint64_t number);
/* The first page of a run of @run_pages. */
BTX_MUST_USE const char *btx_page_overflow_check(const uint8_t *page, uint64_t number,
                                                 uint64_t run_pages);

/* Node @index of a leaf that may be damaged, or what would be one at @offset_bytes: false when it
 * does not lie within the page, its key has not 16 bytes, or its value is not of a size that
 * belongs there.  @index is less than the 2040 that a page has room for. */
BTX_MUST_USE bool btx_page_entry_read(const uint8_t *page, unsigned index,
                                      struct btx_page_entry *ret_entry);
BTX_MUST_USE bool btx_page_entry_read_at(const uint8_t *page, unsigned offset_bytes,
                                         struct btx_page_entry *ret_entry);

/* Of a page that btx_page_branch_check() let pass: the key of node @index, which the first one
 * may not have (all zero then), and the page of its child, which may be anywhere. */
struct btx_page_key btx_page_branch_key(const uint8_t *page, unsigned index);
uint64_t btx_page_branch_child(const uint8_t *page, unsigned index);

#endif
