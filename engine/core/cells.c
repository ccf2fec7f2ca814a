/* SPDX-License-Identifier: Apache-2.0 */
/* cells.c - blocks of cells by size; see pool.h for why they never run out. */
#include "engine/core/cells.h"

#include <string.h>

static uint32_t size_log2_of(uint32_t count)
{
    CHECK(count >= 1 && count <= CELLS_PER_BLOCK);
    return count == 1 ? 0 : 32u - (uint32_t)__builtin_clz(count - 1);
}

static uint32_t places_of(const struct cell_block *block)
{
    return CELLS_PER_BLOCK >> block->size_log2;
}

static void open_list_add(struct btx_core *core, uint32_t slot)
{
    struct cell_block *block = &core->cell_block[slot];
    uint32_t *head = &core->cells.open[block->size_log2];
    block->prev = NO_SLOT;
    block->next = *head;
    if (*head != NO_SLOT)
        core->cell_block[*head].prev = slot;
    *head = slot;
}

static void open_list_remove(struct btx_core *core, uint32_t slot)
{
    struct cell_block *block = &core->cell_block[slot];
    if (block->prev != NO_SLOT)
        core->cell_block[block->prev].next = block->next;
    else
        core->cells.open[block->size_log2] = block->next;
    if (block->next != NO_SLOT)
        core->cell_block[block->next].prev = block->prev;
}

static uint32_t first_free_place(const struct cell_block *block)
{
    for (uint32_t word = 0; word < CELLS_PER_BLOCK / 64; word++)
        if (~block->used[word] != 0)
            return word * 64 + (uint32_t)__builtin_ctzll(~block->used[word]);
    CHECK_UNREACHABLE();
}

uint32_t btx_cells_take(struct btx_core *core, uint32_t count)
{
    const uint32_t size_log2 = size_log2_of(count);
    uint32_t slot = core->cells.open[size_log2];
    if (slot == NO_SLOT) {
        slot = pool_take(&core->cells.blocks);
        core->cell_block[slot].size_log2 = (uint8_t)size_log2;
        open_list_add(core, slot);
    }
    struct cell_block *block = &core->cell_block[slot];
    const uint32_t place = first_free_place(block);
    CHECK(place < places_of(block));
    block->used[place / 64] |= UINT64_C(1) << (place % 64);
    block->used_count++;
    if (block->used_count == places_of(block))
        open_list_remove(core, slot);
    return slot * CELLS_PER_BLOCK + (place << size_log2);
}

void btx_cells_give(struct btx_core *core, uint32_t first, uint32_t count)
{
    const uint32_t slot = first / CELLS_PER_BLOCK;
    struct cell_block *block = &core->cell_block[slot];
    const uint32_t place = (first % CELLS_PER_BLOCK) >> block->size_log2;
    CHECK(block->size_log2 == size_log2_of(count));
    CHECK(block->used[place / 64] & (UINT64_C(1) << (place % 64)));
    memset(&core->cell[first], 0, count * sizeof(struct cell));
    if (block->used_count == places_of(block))
        open_list_add(core, slot);
    block->used[place / 64] &= ~(UINT64_C(1) << (place % 64));
    block->used_count--;
    if (block->used_count == 0) {
        open_list_remove(core, slot);
        pool_give(&core->cells.blocks, slot);
    }
}
