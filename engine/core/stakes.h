/* SPDX-License-Identifier: Apache-2.0 */
/* stakes.h - what accounts have matched by runner and price, in markets with reductions (rules-2.md
 * 6), private to this folder.
 *
 * A factor changes odds and rounds each to a hundredth, so W of the bets that were matched at one
 * price changes by their net stake, but not W as a whole by anything.
 *
 * Room: every live order in such a market has two stakes set aside (its own at its own price, and
 * that of a taker it meets there).  Each match ends at least one of its two orders and makes at
 * most two stakes, so that matching never runs out; CAPACITY refuses orders before. */
#ifndef BTX_CORE_STAKES_H
#define BTX_CORE_STAKES_H

#include "engine/core/state.h"

/* Stakes that a live order has set aside. */
#define STAKES_PER_ORDER 2u

/* Whether one more live order in a market with reductions has room for its stakes. */
static inline bool stakes_have_room(const struct btx_core *core)
{
    return (uint64_t)core->stakes.used +
               STAKES_PER_ORDER * ((uint64_t)core->reducible_orders + 1) <=
           core->stakes.capacity;
}

/* Add @size (backed; negative: laid) at @price on runner @index to what @position has. */
void btx_stake_add(struct btx_core *core, struct position *position, uint32_t index, uint32_t price,
                   btx_i128 size);

/* Forget the stakes of @position on runner @index; or all of them. */
void btx_stakes_drop_runner(struct btx_core *core, struct position *position, uint32_t index);
void btx_stakes_drop(struct btx_core *core, struct position *position);

/* What odds of @price (1/10 000) count as after a removal with @factor. */
uint32_t btx_stake_reduced_price(uint32_t price, uint32_t factor);

/* Reduce the odds of all stakes of @position by @factor (percent, 1/10 000), and its W with
 * them. */
void btx_stakes_reduce(struct btx_core *core, struct position *position, uint32_t factor);

#endif
