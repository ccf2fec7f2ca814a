/* SPDX-License-Identifier: Apache-2.0 */
/* test_setting.c - what an operator writes is what the program takes, and what it prints he can
 * write. */
#include "engine/base/setting.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct values {
    uint64_t first;
    uint64_t second;
};

static const struct btx_setting count = {
    .name = "a.count", .unit = BTX_SETTING_COUNT, .minimum = 1, .maximum = UINT64_MAX};
static const struct btx_setting bytes = {
    .name = "a.bytes", .unit = BTX_SETTING_BYTES, .minimum = 0, .maximum = UINT64_MAX};
static const struct btx_setting duration = {
    .name = "a.duration", .unit = BTX_SETTING_DURATION, .minimum = 0, .maximum = UINT64_MAX};
static const struct btx_setting toggle = {
    .name = "a.switch", .unit = BTX_SETTING_SWITCH, .minimum = 0, .maximum = 1};
static const struct btx_setting power = {.name = "a.power",
                                         .unit = BTX_SETTING_COUNT,
                                         .minimum = 4096,
                                         .maximum = 4194304,
                                         .power_of_two = true};
static const struct btx_setting age = {.name = "a.age",
                                       .unit = BTX_SETTING_DURATION,
                                       .minimum = 1000000000,
                                       .maximum = UINT64_C(86400000000000),
                                       .fallback = 0,
                                       .off = true,
                                       .offset_bytes = offsetof(struct values, second)};

static void setting_parse__well_formed__gives_the_value(void **state)
{
    static const struct {
        const struct btx_setting *setting;
        const char *text;
        uint64_t value;
    } rows[] = {
        {&count, "1", 1},
        {&count, "007", 7},
        {&count, "18446744073709551615", UINT64_MAX},
        {&bytes, "0", 0},
        {&bytes, "512", 512},
        {&bytes, "1 KiB", 1024},
        {&bytes, "4MiB", 4194304},
        {&bytes, "1 GiB", 1073741824},
        {&bytes, "16777215 TiB", UINT64_C(16777215) << 40},
        {&duration, "0", 0},
        {&duration, "0 s", 0},
        {&duration, "7ns", 7},
        {&duration, "5 us", 5000},
        {&duration, "250ms", 250000000},
        {&duration, "5 s", UINT64_C(5000000000)},
        {&duration, "10 min", UINT64_C(600000000000)},
        {&duration, "2 h", UINT64_C(7200000000000)},
        {&duration, "1 d", UINT64_C(86400000000000)},
        {&toggle, "true", 1},
        {&toggle, "false", 0},
        {&power, "4096", 4096},
        {&power, "4194304", 4194304},
        {&age, "off", 0},
        {&age, "0", 0},
        {&age, "1 s", 1000000000},
    };

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        struct btx_fault fault = {0};
        uint64_t value = 99;

        print_message("'%s'\n", rows[i].text);
        assert_int_equal(btx_setting_parse(rows[i].setting, rows[i].text, &value, &fault), BTX_OK);
        assert_true(value == rows[i].value);
    }
}

/* Whatever is not understood is refused: a guess at a limit is worse than no start. */
static void setting_parse__anything_else__says_what_is_wanted(void **state)
{
    static const struct {
        const struct btx_setting *setting;
        const char *text;
        const char *sentence;
    } rows[] = {
        {&count, "0", "want 1..18446744073709551615, got '0'"},
        {&count, "", "want 1..18446744073709551615, got ''"},
        {&count, "18446744073709551616", NULL},
        {&count, "99999999999999999999999", NULL},
        {&count, "-1", NULL},
        {&count, "+1", NULL},
        {&count, " 1", NULL},
        {&count, "1 ", NULL},
        {&count, "1 KiB", NULL},
        {&count, "0x10", NULL},
        {&count, "1.5", NULL},
        {&count, "off", NULL},
        {&bytes, "1  GiB", NULL},
        {&bytes, "1 GB", NULL},
        {&bytes, "1 gib", NULL},
        {&bytes, "1 GiB ", NULL},
        {&bytes, "GiB", NULL},
        {&bytes, "16777216 TiB", NULL}, /* 2^64 */
        {&bytes, "5 s", NULL},
        {&duration, "5", NULL}, /* Of what? */
        {&duration, "5 sec", NULL},
        {&duration, "1 KiB", NULL},
        {&duration, "-0", NULL},
        {&duration, "213504 d", NULL}, /* Over 2^64 ns. */
        {&toggle, "1", "want true or false, got '1'"},
        {&toggle, "True", NULL},
        {&toggle, "off", NULL},
        {&toggle, "", NULL},
        {&power, "5000", "want a power of two, 4096..4194304, got '5000'"},
        {&power, "2048", NULL},
        {&power, "8388608", NULL},
        {&power, "0", NULL},
        {&age, "999 ms", "want off or 1 s..1 d, got '999 ms'"},
        {&age, "25 h", NULL},
        {&age, "never", NULL},
        {&age, "of", NULL},
    };

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        struct btx_fault fault = {0};
        uint64_t value = 99;

        print_message("'%s'\n", rows[i].text);
        assert_int_equal(btx_setting_parse(rows[i].setting, rows[i].text, &value, &fault),
                         BTX_FAULT_CONFIG);
        assert_int_equal(value, 99);
        if (rows[i].sentence != NULL)
            assert_string_equal(fault.text, rows[i].sentence);
    }
}

/* The text comes from a file that anybody may have written. */
static void setting_parse__hostile_text__is_quoted_harmlessly(void **state)
{
    struct btx_fault fault = {0};
    uint64_t value;

    (void)state;
    assert_int_equal(btx_setting_parse(&toggle, "a\x1b[2J\nb\xff", &value, &fault),
                     BTX_FAULT_CONFIG);
    assert_string_equal(fault.text, "want true or false, got 'a?[2J?b?'");
    assert_int_equal(btx_setting_parse(&toggle, "0123456789012345678901234567890", &value, &fault),
                     BTX_FAULT_CONFIG);
    assert_string_equal(fault.text, "want true or false, got '0123456789012345678901234567890'");
    assert_int_equal(btx_setting_parse(&toggle, "01234567890123456789012345678901", &value, &fault),
                     BTX_FAULT_CONFIG);
    assert_string_equal(fault.text, "want true or false, got '0123456789012345678901234567...'");
}

static void setting_print__any_value__parses_to_the_same(void **state)
{
    static const struct {
        const struct btx_setting *setting;
        uint64_t value;
        const char *text;
    } rows[] = {
        {&count, 32768, "32768"},
        {&count, UINT64_MAX, "18446744073709551615"},
        {&bytes, 0, "0"},
        {&bytes, 1023, "1023"},
        {&bytes, 1024, "1 KiB"},
        {&bytes, 4194304, "4 MiB"},
        {&bytes, 4521984, "4416 KiB"},
        {&bytes, UINT64_C(1) << 62, "4194304 TiB"},
        {&bytes, UINT64_MAX, "18446744073709551615"},
        {&duration, 0, "0"},
        {&duration, 1, "1 ns"},
        {&duration, UINT64_C(5000000000), "5 s"},
        {&duration, UINT64_C(90000000000), "90 s"},
        {&duration, UINT64_C(60000000000), "1 min"},
        {&duration, UINT64_C(86400000000000), "1 d"},
        {&duration, UINT64_MAX, "18446744073709551615 ns"},
        {&toggle, 0, "false"},
        {&toggle, 1, "true"},
        {&age, 0, "off"},
        {&age, 1000000000, "1 s"},
    };

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        char text[BTX_SETTING_TEXT_BYTES];
        struct btx_fault fault = {0};
        uint64_t value = 99;

        btx_setting_print(rows[i].setting, rows[i].value, text);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(btx_setting_parse(rows[i].setting, text, &value, &fault), BTX_OK);
        assert_true(value == rows[i].value);
    }
}

static void setting_check__at_the_bounds__is_exact(void **state)
{
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(btx_setting_check(&power, 4096, &fault), BTX_OK);
    assert_int_equal(btx_setting_check(&power, 4194304, &fault), BTX_OK);
    assert_int_equal(btx_setting_check(&power, 4095, &fault), BTX_FAULT_CONFIG);
    assert_int_equal(btx_setting_check(&power, 4097, &fault), BTX_FAULT_CONFIG);
    assert_int_equal(btx_setting_check(&power, 8388608, &fault), BTX_FAULT_CONFIG);
    assert_int_equal(btx_setting_check(&age, 0, &fault), BTX_OK);
    assert_int_equal(btx_setting_check(&age, 999999999, &fault), BTX_FAULT_CONFIG);
    assert_string_equal(fault.text, "want off or 1 s..1 d, got '999999999 ns'");
    assert_int_equal(btx_setting_check(&toggle, 2, &fault), BTX_FAULT_CONFIG);
    assert_string_equal(fault.text, "want true or false, got '2'");
}

/* "off" is a word and not what a bound of 0 is called. */
static void setting_print_bounds__off_and_from_zero__tells_both(void **state)
{
    struct btx_setting setting = age;
    char text[64];

    (void)state;
    setting.minimum = 0;
    btx_setting_print_bounds(&setting, text, sizeof text);
    assert_string_equal(text, "off or 0..1 d");
}

static void setting_print_bounds__too_small_a_text__is_cut(void **state)
{
    char text[9];

    (void)state;
    btx_setting_print_bounds(&power, text, sizeof text);
    assert_string_equal(text, "a power ");
}

static void setting_table__find_and_defaults__reach_the_struct(void **state)
{
    struct btx_setting table[2] = {count, age};
    struct values values = {1, 2};

    (void)state;
    table[0].fallback = 77;
    assert_ptr_equal(btx_setting_find(table, 2, "a.age"), &table[1]);
    assert_null(btx_setting_find(table, 2, "a.ag"));
    assert_null(btx_setting_find(table, 1, "a.age"));
    assert_null(btx_setting_find(table, 0, "a.count"));
    btx_setting_defaults(table, 2, &values);
    assert_int_equal(values.first, 77);
    assert_int_equal(values.second, 0);
    *btx_setting_value(&table[1], &values) = 5;
    assert_int_equal(values.second, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(setting_parse__well_formed__gives_the_value),
        cmocka_unit_test(setting_parse__anything_else__says_what_is_wanted),
        cmocka_unit_test(setting_parse__hostile_text__is_quoted_harmlessly),
        cmocka_unit_test(setting_print__any_value__parses_to_the_same),
        cmocka_unit_test(setting_check__at_the_bounds__is_exact),
        cmocka_unit_test(setting_print_bounds__off_and_from_zero__tells_both),
        cmocka_unit_test(setting_print_bounds__too_small_a_text__is_cut),
        cmocka_unit_test(setting_table__find_and_defaults__reach_the_struct),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
