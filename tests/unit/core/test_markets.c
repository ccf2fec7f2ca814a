/* SPDX-License-Identifier: Apache-2.0 */
/* test_markets.c - what a market's numbers and a settlement's winners may be. */
#include "engine/core/markets.h"

#include "engine/core/entities.h"
#include "tests/unit/core/fixture.h"

#define RUNNER BTX_FIXTURE_RUNNER

static void tick_is_valid__every_number__only_three(void **state)
{
    (void)state;
    for (uint64_t tick = 0; tick <= 20000; tick++)
        assert_int_equal(btx_tick_is_valid(tick), tick == 1 || tick == 10 || tick == 100);
    assert_false(btx_tick_is_valid((UINT64_C(1) << 32) + 10));
    assert_false(btx_tick_is_valid(UINT64_MAX));
}

static void list_ids(uint64_t ids[1024], struct btx_random *random)
{
    for (uint32_t i = 0; i < 1024; i++)
        ids[i] = btx_random_between(random, 1, UINT64_MAX);
}

/* 2..512 of them: a list that is too long comes as far as here. */
static void runner_ids_are_valid__each_length__2_to_512(void **state)
{
    const struct btx_fixture *fixture = *state;
    static uint64_t ids[1024];
    struct btx_random random;

    btx_random_init(&random, 91);
    list_ids(ids, &random);
    for (uint32_t count = 0; count <= 1024; count++)
        assert_int_equal(btx_runner_ids_are_valid(fixture->core, ids, count),
                         count >= 2 && count <= 512);
}

/* An id twice, wherever, would give one runner two books. */
static void runner_ids_are_valid__zero_or_twice_anywhere__false(void **state)
{
    const struct btx_fixture *fixture = *state;
    static uint64_t ids[1024];
    struct btx_random random;

    btx_random_init(&random, 92);
    list_ids(ids, &random);
    for (int i = 0; i < 300; i++) {
        const uint32_t count = (uint32_t)btx_random_between(&random, 2, 40);
        const uint32_t at = (uint32_t)btx_random_below(&random, count);
        const uint32_t other = (at + 1 + (uint32_t)btx_random_below(&random, count - 1)) % count;
        const uint64_t kept = ids[at];

        assert_true(btx_runner_ids_are_valid(fixture->core, ids, count));
        ids[at] = ids[other];
        assert_false(btx_runner_ids_are_valid(fixture->core, ids, count));
        ids[at] = 0;
        assert_false(btx_runner_ids_are_valid(fixture->core, ids, count));
        ids[at] = kept;
    }
}

static bool are_winners(struct btx_fixture *fixture, const uint64_t *winners, uint16_t count)
{
    btx_fixture_build_settle(fixture, 1, winners, count);
    return btx_winners_are_valid(fixture->core, btx_find_market(fixture->core, 1),
                                 (const void *)fixture->command);
}

static bool is_result(struct btx_fixture *fixture, uint64_t market, enum btx_outcome result)
{
    struct btx_settle_market *command = btx_fixture_begin(fixture, BTX_COMMAND_SETTLE_MARKET);

    command->market = market;
    command->result = (uint8_t)result;
    return btx_winners_are_valid(fixture->core, btx_find_market(fixture->core, market), command);
}

/* rules.md 4, INVALID_WINNERS: unknown, repeated, or fewer than K; more is a dead heat. */
static void winners_are_valid__two_expected__two_or_more_different_runners(void **state)
{
    struct btx_fixture *fixture = *state;
    static const uint64_t all[] = {RUNNER + 3, RUNNER, RUNNER + 2, RUNNER + 1};
    static const uint64_t twice[] = {RUNNER, RUNNER + 1, RUNNER};
    static const uint64_t unknown[] = {RUNNER, RUNNER + 1, 1};

    btx_fixture_open_odds(fixture, 1, 4, 2);
    assert_false(are_winners(fixture, all, 0));
    assert_false(are_winners(fixture, all, 1));
    assert_true(are_winners(fixture, all, 2));
    assert_true(are_winners(fixture, all, 3));
    assert_true(are_winners(fixture, all, 4));
    assert_true(are_winners(fixture, twice, 2));
    assert_false(are_winners(fixture, twice, 3));
    assert_true(are_winners(fixture, unknown, 2));
    assert_false(are_winners(fixture, unknown, 3));
    assert_false(is_result(fixture, 1, BTX_OUTCOME_YES));
    assert_false(is_result(fixture, 1, BTX_OUTCOME_NO));
}

/* A runner of another market is unknown in this one, although its id is the same. */
static void winners_are_valid__runner_of_another_market__false(void **state)
{
    struct btx_fixture *fixture = *state;
    static const uint64_t third = RUNNER + 2;

    btx_fixture_open_odds(fixture, 1, 2, 1);
    btx_fixture_open_odds(fixture, 2, 3, 1);
    assert_false(are_winners(fixture, &third, 1));
}

static void winners_are_valid__binary__a_result_and_no_list(void **state)
{
    struct btx_fixture *fixture = *state;
    static const uint64_t yes = 1;

    btx_fixture_open_binary(fixture, 1, 10);
    assert_true(is_result(fixture, 1, BTX_OUTCOME_YES));
    assert_true(is_result(fixture, 1, BTX_OUTCOME_NO));
    assert_false(are_winners(fixture, &yes, 1));
    assert_false(are_winners(fixture, &yes, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tick_is_valid__every_number__only_three),
        BTX_IN_FIXTURE(runner_ids_are_valid__each_length__2_to_512),
        BTX_IN_FIXTURE(runner_ids_are_valid__zero_or_twice_anywhere__false),
        BTX_IN_FIXTURE(winners_are_valid__two_expected__two_or_more_different_runners),
        BTX_IN_FIXTURE(winners_are_valid__runner_of_another_market__false),
        BTX_IN_FIXTURE(winners_are_valid__binary__a_result_and_no_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
