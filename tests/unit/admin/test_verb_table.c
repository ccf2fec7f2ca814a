/* SPDX-License-Identifier: Apache-2.0 */
/* test_verb_table.c - the one table of verbs: whole, told in the manual, and completed from. */
#include "admin/verb_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "admin/ctl_prompt.h"
#include "engine/wire/commands.h"

#define MANUAL_PATH "admin/README.md"
enum { MANUAL_BYTES_MAX = 64 * 1024, WORDS_MAX = 32 };

static char manual[MANUAL_BYTES_MAX];

static int read_manual(void **state)
{
    FILE *file = fopen(MANUAL_PATH, "rb");
    size_t length;

    (void)state;
    if (file == NULL) {
        print_error(MANUAL_PATH ": cannot be read; run from the top of the checkout\n");
        return -1;
    }
    length = fread(manual, 1, sizeof manual - 1, file);
    manual[length] = '\0';
    return fclose(file);
}

static void table__each_verb__has_its_row_in_the_manual(void **state)
{
    char row[256];

    (void)state;
    for (size_t i = 0; i < BTX_VERB_COUNT; i++) {
        const struct btx_verb *verb = &btx_verb_table[i];

        (void)snprintf(row, sizeof row, "\n| `%s` | %s | %s |", verb->pattern,
                       verb->place == BTX_VERB_LOCAL ? "-" : btx_role_text(verb->role),
                       verb->summary);
        if (strstr(manual, row) == NULL)
            fail_msg(MANUAL_PATH ": want the row '%s'", row + 1);
    }
}

static void table__each_verb__is_found_by_its_own_words_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < BTX_VERB_COUNT; i++) {
        char words[64];
        const char *arguments[8];
        size_t count = 0;
        size_t word_count;
        char *rest = words;

        (void)snprintf(words, sizeof words, "%s", btx_verb_table[i].pattern);
        for (char *word; (word = strsep(&rest, " ")) != NULL && *word != '<' && *word != '[';)
            arguments[count++] = word;
        assert_ptr_equal(
            btx_verbs_find(btx_verb_table, BTX_VERB_COUNT, arguments, count, &word_count),
            &btx_verb_table[i]);
        assert_int_equal(word_count, count);
    }
}

/* A change by somebody who may only look would be the worst of mistakes in this table. */
static void table__whoever_hands_in_commands__wants_the_operator(void **state)
{
    (void)state;
    for (size_t i = 0; i < BTX_VERB_COUNT; i++) {
        const struct btx_verb *verb = &btx_verb_table[i];

        assert_non_null(strstr(verb->help, "Example"));
        if (verb->command == 0)
            continue;
        assert_int_equal(verb->place, BTX_VERB_SERVER);
        assert_int_equal(verb->role, BTX_ROLE_OPERATOR);
    }
    assert_int_equal(btx_verb_table[BTX_VERB_WAL_ROTATE].role, BTX_ROLE_OPERATOR);
    assert_int_equal(btx_verb_table[BTX_VERB_SNAPSHOT_NOW].role, BTX_ROLE_OPERATOR);
    assert_int_equal(btx_verb_table[BTX_VERB_DRAIN].role, BTX_ROLE_OPERATOR);
    assert_int_equal(btx_verb_table[BTX_VERB_SHUTDOWN].role, BTX_ROLE_OPERATOR);
}

static void options__of_a_verb__are_read_and_others_refused(void **state)
{
    const char *arguments[] = {"--from", "12", "--socket=/tmp/s"};
    const char *others[] = {"--rate", "3"};
    struct btx_ctl_request request;
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(btx_verb_options_parse(&btx_verb_table[BTX_VERB_EVENTS_TAIL], arguments, 3,
                                            &request, &fault),
                     BTX_OK);
    assert_true(request.from.given);
    assert_int_equal(request.from.value, 12);
    assert_string_equal(request.socket, "/tmp/s");
    assert_int_equal(request.argument_count, 0);
    assert_int_equal(
        btx_verb_options_parse(&btx_verb_table[BTX_VERB_EVENTS_TAIL], others, 2, &request, &fault),
        BTX_FAULT_USAGE);
}

static void completions__half_a_verb__are_the_words_that_may_follow(void **state)
{
    static const char *const market[] = {"market"};
    static const char *const show[] = {"market", "show"};
    char words[WORDS_MAX][32];

    (void)state;
    assert_int_equal(btx_ctl_completions(NULL, 0, "ma", words, WORDS_MAX), 1);
    assert_string_equal(words[0], "market");
    assert_int_equal(btx_ctl_completions(NULL, 0, "order", words, WORDS_MAX), 2);
    assert_int_equal(btx_ctl_completions(market, 1, "s", words, WORDS_MAX), 3);
    assert_string_equal(words[0], "suspend");
    assert_string_equal(words[1], "settle");
    assert_string_equal(words[2], "show");
    assert_int_equal(btx_ctl_completions(show, 2, "", words, WORDS_MAX), 0);
    assert_int_equal(btx_ctl_completions(NULL, 0, "x", words, WORDS_MAX), 0);
    assert_int_equal(btx_ctl_completions(NULL, 0, "", words, 3), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table__each_verb__has_its_row_in_the_manual),
        cmocka_unit_test(table__each_verb__is_found_by_its_own_words_alone),
        cmocka_unit_test(table__whoever_hands_in_commands__wants_the_operator),
        cmocka_unit_test(options__of_a_verb__are_read_and_others_refused),
        cmocka_unit_test(completions__half_a_verb__are_the_words_that_may_follow),
    };
    return cmocka_run_group_tests(tests, read_manual, NULL);
}
