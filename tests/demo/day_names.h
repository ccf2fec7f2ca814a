/* SPDX-License-Identifier: Apache-2.0 */
/* day_names.h - who and what is in the market day: ids, and the names that people see.
 *
 * The exchange itself knows ids only; the generator and the demonstration share these. */
#ifndef BTX_TESTS_DEMO_DAY_NAMES_H
#define BTX_TESTS_DEMO_DAY_NAMES_H

#include <stddef.h>
#include <stdint.h>

enum btx_day_market {
    BTX_DAY_FOOTBALL,
    BTX_DAY_BOTH, /* Of the same match. */
    BTX_DAY_RACE,
    BTX_DAY_QUESTION,
    BTX_DAY_MARKET_COUNT,
};

enum { BTX_DAY_RUNNERS_MAX = 10 };

struct btx_day_market_names {
    uint64_t market;
    const char *title;
    const char *place;
    size_t runner_count;
    struct {
        uint64_t runner;
        const char *name;
    } runners[BTX_DAY_RUNNERS_MAX];
};

extern const struct btx_day_market_names btx_day_markets[BTX_DAY_MARKET_COUNT];

/* Accounts by what they do; each kind has the ids from its first to the next kind's first. */
enum btx_day_trader {
    BTX_DAY_MAKER,  /* Quotes both sides of everything. */
    BTX_DAY_ARBER,  /* Takes prices that do not add up. */
    BTX_DAY_SHARP,  /* Knows a little earlier than the makers. */
    BTX_DAY_PUNTER, /* Bets now and then, small. */
    BTX_DAY_WHALE,  /* The same, but not small. */
    BTX_DAY_TRADER_COUNT,
};

/* The first account of @trader; of BTX_DAY_TRADER_COUNT: behind the last one. */
uint64_t btx_day_first_account(enum btx_day_trader trader);

/* "maker", "punter" and so on; NULL for an account that is not of the day. */
const char *btx_day_trader_name(uint64_t account);

/* NULL for what is not of the day. */
const struct btx_day_market_names *btx_day_find_market(uint64_t market);
const char *btx_day_runner_name(uint64_t market, uint64_t runner);

#endif
