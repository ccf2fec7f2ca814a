/* SPDX-License-Identifier: Apache-2.0 */
/* test_pool.c - slots handed out and taken back, and where ids go in an index. */
#include "engine/core/pool.h"

#include "tests/unit/core/fixture.h"

#define SLOTS 100u

static struct pool empty_pool(uint32_t *freed)
{
    return (struct pool){.freed = freed, .capacity = SLOTS};
}

/* Slot 0 means none: it must never be anybody's. */
static void pool_take__fresh_pool__slots_from_1_to_the_capacity(void **state)
{
    uint32_t freed[SLOTS];
    struct pool pool = empty_pool(freed);

    (void)state;
    for (uint32_t i = 1; i <= SLOTS; i++)
        assert_int_equal(pool_take(&pool), i);
    assert_int_equal(pool.used, SLOTS);
    assert_int_equal(pool.high, SLOTS);
}

/* A slot just given back is warm in the cache. */
static void pool_take__after_gives__newest_freed_first(void **state)
{
    uint32_t freed[SLOTS];
    struct pool pool = empty_pool(freed);

    (void)state;
    for (uint32_t i = 0; i < 5; i++)
        (void)pool_take(&pool);
    pool_give(&pool, 2);
    pool_give(&pool, 4);
    assert_int_equal(pool.used, 3);

    assert_int_equal(pool_take(&pool), 4);
    assert_int_equal(pool_take(&pool), 2);
    assert_int_equal(pool_take(&pool), 6);
    assert_int_equal(pool.high, 6);
}

/* Two owners of one slot would be two orders in one. */
static void pool__random_takes_and_gives__no_slot_twice(void **state)
{
    uint32_t freed[SLOTS];
    struct pool pool = empty_pool(freed);
    bool taken[SLOTS + 1] = {false};
    uint32_t count = 0;
    struct btx_random random;

    (void)state;
    btx_random_init(&random, 11);
    for (int i = 0; i < 20000; i++) {
        /* Phases that fill it and phases that empty it. */
        const bool takes = btx_random_chance(&random, i / 500 % 2 == 0 ? 700 : 300);

        if (takes && count < SLOTS) {
            const uint32_t slot = pool_take(&pool);

            assert_in_range(slot, 1, SLOTS);
            assert_false(taken[slot]);
            taken[slot] = true;
            count++;
        } else if (!takes && count > 0) {
            uint32_t slot = (uint32_t)btx_random_between(&random, 1, SLOTS);

            while (!taken[slot])
                slot = slot % SLOTS + 1;
            taken[slot] = false;
            count--;
            pool_give(&pool, slot);
        }
        assert_int_equal(pool.used, count);
    }
}

static void take_one_too_many(struct btx_fixture *fixture)
{
    uint32_t freed[SLOTS];
    struct pool pool = empty_pool(freed);

    (void)fixture;
    pool.used = SLOTS;
    pool.high = SLOTS;
    (void)pool_take(&pool);
}

/* Running out is refused before (CAPACITY): whoever comes here has forgotten to. */
static void pool_take__nothing_left__ends_the_process(void **state)
{
    (void)state;
    assert_true(btx_fixture_aborts(take_one_too_many, NULL));
}

#define HEADS_LOG2 10u
#define HEADS (1u << HEADS_LOG2)

static uint32_t heads[HEADS];

static struct index empty_index(void)
{
    return (struct index){.heads = heads, .mask = HEADS - 1, .shift = 64 - HEADS_LOG2};
}

static bool is_head(const uint32_t *head)
{
    return head >= heads && head < heads + HEADS;
}

/* Ids are any 64 bits: a head beyond the table would be somebody else's memory. */
static void index_head__any_key__within_the_table(void **state)
{
    struct index index = empty_index();
    struct btx_random random;

    (void)state;
    btx_random_init(&random, 12);
    assert_true(is_head(index_head(&index, 0)));
    assert_true(is_head(index_head(&index, UINT64_MAX)));
    assert_true(is_head(index_head_counted(&index, UINT64_MAX)));
    for (int i = 0; i < 10000; i++) {
        const uint64_t key = btx_random_u64(&random);

        assert_true(is_head(index_head(&index, key)));
        assert_true(is_head(index_head_counted(&index, key)));
    }
}

/* The most keys of a run of @step that share a head, the table being half full. */
static uint32_t longest_chain(uint64_t first, uint64_t step, bool counted)
{
    static uint32_t chain[HEADS];
    struct index index = empty_index();
    uint32_t longest = 0;

    memset(chain, 0, sizeof chain);
    for (uint64_t i = 0; i < HEADS / 2; i++) {
        const uint64_t key = first + i * step;
        const uint32_t *head = counted ? index_head_counted(&index, key) : index_head(&index, key);
        const uint32_t length = ++chain[head - heads];

        longest = length > longest ? length : longest;
    }
    return longest;
}

/* People count their ids up by ones, tens, thousands or powers of two: none may pile up. */
static void index_head__runs_of_ids_that_people_choose__short_chains(void **state)
{
    static const uint64_t steps[] = {1, 2, 3, 10, 100, 1000, 1024, 4096, 65536, 1000000};

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(steps); i++) {
        assert_in_range(longest_chain(1, steps[i], false), 1, 4);
        assert_in_range(longest_chain(UINT64_C(1) << 40, steps[i], false), 1, 4);
    }
}

static void index_head_counted__consecutive_ids__no_head_twice(void **state)
{
    (void)state;
    assert_int_equal(longest_chain(1, 1, true), 1);
    assert_int_equal(longest_chain((UINT64_C(7) << 40) + 1, 1, true), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_take__fresh_pool__slots_from_1_to_the_capacity),
        cmocka_unit_test(pool_take__after_gives__newest_freed_first),
        cmocka_unit_test(pool__random_takes_and_gives__no_slot_twice),
        cmocka_unit_test(pool_take__nothing_left__ends_the_process),
        cmocka_unit_test(index_head__any_key__within_the_table),
        cmocka_unit_test(index_head__runs_of_ids_that_people_choose__short_chains),
        cmocka_unit_test(index_head_counted__consecutive_ids__no_head_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
