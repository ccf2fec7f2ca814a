/* SPDX-License-Identifier: Apache-2.0 */
/* matching.h - a taker meets the book (rules.md 2 and 5), private to this folder. */
#ifndef BTX_CORE_MATCHING_H
#define BTX_CORE_MATCHING_H

#include "engine/core/tx.h"

/* What an incoming order would meet. */
struct taking {
    const struct market *market;
    const struct runner *runner;
    const struct position *position; /* The taker's own, or NULL. */
    uint32_t limit_index;
    uint8_t side; /* The taker's. */
    uint8_t stp;
};

/* What @order, which is in no book, would meet. */
struct taking btx_taking_of(const struct btx_core *core, const struct order *order);

/* Whether any order that it could meet is at the limit or better, own ones too (WOULD_MATCH). */
bool btx_would_match(const struct btx_core *core, const struct taking *taking);

/* Whether the taker of the command, which must be there, has something left to do: somebody to
 * meet, or a rest that may not stay. */
bool btx_taker_has_more(const struct btx_core *core);

/* Whether at least @min_fill of the order's @size is there for it at the limit or better,
 * self-trade prevention counted in (NOT_FILLABLE). */
bool btx_is_fillable(const struct btx_core *core, const struct taking *taking, int64_t size,
                     int64_t min_fill);

/* Match the taker of the command, and cancel what is left of it unless it may rest.  Returns
 * false when the tx is full before that: call again in the next one. */
bool btx_match_taker(struct run *run);

/* The steps of that which markets with and without implied matching share.  The taker meets @maker:
 * it trades all that both have, or what self-trade prevention says happens. */
void btx_meet_direct(struct run *run, struct order *taker, struct order *maker);

/* What self-trade prevention does when @taker meets @maker; false: nothing, they trade. */
bool btx_prevent_self_trade(struct run *run, struct order *taker, struct order *maker);

/* Cancel what is left of the taker unless it may rest.  Returns false when the tx is full before
 * that. */
bool btx_cancel_rest(struct run *run, struct order *taker);

/* Emit that @cancelled of @order is taken away. */
void btx_emit_order_cancelled(struct run *run, struct order *order, int64_t cancelled,
                              enum btx_cause cause, uint64_t cseq);

#endif
