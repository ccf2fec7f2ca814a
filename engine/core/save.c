/* SPDX-License-Identifier: Apache-2.0 */
/* save.c - the state as canonical bytes; README.md, "State bytes", describes them.
 *
 * Nothing that depends on capacities, slots or history gets into them: everything is by id, and
 * ascending by id or in queue order. */
#include <string.h>

#include "engine/base/bytes.h"
#include "engine/core/book.h"
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

static void save_counters(struct saver *saver)
{
    const struct btx_core *core = saver->core;
    struct btx_writer *writer = writer_with(saver, 128);
    btx_writer_bytes(writer, STATE_MAGIC, STATE_MAGIC_BYTES);
    btx_writer_u32(writer, STATE_FORMAT);
    btx_writer_u32(writer, BTX_RULES_VERSION);
    btx_writer_u64(writer, core->shard);
    btx_writer_u64(writer, core->seq);
    btx_writer_u64(writer, core->tx);
    btx_writer_u64(writer, core->time_ns);
    btx_writer_u64(writer, core->next_order);
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
    const struct order_ref *ref = &core->order_ref[slot_of_order(core, order)];
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

/* W and X of a position: W' and X' with what its live orders take away given back. */
static void matched_cells(struct btx_core *core, const struct position *position,
                          struct cell *ret_cells, uint32_t count)
{
    const uint8_t kind = core->market[position->market].kind;
    memcpy(ret_cells, &core->cell[position->cells], count * sizeof *ret_cells);
    uint32_t slot = position->orders_head;
    while (slot != NO_SLOT) {
        const struct order *order = &core->order[slot];
        const struct shift shift =
            risk_unmatched(kind, order->side, order->price, order->remaining);
        struct cell *cell = &ret_cells[core->runner[order->runner].index];
        cell->win -= shift.win;
        cell->lose -= shift.lose;
        slot = order->position_next;
    }
}

static void save_position(struct saver *saver, const struct position *position)
{
    struct btx_core *core = saver->core;
    const uint32_t count = core->market[position->market].runner_count;
    struct cell cells[BTX_RUNNERS_MAX];
    matched_cells(core, position, cells, count);
    bool named = false;
    for (uint32_t i = 0; i < count; i++) {
        if (cells[i].win == 0 && cells[i].lose == 0)
            continue;
        struct btx_writer *writer = writer_with(saver, 64);
        if (!named) {
            btx_writer_u64(writer, STATE_POSITION);
            btx_writer_u64(writer, core->account[position->account].id);
            named = true;
        }
        btx_writer_u64(writer, STATE_CELL);
        btx_writer_u64(writer, i);
        btx_writer_i128(writer, cells[i].win);
        btx_writer_i128(writer, cells[i].lose);
    }
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

static void save_market(struct saver *saver, const struct market *market)
{
    const struct btx_core *core = saver->core;
    const uint32_t slot = slot_of_market(core, market);
    struct btx_writer *writer = writer_with(saver, 64);
    btx_writer_u64(writer, market->id);
    btx_writer_u8(writer, market->kind);
    btx_writer_u8(writer, market->status);
    btx_writer_u8(writer, market->in_play);
    btx_writer_u8(writer, 0);
    btx_writer_u32(writer, market->winners);
    btx_writer_u32(writer, market->tick);
    btx_writer_u32(writer, market->commission);
    btx_writer_i64(writer, market->min_size);
    btx_writer_u64(writer, market->runner_count);
    for (uint32_t i = 0; i < market->runner_count; i++)
        btx_writer_u64(writer_with(saver, 8), core->runner[runner_slot(core, slot, i)].id);
    save_positions(saver, market);
    for (uint32_t i = 0; i < market->runner_count; i++)
        save_book(saver, &core->runner[runner_slot(core, slot, i)]);
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
    const uint8_t *bytes = core->pending.bytes;
    size_t left = core->has_pending ? btx_record_length_bytes(&core->pending.command.record) : 0;
    btx_writer_u64(writer_with(saver, 8), left);
    while (left > 0) {
        const size_t piece = left < 1024 ? left : 1024;
        btx_writer_bytes(writer_with(saver, piece), bytes, piece);
        bytes += piece;
        left -= piece;
    }
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
