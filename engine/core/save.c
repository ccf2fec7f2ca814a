/* SPDX-License-Identifier: Apache-2.0 */
/* save.c - the state as canonical bytes; README.md, "State bytes", describes them.
 *
 * Nothing that depends on capacities, slots or history gets into them: everything is by id, and
 * ascending by id or in queue order. */
#include <string.h>

#include "engine/base/bytes.h"
#include "engine/core/book.h"
#include "engine/core/description.h"
#include "engine/core/entities.h"
#include "engine/core/heap.h"
#include "engine/core/risk.h"
#include "engine/core/state_bytes.h"

struct saver {
    struct btx_core *core;
    btx_core_sink sink;
    void *context;
    struct btx_writer writer;
    uint8_t buffer[4096];
};

/* Pass on what is written and begin the buffer anew when less than @room_bytes are left. */
static struct btx_writer *writer_with(struct saver *saver, size_t room_bytes)
{
    if (sizeof saver->buffer - saver->writer.length_bytes < room_bytes) {
        saver->sink(saver->context, saver->buffer, saver->writer.length_bytes);
        btx_writer_init(&saver->writer, saver->buffer, sizeof saver->buffer);
    }
    return &saver->writer;
}

/* More bytes than a buffer may hold. */
static void write_long(struct saver *saver, const void *bytes, size_t length_bytes)
{
    const uint8_t *next = bytes;
    while (length_bytes > 0) {
        const size_t piece = length_bytes < 1024 ? length_bytes : 1024;
        btx_writer_bytes(writer_with(saver, piece), next, piece);
        next += piece;
        length_bytes -= piece;
    }
}

static bool has_second_stage(const struct saver *saver)
{
    return state_format(saver->core->rules_version) >= 2;
}

static void save_counters(struct saver *saver)
{
    const struct btx_core *core = saver->core;
    struct btx_writer *writer = writer_with(saver, 128);
    btx_writer_bytes(writer, STATE_MAGIC, STATE_MAGIC_BYTES);
    btx_writer_u32(writer, state_format(core->rules_version));
    btx_writer_u32(writer, core->rules_version);
    btx_writer_u64(writer, core->shard);
    btx_writer_u64(writer, core->seq);
    btx_writer_u64(writer, core->tx);
    btx_writer_u64(writer, core->time_ns);
    btx_writer_u64(writer, core->next_order);
    if (has_second_stage(saver))
        btx_writer_u64(writer, core->removals);
}

static void save_accounts(struct saver *saver)
{
    struct btx_core *core = saver->core;
    struct heap *sorter = &core->sorter;
    sorter->count = 0;
    for (uint32_t slot = HOUSE_SLOT; slot <= core->accounts.high; slot++)
        heap_append(sorter, core->account[slot].id, slot);
    btx_heap_build(sorter);
    btx_writer_u64(writer_with(saver, 8), sorter->count);
    while (sorter->count > 0) {
        const struct account *account = &core->account[heap_top(sorter).slot];
        struct btx_writer *writer = writer_with(saver, 48);
        btx_writer_u64(writer, account->id);
        btx_writer_i128(writer, account->balance);
        btx_writer_u64(writer, account->cseq);
        btx_writer_u64(writer, account->transfer);
        btx_writer_u64(writer, account->frozen);
        btx_heap_drop_top(sorter);
    }
}

static void save_order(struct saver *saver, const struct order *order)
{
    const struct btx_core *core = saver->core;
    const uint32_t slot = slot_of_order(core, order);
    const struct order_ref *ref = &core->order_ref[slot];
    const uint8_t ref_length = order->has_ref ? ref->length : 0;
    struct btx_writer *writer = writer_with(saver, 64 + BTX_REF_BYTES_MAX);
    btx_writer_u64(writer, order->id);
    btx_writer_u64(writer, core->account[core->position[order->position].account].id);
    btx_writer_i64(writer, order->remaining);
    btx_writer_u32(writer, order->price);
    btx_writer_u8(writer, order->side);
    btx_writer_u8(writer, order->persistence);
    btx_writer_u8(writer, order->stp);
    btx_writer_u8(writer, order->tif);
    btx_writer_u8(writer, order->has_ref);
    btx_writer_u8(writer, ref_length);
    btx_writer_bytes(writer, ref->text, ref_length);
    if (has_second_stage(saver))
        btx_writer_u64(writer, order->due_place == 0 ? 0 : core->order_moment[slot].expires);
}

/* The orders of a book, prices ascending, each price in queue order. */
static void save_book(struct saver *saver, const struct runner *runner)
{
    const struct btx_core *core = saver->core;
    for (uint32_t i = 0; i < BOOK_LEAVES_MAX; i++) {
        if (runner->leaves[i] == NO_SLOT)
            continue;
        const struct leaf *leaf = &core->leaf[runner->leaves[i]];
        for (uint32_t price = 0; price < BOOK_LEAF_PRICES; price++) {
            uint32_t slot = leaf->levels[price].head;
            while (slot != NO_SLOT) {
                btx_writer_u64(writer_with(saver, 8), STATE_ORDER);
                save_order(saver, &core->order[slot]);
                slot = core->order[slot].level_next;
            }
        }
    }
    btx_writer_u64(writer_with(saver, 8), STATE_END);
}

static void save_position_name(struct saver *saver, const struct position *position)
{
    struct btx_writer *writer = writer_with(saver, 16);
    btx_writer_u64(writer, STATE_POSITION);
    btx_writer_u64(writer, saver->core->account[position->account].id);
}

/* What @position has by runner and price; @named: its account has been written. */
static void save_stakes(struct saver *saver, const struct position *position, bool named)
{
    struct btx_core *core = saver->core;
    struct heap *heap = &core->stake_sorter;
    if (position->stakes != NO_SLOT && !named)
        save_position_name(saver, position);
    heap->count = 0;
    for (uint32_t slot = position->stakes; slot != NO_SLOT; slot = core->stake[slot].position_next)
        heap_append(heap, (uint64_t)core->stake[slot].index << 32 | core->stake[slot].price, slot);
    btx_heap_build(heap);
    while (heap->count > 0) {
        const struct stake *stake = &core->stake[heap_top(heap).slot];
        struct btx_writer *writer = writer_with(saver, 64);
        btx_writer_u64(writer, STATE_STAKE);
        btx_writer_u64(writer, stake->index);
        btx_writer_u64(writer, stake->price);
        btx_writer_i128(writer, stake->size);
        btx_heap_drop_top(heap);
    }
}

static void save_position(struct saver *saver, const struct position *position)
{
    struct btx_core *core = saver->core;
    const uint32_t count = core->market[position->market].runner_count;
    struct cell cells[BTX_RUNNERS_MAX];
    btx_position_matched(core, position, cells);
    bool named = false;
    for (uint32_t i = 0; i < count; i++) {
        if (cells[i].win == 0 && cells[i].lose == 0)
            continue;
        if (!named)
            save_position_name(saver, position);
        named = true;
        struct btx_writer *writer = writer_with(saver, 64);
        btx_writer_u64(writer, STATE_CELL);
        btx_writer_u64(writer, i);
        btx_writer_i128(writer, cells[i].win);
        btx_writer_i128(writer, cells[i].lose);
    }
    save_stakes(saver, position, named);
}

static void save_positions(struct saver *saver, const struct market *market)
{
    struct btx_core *core = saver->core;
    struct heap *heap = &core->walk.heap;
    heap->count = 0;
    uint32_t slot = market->positions;
    while (slot != NO_SLOT) {
        heap_append(heap, core->account[core->position[slot].account].id, slot);
        slot = core->position[slot].market_next;
    }
    btx_heap_build(heap);
    while (heap->count > 0) {
        save_position(saver, &core->position[heap_top(heap).slot]);
        btx_heap_drop_top(heap);
    }
    btx_writer_u64(writer_with(saver, 8), STATE_END);
}

static void save_market_second(struct saver *saver, const struct market *market)
{
    char text[BTX_DESCRIPTION_BYTES_MAX];
    struct btx_writer *writer = writer_with(saver, 64);
    btx_writer_u64(writer, market->version);
    btx_writer_u32(writer, market->bet_delay);
    btx_writer_u8(writer, market->reductions);
    btx_writer_u8(writer, market->implied);
    btx_writer_u16(writer, (uint16_t)market->description_bytes);
    btx_description_copy(saver->core, market, text);
    write_long(saver, text, market->description_bytes);
}

static void save_removed(struct saver *saver, const struct market *market)
{
    const struct btx_core *core = saver->core;
    const uint32_t slot = slot_of_market(core, market);
    btx_writer_u64(writer_with(saver, 8), market->removed_count);
    for (uint32_t i = 0; market->removed_count > 0 && i < market->runner_count; i++)
        if (core->runner[runner_slot(core, slot, i)].removed)
            btx_writer_u64(writer_with(saver, 8), i);
}

/* The first held order from @slot on in the list of a position. */
static uint32_t first_held(const struct btx_core *core, uint32_t slot)
{
    while (slot != NO_SLOT && !core->order[slot].held)
        slot = core->order[slot].position_next;
    return slot;
}

static void save_held_order(struct saver *saver, const struct order *order)
{
    const struct btx_core *core = saver->core;
    const struct order_moment *moment = &core->order_moment[slot_of_order(core, order)];
    struct btx_writer *writer = writer_with(saver, 16);
    btx_writer_u64(writer, STATE_ORDER);
    btx_writer_u64(writer, core->runner[order->runner].index);
    save_order(saver, order);
    writer = writer_with(saver, 32);
    btx_writer_u64(writer, moment->until);
    btx_writer_i64(writer, moment->min_fill);
    btx_writer_u8(writer, order->post_only);
}

/* The held orders of @market, ids ascending: the heap has the next one of each position. */
static void save_held(struct saver *saver, const struct market *market)
{
    struct btx_core *core = saver->core;
    struct heap *heap = &core->walk.heap;
    heap->count = 0;
    for (uint32_t slot = market->in_play ? market->positions : NO_SLOT; slot != NO_SLOT;
         slot = core->position[slot].market_next) {
        const uint32_t held = first_held(core, core->position[slot].orders_head);
        if (held != NO_SLOT)
            heap_append(heap, core->order[held].id, held);
    }
    btx_heap_build(heap);
    while (heap->count > 0) {
        const struct order *order = &core->order[heap_top(heap).slot];
        save_held_order(saver, order);
        const uint32_t next = first_held(core, order->position_next);
        if (next != NO_SLOT)
            btx_heap_replace_top(heap, core->order[next].id, next);
        else
            btx_heap_drop_top(heap);
    }
    btx_writer_u64(writer_with(saver, 8), STATE_END);
}

static void save_market(struct saver *saver, const struct market *market)
{
    const struct btx_core *core = saver->core;
    const uint32_t slot = slot_of_market(core, market);
    struct btx_writer *writer = writer_with(saver, 64);
    btx_writer_u64(writer, market->id);
    btx_writer_u8(writer, market->kind);
    btx_writer_u8(writer, market->status);
    btx_writer_u8(writer, market->in_play);
    btx_writer_u8(writer, market->ladder);
    btx_writer_u32(writer, market->winners);
    btx_writer_u32(writer, market->tick);
    btx_writer_u32(writer, market->commission);
    btx_writer_i64(writer, market->min_size);
    if (has_second_stage(saver))
        save_market_second(saver, market);
    btx_writer_u64(writer_with(saver, 8), market->runner_count);
    for (uint32_t i = 0; i < market->runner_count; i++)
        btx_writer_u64(writer_with(saver, 8), core->runner[runner_slot(core, slot, i)].id);
    if (has_second_stage(saver))
        save_removed(saver, market);
    save_positions(saver, market);
    for (uint32_t i = 0; i < market->runner_count; i++)
        save_book(saver, &core->runner[runner_slot(core, slot, i)]);
    if (has_second_stage(saver))
        save_held(saver, market);
}

static void save_markets(struct saver *saver)
{
    struct btx_core *core = saver->core;
    struct heap *sorter = &core->sorter;
    sorter->count = 0;
    for (uint32_t slot = 1; slot <= core->markets.high; slot++)
        if (core->market[slot].id != 0)
            heap_append(sorter, core->market[slot].id, slot);
    btx_heap_build(sorter);
    btx_writer_u64(writer_with(saver, 8), sorter->count);
    while (sorter->count > 0) {
        save_market(saver, &core->market[heap_top(sorter).slot]);
        btx_heap_drop_top(sorter);
    }
}

static uint64_t market_id_or_0(const struct btx_core *core, uint32_t slot)
{
    return slot == NO_SLOT ? 0 : core->market[slot].id;
}

static void save_work(struct saver *saver)
{
    const struct btx_core *core = saver->core;
    const struct work *work = &core->work;
    struct btx_writer *writer = writer_with(saver, 128);
    btx_writer_u64(writer, market_id_or_0(core, work->settling));
    btx_writer_u64(writer, market_id_or_0(core, work->voiding));
    btx_writer_u64(writer, work->settled_accounts);
    btx_writer_u64(writer, work->settled_last);
    btx_writer_i128(writer, work->settled_commission);
    btx_writer_i128(writer, work->settled_pnl);
    if (work->taker == NO_SLOT) {
        btx_writer_u64(writer, STATE_END);
        return;
    }
    const struct order *taker = &core->order[work->taker];
    btx_writer_u64(writer, STATE_ORDER);
    btx_writer_u64(writer, core->market[core->runner[taker->runner].market].id);
    btx_writer_u64(writer, core->runner[taker->runner].id);
    save_order(saver, taker);
}

static void save_pending(struct saver *saver)
{
    const struct btx_core *core = saver->core;
    const size_t length_bytes =
        core->has_pending ? btx_record_length_bytes(&core->pending.command.record) : 0;
    btx_writer_u64(writer_with(saver, 8), length_bytes);
    write_long(saver, core->pending.bytes, length_bytes);
}

void btx_core_save(struct btx_core *core, btx_core_sink sink, void *context)
{
    CHECK(!core->tx_open);
    struct saver saver = {.core = core, .sink = sink, .context = context};
    btx_writer_init(&saver.writer, saver.buffer, sizeof saver.buffer);
    core->walk.kind = WALK_NONE; /* Its heap is scratch here; it is built anew when needed. */
    save_counters(&saver);
    save_accounts(&saver);
    save_markets(&saver);
    save_work(&saver);
    save_pending(&saver);
    sink(context, saver.buffer, saver.writer.length_bytes);
}
