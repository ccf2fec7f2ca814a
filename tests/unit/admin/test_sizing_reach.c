/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/sizing_reach.h"

#include "engine/wal/sizing.h"
#include "engine/wal/wal_format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct btx_sizing_plan default_plan(void)
{
    struct btx_sizing_plan plan = {.ring_events = 32768, .rate = 500000, .event_bytes = 192};

    btx_wal_settings_default(&plan.settings);
    return plan;
}

/* As many as are said to fit do fit, and one commit more would not: for sizes around the steps. */
static void sizing_single__any_size__last_commit_fits_and_no_other(void **state)
{
    static const uint64_t sizes[] = {64, 1984, 2048, 4096, 32832};
    const struct btx_sizing_plan plan = default_plan();
    const uint64_t map_bytes = plan.settings.segment_map_size_bytes;

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const uint64_t count = btx_sizing_single(&plan, sizes[i]);

        assert_true(count > 0);
        assert_true(btx_wal_commit_fits(map_bytes, btx_wal_segment_pages(count - 1, sizes[i]) - 1,
                                        sizes[i], 0));
        assert_false(btx_wal_commit_fits(map_bytes, btx_wal_segment_pages(count, sizes[i]) - 1,
                                         sizes[i], 0));
    }
}

/* Full commits waste less: never fewer events than one by one, and never more than the bytes. */
static void sizing_full__any_size__between_single_and_the_map(void **state)
{
    static const uint64_t sizes[] = {64, 192, 1984, 32832};
    const struct btx_sizing_plan plan = default_plan();

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const uint64_t full = btx_sizing_full(&plan, sizes[i]);

        assert_true(full >= btx_sizing_single(&plan, sizes[i]));
        assert_true(full * sizes[i] <= plan.settings.segment_map_size_bytes);
        assert_true(full * sizes[i] >= plan.settings.segment_map_size_bytes / 100 * 95);
    }
}

/* The case that decided the arithmetic: it fits by bytes, and by pages it does not. */
static void sizing_case__many_greatest_events__more_pages_than_the_map(void **state)
{
    const struct btx_sizing_plan plan = default_plan();
    const struct btx_sizing_case sized = btx_sizing_case(&plan, 32768, 32832);

    (void)state;
    assert_int_equal(sized.payload_bytes, UINT64_C(32768) * 32832);
    assert_true(sized.single_bytes >= UINT64_C(32768) * 9 * BTX_WAL_PAGE_BYTES);
    assert_true(sized.full_bytes >= sized.payload_bytes);
    assert_true(sized.full_bytes < sized.single_bytes);
    assert_int_equal(sized.segments, 2);
    assert_int_equal(btx_sizing_case(&plan, 5000, 32832).segments, 1);
}

struct rotation_case {
    uint64_t rate;
    uint64_t min_age_ns;
    uint64_t max_age_ns;
    uint64_t map_bytes;
    uint64_t every_ns;
    const char *cause;
};

/* Whichever bound is met first decides, and is named: it is the one to change. */
static void sizing_rotation__each_bound_in_turn__named(void **state)
{
    static const struct rotation_case cases[] = {
        {1000, 0, 0, UINT64_C(1) << 30, UINT64_C(5000000000), "wal.max_segment_events"},
        {500000, UINT64_C(5000000000), 0, UINT64_C(1) << 30, UINT64_C(5000000000),
         "wal.min_segment_age"},
        {1, 0, UINT64_C(60000000000), UINT64_C(1) << 30, UINT64_C(60000000000),
         "wal.max_segment_age"},
        {1000000000, UINT64_C(5000000000), 0, UINT64_C(1) << 30, 0, "wal.segment_map_size_bytes"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct btx_sizing_plan plan = default_plan();
        struct btx_sizing_rotation rotation;

        plan.rate = cases[i].rate;
        plan.settings.min_segment_age_ns = cases[i].min_age_ns;
        plan.settings.max_segment_age_ns = cases[i].max_age_ns;
        plan.settings.segment_map_size_bytes = cases[i].map_bytes;
        rotation = btx_sizing_rotation(&plan);
        assert_string_equal(rotation.cause, cases[i].cause);
        if (cases[i].every_ns != 0)
            assert_int_equal(rotation.every_ns, cases[i].every_ns);
        else
            assert_int_equal(rotation.events, btx_sizing_full(&plan, plan.event_bytes));
        assert_int_equal(rotation.bytes, rotation.events * plan.event_bytes);
    }
}

/* Both engines of a handover have a ring at the same time; a page begun is a page. */
static void sizing_hugepages__rings_of_all_sizes__whole_pages_for_two(void **state)
{
    struct btx_sizing_plan plan = default_plan();

    (void)state;
    assert_int_equal(btx_sizing_hugepages(&plan), 16);
    plan.ring_events = 4096;
    assert_int_equal(btx_sizing_hugepages(&plan), 2);
    plan.ring_events = 4097;
    assert_int_equal(btx_sizing_hugepages(&plan), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizing_single__any_size__last_commit_fits_and_no_other),
        cmocka_unit_test(sizing_full__any_size__between_single_and_the_map),
        cmocka_unit_test(sizing_case__many_greatest_events__more_pages_than_the_map),
        cmocka_unit_test(sizing_rotation__each_bound_in_turn__named),
        cmocka_unit_test(sizing_hugepages__rings_of_all_sizes__whole_pages_for_two),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
