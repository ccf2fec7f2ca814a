/* SPDX-License-Identifier: Apache-2.0 */
/* apply.h - the cases of btx_core_apply() by subject, private to this folder.
 *
 * Each returns NULL, or a sentence why the event cannot follow the present state, which it has
 * then not changed. */
#ifndef BTX_CORE_APPLY_H
#define BTX_CORE_APPLY_H

#include "engine/core/state.h"

const char *btx_apply_market_opened(struct btx_core *core, const struct btx_market_opened *event);
/* MarketSuspended, MarketResumed, MarketTurnedInPlay, MarketVoided, MarketForgotten. */
const char *btx_apply_market_event(struct btx_core *core, const struct btx_market_event *event);
const char *btx_apply_market_settling(struct btx_core *core,
                                      const struct btx_market_settling *event);
const char *btx_apply_account_settled(struct btx_core *core,
                                      const struct btx_account_settled *event);
const char *btx_apply_market_settled(struct btx_core *core, const struct btx_market_settled *event);

const char *btx_apply_market_described(struct btx_core *core,
                                       const struct btx_market_described *event);
const char *btx_apply_bet_delay_set(struct btx_core *core, const struct btx_bet_delay_set *event);
const char *btx_apply_runner_removed(struct btx_core *core, const struct btx_runner_removed *event);

const char *btx_apply_order_held(struct btx_core *core, const struct btx_order_held *event);
const char *btx_apply_order_released(struct btx_core *core, const struct btx_order_released *event);
const char *btx_apply_implied_matched(struct btx_core *core,
                                      const struct btx_implied_matched *event);
const char *btx_apply_order_accepted(struct btx_core *core, const struct btx_order_accepted *event);
const char *btx_apply_trade_matched(struct btx_core *core, const struct btx_trade_matched *event);
const char *btx_apply_order_cancelled(struct btx_core *core,
                                      const struct btx_order_cancelled *event);
const char *btx_apply_order_updated(struct btx_core *core, const struct btx_order_updated *event);
const char *btx_apply_orders_cancelled(struct btx_core *core,
                                       const struct btx_order_cancelled_batched *event);

/* Whether a command may end here: no settlement half done, and what is left of the taker may
 * rest without crossing the book. */
const char *btx_apply_may_end(struct btx_core *core);

#endif
