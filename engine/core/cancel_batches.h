/* SPDX-License-Identifier: Apache-2.0 */
/* cancel_batches.h - cancelling many orders: markets ascending, ids ascending, in batches
 * (rules.md 4 and 7); private to this folder. */
#ifndef BTX_CORE_CANCEL_BATCHES_H
#define BTX_CORE_CANCEL_BATCHES_H

#include "engine/core/tx.h"

/* Which orders. */
struct order_filter {
    uint32_t account;  /* NO_SLOT: of any account. */
    uint32_t market;   /* NO_SLOT: in any market. */
    uint32_t runner;   /* NO_SLOT: on any runner; else market is set. */
    uint8_t side;      /* BTX_SIDE_COUNT: either. */
    bool lapsing_only; /* Only those with persistence LAPSE; then market is set. */
};

/* The orders that @command means, or the reason to refuse it (ACCEPTABLE: none).  Its account, if
 * any, must exist. */
enum btx_reject btx_order_filter_read(struct btx_core *core,
                                      const struct btx_cancel_orders *command,
                                      struct order_filter *ret_filter);

/* The orders that a RemoveRunner of @market cancels: on its runner, or with a factor all. */
struct order_filter btx_removal_filter(struct btx_core *core, const struct market *market,
                                       const struct btx_remove_runner *command);

/* Whether any live order passes @filter. */
bool btx_cancel_any(struct btx_core *core, const struct order_filter *filter);

/* Emit one OrderCancelledBatched after the other until no live order passes @filter.  Returns
 * false when the tx is full before that: call again in the next one. */
bool btx_cancel_batches(struct run *run, const struct order_filter *filter, enum btx_cause cause,
                        uint64_t cseq);

#endif
