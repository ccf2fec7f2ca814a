/* SPDX-License-Identifier: Apache-2.0 */
/* test_snapshot.c - a snapshot is written whole or not at all, and only a whole one is loaded. */
#include "engine/wal/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "engine/base/crc32c.h"
#include "engine/wal/log_folder.h"
#include "tests/unit/skip.h"
#include "tests/unit/wal/temp_folder.h"

enum { SEQ = 812, STATE_BYTES = 5 * 1024 * 1024 / 2 };
#define NAME "00000000000000000812.snap"
#define PATH "snapshots/" NAME
#define TEMPORARY_PATH PATH ".tmp"

/* ---- The calls of the system that make something last, as a test wants them to go ---- */

static struct {
    unsigned count;        /* calls so far */
    unsigned fail_at;      /* this call fails, counted from 1; 0: none */
    int error;             /* ... with this errno; 0: the process ends instead, before the call */
    char order[32];        /* one letter for each call: w, h (at offset 0), s, r */
    size_t read_bytes_max; /* a read gives no more, 0: all */
    int read_error;        /* what all reads give */
} disk;

/* Whether the call @letter is to fail; it is noted. */
static bool fails(char letter)
{
    if (disk.count + 1 < sizeof disk.order)
        disk.order[disk.count] = letter;
    disk.count++;
    if (disk.count != disk.fail_at)
        return false;
    if (disk.error == 0)
        _exit(0);
    errno = disk.error;
    return true;
}

ssize_t pwrite(int fd, const void *bytes, size_t length_bytes, off_t offset_bytes)
{
    if (fails(offset_bytes == 0 ? 'h' : 'w'))
        return -1;
    return syscall(SYS_pwrite64, fd, bytes, length_bytes, offset_bytes);
}

int fsync(int fd)
{
    return fails('s') ? -1 : (int)syscall(SYS_fsync, fd);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    return fails('r') ? -1 : (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, 0);
}

ssize_t pread(int fd, void *bytes, size_t length_bytes, off_t offset_bytes)
{
    if (disk.read_error != 0) {
        errno = disk.read_error;
        return -1;
    }
    if (disk.read_bytes_max != 0 && length_bytes > disk.read_bytes_max)
        length_bytes = disk.read_bytes_max;
    return syscall(SYS_pread64, fd, bytes, length_bytes, offset_bytes);
}

/* ---- A log to make snapshots of ---- */

static uint8_t state_bytes[STATE_BYTES];
static struct temp_folder folder;
static const struct btx_wal_seal seal = {
    .segment = 7, .first_seq = 700, .last_seq = SEQ, .last_tx = 444, .hash = {1, 2, 3}};

static int set_up(void **state)
{
    struct btx_fault fault = {0};
    struct btx_wal_id id;

    (void)state;
    for (size_t i = 0; i < STATE_BYTES; i++)
        state_bytes[i] = (uint8_t)(i * 7 + i / 1009);
    memset(&disk, 0, sizeof disk);
    temp_folder_make(&folder);
    assert_int_equal(btx_wal_id_ensure(folder.fd, "host", 5, &id, &fault), BTX_OK);
    memset(&disk, 0, sizeof disk);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    temp_folder_remove(&folder);
    return 0;
}

static enum btx_fault_code write_snapshot(size_t length_bytes, struct btx_fault *reterr_fault)
{
    static const size_t pieces[] = {1, 4096, 1024 * 1024, 3, 1024 * 1024 + 1};
    struct btx_snapshot_writer writer = {.fd = -1, .folder_fd = -1};
    enum btx_fault_code code = btx_snapshot_begin(&writer, folder.path, &seal, 1, 99, reterr_fault);
    size_t done = 0;

    for (size_t i = 0; code == BTX_OK && done < length_bytes; i++) {
        size_t piece = pieces[i % BTX_COUNT_OF(pieces)];

        if (piece > length_bytes - done)
            piece = length_bytes - done;
        btx_snapshot_add(&writer, state_bytes + done, piece);
        done += piece;
    }
    if (code == BTX_OK)
        code = btx_snapshot_end(&writer, NULL, reterr_fault);
    btx_snapshot_done(&writer);
    return code;
}

static bool is_there(const char *path)
{
    return faccessat(folder.fd, path, F_OK, 0) == 0;
}

/* What a load of the snapshot says; what it gives is given back at once. */
static enum btx_fault_code load(struct btx_fault *reterr_fault)
{
    struct btx_snapshot snapshot;
    const enum btx_fault_code code = btx_snapshot_load(&snapshot, folder.path, SEQ, reterr_fault);

    btx_snapshot_unload(&snapshot);
    return code;
}

static void assert_load_says(enum btx_fault_code code, const char *sentence)
{
    struct btx_fault fault = {0};

    assert_int_equal(load(&fault), code);
    if (strstr(fault.text, sentence) == NULL || strstr(fault.text, NAME) == NULL)
        fail_msg("'%s', want '%s'", fault.text, sentence);
}

/* Change the file of the snapshot at @offset_bytes. */
static void overwrite(off_t offset_bytes, const void *bytes, size_t length_bytes)
{
    const int fd = openat(folder.fd, PATH, O_WRONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, length_bytes, offset_bytes), length_bytes);
    close(fd);
}

static void cut(off_t length_bytes)
{
    const int fd = openat(folder.fd, PATH, O_WRONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, length_bytes), 0);
    close(fd);
}

static void read_header(struct btx_wal_snapshot_header *ret_header)
{
    const int fd = openat(folder.fd, PATH, O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(pread(fd, ret_header, sizeof *ret_header, 0), sizeof *ret_header);
    close(fd);
}

/* Put @header in front of the file, with the CRC that it should have. */
static void put_header(struct btx_wal_snapshot_header *header)
{
    header->crc = btx_crc32c(0, header, offsetof(struct btx_wal_snapshot_header, crc));
    overwrite(0, header, sizeof *header);
}

/* ---- Writing ---- */

/* What is loaded is what was added, however it was cut, with what it stands on. */
static void snapshot_load__written_before__same_state(void **state)
{
    struct btx_snapshot snapshot = {0};
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(write_snapshot(STATE_BYTES, &fault), BTX_OK);
    disk.read_bytes_max = 100001; /* A read may give less than was asked for. */
    assert_int_equal(btx_snapshot_load(&snapshot, folder.path, SEQ, &fault), BTX_OK);
    assert_int_equal(snapshot.header.segment, 7);
    assert_int_equal(snapshot.header.seq, SEQ);
    assert_int_equal(snapshot.header.tx, 444);
    assert_int_equal(snapshot.header.created_ns, 99);
    assert_int_equal(snapshot.header.rules_version, 1);
    assert_int_equal(snapshot.header.length_bytes, STATE_BYTES);
    assert_memory_equal(snapshot.header.chain, seal.hash, sizeof seal.hash);
    assert_memory_equal(snapshot.state, state_bytes, STATE_BYTES);
    btx_snapshot_unload(&snapshot);
    btx_snapshot_unload(&snapshot);
}

/* A power cut at any point must not leave a file with the name of a snapshot that is none: the
 * content is synced before the rename, the folder after it. */
static void snapshot_end__order_of_calls__synced_before_named(void **state)
{
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(write_snapshot(STATE_BYTES, &fault), BTX_OK);
    /* The first sync is that of the removal of left-overs. */
    assert_string_equal(disk.order, "swwwhsrs");
}

/* The digest is the state digest, which StateDigest notes have too. */
static void snapshot_end__digest__that_of_the_bytes(void **state)
{
    struct btx_snapshot_writer writer = {.fd = -1, .folder_fd = -1};
    uint8_t digest[BTX_SHA256_BYTES];
    char hex[BTX_SHA256_HEX_BYTES];
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(btx_snapshot_begin(&writer, folder.path, &seal, 1, 99, &fault), BTX_OK);
    btx_snapshot_add(&writer, "abc", 3);
    assert_int_equal(btx_snapshot_end(&writer, digest, &fault), BTX_OK);
    btx_sha256_hex(digest, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* Any call may fail: then there is neither a new snapshot nor a left-over, and an operator reads
 * what it was. */
static void snapshot_end__nth_call_fails__no_snapshot(void **state)
{
    struct btx_fault fault = {0};
    unsigned calls;

    (void)state;
    assert_int_equal(write_snapshot(STATE_BYTES, &fault), BTX_OK);
    calls = disk.count;
    assert_int_equal(unlinkat(folder.fd, PATH, 0), 0);
    for (unsigned i = 1; i <= calls; i++) {
        memset(&disk, 0, sizeof disk);
        memset(&fault, 0, sizeof fault);
        disk.fail_at = i;
        disk.error = ENOSPC;
        print_message("call %u\n", i);
        assert_int_equal(write_snapshot(STATE_BYTES, &fault), BTX_FAULT_DISK_FULL);
        assert_non_null(strstr(fault.text, "snapshot: "));
        assert_non_null(strstr(fault.text, "No space left on device"));
        assert_false(is_there(PATH));
        assert_false(is_there(TEMPORARY_PATH));
    }
    memset(&disk, 0, sizeof disk);
    disk.fail_at = 2;
    disk.error = EPERM;
    assert_int_equal(write_snapshot(STATE_BYTES, &fault), BTX_FAULT_IO);
}

/* A process that dies at any call leaves a temporary or a whole snapshot, and what it leaves does
 * not stay for ever. */
static void snapshot_end__killed_at_nth_call__temporary_or_whole(void **state)
{
    struct btx_fault fault = {0};
    bool named = false;
    unsigned n = 1;

    (void)state;
    for (; !named; n++) {
        const pid_t child = fork();

        assert_true(child >= 0);
        if (child == 0) {
            disk.fail_at = n;
            (void)write_snapshot(STATE_BYTES, &fault);
            _exit(0);
        }
        assert_int_equal(waitpid(child, NULL, 0), child);
        print_message("call %u\n", n);
        named = is_there(PATH);
        if (named)
            assert_int_equal(load(&fault), BTX_OK);
        else
            assert_int_equal(is_there(TEMPORARY_PATH), n > 1);
    }
    assert_int_equal(n, 8 + 1);
    temp_folder_put(&folder, "snapshots/00000000000000000001.snap.tmp", "x", 1);
    assert_int_equal(write_snapshot(3, &fault), BTX_OK);
    assert_false(is_there("snapshots/00000000000000000001.snap.tmp"));
    assert_false(is_there(TEMPORARY_PATH));
}

/* Giving up is always possible, and leaves nothing. */
static void snapshot_done__unfinished__nothing_left(void **state)
{
    struct btx_snapshot_writer writer = {.fd = -1, .folder_fd = -1};
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(btx_snapshot_begin(&writer, folder.path, &seal, 1, 99, &fault), BTX_OK);
    btx_snapshot_add(&writer, "abc", 3);
    assert_true(is_there(TEMPORARY_PATH));
    btx_snapshot_done(&writer);
    btx_snapshot_done(&writer);
    assert_false(is_there(TEMPORARY_PATH));
    assert_false(is_there(PATH));
}

/* A newer snapshot of the same event takes the place of the older one. */
static void snapshot_end__same_seq_again__replaced(void **state)
{
    struct btx_snapshot snapshot = {0};
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(write_snapshot(STATE_BYTES, &fault), BTX_OK);
    assert_int_equal(write_snapshot(1000, &fault), BTX_OK);
    assert_int_equal(btx_snapshot_load(&snapshot, folder.path, SEQ, &fault), BTX_OK);
    assert_int_equal(snapshot.header.length_bytes, 1000);
    btx_snapshot_unload(&snapshot);
}

/* Where there is no log nothing is made. */
static void snapshot_remove__one_and_none__gone_and_synced(void **state)
{
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(write_snapshot(1, &fault), BTX_OK);
    assert_int_equal(btx_snapshot_remove(folder.path, SEQ, &fault), BTX_OK);
    assert_false(is_there(PATH));
    assert_int_equal(btx_snapshot_remove(folder.path, SEQ, &fault), BTX_OK);
    assert_int_equal(mkdirat(folder.fd, PATH, 0700), 0);
    assert_int_equal(btx_snapshot_remove(folder.path, SEQ, &fault), BTX_FAULT_IO);
    assert_true(is_there(PATH));
    assert_int_equal(btx_snapshot_remove("/nowhere", SEQ, &fault), BTX_FAULT_CONFIG);
}

static void snapshot_begin__no_log__refused(void **state)
{
    struct btx_snapshot_writer writer = {.fd = -1, .folder_fd = -1};
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(unlinkat(folder.fd, BTX_WAL_ID_NAME, 0), 0);
    assert_int_equal(btx_snapshot_begin(&writer, folder.path, &seal, 1, 99, &fault),
                     BTX_FAULT_CONFIG);
    btx_snapshot_done(&writer);
    assert_false(is_there(TEMPORARY_PATH));
}

/* ---- Loading what is wrong ---- */

/* Whatever the length that is left, it is seen before anything is believed. */
static void snapshot_load__cut_anywhere__refused(void **state)
{
    const off_t header = sizeof(struct btx_wal_snapshot_header);
    const off_t lengths[] = {
        header + 999, header + 512, header + 1, header, header - 1, header - 4, 8, 1, 0};
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(write_snapshot(1000, &fault), BTX_OK);
    for (size_t i = 0; i < BTX_COUNT_OF(lengths); i++) {
        print_message("%zu bytes\n", (size_t)lengths[i]);
        cut(lengths[i]);
        assert_load_says(BTX_FAULT_CORRUPT, "it is cut short");
    }
    cut(header + 1000);
    assert_load_says(BTX_FAULT_CORRUPT, "it does not begin as a snapshot");
}

static void snapshot_load__bytes_behind_the_end__refused(void **state)
{
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(write_snapshot(1000, &fault), BTX_OK);
    cut(sizeof(struct btx_wal_snapshot_header) + 1001);
    assert_load_says(BTX_FAULT_CORRUPT, "there are bytes behind its end");
}

/* No byte of the header can differ, and none of the state. */
static void snapshot_load__any_byte_flipped__refused(void **state)
{
    enum { STATE = 100, FILE = sizeof(struct btx_wal_snapshot_header) + STATE };
    struct btx_fault fault = {0};
    uint8_t bytes[FILE];
    int fd;

    (void)state;
    assert_int_equal(write_snapshot(STATE, &fault), BTX_OK);
    fd = openat(folder.fd, PATH, O_RDONLY | O_CLOEXEC);
    assert_int_equal(pread(fd, bytes, FILE, 0), FILE);
    close(fd);
    for (size_t i = 0; i < FILE; i++) {
        const uint8_t flipped = bytes[i] ^ 0x40;

        overwrite((off_t)i, &flipped, 1);
        if (load(&fault) != BTX_FAULT_CORRUPT)
            fail_msg("byte %zu flipped: loaded all the same", i);
        overwrite((off_t)i, &bytes[i], 1);
    }
    assert_int_equal(load(&fault), BTX_OK);
}

/* A header may be intact and yet not that of this file: each reason has its own sentence. */
static void snapshot_load__header_of_something_else__refused(void **state)
{
    struct btx_wal_snapshot_header good;
    struct btx_wal_snapshot_header header;
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(write_snapshot(1000, &fault), BTX_OK);
    read_header(&good);

    header = good;
    header.uuid[15] ^= 1;
    put_header(&header);
    assert_load_says(BTX_FAULT_CORRUPT, "it belongs to another log");
    header = good;
    header.seq++;
    put_header(&header);
    assert_load_says(BTX_FAULT_CORRUPT, "it has the name of another one");
    header = good;
    header.reserved[115] = 1;
    put_header(&header);
    assert_load_says(BTX_FAULT_CORRUPT, "reserved bytes");
    header = good;
    header.digest[31] ^= 1;
    put_header(&header);
    assert_load_says(BTX_FAULT_CORRUPT, "another digest");
    header = good;
    header.length_bytes = UINT64_MAX;
    put_header(&header);
    assert_load_says(BTX_FAULT_CORRUPT, "it is cut short");
    header.length_bytes = UINT64_MAX - sizeof header + 1; /* With the header, 0. */
    put_header(&header);
    assert_load_says(BTX_FAULT_CORRUPT, "it is cut short");
    header = good;
    header.format = BTX_WAL_FORMAT + 1;
    put_header(&header);
    assert_load_says(BTX_FAULT_LAYOUT, "it has format 2, this version reads 1");
    put_header(&good);
    assert_int_equal(load(&fault), BTX_OK);
}

/* A file that claims more than there is memory gets a fault, not a crash: it is as long as it
 * says, but for its blocks. */
static void snapshot_load__greater_than_memory__fault(void **state)
{
    const uint64_t length_bytes = UINT64_C(1) << 43;
    struct btx_wal_snapshot_header header;
    struct btx_fault fault = {0};
    FILE *overcommit = fopen("/proc/sys/vm/overcommit_memory", "re");

    (void)state;
    if (overcommit != NULL) {
        const bool always = fgetc(overcommit) == '1';

        fclose(overcommit);
        if (always) {
            SKIP_BECAUSE("this kernel promises any memory (vm.overcommit_memory=1)");
        }
    }
    assert_int_equal(write_snapshot(1000, &fault), BTX_OK);
    read_header(&header);
    header.length_bytes = length_bytes;
    put_header(&header);
    cut((off_t)(sizeof header + length_bytes));
    assert_load_says(BTX_FAULT_MEMORY, "no room for its");
}

/* A file with the name of another one: somebody renamed it, to make the log say something else. */
static void snapshot_load__renamed__refused(void **state)
{
    struct btx_snapshot snapshot = {0};
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(write_snapshot(1000, &fault), BTX_OK);
    assert_int_equal(renameat(folder.fd, PATH, folder.fd, "snapshots/00000000000000000900.snap"),
                     0);
    assert_int_equal(btx_snapshot_load(&snapshot, folder.path, 900, &fault), BTX_FAULT_CORRUPT);
    assert_null(snapshot.state);
    assert_int_equal(btx_snapshot_load(&snapshot, folder.path, SEQ, &fault), BTX_FAULT_IO);
}

/* A disk that does not read is no damage; a pipe is nothing to wait for. */
static void snapshot_load__unreadable__fault(void **state)
{
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(mkfifoat(folder.fd, PATH, 0600), 0);
    assert_load_says(BTX_FAULT_CORRUPT, "it is not a file");
    assert_int_equal(unlinkat(folder.fd, PATH, 0), 0);
    assert_int_equal(write_snapshot(1000, &fault), BTX_OK);
    disk.read_error = EIO;
    assert_int_equal(load(&fault), BTX_FAULT_IO);
}

/* ---- Names ---- */

static void snapshot_name_parse__anything_else__is_no_snapshot(void **state)
{
    static const char *const wrong[] = {"",
                                        "812.snap",
                                        NAME ".tmp",
                                        "00000000000000000812.SNAP",
                                        "00000000000000000812",
                                        "0000000000000000081x.snap",
                                        "+0000000000000000812.snap",
                                        "000000000000000000812.snap",
                                        "99999999999999999999.snap"};
    uint64_t seq = 5;

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(wrong); i++) {
        print_message("'%s'\n", wrong[i]);
        assert_false(btx_snapshot_name_parse(wrong[i], &seq));
        assert_int_equal(seq, 5);
    }
    assert_true(btx_snapshot_name_parse(NAME, &seq));
    assert_int_equal(seq, SEQ);
    assert_true(btx_snapshot_name_parse("18446744073709551615.snap", &seq));
    assert_true(seq == UINT64_MAX);
}

/* Ascending, whatever the order of the folder, and nothing but snapshots. */
static void snapshot_list__several_and_others__ascending(void **state)
{
    struct btx_fault fault = {0};
    uint64_t *seqs;
    size_t count;

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        char path[64];

        snprintf(path, sizeof path, "snapshots/%020u.snap", i * 37 % 100);
        temp_folder_put(&folder, path, "", 0);
    }
    temp_folder_put(&folder, TEMPORARY_PATH, "", 0);
    temp_folder_put(&folder, "snapshots/README", "", 0);
    assert_int_equal(btx_snapshot_list(folder.path, &seqs, &count, &fault), BTX_OK);
    assert_int_equal(count, 100);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(seqs[i], i);
    free(seqs);
}

/* They are short cuts: a log that lost the folder has none, and is a log all the same. */
static void snapshot_list__no_folder__none(void **state)
{
    struct btx_fault fault = {0};
    uint64_t *seqs;
    size_t count;

    (void)state;
    assert_int_equal(unlinkat(folder.fd, BTX_WAL_SNAPSHOTS_NAME, AT_REMOVEDIR), 0);
    assert_int_equal(btx_snapshot_list(folder.path, &seqs, &count, &fault), BTX_OK);
    assert_int_equal(count, 0);
    free(seqs);
    assert_int_equal(btx_snapshot_list("/nowhere/at/all", &seqs, &count, &fault), BTX_FAULT_CONFIG);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(snapshot_load__written_before__same_state),
        TEST(snapshot_end__order_of_calls__synced_before_named),
        TEST(snapshot_end__digest__that_of_the_bytes),
        TEST(snapshot_end__nth_call_fails__no_snapshot),
        TEST(snapshot_end__killed_at_nth_call__temporary_or_whole),
        TEST(snapshot_done__unfinished__nothing_left),
        TEST(snapshot_end__same_seq_again__replaced),
        TEST(snapshot_remove__one_and_none__gone_and_synced),
        TEST(snapshot_begin__no_log__refused),
        TEST(snapshot_load__cut_anywhere__refused),
        TEST(snapshot_load__bytes_behind_the_end__refused),
        TEST(snapshot_load__any_byte_flipped__refused),
        TEST(snapshot_load__header_of_something_else__refused),
        TEST(snapshot_load__greater_than_memory__fault),
        TEST(snapshot_load__renamed__refused),
        TEST(snapshot_load__unreadable__fault),
        TEST(snapshot_name_parse__anything_else__is_no_snapshot),
        TEST(snapshot_list__several_and_others__ascending),
        TEST(snapshot_list__no_folder__none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
