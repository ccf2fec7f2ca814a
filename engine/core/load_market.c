/* SPDX-License-Identifier: Apache-2.0 */
/* load_market.c - the markets of saved bytes, with their runners, positions and books. */
#include "engine/base/utf8.h"
#include "engine/core/book.h"
#include "engine/core/description.h"
#include "engine/core/entities.h"
#include "engine/core/ladder.h"
#include "engine/core/load.h"
#include "engine/core/markets.h"
#include "engine/core/risk.h"
#include "engine/core/stakes.h"
#include "engine/core/state_bytes.h"

static const char *load_cell(struct loader *loader, struct position *position)
{
    struct btx_reader *reader = &loader->reader;
    const uint64_t index = btx_reader_u64(reader);
    struct shift shift;
    shift.win = btx_reader_i128(reader);
    shift.lose = btx_reader_i128(reader);
    if (position == NULL || loader->next_stake != 0 || index < loader->next_index ||
        index >= loader->market->runner_count || (shift.win == 0 && shift.lose == 0) ||
        shift.win > PROFIT_MAX || shift.win < -PROFIT_MAX || shift.lose > PROFIT_MAX ||
        shift.lose < -PROFIT_MAX)
        return "state: a profit is out of range or order";
    loader->next_index = index + 1;
    loader->position_is_bare = false;
    risk_shift(loader->core, position, (uint32_t)index, shift);
    return NULL;
}

static const char *load_stake(struct loader *loader, struct position *position)
{
    struct btx_core *core = loader->core;
    struct btx_reader *reader = &loader->reader;
    const uint64_t index = btx_reader_u64(reader);
    const uint64_t price = btx_reader_u64(reader);
    const btx_i128 size = btx_reader_i128(reader);
    if (position == NULL || !loader->market->reductions || index >= loader->market->runner_count ||
        price < BTX_ODDS_MIN || price > BTX_ODDS_MAX || price % 100 != 0 ||
        (index << 32 | price) < loader->next_stake || size == 0 || size % 100 != 0 ||
        size > STAKED_MAX || size < -STAKED_MAX || core->stakes.used == core->stakes.capacity)
        return "state: a stake is out of range or order, or one too many";
    loader->staked += size < 0 ? -size : size;
    if (loader->staked > STAKED_MAX)
        return "state: more staked than all orders together";
    loader->next_stake = (index << 32 | price) + 1;
    loader->position_is_bare = false;
    btx_stake_add(core, position, (uint32_t)index, (uint32_t)price, size);
    return NULL;
}

static const char *load_position(struct loader *loader, struct position **ret_position)
{
    const uint64_t account = btx_reader_u64(&loader->reader);
    if (account <= loader->account)
        return "state: positions do not ascend";
    struct position *position = btx_load_position_of(loader, account);
    if (position == NULL)
        return "state: no such account, or more positions than the capacity";
    loader->account = account;
    loader->next_index = 0;
    loader->next_stake = 0;
    loader->position_is_bare = true;
    *ret_position = position;
    return NULL;
}

static const char *load_positions(struct loader *loader)
{
    struct btx_reader *reader = &loader->reader;
    struct position *position = NULL;
    const char *wrong = NULL;
    loader->account = 0;
    while (wrong == NULL) {
        const uint64_t item = btx_reader_u64(reader);
        if (item == STATE_CELL) {
            wrong = load_cell(loader, position);
        } else if (item == STATE_STAKE) {
            wrong = load_stake(loader, position);
        } else if (position != NULL && loader->position_is_bare) {
            wrong = "state: a position without a profit";
        } else if (item == STATE_END) {
            break;
        } else if (item == STATE_POSITION) {
            wrong = load_position(loader, &position);
        } else {
            wrong = "state: an unknown item";
        }
    }
    return wrong;
}

static const char *load_held(struct loader *loader)
{
    uint64_t previous_id = 0;
    for (;;) {
        const uint64_t item = btx_reader_u64(&loader->reader);
        if (item == STATE_END)
            return NULL;
        const struct order *order = item == STATE_ORDER ? btx_load_held_order(loader) : NULL;
        if (order == NULL || order->id <= previous_id || !loader->market->in_play)
            return "state: not a held order, or ids do not ascend";
        previous_id = order->id;
    }
}

static const char *load_book(struct loader *loader, const struct runner *runner)
{
    struct btx_core *core = loader->core;
    uint32_t price_index = 0;
    for (;;) {
        const uint64_t item = btx_reader_u64(&loader->reader);
        if (item == STATE_END)
            return NULL;
        struct order *order = item == STATE_ORDER ? btx_load_accepted(loader, runner) : NULL;
        if (order == NULL || order->tif != BTX_TIF_GTC || order->price_index < price_index)
            return "state: not a resting order, or prices do not ascend";
        price_index = order->price_index;
        const uint32_t best =
            btx_book_best(core, runner, loader->market->kind, opposite_side(order->side));
        if (best != NO_PRICE && price_crosses(loader->market->kind, opposite_side(order->side),
                                              best, order->price_index))
            return "state: a crossed book";
        btx_book_add(core, order);
    }
}

static const char *load_runners(struct loader *loader, uint64_t count)
{
    struct btx_core *core = loader->core;
    struct btx_reader *reader = &loader->reader;
    uint64_t ids[BTX_RUNNERS_MAX];
    struct market *market = loader->market;
    if (count < 1 || count > BTX_RUNNERS_MAX || core->runners.capacity - core->runners.used < count)
        return "state: more runners than the capacity";
    for (uint32_t i = 0; i < count; i++)
        ids[i] = btx_reader_u64(reader);
    const bool binary = market->kind == BTX_MARKET_KIND_BINARY;
    if (binary
            ? count != 1 || ids[0] != 1 || market->winners != 1 || !btx_tick_is_valid(market->tick)
            : !btx_runner_ids_are_valid(core, ids, (uint32_t)count) || market->winners < 1 ||
                  market->winners >= count || market->tick != 0 || (market->implied && count != 2))
        return "state: not a valid market";
    for (uint32_t i = 0; i < count; i++)
        (void)btx_make_runner(core, market, ids[i]);
    market->price_count = btx_ladder_price_count(market);
    return NULL;
}

/* What rules version 2 added to a market, up to its runners. */
static const char *load_market_second(struct loader *loader, struct market *market)
{
    struct btx_reader *reader = &loader->reader;
    char text[BTX_DESCRIPTION_BYTES_MAX];
    market->version = btx_reader_u64(reader);
    market->bet_delay = btx_reader_u32(reader);
    market->reductions = btx_reader_u8(reader);
    market->implied = btx_reader_u8(reader);
    const uint16_t length_bytes = btx_reader_u16(reader);
    if (market->version == 0 || market->bet_delay > BTX_BET_DELAY_MS_MAX ||
        market->reductions > 1 || market->implied > 1 || length_bytes > sizeof text)
        return "state: not a valid market";
    btx_reader_bytes(reader, text, length_bytes);
    if (reader->exhausted || !btx_utf8_is_valid(text, length_bytes) ||
        !btx_description_fits(loader->core, market, length_bytes))
        return "state: not a description, or more than the capacity";
    btx_description_set(loader->core, market, text, length_bytes);
    return NULL;
}

static const char *load_removed(struct loader *loader, struct market *market)
{
    struct btx_core *core = loader->core;
    const uint64_t count = btx_reader_u64(&loader->reader);
    uint64_t next_index = 0;
    if (count > 0 && (market->kind != BTX_MARKET_KIND_ODDS || count > core->removals ||
                      count >= market->runner_count - market->winners))
        return "state: too many removed runners";
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t index = btx_reader_u64(&loader->reader);
        if (index < next_index || index >= market->runner_count)
            return "state: removed runners do not ascend";
        core->runner[runner_slot(core, slot_of_market(core, market), (uint32_t)index)].removed = 1;
        next_index = index + 1;
        market->first_active += market->first_active == index;
    }
    market->removed_count = (uint32_t)count;
    return NULL;
}

static const char *load_market(struct loader *loader, uint64_t id)
{
    struct btx_core *core = loader->core;
    struct btx_reader *reader = &loader->reader;
    struct market *market = btx_make_market(core, id);
    loader->market = market;
    market->kind = btx_reader_u8(reader);
    market->status = btx_reader_u8(reader);
    market->in_play = btx_reader_u8(reader);
    market->ladder = btx_reader_u8(reader);
    market->winners = btx_reader_u32(reader);
    market->tick = btx_reader_u32(reader);
    market->commission = btx_reader_u32(reader);
    market->min_size = btx_reader_i64(reader);
    if (market->kind >= BTX_MARKET_KIND_COUNT || market->status > BTX_MARKET_CLOSED ||
        market->in_play > 1 || market->commission > BTX_COMMISSION_MAX || market->min_size <= 0 ||
        market->min_size > BTX_MONEY_MAX || market->min_size % ladder_size_step(market->kind) != 0)
        return "state: not a valid market";
    const char *wrong = loader->second_stage ? load_market_second(loader, market) : NULL;
    const bool odds_only = market->reductions || market->implied || market->ladder != 0;
    if (wrong == NULL && odds_only &&
        (market->kind == BTX_MARKET_KIND_BINARY || (market->reductions && market->implied) ||
         market->ladder >= BTX_LADDER_COUNT || !loader->second_stage))
        wrong = "state: not a valid market";
    if (wrong == NULL)
        wrong = load_runners(loader, btx_reader_u64(reader));
    if (wrong == NULL && loader->second_stage)
        wrong = load_removed(loader, market);
    if (wrong == NULL)
        wrong = load_positions(loader);
    const uint32_t slot = slot_of_market(core, market);
    for (uint32_t i = 0; wrong == NULL && i < market->runner_count; i++)
        wrong = load_book(loader, &core->runner[runner_slot(core, slot, i)]);
    return wrong == NULL && loader->second_stage ? load_held(loader) : wrong;
}

const char *btx_load_markets(struct loader *loader)
{
    struct btx_core *core = loader->core;
    const uint64_t count = btx_reader_u64(&loader->reader);
    if (count > core->markets.capacity)
        return "state: more markets than the capacity";
    uint64_t previous = 0;
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t id = btx_reader_u64(&loader->reader);
        if (id <= previous)
            return "state: markets do not ascend";
        const char *wrong = load_market(loader, id);
        if (wrong != NULL)
            return wrong;
        previous = id;
    }
    return NULL;
}
