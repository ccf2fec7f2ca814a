/* SPDX-License-Identifier: Apache-2.0 */
/* verify.c - the state against itself: everything derived is computed anew and compared. */
#include "engine/core/book.h"
#include "engine/core/due.h"
#include "engine/core/entities.h"
#include "engine/core/ladder.h"
#include "engine/core/risk.h"
#include "engine/core/stakes.h"

/* Counted on the way, compared with the pools at the end. */
struct tally {
    uint32_t orders;
    uint32_t resting;
    uint32_t held;
    uint32_t waiting;   /* For a moment. */
    uint32_t reducible; /* In markets with reductions. */
    uint32_t stakes;
    uint32_t description_bytes;
    uint32_t leaves;
    uint32_t positions;
};

/* Whether a RemoveRunner may be under way, which cancels the orders on its runner. */
static bool is_removing(const struct btx_core *core)
{
    return core->tx_open || core->orphaned ||
           (core->has_pending && core->pending.command.record.type == BTX_COMMAND_REMOVE_RUNNER);
}

static const char *verify_order(struct btx_core *core, const struct position *position,
                                const struct order *order, uint64_t previous_id)
{
    const struct market *market = &core->market[position->market];
    uint32_t price_index;
    if (order->id <= previous_id || btx_find_order(core, order->id) != order)
        return "order: ids of a position do not ascend, or it cannot be found";
    if (order->remaining <= 0 || order->remaining % ladder_size_step(market->kind) != 0)
        return "order: nothing remains of it, or no whole size";
    if (core->runner[order->runner].market != position->market ||
        !btx_ladder_index(market, order->price, &price_index) || price_index != order->price_index)
        return "order: not of its market's runners or prices";
    if (order->resting + order->held + (slot_of_order(core, order) == core->work.taker) != 1)
        return "order: it neither rests nor is it held or the taker, or several of that";
    if (order->held && (order->due_place == 0 || !market->in_play))
        return "order: it is held, but nothing releases it, or not in play";
    return core->runner[order->runner].removed && !is_removing(core)
               ? "order: on a removed runner, and nothing is about to cancel it"
               : NULL;
}

static const char *verify_position_orders(struct btx_core *core, const struct position *position,
                                          struct tally *tally)
{
    uint32_t live[BTX_SIDE_COUNT] = {0, 0};
    uint64_t previous_id = 0;
    uint32_t previous = NO_SLOT;
    uint32_t slot = position->orders_head;
    while (slot != NO_SLOT) {
        const struct order *order = &core->order[slot];
        const char *wrong = verify_order(core, position, order, previous_id);
        if (wrong != NULL)
            return wrong;
        if (order->position_prev != previous || order->position != slot_of_position(core, position))
            return "order: its position's list is broken";
        live[order->side]++;
        tally->orders++;
        tally->held += order->held;
        tally->waiting += order->due_place != 0;
        tally->reducible += core->market[position->market].reductions;
        previous = slot;
        previous_id = order->id;
        slot = order->position_next;
    }
    return position->orders_tail == previous &&
                   live[BTX_SIDE_BACK] == position->live[BTX_SIDE_BACK] &&
                   live[BTX_SIDE_LAY] == position->live[BTX_SIDE_LAY]
               ? NULL
               : "position: its count of live orders is wrong";
}

static const char *verify_position_cells(const struct btx_core *core,
                                         const struct position *position)
{
    const struct market *market = &core->market[position->market];
    const uint32_t count = market->runner_count;
    btx_i128 lose_sum = 0;
    btx_i128 floor = BTX_I128_MAX;
    uint32_t nonzero = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct cell *cell = &core->cell[position->cells + i];
        lose_sum += cell->lose;
        nonzero += cell->win != 0 || cell->lose != 0;
        if (core->runner[runner_slot(core, position->market, i)].removed) {
            if (cell->win != 0 || cell->lose != 0)
                return "position: it has bets on a removed runner";
            continue;
        }
        floor = cell->win - cell->lose < floor ? cell->win - cell->lose : floor;
    }
    if (lose_sum != position->lose_sum || nonzero != position->nonzero_cells)
        return "position: the sum of its cells is wrong";
    const struct cell *lowest = &core->cell[position->cells + position->floor_index];
    if (position->floor_index >= count ||
        (position->floor_known &&
         (floor != position->floor || lowest->win - lowest->lose != floor)))
        return "position: its floor is wrong";
    return nonzero == 0 && position->orders_head == NO_SLOT && position->stakes == NO_SLOT
               ? "position: it is flat"
               : NULL;
}

/* In a market with reductions that is not closed, W and X are what the stakes say. */
static const char *verify_stakes(const struct btx_core *core, const struct position *position,
                                 struct tally *tally)
{
    const struct market *market = &core->market[position->market];
    struct cell cells[BTX_RUNNERS_MAX];
    btx_position_matched(core, position, cells);
    uint32_t previous = NO_SLOT;
    for (uint32_t slot = position->stakes; slot != NO_SLOT;
         slot = core->stake[slot].position_next) {
        const struct stake *stake = &core->stake[slot];
        if (stake->size == 0 || stake->position_prev != previous ||
            stake->position != slot_of_position(core, position) ||
            core->runner[runner_slot(core, position->market, stake->index)].removed)
            return "stake: nothing is left of it, or its runner was removed, or its list is broken";
        struct cell *cell = &cells[stake->index];
        cell->win -= stake->size / 100 * ((stake->price - BTX_DECIMAL_ONE) / 100);
        cell->lose += stake->size;
        tally->stakes++;
        previous = slot;
    }
    const bool settled = market->status == BTX_MARKET_CLOSED &&
                         core->work.settling != position->market &&
                         core->work.voiding != position->market;
    if (!market->reductions || settled)
        return position->stakes == NO_SLOT ? NULL : "stake: its market needs none";
    for (uint32_t i = 0; i < market->runner_count; i++)
        if (cells[i].win != 0 || cells[i].lose != 0)
            return "position: its stakes do not make its profit";
    return NULL;
}

static const char *verify_reserve(struct btx_core *core, struct position *position)
{
    const struct work *work = &core->work;
    if (work->taker != NO_SLOT &&
        core->order[work->taker].position == slot_of_position(core, position))
        return NULL; /* Stale until the command ends. */
    const struct shift nothing = {.win = 0, .lose = 0};
    const struct market *market = &core->market[position->market];
    const btx_i128 reserved =
        btx_risk_reserves(core, position)
            ? btx_risk_reserved_after(core, market, position, market->first_active, nothing)
            : 0;
    return reserved == position->reserved ? NULL : "position: its reserve is wrong";
}

static const char *verify_position(struct btx_core *core, struct position *position,
                                   struct tally *tally)
{
    if (btx_find_position(core, position->account, position->market) != position)
        return "position: it cannot be found";
    tally->positions++;
    const char *wrong = verify_position_orders(core, position, tally);
    if (wrong == NULL)
        wrong = verify_position_cells(core, position);
    if (wrong == NULL)
        wrong = verify_stakes(core, position, tally);
    return wrong == NULL ? verify_reserve(core, position) : wrong;
}

static const char *verify_account(struct btx_core *core, uint32_t slot, btx_i128 *clients_sum)
{
    const struct account *account = &core->account[slot];
    btx_i128 reserved = 0;
    uint32_t previous = NO_SLOT;
    uint32_t next = account->positions;
    while (next != NO_SLOT) {
        const struct position *position = &core->position[next];
        if (position->account != slot || position->account_prev != previous)
            return "account: its list of positions is broken";
        reserved += position->reserved;
        previous = next;
        next = position->account_next;
    }
    if (reserved != account->reserved)
        return "account: its reserve is not the sum of its positions'";
    if (slot == HOUSE_SLOT)
        return account->id == 0 && account->positions == NO_SLOT ? NULL : "house: it trades";
    *clients_sum += account->balance;
    if (btx_find_account(core, account->id) != account)
        return "account: it cannot be found";
    if (account->balance > BTX_MONEY_MAX || account->balance < -BTX_MONEY_MAX)
        return "account: its balance is out of range";
    return core->work.taker == NO_SLOT && core->removals == 0 && risk_available(account) < 0
               ? "account: less than nothing is available"
               : NULL;
}

static const char *verify_accounts(struct btx_core *core)
{
    btx_i128 clients_sum = 0;
    for (uint32_t slot = HOUSE_SLOT; slot <= core->accounts.high; slot++) {
        const char *wrong = verify_account(core, slot, &clients_sum);
        if (wrong != NULL)
            return wrong;
    }
    if (clients_sum != core->clients_sum || clients_sum > BTX_MONEY_MAX)
        return "accounts: their sum is wrong, or over the limit";
    const btx_i128 owed_to_house = core->work.settled_commission - core->work.settled_pnl;
    const bool settling = core->work.settling != NO_SLOT;
    return core->account[HOUSE_SLOT].balance + clients_sum + (settling ? owed_to_house : 0) ==
                   core->net_deposits
               ? NULL
               : "accounts: money was made or lost";
}

static const char *verify_level(const struct btx_core *core, uint32_t runner, uint8_t side,
                                uint32_t index, struct tally *tally)
{
    const struct level *level = book_level(core, &core->runner[runner], index);
    btx_i128 size = 0;
    uint32_t previous = NO_SLOT;
    uint32_t slot = level->head;
    while (slot != NO_SLOT) {
        const struct order *order = &core->order[slot];
        if (!order->resting || order->runner != runner || order->side != side ||
            order->price_index != index || order->level_prev != previous)
            return "book: an order is in the wrong queue";
        size += order->remaining;
        tally->resting++;
        previous = slot;
        slot = order->level_next;
    }
    if (previous == NO_SLOT || level->tail != previous)
        return "book: a queue is broken, or empty but marked";
    return size == level->size ? NULL : "book: the size of a price is wrong";
}

static const char *verify_side(const struct btx_core *core, const struct market *market,
                               uint32_t runner, uint8_t side, struct tally *tally)
{
    uint32_t index = btx_book_best(core, &core->runner[runner], market->kind, side);
    while (index != NO_PRICE) {
        if (index >= market->price_count)
            return "book: a price is off the ladder";
        const char *wrong = verify_level(core, runner, side, index, tally);
        if (wrong != NULL)
            return wrong;
        index = btx_book_next(core, &core->runner[runner], market->kind, side, index);
    }
    return NULL;
}

static const char *verify_leaf(const struct leaf *leaf)
{
    const uint64_t marked = leaf->bits[BTX_SIDE_BACK] | leaf->bits[BTX_SIDE_LAY];
    if (marked == 0 || (leaf->bits[BTX_SIDE_BACK] & leaf->bits[BTX_SIDE_LAY]) != 0)
        return "book: a leaf is empty, or a price has both sides";
    for (uint32_t i = 0; i < BOOK_LEAF_PRICES; i++) {
        const struct level *level = &leaf->levels[i];
        const bool empty = level->size == 0 && level->head == NO_SLOT && level->tail == NO_SLOT;
        if (empty == ((marked >> i & 1) != 0))
            return "book: a price has orders and no mark, or a mark and no orders";
    }
    return NULL;
}

static const char *verify_book(const struct btx_core *core, const struct market *market,
                               uint32_t slot, struct tally *tally)
{
    const struct runner *runner = &core->runner[slot];
    for (uint8_t side = 0; side < BTX_SIDE_COUNT; side++) {
        const char *wrong = verify_side(core, market, slot, side, tally);
        if (wrong != NULL)
            return wrong;
    }
    for (uint32_t i = 0; i < BOOK_LEAVES_MAX; i++) {
        if (runner->leaves[i] != NO_SLOT) {
            tally->leaves++;
            const char *wrong = verify_leaf(&core->leaf[runner->leaves[i]]);
            if (wrong != NULL)
                return wrong;
        }
    }
    const uint32_t back = btx_book_best(core, runner, market->kind, BTX_SIDE_BACK);
    const uint32_t lay = btx_book_best(core, runner, market->kind, BTX_SIDE_LAY);
    return back != NO_PRICE && lay != NO_PRICE &&
                   price_crosses(market->kind, BTX_SIDE_BACK, back, lay)
               ? "book: it is crossed"
               : NULL;
}

/* What is matched sums up to nothing over all accounts, for every runner (rules.md 2), or for every
 * outcome (rules-2.md 7). */
static const char *verify_zero_sum(const struct btx_core *core, uint32_t slot)
{
    const struct market *market = &core->market[slot];
    struct shift sums[BTX_RUNNERS_MAX] = {0};
    uint32_t next = market->positions;
    while (next != NO_SLOT) {
        const struct position *position = &core->position[next];
        for (uint32_t i = 0; i < market->runner_count; i++) {
            const struct cell *cell = &core->cell[position->cells + i];
            sums[i] = risk_sum(sums[i], (struct shift){.win = cell->win, .lose = cell->lose});
        }
        uint32_t live = position->orders_head;
        while (live != NO_SLOT) {
            const struct order *order = &core->order[live];
            struct shift *sum = &sums[core->runner[order->runner].index];
            *sum = risk_sum(*sum, risk_negated(risk_of_order(core, order, order->remaining)));
            live = order->position_next;
        }
        next = position->market_next;
    }
    for (uint32_t i = 0; i < market->runner_count; i++) {
        /* When one of two wins the other loses: implied matches are zero only so. */
        const uint32_t losing = market->implied ? 1 - i : i;
        const bool zero = market->implied ? sums[i].win + sums[losing].lose == 0
                                          : sums[i].win == 0 && sums[i].lose == 0;
        if (!zero)
            return "market: what its accounts won and lost is not zero together";
    }
    return NULL;
}

static const char *verify_runners(struct btx_core *core, const struct market *market,
                                  struct tally *tally)
{
    const uint32_t market_slot = slot_of_market(core, market);
    uint32_t first_active = market->runner_count;
    uint32_t removed_count = 0;
    for (uint32_t i = market->runner_count; i-- > 0;) {
        const struct runner *runner = &core->runner[runner_slot(core, market_slot, i)];
        if (runner->index != i || btx_find_runner(core, market_slot, runner->id) != runner)
            return "runner: it cannot be found, or not at its place";
        const char *wrong = verify_book(core, market, slot_of_runner(core, runner), tally);
        if (wrong != NULL)
            return wrong;
        removed_count += runner->removed;
        first_active = runner->removed ? first_active : i;
    }
    return removed_count == market->removed_count && first_active == market->first_active
               ? NULL
               : "market: its count of removed runners is wrong, or the first that was not";
}

static const char *verify_market(struct btx_core *core, uint32_t slot, struct tally *tally)
{
    const struct market *market = &core->market[slot];
    uint32_t live[BTX_SIDE_COUNT] = {0, 0};
    const char *wrong = NULL;
    uint32_t previous = NO_SLOT;
    uint32_t next = market->positions;
    while (next != NO_SLOT && wrong == NULL) {
        struct position *position = &core->position[next];
        wrong = position->market == slot && position->market_prev == previous
                    ? verify_position(core, position, tally)
                    : "market: its list of positions is broken";
        live[BTX_SIDE_BACK] += position->live[BTX_SIDE_BACK];
        live[BTX_SIDE_LAY] += position->live[BTX_SIDE_LAY];
        previous = next;
        next = position->market_next;
    }
    if (wrong == NULL)
        wrong = verify_runners(core, market, tally);
    if (wrong != NULL)
        return wrong;
    if (btx_find_market(core, market->id) != market)
        return "market: it cannot be found";
    tally->description_bytes += market->description_bytes;
    if (live[BTX_SIDE_BACK] != market->live[BTX_SIDE_BACK] ||
        live[BTX_SIDE_LAY] != market->live[BTX_SIDE_LAY])
        return "market: its count of live orders is wrong";
    const bool closing = core->work.settling == slot || core->work.voiding == slot;
    return market->status == BTX_MARKET_CLOSED && live[0] + live[1] > 0 && !closing
               ? "market: it is closed and has orders"
               : verify_zero_sum(core, slot);
}

/* Every position has one place in a block of cells. */
static bool cells_agree(const struct btx_core *core)
{
    uint32_t blocks = 0;
    uint32_t places = 0;
    for (uint32_t slot = 1; slot <= core->cells.blocks.high; slot++) {
        blocks += core->cell_block[slot].used_count > 0;
        places += core->cell_block[slot].used_count;
    }
    return blocks == core->cells.blocks.used && places == core->positions.used;
}

const char *btx_core_verify(struct btx_core *core)
{
    struct tally tally = {0};
    for (uint32_t slot = 1; slot <= core->markets.high; slot++) {
        const char *wrong = core->market[slot].id == 0 ? NULL : verify_market(core, slot, &tally);
        if (wrong != NULL)
            return wrong;
    }
    if (tally.orders != core->orders.used || tally.positions != core->positions.used ||
        tally.leaves != core->leaves.used || !cells_agree(core) ||
        tally.resting + tally.held + (core->work.taker != NO_SLOT) != core->orders.used ||
        tally.stakes != core->stakes.used || tally.description_bytes != core->description_bytes)
        return "pools: what is used is not what is there";
    if (tally.waiting != core->due.count || !btx_due_agrees(core))
        return "due things: not the orders that wait, or not in order";
    if (tally.reducible != core->reducible_orders ||
        core->stakes.used + STAKES_PER_ORDER * (uint64_t)core->reducible_orders >
            core->stakes.capacity)
        return "stakes: more than the capacity, with what live orders have set aside";
    return verify_accounts(core);
}
