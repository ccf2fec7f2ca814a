/* SPDX-License-Identifier: Apache-2.0 */
/* test_record_filter.c - who looks for an account must see all of its records and no others. */
#include "admin/record_filter.h"
#include "tests/unit/wire/samples.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static union btx_sample_space space;

/* Whether the sample @name passes @request. */
static bool passes(struct btx_wal_request request, const char *name)
{
    (void)btx_sample_build(btx_sample_find(name), &space);
    return btx_record_filter_passes(&request, &space.record);
}

#define WANT(field, number) ((struct btx_wal_request){.field = {true, (number)}})

static void record_filter__no_filter__everything_passes(void **state)
{
    (void)state;
    for (size_t i = 0; i < btx_samples_count; i++)
        assert_true(passes((struct btx_wal_request){0}, btx_samples[i].name));
}

/* Kinds that are named pass, each alone and together. */
static void record_filter__kinds__only_those_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < btx_samples_count; i++) {
        const char *name = btx_samples[i].name;
        const enum btx_record_kind kind = btx_samples[i].kind;

        assert_int_equal(passes((struct btx_wal_request){.events = true}, name),
                         kind == BTX_RECORD_EVENT);
        assert_int_equal(passes((struct btx_wal_request){.commands = true}, name),
                         kind == BTX_RECORD_COMMAND);
        assert_int_equal(passes((struct btx_wal_request){.notes = true, .events = true}, name),
                         kind != BTX_RECORD_COMMAND);
    }
}

/* The samples' frame is seq 1234, tx 567. */
static void record_filter__seq_and_tx__bounds_included(void **state)
{
    (void)state;
    assert_true(passes(WANT(from, 1234), "event_account_opened"));
    assert_false(passes(WANT(from, 1235), "event_account_opened"));
    assert_true(passes(WANT(to, 1234), "event_account_opened"));
    assert_false(passes(WANT(to, 1233), "event_account_opened"));
    assert_true(passes(WANT(tx, 567), "note_clean_stop"));
    assert_false(passes(WANT(tx, 566), "note_clean_stop"));
}

/* Both sides of a trade, and every list, belong to whom they name. */
static void record_filter__ids__found_wherever_a_record_names_them(void **state)
{
    (void)state;
    assert_true(passes(WANT(account, 1001), "command_place_order"));
    assert_true(passes(WANT(account, 1001), "event_trade_matched"));
    assert_true(passes(WANT(account, 1003), "event_trade_matched"));
    assert_false(passes(WANT(account, 1002), "event_trade_matched"));
    assert_true(passes(WANT(order, 31), "event_trade_matched"));
    assert_true(passes(WANT(order, 32), "event_trade_matched"));
    assert_false(passes(WANT(order, 47), "event_trade_matched")); /* The runner. */
    assert_true(passes(WANT(market, 2002), "event_market_opened"));
    assert_false(passes(WANT(market, 1), "event_market_opened"));
    assert_true(passes(WANT(order, 31), "command_cancel_order"));
    assert_true(passes(WANT(order, 31), "event_implied_matched"));
    assert_true(passes(WANT(order, 35), "event_implied_matched"));
    assert_true(passes(WANT(account, 1001), "event_implied_matched"));
    assert_true(passes(WANT(account, 1003), "event_implied_matched"));
    assert_false(passes(WANT(order, 12), "event_implied_matched")); /* The maker's runner. */
    assert_true(passes(WANT(order, 34), "event_order_held"));
    assert_true(passes(WANT(market, 2003), "event_order_released"));
    assert_true(passes(WANT(market, 2003), "command_describe_market"));
    assert_false(passes(WANT(account, 1001), "note_engine_started"));
}

static void record_filter__order_in_a_batch__found_in_the_list(void **state)
{
    const struct btx_order_cancelled_batched *event = (const void *)&space;
    const uint64_t *orders = (const uint64_t *)(event + 1);

    (void)state;
    (void)btx_sample_build(btx_sample_find("event_order_cancelled_batched"), &space);
    for (size_t i = 0; i < event->orders_count; i++)
        assert_true(passes(WANT(order, orders[i]), "event_order_cancelled_batched"));
    assert_false(passes(WANT(order, 999999), "event_order_cancelled_batched"));
}

/* An id that is not given is zero in the record, and is not the id 0. */
static void record_filter__id_not_given__is_not_id_zero(void **state)
{
    (void)state;
    assert_false(passes(WANT(account, 0), "event_command_rejected_bare"));
    assert_false(passes(WANT(account, 0), "command_cancel_orders_everything"));
    assert_true(passes(WANT(account, 1001), "event_command_rejected"));
    assert_true(passes(WANT(account, 1001), "command_cancel_orders"));
}

/* All filters must be passed, not one of them. */
static void record_filter__several_filters__all_of_them(void **state)
{
    struct btx_wal_request request = {.account = {true, 1001}, .market = {true, 2002}};

    (void)state;
    assert_true(passes(request, "event_order_accepted"));
    request.market.value = 1;
    assert_false(passes(request, "event_order_accepted"));
    request.market.value = 2002;
    request.account.value = 1;
    assert_false(passes(request, "event_order_accepted"));
}

/* A dump of ten events of a great log must not read all of it. */
static void record_filter_is_done__behind_the_last__true(void **state)
{
    const struct btx_wal_request to = WANT(to, 1233);
    const struct btx_wal_request to_this = WANT(to, 1234);
    const struct btx_wal_request tx = WANT(tx, 566);

    (void)state;
    (void)btx_sample_build(btx_sample_find("event_account_opened"), &space);
    assert_true(btx_record_filter_is_done(&to, &space.record));
    assert_false(btx_record_filter_is_done(&to_this, &space.record));
    assert_true(btx_record_filter_is_done(&tx, &space.record));
    assert_false(btx_record_filter_is_done(&(struct btx_wal_request){0}, &space.record));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(record_filter__no_filter__everything_passes),
        cmocka_unit_test(record_filter__kinds__only_those_named),
        cmocka_unit_test(record_filter__seq_and_tx__bounds_included),
        cmocka_unit_test(record_filter__ids__found_wherever_a_record_names_them),
        cmocka_unit_test(record_filter__order_in_a_batch__found_in_the_list),
        cmocka_unit_test(record_filter__id_not_given__is_not_id_zero),
        cmocka_unit_test(record_filter__several_filters__all_of_them),
        cmocka_unit_test(record_filter_is_done__behind_the_last__true),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
