/* SPDX-License-Identifier: Apache-2.0 */
/* test_segment_damage.c - a segment damaged in every way that one page can be.
 *
 * Whatever was done to the file, reading it ends; keys ascend; what is handed out was written, and
 * as it was written; damage is reported unless everything is there; and a batch is missing only if
 * none of its copies is whole any more.  The copies are known from the undamaged bytes, where they
 * are searched for without knowing anything about pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "engine/base/check.h"
#include "engine/wal/page_scan.h"
#include "engine/wal/segment_reader.h"
#include "segment_fixture.h"

enum {
    PAGE = BTX_WAL_PAGE_BYTES,
    SECTOR = 512,
    COPIES_MAX = 32,
    STEPS_MAX = 100000,
    RANDOM_RUNS = 100,
};

/* Where in the file the bytes are that a batch can be found by. */
struct copies {
    size_t leaf_count;
    size_t leaves[COPIES_MAX]; /* its node: with the value, or naming its overflow run */
    size_t run_offset;         /* of the overflow run; 0: there is none */
};

/* Read only after setup, but for the trial. */
static struct {
    struct segment_fixture fixture;
    uint8_t *bytes; /* of the file, undamaged */
    size_t length_bytes;
    size_t pages;
    struct copies *copies;

    /* The trial. */
    int fd;
    int folder_fd; /* of open files, where the trial's file has a name */
    char name[16];
    uint8_t *trial; /* mapped, as large as the undamaged one */
    size_t trial_bytes;
    bool *found;
    uint64_t random;
    size_t runs; /* of each kind of random trial */
    unsigned trials;
    unsigned damaged;
    unsigned lost;
} world;

static uint64_t random_next(void)
{
    world.random = world.random * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return world.random >> 33;
}

/* --- The undamaged segment -------------------------------------------------------------------- */

static void node_make(const struct fixture_batch *batch, uint64_t run_page, uint8_t *node,
                      size_t *ret_bytes)
{
    const uint16_t header[4] = {(uint16_t)batch->length_bytes,
                                (uint16_t)(batch->length_bytes >> 16), run_page != 0, 16};
    const uint64_t key[2] = {htobe64(batch->seq), htobe64(batch->number)};

    memcpy(node, header, sizeof header);
    memcpy(node + 8, key, sizeof key);
    if (run_page != 0) {
        memcpy(node + 24, &run_page, sizeof run_page);
        *ret_bytes = 32;
    } else {
        memcpy(node + 24, world.fixture.bytes + batch->offset_bytes, batch->length_bytes);
        *ret_bytes = 24 + batch->length_bytes;
    }
}

static void copies_find(size_t index)
{
    const struct fixture_batch *batch = &world.fixture.batches[index];
    struct copies *copies = &world.copies[index];
    uint8_t node[24 + 2014];
    const uint8_t *at = world.bytes;
    const uint8_t *end = world.bytes + world.length_bytes;
    size_t node_bytes;

    if (batch->length_bytes > 2014) {
        at = memmem(at, (size_t)(end - at), world.fixture.bytes + batch->offset_bytes,
                    batch->length_bytes);
        CHECK(at != NULL && (at - world.bytes) % PAGE == 16);
        copies->run_offset = (size_t)(at - world.bytes);
    }
    node_make(batch, copies->run_offset / PAGE, node, &node_bytes);
    for (at = world.bytes; (at = memmem(at, (size_t)(end - at), node, node_bytes)) != NULL; at++) {
        if (copies->leaf_count < COPIES_MAX)
            copies->leaves[copies->leaf_count++] = (size_t)(at - world.bytes);
    }
    CHECK(copies->leaf_count > 0);
}

static int world_make(void **state)
{
    (void)state;
    print_message("seed %llu, %zu runs\n", (unsigned long long)world.random, world.runs);
    segment_fixture_make(&world.fixture);
    segment_fixture_begin(&world.fixture, (size_t)64 << 20, 0);
    segment_fixture_batch(&world.fixture, 7);
    segment_fixture_begin(&world.fixture, (size_t)64 << 20, 0);
    for (size_t i = 0; i < 420; i++) {
        segment_fixture_batch(&world.fixture, i % 9 == 8 ? 32 + i * 7 % 300 : 1 + i * 5 % 13);
        if (i == 300)
            segment_fixture_seal(&world.fixture);
    }
    world.pages = segment_fixture_pages(&world.fixture) + 3; /* Zeros behind the last page. */
    segment_fixture_end(&world.fixture);
    CHECK(truncate(world.fixture.path, (off_t)(world.pages * PAGE)) == 0);
    world.bytes = segment_fixture_file(&world.fixture, &world.length_bytes);
    world.copies = calloc(world.fixture.batch_count, sizeof *world.copies);
    world.found = calloc(world.fixture.batch_count, sizeof *world.found);
    for (size_t i = 0; i < world.fixture.batch_count; i++)
        copies_find(i);
    world.fd = memfd_create("segment", MFD_CLOEXEC);
    CHECK(world.fd >= 0 && ftruncate(world.fd, (off_t)world.length_bytes) == 0);
    world.trial = mmap(NULL, world.length_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, world.fd, 0);
    CHECK(world.trial != MAP_FAILED);
    world.folder_fd = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(world.folder_fd >= 0);
    (void)snprintf(world.name, sizeof world.name, "%d", world.fd);
    memcpy(world.trial, world.bytes, world.length_bytes);
    world.trial_bytes = world.length_bytes;
    return 0;
}

/* A trial that failed left its damage behind. */
static int world_mend(void **state)
{
    (void)state;
    CHECK(ftruncate(world.fd, (off_t)world.length_bytes) == 0);
    memcpy(world.trial, world.bytes, world.length_bytes);
    world.trial_bytes = world.length_bytes;
    return 0;
}

static int world_end(void **state)
{
    (void)state;
    print_message("%zu pages, %zu batches: %u trials, %u with damage, %u batches lost for good\n",
                  world.pages, world.fixture.batch_count, world.trials, world.damaged, world.lost);
    CHECK(munmap(world.trial, world.length_bytes) == 0);
    (void)close(world.fd);
    (void)close(world.folder_fd);
    free(world.bytes);
    free(world.copies);
    free(world.found);
    segment_fixture_remove(&world.fixture);
    return 0;
}

/* --- What was handed out ---------------------------------------------------------------------- */

struct outcome {
    unsigned damages;
    bool exact; /* so far every batch came, and as it was written */
    bool valid; /* so far a reader of the log would have found nothing wrong */
    size_t batches;
    uint64_t seq;
    uint64_t number;
    struct btx_wal_position position;
    char first_damage[BTX_WAL_DAMAGE_TEXT_BYTES];
};

static bool is_begin_of(size_t index, const struct btx_wal_batch *batch, size_t valid_bytes)
{
    const struct fixture_batch *written = &world.fixture.batches[index];

    return valid_bytes <= written->length_bytes &&
           memcmp(world.fixture.bytes + written->offset_bytes, batch->bytes, valid_bytes) == 0;
}

/* The batch of the fixture whose records these are the first of. */
static size_t batch_identify(const struct btx_wal_batch *batch, size_t valid_bytes)
{
    const size_t likely = (size_t)(batch->number - world.fixture.header.first_batch);

    if (likely < world.fixture.batch_count && is_begin_of(likely, batch, valid_bytes))
        return likely;
    for (size_t i = 0; i < world.fixture.batch_count; i++) {
        if (is_begin_of(i, batch, valid_bytes))
            return i;
    }
    fail_msg("batch %llu of seq %llu was never written", (unsigned long long)batch->number,
             (unsigned long long)batch->seq);
    return 0;
}

static void batch_judge(const struct btx_wal_batch *batch)
{
    struct btx_page_content content;
    size_t index;

    btx_page_content_check(batch->bytes, batch->length_bytes, &content);
    if (content.valid_bytes == 0)
        return;
    index = batch_identify(batch, content.valid_bytes);
    if (content.valid_bytes == world.fixture.batches[index].length_bytes) {
        assert_false(world.found[index]); /* Never twice. */
        world.found[index] = true;
    }
}

/* As the reader of a log does: when a batch is not whole, ask for another copy. */
static void batch_take(struct outcome *outcome, struct btx_segment_reader *reader,
                       struct btx_wal_batch *batch)
{
    const struct fixture_batch *expected = &world.fixture.batches[outcome->batches];
    struct btx_page_content content;
    struct btx_fault fault = {0};

    btx_page_content_check(batch->bytes, batch->length_bytes, &content);
    if (content.valid_bytes < batch->length_bytes) {
        struct btx_wal_batch other;
        const enum btx_segment_step step = btx_segment_reader_other(reader, &other, &fault);

        assert_int_not_equal(step, BTX_SEGMENT_FAULT);
        if (step == BTX_SEGMENT_BATCH)
            *batch = other;
    }
    assert_true(outcome->batches == 0 || batch->seq > outcome->seq ||
                (batch->seq == outcome->seq && batch->number > outcome->number));
    outcome->seq = batch->seq;
    outcome->number = batch->number;
    if (outcome->batches >= world.fixture.batch_count || batch->seq != expected->seq ||
        batch->number != expected->number || batch->length_bytes != expected->length_bytes ||
        memcmp(batch->bytes, world.fixture.bytes + expected->offset_bytes, batch->length_bytes) !=
            0)
        outcome->exact = false;
    if (outcome->valid)
        outcome->valid = btx_wal_batch_check(batch, &outcome->position).why == NULL;
    batch_judge(batch);
    outcome->batches++;
}

static void trial_read(struct outcome *outcome)
{
    const struct btx_segment_options options = {0};
    const struct btx_wal_header *header = &world.fixture.header;
    struct btx_segment_reader *reader;
    struct btx_fault fault = {0};
    struct btx_wal_damage damage;
    struct btx_wal_batch batch;
    unsigned steps = 0;

    *outcome = (struct outcome){.exact = true, .valid = true};
    outcome->position = (struct btx_wal_position){
        .seq = header->first_seq - 1,
        .tx = header->first_tx - 1,
        .batch = header->first_batch - 1,
    };
    memset(world.found, 0, world.fixture.batch_count * sizeof *world.found);
    assert_int_equal(
        btx_segment_reader_open(&reader, world.folder_fd, world.name, &options, &fault), BTX_OK);
    if (btx_segment_reader_header(reader) != NULL)
        assert_memory_equal(btx_segment_reader_header(reader), header, sizeof *header);
    for (bool more = true; more;) {
        assert_true(steps++ < STEPS_MAX);
        switch (btx_segment_reader_next(reader, &batch, &damage, &fault)) {
        case BTX_SEGMENT_BATCH:
            batch_take(outcome, reader, &batch);
            break;
        case BTX_SEGMENT_DAMAGE:
            if (outcome->damages++ == 0)
                memcpy(outcome->first_damage, damage.why, sizeof damage.why);
            break;
        case BTX_SEGMENT_END:
            more = false;
            break;
        case BTX_SEGMENT_FAULT:
            fail_msg("%s", fault.text);
        }
    }
    btx_segment_reader_close(reader);
}

/* --- What must have been found ---------------------------------------------------------------- */

static bool is_as_before(size_t offset, size_t length_bytes)
{
    return offset + length_bytes <= world.trial_bytes &&
           memcmp(world.trial + offset, world.bytes + offset, length_bytes) == 0;
}

/* Whether a copy of the batch is still whole where it was.  A run that nothing names any more is
 * looked for only when damage was found. */
static bool is_there(size_t index, bool looked_for)
{
    const struct fixture_batch *batch = &world.fixture.batches[index];
    const struct copies *copies = &world.copies[index];
    const size_t node_bytes = copies->run_offset != 0 ? 32 : 24 + batch->length_bytes;
    bool has_node = false;

    for (size_t i = 0; i < copies->leaf_count; i++)
        has_node = has_node || is_as_before(copies->leaves[i], node_bytes);
    if (copies->run_offset == 0)
        return has_node;
    return is_as_before(copies->run_offset, batch->length_bytes) &&
           (has_node || (looked_for && is_as_before(copies->run_offset - 16, 16)));
}

/* A batch of notes has the seq of the batch behind it.  When the number of that one changes so that
 * it comes first, the notes can no longer be told from what was handed out. */
static bool is_note(size_t index)
{
    return index + 1 < world.fixture.batch_count &&
           world.fixture.batches[index + 1].seq == world.fixture.batches[index].seq;
}

/* Read what the trial's file is now, judge it, and put back the pages [first, first + count). */
static void trial_run(const char *what, size_t first, size_t count)
{
    struct outcome outcome;
    unsigned lost = 0;

    trial_read(&outcome);
    for (size_t i = 0; i < world.fixture.batch_count; i++) {
        if (world.found[i])
            continue;
        lost++;
        if (is_there(i, outcome.damages != 0) && !(strcmp(what, "bit") == 0 && is_note(i)))
            fail_msg(
                "%s, page %zu: batch %zu of %zu (run %zu, leaf %zu) was not found among %zu (%s)",
                what, first, i, world.fixture.batch_count, world.copies[i].run_offset / PAGE,
                world.copies[i].leaves[0] / PAGE, outcome.batches, outcome.first_damage);
    }
    if (outcome.damages == 0 && outcome.valid &&
        !(outcome.exact && outcome.batches == world.fixture.batch_count))
        fail_msg("%s, page %zu: %zu of %zu batches, and nothing was reported", what, first,
                 outcome.batches, world.fixture.batch_count);
    world.trials++;
    world.damaged += outcome.damages != 0 || !outcome.valid;
    world.lost += lost;
    if (world.trial_bytes != world.length_bytes) {
        CHECK(ftruncate(world.fd, (off_t)world.length_bytes) == 0);
        first = world.trial_bytes / PAGE;
        count = world.pages - first;
        world.trial_bytes = world.length_bytes;
    }
    memcpy(world.trial + first * PAGE, world.bytes + first * PAGE, count * PAGE);
}

/* --- The damage ------------------------------------------------------------------------------- */

/* Without damage there is none; else all the other trials would prove little. */
static void read__undamaged__hands_out_everything(void **state)
{
    struct outcome outcome;

    (void)state;
    trial_read(&outcome);
    assert_int_equal(outcome.damages, 0);
    assert_true(outcome.valid && outcome.exact);
    assert_int_equal(outcome.batches, world.fixture.batch_count);
    assert_true(world.pages > 100);
}

static void read__a_page_zeroed_or_garbled__loses_what_was_only_there(void **state)
{
    (void)state;
    for (size_t page = 0; page < world.pages; page++) {
        memset(world.trial + page * PAGE, 0, PAGE);
        trial_run("zeroed", page, 1);
        for (size_t i = 0; i < PAGE; i++)
            world.trial[page * PAGE + i] = (uint8_t)random_next();
        trial_run("garbled", page, 1);
        memset(world.trial + page * PAGE, 0xff, PAGE);
        trial_run("all ones", page, 1);
    }
}

/* A page that was written only in part, at either end. */
static void read__a_page_torn_at_a_sector__loses_what_was_only_there(void **state)
{
    (void)state;
    for (size_t page = 0; page < world.pages; page++) {
        for (size_t sectors = 1; sectors < PAGE / SECTOR; sectors++) {
            const bool begin = (page + sectors) % 2 == 0;

            memset(world.trial + page * PAGE + (begin ? 0 : sectors * SECTOR), 0,
                   begin ? sectors * SECTOR : PAGE - sectors * SECTOR);
            trial_run(begin ? "begin torn" : "end torn", page, 1);
        }
    }
}

static void read__a_page_written_over_another__is_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4 * world.runs; i++) {
        const size_t to = random_next() % world.pages;
        const size_t from = random_next() % world.pages;

        memcpy(world.trial + to * PAGE, world.bytes + from * PAGE, PAGE);
        trial_run("overwritten", to, 1);
    }
}

static void read__two_pages_swapped__is_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4 * world.runs; i++) {
        const size_t one = random_next() % world.pages;
        const size_t other = random_next() % world.pages;
        const size_t first = one < other ? one : other;

        memcpy(world.trial + one * PAGE, world.bytes + other * PAGE, PAGE);
        memcpy(world.trial + other * PAGE, world.bytes + one * PAGE, PAGE);
        trial_run("swapped", first, (one < other ? other : one) - first + 1);
    }
}

/* Pages within an overflow run have no header. */
static bool has_header(size_t page)
{
    return btx_page_header(world.bytes + page * PAGE)->number == page;
}

/* No page header can be wrong without that being seen, and none costs a batch. */
static void read__a_byte_of_a_page_header_changed__loses_nothing(void **state)
{
    (void)state;
    for (size_t page = 0; page < world.pages; page++) {
        for (size_t i = 0; has_header(page) && i < 16; i++) {
            static const uint8_t masks[] = {0x01, 0x80, 0xff};
            const unsigned lost_before = world.lost;

            world.trial[page * PAGE + i] ^= masks[(page + i) % BTX_COUNT_OF(masks)];
            trial_run("header", page, 1);
            assert_int_equal(world.lost, lost_before);
        }
    }
}

static void read__a_byte_of_a_meta_page_changed__loses_nothing(void **state)
{
    (void)state;
    for (size_t page = 0; page < 2; page++) {
        for (size_t i = 0; i < 4 * sizeof(struct btx_page_meta); i++) {
            const unsigned lost_before = world.lost;

            world.trial[page * PAGE + i / 4] ^= (uint8_t)(1u << (i % 4 * 2 + i / 4 % 2));
            trial_run("meta", page, 1);
            assert_int_equal(world.lost, lost_before);
        }
    }
}

static void read__a_bit_anywhere_changed__is_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < 6 * world.runs; i++) {
        const size_t page = random_next() % world.pages;

        world.trial[page * PAGE + random_next() % PAGE] ^= (uint8_t)(1u << random_next() % 8);
        trial_run("bit", page, 1);
    }
}

static bool is_kind(size_t page, unsigned flags)
{
    return has_header(page) && btx_page_header(world.bytes + page * PAGE)->flags == flags;
}

static size_t node_offset(size_t page, size_t index)
{
    const uint16_t *offsets = (const void *)(world.bytes + page * PAGE + 16);

    return page * PAGE + offsets[index];
}

static bool is_leaf_beginning_with(size_t page, const uint8_t *key)
{
    return is_kind(page, BTX_PAGE_LEAF) &&
           memcmp(world.bytes + node_offset(page, 0) + 8, key, 16) == 0;
}

/* A branch that leads to another leaf than it did: to each of the stale copies of the one that was
 * meant, which are right in themselves, to those of its neighbours, and to any page. */
static void read__a_branch_leads_elsewhere__loses_nothing(void **state)
{
    (void)state;
    for (size_t page = 2; page < world.pages; page++) {
        const uint8_t *bytes = world.bytes + page * PAGE;
        const size_t count = is_kind(page, BTX_PAGE_BRANCH) ? btx_page_node_count(bytes) : 0;

        for (size_t i = 0; i < count; i++) {
            const size_t offset = node_offset(page, i);
            const size_t neighbour = node_offset(page, (i + count - 1) % count);
            const uint16_t any = (uint16_t)(random_next() % world.pages);

            const unsigned lost_before = world.lost;

            memcpy(world.trial + offset, world.bytes + neighbour, 2);
            trial_run("neighbour", page, 1);
            memcpy(world.trial + offset, &any, 2);
            trial_run("any child", page, 1);
            for (uint16_t other = 2; other < world.pages; other++) {
                if (!is_leaf_beginning_with(other, bytes + node_offset(page, i) % PAGE + 8))
                    continue;
                memcpy(world.trial + offset, &other, 2);
                trial_run("stale child", page, 1);
            }
            assert_int_equal(world.lost, lost_before);
        }
    }
}

/* A page that the tree does not use. */
static size_t unused_page(const uint8_t *root, size_t root_page)
{
    for (size_t page = 2; page < world.pages; page++) {
        bool used = page == root_page;

        for (unsigned i = 0; i < btx_page_node_count(root); i++)
            used = used || btx_page_branch_child(root, i) == page;
        for (size_t i = 0; i < world.fixture.batch_count; i++) {
            const size_t run = world.copies[i].run_offset / PAGE;

            used = used || (run != 0 && page >= run &&
                            page < run + btx_page_run_claimed(world.bytes + run * PAGE));
        }
        if (!used)
            return page;
    }
    fail();
    return 0;
}

/* The tree leads to an earlier copy of a leaf, right in every respect, that has not yet its last
 * batch: only the numbers of the batches tell. */
static void read__tree_leads_to_an_earlier_leaf__loses_nothing(void **state)
{
    const struct btx_page_meta *metas[2] = {(const void *)world.bytes,
                                            (const void *)(world.bytes + PAGE)};
    const struct btx_page_meta *meta = metas[metas[1]->transaction > metas[0]->transaction];
    const size_t root_page = (size_t)meta->main.root;
    const uint8_t *root = world.bytes + root_page * PAGE;
    const size_t unused = unused_page(root, root_page);

    (void)state;
    assert_int_equal(meta->main.depth, 2);
    for (unsigned i = 0; i < btx_page_node_count(root); i++) {
        const size_t child = (size_t)btx_page_branch_child(root, i);
        struct btx_page_header *header = (void *)(world.trial + unused * PAGE);
        const unsigned lost_before = world.lost;
        const unsigned damaged_before = world.damaged;
        struct btx_page_entry last = {0};
        const uint16_t to = (uint16_t)unused;

        memcpy(header, world.bytes + child * PAGE, PAGE);
        assert_true(
            btx_page_entry_read((void *)header, btx_page_node_count((void *)header) - 1, &last));
        header->number = unused;
        header->lower = (uint16_t)(header->lower - 2);
        header->upper =
            (uint16_t)(header->upper + 24 + (last.run_page != 0 ? 8 : last.value_bytes));
        memcpy(world.trial + node_offset(root_page, i), &to, sizeof to);
        trial_run("earlier leaf", 2, world.pages - 2);
        assert_int_equal(world.lost, lost_before);
        assert_int_equal(world.damaged, damaged_before + 1);
    }
}

/* Whether the entry has a seq of its own: a batch of notes has that of the batch behind it, and
 * when the number of one of them is wrong nothing tells which was the first. */
static bool has_own_seq(size_t page, size_t node)
{
    const size_t count = btx_page_node_count(world.bytes + page * PAGE);
    const uint8_t *key = world.bytes + node_offset(page, node) + 8;

    return (node == 0 || memcmp(world.bytes + node_offset(page, node - 1) + 8, key, 8) != 0) &&
           (node + 1 == count ||
            memcmp(world.bytes + node_offset(page, node + 1) + 8, key, 8) != 0);
}

/* A key that names another batch, among others that are right: no batch comes twice, and none that
 * has a copy is missing. */
static void read__a_key_changed__is_noticed(void **state)
{
    static const uint8_t key_bytes[] = {7, 6, 15, 14, 15, 7, 0, 8};

    (void)state;
    for (size_t page = 2; page < world.pages; page++) {
        if (!is_kind(page, BTX_PAGE_LEAF))
            continue;
        for (size_t i = 0; i < BTX_COUNT_OF(key_bytes); i++) {
            const size_t node = random_next() % btx_page_node_count(world.bytes + page * PAGE);

            if (!has_own_seq(page, node))
                continue;
            world.trial[node_offset(page, node) + 8 + key_bytes[i]] ^=
                (uint8_t)(1u << random_next() % 8);
            trial_run("key", page, 1);
        }
    }
}

/* Both meta pages gone: all is to be found, and it is told. */
static void read__both_meta_pages_lost__loses_nothing(void **state)
{
    const unsigned lost_before = world.lost;
    const unsigned damaged_before = world.damaged;

    (void)state;
    memset(world.trial, 0, 2 * PAGE);
    trial_run("no meta page", 0, 2);
    assert_int_equal(world.lost, lost_before);
    assert_int_equal(world.damaged, damaged_before + 1);
}

static void truncate_to(size_t length_bytes)
{
    CHECK(ftruncate(world.fd, (off_t)length_bytes) == 0);
    world.trial_bytes = length_bytes;
    trial_run("cut", length_bytes / PAGE, 0);
}

static void read__cut_anywhere__hands_out_what_is_left(void **state)
{
    (void)state;
    for (size_t page = 0; page <= world.pages; page++)
        truncate_to(page * PAGE);
    for (size_t i = 0; i < world.runs; i++)
        truncate_to(random_next() % world.length_bytes);
}

int main(int argument_count, char **arguments)
{
    const char *runs = getenv("BTX_PROPERTY_RUNS");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(read__undamaged__hands_out_everything, world_mend),
        cmocka_unit_test_setup(read__a_page_zeroed_or_garbled__loses_what_was_only_there,
                               world_mend),
        cmocka_unit_test_setup(read__a_page_torn_at_a_sector__loses_what_was_only_there,
                               world_mend),
        cmocka_unit_test_setup(read__a_page_written_over_another__is_noticed, world_mend),
        cmocka_unit_test_setup(read__two_pages_swapped__is_noticed, world_mend),
        cmocka_unit_test_setup(read__a_byte_of_a_page_header_changed__loses_nothing, world_mend),
        cmocka_unit_test_setup(read__a_byte_of_a_meta_page_changed__loses_nothing, world_mend),
        cmocka_unit_test_setup(read__a_bit_anywhere_changed__is_noticed, world_mend),
        cmocka_unit_test_setup(read__a_branch_leads_elsewhere__loses_nothing, world_mend),
        cmocka_unit_test_setup(read__tree_leads_to_an_earlier_leaf__loses_nothing, world_mend),
        cmocka_unit_test_setup(read__a_key_changed__is_noticed, world_mend),
        cmocka_unit_test_setup(read__both_meta_pages_lost__loses_nothing, world_mend),
        cmocka_unit_test_setup(read__cut_anywhere__hands_out_what_is_left, world_mend),
    };

    world.runs = runs != NULL ? strtoul(runs, NULL, 10) : RANDOM_RUNS;
    world.random = argument_count > 1 ? strtoull(arguments[1], NULL, 10) : 1;
    return cmocka_run_group_tests(tests, world_make, world_end);
}
