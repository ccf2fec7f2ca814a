/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/demo/day_traders.h"

#include "engine/core/view.h"
#include "tests/demo/day_prices.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Money units and the step of a size. */
enum { ONE = 10000, CENT = 100 };

void btx_traders_init(struct btx_traders *traders, struct btx_desk *desk,
                      const struct btx_day_model *model, uint64_t seed)
{
    memset(traders, 0, sizeof *traders);
    traders->desk = desk;
    traders->model = model;
    traders->random.state = seed;
    for (int i = 0; i < BTX_DAY_MARKET_COUNT; i++) {
        struct btx_day_book *book = &traders->books[i];

        book->market = (enum btx_day_market)i;
        book->kind = i == BTX_DAY_QUESTION ? BTX_MARKET_KIND_BINARY : BTX_MARKET_KIND_ODDS;
        book->implied = i == BTX_DAY_BOTH;
        book->seen_version = 1;
        memcpy(book->seen, model->probabilities[i], sizeof book->seen);
    }
}

uint64_t btx_day_runner_id(const struct btx_day_book *book, uint32_t runner_index)
{
    return btx_day_markets[book->market].runners[runner_index].runner;
}

struct btx_place_order *btx_day_begin_order(struct btx_traders *traders,
                                            const struct btx_day_book *book, uint64_t account,
                                            uint32_t runner_index, enum btx_side side,
                                            uint32_t price_index, int64_t size)
{
    struct btx_desk *desk = traders->desk;
    struct btx_place_order *order =
        (struct btx_place_order *)btx_command_begin(&desk->space, BTX_COMMAND_PLACE_ORDER);

    order->account = account;
    order->market = btx_day_markets[book->market].market;
    if (book->kind == BTX_MARKET_KIND_ODDS) {
        order->runner = btx_day_runner_id(book, runner_index);
        order->present = BTX_PLACE_ORDER_HAS_RUNNER;
    }
    order->side = side == BTX_SIDE_BACK ? BTX_ORDER_SIDE_BACK : BTX_ORDER_SIDE_LAY;
    order->price = btx_day_price(book->kind, price_index);
    order->size = size;
    order->cseq = btx_desk_next_cseq(desk, account);
    /* Software can prevent trades with oneself; most people never heard of it. */
    if (account % 4 == 0)
        order->stp = BTX_STP_CANCEL_MAKER;
    return order;
}

static enum btx_side other_side(enum btx_side side)
{
    return side == BTX_SIDE_BACK ? BTX_SIDE_LAY : BTX_SIDE_BACK;
}

/* The best resting level of @side; false when there is none. */
static bool best_level(const struct btx_traders *traders, const struct btx_day_book *book,
                       uint32_t runner_index, enum btx_side side, struct btx_level_view *ret_level)
{
    return btx_core_view_book(traders->desk->exchange.core, btx_day_markets[book->market].market,
                              btx_day_runner_id(book, runner_index), side, ret_level, 1) == 1;
}

/* Away from what a taker of @side would like: higher odds are better for a backer, a lower price
 * for a buyer. */
static int32_t worse_sign(const struct btx_day_book *book, enum btx_side side)
{
    return (book->kind == BTX_MARKET_KIND_ODDS) == (side == BTX_SIDE_BACK) ? -1 : 1;
}

static uint32_t move_index(const struct btx_day_book *book, uint32_t index, int32_t by)
{
    const int32_t last = (int32_t)btx_day_price_count(book->kind) - 1;
    const int32_t moved = (int32_t)index + by;

    if (moved < 0)
        return 0;
    return (uint32_t)(moved > last ? last : moved);
}

/* Stakes that add up to the same payout whoever wins, when the best prices of all runners make
 * that worth while; they are taken at once or not at all. */
static void arb(struct btx_traders *traders, struct btx_day_book *book, uint64_t account,
                enum btx_side side)
{
    struct btx_level_view levels[BTX_DAY_RUNNERS_MAX];
    const uint32_t runner_count = (uint32_t)btx_day_markets[book->market].runner_count;
    int64_t payout = 400 * ONE;
    int64_t sum = 0;

    for (uint32_t i = 0; i < runner_count; i++) {
        int64_t available;

        levels[i] = (struct btx_level_view){0};
        if (book->withdrawn[i])
            continue;
        if (!best_level(traders, book, i, other_side(side), &levels[i]))
            return;
        sum += (int64_t)BTX_DAY_MILLION * ONE / levels[i].price;
        available = levels[i].size / ONE * levels[i].price;
        payout = available < payout ? available : payout;
    }
    if (payout < 20 * ONE || (side == BTX_SIDE_BACK ? sum > 992000 : sum < 1008000))
        return;
    for (uint32_t i = 0; i < runner_count; i++) {
        struct btx_place_order *order;
        int64_t size;

        if (book->withdrawn[i])
            continue;
        size = payout * ONE / levels[i].price / CENT * CENT;
        if (size < ONE)
            continue;
        order = btx_day_begin_order(traders, book, account, i, side,
                                    btx_day_price_index(book->kind, levels[i].price), size);
        order->tif = BTX_TIF_IOC;
        btx_desk_send(traders->desk);
    }
}

/* Takes a quote that is at least two steps late. */
static void pick_off(struct btx_traders *traders, struct btx_day_book *book, uint64_t account,
                     uint32_t runner_index)
{
    const uint32_t truth = traders->model->probabilities[book->market][runner_index];
    const int32_t fair = (int32_t)btx_day_fair_index(book->kind, truth);

    for (enum btx_side side = BTX_SIDE_BACK; side <= BTX_SIDE_LAY; side++) {
        struct btx_level_view level;
        struct btx_place_order *order;
        int64_t size;
        uint32_t index;

        if (!best_level(traders, book, runner_index, other_side(side), &level))
            continue;
        index = btx_day_price_index(book->kind, level.price);
        if ((fair - (int32_t)index) * worse_sign(book, side) < 2)
            continue;
        size = (20 + (int64_t)btx_day_random_below(&traders->random, 100)) * ONE;
        order = btx_day_begin_order(traders, book, account, runner_index, side, index, size);
        order->tif = BTX_TIF_IOC;
        btx_desk_send(traders->desk);
    }
}

/* What people type: round figures, most of them small. */
static int64_t bet_size(struct btx_traders *traders, const struct btx_day_book *book, bool whale,
                        enum btx_side side, uint32_t price_index)
{
    static const int64_t stakes[] = {2, 2, 3, 5, 5, 5, 10, 10, 10, 15, 20, 20, 25, 30, 50, 100};
    const int64_t price = btx_day_price(book->kind, price_index);
    int64_t size = stakes[btx_day_random_below(&traders->random, 16)] * ONE * (whale ? 30 : 1);

    if (book->kind == BTX_MARKET_KIND_BINARY)
        return size;
    if (btx_day_random_below(&traders->random, 5) == 0)
        size += (int64_t)btx_day_random_below(&traders->random, 100) * CENT;
    /* Nobody lays 100 at 500. */
    if (side == BTX_SIDE_LAY && price > 3 * ONE)
        size = size * 2 * ONE / (price - ONE) / CENT * CENT;
    return size >= ONE ? size : ONE;
}

/* YES and NO instead of BACK and LAY, as most people say it. */
static void spell_as_question(struct btx_traders *traders, struct btx_place_order *order)
{
    const bool back = order->side == BTX_ORDER_SIDE_BACK;
    const bool yes = btx_day_random_below(&traders->random, 3) != 0;

    order->side = back == yes ? BTX_ORDER_SIDE_BUY : BTX_ORDER_SIDE_SELL;
    order->outcome = yes ? BTX_OUTCOME_YES : BTX_OUTCOME_NO;
    if (!yes)
        order->price = ONE - order->price;
}

/* Hands in a bet that is all there but for what most people do not care about. */
static void send_bet(struct btx_traders *traders, const struct btx_day_book *book,
                     struct btx_place_order *order)
{
    struct btx_desk *desk = traders->desk;
    const uint64_t account = order->account;
    const uint32_t mishap = btx_day_random_below(&traders->random, 1000);

    if (book->kind == BTX_MARKET_KIND_BINARY && btx_day_random_below(&traders->random, 10) < 6)
        spell_as_question(traders, order);
    if (mishap < 3)
        order->price += 1; /* No ladder has that. */
    else if (mishap < 5)
        order->size *= 10000;
    if (account % 4 == 0) {
        char *ref = (char *)(order + 1);

        order->ref_length =
            (uint8_t)sprintf(ref, "app-%" PRIu64 "-%" PRIu64, account, desk->command_count);
        order->present |= BTX_PLACE_ORDER_HAS_REF | BTX_PLACE_ORDER_HAS_IF_VERSION;
        /* The app protects its users from a market that is no longer the one they look at. */
        order->if_version = book->seen_version;
        btx_command_set_length(&desk->space, order->ref_length);
    }
    btx_desk_send(desk);
    if (desk->answer.order != 0) {
        uint64_t *own = traders->own_orders[account];

        memmove(own + 1, own, (BTX_DAY_OWN_ORDERS - 1) * sizeof *own);
        own[0] = desk->answer.order;
    }
    /* The answer was lost with the connection: the same again, and the exchange knows it. */
    if (mishap >= 995 && order->cseq != 0)
        btx_desk_send(desk);
}

/* Takes what is there. */
static void take(struct btx_traders *traders, struct btx_day_book *book, uint64_t account,
                 uint32_t runner_index, enum btx_side side)
{
    const bool whale = account >= btx_day_first_account(BTX_DAY_WHALE);
    const uint32_t kind = btx_day_random_below(&traders->random, 20);
    struct btx_level_view level;
    struct btx_place_order *order;
    uint32_t index;
    int64_t size;

    if (!best_level(traders, book, runner_index, other_side(side), &level))
        return;
    index = btx_day_price_index(book->kind, level.price);
    index = move_index(book, index,
                       worse_sign(book, side) *
                           (int32_t)btx_day_random_below(&traders->random, whale ? 5 : 3));
    size = bet_size(traders, book, whale, side, index);
    order = btx_day_begin_order(traders, book, account, runner_index, side, index, size);
    if (kind < 7) {
        order->tif = BTX_TIF_IOC;
    } else if (kind < 10) {
        order->tif = BTX_TIF_FOK;
        if (kind == 9) {
            order->min_fill = size / 2 / ONE * ONE;
            if (order->min_fill > 0)
                order->present |= BTX_PLACE_ORDER_HAS_MIN_FILL;
        }
    }
    send_bet(traders, book, order);
}

/* Waits for a better price than there is. */
static void rest(struct btx_traders *traders, struct btx_day_book *book, uint64_t account,
                 uint32_t runner_index, enum btx_side side)
{
    const bool whale = account >= btx_day_first_account(BTX_DAY_WHALE);
    const uint32_t kind = btx_day_random_below(&traders->random, 20);
    struct btx_level_view level;
    struct btx_place_order *order;
    uint32_t index = btx_day_fair_index(book->kind, book->seen[runner_index]);

    if (best_level(traders, book, runner_index, side, &level))
        index = btx_day_price_index(book->kind, level.price);
    index = move_index(book, index,
                       -worse_sign(book, side) *
                           ((int32_t)btx_day_random_below(&traders->random, 6) - 1));
    order = btx_day_begin_order(traders, book, account, runner_index, side, index,
                                bet_size(traders, book, whale, side, index));
    order->persistence = kind < 5 ? BTX_PERSISTENCE_PERSIST : BTX_PERSISTENCE_LAPSE;
    order->post_only = kind >= 18;
    if (kind >= 5 && kind < 9) {
        /* From three seconds to ten minutes; some are gone before they are released. */
        order->expires =
            traders->desk->now_ns +
            (3 + (uint64_t)btx_day_random_below(&traders->random, 600)) * UINT64_C(1000000000);
        order->present |= BTX_PLACE_ORDER_HAS_EXPIRES;
    }
    send_bet(traders, book, order);
}

/* Changes what is resting already: keep it in play, ask for less, or a little nearer. */
static void change_order(struct btx_traders *traders, uint64_t account, uint64_t id,
                         const struct btx_order_view *view)
{
    struct btx_desk *desk = traders->desk;
    const uint32_t kind = btx_day_random_below(&traders->random, 10);

    if (kind < 2 && view->persistence == BTX_PERSISTENCE_LAPSE) {
        struct btx_update_order *update =
            (struct btx_update_order *)btx_command_begin(&desk->space, BTX_COMMAND_UPDATE_ORDER);

        update->account = account;
        update->order = id;
        update->persistence = BTX_PERSISTENCE_PERSIST;
        update->cseq = btx_desk_next_cseq(desk, account);
        btx_desk_send(desk);
    } else if (kind < 4 && view->remaining >= 4 * ONE) {
        btx_desk_cancel(desk, account, id, view->remaining / 2 / ONE * ONE);
    } else {
        btx_desk_cancel(desk, account, id, 0);
    }
}

/* Some punter with a live order thinks again. */
static void think_again(struct btx_traders *traders)
{
    const uint32_t first = (uint32_t)btx_day_first_account(BTX_DAY_PUNTER);
    const uint32_t count = (uint32_t)btx_day_first_account(BTX_DAY_TRADER_COUNT) - first;

    for (int attempt = 0; attempt < 16; attempt++) {
        const uint64_t account = first + btx_day_random_below(&traders->random, count);
        const uint64_t id =
            traders
                ->own_orders[account][btx_day_random_below(&traders->random, BTX_DAY_OWN_ORDERS)];
        struct btx_order_view view;

        if (id != 0 && btx_core_view_order(traders->desk->exchange.core, id, &view)) {
            change_order(traders, account, id, &view);
            return;
        }
    }
}

/* Mostly what is likely, sometimes anything. */
static uint32_t pick_runner(struct btx_traders *traders, const struct btx_day_book *book)
{
    const uint32_t runner_count = (uint32_t)btx_day_markets[book->market].runner_count;
    uint32_t left = btx_day_random_below(&traders->random, BTX_DAY_MILLION);

    for (uint32_t i = 0; i < runner_count && btx_day_random_below(&traders->random, 8) != 0; i++) {
        if (left < book->seen[i])
            return i;
        left -= book->seen[i];
    }
    return btx_day_random_below(&traders->random, runner_count);
}

static void bet(struct btx_traders *traders, struct btx_day_book *book)
{
    const uint32_t kind = btx_day_random_below(&traders->random, 100);
    const bool whale = btx_day_random_below(&traders->random, 80) == 0;
    const enum btx_day_trader trader = whale ? BTX_DAY_WHALE : BTX_DAY_PUNTER;
    const uint64_t first = btx_day_first_account(trader);
    const uint64_t account =
        first + btx_day_random_below(&traders->random,
                                     (uint32_t)(btx_day_first_account(trader + 1) - first));
    const uint32_t runner_index = pick_runner(traders, book);
    const bool back = btx_day_random_below(&traders->random, 100) <
                      (book->kind == BTX_MARKET_KIND_ODDS ? 65u : 52u);
    const enum btx_side side = back ? BTX_SIDE_BACK : BTX_SIDE_LAY;

    if (kind < 50)
        take(traders, book, account, runner_index, side);
    else if (kind < 82)
        rest(traders, book, account, runner_index, side);
    else
        think_again(traders);
}

static void visit_sharp(struct btx_traders *traders, struct btx_day_book *book,
                        uint32_t runner_count)
{
    const uint64_t account =
        btx_day_first_account(BTX_DAY_SHARP) + btx_day_random_below(&traders->random, 4);

    pick_off(traders, book, account, btx_day_random_below(&traders->random, runner_count));
}

static void visit_arber(struct btx_traders *traders, struct btx_day_book *book)
{
    const uint64_t account =
        btx_day_first_account(BTX_DAY_ARBER) + btx_day_random_below(&traders->random, 4);

    arb(traders, book, account,
        btx_day_random_below(&traders->random, 2) == 0 ? BTX_SIDE_BACK : BTX_SIDE_LAY);
}

/* @thousandths of one on average. */
static uint32_t how_many(struct btx_traders *traders, uint32_t thousandths)
{
    return thousandths / 1000 +
           (btx_day_random_below(&traders->random, 1000) < thousandths % 1000 ? 1 : 0);
}

void btx_traders_second(struct btx_traders *traders, enum btx_day_market market,
                        struct btx_day_activity activity)
{
    struct btx_day_book *book = &traders->books[market];
    const uint32_t runner_count = (uint32_t)btx_day_markets[market].runner_count;
    const uint32_t quotes = how_many(traders, activity.quotes);
    const uint32_t bets = how_many(traders, activity.bets);
    struct btx_market_view view;

    if (btx_day_random_below(&traders->random, 8) == 0 &&
        btx_core_view_market(traders->desk->exchange.core, btx_day_markets[market].market, &view))
        book->seen_version = view.version;
    for (uint32_t i = 0; i < runner_count; i++) {
        const int64_t truth = traders->model->probabilities[market][i];
        const int64_t seen = book->seen[i];

        book->seen[i] = (uint32_t)(seen + (truth - seen) / 3);
    }
    /* One number a statement: the order in which arguments are evaluated is the compiler's. */
    for (uint32_t i = 0; i < quotes; i++) {
        const uint32_t maker = btx_day_random_below(&traders->random, BTX_DAY_MAKERS);
        uint32_t runner_index = btx_day_random_below(&traders->random, runner_count);

        /* Where one runner is the other seen from behind, each maker quotes one of them. */
        if (book->implied)
            runner_index = maker % 2;
        if (!book->withdrawn[runner_index])
            btx_day_maker_visit(traders, book, maker, runner_index);
    }
    for (uint32_t i = 0; i < bets; i++)
        bet(traders, book);
    if (btx_day_random_below(&traders->random, 4) == 0)
        visit_sharp(traders, book, runner_count);
    if (book->kind == BTX_MARKET_KIND_ODDS && btx_day_random_below(&traders->random, 5) == 0)
        visit_arber(traders, book);
}
