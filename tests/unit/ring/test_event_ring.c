/* SPDX-License-Identifier: Apache-2.0 */
/* test_event_ring.c - room, claims, and what is pending, in one thread. */
#include "engine/ring/event_ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/clock.h"
#include "ring_fixture.h"

#define CAPACITY BTX_EVENT_RING_BYTES_MIN

static struct btx_event_ring ring;

static int setup(void **state)
{
    (void)state;
    fixture_event_ring(&ring, 5);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    btx_event_ring_done(&ring);
    return 0;
}

static void event_ring_publish__one_tx__is_pending_unchanged(void **state)
{
    const void *bytes;

    (void)state;
    assert_int_equal(btx_event_ring_pending(&ring, &bytes), 0);
    fixture_write(&ring, 192, 1000);

    assert_int_equal(btx_event_ring_pending(&ring, &bytes), 192);
    assert_true(fixture_is_counting(bytes, 192, 1000));
}

/* What is not on the disk must never be overwritten: not even by one unit. */
static void event_ring_room__nothing_durable__counts_down_to_zero(void **state)
{
    (void)state;
    assert_int_equal(btx_event_ring_room(&ring, CAPACITY), CAPACITY);
    fixture_write(&ring, CAPACITY - 64, 0);
    assert_int_equal(btx_event_ring_room(&ring, CAPACITY), 64);
    fixture_write(&ring, 64, 0);
    assert_int_equal(btx_event_ring_room(&ring, 64), 0);
}

static void event_ring_room__some_durable__is_that_much(void **state)
{
    (void)state;
    fixture_write(&ring, CAPACITY, 0);
    assert_int_equal(btx_event_ring_room(&ring, 64), 0);
    btx_event_ring_set_durable(&ring, 128, 6);

    assert_int_equal(btx_event_ring_room(&ring, 64), 128);
}

/* Asking is free as long as there is enough: the other thread's line is not touched. */
static void event_ring_room__enough_for_what_is_wanted__does_not_look_again(void **state)
{
    (void)state;
    fixture_write(&ring, 640, 0);
    btx_event_ring_set_durable(&ring, 640, 6);

    assert_int_equal(btx_event_ring_room(&ring, 64), CAPACITY - 640);
    assert_int_equal(btx_event_ring_room(&ring, CAPACITY), CAPACITY);
}

/* Core and poller see one row of bytes, wherever it lies. */
static void event_ring_claim__over_the_end__is_contiguous(void **state)
{
    const void *bytes;

    (void)state;
    fixture_write(&ring, CAPACITY - 64, 0);
    fixture_commit(&ring, 6);
    fixture_write(&ring, 64 * 1024, 7777);

    assert_int_equal(btx_event_ring_pending(&ring, &bytes), 64 * 1024);
    assert_true(fixture_is_counting(bytes, 64 * 1024, 7777));
}

static void event_ring_publish__less_than_claimed__only_that_is_pending(void **state)
{
    const void *bytes;

    (void)state;
    (void)btx_event_ring_claim(&ring, 576 * 1024);
    btx_event_ring_publish(&ring, 64);

    assert_int_equal(btx_event_ring_pending(&ring, &bytes), 64);
    assert_int_equal(btx_event_ring_room(&ring, CAPACITY), CAPACITY - 64);
}

static void event_ring_publish__nothing__leaves_everything(void **state)
{
    const void *bytes;

    (void)state;
    (void)btx_event_ring_claim(&ring, 128);
    btx_event_ring_publish(&ring, 0);
    fixture_write(&ring, 64, 9);

    assert_int_equal(btx_event_ring_pending(&ring, &bytes), 64);
    assert_true(fixture_is_counting(bytes, 64, 9));
}

/* A batch is cut where a tx ends: the rest stays pending. */
static void event_ring_set_durable__a_part__leaves_the_rest_pending(void **state)
{
    const void *bytes;

    (void)state;
    fixture_write(&ring, 64, 100);
    fixture_write(&ring, 128, 200);
    btx_event_ring_set_durable(&ring, 64, 6);

    assert_int_equal(btx_event_ring_durable(&ring), 64);
    assert_int_equal(btx_event_ring_pending(&ring, &bytes), 128);
    assert_true(fixture_is_counting(bytes, 128, 200));
}

static void event_ring_wait__something_pending__does_not_sleep(void **state)
{
    (void)state;
    fixture_write(&ring, 64, 0);

    assert_true(btx_event_ring_wait(&ring, UINT64_C(3600) * 1000000000));
}

static void event_ring_wait__nothing_comes__ends_by_itself(void **state)
{
    const struct btx_clock *clock = btx_clock_system();
    const uint64_t before_ns = btx_clock_monotonic_ns(clock);

    (void)state;
    assert_false(btx_event_ring_wait(&ring, 2000000));
    assert_true(btx_clock_monotonic_ns(clock) - before_ns >= 2000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(event_ring_publish__one_tx__is_pending_unchanged, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(event_ring_room__nothing_durable__counts_down_to_zero,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(event_ring_room__some_durable__is_that_much, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            event_ring_room__enough_for_what_is_wanted__does_not_look_again, setup, teardown),
        cmocka_unit_test_setup_teardown(event_ring_claim__over_the_end__is_contiguous, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(event_ring_publish__less_than_claimed__only_that_is_pending,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(event_ring_publish__nothing__leaves_everything, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(event_ring_set_durable__a_part__leaves_the_rest_pending,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(event_ring_wait__something_pending__does_not_sleep, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(event_ring_wait__nothing_comes__ends_by_itself, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
