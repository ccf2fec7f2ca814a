/* SPDX-License-Identifier: Apache-2.0 */
/* test_utf8.c - exactly the code points of Unicode, each in its shortest form, are UTF-8. */
#include "engine/base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Judged in a copy of just its size, so that a sanitizer sees every read behind the text. */
static bool is_valid(const void *bytes, size_t length_bytes)
{
    char *copy = malloc(length_bytes != 0 ? length_bytes : 1);
    bool valid;

    assert_non_null(copy);
    if (length_bytes != 0)
        memcpy(copy, bytes, length_bytes);
    valid = btx_utf8_is_valid(copy, length_bytes);
    free(copy);
    return valid;
}

/* @point in @length_bytes bytes, whether so many are needed for it or not. */
static void write_point(uint32_t point, size_t length_bytes, uint8_t bytes[4])
{
    static const uint8_t leads[] = {0x00, 0xc0, 0xe0, 0xf0};

    for (size_t i = length_bytes - 1; i > 0; i--) {
        bytes[i] = (uint8_t)(0x80 | (point & 0x3f));
        point >>= 6;
    }
    bytes[0] = (uint8_t)(leads[length_bytes - 1] | point);
}

/* Every value that a sequence of each length can say: the point must need that length. */
static void utf8_is_valid__every_sequence__only_points_in_their_shortest_form(void **state)
{
    static const uint32_t first[] = {0, 0x80, 0x800, 0x10000};
    static const uint32_t end[] = {0x80, 0x800, 0x10000, 0x200000};
    uint8_t bytes[4];

    (void)state;
    for (size_t length = 1; length <= 4; length++) {
        for (uint32_t point = 0; point < end[length - 1]; point++) {
            const bool is_surrogate = point >= 0xd800 && point <= 0xdfff;

            write_point(point, length, bytes);
            if (btx_utf8_is_valid((const char *)bytes, length) !=
                (point >= first[length - 1] && !is_surrogate && point <= 0x10ffff))
                fail_msg("U+%04X in %zu bytes", (unsigned)point, length);
        }
    }
}

/* Each of the 256 bytes in each place of a good sequence: what follows a lead is 0x80..0xbf. */
static void utf8_is_valid__any_byte_where_others_follow__only_continuations(void **state)
{
    static const char *const points[] = {"\xc3\xa9", "\xe2\x82\xac", "\xf1\x8f\xbf\xbf"};

    (void)state;
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        for (size_t place = 1; place < strlen(points[i]); place++) {
            for (unsigned byte = 0; byte <= UINT8_MAX; byte++) {
                char text[5];

                memcpy(text, points[i], strlen(points[i]) + 1);
                text[place] = (char)byte;
                assert_int_equal(is_valid(text, strlen(points[i])), byte >= 0x80 && byte <= 0xbf);
            }
        }
    }
}

/* A lead that no sequence has, or a continuation of nothing. */
static void utf8_is_valid__byte_that_begins_nothing__refused(void **state)
{
    (void)state;
    for (unsigned byte = 0x80; byte <= UINT8_MAX; byte++) {
        const bool is_lead = byte >= 0xc2 && byte <= 0xf4;
        const uint8_t text[] = {(uint8_t)byte, 0x90, 0x80, 0x80};

        assert_false(is_valid(text, 1));
        for (size_t length = 2; length <= 4 && !is_lead; length++)
            assert_false(is_valid(text, length));
    }
}

/* The end of the text is the end of the last sequence. */
static void utf8_is_valid__cut_anywhere__only_between_points(void **state)
{
    static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x8e"
                               "z";
    static const bool is_end[] = {true, true,  false, true,  false, false,
                                  true, false, false, false, true,  true};

    (void)state;
    assert_int_equal(sizeof is_end, sizeof text);
    for (size_t length = 0; length < sizeof text; length++)
        assert_int_equal(is_valid(text, length), is_end[length]);
}

static void utf8_is_valid__zero_byte__a_point_like_others(void **state)
{
    (void)state;
    assert_true(is_valid("\0a\0", 3));
    assert_false(is_valid("\0\xff", 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_is_valid__every_sequence__only_points_in_their_shortest_form),
        cmocka_unit_test(utf8_is_valid__any_byte_where_others_follow__only_continuations),
        cmocka_unit_test(utf8_is_valid__byte_that_begins_nothing__refused),
        cmocka_unit_test(utf8_is_valid__cut_anywhere__only_between_points),
        cmocka_unit_test(utf8_is_valid__zero_byte__a_point_like_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
