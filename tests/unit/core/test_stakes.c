/* SPDX-License-Identifier: Apache-2.0 */
/* test_stakes.c - net stakes by account, runner and price, and what factors make of them
 * (rules-2.md 6), against a plain list of every bet. */
#include "engine/core/stakes.h"

#include "engine/core/entities.h"
#include "engine/core/risk.h"
#include "tests/unit/core/fixture.h"

#define MARKET UINT64_C(1)
#define RUNNER BTX_FIXTURE_RUNNER
#define ONE BTX_FIXTURE_ONE
#define RUNNERS 4u

/* A position in a market with reductions, and every bet that was made in it. */
struct bet {
    uint32_t index;
    uint32_t price;
    int64_t size; /* Backed; negative: laid. */
};

struct trial {
    struct btx_fixture fixture;
    struct btx_core *core;
    struct position *position;
    struct bet bets[4000];
    uint32_t bet_count;
};

static void begin(struct trial *trial, uint32_t stakes)
{
    const struct btx_core_capacity capacity = {.accounts = 1,
                                               .markets = 1,
                                               .runners = RUNNERS,
                                               .orders = 2,
                                               .positions = 1,
                                               .stakes = stakes};

    btx_fixture_open(&trial->fixture, &capacity, 0);
    trial->fixture.corrupted = true; /* Bets without an other side. */
    trial->core = trial->fixture.core;
    trial->bet_count = 0;
    btx_fixture_open_account(&trial->fixture, 1, ONE);
    btx_fixture_open_second(&trial->fixture, MARKET, RUNNERS, 1,
                            (struct btx_opening){.reductions = true});
    trial->position = btx_make_position(trial->core, 2, 1);
}

/* Make a bet, as a trade would. */
static void add(struct trial *trial, uint32_t index, uint32_t price, int64_t size)
{
    const struct shift shift = {.win = (btx_i128)size / 100 * ((price - 10000) / 100),
                                .lose = -(btx_i128)size};

    assert_true(trial->bet_count < BTX_COUNT_OF(trial->bets));
    trial->bets[trial->bet_count++] = (struct bet){.index = index, .price = price, .size = size};
    risk_shift(trial->core, trial->position, index, shift);
    btx_stake_add(trial->core, trial->position, index, price, size);
}

/* Each bet by itself, as the rules say it. */
static void reduce_bets(struct trial *trial, uint32_t factor)
{
    for (uint32_t i = 0; i < trial->bet_count; i++) {
        struct bet *bet = &trial->bets[i];
        const uint64_t exact = (uint64_t)bet->price * (1000000 - factor) / 1000000;
        const uint32_t down = (uint32_t)(exact / 100 * 100);

        bet->price = down < 10100 ? 10100 : down;
    }
}

/* Net size of the bets at @price on runner @index. */
static btx_i128 net_at(const struct trial *trial, uint32_t index, uint32_t price)
{
    btx_i128 net = 0;

    for (uint32_t i = 0; i < trial->bet_count; i++)
        if (trial->bets[i].index == index && trial->bets[i].price == price)
            net += trial->bets[i].size;
    return net;
}

/* The stakes are the nets that are not 0, each once; and W and X are the sums over the bets. */
static void assert_as_bet(const struct trial *trial)
{
    const struct btx_core *core = trial->core;
    btx_i128 staked[RUNNERS] = {0};
    uint32_t count = 0;

    for (uint32_t slot = trial->position->stakes; slot != NO_SLOT;
         slot = core->stake[slot].position_next) {
        const struct stake *stake = &core->stake[slot];

        assert_true(stake->size != 0);
        assert_true(stake->size == net_at(trial, stake->index, stake->price));
        count++;
    }
    assert_int_equal(core->stakes.used, count);
    for (uint32_t i = 0; i < trial->bet_count; i++) {
        const struct bet *bet = &trial->bets[i];
        bool first = true;

        staked[bet->index] += bet->size;
        for (uint32_t j = 0; j < i; j++)
            first =
                first && (trial->bets[j].index != bet->index || trial->bets[j].price != bet->price);
        count -= first && net_at(trial, bet->index, bet->price) != 0;
    }
    assert_int_equal(count, 0);
    for (uint32_t index = 0; index < RUNNERS; index++) {
        btx_i128 win = 0;

        for (uint32_t i = 0; i < trial->bet_count; i++)
            if (trial->bets[i].index == index)
                win += (btx_i128)trial->bets[i].size / 100 * ((trial->bets[i].price - 10000) / 100);
        const struct cell *cell = &core->cell[trial->position->cells + index];
        assert_true(cell->win == win);
        assert_true(cell->lose == -staked[index]);
    }
}

/* o' = max(1.01, o * (100 - factor) / 100 rounded down to 0.01), for every price. */
static void reduced_price__every_price__as_in_the_rules(void **state)
{
    (void)state;
    for (uint32_t factor = 0; factor <= BTX_FACTOR_MAX;
         factor += factor < 500 || factor > 999000 ? 100 : 77700)
        for (uint32_t price = BTX_ODDS_MIN; price <= BTX_ODDS_MAX; price += 100) {
            const uint32_t reduced = btx_stake_reduced_price(price, factor);
            const uint64_t exact = (uint64_t)price * (1000000 - factor); /* In 1e-10 of odds. */

            if (reduced % 100 != 0 || reduced < BTX_ODDS_MIN || reduced > price ||
                (reduced > BTX_ODDS_MIN && (uint64_t)reduced * 1000000 > exact) ||
                (uint64_t)(reduced + 100) * 1000000 <= exact)
                fail_msg("price %u, factor %u: %u", price, factor, reduced);
        }
    assert_int_equal(btx_stake_reduced_price(50000, 250000), 37500); /* 5 less 25 % */
    assert_int_equal(btx_stake_reduced_price(37500, 333300), 25000); /* 2.500125 */
    assert_int_equal(btx_stake_reduced_price(10100, 999900), 10100);
}

static void add__both_sides_at_one_price__net_and_gone_at_zero(void **state)
{
    struct trial trial;

    (void)state;
    begin(&trial, 10);
    add(&trial, 0, 20000, 500);
    add(&trial, 0, 20000, -200);
    add(&trial, 0, 20200, 700);
    add(&trial, 1, 20000, 900);
    assert_as_bet(&trial);
    assert_int_equal(trial.core->stakes.used, 3);
    add(&trial, 0, 20000, -300);
    assert_as_bet(&trial);
    assert_int_equal(trial.core->stakes.used, 2);
    add(&trial, 0, 20000, -1);
    assert_int_equal(trial.core->stakes.used, 3);
    btx_fixture_close(&trial.fixture);
}

/* A stake whose new price is that of another one, which is reduced itself: 3 becomes 2, and the 2
 * that was there 1.33.  None is reduced twice, whichever comes first. */
static void reduce__onto_the_price_of_another__never_twice(void **state)
{
    for (int order = 0; order < 6; order++) {
        static const uint32_t prices[] = {30000, 20000, 45000};
        struct trial trial;

        (void)state;
        begin(&trial, 3);
        for (int i = 0; i < 3; i++)
            add(&trial, 0, prices[order < 3 ? (i + order) % 3 : (order - i + 3) % 3],
                100 * (1 + i));
        reduce_bets(&trial, 333300);
        btx_stakes_reduce(trial.core, trial.position, 333300);
        assert_as_bet(&trial);
        btx_fixture_close(&trial.fixture);
    }
}

/* Prices that come together merge, also to nothing. */
static void reduce__onto_one_price__merged(void **state)
{
    struct trial trial;

    (void)state;
    begin(&trial, 4);
    add(&trial, 0, 10200, 500);
    add(&trial, 0, 10300, -500);
    add(&trial, 0, 10400, 300);
    add(&trial, 1, 10200, 100);
    reduce_bets(&trial, 999900);
    btx_stakes_reduce(trial.core, trial.position, 999900);
    assert_as_bet(&trial);
    assert_int_equal(trial.core->stakes.used, 2);
    btx_fixture_close(&trial.fixture);
}

/* No more room than there are stakes: what is taken out makes way for what is put back, in whatever
 * order, and is not overwritten before it has been.  Bets and factors by chance, few prices and
 * many. */
static void reduce__random_bets_in_full_room__as_each_bet_by_itself(void **state)
{
    struct btx_random random;

    (void)state;
    btx_random_init(&random, 6101);
    for (int round = 0; round < 150; round++) {
        const uint64_t prices = round % 3 == 0 ? 12 : round % 3 == 1 ? 150 : 99900;
        const uint32_t stakes = (uint32_t)btx_random_between(&random, 1, 90);
        struct trial trial;

        begin(&trial, stakes);
        for (int step = 0; step < 8; step++) {
            for (uint32_t tries = 0; tries < 60; tries++) {
                const uint32_t price = (uint32_t)(10100 + 100 * btx_random_below(&random, prices));
                const uint32_t index = (uint32_t)btx_random_below(&random, RUNNERS);
                const int64_t size = 100 * ((int64_t)btx_random_below(&random, 9) - 4);

                if (size != 0 &&
                    (trial.core->stakes.used < stakes || net_at(&trial, index, price) != 0))
                    add(&trial, index, price, size);
            }
            assert_as_bet(&trial);
            const uint32_t factor =
                100 * (uint32_t)btx_random_below(&random, step % 2 == 0 ? 3000 : 10000);
            reduce_bets(&trial, factor);
            btx_stakes_reduce(trial.core, trial.position, factor);
            assert_as_bet(&trial);
        }
        btx_stakes_drop(trial.core, trial.position);
        assert_int_equal(trial.core->stakes.used, 0);
        btx_fixture_close(&trial.fixture);
    }
}

static void drop_runner__one_of_several__only_its_own(void **state)
{
    struct trial trial;

    (void)state;
    begin(&trial, 20);
    for (uint32_t i = 0; i < 12; i++)
        add(&trial, i % 3, 20000 + 200 * i, 100);
    btx_stakes_drop_runner(trial.core, trial.position, 1);
    assert_int_equal(trial.core->stakes.used, 8);
    for (uint32_t slot = trial.position->stakes; slot != NO_SLOT;
         slot = trial.core->stake[slot].position_next)
        assert_int_not_equal(trial.core->stake[slot].index, 1);
    btx_stakes_drop_runner(trial.core, trial.position, 1); /* Nothing is left to drop. */
    assert_int_equal(trial.core->stakes.used, 8);
    btx_fixture_close(&trial.fixture);
}

/* Trading with as little room for stakes as CAPACITY lets through: no match ever runs out, and an
 * order is refused exactly when two for each live one, itself included, would not fit. */
static void place__little_room_for_stakes__refused_before_matching_runs_out(void **state)
{
    static const struct btx_core_capacity capacity = {
        .accounts = 6, .markets = 2, .runners = 6, .orders = 40, .positions = 12, .stakes = 24};
    struct btx_fixture fixture;
    struct btx_random random;
    uint32_t refused = 0;
    uint32_t matched = 0;

    (void)state;
    btx_random_init(&random, 6102);
    btx_fixture_open(&fixture, &capacity, 0);
    for (uint64_t account = 1; account <= 6; account++)
        btx_fixture_open_account(&fixture, account, 1000000 * ONE);
    for (int i = 0; i < 6000; i++) {
        const struct btx_core *core = fixture.core;
        const size_t used_bytes = fixture.arena_used_bytes;
        if (i % 60 == 0) {
            if (i > 0) {
                btx_fixture_on_market(&fixture, BTX_COMMAND_VOID_MARKET, MARKET);
                btx_fixture_on_market(&fixture, BTX_COMMAND_FORGET_MARKET, MARKET);
                assert_int_equal(core->stakes.used, 0);
                assert_int_equal(core->reducible_orders, 0);
            }
            btx_fixture_open_second(&fixture, MARKET, 3, 1,
                                    (struct btx_opening){.reductions = true});
        }
        const bool has_room = core->stakes.used + 2 * (core->reducible_orders + 1) <= 24;
        const struct btx_wish wish = {
            .account = btx_random_between(&random, 1, 6),
            .market = MARKET,
            .runner = RUNNER + btx_random_below(&random, 3),
            .side = (enum btx_side)btx_random_below(&random, 2),
            .price = 20000 + 200 * btx_random_below(&random, 6),
            .size = 100 * (int64_t)btx_random_between(&random, 1, 4),
            .tif = (enum btx_tif)btx_random_below(&random, 2),
        };
        assert_int_equal(btx_fixture_place(&fixture, &wish) != 0, has_room);
        if (!has_room) {
            assert_int_equal(btx_fixture_reason(&fixture), BTX_REJECT_CAPACITY);
            refused++;
        }
        matched += btx_fixture_count(&fixture, BTX_EVENT_TRADE_MATCHED);
        assert_null(btx_core_verify(fixture.core));
        if (i % 37 == 0) {
            (void)btx_fixture_begin(&fixture, BTX_COMMAND_CANCEL_ORDERS);
            btx_fixture_run(&fixture);
        }
        fixture.arena_used_bytes = used_bytes;
    }
    print_message("%u matched, %u refused\n", matched, refused);
    assert_true(matched > 300 && refused > 300);
    btx_fixture_close(&fixture);
}

/* Markets without reductions need no stakes, whatever their capacity. */
static void place__market_without_reductions__no_stakes(void **state)
{
    static const struct btx_core_capacity none = {
        .accounts = 2, .markets = 2, .runners = 4, .orders = 4, .positions = 4};
    struct btx_fixture fixture;
    struct btx_wish wish = {.account = 1,
                            .market = 1,
                            .runner = RUNNER,
                            .side = BTX_SIDE_LAY,
                            .price = 20000,
                            .size = 100};

    (void)state;
    btx_fixture_open(&fixture, &none, 0);
    btx_fixture_open_account(&fixture, 1, ONE);
    btx_fixture_open_account(&fixture, 2, ONE);
    btx_fixture_open_odds(&fixture, 1, 2, 1);
    btx_fixture_open_second(&fixture, 2, 2, 1, (struct btx_opening){.reductions = true});
    assert_true(btx_fixture_place(&fixture, &wish) != 0);
    wish.account = 2;
    wish.side = BTX_SIDE_BACK;
    assert_true(btx_fixture_place(&fixture, &wish) != 0);
    assert_int_equal(btx_fixture_count(&fixture, BTX_EVENT_TRADE_MATCHED), 1);
    wish.market = 2;
    assert_int_equal(btx_fixture_place(&fixture, &wish), 0);
    assert_int_equal(btx_fixture_reason(&fixture), BTX_REJECT_CAPACITY);
    btx_fixture_close(&fixture);
}

/* ReplaceOrder leaves the room of the old order to the new one, as with any capacity. */
static void replace_order__no_room_for_one_more__room_of_the_old_one(void **state)
{
    static const struct btx_core_capacity capacity = {
        .accounts = 1, .markets = 1, .runners = 2, .orders = 4, .positions = 1, .stakes = 3};
    struct btx_fixture fixture;
    const struct btx_wish wish = {.account = 1,
                                  .market = MARKET,
                                  .runner = RUNNER,
                                  .side = BTX_SIDE_LAY,
                                  .price = 20000,
                                  .size = 100};

    (void)state;
    btx_fixture_open(&fixture, &capacity, 0);
    btx_fixture_open_account(&fixture, 1, ONE);
    btx_fixture_open_second(&fixture, MARKET, 2, 1, (struct btx_opening){.reductions = true});
    const uint64_t order = btx_fixture_place(&fixture, &wish);
    assert_true(order != 0);
    assert_int_equal(btx_fixture_place(&fixture, &wish), 0);
    struct btx_replace_order *command = btx_fixture_begin(&fixture, BTX_COMMAND_REPLACE_ORDER);
    command->account = 1;
    command->order = order;
    command->price = 30000;
    btx_fixture_run(&fixture);
    assert_int_equal(btx_fixture_count(&fixture, BTX_EVENT_ORDER_ACCEPTED), 1);
    btx_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reduced_price__every_price__as_in_the_rules),
        cmocka_unit_test(add__both_sides_at_one_price__net_and_gone_at_zero),
        cmocka_unit_test(reduce__onto_the_price_of_another__never_twice),
        cmocka_unit_test(reduce__onto_one_price__merged),
        cmocka_unit_test(reduce__random_bets_in_full_room__as_each_bet_by_itself),
        cmocka_unit_test(drop_runner__one_of_several__only_its_own),
        cmocka_unit_test(place__little_room_for_stakes__refused_before_matching_runs_out),
        cmocka_unit_test(place__market_without_reductions__no_stakes),
        cmocka_unit_test(replace_order__no_room_for_one_more__room_of_the_old_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
