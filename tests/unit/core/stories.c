/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/core/stories.h"

/* More than a tx has events. */
#define MANY 4300u
/* The market of the command that is under way, and who matters in it. */
#define MARKET 60u
#define TAKER 1u
#define MAKER 2u
#define CROWD 1000u /* The first of MANY accounts. */

static const struct btx_core_capacity capacity = {.accounts = 5000,
                                                  .markets = 10,
                                                  .runners = 40,
                                                  .orders = 9000,
                                                  .positions = 6000,
                                                  .stakes = 40000,
                                                  .description_bytes = 9000};

const char *btx_story_name(enum btx_story story)
{
    static const char *const names[BTX_STORY_COUNT] = {
        [BTX_STORY_QUIET] = "quiet",
        [BTX_STORY_PLACE_GTC] = "place GTC",
        [BTX_STORY_PLACE_IOC] = "place IOC",
        [BTX_STORY_REPLACE] = "replace",
        [BTX_STORY_SELF_TRADE] = "self trade",
        [BTX_STORY_TURN_IN_PLAY] = "turn in play",
        [BTX_STORY_FREEZE] = "freeze",
        [BTX_STORY_CANCEL_ACCOUNT] = "cancel orders of an account",
        [BTX_STORY_CANCEL_MARKET] = "cancel orders of a market",
        [BTX_STORY_CANCEL_ALL] = "cancel all orders",
        [BTX_STORY_VOID] = "void",
        [BTX_STORY_SETTLE_ORDERS] = "settle, orders",
        [BTX_STORY_SETTLE_MANY] = "settle, many orders",
        [BTX_STORY_SETTLE_ACCOUNTS] = "settle, accounts",
    };

    return names[story];
}

/* An order that must be accepted. */
static uint64_t place(struct btx_fixture *fixture, struct btx_wish wish)
{
    const size_t used_bytes = fixture->arena_used_bytes;
    const uint64_t order = btx_fixture_place(fixture, &wish);

    assert_true(order != 0);
    fixture->arena_used_bytes = used_bytes; /* Its events are not looked at. */
    return order;
}

static void open_accounts(struct btx_fixture *fixture)
{
    for (uint64_t account = 1; account <= 6; account++)
        btx_fixture_open_account(fixture, account, INT64_C(1000000) * BTX_FIXTURE_ONE);
    struct btx_funds_command *deposit = btx_fixture_begin(fixture, BTX_COMMAND_DEPOSIT);
    deposit->account = 3;
    deposit->amount = 12345;
    deposit->transfer = 17;
    btx_fixture_run(fixture);
    struct btx_funds_command *withdraw = btx_fixture_begin(fixture, BTX_COMMAND_WITHDRAW);
    withdraw->account = 4;
    withdraw->amount = 777;
    withdraw->cseq = 23;
    btx_fixture_run(fixture);
    btx_fixture_on_account(fixture, BTX_COMMAND_FREEZE_ACCOUNT, 6);
}

/* Bets and orders on two runners of an ODDS market, refs of every length, commission 5 %. */
static void fill_odds(struct btx_fixture *fixture, uint64_t market)
{
    static const char longest[] =
        "1234567890123456789012345678901234567890123456789012345678901234";
    static const char *const refs[] = {NULL, "", "abc", longest};
    static const uint64_t backs[] = {29600, 30000, 30500, 32000};

    for (uint32_t i = 0; i < 24; i++)
        (void)place(fixture, (struct btx_wish){
                                 .account = 2 + i % 4,
                                 .market = market,
                                 .runner = BTX_FIXTURE_RUNNER + i % 2,
                                 .side = i % 3 == 0 ? BTX_SIDE_BACK : BTX_SIDE_LAY,
                                 .price = i % 3 == 0 ? backs[i % 4] : 29000 + 200 * (i % 6),
                                 .size = 30000 + 3300 * i,
                                 .persistence = (enum btx_persistence)(i % 2),
                                 .stp = (enum btx_stp)(i % 3),
                                 .ref = refs[i % BTX_COUNT_OF(refs)],
                                 .cseq = market * 100 + i,
                             });
}

static void fill_binary(struct btx_fixture *fixture, uint64_t market)
{
    for (uint32_t i = 0; i < 12; i++)
        (void)place(fixture, (struct btx_wish){
                                 .account = 1 + i % 3,
                                 .market = market,
                                 .side = (enum btx_side)(i % 2),
                                 .price = i % 2 == 0 ? 4000 + 10 * i : 4100 - 20 * i,
                                 .size = 50000 + 10000 * (int64_t)i,
                             });
}

static void open_with_commission(struct btx_fixture *fixture, uint64_t market)
{
    struct btx_open_market *command = btx_fixture_build_odds(fixture, market, 2, 1);

    command->commission = 512;
    btx_fixture_run(fixture);
}

/* Winner: the first runner. */
static void settle(struct btx_fixture *fixture, uint64_t market)
{
    static const uint64_t winner = BTX_FIXTURE_RUNNER;

    btx_fixture_build_settle(fixture, market, &winner, 1);
    btx_fixture_run(fixture);
    assert_int_equal(btx_fixture_count(fixture, BTX_EVENT_MARKET_SETTLED), 1);
}

/* An order is changed in each way there is. */
static void change_orders(struct btx_fixture *fixture)
{
    struct btx_wish wish = {.account = 3,
                            .market = 10,
                            .runner = BTX_FIXTURE_RUNNER,
                            .side = BTX_SIDE_BACK,
                            .price = 500000,
                            .size = 30000,
                            .ref = "changed"};
    const uint64_t order = place(fixture, wish);
    struct btx_update_order *update = btx_fixture_begin(fixture, BTX_COMMAND_UPDATE_ORDER);

    update->account = 3;
    update->order = order;
    update->persistence = BTX_PERSISTENCE_PERSIST;
    btx_fixture_run(fixture);
    struct btx_cancel_order *cancel = btx_fixture_begin(fixture, BTX_COMMAND_CANCEL_ORDER);
    cancel->account = 3;
    cancel->order = order;
    cancel->reduce_by = 5000;
    cancel->present = BTX_CANCEL_ORDER_HAS_REDUCE_BY;
    btx_fixture_run(fixture);
    struct btx_replace_order *replace = btx_fixture_begin(fixture, BTX_COMMAND_REPLACE_ORDER);
    replace->account = 3;
    replace->order = order;
    replace->price = 1000000;
    btx_fixture_run(fixture);
    assert_int_equal(btx_fixture_count(fixture, BTX_EVENT_ORDER_ACCEPTED), 1);
    wish.tif = BTX_TIF_FOK;
    btx_fixture_build_place(fixture, &wish);
    btx_fixture_run(fixture);
    assert_int_equal(btx_fixture_reason(fixture), BTX_REJECT_NOT_FILLABLE);
}

/* What every story begins with: markets in every state, with bets and orders in them. */
static void tell_base(struct btx_fixture *fixture)
{
    open_accounts(fixture);
    btx_fixture_open_odds(fixture, 10, 3, 1);
    btx_fixture_open_binary(fixture, 20, 10);
    btx_fixture_open_odds(fixture, 40, 2, 1);
    btx_fixture_open_odds(fixture, 50, 4, 2);
    open_with_commission(fixture, 5);
    fill_odds(fixture, 5);
    settle(fixture, 5);
    fill_odds(fixture, 10);
    fill_binary(fixture, 20);
    btx_fixture_on_market(fixture, BTX_COMMAND_TURN_IN_PLAY, 10);
    btx_fixture_on_market(fixture, BTX_COMMAND_SUSPEND_MARKET, 20);
    btx_fixture_on_market(fixture, BTX_COMMAND_VOID_MARKET, 40);
    btx_fixture_open_odds(fixture, 45, 2, 1);
    btx_fixture_on_market(fixture, BTX_COMMAND_VOID_MARKET, 45);
    btx_fixture_on_market(fixture, BTX_COMMAND_FORGET_MARKET, 45);
    change_orders(fixture);
    btx_fixture_on_account(fixture, BTX_COMMAND_FREEZE_ACCOUNT, 1);
    btx_fixture_on_account(fixture, BTX_COMMAND_UNFREEZE_ACCOUNT, 1);
    btx_fixture_on_market(fixture, BTX_COMMAND_SUSPEND_MARKET, 10);
    btx_fixture_on_market(fixture, BTX_COMMAND_RESUME_MARKET, 10);
    fill_odds(fixture, 50);
    fixture->time_ns += 5000;
    btx_fixture_open_odds(fixture, MARKET, 3, 1);
}

/* Orders of 0.01, LAYs at 2 unless said otherwise. */
static struct btx_wish small_order(uint64_t account)
{
    return (struct btx_wish){.account = account,
                             .market = MARKET,
                             .runner = BTX_FIXTURE_RUNNER,
                             .side = BTX_SIDE_LAY,
                             .price = 20000,
                             .size = 100};
}

static void place_many(struct btx_fixture *fixture, uint64_t account)
{
    for (uint32_t i = 0; i < MANY; i++)
        (void)place(fixture, small_order(account + i % 2));
}

/* A taker for all of them and more; @stp where it is their owner. */
static void build_taker(struct btx_fixture *fixture, enum btx_tif tif, enum btx_stp stp)
{
    btx_fixture_build_place(fixture, &(struct btx_wish){.account = TAKER,
                                                        .market = MARKET,
                                                        .runner = BTX_FIXTURE_RUNNER,
                                                        .side = BTX_SIDE_BACK,
                                                        .price = 15000,
                                                        .size = 2 * 100 * MANY,
                                                        .tif = tif,
                                                        .stp = stp,
                                                        .ref = "taker",
                                                        .cseq = 900});
}

static void build_replace(struct btx_fixture *fixture)
{
    const uint64_t order = place(fixture, (struct btx_wish){.account = TAKER,
                                                            .market = MARKET,
                                                            .runner = BTX_FIXTURE_RUNNER,
                                                            .side = BTX_SIDE_BACK,
                                                            .price = 500000,
                                                            .size = 2 * 100 * MANY,
                                                            .ref = "replaced"});
    struct btx_replace_order *command = btx_fixture_begin(fixture, BTX_COMMAND_REPLACE_ORDER);

    command->account = TAKER;
    command->order = order;
    command->price = 15000;
    command->cseq = 901;
}

static void build_on_market(struct btx_fixture *fixture, enum btx_command_type type)
{
    struct btx_market_command *command = btx_fixture_begin(fixture, type);

    command->market = MARKET;
}

/* Of @account, in @market; 0: any. */
static void build_cancel(struct btx_fixture *fixture, uint64_t account, uint64_t market)
{
    struct btx_cancel_orders *command = btx_fixture_begin(fixture, BTX_COMMAND_CANCEL_ORDERS);

    command->account = account;
    command->market = market;
    command->cseq = account != 0 ? 9002 : 0;
    command->present = (uint8_t)((account != 0 ? BTX_CANCEL_ORDERS_HAS_ACCOUNT : 0) |
                                 (market != 0 ? BTX_CANCEL_ORDERS_HAS_MARKET : 0));
}

/* MANY accounts with a bet in the market, ids not in the order of their opening. */
static void crowd_bets(struct btx_fixture *fixture)
{
    for (uint64_t i = 0; i < MANY; i++) {
        const uint64_t account = CROWD + i * 1999 % MANY;
        struct btx_wish back = small_order(account);

        btx_fixture_open_account(fixture, account, BTX_FIXTURE_ONE);
        back.side = BTX_SIDE_BACK;
        (void)place(fixture, small_order(MAKER));
        (void)place(fixture, back);
        fixture->arena_used_bytes = (size_t)4 << 20;
    }
}

static void build_settle(struct btx_fixture *fixture)
{
    static const uint64_t winner = BTX_FIXTURE_RUNNER;

    btx_fixture_build_settle(fixture, MARKET, &winner, 1);
}

static void build_freeze(struct btx_fixture *fixture)
{
    (void)place(fixture, small_order(MAKER));
    struct btx_account_command *command = btx_fixture_begin(fixture, BTX_COMMAND_FREEZE_ACCOUNT);
    command->account = MAKER;
}

/* Everything up to the long command, which is then in fixture->command. */
static void prepare(struct btx_fixture *fixture, enum btx_story story)
{
    switch (story) {
    case BTX_STORY_PLACE_GTC:
    case BTX_STORY_PLACE_IOC:
        place_many(fixture, MAKER);
        build_taker(fixture, story == BTX_STORY_PLACE_GTC ? BTX_TIF_GTC : BTX_TIF_IOC,
                    BTX_STP_NONE);
        return;
    case BTX_STORY_SELF_TRADE:
        place_many(fixture, TAKER);
        build_taker(fixture, BTX_TIF_GTC, BTX_STP_CANCEL_MAKER);
        return;
    case BTX_STORY_REPLACE:
        place_many(fixture, MAKER);
        build_replace(fixture);
        return;
    case BTX_STORY_TURN_IN_PLAY:
        place_many(fixture, MAKER);
        build_on_market(fixture, BTX_COMMAND_TURN_IN_PLAY);
        return;
    case BTX_STORY_VOID:
        place_many(fixture, MAKER);
        build_on_market(fixture, BTX_COMMAND_VOID_MARKET);
        return;
    case BTX_STORY_FREEZE:
        build_freeze(fixture);
        return;
    case BTX_STORY_CANCEL_ACCOUNT:
        (void)place(fixture, small_order(MAKER));
        build_cancel(fixture, MAKER, 0);
        return;
    case BTX_STORY_CANCEL_MARKET:
        place_many(fixture, MAKER);
        build_cancel(fixture, 0, MARKET);
        return;
    case BTX_STORY_CANCEL_ALL:
        build_cancel(fixture, 0, 0);
        return;
    case BTX_STORY_SETTLE_ORDERS:
        (void)place(fixture, small_order(MAKER));
        build_settle(fixture);
        return;
    case BTX_STORY_SETTLE_MANY:
        place_many(fixture, MAKER);
        build_settle(fixture);
        return;
    case BTX_STORY_SETTLE_ACCOUNTS:
        crowd_bets(fixture);
        build_settle(fixture);
        return;
    case BTX_STORY_QUIET:
    case BTX_STORY_COUNT:
        return;
    }
}

void btx_story_open(struct btx_fixture *fixture)
{
    btx_fixture_open(fixture, &capacity, 0);
}

void btx_story_tell(struct btx_fixture *fixture, enum btx_story story)
{
    tell_base(fixture);
    if (story == BTX_STORY_QUIET)
        return;
    prepare(fixture, story);
    assert_int_equal(btx_fixture_start(fixture), BTX_STEP_MORE);
    assert_non_null(btx_core_pending(fixture->core));
}
