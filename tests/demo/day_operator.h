/* SPDX-License-Identifier: Apache-2.0 */
/* day_operator.h - what the operator does to a market of the day, and what the traders know of it.
 *
 * Each of these hands in the commands and keeps the traders' view of the market up to date. */
#ifndef BTX_TESTS_DEMO_DAY_OPERATOR_H
#define BTX_TESTS_DEMO_DAY_OPERATOR_H

#include <stddef.h>

#include "tests/demo/day_traders.h"

/* How long a bet on the match is held in play. */
enum { BTX_DAY_BET_DELAY_S = 5 };

/* With everything that the market is: kind, runners, bet delay; and described. */
void btx_day_open_market(struct btx_traders *traders, enum btx_day_market market);

/* Who, where, and of a match the score; @football may be NULL. */
void btx_day_describe(struct btx_traders *traders, enum btx_day_market market,
                      const struct btx_day_football *football);

void btx_day_suspend(struct btx_traders *traders, enum btx_day_market market);
void btx_day_resume(struct btx_traders *traders, enum btx_day_market market);

/* Suspended, turned in play, resumed. */
void btx_day_turn_in_play(struct btx_traders *traders, enum btx_day_market market);

/* Takes everything out of a market whose prices mean nothing any more. */
void btx_day_cancel_all(struct btx_traders *traders, enum btx_day_market market);

/* Runner number @runner_index does not run; the reduction factor is its chance just before. */
void btx_day_withdraw(struct btx_traders *traders, enum btx_day_market market,
                      uint32_t runner_index);

/* With @winner_count runners by their index, or without any and with a result. */
void btx_day_settle(struct btx_traders *traders, enum btx_day_market market,
                    const uint32_t *winners, size_t winner_count, enum btx_outcome result);

#endif
