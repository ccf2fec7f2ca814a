/* SPDX-License-Identifier: Apache-2.0 */
/* test_commands.c - building commands, and the names and sizes of all three lists. */
#include "samples.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct expected_type {
    uint8_t type;
    const char *name;
    size_t body_bytes;
};

static void assert_all_zero(const uint8_t *bytes, size_t length_bytes)
{
    for (size_t i = 0; i < length_bytes; i++)
        assert_int_equal(bytes[i], 0);
}

/* A stale byte from the command before would be logged, hashed and maybe obeyed. */
static void command_begin__dirty_space__everything_but_the_header_is_zero(void **state)
{
    static const uint8_t types[] = {
#define COMMAND(number, NAME, Name, body, size, door) number,
#include "engine/wire/commands.def"
    };
    union btx_command_space space;

    (void)state;
    for (size_t i = 0; i < sizeof types; i++) {
        const struct btx_command *command;

        memset(&space, 0xa5, sizeof space);
        command = btx_command_begin(&space, (enum btx_command_type)types[i]);
        assert_ptr_equal(command, &space);
        assert_int_equal(command->record.kind_flags, BTX_RECORD_COMMAND);
        assert_int_equal(command->record.type, types[i]);
        assert_int_equal(command->record.length_units,
                         (btx_command_body_bytes(types[i]) + 63) / 64);
        assert_int_equal(command->record.crc, 0);
        assert_all_zero(space.bytes + 8, command->record.length_units * 64u - 8);
        assert_int_equal(space.bytes[command->record.length_units * 64u], 0xa5);
    }
}

/* The simplest command is whole as it was begun. */
static void command_begin__tick__is_valid(void **state)
{
    union btx_command_space space;

    (void)state;
    btx_command_begin(&space, BTX_COMMAND_TICK);
    assert_null(btx_record_check(&space, sizeof space));
}

static void command_set_length__dirty_space__zeroes_up_to_the_unit(void **state)
{
    union btx_command_space space;

    (void)state;
    memset(&space, 0xa5, sizeof space);
    btx_command_begin(&space, BTX_COMMAND_PLACE_ORDER);
    memset(space.bytes + sizeof(struct btx_place_order), 'r', 5);
    btx_command_set_length(&space, 5);
    assert_int_equal(space.command.record.length_units, 3);
    assert_memory_equal(space.bytes + 128, "rrrrr", 5);
    assert_all_zero(space.bytes + 133, 59);
    assert_int_equal(space.bytes[192], 0xa5);
}

/* A tail that ends on a unit needs no other; none at all leaves the body's units. */
static void command_set_length__exact_units__adds_none(void **state)
{
    union btx_command_space space;

    (void)state;
    btx_command_begin(&space, BTX_COMMAND_PLACE_ORDER);
    btx_command_set_length(&space, 64);
    assert_int_equal(space.command.record.length_units, 3);
    btx_command_set_length(&space, 0);
    assert_int_equal(space.command.record.length_units, 2);
}

static void command_set_length__longest_list__fills_the_space(void **state)
{
    union btx_command_space space;

    (void)state;
    btx_command_begin(&space, BTX_COMMAND_OPEN_MARKET);
    btx_command_set_length(&space, BTX_LIST_IDS_MAX * 8);
    assert_int_equal(btx_record_length_bytes(&space.command.record), BTX_COMMAND_BYTES_MAX);
}

/* Logs hold the numbers: written down a second time, on purpose. */
static void names_and_sizes__all_commands__are_those_of_the_format(void **state)
{
    static const struct expected_type expected[] = {
        {1, "OpenAccount", 56},     {2, "Deposit", 80},         {3, "Withdraw", 80},
        {4, "FreezeAccount", 56},   {5, "UnfreezeAccount", 56}, {6, "OpenMarket", 112},
        {7, "SuspendMarket", 56},   {8, "ResumeMarket", 56},    {9, "TurnInPlay", 56},
        {10, "PlaceOrder", 128},    {11, "CancelOrder", 88},    {12, "UpdateOrder", 80},
        {13, "ReplaceOrder", 104},  {14, "CancelOrders", 88},   {15, "SettleMarket", 64},
        {16, "VoidMarket", 56},     {17, "ForgetMarket", 56},   {18, "Tick", 48},
        {19, "DescribeMarket", 64}, {20, "SetBetDelay", 64},    {21, "RemoveRunner", 72},
    };
    (void)state;
    assert_int_equal(BTX_COMMAND_COUNT, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        const struct btx_term *name = btx_command_name((enum btx_command_type)expected[i].type);

        assert_string_equal(name->text, expected[i].name);
        assert_int_equal(name->length, strlen(expected[i].name));
        assert_int_equal(btx_command_body_bytes(expected[i].type), expected[i].body_bytes);
    }
}

static void names_and_sizes__all_events__are_those_of_the_format(void **state)
{
    static const struct expected_type expected[] = {
        {1, "AccountOpened", 40},      {2, "FundsDeposited", 72},
        {3, "FundsWithdrawn", 72},     {4, "AccountFrozen", 40},
        {5, "AccountUnfrozen", 40},    {6, "MarketOpened", 72},
        {7, "MarketSuspended", 40},    {8, "MarketResumed", 40},
        {9, "MarketTurnedInPlay", 40}, {10, "OrderAccepted", 104},
        {11, "TradeMatched", 112},     {12, "OrderCancelled", 96},
        {13, "OrderUpdated", 80},      {14, "OrderCancelledBatched", 56},
        {15, "MarketSettling", 48},    {16, "AccountSettled", 72},
        {17, "MarketSettled", 64},     {18, "MarketVoided", 40},
        {19, "MarketForgotten", 40},   {20, "CommandRejected", 80},
        {21, "MarketDescribed", 48},   {22, "BetDelaySet", 48},
        {23, "RunnerRemoved", 56},     {24, "OrderHeld", 120},
        {25, "OrderReleased", 56},     {26, "ImpliedMatched", 128},
    };
    (void)state;
    assert_int_equal(BTX_EVENT_COUNT, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        const struct btx_term *name = btx_event_name((enum btx_event_type)expected[i].type);

        assert_string_equal(name->text, expected[i].name);
        assert_int_equal(name->length, strlen(expected[i].name));
        assert_int_equal(btx_event_body_bytes(expected[i].type), expected[i].body_bytes);
    }
}

static void names_and_sizes__all_notes__are_those_of_the_format(void **state)
{
    static const struct expected_type expected[] = {
        {1, "EngineStarted", 256},
        {2, "StateDigest", 72},
        {3, "OperatorAction", 72},
        {4, "CleanStop", 32},
    };
    (void)state;
    assert_int_equal(BTX_NOTE_COUNT, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        const struct btx_term *name = btx_note_name((enum btx_note_type)expected[i].type);

        assert_string_equal(name->text, expected[i].name);
        assert_int_equal(name->length, strlen(expected[i].name));
        assert_int_equal(btx_note_body_bytes(expected[i].type), expected[i].body_bytes);
    }
}

static void body_bytes__unknown_type__is_zero(void **state)
{
    (void)state;
    assert_int_equal(btx_command_body_bytes(0), 0);
    assert_int_equal(btx_command_body_bytes(BTX_COMMAND_COUNT + 1), 0);
    assert_int_equal(btx_command_body_bytes(255), 0);
    assert_int_equal(btx_event_body_bytes(0), 0);
    assert_int_equal(btx_event_body_bytes(BTX_EVENT_COUNT + 1), 0);
    assert_int_equal(btx_event_body_bytes(255), 0);
    assert_int_equal(btx_note_body_bytes(0), 0);
    assert_int_equal(btx_note_body_bytes(BTX_NOTE_COUNT + 1), 0);
    assert_int_equal(btx_note_body_bytes(255), 0);
}

/* The accessors must find the tail where the format puts it. */
static void tails__all_accessors__point_behind_the_body(void **state)
{
    union btx_sample_space space;
    const void *body = &space;

    (void)state;
    btx_sample_build(btx_sample_find("command_open_market"), &space);
    assert_int_equal(btx_open_market_runners(body)[1], 12);
    btx_sample_build(btx_sample_find("command_settle_market"), &space);
    assert_int_equal(btx_settle_market_winners(body)[0], 47);
    btx_sample_build(btx_sample_find("command_place_order"), &space);
    assert_memory_equal(btx_place_order_ref(body), "order-A", 7);
    btx_sample_build(btx_sample_find("command_describe_market"), &space);
    assert_memory_equal(btx_describe_market_text(body), "Caf\xc3\xa9", 5);
    btx_sample_build(btx_sample_find("event_market_opened"), &space);
    assert_int_equal(btx_market_opened_runners(body)[0], 47);
    btx_sample_build(btx_sample_find("event_order_accepted"), &space);
    assert_memory_equal(btx_order_accepted_ref(body), "order-A", 7);
    btx_sample_build(btx_sample_find("event_order_cancelled_batched"), &space);
    assert_int_equal(btx_order_cancelled_batched_orders(body)[1], 32);
    btx_sample_build(btx_sample_find("event_market_settling"), &space);
    assert_int_equal(btx_market_settling_winners(body)[1], 12);
    btx_sample_build(btx_sample_find("event_command_rejected"), &space);
    assert_memory_equal(btx_command_rejected_ref(body), "order-A", 7);
    btx_sample_build(btx_sample_find("event_market_described"), &space);
    assert_memory_equal(btx_market_described_text(body), "Caf\xc3\xa9", 5);
    btx_sample_build(btx_sample_find("event_order_held"), &space);
    assert_memory_equal(btx_order_held_ref(body), "order-A", 7);
    btx_sample_build(btx_sample_find("note_operator_action"), &space);
    assert_memory_equal(btx_operator_action_what(body), "market suspend 2002", 19);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(command_begin__dirty_space__everything_but_the_header_is_zero),
        cmocka_unit_test(command_begin__tick__is_valid),
        cmocka_unit_test(command_set_length__dirty_space__zeroes_up_to_the_unit),
        cmocka_unit_test(command_set_length__exact_units__adds_none),
        cmocka_unit_test(command_set_length__longest_list__fills_the_space),
        cmocka_unit_test(names_and_sizes__all_commands__are_those_of_the_format),
        cmocka_unit_test(names_and_sizes__all_events__are_those_of_the_format),
        cmocka_unit_test(names_and_sizes__all_notes__are_those_of_the_format),
        cmocka_unit_test(body_bytes__unknown_type__is_zero),
        cmocka_unit_test(tails__all_accessors__point_behind_the_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
