/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/demo/demo_lives.h"

#include "engine/base/attributes.h"
#include "engine/base/check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIVES_MIN = 1 << 16 };
#define MILLISECOND_NS UINT64_C(1000000)

struct btx_life {
    struct btx_lives_market *market; /* NULL: there was no such order. */
    int64_t remaining;               /* 0: it lives no more. */
    uint64_t until_ns;               /* Of one that is held. */
    uint64_t expires_ns;
    bool held;
};

static void BTX_PRINTF(3, 4)
    found_wrong(struct btx_lives *lives, uint64_t seq, const char *format, ...)
{
    va_list arguments;
    int length;

    if (lives->wrong[0] != '\0')
        return;
    length = snprintf(lives->wrong, sizeof lives->wrong, "seq %" PRIu64 ": ", seq);
    va_start(arguments, format);
    vsnprintf(lives->wrong + length, sizeof lives->wrong - (size_t)length, format, arguments);
    va_end(arguments);
}

static struct btx_lives_market *find_market(struct btx_lives *lives, uint64_t market)
{
    for (uint32_t i = 0; i < lives->market_count; i++) {
        if (lives->markets[i].market == market)
            return &lives->markets[i];
    }
    return NULL;
}

const struct btx_tally *btx_lives_tally(const struct btx_lives *lives, uint64_t market)
{
    for (uint32_t i = 0; i < lives->market_count; i++) {
        if (lives->markets[i].market == market)
            return &lives->markets[i].tally;
    }
    return NULL;
}

uint64_t btx_tally_sum(const uint64_t *counts, size_t count)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += counts[i];
    return sum;
}

static void open_market(struct btx_lives *lives, const struct btx_market_opened *event)
{
    if (lives->market_count == BTX_LIVES_MARKETS_MAX) {
        found_wrong(lives, event->record.seq, "more markets than are followed");
        return;
    }
    lives->markets[lives->market_count++] = (struct btx_lives_market){
        .market = event->market, .bet_delay_ns = event->bet_delay * MILLISECOND_NS};
}

static bool make_room(struct btx_lives *lives)
{
    const size_t lives_max = lives->lives_max == 0 ? LIVES_MIN : 2 * lives->lives_max;
    struct btx_life *grown;

    if (lives->order_count + 1 < lives->lives_max)
        return true;
    grown = realloc(lives->lives, lives_max * sizeof *grown);
    if (grown == NULL)
        return false;
    memset(grown + lives->lives_max, 0, (lives_max - lives->lives_max) * sizeof *grown);
    lives->lives = grown;
    lives->lives_max = lives_max;
    return true;
}

/* A new order, which has the next id; OrderHeld begins with the same fields as OrderAccepted. */
static struct btx_life *begin_life(struct btx_lives *lives, const struct btx_order_accepted *event)
{
    struct btx_lives_market *market = find_market(lives, event->market);
    struct btx_life *life;

    if (market == NULL || event->order != lives->order_count + 1 || !make_room(lives)) {
        found_wrong(lives, event->record.seq, "order %" PRIu64 " is not the next one",
                    event->order);
        return NULL;
    }
    life = &lives->lives[++lives->order_count];
    *life =
        (struct btx_life){.market = market, .remaining = event->size, .expires_ns = event->expires};
    market->tally.live++;
    return life;
}

static void hold(struct btx_lives *lives, const struct btx_order_held *event)
{
    struct btx_life *life = begin_life(lives, (const struct btx_order_accepted *)event);

    if (life == NULL)
        return;
    life->held = true;
    life->until_ns = event->until;
    life->market->tally.held++;
    lives->held_count++;
    if (!life->market->in_play ||
        event->until != event->record.time_ns + life->market->bet_delay_ns)
        found_wrong(lives, event->record.seq, "order %" PRIu64 " is not held for the delay",
                    event->order);
}

/* A live order of @market; NULL, and noted, when there is none. */
static struct btx_life *find_life(struct btx_lives *lives, const struct btx_record *event,
                                  uint64_t order, uint64_t market)
{
    struct btx_life *life = order <= lives->order_count ? &lives->lives[order] : NULL;

    if (life == NULL || life->market == NULL || life->remaining == 0 ||
        life->market->market != market) {
        found_wrong(lives, event->seq, "order %" PRIu64 " does not live", order);
        return NULL;
    }
    return life;
}

static void release(struct btx_lives *lives, const struct btx_order_released *event)
{
    struct btx_life *life = find_life(lives, &event->record, event->order, event->market);

    if (life == NULL)
        return;
    if (!life->held || event->record.time_ns < life->until_ns)
        found_wrong(lives, event->record.seq, "order %" PRIu64 " is released too early",
                    event->order);
    life->held = false;
    life->market->tally.released++;
}

/* @order loses @size and has @remaining left. */
static struct btx_life *take_away(struct btx_lives *lives, const struct btx_record *event,
                                  uint64_t order, uint64_t market, int64_t size, int64_t remaining)
{
    struct btx_life *life = find_life(lives, event, order, market);

    if (life == NULL)
        return NULL;
    if (size <= 0 || remaining < 0 || size + remaining != life->remaining)
        found_wrong(lives, event->seq, "order %" PRIu64 " does not add up", order);
    life->remaining = remaining;
    if (remaining == 0)
        life->market->tally.live--;
    return life;
}

static void match(struct btx_lives *lives, const struct btx_record *event, uint64_t market,
                  uint64_t order, int64_t size, int64_t remaining)
{
    const struct btx_life *life = take_away(lives, event, order, market, size, remaining);

    if (life != NULL && life->held)
        found_wrong(lives, event->seq, "order %" PRIu64 " is matched while held", order);
}

static void match_direct(struct btx_lives *lives, const struct btx_trade_matched *event)
{
    struct btx_lives_market *market = find_market(lives, event->market);

    match(lives, &event->record, event->market, event->taker, event->size, event->taker_remaining);
    match(lives, &event->record, event->market, event->maker, event->size, event->maker_remaining);
    if (market != NULL)
        market->tally.trades++;
}

static void match_implied(struct btx_lives *lives, const struct btx_implied_matched *event)
{
    struct btx_lives_market *market = find_market(lives, event->market);

    match(lives, &event->record, event->market, event->taker, event->size, event->taker_remaining);
    match(lives, &event->record, event->market, event->maker, event->maker_size,
          event->maker_remaining);
    if (market != NULL)
        market->tally.implied++;
}

/* What the cause of a cancellation says must be so. */
static void check_cause(struct btx_lives *lives, const struct btx_record *event,
                        const struct btx_life *life, enum btx_cause cause)
{
    if (cause == BTX_CAUSE_EXPIRED && (life->expires_ns == 0 || event->time_ns < life->expires_ns))
        found_wrong(lives, event->seq, "an order expired before its time");
    if ((cause == BTX_CAUSE_MARKET_SUSPENDED || cause == BTX_CAUSE_WOULD_MATCH) &&
        (!life->held || event->time_ns < life->until_ns))
        found_wrong(lives, event->seq, "cancelled at its release, but it was not due");
}

static void count_cancelled(struct btx_life *life, enum btx_cause cause)
{
    life->market->tally.cancelled[cause]++;
    if (life->held)
        life->market->tally.cancelled_held[cause]++;
}

static void cancel(struct btx_lives *lives, const struct btx_order_cancelled *event)
{
    struct btx_life *life = take_away(lives, &event->record, event->order, event->market,
                                      event->cancelled, event->remaining);

    if (life == NULL)
        return;
    check_cause(lives, &event->record, life, (enum btx_cause)event->cause);
    count_cancelled(life, (enum btx_cause)event->cause);
}

static void cancel_batch(struct btx_lives *lives, const struct btx_order_cancelled_batched *event)
{
    const uint64_t *orders = btx_order_cancelled_batched_orders(event);

    for (size_t i = 0; i < event->orders_count; i++) {
        struct btx_life *life = find_life(lives, &event->record, orders[i], event->market);

        if (life == NULL)
            continue;
        count_cancelled(life, (enum btx_cause)event->cause);
        life->remaining = 0;
        life->market->tally.live--;
    }
}

static void reject(struct btx_lives *lives, const struct btx_command_rejected *event)
{
    struct btx_lives_market *market = find_market(lives, event->market);

    if (market != NULL && (event->present & BTX_COMMAND_REJECTED_HAS_MARKET) != 0)
        market->tally.rejected[event->reason]++;
}

/* What becomes of a market itself. */
static void market_event(struct btx_lives *lives, const struct btx_record *event, uint64_t id)
{
    struct btx_lives_market *market = find_market(lives, id);

    if (market == NULL)
        return;
    if (event->type == BTX_EVENT_MARKET_TURNED_IN_PLAY)
        market->in_play = true;
    else if (event->type == BTX_EVENT_BET_DELAY_SET)
        market->bet_delay_ns =
            ((const struct btx_bet_delay_set *)event)->bet_delay * MILLISECOND_NS;
    else if (market->tally.live != 0)
        found_wrong(lives, event->seq, "%" PRIu64 " orders live on in a settled market",
                    market->tally.live);
}

void btx_lives_event(struct btx_lives *lives, const struct btx_record *event)
{
    struct btx_life *life;

    if (event->type == BTX_EVENT_MARKET_OPENED) {
        open_market(lives, (const struct btx_market_opened *)event);
    } else if (event->type == BTX_EVENT_ORDER_ACCEPTED) {
        life = begin_life(lives, (const struct btx_order_accepted *)event);
        if (life != NULL)
            life->market->tally.accepted++;
    } else if (event->type == BTX_EVENT_ORDER_HELD) {
        hold(lives, (const struct btx_order_held *)event);
    } else if (event->type == BTX_EVENT_ORDER_RELEASED) {
        release(lives, (const struct btx_order_released *)event);
    } else if (event->type == BTX_EVENT_TRADE_MATCHED) {
        match_direct(lives, (const struct btx_trade_matched *)event);
    } else if (event->type == BTX_EVENT_IMPLIED_MATCHED) {
        match_implied(lives, (const struct btx_implied_matched *)event);
    } else if (event->type == BTX_EVENT_ORDER_CANCELLED) {
        cancel(lives, (const struct btx_order_cancelled *)event);
    } else if (event->type == BTX_EVENT_ORDER_CANCELLED_BATCHED) {
        cancel_batch(lives, (const struct btx_order_cancelled_batched *)event);
    } else if (event->type == BTX_EVENT_COMMAND_REJECTED) {
        reject(lives, (const struct btx_command_rejected *)event);
    } else if (event->type == BTX_EVENT_MARKET_TURNED_IN_PLAY ||
               event->type == BTX_EVENT_BET_DELAY_SET || event->type == BTX_EVENT_MARKET_SETTLED) {
        /* All of these begin with their market. */
        market_event(lives, event, ((const struct btx_market_event *)event)->market);
    }
}

void btx_lives_close(struct btx_lives *lives)
{
    free(lives->lives);
    lives->lives = NULL;
    lives->lives_max = 0;
}
