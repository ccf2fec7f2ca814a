/* SPDX-License-Identifier: Apache-2.0 */
/* commands.h - one function for each command, private to this folder.
 *
 * Each decides by rules.md 4 to 6: it checks in the order of the reasons, refuses with
 * btx_reject_command(), or emits its events, changing the state by each.  Everything that can be
 * refused is refused before the first event.  Each returns true when the command is finished, and
 * false when its tx is full before that: it is then called again with run->resumed set and finds
 * in the state what is left to do. */
#ifndef BTX_CORE_COMMANDS_H
#define BTX_CORE_COMMANDS_H

#include "engine/core/tx.h"

bool btx_execute_open_account(struct run *run, const struct btx_open_account *command);
bool btx_execute_deposit(struct run *run, const struct btx_funds_command *command);
bool btx_execute_withdraw(struct run *run, const struct btx_funds_command *command);
bool btx_execute_freeze_account(struct run *run, const struct btx_account_command *command);
bool btx_execute_unfreeze_account(struct run *run, const struct btx_account_command *command);

bool btx_execute_open_market(struct run *run, const struct btx_open_market *command);
bool btx_execute_suspend_market(struct run *run, const struct btx_market_command *command);
bool btx_execute_resume_market(struct run *run, const struct btx_market_command *command);
bool btx_execute_turn_in_play(struct run *run, const struct btx_market_command *command);
bool btx_execute_void_market(struct run *run, const struct btx_market_command *command);
bool btx_execute_forget_market(struct run *run, const struct btx_market_command *command);
bool btx_execute_settle_market(struct run *run, const struct btx_settle_market *command);

bool btx_execute_describe_market(struct run *run, const struct btx_describe_market *command);
bool btx_execute_set_bet_delay(struct run *run, const struct btx_set_bet_delay *command);
bool btx_execute_remove_runner(struct run *run, const struct btx_remove_runner *command);

/* The first of what has fallen due, which must be there. */
bool btx_execute_due(struct run *run);

bool btx_execute_place_order(struct run *run, const struct btx_place_order *command);
bool btx_execute_cancel_order(struct run *run, const struct btx_cancel_order *command);
bool btx_execute_update_order(struct run *run, const struct btx_update_order *command);
bool btx_execute_replace_order(struct run *run, const struct btx_replace_order *command);
bool btx_execute_cancel_orders(struct run *run, const struct btx_cancel_orders *command);

#endif
