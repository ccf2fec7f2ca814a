/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/core/book.h"
#include "engine/core/description.h"
#include "engine/core/entities.h"
#include "engine/core/ladder.h"
#include "engine/core/risk.h"
#include "engine/core/stakes.h"

/* Finding does not change the core; one set of finders serves those who may and may not. */
static struct btx_core *finder(const struct btx_core *core)
{
    return (struct btx_core *)(uintptr_t)core;
}

void btx_core_view(const struct btx_core *core, struct btx_core_view *ret_view)
{
    *ret_view = (struct btx_core_view){
        .seq = core->seq,
        .tx = core->tx,
        .time_ns = core->time_ns,
        .next_order = core->next_order,
        .due_ns = core->due.count > 0 ? core->due.entries[1].moment_ns : UINT64_MAX,
        .rules_version = core->rules_version,
        .used =
            {
                .accounts = core->accounts.used - 1,
                .markets = core->markets.used,
                .runners = core->runners.used,
                .orders = core->orders.used,
                .positions = core->positions.used,
                .stakes = core->stakes.used + STAKES_PER_ORDER * core->reducible_orders,
                .description_bytes = core->description_bytes,
            },
    };
}

static int64_t nearest_int64(btx_i128 value)
{
    if (value > INT64_MAX)
        return INT64_MAX;
    return value < INT64_MIN ? INT64_MIN : (int64_t)value;
}

bool btx_core_view_account(const struct btx_core *core, uint64_t account,
                           struct btx_account_view *ret_view)
{
    const struct account *found =
        account == 0 ? &core->account[HOUSE_SLOT] : btx_find_account(finder(core), account);
    if (found == NULL)
        return false;
    *ret_view = (struct btx_account_view){
        .balance = nearest_int64(found->balance),
        .available = risk_available(found),
        .cseq = found->cseq,
        .transfer = found->transfer,
        .frozen = found->frozen,
    };
    return true;
}

bool btx_core_view_market(const struct btx_core *core, uint64_t market,
                          struct btx_market_view *ret_view)
{
    const struct market *found = btx_find_market(finder(core), market);
    if (found == NULL)
        return false;
    *ret_view = (struct btx_market_view){
        .market = found->id,
        .kind = (enum btx_market_kind)found->kind,
        .status = (enum btx_market_status)found->status,
        .in_play = found->in_play,
        .winners = found->winners,
        .runner_count = found->runner_count,
        .live_orders = found->live[BTX_SIDE_BACK] + found->live[BTX_SIDE_LAY],
        .tick = found->tick,
        .commission = found->commission,
        .min_size = found->min_size,
        .version = found->version,
        .bet_delay = found->bet_delay,
        .removed_count = found->removed_count,
        .description_bytes = found->description_bytes,
        .reductions = found->reductions,
        .implied = found->implied,
        .ladder = (enum btx_ladder)found->ladder,
    };
    return true;
}

bool btx_core_view_order(const struct btx_core *core, uint64_t order,
                         struct btx_order_view *ret_view)
{
    const struct order *found = btx_find_order(finder(core), order);
    if (found == NULL)
        return false;
    const struct position *position = &core->position[found->position];
    const struct order_moment *moment = &core->order_moment[slot_of_order(core, found)];
    *ret_view = (struct btx_order_view){
        .account = core->account[position->account].id,
        .market = core->market[position->market].id,
        .runner = core->runner[found->runner].id,
        .price = found->price,
        .remaining = found->remaining,
        .side = (enum btx_side)found->side,
        .persistence = (enum btx_persistence)found->persistence,
        .held = found->held,
        .until = found->due_place == 0 ? 0 : moment->until,
        .expires = found->due_place == 0 ? 0 : moment->expires,
    };
    return true;
}

uint64_t btx_core_view_runner(const struct btx_core *core, uint64_t market, uint32_t index)
{
    const struct market *found = btx_find_market(finder(core), market);
    if (found == NULL || index >= found->runner_count)
        return 0;
    return core->runner[runner_slot(core, slot_of_market(core, found), index)].id;
}

uint32_t btx_core_view_live_orders(const struct btx_core *core, uint64_t account)
{
    const struct account *found = btx_find_account(finder(core), account);
    uint32_t live = 0;
    for (uint32_t slot = found == NULL ? NO_SLOT : found->positions; slot != NO_SLOT;
         slot = core->position[slot].account_next)
        live += core->position[slot].live[BTX_SIDE_BACK] + core->position[slot].live[BTX_SIDE_LAY];
    return live;
}

uint64_t btx_core_view_next_position(const struct btx_core *core, uint64_t account, uint64_t after)
{
    const struct account *found = btx_find_account(finder(core), account);
    uint64_t next = 0;
    for (uint32_t slot = found == NULL ? NO_SLOT : found->positions; slot != NO_SLOT;
         slot = core->position[slot].account_next) {
        const uint64_t market = core->market[core->position[slot].market].id;
        if (market > after && (next == 0 || market < next))
            next = market;
    }
    return next;
}

size_t btx_core_view_orders(const struct btx_core *core, uint64_t account, uint64_t market,
                            uint64_t after, uint64_t *ret_orders, size_t orders_max)
{
    const struct account *owner = btx_find_account(finder(core), account);
    const struct market *found = btx_find_market(finder(core), market);
    size_t count = 0;
    if (owner == NULL || found == NULL)
        return 0;
    const struct position *position = btx_find_position(
        finder(core), (uint32_t)(owner - core->account), slot_of_market(core, found));
    for (uint32_t slot = position == NULL ? NO_SLOT : position->orders_head;
         slot != NO_SLOT && count < orders_max; slot = core->order[slot].position_next) {
        if (core->order[slot].id > after)
            ret_orders[count++] = core->order[slot].id;
    }
    return count;
}

bool btx_core_view_is_removed(const struct btx_core *core, uint64_t market, uint32_t index)
{
    const struct market *found = btx_find_market(finder(core), market);
    if (found == NULL || index >= found->runner_count)
        return false;
    return core->runner[runner_slot(core, slot_of_market(core, found), index)].removed;
}

size_t btx_core_view_description(const struct btx_core *core, uint64_t market,
                                 char ret_text[BTX_DESCRIPTION_BYTES_MAX])
{
    const struct market *found = btx_find_market(finder(core), market);
    if (found == NULL)
        return 0;
    btx_description_copy(core, found, ret_text);
    return found->description_bytes;
}

bool btx_core_view_exposure(const struct btx_core *core, uint64_t account, uint64_t market,
                            uint32_t index, struct btx_exposure_view *ret_view)
{
    const struct account *owner = btx_find_account(finder(core), account);
    const struct market *found = btx_find_market(finder(core), market);
    if (found == NULL || index >= found->runner_count)
        return false;
    *ret_view = (struct btx_exposure_view){.win = 0, .lose = 0};
    const struct position *position =
        owner == NULL ? NULL
                      : btx_find_position(finder(core), slot_of_account(core, owner),
                                          slot_of_market(core, found));
    if (position != NULL) {
        const struct cell *cell = &core->cell[position->cells + index];
        *ret_view = (struct btx_exposure_view){.win = cell->win, .lose = cell->lose};
    }
    return true;
}

/* The runner @runner of @market and the market's kind; NULL when there is none. */
static const struct runner *runner_of(const struct btx_core *core, uint64_t market, uint64_t runner,
                                      const struct market **ret_market)
{
    const struct market *found = btx_find_market(finder(core), market);
    if (found == NULL)
        return NULL;
    *ret_market = found;
    return btx_find_runner(finder(core), slot_of_market(core, found), runner);
}

size_t btx_core_view_book(const struct btx_core *core, uint64_t market, uint64_t runner,
                          enum btx_side side, struct btx_level_view *ret_levels, size_t levels_max)
{
    const struct market *of = NULL;
    const struct runner *found = runner_of(core, market, runner, &of);
    if (found == NULL)
        return 0;
    size_t count = 0;
    uint32_t index = btx_book_best(core, found, of->kind, (uint8_t)side);
    while (index != NO_PRICE && count < levels_max) {
        ret_levels[count++] = (struct btx_level_view){
            .price = btx_ladder_price(of, index),
            .size = nearest_int64(book_level(core, found, index)->size),
        };
        index = btx_book_next(core, found, of->kind, (uint8_t)side, index);
    }
    return count;
}

size_t btx_core_view_queue(const struct btx_core *core, uint64_t market, uint64_t runner,
                           uint32_t price, uint64_t *ret_orders, size_t orders_max)
{
    const struct market *of = NULL;
    const struct runner *found = runner_of(core, market, runner, &of);
    uint32_t index;
    if (found == NULL || !btx_ladder_index(of, price, &index) ||
        found->leaves[index / BOOK_LEAF_PRICES] == NO_SLOT)
        return 0;
    size_t count = 0;
    uint32_t slot = book_level(core, found, index)->head;
    while (slot != NO_SLOT && count < orders_max) {
        ret_orders[count++] = core->order[slot].id;
        slot = core->order[slot].level_next;
    }
    return count;
}

uint64_t btx_core_view_next_market(const struct btx_core *core, uint64_t after)
{
    uint64_t next = 0;
    for (uint32_t slot = 1; slot <= core->markets.high; slot++) {
        const uint64_t id = core->market[slot].id;
        if (id > after && (next == 0 || id < next))
            next = id;
    }
    return next;
}

uint64_t btx_core_view_next_account(const struct btx_core *core, uint64_t after)
{
    uint64_t next = 0;
    for (uint32_t slot = HOUSE_SLOT + 1; slot <= core->accounts.high; slot++) {
        const uint64_t id = core->account[slot].id;
        if (id > after && (next == 0 || id < next))
            next = id;
    }
    return next;
}
