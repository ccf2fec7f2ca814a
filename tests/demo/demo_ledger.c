/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/demo/demo_ledger.h"

#include "engine/base/attributes.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ONE = 10000, CENT = 100, WHOLE = 100 * ONE, LEAST_PRICE = 10100, STAKES_MIN = 1 << 16 };

/* One side of a bet: what it brings when the runner wins, and when it does not. */
struct btx_stake {
    uint32_t account;
    uint16_t market;
    uint16_t runner;
    uint32_t price; /* 0: one that only follows from a match on the other runner. */
    int64_t size;   /* Negative: a layer's. */
    int64_t win;
    int64_t lose;
};

/* Who should get what from a market. */
struct btx_settlement {
    uint32_t market;
    bool is_due[BTX_LEDGER_ACCOUNTS_MAX]; /* Has bets that do not cancel out, not yet paid. */
    int64_t pnl[BTX_LEDGER_ACCOUNTS_MAX];
    btx_i128 commission;
    btx_i128 sum;
    uint64_t accounts;
    struct {
        btx_i128 win;
        btx_i128 lose;
    } sums[BTX_LEDGER_ACCOUNTS_MAX][BTX_LEDGER_RUNNERS_MAX];
};

static void BTX_PRINTF(3, 4)
    found_wrong(struct btx_ledger *ledger, uint64_t seq, const char *format, ...)
{
    va_list arguments;
    int length;

    if (ledger->wrong[0] != '\0')
        return;
    length = snprintf(ledger->wrong, sizeof ledger->wrong, "seq %" PRIu64 ": ", seq);
    va_start(arguments, format);
    vsnprintf(ledger->wrong + length, sizeof ledger->wrong - (size_t)length, format, arguments);
    va_end(arguments);
}

uint32_t btx_ledger_reduced(uint32_t price, uint32_t factor)
{
    const uint64_t cents = (uint64_t)(price / CENT) * (WHOLE - factor) / WHOLE;

    return cents * CENT < LEAST_PRICE ? LEAST_PRICE : (uint32_t)cents * CENT;
}

static bool is_account(uint64_t account)
{
    return account > 0 && account < BTX_LEDGER_ACCOUNTS_MAX;
}

/* The index of @market, that of all markets when it is not followed. */
static uint32_t market_index(const struct btx_ledger *ledger, uint64_t market)
{
    uint32_t i = 0;

    while (i < ledger->market_count && ledger->markets[i].market != market)
        i++;
    return i;
}

static uint32_t runner_index(const struct btx_ledger_market *market, uint64_t runner)
{
    uint32_t i = 0;

    while (i < market->runner_count && market->runners[i] != runner)
        i++;
    return i;
}

static void open_market(struct btx_ledger *ledger, const struct btx_market_opened *event)
{
    struct btx_ledger_market *market = &ledger->markets[ledger->market_count];

    if (ledger->market_count == BTX_LEDGER_MARKETS_MAX ||
        event->runners_count > BTX_LEDGER_RUNNERS_MAX) {
        found_wrong(ledger, event->record.seq, "more markets or runners than are followed");
        return;
    }
    ledger->market_count++;
    market->market = event->market;
    market->kind = (enum btx_market_kind)event->kind;
    market->winners = event->winners;
    market->commission = event->commission;
    market->runner_count = event->runners_count;
    memcpy(market->runners, btx_market_opened_runners(event),
           event->runners_count * sizeof market->runners[0]);
}

/* What a bet of @stake's size at @stake's price brings. */
static void reckon(struct btx_stake *stake, enum btx_market_kind kind)
{
    const int64_t price = stake->price;

    if (kind == BTX_MARKET_KIND_ODDS) {
        stake->win = stake->size / CENT * (price - ONE) / CENT;
        stake->lose = -stake->size;
    } else {
        stake->win = stake->size / ONE * (ONE - price);
        stake->lose = -stake->size / ONE * price;
    }
}

static bool make_room(struct btx_ledger *ledger)
{
    const size_t stakes_max = ledger->stakes_max == 0 ? STAKES_MIN : 2 * ledger->stakes_max;
    struct btx_stake *grown;

    if (ledger->stake_count + 2 <= ledger->stakes_max)
        return true;
    grown = realloc(ledger->stakes, stakes_max * sizeof *grown);
    if (grown == NULL)
        return false;
    ledger->stakes = grown;
    ledger->stakes_max = stakes_max;
    return true;
}

/* Whose stake it is, and on what; false when that is nobody or nothing. */
static bool begin_stake(const struct btx_ledger *ledger, struct btx_stake *ret_stake,
                        uint64_t market, uint64_t runner, uint64_t account)
{
    const uint32_t index = market_index(ledger, market);
    uint32_t place;

    if (index == ledger->market_count || !is_account(account))
        return false;
    place = runner_index(&ledger->markets[index], runner);
    if (place == ledger->markets[index].runner_count || ledger->markets[index].removed[place])
        return false;
    *ret_stake = (struct btx_stake){
        .account = (uint32_t)account, .market = (uint16_t)index, .runner = (uint16_t)place};
    return true;
}

/* The two stakes of a bet of @accounts on @runners, sizes not yet filled in; NULL, and noted, when
 * there is no such bet. */
static struct btx_stake *add_bet(struct btx_ledger *ledger, const struct btx_record *event,
                                 uint64_t market, const uint64_t runners[2],
                                 const uint64_t accounts[2])
{
    struct btx_stake *pair;

    if (!make_room(ledger)) {
        found_wrong(ledger, event->seq, "no room for more bets");
        return NULL;
    }
    pair = &ledger->stakes[ledger->stake_count];
    if (!begin_stake(ledger, &pair[0], market, runners[0], accounts[0]) ||
        !begin_stake(ledger, &pair[1], market, runners[1], accounts[1])) {
        found_wrong(ledger, event->seq, "a bet of nobody, or on nothing");
        return NULL;
    }
    ledger->stake_count += 2;
    ledger->bet_count++;
    return pair;
}

static void add_direct(struct btx_ledger *ledger, const struct btx_trade_matched *event)
{
    const uint64_t runners[2] = {event->runner, event->runner};
    const uint64_t accounts[2] = {event->taker_account, event->maker_account};
    struct btx_stake *pair = add_bet(ledger, &event->record, event->market, runners, accounts);

    for (int i = 0; pair != NULL && i < 2; i++) {
        const bool back = (event->taker_side == BTX_SIDE_BACK) == (i == 0);

        pair[i].price = event->price;
        pair[i].size = back ? event->size : -event->size;
        reckon(&pair[i], ledger->markets[pair[i].market].kind);
    }
}

/* The maker has a bet at its own price; the taker has the contrary of it, on the other runner. */
static void add_implied(struct btx_ledger *ledger, const struct btx_implied_matched *event)
{
    const uint64_t runners[2] = {event->runner, event->maker_runner};
    const uint64_t accounts[2] = {event->taker_account, event->maker_account};
    struct btx_stake *pair = add_bet(ledger, &event->record, event->market, runners, accounts);
    const bool back = event->taker_side == BTX_SIDE_BACK;

    if (pair == NULL)
        return;
    pair[1].price = event->maker_price;
    pair[1].size = back ? event->maker_size : -event->maker_size;
    reckon(&pair[1], ledger->markets[pair[1].market].kind);
    pair[0].size = back ? event->size : -event->size;
    pair[0].win = -pair[1].lose;
    pair[0].lose = -pair[1].win;
    /* Exact: the taker's size is the maker's profit, to the last cent. */
    if (pair[1].win != pair[0].size || event->maker_size / CENT * CENT != event->maker_size)
        found_wrong(ledger, event->record.seq, "the two sides of an implied match differ");
}

static void remove_runner(struct btx_ledger *ledger, const struct btx_runner_removed *event)
{
    const uint32_t index = market_index(ledger, event->market);
    struct btx_ledger_market *market = &ledger->markets[index];
    uint32_t runner;

    if (index == ledger->market_count)
        return;
    runner = runner_index(market, event->runner);
    if (runner == market->runner_count || market->removed[runner]) {
        found_wrong(ledger, event->record.seq, "no such runner to be removed");
        return;
    }
    market->removed[runner] = true;
    for (size_t i = 0; i < ledger->stake_count; i++) {
        struct btx_stake *stake = &ledger->stakes[i];

        if (stake->market != index || market->removed[stake->runner] || event->factor == 0)
            continue;
        stake->price = btx_ledger_reduced(stake->price, event->factor);
        stake->win = stake->size / CENT * ((int64_t)stake->price - ONE) / CENT;
    }
}

static btx_i128 floor_divide(btx_i128 value, btx_i128 by)
{
    return value / by - (value % by < 0 ? 1 : 0);
}

/* Profit or loss of an account whose bets on each runner are in @settlement. */
static btx_i128 reckon_pnl(const struct btx_ledger_market *market,
                           const struct btx_settlement *settlement, uint32_t account,
                           const bool *is_winner, uint32_t winner_count)
{
    const btx_i128 expected = market->winners;
    btx_i128 lost = 0;
    btx_i128 won = 0;

    for (uint32_t i = 0; i < market->runner_count; i++) {
        const btx_i128 win = settlement->sums[account][i].win;
        const btx_i128 lose = settlement->sums[account][i].lose;

        if (is_winner[i])
            won += expected * win + (winner_count - expected) * lose;
        else
            lost += lose;
    }
    return winner_count == 0 ? lost : lost + floor_divide(won, winner_count);
}

/* Every account's bets on each runner that ran. */
static void add_up(const struct btx_ledger *ledger, struct btx_settlement *settlement)
{
    const struct btx_ledger_market *market = &ledger->markets[settlement->market];

    for (size_t i = 0; i < ledger->stake_count; i++) {
        const struct btx_stake *stake = &ledger->stakes[i];

        if (stake->market != settlement->market || market->removed[stake->runner])
            continue;
        settlement->sums[stake->account][stake->runner].win += stake->win;
        settlement->sums[stake->account][stake->runner].lose += stake->lose;
    }
}

/* What everybody should get from the market that @event settles. */
static void begin_settlement(struct btx_ledger *ledger, const struct btx_market_settling *event)
{
    const uint32_t index = market_index(ledger, event->market);
    const struct btx_ledger_market *market = &ledger->markets[index];
    struct btx_settlement *settlement = calloc(1, sizeof *settlement);
    bool is_winner[BTX_LEDGER_RUNNERS_MAX] = {false};

    if (settlement == NULL || index == ledger->market_count || ledger->settlement != NULL) {
        found_wrong(ledger, event->record.seq, "cannot settle");
        free(settlement);
        return;
    }
    ledger->settlement = settlement;
    settlement->market = index;
    for (uint32_t i = 0; i < event->winners_count; i++) {
        const uint32_t runner = runner_index(market, btx_market_settling_winners(event)[i]);

        if (runner == market->runner_count || market->removed[runner])
            found_wrong(ledger, event->record.seq, "a winner that did not run");
        else
            is_winner[runner] = true;
    }
    add_up(ledger, settlement);
    for (uint32_t account = 1; account < BTX_LEDGER_ACCOUNTS_MAX; account++) {
        for (uint32_t i = 0; i < market->runner_count; i++)
            settlement->is_due[account] |=
                settlement->sums[account][i].win != 0 || settlement->sums[account][i].lose != 0;
        settlement->pnl[account] =
            (int64_t)reckon_pnl(market, settlement, account, is_winner, event->winners_count);
    }
}

static void settle_account(struct btx_ledger *ledger, const struct btx_account_settled *event)
{
    struct btx_settlement *settlement = ledger->settlement;
    const uint64_t account = event->account;
    btx_i128 commission;

    if (settlement == NULL || !is_account(account) || !settlement->is_due[account] ||
        ledger->markets[settlement->market].market != event->market) {
        found_wrong(ledger, event->record.seq, "account %" PRIu64 " is not to be settled", account);
        return;
    }
    commission = settlement->pnl[account] > 0
                     ? (btx_i128)settlement->pnl[account] *
                           ledger->markets[settlement->market].commission / ONE
                     : 0;
    settlement->is_due[account] = false;
    settlement->commission += commission;
    settlement->sum += settlement->pnl[account];
    settlement->accounts++;
    ledger->settled_count++;
    ledger->balances[account] += settlement->pnl[account] - commission;
    if (event->pnl != settlement->pnl[account] || event->commission != commission ||
        event->balance != ledger->balances[account])
        found_wrong(ledger, event->record.seq, "account %" PRIu64 " got what it should not",
                    account);
}

static void end_settlement(struct btx_ledger *ledger, const struct btx_market_settled *event)
{
    struct btx_settlement *settlement = ledger->settlement;

    if (settlement == NULL) {
        found_wrong(ledger, event->record.seq, "settled before it was settling");
        return;
    }
    for (uint32_t account = 1; account < BTX_LEDGER_ACCOUNTS_MAX; account++) {
        if (settlement->is_due[account])
            found_wrong(ledger, event->record.seq, "account %" PRIu32 " was left out", account);
    }
    ledger->balances[0] += settlement->commission - settlement->sum;
    if (event->accounts != settlement->accounts || event->commission != settlement->commission ||
        event->rounding != -settlement->sum)
        found_wrong(ledger, event->record.seq, "the house got what it should not");
    free(settlement);
    ledger->settlement = NULL;
}

static void move_funds(struct btx_ledger *ledger, const struct btx_funds_event *event)
{
    if (!is_account(event->account)) {
        found_wrong(ledger, event->record.seq, "more accounts than are followed");
        return;
    }
    ledger->balances[event->account] +=
        event->record.type == BTX_EVENT_FUNDS_DEPOSITED ? event->amount : -event->amount;
    if (ledger->balances[event->account] != event->balance)
        found_wrong(ledger, event->record.seq, "account %" PRIu64 " has what it should not",
                    event->account);
}

void btx_ledger_event(struct btx_ledger *ledger, const struct btx_record *event)
{
    if (event->type == BTX_EVENT_FUNDS_DEPOSITED || event->type == BTX_EVENT_FUNDS_WITHDRAWN)
        move_funds(ledger, (const struct btx_funds_event *)event);
    else if (event->type == BTX_EVENT_MARKET_OPENED)
        open_market(ledger, (const struct btx_market_opened *)event);
    else if (event->type == BTX_EVENT_TRADE_MATCHED)
        add_direct(ledger, (const struct btx_trade_matched *)event);
    else if (event->type == BTX_EVENT_IMPLIED_MATCHED)
        add_implied(ledger, (const struct btx_implied_matched *)event);
    else if (event->type == BTX_EVENT_RUNNER_REMOVED)
        remove_runner(ledger, (const struct btx_runner_removed *)event);
    else if (event->type == BTX_EVENT_MARKET_SETTLING)
        begin_settlement(ledger, (const struct btx_market_settling *)event);
    else if (event->type == BTX_EVENT_ACCOUNT_SETTLED)
        settle_account(ledger, (const struct btx_account_settled *)event);
    else if (event->type == BTX_EVENT_MARKET_SETTLED)
        end_settlement(ledger, (const struct btx_market_settled *)event);
    else if (event->type == BTX_EVENT_MARKET_VOIDED)
        found_wrong(ledger, event->seq, "a market is voided, which is not followed");
}

void btx_ledger_close(struct btx_ledger *ledger)
{
    free(ledger->stakes);
    free(ledger->settlement);
    ledger->stakes = NULL;
    ledger->settlement = NULL;
    ledger->stakes_max = 0;
}
