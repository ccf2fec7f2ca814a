/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/core/reject.h"

#include "engine/core/entities.h"

/* Those fields of a command that its refusal repeats. */
struct carried {
    const uint64_t *account; /* NULL where the command has none. */
    const uint64_t *market;
    const uint64_t *order;
    uint64_t cseq;
    uint64_t transfer;
    const char *ref;
    uint8_t ref_length;
};

static struct carried carried_by_place_order(const struct btx_place_order *command)
{
    const bool has_ref = command->present & BTX_PLACE_ORDER_HAS_REF;
    return (struct carried){
        .account = &command->account,
        .market = &command->market,
        .cseq = command->cseq,
        .ref = has_ref ? btx_place_order_ref(command) : NULL,
        .ref_length = command->ref_length,
    };
}

static struct carried carried_by_cancel_orders(const struct btx_cancel_orders *command)
{
    const bool has_account = command->present & BTX_CANCEL_ORDERS_HAS_ACCOUNT;
    const bool has_market = command->present & BTX_CANCEL_ORDERS_HAS_MARKET;
    return (struct carried){
        .account = has_account ? &command->account : NULL,
        .market = has_market ? &command->market : NULL,
        .cseq = command->cseq,
    };
}

static struct carried carried_by(const struct btx_command *command)
{
    const void *body = command;
    switch ((enum btx_command_type)command->record.type) {
    case BTX_COMMAND_OPEN_ACCOUNT:
    case BTX_COMMAND_FREEZE_ACCOUNT:
    case BTX_COMMAND_UNFREEZE_ACCOUNT:
        return (struct carried){.account = &((const struct btx_account_command *)body)->account};
    case BTX_COMMAND_DEPOSIT:
    case BTX_COMMAND_WITHDRAW: {
        const struct btx_funds_command *funds = body;
        return (struct carried){
            .account = &funds->account, .cseq = funds->cseq, .transfer = funds->transfer};
    }
    case BTX_COMMAND_OPEN_MARKET:
        return (struct carried){.market = &((const struct btx_open_market *)body)->market};
    case BTX_COMMAND_SUSPEND_MARKET:
    case BTX_COMMAND_RESUME_MARKET:
    case BTX_COMMAND_TURN_IN_PLAY:
    case BTX_COMMAND_VOID_MARKET:
    case BTX_COMMAND_FORGET_MARKET:
        return (struct carried){.market = &((const struct btx_market_command *)body)->market};
    case BTX_COMMAND_SETTLE_MARKET:
        return (struct carried){.market = &((const struct btx_settle_market *)body)->market};
    case BTX_COMMAND_PLACE_ORDER:
        return carried_by_place_order(body);
    case BTX_COMMAND_CANCEL_ORDER: {
        const struct btx_cancel_order *cancel = body;
        return (struct carried){
            .account = &cancel->account, .order = &cancel->order, .cseq = cancel->cseq};
    }
    case BTX_COMMAND_UPDATE_ORDER: {
        const struct btx_update_order *update = body;
        return (struct carried){
            .account = &update->account, .order = &update->order, .cseq = update->cseq};
    }
    case BTX_COMMAND_REPLACE_ORDER: {
        const struct btx_replace_order *replace = body;
        return (struct carried){
            .account = &replace->account, .order = &replace->order, .cseq = replace->cseq};
    }
    case BTX_COMMAND_CANCEL_ORDERS:
        return carried_by_cancel_orders(body);
    case BTX_COMMAND_DESCRIBE_MARKET:
        return (struct carried){.market = &((const struct btx_describe_market *)body)->market};
    case BTX_COMMAND_SET_BET_DELAY:
        return (struct carried){.market = &((const struct btx_set_bet_delay *)body)->market};
    case BTX_COMMAND_REMOVE_RUNNER:
        return (struct carried){.market = &((const struct btx_remove_runner *)body)->market};
    case BTX_COMMAND_TICK:
        return (struct carried){0};
    }
    CHECK_UNREACHABLE();
}

bool btx_reject_command(struct run *run, enum btx_reject reason)
{
    const struct carried carried = carried_by(run->command);
    struct btx_command_rejected *event =
        tx_event(run, BTX_EVENT_COMMAND_REJECTED, sizeof *event, carried.ref_length);
    event->cmd = run->command->record.type;
    event->reason = (uint8_t)reason;
    event->cseq = carried.cseq;
    event->transfer = carried.transfer;
    if (carried.account != NULL) {
        event->account = *carried.account;
        event->present |= BTX_COMMAND_REJECTED_HAS_ACCOUNT;
    }
    if (carried.market != NULL) {
        event->market = *carried.market;
        event->present |= BTX_COMMAND_REJECTED_HAS_MARKET;
    }
    if (carried.order != NULL) {
        event->order = *carried.order;
        event->present |= BTX_COMMAND_REJECTED_HAS_ORDER;
    }
    if (carried.ref != NULL) {
        event->ref_length = carried.ref_length;
        event->present |= BTX_COMMAND_REJECTED_HAS_REF;
        memcpy(event + 1, carried.ref, carried.ref_length);
    }
    struct account *account =
        carried.account == NULL ? NULL : btx_find_account(run->core, *carried.account);
    btx_change_command_rejected(event, account);
    return true;
}

struct account *btx_account_or_reject(struct run *run, uint64_t id, uint64_t cseq,
                                      uint64_t transfer)
{
    struct account *account = btx_find_account(run->core, id);
    if (account == NULL) {
        (void)btx_reject_command(run, BTX_REJECT_UNKNOWN_ACCOUNT);
        return NULL;
    }
    if ((cseq != 0 && cseq <= account->cseq) || (transfer != 0 && transfer <= account->transfer)) {
        (void)btx_reject_command(run, BTX_REJECT_DUPLICATE);
        return NULL;
    }
    return account;
}
