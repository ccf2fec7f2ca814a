/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c - held orders, due things and cancels, by events alone; watch_walk.c has the walks. */
#include "tests/property/watch.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "tests/property/watch_parts.h"

#define MS_NS UINT64_C(1000000)

void btx_watch_init(struct btx_watch *watch, uint64_t first_order, uint64_t *met)
{
    memset(watch, 0, sizeof *watch);
    watch->first_order = first_order;
    watch->met = met;
}

void btx_watch_done(struct btx_watch *watch)
{
    free(watch->orders);
    free(watch->markets);
    free(watch->timed);
    memset(watch, 0, sizeof *watch);
}

static void *grow(void *array, size_t count, size_t *room, size_t element_bytes)
{
    void *grown = array;

    if (count == *room) {
        *room = *room == 0 ? 64 : *room * 2;
        grown = realloc(array, *room * element_bytes);
        CHECK(grown != NULL);
    }
    return grown;
}

struct btx_watch_order *btx_watch_find_live(const struct btx_watch *watch, uint64_t order)
{
    const uint64_t index = order - watch->first_order;

    return index < watch->order_count && watch->orders[index].is_live ? &watch->orders[index]
                                                                      : NULL;
}

struct btx_watch_market *btx_watch_find_market(const struct btx_watch *watch, uint64_t market)
{
    for (size_t i = 0; i < watch->market_count; i++) {
        if (watch->markets[i].market == market)
            return &watch->markets[i];
    }
    return NULL;
}

/* When something happens to a live order; 0: never. */
static uint64_t moment_of(const struct btx_watch_order *order)
{
    if (!order->is_held || (order->expires != 0 && order->expires < order->until))
        return order->expires;
    return order->until;
}

/* Whether something that is due at @now was left undone; the dead are forgotten on the way. */
static bool is_overdue(struct btx_watch *watch, uint64_t now)
{
    bool overdue = false;
    size_t kept = 0;

    for (size_t i = 0; i < watch->timed_count; i++) {
        const struct btx_watch_order *order = btx_watch_find_live(watch, watch->timed[i]);

        if (order == NULL || moment_of(order) == 0)
            continue;
        overdue = overdue || moment_of(order) <= now;
        watch->timed[kept++] = watch->timed[i];
    }
    watch->timed_count = kept;
    return overdue;
}

/* Whether an order lives that a RunnerRemoved should have ended. */
static bool is_left_over(const struct btx_watch *watch)
{
    for (size_t i = 0; i < watch->order_count; i++) {
        const struct btx_watch_order *order = &watch->orders[i];

        if (order->is_live && order->market == watch->removed_market &&
            (watch->removed_all || order->runner == watch->removed_runner))
            return true;
    }
    return false;
}

static const char *see_command(struct btx_watch *watch, const struct btx_record *record)
{
    const bool left_over = watch->removed_market != 0 && is_left_over(watch);

    watch->taker = 0;
    watch->replaced = 0;
    watch->removed_market = 0;
    /* A Tick makes no events: one with events is the core's own, before a thing due. */
    watch->is_due = record->type == BTX_COMMAND_TICK;
    watch->due_begins = watch->is_due;
    if (left_over)
        return "an order survived the removal of its runner";
    if (watch->is_due)
        return NULL;
    watch->met[BTX_WATCH_DUE_SEVERAL] += watch->due_count > 1;
    watch->due_count = 0;
    return is_overdue(watch, record->time_ns) ? "something that is due was left undone" : NULL;
}

/* The thing due happens to @order at @moment: after the one before it, and not before its time. */
static const char *see_due(struct btx_watch *watch, const struct btx_record *record, uint64_t id,
                           uint64_t moment, bool expires)
{
    const bool is_first = watch->due_count == 0;

    if (!watch->due_begins)
        return "due, but not as a command of its own";
    watch->due_begins = false;
    if (moment == 0 || moment > record->time_ns)
        return "it was not due yet";
    if (!is_first &&
        (moment < watch->due_moment || (moment == watch->due_moment && id <= watch->due_order)))
        return "things due are not in the order of their moments, or of their ids";
    watch->met[BTX_WATCH_DUE_TOGETHER] += !is_first && moment == watch->due_moment;
    watch->met[BTX_WATCH_DUE_BOTH_KINDS] += !is_first && expires != watch->due_expired;
    watch->due_count++;
    watch->due_moment = moment;
    watch->due_order = id;
    watch->due_expired = expires;
    return NULL;
}

/* Where the events begin of one command that is no thing due. */
static const char *see_new(struct btx_watch *watch, uint64_t id,
                           const struct btx_watch_order *order)
{
    const struct btx_watch_market *market = btx_watch_find_market(watch, order->market);
    const struct btx_watch_order *replaced = NULL;

    if (id != watch->first_order + watch->order_count)
        return "ids do not count up";
    if (market == NULL)
        return "an order in an unknown market";
    if (order->is_held != (market->in_play && market->bet_delay > 0))
        return "held without a delay, or accepted in spite of one";
    if (watch->replaced != 0)
        replaced = &watch->orders[watch->replaced - watch->first_order];
    if (replaced != NULL &&
        (replaced->market != order->market || replaced->runner != order->runner ||
         replaced->side != order->side || replaced->expires != order->expires ||
         replaced->account != order->account || order->tif != BTX_TIF_GTC))
        return "a ReplaceOrder kept less, or more, than it should";
    if (replaced != NULL && replaced->is_held)
        watch->met[order->is_held ? BTX_WATCH_HELD_REPLACED_HELD
                                  : BTX_WATCH_HELD_REPLACED_ACCEPTED]++;
    watch->orders =
        grow(watch->orders, watch->order_count, &watch->order_room, sizeof *watch->orders);
    watch->orders[watch->order_count] = *order;
    watch->orders[watch->order_count].is_live = true;
    watch->orders[watch->order_count++].place = ++watch->place_count;
    if (order->is_held || order->expires != 0) {
        watch->timed =
            grow(watch->timed, watch->timed_count, &watch->timed_room, sizeof *watch->timed);
        watch->timed[watch->timed_count++] = id;
    }
    watch->replaced = 0;
    btx_watch_begin_walk(watch, order->is_held ? 0 : id, false);
    return NULL;
}

static const char *see_accepted(struct btx_watch *watch, const struct btx_order_accepted *event)
{
    const struct btx_watch_order order = {
        .account = event->account,
        .market = event->market,
        .runner = event->runner,
        .expires = event->expires,
        .remaining = event->size,
        .price = event->price,
        .side = event->side,
        .tif = event->tif,
    };

    return see_new(watch, event->order, &order);
}

static const char *see_held(struct btx_watch *watch, const struct btx_order_held *event)
{
    const struct btx_watch_market *market = btx_watch_find_market(watch, event->market);
    const struct btx_watch_order order = {
        .account = event->account,
        .market = event->market,
        .runner = event->runner,
        .expires = event->expires,
        .until = event->until,
        .held_at = event->record.time_ns,
        .remaining = event->size,
        .min_fill = event->min_fill,
        .price = event->price,
        .side = event->side,
        .tif = event->tif,
        .is_held = true,
        .was_held = true,
    };

    if (market != NULL && event->until != event->record.time_ns + market->bet_delay * MS_NS)
        return "until: not the time and the market's delay";
    return see_new(watch, event->order, &order);
}

static const char *see_released(struct btx_watch *watch, const struct btx_order_released *event)
{
    struct btx_watch_order *order = btx_watch_find_live(watch, event->order);
    const struct btx_watch_market *market = btx_watch_find_market(watch, event->market);

    if (order == NULL || !order->is_held || market == NULL || order->market != event->market)
        return "released, but not held";
    order->is_held = false;
    order->place = ++watch->place_count;
    watch->met[BTX_WATCH_RELEASED_LATER] +=
        order->until - order->held_at != market->bet_delay * MS_NS;
    btx_watch_begin_walk(watch, event->order, true);
    if (order->expires != 0 && order->expires <= order->until)
        return "released, but it expires first";
    return see_due(watch, &event->record, event->order, order->until, false);
}

static const char *see_cancelled(struct btx_watch *watch, const struct btx_order_cancelled *event)
{
    struct btx_watch_order *order = btx_watch_find_live(watch, event->order);
    const bool is_taker = event->order == watch->taker;

    if (order == NULL || order->remaining != event->cancelled + event->remaining)
        return "cancelled what there is not";
    order->remaining = event->remaining;
    order->is_live = event->remaining > 0;
    if (event->cause == BTX_CAUSE_REPLACED)
        watch->replaced = event->order;
    if (event->cause == BTX_CAUSE_SELF_TRADE && !is_taker)
        return btx_watch_see_self_trade(watch, order);
    watch->met[BTX_WATCH_HELD_FOK_REDUCED] +=
        order->is_held && order->is_live && order->min_fill > order->remaining;
    if (!watch->is_due || is_taker)
        return NULL;
    watch->met[BTX_WATCH_HELD_EXPIRED] += event->cause == BTX_CAUSE_EXPIRED && order->is_held;
    watch->met[BTX_WATCH_RELEASED_EXPIRED] +=
        event->cause == BTX_CAUSE_EXPIRED && order->was_held && !order->is_held;
    if (event->cause == BTX_CAUSE_EXPIRED) {
        watch->met[BTX_WATCH_HELD_EXPIRED_TOGETHER] +=
            order->is_held && order->expires == order->until;
        return see_due(watch, &event->record, event->order,
                       moment_of(order) == order->expires ? order->expires : 0, true);
    }
    return see_due(watch, &event->record, event->order,
                   order->is_held && moment_of(order) != order->expires ? order->until : 0, false);
}

static const char *see_batched(struct btx_watch *watch,
                               const struct btx_order_cancelled_batched *event)
{
    const uint64_t *ids = btx_order_cancelled_batched_orders(event);

    for (size_t i = 0; i < event->orders_count; i++) {
        struct btx_watch_order *order = btx_watch_find_live(watch, ids[i]);

        if (order == NULL || order->market != event->market)
            return "a batch cancels what there is not";
        watch->met[BTX_WATCH_HELD_BATCHED] += order->is_held;
        order->is_live = false;
    }
    return NULL;
}

static void see_opened(struct btx_watch *watch, const struct btx_market_opened *event)
{
    struct btx_watch_market *market = btx_watch_find_market(watch, event->market);

    if (market == NULL) {
        watch->markets =
            grow(watch->markets, watch->market_count, &watch->market_room, sizeof *market);
        market = &watch->markets[watch->market_count++];
    }
    *market = (struct btx_watch_market){
        .market = event->market,
        .bet_delay = event->bet_delay,
        .kind = event->kind,
        .implied = event->implied != 0,
    };
}

static const char *see_event(struct btx_watch *watch, const struct btx_record *record)
{
    const void *body = record;
    const struct btx_watch_order *order;

    switch (record->type) {
    case BTX_EVENT_MARKET_OPENED:
        see_opened(watch, body);
        return NULL;
    case BTX_EVENT_MARKET_TURNED_IN_PLAY:
        btx_watch_find_market(watch, ((const struct btx_market_event *)body)->market)->in_play =
            true;
        return NULL;
    case BTX_EVENT_BET_DELAY_SET:
        btx_watch_find_market(watch, ((const struct btx_bet_delay_set *)body)->market)->bet_delay =
            ((const struct btx_bet_delay_set *)body)->bet_delay;
        return NULL;
    case BTX_EVENT_ORDER_ACCEPTED:
        return see_accepted(watch, body);
    case BTX_EVENT_ORDER_HELD:
        return see_held(watch, body);
    case BTX_EVENT_ORDER_RELEASED:
        return see_released(watch, body);
    case BTX_EVENT_ORDER_CANCELLED:
        return see_cancelled(watch, body);
    case BTX_EVENT_ORDER_CANCELLED_BATCHED:
        return see_batched(watch, body);
    case BTX_EVENT_ORDER_UPDATED:
        order = btx_watch_find_live(watch, ((const struct btx_order_updated *)body)->order);
        watch->met[BTX_WATCH_HELD_UPDATED] += order != NULL && order->is_held;
        return order == NULL ? "updated what there is not" : NULL;
    case BTX_EVENT_TRADE_MATCHED:
        return btx_watch_see_trade(watch, body);
    case BTX_EVENT_IMPLIED_MATCHED:
        return btx_watch_see_implied(watch, body);
    case BTX_EVENT_RUNNER_REMOVED:
        watch->removed_market = ((const struct btx_runner_removed *)body)->market;
        watch->removed_runner = ((const struct btx_runner_removed *)body)->runner;
        watch->removed_all = ((const struct btx_runner_removed *)body)->factor > 0;
        return NULL;
    default:
        return NULL;
    }
}

const char *btx_watch_record(struct btx_watch *watch, const struct btx_record *record)
{
    const char *sentence;

    if (btx_record_kind(record) == BTX_RECORD_COMMAND)
        return see_command(watch, record);
    sentence = see_event(watch, record);
    if (sentence == NULL && watch->due_begins)
        return "a thing due begins with something else";
    return sentence;
}
