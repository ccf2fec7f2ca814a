/* SPDX-License-Identifier: Apache-2.0 */
/* test_apply_second.c - a log's events of the second stage of the rules, and those that cannot be.
 * Each is built as it would be accepted, and then has one field wrong. */
#include "engine/core/apply.h"
#include "engine/core/entities.h"
#include "tests/unit/core/scene.h"

#define MARKET UINT64_C(1)
#define IMPLIED UINT64_C(2)
#define CLOSED UINT64_C(3)
#define RUNNER BTX_FIXTURE_RUNNER
#define ONE BTX_FIXTURE_ONE
#define START UINT64_C(1000)

static struct btx_scene scene;

static uint64_t place(uint64_t account, uint64_t market, uint64_t runner, enum btx_side side,
                      uint64_t price, int64_t units)
{
    const uint64_t order = btx_fixture_place(&scene.fixture, &(struct btx_wish){
                                                                 .account = account,
                                                                 .market = market,
                                                                 .runner = runner,
                                                                 .side = side,
                                                                 .price = price,
                                                                 .size = units * ONE,
                                                             });
    assert_true(order != 0);
    return order;
}

/* MARKET, with reductions and in play: account 1 holds order 1, a BACK of 10 at 2 on the first
 * runner.  IMPLIED: account 1 rests order 2, a BACK of 12 at 1.5 on the second runner. */
static int setup(void **state)
{
    static const struct btx_core_capacity capacity = {.accounts = 3,
                                                      .markets = 3,
                                                      .runners = 10,
                                                      .orders = 6,
                                                      .positions = 6,
                                                      .stakes = 6,
                                                      .description_bytes = 50};

    struct btx_fixture *fixture = &scene.fixture;
    btx_fixture_open(fixture, &capacity, 0);
    for (uint64_t account = 1; account <= 3; account++)
        btx_fixture_open_account(fixture, account, 1000 * ONE);
    btx_fixture_open_second(fixture, MARKET, 4, 2,
                            (struct btx_opening){.reductions = true, .bet_delay = 10});
    btx_fixture_on_market(fixture, BTX_COMMAND_TURN_IN_PLAY, MARKET);
    btx_fixture_open_second(fixture, IMPLIED, 2, 1, (struct btx_opening){.implied = true});
    btx_fixture_open_odds(fixture, CLOSED, 3, 1);
    btx_fixture_on_market(fixture, BTX_COMMAND_VOID_MARKET, CLOSED);
    assert_int_equal(place(1, MARKET, RUNNER, BTX_SIDE_BACK, 20000, 10), 1);
    assert_int_equal(place(1, IMPLIED, RUNNER + 1, BTX_SIDE_BACK, 15000, 12), 2);
    *state = &scene;
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, btx_scene_teardown)

static void refuse(const char *sentence)
{
    btx_scene_refuse(&scene, sentence);
}

static void *begin(enum btx_event_type type)
{
    return btx_fixture_event_begin(&scene.fixture, type);
}

static void suspend(void)
{
    btx_fixture_on_market(&scene.fixture, BTX_COMMAND_SUSPEND_MARKET, MARKET);
}

/* A settlement begins, and nothing else may before it ends. */
static void begin_settling(uint64_t market)
{
    static const uint64_t winners[] = {RUNNER, RUNNER + 1};
    struct btx_market_settling *event = begin(BTX_EVENT_MARKET_SETTLING);

    event->market = market;
    event->winners_count = 2;
    btx_fixture_event_tail(&scene.fixture, winners, sizeof winners);
    btx_scene_accept_open(&scene);
    scene.fixture.corrupted = true;
}

static struct btx_market_described *described(size_t length_bytes)
{
    static const char text[64] = "a text";
    struct btx_market_described *event = begin(BTX_EVENT_MARKET_DESCRIBED);

    event->market = MARKET;
    event->text_length = (uint16_t)length_bytes;
    btx_fixture_event_tail(&scene.fixture, text, length_bytes);
    return event;
}

static void apply_market_described__no_market_or_no_room__refused(void **state)
{
    static const char sentence[] = "MarketDescribed: no such market, or closed";
    char text[BTX_DESCRIPTION_BYTES_MAX];

    (void)state;
    described(6)->market = 77;
    refuse(sentence);
    described(6)->market = CLOSED;
    refuse(sentence);
    (void)described(51);
    refuse("MarketDescribed: more bytes of descriptions than the capacity");
    (void)described(50);
    btx_scene_accept(&scene);
    (void)described(6); /* In its place. */
    btx_scene_accept(&scene);
    assert_int_equal(btx_core_view_description(scene.fixture.core, MARKET, text), 6);
    assert_memory_equal(text, "a text", 6);
}

static struct btx_bet_delay_set *delay_set(void)
{
    struct btx_bet_delay_set *event = begin(BTX_EVENT_BET_DELAY_SET);

    event->market = MARKET;
    event->bet_delay = 11;
    return event;
}

static void apply_bet_delay_set__no_market_or_no_change__refused(void **state)
{
    static const char sentence[] = "BetDelaySet: no such market, or closed, or no change";

    (void)state;
    delay_set()->market = 77;
    refuse(sentence);
    delay_set()->market = CLOSED;
    refuse(sentence);
    delay_set()->bet_delay = 10;
    refuse(sentence);
    (void)delay_set();
    btx_scene_accept(&scene);
    assert_int_equal(btx_find_market(scene.fixture.core, MARKET)->bet_delay, 11);
    /* The order that is held keeps its moment. */
    assert_int_equal(scene.fixture.core->due.entries[1].moment_ns, START + 10000000);
}

static struct btx_runner_removed *removed(void)
{
    struct btx_runner_removed *event = begin(BTX_EVENT_RUNNER_REMOVED);

    event->market = MARKET;
    event->runner = RUNNER + 3;
    event->factor = 2500;
    return event;
}

static void apply_runner_removed__what_cannot_be__refused(void **state)
{
    static const char no_market[] = "RunnerRemoved: no such market of odds, or closed";
    static const char no_runner[] =
        "RunnerRemoved: no such runner, or removed, or too few would be left";
    static const char no_factor[] =
        "RunnerRemoved: no such factor, or another command is under way";

    (void)state;
    removed()->market = 77;
    refuse(no_market);
    removed()->market = CLOSED;
    refuse(no_market);
    removed()->runner = RUNNER + 4;
    refuse(no_runner);
    struct btx_runner_removed *event = removed();
    event->market = IMPLIED;
    event->runner = RUNNER; /* One of two. */
    refuse(no_runner);
    begin_settling(IMPLIED);
    (void)removed();
    refuse(no_factor);
}

static void apply_runner_removed__accepted__once_and_while_enough_are_left(void **state)
{
    static const char no_runner[] =
        "RunnerRemoved: no such runner, or removed, or too few would be left";

    (void)state;
    (void)removed();
    btx_scene_accept(&scene); /* Three runners are left, of which two win. */
    removed()->runner = RUNNER + 2;
    refuse(no_runner);
    assert_int_equal(scene.fixture.core->removals, 1);
    /* Twice is once too often, also where enough are left. */
    btx_fixture_on_market(&scene.fixture, BTX_COMMAND_FORGET_MARKET, CLOSED);
    btx_fixture_open_odds(&scene.fixture, 4, 4, 1);
    for (int i = 0; i < 2; i++) {
        struct btx_runner_removed *event = removed();
        event->market = 4;
        event->factor = 0;
        if (i == 0)
            btx_scene_accept(&scene);
        else
            refuse(no_runner);
    }
}

static void apply_runner_removed__binary_or_factor_without_reductions__refused(void **state)
{
    struct btx_fixture *fixture = &scene.fixture;

    (void)state;
    btx_fixture_on_market(fixture, BTX_COMMAND_FORGET_MARKET, CLOSED);
    btx_fixture_open_binary(fixture, 4, 10);
    struct btx_runner_removed *event = removed();
    event->market = 4;
    event->runner = 1;
    event->factor = 0;
    refuse("RunnerRemoved: no such market of odds, or closed");
    btx_fixture_on_market(fixture, BTX_COMMAND_VOID_MARKET, 4);
    btx_fixture_on_market(fixture, BTX_COMMAND_FORGET_MARKET, 4);
    btx_fixture_open_odds(fixture, 4, 3, 1);
    event = removed();
    event->market = 4;
    event->runner = RUNNER;
    refuse("RunnerRemoved: no such factor, or another command is under way");
    event->factor = 0;
    btx_scene_accept(&scene);
}

/* The command that removes must end with the orders on the runner cancelled: a log that says
 * otherwise is found by verify. */
static void apply_runner_removed__ends_with_its_orders_live__verify_says_so(void **state)
{
    (void)state;
    struct btx_runner_removed *event = removed();
    event->runner = RUNNER;
    event->factor = 0;
    btx_scene_accept(&scene);
    assert_string_equal(btx_core_verify(scene.fixture.core),
                        "order: on a removed runner, and nothing is about to cancel it");
    scene.fixture.corrupted = true;
    /* Nor is it released. */
    struct btx_order_released *released = begin(BTX_EVENT_ORDER_RELEASED);
    released->order = 1;
    released->account = 1;
    released->market = MARKET;
    refuse("OrderReleased: its market is not open, its runner removed, or another command is under "
           "way");
}

static struct btx_order_held *held(void)
{
    struct btx_order_held *event = begin(BTX_EVENT_ORDER_HELD);

    event->order = scene.fixture.core->next_order;
    event->account = 2;
    event->market = MARKET;
    event->runner = RUNNER;
    event->size = 5 * ONE;
    event->price = 20000;
    event->side = BTX_SIDE_LAY;
    event->until = START + 1;
    return event;
}

static void apply_order_held__fields_that_do_not_agree__refused(void **state)
{
    static const char sentence[] =
        "OrderHeld: not in play, or released at once, or its fields do not agree";

    (void)state;
    held()->until = START;
    refuse(sentence);
    held()->until = 0;
    refuse(sentence);
    held()->market = IMPLIED;
    refuse(sentence);
    struct btx_order_held *event = held();
    event->post_only = 1;
    event->tif = BTX_TIF_IOC;
    refuse(sentence);
    event = held();
    event->tif = BTX_TIF_FOK;
    event->min_fill = 150;
    event->present = BTX_ORDER_HELD_HAS_MIN_FILL;
    refuse(sentence);
    event->min_fill = 5 * ONE;
    btx_scene_accept(&scene);
    const struct order *order = btx_find_order(scene.fixture.core, 3);
    assert_true(order->held);
    assert_int_equal(scene.fixture.core->work.taker, NO_SLOT);
    assert_int_equal(
        scene.fixture.core->order_moment[slot_of_order(scene.fixture.core, order)].min_fill,
        5 * ONE);
}

/* What an OrderAccepted must fulfil. */
static void apply_order_held__what_no_order_can_be__refused(void **state)
{
    (void)state;
    held()->account = 77;
    refuse("OrderAccepted or OrderHeld: no such account, or frozen, or no such open market");
    held()->runner = RUNNER + 4;
    refuse("OrderAccepted or OrderHeld: no such runner or price, or not a whole size");
    held()->order++;
    refuse("OrderAccepted or OrderHeld: not the next order, or another command is under way");
    held()->expires = START;
    refuse("OrderAccepted or OrderHeld: it expires at once, or cannot");
    struct btx_order_held *event = held();
    event->expires = START + 1;
    event->tif = BTX_TIF_IOC;
    refuse("OrderAccepted or OrderHeld: it expires at once, or cannot");
    suspend();
    (void)held();
    refuse("OrderAccepted or OrderHeld: no such account, or frozen, or no such open market");
}

static void apply_order_held__on_a_removed_runner__refused(void **state)
{
    (void)state;
    (void)removed();
    btx_scene_accept(&scene);
    held()->runner = RUNNER + 3;
    refuse("OrderAccepted or OrderHeld: no such runner or price, or not a whole size");
    held()->runner = RUNNER + 2;
    btx_scene_accept(&scene);
}

/* Room for six stakes is room for three orders. */
static void apply_order_held__no_room_for_its_stakes__refused(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        (void)held();
        btx_scene_accept(&scene);
    }
    (void)held();
    refuse("OrderAccepted or OrderHeld: more orders, positions or stakes than the capacity");
    assert_null(btx_core_verify(scene.fixture.core));
}

static struct btx_order_accepted *accepted(void)
{
    struct btx_order_accepted *event = begin(BTX_EVENT_ORDER_ACCEPTED);

    event->order = scene.fixture.core->next_order;
    event->account = 2;
    event->market = IMPLIED;
    event->runner = RUNNER;
    event->size = 6 * ONE;
    event->price = 30000;
    event->side = BTX_SIDE_BACK;
    return event;
}

static void apply_order_accepted__expires__after_the_event_and_only_gtc(void **state)
{
    static const char sentence[] = "OrderAccepted or OrderHeld: it expires at once, or cannot";

    (void)state;
    accepted()->expires = START;
    refuse(sentence);
    struct btx_order_accepted *event = accepted();
    event->expires = START + 1;
    event->tif = BTX_TIF_FOK;
    refuse(sentence);
    event = accepted();
    event->expires = START + 1;
    event->price = 40000; /* It meets nobody. */
    btx_scene_accept(&scene);
    assert_int_equal(scene.fixture.core->due.entries[1].moment_ns, START + 1);
}

static struct btx_order_released *released(void)
{
    struct btx_order_released *event = begin(BTX_EVENT_ORDER_RELEASED);

    event->order = 1;
    event->account = 1;
    event->market = MARKET;
    return event;
}

static void apply_order_released__not_a_held_order_or_its_names__refused(void **state)
{
    static const char sentence[] = "OrderReleased: no such held order, or not its names";

    (void)state;
    released()->order = 77;
    refuse(sentence);
    released()->order = 2; /* It rests. */
    refuse(sentence);
    released()->account = 2;
    refuse(sentence);
    released()->market = IMPLIED;
    refuse(sentence);
    (void)released();
    btx_scene_accept(&scene);
    assert_true(btx_find_order(scene.fixture.core, 1)->resting);
    (void)released();
    refuse(sentence); /* Once. */
}

static void apply_order_released__market_not_open_or_in_another_command__refused(void **state)
{
    static const char sentence[] = "OrderReleased: its market is not open, its runner removed, or "
                                   "another command is under way";

    (void)state;
    suspend();
    (void)released();
    refuse(sentence);
    btx_fixture_on_market(&scene.fixture, BTX_COMMAND_RESUME_MARKET, MARKET);
    begin_settling(IMPLIED);
    (void)released();
    refuse(sentence);
}

/* It is the taker from then on: a command that ends while it crosses the book is none. */
static void apply_order_released__crosses_and_ends__refused(void **state)
{
    (void)state;
    struct btx_order_accepted *event = accepted();
    event->market = MARKET;
    event->price = 20000;
    event->side = BTX_SIDE_LAY;
    btx_scene_accept(&scene); /* At the price of the one that is held. */
    (void)released();
    btx_scene_refuse_end(&scene, "command: it ended with a taker that cannot rest");
}

/* The taker, a BACK of 6 at 3 on the first runner, with order 2. */
static struct btx_implied_matched *matched(void)
{
    struct btx_implied_matched *event = begin(BTX_EVENT_IMPLIED_MATCHED);

    event->market = IMPLIED;
    event->runner = RUNNER;
    event->size = 6 * ONE;
    event->taker = 3;
    event->taker_account = 2;
    event->maker_runner = RUNNER + 1;
    event->maker_size = 12 * ONE;
    event->maker = 2;
    event->maker_account = 1;
    event->maker_price = 15000;
    event->taker_side = BTX_SIDE_BACK;
    return event;
}

static void apply_implied_matched__orders_that_cannot_meet__refused(void **state)
{
    static const char sentence[] = "ImpliedMatched: the orders cannot meet";

    (void)state;
    (void)matched();
    refuse(sentence); /* No taker. */
    (void)place(3, IMPLIED, RUNNER, BTX_SIDE_BACK, 40000, 1);
    (void)place(3, IMPLIED, RUNNER + 1, BTX_SIDE_LAY, 11000, 1);
    (void)accepted();
    btx_scene_accept_open(&scene);
    struct btx_implied_matched *event;
    for (uint64_t maker = 1; maker <= 5; maker++) {
        event = matched();
        event->taker = 5;
        event->maker = maker == 2 ? 77 : maker; /* Held, none, the same runner, the other side. */
        refuse(sentence);
    }
    matched()->taker = 3; /* It rests. */
    refuse(sentence);
    matched()->taker = 77;
    refuse(sentence);
    event = matched();
    event->taker = 5;
    btx_scene_accept(&scene);
}

/* A maker in no book, and one of another market, of which all else fits. */
static void apply_implied_matched__maker_held_or_of_another_market__refused(void **state)
{
    static const char sentence[] = "ImpliedMatched: the orders cannot meet";
    struct btx_fixture *fixture = &scene.fixture;

    (void)state;
    delay_set()->market = IMPLIED;
    btx_scene_accept(&scene);
    btx_fixture_on_market(fixture, BTX_COMMAND_TURN_IN_PLAY, IMPLIED);
    assert_int_equal(place(3, IMPLIED, RUNNER + 1, BTX_SIDE_BACK, 15000, 12), 3);
    struct btx_order_accepted *other = accepted();
    other->market = MARKET;
    other->runner = RUNNER + 1;
    other->price = 15000;
    btx_scene_accept(&scene); /* 4 */
    (void)accepted();
    btx_scene_accept_open(&scene);
    struct btx_implied_matched *event = matched();
    event->taker = 5;
    event->maker = 3;
    event->maker_account = 3;
    refuse(sentence);
    event->maker = 4;
    event->maker_account = 2;
    event->size = 3 * ONE;
    event->maker_size = 6 * ONE;
    event->taker_remaining = 3 * ONE;
    refuse(sentence);
    scene.fixture.corrupted = true;
}

static void apply_implied_matched__market_not_implied__refused(void **state)
{
    struct btx_fixture *fixture = &scene.fixture;

    (void)state;
    btx_fixture_on_market(fixture, BTX_COMMAND_FORGET_MARKET, CLOSED);
    btx_fixture_open_odds(fixture, 4, 2, 1);
    assert_int_equal(place(1, 4, RUNNER + 1, BTX_SIDE_BACK, 15000, 12), 3);
    accepted()->market = 4;
    btx_scene_accept_open(&scene);
    struct btx_implied_matched *event = matched();
    event->market = 4;
    event->taker = 4;
    event->maker = 3;
    refuse("ImpliedMatched: the orders cannot meet");
    event->maker = 2; /* Of another market, which is. */
    refuse("ImpliedMatched: the orders cannot meet");
    scene.fixture.corrupted = true;
}

static void apply_implied_matched__not_the_orders_names_sides_or_price__refused(void **state)
{
    static const char sentence[] = "ImpliedMatched: names, sides or price are not the orders'";

    (void)state;
    (void)accepted();
    btx_scene_accept_open(&scene);
    matched()->market = MARKET;
    refuse(sentence);
    matched()->runner = RUNNER + 1;
    refuse(sentence);
    matched()->maker_runner = RUNNER;
    refuse(sentence);
    matched()->taker_account = 1;
    refuse(sentence);
    matched()->maker_account = 2;
    refuse(sentence);
    matched()->taker_side = BTX_SIDE_LAY;
    refuse(sentence);
    matched()->maker_price = 15100;
    refuse(sentence);
    (void)matched();
    btx_scene_accept(&scene);
    assert_int_equal(scene.fixture.core->orders.used, 1);
}

/* A taker is never matched beyond its limit. */
static void apply_implied_matched__maker_beyond_the_limit__refused(void **state)
{
    (void)state;
    accepted()->price = 30500; /* 205 * 50 > 10 000 */
    btx_scene_accept_open(&scene);
    (void)matched();
    refuse("ImpliedMatched: names, sides or price are not the orders'");
    scene.fixture.corrupted = true;
}

/* The amounts are the greatest exact ones, and no others. */
static void apply_implied_matched__other_amounts__refused(void **state)
{
    static const char sentence[] = "ImpliedMatched: the sizes are not those that the orders give";

    (void)state;
    (void)accepted();
    btx_scene_accept_open(&scene);
    matched()->size = 3 * ONE;
    refuse(sentence);
    matched()->maker_size = 6 * ONE;
    refuse(sentence);
    struct btx_implied_matched *event = matched();
    event->size = 3 * ONE; /* Exact, but not the greatest. */
    event->maker_size = 6 * ONE;
    event->taker_remaining = 3 * ONE;
    event->maker_remaining = 6 * ONE;
    refuse(sentence);
    matched()->taker_remaining = 100;
    refuse(sentence);
    matched()->maker_remaining = 100;
    refuse(sentence);
    (void)matched();
    btx_scene_accept(&scene);
}

/* With a taker of 0.01 there is no exact amount, whatever the event says. */
static void apply_implied_matched__no_exact_amount__refused(void **state)
{
    (void)state;
    assert_int_equal(place(1, IMPLIED, RUNNER + 1, BTX_SIDE_BACK, 13500, 10), 3);
    accepted()->size = 100;
    btx_scene_accept_open(&scene);
    struct btx_implied_matched *event = matched();
    event->taker = 4;
    event->maker = 3;
    event->maker_price = 13500;
    event->size = 100;
    event->maker_size = 100;
    event->maker_remaining = 10 * ONE - 100;
    refuse("ImpliedMatched: the sizes are not those that the orders give");
    scene.fixture.corrupted = true;
}

/* A held order may be made smaller; it is in no book that would be asked. */
static void apply_order_cancelled__part_of_a_held_order__accepted(void **state)
{
    (void)state;
    struct btx_order_cancelled *event = begin(BTX_EVENT_ORDER_CANCELLED);
    event->order = 1;
    event->account = 1;
    event->market = MARKET;
    event->runner = RUNNER;
    event->cancelled = 4 * ONE;
    event->remaining = 6 * ONE;
    event->side = BTX_SIDE_BACK;
    btx_scene_accept(&scene);
    assert_int_equal(btx_find_order(scene.fixture.core, 1)->remaining, 6 * ONE);
}

/* A deposit is never more than a balance may be, whatever others owe. */
static void apply_funds__balance_beyond_the_limit__refused(void **state)
{
    struct btx_core *core = scene.fixture.core;

    (void)state;
    btx_find_account(core, 2)->balance -= BTX_MONEY_MAX;
    core->clients_sum -= BTX_MONEY_MAX;
    core->net_deposits -= BTX_MONEY_MAX;
    scene.fixture.corrupted = true;
    struct btx_funds_event *event = begin(BTX_EVENT_FUNDS_DEPOSITED);
    event->account = 1;
    event->amount = BTX_MONEY_MAX - 1000 * ONE + 1;
    event->balance = BTX_MONEY_MAX + 1;
    refuse("Funds: more than there may be, or is");
    event->amount--;
    event->balance--;
    btx_scene_accept(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(apply_market_described__no_market_or_no_room__refused),
        TEST(apply_bet_delay_set__no_market_or_no_change__refused),
        TEST(apply_runner_removed__what_cannot_be__refused),
        TEST(apply_runner_removed__accepted__once_and_while_enough_are_left),
        TEST(apply_runner_removed__binary_or_factor_without_reductions__refused),
        TEST(apply_runner_removed__ends_with_its_orders_live__verify_says_so),
        TEST(apply_order_held__fields_that_do_not_agree__refused),
        TEST(apply_order_held__what_no_order_can_be__refused),
        TEST(apply_order_held__on_a_removed_runner__refused),
        TEST(apply_order_held__no_room_for_its_stakes__refused),
        TEST(apply_order_accepted__expires__after_the_event_and_only_gtc),
        TEST(apply_order_released__not_a_held_order_or_its_names__refused),
        TEST(apply_order_released__market_not_open_or_in_another_command__refused),
        TEST(apply_order_released__crosses_and_ends__refused),
        TEST(apply_implied_matched__orders_that_cannot_meet__refused),
        TEST(apply_implied_matched__maker_held_or_of_another_market__refused),
        TEST(apply_implied_matched__market_not_implied__refused),
        TEST(apply_implied_matched__not_the_orders_names_sides_or_price__refused),
        TEST(apply_implied_matched__maker_beyond_the_limit__refused),
        TEST(apply_implied_matched__other_amounts__refused),
        TEST(apply_implied_matched__no_exact_amount__refused),
        TEST(apply_order_cancelled__part_of_a_held_order__accepted),
        TEST(apply_funds__balance_beyond_the_limit__refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
