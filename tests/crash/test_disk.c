/* SPDX-License-Identifier: Apache-2.0 */
/* test_disk.c - whether the simulated disk forgets what it may, and never what it must keep. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <lmdb.h>

#include "engine/base/check.h"
#include "tests/crash/disk.h"

enum { TRIES = 300, PATH_BYTES = 300, PAGE = BTX_DISK_PAGE_BYTES };

/* A disk in a folder of its own, and a place for images of it. */
struct scene {
    char folder[PATH_BYTES / 2];
    char root[PATH_BYTES];
    char image[PATH_BYTES];
    struct btx_disk *disk;
    struct btx_random random;
};

static const char *path_in(const char *folder, const char *name)
{
    static char paths[4][2 * PATH_BYTES];
    static unsigned int turn;
    char *path = paths[turn++ % 4];

    (void)snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static int scene_begin(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    const char *place = getenv("TMPDIR");

    CHECK(scene != NULL);
    (void)snprintf(scene->folder, sizeof(scene->folder), "%s/crash_disk.XXXXXX",
                   place == NULL ? "/tmp" : place);
    CHECK(mkdtemp(scene->folder) != NULL);
    (void)snprintf(scene->root, sizeof(scene->root), "%s/root", scene->folder);
    (void)snprintf(scene->image, sizeof(scene->image), "%s/image", scene->folder);
    btx_disk_folder_make(scene->root);
    btx_disk_folder_make(scene->image);
    btx_random_init(&scene->random, 1);
    memset(btx_disk_control(), 0, sizeof(*btx_disk_control()));
    scene->disk = btx_disk_open(scene->root);
    btx_disk_use(scene->disk);
    *state = scene;
    return 0;
}

static int scene_end(void **state)
{
    struct scene *scene = *state;

    btx_disk_use(NULL);
    btx_disk_close(scene->disk);
    btx_disk_folder_clear(scene->folder);
    CHECK(rmdir(scene->folder) == 0);
    free(scene);
    return 0;
}

static struct btx_disk_loss power_cut(struct scene *scene)
{
    btx_disk_folder_clear(scene->image);
    return btx_disk_image(scene->disk, scene->image, &scene->random);
}

/* The bytes of the image's file @name, in static memory; -1 when there is none. */
static long image_bytes(const struct scene *scene, const char *name, const uint8_t **ret_bytes)
{
    static uint8_t bytes[64 * PAGE];
    FILE *file = fopen(path_in(scene->image, name), "r");

    if (file == NULL)
        return -1;
    const size_t length = fread(bytes, 1, sizeof(bytes), file);
    CHECK(fclose(file) == 0);
    *ret_bytes = bytes;
    return (long)length;
}

static int make_file(const struct scene *scene, const char *name)
{
    const int fd = open(path_in(scene->root, name), O_RDWR | O_CREAT | O_EXCL, 0600);

    assert_true(fd >= 0);
    return fd;
}

static void fill(int fd, int letter, size_t length_bytes, off_t offset)
{
    uint8_t bytes[16 * PAGE];

    memset(bytes, letter, length_bytes);
    assert_int_equal(pwrite(fd, bytes, length_bytes, offset), length_bytes);
}

static void sync_folder(const char *path)
{
    const int fd = open(path, O_RDONLY | O_DIRECTORY);

    assert_true(fd >= 0);
    assert_int_equal(fsync(fd), 0);
    assert_int_equal(close(fd), 0);
}

/* A durable file of one page of "A". */
static int make_durable(const struct scene *scene, const char *name)
{
    const int fd = make_file(scene, name);

    fill(fd, 'A', PAGE, 0);
    assert_int_equal(fdatasync(fd), 0);
    sync_folder(scene->root);
    return fd;
}

/* How often, in all sectors of all images of "file", each letter was there. */
static void count_letters(struct scene *scene, uint64_t ret_counts[256])
{
    memset(ret_counts, 0, 256 * sizeof(*ret_counts));
    for (int i = 0; i < TRIES; i++) {
        const uint8_t *bytes;
        (void)power_cut(scene);
        const long length = image_bytes(scene, "file", &bytes);
        for (long at = 0; at < length; at += BTX_DISK_SECTOR_BYTES)
            ret_counts[bytes[at]]++;
    }
}

/* --- Files ------------------------------------------------------------------------------------ */

/* The whole test stands on this: what was not synced is lost in some images and not in others. */
static void image__write_not_synced__has_old_or_new_sectors(void **state)
{
    struct scene *scene = *state;
    uint64_t counts[256];
    const int fd = make_durable(scene, "file");

    fill(fd, 'B', PAGE, 0);
    count_letters(scene, counts);
    assert_true(counts['A'] > 0 && counts['B'] > 0);
    assert_int_equal(counts['A'] + counts['B'], TRIES * 8);
    assert_int_equal(close(fd), 0);
}

/* A disk that loses what was synced would condemn a writer that is right. */
static void image__write_synced__always_has_it(void **state)
{
    struct scene *scene = *state;
    uint64_t counts[256];
    const int fd = make_durable(scene, "file");

    fill(fd, 'B', PAGE, 0);
    assert_int_equal(fdatasync(fd), 0);
    count_letters(scene, counts);
    assert_int_equal(counts['B'], TRIES * 8);
    assert_int_equal(close(fd), 0);
}

/* The cache may have been written back between two writes: each version can be what survives. */
static void image__written_twice__may_have_any_version(void **state)
{
    struct scene *scene = *state;
    uint64_t counts[256];
    const int fd = make_durable(scene, "file");

    fill(fd, 'B', PAGE, 0);
    fill(fd, 'C', PAGE, 0);
    count_letters(scene, counts);
    assert_true(counts['A'] > 0 && counts['B'] > 0 && counts['C'] > 0);
    assert_int_equal(close(fd), 0);
}

/* LMDB's meta page is written so: it is durable by itself, and nothing else is. */
static void image__synced_write__keeps_that_write_alone(void **state)
{
    struct scene *scene = *state;
    uint64_t counts[256];
    const int fd = make_durable(scene, "file");
    const int synced_fd = open(path_in(scene->root, "file"), O_WRONLY | O_DSYNC);

    fill(fd, 'B', PAGE, 0);
    fill(synced_fd, 'C', BTX_DISK_SECTOR_BYTES, 0);
    count_letters(scene, counts);
    assert_int_equal(counts['C'], TRIES);
    assert_true(counts['A'] > 0 && counts['B'] > 0);
    assert_int_equal(counts['A'] + counts['B'], TRIES * 7);
    assert_int_equal(close(fd) + close(synced_fd), 0);
}

/* A file that grows may be cut anywhere between its sizes, but not below what was synced. */
static void image__file_grown__has_a_size_between(void **state)
{
    struct scene *scene = *state;
    const int fd = make_durable(scene, "file");
    int old_size = 0;
    int new_size = 0;

    fill(fd, 'B', PAGE, PAGE);
    for (int i = 0; i < TRIES; i++) {
        const uint8_t *bytes;
        (void)power_cut(scene);
        const long length = image_bytes(scene, "file", &bytes);
        assert_in_range(length, PAGE, 2 * PAGE);
        assert_int_equal(bytes[0], 'A');
        old_size += length == PAGE;
        new_size += length == 2 * PAGE;
    }
    assert_true(old_size > 0 && new_size > 0 && old_size + new_size < TRIES);
    assert_int_equal(close(fd), 0);
}

/* Closing a segment cuts it; that may be undone by a cut of the power, and is not after a sync. */
static void image__file_cut__has_either_size_until_synced(void **state)
{
    struct scene *scene = *state;
    const int fd = make_durable(scene, "file");
    const uint8_t *bytes;
    int whole = 0;

    assert_int_equal(ftruncate(fd, 100), 0);
    for (int i = 0; i < TRIES; i++) {
        (void)power_cut(scene);
        const long length = image_bytes(scene, "file", &bytes);
        assert_true(length == PAGE || length == 100);
        whole += length == PAGE;
    }
    assert_true(whole > 0 && whole < TRIES);
    assert_int_equal(fdatasync(fd), 0);
    assert_int_equal(ftruncate(fd, 200), 0);
    (void)power_cut(scene);
    assert_in_range(image_bytes(scene, "file", &bytes), 100, 200);
    assert_int_equal(fdatasync(fd), 0);
    (void)power_cut(scene);
    assert_int_equal(image_bytes(scene, "file", &bytes), 200);
    assert_int_equal(bytes[99], 'A');
    assert_int_equal(bytes[100], 0);
    assert_int_equal(close(fd), 0);
}

/* --- Names ------------------------------------------------------------------------------------ */

/* A new file needs its own sync and that of its folder; neither stands for the other. */
static void image__file_created__needs_both_syncs(void **state)
{
    struct scene *scene = *state;
    const uint8_t *bytes;
    int missing = 0;
    int empty = 0;
    const int first = make_file(scene, "synced_file");
    const int second = make_file(scene, "synced_name");

    fill(first, 'A', PAGE, 0);
    assert_int_equal(fdatasync(first), 0);
    for (int i = 0; i < TRIES; i++) {
        (void)power_cut(scene);
        missing += image_bytes(scene, "synced_file", &bytes) < 0;
    }
    assert_true(missing > 0 && missing < TRIES);
    sync_folder(scene->root);
    fill(second, 'A', PAGE, 0);
    for (int i = 0; i < TRIES; i++) {
        (void)power_cut(scene);
        assert_int_equal(image_bytes(scene, "synced_file", &bytes), PAGE);
        assert_true(image_bytes(scene, "synced_name", &bytes) >= 0);
        empty += image_bytes(scene, "synced_name", &bytes) == 0;
    }
    assert_true(empty > 0 && empty < TRIES);
    assert_int_equal(close(first) + close(second), 0);
}

/* A rename is atomic: the file has one name or the other, and the new one after a sync. */
static void image__file_renamed__has_one_of_its_names(void **state)
{
    struct scene *scene = *state;
    const uint8_t *bytes;
    int new_name = 0;

    assert_int_equal(close(make_durable(scene, "old")), 0);
    assert_int_equal(rename(path_in(scene->root, "old"), path_in(scene->root, "new")), 0);
    for (int i = 0; i < TRIES; i++) {
        (void)power_cut(scene);
        const bool has_new = image_bytes(scene, "new", &bytes) == PAGE;
        assert_int_equal(image_bytes(scene, "old", &bytes) == PAGE, !has_new);
        new_name += has_new;
    }
    assert_true(new_name > 0 && new_name < TRIES);
    sync_folder(scene->root);
    (void)power_cut(scene);
    assert_int_equal(image_bytes(scene, "new", &bytes), PAGE);
    assert_int_equal(image_bytes(scene, "old", &bytes), -1);
}

/* wal.id is written so: there is always a whole one. */
static void image__file_replaced__is_the_old_or_the_new_one(void **state)
{
    struct scene *scene = *state;
    uint64_t counts[256];
    const int fd = make_file(scene, "file.tmp");

    assert_int_equal(close(make_durable(scene, "file")), 0);
    fill(fd, 'B', PAGE, 0);
    assert_int_equal(fdatasync(fd), 0);
    assert_int_equal(renameat(AT_FDCWD, path_in(scene->root, "file.tmp"), AT_FDCWD,
                              path_in(scene->root, "file")),
                     0);
    count_letters(scene, counts);
    assert_true(counts['A'] > 0 && counts['B'] > 0);
    assert_int_equal(counts['A'] + counts['B'], TRIES * 8);
    assert_int_equal(close(fd), 0);
}

/* A left-over is removed, another file made and renamed: the left-over never gets that name, though
 * each of the three may have happened without the others. */
static void image__renamed_over_a_removed_name__has_the_right_file(void **state)
{
    struct scene *scene = *state;
    const uint8_t *bytes;

    assert_int_equal(close(make_durable(scene, "file.tmp")), 0);
    assert_int_equal(unlink(path_in(scene->root, "file.tmp")), 0);
    const int fd = make_file(scene, "file.tmp");
    fill(fd, 'B', PAGE, 0);
    assert_int_equal(fdatasync(fd), 0);
    assert_int_equal(rename(path_in(scene->root, "file.tmp"), path_in(scene->root, "file")), 0);
    for (int i = 0; i < TRIES; i++) {
        (void)power_cut(scene);
        if (image_bytes(scene, "file", &bytes) >= 0)
            assert_int_equal(bytes[0], 'B');
    }
    assert_int_equal(close(fd), 0);
}

/* What was removed may come back; what was removed and synced does not. */
static void image__file_removed__may_come_back_until_synced(void **state)
{
    struct scene *scene = *state;
    const uint8_t *bytes;
    int back = 0;

    assert_int_equal(close(make_durable(scene, "file")), 0);
    assert_int_equal(unlink(path_in(scene->root, "file")), 0);
    for (int i = 0; i < TRIES; i++) {
        (void)power_cut(scene);
        back += image_bytes(scene, "file", &bytes) >= 0;
    }
    assert_true(back > 0 && back < TRIES);
    sync_folder(scene->root);
    (void)power_cut(scene);
    assert_int_equal(image_bytes(scene, "file", &bytes), -1);
}

/* A folder that is not durable takes along what is in it, synced or not. */
static void image__folder_made__needs_the_sync_of_the_one_above(void **state)
{
    struct scene *scene = *state;
    const uint8_t *bytes;
    int missing = 0;

    assert_int_equal(mkdir(path_in(scene->root, "folder"), 0700), 0);
    const int fd = make_file(scene, "folder/file");
    assert_int_equal(fsync(fd), 0);
    sync_folder(path_in(scene->root, "folder"));
    for (int i = 0; i < TRIES; i++) {
        (void)power_cut(scene);
        missing += image_bytes(scene, "folder/file", &bytes) < 0;
    }
    assert_true(missing > 0 && missing < TRIES);
    sync_folder(scene->root);
    (void)power_cut(scene);
    assert_int_equal(image_bytes(scene, "folder/file", &bytes), 0);
    assert_int_equal(close(fd), 0);
}

/* --- Faults ----------------------------------------------------------------------------------- */

static void fail_next(enum btx_disk_call call, enum btx_disk_failure failure, int error)
{
    struct btx_disk_control *control = btx_disk_control();

    control->failure = failure;
    control->error = error;
    control->fail_calls = BTX_DISK_BIT(call);
    control->fail_at = 1;
    control->fail_count = 0;
    control->failed = false;
    control->changes_after = 0;
}

/* Linux reports it once, calls the pages clean, and the next sync succeeds without them: the trap
 * that recovery must not fall into. */
static void sync__failed_with_eio__drops_what_the_cache_still_shows(void **state)
{
    struct scene *scene = *state;
    uint64_t counts[256];
    uint8_t bytes[PAGE];
    uint64_t lost = 0;

    for (int i = 0; i < 16; i++) {
        const int fd =
            i == 0 ? make_durable(scene, "file") : open(path_in(scene->root, "file"), O_RDWR);
        fill(fd, 'A', PAGE, 0);
        assert_int_equal(fdatasync(fd), 0);
        fail_next(BTX_DISK_SYNC, BTX_DISK_ERROR, EIO);
        fill(fd, 'B', PAGE, 0);
        assert_int_equal(fdatasync(fd), -1);
        assert_int_equal(errno, EIO);
        assert_int_equal(fdatasync(fd), 0);
        assert_int_equal(pread(fd, bytes, PAGE, 0), PAGE);
        assert_int_equal(bytes[0], 'B');
        const int direct_fd = open(path_in(scene->root, "file"), O_RDONLY | O_DIRECT);
        assert_int_equal(pread(direct_fd, bytes, PAGE, 0), PAGE);
        count_letters(scene, counts);
        for (int sector = 0; sector < 8; sector++)
            counts[bytes[sector * 512]] -= TRIES; /* The disk is what the direct read says. */
        assert_int_equal(counts['A'], 0);
        assert_int_equal(counts['B'], 0);
        lost += memchr(bytes, 'A', PAGE) != NULL;
        assert_int_equal(close(fd) + close(direct_fd), 0);
    }
    assert_true(lost > 4);
}

/* Recovery may ask the cache to forget; then what was dropped is what the disk has, or still not:
 * the kernel need not follow. */
static void fadvise__after_eio__may_show_what_the_disk_has(void **state)
{
    struct scene *scene = *state;
    const int fd = make_durable(scene, "file");
    const int direct_fd = open(path_in(scene->root, "file"), O_RDONLY | O_DIRECT);
    uint8_t seen[2 * PAGE];
    uint8_t disk[PAGE];
    int forgotten = 0;

    for (int i = 0; i < 40; i++) {
        fill(fd, 'A', PAGE, 0);
        assert_int_equal(fdatasync(fd), 0);
        fail_next(BTX_DISK_SYNC, BTX_DISK_ERROR, EIO);
        fill(fd, 'B', PAGE, 0);
        assert_int_equal(fdatasync(fd), -1);
        fill(fd, 'C', PAGE, PAGE);
        assert_int_equal(pread(direct_fd, disk, PAGE, 0), PAGE);
        assert_int_equal(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
        assert_int_equal(pread(fd, seen, sizeof(seen), 0), sizeof(seen));
        forgotten += memchr(disk, 'A', PAGE) != NULL && memcmp(seen, disk, PAGE) == 0;
        assert_int_equal(seen[PAGE], 'C');
        assert_null(btx_disk_check(scene->disk));
    }
    assert_in_range(forgotten, 1, 39);
    assert_int_equal(close(fd) + close(direct_fd), 0);
}

/* The kernel writes whole pages: a page that was dropped goes to the disk when it changes again. */
static void sync__page_changed_after_eio__writes_all_of_it(void **state)
{
    struct scene *scene = *state;
    uint64_t counts[256];
    const int fd = make_durable(scene, "file");

    fail_next(BTX_DISK_SYNC, BTX_DISK_ERROR, EIO);
    fill(fd, 'B', PAGE, 0);
    assert_int_equal(fdatasync(fd), -1);
    fill(fd, 'C', 1, 3 * BTX_DISK_SECTOR_BYTES + 5);
    assert_int_equal(fdatasync(fd), 0);
    count_letters(scene, counts);
    assert_int_equal(counts['B'], TRIES * 8);
    assert_int_equal(close(fd), 0);
}

/* A synced write that fails is in the cache, and only perhaps on the disk. */
static void synced_write__failed_with_eio__is_in_the_cache_only(void **state)
{
    struct scene *scene = *state;
    uint8_t byte = 0;
    uint64_t counts[256];
    uint64_t old = 0;
    const int fd = make_durable(scene, "file");
    const int synced_fd = open(path_in(scene->root, "file"), O_WRONLY | O_DSYNC);

    for (int i = 0; i < 16; i++) {
        fill(synced_fd, 'A', BTX_DISK_SECTOR_BYTES, 0);
        fail_next(BTX_DISK_SYNCED_WRITE, BTX_DISK_ERROR, EIO);
        assert_int_equal(pwrite(synced_fd, "B", 1, 0), -1);
        assert_int_equal(errno, EIO);
        assert_int_equal(pread(fd, &byte, 1, 0), 1);
        assert_int_equal(byte, 'B');
        count_letters(scene, counts);
        assert_true(counts['A'] == 8 * TRIES || counts['B'] == TRIES);
        old += counts['A'] == 8 * TRIES;
    }
    assert_true(old > 0);
    assert_int_equal(close(fd) + close(synced_fd), 0);
}

/* A fault hits the call that was asked for, does nothing then, and is over after it. */
static void call__made_to_fail__has_no_effect(void **state)
{
    struct scene *scene = *state;
    const int fd = make_durable(scene, "file");
    struct stat status;

    fail_next(BTX_DISK_WRITE, BTX_DISK_ERROR, ENOSPC);
    btx_disk_control()->fail_at = 2;
    assert_int_equal(pwrite(fd, "B", 1, 0), 1);
    assert_int_equal(pwrite(fd, "C", 1, 0), -1);
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(btx_disk_control()->changes_after, 0);
    assert_int_equal(pwrite(fd, "D", 1, 0), 1);
    assert_int_equal(btx_disk_control()->changes_after, 1);

    fail_next(BTX_DISK_RENAME, BTX_DISK_ERROR, EIO);
    assert_int_equal(rename(path_in(scene->root, "file"), path_in(scene->root, "b")), -1);
    fail_next(BTX_DISK_UNLINK, BTX_DISK_ERROR, EIO);
    assert_int_equal(unlink(path_in(scene->root, "file")), -1);
    fail_next(BTX_DISK_TRUNCATE, BTX_DISK_ERROR, EIO);
    assert_int_equal(ftruncate(fd, 1), -1);
    fail_next(BTX_DISK_CREATE, BTX_DISK_ERROR, ENOSPC);
    assert_int_equal(open(path_in(scene->root, "c"), O_CREAT | O_RDWR, 0600), -1);
    assert_int_equal(errno, ENOSPC);
    fail_next(BTX_DISK_MKDIR, BTX_DISK_ERROR, EIO);
    assert_int_equal(mkdir(path_in(scene->root, "d"), 0700), -1);
    fail_next(BTX_DISK_READ, BTX_DISK_ERROR, EIO);
    assert_int_equal(pread(fd, &status, 1, 0), -1);
    assert_int_equal(stat(path_in(scene->root, "file"), &status), 0);
    assert_int_equal(status.st_size, PAGE);
    assert_null(btx_disk_check(scene->disk));
    assert_int_equal(close(fd), 0);
}

/* A full disk shows as a write that is cut short. */
static void write__made_short__writes_half(void **state)
{
    struct scene *scene = *state;
    const int fd = make_durable(scene, "file");
    struct iovec pieces[] = {{(char[]){"BBB"}, 3}, {(char[]){"CCCCC"}, 5}};

    fail_next(BTX_DISK_WRITE, BTX_DISK_SHORT_WRITE, ENOSPC);
    assert_int_equal(pwritev(fd, pieces, 2, 0), 4);
    assert_null(btx_disk_check(scene->disk));
    assert_int_equal(close(fd), 0);
}

/* The negative control of all crash tests. */
static void sync__disk_is_lying__keeps_nothing(void **state)
{
    struct scene *scene = *state;
    uint64_t counts[256];
    const int fd = make_durable(scene, "file");

    btx_disk_control()->lying = true;
    fill(fd, 'B', PAGE, 0);
    assert_int_equal(fdatasync(fd), 0);
    count_letters(scene, counts);
    assert_true(counts['A'] > 0);
    assert_int_equal(close(fd), 0);
}

/* --- Processes -------------------------------------------------------------------------------- */

/* A killed process takes nothing along: the cache has what it wrote, and the disk may not. */
static void image__writer_killed__treats_its_writes_as_not_synced(void **state)
{
    struct scene *scene = *state;
    uint64_t counts[256];
    const int fd = make_durable(scene, "file");
    int status;
    const pid_t child = fork();

    if (child == 0) {
        fill(fd, 'B', PAGE, 0);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_null(btx_disk_check(scene->disk));
    count_letters(scene, counts);
    assert_true(counts['A'] > 0 && counts['B'] > 0);
    assert_int_equal(fdatasync(fd), 0);
    count_letters(scene, counts);
    assert_int_equal(counts['B'], TRIES * 8);
    assert_int_equal(close(fd), 0);
}

/* A disk made from an image has all of it: the next power cut cannot take what this one left. */
static void open__folder_with_files__takes_them_as_durable(void **state)
{
    struct scene *scene = *state;
    const uint8_t *bytes;

    assert_int_equal(mkdir(path_in(scene->root, "folder"), 0700), 0);
    const int fd = make_file(scene, "folder/file");
    fill(fd, 'A', PAGE, 0);
    btx_disk_use(NULL);
    btx_disk_close(scene->disk);
    scene->disk = btx_disk_open(scene->root);
    for (int i = 0; i < TRIES; i++) {
        (void)power_cut(scene);
        assert_int_equal(image_bytes(scene, "folder/file", &bytes), PAGE);
        assert_int_equal(bytes[PAGE - 1], 'A');
    }
    assert_int_equal(close(fd), 0);
}

/* liblmdb is another object: its calls must be found here too, or the test tests nothing. */
static void lmdb__commits__goes_through_the_disk(void **state)
{
    struct scene *scene = *state;
    const struct btx_disk_control *control = btx_disk_control();
    MDB_env *environment;
    MDB_txn *transaction;
    MDB_dbi database;
    MDB_val key = {1, (char[]){"k"}};
    MDB_val value = {1, (char[]){"v"}};

    assert_int_equal(mdb_env_create(&environment), 0);
    assert_int_equal(
        mdb_env_open(environment, path_in(scene->root, "a.mdb"), MDB_NOSUBDIR | MDB_NOLOCK, 0600),
        0);
    assert_int_equal(mdb_txn_begin(environment, NULL, 0, &transaction), 0);
    assert_int_equal(mdb_dbi_open(transaction, NULL, 0, &database), 0);
    assert_int_equal(mdb_put(transaction, database, &key, &value, 0), 0);
    const uint64_t syncs = control->calls[BTX_DISK_SYNC];
    assert_int_equal(mdb_txn_commit(transaction), 0);
    assert_int_equal(control->calls[BTX_DISK_SYNC], syncs + 1);
    assert_int_equal(control->calls[BTX_DISK_SYNCED_WRITE], 1);
    assert_int_equal(control->calls[BTX_DISK_CREATE], 1);
    mdb_env_close(environment);
    assert_null(btx_disk_check(scene->disk));
}

/* A call that goes past the disk would make all images wrong, so it has to be seen. */
static void check__call_went_past_the_disk__is_found(void **state)
{
    struct scene *scene = *state;
    const int fd = make_durable(scene, "file");

    assert_null(btx_disk_check(scene->disk));
    assert_int_equal(syscall(SYS_pwrite64, fd, "X", 1, 7), 1);
    assert_string_equal(btx_disk_check(scene->disk), "file: page 0 differs");
    assert_int_equal(syscall(SYS_ftruncate, fd, 1), 0);
    assert_string_equal(btx_disk_check(scene->disk), "file: size is 1, told was 4096");
    assert_int_equal(syscall(SYS_mkdirat, AT_FDCWD, path_in(scene->root, "d"), 0700), 0);
    assert_int_equal(syscall(SYS_unlinkat, AT_FDCWD, path_in(scene->root, "file"), 0), 0);
    assert_string_equal(btx_disk_check(scene->disk), "d: unknown to the disk");
    assert_int_equal(close(fd), 0);
}

static void note_point(void *context, const struct btx_disk_point *point)
{
    char *text = context;

    if (point->moment == BTX_DISK_DURING)
        (void)snprintf(text, 200, "%s %s", btx_disk_call_name(point->call), point->target);
}

/* Points have names that do not depend on numbers, so that coverage can be counted by them. */
static void hook__renaming_a_segment__names_the_point(void **state)
{
    struct scene *scene = *state;
    char text[200] = "";

    assert_int_equal(mkdir(path_in(scene->root, "segments"), 0700), 0);
    assert_int_equal(close(make_file(scene, "segments/7.tmp")), 0);
    btx_disk_control()->hook = note_point;
    btx_disk_control()->hook_context = text;
    assert_int_equal(rename(path_in(scene->root, "segments/7.tmp"),
                            path_in(scene->root, "segments/0012-03.mdb")),
                     0);
    assert_string_equal(text, "rename segments/N-N.mdb");
    sync_folder(path_in(scene->root, "segments"));
    assert_string_equal(text, "sync of folder segments");
    sync_folder(scene->root);
    assert_string_equal(text, "sync of folder .");
}

/* A simulation that says how much was torn and lost has it from here: it must be what is there. */
static void image__write_not_synced__says_whether_it_is_torn_or_lost(void **state)
{
    struct scene *scene = *state;
    uint64_t torn = 0;
    uint64_t lost = 0;
    const int fd = make_durable(scene, "file");

    fill(fd, 'B', PAGE, 0);
    for (int i = 0; i < TRIES; i++) {
        const struct btx_disk_loss loss = power_cut(scene);
        const uint8_t *bytes;
        uint64_t new_sectors = 0;

        assert_int_equal(image_bytes(scene, "file", &bytes), PAGE);
        for (size_t at = 0; at < PAGE; at += BTX_DISK_SECTOR_BYTES)
            new_sectors += bytes[at] == 'B';
        assert_int_equal(loss.torn_writes, new_sectors != 0 && new_sectors != 8);
        assert_int_equal(loss.lost_writes, new_sectors == 0);
        assert_int_equal(loss.lost_names, 0);
        torn += loss.torn_writes;
        lost += loss.lost_writes;
    }
    assert_true(torn != 0 && lost != 0);
    assert_int_equal(close(fd), 0);
}

static void image__file_created__says_whether_its_name_is_lost(void **state)
{
    struct scene *scene = *state;
    uint64_t lost = 0;
    const int fd = make_file(scene, "file");

    for (int i = 0; i < TRIES; i++) {
        const struct btx_disk_loss loss = power_cut(scene);
        const uint8_t *bytes;

        assert_int_equal(loss.lost_names, image_bytes(scene, "file", &bytes) < 0);
        lost += loss.lost_names;
    }
    assert_true(lost != 0 && lost != TRIES);
    assert_int_equal(close(fd), 0);
}

/* What an engine does with little space is tried without filling a disk. */
static void fstatvfs__free_bytes_set__says_so_until_it_is_not(void **state)
{
    struct scene *scene = *state;
    const int fd = open(scene->root, O_RDONLY | O_DIRECTORY);
    struct statvfs space;

    btx_disk_control()->free_bytes = 3 << 20;
    assert_int_equal(fstatvfs(fd, &space), 0);
    assert_int_equal((uint64_t)space.f_bavail * space.f_frsize, 3 << 20);
    btx_disk_control()->free_bytes = 0;
    assert_int_equal(fstatvfs(fd, &space), 0);
    assert_int_not_equal((uint64_t)space.f_blocks * space.f_frsize, 0);
    assert_int_equal(close(fd), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_begin, scene_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(image__write_not_synced__has_old_or_new_sectors),
        TEST(image__write_synced__always_has_it),
        TEST(image__written_twice__may_have_any_version),
        TEST(image__synced_write__keeps_that_write_alone),
        TEST(image__file_grown__has_a_size_between),
        TEST(image__file_cut__has_either_size_until_synced),
        TEST(image__file_created__needs_both_syncs),
        TEST(image__file_renamed__has_one_of_its_names),
        TEST(image__file_replaced__is_the_old_or_the_new_one),
        TEST(image__renamed_over_a_removed_name__has_the_right_file),
        TEST(image__file_removed__may_come_back_until_synced),
        TEST(image__folder_made__needs_the_sync_of_the_one_above),
        TEST(sync__failed_with_eio__drops_what_the_cache_still_shows),
        TEST(fadvise__after_eio__may_show_what_the_disk_has),
        TEST(sync__page_changed_after_eio__writes_all_of_it),
        TEST(synced_write__failed_with_eio__is_in_the_cache_only),
        TEST(call__made_to_fail__has_no_effect),
        TEST(write__made_short__writes_half),
        TEST(sync__disk_is_lying__keeps_nothing),
        TEST(image__writer_killed__treats_its_writes_as_not_synced),
        TEST(open__folder_with_files__takes_them_as_durable),
        TEST(lmdb__commits__goes_through_the_disk),
        TEST(check__call_went_past_the_disk__is_found),
        TEST(hook__renaming_a_segment__names_the_point),
        TEST(image__write_not_synced__says_whether_it_is_torn_or_lost),
        TEST(image__file_created__says_whether_its_name_is_lost),
        TEST(fstatvfs__free_bytes_set__says_so_until_it_is_not),
    };

    btx_disk_memory_open((size_t)1 << 32);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
