/* SPDX-License-Identifier: Apache-2.0 */
/* test_apply_order.c - a log's events of orders and trades, and those that cannot be. */
#include "engine/core/apply.h"
#include "engine/core/entities.h"
#include "tests/unit/core/scene.h"

#define RUNNER BTX_FIXTURE_RUNNER

/* Account 1 has consumed @cseq, and of transfers none but the scene's. */
static void assert_consumed(const struct btx_scene *scene, uint64_t cseq)
{
    const struct account *account = btx_find_account(scene->fixture.core, 1);

    assert_int_equal(account->cseq, cseq);
    assert_int_equal(account->transfer, 20);
}

/* An order of account 2 that rests, as it would be accepted. */
static struct btx_order_accepted *accepted(struct btx_scene *scene)
{
    struct btx_order_accepted *event =
        btx_fixture_event_begin(&scene->fixture, BTX_EVENT_ORDER_ACCEPTED);

    event->order = scene->fixture.core->next_order;
    event->account = 2;
    event->market = BTX_SCENE_MARKET;
    event->runner = RUNNER;
    event->size = 5 * BTX_FIXTURE_ONE;
    event->price = 30500;
    event->side = BTX_SIDE_BACK;
    return event;
}

/* The same as a taker of the LAY at 2. */
static struct btx_order_accepted *accepted_taker(struct btx_scene *scene)
{
    struct btx_order_accepted *event = accepted(scene);

    event->price = 20000;
    return event;
}

static void market_event(struct btx_scene *scene, enum btx_event_type type, uint64_t market)
{
    struct btx_market_event *event = btx_fixture_event_begin(&scene->fixture, type);

    event->market = market;
}

static void apply_order_accepted__no_account_or_no_open_market__refused(void **state)
{
    static const char sentence[] =
        "OrderAccepted or OrderHeld: no such account, or frozen, or no such open market";
    struct btx_scene *scene = *state;

    accepted(scene)->account = 77;
    btx_scene_refuse(scene, sentence);
    accepted(scene)->account = 0;
    btx_scene_refuse(scene, sentence);
    accepted(scene)->market = 77;
    btx_scene_refuse(scene, sentence);
    accepted(scene)->market = BTX_SCENE_CLOSED;
    btx_scene_refuse(scene, sentence);
    market_event(scene, BTX_EVENT_MARKET_SUSPENDED, BTX_SCENE_MARKET);
    btx_scene_accept(scene);
    (void)accepted(scene);
    btx_scene_refuse(scene, sentence);
}

static void apply_order_accepted__no_runner_price_or_size__refused(void **state)
{
    static const char sentence[] =
        "OrderAccepted or OrderHeld: no such runner or price, or not a whole size";
    struct btx_scene *scene = *state;

    accepted(scene)->runner = RUNNER + 3;
    btx_scene_refuse(scene, sentence);
    accepted(scene)->price = 30100;
    btx_scene_refuse(scene, sentence);
    accepted(scene)->size = 50;
    btx_scene_refuse(scene, sentence);
    accepted(scene)->size = 150;
    btx_scene_refuse(scene, sentence);
    (void)accepted(scene);
    btx_scene_accept(scene);
}

static void apply_order_accepted__cseq_consumed_before__refused(void **state)
{
    struct btx_scene *scene = *state;
    struct btx_order_accepted *event = accepted(scene);

    event->account = 1;
    event->cseq = 10;
    btx_scene_refuse(scene, "OrderAccepted or OrderHeld: cseq was consumed before");
    event = accepted(scene);
    event->account = 1;
    event->cseq = 11;
    btx_scene_accept(scene);
    assert_consumed(scene, 11);
}

/* Ids count 1, 2, 3: a gap is an order that was lost. */
static void apply_order_accepted__not_the_next_id__refused(void **state)
{
    static const char sentence[] =
        "OrderAccepted or OrderHeld: not the next order, or another command is under way";
    struct btx_scene *scene = *state;

    accepted(scene)->order++;
    btx_scene_refuse(scene, sentence);
    accepted(scene)->order--;
    btx_scene_refuse(scene, sentence);
    (void)accepted(scene);
    btx_scene_accept(scene);
}

/* The ids of a shard end where those of the next one begin. */
static void apply_order_accepted__last_id_of_the_shard__none_behind_it(void **state)
{
    struct btx_scene *scene = *state;
    struct btx_core *core = scene->fixture.core;

    core->next_order = (UINT64_C(1) << BTX_CORE_SHARD_BITS) - 1;
    (void)accepted(scene);
    btx_scene_accept(scene);
    (void)accepted(scene);
    btx_scene_refuse(
        scene, "OrderAccepted or OrderHeld: not the next order, or another command is under way");
    const struct btx_bytes saved = btx_fixture_save(&scene->fixture);
    assert_null(btx_fixture_load(&scene->fixture, saved.bytes, saved.length_bytes));
}

/* Apply asks for what the state stands on, not for every rule: whether a log that nobody vouches
 * for has kept the rest is for btx_core_verify() to say. */
static void apply_order_accepted__beyond_the_funds__verify_says_so(void **state)
{
    struct btx_scene *scene = *state;

    accepted(scene)->size = 2000 * BTX_FIXTURE_ONE;
    btx_scene_accept(scene);
    assert_string_equal(btx_core_verify(scene->fixture.core),
                        "account: less than nothing is available");
    scene->fixture.corrupted = true;
}

/* One command accepts one order, and none that closes a market does. */
static void apply_order_accepted__within_another_command__refused(void **state)
{
    static const char sentence[] =
        "OrderAccepted or OrderHeld: not the next order, or another command is under way";
    static const uint64_t winner = 1;
    struct btx_scene *scene = *state;

    for (int form = 0; form < 3; form++) {
        if (form == 0)
            (void)accepted_taker(scene);
        if (form == 1) {
            struct btx_market_settling *event =
                btx_fixture_event_begin(&scene->fixture, BTX_EVENT_MARKET_SETTLING);
            event->market = BTX_SCENE_BINARY;
            event->winners_count = 1;
            btx_fixture_event_tail(&scene->fixture, &winner, sizeof winner);
        }
        if (form == 2)
            market_event(scene, BTX_EVENT_MARKET_VOIDED, BTX_SCENE_BINARY);
        btx_scene_accept_open(scene);
        (void)accepted(scene);
        btx_scene_refuse(scene, sentence);
        scene->fixture.corrupted = true;
        assert_int_equal(btx_scene_teardown(state), 0);
        assert_int_equal(btx_scene_setup(state), 0);
    }
}

/* A log of a greater machine: refused in words, not by running out. */
static void apply_order_accepted__beyond_the_capacity__refused(void **state)
{
    static const char sentence[] =
        "OrderAccepted or OrderHeld: more orders, positions or stakes than the capacity";
    struct btx_scene *scene = *state;

    for (int i = 0; i < 4; i++) {
        (void)accepted(scene);
        btx_scene_accept(scene);
    }
    (void)accepted(scene);
    btx_scene_refuse(scene, sentence); /* The seventh order. */

    assert_int_equal(btx_scene_teardown(state), 0);
    assert_int_equal(btx_scene_setup(state), 0);
    btx_fixture_open_account(&scene->fixture, 4, BTX_FIXTURE_ONE);
    for (uint64_t account = 1; account <= 4; account++) {
        if (account == 3)
            continue; /* Frozen. */
        struct btx_order_accepted *event = accepted(scene);
        event->account = account;
        event->market = BTX_SCENE_BINARY;
        event->runner = 1;
        event->price = 5000;
        event->size = BTX_FIXTURE_ONE;
        btx_scene_accept(scene);
    }
    accepted(scene)->account = 4;
    btx_scene_refuse(scene, sentence); /* The sixth position. */
    (void)accepted(scene);
    btx_scene_accept(scene);
}

/* The trade of the taker with account 1's LAY at 2, as it would be accepted. */
static struct btx_trade_matched *matched(struct btx_scene *scene)
{
    struct btx_trade_matched *event =
        btx_fixture_event_begin(&scene->fixture, BTX_EVENT_TRADE_MATCHED);

    event->market = BTX_SCENE_MARKET;
    event->runner = RUNNER;
    event->size = 5 * BTX_FIXTURE_ONE;
    event->taker = scene->fixture.core->next_order - 1;
    event->taker_account = 2;
    event->maker = scene->lay;
    event->maker_account = 1;
    event->taker_remaining = 0;
    event->maker_remaining = 5 * BTX_FIXTURE_ONE;
    event->price = 20000;
    event->taker_side = BTX_SIDE_BACK;
    return event;
}

static void apply_trade_matched__orders_that_cannot_meet__refused(void **state)
{
    static const char sentence[] = "TradeMatched: the orders cannot meet";
    struct btx_scene *scene = *state;

    (void)matched(scene);
    btx_scene_refuse(scene, sentence); /* No taker. */
    (void)accepted_taker(scene);
    btx_scene_accept_open(scene);
    matched(scene)->taker = 77;
    btx_scene_refuse(scene, sentence);
    matched(scene)->maker = 77;
    btx_scene_refuse(scene, sentence);
    matched(scene)->taker = scene->back;
    btx_scene_refuse(scene, sentence); /* It rests. */
    matched(scene)->maker = scene->fixture.core->next_order - 1;
    btx_scene_refuse(scene, sentence); /* With itself. */
    matched(scene)->maker = scene->back;
    btx_scene_refuse(scene, sentence); /* Its own side. */
    (void)matched(scene);
    btx_scene_accept(scene);
}

static void apply_trade_matched__maker_of_another_runner__refused(void **state)
{
    struct btx_scene *scene = *state;
    struct btx_order_accepted *other = accepted(scene);

    other->runner = RUNNER + 1;
    other->side = BTX_SIDE_LAY;
    btx_scene_accept(scene);
    (void)accepted_taker(scene);
    btx_scene_accept_open(scene);
    struct btx_trade_matched *event = matched(scene);
    event->maker = event->taker - 1;
    event->maker_account = 2;
    event->price = 30500;
    event->maker_remaining = 0;
    btx_scene_refuse(scene, "TradeMatched: the orders cannot meet");
    scene->fixture.corrupted = true;
}

static void apply_trade_matched__not_the_orders_names_sides_or_price__refused(void **state)
{
    static const char sentence[] = "TradeMatched: names, sides or price are not the orders'";
    struct btx_scene *scene = *state;

    (void)accepted_taker(scene);
    btx_scene_accept_open(scene);
    matched(scene)->market = BTX_SCENE_BINARY;
    btx_scene_refuse(scene, sentence);
    matched(scene)->runner = RUNNER + 1;
    btx_scene_refuse(scene, sentence);
    matched(scene)->taker_account = 1;
    btx_scene_refuse(scene, sentence);
    matched(scene)->maker_account = 2;
    btx_scene_refuse(scene, sentence);
    matched(scene)->taker_side = BTX_SIDE_LAY;
    btx_scene_refuse(scene, sentence);
    matched(scene)->price = 20200;
    btx_scene_refuse(scene, sentence);
    (void)matched(scene);
    btx_scene_accept(scene);
}

/* A taker is never matched beyond its limit. */
static void apply_trade_matched__maker_beyond_the_limit__refused(void **state)
{
    struct btx_scene *scene = *state;

    accepted_taker(scene)->price = 20200;
    btx_scene_accept_open(scene);
    (void)matched(scene);
    btx_scene_refuse(scene, "TradeMatched: names, sides or price are not the orders'");
    scene->fixture.corrupted = true;
}

static void apply_trade_matched__not_the_orders_sizes__refused(void **state)
{
    static const char sentence[] = "TradeMatched: the sizes are not the orders'";
    struct btx_scene *scene = *state;

    (void)accepted_taker(scene);
    btx_scene_accept_open(scene);
    matched(scene)->size = 150;
    btx_scene_refuse(scene, sentence);
    matched(scene)->size = 6 * BTX_FIXTURE_ONE;
    btx_scene_refuse(scene, sentence);
    matched(scene)->taker_remaining = 100;
    btx_scene_refuse(scene, sentence);
    matched(scene)->maker_remaining = 100;
    btx_scene_refuse(scene, sentence);
    (void)matched(scene);
    btx_scene_accept(scene);
    assert_int_equal(btx_find_order(scene->fixture.core, scene->lay)->remaining,
                     5 * BTX_FIXTURE_ONE);
}

static void apply_trade_matched__more_than_the_maker_has__refused(void **state)
{
    struct btx_scene *scene = *state;

    accepted_taker(scene)->size = 20 * BTX_FIXTURE_ONE;
    btx_scene_accept_open(scene);
    struct btx_trade_matched *event = matched(scene);
    event->size = 11 * BTX_FIXTURE_ONE;
    event->taker_remaining = 9 * BTX_FIXTURE_ONE;
    event->maker_remaining = 0;
    btx_scene_refuse(scene, "TradeMatched: the sizes are not the orders'");
    scene->fixture.corrupted = true;
}

/* All of account 1's LAY, as it would be accepted. */
static struct btx_order_cancelled *cancelled(struct btx_scene *scene)
{
    struct btx_order_cancelled *event =
        btx_fixture_event_begin(&scene->fixture, BTX_EVENT_ORDER_CANCELLED);

    event->order = scene->lay;
    event->account = 1;
    event->market = BTX_SCENE_MARKET;
    event->runner = RUNNER;
    event->cancelled = 10 * BTX_FIXTURE_ONE;
    event->side = BTX_SIDE_LAY;
    return event;
}

static void apply_order_cancelled__not_an_order_s_names__refused(void **state)
{
    static const char sentence[] = "OrderCancelled: no such order, or not its names";
    struct btx_scene *scene = *state;

    cancelled(scene)->order = 77;
    btx_scene_refuse(scene, sentence);
    cancelled(scene)->order = 0;
    btx_scene_refuse(scene, sentence);
    cancelled(scene)->account = 2;
    btx_scene_refuse(scene, sentence);
    cancelled(scene)->market = BTX_SCENE_BINARY;
    btx_scene_refuse(scene, sentence);
    cancelled(scene)->runner = RUNNER + 1;
    btx_scene_refuse(scene, sentence);
    cancelled(scene)->side = BTX_SIDE_BACK;
    btx_scene_refuse(scene, sentence);
    (void)cancelled(scene);
    btx_scene_accept(scene);
    (void)cancelled(scene);
    btx_scene_refuse(scene, sentence); /* No longer live. */
}

static void apply_order_cancelled__not_the_order_s_sizes__refused(void **state)
{
    static const char sentence[] = "OrderCancelled: the sizes are not the order's";
    struct btx_scene *scene = *state;

    cancelled(scene)->cancelled = 11 * BTX_FIXTURE_ONE;
    btx_scene_refuse(scene, sentence);
    cancelled(scene)->remaining = 100;
    btx_scene_refuse(scene, sentence);
    struct btx_order_cancelled *event = cancelled(scene);
    event->cancelled = 150;
    event->remaining = 10 * BTX_FIXTURE_ONE - 150;
    btx_scene_refuse(scene, sentence);
    event = cancelled(scene);
    event->cancelled = 100;
    event->remaining = 10 * BTX_FIXTURE_ONE - 100;
    btx_scene_accept(scene);
    assert_int_equal(btx_find_order(scene->fixture.core, scene->lay)->remaining,
                     10 * BTX_FIXTURE_ONE - 100);
}

/* A taker is in no book: it can be cancelled, but not made smaller there. */
static void apply_order_cancelled__part_of_a_taker__refused(void **state)
{
    struct btx_scene *scene = *state;

    (void)accepted_taker(scene);
    btx_scene_accept_open(scene);
    struct btx_order_cancelled *event = cancelled(scene);
    event->order = scene->fixture.core->next_order - 1;
    event->account = 2;
    event->side = BTX_SIDE_BACK;
    event->cancelled = BTX_FIXTURE_ONE;
    event->remaining = 4 * BTX_FIXTURE_ONE;
    btx_scene_refuse(scene, "OrderCancelled: the sizes are not the order's");
    event->cancelled = 5 * BTX_FIXTURE_ONE;
    event->remaining = 0;
    btx_scene_accept(scene);
}

static void apply_order_cancelled__cseq_consumed_before__refused(void **state)
{
    struct btx_scene *scene = *state;

    cancelled(scene)->cseq = 10;
    btx_scene_refuse(scene, "OrderCancelled: cseq was consumed before");
    cancelled(scene)->cseq = 11;
    btx_scene_accept(scene);
    assert_consumed(scene, 11);
}

/* Account 1's LAY is to persist, as it would be accepted. */
static struct btx_order_updated *updated(struct btx_scene *scene)
{
    struct btx_order_updated *event =
        btx_fixture_event_begin(&scene->fixture, BTX_EVENT_ORDER_UPDATED);

    event->order = scene->lay;
    event->account = 1;
    event->market = BTX_SCENE_MARKET;
    event->runner = RUNNER;
    event->persistence = BTX_PERSISTENCE_PERSIST;
    return event;
}

static void apply_order_updated__not_an_order_s_names_or_cseq__refused(void **state)
{
    static const char sentence[] = "OrderUpdated: no such order, or not its names";
    struct btx_scene *scene = *state;

    updated(scene)->order = 77;
    btx_scene_refuse(scene, sentence);
    updated(scene)->account = 2;
    btx_scene_refuse(scene, sentence);
    updated(scene)->market = BTX_SCENE_BINARY;
    btx_scene_refuse(scene, sentence);
    updated(scene)->runner = RUNNER + 1;
    btx_scene_refuse(scene, sentence);
    updated(scene)->cseq = 10;
    btx_scene_refuse(scene, "OrderUpdated: cseq was consumed before");
    updated(scene)->cseq = 12;
    btx_scene_accept(scene);
    assert_int_equal(btx_find_order(scene->fixture.core, scene->lay)->persistence,
                     BTX_PERSISTENCE_PERSIST);
    assert_consumed(scene, 12);
}

static void batch(struct btx_scene *scene, uint64_t market, const uint64_t *ids, uint16_t count)
{
    struct btx_order_cancelled_batched *event =
        btx_fixture_event_begin(&scene->fixture, BTX_EVENT_ORDER_CANCELLED_BATCHED);

    event->market = market;
    event->orders_count = count;
    btx_fixture_event_tail(&scene->fixture, ids, 8u * (size_t)count);
}

/* All of a batch is looked up before the first of it is cancelled. */
static void apply_orders_cancelled__not_all_in_the_market__refused(void **state)
{
    static const char sentence[] = "OrderCancelledBatched: no such order in the market";
    struct btx_scene *scene = *state;
    const uint64_t ids[] = {scene->lay, scene->back, 77};

    batch(scene, BTX_SCENE_MARKET, ids, 3);
    btx_scene_refuse(scene, sentence);
    batch(scene, BTX_SCENE_BINARY, ids, 2);
    btx_scene_refuse(scene, sentence);
    batch(scene, 77, ids, 2);
    btx_scene_refuse(scene, sentence);
    batch(scene, BTX_SCENE_MARKET, ids, 2);
    btx_scene_accept(scene);
    assert_int_equal(scene->fixture.core->orders.used, 0);
}

/* Each batch of one CancelOrders has its cseq, and is of its account. */
static void apply_orders_cancelled__cseq_consumed_before_or_of_several__refused(void **state)
{
    static const char sentence[] =
        "OrderCancelledBatched: cseq was consumed before, or of several accounts";
    struct btx_scene *scene = *state;
    struct btx_order_cancelled_batched *event = (void *)scene->fixture.record;
    const uint64_t ids[] = {scene->lay, scene->back};

    batch(scene, BTX_SCENE_MARKET, ids, 2);
    event->cseq = 11;
    btx_scene_refuse(scene, sentence);
    batch(scene, BTX_SCENE_MARKET, ids, 1);
    event->cseq = 9;
    btx_scene_refuse(scene, sentence);
    batch(scene, BTX_SCENE_MARKET, ids, 1);
    event->cseq = 11;
    btx_scene_accept(scene);
    assert_consumed(scene, 11);
    assert_int_equal(btx_find_account(scene->fixture.core, 2)->cseq, 0);
}

/* A settlement, a voiding and a taker must have come to their end with the command. */
static void apply_may_end__settlement_half_done__refused(void **state)
{
    static const uint64_t winner = 1;
    struct btx_scene *scene = *state;
    struct btx_market_settling *event =
        btx_fixture_event_begin(&scene->fixture, BTX_EVENT_MARKET_SETTLING);

    event->market = BTX_SCENE_BINARY;
    event->winners_count = 1;
    btx_fixture_event_tail(&scene->fixture, &winner, sizeof winner);
    btx_scene_refuse_end(scene, "command: it ended in the middle of a settlement");
}

static void apply_may_end__voided_market_with_orders__refused(void **state)
{
    struct btx_scene *scene = *state;

    market_event(scene, BTX_EVENT_MARKET_VOIDED, BTX_SCENE_MARKET);
    btx_scene_refuse_end(scene,
                         "command: it ended before all orders of the voided market were cancelled");
}

static void apply_may_end__voided_market_without_orders__positions_dropped(void **state)
{
    struct btx_scene *scene = *state;
    const uint64_t ids[] = {scene->lay, scene->back};

    market_event(scene, BTX_EVENT_MARKET_VOIDED, BTX_SCENE_MARKET);
    btx_scene_accept_open(scene);
    batch(scene, BTX_SCENE_MARKET, ids, 2);
    btx_scene_accept(scene);
    assert_int_equal(scene->fixture.core->positions.used, 0);
    assert_true(btx_find_account(scene->fixture.core, 1)->reserved == 0);
}

static void apply_may_end__taker_that_cannot_rest__refused(void **state)
{
    static const char sentence[] = "command: it ended with a taker that cannot rest";
    struct btx_scene *scene = *state;

    (void)accepted_taker(scene);
    btx_scene_refuse_end(scene, sentence); /* It would cross the book. */

    for (int tif = BTX_TIF_IOC; tif <= BTX_TIF_FOK; tif++) {
        assert_int_equal(btx_scene_teardown(state), 0);
        assert_int_equal(btx_scene_setup(state), 0);
        accepted(scene)->tif = (uint8_t)tif;
        btx_scene_refuse_end(scene, sentence);
    }
}

/* What is left of a taker rests at the end of its command, behind those of its price. */
static void apply_may_end__taker_that_may_rest__rests_last(void **state)
{
    struct btx_scene *scene = *state;
    struct btx_core *core = scene->fixture.core;

    accepted(scene)->price = 30000;
    const uint64_t id = core->next_order;
    btx_scene_accept(scene);
    const struct order *order = btx_find_order(core, id);
    assert_true(order->resting);
    assert_int_equal(core->order[order->level_prev].id, scene->back);
    assert_int_equal(core->work.taker, NO_SLOT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BTX_IN_SCENE(apply_order_accepted__no_account_or_no_open_market__refused),
        BTX_IN_SCENE(apply_order_accepted__no_runner_price_or_size__refused),
        BTX_IN_SCENE(apply_order_accepted__cseq_consumed_before__refused),
        BTX_IN_SCENE(apply_order_accepted__not_the_next_id__refused),
        BTX_IN_SCENE(apply_order_accepted__last_id_of_the_shard__none_behind_it),
        BTX_IN_SCENE(apply_order_accepted__beyond_the_funds__verify_says_so),
        BTX_IN_SCENE(apply_order_accepted__within_another_command__refused),
        BTX_IN_SCENE(apply_order_accepted__beyond_the_capacity__refused),
        BTX_IN_SCENE(apply_trade_matched__orders_that_cannot_meet__refused),
        BTX_IN_SCENE(apply_trade_matched__maker_of_another_runner__refused),
        BTX_IN_SCENE(apply_trade_matched__not_the_orders_names_sides_or_price__refused),
        BTX_IN_SCENE(apply_trade_matched__maker_beyond_the_limit__refused),
        BTX_IN_SCENE(apply_trade_matched__not_the_orders_sizes__refused),
        BTX_IN_SCENE(apply_trade_matched__more_than_the_maker_has__refused),
        BTX_IN_SCENE(apply_order_cancelled__not_an_order_s_names__refused),
        BTX_IN_SCENE(apply_order_cancelled__not_the_order_s_sizes__refused),
        BTX_IN_SCENE(apply_order_cancelled__part_of_a_taker__refused),
        BTX_IN_SCENE(apply_order_cancelled__cseq_consumed_before__refused),
        BTX_IN_SCENE(apply_order_updated__not_an_order_s_names_or_cseq__refused),
        BTX_IN_SCENE(apply_orders_cancelled__not_all_in_the_market__refused),
        BTX_IN_SCENE(apply_orders_cancelled__cseq_consumed_before_or_of_several__refused),
        BTX_IN_SCENE(apply_may_end__settlement_half_done__refused),
        BTX_IN_SCENE(apply_may_end__voided_market_with_orders__refused),
        BTX_IN_SCENE(apply_may_end__voided_market_without_orders__positions_dropped),
        BTX_IN_SCENE(apply_may_end__taker_that_cannot_rest__refused),
        BTX_IN_SCENE(apply_may_end__taker_that_may_rest__rests_last),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
