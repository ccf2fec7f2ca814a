/* SPDX-License-Identifier: Apache-2.0 */
/* test_gpt.c - partition tables: whole, damaged in one copy, in both, hostile. */
#include "image/disk/gpt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/image/disk_fixture.h"

#define TYPE_A "0fc63daf-8483-4772-8e79-3d69d8477de4"
#define TYPE_B "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
#define UNIQUE_A "11111111-2222-3333-4444-555555555555"
#define UNIQUE_B "66666666-7777-8888-9999-aaaaaaaaaaaa"

enum { FIRST_HEADER = SECTOR_BYTES, LAST_HEADER = DISK_BYTES - SECTOR_BYTES };

static const struct partition_plan two[] = {{TYPE_A, UNIQUE_A, "one"}, {TYPE_B, UNIQUE_B, "two"}};

static int disk_make(void **state)
{
    uint8_t *disk = calloc(1, DISK_BYTES);

    if (disk == NULL)
        return -1;
    table_write(disk, two, 2);
    *state = disk;
    return 0;
}

static int disk_free(void **state)
{
    free(*state);
    return 0;
}

static enum btx_fault_code gpt_of(const uint8_t *disk, struct btx_gpt *gpt)
{
    struct btx_fault fault = {0};
    const int fd = disk_open(disk);
    const enum btx_fault_code code = btx_gpt_read(fd, SECTOR_BYTES, DISK_BYTES, gpt, &fault);

    (void)close(fd);
    return code;
}

static void gpt_read__two_partitions__as_they_were_written(void **state)
{
    struct btx_guid guid;
    struct btx_gpt gpt;

    assert_int_equal(gpt_of(*state, &gpt), BTX_OK);

    assert_int_equal(gpt.count, 2);
    assert_true(btx_guid_from_text(TYPE_A, &guid));
    assert_true(btx_guid_equal(&gpt.partitions[0].type, &guid));
    assert_true(btx_guid_from_text(UNIQUE_B, &guid));
    assert_true(btx_guid_equal(&gpt.partitions[1].unique, &guid));
    assert_int_equal(gpt.partitions[1].number, 2);
    assert_int_equal(gpt.partitions[1].sectors, 64);
    assert_string_equal(gpt.partitions[0].label, "one");
    assert_string_equal(gpt.partitions[1].label, "two");
}

static void gpt_read__disk_of_zeros__no_partitions(void **state)
{
    struct btx_gpt gpt = {.count = 7};

    memset(*state, 0, DISK_BYTES);
    assert_int_equal(gpt_of(*state, &gpt), BTX_OK);
    assert_int_equal(gpt.count, 0);
}

/* Header and entries of the first copy, a bit at a time: the copy at the end says the same. */
static void gpt_read__first_copy_damaged__second_is_read(void **state)
{
    static const size_t places[] = {FIRST_HEADER, FIRST_HEADER + 16, FIRST_HEADER + 24,
                                    FIRST_HEADER + 91, 2 * SECTOR_BYTES + 40};
    uint8_t *disk = *state;

    for (size_t i = 0; i < BTX_COUNT_OF(places); i++) {
        struct btx_gpt gpt;

        print_message("byte %zu\n", places[i]);
        disk[places[i]] ^= 0x10;
        assert_int_equal(gpt_of(disk, &gpt), BTX_OK);
        assert_int_equal(gpt.count, 2);
        assert_int_equal(gpt.partitions[0].sectors, 64);
        disk[places[i]] ^= 0x10;
    }
}

static void gpt_read__both_copies_damaged__corrupt(void **state)
{
    uint8_t *disk = *state;
    struct btx_gpt gpt;

    disk[FIRST_HEADER + 40] ^= 1;
    disk[LAST_HEADER + 40] ^= 1;
    assert_int_equal(gpt_of(disk, &gpt), BTX_FAULT_CORRUPT);
    memset(disk + LAST_HEADER, 0, SECTOR_BYTES);
    assert_int_equal(gpt_of(disk, &gpt), BTX_FAULT_CORRUPT);
}

/* A table copied to another place says where it belongs. */
static void gpt_read__header_of_another_place__corrupt(void **state)
{
    uint8_t *disk = *state;
    struct btx_gpt gpt;

    memcpy(disk + LAST_HEADER, disk + FIRST_HEADER, SECTOR_BYTES);
    disk[FIRST_HEADER] = 0;
    assert_int_equal(gpt_of(disk, &gpt), BTX_FAULT_CORRUPT);
}

static void gpt_read__label_of_odd_characters__question_marks(void **state)
{
    static const struct partition_plan odd[] = {
        {TYPE_A, UNIQUE_A, "a\x1b\x7f\xff 34567890123456789012345678901z"}};
    uint8_t *disk = *state;
    struct btx_gpt gpt;

    memset(disk, 0, DISK_BYTES);
    table_write(disk, odd, 1);
    assert_int_equal(gpt_of(disk, &gpt), BTX_OK);
    assert_string_equal(gpt.partitions[0].label, "a??? 34567890123456789012345678901z");
}

static void gpt_read__disk_too_small__no_partitions(void **state)
{
    struct btx_fault fault = {0};
    struct btx_gpt gpt;
    const int fd = disk_open(*state);

    assert_int_equal(btx_gpt_read(fd, SECTOR_BYTES, 2 * SECTOR_BYTES, &gpt, &fault), BTX_OK);
    assert_int_equal(gpt.count, 0);
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gpt_read__two_partitions__as_they_were_written, disk_make,
                                        disk_free),
        cmocka_unit_test_setup_teardown(gpt_read__disk_of_zeros__no_partitions, disk_make,
                                        disk_free),
        cmocka_unit_test_setup_teardown(gpt_read__first_copy_damaged__second_is_read, disk_make,
                                        disk_free),
        cmocka_unit_test_setup_teardown(gpt_read__both_copies_damaged__corrupt, disk_make,
                                        disk_free),
        cmocka_unit_test_setup_teardown(gpt_read__header_of_another_place__corrupt, disk_make,
                                        disk_free),
        cmocka_unit_test_setup_teardown(gpt_read__label_of_odd_characters__question_marks,
                                        disk_make, disk_free),
        cmocka_unit_test_setup_teardown(gpt_read__disk_too_small__no_partitions, disk_make,
                                        disk_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
