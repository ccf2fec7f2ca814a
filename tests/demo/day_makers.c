/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/demo/day_prices.h"
#include "tests/demo/day_traders.h"

#include "engine/core/view.h"

#include <string.h>

/* Money units and the step of a size. */
enum { ONE = 10000, CENT = 100 };

/* Towards which end of the ladder a resting order of @side lies, seen from the fair price.
 * At odds who backs waits for more; who buys a question waits for less. */
static int32_t side_sign(const struct btx_day_book *book, enum btx_side side)
{
    return (book->kind == BTX_MARKET_KIND_ODDS) == (side == BTX_SIDE_BACK) ? 1 : -1;
}

/* Where this quote belongs by what the maker believes. */
static int32_t believed_index(const struct btx_day_book *book, uint32_t maker,
                              uint32_t runner_index, enum btx_side side, uint32_t level)
{
    const int64_t seen = book->seen[runner_index];
    const int64_t believed = seen + seen * book->bias[maker][runner_index] / BTX_DAY_MILLION;
    const int32_t fair =
        (int32_t)btx_day_fair_index(book->kind, believed > 0 ? (uint32_t)believed : 1);
    const int32_t half = 1 + (int32_t)(maker % 3 == 2) + (book->fast ? 1 : 0);

    return fair + side_sign(book, side) * (half + (int32_t)level * (maker % 2 == 0 ? 1 : 2));
}

/* Not nearer than one step from @price, which is the best of those that @side would take. */
static int32_t keep_behind(const struct btx_day_book *book, enum btx_side side, int32_t index,
                           uint64_t price)
{
    const int32_t sign = side_sign(book, side);
    const int32_t nearest = (int32_t)btx_day_price_index(book->kind, price) + sign;

    return (index - nearest) * sign < 0 ? nearest : index;
}

/* The same, but never where it would be taken at once: a maker waits behind the best price of the
 * other side, and behind that of its own side on the other runner where those match each other.
 * Negative or beyond the ladder: nowhere. */
static int32_t wanted_index(const struct btx_traders *traders, const struct btx_day_book *book,
                            uint32_t maker, uint32_t runner_index, enum btx_side side,
                            uint32_t level)
{
    const struct btx_core *core = traders->desk->exchange.core;
    const uint64_t market = btx_day_markets[book->market].market;
    int32_t index = believed_index(book, maker, runner_index, side, level);
    struct btx_level_view best;

    if (btx_core_view_book(core, market, btx_day_runner_id(book, runner_index),
                           side == BTX_SIDE_BACK ? BTX_SIDE_LAY : BTX_SIDE_BACK, &best, 1) == 1)
        index = keep_behind(book, side, index, best.price);
    /* To back one at b is to lay the other at 1 + 1 / (b - 1). */
    if (book->implied && btx_core_view_book(core, market, btx_day_runner_id(book, 1 - runner_index),
                                            side, &best, 1) == 1)
        index = keep_behind(book, side, index,
                            ONE + (uint64_t)ONE * ONE / (uint64_t)(best.price - ONE));
    return index;
}

static int64_t quote_size(struct btx_traders *traders, const struct btx_day_book *book,
                          uint32_t maker, uint32_t price_index, uint32_t level)
{
    const int64_t noise = 60 + btx_day_random_below(&traders->random, 80); /* percent */
    const int64_t price = btx_day_price(book->kind, price_index);
    int64_t size;

    if (book->kind == BTX_MARKET_KIND_BINARY)
        return (10 + (int64_t)maker * 8) * (level + 1) * noise / 100 * ONE;
    /* The same money at risk, more or less, whatever the odds. */
    size = (60 + 40 * (int64_t)maker) * ONE * (level + 1) * 2 * ONE / price;
    size = size * noise / (book->fast ? 250 : 100) / CENT * CENT;
    return size > 2 * ONE ? size : 2 * ONE;
}

static void place_quote(struct btx_traders *traders, struct btx_day_book *book, uint32_t maker,
                        uint32_t runner_index, enum btx_side side, uint32_t level)
{
    const int32_t wanted = wanted_index(traders, book, maker, runner_index, side, level);
    struct btx_day_quote *quote = &book->quotes[maker][runner_index][side][level];
    struct btx_place_order *order;

    if (wanted < 0 || wanted >= (int32_t)btx_day_price_count(book->kind))
        return;
    order = btx_day_begin_order(traders, book, btx_day_first_account(BTX_DAY_MAKER) + maker,
                                runner_index, side, (uint32_t)wanted,
                                quote_size(traders, book, maker, (uint32_t)wanted, level));
    order->post_only = 1;
    order->stp = maker % 2 == 0 ? BTX_STP_CANCEL_MAKER : BTX_STP_CANCEL_TAKER;
    order->persistence = maker % 4 == 3 ? BTX_PERSISTENCE_PERSIST : BTX_PERSISTENCE_LAPSE;
    btx_desk_send(traders->desk);
    quote->order = traders->desk->answer.order;
    quote->index = (uint32_t)wanted;
}

/* Takes what rests more than a step beyond where the maker itself would quote: somebody is late. */
static void take_late(struct btx_traders *traders, const struct btx_day_book *book, uint32_t maker,
                      uint32_t runner_index, enum btx_side side)
{
    const int32_t believed = believed_index(book, maker, runner_index, side, 0);
    const int32_t allowed = wanted_index(traders, book, maker, runner_index, side, 0);
    struct btx_place_order *order;

    if ((allowed - believed) * side_sign(book, side) < 2 || believed < 0 ||
        believed >= (int32_t)btx_day_price_count(book->kind))
        return;
    order = btx_day_begin_order(traders, book, btx_day_first_account(BTX_DAY_MAKER) + maker,
                                runner_index, side, (uint32_t)believed,
                                3 * quote_size(traders, book, maker, (uint32_t)believed, 0));
    order->tif = BTX_TIF_IOC;
    order->stp = BTX_STP_CANCEL_MAKER;
    btx_desk_send(traders->desk);
}

/* Move a live quote to where it belongs. */
static void move_quote(struct btx_traders *traders, const struct btx_day_book *book, uint32_t maker,
                       struct btx_day_quote *quote, uint32_t wanted)
{
    struct btx_desk *desk = traders->desk;
    struct btx_replace_order *command =
        (struct btx_replace_order *)btx_command_begin(&desk->space, BTX_COMMAND_REPLACE_ORDER);

    command->account = btx_day_first_account(BTX_DAY_MAKER) + maker;
    command->order = quote->order;
    command->price = btx_day_price(book->kind, wanted);
    command->cseq = btx_desk_next_cseq(desk, command->account);
    btx_desk_send(desk);
    /* When it is refused the old one stands. */
    if (desk->answer.order != 0)
        *quote = (struct btx_day_quote){.order = desk->answer.order, .index = wanted};
}

static void mend_quote(struct btx_traders *traders, struct btx_day_book *book, uint32_t maker,
                       uint32_t runner_index, enum btx_side side, uint32_t level)
{
    struct btx_day_quote *quote = &book->quotes[maker][runner_index][side][level];
    const int32_t wanted = wanted_index(traders, book, maker, runner_index, side, level);
    const int32_t off = wanted - (int32_t)quote->index;
    struct btx_order_view view;

    if (quote->order == 0 ||
        !btx_core_view_order(traders->desk->exchange.core, quote->order, &view)) {
        place_quote(traders, book, maker, runner_index, side, level);
        return;
    }
    /* What is held is not in the book yet; to move it would hold it anew. */
    if (view.held)
        return;
    /* The best one must be right; further away near enough is good enough. */
    if (off == 0 || (level > 0 && off >= -(int32_t)level && off <= (int32_t)level))
        return;
    if (wanted < 0 || wanted >= (int32_t)btx_day_price_count(book->kind)) {
        btx_desk_cancel(traders->desk, view.account, quote->order, 0);
        quote->order = 0;
        return;
    }
    move_quote(traders, book, maker, quote, (uint32_t)wanted);
}

void btx_day_maker_visit(struct btx_traders *traders, struct btx_day_book *book, uint32_t maker,
                         uint32_t runner_index)
{
    /* The side that the price moves towards goes out of the way first. */
    const struct btx_day_quote *best = book->quotes[maker][runner_index][BTX_SIDE_BACK];
    const bool up =
        believed_index(book, maker, runner_index, BTX_SIDE_BACK, 0) > (int32_t)best->index;
    const enum btx_side first =
        (side_sign(book, BTX_SIDE_BACK) > 0) == up ? BTX_SIDE_BACK : BTX_SIDE_LAY;
    const enum btx_side second = first == BTX_SIDE_BACK ? BTX_SIDE_LAY : BTX_SIDE_BACK;
    const uint32_t levels = book->fast ? 2 : BTX_DAY_QUOTE_LEVELS;

    if (btx_day_random_below(&traders->random, 40) == 0)
        book->bias[maker][runner_index] = btx_day_random_around(&traders->random, 20000);
    take_late(traders, book, maker, runner_index, first);
    take_late(traders, book, maker, runner_index, second);
    for (uint32_t level = 0; level < levels; level++)
        mend_quote(traders, book, maker, runner_index, first, level);
    for (uint32_t level = 0; level < levels; level++)
        mend_quote(traders, book, maker, runner_index, second, level);
}

void btx_traders_leave(struct btx_traders *traders, enum btx_day_market market)
{
    struct btx_day_book *book = &traders->books[market];

    for (uint32_t maker = 0; maker < BTX_DAY_MAKERS; maker++) {
        struct btx_desk *desk = traders->desk;
        struct btx_cancel_orders *command =
            (struct btx_cancel_orders *)btx_command_begin(&desk->space, BTX_COMMAND_CANCEL_ORDERS);

        command->account = btx_day_first_account(BTX_DAY_MAKER) + maker;
        command->market = btx_day_markets[market].market;
        command->present = BTX_CANCEL_ORDERS_HAS_ACCOUNT | BTX_CANCEL_ORDERS_HAS_MARKET;
        command->cseq = btx_desk_next_cseq(desk, command->account);
        btx_desk_send(desk);
    }
    memset(book->quotes, 0, sizeof book->quotes);
}
