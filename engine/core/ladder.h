/* SPDX-License-Identifier: Apache-2.0 */
/* ladder.h - the prices that a book may have, and what a fill at one of them is worth.
 *
 * Private to this folder.  Prices in 1/10 000; an index counts a market's prices from 0, lowest
 * first. */
#ifndef BTX_CORE_LADDER_H
#define BTX_CORE_LADDER_H

#include "engine/core/state.h"

/* What one fill moves: the backer wins @win if the runner wins and loses @lose if it does not;
 * the layer the other way round (rules.md 2).  Both are at least 0. */
struct fill {
    int64_t win;
    int64_t lose;
};

/* How many prices the books of @market have, by its kind, ladder and tick. */
uint32_t btx_ladder_price_count(const struct market *market);

/* Whether @price (as commands carry it) is one of @market's, and if so its index. */
bool btx_ladder_index(const struct market *market, uint64_t price, uint32_t *ret_index);

/* The price at @index, which must be below the market's price_count. */
uint32_t btx_ladder_price(const struct market *market, uint32_t index);

/* The smallest step of a size: 0.01 of money, or one contract. */
static inline int64_t ladder_size_step(uint8_t kind)
{
    return kind == BTX_MARKET_KIND_ODDS ? 100 : BTX_DECIMAL_ONE;
}

/* A fill of @size at @price.  Exact: sizes are whole steps, odds whole hundredths; fits because
 * 10^13 cents times 10^5 hundredths is 10^18. */
static inline struct fill ladder_fill(uint8_t kind, uint32_t price, int64_t size)
{
    if (kind == BTX_MARKET_KIND_ODDS) {
        const int64_t profit = (int64_t)((price - BTX_DECIMAL_ONE) / 100);
        return (struct fill){.win = size / 100 * profit, .lose = size};
    }
    const int64_t contracts = size / BTX_DECIMAL_ONE;
    return (struct fill){.win = contracts * (BTX_DECIMAL_ONE - (int64_t)price),
                         .lose = contracts * (int64_t)price};
}

#endif
