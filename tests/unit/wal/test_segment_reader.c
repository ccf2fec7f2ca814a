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

/* --- Damage that the caller has to know of ---------------------------------------------------- */

static void expect_damage(struct btx_segment_reader *reader, const char *why,
                          struct btx_wal_damage *ret_damage)
{
    struct btx_fault fault = {0};
    struct btx_wal_batch batch;

    assert_int_equal(btx_segment_reader_next(reader, &batch, ret_damage, &fault),
                     BTX_SEGMENT_DAMAGE);
    assert_string_equal(ret_damage->why, why);
}

/* Recovery keeps the whole txs of a batch that the end of the file cuts: it gets what is there,
 * and is told, and is told that the file is too short. */
static void next__file_ends_within_a_batch__hands_out_its_begin_and_tells(void **state)
{
    struct segment_fixture fixture;
    struct btx_segment_reader *reader;
    struct btx_segment_claims claims;
    struct btx_wal_damage damage;
    struct btx_wal_batch batch;
    struct btx_fault fault = {0};
    size_t used_pages;

    (void)state;
    segment_fixture_make(&fixture);
    segment_fixture_begin(&fixture, MAP_BYTES, 0);
    segment_fixture_batch(&fixture, 3);
    segment_fixture_batch(&fixture, 1000);
    used_pages = segment_fixture_pages(&fixture);
    segment_fixture_end(&fixture);
    reader = reader_open(&fixture, false, false);
    btx_segment_reader_claims(reader, &claims);
    assert_int_equal(claims.used_bytes, used_pages * BTX_WAL_PAGE_BYTES);
    assert_int_equal(claims.entries, 3);
    assert_int_equal(claims.transaction, 2);
    assert_false(claims.truncated);
    btx_segment_reader_close(reader);

    assert_int_equal(truncate(fixture.path, (off_t)(claims.used_bytes - 8 * 4096 - 100)), 0);
    reader = reader_open(&fixture, false, false);
    btx_segment_reader_claims(reader, &claims);
    assert_true(claims.truncated);
    expect_batch(reader, &fixture, 0);
    assert_int_equal(btx_segment_reader_next(reader, &batch, &damage, &fault), BTX_SEGMENT_BATCH);
    assert_int_equal(batch.number, 2);
    assert_true(batch.length_bytes > 4096 && batch.length_bytes < (size_t)1000 * 64);
    assert_memory_equal(batch.bytes, fixture.bytes + fixture.batches[1].offset_bytes,
                        batch.length_bytes);
    expect_damage(reader, "batch: the file ends within it", &damage);
    assert_int_equal(damage.batch, 2);
    assert_int_equal(damage.offset_bytes, batch.length_bytes);
    assert_string_equal(damage.segment, fixture.segment.name);
    expect_end(reader);
    btx_segment_reader_close(reader);
    segment_fixture_remove(&fixture);
}

/* A segment that was made and never written to is not damaged in a way that anything could be
 * found in it; and what an unfinished first commit left there was never acknowledged. */
static void open__nothing_was_committed__tells_and_finds_nothing(void **state)
{
    struct segment_fixture fixture;
    struct btx_segment_reader *reader;
    struct btx_segment_claims claims;
    struct btx_wal_damage damage;
    uint8_t metas[2 * BTX_WAL_PAGE_BYTES];
    int fd;

    (void)state;
    segment_fixture_make(&fixture);
    segment_fixture_begin(&fixture, MAP_BYTES, ZERO_BYTES);
    fd = open(fixture.path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pread(fd, metas, sizeof metas, 0), sizeof metas);
    segment_fixture_batch(&fixture, 3);
    segment_fixture_end(&fixture);
    assert_int_equal(pwrite(fd, metas, sizeof metas, 0), sizeof metas);
    assert_int_equal(close(fd), 0);
    reader = reader_open(&fixture, false, false);
    btx_segment_reader_claims(reader, &claims);
    assert_int_equal(claims.transaction, 0);
    assert_int_equal(claims.entries, 0);
    assert_null(btx_segment_reader_header(reader));
    expect_damage(reader, "header: nothing was ever committed to the segment", &damage);
    expect_end(reader);
    btx_segment_reader_close(reader);
    segment_fixture_remove(&fixture);
}

/* The same for the last commit of many: what the newest meta page does not lead to is not there. */
static void next__meta_page_of_the_last_commit_not_written__ends_before_it(void **state)
{
    struct segment_fixture fixture;
    struct btx_segment_reader *reader;
    uint8_t metas[2 * BTX_WAL_PAGE_BYTES];
    int fd;

    (void)state;
    segment_fixture_make(&fixture);
    segment_fixture_begin(&fixture, MAP_BYTES, ZERO_BYTES);
    for (size_t i = 0; i < 200; i++)
        segment_fixture_batch(&fixture, 1 + i % 50);
    fd = open(fixture.path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pread(fd, metas, sizeof metas, 0), sizeof metas);
    segment_fixture_batch(&fixture, 40);
    segment_fixture_end(&fixture);
    assert_int_equal(pwrite(fd, metas, sizeof metas, 0), sizeof metas);
    assert_int_equal(close(fd), 0);
    reader = reader_open(&fixture, false, false);
    for (size_t i = 0; i < 200; i++)
        expect_batch(reader, &fixture, i);
    expect_end(reader);
    btx_segment_reader_close(reader);
    segment_fixture_remove(&fixture);
}

/* A leaf whose records went wrong: a copy of the leaf from an earlier commit has them right. */
static void other__records_of_a_leaf_changed__gives_the_stale_copy(void **state)
{
    struct segment_fixture fixture;
    struct btx_segment_reader *reader;
    struct btx_wal_batch batch;
    struct btx_wal_damage damage;
    struct btx_fault fault = {0};
    size_t length_bytes;
    uint8_t *bytes;
    uint8_t *at;
    size_t others = 0;
    int fd;

    (void)state;
    segment_fixture_make(&fixture);
    segment_fixture_begin(&fixture, MAP_BYTES, 0);
    for (size_t i = 0; i < 8; i++)
        segment_fixture_batch(&fixture, 4);
    segment_fixture_end(&fixture);
    bytes = segment_fixture_file(&fixture, &length_bytes);
    fd = open(fixture.path, O_WRONLY | O_CLOEXEC);
    /* Each copy of the batch in turn; one of them is that of the tree. */
    for (at = bytes; (at = memmem(at, length_bytes - (size_t)(at - bytes),
                                  fixture.bytes + fixture.batches[2].offset_bytes, 256)) != NULL;
         at++) {
        const uint8_t wrong = at[100] ^ 0x10;

        assert_int_equal(pwrite(fd, &wrong, 1, at + 100 - bytes), 1);
        reader = reader_open(&fixture, false, false);
        expect_batch(reader, &fixture, 0);
        expect_batch(reader, &fixture, 1);
        assert_int_equal(btx_segment_reader_next(reader, &batch, &damage, &fault),
                         BTX_SEGMENT_BATCH);
        if (memcmp(batch.bytes, fixture.bytes + fixture.batches[2].offset_bytes, 256) != 0) {
            struct btx_wal_batch other;
            uint8_t first[256];

            memcpy(first, batch.bytes, sizeof first);
            others++;
            assert_int_equal(btx_segment_reader_other(reader, &other, &fault), BTX_SEGMENT_BATCH);
            assert_int_equal(other.number, batch.number);
            assert_int_equal(other.length_bytes, 256);
            assert_memory_equal(other.bytes, fixture.bytes + fixture.batches[2].offset_bytes, 256);
            assert_memory_equal(batch.bytes, first, sizeof first); /* It is still there. */
        }
        expect_batch(reader, &fixture, 3);
        btx_segment_reader_close(reader);
        assert_int_equal(pwrite(fd, at + 100, 1, at + 100 - bytes), 1);
    }
    assert_int_equal(others, 1);
    assert_int_equal(close(fd), 0);
    free(bytes);
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

/* Damage that is there in a snapshot that stands is real, is told once, and is stepped over; stale
 * pages are left alone, since a writer is using them again. */
static void next__leaf_damaged_under_a_writer__tells_once_and_goes_on(void **state)
{
    static const uint8_t zeros[BTX_WAL_PAGE_BYTES];
    struct segment_fixture fixture;
    struct btx_segment_reader *reader;
    struct btx_wal_damage damage;
    struct btx_wal_batch batch = {0};
    struct btx_fault fault = {0};
    const uint64_t page = 100;
    size_t batches = 0;
    size_t damages = 0;
    int fd;

    (void)state;
    segment_fixture_make(&fixture);
    segment_fixture_begin(&fixture, MAP_BYTES, ZERO_BYTES);
    for (size_t i = 0; i < 2000; i++)
        segment_fixture_batch(&fixture, 4);
    fd = open(fixture.path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, zeros, sizeof zeros, page * BTX_WAL_PAGE_BYTES), sizeof zeros);
    assert_int_equal(close(fd), 0);
    reader = reader_open(&fixture, false, true);
    for (bool more = true; more;) {
        switch (btx_segment_reader_next(reader, &batch, &damage, &fault)) {
        case BTX_SEGMENT_BATCH:
            batches++;
            break;
        case BTX_SEGMENT_DAMAGE:
            damages++;
            assert_int_equal(damage.page, page);
            break;
        case BTX_SEGMENT_END:
            more = false;
            break;
        case BTX_SEGMENT_FAULT:
            fail_msg("%s", fault.text);
        }
    }
    assert_int_equal(damages, 1);
    assert_true(batches < 2000 && batches > 1980);
    assert_int_equal(batch.number, 2000);
    segment_fixture_batch(&fixture, 5);
    expect_batch(reader, &fixture, 2000);
    expect_end(reader);
    btx_segment_reader_close(reader);
    segment_fixture_remove(&fixture);
}

/* Where the leaf is that holds the last batch, which has only one copy yet, and the first batch
 * that this leaf holds. */
static size_t last_leaf(const struct segment_fixture *fixture, size_t *ret_begin)
{
    size_t length_bytes;
    uint8_t *bytes = segment_fixture_file(fixture, &length_bytes);
    const struct fixture_batch *last = &fixture->batches[fixture->batch_count - 1];
    const uint8_t *at =
        memmem(bytes, length_bytes, fixture->bytes + last->offset_bytes, last->length_bytes);
    const size_t page = (size_t)(at - bytes) / BTX_WAL_PAGE_BYTES * BTX_WAL_PAGE_BYTES;

    *ret_begin = fixture->batch_count;
    while (*ret_begin > 0 && memmem(bytes + page, BTX_WAL_PAGE_BYTES,
                                    fixture->bytes + fixture->batches[*ret_begin - 1].offset_bytes,
                                    fixture->batches[*ret_begin - 1].length_bytes) != NULL)
        --*ret_begin;
    free(bytes);
    return page;
}

/* As long as the snapshots lead to the same damaged page it is not told again. */
static void next__last_leaf_damaged_under_a_writer__is_told_once(void **state)
{
    static const uint8_t zeros[BTX_WAL_PAGE_BYTES];
    struct segment_fixture fixture;
    struct btx_segment_reader *reader;
    struct btx_wal_damage damage;
    size_t begin = 0;
    int fd;

    (void)state;
    segment_fixture_make(&fixture);
    segment_fixture_begin(&fixture, MAP_BYTES, 0);
    segment_fixture_batch(&fixture, 4);
    segment_fixture_begin(&fixture, MAP_BYTES, ZERO_BYTES);
    for (size_t i = 0; i < 100; i++)
        segment_fixture_batch(&fixture, 4);
    fd = open(fixture.path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, zeros, sizeof zeros, (off_t)last_leaf(&fixture, &begin)),
                     sizeof zeros);
    assert_int_equal(close(fd), 0);
    reader = reader_open(&fixture, false, true);
    for (size_t i = 0; i < begin; i++)
        expect_batch(reader, &fixture, i);
    expect_damage(reader, "page: it says that it is another page", &damage);
    expect_end(reader);
    segment_fixture_seal(&fixture); /* A new snapshot, which leads to the same last leaf. */
    expect_end(reader);
    assert_non_null(btx_segment_reader_seal(reader, 0));
    btx_segment_reader_close(reader);
    segment_fixture_remove(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segment_fixture__any_sizes__makes_valid_batches),
        cmocka_unit_test(next__batches_of_many_sizes__are_handed_out_as_written),
        cmocka_unit_test(next__thousands_of_commits__are_handed_out_as_written),
        cmocka_unit_test(seek__every_seq__finds_the_batch_that_holds_it),
        cmocka_unit_test(seal__several_in_a_segment__are_found_in_order),
        cmocka_unit_test(next__file_ends_within_a_batch__hands_out_its_begin_and_tells),
        cmocka_unit_test(open__nothing_was_committed__tells_and_finds_nothing),
        cmocka_unit_test(next__meta_page_of_the_last_commit_not_written__ends_before_it),
        cmocka_unit_test(other__records_of_a_leaf_changed__gives_the_stale_copy),
        cmocka_unit_test(next__a_writer_at_work__hands_out_each_batch_once),
        cmocka_unit_test(next__leaf_damaged_under_a_writer__tells_once_and_goes_on),
        cmocka_unit_test(next__last_leaf_damaged_under_a_writer__is_told_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
