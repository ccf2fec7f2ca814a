/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct number_case {
    uint64_t number;
    const char *text;
};

/* A size that is rounded up would promise room that is not there. */
static void units_bytes__sizes_around_the_steps__rounded_down(void **state)
{
    static const struct number_case cases[] = {
        {0, "0 B"},
        {1023, "1023 B"},
        {1024, "1 KiB"},
        {1535, "1.4 KiB"},
        {1536, "1.5 KiB"},
        {(UINT64_C(1) << 20) - 1, "1023.9 KiB"},
        {UINT64_C(1) << 20, "1 MiB"},
        {UINT64_C(1) << 30, "1 GiB"},
        {UINT64_C(5) << 40, "5 TiB"},
        {UINT64_MAX, "15.9 EiB"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(btx_units_bytes(cases[i].number).text, cases[i].text);
}

/* Ages of locks: two units are enough to act on. */
static void units_duration__all_magnitudes__two_greatest_units(void **state)
{
    static const struct number_case cases[] = {
        {0, "0 ms"},
        {UINT64_C(999999999), "999 ms"},
        {UINT64_C(1000000000), "1 s"},
        {UINT64_C(59999999999), "59.9 s"},
        {UINT64_C(60000000000), "1 min 0 s"},
        {UINT64_C(3599000000000), "59 min 59 s"},
        {UINT64_C(3600000000000), "1 h 0 min"},
        {UINT64_C(86400000000000), "1 d 0 h"},
        {UINT64_MAX, "213503 d 23 h"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(btx_units_duration(cases[i].number).text, cases[i].text);
}

/* Times come from disks: no value may be without a text. */
static void units_time__any_value__utc(void **state)
{
    (void)state;
    assert_string_equal(btx_units_time(0).text, "1970-01-01 00:00:00");
    assert_string_equal(btx_units_time(UINT64_C(1790000000123456789)).text, "2026-09-21 14:13:20");
    assert_string_equal(btx_units_short_time(UINT64_C(1790000000123456789)).text, "09-21 14:13:20");
    assert_string_equal(btx_units_time(UINT64_MAX).text, "2554-07-21 23:34:33");
}

static void units_uuid__sixteen_bytes__grouped(void **state)
{
    const uint8_t uuid[16] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                              0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};

    (void)state;
    assert_string_equal(btx_units_uuid(uuid).text, "00112233-4455-6677-8899-aabbccddeeff");
}

/* Nothing from a disk steers a terminal, and nothing is written behind the room. */
static void units_printable__foreign_bytes_and_little_room__escaped_and_cut(void **state)
{
    char text[12];

    (void)state;
    btx_units_printable(text, sizeof text, "a\033[mb", 5);
    assert_string_equal(text, "a\\x1b[mb");
    btx_units_printable(text, sizeof text, "abcd", 2);
    assert_string_equal(text, "ab");
    btx_units_printable(text, sizeof text, "ab\0d", 4);
    assert_string_equal(text, "ab");
    memset(text, '#', sizeof text);
    btx_units_printable(text, 8, "\xff\xff\xff", 3);
    assert_string_equal(text, "\\xff");
    assert_int_equal(text[8], '#');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_bytes__sizes_around_the_steps__rounded_down),
        cmocka_unit_test(units_duration__all_magnitudes__two_greatest_units),
        cmocka_unit_test(units_time__any_value__utc),
        cmocka_unit_test(units_uuid__sixteen_bytes__grouped),
        cmocka_unit_test(units_printable__foreign_bytes_and_little_room__escaped_and_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
