/* SPDX-License-Identifier: Apache-2.0 */
/* test_log_end.c - where logs end: clean, torn in every way, and damaged so that nobody may cut. */
#include "engine/wal/log_end.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/base/crc32c.h"
#include "log_builder.h"
#include "log_reading.h"

enum { NOW_NS = 12345 };

static struct log_builder log_made;

static int make(void **state)
{
    log_builder_make(&log_made);
    *state = &log_made;
    return 0;
}

static int remove_made(void **state)
{
    log_builder_remove(*state);
    return 0;
}

static void find(const struct log_builder *log, struct btx_log_end *ret_end)
{
    struct btx_fault fault = {0};

    if (btx_log_end_find(ret_end, log->files.folder.path, true, NOW_NS, &fault) != BTX_OK)
        fail_msg("%s", fault.text);
}

static void assert_same_position(const struct btx_wal_position *position,
                                 const struct btx_wal_position *expected)
{
    assert_int_equal(position->seq, expected->seq);
    assert_int_equal(position->tx, expected->tx);
    assert_int_equal(position->batch, expected->batch);
    assert_int_equal(position->time_ns, expected->time_ns);
    assert_int_equal(position->in_command, expected->in_command);
}

/* The end is where the builder is, and the @unsealed last seals are those of the builder. */
static void assert_end(const struct btx_log_end *end, struct log_builder *log, size_t unsealed)
{
    assert_same_position(&end->position, &log->builder.position);
    assert_int_equal(end->segment, log->segment_count);
    assert_int_equal(end->segment_bytes, log->bytes);
    assert_int_equal(end->epoch, 1);
    log_builder_end(log);
    assert_int_equal(end->seal_count, unsealed);
    for (size_t i = 0; i < unsealed; i++) {
        struct btx_wal_seal expected = log->seals[log->seal_count - unsealed + i];

        expected.sealed_ns = NOW_NS;
        expected.crc = btx_crc32c(0, &expected, offsetof(struct btx_wal_seal, crc));
        assert_memory_equal(&end->seals[i], &expected, sizeof expected);
    }
    assert_memory_equal(end->chain, log->seals[log->seal_count - 1].hash, sizeof end->chain);
}

static void assert_clean_end(struct log_builder *log, size_t unsealed)
{
    struct btx_log_end end;

    find(log, &end);
    assert_false(end.cut);
    assert_end(&end, log, unsealed);
    btx_log_end_done(&end);
}

static void assert_corrupt(const struct log_builder *log, uint64_t segment, const char *text)
{
    struct btx_log_end end;
    struct btx_fault fault = {0};
    char expected[256];

    assert_int_equal(btx_log_end_find(&end, log->files.folder.path, true, NOW_NS, &fault),
                     BTX_FAULT_CORRUPT);
    (void)snprintf(expected, sizeof expected, "segments/%s: %s", log->names[segment - 1], text);
    if (strncmp(fault.text, expected, strlen(expected)) != 0)
        fail_msg("want '%s', got '%s'", expected, fault.text);
    assert_non_null(strstr(fault.text, "betex-wal verify"));
    assert_null(end.seals);
}

/* What a writer does behind an end that was found: the next segment says what counts.  Then the
 * log must read as the builder knows it, without damage. */
static void assert_goes_on(struct log_builder *log, const struct btx_log_end *end)
{
    const struct btx_log_options options = {.verify_seals = true};
    struct log_reading reading;

    log_builder_end(log);
    assert_true(end->seal_count <= log->seal_count);
    memcpy(&log->seals[log->seal_count - end->seal_count], end->seals,
           end->seal_count * sizeof *end->seals);
    log->seals_put = log->seal_count - end->seal_count;
    log->bytes = end->segment_bytes;
    log->builder.position = end->position;
    log_builder_segment(log);
    log_builder_batch(log, 2);
    log_reading_all(&reading, log, &options);
    log_reading_assert_clean(&reading, log, 0, log->counted_bytes);
    assert_same_position(&reading.position, &log->builder.position);
    log_reading_done(&reading);
    assert_clean_end(log, 1);
}

/* Cut the file of the last segment to @bytes. */
static void truncate_last(const struct log_builder *log, off_t bytes)
{
    const int fd = log_builder_open_file(log, log->segment_count);

    assert_int_equal(ftruncate(fd, bytes), 0);
    assert_int_equal(close(fd), 0);
}

static off_t last_file_bytes(const struct log_builder *log)
{
    const int fd = log_builder_open_file(log, log->segment_count);
    const off_t bytes = lseek(fd, 0, SEEK_END);

    assert_int_equal(close(fd), 0);
    return bytes;
}

/* ---- Clean ends ---- */

static void find__log_without_segments__all_zero(void **state)
{
    static const struct btx_log_end nothing;
    struct btx_log_end end;

    find(*state, &end);
    assert_memory_equal(&end, &nothing, sizeof end);
}

static void find__log_of_many_segments__end_of_the_last(void **state)
{
    struct log_builder *log = *state;
    struct btx_log_end end;

    log_builder_fill(log);
    find(log, &end);
    assert_int_equal(end.file_bytes,
                     segment_fixture_pages(&log->files) * (uint64_t)BTX_WAL_PAGE_BYTES);
    btx_log_end_done(&end);
    assert_clean_end(log, 1);
}

/* Recovery finishes a command that was not finished; it must be told of it. */
static void find__unfinished_command__in_command(void **state)
{
    struct log_builder *log = *state;

    log_builder_segment(log);
    (void)batch_command(&log->builder);
    (void)batch_event(&log->builder, BTX_RECORD_TX_END);
    log_builder_commit(log);
    assert_true(log->builder.position.in_command);
    assert_clean_end(log, 1);
}

/* What the last event said stands in a segment that is sealed. */
static void find__only_notes_behind_the_last_seal__time_and_command_known(void **state)
{
    struct log_builder *log = *state;

    log_builder_segment(log);
    log_builder_batch(log, 4);
    (void)batch_command(&log->builder);
    (void)batch_event(&log->builder, BTX_RECORD_TX_END);
    log_builder_commit(log);
    log_builder_batch(log, 0);
    log_builder_segment(log);
    log_builder_batch(log, 0);
    log_builder_segment(log);
    log_builder_segment(log);
    log_builder_batch(log, 0);
    assert_clean_end(log, 1);
}

static void find__several_segments_without_seal__all_sealed(void **state)
{
    struct log_builder *log = *state;

    log_builder_segment(log);
    log_builder_batch(log, 2);
    log_builder_segment(log);
    log_builder_batch(log, 1);
    log_builder_end(log);
    log->seals_put = 2;
    log_builder_segment(log);
    log_builder_batch(log, 0);
    log_builder_end(log);
    log->seals_put = 3;
    log_builder_segment(log);
    log_builder_batch(log, 3);
    assert_clean_end(log, 3);
}

static void find__nothing_sealed_yet__all_sealed(void **state)
{
    struct log_builder *log = *state;

    log_builder_segment(log);
    log_builder_batch(log, 2);
    log_builder_end(log);
    log->seals_put = 1;
    log_builder_segment(log);
    assert_clean_end(log, 2);
}

static void find__first_segments_trimmed__stands_on_the_seals(void **state)
{
    struct log_builder *log = *state;

    log_builder_fill(log);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(unlinkat(log->files.segments_fd, log->names[i], 0), 0);
        assert_clean_end(log, 1);
    }
}

/* Seals of segments that are gone may still be there. */
static void find__trimmed_log_with_older_seals__stands_on_them(void **state)
{
    struct log_builder *log = *state;

    log_builder_segment(log);
    log_builder_batch(log, 2);
    log_builder_end(log);
    log->seals_put = 1;
    log_builder_segment(log);
    log_builder_batch(log, 2);
    log_builder_end(log);
    log->seals_put = 0;
    log_builder_segment(log);
    log_builder_batch(log, 1);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(unlinkat(log->files.segments_fd, log->names[i], 0), 0);
    assert_clean_end(log, 1);
}

/* Then only the header says where the log is. */
static void find__trimmed_log_without_records__position_of_the_header(void **state)
{
    struct log_builder *log = *state;
    struct btx_log_end end;

    log_builder_segment(log);
    log_builder_batch(log, 2);
    log_builder_segment(log);
    assert_int_equal(unlinkat(log->files.segments_fd, log->names[0], 0), 0);
    find(log, &end);
    assert_false(end.cut);
    assert_int_equal(end.position.seq, log->builder.position.seq);
    assert_int_equal(end.position.tx, log->builder.position.tx);
    assert_int_equal(end.position.batch, log->builder.position.batch);
    btx_log_end_done(&end);
}

/* The seal of the first comes late, in the third: what stands on it is found all the same. */
static void find__seal_behind_segments_without_one__all_behind_it_sealed(void **state)
{
    struct log_builder *log = *state;

    log_builder_segment(log);
    log_builder_batch(log, 2);
    log_builder_batch(log, 2);
    log_builder_end(log);
    log->seals_put = 1;
    log_builder_segment(log);
    log_builder_batch(log, 2);
    log_builder_end(log);
    log->seals_put = 2;
    log_builder_segment(log);
    segment_fixture_put(&log->files, 0, 1, &log->seals[0], sizeof log->seals[0]);
    log_builder_batch(log, 1);
    assert_clean_end(log, 2);
}

/* A batch that is wrong in one leaf and right in an older one is not torn, and nothing is cut. */
static void find__older_copy_of_a_wrong_batch__not_cut(void **state)
{
    struct log_builder *log = *state;
    unsigned copies = 0;
    off_t bytes;

    log_builder_segment(log);
    for (size_t i = 0; i < 9; i++)
        log_builder_batch(log, 1);
    bytes = last_file_bytes(log);
    for (off_t at = 0; at < bytes; at += 8) {
        const int fd = log_builder_open_file(log, 1);
        uint8_t found[192];

        if (pread(fd, found, sizeof found, at) == (ssize_t)sizeof found &&
            memcmp(found, log->counted + (size_t)7 * 192, sizeof found) == 0) {
            struct btx_log_end end;

            copies++;
            assert_int_equal(pwrite(fd, "damage", 6, at + 100), 6);
            find(log, &end);
            assert_false(end.cut);
            assert_same_position(&end.position, &log->builder.position);
            assert_int_equal(end.segment_bytes, log->bytes);
            btx_log_end_done(&end);
            assert_int_equal(pwrite(fd, found, sizeof found, at), (ssize_t)sizeof found);
        }
        assert_int_equal(close(fd), 0);
    }
    assert_true(copies > 1);
}

static void find__trimmed_log_without_a_seal__corrupt(void **state)
{
    struct log_builder *log = *state;

    log_builder_segment(log);
    log_builder_batch(log, 2);
    log_builder_end(log);
    log->seals_put = 1;
    log_builder_segment(log);
    log_builder_batch(log, 2);
    assert_int_equal(unlinkat(log->files.segments_fd, log->names[0], 0), 0);
    assert_corrupt(log, 2, "no seal says which segment it stands on");
}

/* ---- Torn ends ---- */

static void find__torn_within_the_last_batch__whole_txs_kept(void **state)
{
    struct log_builder *log = *state;
    struct btx_wal_position position;
    struct btx_log_end end;
    size_t counted_bytes;

    log_builder_fill(log);
    batch_tx(&log->builder, 1);
    batch_tx(&log->builder, 2);
    counted_bytes = log->builder.length_bytes;
    position = log->builder.position;
    (void)batch_command(&log->builder);
    batch_event(&log->builder, BTX_RECORD_TX_END | BTX_RECORD_COMMAND_END)->crc ^= 1;
    log_builder_commit_torn(log, counted_bytes, &position);

    find(log, &end);
    assert_true(end.cut);
    assert_int_equal(end.cut_where.batch, log->builder.position.batch);
    assert_int_equal(end.cut_where.offset_bytes, counted_bytes + 64);
    assert_int_equal(end.cut_where.seq, position.seq + 1);
    assert_string_equal(end.cut_where.why, "CRC is wrong");
    assert_string_equal(end.cut_where.segment, log->names[4]);
    assert_int_equal(end.cut_batches, 0);
    assert_end(&end, log, 1);
    assert_goes_on(log, &end);
    btx_log_end_done(&end);
}

static void find__last_batch_torn_from_its_beginning__cut_before_it(void **state)
{
    struct log_builder *log = *state;
    struct btx_wal_position position;
    struct btx_log_end end;

    log_builder_fill(log);
    position = log->builder.position;
    batch_command(&log->builder)->crc ^= 1;
    (void)batch_event(&log->builder, BTX_RECORD_TX_END | BTX_RECORD_COMMAND_END);
    log_builder_commit_torn(log, 0, &position);

    find(log, &end);
    assert_true(end.cut);
    assert_int_equal(end.cut_where.batch, position.batch + 1);
    assert_int_equal(end.cut_batches, 1);
    assert_end(&end, log, 1);
    assert_goes_on(log, &end);
    btx_log_end_done(&end);
}

/* The end was torn before, and again in the segment that was begun behind it. */
static void find__torn_twice__both_cut(void **state)
{
    struct log_builder *log = *state;
    struct btx_wal_position position;
    struct btx_log_end end;

    for (size_t i = 0; i < 2; i++) {
        log_builder_segment(log);
        log_builder_batch(log, 2);
        position = log->builder.position;
        batch_command(&log->builder)->crc ^= 1;
        (void)batch_event(&log->builder, BTX_RECORD_TX_END | BTX_RECORD_COMMAND_END);
        log_builder_commit_torn(log, 0, &position);
        log_builder_end(log);
        log->seals_put = log->seal_count; /* Not even sealed. */
    }
    find(log, &end);
    assert_true(end.cut);
    assert_string_equal(end.cut_where.segment, log->names[1]);
    assert_end(&end, log, 2);
    assert_goes_on(log, &end);
    btx_log_end_done(&end);
}

/* The builder as it is when the end is at @end: what counts ends with a whole tx or note. */
static void take_back(struct log_builder *log, const struct btx_log_end *end,
                      size_t bytes_before_last)
{
    log->counted_bytes = bytes_before_last + end->segment_bytes;
    log->builder.position = end->position;
}

/* A file that lost its tail, at every page: never more is lost than the tail, and the log goes on
 * from a whole tx.  Some batches are in leaves and some in pages of their own. */
static void find__last_file_truncated_at_every_page__prefix_of_whole_txs(void **state)
{
    struct log_builder *log = *state;
    off_t pages = 0;
    uint64_t last_bytes = UINT64_MAX;
    bool lost_all = false;
    bool kept_some = false;

    for (off_t page = 0; page == 0 || page < pages; page++) {
        struct btx_log_end end;
        size_t bytes_before;
        uint64_t bytes_whole;

        log_builder_segment(log);
        log_builder_batch(log, 3);
        log_builder_segment(log);
        bytes_before = log->counted_bytes;
        for (size_t i = 0; i < 30; i++)
            log_builder_batch(log, i % 7 == 3 ? 60 : i % 4);
        bytes_whole = log->bytes;
        log_builder_end(log);
        pages = last_file_bytes(log) / BTX_WAL_PAGE_BYTES;
        truncate_last(log, (pages - 1 - page) * (off_t)BTX_WAL_PAGE_BYTES);

        find(log, &end);
        assert_true(end.cut);
        assert_true(end.segment_bytes <= bytes_whole);
        assert_int_equal(end.segment, 2);
        assert_true(end.segment_bytes <= last_bytes);
        last_bytes = end.segment_bytes;
        lost_all = lost_all || end.segment_bytes == 0;
        kept_some = kept_some || (end.segment_bytes > 0 && end.segment_bytes < bytes_whole);
        take_back(log, &end, bytes_before);
        assert_goes_on(log, &end);
        btx_log_end_done(&end);
        log_builder_remove(log);
        log_builder_make(log);
    }
    assert_true(pages > 20 && lost_all && kept_some);
}

/* The same of a log's only segment: down to an empty file, and then the log is empty again. */
static void find__only_file_cut_to_nothing__begins_anew_behind_it(void **state)
{
    struct log_builder *log = *state;
    struct btx_log_end end;

    log_builder_segment(log);
    log_builder_batch(log, 3);
    log_builder_end(log);
    truncate_last(log, 0);
    find(log, &end);
    assert_true(end.cut);
    assert_int_equal(end.segment, 1);
    assert_int_equal(end.segment_bytes, 0);
    assert_int_equal(end.file_bytes, 0);
    assert_int_equal(end.epoch, 0);
    assert_same_position(&end.position, &(struct btx_wal_position){0});
    take_back(log, &end, 0);
    assert_goes_on(log, &end);
    btx_log_end_done(&end);
}

/* A tear, and behind it files to which nothing was ever committed: still the end of the log. */
static void find__torn_and_empty_files_behind__cut(void **state)
{
    struct log_builder *log = *state;
    struct btx_wal_position position;
    struct btx_log_end end;

    log_builder_segment(log);
    log_builder_batch(log, 3);
    position = log->builder.position;
    batch_command(&log->builder)->crc ^= 1;
    (void)batch_event(&log->builder, BTX_RECORD_TX_END | BTX_RECORD_COMMAND_END);
    log_builder_commit_torn(log, 0, &position);
    for (size_t i = 0; i < 2; i++) {
        log_builder_segment(log);
        log_builder_end(log);
        truncate_last(log, 0);
    }
    find(log, &end);
    assert_true(end.cut);
    assert_string_equal(end.cut_where.segment, log->names[0]);
    assert_int_equal(end.cut_where.batch, 2);
    assert_same_position(&end.position, &position);
    assert_int_equal(end.segment, 3);
    assert_int_equal(end.seal_count, 3);
    assert_goes_on(log, &end);
    btx_log_end_done(&end);
}

/* The file is shorter than it says: what is behind a hole in it cannot be told from a tear, and the
 * chain goes over the empty file behind it from where the log was cut. */
static void find__truncated_with_a_hole__cut_at_the_hole(void **state)
{
    struct log_builder *log = *state;
    struct btx_wal_position position;
    struct btx_log_end end;
    off_t pages;

    log_builder_segment(log);
    log_builder_batch(log, 3);
    position = log->builder.position;
    batch_command(&log->builder)->crc ^= 1;
    (void)batch_event(&log->builder, BTX_RECORD_TX_END | BTX_RECORD_COMMAND_END);
    log_builder_commit(log);
    log_builder_batch(log, 1);
    log_builder_batch(log, 60);
    log_builder_end(log);
    pages = last_file_bytes(log) / BTX_WAL_PAGE_BYTES;
    truncate_last(log, (pages - 1) * (off_t)BTX_WAL_PAGE_BYTES);
    log_builder_segment(log);
    log_builder_end(log);
    truncate_last(log, 0);

    find(log, &end);
    assert_true(end.cut);
    assert_same_position(&end.position, &position);
    assert_int_equal(end.cut_where.batch, 2);
    assert_int_equal(end.seal_count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(end.seals[i].last_seq, position.seq);
        assert_int_equal(end.seals[i].last_tx, position.tx);
        assert_int_equal(end.seals[i].first_batch + end.seals[i].batch_count, 2);
    }
    btx_log_end_done(&end);
}

/* ---- Damage that must not be cut ---- */

static void find__wrong_batch_with_intact_ones_behind__corrupt(void **state)
{
    struct log_builder *log = *state;

    log_builder_segment(log);
    log_builder_batch(log, 1);
    batch_command(&log->builder)->crc ^= 1;
    (void)batch_event(&log->builder, BTX_RECORD_TX_END | BTX_RECORD_COMMAND_END);
    log_builder_commit(log);
    log_builder_batch(log, 2);
    assert_corrupt(log, 1,
                   "batch 2, byte 0, seq 2: CRC is wrong; not a torn end, since 5 intact records "
                   "lie behind it");
}

static void find__damage_in_a_segment_before_the_last__corrupt(void **state)
{
    struct log_builder *log = *state;

    log_builder_segment(log);
    log_builder_batch(log, 1);
    batch_command(&log->builder)->crc ^= 1;
    (void)batch_event(&log->builder, BTX_RECORD_TX_END | BTX_RECORD_COMMAND_END);
    log_builder_commit(log);
    log_builder_end(log);
    log->seals_put = 1;
    log_builder_segment(log);
    assert_corrupt(log, 1, "batch 2, byte 0, seq 2: CRC is wrong; later segments stand on it");
}

static void find__file_before_the_last_truncated__corrupt(void **state)
{
    struct log_builder *log = *state;

    log_builder_segment(log);
    log_builder_batch(log, 1);
    log_builder_end(log);
    truncate_last(log, 0);
    log->seals_put = 1;
    log_builder_segment(log);
    log_builder_batch(log, 1);
    assert_corrupt(log, 1, "");
}

static void find__header_damaged_and_records_behind_it__corrupt(void **state)
{
    struct log_builder *log = *state;

    log_builder_segment(log);
    log_builder_batch(log, 1);
    log_builder_segment(log);
    log_builder_batch(log, 1);
    log_builder_flip(log, 2, BTX_WAL_HEADER_MAGIC, 100);
    assert_corrupt(log, 2, "page ");
}

static void find__header_of_a_sealed_segment_damaged__corrupt(void **state)
{
    struct log_builder *log = *state;

    log_builder_segment(log);
    log_builder_batch(log, 1);
    log_builder_segment(log);
    log_builder_batch(log, 1);
    log_builder_flip(log, 1, BTX_WAL_HEADER_MAGIC, 100);
    assert_corrupt(log, 2, "seal of segment 1: that segment has no header that can be read");
}

static void find__segment_missing__corrupt(void **state)
{
    struct log_builder *log = *state;

    log_builder_fill(log);
    assert_int_equal(unlinkat(log->files.segments_fd, log->names[2], 0), 0);
    assert_corrupt(log, 4, "segments 3 to 3 are missing before it");
}

static void find__header_of_another_log_or_name_or_epoch__corrupt(void **state)
{
    static const struct {
        size_t offset;
        const char *text;
    } rows[] = {
        {offsetof(struct btx_wal_header, uuid),
         "header: of another log, its uuid is not that of wal.id"},
        {offsetof(struct btx_wal_header, segment), "header: of another segment than the name says"},
        {offsetof(struct btx_wal_header, first_seq),
         "header: of another segment than the name says"},
        {offsetof(struct btx_wal_header, epoch),
         "header: its epoch is less than that of a segment before"},
    };
    struct log_builder *log = *state;

    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        log_builder_segment_prepare(log);
        log->header.epoch = 5;
        log_builder_segment_finish(log);
        log_builder_batch(log, 1);
        log_builder_segment_prepare(log);
        log->header.epoch = 5;
        ((uint8_t *)&log->header)[rows[i].offset] ^= 4;
        log_builder_segment_finish(log);
        assert_corrupt(log, 2, rows[i].text);
        log_builder_remove(log);
        log_builder_make(log);
    }
}

/* The headers alone: the payload of sealed segments is not read. */
static void find__seal_and_header_contradict__corrupt(void **state)
{
    static const struct {
        size_t offset;
        const char *text;
    } rows[] = {
        {offsetof(struct btx_wal_header, first_tx),
         "seal of segment 1: it does not end where the next segment begins"},
        {offsetof(struct btx_wal_header, first_batch),
         "seal of segment 1: it does not end where the next segment begins"},
        {offsetof(struct btx_wal_header, previous_bytes),
         "seal of segment 1: it does not end where the next segment begins"},
    };
    struct log_builder *log = *state;

    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        log_builder_segment(log);
        log_builder_batch(log, 3);
        log_builder_segment_prepare(log);
        ((uint8_t *)&log->header)[rows[i].offset] += 64;
        log_builder_segment_finish(log);
        assert_corrupt(log, 2, rows[i].text);
        log_builder_remove(log);
        log_builder_make(log);
    }
}

static void spoil_seal(struct log_builder *log, size_t offset)
{
    struct btx_wal_seal *seal;

    log_builder_end(log);
    seal = &log->seals[log->seal_count - 1];
    ((uint8_t *)seal)[offset] ^= 2;
    seal->crc = btx_crc32c(0, seal, offsetof(struct btx_wal_seal, crc));
}

static void find__seal_damaged_before_others__corrupt(void **state)
{
    struct log_builder *log = *state;

    for (size_t i = 0; i < 3; i++) {
        log_builder_segment(log);
        log_builder_batch(log, 1);
    }
    log_builder_flip(log, 2, BTX_WAL_SEAL_MAGIC, 100);
    assert_corrupt(log, 3, "seal of segment 2: seals of segments before that one are missing");
}

/* What it stood for is read again and sealed again: no record is lost, and the log goes on. */
static void find__last_seal_damaged__made_anew(void **state)
{
    struct log_builder *log = *state;
    struct btx_log_end end;

    for (size_t i = 0; i < 3; i++) {
        log_builder_segment(log);
        log_builder_batch(log, 1);
    }
    log_builder_flip(log, 3, BTX_WAL_SEAL_MAGIC, 100);
    find(log, &end);
    assert_end(&end, log, 2);
    assert_goes_on(log, &end);
    btx_log_end_done(&end);
}

static void find__seals_that_do_not_chain__corrupt(void **state)
{
    struct log_builder *log = *state;

    log_builder_segment(log);
    log_builder_batch(log, 1);
    log_builder_segment(log);
    log_builder_batch(log, 1);
    spoil_seal(log, offsetof(struct btx_wal_seal, previous));
    log_builder_segment(log);
    assert_corrupt(log, 3, "seal of segment 2: it does not stand on the seal before it");
}

static void find__seal_of_another_beginning__corrupt(void **state)
{
    struct log_builder *log = *state;

    log_builder_segment(log);
    log_builder_batch(log, 2);
    log_builder_segment(log);
    log_builder_batch(log, 6);
    spoil_seal(log, offsetof(struct btx_wal_seal, first_seq));
    log_builder_segment(log);
    assert_corrupt(log, 3, "seal of segment 2: it does not begin where that segment does");
}

/* A newer version's log must not be cut by an older program. */
static void find__segment_of_a_newer_format__layout(void **state)
{
    struct log_builder *log = *state;

    for (size_t newer = 0; newer < 3; newer++) {
        struct btx_fault fault = {0};
        struct btx_log_end end;

        for (size_t i = 0; i < 3; i++) {
            log_builder_segment_prepare(log);
            log->header.format += i == newer;
            log_builder_segment_finish(log);
            log_builder_batch(log, 1);
        }
        assert_int_equal(btx_log_end_find(&end, log->files.folder.path, true, NOW_NS, &fault),
                         BTX_FAULT_LAYOUT);
        assert_non_null(strstr(fault.text, log->names[newer]));
        log_builder_remove(log);
        log_builder_make(log);
    }
}

static void find__no_log__config(void **state)
{
    struct log_builder *log = *state;
    struct btx_fault fault = {0};
    struct btx_log_end end;
    char path[512];

    (void)snprintf(path, sizeof path, "%s/nothing", log->files.folder.path);
    assert_int_equal(btx_log_end_find(&end, path, true, NOW_NS, &fault), BTX_FAULT_CONFIG);
    btx_log_end_done(&end);
}

#define LOG_TEST(test) cmocka_unit_test_setup_teardown(test, make, remove_made)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(find__log_without_segments__all_zero),
        LOG_TEST(find__log_of_many_segments__end_of_the_last),
        LOG_TEST(find__unfinished_command__in_command),
        LOG_TEST(find__only_notes_behind_the_last_seal__time_and_command_known),
        LOG_TEST(find__several_segments_without_seal__all_sealed),
        LOG_TEST(find__nothing_sealed_yet__all_sealed),
        LOG_TEST(find__first_segments_trimmed__stands_on_the_seals),
        LOG_TEST(find__trimmed_log_with_older_seals__stands_on_them),
        LOG_TEST(find__trimmed_log_without_records__position_of_the_header),
        LOG_TEST(find__seal_behind_segments_without_one__all_behind_it_sealed),
        LOG_TEST(find__older_copy_of_a_wrong_batch__not_cut),
        LOG_TEST(find__trimmed_log_without_a_seal__corrupt),
        LOG_TEST(find__torn_within_the_last_batch__whole_txs_kept),
        LOG_TEST(find__last_batch_torn_from_its_beginning__cut_before_it),
        LOG_TEST(find__torn_twice__both_cut),
        LOG_TEST(find__last_file_truncated_at_every_page__prefix_of_whole_txs),
        LOG_TEST(find__only_file_cut_to_nothing__begins_anew_behind_it),
        LOG_TEST(find__torn_and_empty_files_behind__cut),
        LOG_TEST(find__truncated_with_a_hole__cut_at_the_hole),
        LOG_TEST(find__wrong_batch_with_intact_ones_behind__corrupt),
        LOG_TEST(find__damage_in_a_segment_before_the_last__corrupt),
        LOG_TEST(find__file_before_the_last_truncated__corrupt),
        LOG_TEST(find__header_damaged_and_records_behind_it__corrupt),
        LOG_TEST(find__header_of_a_sealed_segment_damaged__corrupt),
        LOG_TEST(find__segment_missing__corrupt),
        LOG_TEST(find__header_of_another_log_or_name_or_epoch__corrupt),
        LOG_TEST(find__seal_and_header_contradict__corrupt),
        LOG_TEST(find__seal_damaged_before_others__corrupt),
        LOG_TEST(find__last_seal_damaged__made_anew),
        LOG_TEST(find__seals_that_do_not_chain__corrupt),
        LOG_TEST(find__seal_of_another_beginning__corrupt),
        LOG_TEST(find__segment_of_a_newer_format__layout),
        LOG_TEST(find__no_log__config),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
