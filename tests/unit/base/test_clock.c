/* SPDX-License-Identifier: Apache-2.0 */
/* test_clock.c - two clocks behind one interface. */
#include "engine/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* The simulator repeats a run only if no time passes by itself. */
static void clock_manual__not_moved__stands_still(void **state)
{
    struct btx_clock_manual manual;

    (void)state;
    btx_clock_manual_init(&manual, 1000, 7);

    assert_true(btx_clock_wall_ns(&manual.clock) == 1000);
    assert_true(btx_clock_wall_ns(&manual.clock) == 1000);
    assert_true(btx_clock_monotonic_ns(&manual.clock) == 7);
}

static void clock_manual_advance__some_time__moves_both(void **state)
{
    struct btx_clock_manual manual;

    (void)state;
    btx_clock_manual_init(&manual, 1000, 7);
    btx_clock_manual_advance(&manual, 30);

    assert_true(btx_clock_wall_ns(&manual.clock) == 1030);
    assert_true(btx_clock_monotonic_ns(&manual.clock) == 37);
}

/* A step of the wall clock is what the engine must not follow: it has to be testable. */
static void clock_manual_set_wall__backwards__leaves_monotonic_alone(void **state)
{
    struct btx_clock_manual manual;

    (void)state;
    btx_clock_manual_init(&manual, 1000, 7);
    btx_clock_manual_set_wall(&manual, 10);

    assert_true(btx_clock_wall_ns(&manual.clock) == 10);
    assert_true(btx_clock_monotonic_ns(&manual.clock) == 7);
}

/* Only what holds on every machine: the unit is nanoseconds, and monotonic never goes back. */
static void clock_system__read_often__is_plausible_and_monotonic(void **state)
{
    const uint64_t year_2020_ns = 1577836800U * UINT64_C(1000000000);
    const struct btx_clock *clock = btx_clock_system();
    uint64_t before_ns = btx_clock_monotonic_ns(clock);
    uint64_t first_ns = before_ns;

    (void)state;
    assert_true(btx_clock_wall_ns(clock) > year_2020_ns);
    for (int i = 0; i < 100000; i++) {
        uint64_t now_ns = btx_clock_monotonic_ns(clock);

        assert_true(now_ns >= before_ns);
        before_ns = now_ns;
    }
    assert_true(before_ns > first_ns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clock_manual__not_moved__stands_still),
        cmocka_unit_test(clock_manual_advance__some_time__moves_both),
        cmocka_unit_test(clock_manual_set_wall__backwards__leaves_monotonic_alone),
        cmocka_unit_test(clock_system__read_often__is_plausible_and_monotonic),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
