/* SPDX-License-Identifier: Apache-2.0 */
/* load.h - what the files that read saved bytes share, private to this folder.
 *
 * Bytes may be anybody's: every item is checked when it is made, as far as memory and the next
 * items depend on it.  Reading beyond the end gives zeros and is told at the end of a part. */
#ifndef BTX_CORE_LOAD_H
#define BTX_CORE_LOAD_H

#include "engine/base/bytes.h"
#include "engine/core/state.h"

/* No sum of real bets comes near it, and sums of such fit 128 bits. */
#define PROFIT_MAX ((btx_i128)1 << 100)
/* All stakes together: two for each match, of which there are fewer than the 2^40 orders of a
 * shard, of less than 2^50 each.  What factors make of them is then near PROFIT_MAX at most. */
#define STAKED_MAX ((btx_i128)1 << 91)

struct loader {
    struct btx_core *core;
    struct btx_reader reader;
    struct market *market; /* The one being read. */
    uint64_t account;      /* The last position's account in it. */
    uint64_t next_index;   /* The next cell of the position is at least this one. */
    uint64_t next_stake;   /* The same for stakes, by runner and price; 0: none yet. */
    btx_i128 staked;       /* All stakes so far, whichever their side. */
    bool position_is_bare; /* Neither a cell nor a stake of it was there. */
    bool second_stage;     /* It has what rules version 2 added. */
};

/* Read the markets with all that is in them: NULL, or a sentence. */
const char *btx_load_markets(struct loader *loader);

/* The position of account @id in the market being read, made when it is not there; NULL when there
 * is no such account or no room. */
struct position *btx_load_position_of(struct loader *loader, uint64_t id);

/* Read an order of @runner that rests or takes, and is in no book yet; NULL when it is not one. */
struct order *btx_load_accepted(struct loader *loader, const struct runner *runner);

/* Read a held order of the market being read; NULL when it is not one. */
struct order *btx_load_held_order(struct loader *loader);

#endif
