/* SPDX-License-Identifier: Apache-2.0 */
/* test_remove_runner.c - RemoveRunner (rules-2.md 6): its reasons, what is void, what counts at
 * other odds, and what it leaves in reserve.
 *
 * A follower gets every record of every tx by apply, and ends in the same state. */
#include "engine/core/commands.h"
#include "engine/core/entities.h"
#include "engine/core/resume.h"
#include "tests/unit/core/fixture.h"

#define MARKET UINT64_C(1)
#define RUNNER BTX_FIXTURE_RUNNER
#define ONE BTX_FIXTURE_ONE
#define NONE ((enum btx_reject)BTX_REJECT_COUNT)

static struct btx_fixture follower;

static int setup(void **state)
{
    static struct btx_fixture fixture;
    static const struct btx_core_capacity capacity = {.accounts = 6,
                                                      .markets = 3,
                                                      .runners = 20,
                                                      .orders = 9000,
                                                      .positions = 12,
                                                      .stakes = 20000};

    btx_fixture_open(&fixture, &capacity, 0);
    btx_fixture_open(&follower, &capacity, 0);
    fixture.follower = follower.core;
    for (uint64_t account = 1; account <= 4; account++)
        btx_fixture_open_account(&fixture, account, 1000 * ONE);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct btx_fixture *fixture = *state;

    btx_bytes_assert_equal(btx_fixture_save(&follower), btx_fixture_save(fixture));
    btx_fixture_close(fixture);
    btx_fixture_close(&follower);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void open_market(struct btx_fixture *fixture, uint32_t runners, uint32_t winners,
                        bool reductions)
{
    btx_fixture_open_second(fixture, MARKET, runners, winners,
                            (struct btx_opening){.reductions = reductions});
}

static uint64_t place(struct btx_fixture *fixture, uint64_t account, uint64_t runner,
                      enum btx_side side, uint64_t price, int64_t units)
{
    const uint64_t order = btx_fixture_place(fixture, &(struct btx_wish){.account = account,
                                                                         .market = MARKET,
                                                                         .runner = runner,
                                                                         .side = side,
                                                                         .price = price,
                                                                         .size = units * ONE});
    assert_true(order != 0);
    return order;
}

/* @backer backs, and @layer lays. */
static void bet(struct btx_fixture *fixture, uint64_t backer, uint64_t layer, uint64_t runner,
                uint64_t price, int64_t units)
{
    (void)place(fixture, layer, runner, BTX_SIDE_LAY, price, units);
    (void)place(fixture, backer, runner, BTX_SIDE_BACK, price, units);
    assert_int_equal(btx_fixture_count(fixture, BTX_EVENT_TRADE_MATCHED), 1);
}

static enum btx_reject reason_of_removal(struct btx_fixture *fixture, uint64_t market,
                                         uint64_t runner, int64_t factor)
{
    struct btx_remove_runner *command = btx_fixture_begin(fixture, BTX_COMMAND_REMOVE_RUNNER);

    command->market = market;
    command->runner = runner;
    command->factor = factor;
    btx_fixture_run(fixture);
    return btx_fixture_reason(fixture);
}

static void expect_exposure(const struct btx_fixture *fixture, uint64_t account, uint32_t index,
                            int64_t win, int64_t lose)
{
    struct btx_exposure_view view;

    assert_true(btx_core_view_exposure(fixture->core, account, MARKET, index, &view));
    assert_true(view.win == win);
    assert_true(view.lose == lose);
}

static btx_i128 available(const struct btx_fixture *fixture, uint64_t account)
{
    struct btx_account_view view;

    assert_true(btx_core_view_account(fixture->core, account, &view));
    return view.available;
}

/* Each later reason is there as well, and shows when the one before it is mended. */
static void remove_runner__reasons_in_order(void **state)
{
    struct btx_fixture *fixture = *state;

    assert_int_equal(reason_of_removal(fixture, 9, 99, -1), BTX_REJECT_UNKNOWN_MARKET);
    btx_fixture_open_odds(fixture, 9, 3, 1);
    btx_fixture_on_market(fixture, BTX_COMMAND_VOID_MARKET, 9);
    assert_int_equal(reason_of_removal(fixture, 9, 99, -1), BTX_REJECT_MARKET_CLOSED);
    open_market(fixture, 4, 1, true);
    static const int64_t factors[] = {
        -1, -100, 1, 150, BTX_FACTOR_MAX + 1, BTX_FACTOR_MAX + 100, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < BTX_COUNT_OF(factors); i++)
        assert_int_equal(reason_of_removal(fixture, MARKET, 99, factors[i]),
                         BTX_REJECT_INVALID_MARKET);
    assert_int_equal(reason_of_removal(fixture, MARKET, 99, 100), BTX_REJECT_UNKNOWN_RUNNER);
    assert_int_equal(reason_of_removal(fixture, MARKET, RUNNER, BTX_FACTOR_MAX), NONE);
    assert_int_equal(reason_of_removal(fixture, MARKET, RUNNER, 0), BTX_REJECT_RUNNER_REMOVED);
    assert_int_equal(reason_of_removal(fixture, MARKET, RUNNER + 1, 0), NONE);
    assert_int_equal(reason_of_removal(fixture, MARKET, RUNNER + 2, 0), BTX_REJECT_TOO_FEW_RUNNERS);
    assert_int_equal(reason_of_removal(fixture, MARKET, RUNNER, 0), BTX_REJECT_RUNNER_REMOVED);
}

static void remove_runner__binary_or_factor_without_reductions__invalid_market(void **state)
{
    struct btx_fixture *fixture = *state;

    btx_fixture_open_binary(fixture, 2, 10);
    assert_int_equal(reason_of_removal(fixture, 2, 1, 0), BTX_REJECT_INVALID_MARKET);
    open_market(fixture, 4, 2, false);
    assert_int_equal(reason_of_removal(fixture, MARKET, RUNNER, 100), BTX_REJECT_INVALID_MARKET);
    assert_int_equal(reason_of_removal(fixture, MARKET, RUNNER, 0), NONE);
    assert_int_equal(reason_of_removal(fixture, MARKET, RUNNER + 1, 0), BTX_REJECT_TOO_FEW_RUNNERS);
}

/* Nobody can bet on it, nor name it as a winner; it is still a runner that CancelOrders knows. */
static void remove_runner__afterwards__neither_bet_on_nor_winner(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_market_view view;
    struct btx_wish wish = {
        .account = 1, .market = MARKET, .runner = RUNNER, .price = 1, .size = 1};
    static const uint64_t winners[] = {RUNNER, RUNNER + 1};

    open_market(fixture, 3, 1, false);
    assert_false(btx_core_view_is_removed(fixture->core, MARKET, 0));
    btx_fixture_remove(fixture, MARKET, RUNNER, 0);
    const struct btx_runner_removed *event =
        btx_fixture_event(fixture, 0, BTX_EVENT_RUNNER_REMOVED);
    assert_int_equal(event->market, MARKET);
    assert_int_equal(event->runner, RUNNER);
    assert_int_equal(event->factor, 0);
    assert_int_equal(fixture->event_count, 1);
    assert_true(btx_core_view_is_removed(fixture->core, MARKET, 0));
    assert_false(btx_core_view_is_removed(fixture->core, MARKET, 1));
    assert_false(btx_core_view_is_removed(fixture->core, MARKET, 3));
    assert_false(btx_core_view_is_removed(fixture->core, 77, 0));
    assert_true(btx_core_view_market(fixture->core, MARKET, &view));
    assert_int_equal(view.removed_count, 1);
    assert_int_equal(view.runner_count, 3);
    assert_int_equal(view.version, 2);
    assert_int_equal(btx_fixture_place(fixture, &wish), 0); /* Check 6, before the price. */
    assert_int_equal(btx_fixture_reason(fixture), BTX_REJECT_RUNNER_REMOVED);
    for (uint16_t count = 1; count <= 2; count++) {
        btx_fixture_build_settle(fixture, MARKET, winners, count);
        btx_fixture_run(fixture);
        assert_int_equal(btx_fixture_reason(fixture), BTX_REJECT_INVALID_WINNERS);
    }
    btx_fixture_build_settle(fixture, MARKET, &winners[1], 1);
    btx_fixture_run(fixture);
    assert_int_equal(btx_fixture_reason(fixture), NONE);
}

/* Without a factor the orders on the other runners stay; with one all go. */
static void remove_runner__live_orders__its_own_or_with_a_factor_all(void **state)
{
    struct btx_fixture *fixture = *state;

    open_market(fixture, 4, 1, true);
    for (uint64_t i = 0; i < 4; i++)
        for (uint64_t account = 1; account <= 2; account++)
            (void)place(fixture, account, RUNNER + i, BTX_SIDE_BACK, 20000, 10);
    btx_fixture_remove(fixture, MARKET, RUNNER + 2, 0);
    assert_int_equal(fixture->event_count, 2);
    const struct btx_order_cancelled_batched *batch =
        btx_fixture_event(fixture, 1, BTX_EVENT_ORDER_CANCELLED_BATCHED);
    assert_int_equal(batch->cause, BTX_CAUSE_RUNNER_REMOVED);
    assert_int_equal(batch->orders_count, 2);
    assert_int_equal(btx_order_cancelled_batched_orders(batch)[0], 5);
    assert_int_equal(btx_order_cancelled_batched_orders(batch)[1], 6);
    btx_fixture_remove(fixture, MARKET, RUNNER, 1);
    batch = btx_fixture_event(fixture, 1, BTX_EVENT_ORDER_CANCELLED_BATCHED);
    assert_int_equal(batch->orders_count, 6);
    assert_true(available(fixture, 1) == 1000 * ONE);
    assert_int_equal(fixture->core->orders.used, 0);
    assert_int_equal(fixture->core->positions.used, 0);
}

/* Its bets are void; every other bet counts at o' = o less the factor, and X does not change. */
static void remove_runner__with_a_factor__bets_at_reduced_odds(void **state)
{
    struct btx_fixture *fixture = *state;

    open_market(fixture, 4, 1, true);
    bet(fixture, 1, 2, RUNNER, 50000, 10);
    bet(fixture, 1, 2, RUNNER + 1, 21000, 20);
    bet(fixture, 2, 1, RUNNER + 1, 30000, 5);
    bet(fixture, 1, 3, RUNNER + 2, 10100, 30);
    btx_fixture_remove(fixture, MARKET, RUNNER, 2500); /* 25 % */
    expect_exposure(fixture, 1, 0, 0, 0);
    /* 2.1 is 1.57 (1.575), 3 is 2.25. */
    expect_exposure(fixture, 1, 1, 114000 - 5 * 12500, -150000);
    expect_exposure(fixture, 2, 1, -114000 + 5 * 12500, 150000);
    expect_exposure(fixture, 1, 2, 30 * 100, -300000); /* 1.01 stays. */
    btx_fixture_remove(fixture, MARKET, RUNNER + 2, 1000);
    /* 1.57 is 1.41 (1.413), 2.25 is 2.02 (2.025). */
    expect_exposure(fixture, 1, 1, 20 * 4100 - 5 * 10200, -150000);
    expect_exposure(fixture, 1, 2, 0, 0);
    expect_exposure(fixture, 3, 2, 0, 0);
    assert_null(btx_find_position(
        fixture->core, slot_of_account(fixture->core, btx_find_account(fixture->core, 3)),
        slot_of_market(fixture->core, btx_find_market(fixture->core, MARKET))));
    /* Settlement pays by that. */
    btx_fixture_build_settle(fixture, MARKET, &(const uint64_t){RUNNER + 1}, 1);
    btx_fixture_run(fixture);
    const struct btx_account_settled *settled =
        btx_fixture_event(fixture, 1, BTX_EVENT_ACCOUNT_SETTLED);
    assert_int_equal(settled->pnl, 31000);
    assert_int_equal(fixture->core->stakes.used, 0);
}

/* W and X cancel out, but not at other odds: the position is kept for its stakes, is not settled,
 * and goes with MarketSettled. */
static void remove_runner__position_of_stakes_alone__kept_until_settled(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_core_view view;

    /* Backed 10 at 2 and 10 at 4, laid 20 at 3: W = 10 + 30 - 40. */
    for (int form = 0; form < 2; form++) {
        assert_int_equal(teardown(state), 0);
        assert_int_equal(setup(state), 0);
        fixture = *state;
        open_market(fixture, 3, 1, true);
        bet(fixture, 1, 2, RUNNER, 20000, 10);
        bet(fixture, 1, 2, RUNNER, 40000, 10);
        bet(fixture, 3, 1, RUNNER, 30000, 20);
        expect_exposure(fixture, 1, 0, 0, 0);
        btx_core_view(fixture->core, &view);
        assert_int_equal(view.used.positions, 3);
        assert_int_equal(view.used.stakes, 6);
        if (form == 1) {
            btx_fixture_remove(fixture, MARKET, RUNNER + 1, 3333); /* To 1.33, 2.66 and 2. */
            expect_exposure(fixture, 1, 0, -1000, 0);
        }
        btx_fixture_build_settle(fixture, MARKET, &(const uint64_t){RUNNER}, 1);
        btx_fixture_run(fixture);
        assert_int_equal(btx_fixture_count(fixture, BTX_EVENT_ACCOUNT_SETTLED), 2 + form);
        btx_core_view(fixture->core, &view);
        assert_int_equal(view.used.positions, 2 + form);
        assert_int_equal(view.used.stakes, 0);
    }
}

/* Removal is the one thing that makes available negative; who is there may still place what does
 * not lower it, and may be paid for. */
static void remove_runner__dutched_account__available_negative_and_what_it_may(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_wish wish = {.account = 2,
                            .market = MARKET,
                            .runner = RUNNER,
                            .side = BTX_SIDE_LAY,
                            .price = 20000,
                            .size = ONE};

    open_market(fixture, 3, 1, false);
    for (int turn = 0; turn < 4; turn++)
        for (uint64_t i = 0; i < 3; i++)
            bet(fixture, 1, 2, RUNNER + i, 30000, 500);
    assert_true(available(fixture, 2) == 1000 * ONE);
    btx_fixture_remove(fixture, MARKET, RUNNER + 2, 0);
    assert_true(available(fixture, 1) == 1000 * ONE);
    assert_true(available(fixture, 2) == -1000 * ONE);
    assert_null(btx_core_verify(fixture->core));
    const struct btx_bytes saved = btx_fixture_save(fixture);
    struct btx_fixture loaded;
    btx_fixture_open(&loaded, &fixture->capacity, 0);
    assert_null(btx_core_load(loaded.core, saved.bytes, saved.length_bytes));
    btx_fixture_close(&loaded);

    assert_int_equal(btx_fixture_place(fixture, &wish), 0);
    assert_int_equal(btx_fixture_reason(fixture), BTX_REJECT_INSUFFICIENT_FUNDS);
    wish.side = BTX_SIDE_BACK;
    assert_int_equal(btx_fixture_place(fixture, &wish), 0);
    assert_int_equal(btx_fixture_reason(fixture), BTX_REJECT_INSUFFICIENT_FUNDS);
    struct btx_funds_command *withdraw = btx_fixture_begin(fixture, BTX_COMMAND_WITHDRAW);
    withdraw->account = 2;
    withdraw->amount = 1;
    btx_fixture_run(fixture);
    assert_int_equal(btx_fixture_reason(fixture), BTX_REJECT_INSUFFICIENT_FUNDS);
    /* 2000 are lost whichever wins, so that any order is a risk: paid for, it is accepted. */
    struct btx_funds_command *deposit = btx_fixture_begin(fixture, BTX_COMMAND_DEPOSIT);
    deposit->account = 2;
    deposit->amount = 1010 * ONE;
    btx_fixture_run(fixture);
    wish.side = BTX_SIDE_LAY;
    wish.size = 10 * ONE;
    assert_true(btx_fixture_place(fixture, &wish) != 0);
    assert_true(available(fixture, 2) == 0);
}

/* What does not lower available is accepted below nothing. */
static void place_order__available_negative__what_does_not_lower_it(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_wish wish = {.account = 2,
                            .market = MARKET,
                            .runner = RUNNER,
                            .side = BTX_SIDE_BACK,
                            .price = 20000,
                            .size = ONE};

    open_market(fixture, 3, 1, false);
    for (int turn = 0; turn < 4; turn++)
        for (uint64_t i = 0; i < 3; i++)
            bet(fixture, 1, 2, RUNNER + i, 30000, 500);
    bet(fixture, 1, 2, RUNNER, 20000, 100); /* If the first wins, 100 more are lost. */
    btx_fixture_remove(fixture, MARKET, RUNNER + 2, 0);
    assert_true(available(fixture, 2) == -1100 * ONE);
    assert_true(btx_fixture_place(fixture, &wish) != 0);
    assert_true(available(fixture, 2) == -1100 * ONE);
}

/* Orders on the removed runner count no more before they are cancelled, also where all that is left
 * is on the good side: the floor of the position is that of the runners that are left. */
static void remove_runner__orders_on_it_and_dutched_others__nothing_reserved(void **state)
{
    struct btx_fixture *fixture = *state;

    open_market(fixture, 3, 1, true);
    bet(fixture, 1, 2, RUNNER + 1, 30000, 10);
    bet(fixture, 1, 2, RUNNER + 2, 30000, 10);
    (void)place(fixture, 1, RUNNER, BTX_SIDE_BACK, 30000, 50);
    (void)place(fixture, 1, RUNNER, BTX_SIDE_LAY, 20000, 50);
    btx_fixture_remove(fixture, MARKET, RUNNER, 0);
    assert_true(available(fixture, 1) == 1000 * ONE);
    assert_null(btx_core_verify(fixture->core));
    /* And the next order is judged by that floor. */
    (void)place(fixture, 1, RUNNER + 1, BTX_SIDE_LAY, 30000, 5);
    assert_true(available(fixture, 1) == 1000 * ONE);
    assert_null(btx_core_verify(fixture->core));
}

/* More orders than a batch: the removal goes on, also in a core that was loaded from the bytes
 * between its txs, in which the orders on the runner are still there. */
static void remove_runner__more_orders_than_a_batch__goes_on(void **state)
{
    for (uint32_t percent = 0; percent <= 1000; percent += 1000) {
        struct btx_fixture *fixture;

        assert_int_equal(teardown(state), 0);
        assert_int_equal(setup(state), 0);
        fixture = *state;
        open_market(fixture, 3, 1, true);
        bet(fixture, 3, 4, RUNNER + 1, 30000, 10);
        for (int i = 0; i < 4200; i++) {
            const size_t used_bytes = fixture->arena_used_bytes;
            const struct btx_wish wish = {.account = 1 + (uint64_t)(i % 2),
                                          .market = MARKET,
                                          .runner = RUNNER,
                                          .side = BTX_SIDE_BACK,
                                          .price = 20000,
                                          .size = 100};
            assert_true(btx_fixture_place(fixture, &wish) != 0);
            fixture->arena_used_bytes = used_bytes;
        }
        (void)place(fixture, 1, RUNNER + 1, BTX_SIDE_BACK, 40000, 1);
        btx_fixture_build_removal(fixture, MARKET, RUNNER, percent);
        assert_int_equal(btx_fixture_start(fixture), BTX_STEP_MORE);
        assert_int_equal(fixture->event_count, 2);
        assert_null(btx_core_verify(fixture->core));
        const struct btx_bytes saved = btx_fixture_save(fixture);
        assert_null(btx_fixture_load(fixture, saved.bytes, saved.length_bytes));
        btx_bytes_assert_equal(btx_fixture_save(fixture), saved);
        assert_int_equal(btx_fixture_continue(fixture), BTX_STEP_DONE);
        const struct btx_order_cancelled_batched *batch =
            btx_fixture_event(fixture, 2, BTX_EVENT_ORDER_CANCELLED_BATCHED);
        assert_int_equal(batch->orders_count, 4200 - 4096 + (percent > 0));
        assert_int_equal(fixture->core->orders.used, percent > 0 ? 0 : 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(remove_runner__reasons_in_order),
        TEST(remove_runner__binary_or_factor_without_reductions__invalid_market),
        TEST(remove_runner__afterwards__neither_bet_on_nor_winner),
        TEST(remove_runner__live_orders__its_own_or_with_a_factor_all),
        TEST(remove_runner__with_a_factor__bets_at_reduced_odds),
        TEST(remove_runner__position_of_stakes_alone__kept_until_settled),
        TEST(remove_runner__dutched_account__available_negative_and_what_it_may),
        TEST(place_order__available_negative__what_does_not_lower_it),
        TEST(remove_runner__orders_on_it_and_dutched_others__nothing_reserved),
        TEST(remove_runner__more_orders_than_a_batch__goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
