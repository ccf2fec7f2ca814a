/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/core/risk.h"

void btx_risk_drop_runner(struct btx_core *core, struct position *position, uint32_t index)
{
    struct cell *cell = position_cell(core, position, index);
    risk_shift(core, position, index, (struct shift){.win = -cell->win, .lose = -cell->lose});
    position->floor_known = false;
}

static bool is_removed(const struct btx_core *core, const struct market *market, uint32_t index)
{
    return core->runner[runner_slot(core, slot_of_market(core, market), index)].removed;
}

/* The floor of @market over all runners but @without, when some of them are removed. */
BTX_COLD static btx_i128 floor_of_active(const struct btx_core *core, const struct market *market,
                                         const struct cell *cells, uint32_t without,
                                         uint32_t *ret_index)
{
    btx_i128 floor = BTX_I128_MAX;
    for (uint32_t i = 0; i < market->runner_count; i++) {
        const btx_i128 difference = cells[i].win - cells[i].lose;
        if (difference < floor && i != without && !is_removed(core, market, i)) {
            floor = difference;
            *ret_index = i;
        }
    }
    return floor;
}

/* The floor over all runners but @without. */
static btx_i128 floor_without(const struct btx_core *core, const struct market *market,
                              const struct cell *cells, uint32_t without, uint32_t *ret_index)
{
    if (market->removed_count > 0)
        return floor_of_active(core, market, cells, without, ret_index);
    const uint32_t count = market->runner_count;
    btx_i128 floor = BTX_I128_MAX;
    for (uint32_t i = 0; i < count; i++) {
        const btx_i128 difference = cells[i].win - cells[i].lose;
        if (difference < floor && i != without) {
            floor = difference;
            *ret_index = i;
        }
    }
    return floor;
}

BTX_NOINLINE static void find_floor(struct btx_core *core, const struct market *market,
                                    struct position *position)
{
    position->floor = floor_without(core, market, &core->cell[position->cells], UINT32_MAX,
                                    &position->floor_index);
    position->floor_known = true;
}

/* Sum of the @smallest of @count values; reorders them (quickselect, Hoare's partition). */
static btx_i128 sum_of_smallest(btx_i128 *values, uint32_t count, uint32_t smallest)
{
    uint32_t low = 0;
    uint32_t high = count - 1;
    while (low < high) {
        const btx_i128 pivot = values[low + (high - low) / 2];
        uint32_t i = low;
        uint32_t j = high;
        for (;;) {
            while (values[i] < pivot)
                i++;
            while (values[j] > pivot)
                j--;
            if (i >= j)
                break;
            const btx_i128 swapped = values[i];
            values[i++] = values[j];
            values[j--] = swapped;
        }
        if (smallest <= j + 1)
            high = j;
        else
            low = j + 1;
    }
    btx_i128 sum = 0;
    for (uint32_t i = 0; i < smallest; i++)
        sum += values[i];
    return sum;
}

/* K > 1: the K smallest differences, @shift counted in on runner @index. */
static btx_i128 worst_of_several(const struct btx_core *core, const struct market *market,
                                 const struct position *position, uint32_t index,
                                 struct shift shift)
{
    btx_i128 differences[BTX_RUNNERS_MAX];
    uint32_t count = 0;
    const struct cell *cells = position == NULL ? NULL : &core->cell[position->cells];
    CHECK(index < market->runner_count && market->runner_count <= BTX_RUNNERS_MAX);
    for (uint32_t i = 0; i < market->runner_count; i++) {
        if (is_removed(core, market, i))
            continue;
        differences[count] = cells == NULL ? 0 : cells[i].win - cells[i].lose;
        differences[count] += i == index ? shift.win - shift.lose : 0;
        count++;
    }
    return (position == NULL ? 0 : position->lose_sum) + shift.lose +
           sum_of_smallest(differences, count, market->winners);
}

static btx_i128 worst_of_one(struct btx_core *core, const struct market *market,
                             struct position *position, uint32_t index, struct shift shift)
{
    if (position == NULL) {
        const btx_i128 difference = shift.win - shift.lose;
        return shift.lose + (difference < 0 ? difference : 0);
    }
    if (!position->floor_known)
        find_floor(core, market, position);
    const struct cell *cells = &core->cell[position->cells];
    const btx_i128 difference = cells[index].win - cells[index].lose + (shift.win - shift.lose);
    btx_i128 floor = position->floor;
    if (difference <= floor) {
        floor = difference;
    } else if (index == position->floor_index) {
        uint32_t ignored;
        floor = floor_without(core, market, cells, index, &ignored);
        floor = difference < floor ? difference : floor;
    }
    return position->lose_sum + shift.lose + floor;
}

static btx_i128 worst_of_binary(const struct cell *cells, struct shift shift)
{
    const btx_i128 win = (cells == NULL ? 0 : cells[0].win) + shift.win;
    const btx_i128 lose = (cells == NULL ? 0 : cells[0].lose) + shift.lose;
    return win < lose ? win : lose;
}

btx_i128 btx_risk_reserved_after(struct btx_core *core, const struct market *market,
                                 struct position *position, uint32_t index, struct shift shift)
{
    const struct cell *cells = position == NULL ? NULL : &core->cell[position->cells];
    btx_i128 worst;
    if (market->kind == BTX_MARKET_KIND_BINARY) {
        worst = worst_of_binary(cells, shift);
    } else if (market->winners == 1) {
        worst = worst_of_one(core, market, position, index, shift);
    } else {
        worst = worst_of_several(core, market, position, index, shift);
    }
    return worst < 0 ? -worst : 0;
}

void btx_risk_set_reserved(struct btx_core *core, struct position *position, btx_i128 reserved)
{
    core->account[position->account].reserved += reserved - position->reserved;
    position->reserved = reserved;
}

/* What @position reserves, in markets for which nothing is kept. */
BTX_NOINLINE static btx_i128 reserved_anew(struct btx_core *core, const struct market *market,
                                           struct position *position)
{
    const struct shift nothing = {.win = 0, .lose = 0};
    return btx_risk_reserved_after(core, market, position, market->first_active, nothing);
}

/* The same, without a look at any cell in the usual case. */
static btx_i128 reserved_now(struct btx_core *core, const struct market *market,
                             struct position *position)
{
    if (market->kind != BTX_MARKET_KIND_ODDS || market->winners != 1)
        return reserved_anew(core, market, position);
    if (!position->floor_known)
        find_floor(core, market, position);
    const btx_i128 worst = position->lose_sum + position->floor;
    return worst < 0 ? -worst : 0;
}

void btx_risk_refresh(struct btx_core *core, struct position *position)
{
    const struct market *market = &core->market[position->market];
    btx_risk_set_reserved(core, position, reserved_now(core, market, position));
}

bool btx_risk_reserves(const struct btx_core *core, const struct position *position)
{
    const struct work *work = &core->work;
    if (core->market[position->market].status != BTX_MARKET_CLOSED ||
        work->voiding == position->market)
        return true;
    return work->settling == position->market &&
           core->account[position->account].id > work->settled_last;
}
