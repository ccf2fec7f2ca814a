/* SPDX-License-Identifier: Apache-2.0 */
/* due.h - the orders to which something will happen at a moment (rules-2.md 4 and 5), private to
 * this folder.
 *
 * Each waits once, for the next thing that happens to it: a held one for its release or its expiry,
 * whichever comes first, and at one and the same moment for its expiry.  Looking whether anything
 * is due costs nothing however many wait; an order that has no moment is never in the queue. */
#ifndef BTX_CORE_DUE_H
#define BTX_CORE_DUE_H

#include "engine/core/state.h"

/* Let @order, which is not waiting, wait for its moments. */
void btx_due_add(struct btx_core *core, struct order *order, struct order_moment moment);

/* It is released: from now on it waits for its expiry only, if it has one. */
void btx_due_release(struct btx_core *core, struct order *order);

/* @order, which is waiting, waits no longer. */
void btx_due_remove(struct btx_core *core, struct order *order);

/* Whether anything has fallen due. */
static inline bool due_is_now(const struct btx_core *core)
{
    return core->due.count > 0 && core->due.entries[1].moment_ns <= core->now_ns;
}

/* The order to which something happens first; there must be one. */
static inline struct order *due_first(const struct btx_core *core)
{
    CHECK(core->due.count > 0);
    return &core->order[core->due.entries[1].slot];
}

/* Whether what @order, which is waiting, waits for is its expiry. */
bool btx_due_is_expiry(const struct btx_core *core, const struct order *order);

/* Whether the queue is in order and has just the orders that say so; for btx_core_verify(). */
bool btx_due_agrees(const struct btx_core *core);

#endif
