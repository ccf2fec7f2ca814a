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

/* Random choices that both files make. */
uint64_t btx_flow_pick_account(struct btx_flow *flow, const struct btx_model *model);
void btx_flow_cancel_orders(struct btx_flow *flow, const struct btx_model *model,
                            union btx_command_space *space);
void btx_flow_settle(struct btx_flow *flow, const struct btx_model_market *market,
                     union btx_command_space *space);

#endif
