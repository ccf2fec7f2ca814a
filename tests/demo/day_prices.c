/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/demo/day_prices.h"

#include "engine/base/attributes.h"
#include "tests/demo/day_model.h"

#include <stddef.h>

enum { BINARY_TICK = 100, BINARY_COUNT = 99 };

/* Where a stretch of the ladder begins and how wide its steps are, in 1/10 000. */
static const struct stretch {
    uint32_t first;
    uint32_t step;
    uint32_t count;
} stretches[] = {
    {10100, 100, 99},    {20000, 200, 50},      {30000, 500, 20},    {40000, 1000, 20},
    {60000, 2000, 20},   {100000, 5000, 20},    {200000, 10000, 10}, {300000, 20000, 10},
    {500000, 50000, 10}, {1000000, 100000, 91},
};
/* 1000 itself is the last of the 91. */

uint32_t btx_day_price_count(enum btx_market_kind kind)
{
    uint32_t count = 0;

    if (kind == BTX_MARKET_KIND_BINARY)
        return BINARY_COUNT;
    for (size_t i = 0; i < BTX_COUNT_OF(stretches); i++)
        count += stretches[i].count;
    return count;
}

uint32_t btx_day_price(enum btx_market_kind kind, uint32_t index)
{
    size_t i = 0;

    if (kind == BTX_MARKET_KIND_BINARY)
        return (index + 1) * BINARY_TICK;
    while (index >= stretches[i].count)
        index -= stretches[i++].count;
    return stretches[i].first + index * stretches[i].step;
}

uint32_t btx_day_price_index(enum btx_market_kind kind, uint64_t price)
{
    uint32_t low = 0;
    uint32_t high = btx_day_price_count(kind);

    while (high - low > 1) {
        const uint32_t middle = (low + high) / 2;

        if (btx_day_price(kind, middle) <= price)
            low = middle;
        else
            high = middle;
    }
    return low;
}

uint32_t btx_day_fair_index(enum btx_market_kind kind, uint32_t probability)
{
    const uint64_t one = 10000;
    const uint64_t fair = kind == BTX_MARKET_KIND_BINARY
                              ? probability * one / BTX_DAY_MILLION
                              : one * BTX_DAY_MILLION / (probability > 0 ? probability : 1);
    const uint32_t index = btx_day_price_index(kind, fair);
    const uint32_t below = btx_day_price(kind, index);

    if (index + 1 < btx_day_price_count(kind) && fair > below &&
        btx_day_price(kind, index + 1) - fair < fair - below)
        return index + 1;
    return index;
}
