/* SPDX-License-Identifier: Apache-2.0 */
/* test_implied.c - matching between two runners (rules-2.md 7): amounts against their definition
 * for every price, and walks over both books told by hand. */
#include "engine/core/implied.h"

#include "engine/core/entities.h"
#include "tests/unit/core/fixture.h"

#define MARKET UINT64_C(1)
#define A BTX_FIXTURE_RUNNER
#define B (BTX_FIXTURE_RUNNER + 1)
#define ONE BTX_FIXTURE_ONE
#define CENT INT64_C(100)
#define NONE ((enum btx_reject)BTX_REJECT_COUNT)

/* The price whose 100 * (odds - 1) is @y. */
static uint32_t price_of(int64_t y)
{
    return (uint32_t)(BTX_DECIMAL_ONE + y * 100);
}

static int64_t gcd(int64_t a, int64_t b)
{
    return b == 0 ? a : gcd(b, a % b);
}

/* The definition: t is the largest multiple of g with t <= T and t*y/100 <= S; all in cents. */
static bool is_allowed(int64_t y, int64_t s_max, int64_t t_max, int64_t t)
{
    return t % (100 / gcd(y, 100)) == 0 && t <= t_max && (btx_i128)t * y <= (btx_i128)s_max * 100;
}

/* As it is defined: allowed, exact, and the next one up is not allowed. */
static void assert_amounts(int64_t y, int64_t s_max, int64_t t_max)
{
    const struct implied_amounts amounts =
        btx_implied_amounts(price_of(y), s_max * CENT, t_max * CENT);
    const int64_t t = amounts.maker / CENT;

    if (amounts.maker % CENT != 0 || t < 0 || !is_allowed(y, s_max, t_max, t) ||
        is_allowed(y, s_max, t_max, t + 100 / gcd(y, 100)) ||
        (btx_i128)amounts.taker * 100 != (btx_i128)amounts.maker * y)
        fail_msg("y %lld, S %lld, T %lld: t %lld, s %lld", (long long)y, (long long)s_max,
                 (long long)t_max, (long long)t, (long long)amounts.taker);
}

/* Every price of the FINEST ladder, with sizes of every order of magnitude. */
static void amounts__every_price_random_sizes__as_defined(void **state)
{
    static const int64_t magnitudes[] = {3, 120, 11000, 2000000, BTX_MONEY_MAX / CENT};
    struct btx_random random;

    (void)state;
    btx_random_init(&random, 5101);
    for (int64_t y = 1; y < 99901; y++) {
        for (size_t i = 0; i < BTX_COUNT_OF(magnitudes); i++) {
            const size_t j = (size_t)btx_random_below(&random, BTX_COUNT_OF(magnitudes));
            assert_amounts(y, (int64_t)btx_random_between(&random, 1, (uint64_t)magnitudes[i]),
                           (int64_t)btx_random_between(&random, 1, (uint64_t)magnitudes[j]));
        }
        assert_amounts(y, BTX_MONEY_MAX / CENT, BTX_MONEY_MAX / CENT);
        assert_amounts(y, 1, BTX_MONEY_MAX / CENT);
        assert_amounts(y, BTX_MONEY_MAX / CENT, 1);
    }
}

/* Small ones by trying every t there is. */
static void amounts__small_sizes__best_of_all_that_are_tried(void **state)
{
    (void)state;
    for (int64_t y = 1; y <= 420; y++)
        for (int64_t s_max = 1; s_max <= 40; s_max++)
            for (int64_t t_max = 1; t_max <= 120; t_max += 7) {
                int64_t best = 0;

                for (int64_t t = 1; t <= t_max; t++)
                    if (t * y % 100 == 0 && t * y / 100 <= s_max)
                        best = t;
                const struct implied_amounts amounts =
                    btx_implied_amounts(price_of(y), s_max * CENT, t_max * CENT);
                assert_int_equal(amounts.maker, best * CENT);
                assert_int_equal(amounts.taker, best * y / 100 * CENT);
            }
}

/* What is left after a match gives no second one: so a walk that begins anew passes the maker. */
static void amounts__of_what_is_left__nothing(void **state)
{
    struct btx_random random;

    (void)state;
    btx_random_init(&random, 5102);
    for (int i = 0; i < 300000; i++) {
        const int64_t y = (int64_t)btx_random_between(&random, 1, i % 2 == 0 ? 500 : 99900);
        const int64_t s = (int64_t)btx_random_between(&random, 1, 100000) * CENT;
        const int64_t t = (int64_t)btx_random_between(&random, 1, 100000) * CENT;
        const struct implied_amounts first = btx_implied_amounts(price_of(y), s, t);
        const struct implied_amounts second =
            btx_implied_amounts(price_of(y), s - first.taker, t - first.maker);

        assert_int_equal(second.maker, 0);
        assert_int_equal(second.taker, 0);
    }
}

/* Crossing: x*y against 10 000, exactly, at every x with the y on either side of the border. */
static void crosses__around_the_border__exactly(void **state)
{
    (void)state;
    for (int64_t x = 1; x <= 99900; x++)
        for (int64_t y = 10000 / x - 1; y <= 10000 / x + 1; y++) {
            if (y < 1)
                continue;
            assert_int_equal(btx_implied_crosses(BTX_SIDE_BACK, price_of(x), price_of(y)),
                             x * y <= 10000);
            assert_int_equal(btx_implied_crosses(BTX_SIDE_LAY, price_of(x), price_of(y)),
                             x * y >= 10000);
        }
}

/* An implied market with four accounts; a follower gets every record by apply. */
static struct btx_fixture follower;

static int setup(void **state)
{
    static struct btx_fixture fixture;
    static const struct btx_core_capacity capacity = {
        .accounts = 4, .markets = 1, .runners = 2, .orders = 9000, .positions = 4};

    btx_fixture_open(&fixture, &capacity, 0);
    btx_fixture_open(&follower, &capacity, 0);
    fixture.follower = follower.core;
    for (uint64_t account = 1; account <= 4; account++)
        btx_fixture_open_account(&fixture, account, 1000000 * ONE);
    btx_fixture_open_second(&fixture, MARKET, 2, 1,
                            (struct btx_opening){.implied = true, .finest = true});
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct btx_fixture *fixture = *state;

    btx_bytes_assert_equal(btx_fixture_save(&follower), btx_fixture_save(fixture));
    btx_fixture_close(fixture);
    btx_fixture_close(&follower);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static struct btx_wish wish_of(uint64_t account, uint64_t runner, enum btx_side side,
                               uint64_t hundredths, int64_t cents)
{
    return (struct btx_wish){.account = account,
                             .market = MARKET,
                             .runner = runner,
                             .side = side,
                             .price = hundredths * 100,
                             .size = cents * CENT};
}

static uint64_t place(struct btx_fixture *fixture, uint64_t account, uint64_t runner,
                      enum btx_side side, uint64_t hundredths, int64_t cents)
{
    const struct btx_wish wish = wish_of(account, runner, side, hundredths, cents);
    const uint64_t order = btx_fixture_place(fixture, &wish);

    assert_true(order != 0);
    return order;
}

/* Event @index is a match of the last order with @maker, on the other runner. */
static void expect_implied(const struct btx_fixture *fixture, uint32_t index, uint64_t maker,
                           int64_t taker_cents, int64_t maker_cents)
{
    const struct btx_implied_matched *event =
        btx_fixture_event(fixture, index, BTX_EVENT_IMPLIED_MATCHED);

    assert_int_equal(event->maker, maker);
    assert_int_equal(event->size, taker_cents * CENT);
    assert_int_equal(event->maker_size, maker_cents * CENT);
}

static void expect_direct(const struct btx_fixture *fixture, uint32_t index, uint64_t maker,
                          int64_t cents)
{
    const struct btx_trade_matched *event =
        btx_fixture_event(fixture, index, BTX_EVENT_TRADE_MATCHED);

    assert_int_equal(event->maker, maker);
    assert_int_equal(event->size, cents * CENT);
}

static const struct order *find(const struct btx_fixture *fixture, uint64_t order)
{
    return btx_find_order(fixture->core, order);
}

/* W and X of @account on runner number @index, in cents; it has no live order there. */
static void expect_exposure(const struct btx_fixture *fixture, uint64_t account, uint32_t index,
                            int64_t win, int64_t lose)
{
    struct btx_exposure_view view;

    assert_true(btx_core_view_exposure(fixture->core, account, MARKET, index, &view));
    assert_true(view.win == win * CENT);
    assert_true(view.lose == lose * CENT);
}

/* BACK of A at 3 (x = 200) meets BACKs of B up to 1.5 (y = 50): A wins: taker +t, maker -t; B
 * wins: taker -s, maker +s. */
static void match__back_taker__who_gets_what(void **state)
{
    struct btx_fixture *fixture = *state;
    const uint64_t maker = place(fixture, 1, B, BTX_SIDE_BACK, 150, 2000);

    const uint64_t taker = place(fixture, 2, A, BTX_SIDE_BACK, 300, 600);
    assert_int_equal(fixture->event_count, 2);
    expect_implied(fixture, 1, maker, 600, 1200);
    const struct btx_implied_matched *event =
        btx_fixture_event(fixture, 1, BTX_EVENT_IMPLIED_MATCHED);
    assert_int_equal(event->market, MARKET);
    assert_int_equal(event->runner, A);
    assert_int_equal(event->taker, taker);
    assert_int_equal(event->taker_account, 2);
    assert_int_equal(event->taker_side, BTX_SIDE_BACK);
    assert_int_equal(event->maker_runner, B);
    assert_int_equal(event->maker_price, 15000);
    assert_int_equal(event->maker_account, 1);
    assert_int_equal(event->taker_remaining, 0);
    assert_int_equal(event->maker_remaining, 800 * CENT);
    expect_exposure(fixture, 2, 0, 1200, -600);
    btx_fixture_cancel(fixture, 1, maker);
    expect_exposure(fixture, 1, 1, 600, -1200);
    assert_true(btx_find_account(fixture->core, 1)->reserved == 1200 * CENT);
    assert_true(btx_find_account(fixture->core, 2)->reserved == 600 * CENT);
}

/* The same with the signs turned. */
static void match__lay_taker__who_gets_what(void **state)
{
    struct btx_fixture *fixture = *state;
    const uint64_t maker = place(fixture, 1, B, BTX_SIDE_LAY, 150, 1200);

    (void)place(fixture, 2, A, BTX_SIDE_LAY, 300, 600);
    assert_int_equal(fixture->event_count, 2);
    expect_implied(fixture, 1, maker, 600, 1200);
    expect_exposure(fixture, 2, 0, -1200, 600);
    expect_exposure(fixture, 1, 1, -600, 1200);
}

/* A BACK taker: lowest b first, and direct when P*y >= 10 000, ties among them; FIFO within a
 * price. */
static void match__back_taker_of_both_books__best_first_direct_wins_ties(void **state)
{
    struct btx_fixture *fixture = *state;
    const uint64_t implied_140 = place(fixture, 1, B, BTX_SIDE_BACK, 140, 40); /* is 3.5 */
    const uint64_t implied_150 = place(fixture, 1, B, BTX_SIDE_BACK, 150, 40); /* is 3 */
    const uint64_t again_150 = place(fixture, 1, B, BTX_SIDE_BACK, 150, 40);
    const uint64_t direct_299 = place(fixture, 3, A, BTX_SIDE_LAY, 299, 10);
    const uint64_t direct_300 = place(fixture, 3, A, BTX_SIDE_LAY, 300, 10);
    const uint64_t direct_301 = place(fixture, 3, A, BTX_SIDE_LAY, 301, 10);

    (void)place(fixture, 2, A, BTX_SIDE_BACK, 250, 1000);
    assert_int_equal(fixture->event_count, 7);
    expect_implied(fixture, 1, implied_140, 16, 40);
    expect_direct(fixture, 2, direct_301, 10);
    expect_direct(fixture, 3, direct_300, 10);
    expect_implied(fixture, 4, implied_150, 20, 40);
    expect_implied(fixture, 5, again_150, 20, 40);
    expect_direct(fixture, 6, direct_299, 10);
}

/* A LAY taker: highest b first, and direct when P*y <= 10 000. */
static void match__lay_taker_of_both_books__best_first_direct_wins_ties(void **state)
{
    struct btx_fixture *fixture = *state;
    const uint64_t implied_160 = place(fixture, 1, B, BTX_SIDE_LAY, 160, 50); /* is 2.67 */
    const uint64_t implied_150 = place(fixture, 1, B, BTX_SIDE_LAY, 150, 40); /* is 3 */
    const uint64_t direct_299 = place(fixture, 3, A, BTX_SIDE_BACK, 299, 10);
    const uint64_t direct_300 = place(fixture, 3, A, BTX_SIDE_BACK, 300, 10);
    const uint64_t direct_301 = place(fixture, 3, A, BTX_SIDE_BACK, 301, 10);

    (void)place(fixture, 2, A, BTX_SIDE_LAY, 310, 1000);
    assert_int_equal(fixture->event_count, 6);
    expect_implied(fixture, 1, implied_160, 30, 50);
    expect_direct(fixture, 2, direct_299, 10);
    expect_direct(fixture, 3, direct_300, 10);
    expect_implied(fixture, 4, implied_150, 20, 40);
    expect_direct(fixture, 5, direct_301, 10);
}

/* Beyond the limit nobody is met: at the border the product is exactly 10 000. */
static void match__limit__to_the_hundredth(void **state)
{
    struct btx_fixture *fixture = *state;
    const uint64_t border = place(fixture, 1, B, BTX_SIDE_BACK, 150, 100);

    (void)place(fixture, 1, B, BTX_SIDE_BACK, 151, 100);
    (void)place(fixture, 2, A, BTX_SIDE_BACK, 301, 10);
    assert_int_equal(fixture->event_count, 1); /* 201 * 50 > 10 000 */
    (void)place(fixture, 2, A, BTX_SIDE_BACK, 300, 1000);
    assert_int_equal(fixture->event_count, 2);
    expect_implied(fixture, 1, border, 50, 100);
}

/* y = 37: g = 100.  A maker of 0.99 gives no exact amount and is passed over; those behind it are
 * met, and it still meets direct takers. */
static void match__no_exact_amount__passed_over_not_blocking(void **state)
{
    struct btx_fixture *fixture = *state;
    const uint64_t small = place(fixture, 1, B, BTX_SIDE_BACK, 137, 99);
    const uint64_t behind = place(fixture, 1, B, BTX_SIDE_BACK, 137, 250);
    const uint64_t further = place(fixture, 1, B, BTX_SIDE_BACK, 140, 50);

    const uint64_t taker = place(fixture, 2, A, BTX_SIDE_BACK, 300, 200);
    assert_int_equal(fixture->event_count, 3);
    expect_implied(fixture, 1, behind, 74, 200);
    expect_implied(fixture, 2, further, 20, 50);
    assert_int_equal(find(fixture, small)->remaining, 99 * CENT);
    assert_int_equal(find(fixture, behind)->remaining, 50 * CENT);
    assert_true(find(fixture, taker)->resting); /* Across them. */
    assert_null(btx_core_verify(fixture->core));
    (void)place(fixture, 3, B, BTX_SIDE_LAY, 137, 149);
    assert_int_equal(fixture->event_count, 3);
    expect_direct(fixture, 1, small, 99);
    expect_direct(fixture, 2, behind, 50);
}

/* A taker too small for any exact amount rests without a match. */
static void match__taker_under_the_step__rests(void **state)
{
    struct btx_fixture *fixture = *state;

    (void)place(fixture, 1, B, BTX_SIDE_BACK, 137, 1000);
    const uint64_t taker = place(fixture, 2, A, BTX_SIDE_BACK, 300, 36);
    assert_int_equal(fixture->event_count, 1);
    assert_true(find(fixture, taker)->resting);
    (void)place(fixture, 2, A, BTX_SIDE_BACK, 300, 37);
    assert_int_equal(fixture->event_count, 2);
}

/* FOK counts what the walk would fill, exact amounts and passed-over makers included. */
static void fok__what_the_walk_would_fill__to_the_cent(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_wish wish = wish_of(2, A, BTX_SIDE_BACK, 300, 105);

    (void)place(fixture, 1, B, BTX_SIDE_BACK, 137, 99);  /* Never. */
    (void)place(fixture, 1, B, BTX_SIDE_BACK, 137, 250); /* 74 of the taker's. */
    (void)place(fixture, 1, B, BTX_SIDE_BACK, 140, 50);  /* 20 */
    (void)place(fixture, 3, A, BTX_SIDE_LAY, 300, 10);
    wish.tif = BTX_TIF_FOK;
    assert_int_equal(btx_fixture_place(fixture, &wish), 0);
    assert_int_equal(btx_fixture_reason(fixture), BTX_REJECT_NOT_FILLABLE);
    wish.min_fill = 105 * CENT;
    assert_int_equal(btx_fixture_place(fixture, &wish), 0);
    wish.min_fill = 104 * CENT;
    assert_true(btx_fixture_place(fixture, &wish) != 0);
    assert_int_equal(fixture->event_count, 5);
    const struct btx_order_cancelled *rest =
        btx_fixture_event(fixture, 4, BTX_EVENT_ORDER_CANCELLED);
    assert_int_equal(rest->cancelled, CENT);
    assert_int_equal(rest->cause, BTX_CAUSE_FOK);
}

/* WOULD_MATCH looks at prices alone: also where no exact amount could be traded. */
static void post_only__implied_price_crosses__would_match_whatever_the_amounts(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_wish wish = wish_of(2, A, BTX_SIDE_BACK, 300, 1);

    (void)place(fixture, 1, B, BTX_SIDE_BACK, 150, 1);
    wish.post_only = true;
    assert_int_equal(btx_fixture_place(fixture, &wish), 0);
    assert_int_equal(btx_fixture_reason(fixture), BTX_REJECT_WOULD_MATCH);
    wish.price = 30100;
    assert_true(btx_fixture_place(fixture, &wish) != 0);
}

/* stp applies to implied makers too, and is judged before the amounts. */
static void stp__own_implied_maker__judged_before_the_amounts(void **state)
{
    struct btx_fixture *fixture = *state;
    const uint64_t own = place(fixture, 2, B, BTX_SIDE_BACK, 137, 1); /* No exact amount. */
    const uint64_t other = place(fixture, 1, B, BTX_SIDE_BACK, 140, 50);
    struct btx_wish wish = wish_of(2, A, BTX_SIDE_BACK, 300, 40);

    wish.stp = BTX_STP_CANCEL_TAKER;
    const uint64_t taker = btx_fixture_place(fixture, &wish);
    assert_int_equal(fixture->event_count, 2);
    const struct btx_order_cancelled *event =
        btx_fixture_event(fixture, 1, BTX_EVENT_ORDER_CANCELLED);
    assert_int_equal(event->order, taker);
    assert_int_equal(event->cause, BTX_CAUSE_SELF_TRADE);
    wish.tif = BTX_TIF_FOK; /* Nothing is before the own one. */
    wish.min_fill = CENT;
    assert_int_equal(btx_fixture_place(fixture, &wish), 0);
    assert_int_equal(btx_fixture_reason(fixture), BTX_REJECT_NOT_FILLABLE);

    wish.stp = BTX_STP_CANCEL_MAKER; /* All but the own one. */
    wish.min_fill = 21 * CENT;
    assert_int_equal(btx_fixture_place(fixture, &wish), 0);
    wish.min_fill = 20 * CENT;
    assert_true(btx_fixture_place(fixture, &wish) != 0);
    event = btx_fixture_event(fixture, 1, BTX_EVENT_ORDER_CANCELLED);
    assert_int_equal(event->order, own);
    assert_int_equal(event->cause, BTX_CAUSE_SELF_TRADE);
    expect_implied(fixture, 2, other, 20, 50);
}

/* NONE trades with oneself: W of one runner and X of the other cancel out in each outcome. */
static void stp__none__trades_with_itself(void **state)
{
    struct btx_fixture *fixture = *state;
    const uint64_t own = place(fixture, 2, B, BTX_SIDE_BACK, 150, 200);

    (void)place(fixture, 2, A, BTX_SIDE_BACK, 300, 100);
    expect_implied(fixture, 1, own, 100, 200);
    expect_exposure(fixture, 2, 0, 200, -100);
    expect_exposure(fixture, 2, 1, 100, -200);
    assert_true(btx_find_account(fixture->core, 2)->reserved == 0);
}

/* In a market without implied matching the other runner is another bet. */
static void match__market_not_implied__other_runner_not_met(void **state)
{
    struct btx_fixture *fixture = *state;

    btx_fixture_on_market(fixture, BTX_COMMAND_VOID_MARKET, MARKET);
    btx_fixture_on_market(fixture, BTX_COMMAND_FORGET_MARKET, MARKET);
    btx_fixture_open_second(fixture, MARKET, 2, 1, (struct btx_opening){.finest = true});
    (void)place(fixture, 1, B, BTX_SIDE_BACK, 150, 2000);
    (void)place(fixture, 2, A, BTX_SIDE_BACK, 300, 600);
    assert_int_equal(fixture->event_count, 1);
}

/* Many makers of every kind: cut between any two events, loaded, and gone on with, the walk gives
 * the same events.  Every third maker is passed over. */
static void match__more_makers_than_a_tx_holds__goes_on_from_bytes(void **state)
{
    enum { MAKERS = 6600 };
    struct btx_fixture *fixture = *state;
    uint32_t matched = 0;

    for (int i = 0; i < MAKERS; i++) {
        const size_t used_bytes = fixture->arena_used_bytes;

        if (i % 3 == 0)
            (void)place(fixture, 1, B, BTX_SIDE_BACK, 137, 99);
        else if (i % 3 == 1)
            (void)place(fixture, 1, B, BTX_SIDE_BACK, 137, 101);
        else
            (void)place(fixture, 3, A, BTX_SIDE_LAY, 370, 1);
        matched += i % 3 != 0;
        fixture->arena_used_bytes = used_bytes;
    }
    const struct btx_wish wish = wish_of(2, A, BTX_SIDE_BACK, 300, 1000000);
    btx_fixture_build_place(fixture, &wish);
    assert_int_equal(btx_fixture_start(fixture), BTX_STEP_MORE);
    const struct btx_bytes saved = btx_fixture_save(fixture);
    assert_null(btx_fixture_load(fixture, saved.bytes, saved.length_bytes));
    assert_int_equal(btx_fixture_continue(fixture), BTX_STEP_DONE);
    assert_int_equal(fixture->event_count, matched + 1);
    /* Implied 3.7027 before direct 3.7, each by id. */
    for (uint32_t i = 1; i <= matched; i++)
        assert_int_equal(fixture->events[i]->type,
                         i <= matched / 2 ? BTX_EVENT_IMPLIED_MATCHED : BTX_EVENT_TRADE_MATCHED);
    assert_null(btx_core_verify(fixture->core));
}

/* Whatever tx boundary there is: the taker of each record of the walk can go on, or is done. */
static void apply__walk_cut_after_each_event__resumable_until_its_last(void **state)
{
    struct btx_fixture *fixture = *state;

    (void)place(fixture, 1, B, BTX_SIDE_BACK, 137, 99);
    (void)place(fixture, 1, B, BTX_SIDE_BACK, 137, 350);
    (void)place(fixture, 3, A, BTX_SIDE_LAY, 360, 10);
    (void)place(fixture, 1, B, BTX_SIDE_BACK, 140, 150);
    const struct btx_bytes before = btx_fixture_save(fixture);
    const uint64_t taker = place(fixture, 2, A, BTX_SIDE_BACK, 300, 180);
    assert_int_equal(fixture->event_count, 4);
    const struct btx_bytes after = btx_fixture_save(fixture);
    for (uint32_t cut = 0; cut + 1 < fixture->event_count; cut++) {
        struct btx_fixture replayed;

        btx_fixture_open(&replayed, &fixture->capacity, 0);
        assert_null(btx_core_load(replayed.core, before.bytes, before.length_bytes));
        assert_null(btx_core_apply(replayed.core, (const void *)fixture->tx.bytes));
        for (uint32_t i = 0; i <= cut; i++) {
            struct btx_record *record = (struct btx_record *)(uintptr_t)fixture->events[i];
            const uint8_t kept = record->kind_flags;

            record->kind_flags = (uint8_t)(BTX_RECORD_EVENT | (i == cut ? BTX_RECORD_TX_END : 0));
            assert_null(btx_core_apply(replayed.core, record));
            record->kind_flags = kept;
        }
        assert_true(btx_core_can_step(replayed.core));
        assert_int_equal(btx_fixture_continue(&replayed), BTX_STEP_DONE);
        assert_int_equal(replayed.event_count, fixture->event_count - 1 - cut);
        assert_non_null(btx_find_order(replayed.core, taker));
        /* But for the count of txs. */
        replayed.core->tx--;
        btx_bytes_assert_equal(btx_fixture_save(&replayed), after);
        btx_fixture_close(&replayed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amounts__every_price_random_sizes__as_defined),
        cmocka_unit_test(amounts__small_sizes__best_of_all_that_are_tried),
        cmocka_unit_test(amounts__of_what_is_left__nothing),
        cmocka_unit_test(crosses__around_the_border__exactly),
        TEST(match__back_taker__who_gets_what),
        TEST(match__lay_taker__who_gets_what),
        TEST(match__back_taker_of_both_books__best_first_direct_wins_ties),
        TEST(match__lay_taker_of_both_books__best_first_direct_wins_ties),
        TEST(match__limit__to_the_hundredth),
        TEST(match__no_exact_amount__passed_over_not_blocking),
        TEST(match__taker_under_the_step__rests),
        TEST(fok__what_the_walk_would_fill__to_the_cent),
        TEST(post_only__implied_price_crosses__would_match_whatever_the_amounts),
        TEST(stp__own_implied_maker__judged_before_the_amounts),
        TEST(stp__none__trades_with_itself),
        TEST(match__market_not_implied__other_runner_not_met),
        TEST(match__more_makers_than_a_tx_holds__goes_on_from_bytes),
        TEST(apply__walk_cut_after_each_event__resumable_until_its_last),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
