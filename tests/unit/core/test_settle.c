/* SPDX-License-Identifier: Apache-2.0 */
/* test_settle.c - who is paid what when a market is settled or voided, to the last unit. */
#include "engine/core/commands.h"
#include "engine/core/entities.h"
#include "tests/unit/core/fixture.h"

#define RUNNER BTX_FIXTURE_RUNNER
#define ONE BTX_FIXTURE_ONE
#define FUNDS (1000 * ONE)

/* @backer backs with @size at @price, and @layer lays it. */
static void bet(struct btx_fixture *fixture, uint64_t layer, uint64_t backer, uint64_t runner,
                uint64_t price, int64_t size)
{
    struct btx_wish wish = {.account = layer,
                            .market = 1,
                            .runner = runner,
                            .side = BTX_SIDE_LAY,
                            .price = price,
                            .size = size};

    assert_true(btx_fixture_place(fixture, &wish) != 0);
    wish.account = backer;
    wish.side = BTX_SIDE_BACK;
    assert_true(btx_fixture_place(fixture, &wish) != 0);
    assert_int_equal(btx_fixture_count(fixture, BTX_EVENT_TRADE_MATCHED), 1);
}

static void open_accounts(struct btx_fixture *fixture, uint64_t count)
{
    for (uint64_t account = 1; account <= count; account++)
        btx_fixture_open_account(fixture, account, FUNDS);
}

static void open_odds(struct btx_fixture *fixture, uint32_t runners, uint32_t winners,
                      int64_t commission)
{
    struct btx_open_market *command = btx_fixture_build_odds(fixture, 1, runners, winners);

    command->commission = commission;
    btx_fixture_run(fixture);
    assert_int_equal(fixture->events[0]->type, BTX_EVENT_MARKET_OPENED);
}

static void settle(struct btx_fixture *fixture, const uint64_t *winners, uint16_t count)
{
    btx_fixture_build_settle(fixture, 1, winners, count);
    btx_fixture_run(fixture);
}

/* Settle the binary market 1. */
static void settle_binary(struct btx_fixture *fixture, enum btx_outcome result)
{
    struct btx_settle_market *command = btx_fixture_begin(fixture, BTX_COMMAND_SETTLE_MARKET);

    command->market = 1;
    command->result = (uint8_t)result;
    btx_fixture_run(fixture);
}

/* The event at @index settles @account; and its balance is what it was and the profit. */
static void expect_account(const struct btx_fixture *fixture, uint32_t index, uint64_t account,
                           int64_t pnl, int64_t commission)
{
    const struct btx_account_settled *event =
        btx_fixture_event(fixture, index, BTX_EVENT_ACCOUNT_SETTLED);

    assert_int_equal(event->market, 1);
    assert_int_equal(event->account, account);
    assert_int_equal(event->pnl, pnl);
    assert_int_equal(event->commission, commission);
    assert_int_equal(event->balance, FUNDS + pnl - commission);
    assert_int_equal(btx_find_account(fixture->core, account)->balance, event->balance);
    assert_true(btx_find_account(fixture->core, account)->reserved == 0);
}

/* The last event: @accounts were settled, and the house got its share. */
static void expect_settled(const struct btx_fixture *fixture, uint64_t accounts, int64_t commission,
                           int64_t rounding)
{
    const struct btx_market_settled *event =
        btx_fixture_event(fixture, fixture->event_count - 1, BTX_EVENT_MARKET_SETTLED);

    assert_int_equal(event->market, 1);
    assert_int_equal(event->accounts, accounts);
    assert_int_equal(event->commission, commission);
    assert_int_equal(event->rounding, rounding);
    assert_int_equal(fixture->core->account[HOUSE_SLOT].balance, commission + rounding);
}

/* BUY YES 10 at 0.63 wins 3.7 or loses 6.3. */
static void settle_market__binary__yes_pays_the_buyer_and_no_the_seller(void **state)
{
    for (int result = BTX_OUTCOME_YES; result <= BTX_OUTCOME_NO; result++) {
        struct btx_fixture *fixture = *state;
        const bool yes = result == BTX_OUTCOME_YES;

        assert_int_equal(btx_fixture_teardown(state), 0);
        assert_int_equal(btx_fixture_setup(state), 0);
        open_accounts(fixture, 2);
        btx_fixture_open_binary(fixture, 1, 100);
        struct btx_wish wish = {
            .account = 2, .market = 1, .side = BTX_SIDE_BACK, .price = 6300, .size = 10 * ONE};
        assert_true(btx_fixture_place(fixture, &wish) != 0);
        wish.account = 1;
        wish.side = BTX_SIDE_LAY;
        assert_true(btx_fixture_place(fixture, &wish) != 0);

        settle_binary(fixture, (enum btx_outcome)result);
        const struct btx_market_settling *settling =
            btx_fixture_event(fixture, 0, BTX_EVENT_MARKET_SETTLING);
        assert_int_equal(settling->market, 1);
        assert_int_equal(settling->winners_count, yes);
        if (yes)
            assert_int_equal(btx_market_settling_winners(settling)[0], 1);
        assert_int_equal(fixture->event_count, 4);
        expect_account(fixture, 1, 1, yes ? -37000 : 63000, 0);
        expect_account(fixture, 2, 2, yes ? 37000 : -63000, 0);
        expect_settled(fixture, 2, 0, 0);
    }
}

/* Winners pay commission on what they won in the whole market, losers none. */
static void settle_market__one_winner_and_commission__netted_per_account(void **state)
{
    static const uint64_t winner = RUNNER + 1;
    struct btx_fixture *fixture = *state;

    open_accounts(fixture, 3);
    open_odds(fixture, 3, 1, 333); /* 3.33 % */
    bet(fixture, 1, 2, RUNNER, 30000, 10 * ONE);
    bet(fixture, 1, 2, RUNNER + 1, 25000, 4 * ONE);
    bet(fixture, 3, 1, RUNNER + 2, 15000, 100);
    settle(fixture, &winner, 1);

    const struct btx_market_settling *settling =
        btx_fixture_event(fixture, 0, BTX_EVENT_MARKET_SETTLING);
    assert_int_equal(btx_market_settling_winners(settling)[0], winner);
    /* 1: +10 -6 -0.01; 2: -10 +6; 3: +0.01, of which 3.33 is taken, rounded down. */
    expect_account(fixture, 1, 1, 39900, 1328);
    expect_account(fixture, 2, 2, -40000, 0);
    expect_account(fixture, 3, 3, 100, 3);
    expect_settled(fixture, 3, 1331, 0);
}

/* A dead heat of two for one place: half of the stake wins, half loses; one floor an account. */
static void settle_market__dead_heat__floored_once_and_the_house_gets_the_rest(void **state)
{
    static const uint64_t winners[] = {RUNNER + 2, RUNNER};
    struct btx_fixture *fixture = *state;

    open_accounts(fixture, 2);
    open_odds(fixture, 3, 1, 10000);
    bet(fixture, 1, 2, RUNNER, 10100, 100); /* Wins 1 or loses 100. */
    settle(fixture, winners, 2);

    const struct btx_market_settling *settling =
        btx_fixture_event(fixture, 0, BTX_EVENT_MARKET_SETTLING);
    assert_int_equal(settling->winners_count, 2);
    assert_memory_equal(btx_market_settling_winners(settling), winners, sizeof winners);
    expect_account(fixture, 1, 1, 49, 49); /* 49.5, and all of it is commission. */
    expect_account(fixture, 2, 2, -50, 0); /* -49.5 */
    expect_settled(fixture, 2, 49, 1);
}

/* Three for two places: floor((2*W + X) / 3) over the winners together, losers whole. */
static void settle_market__three_for_two_places__summed_before_the_floor(void **state)
{
    static const uint64_t winners[] = {RUNNER, RUNNER + 1, RUNNER + 2};
    struct btx_fixture *fixture = *state;

    open_accounts(fixture, 2);
    open_odds(fixture, 4, 2, 0);
    bet(fixture, 1, 2, RUNNER, 10100, 100);         /* +1 or -100: -98 thirds */
    bet(fixture, 1, 2, RUNNER + 1, 20000, 100);     /* +100 or -100: 100 thirds */
    bet(fixture, 1, 2, RUNNER + 2, 10200, 100);     /* +2 or -100: -96 thirds */
    bet(fixture, 1, 2, RUNNER + 3, 30000, 3 * ONE); /* Lost. */
    settle(fixture, winners, 3);

    /* -94 thirds are -31.33; each for itself would have been floored to -33 + 33 - 32. */
    expect_account(fixture, 1, 1, 3 * ONE + 31, 0);
    expect_account(fixture, 2, 2, -3 * ONE - 32, 0);
    expect_settled(fixture, 2, 0, 1);
}

/* A profit of one unit pays a commission of all of it, and no other. */
static void settle_market__profit_of_one_unit__commission_of_one(void **state)
{
    static const uint64_t winner = RUNNER;
    struct btx_fixture *fixture = *state;

    open_accounts(fixture, 2);
    open_odds(fixture, 2, 1, 10000);
    bet(fixture, 1, 2, RUNNER, 10100, 100);
    settle(fixture, &winner, 1);
    expect_account(fixture, 1, 1, -1, 0);
    expect_account(fixture, 2, 2, 1, 1);
    expect_settled(fixture, 2, 1, 0);
}

/* Orders of both sides, of all runners, and whatever their persistence. */
static void settle_and_void_market__orders_of_every_kind__all_cancelled(void **state)
{
    static const uint64_t winner = RUNNER;

    for (int form = 0; form < 4; form++) {
        struct btx_fixture *fixture = *state;

        assert_int_equal(btx_fixture_teardown(state), 0);
        assert_int_equal(btx_fixture_setup(state), 0);
        open_accounts(fixture, 1);
        open_odds(fixture, 2, 1, 0);
        for (uint32_t i = 0; i < 8; i++) {
            const bool backs = form < 2 ? i % 2 : form == 2;

            assert_true(
                btx_fixture_place(fixture, &(struct btx_wish){
                                               .account = 1,
                                               .market = 1,
                                               .runner = RUNNER + i / 4,
                                               .side = backs ? BTX_SIDE_BACK : BTX_SIDE_LAY,
                                               .price = backs ? 30000 : 20000,
                                               .size = ONE,
                                               .persistence = (enum btx_persistence)(i / 2 % 2),
                                           }) != 0);
        }
        if (form == 0)
            btx_fixture_on_market(fixture, BTX_COMMAND_VOID_MARKET, 1);
        else
            settle(fixture, &winner, 1);
        const struct btx_order_cancelled_batched *batch =
            btx_fixture_event(fixture, 1, BTX_EVENT_ORDER_CANCELLED_BATCHED);
        assert_int_equal(batch->orders_count, 8);
        assert_int_equal(batch->cause, form == 0 ? BTX_CAUSE_VOIDED : BTX_CAUSE_SETTLED);
        assert_int_equal(fixture->core->orders.used, 0);
        assert_int_equal(fixture->core->positions.used, 0);
    }
}

/* Whoever has no bet is not settled; a frozen account is. */
static void settle_market__orders_only_or_frozen__only_bets_are_settled(void **state)
{
    static const uint64_t winner = RUNNER;
    struct btx_fixture *fixture = *state;

    open_accounts(fixture, 5);
    open_odds(fixture, 2, 1, 0);
    bet(fixture, 5, 2, RUNNER, 20000, ONE);
    assert_true(btx_fixture_place(fixture, &(struct btx_wish){.account = 3,
                                                              .market = 1,
                                                              .runner = RUNNER,
                                                              .side = BTX_SIDE_LAY,
                                                              .price = 20000,
                                                              .size = ONE}) != 0);
    bet(fixture, 4, 1, RUNNER + 1, 20000, ONE); /* 3 is not met: another runner. */
    bet(fixture, 1, 4, RUNNER + 1, 20000, ONE); /* And back: both are flat. */
    btx_fixture_on_account(fixture, BTX_COMMAND_FREEZE_ACCOUNT, 5);
    settle(fixture, &winner, 1);

    assert_int_equal(fixture->event_count, 5);
    (void)btx_fixture_event(fixture, 1, BTX_EVENT_ORDER_CANCELLED_BATCHED);
    expect_account(fixture, 2, 2, ONE, 0);
    expect_account(fixture, 3, 5, -ONE, 0);
    expect_settled(fixture, 2, 0, 0);
}

/* By id and not by who came first, or two cores would settle in two orders. */
static void settle_market__many_accounts__ascending(void **state)
{
    static const uint64_t winner = RUNNER;
    struct btx_fixture *fixture = *state;

    open_accounts(fixture, 40);
    open_odds(fixture, 2, 1, 0);
    for (uint64_t i = 0; i < 39; i++)
        bet(fixture, 40, 1 + i * 17 % 39, RUNNER, 20000, 100);
    settle(fixture, &winner, 1);
    for (uint32_t i = 0; i < 39; i++)
        expect_account(fixture, i + 1, i + 1, 100, 0);
    expect_account(fixture, 40, 40, -3900, 0);
}

/* Positions of a closed market stay readable until it is forgotten (rules.md 6). */
static void settle_market__then_forgotten__positions_stay_until_then(void **state)
{
    static const uint64_t winner = RUNNER;
    struct btx_fixture *fixture = *state;

    open_accounts(fixture, 2);
    open_odds(fixture, 2, 1, 0);
    bet(fixture, 1, 2, RUNNER, 20000, ONE);
    settle(fixture, &winner, 1);
    assert_int_equal(fixture->core->positions.used, 2);
    btx_fixture_on_market(fixture, BTX_COMMAND_FORGET_MARKET, 1);
    assert_int_equal(fixture->core->positions.used, 0);
    assert_int_equal(fixture->core->runners.used, 0);
}

/* All bets are off: nobody wins, pays or loses. */
static void void_market__with_bets_and_orders__as_if_it_had_not_been(void **state)
{
    struct btx_fixture *fixture = *state;

    open_accounts(fixture, 2);
    open_odds(fixture, 2, 1, 500);
    bet(fixture, 1, 2, RUNNER, 20000, ONE);
    assert_true(btx_fixture_place(fixture, &(struct btx_wish){.account = 1,
                                                              .market = 1,
                                                              .runner = RUNNER,
                                                              .side = BTX_SIDE_LAY,
                                                              .price = 20000,
                                                              .size = ONE}) != 0);
    btx_fixture_on_market(fixture, BTX_COMMAND_VOID_MARKET, 1);

    assert_int_equal(fixture->event_count, 2);
    (void)btx_fixture_event(fixture, 0, BTX_EVENT_MARKET_VOIDED);
    const struct btx_order_cancelled_batched *batch =
        btx_fixture_event(fixture, 1, BTX_EVENT_ORDER_CANCELLED_BATCHED);
    assert_int_equal(batch->cause, BTX_CAUSE_VOIDED);
    for (uint64_t account = 1; account <= 2; account++) {
        assert_int_equal(btx_find_account(fixture->core, account)->balance, FUNDS);
        assert_true(btx_find_account(fixture->core, account)->reserved == 0);
    }
    assert_int_equal(fixture->core->positions.used, 0);
    assert_int_equal(fixture->core->account[HOUSE_SLOT].balance, 0);
}

/* Of a dutch: as much as the accounts of these tests can afford at a time. */
#define PIECE INT64_C(10000000000)
static const int64_t most = BTX_MONEY_MAX / ONE;
static const uint64_t first_runner = RUNNER;

static void open_three(struct btx_fixture *fixture, uint64_t market)
{
    btx_fixture_open_odds(fixture, market, 3, 1);
}

/* @backer backs each of the three runners of @market with @units of ONE at 3, and account 2 lays
 * them: neither wins or loses anything, whichever of them wins.  But when one of them is removed,
 * @backer wins that much on either of the others, and account 2 loses it. */
static void dutch(struct btx_fixture *fixture, uint64_t market, uint64_t backer, int64_t units)
{
    while (units > 0) {
        const int64_t piece = units < PIECE ? units : PIECE;

        for (uint64_t runner = RUNNER; runner < RUNNER + 3; runner++) {
            struct btx_wish wish = {.account = 2,
                                    .market = market,
                                    .runner = runner,
                                    .side = BTX_SIDE_LAY,
                                    .price = 30000,
                                    .size = piece * ONE};

            assert_true(btx_fixture_place(fixture, &wish) != 0);
            wish.account = backer;
            wish.side = BTX_SIDE_BACK;
            assert_true(btx_fixture_place(fixture, &wish) != 0);
        }
        units -= piece;
    }
}

static void remove_third(struct btx_fixture *fixture, uint64_t market)
{
    btx_fixture_remove(fixture, market, RUNNER + 2, 0);
}

static enum btx_reject settle_first(struct btx_fixture *fixture, uint64_t market)
{
    btx_fixture_build_settle(fixture, market, &first_runner, 1);
    btx_fixture_run(fixture);
    return btx_fixture_reason(fixture);
}

static void expect_balance(const struct btx_fixture *fixture, uint64_t account, int64_t units)
{
    assert_true(btx_find_account(fixture->core, account)->balance == (btx_i128)units * ONE);
}

/* What a removal made too great to pay is refused, and can be voided. */
static void settle__winner_beyond_the_limit__refused_then_voided(void **state)
{
    struct btx_fixture *fixture = *state;

    btx_fixture_open_account(fixture, 1, most / 2 * ONE);
    btx_fixture_open_account(fixture, 2, most / 2 * ONE);
    open_three(fixture, 1);
    dutch(fixture, 1, 1, most / 2 + 1); /* One more than account 1 may have. */
    remove_third(fixture, 1);
    assert_int_equal(settle_first(fixture, 1), BTX_REJECT_CAPACITY);
    btx_fixture_on_market(fixture, BTX_COMMAND_VOID_MARKET, 1);
    btx_fixture_on_market(fixture, BTX_COMMAND_FORGET_MARKET, 1);
    open_three(fixture, 1);
    dutch(fixture, 1, 1, most / 2);
    remove_third(fixture, 1);
    assert_int_equal(settle_first(fixture, 1), BTX_REJECT_COUNT);
    expect_balance(fixture, 1, most);
    expect_balance(fixture, 2, 0);
}

/* Account 2 may owe as much as there may be, and no more: 1 and 3 win it in two markets. */
static void settle__loser_below_zero__as_far_as_the_limit(void **state)
{
    struct btx_fixture *fixture = *state;

    for (int more = 0; more < 2; more++) {
        assert_int_equal(btx_fixture_teardown(state), 0);
        assert_int_equal(btx_fixture_setup(state), 0);
        btx_fixture_open_account(fixture, 1, most / 4 * ONE);
        btx_fixture_open_account(fixture, 2, most / 2 * ONE);
        btx_fixture_open_account(fixture, 3, (most / 4 - 1) * ONE);
        open_three(fixture, 1);
        open_three(fixture, 2);
        dutch(fixture, 1, 1, most / 4 * 3);
        dutch(fixture, 2, 3, most / 4 * 3 + more);
        remove_third(fixture, 1);
        remove_third(fixture, 2);
        assert_int_equal(settle_first(fixture, 1), BTX_REJECT_COUNT);
        expect_balance(fixture, 2, -most / 4);
        assert_int_equal(settle_first(fixture, 2), more ? BTX_REJECT_CAPACITY : BTX_REJECT_COUNT);
        expect_balance(fixture, 2, more ? -most / 4 : -most);
        const struct btx_bytes saved = btx_fixture_save(fixture);
        assert_null(btx_fixture_load(fixture, saved.bytes, saved.length_bytes));
    }
}

/* What all win of one market together must be money too, for MarketSettled says their sum. */
static void settle__winners_together_beyond_the_limit__refused(void **state)
{
    struct btx_fixture *fixture = *state;

    btx_fixture_open_account(fixture, 1, most / 4 * ONE);
    btx_fixture_open_account(fixture, 2, most / 2 * ONE);
    btx_fixture_open_account(fixture, 3, most / 4 * ONE);
    open_three(fixture, 1);
    dutch(fixture, 1, 1, most / 2);
    dutch(fixture, 1, 3, most / 2 + 1);
    remove_third(fixture, 1);
    assert_int_equal(settle_first(fixture, 1), BTX_REJECT_CAPACITY);
}

/* A balance that a removal has lifted to the limit must not pass it in another market, in which
 * nothing was removed: the state could not be loaded again. */
static void settle__market_without_removals_after_one_with__balances_in_range(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_wish wish = {.account = 3,
                            .market = 2,
                            .runner = RUNNER,
                            .side = BTX_SIDE_LAY,
                            .price = 20000,
                            .size = ONE};

    btx_fixture_open_account(fixture, 1, most / 2 * ONE);
    btx_fixture_open_account(fixture, 2, most / 4 * ONE);
    btx_fixture_open_account(fixture, 3, most / 4 * ONE);
    btx_fixture_open_odds(fixture, 2, 2, 1);
    assert_true(btx_fixture_place(fixture, &wish) != 0);
    wish.account = 1;
    wish.side = BTX_SIDE_BACK;
    assert_true(btx_fixture_place(fixture, &wish) != 0);
    open_three(fixture, 1);
    dutch(fixture, 1, 1, most / 2);
    remove_third(fixture, 1);
    assert_int_equal(settle_first(fixture, 1), BTX_REJECT_COUNT);
    expect_balance(fixture, 1, most);
    btx_fixture_on_market(fixture, BTX_COMMAND_FORGET_MARKET, 1);
    assert_int_equal(settle_first(fixture, 2), BTX_REJECT_CAPACITY);
    /* The other outcome is fine. */
    btx_fixture_build_settle(fixture, 2, &(const uint64_t){RUNNER + 1}, 1);
    btx_fixture_run(fixture);
    assert_int_equal(btx_fixture_reason(fixture), BTX_REJECT_COUNT);
    expect_balance(fixture, 1, most - 1);
}

/* Somebody else's debts leave room in the sum of all balances, but not in one's own. */
static void deposit__sum_has_room_but_not_the_balance__refused(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_funds_command *deposit;

    btx_fixture_open_account(fixture, 1, most / 2 * ONE);
    btx_fixture_open_account(fixture, 2, most / 4 * ONE);
    open_three(fixture, 1);
    dutch(fixture, 1, 1, most / 2 - 1);
    remove_third(fixture, 1);
    assert_int_equal(settle_first(fixture, 1), BTX_REJECT_COUNT);
    deposit = btx_fixture_begin(fixture, BTX_COMMAND_DEPOSIT);
    deposit->account = 1;
    deposit->amount = ONE + 1;
    btx_fixture_run(fixture);
    assert_int_equal(btx_fixture_reason(fixture), BTX_REJECT_INVALID_AMOUNT);
    deposit->amount = ONE;
    btx_fixture_run(fixture);
    assert_int_equal(btx_fixture_reason(fixture), BTX_REJECT_COUNT);
    expect_balance(fixture, 1, most);
    /* Who owes can be paid for, but withdraws nothing. */
    struct btx_funds_command *withdraw = btx_fixture_begin(fixture, BTX_COMMAND_WITHDRAW);
    withdraw->account = 2;
    withdraw->amount = 1;
    btx_fixture_run(fixture);
    assert_int_equal(btx_fixture_reason(fixture), BTX_REJECT_INSUFFICIENT_FUNDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BTX_IN_FIXTURE(settle_market__binary__yes_pays_the_buyer_and_no_the_seller),
        BTX_IN_FIXTURE(settle_market__one_winner_and_commission__netted_per_account),
        BTX_IN_FIXTURE(settle_market__dead_heat__floored_once_and_the_house_gets_the_rest),
        BTX_IN_FIXTURE(settle_market__three_for_two_places__summed_before_the_floor),
        BTX_IN_FIXTURE(settle_market__profit_of_one_unit__commission_of_one),
        BTX_IN_FIXTURE(settle_and_void_market__orders_of_every_kind__all_cancelled),
        BTX_IN_FIXTURE(settle_market__orders_only_or_frozen__only_bets_are_settled),
        BTX_IN_FIXTURE(settle_market__many_accounts__ascending),
        BTX_IN_FIXTURE(settle_market__then_forgotten__positions_stay_until_then),
        BTX_IN_FIXTURE(void_market__with_bets_and_orders__as_if_it_had_not_been),
        BTX_IN_FIXTURE(settle__winner_beyond_the_limit__refused_then_voided),
        BTX_IN_FIXTURE(settle__loser_below_zero__as_far_as_the_limit),
        BTX_IN_FIXTURE(settle__winners_together_beyond_the_limit__refused),
        BTX_IN_FIXTURE(settle__market_without_removals_after_one_with__balances_in_range),
        BTX_IN_FIXTURE(deposit__sum_has_room_but_not_the_balance__refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
