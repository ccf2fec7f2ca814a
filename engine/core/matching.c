/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/core/matching.h"

#include "engine/core/book.h"
#include "engine/core/implied.h"

struct taking btx_taking_of(const struct btx_core *core, const struct order *order)
{
    const struct position *position = &core->position[order->position];
    return (struct taking){
        .market = &core->market[position->market],
        .runner = &core->runner[order->runner],
        .position = position,
        .limit_index = order->price_index,
        .side = order->side,
        .stp = order->stp,
    };
}

bool btx_would_match(const struct btx_core *core, const struct taking *taking)
{
    const uint8_t kind = taking->market->kind;
    const uint8_t makers = opposite_side(taking->side);
    const uint32_t best = btx_book_best(core, taking->runner, kind, makers);
    if (best != NO_PRICE && price_crosses(kind, makers, best, taking->limit_index))
        return true;
    return taking->market->implied && btx_implied_would_match(core, taking);
}

bool btx_taker_has_more(const struct btx_core *core)
{
    const struct order *taker = &core->order[core->work.taker];
    const struct taking taking = btx_taking_of(core, taker);
    if (taker->tif != BTX_TIF_GTC)
        return true;
    return taking.market->implied ? btx_implied_has_more(core, &taking, taker->remaining)
                                  : btx_would_match(core, &taking);
}

/* Whether @order is one of the taker's own that it would meet. */
static bool is_own_maker(const struct btx_core *core, const struct taking *taking,
                         const struct order *order)
{
    return order->resting && &core->runner[order->runner] == taking->runner &&
           order->side != taking->side &&
           price_crosses(taking->market->kind, order->side, order->price_index,
                         taking->limit_index);
}

static const struct order *order_or_null(const struct btx_core *core, uint32_t slot)
{
    return slot == NO_SLOT ? NULL : &core->order[slot];
}

static btx_i128 size_of_own_makers(const struct btx_core *core, const struct taking *taking)
{
    btx_i128 size = 0;
    const struct order *order = order_or_null(core, taking->position->orders_head);
    while (order != NULL) {
        if (is_own_maker(core, taking, order))
            size += order->remaining;
        order = order_or_null(core, order->position_next);
    }
    return size;
}

/* The price index of the best of the taker's own makers; NO_PRICE when it has none. */
static uint32_t best_own_price(const struct btx_core *core, const struct taking *taking)
{
    const uint8_t kind = taking->market->kind;
    uint32_t best = NO_PRICE;
    const struct order *order = order_or_null(core, taking->position->orders_head);
    while (order != NULL) {
        if (is_own_maker(core, taking, order) &&
            (best == NO_PRICE || price_crosses(kind, order->side, order->price_index, best)))
            best = order->price_index;
        order = order_or_null(core, order->position_next);
    }
    return best;
}

/* What rests at price index @index before the first order of @position. */
static btx_i128 size_before_own(const struct btx_core *core, const struct taking *taking,
                                uint32_t index)
{
    btx_i128 size = 0;
    uint32_t slot = book_level(core, taking->runner, index)->head;
    const uint32_t own = slot_of_position(core, taking->position);
    while (slot != NO_SLOT && core->order[slot].position != own) {
        size += core->order[slot].remaining;
        slot = core->order[slot].level_next;
    }
    return size;
}

bool btx_is_fillable(const struct btx_core *core, const struct taking *taking, int64_t size,
                     int64_t min_fill)
{
    if (taking->market->implied)
        return btx_implied_is_fillable(core, taking, size, min_fill);
    const uint8_t kind = taking->market->kind;
    const uint8_t makers = opposite_side(taking->side);
    const bool has_own = taking->position != NULL && taking->position->live[makers] > 0;
    uint32_t last_own = NO_PRICE;
    btx_i128 missing = min_fill;
    if (has_own && taking->stp == BTX_STP_CANCEL_MAKER)
        missing += size_of_own_makers(core, taking);
    else if (has_own && taking->stp == BTX_STP_CANCEL_TAKER)
        last_own = best_own_price(core, taking);
    uint32_t index = btx_book_best(core, taking->runner, kind, makers);
    while (missing > 0 && index != NO_PRICE &&
           price_crosses(kind, makers, index, taking->limit_index)) {
        if (index == last_own) {
            missing -= size_before_own(core, taking, index);
            break;
        }
        missing -= book_level(core, taking->runner, index)->size;
        index = btx_book_next(core, taking->runner, kind, makers, index);
    }
    return missing <= 0;
}

void btx_emit_order_cancelled(struct run *run, struct order *order, int64_t cancelled,
                              enum btx_cause cause, uint64_t cseq)
{
    struct btx_core *core = run->core;
    const struct position *position = &core->position[order->position];
    struct btx_order_cancelled *event = tx_event(run, BTX_EVENT_ORDER_CANCELLED, sizeof *event, 0);
    event->order = order->id;
    event->account = core->account[position->account].id;
    event->market = core->market[position->market].id;
    event->runner = core->runner[order->runner].id;
    event->cancelled = cancelled;
    event->remaining = order->remaining - cancelled;
    event->cseq = cseq;
    event->side = order->side;
    event->cause = (uint8_t)cause;
    btx_change_order_cancelled(core, event, order);
}

static void emit_trade(struct run *run, struct order *taker, struct order *maker)
{
    struct btx_core *core = run->core;
    const struct runner *runner = &core->runner[maker->runner];
    const int64_t size = taker->remaining < maker->remaining ? taker->remaining : maker->remaining;
    struct btx_trade_matched *event = tx_event(run, BTX_EVENT_TRADE_MATCHED, sizeof *event, 0);
    event->market = core->market[runner->market].id;
    event->runner = runner->id;
    event->size = size;
    event->taker = taker->id;
    event->taker_account = core->account[core->position[taker->position].account].id;
    event->maker = maker->id;
    event->maker_account = core->account[core->position[maker->position].account].id;
    event->taker_remaining = taker->remaining - size;
    event->maker_remaining = maker->remaining - size;
    event->price = maker->price;
    event->taker_side = taker->side;
    btx_change_trade_matched(core, event, taker, maker);
}

/* The maker that the taker meets next; NULL when none crosses its limit. */
static struct order *next_maker(const struct btx_core *core, const struct runner *runner,
                                uint8_t kind, const struct order *taker)
{
    const uint8_t makers = opposite_side(taker->side);
    const uint32_t index = btx_book_best(core, runner, kind, makers);
    if (index == NO_PRICE || !price_crosses(kind, makers, index, taker->price_index))
        return NULL;
    return &core->order[book_level(core, runner, index)->head];
}

bool btx_cancel_rest(struct run *run, struct order *taker)
{
    if (taker->tif == BTX_TIF_GTC)
        return true;
    if (run->tx->full)
        return false;
    btx_emit_order_cancelled(run, taker, taker->remaining,
                             taker->tif == BTX_TIF_IOC ? BTX_CAUSE_IOC : BTX_CAUSE_FOK, 0);
    return true;
}

bool btx_prevent_self_trade(struct run *run, struct order *taker, struct order *maker)
{
    if (maker->position != taker->position || taker->stp == BTX_STP_NONE)
        return false;
    struct order *cancelled = taker->stp == BTX_STP_CANCEL_TAKER ? taker : maker;
    btx_emit_order_cancelled(run, cancelled, cancelled->remaining, BTX_CAUSE_SELF_TRADE, 0);
    return true;
}

void btx_meet_direct(struct run *run, struct order *taker, struct order *maker)
{
    if (!btx_prevent_self_trade(run, taker, maker))
        emit_trade(run, taker, maker);
}

bool btx_match_taker(struct run *run)
{
    struct btx_core *core = run->core;
    while (core->work.taker != NO_SLOT) {
        struct order *taker = &core->order[core->work.taker];
        const struct runner *runner = &core->runner[taker->runner];
        const struct market *market = &core->market[runner->market];
        if (market->implied)
            return btx_implied_match_taker(run);
        struct order *maker = next_maker(core, runner, market->kind, taker);
        if (maker == NULL)
            return btx_cancel_rest(run, taker);
        if (run->tx->full)
            return false;
        btx_meet_direct(run, taker, maker);
    }
    return true;
}
