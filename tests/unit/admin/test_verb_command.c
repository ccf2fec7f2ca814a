/* SPDX-License-Identifier: Apache-2.0 */
/* test_verb_command.c - what is written behind a verb, as a command of the exchange. */
#include "admin/verb_command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "admin/verb_table.h"

static struct btx_command_text decoder;

static const char *build(enum btx_verb_name verb, const char *const *arguments, size_t count,
                         union btx_command_space *space)
{
    return btx_verb_command_build(&btx_verb_table[verb], arguments, count, &decoder, space);
}

/* Every form once: numbers, words in small letters, lists, switches, texts, dashes. */
static void build__each_form__is_the_command_that_was_meant(void **state)
{
    static const struct {
        enum btx_verb_name verb;
        const char *arguments[8];
        size_t count;
        const char *line;
    } rows[] = {
        {BTX_VERB_MARKET_OPEN,
         {"7", "odds", "runners=1,2", "winners=1", "min-size=2", "commission=0.05"},
         6,
         "{\"cmd\":\"OpenMarket\",\"t\":0,\"market\":7,\"kind\":\"ODDS\",\"runners\":[1,2],"
         "\"winners\":1,\"min_size\":2,\"commission\":0.05}\n"},
        {BTX_VERB_MARKET_SETTLE,
         {"7", "2,3"},
         2,
         "{\"cmd\":\"SettleMarket\",\"t\":0,\"market\":7,\"winners\":[2,3]}\n"},
        {BTX_VERB_MARKET_SETTLE,
         {"8", "Yes"},
         2,
         "{\"cmd\":\"SettleMarket\",\"t\":0,\"market\":8,\"result\":\"YES\"}\n"},
        {BTX_VERB_ORDER_PLACE,
         {"1", "7", "back", "2.5", "10", "post_only=yes", "ref=a\"b\\c", "tif=gtc"},
         8,
         "{\"cmd\":\"PlaceOrder\",\"t\":0,\"account\":1,\"market\":7,\"side\":\"BACK\","
         "\"price\":2.5,\"size\":10,\"post_only\":true,\"ref\":\"a\\\"b\\\\c\"}\n"},
        {BTX_VERB_MARKET_DESCRIBE,
         {"7", "Caf\xc3\xa9"},
         2,
         "{\"cmd\":\"DescribeMarket\",\"t\":0,\"market\":7,\"text\":\"Caf\xc3\xa9\"}\n"},
        {BTX_VERB_ORDERS_CANCEL, {NULL}, 0, "{\"cmd\":\"CancelOrders\",\"t\":0}\n"},
    };
    static char line[BTX_COMMAND_TEXT_BYTES_MAX + 1];
    union btx_command_space space;

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        print_message("row %zu\n", i);
        assert_null(build(rows[i].verb, rows[i].arguments, rows[i].count, &space));
        line[btx_command_text_encode(&space.command, line)] = '\0';
        assert_string_equal(line, rows[i].line);
    }
}

static void build__what_is_wrong__is_named_by_the_decoder(void **state)
{
    static const struct {
        enum btx_verb_name verb;
        const char *arguments[3];
        size_t count;
        const char *sentence;
    } rows[] = {
        {BTX_VERB_ACCOUNT_DEPOSIT,
         {"1", "2.00001"},
         2,
         "amount: want a number with at most 4 decimals, got 2.00001"},
        {BTX_VERB_ACCOUNT_DEPOSIT, {"1", "2", "stake=3"}, 3, "'stake': Deposit has no such field"},
        {BTX_VERB_ACCOUNT_DEPOSIT, {"1", "2", "transfer"}, 3, "want field=value (see --help)"},
        {BTX_VERB_ACCOUNT_DEPOSIT,
         {"1", "2", "=3"},
         3,
         "the name of a field is too long or missing"},
    };
    union btx_command_space space;

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++)
        assert_string_equal(build(rows[i].verb, rows[i].arguments, rows[i].count, &space),
                            rows[i].sentence);
}

/* What closes a string or an object early must stay inside its field. */
static void build__json_in_an_argument__injects_no_field(void **state)
{
    static const char *const arguments[] = {"1", "2,\"transfer\":9"};
    static const char *const names[] = {"1", "2", "x\",\"transfer\":9,\"y=3"};
    union btx_command_space space;

    (void)state;
    assert_non_null(build(BTX_VERB_ACCOUNT_DEPOSIT, arguments, 2, &space));
    assert_non_null(build(BTX_VERB_ACCOUNT_DEPOSIT, names, 3, &space));
}

static void count_field(void *context, const char *field)
{
    *(unsigned *)context += strcmp(field, "transfer") == 0 || strcmp(field, "cseq") == 0 ? 1 : 100;
}

static void fields__of_deposit__are_those_without_a_placeholder(void **state)
{
    unsigned count = 0;

    (void)state;
    btx_verb_command_fields(&btx_verb_table[BTX_VERB_ACCOUNT_DEPOSIT], count_field, &count);
    assert_int_equal(count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(build__each_form__is_the_command_that_was_meant),
        cmocka_unit_test(build__what_is_wrong__is_named_by_the_decoder),
        cmocka_unit_test(build__json_in_an_argument__injects_no_field),
        cmocka_unit_test(fields__of_deposit__are_those_without_a_placeholder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
