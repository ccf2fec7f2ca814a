/* SPDX-License-Identifier: Apache-2.0 */
/* test_partition_search.c - partitions on the disks of a machine. */
#include "image/disk/partition_search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/image/disk_fixture.h"

#define TYPE "0fc63daf-8483-4772-8e79-3d69d8477de4"
#define UNIQUE "11111111-2222-3333-4444-555555555555"

static const struct partition_plan plans[] = {{TYPE, UNIQUE, "other"}, {TYPE, UNIQUE, "wanted"}};

static bool has_label(const struct btx_gpt_partition *partition, const void *label)
{
    return strcmp(partition->label, label) == 0;
}

static void search__disks_of_all_kinds__names_as_the_kernel_gives(void **state)
{
    struct btx_fault fault = {0};
    struct machine machine;
    struct btx_places found;
    uint32_t unreadable;

    (void)state;
    machine_make(&machine);
    machine_add_disk(&machine, "sdb", plans, 2);
    machine_add_disk(&machine, "nvme0n1", plans, 2);
    machine_add_disk(&machine, "sda", NULL, 0);

    assert_int_equal(
        btx_partition_search(&machine.as_seen, has_label, "wanted", &found, &unreadable, &fault),
        BTX_OK);

    assert_int_equal(found.count, 2);
    assert_string_equal(found.places[0].disk, "nvme0n1");
    assert_string_equal(found.places[0].device, "nvme0n1p2");
    assert_string_equal(found.places[1].device, "sdb2");
    assert_int_equal(unreadable, 0);
    machine_remove(&machine);
}

/* What lies on another device, or on none, would be found twice or is no disk. */
static void search__loop_and_mapped_devices__left_out(void **state)
{
    static const char *const others[] = {"loop1", "dm-0", "md127", "ram0", "zram0", "sr0", "fd0"};
    struct btx_fault fault = {0};
    struct machine machine;
    struct btx_places found;

    (void)state;
    machine_make(&machine);
    for (size_t i = 0; i < BTX_COUNT_OF(others); i++)
        machine_add_disk(&machine, others[i], plans, 2);
    assert_int_equal(
        btx_partition_search(&machine.as_seen, has_label, "wanted", &found, NULL, &fault), BTX_OK);
    assert_int_equal(found.count, 0);
    machine_remove(&machine);
}

static void search__disk_without_a_device__counted_as_unreadable(void **state)
{
    struct btx_fault fault = {0};
    struct machine machine;
    struct btx_places found;
    uint32_t unreadable;

    (void)state;
    machine_make(&machine);
    machine_write(&machine, "/sys/block/sdc/size", "8\n", 2);
    assert_int_equal(
        btx_partition_search(&machine.as_seen, has_label, "wanted", &found, &unreadable, &fault),
        BTX_OK);
    assert_int_equal(found.count, 0);
    assert_int_equal(unreadable, 1);
    machine_remove(&machine);
}

static void search__more_than_there_is_room_for__the_first_ones(void **state)
{
    struct btx_fault fault = {0};
    struct machine machine;
    struct btx_places found;

    (void)state;
    machine_make(&machine);
    for (char name[] = "sda"; name[2] < 'a' + BTX_PLACES_MAX + 2; name[2]++)
        machine_add_disk(&machine, name, plans, 2);
    assert_int_equal(
        btx_partition_search(&machine.as_seen, has_label, "wanted", &found, NULL, &fault), BTX_OK);
    assert_int_equal(found.count, BTX_PLACES_MAX);
    assert_string_equal(found.places[0].device, "sda2");
    machine_remove(&machine);
}

static void search__machine_without_sys__io(void **state)
{
    const struct btx_machine nowhere = {.root = "/nowhere"};
    struct btx_fault fault = {0};
    struct btx_places found;

    (void)state;
    assert_int_equal(btx_partition_search(&nowhere, has_label, "wanted", &found, NULL, &fault),
                     BTX_FAULT_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(search__disks_of_all_kinds__names_as_the_kernel_gives),
        cmocka_unit_test(search__loop_and_mapped_devices__left_out),
        cmocka_unit_test(search__disk_without_a_device__counted_as_unreadable),
        cmocka_unit_test(search__more_than_there_is_room_for__the_first_ones),
        cmocka_unit_test(search__machine_without_sys__io),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
