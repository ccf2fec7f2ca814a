/* SPDX-License-Identifier: Apache-2.0 */
/* heap.h - ascending order over many ids without keeping them sorted all the time, private to
 * this folder.  A binary heap, smallest key first. */
#ifndef BTX_CORE_HEAP_H
#define BTX_CORE_HEAP_H

#include "engine/core/state.h"

/* Add without order; btx_heap_build() afterwards. */
static inline void heap_append(struct heap *heap, uint64_t key, uint32_t slot)
{
    heap->entries[heap->count++] = (struct heap_entry){.key = key, .slot = slot};
}

void btx_heap_build(struct heap *heap);

/* The smallest, which must be there. */
static inline struct heap_entry heap_top(const struct heap *heap)
{
    CHECK(heap->count > 0);
    return heap->entries[0];
}

/* Replace the smallest by another, or take it out. */
void btx_heap_replace_top(struct heap *heap, uint64_t key, uint32_t slot);
void btx_heap_drop_top(struct heap *heap);

#endif
