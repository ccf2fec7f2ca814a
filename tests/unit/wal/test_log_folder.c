/* SPDX-License-Identifier: Apache-2.0 */
/* test_log_folder.c - names, order and identity of a log, and writes that last. */
#include "engine/wal/log_folder.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "engine/base/crc32c.h"
#include "tests/unit/wal/temp_folder.h"

/* ---- The calls of the system that the library makes, as a test wants them to go ---- */

static struct {
    size_t write_bytes_max; /* a write takes no more, 0: all */
    int write_error;        /* what the next write gives */
    int write_error_count;  /* ... so often, */
    int write_good_before;  /* after so many good ones */
    int sync_error;         /* what all syncs give */
    int rename_error;       /* what all renames give */
    uint64_t free_bytes;    /* what statvfs says, UINT64_MAX: the truth */
    unsigned int write_count;
    char order[64]; /* one letter for each call that lasts: w, s, r, d (mkdir) */
} disk;

static void disk_reset(void)
{
    memset(&disk, 0, sizeof disk);
    disk.free_bytes = UINT64_MAX;
}

static void disk_note(char letter)
{
    size_t length = strlen(disk.order);

    if (length + 1 < sizeof disk.order)
        disk.order[length] = letter;
}

ssize_t pwrite(int fd, const void *bytes, size_t length_bytes, off_t offset_bytes)
{
    disk.write_count++;
    disk_note('w');
    if (disk.write_error_count > 0 && disk.write_good_before-- <= 0) {
        disk.write_error_count--;
        errno = disk.write_error;
        return disk.write_error == 0 ? 0 : -1;
    }
    if (disk.write_bytes_max != 0 && length_bytes > disk.write_bytes_max)
        length_bytes = disk.write_bytes_max;
    return syscall(SYS_pwrite64, fd, bytes, length_bytes, offset_bytes);
}

int fsync(int fd)
{
    disk_note('s');
    if (disk.sync_error != 0) {
        errno = disk.sync_error;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    disk_note('r');
    if (disk.rename_error != 0) {
        errno = disk.rename_error;
        return -1;
    }
    return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, 0);
}

int mkdirat(int fd, const char *name, mode_t mode)
{
    disk_note('d');
    return (int)syscall(SYS_mkdirat, fd, name, mode);
}

int fstatvfs(int fd, struct statvfs *space)
{
    (void)fd;
    memset(space, 0, sizeof *space);
    space->f_frsize = 4096;
    space->f_bavail = (disk.free_bytes == UINT64_MAX ? UINT64_C(1) << 40 : disk.free_bytes) / 4096;
    return 0;
}

static int setup(void **state)
{
    static struct temp_folder folder;

    disk_reset();
    temp_folder_make(&folder);
    *state = &folder;
    return 0;
}

static int teardown(void **state)
{
    temp_folder_remove(*state);
    return 0;
}

/* ---- Names ---- */

static void segment_name__any_numbers__parses_to_the_same(void **state)
{
    static const struct {
        uint64_t first_seq;
        uint64_t number;
        const char *name;
    } rows[] = {
        {1, 1, "00000000000000000001-0000000001.mdb"},
        {0, 7, "00000000000000000000-0000000007.mdb"},
        {UINT64_MAX, BTX_WAL_SEGMENT_NUMBER_MAX, "18446744073709551615-9999999999.mdb"},
    };

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        struct btx_log_segment made;
        struct btx_log_segment parsed;

        btx_log_segment_name(&made, rows[i].first_seq, rows[i].number);
        assert_string_equal(made.name, rows[i].name);
        assert_true(btx_log_segment_parse(made.name, &parsed));
        assert_memory_equal(&made, &parsed, sizeof made);
    }
}

/* What is in a folder was put there by anybody; only our names are segments. */
static void segment_parse__anything_else__is_no_segment(void **state)
{
    static const char *const names[] = {
        "",
        ".",
        "00000000000000000001",
        "00000000000000000001-0000000001",
        "00000000000000000001-0000000001.mdb.tmp",
        "00000000000000000001-0000000001.mdbx",
        "00000000000000000001-0000000000.mdb", /* segments count from 1 */
        "0000000000000000001-0000000001.mdb",  /* 19 digits */
        "00000000000000000001_0000000001.mdb",
        "00000000000000000001-000000001.mdb",  /* 9 digits */
        "18446744073709551616-0000000001.mdb", /* 2^64 */
        "99999999999999999999-0000000001.mdb",
        "-0000000000000000001-0000000001.mdb",
        " 0000000000000000001-0000000001.mdb",
        "0000000000000000000a-0000000001.mdb",
    };

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(names); i++) {
        struct btx_log_segment segment;

        print_message("'%s'\n", names[i]);
        assert_false(btx_log_segment_parse(names[i], &segment));
    }
}

/* ---- Listing ---- */

static void segments_list__files_in_any_order__come_by_number(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_log_segment *segments;
    struct btx_fault fault = {0};
    size_t count;

    /* 200 so that the array grows; every second one has the seq of the one before. */
    for (uint64_t i = 200; i >= 1; i--) {
        struct btx_log_segment segment;

        btx_log_segment_name(&segment, i / 2 * 1000, i);
        temp_folder_put(folder, segment.name, "", 0);
    }
    temp_folder_put(folder, "next-1.tmp", "", 0);
    temp_folder_put(folder, "README", "", 0);

    assert_int_equal(btx_log_segments_list(folder->fd, &segments, &count, &fault), BTX_OK);

    assert_int_equal(count, 200);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(segments[i].number, i + 1);
        assert_int_equal(segments[i].first_seq, (i + 1) / 2 * 1000);
    }
    free(segments);
    /* A second time: the place in the folder is not the descriptor's. */
    assert_int_equal(btx_log_segments_list(folder->fd, &segments, &count, &fault), BTX_OK);
    assert_int_equal(count, 200);
    free(segments);
}

static void segments_list__empty_folder__lists_nothing(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_log_segment *segments;
    struct btx_fault fault = {0};
    size_t count = 9;

    assert_int_equal(btx_log_segments_list(folder->fd, &segments, &count, &fault), BTX_OK);
    assert_int_equal(count, 0);
    free(segments);
}

/* A copy of a segment under another name must not be taken for one of the log. */
static void segments_list__two_of_one_number__is_corrupt_and_names_both(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_log_segment *segments;
    struct btx_fault fault = {0};
    size_t count;

    temp_folder_put(folder, "00000000000000000001-0000000001.mdb", "", 0);
    temp_folder_put(folder, "00000000000000000009-0000000001.mdb", "", 0);

    assert_int_equal(btx_log_segments_list(folder->fd, &segments, &count, &fault),
                     BTX_FAULT_CORRUPT);
    assert_null(segments);
    assert_non_null(strstr(fault.text, "00000000000000000001-0000000001.mdb"));
    assert_non_null(strstr(fault.text, "00000000000000000009-0000000001.mdb"));
}

static void segments_list__seq_goes_back__is_corrupt(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_log_segment *segments;
    struct btx_fault fault = {0};
    size_t count;

    temp_folder_put(folder, "00000000000000000009-0000000001.mdb", "", 0);
    temp_folder_put(folder, "00000000000000000008-0000000002.mdb", "", 0);

    assert_int_equal(btx_log_segments_list(folder->fd, &segments, &count, &fault),
                     BTX_FAULT_CORRUPT);
    assert_non_null(strstr(fault.text, "begins before it"));
}

/* ---- Folders ---- */

static void folder_open__missing_or_a_file__is_a_config_fault(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_fault fault = {0};
    int fd = 0;

    temp_folder_put(folder, "file", "x", 1);
    assert_int_equal(btx_wal_folder_open(&fd, folder->fd, "nowhere", &fault), BTX_FAULT_CONFIG);
    assert_int_equal(fd, -1);
    assert_non_null(strstr(fault.text, "'nowhere'"));
    assert_int_equal(btx_wal_folder_open(&fd, folder->fd, "file", &fault), BTX_FAULT_CONFIG);
}

static void folder_open__absolute_path__opens_and_children_do_not_inherit(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_fault fault = {0};
    int fd;

    assert_int_equal(btx_wal_folder_open(&fd, AT_FDCWD, folder->path, &fault), BTX_OK);
    assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    (void)close(fd);
}

static void temporaries_remove__left_overs__are_gone_and_the_rest_stays(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_fault fault = {0};

    temp_folder_put(folder, "next-1.tmp", "x", 1);
    temp_folder_put(folder, "next-2.tmp", "x", 1);
    temp_folder_put(folder, "kept.tmp.mdb", "x", 1);
    temp_folder_put(folder, ".tmp", "x", 1); /* Nothing but the ending: not a name of ours. */
    assert_int_equal(mkdirat(folder->fd, "folder.tmp", 0750), 0);
    disk_reset();

    assert_int_equal(btx_wal_temporaries_remove(folder->fd, &fault), BTX_OK);

    assert_int_equal(faccessat(folder->fd, "next-1.tmp", F_OK, 0), -1);
    assert_int_equal(faccessat(folder->fd, "next-2.tmp", F_OK, 0), -1);
    assert_int_equal(faccessat(folder->fd, "kept.tmp.mdb", F_OK, 0), 0);
    assert_int_equal(faccessat(folder->fd, ".tmp", F_OK, 0), 0);
    assert_int_equal(faccessat(folder->fd, "folder.tmp", F_OK, 0), 0);
    assert_string_equal(disk.order, "s");
}

/* ---- Identity ---- */

static void id_ensure__new_folder__makes_what_read_reads(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_fault fault = {0};
    struct btx_wal_id made;
    struct btx_wal_id again;
    struct btx_wal_id read;
    struct stat status;

    (void)umask(022);
    assert_int_equal(btx_wal_id_ensure(folder->fd, "node-1", 77, &made, &fault), BTX_OK);
    assert_int_equal(btx_wal_id_ensure(folder->fd, "node-2", 88, &again, &fault), BTX_OK);
    assert_int_equal(btx_wal_id_read(folder->fd, &read, &fault), BTX_OK);

    assert_memory_equal(&made, &again, sizeof made);
    assert_memory_equal(&made, &read, sizeof made);
    assert_string_equal(made.host, "node-1");
    assert_int_equal(made.created_ns, 77);
    assert_int_equal(made.uuid[6] >> 4, 4);
    assert_int_equal(made.uuid[8] >> 6, 2);
    assert_int_equal(fstatat(folder->fd, "segments", &status, 0), 0);
    assert_int_equal(status.st_mode, S_IFDIR | 0750);
    assert_int_equal(fstatat(folder->fd, "snapshots", &status, 0), 0);
    assert_int_equal(status.st_mode, S_IFDIR | 0750);
    assert_int_equal(fstatat(folder->fd, "wal.id", &status, 0), 0);
    assert_int_equal(status.st_mode, S_IFREG | 0640);
    assert_int_equal(status.st_size, 512);
}

static void id_ensure__two_logs__have_two_identities(void **state)
{
    struct temp_folder *folder = *state;
    struct temp_folder other;
    struct btx_fault fault = {0};
    struct btx_wal_id one;
    struct btx_wal_id two;

    temp_folder_make(&other);
    assert_int_equal(btx_wal_id_ensure(folder->fd, "h", 1, &one, &fault), BTX_OK);
    assert_int_equal(btx_wal_id_ensure(other.fd, "h", 1, &two, &fault), BTX_OK);
    temp_folder_remove(&other);

    assert_memory_not_equal(one.uuid, two.uuid, sizeof one.uuid);
}

/* The order is what survives a power cut: the bytes before the name, the name before the return;
 * and the folders before the identity that promises them. */
static void id_ensure__new_folder__syncs_in_the_order_that_survives(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_fault fault = {0};
    struct btx_wal_id id;

    assert_int_equal(btx_wal_id_ensure(folder->fd, "h", 1, &id, &fault), BTX_OK);
    /* Each folder is made and synced; wal.id written, synced, renamed; the root synced. */
    assert_string_equal(disk.order, "dsdswsrs");

    disk_reset();
    assert_int_equal(btx_wal_id_ensure(folder->fd, "h", 1, &id, &fault), BTX_OK);
    assert_string_equal(disk.order, "dsdss");
}

/* Whatever call fails, the fault says so and the next try completes what is there. */
static void id_ensure__a_call_fails__the_next_one_completes(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_fault fault = {0};
    struct btx_wal_id id;

    disk.write_error = ENOSPC;
    disk.write_error_count = 1;
    assert_int_equal(btx_wal_id_ensure(folder->fd, "h", 1, &id, &fault), BTX_FAULT_DISK_FULL);
    disk_reset();
    disk.rename_error = EIO;
    assert_int_equal(btx_wal_id_ensure(folder->fd, "h", 1, &id, &fault), BTX_FAULT_IO);
    assert_int_equal(faccessat(folder->fd, "wal.id.tmp", F_OK, 0), 0);
    disk_reset();
    disk.sync_error = EIO;
    assert_int_equal(btx_wal_id_ensure(folder->fd, "h", 1, &id, &fault), BTX_FAULT_IO);
    disk_reset();
    assert_int_equal(btx_wal_id_ensure(folder->fd, "h", 1, &id, &fault), BTX_OK);
    assert_int_equal(faccessat(folder->fd, "wal.id.tmp", F_OK, 0), -1);
}

/* A new identity would make the old segments strangers. */
static void id_ensure__segments_without_identity__is_corrupt(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_fault fault = {0};
    struct btx_wal_id id;

    assert_int_equal(btx_wal_id_ensure(folder->fd, "h", 1, &id, &fault), BTX_OK);
    temp_folder_put(folder, "segments/00000000000000000001-0000000001.mdb", "x", 1);
    assert_int_equal(btx_wal_id_ensure(folder->fd, "h", 1, &id, &fault), BTX_OK);
    assert_int_equal(unlinkat(folder->fd, "wal.id", 0), 0);

    assert_int_equal(btx_wal_id_ensure(folder->fd, "h", 1, &id, &fault), BTX_FAULT_CORRUPT);
    assert_non_null(strstr(fault.text, "1 segments but no wal.id"));
    assert_int_equal(faccessat(folder->fd, "wal.id", F_OK, 0), -1);
}

/* The filesystem was only looked at for the root. */
static void id_ensure__folder_is_a_link__is_refused(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_fault fault = {0};
    struct btx_wal_id id;

    assert_int_equal(symlinkat("/tmp", folder->fd, "segments"), 0);
    assert_int_equal(btx_wal_id_ensure(folder->fd, "h", 1, &id, &fault), BTX_FAULT_CONFIG);
    assert_non_null(strstr(fault.text, "segments: want a folder"));
}

static void id_read__no_log__is_a_config_fault(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_fault fault = {0};
    struct btx_wal_id id;

    assert_int_equal(btx_wal_id_read(folder->fd, &id, &fault), BTX_FAULT_CONFIG);
    assert_non_null(strstr(fault.text, "no log here"));
}

static void id_seal(struct btx_wal_id *id)
{
    id->crc = btx_crc32c(0, id, offsetof(struct btx_wal_id, crc));
}

static void id_read__every_byte_flipped__is_corrupt(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_fault fault = {0};
    struct btx_wal_id id;

    assert_int_equal(btx_wal_id_ensure(folder->fd, "h", 1, &id, &fault), BTX_OK);
    for (size_t i = 0; i < sizeof id; i++) {
        uint8_t bytes[sizeof id];
        struct btx_wal_id read;

        memcpy(bytes, &id, sizeof id);
        bytes[i] ^= 0x20;
        temp_folder_put(folder, "wal.id", bytes, sizeof bytes);
        assert_int_equal(btx_wal_id_read(folder->fd, &read, &fault), BTX_FAULT_CORRUPT);
    }
}

/* A right CRC proves nothing about who wrote it. */
static void id_read__right_crc_but_wrong_fields__is_refused(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_fault fault = {0};
    struct btx_wal_id good;
    struct btx_wal_id read;
    struct btx_wal_id bad[8];
    static const char *const sentences[8] = {
        "format 2", "reserved", "reserved",  "not one of version 4",
        "host",     "host",     "no wal.id", "not one of version 4"};

    assert_int_equal(btx_wal_id_ensure(folder->fd, "h", 1, &good, &fault), BTX_OK);
    for (size_t i = 0; i < BTX_COUNT_OF(bad); i++)
        bad[i] = good;
    bad[0].format = 2;
    bad[1].reserved = 1;
    bad[2].reserved_bytes[403] = 1;
    bad[3].uuid[6] = 0x10;
    bad[4].host[5] = 'x'; /* Behind its final zero. */
    memset(bad[5].host, 'x', sizeof bad[5].host);
    bad[6].magic[0] = 'b';
    bad[7].uuid[8] = 0xc0;
    for (size_t i = 0; i < BTX_COUNT_OF(bad); i++) {
        id_seal(&bad[i]);
        temp_folder_put(folder, "wal.id", &bad[i], sizeof bad[i]);
        assert_int_equal(btx_wal_id_read(folder->fd, &read, &fault),
                         i == 0 ? BTX_FAULT_LAYOUT : BTX_FAULT_CORRUPT);
        print_message("%s\n", fault.text);
        assert_non_null(strstr(fault.text, sentences[i]));
    }
}

static void id_read__wrong_length_or_kind_of_file__is_refused(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_fault fault = {0};
    struct btx_wal_id id;
    struct btx_wal_id read;

    assert_int_equal(btx_wal_id_ensure(folder->fd, "h", 1, &id, &fault), BTX_OK);
    temp_folder_put(folder, "wal.id", &id, sizeof id - 1);
    assert_int_equal(btx_wal_id_read(folder->fd, &read, &fault), BTX_FAULT_CORRUPT);
    temp_folder_put(folder, "wal.id", "", 0);
    assert_int_equal(btx_wal_id_read(folder->fd, &read, &fault), BTX_FAULT_CORRUPT);
    assert_int_equal(unlinkat(folder->fd, "wal.id", 0), 0);
    assert_int_equal(mkfifoat(folder->fd, "wal.id", 0640), 0);
    assert_int_equal(btx_wal_id_read(folder->fd, &read, &fault), BTX_FAULT_CORRUPT);
}

/* ---- Writes ---- */

static void write__short_and_interrupted__writes_all_of_it(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_fault fault = {0};
    char bytes[1000];
    char read[sizeof bytes];
    int fd = openat(folder->fd, "file", O_RDWR | O_CREAT | O_CLOEXEC, 0640);

    memset(bytes, 'x', sizeof bytes);
    bytes[0] = 'a';
    bytes[999] = 'z';
    disk.write_bytes_max = 7;
    disk.write_error = EINTR;
    disk.write_error_count = 3;
    disk.write_good_before = 5;

    assert_int_equal(btx_wal_write(fd, bytes, sizeof bytes, 4096, "file", &fault), BTX_OK);

    assert_int_equal(pread(fd, read, sizeof read, 4096), sizeof read);
    assert_memory_equal(read, bytes, sizeof read);
    assert_int_equal(disk.write_count, (1000 + 6) / 7 + 3);
    (void)close(fd);
}

/* A write that takes nothing and says nothing must not be tried for ever. */
static void write__nothing_taken__is_a_fault(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_fault fault = {0};
    int fd = openat(folder->fd, "file", O_RDWR | O_CREAT | O_CLOEXEC, 0640);

    disk.write_error = 0;
    disk.write_error_count = 1;
    assert_int_equal(btx_wal_write(fd, "abc", 3, 0, "writing file", &fault), BTX_FAULT_IO);
    assert_int_equal(disk.write_count, 1);
    (void)close(fd);
}

/* LMDB gives EIO for a full disk; an operator must be told the truth. */
static void write_fault__by_errno_and_room__tells_full_from_broken(void **state)
{
    static const struct {
        int os_error;
        uint64_t free_bytes;
        enum btx_fault_code code;
    } rows[] = {
        {ENOSPC, UINT64_C(1) << 40, BTX_FAULT_DISK_FULL},
        {EDQUOT, UINT64_C(1) << 40, BTX_FAULT_DISK_FULL},
        {EIO, 0, BTX_FAULT_DISK_FULL},
        {EIO, (8u << 20) - 4096, BTX_FAULT_DISK_FULL},
        {EIO, 8u << 20, BTX_FAULT_IO},
        {EIO, UINT64_C(1) << 40, BTX_FAULT_IO},
        {EROFS, 0, BTX_FAULT_IO},
        {EBADF, 0, BTX_FAULT_IO},
    };
    struct temp_folder *folder = *state;

    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        struct btx_fault fault = {0};

        disk.free_bytes = rows[i].free_bytes;
        print_message("row %zu\n", i);
        assert_int_equal(btx_wal_write_fault(folder->fd, rows[i].os_error, "writing x", &fault),
                         rows[i].code);
        assert_int_equal(fault.code, rows[i].code);
        assert_int_equal(fault.os_error, rows[i].os_error);
        assert_memory_equal(fault.text, "writing x: ", 11);
    }
}

/* A second sync may succeed because the pages were dropped by the first. */
static void sync__failed__is_not_tried_again(void **state)
{
    struct temp_folder *folder = *state;
    static const int errors[] = {EIO, ENOSPC, EINTR};

    for (size_t i = 0; i < BTX_COUNT_OF(errors); i++) {
        struct btx_fault fault = {0};

        disk_reset();
        disk.sync_error = errors[i];
        assert_int_not_equal(btx_wal_sync(folder->fd, "syncing x", &fault), BTX_OK);
        assert_string_equal(disk.order, "s");
    }
}

/* ---- Texts ---- */

static void text_set__anything__is_valid_and_cut(void **state)
{
    char field[8];

    (void)state;
    btx_wal_text_set(field, sizeof field, "abc");
    assert_memory_equal(field, "abc\0\0\0\0", 8);
    btx_wal_text_set(field, sizeof field, "abcdefghij");
    assert_memory_equal(field, "abcdefg", 8);
    btx_wal_text_set(field, sizeof field, "a\nb\x1b\xc3");
    assert_memory_equal(field, "a?b??\0\0", 8);
    assert_true(btx_wal_text_valid(field, sizeof field));
    btx_wal_text_set(field, sizeof field, "");
    assert_true(btx_wal_text_valid(field, sizeof field));
}

static void text_valid__hostile_bytes__are_refused(void **state)
{
    (void)state;
    assert_false(btx_wal_text_valid("abcdefgh", 8));
    assert_false(btx_wal_text_valid("abc\0\0\0x", 8));
    assert_false(btx_wal_text_valid("a\x1b[2J\0\0", 8));
    assert_false(btx_wal_text_valid("a\x7f\0\0\0\0\0", 8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segment_name__any_numbers__parses_to_the_same),
        cmocka_unit_test(segment_parse__anything_else__is_no_segment),
        cmocka_unit_test_setup_teardown(segments_list__files_in_any_order__come_by_number, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(segments_list__empty_folder__lists_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(segments_list__two_of_one_number__is_corrupt_and_names_both,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(segments_list__seq_goes_back__is_corrupt, setup, teardown),
        cmocka_unit_test_setup_teardown(folder_open__missing_or_a_file__is_a_config_fault, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            folder_open__absolute_path__opens_and_children_do_not_inherit, setup, teardown),
        cmocka_unit_test_setup_teardown(temporaries_remove__left_overs__are_gone_and_the_rest_stays,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(id_ensure__new_folder__makes_what_read_reads, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(id_ensure__two_logs__have_two_identities, setup, teardown),
        cmocka_unit_test_setup_teardown(id_ensure__new_folder__syncs_in_the_order_that_survives,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(id_ensure__a_call_fails__the_next_one_completes, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(id_ensure__segments_without_identity__is_corrupt, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(id_ensure__folder_is_a_link__is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(id_read__no_log__is_a_config_fault, setup, teardown),
        cmocka_unit_test_setup_teardown(id_read__every_byte_flipped__is_corrupt, setup, teardown),
        cmocka_unit_test_setup_teardown(id_read__right_crc_but_wrong_fields__is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(id_read__wrong_length_or_kind_of_file__is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(write__short_and_interrupted__writes_all_of_it, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(write__nothing_taken__is_a_fault, setup, teardown),
        cmocka_unit_test_setup_teardown(write_fault__by_errno_and_room__tells_full_from_broken,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(sync__failed__is_not_tried_again, setup, teardown),
        cmocka_unit_test(text_set__anything__is_valid_and_cut),
        cmocka_unit_test(text_valid__hostile_bytes__are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
