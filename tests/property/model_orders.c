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
    bool has_min_fill;
    int64_t min_fill;
    bool has_expires;
    bool size_is_remaining; /* A ReplaceOrder without a size. */
    size_t replaced_index;  /* The order that it replaces, or BTX_MODEL_NONE. */
    uint64_t cseq;
};

int64_t btx_model_size_step(const struct btx_model_market *market)
{
    return market->kind == BTX_MARKET_KIND_ODDS ? 100 : 10000;
}

bool btx_model_price_is_valid(const struct btx_model_market *market, uint64_t price)
{
    if (market->kind == BTX_MARKET_KIND_BINARY)
        return price >= market->tick && price <= 10000 - market->tick && price % market->tick == 0;
    if (market->ladder == BTX_LADDER_FINEST)
        return price >= 10100 && price <= 10000000 && price % 100 == 0;
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
            maker->side == taker_side || maker->remaining == 0 || maker->held ||
            !btx_model_crosses(market->kind, taker_side, limit, maker->price))
            continue;
        /* Better than the best so far; of two alike the one that came to rest first. */
        if (best == BTX_MODEL_NONE ||
            (maker->price == model->orders[best].price
                 ? maker->place < model->orders[best].place
                 : btx_model_crosses(market->kind, taker_side, model->orders[best].price,
                                     maker->price)))
            best = i;
    }
    return best;
}

/* 100 * (odds - 1) */
static btx_i128 over_one(uint64_t price)
{
    return ((btx_i128)price - 10000) / 100;
}

/* Whether the implied maker at @price is taken by a taker of @side with the limit @limit. */
static bool implied_crosses(uint8_t side, uint64_t limit, uint64_t price)
{
    const btx_i128 product = over_one(limit) * over_one(price);

    return side == BTX_SIDE_BACK ? product <= 10000 : product >= 10000;
}

/* The implied maker that @taker meets next, but for those of @passed; or BTX_MODEL_NONE. */
static size_t next_implied(const struct btx_model *model, const struct btx_model_market *market,
                           const struct btx_model_order *taker, const bool *passed)
{
    size_t best = BTX_MODEL_NONE;

    for (size_t i = 0; market->implied && i < model->order_count; i++) {
        const struct btx_model_order *maker = &model->orders[i];
        const struct btx_model_order *first = best == BTX_MODEL_NONE ? NULL : &model->orders[best];
        const bool lowest_first = taker->side == BTX_SIDE_BACK;

        if (maker->market != market->market || maker->runner == taker->runner ||
            maker->side != taker->side || maker->held || passed[i] ||
            !implied_crosses(taker->side, taker->price, maker->price))
            continue;
        if (first == NULL ||
            (maker->price == first->price ? maker->place < first->place
                                          : (maker->price < first->price) == lowest_first))
            best = i;
    }
    return best;
}

/* The greatest t of whole hundredths of which t*y/100 is whole too, within both limits: tried from
 * the greatest down, which ends after at most 100 of them. */
static void find_amounts(const struct btx_model_order *taker, const struct btx_model_order *maker,
                         struct btx_model_meeting *meeting)
{
    const btx_i128 y = over_one(maker->price);
    const btx_i128 taker_cents = taker->remaining / 100;
    btx_i128 t = maker->remaining / 100;

    if (t * y > taker_cents * 100)
        t = taker_cents * 100 / y;
    while (t > 0 && t * y % 100 != 0)
        t--;
    CHECK(t * y / 100 <= taker_cents && t <= maker->remaining / 100);
    meeting->maker_size = (int64_t)(t * 100);
    meeting->taker_size = (int64_t)(t * y);
}

struct btx_model_meeting btx_model_next_meeting(const struct btx_model *model,
                                                const struct btx_model_market *market,
                                                const struct btx_model_order *taker,
                                                const bool *passed)
{
    const size_t direct =
        btx_model_next_maker(model, market, taker->runner, taker->side, taker->price);
    const size_t implied = next_implied(model, market, taker, passed);
    struct btx_model_meeting meeting = {.index = direct};
    bool direct_first = implied == BTX_MODEL_NONE;

    if (direct != BTX_MODEL_NONE && implied != BTX_MODEL_NONE) {
        const btx_i128 product =
            over_one(model->orders[direct].price) * over_one(model->orders[implied].price);

        direct_first = taker->side == BTX_SIDE_BACK ? product >= 10000 : product <= 10000;
    }
    if (direct_first) {
        if (direct != BTX_MODEL_NONE) {
            const int64_t there = model->orders[direct].remaining;

            meeting.taker_size = taker->remaining < there ? taker->remaining : there;
            meeting.maker_size = meeting.taker_size;
        }
        return meeting;
    }
    meeting.index = implied;
    meeting.implied = true;
    find_amounts(taker, &model->orders[implied], &meeting);
    return meeting;
}

/* Marks for as many orders as there are; the caller frees them. */
static bool *no_marks(const struct btx_model *model)
{
    bool *marks = calloc(model->order_count + 1, sizeof *marks);

    CHECK(marks != NULL);
    return marks;
}

int64_t btx_model_fillable(const struct btx_model *model, const struct btx_model_market *market,
                           const struct btx_model_order *asking, int64_t size)
{
    /* The walk needs a book of its own: who was met is made to hold, which takers pass over. */
    struct btx_model book = *model;
    struct btx_model_order taker = *asking;
    bool *passed = no_marks(model);

    book.orders = calloc(model->order_count + 1, sizeof *book.orders);
    CHECK(book.orders != NULL);
    if (model->order_count > 0)
        memcpy(book.orders, model->orders, model->order_count * sizeof *book.orders);
    taker.remaining = size;
    while (taker.remaining > 0) {
        const struct btx_model_meeting meeting =
            btx_model_next_meeting(&book, market, &taker, passed);
        const bool own = meeting.index != BTX_MODEL_NONE &&
                         book.orders[meeting.index].account == taker.account &&
                         taker.stp != BTX_STP_NONE;

        if (meeting.index == BTX_MODEL_NONE || (own && taker.stp == BTX_STP_CANCEL_TAKER))
            break;
        book.orders[meeting.index].held = true;
        if (!own)
            taker.remaining -= meeting.taker_size;
    }
    free(passed);
    free(book.orders);
    return size - taker.remaining;
}

void btx_model_emit_cancelled(struct btx_model *model, const struct btx_model_order *order,
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
    event->expires = order->expires;
    event->price = (uint32_t)order->price;
    event->side = order->side;
    event->tif = order->tif;
    event->persistence = order->persistence;
    event->post_only = order->post_only;
    event->stp = order->stp;
    if (order->has_ref) {
        event->present = BTX_ORDER_ACCEPTED_HAS_REF;
        event->ref_length = order->ref_length;
        memcpy(event + 1, order->ref, order->ref_length);
    }
}

static void emit_held(struct btx_model *model, const struct intent *intent)
{
    const struct btx_model_order *order = &intent->order;
    struct btx_order_held *event = btx_model_emit(model, BTX_EVENT_ORDER_HELD, order->ref_length);

    event->order = order->order;
    event->account = order->account;
    event->market = order->market;
    event->runner = order->runner;
    event->size = order->remaining;
    event->cseq = intent->cseq;
    event->expires = order->expires;
    event->price = (uint32_t)order->price;
    event->side = order->side;
    event->tif = order->tif;
    event->persistence = order->persistence;
    event->post_only = order->post_only;
    event->stp = order->stp;
    event->until = order->until;
    if (intent->has_min_fill) {
        event->present |= BTX_ORDER_HELD_HAS_MIN_FILL;
        event->min_fill = intent->min_fill;
    }
    if (order->has_ref) {
        event->present |= BTX_ORDER_HELD_HAS_REF;
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

static void match_implied(struct btx_model *model, struct btx_model_market *market,
                          struct btx_model_order *taker, const struct btx_model_meeting *meeting)
{
    struct btx_model_order *maker = &model->orders[meeting->index];
    struct btx_implied_matched *event = btx_model_emit(model, BTX_EVENT_IMPLIED_MATCHED, 0);

    taker->remaining -= meeting->taker_size;
    maker->remaining -= meeting->maker_size;
    event->market = market->market;
    event->runner = taker->runner;
    event->size = meeting->taker_size;
    event->taker = taker->order;
    event->taker_account = taker->account;
    event->taker_side = taker->side;
    event->maker_runner = maker->runner;
    event->maker_price = (uint32_t)maker->price;
    event->maker_size = meeting->maker_size;
    event->maker = maker->order;
    event->maker_account = maker->account;
    event->taker_remaining = taker->remaining;
    event->maker_remaining = maker->remaining;
    market->implieds = btx_model_grow(market->implieds, market->implied_count,
                                      &market->implied_room, sizeof *market->implieds);
    market->implieds[market->implied_count++] = (struct btx_model_implied){
        .side = taker->side,
        .taker = taker->account,
        .maker = maker->account,
        .taker_runner = taker->runner,
        .maker_runner = maker->runner,
        .taker_size = meeting->taker_size,
        .maker_size = meeting->maker_size,
    };
}

/* The mark of an order that leaves. */
static void remove_mark(const struct btx_model *model, size_t index, bool *marks)
{
    memmove(&marks[index], &marks[index + 1], (model->order_count - index) * sizeof *marks);
}

static void remove_marked(struct btx_model *model, size_t index, bool *marks)
{
    remove_mark(model, index, marks);
    btx_model_remove_order(model, index);
}

/* The taker meets somebody.  False when self-trade prevention ends it. */
static bool meet(struct btx_model *model, struct btx_model_market *market,
                 struct btx_model_order *taker, const struct btx_model_meeting *meeting,
                 bool *passed)
{
    struct btx_model_order *maker = &model->orders[meeting->index];

    if (maker->account == taker->account && taker->stp == BTX_STP_CANCEL_TAKER) {
        btx_model_emit_cancelled(model, taker, taker->remaining, BTX_CAUSE_SELF_TRADE);
        return false;
    }
    if (maker->account == taker->account && taker->stp == BTX_STP_CANCEL_MAKER) {
        btx_model_emit_cancelled(model, maker, maker->remaining, BTX_CAUSE_SELF_TRADE);
        remove_marked(model, meeting->index, passed);
    } else if (!meeting->implied) {
        if (maker->remaining == meeting->maker_size)
            remove_mark(model, meeting->index, passed);
        match(model, market, taker, meeting->index);
    } else {
        /* Met once: what is left of the two gives nothing exact any more. */
        passed[meeting->index] = true;
        if (meeting->taker_size > 0)
            match_implied(model, market, taker, meeting);
        if (maker->remaining == 0)
            remove_marked(model, meeting->index, passed);
    }
    return true;
}

void btx_model_work(struct btx_model *model, struct btx_model_market *market,
                    struct btx_model_order *taker)
{
    bool *passed = no_marks(model);
    bool goes_on = true;

    while (goes_on && taker->remaining > 0) {
        const struct btx_model_meeting meeting =
            btx_model_next_meeting(model, market, taker, passed);

        if (meeting.index == BTX_MODEL_NONE)
            break;
        goes_on = meet(model, market, taker, &meeting, passed);
    }
    free(passed);
    if (!goes_on || taker->remaining == 0)
        return;
    if (taker->tif != BTX_TIF_GTC) {
        btx_model_emit_cancelled(model, taker, taker->remaining,
                                 taker->tif == BTX_TIF_IOC ? BTX_CAUSE_IOC : BTX_CAUSE_FOK);
        return;
    }
    taker->place = ++model->place_count;
    btx_model_insert_order(model, taker);
}

static bool size_is_valid(const struct btx_model_market *market, const struct intent *intent)
{
    const int64_t size = intent->order.remaining;

    if (size <= 0 || size % btx_model_size_step(market) != 0 || size > BTX_MODEL_MONEY_MAX)
        return false;
    return intent->size_is_remaining || size >= market->min_size;
}

static bool options_are_valid(const struct btx_model *model, const struct btx_model_market *market,
                              const struct intent *intent)
{
    if (intent->order.post_only && intent->order.tif != BTX_TIF_GTC)
        return false;
    if (intent->has_expires &&
        (intent->order.tif != BTX_TIF_GTC || intent->order.expires <= model->time_ns))
        return false;
    if (!intent->has_min_fill)
        return true;
    return intent->order.tif == BTX_TIF_FOK && intent->min_fill > 0 &&
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
    if (market->reductions &&
        btx_model_stake_count(model) + 2 * btx_model_reducible_count(model) + 2 >
            model->capacity.stakes)
        return false;
    /* Counting is slow, and not needed where there cannot be so many. */
    if (model->account_count * model->market_count < model->capacity.positions)
        return true;
    return btx_model_has_pair(model, market, intent->order.account) ||
           btx_model_pair_count(model) + 1 <= model->capacity.positions;
}

/* Checks 7 to 11, which an order that will be held must pass too. */
static int judge(struct btx_model *model, const struct btx_model_market *market,
                 const struct intent *intent)
{
    if (!btx_model_price_is_valid(market, intent->order.price))
        return BTX_REJECT_INVALID_PRICE;
    if (!size_is_valid(market, intent))
        return BTX_REJECT_INVALID_SIZE;
    if (!options_are_valid(model, market, intent))
        return BTX_REJECT_INVALID_ORDER;
    if (!capacity_is_left(model, market, intent))
        return BTX_REJECT_CAPACITY;
    if (!btx_model_affordable(model, &intent->order, intent->replaced_index))
        return BTX_REJECT_INSUFFICIENT_FUNDS;
    return BTX_MODEL_ACCEPTED;
}

/* Checks 12 and 13. */
static int judge_meetings(const struct btx_model *model, const struct btx_model_market *market,
                          const struct intent *intent)
{
    const struct btx_model_order *order = &intent->order;
    bool *passed = no_marks(model);
    const bool would_match =
        btx_model_next_meeting(model, market, order, passed).index != BTX_MODEL_NONE;

    free(passed);
    if (order->post_only && would_match)
        return BTX_REJECT_WOULD_MATCH;
    if (order->tif == BTX_TIF_FOK &&
        btx_model_fillable(model, market, order, order->remaining) <
            (intent->has_min_fill ? intent->min_fill : order->remaining))
        return BTX_REJECT_NOT_FILLABLE;
    return BTX_MODEL_ACCEPTED;
}

/* Checks 7 to 13, then everything that follows. */
static int take(struct btx_model *model, struct btx_model_market *market, struct intent *intent)
{
    const bool holds = market->in_play && market->bet_delay > 0;
    int refused = judge(model, market, intent);

    if (refused == BTX_MODEL_ACCEPTED && !holds)
        refused = judge_meetings(model, market, intent);
    if (refused != BTX_MODEL_ACCEPTED)
        return refused;
    if (intent->replaced_index != BTX_MODEL_NONE) {
        const struct btx_model_order *replaced = &model->orders[intent->replaced_index];

        btx_model_emit_cancelled(model, replaced, replaced->remaining, BTX_CAUSE_REPLACED);
        btx_model_remove_order(model, intent->replaced_index);
    }
    intent->order.order = model->next_order++;
    intent->order.held = holds;
    if (!holds) {
        emit_accepted(model, intent);
        btx_model_work(model, market, &intent->order);
        return BTX_MODEL_ACCEPTED;
    }
    intent->order.until = model->time_ns + market->bet_delay * UINT64_C(1000000);
    intent->order.min_fill = intent->has_min_fill ? intent->min_fill : 0;
    emit_held(model, intent);
    btx_model_insert_order(model, &intent->order);
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
    if ((command->present & BTX_PLACE_ORDER_HAS_IF_VERSION) != 0 &&
        market->version > command->if_version)
        return BTX_REJECT_VERSION_CHANGED;
    intent.order.runner = command->runner;
    if ((command->present & BTX_PLACE_ORDER_HAS_RUNNER) == 0) {
        if (market->kind == BTX_MARKET_KIND_ODDS)
            return BTX_REJECT_UNKNOWN_RUNNER;
        intent.order.runner = 1;
    }
    if (btx_model_find_runner(market, intent.order.runner) == BTX_MODEL_NONE)
        return BTX_REJECT_UNKNOWN_RUNNER;
    if (market->removed[btx_model_find_runner(market, intent.order.runner)])
        return BTX_REJECT_RUNNER_REMOVED;
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
    intent.order.tif = command->tif;
    intent.has_expires = (command->present & BTX_PLACE_ORDER_HAS_EXPIRES) != 0;
    intent.order.expires = command->expires;
    intent.has_min_fill = (command->present & BTX_PLACE_ORDER_HAS_MIN_FILL) != 0;
    intent.min_fill = command->min_fill;
    intent.order.post_only = command->post_only != 0;
    intent.replaced_index = BTX_MODEL_NONE;
    intent.cseq = command->cseq;
    return take(model, market, &intent);
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
    if ((command->present & BTX_REPLACE_ORDER_HAS_IF_VERSION) != 0 &&
        market->version > command->if_version)
        return BTX_REJECT_VERSION_CHANGED;
    intent.order.price = command->price;
    intent.size_is_remaining = (command->present & BTX_REPLACE_ORDER_HAS_SIZE) == 0;
    if (!intent.size_is_remaining)
        intent.order.remaining = command->size;
    intent.order.tif = BTX_TIF_GTC;
    intent.order.post_only = false;
    intent.order.min_fill = 0;
    intent.order.until = 0;
    intent.has_expires = intent.order.expires != 0;
    intent.replaced_index = order_index;
    intent.cseq = command->cseq;
    return take(model, market, &intent);
}
