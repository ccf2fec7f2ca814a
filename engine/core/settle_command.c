/* SPDX-License-Identifier: Apache-2.0 */
/* settle_command.c - SettleMarket (rules.md 6): orders cancelled, accounts paid ascending, the
 * house's share last. */
#include "engine/core/cancel_batches.h"
#include "engine/core/commands.h"
#include "engine/core/entities.h"
#include "engine/core/heap.h"
#include "engine/core/markets.h"
#include "engine/core/reject.h"

/* The outcome in runner indexes. */
struct outcome {
    bool wins[BTX_RUNNERS_MAX];
    uint32_t winner_count; /* A of rules.md 6 */
};

/* Read the winners that @command names; false when they are not valid for @market. */
static bool read_outcome(struct btx_core *core, const struct market *market,
                         const struct btx_settle_market *command, struct outcome *ret_outcome)
{
    memset(ret_outcome, 0, sizeof *ret_outcome);
    if (market->kind == BTX_MARKET_KIND_BINARY) {
        ret_outcome->wins[0] = command->result == BTX_OUTCOME_YES;
        ret_outcome->winner_count = ret_outcome->wins[0];
        return command->result != BTX_OUTCOME_NONE;
    }
    const uint64_t *winners = btx_settle_market_winners(command);
    for (uint32_t i = 0; i < command->winners_count; i++) {
        const struct runner *runner =
            btx_find_runner(core, slot_of_market(core, market), winners[i]);
        if (runner == NULL || runner->removed || ret_outcome->wins[runner->index])
            return false;
        ret_outcome->wins[runner->index] = true;
    }
    ret_outcome->winner_count = command->winners_count;
    return command->winners_count >= market->winners;
}

bool btx_winners_are_valid(struct btx_core *core, const struct market *market,
                           const struct btx_settle_market *command)
{
    struct outcome outcome;
    return read_outcome(core, market, command, &outcome);
}

static btx_i128 floor_divided(btx_i128 dividend, btx_i128 divisor)
{
    const btx_i128 quotient = dividend / divisor;
    return dividend % divisor < 0 ? quotient - 1 : quotient;
}

/* Profit and loss of what @cells say, when they are W and X. */
static btx_i128 profit_of_cells(const struct market *market, const struct cell *cells,
                                const struct outcome *outcome)
{
    if (market->kind == BTX_MARKET_KIND_BINARY)
        return outcome->wins[0] ? cells[0].win : cells[0].lose;
    const btx_i128 expected = market->winners;
    const btx_i128 named = outcome->winner_count;
    btx_i128 lost = 0;
    btx_i128 won = 0;
    for (uint32_t i = 0; i < market->runner_count; i++)
        if (outcome->wins[i])
            won += expected * cells[i].win + (named - expected) * cells[i].lose;
        else
            lost += cells[i].lose;
    return lost + floor_divided(won, named);
}

/* Profit and loss of @position.  Its orders are gone, so W' is W and X' is X. */
static btx_i128 profit(const struct btx_core *core, const struct market *market,
                       const struct position *position, const struct outcome *outcome)
{
    return profit_of_cells(market, &core->cell[position->cells], outcome);
}

static btx_i128 commission_on(const struct market *market, btx_i128 pnl)
{
    return pnl > 0 ? pnl * market->commission / BTX_DECIMAL_ONE : 0;
}

/* Whether what everybody would win and lose fits into money.  It does while no runner was ever
 * removed, as nobody loses more than was reserved; but a removal may leave accounts that had
 * dutched without end with bets of one side, and its settlement balances below zero, in the midst
 * of other markets (README.md). */
static bool is_payable(const struct btx_core *core, const struct market *market,
                       const struct outcome *outcome)
{
    btx_i128 won = 0;
    btx_i128 lost = 0;
    uint32_t slot = market->positions;
    while (slot != NO_SLOT) {
        const struct position *position = &core->position[slot];
        struct cell cells[BTX_RUNNERS_MAX];
        btx_position_matched(core, position, cells);
        const btx_i128 pnl = profit_of_cells(market, cells, outcome);
        const btx_i128 balance = core->account[position->account].balance + pnl;
        if (balance > BTX_MONEY_MAX || balance < -BTX_MONEY_MAX)
            return false;
        won += pnl > 0 ? pnl : 0;
        lost -= pnl < 0 ? pnl : 0;
        slot = position->market_next;
    }
    return won <= BTX_MONEY_MAX && lost <= BTX_MONEY_MAX;
}

static void emit_settling(struct run *run, struct market *market,
                          const struct btx_settle_market *command, const struct outcome *outcome)
{
    static const uint64_t yes = 1;
    const bool binary = market->kind == BTX_MARKET_KIND_BINARY;
    const uint16_t count = (uint16_t)outcome->winner_count;
    struct btx_market_settling *event =
        tx_event(run, BTX_EVENT_MARKET_SETTLING, sizeof *event, 8u * (size_t)count);
    event->market = market->id;
    event->winners_count = count;
    memcpy(event + 1, binary ? &yes : btx_settle_market_winners(command), 8u * (size_t)count);
    btx_change_market_settling(run->core, market);
}

static void emit_account_settled(struct run *run, const struct market *market,
                                 struct position *position, const struct outcome *outcome)
{
    struct account *account = &run->core->account[position->account];
    const btx_i128 pnl = profit(run->core, market, position, outcome);
    const btx_i128 commission = commission_on(market, pnl);
    /* No account loses more than it has, so none wins more than all others have, or is_payable()
     * has said so. */
    CHECK(pnl >= -BTX_MONEY_MAX && pnl <= BTX_MONEY_MAX);
    struct btx_account_settled *event = tx_event(run, BTX_EVENT_ACCOUNT_SETTLED, sizeof *event, 0);
    event->market = market->id;
    event->account = account->id;
    event->pnl = (int64_t)pnl;
    event->commission = (int64_t)commission;
    event->balance = (int64_t)account->balance + event->pnl - event->commission;
    btx_change_account_settled(run->core, event, account, position);
}

static void emit_settled(struct run *run, const struct market *market)
{
    const struct work *work = &run->core->work;
    struct btx_market_settled *event = tx_event(run, BTX_EVENT_MARKET_SETTLED, sizeof *event, 0);
    event->market = market->id;
    event->accounts = work->settled_accounts;
    event->commission = (int64_t)work->settled_commission;
    event->rounding = (int64_t)-work->settled_pnl;
    btx_change_market_settled(run->core, event);
}

/* Begin the walk over those not settled yet, by account id. */
static void walk_build(struct btx_core *core, const struct market *market)
{
    struct heap *heap = &core->walk.heap;
    heap->count = 0;
    uint32_t slot = market->positions;
    while (slot != NO_SLOT) {
        const struct position *position = &core->position[slot];
        const uint64_t id = core->account[position->account].id;
        if (id > core->work.settled_last && position->nonzero_cells > 0)
            heap_append(heap, id, slot);
        slot = position->market_next;
    }
    btx_heap_build(heap);
    core->walk.kind = WALK_ACCOUNTS;
    core->walk.market = slot_of_market(core, market);
}

static bool settle_accounts(struct run *run, const struct market *market,
                            const struct outcome *outcome)
{
    struct btx_core *core = run->core;
    if (core->walk.kind != WALK_ACCOUNTS)
        walk_build(core, market);
    while (core->walk.heap.count > 0) {
        if (run->tx->full)
            return false;
        emit_account_settled(run, market, &core->position[heap_top(&core->walk.heap).slot],
                             outcome);
        btx_heap_drop_top(&core->walk.heap);
    }
    return true;
}

bool btx_execute_settle_market(struct run *run, const struct btx_settle_market *command)
{
    struct btx_core *core = run->core;
    struct market *market = btx_find_market(core, command->market);
    struct outcome outcome;
    if (!run->resumed) {
        market = btx_market_or_reject(run, command->market);
        if (market == NULL)
            return true;
        if (!read_outcome(core, market, command, &outcome))
            return btx_reject_command(run, BTX_REJECT_INVALID_WINNERS);
        if (core->removals > 0 && !is_payable(core, market, &outcome))
            return btx_reject_command(run, BTX_REJECT_CAPACITY);
        emit_settling(run, market, command, &outcome);
    } else {
        CHECK(read_outcome(core, market, command, &outcome));
    }
    const struct order_filter all = {.market = slot_of_market(core, market),
                                     .side = BTX_SIDE_COUNT};
    if (market->live[BTX_SIDE_BACK] + market->live[BTX_SIDE_LAY] > 0 &&
        !btx_cancel_batches(run, &all, BTX_CAUSE_SETTLED, 0))
        return false;
    if (!settle_accounts(run, market, &outcome) || run->tx->full)
        return false;
    emit_settled(run, market);
    return true;
}
