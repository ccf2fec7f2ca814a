/* SPDX-License-Identifier: Apache-2.0 */
/* test_printable.c - what reaches a terminal of a text that anybody may have written. */
#include "admin/printable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *json, size_t length_bytes, enum btx_printable which,
                   const char *written)
{
    char *text = NULL;
    size_t text_bytes = 0;
    FILE *out = open_memstream(&text, &text_bytes);

    assert_non_null(out);
    btx_printable_write(out, json, length_bytes, which);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, written);
    free(text);
}

#define EXPECT(json, which, written)                                                               \
    expect((json), sizeof(json) - 1, BTX_PRINTABLE_##which, (written))

/* People write in their own language: that is what UTF-8 is for. */
static void write__letters_of_any_language__pass_to_a_terminal(void **state)
{
    (void)state;
    EXPECT("{\"text\":\"~ Holm\u00f8 \u4e2d \U0001f3c7 \u00a0\"}\n", TERMINAL,
           "{\"text\":\"~ Holm\u00f8 \u4e2d \U0001f3c7 \u00a0\"}\n");
}

/* Text form leaves these raw: DEL, and the C1 controls, of which U+009B begins a sequence as ESC [
 * does. */
static void write__controls_beyond_ascii__escaped(void **state)
{
    (void)state;
    EXPECT("a\x7f\xc2\x80\xc2\x9b"
           "2J\xc2\x9f",
           TERMINAL, "a\\u007f\\u0080\\u009b2J\\u009f");
    EXPECT("\033[2J", TERMINAL, "\\u001b[2J");
}

/* A description must not make a line look like another one. */
static void write__invisible_or_turning__escaped(void **state)
{
    (void)state;
    EXPECT("\xe2\x80\x8b\xe2\x80\xae\xe2\x81\xa6\xe2\x80\xa8\xef\xbb\xbf\xf3\xa0\x81\x81", TERMINAL,
           "\\u200b\\u202e\\u2066\\u2028\\ufeff\\udb40\\udc41");
}

/* The first and last of a range, and what stands beside them. */
static void write__edges_of_a_range__exact(void **state)
{
    (void)state;
    EXPECT("\xe2\x80\x8a\xe2\x80\x8f\xe2\x80\x90", TERMINAL, "\xe2\x80\x8a\\u200f\xe2\x80\x90");
    EXPECT("\xe2\x80\xa7\xe2\x80\xae\xe2\x80\xaf", TERMINAL, "\xe2\x80\xa7\\u202e\xe2\x80\xaf");
}

/* No longer than JSON allows: one escape up to U+FFFF, two beyond it. */
static void write__ascii_only__all_else_escaped(void **state)
{
    (void)state;
    EXPECT("\"~\u00f8\uffff\U00010000\U0010ffff\"\n", ASCII,
           "\"~\\u00f8\\uffff\\ud800\\udc00\\udbff\\udfff\"\n");
}

/* Damaged bytes, also at the very end, are shown one by one. */
static void write__no_utf8__escaped_byte_by_byte(void **state)
{
    (void)state;
    EXPECT("a\x9b\xff"
           "b\xe2\x80",
           TERMINAL, "a\\u009b\\u00ffb\\u00e2\\u0080");
}

static void write__nothing__nothing(void **state)
{
    (void)state;
    expect("x", 0, BTX_PRINTABLE_ASCII, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(write__letters_of_any_language__pass_to_a_terminal),
        cmocka_unit_test(write__controls_beyond_ascii__escaped),
        cmocka_unit_test(write__invisible_or_turning__escaped),
        cmocka_unit_test(write__edges_of_a_range__exact),
        cmocka_unit_test(write__ascii_only__all_else_escaped),
        cmocka_unit_test(write__no_utf8__escaped_byte_by_byte),
        cmocka_unit_test(write__nothing__nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
