/* SPDX-License-Identifier: Apache-2.0 */
/* memory.c - lays the pools out in the memory that the caller hands in.
 *
 * One pass serves both questions: without memory it counts, with memory it places. */
#include <string.h>

#include "engine/core/state.h"

#define ALIGNMENT 64u

struct layout {
    uint8_t *memory; /* NULL: only count. */
    size_t length_bytes;
};

static void *place(struct layout *layout, size_t count, size_t size_bytes)
{
    const size_t at = layout->length_bytes;
    layout->length_bytes += (count * size_bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return layout->memory == NULL ? NULL : layout->memory + at;
}

static void place_pool(struct layout *layout, struct pool *pool, uint32_t capacity)
{
    pool->capacity = capacity;
    pool->freed = place(layout, capacity, sizeof *pool->freed);
}

static void place_index(struct layout *layout, struct index *index, uint32_t capacity)
{
    uint32_t bits = 4;
    while ((UINT32_C(1) << bits) < capacity)
        bits++;
    bits++;
    index->mask = (UINT32_C(1) << bits) - 1;
    index->shift = 64 - bits;
    index->heads = place(layout, (size_t)index->mask + 1, sizeof *index->heads);
}

static uint32_t greatest(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* As many as the longest texts together fill, and one more for each text; see the struct. */
static uint32_t description_blocks(const struct btx_core_capacity *capacity)
{
    const uint32_t texts = capacity->markets < capacity->description_bytes
                               ? capacity->markets
                               : capacity->description_bytes;
    return capacity->description_bytes / DESCRIPTION_BLOCK_BYTES + texts;
}

static void place_scratch(struct layout *layout, struct btx_core *core,
                          const struct btx_core_capacity *capacity)
{
    const uint32_t walked = greatest(capacity->positions, capacity->markets);
    uint32_t sorted = greatest(greatest(capacity->accounts, capacity->orders), walked);
    sorted = greatest(sorted, BTX_LIST_IDS_MAX);
    core->live_batch = place(layout, BTX_BATCH_ORDERS_MAX, sizeof *core->live_batch);
    core->walk.heap.entries = place(layout, (size_t)walked + 1, sizeof(struct heap_entry));
    core->sorter.entries = place(layout, (size_t)sorted + 1, sizeof(struct heap_entry));
    core->stake_sorter.entries =
        place(layout, (size_t)capacity->stakes + 1, sizeof(struct heap_entry));
}

/* Slot 0 of every array is never used; the accounts have one more for the house. */
static void place_all(struct layout *layout, struct btx_core *core,
                      const struct btx_core_capacity *capacity)
{
    const uint32_t accounts = capacity->accounts + 1;
    place_pool(layout, &core->accounts, accounts);
    place_pool(layout, &core->markets, capacity->markets);
    place_pool(layout, &core->runners, capacity->runners);
    place_pool(layout, &core->orders, capacity->orders);
    place_pool(layout, &core->positions, capacity->positions);
    /* A leaf in use has at least one order. */
    place_pool(layout, &core->leaves, capacity->orders);
    place_pool(layout, &core->cells.blocks, capacity->positions);
    place_pool(layout, &core->stakes, capacity->stakes);
    place_pool(layout, &core->description_blocks, description_blocks(capacity));
    place_index(layout, &core->account_index, accounts);
    place_index(layout, &core->market_index, capacity->markets);
    place_index(layout, &core->runner_index, capacity->runners);
    place_index(layout, &core->order_index, capacity->orders);
    place_index(layout, &core->position_index, capacity->positions);
    place_index(layout, &core->stake_index, capacity->stakes);
    core->account = place(layout, (size_t)accounts + 1, sizeof *core->account);
    core->market = place(layout, (size_t)capacity->markets + 1, sizeof *core->market);
    core->market_runners =
        place(layout, (size_t)capacity->markets + 1, sizeof *core->market_runners);
    core->runner = place(layout, (size_t)capacity->runners + 1, sizeof *core->runner);
    core->leaf = place(layout, (size_t)capacity->orders + 1, sizeof *core->leaf);
    core->order = place(layout, (size_t)capacity->orders + 1, sizeof *core->order);
    core->order_ref = place(layout, (size_t)capacity->orders + 1, sizeof *core->order_ref);
    core->order_moment = place(layout, (size_t)capacity->orders + 1, sizeof *core->order_moment);
    core->due.entries = place(layout, (size_t)capacity->orders + 1, sizeof *core->due.entries);
    core->stake = place(layout, (size_t)capacity->stakes + 1, sizeof *core->stake);
    core->description_block =
        place(layout, (size_t)description_blocks(capacity) + 1, sizeof *core->description_block);
    core->position = place(layout, (size_t)capacity->positions + 1, sizeof *core->position);
    core->cell =
        place(layout, ((size_t)capacity->positions + 1) * CELLS_PER_BLOCK, sizeof *core->cell);
    core->cell_block = place(layout, (size_t)capacity->positions + 1, sizeof *core->cell_block);
    place_scratch(layout, core, capacity);
}

static bool in_range(uint32_t capacity)
{
    return capacity >= 1 && capacity <= BTX_CORE_CAPACITY_MAX;
}

size_t btx_core_memory_bytes(const struct btx_core_capacity *capacity)
{
    if (!in_range(capacity->accounts) || !in_range(capacity->markets) ||
        !in_range(capacity->runners) || !in_range(capacity->orders) ||
        !in_range(capacity->positions) || capacity->stakes > BTX_CORE_STAKES_MAX ||
        capacity->description_bytes > BTX_CORE_DESCRIPTION_BYTES_MAX)
        return 0;
    struct layout layout = {.memory = NULL, .length_bytes = 0};
    struct btx_core core = {0};
    (void)place(&layout, 1, sizeof core);
    place_all(&layout, &core, capacity);
    return layout.length_bytes;
}

struct btx_core *btx_core_init(void *memory, const struct btx_core_capacity *capacity,
                               uint32_t shard)
{
    CHECK(btx_core_memory_bytes(capacity) != 0);
    CHECK((uintptr_t)memory % ALIGNMENT == 0);
    CHECK(shard <= BTX_CORE_SHARD_MAX);
    struct layout layout = {.memory = memory, .length_bytes = 0};
    struct btx_core *core = place(&layout, 1, sizeof *core);
    place_all(&layout, core, capacity);
    core->capacity = *capacity;
    core->shard = shard;
    core->rules_version = BTX_RULES_VERSION;
    core->decide_by = BTX_RULES_VERSION;
    core->due_tick.command.record = (struct btx_record){
        .length_units = 1, .kind_flags = BTX_RECORD_COMMAND, .type = BTX_COMMAND_TICK};
    core->next_order = order_id_first(shard);
    const uint32_t house = pool_take(&core->accounts);
    CHECK(house == HOUSE_SLOT);
    return core;
}
