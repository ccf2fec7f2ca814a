/* SPDX-License-Identifier: Apache-2.0 */
/* implied.h - matching between the two runners of one market (rules-2.md 7), private to this
 * folder.
 *
 * Backing one runner at a is laying the other at a/(a-1), so a taker meets, beside the direct
 * makers of its own runner, resting orders of its own side on the other one, best price first over
 * both.  Amounts are whole hundredths and exact; a maker with which no exact amount can be traded
 * is passed over.  A maker is met at most once: afterwards it is gone, or the taker is, or what is
 * left of the two gives no exact amount any more.  So the walk goes only forward, and may begin
 * anew after any step of it with the same result. */
#ifndef BTX_CORE_IMPLIED_H
#define BTX_CORE_IMPLIED_H

#include "engine/core/matching.h"

/* Whether an implied maker crosses the limit, whatever the amounts. */
bool btx_implied_would_match(const struct btx_core *core, const struct taking *taking);

/* Whether the walk would fill @min_fill of @size. */
bool btx_implied_is_fillable(const struct btx_core *core, const struct taking *taking, int64_t size,
                             int64_t min_fill);

/* Whether an order of which @remaining is left has anybody to meet, amounts counted in. */
bool btx_implied_has_more(const struct btx_core *core, const struct taking *taking,
                          int64_t remaining);

/* btx_match_taker() in a market with implied matching. */
bool btx_implied_match_taker(struct run *run);

/* The exact amounts of an implied match. */
struct implied_amounts {
    int64_t taker; /* s of the rules, 1/10 000; 0: nothing can be traded. */
    int64_t maker; /* t of the rules, 1/10 000. */
};

/* The greatest amounts for a taker of which @taker_remaining and a maker at @maker_price of which
 * @maker_remaining is left. */
struct implied_amounts btx_implied_amounts(uint32_t maker_price, int64_t taker_remaining,
                                           int64_t maker_remaining);

/* Whether a taker of @side with the limit @limit_price takes a maker at @maker_price on the other
 * runner. */
bool btx_implied_crosses(uint8_t side, uint32_t limit_price, uint32_t maker_price);

#endif
