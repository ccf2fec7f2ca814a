/* SPDX-License-Identifier: Apache-2.0 */
/* market_commands.c - a market's life but for its settlement. */
#include "engine/core/cancel_batches.h"
#include "engine/core/commands.h"
#include "engine/core/description.h"
#include "engine/core/entities.h"
#include "engine/core/heap.h"
#include "engine/core/ladder.h"
#include "engine/core/markets.h"
#include "engine/core/reject.h"

bool btx_runner_ids_are_valid(struct btx_core *core, const uint64_t *ids, uint32_t count)
{
    struct heap *sorter = &core->sorter;
    if (count < BTX_RUNNERS_MIN || count > BTX_RUNNERS_MAX)
        return false;
    sorter->count = 0;
    for (uint32_t i = 0; i < count; i++)
        heap_append(sorter, ids[i], i);
    btx_heap_build(sorter);
    uint64_t previous = 0;
    while (sorter->count > 0) {
        const uint64_t id = heap_top(sorter).key;
        if (id == previous)
            return false;
        previous = id;
        btx_heap_drop_top(sorter);
    }
    return true;
}

bool btx_tick_is_valid(uint64_t tick)
{
    return tick == 1 || tick == 10 || tick == 100;
}

static bool odds_are_valid(struct btx_core *core, const struct btx_open_market *command)
{
    const bool implied_fits =
        !command->implied || (command->runners_count == 2 && !command->reductions);
    return btx_runner_ids_are_valid(core, btx_open_market_runners(command),
                                    command->runners_count) &&
           command->winners >= 1 && command->winners < command->runners_count && implied_fits;
}

static bool binary_is_valid(const struct btx_open_market *command)
{
    const bool has_runners = command->present & BTX_OPEN_MARKET_HAS_RUNNERS;
    const bool has_winners = command->present & BTX_OPEN_MARKET_HAS_WINNERS;
    return (!has_runners ||
            (command->runners_count == 1 && btx_open_market_runners(command)[0] == 1)) &&
           (!has_winners || command->winners == 1) && btx_tick_is_valid(command->tick);
}

static bool market_is_valid(struct btx_core *core, const struct btx_open_market *command)
{
    const bool kind_fits = command->kind == BTX_MARKET_KIND_ODDS ? odds_are_valid(core, command)
                                                                 : binary_is_valid(command);
    return kind_fits && command->market != 0 && command->min_size > 0 &&
           command->min_size <= BTX_MONEY_MAX &&
           command->min_size % ladder_size_step(command->kind) == 0 && command->commission >= 0 &&
           command->commission <= BTX_COMMISSION_MAX && command->bet_delay <= BTX_BET_DELAY_MS_MAX;
}

bool btx_execute_open_market(struct run *run, const struct btx_open_market *command)
{
    struct btx_core *core = run->core;
    const bool binary = command->kind == BTX_MARKET_KIND_BINARY;
    static const uint64_t binary_runner = 1;
    const uint64_t *runners = binary ? &binary_runner : btx_open_market_runners(command);
    const uint16_t count = binary ? 1 : command->runners_count;
    if (!market_is_valid(core, command))
        return btx_reject_command(run, BTX_REJECT_INVALID_MARKET);
    if (btx_find_market(core, command->market) != NULL)
        return btx_reject_command(run, BTX_REJECT_MARKET_EXISTS);
    if (core->markets.used == core->markets.capacity ||
        core->runners.capacity - core->runners.used < count)
        return btx_reject_command(run, BTX_REJECT_CAPACITY);
    struct btx_market_opened *event =
        tx_event(run, BTX_EVENT_MARKET_OPENED, sizeof *event, 8u * (size_t)count);
    event->market = command->market;
    event->min_size = command->min_size;
    event->winners = binary ? 1 : (uint32_t)command->winners;
    event->commission = (uint32_t)command->commission;
    event->tick = (uint32_t)command->tick;
    event->runners_count = count;
    event->kind = command->kind;
    event->present = binary ? BTX_MARKET_OPENED_HAS_TICK : 0;
    event->bet_delay = (uint32_t)command->bet_delay;
    event->reductions = command->reductions;
    event->implied = command->implied;
    event->ladder = command->ladder;
    memcpy(event + 1, runners, 8u * (size_t)count);
    btx_change_market_opened(core, event);
    return true;
}

struct market *btx_market_or_reject(struct run *run, uint64_t id)
{
    struct market *market = btx_find_market(run->core, id);
    if (market == NULL) {
        (void)btx_reject_command(run, BTX_REJECT_UNKNOWN_MARKET);
        return NULL;
    }
    if (market->status == BTX_MARKET_CLOSED) {
        (void)btx_reject_command(run, BTX_REJECT_MARKET_CLOSED);
        return NULL;
    }
    return market;
}

static void emit_market_event(struct run *run, enum btx_event_type type,
                              const struct market *market)
{
    struct btx_market_event *event = tx_event(run, type, sizeof *event, 0);
    event->market = market->id;
}

bool btx_execute_suspend_market(struct run *run, const struct btx_market_command *command)
{
    struct market *market = btx_market_or_reject(run, command->market);
    if (market == NULL)
        return true;
    if (market->status == BTX_MARKET_SUSPENDED)
        return btx_reject_command(run, BTX_REJECT_NO_CHANGE);
    emit_market_event(run, BTX_EVENT_MARKET_SUSPENDED, market);
    change_market_status(run->core, market, BTX_MARKET_SUSPENDED);
    return true;
}

bool btx_execute_resume_market(struct run *run, const struct btx_market_command *command)
{
    struct market *market = btx_market_or_reject(run, command->market);
    if (market == NULL)
        return true;
    if (market->status == BTX_MARKET_OPEN)
        return btx_reject_command(run, BTX_REJECT_NO_CHANGE);
    emit_market_event(run, BTX_EVENT_MARKET_RESUMED, market);
    change_market_status(run->core, market, BTX_MARKET_OPEN);
    return true;
}

/* Cancels every order of the market, or with @lapsing_only those that lapse in play. */
static bool cancel_all_of(struct run *run, const struct market *market, bool lapsing_only,
                          enum btx_cause cause)
{
    const struct order_filter filter = {.market = slot_of_market(run->core, market),
                                        .side = BTX_SIDE_COUNT,
                                        .lapsing_only = lapsing_only};
    return btx_cancel_batches(run, &filter, cause, 0);
}

bool btx_execute_turn_in_play(struct run *run, const struct btx_market_command *command)
{
    struct market *market = btx_find_market(run->core, command->market);
    if (!run->resumed) {
        market = btx_market_or_reject(run, command->market);
        if (market == NULL)
            return true;
        if (market->in_play)
            return btx_reject_command(run, BTX_REJECT_NO_CHANGE);
        emit_market_event(run, BTX_EVENT_MARKET_TURNED_IN_PLAY, market);
        change_market_in_play(run->core, market);
    }
    return cancel_all_of(run, market, true, BTX_CAUSE_LAPSED);
}

bool btx_execute_describe_market(struct run *run, const struct btx_describe_market *command)
{
    struct market *market = btx_market_or_reject(run, command->market);
    if (market == NULL)
        return true;
    if (!btx_description_fits(run->core, market, command->text_length))
        return btx_reject_command(run, BTX_REJECT_CAPACITY);
    struct btx_market_described *event =
        tx_event(run, BTX_EVENT_MARKET_DESCRIBED, sizeof *event, command->text_length);
    event->market = market->id;
    event->text_length = command->text_length;
    memcpy(event + 1, btx_describe_market_text(command), command->text_length);
    btx_change_market_described(run->core, event, market);
    return true;
}

bool btx_execute_set_bet_delay(struct run *run, const struct btx_set_bet_delay *command)
{
    struct market *market = btx_market_or_reject(run, command->market);
    if (market == NULL)
        return true;
    if (command->bet_delay > BTX_BET_DELAY_MS_MAX)
        return btx_reject_command(run, BTX_REJECT_INVALID_MARKET);
    if (market->bet_delay == command->bet_delay)
        return btx_reject_command(run, BTX_REJECT_NO_CHANGE);
    struct btx_bet_delay_set *event = tx_event(run, BTX_EVENT_BET_DELAY_SET, sizeof *event, 0);
    event->market = market->id;
    event->bet_delay = (uint32_t)command->bet_delay;
    change_bet_delay(market, event->bet_delay);
    return true;
}

bool btx_execute_void_market(struct run *run, const struct btx_market_command *command)
{
    struct market *market = btx_find_market(run->core, command->market);
    if (!run->resumed) {
        market = btx_market_or_reject(run, command->market);
        if (market == NULL)
            return true;
        emit_market_event(run, BTX_EVENT_MARKET_VOIDED, market);
        btx_change_market_voided(run->core, market);
    }
    return cancel_all_of(run, market, false, BTX_CAUSE_VOIDED);
}

bool btx_execute_forget_market(struct run *run, const struct btx_market_command *command)
{
    struct market *market = btx_find_market(run->core, command->market);
    if (market == NULL)
        return btx_reject_command(run, BTX_REJECT_UNKNOWN_MARKET);
    if (market->status != BTX_MARKET_CLOSED)
        return btx_reject_command(run, BTX_REJECT_NOT_CLOSED);
    emit_market_event(run, BTX_EVENT_MARKET_FORGOTTEN, market);
    btx_unmake_market(run->core, market);
    return true;
}
