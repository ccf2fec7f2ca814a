/* SPDX-License-Identifier: Apache-2.0 */
/* test_ladder.c - which prices there are, and what a fill at each of them is worth. */
#include "engine/core/ladder.h"

#include "tests/unit/core/fixture.h"

#define ODDS_PRICES 350u

/* rules.md 1 once more, in hundredths: from, up to, by. */
static const uint32_t odds_rows[][3] = {
    {101, 200, 1},      {200, 300, 2},         {300, 400, 5},     {400, 600, 10},
    {600, 1000, 20},    {1000, 2000, 50},      {2000, 3000, 100}, {3000, 5000, 200},
    {5000, 10000, 500}, {10000, 100000, 1000},
};

/* All odds prices in 1/10 000, lowest first. */
static void list_odds(uint32_t ret_prices[ODDS_PRICES])
{
    uint32_t count = 0;

    for (size_t row = 0; row < BTX_COUNT_OF(odds_rows); row++)
        for (uint32_t at = odds_rows[row][0]; at < odds_rows[row][1]; at += odds_rows[row][2])
            ret_prices[count++] = at * 100;
    ret_prices[count++] = 10000000;
    assert_int_equal(count, ODDS_PRICES);
}

static struct market odds_market(void)
{
    return (struct market){.kind = BTX_MARKET_KIND_ODDS, .price_count = ODDS_PRICES};
}

static struct market finest_market(void)
{
    return (struct market){
        .kind = BTX_MARKET_KIND_ODDS, .ladder = BTX_LADDER_FINEST, .price_count = 99900};
}

static struct market binary_market(uint32_t tick)
{
    return (struct market){
        .kind = BTX_MARKET_KIND_BINARY, .tick = tick, .price_count = 10000 / tick - 1};
}

static const uint32_t ticks[] = {1, 10, 100};

/* The books are as long as this says; one too few would lose the last price. */
static void ladder_price_count__each_kind_and_tick__as_in_the_rules(void **state)
{
    (void)state;
    const struct market odds = odds_market();
    const struct market finest = finest_market();

    assert_int_equal(btx_ladder_price_count(&odds), 350);
    assert_int_equal(btx_ladder_price_count(&finest), 99900);
    for (size_t i = 0; i < BTX_COUNT_OF(ticks); i++) {
        const struct market binary = binary_market(ticks[i]);

        assert_int_equal(btx_ladder_price_count(&binary), 10000 / ticks[i] - 1);
    }
}

/* Every hundredth from 1.01 to 1000, and nothing between or beyond (rules-2.md 1). */
static void ladder__every_finest_price__round_trips(void **state)
{
    const struct market market = finest_market();
    uint32_t index = UINT32_MAX;

    (void)state;
    for (uint32_t i = 0; i < 99900; i++) {
        assert_int_equal(btx_ladder_price(&market, i), 10100 + 100 * i);
        assert_true(btx_ladder_index(&market, 10100 + 100 * i, &index));
        assert_int_equal(index, i);
        assert_false(btx_ladder_index(&market, 10100 + 100 * i + 50, &index));
    }
    assert_false(btx_ladder_index(&market, 10000, &index));
    assert_false(btx_ladder_index(&market, 10000100, &index));
    assert_false(btx_ladder_index(&market, UINT64_MAX, &index));
}

/* Index and price are two names of one thing: a book is kept by the one, printed by the other. */
static void ladder__every_odds_price__round_trips(void **state)
{
    const struct market market = odds_market();
    uint32_t prices[ODDS_PRICES];

    (void)state;
    list_odds(prices);
    for (uint32_t i = 0; i < ODDS_PRICES; i++) {
        uint32_t index = UINT32_MAX;

        assert_int_equal(btx_ladder_price(&market, i), prices[i]);
        assert_true(btx_ladder_index(&market, prices[i], &index));
        assert_int_equal(index, i);
    }
}

/* A price between two of the ladder has no place in a book: every hundredth from 0 to beyond the
 * last price, and the finer ones right beside each price. */
static void ladder_index__off_the_odds_ladder__refused(void **state)
{
    const struct market market = odds_market();
    uint32_t prices[ODDS_PRICES];
    uint32_t next = 0;
    uint32_t index;

    (void)state;
    list_odds(prices);
    for (uint64_t price = 0; price <= 10002000; price += 100) {
        const bool listed = next < ODDS_PRICES && price == prices[next];

        next += listed;
        if (btx_ladder_index(&market, price, &index) != listed)
            fail_msg("price %llu: listed %d", (unsigned long long)price, listed);
    }
    assert_int_equal(next, ODDS_PRICES);
    for (uint32_t i = 0; i < ODDS_PRICES; i++)
        for (uint32_t beside = 1; beside < 100; beside++) {
            assert_false(btx_ladder_index(&market, prices[i] - beside, &index));
            assert_false(btx_ladder_index(&market, prices[i] + beside, &index));
        }
}

/* Prices come in 64 bits and are kept in 32: what is cut off must not make a price good. */
static void ladder_index__good_price_and_2_to_the_32__refused(void **state)
{
    const struct market odds = odds_market();
    const struct market binary = binary_market(1);
    uint32_t index;

    (void)state;
    assert_false(btx_ladder_index(&odds, (UINT64_C(1) << 32) + 25000, &index));
    assert_false(btx_ladder_index(&odds, BTX_PRICE_WIRE_MAX, &index));
    assert_false(btx_ladder_index(&odds, UINT64_MAX, &index));
    assert_false(btx_ladder_index(&binary, (UINT64_C(1) << 32) + 5000, &index));
    assert_false(btx_ladder_index(&binary, UINT64_MAX, &index));
}

static void ladder__every_binary_price_of_each_tick__round_trips(void **state)
{
    (void)state;
    for (size_t t = 0; t < BTX_COUNT_OF(ticks); t++) {
        const struct market market = binary_market(ticks[t]);
        uint32_t expected = 0;

        for (uint32_t price = ticks[t]; price < 10000; price += ticks[t]) {
            uint32_t index = UINT32_MAX;

            assert_true(btx_ladder_index(&market, price, &index));
            assert_int_equal(index, expected);
            assert_int_equal(btx_ladder_price(&market, index), price);
            expected++;
        }
        assert_int_equal(expected, market.price_count);
    }
}

/* 0 and 1 are no prices of a binary market: one side would risk nothing. */
static void ladder_index__off_the_binary_ticks__refused(void **state)
{
    (void)state;
    for (size_t t = 0; t < BTX_COUNT_OF(ticks); t++) {
        const struct market market = binary_market(ticks[t]);

        for (uint64_t price = 0; price <= 20000; price++) {
            const bool listed = price > 0 && price < 10000 && price % ticks[t] == 0;
            uint32_t index;

            if (btx_ladder_index(&market, price, &index) != listed)
                fail_msg("tick %u, price %llu", ticks[t], (unsigned long long)price);
        }
    }
}

static void ladder_size_step__each_kind__a_cent_or_a_contract(void **state)
{
    (void)state;
    assert_int_equal(ladder_size_step(BTX_MARKET_KIND_ODDS), 100);
    assert_int_equal(ladder_size_step(BTX_MARKET_KIND_BINARY), 10000);
}

/* Money must be exact to the last unit, and the greatest size at the greatest odds must fit. */
static void ladder_fill__every_odds_price_and_sizes_to_the_limit__exact(void **state)
{
    static const int64_t sizes[] = {
        100, 200, 9900, 1234500, INT64_C(99999999999900), BTX_MONEY_MAX - 100, BTX_MONEY_MAX};
    uint32_t prices[ODDS_PRICES];

    (void)state;
    list_odds(prices);
    for (uint32_t i = 0; i < ODDS_PRICES; i++)
        for (size_t s = 0; s < BTX_COUNT_OF(sizes); s++) {
            const struct fill fill = ladder_fill(BTX_MARKET_KIND_ODDS, prices[i], sizes[s]);
            const btx_i128 product = (btx_i128)sizes[s] * (prices[i] - 10000);

            assert_true(product % 10000 == 0);
            assert_true(fill.win == product / 10000);
            assert_true(fill.lose == sizes[s]);
        }
}

/* The two sides of a contract lock exactly one payout: nothing may be rounded away. */
static void ladder_fill__every_binary_price_and_sizes_to_the_limit__exact(void **state)
{
    static const int64_t contracts[] = {1, 2, 77, 99999999999, BTX_MONEY_MAX / 10000};

    (void)state;
    for (uint32_t price = 1; price < 10000; price++)
        for (size_t s = 0; s < BTX_COUNT_OF(contracts); s++) {
            const int64_t size = contracts[s] * 10000;
            const struct fill fill = ladder_fill(BTX_MARKET_KIND_BINARY, price, size);

            assert_true(fill.win == (btx_i128)contracts[s] * (10000 - price));
            assert_true(fill.lose == (btx_i128)contracts[s] * price);
            assert_true(fill.win + fill.lose == size);
        }
}

static void ask_beyond_the_ladder(struct btx_fixture *fixture)
{
    const struct market market = odds_market();

    (void)fixture;
    (void)btx_ladder_price(&market, ODDS_PRICES);
}

/* An index comes from a book of this market, or somebody has mixed up two. */
static void ladder_price__index_beyond_the_last__ends_the_process(void **state)
{
    (void)state;
    assert_true(btx_fixture_aborts(ask_beyond_the_ladder, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ladder_price_count__each_kind_and_tick__as_in_the_rules),
        cmocka_unit_test(ladder__every_odds_price__round_trips),
        cmocka_unit_test(ladder__every_finest_price__round_trips),
        cmocka_unit_test(ladder_index__off_the_odds_ladder__refused),
        cmocka_unit_test(ladder_index__good_price_and_2_to_the_32__refused),
        cmocka_unit_test(ladder__every_binary_price_of_each_tick__round_trips),
        cmocka_unit_test(ladder_index__off_the_binary_ticks__refused),
        cmocka_unit_test(ladder_size_step__each_kind__a_cent_or_a_contract),
        cmocka_unit_test(ladder_fill__every_odds_price_and_sizes_to_the_limit__exact),
        cmocka_unit_test(ladder_fill__every_binary_price_and_sizes_to_the_limit__exact),
        cmocka_unit_test(ladder_price__index_beyond_the_last__ends_the_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
