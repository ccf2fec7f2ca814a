/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/core/heap.h"

static void sift_down(struct heap *heap, uint32_t at)
{
    const struct heap_entry entry = heap->entries[at];
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= heap->count)
            break;
        if (child + 1 < heap->count && heap->entries[child + 1].key < heap->entries[child].key)
            child++;
        if (entry.key <= heap->entries[child].key)
            break;
        heap->entries[at] = heap->entries[child];
        at = child;
    }
    heap->entries[at] = entry;
}

void btx_heap_build(struct heap *heap)
{
    for (uint32_t i = heap->count / 2; i > 0; i--)
        sift_down(heap, i - 1);
}

void btx_heap_replace_top(struct heap *heap, uint64_t key, uint32_t slot)
{
    heap->entries[0] = (struct heap_entry){.key = key, .slot = slot};
    sift_down(heap, 0);
}

void btx_heap_drop_top(struct heap *heap)
{
    heap->count--;
    if (heap->count > 0) {
        heap->entries[0] = heap->entries[heap->count];
        sift_down(heap, 0);
    }
}
