/* SPDX-License-Identifier: Apache-2.0 */
/* test_apply_market.c - a log's events of markets and settlements, and those that cannot be. */
#include "engine/core/apply.h"
#include "engine/core/entities.h"
#include "tests/unit/core/scene.h"

#define RUNNER BTX_FIXTURE_RUNNER
#define NEW_MARKET UINT64_C(60)

/* A market of @count runners as it would be accepted. */
static struct btx_market_opened *opened(struct btx_scene *scene, uint16_t count)
{
    static const uint64_t runners[8] = {5, 4, 9, 7, 1, 2, 3, 6};
    struct btx_market_opened *event =
        btx_fixture_event_begin(&scene->fixture, BTX_EVENT_MARKET_OPENED);

    event->market = NEW_MARKET;
    event->min_size = 20000;
    event->winners = 1;
    event->commission = 500;
    event->runners_count = count;
    btx_fixture_event_tail(&scene->fixture, runners, 8u * (size_t)count);
    return event;
}

static struct btx_market_opened *opened_binary(struct btx_scene *scene)
{
    static const uint64_t yes = 1;
    struct btx_market_opened *event = opened(scene, 1);

    event->kind = BTX_MARKET_KIND_BINARY;
    event->tick = 100;
    event->present = BTX_MARKET_OPENED_HAS_TICK;
    btx_fixture_event_tail(&scene->fixture, &yes, sizeof yes);
    return event;
}

static void set_runner(struct btx_market_opened *event, uint32_t index, uint64_t id)
{
    ((uint64_t *)(event + 1))[index] = id;
}

/* A market that no command could have opened would break what stands on its numbers. */
static void apply_market_opened__not_a_market__refused(void **state)
{
    static const char sentence[] = "MarketOpened: not a valid market";
    struct btx_scene *scene = *state;

    opened(scene, 3)->market = 0;
    btx_scene_refuse(scene, sentence);
    set_runner(opened(scene, 3), 1, 0);
    btx_scene_refuse(scene, sentence);
    set_runner(opened(scene, 3), 2, 5);
    btx_scene_refuse(scene, sentence);
    opened(scene, 3)->winners = 3;
    btx_scene_refuse(scene, sentence);
    opened(scene, 3)->min_size = 50;
    btx_scene_refuse(scene, sentence);
    set_runner(opened_binary(scene), 0, 2);
    btx_scene_refuse(scene, sentence);
    opened_binary(scene)->tick = 7;
    btx_scene_refuse(scene, sentence);
    opened_binary(scene)->min_size = 100;
    btx_scene_refuse(scene, sentence);
    (void)opened_binary(scene);
    btx_scene_accept(scene);
    assert_int_equal(btx_find_market(scene->fixture.core, NEW_MARKET)->price_count, 99);
}

static void apply_market_opened__there_already__refused(void **state)
{
    struct btx_scene *scene = *state;

    opened(scene, 3)->market = BTX_SCENE_BINARY;
    btx_scene_refuse(scene, "MarketOpened: the market exists");
    opened(scene, 3)->market = BTX_SCENE_CLOSED;
    btx_scene_refuse(scene, "MarketOpened: the market exists");
}

/* A log of a greater machine: refused in words, not by running out. */
static void apply_market_opened__beyond_the_capacity__refused(void **state)
{
    static const char sentence[] = "MarketOpened: more markets or runners than the capacity";
    struct btx_scene *scene = *state;

    (void)opened(scene, 5); /* 4 of 10 runners are left. */
    btx_scene_refuse(scene, sentence);
    (void)opened(scene, 4);
    btx_scene_accept(scene);

    assert_int_equal(btx_scene_teardown(state), 0);
    assert_int_equal(btx_scene_setup(state), 0);
    (void)opened(scene, 2);
    btx_scene_accept(scene);
    opened(scene, 2)->market = 61; /* 2 runners are left, but no market. */
    btx_scene_refuse(scene, sentence);
}

static void market_event(struct btx_scene *scene, enum btx_event_type type, uint64_t market)
{
    struct btx_market_event *event = btx_fixture_event_begin(&scene->fixture, type);

    event->market = market;
}

static const enum btx_event_type market_events[] = {
    BTX_EVENT_MARKET_SUSPENDED, BTX_EVENT_MARKET_RESUMED, BTX_EVENT_MARKET_TURNED_IN_PLAY,
    BTX_EVENT_MARKET_VOIDED, BTX_EVENT_MARKET_FORGOTTEN};

static void apply_market_event__unknown_or_closed__refused(void **state)
{
    struct btx_scene *scene = *state;

    for (size_t i = 0; i < BTX_COUNT_OF(market_events); i++) {
        market_event(scene, market_events[i], 77);
        btx_scene_refuse(scene, "market: it does not exist");
        if (market_events[i] == BTX_EVENT_MARKET_FORGOTTEN)
            continue;
        market_event(scene, market_events[i], BTX_SCENE_CLOSED);
        btx_scene_refuse(scene, "market: it is closed");
    }
}

static void apply_market_event__status_and_in_play__as_said(void **state)
{
    struct btx_scene *scene = *state;
    const struct market *market = btx_find_market(scene->fixture.core, BTX_SCENE_BINARY);

    market_event(scene, BTX_EVENT_MARKET_SUSPENDED, BTX_SCENE_BINARY);
    btx_scene_accept(scene);
    assert_int_equal(market->status, BTX_MARKET_SUSPENDED);
    market_event(scene, BTX_EVENT_MARKET_TURNED_IN_PLAY, BTX_SCENE_BINARY);
    btx_scene_accept(scene);
    assert_true(market->in_play);
    assert_int_equal(market->status, BTX_MARKET_SUSPENDED);
    market_event(scene, BTX_EVENT_MARKET_RESUMED, BTX_SCENE_BINARY);
    btx_scene_accept(scene);
    assert_int_equal(market->status, BTX_MARKET_OPEN);
}

/* What is so already cannot have become so. */
static void apply_market_event__no_change__refused(void **state)
{
    struct btx_scene *scene = *state;

    market_event(scene, BTX_EVENT_MARKET_RESUMED, BTX_SCENE_BINARY);
    btx_scene_refuse(scene, "market: it is suspended or open already");
    market_event(scene, BTX_EVENT_MARKET_SUSPENDED, BTX_SCENE_BINARY);
    btx_scene_accept(scene);
    market_event(scene, BTX_EVENT_MARKET_SUSPENDED, BTX_SCENE_BINARY);
    btx_scene_refuse(scene, "market: it is suspended or open already");
    market_event(scene, BTX_EVENT_MARKET_TURNED_IN_PLAY, BTX_SCENE_BINARY);
    btx_scene_accept(scene);
    market_event(scene, BTX_EVENT_MARKET_TURNED_IN_PLAY, BTX_SCENE_BINARY);
    btx_scene_refuse(scene, "MarketTurnedInPlay: it is in play");
}

static void settling(struct btx_scene *scene, uint64_t market)
{
    static const uint64_t winner = RUNNER;
    struct btx_market_settling *event =
        btx_fixture_event_begin(&scene->fixture, BTX_EVENT_MARKET_SETTLING);

    event->market = market;
    event->winners_count = 1;
    btx_fixture_event_tail(&scene->fixture, &winner, sizeof winner);
}

/* All orders of the scene. */
static void cancelled(struct btx_scene *scene)
{
    const uint64_t ids[] = {scene->lay, scene->back};
    struct btx_order_cancelled_batched *event =
        btx_fixture_event_begin(&scene->fixture, BTX_EVENT_ORDER_CANCELLED_BATCHED);

    event->market = BTX_SCENE_MARKET;
    event->orders_count = 2;
    btx_fixture_event_tail(&scene->fixture, ids, sizeof ids);
}

/* What account 1 has lost and account 2 has won. */
#define PNL (6 * BTX_FIXTURE_ONE)

static struct btx_account_settled *settled(struct btx_scene *scene, uint64_t account)
{
    struct btx_account_settled *event =
        btx_fixture_event_begin(&scene->fixture, BTX_EVENT_ACCOUNT_SETTLED);
    const struct account *found = btx_find_account(scene->fixture.core, account);

    event->market = BTX_SCENE_MARKET;
    event->account = account;
    event->pnl = account == 1 ? -PNL : PNL;
    event->commission = account == 1 ? 0 : 100;
    event->balance = (found == NULL ? 0 : (int64_t)found->balance) + event->pnl - event->commission;
    return event;
}

static struct btx_market_settled *market_settled(struct btx_scene *scene)
{
    struct btx_market_settled *event =
        btx_fixture_event_begin(&scene->fixture, BTX_EVENT_MARKET_SETTLED);

    event->market = BTX_SCENE_MARKET;
    event->accounts = 2;
    event->commission = 100;
    return event;
}

/* The settlement of the scene's market up to its accounts, in one open tx. */
static void begin_settlement(struct btx_scene *scene)
{
    settling(scene, BTX_SCENE_MARKET);
    btx_scene_accept_open(scene);
    cancelled(scene);
    btx_scene_accept_open(scene);
}

static void apply_forgotten__not_closed_or_not_done__refused(void **state)
{
    static const char sentence[] = "MarketForgotten: the market is not closed";
    struct btx_scene *scene = *state;

    market_event(scene, BTX_EVENT_MARKET_FORGOTTEN, BTX_SCENE_MARKET);
    btx_scene_refuse(scene, sentence);
    market_event(scene, BTX_EVENT_MARKET_SUSPENDED, BTX_SCENE_BINARY);
    btx_scene_accept(scene);
    market_event(scene, BTX_EVENT_MARKET_FORGOTTEN, BTX_SCENE_BINARY);
    btx_scene_refuse(scene, sentence);

    settling(scene, BTX_SCENE_MARKET);
    btx_scene_accept_open(scene);
    market_event(scene, BTX_EVENT_MARKET_FORGOTTEN, BTX_SCENE_MARKET);
    btx_scene_refuse(scene, sentence); /* Closed, but with live orders. */
    cancelled(scene);
    btx_scene_accept_open(scene);
    market_event(scene, BTX_EVENT_MARKET_FORGOTTEN, BTX_SCENE_MARKET);
    btx_scene_refuse(scene, sentence); /* Its accounts are not settled. */
    scene->fixture.corrupted = true;
}

static void apply_forgotten__orders_of_either_side_left__refused(void **state)
{
    for (int side = BTX_SIDE_BACK; side <= BTX_SIDE_COUNT; side++) {
        struct btx_scene *scene = *state;
        struct btx_fixture *fixture = &scene->fixture;

        assert_int_equal(btx_scene_teardown(state), 0);
        assert_int_equal(btx_scene_setup(state), 0);
        if (side == BTX_SIDE_BACK)
            btx_fixture_cancel(fixture, 1, scene->lay);
        if (side == BTX_SIDE_LAY)
            btx_fixture_cancel(fixture, 2, scene->back);
        btx_find_market(fixture->core, BTX_SCENE_MARKET)->status = BTX_MARKET_CLOSED;
        market_event(scene, BTX_EVENT_MARKET_FORGOTTEN, BTX_SCENE_MARKET);
        btx_scene_refuse(scene, "MarketForgotten: the market is not closed");
        fixture->corrupted = true;
    }
}

static void apply_forgotten__being_voided__refused(void **state)
{
    struct btx_scene *scene = *state;

    market_event(scene, BTX_EVENT_MARKET_VOIDED, BTX_SCENE_MARKET);
    btx_scene_accept_open(scene);
    cancelled(scene);
    btx_scene_accept_open(scene);
    market_event(scene, BTX_EVENT_MARKET_FORGOTTEN, BTX_SCENE_MARKET);
    btx_scene_refuse(scene, "MarketForgotten: the market is not closed");
    scene->fixture.corrupted = true;
}

static void apply_forgotten__closed__gone(void **state)
{
    struct btx_scene *scene = *state;

    market_event(scene, BTX_EVENT_MARKET_FORGOTTEN, BTX_SCENE_CLOSED);
    btx_scene_accept(scene);
    assert_null(btx_find_market(scene->fixture.core, BTX_SCENE_CLOSED));
}

/* Account 2 wants what account 1 offers: the taker of a command that goes on. */
static void accept_taker(struct btx_scene *scene)
{
    struct btx_order_accepted *event =
        btx_fixture_event_begin(&scene->fixture, BTX_EVENT_ORDER_ACCEPTED);

    event->order = scene->fixture.core->next_order;
    event->account = 2;
    event->market = BTX_SCENE_MARKET;
    event->runner = RUNNER;
    event->size = BTX_FIXTURE_ONE;
    event->price = 20000;
    event->side = BTX_SIDE_BACK;
    btx_scene_accept_open(scene);
}

/* A market is closed by a command of its own. */
static void apply_market_event__voided_within_another_command__refused(void **state)
{
    static const char sentence[] = "MarketVoided: another command is under way";
    struct btx_scene *scene = *state;

    accept_taker(scene);
    market_event(scene, BTX_EVENT_MARKET_VOIDED, BTX_SCENE_BINARY);
    btx_scene_refuse(scene, sentence);
    scene->fixture.corrupted = true;
}

static void apply_market_event__voided_while_voiding_or_settling__refused(void **state)
{
    static const char sentence[] = "MarketVoided: another command is under way";
    struct btx_scene *scene = *state;

    market_event(scene, BTX_EVENT_MARKET_VOIDED, BTX_SCENE_BINARY);
    btx_scene_accept_open(scene);
    market_event(scene, BTX_EVENT_MARKET_VOIDED, BTX_SCENE_MARKET);
    btx_scene_refuse(scene, sentence);

    assert_int_equal(btx_scene_teardown(state), 0);
    assert_int_equal(btx_scene_setup(state), 0);
    settling(scene, BTX_SCENE_MARKET);
    btx_scene_accept_open(scene);
    market_event(scene, BTX_EVENT_MARKET_VOIDED, BTX_SCENE_BINARY);
    btx_scene_refuse(scene, sentence);
    scene->fixture.corrupted = true;
}

static void apply_market_settling__unknown_or_closed__refused(void **state)
{
    static const char sentence[] = "MarketSettling: no such market, or closed";
    struct btx_scene *scene = *state;

    settling(scene, 77);
    btx_scene_refuse(scene, sentence);
    settling(scene, BTX_SCENE_CLOSED);
    btx_scene_refuse(scene, sentence);
}

/* Two settlements in one would mix their sums; one in a voiding would forget the voided orders. */
static void apply_market_settling__within_another_command__refused(void **state)
{
    static const char sentence[] = "MarketSettling: another command is under way";
    struct btx_scene *scene = *state;

    for (int form = 0; form < 3; form++) {
        if (form == 0)
            accept_taker(scene);
        if (form == 1) {
            settling(scene, BTX_SCENE_MARKET);
            btx_scene_accept_open(scene);
        }
        if (form == 2) {
            market_event(scene, BTX_EVENT_MARKET_VOIDED, BTX_SCENE_MARKET);
            btx_scene_accept_open(scene);
        }
        settling(scene, BTX_SCENE_BINARY);
        btx_scene_refuse(scene, sentence);
        scene->fixture.corrupted = true;
        assert_int_equal(btx_scene_teardown(state), 0);
        assert_int_equal(btx_scene_setup(state), 0);
    }
}

static void apply_account_settled__not_of_this_settlement__refused(void **state)
{
    static const char sentence[] =
        "AccountSettled: no such account, or the market is not being settled";
    struct btx_scene *scene = *state;

    (void)settled(scene, 1);
    btx_scene_refuse(scene, sentence);
    begin_settlement(scene);
    (void)settled(scene, 77);
    btx_scene_refuse(scene, sentence);
    (void)settled(scene, 0);
    btx_scene_refuse(scene, sentence);
    settled(scene, 1)->market = BTX_SCENE_BINARY;
    btx_scene_refuse(scene, sentence);
    settled(scene, 1)->market = 77;
    btx_scene_refuse(scene, sentence);
    scene->fixture.corrupted = true;
}

/* Accounts ascend, so that nobody is paid twice. */
static void apply_account_settled__no_position_or_settled_before__refused(void **state)
{
    static const char sentence[] = "AccountSettled: no position, or settled before";
    struct btx_scene *scene = *state;

    settling(scene, BTX_SCENE_MARKET);
    btx_scene_accept_open(scene);
    (void)settled(scene, 1);
    btx_scene_refuse(scene, sentence); /* It still has an order. */
    cancelled(scene);
    btx_scene_accept_open(scene);
    (void)settled(scene, 3);
    btx_scene_refuse(scene, sentence);
    (void)settled(scene, 2);
    btx_scene_accept_open(scene);
    (void)settled(scene, 2);
    btx_scene_refuse(scene, sentence);
    (void)settled(scene, 1);
    btx_scene_refuse(scene, sentence);
    scene->fixture.corrupted = true;
}

static void apply_account_settled__wrong_balance__refused(void **state)
{
    static const char sentence[] =
        "AccountSettled: the balance is not the one before and the profit";
    struct btx_scene *scene = *state;

    begin_settlement(scene);
    settled(scene, 1)->balance++;
    btx_scene_refuse(scene, sentence);
    settled(scene, 2)->commission = 99;
    btx_scene_refuse(scene, sentence);
    settled(scene, 2)->pnl++;
    btx_scene_refuse(scene, sentence);
    settled(scene, 2)->pnl = INT64_MAX;
    btx_scene_refuse(scene, sentence);
    scene->fixture.corrupted = true;
}

static void apply_market_settled__not_the_one_or_with_orders__refused(void **state)
{
    static const char sentence[] = "MarketSettled: the market is not being settled, or has orders";
    struct btx_scene *scene = *state;

    (void)market_settled(scene);
    btx_scene_refuse(scene, sentence);
    settling(scene, BTX_SCENE_MARKET);
    btx_scene_accept_open(scene);
    market_settled(scene)->accounts = 0;
    btx_scene_refuse(scene, sentence);
    market_settled(scene)->market = BTX_SCENE_BINARY;
    btx_scene_refuse(scene, sentence);
    market_settled(scene)->market = 77;
    btx_scene_refuse(scene, sentence);
    scene->fixture.corrupted = true;
}

static void apply_market_settled__orders_of_one_side_left__refused(void **state)
{
    for (int side = BTX_SIDE_BACK; side <= BTX_SIDE_LAY; side++) {
        struct btx_scene *scene = *state;

        assert_int_equal(btx_scene_teardown(state), 0);
        assert_int_equal(btx_scene_setup(state), 0);
        if (side == BTX_SIDE_BACK)
            btx_fixture_cancel(&scene->fixture, 1, scene->lay);
        else
            btx_fixture_cancel(&scene->fixture, 2, scene->back);
        settling(scene, BTX_SCENE_MARKET);
        btx_scene_accept_open(scene);
        struct btx_market_settled *event = market_settled(scene);
        event->accounts = 0;
        event->commission = 0;
        btx_scene_refuse(scene, "MarketSettled: the market is not being settled, or has orders");
        scene->fixture.corrupted = true;
    }
}

/* The house gets exactly what the accounts paid: else money would be made. */
static void apply_market_settled__not_the_sums__refused(void **state)
{
    static const char sentence[] = "MarketSettled: not the sums of its accounts";
    struct btx_scene *scene = *state;

    begin_settlement(scene);
    (void)settled(scene, 1);
    btx_scene_accept_open(scene);
    (void)settled(scene, 2);
    btx_scene_accept_open(scene);
    market_settled(scene)->accounts = 1;
    btx_scene_refuse(scene, sentence);
    market_settled(scene)->commission = 101;
    btx_scene_refuse(scene, sentence);
    market_settled(scene)->rounding = 1;
    btx_scene_refuse(scene, sentence);
    (void)market_settled(scene);
    btx_scene_accept(scene);
    assert_int_equal(scene->fixture.core->account[HOUSE_SLOT].balance, 100);
}

/* AccountSettled in @market of any pnl, as a damaged log could have it. */
static void settle_any(struct btx_scene *scene, uint64_t market, uint64_t account, int64_t pnl,
                       int64_t commission)
{
    struct btx_account_settled *event = settled(scene, account);

    event->market = market;
    event->balance += pnl - event->pnl - commission + event->commission;
    event->pnl = pnl;
    event->commission = commission;
    btx_scene_accept_open(scene);
}

static void place_bet(struct btx_scene *scene, uint64_t account, uint64_t market,
                      enum btx_side side, uint64_t price)
{
    assert_true(
        btx_fixture_place(&scene->fixture, &(struct btx_wish){
                                               .account = account,
                                               .market = market,
                                               .runner = market == BTX_SCENE_BINARY ? 1 : RUNNER,
                                               .side = side,
                                               .price = price,
                                               .size = BTX_FIXTURE_ONE,
                                           }) != 0);
}

/* Two lose and one wins what none of them has: commission and rounding fit 64 bits, their sum
 * does not. */
#define HUGE_PNL (INT64_MAX / 10 * 7)

static void lose_hugely(struct btx_scene *scene)
{
    begin_settlement(scene);
    settle_any(scene, BTX_SCENE_MARKET, 1, -HUGE_PNL, 0);
    settle_any(scene, BTX_SCENE_MARKET, 2, -HUGE_PNL, 0);
    settle_any(scene, BTX_SCENE_MARKET, 4, HUGE_PNL, HUGE_PNL);
    struct btx_market_settled *event = market_settled(scene);
    event->accounts = 3;
    event->commission = HUGE_PNL;
    event->rounding = HUGE_PNL;
    scene->fixture.corrupted = true;
}

static void prepare_to_lose(struct btx_scene *scene)
{
    btx_fixture_open_account(&scene->fixture, 4, 10 * BTX_FIXTURE_ONE);
    place_bet(scene, 4, BTX_SCENE_MARKET, BTX_SIDE_LAY, 25000);
    place_bet(scene, 2, BTX_SCENE_MARKET, BTX_SIDE_BACK, 25000);
    place_bet(scene, 1, BTX_SCENE_BINARY, BTX_SIDE_BACK, 5000);
    place_bet(scene, 2, BTX_SCENE_BINARY, BTX_SIDE_LAY, 5000);
}

static void apply_market_settled__house_beyond_64_bits__kept_exactly(void **state)
{
    struct btx_scene *scene = *state;

    prepare_to_lose(scene);
    lose_hugely(scene);
    btx_scene_accept(scene);

    struct btx_account_view view;
    assert_true(scene->fixture.core->account[HOUSE_SLOT].balance == (btx_i128)2 * HUGE_PNL);
    assert_true(btx_core_view_account(scene->fixture.core, 0, &view));
    assert_true(view.balance == INT64_MAX); /* The nearest that fits. */
}

/* The house owes much before, so that its balance fits afterwards: the sum must be taken in 128
 * bits, as the check is. */
static void apply_market_settled__commission_and_rounding_beyond_64_bits__added_exactly(
    void **state)
{
    struct btx_scene *scene = *state;
    const int64_t owed = INT64_MAX / 2;

    prepare_to_lose(scene);
    settling(scene, BTX_SCENE_BINARY);
    btx_scene_accept_open(scene);
    settle_any(scene, BTX_SCENE_BINARY, 1, owed, 0);
    struct btx_market_settled *event = market_settled(scene);
    event->market = BTX_SCENE_BINARY;
    event->accounts = 1;
    event->commission = 0;
    event->rounding = -owed;
    btx_scene_accept(scene);
    lose_hugely(scene);
    btx_scene_accept(scene);

    assert_true(scene->fixture.core->account[HOUSE_SLOT].balance == (btx_i128)2 * HUGE_PNL - owed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BTX_IN_SCENE(apply_market_opened__not_a_market__refused),
        BTX_IN_SCENE(apply_market_opened__there_already__refused),
        BTX_IN_SCENE(apply_market_opened__beyond_the_capacity__refused),
        BTX_IN_SCENE(apply_market_event__unknown_or_closed__refused),
        BTX_IN_SCENE(apply_market_event__status_and_in_play__as_said),
        BTX_IN_SCENE(apply_market_event__no_change__refused),
        BTX_IN_SCENE(apply_forgotten__not_closed_or_not_done__refused),
        BTX_IN_SCENE(apply_forgotten__orders_of_either_side_left__refused),
        BTX_IN_SCENE(apply_forgotten__being_voided__refused),
        BTX_IN_SCENE(apply_forgotten__closed__gone),
        BTX_IN_SCENE(apply_market_event__voided_within_another_command__refused),
        BTX_IN_SCENE(apply_market_event__voided_while_voiding_or_settling__refused),
        BTX_IN_SCENE(apply_market_settling__unknown_or_closed__refused),
        BTX_IN_SCENE(apply_market_settling__within_another_command__refused),
        BTX_IN_SCENE(apply_account_settled__not_of_this_settlement__refused),
        BTX_IN_SCENE(apply_account_settled__no_position_or_settled_before__refused),
        BTX_IN_SCENE(apply_account_settled__wrong_balance__refused),
        BTX_IN_SCENE(apply_market_settled__not_the_one_or_with_orders__refused),
        BTX_IN_SCENE(apply_market_settled__orders_of_one_side_left__refused),
        BTX_IN_SCENE(apply_market_settled__not_the_sums__refused),
        BTX_IN_SCENE(apply_market_settled__house_beyond_64_bits__kept_exactly),
        BTX_IN_SCENE(apply_market_settled__commission_and_rounding_beyond_64_bits__added_exactly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
