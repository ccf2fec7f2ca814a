/* SPDX-License-Identifier: Apache-2.0 */
/* test_text_put.c - numbers are written as printf() writes them, decimals in the shortest form. */
#include "engine/base/limits.h"
#include "engine/text/text_put.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ROOM 64

static void assert_u64(uint64_t value)
{
    char expected[ROOM];
    char out[ROOM];

    snprintf(expected, sizeof expected, "%" PRIu64, value);
    *btx_text_put_u64(out, value) = '\0';
    assert_string_equal(out, expected);
}

/* The table is right for all of 32 bits, though only numbers below 10^8 are asked of it. */
static void text_digits__around_powers_of_two_and_ten__as_printf(void **state)
{
    char expected[ROOM];

    (void)state;
    for (int i = 0; i < 64; i++) {
        uint64_t center = i < 32 ? UINT64_C(1) << i : 1;

        for (int j = 32; j < i; j++)
            center *= 10;
        for (uint64_t value = center - 1; value <= center + 1 && value <= UINT32_MAX; value++)
            assert_int_equal(btx_text_digits((uint32_t)value),
                             snprintf(expected, sizeof expected, "%" PRIu64, value));
    }
    assert_int_equal(btx_text_digits(UINT32_MAX), 10);
}

/* Every place where the number of digits changes, from both sides. */
static void text_put_u64__around_each_power_of_ten__as_printf(void **state)
{
    uint64_t power = 1;

    (void)state;
    assert_u64(0);
    for (int i = 0; i < 20; i++) {
        assert_u64(power - 1);
        assert_u64(power);
        assert_u64(power + 1);
        assert_u64(power * 9);
        power *= 10;
    }
    assert_u64(UINT64_MAX);
    assert_u64(UINT64_MAX - 1);
}

/* Every place where a bit length changes: the digit count goes by it. */
static void text_put_u64__around_each_power_of_two__as_printf(void **state)
{
    (void)state;
    for (int i = 0; i < 64; i++) {
        assert_u64(UINT64_C(1) << i);
        assert_u64((UINT64_C(1) << i) - 1);
    }
}

/* Each of the 10 000 groups of four digits, in the low, middle and high part of a number. */
static void text_put_u64__every_four_digits__as_printf(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 10000; i++) {
        assert_u64(i);
        assert_u64(i * 10000 + 9999 - i);
        assert_u64(UINT64_C(123400000000) + i * 10000 + i);
        assert_u64(i * UINT64_C(1000000000000000) + i);
    }
}

struct decimal_case {
    int64_t value;
    const char *expected;
};

static void text_put_decimal__edge_values__shortest_form(void **state)
{
    static const struct decimal_case cases[] = {
        {0, "0"},
        {1, "0.0001"},
        {10, "0.001"},
        {100, "0.01"},
        {1000, "0.1"},
        {9999, "0.9999"},
        {10000, "1"},
        {10001, "1.0001"},
        {30000, "3"},
        {125000, "12.5"},
        {100000, "10"},
        {1000000, "100"},
        {50500, "5.05"},
        {50050, "5.005"},
        {-1, "-0.0001"},
        {-22000, "-2.2"},
        {-10000, "-1"},
        {BTX_MONEY_MAX, "100000000000"},
        {-BTX_MONEY_MAX, "-100000000000"},
        {BTX_MONEY_MAX - 1, "99999999999.9999"},
        {INT64_MAX, "922337203685477.5807"},
        {INT64_MIN, "-922337203685477.5808"},
    };
    char out[ROOM];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        *btx_text_put_decimal(out, cases[i].value) = '\0';
        assert_string_equal(out, cases[i].expected);
    }
}

/* All four places, against printf() with the zeros at the end taken away by hand. */
static void text_put_decimal__every_four_places__shortest_form(void **state)
{
    char expected[ROOM];
    char out[ROOM];

    (void)state;
    for (int i = 0; i < 10000; i++) {
        size_t length = (size_t)snprintf(expected, sizeof expected, "%d.%04d", i, i);

        while (expected[length - 1] == '0')
            expected[--length] = '\0';
        if (expected[length - 1] == '.')
            expected[--length] = '\0';
        *btx_text_put_decimal(out, (int64_t)i * 10000 + i) = '\0';
        assert_string_equal(out, expected);
    }
}

/* The words are data of a fixed size: one that is too long would lose its zero, or its end. */
static void text_words__every_word__length_is_that_of_its_text(void **state)
{
    static const struct {
        const struct btx_text_word *words;
        size_t count;
    } lists[] = {
        {btx_text_side_words, BTX_SIDE_COUNT},
        {btx_text_order_side_words, BTX_ORDER_SIDE_COUNT},
        {btx_text_outcome_words, BTX_OUTCOME_COUNT},
        {btx_text_market_kind_words, BTX_MARKET_KIND_COUNT},
        {btx_text_ladder_words, BTX_LADDER_COUNT},
        {btx_text_tif_words, BTX_TIF_COUNT},
        {btx_text_persistence_words, BTX_PERSISTENCE_COUNT},
        {btx_text_stp_words, BTX_STP_COUNT},
        {btx_text_cause_words, BTX_CAUSE_COUNT},
        {btx_text_reject_words, BTX_REJECT_COUNT},
        {btx_text_command_words, BTX_TEXT_COMMAND_WORDS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        for (size_t j = 0; j < lists[i].count; j++) {
            const struct btx_text_word *word = &lists[i].words[j];

            assert_int_equal(strnlen(word->quoted, sizeof word->quoted), word->length);
            if (word->length == 0)
                assert_true(lists[i].words == btx_text_command_words && j == 0);
            else
                assert_true(word->quoted[0] == '"' && word->quoted[word->length - 1] == '"');
        }
    }
}

/* The quote and the backslash are the only printable characters that JSON escapes. */
static void text_put_ref__every_printable_character__two_are_escaped(void **state)
{
    char ref[0x7f - 0x20];
    char out[256];
    const char *p = out;
    char *end;

    (void)state;
    for (size_t i = 0; i < sizeof ref; i++)
        ref[i] = (char)(0x20 + i);
    end = btx_text_put_ref(out, ref, sizeof ref);
    *end = '\0';

    assert_int_equal(*p++, '"');
    for (size_t i = 0; i < sizeof ref; i++) {
        if (ref[i] == '"' || ref[i] == '\\')
            assert_int_equal(*p++, '\\');
        assert_int_equal(*p++, ref[i]);
    }
    assert_string_equal(p, "\"");
    assert_int_equal(end - out, sizeof ref + 4);
}

/* rules-2.md 2: escaped are the quote, the backslash and what is below U+0020, five of these by a
 * letter; all else is as it was, byte for byte. */
static void text_put_text__every_byte__escaped_as_the_rule_says(void **state)
{
    static const char letters[] = "\b\t\n\f\r";
    char expected[16];
    char out[16];

    (void)state;
    for (unsigned byte = 0; byte <= UINT8_MAX; byte++) {
        const char text[] = {(char)byte};
        const char *letter = byte != 0 ? strchr(letters, (int)byte) : NULL;

        if (letter != NULL)
            snprintf(expected, sizeof expected, "\"\\%c\"", "btnfr"[letter - letters]);
        else if (byte < 0x20)
            snprintf(expected, sizeof expected, "\"\\u%04x\"", byte);
        else if (byte == '"' || byte == '\\')
            snprintf(expected, sizeof expected, "\"\\%c\"", (int)byte);
        else
            snprintf(expected, sizeof expected, "\"%c\"", (int)byte);
        *btx_text_put_text(out, text, sizeof text) = '\0';
        assert_string_equal(out, expected);
    }
}

static void text_put_text__several_and_none__each_for_itself(void **state)
{
    static const char text[] = "a\"\0\xc3\xa9\n/";
    char out[64];

    (void)state;
    *btx_text_put_text(out, text, sizeof text - 1) = '\0';
    assert_string_equal(out, "\"a\\\"\\u0000\xc3\xa9\\n/\"");
    *btx_text_put_text(out, text, 0) = '\0';
    assert_string_equal(out, "\"\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_digits__around_powers_of_two_and_ten__as_printf),
        cmocka_unit_test(text_put_u64__around_each_power_of_ten__as_printf),
        cmocka_unit_test(text_put_u64__around_each_power_of_two__as_printf),
        cmocka_unit_test(text_put_u64__every_four_digits__as_printf),
        cmocka_unit_test(text_put_decimal__edge_values__shortest_form),
        cmocka_unit_test(text_put_decimal__every_four_places__shortest_form),
        cmocka_unit_test(text_words__every_word__length_is_that_of_its_text),
        cmocka_unit_test(text_put_text__every_byte__escaped_as_the_rule_says),
        cmocka_unit_test(text_put_text__several_and_none__each_for_itself),
        cmocka_unit_test(text_put_ref__every_printable_character__two_are_escaped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
