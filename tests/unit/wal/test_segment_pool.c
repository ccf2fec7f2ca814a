/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/wal/seal.h"
#include "engine/wal/segment_pool.h"
#include "tests/unit/wal/log_fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <endian.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint8_t no_chain[BTX_WAL_HASH_BYTES];

/* A pool on the fixture's folder itself. */
static struct btx_segment_pool *open_pool(const struct log_fixture *fixture, int folder_fd)
{
    const struct btx_segment_pool_options options = {
        .segments = fixture->root,
        .segments_fd = folder_fd,
        .settings = &fixture->options.settings,
        .clock = fixture->options.clock,
        .chain = no_chain,
        .threadless = fixture->options.threadless,
    };
    struct btx_segment_pool *pool;
    struct btx_fault fault = {0};

    if (btx_segment_pool_open(&pool, &options, &fault) != BTX_OK)
        fail_msg("%s", fault.text);
    return pool;
}

static int open_folder(const struct log_fixture *fixture)
{
    const int fd = open(fixture->root, O_RDONLY | O_DIRECTORY);

    assert_true(fd >= 0);
    return fd;
}

static struct btx_segment_file take(struct btx_segment_pool *pool, bool *ret_waited)
{
    struct btx_segment_file file;
    struct btx_fault fault = {0};

    if (btx_segment_pool_take(pool, &file, ret_waited, &fault) != BTX_OK)
        fail_msg("%s", fault.text);
    return file;
}

/* A file with a header and one batch, as the writer hands it over, under a name of its own. */
static struct btx_segment_closed filled(struct log_fixture *fixture, struct btx_segment_file file)
{
    struct btx_segment_closed closed = {.batch_count = 1};
    const struct iovec piece = {fixture->buffer, log_fixture_txs(fixture, 3)};
    const uint64_t key[2] = {htobe64(1), htobe64(1)};
    struct btx_segment_commit commit = {
        .header = &closed.header,
        .batch = &piece,
        .piece_count = 1,
        .batch_bytes = piece.iov_len,
    };

    memcpy(closed.header.magic, BTX_WAL_HEADER_MAGIC, sizeof closed.header.magic);
    closed.header.format = BTX_WAL_FORMAT;
    closed.header.segment = 1;
    closed.header.first_seq = closed.header.first_tx = closed.header.first_batch = 1;
    btx_wal_header_seal(&closed.header);
    memcpy(&commit.key, key, sizeof commit.key);
    assert_int_equal(btx_segment_file_commit(&file, &commit, &(struct btx_fault){0}),
                     BTX_SEGMENT_COMMITTED);
    closed.file = file;
    closed.position = (struct btx_wal_position){.seq = 3, .tx = 3, .batch = 1};
    closed.bytes = piece.iov_len;
    return closed;
}

/* Whoever rotates must not wait for zeros to be written. */
static void segment_pool_take__two_are_ready__does_not_wait(void **state)
{
    const struct log_fixture *fixture = *state;
    int folder_fd = open_folder(fixture);
    struct btx_segment_pool *pool = open_pool(fixture, folder_fd);
    struct btx_segment_file files[3];
    bool waited;

    for (size_t i = 0; i < 2; i++) {
        files[i] = take(pool, &waited);
        assert_false(waited);
    }
    files[2] = take(pool, &waited);
    assert_true(waited);
    assert_string_not_equal(files[0].name, files[1].name);
    for (size_t i = 0; i < 3; i++)
        btx_segment_file_close(&files[i]);
    btx_segment_pool_close(pool);
    assert_int_equal(close(folder_fd), 0);
}

/* Segments made in vain are no log, and must not stay. */
static void segment_pool_close__some_are_ready__removes_them(void **state)
{
    const struct log_fixture *fixture = *state;
    int folder_fd = open_folder(fixture);
    struct btx_segment_pool *pool = open_pool(fixture, folder_fd);
    char names[512];

    log_fixture_names(fixture, "", names, sizeof names);
    assert_string_equal(names, "next-1.tmp next-2.tmp");
    btx_segment_pool_close(pool);
    log_fixture_names(fixture, "", names, sizeof names);
    assert_string_equal(names, "");
    assert_int_equal(close(folder_fd), 0);
}

/* Twice what the last one took, within bounds; or what the operator says. */
static void segment_pool_open__recent_bytes__decide_how_much_is_zeroed(void **state)
{
    static const struct {
        uint64_t recent, setting, want;
    } rows[] = {
        {0, 0, 8u << 20},          {3u << 20, 0, 6u << 20},   {4096, 0, 1u << 20},
        {60u << 20, 0, 64u << 20}, {0, 16u << 20, 16u << 20}, {0, 1, 1u << 20},
    };
    struct log_fixture *fixture = *state;
    int folder_fd = open_folder(fixture);

    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        struct btx_segment_pool_options options = {
            .segments = fixture->root,
            .segments_fd = folder_fd,
            .settings = &fixture->options.settings,
            .clock = fixture->options.clock,
            .recent_bytes = rows[i].recent,
            .chain = no_chain,
            .threadless = true,
        };
        struct btx_segment_pool *pool;
        struct stat found;

        fixture->options.settings.zero_ahead_bytes = rows[i].setting;
        assert_int_equal(btx_segment_pool_open(&pool, &options, &(struct btx_fault){0}), BTX_OK);
        assert_int_equal(fstatat(folder_fd, "next-1.tmp", &found, 0), 0);
        assert_int_equal(found.st_size, rows[i].want);
        btx_segment_pool_close(pool);
    }
    assert_int_equal(close(folder_fd), 0);
}

/* Bytes of the greater of the next segments, once it has @want_bytes. */
static uint64_t zeroed_at_last(int folder_fd, uint64_t want_bytes)
{
    struct stat found[2] = {0};

    /* Whoever never gets there is ended by the time limit of all tests. */
    do {
        (void)sched_yield();
        (void)fstatat(folder_fd, "next-2.tmp", &found[0], 0);
        (void)fstatat(folder_fd, "next-3.tmp", &found[1], 0);
    } while ((uint64_t)found[0].st_size < want_bytes && (uint64_t)found[1].st_size < want_bytes);
    return (uint64_t)(found[0].st_size > found[1].st_size ? found[0].st_size : found[1].st_size);
}

/* While a segment grows the next one is zeroed further, so that its zeros are there in time. */
static void segment_pool_progress__open_segment_grows__next_one_is_zeroed_as_far(void **state)
{
    struct log_fixture *fixture = *state;
    int folder_fd = open_folder(fixture);
    struct btx_segment_pool *pool;
    struct btx_segment_file files[3];
    bool waited;

    fixture->options.threadless = false;
    pool = open_pool(fixture, folder_fd);
    files[0] = take(pool, &waited);
    for (uint64_t mib = 1; mib <= 20; mib++)
        btx_segment_pool_progress(pool, mib << 20);
    assert_true(zeroed_at_last(folder_fd, 40u << 20) >= 40u << 20);
    /* The helper may have the best one still in its hands: it is the one behind then. */
    files[1] = take(pool, &waited);
    files[2] = take(pool, &waited);
    assert_true(files[1].zeroed_bytes >= 40u << 20 || files[2].zeroed_bytes >= 40u << 20);
    for (size_t i = 0; i < 3; i++)
        btx_segment_file_close(&files[i]);
    btx_segment_pool_close(pool);
    assert_int_equal(close(folder_fd), 0);
}

/* The seal is that of what was written, with and without the thread. */
static void segment_pool_seal_wait__segment_given__its_seal(void **state)
{
    struct log_fixture *fixture = *state;
    int folder_fd = open_folder(fixture);
    struct btx_wal_seal seals[2];
    char path[128];

    for (size_t i = 0; i < 2; i++) {
        struct btx_fault fault = {0};
        struct btx_segment_pool *pool;
        struct btx_segment_closed closed;
        bool waited;

        fixture->options.threadless = i == 0;
        fixture->seq = fixture->tx = 0;
        pool = open_pool(fixture, folder_fd);
        closed = filled(fixture, take(pool, &waited));
        btx_segment_pool_give(pool, &closed);
        assert_int_equal(btx_segment_pool_seal_wait(pool, &seals[i], &fault), BTX_OK);
        btx_segment_pool_close(pool);
        (void)snprintf(path, sizeof path, "%s/next-1.tmp", fixture->root);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(seals[i].bytes, closed.bytes);
        assert_int_equal(seals[i].last_seq, 3);
        assert_null(btx_wal_seal_check(&seals[i], sizeof seals[i]));
    }
    assert_memory_equal(seals[0].hash, seals[1].hash, BTX_WAL_HASH_BYTES);
    assert_int_equal(close(folder_fd), 0);
}

/* A burst may be ahead of the hashing: the seals come in order, each on the one before. */
static void segment_pool_seal_wait__several_given__chained_in_order(void **state)
{
    struct log_fixture *fixture = *state;
    int folder_fd = open_folder(fixture);

    for (size_t i = 0; i < 2; i++) {
        struct btx_wal_seal seals[BTX_SEGMENT_POOL_CLOSED_MAX];
        struct btx_fault fault = {0};
        struct btx_segment_pool *pool;
        char name[BTX_WAL_NAME_BYTES];
        bool waited;

        fixture->options.threadless = i == 0;
        pool = open_pool(fixture, folder_fd);
        for (size_t j = 0; j < BTX_SEGMENT_POOL_CLOSED_MAX; j++) {
            struct btx_segment_closed closed;

            fixture->seq = fixture->tx = 0;
            closed = filled(fixture, take(pool, &waited));
            btx_segment_pool_give(pool, &closed);
        }
        for (size_t j = 0; j < BTX_SEGMENT_POOL_CLOSED_MAX; j++) {
            assert_int_equal(btx_segment_pool_seal_wait(pool, &seals[j], &fault), BTX_OK);
            if (j > 0)
                assert_memory_equal(seals[j].previous, seals[j - 1].hash, BTX_WAL_HASH_BYTES);
        }
        btx_segment_pool_close(pool);
        for (unsigned j = 1; j <= BTX_SEGMENT_POOL_CLOSED_MAX; j++) {
            (void)snprintf(name, sizeof name, "next-%u.tmp", j);
            assert_int_equal(unlinkat(folder_fd, name, 0), 0);
        }
    }
    assert_int_equal(close(folder_fd), 0);
}

/* What the disk gives back is counted: a batch that is not there stops the log. */
static void segment_pool_seal_wait__other_than_counted__is_corrupt(void **state)
{
    struct log_fixture *fixture = *state;
    int folder_fd = open_folder(fixture);
    struct btx_segment_pool *pool = open_pool(fixture, folder_fd);
    struct btx_fault fault = {0};
    struct btx_wal_seal seal;
    bool waited;
    struct btx_segment_closed closed = filled(fixture, take(pool, &waited));

    closed.batch_count++;
    btx_segment_pool_give(pool, &closed);
    assert_int_equal(btx_segment_pool_seal_wait(pool, &seal, &fault), BTX_FAULT_CORRUPT);
    assert_non_null(strstr(fault.text, "2 batches"));
    btx_segment_pool_close(pool);
    assert_int_equal(close(folder_fd), 0);
}

/* When no next segment can be made, it is told when one is needed, and why. */
static void segment_pool_take__folder_is_gone__is_a_fault(void **state)
{
    const struct log_fixture *fixture = *state;
    int folder_fd = open_folder(fixture);
    struct btx_segment_pool_options options = {
        .segments = "/nowhere/at/all",
        .segments_fd = folder_fd,
        .settings = &fixture->options.settings,
        .clock = fixture->options.clock,
        .chain = no_chain,
    };
    struct btx_segment_pool *pool;
    struct btx_segment_file file;
    struct btx_fault fault = {0};
    bool waited;

    assert_int_equal(btx_segment_pool_open(&pool, &options, &fault), BTX_OK);
    assert_int_equal(btx_segment_pool_take(pool, &file, &waited, &fault), BTX_FAULT_IO);
    assert_non_null(strstr(fault.text, "the next segment"));
    btx_segment_pool_close(pool);
    assert_int_equal(close(folder_fd), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(segment_pool_take__two_are_ready__does_not_wait,
                                        log_fixture_setup, log_fixture_teardown),
        cmocka_unit_test_setup_teardown(segment_pool_close__some_are_ready__removes_them,
                                        log_fixture_setup, log_fixture_teardown),
        cmocka_unit_test_setup_teardown(segment_pool_open__recent_bytes__decide_how_much_is_zeroed,
                                        log_fixture_setup, log_fixture_teardown),
        cmocka_unit_test_setup_teardown(
            segment_pool_progress__open_segment_grows__next_one_is_zeroed_as_far, log_fixture_setup,
            log_fixture_teardown),
        cmocka_unit_test_setup_teardown(segment_pool_seal_wait__segment_given__its_seal,
                                        log_fixture_setup, log_fixture_teardown),
        cmocka_unit_test_setup_teardown(segment_pool_seal_wait__several_given__chained_in_order,
                                        log_fixture_setup, log_fixture_teardown),
        cmocka_unit_test_setup_teardown(segment_pool_seal_wait__other_than_counted__is_corrupt,
                                        log_fixture_setup, log_fixture_teardown),
        cmocka_unit_test_setup_teardown(segment_pool_take__folder_is_gone__is_a_fault,
                                        log_fixture_setup, log_fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
