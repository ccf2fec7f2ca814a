/* SPDX-License-Identifier: Apache-2.0 */
/* load.c - a state from the bytes of save.c, which may be anybody's.
 *
 * Every item is checked when it is made, as far as memory and the next items depend on it, and
 * btx_core_verify() judges the whole at the end. */
#include <string.h>

#include "engine/base/bytes.h"
#include "engine/base/utf8.h"
#include "engine/core/book.h"
#include "engine/core/change.h"
#include "engine/core/description.h"
#include "engine/core/due.h"
#include "engine/core/entities.h"
#include "engine/core/heap.h"
#include "engine/core/ladder.h"
#include "engine/core/markets.h"
#include "engine/core/resume.h"
#include "engine/core/risk.h"
#include "engine/core/rules_version.h"
#include "engine/core/stakes.h"
#include "engine/core/state_bytes.h"

/* No sum of real bets comes near it, and sums of such fit 128 bits. */
#define PROFIT_MAX ((btx_i128)1 << 100)

struct loader {
    struct btx_core *core;
    struct btx_reader reader;
    struct market *market; /* The one being read. */
    uint64_t account;      /* The last position's account in it. */
    uint64_t next_index;   /* The next cell of the position is at least this one. */
    uint64_t next_stake;   /* The same for stakes, by runner and price; 0: none yet. */
    bool position_is_bare; /* Neither a cell nor a stake of it was there. */
    bool second_stage;     /* It has what rules version 2 added. */
};

static const char *load_counters(struct loader *loader)
{
    struct btx_core *core = loader->core;
    struct btx_reader *reader = &loader->reader;
    char magic[STATE_MAGIC_BYTES];
    btx_reader_bytes(reader, magic, sizeof magic);
    const uint32_t format = btx_reader_u32(reader);
    const uint32_t rules_version = btx_reader_u32(reader);
    if (memcmp(magic, STATE_MAGIC, sizeof magic) != 0)
        return "state: not a state";
    if (rules_version == 0 || rules_version > BTX_RULES_VERSION)
        return "state: made by newer rules";
    if (format != state_format(rules_version))
        return "state: not a state of this format";
    core->rules_version = rules_version;
    loader->second_stage = format >= 2;
    if (btx_reader_u64(reader) != core->shard)
        return "state: of another shard";
    core->seq = btx_reader_u64(reader);
    core->tx = btx_reader_u64(reader);
    core->time_ns = btx_reader_u64(reader);
    core->next_order = btx_reader_u64(reader);
    core->removals = loader->second_stage ? btx_reader_u64(reader) : 0;
    core->now_ns = core->time_ns;
    if (core->time_ns > BTX_TIME_NS_MAX || core->tx > core->seq ||
        core->next_order < order_id_first(core->shard) ||
        core->next_order > order_id_end(core->shard))
        return "state: its counters are out of range";
    return NULL;
}

static const char *load_account(struct loader *loader, struct account *account)
{
    struct btx_reader *reader = &loader->reader;
    account->balance = btx_reader_i128(reader);
    account->cseq = btx_reader_u64(reader);
    account->transfer = btx_reader_u64(reader);
    const uint64_t frozen = btx_reader_u64(reader);
    account->frozen = frozen == 1;
    if (account->balance > PROFIT_MAX || account->balance < -PROFIT_MAX)
        return "state: a balance is out of range";
    loader->core->net_deposits += account->balance;
    return frozen > 1 ? "state: an account is neither frozen nor not" : NULL;
}

static const char *load_accounts(struct loader *loader)
{
    struct btx_core *core = loader->core;
    struct btx_reader *reader = &loader->reader;
    const uint64_t count = btx_reader_u64(reader);
    if (count < 1 || count > core->accounts.capacity)
        return "state: more accounts than the capacity";
    if (btx_reader_u64(reader) != 0)
        return "state: the house is missing";
    struct account *house = &core->account[HOUSE_SLOT];
    const char *wrong = load_account(loader, house);
    if (house->cseq != 0 || house->transfer != 0 || house->frozen)
        return "state: the house has what only clients have";
    uint64_t previous = 0;
    for (uint64_t i = 1; i < count && wrong == NULL; i++) {
        const uint64_t id = btx_reader_u64(reader);
        if (id <= previous)
            return "state: accounts do not ascend";
        struct account *account = btx_make_account(core, id);
        wrong = load_account(loader, account);
        if (account->balance > BTX_MONEY_MAX || account->balance < -BTX_MONEY_MAX)
            return "state: a balance is out of range";
        core->clients_sum += account->balance;
        previous = id;
    }
    return wrong;
}

/* The position of account @id in the market being read, made when it is not there. */
static struct position *position_of(struct loader *loader, uint64_t id)
{
    struct btx_core *core = loader->core;
    const struct account *account = btx_find_account(core, id);
    if (account == NULL)
        return NULL;
    const uint32_t account_slot = slot_of_account(core, account);
    const uint32_t market_slot = slot_of_market(core, loader->market);
    struct position *position = btx_find_position(core, account_slot, market_slot);
    if (position == NULL && core->positions.used < core->positions.capacity)
        position = btx_make_position(core, account_slot, market_slot);
    return position;
}

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
        size > PROFIT_MAX || size < -PROFIT_MAX || core->stakes.used == core->stakes.capacity)
        return "state: a stake is out of range or order, or one too many";
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
    struct position *position = position_of(loader, account);
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

/* False when it is not the printable ASCII that a command may bring. */
static bool load_ref(struct loader *loader, struct order *order, uint8_t length)
{
    struct order_ref *ref = &loader->core->order_ref[slot_of_order(loader->core, order)];
    order->has_ref = true;
    ref->length = length;
    btx_reader_bytes(&loader->reader, ref->text, length);
    for (uint8_t i = 0; i < length; i++) {
        if (ref->text[i] < ' ' || ref->text[i] > '~')
            return false;
    }
    return true;
}

/* Read an order of @runner and when it expires; NULL when it is not one. */
static struct order *load_order(struct loader *loader, const struct runner *runner,
                                uint64_t *ret_expires)
{
    struct btx_core *core = loader->core;
    struct btx_reader *reader = &loader->reader;
    const uint64_t id = btx_reader_u64(reader);
    struct position *position = position_of(loader, btx_reader_u64(reader));
    const int64_t remaining = btx_reader_i64(reader);
    const uint32_t price = btx_reader_u32(reader);
    const uint8_t side = btx_reader_u8(reader);
    const uint8_t persistence = btx_reader_u8(reader);
    const uint8_t stp = btx_reader_u8(reader);
    const uint8_t tif = btx_reader_u8(reader);
    const uint8_t has_ref = btx_reader_u8(reader);
    const uint8_t ref_length = btx_reader_u8(reader);
    uint32_t price_index;
    if (position == NULL || core->orders.used == core->orders.capacity || id >= core->next_order ||
        id < order_id_first(core->shard) || btx_find_order(core, id) != NULL || remaining <= 0 ||
        remaining > BTX_MONEY_MAX || remaining % ladder_size_step(loader->market->kind) != 0 ||
        side >= BTX_SIDE_COUNT || persistence >= BTX_PERSISTENCE_COUNT || stp >= BTX_STP_COUNT ||
        tif >= BTX_TIF_COUNT || has_ref > 1 || ref_length > BTX_REF_BYTES_MAX ||
        (has_ref == 0 && ref_length != 0) || !btx_ladder_index(loader->market, price, &price_index))
        return NULL;
    if (loader->market->reductions && !stakes_have_room(core))
        return NULL;
    struct order *order = btx_make_order(core, id, position, side);
    order->runner = slot_of_runner(core, runner);
    order->remaining = remaining;
    order->price = price;
    order->price_index = price_index;
    order->persistence = persistence;
    order->stp = stp;
    order->tif = tif;
    if (has_ref && !load_ref(loader, order, ref_length))
        return NULL;
    *ret_expires = loader->second_stage ? btx_reader_u64(reader) : 0;
    if (*ret_expires > BTX_TIME_NS_MAX || (*ret_expires != 0 && tif != BTX_TIF_GTC))
        return NULL;
    risk_shift(core, position, runner->index, risk_of_order(core, order, remaining));
    return order;
}

/* An order that rests or takes: it waits only when it expires. */
static struct order *load_accepted(struct loader *loader, const struct runner *runner)
{
    uint64_t expires;
    struct order *order = load_order(loader, runner, &expires);
    if (order != NULL && expires != 0)
        btx_due_add(loader->core, order, (struct order_moment){.expires = expires});
    return order;
}

static struct order *load_held_order(struct loader *loader)
{
    struct btx_core *core = loader->core;
    struct btx_reader *reader = &loader->reader;
    const struct market *market = loader->market;
    const uint64_t index = btx_reader_u64(reader);
    struct order_moment moment;
    if (index >= market->runner_count)
        return NULL;
    const uint32_t runner = runner_slot(core, slot_of_market(core, market), (uint32_t)index);
    struct order *order = load_order(loader, &core->runner[runner], &moment.expires);
    if (order == NULL)
        return NULL;
    moment.until = btx_reader_u64(reader);
    moment.min_fill = btx_reader_i64(reader);
    order->post_only = btx_reader_u8(reader);
    order->held = true;
    if (moment.until == 0 || moment.until > BTX_UNTIL_NS_MAX || moment.min_fill < 0 ||
        moment.min_fill > order->remaining ||
        moment.min_fill % ladder_size_step(market->kind) != 0 ||
        (moment.min_fill != 0 && order->tif != BTX_TIF_FOK) || order->post_only > 1 ||
        (order->post_only && order->tif != BTX_TIF_GTC))
        return NULL;
    btx_due_add(core, order, moment);
    return order;
}

static const char *load_held(struct loader *loader)
{
    uint64_t previous_id = 0;
    for (;;) {
        const uint64_t item = btx_reader_u64(&loader->reader);
        if (item == STATE_END)
            return NULL;
        const struct order *order = item == STATE_ORDER ? load_held_order(loader) : NULL;
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
        struct order *order = item == STATE_ORDER ? load_accepted(loader, runner) : NULL;
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
                      count + market->winners >= market->runner_count))
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

static const char *load_markets(struct loader *loader)
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

static const char *load_taker(struct loader *loader)
{
    struct btx_core *core = loader->core;
    struct btx_reader *reader = &loader->reader;
    const uint64_t item = btx_reader_u64(reader);
    if (item == STATE_END)
        return NULL;
    loader->market = btx_find_market(core, btx_reader_u64(reader));
    const uint64_t runner_id = btx_reader_u64(reader);
    const struct runner *runner =
        loader->market == NULL
            ? NULL
            : btx_find_runner(core, slot_of_market(core, loader->market), runner_id);
    const struct order *taker =
        item == STATE_ORDER && runner != NULL ? load_accepted(loader, runner) : NULL;
    if (taker == NULL)
        return "state: not a taker";
    core->work.taker = slot_of_order(core, taker);
    return NULL;
}

/* A market by id for work; 0 is none. */
static bool load_work_market(struct loader *loader, uint32_t *ret_slot)
{
    const uint64_t id = btx_reader_u64(&loader->reader);
    const struct market *market = btx_find_market(loader->core, id);
    *ret_slot = market == NULL ? NO_SLOT : slot_of_market(loader->core, market);
    return id == 0 || (market != NULL && market->status == BTX_MARKET_CLOSED);
}

static const char *load_work(struct loader *loader)
{
    struct btx_core *core = loader->core;
    struct btx_reader *reader = &loader->reader;
    struct work *work = &core->work;
    if (!load_work_market(loader, &work->settling) || !load_work_market(loader, &work->voiding))
        return "state: the market being closed does not exist";
    work->settled_accounts = btx_reader_u64(reader);
    work->settled_last = btx_reader_u64(reader);
    work->settled_commission = btx_reader_i128(reader);
    work->settled_pnl = btx_reader_i128(reader);
    if (work->settled_commission > BTX_MONEY_MAX || work->settled_commission < 0 ||
        work->settled_pnl > BTX_MONEY_MAX || work->settled_pnl < -BTX_MONEY_MAX)
        return "state: the sums of a settlement are out of range";
    if (work->settling == NO_SLOT && (work->settled_accounts != 0 || work->settled_last != 0 ||
                                      work->settled_commission != 0 || work->settled_pnl != 0))
        return "state: the sums of a settlement without one";
    /* What the house has yet to get. */
    core->net_deposits += work->settled_commission - work->settled_pnl;
    return load_taker(loader);
}

/* Orders were made book by book; a position has them by id. */
static const char *sort_position_orders(struct loader *loader)
{
    struct btx_core *core = loader->core;
    struct heap *sorter = &core->sorter;
    sorter->count = 0;
    for (uint32_t slot = 1; slot <= core->orders.high; slot++) {
        struct position *position = &core->position[core->order[slot].position];
        position->orders_head = NO_SLOT;
        position->orders_tail = NO_SLOT;
        heap_append(sorter, core->order[slot].id, slot);
    }
    btx_heap_build(sorter);
    while (sorter->count > 0) {
        const uint32_t slot = heap_top(sorter).slot;
        struct order *order = &core->order[slot];
        struct position *position = &core->position[order->position];
        order->position_prev = position->orders_tail;
        order->position_next = NO_SLOT;
        if (position->orders_tail != NO_SLOT)
            core->order[position->orders_tail].position_next = slot;
        else
            position->orders_head = slot;
        position->orders_tail = slot;
        btx_heap_drop_top(sorter);
    }
    return NULL;
}

static const char *load_pending(struct loader *loader)
{
    struct btx_core *core = loader->core;
    const uint64_t length_bytes = btx_reader_u64(&loader->reader);
    if (length_bytes == 0)
        return btx_resume_in_work(core) ? "state: work without a command" : NULL;
    if (length_bytes > BTX_COMMAND_BYTES_MAX)
        return "state: not a command";
    btx_reader_bytes(&loader->reader, core->pending.bytes, (size_t)length_bytes);
    const struct btx_record *record = &core->pending.command.record;
    if (loader->reader.exhausted || btx_record_check(record, (size_t)length_bytes) != NULL ||
        btx_record_kind(record) != BTX_RECORD_COMMAND ||
        btx_record_length_bytes(record) != length_bytes || record->crc != 0 ||
        rules_of(&core->pending.command) != core->rules_version || record->seq > core->seq ||
        record->tx > core->tx || record->time_ns != core->time_ns || !btx_resume_fits(core))
        return "state: not a command that can go on";
    core->has_pending = true;
    return NULL;
}

static void refresh_reserves(struct btx_core *core)
{
    for (uint32_t slot = 1; slot <= core->positions.high; slot++) {
        struct position *position = &core->position[slot];
        if (btx_risk_reserves(core, position))
            btx_risk_refresh(core, position);
    }
}

const char *btx_core_load(struct btx_core *core, const void *bytes, size_t length_bytes)
{
    CHECK(core->seq == 0 && core->accounts.used == 1);
    struct loader loader = {.core = core};
    btx_reader_init(&loader.reader, bytes, length_bytes);
    static const char *(*const parts[])(struct loader *) = {
        load_counters, load_accounts, load_markets, load_work, sort_position_orders, load_pending,
    };
    for (size_t i = 0; i < BTX_COUNT_OF(parts); i++) {
        const char *wrong = parts[i](&loader);
        if (loader.reader.exhausted)
            return "state: it ends too early";
        if (wrong != NULL)
            return wrong;
    }
    if (!btx_reader_finished(&loader.reader))
        return "state: more bytes than a state has";
    refresh_reserves(core);
    return btx_core_verify(core);
}
