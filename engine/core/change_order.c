/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "engine/core/book.h"
#include "engine/core/change.h"
#include "engine/core/due.h"
#include "engine/core/entities.h"
#include "engine/core/risk.h"
#include "engine/core/stakes.h"

/* The ref of @event, an OrderAccepted or an OrderHeld, which has it farther behind. */
static void keep_ref(struct btx_core *core, struct order *order,
                     const struct btx_order_accepted *event)
{
    struct order_ref *ref = &core->order_ref[slot_of_order(core, order)];
    const char *text = event->record.type == BTX_EVENT_ORDER_HELD
                           ? btx_order_held_ref((const void *)event)
                           : btx_order_accepted_ref(event);
    order->has_ref = true;
    ref->length = event->ref_length;
    memcpy(ref->text, text, event->ref_length);
}

/* W' and X' of its position move by what @size of @order, unmatched, takes away. */
BTX_ALWAYS_INLINE void take_unmatched(struct btx_core *core, const struct order *order,
                                      int64_t size)
{
    struct position *position = &core->position[order->position];
    const uint8_t kind = core->market[position->market].kind;
    risk_shift(core, position, core->runner[order->runner].index,
               risk_unmatched(kind, order->side, order->price, size));
}

/* And back, when it is cancelled; on a removed runner there is nothing to give back. */
BTX_ALWAYS_INLINE void give_back_unmatched(struct btx_core *core, const struct order *order,
                                           int64_t size)
{
    struct position *position = &core->position[order->position];
    const struct runner *runner = &core->runner[order->runner];
    const uint8_t kind = core->market[position->market].kind;
    if (!runner->removed)
        risk_shift(core, position, runner->index,
                   risk_negated(risk_unmatched(kind, order->side, order->price, size)));
}

void btx_change_order_accepted(struct btx_core *core, const struct btx_order_accepted *event,
                               struct account *account, struct runner *runner,
                               struct position *position, uint32_t price_index)
{
    if (position == NULL)
        position = btx_make_position(core, slot_of_account(core, account), runner->market);
    struct order *order = btx_make_order(core, event->order, position, event->side);
    order->runner = slot_of_runner(core, runner);
    order->remaining = event->size;
    order->price = event->price;
    order->price_index = price_index;
    order->persistence = event->persistence;
    order->stp = event->stp;
    order->tif = event->tif;
    if (event->present & BTX_ORDER_ACCEPTED_HAS_REF)
        keep_ref(core, order, event);
    if (event->expires != 0)
        btx_due_add(core, order, (struct order_moment){.expires = event->expires});
    take_unmatched(core, order, event->size);
    change_consumed(account, event->cseq, 0);
    core->next_order = event->order + 1;
    core->work.taker = slot_of_order(core, order);
}

void btx_change_order_held(struct btx_core *core, const struct btx_order_held *event,
                           struct account *account, struct runner *runner,
                           struct position *position, uint32_t price_index)
{
    /* As one that is accepted, but that it waits, and is no taker. */
    btx_change_order_accepted(core, (const void *)event, account, runner, position, price_index);
    struct order *order = &core->order[core->work.taker];
    core->work.taker = NO_SLOT;
    if (order->due_place != 0)
        btx_due_remove(core, order);
    order->held = true;
    order->post_only = event->post_only;
    btx_due_add(core, order,
                (struct order_moment){
                    .expires = event->expires, .until = event->until, .min_fill = event->min_fill});
    btx_risk_refresh(core, &core->position[order->position]);
}

void btx_change_order_released(struct btx_core *core, struct order *order)
{
    btx_due_release(core, order);
    core->work.taker = slot_of_order(core, order);
}

static void reduce_held(struct btx_core *core, struct order *order, int64_t size)
{
    struct order_moment *moment = moment_of_order(core, order);
    order->remaining -= size;
    if (moment->min_fill > order->remaining)
        moment->min_fill = order->remaining;
}

/* The order is gone: its position has a new reserve, or is gone too. */
static void order_left(struct btx_core *core, struct order *order)
{
    struct position *position = &core->position[order->position];
    if (core->work.taker == slot_of_order(core, order))
        core->work.taker = NO_SLOT;
    btx_unmake_order(core, order);
    btx_risk_refresh(core, position);
    btx_unmake_position_if_flat(core, position);
}

/* One side of a trade: what was unmatched at the order's price is matched at the trade's. */
static void shift_matched(struct btx_core *core, const struct order *order, struct fill fill,
                          int64_t size)
{
    struct position *position = &core->position[order->position];
    const uint8_t kind = core->market[position->market].kind;
    const struct shift matched = risk_matched(order->side, fill);
    const struct shift unmatched = risk_unmatched(kind, order->side, order->price, size);
    risk_shift(core, position, core->runner[order->runner].index,
               risk_sum(matched, risk_negated(unmatched)));
}

/* The same for what the position keeps by price, where factors may come. */
static void keep_stake(struct btx_core *core, const struct order *order, uint32_t price,
                       int64_t size)
{
    btx_stake_add(core, &core->position[order->position], core->runner[order->runner].index, price,
                  order->side == BTX_SIDE_BACK ? size : -(btx_i128)size);
}

/* Both sides of a match have what is left of them. */
static void leave_remaining(struct btx_core *core, struct order *taker, int64_t taker_remaining,
                            struct order *maker, int64_t maker_remaining)
{
    taker->remaining = taker_remaining;
    if (maker_remaining == 0) {
        btx_book_remove(core, maker);
        order_left(core, maker);
    } else {
        btx_book_reduce(core, maker, maker->remaining - maker_remaining);
        btx_risk_refresh(core, &core->position[maker->position]);
    }
    if (taker_remaining == 0)
        order_left(core, taker);
}

void btx_change_trade_matched(struct btx_core *core, const struct btx_trade_matched *event,
                              struct order *taker, struct order *maker)
{
    const struct market *market = &core->market[core->runner[maker->runner].market];
    const struct fill fill = ladder_fill(market->kind, event->price, event->size);
    shift_matched(core, maker, fill, event->size);
    shift_matched(core, taker, fill, event->size);
    if (market->reductions) {
        keep_stake(core, maker, event->price, event->size);
        keep_stake(core, taker, event->price, event->size);
    }
    leave_remaining(core, taker, event->taker_remaining, maker, event->maker_remaining);
}

void btx_change_implied_matched(struct btx_core *core, const struct btx_implied_matched *event,
                                struct order *taker, struct order *maker)
{
    /* What one stakes the other may win. */
    const struct fill made = {.win = event->size, .lose = event->maker_size};
    const struct fill taken = {.win = event->maker_size, .lose = event->size};
    shift_matched(core, maker, made, event->maker_size);
    shift_matched(core, taker, taken, event->size);
    leave_remaining(core, taker, event->taker_remaining, maker, event->maker_remaining);
}

void btx_change_order_cancelled(struct btx_core *core, const struct btx_order_cancelled *event,
                                struct order *order)
{
    struct position *position = &core->position[order->position];
    change_consumed(&core->account[position->account], event->cseq, 0);
    give_back_unmatched(core, order, event->cancelled);
    if (event->remaining != 0) {
        if (order->held)
            reduce_held(core, order, event->cancelled);
        else
            btx_book_reduce(core, order, event->cancelled);
        btx_risk_refresh(core, position);
        return;
    }
    if (order->resting)
        btx_book_remove(core, order);
    order_left(core, order);
}

void btx_change_order_updated(struct btx_core *core, const struct btx_order_updated *event,
                              struct order *order)
{
    order->persistence = event->persistence;
    change_consumed(&core->account[core->position[order->position].account], event->cseq, 0);
}

void btx_change_orders_cancelled(struct btx_core *core,
                                 const struct btx_order_cancelled_batched *event)
{
    const uint64_t *ids = btx_order_cancelled_batched_orders(event);
    for (uint32_t i = 0; i < event->orders_count; i++) {
        struct order *order = btx_find_order(core, ids[i]);
        CHECK(order != NULL);
        struct position *position = &core->position[order->position];
        change_consumed(&core->account[position->account], event->cseq, 0);
        give_back_unmatched(core, order, order->remaining);
        if (order->resting)
            btx_book_remove(core, order);
        order_left(core, order);
    }
}
