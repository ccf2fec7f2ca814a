/* SPDX-License-Identifier: Apache-2.0 */
/* account_commands.c - opening accounts, their funds, freezing them. */
#include "engine/core/cancel_batches.h"
#include "engine/core/commands.h"
#include "engine/core/entities.h"
#include "engine/core/reject.h"
#include "engine/core/risk.h"

bool btx_execute_open_account(struct run *run, const struct btx_open_account *command)
{
    struct btx_core *core = run->core;
    if (command->account == 0)
        return btx_reject_command(run, BTX_REJECT_INVALID_ACCOUNT);
    if (btx_find_account(core, command->account) != NULL)
        return btx_reject_command(run, BTX_REJECT_ACCOUNT_EXISTS);
    if (core->accounts.used == core->accounts.capacity)
        return btx_reject_command(run, BTX_REJECT_CAPACITY);
    struct btx_account_event *event = tx_event(run, BTX_EVENT_ACCOUNT_OPENED, sizeof *event, 0);
    event->account = command->account;
    btx_change_account_opened(core, event);
    return true;
}

static bool amount_is_valid(int64_t amount)
{
    return amount > 0 && amount <= BTX_MONEY_MAX;
}

static bool emit_funds(struct run *run, enum btx_event_type type, struct account *account,
                       const struct btx_funds_command *command)
{
    struct btx_funds_event *event = tx_event(run, type, sizeof *event, 0);
    event->account = command->account;
    event->amount = command->amount;
    event->balance = (int64_t)account->balance;
    event->balance += type == BTX_EVENT_FUNDS_DEPOSITED ? command->amount : -command->amount;
    event->cseq = command->cseq;
    event->transfer = command->transfer;
    btx_change_funds(run->core, event, account);
    return true;
}

bool btx_execute_deposit(struct run *run, const struct btx_funds_command *command)
{
    struct account *account =
        btx_account_or_reject(run, command->account, command->cseq, command->transfer);
    if (account == NULL)
        return true;
    if (!amount_is_valid(command->amount) ||
        run->core->clients_sum + command->amount > BTX_MONEY_MAX ||
        account->balance + command->amount > BTX_MONEY_MAX)
        return btx_reject_command(run, BTX_REJECT_INVALID_AMOUNT);
    return emit_funds(run, BTX_EVENT_FUNDS_DEPOSITED, account, command);
}

bool btx_execute_withdraw(struct run *run, const struct btx_funds_command *command)
{
    struct account *account =
        btx_account_or_reject(run, command->account, command->cseq, command->transfer);
    if (account == NULL)
        return true;
    if (account->frozen)
        return btx_reject_command(run, BTX_REJECT_ACCOUNT_FROZEN);
    if (!amount_is_valid(command->amount))
        return btx_reject_command(run, BTX_REJECT_INVALID_AMOUNT);
    if (command->amount > risk_available(account))
        return btx_reject_command(run, BTX_REJECT_INSUFFICIENT_FUNDS);
    return emit_funds(run, BTX_EVENT_FUNDS_WITHDRAWN, account, command);
}

/* AccountFrozen or AccountUnfrozen, unless the account is so already. */
static bool set_frozen(struct run *run, const struct btx_account_command *command, bool frozen,
                       struct account **ret_account)
{
    struct account *account = btx_account_or_reject(run, command->account, 0, 0);
    if (account == NULL)
        return false;
    if (account->frozen == frozen) {
        (void)btx_reject_command(run, BTX_REJECT_NO_CHANGE);
        return false;
    }
    struct btx_account_event *event = tx_event(
        run, frozen ? BTX_EVENT_ACCOUNT_FROZEN : BTX_EVENT_ACCOUNT_UNFROZEN, sizeof *event, 0);
    event->account = command->account;
    change_account_frozen(account, frozen);
    *ret_account = account;
    return true;
}

bool btx_execute_freeze_account(struct run *run, const struct btx_account_command *command)
{
    struct account *account = btx_find_account(run->core, command->account);
    if (!run->resumed && !set_frozen(run, command, true, &account))
        return true;
    const struct order_filter filter = {.account = slot_of_account(run->core, account),
                                        .side = BTX_SIDE_COUNT};
    return btx_cancel_batches(run, &filter, BTX_CAUSE_FROZEN, 0);
}

bool btx_execute_unfreeze_account(struct run *run, const struct btx_account_command *command)
{
    struct account *account;
    (void)set_frozen(run, command, false, &account);
    return true;
}
