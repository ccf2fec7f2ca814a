/* SPDX-License-Identifier: Apache-2.0 */
/* day_prices.h - prices by their place in the ladder, and what a probability is worth.
 *
 * The generator has its own ladder: it is a client, and knows of the exchange what clients know. */
#ifndef BTX_TESTS_DEMO_DAY_PRICES_H
#define BTX_TESTS_DEMO_DAY_PRICES_H

#include <stdint.h>

#include "engine/wire/terms.h"

/* How many prices a market of @kind has; BINARY with a tick of 0.01. */
uint32_t btx_day_price_count(enum btx_market_kind kind);

/* The price at @index, in 1/10 000. */
uint32_t btx_day_price(enum btx_market_kind kind, uint32_t index);

/* The index of the highest price that is not above @price, 0 when there is none. */
uint32_t btx_day_price_index(enum btx_market_kind kind, uint64_t price);

/* The index nearest to the fair price of something that happens @probability times in a
 * million. */
uint32_t btx_day_fair_index(enum btx_market_kind kind, uint32_t probability);

#endif
