/* SPDX-License-Identifier: Apache-2.0 */
/* test_log_reader.c - records of whole logs, of cut ones, and of damaged ones; in live mode too. */
#include "engine/wal/log_reader.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/base/crc32c.h"
#include "log_builder.h"
#include "log_reading.h"
#include "tests/unit/skip.h"

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

/* What counts of the records: where each part (a tx or a note) begins. */
struct part {
    size_t offset;
    size_t end;
    uint64_t first_seq; /* 0: a note */
    uint64_t last_seq;
};
enum { PARTS_MAX = 4096 };

static size_t parts_of(const struct log_builder *log, struct part parts[PARTS_MAX])
{
    size_t count = 0;
    size_t at = 0;
    struct part part = {0};

    while (at < log->counted_bytes) {
        const struct btx_record *record = (const struct btx_record *)(log->counted + at);

        at += btx_record_length_bytes(record);
        if (btx_record_kind(record) == BTX_RECORD_EVENT) {
            part.first_seq = part.first_seq == 0 ? record->seq : part.first_seq;
            part.last_seq = record->seq;
        } else if (btx_record_kind(record) == BTX_RECORD_NOTE) {
            part.last_seq = record->seq;
        }
        if (btx_record_kind(record) == BTX_RECORD_NOTE ||
            (record->kind_flags & BTX_RECORD_TX_END) != 0) {
            part.end = at;
            assert_true(count < PARTS_MAX);
            parts[count++] = part;
            part = (struct part){.offset = at};
        }
    }
    return count;
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

static void assert_reads_clean(const struct log_builder *log)
{
    const struct btx_log_options options = {.verify_seals = true};
    struct log_reading reading;

    log_reading_all(&reading, log, &options);
    log_reading_assert_clean(&reading, log, 0, log->counted_bytes);
    assert_same_position(&reading.position, &log->builder.position);
    log_reading_done(&reading);
}

/* Exactly these damages, by how they begin; those of pages are segment_reader.h and left out. */
static void assert_damages(const struct log_reading *reading, const struct log_builder *log,
                           size_t count, const char *const texts[], const size_t segments[])
{
    const size_t at = strlen("00000000000000000001-0000000001.mdb: ");
    size_t found = 0;

    for (size_t i = 0; i < reading->damage_count; i++) {
        char expected[256] = "no damage";

        if (strncmp(reading->damages[i] + at, "page ", strlen("page ")) == 0)
            continue;
        if (found < count)
            (void)snprintf(expected, sizeof expected, "%s: %s", log->names[segments[found] - 1],
                           texts[found]);
        found++;
        if (strncmp(reading->damages[i], expected, strlen(expected)) != 0)
            fail_msg("damage %zu: want '%s', got '%s'", i, expected, reading->damages[i]);
    }
    assert_int_equal(found, count);
}
#define ASSERT_DAMAGE(reading, log, segment, text)                                                 \
    assert_damages(reading, log, 1, (const char *const[]){text}, (const size_t[]){segment})

/* ---- Files ---- */

static void turn_bit(const struct log_builder *log, uint64_t number, off_t byte, unsigned bit)
{
    const int fd = log_builder_open_file(log, number);
    uint8_t value;

    assert_int_equal(pread(fd, &value, 1, byte), 1);
    value ^= (uint8_t)(1u << bit);
    assert_int_equal(pwrite(fd, &value, 1, byte), 1);
    assert_int_equal(close(fd), 0);
}

static off_t file_bytes(const struct log_builder *log, uint64_t number)
{
    const int fd = log_builder_open_file(log, number);
    const off_t bytes = lseek(fd, 0, SEEK_END);

    assert_int_equal(close(fd), 0);
    return bytes;
}

/* ---- Whole logs ---- */

static void next__log_of_many_segments__all_records_in_order(void **state)
{
    struct log_builder *log = *state;

    log_builder_fill(log);
    assert_reads_clean(log);
}

/* Whoever unpacks a log may have set its folders' times to anything, and archives that are made to
 * be the same again set them to 0: it must not read as if there were nothing. */
static void next__folder_changed_in_1970__all_records(void **state)
{
    static const struct timespec beginning[2] = {{0, 0}, {0, 0}};
    struct log_builder *log = *state;

    log_builder_segment(log);
    log_builder_batch(log, 3);
    assert_int_equal(futimens(log->files.segments_fd, beginning), 0);
    assert_reads_clean(log);
}

static void next__no_segments__end(void **state)
{
    assert_reads_clean(*state);
}

static void next__batches_larger_than_a_page__all_records(void **state)
{
    struct log_builder *log = *state;

    log_builder_segment(log);
    log_builder_batch(log, 1);
    log_builder_batch(log, 500);
    log_builder_segment(log);
    log_builder_batch(log, 300);
    assert_reads_clean(log);
}

/* A long command is cut by batches and segments wherever its txs end. */
static void next__command_over_two_segments__goes_on(void **state)
{
    struct log_builder *log = *state;

    log_builder_segment(log);
    (void)batch_command(&log->builder);
    (void)batch_event(&log->builder, BTX_RECORD_TX_END);
    log_builder_commit(log);
    log_builder_segment(log);
    (void)batch_note(&log->builder);
    log_builder_commit(log);
    (void)batch_event(&log->builder, BTX_RECORD_TX_END);
    log_builder_commit(log);
    assert_true(log->builder.position.in_command);
    assert_reads_clean(log);
}

/* The position is asked for by whoever wants to say how far it got. */
static void position__after_each_record__counts_on(void **state)
{
    struct log_builder *log = *state;
    const struct btx_log_options options = {0};
    const struct btx_record *record;
    struct btx_log_reader *reader;
    struct btx_wal_position position;
    uint64_t seq = 0;

    log_builder_fill(log);
    assert_int_equal(btx_log_reader_open(&reader, log->files.folder.path, &options, NULL), BTX_OK);
    btx_log_reader_position(reader, &position);
    assert_same_position(&position, &(struct btx_wal_position){0});
    while (btx_log_reader_next(reader, &record, NULL) == BTX_LOG_RECORD) {
        seq += btx_record_kind(record) == BTX_RECORD_EVENT;
        btx_log_reader_position(reader, &position);
        assert_int_equal(position.seq, seq);
        if (btx_record_kind(record) == BTX_RECORD_EVENT)
            assert_int_equal(position.tx, record->tx);
    }
    assert_same_position(&position, &log->builder.position);
    btx_log_reader_close(reader);
}

static void header__of_each_record__that_of_its_segment(void **state)
{
    struct log_builder *log = *state;
    const struct btx_log_options options = {0};
    const struct btx_record *record;
    struct btx_log_reader *reader;
    uint64_t last = 1;

    log_builder_fill(log);
    assert_int_equal(btx_log_reader_open(&reader, log->files.folder.path, &options, NULL), BTX_OK);
    assert_null(btx_log_reader_header(reader));
    while (btx_log_reader_next(reader, &record, NULL) == BTX_LOG_RECORD) {
        const struct btx_wal_header *header = btx_log_reader_header(reader);

        assert_non_null(header);
        assert_true(header->segment >= last && record->seq + 1 >= header->first_seq);
        last = header->segment;
    }
    assert_int_equal(last, 5);
    btx_log_reader_close(reader);
}

/* ---- From a seq, up to a seq ---- */

/* A batch that was never put, though others are behind it. */
static void skip_batch(struct log_builder *log, size_t txs)
{
    const size_t before = log->counted_bytes;
    struct btx_wal_batch batch;

    for (size_t i = 0; i < txs; i++)
        batch_tx(&log->builder, 1);
    batch = batch_end(&log->builder);
    memcpy(log->counted + before, batch.bytes, batch.length_bytes);
    log->counted_bytes += batch.length_bytes;
    log->bytes += batch.length_bytes;
    batch_begin(&log->builder);
}

/* Gateways and auditors begin anywhere; they must get whole txs and nothing twice. */
static void from_seq__every_seq__begins_with_its_tx(void **state)
{
    struct log_builder *log = *state;
    static struct part parts[PARTS_MAX];
    size_t part_count;

    log_builder_fill(log);
    part_count = parts_of(log, parts);
    for (uint64_t seq = 0; seq <= log->builder.position.seq + 2; seq++) {
        const struct btx_log_options options = {.from_seq = seq, .verify_seals = true};
        struct log_reading reading;
        size_t part = 0;

        while (seq > 1 && part < part_count &&
               (parts[part].first_seq == 0 || parts[part].last_seq < seq))
            part++;
        log_reading_all(&reading, log, &options);
        log_reading_assert_clean(&reading, log,
                                 part == part_count ? log->counted_bytes : parts[part].offset,
                                 log->counted_bytes);
        log_reading_done(&reading);
    }
}

/* What is not durable yet must not be seen, not even a part of its tx. */
static void limit__raised_seq_by_seq__whole_txs_up_to_it(void **state)
{
    struct log_builder *log = *state;
    static struct part parts[PARTS_MAX];
    const struct btx_log_options options = {0};
    struct btx_log_reader *reader;
    struct log_reading reading = {0};
    size_t part_count;
    size_t part = 0;

    log_builder_fill(log);
    part_count = parts_of(log, parts);
    assert_int_equal(btx_log_reader_open(&reader, log->files.folder.path, &options, NULL), BTX_OK);
    for (uint64_t seq = 0; seq <= log->builder.position.seq + 1; seq++) {
        btx_log_reader_limit(reader, seq);
        log_reading_go_on(&reading, reader);
        while (part < part_count && (parts[part].first_seq == 0 ? parts[part].last_seq < seq
                                                                : parts[part].last_seq <= seq))
            part++;
        log_reading_assert_clean(&reading, log, 0, part == 0 ? 0 : parts[part - 1].end);
    }
    assert_int_equal(reading.bytes_count, log->counted_bytes);
    btx_log_reader_close(reader);
    log_reading_done(&reading);
}

static void limit__damage_behind_it__not_looked_at(void **state)
{
    struct log_builder *log = *state;
    const struct btx_log_options options = {0};
    struct btx_log_reader *reader;
    struct log_reading reading = {0};

    log_builder_segment(log);
    log_builder_batch(log, 2);
    (void)batch_command(&log->builder);
    batch_event(&log->builder, BTX_RECORD_TX_END | BTX_RECORD_COMMAND_END)->crc ^= 1;
    log_builder_commit_torn(log, 0, &(struct btx_wal_position){.seq = 3, .tx = 2, .batch = 1});

    assert_int_equal(btx_log_reader_open(&reader, log->files.folder.path, &options, NULL), BTX_OK);
    btx_log_reader_limit(reader, 3);
    log_reading_go_on(&reading, reader);
    log_reading_assert_clean(&reading, log, 0, log->counted_bytes);
    btx_log_reader_limit(reader, UINT64_MAX);
    log_reading_go_on(&reading, reader);
    ASSERT_DAMAGE(&reading, log, 1, "batch 2, byte 64, seq 4: CRC is wrong");
    btx_log_reader_close(reader);
    log_reading_done(&reading);
}

/* ---- Ends that were cut ---- */

/* A batch with a wrong record behind its second tx, of which recovery keeps the first two. */
static void commit_half_a_batch(struct log_builder *log)
{
    struct btx_wal_position position;
    size_t counted_bytes;

    batch_tx(&log->builder, 1);
    batch_tx(&log->builder, 2);
    counted_bytes = log->builder.length_bytes;
    position = log->builder.position;
    (void)batch_command(&log->builder);
    batch_event(&log->builder, BTX_RECORD_TX_END | BTX_RECORD_COMMAND_END)->crc ^= 1;
    log_builder_commit_torn(log, counted_bytes, &position);
}

static void next__end_cut_within_a_batch__goes_on_behind_the_cut(void **state)
{
    struct log_builder *log = *state;

    log_builder_segment(log);
    log_builder_batch(log, 2);
    commit_half_a_batch(log);
    log_builder_segment(log);
    log_builder_batch(log, 1);
    assert_reads_clean(log);
}

/* The rest may be right by itself: what the next segment says counts, whatever can be read. */
static void next__end_cut_before_right_records__they_do_not_count(void **state)
{
    struct log_builder *log = *state;
    struct btx_wal_position position;
    size_t counted_bytes;

    log_builder_segment(log);
    batch_tx(&log->builder, 2);
    (void)batch_note(&log->builder);
    counted_bytes = log->builder.length_bytes;
    position = log->builder.position;
    (void)batch_note(&log->builder);
    batch_tx(&log->builder, 1);
    log_builder_commit_torn(log, counted_bytes, &position);
    log_builder_segment(log);
    log_builder_batch(log, 1);
    assert_reads_clean(log);
}

static void next__end_cut_before_whole_batches__they_do_not_count(void **state)
{
    struct log_builder *log = *state;
    struct btx_wal_position position;

    log_builder_segment(log);
    log_builder_batch(log, 2);
    position = log->builder.position;
    batch_tx(&log->builder, 1);
    log_builder_commit_torn(log, 0, &position);
    log_builder_segment(log);
    log_builder_batch(log, 1);
    log_builder_segment(log);
    assert_reads_clean(log);
}

static void next__first_batch_cut__segment_holds_nothing(void **state)
{
    struct log_builder *log = *state;
    const struct btx_wal_position nothing = {0};

    log_builder_segment(log);
    batch_tx(&log->builder, 1);
    log_builder_commit_torn(log, 0, &nothing);
    log_builder_segment(log);
    log_builder_batch(log, 3);
    assert_reads_clean(log);
}

/* Reading from a seq skips the batches by whose bytes the cut is known. */
/* Who begins late does not read, nor hear of, what is before. */
static void from_seq__damage_before_it__not_read(void **state)
{
    struct log_builder *log = *state;
    struct log_reading reading;

    log_builder_segment(log);
    batch_command(&log->builder)->crc ^= 1;
    (void)batch_event(&log->builder, BTX_RECORD_TX_END | BTX_RECORD_COMMAND_END);
    log_builder_commit(log);
    log_builder_batch(log, 1);
    log_builder_batch(log, 2);
    log_reading_all(&reading, log, &(struct btx_log_options){.from_seq = 3});
    log_reading_assert_clean(&reading, log, 2 * 192, log->counted_bytes);
    log_reading_done(&reading);

    batch_command(&log->builder)->crc ^= 1;
    (void)batch_event(&log->builder, BTX_RECORD_TX_END | BTX_RECORD_COMMAND_END);
    log_builder_commit(log);
    log_builder_segment(log);
    log_builder_batch(log, 1);
    log_reading_all(
        &reading, log,
        &(struct btx_log_options){.from_seq = log->builder.position.seq, .verify_seals = true});
    log_reading_assert_clean(&reading, log, log->counted_bytes - 192, log->counted_bytes);
    log_reading_done(&reading);
}

static void from_seq__event_that_is_missing__told(void **state)
{
    struct log_builder *log = *state;
    struct log_reading reading;

    log_builder_segment(log);
    skip_batch(log, 2);
    log_builder_batch(log, 1);
    log_reading_all(&reading, log, &(struct btx_log_options){.from_seq = 2});
    ASSERT_DAMAGE(&reading, log, 1,
                  "batch 2, byte 0, seq 2: key: the events 2 to 2 are missing before it");
    assert_int_equal(reading.bytes_count, 192);
    log_reading_done(&reading);
}

/* Only of what comes later, even when it is not the next thing to come. */
static void from_seq__behind_the_end__waits_for_it(void **state)
{
    struct log_builder *log = *state;
    const struct btx_log_options options = {.from_seq = 4, .live = true};
    struct btx_log_reader *reader;
    struct log_reading reading = {0};

    log_builder_segment(log);
    log_builder_batch(log, 1);
    log_builder_batch(log, 1);
    assert_int_equal(btx_log_reader_open(&reader, log->files.folder.path, &options, NULL), BTX_OK);
    log_reading_go_on(&reading, reader);
    log_builder_batch(log, 0);
    log_builder_batch(log, 1);
    log_builder_batch(log, 0);
    log_reading_go_on(&reading, reader);
    assert_int_equal(reading.records, 0);
    log_builder_batch(log, 1);
    log_reading_go_on(&reading, reader);
    log_reading_assert_clean(&reading, log, log->counted_bytes - 192, log->counted_bytes);
    btx_log_reader_close(reader);
    log_reading_done(&reading);
}

static void from_seq__in_a_segment_with_cut_end__cut_all_the_same(void **state)
{
    struct log_builder *log = *state;
    static struct part parts[PARTS_MAX];
    size_t part_count;

    log_builder_segment(log);
    log_builder_batch(log, 2);
    log_builder_batch(log, 2);
    commit_half_a_batch(log);
    log_builder_segment(log);
    log_builder_batch(log, 1);
    part_count = parts_of(log, parts);
    for (uint64_t seq = 1; seq <= log->builder.position.seq; seq++) {
        const struct btx_log_options options = {.from_seq = seq};
        struct log_reading reading;
        size_t part = 0;

        while (part < part_count && parts[part].last_seq < seq)
            part++;
        log_reading_all(&reading, log, &options);
        log_reading_assert_clean(&reading, log, parts[part].offset, log->counted_bytes);
        log_reading_done(&reading);
    }
}

/* Make the file of a segment so short that nothing of it can be read. */
static void cut_to_nothing(const struct log_builder *log, uint64_t number)
{
    const int fd = log_builder_open_file(log, number);

    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(close(fd), 0);
}

/* A crash may leave a named file without a commit; the chain goes over it. */
static void next__segment_without_header_that_holds_nothing__passed_over(void **state)
{
    struct log_builder *log = *state;
    struct btx_wal_chain chain = {0};

    log_builder_segment(log);
    log_builder_batch(log, 2);
    commit_half_a_batch(log);
    log_builder_segment(log);
    log_builder_end(log);
    cut_to_nothing(log, 2);
    assert_int_equal(
        btx_wal_chain_begin_headless(&chain, 2, &log->builder.position, log->seals[0].hash, NULL),
        BTX_OK);
    btx_wal_chain_end(&chain, 0, &log->seals[1]);
    btx_wal_chain_done(&chain);
    log->seals_put = 0; /* The one in segment 2 is gone. */
    log_builder_segment(log);
    log_builder_batch(log, 1);
    assert_reads_clean(log);
}

/* ---- Trimmed logs ---- */

static void next__first_segments_trimmed__begins_where_the_header_says(void **state)
{
    struct log_builder *log = *state;
    const struct btx_log_options options = {.verify_seals = true};
    struct log_reading reading;
    size_t before_bytes;

    log_builder_segment(log);
    (void)batch_command(&log->builder);
    (void)batch_event(&log->builder, BTX_RECORD_TX_END);
    log_builder_commit(log);
    before_bytes = log->counted_bytes;
    log_builder_segment(log);
    (void)batch_note(&log->builder);
    log_builder_commit(log);
    log_builder_segment(log);
    (void)batch_event(&log->builder, BTX_RECORD_TX_END | BTX_RECORD_COMMAND_END);
    log_builder_commit(log);
    log_builder_segment(log);
    log_builder_batch(log, 2);
    assert_int_equal(unlinkat(log->files.segments_fd, log->names[0], 0), 0);

    log_reading_all(&reading, log, &options);
    log_reading_assert_clean(&reading, log, before_bytes, log->counted_bytes);
    assert_same_position(&reading.position, &log->builder.position);
    log_reading_done(&reading);
}

/* ---- Damage ---- */

static void read_damaged(struct log_reading *reading, const struct log_builder *log)
{
    const struct btx_log_options options = {.verify_seals = true};

    log_reading_all(reading, log, &options);
    assert_int_equal(reading->last, BTX_LOG_END);
}

/* All parts but those from @first to before @end came out, in order. */
static void assert_all_but(const struct log_reading *reading, const struct log_builder *log,
                           size_t from, size_t to)
{
    assert_int_equal(reading->bytes_count, log->counted_bytes - (to - from));
    assert_memory_equal(reading->bytes, log->counted, from);
    assert_memory_equal(reading->bytes + from, log->counted + to, log->counted_bytes - to);
}

static void next__wrong_record_within_a_batch__rest_of_the_batch_lost(void **state)
{
    struct log_builder *log = *state;
    struct log_reading reading;

    log_builder_segment(log);
    log_builder_batch(log, 1);
    batch_tx(&log->builder, 1);
    (void)batch_command(&log->builder);
    batch_event(&log->builder, BTX_RECORD_TX_END | BTX_RECORD_COMMAND_END)->crc ^= 1;
    batch_tx(&log->builder, 1);
    log_builder_commit(log);
    log_builder_batch(log, 2);

    read_damaged(&reading, log);
    ASSERT_DAMAGE(&reading, log, 1, "batch 2, byte 256, seq 3: CRC is wrong");
    assert_int_equal(reading.damages_at[0], 2 * 192);
    assert_all_but(&reading, log, 2 * 192, 4 * 192);
    log_reading_done(&reading);
}

static void next__wrong_first_record__batch_lost_and_gone_on(void **state)
{
    struct log_builder *log = *state;
    struct log_reading reading;

    log_builder_segment(log);
    log_builder_batch(log, 1);
    batch_command(&log->builder)->crc ^= 1;
    (void)batch_event(&log->builder, BTX_RECORD_TX_END | BTX_RECORD_COMMAND_END);
    log_builder_commit(log);
    log_builder_segment(log);
    log_builder_batch(log, 2);

    read_damaged(&reading, log);
    assert_damages(&reading, log, 2,
                   (const char *const[]){
                       "batch 2, byte 0, seq 2: CRC is wrong",
                       "seal of segment 1: it is not that of the records that are there",
                   },
                   (const size_t[]){1, 2});
    assert_all_but(&reading, log, 192, 2 * 192);
    assert_same_position(&reading.position, &log->builder.position);
    log_reading_done(&reading);
}

static void next__batches_missing__named_and_gone_on(void **state)
{
    struct log_builder *log = *state;
    struct log_reading reading;

    log_builder_segment(log);
    log_builder_batch(log, 1);
    skip_batch(log, 1);
    skip_batch(log, 2);
    log_builder_batch(log, 1);

    read_damaged(&reading, log);
    ASSERT_DAMAGE(&reading, log, 1,
                  "batch 2, byte 0, seq 2: batches 2 to 3 are missing, with the events 2 to 4");
    assert_all_but(&reading, log, 192, 4 * 192);
    log_reading_done(&reading);
}

/* Only the header of the next segment knows that there was more. */
static void next__last_batches_of_a_segment_missing__named(void **state)
{
    struct log_builder *log = *state;
    struct log_reading reading;

    log_builder_segment(log);
    log_builder_batch(log, 1);
    skip_batch(log, 2);
    log_builder_segment(log);
    log_builder_batch(log, 1);

    log_reading_all(&reading, log, &(struct btx_log_options){0});
    ASSERT_DAMAGE(&reading, log, 1,
                  "batch 2, byte 0, seq 2: batches 2 to 2 are missing, with the events 2 to 3");
    assert_all_but(&reading, log, 192, 3 * 192);
    log_reading_done(&reading);
}

/* The header says that more of a batch counts than there is of it. */
static void next__less_bytes_than_the_next_header_says__damage(void **state)
{
    struct log_builder *log = *state;
    struct log_reading reading;

    log_builder_segment(log);
    log_builder_batch(log, 2);
    log_builder_segment_prepare(log);
    log->header.previous_bytes += 64;
    log_builder_segment_finish(log);
    log_builder_batch(log, 1);

    log_reading_all(&reading, log, &(struct btx_log_options){0});
    ASSERT_DAMAGE(
        &reading, log, 1,
        "batch 1, byte 512, seq 4: it ends with seq 3, tx 2, batch 1, 512 bytes; the next "
        "segment says seq 3, tx 2, batch 1, 576");
    assert_int_equal(reading.bytes_count, log->counted_bytes);
    log_reading_done(&reading);
}

/* How many bytes count is known no more, and the cut is still found. */
static void next__damage_before_an_end_that_was_cut__only_the_damage_told(void **state)
{
    struct log_builder *log = *state;
    struct log_reading reading;

    log_builder_segment(log);
    log_builder_batch(log, 1);
    batch_command(&log->builder)->crc ^= 1;
    (void)batch_event(&log->builder, BTX_RECORD_TX_END | BTX_RECORD_COMMAND_END);
    log_builder_commit(log);
    commit_half_a_batch(log);
    log_builder_segment(log);
    log_builder_batch(log, 1);

    log_reading_all(&reading, log, &(struct btx_log_options){0});
    ASSERT_DAMAGE(&reading, log, 1, "batch 2, byte 0, seq 2: CRC is wrong");
    assert_all_but(&reading, log, 192, 2 * 192);
    assert_same_position(&reading.position, &log->builder.position);
    log_reading_done(&reading);
}

/* A batch is missing, and behind the end of what counts another one could take its place. */
static void next__last_batch_missing_before_ones_that_do_not_count__none_of_them(void **state)
{
    struct log_builder *log = *state;
    struct log_reading reading;
    struct btx_wal_position position;

    log_builder_segment(log);
    log_builder_batch(log, 1);
    skip_batch(log, 1);
    position = log->builder.position;
    batch_tx(&log->builder, 1);
    log_builder_commit_torn(log, 0, &position);
    log_builder_segment(log);
    log_builder_batch(log, 1);

    log_reading_all(&reading, log, &(struct btx_log_options){0});
    ASSERT_DAMAGE(&reading, log, 1,
                  "batch 2, byte 0, seq 2: batches 2 to 2 are missing, with the events 2 to 2");
    assert_all_but(&reading, log, 192, 2 * 192);
    log_reading_done(&reading);
}

/* Its batches are right by themselves, but that they belong here nothing says. */
static void next__header_damaged__told_before_the_records_behind_it(void **state)
{
    struct log_builder *log = *state;
    struct log_reading reading;

    log_builder_segment(log);
    log_builder_batch(log, 1);
    log_builder_segment(log);
    log_builder_batch(log, 2);
    log_builder_batch(log, 1);
    log_builder_segment(log);
    log_builder_batch(log, 1);
    log_builder_flip(log, 2, BTX_WAL_HEADER_MAGIC, 100);

    log_reading_all(&reading, log, &(struct btx_log_options){0});
    assert_int_equal(reading.damage_count, 1);
    assert_non_null(strstr(reading.damages[0], "header: CRC is wrong"));
    assert_int_equal(reading.damages_at[0], 192);
    assert_int_equal(reading.bytes_count, log->counted_bytes);
    assert_memory_equal(reading.bytes, log->counted, log->counted_bytes);
    log_reading_done(&reading);
}

static void read_page(const struct log_builder *log, uint64_t number, off_t page,
                      uint8_t ret_bytes[BTX_WAL_PAGE_BYTES])
{
    const int fd = log_builder_open_file(log, number);

    assert_int_equal(pread(fd, ret_bytes, BTX_WAL_PAGE_BYTES, page * (off_t)BTX_WAL_PAGE_BYTES),
                     BTX_WAL_PAGE_BYTES);
    assert_int_equal(close(fd), 0);
}

/* Write @bytes there, and give back what was there. */
static void overwrite_page(const struct log_builder *log, uint64_t number, off_t page,
                           uint8_t bytes[BTX_WAL_PAGE_BYTES])
{
    const int fd = log_builder_open_file(log, number);
    uint8_t before[BTX_WAL_PAGE_BYTES];

    read_page(log, number, page, before);
    assert_int_equal(pwrite(fd, bytes, sizeof before, page * (off_t)sizeof before), sizeof before);
    memcpy(bytes, before, sizeof before);
    assert_int_equal(close(fd), 0);
}

/* Recovery must not stop for what costs nothing; who verifies a disk wants to know of it. */
static void all_damage__page_that_costs_no_record__told_only_then(void **state)
{
    struct log_builder *log = *state;
    unsigned told_only_then = 0;

    log_builder_segment(log);
    for (size_t i = 0; i < 12; i++)
        log_builder_batch(log, 3);
    log_builder_segment(log);
    log_builder_batch(log, 1);
    for (off_t page = 0; page < 12; page++) {
        uint8_t bytes[BTX_WAL_PAGE_BYTES] = {0};
        struct log_reading quiet;
        struct log_reading all;
        struct log_reading live;

        overwrite_page(log, 1, page, bytes);
        log_reading_all(&quiet, log, &(struct btx_log_options){0});
        log_reading_all(&all, log, &(struct btx_log_options){.all_damage = true});
        log_reading_all(&live, log, &(struct btx_log_options){.live = true});
        assert_int_equal(quiet.bytes_count, all.bytes_count);
        assert_int_equal(quiet.bytes_count, live.bytes_count);
        log_reading_done(&live);
        if (quiet.bytes_count != log->counted_bytes)
            assert_true(quiet.damage_count != 0);
        assert_true(quiet.damage_count <= all.damage_count);
        told_only_then += quiet.damage_count == 0 && all.damage_count != 0;
        log_reading_done(&quiet);
        log_reading_done(&all);
        overwrite_page(log, 1, page, bytes);
    }
    assert_true(told_only_then != 0);
}

/* Behind an end that was cut anything may lie; nobody wants to hear of it. */
static void all_damage__behind_an_end_that_was_cut__not_told(void **state)
{
    struct log_builder *log = *state;

    log_builder_segment(log);
    for (size_t i = 0; i < 12; i++)
        log_builder_batch(log, 3);
    commit_half_a_batch(log);
    log_builder_segment(log);
    log_builder_batch(log, 1);
    for (off_t page = 2; page < 12; page++) {
        uint8_t bytes[BTX_WAL_PAGE_BYTES] = {0};
        struct log_reading quiet;
        struct log_reading all;

        overwrite_page(log, 1, page, bytes);
        log_reading_all(&quiet, log, &(struct btx_log_options){0});
        log_reading_all(&all, log, &(struct btx_log_options){.all_damage = true});
        assert_int_equal(quiet.bytes_count, all.bytes_count);
        assert_int_equal(quiet.damage_count, all.damage_count);
        log_reading_done(&quiet);
        log_reading_done(&all);
        overwrite_page(log, 1, page, bytes);
    }
}

/* LMDB writes a leaf anew with each commit and leaves the old one: what it holds stays right. */
static void next__batch_wrong_in_one_leaf__older_copy_taken(void **state)
{
    struct log_builder *log = *state;
    struct log_reading reading;
    uint8_t file[64 * BTX_WAL_PAGE_BYTES];
    off_t bytes;
    unsigned copies = 0;
    unsigned told = 0;
    int fd;

    log_builder_segment(log);
    for (size_t i = 0; i < 12; i++)
        log_builder_batch(log, 1);
    log_builder_segment(log);
    log_builder_batch(log, 1);
    bytes = file_bytes(log, 1);
    assert_true((size_t)bytes <= sizeof file);
    fd = log_builder_open_file(log, 1);
    assert_int_equal(pread(fd, file, (size_t)bytes, 0), bytes);
    assert_int_equal(close(fd), 0);
    for (const uint8_t *at = file;
         (at = memmem(at, (size_t)(file + bytes - at), log->counted + 192, 192)) != NULL; at++) {
        copies++;
        turn_bit(log, 1, at - file + 100, 3);
        log_reading_all(&reading, log, &(struct btx_log_options){.verify_seals = true});
        log_reading_assert_clean(&reading, log, 0, log->counted_bytes);
        log_reading_done(&reading);
        log_reading_all(&reading, log, &(struct btx_log_options){.all_damage = true});
        assert_int_equal(reading.bytes_count, log->counted_bytes);
        if (reading.damage_count != 0) {
            ASSERT_DAMAGE(&reading, log, 1,
                          "batch 2, byte 64, seq 2: CRC is wrong; an older copy of the batch is "
                          "right");
            told++;
        }
        log_reading_done(&reading);
        turn_bit(log, 1, at - file + 100, 3);
    }
    assert_true(copies > 1);
    assert_int_equal(told, 1);
}

static void next__segment_missing__named_with_what_it_held(void **state)
{
    struct log_builder *log = *state;
    struct log_reading reading;
    size_t from;
    size_t to;

    log_builder_segment(log);
    log_builder_batch(log, 1);
    from = log->counted_bytes;
    log_builder_segment(log);
    log_builder_batch(log, 1);
    log_builder_batch(log, 1);
    to = log->counted_bytes;
    log_builder_segment(log);
    log_builder_batch(log, 1);
    assert_int_equal(unlinkat(log->files.segments_fd, log->names[1], 0), 0);

    log_reading_all(&reading, log, &(struct btx_log_options){0});
    assert_damages(&reading, log, 2,
                   (const char *const[]){
                       "segments 2 to 2 are missing before this one: batches 2 to 3, events 2 to 3",
                       "seal of segment 2: seals of segments before that one are missing",
                   },
                   (const size_t[]){3, 3});
    assert_int_equal(reading.damages_at[0], from);
    assert_all_but(&reading, log, from, to);
    assert_same_position(&reading.position, &log->builder.position);
    log_reading_done(&reading);
}

static void swap_files(const struct log_builder *log, uint64_t left, uint64_t right)
{
    const int folder = log->files.segments_fd;

    assert_int_equal(
        renameat2(folder, log->names[left - 1], folder, log->names[right - 1], RENAME_EXCHANGE), 0);
}

static void next__segments_swapped__both_told_and_seqs_never_go_back(void **state)
{
    struct log_builder *log = *state;
    struct log_reading reading;

    log_builder_segment(log);
    log_builder_batch(log, 1);
    log_builder_batch(log, 1);
    log_builder_segment(log);
    log_builder_batch(log, 1);
    log_builder_segment(log);
    log_builder_batch(log, 2);
    swap_files(log, 1, 2);

    log_reading_all(&reading, log, &(struct btx_log_options){0});
    assert_int_equal(reading.last, BTX_LOG_END);
    assert_damages(&reading, log, 5,
                   (const char *const[]){
                       "header: of another segment than the name says",
                       "batch 1, byte 0, seq 1: batches 1 to 2 are missing, with the events 1 to 2",
                       "header: of another segment than the name says",
                       "batch 1, byte 0, seq 4: key: seq 1 behind batch 3 of seq 3",
                       "seal of segment 2: seals of segments before that one are missing",
                   },
                   (const size_t[]){1, 1, 2, 2, 3});
    for (size_t at = 0, seq = 0; at < reading.bytes_count;) {
        const struct btx_record *record = (const struct btx_record *)(reading.bytes + at);

        assert_true(record->seq >= seq);
        seq = record->seq;
        at += btx_record_length_bytes(record);
    }
    log_reading_done(&reading);
}

/* The records of another log are right by themselves, and none of ours. */
static void next__segment_of_another_log__told_and_passed_over(void **state)
{
    struct log_builder *log = *state;
    struct log_reading reading;
    size_t from;
    size_t to;

    log_builder_segment(log);
    log_builder_batch(log, 1);
    from = log->counted_bytes;
    log_builder_segment_prepare(log);
    log->header.uuid[0] ^= 1;
    log_builder_segment_finish(log);
    log_builder_batch(log, 2);
    to = log->counted_bytes;
    log_builder_segment(log);
    log_builder_batch(log, 1);

    log_reading_all(&reading, log, &(struct btx_log_options){0});
    assert_damages(&reading, log, 2,
                   (const char *const[]){
                       "header: of another log, its uuid is not that of wal.id",
                       "seal of segment 2: seals of segments before that one are missing",
                   },
                   (const size_t[]){2, 3});
    assert_all_but(&reading, log, from, to);
    log_reading_done(&reading);
}

static void next__epoch_goes_back__told(void **state)
{
    struct log_builder *log = *state;
    struct log_reading reading;

    log_builder_segment_prepare(log);
    log->header.epoch = 7;
    log_builder_segment_finish(log);
    log_builder_segment_prepare(log);
    log->header.epoch = 6;
    log_builder_segment_finish(log);
    log_builder_batch(log, 1);

    log_reading_all(&reading, log, &(struct btx_log_options){0});
    ASSERT_DAMAGE(&reading, log, 2, "header: its epoch is less than that of the segment before");
    assert_int_equal(reading.bytes_count, log->counted_bytes);
    log_reading_done(&reading);
}

/* A program of today must not take a log of tomorrow for a damaged one. */
static void next__segment_of_a_newer_format__layout(void **state)
{
    struct log_builder *log = *state;
    struct log_reading reading;

    log_builder_segment(log);
    log_builder_batch(log, 1);
    log_builder_segment_prepare(log);
    log->header.incompatible = 2;
    log_builder_segment_finish(log);

    log_reading_all(&reading, log, &(struct btx_log_options){0});
    assert_int_equal(reading.last, BTX_LOG_FAULT);
    assert_int_equal(reading.fault.code, BTX_FAULT_LAYOUT);
    assert_non_null(strstr(reading.fault.text, log->names[1]));
    log_reading_done(&reading);
}

/* ---- Identity ---- */

static void open__no_log__config(void **state)
{
    struct log_builder *log = *state;
    const struct btx_log_options options = {0};
    struct btx_log_reader *reader;
    struct btx_fault fault = {0};
    char path[512];

    (void)snprintf(path, sizeof path, "%s/nothing", log->files.folder.path);
    assert_int_equal(btx_log_reader_open(&reader, path, &options, &fault), BTX_FAULT_CONFIG);
    assert_null(reader);
    (void)snprintf(path, sizeof path, "%s/segments", log->files.folder.path);
    assert_int_equal(btx_log_reader_open(&reader, path, &options, &fault), BTX_FAULT_CONFIG);
}

static void open__identity_damaged_or_lost__corrupt(void **state)
{
    struct log_builder *log = *state;
    const struct btx_log_options options = {0};
    struct btx_log_reader *reader;
    struct btx_fault fault = {0};
    struct btx_wal_id id = log->files.id;

    log_builder_segment(log);
    id.uuid[3] ^= 1;
    temp_folder_put(&log->files.folder, BTX_WAL_ID_NAME, &id, sizeof id);
    assert_int_equal(btx_log_reader_open(&reader, log->files.folder.path, &options, &fault),
                     BTX_FAULT_CORRUPT);
    assert_null(reader);
    assert_non_null(strstr(fault.text, "wal.id"));
    assert_int_equal(unlinkat(log->files.folder.fd, BTX_WAL_ID_NAME, 0), 0);
    assert_int_equal(btx_log_reader_open(&reader, log->files.folder.path, &options, &fault),
                     BTX_FAULT_CORRUPT);
    assert_non_null(strstr(fault.text, "wal.id is missing beside segments/"));
}

/* The folders come before wal.id when a log is made: who looks meanwhile finds no log yet, and may
 * look again. */
static void open__log_is_being_made__no_log_yet(void **state)
{
    struct log_builder *log = *state;
    const struct btx_log_options options = {0};
    struct btx_log_reader *reader;
    struct btx_fault fault = {0};

    assert_int_equal(unlinkat(log->files.folder.fd, BTX_WAL_ID_NAME, 0), 0);
    assert_int_equal(btx_log_reader_open(&reader, log->files.folder.path, &options, &fault),
                     BTX_FAULT_CONFIG);
    assert_null(reader);
}

static void open__segments_folder_missing__corrupt(void **state)
{
    struct log_builder *log = *state;
    const struct btx_log_options options = {0};
    struct btx_log_reader *reader;
    struct btx_fault fault = {0};

    assert_int_equal(unlinkat(log->files.folder.fd, BTX_WAL_SEGMENTS_NAME, AT_REMOVEDIR), 0);
    assert_int_equal(btx_log_reader_open(&reader, log->files.folder.path, &options, &fault),
                     BTX_FAULT_CORRUPT);
    assert_int_equal(mkdirat(log->files.folder.fd, BTX_WAL_SEGMENTS_NAME, 0750), 0);
}

/* ---- Seals ---- */

static struct btx_wal_seal *last_seal(struct log_builder *log)
{
    log_builder_end(log);
    return &log->seals[log->seal_count - 1];
}

static void reseal(struct btx_wal_seal *seal)
{
    seal->crc = btx_crc32c(0, seal, offsetof(struct btx_wal_seal, crc));
}

/* What a person may have changed, with all CRCs right: only the chain tells. */
static void verify_seals__seal_of_other_records__told(void **state)
{
    static const size_t offsets[] = {
        offsetof(struct btx_wal_seal, hash),        offsetof(struct btx_wal_seal, first_seq),
        offsetof(struct btx_wal_seal, last_seq),    offsetof(struct btx_wal_seal, last_tx),
        offsetof(struct btx_wal_seal, first_batch), offsetof(struct btx_wal_seal, batch_count),
        offsetof(struct btx_wal_seal, bytes),
    };
    struct log_builder *log = *state;

    for (size_t i = 0; i < BTX_COUNT_OF(offsets); i++) {
        struct log_reading reading;
        struct btx_wal_seal *seal;
        uint8_t *byte;

        log_builder_segment(log);
        log_builder_batch(log, 2);
        log_builder_batch(log, 0);
        log_builder_batch(log, 0);
        log_builder_segment(log);
        log_builder_batch(log, 9);
        seal = last_seal(log);
        byte = (uint8_t *)seal + offsets[i];
        *byte ^= 2;
        reseal(seal);
        log_builder_segment(log);
        log_builder_batch(log, 1);

        log_reading_all(&reading, log, &(struct btx_log_options){0});
        assert_int_equal(reading.damage_count, 0);
        log_reading_done(&reading);
        read_damaged(&reading, log);
        ASSERT_DAMAGE(&reading, log, 3,
                      "seal of segment 2: it is not that of the records that are there");
        assert_int_equal(reading.bytes_count, log->counted_bytes);
        log_reading_done(&reading);
        log_builder_remove(log);
        log_builder_make(log);
    }
}

static void next__seal_that_does_not_stand_on_the_one_before__told(void **state)
{
    struct log_builder *log = *state;
    struct log_reading reading;
    struct btx_wal_seal *seal;

    log_builder_segment(log);
    log_builder_batch(log, 1);
    log_builder_segment(log);
    log_builder_batch(log, 1);
    seal = last_seal(log);
    seal->previous[5] ^= 1;
    reseal(seal);
    log_builder_segment(log);
    log_builder_batch(log, 1);

    log_reading_all(&reading, log, &(struct btx_log_options){0});
    ASSERT_DAMAGE(&reading, log, 3, "seal of segment 2: it does not stand on the seal before it");
    log_reading_done(&reading);
}

static void next__seal_left_out__told_with_the_next(void **state)
{
    struct log_builder *log = *state;
    struct log_reading reading;

    log_builder_segment(log);
    log_builder_batch(log, 1);
    log_builder_segment(log);
    log_builder_batch(log, 1);
    log_builder_end(log);
    log->seals_put = 2;
    log_builder_segment(log);
    log_builder_batch(log, 1);
    log_builder_segment(log);
    log_builder_batch(log, 1);

    log_reading_all(&reading, log, &(struct btx_log_options){0});
    ASSERT_DAMAGE(&reading, log, 4,
                  "seal of segment 3: seals of segments before that one are missing");
    log_reading_done(&reading);
}

/* A damaged seal is none; that it is missing must show, even if it was the first. */
static void next__seal_damaged__told_with_the_next(void **state)
{
    struct log_builder *log = *state;

    log_builder_segment(log);
    log_builder_batch(log, 1);
    for (uint64_t number = 2; number < 5; number++) {
        log_builder_segment(log);
        log_builder_batch(log, 1);
    }
    for (uint64_t number = 2; number < 4; number++) {
        struct log_reading reading;

        log_builder_flip(log, number, BTX_WAL_SEAL_MAGIC, 100);
        log_reading_all(&reading, log, &(struct btx_log_options){0});
        assert_int_equal(reading.bytes_count, log->counted_bytes);
        assert_damages(&reading, log, 1,
                       (const char *const[]){number == 2
                                                 ? "seal of segment 2: seals of segments before "
                                                   "that one are missing"
                                                 : "seal of segment 3: seals of segments before "
                                                   "that one are missing"},
                       (const size_t[]){number + 1});
        log_reading_done(&reading);
        log_builder_flip(log, number, BTX_WAL_SEAL_MAGIC, 100);
    }
}

static void next__seal_twice_or_too_early__told(void **state)
{
    struct log_builder *log = *state;
    struct log_reading reading;
    struct btx_wal_seal seal;

    log_builder_segment(log);
    log_builder_batch(log, 1);
    log_builder_segment(log);
    seal = log->seals[0];
    segment_fixture_put(&log->files, 0, 2, &seal, sizeof seal);
    seal.segment = 2;
    memcpy(seal.previous, seal.hash, sizeof seal.previous);
    reseal(&seal);
    segment_fixture_put(&log->files, 0, 3, &seal, sizeof seal);

    log_reading_all(&reading, log, &(struct btx_log_options){0});
    assert_damages(&reading, log, 2,
                   (const char *const[]){
                       "seal of segment 1: that segment was sealed before",
                       "seal of segment 2: of a segment that is not before this one",
                   },
                   (const size_t[]){2, 2});
    log_reading_done(&reading);
}

/* Seals may come late, after a crash even several at once; they are right all the same. */
static void verify_seals__several_in_one_segment__right(void **state)
{
    struct log_builder *log = *state;

    log_builder_segment(log);
    log_builder_batch(log, 1);
    log_builder_end(log);
    log->seals_put = 1;
    log_builder_segment(log);
    log_builder_batch(log, 1);
    log_builder_end(log);
    log->seals_put = 2;
    log_builder_segment(log);
    log_builder_end(log);
    log->seals_put = 0;
    log_builder_segment(log);
    log_builder_batch(log, 1);
    assert_reads_clean(log);
}

/* What recovery seals, and what a tool shows of segments that nobody sealed yet. */
static void unsealed__at_the_end__seals_of_the_last_segments(void **state)
{
    struct log_builder *log = *state;
    const struct btx_log_options options = {.verify_seals = true, .sealed_ns = 4};
    struct btx_log_reader *reader;
    struct log_reading reading = {0};
    const struct btx_wal_seal *seals;
    size_t count;

    log_builder_fill(log);
    log_builder_end(log);
    log->seals_put = log->seal_count;
    log_builder_segment(log);
    log_builder_batch(log, 2);
    log_builder_end(log);
    assert_int_equal(btx_log_reader_open(&reader, log->files.folder.path, &options, NULL), BTX_OK);
    log_reading_go_on(&reading, reader);
    log_reading_assert_clean(&reading, log, 0, log->counted_bytes);
    seals = btx_log_reader_unsealed(reader, &count);
    assert_int_equal(count, 2);
    for (size_t i = 0; i < count; i++) {
        assert_memory_equal(seals[i].hash, log->seals[4 + i].hash, BTX_WAL_HASH_BYTES);
        assert_int_equal(seals[i].segment, 5 + i);
        assert_int_equal(seals[i].sealed_ns, 4);
        assert_null(btx_wal_seal_check(&seals[i], sizeof seals[i]));
    }
    log_reading_go_on(&reading, reader);
    seals = btx_log_reader_unsealed(reader, &count);
    assert_int_equal(count, 2);
    btx_log_reader_close(reader);
    log_reading_done(&reading);
}

/* ---- Damaged files ---- */

/* What came out is in the log, in order; and nothing is missing without being told. */
static void assert_honest(const struct log_reading *reading, const struct log_builder *log,
                          const struct part *parts, size_t part_count, const char *what)
{
    size_t part = 0;

    for (size_t at = 0; at < reading->bytes_count; part++) {
        const uint8_t *bytes = log->counted + parts[part].offset;
        const size_t length = parts[part].end - parts[part].offset;

        if (part == part_count)
            fail_msg("%s: records that were never written", what);
        if (length <= reading->bytes_count - at && memcmp(reading->bytes + at, bytes, length) == 0)
            at += length;
    }
    if (reading->bytes_count != log->counted_bytes && reading->damage_count == 0)
        fail_msg("%s: records are missing and nobody says so", what);
}

static uint64_t next_random(uint64_t *random)
{
    *random = *random * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return *random >> 24;
}

/* LMDB protects nothing by a checksum: a bit may do anything to the way to a batch. */
static void next__bits_turned_all_over_the_files__honest(void **state)
{
    struct log_builder *log = *state;
    static struct part parts[PARTS_MAX];
    size_t part_count;
    uint64_t random = 1;

    log_builder_fill(log);
    log_builder_batch(log, 40);
    log_builder_end(log);
    part_count = parts_of(log, parts);
    for (unsigned run = 0; run < 1500; run++) {
        const uint64_t number = 1 + run % 5;
        const unsigned bit = (unsigned)(next_random(&random) % 8);
        struct log_reading reading;
        char what[80];
        off_t byte = (off_t)(next_random(&random) % (uint64_t)file_bytes(log, number));

        if (run % 3 == 0)
            byte = byte % 2 * BTX_WAL_PAGE_BYTES + byte / 2 % 152; /* Meta pages. */
        (void)snprintf(what, sizeof what, "segment %" PRIu64 ", byte %ld, bit %u", number,
                       (long)byte, bit);
        turn_bit(log, number, byte, bit);
        read_damaged(&reading, log);
        assert_honest(&reading, log, parts, part_count, what);
        log_reading_done(&reading);
        turn_bit(log, number, byte, bit);
    }
}

/* A disk may lose a page, or write it to the place of another. */
static void next__pages_lost_or_misplaced__honest(void **state)
{
    struct log_builder *log = *state;
    static struct part parts[PARTS_MAX];
    size_t part_count;
    uint64_t random = 1;

    log_builder_fill(log);
    log_builder_batch(log, 40);
    log_builder_end(log);
    part_count = parts_of(log, parts);
    for (unsigned run = 0; run < 400; run++) {
        const uint64_t number = 1 + run % 5;
        const uint64_t pages = (uint64_t)file_bytes(log, number) / BTX_WAL_PAGE_BYTES;
        const off_t page = (off_t)(next_random(&random) % pages);
        const off_t other = (off_t)(next_random(&random) % pages);
        uint8_t bytes[BTX_WAL_PAGE_BYTES] = {0};
        struct log_reading reading;
        char what[80];

        (void)snprintf(what, sizeof what, "segment %" PRIu64 ", page %ld is %s %ld", number,
                       (long)page, run % 2 == 0 ? "zero" : "page", (long)other);
        if (run % 2 != 0)
            read_page(log, number, other, bytes);
        overwrite_page(log, number, page, bytes);
        read_damaged(&reading, log);
        assert_honest(&reading, log, parts, part_count, what);
        log_reading_done(&reading);
        overwrite_page(log, number, page, bytes);
    }
}

/* ---- Live ---- */

static void live__batches_and_segments_appear__all_records_once(void **state)
{
    struct log_builder *log = *state;
    const struct btx_log_options options = {.live = true, .verify_seals = true};
    struct btx_log_reader *reader;
    struct log_reading reading = {0};

    assert_int_equal(btx_log_reader_open(&reader, log->files.folder.path, &options, NULL), BTX_OK);
    log_reading_go_on(&reading, reader); /* No segment yet. */
    assert_int_equal(reading.last, BTX_LOG_END);
    for (size_t i = 0; i < 20; i++) {
        if (i % 3 == 0)
            log_builder_segment(log);
        if (i % 3 == 0 && i % 2 == 0)
            log_reading_go_on(&reading, reader); /* Nothing in it yet. */
        log_builder_batch(log, i % 4);
        if (i % 5 == 0)
            continue; /* Sometimes more than one thing has happened. */
        log_reading_go_on(&reading, reader);
        log_reading_assert_clean(&reading, log, 0, log->counted_bytes);
        assert_same_position(&reading.position, &log->builder.position);
        log_reading_go_on(&reading, reader);
        assert_int_equal(reading.bytes_count, log->counted_bytes);
    }
    btx_log_reader_close(reader);
    log_reading_done(&reading);
}

/* The helper of the writer seals a segment while the next one is being written already. */
static void limit_segment__raised__each_segment_to_its_end_and_its_seal(void **state)
{
    struct log_builder *log = *state;
    const struct btx_log_options options = {.live = true, .verify_seals = true};
    struct log_reading reading = {0};
    struct btx_log_reader *reader;
    size_t ends[4];

    for (size_t i = 0; i < 4; i++) {
        log_builder_segment(log);
        if (i != 1)
            log_builder_batch(log, 2);
        log_builder_batch(log, 0);
        ends[i] = log->counted_bytes;
        if (i < 3)
            log_builder_end(log);
    }
    assert_int_equal(btx_log_reader_open(&reader, log->files.folder.path, &options, NULL), BTX_OK);
    for (size_t i = 0; i < 3; i++) {
        const struct btx_wal_seal *computed;
        size_t count;

        btx_log_reader_limit_segment(reader, i + 1);
        log_reading_go_on(&reading, reader);
        log_reading_go_on(&reading, reader);
        log_reading_assert_clean(&reading, log, 0, ends[i]);
        computed = btx_log_reader_unsealed(reader, &count);
        assert_int_equal(count, 1);
        assert_int_equal(computed->segment, i + 1);
        assert_memory_equal(computed->hash, log->seals[i].hash, BTX_WAL_HASH_BYTES);
    }
    btx_log_reader_limit_segment(reader, UINT64_MAX);
    log_reading_go_on(&reading, reader);
    log_reading_assert_clean(&reading, log, 0, ends[3]);
    btx_log_reader_close(reader);
    log_reading_done(&reading);
}

static void live__seal_comes_late__verified_when_the_segment_is_left(void **state)
{
    struct log_builder *log = *state;
    const struct btx_log_options options = {.live = true, .verify_seals = true};
    struct btx_log_reader *reader;
    struct log_reading reading = {0};
    struct btx_wal_seal *seal;

    log_builder_segment(log);
    log_builder_batch(log, 1);
    seal = last_seal(log);
    log->seals_put = 1;
    log_builder_segment(log);
    log_builder_batch(log, 1);
    assert_int_equal(btx_log_reader_open(&reader, log->files.folder.path, &options, NULL), BTX_OK);
    log_reading_go_on(&reading, reader);
    log_reading_assert_clean(&reading, log, 0, log->counted_bytes);

    seal->last_tx++;
    reseal(seal);
    segment_fixture_put(&log->files, 0, 1, seal, sizeof *seal);
    log_builder_segment(log);
    log_builder_batch(log, 1);
    log_reading_go_on(&reading, reader);
    ASSERT_DAMAGE(&reading, log, 2,
                  "seal of segment 1: it is not that of the records that are there");
    assert_int_equal(reading.bytes_count, log->counted_bytes);
    btx_log_reader_close(reader);
    log_reading_done(&reading);
}

/* The stamp of a folder is as coarse as the clock of the kernel: a segment that appears within the
 * same tick as the last look must be found all the same. */
static void live__segment_within_one_tick_of_the_last_look__found(void **state)
{
    struct log_builder *log = *state;
    const struct btx_log_options options = {.live = true};
    bool was_tried = false;

    for (unsigned attempt = 0; attempt < 200 && !was_tried; attempt++) {
        struct log_reading reading = {0};
        struct btx_log_reader *reader;
        struct stat stamp;
        struct timespec now;

        log_builder_segment(log);
        log_builder_batch(log, 1);
        assert_int_equal(btx_log_reader_open(&reader, log->files.folder.path, &options, NULL),
                         BTX_OK);
        log_reading_go_on(&reading, reader);
        assert_int_equal(fstat(log->files.segments_fd, &stamp), 0);
        assert_int_equal(clock_gettime(CLOCK_REALTIME, &now), 0);
        was_tried = now.tv_sec == stamp.st_mtim.tv_sec &&
                    now.tv_nsec - stamp.st_mtim.tv_nsec < 15000000; /* Else it took too long. */
        if (was_tried) {
            const struct timespec stamps[2] = {stamp.st_atim, stamp.st_mtim};

            log_builder_segment(log);
            log_builder_batch(log, 1);
            assert_int_equal(futimens(log->files.segments_fd, stamps), 0);
            log_reading_go_on(&reading, reader);
            log_reading_assert_clean(&reading, log, 0, log->counted_bytes);
        }
        btx_log_reader_close(reader);
        log_reading_done(&reading);
        log_builder_remove(log);
        log_builder_make(log);
    }
    if (!was_tried)
        SKIP_BECAUSE("the moment that it is about did not come");
}

static void segments__live__as_at_the_last_look(void **state)
{
    struct log_builder *log = *state;
    const struct btx_log_options options = {.live = true};
    struct btx_log_reader *reader;
    struct log_reading reading = {0};
    const struct btx_log_segment *segments;
    size_t count;

    log_builder_segment(log);
    assert_int_equal(btx_log_reader_open(&reader, log->files.folder.path, &options, NULL), BTX_OK);
    segments = btx_log_reader_segments(reader, &count);
    assert_int_equal(count, 1);
    assert_string_equal(segments[0].name, log->names[0]);
    log_builder_segment(log);
    log_reading_go_on(&reading, reader);
    segments = btx_log_reader_segments(reader, &count);
    assert_int_equal(count, 2);
    assert_string_equal(segments[1].name, log->names[1]);
    btx_log_reader_close(reader);
    log_reading_done(&reading);
}

#define LOG_TEST(test) cmocka_unit_test_setup_teardown(test, make, remove_made)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(next__log_of_many_segments__all_records_in_order),
        LOG_TEST(next__folder_changed_in_1970__all_records),
        LOG_TEST(next__no_segments__end),
        LOG_TEST(next__batches_larger_than_a_page__all_records),
        LOG_TEST(next__command_over_two_segments__goes_on),
        LOG_TEST(position__after_each_record__counts_on),
        LOG_TEST(header__of_each_record__that_of_its_segment),
        LOG_TEST(from_seq__every_seq__begins_with_its_tx),
        LOG_TEST(limit__raised_seq_by_seq__whole_txs_up_to_it),
        LOG_TEST(limit__damage_behind_it__not_looked_at),
        LOG_TEST(next__end_cut_within_a_batch__goes_on_behind_the_cut),
        LOG_TEST(next__end_cut_before_right_records__they_do_not_count),
        LOG_TEST(next__end_cut_before_whole_batches__they_do_not_count),
        LOG_TEST(next__first_batch_cut__segment_holds_nothing),
        LOG_TEST(from_seq__damage_before_it__not_read),
        LOG_TEST(from_seq__event_that_is_missing__told),
        LOG_TEST(from_seq__behind_the_end__waits_for_it),
        LOG_TEST(from_seq__in_a_segment_with_cut_end__cut_all_the_same),
        LOG_TEST(next__segment_without_header_that_holds_nothing__passed_over),
        LOG_TEST(next__first_segments_trimmed__begins_where_the_header_says),
        LOG_TEST(next__wrong_record_within_a_batch__rest_of_the_batch_lost),
        LOG_TEST(next__wrong_first_record__batch_lost_and_gone_on),
        LOG_TEST(next__batches_missing__named_and_gone_on),
        LOG_TEST(next__last_batches_of_a_segment_missing__named),
        LOG_TEST(next__less_bytes_than_the_next_header_says__damage),
        LOG_TEST(next__damage_before_an_end_that_was_cut__only_the_damage_told),
        LOG_TEST(next__last_batch_missing_before_ones_that_do_not_count__none_of_them),
        LOG_TEST(next__header_damaged__told_before_the_records_behind_it),
        LOG_TEST(next__batch_wrong_in_one_leaf__older_copy_taken),
        LOG_TEST(all_damage__page_that_costs_no_record__told_only_then),
        LOG_TEST(all_damage__behind_an_end_that_was_cut__not_told),
        LOG_TEST(next__segment_missing__named_with_what_it_held),
        LOG_TEST(next__segments_swapped__both_told_and_seqs_never_go_back),
        LOG_TEST(next__segment_of_another_log__told_and_passed_over),
        LOG_TEST(next__epoch_goes_back__told),
        LOG_TEST(next__segment_of_a_newer_format__layout),
        LOG_TEST(open__no_log__config),
        LOG_TEST(open__identity_damaged_or_lost__corrupt),
        LOG_TEST(open__log_is_being_made__no_log_yet),
        LOG_TEST(open__segments_folder_missing__corrupt),
        LOG_TEST(verify_seals__seal_of_other_records__told),
        LOG_TEST(next__seal_that_does_not_stand_on_the_one_before__told),
        LOG_TEST(next__seal_left_out__told_with_the_next),
        LOG_TEST(next__seal_damaged__told_with_the_next),
        LOG_TEST(next__seal_twice_or_too_early__told),
        LOG_TEST(verify_seals__several_in_one_segment__right),
        LOG_TEST(unsealed__at_the_end__seals_of_the_last_segments),
        LOG_TEST(next__bits_turned_all_over_the_files__honest),
        LOG_TEST(next__pages_lost_or_misplaced__honest),
        LOG_TEST(live__batches_and_segments_appear__all_records_once),
        LOG_TEST(limit_segment__raised__each_segment_to_its_end_and_its_seal),
        LOG_TEST(live__seal_comes_late__verified_when_the_segment_is_left),
        LOG_TEST(live__segment_within_one_tick_of_the_last_look__found),
        LOG_TEST(segments__live__as_at_the_last_look),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
