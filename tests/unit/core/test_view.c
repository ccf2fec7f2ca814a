/* SPDX-License-Identifier: Apache-2.0 */
/* test_view.c - what read models and reports see of the state. */
#include "engine/core/view.h"

#include "engine/core/entities.h"
#include "tests/unit/core/scene.h"

#define RUNNER BTX_FIXTURE_RUNNER
#define ONE BTX_FIXTURE_ONE

static void view__scene__counters_and_what_is_used(void **state)
{
    const struct btx_scene *scene = *state;
    const struct btx_core *core = scene->fixture.core;
    struct btx_core_view view;

    btx_core_view(core, &view);
    assert_int_equal(view.seq, core->seq);
    assert_int_equal(view.tx, core->tx);
    assert_int_equal(view.time_ns, 1000);
    assert_int_equal(view.next_order, 5);
    assert_int_equal(view.used.accounts, 3); /* The house is not one. */
    assert_int_equal(view.used.markets, 3);
    assert_int_equal(view.used.runners, 6);
    assert_int_equal(view.used.orders, 2);
    assert_int_equal(view.used.positions, 2);
}

/* Account 1 may lose 6 for its bet and 10 for its order on one runner; and wins 4 if it loses. */
static void view_account__with_bets_and_orders__available_is_what_is_left(void **state)
{
    const struct btx_core *core = ((const struct btx_scene *)*state)->fixture.core;
    struct btx_account_view view;

    assert_true(btx_core_view_account(core, 1, &view));
    assert_int_equal(view.balance, 1002 * ONE);
    assert_true(view.available == 986 * ONE);
    assert_int_equal(view.cseq, 10);
    assert_int_equal(view.transfer, 20);
    assert_false(view.frozen);
    assert_true(btx_core_view_account(core, 2, &view));
    assert_true(view.available == 976 * ONE);
    assert_true(btx_core_view_account(core, 3, &view));
    assert_true(view.frozen);
}

static void view_account__house_and_unknown__only_the_house(void **state)
{
    const struct btx_core *core = ((const struct btx_scene *)*state)->fixture.core;
    struct btx_account_view view = {.cseq = 5};

    assert_false(btx_core_view_account(core, 77, &view));
    assert_int_equal(view.cseq, 5);
    assert_true(btx_core_view_account(core, 0, &view));
    assert_int_equal(view.balance, 0);
    assert_int_equal(view.cseq, 0);
}

static void view_market__each_kind_and_status__as_opened(void **state)
{
    struct btx_scene *scene = *state;
    struct btx_market_view view;

    btx_fixture_on_market(&scene->fixture, BTX_COMMAND_SUSPEND_MARKET, BTX_SCENE_BINARY);
    btx_fixture_on_market(&scene->fixture, BTX_COMMAND_TURN_IN_PLAY, BTX_SCENE_BINARY);
    assert_true(btx_core_view_market(scene->fixture.core, BTX_SCENE_MARKET, &view));
    assert_int_equal(view.market, BTX_SCENE_MARKET);
    assert_int_equal(view.kind, BTX_MARKET_KIND_ODDS);
    assert_int_equal(view.status, BTX_MARKET_OPEN);
    assert_false(view.in_play);
    assert_int_equal(view.winners, 1);
    assert_int_equal(view.runner_count, 3);
    assert_int_equal(view.live_orders, 2);
    assert_int_equal(view.tick, 0);
    assert_int_equal(view.commission, 0);
    assert_int_equal(view.min_size, 100);
    assert_true(btx_core_view_market(scene->fixture.core, BTX_SCENE_BINARY, &view));
    assert_int_equal(view.kind, BTX_MARKET_KIND_BINARY);
    assert_int_equal(view.status, BTX_MARKET_SUSPENDED);
    assert_true(view.in_play);
    assert_int_equal(view.tick, 10);
    assert_true(btx_core_view_market(scene->fixture.core, BTX_SCENE_CLOSED, &view));
    assert_int_equal(view.status, BTX_MARKET_CLOSED);
    assert_false(btx_core_view_market(scene->fixture.core, 77, &view));
    assert_int_equal(view.market, BTX_SCENE_CLOSED);
}

static void view_order__live_and_gone__only_while_live(void **state)
{
    struct btx_scene *scene = *state;
    struct btx_order_view view;

    assert_true(btx_core_view_order(scene->fixture.core, scene->back, &view));
    assert_int_equal(view.account, 2);
    assert_int_equal(view.market, BTX_SCENE_MARKET);
    assert_int_equal(view.runner, RUNNER);
    assert_int_equal(view.price, 30000);
    assert_int_equal(view.remaining, 20 * ONE);
    assert_int_equal(view.side, BTX_SIDE_BACK);
    assert_int_equal(view.persistence, BTX_PERSISTENCE_LAPSE);
    btx_fixture_cancel(&scene->fixture, 2, scene->back);
    assert_false(btx_core_view_order(scene->fixture.core, scene->back, &view));
    assert_false(btx_core_view_order(scene->fixture.core, 0, &view));
    assert_int_equal(view.price, 30000);
}

static void view_market__orders_of_one_side__counted(void **state)
{
    struct btx_scene *scene = *state;
    struct btx_market_view view;

    btx_fixture_cancel(&scene->fixture, 1, scene->lay);
    assert_true(btx_core_view_market(scene->fixture.core, BTX_SCENE_MARKET, &view));
    assert_int_equal(view.live_orders, 1);
    btx_fixture_cancel(&scene->fixture, 2, scene->back);
    assert_true(btx_core_view_market(scene->fixture.core, BTX_SCENE_MARKET, &view));
    assert_int_equal(view.live_orders, 0);
    for (int i = 0; i < 3; i++)
        assert_true(btx_fixture_place(&scene->fixture, &(struct btx_wish){
                                                           .account = 1,
                                                           .market = BTX_SCENE_MARKET,
                                                           .runner = RUNNER,
                                                           .side = BTX_SIDE_LAY,
                                                           .price = 20000,
                                                           .size = 100,
                                                       }) != 0);
    assert_true(btx_core_view_market(scene->fixture.core, BTX_SCENE_MARKET, &view));
    assert_int_equal(view.live_orders, 3);
}

static void view_runner__each_index__in_the_order_of_opening(void **state)
{
    const struct btx_core *core = ((const struct btx_scene *)*state)->fixture.core;

    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(btx_core_view_runner(core, BTX_SCENE_MARKET, i), RUNNER + i);
    assert_int_equal(btx_core_view_runner(core, BTX_SCENE_MARKET, 3), 0);
    assert_int_equal(btx_core_view_runner(core, 77, 0), 0);
}

/* W' and X': the bet of 4 at 2.5, and the orders as if they were lost. */
static void view_exposure__bets_and_orders__unmatched_counted_as_lost(void **state)
{
    const struct btx_core *core = ((const struct btx_scene *)*state)->fixture.core;
    struct btx_exposure_view view;

    assert_true(btx_core_view_exposure(core, 1, BTX_SCENE_MARKET, 0, &view));
    assert_true(view.win == -16 * ONE && view.lose == 4 * ONE);
    assert_true(btx_core_view_exposure(core, 2, BTX_SCENE_MARKET, 0, &view));
    assert_true(view.win == 6 * ONE && view.lose == -24 * ONE);
    assert_true(btx_core_view_exposure(core, 2, BTX_SCENE_MARKET, 1, &view));
    assert_true(view.win == 0 && view.lose == 0);
}

static void view_exposure__no_position_or_unknown__zero_or_false(void **state)
{
    const struct btx_core *core = ((const struct btx_scene *)*state)->fixture.core;
    struct btx_exposure_view view = {.win = 5, .lose = 5};

    assert_false(btx_core_view_exposure(core, 1, 77, 0, &view));
    assert_false(btx_core_view_exposure(core, 1, BTX_SCENE_MARKET, 3, &view));
    assert_true(view.win == 5);
    assert_true(btx_core_view_exposure(core, 3, BTX_SCENE_MARKET, 0, &view));
    assert_true(view.win == 0 && view.lose == 0);
    view.win = 5;
    assert_true(btx_core_view_exposure(core, 77, BTX_SCENE_MARKET, 0, &view));
    assert_true(view.win == 0 && view.lose == 0);
}

static void place(struct btx_fixture *fixture, uint64_t account, uint64_t market,
                  enum btx_side side, uint64_t price, int64_t size)
{
    assert_true(btx_fixture_place(fixture, &(struct btx_wish){
                                               .account = account,
                                               .market = market,
                                               .runner = market == 2 ? 1 : RUNNER,
                                               .side = side,
                                               .price = price,
                                               .size = size,
                                           }) != 0);
}

static void open_two_markets(struct btx_fixture *fixture)
{
    for (uint64_t account = 1; account <= 2; account++)
        btx_fixture_open_account(fixture, account, 100000 * ONE);
    btx_fixture_open_odds(fixture, 1, 2, 1);
    btx_fixture_open_binary(fixture, 2, 1);
}

static void assert_book(const struct btx_fixture *fixture, uint64_t market, enum btx_side side,
                        const struct btx_level_view *expected, size_t count)
{
    struct btx_level_view levels[8];
    const uint64_t runner = market == 2 ? 1 : RUNNER;

    assert_int_equal(
        btx_core_view_book(fixture->core, market, runner, side, levels, BTX_COUNT_OF(levels)),
        count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(levels[i].price, expected[i].price);
        assert_int_equal(levels[i].size, expected[i].size);
    }
    assert_int_equal(btx_core_view_book(fixture->core, market, runner, side, levels, 2),
                     count < 2 ? count : 2);
    assert_int_equal(btx_core_view_book(fixture->core, market, runner, side, levels, 0), 0);
}

/* Best for a taker first: LAYs highest odds first, BACKs lowest; in a binary market the reverse. */
static void view_book__both_kinds_and_sides__best_first(void **state)
{
    static const struct btx_level_view lays[] = {{20000, 300}, {19900, 100}, {10100, 500}};
    static const struct btx_level_view backs[] = {{20200, 700}, {30000, 100}, {10000000, 200}};
    static const struct btx_level_view buys[] = {{5000, 3 * ONE}, {4999, ONE}, {1, 2 * ONE}};
    static const struct btx_level_view sells[] = {{5001, ONE}, {7000, 2 * ONE}, {9999, 5 * ONE}};
    struct btx_fixture *fixture = *state;

    open_two_markets(fixture);
    for (size_t i = 0; i < 3; i++) {
        const size_t at = (i + 1) % 3; /* Not in their order. */

        place(fixture, 1, 1, BTX_SIDE_LAY, lays[at].price, lays[at].size);
        place(fixture, 1, 1, BTX_SIDE_BACK, backs[at].price, backs[at].size);
        place(fixture, 1, 2, BTX_SIDE_BACK, buys[at].price, buys[at].size);
        place(fixture, 1, 2, BTX_SIDE_LAY, sells[at].price, sells[at].size);
    }
    assert_book(fixture, 1, BTX_SIDE_LAY, lays, 3);
    assert_book(fixture, 1, BTX_SIDE_BACK, backs, 3);
    assert_book(fixture, 2, BTX_SIDE_BACK, buys, 3);
    assert_book(fixture, 2, BTX_SIDE_LAY, sells, 3);
}

static void view_book__unknown_or_empty__nothing(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_level_view level;

    open_two_markets(fixture);
    assert_int_equal(btx_core_view_book(fixture->core, 77, RUNNER, BTX_SIDE_BACK, &level, 1), 0);
    assert_int_equal(btx_core_view_book(fixture->core, 1, 77, BTX_SIDE_BACK, &level, 1), 0);
    assert_int_equal(btx_core_view_book(fixture->core, 1, RUNNER, BTX_SIDE_BACK, &level, 1), 0);
}

static void view_queue__one_price__oldest_first(void **state)
{
    struct btx_fixture *fixture = *state;
    uint64_t orders[4] = {0};

    open_two_markets(fixture);
    place(fixture, 2, 1, BTX_SIDE_LAY, 20000, 100);
    place(fixture, 1, 1, BTX_SIDE_LAY, 20000, 100);
    place(fixture, 1, 1, BTX_SIDE_LAY, 19900, 100);
    place(fixture, 2, 1, BTX_SIDE_LAY, 20000, 100);
    assert_int_equal(btx_core_view_queue(fixture->core, 1, RUNNER, 20000, orders, 4), 3);
    assert_int_equal(orders[0], 1);
    assert_int_equal(orders[1], 2);
    assert_int_equal(orders[2], 4);
    assert_int_equal(btx_core_view_queue(fixture->core, 1, RUNNER, 20000, orders, 1), 1);
    assert_int_equal(btx_core_view_queue(fixture->core, 1, RUNNER, 20000, orders, 0), 0);
    /* In the same leaf, in another one, off the ladder, elsewhere. */
    assert_int_equal(btx_core_view_queue(fixture->core, 1, RUNNER, 19800, orders, 4), 0);
    assert_int_equal(btx_core_view_queue(fixture->core, 1, RUNNER, 10000000, orders, 4), 0);
    assert_int_equal(btx_core_view_queue(fixture->core, 1, RUNNER, 20001, orders, 4), 0);
    assert_int_equal(btx_core_view_queue(fixture->core, 1, RUNNER + 1, 20000, orders, 4), 0);
    assert_int_equal(btx_core_view_queue(fixture->core, 1, 77, 20000, orders, 4), 0);
    assert_int_equal(btx_core_view_queue(fixture->core, 77, RUNNER, 20000, orders, 4), 0);
}

static void view_next_market__all_in_turn__ascending(void **state)
{
    struct btx_scene *scene = *state;
    const struct btx_core *core = scene->fixture.core;

    assert_int_equal(btx_core_view_next_market(core, 0), BTX_SCENE_MARKET);
    assert_int_equal(btx_core_view_next_market(core, BTX_SCENE_MARKET - 1), BTX_SCENE_MARKET);
    assert_int_equal(btx_core_view_next_market(core, BTX_SCENE_MARKET), BTX_SCENE_BINARY);
    assert_int_equal(btx_core_view_next_market(core, BTX_SCENE_BINARY), BTX_SCENE_CLOSED);
    assert_int_equal(btx_core_view_next_market(core, BTX_SCENE_CLOSED), 0);
    assert_int_equal(btx_core_view_next_market(core, UINT64_MAX), 0);
    btx_fixture_on_market(&scene->fixture, BTX_COMMAND_FORGET_MARKET, BTX_SCENE_CLOSED);
    assert_int_equal(btx_core_view_next_market(core, BTX_SCENE_BINARY), 0);
}

/* An account's own orders and the markets that they are in: nobody else's, in order. */
static void view_orders__of_an_account__its_own_ascending(void **state)
{
    const struct btx_core *core = ((const struct btx_scene *)*state)->fixture.core;
    uint64_t orders[4] = {0};
    struct btx_order_view view;
    size_t count;

    assert_int_equal(btx_core_view_next_position(core, 1, 0), BTX_SCENE_MARKET);
    assert_int_equal(btx_core_view_next_position(core, 1, BTX_SCENE_MARKET), 0);
    assert_int_equal(btx_core_view_next_position(core, 77, 0), 0);
    count = btx_core_view_orders(core, 1, BTX_SCENE_MARKET, 0, orders, 4);
    assert_int_equal(count, btx_core_view_live_orders(core, 1));
    assert_int_equal(count, 1);
    assert_true(btx_core_view_order(core, orders[0], &view));
    assert_int_equal(view.account, 1);
    assert_int_equal(btx_core_view_orders(core, 1, BTX_SCENE_MARKET, orders[0] - 1, orders, 4), 1);
    assert_int_equal(btx_core_view_orders(core, 1, BTX_SCENE_MARKET, orders[0], orders, 4), 0);
    assert_int_equal(btx_core_view_orders(core, 1, BTX_SCENE_MARKET, 0, orders, 0), 0);
    assert_int_equal(btx_core_view_orders(core, 77, BTX_SCENE_MARKET, 0, orders, 4), 0);
    assert_int_equal(btx_core_view_orders(core, 1, 987654, 0, orders, 4), 0);
    assert_int_equal(btx_core_view_orders(core, 1, BTX_SCENE_BINARY, 0, orders, 4), 0);
}

static void view_next_account__all_in_turn__ascending_without_the_house(void **state)
{
    struct btx_fixture *fixture = *state;
    static const uint64_t ids[] = {700, 3, UINT64_MAX, 40};

    for (size_t i = 0; i < BTX_COUNT_OF(ids); i++)
        btx_fixture_open_account(fixture, ids[i], 0);
    assert_int_equal(btx_core_view_next_account(fixture->core, 0), 3);
    assert_int_equal(btx_core_view_next_account(fixture->core, 3), 40);
    assert_int_equal(btx_core_view_next_account(fixture->core, 40), 700);
    assert_true(btx_core_view_next_account(fixture->core, 700) == UINT64_MAX);
    assert_int_equal(btx_core_view_next_account(fixture->core, UINT64_MAX), 0);
}

/* 9224 orders of 10^11 contracts at 0.0001 cost less than one account may have, and together pass
 * 64 bits: the greatest size there can be is said, and none that is negative. */
static void view_book__sizes_beyond_64_bits__the_greatest_there_is(void **state)
{
    static const struct btx_core_capacity capacity = {
        .accounts = 2, .markets = 1, .runners = 1, .orders = 9300, .positions = 2};
    const struct btx_wish wish = {
        .account = 1, .market = 2, .side = BTX_SIDE_BACK, .price = 1, .size = BTX_MONEY_MAX};
    struct btx_fixture fixture;
    struct btx_level_view level;

    (void)state;
    btx_fixture_open(&fixture, &capacity, 0);
    btx_fixture_open_account(&fixture, 1, BTX_MONEY_MAX);
    btx_fixture_open_binary(&fixture, 2, 1);
    const size_t used_bytes = fixture.arena_used_bytes;
    for (int i = 0; i < 9224; i++) {
        assert_true(btx_fixture_place(&fixture, &wish) != 0);
        fixture.arena_used_bytes = used_bytes;
    }
    assert_int_equal(btx_core_view_book(fixture.core, 2, 1, BTX_SIDE_BACK, &level, 1), 1);
    assert_true(level.size == INT64_MAX);

    const struct btx_bytes saved = btx_fixture_save(&fixture);
    assert_null(btx_fixture_load(&fixture, saved.bytes, saved.length_bytes));
    btx_fixture_on_market(&fixture, BTX_COMMAND_VOID_MARKET, 2);
    assert_int_equal(btx_core_view_book(fixture.core, 2, 1, BTX_SIDE_BACK, &level, 1), 0);
    btx_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BTX_IN_SCENE(view__scene__counters_and_what_is_used),
        BTX_IN_SCENE(view_account__with_bets_and_orders__available_is_what_is_left),
        BTX_IN_SCENE(view_account__house_and_unknown__only_the_house),
        BTX_IN_SCENE(view_market__each_kind_and_status__as_opened),
        BTX_IN_SCENE(view_order__live_and_gone__only_while_live),
        BTX_IN_SCENE(view_market__orders_of_one_side__counted),
        BTX_IN_SCENE(view_runner__each_index__in_the_order_of_opening),
        BTX_IN_SCENE(view_exposure__bets_and_orders__unmatched_counted_as_lost),
        BTX_IN_SCENE(view_exposure__no_position_or_unknown__zero_or_false),
        BTX_IN_FIXTURE(view_book__both_kinds_and_sides__best_first),
        BTX_IN_FIXTURE(view_book__unknown_or_empty__nothing),
        BTX_IN_FIXTURE(view_queue__one_price__oldest_first),
        BTX_IN_SCENE(view_next_market__all_in_turn__ascending),
        BTX_IN_SCENE(view_orders__of_an_account__its_own_ascending),
        BTX_IN_FIXTURE(view_next_account__all_in_turn__ascending_without_the_house),
        cmocka_unit_test(view_book__sizes_beyond_64_bits__the_greatest_there_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
