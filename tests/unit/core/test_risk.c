/* SPDX-License-Identifier: Apache-2.0 */
/* test_risk.c - what is reserved, against every outcome that a market can have. */
#include "engine/core/risk.h"

#include <stdlib.h>

#include "engine/core/change.h"
#include "engine/core/entities.h"
#include "tests/unit/core/fixture.h"

static const struct shift nothing;

/* An account, a market and the position between them, with a copy of the cells kept apart. */
struct trial {
    struct btx_core *core;
    struct market *market;
    struct account *account;
    struct position *position;
    struct cell cells[BTX_RUNNERS_MAX];
};

static struct trial new_trial(struct btx_fixture *fixture, uint32_t runner_count, uint32_t winners)
{
    struct trial trial = {.core = fixture->core};

    if (btx_find_account(trial.core, 1) == NULL)
        (void)btx_make_account(trial.core, 1);
    if (winners == 0)
        btx_fixture_open_binary(fixture, 1, 1);
    else
        btx_fixture_open_odds(fixture, 1, runner_count, winners);
    trial.account = btx_find_account(trial.core, 1);
    trial.market = btx_find_market(trial.core, 1);
    trial.position = btx_make_position(trial.core, slot_of_account(trial.core, trial.account),
                                       slot_of_market(trial.core, trial.market));
    fixture->corrupted = true; /* Bets without an other side. */
    return trial;
}

static void end_trial(struct trial *trial)
{
    btx_unmake_market(trial->core, trial->market);
    assert_true(trial->account->reserved == 0);
}

static int order_of(const void *left, const void *right)
{
    const btx_i128 *a = left;
    const btx_i128 *b = right;

    return (*a > *b) - (*a < *b);
}

/* The K smallest of all differences, by sorting them. */
static btx_i128 worst_by_sorting(const struct cell *cells, uint32_t count, uint32_t winners)
{
    btx_i128 differences[BTX_RUNNERS_MAX];
    btx_i128 worst = 0;

    for (uint32_t i = 0; i < count; i++) {
        differences[i] = cells[i].win - cells[i].lose;
        worst += cells[i].lose;
    }
    qsort(differences, count, sizeof differences[0], order_of);
    for (uint32_t i = 0; i < winners; i++)
        worst += differences[i];
    return worst;
}

/* The worst over all sets of @winners winners, each outcome counted out: up to 12 runners. */
static btx_i128 worst_by_outcomes(const struct cell *cells, uint32_t count, uint32_t winners)
{
    btx_i128 worst = BTX_I128_MAX;

    for (uint32_t outcome = 0; outcome < 1u << count; outcome++) {
        btx_i128 profit = 0;

        if ((uint32_t)__builtin_popcount(outcome) != winners)
            continue;
        for (uint32_t i = 0; i < count; i++)
            profit += outcome >> i & 1 ? cells[i].win : cells[i].lose;
        worst = profit < worst ? profit : worst;
    }
    return worst;
}

/* rules-2.md 6: removed runners leave the formula. */
static bool is_removed(const struct trial *trial, uint32_t index)
{
    const struct btx_core *core = trial->core;

    return core->runner[runner_slot(core, slot_of_market(core, trial->market), index)].removed;
}

static btx_i128 expected_reserve(const struct trial *trial)
{
    const struct market *market = trial->market;
    btx_i128 worst;

    struct cell active[BTX_RUNNERS_MAX];
    uint32_t count = 0;

    for (uint32_t i = 0; i < market->runner_count; i++)
        if (!is_removed(trial, i))
            active[count++] = trial->cells[i];
    if (market->kind == BTX_MARKET_KIND_BINARY)
        worst =
            trial->cells[0].win < trial->cells[0].lose ? trial->cells[0].win : trial->cells[0].lose;
    else if (count <= 12)
        worst = worst_by_outcomes(active, count, market->winners);
    else
        worst = worst_by_sorting(active, count, market->winners);
    return worst < 0 ? -worst : 0;
}

/* Few distinct values, so that ties and zeros are common; now and then one beyond 64 bits. */
static btx_i128 random_amount(struct btx_random *random)
{
    const btx_i128 amount = (btx_i128)btx_random_below(random, 7) - 3;

    if (btx_random_chance(random, 20))
        return amount * ((btx_i128)1 << 70);
    return btx_random_chance(random, 300)
               ? amount * 100000 + (btx_i128)btx_random_below(random, 999)
               : amount * 100;
}

static struct shift random_shift(struct trial *trial, struct btx_random *random, uint32_t index)
{
    const struct cell *cell = &trial->cells[index];

    /* Back to nothing: what makes a floor rise. */
    if (btx_random_chance(random, 250))
        return (struct shift){.win = -cell->win, .lose = -cell->lose};
    return (struct shift){.win = random_amount(random), .lose = random_amount(random)};
}

/* The floor that is kept, where it is known, is the floor. */
static void assert_floor(const struct trial *trial)
{
    btx_i128 floor = BTX_I128_MAX;
    btx_i128 lose_sum = 0;
    uint32_t nonzero = 0;

    for (uint32_t i = 0; i < trial->market->runner_count; i++) {
        const struct cell *cell = &trial->cells[i];

        if (!is_removed(trial, i) && cell->win - cell->lose < floor)
            floor = cell->win - cell->lose;
        lose_sum += cell->lose;
        nonzero += cell->win != 0 || cell->lose != 0;
    }
    assert_true(!trial->position->floor_known || trial->position->floor == floor);
    assert_true(trial->position->lose_sum == lose_sum);
    assert_int_equal(trial->position->nonzero_cells, nonzero);
}

/* One shift: first asked for, then done, then counted out. */
static void shift_once(struct trial *trial, struct btx_random *random)
{
    struct btx_core *core = trial->core;
    uint32_t index = (uint32_t)btx_random_below(random, trial->market->runner_count);
    while (is_removed(trial, index))
        index = (index + 1) % trial->market->runner_count;
    const struct shift shift = random_shift(trial, random, index);
    const btx_i128 asked =
        btx_risk_reserved_after(core, trial->market, trial->position, index, shift);

    risk_shift(core, trial->position, index, shift);
    trial->cells[index].win += shift.win;
    trial->cells[index].lose += shift.lose;
    assert_floor(trial);
    /* Not after each of them, as in a command with many trades. */
    if (btx_random_chance(random, 300))
        return;
    btx_risk_refresh(core, trial->position);
    assert_floor(trial);
    const btx_i128 expected = expected_reserve(trial);
    assert_true(trial->position->reserved == expected);
    assert_true(trial->account->reserved == expected);
    assert_true(asked == expected);
    assert_true(btx_risk_reserved_after(core, trial->market, trial->position, index, nothing) ==
                expected);
}

/* A runner that is still there is removed, and its bets are void. */
static void remove_once(struct trial *trial, struct btx_random *random)
{
    struct btx_core *core = trial->core;
    const uint32_t market = slot_of_market(core, trial->market);
    const struct btx_runner_removed event = {.factor = 0};
    uint32_t index = (uint32_t)btx_random_below(random, trial->market->runner_count);

    while (is_removed(trial, index))
        index = (index + 1) % trial->market->runner_count;
    btx_change_runner_removed(core, &event, trial->market,
                              &core->runner[runner_slot(core, market, index)]);
    trial->cells[index] = (struct cell){0};
    /* One that had nothing else was taken out. */
    const uint32_t account = slot_of_account(core, trial->account);
    trial->position = btx_find_position(core, account, market);
    if (trial->position == NULL)
        trial->position = btx_make_position(core, account, market);
    assert_floor(trial);
    assert_true(trial->position->reserved == expected_reserve(trial));
    assert_true(trial->account->reserved == expected_reserve(trial));
}

/* Every number of winners of every small market, each outcome counted out: reserving too little
 * lets an account lose money that it does not have. */
static void risk__random_shifts_in_small_markets__worst_of_all_outcomes(void **state)
{
    struct btx_random random;

    btx_random_init(&random, 61);
    for (uint32_t count = 2; count <= 9; count++)
        for (uint32_t winners = 1; winners < count; winners++) {
            struct trial trial = new_trial(*state, count, winners);

            for (int i = 0; i < 300; i++)
                shift_once(&trial, &random);
            end_trial(&trial);
        }
}

/* As long as more runners are left than win, each may be removed, in any order, with bets between
 * the removals. */
static void risk__runners_removed_one_by_one__worst_of_what_is_left(void **state)
{
    struct btx_random random;

    btx_random_init(&random, 64);
    for (int round = 0; round < 6; round++)
        for (uint32_t count = 3; count <= 16; count++)
            for (uint32_t winners = 1; winners < count && winners < 5; winners++) {
                struct trial trial = new_trial(*state, count, winners);

                for (uint32_t left = count; left > winners; left--) {
                    for (int i = 0; i < 12; i++)
                        shift_once(&trial, &random);
                    if (left - 1 > winners)
                        remove_once(&trial, &random);
                }
                end_trial(&trial);
            }
}

/* The kept floor goes up and down in long sequences, also with hundreds of runners. */
static void risk__long_sequences_with_one_winner__floor_never_stale(void **state)
{
    static const uint32_t counts[] = {2, 3, 12, 100, 512};
    struct btx_random random;

    btx_random_init(&random, 62);
    for (size_t c = 0; c < BTX_COUNT_OF(counts); c++) {
        struct trial trial = new_trial(*state, counts[c], 1);

        for (int i = 0; i < 4000; i++)
            shift_once(&trial, &random);
        end_trial(&trial);
    }
}

/* The selection of the K smallest at its ends and in its middle. */
static void risk__512_runners_and_up_to_511_winners__sum_of_the_smallest(void **state)
{
    static const uint32_t winners[] = {1, 2, 3, 255, 256, 257, 510, 511};
    struct btx_random random;

    btx_random_init(&random, 63);
    for (size_t w = 0; w < BTX_COUNT_OF(winners); w++) {
        struct trial trial = new_trial(*state, 512, winners[w]);

        for (int i = 0; i < 300; i++)
            shift_once(&trial, &random);
        end_trial(&trial);
    }
}

/* Sorted, reversed and equal values are what a bad selection trips over. */
static void risk__differences_in_order__sum_of_the_smallest(void **state)
{
    struct btx_random random;

    btx_random_init(&random, 64);
    for (int form = 0; form < 4; form++)
        for (uint32_t winners = 2; winners < 64; winners += 5) {
            struct trial trial = new_trial(*state, 64, winners);

            for (uint32_t i = 0; i < 64; i++) {
                const btx_i128 values[] = {(btx_i128)i, 64 - (btx_i128)i, 7,
                                           (btx_i128)(i < 32 ? i : 64 - i)};
                const struct shift shift = {.win = -values[form] * 100, .lose = 0};

                risk_shift(trial.core, trial.position, i, shift);
                trial.cells[i].win += shift.win;
            }
            btx_risk_refresh(trial.core, trial.position);
            assert_true(trial.position->reserved == expected_reserve(&trial));
            end_trial(&trial);
        }
}

static void risk__random_shifts_in_a_binary_market__the_lesser_of_two(void **state)
{
    struct trial trial = new_trial(*state, 1, 0);
    struct btx_random random;

    btx_random_init(&random, 65);
    for (int i = 0; i < 2000; i++)
        shift_once(&trial, &random);
    end_trial(&trial);
}

/* Whoever places the first order in a market has no position yet: the answer must be the one that
 * an empty position gives. */
static void risk_reserved_after__no_position__as_with_an_empty_one(void **state)
{
    static const uint32_t forms[][2] = {{1, 0}, {2, 1}, {5, 1}, {5, 2}, {5, 4}, {512, 511}};
    struct btx_random random;

    btx_random_init(&random, 66);
    for (size_t f = 0; f < BTX_COUNT_OF(forms); f++) {
        struct trial trial = new_trial(*state, forms[f][0], forms[f][1]);

        for (int i = 0; i < 200; i++) {
            const uint32_t index = (uint32_t)btx_random_below(&random, forms[f][0]);
            const struct shift shift = {.win = random_amount(&random),
                                        .lose = random_amount(&random)};

            assert_true(
                btx_risk_reserved_after(trial.core, trial.market, NULL, index, shift) ==
                btx_risk_reserved_after(trial.core, trial.market, trial.position, index, shift));
        }
        end_trial(&trial);
    }
}

/* An account's reserve is the sum over its markets, whichever changes. */
static void risk_set_reserved__several_positions__account_has_their_sum(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_core *core = fixture->core;
    struct account *account = btx_make_account(core, 1);
    struct position *positions[5];
    struct btx_random random;

    btx_random_init(&random, 67);
    for (uint64_t i = 0; i < 5; i++) {
        btx_fixture_open_odds(fixture, i + 1, 2, 1);
        positions[i] = btx_make_position(core, slot_of_account(core, account),
                                         slot_of_market(core, btx_find_market(core, i + 1)));
    }
    account->balance = 1000000;
    for (int i = 0; i < 500; i++) {
        btx_i128 sum = 0;

        btx_risk_set_reserved(core, positions[btx_random_below(&random, 5)],
                              (btx_i128)btx_random_below(&random, 1000));
        for (int p = 0; p < 5; p++)
            sum += positions[p]->reserved;
        assert_true(account->reserved == sum);
        assert_true(risk_available(account) == 1000000 - sum);
    }
    fixture->corrupted = true;
}

/* Who has been paid reserves nothing any more; who has not, still does: else a withdrawal between
 * two txs, or a load, would see other money than the settlement. */
static void risk_reserves__each_state_of_a_market__only_what_is_unsettled(void **state)
{
    struct btx_fixture *fixture = *state;
    struct trial trial = new_trial(fixture, 2, 1);
    struct work *work = &trial.core->work;
    const uint32_t market = slot_of_market(trial.core, trial.market);

    assert_true(btx_risk_reserves(trial.core, trial.position));
    trial.market->status = BTX_MARKET_SUSPENDED;
    assert_true(btx_risk_reserves(trial.core, trial.position));
    trial.market->status = BTX_MARKET_CLOSED;
    assert_false(btx_risk_reserves(trial.core, trial.position));

    work->voiding = market;
    assert_true(btx_risk_reserves(trial.core, trial.position));
    work->voiding = market + 1;
    assert_false(btx_risk_reserves(trial.core, trial.position));
    work->voiding = NO_SLOT;

    work->settling = market;
    work->settled_last = 0;
    assert_true(btx_risk_reserves(trial.core, trial.position));
    work->settled_last = 1; /* The account itself. */
    assert_false(btx_risk_reserves(trial.core, trial.position));
    work->settled_last = 0;
    work->settling = market + 1;
    assert_false(btx_risk_reserves(trial.core, trial.position));
    *work = (struct work){0};
}

/* rules.md 3: a LAY may lose its liability if the runner wins, a BACK its stake if it loses. */
static void risk_unmatched__each_side_and_kind__its_loss(void **state)
{
    (void)state;
    struct shift shift = risk_unmatched(BTX_MARKET_KIND_ODDS, BTX_SIDE_BACK, 35000, 200000);
    assert_true(shift.win == 0 && shift.lose == -200000);
    shift = risk_unmatched(BTX_MARKET_KIND_ODDS, BTX_SIDE_LAY, 35000, 200000);
    assert_true(shift.win == -500000 && shift.lose == 0);
    shift = risk_unmatched(BTX_MARKET_KIND_BINARY, BTX_SIDE_BACK, 6300, 30000);
    assert_true(shift.win == 0 && shift.lose == -3 * 6300);
    shift = risk_unmatched(BTX_MARKET_KIND_BINARY, BTX_SIDE_LAY, 6300, 30000);
    assert_true(shift.win == -3 * 3700 && shift.lose == 0);
}

/* What one side wins the other loses: no fill makes money. */
static void risk_matched__both_sides_of_a_fill__sum_to_zero(void **state)
{
    const struct fill fill = {.win = 500000, .lose = 200000};
    const struct shift back = risk_matched(BTX_SIDE_BACK, fill);
    const struct shift lay = risk_matched(BTX_SIDE_LAY, fill);
    const struct shift sum = risk_sum(back, lay);

    (void)state;
    assert_true(back.win == 500000 && back.lose == -200000);
    assert_true(lay.win == -500000 && lay.lose == 200000);
    assert_true(sum.win == 0 && sum.lose == 0);
    assert_true(risk_negated(back).win == lay.win && risk_negated(back).lose == lay.lose);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BTX_IN_FIXTURE(risk__random_shifts_in_small_markets__worst_of_all_outcomes),
        BTX_IN_FIXTURE(risk__runners_removed_one_by_one__worst_of_what_is_left),
        BTX_IN_FIXTURE(risk__long_sequences_with_one_winner__floor_never_stale),
        BTX_IN_FIXTURE(risk__512_runners_and_up_to_511_winners__sum_of_the_smallest),
        BTX_IN_FIXTURE(risk__differences_in_order__sum_of_the_smallest),
        BTX_IN_FIXTURE(risk__random_shifts_in_a_binary_market__the_lesser_of_two),
        BTX_IN_FIXTURE(risk_reserved_after__no_position__as_with_an_empty_one),
        BTX_IN_FIXTURE(risk_set_reserved__several_positions__account_has_their_sum),
        BTX_IN_FIXTURE(risk_reserves__each_state_of_a_market__only_what_is_unsettled),
        cmocka_unit_test(risk_unmatched__each_side_and_kind__its_loss),
        cmocka_unit_test(risk_matched__both_sides_of_a_fill__sum_to_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
