/* SPDX-License-Identifier: Apache-2.0 */
/* model_orders.c - rules.md 2 and 5: who meets whom, and what becomes of a new order. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "tests/property/model.h"
#include "tests/property/model_parts.h"

/* A PlaceOrder, or what a ReplaceOrder makes of the old order. */
struct intent {
    struct btx_model_order order; /* Its id is set on acceptance. */
    uint8_t tif;
    bool has_min_fill;
    int64_t min_fill;
    bool post_only;
    bool size_is_remaining; /* A ReplaceOrder without a size. */
    size_t replaced_index;  /* The order that it replaces, or BTX_MODEL_NONE. */
    uint64_t cseq;
};

int64_t btx_model_size_step(const struct btx_model_market *market)
{
    return market->kind == BTX_MARKET_KIND_ODDS ? 100 : 10000;
}

static bool price_is_valid(const struct btx_model_market *market, uint64_t price)
{
    if (market->kind == BTX_MARKET_KIND_BINARY)
        return price >= market->tick && price <= 10000 - market->tick && price % market->tick == 0;
    for (size_t i = 0; i < BTX_MODEL_LADDER_COUNT; i++) {
        if (btx_model_ladder_price(i) == price)
            return true;
    }
    return false;
}

/* Turn BUY and SELL into BACK and LAY (rules.md 2).  A price that no market has is 0. */
static void resolve_spelling(struct btx_model_order *order, uint8_t side, uint8_t outcome,
                             uint64_t price, uint8_t kind)
{
    order->price = price;
    if (side == BTX_ORDER_SIDE_BACK || side == BTX_ORDER_SIDE_LAY) {
        order->side = side == BTX_ORDER_SIDE_BACK ? BTX_SIDE_BACK : BTX_SIDE_LAY;
        return;
    }
    if (outcome == BTX_OUTCOME_YES) {
        order->side = side == BTX_ORDER_SIDE_BUY ? BTX_SIDE_BACK : BTX_SIDE_LAY;
        return;
    }
    order->side = side == BTX_ORDER_SIDE_BUY ? BTX_SIDE_LAY : BTX_SIDE_BACK;
    order->price = kind == BTX_MARKET_KIND_BINARY && price < 10000 ? 10000 - price : 0;
}

bool btx_model_crosses(uint8_t kind, uint8_t taker_side, uint64_t limit, uint64_t price)
{
    const bool wants_high = (kind == BTX_MARKET_KIND_ODDS) == (taker_side == BTX_SIDE_BACK);

    return wants_high ? price >= limit : price <= limit;
}

size_t btx_model_next_maker(const struct btx_model *model, const struct btx_model_market *market,
                            uint64_t runner, uint8_t taker_side, uint64_t limit)
{
    size_t best = BTX_MODEL_NONE;

    for (size_t i = 0; i < model->order_count; i++) {
        const struct btx_model_order *maker = &model->orders[i];

        if (maker->market != market->market || maker->runner != runner ||
            maker->side == taker_side || maker->remaining == 0 ||
            !btx_model_crosses(market->kind, taker_side, limit, maker->price))
            continue;
        /* Better than the best so far, not as good: of two alike the first accepted is first. */
        if (best == BTX_MODEL_NONE ||
            (maker->price != model->orders[best].price &&
             btx_model_crosses(market->kind, taker_side, model->orders[best].price, maker->price)))
            best = i;
    }
    return best;
}

int64_t btx_model_fillable(const struct btx_model *model, const struct btx_model_market *market,
                           const struct btx_model_order *taker, int64_t size)
{
    /* The walk needs a book of its own to take from. */
    struct btx_model book = *model;
    int64_t filled = 0;

    book.orders = NULL;
    book.order_room = 0;
    book.order_count = 0;
    for (size_t i = 0; i < model->order_count; i++) {
        book.orders =
            btx_model_grow(book.orders, book.order_count, &book.order_room, sizeof *book.orders);
        book.orders[book.order_count++] = model->orders[i];
    }
    while (filled < size) {
        const size_t index =
            btx_model_next_maker(&book, market, taker->runner, taker->side, taker->price);
        int64_t matched;

        if (index == BTX_MODEL_NONE)
            break;
        if (book.orders[index].account == taker->account && taker->stp == BTX_STP_CANCEL_TAKER)
            break;
        if (book.orders[index].account != taker->account || taker->stp == BTX_STP_NONE) {
            matched = size - filled;
            if (matched > book.orders[index].remaining)
                matched = book.orders[index].remaining;
            filled += matched;
        }
        btx_model_remove_order(&book, index);
    }
    free(book.orders);
    return filled;
}

static void emit_cancelled(struct btx_model *model, const struct btx_model_order *order,
                           int64_t cancelled, enum btx_cause cause)
{
    struct btx_order_cancelled *event = btx_model_emit(model, BTX_EVENT_ORDER_CANCELLED, 0);

    event->order = order->order;
    event->account = order->account;
    event->market = order->market;
    event->runner = order->runner;
    event->side = order->side;
    event->cancelled = cancelled;
    event->remaining = order->remaining - cancelled;
    event->cause = (uint8_t)cause;
}

static void emit_accepted(struct btx_model *model, const struct intent *intent)
{
    const struct btx_model_order *order = &intent->order;
    struct btx_order_accepted *event =
        btx_model_emit(model, BTX_EVENT_ORDER_ACCEPTED, order->ref_length);

    event->order = order->order;
    event->account = order->account;
    event->market = order->market;
    event->runner = order->runner;
    event->size = order->remaining;
    event->cseq = intent->cseq;
    event->price = (uint32_t)order->price;
    event->side = order->side;
    event->tif = intent->tif;
    event->persistence = order->persistence;
    event->post_only = intent->post_only;
    event->stp = order->stp;
    if (order->has_ref) {
        event->present = BTX_ORDER_ACCEPTED_HAS_REF;
        event->ref_length = order->ref_length;
        memcpy(event + 1, order->ref, order->ref_length);
    }
}

static void match(struct btx_model *model, struct btx_model_market *market,
                  struct btx_model_order *taker, size_t maker_index)
{
    struct btx_model_order *maker = &model->orders[maker_index];
    const int64_t size = taker->remaining < maker->remaining ? taker->remaining : maker->remaining;
    struct btx_trade_matched *event = btx_model_emit(model, BTX_EVENT_TRADE_MATCHED, 0);
    struct btx_model_bet *bet;

    taker->remaining -= size;
    maker->remaining -= size;
    event->market = market->market;
    event->runner = taker->runner;
    event->price = (uint32_t)maker->price;
    event->size = size;
    event->taker = taker->order;
    event->taker_account = taker->account;
    event->taker_side = taker->side;
    event->maker = maker->order;
    event->maker_account = maker->account;
    event->taker_remaining = taker->remaining;
    event->maker_remaining = maker->remaining;
    market->bets =
        btx_model_grow(market->bets, market->bet_count, &market->bet_room, sizeof *market->bets);
    bet = &market->bets[market->bet_count++];
    bet->runner = taker->runner;
    bet->backer = taker->side == BTX_SIDE_BACK ? taker->account : maker->account;
    bet->layer = taker->side == BTX_SIDE_BACK ? maker->account : taker->account;
    bet->price = maker->price;
    bet->size = size;
    if (maker->remaining == 0)
        btx_model_remove_order(model, maker_index);
}

/* Match what can be matched, then do with the rest what tif says. */
static void work(struct btx_model *model, struct btx_model_market *market,
                 const struct intent *intent)
{
    struct btx_model_order taker = intent->order;

    while (taker.remaining > 0) {
        const size_t index =
            btx_model_next_maker(model, market, taker.runner, taker.side, taker.price);

        if (index == BTX_MODEL_NONE)
            break;
        if (model->orders[index].account == taker.account && taker.stp != BTX_STP_NONE) {
            if (taker.stp == BTX_STP_CANCEL_TAKER) {
                emit_cancelled(model, &taker, taker.remaining, BTX_CAUSE_SELF_TRADE);
                return;
            }
            emit_cancelled(model, &model->orders[index], model->orders[index].remaining,
                           BTX_CAUSE_SELF_TRADE);
            btx_model_remove_order(model, index);
            continue;
        }
        match(model, market, &taker, index);
    }
    if (taker.remaining == 0)
        return;
    if (intent->tif == BTX_TIF_IOC) {
        emit_cancelled(model, &taker, taker.remaining, BTX_CAUSE_IOC);
    } else if (intent->tif == BTX_TIF_FOK) {
        emit_cancelled(model, &taker, taker.remaining, BTX_CAUSE_FOK);
    } else {
        model->orders =
            btx_model_grow(model->orders, model->order_count, &model->order_room, sizeof taker);
        model->orders[model->order_count++] = taker;
    }
}

static bool size_is_valid(const struct btx_model_market *market, const struct intent *intent)
{
    const int64_t size = intent->order.remaining;

    if (size <= 0 || size % btx_model_size_step(market) != 0 || size > BTX_MODEL_MONEY_MAX)
        return false;
    return intent->size_is_remaining || size >= market->min_size;
}

static bool options_are_valid(const struct btx_model_market *market, const struct intent *intent)
{
    if (intent->post_only && intent->tif != BTX_TIF_GTC)
        return false;
    if (!intent->has_min_fill)
        return true;
    return intent->tif == BTX_TIF_FOK && intent->min_fill > 0 &&
           intent->min_fill <= intent->order.remaining &&
           intent->min_fill % btx_model_size_step(market) == 0;
}

static bool capacity_is_left(const struct btx_model *model, const struct btx_model_market *market,
                             const struct intent *intent)
{
    /* What is replaced makes room for what replaces it: one order, one pair. */
    if (intent->replaced_index != BTX_MODEL_NONE)
        return true;
    if (model->order_count + 1 > model->capacity.orders)
        return false;
    /* Counting is slow, and not needed where there cannot be so many. */
    if (model->account_count * model->market_count < model->capacity.positions)
        return true;
    return btx_model_has_pair(model, market, intent->order.account) ||
           btx_model_pair_count(model) + 1 <= model->capacity.positions;
}

/* Checks 7 to 13, then everything that follows. */
static int judge(struct btx_model *model, struct btx_model_market *market, struct intent *intent)
{
    const struct btx_model_order *order = &intent->order;

    if (!price_is_valid(market, order->price))
        return BTX_REJECT_INVALID_PRICE;
    if (!size_is_valid(market, intent))
        return BTX_REJECT_INVALID_SIZE;
    if (!options_are_valid(market, intent))
        return BTX_REJECT_INVALID_ORDER;
    if (!capacity_is_left(model, market, intent))
        return BTX_REJECT_CAPACITY;
    if (!btx_model_affordable(model, order, intent->replaced_index))
        return BTX_REJECT_INSUFFICIENT_FUNDS;
    if (intent->post_only && btx_model_next_maker(model, market, order->runner, order->side,
                                                  order->price) != BTX_MODEL_NONE)
        return BTX_REJECT_WOULD_MATCH;
    if (intent->tif == BTX_TIF_FOK &&
        btx_model_fillable(model, market, order, order->remaining) <
            (intent->has_min_fill ? intent->min_fill : order->remaining))
        return BTX_REJECT_NOT_FILLABLE;

    if (intent->replaced_index != BTX_MODEL_NONE) {
        const struct btx_model_order *replaced = &model->orders[intent->replaced_index];

        emit_cancelled(model, replaced, replaced->remaining, BTX_CAUSE_REPLACED);
        btx_model_remove_order(model, intent->replaced_index);
    }
    intent->order.order = model->next_order++;
    emit_accepted(model, intent);
    work(model, market, intent);
    return BTX_MODEL_ACCEPTED;
}

int btx_model_place(struct btx_model *model, const struct btx_place_order *command)
{
    const size_t account_index = btx_model_find_account(model, command->account);
    const size_t market_index = btx_model_find_market(model, command->market);
    struct intent intent = {0};
    struct btx_model_market *market;

    if (model->accounts[account_index].frozen)
        return BTX_REJECT_ACCOUNT_FROZEN;
    if (market_index == BTX_MODEL_NONE)
        return BTX_REJECT_UNKNOWN_MARKET;
    market = &model->markets[market_index];
    if (market->status != BTX_MODEL_OPEN)
        return BTX_REJECT_MARKET_NOT_OPEN;
    intent.order.runner = command->runner;
    if ((command->present & BTX_PLACE_ORDER_HAS_RUNNER) == 0) {
        if (market->kind == BTX_MARKET_KIND_ODDS)
            return BTX_REJECT_UNKNOWN_RUNNER;
        intent.order.runner = 1;
    }
    if (btx_model_find_runner(market, intent.order.runner) == BTX_MODEL_NONE)
        return BTX_REJECT_UNKNOWN_RUNNER;
    intent.order.account = command->account;
    intent.order.market = command->market;
    resolve_spelling(&intent.order, command->side, command->outcome, command->price, market->kind);
    intent.order.remaining = command->size;
    intent.order.persistence = command->persistence;
    intent.order.stp = command->stp;
    if ((command->present & BTX_PLACE_ORDER_HAS_REF) != 0) {
        intent.order.has_ref = true;
        intent.order.ref_length = command->ref_length;
        memcpy(intent.order.ref, btx_place_order_ref(command), command->ref_length);
    }
    intent.tif = command->tif;
    intent.has_min_fill = (command->present & BTX_PLACE_ORDER_HAS_MIN_FILL) != 0;
    intent.min_fill = command->min_fill;
    intent.post_only = command->post_only != 0;
    intent.replaced_index = BTX_MODEL_NONE;
    intent.cseq = command->cseq;
    return judge(model, market, &intent);
}

int btx_model_replace(struct btx_model *model, const struct btx_replace_order *command)
{
    const size_t account_index = btx_model_find_account(model, command->account);
    const size_t order_index = btx_model_find_order(model, command->order);
    struct intent intent = {0};
    struct btx_model_market *market;

    if (order_index == BTX_MODEL_NONE)
        return BTX_REJECT_UNKNOWN_ORDER;
    if (model->orders[order_index].account != command->account)
        return BTX_REJECT_NOT_ORDER_OWNER;
    if (model->accounts[account_index].frozen)
        return BTX_REJECT_ACCOUNT_FROZEN;
    intent.order = model->orders[order_index];
    market = &model->markets[btx_model_find_market(model, intent.order.market)];
    if (market->status != BTX_MODEL_OPEN)
        return BTX_REJECT_MARKET_NOT_OPEN;
    intent.order.price = command->price;
    intent.size_is_remaining = (command->present & BTX_REPLACE_ORDER_HAS_SIZE) == 0;
    if (!intent.size_is_remaining)
        intent.order.remaining = command->size;
    intent.tif = BTX_TIF_GTC;
    intent.replaced_index = order_index;
    intent.cseq = command->cseq;
    return judge(model, market, &intent);
}
