/* SPDX-License-Identifier: Apache-2.0 */
/* test_sizing.c - liblmdb itself against the arithmetic: no commit ever takes more pages than the
 * bound, and none for which there is room fails.  The table of README.md is computed here. */
#include "engine/wal/sizing.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <lmdb.h>

#include "engine/base/limits.h"
#include "engine/wal/wal_format.h"
#include "tests/unit/wal/temp_folder.h"

#define KIB UINT64_C(1024)
#define MIB UINT64_C(1048576)
#define GIB UINT64_C(1073741824)

static struct temp_folder folder;
static uint8_t *batch_buffer; /* BATCH_BYTES_MAX */
#define BATCH_BYTES_MAX (4 * MIB + 4096)

static int setup(void **state)
{
    (void)state;
    temp_folder_make(&folder);
    batch_buffer = calloc(1, BATCH_BYTES_MAX);
    return batch_buffer == NULL;
}

static int teardown(void **state)
{
    (void)state;
    free(batch_buffer);
    temp_folder_remove(&folder);
    return 0;
}

/* xorshift64: the same run each time. */
static uint64_t random_state = UINT64_C(0x9e3779b97f4a7c15);

static uint64_t random_below(uint64_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % limit;
}

/* ---- A segment as the writer writes one, without syncs ---- */

struct segment {
    MDB_env *env;
    MDB_dbi database;
    char path[320];
    uint64_t map_bytes;
    uint64_t last_page;
    uint64_t batches;
    uint64_t seals;
};

static uint64_t last_page_of(MDB_env *env)
{
    MDB_envinfo info;

    assert_int_equal(mdb_env_info(env, &info), 0);
    return info.me_last_pgno;
}

static void segment_open(struct segment *segment, uint64_t map_bytes)
{
    MDB_txn *txn;

    memset(segment, 0, sizeof *segment);
    segment->map_bytes = map_bytes;
    (void)snprintf(segment->path, sizeof segment->path, "%s/segment.mdb", folder.path);
    (void)unlink(segment->path); /* Of a test that failed. */
    assert_int_equal(mdb_env_create(&segment->env), 0);
    assert_int_equal(mdb_env_set_mapsize(segment->env, map_bytes), 0);
    assert_int_equal(mdb_env_open(segment->env, segment->path,
                                  MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOSYNC | MDB_NORDAHEAD, 0640),
                     0);
    assert_int_equal(mdb_txn_begin(segment->env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, NULL, 0, &segment->database), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    segment->last_page = last_page_of(segment->env);
    assert_int_equal(segment->last_page, 1);
}

static void segment_close(struct segment *segment)
{
    mdb_env_close(segment->env);
    assert_int_equal(unlink(segment->path), 0);
}

static int put(struct segment *segment, MDB_txn *txn, uint64_t first, uint64_t second,
               const void *bytes, size_t length_bytes, unsigned int flags)
{
    uint64_t numbers[2] = {__builtin_bswap64(first), __builtin_bswap64(second)};
    MDB_val key = {sizeof numbers, numbers};
    MDB_val value = {length_bytes, (void *)(uintptr_t)bytes};

    return mdb_put(txn, segment->database, &key, &value, flags);
}

/* One transaction; the header comes with the first.  Gives what LMDB gives. */
static int segment_commit(struct segment *segment, uint64_t batch_bytes, uint64_t seals)
{
    static const uint8_t fixed[sizeof(struct btx_wal_seal)];
    MDB_txn *txn;
    int result;

    static_assert(sizeof(struct btx_wal_seal) == sizeof(struct btx_wal_header), "same place");
    assert_int_equal(mdb_txn_begin(segment->env, NULL, 0, &txn), 0);
    result = segment->last_page == 1 ? put(segment, txn, 0, 0, fixed, sizeof fixed, 0) : 0;
    /* Sometimes the batch first, sometimes the seals. */
    if (result == 0 && batch_bytes != 0 && segment->batches % 2 == 0)
        result = put(segment, txn, segment->batches + 1, segment->batches + 1, batch_buffer,
                     batch_bytes, MDB_APPEND);
    for (uint64_t i = 1; result == 0 && i <= seals; i++)
        result = put(segment, txn, 0, segment->seals + i, fixed, sizeof fixed, 0);
    if (result == 0 && batch_bytes != 0 && segment->batches % 2 == 1)
        result = put(segment, txn, segment->batches + 1, segment->batches + 1, batch_buffer,
                     batch_bytes, MDB_APPEND);
    if (result != 0) {
        mdb_txn_abort(txn);
        return result;
    }
    result = mdb_txn_commit(txn);
    if (result == 0) {
        segment->batches += batch_bytes != 0;
        segment->seals += seals;
    }
    return result;
}

/* ---- What the proof says about the free list ---- */

static void assert_free_list_is_one_leaf(struct segment *segment)
{
    MDB_cursor *cursor;
    MDB_val key;
    MDB_val value;
    MDB_stat stat;
    MDB_txn *txn;
    size_t listed = 0;

    assert_int_equal(mdb_txn_begin(segment->env, NULL, MDB_RDONLY, &txn), 0);
    assert_int_equal(mdb_stat(txn, 0, &stat), 0);
    assert_true(stat.ms_depth <= 1);
    assert_int_equal(stat.ms_overflow_pages, 0);
    assert_int_equal(mdb_cursor_open(txn, 0, &cursor), 0);
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0)
        listed += *(const size_t *)value.mv_data;
    assert_true(listed <= 22);
    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
}

/* ---- Kinds of load ---- */

typedef uint64_t (*next_bytes)(uint64_t commit);

static uint64_t bytes_small(uint64_t commit)
{
    (void)commit;
    return 64 * (1 + random_below(40));
}

/* Around each size at which something changes: in the leaf or not, one more page. */
static uint64_t bytes_edges(uint64_t commit)
{
    static const uint64_t edges[] = {1920, 1984, 2014, 2015, 2038, 2048, 4079,  4080, 4081,
                                     4096, 8176, 8177, 8192, 9999, 64,   16368, 16384};
    uint64_t bytes = edges[commit % BTX_COUNT_OF(edges)];

    return bytes + random_below(3) - 1;
}

static uint64_t bytes_one_leaf_each(uint64_t commit)
{
    (void)commit;
    return 2014; /* With its key and headers half a page: two in a leaf at most. */
}

static uint64_t bytes_pages(uint64_t commit)
{
    (void)commit;
    return 4096 * (1 + random_below(64)) - random_below(2) * 16;
}

static uint64_t bytes_large(uint64_t commit)
{
    return commit % 3 == 0 ? 4 * MIB : 64 * (1 + random_below(4 * MIB / 64));
}

static uint64_t bytes_mixed(uint64_t commit)
{
    switch (random_below(4)) {
    case 0:
        return bytes_small(commit);
    case 1:
        return bytes_edges(commit);
    case 2:
        return bytes_pages(commit);
    default:
        return 1 + random_below(300 * KIB);
    }
}

static uint64_t bytes_odd(uint64_t commit)
{
    (void)commit;
    return 1 + random_below(9000); /* No multiples of 64: whatever a later format may write. */
}

struct load {
    const char *name;
    next_bytes next;
    uint64_t map_bytes;
    uint64_t commits;    /* at least; in as many segments as it takes */
    uint64_t seal_every; /* a commit in so many brings seals; 0: none */
    uint64_t seals_max;
    unsigned int depth; /* that the tree must get to, or this proves less than it says */
};

struct tally {
    uint64_t commits;
    uint64_t segments;
    uint64_t slack;     /* pages of the bound that were not taken, together */
    uint64_t slack_min; /* the least in one commit */
    uint64_t tree_max;  /* the most that was taken beside the batch itself */
    unsigned int depth_max;
};

static void commit_checked(struct segment *segment, struct tally *tally, uint64_t batch_bytes,
                           uint64_t seals)
{
    const uint64_t bound = btx_wal_commit_pages_max(batch_bytes, seals);
    const uint64_t before = segment->last_page;
    uint64_t grown;

    assert_int_equal(segment_commit(segment, batch_bytes, seals), 0);
    segment->last_page = last_page_of(segment->env);
    grown = segment->last_page - before;
    if (grown > bound)
        print_message("batch of %" PRIu64 " bytes, %" PRIu64 " seals: %" PRIu64
                      " pages, bound %" PRIu64 "\n",
                      batch_bytes, seals, grown, bound);
    assert_true(grown <= bound);
    tally->commits++;
    tally->slack += bound - grown;
    if (bound - grown < tally->slack_min)
        tally->slack_min = bound - grown;
    if (grown > btx_wal_batch_pages(batch_bytes) &&
        grown - btx_wal_batch_pages(batch_bytes) > tally->tree_max)
        tally->tree_max = grown - btx_wal_batch_pages(batch_bytes);
}

/* Fill one segment until the arithmetic says that the next commit may not fit, then bring the last
 * seal, as the writer does. */
static void fill(const struct load *load, struct tally *tally)
{
    struct segment segment;
    MDB_stat stat;

    segment_open(&segment, load->map_bytes);
    for (;;) {
        uint64_t batch_bytes = load->next(tally->commits);
        uint64_t seals = 0;

        if (load->seal_every != 0 && random_below(load->seal_every) == 0)
            seals = 1 + random_below(load->seals_max);
        if (!btx_wal_commit_fits(load->map_bytes, segment.last_page, batch_bytes, seals))
            break;
        commit_checked(&segment, tally, batch_bytes, seals);
        if (tally->commits % 16 == 0)
            assert_free_list_is_one_leaf(&segment);
        if (tally->commits >= load->commits && tally->segments != 0)
            break;
    }
    assert_true(segment.batches != 0);
    assert_true(btx_wal_commit_fits(load->map_bytes, segment.last_page, 0, 1));
    commit_checked(&segment, tally, 0, 1);
    assert_free_list_is_one_leaf(&segment);
    assert_int_equal(mdb_env_stat(segment.env, &stat), 0);
    if (stat.ms_depth > tally->depth_max)
        tally->depth_max = stat.ms_depth;
    tally->segments++;
    segment_close(&segment);
}

static void commit_pages_max__every_kind_of_load__bounds_what_lmdb_takes(void **state)
{
    static const struct load loads[] = {
        {"small", bytes_small, 4 * MIB, 12000, 0, 0, 3},
        {"small, seals", bytes_small, 4 * MIB, 12000, 3, 3, 3},
        {"edges", bytes_edges, 4 * MIB, 12000, 0, 0, 2},
        {"edges, seals", bytes_edges, 4 * MIB, 12000, 2, 20, 3},
        {"half a leaf", bytes_one_leaf_each, 112 * MIB, 50000, 0, 0, 4},
        {"half a leaf, seals", bytes_one_leaf_each, 16 * MIB, 8000, 2, 200, 3},
        {"pages", bytes_pages, 16 * MIB, 5000, 5, 2, 2},
        {"mixed", bytes_mixed, 32 * MIB, 5000, 7, 5, 2},
        {"odd", bytes_odd, 8 * MIB, 10000, 9, 2, 2},
        {"large", bytes_large, 64 * MIB, 150, 5, 2, 1},
    };

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(loads); i++) {
        struct tally tally = {.slack_min = UINT64_MAX};

        while (tally.commits < loads[i].commits)
            fill(&loads[i], &tally);
        print_message("%-20s %6" PRIu64 " commits, %3" PRIu64 " segments, depth %u, beside the "
                      "batch at most %" PRIu64 " pages; slack: least %" PRIu64 ", mean %.1f\n",
                      loads[i].name, tally.commits, tally.segments, tally.depth_max, tally.tree_max,
                      tally.slack_min, (double)tally.slack / (double)tally.commits);
        assert_true(tally.depth_max >= loads[i].depth);
        /* A bound that is far off would rotate early and prove nothing. */
        if (loads[i].seal_every == 0)
            assert_true((double)tally.slack / (double)tally.commits <= 16);
    }
}

/* The proof of README.md gives these numbers, for trees deeper than any test can make. */
static void commit_pages_max__any_commit__is_what_was_proven(void **state)
{
    static const uint64_t sizes[] = {0, 64, 2014, 2015, 4080, 4081, 4194304};

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(sizes); i++) {
        const uint64_t pages = btx_wal_batch_pages(sizes[i]);

        assert_int_equal(btx_wal_commit_pages_max(sizes[i], 0), pages + 13);
        assert_int_equal(btx_wal_commit_pages_max(sizes[i], 1), pages + 21 + 1);
        assert_int_equal(btx_wal_commit_pages_max(sizes[i], 63), pages + 21 + 63);
        assert_int_equal(btx_wal_commit_pages_max(sizes[i], 1000), pages + 21 + 1000 + 15);
    }
}

/* ---- The worst case, made on purpose ---- */

/* Put so many batches in one transaction that the next one makes a tree of @depth one level higher:
 * all pages on its way are full, and since nothing was freed there is nothing to use again. */
static void segment_build_full(struct segment *segment, uint64_t batches)
{
    static const uint8_t fixed[sizeof(struct btx_wal_seal)];
    MDB_txn *txn;

    assert_int_equal(mdb_txn_begin(segment->env, NULL, 0, &txn), 0);
    assert_int_equal(put(segment, txn, 0, 0, fixed, sizeof fixed, 0), 0);
    for (uint64_t i = 1; i <= batches; i++)
        assert_int_equal(put(segment, txn, i, i, batch_buffer, 2014, MDB_APPEND), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    segment->batches = batches;
    segment->last_page = last_page_of(segment->env);
}

/* How many batches of half a leaf it takes until a tree gets each of its levels: ret[depth]. */
static void count_levels(uint64_t ret_batches[5])
{
    struct segment segment;
    MDB_txn *txn;
    MDB_stat stat;

    segment_open(&segment, 512 * MIB);
    assert_int_equal(mdb_txn_begin(segment.env, NULL, 0, &txn), 0);
    assert_int_equal(put(&segment, txn, 0, 0, batch_buffer, 256, 0), 0);
    stat.ms_depth = 1;
    for (uint64_t i = 1; stat.ms_depth < 4; i++) {
        unsigned int before = stat.ms_depth;

        assert_int_equal(put(&segment, txn, i, i, batch_buffer, 2014, MDB_APPEND), 0);
        assert_int_equal(mdb_stat(txn, segment.database, &stat), 0);
        if (stat.ms_depth != before)
            ret_batches[stat.ms_depth] = i;
    }
    mdb_txn_abort(txn);
    segment_close(&segment);
}

/* Loads as above hardly ever need what the bound allows, since pages are used again; here nearly
 * all of it is needed, at the depths that can be made in a test: so no part of it is too much. */
static void commit_pages_max__all_pages_full_and_none_free__is_nearly_taken(void **state)
{
    static const uint64_t seals[] = {0, 1, 2, 16, 200};
    uint64_t batches[5] = {0};

    (void)state;
    count_levels(batches);
    for (unsigned int depth = 1; depth <= 3; depth++) {
        for (size_t i = 0; i < BTX_COUNT_OF(seals); i++) {
            const uint64_t bound = btx_wal_commit_pages_max(2014, seals[i]);
            struct tally tally = {.slack_min = UINT64_MAX};
            struct segment segment;

            segment_open(&segment, 512 * MIB);
            segment_build_full(&segment, batches[depth + 1] - 1);
            commit_checked(&segment, &tally, 2014, seals[i]);
            print_message("depth %u, %" PRIu64 " seals: %" PRIu64 " of %" PRIu64 " pages\n", depth,
                          seals[i], bound - tally.slack, bound);
            /* Two for each level that is missing here, and the free list's second page. */
            if (seals[i] == 0)
                assert_int_equal(tally.slack, 2 * (5 - depth) + 1);
            segment_close(&segment);
        }
    }
}

/* The refusal at start says "at least so much": exactly so much must do. */
static void map_bytes_min__any_commit__fits_a_fresh_segment(void **state)
{
    static const uint64_t sizes[] = {64,      1984,    2014,    2015,    4080,
                                     4081,    65536,   524288,  573440,  589824,
                                     1000000, 2097152, 4194304, 4194288, 4194289};

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(sizes); i++) {
        const uint64_t map_bytes = btx_wal_map_bytes_min(sizes[i]);
        struct tally tally = {.slack_min = UINT64_MAX};
        struct segment segment;

        assert_int_equal(map_bytes % (64 * KIB), 0);
        for (int apart = 0; apart <= 1; apart++) {
            segment_open(&segment, map_bytes);
            if (apart) /* The header by itself. */
                commit_checked(&segment, &tally, 0, 0);
            assert_true(btx_wal_commit_fits(map_bytes, segment.last_page, sizes[i],
                                            BTX_WAL_FRESH_SEALS_MAX));
            commit_checked(&segment, &tally, sizes[i], BTX_WAL_FRESH_SEALS_MAX);
            commit_checked(&segment, &tally, 0, 1);
            segment_close(&segment);
        }
    }
}

/* LMDB never gives out the last page of a map: one off here is a log that stops. */
static void commit_fits__at_the_last_page__is_exact(void **state)
{
    const uint64_t map_pages = 1000;
    const uint64_t map_bytes = map_pages * BTX_WAL_PAGE_BYTES;
    const uint64_t reserve = btx_wal_commit_pages_max(0, 1);

    (void)state;
    for (uint64_t batch_bytes = 0; batch_bytes <= 100000; batch_bytes += 10000) {
        const uint64_t wanted =
            btx_wal_commit_pages_max(batch_bytes, 2) + (batch_bytes != 0 ? reserve : 0);

        /* Pages last + 1 .. last + wanted are given out, and page map_pages - 1 is not. */
        assert_true(btx_wal_commit_fits(map_bytes, map_pages - 2 - wanted, batch_bytes, 2));
        assert_false(btx_wal_commit_fits(map_bytes, map_pages - 1 - wanted, batch_bytes, 2));
    }
    assert_false(btx_wal_commit_fits(map_bytes, map_pages, 64, 0));
    assert_false(btx_wal_commit_fits(map_bytes, UINT64_MAX, 64, 0));
    assert_false(btx_wal_commit_fits(0, 1, 64, 0));
    assert_false(btx_wal_commit_fits(map_bytes + 4095, map_pages - 1 - reserve, 0, 1));
}

/* And LMDB is as we think: it fails one page earlier than the map ends. */
static void lmdb__map_of_few_pages__never_gives_out_the_last(void **state)
{
    struct segment segment;

    (void)state;
    segment_open(&segment, 100 * BTX_WAL_PAGE_BYTES);
    assert_int_equal(segment_commit(&segment, 64, 0), 0);
    segment.last_page = last_page_of(segment.env);
    while (segment_commit(&segment, 4080, 0) == 0)
        ;
    segment.last_page = last_page_of(segment.env);
    assert_true(segment.last_page <= 98);
    assert_true(segment.last_page >= 90);
    segment_close(&segment);
}

static void batch_pages__at_the_edges__are_those_of_lmdb(void **state)
{
    static const struct {
        uint64_t bytes;
        uint64_t pages;
    } rows[] = {
        {64, 0},
        {1984, 0},
        {2014, 0},
        {2015, 1},
        {2048, 1},
        {4080, 1},
        {4081, 2},
        {4096, 2},
        {8176, 2},
        {8177, 3},
        {32752, 8},
        {32753, 9},
        {BTX_RECORD_BYTES_MAX, 9},
        {32904, 9},
        {4194304, 1025},
    };
    struct segment segment;

    (void)state;
    segment_open(&segment, 64 * MIB);
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        MDB_stat before;
        MDB_stat after;

        assert_int_equal(mdb_env_stat(segment.env, &before), 0);
        assert_int_equal(segment_commit(&segment, rows[i].bytes, 0), 0);
        segment.last_page = last_page_of(segment.env);
        assert_int_equal(mdb_env_stat(segment.env, &after), 0);
        assert_int_equal(btx_wal_batch_pages(rows[i].bytes), rows[i].pages);
        assert_int_equal(after.ms_overflow_pages - before.ms_overflow_pages, rows[i].pages);
    }
    segment_close(&segment);
    assert_int_equal(btx_wal_batch_pages(GIB), GIB / 4096 + 1);
}

/* What `betex-wal sizing` tells must be near what the disk shows. */
static void segment_pages__filled_segment__is_near_and_below_what_lmdb_takes(void **state)
{
    static const struct {
        uint64_t count;
        uint64_t bytes;
    } rows[] = {
        {0, 64},       {1, 64},      {5000, 64},    {700, 1984},  {700, 2014},
        {30000, 2014}, {2000, 4080}, {20000, 2048}, {500, 32904}, {40, 1000000},
    };

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        uint64_t least = btx_wal_segment_pages(rows[i].count, rows[i].bytes);
        struct segment segment;

        segment_open(&segment, 512 * MIB);
        if (rows[i].count == 0)
            assert_int_equal(segment_commit(&segment, 0, 0), 0);
        for (uint64_t n = 0; n < rows[i].count; n++) {
            assert_int_equal(segment_commit(&segment, rows[i].bytes, 0), 0);
            segment.last_page = 2; /* The header is there. */
        }
        segment.last_page = last_page_of(segment.env);
        print_message("%" PRIu64 " batches of %" PRIu64 " bytes: %" PRIu64
                      " pages, at least %" PRIu64 "\n",
                      rows[i].count, rows[i].bytes, segment.last_page + 1, least);
        assert_true(segment.last_page + 1 >= least);
        assert_true(segment.last_page + 1 <= least + 16 + least / 100);
        segment_close(&segment);
    }
}

/* ---- The table ---- */

static char *file_read(const char *path)
{
    char *text = calloc(1, 1u << 20);
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    assert_non_null(text);
    assert_true(fd >= 0);
    assert_true(read(fd, text, (1u << 20) - 1) > 0);
    (void)close(fd);
    return text;
}

/* A number as the table has it: thousands apart. */
static void number_print(uint64_t number, char ret_text[32])
{
    char digits[24];
    size_t count = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, number);
    size_t length = 0;

    for (size_t i = 0; i < count; i++) {
        if (i != 0 && count >= 5 && (count - i) % 3 == 0)
            ret_text[length++] = ' ';
        ret_text[length++] = digits[i];
    }
    ret_text[length] = '\0';
}

static void row_print(char *text, size_t size_bytes, uint64_t events, uint64_t event_bytes,
                      uint64_t commit_bytes)
{
    struct btx_wal_plan plan;
    char numbers[5][32];

    btx_wal_plan_make(&plan, GIB, commit_bytes, events, event_bytes);
    number_print(events, numbers[0]);
    number_print(event_bytes, numbers[1]);
    number_print(plan.commit_events, numbers[2]);
    number_print(plan.commits, numbers[3]);
    number_print(plan.pages, numbers[4]);
    (void)snprintf(text, size_bytes, "| %s | %s | %.1f | %s | %s | %s | %.1f | %" PRIu64 " |\n",
                   numbers[0], numbers[1], (double)(events * event_bytes) / (double)MIB, numbers[2],
                   numbers[3], numbers[4], (double)(plan.pages * BTX_WAL_PAGE_BYTES) / (double)MIB,
                   plan.segments);
}

/* Documentation that nobody recomputes is wrong after the first change. */
static void readme__table_of_worst_cases__is_what_the_arithmetic_gives(void **state)
{
    static const struct {
        uint64_t events;
        uint64_t event_bytes;
        uint64_t commit_bytes; /* 1: one event each */
    } rows[] = {
        {32768, 32904, 1},      {32768, 32832, 1},       {5000, 32904, 1},
        {5000, 32832, 1},       {32768, 32904, 4 * MIB}, {32768, 32832, 4 * MIB},
        {5000, 32904, 4 * MIB}, {5000, 32832, 4 * MIB},  {509, 32904, 4 * MIB},
        {511, 32832, 4 * MIB},  {32768, 512, 4 * MIB},   {262144, 64, 4 * MIB},
    };
    char *readme = file_read("engine/wal/README.md");
    unsigned int missing = 0;

    (void)state;
    /* How many of them a ring of the default size holds. */
    assert_int_equal(32768 * 512 / 32904, 509);
    assert_int_equal(32768 * 512 / 32832, 511);
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        char row[256];

        row_print(row, sizeof row, rows[i].events, rows[i].event_bytes, rows[i].commit_bytes);
        missing += strstr(readme, row) == NULL;
        print_message("%s%s", strstr(readme, row) == NULL ? "missing: " : "", row);
    }
    free(readme);
    assert_int_equal(missing, 0);
}

/* The plan is not another arithmetic: written for real, it comes out. */
static void plan_make__written_for_real__takes_so_many_segments_and_pages(void **state)
{
    const uint64_t map_bytes = 24 * MIB;
    struct btx_wal_plan plan;
    struct segment segment;
    uint64_t segments = 1;
    uint64_t pages = 0;
    uint64_t left = 3000;

    (void)state;
    btx_wal_plan_make(&plan, map_bytes, MIB, left, 32832);
    assert_int_equal(plan.commit_events, 31);
    segment_open(&segment, map_bytes);
    for (uint64_t commit = 0; commit < plan.commits; commit++) {
        uint64_t events = left < plan.commit_events ? left : plan.commit_events;

        if (!btx_wal_commit_fits(map_bytes, segment.last_page, events * 32832, 0)) {
            pages += segment.last_page + 1;
            segment_close(&segment);
            segment_open(&segment, map_bytes);
            segments++;
        }
        assert_int_equal(segment_commit(&segment, events * 32832, 0), 0);
        segment.last_page = last_page_of(segment.env);
        left -= events;
    }
    pages += segment.last_page + 1;
    segment_close(&segment);
    assert_int_equal(left, 0);
    assert_int_equal(segments, plan.segments);
    print_message("%" PRIu64 " pages, at least %" PRIu64 "\n", pages, plan.pages);
    assert_true(pages >= plan.pages && pages <= plan.pages + 16 * segments);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commit_pages_max__every_kind_of_load__bounds_what_lmdb_takes),
        cmocka_unit_test(commit_pages_max__any_commit__is_what_was_proven),
        cmocka_unit_test(commit_pages_max__all_pages_full_and_none_free__is_nearly_taken),
        cmocka_unit_test(map_bytes_min__any_commit__fits_a_fresh_segment),
        cmocka_unit_test(commit_fits__at_the_last_page__is_exact),
        cmocka_unit_test(lmdb__map_of_few_pages__never_gives_out_the_last),
        cmocka_unit_test(batch_pages__at_the_edges__are_those_of_lmdb),
        cmocka_unit_test(segment_pages__filled_segment__is_near_and_below_what_lmdb_takes),
        cmocka_unit_test(plan_make__written_for_real__takes_so_many_segments_and_pages),
        cmocka_unit_test(readme__table_of_worst_cases__is_what_the_arithmetic_gives),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
