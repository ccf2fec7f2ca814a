/* SPDX-License-Identifier: Apache-2.0 */
/* demo_report.h - what people want to know about a run: books, big trades, sums.
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

enum {
    BTX_REPORT_MARKETS_MAX = 8,
    BTX_REPORT_RUNNERS_MAX = 40,
    BTX_REPORT_TRADES = 5,
    BTX_REPORT_LEVELS = 3,
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
    uint64_t order_count;
    uint64_t trade_count;
    btx_i128 matched; /* Stakes of the backers; BINARY: contracts. */
    uint64_t settled_accounts;
    int64_t commission;
    struct btx_report_trade biggest[BTX_REPORT_TRADES]; /* Greatest first. */
};

struct btx_report {
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

/* A btx_flow_observer; @context is the report. */
void btx_report_event(void *context, const struct btx_record *event);

/* One market: books, biggest trades, sums. */
void btx_report_print_market(const struct btx_report_market *market);

#endif
