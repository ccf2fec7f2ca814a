/* SPDX-License-Identifier: Apache-2.0 */
/* flow_removal.c - a plot about removals: one lays the whole field, which reserves little, takes
 * the rest of the money away, and has less than nothing when runners are removed (rules-2.md 6). */
#include "engine/base/check.h"
#include "tests/property/flow.h"
#include "tests/property/flow_parts.h"

/* The steps behind the bets on each runner. */
enum {
    PLOT_WITHDRAW,
    PLOT_REMOVE,
    PLOT_PLACE,
    PLOT_PLACE_AGAIN,
    PLOT_REPLACE,
    PLOT_REMOVE_AGAIN,
    PLOT_PLACE_MORE,
    PLOT_REPLACE_MORE,
    PLOT_DEPOSIT,
    PLOT_SETTLE,
};

/* Choose whom and where; false when there is nobody or nothing. */
static bool begin_plot(struct btx_flow *flow, const struct btx_model *model)
{
    struct btx_random *random = &flow->random;
    const struct btx_model_market *market = btx_flow_pick_known_market(flow, model);
    size_t layer;

    if (market == NULL || !market->reductions || market->status != BTX_MODEL_OPEN ||
        (market->in_play && market->bet_delay > 0) || model->account_count < 2 ||
        btx_model_active_count(market) < market->winners + 3)
        return false;
    layer = (size_t)btx_random_below(random, model->account_count);
    flow->plot_market = market->market;
    flow->plot_layer = model->accounts[layer].account;
    flow->plot_backer = model->accounts[(layer + 1) % model->account_count].account;
    flow->plot_step = 1;
    return !model->accounts[layer].frozen;
}

static void deposit(struct btx_flow *flow, uint64_t account, union btx_command_space *space)
{
    struct btx_funds_command *command = btx_flow_begin(flow, space, BTX_COMMAND_DEPOSIT);

    command->account = account;
    command->amount = flow->funds;
}

static void withdraw_all(struct btx_flow *flow, const struct btx_model *model,
                         union btx_command_space *space)
{
    struct btx_funds_command *command = btx_flow_begin(flow, space, BTX_COMMAND_WITHDRAW);
    const btx_i128 available = btx_model_available(model, flow->plot_layer);

    command->account = flow->plot_layer;
    command->amount = available > 0 ? (int64_t)available : 1;
}

/* About what odds are fair when all runners are alike, so that the layer wins and loses nothing
 * until one of them is gone. */
static uint64_t pick_fair_price(struct btx_flow *flow, const struct btx_model_market *market)
{
    const uint64_t fair = 10000 * btx_model_active_count(market) / market->winners;
    size_t index = 0;

    while (index + 1 < BTX_MODEL_LADDER_COUNT && btx_model_ladder_price(index) < fair)
        index++;
    index += (size_t)btx_random_below(&flow->random, 7);
    return btx_model_ladder_price(index < 3 ? 0 : index - 3);
}

/* The lay on one runner, or the back that takes it. */
static void bet(struct btx_flow *flow, const struct btx_model_market *market, uint64_t runner,
                bool lays, union btx_command_space *space)
{
    struct btx_random *random = &flow->random;
    struct btx_place_order *command = btx_flow_begin(flow, space, BTX_COMMAND_PLACE_ORDER);

    if (lays) {
        flow->plot_price = pick_fair_price(flow, market);
        flow->plot_size = 100 * (int64_t)btx_random_between(random, 100, 110);
    }
    command->account = lays ? flow->plot_layer : flow->plot_backer;
    command->market = flow->plot_market;
    command->present = BTX_PLACE_ORDER_HAS_RUNNER;
    command->runner = runner;
    command->side = lays ? BTX_ORDER_SIDE_LAY : BTX_ORDER_SIDE_BACK;
    command->price = flow->plot_price;
    command->size = flow->plot_size;
}

static void remove_one(struct btx_flow *flow, const struct btx_model_market *market,
                       union btx_command_space *space)
{
    struct btx_random *random = &flow->random;
    struct btx_remove_runner *command = btx_flow_begin(flow, space, BTX_COMMAND_REMOVE_RUNNER);

    command->market = market->market;
    command->runner = btx_flow_pick_runner(flow, market);
    command->factor =
        100 * (int64_t)btx_random_below(random, btx_random_chance(random, 700) ? 1000 : 10000);
    if (btx_random_chance(random, 200))
        command->factor = 0;
}

/* An order that the layer has somewhere; false when there is none. */
static bool replace_any(struct btx_flow *flow, struct btx_model *model,
                        union btx_command_space *space)
{
    for (size_t i = 0; i < model->order_count; i++) {
        if (model->orders[i].account != flow->plot_layer)
            continue;
        btx_flow_replace(flow, model, flow->plot_layer, model->orders[i].order, space);
        return true;
    }
    return false;
}

/* Step @step, counted from when everybody has bet. */
static bool tell_step(struct btx_flow *flow, struct btx_model *model,
                      const struct btx_model_market *market, uint64_t step,
                      union btx_command_space *space)
{
    struct btx_random *random = &flow->random;

    switch (step) {
    case PLOT_WITHDRAW:
        withdraw_all(flow, model, space);
        return true;
    case PLOT_REMOVE:
    case PLOT_REMOVE_AGAIN:
        remove_one(flow, market, space);
        return true;
    case PLOT_REPLACE:
    case PLOT_REPLACE_MORE:
        return replace_any(flow, model, space);
    case PLOT_PLACE:
    case PLOT_PLACE_AGAIN:
    case PLOT_PLACE_MORE:
        btx_flow_place_for(flow, model, flow->plot_layer, space);
        return true;
    case PLOT_DEPOSIT:
        if (btx_random_chance(random, 700))
            return false;
        deposit(flow, flow->plot_layer, space);
        return true;
    case PLOT_SETTLE:
        if (btx_random_chance(random, 400))
            return false;
        btx_flow_settle(flow, market, space);
        return true;
    default:
        flow->plot_step = 0;
        return false;
    }
}

bool btx_flow_tell_removal(struct btx_flow *flow, struct btx_model *model,
                           union btx_command_space *space)
{
    struct btx_random *random = &flow->random;
    const struct btx_model_market *market;
    size_t index;
    uint64_t step;

    if (btx_random_chance(random, 5)) {
        btx_flow_remove_runner(flow, model, space);
        return true;
    }
    if (flow->plot_step == 0 && (!btx_random_chance(random, 30) || !begin_plot(flow, model)))
        return false;
    /* Others go on meanwhile. */
    index = btx_model_find_market(model, flow->plot_market);
    if (index == BTX_MODEL_NONE || model->markets[index].status == BTX_MODEL_CLOSED) {
        flow->plot_step = 0;
        return false;
    }
    if (btx_random_chance(random, 150))
        return false;
    market = &model->markets[index];
    step = flow->plot_step++;
    if (step <= 2) {
        deposit(flow, step == 1 ? flow->plot_layer : flow->plot_backer, space);
        return true;
    }
    step -= 3;
    if (step >= 2 * market->runner_count)
        return tell_step(flow, model, market, step - 2 * market->runner_count, space);
    if (market->removed[step / 2])
        return false;
    bet(flow, market, market->runners[step / 2], step % 2 == 0, space);
    return true;
}
