/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/core/implied.h"

#include "engine/core/book.h"
#include "engine/core/ladder.h"

/* Money units and price units in a hundredth. */
#define CENT 100

/* 100 * (odds - 1), as the rules count: x, y and P. */
static uint64_t profit_hundredths(uint32_t price)
{
    return (price - BTX_DECIMAL_ONE) / CENT;
}

bool btx_implied_crosses(uint8_t side, uint32_t limit_price, uint32_t maker_price)
{
    const uint64_t product = profit_hundredths(limit_price) * profit_hundredths(maker_price);
    return side == BTX_SIDE_BACK ? product <= BTX_DECIMAL_ONE : product >= BTX_DECIMAL_ONE;
}

/* Whether a direct maker at @direct_price is met before an implied one at @implied_price. */
static bool direct_is_first(uint8_t side, uint32_t direct_price, uint32_t implied_price)
{
    const uint64_t product = profit_hundredths(direct_price) * profit_hundredths(implied_price);
    return side == BTX_SIDE_BACK ? product >= BTX_DECIMAL_ONE : product <= BTX_DECIMAL_ONE;
}

static int64_t greatest_common_divisor(int64_t a, int64_t b)
{
    while (b != 0) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

struct implied_amounts btx_implied_amounts(uint32_t maker_price, int64_t taker_remaining,
                                           int64_t maker_remaining)
{
    /* Sizes are at most 10^13 hundredths and y below 10^5, so that all products fit 64 bits. */
    const int64_t y = (int64_t)profit_hundredths(maker_price);
    const int64_t step = 100 / greatest_common_divisor(y, 100);
    const int64_t affordable = taker_remaining / CENT * 100 / y;
    int64_t maker = maker_remaining / CENT;
    maker = maker < affordable ? maker : affordable;
    maker -= maker % step;
    return (struct implied_amounts){.taker = maker * y / 100 * CENT, .maker = maker * CENT};
}

/* A way through the orders of one side of a book, in the order of matching. */
struct way {
    const struct runner *runner;
    uint8_t side;
    uint32_t slot; /* The next order; NO_SLOT: none is left. */
};

static uint32_t head_at(const struct btx_core *core, const struct runner *runner, uint32_t index)
{
    return index == NO_PRICE ? NO_SLOT : book_level(core, runner, index)->head;
}

static struct way way_begin(const struct btx_core *core, const struct runner *runner, uint8_t side)
{
    const uint32_t best = btx_book_best(core, runner, BTX_MARKET_KIND_ODDS, side);
    return (struct way){.runner = runner, .side = side, .slot = head_at(core, runner, best)};
}

static void way_go_on(const struct btx_core *core, struct way *way)
{
    const struct order *order = &core->order[way->slot];
    way->slot = order->level_next;
    if (way->slot == NO_SLOT)
        way->slot = head_at(
            core, way->runner,
            btx_book_next(core, way->runner, BTX_MARKET_KIND_ODDS, way->side, order->price_index));
}

/* The walk of one taker over both books. */
struct meetings {
    const struct taking *taking;
    uint32_t limit_price;
    struct way direct;
    struct way implied;
};

/* What comes next in it. */
struct meeting {
    uint32_t maker; /* NO_SLOT: nobody. */
    bool implied;
    struct implied_amounts amounts; /* When implied; zero for an own maker that is prevented. */
};

static const struct runner *other_runner(const struct btx_core *core, const struct runner *runner)
{
    return &core->runner[runner_slot(core, runner->market, 1 - runner->index)];
}

static struct meetings meetings_begin(const struct btx_core *core, const struct taking *taking)
{
    return (struct meetings){
        .taking = taking,
        .limit_price = btx_ladder_price(taking->market, taking->limit_index),
        .direct = way_begin(core, taking->runner, opposite_side(taking->side)),
        .implied = way_begin(core, other_runner(core, taking->runner), taking->side),
    };
}

static const struct order *crossing_direct(const struct btx_core *core,
                                           const struct meetings *meetings)
{
    const struct way *way = &meetings->direct;
    if (way->slot == NO_SLOT)
        return NULL;
    const struct order *maker = &core->order[way->slot];
    return price_crosses(BTX_MARKET_KIND_ODDS, way->side, maker->price_index,
                         meetings->taking->limit_index)
               ? maker
               : NULL;
}

static const struct order *crossing_implied(const struct btx_core *core,
                                            const struct meetings *meetings)
{
    const struct way *way = &meetings->implied;
    if (way->slot == NO_SLOT)
        return NULL;
    const struct order *maker = &core->order[way->slot];
    return btx_implied_crosses(meetings->taking->side, meetings->limit_price, maker->price) ? maker
                                                                                            : NULL;
}

static bool is_prevented(const struct btx_core *core, const struct taking *taking,
                         const struct order *maker)
{
    return taking->stp != BTX_STP_NONE && taking->position != NULL &&
           maker->position == slot_of_position(core, taking->position);
}

/* Who is met next by a taker of which @remaining is left.  Goes behind it, so that it may leave its
 * book. */
static struct meeting next_meeting(const struct btx_core *core, struct meetings *meetings,
                                   int64_t remaining)
{
    for (;;) {
        const struct order *direct = crossing_direct(core, meetings);
        const struct order *implied = crossing_implied(core, meetings);
        if (direct != NULL && (implied == NULL || direct_is_first(meetings->taking->side,
                                                                  direct->price, implied->price))) {
            way_go_on(core, &meetings->direct);
            return (struct meeting){.maker = slot_of_order(core, direct)};
        }
        if (implied == NULL)
            return (struct meeting){.maker = NO_SLOT};
        struct meeting meeting = {.maker = slot_of_order(core, implied), .implied = true};
        way_go_on(core, &meetings->implied);
        if (is_prevented(core, meetings->taking, implied))
            return meeting;
        meeting.amounts = btx_implied_amounts(implied->price, remaining, implied->remaining);
        if (meeting.amounts.maker > 0)
            return meeting;
    }
}

BTX_NOINLINE bool btx_implied_would_match(const struct btx_core *core, const struct taking *taking)
{
    const struct meetings meetings = meetings_begin(core, taking);
    return crossing_implied(core, &meetings) != NULL;
}

BTX_NOINLINE bool btx_implied_has_more(const struct btx_core *core, const struct taking *taking,
                                       int64_t remaining)
{
    struct meetings meetings = meetings_begin(core, taking);
    return next_meeting(core, &meetings, remaining).maker != NO_SLOT;
}

BTX_NOINLINE bool btx_implied_is_fillable(const struct btx_core *core, const struct taking *taking,
                                          int64_t size, int64_t min_fill)
{
    struct meetings meetings = meetings_begin(core, taking);
    int64_t remaining = size;
    while (size - remaining < min_fill) {
        const struct meeting meeting = next_meeting(core, &meetings, remaining);
        if (meeting.maker == NO_SLOT)
            return false;
        const struct order *maker = &core->order[meeting.maker];
        if (is_prevented(core, taking, maker)) {
            if (taking->stp == BTX_STP_CANCEL_TAKER)
                return false;
            continue;
        }
        if (meeting.implied)
            remaining -= meeting.amounts.taker;
        else
            remaining -= remaining < maker->remaining ? remaining : maker->remaining;
    }
    return true;
}

static void emit_implied(struct run *run, struct order *taker, struct order *maker,
                         struct implied_amounts amounts)
{
    struct btx_core *core = run->core;
    const struct runner *runner = &core->runner[taker->runner];
    struct btx_implied_matched *event = tx_event(run, BTX_EVENT_IMPLIED_MATCHED, sizeof *event, 0);
    event->market = core->market[runner->market].id;
    event->runner = runner->id;
    event->size = amounts.taker;
    event->taker = taker->id;
    event->taker_account = core->account[core->position[taker->position].account].id;
    event->maker_runner = core->runner[maker->runner].id;
    event->maker_size = amounts.maker;
    event->maker = maker->id;
    event->maker_account = core->account[core->position[maker->position].account].id;
    event->taker_remaining = taker->remaining - amounts.taker;
    event->maker_remaining = maker->remaining - amounts.maker;
    event->maker_price = maker->price;
    event->taker_side = taker->side;
    btx_change_implied_matched(core, event, taker, maker);
}

BTX_NOINLINE bool btx_implied_match_taker(struct run *run)
{
    struct btx_core *core = run->core;
    struct order *taker = &core->order[core->work.taker];
    const struct taking taking = btx_taking_of(core, taker);
    struct meetings meetings = meetings_begin(core, &taking);
    while (core->work.taker != NO_SLOT) {
        const struct meeting meeting = next_meeting(core, &meetings, taker->remaining);
        if (meeting.maker == NO_SLOT)
            return btx_cancel_rest(run, taker);
        if (run->tx->full)
            return false;
        struct order *maker = &core->order[meeting.maker];
        if (!meeting.implied)
            btx_meet_direct(run, taker, maker);
        else if (!btx_prevent_self_trade(run, taker, maker))
            emit_implied(run, taker, maker, meeting.amounts);
    }
    return true;
}
