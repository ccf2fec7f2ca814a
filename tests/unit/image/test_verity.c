/* SPDX-License-Identifier: Apache-2.0 */
/* test_verity.c - the superblock of dm-verity, and the table that the kernel is given. */
#include "image/init/verity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Offsets of cryptsetup's lib/verity/verity.c. */
enum {
    VERSION = 8,
    TYPE = 12,
    ALGORITHM = 32,
    DATA_BLOCK = 64,
    HASH_BLOCK = 68,
    BLOCKS = 72,
    SALT_SIZE = 80,
    SALT = 88,
};

static void superblock_make(uint8_t bytes[static BTX_VERITY_SUPERBLOCK_BYTES])
{
    const uint64_t blocks = 5376;

    memset(bytes, 0, BTX_VERITY_SUPERBLOCK_BYTES);
    memcpy(bytes, "verity\0\0", 8);
    bytes[VERSION] = 1;
    bytes[TYPE] = 1;
    memcpy(bytes + ALGORITHM, "sha256", 6);
    bytes[DATA_BLOCK + 1] = 0x10;
    bytes[HASH_BLOCK + 1] = 0x10;
    memcpy(bytes + BLOCKS, &blocks, sizeof(blocks));
    bytes[SALT_SIZE] = 3;
    memcpy(bytes + SALT, "\x01\xab\xff", 3);
}

static void verity_table__superblock_of_veritysetup__as_the_kernel_wants(void **state)
{
    uint8_t bytes[BTX_VERITY_SUPERBLOCK_BYTES];
    char table[BTX_VERITY_TABLE_BYTES];
    struct btx_fault fault = {0};
    struct btx_verity verity;

    (void)state;
    superblock_make(bytes);
    assert_int_equal(btx_verity_decode(bytes, &verity, &fault), BTX_OK);
    assert_int_equal(btx_verity_table(&verity, "/dev/vda2", "/dev/vda3", "c0ffee", table, &fault),
                     BTX_OK);
    assert_string_equal(table, "1 /dev/vda2 /dev/vda3 4096 4096 5376 1 sha256 c0ffee 01abff 1 "
                               "panic_on_corruption");
    assert_int_equal(btx_verity_sectors(&verity), 5376 * 8);
}

static void verity_table__no_salt__a_dash(void **state)
{
    uint8_t bytes[BTX_VERITY_SUPERBLOCK_BYTES];
    char table[BTX_VERITY_TABLE_BYTES];
    struct btx_fault fault = {0};
    struct btx_verity verity;

    (void)state;
    superblock_make(bytes);
    bytes[SALT_SIZE] = 0;
    assert_int_equal(btx_verity_decode(bytes, &verity, &fault), BTX_OK);
    assert_int_equal(btx_verity_table(&verity, "a", "b", "c", table, &fault), BTX_OK);
    assert_non_null(strstr(table, " c - 1 "));
}

static void verity_decode__not_of_our_kind__layout(void **state)
{
    static const struct {
        const char *what;
        size_t offset;
        uint8_t value;
    } wrong[] = {
        {"signature", 0, 'V'},
        {"version", VERSION, 2},
        {"type", TYPE, 0},
        {"algorithm", ALGORITHM, 'S'},
        {"blocks of 0", DATA_BLOCK + 1, 0},
        {"odd blocks", HASH_BLOCK, 1},
        {"salt of 259", SALT_SIZE + 1, 1},
        {"blocks beyond 2^64", BLOCKS + 7, 0xff},
    };
    uint8_t bytes[BTX_VERITY_SUPERBLOCK_BYTES];

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(wrong); i++) {
        struct btx_fault fault = {0};
        struct btx_verity verity;

        print_message("%s\n", wrong[i].what);
        superblock_make(bytes);
        bytes[wrong[i].offset] = wrong[i].value;
        assert_int_equal(btx_verity_decode(bytes, &verity, &fault), BTX_FAULT_LAYOUT);
    }
}

static void verity_table__names_too_long__limit(void **state)
{
    uint8_t bytes[BTX_VERITY_SUPERBLOCK_BYTES];
    char table[BTX_VERITY_TABLE_BYTES];
    char name[BTX_VERITY_TABLE_BYTES];
    struct btx_fault fault = {0};
    struct btx_verity verity;

    (void)state;
    superblock_make(bytes);
    memset(name, 'x', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(btx_verity_decode(bytes, &verity, &fault), BTX_OK);
    assert_int_equal(btx_verity_table(&verity, name, "b", "c", table, &fault), BTX_FAULT_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verity_table__superblock_of_veritysetup__as_the_kernel_wants),
        cmocka_unit_test(verity_table__no_salt__a_dash),
        cmocka_unit_test(verity_decode__not_of_our_kind__layout),
        cmocka_unit_test(verity_table__names_too_long__limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
