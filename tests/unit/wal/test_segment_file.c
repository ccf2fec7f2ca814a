/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/wal/segment_file.h"
#include "engine/wal/segment_reader.h"
#include "tests/unit/wal/log_fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAP_BYTES (UINT64_C(1) << 20)
#define ZERO_BYTES (UINT64_C(256) << 10)

static const char name[] = "00000000000000000001-0000000001.mdb";

static struct btx_segment_file create(const struct log_fixture *fixture, uint64_t zero_bytes)
{
    struct btx_segment_file file;
    struct btx_fault fault = {0};

    if (btx_segment_file_create(&file, fixture->root, "next-1.tmp", MAP_BYTES, zero_bytes,
                                &fault) != BTX_OK)
        fail_msg("%s", fault.text);
    return file;
}

static int open_folder(const struct log_fixture *fixture)
{
    const int fd = open(fixture->root, O_RDONLY | O_DIRECTORY);

    assert_true(fd >= 0);
    return fd;
}

static uint64_t file_bytes(const struct log_fixture *fixture, const char *file_name)
{
    struct stat found;
    char path[256];

    (void)snprintf(path, sizeof path, "%s/%s", fixture->root, file_name);
    return stat(path, &found) == 0 ? (uint64_t)found.st_size : 0;
}

static struct btx_wal_key key_of(uint64_t seq, uint64_t number)
{
    const uint64_t numbers[2] = {htobe64(seq), htobe64(number)};
    struct btx_wal_key key;

    memcpy(&key, numbers, sizeof key);
    return key;
}

/* Commit a batch of @units units of @fill under @number. */
static enum btx_segment_result commit(struct btx_segment_file *file,
                                      const struct log_fixture *fixture, uint64_t number,
                                      size_t units, uint8_t fill)
{
    const struct iovec piece = {fixture->buffer, units * BTX_RECORD_UNIT_BYTES};
    const struct btx_segment_commit commit = {
        .key = key_of(number, number),
        .batch = &piece,
        .piece_count = 1,
        .batch_bytes = piece.iov_len,
    };

    memset(fixture->buffer, fill, piece.iov_len);
    return btx_segment_file_commit(file, &commit, &(struct btx_fault){0});
}

/* Blocks that were written once cost no journal commit at a sync. */
static void segment_file_create__zeroes_ahead__file_has_that_size(void **state)
{
    const struct log_fixture *fixture = *state;
    struct btx_segment_file file = create(fixture, ZERO_BYTES);

    assert_int_equal(file_bytes(fixture, "next-1.tmp"), ZERO_BYTES);
    btx_segment_file_close(&file);
    btx_segment_file_close(&file);
}

/* A folder that is not there must not leave an environment behind. */
static void segment_file_create__no_such_folder__is_a_fault(void **state)
{
    struct btx_segment_file file;
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(
        btx_segment_file_create(&file, "/nowhere/at/all", "next-1.tmp", MAP_BYTES, 0, &fault),
        BTX_FAULT_IO);
    assert_non_null(strstr(fault.text, "next-1.tmp"));
    assert_null(file.environment);
}

/* What one transaction puts is what a reader finds, in the order of the keys. */
static void segment_file_commit__batches__are_found_by_their_keys(void **state)
{
    static const size_t units[] = {1, 31, 32, 63, 64, 65, 200, 2};
    const struct btx_segment_options options = {0};
    const struct log_fixture *fixture = *state;
    struct btx_segment_file file = create(fixture, ZERO_BYTES);
    struct btx_segment_reader *reader;
    struct btx_wal_damage damage;
    struct btx_wal_batch batch;
    struct btx_fault fault = {0};
    int folder_fd = open_folder(fixture);

    for (size_t i = 0; i < BTX_COUNT_OF(units); i++)
        assert_int_equal(commit(&file, fixture, i + 1, units[i], (uint8_t)(i + 1)),
                         BTX_SEGMENT_COMMITTED);
    assert_int_equal(btx_segment_reader_open(&reader, folder_fd, "next-1.tmp", &options, &fault),
                     BTX_OK);
    /* Without a header there is one damage, which is not what this test is about. */
    assert_int_equal(btx_segment_reader_next(reader, &batch, &damage, &fault), BTX_SEGMENT_DAMAGE);
    for (size_t i = 0; i < BTX_COUNT_OF(units); i++) {
        assert_int_equal(btx_segment_reader_next(reader, &batch, &damage, &fault),
                         BTX_SEGMENT_BATCH);
        assert_int_equal(batch.seq, i + 1);
        assert_int_equal(batch.number, i + 1);
        assert_int_equal(batch.length_bytes, units[i] * BTX_RECORD_UNIT_BYTES);
        for (size_t at = 0; at < batch.length_bytes; at++)
            assert_int_equal(batch.bytes[at], i + 1);
    }
    assert_int_equal(btx_segment_reader_next(reader, &batch, &damage, &fault), BTX_SEGMENT_END);
    btx_segment_reader_close(reader);
    btx_segment_file_close(&file);
    assert_int_equal(close(folder_fd), 0);
}

/* Batches come in order, so pages are filled to the end: half-full ones would double the log. */
static void segment_file_commit__many_small_batches__fill_the_pages(void **state)
{
    enum { COMMITS = 200, UNITS = 31 }; /* the greatest batch in a leaf, two to a page */
    const struct log_fixture *fixture = *state;
    struct btx_segment_file file = create(fixture, 0);

    for (unsigned i = 1; i <= COMMITS; i++)
        assert_int_equal(commit(&file, fixture, i, UNITS, 1), BTX_SEGMENT_COMMITTED);
    assert_true(file.last_page < COMMITS / 2 + 15);
    btx_segment_file_close(&file);
}

/* A full map is an answer, and the segment stays usable: nothing of the batch is in it. */
static void segment_file_commit__map_is_full__does_nothing(void **state)
{
    const struct log_fixture *fixture = *state;
    struct btx_segment_file file = create(fixture, 0);
    uint64_t last_page;

    assert_int_equal(commit(&file, fixture, 1, 100, 1), BTX_SEGMENT_COMMITTED);
    last_page = file.last_page;
    assert_int_equal(commit(&file, fixture, 2, MAP_BYTES / BTX_RECORD_UNIT_BYTES, 2),
                     BTX_SEGMENT_FULL);
    assert_int_equal(file.last_page, last_page);
    assert_int_equal(commit(&file, fixture, 2, 100, 2), BTX_SEGMENT_COMMITTED);
    btx_segment_file_close(&file);
}

/* A name in a log is given once: rename() alone would replace a segment silently. */
static void segment_file_publish__name_is_taken__is_refused(void **state)
{
    const struct log_fixture *fixture = *state;
    struct btx_segment_file file = create(fixture, 0);
    struct btx_fault fault = {0};
    int folder_fd = open_folder(fixture);
    int fd = openat(folder_fd, name, O_WRONLY | O_CREAT, 0600);

    assert_true(fd >= 0 && close(fd) == 0);
    assert_int_equal(btx_segment_file_publish(&file, folder_fd, name, &fault), BTX_FAULT_IO);
    assert_non_null(strstr(fault.text, name));
    assert_int_equal(file_bytes(fixture, name), 0);
    assert_int_equal(unlinkat(folder_fd, name, 0), 0);
    assert_int_equal(btx_segment_file_publish(&file, folder_fd, name, &fault), BTX_OK);
    assert_string_equal(file.name, name);
    assert_true(file_bytes(fixture, name) > 0);
    btx_segment_file_close(&file);
    assert_int_equal(close(folder_fd), 0);
}

/* What was zeroed in vain goes back to the filesystem; what is in use stays. */
static void segment_file_finish__zeros_behind_the_last_page__are_cut(void **state)
{
    const struct log_fixture *fixture = *state;
    struct btx_segment_file file = create(fixture, ZERO_BYTES);
    struct btx_fault fault = {0};
    uint64_t used_bytes;

    assert_int_equal(commit(&file, fixture, 1, 100, 1), BTX_SEGMENT_COMMITTED);
    used_bytes = (file.last_page + 1) * BTX_WAL_PAGE_BYTES;
    assert_int_equal(btx_segment_file_finish(&file, &fault), BTX_OK);
    assert_int_equal(file_bytes(fixture, "next-1.tmp"), used_bytes);
    assert_null(file.environment);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(segment_file_create__zeroes_ahead__file_has_that_size,
                                        log_fixture_setup, log_fixture_teardown),
        cmocka_unit_test(segment_file_create__no_such_folder__is_a_fault),
        cmocka_unit_test_setup_teardown(segment_file_commit__batches__are_found_by_their_keys,
                                        log_fixture_setup, log_fixture_teardown),
        cmocka_unit_test_setup_teardown(segment_file_commit__many_small_batches__fill_the_pages,
                                        log_fixture_setup, log_fixture_teardown),
        cmocka_unit_test_setup_teardown(segment_file_commit__map_is_full__does_nothing,
                                        log_fixture_setup, log_fixture_teardown),
        cmocka_unit_test_setup_teardown(segment_file_publish__name_is_taken__is_refused,
                                        log_fixture_setup, log_fixture_teardown),
        cmocka_unit_test_setup_teardown(segment_file_finish__zeros_behind_the_last_page__are_cut,
                                        log_fixture_setup, log_fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
