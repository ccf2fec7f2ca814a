/* SPDX-License-Identifier: Apache-2.0 */
/* test_guid.c - GUIDs as text and as bytes on a disk. */
#include "image/disk/guid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define ESP "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"

/* The bytes of an EFI system partition's type as every disk has them. */
static const uint8_t esp_bytes[BTX_GUID_BYTES] = {0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11,
                                                  0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b};

static void guid_from_text__known_type__its_bytes(void **state)
{
    struct btx_guid guid;

    (void)state;
    assert_true(btx_guid_from_text(ESP, &guid));
    assert_memory_equal(guid.bytes, esp_bytes, sizeof(esp_bytes));
}

static void guid_to_text__known_bytes__its_text(void **state)
{
    char text[BTX_GUID_TEXT_BYTES];
    struct btx_guid guid;

    (void)state;
    memcpy(guid.bytes, esp_bytes, sizeof(esp_bytes));
    btx_guid_to_text(&guid, text);
    assert_string_equal(text, ESP);
}

static void guid_from_text__not_one__refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "c12a7328-f81f-11d2-ba4b-00a0c93ec93",
        "c12a7328-f81f-11d2-ba4b-00a0c93ec93bb",
        "c12a7328-f81f-11d2-ba4b-00a0c93ec93g",
        "c12a7328f-81f-11d2-ba4b-00a0c93ec93b",
        "c12a7328-f81f-11d2-ba4b000a0c93ec93b",
    };
    struct btx_guid guid;

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(wrong); i++) {
        print_message("'%s'\n", wrong[i]);
        assert_false(btx_guid_from_text(wrong[i], &guid));
    }
}

static void guid_from_digits__half_of_a_hash__the_same_guid(void **state)
{
    struct btx_guid from_digits;
    struct btx_guid from_text;

    (void)state;
    assert_true(btx_guid_from_digits("C12a7328f81f11d2ba4b00a0c93ec93bffffffff", &from_digits));
    assert_true(btx_guid_from_text(ESP, &from_text));
    assert_true(btx_guid_equal(&from_digits, &from_text));
    from_text.bytes[15] ^= 1;
    assert_false(btx_guid_equal(&from_digits, &from_text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guid_from_text__known_type__its_bytes),
        cmocka_unit_test(guid_to_text__known_bytes__its_text),
        cmocka_unit_test(guid_from_text__not_one__refused),
        cmocka_unit_test(guid_from_digits__half_of_a_hash__the_same_guid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
