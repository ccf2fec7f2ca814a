/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/demo/day_names.h"

#include "engine/base/attributes.h"

#include <assert.h>

const struct btx_day_market_names btx_day_markets[BTX_DAY_MARKET_COUNT] = {
    [BTX_DAY_FOOTBALL] = {.market = 101,
                          .title = "Football: Albion v Rovers, match odds",
                          .place = "Stadium Ø, Holmø",
                          .runner_count = 3,
                          .runners = {{1, "Albion"}, {2, "The Draw"}, {3, "Rovers"}}},
    [BTX_DAY_BOTH] = {.market = 104,
                      .title = "Football: Albion v Rovers, both teams to score",
                      .place = "Stadium Ø, Holmø",
                      .runner_count = 2,
                      .runners = {{1, "Yes"}, {2, "No"}}},
    [BTX_DAY_RACE] = {.market = 102,
                      .title = "Horse race: 14:50 Harrow Down, to win",
                      .place = "Harrow Down",
                      .runner_count = 10,
                      .runners = {{11, "Copper Kettle"},
                                  {12, "Night Ferry"},
                                  {13, "Plain Sailing"},
                                  {14, "Second Breakfast"},
                                  {15, "Tin Whistle"},
                                  {16, "Grey Wether"},
                                  {17, "Lady Ada"},
                                  {18, "Mossy Bank"},
                                  {19, "Old Rope"},
                                  {20, "Vesper Bell"}}},
    [BTX_DAY_QUESTION] = {.market = 103,
                          .title = "Question: will rates be cut this month?",
                          .place = "",
                          .runner_count = 1,
                          .runners = {{1, "Yes"}}},
};

/* The last entry is where the accounts end. */
static const uint64_t first_accounts[] = {1, 9, 13, 17, 311, 321};
static const char *const trader_names[] = {"maker", "arber", "sharp", "punter", "whale"};
static_assert(BTX_COUNT_OF(first_accounts) == BTX_DAY_TRADER_COUNT + 1, "one more than kinds");
static_assert(BTX_COUNT_OF(trader_names) == BTX_DAY_TRADER_COUNT, "one name for each kind");

uint64_t btx_day_first_account(enum btx_day_trader trader)
{
    return first_accounts[trader];
}

const char *btx_day_trader_name(uint64_t account)
{
    for (size_t i = 0; account >= first_accounts[0] && i < BTX_DAY_TRADER_COUNT; i++) {
        if (account < first_accounts[i + 1])
            return trader_names[i];
    }
    return NULL;
}

const struct btx_day_market_names *btx_day_find_market(uint64_t market)
{
    for (size_t i = 0; i < BTX_DAY_MARKET_COUNT; i++) {
        if (btx_day_markets[i].market == market)
            return &btx_day_markets[i];
    }
    return NULL;
}

const char *btx_day_runner_name(uint64_t market, uint64_t runner)
{
    const struct btx_day_market_names *names = btx_day_find_market(market);

    for (size_t i = 0; names != NULL && i < names->runner_count; i++) {
        if (names->runners[i].runner == runner)
            return names->runners[i].name;
    }
    return NULL;
}
