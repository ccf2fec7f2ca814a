/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A stream into memory, and what arrived there. */
struct page {
    char *text;
    size_t length_bytes;
    struct btx_json json;
};

static int open_page(void **state)
{
    struct page *page = calloc(1, sizeof *page);

    page->json.out = open_memstream(&page->text, &page->length_bytes);
    *state = page;
    return page->json.out == NULL;
}

static int close_page(void **state)
{
    struct page *page = *state;

    (void)fclose(page->json.out);
    free(page->text);
    free(page);
    return 0;
}

static const char *text_of(struct page *page)
{
    (void)fflush(page->json.out);
    return page->text;
}

/* Commas stand between members and nowhere else, however things are nested. */
static void json__nested_values__commas_between_them_only(void **state)
{
    struct page *page = *state;
    struct btx_json *json = &page->json;

    btx_json_begin_object(json, NULL);
    btx_json_begin_list(json, "none");
    btx_json_end_list(json);
    btx_json_begin_list(json, "some");
    btx_json_u64(json, NULL, UINT64_MAX);
    btx_json_begin_object(json, NULL);
    btx_json_end_object(json);
    btx_json_i64(json, NULL, INT64_MIN);
    btx_json_end_list(json);
    btx_json_bool(json, "yes", true);
    btx_json_bool(json, "no", false);
    btx_json_null(json, "nothing");
    btx_json_hundredths(json, "ratio", 105);
    btx_json_record(json, "event", "{\"a\":1}###", 7);
    btx_json_hex(json, "hash", (const uint8_t[]){0x00, 0xab, 0x10}, 3);
    btx_json_end_object(json);
    btx_json_end_line(json);
    assert_string_equal(text_of(page),
                        "{\"none\":[],\"some\":[18446744073709551615,{},-9223372036854775808],"
                        "\"yes\":true,\"no\":false,\"nothing\":null,\"ratio\":1.05,"
                        "\"event\":{\"a\":1},\"hash\":\"00ab10\"}\n");
}

/* JSON lines: the second object does not follow the first one by a comma. */
static void json__second_line__begins_without_a_comma(void **state)
{
    struct page *page = *state;

    for (int i = 0; i < 2; i++) {
        btx_json_begin_object(&page->json, NULL);
        btx_json_end_object(&page->json);
        btx_json_end_line(&page->json);
    }
    assert_string_equal(text_of(page), "{}\n{}\n");
}

/* What a damaged disk says must neither break the form nor reach a terminal. */
static void json_text__bytes_that_steer_terminals__escaped(void **state)
{
    struct page *page = *state;

    btx_json_text(&page->json, NULL, "a\"b\\c\n\033[2J\x7f\x9b\xff~ ");
    assert_string_equal(text_of(page), "\"a\\\"b\\\\c\\u000a\\u001b[2J\\u007f\\u009b\\u00ff~ \"");
}

/* Nor what anybody may have written into a record. */
static void json_record__beyond_ascii__escaped(void **state)
{
    struct page *page = *state;

    btx_json_record(&page->json, NULL, "{\"text\":\"\xc2\x9b\"}###", 13);
    assert_string_equal(text_of(page), "{\"text\":\"\\u009b\"}");
}

/* Texts on disk need not end in a zero. */
static void json_padded__text_fills_its_field__not_a_byte_beyond(void **state)
{
    struct page *page = *state;

    btx_json_begin_list(&page->json, NULL);
    btx_json_padded(&page->json, NULL, "abcdef", 3);
    btx_json_padded(&page->json, NULL, "a\0cdef", 3);
    btx_json_end_list(&page->json);
    assert_string_equal(text_of(page), "[\"abc\",\"a\"]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(json__nested_values__commas_between_them_only, open_page,
                                        close_page),
        cmocka_unit_test_setup_teardown(json__second_line__begins_without_a_comma, open_page,
                                        close_page),
        cmocka_unit_test_setup_teardown(json_text__bytes_that_steer_terminals__escaped, open_page,
                                        close_page),
        cmocka_unit_test_setup_teardown(json_record__beyond_ascii__escaped, open_page, close_page),
        cmocka_unit_test_setup_teardown(json_padded__text_fills_its_field__not_a_byte_beyond,
                                        open_page, close_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
