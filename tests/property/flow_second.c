/* SPDX-License-Identifier: Apache-2.0 */
/* flow_second.c - what rules-2.md adds to the commands: markets opened with it, moments, prices of
 * two runners that are one, and the commands of its own. */
#include "tests/property/flow.h"

#include <string.h>

#include "engine/base/check.h"
#include "tests/property/flow_parts.h"

/* What rules-2.md 1 lets a market be opened with: given, given as the default, or not. */
void btx_flow_pick_second_stage(struct btx_flow *flow, struct btx_open_market *command,
                                size_t runner_count)
{
    struct btx_random *random = &flow->random;
    const bool implies = runner_count == 2 && btx_random_chance(random, 800);
    const bool delays = btx_random_chance(random, flow->theme == BTX_FLOW_HELD ? 850 : 300);
    const uint64_t reduces = flow->theme == BTX_FLOW_REDUCED ? 900 : 480;

    if (delays || btx_random_chance(random, 200)) {
        command->present |= BTX_OPEN_MARKET_HAS_BET_DELAY;
        command->bet_delay = delays ? btx_random_between(random, 1, 3) : 0;
        if (btx_flow_wrong(flow))
            command->bet_delay = btx_random_chance(random, 500) ? 60001 : UINT64_MAX;
    }
    if (command->kind == BTX_MARKET_KIND_BINARY)
        return;
    if (btx_random_chance(random, 950)) {
        command->present |= BTX_OPEN_MARKET_HAS_REDUCTIONS;
        command->reductions = !implies && btx_random_chance(random, reduces);
    }
    if (implies || btx_random_chance(random, 50)) {
        command->present |= BTX_OPEN_MARKET_HAS_IMPLIED;
        command->implied = implies || btx_flow_wrong(flow);
    }
    if (btx_random_chance(random, 400)) {
        command->present |= BTX_OPEN_MARKET_HAS_LADDER;
        command->ladder = (uint8_t)btx_random_below(random, BTX_LADDER_COUNT);
    }
}

/* The price @away - 3 hundredths from @price, or the nearest that there is. */
uint64_t btx_flow_finest_near(uint64_t price, uint64_t away)
{
    const uint64_t moved = price + 100 * away - 300;

    return moved < 10100 ? 10100 : moved > 10000000 ? 10000000 : moved;
}

/* A price of @market that is about as good as one of the other runner: of those around a/(a-1), or
 * any of a few that give whole numbers often. */
uint64_t btx_flow_implied_price(struct btx_flow *flow, const struct btx_model *model,
                                const struct btx_model_market *market, uint64_t runner)
{
    static const uint64_t round[] = {12500, 14000, 15000, 18000, 20000, 22000,
                                     25000, 30000, 35000, 40000, 50000};
    struct btx_random *random = &flow->random;
    uint64_t price = round[btx_random_below(random, BTX_COUNT_OF(round))];

    for (size_t i = 0; i < model->order_count; i++) {
        const struct btx_model_order *order = &model->orders[i];
        const uint64_t over_one = (order->price - 10000) / 100;

        if (order->market == market->market && order->runner != runner &&
            btx_random_chance(random, 300))
            price = btx_flow_finest_near(
                10000 + 10000 / over_one * 100,
                btx_random_chance(random, 400) ? 3 : btx_random_below(random, 7));
    }
    while (!btx_model_price_is_valid(market, price))
        price = price >= 10000000 ? 10000000 : price + 100;
    return price;
}

/* Make @order meet one that rests, at exactly its price, if there is any. */
void btx_flow_meet(struct btx_flow *flow, const struct btx_model *model,
                   struct btx_model_order *order)
{
    uint64_t seen = 0;

    for (size_t i = 0; i < model->order_count; i++) {
        const struct btx_model_order *other = &model->orders[i];

        if (other->market != order->market || other->runner != order->runner ||
            other->side == order->side || other->account == order->account)
            continue;
        if (btx_random_below(&flow->random, ++seen) == 0)
            order->price = other->price;
    }
}

/* An expiry about as far as bet delays and the steps of time are, and a version about that of the
 * market. */
void btx_flow_pick_moments(struct btx_flow *flow, const struct btx_model_market *market,
                           struct btx_place_order *command)
{
    struct btx_random *random = &flow->random;
    const uint64_t now = flow->time_ns;

    if (btx_random_chance(random, command->tif == BTX_TIF_GTC ? 200 : 10)) {
        command->present |= BTX_PLACE_ORDER_HAS_EXPIRES;
        command->expires = now + 1 + btx_random_below(random, 5000000);
        if (btx_random_chance(random, 300))
            command->expires = now + btx_random_below(random, 4) * 1000000;
        if (btx_flow_wrong(flow))
            command->expires = btx_random_below(random, now + 1);
        if (command->expires > BTX_TIME_NS_MAX)
            command->expires = BTX_TIME_NS_MAX;
    }
    if (btx_random_chance(random, 100)) {
        command->present |= BTX_PLACE_ORDER_HAS_IF_VERSION;
        command->if_version = market->version + btx_random_below(random, 3) - 1;
    }
}

void btx_flow_describe_market(struct btx_flow *flow, const struct btx_model *model,
                              union btx_command_space *space)
{
    struct btx_random *random = &flow->random;
    /* Of two, three and four bytes: the least and the greatest of each. */
    static const char *const letters[] = {"\u00e9", "\u07ff",     "\u0800",
                                          "\uffff", "\U00010000", "\U0010ffff"};
    struct btx_describe_market *command = btx_flow_begin(flow, space, BTX_COMMAND_DESCRIBE_MARKET);
    char *const text = (char *)(command + 1);
    /* Around the size of a block, and any. */
    const uint64_t length = btx_random_chance(random, 300)
                                ? btx_random_between(random, 250, 254)
                                : btx_random_below(random, btx_random_chance(random, 100)
                                                               ? BTX_DESCRIPTION_BYTES_MAX + 1
                                                               : 700);

    command->market = btx_flow_pick_market(flow, model);
    command->text_length = (uint16_t)length;
    for (size_t i = 0; i < length;) {
        const char *letter = letters[btx_random_below(random, BTX_COUNT_OF(letters))];
        const size_t letter_bytes = strlen(letter);

        if (btx_random_chance(random, 200) && letter_bytes <= length - i) {
            memcpy(text + i, letter, letter_bytes);
            i += letter_bytes;
        } else {
            text[i++] = (char)btx_random_below(random, 0x80);
        }
    }
    btx_command_set_length(space, length);
}

void btx_flow_set_bet_delay(struct btx_flow *flow, const struct btx_model *model,
                            union btx_command_space *space)
{
    struct btx_random *random = &flow->random;
    struct btx_set_bet_delay *command = btx_flow_begin(flow, space, BTX_COMMAND_SET_BET_DELAY);

    command->market = btx_flow_pick_market(flow, model);
    command->bet_delay = btx_random_below(random, 4);
    if (btx_flow_wrong(flow))
        command->bet_delay = 60000 + btx_random_below(random, 3);
}

/* A market that has a runner to spare, if one of a few has. */
static const struct btx_model_market *pick_removable(struct btx_flow *flow,
                                                     const struct btx_model *model)
{
    const struct btx_model_market *market = NULL;

    for (int attempt = 0; attempt < 6 && model->market_count > 0; attempt++) {
        market = btx_flow_pick_known_market(flow, model);
        if (btx_model_active_count(market) > market->winners + 1 &&
            (market->reductions || flow->theme != BTX_FLOW_REDUCED))
            break;
    }
    return market;
}

void btx_flow_remove_runner(struct btx_flow *flow, const struct btx_model *model,
                            union btx_command_space *space)
{
    static const int64_t factors[] = {0, 0, 100, 100000, 173500, 500000, 999900};
    static const int64_t wrong_factors[] = {-100, 50, 999901, 1000000, INT64_MIN, INT64_MAX};
    struct btx_random *random = &flow->random;
    const struct btx_model_market *market = pick_removable(flow, model);
    struct btx_remove_runner *command = btx_flow_begin(flow, space, BTX_COMMAND_REMOVE_RUNNER);

    command->market = btx_flow_pick_market(flow, model);
    command->runner = btx_random_below(random, 5);
    if (market != NULL && !btx_flow_wrong(flow)) {
        command->market = market->market;
        command->runner = btx_flow_pick_runner(flow, market);
    }
    /* Most are of runners that had some chance, so that what is left of the odds differs. */
    if (market != NULL && market->reductions && btx_random_chance(random, 800))
        command->factor =
            100 * (int64_t)btx_random_below(random, btx_random_chance(random, 700) ? 3000 : 10000);
    if (btx_random_chance(random, 300))
        command->factor = factors[btx_random_below(random, BTX_COUNT_OF(factors))];
    if (market != NULL && !market->reductions && !btx_flow_wrong(flow))
        command->factor = 0;
    if (btx_flow_wrong(flow))
        command->factor = wrong_factors[btx_random_below(random, BTX_COUNT_OF(wrong_factors))];
}

/* A market with a delay that is not in play yet; NULL when there is none. */
static const struct btx_model_market *find_idle(const struct btx_model *model)
{
    for (size_t i = 0; i < model->market_count; i++) {
        const struct btx_model_market *market = &model->markets[i];

        if (market->status != BTX_MODEL_CLOSED && market->bet_delay > 0 && !market->in_play)
            return market;
    }
    return NULL;
}

/* Leave less of a FillOrKill that is held than it wants at least; false when there is none. */
static bool reduce_held(struct btx_flow *flow, const struct btx_model *model,
                        union btx_command_space *space)
{
    for (size_t i = model->order_count; i > 0; i--) {
        const struct btx_model_order *order = &model->orders[i - 1];
        const size_t market = btx_model_find_market(model, order->market);
        const int64_t step = btx_model_size_step(&model->markets[market]);
        struct btx_cancel_order *command;

        if (!order->held || order->tif != BTX_TIF_FOK || order->min_fill <= step)
            continue;
        command = btx_flow_begin(flow, space, BTX_COMMAND_CANCEL_ORDER);
        command->account = order->account;
        command->order = order->order;
        command->present = BTX_CANCEL_ORDER_HAS_REDUCE_BY;
        command->reduce_by =
            order->remaining - step * (int64_t)btx_random_between(
                                          &flow->random, 1, (uint64_t)(order->min_fill / step) - 1);
        return true;
    }
    return false;
}

/* Replace an order that is held where the delay has gone; false when there is none. */
static bool replace_held(struct btx_flow *flow, struct btx_model *model,
                         union btx_command_space *space)
{
    for (size_t i = model->order_count; i > 0; i--) {
        const struct btx_model_order *order = &model->orders[i - 1];

        if (!order->held ||
            model->markets[btx_model_find_market(model, order->market)].bet_delay != 0)
            continue;
        btx_flow_replace(flow, model, order->account, order->order, space);
        return true;
    }
    return false;
}

/* Take the delay away, or give it back, where orders may be held. */
static void turn_delay(struct btx_flow *flow, const struct btx_model *model,
                       union btx_command_space *space)
{
    const struct btx_model_market *market = btx_flow_pick_known_market(flow, model);
    struct btx_set_bet_delay *command = btx_flow_begin(flow, space, BTX_COMMAND_SET_BET_DELAY);

    command->market = market == NULL ? 0 : market->market;
    if (market != NULL && (market->bet_delay == 0 || btx_random_chance(&flow->random, 300)))
        command->bet_delay = btx_random_between(&flow->random, 1, 3);
}

/* What goes on around orders that are held. */
static bool tell_held(struct btx_flow *flow, struct btx_model *model,
                      union btx_command_space *space)
{
    static const enum btx_command_type types[] = {BTX_COMMAND_SUSPEND_MARKET,
                                                  BTX_COMMAND_RESUME_MARKET};
    struct btx_random *random = &flow->random;
    const struct btx_model_market *idle = find_idle(model);
    const uint64_t which = btx_random_below(random, 1000);

    if (idle != NULL && btx_random_chance(random, 150)) {
        struct btx_market_command *command = btx_flow_begin(flow, space, BTX_COMMAND_TURN_IN_PLAY);

        command->market = idle->market;
    } else if (which < 30 && model->market_count > 0) {
        struct btx_market_command *command =
            btx_flow_begin(flow, space, types[btx_random_below(random, BTX_COUNT_OF(types))]);

        command->market = btx_flow_pick_market(flow, model);
    } else if (which < 60) {
        turn_delay(flow, model, space);
    } else if (which < 80) {
        (void)btx_flow_begin(flow, space, BTX_COMMAND_TICK); /* Nothing to fill in. */
    } else if (which < 180) {
        return reduce_held(flow, model, space);
    } else {
        return which < 280 && replace_held(flow, model, space);
    }
    return true;
}

bool btx_flow_tell_second(struct btx_flow *flow, struct btx_model *model,
                          union btx_command_space *space)
{
    if (flow->theme == BTX_FLOW_HELD)
        return tell_held(flow, model, space);
    return flow->theme == BTX_FLOW_REDUCED && btx_flow_tell_removal(flow, model, space);
}

void btx_flow_see_moment(struct btx_flow *flow, const struct btx_model *model)
{
    flow->moment_ns = 0;
    for (size_t i = 0; i < model->order_count; i++) {
        const struct btx_model_order *order = &model->orders[i];
        const uint64_t moments[] = {order->expires, order->held ? order->until : 0};

        for (size_t j = 0; j < BTX_COUNT_OF(moments); j++) {
            if (moments[j] != 0 && (flow->moment_ns == 0 || moments[j] < flow->moment_ns))
                flow->moment_ns = moments[j];
        }
    }
}

uint64_t btx_flow_step_of_time(struct btx_flow *flow)
{
    struct btx_random *random = &flow->random;
    const bool is_slow = flow->theme != BTX_FLOW_HELD;
    const uint64_t which = btx_random_below(random, is_slow ? 300 : 100);

    if (which < 20)
        return 0;
    if (which < 30)
        return 1;
    /* A nanosecond before the next moment, at it, or one behind it. */
    if (which < 50 && flow->moment_ns > flow->time_ns)
        return flow->moment_ns - flow->time_ns - 1 + btx_random_below(random, 3);
    if (which < 70)
        return btx_random_below(random, 4000000);
    if (which < 72)
        return btx_random_below(random, 30000000);
    return btx_random_below(random, 1000000);
}
