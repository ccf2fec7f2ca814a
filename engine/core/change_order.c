/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "engine/core/book.h"
#include "engine/core/change.h"
#include "engine/core/entities.h"
#include "engine/core/risk.h"

/* W' and X' of @position move by what @size of @order, unmatched, takes away; or gives back. */
static void shift_unmatched(struct btx_core *core, const struct order *order, int64_t size,
                            bool gives_back)
{
    struct position *position = &core->position[order->position];
    const struct shift shift =
        risk_unmatched(core->market[position->market].kind, order->side, order->price, size);
    btx_risk_shift(core, position, core->runner[order->runner].index,
                   gives_back ? risk_negated(shift) : shift);
}

static void keep_ref(struct btx_core *core, struct order *order,
                     const struct btx_order_accepted *event)
{
    struct order_ref *ref = &core->order_ref[slot_of_order(core, order)];
    order->has_ref = true;
    ref->length = event->ref_length;
    memcpy(ref->text, btx_order_accepted_ref(event), event->ref_length);
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
    shift_unmatched(core, order, event->size, false);
    change_consumed(account, event->cseq, 0);
    core->next_order = event->order + 1;
    core->work.taker = slot_of_order(core, order);
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
    btx_risk_shift(core, position, core->runner[order->runner].index,
                   risk_sum(matched, risk_negated(unmatched)));
}

void btx_change_trade_matched(struct btx_core *core, const struct btx_trade_matched *event,
                              struct order *taker, struct order *maker)
{
    const uint8_t kind = core->market[core->runner[maker->runner].market].kind;
    const struct fill fill = ladder_fill(kind, event->price, event->size);
    shift_matched(core, maker, fill, event->size);
    shift_matched(core, taker, fill, event->size);
    taker->remaining = event->taker_remaining;
    if (event->maker_remaining == 0) {
        btx_book_remove(core, maker);
        order_left(core, maker);
    } else {
        btx_book_reduce(core, maker, event->size);
        btx_risk_refresh(core, &core->position[maker->position]);
    }
    if (event->taker_remaining == 0)
        order_left(core, taker);
}

void btx_change_order_cancelled(struct btx_core *core, const struct btx_order_cancelled *event,
                                struct order *order)
{
    struct position *position = &core->position[order->position];
    change_consumed(&core->account[position->account], event->cseq, 0);
    shift_unmatched(core, order, event->cancelled, true);
    if (event->remaining != 0) {
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
        shift_unmatched(core, order, order->remaining, true);
        if (order->resting)
            btx_book_remove(core, order);
        order_left(core, order);
    }
}
