/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <endian.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/wal/page_walker.h"
#include "segment_fixture.h"

enum { PAGE = BTX_WAL_PAGE_BYTES };

struct walk {
    struct btx_page_file file;
    struct btx_page_walker walker;
    struct btx_page_buffer buffer;
};

static void walk_open(struct walk *walk, const struct segment_fixture *fixture, bool changing)
{
    struct btx_fault fault = {0};

    *walk = (struct walk){0};
    assert_int_equal(btx_page_file_open(&walk->file, fixture->segments_fd, fixture->segment.name,
                                        false, changing, &fault),
                     BTX_OK);
    assert_int_equal(btx_page_walker_init(&walk->walker, &walk->file, &fault), BTX_OK);
}

static void walk_close(struct walk *walk)
{
    btx_page_walker_done(&walk->walker);
    btx_page_walker_done(&walk->walker);
    btx_page_file_close(&walk->file);
    btx_page_buffer_done(&walk->buffer);
}

static enum btx_page_step walk_next(struct walk *walk, struct btx_page_entry *ret_entry,
                                    struct btx_wal_damage *ret_damage)
{
    struct btx_fault fault = {0};
    const enum btx_page_step step =
        btx_page_walker_next(&walk->walker, ret_entry, ret_damage, &fault);

    if (step == BTX_PAGE_FAULT)
        fail_msg("%s", fault.text);
    return step;
}

/* A cursor of liblmdb over the same file. */
struct cursor {
    MDB_txn *transaction;
    MDB_cursor *cursor;
    unsigned depth;
};

static void cursor_open(struct cursor *cursor, const struct segment_fixture *fixture)
{
    MDB_stat statistics;

    CHECK(mdb_txn_begin(fixture->environment, NULL, MDB_RDONLY, &cursor->transaction) == 0);
    CHECK(mdb_cursor_open(cursor->transaction, fixture->database, &cursor->cursor) == 0);
    CHECK(mdb_stat(cursor->transaction, fixture->database, &statistics) == 0);
    cursor->depth = statistics.ms_depth;
}

static void cursor_close(struct cursor *cursor)
{
    mdb_cursor_close(cursor->cursor);
    mdb_txn_abort(cursor->transaction);
}

static struct btx_page_key key_of(const MDB_val *key)
{
    uint64_t numbers[2];

    assert_int_equal(key->mv_size, sizeof numbers);
    memcpy(numbers, key->mv_data, sizeof numbers);
    return (struct btx_page_key){be64toh(numbers[0]), be64toh(numbers[1])};
}

static void expect_same_entry(struct walk *walk, const struct btx_page_entry *entry,
                              const MDB_val *key, const MDB_val *data)
{
    const struct btx_page_key expected = key_of(key);
    struct btx_page_value value;
    struct btx_fault fault = {0};

    assert_int_equal(btx_page_key_compare(&entry->key, &expected), 0);
    assert_int_equal(entry->value_bytes, data->mv_size);
    assert_int_equal(btx_page_value_read(&walk->file, entry, &walk->buffer, &value, &fault),
                     BTX_OK);
    assert_null(value.why);
    assert_int_equal(value.length_bytes, data->mv_size);
    assert_memory_equal(value.bytes, data->mv_data, data->mv_size);
}

/* All entries, key by key and byte by byte. */
static void expect_same(const struct segment_fixture *fixture)
{
    struct cursor cursor;
    struct walk walk;
    struct btx_page_entry entry;
    struct btx_wal_damage damage;
    MDB_val key;
    MDB_val data;

    cursor_open(&cursor, fixture);
    walk_open(&walk, fixture, false);
    assert_int_equal(walk.walker.meta_damage_count, 0);
    assert_int_equal(walk.walker.snapshot.depth, cursor.depth);
    while (mdb_cursor_get(cursor.cursor, &key, &data, MDB_NEXT) == 0) {
        const enum btx_page_step step = walk_next(&walk, &entry, &damage);

        if (step != BTX_PAGE_ENTRY)
            fail_msg("%s", step == BTX_PAGE_DAMAGE ? damage.why : "the end");
        expect_same_entry(&walk, &entry, &key, &data);
    }
    assert_int_equal(walk_next(&walk, &entry, &damage), BTX_PAGE_END);
    assert_int_equal(walk_next(&walk, &entry, &damage), BTX_PAGE_END);
    walk_close(&walk);
    cursor_close(&cursor);
}

/* What liblmdb finds, and nothing else, while a segment grows from nothing to three levels. */
static void page_walker_next__growing_segment__is_what_liblmdb_says(void **state)
{
    struct segment_fixture fixture;
    struct cursor cursor;

    (void)state;
    segment_fixture_make(&fixture);
    segment_fixture_begin(&fixture, (size_t)64 << 20, 0);
    segment_fixture_batch(&fixture, 3);
    segment_fixture_begin(&fixture, (size_t)64 << 20, (size_t)1 << 20);
    expect_same(&fixture);
    for (size_t i = 0; i < 3000; i++) {
        segment_fixture_batch(&fixture, i % 40 == 7 ? 30 + i % 90 : 1 + i * 13 % 31);
        if (i < 60 || i % 250 == 0)
            expect_same(&fixture);
        if (i == 1000)
            segment_fixture_seal(&fixture);
    }
    expect_same(&fixture);
    cursor_open(&cursor, &fixture);
    assert_int_equal(cursor.depth, 3);
    cursor_close(&cursor);
    segment_fixture_remove(&fixture);
}

/* Any key can be sought, whether it is there or not. */
static void page_walker_seek__keys_between_all_entries__is_what_liblmdb_says(void **state)
{
    struct segment_fixture fixture;
    struct cursor cursor;
    struct walk walk;

    (void)state;
    segment_fixture_make(&fixture);
    segment_fixture_begin(&fixture, (size_t)64 << 20, 0);
    for (size_t i = 0; i < 400; i++)
        segment_fixture_batch(&fixture, 1 + i * 13 % 40);
    cursor_open(&cursor, &fixture);
    walk_open(&walk, &fixture, false);
    for (uint64_t seq = 0; seq <= fixture.position.seq + 2; seq++) {
        for (uint64_t number = seq % 3; number < 450; number += 64) {
            const struct btx_page_key target = {seq, number};
            uint64_t numbers[2] = {htobe64(seq), htobe64(number)};
            MDB_val key = {sizeof numbers, numbers};
            MDB_val data;
            const bool found = mdb_cursor_get(cursor.cursor, &key, &data, MDB_SET_RANGE) == 0;
            struct btx_page_entry entry;
            struct btx_wal_damage damage;

            btx_page_walker_seek(&walk.walker, &target);
            assert_int_equal(walk_next(&walk, &entry, &damage),
                             found ? BTX_PAGE_ENTRY : BTX_PAGE_END);
            if (found)
                expect_same_entry(&walk, &entry, &key, &data);
        }
    }
    walk_close(&walk);
    cursor_close(&cursor);
    segment_fixture_remove(&fixture);
}

static void page_walker_floor__every_key_and_those_beside_it__is_found(void **state)
{
    struct segment_fixture fixture;
    struct walk walk;
    struct btx_page_key before = {0, 0};

    (void)state;
    segment_fixture_make(&fixture);
    segment_fixture_begin(&fixture, (size_t)64 << 20, 0);
    for (size_t i = 0; i < 400; i++)
        segment_fixture_batch(&fixture, 1 + i * 13 % 40);
    walk_open(&walk, &fixture, false);
    for (size_t i = 0; i <= fixture.batch_count; i++) {
        const bool end = i == fixture.batch_count;
        const struct btx_page_key key = {end ? UINT64_MAX : fixture.batches[i].seq,
                                         end ? UINT64_MAX : fixture.batches[i].number};
        const struct btx_page_key below = {key.seq, key.batch - 1};
        struct btx_page_key found;
        struct btx_wal_damage damage;
        struct btx_fault fault = {0};

        assert_int_equal(
            btx_page_walker_floor(&walk.walker, end ? &key : &below, &found, &damage, &fault),
            BTX_PAGE_ENTRY);
        assert_int_equal(btx_page_key_compare(&found, &before), 0);
        if (end)
            break;
        assert_int_equal(btx_page_walker_floor(&walk.walker, &key, &found, &damage, &fault),
                         BTX_PAGE_ENTRY);
        assert_int_equal(btx_page_key_compare(&found, &key), 0);
        before = key;
    }
    walk_close(&walk);
    segment_fixture_remove(&fixture);
}

/* --- Trees that were made to be walked for ever ----------------------------------------------- */

/* A file of our own making: both meta pages, and a tree whose pages a test fills in. */
struct forged {
    struct segment_fixture fixture; /* its folder, and a name for the file */
    uint8_t *bytes;
    size_t pages;
};

static void forged_make(struct forged *forged, size_t pages, unsigned depth, uint64_t entries)
{
    segment_fixture_make(&forged->fixture);
    btx_log_segment_name(&forged->fixture.segment, 1, 1);
    forged->pages = pages;
    forged->bytes = calloc(pages, PAGE);
    for (uint64_t i = 0; i < 2; i++) {
        struct btx_page_meta *meta = (void *)(forged->bytes + i * PAGE);

        *meta = (struct btx_page_meta){
            .header = {.number = i, .flags = BTX_PAGE_META},
            .magic = BTX_PAGE_MAGIC,
            .version = BTX_PAGE_VERSION,
            .free = {.page_bytes = PAGE, .flags = 8, .root = BTX_PAGE_NONE},
            .main = {.root = 2, .depth = (uint16_t)depth, .entries = entries + i},
            .last_page = pages - 1,
            .transaction = 2 + i,
        };
    }
}

static uint8_t *forged_page(struct forged *forged, uint64_t number, unsigned flags)
{
    struct btx_page_header *header = (void *)(forged->bytes + number * PAGE);

    *header = (struct btx_page_header){
        .number = number, .flags = (uint16_t)flags, .lower = 16, .upper = PAGE};
    return forged->bytes + number * PAGE;
}

/* Add a node; @payload_bytes of @payload follow the key. */
static void forged_node(uint8_t *page, uint64_t seq, uint64_t number, uint32_t low_high,
                        unsigned flags, const void *payload, size_t payload_bytes)
{
    struct btx_page_header *header = (void *)page;
    const uint64_t key[2] = {htobe64(seq), htobe64(number)};
    struct btx_page_node node = {(uint16_t)low_high, (uint16_t)(low_high >> 16), (uint16_t)flags,
                                 sizeof key};

    header->upper = (uint16_t)(header->upper - (sizeof node + sizeof key + payload_bytes));
    memcpy(page + header->lower, &header->upper, sizeof header->upper);
    memcpy(page + header->upper, &node, sizeof node);
    memcpy(page + header->upper + sizeof node, key, sizeof key);
    if (payload_bytes != 0)
        memcpy(page + header->upper + sizeof node + sizeof key, payload, payload_bytes);
    header->lower = (uint16_t)(header->lower + sizeof header->upper);
}

/* Walk to the end; no more steps than pages, whatever the pages say. */
static void forged_walk(struct forged *forged, size_t steps_max, size_t *ret_entries,
                        size_t *ret_damages)
{
    struct btx_page_entry entry;
    struct btx_wal_damage damage;
    struct walk walk;
    enum btx_page_step step;
    size_t steps = 0;
    int fd = openat(forged->fixture.segments_fd, forged->fixture.segment.name,
                    O_WRONLY | O_CREAT | O_CLOEXEC, 0640);

    CHECK(fd >= 0);
    CHECK(write(fd, forged->bytes, forged->pages * PAGE) == (ssize_t)(forged->pages * PAGE));
    CHECK(close(fd) == 0);
    *ret_entries = *ret_damages = 0;
    walk_open(&walk, &forged->fixture, false);
    assert_int_equal(walk.walker.meta_damage_count, 0);
    while ((step = walk_next(&walk, &entry, &damage)) != BTX_PAGE_END) {
        assert_true(steps++ < steps_max);
        *(step == BTX_PAGE_ENTRY ? ret_entries : ret_damages) += 1;
    }
    walk_close(&walk);
    free(forged->bytes);
    segment_fixture_remove(&forged->fixture);
}

/* Branches that lead to themselves: the depth and the keys end it. */
static void page_walker_next__branch_leads_to_itself__ends(void **state)
{
    struct forged forged;
    uint8_t *page;
    size_t entries;
    size_t damages;

    (void)state;
    forged_make(&forged, 3, BTX_PAGE_DEPTH_MAX, 100);
    page = forged_page(&forged, 2, BTX_PAGE_BRANCH);
    for (uint64_t i = 1; i <= 100; i++)
        forged_node(page, i, 0, 2, 0, NULL, 0);
    forged_walk(&forged, 1000, &entries, &damages);
    assert_int_equal(entries, 0);
    assert_true(damages > 0);
}

/* Two keys of a branch lead to one leaf: it is where its first key says, and nowhere else. */
static void page_walker_next__two_keys_lead_to_one_leaf__hands_it_out_once(void **state)
{
    static const uint8_t value[64];
    struct forged forged;
    uint8_t *page;
    size_t entries;
    size_t damages;

    (void)state;
    forged_make(&forged, 5, 2, 4);
    page = forged_page(&forged, 2, BTX_PAGE_BRANCH);
    forged_node(page, 1, 1, 3, 0, NULL, 0);
    forged_node(page, 5, 5, 3, 0, NULL, 0);
    page = forged_page(&forged, 3, BTX_PAGE_LEAF);
    forged_node(page, 1, 1, sizeof value, 0, value, sizeof value);
    forged_node(page, 2, 2, sizeof value, 0, value, sizeof value);
    forged_walk(&forged, 100, &entries, &damages);
    assert_int_equal(entries, 2);
    assert_int_equal(damages, 1);
}

/* A leaf that reaches into the one beside it: what is there would come twice, or out of order. */
static void page_walker_next__leaf_reaches_into_the_next__is_damage(void **state)
{
    static const uint8_t value[64];
    struct forged forged;
    uint8_t *page;
    size_t entries;
    size_t damages;

    (void)state;
    forged_make(&forged, 5, 2, 4);
    page = forged_page(&forged, 2, BTX_PAGE_BRANCH);
    forged_node(page, 1, 1, 3, 0, NULL, 0);
    forged_node(page, 5, 5, 4, 0, NULL, 0);
    page = forged_page(&forged, 3, BTX_PAGE_LEAF);
    forged_node(page, 1, 1, sizeof value, 0, value, sizeof value);
    forged_node(page, 5, 5, sizeof value, 0, value, sizeof value);
    page = forged_page(&forged, 4, BTX_PAGE_LEAF);
    forged_node(page, 5, 5, sizeof value, 0, value, sizeof value);
    forged_walk(&forged, 100, &entries, &damages);
    assert_int_equal(entries, 1);
    assert_int_equal(damages, 1);
}

/* Thousands of references to pages that are wrong: no more is read than the file has pages. */
static void page_walker_next__more_children_than_pages__ends(void **state)
{
    struct forged forged;
    uint8_t *page;
    size_t entries;
    size_t damages;

    (void)state;
    forged_make(&forged, 20, 2, 100);
    page = forged_page(&forged, 2, BTX_PAGE_BRANCH);
    for (uint64_t i = 1; i <= 150; i++)
        forged_node(page, i, 0, 3, 0, NULL, 0);
    forged_walk(&forged, 1000, &entries, &damages);
    assert_int_equal(entries, 0);
    assert_int_equal(damages, 20);
}

/* A hundred values in the same pages would be a hundred times the file to read. */
static void page_walker_next__values_share_their_pages__ends(void **state)
{
    const uint64_t run_page = 3;
    struct forged forged;
    uint8_t *page;
    size_t entries;
    size_t damages;

    (void)state;
    forged_make(&forged, 64, 1, 100);
    page = forged_page(&forged, 2, BTX_PAGE_LEAF);
    for (uint64_t i = 1; i <= 100; i++)
        forged_node(page, i, i, 60 * PAGE - 16, BTX_PAGE_NODE_BIG, &run_page, sizeof run_page);
    forged_walk(&forged, 1000, &entries, &damages);
    assert_int_equal(entries, 1);
    assert_int_equal(damages, 1);
}

/* A gigabyte is claimed, and the file is small: only what is there is taken from memory. */
static void page_value_read__claims_a_gigabyte__takes_what_the_file_has(void **state)
{
    struct segment_fixture fixture;
    struct walk walk;
    struct btx_page_value value;
    struct btx_fault fault = {0};
    const struct btx_page_entry entry = {
        .key = {1, 1}, .run_page = 2, .value_bytes = BTX_PAGE_VALUE_BYTES_MAX};

    (void)state;
    segment_fixture_make(&fixture);
    segment_fixture_begin(&fixture, (size_t)16 << 20, 0);
    segment_fixture_batch(&fixture, 300);
    segment_fixture_end(&fixture);
    walk_open(&walk, &fixture, false);
    assert_int_equal(btx_page_value_read(&walk.file, &entry, &walk.buffer, &value, &fault), BTX_OK);
    assert_non_null(value.why);
    assert_int_equal(value.length_bytes, walk.file.size_bytes - 2 * PAGE - 16);
    assert_true(walk.file.run.buffer.size_bytes < 2 * walk.file.size_bytes + PAGE);
    walk_close(&walk);
    segment_fixture_remove(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_walker_next__growing_segment__is_what_liblmdb_says),
        cmocka_unit_test(page_walker_seek__keys_between_all_entries__is_what_liblmdb_says),
        cmocka_unit_test(page_walker_floor__every_key_and_those_beside_it__is_found),
        cmocka_unit_test(page_walker_next__branch_leads_to_itself__ends),
        cmocka_unit_test(page_walker_next__two_keys_lead_to_one_leaf__hands_it_out_once),
        cmocka_unit_test(page_walker_next__leaf_reaches_into_the_next__is_damage),
        cmocka_unit_test(page_walker_next__more_children_than_pages__ends),
        cmocka_unit_test(page_walker_next__values_share_their_pages__ends),
        cmocka_unit_test(page_value_read__claims_a_gigabyte__takes_what_the_file_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
