/* SPDX-License-Identifier: Apache-2.0 */
/* commands.h - one function for each command, private to this folder.
 *
 * Each decides by rules.md 4 to 6: it checks in the order of the reasons, refuses with reject(),
 * or emits its events, changing the state by each.  Everything that can be refused is refused
 * before the first event.  Each returns true when the command is finished, and false when its tx
 * is full before that: it is then called again with run->resumed set and finds in the state what
 * is left to do. */
#ifndef BTX_CORE_COMMANDS_H
#define BTX_CORE_COMMANDS_H

#include "engine/core/tx.h"

bool open_account(struct run *run, const struct btx_open_account *command);
bool deposit(struct run *run, const struct btx_funds_command *command);
bool withdraw(struct run *run, const struct btx_funds_command *command);
bool freeze_account(struct run *run, const struct btx_account_command *command);
bool unfreeze_account(struct run *run, const struct btx_account_command *command);

bool open_market(struct run *run, const struct btx_open_market *command);
bool suspend_market(struct run *run, const struct btx_market_command *command);
bool resume_market(struct run *run, const struct btx_market_command *command);
bool turn_in_play(struct run *run, const struct btx_market_command *command);
bool void_market(struct run *run, const struct btx_market_command *command);
bool forget_market(struct run *run, const struct btx_market_command *command);
bool settle_market(struct run *run, const struct btx_settle_market *command);

bool place_order(struct run *run, const struct btx_place_order *command);
bool cancel_order(struct run *run, const struct btx_cancel_order *command);
bool update_order(struct run *run, const struct btx_update_order *command);
bool replace_order(struct run *run, const struct btx_replace_order *command);
bool cancel_orders(struct run *run, const struct btx_cancel_orders *command);

#endif
