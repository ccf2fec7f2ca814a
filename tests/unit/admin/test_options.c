/* SPDX-License-Identifier: Apache-2.0 */
/* test_options.c - options by a table, of each kind and for each verb. */
#include "admin/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct request {
    bool loud;
    struct btx_option_number count;
    const char *file;
};

enum { FIRST = 1, SECOND = 2 };

static const struct btx_option rows[] = {
    {"loud", BTX_OPTION_SWITCH, NULL, FIRST | SECOND, offsetof(struct request, loud), "h"},
    {"count", BTX_OPTION_NUMBER, "N", FIRST, offsetof(struct request, count), "h"},
    {"file", BTX_OPTION_TEXT, "FILE", SECOND, offsetof(struct request, file), "h"},
};

static enum btx_fault_code parse(unsigned verbs, const char **arguments, size_t *count,
                                 struct request *ret_request, struct btx_fault *reterr_fault)
{
    *ret_request = (struct request){0};
    return btx_options_parse(rows, BTX_COUNT_OF(rows), verbs, arguments, count, ret_request,
                             reterr_fault);
}

/* A text is whatever stands there: also nothing, a "=", or what looks like an option. */
static void options_parse__text__is_taken_as_it_is(void **state)
{
    static const struct {
        const char *arguments[2];
        size_t count;
        const char *file;
    } cases[] = {
        {{"--file", "a b"}, 2, "a b"},       {{"--file=a=b"}, 1, "a=b"}, {{"--file="}, 1, ""},
        {{"--file", "--loud"}, 2, "--loud"}, {{"--file", "-"}, 2, "-"},
    };

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(cases); i++) {
        const char *arguments[2] = {cases[i].arguments[0], cases[i].arguments[1]};
        struct btx_fault fault = {0};
        size_t count = cases[i].count;
        struct request request;

        assert_int_equal(parse(SECOND, arguments, &count, &request, &fault), BTX_OK);
        assert_string_equal(request.file, cases[i].file);
        assert_false(request.loud);
        assert_int_equal(count, 0);
    }
}

static void options_parse__option_of_another_verb__is_none(void **state)
{
    const char *number[] = {"--count", "5"};
    const char *text[] = {"--file=x"};
    struct btx_fault fault = {0};
    struct request request;
    size_t count = 2;

    (void)state;
    assert_int_equal(parse(FIRST, number, &count, &request, &fault), BTX_OK);
    assert_true(request.count.given && request.count.value == 5);
    count = 1;
    assert_int_equal(parse(FIRST, text, &count, &request, &fault), BTX_FAULT_USAGE);
    assert_string_equal(fault.text, "--file: not an option of this command (its --help has them)");
}

static void options_parse__text_that_is_missing__is_asked_for(void **state)
{
    const char *arguments[] = {"x", "--file"};
    struct btx_fault fault = {0};
    struct request request;
    size_t count = 2;

    (void)state;
    assert_int_equal(parse(SECOND, arguments, &count, &request, &fault), BTX_FAULT_USAGE);
    assert_string_equal(fault.text, "--file: wants a value, --file FILE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_parse__text__is_taken_as_it_is),
        cmocka_unit_test(options_parse__option_of_another_verb__is_none),
        cmocka_unit_test(options_parse__text_that_is_missing__is_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
