/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/core/cancel_batches.h"

#include "engine/core/entities.h"
#include "engine/core/heap.h"
#include "engine/core/reject.h"

enum btx_reject btx_order_filter_read(struct btx_core *core,
                                      const struct btx_cancel_orders *command,
                                      struct order_filter *ret_filter)
{
    struct order_filter filter = {.side = BTX_SIDE_COUNT};
    if (command->present & BTX_CANCEL_ORDERS_HAS_ACCOUNT)
        filter.account = slot_of_account(core, btx_find_account(core, command->account));
    if (command->present & BTX_CANCEL_ORDERS_HAS_MARKET) {
        const struct market *market = btx_find_market(core, command->market);
        if (market == NULL)
            return BTX_REJECT_UNKNOWN_MARKET;
        filter.market = slot_of_market(core, market);
    }
    if (command->present & BTX_CANCEL_ORDERS_HAS_RUNNER) {
        const struct runner *runner = btx_find_runner(core, filter.market, command->runner);
        if (runner == NULL)
            return BTX_REJECT_UNKNOWN_RUNNER;
        filter.runner = slot_of_runner(core, runner);
    }
    if (command->present & BTX_CANCEL_ORDERS_HAS_SIDE)
        filter.side = command->side;
    *ret_filter = filter;
    return ACCEPTABLE;
}

static bool order_passes(const struct order *order, const struct order_filter *filter)
{
    return (filter->runner == NO_SLOT || order->runner == filter->runner) &&
           (filter->side == BTX_SIDE_COUNT || order->side == filter->side) &&
           (!filter->lapsing_only || order->persistence == BTX_PERSISTENCE_LAPSE);
}

/* The first order of a position's list, from @slot on, that passes. */
static uint32_t first_passing(const struct btx_core *core, const struct order_filter *filter,
                              uint32_t slot)
{
    while (slot != NO_SLOT && !order_passes(&core->order[slot], filter))
        slot = core->order[slot].position_next;
    return slot;
}

static uint32_t live_of_side(const uint32_t live[BTX_SIDE_COUNT], uint8_t side)
{
    return side == BTX_SIDE_COUNT ? live[BTX_SIDE_BACK] + live[BTX_SIDE_LAY] : live[side];
}

static uint32_t first_in_position(const struct btx_core *core, const struct order_filter *filter,
                                  const struct position *position)
{
    if (live_of_side(position->live, filter->side) == 0)
        return NO_SLOT;
    return first_passing(core, filter, position->orders_head);
}

/* The account's position in the market with the smallest id that has an order that passes. */
static struct position *next_of_account(struct btx_core *core, const struct order_filter *filter)
{
    struct position *next = NULL;
    uint32_t slot = core->account[filter->account].positions;
    while (slot != NO_SLOT) {
        struct position *position = &core->position[slot];
        const uint64_t id = core->market[position->market].id;
        if ((filter->market == NO_SLOT || filter->market == position->market) &&
            (next == NULL || id < core->market[next->market].id) &&
            first_in_position(core, filter, position) != NO_SLOT)
            next = position;
        slot = position->account_next;
    }
    return next;
}

/* The market with the smallest id that has an order of the side: side is all that can be asked
 * of every market at once. */
static uint32_t next_of_all_markets(const struct btx_core *core, const struct order_filter *filter)
{
    uint32_t next = NO_SLOT;
    for (uint32_t slot = 1; slot <= core->markets.high; slot++) {
        const struct market *market = &core->market[slot];
        if (market->id != 0 && live_of_side(market->live, filter->side) > 0 &&
            (next == NO_SLOT || market->id < core->market[next].id))
            next = slot;
    }
    return next;
}

/* Begin the walk over a market's orders by id: the heap holds the next order of each position. */
static void walk_build(struct btx_core *core, const struct order_filter *filter, uint32_t market)
{
    struct heap *heap = &core->walk.heap;
    heap->count = 0;
    uint32_t slot = core->market[market].positions;
    while (slot != NO_SLOT) {
        const struct position *position = &core->position[slot];
        const uint32_t order = first_in_position(core, filter, position);
        if (order != NO_SLOT)
            heap_append(heap, core->order[order].id, order);
        slot = position->market_next;
    }
    btx_heap_build(heap);
    core->walk.kind = WALK_ORDERS;
    core->walk.market = market;
}

/* Move the walk to the market that is next; false when there is none left. */
static bool walk_more(struct btx_core *core, const struct order_filter *filter)
{
    struct walk *walk = &core->walk;
    const bool walking = walk->kind == WALK_ORDERS;
    if (walking && walk->heap.count > 0)
        return true;
    const uint32_t market =
        filter->market != NO_SLOT ? filter->market : next_of_all_markets(core, filter);
    if (market == NO_SLOT || (walking && market == walk->market))
        return false;
    walk_build(core, filter, market);
    return walk->heap.count > 0;
}

static uint32_t batch_of_market(struct btx_core *core, const struct order_filter *filter)
{
    struct heap *heap = &core->walk.heap;
    uint32_t count = 0;
    while (heap->count > 0 && count < BTX_BATCH_ORDERS_MAX) {
        const uint32_t slot = heap_top(heap).slot;
        core->live_batch[count++] = slot;
        const uint32_t next = first_passing(core, filter, core->order[slot].position_next);
        if (next != NO_SLOT)
            btx_heap_replace_top(heap, core->order[next].id, next);
        else
            btx_heap_drop_top(heap);
    }
    return count;
}

static uint32_t batch_of_position(struct btx_core *core, const struct order_filter *filter,
                                  const struct position *position)
{
    uint32_t count = 0;
    uint32_t slot = first_passing(core, filter, position->orders_head);
    while (slot != NO_SLOT && count < BTX_BATCH_ORDERS_MAX) {
        core->live_batch[count++] = slot;
        slot = first_passing(core, filter, core->order[slot].position_next);
    }
    return count;
}

static void emit_batch(struct run *run, uint32_t market, uint32_t count, enum btx_cause cause,
                       uint64_t cseq)
{
    struct btx_core *core = run->core;
    struct btx_order_cancelled_batched *event =
        tx_event(run, BTX_EVENT_ORDER_CANCELLED_BATCHED, sizeof *event, 8u * (size_t)count);
    event->market = core->market[market].id;
    event->cseq = cseq;
    event->orders_count = (uint16_t)count;
    event->cause = (uint8_t)cause;
    uint64_t *ids = (uint64_t *)(event + 1);
    for (uint32_t i = 0; i < count; i++)
        ids[i] = core->order[core->live_batch[i]].id;
    btx_change_orders_cancelled(core, event);
}

bool btx_cancel_any(struct btx_core *core, const struct order_filter *filter)
{
    if (filter->account != NO_SLOT)
        return next_of_account(core, filter) != NULL;
    core->walk.kind = WALK_NONE;
    return walk_more(core, filter);
}

bool btx_cancel_batches(struct run *run, const struct order_filter *filter, enum btx_cause cause,
                        uint64_t cseq)
{
    struct btx_core *core = run->core;
    for (;;) {
        const struct position *position = NULL;
        if (filter->account != NO_SLOT)
            position = next_of_account(core, filter);
        if (filter->account != NO_SLOT ? position == NULL : !walk_more(core, filter))
            return true;
        if (run->tx->full)
            return false;
        const uint32_t market = position != NULL ? position->market : core->walk.market;
        const uint32_t count = position != NULL ? batch_of_position(core, filter, position)
                                                : batch_of_market(core, filter);
        emit_batch(run, market, count, cause, cseq);
    }
}
