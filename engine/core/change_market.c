/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/core/book.h"
#include "engine/core/change.h"
#include "engine/core/description.h"
#include "engine/core/entities.h"
#include "engine/core/ladder.h"
#include "engine/core/risk.h"
#include "engine/core/stakes.h"

void btx_change_market_opened(struct btx_core *core, const struct btx_market_opened *event)
{
    struct market *market = btx_make_market(core, event->market);
    market->kind = event->kind;
    market->status = BTX_MARKET_OPEN;
    market->winners = event->winners;
    market->tick = event->tick;
    market->min_size = event->min_size;
    market->commission = event->commission;
    market->bet_delay = event->bet_delay;
    market->reductions = event->reductions;
    market->implied = event->implied;
    market->ladder = event->ladder;
    market->price_count = btx_ladder_price_count(market);
    const uint64_t *runners = btx_market_opened_runners(event);
    for (uint32_t i = 0; i < event->runners_count; i++)
        (void)btx_make_runner(core, market, runners[i]);
}

void btx_change_market_settling(struct btx_core *core, struct market *market)
{
    market->status = BTX_MARKET_CLOSED;
    core->work.settling = slot_of_market(core, market);
}

void btx_change_account_settled(struct btx_core *core, const struct btx_account_settled *event,
                                struct account *account, struct position *position)
{
    core->clients_sum += event->balance - account->balance;
    account->balance = event->balance;
    /* The position stays readable until the market is forgotten, but reserves nothing. */
    btx_risk_set_reserved(core, position, 0);
    core->work.settled_accounts++;
    core->work.settled_last = event->account;
    core->work.settled_commission += event->commission;
    core->work.settled_pnl += event->pnl;
}

/* Calls @change for every position of @market, which may take it out. */
static void for_each_position(struct btx_core *core, const struct market *market,
                              void (*change)(struct btx_core *core, struct position *position,
                                             const void *context),
                              const void *context)
{
    uint32_t slot = market->positions;
    while (slot != NO_SLOT) {
        struct position *position = &core->position[slot];
        slot = position->market_next;
        change(core, position, context);
    }
}

static void forget_stakes_of(struct btx_core *core, struct position *position, const void *context)
{
    (void)context;
    btx_stakes_drop(core, position);
    btx_unmake_position_if_flat(core, position);
}

/* No factor comes any more, so what only it would have changed is nothing now. */
static void forget_stakes(struct btx_core *core, const struct market *market)
{
    if (market->reductions)
        for_each_position(core, market, forget_stakes_of, NULL);
}

void btx_change_market_settled(struct btx_core *core, const struct btx_market_settled *event)
{
    core->account[HOUSE_SLOT].balance += (btx_i128)event->commission + event->rounding;
    forget_stakes(core, &core->market[core->work.settling]);
    core->work = (struct work){0};
}

void btx_change_market_voided(struct btx_core *core, struct market *market)
{
    market->status = BTX_MARKET_CLOSED;
    core->work.voiding = slot_of_market(core, market);
}

void btx_change_market_described(struct btx_core *core, const struct btx_market_described *event,
                                 struct market *market)
{
    btx_description_set(core, market, btx_market_described_text(event), event->text_length);
}

struct removal {
    uint32_t index; /* Of the runner. */
    uint32_t factor;
};

static void remove_runner_from(struct btx_core *core, struct position *position,
                               const void *context)
{
    const struct removal *removal = context;
    btx_risk_drop_runner(core, position, removal->index);
    btx_stakes_drop_runner(core, position, removal->index);
    if (removal->factor > 0)
        btx_stakes_reduce(core, position, removal->factor);
    btx_risk_refresh(core, position);
    btx_unmake_position_if_flat(core, position);
}

void btx_change_runner_removed(struct btx_core *core, const struct btx_runner_removed *event,
                               struct market *market, struct runner *runner)
{
    const uint32_t market_slot = slot_of_market(core, market);
    const struct removal removal = {.index = runner->index, .factor = event->factor};
    runner->removed = true;
    market->removed_count++;
    while (core->runner[runner_slot(core, market_slot, market->first_active)].removed)
        market->first_active++;
    core->removals++;
    change_market_version(core, market);
    for_each_position(core, market, remove_runner_from, &removal);
}

static void drop_positions(struct btx_core *core)
{
    struct market *market = &core->market[core->work.voiding];
    while (market->positions != NO_SLOT)
        btx_unmake_position(core, &core->position[market->positions]);
    core->work.voiding = NO_SLOT;
}

static void rest_taker(struct btx_core *core)
{
    struct order *taker = &core->order[core->work.taker];
    btx_book_add(core, taker);
    btx_risk_refresh(core, &core->position[taker->position]);
}

void btx_change_command_end(struct btx_core *core)
{
    if (core->work.taker != NO_SLOT)
        rest_taker(core);
    if (core->work.voiding != NO_SLOT)
        drop_positions(core);
    CHECK(core->work.settling == NO_SLOT);
    CHECK(core->account[HOUSE_SLOT].balance + core->clients_sum == core->net_deposits);
    core->work.taker = NO_SLOT;
    core->has_pending = false;
    core->walk.kind = WALK_NONE;
}
