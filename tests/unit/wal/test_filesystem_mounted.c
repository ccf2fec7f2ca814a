/* SPDX-License-Identifier: Apache-2.0 */
/* test_filesystem_mounted.c - real filesystems, mounted in a namespace of this program alone: which
 * of them may hold a log, what a full one says, and what can be told of a read-only one.
 * Needs the right to mount and the programs that make filesystems; says so and ends with 77. */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>

#include <cmocka.h>

#include "engine/wal/filesystem.h"
#include "engine/wal/log_folder.h"
#include "engine/wal/writer_lock.h"
#include "tests/unit/wal/temp_folder.h"

static struct temp_folder folder;

/* ---- Mounting ---- */

static void path_in_folder(char text[512], const char *name)
{
    (void)snprintf(text, 512, "%s/%s", folder.path, name);
}

static void make_folder(const char *name)
{
    if (mkdirat(folder.fd, name, 0755) != 0)
        assert_int_equal(errno, EEXIST);
}

static void run(const char *format, const char *first, const char *second)
{
    char command[1500];

    (void)snprintf(command, sizeof command, format, first, second);
    assert_int_equal(system(command), 0);
}

/* A filesystem in a file, mounted at the folder "mounted".  Gives its root. */
static int mount_image(const char *type, const char *size)
{
    char image[512];
    char target[512];
    int fd;

    path_in_folder(image, "image");
    path_in_folder(target, "mounted");
    make_folder("mounted");
    (void)unlink(image);
    run("truncate -s %s '%s'", size, image);
    run(strcmp(type, "xfs") == 0 ? "mkfs.%s -q -f '%s'" : "mkfs.%s -q -F '%s'", type, image);
    run("mount -o loop '%s' '%s'", image, target);
    fd = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

/* A filesystem without a device, at the same place. */
static int mount_plain(const char *type, const char *options)
{
    char target[512];
    int fd;

    path_in_folder(target, "mounted");
    make_folder("mounted");
    assert_int_equal(mount("none", target, type, 0, options), 0);
    fd = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static void unmount(int fd)
{
    char target[512];

    (void)close(fd);
    path_in_folder(target, "mounted");
    assert_int_equal(umount(target), 0);
}

static int mount_overlay(void)
{
    char options[2000];

    make_folder("lower");
    make_folder("upper");
    make_folder("work");
    (void)snprintf(options, sizeof options, "lowerdir=%s/lower,upperdir=%s/upper,workdir=%s/work",
                   folder.path, folder.path, folder.path);
    return mount_plain("overlay", options);
}

/* ---- Tests ---- */

static void filesystem_check__ext4_and_xfs__are_allowed(void **state)
{
    static const char *const types[][2] = {{"ext4", "16M"}, {"xfs", "320M"}};

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(types); i++) {
        struct btx_fault fault = {0};
        int fd = mount_image(types[i][0], types[i][1]);

        print_message("%s\n", types[i][0]);
        assert_int_equal(btx_wal_filesystem_check(fd, false, &fault), BTX_OK);
        unmount(fd);
    }
}

static void expect_refused(int fd, const char *name)
{
    struct btx_fault fault = {0};
    char want[64];

    (void)snprintf(want, sizeof want, "the filesystem is %s (0x", name);
    assert_int_equal(btx_wal_filesystem_check(fd, false, &fault), BTX_FAULT_CONFIG);
    print_message("%s\n", fault.text);
    assert_memory_equal(fault.text, want, strlen(want));
    assert_int_equal(btx_wal_filesystem_check(fd, true, &fault), BTX_OK);
    unmount(fd);
}

/* ext2 has the number of ext4 and no journal; a container's root is an overlay. */
static void filesystem_check__what_cannot_promise__is_refused_by_name(void **state)
{
    (void)state;
    expect_refused(mount_image("ext2", "16M"), "ext2");
    expect_refused(mount_image("ext3", "16M"), "ext3");
    expect_refused(mount_overlay(), "overlay");
    expect_refused(mount_plain("tmpfs", "size=1m"), "tmpfs");
    expect_refused(mount_plain("ramfs", NULL), "ramfs");
}

/* Whatever the filesystem keeps back for itself: when a write fails for want of room, the fault
 * says so, also when all that is known is EIO. */
static void write__full_filesystem__is_disk_full(void **state)
{
    static const char *const types[][2] = {{"ext4", "16M"}, {"xfs", "320M"}};
    static uint8_t piece[1u << 20];

    (void)state;
    memset(piece, 'x', sizeof piece);
    for (size_t i = 0; i < BTX_COUNT_OF(types); i++) {
        struct btx_fault fault = {0};
        int root_fd = mount_image(types[i][0], types[i][1]);
        int fd = openat(root_fd, "file", O_RDWR | O_CREAT | O_CLOEXEC, 0640);
        enum btx_fault_code code = BTX_OK;
        uint64_t offset_bytes = 0;
        uint64_t free_bytes;

        while (code == BTX_OK) {
            code = btx_wal_write(fd, piece, sizeof piece, offset_bytes, "writing file", &fault);
            if (code == BTX_OK)
                code = btx_wal_sync(fd, "syncing file", &fault);
            offset_bytes += sizeof piece;
        }
        assert_int_equal(btx_wal_filesystem_free(root_fd, &free_bytes, NULL), BTX_OK);
        print_message("%s after %" PRIu64 " MiB, %" PRIu64 " bytes are free: %s\n", types[i][0],
                      offset_bytes >> 20, free_bytes, fault.text);
        assert_int_equal(code, BTX_FAULT_DISK_FULL);
        assert_int_equal(btx_wal_write_fault(fd, EIO, "as LMDB says it", &fault),
                         BTX_FAULT_DISK_FULL);
        (void)close(fd);
        unmount(root_fd);
    }
}

/* A mount below the root would not have been looked at. */
static void id_ensure__segments_are_a_mount__is_refused(void **state)
{
    struct btx_fault fault = {0};
    struct btx_wal_id id;
    char target[512];

    (void)state;
    make_folder("root");
    make_folder("root/segments");
    path_in_folder(target, "root/segments");
    assert_int_equal(mount("none", target, "tmpfs", 0, "size=1m"), 0);
    path_in_folder(target, "root");
    int fd = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    assert_int_equal(btx_wal_id_ensure(fd, "h", 1, &id, &fault), BTX_FAULT_CONFIG);
    print_message("%s\n", fault.text);
    assert_non_null(strstr(fault.text, "segments: want a folder on the filesystem of the log"));
    (void)close(fd);
    path_in_folder(target, "root/segments");
    assert_int_equal(umount(target), 0);
}

/* A disk is mounted read-only to find out what happened to it. */
static void read_only_mount__log_of_a_dead_writer__can_be_read_and_not_taken(void **state)
{
    static const uint8_t uuid[BTX_WAL_UUID_BYTES];
    struct btx_writer_lock lock = {.fd = -1};
    struct btx_writer_lock_status status;
    struct btx_fault fault = {0};
    struct btx_wal_id made;
    struct btx_wal_id id;
    char target[512];
    int fd;

    (void)state;
    fd = mount_image("ext4", "16M");
    assert_int_equal(btx_wal_id_ensure(fd, "node-1", 1, &made, &fault), BTX_OK);
    assert_int_equal(btx_writer_lock_take(&lock, fd, &fault), BTX_OK);
    assert_int_equal(btx_writer_lock_write_record(&lock, 7, "betexd", "node-1", uuid, 1, &fault),
                     BTX_OK);
    btx_writer_lock_release(&lock);
    path_in_folder(target, "mounted");
    assert_int_equal(mount(NULL, target, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);

    assert_int_equal(btx_wal_id_read(fd, &id, &fault), BTX_OK);
    assert_memory_equal(&id, &made, sizeof id);
    assert_int_equal(btx_writer_lock_look(fd, &status, &fault), BTX_OK);
    assert_int_equal(status.state, BTX_WRITER_LOCK_FREE);
    assert_true(status.record_valid);
    assert_int_equal(status.record.epoch, 7);
    assert_int_equal(btx_writer_lock_take(&lock, fd, &fault), BTX_FAULT_IO);
    print_message("%s\n", fault.text);
    unmount(fd);
}

/* NULL, or why this cannot run. */
static const char *prepare(void)
{
    static const char *const programs[] = {"mkfs.ext2", "mkfs.ext3", "mkfs.ext4",
                                           "mkfs.xfs",  "mount",     "truncate"};

    for (size_t i = 0; i < BTX_COUNT_OF(programs); i++) {
        char command[64];

        (void)snprintf(command, sizeof command, "command -v %s >/dev/null", programs[i]);
        if (system(command) != 0)
            return "mkfs.ext2, mkfs.ext3, mkfs.ext4, mkfs.xfs, mount or truncate is missing";
    }
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return "needs the right to mount filesystems";
    if (access("/dev/loop-control", W_OK) != 0)
        return "there are no loop devices";
    return NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filesystem_check__ext4_and_xfs__are_allowed),
        cmocka_unit_test(filesystem_check__what_cannot_promise__is_refused_by_name),
        cmocka_unit_test(write__full_filesystem__is_disk_full),
        cmocka_unit_test(id_ensure__segments_are_a_mount__is_refused),
        cmocka_unit_test(read_only_mount__log_of_a_dead_writer__can_be_read_and_not_taken),
    };
    const char *reason;
    int failed;

    (void)setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
    reason = prepare();
    if (reason != NULL) {
        (void)printf("skipped: %s\n", reason);
        return 77;
    }
    temp_folder_make(&folder);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (failed == 0) /* Else something may be mounted in it; the namespace goes with us. */
        temp_folder_remove(&folder);
    return failed;
}
