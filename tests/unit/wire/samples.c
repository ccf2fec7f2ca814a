/* SPDX-License-Identifier: Apache-2.0 */
#include "samples.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BOTH_ENDS (BTX_RECORD_TX_END | BTX_RECORD_COMMAND_END)

/* Where all commands here come from. */
#define SOURCE .command = {.number = 77001, .incarnation = 3, .producer = 2}

#define SAMPLE(name, KIND, flags, TYPE, body, tail, tail_bytes, ...)                               \
    {                                                                                              \
        "" name, BTX_RECORD_##KIND, (flags), BTX_##KIND##_##TYPE, #body,                           \
            &(const struct btx_##body){__VA_ARGS__}, sizeof(struct btx_##body), (tail),            \
            (tail_bytes)                                                                           \
    }

static const uint64_t one_runner[] = {1};
static const uint64_t three_runners[] = {47, 12, UINT64_MAX};
static const uint64_t two_winners[] = {47, 12};
static const uint64_t three_orders[] = {31, 32, 4294967297};

const struct btx_sample btx_samples[] = {
    SAMPLE("command_open_account", COMMAND, 0, OPEN_ACCOUNT, open_account, NULL, 0, SOURCE,
           .account = 1001),
    SAMPLE("command_deposit", COMMAND, 0, DEPOSIT, funds_command, NULL, 0, SOURCE, .account = 1001,
           .amount = 1250000, .cseq = 41),
    SAMPLE("command_withdraw", COMMAND, 0, WITHDRAW, funds_command, NULL, 0, SOURCE,
           .account = 1001, .amount = -5, .transfer = 42),
    SAMPLE("command_freeze_account", COMMAND, 0, FREEZE_ACCOUNT, account_command, NULL, 0, SOURCE,
           .account = 1001),
    SAMPLE("command_unfreeze_account", COMMAND, 0, UNFREEZE_ACCOUNT, account_command, NULL, 0,
           SOURCE, .account = 1001),
    SAMPLE("command_open_market", COMMAND, 0, OPEN_MARKET, open_market, three_runners,
           sizeof three_runners, SOURCE, .market = 2002, .winners = 1, .min_size = 20000,
           .commission = 500, .runners_count = 3, .kind = BTX_MARKET_KIND_ODDS,
           .present = BTX_OPEN_MARKET_HAS_RUNNERS | BTX_OPEN_MARKET_HAS_WINNERS),
    SAMPLE("command_open_market_binary", COMMAND, 0, OPEN_MARKET, open_market, NULL, 0, SOURCE,
           .market = 2002, .tick = 100, .min_size = 10000, .commission = 0,
           .kind = BTX_MARKET_KIND_BINARY, .present = BTX_OPEN_MARKET_HAS_TICK),
    SAMPLE("command_suspend_market", COMMAND, 0, SUSPEND_MARKET, market_command, NULL, 0, SOURCE,
           .market = 2002),
    SAMPLE("command_resume_market", COMMAND, 0, RESUME_MARKET, market_command, NULL, 0, SOURCE,
           .market = 2002),
    SAMPLE("command_turn_in_play", COMMAND, 0, TURN_IN_PLAY, market_command, NULL, 0, SOURCE,
           .market = 2002),
    SAMPLE("command_place_order", COMMAND, 0, PLACE_ORDER, place_order, "order-A",
           sizeof "order-A" - 1, SOURCE, .account = 1001, .market = 2002, .runner = 47,
           .price = 25000, .size = 100000, .min_fill = 40000, .cseq = 43,
           .side = BTX_ORDER_SIDE_LAY, .tif = BTX_TIF_FOK, .persistence = BTX_PERSISTENCE_PERSIST,
           .post_only = 1, .stp = BTX_STP_CANCEL_TAKER, .ref_length = 7,
           .present =
               BTX_PLACE_ORDER_HAS_RUNNER | BTX_PLACE_ORDER_HAS_MIN_FILL | BTX_PLACE_ORDER_HAS_REF),
    SAMPLE("command_place_order_buy", COMMAND, 0, PLACE_ORDER, place_order, NULL, 0, SOURCE,
           .account = 1001, .market = 2002, .price = 6300, .size = 250000,
           .side = BTX_ORDER_SIDE_BUY, .outcome = BTX_OUTCOME_YES),
    SAMPLE("command_cancel_order", COMMAND, 0, CANCEL_ORDER, cancel_order, NULL, 0, SOURCE,
           .account = 1001, .order = 31, .reduce_by = 50000, .cseq = 44,
           .present = BTX_CANCEL_ORDER_HAS_REDUCE_BY),
    SAMPLE("command_cancel_order_whole", COMMAND, 0, CANCEL_ORDER, cancel_order, NULL, 0, SOURCE,
           .account = 1001, .order = 31),
    SAMPLE("command_update_order", COMMAND, 0, UPDATE_ORDER, update_order, NULL, 0, SOURCE,
           .account = 1001, .order = 31, .cseq = 45, .persistence = BTX_PERSISTENCE_PERSIST),
    SAMPLE("command_replace_order", COMMAND, 0, REPLACE_ORDER, replace_order, NULL, 0, SOURCE,
           .account = 1001, .order = 31, .price = 26000, .size = 90000, .cseq = 46,
           .present = BTX_REPLACE_ORDER_HAS_SIZE),
    SAMPLE("command_replace_order_price", COMMAND, 0, REPLACE_ORDER, replace_order, NULL, 0, SOURCE,
           .account = 1001, .order = 31, .price = 26000),
    SAMPLE("command_cancel_orders", COMMAND, 0, CANCEL_ORDERS, cancel_orders, NULL, 0, SOURCE,
           .account = 1001, .market = 2002, .runner = 47, .cseq = 47, .side = BTX_SIDE_LAY,
           .present = BTX_CANCEL_ORDERS_HAS_ACCOUNT | BTX_CANCEL_ORDERS_HAS_MARKET |
                      BTX_CANCEL_ORDERS_HAS_RUNNER | BTX_CANCEL_ORDERS_HAS_SIDE),
    SAMPLE("command_cancel_orders_everything", COMMAND, 0, CANCEL_ORDERS, cancel_orders, NULL, 0,
           SOURCE, .present = 0),
    SAMPLE("command_cancel_orders_disconnect", COMMAND, 0, CANCEL_ORDERS, cancel_orders, NULL, 0,
           SOURCE, .account = 1001, .disconnect = 1, .present = BTX_CANCEL_ORDERS_HAS_ACCOUNT),
    SAMPLE("command_settle_market", COMMAND, 0, SETTLE_MARKET, settle_market, two_winners,
           sizeof two_winners, SOURCE, .market = 2002, .winners_count = 2,
           .present = BTX_SETTLE_MARKET_HAS_WINNERS),
    SAMPLE("command_settle_market_result", COMMAND, 0, SETTLE_MARKET, settle_market, NULL, 0,
           SOURCE, .market = 2002, .result = BTX_OUTCOME_NO),
    SAMPLE("command_void_market", COMMAND, 0, VOID_MARKET, market_command, NULL, 0, SOURCE,
           .market = 2002),
    SAMPLE("command_forget_market", COMMAND, 0, FORGET_MARKET, market_command, NULL, 0, SOURCE,
           .market = 2002),
    SAMPLE("command_tick", COMMAND, 0, TICK, tick, NULL, 0, SOURCE),
    SAMPLE("command_open_market_second", COMMAND, 0, OPEN_MARKET, open_market, three_runners, 16,
           SOURCE, .market = 2003, .winners = 1, .min_size = 20000, .commission = 500,
           .runners_count = 2, .kind = BTX_MARKET_KIND_ODDS, .present = 0x7b, .implied = 1,
           .ladder = BTX_LADDER_FINEST, .bet_delay = 5000),
    SAMPLE("command_place_order_second", COMMAND, 0, PLACE_ORDER, place_order, NULL, 0, SOURCE,
           .account = 1001, .market = 2003, .runner = 47, .price = 23700, .size = 100000,
           .expires = UINT64_C(1790000009000000000), .if_version = 4, .side = BTX_ORDER_SIDE_BACK,
           .present = BTX_PLACE_ORDER_HAS_RUNNER | BTX_PLACE_ORDER_HAS_EXPIRES |
                      BTX_PLACE_ORDER_HAS_IF_VERSION),
    SAMPLE("command_replace_order_second", COMMAND, 0, REPLACE_ORDER, replace_order, NULL, 0,
           SOURCE, .account = 1001, .order = 31, .price = 26000, .if_version = 5,
           .present = BTX_REPLACE_ORDER_HAS_IF_VERSION),
    SAMPLE("command_describe_market", COMMAND, 0, DESCRIBE_MARKET, describe_market, "Caf\xc3\xa9",
           5, SOURCE, .market = 2003, .text_length = 5),
    SAMPLE("command_set_bet_delay", COMMAND, 0, SET_BET_DELAY, set_bet_delay, NULL, 0, SOURCE,
           .market = 2003, .bet_delay = 60001),
    SAMPLE("command_remove_runner", COMMAND, 0, REMOVE_RUNNER, remove_runner, NULL, 0, SOURCE,
           .market = 2002, .runner = 12, .factor = 173500),
    SAMPLE("command_tick_of_due", COMMAND, 0, TICK, tick, NULL, 0, .command = {.rules = 2}),
    SAMPLE("event_account_opened", EVENT, BOTH_ENDS, ACCOUNT_OPENED, account_event, NULL, 0,
           .account = 1001),
    SAMPLE("event_funds_deposited", EVENT, BOTH_ENDS, FUNDS_DEPOSITED, funds_event, NULL, 0,
           .account = 1001, .amount = 1250000, .balance = 9250000, .cseq = 41),
    SAMPLE("event_funds_withdrawn", EVENT, BOTH_ENDS, FUNDS_WITHDRAWN, funds_event, NULL, 0,
           .account = 1001, .amount = 50000, .balance = -1, .transfer = 42),
    SAMPLE("event_account_frozen", EVENT, 0, ACCOUNT_FROZEN, account_event, NULL, 0,
           .account = 1001),
    SAMPLE("event_account_unfrozen", EVENT, BOTH_ENDS, ACCOUNT_UNFROZEN, account_event, NULL, 0,
           .account = 1001),
    SAMPLE("event_market_opened", EVENT, BOTH_ENDS, MARKET_OPENED, market_opened, three_runners,
           sizeof three_runners, .market = 2002, .min_size = 20000, .winners = 1, .commission = 500,
           .runners_count = 3, .kind = BTX_MARKET_KIND_ODDS),
    SAMPLE("event_market_opened_binary", EVENT, BOTH_ENDS, MARKET_OPENED, market_opened, one_runner,
           sizeof one_runner, .market = 2002, .min_size = 10000, .winners = 1, .commission = 0,
           .tick = 100, .runners_count = 1, .kind = BTX_MARKET_KIND_BINARY,
           .present = BTX_MARKET_OPENED_HAS_TICK),
    SAMPLE("event_market_suspended", EVENT, BOTH_ENDS, MARKET_SUSPENDED, market_event, NULL, 0,
           .market = 2002),
    SAMPLE("event_market_resumed", EVENT, BOTH_ENDS, MARKET_RESUMED, market_event, NULL, 0,
           .market = 2002),
    SAMPLE("event_market_turned_in_play", EVENT, 0, MARKET_TURNED_IN_PLAY, market_event, NULL, 0,
           .market = 2002),
    SAMPLE("event_order_accepted", EVENT, 0, ORDER_ACCEPTED, order_accepted, "order-A",
           sizeof "order-A" - 1, .order = 31, .account = 1001, .market = 2002, .runner = 47,
           .size = 100000, .cseq = 43, .price = 25000, .side = BTX_SIDE_LAY, .tif = BTX_TIF_IOC,
           .persistence = BTX_PERSISTENCE_PERSIST, .post_only = 1, .stp = BTX_STP_CANCEL_MAKER,
           .ref_length = 7, .present = BTX_ORDER_ACCEPTED_HAS_REF),
    SAMPLE("event_order_accepted_plain", EVENT, BOTH_ENDS, ORDER_ACCEPTED, order_accepted, NULL, 0,
           .order = 31, .account = 1001, .market = 2002, .runner = 1, .size = 100000,
           .price = 6300),
    SAMPLE("event_trade_matched", EVENT, 0, TRADE_MATCHED, trade_matched, NULL, 0, .market = 2002,
           .runner = 47, .size = 60000, .taker = 32, .taker_account = 1003, .maker = 31,
           .maker_account = 1001, .taker_remaining = 10000, .maker_remaining = 40000,
           .price = 25000, .taker_side = BTX_SIDE_LAY),
    SAMPLE("event_order_cancelled", EVENT, BOTH_ENDS, ORDER_CANCELLED, order_cancelled, NULL, 0,
           .order = 31, .account = 1001, .market = 2002, .runner = 47, .cancelled = 50000,
           .remaining = 40000, .cseq = 44, .side = BTX_SIDE_LAY, .cause = BTX_CAUSE_SELF_TRADE),
    SAMPLE("event_order_updated", EVENT, BOTH_ENDS, ORDER_UPDATED, order_updated, NULL, 0,
           .order = 31, .account = 1001, .market = 2002, .runner = 47, .cseq = 45,
           .persistence = BTX_PERSISTENCE_PERSIST),
    SAMPLE("event_order_cancelled_batched", EVENT, BTX_RECORD_TX_END, ORDER_CANCELLED_BATCHED,
           order_cancelled_batched, three_orders, sizeof three_orders, .market = 2002, .cseq = 47,
           .orders_count = 3, .cause = BTX_CAUSE_LAPSED),
    SAMPLE("event_market_settling", EVENT, 0, MARKET_SETTLING, market_settling, two_winners,
           sizeof two_winners, .market = 2002, .winners_count = 2),
    SAMPLE("event_account_settled", EVENT, 0, ACCOUNT_SETTLED, account_settled, NULL, 0,
           .market = 2002, .account = 1001, .pnl = 80000, .commission = 4000, .balance = 9326000),
    SAMPLE("event_account_settled_loss", EVENT, 0, ACCOUNT_SETTLED, account_settled, NULL, 0,
           .market = 2002, .account = 1003, .pnl = -80000, .commission = 0, .balance = -7),
    SAMPLE("event_market_settled", EVENT, BOTH_ENDS, MARKET_SETTLED, market_settled, NULL, 0,
           .market = 2002, .accounts = 2, .commission = 4000, .rounding = 1),
    SAMPLE("event_market_voided", EVENT, 0, MARKET_VOIDED, market_event, NULL, 0, .market = 2002),
    SAMPLE("event_market_forgotten", EVENT, BOTH_ENDS, MARKET_FORGOTTEN, market_event, NULL, 0,
           .market = 2002),
    SAMPLE("event_command_rejected", EVENT, BOTH_ENDS, COMMAND_REJECTED, command_rejected,
           "order-A", sizeof "order-A" - 1, .account = 1001, .market = 2002, .order = 31,
           .cseq = 43, .cmd = BTX_COMMAND_PLACE_ORDER, .reason = BTX_REJECT_NOT_FILLABLE,
           .ref_length = 7,
           .present = BTX_COMMAND_REJECTED_HAS_ACCOUNT | BTX_COMMAND_REJECTED_HAS_MARKET |
                      BTX_COMMAND_REJECTED_HAS_ORDER | BTX_COMMAND_REJECTED_HAS_REF),
    SAMPLE("event_command_rejected_bare", EVENT, BOTH_ENDS, COMMAND_REJECTED, command_rejected,
           NULL, 0, .transfer = 42, .cmd = BTX_COMMAND_WITHDRAW,
           .reason = BTX_REJECT_INVALID_AMOUNT),
    SAMPLE("event_market_opened_second", EVENT, BOTH_ENDS, MARKET_OPENED, market_opened,
           three_runners, 16, .market = 2003, .min_size = 20000, .winners = 1, .commission = 500,
           .runners_count = 2, .kind = BTX_MARKET_KIND_ODDS, .bet_delay = 5000, .implied = 1,
           .ladder = BTX_LADDER_FINEST),
    SAMPLE("event_order_accepted_second", EVENT, BOTH_ENDS, ORDER_ACCEPTED, order_accepted, NULL, 0,
           .order = 33, .account = 1001, .market = 2003, .runner = 47, .size = 100000,
           .expires = UINT64_C(1790000009000000000), .price = 23700),
    SAMPLE("event_market_described", EVENT, BOTH_ENDS, MARKET_DESCRIBED, market_described,
           "Caf\xc3\xa9", 5, .market = 2003, .text_length = 5),
    SAMPLE("event_bet_delay_set", EVENT, BOTH_ENDS, BET_DELAY_SET, bet_delay_set, NULL, 0,
           .market = 2003, .bet_delay = 6000),
    SAMPLE("event_runner_removed", EVENT, 0, RUNNER_REMOVED, runner_removed, NULL, 0,
           .market = 2002, .runner = 12, .factor = 173500),
    SAMPLE("event_order_held", EVENT, BOTH_ENDS, ORDER_HELD, order_held, "order-A",
           sizeof "order-A" - 1, .order = 34, .account = 1001, .market = 2003, .runner = 47,
           .size = 100000, .cseq = 48, .price = 25000, .side = BTX_SIDE_LAY, .tif = BTX_TIF_FOK,
           .persistence = BTX_PERSISTENCE_PERSIST, .stp = BTX_STP_CANCEL_MAKER, .ref_length = 7,
           .present = BTX_ORDER_HELD_HAS_REF | BTX_ORDER_HELD_HAS_MIN_FILL,
           .until = UINT64_C(1790000005123456789), .min_fill = 40000),
    SAMPLE("event_order_released", EVENT, 0, ORDER_RELEASED, order_released, NULL, 0, .order = 34,
           .account = 1001, .market = 2003),
    SAMPLE("event_implied_matched", EVENT, 0, IMPLIED_MATCHED, implied_matched, NULL, 0,
           .market = 2003, .runner = 47, .size = 50000, .taker = 35, .taker_account = 1003,
           .maker_runner = 12, .maker_size = 100000, .maker = 31, .maker_account = 1001,
           .taker_remaining = 10000, .maker_remaining = 100, .maker_price = 15000,
           .taker_side = BTX_SIDE_BACK),
    SAMPLE("note_engine_started_second", NOTE, 0, ENGINE_STARTED, engine_started, NULL, 0,
           .epoch = 9, .capacity_accounts = 100000, .capacity_markets = 5000,
           .capacity_runners = 50000, .capacity_orders = 2000000, .capacity_positions = 1000000,
           .rules_version = 2, .configuration_sha256 = {0x11, 0x22, 0x33, [31] = 0xff},
           .image = "betex 0.1.0", .host = "appliance-1", .capacity_stakes = 4000000,
           .capacity_description_bytes = 67108864),
    SAMPLE("note_engine_started", NOTE, 0, ENGINE_STARTED, engine_started, NULL, 0, .epoch = 9,
           .capacity_accounts = 100000, .capacity_markets = 5000, .capacity_runners = 50000,
           .capacity_orders = 2000000, .capacity_positions = 1000000, .rules_version = 1,
           .shard = 0, .configuration_sha256 = {0x11, 0x22, 0x33, [31] = 0xff},
           .image = "betex 0.1.0", .host = "appliance-1"),
    SAMPLE("note_state_digest", NOTE, 0, STATE_DIGEST, state_digest, NULL, 0,
           .sha256 = {0x44, 0x55, 0x66, [31] = 0xee}, .rules_version = 1),
    SAMPLE("note_operator_action", NOTE, 0, OPERATOR_ACTION, operator_action, "market suspend 2002",
           sizeof "market suspend 2002" - 1, .who = "alice", .what_length = 19),
    SAMPLE("note_clean_stop", NOTE, 0, CLEAN_STOP, clean_stop, NULL, 0, .record = {.crc = 0}),
};
const size_t btx_samples_count = sizeof btx_samples / sizeof btx_samples[0];

const struct btx_sample *btx_sample_find(const char *name)
{
    for (size_t i = 0; i < btx_samples_count; i++) {
        if (strcmp(btx_samples[i].name, name) == 0)
            return &btx_samples[i];
    }
    fail_msg("there is no sample '%s'", name);
    return NULL;
}

size_t btx_sample_build(const struct btx_sample *sample, union btx_sample_space *space)
{
    memset(space, 0xa5, sizeof *space);
    memcpy(space->bytes, sample->body, sample->body_bytes);
    space->record.kind_flags = (uint8_t)(sample->kind | sample->flags);
    space->record.type = sample->type;
    space->record.seq = 1234;
    space->record.tx = 567;
    space->record.time_ns = UINT64_C(1790000000123456789);
    btx_sample_set_tail(space, sample->body_bytes, sample->tail, sample->tail_bytes);
    return btx_record_length_bytes(&space->record);
}

void btx_sample_set_tail(union btx_sample_space *space, size_t body_bytes, const void *tail,
                         size_t tail_bytes)
{
    const size_t used_bytes = body_bytes + tail_bytes;
    const size_t length_bytes =
        (used_bytes + BTX_RECORD_UNIT_BYTES - 1) / BTX_RECORD_UNIT_BYTES * BTX_RECORD_UNIT_BYTES;

    assert_true(length_bytes <= sizeof space->bytes);
    if (tail_bytes != 0)
        memcpy(space->bytes + body_bytes, tail, tail_bytes);
    memset(space->bytes + used_bytes, 0, length_bytes - used_bytes);
    space->record.length_units = (uint16_t)(length_bytes / BTX_RECORD_UNIT_BYTES);
}

const char *btx_sample_check_copy(const void *bytes, size_t length_bytes)
{
    /* calloc() aligns for any type, and a sanitizer marks what is behind the last byte. */
    void *copy = calloc(length_bytes != 0 ? length_bytes : 1, 1);
    const char *sentence;

    assert_non_null(copy);
    memcpy(copy, bytes, length_bytes);
    sentence = btx_record_check(copy, length_bytes);
    free(copy);
    return sentence;
}
