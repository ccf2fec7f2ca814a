/* SPDX-License-Identifier: Apache-2.0 */
/* apply.c - records of a log, one by one, onto a state.
 *
 * Every case finds what the event names, refuses what cannot have happened in this state, and
 * then calls the same function of change.h that step calls.  The checks are not a re-execution:
 * they make sure that no record, however wrong, breaks the state's own invariants. */
#include "engine/core/apply.h"

#include <string.h>

#include "engine/core/change.h"
#include "engine/core/entities.h"
#include "engine/core/resume.h"
#include "engine/core/risk.h"
#include "engine/core/rules_version.h"
#include "engine/wire/notes.h"

static const char *apply_account_opened(struct btx_core *core,
                                        const struct btx_account_event *event)
{
    if (event->account == 0 || btx_find_account(core, event->account) != NULL)
        return "AccountOpened: the account exists";
    if (core->accounts.used == core->accounts.capacity)
        return "AccountOpened: more accounts than the capacity";
    btx_change_account_opened(core, event);
    return NULL;
}

static bool consumes_old(const struct account *account, uint64_t cseq, uint64_t transfer)
{
    return (cseq != 0 && cseq <= account->cseq) || (transfer != 0 && transfer <= account->transfer);
}

static const char *apply_funds(struct btx_core *core, const struct btx_funds_event *event)
{
    struct account *account = btx_find_account(core, event->account);
    if (account == NULL)
        return "Funds: the account does not exist";
    const bool deposit = event->record.type == BTX_EVENT_FUNDS_DEPOSITED;
    const btx_i128 change = deposit ? event->amount : -(btx_i128)event->amount;
    if (account->balance + change != event->balance)
        return "Funds: the balance is not the one before and the amount";
    if (deposit ? core->clients_sum + change > BTX_MONEY_MAX || event->balance > BTX_MONEY_MAX
                : event->balance < 0)
        return "Funds: more than there may be, or is";
    if (consumes_old(account, event->cseq, event->transfer))
        return "Funds: cseq or transfer was consumed before";
    if (!deposit && event->amount > risk_available(account))
        return "FundsWithdrawn: more than was available";
    btx_change_funds(core, event, account);
    return NULL;
}

static const char *apply_frozen(struct btx_core *core, const struct btx_account_event *event)
{
    struct account *account = btx_find_account(core, event->account);
    const bool frozen = event->record.type == BTX_EVENT_ACCOUNT_FROZEN;
    if (account == NULL || account->frozen == frozen)
        return "AccountFrozen or AccountUnfrozen: no such account, or no change";
    change_account_frozen(account, frozen);
    return NULL;
}

static const char *apply_rejected(struct btx_core *core, const struct btx_command_rejected *event)
{
    struct account *account = NULL;
    if (event->present & BTX_COMMAND_REJECTED_HAS_ACCOUNT)
        account = btx_find_account(core, event->account);
    const bool consumes = event->reason != BTX_REJECT_DUPLICATE && event->reason != BTX_REJECT_BUSY;
    if (account != NULL && consumes && consumes_old(account, event->cseq, event->transfer))
        return "CommandRejected: cseq or transfer was consumed before";
    btx_change_command_rejected(event, account);
    return NULL;
}

static const char *apply_event(struct btx_core *core, const struct btx_record *record)
{
    const void *event = record;
    switch ((enum btx_event_type)record->type) {
    case BTX_EVENT_ACCOUNT_OPENED:
        return apply_account_opened(core, event);
    case BTX_EVENT_FUNDS_DEPOSITED:
    case BTX_EVENT_FUNDS_WITHDRAWN:
        return apply_funds(core, event);
    case BTX_EVENT_ACCOUNT_FROZEN:
    case BTX_EVENT_ACCOUNT_UNFROZEN:
        return apply_frozen(core, event);
    case BTX_EVENT_MARKET_OPENED:
        return btx_apply_market_opened(core, event);
    case BTX_EVENT_MARKET_SUSPENDED:
    case BTX_EVENT_MARKET_RESUMED:
    case BTX_EVENT_MARKET_TURNED_IN_PLAY:
    case BTX_EVENT_MARKET_VOIDED:
    case BTX_EVENT_MARKET_FORGOTTEN:
        return btx_apply_market_event(core, event);
    case BTX_EVENT_ORDER_ACCEPTED:
        return btx_apply_order_accepted(core, event);
    case BTX_EVENT_TRADE_MATCHED:
        return btx_apply_trade_matched(core, event);
    case BTX_EVENT_ORDER_CANCELLED:
        return btx_apply_order_cancelled(core, event);
    case BTX_EVENT_ORDER_UPDATED:
        return btx_apply_order_updated(core, event);
    case BTX_EVENT_ORDER_CANCELLED_BATCHED:
        return btx_apply_orders_cancelled(core, event);
    case BTX_EVENT_MARKET_SETTLING:
        return btx_apply_market_settling(core, event);
    case BTX_EVENT_ACCOUNT_SETTLED:
        return btx_apply_account_settled(core, event);
    case BTX_EVENT_MARKET_SETTLED:
        return btx_apply_market_settled(core, event);
    case BTX_EVENT_COMMAND_REJECTED:
        return apply_rejected(core, event);
    case BTX_EVENT_MARKET_DESCRIBED:
        return btx_apply_market_described(core, event);
    case BTX_EVENT_BET_DELAY_SET:
        return btx_apply_bet_delay_set(core, event);
    case BTX_EVENT_RUNNER_REMOVED:
        return btx_apply_runner_removed(core, event);
    case BTX_EVENT_ORDER_HELD:
        return btx_apply_order_held(core, event);
    case BTX_EVENT_ORDER_RELEASED:
        return btx_apply_order_released(core, event);
    case BTX_EVENT_IMPLIED_MATCHED:
        return btx_apply_implied_matched(core, event);
    }
    CHECK_UNREACHABLE();
}

static const char *apply_command(struct btx_core *core, const struct btx_record *record)
{
    if (core->has_pending || core->tx_open || core->orphaned)
        return "command: the one before it has not ended";
    if (record->seq != core->seq + 1 || record->tx != core->tx + 1 ||
        record->time_ns < core->time_ns)
        return "command: seq, tx or time does not follow";
    const struct btx_command *command = (const void *)record;
    const char *wrong = btx_rules_wrong(core, command);
    if (wrong != NULL)
        return wrong;
    core->rules_version = rules_of(command);
    memcpy(&core->pending, record, btx_record_length_bytes(record));
    /* A sealed record and one that was never sealed are the same command. */
    core->pending.command.record.crc = 0;
    core->has_pending = true;
    return NULL;
}

static const char *apply_flags(struct btx_core *core, const struct btx_record *record)
{
    core->tx_open = !(record->kind_flags & BTX_RECORD_TX_END);
    if (record->kind_flags & BTX_RECORD_COMMAND_END) {
        const char *wrong = btx_apply_may_end(core);
        core->orphaned = false;
        if (wrong == NULL)
            btx_change_command_end(core);
        return wrong;
    }
    core->orphaned = !core->tx_open && !core->has_pending;
    if (!core->tx_open && core->has_pending && !btx_resume_fits(core))
        return "tx: its events are not those of the pending command";
    return NULL;
}

/* An exchange in which nothing has happened is of the rules by which it was started: nothing else
 * tells how its digest was made. */
static void apply_note(struct btx_core *core, const struct btx_record *record)
{
    const struct btx_engine_started *started = (const void *)record;
    if (record->type == BTX_NOTE_ENGINE_STARTED && core->seq == 0 && !core->has_pending &&
        started->rules_version >= 1 && started->rules_version <= BTX_RULES_VERSION)
        core->rules_version = started->rules_version;
}

const char *btx_core_apply(struct btx_core *core, const struct btx_record *record)
{
    const enum btx_record_kind kind = btx_record_kind(record);
    if (kind == BTX_RECORD_NOTE) {
        apply_note(core, record);
        return NULL;
    }
    if (kind == BTX_RECORD_COMMAND)
        return apply_command(core, record);
    const uint64_t tx = core->tx_open ? core->tx : core->tx + 1;
    if (record->seq != core->seq + 1 || record->tx != tx || record->time_ns < core->time_ns)
        return "event: seq, tx or time does not follow";
    core->walk.kind = WALK_NONE;
    const char *wrong = btx_rules_wrong_event(core, record);
    if (wrong == NULL)
        wrong = apply_event(core, record);
    if (wrong != NULL)
        return wrong;
    change_counters(core, record);
    core->now_ns = core->now_ns < record->time_ns ? record->time_ns : core->now_ns;
    return apply_flags(core, record);
}
