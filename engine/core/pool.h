/* SPDX-License-Identifier: Apache-2.0 */
/* pool.h - slots of fixed memory, and hash indexes over them, private to this folder.
 *
 * A pool hands out slots 1..capacity; the freed ones first, newest first, which are warm in the
 * cache.  An index is a table of chain heads; the chains run through a member of the entries,
 * so that looking up, adding and removing allocate nothing. */
#ifndef BTX_CORE_POOL_H
#define BTX_CORE_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/check.h"
#include "engine/base/int128.h"

struct pool {
    uint32_t *freed; /* Stack of slots given back. */
    uint32_t freed_count;
    uint32_t high; /* Slots ever handed out are 1..high. */
    uint32_t used;
    uint32_t capacity;
};

/* The caller has made sure that there is room: running out is refused before (CAPACITY). */
static inline uint32_t pool_take(struct pool *pool)
{
    CHECK(pool->used < pool->capacity);
    pool->used++;
    if (pool->freed_count > 0)
        return pool->freed[--pool->freed_count];
    return ++pool->high;
}

static inline void pool_give(struct pool *pool, uint32_t slot)
{
    pool->used--;
    pool->freed[pool->freed_count++] = slot;
}

struct index {
    uint32_t *heads;
    uint32_t mask; /* A power of two minus one. */
    uint32_t shift;
};

/* Spread ids that people choose: Fibonacci hashing, the high bits of a product. */
static inline uint32_t *index_head(const struct index *index, uint64_t key)
{
    return &index->heads[(key * UINT64_C(0x9e3779b97f4a7c15)) >> index->shift];
}

/* Order ids count up by one, so their low bits spread best and keep neighbours together.  A chain
 * longer than live orders / heads needs ids that agree in their low bits: whoever keeps every
 * 2^n-th order alive places 2^n orders for each link. */
static inline uint32_t *index_head_counted(const struct index *index, uint64_t key)
{
    return &index->heads[(uint32_t)key & index->mask];
}

/* Cells of positions come in blocks of a power of two, so that a position's are contiguous.  One
 * block of CELLS_PER_BLOCK cells serves one size.  A block in use holds at least one position,
 * so as many blocks as positions are always enough. */
#define CELLS_PER_BLOCK 512u
#define CELL_SIZES 10u /* 1, 2, 4, ... 512 cells */

struct cell_block {
    uint64_t used[CELLS_PER_BLOCK / 64]; /* A bit for each place. */
    uint32_t prev;                       /* Blocks of its size that have a free place. */
    uint32_t next;
    uint16_t used_count;
    uint8_t size_log2;
    uint8_t padding[5];
};

struct cell_store {
    struct pool blocks;
    uint32_t open[CELL_SIZES]; /* Lists of blocks that have a free place. */
};

#endif
