/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/core/change.h"
#include "engine/core/entities.h"

void btx_change_account_opened(struct btx_core *core, const struct btx_account_event *event)
{
    (void)btx_make_account(core, event->account);
}

void btx_change_funds(struct btx_core *core, const struct btx_funds_event *event,
                      struct account *account)
{
    const btx_i128 change = event->balance - account->balance;
    account->balance = event->balance;
    core->clients_sum += change;
    core->net_deposits += change;
    change_consumed(account, event->cseq, event->transfer);
}

void btx_change_command_rejected(const struct btx_command_rejected *event, struct account *account)
{
    if (account != NULL && event->reason != BTX_REJECT_DUPLICATE &&
        event->reason != BTX_REJECT_BUSY)
        change_consumed(account, event->cseq, event->transfer);
}
