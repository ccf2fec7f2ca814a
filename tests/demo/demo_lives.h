/* SPDX-License-Identifier: Apache-2.0 */
/* demo_lives.h - the life of every order, told by the events alone: held, released, matched,
 * cancelled.  Whatever does not add up is kept as the first thing that is wrong. */
#ifndef BTX_TESTS_DEMO_DEMO_LIVES_H
#define BTX_TESTS_DEMO_DEMO_LIVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/wire/events.h"

enum { BTX_LIVES_MARKETS_MAX = 8, BTX_LIVES_WRONG_BYTES = 160 };

/* How many orders of a market had what happen to them. */
struct btx_tally {
    uint64_t accepted;
    uint64_t held;
    uint64_t released;
    uint64_t cancelled[BTX_CAUSE_COUNT];      /* Wholly or in part, those held included. */
    uint64_t cancelled_held[BTX_CAUSE_COUNT]; /* Before they were released. */
    uint64_t trades;
    uint64_t implied;
    uint64_t rejected[BTX_REJECT_COUNT]; /* Commands that named the market. */
    uint64_t live;
};

struct btx_lives_market {
    uint64_t market;
    uint64_t bet_delay_ns;
    bool in_play;
    struct btx_tally tally;
};

/* Caller's storage; start with {0}. */
struct btx_lives {
    uint64_t order_count;
    uint64_t held_count;
    char wrong[BTX_LIVES_WRONG_BYTES]; /* "": nothing. */
    struct btx_lives_market markets[BTX_LIVES_MARKETS_MAX];
    uint32_t market_count;
    struct btx_life *lives; /* Private from here on: by order id, from 1. */
    size_t lives_max;
};

/* One event; all of them, in their order. */
void btx_lives_event(struct btx_lives *lives, const struct btx_record *event);

/* NULL for a market that is not followed. */
const struct btx_tally *btx_lives_tally(const struct btx_lives *lives, uint64_t market);

/* The sum of a list of counts. */
uint64_t btx_tally_sum(const uint64_t *counts, size_t count);

/* Idempotent. */
void btx_lives_close(struct btx_lives *lives);

#endif
