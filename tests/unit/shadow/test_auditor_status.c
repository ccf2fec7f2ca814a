/* SPDX-License-Identifier: Apache-2.0 */
/* test_auditor_status.c - what the figures of an auditor look like in a status page. */
#include "engine/shadow/auditor_status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct btx_status_shared shared;
static struct btx_status_writer writer;
static struct btx_clock_manual manual;

static int set_up(void **state)
{
    struct btx_status_options options = {.parts = UINT64_C(1) << BTX_STATUS_PART_SHADOW,
                                         .version = "test"};

    (void)state;
    btx_clock_manual_init(&manual, 1000, 1000);
    options.clock = &manual.clock;
    btx_status_shared_init(&shared, &options);
    btx_status_writer_init(&writer, &shared, BTX_STATUS_PART_SHADOW);
    return 0;
}

static uint64_t shown(enum btx_status_figure figure)
{
    return atomic_load(&shared.slots[figure]);
}

/* What is not known is absent, and not 0. */
static void auditor_show__nothing_yet__absent(void **state)
{
    const struct btx_auditor_figures figures = {.seq = 40};

    (void)state;
    btx_auditor_show(&figures, &writer);
    assert_int_equal(shown(BTX_STATUS_AUDIT), BTX_STATUS_AUDIT_NONE);
    assert_int_equal(shown(BTX_STATUS_AUDIT_SEQ), BTX_STATUS_ABSENT);
    assert_int_equal(shown(BTX_STATUS_AUDIT_FAILED_SEQ), BTX_STATUS_ABSENT);
    assert_int_equal(shown(BTX_STATUS_SNAPSHOT_SEQ), BTX_STATUS_ABSENT);
    assert_int_equal(shown(BTX_STATUS_AUDIT_DIFFERENCES), 0);
}

static void auditor_show__clean__all_figures(void **state)
{
    const struct btx_auditor_figures figures = {
        .events = 7,
        .seq = 47,
        .compared_wall_ns = 1001,
        .snapshots = 2,
        .snapshot_failures = 1,
        .snapshot_seq = 45,
        .snapshot_wall_ns = 1002,
        .snapshot_took_ns = 3,
        .snapshot_bytes = 999,
    };

    (void)state;
    btx_auditor_show(&figures, &writer);
    assert_int_equal(shown(BTX_STATUS_AUDIT), BTX_STATUS_AUDIT_CLEAN);
    assert_int_equal(shown(BTX_STATUS_AUDIT_SEQ), 47);
    assert_int_equal(shown(BTX_STATUS_AUDIT_TIME), 1001);
    assert_int_equal(shown(BTX_STATUS_AUDIT_EVENTS), 7);
    assert_int_equal(shown(BTX_STATUS_SNAPSHOTS), 2);
    assert_int_equal(shown(BTX_STATUS_SNAPSHOT_FAILURES), 1);
    assert_int_equal(shown(BTX_STATUS_SNAPSHOT_SEQ), 45);
    assert_int_equal(shown(BTX_STATUS_SNAPSHOT_TIME), 1002);
    assert_int_equal(shown(BTX_STATUS_SNAPSHOT_NS), 3);
    assert_int_equal(shown(BTX_STATUS_SNAPSHOT_BYTES), 999);
}

static void auditor_show__difference__failed_with_its_event(void **state)
{
    const struct btx_auditor_figures figures = {
        .failed = true, .differences = 1, .failed_seq = 48, .compared_wall_ns = 1001, .seq = 47};

    (void)state;
    btx_auditor_show(&figures, &writer);
    assert_int_equal(shown(BTX_STATUS_AUDIT), BTX_STATUS_AUDIT_FAILED);
    assert_int_equal(shown(BTX_STATUS_AUDIT_FAILED_SEQ), 48);
    assert_int_equal(shown(BTX_STATUS_AUDIT_DIFFERENCES), 1);
    assert_int_equal(shown(BTX_STATUS_AUDIT_SEQ), 47);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(auditor_show__nothing_yet__absent, set_up),
        cmocka_unit_test_setup(auditor_show__clean__all_figures, set_up),
        cmocka_unit_test_setup(auditor_show__difference__failed_with_its_event, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
