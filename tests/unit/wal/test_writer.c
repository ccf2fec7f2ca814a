/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/wal/log_reader.h"
#include "engine/wal/segment_reader.h"
#include "engine/wal/sizing.h"
#include "engine/wal/writer.h"
#include "engine/wal/writer_lock.h"
#include "engine/wire/notes.h"
#include "tests/unit/wal/log_fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND_NS UINT64_C(1000000000)

static struct btx_wal_status status_of(const struct log_fixture *fixture)
{
    struct btx_wal_status status;

    btx_wal_writer_status(fixture->writer, &status);
    return status;
}

/* Nothing that is not a log must be seen by a reader, and nothing is left behind. */
static void writer_close__nothing_committed__leaves_no_segment(void **state)
{
    struct log_fixture *fixture = *state;
    struct btx_wal_seal seal;
    char names[512];

    log_fixture_open(fixture);
    seal = log_fixture_close(fixture);
    assert_int_equal(seal.segment, 0);
    log_fixture_names(fixture, "segments", names, sizeof names);
    assert_string_equal(names, "");
    assert_int_equal(log_fixture_read(fixture), 0);
}

/* What commit returned for is there for a reader, and in the writer's own position. */
static void writer_commit__batches_of_many_sizes__all_of_it_read_back(void **state)
{
    static const size_t counts[] = {1, 2, 15, 16, 17, 31, 32, 33, 500, 1, 1, 20000, 3};
    struct log_fixture *fixture = *state;
    uint64_t txs = 0;

    log_fixture_open(fixture);
    for (size_t i = 0; i < BTX_COUNT_OF(counts); i++) {
        log_fixture_commit(fixture, counts[i]);
        txs += counts[i];
        assert_int_equal(status_of(fixture).position.seq, txs);
        assert_int_equal(status_of(fixture).position.batch, i + 1);
        assert_int_equal(log_fixture_read(fixture), 2 * txs);
    }
    assert_int_equal(status_of(fixture).commits, BTX_COUNT_OF(counts));
    assert_int_equal(status_of(fixture).segment_events, txs);
}

/* The ring hands over what wraps around its end in two pieces, anywhere between two units. */
static void writer_commit__in_pieces__as_one_batch(void **state)
{
    struct log_fixture *fixture = *state;
    struct btx_fault fault = {0};

    log_fixture_open(fixture);
    for (size_t units = 1; units < 20; units++) {
        const size_t length_bytes = log_fixture_txs(fixture, 10);
        const size_t cut_bytes = units * BTX_RECORD_UNIT_BYTES;
        const struct iovec pieces[] = {
            {fixture->buffer, cut_bytes},
            {fixture->buffer + cut_bytes, length_bytes - cut_bytes},
        };

        assert_int_equal(btx_wal_writer_commit(fixture->writer, pieces, 2, &fault), BTX_OK);
    }
    assert_int_equal(log_fixture_read(fixture), 19 * 20);
}

/* So do long records, of which only the header must lie in one piece. */
static void writer_commit__record_across_pieces__is_one_record(void **state)
{
    enum { UNITS = 5 };
    struct log_fixture *fixture = *state;
    struct btx_operator_action *note = (void *)fixture->buffer;
    struct btx_fault fault = {0};

    log_fixture_open(fixture);
    for (size_t units = 1; units < UNITS; units++) {
        const size_t cut_bytes = units * BTX_RECORD_UNIT_BYTES;
        const size_t length_bytes = UNITS * BTX_RECORD_UNIT_BYTES;
        const struct iovec pieces[] = {
            {fixture->buffer, cut_bytes},
            {fixture->buffer + cut_bytes, length_bytes - cut_bytes},
        };

        memset(note, 0, length_bytes);
        note->record.length_units = UNITS;
        note->record.kind_flags = BTX_RECORD_NOTE;
        note->record.type = BTX_NOTE_OPERATOR_ACTION;
        note->what_length = (uint16_t)(length_bytes - sizeof *note);
        memset(note + 1, 'w', note->what_length);
        btx_record_seal(&note->record);
        assert_int_equal(btx_wal_writer_commit(fixture->writer, pieces, 2, &fault), BTX_OK);
    }
    assert_int_equal(log_fixture_read(fixture), UNITS - 1);
}

/* Every start begins a segment of its own, with a greater epoch, and goes on where the log ends. */
static void writer_open__again_and_again__goes_on(void **state)
{
    struct log_fixture *fixture = *state;
    uint64_t epoch = 0;

    for (unsigned i = 1; i <= 4; i++) {
        log_fixture_open(fixture);
        assert_true(btx_wal_writer_epoch(fixture->writer) > epoch);
        epoch = btx_wal_writer_epoch(fixture->writer);
        log_fixture_commit(fixture, i);
        log_fixture_commit_note(fixture);
        assert_int_equal(log_fixture_close(fixture).segment, i);
    }
    assert_int_equal(log_fixture_read(fixture), 2 * (1 + 2 + 3 + 4) + 4);
}

/* A writer that committed nothing was a writer all the same. */
static void writer_open__nothing_committed__epoch_grows_all_the_same(void **state)
{
    struct log_fixture *fixture = *state;

    for (uint64_t epoch = 1; epoch <= 3; epoch++) {
        log_fixture_open(fixture);
        assert_int_equal(btx_wal_writer_epoch(fixture->writer), epoch);
        (void)log_fixture_close(fixture);
    }
}

/* The next segments are made for what the last ones took: the zeros must be enough. */
static void writer_rotate__after_a_large_segment__next_ones_are_zeroed_further(void **state)
{
    struct log_fixture *fixture = *state;
    struct btx_wal_rotation rotation;
    struct btx_fault fault = {0};
    struct stat found;
    char path[128];

    fixture->options.settings.max_commit_bytes = 8u << 20;
    log_fixture_open(fixture);
    log_fixture_commit(fixture, 60000);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(btx_wal_writer_rotate(fixture->writer, &rotation, &fault), BTX_OK);
        if (i < 2)
            log_fixture_commit(fixture, 60000);
    }
    (void)snprintf(path, sizeof path, "%s/segments/next-4.tmp", fixture->root);
    assert_int_equal(stat(path, &found), 0);
    assert_true((uint64_t)found.st_size > 2 * rotation.bytes);
}

/* Two starts that commit only notes begin at the same seq, and must not be in each other's way. */
static void writer_open__segments_without_events__each_has_a_file(void **state)
{
    struct log_fixture *fixture = *state;
    char names[512];

    for (unsigned i = 0; i < 3; i++) {
        log_fixture_open(fixture);
        log_fixture_commit_note(fixture);
        (void)log_fixture_close(fixture);
    }
    log_fixture_names(fixture, "segments", names, sizeof names);
    assert_string_equal(names, "00000000000000000001-0000000001.mdb "
                               "00000000000000000001-0000000002.mdb "
                               "00000000000000000001-0000000003.mdb");
    assert_int_equal(log_fixture_read(fixture), 3);
}

/* The target counts events and waits for the age; it is looked at behind a commit. */
static void writer_commit__over_the_event_target__rotates_when_old_enough(void **state)
{
    struct log_fixture *fixture = *state;

    fixture->options.settings.max_segment_events = 10;
    fixture->options.settings.min_segment_age_ns = 5 * SECOND_NS;
    log_fixture_open(fixture);
    log_fixture_commit(fixture, 9);
    log_fixture_commit(fixture, 9);
    assert_int_equal(status_of(fixture).rotations, 0);
    btx_clock_manual_advance(&fixture->clock, 5 * SECOND_NS);
    log_fixture_commit(fixture, 1);
    assert_int_equal(status_of(fixture).rotations, 1);
    log_fixture_commit(fixture, 9);
    btx_clock_manual_advance(&fixture->clock, 5 * SECOND_NS);
    log_fixture_commit(fixture, 1);
    assert_int_equal(status_of(fixture).rotations, 2);
    log_fixture_commit(fixture, 1);
    assert_int_equal(status_of(fixture).segment, 3);
    assert_int_equal(log_fixture_read(fixture), 2 * 30);
}

/* An idle log is rotated too when the operator asked for an age, but never an empty segment. */
static void writer_idle__over_the_greatest_age__rotates_once(void **state)
{
    struct log_fixture *fixture = *state;
    struct btx_fault fault = {0};

    fixture->options.settings.max_segment_age_ns = 60 * SECOND_NS;
    log_fixture_open(fixture);
    log_fixture_commit(fixture, 1);
    assert_int_equal(btx_wal_writer_idle(fixture->writer, &fault), BTX_OK);
    assert_int_equal(status_of(fixture).rotations, 0);
    btx_clock_manual_advance(&fixture->clock, 60 * SECOND_NS);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(btx_wal_writer_idle(fixture->writer, &fault), BTX_OK);
    assert_int_equal(status_of(fixture).rotations, 1);
}

/* The map is a cap: the arithmetic rotates before LMDB could refuse. */
static void writer_commit__more_than_a_map_holds__rotates_before_it_is_full(void **state)
{
    struct log_fixture *fixture = *state;
    struct btx_wal_settings *settings = &fixture->options.settings;

    settings->max_commit_bytes = 1 << 20;
    settings->segment_map_size_bytes = btx_wal_map_bytes_min(settings->max_commit_bytes);
    log_fixture_open(fixture);
    for (unsigned i = 0; i < 12; i++)
        log_fixture_commit(fixture, settings->max_commit_bytes / (2 * BTX_RECORD_UNIT_BYTES));
    for (unsigned i = 0; i < 3000; i++)
        log_fixture_commit(fixture, 1 + i % 9);
    assert_true(status_of(fixture).rotations >= 11);
    assert_int_equal(status_of(fixture).map_full, 0);
    (void)log_fixture_close(fixture);
    assert_int_equal(log_fixture_read(fixture), 2 * fixture->seq);
}

/* The reply of `wal rotate`. */
static void writer_rotate__with_and_without_events__says_what_it_did(void **state)
{
    struct log_fixture *fixture = *state;
    struct btx_wal_rotation rotation;
    struct btx_fault fault = {0};

    log_fixture_open(fixture);
    assert_int_equal(btx_wal_writer_rotate(fixture->writer, &rotation, &fault), BTX_OK);
    assert_string_equal(rotation.closed, "");
    log_fixture_commit(fixture, 7);
    assert_int_equal(btx_wal_writer_rotate(fixture->writer, &rotation, &fault), BTX_OK);
    assert_string_equal(rotation.closed, "00000000000000000001-0000000001.mdb");
    assert_string_equal(rotation.opened, "00000000000000000008-0000000002.mdb");
    assert_int_equal(rotation.events, 7);
    assert_int_equal(rotation.bytes, 7 * 2 * BTX_RECORD_UNIT_BYTES);
    log_fixture_commit(fixture, 1);
    assert_string_equal(status_of(fixture).segment_name, rotation.opened);
}

/* Seal number @index that stands in segment @segment; false when there is none. */
static bool read_seal(const struct log_fixture *fixture, const char *segment, size_t index,
                      struct btx_wal_seal *ret_seal)
{
    const struct btx_segment_options options = {0};
    struct btx_segment_reader *reader;
    const struct btx_wal_seal *seal;
    struct btx_fault fault = {0};
    char path[128];
    int fd;

    (void)snprintf(path, sizeof path, "%s/segments", fixture->root);
    fd = open(path, O_RDONLY | O_DIRECTORY);
    assert_true(fd >= 0);
    if (btx_segment_reader_open(&reader, fd, segment, &options, &fault) != BTX_OK)
        fail_msg("%s", fault.text);
    seal = btx_segment_reader_seal(reader, index);
    if (seal != NULL)
        *ret_seal = *seal;
    btx_segment_reader_close(reader);
    assert_int_equal(close(fd), 0);
    return seal != NULL;
}

/* The seal of a segment stands in the next one, chained, whether the next one was busy or not. */
static void writer_rotate__each_segment__sealed_in_the_next(void **state)
{
    struct log_fixture *fixture = *state;
    struct btx_wal_rotation rotation;
    struct btx_fault fault = {0};
    struct btx_wal_seal seals[3];
    struct btx_wal_seal last;

    log_fixture_open(fixture);
    for (unsigned i = 0; i < 3; i++) {
        log_fixture_commit(fixture, 2 + i);
        assert_int_equal(btx_wal_writer_rotate(fixture->writer, &rotation, &fault), BTX_OK);
    }
    last = log_fixture_close(fixture);
    assert_true(read_seal(fixture, "00000000000000000003-0000000002.mdb", 0, &seals[0]));
    assert_true(read_seal(fixture, "00000000000000000006-0000000003.mdb", 0, &seals[1]));
    assert_false(read_seal(fixture, "00000000000000000006-0000000003.mdb", 1, &seals[2]));
    log_fixture_open(fixture);
    log_fixture_commit(fixture, 1);
    (void)log_fixture_close(fixture);
    assert_true(read_seal(fixture, "00000000000000000010-0000000004.mdb", 0, &seals[2]));
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(seals[i].segment, i + 1);
        assert_int_equal(seals[i].batch_count, 1);
        assert_int_equal(seals[i].bytes, (2 + i) * 2 * BTX_RECORD_UNIT_BYTES);
        assert_int_equal(seals[i].last_seq + 1 - seals[i].first_seq, 2 + i);
        if (i > 0)
            assert_memory_equal(seals[i].previous, seals[i - 1].hash, BTX_WAL_HASH_BYTES);
    }
    assert_memory_equal(last.hash, seals[2].hash, BTX_WAL_HASH_BYTES);
}

/* Zeroed blocks that were never used are given back: an archive holds what the log holds. */
static void writer_rotate__closed_segment__is_cut_to_its_last_page(void **state)
{
    struct log_fixture *fixture = *state;
    struct btx_wal_rotation rotation;
    struct btx_fault fault = {0};
    struct stat found;
    char path[128];

    log_fixture_open(fixture);
    log_fixture_commit(fixture, 10);
    (void)snprintf(path, sizeof path, "%s/segments/00000000000000000001-0000000001.mdb",
                   fixture->root);
    assert_int_equal(stat(path, &found), 0);
    assert_true(found.st_size >= 1 << 20);
    assert_int_equal(btx_wal_writer_rotate(fixture->writer, &rotation, &fault), BTX_OK);
    assert_int_equal(stat(path, &found), 0);
    assert_true(found.st_size <= 16 * 4096);
}

/* Low water is the caller's to act on: it is told, and the log goes on. */
static void writer_status__little_space__says_so(void **state)
{
    struct log_fixture *fixture = *state;

    fixture->options.settings.low_space_bytes = UINT64_MAX - 1;
    fixture->options.settings.stop_bytes = 0;
    log_fixture_open(fixture);
    assert_int_equal(status_of(fixture).space, BTX_WAL_SPACE_LOW);
    (void)log_fixture_close(fixture);
    fixture->options.settings.stop_bytes = UINT64_MAX - 1;
    log_fixture_open(fixture);
    assert_int_equal(status_of(fixture).space, BTX_WAL_SPACE_STOP);
    log_fixture_commit(fixture, 1);
}

/* Whoever takes the lock's file away takes away what keeps a second writer out. */
static void writer_commit__lock_file_replaced__closed_for_good_at_the_next_segment(void **state)
{
    struct log_fixture *fixture = *state;
    struct btx_wal_rotation rotation;
    struct btx_fault fault = {0};
    struct iovec piece = {fixture->buffer, 0};
    char path[128];

    log_fixture_open(fixture);
    log_fixture_commit(fixture, 1);
    (void)snprintf(path, sizeof path, "%s/%s", fixture->root, BTX_WAL_LOCK_NAME);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(btx_wal_writer_rotate(fixture->writer, &rotation, &fault), BTX_OK);
    piece.iov_len = log_fixture_txs(fixture, 1);
    for (unsigned i = 0; i < 2; i++) {
        fault = (struct btx_fault){0};
        assert_int_equal(btx_wal_writer_commit(fixture->writer, &piece, 1, &fault),
                         BTX_FAULT_LOCKED);
        assert_true(status_of(fixture).closed_for_good);
    }
    assert_int_equal(btx_wal_writer_rotate(fixture->writer, &rotation, &fault), BTX_FAULT_LOCKED);
    assert_int_equal(btx_wal_writer_close(fixture->writer, NULL, &fault), BTX_FAULT_LOCKED);
    fixture->writer = NULL;
    fixture->seq = 1;
    assert_int_equal(log_fixture_read(fixture), 2);
}

/* With the helper's thread the log is the same; the seals come when they come. */
static void writer_commit__with_the_helper_thread__same_log(void **state)
{
    struct log_fixture *fixture = *state;
    struct btx_wal_seal seal;

    fixture->options.threadless = false;
    fixture->options.clock = btx_clock_system();
    fixture->options.settings.max_segment_events = 50;
    fixture->options.settings.min_segment_age_ns = 0;
    log_fixture_open(fixture);
    for (unsigned i = 0; i < 200; i++)
        log_fixture_commit(fixture, 1 + i % 40);
    assert_true(status_of(fixture).rotations > 50);
    seal = log_fixture_close(fixture);
    assert_int_equal(seal.last_seq, fixture->seq);
    assert_int_equal(log_fixture_read(fixture), 2 * fixture->seq);
    log_fixture_open(fixture);
    log_fixture_commit(fixture, 1);
    (void)log_fixture_close(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writer_close__nothing_committed__leaves_no_segment,
                                        log_fixture_setup, log_fixture_teardown),
        cmocka_unit_test_setup_teardown(writer_commit__batches_of_many_sizes__all_of_it_read_back,
                                        log_fixture_setup, log_fixture_teardown),
        cmocka_unit_test_setup_teardown(writer_commit__in_pieces__as_one_batch, log_fixture_setup,
                                        log_fixture_teardown),
        cmocka_unit_test_setup_teardown(writer_commit__record_across_pieces__is_one_record,
                                        log_fixture_setup, log_fixture_teardown),
        cmocka_unit_test_setup_teardown(writer_open__again_and_again__goes_on, log_fixture_setup,
                                        log_fixture_teardown),
        cmocka_unit_test_setup_teardown(writer_open__nothing_committed__epoch_grows_all_the_same,
                                        log_fixture_setup, log_fixture_teardown),
        cmocka_unit_test_setup_teardown(
            writer_rotate__after_a_large_segment__next_ones_are_zeroed_further, log_fixture_setup,
            log_fixture_teardown),
        cmocka_unit_test_setup_teardown(writer_open__segments_without_events__each_has_a_file,
                                        log_fixture_setup, log_fixture_teardown),
        cmocka_unit_test_setup_teardown(
            writer_commit__over_the_event_target__rotates_when_old_enough, log_fixture_setup,
            log_fixture_teardown),
        cmocka_unit_test_setup_teardown(writer_idle__over_the_greatest_age__rotates_once,
                                        log_fixture_setup, log_fixture_teardown),
        cmocka_unit_test_setup_teardown(
            writer_commit__more_than_a_map_holds__rotates_before_it_is_full, log_fixture_setup,
            log_fixture_teardown),
        cmocka_unit_test_setup_teardown(writer_rotate__with_and_without_events__says_what_it_did,
                                        log_fixture_setup, log_fixture_teardown),
        cmocka_unit_test_setup_teardown(writer_rotate__each_segment__sealed_in_the_next,
                                        log_fixture_setup, log_fixture_teardown),
        cmocka_unit_test_setup_teardown(writer_rotate__closed_segment__is_cut_to_its_last_page,
                                        log_fixture_setup, log_fixture_teardown),
        cmocka_unit_test_setup_teardown(writer_status__little_space__says_so, log_fixture_setup,
                                        log_fixture_teardown),
        cmocka_unit_test_setup_teardown(
            writer_commit__lock_file_replaced__closed_for_good_at_the_next_segment,
            log_fixture_setup, log_fixture_teardown),
        cmocka_unit_test_setup_teardown(writer_commit__with_the_helper_thread__same_log,
                                        log_fixture_setup, log_fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
