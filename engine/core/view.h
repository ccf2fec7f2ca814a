/* SPDX-License-Identifier: Apache-2.0 */
/* view.h - reading the core's state: books, orders, accounts, markets.
 *
 * For read models, reports and tests.  Nothing here changes the state, and every answer is a
 * copy.  Decimals are in 1/10 000. */
#ifndef BTX_CORE_VIEW_H
#define BTX_CORE_VIEW_H

#include "engine/base/int128.h"
#include "engine/core/core.h"

/* Counters of the state, and how much of each capacity is in use. */
struct btx_core_view {
    uint64_t seq; /* Of the last event, 0 for none. */
    uint64_t tx;
    uint64_t time_ns;       /* Of the last event. */
    uint64_t next_order;    /* The id the next order gets. */
    uint64_t due_ns;        /* When time next does something to an order; UINT64_MAX: never. */
    uint32_t rules_version; /* Of the last command: what the state bytes are of. */
    struct btx_core_capacity used;
};

struct btx_account_view {
    int64_t balance;    /* The house's: the nearest that fits. */
    btx_i128 available; /* balance minus what its orders and bets reserve */
    uint64_t cseq;      /* The last one consumed. */
    uint64_t transfer;
    bool frozen;
};

enum btx_market_status {
    BTX_MARKET_OPEN,
    BTX_MARKET_SUSPENDED,
    BTX_MARKET_CLOSED,
};

struct btx_market_view {
    uint64_t market;
    enum btx_market_kind kind;
    enum btx_market_status status;
    bool in_play;
    uint32_t winners;
    uint32_t runner_count;
    uint32_t live_orders;
    uint32_t tick; /* BINARY; else 0 */
    uint32_t commission;
    int64_t min_size;
    uint64_t version;   /* rules-2.md 3 */
    uint32_t bet_delay; /* ms */
    uint32_t removed_count;
    uint32_t description_bytes;
    bool reductions;
    bool implied;
    enum btx_ladder ladder;
};

struct btx_order_view {
    uint64_t account;
    uint64_t market;
    uint64_t runner;
    uint32_t price;
    int64_t remaining;
    enum btx_side side;
    enum btx_persistence persistence;
    bool held;        /* Not in the book before it is released. */
    uint64_t until;   /* When that is; 0 for one that is not held. */
    uint64_t expires; /* 0: never */
};

/* One price of one side of a book. */
struct btx_level_view {
    uint32_t price;
    int64_t size; /* Of all orders at this price; INT64_MAX when it is more. */
};

/* Profit and loss of an account in one runner, its unmatched orders counted as lost
 * (rules.md 3: W' and X'). */
struct btx_exposure_view {
    btx_i128 win;
    btx_i128 lose;
};

void btx_core_view(const struct btx_core *core, struct btx_core_view *ret_view);

/* Each returns false, and sets nothing, when there is no such thing.  The house is account 0. */
bool btx_core_view_account(const struct btx_core *core, uint64_t account,
                           struct btx_account_view *ret_view);
bool btx_core_view_market(const struct btx_core *core, uint64_t market,
                          struct btx_market_view *ret_view);
bool btx_core_view_order(const struct btx_core *core, uint64_t order,
                         struct btx_order_view *ret_view);

/* The id of runner number @index (from 0) of @market; 0 when there is none. */
uint64_t btx_core_view_runner(const struct btx_core *core, uint64_t market, uint32_t index);

/* Whether runner number @index of @market has been removed; false when there is none. */
bool btx_core_view_is_removed(const struct btx_core *core, uint64_t market, uint32_t index);

/* How many live orders @account has, in all markets; 0 for an unknown account.  Looks at each of
 * its positions. */
uint32_t btx_core_view_live_orders(const struct btx_core *core, uint64_t account);

/* The smallest market id greater than @after in which @account has a position, 0 when there is
 * none.  Looks at each of its positions. */
uint64_t btx_core_view_next_position(const struct btx_core *core, uint64_t account, uint64_t after);

/* Live orders of @account in @market with ids greater than @after, ascending, up to @orders_max;
 * returns how many.  Looks at each of them. */
size_t btx_core_view_orders(const struct btx_core *core, uint64_t account, uint64_t market,
                            uint64_t after, uint64_t *ret_orders, size_t orders_max);

/* The description of @market into @ret_text; returns its bytes, 0 also for an unknown market. */
size_t btx_core_view_description(const struct btx_core *core, uint64_t market,
                                 char ret_text[BTX_DESCRIPTION_BYTES_MAX]);

/* Zero for an account without a position in @market; false for an unknown market or index. */
bool btx_core_view_exposure(const struct btx_core *core, uint64_t account, uint64_t market,
                            uint32_t index, struct btx_exposure_view *ret_view);

/* Up to @levels_max levels of one side of a runner's book into @ret_levels, best price for a
 * taker first; returns how many.  0 also for an unknown market or runner. */
size_t btx_core_view_book(const struct btx_core *core, uint64_t market, uint64_t runner,
                          enum btx_side side, struct btx_level_view *ret_levels, size_t levels_max);

/* The orders of one level in queue order, up to @orders_max ids; returns how many. */
size_t btx_core_view_queue(const struct btx_core *core, uint64_t market, uint64_t runner,
                           uint32_t price, uint64_t *ret_orders, size_t orders_max);

/* The smallest market id greater than @after, 0 when there is none. */
uint64_t btx_core_view_next_market(const struct btx_core *core, uint64_t after);

/* The smallest account id greater than @after, 0 when there is none. */
uint64_t btx_core_view_next_account(const struct btx_core *core, uint64_t after);

#endif
