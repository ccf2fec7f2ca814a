/* SPDX-License-Identifier: Apache-2.0 */
/* flow.c - one random command after another. */
#include "tests/property/flow.h"

#include <string.h>

#include "engine/base/check.h"
#include "tests/property/flow_parts.h"

/* Some time in 2023, so that going back is possible. */
#define FLOW_TIME_NS UINT64_C(1700000000000000000)

const char *btx_flow_theme_name(enum btx_flow_theme theme)
{
    static const char *const names[] = {
#define THEME(NAME, name) name,
        BTX_FLOW_THEMES(THEME)
#undef THEME
    };

    CHECK(theme < BTX_FLOW_THEME_COUNT);
    return names[theme];
}

static enum btx_flow_theme theme_of(struct btx_random *random)
{
    const uint64_t permille = btx_random_below(random, 1000);

    if (permille < 330)
        return BTX_FLOW_ORDINARY;
    if (permille < 500)
        return BTX_FLOW_TINY;
    if (permille < 580)
        return BTX_FLOW_HUGE;
    if (permille < 680)
        return BTX_FLOW_WIDE;
    if (permille < 780)
        return BTX_FLOW_PAIR;
    if (permille < 880)
        return BTX_FLOW_HELD;
    if (permille < 985)
        return BTX_FLOW_REDUCED;
    return permille < 997 ? BTX_FLOW_BURST : permille < 999 ? BTX_FLOW_CROWD : BTX_FLOW_DUTCH;
}

/* Ids that differ; small ones, and some from anywhere, so that an order by id is no accident. */
static void fill_pool(struct btx_random *random, uint64_t *pool, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool is_new = true;

        pool[i] = btx_random_chance(random, 700) ? btx_random_between(random, 1, 40)
                                                 : btx_random_u64(random);
        if (btx_random_chance(random, 30))
            pool[i] = UINT64_MAX;
        for (size_t j = 0; j < i; j++)
            is_new = is_new && pool[j] != pool[i];
        if (!is_new || pool[i] == 0)
            i--;
    }
}

static void choose_capacity(struct btx_flow *flow)
{
    struct btx_random *random = &flow->random;
    struct btx_model_capacity *capacity = &flow->capacity;

    capacity->accounts = 40;
    capacity->markets = 40;
    capacity->runners = 500;
    capacity->orders = 2000;
    capacity->positions = 400;
    capacity->stakes = 20000;
    capacity->description_bytes = 30000;
    if (flow->theme == BTX_FLOW_TINY) {
        capacity->accounts = btx_random_between(random, 2, 5);
        capacity->markets = btx_random_between(random, 1, 4);
        capacity->runners = btx_random_between(random, 2, 9);
        capacity->orders = btx_random_between(random, 2, 12);
        capacity->positions = btx_random_between(random, 2, 9);
        capacity->stakes = btx_random_below(random, 40);
        capacity->description_bytes = btx_random_below(random, 600);
    } else if (flow->theme == BTX_FLOW_BURST) {
        capacity->orders = 20000;
        capacity->stakes = 100000;
    } else if (flow->theme == BTX_FLOW_CROWD) {
        capacity->accounts = 6000;
        capacity->positions = 300000;
    }
}

bool btx_flow_is_second(const struct btx_flow *flow)
{
    return flow->theme == BTX_FLOW_PAIR || flow->theme == BTX_FLOW_HELD ||
           flow->theme == BTX_FLOW_REDUCED;
}

void btx_flow_init(struct btx_flow *flow, uint64_t seed, enum btx_flow_theme theme)
{
    struct btx_random *random = &flow->random;
    enum btx_flow_theme own_theme;

    memset(flow, 0, sizeof *flow);
    btx_random_init(random, seed);
    flow->script_first = seed;
    own_theme = theme_of(random);
    flow->theme = theme == BTX_FLOW_THEME_COUNT ? own_theme : theme;
    choose_capacity(flow);
    flow->time_ns = btx_random_chance(random, 30) ? 0 : FLOW_TIME_NS;
    flow->accounts_count = (size_t)btx_random_between(random, 3, 10);
    flow->markets_count = (size_t)btx_random_between(random, 2, 7);
    fill_pool(random, flow->accounts, flow->accounts_count);
    fill_pool(random, flow->markets, flow->markets_count);
    flow->funds = (int64_t)btx_random_between(random, 100, 9000) * 1000;
    if (flow->theme == BTX_FLOW_HUGE)
        flow->funds = BTX_MODEL_MONEY_MAX / (int64_t)btx_random_between(random, 2, 9);
    if (btx_flow_is_second(flow)) {
        /* Few, so that they meet. */
        flow->accounts_count = (size_t)btx_random_between(random, 3, 6);
        flow->markets_count = (size_t)btx_random_between(random, 2, 4);
    }
    if (btx_flow_is_second(flow))
        flow->funds *= flow->theme == BTX_FLOW_REDUCED ? 2 : 5;
    flow->cseq_permille = btx_random_below(random, 800);
    flow->wrong_permille = btx_random_between(random, 5, 60);
    flow->script_ended = flow->theme != BTX_FLOW_BURST && flow->theme != BTX_FLOW_CROWD &&
                         flow->theme != BTX_FLOW_DUTCH;
}

bool btx_flow_ended(const struct btx_flow *flow)
{
    return flow->script_ended;
}

bool btx_flow_wrong(struct btx_flow *flow)
{
    return btx_random_chance(&flow->random, flow->wrong_permille);
}

static uint64_t next_time(struct btx_flow *flow)
{
    struct btx_random *random = &flow->random;

    flow->time_ns += btx_flow_step_of_time(flow);
    if (btx_random_below(random, 20000) == 0)
        flow->time_ns = BTX_TIME_NS_MAX - btx_random_below(random, 3);
    if (flow->time_ns > BTX_TIME_NS_MAX)
        flow->time_ns = BTX_TIME_NS_MAX;
    if (btx_random_chance(random, 40))
        return flow->time_ns - btx_random_below(random, flow->time_ns / 2 + 1);
    return flow->time_ns;
}

void *btx_flow_begin(struct btx_flow *flow, union btx_command_space *space,
                     enum btx_command_type type)
{
    struct btx_random *random = &flow->random;
    struct btx_command *command = btx_command_begin(space, type);

    command->record.time_ns = next_time(flow);
    if (btx_random_chance(random, 300)) {
        command->number = btx_random_u64(random);
        command->incarnation = (uint32_t)btx_random_u64(random);
        command->producer = (uint16_t)btx_random_u64(random);
    }
    command->shed = btx_random_chance(random, 15);
    return command;
}

uint64_t btx_flow_pick_account(struct btx_flow *flow, const struct btx_model *model)
{
    struct btx_random *random = &flow->random;
    const struct btx_model_account *account;

    if (btx_flow_wrong(flow))
        return btx_random_chance(random, 300) ? 0 : btx_random_u64(random);
    if (model->account_count == 0 || btx_random_chance(random, 10))
        return flow->accounts[btx_random_below(random, flow->accounts_count)];
    account = &model->accounts[btx_random_below(random, model->account_count)];
    /* A frozen one can do nothing: look once more. */
    if (account->frozen && btx_random_chance(random, 850))
        account = &model->accounts[btx_random_below(random, model->account_count)];
    return account->account;
}

/* Any market that is there, open ones most of the time; NULL when there is none. */
const struct btx_model_market *btx_flow_pick_known_market(struct btx_flow *flow,
                                                          const struct btx_model *model)
{
    const struct btx_model_market *market = NULL;

    if (model->market_count == 0)
        return NULL;
    for (int attempt = 0; attempt < 8; attempt++) {
        market = &model->markets[btx_random_below(&flow->random, model->market_count)];
        if (market->status == BTX_MODEL_OPEN)
            return market;
    }
    return market;
}

uint64_t btx_flow_pick_market(struct btx_flow *flow, const struct btx_model *model)
{
    struct btx_random *random = &flow->random;

    if (btx_flow_wrong(flow) || model->market_count == 0)
        return btx_random_chance(random, 100)
                   ? btx_random_u64(random)
                   : flow->markets[btx_random_below(random, flow->markets_count)];
    return model->markets[btx_random_below(random, model->market_count)].market;
}

uint64_t btx_flow_pick_runner(struct btx_flow *flow, const struct btx_model_market *market)
{
    const uint64_t count = market->runner_count > 4 ? 4 : market->runner_count;
    uint64_t index = btx_random_below(&flow->random, count);

    /* A removed one is bet on no more: look further, most of the time. */
    if (market->removed[index] && btx_random_chance(&flow->random, 950)) {
        while (market->removed[index])
            index = (index + 1) % market->runner_count;
    }
    return market->runners[index];
}

/* cseq of a command for @account: the next, or one that was, or a leap. */
static uint64_t pick_cseq(struct btx_flow *flow, const struct btx_model *model, uint64_t account,
                          bool is_transfer)
{
    struct btx_random *random = &flow->random;
    const size_t index = btx_model_find_account(model, account);
    uint64_t last = 0;

    if (!btx_random_chance(random, flow->cseq_permille))
        return 0;
    if (index != BTX_MODEL_NONE)
        last = is_transfer ? model->accounts[index].transfer : model->accounts[index].cseq;
    if (btx_random_below(random, 5000) == 0)
        return UINT64_MAX;
    if (btx_random_chance(random, 60) && last > 0)
        return last - btx_random_below(random, last < 4 ? last : 4);
    if (btx_random_chance(random, 100) && last < UINT64_MAX / 2)
        return last + btx_random_between(random, 2, 1000);
    return last == UINT64_MAX ? last : last + 1;
}

static void open_account(struct btx_flow *flow, const struct btx_model *model,
                         union btx_command_space *space)
{
    struct btx_random *random = &flow->random;
    struct btx_open_account *command = btx_flow_begin(flow, space, BTX_COMMAND_OPEN_ACCOUNT);

    command->account = flow->accounts[btx_random_below(random, flow->accounts_count)];
    for (size_t i = 0; i < flow->accounts_count && btx_random_chance(random, 900); i++) {
        if (btx_model_find_account(model, command->account) != BTX_MODEL_NONE)
            command->account = flow->accounts[i];
    }
    if (btx_flow_wrong(flow))
        command->account = 0;
}

static int64_t pick_amount(struct btx_flow *flow, const struct btx_model *model, bool deposits,
                           uint64_t account)
{
    struct btx_random *random = &flow->random;
    const btx_i128 room = BTX_MODEL_MONEY_MAX - btx_model_balance_sum(model);
    btx_i128 edge = room;

    if (!deposits && btx_model_find_account(model, account) != BTX_MODEL_NONE)
        edge = btx_model_available(model, account);
    if (btx_flow_wrong(flow)) {
        const int64_t amounts[] = {
            0, -1, INT64_MIN, INT64_MAX, BTX_MODEL_MONEY_MAX, BTX_MODEL_MONEY_MAX + 1};

        return amounts[btx_random_below(random, BTX_COUNT_OF(amounts))];
    }
    if (btx_random_chance(random, deposits ? 15 : 350))
        return (int64_t)edge + (int64_t)btx_random_below(random, 2);
    return (int64_t)btx_random_between(random, 1, (uint64_t)flow->funds);
}

static void move_funds(struct btx_flow *flow, const struct btx_model *model, bool deposits,
                       union btx_command_space *space)
{
    struct btx_random *random = &flow->random;
    struct btx_funds_command *command =
        btx_flow_begin(flow, space, deposits ? BTX_COMMAND_DEPOSIT : BTX_COMMAND_WITHDRAW);

    command->account = btx_flow_pick_account(flow, model);
    command->amount = pick_amount(flow, model, deposits, command->account);
    if (btx_random_chance(random, 500))
        command->cseq = pick_cseq(flow, model, command->account, false);
    else
        command->transfer = pick_cseq(flow, model, command->account, true);
}

static void account_command(struct btx_flow *flow, const struct btx_model *model,
                            enum btx_command_type type, union btx_command_space *space)
{
    struct btx_account_command *command = btx_flow_begin(flow, space, type);

    command->account = btx_flow_pick_account(flow, model);
    /* Freezing is easy to meet, unfreezing hardly: look for one that is frozen. */
    for (size_t i = 0; type == BTX_COMMAND_UNFREEZE_ACCOUNT && i < model->account_count; i++) {
        if (model->accounts[i].frozen && !btx_flow_wrong(flow))
            command->account = model->accounts[i].account;
    }
}

static void market_command(struct btx_flow *flow, const struct btx_model *model,
                           enum btx_command_type type, union btx_command_space *space)
{
    struct btx_market_command *command = btx_flow_begin(flow, space, type);

    command->market = btx_flow_pick_market(flow, model);
    for (size_t i = 0; i < model->market_count; i++) {
        const enum btx_model_status status = model->markets[i].status;

        if (((type == BTX_COMMAND_RESUME_MARKET && status == BTX_MODEL_SUSPENDED) ||
             (type == BTX_COMMAND_FORGET_MARKET && status == BTX_MODEL_CLOSED)) &&
            btx_random_chance(&flow->random, 800))
            command->market = model->markets[i].market;
    }
}

/* Runner ids that differ, in no order. */
static size_t pick_runners(struct btx_flow *flow, uint64_t *ret_runners)
{
    struct btx_random *random = &flow->random;
    size_t least = 2;
    size_t most = 4;
    size_t count;

    if (flow->theme == BTX_FLOW_PAIR)
        most = 2;
    if (flow->theme == BTX_FLOW_REDUCED)
        least = 3;
    if (flow->theme == BTX_FLOW_WIDE || flow->theme == BTX_FLOW_REDUCED)
        most = 9;
    if (flow->theme == BTX_FLOW_WIDE && btx_random_chance(random, 60))
        most = 60;
    count = (size_t)btx_random_between(random, least, most);
    for (size_t i = 0; i < count; i++) {
        bool is_new = true;

        ret_runners[i] = btx_random_chance(random, 900) ? btx_random_between(random, 1, 99)
                                                        : btx_random_u64(random);
        for (size_t j = 0; j < i; j++)
            is_new = is_new && ret_runners[j] != ret_runners[i];
        if (!is_new || ret_runners[i] == 0)
            i--;
    }
    return count;
}

/* Make one thing wrong, or strange, about a market that is well. */
static void spoil_market(struct btx_flow *flow, struct btx_open_market *command, uint64_t *runners,
                         size_t *runner_count)
{
    struct btx_random *random = &flow->random;

    switch (btx_random_below(random, 8)) {
    case 0:
        command->market = 0;
        break;
    case 1:
        command->winners = btx_random_chance(random, 500) ? 0 : *runner_count;
        command->present |= BTX_OPEN_MARKET_HAS_WINNERS;
        break;
    case 2:
        command->min_size = (int64_t)btx_random_below(random, 3) - 1;
        break;
    case 3:
        command->min_size = BTX_MODEL_MONEY_MAX + 10000 * ((int64_t)btx_random_below(random, 2));
        break;
    case 4:
        command->commission = btx_random_chance(random, 500) ? -1 : 10001;
        break;
    case 5:
        if (*runner_count > 0)
            runners[btx_random_below(random, *runner_count)] =
                btx_random_chance(random, 500) ? 0 : runners[0];
        break;
    case 6:
        /* Too few, or more than any market may have. */
        *runner_count = btx_random_chance(random, 700) ? btx_random_below(random, 2) : 513;
        command->present |= BTX_OPEN_MARKET_HAS_RUNNERS;
        for (size_t i = 0; i < *runner_count; i++)
            runners[i] = i + 1;
        break;
    default:
        if ((command->present & BTX_OPEN_MARKET_HAS_TICK) != 0)
            command->tick = btx_random_below(random, 1001);
        else
            command->winners = UINT64_MAX;
        break;
    }
}

/* A market of the pool, most of the time one that is not there yet. */
static uint64_t pick_new_market(struct btx_flow *flow, const struct btx_model *model)
{
    struct btx_random *random = &flow->random;
    uint64_t market = flow->markets[btx_random_below(random, flow->markets_count)];

    for (size_t i = 0; i < flow->markets_count && btx_random_chance(random, 900); i++) {
        if (btx_model_find_market(model, market) != BTX_MODEL_NONE)
            market = flow->markets[i];
    }
    return market;
}

static void open_market(struct btx_flow *flow, const struct btx_model *model,
                        union btx_command_space *space)
{
    struct btx_random *random = &flow->random;
    struct btx_open_market *command = btx_flow_begin(flow, space, BTX_COMMAND_OPEN_MARKET);
    const uint64_t ticks[] = {1, 10, 100};
    const int64_t steps[] = {1, 1, 1, 2, 5, 100};
    const int64_t commissions[] = {0, 500, 10000, 1, 333};
    uint64_t runners[BTX_LIST_IDS_MAX];
    size_t runner_count = 0;
    int64_t step = 10000;

    command->market = pick_new_market(flow, model);
    if (btx_random_chance(random, flow->theme == BTX_FLOW_PAIR ? 900 : 600) ||
        flow->theme == BTX_FLOW_WIDE || flow->theme == BTX_FLOW_REDUCED) {
        command->kind = BTX_MARKET_KIND_ODDS;
        step = 100;
        runner_count = pick_runners(flow, runners);
        command->present = BTX_OPEN_MARKET_HAS_RUNNERS | BTX_OPEN_MARKET_HAS_WINNERS;
        command->winners = 1;
        if (flow->theme == BTX_FLOW_REDUCED)
            command->winners = btx_random_between(random, 1, 2);
        else if (runner_count < 10 && btx_random_chance(random, 500))
            command->winners = btx_random_between(random, 1, runner_count - 1);
        else if (btx_random_chance(random, 300))
            command->winners = btx_random_chance(random, 500) ? 1 : runner_count - 1;
    } else {
        command->kind = BTX_MARKET_KIND_BINARY;
        command->tick = ticks[btx_random_below(random, 3)];
        command->present = BTX_OPEN_MARKET_HAS_TICK;
        if (btx_random_chance(random, 300)) {
            command->present |= BTX_OPEN_MARKET_HAS_WINNERS;
            command->winners = 1;
        }
        if (btx_random_chance(random, 300)) {
            command->present |= BTX_OPEN_MARKET_HAS_RUNNERS;
            runners[runner_count++] = 1;
        }
    }
    command->min_size = step * steps[btx_random_below(random, btx_flow_is_second(flow) ? 4 : 6)];
    command->commission = commissions[btx_random_below(random, BTX_COUNT_OF(commissions))];
    btx_flow_pick_second_stage(flow, command, runner_count);
    if (btx_flow_wrong(flow))
        spoil_market(flow, command, runners, &runner_count);
    command->runners_count = (uint16_t)runner_count;
    memcpy(command + 1, runners, runner_count * sizeof runners[0]);
    btx_command_set_length(space, runner_count * sizeof runners[0]);
}

/* A price that is valid and near to where things happen in the market. */
static uint64_t pick_price(struct btx_flow *flow, const struct btx_model *model,
                           const struct btx_model_market *market, uint64_t runner)
{
    struct btx_random *random = &flow->random;
    const bool is_odds = market->kind == BTX_MARKET_KIND_ODDS;
    const size_t count = is_odds ? BTX_MODEL_LADDER_COUNT : (size_t)(10000 / market->tick - 1);
    const size_t start = btx_flow_is_second(flow) ? 150 : count; /* Low odds are soon paid for. */
    size_t index = (size_t)((runner * 37 + market->market * 11) % (start < count ? start : count));
    size_t near = BTX_MODEL_NONE;

    /* Start from an order that rests there, if any. */
    for (size_t i = 0; i < model->order_count; i++) {
        if (model->orders[i].market == market->market && model->orders[i].runner == runner &&
            (near == BTX_MODEL_NONE || btx_random_chance(random, 250)))
            near = i;
    }
    /* Of two runners that are one, the price of the other is as near. */
    if (market->implied && btx_random_chance(random, flow->theme == BTX_FLOW_PAIR ? 700 : 500))
        return btx_flow_implied_price(flow, model, market, runner);
    if (market->ladder == BTX_LADDER_FINEST && btx_random_chance(random, 700))
        return near == BTX_MODEL_NONE || btx_random_chance(random, 50)
                   ? 10100 + 100 * btx_random_below(random, 99900)
                   : btx_flow_finest_near(model->orders[near].price, btx_random_below(random, 7));
    if (near != BTX_MODEL_NONE && is_odds) {
        index = 0;
        while (index + 1 < BTX_MODEL_LADDER_COUNT &&
               btx_model_ladder_price(index) < model->orders[near].price)
            index++;
    } else if (near != BTX_MODEL_NONE) {
        index = (size_t)(model->orders[near].price / market->tick - 1);
    }
    index = (index + count + (size_t)btx_random_below(random, 7) - 3) % count;
    if (btx_random_chance(random, 15))
        index = btx_random_chance(random, 500) ? 0 : count - 1;
    return is_odds ? btx_model_ladder_price(index) : (index + 1) * market->tick;
}

static uint64_t spoil_price(struct btx_flow *flow, uint64_t price)
{
    struct btx_random *random = &flow->random;
    const uint64_t prices[] = {
        0,     price + 1, price + 100,        10000,     9999,
        10100, 10099,     BTX_PRICE_WIRE_MAX, 10010000u, btx_random_below(random, 100000)};

    return prices[btx_random_below(random, BTX_COUNT_OF(prices))];
}

/* The greatest size, in whole steps, that @order could have; 0 for none. */
static int64_t largest_affordable(struct btx_model *model, struct btx_model_order order,
                                  int64_t step, size_t replaced_index)
{
    int64_t least = 0;
    int64_t most = BTX_MODEL_MONEY_MAX / step;

    while (least < most) {
        const int64_t middle = least + (most - least + 1) / 2;

        order.remaining = middle * step;
        if (btx_model_affordable(model, &order, replaced_index))
            least = middle;
        else
            most = middle - 1;
    }
    return least * step;
}

static int64_t pick_size(struct btx_flow *flow, struct btx_model *model,
                         const struct btx_model_market *market, struct btx_model_order *order,
                         size_t replaced_index)
{
    struct btx_random *random = &flow->random;
    const int64_t step = btx_model_size_step(market);
    int64_t size = step * (int64_t)btx_random_between(random, 1, 30);

    if (btx_random_chance(random, 300))
        size *= 10;
    /* Exact amounts of odds that are not round need more than a few hundredths. */
    if (market->implied && btx_random_chance(random, 500))
        size = step * (int64_t)btx_random_between(random, 30, 500);
    if (flow->theme == BTX_FLOW_HUGE && btx_random_chance(random, 500))
        size = flow->funds / step / (int64_t)btx_random_between(random, 1, 20) * step;
    if (btx_random_chance(random, flow->theme == BTX_FLOW_REDUCED ? 250 : 120) &&
        btx_model_find_account(model, order->account) != BTX_MODEL_NONE)
        size = largest_affordable(model, *order, step, replaced_index) +
               step * (int64_t)btx_random_below(random, 2);
    if (btx_random_chance(random, 20))
        size = market->min_size - step * (int64_t)btx_random_below(random, 2);
    if (btx_flow_wrong(flow)) {
        const int64_t sizes[] = {0,         -step,
                                 step / 2,  step + 1,
                                 INT64_MAX, BTX_MODEL_MONEY_MAX,
                                 INT64_MIN, BTX_MODEL_MONEY_MAX + step};

        size = sizes[btx_random_below(random, BTX_COUNT_OF(sizes))];
    }
    return size;
}

/* Spell @side and @price in one of the ways of rules.md 2. */
static void spell(struct btx_flow *flow, const struct btx_model_market *market,
                  struct btx_place_order *command, uint8_t side, uint64_t price)
{
    struct btx_random *random = &flow->random;
    const bool is_back = side == BTX_SIDE_BACK;
    bool says_no = btx_random_chance(random, 500);

    command->price = price;
    command->side = is_back ? BTX_ORDER_SIDE_BACK : BTX_ORDER_SIDE_LAY;
    if (!btx_random_chance(random, 300))
        return;
    if (market->kind == BTX_MARKET_KIND_ODDS)
        says_no = btx_flow_wrong(flow);
    command->outcome = says_no ? BTX_OUTCOME_NO : BTX_OUTCOME_YES;
    command->side = is_back != says_no ? BTX_ORDER_SIDE_BUY : BTX_ORDER_SIDE_SELL;
    if (says_no && price <= 10000)
        command->price = 10000 - price;
}

static void pick_options(struct btx_flow *flow, const struct btx_model *model,
                         const struct btx_model_market *market, const struct btx_model_order *order,
                         struct btx_place_order *command)
{
    struct btx_random *random = &flow->random;
    const int64_t step = btx_model_size_step(market);
    const uint64_t tif = btx_random_below(random, 100);
    int64_t fillable;

    command->tif = tif < 70 ? BTX_TIF_GTC : tif < 82 ? BTX_TIF_IOC : BTX_TIF_FOK;
    command->post_only = btx_random_chance(random, command->tif == BTX_TIF_GTC ? 80 : 10);
    if (command->tif != BTX_TIF_FOK) {
        if (btx_flow_wrong(flow)) {
            command->present |= BTX_PLACE_ORDER_HAS_MIN_FILL;
            command->min_fill = step;
        }
        return;
    }
    /* At the edge of what the book has; asked only where the order itself could be valid. */
    fillable =
        order->remaining > 0 ? btx_model_fillable(model, market, order, order->remaining) : 0;
    if (btx_random_chance(random, 300) && fillable > 0)
        command->size = fillable + step * (int64_t)btx_random_below(random, 2);
    if (btx_random_chance(random, 600)) {
        command->present |= BTX_PLACE_ORDER_HAS_MIN_FILL;
        command->min_fill = step * (int64_t)btx_random_between(random, 1, 20);
        if (btx_random_chance(random, 500))
            command->min_fill = fillable + step * (int64_t)btx_random_below(random, 2);
        if (btx_flow_wrong(flow))
            command->min_fill = btx_random_chance(random, 500)
                                    ? (int64_t)btx_random_below(random, 3) - 1
                                : command->size <= INT64_MAX - step ? command->size + step
                                                                    : command->size;
    }
}

static void pick_ref(struct btx_flow *flow, struct btx_place_order *command,
                     union btx_command_space *space)
{
    struct btx_random *random = &flow->random;
    char *ref = (char *)(command + 1);

    if (!btx_random_chance(random, 150))
        return;
    command->present |= BTX_PLACE_ORDER_HAS_REF;
    command->ref_length = (uint8_t)btx_random_below(random, BTX_REF_BYTES_MAX + 1);
    if (btx_random_chance(random, 100))
        command->ref_length = 0;
    for (size_t i = 0; i < command->ref_length; i++)
        ref[i] = (char)btx_random_between(random, 0x20, 0x7e);
    btx_command_set_length(space, command->ref_length);
}

/* In a run about removals some lay one runner after the other, which reserves little until one of
 * them is removed, and the others back. */
static uint8_t pick_side(struct btx_flow *flow, uint64_t account)
{
    const bool lays = flow->theme == BTX_FLOW_REDUCED && account % 2 == 1;
    const bool backs = flow->theme == BTX_FLOW_REDUCED && account % 2 == 0;

    return btx_random_chance(&flow->random, lays    ? 150
                                            : backs ? 850
                                                    : 500)
               ? BTX_SIDE_BACK
               : BTX_SIDE_LAY;
}

void btx_flow_place_for(struct btx_flow *flow, struct btx_model *model, uint64_t account,
                        union btx_command_space *space)
{
    struct btx_random *random = &flow->random;
    const struct btx_model_market *market = btx_flow_pick_known_market(flow, model);
    struct btx_place_order *command = btx_flow_begin(flow, space, BTX_COMMAND_PLACE_ORDER);
    struct btx_model_order order = {0};

    command->account = account;
    command->cseq = pick_cseq(flow, model, command->account, false);
    pick_ref(flow, command, space);
    if (market == NULL) {
        command->market = btx_flow_pick_market(flow, model);
        return;
    }
    order.account = command->account;
    order.market = market->market;
    order.runner = btx_flow_pick_runner(flow, market);
    order.side = pick_side(flow, command->account);
    order.price = pick_price(flow, model, market, order.runner);
    if (btx_flow_is_second(flow) && btx_random_chance(random, 300))
        btx_flow_meet(flow, model, &order);
    order.stp = (uint8_t)(btx_random_chance(random, 550) ? 0 : btx_random_below(random, 3));
    order.remaining = pick_size(flow, model, market, &order, BTX_MODEL_NONE);
    command->market = btx_flow_wrong(flow) ? btx_flow_pick_market(flow, model) : order.market;
    command->size = order.remaining;
    command->stp = order.stp;
    command->persistence =
        btx_random_chance(random, 600) ? BTX_PERSISTENCE_LAPSE : BTX_PERSISTENCE_PERSIST;
    if (market->kind == BTX_MARKET_KIND_ODDS || btx_random_chance(random, 300)) {
        command->present |= BTX_PLACE_ORDER_HAS_RUNNER;
        command->runner = order.runner;
    }
    if (btx_flow_wrong(flow)) {
        command->present ^= BTX_PLACE_ORDER_HAS_RUNNER;
        command->runner =
            (command->present & BTX_PLACE_ORDER_HAS_RUNNER) != 0 ? btx_random_below(random, 5) : 0;
    }
    pick_options(flow, model, market, &order, command);
    btx_flow_pick_moments(flow, market, command);
    spell(flow, market, command, order.side, order.price);
    if (btx_flow_wrong(flow))
        command->price = spoil_price(flow, command->price);
}

/* A live order and its owner, most of the time; else another account, or an order that is not
 * there. */
static void pick_order(struct btx_flow *flow, const struct btx_model *model, uint64_t *ret_account,
                       uint64_t *ret_order)
{
    struct btx_random *random = &flow->random;
    uint64_t index = model->order_count;

    *ret_account = btx_flow_pick_account(flow, model);
    *ret_order = btx_random_below(random, model->next_order + 2);
    if (btx_flow_wrong(flow) || model->order_count == 0)
        return;
    /* Those that are held are among the last. */
    if (flow->theme == BTX_FLOW_HELD && btx_random_chance(random, 400))
        index = model->order_count - btx_random_between(random, 1, 6);
    if (index >= model->order_count)
        index = btx_random_below(random, model->order_count);
    *ret_order = model->orders[index].order;
    if (!btx_random_chance(random, 100))
        *ret_account = model->orders[btx_model_find_order(model, *ret_order)].account;
}

static void cancel_order(struct btx_flow *flow, const struct btx_model *model,
                         union btx_command_space *space)
{
    struct btx_random *random = &flow->random;
    struct btx_cancel_order *command = btx_flow_begin(flow, space, BTX_COMMAND_CANCEL_ORDER);
    size_t index;

    pick_order(flow, model, &command->account, &command->order);
    command->cseq = pick_cseq(flow, model, command->account, false);
    index = btx_model_find_order(model, command->order);
    if (index != BTX_MODEL_NONE && btx_random_chance(random, 500)) {
        const struct btx_model_order *order = &model->orders[index];
        const size_t market_index = btx_model_find_market(model, order->market);
        const int64_t step = btx_model_size_step(&model->markets[market_index]);

        command->present = BTX_CANCEL_ORDER_HAS_REDUCE_BY;
        command->reduce_by =
            step * (int64_t)btx_random_between(random, 1, (uint64_t)(order->remaining / step) + 1);
        if (btx_flow_wrong(flow))
            command->reduce_by = btx_random_chance(random, 500)
                                     ? -step * (int64_t)btx_random_below(random, 2)
                                     : step / 2;
    }
}

static void update_order(struct btx_flow *flow, const struct btx_model *model,
                         union btx_command_space *space)
{
    struct btx_random *random = &flow->random;
    struct btx_update_order *command = btx_flow_begin(flow, space, BTX_COMMAND_UPDATE_ORDER);

    pick_order(flow, model, &command->account, &command->order);
    command->cseq = pick_cseq(flow, model, command->account, false);
    command->persistence = (uint8_t)btx_random_below(random, 2);
}

void btx_flow_replace(struct btx_flow *flow, struct btx_model *model, uint64_t account,
                      uint64_t order_id, union btx_command_space *space)
{
    struct btx_random *random = &flow->random;
    struct btx_replace_order *command = btx_flow_begin(flow, space, BTX_COMMAND_REPLACE_ORDER);
    size_t index;

    command->account = account;
    command->order = order_id;
    command->cseq = pick_cseq(flow, model, command->account, false);
    command->price = 20000;
    index = btx_model_find_order(model, command->order);
    if (index != BTX_MODEL_NONE) {
        struct btx_model_order order = model->orders[index];
        const struct btx_model_market *market =
            &model->markets[btx_model_find_market(model, order.market)];

        order.price = pick_price(flow, model, market, order.runner);
        command->price = order.price;
        if (btx_random_chance(random, 600)) {
            command->present = BTX_REPLACE_ORDER_HAS_SIZE;
            command->size = pick_size(flow, model, market, &order, index);
        }
        if (btx_random_chance(random, 100)) {
            command->present |= BTX_REPLACE_ORDER_HAS_IF_VERSION;
            command->if_version = market->version + btx_random_below(random, 3) - 1;
        }
    }
    if (btx_flow_wrong(flow))
        command->price = spoil_price(flow, command->price);
}

static void replace_order(struct btx_flow *flow, struct btx_model *model,
                          union btx_command_space *space)
{
    uint64_t account;
    uint64_t order;

    pick_order(flow, model, &account, &order);
    btx_flow_replace(flow, model, account, order, space);
}

void btx_flow_cancel_orders(struct btx_flow *flow, const struct btx_model *model,
                            union btx_command_space *space)
{
    struct btx_random *random = &flow->random;
    struct btx_cancel_orders *command = btx_flow_begin(flow, space, BTX_COMMAND_CANCEL_ORDERS);
    const size_t near =
        model->order_count == 0 ? 0 : (size_t)btx_random_below(random, model->order_count);

    if (btx_random_chance(random, 600)) {
        command->present |= BTX_CANCEL_ORDERS_HAS_ACCOUNT;
        command->account = btx_flow_pick_account(flow, model);
        if (model->order_count > 0 && btx_random_chance(random, 600))
            command->account = model->orders[near].account;
        command->cseq = pick_cseq(flow, model, command->account, false);
        command->disconnect = btx_random_chance(random, 200);
    }
    if (btx_random_chance(random, 500)) {
        command->present |= BTX_CANCEL_ORDERS_HAS_MARKET;
        command->market = btx_flow_pick_market(flow, model);
        if (model->order_count > 0 && !btx_flow_wrong(flow))
            command->market = model->orders[near].market;
        if (btx_random_chance(random, 500)) {
            command->present |= BTX_CANCEL_ORDERS_HAS_RUNNER;
            command->runner = model->order_count > 0 && !btx_flow_wrong(flow)
                                  ? model->orders[near].runner
                                  : btx_random_below(random, 5);
        }
    }
    if (btx_random_chance(random, 300)) {
        command->present |= BTX_CANCEL_ORDERS_HAS_SIDE;
        command->side = (uint8_t)btx_random_below(random, 2);
    }
}

/* Names of winners that may be too few, too many, twice or unknown. */
static size_t pick_winners(struct btx_flow *flow, const struct btx_model_market *market,
                           uint64_t *ret_winners)
{
    struct btx_random *random = &flow->random;
    size_t count = market->winners;

    if (btx_random_chance(random, 300))
        count = (size_t)btx_random_between(random, market->winners, market->runner_count);
    memcpy(ret_winners, market->runners, market->runner_count * sizeof *ret_winners);
    for (size_t i = 0; i < count; i++) {
        const size_t other = i + (size_t)btx_random_below(random, market->runner_count - i);
        const uint64_t swapped = ret_winners[i];

        ret_winners[i] = ret_winners[other];
        ret_winners[other] = swapped;
    }
    if (btx_random_chance(random, 100)) {
        if (btx_random_chance(random, 300))
            return count - 1;
        ret_winners[count - 1] =
            btx_random_chance(random, 500) ? ret_winners[0] : btx_random_below(random, 100);
    }
    return count;
}

void btx_flow_settle(struct btx_flow *flow, const struct btx_model_market *market,
                     union btx_command_space *space)
{
    struct btx_random *random = &flow->random;
    struct btx_settle_market *command = btx_flow_begin(flow, space, BTX_COMMAND_SETTLE_MARKET);
    const bool is_binary = market != NULL && market->kind == BTX_MARKET_KIND_BINARY;
    uint64_t winners[BTX_MODEL_RUNNERS_MAX + 1];
    size_t winner_count;

    command->market = market == NULL ? flow->markets[btx_random_below(random, flow->markets_count)]
                                     : market->market;
    if (market == NULL || is_binary != btx_random_chance(random, 30)) {
        command->result = btx_random_chance(random, 500) ? BTX_OUTCOME_YES : BTX_OUTCOME_NO;
        return;
    }
    winner_count = pick_winners(flow, market, winners);
    command->present = BTX_SETTLE_MARKET_HAS_WINNERS;
    command->winners_count = (uint16_t)winner_count;
    memcpy(command + 1, winners, winner_count * sizeof winners[0]);
    btx_command_set_length(space, winner_count * sizeof winners[0]);
}

/* Make a market that can be traded in out of what is there. */
static void furnish_market(struct btx_flow *flow, const struct btx_model *model,
                           union btx_command_space *space)
{
    size_t closed_count = 0;
    size_t suspended_count = 0;

    for (size_t i = 0; i < model->market_count; i++) {
        closed_count += model->markets[i].status == BTX_MODEL_CLOSED;
        suspended_count += model->markets[i].status == BTX_MODEL_SUSPENDED;
    }
    if (suspended_count > 0)
        market_command(flow, model, BTX_COMMAND_RESUME_MARKET, space);
    else if (closed_count > 1)
        market_command(flow, model, BTX_COMMAND_FORGET_MARKET, space);
    else
        open_market(flow, model, space);
}

/* What an exchange that is nearly empty needs first; false when it needs nothing. */
static bool furnish(struct btx_flow *flow, const struct btx_model *model,
                    union btx_command_space *space)
{
    struct btx_random *random = &flow->random;
    size_t open_count = 0;
    size_t frozen_count = 0;

    if (!btx_random_chance(random, 300))
        return false;
    for (size_t i = 0; i < model->market_count; i++)
        open_count += model->markets[i].status == BTX_MODEL_OPEN;
    for (size_t i = 0; i < model->account_count; i++)
        frozen_count += model->accounts[i].frozen;
    if (model->account_count < 2)
        open_account(flow, model, space);
    else if (frozen_count * 2 >= model->account_count)
        account_command(flow, model, BTX_COMMAND_UNFREEZE_ACCOUNT, space);
    else if (btx_model_balance_sum(model) < (btx_i128)flow->funds * 2)
        move_funds(flow, model, true, space);
    else if (open_count == 0 || (open_count == 1 && btx_random_chance(random, 100)))
        furnish_market(flow, model, space);
    else
        return false;
    return true;
}

static void rare_command(struct btx_flow *flow, struct btx_model *model,
                         union btx_command_space *space)
{
    struct btx_random *random = &flow->random;
    const uint64_t which = btx_random_below(random, 100);

    if (which < 14)
        open_account(flow, model, space);
    else if (which < 30)
        open_market(flow, model, space);
    else if (which < 37)
        account_command(flow, model, BTX_COMMAND_FREEZE_ACCOUNT, space);
    else if (which < 50)
        account_command(flow, model, BTX_COMMAND_UNFREEZE_ACCOUNT, space);
    else if (which < 57)
        market_command(flow, model, BTX_COMMAND_SUSPEND_MARKET, space);
    else if (which < 68)
        market_command(flow, model, BTX_COMMAND_RESUME_MARKET, space);
    else if (which < 74)
        market_command(flow, model, BTX_COMMAND_TURN_IN_PLAY, space);
    else if (which < 80)
        btx_flow_settle(flow, btx_flow_pick_known_market(flow, model), space);
    else if (which < 82)
        market_command(flow, model, BTX_COMMAND_VOID_MARKET, space);
    else if (which < 88)
        market_command(flow, model, BTX_COMMAND_FORGET_MARKET, space);
    else if (which < 91)
        btx_flow_describe_market(flow, model, space);
    else if (which < 93)
        btx_flow_set_bet_delay(flow, model, space);
    else if (which < 97)
        btx_flow_remove_runner(flow, model, space);
    else
        (void)btx_flow_begin(flow, space, BTX_COMMAND_TICK); /* Nothing to fill in. */
}

static void common_command(struct btx_flow *flow, struct btx_model *model,
                           union btx_command_space *space)
{
    const uint64_t which = btx_random_below(&flow->random, 1000);

    if (which < 620)
        btx_flow_place_for(flow, model, btx_flow_pick_account(flow, model), space);
    else if (which < 700)
        cancel_order(flow, model, space);
    else if (which < 780)
        replace_order(flow, model, space);
    else if (which < 815)
        update_order(flow, model, space);
    else if (which < 828)
        btx_flow_cancel_orders(flow, model, space);
    else if (which < 863)
        move_funds(flow, model, true, space);
    else if (which < 900)
        move_funds(flow, model, false, space);
    else
        rare_command(flow, model, space);
}

void btx_flow_next(struct btx_flow *flow, struct btx_model *model, union btx_command_space *space)
{
    btx_flow_see_moment(flow, model);
    if (!btx_flow_tell(flow, model, space) && !furnish(flow, model, space) &&
        !btx_flow_tell_second(flow, model, space))
        common_command(flow, model, space);
    CHECK(btx_command_check(&space->command) == NULL);
}
