/* SPDX-License-Identifier: Apache-2.0 */
/* model_commands.c - rules.md 4 and 6: the reasons of each command in their order, and what
 * follows when none applies.  New orders are in model_orders.c. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "tests/property/model.h"
#include "tests/property/model_parts.h"

static void emit_account(struct btx_model *model, enum btx_event_type type, uint64_t account)
{
    struct btx_account_event *event = btx_model_emit(model, type, 0);

    event->account = account;
}

static void emit_market(struct btx_model *model, enum btx_event_type type, uint64_t market)
{
    struct btx_market_event *event = btx_model_emit(model, type, 0);

    event->market = market;
}

/* Which orders are meant; NULL: of all. */
struct filter {
    const uint64_t *account;
    const uint64_t *market;
    const uint64_t *runner;
    const uint8_t *side;
    const uint8_t *persistence;
};

static bool filter_takes(const struct filter *filter, const struct btx_model_order *order)
{
    return (filter->account == NULL || order->account == *filter->account) &&
           (filter->market == NULL || order->market == *filter->market) &&
           (filter->runner == NULL || order->runner == *filter->runner) &&
           (filter->side == NULL || order->side == *filter->side) &&
           (filter->persistence == NULL || order->persistence == *filter->persistence);
}

/* The smallest market id above @above in which @filter takes an order; false when there is none.
 * With @above NULL the smallest of all. */
static bool next_market_with(const struct btx_model *model, const struct filter *filter,
                             const uint64_t *above, uint64_t *ret_market)
{
    bool found = false;

    for (size_t i = 0; i < model->order_count; i++) {
        const struct btx_model_order *order = &model->orders[i];

        if (!filter_takes(filter, order) || (above != NULL && order->market <= *above) ||
            (found && order->market >= *ret_market))
            continue;
        *ret_market = order->market;
        found = true;
    }
    return found;
}

/* One batch: the first orders of @market that @filter takes.  The list is in the order of the
 * ids, which count up.  Returns how many. */
static size_t cancel_batch(struct btx_model *model, const struct filter *filter, uint64_t market,
                           enum btx_cause cause, uint64_t cseq)
{
    uint64_t ids[BTX_MODEL_BATCH_ORDERS];
    struct btx_order_cancelled_batched *event;
    size_t count = 0;
    size_t kept = 0;

    for (size_t i = 0; i < model->order_count; i++) {
        const struct btx_model_order *order = &model->orders[i];

        if (count < BTX_MODEL_BATCH_ORDERS && order->market == market &&
            filter_takes(filter, order))
            ids[count++] = order->order;
        else
            model->orders[kept++] = *order;
    }
    if (count == 0)
        return 0;
    model->order_count = kept;
    event = btx_model_emit(model, BTX_EVENT_ORDER_CANCELLED_BATCHED, count * sizeof ids[0]);
    event->market = market;
    event->cause = (uint8_t)cause;
    event->cseq = cseq;
    event->orders_count = (uint16_t)count;
    memcpy(event + 1, ids, count * sizeof ids[0]);
    return count;
}

/* Cancel all that @filter takes, batched, markets ascending.  Returns whether there was any. */
static bool cancel_batches(struct btx_model *model, const struct filter *filter,
                           enum btx_cause cause, uint64_t cseq)
{
    const uint64_t *above = NULL;
    uint64_t market = 0;
    uint64_t last;

    while (next_market_with(model, filter, above, &market)) {
        while (cancel_batch(model, filter, market, cause, cseq) > 0) {
        }
        last = market;
        above = &last;
    }
    return above != NULL;
}

/* The account of a command that may carry @cseq or @transfer, found and the number consumed. */
static int admit(struct btx_model *model, const struct btx_command *command, uint64_t account,
                 uint64_t cseq, uint64_t transfer, struct btx_model_account **ret_account)
{
    const bool places = command->record.type == BTX_COMMAND_PLACE_ORDER ||
                        command->record.type == BTX_COMMAND_REPLACE_ORDER;
    const size_t index = btx_model_find_account(model, account);

    if (index == BTX_MODEL_NONE)
        return BTX_REJECT_UNKNOWN_ACCOUNT;
    *ret_account = &model->accounts[index];
    if ((cseq != 0 && cseq <= (*ret_account)->cseq) ||
        (transfer != 0 && transfer <= (*ret_account)->transfer))
        return BTX_REJECT_DUPLICATE;
    if (places && command->shed != 0)
        return BTX_REJECT_BUSY;
    if (cseq != 0)
        (*ret_account)->cseq = cseq;
    if (transfer != 0)
        (*ret_account)->transfer = transfer;
    return BTX_MODEL_ACCEPTED;
}

static int open_account(struct btx_model *model, const struct btx_open_account *command)
{
    struct btx_model_account account = {.account = command->account};

    if (command->account == 0)
        return BTX_REJECT_INVALID_ACCOUNT;
    if (btx_model_find_account(model, command->account) != BTX_MODEL_NONE)
        return BTX_REJECT_ACCOUNT_EXISTS;
    if (model->account_count + 1 > model->capacity.accounts)
        return BTX_REJECT_CAPACITY;
    model->accounts =
        btx_model_grow(model->accounts, model->account_count, &model->account_room, sizeof account);
    model->accounts[model->account_count++] = account;
    emit_account(model, BTX_EVENT_ACCOUNT_OPENED, command->account);
    return BTX_MODEL_ACCEPTED;
}

static int move_funds(struct btx_model *model, const struct btx_funds_command *command)
{
    const bool deposits = command->command.record.type == BTX_COMMAND_DEPOSIT;
    struct btx_model_account *account = NULL;
    struct btx_funds_event *event;
    const int refused = admit(model, &command->command, command->account, command->cseq,
                              command->transfer, &account);

    if (refused != BTX_MODEL_ACCEPTED)
        return refused;
    if (!deposits && account->frozen)
        return BTX_REJECT_ACCOUNT_FROZEN;
    if (command->amount <= 0 || command->amount > BTX_MODEL_MONEY_MAX)
        return BTX_REJECT_INVALID_AMOUNT;
    if (deposits && btx_model_balance_sum(model) + command->amount > BTX_MODEL_MONEY_MAX)
        return BTX_REJECT_INVALID_AMOUNT;
    /* Others below nothing make room in the sum, but no balance is beyond money. */
    if (deposits && account->balance + command->amount > BTX_MODEL_MONEY_MAX)
        return BTX_REJECT_INVALID_AMOUNT;
    if (!deposits && command->amount > btx_model_available(model, command->account))
        return BTX_REJECT_INSUFFICIENT_FUNDS;
    account->balance += deposits ? command->amount : -command->amount;
    model->deposited += deposits ? command->amount : -command->amount;
    event =
        btx_model_emit(model, deposits ? BTX_EVENT_FUNDS_DEPOSITED : BTX_EVENT_FUNDS_WITHDRAWN, 0);
    event->account = command->account;
    event->amount = command->amount;
    event->balance = account->balance;
    event->cseq = command->cseq;
    event->transfer = command->transfer;
    return BTX_MODEL_ACCEPTED;
}

static int freeze(struct btx_model *model, const struct btx_account_command *command)
{
    const bool freezes = command->command.record.type == BTX_COMMAND_FREEZE_ACCOUNT;
    const size_t index = btx_model_find_account(model, command->account);
    const struct filter filter = {.account = &command->account};

    if (index == BTX_MODEL_NONE)
        return BTX_REJECT_UNKNOWN_ACCOUNT;
    if (model->accounts[index].frozen == freezes)
        return BTX_REJECT_NO_CHANGE;
    model->accounts[index].frozen = freezes;
    if (!freezes) {
        emit_account(model, BTX_EVENT_ACCOUNT_UNFROZEN, command->account);
        return BTX_MODEL_ACCEPTED;
    }
    emit_account(model, BTX_EVENT_ACCOUNT_FROZEN, command->account);
    (void)cancel_batches(model, &filter, BTX_CAUSE_FROZEN, 0); /* There may be none. */
    return BTX_MODEL_ACCEPTED;
}

static bool odds_market_is_valid(const struct btx_open_market *command)
{
    const uint64_t *runners = btx_open_market_runners(command);

    if (command->runners_count < 2 || command->runners_count > BTX_MODEL_RUNNERS_MAX)
        return false;
    for (size_t i = 0; i < command->runners_count; i++) {
        if (runners[i] == 0)
            return false;
        for (size_t j = 0; j < i; j++) {
            if (runners[j] == runners[i])
                return false;
        }
    }
    if (command->implied && (command->runners_count != 2 || command->reductions))
        return false;
    return command->winners >= 1 && command->winners < command->runners_count;
}

static bool binary_market_is_valid(const struct btx_open_market *command)
{
    if ((command->present & BTX_OPEN_MARKET_HAS_RUNNERS) != 0 &&
        (command->runners_count != 1 || btx_open_market_runners(command)[0] != 1))
        return false;
    if ((command->present & BTX_OPEN_MARKET_HAS_WINNERS) != 0 && command->winners != 1)
        return false;
    return command->tick == 1 || command->tick == 10 || command->tick == 100;
}

static bool market_is_valid(const struct btx_open_market *command)
{
    const bool is_odds = command->kind == BTX_MARKET_KIND_ODDS;
    const int64_t step = is_odds ? 100 : 10000;

    if (command->market == 0)
        return false;
    if (is_odds ? !odds_market_is_valid(command) : !binary_market_is_valid(command))
        return false;
    if (command->min_size <= 0 || command->min_size % step != 0 ||
        command->min_size > BTX_MODEL_MONEY_MAX)
        return false;
    if (command->bet_delay > 60000)
        return false;
    return command->commission >= 0 && command->commission <= 10000;
}

static void emit_market_opened(struct btx_model *model, const struct btx_model_market *market)
{
    const size_t runners_bytes = market->runner_count * sizeof market->runners[0];
    struct btx_market_opened *event = btx_model_emit(model, BTX_EVENT_MARKET_OPENED, runners_bytes);

    event->market = market->market;
    event->min_size = market->min_size;
    event->winners = market->winners;
    event->commission = (uint32_t)market->commission;
    event->tick = (uint32_t)market->tick;
    event->runners_count = (uint16_t)market->runner_count;
    event->kind = market->kind;
    event->present = market->kind == BTX_MARKET_KIND_BINARY ? BTX_MARKET_OPENED_HAS_TICK : 0;
    event->bet_delay = (uint32_t)market->bet_delay;
    event->reductions = market->reductions;
    event->implied = market->implied;
    event->ladder = market->ladder;
    memcpy(event + 1, market->runners, runners_bytes);
}

static int open_market(struct btx_model *model, const struct btx_open_market *command)
{
    const bool is_odds = command->kind == BTX_MARKET_KIND_ODDS;
    uint64_t runner_count = 0;
    struct btx_model_market *market;

    if (!market_is_valid(command))
        return BTX_REJECT_INVALID_MARKET;
    if (btx_model_find_market(model, command->market) != BTX_MODEL_NONE)
        return BTX_REJECT_MARKET_EXISTS;
    for (size_t i = 0; i < model->market_count; i++)
        runner_count += model->markets[i].runner_count;
    runner_count += is_odds ? command->runners_count : 1;
    if (model->market_count + 1 > model->capacity.markets || runner_count > model->capacity.runners)
        return BTX_REJECT_CAPACITY;
    model->markets =
        btx_model_grow(model->markets, model->market_count, &model->market_room, sizeof *market);
    market = &model->markets[model->market_count++];
    memset(market, 0, sizeof *market);
    market->market = command->market;
    market->kind = command->kind;
    market->winners = is_odds ? (uint32_t)command->winners : 1;
    market->tick = command->tick;
    market->min_size = command->min_size;
    market->commission = command->commission;
    market->version = 1;
    market->bet_delay = command->bet_delay;
    market->reductions = command->reductions;
    market->implied = command->implied;
    market->ladder = command->ladder;
    market->runner_count = is_odds ? command->runners_count : 1;
    market->runners[0] = 1;
    if (is_odds)
        memcpy(market->runners, btx_open_market_runners(command),
               market->runner_count * sizeof market->runners[0]);
    emit_market_opened(model, market);
    return BTX_MODEL_ACCEPTED;
}

static int change_market(struct btx_model *model, const struct btx_market_command *command)
{
    const size_t index = btx_model_find_market(model, command->market);
    const enum btx_command_type type = (enum btx_command_type)command->command.record.type;
    const uint8_t lapse = BTX_PERSISTENCE_LAPSE;
    const struct filter filter = {.market = &command->market, .persistence = &lapse};
    struct btx_model_market *market;

    if (index == BTX_MODEL_NONE)
        return BTX_REJECT_UNKNOWN_MARKET;
    market = &model->markets[index];
    if (market->status == BTX_MODEL_CLOSED)
        return BTX_REJECT_MARKET_CLOSED;
    if (type == BTX_COMMAND_TURN_IN_PLAY) {
        if (market->in_play)
            return BTX_REJECT_NO_CHANGE;
        market->in_play = true;
        emit_market(model, BTX_EVENT_MARKET_TURNED_IN_PLAY, command->market);
        (void)cancel_batches(model, &filter, BTX_CAUSE_LAPSED, 0); /* There may be none. */
    } else if (type == BTX_COMMAND_SUSPEND_MARKET) {
        if (market->status == BTX_MODEL_SUSPENDED)
            return BTX_REJECT_NO_CHANGE;
        market->status = BTX_MODEL_SUSPENDED;
        emit_market(model, BTX_EVENT_MARKET_SUSPENDED, command->market);
    } else {
        if (market->status == BTX_MODEL_OPEN)
            return BTX_REJECT_NO_CHANGE;
        market->status = BTX_MODEL_OPEN;
        emit_market(model, BTX_EVENT_MARKET_RESUMED, command->market);
    }
    market->version++;
    return BTX_MODEL_ACCEPTED;
}

/* The market that a command names, when it is there and not closed. */
static int find_unclosed(struct btx_model *model, uint64_t id, struct btx_model_market **ret_market)
{
    const size_t index = btx_model_find_market(model, id);

    if (index == BTX_MODEL_NONE)
        return BTX_REJECT_UNKNOWN_MARKET;
    *ret_market = &model->markets[index];
    return (*ret_market)->status == BTX_MODEL_CLOSED ? BTX_REJECT_MARKET_CLOSED
                                                     : BTX_MODEL_ACCEPTED;
}

static int describe_market(struct btx_model *model, const struct btx_describe_market *command)
{
    struct btx_model_market *market = NULL;
    const int refused = find_unclosed(model, command->market, &market);
    size_t total = command->text_length;
    struct btx_market_described *event;

    if (refused != BTX_MODEL_ACCEPTED)
        return refused;
    for (size_t i = 0; i < model->market_count; i++)
        total += &model->markets[i] == market ? 0 : model->markets[i].description_bytes;
    if (total > model->capacity.description_bytes)
        return BTX_REJECT_CAPACITY;
    market->description_bytes = command->text_length;
    event = btx_model_emit(model, BTX_EVENT_MARKET_DESCRIBED, command->text_length);
    event->market = market->market;
    event->text_length = command->text_length;
    memcpy(event + 1, command + 1, command->text_length);
    return BTX_MODEL_ACCEPTED;
}

static int set_bet_delay(struct btx_model *model, const struct btx_set_bet_delay *command)
{
    struct btx_model_market *market = NULL;
    const int refused = find_unclosed(model, command->market, &market);
    struct btx_bet_delay_set *event;

    if (refused != BTX_MODEL_ACCEPTED)
        return refused;
    if (command->bet_delay > 60000)
        return BTX_REJECT_INVALID_MARKET;
    if (command->bet_delay == market->bet_delay)
        return BTX_REJECT_NO_CHANGE;
    market->bet_delay = command->bet_delay;
    event = btx_model_emit(model, BTX_EVENT_BET_DELAY_SET, 0);
    event->market = market->market;
    event->bet_delay = (uint32_t)command->bet_delay;
    return BTX_MODEL_ACCEPTED;
}

/* Bet by bet: o' = max(1.01, o * (100 - factor) / 100 rounded down to 0.01). */
static void reduce_bets(struct btx_model_market *market, int64_t factor)
{
    for (size_t i = 0; i < market->bet_count; i++) {
        struct btx_model_bet *bet = &market->bets[i];
        const btx_i128 exact = (btx_i128)bet->price * (1000000 - factor); /* / 1 000 000 */
        btx_i128 price = exact / 1000000;

        price -= price % 100;
        bet->price = price < 10100 ? 10100 : (uint64_t)price;
    }
}

static int remove_runner(struct btx_model *model, const struct btx_remove_runner *command)
{
    struct btx_model_market *market = NULL;
    const int refused = find_unclosed(model, command->market, &market);
    const struct filter filter = {.market = &command->market,
                                  .runner = command->factor > 0 ? NULL : &command->runner};
    struct btx_runner_removed *event;
    size_t index;

    if (refused != BTX_MODEL_ACCEPTED)
        return refused;
    if (market->kind == BTX_MARKET_KIND_BINARY || command->factor < 0 || command->factor > 999900 ||
        command->factor % 100 != 0 || (command->factor > 0 && !market->reductions))
        return BTX_REJECT_INVALID_MARKET;
    index = btx_model_find_runner(market, command->runner);
    if (index == BTX_MODEL_NONE)
        return BTX_REJECT_UNKNOWN_RUNNER;
    if (market->removed[index])
        return BTX_REJECT_RUNNER_REMOVED;
    if (btx_model_active_count(market) - 1 <= market->winners)
        return BTX_REJECT_TOO_FEW_RUNNERS;
    market->removed[index] = true;
    market->version++;
    model->removals++;
    if (command->factor > 0)
        reduce_bets(market, command->factor);
    event = btx_model_emit(model, BTX_EVENT_RUNNER_REMOVED, 0);
    event->market = market->market;
    event->runner = command->runner;
    event->factor = (uint32_t)command->factor;
    (void)cancel_batches(model, &filter, BTX_CAUSE_RUNNER_REMOVED, 0); /* There may be none. */
    return BTX_MODEL_ACCEPTED;
}

static int cancel_order(struct btx_model *model, const struct btx_cancel_order *command)
{
    struct btx_model_account *account = NULL;
    const int refused =
        admit(model, &command->command, command->account, command->cseq, 0, &account);
    const size_t index = btx_model_find_order(model, command->order);
    struct btx_model_order *order;
    struct btx_order_cancelled *event;
    int64_t cancelled;

    if (refused != BTX_MODEL_ACCEPTED)
        return refused;
    if (index == BTX_MODEL_NONE)
        return BTX_REJECT_UNKNOWN_ORDER;
    order = &model->orders[index];
    if (order->account != command->account)
        return BTX_REJECT_NOT_ORDER_OWNER;
    cancelled = order->remaining;
    if ((command->present & BTX_CANCEL_ORDER_HAS_REDUCE_BY) != 0) {
        const size_t market_index = btx_model_find_market(model, order->market);

        if (command->reduce_by <= 0 ||
            command->reduce_by % btx_model_size_step(&model->markets[market_index]) != 0)
            return BTX_REJECT_INVALID_SIZE;
        if (command->reduce_by < cancelled)
            cancelled = command->reduce_by;
    }
    order->remaining -= cancelled;
    if (order->held && order->min_fill > order->remaining)
        order->min_fill = order->remaining;
    event = btx_model_emit(model, BTX_EVENT_ORDER_CANCELLED, 0);
    event->order = order->order;
    event->account = order->account;
    event->market = order->market;
    event->runner = order->runner;
    event->cancelled = cancelled;
    event->remaining = order->remaining;
    event->cseq = command->cseq;
    event->side = order->side;
    event->cause = BTX_CAUSE_CLIENT;
    if (order->remaining == 0)
        btx_model_remove_order(model, index);
    return BTX_MODEL_ACCEPTED;
}

static int update_order(struct btx_model *model, const struct btx_update_order *command)
{
    struct btx_model_account *account = NULL;
    const int refused =
        admit(model, &command->command, command->account, command->cseq, 0, &account);
    const size_t index = btx_model_find_order(model, command->order);
    struct btx_model_order *order;
    struct btx_order_updated *event;

    if (refused != BTX_MODEL_ACCEPTED)
        return refused;
    if (index == BTX_MODEL_NONE)
        return BTX_REJECT_UNKNOWN_ORDER;
    order = &model->orders[index];
    if (order->account != command->account)
        return BTX_REJECT_NOT_ORDER_OWNER;
    if (order->persistence == command->persistence)
        return BTX_REJECT_NO_CHANGE;
    order->persistence = command->persistence;
    event = btx_model_emit(model, BTX_EVENT_ORDER_UPDATED, 0);
    event->order = order->order;
    event->account = order->account;
    event->market = order->market;
    event->runner = order->runner;
    event->cseq = command->cseq;
    event->persistence = order->persistence;
    return BTX_MODEL_ACCEPTED;
}

static int cancel_orders(struct btx_model *model, const struct btx_cancel_orders *command)
{
    const bool has_account = (command->present & BTX_CANCEL_ORDERS_HAS_ACCOUNT) != 0;
    const bool has_market = (command->present & BTX_CANCEL_ORDERS_HAS_MARKET) != 0;
    const bool has_runner = (command->present & BTX_CANCEL_ORDERS_HAS_RUNNER) != 0;
    const bool has_side = (command->present & BTX_CANCEL_ORDERS_HAS_SIDE) != 0;
    const struct filter filter = {
        .account = has_account ? &command->account : NULL,
        .market = has_market ? &command->market : NULL,
        .runner = has_runner ? &command->runner : NULL,
        .side = has_side ? &command->side : NULL,
    };
    enum btx_cause cause = BTX_CAUSE_ADMIN;

    if (has_account) {
        struct btx_model_account *account = NULL;
        const int refused =
            admit(model, &command->command, command->account, command->cseq, 0, &account);

        if (refused != BTX_MODEL_ACCEPTED)
            return refused;
        cause = command->disconnect != 0 ? BTX_CAUSE_DISCONNECT : BTX_CAUSE_CLIENT;
    }
    if (has_market) {
        const size_t index = btx_model_find_market(model, command->market);

        if (index == BTX_MODEL_NONE)
            return BTX_REJECT_UNKNOWN_MARKET;
        if (has_runner &&
            btx_model_find_runner(&model->markets[index], command->runner) == BTX_MODEL_NONE)
            return BTX_REJECT_UNKNOWN_RUNNER;
    }
    if (!cancel_batches(model, &filter, cause, command->cseq))
        return BTX_REJECT_NOTHING_TO_CANCEL;
    return BTX_MODEL_ACCEPTED;
}

/* The winners that @command names, in @ret_winners; false when they are not valid. */
static bool read_winners(const struct btx_model_market *market,
                         const struct btx_settle_market *command, uint64_t *ret_winners,
                         size_t *ret_count)
{
    const uint64_t *winners = btx_settle_market_winners(command);

    if (market->kind == BTX_MARKET_KIND_BINARY) {
        ret_winners[0] = 1;
        *ret_count = command->result == BTX_OUTCOME_YES ? 1 : 0;
        return command->result != BTX_OUTCOME_NONE;
    }
    if ((command->present & BTX_SETTLE_MARKET_HAS_WINNERS) == 0 ||
        command->winners_count < market->winners)
        return false;
    for (size_t i = 0; i < command->winners_count; i++) {
        const size_t runner = btx_model_find_runner(market, winners[i]);

        if (runner == BTX_MODEL_NONE || market->removed[runner])
            return false;
        for (size_t j = 0; j < i; j++) {
            if (winners[j] == winners[i])
                return false;
        }
        ret_winners[i] = winners[i];
    }
    *ret_count = command->winners_count;
    return true;
}

static btx_i128 floor_divide(btx_i128 dividend, btx_i128 divisor)
{
    btx_i128 quotient = dividend / divisor;

    if (dividend % divisor != 0 && dividend < 0)
        quotient--;
    return quotient;
}

static btx_i128 pnl_of(const struct btx_model_market *market, uint64_t account,
                       const uint64_t *winners, size_t winner_count)
{
    btx_i128 win[BTX_MODEL_RUNNERS_MAX];
    btx_i128 lose[BTX_MODEL_RUNNERS_MAX];
    btx_i128 lost = 0;
    btx_i128 won = 0;

    btx_model_matched(market, account, win, lose);
    for (size_t i = 0; i < market->runner_count; i++) {
        bool is_winner = false;

        for (size_t j = 0; j < winner_count; j++)
            is_winner = is_winner || winners[j] == market->runners[i];
        if (!is_winner)
            lost += lose[i];
        else if (market->kind == BTX_MARKET_KIND_BINARY)
            won += win[i];
        else
            won += market->winners * win[i] + ((btx_i128)winner_count - market->winners) * lose[i];
    }
    if (market->kind == BTX_MARKET_KIND_BINARY)
        return lost + won;
    return lost + floor_divide(won, (btx_i128)winner_count);
}

static int compare_ids(const void *left, const void *right)
{
    const uint64_t a = *(const uint64_t *)left;
    const uint64_t b = *(const uint64_t *)right;

    return a < b ? -1 : a > b ? 1 : 0;
}

/* AccountSettled for each account with a position, ascending, then MarketSettled. */
static void settle_accounts(struct btx_model *model, const struct btx_model_market *market,
                            const uint64_t *winners, size_t winner_count)
{
    uint64_t *ids = calloc(model->account_count + 1, sizeof *ids);
    struct btx_market_settled *settled;
    uint64_t account_count = 0;
    btx_i128 pnl_sum = 0;
    btx_i128 commission_sum = 0;

    CHECK(ids != NULL);
    for (size_t i = 0; i < model->account_count; i++)
        ids[i] = model->accounts[i].account;
    qsort(ids, model->account_count, sizeof *ids, compare_ids);
    for (size_t i = 0; i < model->account_count; i++) {
        struct btx_model_account *account = &model->accounts[btx_model_find_account(model, ids[i])];
        struct btx_account_settled *event;
        btx_i128 pnl;
        btx_i128 commission;

        if (!btx_model_has_position(market, ids[i]))
            continue;
        pnl = pnl_of(market, ids[i], winners, winner_count);
        commission = pnl > 0 ? floor_divide(pnl * market->commission, 10000) : 0;
        account->balance += (int64_t)(pnl - commission);
        account_count++;
        pnl_sum += pnl;
        commission_sum += commission;
        event = btx_model_emit(model, BTX_EVENT_ACCOUNT_SETTLED, 0);
        event->market = market->market;
        event->account = ids[i];
        event->pnl = (int64_t)pnl;
        event->commission = (int64_t)commission;
        event->balance = account->balance;
    }
    free(ids);
    model->house += (int64_t)(commission_sum - pnl_sum);
    settled = btx_model_emit(model, BTX_EVENT_MARKET_SETTLED, 0);
    settled->market = market->market;
    settled->accounts = account_count;
    settled->commission = (int64_t)commission_sum;
    settled->rounding = (int64_t)-pnl_sum;
}

/* Whether what everybody would win and lose is money: after a removal, also in another market that
 * has left somebody with less than nothing, it may be more. */
static bool is_payable(const struct btx_model *model, const struct btx_model_market *market,
                       const uint64_t *winners, size_t winner_count)
{
    btx_i128 won = 0;
    btx_i128 lost = 0;

    for (size_t i = 0; i < model->account_count; i++) {
        const struct btx_model_account *account = &model->accounts[i];
        const btx_i128 pnl = pnl_of(market, account->account, winners, winner_count);
        const btx_i128 balance = account->balance + pnl;

        if (balance > BTX_MODEL_MONEY_MAX || balance < -BTX_MODEL_MONEY_MAX)
            return false;
        won += pnl > 0 ? pnl : 0;
        lost -= pnl < 0 ? pnl : 0;
    }
    return won <= BTX_MODEL_MONEY_MAX && lost <= BTX_MODEL_MONEY_MAX;
}

static int settle_market(struct btx_model *model, const struct btx_settle_market *command)
{
    const size_t index = btx_model_find_market(model, command->market);
    const struct filter filter = {.market = &command->market};
    uint64_t winners[BTX_LIST_IDS_MAX];
    size_t winner_count = 0;
    struct btx_model_market *market;
    struct btx_market_settling *event;

    if (index == BTX_MODEL_NONE)
        return BTX_REJECT_UNKNOWN_MARKET;
    market = &model->markets[index];
    if (market->status == BTX_MODEL_CLOSED)
        return BTX_REJECT_MARKET_CLOSED;
    if (!read_winners(market, command, winners, &winner_count))
        return BTX_REJECT_INVALID_WINNERS;
    if (model->removals > 0 && !is_payable(model, market, winners, winner_count))
        return BTX_REJECT_CAPACITY;
    market->status = BTX_MODEL_CLOSED;
    event = btx_model_emit(model, BTX_EVENT_MARKET_SETTLING, winner_count * sizeof winners[0]);
    event->market = command->market;
    event->winners_count = (uint16_t)winner_count;
    memcpy(event + 1, winners, winner_count * sizeof winners[0]);
    (void)cancel_batches(model, &filter, BTX_CAUSE_SETTLED, 0); /* There may be none. */
    settle_accounts(model, market, winners, winner_count);
    return BTX_MODEL_ACCEPTED;
}

static int void_market(struct btx_model *model, const struct btx_market_command *command)
{
    const size_t index = btx_model_find_market(model, command->market);
    const struct filter filter = {.market = &command->market};

    if (index == BTX_MODEL_NONE)
        return BTX_REJECT_UNKNOWN_MARKET;
    if (model->markets[index].status == BTX_MODEL_CLOSED)
        return BTX_REJECT_MARKET_CLOSED;
    model->markets[index].status = BTX_MODEL_CLOSED;
    emit_market(model, BTX_EVENT_MARKET_VOIDED, command->market);
    (void)cancel_batches(model, &filter, BTX_CAUSE_VOIDED, 0); /* There may be none. */
    model->markets[index].bet_count =
        0; /* "Positions are dropped": not even CAPACITY counts them. */
    model->markets[index].implied_count = 0;
    return BTX_MODEL_ACCEPTED;
}

static int forget_market(struct btx_model *model, const struct btx_market_command *command)
{
    const size_t index = btx_model_find_market(model, command->market);

    if (index == BTX_MODEL_NONE)
        return BTX_REJECT_UNKNOWN_MARKET;
    if (model->markets[index].status != BTX_MODEL_CLOSED)
        return BTX_REJECT_NOT_CLOSED;
    btx_model_market_done(&model->markets[index]);
    model->market_count--;
    memmove(&model->markets[index], &model->markets[index + 1],
            (model->market_count - index) * sizeof model->markets[0]);
    emit_market(model, BTX_EVENT_MARKET_FORGOTTEN, command->market);
    return BTX_MODEL_ACCEPTED;
}

static int place_order(struct btx_model *model, const struct btx_place_order *command)
{
    struct btx_model_account *account = NULL;
    const int refused =
        admit(model, &command->command, command->account, command->cseq, 0, &account);

    return refused != BTX_MODEL_ACCEPTED ? refused : btx_model_place(model, command);
}

static int replace_order(struct btx_model *model, const struct btx_replace_order *command)
{
    struct btx_model_account *account = NULL;
    const int refused =
        admit(model, &command->command, command->account, command->cseq, 0, &account);

    return refused != BTX_MODEL_ACCEPTED ? refused : btx_model_replace(model, command);
}

/* What CommandRejected repeats of its command, by the members' names. */
#define CARRY_ACCOUNT(command)                                                                     \
    event->account = (command)->account;                                                           \
    event->present |= BTX_COMMAND_REJECTED_HAS_ACCOUNT
#define CARRY_MARKET(command)                                                                      \
    event->market = (command)->market;                                                             \
    event->present |= BTX_COMMAND_REJECTED_HAS_MARKET
#define CARRY_ORDER(command)                                                                       \
    event->order = (command)->order;                                                               \
    event->present |= BTX_COMMAND_REJECTED_HAS_ORDER

static void carry_order_command(struct btx_command_rejected *event, const void *body)
{
    const struct btx_command *command = body;

    if (command->record.type == BTX_COMMAND_CANCEL_ORDER) {
        const struct btx_cancel_order *cancel = body;

        CARRY_ACCOUNT(cancel);
        CARRY_ORDER(cancel);
        event->cseq = cancel->cseq;
    } else if (command->record.type == BTX_COMMAND_UPDATE_ORDER) {
        const struct btx_update_order *update = body;

        CARRY_ACCOUNT(update);
        CARRY_ORDER(update);
        event->cseq = update->cseq;
    } else {
        const struct btx_replace_order *replace = body;

        CARRY_ACCOUNT(replace);
        CARRY_ORDER(replace);
        event->cseq = replace->cseq;
    }
}

static void carry_cancel_orders(struct btx_command_rejected *event,
                                const struct btx_cancel_orders *command)
{
    if ((command->present & BTX_CANCEL_ORDERS_HAS_ACCOUNT) != 0) {
        CARRY_ACCOUNT(command);
    }
    if ((command->present & BTX_CANCEL_ORDERS_HAS_MARKET) != 0) {
        CARRY_MARKET(command);
    }
    event->cseq = command->cseq;
}

static void carry_place_order(struct btx_command_rejected *event,
                              const struct btx_place_order *command)
{
    CARRY_ACCOUNT(command);
    CARRY_MARKET(command);
    event->cseq = command->cseq;
    if ((command->present & BTX_PLACE_ORDER_HAS_REF) != 0) {
        event->present |= BTX_COMMAND_REJECTED_HAS_REF;
        event->ref_length = command->ref_length;
        memcpy(event + 1, btx_place_order_ref(command), command->ref_length);
    }
}

static void carry(struct btx_command_rejected *event, const struct btx_command *command)
{
    const void *body = command;

    switch ((enum btx_command_type)command->record.type) {
    case BTX_COMMAND_DEPOSIT:
    case BTX_COMMAND_WITHDRAW:
        event->cseq = ((const struct btx_funds_command *)body)->cseq;
        event->transfer = ((const struct btx_funds_command *)body)->transfer;
        CARRY_ACCOUNT((const struct btx_funds_command *)body);
        break;
    case BTX_COMMAND_OPEN_ACCOUNT:
        CARRY_ACCOUNT((const struct btx_open_account *)body);
        break;
    case BTX_COMMAND_FREEZE_ACCOUNT:
    case BTX_COMMAND_UNFREEZE_ACCOUNT:
        CARRY_ACCOUNT((const struct btx_account_command *)body);
        break;
    case BTX_COMMAND_OPEN_MARKET:
        CARRY_MARKET((const struct btx_open_market *)body);
        break;
    case BTX_COMMAND_SUSPEND_MARKET:
    case BTX_COMMAND_RESUME_MARKET:
    case BTX_COMMAND_TURN_IN_PLAY:
    case BTX_COMMAND_VOID_MARKET:
    case BTX_COMMAND_FORGET_MARKET:
        CARRY_MARKET((const struct btx_market_command *)body);
        break;
    case BTX_COMMAND_SETTLE_MARKET:
        CARRY_MARKET((const struct btx_settle_market *)body);
        break;
    case BTX_COMMAND_PLACE_ORDER:
        carry_place_order(event, body);
        break;
    case BTX_COMMAND_CANCEL_ORDER:
    case BTX_COMMAND_UPDATE_ORDER:
    case BTX_COMMAND_REPLACE_ORDER:
        carry_order_command(event, body);
        break;
    case BTX_COMMAND_CANCEL_ORDERS:
        carry_cancel_orders(event, body);
        break;
    case BTX_COMMAND_DESCRIBE_MARKET:
        CARRY_MARKET((const struct btx_describe_market *)body);
        break;
    case BTX_COMMAND_SET_BET_DELAY:
        CARRY_MARKET((const struct btx_set_bet_delay *)body);
        break;
    case BTX_COMMAND_REMOVE_RUNNER:
        CARRY_MARKET((const struct btx_remove_runner *)body);
        break;
    case BTX_COMMAND_TICK:
        CHECK_UNREACHABLE();
    }
}

static int outcome_of(struct btx_model *model, const struct btx_command *command)
{
    const void *body = command;

    switch ((enum btx_command_type)command->record.type) {
    case BTX_COMMAND_OPEN_ACCOUNT:
        return open_account(model, body);
    case BTX_COMMAND_DEPOSIT:
    case BTX_COMMAND_WITHDRAW:
        return move_funds(model, body);
    case BTX_COMMAND_FREEZE_ACCOUNT:
    case BTX_COMMAND_UNFREEZE_ACCOUNT:
        return freeze(model, body);
    case BTX_COMMAND_OPEN_MARKET:
        return open_market(model, body);
    case BTX_COMMAND_SUSPEND_MARKET:
    case BTX_COMMAND_RESUME_MARKET:
    case BTX_COMMAND_TURN_IN_PLAY:
        return change_market(model, body);
    case BTX_COMMAND_PLACE_ORDER:
        return place_order(model, body);
    case BTX_COMMAND_CANCEL_ORDER:
        return cancel_order(model, body);
    case BTX_COMMAND_UPDATE_ORDER:
        return update_order(model, body);
    case BTX_COMMAND_REPLACE_ORDER:
        return replace_order(model, body);
    case BTX_COMMAND_CANCEL_ORDERS:
        return cancel_orders(model, body);
    case BTX_COMMAND_SETTLE_MARKET:
        return settle_market(model, body);
    case BTX_COMMAND_VOID_MARKET:
        return void_market(model, body);
    case BTX_COMMAND_FORGET_MARKET:
        return forget_market(model, body);
    case BTX_COMMAND_DESCRIBE_MARKET:
        return describe_market(model, body);
    case BTX_COMMAND_SET_BET_DELAY:
        return set_bet_delay(model, body);
    case BTX_COMMAND_REMOVE_RUNNER:
        return remove_runner(model, body);
    case BTX_COMMAND_TICK:
        return BTX_MODEL_ACCEPTED;
    }
    CHECK_UNREACHABLE();
}

void btx_model_decide(struct btx_model *model, const struct btx_command *command)
{
    const int outcome = outcome_of(model, command);
    size_t ref_length = 0;
    struct btx_command_rejected *event;

    if (outcome == BTX_MODEL_ACCEPTED)
        return;
    if (command->record.type == BTX_COMMAND_PLACE_ORDER)
        ref_length = ((const struct btx_place_order *)(const void *)command)->ref_length;
    event = btx_model_emit(model, BTX_EVENT_COMMAND_REJECTED, ref_length);
    event->cmd = command->record.type;
    event->reason = (uint8_t)outcome;
    carry(event, command);
}
