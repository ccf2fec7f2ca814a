/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/core/apply.h"
#include "engine/core/change.h"
#include "engine/core/description.h"
#include "engine/core/entities.h"
#include "engine/core/ladder.h"
#include "engine/core/markets.h"
#include "engine/core/resume.h"

static bool kind_is_valid(struct btx_core *core, const struct btx_market_opened *event)
{
    const uint64_t *runners = btx_market_opened_runners(event);
    if (event->kind == BTX_MARKET_KIND_BINARY) {
        return event->runners_count == 1 && runners[0] == 1 && event->winners == 1 &&
               btx_tick_is_valid(event->tick);
    }
    if (event->implied && (event->runners_count != 2 || event->reductions))
        return false;
    return btx_runner_ids_are_valid(core, runners, event->runners_count) && event->winners >= 1 &&
           event->winners < event->runners_count && event->tick == 0;
}

const char *btx_apply_market_opened(struct btx_core *core, const struct btx_market_opened *event)
{
    if (!kind_is_valid(core, event) || event->market == 0 || event->min_size <= 0 ||
        event->min_size % ladder_size_step(event->kind) != 0)
        return "MarketOpened: not a valid market";
    if (btx_find_market(core, event->market) != NULL)
        return "MarketOpened: the market exists";
    if (core->markets.used == core->markets.capacity ||
        core->runners.capacity - core->runners.used < event->runners_count)
        return "MarketOpened: more markets or runners than the capacity";
    btx_change_market_opened(core, event);
    return NULL;
}

static const char *apply_forgotten(struct btx_core *core, struct market *market)
{
    const uint32_t slot = slot_of_market(core, market);
    if (market->status != BTX_MARKET_CLOSED ||
        market->live[BTX_SIDE_BACK] + market->live[BTX_SIDE_LAY] > 0 ||
        core->work.settling == slot || core->work.voiding == slot)
        return "MarketForgotten: the market is not closed";
    btx_unmake_market(core, market);
    return NULL;
}

const char *btx_apply_market_event(struct btx_core *core, const struct btx_market_event *event)
{
    struct market *market = btx_find_market(core, event->market);
    if (market == NULL)
        return "market: it does not exist";
    const enum btx_event_type type = (enum btx_event_type)event->record.type;
    if (type == BTX_EVENT_MARKET_FORGOTTEN)
        return apply_forgotten(core, market);
    if (market->status == BTX_MARKET_CLOSED)
        return "market: it is closed";
    if (type == BTX_EVENT_MARKET_VOIDED) {
        if (btx_resume_in_work(core))
            return "MarketVoided: another command is under way";
        btx_change_market_voided(core, market);
        return NULL;
    }
    if (type == BTX_EVENT_MARKET_TURNED_IN_PLAY) {
        if (market->in_play)
            return "MarketTurnedInPlay: it is in play";
        change_market_in_play(core, market);
        return NULL;
    }
    const enum btx_market_status status =
        type == BTX_EVENT_MARKET_SUSPENDED ? BTX_MARKET_SUSPENDED : BTX_MARKET_OPEN;
    if (market->status == (uint8_t)status)
        return "market: it is suspended or open already";
    change_market_status(core, market, status);
    return NULL;
}

/* The market that an event names, when it is not closed; else NULL. */
static struct market *find_unclosed(struct btx_core *core, uint64_t id)
{
    struct market *market = btx_find_market(core, id);
    return market == NULL || market->status == BTX_MARKET_CLOSED ? NULL : market;
}

const char *btx_apply_market_described(struct btx_core *core,
                                       const struct btx_market_described *event)
{
    struct market *market = find_unclosed(core, event->market);
    if (market == NULL)
        return "MarketDescribed: no such market, or closed";
    if (!btx_description_fits(core, market, event->text_length))
        return "MarketDescribed: more bytes of descriptions than the capacity";
    btx_change_market_described(core, event, market);
    return NULL;
}

const char *btx_apply_bet_delay_set(struct btx_core *core, const struct btx_bet_delay_set *event)
{
    struct market *market = find_unclosed(core, event->market);
    if (market == NULL || market->bet_delay == event->bet_delay)
        return "BetDelaySet: no such market, or closed, or no change";
    change_bet_delay(market, event->bet_delay);
    return NULL;
}

const char *btx_apply_runner_removed(struct btx_core *core, const struct btx_runner_removed *event)
{
    struct market *market = find_unclosed(core, event->market);
    if (market == NULL || market->kind != BTX_MARKET_KIND_ODDS)
        return "RunnerRemoved: no such market of odds, or closed";
    struct runner *runner = btx_find_runner(core, slot_of_market(core, market), event->runner);
    if (runner == NULL || runner->removed ||
        market->runner_count - market->removed_count - 1 <= market->winners)
        return "RunnerRemoved: no such runner, or removed, or too few would be left";
    if ((event->factor > 0 && !market->reductions) || btx_resume_in_work(core))
        return "RunnerRemoved: no such factor, or another command is under way";
    btx_change_runner_removed(core, event, market, runner);
    return NULL;
}

const char *btx_apply_market_settling(struct btx_core *core,
                                      const struct btx_market_settling *event)
{
    struct market *market = btx_find_market(core, event->market);
    if (market == NULL || market->status == BTX_MARKET_CLOSED)
        return "MarketSettling: no such market, or closed";
    if (btx_resume_in_work(core))
        return "MarketSettling: another command is under way";
    btx_change_market_settling(core, market);
    return NULL;
}

const char *btx_apply_account_settled(struct btx_core *core,
                                      const struct btx_account_settled *event)
{
    struct account *account = btx_find_account(core, event->account);
    struct market *market = btx_find_market(core, event->market);
    if (account == NULL || market == NULL || core->work.settling != slot_of_market(core, market))
        return "AccountSettled: no such account, or the market is not being settled";
    struct position *position =
        btx_find_position(core, slot_of_account(core, account), slot_of_market(core, market));
    if (position == NULL || position->orders_head != NO_SLOT || position->nonzero_cells == 0 ||
        event->account <= core->work.settled_last)
        return "AccountSettled: no position, or settled before";
    if (account->balance + event->pnl - event->commission != event->balance ||
        event->commission < 0)
        return "AccountSettled: the balance is not the one before and the profit";
    btx_change_account_settled(core, event, account, position);
    return NULL;
}

const char *btx_apply_market_settled(struct btx_core *core, const struct btx_market_settled *event)
{
    const struct work *work = &core->work;
    const struct market *market = btx_find_market(core, event->market);
    if (market == NULL || work->settling != slot_of_market(core, market) ||
        market->live[BTX_SIDE_BACK] + market->live[BTX_SIDE_LAY] > 0)
        return "MarketSettled: the market is not being settled, or has orders";
    if (event->accounts != work->settled_accounts ||
        event->commission != work->settled_commission || event->rounding != -work->settled_pnl)
        return "MarketSettled: not the sums of its accounts";
    btx_change_market_settled(core, event);
    return NULL;
}
