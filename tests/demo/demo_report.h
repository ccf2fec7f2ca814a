/* SPDX-License-Identifier: Apache-2.0 */
/* demo_report.h - what people want to know about a run: books, big trades, pauses, sums.
 *
 * It learns from the events alone, as any reader of the exchange could, and from the books that
 * view.h shows just before a market is suspended or settled. */
#ifndef BTX_TESTS_DEMO_DEMO_REPORT_H
#define BTX_TESTS_DEMO_DEMO_REPORT_H

#include <stdint.h>

#include "engine/base/int128.h"
#include "engine/core/view.h"
#include "engine/wire/commands.h"
#include "engine/wire/events.h"
#include "tests/demo/demo_lives.h"
#include "tests/demo/demo_screen.h"

enum {
    BTX_REPORT_MARKETS_MAX = 8,
    BTX_REPORT_RUNNERS_MAX = 40,
    BTX_REPORT_TRADES = 5,
    BTX_REPORT_LEVELS = 3,
    BTX_REPORT_IMPLIED = 3,
    BTX_REPORT_PAUSES_MAX = 24,
    BTX_REPORT_SCORE_BYTES = 12,
};

struct btx_report_trade {
    int64_t size;
    uint64_t time_ns;
    uint64_t runner;
    uint64_t taker;
    uint64_t maker;
    uint32_t price;
    enum btx_side taker_side;
};

/* A match through the other runner: two that back different runners, or lay them. */
struct btx_report_implied {
    int64_t size; /* Of the taker's bet on @runner. */
    int64_t maker_size;
    uint64_t time_ns;
    uint64_t runner;
    uint64_t maker_runner;
    uint64_t taker;
    uint64_t maker;
    uint32_t maker_price;
    enum btx_side side;
};

/* A time in which the market was suspended, and what happened in it. */
struct btx_report_pause {
    uint64_t from_ns;
    uint64_t to_ns;                     /* 0: it was not opened again. */
    uint64_t held_cancelled;            /* Orders that were held. */
    uint64_t cancelled;                 /* All others. */
    uint64_t removed;                   /* A runner, 0: none. */
    bool in_play;                       /* Turned in play. */
    bool settled;                       /* It ended with the settlement. */
    char score[BTX_REPORT_SCORE_BYTES]; /* From a new description; "": none. */
};

/* A runner that did not run. */
struct btx_report_removal {
    uint64_t time_ns; /* 0: none. */
    uint64_t runner;
    uint32_t factor;
    uint64_t void_count;             /* Bets on it. */
    btx_i128 void_size;              /* And their stakes. */
    struct btx_report_trade example; /* The greatest bet on another one. */
};

/* The best levels of one runner's book. */
struct btx_report_book {
    size_t level_count[BTX_SIDE_COUNT];
    struct btx_level_view levels[BTX_SIDE_COUNT][BTX_REPORT_LEVELS];
};

struct btx_report_market {
    uint64_t market;
    enum btx_market_kind kind;
    uint32_t runner_count; /* At most BTX_REPORT_RUNNERS_MAX are shown. */
    uint64_t runners[BTX_REPORT_RUNNERS_MAX];
    struct btx_report_book books[BTX_REPORT_RUNNERS_MAX];
    uint64_t books_ns; /* When the books were like that; 0: never. */
    enum btx_command_type books_before;
    uint64_t winners[BTX_REPORT_RUNNERS_MAX];
    uint32_t winner_count;
    bool settled;
    btx_i128 matched; /* Stakes of the backers, without implied ones; BINARY: contracts. */
    uint64_t settled_accounts;
    int64_t commission;
    struct btx_report_trade biggest[BTX_REPORT_TRADES];            /* Greatest first. */
    struct btx_report_implied biggest_implied[BTX_REPORT_IMPLIED]; /* The same. */
    struct btx_report_pause pauses[BTX_REPORT_PAUSES_MAX];
    uint32_t pause_count;
    bool paused; /* The last one goes on. */
    struct btx_report_removal removal;
    uint32_t bet_delay; /* ms */
    /* By runner, as far as they are shown. */
    uint64_t runner_trades[BTX_REPORT_RUNNERS_MAX];
    btx_i128 runner_matched[BTX_REPORT_RUNNERS_MAX];
    struct btx_report_trade runner_biggest[BTX_REPORT_RUNNERS_MAX];
};

/* Caller's storage; start with {0} and @lives set. */
struct btx_report {
    const struct btx_lives *lives; /* The orders; is told of each event first. */
    struct btx_report_market markets[BTX_REPORT_MARKETS_MAX];
    uint32_t market_count;
    uint64_t trade_count;
    uint64_t rejected_count;
    uint64_t account_count;
    btx_i128 net_deposits; /* Minus withdrawals. */
};

/* To be called before a command is executed: keeps the books that it would end. */
void btx_report_before(struct btx_report *report, const struct btx_core *core,
                       const struct btx_command *command);

void btx_report_event(struct btx_report *report, const struct btx_record *event);

/* One market: books, biggest trades, what the operator did, sums. */
void btx_report_print_market(const struct btx_report *report,
                             const struct btx_report_market *market);

/* For the files that print: how a runner and an account are called there. */
struct btx_short_text btx_report_runner(const struct btx_report_market *market, uint64_t runner);
struct btx_short_text btx_report_account(const struct btx_report_market *market, uint64_t account);

/* For demo_tables.c, the parts that are in demo_story.c: pauses; a removal; matches through the
 * other runner; what became of the orders. */
void btx_report_print_pauses(const struct btx_report_market *market);
void btx_report_print_removal(const struct btx_report_market *market);
void btx_report_print_implied(const struct btx_report_market *market);
void btx_report_print_orders(const struct btx_report_market *market, const struct btx_tally *tally);

#endif
