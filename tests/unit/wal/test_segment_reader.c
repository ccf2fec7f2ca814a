/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/base/crc32c.h"
#include "engine/wal/segment_reader.h"
#include "segment_fixture.h"

#define MAP_BYTES ((size_t)256 << 20)
#define ZERO_BYTES ((size_t)1 << 20)
/* The greatest batch that lies in a leaf, in records: 1984 bytes. */
#define LEAF_UNITS 31u

static struct btx_segment_reader *reader_open(const struct segment_fixture *fixture, bool direct,
                                              bool live)
{
    const struct btx_segment_options options = {.direct = direct, .live = live};
    struct btx_segment_reader *reader;
    struct btx_fault fault = {0};

    assert_int_equal(btx_segment_reader_open(&reader, fixture->segments_fd, fixture->segment.name,
                                             &options, &fault),
                     BTX_OK);
    return reader;
}

/* The next thing must be batch @index of the fixture. */
static void expect_batch(struct btx_segment_reader *reader, const struct segment_fixture *fixture,
                         size_t index)
{
    const struct fixture_batch *expected = &fixture->batches[index];
    struct btx_wal_damage damage = {0};
    struct btx_fault fault = {0};
    struct btx_wal_batch batch;
    const enum btx_segment_step step = btx_segment_reader_next(reader, &batch, &damage, &fault);

    if (step != BTX_SEGMENT_BATCH)
        fail_msg("batch %zu: step %d: %s%s", index, (int)step, damage.why, fault.text);
    assert_int_equal(batch.seq, expected->seq);
    assert_int_equal(batch.number, expected->number);
    assert_int_equal(batch.length_bytes, expected->length_bytes);
    assert_int_equal((uintptr_t)batch.bytes % 8, 0);
    assert_memory_equal(batch.bytes, fixture->bytes + expected->offset_bytes, batch.length_bytes);
}

static void expect_end(struct btx_segment_reader *reader)
{
    struct btx_wal_damage damage = {0};
    struct btx_fault fault = {0};
    struct btx_wal_batch batch;
    const enum btx_segment_step step = btx_segment_reader_next(reader, &batch, &damage, &fault);

    if (step != BTX_SEGMENT_END)
        fail_msg("at the end: step %d: %s%s", (int)step, damage.why, fault.text);
}

static void expect_all(const struct segment_fixture *fixture, bool direct)
{
    struct btx_segment_reader *reader = reader_open(fixture, direct, false);

    assert_memory_equal(btx_segment_reader_header(reader), &fixture->header,
                        sizeof fixture->header);
    for (size_t i = 0; i < fixture->batch_count; i++)
        expect_batch(reader, fixture, i);
    expect_end(reader);
    expect_end(reader);
    btx_segment_reader_close(reader);
}

/* The fixture's own batches must be what a log may hold, or nothing here proves anything. */
static void segment_fixture__any_sizes__makes_valid_batches(void **state)
{
    struct segment_fixture fixture;
    struct btx_wal_position position = {0};

    (void)state;
    segment_fixture_make(&fixture);
    segment_fixture_begin(&fixture, MAP_BYTES, 0);
    for (size_t units = 1; units < 200; units++)
        segment_fixture_batch(&fixture, units);
    for (size_t i = 0; i < fixture.batch_count; i++) {
        const struct fixture_batch *made = &fixture.batches[i];
        const struct btx_wal_batch batch = {made->seq, made->number,
                                            fixture.bytes + made->offset_bytes, made->length_bytes};
        const struct btx_wal_batch_check check = btx_wal_batch_check(&batch, &position);

        if (check.why != NULL)
            fail_msg("batch %zu: %s", i, check.why);
    }
    segment_fixture_remove(&fixture);
}

/* Every size around what fits a leaf, and from one record to megabytes, comes back as it was. */
static void next__batches_of_many_sizes__are_handed_out_as_written(void **state)
{
    static const size_t units[] = {
        1,  2,   4,   LEAF_UNITS - 1, LEAF_UNITS, LEAF_UNITS + 1, 63,     64,
        65, 127, 128, 1000,           16384,      65536,          100000, 3};
    struct segment_fixture fixture;

    (void)state;
    segment_fixture_make(&fixture);
    segment_fixture_begin(&fixture, MAP_BYTES, ZERO_BYTES);
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < BTX_COUNT_OF(units); i++)
            segment_fixture_batch(&fixture, units[i]);
    }
    segment_fixture_end(&fixture);
    expect_all(&fixture, false);
    expect_all(&fixture, true);
    segment_fixture_remove(&fixture);
}

/* Thousands of commits reuse pages and make the tree three levels deep. */
static void next__thousands_of_commits__are_handed_out_as_written(void **state)
{
    struct segment_fixture fixture;

    (void)state;
    segment_fixture_make(&fixture);
    segment_fixture_begin(&fixture, MAP_BYTES, ZERO_BYTES);
    for (size_t i = 0; i < 8000; i++)
        segment_fixture_batch(&fixture, 1 + i * 7 % LEAF_UNITS);
    segment_fixture_end(&fixture);
    expect_all(&fixture, false);
    segment_fixture_remove(&fixture);
}

static void expect_seek(struct btx_segment_reader *reader, const struct segment_fixture *fixture,
                        uint64_t seq, size_t index)
{
    struct btx_fault fault = {0};

    assert_int_equal(btx_segment_reader_seek(reader, seq, &fault), BTX_OK);
    if (index < fixture->batch_count)
        expect_batch(reader, fixture, index);
    else
        expect_end(reader);
}

/* Where a reader wants to begin is found by its seq, in front of, within and behind all batches,
 * and where several batches have one seq the last of them holds the event. */
static void seek__every_seq__finds_the_batch_that_holds_it(void **state)
{
    struct segment_fixture fixture;
    struct btx_segment_reader *reader;
    size_t index = 0;

    (void)state;
    segment_fixture_make(&fixture);
    fixture.number = 4;
    fixture.position.seq = 1000;
    fixture.position.tx = 500;
    fixture.position.batch = 77;
    segment_fixture_begin(&fixture, MAP_BYTES, ZERO_BYTES);
    for (size_t i = 0; i < 3000; i++)
        segment_fixture_batch(&fixture, 1 + i * 11 % 40);
    segment_fixture_end(&fixture);
    reader = reader_open(&fixture, false, false);
    expect_seek(reader, &fixture, 0, 0);
    expect_seek(reader, &fixture, 1000, 0);
    for (uint64_t seq = 1001; seq <= fixture.position.seq + 3; seq++) {
        while (index + 1 < fixture.batch_count && fixture.batches[index + 1].seq <= seq)
            index++;
        expect_seek(reader, &fixture, seq, index);
    }
    expect_seek(reader, &fixture, UINT64_MAX, fixture.batch_count - 1);
    expect_end(reader);
    expect_seek(reader, &fixture, 1, 0);
    for (size_t i = 1; i < fixture.batch_count; i++)
        expect_batch(reader, &fixture, i);
    expect_end(reader);
    btx_segment_reader_close(reader);
    segment_fixture_remove(&fixture);
}

/* Seals come after batches, into the first leaf, and are no batches. */
static void seal__several_in_a_segment__are_found_in_order(void **state)
{
    struct segment_fixture fixture;
    struct btx_segment_reader *reader;
    struct btx_wal_seal seal;

    (void)state;
    segment_fixture_make(&fixture);
    segment_fixture_begin(&fixture, MAP_BYTES, 0);
    segment_fixture_batch(&fixture, 10);
    segment_fixture_begin(&fixture, MAP_BYTES, 0);
    for (size_t i = 0; i < 1000; i++)
        segment_fixture_batch(&fixture, 1 + i % 35);
    seal = fixture.seal;
    segment_fixture_seal(&fixture);
    for (uint64_t i = 2; i < 40; i++) {
        struct btx_wal_seal other = seal;

        other.segment = i;
        other.crc = btx_crc32c(0, &other, offsetof(struct btx_wal_seal, crc));
        segment_fixture_put(&fixture, 0, i, &other, sizeof other);
    }
    segment_fixture_end(&fixture);
    reader = reader_open(&fixture, false, false);
    assert_memory_equal(btx_segment_reader_seal(reader, 0), &seal, sizeof seal);
    for (size_t i = 1; i < 39; i++)
        assert_int_equal(btx_segment_reader_seal(reader, i)->segment, i + 1);
    assert_null(btx_segment_reader_seal(reader, 39));
    btx_segment_reader_close(reader);
    expect_all(&fixture, false);
    segment_fixture_remove(&fixture);
}

/* --- A file that a writer has open ------------------------------------------------------------ */

enum { LIVE_COMMITS = 20000 };

struct live_writer {
    struct segment_fixture fixture;
    _Atomic bool finished;
    size_t pages;
};

/* Mostly small batches, so that leaves are copied and pages are used again with every commit. */
static void *live_write(void *argument)
{
    struct live_writer *writer = argument;

    for (size_t i = 0; i < LIVE_COMMITS; i++) {
        segment_fixture_batch(&writer->fixture, i % 101 == 0 ? 2000 : 1 + i % 5);
        if (i == LIVE_COMMITS / 2)
            segment_fixture_seal(&writer->fixture);
    }
    writer->pages = segment_fixture_pages(&writer->fixture);
    atomic_store(&writer->finished, true);
    return NULL;
}

/* What a follower was handed out, to compare when the writer is done. */
struct live_copy {
    size_t count;
    struct btx_wal_batch batches[LIVE_COMMITS + 1];
    uint32_t crcs[LIVE_COMMITS + 1];
};

static void live_follow(struct btx_segment_reader *reader, struct live_writer *writer,
                        struct live_copy *copy)
{
    for (;;) {
        const bool finished = atomic_load(&writer->finished);
        struct btx_wal_damage damage = {0};
        struct btx_fault fault = {0};
        struct btx_wal_batch batch;

        switch (btx_segment_reader_next(reader, &batch, &damage, &fault)) {
        case BTX_SEGMENT_BATCH:
            assert_true(copy->count < LIVE_COMMITS);
            assert_non_null(btx_segment_reader_header(reader));
            copy->crcs[copy->count] = btx_crc32c(0, batch.bytes, batch.length_bytes);
            copy->batches[copy->count++] = batch;
            break;
        case BTX_SEGMENT_END:
            if (finished)
                return;
            break;
        case BTX_SEGMENT_DAMAGE:
        case BTX_SEGMENT_FAULT:
            fail_msg("batch %zu: page %llu: %s%s", copy->count, (unsigned long long)damage.page,
                     damage.why, fault.text);
        }
    }
}

/* A writer that overwrites pages all the time: each batch comes once, in order, as it was. */
static void next__a_writer_at_work__hands_out_each_batch_once(void **state)
{
    struct live_writer *writer = calloc(1, sizeof *writer);
    struct live_copy *copy = calloc(1, sizeof *copy);
    struct segment_fixture *fixture = &writer->fixture;
    struct btx_segment_reader *reader;
    pthread_t thread;

    (void)state;
    segment_fixture_make(fixture);
    segment_fixture_begin(fixture, MAP_BYTES, 0);
    segment_fixture_batch(fixture, 2);
    segment_fixture_begin(fixture, MAP_BYTES, ZERO_BYTES);
    reader = reader_open(fixture, false, true);
    assert_null(btx_segment_reader_header(reader));
    assert_int_equal(pthread_create(&thread, NULL, live_write, writer), 0);
    live_follow(reader, writer, copy);
    assert_int_equal(pthread_join(thread, NULL), 0);

    assert_int_equal(copy->count, LIVE_COMMITS);
    for (size_t i = 0; i < copy->count; i++) {
        const struct fixture_batch *expected = &fixture->batches[i];

        assert_int_equal(copy->batches[i].number, expected->number);
        assert_int_equal(copy->batches[i].seq, expected->seq);
        assert_int_equal(copy->batches[i].length_bytes, expected->length_bytes);
        assert_int_equal(copy->crcs[i], btx_crc32c(0, fixture->bytes + expected->offset_bytes,
                                                   expected->length_bytes));
    }
    assert_memory_equal(btx_segment_reader_header(reader), &fixture->header,
                        sizeof fixture->header);
    assert_int_equal(btx_segment_reader_seal(reader, 0)->segment, 1);
    /* Without pages used again each commit would take two at least, and the large batches 32. */
    assert_true(writer->pages < LIVE_COMMITS / 101 * 32 + LIVE_COMMITS / 8);
    btx_segment_reader_close(reader);
    segment_fixture_remove(fixture);
    free(writer);
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segment_fixture__any_sizes__makes_valid_batches),
        cmocka_unit_test(next__batches_of_many_sizes__are_handed_out_as_written),
        cmocka_unit_test(next__thousands_of_commits__are_handed_out_as_written),
        cmocka_unit_test(seek__every_seq__finds_the_batch_that_holds_it),
        cmocka_unit_test(seal__several_in_a_segment__are_found_in_order),
        cmocka_unit_test(next__a_writer_at_work__hands_out_each_batch_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
