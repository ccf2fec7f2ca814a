/* SPDX-License-Identifier: Apache-2.0 */
/* test_event_text.c - every event against the line that rules.md 8 asks for, letter by letter. */
#include "engine/text/event_text.h"
#include "engine/wire/commands.h"
#include "engine/wire/events.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Any event without what is behind it. */
union any_event {
    struct btx_record record;
    struct btx_account_event account;
    struct btx_funds_event funds;
    struct btx_market_opened market_opened;
    struct btx_market_event market;
    struct btx_order_accepted order_accepted;
    struct btx_trade_matched trade_matched;
    struct btx_order_cancelled order_cancelled;
    struct btx_order_updated order_updated;
    struct btx_order_cancelled_batched batched;
    struct btx_market_settling settling;
    struct btx_account_settled account_settled;
    struct btx_market_settled market_settled;
    struct btx_command_rejected rejected;
    struct btx_market_described described;
    struct btx_bet_delay_set bet_delay_set;
    struct btx_runner_removed runner_removed;
    struct btx_order_held held;
    struct btx_order_released released;
    struct btx_implied_matched implied_matched;
};

union event_space {
    struct btx_record record;
    uint64_t words[BTX_RECORD_BYTES_MAX / 8];
    uint8_t bytes[BTX_RECORD_BYTES_MAX];
};

struct event_case {
    enum btx_event_type type;
    union any_event event;
    const void *tail;
    size_t tail_bytes;
    uint8_t flags;
    const char *fields; /* the line behind "t":9, and before the closing brace */
};

#define END (BTX_RECORD_TX_END | BTX_RECORD_COMMAND_END)

static const uint64_t three_ids[] = {101, 7, 18446744073709551615u};
static const uint64_t one_id[] = {1};

static const struct event_case cases[] = {
    {BTX_EVENT_ACCOUNT_OPENED,
     {.account = {.account = 17}},
     .flags = END,
     .fields = "\"ev\":\"AccountOpened\",\"account\":17,\"end\":true"},
    {BTX_EVENT_FUNDS_DEPOSITED,
     {.funds = {.account = 1, .amount = 10000000, .balance = 10005000}},
     .fields = "\"ev\":\"FundsDeposited\",\"account\":1,\"amount\":1000,\"balance\":1000.5"},
    {BTX_EVENT_FUNDS_DEPOSITED,
     {.funds = {.account = 1, .amount = 1, .balance = 1, .cseq = 5}},
     .flags = END,
     .fields = "\"ev\":\"FundsDeposited\",\"account\":1,\"amount\":0.0001,\"balance\":0.0001,"
               "\"cseq\":5,\"end\":true"},
    {BTX_EVENT_FUNDS_WITHDRAWN,
     {.funds = {.account = 1, .amount = 10000, .balance = 0, .transfer = UINT64_MAX}},
     .flags = END,
     .fields = "\"ev\":\"FundsWithdrawn\",\"account\":1,\"amount\":1,\"balance\":0,"
               "\"transfer\":18446744073709551615,\"end\":true"},
    {BTX_EVENT_ACCOUNT_FROZEN,
     {.account = {.account = 3}},
     .fields = "\"ev\":\"AccountFrozen\",\"account\":3"},
    {BTX_EVENT_ACCOUNT_UNFROZEN,
     {.account = {.account = 3}},
     .fields = "\"ev\":\"AccountUnfrozen\",\"account\":3"},
    {BTX_EVENT_MARKET_OPENED,
     {.market_opened = {.market = 9,
                        .min_size = 100,
                        .winners = 2,
                        .commission = 500,
                        .runners_count = 3,
                        .kind = BTX_MARKET_KIND_ODDS}},
     .tail = three_ids,
     .tail_bytes = sizeof three_ids,
     .flags = END,
     .fields = "\"ev\":\"MarketOpened\",\"market\":9,\"kind\":\"ODDS\","
               "\"runners\":[101,7,18446744073709551615],\"winners\":2,\"min_size\":0.01,"
               "\"commission\":0.05,\"end\":true"},
    {BTX_EVENT_MARKET_OPENED,
     {.market_opened = {.market = 9,
                        .min_size = 10000,
                        .winners = 1,
                        .commission = 0,
                        .tick = 100,
                        .runners_count = 1,
                        .kind = BTX_MARKET_KIND_BINARY,
                        .present = BTX_MARKET_OPENED_HAS_TICK}},
     .tail = one_id,
     .tail_bytes = sizeof one_id,
     .fields = "\"ev\":\"MarketOpened\",\"market\":9,\"kind\":\"BINARY\",\"runners\":[1],"
               "\"winners\":1,\"tick\":0.01,\"min_size\":1,\"commission\":0"},
    {BTX_EVENT_MARKET_SUSPENDED,
     {.market = {.market = 5}},
     .flags = END,
     .fields = "\"ev\":\"MarketSuspended\",\"market\":5,\"end\":true"},
    {BTX_EVENT_MARKET_RESUMED,
     {.market = {.market = 5}},
     .flags = END,
     .fields = "\"ev\":\"MarketResumed\",\"market\":5,\"end\":true"},
    {BTX_EVENT_MARKET_TURNED_IN_PLAY,
     {.market = {.market = 5}},
     .fields = "\"ev\":\"MarketTurnedInPlay\",\"market\":5"},
    {BTX_EVENT_ORDER_ACCEPTED,
     {.order_accepted = {.order = 10,
                         .account = 4,
                         .market = 1,
                         .runner = 101,
                         .size = 90000,
                         .price = 34000,
                         .side = BTX_SIDE_LAY}},
     .flags = END,
     .fields = "\"ev\":\"OrderAccepted\",\"order\":10,\"account\":4,\"market\":1,\"runner\":101,"
               "\"side\":\"LAY\",\"price\":3.4,\"size\":9,\"tif\":\"GTC\","
               "\"persistence\":\"LAPSE\",\"post_only\":false,\"stp\":\"NONE\",\"end\":true"},
    {BTX_EVENT_ORDER_ACCEPTED,
     {.order_accepted = {.order = 9007199254740991,
                         .account = 4,
                         .market = 1,
                         .runner = 101,
                         .size = 100,
                         .cseq = 12,
                         .price = 10000000,
                         .tif = BTX_TIF_FOK,
                         .persistence = BTX_PERSISTENCE_PERSIST,
                         .post_only = 1,
                         .stp = BTX_STP_CANCEL_TAKER,
                         .ref_length = 9,
                         .present = BTX_ORDER_ACCEPTED_HAS_REF}},
     .tail = "a \"\\b/~,}",
     .tail_bytes = 9,
     .fields = "\"ev\":\"OrderAccepted\",\"order\":9007199254740991,\"account\":4,\"market\":1,"
               "\"runner\":101,\"side\":\"BACK\",\"price\":1000,\"size\":0.01,\"tif\":\"FOK\","
               "\"persistence\":\"PERSIST\",\"post_only\":true,\"stp\":\"CANCEL_TAKER\","
               "\"ref\":\"a \\\"\\\\b/~,}\",\"cseq\":12"},
    {BTX_EVENT_ORDER_ACCEPTED,
     {.order_accepted = {.order = 1,
                         .size = 1,
                         .price = 1,
                         .tif = BTX_TIF_IOC,
                         .stp = BTX_STP_CANCEL_MAKER,
                         .present = BTX_ORDER_ACCEPTED_HAS_REF}},
     .fields = "\"ev\":\"OrderAccepted\",\"order\":1,\"account\":0,\"market\":0,\"runner\":0,"
               "\"side\":\"BACK\",\"price\":0.0001,\"size\":0.0001,\"tif\":\"IOC\","
               "\"persistence\":\"LAPSE\",\"post_only\":false,\"stp\":\"CANCEL_MAKER\","
               "\"ref\":\"\""},
    {BTX_EVENT_TRADE_MATCHED,
     {.trade_matched = {.market = 1,
                        .runner = 101,
                        .size = 50000,
                        .taker = 4,
                        .taker_account = 40,
                        .maker = 2,
                        .maker_account = 20,
                        .taker_remaining = 100000,
                        .maker_remaining = 0,
                        .price = 30500,
                        .taker_side = BTX_SIDE_BACK}},
     .fields = "\"ev\":\"TradeMatched\",\"market\":1,\"runner\":101,\"price\":3.05,\"size\":5,"
               "\"taker\":4,\"taker_account\":40,\"taker_side\":\"BACK\",\"maker\":2,"
               "\"maker_account\":20,\"taker_remaining\":10,\"maker_remaining\":0"},
    {BTX_EVENT_ORDER_CANCELLED,
     {.order_cancelled = {.order = 14,
                          .account = 3,
                          .market = 1,
                          .runner = 2,
                          .cancelled = 10000,
                          .remaining = 40000,
                          .cseq = 11,
                          .side = BTX_SIDE_BACK,
                          .cause = BTX_CAUSE_CLIENT}},
     .flags = END,
     .fields = "\"ev\":\"OrderCancelled\",\"order\":14,\"account\":3,\"market\":1,\"runner\":2,"
               "\"side\":\"BACK\",\"cancelled\":1,\"remaining\":4,\"cause\":\"CLIENT\","
               "\"cseq\":11,\"end\":true"},
    {BTX_EVENT_ORDER_CANCELLED,
     {.order_cancelled = {.order = 14, .side = BTX_SIDE_LAY, .cause = BTX_CAUSE_SELF_TRADE}},
     .fields = "\"ev\":\"OrderCancelled\",\"order\":14,\"account\":0,\"market\":0,\"runner\":0,"
               "\"side\":\"LAY\",\"cancelled\":0,\"remaining\":0,\"cause\":\"SELF_TRADE\""},
    {BTX_EVENT_ORDER_UPDATED,
     {.order_updated = {.order = 15,
                        .account = 3,
                        .market = 1,
                        .runner = 2,
                        .cseq = 12,
                        .persistence = BTX_PERSISTENCE_PERSIST}},
     .flags = END,
     .fields = "\"ev\":\"OrderUpdated\",\"order\":15,\"account\":3,\"market\":1,\"runner\":2,"
               "\"persistence\":\"PERSIST\",\"cseq\":12,\"end\":true"},
    {BTX_EVENT_ORDER_UPDATED,
     {.order_updated = {.order = 15, .account = 3, .market = 1, .runner = 2}},
     .fields = "\"ev\":\"OrderUpdated\",\"order\":15,\"account\":3,\"market\":1,\"runner\":2,"
               "\"persistence\":\"LAPSE\""},
    {BTX_EVENT_ORDER_CANCELLED_BATCHED,
     {.batched = {.market = 5, .cseq = 20, .orders_count = 3, .cause = BTX_CAUSE_DISCONNECT}},
     .tail = (const uint64_t[]){2, 8, 1000},
     .tail_bytes = 24,
     .flags = BTX_RECORD_TX_END,
     .fields = "\"ev\":\"OrderCancelledBatched\",\"market\":5,\"cause\":\"DISCONNECT\","
               "\"orders\":[2,8,1000],\"cseq\":20,\"end\":true"},
    {BTX_EVENT_ORDER_CANCELLED_BATCHED,
     {.batched = {.market = 5, .orders_count = 1, .cause = BTX_CAUSE_ADMIN}},
     .tail = one_id,
     .tail_bytes = 8,
     .fields = "\"ev\":\"OrderCancelledBatched\",\"market\":5,\"cause\":\"ADMIN\",\"orders\":[1]"},
    {BTX_EVENT_MARKET_SETTLING,
     {.settling = {.market = 7, .winners_count = 3}},
     .tail = three_ids,
     .tail_bytes = sizeof three_ids,
     .fields = "\"ev\":\"MarketSettling\",\"market\":7,\"winners\":[101,7,18446744073709551615]"},
    {BTX_EVENT_MARKET_SETTLING,
     {.settling = {.market = 7}},
     .fields = "\"ev\":\"MarketSettling\",\"market\":7,\"winners\":[]"},
    {BTX_EVENT_ACCOUNT_SETTLED,
     {.account_settled =
          {.market = 1, .account = 2, .pnl = -22000, .commission = 0, .balance = 9978000}},
     .fields = "\"ev\":\"AccountSettled\",\"market\":1,\"account\":2,\"pnl\":-2.2,"
               "\"commission\":0,\"balance\":997.8"},
    {BTX_EVENT_MARKET_SETTLED,
     {.market_settled = {.market = 1, .accounts = 3, .commission = 3575, .rounding = 1}},
     .flags = END,
     .fields = "\"ev\":\"MarketSettled\",\"market\":1,\"accounts\":3,\"commission\":0.3575,"
               "\"rounding\":0.0001,\"end\":true"},
    {BTX_EVENT_MARKET_VOIDED,
     {.market = {.market = 5}},
     .fields = "\"ev\":\"MarketVoided\",\"market\":5"},
    {BTX_EVENT_MARKET_FORGOTTEN,
     {.market = {.market = 5}},
     .flags = END,
     .fields = "\"ev\":\"MarketForgotten\",\"market\":5,\"end\":true"},
    {BTX_EVENT_COMMAND_REJECTED,
     {.rejected = {.cmd = BTX_COMMAND_CANCEL_ORDERS, .reason = BTX_REJECT_NOTHING_TO_CANCEL}},
     .flags = END,
     .fields = "\"ev\":\"CommandRejected\",\"cmd\":\"CancelOrders\","
               "\"reason\":\"NOTHING_TO_CANCEL\",\"end\":true"},
    {BTX_EVENT_COMMAND_REJECTED,
     {.rejected = {.account = 0,
                   .market = 8,
                   .order = 9,
                   .cseq = 4,
                   .cmd = BTX_COMMAND_REPLACE_ORDER,
                   .reason = BTX_REJECT_UNKNOWN_ACCOUNT,
                   .ref_length = 3,
                   .present = 0x0f}},
     .tail = "x\\y",
     .tail_bytes = 3,
     .flags = END,
     .fields = "\"ev\":\"CommandRejected\",\"cmd\":\"ReplaceOrder\",\"account\":0,\"market\":8,"
               "\"order\":9,\"reason\":\"UNKNOWN_ACCOUNT\",\"ref\":\"x\\\\y\",\"cseq\":4,"
               "\"end\":true"},
    {BTX_EVENT_COMMAND_REJECTED,
     {.rejected = {.account = 1,
                   .transfer = 7,
                   .cmd = BTX_COMMAND_WITHDRAW,
                   .reason = BTX_REJECT_INSUFFICIENT_FUNDS,
                   .present = BTX_COMMAND_REJECTED_HAS_ACCOUNT}},
     .fields = "\"ev\":\"CommandRejected\",\"cmd\":\"Withdraw\",\"account\":1,"
               "\"reason\":\"INSUFFICIENT_FUNDS\",\"transfer\":7"},
    {BTX_EVENT_MARKET_OPENED,
     {.market_opened = {.market = 1,
                        .min_size = 100,
                        .winners = 1,
                        .commission = 500,
                        .runners_count = 2,
                        .bet_delay = 60000,
                        .reductions = 1,
                        .implied = 1,
                        .ladder = BTX_LADDER_FINEST}},
     .tail = three_ids,
     .tail_bytes = 16,
     .fields = "\"ev\":\"MarketOpened\",\"market\":1,\"kind\":\"ODDS\",\"runners\":[101,7],"
               "\"winners\":1,\"min_size\":0.01,\"commission\":0.05,\"bet_delay\":60000,"
               "\"reductions\":true,\"implied\":true,\"ladder\":\"FINEST\""},
    {BTX_EVENT_ORDER_ACCEPTED,
     {.order_accepted = {.order = 1,
                         .account = 2,
                         .market = 3,
                         .runner = 4,
                         .size = 10000,
                         .expires = 21000,
                         .price = 20000,
                         .present = BTX_ORDER_ACCEPTED_HAS_REF}},
     .fields = "\"ev\":\"OrderAccepted\",\"order\":1,\"account\":2,\"market\":3,\"runner\":4,"
               "\"side\":\"BACK\",\"price\":2,\"size\":1,\"tif\":\"GTC\",\"persistence\":\"LAPSE\","
               "\"post_only\":false,\"stp\":\"NONE\",\"expires\":21000,\"ref\":\"\""},
    {BTX_EVENT_MARKET_DESCRIBED,
     {.described = {.market = 1, .text_length = 13}},
     .tail = "a\\b/\x01\"\n\x1f\x7f\xc3\xa9\r\t",
     .tail_bytes = 13,
     .fields = "\"ev\":\"MarketDescribed\",\"market\":1,"
               "\"text\":\"a\\\\b/\\u0001\\\"\\n\\u001f\x7f\xc3\xa9\\r\\t\""},
    {BTX_EVENT_BET_DELAY_SET,
     {.bet_delay_set = {.market = 1, .bet_delay = 0}},
     .flags = END,
     .fields = "\"ev\":\"BetDelaySet\",\"market\":1,\"bet_delay\":0,\"end\":true"},
    {BTX_EVENT_RUNNER_REMOVED,
     {.runner_removed = {.market = 1, .runner = 5, .factor = 173500}},
     .fields = "\"ev\":\"RunnerRemoved\",\"market\":1,\"runner\":5,\"factor\":17.35"},
    {BTX_EVENT_ORDER_HELD,
     {.held = {.order = 3,
               .account = 3,
               .market = 1,
               .runner = 101,
               .size = 100000,
               .cseq = 9,
               .expires = 2100001,
               .price = 20000,
               .tif = BTX_TIF_FOK,
               .ref_length = 3,
               .present = BTX_ORDER_HELD_HAS_REF | BTX_ORDER_HELD_HAS_MIN_FILL,
               .until = 2100000,
               .min_fill = 80000}},
     .tail = "ref",
     .tail_bytes = 3,
     .fields =
         "\"ev\":\"OrderHeld\",\"order\":3,\"account\":3,\"market\":1,\"runner\":101,"
         "\"side\":\"BACK\",\"price\":2,\"size\":10,\"tif\":\"FOK\",\"persistence\":\"LAPSE\","
         "\"post_only\":false,\"stp\":\"NONE\",\"expires\":2100001,\"until\":2100000,"
         "\"min_fill\":8,\"ref\":\"ref\",\"cseq\":9"},
    {BTX_EVENT_ORDER_RELEASED,
     {.released = {.order = 2, .account = 3, .market = 4}},
     .fields = "\"ev\":\"OrderReleased\",\"order\":2,\"account\":3,\"market\":4"},
    {BTX_EVENT_IMPLIED_MATCHED,
     {.implied_matched = {.market = 1,
                          .runner = 101,
                          .size = 33200,
                          .taker = 6,
                          .taker_account = 2,
                          .maker_runner = 102,
                          .maker_size = 41500,
                          .maker = 5,
                          .maker_account = 1,
                          .taker_remaining = 100,
                          .maker_remaining = 158500,
                          .maker_price = 18000}},
     .fields = "\"ev\":\"ImpliedMatched\",\"market\":1,\"runner\":101,\"size\":3.32,\"taker\":6,"
               "\"taker_account\":2,\"taker_side\":\"BACK\",\"maker_runner\":102,"
               "\"maker_price\":1.8,\"maker_size\":4.15,\"maker\":5,\"maker_account\":1,"
               "\"taker_remaining\":0.01,\"maker_remaining\":15.85"},
};

/* The record of @row in @space. */
static void build(const struct event_case *row, union event_space *space)
{
    const size_t body_bytes = btx_event_body_bytes((uint8_t)row->type);

    memset(space, 0, sizeof *space);
    memcpy(space, &row->event, body_bytes);
    if (row->tail_bytes != 0)
        memcpy(space->bytes + body_bytes, row->tail, row->tail_bytes);
    space->record.kind_flags = (uint8_t)(BTX_RECORD_EVENT | row->flags);
    space->record.type = (uint8_t)row->type;
    space->record.length_units = btx_record_units(body_bytes + row->tail_bytes);
    space->record.seq = 7;
    space->record.tx = 8;
    space->record.time_ns = 9;
}

/* Scripts and hashes depend on every byte of these lines. */
static void event_text_encode__every_event__exactly_the_documented_line(void **state)
{
    static union event_space space;
    static char out[BTX_EVENT_TEXT_BYTES_MAX];
    char expected[1024];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t length;

        build(&cases[i], &space);
        snprintf(expected, sizeof expected, "{\"seq\":7,\"tx\":8,\"t\":9,%s}\n", cases[i].fields);
        length = btx_event_text_encode(&space.record, out);
        out[length] = '\0';
        assert_string_equal(out, expected);
    }
}

/* Without this, a new event could be forgotten above. */
static void event_text_cases__all_of_them__cover_every_event(void **state)
{
    uint32_t seen = 0;
    unsigned count = 0;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        seen |= UINT32_C(1) << cases[i].type;
    for (; seen != 0; seen &= seen - 1)
        count++;
    assert_int_equal(count, BTX_EVENT_COUNT);
}

/* Numbers of the frame, up to the greatest. */
static void event_text_encode__greatest_frame__printed_whole(void **state)
{
    struct btx_account_event event = {.record = {.kind_flags = BTX_RECORD_EVENT,
                                                 .type = BTX_EVENT_ACCOUNT_OPENED,
                                                 .length_units = 1,
                                                 .seq = UINT64_MAX,
                                                 .tx = UINT64_MAX - 1,
                                                 .time_ns = BTX_TIME_NS_MAX}};
    static char out[BTX_EVENT_TEXT_BYTES_MAX];

    (void)state;
    out[btx_event_text_encode(&event.record, out)] = '\0';
    assert_string_equal(out, "{\"seq\":18446744073709551615,\"tx\":18446744073709551614,"
                             "\"t\":9223372036854775807,\"ev\":\"AccountOpened\","
                             "\"account\":0}\n");
}

/* Give every field of every event the value that takes most room. */
#define MOST_ID(e, field) (e)->field = UINT64_MAX
#define MOST_COUNT(e, field) (e)->field = UINT64_MAX
#define MOST_COUNT32(e, field) (e)->field = UINT32_MAX
#define MOST_SEQUENCE(e, field) (e)->field = UINT64_MAX
#define MOST_PRICE(e, field) (e)->field = UINT32_MAX
#define MOST_DELAY(e, field) (e)->field = UINT32_MAX
#define MOST_FLAG(e, field) (e)->field = 1
#define MOST_PERCENT(e, field) (e)->field = UINT32_MAX
#define MOST_LADDER(e, field) (e)->field = BTX_LADDER_FINEST
#define MOST_TEXT(e, field)                                                                        \
    ((e)->field##_length = BTX_DESCRIPTION_BYTES_MAX, memset((e) + 1, 1, BTX_DESCRIPTION_BYTES_MAX))
#define MOST_FRACTION(e, field) (e)->field = UINT32_MAX
#define MOST_SIZE(e, field) (e)->field = INT64_MIN
#define MOST_AMOUNT(e, field) (e)->field = INT64_MIN
#define MOST_BOOL(e, field) (e)->field = 0
#define MOST_REF(e, field)                                                                         \
    ((e)->field##_length = BTX_REF_BYTES_MAX, memset((e) + 1, '"', BTX_REF_BYTES_MAX))
#define IDS_THAT_FIT(e)                                                                            \
    ((BTX_RECORD_BYTES_MAX - sizeof *(e)) / 8 < BTX_BATCH_ORDERS_MAX                               \
         ? (BTX_RECORD_BYTES_MAX - sizeof *(e)) / 8                                                \
         : BTX_BATCH_ORDERS_MAX)
#define MOST_IDS(e, field)                                                                         \
    ((e)->field##_count = IDS_THAT_FIT(e), memset((e) + 1, 0xff, 8 * IDS_THAT_FIT(e)))
#define MOST_SIDE(e, field) (e)->field = BTX_SIDE_BACK
#define MOST_MARKET_KIND(e, field) (e)->field = BTX_MARKET_KIND_BINARY
#define MOST_TIF(e, field) (e)->field = BTX_TIF_GTC
#define MOST_PERSISTENCE(e, field) (e)->field = BTX_PERSISTENCE_PERSIST
#define MOST_STP(e, field) (e)->field = BTX_STP_CANCEL_TAKER
#define MOST_CAUSE(e, field) (e)->field = BTX_CAUSE_DISCONNECT
#define MOST_REJECT(e, field) (e)->field = BTX_REJECT_INSUFFICIENT_FUNDS
#define MOST_COMMAND(e, field) (e)->field = BTX_COMMAND_UNFREEZE_ACCOUNT
#define PRESENT_ALWAYS(e)
#define PRESENT_HAS_0(e) (e)->present |= 0x01
#define PRESENT_HAS_1(e) (e)->present |= 0x02
#define PRESENT_HAS_2(e) (e)->present |= 0x04
#define PRESENT_HAS_3(e) (e)->present |= 0x08

static void build_greatest(uint8_t type, union event_space *space)
{
    memset(space, 0, sizeof *space);
    space->record = (struct btx_record){.kind_flags = BTX_RECORD_EVENT | END,
                                        .type = type,
                                        .seq = UINT64_MAX,
                                        .tx = UINT64_MAX,
                                        .time_ns = UINT64_MAX};
#define FIELD(EVENT, body, field, KIND, NEED)                                                      \
    if (type == BTX_EVENT_##EVENT) {                                                               \
        struct btx_##body *e = (void *)space;                                                      \
        MOST_##KIND(e, field);                                                                     \
        PRESENT_##NEED(e);                                                                         \
    }
#include "engine/wire/event_fields.def"
}

/* The room that the header promises is enough for any event, wide stores included. */
static void event_text_encode__greatest_event_of_each_type__stays_in_its_room(void **state)
{
    static union event_space space;
    static char out[BTX_EVENT_TEXT_BYTES_MAX + 64];

    (void)state;
    for (uint8_t type = 1; type <= BTX_EVENT_COUNT; type++) {
        size_t length;

        build_greatest(type, &space);
        memset(out, 0x5a, sizeof out);
        length = btx_event_text_encode(&space.record, out);
        assert_true(length + 32 <= BTX_EVENT_TEXT_BYTES_MAX);
        assert_memory_equal(out + length - 13, ",\"end\":true}\n", 13);
        for (size_t i = BTX_EVENT_TEXT_BYTES_MAX; i < sizeof out; i++)
            assert_int_equal(out[i], 0x5a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_text_encode__every_event__exactly_the_documented_line),
        cmocka_unit_test(event_text_cases__all_of_them__cover_every_event),
        cmocka_unit_test(event_text_encode__greatest_frame__printed_whole),
        cmocka_unit_test(event_text_encode__greatest_event_of_each_type__stays_in_its_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
