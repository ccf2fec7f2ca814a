/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/core/entities.h"

#include <string.h>

#include "engine/core/cells.h"
#include "engine/core/description.h"
#include "engine/core/due.h"
#include "engine/core/ladder.h"
#include "engine/core/risk.h"
#include "engine/core/stakes.h"

struct account *btx_find_account(struct btx_core *core, uint64_t id)
{
    uint32_t slot = *index_head(&core->account_index, id);
    while (slot != NO_SLOT && core->account[slot].id != id)
        slot = core->account[slot].hash_next;
    return slot == NO_SLOT ? NULL : &core->account[slot];
}

struct market *btx_find_market(struct btx_core *core, uint64_t id)
{
    uint32_t slot = *index_head(&core->market_index, id);
    while (slot != NO_SLOT && core->market[slot].id != id)
        slot = core->market[slot].hash_next;
    return slot == NO_SLOT ? NULL : &core->market[slot];
}

struct runner *btx_find_runner(struct btx_core *core, uint32_t market, uint64_t id)
{
    uint32_t slot = *index_head(&core->runner_index, runner_key(market, id));
    while (slot != NO_SLOT && (core->runner[slot].id != id || core->runner[slot].market != market))
        slot = core->runner[slot].hash_next;
    return slot == NO_SLOT ? NULL : &core->runner[slot];
}

struct order *btx_find_order(struct btx_core *core, uint64_t id)
{
    uint32_t slot = *index_head_counted(&core->order_index, id);
    while (slot != NO_SLOT && core->order[slot].id != id)
        slot = core->order[slot].hash_next;
    return slot == NO_SLOT ? NULL : &core->order[slot];
}

struct position *btx_find_position(struct btx_core *core, uint32_t account, uint32_t market)
{
    uint32_t slot = *index_head(&core->position_index, position_key(account, market));
    while (slot != NO_SLOT &&
           (core->position[slot].account != account || core->position[slot].market != market))
        slot = core->position[slot].hash_next;
    return slot == NO_SLOT ? NULL : &core->position[slot];
}

struct account *btx_make_account(struct btx_core *core, uint64_t id)
{
    const uint32_t slot = pool_take(&core->accounts);
    struct account *account = &core->account[slot];
    memset(account, 0, sizeof *account);
    account->id = id;
    uint32_t *head = index_head(&core->account_index, id);
    account->hash_next = *head & INT32_MAX;
    *head = slot;
    return account;
}

struct market *btx_make_market(struct btx_core *core, uint64_t id)
{
    const uint32_t slot = pool_take(&core->markets);
    struct market *market = &core->market[slot];
    memset(market, 0, sizeof *market);
    market->id = id;
    market->version = 1;
    uint32_t *head = index_head(&core->market_index, id);
    market->hash_next = *head;
    *head = slot;
    return market;
}

struct runner *btx_make_runner(struct btx_core *core, struct market *market, uint64_t id)
{
    const uint32_t slot = pool_take(&core->runners);
    const uint32_t market_slot = slot_of_market(core, market);
    /* Its book was empty when the slot was given back, so that only the names change. */
    struct runner *runner = &core->runner[slot];
    runner->id = id;
    runner->market = market_slot;
    runner->index = market->runner_count;
    runner->removed = false;
    uint32_t *head = index_head(&core->runner_index, runner_key(market_slot, id));
    runner->hash_next = *head;
    *head = slot;
    core->market_runners[market_slot][market->runner_count++] = slot;
    return runner;
}

static void unmake_runner(struct btx_core *core, uint32_t slot)
{
    const struct runner *runner = &core->runner[slot];
    CHECK(runner->sides[BTX_SIDE_BACK].top == 0 && runner->sides[BTX_SIDE_LAY].top == 0);
    uint32_t *link = index_head(&core->runner_index, runner_key(runner->market, runner->id));
    while (*link != slot)
        link = &core->runner[*link].hash_next;
    *link = runner->hash_next;
    pool_give(&core->runners, slot);
}

void btx_unmake_market(struct btx_core *core, struct market *market)
{
    const uint32_t slot = slot_of_market(core, market);
    while (market->positions != NO_SLOT)
        btx_unmake_position(core, &core->position[market->positions]);
    btx_description_drop(core, market);
    for (uint32_t i = 0; i < market->runner_count; i++)
        unmake_runner(core, runner_slot(core, slot, i));
    uint32_t *link = index_head(&core->market_index, market->id);
    while (*link != slot)
        link = &core->market[*link].hash_next;
    *link = market->hash_next;
    market->id = 0;
    pool_give(&core->markets, slot);
}

static void link_position(struct btx_core *core, struct position *position)
{
    const uint32_t slot = slot_of_position(core, position);
    struct account *account = &core->account[position->account];
    struct market *market = &core->market[position->market];
    position->account_next = account->positions;
    if (account->positions != NO_SLOT)
        core->position[account->positions].account_prev = slot;
    account->positions = slot;
    position->market_next = market->positions;
    if (market->positions != NO_SLOT)
        core->position[market->positions].market_prev = slot;
    market->positions = slot;
    uint32_t *head =
        index_head(&core->position_index, position_key(position->account, position->market));
    position->hash_next = *head;
    *head = slot;
}

struct position *btx_make_position(struct btx_core *core, uint32_t account, uint32_t market)
{
    struct position *position = &core->position[pool_take(&core->positions)];
    memset(position, 0, sizeof *position);
    position->account = account;
    position->market = market;
    position->cells = btx_cells_take(core, core->market[market].runner_count);
    position->floor_known = true;
    position->floor_index = core->market[market].first_active;
    link_position(core, position);
    return position;
}

static void unlink_position(struct btx_core *core, const struct position *position)
{
    const uint32_t slot = slot_of_position(core, position);
    if (position->account_prev != NO_SLOT)
        core->position[position->account_prev].account_next = position->account_next;
    else
        core->account[position->account].positions = position->account_next;
    if (position->account_next != NO_SLOT)
        core->position[position->account_next].account_prev = position->account_prev;
    if (position->market_prev != NO_SLOT)
        core->position[position->market_prev].market_next = position->market_next;
    else
        core->market[position->market].positions = position->market_next;
    if (position->market_next != NO_SLOT)
        core->position[position->market_next].market_prev = position->market_prev;
    uint32_t *link =
        index_head(&core->position_index, position_key(position->account, position->market));
    while (*link != slot)
        link = &core->position[*link].hash_next;
    *link = position->hash_next;
}

void btx_unmake_position(struct btx_core *core, struct position *position)
{
    CHECK(position->orders_head == NO_SLOT);
    btx_risk_set_reserved(core, position, 0);
    if (position->stakes != NO_SLOT)
        btx_stakes_drop(core, position);
    unlink_position(core, position);
    btx_cells_give(core, position->cells, core->market[position->market].runner_count);
    pool_give(&core->positions, slot_of_position(core, position));
}

void btx_unmake_position_if_flat(struct btx_core *core, struct position *position)
{
    if (position->orders_head == NO_SLOT && position->nonzero_cells == 0 &&
        position->stakes == NO_SLOT)
        btx_unmake_position(core, position);
}

void btx_position_matched(const struct btx_core *core, const struct position *position,
                          struct cell *ret_cells)
{
    const uint32_t count = core->market[position->market].runner_count;
    memcpy(ret_cells, &core->cell[position->cells], count * sizeof *ret_cells);
    uint32_t slot = position->orders_head;
    while (slot != NO_SLOT) {
        const struct order *order = &core->order[slot];
        const struct shift shift = risk_of_order(core, order, order->remaining);
        struct cell *cell = &ret_cells[core->runner[order->runner].index];
        cell->win -= shift.win;
        cell->lose -= shift.lose;
        slot = order->position_next;
    }
}

struct order *btx_make_order(struct btx_core *core, uint64_t id, struct position *position,
                             uint8_t side)
{
    const uint32_t slot = pool_take(&core->orders);
    struct order *order = &core->order[slot];
    *order = (struct order){
        .id = id,
        .side = side,
        .position = slot_of_position(core, position),
        .position_prev = position->orders_tail,
    };
    if (position->orders_tail != NO_SLOT)
        core->order[position->orders_tail].position_next = slot;
    else
        position->orders_head = slot;
    position->orders_tail = slot;
    position->live[side]++;
    struct market *market = &core->market[position->market];
    market->live[side]++;
    core->reducible_orders += market->reductions;
    uint32_t *head = index_head_counted(&core->order_index, id);
    order->hash_next = *head;
    *head = slot;
    return order;
}

void btx_unmake_order(struct btx_core *core, struct order *order)
{
    const uint32_t slot = slot_of_order(core, order);
    struct position *position = &core->position[order->position];
    CHECK(!order->resting);
    if (order->due_place != 0)
        btx_due_remove(core, order);
    if (order->position_prev != NO_SLOT)
        core->order[order->position_prev].position_next = order->position_next;
    else
        position->orders_head = order->position_next;
    if (order->position_next != NO_SLOT)
        core->order[order->position_next].position_prev = order->position_prev;
    else
        position->orders_tail = order->position_prev;
    position->live[order->side]--;
    struct market *market = &core->market[position->market];
    market->live[order->side]--;
    core->reducible_orders -= market->reductions;
    uint32_t *link = index_head_counted(&core->order_index, order->id);
    while (*link != slot)
        link = &core->order[*link].hash_next;
    *link = order->hash_next;
    order->id = 0;
    pool_give(&core->orders, slot);
}
