/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/json_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/attributes.h"

static struct btx_json_value read_text(const char *text)
{
    struct btx_json_value value;

    if (!btx_json_read(text, strlen(text), &value))
        fail_msg("not read: %s", text);
    return value;
}

static void read__what_is_no_json__refused(void **state)
{
    static const char *const texts[] = {
        "",        "{",          "}",           "[1,]",
        "[1 2]",   "{\"a\"}",    "{\"a\":}",    "{a:1}",
        "\"\n\"",  "\"\\x\"",    "\"\\u12\"",   "\"open",
        "\"end\\", "01x",        "1.",          "-",
        "1e",      "nul",        "truefalse",   "{\"a\":1}{}",
        "[1]]",    "{\"a\":1,}", "\"\\u12g4\"", "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]",
    };
    struct btx_json_value value;

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(texts); i++) {
        if (btx_json_read(texts[i], strlen(texts[i]), &value))
            fail_msg("read: %s", texts[i]);
    }
}

/* Spaces may stand everywhere, and a key inside of a value or of a string is not that of the
 * object. */
static void member__nested__found_at_its_own_level(void **state)
{
    const struct btx_json_value value =
        read_text(" { \"s\" : \"{\\\"b\\\":9\" , \"a\":{\"b\":1}, \"l\":[{\"b\":2}],\"b\" : 3 }\n");
    uint64_t number = 0;

    (void)state;
    assert_true(btx_json_number_of(btx_json_member(value, "b"), &number));
    assert_int_equal(number, 3);
    assert_true(btx_json_number_of(btx_json_member(btx_json_member(value, "a"), "b"), &number));
    assert_int_equal(number, 1);
    assert_false(btx_json_is(btx_json_member(value, "c")));
    assert_false(btx_json_is(btx_json_member(btx_json_member(value, "c"), "d")));
    assert_false(btx_json_is(btx_json_first(btx_json_member(value, "a"))));
}

static void next__list__each_element_once(void **state)
{
    const struct btx_json_value list = read_text("[ 1, [2,3] , {\"a\":[4]},\"]\" , 5 ]");
    struct btx_json_value element = btx_json_first(list);
    char text[32];
    size_t count = 0;

    (void)state;
    for (; btx_json_is(element); element = btx_json_next(list, element)) {
        static const char *const wanted[] = {"1", "[2,3]", "{\"a\":[4]}", "]", "5"};

        assert_in_range(count, 0, BTX_COUNT_OF(wanted) - 1);
        assert_string_equal(btx_json_show(element, text, sizeof text), wanted[count++]);
    }
    assert_int_equal(count, 5);
    assert_false(btx_json_is(btx_json_first(read_text("[ ]"))));
}

/* What would steer a terminal comes out as letters; and nothing is written behind the size. */
static void show__hostile_string__printable_and_cut(void **state)
{
    char text[24] = "";
    char small[8];

    (void)state;
    assert_string_equal(btx_json_show(read_text("\"a\\\"\\\\\\u001b\x9b\x7f\""), text, sizeof text),
                        "a\"\\\\u001b\\x9b\\x7f");
    memset(small, '#', sizeof small);
    (void)btx_json_show(read_text("\"abcdefghijkl\""), small, 7);
    assert_int_equal(small[7], '#');
    assert_memory_equal(small, "ab", 2);
    assert_string_equal(btx_json_show(read_text("null"), text, sizeof text), "-");
    assert_string_equal(btx_json_show((struct btx_json_value){0}, text, sizeof text), "-");
}

static void number_of__edges__exact_or_none(void **state)
{
    uint64_t number = 0;

    (void)state;
    assert_true(btx_json_number_of(read_text("18446744073709551615"), &number));
    assert_true(number == UINT64_MAX);
    assert_false(btx_json_number_of(read_text("18446744073709551616"), &number));
    assert_false(btx_json_number_of(read_text("-1"), &number));
    assert_false(btx_json_number_of(read_text("1.5"), &number));
    assert_false(btx_json_number_of(read_text("\"1\""), &number));
}

/* Whatever was read is looked into without leaving it; the sanitizers watch. */
static void read__changed_bytes__never_leaves_the_text(void **state)
{
    static const char whole[] = "{\"a\":[1,\"b\\u001b\",{\"c\":-2.5e+3}],\"d\":true,\"e\":null}";
    char *text = malloc(sizeof whole);
    unsigned read = 0;

    (void)state;
    assert_non_null(text);
    srand(1);
    for (int i = 0; i < 20000; i++) {
        struct btx_json_value value;
        const size_t length = (size_t)rand() % sizeof whole;
        char *exact = malloc(length + 1);
        char shown[16];

        assert_non_null(exact);
        memcpy(text, whole, sizeof whole);
        text[(size_t)rand() % sizeof whole] = (char)rand();
        text[(size_t)rand() % sizeof whole] = "{}[]\",:\\"[rand() % 8];
        memcpy(exact, text, i % 2 == 0 ? length : sizeof whole - 1 < length ? 0 : length);
        if (btx_json_read(i % 2 == 0 ? exact : text, i % 2 == 0 ? length : sizeof whole - 1,
                          &value)) {
            const struct btx_json_value list = btx_json_member(value, "a");

            read++;
            for (struct btx_json_value each = btx_json_first(list); btx_json_is(each);
                 each = btx_json_next(list, each))
                (void)btx_json_show(btx_json_member(each, "c"), shown, sizeof shown);
        }
        free(exact);
    }
    free(text);
    assert_in_range(read, 1, 19999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read__what_is_no_json__refused),
        cmocka_unit_test(member__nested__found_at_its_own_level),
        cmocka_unit_test(next__list__each_element_once),
        cmocka_unit_test(show__hostile_string__printable_and_cut),
        cmocka_unit_test(number_of__edges__exact_or_none),
        cmocka_unit_test(read__changed_bytes__never_leaves_the_text),
    };

    return cmocka_run_group_tests_name("json_read", tests, NULL, NULL);
}
