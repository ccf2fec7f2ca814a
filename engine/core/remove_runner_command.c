/* SPDX-License-Identifier: Apache-2.0 */
/* remove_runner_command.c - RemoveRunner (rules-2.md 6). */
#include "engine/core/cancel_batches.h"
#include "engine/core/commands.h"
#include "engine/core/entities.h"
#include "engine/core/markets.h"
#include "engine/core/reject.h"

static bool factor_is_valid(const struct market *market, int64_t factor)
{
    return market->kind == BTX_MARKET_KIND_ODDS && factor >= 0 && factor <= BTX_FACTOR_MAX &&
           factor % BTX_FACTOR_STEP == 0 && (factor == 0 || market->reductions);
}

static enum btx_reject judge(const struct market *market, const struct runner *runner,
                             int64_t factor)
{
    if (!factor_is_valid(market, factor))
        return BTX_REJECT_INVALID_MARKET;
    if (runner == NULL)
        return BTX_REJECT_UNKNOWN_RUNNER;
    if (runner->removed)
        return BTX_REJECT_RUNNER_REMOVED;
    return market->runner_count - market->removed_count - 1 > market->winners
               ? ACCEPTABLE
               : BTX_REJECT_TOO_FEW_RUNNERS;
}

static void emit_removed(struct run *run, struct market *market, struct runner *runner,
                         uint32_t factor)
{
    struct btx_runner_removed *event = tx_event(run, BTX_EVENT_RUNNER_REMOVED, sizeof *event, 0);
    event->market = market->id;
    event->runner = runner->id;
    event->factor = factor;
    btx_change_runner_removed(run->core, event, market, runner);
}

struct order_filter btx_removal_filter(struct btx_core *core, const struct market *market,
                                       const struct btx_remove_runner *command)
{
    const uint32_t market_slot = slot_of_market(core, market);
    const struct runner *runner = btx_find_runner(core, market_slot, command->runner);
    return (struct order_filter){
        .market = market_slot,
        .runner = command->factor > 0 ? NO_SLOT : slot_of_runner(core, runner),
        .side = BTX_SIDE_COUNT,
    };
}

bool btx_execute_remove_runner(struct run *run, const struct btx_remove_runner *command)
{
    struct btx_core *core = run->core;
    struct market *market = btx_find_market(core, command->market);
    if (!run->resumed) {
        market = btx_market_or_reject(run, command->market);
        if (market == NULL)
            return true;
        struct runner *runner =
            btx_find_runner(core, slot_of_market(core, market), command->runner);
        const enum btx_reject reason = judge(market, runner, command->factor);
        if (reason != ACCEPTABLE)
            return btx_reject_command(run, reason);
        emit_removed(run, market, runner, (uint32_t)command->factor);
    }
    const struct order_filter filter = btx_removal_filter(core, market, command);
    return btx_cancel_batches(run, &filter, BTX_CAUSE_RUNNER_REMOVED, 0);
}
