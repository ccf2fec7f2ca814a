/* SPDX-License-Identifier: Apache-2.0 */
/* book.h - the resting orders of one runner by price and time, private to this folder.
 *
 * Bids are the side whose best price is the highest, asks the one whose best is the lowest: in
 * odds the LAYs are the bids (a backer wants the highest odds), in a binary market the BACKs
 * (who sells YES wants the highest price).  Finding the best price takes three bit scans however
 * many prices there are; adding, removing and reducing an order touch its level only. */
#ifndef BTX_CORE_BOOK_H
#define BTX_CORE_BOOK_H

#include "engine/core/state.h"

/* No price: the book side is empty, or nothing is left beyond. */
#define NO_PRICE UINT32_MAX

static inline uint8_t opposite_side(uint8_t side)
{
    return side == BTX_SIDE_BACK ? BTX_SIDE_LAY : BTX_SIDE_BACK;
}

/* Whether resting orders of @side in a market of @kind are matched highest price first. */
static inline bool side_is_bid(uint8_t kind, uint8_t side)
{
    return (kind == BTX_MARKET_KIND_ODDS) == (side == BTX_SIDE_LAY);
}

/* Whether a taker that would go as far as price index @limit takes resting orders of @maker_side
 * at @index. */
static inline bool price_crosses(uint8_t kind, uint8_t maker_side, uint32_t index, uint32_t limit)
{
    return side_is_bid(kind, maker_side) ? index >= limit : index <= limit;
}

/* Put @order last in the queue of its price; and take it out again. */
void btx_book_add(struct btx_core *core, struct order *order);
void btx_book_remove(struct btx_core *core, struct order *order);

/* Change what remains of a resting order by -@size: it keeps its place. */
void btx_book_reduce(struct btx_core *core, struct order *order, int64_t size);

/* The price index at which resting orders of @side are matched first; NO_PRICE: none rest. */
uint32_t btx_book_best(const struct btx_core *core, const struct runner *runner, uint8_t kind,
                       uint8_t side);

/* The next price after @index in the order of matching; NO_PRICE: there is none. */
uint32_t btx_book_next(const struct btx_core *core, const struct runner *runner, uint8_t kind,
                       uint8_t side, uint32_t index);

/* The level of a price that has orders. */
static inline struct level *book_level(const struct btx_core *core, const struct runner *runner,
                                       uint32_t index)
{
    struct leaf *leaf = &core->leaf[runner->leaves[index / BOOK_LEAF_PRICES]];
    return &leaf->levels[index % BOOK_LEAF_PRICES];
}

#endif
