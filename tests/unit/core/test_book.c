/* SPDX-License-Identifier: Apache-2.0 */
/* test_book.c - best and next price, sizes and queues, against lists looked through one by one. */
#include "engine/core/book.h"

#include "engine/core/entities.h"
#include "tests/unit/core/fixture.h"

#define PRICES BTX_BOOK_PRICES_MAX
#define ORDERS 600u

/* The books of the rules: classic odds, binary with the finest tick, FINEST odds of rules-2.md. */
static const struct {
    uint8_t kind;
    uint32_t prices;
} ladders[] = {
    {BTX_MARKET_KIND_ODDS, 350},
    {BTX_MARKET_KIND_BINARY, 9999},
    {BTX_MARKET_KIND_ODDS, PRICES},
};

/* A book beside a plain list of what should be in it. */
struct trial {
    struct btx_core *core;
    struct market *market;
    struct runner *runner;
    struct position *position;
    struct order *orders[ORDERS]; /* Resting, oldest first. */
    uint32_t count;
    uint64_t next_id;
};

static struct trial new_trial(struct btx_fixture *fixture, uint8_t kind)
{
    struct trial trial = {.core = fixture->core, .next_id = 1};
    struct account *account = btx_make_account(trial.core, 1);

    trial.market = btx_make_market(trial.core, 1);
    trial.market->kind = kind;
    trial.runner = btx_make_runner(trial.core, trial.market, 1);
    trial.position = btx_make_position(trial.core, slot_of_account(trial.core, account),
                                       slot_of_market(trial.core, trial.market));
    fixture->corrupted = true; /* Prices and money of these orders are nobody's. */
    return trial;
}

static struct order *add(struct trial *trial, uint8_t side, uint32_t index, int64_t size)
{
    struct order *order = btx_make_order(trial->core, trial->next_id++, trial->position, side);

    order->runner = slot_of_runner(trial->core, trial->runner);
    order->price_index = index;
    order->remaining = size;
    btx_book_add(trial->core, order);
    assert_true(order->resting);
    trial->orders[trial->count++] = order;
    return order;
}

static void take_out(struct trial *trial, uint32_t at)
{
    struct order *order = trial->orders[at];

    btx_book_remove(trial->core, order);
    assert_false(order->resting);
    btx_unmake_order(trial->core, order);
    trial->count--;
    for (uint32_t i = at; i < trial->count; i++)
        trial->orders[i] = trial->orders[i + 1];
}

/* The price of @side that is matched first among those behind @after; NO_PRICE: from the best. */
static uint32_t expected_next(const struct trial *trial, uint8_t side, uint32_t after)
{
    const bool highest_first = (trial->market->kind == BTX_MARKET_KIND_ODDS && side == 1) ||
                               (trial->market->kind == BTX_MARKET_KIND_BINARY && side == 0);
    uint32_t found = NO_PRICE;

    for (uint32_t i = 0; i < trial->count; i++) {
        const uint32_t index = trial->orders[i]->price_index;
        const bool behind = after == NO_PRICE || (highest_first ? index < after : index > after);

        if (trial->orders[i]->side == side && behind &&
            (found == NO_PRICE || (highest_first ? index > found : index < found)))
            found = index;
    }
    return found;
}

static void assert_side(const struct trial *trial, uint8_t side)
{
    const uint8_t kind = trial->market->kind;
    uint32_t index = btx_book_best(trial->core, trial->runner, kind, side);
    uint32_t after = NO_PRICE;

    for (;;) {
        assert_int_equal(index, expected_next(trial, side, after));
        if (index == NO_PRICE)
            return;
        after = index;
        index = btx_book_next(trial->core, trial->runner, kind, side, index);
    }
}

/* Also from prices that have no orders, and from leaves that are not there. */
static void assert_next_from(const struct trial *trial, uint32_t index)
{
    for (uint8_t side = 0; side < BTX_SIDE_COUNT; side++)
        assert_int_equal(
            btx_book_next(trial->core, trial->runner, trial->market->kind, side, index),
            expected_next(trial, side, index));
}

/* Every price that has orders: its size is their sum, its queue is theirs by age. */
static void assert_levels(const struct trial *trial)
{
    for (uint32_t i = 0; i < trial->count; i++) {
        const uint32_t index = trial->orders[i]->price_index;
        const struct level *level = book_level(trial->core, trial->runner, index);
        uint32_t slot = level->head;
        int64_t size = 0;

        for (uint32_t j = 0; j < trial->count; j++) {
            if (trial->orders[j]->price_index != index)
                continue;
            assert_int_equal(slot, slot_of_order(trial->core, trial->orders[j]));
            size += trial->orders[j]->remaining;
            slot = trial->orders[j]->level_next;
        }
        assert_int_equal(slot, NO_SLOT);
        assert_int_equal(level->size, size);
    }
}

static void assert_empty(const struct trial *trial)
{
    static const struct book_side empty;

    assert_int_equal(trial->core->leaves.used, 0);
    assert_memory_equal(&trial->runner->sides[0], &empty, sizeof empty);
    assert_memory_equal(&trial->runner->sides[1], &empty, sizeof empty);
    for (uint32_t i = 0; i < BOOK_LEAVES_MAX; i++)
        assert_int_equal(trial->runner->leaves[i], NO_SLOT);
}

/* A price at which no order of the other side rests; one side to a price. */
static uint32_t random_price(const struct trial *trial, struct btx_random *random, uint8_t side,
                             uint32_t prices)
{
    static const uint32_t borders[] = {0,   1,    62,   63,   64,   65,  127,
                                       128, 4095, 4096, 4097, 8191, 8192};

    for (;;) {
        const uint64_t form = btx_random_below(random, 4);
        uint32_t index = (uint32_t)btx_random_below(random, prices);
        bool taken = false;

        if (form == 0)
            index = borders[btx_random_below(random, BTX_COUNT_OF(borders))] % prices;
        else if (form == 1)
            index = prices - 1 - (uint32_t)btx_random_below(random, 3);
        else if (form == 2 && trial->count > 0)
            index = trial->orders[btx_random_below(random, trial->count)]->price_index;
        for (uint32_t i = 0; i < trial->count; i++)
            taken |= trial->orders[i]->price_index == index && trial->orders[i]->side != side;
        if (!taken)
            return index;
    }
}

static void random_change(struct trial *trial, struct btx_random *random, uint32_t prices,
                          bool filling)
{
    const bool adds = btx_random_chance(random, filling ? 700 : 250);

    if (adds && trial->count < ORDERS) {
        const uint8_t side = (uint8_t)btx_random_below(random, 2);
        const uint32_t index = random_price(trial, random, side, prices);

        (void)add(trial, side, index, (int64_t)btx_random_between(random, 1, 1000) * 100);
    } else if (!adds && trial->count > 0) {
        const uint32_t at = (uint32_t)btx_random_below(random, trial->count);
        struct order *order = trial->orders[at];

        if (order->remaining > 100 && btx_random_chance(random, 300))
            btx_book_reduce(trial->core, order, 100);
        else
            take_out(trial, at);
    }
}

static void run_trial(struct btx_fixture *fixture, uint8_t kind, uint32_t prices, uint64_t seed)
{
    struct trial trial = new_trial(fixture, kind);
    struct btx_random random;

    btx_random_init(&random, seed);
    for (int i = 0; i < 3000; i++) {
        random_change(&trial, &random, prices, i / 100 % 2 == 0);
        assert_next_from(&trial, (uint32_t)btx_random_below(&random, prices));
        if (i % 10 == 0) {
            assert_side(&trial, BTX_SIDE_BACK);
            assert_side(&trial, BTX_SIDE_LAY);
        }
        if (i % 100 == 0)
            assert_levels(&trial);
    }
    while (trial.count > 0)
        take_out(&trial, (uint32_t)btx_random_below(&random, trial.count));
    assert_empty(&trial);
}

/* The whole of matching stands on best and next. */
static void book__random_orders_in_each_ladder__as_in_a_plain_list(void **state)
{
    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(ladders); i++) {
        void *fixture;

        assert_int_equal(btx_fixture_setup(&fixture), 0);
        run_trial(fixture, ladders[i].kind, ladders[i].prices, 41 + i);
        assert_int_equal(btx_fixture_teardown(&fixture), 0);
    }
}

/* Leaves end at 63, words of the summary at 4095, the book at 99 899: each alone, and each pair,
 * on either side. */
static void book__one_and_two_orders_at_every_border__found(void **state)
{
    static const uint32_t at[] = {0,    1,    63,    64,    127,   4095, 4096,
                                  8191, 8192, 65535, 65536, 99898, 99899};
    struct trial trial = new_trial(*state, BTX_MARKET_KIND_ODDS);

    for (uint8_t side = 0; side < BTX_SIDE_COUNT; side++)
        for (size_t i = 0; i < BTX_COUNT_OF(at); i++) {
            (void)add(&trial, side, at[i], 100);
            assert_side(&trial, side);
            for (size_t j = 0; j < BTX_COUNT_OF(at); j++) {
                assert_next_from(&trial, at[j]);
                if (j == i)
                    continue;
                (void)add(&trial, side, at[j], 100);
                assert_side(&trial, side);
                take_out(&trial, 1);
            }
            take_out(&trial, 0);
            assert_empty(&trial);
        }
}

/* Within a price the order accepted first is matched first, whoever leaves from wherever. */
static void book_remove__head_middle_and_tail__queue_keeps_its_order(void **state)
{
    struct trial trial = new_trial(*state, BTX_MARKET_KIND_ODDS);

    for (int i = 0; i < 5; i++)
        (void)add(&trial, BTX_SIDE_LAY, 100, 100 * (i + 1));
    take_out(&trial, 2);
    assert_levels(&trial);
    take_out(&trial, 0);
    assert_levels(&trial);
    take_out(&trial, 2);
    assert_levels(&trial);
    (void)add(&trial, BTX_SIDE_LAY, 100, 700);
    assert_levels(&trial);
    assert_int_equal(book_level(trial.core, trial.runner, 100)->size, 200 + 400 + 700);
}

/* A smaller order keeps its place (rules.md 4). */
static void book_reduce__first_of_three__keeps_its_place(void **state)
{
    struct trial trial = new_trial(*state, BTX_MARKET_KIND_BINARY);

    for (int i = 0; i < 3; i++)
        (void)add(&trial, BTX_SIDE_BACK, 64, 500);
    btx_book_reduce(trial.core, trial.orders[0], 300);

    assert_int_equal(trial.orders[0]->remaining, 200);
    assert_int_equal(book_level(trial.core, trial.runner, 64)->size, 1200);
    assert_levels(&trial);
}

/* Two sides may share a leaf: it must stay until the last order of either has left, and be empty
 * for whoever gets it next. */
static void book__leaf_of_both_sides__given_back_with_the_last_order(void **state)
{
    struct trial trial = new_trial(*state, BTX_MARKET_KIND_ODDS);

    (void)add(&trial, BTX_SIDE_LAY, 70, 100);
    (void)add(&trial, BTX_SIDE_BACK, 90, 100);
    assert_int_equal(trial.core->leaves.used, 1);
    take_out(&trial, 0);
    assert_int_equal(trial.core->leaves.used, 1);
    assert_side(&trial, BTX_SIDE_LAY);
    assert_side(&trial, BTX_SIDE_BACK);
    take_out(&trial, 0);
    assert_empty(&trial);

    (void)add(&trial, BTX_SIDE_BACK, 5000, 300);
    assert_levels(&trial);
    assert_side(&trial, BTX_SIDE_LAY);
    assert_side(&trial, BTX_SIDE_BACK);
}

/* One leaf an order is the worst case that the memory is sized for. */
static void book__every_order_in_a_leaf_of_its_own__all_fit(void **state)
{
    struct trial trial = new_trial(*state, BTX_MARKET_KIND_ODDS);

    for (uint32_t i = 0; i < ORDERS; i++)
        (void)add(&trial, BTX_SIDE_BACK, i * BOOK_LEAF_PRICES, 100);
    assert_int_equal(trial.core->leaves.used, ORDERS);
    assert_side(&trial, BTX_SIDE_BACK);
    while (trial.count > 0)
        take_out(&trial, trial.count / 2);
    assert_empty(&trial);
}

/* rules.md 2, "Price-time priority", spelled out. */
static void price_crosses__each_kind_and_side__as_in_the_rules(void **state)
{
    (void)state;
    /* Odds: a backer takes LAYs at his limit or higher, a layer BACKs at his or lower. */
    assert_true(price_crosses(BTX_MARKET_KIND_ODDS, BTX_SIDE_LAY, 10, 10));
    assert_true(price_crosses(BTX_MARKET_KIND_ODDS, BTX_SIDE_LAY, 11, 10));
    assert_false(price_crosses(BTX_MARKET_KIND_ODDS, BTX_SIDE_LAY, 9, 10));
    assert_true(price_crosses(BTX_MARKET_KIND_ODDS, BTX_SIDE_BACK, 10, 10));
    assert_true(price_crosses(BTX_MARKET_KIND_ODDS, BTX_SIDE_BACK, 9, 10));
    assert_false(price_crosses(BTX_MARKET_KIND_ODDS, BTX_SIDE_BACK, 11, 10));
    /* Binary: a buyer takes sales at his limit or lower, a seller purchases at his or higher. */
    assert_true(price_crosses(BTX_MARKET_KIND_BINARY, BTX_SIDE_LAY, 10, 10));
    assert_true(price_crosses(BTX_MARKET_KIND_BINARY, BTX_SIDE_LAY, 9, 10));
    assert_false(price_crosses(BTX_MARKET_KIND_BINARY, BTX_SIDE_LAY, 11, 10));
    assert_true(price_crosses(BTX_MARKET_KIND_BINARY, BTX_SIDE_BACK, 10, 10));
    assert_true(price_crosses(BTX_MARKET_KIND_BINARY, BTX_SIDE_BACK, 11, 10));
    assert_false(price_crosses(BTX_MARKET_KIND_BINARY, BTX_SIDE_BACK, 9, 10));
    assert_int_equal(opposite_side(BTX_SIDE_BACK), BTX_SIDE_LAY);
    assert_int_equal(opposite_side(BTX_SIDE_LAY), BTX_SIDE_BACK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(book__random_orders_in_each_ladder__as_in_a_plain_list),
        BTX_IN_FIXTURE(book__one_and_two_orders_at_every_border__found),
        BTX_IN_FIXTURE(book_remove__head_middle_and_tail__queue_keeps_its_order),
        BTX_IN_FIXTURE(book_reduce__first_of_three__keeps_its_place),
        BTX_IN_FIXTURE(book__leaf_of_both_sides__given_back_with_the_last_order),
        BTX_IN_FIXTURE(book__every_order_in_a_leaf_of_its_own__all_fit),
        cmocka_unit_test(price_crosses__each_kind_and_side__as_in_the_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
