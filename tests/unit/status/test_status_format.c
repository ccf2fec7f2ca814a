/* SPDX-License-Identifier: Apache-2.0 */
/* test_status_format.c - numbers as people read them, at the edges of their units. */
#include "engine/status/status_format.h"

#include "engine/base/attributes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct row {
    struct btx_status_short (*format)(uint64_t value);
    uint64_t value;
    const char *text;
};

static void format__edges__are_three_digits_and_a_unit(void **state)
{
    static const struct row rows[] = {
        {btx_status_format_count, 0, "0"},
        {btx_status_format_count, 999, "999"},
        {btx_status_format_count, 1000, "1,000"},
        {btx_status_format_count, 123456, "123,456"},
        {btx_status_format_count, UINT64_MAX - 1, "18,446,744,073,709,551,614"},
        {btx_status_format_count, BTX_STATUS_ABSENT, "-"},
        {btx_status_format_rate, 999, "999"},
        {btx_status_format_rate, 1000, "1 k"},
        {btx_status_format_rate, 1234, "1.23 k"},
        {btx_status_format_rate, 12999, "12.9 k"},
        {btx_status_format_rate, 999999, "999 k"},
        {btx_status_format_rate, 1000000, "1 M"},
        {btx_status_format_rate, UINT64_MAX - 1, "18.4 E"},
        {btx_status_format_bytes, 1023, "1023 B"},
        {btx_status_format_bytes, 1024, "1 KiB"},
        {btx_status_format_bytes, 1536, "1.5 KiB"},
        {btx_status_format_bytes, UINT64_C(1) << 40, "1 TiB"},
        {btx_status_format_bytes, UINT64_MAX - 1, "15.9 EiB"},
        {btx_status_format_bytes, BTX_STATUS_ABSENT, "-"},
        {btx_status_format_duration, 0, "0 ns"},
        {btx_status_format_duration, 999, "999 ns"},
        {btx_status_format_duration, 1000, "1 us"},
        {btx_status_format_duration, 41234, "41.2 us"},
        {btx_status_format_duration, 3214000, "3.21 ms"},
        {btx_status_format_duration, 999999999, "999 ms"},
        {btx_status_format_duration, UINT64_C(12345000000), "12.3 s"},
        {btx_status_format_duration, UINT64_C(302000000000), "5 min 2 s"},
        {btx_status_format_duration, UINT64_C(11520000000000), "3 h 12 min"},
        {btx_status_format_duration, UINT64_C(356400000000000), "4 d 3 h"},
        {btx_status_format_duration, BTX_STATUS_ABSENT, "-"},
        {btx_status_format_time, UINT64_C(1000000000999999999), "2001-09-09 01:46:40"},
        {btx_status_format_time, UINT64_MAX - 1, "2554-07-21 23:34:33"},
        {btx_status_format_time, BTX_STATUS_ABSENT, "-"},
        {btx_status_format_seconds, 0, "0"},
        {btx_status_format_seconds, 1, "0.000000001"},
        {btx_status_format_seconds, 421300, "0.0004213"},
        {btx_status_format_seconds, UINT64_C(10000000000), "10"},
    };

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++)
        assert_string_equal(rows[i].format(rows[i].value).text, rows[i].text);
}

/* 100 % means full, and nothing else. */
static void percent__nearly_full__is_not_full(void **state)
{
    (void)state;
    assert_int_equal(btx_status_percent(999, 1000), 99);
    assert_int_equal(btx_status_percent(1000, 1000), 100);
    assert_int_equal(btx_status_percent(UINT64_MAX - 1, 1), 100);
    assert_int_equal(btx_status_percent(UINT64_MAX - 2, UINT64_MAX - 1), 99);
    assert_int_equal(btx_status_percent(1, 0), 0);
    assert_string_equal(btx_status_format_percent(1, 0).text, "-");
    assert_string_equal(btx_status_format_percent(41, 100).text, "41 %");
}

static void printable__any_bytes__is_ascii_and_ended(void **state)
{
    char text[12];

    (void)state;
    btx_status_printable(text, sizeof text, "a\x1b[2J");
    assert_string_equal(text, "a\\x1b[2J");
    btx_status_printable(text, sizeof text, "\xff\xfe\xfd");
    assert_string_equal(text, "\\xff\\xfe");
    btx_status_printable(text, sizeof text, "abcdefghijklmnop");
    assert_string_equal(text, "abcdefghijk");
}

static void put_quoted__quotes_and_controls__are_harmless(void **state)
{
    char text[64] = "";
    struct btx_writer out;

    (void)state;
    btx_writer_init(&out, text, sizeof text - 1);
    btx_status_put_quoted(&out, "a\"b\\c\n\x80");
    text[out.length_bytes] = '\0';
    assert_string_equal(text, "\"a\\\"b\\\\c\?\?\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(format__edges__are_three_digits_and_a_unit),
        cmocka_unit_test(percent__nearly_full__is_not_full),
        cmocka_unit_test(printable__any_bytes__is_ascii_and_ended),
        cmocka_unit_test(put_quoted__quotes_and_controls__are_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
