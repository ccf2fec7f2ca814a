/* SPDX-License-Identifier: Apache-2.0 */
/* test_step.c - where txs begin and end, what they are numbered and stamped with, and that a
 * command goes on as if nothing had been between two of them. */
#include "engine/core/tx.h"

#include "engine/core/entities.h"
#include "tests/unit/core/fixture.h"
#include "tests/unit/core/stories.h"

#define MARKET 1u
#define RUNNER BTX_FIXTURE_RUNNER
#define BOTH_ENDS (BTX_RECORD_TX_END | BTX_RECORD_COMMAND_END)

/* @count LAYs of 0.01 at 2 that rest, of account 2; account 1 may take them. */
static void rest_makers(struct btx_fixture *fixture, uint32_t count)
{
    const struct btx_wish maker = {.account = 2,
                                   .market = MARKET,
                                   .runner = RUNNER,
                                   .side = BTX_SIDE_LAY,
                                   .price = 20000,
                                   .size = 100};

    btx_fixture_open_account(fixture, 1, 1000 * BTX_FIXTURE_ONE);
    btx_fixture_open_account(fixture, 2, 1000 * BTX_FIXTURE_ONE);
    btx_fixture_open_odds(fixture, MARKET, 2, 1);
    for (uint32_t i = 0; i < count; i++) {
        const size_t used_bytes = fixture->arena_used_bytes;

        assert_true(btx_fixture_place(fixture, &maker) != 0);
        fixture->arena_used_bytes = used_bytes;
    }
}

static void build_taker(struct btx_fixture *fixture, uint32_t makers, enum btx_tif tif)
{
    btx_fixture_build_place(fixture, &(struct btx_wish){.account = 1,
                                                        .market = MARKET,
                                                        .runner = RUNNER,
                                                        .side = BTX_SIDE_BACK,
                                                        .price = 20000,
                                                        .size = 100 * (int64_t)makers,
                                                        .tif = tif});
}

/* Only the last event of each tx has TX_END, only the last of all COMMAND_END; seq and tx go on
 * from @seq and @tx. */
static void assert_framing(const struct btx_fixture *fixture, uint64_t seq, uint64_t tx)
{
    uint32_t index = 0;

    for (uint32_t t = 0; t < fixture->tx_count; t++) {
        assert_int_equal(fixture->tx_begins[t], t == 0);
        for (uint32_t i = 0; i < fixture->tx_events[t]; i++, index++) {
            const struct btx_record *record = fixture->events[index];
            const bool ends_tx = i + 1 == fixture->tx_events[t];
            const bool ends_command = ends_tx && t + 1 == fixture->tx_count;

            assert_int_equal(record->seq, seq + 1 + index);
            assert_int_equal(record->tx, tx + 1 + t);
            assert_int_equal(record->kind_flags, BTX_RECORD_EVENT |
                                                     (ends_tx ? BTX_RECORD_TX_END : 0) |
                                                     (ends_command ? BTX_RECORD_COMMAND_END : 0));
        }
    }
    assert_int_equal(fixture->core->seq, seq + index);
    assert_int_equal(fixture->core->tx, tx + fixture->tx_count);
}

/* rules.md 7: a tx ends after 4096 events, if the command still has events to emit. */
static void step__taker_of_about_4096_makers__cut_at_exactly_4096_events(void **state)
{
    static const struct {
        uint32_t makers;
        uint32_t wanted; /* The taker's size in makers. */
        enum btx_tif tif;
        uint32_t tx_count;
        uint32_t last_events;
    } rows[] = {
        {4094, 4094, BTX_TIF_GTC, 1, 4095}, {4095, 4095, BTX_TIF_GTC, 1, 4096},
        {4096, 4096, BTX_TIF_GTC, 2, 1},    {4096, 4095, BTX_TIF_GTC, 1, 4096},
        {4095, 4099, BTX_TIF_GTC, 1, 4096}, {4094, 4099, BTX_TIF_IOC, 1, 4096},
        {4095, 4099, BTX_TIF_IOC, 2, 1},    {4500, 4500, BTX_TIF_FOK, 2, 405},
    };

    for (size_t row = 0; row < BTX_COUNT_OF(rows); row++) {
        struct btx_fixture *fixture = *state;

        assert_int_equal(btx_fixture_teardown(state), 0);
        assert_int_equal(btx_fixture_setup(state), 0);
        rest_makers(fixture, rows[row].makers);
        const uint64_t seq = fixture->core->seq;
        const uint64_t tx = fixture->core->tx;
        build_taker(fixture, rows[row].wanted, rows[row].tif);
        btx_fixture_run(fixture);

        print_message("row %zu\n", row);
        assert_int_equal(fixture->tx_count, rows[row].tx_count);
        assert_int_equal(fixture->tx_events[0],
                         rows[row].tx_count == 1 ? rows[row].last_events : 4096);
        assert_int_equal(fixture->tx_events[rows[row].tx_count - 1], rows[row].last_events);
        assert_framing(fixture, seq, tx);
        assert_null(btx_core_pending(fixture->core));
    }
}

/* What follows the last batch is in a new tx (rules.md 7). */
static void step__settlement_with_orders__batch_ends_its_tx(void **state)
{
    struct btx_fixture *fixture = *state;
    static const uint64_t winner = RUNNER;

    rest_makers(fixture, 3);
    build_taker(fixture, 1, BTX_TIF_GTC);
    btx_fixture_run(fixture);
    const uint64_t seq = fixture->core->seq;
    const uint64_t tx = fixture->core->tx;
    btx_fixture_build_settle(fixture, MARKET, &winner, 1);
    btx_fixture_run(fixture);

    assert_int_equal(fixture->tx_count, 2);
    assert_int_equal(fixture->tx_events[0], 2);
    (void)btx_fixture_event(fixture, 0, BTX_EVENT_MARKET_SETTLING);
    (void)btx_fixture_event(fixture, 1, BTX_EVENT_ORDER_CANCELLED_BATCHED);
    (void)btx_fixture_event(fixture, 2, BTX_EVENT_ACCOUNT_SETTLED);
    (void)btx_fixture_event(fixture, 3, BTX_EVENT_ACCOUNT_SETTLED);
    (void)btx_fixture_event(fixture, 4, BTX_EVENT_MARKET_SETTLED);
    assert_framing(fixture, seq, tx);
}

/* A batch that is the command's last event needs no empty tx behind it. */
static void step__batch_is_the_last_event__ends_the_command(void **state)
{
    struct btx_fixture *fixture = *state;

    rest_makers(fixture, 3);
    const uint64_t seq = fixture->core->seq;
    const uint64_t tx = fixture->core->tx;
    btx_fixture_on_market(fixture, BTX_COMMAND_VOID_MARKET, MARKET);

    assert_int_equal(fixture->tx_count, 1);
    assert_int_equal(fixture->event_count, 2);
    assert_int_equal(fixture->events[1]->kind_flags, BTX_RECORD_EVENT | BOTH_ENDS);
    assert_framing(fixture, seq, tx);
}

/* Time that passes without anything falling due leaves no trace in the log. */
static void step__tick__empty_and_nothing_changed(void **state)
{
    struct btx_fixture *fixture = *state;

    rest_makers(fixture, 1);
    const struct btx_bytes before = btx_fixture_save(fixture);
    fixture->time_ns += 1000000;
    (void)btx_fixture_begin(fixture, BTX_COMMAND_TICK);
    assert_int_equal(btx_fixture_start(fixture), BTX_STEP_DONE);

    assert_int_equal(fixture->tx.length_bytes, 0);
    assert_int_equal(fixture->tx.event_count, 0);
    assert_false(fixture->tx.begins_command);
    assert_null(btx_core_pending(fixture->core));
    btx_bytes_assert_equal(btx_fixture_save(fixture), before);
}

/* rules.md 4: the core's time is max(t, time of the previous command), refused and Tick too. */
static void step__clock_goes_back__time_does_not(void **state)
{
    struct btx_fixture *fixture = *state;

    btx_fixture_open_account(fixture, 1, 0);
    fixture->time_ns = 5000;
    (void)btx_fixture_begin(fixture, BTX_COMMAND_TICK);
    btx_fixture_run(fixture);
    fixture->time_ns = 4000;
    btx_fixture_open_account(fixture, 2, 0);
    assert_int_equal(fixture->events[0]->time_ns, 5000);

    fixture->time_ns = 6000;
    struct btx_account_command *command = btx_fixture_begin(fixture, BTX_COMMAND_OPEN_ACCOUNT);
    command->account = 2;
    btx_fixture_run(fixture);
    assert_int_equal(btx_fixture_reason(fixture), BTX_REJECT_ACCOUNT_EXISTS);
    assert_int_equal(fixture->events[0]->time_ns, 6000);

    fixture->time_ns = 1;
    btx_fixture_open_account(fixture, 3, 0);
    assert_int_equal(fixture->events[0]->time_ns, 6000);
    const struct btx_record *first = (const void *)fixture->tx.bytes;
    assert_int_equal(first->time_ns, 6000);
    assert_int_equal(fixture->core->time_ns, 6000);
}

/* The log has the command as the core took it: replay must see the same. */
static void step__first_tx__begins_with_the_command_as_taken(void **state)
{
    struct btx_fixture *fixture = *state;

    rest_makers(fixture, 4096);
    fixture->time_ns = 7;
    build_taker(fixture, 4096, BTX_TIF_GTC);
    fixture->command->command.record.crc = 0x12345678;
    fixture->command->command.record.seq = 99;
    fixture->command->command.record.tx = 98;
    fixture->command->command.number = 41;
    union btx_command_space expected = *fixture->command;
    expected.command.record.crc = 0;
    expected.command.record.seq = fixture->core->seq + 1;
    expected.command.record.tx = fixture->core->tx + 1;
    expected.command.record.time_ns = fixture->core->now_ns;
    expected.command.rules = BTX_RULES_VERSION;
    const size_t length_bytes = btx_record_length_bytes(&expected.command.record);
    assert_int_equal(btx_fixture_start(fixture), BTX_STEP_MORE);

    assert_true(fixture->tx.begins_command);
    assert_memory_equal(fixture->tx.bytes, &expected, length_bytes);
    assert_memory_equal(btx_core_pending(fixture->core), &expected, length_bytes);
    assert_int_equal(btx_fixture_continue(fixture), BTX_STEP_DONE);
    assert_false(fixture->tx.begins_command);
    const struct btx_record *first = (const void *)fixture->tx.bytes;
    assert_int_equal(first->type, BTX_EVENT_TRADE_MATCHED);
    assert_int_equal(first->kind_flags, BTX_RECORD_EVENT | BOTH_ENDS);
}

/* Run the rest of the pending command; its bytes, tx after tx. */
static struct btx_bytes run_rest(struct btx_fixture *fixture, uint32_t *ret_tx_count)
{
    struct btx_bytes rest = {.bytes = btx_fixture_room(fixture, 8u * BTX_TX_BYTES_MAX)};
    enum btx_step step = BTX_STEP_MORE;

    *ret_tx_count = 0;
    while (step == BTX_STEP_MORE) {
        step = btx_fixture_continue(fixture);
        assert_true(rest.length_bytes + fixture->tx.length_bytes <= 8u * BTX_TX_BYTES_MAX);
        memcpy(rest.bytes + rest.length_bytes, fixture->tx.bytes, fixture->tx.length_bytes);
        rest.length_bytes += fixture->tx.length_bytes;
        (*ret_tx_count)++;
        assert_true(fixture->tx.event_count > 0);
    }
    assert_null(btx_core_pending(fixture->core));
    return rest;
}

/* After a crash between two txs the command is completed with exactly the events that it would
 * have had (rules.md 7), by whoever loads the state. */
static void step__loaded_in_the_middle_of_each_long_command__goes_on_byte_for_byte(void **state)
{
    (void)state;
    for (uint32_t story = BTX_STORY_QUIET + 1; story < BTX_STORY_COUNT; story++) {
        struct btx_fixture live;
        struct btx_fixture loaded;
        uint32_t live_count;
        uint32_t loaded_count;

        print_message("%s\n", btx_story_name((enum btx_story)story));
        btx_story_open(&live);
        btx_story_tell(&live, (enum btx_story)story);
        btx_story_open(&loaded);
        const struct btx_bytes saved = btx_fixture_save(&live);
        assert_null(btx_fixture_load(&loaded, saved.bytes, saved.length_bytes));
        btx_bytes_assert_equal(btx_fixture_save(&loaded), saved);

        btx_bytes_assert_equal(run_rest(&live, &live_count), run_rest(&loaded, &loaded_count));
        assert_int_equal(live_count, loaded_count);
        btx_bytes_assert_equal(btx_fixture_save(&live), btx_fixture_save(&loaded));
        btx_fixture_close(&live);
        btx_fixture_close(&loaded);
    }
}

/* Whoever reads the state between two txs must not change how the command goes on. */
static void step__saved_between_txs__same_events(void **state)
{
    (void)state;
    for (uint32_t story = BTX_STORY_QUIET + 1; story < BTX_STORY_COUNT; story++) {
        struct btx_fixture plain;
        struct btx_fixture saving;
        uint32_t count;

        btx_story_open(&plain);
        btx_story_tell(&plain, (enum btx_story)story);
        btx_story_open(&saving);
        btx_story_tell(&saving, (enum btx_story)story);
        (void)btx_fixture_save(&saving);
        btx_bytes_assert_equal(run_rest(&plain, &count), run_rest(&saving, &count));
        btx_fixture_close(&plain);
        btx_fixture_close(&saving);
    }
}

static void step_nothing(struct btx_fixture *fixture)
{
    (void)btx_core_step(fixture->core, NULL, &fixture->tx);
}

static void step_tick(struct btx_fixture *fixture)
{
    (void)btx_fixture_begin(fixture, BTX_COMMAND_TICK);
    (void)btx_core_step(fixture->core, &fixture->command->command, &fixture->tx);
}

static void save_open_tx(struct btx_fixture *fixture)
{
    fixture->core->tx_open = true;
    btx_core_save(fixture->core, NULL, NULL);
}

/* Whoever calls in the wrong moment has a bug, and must not get as far as a log. */
static void step__at_the_wrong_moment__ends_the_process(void **state)
{
    struct btx_fixture *fixture = *state;

    assert_false(btx_fixture_aborts(step_tick, fixture));
    assert_true(btx_fixture_aborts(step_nothing, fixture)); /* Nothing is pending. */
    assert_true(btx_fixture_aborts(save_open_tx, fixture));
    rest_makers(fixture, 4096);
    build_taker(fixture, 4096, BTX_TIF_GTC);
    assert_int_equal(btx_fixture_start(fixture), BTX_STEP_MORE);
    assert_true(btx_fixture_aborts(step_tick, fixture)); /* Something is. */
    assert_false(btx_fixture_aborts(step_nothing, fixture));
    fixture->core->tx_open = true;
    assert_true(btx_fixture_aborts(step_nothing, fixture));
    fixture->core->tx_open = false;
}

/* The greatest txs there are fit the room that callers give: collect_tx() of the fixture compares
 * each with BTX_TX_BYTES_MAX; here the two of a settlement after 4096 orders. */
static void step__batch_of_4096_behind_a_long_command__fits_the_tx(void **state)
{
    struct btx_fixture *fixture = *state;
    uint64_t winners[512];

    btx_fixture_open_account(fixture, 1, 100000 * BTX_FIXTURE_ONE);
    btx_fixture_open_odds(fixture, MARKET, 512, 1);
    for (uint32_t i = 0; i < 512; i++)
        winners[i] = RUNNER + i;
    for (uint32_t i = 0; i < 4096; i++)
        assert_true(btx_fixture_place(fixture, &(struct btx_wish){.account = 1,
                                                                  .market = MARKET,
                                                                  .runner = RUNNER + i % 512,
                                                                  .side = BTX_SIDE_BACK,
                                                                  .price = 20000,
                                                                  .size = 100}) != 0);
    btx_fixture_build_settle(fixture, MARKET, winners, 512);
    btx_fixture_run(fixture);
    const struct btx_order_cancelled_batched *batch =
        btx_fixture_event(fixture, 1, BTX_EVENT_ORDER_CANCELLED_BATCHED);
    assert_int_equal(batch->orders_count, 4096);
    assert_int_equal(fixture->tx_count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BTX_IN_FIXTURE(step__taker_of_about_4096_makers__cut_at_exactly_4096_events),
        BTX_IN_FIXTURE(step__settlement_with_orders__batch_ends_its_tx),
        BTX_IN_FIXTURE(step__batch_is_the_last_event__ends_the_command),
        BTX_IN_FIXTURE(step__tick__empty_and_nothing_changed),
        BTX_IN_FIXTURE(step__clock_goes_back__time_does_not),
        BTX_IN_FIXTURE(step__first_tx__begins_with_the_command_as_taken),
        cmocka_unit_test(step__loaded_in_the_middle_of_each_long_command__goes_on_byte_for_byte),
        cmocka_unit_test(step__saved_between_txs__same_events),
        BTX_IN_FIXTURE(step__at_the_wrong_moment__ends_the_process),
        BTX_IN_FIXTURE(step__batch_of_4096_behind_a_long_command__fits_the_tx),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
