/* SPDX-License-Identifier: Apache-2.0 */
/* test_terms.c - the words have their numbers, spellings and lengths. */
#include "engine/wire/terms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A writer copies by length: a wrong one would cut a word or leak what is behind it. */
static void assert_terms(const struct btx_term *terms, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_non_null(terms[i].text);
        assert_int_equal(terms[i].length, strlen(terms[i].text));
        assert_true(terms[i].length > 0);
        for (size_t other = 0; other < i; other++)
            assert_string_not_equal(terms[i].text, terms[other].text);
    }
}

static void terms__every_list__is_complete_and_without_repetition(void **state)
{
    (void)state;
    assert_terms(btx_side_terms, BTX_SIDE_COUNT);
    assert_terms(btx_order_side_terms, BTX_ORDER_SIDE_COUNT);
    assert_terms(btx_outcome_terms, BTX_OUTCOME_COUNT);
    assert_terms(btx_market_kind_terms, BTX_MARKET_KIND_COUNT);
    assert_terms(btx_ladder_terms, BTX_LADDER_COUNT);
    assert_terms(btx_tif_terms, BTX_TIF_COUNT);
    assert_terms(btx_persistence_terms, BTX_PERSISTENCE_COUNT);
    assert_terms(btx_stp_terms, BTX_STP_COUNT);
    assert_terms(btx_cause_terms, BTX_CAUSE_COUNT);
    assert_terms(btx_reject_terms, BTX_REJECT_COUNT);
}

/* Logs hold the numbers: these are written down here a second time, on purpose. */
static void terms__numbers_in_logs__never_change(void **state)
{
    static const char *const causes[] = {
        "CLIENT",
        "ADMIN",
        "DISCONNECT",
        "FROZEN",
        "LAPSED",
        "REPLACED",
        "IOC",
        "FOK",
        "SELF_TRADE",
        "SETTLED",
        "VOIDED",
        "EXPIRED",
        "MARKET_SUSPENDED",
        "WOULD_MATCH",
        "RUNNER_REMOVED",
    };
    static const char *const rejects[] = {
        "UNKNOWN_ACCOUNT", "DUPLICATE",          "BUSY",
        "INVALID_ACCOUNT", "ACCOUNT_EXISTS",     "ACCOUNT_FROZEN",
        "INVALID_AMOUNT",  "INSUFFICIENT_FUNDS", "NO_CHANGE",
        "CAPACITY",        "INVALID_MARKET",     "MARKET_EXISTS",
        "UNKNOWN_MARKET",  "MARKET_CLOSED",      "MARKET_NOT_OPEN",
        "NOT_CLOSED",      "INVALID_WINNERS",    "UNKNOWN_RUNNER",
        "RUNNER_REMOVED",  "INVALID_PRICE",      "INVALID_SIZE",
        "INVALID_ORDER",   "WOULD_MATCH",        "NOT_FILLABLE",
        "UNKNOWN_ORDER",   "NOT_ORDER_OWNER",    "NOTHING_TO_CANCEL",
        "VERSION_CHANGED", "TOO_FEW_RUNNERS",
    };
    (void)state;
    assert_int_equal(BTX_CAUSE_COUNT, sizeof causes / sizeof causes[0]);
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++)
        assert_string_equal(btx_cause_terms[i].text, causes[i]);
    assert_int_equal(BTX_REJECT_COUNT, sizeof rejects / sizeof rejects[0]);
    for (size_t i = 0; i < sizeof rejects / sizeof rejects[0]; i++)
        assert_string_equal(btx_reject_terms[i].text, rejects[i]);

    assert_string_equal(btx_order_side_terms[BTX_ORDER_SIDE_SELL].text, "SELL");
    assert_int_equal(BTX_SIDE_BACK, 0);
    assert_int_equal(BTX_SIDE_LAY, 1);
    assert_int_equal(BTX_ORDER_SIDE_BUY, 2);
    assert_int_equal(BTX_ORDER_SIDE_SELL, 3);
    assert_int_equal(BTX_OUTCOME_YES, 1);
    assert_int_equal(BTX_OUTCOME_NO, 2);
    assert_int_equal(BTX_MARKET_KIND_ODDS, 0);
    assert_int_equal(BTX_MARKET_KIND_BINARY, 1);
    assert_int_equal(BTX_LADDER_CLASSIC, 0);
    assert_int_equal(BTX_LADDER_FINEST, 1);
    assert_int_equal(BTX_TIF_GTC, 0);
    assert_int_equal(BTX_TIF_IOC, 1);
    assert_int_equal(BTX_TIF_FOK, 2);
    assert_int_equal(BTX_PERSISTENCE_PERSIST, 1);
    assert_int_equal(BTX_STP_CANCEL_MAKER, 1);
    assert_int_equal(BTX_STP_CANCEL_TAKER, 2);
}

/* The core casts a command's side once it has turned BUY and SELL around. */
static void terms__back_and_lay__are_the_same_number_on_orders_and_commands(void **state)
{
    (void)state;
    assert_int_equal(BTX_SIDE_BACK, BTX_ORDER_SIDE_BACK);
    assert_int_equal(BTX_SIDE_LAY, BTX_ORDER_SIDE_LAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terms__every_list__is_complete_and_without_repetition),
        cmocka_unit_test(terms__numbers_in_logs__never_change),
        cmocka_unit_test(terms__back_and_lay__are_the_same_number_on_orders_and_commands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
