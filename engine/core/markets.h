/* SPDX-License-Identifier: Apache-2.0 */
/* markets.h - what the market commands share with settlement and with apply, private to this
 * folder. */
#ifndef BTX_CORE_MARKETS_H
#define BTX_CORE_MARKETS_H

#include "engine/core/tx.h"

/* 2..512 ids from 1, none of them twice. */
bool btx_runner_ids_are_valid(struct btx_core *core, const uint64_t *ids, uint32_t count);

/* A binary market's tick: 0.0001, 0.001 or 0.01. */
bool btx_tick_is_valid(uint64_t tick);

/* Whether the winners, or the result, that @command names are valid for @market (rules.md 4). */
bool btx_winners_are_valid(struct btx_core *core, const struct market *market,
                           const struct btx_settle_market *command);

/* The market, when it exists and is not closed; else NULL, and the command has been refused. */
struct market *btx_market_or_reject(struct run *run, uint64_t id);

#endif
