/* SPDX-License-Identifier: Apache-2.0 */
/* test_slew_clock.c - the time of the exchange against a wall clock that a test moves. */
#include "engine/service/slew_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND_NS UINT64_C(1000000000)
#define START_NS (UINT64_C(1800000000) * SECOND_NS)

static struct btx_clock_manual manual;
static struct btx_slew_clock slew;

/* Both clocks at START_NS, the last event long ago. */
static int setup(void **state)
{
    struct btx_fault fault = {0};

    (void)state;
    btx_clock_manual_init(&manual, START_NS, 77 * SECOND_NS);
    return btx_slew_clock_init(&slew, &manual.clock, START_NS - 1, &fault) == BTX_OK ? 0 : -1;
}

static uint64_t now_ns(void)
{
    return btx_clock_wall_ns(&slew.clock);
}

/* Somebody sets the wall clock by so much. */
static void step_wall(int64_t step_ns)
{
    btx_clock_manual_set_wall(&manual, manual.wall_ns + (uint64_t)step_ns);
}

static void slew_clock__wall_clock_is_left_alone__says_the_same(void **state)
{
    (void)state;
    assert_int_equal(now_ns(), START_NS);
    btx_clock_manual_advance(&manual, 12345678);
    assert_int_equal(now_ns(), START_NS + 12345678);
    assert_true(btx_slew_clock_look(&slew));
    assert_int_equal(now_ns(), START_NS + 12345678);
    assert_int_equal(btx_slew_clock_distance_ns(&slew), 0);
}

/* Durations are measured with what nobody sets. */
static void slew_clock_monotonic__wall_clock_is_set__is_that_of_the_base(void **state)
{
    (void)state;
    step_wall(SECOND_NS);
    (void)btx_slew_clock_look(&slew);
    btx_clock_manual_advance(&manual, SECOND_NS);
    assert_int_equal(btx_clock_monotonic_ns(&slew.clock), 78 * SECOND_NS);
}

/* A step is not seen before a look, and closed afterwards by one in 2000, not faster. */
static void slew_clock_look__wall_clock_ahead__closes_500_ppm(void **state)
{
    (void)state;
    step_wall(SECOND_NS);
    assert_int_equal(now_ns(), START_NS);
    assert_true(btx_slew_clock_look(&slew));
    assert_int_equal(now_ns(), START_NS);
    assert_int_equal(btx_slew_clock_distance_ns(&slew), SECOND_NS);
    btx_clock_manual_advance(&manual, 2000 * 1000);
    assert_int_equal(now_ns(), START_NS + 2001 * 1000);
}

/* A leap second: slower, but on and on. */
static void slew_clock_look__wall_clock_behind__slower_never_back(void **state)
{
    uint64_t before_ns = now_ns();

    (void)state;
    step_wall(-(int64_t)SECOND_NS);
    for (int i = 0; i < 1000; i++) {
        assert_true(btx_slew_clock_look(&slew));
        assert_int_equal(now_ns(), before_ns);
        btx_clock_manual_advance(&manual, 2000 * 1000);
        assert_int_equal(now_ns(), before_ns + 1999 * 1000);
        before_ns = now_ns();
    }
}

/* The distance is closed exactly, and then the pace is that of the wall clock again. */
static void slew_clock_look__distance_is_closed__goes_with_the_wall_clock(void **state)
{
    (void)state;
    step_wall(3000000);
    assert_true(btx_slew_clock_look(&slew));
    btx_clock_manual_advance(&manual, 6 * SECOND_NS);
    assert_int_equal(now_ns(), manual.wall_ns);
    btx_clock_manual_advance(&manual, SECOND_NS);
    assert_int_equal(now_ns(), manual.wall_ns);
    assert_true(btx_slew_clock_look(&slew));
    assert_int_equal(btx_slew_clock_distance_ns(&slew), 0);
}

static void slew_clock_look__wall_clock_just_near__is_followed(void **state)
{
    (void)state;
    step_wall(BTX_SLEW_DISTANCE_NS);
    assert_true(btx_slew_clock_look(&slew));
    step_wall(-2 * BTX_SLEW_DISTANCE_NS);
    assert_true(btx_slew_clock_look(&slew));
}

/* An hour is nobody's leap second: events must not be an hour off, whoever set that clock. */
static void slew_clock_look__wall_clock_away__keeps_its_pace_and_says_so(void **state)
{
    static const int64_t steps_ns[] = {BTX_SLEW_DISTANCE_NS + 1, -BTX_SLEW_DISTANCE_NS - 1,
                                       INT64_C(3600000000000), INT64_C(-3600000000000)};

    for (size_t i = 0; i < BTX_COUNT_OF(steps_ns); i++) {
        assert_int_equal(setup(state), 0);
        step_wall(steps_ns[i]);
        assert_false(btx_slew_clock_look(&slew));
        assert_true(btx_slew_clock_distance_ns(&slew) == steps_ns[i]);
        btx_clock_manual_advance(&manual, 100 * SECOND_NS);
        assert_int_equal(now_ns(), START_NS + 100 * SECOND_NS);
        assert_false(btx_slew_clock_look(&slew));
        assert_int_equal(now_ns(), START_NS + 100 * SECOND_NS);
    }
}

/* Set by mistake and then right again: the alarm ends, nothing has happened. */
static void slew_clock_look__wall_clock_comes_back__is_followed_again(void **state)
{
    (void)state;
    step_wall(INT64_C(3600000000000));
    assert_false(btx_slew_clock_look(&slew));
    btx_clock_manual_advance(&manual, SECOND_NS);
    step_wall(INT64_C(-3600000000000) + 1000);
    assert_true(btx_slew_clock_look(&slew));
    assert_int_equal(btx_slew_clock_distance_ns(&slew), 1000);
    btx_clock_manual_advance(&manual, SECOND_NS);
    assert_int_equal(now_ns(), manual.wall_ns);
}

/* What was being closed when the clock went away is not closed on: nobody knows what is right. */
static void slew_clock_look__away_while_closing__stops_closing(void **state)
{
    (void)state;
    step_wall(SECOND_NS);
    assert_true(btx_slew_clock_look(&slew));
    step_wall(INT64_C(3600000000000));
    assert_false(btx_slew_clock_look(&slew));
    btx_clock_manual_advance(&manual, SECOND_NS);
    assert_int_equal(now_ns(), START_NS + SECOND_NS);
}

/* Whatever is done to the wall clock: forward, and within 500 ppm of the monotonic one, but for the
 * nanosecond to which each reading is rounded. */
static void slew_clock__wall_clock_set_at_random__never_back_never_faster(void **state)
{
    uint64_t before_ns = now_ns();

    (void)state;
    srandom(20261126);
    for (int i = 0; i < 100000; i++) {
        const uint64_t elapsed_ns = (uint64_t)random() % (3 * SECOND_NS);

        if (random() % 4 == 0)
            step_wall((int64_t)random() * 8 - (INT64_C(1) << 33));
        if (random() % 2 == 0)
            (void)btx_slew_clock_look(&slew);
        assert_int_equal(now_ns(), before_ns);
        btx_clock_manual_advance(&manual, elapsed_ns);
        assert_true(now_ns() >= before_ns + elapsed_ns - elapsed_ns / 2000 - 1);
        assert_true(now_ns() <= before_ns + elapsed_ns + elapsed_ns / 2000 + 1);
        before_ns = now_ns();
    }
}

/* A log that knows a later time than the machine: events must not be dated before it. */
static void slew_clock_init__wall_clock_a_little_before_the_log__begins_at_the_log(void **state)
{
    const uint64_t last_ns = START_NS + (uint64_t)BTX_SLEW_DISTANCE_NS;
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(btx_slew_clock_init(&slew, &manual.clock, last_ns, &fault), BTX_OK);
    assert_int_equal(now_ns(), last_ns);
    btx_clock_manual_advance(&manual, 2000 * 1000);
    assert_int_equal(now_ns(), last_ns + 1999 * 1000); /* And it is slewed back at once. */
    btx_clock_manual_advance(&manual, 10000 * SECOND_NS);
    assert_int_equal(now_ns(), manual.wall_ns);
}

static void slew_clock_init__wall_clock_long_before_the_log__fault(void **state)
{
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(btx_slew_clock_init(&slew, &manual.clock,
                                         START_NS + (uint64_t)BTX_SLEW_DISTANCE_NS + 1, &fault),
                     BTX_FAULT_CONFIG);
    assert_string_equal(fault.text, "the clock of this machine is 5 s before the last event of the "
                                    "log: set it right, then start again");
}

/* A base of whose pairs of readings one in four is not interrupted by a second of absence. */
static unsigned int readings;

static uint64_t busy_wall_ns(const struct btx_clock *clock)
{
    (void)clock;
    if (++readings % 4 != 0)
        btx_clock_manual_advance(&manual, SECOND_NS);
    return manual.wall_ns;
}

static uint64_t busy_monotonic_ns(const struct btx_clock *clock)
{
    (void)clock;
    return manual.monotonic_ns;
}

/* A thread that loses its core while it looks must not take that time for a distance. */
static void slew_clock_look__interrupted_between_the_clocks__looks_again(void **state)
{
    static const struct btx_clock busy = {busy_wall_ns, busy_monotonic_ns, NULL};
    struct btx_fault fault = {0};

    (void)state;
    readings = 0;
    assert_int_equal(btx_slew_clock_init(&slew, &busy, 0, &fault), BTX_OK);
    assert_true(btx_slew_clock_look(&slew));
    assert_int_equal(btx_slew_clock_distance_ns(&slew), 0);
    assert_int_equal(now_ns(), manual.wall_ns);
    assert_int_equal(readings, 8);
}

#define CLOCK_TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLOCK_TEST(slew_clock__wall_clock_is_left_alone__says_the_same),
        CLOCK_TEST(slew_clock_monotonic__wall_clock_is_set__is_that_of_the_base),
        CLOCK_TEST(slew_clock_look__wall_clock_ahead__closes_500_ppm),
        CLOCK_TEST(slew_clock_look__wall_clock_behind__slower_never_back),
        CLOCK_TEST(slew_clock_look__distance_is_closed__goes_with_the_wall_clock),
        CLOCK_TEST(slew_clock_look__wall_clock_just_near__is_followed),
        CLOCK_TEST(slew_clock_look__wall_clock_away__keeps_its_pace_and_says_so),
        CLOCK_TEST(slew_clock_look__wall_clock_comes_back__is_followed_again),
        CLOCK_TEST(slew_clock_look__away_while_closing__stops_closing),
        CLOCK_TEST(slew_clock__wall_clock_set_at_random__never_back_never_faster),
        CLOCK_TEST(slew_clock_init__wall_clock_a_little_before_the_log__begins_at_the_log),
        CLOCK_TEST(slew_clock_init__wall_clock_long_before_the_log__fault),
        CLOCK_TEST(slew_clock_look__interrupted_between_the_clocks__looks_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
