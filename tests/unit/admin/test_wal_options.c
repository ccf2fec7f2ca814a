/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/wal_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Options may stand before and behind what they are for, as people type them. */
static void options_parse__options_and_arguments_mixed__all_found(void **state)
{
    const char *arguments[] = {"--from", "5",  "dir", "--to=18446744073709551615",
                               "--json", "--", "--x"};
    struct btx_wal_request request;
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(btx_wal_options_parse(BTX_WAL_DUMP, arguments, 7, &request, &fault), BTX_OK);
    assert_true(request.from.given && request.from.value == 5);
    assert_true(request.to.given && request.to.value == UINT64_MAX);
    assert_true(request.json);
    assert_false(request.tx.given || request.events || request.help);
    assert_int_equal(request.argument_count, 2);
    assert_string_equal(request.arguments[0], "dir");
    assert_string_equal(request.arguments[1], "--x");
}

struct refusal {
    const char *arguments[2];
    const char *text;
};

/* A mistyped option must never be taken for something else: each has its own sentence. */
static void options_parse__mistyped_options__refused_with_their_sentence(void **state)
{
    static const struct refusal cases[] = {
        {{"--frm", "5"}, "--frm: not an option of this command (its --help has them)"},
        {{"-j", "5"}, "-j: not an option of this command (its --help has them)"},
        {{"--long", "5"}, "--long: not an option of this command (its --help has them)"},
        {{"--json=1", "5"}, "--json: takes no value"},
        {{"dir", "--from"}, "--from: wants a value, --from SEQ"},
        {{"--from", "-1"}, "--from: want a number from 0 to 18446744073709551615, got '-1'"},
        {{"--from=", "1"}, "--from: want a number from 0 to 18446744073709551615, got ''"},
        {{"--from", "1x"}, "--from: want a number from 0 to 18446744073709551615, got '1x'"},
        {{"--from", "18446744073709551616"},
         "--from: want a number from 0 to 18446744073709551615, got '18446744073709551616'"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *arguments[2] = {cases[i].arguments[0], cases[i].arguments[1]};
        struct btx_wal_request request;
        struct btx_fault fault = {0};

        assert_int_equal(btx_wal_options_parse(BTX_WAL_DUMP, arguments, 2, &request, &fault),
                         BTX_FAULT_USAGE);
        assert_string_equal(fault.text, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_parse__options_and_arguments_mixed__all_found),
        cmocka_unit_test(options_parse__mistyped_options__refused_with_their_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
