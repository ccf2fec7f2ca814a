/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <endian.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/wal/page_scan.h"
#include "engine/wal/segment_reader.h"
#include "segment_fixture.h"

enum { PAGE = BTX_WAL_PAGE_BYTES, UNIT = BTX_RECORD_UNIT_BYTES };

/* --- Records ---------------------------------------------------------------------------------- */

/* What is said of records holds up to the first one that is wrong in itself or in its place. */
static void page_content_check__wrong_record__ends_before_it(void **state)
{
    struct segment_fixture fixture;
    struct btx_page_content content;
    struct btx_record *record;
    uint8_t *bytes;

    (void)state;
    segment_fixture_make(&fixture);
    fixture.position.seq = 41;
    segment_fixture_begin(&fixture, (size_t)1 << 24, 0);
    segment_fixture_batch(&fixture, 10);
    bytes = fixture.bytes;

    btx_page_content_check(bytes, (size_t)10 * UNIT, &content);
    assert_int_equal(content.valid_bytes, 10 * UNIT);
    assert_int_equal(content.seq, 42);
    assert_int_equal(content.next_seq, 51);
    btx_page_content_check(bytes, (size_t)9 * UNIT + 63, &content);
    assert_int_equal(content.valid_bytes, 9 * UNIT);
    assert_int_equal(content.next_seq, 50);
    btx_page_content_check(bytes, 0, &content);
    assert_int_equal(content.valid_bytes, 0);

    bytes[4 * UNIT + 40] ^= 1;
    btx_page_content_check(bytes, (size_t)10 * UNIT, &content);
    assert_int_equal(content.valid_bytes, 4 * UNIT);
    bytes[4 * UNIT + 40] ^= 1;
    record = (void *)(bytes + (size_t)6 * UNIT);
    record->seq++;
    btx_record_seal(record);
    btx_page_content_check(bytes, (size_t)10 * UNIT, &content);
    assert_int_equal(content.valid_bytes, 6 * UNIT);
    segment_fixture_remove(&fixture);
}

/* A batch that begins with a note has the key of the event behind it. */
static void page_content_check__note_first__names_the_next_event(void **state)
{
    struct segment_fixture fixture;
    struct btx_page_content content;

    (void)state;
    segment_fixture_make(&fixture);
    fixture.position.seq = 41;
    segment_fixture_begin(&fixture, (size_t)1 << 24, 0);
    segment_fixture_batch(&fixture, 1);
    btx_page_content_check(fixture.bytes, UNIT, &content);
    assert_int_equal(content.valid_bytes, UNIT);
    assert_int_equal(content.seq, 42);
    assert_int_equal(content.next_seq, 42);
    segment_fixture_remove(&fixture);
}

/* --- Segments whose pages are gone ------------------------------------------------------------ */

/* Write zeros over the pages of those kinds; @begin and @end are of all pages of them. */
static size_t pages_wipe(const struct segment_fixture *fixture, unsigned flags, size_t begin,
                         size_t end)
{
    static const uint8_t zeros[PAGE];
    size_t length_bytes;
    uint8_t *bytes = segment_fixture_file(fixture, &length_bytes);
    size_t count = 0;
    int fd = open(fixture->path, O_WRONLY | O_CLOEXEC);

    for (size_t page = 0; page < length_bytes / PAGE; page++) {
        const struct btx_page_header *header = (const void *)(bytes + page * PAGE);

        if (header->number != page || (header->flags & flags) == 0)
            continue;
        if (count >= begin && count < end)
            CHECK(pwrite(fd, zeros, PAGE, (off_t)(page * PAGE)) == PAGE);
        count++;
    }
    CHECK(close(fd) == 0);
    free(bytes);
    return count;
}

static struct btx_segment_reader *reader_open(const struct segment_fixture *fixture)
{
    const struct btx_segment_options options = {0};
    struct btx_segment_reader *reader;
    struct btx_fault fault = {0};

    assert_int_equal(btx_segment_reader_open(&reader, fixture->segments_fd, fixture->segment.name,
                                             &options, &fault),
                     BTX_OK);
    return reader;
}

/* The next batch, and how many damages stood before it; false at the end. */
static bool next_batch(struct btx_segment_reader *reader, struct btx_wal_batch *ret_batch,
                       size_t *damages)
{
    for (;;) {
        struct btx_wal_damage damage;
        struct btx_fault fault = {0};

        switch (btx_segment_reader_next(reader, ret_batch, &damage, &fault)) {
        case BTX_SEGMENT_BATCH:
            return true;
        case BTX_SEGMENT_DAMAGE:
            ++*damages;
            break;
        case BTX_SEGMENT_END:
            return false;
        case BTX_SEGMENT_FAULT:
            fail_msg("%s", fault.text);
        }
    }
}

static void expect_written(const struct segment_fixture *fixture, size_t index,
                           const struct btx_wal_batch *batch)
{
    const struct fixture_batch *written = &fixture->batches[index];

    assert_int_equal(batch->seq, written->seq);
    assert_int_equal(batch->number, written->number);
    assert_int_equal(batch->length_bytes, written->length_bytes);
    assert_memory_equal(batch->bytes, fixture->bytes + written->offset_bytes, batch->length_bytes);
}

/* Nothing is left but overflow pages: their records still say which batches they are. */
static void page_scan_next__no_leaf_is_left__runs_are_found_by_their_records(void **state)
{
    struct segment_fixture fixture;
    struct btx_segment_reader *reader;
    struct btx_wal_batch batch;
    size_t damages = 0;
    size_t count = 0;

    (void)state;
    segment_fixture_make(&fixture);
    segment_fixture_begin(&fixture, (size_t)64 << 20, 0);
    for (size_t i = 0; i < 300; i++)
        segment_fixture_batch(&fixture, 32 + i * 7 % 2000);
    segment_fixture_end(&fixture);
    (void)pages_wipe(&fixture, BTX_PAGE_LEAF | BTX_PAGE_BRANCH | BTX_PAGE_META, 0, SIZE_MAX);
    reader = reader_open(&fixture);
    while (next_batch(reader, &batch, &damages))
        expect_written(&fixture, count++, &batch);
    assert_int_equal(count, fixture.batch_count);
    assert_int_equal(damages, 2); /* The meta pages: of the others nothing is known. */
    btx_segment_reader_close(reader);
    segment_fixture_remove(&fixture);
}

/* Leaves in the middle are gone, and with them small batches and the names of large ones.  Large
 * ones are found, with their numbers where the seqs meet those of a neighbour that has one. */
static void page_scan_next__leaves_are_gone__runs_are_numbered_by_their_neighbours(void **state)
{
    struct segment_fixture fixture;
    struct btx_segment_reader *reader;
    struct btx_wal_batch batch;
    struct btx_wal_position last = {0};
    size_t damages = 0;
    size_t large = 0;
    size_t count;

    (void)state;
    segment_fixture_make(&fixture);
    segment_fixture_begin(&fixture, (size_t)64 << 20, 0);
    for (size_t i = 0; i < 1500; i++)
        segment_fixture_batch(&fixture, i % 100 < 50 ? 40 + i % 7 : 5 + i % 3);
    segment_fixture_end(&fixture);
    count = pages_wipe(&fixture, BTX_PAGE_LEAF, 0, 0);
    (void)pages_wipe(&fixture, BTX_PAGE_LEAF, 3, count - 3);
    reader = reader_open(&fixture);
    while (next_batch(reader, &batch, &damages)) {
        const size_t index = (size_t)(batch.number - 1);

        assert_true(batch.seq > last.seq && batch.number > last.batch);
        last = (struct btx_wal_position){.seq = batch.seq, .batch = batch.number};
        if (batch.length_bytes < (size_t)40 * UNIT)
            continue;
        large++;
        /* The number may be less than it was where small ones are missing, never more. */
        assert_true(index < fixture.batch_count && batch.seq >= fixture.batches[index].seq);
    }
    assert_int_equal(large, 750);
    assert_true(damages > 0);
    btx_segment_reader_close(reader);
    segment_fixture_remove(&fixture);
}

/* Write zeros over the key of batch @index wherever it is, but not where branches need it: they
 * have remains of leaves, too. */
static void key_wipe(const struct segment_fixture *fixture, size_t index)
{
    static const uint8_t zeros[16];
    const uint64_t key[2] = {htobe64(fixture->batches[index].seq),
                             htobe64(fixture->batches[index].number)};
    size_t length_bytes;
    uint8_t *bytes = segment_fixture_file(fixture, &length_bytes);
    int fd = open(fixture->path, O_WRONLY | O_CLOEXEC);

    for (const uint8_t *at = bytes;
         (at = memmem(at, length_bytes - (size_t)(at - bytes), key, sizeof key)) != NULL; at++) {
        const size_t offset = (size_t)(at - bytes);

        if (btx_page_header(bytes + offset / PAGE * PAGE)->flags != BTX_PAGE_BRANCH ||
            at[-4] == BTX_PAGE_NODE_BIG ||
            memcmp(at + 16, fixture->bytes + fixture->batches[index].offset_bytes, 16) == 0)
            CHECK(pwrite(fd, zeros, sizeof zeros, (off_t)offset) == sizeof zeros);
    }
    CHECK(close(fd) == 0);
    free(bytes);
}

/* All keys are lost of some large batches, of small ones behind them, and of large ones again.
 * The first count on from the last that is known; the last count back from the next one. */
static void page_scan_next__keys_are_gone__numbers_come_from_both_ends(void **state)
{
    enum { LARGE = 200, SMALL = 5, KEYLESS = 30 };
    struct segment_fixture fixture;
    struct btx_segment_reader *reader;
    struct btx_wal_batch batch;
    size_t damages = 0;
    size_t count = 0;

    (void)state;
    segment_fixture_make(&fixture);
    segment_fixture_begin(&fixture, (size_t)64 << 20, 0);
    for (size_t i = 0; i < 2 * LARGE + SMALL; i++)
        segment_fixture_batch(&fixture, i >= LARGE && i < LARGE + SMALL ? 3 : 33 + i % 5);
    segment_fixture_end(&fixture);
    for (size_t i = LARGE - KEYLESS; i < LARGE + SMALL + KEYLESS; i++)
        key_wipe(&fixture, i);
    reader = reader_open(&fixture);
    while (next_batch(reader, &batch, &damages)) {
        count += count == LARGE ? SMALL : 0;
        expect_written(&fixture, count++, &batch);
    }
    assert_int_equal(count, fixture.batch_count);
    assert_true(damages > 0);
    btx_segment_reader_close(reader);
    segment_fixture_remove(&fixture);
}

/* Stale copies of a leaf name the same runs: they are remembered once.  And what overlaps the batch
 * behind the gap cannot be in it. */
static void page_scan_next__copies_of_a_leaf__count_once_and_must_fit(void **state)
{
    struct btx_page_gap gap = {.after = {1, 0}, .has_before = true, .before = {3, 2}};
    struct segment_fixture fixture;
    struct btx_page_scan scan = {0};
    struct btx_page_buffer buffer = {0};
    struct btx_page_file file;
    struct btx_page_found found;
    struct btx_page_key after;
    struct btx_fault fault = {0};
    size_t runs = 0;

    (void)state;
    segment_fixture_make(&fixture);
    segment_fixture_begin(&fixture, (size_t)64 << 20, 0);
    for (size_t i = 0; i < 80; i++)
        segment_fixture_batch(&fixture, 40);
    segment_fixture_end(&fixture);
    assert_int_equal(
        btx_page_file_open(&file, fixture.segments_fd, fixture.segment.name, false, false, &fault),
        BTX_OK);
    assert_int_equal(btx_page_scan_build(&scan, &file, &fault), BTX_OK);
    for (size_t i = 0; i < scan.count; i++)
        runs += scan.items[i].run_page != 0;
    assert_int_equal(runs, fixture.batch_count);

    assert_int_equal(btx_page_scan_next(&scan, &file, &gap, &buffer, &found, &fault), BTX_PAGE_END);
    assert_true(btx_page_scan_seek(&scan, 1, &after));
    gap.before.seq = fixture.batches[1].seq;
    assert_int_equal(btx_page_scan_next(&scan, &file, &gap, &buffer, &found, &fault),
                     BTX_PAGE_ENTRY);
    assert_int_equal(found.key.batch, 1);
    assert_true(found.whole);
    assert_int_equal(found.next_seq, fixture.batches[1].seq);
    btx_page_scan_done(&scan);
    btx_page_buffer_done(&buffer);
    btx_page_file_close(&file);
    segment_fixture_remove(&fixture);
}

/* Whoever seeks in a damaged segment finds the batch all the same. */
static void page_scan_seek__leaves_are_gone__finds_each_batch_by_its_seq(void **state)
{
    struct segment_fixture fixture;
    struct btx_segment_reader *reader;
    struct btx_fault fault = {0};

    (void)state;
    segment_fixture_make(&fixture);
    segment_fixture_begin(&fixture, (size_t)64 << 20, 0);
    for (size_t i = 0; i < 400; i++)
        segment_fixture_batch(&fixture, 33 + i * 7 % 50);
    segment_fixture_end(&fixture);
    (void)pages_wipe(&fixture, BTX_PAGE_LEAF, 1, SIZE_MAX);
    reader = reader_open(&fixture);
    for (size_t i = 0; i < fixture.batch_count; i += 3) {
        struct btx_wal_batch batch;
        size_t damages = 0;

        assert_int_equal(btx_segment_reader_seek(reader, fixture.batches[i].seq + i % 30, &fault),
                         BTX_OK);
        assert_true(next_batch(reader, &batch, &damages));
        assert_int_equal(batch.seq, fixture.batches[i].seq);
        assert_memory_equal(batch.bytes, fixture.bytes + fixture.batches[i].offset_bytes,
                            fixture.batches[i].length_bytes);
        assert_true(next_batch(reader, &batch, &damages) == (i + 1 < fixture.batch_count));
    }
    btx_segment_reader_close(reader);
    segment_fixture_remove(&fixture);
}

/* --- A file made to be read for ever ---------------------------------------------------------- */

/* Thousands of entries name one run of notes, which any number of batches could be. */
static void page_scan_next__entries_share_a_run__reads_no_more_than_its_budget(void **state)
{
    enum { LEAVES = 40, NODES = 120, RUN_PAGES = 4, PAGES = 2 + LEAVES + RUN_PAGES };
    const struct btx_page_gap gap = {.after = {1, 0}};
    const uint64_t run_page = 2 + LEAVES;
    const size_t value_bytes = (size_t)RUN_PAGES * PAGE - UNIT;
    uint8_t *bytes = calloc(PAGES, PAGE);
    struct btx_page_scan scan = {0};
    struct btx_page_buffer buffer = {0};
    struct btx_page_found found;
    struct btx_page_file file;
    struct temp_folder folder;
    struct btx_fault fault = {0};
    size_t count = 0;

    (void)state;
    for (uint64_t leaf = 0; leaf < LEAVES; leaf++) {
        uint8_t *page = bytes + (2 + leaf) * PAGE;
        struct btx_page_header *header = (void *)page;

        *header = (struct btx_page_header){
            .number = 2 + leaf, .flags = BTX_PAGE_LEAF, .lower = 16, .upper = PAGE};
        for (uint64_t i = 0; i < NODES; i++) {
            const struct btx_page_node node = {(uint16_t)value_bytes, 0, BTX_PAGE_NODE_BIG, 16};
            const uint64_t numbers[3] = {htobe64(2), htobe64(1 + leaf * NODES + i), run_page};

            header->upper = (uint16_t)(header->upper - 32);
            memcpy(page + header->lower, &header->upper, 2);
            memcpy(page + header->upper, &node, sizeof node);
            memcpy(page + header->upper + 8, numbers, sizeof numbers);
            header->lower = (uint16_t)(header->lower + 2);
        }
    }
    for (size_t at = run_page * PAGE + 16; at < PAGES * PAGE - UNIT; at += UNIT) {
        struct btx_record *record = (void *)(bytes + at);

        *record = (struct btx_record){
            .length_units = 1, .kind_flags = BTX_RECORD_NOTE, .type = 4, .seq = 1, .tx = 1};
        btx_record_seal(record);
        assert_null(btx_record_check(record, UNIT));
    }
    temp_folder_make(&folder);
    temp_folder_put(&folder, "file", bytes, (size_t)PAGES * PAGE);
    assert_int_equal(btx_page_file_open(&file, folder.fd, "file", false, false, &fault), BTX_OK);
    assert_int_equal(btx_page_scan_build(&scan, &file, &fault), BTX_OK);
    assert_int_equal(scan.count, LEAVES * NODES);
    while (btx_page_scan_next(&scan, &file, &gap, &buffer, &found, &fault) == BTX_PAGE_ENTRY)
        count++;
    assert_true(count > 0 && count <= 8 * (PAGES + 1) / RUN_PAGES);
    btx_page_scan_done(&scan);
    btx_page_buffer_done(&buffer);
    btx_page_file_close(&file);
    temp_folder_remove(&folder);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_content_check__wrong_record__ends_before_it),
        cmocka_unit_test(page_content_check__note_first__names_the_next_event),
        cmocka_unit_test(page_scan_next__no_leaf_is_left__runs_are_found_by_their_records),
        cmocka_unit_test(page_scan_next__leaves_are_gone__runs_are_numbered_by_their_neighbours),
        cmocka_unit_test(page_scan_next__keys_are_gone__numbers_come_from_both_ends),
        cmocka_unit_test(page_scan_next__copies_of_a_leaf__count_once_and_must_fit),
        cmocka_unit_test(page_scan_seek__leaves_are_gone__finds_each_batch_by_its_seq),
        cmocka_unit_test(page_scan_next__entries_share_a_run__reads_no_more_than_its_budget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
