/* SPDX-License-Identifier: Apache-2.0 */
/* change.h - what each event does to the state: the only functions that change it, private to
 * this folder.
 *
 * Step calls them as it decides, with what it has already found; apply.c calls the very same ones
 * for records of a log, after it has found and checked what the event names.  They check nothing
 * themselves: an event that does not fit the state is a bug of the caller. */
#ifndef BTX_CORE_CHANGE_H
#define BTX_CORE_CHANGE_H

#include "engine/core/state.h"

/* Every event counts: seq, tx and time of the state are those of its last event. */
static inline void change_counters(struct btx_core *core, const struct btx_record *record)
{
    core->seq = record->seq;
    core->tx = record->tx;
    core->time_ns = record->time_ns;
}

/* An event that carries a cseq or transfer consumes it (rules.md 4, exactly once). */
static inline void change_consumed(struct account *account, uint64_t cseq, uint64_t transfer)
{
    if (cseq != 0)
        account->cseq = cseq;
    if (transfer != 0)
        account->transfer = transfer;
}

static inline void change_account_frozen(struct account *account, bool frozen)
{
    account->frozen = frozen;
}

/* rules-2.md 3; rules version 1 knows no version. */
static inline void change_market_version(const struct btx_core *core, struct market *market)
{
    market->version += core->rules_version >= 2;
}

static inline void change_market_status(const struct btx_core *core, struct market *market,
                                        enum btx_market_status status)
{
    market->status = (uint8_t)status;
    change_market_version(core, market);
}

static inline void change_market_in_play(const struct btx_core *core, struct market *market)
{
    market->in_play = true;
    change_market_version(core, market);
}

static inline void change_bet_delay(struct market *market, uint32_t bet_delay)
{
    market->bet_delay = bet_delay;
}

void btx_change_account_opened(struct btx_core *core, const struct btx_account_event *event);
void btx_change_funds(struct btx_core *core, const struct btx_funds_event *event,
                      struct account *account);
/* A refused command consumes its cseq and transfer, but for DUPLICATE and BUSY; @account is NULL
 * when the command named none that exists. */
void btx_change_command_rejected(const struct btx_command_rejected *event, struct account *account);

void btx_change_market_opened(struct btx_core *core, const struct btx_market_opened *event);
void btx_change_market_settling(struct btx_core *core, struct market *market);
void btx_change_account_settled(struct btx_core *core, const struct btx_account_settled *event,
                                struct account *account, struct position *position);
void btx_change_market_settled(struct btx_core *core, const struct btx_market_settled *event);
void btx_change_market_voided(struct btx_core *core, struct market *market);

void btx_change_market_described(struct btx_core *core, const struct btx_market_described *event,
                                 struct market *market);
/* Bets on @runner are void, all others count at odds reduced by the event's factor. */
void btx_change_runner_removed(struct btx_core *core, const struct btx_runner_removed *event,
                               struct market *market, struct runner *runner);

/* @position may be NULL: the pair has none yet.  @price_index is that of the event's price.  The
 * order becomes the taker of the command. */
void btx_change_order_accepted(struct btx_core *core, const struct btx_order_accepted *event,
                               struct account *account, struct runner *runner,
                               struct position *position, uint32_t price_index);
/* The same, but the order waits to be released, and is no taker. */
void btx_change_order_held(struct btx_core *core, const struct btx_order_held *event,
                           struct account *account, struct runner *runner,
                           struct position *position, uint32_t price_index);
/* A held order becomes the taker of the command. */
void btx_change_order_released(struct btx_core *core, struct order *order);
void btx_change_trade_matched(struct btx_core *core, const struct btx_trade_matched *event,
                              struct order *taker, struct order *maker);
void btx_change_implied_matched(struct btx_core *core, const struct btx_implied_matched *event,
                                struct order *taker, struct order *maker);
void btx_change_order_cancelled(struct btx_core *core, const struct btx_order_cancelled *event,
                                struct order *order);
void btx_change_order_updated(struct btx_core *core, const struct btx_order_updated *event,
                              struct order *order);
void btx_change_orders_cancelled(struct btx_core *core,
                                 const struct btx_order_cancelled_batched *event);

/* What the last event of a command does besides: the taker rests, a voided market's positions
 * are dropped, nothing is pending any more. */
void btx_change_command_end(struct btx_core *core);

#endif
