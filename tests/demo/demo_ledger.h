/* SPDX-License-Identifier: Apache-2.0 */
/* demo_ledger.h - what every account should have, worked out from the events a second time.
 *
 * A list of every bet, one by one: nothing is netted, no sums are kept.  A non-runner takes its
 * bets out and reduces the odds of all others; a settlement adds up each account's bets by the
 * rules, and what the exchange paid must be that.  Slow and simple, so that it can be believed. */
#ifndef BTX_TESTS_DEMO_DEMO_LEDGER_H
#define BTX_TESTS_DEMO_DEMO_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/int128.h"
#include "engine/wire/events.h"

enum {
    BTX_LEDGER_MARKETS_MAX = 8,
    BTX_LEDGER_RUNNERS_MAX = 64,
    BTX_LEDGER_ACCOUNTS_MAX = 1024, /* Greater than any id. */
    BTX_LEDGER_WRONG_BYTES = 160,
};

struct btx_ledger_market {
    uint64_t market;
    enum btx_market_kind kind;
    uint32_t winners; /* How many are expected. */
    uint32_t commission;
    uint32_t runner_count;
    uint64_t runners[BTX_LEDGER_RUNNERS_MAX];
    bool removed[BTX_LEDGER_RUNNERS_MAX];
};

/* Caller's storage; start with {0}. */
struct btx_ledger {
    btx_i128 balances[BTX_LEDGER_ACCOUNTS_MAX];               /* 0 is the house. */
    uint64_t bet_count;                                       /* Of all markets. */
    uint64_t settled_count;                                   /* Accounts, in all markets. */
    char wrong[BTX_LEDGER_WRONG_BYTES];                       /* "": nothing. */
    struct btx_ledger_market markets[BTX_LEDGER_MARKETS_MAX]; /* Private from here on. */
    uint32_t market_count;
    struct btx_stake *stakes; /* Two for each bet. */
    size_t stake_count;
    size_t stakes_max;
    struct btx_settlement *settlement; /* The one going on; NULL: none. */
};

/* One event; all of them, in their order. */
void btx_ledger_event(struct btx_ledger *ledger, const struct btx_record *event);

/* What a bet matched at @price counts as matched at, in 1/10 000, after a non-runner with @factor,
 * in 1/10 000 of a percent. */
uint32_t btx_ledger_reduced(uint32_t price, uint32_t factor);

/* Idempotent. */
void btx_ledger_close(struct btx_ledger *ledger);

#endif
