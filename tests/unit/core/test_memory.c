/* SPDX-License-Identifier: Apache-2.0 */
/* test_memory.c - how much memory a core asks for, and what it begins with. */
#include "engine/core/core.h"

#include "engine/core/view.h"
#include "tests/unit/core/fixture.h"

#define FIELDS 5u

/* Field number @field of @capacity. */
static uint32_t *field_of(struct btx_core_capacity *capacity, uint32_t field)
{
    uint32_t *const fields[FIELDS] = {&capacity->accounts, &capacity->markets, &capacity->runners,
                                      &capacity->orders, &capacity->positions};

    return fields[field];
}

static struct btx_core_capacity all(uint32_t capacity)
{
    return (struct btx_core_capacity){capacity, capacity, capacity, capacity, capacity, 0, 0};
}

/* A capacity that fits no index must not become a core with wrapped sizes. */
static void memory_bytes__one_capacity_out_of_range__0(void **state)
{
    static const uint32_t outside[] = {0, BTX_CORE_CAPACITY_MAX + 1, INT32_MAX, UINT32_MAX};

    (void)state;
    for (uint32_t field = 0; field < FIELDS; field++)
        for (size_t i = 0; i < BTX_COUNT_OF(outside); i++) {
            struct btx_core_capacity capacity = all(10);

            *field_of(&capacity, field) = outside[i];
            assert_int_equal(btx_core_memory_bytes(&capacity), 0);
        }
}

/* Stakes and descriptions may be none at all, and have limits of their own. */
static void memory_bytes__stakes_and_descriptions__from_none_to_their_limits(void **state)
{
    struct btx_core_capacity capacity = all(10);

    (void)state;
    capacity.stakes = 0;
    capacity.description_bytes = 0;
    assert_true(btx_core_memory_bytes(&capacity) > 0);
    capacity.stakes = BTX_CORE_STAKES_MAX;
    capacity.description_bytes = BTX_CORE_DESCRIPTION_BYTES_MAX;
    assert_true(btx_core_memory_bytes(&capacity) >
                (size_t)BTX_CORE_STAKES_MAX * sizeof(struct stake) +
                    BTX_CORE_DESCRIPTION_BYTES_MAX);
    capacity.stakes = BTX_CORE_STAKES_MAX + 1;
    assert_int_equal(btx_core_memory_bytes(&capacity), 0);
    capacity.stakes = 0;
    capacity.description_bytes = BTX_CORE_DESCRIPTION_BYTES_MAX + 1;
    assert_int_equal(btx_core_memory_bytes(&capacity), 0);
}

static void memory_bytes__least_and_greatest__in_range(void **state)
{
    const struct btx_core_capacity least = all(1);
    const struct btx_core_capacity greatest = all(BTX_CORE_CAPACITY_MAX);

    (void)state;
    assert_true(btx_core_memory_bytes(&least) >= sizeof(struct btx_core));
    /* What the greatest parts alone take: cells, and the runners' books. */
    assert_true(btx_core_memory_bytes(&greatest) >
                (size_t)BTX_CORE_CAPACITY_MAX * 512 * sizeof(struct cell) +
                    (size_t)BTX_CORE_CAPACITY_MAX * sizeof(struct runner));
}

/* More capacity never takes less, and whole cache lines are asked for. */
static void memory_bytes__any_capacity_grows__never_less(void **state)
{
    static const uint32_t steps[] = {
        1,  2,    3,    4,    15,   16,    17,    31,      32,      33,      63,      64,
        65, 1000, 1024, 1025, 4096, 65536, 65537, 1000000, 4194304, 4194305, 7999999, 8000000};

    (void)state;
    for (uint32_t field = 0; field < FIELDS; field++) {
        size_t previous = 0;

        for (size_t i = 0; i < BTX_COUNT_OF(steps); i++) {
            struct btx_core_capacity capacity = all(10);

            *field_of(&capacity, field) = steps[i];
            const size_t bytes = btx_core_memory_bytes(&capacity);
            assert_true(bytes >= previous);
            assert_int_equal(bytes % 64, 0);
            previous = bytes;
        }
    }
}

/* A new exchange has a house without money, and nothing else. */
static void init__any_shard__empty_with_its_first_order(void **state)
{
    static const uint32_t shards[] = {0, 1, 77, BTX_CORE_SHARD_MAX};
    const struct btx_core_capacity capacity = all(2);

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(shards); i++) {
        const struct btx_core_capacity none = {0};
        struct btx_fixture fixture;
        struct btx_core_view view;
        struct btx_account_view house;

        btx_fixture_open(&fixture, &capacity, shards[i]);
        btx_core_view(fixture.core, &view);
        assert_int_equal(view.seq, 0);
        assert_int_equal(view.tx, 0);
        assert_int_equal(view.time_ns, 0);
        assert_true(view.next_order == ((uint64_t)shards[i] << 40) + 1);
        assert_true(view.next_order <= BTX_ORDER_ID_MAX);
        assert_memory_equal(&view.used, &none, sizeof none);
        assert_true(btx_core_view_account(fixture.core, 0, &house));
        assert_int_equal(house.balance, 0);
        assert_null(btx_core_pending(fixture.core));
        assert_true(btx_core_can_step(fixture.core));
        btx_fixture_close(&fixture);
    }
}

/* The order ids of a shard are its own: a snapshot of another one must not be gone on with. */
static void load__of_another_shard__refused(void **state)
{
    const struct btx_core_capacity capacity = all(2);
    struct btx_fixture one;
    struct btx_fixture other;

    (void)state;
    btx_fixture_open(&one, &capacity, 1);
    btx_fixture_open(&other, &capacity, 2);
    const struct btx_bytes saved = btx_fixture_save(&one);
    assert_string_equal(btx_core_load(other.core, saved.bytes, saved.length_bytes),
                        "state: of another shard");
    assert_null(btx_fixture_load(&one, saved.bytes, saved.length_bytes));
    other.corrupted = true;
    btx_fixture_close(&one);
    btx_fixture_close(&other);
}

#define PIECES_MAX 40

/* A piece of the core's memory: what is asked of it, at least. */
struct piece {
    const char *name;
    const void *begin;
    size_t length_bytes;
};

/* Arrays have a slot 0 that is never used; the accounts one more, for the house. */
static size_t list_pieces(const struct btx_core *core, struct piece pieces[PIECES_MAX])
{
    const struct btx_core_capacity *capacity = &core->capacity;
    const size_t accounts = (size_t)capacity->accounts + 1;
    const size_t orders = capacity->orders;
    const size_t positions = capacity->positions;
    const size_t markets = capacity->markets;
    const size_t runners = capacity->runners;
    const size_t walked = positions > markets ? positions : markets;
    const size_t stakes = capacity->stakes;
    /* As many as texts need that leave the most of their blocks empty. */
    const size_t bytes = capacity->description_bytes;
    const size_t blocks = (bytes < markets ? bytes : markets) +
                          (bytes > markets ? (bytes - markets) / DESCRIPTION_BLOCK_BYTES : 0);
    size_t count = 0;

#define PIECE(array, entries)                                                                      \
    pieces[count++] = (struct piece){#array, core->array, (entries) * sizeof *core->array}
    PIECE(account, accounts + 1);
    PIECE(market, markets + 1);
    PIECE(market_runners, markets + 1);
    PIECE(runner, runners + 1);
    PIECE(leaf, orders + 1);
    PIECE(order, orders + 1);
    PIECE(order_ref, orders + 1);
    PIECE(position, positions + 1);
    PIECE(cell, (positions + 1) * CELLS_PER_BLOCK);
    PIECE(cell_block, positions + 1);
    PIECE(accounts.freed, accounts);
    PIECE(markets.freed, markets);
    PIECE(runners.freed, runners);
    PIECE(orders.freed, orders);
    PIECE(positions.freed, positions);
    PIECE(leaves.freed, orders);
    PIECE(cells.blocks.freed, positions);
    PIECE(account_index.heads, (size_t)core->account_index.mask + 1);
    PIECE(market_index.heads, (size_t)core->market_index.mask + 1);
    PIECE(runner_index.heads, (size_t)core->runner_index.mask + 1);
    PIECE(order_index.heads, (size_t)core->order_index.mask + 1);
    PIECE(position_index.heads, (size_t)core->position_index.mask + 1);
    PIECE(order_moment, orders + 1);
    PIECE(due.entries, orders + 1);
    PIECE(stake, stakes + 1);
    PIECE(stakes.freed, stakes);
    PIECE(stake_index.heads, (size_t)core->stake_index.mask + 1);
    PIECE(stake_sorter.entries, stakes);
    PIECE(description_block, blocks + 1);
    PIECE(description_blocks.freed, blocks);
    PIECE(live_batch, BTX_BATCH_ORDERS_MAX);
    PIECE(walk.heap.entries, walked);
    PIECE(sorter.entries, (size_t)BTX_LIST_IDS_MAX);
    PIECE(sorter.entries, accounts);
    PIECE(sorter.entries, orders);
    PIECE(sorter.entries, markets);
#undef PIECE
    return count;
}

/* Two arrays of which one is a slot too short would share it: found only when both are full. */
static void init__every_array__has_its_room_for_itself(void **state)
{
    static const struct btx_core_capacity capacities[] = {
        {1, 1, 1, 1, 1, 0, 0},          {2000, 3, 5, 7, 11, 1, 1},
        {3, 2000, 5, 7, 11, 2, 251},    {3, 5, 2000, 7, 11, 17, 252},
        {3, 5, 7, 2000, 11, 63, 253},   {3, 5, 7, 11, 2000, 64, 503},
        {63, 63, 63, 63, 63, 63, 504},  {64, 64, 64, 64, 64, 2000, 505},
        {127, 129, 255, 257, 65, 3, 3}, {3, 5, 7, 11, 13, 3, 25200},
    };

    (void)state;
    for (size_t c = 0; c < BTX_COUNT_OF(capacities); c++) {
        struct btx_fixture fixture;
        struct piece pieces[PIECES_MAX];

        btx_fixture_open(&fixture, &capacities[c], 0);
        const uint8_t *end = (const uint8_t *)fixture.core + btx_core_memory_bytes(&capacities[c]);
        const size_t count = list_pieces(fixture.core, pieces);
        for (size_t i = 0; i < count; i++) {
            const uint8_t *begin = pieces[i].begin;

            assert_true(begin >= (const uint8_t *)(fixture.core + 1));
            assert_true(begin + pieces[i].length_bytes <= end);
            for (size_t j = 0; j < count; j++)
                if ((const uint8_t *)pieces[j].begin > begin &&
                    begin + pieces[i].length_bytes > (const uint8_t *)pieces[j].begin)
                    fail_msg("%s runs into %s", pieces[i].name, pieces[j].name);
        }
        btx_fixture_close(&fixture);
    }
}

static void init_misaligned(struct btx_fixture *fixture)
{
    (void)btx_core_init((uint8_t *)fixture->arena + 8, &fixture->capacity, 0);
}

static void init_of_no_capacity(struct btx_fixture *fixture)
{
    const struct btx_core_capacity none = {0};

    (void)btx_core_init(fixture->arena, &none, 0);
}

static void init_of_a_shard_too_far(struct btx_fixture *fixture)
{
    (void)btx_core_init(fixture->arena, &fixture->capacity, BTX_CORE_SHARD_MAX + 1);
}

static void load_into_a_used_core(struct btx_fixture *fixture)
{
    assert_non_null(btx_core_load(fixture->core, NULL, 0));
}

/* What would otherwise go wrong much later. */
static void init_and_load__against_their_contract__end_the_process(void **state)
{
    const struct btx_core_capacity capacity = all(2);
    struct btx_fixture fixture;

    (void)state;
    btx_fixture_open(&fixture, &capacity, 0);
    assert_true(btx_fixture_aborts(init_misaligned, &fixture));
    assert_true(btx_fixture_aborts(init_of_no_capacity, &fixture));
    assert_true(btx_fixture_aborts(init_of_a_shard_too_far, &fixture));
    assert_false(btx_fixture_aborts(load_into_a_used_core, &fixture));
    btx_fixture_open_account(&fixture, 1, 0);
    assert_true(btx_fixture_aborts(load_into_a_used_core, &fixture));
    btx_fixture_close(&fixture);
}

/* The capacities are limits and nothing less: as many of each as were asked for fit. */
static void init__smallest_capacities__one_of_each_fits(void **state)
{
    static const struct btx_core_capacity capacity = {
        .accounts = 1, .markets = 1, .runners = 2, .orders = 1, .positions = 1};
    struct btx_fixture fixture;
    const struct btx_wish wish = {.account = 1,
                                  .market = 1,
                                  .runner = BTX_FIXTURE_RUNNER,
                                  .side = BTX_SIDE_BACK,
                                  .price = 20000,
                                  .size = 100};

    (void)state;
    btx_fixture_open(&fixture, &capacity, 0);
    btx_fixture_open_account(&fixture, 1, 1000 * BTX_FIXTURE_ONE);
    btx_fixture_open_odds(&fixture, 1, 2, 1);
    assert_int_equal(btx_fixture_place(&fixture, &wish), 1);
    assert_int_equal(btx_fixture_place(&fixture, &wish), 0);
    assert_int_equal(btx_fixture_reason(&fixture), BTX_REJECT_CAPACITY);
    btx_fixture_cancel(&fixture, 1, 1);
    assert_int_equal(btx_fixture_place(&fixture, &wish), 2);
    btx_fixture_on_market(&fixture, BTX_COMMAND_VOID_MARKET, 1);
    btx_fixture_on_market(&fixture, BTX_COMMAND_FORGET_MARKET, 1);
    btx_fixture_open_odds(&fixture, 2, 2, 1);
    btx_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_bytes__one_capacity_out_of_range__0),
        cmocka_unit_test(memory_bytes__stakes_and_descriptions__from_none_to_their_limits),
        cmocka_unit_test(memory_bytes__least_and_greatest__in_range),
        cmocka_unit_test(memory_bytes__any_capacity_grows__never_less),
        cmocka_unit_test(init__any_shard__empty_with_its_first_order),
        cmocka_unit_test(load__of_another_shard__refused),
        cmocka_unit_test(init__every_array__has_its_room_for_itself),
        cmocka_unit_test(init_and_load__against_their_contract__end_the_process),
        cmocka_unit_test(init__smallest_capacities__one_of_each_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
