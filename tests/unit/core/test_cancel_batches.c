/* SPDX-License-Identifier: Apache-2.0 */
/* test_cancel_batches.c - many orders cancelled: the right ones, in the right order and pieces. */
#include "engine/core/cancel_batches.h"

#include "engine/core/entities.h"
#include "engine/core/ladder.h"
#include "tests/unit/core/fixture.h"

#define ACCOUNTS 5u
#define MARKETS 4u
#define RUNNERS 3u
#define ORDERS 6000u

/* Market ids do not ascend with their slots. */
static const uint64_t market_ids[MARKETS] = {700, 30, 9000, 31};

/* A live order, as this test placed it; ids ascend. */
struct listed {
    uint64_t id;
    uint64_t account;
    uint64_t market;
    uint64_t runner;
    uint8_t side;
    uint8_t persistence;
};

struct trial {
    struct btx_fixture *fixture;
    struct listed orders[ORDERS];
    uint32_t count;
};

/* What is left out is any. */
struct chosen {
    uint64_t account;
    uint64_t market;
    uint64_t runner;
    uint8_t side; /* BTX_SIDE_COUNT: either */
    bool lapsing_only;
};

static struct trial *new_trial(struct btx_fixture *fixture)
{
    static struct trial trial;

    trial = (struct trial){.fixture = fixture};
    for (uint64_t account = 1; account <= ACCOUNTS; account++)
        btx_fixture_open_account(fixture, account, INT64_C(100000000) * BTX_FIXTURE_ONE);
    for (uint32_t i = 0; i < MARKETS; i++)
        btx_fixture_open_odds(fixture, market_ids[i], RUNNERS, 1);
    return &trial;
}

/* BACKs at 3, LAYs at 2: nothing meets. */
static void place(struct trial *trial, struct listed order)
{
    order.id = btx_fixture_place(trial->fixture,
                                 &(struct btx_wish){
                                     .account = order.account,
                                     .market = order.market,
                                     .runner = order.runner,
                                     .side = (enum btx_side)order.side,
                                     .price = order.side == BTX_SIDE_BACK ? 30000 : 20000,
                                     .size = 100,
                                     .persistence = (enum btx_persistence)order.persistence,
                                 });
    assert_true(order.id != 0);
    assert_true(trial->count < ORDERS);
    trial->orders[trial->count++] = order;
    trial->fixture->arena_used_bytes = (size_t)4 << 20; /* Its events are not needed. */
}

static void place_random(struct trial *trial, struct btx_random *random, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        place(trial, (struct listed){
                         .account = btx_random_between(random, 1, ACCOUNTS),
                         .market = market_ids[btx_random_below(random, MARKETS)],
                         .runner = BTX_FIXTURE_RUNNER + btx_random_below(random, RUNNERS),
                         .side = (uint8_t)btx_random_below(random, 2),
                         .persistence = (uint8_t)btx_random_below(random, 2),
                     });
}

static bool is_chosen(const struct listed *order, const struct chosen *chosen)
{
    return (chosen->account == 0 || order->account == chosen->account) &&
           (chosen->market == 0 || order->market == chosen->market) &&
           (chosen->runner == 0 || order->runner == chosen->runner) &&
           (chosen->side == BTX_SIDE_COUNT || order->side == chosen->side) &&
           (!chosen->lapsing_only || order->persistence == BTX_PERSISTENCE_LAPSE);
}

static struct order_filter filter_of(struct btx_core *core, const struct chosen *chosen)
{
    struct order_filter filter = {.side = chosen->side, .lapsing_only = chosen->lapsing_only};

    if (chosen->account != 0)
        filter.account = slot_of_account(core, btx_find_account(core, chosen->account));
    if (chosen->market != 0)
        filter.market = slot_of_market(core, btx_find_market(core, chosen->market));
    if (chosen->runner != 0)
        filter.runner = slot_of_runner(core, btx_find_runner(core, filter.market, chosen->runner));
    return filter;
}

/* The chosen orders of the smallest market that has any; takes them from the list.  Returns how
 * many, up to a batch. */
static uint32_t take_expected(struct trial *trial, const struct chosen *chosen,
                              uint64_t *ret_market, uint64_t *ret_ids)
{
    uint64_t market = UINT64_MAX;
    uint32_t count = 0;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < trial->count; i++)
        if (is_chosen(&trial->orders[i], chosen) && trial->orders[i].market < market)
            market = trial->orders[i].market;
    for (uint32_t i = 0; i < trial->count; i++) {
        const struct listed *order = &trial->orders[i];

        if (count < 4096 && order->market == market && is_chosen(order, chosen))
            ret_ids[count++] = order->id;
        else
            trial->orders[kept++] = *order;
    }
    trial->count = kept;
    *ret_market = market;
    return count;
}

/* Run one tx of the cancelling, as step would. */
static bool run_tx(struct trial *trial, const struct order_filter *filter, bool resumed)
{
    struct btx_fixture *fixture = trial->fixture;
    struct run run = {.core = fixture->core, .tx = &fixture->tx, .resumed = resumed};

    fixture->tx.length_bytes = 0;
    fixture->tx.event_count = 0;
    fixture->tx.full = false;
    return btx_cancel_batches(&run, filter, BTX_CAUSE_ADMIN, 5);
}

/* The one batch in the tx is the expected one. */
static void assert_batch(const struct trial *trial, uint64_t market, const uint64_t *ids,
                         uint32_t count)
{
    const struct btx_tx *tx = &trial->fixture->tx;
    const struct btx_order_cancelled_batched *event = (const void *)tx->bytes;

    assert_int_equal(tx->event_count, 1);
    assert_null(btx_record_check(event, tx->length_bytes));
    assert_int_equal(event->record.type, BTX_EVENT_ORDER_CANCELLED_BATCHED);
    assert_int_equal(event->market, market);
    assert_int_equal(event->cause, BTX_CAUSE_ADMIN);
    assert_int_equal(event->cseq, 5);
    assert_int_equal(event->orders_count, count);
    assert_memory_equal(btx_order_cancelled_batched_orders(event), ids, count * sizeof ids[0]);
    assert_true(tx->full);
}

/* All that is chosen goes, batch after batch, and nothing else; returns how many batches. */
static uint32_t cancel_all(struct trial *trial, const struct chosen *chosen, bool saving)
{
    struct btx_core *core = trial->fixture->core;
    const struct order_filter filter = filter_of(core, chosen);
    static uint64_t ids[4096];
    uint64_t market;
    uint32_t batches = 0;
    uint32_t count = take_expected(trial, chosen, &market, ids);

    core->walk.kind = WALK_NONE;
    assert_int_equal(btx_cancel_any(core, &filter), count > 0);
    bool finished = run_tx(trial, &filter, false);
    while (count > 0) {
        assert_batch(trial, market, ids, count);
        batches++;
        count = take_expected(trial, chosen, &market, ids);
        assert_int_equal(finished, count == 0);
        if (saving)
            (void)btx_fixture_save(trial->fixture);
        if (!finished)
            finished = run_tx(trial, &filter, true);
    }
    assert_true(finished);
    assert_int_equal(core->orders.used, trial->count);
    assert_false(btx_cancel_any(core, &filter));
    core->walk.kind = WALK_NONE;
    return batches;
}

static struct chosen random_chosen(struct btx_random *random)
{
    struct chosen chosen = {.side = (uint8_t)btx_random_below(random, 3)};

    if (btx_random_chance(random, 500))
        chosen.account = btx_random_between(random, 1, ACCOUNTS);
    if (btx_random_chance(random, 600)) {
        chosen.market = market_ids[btx_random_below(random, MARKETS)];
        if (btx_random_chance(random, 400))
            chosen.runner = BTX_FIXTURE_RUNNER + btx_random_below(random, RUNNERS);
        chosen.lapsing_only = btx_random_chance(random, 300);
    }
    return chosen;
}

/* Whose orders, where, which: an order too many is somebody's bet lost. */
static void cancel_batches__random_filters__exactly_the_chosen(void **state)
{
    struct trial *trial = new_trial(*state);
    struct btx_random random;

    btx_random_init(&random, 81);
    for (int i = 0; i < 300; i++) {
        const struct chosen chosen = random_chosen(&random);

        place_random(trial, &random, (uint32_t)btx_random_below(&random, 40));
        (void)cancel_all(trial, &chosen, i % 2 == 0);
        assert_null(btx_core_verify(trial->fixture->core));
    }
}

/* Every combination of the filters, each on a fresh set of orders. */
static void cancel_batches__every_combination_of_filters__exactly_the_chosen(void **state)
{
    struct trial *trial = new_trial(*state);
    struct btx_random random;

    btx_random_init(&random, 82);
    for (uint32_t form = 0; form < 48; form++) {
        const struct chosen chosen = {
            .account = form & 1 ? 3 : 0,
            .market = form & 2 ? market_ids[1] : 0,
            .runner = (form & 6) == 6 ? BTX_FIXTURE_RUNNER + 1 : 0,
            .lapsing_only = (form & 10) == 10,
            .side = (uint8_t)(form / 16),
        };
        place_random(trial, &random, 60);
        (void)cancel_all(trial, &chosen, false);
    }
}

/* A batch names 4096 orders and no more (rules.md 7): a market's, one account's, and with a save
 * between the txs, after which the walk is built anew. */
static void cancel_batches__more_orders_than_a_batch__in_pieces(void **state)
{
    static const struct chosen chosen[] = {
        {.market = 30, .side = BTX_SIDE_COUNT},
        {.side = BTX_SIDE_COUNT},
        {.account = 2, .side = BTX_SIDE_COUNT},
        {.account = 2, .market = 30, .runner = BTX_FIXTURE_RUNNER, .side = BTX_SIDE_LAY},
    };
    struct trial *trial = new_trial(*state);

    for (size_t i = 0; i < BTX_COUNT_OF(chosen); i++)
        for (int saving = 0; saving < 2; saving++) {
            for (uint32_t order = 0; order < 5000; order++)
                place(trial, (struct listed){.account = i < 2 ? 1 + order % ACCOUNTS : 2,
                                             .market = 30,
                                             .runner = BTX_FIXTURE_RUNNER,
                                             .side = BTX_SIDE_LAY});
            assert_int_equal(cancel_all(trial, &chosen[i], saving), 2);
            assert_int_equal(trial->count, 0);
        }
}

/* Exactly a batch is one batch, and is known to be the last. */
static void cancel_batches__exactly_4096_orders__one_batch(void **state)
{
    struct trial *trial = new_trial(*state);
    const struct chosen chosen = {.market = 700, .side = BTX_SIDE_COUNT};

    for (uint32_t order = 0; order < 4096; order++)
        place(trial, (struct listed){.account = 1 + order % ACCOUNTS,
                                     .market = 700,
                                     .runner = BTX_FIXTURE_RUNNER + order % RUNNERS,
                                     .side = (uint8_t)(order % 2)});
    assert_int_equal(cancel_all(trial, &chosen, false), 1);
}

/* Markets go by their ids: each ends its tx, so that nobody waits for all of them. */
static void cancel_batches__orders_in_all_markets__one_batch_a_market_ascending(void **state)
{
    struct trial *trial = new_trial(*state);

    for (int whose = 0; whose < 2; whose++) {
        const struct chosen chosen = {.account = whose ? 4 : 0, .side = BTX_SIDE_BACK};

        for (uint32_t order = 0; order < 40; order++)
            place(trial, (struct listed){.account = 4,
                                         .market = market_ids[order % MARKETS],
                                         .runner = BTX_FIXTURE_RUNNER,
                                         .side = (uint8_t)(order / 20)});
        assert_int_equal(cancel_all(trial, &chosen, whose), MARKETS);
        assert_int_equal(trial->count, whose ? 40 : 20);
    }
}

/* The taker of a tx that was full before: nothing is emitted, and nothing is lost. */
static void cancel_batches__tx_already_full__asks_for_another(void **state)
{
    struct trial *trial = new_trial(*state);
    struct btx_fixture *fixture = trial->fixture;
    const struct order_filter all = {.side = BTX_SIDE_COUNT};
    struct run run = {.core = fixture->core, .tx = &fixture->tx};

    place(trial, (struct listed){.account = 1, .market = 30, .runner = BTX_FIXTURE_RUNNER});
    fixture->tx.event_count = 0;
    fixture->tx.full = true;
    assert_false(btx_cancel_batches(&run, &all, BTX_CAUSE_ADMIN, 0));
    assert_int_equal(fixture->tx.event_count, 0);
    assert_int_equal(fixture->core->orders.used, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BTX_IN_FIXTURE(cancel_batches__random_filters__exactly_the_chosen),
        BTX_IN_FIXTURE(cancel_batches__every_combination_of_filters__exactly_the_chosen),
        BTX_IN_FIXTURE(cancel_batches__more_orders_than_a_batch__in_pieces),
        BTX_IN_FIXTURE(cancel_batches__exactly_4096_orders__one_batch),
        BTX_IN_FIXTURE(cancel_batches__orders_in_all_markets__one_batch_a_market_ascending),
        BTX_IN_FIXTURE(cancel_batches__tx_already_full__asks_for_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
