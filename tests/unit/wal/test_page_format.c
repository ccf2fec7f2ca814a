/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "engine/base/check.h"
#include "engine/wal/page_format.h"
#include "engine/wal/sizing.h"
#include "segment_fixture.h"

enum { PAGE = BTX_WAL_PAGE_BYTES };

/* Pages as liblmdb wrote them: one of each kind. */
static struct {
    uint8_t *file;
    size_t leaf;
    size_t branch;
    size_t run;
    size_t run_pages;
} real;

static int real_make(void **state)
{
    struct segment_fixture fixture;
    size_t length_bytes;

    (void)state;
    segment_fixture_make(&fixture);
    segment_fixture_begin(&fixture, (size_t)16 << 20, 0);
    for (size_t i = 0; i < 40; i++)
        segment_fixture_batch(&fixture, i == 20 ? 200 : 5 + i % 4);
    segment_fixture_end(&fixture);
    real.file = segment_fixture_file(&fixture, &length_bytes);
    segment_fixture_remove(&fixture);
    for (size_t page = 2; page < length_bytes / PAGE; page++) {
        const uint8_t *bytes = real.file + page * PAGE;

        if (btx_page_header(bytes)->number != page)
            continue;
        if (btx_page_header(bytes)->flags == BTX_PAGE_BRANCH)
            real.branch = page;
        else if (btx_page_leaf_check(bytes, page) == NULL && btx_page_node_count(bytes) > 3)
            real.leaf = page;
        else if (btx_page_header(bytes)->flags == BTX_PAGE_OVERFLOW)
            real.run = page;
    }
    CHECK(real.leaf != 0 && real.branch != 0 && real.run != 0);
    real.run_pages = btx_page_run_claimed(real.file + real.run * PAGE);
    return 0;
}

static int real_done(void **state)
{
    (void)state;
    free(real.file);
    return 0;
}

/* A change of one 16-bit number of a page, and the sentence that it must get. */
struct change {
    size_t offset_bytes;
    uint16_t value;
    const char *why;
};

typedef const char *(*page_check)(const uint8_t *page, uint64_t number);

static void expect_changes(size_t number, page_check check, const struct change *changes,
                           size_t count)
{
    _Alignas(8) uint8_t page[PAGE];

    assert_null(check(real.file + number * PAGE, number));
    for (size_t i = 0; i < count; i++) {
        const char *why;

        memcpy(page, real.file + number * PAGE, PAGE);
        memcpy(page + changes[i].offset_bytes, &changes[i].value, sizeof changes[i].value);
        why = check(page, number);
        if (why == NULL || strcmp(why, changes[i].why) != 0)
            fail_msg("change %zu: %s", i, why != NULL ? why : "right");
    }
}

/* A meta page is believed only if every number in it can be. */
static void page_meta_check__one_number_wrong__says_which(void **state)
{
    const size_t number = 1;
    const size_t main = offsetof(struct btx_page_meta, main);
    const struct change changes[] = {
        {0, 2, "meta: this is no meta page"},
        {10, BTX_PAGE_LEAF, "meta: this is no meta page"},
        {offsetof(struct btx_page_meta, magic), 1, "meta: the magic number is wrong"},
        {offsetof(struct btx_page_meta, version), 2, "meta: the data version is not 1"},
        {offsetof(struct btx_page_meta, free), 8192, "meta: pages are not of 4096 bytes"},
        {offsetof(struct btx_page_meta, free) + 4, 0,
         "meta: the free pages are not listed by number"},
        {offsetof(struct btx_page_meta, last_page), 0, "meta: the last page is impossible"},
        {offsetof(struct btx_page_meta, last_page) + 6, 0x7fff,
         "meta: the last page is impossible"},
        {offsetof(struct btx_page_meta, last_page), 2, "meta: the root is outside of the file"},
        {offsetof(struct btx_page_meta, transaction), 2,
         "meta: the transaction belongs to the other meta page"},
        {main, 1, "meta: the main database has flags"},
        {main + offsetof(struct btx_page_tree, flags), 4, "meta: the main database has flags"},
        {main + offsetof(struct btx_page_tree, depth), 0, "meta: the depth is impossible"},
        {main + offsetof(struct btx_page_tree, depth), BTX_PAGE_DEPTH_MAX + 1,
         "meta: the depth is impossible"},
        {main + offsetof(struct btx_page_tree, entries), 0, "meta: a root without entries"},
        {main + offsetof(struct btx_page_tree, root), 1, "meta: the root is outside of the file"},
        {main + offsetof(struct btx_page_tree, root) + 2, 1,
         "meta: the root is outside of the file"},
    };

    (void)state;
    expect_changes(number, btx_page_meta_check, changes, BTX_COUNT_OF(changes));
}

static void page_meta_check__tree_without_root__has_no_entries(void **state)
{
    _Alignas(8) uint8_t page[PAGE];
    struct btx_page_meta *meta = (void *)page;

    (void)state;
    memcpy(page, real.file, PAGE);
    meta->main.root = BTX_PAGE_NONE;
    assert_string_equal(btx_page_meta_check(page, 0), "meta: entries without a root");
    meta->main.entries = 0;
    meta->main.depth = 0;
    assert_null(btx_page_meta_check(page, 0));
}

/* Whatever a leaf says is looked at before it is used. */
static void page_leaf_check__one_number_wrong__says_which(void **state)
{
    const uint8_t *page = real.file + real.leaf * PAGE;
    const uint16_t *offsets = (const void *)(page + 16);
    const size_t node = offsets[1];
    const struct change changes[] = {
        {0, 1, "page: it says that it is another page"},
        {6, 1, "page: it says that it is another page"},
        {10, BTX_PAGE_BRANCH, "page: it is of another kind"},
        {10, BTX_PAGE_LEAF | 0x20, "page: it is of another kind"},
        {12, 16, "page: its bounds are impossible"},
        {12, 19, "page: its bounds are impossible"},
        {12, PAGE + 2, "page: its bounds are impossible"},
        {14, 16, "page: its bounds are impossible"},
        {14, 4098, "page: its bounds are impossible"},
        {14, 3001, "page: its bounds are impossible"},
        {18, 16, "leaf: an entry is impossible"},
        {18, 0xffff, "leaf: an entry is impossible"},
        {18, 4094, "leaf: an entry is impossible"},
        {18, (uint16_t)(node + 1), "leaf: an entry is impossible"},
        {18, offsets[0], "leaf: the keys do not ascend"},
        {node, 2015, "leaf: an entry is impossible"},
        {node, 66, "leaf: the entries do not fill it"},
        {node + 2, 1, "leaf: an entry is impossible"},
        {node + 4, 1, "leaf: an entry is impossible"},
        {node + 4, 2, "leaf: an entry is impossible"},
        {node + 4, 4, "leaf: an entry is impossible"},
        {node + 6, 8, "leaf: an entry is impossible"},
        {node + 8, 0xff, "leaf: the keys do not ascend"},
    };

    (void)state;
    expect_changes(real.leaf, btx_page_leaf_check, changes, BTX_COUNT_OF(changes));
}

static void page_branch_check__one_number_wrong__says_which(void **state)
{
    const uint8_t *page = real.file + real.branch * PAGE;
    const uint16_t *offsets = (const void *)(page + 16);
    const size_t node = offsets[1];
    const struct change changes[] = {
        {0, 1, "page: it says that it is another page"},
        {10, BTX_PAGE_LEAF, "page: it is of another kind"},
        {12, 18, "branch: it has a single child"},
        {18, 0xfffe, "branch: an entry is impossible"},
        {18, (uint16_t)(node + 1), "branch: an entry is impossible"},
        {18, 4090, "branch: an entry is impossible"},
        {20, offsets[1], "branch: the keys do not ascend"},
        {node + 6, 0, "branch: an entry is impossible"},
        {node + 6, 17, "branch: an entry is impossible"},
        {node + 8, 0xff, "branch: the keys do not ascend"},
    };

    (void)state;
    assert_true(btx_page_node_count(page) > 2);
    expect_changes(real.branch, btx_page_branch_check, changes, BTX_COUNT_OF(changes));
}

static void page_overflow_check__first_page_of_a_run__agrees_with_the_value(void **state)
{
    _Alignas(8) uint8_t page[PAGE];

    (void)state;
    memcpy(page, real.file + real.run * PAGE, PAGE);
    assert_int_equal(real.run_pages, btx_wal_batch_pages(200 * 64));
    assert_null(btx_page_overflow_check(page, real.run, real.run_pages));
    assert_non_null(btx_page_overflow_check(page, real.run + 1, real.run_pages));
    assert_non_null(btx_page_overflow_check(page, real.run, real.run_pages + 1));
    page[10] = BTX_PAGE_LEAF;
    assert_non_null(btx_page_overflow_check(page, real.run, real.run_pages));
}

static void page_key_next__last_number__goes_on_with_the_next_seq(void **state)
{
    const struct btx_page_key low = {5, 6};
    const struct btx_page_key full = {5, UINT64_MAX};
    const struct btx_page_key last = {UINT64_MAX, UINT64_MAX};
    struct btx_page_key next;

    (void)state;
    next = btx_page_key_next(&low);
    assert_int_equal(next.seq, 5);
    assert_int_equal(next.batch, 7);
    next = btx_page_key_next(&full);
    assert_int_equal(next.seq, 6);
    assert_int_equal(next.batch, 0);
    next = btx_page_key_next(&last);
    assert_int_equal(btx_page_key_compare(&next, &last), 0);
}

/* An entry that would reach behind the page is none, whatever its offset; ASan watches. */
static void page_entry_read_at__every_offset__stays_within_the_page(void **state)
{
    uint8_t *page = aligned_alloc(8, PAGE);

    (void)state;
    for (unsigned fill = 0; fill < 2; fill++) {
        const uint16_t node[4] = {64, 0, (uint16_t)fill, 16};
        struct btx_page_entry entry;

        for (size_t i = 0; i < PAGE; i += sizeof node)
            memcpy(page + i, node, sizeof node);
        for (unsigned offset = 0; offset < PAGE; offset++) {
            if (!btx_page_entry_read_at(page, offset, &entry))
                continue;
            assert_true(offset >= 16 && offset % 8 == 0);
            assert_int_equal(fill, 0); /* 64 bytes never lie in overflow pages. */
            assert_true(entry.value >= page && entry.value + entry.value_bytes <= page + PAGE);
        }
    }
    free(page);
}

/* LMDB puts the old numbers back over the trees of a commit that failed.  Anything other than that
 * is damage, and must not pass for it. */
static void page_meta_is_taken_back__old_numbers_and_new_trees__nothing_else(void **state)
{
    static const struct {
        uint64_t transaction, last_page, entries; /* of the one that was taken back */
        uint32_t magic_flip;
        bool want;
    } rows[] = {
        {9, 40, 8, 0, true},   {9, 50, 12, 0, true},  {8, 40, 8, 0, false},
        {10, 40, 8, 0, false}, {11, 40, 8, 0, false}, {9, 51, 8, 0, false},
        {9, 40, 7, 0, false},  {9, 40, 6, 0, false},  {9, 40, 8, 1, false},
    };
    struct btx_page_meta other;

    (void)state;
    memcpy(&other, real.file, sizeof other);
    other.transaction = 10;
    other.last_page = 50;
    other.main.entries = 7;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct btx_page_meta meta = other;

        meta.transaction = rows[i].transaction;
        meta.last_page = rows[i].last_page;
        meta.main.entries = rows[i].entries;
        meta.magic ^= rows[i].magic_flip;
        if (btx_page_meta_is_taken_back(&meta, &other) != rows[i].want)
            fail_msg("row %zu", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_meta_is_taken_back__old_numbers_and_new_trees__nothing_else),
        cmocka_unit_test(page_meta_check__one_number_wrong__says_which),
        cmocka_unit_test(page_meta_check__tree_without_root__has_no_entries),
        cmocka_unit_test(page_leaf_check__one_number_wrong__says_which),
        cmocka_unit_test(page_branch_check__one_number_wrong__says_which),
        cmocka_unit_test(page_overflow_check__first_page_of_a_run__agrees_with_the_value),
        cmocka_unit_test(page_key_next__last_number__goes_on_with_the_next_seq),
        cmocka_unit_test(page_entry_read_at__every_offset__stays_within_the_page),
    };

    return cmocka_run_group_tests(tests, real_make, real_done);
}
