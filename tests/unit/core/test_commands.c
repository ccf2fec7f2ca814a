/* SPDX-License-Identifier: Apache-2.0 */
/* test_commands.c - the reasons of each command in the order of rules.md 4 and 5: a command that
 * is wrong in every way is mended step by step, and each reason shows in its turn. */
#include "engine/core/commands.h"

#include "engine/core/entities.h"
#include "tests/unit/core/fixture.h"

#define RUNNER BTX_FIXTURE_RUNNER
#define ONE BTX_FIXTURE_ONE
#define NONE ((enum btx_reject)BTX_REJECT_COUNT)

/* Two accounts and no more, two orders and no more. */
static int setup(void **state)
{
    static struct btx_fixture fixture;
    static const struct btx_core_capacity capacity = {
        .accounts = 2, .markets = 2, .runners = 4, .orders = 2, .positions = 4};

    btx_fixture_open(&fixture, &capacity, 0);
    *state = &fixture;
    return 0;
}

static void expect(struct btx_fixture *fixture, enum btx_reject reason)
{
    btx_fixture_run(fixture);
    if (btx_fixture_reason(fixture) != reason)
        fail_msg("want %s, got %s", reason == NONE ? "none" : btx_reject_terms[reason].text,
                 btx_fixture_reason(fixture) == NONE
                     ? "none"
                     : btx_reject_terms[btx_fixture_reason(fixture)].text);
}

static void open_account__reasons_in_order(void **state)
{
    struct btx_fixture *fixture = *state;

    btx_fixture_open_account(fixture, 1, 0);
    struct btx_open_account *command = btx_fixture_begin(fixture, BTX_COMMAND_OPEN_ACCOUNT);
    expect(fixture, BTX_REJECT_INVALID_ACCOUNT);
    command->account = 2;
    expect(fixture, NONE);
    expect(fixture, BTX_REJECT_ACCOUNT_EXISTS);
    command->account = 3;
    expect(fixture, BTX_REJECT_CAPACITY);
}

static struct btx_funds_command *build_funds(struct btx_fixture *fixture,
                                             enum btx_command_type type, int64_t amount)
{
    struct btx_funds_command *command = btx_fixture_begin(fixture, type);

    command->account = 1;
    command->amount = amount;
    return command;
}

static void deposit__reasons_in_order(void **state)
{
    struct btx_fixture *fixture = *state;

    btx_fixture_open_account(fixture, 1, 0);
    btx_fixture_open_account(fixture, 2, 0);
    struct btx_funds_command *command = build_funds(fixture, BTX_COMMAND_DEPOSIT, -1);
    command->account = 0;
    expect(fixture, BTX_REJECT_UNKNOWN_ACCOUNT);
    command->account = 1;
    command->cseq = 5;
    expect(fixture, BTX_REJECT_INVALID_AMOUNT);
    expect(fixture, BTX_REJECT_DUPLICATE);
    command->cseq = 0;
    command->amount = 0;
    expect(fixture, BTX_REJECT_INVALID_AMOUNT);
    command->amount = BTX_MONEY_MAX + 1;
    expect(fixture, BTX_REJECT_INVALID_AMOUNT);
    command->amount = BTX_MONEY_MAX - 1;
    expect(fixture, NONE);
    command->account = 2; /* The sum of all balances counts. */
    command->amount = 2;
    expect(fixture, BTX_REJECT_INVALID_AMOUNT);
    command->amount = 1;
    expect(fixture, NONE);
}

static void withdraw__reasons_in_order(void **state)
{
    struct btx_fixture *fixture = *state;

    btx_fixture_open_account(fixture, 1, 10 * ONE);
    btx_fixture_open_odds(fixture, 1, 2, 1);
    assert_int_equal(btx_fixture_place(fixture, &(struct btx_wish){.account = 1,
                                                                   .market = 1,
                                                                   .runner = RUNNER,
                                                                   .side = BTX_SIDE_LAY,
                                                                   .price = 40000,
                                                                   .size = ONE}),
                     1);
    struct btx_funds_command *command = build_funds(fixture, BTX_COMMAND_WITHDRAW, 0);
    command->account = 3;
    expect(fixture, BTX_REJECT_UNKNOWN_ACCOUNT);
    command->account = 1;
    command->transfer = 3;
    btx_find_account(fixture->core, 1)->frozen = true;
    expect(fixture, BTX_REJECT_ACCOUNT_FROZEN);
    expect(fixture, BTX_REJECT_DUPLICATE);
    command->transfer = 0;
    btx_find_account(fixture->core, 1)->frozen = false;
    expect(fixture, BTX_REJECT_INVALID_AMOUNT);
    command->amount = 7 * ONE + 1; /* 3 are reserved. */
    expect(fixture, BTX_REJECT_INSUFFICIENT_FUNDS);
    command->amount = 7 * ONE;
    expect(fixture, NONE);
    command->amount = 1;
    expect(fixture, BTX_REJECT_INSUFFICIENT_FUNDS);
}

static void freeze_and_unfreeze__reasons_in_order(void **state)
{
    struct btx_fixture *fixture = *state;

    btx_fixture_open_account(fixture, 1, 0);
    btx_find_account(fixture->core, 1)->cseq = 5; /* Neither is the operator's. */
    btx_find_account(fixture->core, 1)->transfer = 5;
    for (int type = BTX_COMMAND_FREEZE_ACCOUNT; type <= BTX_COMMAND_UNFREEZE_ACCOUNT; type++) {
        struct btx_account_command *command =
            btx_fixture_begin(fixture, (enum btx_command_type)type);
        command->account = 7;
        expect(fixture, BTX_REJECT_UNKNOWN_ACCOUNT);
        command->account = 1;
        expect(fixture, NONE);
        expect(fixture, BTX_REJECT_NO_CHANGE);
    }
}

/* INVALID_MARKET in all its forms, before MARKET_EXISTS. */
static void open_market_odds__reasons_in_order(void **state)
{
    struct btx_fixture *fixture = *state;

    btx_fixture_open_odds(fixture, 1, 2, 1);
    for (int form = 0; form < 9; form++) {
        struct btx_open_market *command = btx_fixture_build_odds(fixture, 1, 2, 1);
        uint64_t *runners = (uint64_t *)(command + 1);

        command->market = form == 0 ? 0 : 1;
        command->winners = form == 1 ? 0 : form == 2 ? 2 : 1;
        command->min_size = form == 3 ? 0 : form == 4 ? 150 : 100;
        command->commission = form == 5 ? -1 : form == 6 ? 10001 : 0;
        if (form == 7)
            runners[1] = runners[0];
        if (form == 8)
            runners[0] = 0;
        expect(fixture, BTX_REJECT_INVALID_MARKET);
    }
    struct btx_open_market *command = btx_fixture_build_odds(fixture, 1, 513, 1);
    expect(fixture, BTX_REJECT_INVALID_MARKET);
    command = btx_fixture_build_odds(fixture, 1, 2, 1);
    command->winners = UINT64_C(1) << 32 | 1;
    expect(fixture, BTX_REJECT_INVALID_MARKET);
    command->winners = 1;
    command->min_size = BTX_MONEY_MAX + 100;
    expect(fixture, BTX_REJECT_INVALID_MARKET);
    command->min_size = BTX_MONEY_MAX;
    expect(fixture, BTX_REJECT_MARKET_EXISTS);
    (void)btx_fixture_build_odds(fixture, 2, 3, 1); /* 2 runners are left. */
    expect(fixture, BTX_REJECT_CAPACITY);
    (void)btx_fixture_build_odds(fixture, 2, 2, 1);
    expect(fixture, NONE);
    (void)btx_fixture_build_odds(fixture, 3, 2, 1);
    expect(fixture, BTX_REJECT_CAPACITY);
}

static void open_market_binary__runners_absent_or_1__else_invalid(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_open_market *command = btx_fixture_begin(fixture, BTX_COMMAND_OPEN_MARKET);
    uint64_t *runners = (uint64_t *)(command + 1);

    command->market = 5;
    command->kind = BTX_MARKET_KIND_BINARY;
    command->min_size = ONE;
    command->tick = 50;
    command->present =
        BTX_OPEN_MARKET_HAS_TICK | BTX_OPEN_MARKET_HAS_WINNERS | BTX_OPEN_MARKET_HAS_RUNNERS;
    command->winners = 1;
    command->runners_count = 1;
    runners[0] = 1;
    btx_command_set_length(fixture->command, sizeof runners[0]);
    expect(fixture, BTX_REJECT_INVALID_MARKET);
    command->tick = 100;
    command->winners = 2;
    expect(fixture, BTX_REJECT_INVALID_MARKET);
    command->winners = 1;
    runners[0] = 2;
    expect(fixture, BTX_REJECT_INVALID_MARKET);
    runners[0] = 1;
    command->min_size = 100;
    expect(fixture, BTX_REJECT_INVALID_MARKET);
    command->min_size = ONE;
    expect(fixture, NONE);
}

static void market_commands__reasons_in_order(void **state)
{
    static const enum btx_command_type types[] = {
        BTX_COMMAND_SUSPEND_MARKET, BTX_COMMAND_RESUME_MARKET, BTX_COMMAND_TURN_IN_PLAY,
        BTX_COMMAND_VOID_MARKET};
    struct btx_fixture *fixture = *state;

    btx_fixture_open_odds(fixture, 1, 2, 1);
    btx_fixture_open_odds(fixture, 2, 2, 1);
    btx_fixture_on_market(fixture, BTX_COMMAND_VOID_MARKET, 2);
    for (size_t i = 0; i < BTX_COUNT_OF(types); i++) {
        struct btx_market_command *command = btx_fixture_begin(fixture, types[i]);
        command->market = 7;
        expect(fixture, BTX_REJECT_UNKNOWN_MARKET);
        command->market = 2;
        expect(fixture, BTX_REJECT_MARKET_CLOSED);
        command->market = 1;
        expect(fixture, NONE);
        expect(fixture, types[i] == BTX_COMMAND_VOID_MARKET ? BTX_REJECT_MARKET_CLOSED
                                                            : BTX_REJECT_NO_CHANGE);
    }
}

static void forget_market__reasons_in_order(void **state)
{
    struct btx_fixture *fixture = *state;

    btx_fixture_open_odds(fixture, 1, 2, 1);
    struct btx_market_command *command = btx_fixture_begin(fixture, BTX_COMMAND_FORGET_MARKET);
    command->market = 7;
    expect(fixture, BTX_REJECT_UNKNOWN_MARKET);
    command->market = 1;
    expect(fixture, BTX_REJECT_NOT_CLOSED);
    btx_fixture_on_market(fixture, BTX_COMMAND_SUSPEND_MARKET, 1);
    command = btx_fixture_begin(fixture, BTX_COMMAND_FORGET_MARKET);
    command->market = 1;
    expect(fixture, BTX_REJECT_NOT_CLOSED);
    btx_fixture_on_market(fixture, BTX_COMMAND_VOID_MARKET, 1);
    btx_fixture_on_market(fixture, BTX_COMMAND_FORGET_MARKET, 1);
    const struct btx_market_event *forgotten =
        btx_fixture_event(fixture, 0, BTX_EVENT_MARKET_FORGOTTEN);
    assert_int_equal(forgotten->market, 1);
    command = btx_fixture_begin(fixture, BTX_COMMAND_FORGET_MARKET);
    command->market = 1;
    expect(fixture, BTX_REJECT_UNKNOWN_MARKET);
}

static void settle_market__reasons_in_order(void **state)
{
    static const uint64_t winners[] = {RUNNER, RUNNER};
    struct btx_fixture *fixture = *state;

    btx_fixture_open_odds(fixture, 1, 2, 1);
    btx_fixture_build_settle(fixture, 7, winners, 2);
    expect(fixture, BTX_REJECT_UNKNOWN_MARKET);
    btx_fixture_build_settle(fixture, 1, winners, 2);
    expect(fixture, BTX_REJECT_INVALID_WINNERS);
    btx_fixture_build_settle(fixture, 1, winners, 1);
    expect(fixture, NONE);
    btx_fixture_build_settle(fixture, 1, winners, 2);
    expect(fixture, BTX_REJECT_MARKET_CLOSED);
}

/* Account 1 without money and frozen, account 2 with two resting LAYs at 2: all there is room
 * for.  The market is suspended. */
static void prepare_place(struct btx_fixture *fixture)
{
    btx_fixture_open_account(fixture, 1, 0);
    btx_fixture_open_account(fixture, 2, 100 * ONE);
    btx_fixture_open_odds(fixture, 1, 2, 1);
    for (int i = 0; i < 2; i++)
        assert_true(btx_fixture_place(fixture, &(struct btx_wish){.account = 2,
                                                                  .market = 1,
                                                                  .runner = RUNNER,
                                                                  .side = BTX_SIDE_LAY,
                                                                  .price = 20000,
                                                                  .size = ONE}) != 0);
    btx_find_account(fixture->core, 1)->cseq = 10;
    btx_find_account(fixture->core, 1)->frozen = true;
    btx_find_market(fixture->core, 1)->status = BTX_MARKET_SUSPENDED;
}

static void expect_place(struct btx_fixture *fixture, const struct btx_wish *wish,
                         enum btx_reject reason)
{
    btx_fixture_build_place(fixture, wish);
    expect(fixture, reason);
}

static void place_order__reasons_in_order(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_wish wish = {.account = 0,
                            .market = 7,
                            .runner = 99,
                            .side = BTX_SIDE_BACK,
                            .price = 20100,
                            .size = 50,
                            .tif = BTX_TIF_IOC,
                            .post_only = true,
                            .cseq = 10};

    prepare_place(fixture);
    expect_place(fixture, &wish, BTX_REJECT_UNKNOWN_ACCOUNT);
    wish.account = 1;
    expect_place(fixture, &wish, BTX_REJECT_DUPLICATE);
    wish.cseq = 0;
    expect_place(fixture, &wish, BTX_REJECT_ACCOUNT_FROZEN);
    btx_find_account(fixture->core, 1)->frozen = false;
    expect_place(fixture, &wish, BTX_REJECT_UNKNOWN_MARKET);
    wish.market = 1;
    expect_place(fixture, &wish, BTX_REJECT_MARKET_NOT_OPEN);
    btx_find_market(fixture->core, 1)->status = BTX_MARKET_OPEN;
    expect_place(fixture, &wish, BTX_REJECT_UNKNOWN_RUNNER);
    wish.runner = 0; /* Not given: 1 on BINARY only. */
    expect_place(fixture, &wish, BTX_REJECT_UNKNOWN_RUNNER);
    wish.runner = RUNNER;
    expect_place(fixture, &wish, BTX_REJECT_INVALID_PRICE);
    wish.price = 20000;
    expect_place(fixture, &wish, BTX_REJECT_INVALID_SIZE);
    wish.size = ONE;
    expect_place(fixture, &wish, BTX_REJECT_INVALID_ORDER);
    wish.tif = BTX_TIF_GTC;
    expect_place(fixture, &wish, BTX_REJECT_CAPACITY);
    btx_fixture_cancel(fixture, 2, 2);
    expect_place(fixture, &wish, BTX_REJECT_INSUFFICIENT_FUNDS);
    (void)build_funds(fixture, BTX_COMMAND_DEPOSIT, 3 * ONE);
    expect(fixture, NONE);
    expect_place(fixture, &wish, BTX_REJECT_WOULD_MATCH);
    wish.post_only = false;
    wish.tif = BTX_TIF_FOK;
    wish.size = 2 * ONE;
    expect_place(fixture, &wish, BTX_REJECT_NOT_FILLABLE);
    wish.min_fill = ONE;
    expect_place(fixture, &wish, NONE);
    assert_int_equal(btx_fixture_count(fixture, BTX_EVENT_TRADE_MATCHED), 1);
}

/* INVALID_SIZE and INVALID_ORDER in all their forms. */
static void place_order__sizes_and_min_fill__as_in_the_rules(void **state)
{
    static const struct {
        int64_t size;
        enum btx_tif tif;
        int64_t min_fill;
        enum btx_reject reason;
    } rows[] = {
        {0, BTX_TIF_GTC, 0, BTX_REJECT_INVALID_SIZE},
        {-100, BTX_TIF_GTC, 0, BTX_REJECT_INVALID_SIZE},
        {150, BTX_TIF_GTC, 0, BTX_REJECT_INVALID_SIZE},
        {BTX_MONEY_MAX + 100, BTX_TIF_GTC, 0, BTX_REJECT_INVALID_SIZE},
        {BTX_MONEY_MAX, BTX_TIF_GTC, 0, BTX_REJECT_INSUFFICIENT_FUNDS},
        {ONE, BTX_TIF_GTC, 100, BTX_REJECT_INVALID_ORDER},
        {ONE, BTX_TIF_IOC, 100, BTX_REJECT_INVALID_ORDER},
        {ONE, BTX_TIF_FOK, -100, BTX_REJECT_INVALID_ORDER},
        {ONE, BTX_TIF_FOK, 150, BTX_REJECT_INVALID_ORDER},
        {ONE, BTX_TIF_FOK, ONE + 100, BTX_REJECT_INVALID_ORDER},
        {ONE, BTX_TIF_FOK, ONE, BTX_REJECT_NOT_FILLABLE},
    };
    struct btx_fixture *fixture = *state;

    btx_fixture_open_account(fixture, 1, 100 * ONE);
    btx_fixture_open_odds(fixture, 1, 2, 1);
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++)
        expect_place(fixture,
                     &(struct btx_wish){.account = 1,
                                        .market = 1,
                                        .runner = RUNNER,
                                        .price = 20000,
                                        .size = rows[i].size,
                                        .tif = rows[i].tif,
                                        .min_fill = rows[i].min_fill},
                     rows[i].reason);
    btx_find_market(fixture->core, 1)->min_size = 2 * ONE;
    expect_place(fixture,
                 &(struct btx_wish){
                     .account = 1, .market = 1, .runner = RUNNER, .price = 20000, .size = ONE},
                 BTX_REJECT_INVALID_SIZE);
}

/* Account 1 has an order, and account 2 as well. */
static void prepare_orders(struct btx_fixture *fixture)
{
    for (uint64_t account = 1; account <= 2; account++)
        btx_fixture_open_account(fixture, account, 2 * ONE);
    btx_fixture_open_odds(fixture, 1, 2, 1);
    for (uint64_t account = 1; account <= 2; account++)
        assert_int_equal(btx_fixture_place(fixture, &(struct btx_wish){.account = account,
                                                                       .market = 1,
                                                                       .runner = RUNNER,
                                                                       .side = BTX_SIDE_LAY,
                                                                       .price = 20000,
                                                                       .size = ONE}),
                         account);
    btx_find_account(fixture->core, 1)->cseq = 10;
}

static void cancel_order__reasons_in_order(void **state)
{
    struct btx_fixture *fixture = *state;

    prepare_orders(fixture);
    struct btx_cancel_order *command = btx_fixture_begin(fixture, BTX_COMMAND_CANCEL_ORDER);
    command->order = 7;
    command->cseq = 10;
    command->reduce_by = 150;
    command->present = BTX_CANCEL_ORDER_HAS_REDUCE_BY;
    expect(fixture, BTX_REJECT_UNKNOWN_ACCOUNT);
    command->account = 1;
    expect(fixture, BTX_REJECT_DUPLICATE);
    command->cseq = 0;
    expect(fixture, BTX_REJECT_UNKNOWN_ORDER);
    command->order = 2;
    expect(fixture, BTX_REJECT_NOT_ORDER_OWNER);
    command->order = 1;
    expect(fixture, BTX_REJECT_INVALID_SIZE);
    command->reduce_by = 0;
    expect(fixture, BTX_REJECT_INVALID_SIZE);
    command->reduce_by = -100;
    expect(fixture, BTX_REJECT_INVALID_SIZE);
    command->reduce_by = ONE - 100;
    expect(fixture, NONE);
    assert_int_equal(btx_find_order(fixture->core, 1)->remaining, 100);
    expect(fixture, NONE); /* More than there is: all of it. */
    assert_null(btx_find_order(fixture->core, 1));
    expect(fixture, BTX_REJECT_UNKNOWN_ORDER);
}

static void update_order__reasons_in_order(void **state)
{
    struct btx_fixture *fixture = *state;

    prepare_orders(fixture);
    struct btx_update_order *command = btx_fixture_begin(fixture, BTX_COMMAND_UPDATE_ORDER);
    command->order = 7;
    command->cseq = 10;
    expect(fixture, BTX_REJECT_UNKNOWN_ACCOUNT);
    command->account = 1;
    expect(fixture, BTX_REJECT_DUPLICATE);
    command->cseq = 0;
    expect(fixture, BTX_REJECT_UNKNOWN_ORDER);
    command->order = 2;
    expect(fixture, BTX_REJECT_NOT_ORDER_OWNER);
    command->order = 1;
    expect(fixture, BTX_REJECT_NO_CHANGE);
    command->persistence = BTX_PERSISTENCE_PERSIST;
    command->cseq = 11;
    expect(fixture, NONE);
    const struct btx_order_updated *updated =
        btx_fixture_event(fixture, 0, BTX_EVENT_ORDER_UPDATED);
    assert_int_equal(updated->order, 1);
    assert_int_equal(updated->account, 1);
    assert_int_equal(updated->market, 1);
    assert_int_equal(updated->runner, RUNNER);
    assert_int_equal(updated->cseq, 11);
    assert_int_equal(updated->persistence, BTX_PERSISTENCE_PERSIST);
    command->cseq = 0;
    expect(fixture, BTX_REJECT_NO_CHANGE);
}

/* Until it is accepted the old order stays as it was. */
static void replace_order__reasons_in_order(void **state)
{
    struct btx_fixture *fixture = *state;

    prepare_orders(fixture);
    struct btx_replace_order *command = btx_fixture_begin(fixture, BTX_COMMAND_REPLACE_ORDER);
    command->order = 7;
    command->cseq = 10;
    command->price = 20100;
    command->size = 150;
    command->present = BTX_REPLACE_ORDER_HAS_SIZE;
    expect(fixture, BTX_REJECT_UNKNOWN_ACCOUNT);
    command->account = 1;
    expect(fixture, BTX_REJECT_DUPLICATE);
    command->cseq = 0;
    expect(fixture, BTX_REJECT_UNKNOWN_ORDER);
    command->order = 2;
    expect(fixture, BTX_REJECT_NOT_ORDER_OWNER);
    command->order = 1;
    btx_find_market(fixture->core, 1)->status = BTX_MARKET_SUSPENDED;
    expect(fixture, BTX_REJECT_MARKET_NOT_OPEN);
    btx_find_market(fixture->core, 1)->status = BTX_MARKET_OPEN;
    expect(fixture, BTX_REJECT_INVALID_PRICE);
    command->price = 40000;
    expect(fixture, BTX_REJECT_INVALID_SIZE);
    command->size = ONE; /* 3 to lose, and 2 there are, the old order's counted. */
    expect(fixture, BTX_REJECT_INSUFFICIENT_FUNDS);
    assert_int_equal(btx_find_order(fixture->core, 1)->price, 20000);
    command->price = 30000;
    expect(fixture, NONE); /* With no room for a third order, nor need of it. */
    assert_null(btx_find_order(fixture->core, 1));
    assert_int_equal(btx_find_order(fixture->core, 3)->price, 30000);
}

/* The acceptance repeats all that was asked: a log must tell it without the command. */
static void place_order__accepted__event_says_everything(void **state)
{
    struct btx_fixture *fixture = *state;

    btx_fixture_open_account(fixture, 1, 100 * ONE);
    btx_fixture_open_odds(fixture, 1, 2, 1);
    expect_place(fixture,
                 &(struct btx_wish){.account = 1,
                                    .market = 1,
                                    .runner = RUNNER + 1,
                                    .side = BTX_SIDE_LAY,
                                    .price = 21100,
                                    .size = 3 * ONE,
                                    .persistence = BTX_PERSISTENCE_PERSIST,
                                    .stp = BTX_STP_CANCEL_MAKER,
                                    .post_only = true,
                                    .ref = "said",
                                    .cseq = 17},
                 BTX_REJECT_INVALID_PRICE);
    expect_place(fixture,
                 &(struct btx_wish){.account = 1,
                                    .market = 1,
                                    .runner = RUNNER + 1,
                                    .side = BTX_SIDE_LAY,
                                    .price = 22000,
                                    .size = 3 * ONE,
                                    .persistence = BTX_PERSISTENCE_PERSIST,
                                    .stp = BTX_STP_CANCEL_MAKER,
                                    .post_only = true,
                                    .ref = "said",
                                    .cseq = 18},
                 NONE);
    const struct btx_order_accepted *accepted =
        btx_fixture_event(fixture, 0, BTX_EVENT_ORDER_ACCEPTED);
    assert_int_equal(accepted->order, 1);
    assert_int_equal(accepted->account, 1);
    assert_int_equal(accepted->market, 1);
    assert_int_equal(accepted->runner, RUNNER + 1);
    assert_int_equal(accepted->size, 3 * ONE);
    assert_int_equal(accepted->cseq, 18);
    assert_int_equal(accepted->price, 22000);
    assert_int_equal(accepted->side, BTX_SIDE_LAY);
    assert_int_equal(accepted->tif, BTX_TIF_GTC);
    assert_int_equal(accepted->persistence, BTX_PERSISTENCE_PERSIST);
    assert_int_equal(accepted->post_only, 1);
    assert_int_equal(accepted->stp, BTX_STP_CANCEL_MAKER);
    assert_int_equal(accepted->ref_length, 4);
    assert_memory_equal(btx_order_accepted_ref(accepted), "said", 4);
}

/* Side, persistence, ref and stp are kept, tif is GTC, post_only false, and the cseq is the
 * command's (rules.md 4); without a size it is what remains, which min_size does not judge. */
static void replace_order__accepted__keeps_what_it_does_not_say(void **state)
{
    struct btx_fixture *fixture = *state;

    btx_fixture_open_account(fixture, 1, 100 * ONE);
    btx_fixture_open_odds(fixture, 1, 2, 1);
    assert_int_equal(
        btx_fixture_place(fixture, &(struct btx_wish){.account = 1,
                                                      .market = 1,
                                                      .runner = RUNNER + 1,
                                                      .side = BTX_SIDE_LAY,
                                                      .price = 20000,
                                                      .size = 2 * ONE,
                                                      .persistence = BTX_PERSISTENCE_PERSIST,
                                                      .stp = BTX_STP_CANCEL_TAKER,
                                                      .post_only = true,
                                                      .ref = "kept",
                                                      .cseq = 3}),
        1);
    btx_find_market(fixture->core, 1)->min_size = 4 * ONE;
    struct btx_replace_order *command = btx_fixture_begin(fixture, BTX_COMMAND_REPLACE_ORDER);
    command->account = 1;
    command->order = 1;
    command->price = 19000;
    command->cseq = 4;
    expect(fixture, NONE);

    const struct btx_order_cancelled *cancelled =
        btx_fixture_event(fixture, 0, BTX_EVENT_ORDER_CANCELLED);
    assert_int_equal(cancelled->cause, BTX_CAUSE_REPLACED);
    assert_int_equal(cancelled->cancelled, 2 * ONE);
    assert_int_equal(cancelled->cseq, 0);
    const struct btx_order_accepted *accepted =
        btx_fixture_event(fixture, 1, BTX_EVENT_ORDER_ACCEPTED);
    assert_int_equal(accepted->order, 2);
    assert_int_equal(accepted->runner, RUNNER + 1);
    assert_int_equal(accepted->side, BTX_SIDE_LAY);
    assert_int_equal(accepted->price, 19000);
    assert_int_equal(accepted->size, 2 * ONE);
    assert_int_equal(accepted->persistence, BTX_PERSISTENCE_PERSIST);
    assert_int_equal(accepted->stp, BTX_STP_CANCEL_TAKER);
    assert_int_equal(accepted->tif, BTX_TIF_GTC);
    assert_int_equal(accepted->post_only, 0);
    assert_int_equal(accepted->cseq, 4);
    assert_int_equal(accepted->ref_length, 4);
    assert_memory_equal(btx_order_accepted_ref(accepted), "kept", 4);
}

/* rules.md 2: BUY NO q is LAY 1-q, SELL NO q is BACK 1-q; on odds NO is no price. */
static void place_order__buy_and_sell__as_back_and_lay(void **state)
{
    static const struct {
        enum btx_order_side side;
        enum btx_outcome outcome;
        enum btx_side as;
        uint32_t price;
    } rows[] = {
        {BTX_ORDER_SIDE_BUY, BTX_OUTCOME_YES, BTX_SIDE_BACK, 3700},
        {BTX_ORDER_SIDE_SELL, BTX_OUTCOME_YES, BTX_SIDE_LAY, 3700},
        {BTX_ORDER_SIDE_BUY, BTX_OUTCOME_NO, BTX_SIDE_LAY, 6300},
        {BTX_ORDER_SIDE_SELL, BTX_OUTCOME_NO, BTX_SIDE_BACK, 6300},
    };
    struct btx_fixture *fixture = *state;
    const struct btx_wish wish = {
        .account = 1, .market = 1, .price = 3700, .size = ONE, .tif = BTX_TIF_IOC};

    btx_fixture_open_account(fixture, 1, 100 * ONE);
    btx_fixture_open_binary(fixture, 1, 100);
    btx_fixture_open_odds(fixture, 2, 2, 1);
    struct btx_place_order *command = (void *)fixture->command;
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        btx_fixture_build_place(fixture, &wish);
        command->side = (uint8_t)rows[i].side;
        command->outcome = (uint8_t)rows[i].outcome;
        expect(fixture, NONE);
        const struct btx_order_accepted *accepted =
            btx_fixture_event(fixture, 0, BTX_EVENT_ORDER_ACCEPTED);
        assert_int_equal(accepted->runner, 1);
        assert_int_equal(accepted->side, rows[i].as);
        assert_int_equal(accepted->price, rows[i].price);
        command->price = rows[i].outcome == BTX_OUTCOME_NO ? 10000 : 0;
        expect(fixture, BTX_REJECT_INVALID_PRICE);
        command->market = 2;
        command->price = 20000;
        command->runner = RUNNER;
        command->present = BTX_PLACE_ORDER_HAS_RUNNER;
        expect(fixture, rows[i].outcome == BTX_OUTCOME_NO ? BTX_REJECT_INVALID_PRICE : NONE);
    }
}

/* The last id of a shard is the last order it accepts: CAPACITY, and never an id of the next. */
static void place_and_replace__ids_of_the_shard_used_up__capacity(void **state)
{
    struct btx_fixture *fixture = *state;
    const uint64_t last = (UINT64_C(1) << BTX_CORE_SHARD_BITS) - 1;
    const struct btx_wish wish = {
        .account = 1, .market = 1, .runner = RUNNER, .price = 20000, .size = 100};

    btx_fixture_open_account(fixture, 1, 100 * ONE);
    btx_fixture_open_odds(fixture, 1, 2, 1);
    fixture->core->next_order = last;
    assert_true(btx_fixture_place(fixture, &wish) == last);
    expect_place(fixture, &wish, BTX_REJECT_CAPACITY);
    struct btx_replace_order *command = btx_fixture_begin(fixture, BTX_COMMAND_REPLACE_ORDER);
    command->account = 1;
    command->order = last;
    command->price = 30000;
    expect(fixture, BTX_REJECT_CAPACITY);
    assert_non_null(btx_find_order(fixture->core, last));
}

/* cseq is consumed before a market is looked for (rules.md 4). */
static void cancel_orders__reasons_in_order(void **state)
{
    struct btx_fixture *fixture = *state;

    prepare_orders(fixture);
    struct btx_cancel_orders *command = btx_fixture_begin(fixture, BTX_COMMAND_CANCEL_ORDERS);
    command->account = 7;
    command->market = 7;
    command->runner = 7;
    command->side = BTX_SIDE_BACK;
    command->cseq = 11;
    command->present = BTX_CANCEL_ORDERS_HAS_ACCOUNT | BTX_CANCEL_ORDERS_HAS_MARKET |
                       BTX_CANCEL_ORDERS_HAS_RUNNER | BTX_CANCEL_ORDERS_HAS_SIDE;
    expect(fixture, BTX_REJECT_UNKNOWN_ACCOUNT);
    command->account = 1;
    expect(fixture, BTX_REJECT_UNKNOWN_MARKET);
    assert_int_equal(btx_find_account(fixture->core, 1)->cseq, 11);
    expect(fixture, BTX_REJECT_DUPLICATE);
    command->cseq = 12;
    command->market = 1;
    expect(fixture, BTX_REJECT_UNKNOWN_RUNNER);
    command->cseq = 13;
    command->runner = RUNNER;
    expect(fixture, BTX_REJECT_NOTHING_TO_CANCEL);
    command->cseq = 14;
    command->side = BTX_SIDE_LAY;
    expect(fixture, NONE);
    assert_int_equal(btx_find_account(fixture->core, 1)->cseq, 14);
    assert_int_equal(fixture->core->orders.used, 1);
}

/* An order that does not lower available is accepted, however little there is (rules.md 3). */
static void place_order__exactly_what_is_available_or_no_more_risk__accepted(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_wish wish = {.account = 1,
                            .market = 1,
                            .runner = RUNNER,
                            .side = BTX_SIDE_BACK,
                            .price = 30000,
                            .size = 2 * ONE};

    btx_fixture_open_account(fixture, 1, 2 * ONE);
    btx_fixture_open_odds(fixture, 1, 2, 1);
    wish.size = 2 * ONE + 100;
    expect_place(fixture, &wish, BTX_REJECT_INSUFFICIENT_FUNDS);
    wish.size = 2 * ONE;
    expect_place(fixture, &wish, NONE);
    wish.size = 100;
    expect_place(fixture, &wish, BTX_REJECT_INSUFFICIENT_FUNDS);
    wish.size = 2 * ONE;
    wish.runner = RUNNER + 1; /* One of both wins, so that only 2 can be lost. */
    expect_place(fixture, &wish, NONE);
    assert_true(btx_find_account(fixture->core, 1)->reserved == 2 * ONE);
}

#define IN_SETUP(test) cmocka_unit_test_setup_teardown(test, setup, btx_fixture_teardown)

/* rules-2.md 1: INVALID_MARKET also for a delay over 60 000, and for implied with other than two
 * runners, or with reductions. */
static void open_market__second_stage__invalid_or_opened_as_asked(void **state)
{
    static const struct {
        uint32_t runners;
        uint64_t bet_delay;
        bool reductions;
        bool implied;
        enum btx_reject reason;
    } rows[] = {
        {2, BTX_BET_DELAY_MS_MAX + 1, false, false, BTX_REJECT_INVALID_MARKET},
        {2, UINT64_MAX, false, false, BTX_REJECT_INVALID_MARKET},
        {3, 0, false, true, BTX_REJECT_INVALID_MARKET},
        {2, 0, true, true, BTX_REJECT_INVALID_MARKET},
        {2, BTX_BET_DELAY_MS_MAX, false, true, NONE},
        {2, 1, true, false, NONE},
    };
    struct btx_fixture *fixture = *state;
    struct btx_market_view view;

    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        struct btx_open_market *command =
            btx_fixture_build_odds(fixture, 1 + i, rows[i].runners, 1);

        command->bet_delay = rows[i].bet_delay;
        command->reductions = rows[i].reductions;
        command->implied = rows[i].implied;
        command->ladder = BTX_LADDER_FINEST;
        command->present |= BTX_OPEN_MARKET_HAS_BET_DELAY | BTX_OPEN_MARKET_HAS_REDUCTIONS |
                            BTX_OPEN_MARKET_HAS_IMPLIED | BTX_OPEN_MARKET_HAS_LADDER;
        expect(fixture, rows[i].reason);
        if (rows[i].reason != NONE)
            continue;
        assert_true(btx_core_view_market(fixture->core, 1 + i, &view));
        assert_int_equal(view.bet_delay, rows[i].bet_delay);
        assert_int_equal(view.reductions, rows[i].reductions);
        assert_int_equal(view.implied, rows[i].implied);
        assert_int_equal(view.ladder, BTX_LADDER_FINEST);
        assert_int_equal(view.version, 1);
    }
}

static void set_bet_delay__reasons_in_order(void **state)
{
    struct btx_fixture *fixture = *state;

    struct btx_set_bet_delay *command = btx_fixture_begin(fixture, BTX_COMMAND_SET_BET_DELAY);
    command->market = 1;
    command->bet_delay = BTX_BET_DELAY_MS_MAX + 1;
    expect(fixture, BTX_REJECT_UNKNOWN_MARKET);
    btx_fixture_open_odds(fixture, 1, 2, 1);
    btx_fixture_on_market(fixture, BTX_COMMAND_VOID_MARKET, 1);
    btx_fixture_open_odds(fixture, 2, 2, 1);
    command = btx_fixture_begin(fixture, BTX_COMMAND_SET_BET_DELAY);
    command->market = 1;
    command->bet_delay = BTX_BET_DELAY_MS_MAX + 1;
    expect(fixture, BTX_REJECT_MARKET_CLOSED);
    command->market = 2;
    expect(fixture, BTX_REJECT_INVALID_MARKET);
    command->bet_delay = 0;
    expect(fixture, BTX_REJECT_NO_CHANGE);
    command->bet_delay = BTX_BET_DELAY_MS_MAX;
    expect(fixture, NONE);
    expect(fixture, BTX_REJECT_NO_CHANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SETUP(open_account__reasons_in_order),
        IN_SETUP(deposit__reasons_in_order),
        IN_SETUP(withdraw__reasons_in_order),
        IN_SETUP(freeze_and_unfreeze__reasons_in_order),
        IN_SETUP(open_market_odds__reasons_in_order),
        IN_SETUP(open_market_binary__runners_absent_or_1__else_invalid),
        IN_SETUP(market_commands__reasons_in_order),
        IN_SETUP(forget_market__reasons_in_order),
        IN_SETUP(settle_market__reasons_in_order),
        IN_SETUP(place_order__reasons_in_order),
        IN_SETUP(place_order__sizes_and_min_fill__as_in_the_rules),
        IN_SETUP(cancel_order__reasons_in_order),
        IN_SETUP(update_order__reasons_in_order),
        IN_SETUP(replace_order__reasons_in_order),
        IN_SETUP(place_order__accepted__event_says_everything),
        IN_SETUP(replace_order__accepted__keeps_what_it_does_not_say),
        IN_SETUP(place_order__buy_and_sell__as_back_and_lay),
        IN_SETUP(place_and_replace__ids_of_the_shard_used_up__capacity),
        IN_SETUP(cancel_orders__reasons_in_order),
        IN_SETUP(place_order__exactly_what_is_available_or_no_more_risk__accepted),
        IN_SETUP(open_market__second_stage__invalid_or_opened_as_asked),
        IN_SETUP(set_bet_delay__reasons_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
