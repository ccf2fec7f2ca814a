/* SPDX-License-Identifier: Apache-2.0 */
/* watch_walk.c - whom a taker may meet, in what order and for how much, by the events alone. */
#include "engine/base/check.h"
#include "engine/base/int128.h"
#include "tests/property/watch.h"
#include "tests/property/watch_parts.h"

/* Odds above one, as a fraction; so good is the maker for who backs. */
struct odds {
    uint64_t above;
    uint64_t below;
};

/* 100 * (odds - 1) */
static uint64_t over_one(uint32_t price)
{
    return (price - 10000u) / 100u;
}

/* A BINARY price is the better the lower it is. */
static struct odds direct_odds(const struct btx_watch_market *market, uint32_t price)
{
    const bool is_odds = market->kind == BTX_MARKET_KIND_ODDS;

    return (struct odds){.above = is_odds ? over_one(price) : 10000u - price, .below = 100};
}

/* Backing at a is laying at a/(a-1): the two odds above one multiply to one. */
static struct odds implied_odds(uint32_t price)
{
    return (struct odds){.above = 100, .below = over_one(price)};
}

/* Less than, equal to or greater than 0: @left is worse, as good or better for a taker of @side. */
static int compare(uint8_t side, struct odds left, struct odds right)
{
    const btx_i128 a = (btx_i128)left.above * right.below;
    const btx_i128 b = (btx_i128)right.above * left.below;
    const int higher = a < b ? -1 : a > b ? 1 : 0;

    return side == BTX_SIDE_BACK ? higher : -higher;
}

void btx_watch_begin_walk(struct btx_watch *watch, uint64_t taker, bool released)
{
    watch->taker = taker;
    watch->taker_released = released;
    watch->last_above = 0;
    watch->last_below = 0;
    watch->last_place = 0;
    watch->last_implied = false;
}

/* The taker meets @maker at @odds: within its limit, and none better after a worse one. */
static const char *see_meeting(struct btx_watch *watch, const struct btx_watch_order *taker,
                               const struct btx_watch_order *maker, struct odds odds, bool implied)
{
    const struct btx_watch_market *market = btx_watch_find_market(watch, taker->market);
    const struct odds last = {.above = watch->last_above, .below = watch->last_below};
    const bool is_first = last.below == 0;
    int change = 0;

    if (maker->is_held)
        return "a held order was met";
    if (maker->market != taker->market || (maker->runner == taker->runner) == implied ||
        (maker->side == taker->side) != implied || (implied && !market->implied))
        return "the two do not belong together";
    if (compare(taker->side, odds, direct_odds(market, taker->price)) < 0)
        return "worse than the taker's limit";
    if (!is_first)
        change = compare(taker->side, odds, last);
    if (change > 0)
        return "a better maker was met after a worse one";
    if (!is_first && change == 0 && implied == watch->last_implied &&
        maker->place <= watch->last_place)
        return "of two alike the later one was met first";
    if (!is_first && change == 0 && watch->last_implied && !implied)
        return "of two alike the implied one was met first";
    watch->met[BTX_WATCH_IMPLIED_TIE] +=
        !is_first && change == 0 && implied && !watch->last_implied;
    watch->met[BTX_WATCH_IMPLIED_AFTER_DIRECT] += !is_first && implied && !watch->last_implied;
    watch->met[BTX_WATCH_DIRECT_AFTER_IMPLIED] += !is_first && !implied && watch->last_implied;
    watch->met[BTX_WATCH_RELEASED_MATCHED] += watch->taker_released;
    watch->last_above = odds.above;
    watch->last_below = odds.below;
    watch->last_implied = implied;
    watch->last_place = maker->place;
    return NULL;
}

/* Take @size off an order, which @left says is left of it then. */
static bool take(struct btx_watch_order *order, int64_t size, int64_t left)
{
    order->remaining -= size;
    order->is_live = order->remaining > 0;
    return order->remaining == left && left >= 0;
}

const char *btx_watch_see_trade(struct btx_watch *watch, const struct btx_trade_matched *event)
{
    struct btx_watch_order *taker = btx_watch_find_live(watch, event->taker);
    struct btx_watch_order *maker = btx_watch_find_live(watch, event->maker);
    const char *sentence;

    if (taker == NULL || maker == NULL || event->taker != watch->taker || taker == maker)
        return "a trade of who is not there";
    if (event->runner != taker->runner || event->price != maker->price ||
        event->taker_side != taker->side || event->taker_account != taker->account ||
        event->maker_account != maker->account)
        return "a trade that says something else than its orders";
    sentence =
        see_meeting(watch, taker, maker,
                    direct_odds(btx_watch_find_market(watch, taker->market), maker->price), false);
    if (sentence != NULL)
        return sentence;
    if (event->size != (taker->remaining < maker->remaining ? taker->remaining : maker->remaining))
        return "less was matched than both have";
    if (!take(taker, event->size, event->taker_remaining) ||
        !take(maker, event->size, event->maker_remaining))
        return "what remains is not what was there less what was matched";
    return NULL;
}

/* t and s, in hundredths, are exact, within both orders, and no greater ones are. */
static bool amounts_are_right(const struct btx_watch_order *taker,
                              const struct btx_watch_order *maker, int64_t size, int64_t maker_size)
{
    const btx_i128 y = over_one(maker->price);
    const btx_i128 taker_has = taker->remaining / 100;
    const btx_i128 maker_has = maker->remaining / 100;
    const btx_i128 s = size / 100;
    const btx_i128 t = maker_size / 100;
    btx_i128 g = 1;

    while (g * y % 100 != 0)
        g++;
    if (size % 100 != 0 || maker_size % 100 != 0 || s * 100 != t * y)
        return false;
    return t > 0 && t <= maker_has && s <= taker_has &&
           (t + g > maker_has || (t + g) * y > taker_has * 100);
}

const char *btx_watch_see_implied(struct btx_watch *watch, const struct btx_implied_matched *event)
{
    struct btx_watch_order *taker = btx_watch_find_live(watch, event->taker);
    struct btx_watch_order *maker = btx_watch_find_live(watch, event->maker);
    const char *sentence;

    if (taker == NULL || maker == NULL || event->taker != watch->taker || taker == maker)
        return "an implied match of who is not there";
    if (event->runner != taker->runner || event->maker_runner != maker->runner ||
        event->maker_price != maker->price || event->taker_side != taker->side ||
        event->taker_account != taker->account || event->maker_account != maker->account)
        return "an implied match that says something else than its orders";
    sentence = see_meeting(watch, taker, maker, implied_odds(maker->price), true);
    if (sentence != NULL)
        return sentence;
    if (!amounts_are_right(taker, maker, event->size, event->maker_size))
        return "the amounts of an implied match";
    if (!take(taker, event->size, event->taker_remaining) ||
        !take(maker, event->maker_size, event->maker_remaining))
        return "what remains is not what was there less what was matched";
    watch->met[taker->side == BTX_SIDE_BACK ? BTX_WATCH_IMPLIED_BACK : BTX_WATCH_IMPLIED_LAY]++;
    watch->met[BTX_WATCH_IMPLIED_REMAINDERS] += taker->remaining > 0 && maker->remaining > 0;
    watch->met[BTX_WATCH_IMPLIED_OWN] += taker->account == maker->account;
    watch->met[BTX_WATCH_IMPLIED_FOK] += taker->tif == BTX_TIF_FOK;
    watch->met[BTX_WATCH_IMPLIED_RELEASED] += watch->taker_released;
    return NULL;
}

const char *btx_watch_see_self_trade(struct btx_watch *watch, const struct btx_watch_order *maker)
{
    const struct btx_watch_order *taker = btx_watch_find_live(watch, watch->taker);

    if (taker == NULL || taker->account != maker->account || maker->is_held)
        return "prevented a trade with oneself that there was not";
    if (taker->market != maker->market ||
        (taker->runner == maker->runner) == (taker->side == maker->side))
        return "prevented a trade that could not be";
    watch->met[BTX_WATCH_IMPLIED_SELF_TRADE] += taker->runner != maker->runner;
    return NULL;
}
