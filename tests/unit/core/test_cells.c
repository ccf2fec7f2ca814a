/* SPDX-License-Identifier: Apache-2.0 */
/* test_cells.c - cells for positions: contiguous, zero, nobody else's, and never out of room. */
#include "engine/core/cells.h"

#include "tests/unit/core/fixture.h"

#define POSITIONS 60u

/* Who has each cell: 0 nobody, else number of the owner from 1. */
static uint16_t owners[(POSITIONS + 1) * CELLS_PER_BLOCK];

struct held {
    uint32_t first;
    uint32_t count; /* 0: not held */
};

static int setup(void **state)
{
    static struct btx_fixture fixture;
    static const struct btx_core_capacity capacity = {
        .accounts = 1, .markets = 1, .runners = 1, .orders = 1, .positions = POSITIONS};

    btx_fixture_open(&fixture, &capacity, 0);
    memset(owners, 0, sizeof owners);
    *state = &fixture;
    return 0;
}

/* Take @count cells, which must be zero and free, and fill them. */
static void take(struct btx_core *core, struct held *held, uint16_t owner, uint32_t count)
{
    held->first = btx_cells_take(core, count);
    held->count = count;
    assert_true(held->first >= CELLS_PER_BLOCK); /* Block 0 is none. */
    assert_true((size_t)held->first + count <= BTX_COUNT_OF(owners));
    for (uint32_t i = held->first; i < held->first + count; i++) {
        assert_int_equal(owners[i], 0);
        assert_true(core->cell[i].win == 0 && core->cell[i].lose == 0);
        owners[i] = owner;
        core->cell[i] = (struct cell){.win = owner, .lose = -(btx_i128)i};
    }
}

/* Give them back, untouched by anybody since. */
static void give(struct btx_core *core, struct held *held)
{
    for (uint32_t i = held->first; i < held->first + held->count; i++) {
        assert_true(core->cell[i].win == owners[i] && core->cell[i].lose == -(btx_i128)i);
        owners[i] = 0;
    }
    btx_cells_give(core, held->first, held->count);
    for (uint32_t i = held->first; i < held->first + held->count; i++)
        assert_true(core->cell[i].win == 0 && core->cell[i].lose == 0);
    held->count = 0;
}

/* Each size from 1 to 512 alone: its cells are there and its block comes back. */
static void cells__every_size__taken_and_given_back(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_core *core = fixture->core;

    for (uint32_t count = 1; count <= CELLS_PER_BLOCK; count++) {
        struct held one = {0};
        struct held another = {0};

        take(core, &one, 1, count);
        take(core, &another, 2, count);
        /* Two of more than half a block each need two blocks, else they share one. */
        assert_int_equal(core->cells.blocks.used, count > CELLS_PER_BLOCK / 2 ? 2 : 1);
        give(core, &one);
        give(core, &another);
        assert_int_equal(core->cells.blocks.used, 0);
    }
}

/* A block full of small ones has no room for one more, until one is given back. */
static void cells_take__block_full__opens_another_and_comes_back(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_core *core = fixture->core;
    struct held held[33] = {{0}};

    for (uint16_t i = 0; i < 32; i++)
        take(core, &held[i], (uint16_t)(i + 1), 16);
    assert_int_equal(core->cells.blocks.used, 1);
    take(core, &held[32], 33, 16);
    assert_int_equal(core->cells.blocks.used, 2);

    give(core, &held[5]);
    give(core, &held[32]);
    assert_int_equal(core->cells.blocks.used, 1);
    take(core, &held[5], 6, 16);
    assert_int_equal(core->cells.blocks.used, 1);
    for (uint16_t i = 0; i < 32; i++)
        give(core, &held[i]);
    assert_int_equal(core->cells.blocks.used, 0);
}

/* A block is filled to its last place before another one is opened. */
static void cells_take__positions_of_each_size__share_blocks(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_core *core = fixture->core;

    for (uint32_t size = 16; size <= CELLS_PER_BLOCK; size *= 2) {
        const uint16_t places = (uint16_t)(CELLS_PER_BLOCK / size);
        struct held held[32] = {{0}};

        for (uint16_t i = 0; i < places; i++) {
            take(core, &held[i], (uint16_t)(i + 1), i % 2 == 0 ? size : size / 2 + 1);
            assert_int_equal(core->cells.blocks.used, 1);
        }
        for (uint16_t i = 0; i < places; i++)
            give(core, &held[i]);
    }
}

/* 512 markets with one runner each are as many as one market with 512. */
static void cells_take__512_of_one_cell__one_block(void **state)
{
    struct btx_fixture *fixture = *state;
    static struct held held[CELLS_PER_BLOCK];

    for (uint16_t i = 0; i < CELLS_PER_BLOCK; i++)
        take(fixture->core, &held[i], (uint16_t)(i + 1), 1);
    assert_int_equal(fixture->core->cells.blocks.used, 1);
    for (uint16_t i = 0; i < CELLS_PER_BLOCK; i++)
        give(fixture->core, &held[i]);
}

/* One small one in each block is the worst that can happen: even so there is a block for every
 * position, or a PlaceOrder within the capacities would abort the engine. */
static void cells__one_position_in_every_block__never_more_blocks_than_positions(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_core *core = fixture->core;
    struct held held[POSITIONS] = {{0}};
    const uint32_t half = POSITIONS / 2;

    /* Two to a block; then one of each two leaves. */
    for (uint16_t i = 0; i < POSITIONS; i++)
        take(core, &held[i], (uint16_t)(i + 1), 256);
    assert_int_equal(core->cells.blocks.used, half);
    for (uint16_t i = 0; i < POSITIONS; i += 2)
        give(core, &held[i]);
    assert_int_equal(core->cells.blocks.used, half);
    for (uint16_t i = 0; i < POSITIONS; i += 2)
        take(core, &held[i], (uint16_t)(i + 1), 512);
    assert_int_equal(core->cells.blocks.used, POSITIONS);
    for (uint16_t i = 0; i < POSITIONS; i++)
        give(core, &held[i]);
    assert_int_equal(core->cells.blocks.used, 0);
}

static void take_too_many(struct btx_fixture *fixture)
{
    (void)btx_cells_take(fixture->core, CELLS_PER_BLOCK + 1);
}

static void give_as_another_size(struct btx_fixture *fixture)
{
    btx_cells_give(fixture->core, btx_cells_take(fixture->core, 4), 8);
}

static void give_twice(struct btx_fixture *fixture)
{
    const uint32_t kept = btx_cells_take(fixture->core, 4);
    const uint32_t first = btx_cells_take(fixture->core, 4);

    btx_cells_give(fixture->core, first, 4);
    btx_cells_give(fixture->core, first, 4);
    btx_cells_give(fixture->core, kept, 4);
}

/* Two positions in one place would be found much later, in somebody's money. */
static void cells__against_their_contract__end_the_process(void **state)
{
    struct btx_fixture *fixture = *state;

    assert_true(btx_fixture_aborts(take_too_many, fixture));
    assert_true(btx_fixture_aborts(give_as_another_size, fixture));
    assert_true(btx_fixture_aborts(give_twice, fixture));
}

static uint32_t random_count(struct btx_random *random)
{
    /* Powers of two and their neighbours are where sizes change. */
    const uint32_t power = 1u << btx_random_below(random, CELL_SIZES);

    switch (btx_random_below(random, 4)) {
    case 0:
        return power;
    case 1:
        return power < CELLS_PER_BLOCK ? power + 1 : power;
    case 2:
        return power > 1 ? power - 1 : 1;
    default:
        return (uint32_t)btx_random_between(random, 1, CELLS_PER_BLOCK);
    }
}

/* Fill, free and reuse at random against the map of owners. */
static void cells__random_takes_and_gives__nobody_else_s_and_always_zero(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_core *core = fixture->core;
    struct held held[POSITIONS] = {{0}};
    uint32_t count = 0;
    struct btx_random random;

    btx_random_init(&random, 31);
    for (int i = 0; i < 20000; i++) {
        const uint32_t at = (uint32_t)btx_random_below(&random, POSITIONS);
        /* Phases of a few sizes among phases of all. */
        const uint32_t size =
            i / 1000 % 2 == 0 ? random_count(&random) : 1 + (uint32_t)btx_random_below(&random, 3);

        if (held[at].count == 0) {
            take(core, &held[at], (uint16_t)(at + 1), size);
            count++;
        } else {
            give(core, &held[at]);
            count--;
        }
        assert_true(core->cells.blocks.used <= count);
    }
    for (uint32_t at = 0; at < POSITIONS; at++)
        if (held[at].count > 0)
            give(core, &held[at]);
    assert_int_equal(core->cells.blocks.used, 0);
    for (uint32_t size = 0; size < CELL_SIZES; size++)
        assert_int_equal(core->cells.open[size], NO_SLOT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(cells__every_size__taken_and_given_back, setup,
                                        btx_fixture_teardown),
        cmocka_unit_test_setup_teardown(cells_take__block_full__opens_another_and_comes_back, setup,
                                        btx_fixture_teardown),
        cmocka_unit_test_setup_teardown(cells_take__positions_of_each_size__share_blocks, setup,
                                        btx_fixture_teardown),
        cmocka_unit_test_setup_teardown(cells_take__512_of_one_cell__one_block, setup,
                                        btx_fixture_teardown),
        cmocka_unit_test_setup_teardown(
            cells__one_position_in_every_block__never_more_blocks_than_positions, setup,
            btx_fixture_teardown),
        cmocka_unit_test_setup_teardown(
            cells__random_takes_and_gives__nobody_else_s_and_always_zero, setup,
            btx_fixture_teardown),
        cmocka_unit_test_setup_teardown(cells__against_their_contract__end_the_process, setup,
                                        btx_fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
