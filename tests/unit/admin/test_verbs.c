/* SPDX-License-Identifier: Apache-2.0 */
/* test_verbs.c - patterns as grammar: what they match, and what is said when none does. */
#include "admin/verbs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct btx_verb verbs[] = {
    {.pattern = "status", .summary = "s", .help = "h"},
    {.pattern = "config check <file>", .summary = "s", .help = "h"},
    {.pattern = "config explain [key]", .summary = "s", .help = "h"},
    {.pattern = "market open <market> <kind> [tick]", .summary = "s", .help = "h"},
};

static const struct btx_verb *find(const char *const *arguments, size_t count, size_t *ret_words)
{
    return btx_verbs_find(verbs, BTX_COUNT_OF(verbs), arguments, count, ret_words);
}

static void verbs_find__words_of_a_pattern__are_counted(void **state)
{
    static const struct {
        const char *arguments[4];
        size_t count;
        int row; /* -1: none */
        size_t words;
    } rows[] = {
        {{"status"}, 1, 0, 1},
        {{"status", "now"}, 2, 0, 1},
        {{"config", "check"}, 2, 1, 2},
        {{"config", "check", "check", "--json"}, 4, 1, 2},
        {{"config", "explain"}, 2, 2, 2},
        {{"market", "open", "7", "ODDS"}, 4, 3, 2},
        {{NULL}, 0, -1, 0},
        {{"config"}, 1, -1, 0},
        {{"config", "chec"}, 2, -1, 0},
        {{"config", "checks"}, 2, -1, 0},
        {{"config", "<file>"}, 2, -1, 0},
        {{"stat"}, 1, -1, 0},
        {{""}, 1, -1, 0},
        {{"--json", "status"}, 2, -1, 0},
    };

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        size_t words = 0;

        print_message("row %zu\n", i);
        assert_ptr_equal(find(rows[i].arguments, rows[i].count, &words),
                         rows[i].row < 0 ? NULL : &verbs[rows[i].row]);
        assert_int_equal(words, rows[i].words);
    }
}

static void verb_takes__placeholders__say_how_many(void **state)
{
    (void)state;
    assert_true(btx_verb_takes(&verbs[0], 0));
    assert_false(btx_verb_takes(&verbs[0], 1));
    assert_false(btx_verb_takes(&verbs[1], 0));
    assert_true(btx_verb_takes(&verbs[1], 1));
    assert_false(btx_verb_takes(&verbs[1], 2));
    assert_true(btx_verb_takes(&verbs[2], 0));
    assert_true(btx_verb_takes(&verbs[2], 1));
    assert_false(btx_verb_takes(&verbs[2], 2));
    assert_false(btx_verb_takes(&verbs[3], 1));
    assert_true(btx_verb_takes(&verbs[3], 2));
    assert_true(btx_verb_takes(&verbs[3], 3));
    assert_false(btx_verb_takes(&verbs[3], 4));
}

/* Whoever knows half a verb is told the rest, and not all that there is. */
static void verbs_refuse__no_verb__says_what_would_be_one(void **state)
{
    static const struct {
        const char *arguments[3];
        size_t count;
        const char *text;
    } rows[] = {
        {{NULL}, 0, "want prog VERB... (see --help)"},
        {{"stat"}, 1, "'stat': not a verb (see --help)"},
        {{"check", "x"}, 2, "'check': not a verb (see --help)"},
        {{"config"}, 1, "config: want more: prog config check <file>; prog config explain [key]"},
        {{"config", "chec", "x"},
         3,
         "'chec': not a verb of config: want prog config check <file>; prog config explain [key]"},
        {{"market", "close"},
         2,
         "'close': not a verb of market: want prog market open <market> <kind> [tick]"},
    };

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        struct btx_fault fault = {0};

        assert_int_equal(btx_verbs_refuse(verbs, BTX_COUNT_OF(verbs), "prog", rows[i].arguments,
                                          rows[i].count, &fault),
                         BTX_FAULT_USAGE);
        assert_string_equal(fault.text, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verbs_find__words_of_a_pattern__are_counted),
        cmocka_unit_test(verb_takes__placeholders__say_how_many),
        cmocka_unit_test(verbs_refuse__no_verb__says_what_would_be_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
