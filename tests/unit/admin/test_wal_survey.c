/* SPDX-License-Identifier: Apache-2.0 */
/* test_wal_survey.c - a log at a glance; the damaged ones are tests/system/wal. */
#include "admin/wal_survey.h"

#include "tests/unit/wal/log_fixture.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Three segments of 3, 3 and 0 events, closed in order. */
static void make_log(struct log_fixture *fixture)
{
    struct btx_wal_rotation rotation;
    struct btx_fault fault = {0};

    log_fixture_open(fixture);
    for (int i = 0; i < 2; i++) {
        log_fixture_commit(fixture, 2);
        log_fixture_commit(fixture, 1);
        assert_int_equal(btx_wal_writer_rotate(fixture->writer, &rotation, &fault), BTX_OK);
    }
    log_fixture_commit_note(fixture);
    (void)log_fixture_close(fixture);
}

/* Numbers come from seals, and for the last segment from what recovery would find. */
static void survey_read__closed_log__every_segment_with_its_numbers(void **state)
{
    struct log_fixture *fixture = *state;
    struct btx_wal_survey survey;
    struct btx_fault fault = {0};

    make_log(fixture);
    assert_int_equal(btx_wal_survey_read(&survey, fixture->root, &fault), BTX_OK);
    assert_true(survey.id_valid && survey.end_known && !survey.live && !survey.damaged);
    assert_int_equal(survey.row_count, 3);
    for (size_t i = 0; i < 3; i++) {
        const struct btx_wal_row *row = &survey.rows[i];

        assert_true(row->header_valid && row->own_uuid && row->hash_known && !row->damaged);
        assert_int_equal(row->name.number, i + 1);
        assert_int_equal(row->events, i < 2 ? 3 : 0);
        assert_int_equal(row->batches, i < 2 ? 2 : 1);
        assert_int_equal(row->last_seq, i < 2 ? 3 * (i + 1) : 6);
        assert_int_equal(row->source, i < 2 ? BTX_WAL_ROW_SEALED : BTX_WAL_ROW_ENDING);
        assert_int_equal(row->sealed_by, i < 2 ? i + 2 : 0);
        assert_int_equal(row->claimed_batches, row->batches);
    }
    btx_wal_survey_done(&survey);
    btx_wal_survey_done(&survey);
}

/* Reading a segment must give what its seal says. */
static void survey_contents__sealed_segment__as_its_seal_says(void **state)
{
    struct log_fixture *fixture = *state;
    struct btx_wal_contents contents;
    struct btx_wal_survey survey;
    struct btx_fault fault = {0};

    make_log(fixture);
    assert_int_equal(btx_wal_survey_read(&survey, fixture->root, &fault), BTX_OK);
    assert_int_equal(btx_wal_survey_contents(&survey, 1, &contents, &fault), BTX_OK);
    assert_int_equal(contents.events, survey.rows[1].events);
    assert_int_equal(contents.commands, 3);
    assert_int_equal(contents.notes, 0);
    assert_int_equal(contents.batches, survey.rows[1].batches);
    assert_int_equal(contents.bytes, survey.rows[1].bytes);
    assert_int_equal(contents.last_seq, 6);
    assert_int_equal(contents.uncounted, 0);
    assert_int_equal(contents.damages, 0);
    assert_int_equal(btx_wal_survey_contents(&survey, 2, &contents, &fault), BTX_OK);
    assert_int_equal(contents.notes, 1);
    assert_int_equal(contents.last_seq, 6);
    btx_wal_survey_done(&survey);
}

/* What is no log at all is told apart from a log without its identity. */
static void survey_read__folder_without_identity__a_log_only_with_segments(void **state)
{
    struct log_fixture *fixture = *state;
    struct btx_wal_survey survey;
    struct btx_fault fault = {0};
    char path[128];

    make_log(fixture);
    (void)snprintf(path, sizeof path, "%s/" BTX_WAL_ID_NAME, fixture->root);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(btx_wal_survey_read(&survey, fixture->root, &fault), BTX_OK);
    assert_true(!survey.id_valid && survey.damaged);
    assert_int_equal(survey.row_count, 3);
    assert_int_equal(survey.rows[1].events, 3);
    btx_wal_survey_done(&survey);
    (void)snprintf(path, sizeof path, "%s/" BTX_WAL_SNAPSHOTS_NAME, fixture->root);
    assert_int_equal(btx_wal_survey_read(&survey, path, &fault), BTX_FAULT_CONFIG);
    btx_wal_survey_done(&survey);
}

/* Bytes of all segments, for who shows progress. */
static void glance__closed_log__bytes_of_its_files(void **state)
{
    struct log_fixture *fixture = *state;
    struct btx_wal_survey survey;
    struct btx_fault fault = {0};
    uint64_t bytes = 0;
    uint64_t sum = 0;
    bool live = true;

    make_log(fixture);
    assert_int_equal(btx_wal_glance(fixture->root, &live, &bytes, &fault), BTX_OK);
    assert_int_equal(btx_wal_survey_read(&survey, fixture->root, &fault), BTX_OK);
    for (size_t i = 0; i < survey.row_count; i++)
        sum += survey.rows[i].file_bytes;
    assert_false(live);
    assert_int_equal(bytes, sum);
    btx_wal_survey_done(&survey);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(survey_read__closed_log__every_segment_with_its_numbers,
                                        log_fixture_setup, log_fixture_teardown),
        cmocka_unit_test_setup_teardown(survey_contents__sealed_segment__as_its_seal_says,
                                        log_fixture_setup, log_fixture_teardown),
        cmocka_unit_test_setup_teardown(
            survey_read__folder_without_identity__a_log_only_with_segments, log_fixture_setup,
            log_fixture_teardown),
        cmocka_unit_test_setup_teardown(glance__closed_log__bytes_of_its_files, log_fixture_setup,
                                        log_fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
