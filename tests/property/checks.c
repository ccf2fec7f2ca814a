/* SPDX-License-Identifier: Apache-2.0 */
/* checks.c - the core as its views show it, against the model. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/core/view.h"
#include "tests/property/trial.h"

/* A 128-bit number has no printf format; the differences that matter fit. */
static long long shown(btx_i128 value)
{
    return (long long)value;
}

/* Fail with both numbers unless they are equal. */
#define SAME(trial, what, core_value, model_value)                                                 \
    do {                                                                                           \
        const btx_i128 core_has = (btx_i128)(core_value);                                          \
        const btx_i128 model_has = (btx_i128)(model_value);                                        \
        if (core_has != model_has)                                                                 \
            btx_trial_fail((trial), "%s: the core has %lld, the model %lld", (what),               \
                           shown(core_has), shown(model_has));                                     \
    } while (0)

static int compare_ids(const void *left, const void *right)
{
    const uint64_t a = *(const uint64_t *)left;
    const uint64_t b = *(const uint64_t *)right;

    return a < b ? -1 : a > b ? 1 : 0;
}

static void check_counters(struct btx_trial *trial)
{
    const struct btx_model *model = &trial->model;
    struct btx_core_view view;
    uint64_t runner_count = 0;
    uint64_t description_bytes = 0;

    for (size_t i = 0; i < model->market_count; i++) {
        runner_count += model->markets[i].runner_count;
        description_bytes += model->markets[i].description_bytes;
    }
    btx_core_view(trial->live.core, &view);
    SAME(trial, "seq", view.seq, model->seq);
    SAME(trial, "tx", view.tx, model->tx);
    SAME(trial, "next order", view.next_order, model->next_order);
    SAME(trial, "accounts in use", view.used.accounts, model->account_count);
    SAME(trial, "markets in use", view.used.markets, model->market_count);
    SAME(trial, "runners in use", view.used.runners, runner_count);
    SAME(trial, "orders in use", view.used.orders, model->order_count);
    SAME(trial, "positions in use", view.used.positions, btx_model_pair_count(model));
    SAME(trial, "stakes in use", view.used.stakes,
         btx_model_stake_count(model) + 2 * btx_model_reducible_count(model));
    SAME(trial, "bytes of descriptions in use", view.used.description_bytes, description_bytes);
}

void btx_trial_check_accounts(struct btx_trial *trial)
{
    const struct btx_model *model = &trial->model;
    struct btx_account_view view;
    btx_i128 sum;

    if (!btx_core_view_account(trial->live.core, 0, &view))
        btx_trial_fail(trial, "there is no house");
    SAME(trial, "the house's balance", view.balance, model->house);
    sum = view.balance;
    for (size_t i = 0; i < model->account_count; i++) {
        if (!btx_core_view_account(trial->live.core, model->accounts[i].account, &view))
            btx_trial_fail(trial, "account %llu is gone",
                           (unsigned long long)model->accounts[i].account);
        if (view.available < 0 && model->removals == 0)
            btx_trial_fail(trial, "account %llu has %lld available",
                           (unsigned long long)model->accounts[i].account, shown(view.available));
        trial->totals->met[BTX_WATCH_NEGATIVE_AVAILABLE] += view.available < 0;
        trial->totals->met[BTX_WATCH_NEGATIVE_BALANCE] += view.balance < 0;
        SAME(trial, "balance", view.balance, model->accounts[i].balance);
        SAME(trial, "cseq", view.cseq, model->accounts[i].cseq);
        SAME(trial, "transfer", view.transfer, model->accounts[i].transfer);
        SAME(trial, "frozen", view.frozen, model->accounts[i].frozen);
        sum += view.balance;
    }
    SAME(trial, "sum of all balances, against what was paid in", sum, model->deposited);
}

static void check_account_order(struct btx_trial *trial)
{
    const struct btx_model *model = &trial->model;
    uint64_t *ids = calloc(model->account_count + 1, sizeof *ids);
    uint64_t last = 0;

    CHECK(ids != NULL);
    for (size_t i = 0; i < model->account_count; i++)
        ids[i] = model->accounts[i].account;
    qsort(ids, model->account_count, sizeof *ids, compare_ids);
    for (size_t i = 0; i <= model->account_count; i++) {
        const uint64_t next = btx_core_view_next_account(trial->live.core, last);

        SAME(trial, "next account", next, ids[i]); /* One behind the last is 0. */
        last = next;
    }
    free(ids);
    for (size_t i = 0; i < model->account_count; i++) {
        struct btx_account_view view;

        CHECK(btx_core_view_account(trial->live.core, model->accounts[i].account, &view));
        SAME(trial, "available", view.available,
             btx_model_available(model, model->accounts[i].account));
    }
}

static void check_market_fields(struct btx_trial *trial, const struct btx_model_market *market)
{
    static const enum btx_market_status statuses[] = {
        [BTX_MODEL_OPEN] = BTX_MARKET_OPEN,
        [BTX_MODEL_SUSPENDED] = BTX_MARKET_SUSPENDED,
        [BTX_MODEL_CLOSED] = BTX_MARKET_CLOSED,
    };
    struct btx_market_view view;
    uint64_t live_count = 0;

    for (size_t i = 0; i < trial->model.order_count; i++)
        live_count += trial->model.orders[i].market == market->market;
    if (!btx_core_view_market(trial->live.core, market->market, &view))
        btx_trial_fail(trial, "market %llu is gone", (unsigned long long)market->market);
    SAME(trial, "market", view.market, market->market);
    SAME(trial, "kind", view.kind, market->kind);
    SAME(trial, "status", view.status, statuses[market->status]);
    SAME(trial, "in play", view.in_play, market->in_play);
    SAME(trial, "winners", view.winners, market->winners);
    SAME(trial, "runners", view.runner_count, market->runner_count);
    SAME(trial, "live orders", view.live_orders, live_count);
    SAME(trial, "tick", view.tick, market->tick);
    SAME(trial, "commission", view.commission, market->commission);
    SAME(trial, "min_size", view.min_size, market->min_size);
    SAME(trial, "version", view.version, market->version);
    SAME(trial, "bet delay", view.bet_delay, market->bet_delay);
    SAME(trial, "removed", view.removed_count,
         market->runner_count - btx_model_active_count(market));
    SAME(trial, "description", view.description_bytes, market->description_bytes);
    SAME(trial, "ladder", view.ladder, market->ladder);
    SAME(trial, "implied", view.implied, market->implied);
    SAME(trial, "reductions", view.reductions, market->reductions);
    for (size_t i = 0; i < market->runner_count; i++)
        SAME(trial, "runner", btx_core_view_runner(trial->live.core, market->market, (uint32_t)i),
             market->runners[i]);
    SAME(trial, "runner behind the last",
         btx_core_view_runner(trial->live.core, market->market, (uint32_t)market->runner_count), 0);
}

static void check_exposure(struct btx_trial *trial, const struct btx_model_market *market)
{
    const struct btx_model *model = &trial->model;
    btx_i128 win[BTX_MODEL_RUNNERS_MAX];
    btx_i128 lose[BTX_MODEL_RUNNERS_MAX];

    if (market->status == BTX_MODEL_CLOSED)
        return;
    for (size_t i = 0; i < model->account_count; i++) {
        const uint64_t account = model->accounts[i].account;

        btx_model_exposure(model, market, account, win, lose);
        for (size_t j = 0; j < market->runner_count; j++) {
            struct btx_exposure_view view;

            if (!btx_core_view_exposure(trial->live.core, account, market->market, (uint32_t)j,
                                        &view))
                btx_trial_fail(trial, "no exposure");
            SAME(trial, "W'", view.win, win[j]);
            SAME(trial, "X'", view.lose, lose[j]);
        }
    }
}

/* What @order counts as lost of W' or X' (rules.md 3). */
static btx_i128 lost_by(const struct btx_model_market *market, const struct btx_model_order *order)
{
    const btx_i128 over_one = (btx_i128)order->price - 10000;

    if (market->kind == BTX_MARKET_KIND_ODDS)
        return order->side == BTX_SIDE_BACK ? order->remaining
                                            : order->remaining / 100 * over_one / 100;
    return order->remaining / 10000 *
           (order->side == BTX_SIDE_BACK ? (btx_i128)order->price : -over_one);
}

/* W or X of a runner, as the core shows it, summed over all accounts. */
static btx_i128 sum_over_all(struct btx_trial *trial, const struct btx_model_market *market,
                             size_t runner, bool wins)
{
    const struct btx_model *model = &trial->model;
    btx_i128 sum = 0;

    for (size_t i = 0; i < model->account_count; i++) {
        struct btx_exposure_view view;

        if (btx_core_view_exposure(trial->live.core, model->accounts[i].account, market->market,
                                   (uint32_t)runner, &view))
            sum += wins ? view.win : view.lose;
    }
    for (size_t i = 0; i < model->order_count; i++) {
        const struct btx_model_order *order = &model->orders[i];

        if (order->market == market->market && order->runner == market->runners[runner] &&
            (order->side == BTX_SIDE_LAY) == wins)
            sum += lost_by(market, order);
    }
    return sum;
}

/* What one wins another loses: of each runner, or of two that are one, in each outcome. */
static void check_zero_sum(struct btx_trial *trial, const struct btx_model_market *market)
{
    if (market->status == BTX_MODEL_CLOSED)
        return;
    for (size_t i = 0; i < market->runner_count; i++) {
        const btx_i128 won = sum_over_all(trial, market, i, true);
        const btx_i128 lost = sum_over_all(trial, market, market->implied ? 1 - i : i, false);

        if (market->implied) {
            SAME(trial, "W of one and X of the other, over all", won + lost, 0);
        } else {
            SAME(trial, "W over all accounts", won, 0);
            SAME(trial, "X over all accounts", lost, 0);
        }
    }
}

/* Whether a taker of side @taker meets @order before @other. */
static bool is_met_before(const struct btx_model_market *market, uint8_t taker,
                          const struct btx_model_order *order, const struct btx_model_order *other)
{
    if (order->price == other->price)
        return order->place < other->place;
    return btx_model_crosses(market->kind, taker, other->price, order->price);
}

/* The live orders of one side of a runner's book in the order in which takers meet them. */
static size_t sorted_book(const struct btx_model *model, const struct btx_model_market *market,
                          uint64_t runner, uint8_t side, const struct btx_model_order **ret_orders)
{
    const uint8_t taker = side == BTX_SIDE_BACK ? BTX_SIDE_LAY : BTX_SIDE_BACK;
    size_t count = 0;

    for (size_t i = 0; i < model->order_count; i++) {
        const struct btx_model_order *order = &model->orders[i];
        size_t place = count;

        if (order->market != market->market || order->runner != runner || order->side != side ||
            order->held)
            continue;
        while (place > 0 && is_met_before(market, taker, order, ret_orders[place - 1])) {
            ret_orders[place] = ret_orders[place - 1];
            place--;
        }
        ret_orders[place] = order;
        count++;
    }
    return count;
}

/* Compare one level, orders[0..count-1] of one price, with the core's queue. */
static void check_queue(struct btx_trial *trial, const struct btx_model_order *const *orders,
                        size_t count)
{
    uint64_t *ids = calloc(count + 1, sizeof *ids);

    CHECK(ids != NULL);
    SAME(trial, "orders at a price",
         btx_core_view_queue(trial->live.core, orders[0]->market, orders[0]->runner,
                             (uint32_t)orders[0]->price, ids, count + 1),
         count);
    for (size_t i = 0; i < count; i++)
        SAME(trial, "order in the queue", ids[i], orders[i]->order);
    free(ids);
}

/* Levels, sizes and queues of one side.  Returns the best price, 0 for none. */
static uint64_t check_side(struct btx_trial *trial, const struct btx_model_market *market,
                           uint64_t runner, uint8_t side)
{
    const struct btx_model *model = &trial->model;
    const struct btx_model_order **orders = calloc(model->order_count + 1, sizeof *orders);
    struct btx_level_view *levels = calloc(model->order_count + 1, sizeof *levels);
    size_t level_count = 0;
    size_t next;
    size_t count;
    uint64_t best;

    CHECK(orders != NULL && levels != NULL);
    count = sorted_book(model, market, runner, side, orders);
    best = count == 0 ? 0 : orders[0]->price;
    btx_core_view_book(trial->live.core, market->market, runner, side, levels,
                       model->order_count + 1);
    for (size_t first = 0; first < count; first = next) {
        int64_t size = 0;

        for (next = first; next < count && orders[next]->price == orders[first]->price; next++)
            size += orders[next]->remaining;
        SAME(trial, "price of a level", levels[level_count].price, orders[first]->price);
        SAME(trial, "size of a level", levels[level_count].size, size);
        check_queue(trial, orders + first, next - first);
        level_count++;
    }
    SAME(trial, "levels",
         btx_core_view_book(trial->live.core, market->market, runner, side, levels,
                            model->order_count + 1),
         level_count);
    free(orders);
    free(levels);
    return best;
}

static void check_orders(struct btx_trial *trial)
{
    const struct btx_model *model = &trial->model;
    struct btx_order_view view;

    for (size_t i = 0; i < model->order_count; i++) {
        const struct btx_model_order *order = &model->orders[i];

        if (!btx_core_view_order(trial->live.core, order->order, &view))
            btx_trial_fail(trial, "order %llu is gone", (unsigned long long)order->order);
        SAME(trial, "order's account", view.account, order->account);
        SAME(trial, "order's market", view.market, order->market);
        SAME(trial, "order's runner", view.runner, order->runner);
        SAME(trial, "order's price", view.price, order->price);
        SAME(trial, "order's remaining", view.remaining, order->remaining);
        SAME(trial, "order's side", view.side, order->side);
        SAME(trial, "order's persistence", view.persistence, order->persistence);
        SAME(trial, "whether it is held", view.held, order->held);
        SAME(trial, "its release", view.until, order->held ? order->until : 0);
        SAME(trial, "its expiry", view.expires, order->expires);
    }
    for (int i = 0; i < 4; i++) {
        const uint64_t id = btx_random_below(&trial->random, model->next_order + 2);

        if (btx_core_view_order(trial->live.core, id, &view) !=
            (btx_model_find_order(model, id) != BTX_MODEL_NONE))
            btx_trial_fail(trial, "order %llu: live for one only", (unsigned long long)id);
    }
}

static void check_markets(struct btx_trial *trial)
{
    const struct btx_model *model = &trial->model;
    uint64_t last = 0;

    for (size_t i = 0; i < model->market_count; i++) {
        const struct btx_model_market *market = &model->markets[i];

        check_market_fields(trial, market);
        check_exposure(trial, market);
        check_zero_sum(trial, market);
        btx_trial_see_crossed_rest(trial, market);
        for (size_t j = 0; j < market->runner_count; j++) {
            const uint64_t back = check_side(trial, market, market->runners[j], BTX_SIDE_BACK);
            const uint64_t lay = check_side(trial, market, market->runners[j], BTX_SIDE_LAY);

            if (back != 0 && lay != 0 && btx_model_crosses(market->kind, BTX_SIDE_BACK, back, lay))
                btx_trial_fail(trial, "the book of market %llu is crossed",
                               (unsigned long long)market->market);
        }
    }
    for (size_t i = 0; i < model->market_count; i++) {
        const uint64_t next = btx_core_view_next_market(trial->live.core, last);

        if (next <= last || btx_model_find_market(model, next) == BTX_MODEL_NONE)
            btx_trial_fail(trial, "next market after %llu is %llu", (unsigned long long)last,
                           (unsigned long long)next);
        last = next;
    }
    SAME(trial, "market after the last", btx_core_view_next_market(trial->live.core, last), 0);
}

void btx_trial_check_state(struct btx_trial *trial)
{
    const char *sentence = btx_core_verify(trial->live.core);

    if (sentence != NULL)
        btx_trial_fail(trial, "verify says: %s", sentence);
    check_counters(trial);
    check_account_order(trial);
    check_orders(trial);
    check_markets(trial);
    trial->totals->state_checks++;
}
