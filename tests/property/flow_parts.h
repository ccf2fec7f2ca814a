/* SPDX-License-Identifier: Apache-2.0 */
/* flow_parts.h - private to the flow generator: what its files share. */
#ifndef BTX_PROPERTY_FLOW_PARTS_H
#define BTX_PROPERTY_FLOW_PARTS_H

#include "tests/property/flow.h"

/* Begin a command of @type at the flow's next moment. */
void *btx_flow_begin(struct btx_flow *flow, union btx_command_space *space,
                     enum btx_command_type type);

/* The next step of the theme's story; false when it has none just now. */
bool btx_flow_tell(struct btx_flow *flow, struct btx_model *model, union btx_command_space *space);

/* Random choices that several files make. */
uint64_t btx_flow_pick_account(struct btx_flow *flow, const struct btx_model *model);
void btx_flow_place_for(struct btx_flow *flow, struct btx_model *model, uint64_t account,
                        union btx_command_space *space);
void btx_flow_replace(struct btx_flow *flow, struct btx_model *model, uint64_t account,
                      uint64_t order_id, union btx_command_space *space);
void btx_flow_cancel_orders(struct btx_flow *flow, const struct btx_model *model,
                            union btx_command_space *space);
void btx_flow_settle(struct btx_flow *flow, const struct btx_model_market *market,
                     union btx_command_space *space);

bool btx_flow_is_second(const struct btx_flow *flow); /* Whether its theme is of rules-2.md. */
bool btx_flow_wrong(struct btx_flow *flow);
uint64_t btx_flow_pick_market(struct btx_flow *flow, const struct btx_model *model);
const struct btx_model_market *btx_flow_pick_known_market(struct btx_flow *flow,
                                                          const struct btx_model *model);
uint64_t btx_flow_pick_runner(struct btx_flow *flow, const struct btx_model_market *market);

/* What rules-2.md adds (flow_second.c): to commands of rules.md, ... */
void btx_flow_pick_second_stage(struct btx_flow *flow, struct btx_open_market *command,
                                size_t runner_count);
void btx_flow_pick_moments(struct btx_flow *flow, const struct btx_model_market *market,
                           struct btx_place_order *command);
void btx_flow_meet(struct btx_flow *flow, const struct btx_model *model,
                   struct btx_model_order *order);
uint64_t btx_flow_finest_near(uint64_t price, uint64_t away);
uint64_t btx_flow_implied_price(struct btx_flow *flow, const struct btx_model *model,
                                const struct btx_model_market *market, uint64_t runner);
/* ... its own ones, ... */
void btx_flow_describe_market(struct btx_flow *flow, const struct btx_model *model,
                              union btx_command_space *space);
void btx_flow_set_bet_delay(struct btx_flow *flow, const struct btx_model *model,
                            union btx_command_space *space);
void btx_flow_remove_runner(struct btx_flow *flow, const struct btx_model *model,
                            union btx_command_space *space);
/* ... what its themes are about, false when that is nothing just now, ... */
bool btx_flow_tell_second(struct btx_flow *flow, struct btx_model *model,
                          union btx_command_space *space);
bool btx_flow_tell_removal(struct btx_flow *flow, struct btx_model *model,
                           union btx_command_space *space);
/* ... and time: know the next moment at which something falls due, and how far it is to the next
 * command. */
void btx_flow_see_moment(struct btx_flow *flow, const struct btx_model *model);
uint64_t btx_flow_step_of_time(struct btx_flow *flow);

#endif
