/* SPDX-License-Identifier: Apache-2.0 */
/* test_snapshot_standing.c - seals of the end of a log, and what stands on them; seals within
 * segments are met in the tests of recovery and of the auditor. */
#include "engine/exchange/snapshot_standing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct btx_wal_seal seals[] = {
    {.segment = 4, .last_seq = 40, .last_tx = 20, .hash = {4}},
    {.segment = 5, .last_seq = 50, .last_tx = 25, .hash = {5}},
};

static void log_ground_seal__in_the_end__found(void **state)
{
    const struct btx_log_end end = {.seals = seals, .seal_count = 2};
    const struct btx_log_ground ground = {.segments_fd = -1, .end = &end};
    struct btx_fault fault = {0};
    struct btx_wal_seal seal;
    bool found = false;

    (void)state;
    assert_int_equal(btx_log_ground_seal(&ground, 5, &found, &seal, &fault), BTX_OK);
    assert_true(found);
    assert_int_equal(seal.last_seq, 50);
    assert_int_equal(btx_log_ground_seal(&ground, 6, &found, &seal, &fault), BTX_OK);
    assert_false(found);
}

/* A segment that cannot be opened is no segment without seals. */
static void log_ground_seal__segment_that_is_not_there__fault(void **state)
{
    struct btx_log_segment segment;
    const struct btx_log_ground ground = {
        .segments_fd = -1, .segments = &segment, .segment_count = 1};
    struct btx_fault fault = {0};
    struct btx_wal_seal seal;
    bool found = false;

    (void)state;
    btx_log_segment_name(&segment, 51, 6);
    assert_int_equal(btx_log_ground_seal(&ground, 5, &found, &seal, &fault), BTX_FAULT_IO);
    assert_int_equal(btx_log_ground_seal(&ground, 6, &found, &seal, &fault), BTX_OK);
}

static void snapshot_standing__header_against_seal__said_what_differs(void **state)
{
    struct btx_wal_snapshot_header header = {.segment = 5, .seq = 50, .tx = 25, .chain = {5}};

    (void)state;
    assert_null(btx_snapshot_standing(&header, &seals[1]));
    header.tx = 24;
    assert_string_equal(btx_snapshot_standing(&header, &seals[1]),
                        "its seq or tx is not that of the segment that it stands on");
    header.tx = 25;
    header.seq = 49;
    assert_string_equal(btx_snapshot_standing(&header, &seals[1]),
                        "its seq or tx is not that of the segment that it stands on");
    header.chain[31] = 1;
    assert_string_equal(btx_snapshot_standing(&header, &seals[1]),
                        "it stands on another log: the hash of its segment differs");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_ground_seal__in_the_end__found),
        cmocka_unit_test(log_ground_seal__segment_that_is_not_there__fault),
        cmocka_unit_test(snapshot_standing__header_against_seal__said_what_differs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
