/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/core/stakes.h"

#include <string.h>

#include "engine/core/risk.h"

/* A hundredth, in 1/10 000. */
#define CENT 100u

/* Positions by slot, 23 bits; runners by index, 9; prices in hundredths, 17. */
static uint64_t stake_key(uint32_t position, uint32_t index, uint32_t price)
{
    return (uint64_t)position << 26 | (uint64_t)index << 17 | price / CENT;
}
static_assert(BTX_ODDS_MAX / CENT < UINT32_C(1) << 17 && BTX_RUNNERS_MAX <= UINT32_C(1) << 9,
              "the parts of a key do not overlap");

static uint32_t *head_of(struct btx_core *core, uint32_t position, uint32_t index, uint32_t price)
{
    return index_head(&core->stake_index, stake_key(position, index, price));
}

static struct stake *find_stake(struct btx_core *core, uint32_t position, uint32_t index,
                                uint32_t price)
{
    uint32_t slot = *head_of(core, position, index, price);
    while (slot != NO_SLOT) {
        struct stake *stake = &core->stake[slot];
        if (stake->position == position && stake->index == index && stake->price == price)
            return stake;
        slot = stake->hash_next;
    }
    return NULL;
}

static void make_stake(struct btx_core *core, struct position *position, uint32_t index,
                       uint32_t price, btx_i128 size)
{
    const uint32_t slot = pool_take(&core->stakes);
    struct stake *stake = &core->stake[slot];
    *stake = (struct stake){
        .size = size,
        .position = slot_of_position(core, position),
        .index = index,
        .price = price,
        .position_next = position->stakes,
    };
    if (position->stakes != NO_SLOT)
        core->stake[position->stakes].position_prev = slot;
    position->stakes = slot;
    uint32_t *head = head_of(core, stake->position, index, price);
    stake->hash_next = *head;
    *head = slot;
}

static void unmake_stake(struct btx_core *core, struct position *position, struct stake *stake)
{
    const uint32_t slot = slot_of_stake(core, stake);
    if (stake->position_prev != NO_SLOT)
        core->stake[stake->position_prev].position_next = stake->position_next;
    else
        position->stakes = stake->position_next;
    if (stake->position_next != NO_SLOT)
        core->stake[stake->position_next].position_prev = stake->position_prev;
    uint32_t *link = head_of(core, stake->position, stake->index, stake->price);
    while (*link != slot)
        link = &core->stake[*link].hash_next;
    *link = stake->hash_next;
    pool_give(&core->stakes, slot);
}

BTX_NOINLINE void btx_stake_add(struct btx_core *core, struct position *position, uint32_t index,
                                uint32_t price, btx_i128 size)
{
    struct stake *stake = find_stake(core, slot_of_position(core, position), index, price);
    if (stake == NULL) {
        make_stake(core, position, index, price, size);
        return;
    }
    stake->size += size;
    if (stake->size == 0)
        unmake_stake(core, position, stake);
}

void btx_stakes_drop_runner(struct btx_core *core, struct position *position, uint32_t index)
{
    uint32_t slot = position->stakes;
    while (slot != NO_SLOT) {
        struct stake *stake = &core->stake[slot];
        slot = stake->position_next;
        if (stake->index == index)
            unmake_stake(core, position, stake);
    }
}

BTX_NOINLINE void btx_stakes_drop(struct btx_core *core, struct position *position)
{
    while (position->stakes != NO_SLOT)
        unmake_stake(core, position, &core->stake[position->stakes]);
}

uint32_t btx_stake_reduced_price(uint32_t price, uint32_t factor)
{
    /* A hundred percent in the unit of factors. */
    const uint64_t whole = 100u * (uint64_t)BTX_DECIMAL_ONE;
    const uint64_t hundredths = price / CENT * (whole - factor) / whole;
    const uint32_t reduced = (uint32_t)hundredths * CENT;
    return reduced < BTX_ODDS_MIN ? BTX_ODDS_MIN : reduced;
}

void btx_stakes_reduce(struct btx_core *core, struct position *position, uint32_t factor)
{
    /* Each is taken out before any is put back, so that none is reduced twice.  They stay readable:
     * the pool hands out again first what it got last, which is what was already put back. */
    uint32_t taken = NO_SLOT;
    while (position->stakes != NO_SLOT) {
        struct stake *stake = &core->stake[position->stakes];
        unmake_stake(core, position, stake);
        stake->position_next = taken;
        taken = slot_of_stake(core, stake);
    }
    while (taken != NO_SLOT) {
        const struct stake stake = core->stake[taken];
        const uint32_t price = btx_stake_reduced_price(stake.price, factor);
        const btx_i128 hundredths = (btx_i128)price / CENT - stake.price / CENT;
        const struct shift shift = {.win = stake.size / CENT * hundredths, .lose = 0};
        taken = stake.position_next;
        risk_shift(core, position, stake.index, shift);
        btx_stake_add(core, position, stake.index, price, stake.size);
    }
}
