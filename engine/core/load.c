/* SPDX-License-Identifier: Apache-2.0 */
/* load.c - a state from the bytes of save.c, which may be anybody's.
 *
 * Every item is checked when it is made, as far as memory and the next items depend on it, and
 * btx_core_verify() judges the whole at the end. */
#include "engine/core/load.h"

#include <string.h>

#include "engine/core/entities.h"
#include "engine/core/heap.h"
#include "engine/core/resume.h"
#include "engine/core/risk.h"
#include "engine/core/rules_version.h"
#include "engine/core/state_bytes.h"

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
        item == STATE_ORDER && runner != NULL ? btx_load_accepted(loader, runner) : NULL;
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
        load_counters, load_accounts,        btx_load_markets,
        load_work,     sort_position_orders, load_pending,
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
