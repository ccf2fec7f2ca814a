/* SPDX-License-Identifier: Apache-2.0 */
/* test_figures.c - the tables are what counters.def promises. */
#include "engine/status/figures.h"

#include "engine/status/page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The layout that BTX_STATUS_LAYOUT_VERSION stands for.  When this fails after a change of the
 * table, raise the version and put the new checksum here: readers of older programs must see
 * that the page is another one. */
#define LAYOUT_VERSION 1u
#define LAYOUT_CRC UINT32_C(0xa335a588)

static void layout_crc__of_this_version__is_the_known_one(void **state)
{
    (void)state;
    assert_int_equal(BTX_STATUS_LAYOUT_VERSION, LAYOUT_VERSION);
    assert_int_equal(btx_status_layout_crc(), LAYOUT_CRC);
}

/* Two figures in one slot would overwrite each other; a figure outside its part's lines would be
 * written by one thread beside another's. */
static void rows__all__have_slots_of_their_own_inside_their_part(void **state)
{
    uint32_t end = 0;

    (void)state;
    for (uint32_t i = 0; i < btx_status_row_count; i++) {
        const struct btx_status_row *row = &btx_status_rows[i];
        const uint32_t first = btx_status_parts[row->part].slot;

        assert_true(row->slot >= end);
        assert_true(row->slot >= first + BTX_STATUS_COMMON_COUNT);
        end = row->slot + row->slot_count;
        assert_true(end <= btx_status_part_end(row->part));
        assert_int_equal(row->slot_count != 1, row->each != BTX_STATUS_EACH_ONE);
    }
    assert_true(end <= BTX_STATUS_SLOT_COUNT);
}

static void parts__all__begin_on_cache_lines_of_their_own(void **state)
{
    (void)state;
    for (unsigned i = 0; i < BTX_STATUS_PART_COUNT; i++) {
        assert_int_equal(btx_status_parts[i].slot * 8 % BTX_STATUS_LINE_BYTES, 0);
        assert_true(btx_status_parts[i].slot < btx_status_part_end((enum btx_status_part)i));
    }
    assert_int_equal(btx_status_part_end(BTX_STATUS_PART_COUNT - 1), BTX_STATUS_SLOT_COUNT);
}

static bool is_name(const char *name)
{
    return name[0] >= 'a' && name[0] <= 'z' &&
           name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

/* Help becomes part of a metric and of a table. */
static bool is_help(const char *help)
{
    return help[0] != '\0' && strpbrk(help, "\"\\|\n") == NULL && help[strlen(help) - 1] != '.';
}

/* Names become JSON keys and names of metrics, where two of the same would be an error. */
static void rows__names__are_plain_and_unique(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < btx_status_row_count; i++) {
        assert_true(is_name(btx_status_rows[i].name));
        assert_true(is_help(btx_status_rows[i].help));
        for (uint32_t k = 0; k < i; k++)
            assert_string_not_equal(btx_status_rows[i].name, btx_status_rows[k].name);
        for (uint32_t k = 0; k < BTX_STATUS_COMMON_COUNT; k++)
            assert_string_not_equal(btx_status_rows[i].name, btx_status_commons[k].name);
    }
    for (uint32_t i = 0; i < BTX_STATUS_COMMON_COUNT; i++)
        assert_true(is_name(btx_status_commons[i].name) && is_help(btx_status_commons[i].help));
    for (uint32_t i = 0; i < btx_status_text_row_count; i++)
        assert_true(is_name(btx_status_texts[i].name) && is_help(btx_status_texts[i].help));
    for (uint32_t i = 0; i < BTX_STATUS_HISTOGRAM_COUNT; i++)
        assert_true(is_name(btx_status_histograms[i].name) &&
                    is_help(btx_status_histograms[i].help));
}

static void texts__all__follow_one_another_up_to_the_last(void **state)
{
    uint32_t next = 0;

    (void)state;
    for (uint32_t i = 0; i < btx_status_text_row_count; i++) {
        assert_int_equal(btx_status_texts[i].text, next);
        next += btx_status_texts[i].text_count;
    }
    assert_int_equal(next, BTX_STATUS_TEXT_COUNT);
}

static void word__beyond_the_last__is_null(void **state)
{
    (void)state;
    assert_string_equal(btx_status_word(BTX_STATUS_UNIT_ENGINE_STATE, BTX_STATUS_ENGINE_SERVING),
                        "serving");
    assert_string_equal(btx_status_word(BTX_STATUS_UNIT_FAULT_CODE, 0), "OK");
    assert_null(btx_status_word(BTX_STATUS_UNIT_ENGINE_STATE, BTX_STATUS_ENGINE_STATE_COUNT));
    assert_null(btx_status_word(BTX_STATUS_UNIT_ENGINE_STATE, BTX_STATUS_ABSENT));
    assert_null(btx_status_word(BTX_STATUS_UNIT_COUNT, 0));
}

static void word_count__of_each_list__is_that_of_its_enum(void **state)
{
    (void)state;
    assert_int_equal(btx_status_word_count(BTX_STATUS_UNIT_ENGINE_STATE),
                     BTX_STATUS_ENGINE_STATE_COUNT);
    assert_int_equal(btx_status_word_count(BTX_STATUS_UNIT_PART_STATE),
                     BTX_STATUS_PART_STATE_COUNT);
    assert_int_equal(btx_status_word_count(BTX_STATUS_UNIT_PRODUCER_STATE),
                     BTX_STATUS_PRODUCER_STATE_COUNT);
    assert_int_equal(btx_status_word_count(BTX_STATUS_UNIT_SPACE_LEVEL),
                     BTX_STATUS_SPACE_LEVEL_COUNT);
    assert_int_equal(btx_status_word_count(BTX_STATUS_UNIT_LOCK_STATE),
                     BTX_STATUS_LOCK_STATE_COUNT);
    assert_int_equal(btx_status_word_count(BTX_STATUS_UNIT_KERNEL_VIEW),
                     BTX_STATUS_KERNEL_VIEW_COUNT);
    assert_int_equal(btx_status_word_count(BTX_STATUS_UNIT_AUDIT_RESULT),
                     BTX_STATUS_AUDIT_RESULT_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layout_crc__of_this_version__is_the_known_one),
        cmocka_unit_test(rows__all__have_slots_of_their_own_inside_their_part),
        cmocka_unit_test(parts__all__begin_on_cache_lines_of_their_own),
        cmocka_unit_test(rows__names__are_plain_and_unique),
        cmocka_unit_test(texts__all__follow_one_another_up_to_the_last),
        cmocka_unit_test(word__beyond_the_last__is_null),
        cmocka_unit_test(word_count__of_each_list__is_that_of_its_enum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
