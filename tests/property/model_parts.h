/* SPDX-License-Identifier: Apache-2.0 */
/* model_parts.h - private to the reference model: what its files share. */
#ifndef BTX_PROPERTY_MODEL_PARTS_H
#define BTX_PROPERTY_MODEL_PARTS_H

#include "tests/property/model.h"

/* Make room for one more element of @element_bytes in the array at @array, which holds @count and
 * has room for *@room.  Returns the array, which may have moved. */
void *btx_model_grow(void *array, size_t count, size_t *room, size_t element_bytes);

/* Append an event of @type with @tail_bytes behind its body, all zero but the frame, and return
 * it to be filled: valid until the next event.  seq, tx and flags are set when the command ends. */
void *btx_model_emit(struct btx_model *model, enum btx_event_type type, size_t tail_bytes);

/* Begin what @command, or something due before it, makes, with its record; and number it and say
 * where its txs end. */
void btx_model_begin_part(struct btx_model *model, const struct btx_command *command);
void btx_model_end_part(struct btx_model *model);

/* Do what has fallen due by now, first things first, each as a part of its own. */
void btx_model_do_due(struct btx_model *model);

/* Free what @market has. */
void btx_model_market_done(struct btx_model_market *market);

/* Put @order among the live ones, by its id. */
void btx_model_insert_order(struct btx_model *model, const struct btx_model_order *order);

/* Match @taker, which is not among the live orders, then do with the rest what its tif says. */
void btx_model_work(struct btx_model *model, struct btx_model_market *market,
                    struct btx_model_order *taker);
void btx_model_emit_cancelled(struct btx_model *model, const struct btx_model_order *order,
                              int64_t cancelled, enum btx_cause cause);

/* Take the order at @index out of the live ones. */
void btx_model_remove_order(struct btx_model *model, size_t index);

/* Decide @command: append its events and change the state. */
void btx_model_decide(struct btx_model *model, const struct btx_command *command);

/* Decide a PlaceOrder or ReplaceOrder of a known account whose cseq was in order.  Returns the
 * reason why not, or BTX_MODEL_ACCEPTED. */
int btx_model_place(struct btx_model *model, const struct btx_place_order *command);
int btx_model_replace(struct btx_model *model, const struct btx_replace_order *command);

/* What a function that decides returns instead of an enum btx_reject. */
#define BTX_MODEL_ACCEPTED (-1)

#endif
