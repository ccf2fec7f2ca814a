/* SPDX-License-Identifier: Apache-2.0 */
/* test_filesystem.c - a log is written only where its promises hold. */
#include "engine/wal/filesystem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include <cmocka.h>

#include "tests/unit/skip.h"
#include "tests/unit/wal/temp_folder.h"

/* The numbers are an interface of the kernel, and the names are what an operator reads. */
static void filesystem_name__by_number__allows_ext4_and_xfs_alone(void **state)
{
    static const struct {
        uint64_t magic;
        const char *name;
    } refused[] = {
        {0x6969, "nfs"},
        {0x517b, "smb"},
        {0xff534d42, "cifs"},
        {0xfe534d42, "smb2"},
        {0x00c36400, "ceph"},
        {0x01021997, "9p"},
        {0x65735546, "fuse"},
        {0x01161970, "gfs2"},
        {0x7461636f, "ocfs2"},
        {0x794c7630, "overlay"},
        {0x01021994, "tmpfs"},
        {0x858458f6, "ramfs"},
        {0x9123683e, "btrfs"},
        {0xf2f52010, "f2fs"},
        {0x4d44, "vfat"},
        {0x0bd00bd0, "lustre"},
        {0x5346414f, "afs"},
        {0x61756673, "aufs"},
        {0x2fc12fc1, "zfs"},
        {0x73717368, "squashfs"},
        {0, "unknown"},
        {0x12345678, "unknown"},
        {0xffffffff0000ef53, "unknown"}, /* Not ext4: all of the number counts. */
    };
    bool allowed;

    (void)state;
    assert_string_equal(btx_wal_filesystem_name(0xef53, &allowed), "ext4");
    assert_true(allowed);
    assert_string_equal(btx_wal_filesystem_name(0x58465342, &allowed), "xfs");
    assert_true(allowed);
    for (size_t i = 0; i < BTX_COUNT_OF(refused); i++) {
        assert_string_equal(btx_wal_filesystem_name(refused[i].magic, &allowed), refused[i].name);
        assert_false(allowed);
    }
}

/* Exactly two are allowed, whatever is added to the table. */
static void filesystem_name__all_small_numbers__never_allows_another(void **state)
{
    bool allowed;

    (void)state;
    for (uint64_t magic = 0; magic <= 0xffff; magic++) {
        (void)btx_wal_filesystem_name(magic, &allowed);
        assert_int_equal(allowed, magic == 0xef53);
    }
}

static void filesystem_check__tmpfs__is_refused_by_name_unless_unsafe(void **state)
{
    struct temp_folder folder;
    struct btx_fault fault = {0};
    struct statfs space;

    (void)state;
    if (statfs("/dev/shm", &space) != 0 || space.f_type != 0x01021994 ||
        access("/dev/shm", W_OK) != 0) {
        SKIP_BECAUSE("/dev/shm is no tmpfs that can be written");
    }
    temp_folder_make_in(&folder, "/dev/shm");

    assert_int_equal(btx_wal_filesystem_check(folder.fd, false, &fault), BTX_FAULT_CONFIG);
    print_message("%s\n", fault.text);
    assert_non_null(strstr(fault.text, "the filesystem is tmpfs (0x1021994)"));
    assert_non_null(strstr(fault.text, "lost with the power"));
    assert_non_null(strstr(fault.text, "wal.unsafe_filesystem: true"));
    assert_int_equal(btx_wal_filesystem_check(folder.fd, true, &fault), BTX_OK);
    temp_folder_remove(&folder);
}

static void filesystem_free__any_folder__is_what_statvfs_says(void **state)
{
    struct temp_folder folder;
    struct btx_fault fault = {0};
    struct statvfs space;
    uint64_t free_bytes = 0;

    (void)state;
    temp_folder_make(&folder);
    assert_int_equal(btx_wal_filesystem_free(folder.fd, &free_bytes, &fault), BTX_OK);
    assert_int_equal(fstatvfs(folder.fd, &space), 0);
    /* Others write and remove meanwhile. */
    assert_true(free_bytes > (uint64_t)space.f_bavail * space.f_frsize / 2);
    assert_true(free_bytes / 2 < (uint64_t)space.f_bavail * space.f_frsize + 4096);
    temp_folder_remove(&folder);
    assert_int_equal(btx_wal_filesystem_free(-1, &free_bytes, &fault), BTX_FAULT_IO);
}

/* ext2 has no journal, ext3 is not tested, and statfs gives one number for all three. */
static void filesystem_mounted__by_device__reads_the_type(void **state)
{
    static const char table[] =
        "22 1 254:0 / / rw,relatime - ext4 /dev/root rw\n"
        "23 22 0:5 / /dev rw,nosuid master:1 - devtmpfs devtmpfs rw,size=1k\n"
        "garbage\n"
        "24 22 7:1 / /a rw - \n"
        "25 22 7:2 /x /a\\040b rw shared:2 master:3 - ext2 /dev/loop2 rw\n"
        "26 22 7:3 / /c rw - a_type_with_a_name_that_is_far_too_long_for_anybody x rw\n"
        "27 22 8:3 / /d rw - ext3 /dev/sda3 rw"; /* No newline at its end. */
    char type[BTX_WAL_FILESYSTEM_BYTES];
    struct temp_folder folder;
    char path[300];

    (void)state;
    temp_folder_make(&folder);
    temp_folder_put(&folder, "table", table, sizeof table - 1);
    (void)snprintf(path, sizeof path, "%s/table", folder.path);

    assert_true(btx_wal_filesystem_mounted(path, makedev(254, 0), type));
    assert_string_equal(type, "ext4");
    assert_true(btx_wal_filesystem_mounted(path, makedev(7, 2), type));
    assert_string_equal(type, "ext2");
    assert_true(btx_wal_filesystem_mounted(path, makedev(8, 3), type));
    assert_string_equal(type, "ext3");
    assert_true(btx_wal_filesystem_mounted(path, makedev(7, 3), type));
    assert_string_equal(type, "a_type_with_a_name_that_is_far_");
    assert_false(btx_wal_filesystem_mounted(path, makedev(7, 1), type));
    assert_false(btx_wal_filesystem_mounted(path, makedev(9, 9), type));
    (void)snprintf(path, sizeof path, "%s/nowhere", folder.path);
    assert_false(btx_wal_filesystem_mounted(path, makedev(254, 0), type));
    temp_folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filesystem_name__by_number__allows_ext4_and_xfs_alone),
        cmocka_unit_test(filesystem_name__all_small_numbers__never_allows_another),
        cmocka_unit_test(filesystem_check__tmpfs__is_refused_by_name_unless_unsafe),
        cmocka_unit_test(filesystem_free__any_folder__is_what_statvfs_says),
        cmocka_unit_test(filesystem_mounted__by_device__reads_the_type),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
