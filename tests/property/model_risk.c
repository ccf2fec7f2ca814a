/* SPDX-License-Identifier: Apache-2.0 */
/* model_risk.c - rules.md 3 by brute force: every sum from the lists of all bets and all unmatched
 * orders, every outcome tried. */
#include "engine/base/check.h"
#include "tests/property/model.h"
#include "tests/property/model_parts.h"

#include <string.h>

/* What a fill brings the backer when the runner wins, and costs him when it loses. */
struct fill {
    btx_i128 win;
    btx_i128 lose;
};

static struct fill fill_of(uint8_t kind, uint64_t price, int64_t size)
{
    struct fill fill;

    if (kind == BTX_MARKET_KIND_ODDS) {
        const btx_i128 odds = (btx_i128)price / 100;

        fill.win = (btx_i128)size * (odds - 100) / 100;
        fill.lose = size;
    } else {
        const btx_i128 contracts = size / 10000;

        fill.win = contracts * (10000 - (btx_i128)price);
        fill.lose = contracts * (btx_i128)price;
    }
    return fill;
}

/* Implied fills have no runner of their own: each moves one outcome of A and one of B. */
static void add_implied(const struct btx_model_market *market, uint64_t account, btx_i128 *win,
                        btx_i128 *lose)
{
    for (size_t i = 0; i < market->implied_count; i++) {
        const struct btx_model_implied *implied = &market->implieds[i];
        const size_t a = btx_model_find_runner(market, implied->taker_runner);
        const size_t b = btx_model_find_runner(market, implied->maker_runner);
        const btx_i128 sign = implied->side == BTX_SIDE_BACK ? 1 : -1;

        if (implied->taker == account) {
            win[a] += sign * implied->maker_size;
            lose[a] -= sign * implied->taker_size;
        }
        if (implied->maker == account) {
            win[b] += sign * implied->taker_size;
            lose[b] -= sign * implied->maker_size;
        }
    }
}

void btx_model_matched(const struct btx_model_market *market, uint64_t account, btx_i128 *ret_win,
                       btx_i128 *ret_lose)
{
    memset(ret_win, 0, market->runner_count * sizeof *ret_win);
    memset(ret_lose, 0, market->runner_count * sizeof *ret_lose);
    for (size_t i = 0; i < market->bet_count; i++) {
        const struct btx_model_bet *bet = &market->bets[i];
        struct fill fill;
        size_t runner;

        if (bet->backer != account && bet->layer != account)
            continue;
        runner = btx_model_find_runner(market, bet->runner);
        if (market->removed[runner])
            continue; /* Void (rules-2.md 6). */
        fill = fill_of(market->kind, bet->price, bet->size);
        if (bet->backer == account) {
            ret_win[runner] += fill.win;
            ret_lose[runner] -= fill.lose;
        }
        if (bet->layer == account) {
            ret_win[runner] -= fill.win;
            ret_lose[runner] += fill.lose;
        }
    }
    add_implied(market, account, ret_win, ret_lose);
}

size_t btx_model_active_count(const struct btx_model_market *market)
{
    size_t count = 0;

    for (size_t i = 0; i < market->runner_count; i++)
        count += !market->removed[i];
    return count;
}

/* What @account has at the price of bet @index, net, when that is the first bet of which this can
 * be said; else 0. */
static btx_i128 net_stake(const struct btx_model_market *market, size_t index, uint64_t account)
{
    const struct btx_model_bet *first = &market->bets[index];
    btx_i128 net = 0;

    for (size_t i = 0; i < market->bet_count; i++) {
        const struct btx_model_bet *bet = &market->bets[i];

        if (bet->runner != first->runner || bet->price != first->price ||
            (bet->backer != account && bet->layer != account))
            continue;
        if (i < index)
            return 0;
        net += bet->backer == account ? bet->size : 0;
        net -= bet->layer == account ? bet->size : 0;
    }
    return net;
}

/* How many net stakes @account has in @market. */
static uint64_t stakes_of(const struct btx_model_market *market, uint64_t account)
{
    uint64_t count = 0;

    if (!market->reductions || market->status == BTX_MODEL_CLOSED)
        return 0;
    for (size_t i = 0; i < market->bet_count; i++) {
        const struct btx_model_bet *bet = &market->bets[i];

        if (market->removed[btx_model_find_runner(market, bet->runner)] ||
            (bet->backer != account && bet->layer != account))
            continue;
        count += net_stake(market, i, account) != 0;
    }
    return count;
}

uint64_t btx_model_stake_count(const struct btx_model *model)
{
    uint64_t count = 0;

    for (size_t i = 0; i < model->market_count; i++) {
        for (size_t j = 0; j < model->account_count; j++)
            count += stakes_of(&model->markets[i], model->accounts[j].account);
    }
    return count;
}

uint64_t btx_model_reducible_count(const struct btx_model *model)
{
    uint64_t count = 0;

    for (size_t i = 0; i < model->order_count; i++)
        count += model->markets[btx_model_find_market(model, model->orders[i].market)].reductions;
    return count;
}

void btx_model_exposure(const struct btx_model *model, const struct btx_model_market *market,
                        uint64_t account, btx_i128 *ret_win, btx_i128 *ret_lose)
{
    btx_model_matched(market, account, ret_win, ret_lose);
    for (size_t i = 0; i < model->order_count; i++) {
        const struct btx_model_order *order = &model->orders[i];
        struct fill fill;
        size_t runner;

        if (order->account != account || order->market != market->market)
            continue;
        runner = btx_model_find_runner(market, order->runner);
        fill = fill_of(market->kind, order->price, order->remaining);
        if (order->side == BTX_SIDE_LAY)
            ret_win[runner] -= fill.win;
        else
            ret_lose[runner] -= fill.lose;
    }
}

bool btx_model_has_position(const struct btx_model_market *market, uint64_t account)
{
    btx_i128 win[BTX_MODEL_RUNNERS_MAX];
    btx_i128 lose[BTX_MODEL_RUNNERS_MAX];

    btx_model_matched(market, account, win, lose);
    for (size_t i = 0; i < market->runner_count; i++) {
        if (win[i] != 0 || lose[i] != 0)
            return true;
    }
    return false;
}

bool btx_model_has_pair(const struct btx_model *model, const struct btx_model_market *market,
                        uint64_t account)
{
    for (size_t i = 0; i < model->order_count; i++) {
        if (model->orders[i].account == account && model->orders[i].market == market->market)
            return true;
    }
    return btx_model_has_position(market, account) || stakes_of(market, account) > 0;
}

uint64_t btx_model_pair_count(const struct btx_model *model)
{
    uint64_t count = 0;

    for (size_t i = 0; i < model->market_count; i++) {
        for (size_t j = 0; j < model->account_count; j++) {
            if (btx_model_has_pair(model, &model->markets[i], model->accounts[j].account))
                count++;
        }
    }
    return count;
}

/* The worst sum over the runners from @index on, when @winners of them win: all sets are tried. */
static btx_i128 worst_from(const btx_i128 *win, const btx_i128 *lose, size_t count, size_t winners)
{
    btx_i128 worst;
    btx_i128 other;

    if (count == 0)
        return 0;
    if (winners == count)
        return win[0] + worst_from(win + 1, lose + 1, count - 1, winners - 1);
    worst = lose[0] + worst_from(win + 1, lose + 1, count - 1, winners);
    if (winners == 0)
        return worst;
    other = win[0] + worst_from(win + 1, lose + 1, count - 1, winners - 1);
    return other < worst ? other : worst;
}

btx_i128 btx_model_worst(const struct btx_model *model, const struct btx_model_market *market,
                         uint64_t account)
{
    btx_i128 win[BTX_MODEL_RUNNERS_MAX];
    btx_i128 lose[BTX_MODEL_RUNNERS_MAX];

    size_t active = 0;

    btx_model_exposure(model, market, account, win, lose);
    if (market->kind == BTX_MARKET_KIND_BINARY)
        return win[0] < lose[0] ? win[0] : lose[0];
    for (size_t i = 0; i < market->runner_count; i++) {
        if (market->removed[i])
            continue;
        win[active] = win[i];
        lose[active++] = lose[i];
    }
    return worst_from(win, lose, active, market->winners);
}

btx_i128 btx_model_available(const struct btx_model *model, uint64_t account)
{
    btx_i128 available = model->accounts[btx_model_find_account(model, account)].balance;

    for (size_t i = 0; i < model->market_count; i++) {
        const struct btx_model_market *market = &model->markets[i];
        btx_i128 worst;

        if (market->status == BTX_MODEL_CLOSED)
            continue;
        worst = btx_model_worst(model, market, account);
        if (worst < 0)
            available += worst;
    }
    return available;
}

bool btx_model_affordable(struct btx_model *model, const struct btx_model_order *order,
                          size_t replaced_index)
{
    struct btx_model_order replaced = {0};
    btx_i128 after;
    bool affordable;

    if (replaced_index != BTX_MODEL_NONE) {
        replaced = model->orders[replaced_index];
        model->orders[replaced_index].remaining = 0;
    }
    model->orders =
        btx_model_grow(model->orders, model->order_count, &model->order_room, sizeof *order);
    model->orders[model->order_count++] = *order;
    after = btx_model_available(model, order->account);
    model->order_count--;
    affordable = after >= 0 || after >= btx_model_available(model, order->account);
    if (replaced_index != BTX_MODEL_NONE)
        model->orders[replaced_index] = replaced;
    return affordable;
}
