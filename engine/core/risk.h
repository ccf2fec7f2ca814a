/* SPDX-License-Identifier: Apache-2.0 */
/* risk.h - what accounts have reserved for their bets and orders (rules.md 3), private to this
 * folder.
 *
 * A position keeps for every runner W' and X': profit if it wins and if it loses, unmatched
 * orders counted as lost.  The worst outcome is the sum of all X' plus the K smallest W' - X', over
 * the runners that were not removed; a removed one's are 0.
 * For K = 1 the sum and the smallest difference (the floor) are kept, so that most changes cost
 * no look at the other runners. */
#ifndef BTX_CORE_RISK_H
#define BTX_CORE_RISK_H

#include "engine/core/ladder.h"
#include "engine/core/state.h"

/* A change of one runner's W' and X'. */
struct shift {
    btx_i128 win;
    btx_i128 lose;
};

/* What an unmatched order takes away: a LAY its loss if the runner wins, a BACK its stake. */
static inline struct shift risk_unmatched(uint8_t kind, uint8_t side, uint32_t price, int64_t size)
{
    const struct fill fill = ladder_fill(kind, price, size);
    if (side == BTX_SIDE_LAY)
        return (struct shift){.win = -(btx_i128)fill.win, .lose = 0};
    return (struct shift){.win = 0, .lose = -(btx_i128)fill.lose};
}

/* What a fill gives to one side of it. */
static inline struct shift risk_matched(uint8_t side, struct fill fill)
{
    if (side == BTX_SIDE_BACK)
        return (struct shift){.win = fill.win, .lose = -(btx_i128)fill.lose};
    return (struct shift){.win = -(btx_i128)fill.win, .lose = fill.lose};
}

static inline struct shift risk_sum(struct shift a, struct shift b)
{
    return (struct shift){.win = a.win + b.win, .lose = a.lose + b.lose};
}

static inline struct shift risk_negated(struct shift a)
{
    return (struct shift){.win = -a.win, .lose = -a.lose};
}

/* What @size of @order, unmatched, takes away in its position: nothing on a removed runner. */
static inline struct shift risk_of_order(const struct btx_core *core, const struct order *order,
                                         int64_t size)
{
    if (core->runner[order->runner].removed)
        return (struct shift){.win = 0, .lose = 0};
    const uint8_t kind = core->market[core->position[order->position].market].kind;
    return risk_unmatched(kind, order->side, order->price, size);
}

static inline bool cell_is_zero(const struct cell *cell)
{
    return cell->win == 0 && cell->lose == 0;
}

/* Apply @shift to runner @index of @position.  The reserve is stale until btx_risk_refresh(). */
static inline void risk_shift(struct btx_core *core, struct position *position, uint32_t index,
                              struct shift shift)
{
    struct cell *cell = position_cell(core, position, index);
    position->nonzero_cells -= (uint32_t)!cell_is_zero(cell);
    cell->win += shift.win;
    cell->lose += shift.lose;
    position->nonzero_cells += (uint32_t)!cell_is_zero(cell);
    position->lose_sum += shift.lose;

    const btx_i128 difference = cell->win - cell->lose;
    if (index == position->floor_index) {
        /* The floor may have risen above another runner's difference. */
        position->floor_known = position->floor_known && difference <= position->floor;
        position->floor = difference;
    } else if (difference < position->floor) {
        position->floor = difference;
        position->floor_index = index;
    }
}

/* Drop runner @index, which was removed, from @position: bets and orders on it count no more. */
void btx_risk_drop_runner(struct btx_core *core, struct position *position, uint32_t index);

/* Compute the reserve of @position anew and bring its account's total up to date. */
void btx_risk_refresh(struct btx_core *core, struct position *position);

/* Whether @position still reserves anything: in a closed market it does not, but for those whom a
 * settlement or voiding under way has not come to yet. */
bool btx_risk_reserves(const struct btx_core *core, const struct position *position);

/* What @position would reserve after @shift on runner @index.  NULL: a pair without a position
 * in @market. */
btx_i128 btx_risk_reserved_after(struct btx_core *core, const struct market *market,
                                 struct position *position, uint32_t index, struct shift shift);

/* Set the reserve of @position, as settlement does to release it. */
void btx_risk_set_reserved(struct btx_core *core, struct position *position, btx_i128 reserved);

/* balance minus everything reserved. */
static inline btx_i128 risk_available(const struct account *account)
{
    return account->balance - account->reserved;
}

#endif
