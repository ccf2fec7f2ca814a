/* SPDX-License-Identifier: Apache-2.0 */
/* test_heap.c - the smallest first, whatever the order of coming. */
#include "engine/core/heap.h"

#include "tests/unit/core/fixture.h"

#define ENTRIES 300u

/* Keys come back ascending, each with the slot it came with. */
static void drain_ascending(struct heap *heap, const uint64_t *keys)
{
    uint64_t previous = 0;

    while (heap->count > 0) {
        const struct heap_entry top = heap_top(heap);

        assert_true(top.key >= previous);
        assert_true(keys[top.slot] == top.key);
        previous = top.key;
        btx_heap_drop_top(heap);
    }
}

/* Batches and settlements are in the order of ids because of this. */
static void heap__any_count_of_random_keys__come_out_ascending(void **state)
{
    static struct heap_entry entries[ENTRIES];
    uint64_t keys[ENTRIES];
    struct btx_random random;

    (void)state;
    btx_random_init(&random, 21);
    for (uint32_t count = 0; count <= ENTRIES; count++) {
        struct heap heap = {.entries = entries};

        for (uint32_t i = 0; i < count; i++) {
            /* Some of them twice. */
            keys[i] = btx_random_below(&random, count % 3 == 0 ? UINT64_MAX : 2 * ENTRIES);
            heap_append(&heap, keys[i], i);
        }
        btx_heap_build(&heap);
        assert_int_equal(heap.count, count);
        drain_ascending(&heap, keys);
    }
}

/* The walk over positions replaces each order by the next one of the same position. */
static void heap_replace_top__merging_ascending_lists__comes_out_ascending(void **state)
{
    static struct heap_entry entries[8];
    struct heap heap = {.entries = entries};
    uint64_t next[8];
    uint64_t previous = 0;
    struct btx_random random;

    (void)state;
    btx_random_init(&random, 22);
    for (uint32_t list = 0; list < 8; list++) {
        next[list] = btx_random_between(&random, 1, 1000);
        heap_append(&heap, next[list], list);
    }
    btx_heap_build(&heap);
    for (int i = 0; i < 5000; i++) {
        const struct heap_entry top = heap_top(&heap);

        for (uint32_t list = 0; list < 8; list++)
            assert_true(top.key <= next[list]);
        assert_true(top.key >= previous && top.key == next[top.slot]);
        previous = top.key;
        next[top.slot] += btx_random_between(&random, 1, 1000);
        btx_heap_replace_top(&heap, next[top.slot], top.slot);
    }
    assert_int_equal(heap.count, 8);
}

static void heap_drop_top__the_last_one__leaves_it_empty(void **state)
{
    static struct heap_entry entries[1];
    struct heap heap = {.entries = entries};

    (void)state;
    heap_append(&heap, UINT64_MAX, 7);
    btx_heap_build(&heap);
    assert_int_equal(heap_top(&heap).slot, 7);
    btx_heap_drop_top(&heap);

    assert_int_equal(heap.count, 0);
}

static void look_at_the_top_of_nothing(struct btx_fixture *fixture)
{
    static struct heap_entry entries[1];
    const struct heap heap = {.entries = entries};

    (void)fixture;
    (void)heap_top(&heap);
}

static void heap_top__empty__ends_the_process(void **state)
{
    (void)state;
    assert_true(btx_fixture_aborts(look_at_the_top_of_nothing, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heap__any_count_of_random_keys__come_out_ascending),
        cmocka_unit_test(heap_replace_top__merging_ascending_lists__comes_out_ascending),
        cmocka_unit_test(heap_drop_top__the_last_one__leaves_it_empty),
        cmocka_unit_test(heap_top__empty__ends_the_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
