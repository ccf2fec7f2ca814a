/* SPDX-License-Identifier: Apache-2.0 */
/* test_due_command.c - what time does to orders (rules-2.md 4 and 5): they expire, and held ones
 * are released, before the command that brings the time.
 *
 * A follower gets every record of every tx by apply, and ends in the same state. */
#include "engine/core/commands.h"

#include "engine/core/entities.h"
#include "tests/unit/core/fixture.h"

#define MARKET UINT64_C(1)
#define RUNNER BTX_FIXTURE_RUNNER
#define ONE BTX_FIXTURE_ONE
#define DELAY_MS 5u
#define DELAY_NS UINT64_C(5000000)
#define START UINT64_C(1000000)
#define NONE ((enum btx_reject)BTX_REJECT_COUNT)

static const struct btx_core_capacity capacity = {
    .accounts = 4, .markets = 3, .runners = 8, .orders = 6000, .positions = 8};

static struct btx_fixture follower;

/* Accounts 1 to 3, and a market in play with a delay at START. */
static int setup(void **state)
{
    static struct btx_fixture fixture;

    btx_fixture_open(&fixture, &capacity, 0);
    btx_fixture_open(&follower, &capacity, 0);
    fixture.follower = follower.core;
    fixture.time_ns = START;
    for (uint64_t account = 1; account <= 3; account++)
        btx_fixture_open_account(&fixture, account, 1000 * ONE);
    btx_fixture_open_second(&fixture, MARKET, 2, 1, (struct btx_opening){.bet_delay = DELAY_MS});
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct btx_fixture *fixture = *state;

    if (!fixture->corrupted)
        btx_bytes_assert_equal(btx_fixture_save(&follower), btx_fixture_save(fixture));
    btx_fixture_close(fixture);
    btx_fixture_close(&follower);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void turn_in_play(struct btx_fixture *fixture)
{
    btx_fixture_on_market(fixture, BTX_COMMAND_TURN_IN_PLAY, MARKET);
}

/* A BACK of account 1 at 2 of 10, unless changed. */
static struct btx_wish a_back(void)
{
    return (struct btx_wish){.account = 1,
                             .market = MARKET,
                             .runner = RUNNER,
                             .side = BTX_SIDE_BACK,
                             .price = 20000,
                             .size = 10 * ONE};
}

/* A LAY of account 2 that it meets. */
static struct btx_wish a_lay(void)
{
    struct btx_wish wish = a_back();

    wish.account = 2;
    wish.side = BTX_SIDE_LAY;
    return wish;
}

static uint64_t place(struct btx_fixture *fixture, struct btx_wish wish)
{
    const uint64_t order = btx_fixture_place(fixture, &wish);

    assert_int_equal(btx_fixture_reason(fixture), NONE);
    return order;
}

static const struct order *find(const struct btx_fixture *fixture, uint64_t order)
{
    return btx_find_order(fixture->core, order);
}

/* Event @index takes all of @order away for @cause. */
static void expect_cancelled(const struct btx_fixture *fixture, uint32_t index, uint64_t order,
                             enum btx_cause cause)
{
    const struct btx_order_cancelled *event =
        btx_fixture_event(fixture, index, BTX_EVENT_ORDER_CANCELLED);

    assert_int_equal(event->order, order);
    assert_int_equal(event->cause, cause);
    assert_int_equal(event->remaining, 0);
    assert_int_equal(event->cseq, 0);
    assert_null(find(fixture, order));
}

static void expect_released(const struct btx_fixture *fixture, uint32_t index, uint64_t order)
{
    const struct btx_order_released *event =
        btx_fixture_event(fixture, index, BTX_EVENT_ORDER_RELEASED);

    assert_int_equal(event->order, order);
    assert_int_equal(event->market, MARKET);
}

static void expire__at_its_moment__not_before(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_wish wish = a_back();

    wish.expires = START + 100;
    const uint64_t order = place(fixture, wish);
    const struct btx_order_accepted *accepted =
        btx_fixture_event(fixture, 0, BTX_EVENT_ORDER_ACCEPTED);
    assert_int_equal(accepted->expires, START + 100);
    btx_fixture_tick(fixture, START + 99);
    assert_int_equal(fixture->event_count, 0);
    assert_non_null(find(fixture, order));
    btx_fixture_tick(fixture, START + 100);
    assert_int_equal(fixture->event_count, 1);
    expect_cancelled(fixture, 0, order, BTX_CAUSE_EXPIRED);
    assert_int_equal(fixture->events[0]->time_ns, START + 100);
    btx_fixture_tick(fixture, START + 200);
    assert_int_equal(fixture->event_count, 0);
    assert_true(btx_find_account(fixture->core, 1)->reserved == 0);
}

/* Each due thing is a command of its own, under a Tick that the core writes; the one that brought
 * the time is not looked at before all are done. */
static void step__due_before_a_command__commands_of_their_own_first(void **state)
{
    struct btx_fixture *fixture = *state;
    uint64_t orders[3];

    for (int i = 0; i < 3; i++) {
        struct btx_wish wish = a_back();
        wish.expires = START + (i == 0 ? 30 : 20); /* In the order 2, 3, 1. */
        orders[i] = place(fixture, wish);
    }
    const uint64_t seq = fixture->core->seq;
    const uint64_t tx = fixture->core->tx;
    fixture->time_ns = START + 1000;
    struct btx_market_command *command = btx_fixture_begin(fixture, BTX_COMMAND_SUSPEND_MARKET);
    command->market = MARKET;
    command->command.number = 77;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(btx_core_step(fixture->core, &fixture->command->command, &fixture->tx),
                         BTX_STEP_DUE);
        assert_true(fixture->tx.begins_command);
        const struct btx_command *tick = (const void *)fixture->tx.bytes;
        assert_null(btx_record_check(tick, fixture->tx.length_bytes));
        assert_int_equal(tick->record.type, BTX_COMMAND_TICK);
        assert_int_equal(tick->record.seq, seq + 1 + (uint64_t)i);
        assert_int_equal(tick->record.tx, tx + 1 + (uint64_t)i);
        assert_int_equal(tick->record.time_ns, START + 1000);
        assert_int_equal(tick->number, 0);
        assert_int_equal(tick->rules, BTX_RULES_VERSION);
        assert_int_equal(fixture->tx.event_count, 1);
        const struct btx_order_cancelled *event =
            (const void *)(fixture->tx.bytes + btx_record_length_bytes(&tick->record));
        assert_int_equal(event->order, orders[(i + 1) % 3]);
        assert_int_equal(event->record.kind_flags,
                         BTX_RECORD_EVENT | BTX_RECORD_TX_END | BTX_RECORD_COMMAND_END);
        assert_null(btx_core_pending(fixture->core));
        assert_null(btx_core_apply(follower.core, &tick->record));
        assert_null(btx_core_apply(follower.core, &event->record));
    }
    btx_fixture_run(fixture);
    assert_int_equal(fixture->due_count, 0);
    (void)btx_fixture_event(fixture, 0, BTX_EVENT_MARKET_SUSPENDED);
    const struct btx_command *own = (const void *)fixture->tx.bytes;
    assert_int_equal(own->number, 77);
}

/* A refused command brings time forward too, and only then looks at what is left. */
static void step__due_before_a_refusal__judged_after_it(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_wish wish = a_back();

    wish.expires = START + 10;
    const uint64_t order = place(fixture, wish);
    fixture->time_ns = START + 10;
    struct btx_cancel_order *command = btx_fixture_begin(fixture, BTX_COMMAND_CANCEL_ORDER);
    command->account = 1;
    command->order = order;
    btx_fixture_run(fixture);
    assert_int_equal(fixture->due_count, 1);
    expect_cancelled(fixture, 0, order, BTX_CAUSE_EXPIRED);
    assert_int_equal(btx_fixture_reason(fixture), BTX_REJECT_UNKNOWN_ORDER);
}

/* rules-2.md 4: with IOC or FOK, or when not after the core's time. */
static void place_order__expires__reasons(void **state)
{
    static const struct {
        enum btx_tif tif;
        uint64_t expires;
        enum btx_reject reason;
    } rows[] = {
        {BTX_TIF_IOC, START + 1, BTX_REJECT_INVALID_ORDER},
        {BTX_TIF_FOK, START + 1, BTX_REJECT_INVALID_ORDER},
        {BTX_TIF_GTC, START, BTX_REJECT_INVALID_ORDER},
        {BTX_TIF_GTC, 1, BTX_REJECT_INVALID_ORDER},
        {BTX_TIF_GTC, START + 1, NONE},
        {BTX_TIF_GTC, BTX_TIME_NS_MAX, NONE},
    };
    struct btx_fixture *fixture = *state;

    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        struct btx_wish wish = a_back();
        wish.tif = rows[i].tif;
        wish.expires = rows[i].expires;
        (void)btx_fixture_place(fixture, &wish);
        assert_int_equal(btx_fixture_reason(fixture), rows[i].reason);
    }
    /* 0 counts as given. */
    struct btx_wish wish = a_back();
    btx_fixture_build_place(fixture, &wish);
    ((struct btx_place_order *)(void *)fixture->command)->present |= BTX_PLACE_ORDER_HAS_EXPIRES;
    btx_fixture_run(fixture);
    assert_int_equal(btx_fixture_reason(fixture), BTX_REJECT_INVALID_ORDER);
}

/* What is left of it expires; a taker that is done never does. */
static void expire__partly_and_wholly_matched__only_what_is_left(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_wish wish = a_back();
    struct btx_wish lay = a_lay();

    lay.size = 14 * ONE;
    (void)place(fixture, lay);
    wish.expires = START + 10;
    (void)place(fixture, wish);
    const uint64_t rests = place(fixture, wish); /* 4 of its 10 are matched. */
    btx_fixture_tick(fixture, START + 10);
    assert_int_equal(fixture->event_count, 1);
    const struct btx_order_cancelled *event =
        btx_fixture_event(fixture, 0, BTX_EVENT_ORDER_CANCELLED);
    assert_int_equal(event->order, rests);
    assert_int_equal(event->cancelled, 6 * ONE);
}

static void replace(struct btx_fixture *fixture, uint64_t order, uint64_t price)
{
    struct btx_replace_order *command = btx_fixture_begin(fixture, BTX_COMMAND_REPLACE_ORDER);

    command->account = 1;
    command->order = order;
    command->price = price;
    btx_fixture_run(fixture);
}

static void replace_order__of_one_that_expires__keeps_its_moment(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_wish wish = a_back();

    wish.expires = START + 10;
    const uint64_t order = place(fixture, wish);
    replace(fixture, order, 30000);
    const struct btx_order_accepted *accepted = btx_fixture_last(fixture, BTX_EVENT_ORDER_ACCEPTED);
    assert_int_equal(accepted->expires, START + 10);
    btx_fixture_tick(fixture, START + 10);
    expect_cancelled(fixture, 0, order + 1, BTX_CAUSE_EXPIRED);
}

/* rules-2.md 5: it has its id and is reserved for, lives for cancels, but nobody meets it. */
static void hold__in_play_with_a_delay__lives_outside_the_book(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_wish wish = a_back();
    struct btx_order_view view;

    wish.ref = "my order";
    wish.cseq = 5;
    wish.stp = BTX_STP_CANCEL_MAKER;
    wish.expires = START + 2 * DELAY_NS;
    turn_in_play(fixture);
    const uint64_t order = place(fixture, wish);
    assert_int_equal(fixture->event_count, 1);
    const struct btx_order_held *event = btx_fixture_event(fixture, 0, BTX_EVENT_ORDER_HELD);
    assert_int_equal(event->order, 1);
    assert_int_equal(event->account, 1);
    assert_int_equal(event->market, MARKET);
    assert_int_equal(event->runner, RUNNER);
    assert_int_equal(event->price, 20000);
    assert_int_equal(event->size, 10 * ONE);
    assert_int_equal(event->stp, BTX_STP_CANCEL_MAKER);
    assert_int_equal(event->expires, START + 2 * DELAY_NS);
    assert_int_equal(event->until, START + DELAY_NS);
    assert_int_equal(event->cseq, 5);
    assert_int_equal(event->present, BTX_ORDER_HELD_HAS_REF);
    assert_memory_equal(btx_order_held_ref(event), "my order", 8);
    assert_true(btx_core_view_order(fixture->core, order, &view));
    assert_true(view.held);
    assert_int_equal(view.until, START + DELAY_NS);
    assert_int_equal(view.expires, START + 2 * DELAY_NS);
    assert_int_equal(btx_core_view_queue(fixture->core, MARKET, RUNNER, 20000, (uint64_t[1]){0}, 1),
                     0);
    assert_true(btx_find_account(fixture->core, 1)->reserved == 10 * ONE);
    /* A LAY that would meet it is held as well, and neither sees the other. */
    (void)place(fixture, a_lay());
    assert_int_equal(btx_fixture_count(fixture, BTX_EVENT_TRADE_MATCHED), 0);
    btx_fixture_cancel(fixture, 1, order);
    assert_true(btx_find_account(fixture->core, 1)->reserved == 0);
    btx_fixture_tick(fixture, START + DELAY_NS); /* The LAY's release only. */
    assert_int_equal(fixture->event_count, 1);
}

/* Before the market is in play, or without a delay, nothing is held. */
static void hold__not_in_play_or_no_delay__accepted_at_once(void **state)
{
    struct btx_fixture *fixture = *state;

    (void)place(fixture, a_back());
    (void)btx_fixture_event(fixture, 0, BTX_EVENT_ORDER_ACCEPTED);
    turn_in_play(fixture);
    (void)place(fixture, a_back());
    (void)btx_fixture_event(fixture, 0, BTX_EVENT_ORDER_HELD);
    struct btx_set_bet_delay *delay = btx_fixture_begin(fixture, BTX_COMMAND_SET_BET_DELAY);
    delay->market = MARKET;
    btx_fixture_run(fixture);
    (void)btx_fixture_event(fixture, 0, BTX_EVENT_BET_DELAY_SET);
    (void)place(fixture, a_back());
    (void)btx_fixture_event(fixture, 0, BTX_EVENT_ORDER_ACCEPTED);
    /* The one that was held keeps its moment. */
    btx_fixture_tick(fixture, START + DELAY_NS - 1);
    assert_int_equal(fixture->event_count, 0);
    btx_fixture_tick(fixture, START + DELAY_NS);
    expect_released(fixture, 0, 2);
}

static void release__at_its_moment__matches_as_accepted(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_wish wish = a_back();
    struct btx_wish lay = a_lay();

    lay.persistence = BTX_PERSISTENCE_PERSIST;
    lay.size = 4 * ONE;
    const uint64_t maker = place(fixture, lay);
    turn_in_play(fixture);
    const uint64_t order = place(fixture, wish);
    btx_fixture_tick(fixture, START + DELAY_NS);
    assert_int_equal(fixture->event_count, 2);
    expect_released(fixture, 0, order);
    const struct btx_trade_matched *trade = btx_fixture_event(fixture, 1, BTX_EVENT_TRADE_MATCHED);
    assert_int_equal(trade->taker, order);
    assert_int_equal(trade->maker, maker);
    assert_int_equal(trade->taker_remaining, 6 * ONE);
    assert_true(find(fixture, order)->resting);
    assert_false(find(fixture, order)->held);
    assert_int_equal(find(fixture, order)->due_place, 0);
}

/* Its place counts from the release: within a price ids no longer tell. */
static void release__after_a_later_order__behind_it_in_the_queue(void **state)
{
    struct btx_fixture *fixture = *state;
    uint64_t queue[3];

    turn_in_play(fixture);
    const uint64_t held = place(fixture, a_back());
    struct btx_set_bet_delay *delay = btx_fixture_begin(fixture, BTX_COMMAND_SET_BET_DELAY);
    delay->market = MARKET;
    btx_fixture_run(fixture);
    const uint64_t later = place(fixture, a_back());
    btx_fixture_tick(fixture, START + DELAY_NS);
    assert_int_equal(btx_core_view_queue(fixture->core, MARKET, RUNNER, 20000, queue, 3), 2);
    assert_int_equal(queue[0], later);
    assert_int_equal(queue[1], held);
    /* Bytes keep the queue, not the ids. */
    const struct btx_bytes saved = btx_fixture_save(fixture);
    assert_null(btx_fixture_load(fixture, saved.bytes, saved.length_bytes));
    assert_int_equal(btx_core_view_queue(fixture->core, MARKET, RUNNER, 20000, queue, 3), 2);
    assert_int_equal(queue[0], later);
}

/* A release that fell due before a SuspendMarket arrives still happens; after it, it does not. */
static void release__market_not_open__cancelled_with_its_cause(void **state)
{
    struct btx_fixture *fixture = *state;

    turn_in_play(fixture);
    const uint64_t first = place(fixture, a_back());
    fixture->time_ns = START + DELAY_NS;
    btx_fixture_on_market(fixture, BTX_COMMAND_SUSPEND_MARKET, MARKET);
    expect_released(fixture, 0, first);
    (void)btx_fixture_event(fixture, 1, BTX_EVENT_MARKET_SUSPENDED);
    btx_fixture_on_market(fixture, BTX_COMMAND_RESUME_MARKET, MARKET);
    const uint64_t second = place(fixture, a_back());
    btx_fixture_on_market(fixture, BTX_COMMAND_SUSPEND_MARKET, MARKET);
    btx_fixture_tick(fixture, START + 2 * DELAY_NS);
    assert_int_equal(fixture->event_count, 1);
    expect_cancelled(fixture, 0, second, BTX_CAUSE_MARKET_SUSPENDED);
}

/* post_only and FOK are judged at the release, not when the order comes. */
static void release__what_it_would_meet__judged_then(void **state)
{
    static const struct {
        bool post_only;
        enum btx_tif tif;
        int64_t size;
        int64_t min_fill;
        enum btx_cause cause; /* BTX_CAUSE_COUNT: released. */
        uint32_t events;
    } rows[] = {
        {true, BTX_TIF_GTC, 10 * ONE, 0, BTX_CAUSE_WOULD_MATCH, 1},
        {false, BTX_TIF_FOK, 5 * ONE, 0, BTX_CAUSE_FOK, 1},
        {false, BTX_TIF_FOK, 5 * ONE, 4 * ONE + 100, BTX_CAUSE_FOK, 1},
        {false, BTX_TIF_FOK, 4 * ONE, 0, (enum btx_cause)BTX_CAUSE_COUNT, 2},
        {false, BTX_TIF_FOK, 5 * ONE, 4 * ONE, (enum btx_cause)BTX_CAUSE_COUNT, 3},
        {false, BTX_TIF_IOC, 5 * ONE, 0, (enum btx_cause)BTX_CAUSE_COUNT, 3},
        {false, BTX_TIF_GTC, 5 * ONE, 0, (enum btx_cause)BTX_CAUSE_COUNT, 2},
    };

    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        struct btx_wish lay = a_lay();
        struct btx_wish wish = a_back();
        struct btx_fixture *fixture;

        assert_int_equal(teardown(state), 0);
        assert_int_equal(setup(state), 0);
        fixture = *state;
        turn_in_play(fixture);
        wish.post_only = rows[i].post_only;
        wish.tif = rows[i].tif;
        wish.size = rows[i].size;
        wish.min_fill = rows[i].min_fill;
        const uint64_t order = place(fixture, wish);
        const struct btx_order_held *held = btx_fixture_event(fixture, 0, BTX_EVENT_ORDER_HELD);
        assert_int_equal(held->min_fill, rows[i].min_fill);
        assert_int_equal(held->present, rows[i].min_fill != 0 ? BTX_ORDER_HELD_HAS_MIN_FILL : 0);
        /* It comes later, but is released earlier, as the delay becomes less. */
        struct btx_set_bet_delay *delay = btx_fixture_begin(fixture, BTX_COMMAND_SET_BET_DELAY);
        delay->market = MARKET;
        btx_fixture_run(fixture);
        lay.size = 4 * ONE;
        (void)place(fixture, lay);
        btx_fixture_tick(fixture, START + DELAY_NS);
        assert_int_equal(fixture->event_count, rows[i].events);
        if (rows[i].cause != (enum btx_cause)BTX_CAUSE_COUNT)
            expect_cancelled(fixture, 0, order, rows[i].cause);
        else
            expect_released(fixture, 0, order);
        if (rows[i].events == 3)
            expect_cancelled(fixture, 2, order,
                             rows[i].tif == BTX_TIF_IOC ? BTX_CAUSE_IOC : BTX_CAUSE_FOK);
    }
}

/* At one and the same moment the order expires. */
static void release__expiry_at_the_same_moment__expires(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_wish wish = a_back();

    turn_in_play(fixture);
    wish.expires = START + DELAY_NS;
    const uint64_t first = place(fixture, wish);
    wish.expires++;
    const uint64_t second = place(fixture, wish);
    btx_fixture_tick(fixture, START + 2 * DELAY_NS);
    assert_int_equal(fixture->event_count, 3);
    expect_cancelled(fixture, 0, first, BTX_CAUSE_EXPIRED);
    expect_released(fixture, 1, second);
    expect_cancelled(fixture, 2, second, BTX_CAUSE_EXPIRED);
}

/* A reduction lowers min_fill to what remains, and no further. */
static void cancel_order__part_of_a_held_fok__min_fill_at_most_what_remains(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_wish wish = a_back();

    turn_in_play(fixture);
    wish.tif = BTX_TIF_FOK;
    wish.min_fill = 6 * ONE;
    const uint64_t order = place(fixture, wish);
    for (int64_t remaining = 8; remaining >= 4; remaining -= 2) {
        struct btx_cancel_order *command = btx_fixture_begin(fixture, BTX_COMMAND_CANCEL_ORDER);
        command->account = 1;
        command->order = order;
        command->reduce_by = 2 * ONE;
        command->present = BTX_CANCEL_ORDER_HAS_REDUCE_BY;
        btx_fixture_run(fixture);
        assert_int_equal(find(fixture, order)->remaining, remaining * ONE);
        assert_int_equal(
            fixture->core->order_moment[slot_of_order(fixture->core, find(fixture, order))]
                .min_fill,
            (remaining < 6 ? remaining : 6) * ONE);
        assert_true(btx_find_account(fixture->core, 1)->reserved == remaining * ONE);
    }
}

/* The old order goes at once, the new one is held anew; with a delay of 0 it is accepted. */
static void replace_order__held__held_anew_or_accepted(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_wish wish = a_back();

    turn_in_play(fixture);
    wish.tif = BTX_TIF_FOK;
    wish.min_fill = ONE;
    wish.expires = 0;
    const uint64_t first = place(fixture, wish);
    fixture->time_ns = START + 1000;
    replace(fixture, first, 30000);
    expect_cancelled(fixture, 0, first, BTX_CAUSE_REPLACED);
    const struct btx_order_held *held = btx_fixture_event(fixture, 1, BTX_EVENT_ORDER_HELD);
    assert_int_equal(held->until, START + 1000 + DELAY_NS);
    assert_int_equal(held->tif, BTX_TIF_GTC);
    assert_int_equal(held->present, 0);
    struct btx_set_bet_delay *delay = btx_fixture_begin(fixture, BTX_COMMAND_SET_BET_DELAY);
    delay->market = MARKET;
    btx_fixture_run(fixture);
    replace(fixture, held->order, 20000);
    (void)btx_fixture_event(fixture, 1, BTX_EVENT_ORDER_ACCEPTED);
    btx_fixture_tick(fixture, START + 3 * DELAY_NS);
    assert_int_equal(fixture->event_count, 0);
}

/* Held orders go with everything that cancels, and nothing is due for them afterwards. */
static void hold__every_kind_of_cancel__takes_it(void **state)
{
    static const enum btx_command_type types[] = {
        BTX_COMMAND_FREEZE_ACCOUNT, BTX_COMMAND_VOID_MARKET, BTX_COMMAND_SETTLE_MARKET,
        BTX_COMMAND_CANCEL_ORDERS, BTX_COMMAND_CANCEL_ORDER};

    for (size_t i = 0; i < BTX_COUNT_OF(types); i++) {
        static const uint64_t winner = RUNNER;
        struct btx_fixture *fixture;

        assert_int_equal(teardown(state), 0);
        assert_int_equal(setup(state), 0);
        fixture = *state;
        turn_in_play(fixture);
        const uint64_t order = place(fixture, a_back());
        if (types[i] == BTX_COMMAND_FREEZE_ACCOUNT) {
            btx_fixture_on_account(fixture, types[i], 1);
        } else if (types[i] == BTX_COMMAND_VOID_MARKET) {
            btx_fixture_on_market(fixture, types[i], MARKET);
        } else if (types[i] == BTX_COMMAND_SETTLE_MARKET) {
            btx_fixture_build_settle(fixture, MARKET, &winner, 1);
            btx_fixture_run(fixture);
        } else if (types[i] == BTX_COMMAND_CANCEL_ORDERS) {
            (void)btx_fixture_begin(fixture, types[i]);
            btx_fixture_run(fixture);
        } else {
            btx_fixture_cancel(fixture, 1, order);
        }
        assert_null(find(fixture, order));
        assert_int_equal(fixture->core->due.count, 0);
        btx_fixture_tick(fixture, START + DELAY_NS);
        assert_int_equal(fixture->event_count, 0);
    }
}

/* TurnInPlay does not make the orders that are there held; they lapse or stay. */
static void turn_in_play__orders_that_rest__not_held(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_wish wish = a_back();

    wish.persistence = BTX_PERSISTENCE_PERSIST;
    const uint64_t order = place(fixture, wish);
    turn_in_play(fixture);
    assert_true(find(fixture, order)->resting);
    assert_int_equal(fixture->core->due.count, 0);
}

/* More makers than a tx has events: the release goes on, also in a core that was loaded from the
 * bytes between its txs, and the command that brought the time comes after it. */
static void release__more_makers_than_a_tx_holds__goes_on_then_due(void **state)
{
    enum { MAKERS = 4200 };
    struct btx_fixture *fixture = *state;
    struct btx_wish lay = a_lay();
    struct btx_wish wish = a_back();

    lay.persistence = BTX_PERSISTENCE_PERSIST;
    lay.size = 100;
    for (int i = 0; i < MAKERS; i++) {
        const size_t used_bytes = fixture->arena_used_bytes;
        (void)place(fixture, lay);
        fixture->arena_used_bytes = used_bytes;
    }
    turn_in_play(fixture);
    wish.size = 100 * MAKERS;
    const uint64_t order = place(fixture, wish);
    fixture->time_ns = START + DELAY_NS;
    struct btx_market_command *suspend = btx_fixture_begin(fixture, BTX_COMMAND_SUSPEND_MARKET);
    suspend->market = MARKET;
    assert_int_equal(btx_fixture_start(fixture), BTX_STEP_MORE);
    assert_int_equal(fixture->tx_events[0], BTX_TX_EVENTS_MAX);
    assert_int_equal(btx_core_pending(fixture->core)->record.type, BTX_COMMAND_TICK);
    const struct btx_bytes saved = btx_fixture_save(fixture);
    assert_null(btx_fixture_load(fixture, saved.bytes, saved.length_bytes));
    assert_int_equal(btx_fixture_continue(fixture), BTX_STEP_DUE);
    assert_int_equal(fixture->tx_events[1], MAKERS + 1 - BTX_TX_EVENTS_MAX);
    assert_null(find(fixture, order));
    assert_null(btx_core_pending(fixture->core));
    btx_fixture_run(fixture);
    (void)btx_fixture_event(fixture, 0, BTX_EVENT_MARKET_SUSPENDED);
}

/* rules-2.md 3: right after check 4, and not judged again at the release. */
static void if_version__market_has_grown__refused(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_wish wish = a_back();

    wish.if_version = 1;
    (void)place(fixture, wish);
    turn_in_play(fixture); /* 2 */
    wish.runner = 999;     /* Check 5 comes later. */
    assert_int_equal(btx_fixture_place(fixture, &wish), 0);
    assert_int_equal(btx_fixture_reason(fixture), BTX_REJECT_VERSION_CHANGED);
    wish.runner = RUNNER;
    wish.if_version = 2;
    const uint64_t order = place(fixture, wish);
    btx_fixture_on_market(fixture, BTX_COMMAND_SUSPEND_MARKET, MARKET); /* 3 */
    assert_int_equal(btx_fixture_place(fixture, &wish), 0);             /* Check 4 comes first. */
    assert_int_equal(btx_fixture_reason(fixture), BTX_REJECT_MARKET_NOT_OPEN);
    btx_fixture_on_market(fixture, BTX_COMMAND_RESUME_MARKET, MARKET); /* 4 */
    struct btx_replace_order *command = btx_fixture_begin(fixture, BTX_COMMAND_REPLACE_ORDER);
    command->account = 1;
    command->order = order;
    command->price = 20100; /* Check 7 comes later. */
    command->if_version = 3;
    command->present = BTX_REPLACE_ORDER_HAS_IF_VERSION;
    btx_fixture_run(fixture);
    assert_int_equal(btx_fixture_reason(fixture), BTX_REJECT_VERSION_CHANGED);
    command->if_version = 4;
    btx_fixture_run(fixture);
    assert_int_equal(btx_fixture_reason(fixture), BTX_REJECT_INVALID_PRICE);
    btx_fixture_tick(fixture, START + DELAY_NS);
    expect_released(fixture, 0, order);
}

/* Commands that change nothing of a market's kind do not make its version grow. */
static void version__grows_with_four_events_only(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_market_view view;
    struct btx_set_bet_delay *delay = btx_fixture_begin(fixture, BTX_COMMAND_SET_BET_DELAY);

    delay->market = MARKET;
    btx_fixture_run(fixture);
    (void)place(fixture, a_back());
    assert_true(btx_core_view_market(fixture->core, MARKET, &view));
    assert_int_equal(view.version, 1);
    assert_int_equal(view.bet_delay, 0);
    btx_fixture_on_market(fixture, BTX_COMMAND_VOID_MARKET, MARKET);
    assert_true(btx_core_view_market(fixture->core, MARKET, &view));
    assert_int_equal(view.version, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(expire__at_its_moment__not_before),
        TEST(step__due_before_a_command__commands_of_their_own_first),
        TEST(step__due_before_a_refusal__judged_after_it),
        TEST(place_order__expires__reasons),
        TEST(expire__partly_and_wholly_matched__only_what_is_left),
        TEST(replace_order__of_one_that_expires__keeps_its_moment),
        TEST(hold__in_play_with_a_delay__lives_outside_the_book),
        TEST(hold__not_in_play_or_no_delay__accepted_at_once),
        TEST(release__at_its_moment__matches_as_accepted),
        TEST(release__after_a_later_order__behind_it_in_the_queue),
        TEST(release__market_not_open__cancelled_with_its_cause),
        TEST(release__what_it_would_meet__judged_then),
        TEST(release__expiry_at_the_same_moment__expires),
        TEST(cancel_order__part_of_a_held_fok__min_fill_at_most_what_remains),
        TEST(replace_order__held__held_anew_or_accepted),
        TEST(hold__every_kind_of_cancel__takes_it),
        TEST(turn_in_play__orders_that_rest__not_held),
        TEST(release__more_makers_than_a_tx_holds__goes_on_then_due),
        TEST(if_version__market_has_grown__refused),
        TEST(version__grows_with_four_events_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
