/* SPDX-License-Identifier: Apache-2.0 */
/* model.h - the reference model: rules.md and rules-2.md once more, as plainly as they can be
 * written.
 *
 * Plain arrays and linear scans; nothing is remembered that can be counted again from the lists
 * of all bets and all unmatched orders.  It shares the record structs with the engine and nothing
 * else, and was written from rules.md alone, so that the core and the model can only agree by
 * both being right, or by both reading a sentence in the same wrong way.  What the rules leave open
 * (two capacities, sums beyond money) is in engine/core/README.md.
 *
 * Its state is open: the flow generator reads it to find commands that are worth asking.
 * Prices, sizes and money are as the records carry them, in 1/10 000. */
#ifndef BTX_PROPERTY_MODEL_H
#define BTX_PROPERTY_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/int128.h"
#include "engine/wire/commands.h"
#include "engine/wire/events.h"

enum {
    BTX_MODEL_RUNNERS_MAX = 512, /* rules.md 1 */
    BTX_MODEL_TX_EVENTS = 4096,  /* rules.md 7 */
    BTX_MODEL_BATCH_ORDERS = 4096,
    BTX_MODEL_LADDER_COUNT = 350,
};
#define BTX_MODEL_MONEY_MAX INT64_C(1000000000000000)

/* No index. */
#define BTX_MODEL_NONE SIZE_MAX

struct btx_model_account {
    uint64_t account;
    int64_t balance;
    uint64_t cseq; /* The last one consumed. */
    uint64_t transfer;
    bool frozen;
};

/* A live order; the array of them is in the order of ids. */
struct btx_model_order {
    uint64_t order;
    uint64_t account;
    uint64_t market;
    uint64_t runner;
    uint64_t price;
    int64_t remaining;
    uint64_t place;   /* In the queue of its price: grows with each order that comes to rest. */
    uint64_t expires; /* 0: never */
    uint64_t until;   /* Of a held one. */
    int64_t min_fill; /* Of a held FOK; 0: all of it. */
    bool held;
    bool post_only; /* Of a held one. */
    uint8_t tif;
    uint8_t side;
    uint8_t persistence;
    uint8_t stp;
    bool has_ref;
    uint8_t ref_length;
    char ref[BTX_REF_BYTES_MAX];
};

/* One fill: what was matched, for ever; its price is what a factor made of it. */
struct btx_model_bet {
    uint64_t runner;
    uint64_t backer;
    uint64_t layer;
    uint64_t price;
    int64_t size;
};

/* One implied fill (rules-2.md 7): if A wins the taker gets t and the maker loses it, if B wins the
 * taker loses s and the maker gets it; for two that lay, the other way round. */
struct btx_model_implied {
    uint8_t side;
    uint64_t taker;
    uint64_t maker;
    uint64_t taker_runner; /* A */
    uint64_t maker_runner; /* B */
    int64_t taker_size;    /* s */
    int64_t maker_size;    /* t */
};

enum btx_model_status { BTX_MODEL_OPEN, BTX_MODEL_SUSPENDED, BTX_MODEL_CLOSED };

struct btx_model_market {
    uint64_t market;
    uint8_t kind;
    enum btx_model_status status;
    bool in_play;
    uint32_t winners;
    uint64_t tick; /* BINARY; else 0 */
    int64_t min_size;
    int64_t commission;
    uint64_t version;
    uint64_t bet_delay; /* ms */
    bool reductions;
    bool implied;
    uint8_t ladder;
    size_t description_bytes;
    size_t runner_count;
    uint64_t runners[BTX_MODEL_RUNNERS_MAX];
    bool removed[BTX_MODEL_RUNNERS_MAX];
    struct btx_model_bet *bets;
    size_t bet_count;
    size_t bet_room;
    struct btx_model_implied *implieds;
    size_t implied_count;
    size_t implied_room;
};

/* rules.md 6, CAPACITY. */
struct btx_model_capacity {
    uint64_t accounts;
    uint64_t markets;
    uint64_t runners;
    uint64_t orders;
    uint64_t positions;
    uint64_t stakes;
    uint64_t description_bytes;
};

struct btx_model {
    struct btx_model_capacity capacity;
    uint64_t seq;
    uint64_t tx;
    uint64_t time_ns; /* The core's: no command can turn it back. */
    uint64_t next_order;
    uint64_t place_count;
    uint64_t removals;                  /* Runners ever removed. */
    int64_t house;                      /* Balance of account 0. */
    btx_i128 deposited;                 /* All deposits minus all withdrawals. */
    struct btx_model_account *accounts; /* In the order of their opening. */
    size_t account_count;
    size_t account_room;
    struct btx_model_market *markets; /* Not forgotten ones, in the order of their opening. */
    size_t market_count;
    size_t market_room;
    struct btx_model_order *orders;
    size_t order_count;
    size_t order_room;
    /* What the last command made: for each thing that fell due before it, and then for itself, the
     * record and the events, as the log holds them. */
    uint8_t *bytes;
    size_t length_bytes;
    size_t bytes_room;
    size_t event_count;
    size_t part_bytes;  /* Where the last of these begins in @bytes. */
    size_t part_events; /* And its events. */
};

/* The caller ends it with btx_model_done().  Order ids start behind @first_order - 1. */
void btx_model_init(struct btx_model *model, const struct btx_model_capacity *capacity,
                    uint64_t first_order);
void btx_model_done(struct btx_model *model);

/* Execute @command, a valid record, and leave what it made in @bytes.  No events (a Tick):
 * length_bytes is 0. */
void btx_model_execute(struct btx_model *model, const struct btx_command *command);

/* Each returns an index, or BTX_MODEL_NONE. */
size_t btx_model_find_account(const struct btx_model *model, uint64_t account);
size_t btx_model_find_market(const struct btx_model *model, uint64_t market);
size_t btx_model_find_order(const struct btx_model *model, uint64_t order);
size_t btx_model_find_runner(const struct btx_model_market *market, uint64_t runner);

/* Price @index (0..349) of the ladder, lowest first. */
uint64_t btx_model_ladder_price(size_t index);

/* The step of sizes in @market. */
int64_t btx_model_size_step(const struct btx_model_market *market);

/* Whether a taker's limit on @side takes a maker's @price (rules.md 2). */
bool btx_model_crosses(uint8_t kind, uint8_t taker_side, uint64_t limit, uint64_t price);

/* Whether @price is one of @market's. */
bool btx_model_price_is_valid(const struct btx_model_market *market, uint64_t price);

/* How many runners of @market are not removed. */
size_t btx_model_active_count(const struct btx_model_market *market);

/* Net stakes by account, runner and price that a market with reductions keeps. */
uint64_t btx_model_stake_count(const struct btx_model *model);

/* Live orders in markets with reductions. */
uint64_t btx_model_reducible_count(const struct btx_model *model);

/* Who a taker meets, and for how much of each. */
struct btx_model_meeting {
    size_t index; /* Of orders, or BTX_MODEL_NONE. */
    bool implied;
    int64_t taker_size; /* 0 when implied and nothing exact can be traded. */
    int64_t maker_size;
};

/* Whom @taker, of which some remains, meets next; not those marked in @passed, by index of
 * orders. */
struct btx_model_meeting btx_model_next_meeting(const struct btx_model *model,
                                                const struct btx_model_market *market,
                                                const struct btx_model_order *taker,
                                                const bool *passed);

/* The direct maker that a taker meets next: an index of orders, or BTX_MODEL_NONE. */
size_t btx_model_next_maker(const struct btx_model *model, const struct btx_model_market *market,
                            uint64_t runner, uint8_t taker_side, uint64_t limit);

/* How much of @size a taker would get, by walking the book (rules.md 5, FOK). */
int64_t btx_model_fillable(const struct btx_model *model, const struct btx_model_market *market,
                           const struct btx_model_order *taker, int64_t size);

/* W', X' of @account for each runner of @market, from its bets and orders (rules.md 3). */
void btx_model_exposure(const struct btx_model *model, const struct btx_model_market *market,
                        uint64_t account, btx_i128 *ret_win, btx_i128 *ret_lose);

/* W, X: bets alone. */
void btx_model_matched(const struct btx_model_market *market, uint64_t account, btx_i128 *ret_win,
                       btx_i128 *ret_lose);

/* Whether @account has a position in @market: some W or X that is not 0. */
bool btx_model_has_position(const struct btx_model_market *market, uint64_t account);

/* Whether it has a position or a live order there: what CAPACITY counts. */
bool btx_model_has_pair(const struct btx_model *model, const struct btx_model_market *market,
                        uint64_t account);
uint64_t btx_model_pair_count(const struct btx_model *model);

/* The worst that any outcome of @market does to @account. */
btx_i128 btx_model_worst(const struct btx_model *model, const struct btx_model_market *market,
                         uint64_t account);
btx_i128 btx_model_available(const struct btx_model *model, uint64_t account);

/* Whether @order would be affordable, counted as wholly unmatched.  It is not in the model; the
 * order at @replaced_index, if any, is taken out first. */
bool btx_model_affordable(struct btx_model *model, const struct btx_model_order *order,
                          size_t replaced_index);

/* The sum of all balances but the house's. */
btx_i128 btx_model_balance_sum(const struct btx_model *model);

#endif
