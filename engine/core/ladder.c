/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/core/ladder.h"

/* The odds ladder of rules.md 1: from @first in steps of @step up to the next row's first. */
struct segment {
    uint32_t first;
    uint32_t step;
    uint32_t index; /* Of @first. */
};

static const struct segment odds_segments[] = {
    {10100, 100, 0},      {20000, 200, 99},       {30000, 500, 149},    {40000, 1000, 169},
    {60000, 2000, 189},   {100000, 5000, 209},    {200000, 10000, 229}, {300000, 20000, 239},
    {500000, 50000, 249}, {1000000, 100000, 259},
};
#define ODDS_SEGMENT_COUNT (sizeof odds_segments / sizeof odds_segments[0])
#define ODDS_PRICE_COUNT 350u
static_assert((BTX_ODDS_MAX - 1000000u) / 100000u + 259u + 1u == ODDS_PRICE_COUNT,
              "the last row ends at 1000");

/* FINEST: every hundredth (rules-2.md 1). */
#define FINEST_STEP 100u
static_assert((BTX_ODDS_MAX - BTX_ODDS_MIN) / FINEST_STEP + 1u == BTX_BOOK_PRICES_MAX,
              "every hundredth from 1.01 to 1000");

uint32_t btx_ladder_price_count(const struct market *market)
{
    if (market->kind == BTX_MARKET_KIND_BINARY)
        return BTX_DECIMAL_ONE / market->tick - 1;
    return market->ladder == BTX_LADDER_FINEST ? BTX_BOOK_PRICES_MAX : ODDS_PRICE_COUNT;
}

static bool finest_index(uint64_t price, uint32_t *ret_index)
{
    *ret_index = ((uint32_t)price - BTX_ODDS_MIN) / FINEST_STEP;
    return price % FINEST_STEP == 0;
}

static bool odds_index(const struct market *market, uint64_t price, uint32_t *ret_index)
{
    if (price < BTX_ODDS_MIN || price > BTX_ODDS_MAX)
        return false;
    if (market->ladder == BTX_LADDER_FINEST)
        return finest_index(price, ret_index);
    /* From below, where most odds are. */
    size_t row = 0;
    while (row + 1 < ODDS_SEGMENT_COUNT && price >= odds_segments[row + 1].first)
        row++;
    const struct segment *segment = &odds_segments[row];
    const uint32_t offset = (uint32_t)price - segment->first;
    *ret_index = segment->index + offset / segment->step;
    return offset % segment->step == 0;
}

bool btx_ladder_index(const struct market *market, uint64_t price, uint32_t *ret_index)
{
    if (market->kind == BTX_MARKET_KIND_ODDS)
        return odds_index(market, price, ret_index);
    if (price == 0 || price >= BTX_DECIMAL_ONE || price % market->tick != 0)
        return false;
    *ret_index = (uint32_t)price / market->tick - 1;
    return true;
}

uint32_t btx_ladder_price(const struct market *market, uint32_t index)
{
    CHECK(index < market->price_count);
    if (market->kind == BTX_MARKET_KIND_BINARY)
        return (index + 1) * market->tick;
    if (market->ladder == BTX_LADDER_FINEST)
        return BTX_ODDS_MIN + index * FINEST_STEP;
    size_t row = ODDS_SEGMENT_COUNT - 1;
    while (index < odds_segments[row].index)
        row--;
    return odds_segments[row].first + (index - odds_segments[row].index) * odds_segments[row].step;
}
