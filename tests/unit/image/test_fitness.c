/* SPDX-License-Identifier: Apache-2.0 */
/* test_fitness.c - which disk may hold the log, and what is said of the others. */
#include "image/wal_disk/fitness.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "image/disk/layout.h"
#include "tests/unit/image/disk_fixture.h"

#define OTHER_TYPE "0fc63daf-8483-4772-8e79-3d69d8477de4"
#define UNIQUE "11111111-2222-3333-4444-555555555555"

static const struct partition_plan log_plan[] = {{BTX_WAL_TYPE, UNIQUE, BTX_WAL_LABEL}};

static int setup(void **state)
{
    static struct machine machine;

    machine_make(&machine);
    *state = &machine;
    return 0;
}

static int teardown(void **state)
{
    machine_remove(*state);
    return 0;
}

/* The first partition's own device, with XFS on it or with nothing. */
static void add_partition(const struct machine *machine, const char *device, const char *mark)
{
    uint8_t head[8192] = {0};
    char path[64];

    memcpy(head, mark, strlen(mark));
    (void)snprintf(path, sizeof(path), "/dev/%s", device);
    machine_write(machine, path, head, sizeof(head));
}

static struct btx_wal_disk look(const struct machine *machine)
{
    struct btx_wal_disk disk;
    struct btx_fault fault = {0};

    assert_int_equal(btx_wal_disk_look(&machine->as_seen, &disk, &fault), BTX_OK);
    print_message("%s\n", disk.why);
    return disk;
}

static void expect(struct btx_wal_disk disk, enum btx_wal_disk_verdict verdict, const char *part)
{
    assert_int_equal(disk.verdict, verdict);
    assert_non_null(strstr(disk.why, part));
}

static void look__one_disk_with_xfs__fit(void **state)
{
    struct btx_wal_disk disk;

    machine_add_disk(*state, "vda", NULL, 0);
    machine_add_disk(*state, "vdb", log_plan, 1);
    add_partition(*state, "vdb1", "XFSB");
    disk = look(*state);
    expect(disk, BTX_WAL_DISK_FIT, "the log is on vdb1 (XFS)");
    assert_string_equal(disk.place.device, "vdb1");
}

static void look__type_or_label_alone__none(void **state)
{
    static const struct partition_plan almost[] = {{BTX_WAL_TYPE, UNIQUE, "betex-old"},
                                                   {OTHER_TYPE, UNIQUE, BTX_WAL_LABEL}};

    machine_add_disk(*state, "vdb", almost, 2);
    expect(look(*state), BTX_WAL_DISK_NONE, "no disk has a partition labelled betex-wal");
}

static void look__two_disks__both_are_named(void **state)
{
    machine_add_disk(*state, "vdb", log_plan, 1);
    machine_add_disk(*state, "vdc", log_plan, 1);
    add_partition(*state, "vdb1", "XFSB");
    add_partition(*state, "vdc1", "XFSB");
    expect(look(*state), BTX_WAL_DISK_SEVERAL, "on vdb1 and on vdc1");
}

static void look__blank_partition__needs_a_filesystem(void **state)
{
    machine_add_disk(*state, "vdb", log_plan, 1);
    add_partition(*state, "vdb1", "");
    expect(look(*state), BTX_WAL_DISK_FILESYSTEM, "vdb1 has no filesystem");
}

static void look__partition_without_a_device__unreadable(void **state)
{
    machine_add_disk(*state, "vdb", log_plan, 1);
    expect(look(*state), BTX_WAL_DISK_UNREADABLE, "vdb1 is in the partition table");
}

static void look__driver_of_a_network__remote(void **state)
{
    machine_add_disk(*state, "nbd0", log_plan, 1);
    add_partition(*state, "nbd0p1", "XFSB");
    expect(look(*state), BTX_WAL_DISK_REMOTE, "(NBD)");
}

static void look__scsi_disk_of_a_session__remote(void **state)
{
    const struct machine *machine = *state;
    char folder[512];
    char link[256];

    machine_add_disk(machine, "sda", log_plan, 1);
    add_partition(machine, "sda1", "XFSB");
    machine_write(machine, "/sys/devices/platform/host3/session1/target3:0:0/block/sda/size", "8",
                  1);
    (void)snprintf(link, sizeof(link), "%s/sys/block/sda", machine->root);
    (void)snprintf(folder, sizeof(folder), "%s/size", link);
    assert_int_equal(unlink(folder), 0);
    assert_int_equal(rmdir(link), 0);
    assert_int_equal(symlink("../devices/platform/host3/session1/target3:0:0/block/sda", link), 0);
    expect(look(machine), BTX_WAL_DISK_REMOTE, "(iSCSI)");
}

static void look__nvme_by_its_transport__fit_or_remote(void **state)
{
    machine_add_disk(*state, "nvme0n1", log_plan, 1);
    add_partition(*state, "nvme0n1p1", "XFSB");
    machine_write(*state, "/sys/block/nvme0n1/device/transport", "pcie\n", 5);
    expect(look(*state), BTX_WAL_DISK_FIT, "nvme0n1p1");
    machine_write(*state, "/sys/block/nvme0n1/device/transport", "tcp\n", 4);
    expect(look(*state), BTX_WAL_DISK_REMOTE, "(NVMe over fabrics)");
}

/* With several paths to it, the disk belongs to a subsystem, and that to controllers. */
static void look__nvme_of_a_subsystem__every_path_is_looked_at(void **state)
{
    machine_add_disk(*state, "nvme1n1", log_plan, 1);
    add_partition(*state, "nvme1n1p1", "XFSB");
    machine_write(*state, "/sys/block/nvme1n1/device/nvme1/transport", "pcie\n", 5);
    expect(look(*state), BTX_WAL_DISK_FIT, "nvme1n1p1");
    machine_write(*state, "/sys/block/nvme1n1/device/nvme2/transport", "rdma\n", 5);
    expect(look(*state), BTX_WAL_DISK_REMOTE, "(NVMe over fabrics)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(look__one_disk_with_xfs__fit, setup, teardown),
        cmocka_unit_test_setup_teardown(look__type_or_label_alone__none, setup, teardown),
        cmocka_unit_test_setup_teardown(look__two_disks__both_are_named, setup, teardown),
        cmocka_unit_test_setup_teardown(look__blank_partition__needs_a_filesystem, setup, teardown),
        cmocka_unit_test_setup_teardown(look__partition_without_a_device__unreadable, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(look__driver_of_a_network__remote, setup, teardown),
        cmocka_unit_test_setup_teardown(look__scsi_disk_of_a_session__remote, setup, teardown),
        cmocka_unit_test_setup_teardown(look__nvme_by_its_transport__fit_or_remote, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(look__nvme_of_a_subsystem__every_path_is_looked_at, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
