/* SPDX-License-Identifier: Apache-2.0 */
/* entities.h - finding, making and unmaking what the state consists of, private to this folder.
 *
 * Called by apply (to change), by step (to look) and by load.  Finding returns NULL for what does
 * not exist; making needs room, which has been checked before. */
#ifndef BTX_CORE_ENTITIES_H
#define BTX_CORE_ENTITIES_H

#include "engine/core/state.h"

/* What runners and positions are looked up by.  Runner ids are chosen per market, so the market
 * spreads them. */
static inline uint64_t runner_key(uint32_t market, uint64_t id)
{
    return id ^ (uint64_t)market << 40;
}

static inline uint64_t position_key(uint32_t account, uint32_t market)
{
    return (uint64_t)account << 32 | market;
}

/* The account of a client: the house is not one (rules.md 3). */
struct account *btx_find_account(struct btx_core *core, uint64_t id);
struct market *btx_find_market(struct btx_core *core, uint64_t id);
struct runner *btx_find_runner(struct btx_core *core, uint32_t market, uint64_t id);
struct order *btx_find_order(struct btx_core *core, uint64_t id);
struct position *btx_find_position(struct btx_core *core, uint32_t account, uint32_t market);

struct account *btx_make_account(struct btx_core *core, uint64_t id);

/* An open market without runners, and its next runner. */
struct market *btx_make_market(struct btx_core *core, uint64_t id);
struct runner *btx_make_runner(struct btx_core *core, struct market *market, uint64_t id);

/* Takes the market with its runners and positions out; it must have no live orders. */
void btx_unmake_market(struct btx_core *core, struct market *market);

struct position *btx_make_position(struct btx_core *core, uint32_t account, uint32_t market);

/* Takes the position out and releases its reserve; it must have no live orders. */
void btx_unmake_position(struct btx_core *core, struct position *position);

/* Takes it out when there is neither a bet nor a live order in it. */
void btx_unmake_position_if_flat(struct btx_core *core, struct position *position);

/* W and X of @position, a cell for each runner of its market: W' and X' with what its live orders
 * take away given back. */
void btx_position_matched(const struct btx_core *core, const struct position *position,
                          struct cell *ret_cells);

/* A live order with @id, last of its position's, in no book yet.  The caller fills the rest. */
struct order *btx_make_order(struct btx_core *core, uint64_t id, struct position *position,
                             uint8_t side);

/* Takes a live order out of everything but its position's W' and X'; out of its book first. */
void btx_unmake_order(struct btx_core *core, struct order *order);

#endif
