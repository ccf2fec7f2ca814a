/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/core/book.h"
#include "engine/core/change.h"
#include "engine/core/entities.h"
#include "engine/core/ladder.h"
#include "engine/core/risk.h"

void btx_change_market_opened(struct btx_core *core, const struct btx_market_opened *event)
{
    struct market *market = btx_make_market(core, event->market);
    market->kind = event->kind;
    market->status = BTX_MARKET_OPEN;
    market->winners = event->winners;
    market->tick = event->tick;
    market->min_size = event->min_size;
    market->commission = event->commission;
    market->price_count = btx_ladder_price_count(event->kind, event->tick);
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

void btx_change_market_settled(struct btx_core *core, const struct btx_market_settled *event)
{
    core->account[HOUSE_SLOT].balance += (btx_i128)event->commission + event->rounding;
    core->work = (struct work){0};
}

void btx_change_market_voided(struct btx_core *core, struct market *market)
{
    market->status = BTX_MARKET_CLOSED;
    core->work.voiding = slot_of_market(core, market);
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
