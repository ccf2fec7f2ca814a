/* SPDX-License-Identifier: Apache-2.0 */
/* model_due.c - rules-2.md 4 and 5: what time alone does to orders. */
#include <string.h>

#include "engine/base/check.h"
#include "tests/property/model.h"
#include "tests/property/model_parts.h"

static bool expires_next(const struct btx_model_order *order)
{
    return order->expires != 0 && (!order->held || order->expires <= order->until);
}

/* When something happens to @order; 0: never. */
static uint64_t moment_of(const struct btx_model_order *order)
{
    return expires_next(order) ? order->expires : order->held ? order->until : 0;
}

/* The order to which something happens first; of one moment the one with the smallest id, which is
 * the first in the list. */
static size_t first_due(const struct btx_model *model)
{
    size_t first = BTX_MODEL_NONE;

    for (size_t i = 0; i < model->order_count; i++) {
        const uint64_t moment = moment_of(&model->orders[i]);

        if (moment != 0 && moment <= model->time_ns &&
            (first == BTX_MODEL_NONE || moment < moment_of(&model->orders[first])))
            first = i;
    }
    return first;
}

/* Why a held order is not released; BTX_CAUSE_COUNT: it is. */
static int cause_against(const struct btx_model *model, const struct btx_model_market *market,
                         const struct btx_model_order *order)
{
    const int64_t wanted = order->min_fill != 0 ? order->min_fill : order->remaining;
    bool passed[1] = {false};
    struct btx_model alone = *model;

    if (market->status != BTX_MODEL_OPEN)
        return BTX_CAUSE_MARKET_SUSPENDED;
    if (order->post_only) {
        for (size_t i = 0; i < model->order_count; i++) {
            /* Each for itself: does it cross, whatever the others do? */
            alone.orders = &model->orders[i];
            alone.order_count = 1;
            if (btx_model_next_meeting(&alone, market, order, passed).index != BTX_MODEL_NONE)
                return BTX_CAUSE_WOULD_MATCH;
        }
    }
    if (order->tif == BTX_TIF_FOK &&
        btx_model_fillable(model, market, order, order->remaining) < wanted)
        return BTX_CAUSE_FOK;
    return BTX_CAUSE_COUNT;
}

static void do_one(struct btx_model *model, size_t index)
{
    struct btx_model_order order = model->orders[index];
    struct btx_model_market *market = &model->markets[btx_model_find_market(model, order.market)];
    const int cause =
        expires_next(&order) ? BTX_CAUSE_EXPIRED : cause_against(model, market, &order);
    struct btx_order_released *event;

    btx_model_remove_order(model, index);
    if (cause != BTX_CAUSE_COUNT) {
        btx_model_emit_cancelled(model, &order, order.remaining, (enum btx_cause)cause);
        return;
    }
    event = btx_model_emit(model, BTX_EVENT_ORDER_RELEASED, 0);
    event->order = order.order;
    event->account = order.account;
    event->market = order.market;
    order.held = false;
    order.until = 0;
    order.min_fill = 0;
    btx_model_work(model, market, &order);
}

void btx_model_do_due(struct btx_model *model)
{
    union {
        struct btx_command command;
        uint8_t bytes[64];
    } tick = {.bytes = {0}};

    tick.command.record.length_units = 1;
    tick.command.record.kind_flags = BTX_RECORD_COMMAND;
    tick.command.record.type = BTX_COMMAND_TICK;
    while (first_due(model) != BTX_MODEL_NONE) {
        btx_model_begin_part(model, &tick.command);
        do_one(model, first_due(model));
        btx_model_end_part(model);
    }
}
