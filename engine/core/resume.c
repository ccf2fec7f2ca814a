/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/core/resume.h"

#include "engine/core/cancel_batches.h"
#include "engine/core/entities.h"
#include "engine/core/markets.h"
#include "engine/core/matching.h"
#include "engine/core/reject.h"

bool btx_resume_in_work(const struct btx_core *core)
{
    const struct work *work = &core->work;
    return work->taker != NO_SLOT || work->settling != NO_SLOT || work->voiding != NO_SLOT;
}

static uint32_t live_orders(const struct market *market)
{
    return market->live[BTX_SIDE_BACK] + market->live[BTX_SIDE_LAY];
}

/* The taker has something left to do: to match, or to be cancelled. */
static bool taker_fits(const struct btx_core *core)
{
    if (core->work.taker == NO_SLOT || core->work.settling != NO_SLOT ||
        core->work.voiding != NO_SLOT)
        return false;
    return btx_taker_has_more(core);
}

static bool turn_in_play_fits(struct btx_core *core)
{
    const struct btx_market_command *command = (const void *)&core->pending;
    const struct market *market = btx_find_market(core, command->market);
    if (btx_resume_in_work(core) || market == NULL || !market->in_play)
        return false;
    const struct order_filter filter = {
        .market = slot_of_market(core, market), .side = BTX_SIDE_COUNT, .lapsing_only = true};
    return btx_cancel_any(core, &filter);
}

static bool removal_fits(struct btx_core *core)
{
    const struct btx_remove_runner *command = (const void *)&core->pending;
    const struct market *market = btx_find_market(core, command->market);
    if (btx_resume_in_work(core) || market == NULL)
        return false;
    const struct runner *runner =
        btx_find_runner(core, slot_of_market(core, market), command->runner);
    if (runner == NULL || !runner->removed)
        return false;
    const struct order_filter filter = btx_removal_filter(core, market, command);
    return btx_cancel_any(core, &filter);
}

static bool void_fits(struct btx_core *core)
{
    const struct btx_market_command *command = (const void *)&core->pending;
    const struct market *market = btx_find_market(core, command->market);
    return market != NULL && core->work.voiding == slot_of_market(core, market) &&
           core->work.settling == NO_SLOT && core->work.taker == NO_SLOT && live_orders(market) > 0;
}

/* MarketSettled is always left. */
static bool settle_fits(struct btx_core *core)
{
    const struct btx_settle_market *command = (const void *)&core->pending;
    const struct market *market = btx_find_market(core, command->market);
    return market != NULL && core->work.settling == slot_of_market(core, market) &&
           core->work.voiding == NO_SLOT && core->work.taker == NO_SLOT &&
           btx_winners_are_valid(core, market, command);
}

static bool freeze_fits(struct btx_core *core)
{
    const struct btx_account_command *command = (const void *)&core->pending;
    const struct account *account = btx_find_account(core, command->account);
    if (btx_resume_in_work(core) || account == NULL || !account->frozen)
        return false;
    const struct order_filter filter = {.account = slot_of_account(core, account),
                                        .side = BTX_SIDE_COUNT};
    return btx_cancel_any(core, &filter);
}

static bool cancel_orders_fits(struct btx_core *core)
{
    const struct btx_cancel_orders *command = (const void *)&core->pending;
    struct order_filter filter;
    return !btx_resume_in_work(core) &&
           (!(command->present & BTX_CANCEL_ORDERS_HAS_ACCOUNT) ||
            btx_find_account(core, command->account) != NULL) &&
           btx_order_filter_read(core, command, &filter) == ACCEPTABLE &&
           btx_cancel_any(core, &filter);
}

bool btx_resume_fits(struct btx_core *core)
{
    switch ((enum btx_command_type)core->pending.command.record.type) {
    case BTX_COMMAND_PLACE_ORDER:
    case BTX_COMMAND_REPLACE_ORDER:
    case BTX_COMMAND_TICK: /* of something due: a release */
        return taker_fits(core);
    case BTX_COMMAND_REMOVE_RUNNER:
        return removal_fits(core);
    case BTX_COMMAND_TURN_IN_PLAY:
        return turn_in_play_fits(core);
    case BTX_COMMAND_VOID_MARKET:
        return void_fits(core);
    case BTX_COMMAND_SETTLE_MARKET:
        return settle_fits(core);
    case BTX_COMMAND_FREEZE_ACCOUNT:
        return freeze_fits(core);
    case BTX_COMMAND_CANCEL_ORDERS:
        return cancel_orders_fits(core);
    case BTX_COMMAND_OPEN_ACCOUNT:
    case BTX_COMMAND_DEPOSIT:
    case BTX_COMMAND_WITHDRAW:
    case BTX_COMMAND_UNFREEZE_ACCOUNT:
    case BTX_COMMAND_OPEN_MARKET:
    case BTX_COMMAND_SUSPEND_MARKET:
    case BTX_COMMAND_RESUME_MARKET:
    case BTX_COMMAND_CANCEL_ORDER:
    case BTX_COMMAND_UPDATE_ORDER:
    case BTX_COMMAND_FORGET_MARKET:
    case BTX_COMMAND_DESCRIBE_MARKET:
    case BTX_COMMAND_SET_BET_DELAY:
        /* One tx is all they make. */
        return false;
    }
    CHECK_UNREACHABLE();
}
