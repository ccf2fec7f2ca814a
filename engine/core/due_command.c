/* SPDX-License-Identifier: Apache-2.0 */
/* due_command.c - what happens to an order by time alone (rules-2.md 4 and 5). */
#include "engine/core/commands.h"
#include "engine/core/due.h"
#include "engine/core/matching.h"

/* The causes for which a held order is cancelled instead of released; CAUSE_COUNT: none. */
static enum btx_cause judge_release(const struct btx_core *core, const struct order *order)
{
    const struct taking taking = btx_taking_of(core, order);
    const int64_t min_fill = core->order_moment[slot_of_order(core, order)].min_fill;
    if (taking.market->status != BTX_MARKET_OPEN)
        return BTX_CAUSE_MARKET_SUSPENDED;
    if (order->post_only && btx_would_match(core, &taking))
        return BTX_CAUSE_WOULD_MATCH;
    if (order->tif == BTX_TIF_FOK && !btx_is_fillable(core, &taking, order->remaining,
                                                      min_fill != 0 ? min_fill : order->remaining))
        return BTX_CAUSE_FOK;
    return (enum btx_cause)BTX_CAUSE_COUNT;
}

static void emit_released(struct run *run, struct order *order)
{
    const struct btx_core *core = run->core;
    const struct position *position = &core->position[order->position];
    struct btx_order_released *event = tx_event(run, BTX_EVENT_ORDER_RELEASED, sizeof *event, 0);
    event->order = order->id;
    event->account = core->account[position->account].id;
    event->market = core->market[position->market].id;
    btx_change_order_released(run->core, order);
}

BTX_NOINLINE bool btx_execute_due(struct run *run)
{
    struct btx_core *core = run->core;
    if (run->resumed)
        return btx_match_taker(run);
    struct order *order = due_first(core);
    const enum btx_cause cause =
        btx_due_is_expiry(core, order) ? BTX_CAUSE_EXPIRED : judge_release(core, order);
    if (cause != (enum btx_cause)BTX_CAUSE_COUNT) {
        btx_emit_order_cancelled(run, order, order->remaining, cause, 0);
        return true;
    }
    emit_released(run, order);
    return btx_match_taker(run);
}
