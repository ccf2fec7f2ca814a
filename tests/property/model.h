/* SPDX-License-Identifier: Apache-2.0 */
/* model.h - the reference model: rules.md 1 to 8 once more, as plainly as they can be written.
 *
 * Plain arrays and linear scans; nothing is remembered that can be counted again from the lists
 * of all bets and all unmatched orders.  It shares the record structs with the engine and nothing
 * else, and was written from rules.md alone, so that the core and the model can only agree by
 * both being right, or by both reading a sentence in the same wrong way.
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

/* A live order; the array of them is in the order of acceptance. */
struct btx_model_order {
    uint64_t order;
    uint64_t account;
    uint64_t market;
    uint64_t runner;
    uint64_t price;
    int64_t remaining;
    uint8_t side;
    uint8_t persistence;
    uint8_t stp;
    bool has_ref;
    uint8_t ref_length;
    char ref[BTX_REF_BYTES_MAX];
};

/* One fill: what was matched, for ever. */
struct btx_model_bet {
    uint64_t runner;
    uint64_t backer;
    uint64_t layer;
    uint64_t price;
    int64_t size;
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
    size_t runner_count;
    uint64_t runners[BTX_MODEL_RUNNERS_MAX];
    struct btx_model_bet *bets;
    size_t bet_count;
    size_t bet_room;
};

/* rules.md 6, CAPACITY. */
struct btx_model_capacity {
    uint64_t accounts;
    uint64_t markets;
    uint64_t runners;
    uint64_t orders;
    uint64_t positions;
};

struct btx_model {
    struct btx_model_capacity capacity;
    uint64_t seq;
    uint64_t tx;
    uint64_t time_ns; /* The core's: no command can turn it back. */
    uint64_t next_order;
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
    /* What the last command made: its record, then its events, as the log holds them. */
    uint8_t *bytes;
    size_t length_bytes;
    size_t bytes_room;
    size_t event_count;
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

/* The maker that a taker meets next: an index of orders, or BTX_MODEL_NONE. */
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
