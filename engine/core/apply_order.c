/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/core/apply.h"
#include "engine/core/book.h"
#include "engine/core/change.h"
#include "engine/core/entities.h"
#include "engine/core/implied.h"
#include "engine/core/ladder.h"
#include "engine/core/matching.h"
#include "engine/core/resume.h"
#include "engine/core/stakes.h"

static uint64_t account_id_of(const struct btx_core *core, const struct order *order)
{
    return core->account[core->position[order->position].account].id;
}

static uint64_t market_id_of(const struct btx_core *core, const struct order *order)
{
    return core->market[core->position[order->position].market].id;
}

static const char *accepted_has_room(const struct btx_core *core,
                                     const struct btx_order_accepted *event,
                                     const struct market *market, const struct position *position)
{
    if (core->orders.used == core->orders.capacity ||
        (position == NULL && core->positions.used == core->positions.capacity) ||
        (market->reductions && !stakes_have_room(core)))
        return "OrderAccepted or OrderHeld: more orders, positions or stakes than the capacity";
    if (event->order != core->next_order || event->order >= order_id_end(core->shard) ||
        btx_resume_in_work(core))
        return "OrderAccepted or OrderHeld: not the next order, or another command is under way";
    return NULL;
}

/* What an OrderAccepted or OrderHeld names. */
struct accepted {
    struct account *account;
    struct market *market;
    struct runner *runner;
    struct position *position; /* NULL: none yet. */
    uint32_t price_index;
};

/* Find what @event, an OrderAccepted or the same part of an OrderHeld, names, and check it. */
static const char *find_accepted(struct btx_core *core, const struct btx_order_accepted *event,
                                 struct accepted *ret_found)
{
    struct account *account = btx_find_account(core, event->account);
    struct market *market = btx_find_market(core, event->market);
    if (account == NULL || account->frozen || market == NULL || market->status != BTX_MARKET_OPEN)
        return "OrderAccepted or OrderHeld: no such account, or frozen, or no such open market";
    const uint32_t market_slot = slot_of_market(core, market);
    struct runner *runner = btx_find_runner(core, market_slot, event->runner);
    if (runner == NULL || runner->removed ||
        !btx_ladder_index(market, event->price, &ret_found->price_index) || event->size <= 0 ||
        event->size % ladder_size_step(market->kind) != 0)
        return "OrderAccepted or OrderHeld: no such runner or price, or not a whole size";
    if (event->cseq != 0 && event->cseq <= account->cseq)
        return "OrderAccepted or OrderHeld: cseq was consumed before";
    if (event->expires != 0 &&
        (event->tif != BTX_TIF_GTC || event->expires <= event->record.time_ns))
        return "OrderAccepted or OrderHeld: it expires at once, or cannot";
    ret_found->account = account;
    ret_found->market = market;
    ret_found->runner = runner;
    ret_found->position = btx_find_position(core, slot_of_account(core, account), market_slot);
    return accepted_has_room(core, event, market, ret_found->position);
}

const char *btx_apply_order_accepted(struct btx_core *core, const struct btx_order_accepted *event)
{
    struct accepted found;
    const char *wrong = find_accepted(core, event, &found);
    if (wrong == NULL)
        btx_change_order_accepted(core, event, found.account, found.runner, found.position,
                                  found.price_index);
    return wrong;
}

const char *btx_apply_order_held(struct btx_core *core, const struct btx_order_held *event)
{
    struct accepted found;
    const char *wrong = find_accepted(core, (const void *)event, &found);
    if (wrong != NULL)
        return wrong;
    if (!found.market->in_play || event->until <= event->record.time_ns ||
        (event->post_only && event->tif != BTX_TIF_GTC) ||
        event->min_fill % ladder_size_step(found.market->kind) != 0)
        return "OrderHeld: not in play, or released at once, or its fields do not agree";
    btx_change_order_held(core, event, found.account, found.runner, found.position,
                          found.price_index);
    return NULL;
}

const char *btx_apply_order_released(struct btx_core *core, const struct btx_order_released *event)
{
    struct order *order = btx_find_order(core, event->order);
    if (order == NULL || !order->held || event->account != account_id_of(core, order) ||
        event->market != market_id_of(core, order))
        return "OrderReleased: no such held order, or not its names";
    if (core->market[core->position[order->position].market].status != BTX_MARKET_OPEN ||
        core->runner[order->runner].removed || btx_resume_in_work(core))
        return "OrderReleased: its market is not open, its runner removed, or another command is "
               "under way";
    btx_change_order_released(core, order);
    return NULL;
}

const char *btx_apply_trade_matched(struct btx_core *core, const struct btx_trade_matched *event)
{
    struct order *taker = btx_find_order(core, event->taker);
    struct order *maker = btx_find_order(core, event->maker);
    if (taker == NULL || maker == NULL || slot_of_order(core, taker) != core->work.taker ||
        !maker->resting || maker->runner != taker->runner || maker->side == taker->side)
        return "TradeMatched: the orders cannot meet";
    const struct market *market = &core->market[core->position[taker->position].market];
    if (event->market != market->id || event->runner != core->runner[taker->runner].id ||
        event->taker_account != account_id_of(core, taker) ||
        event->maker_account != account_id_of(core, maker) || event->taker_side != taker->side ||
        event->price != maker->price ||
        !price_crosses(market->kind, maker->side, maker->price_index, taker->price_index))
        return "TradeMatched: names, sides or price are not the orders'";
    if (event->size <= 0 || event->size % ladder_size_step(market->kind) != 0 ||
        event->size > taker->remaining || event->size > maker->remaining ||
        event->taker_remaining != taker->remaining - event->size ||
        event->maker_remaining != maker->remaining - event->size)
        return "TradeMatched: the sizes are not the orders'";
    btx_change_trade_matched(core, event, taker, maker);
    return NULL;
}

const char *btx_apply_implied_matched(struct btx_core *core,
                                      const struct btx_implied_matched *event)
{
    struct order *taker = btx_find_order(core, event->taker);
    struct order *maker = btx_find_order(core, event->maker);
    if (taker == NULL || maker == NULL || slot_of_order(core, taker) != core->work.taker ||
        !maker->resting || maker->runner == taker->runner || maker->side != taker->side ||
        core->position[taker->position].market != core->position[maker->position].market ||
        !core->market[core->position[taker->position].market].implied)
        return "ImpliedMatched: the orders cannot meet";
    if (event->market != market_id_of(core, taker) ||
        event->runner != core->runner[taker->runner].id ||
        event->maker_runner != core->runner[maker->runner].id ||
        event->taker_account != account_id_of(core, taker) ||
        event->maker_account != account_id_of(core, maker) || event->taker_side != taker->side ||
        event->maker_price != maker->price ||
        !btx_implied_crosses(taker->side, taker->price, maker->price))
        return "ImpliedMatched: names, sides or price are not the orders'";
    const struct implied_amounts amounts =
        btx_implied_amounts(maker->price, taker->remaining, maker->remaining);
    if (event->size != amounts.taker || event->maker_size != amounts.maker ||
        event->taker_remaining != taker->remaining - amounts.taker ||
        event->maker_remaining != maker->remaining - amounts.maker)
        return "ImpliedMatched: the sizes are not those that the orders give";
    btx_change_implied_matched(core, event, taker, maker);
    return NULL;
}

const char *btx_apply_order_cancelled(struct btx_core *core,
                                      const struct btx_order_cancelled *event)
{
    struct order *order = btx_find_order(core, event->order);
    if (order == NULL || event->account != account_id_of(core, order) ||
        event->market != market_id_of(core, order) ||
        event->runner != core->runner[order->runner].id || event->side != order->side)
        return "OrderCancelled: no such order, or not its names";
    const uint8_t kind = core->market[core->position[order->position].market].kind;
    if (event->cancelled <= 0 || event->cancelled > order->remaining ||
        event->cancelled % ladder_size_step(kind) != 0 ||
        event->remaining != order->remaining - event->cancelled ||
        (event->remaining != 0 && !order->resting && !order->held))
        return "OrderCancelled: the sizes are not the order's";
    const struct account *account = &core->account[core->position[order->position].account];
    if (event->cseq != 0 && event->cseq <= account->cseq)
        return "OrderCancelled: cseq was consumed before";
    btx_change_order_cancelled(core, event, order);
    return NULL;
}

const char *btx_apply_order_updated(struct btx_core *core, const struct btx_order_updated *event)
{
    struct order *order = btx_find_order(core, event->order);
    if (order == NULL || event->account != account_id_of(core, order) ||
        event->market != market_id_of(core, order) ||
        event->runner != core->runner[order->runner].id)
        return "OrderUpdated: no such order, or not its names";
    const struct account *account = &core->account[core->position[order->position].account];
    if (event->cseq != 0 && event->cseq <= account->cseq)
        return "OrderUpdated: cseq was consumed before";
    btx_change_order_updated(core, event, order);
    return NULL;
}

const char *btx_apply_orders_cancelled(struct btx_core *core,
                                       const struct btx_order_cancelled_batched *event)
{
    /* Ids ascend, so that none of them is there twice. */
    const uint64_t *ids = btx_order_cancelled_batched_orders(event);
    for (uint32_t i = 0; i < event->orders_count; i++) {
        const struct order *order = btx_find_order(core, ids[i]);
        if (order == NULL || market_id_of(core, order) != event->market)
            return "OrderCancelledBatched: no such order in the market";
        if (event->cseq != 0 &&
            (account_id_of(core, order) != account_id_of(core, btx_find_order(core, ids[0])) ||
             event->cseq < core->account[core->position[order->position].account].cseq))
            return "OrderCancelledBatched: cseq was consumed before, or of several accounts";
    }
    btx_change_orders_cancelled(core, event);
    return NULL;
}

const char *btx_apply_may_end(struct btx_core *core)
{
    if (core->work.settling != NO_SLOT)
        return "command: it ended in the middle of a settlement";
    if (core->work.voiding != NO_SLOT) {
        const struct market *market = &core->market[core->work.voiding];
        return market->live[BTX_SIDE_BACK] + market->live[BTX_SIDE_LAY] == 0
                   ? NULL
                   : "command: it ended before all orders of the voided market were cancelled";
    }
    if (core->work.taker == NO_SLOT)
        return NULL;
    return btx_taker_has_more(core) ? "command: it ended with a taker that cannot rest" : NULL;
}
