/* SPDX-License-Identifier: Apache-2.0 */
/* flow_story.c - the themes that tell a story: a great many orders or accounts in one market, and
 * then the one command that ends them all, so that it takes several txs (rules.md 7); and two
 * accounts that dutch against each other until 64 bits do not hold what they have matched.
 *
 * The numbers lie around the limits of a tx and of a batch, one less and one more included. */
#include <string.h>

#include "tests/property/flow.h"
#include "tests/property/flow_parts.h"

/* Ids that no pool has, and for accounts an order that is not that of opening. */
enum {
    STORY_MARKET = 1000,
    STORY_MAKER = 1002,
    STORY_OTHER_MAKER = 1001,
    STORY_TAKER = 1003,
    STORY_CROWD = 2000,
    STORY_CROWD_STRIDE = 7919, /* A prime beyond any crowd, so that ids do not repeat. */
};
#define STORY_FUNDS INT64_C(10000000000000)

/* How many pairs of bets it takes until their sum is beyond 2^63. */
#define DUTCH_PAIRS 9300u
/* And rounds of three until what a removal takes from one side is more than money can be. */
#define DUTCH_ROUNDS 200u

static uint64_t pick_goal(struct btx_flow *flow)
{
    struct btx_random *random = &flow->random;
    const uint64_t which = btx_random_below(random, 4);

    if (which == 0)
        return btx_random_between(random, 4093, 4099);
    if (flow->theme != BTX_FLOW_BURST)
        return btx_random_between(random, 4100, 4400);
    return which == 1 ? btx_random_between(random, 8189, 8195)
                      : btx_random_between(random, 5300, 9500);
}

static void open_account(struct btx_flow *flow, uint64_t account, union btx_command_space *space)
{
    struct btx_open_account *command = btx_flow_begin(flow, space, BTX_COMMAND_OPEN_ACCOUNT);

    command->account = account;
}

static void deposit(struct btx_flow *flow, uint64_t account, int64_t amount,
                    union btx_command_space *space)
{
    struct btx_funds_command *command = btx_flow_begin(flow, space, BTX_COMMAND_DEPOSIT);

    command->account = account;
    command->amount = amount;
}

/* Two runners that are matched with each other, or a third one that may be removed, or neither; and
 * a delay in play or none.  Returns how many runners. */
static size_t pick_second_stage(struct btx_flow *flow, struct btx_open_market *command)
{
    const uint64_t which = flow->script_first % 3;

    command->present |= BTX_OPEN_MARKET_HAS_BET_DELAY;
    command->bet_delay = flow->script_first % 2;
    if (which == 0) {
        command->present |= BTX_OPEN_MARKET_HAS_IMPLIED;
        command->implied = 1;
    } else if (which == 1) {
        command->present |= BTX_OPEN_MARKET_HAS_REDUCTIONS;
        command->reductions = 1;
    }
    return which == 1 ? 3 : 2;
}

static void open_market(struct btx_flow *flow, bool is_odds, union btx_command_space *space)
{
    struct btx_open_market *command = btx_flow_begin(flow, space, BTX_COMMAND_OPEN_MARKET);
    const uint64_t runners[3] = {1, 2, 3};
    size_t runner_count = 2;

    command->market = STORY_MARKET;
    command->commission = 500;
    command->min_size = is_odds ? 100 : 10000;
    if (!is_odds) {
        command->kind = BTX_MARKET_KIND_BINARY;
        command->present = BTX_OPEN_MARKET_HAS_TICK;
        command->tick = 100;
        return;
    }
    command->kind = BTX_MARKET_KIND_ODDS;
    command->present = BTX_OPEN_MARKET_HAS_RUNNERS | BTX_OPEN_MARKET_HAS_WINNERS;
    command->winners = 1;
    if (flow->theme == BTX_FLOW_BURST)
        runner_count = pick_second_stage(flow, command);
    if (flow->theme == BTX_FLOW_DUTCH && flow->script_first % 2 == 0) {
        command->present |= BTX_OPEN_MARKET_HAS_REDUCTIONS;
        command->reductions = 1;
        runner_count = 3;
    }
    command->runners_count = (uint16_t)runner_count;
    memcpy(command + 1, runners, runner_count * sizeof runners[0]);
    btx_command_set_length(space, runner_count * sizeof runners[0]);
}

static struct btx_place_order *place(struct btx_flow *flow, uint64_t account, uint64_t runner,
                                     uint8_t side, union btx_command_space *space)
{
    struct btx_place_order *command = btx_flow_begin(flow, space, BTX_COMMAND_PLACE_ORDER);

    command->command.shed = 0;
    command->account = account;
    command->market = STORY_MARKET;
    command->present = BTX_PLACE_ORDER_HAS_RUNNER;
    command->runner = runner;
    command->side = side;
    return command;
}

/* The accounts, their funds and the market, in nine steps.  False when they are there. */
static bool furnish(struct btx_flow *flow, union btx_command_space *space)
{
    const uint64_t accounts[] = {STORY_MAKER, STORY_OTHER_MAKER, STORY_TAKER};
    const uint64_t step = flow->script_step;
    int64_t funds = STORY_FUNDS;

    if (flow->theme == BTX_FLOW_DUTCH)
        funds = step == 3 || step == 4 ? BTX_MODEL_MONEY_MAX / 2 : -1;
    if (step < 3)
        open_account(flow, accounts[step], space);
    else if (step < 6)
        deposit(flow, accounts[step - 3], funds, space);
    else if (step == 6)
        open_market(flow,
                    flow->theme != BTX_FLOW_BURST || flow->script_first % 2 == 1 ||
                        btx_random_chance(&flow->random, 600),
                    space);
    else
        return false;
    return true;
}

static void rest_one(struct btx_flow *flow, const struct btx_model_market *market,
                     union btx_command_space *space)
{
    struct btx_random *random = &flow->random;
    const bool is_odds = market->kind == BTX_MARKET_KIND_ODDS;
    const uint64_t account = btx_random_chance(random, 800) ? STORY_MAKER : STORY_OTHER_MAKER;
    struct btx_place_order *command = place(flow, account, 1, BTX_ORDER_SIDE_BACK, space);

    command->price = is_odds ? btx_model_ladder_price((size_t)btx_random_between(random, 98, 102))
                             : 100 * btx_random_between(random, 48, 52);
    command->size = btx_model_size_step(market) * (int64_t)btx_random_between(random, 1, 3);
    /* Exact amounts of few hundredths need evens; what a delay holds sweeps those that persist. */
    if (market->implied)
        command->price = 20000;
    command->persistence = btx_random_chance(random, market->bet_delay > 0 ? 50 : 950)
                               ? BTX_PERSISTENCE_LAPSE
                               : BTX_PERSISTENCE_PERSIST;
    /* Some rest on the other side, too far away to be matched. */
    if (is_odds && btx_random_chance(random, 20)) {
        command->runner = 2;
        command->side = BTX_ORDER_SIDE_LAY;
    }
}

/* One order that takes what rests on runner 1: all of it, or about half, or more than all. */
static void sweep(struct btx_flow *flow, const struct btx_model *model,
                  const struct btx_model_market *market, union btx_command_space *space)
{
    struct btx_random *random = &flow->random;
    const int64_t step = btx_model_size_step(market);
    const uint64_t account = btx_random_chance(random, 750) ? STORY_TAKER : STORY_MAKER;
    struct btx_place_order *command = place(flow, account, 1, BTX_ORDER_SIDE_LAY, space);
    int64_t resting = 0;

    for (size_t i = 0; i < model->order_count; i++) {
        if (model->orders[i].market == STORY_MARKET && model->orders[i].runner == 1)
            resting += model->orders[i].remaining;
    }
    command->price = market->kind == BTX_MARKET_KIND_ODDS ? btx_model_ladder_price(110) : 1000;
    command->size = resting > 0 ? resting : step;
    if (btx_random_chance(random, 250))
        command->size = (resting / step / 2 + 1) * step;
    else if (btx_random_chance(random, 300))
        command->size += step;
    command->stp = (uint8_t)btx_random_below(random, 3);
    command->tif = (uint8_t)btx_random_below(random, 3);
    if (market->implied && btx_random_chance(random, 800)) {
        command->runner = 2;
        command->side = BTX_ORDER_SIDE_BACK;
        command->price = 19000;
    }
}

static void market_command(struct btx_flow *flow, enum btx_command_type type,
                           union btx_command_space *space)
{
    struct btx_market_command *command = btx_flow_begin(flow, space, type);

    command->market = STORY_MARKET;
}

/* In play, a sweep that is held, and the time of its release: one thing due of several txs. */
static void sweep_held(struct btx_flow *flow, const struct btx_model *model,
                       const struct btx_model_market *market, union btx_command_space *space)
{
    if (flow->script_endings == 0) {
        market_command(flow, BTX_COMMAND_TURN_IN_PLAY, space);
    } else if (flow->script_endings == 1) {
        sweep(flow, model, market, space);
    } else {
        flow->time_ns += UINT64_C(2000000);
        (void)btx_flow_begin(flow, space, BTX_COMMAND_TICK); /* Nothing to fill in. */
    }
}

static void remove_runner(struct btx_flow *flow, union btx_command_space *space)
{
    struct btx_remove_runner *command = btx_flow_begin(flow, space, BTX_COMMAND_REMOVE_RUNNER);

    command->market = STORY_MARKET;
    command->runner =
        flow->theme == BTX_FLOW_DUTCH || btx_random_chance(&flow->random, 500) ? 3 : 1;
    command->factor = command->runner == 3 ? 100000 : 0;
}

static void end_burst(struct btx_flow *flow, const struct btx_model *model,
                      const struct btx_model_market *market, union btx_command_space *space)
{
    static const uint64_t firsts[] = {0, 30, 45, 0, 70, 80, 92, 65, 65, 80};
    uint64_t which = btx_random_below(&flow->random, 100);

    if (market->bet_delay > 0 && flow->script_endings < 3) {
        sweep_held(flow, model, market, space);
        flow->script_endings++;
        return;
    }
    if (flow->script_endings == 0)
        which = firsts[flow->script_first % BTX_COUNT_OF(firsts)];
    /* Most of them with what only such a market can have. */
    if (flow->script_endings == 0 && market->implied && flow->script_first % 4 < 3)
        which = 0;
    if (flow->script_endings == 0 && market->reductions && flow->script_first % 4 < 3)
        which = 65;
    if (which < 30) {
        sweep(flow, model, market, space);
    } else if (which < 45) {
        struct btx_account_command *command =
            btx_flow_begin(flow, space, BTX_COMMAND_FREEZE_ACCOUNT);

        command->account = STORY_MAKER;
    } else if (which < 60) {
        struct btx_cancel_orders *command = btx_flow_begin(flow, space, BTX_COMMAND_CANCEL_ORDERS);

        command->present = BTX_CANCEL_ORDERS_HAS_MARKET;
        command->market = STORY_MARKET;
    } else if (which < 65) {
        btx_flow_cancel_orders(flow, model, space);
    } else if (which < 70) {
        remove_runner(flow, space);
    } else if (which < 80) {
        btx_flow_settle(flow, market, space);
    } else {
        market_command(flow, which < 92 ? BTX_COMMAND_TURN_IN_PLAY : BTX_COMMAND_VOID_MARKET,
                       space);
    }
    flow->script_endings++;
    flow->script_ended = flow->script_endings > 6 || model->order_count == 0;
}

/* Each of the crowd opens, pays in and backs a unit at evens, which STORY_MAKER has laid. */
static void crowd_one(struct btx_flow *flow, uint64_t step, union btx_command_space *space)
{
    const uint64_t member = step / 3 * STORY_CROWD_STRIDE % flow->script_goal;
    struct btx_place_order *command;

    if (step % 3 == 0) {
        open_account(flow, STORY_CROWD + member, space);
    } else if (step % 3 == 1) {
        deposit(flow, STORY_CROWD + member, 100, space);
    } else {
        command = place(flow, STORY_CROWD + member, 1, BTX_ORDER_SIDE_BACK, space);
        command->price = 20000;
        command->size = 100;
    }
}

static void tell_crowd(struct btx_flow *flow, const struct btx_model_market *market, uint64_t step,
                       union btx_command_space *space)
{
    struct btx_place_order *command;

    if (step == 0) {
        command = place(flow, STORY_MAKER, 1, BTX_ORDER_SIDE_LAY, space);
        command->price = 20000;
        /* With or without a rest that the settlement has to cancel. */
        command->size = 100 * (int64_t)(flow->script_goal + btx_random_below(&flow->random, 2));
    } else if (step - 1 < flow->script_goal * 3) {
        crowd_one(flow, step - 1, space);
    } else {
        btx_flow_settle(flow, market, space);
        flow->script_ended = market->status == BTX_MODEL_CLOSED || flow->script_endings++ > 4;
    }
}

/* Back all runners against the same layer, turn about: both at evens, each time with as much as
 * turns the worst outcome of both from one runner to the other, or three at 3, round after round of
 * which each leaves nothing.  Nothing more is ever reserved. */
static void dutch_one(struct btx_flow *flow, const struct btx_model_market *market, uint64_t step,
                      union btx_command_space *space)
{
    const bool backs = step % 2 == 0;
    struct btx_place_order *command =
        place(flow, backs ? STORY_MAKER : STORY_OTHER_MAKER, step / 2 % market->runner_count + 1,
              backs ? BTX_ORDER_SIDE_BACK : BTX_ORDER_SIDE_LAY, space);

    command->price = market->runner_count * 10000;
    command->size = step < 2 ? BTX_MODEL_MONEY_MAX / 2 : BTX_MODEL_MONEY_MAX;
    if (market->runner_count == 3)
        command->size = BTX_MODEL_MONEY_MAX / 4;
}

static void tell_dutch(struct btx_flow *flow, const struct btx_model_market *market, uint64_t step,
                       union btx_command_space *space)
{
    const bool reduces = market->reductions;

    if (step < (reduces ? DUTCH_ROUNDS * 6 : DUTCH_PAIRS * 4)) {
        dutch_one(flow, market, step, space);
        return;
    }
    /* One of three removed, and less paid for the others: what is owed is no money (CAPACITY). */
    if (reduces && flow->script_endings == 0)
        remove_runner(flow, space);
    else if (flow->script_endings > 3)
        market_command(flow, BTX_COMMAND_VOID_MARKET, space);
    else
        btx_flow_settle(flow, market, space);
    flow->script_ended = market->status == BTX_MODEL_CLOSED || flow->script_endings++ > 5;
}

bool btx_flow_tell(struct btx_flow *flow, struct btx_model *model, union btx_command_space *space)
{
    const size_t index = btx_model_find_market(model, STORY_MARKET);
    const uint64_t furnish_steps = 7;
    uint64_t step;

    if (flow->script_ended)
        return false;
    if (flow->script_goal == 0)
        flow->script_goal = pick_goal(flow);
    if (furnish(flow, space)) {
        flow->script_step++;
        return true;
    }
    if (index == BTX_MODEL_NONE) {
        flow->script_ended = true;
        return false;
    }
    step = flow->script_step - furnish_steps;
    /* The endings of a burst are mixed with ordinary commands, but for a sweep that is held. */
    if (flow->theme == BTX_FLOW_BURST && step >= flow->script_goal &&
        (model->markets[index].bet_delay == 0 || flow->script_endings >= 3) &&
        btx_random_chance(&flow->random, 300))
        return false;
    flow->script_step++;
    if (flow->theme == BTX_FLOW_CROWD)
        tell_crowd(flow, &model->markets[index], step, space);
    else if (flow->theme == BTX_FLOW_DUTCH)
        tell_dutch(flow, &model->markets[index], step, space);
    else if (step < flow->script_goal)
        rest_one(flow, &model->markets[index], space);
    else
        end_burst(flow, model, &model->markets[index], space);
    return true;
}
