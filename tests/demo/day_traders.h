/* SPDX-License-Identifier: Apache-2.0 */
/* day_traders.h - the people and programs that trade in the market day.
 *
 * Makers quote both sides around what they believe, which is a little late.  Arbers take prices
 * that do not add up, sharps take quotes that are late, punters and whales bet for the fun of it:
 * they take, rest, change their minds, and now and then get it wrong. */
#ifndef BTX_TESTS_DEMO_DAY_TRADERS_H
#define BTX_TESTS_DEMO_DAY_TRADERS_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/demo/day_desk.h"
#include "tests/demo/day_model.h"

enum { BTX_DAY_MAKERS = 8, BTX_DAY_QUOTE_LEVELS = 3, BTX_DAY_OWN_ORDERS = 4 };

/* One order that a maker keeps in a book. */
struct btx_day_quote {
    uint64_t order; /* 0: none. */
    uint32_t index; /* Of its price. */
};

/* A market as the traders know it. */
struct btx_day_book {
    enum btx_day_market market;
    enum btx_market_kind kind;
    bool open;
    bool fast;             /* In play: wider quotes, smaller sizes. */
    bool implied;          /* Two runners that match each other. */
    uint64_t seen_version; /* Of the market: what the app shows, a little late. */
    bool withdrawn[BTX_DAY_RUNNERS_MAX];
    uint32_t seen[BTX_DAY_RUNNERS_MAX]; /* What the makers take the probabilities for. */
    int32_t bias[BTX_DAY_MAKERS][BTX_DAY_RUNNERS_MAX]; /* What each maker thinks beside that. */
    struct btx_day_quote quotes[BTX_DAY_MAKERS][BTX_DAY_RUNNERS_MAX][BTX_SIDE_COUNT]
                               [BTX_DAY_QUOTE_LEVELS];
};

struct btx_traders {
    struct btx_desk *desk;
    const struct btx_day_model *model;
    struct btx_day_random random;
    struct btx_day_book books[BTX_DAY_MARKET_COUNT];
    uint64_t own_orders[BTX_DAY_ACCOUNTS_MAX][BTX_DAY_OWN_ORDERS]; /* The latest of each. */
};

/* How much goes on in a market in one second, on average, in thousandths. */
struct btx_day_activity {
    uint32_t quotes; /* Visits of a maker to a runner. */
    uint32_t bets;
};

void btx_traders_init(struct btx_traders *traders, struct btx_desk *desk,
                      const struct btx_day_model *model, uint64_t seed);

/* One second of everybody in @market. */
void btx_traders_second(struct btx_traders *traders, enum btx_day_market market,
                        struct btx_day_activity activity);

/* The makers leave @market: one CancelOrders each. */
void btx_traders_leave(struct btx_traders *traders, enum btx_day_market market);

/* For day_traders.c: maker number @maker brings its quotes on a runner up to date. */
void btx_day_maker_visit(struct btx_traders *traders, struct btx_day_book *book, uint32_t maker,
                         uint32_t runner_index);

/* For both files: the id of a runner; begin a PlaceOrder with what all orders have. */
uint64_t btx_day_runner_id(const struct btx_day_book *book, uint32_t runner_index);
struct btx_place_order *btx_day_begin_order(struct btx_traders *traders,
                                            const struct btx_day_book *book, uint64_t account,
                                            uint32_t runner_index, enum btx_side side,
                                            uint32_t price_index, int64_t size);

#endif
