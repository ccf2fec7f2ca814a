/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/loop/latency_track.h"

static struct btx_latency_track track;

static int setup(void **state)
{
    (void)state;
    track = (struct btx_latency_track){0};
    return 0;
}

static void latency_track_take__not_durable_yet__is_kept(void **state)
{
    uint64_t began_ns = 0;

    (void)state;
    btx_latency_track_put(&track, 128, 7);

    assert_false(btx_latency_track_take(&track, 127, &began_ns));
    assert_true(btx_latency_track_take(&track, 128, &began_ns));
    assert_int_equal(began_ns, 7);
    assert_false(btx_latency_track_take(&track, UINT64_MAX, &began_ns));
}

static void latency_track_put__full__leaves_samples_out_until_some_are_taken(void **state)
{
    uint64_t began_ns = 0;

    (void)state;
    for (uint64_t i = 0; i < BTX_LATENCY_TRACK_PLACES + 5; i++)
        btx_latency_track_put(&track, i + 1, i);

    for (uint64_t i = 0; i < BTX_LATENCY_TRACK_PLACES; i++) {
        assert_true(btx_latency_track_take(&track, UINT64_MAX, &began_ns));
        assert_int_equal(began_ns, i);
    }
    assert_false(btx_latency_track_take(&track, UINT64_MAX, &began_ns));
    btx_latency_track_put(&track, 1, 99);
    assert_true(btx_latency_track_take(&track, 1, &began_ns));
    assert_int_equal(began_ns, 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(latency_track_take__not_durable_yet__is_kept, setup),
        cmocka_unit_test_setup(latency_track_put__full__leaves_samples_out_until_some_are_taken,
                               setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
