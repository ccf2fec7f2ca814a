/* SPDX-License-Identifier: Apache-2.0 */
/* test_verify_report.c - the verdict, which must never say more than was proved. */
#include "admin/verify_report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct btx_wal_row rows[2];
    struct btx_wal_survey survey;
    struct btx_log_execution execution;
    struct btx_verify_report report;
};

/* A log of two segments in which all is well. */
static void make(struct fixture *fixture)
{
    memset(fixture, 0, sizeof *fixture);
    fixture->rows[0].name.first_seq = 6;
    fixture->survey.rows = fixture->rows;
    fixture->survey.row_count = 2;
    fixture->survey.end_known = true;
    fixture->execution.state = BTX_EXECUTION_RUNNING;
    fixture->report.survey = &fixture->survey;
    fixture->report.execution = &fixture->execution;
}

static void expect_verdict(const struct fixture *fixture, bool bad, const char *verdict)
{
    char text[BTX_VERIFY_TEXT_BYTES];

    btx_verify_report_verdict(&fixture->report, text);
    assert_string_equal(text, verdict);
    assert_int_equal(btx_verify_report_is_bad(&fixture->report), bad);
}

/* Without a signature and an anchor it is never "clean". */
static void verdict__nothing_wrong__consistent_and_not_more(void **state)
{
    struct fixture fixture;

    (void)state;
    make(&fixture);
    expect_verdict(&fixture, false, "consistent, unsigned, end not anchored");
    fixture.rows[0].is_signed = true;
    expect_verdict(&fixture, false, "consistent, signatures not checked, end not anchored");
    fixture.survey.row_count = 0;
    expect_verdict(&fixture, false, "empty, unsigned, end not anchored");
}

/* Each thing that was not proved is said. */
static void verdict__less_was_proved__says_so(void **state)
{
    struct fixture fixture;

    (void)state;
    make(&fixture);
    fixture.execution.state = BTX_EXECUTION_OFF;
    expect_verdict(&fixture, false, "consistent, unsigned, end not anchored; not executed");
    fixture.execution.state = BTX_EXECUTION_STOPPED;
    expect_verdict(&fixture, false, "consistent, unsigned, end not anchored; not executed");
    fixture.execution.stopped_seq = 9;
    expect_verdict(&fixture, false,
                   "consistent, unsigned, end not anchored; executed up to seq 9 only");
    make(&fixture);
    fixture.report.trimmed = true;
    expect_verdict(&fixture, false, "consistent, unsigned, end not anchored; proves from seq 6");
    make(&fixture);
    fixture.survey.end.cut = true;
    expect_verdict(&fixture, false, "consistent up to its torn end, unsigned, end not anchored");
    make(&fixture);
    fixture.survey.end_known = false;
    fixture.survey.live = true;
    expect_verdict(&fixture, false,
                   "consistent as far as it is written, unsigned, end not anchored");
}

/* Damage and difference are both bad, alone and together. */
static void verdict__damage_or_difference__bad(void **state)
{
    struct fixture fixture;

    (void)state;
    make(&fixture);
    fixture.report.damages = 1;
    expect_verdict(&fixture, true, "DAMAGED, in 1 place");
    fixture.report.damages = 2;
    expect_verdict(&fixture, true, "DAMAGED, in 2 places");
    fixture.execution.state = BTX_EXECUTION_DIFFERS;
    fixture.execution.stopped_seq = 8;
    expect_verdict(&fixture, true,
                   "DAMAGED, in 2 places, and not what its commands give behind seq 8");
    fixture.report.damages = 0;
    expect_verdict(&fixture, true, "DAMAGED, and not what its commands give behind seq 8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdict__nothing_wrong__consistent_and_not_more),
        cmocka_unit_test(verdict__less_was_proved__says_so),
        cmocka_unit_test(verdict__damage_or_difference__bad),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
