/* SPDX-License-Identifier: Apache-2.0 */
/* test_entities.c - what exists is found, what was taken out is not, and lists stay whole. */
#include "engine/core/entities.h"

#include "engine/core/book.h"
#include "engine/core/cells.h"
#include "engine/core/risk.h"
#include "tests/unit/core/fixture.h"

#define KEYS 24u

/* Ids whose chains begin at the same head, ascending. */
static void list_colliding(struct index *index, uint64_t ret_ids[KEYS])
{
    const uint32_t *head = index_head(index, 1);
    uint64_t id = 0;

    for (uint32_t i = 0; i < KEYS; i++) {
        do
            id++;
        while (index_head(index, id) != head);
        ret_ids[i] = id;
    }
}

static uint32_t chain_length(const uint32_t *head, const struct btx_core *core)
{
    uint32_t length = 0;

    for (uint32_t slot = *head; slot != NO_SLOT; slot = core->account[slot].hash_next)
        length++;
    return length;
}

/* The house is nobody's client (rules.md 3), although it is in the table of accounts. */
static void find_account__the_house__is_not_found(void **state)
{
    const struct btx_fixture *fixture = *state;

    assert_null(btx_find_account(fixture->core, 0));
    assert_int_equal(fixture->core->account[HOUSE_SLOT].id, 0);
}

static void find_account__all_in_one_chain__each_found(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_core *core = fixture->core;
    struct account *accounts[KEYS];
    uint64_t ids[KEYS];

    list_colliding(&core->account_index, ids);
    for (uint32_t i = 0; i + 1 < KEYS; i++)
        accounts[i] = btx_make_account(core, ids[i]);
    assert_int_equal(chain_length(index_head(&core->account_index, 1), core), KEYS - 1);

    for (uint32_t i = 0; i + 1 < KEYS; i++)
        assert_ptr_equal(btx_find_account(core, ids[i]), accounts[i]);
    assert_null(btx_find_account(core, ids[KEYS - 1]));
}

/* Whoever is taken out of the middle of a chain must not take the rest of it along. */
static void market__colliding_ids_made_and_unmade_at_random__found_while_there(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_core *core = fixture->core;
    struct market *markets[KEYS] = {NULL};
    uint64_t ids[KEYS];
    uint32_t count = 0;
    struct btx_random random;

    btx_random_init(&random, 51);
    list_colliding(&core->market_index, ids);
    for (int i = 0; i < 5000; i++) {
        const uint32_t at = (uint32_t)btx_random_below(&random, KEYS);

        if (markets[at] != NULL) {
            btx_unmake_market(core, markets[at]);
            markets[at] = NULL;
            count--;
        } else if (count < fixture->capacity.markets) {
            markets[at] = btx_make_market(core, ids[at]);
            (void)btx_make_runner(core, markets[at], 7);
            count++;
        }
        for (uint32_t j = 0; j < KEYS; j++)
            assert_ptr_equal(btx_find_market(core, ids[j]), markets[j]);
        assert_int_equal(core->markets.used, count);
        assert_int_equal(core->runners.used, count);
    }
    fixture->corrupted = true; /* No such markets: they have one runner. */
}

/* Runner ids are the client's and the same in many markets. */
static void find_runner__one_id_in_two_markets__each_its_own(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_core *core = fixture->core;

    btx_fixture_open_odds(fixture, 1, 3, 1);
    btx_fixture_open_odds(fixture, 2, 3, 1);
    for (uint64_t id = 1; id <= 2; id++) {
        const uint32_t market = slot_of_market(core, btx_find_market(core, id));

        for (uint32_t i = 0; i < 3; i++) {
            const struct runner *runner = btx_find_runner(core, market, BTX_FIXTURE_RUNNER + i);

            assert_non_null(runner);
            assert_int_equal(runner->market, market);
            assert_int_equal(runner->index, i);
            assert_int_equal(runner_slot(core, market, i), slot_of_runner(core, runner));
        }
        assert_null(btx_find_runner(core, market, BTX_FIXTURE_RUNNER + 3));
        assert_null(btx_find_runner(core, market, 0));
    }
}

/* The market takes its runners along, and nothing of it is in the next one with its slot. */
static void unmake_market__with_bets__everything_of_it_gone(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_core *core = fixture->core;

    btx_fixture_open_account(fixture, 1, 1000 * BTX_FIXTURE_ONE);
    btx_fixture_open_odds(fixture, 5, 4, 2);
    btx_fixture_open_odds(fixture, 6, 2, 1);
    struct market *market = btx_find_market(core, 5);
    const uint32_t slot = slot_of_market(core, market);
    struct position *position =
        btx_make_position(core, slot_of_account(core, btx_find_account(core, 1)), slot);
    risk_shift(core, position, 3, (struct shift){.win = 5, .lose = -70000});
    btx_risk_refresh(core, position);
    assert_true(btx_find_account(core, 1)->reserved == 70000);
    btx_unmake_market(core, market);

    assert_null(btx_find_market(core, 5));
    assert_null(btx_find_runner(core, slot, BTX_FIXTURE_RUNNER));
    assert_true(btx_find_account(core, 1)->reserved == 0);
    assert_int_equal(btx_find_account(core, 1)->positions, NO_SLOT);
    assert_int_equal(core->positions.used, 0);
    assert_int_equal(core->runners.used, 2);
    assert_int_equal(core->cells.blocks.used, 0);
    assert_non_null(btx_find_market(core, 6));

    btx_fixture_open_odds(fixture, 5, 2, 1);
    assert_int_equal(slot_of_market(core, btx_find_market(core, 5)), slot);
    assert_null(btx_find_runner(core, slot, BTX_FIXTURE_RUNNER + 2));
    assert_null(btx_find_position(core, slot_of_account(core, btx_find_account(core, 1)), slot));
}

#define ACCOUNTS 12u
#define MARKETS 8u

struct pairs {
    struct btx_core *core;
    uint32_t accounts[ACCOUNTS];
    uint32_t markets[MARKETS];
    struct position *positions[ACCOUNTS][MARKETS];
    uint32_t count;
};

static struct pairs make_pairs(struct btx_fixture *fixture)
{
    struct pairs pairs = {.core = fixture->core};

    for (uint32_t i = 0; i < ACCOUNTS; i++)
        pairs.accounts[i] = slot_of_account(pairs.core, btx_make_account(pairs.core, 100 + i));
    for (uint32_t i = 0; i < MARKETS; i++) {
        btx_fixture_open_odds(fixture, i + 1, i + 2, 1);
        pairs.markets[i] = slot_of_market(pairs.core, btx_find_market(pairs.core, i + 1));
    }
    return pairs;
}

/* Every pair that is there is in the list of its account and of its market, once. */
static void assert_lists(const struct pairs *pairs)
{
    const struct btx_core *core = pairs->core;
    uint32_t by_account = 0;
    uint32_t by_market = 0;

    for (uint32_t i = 0; i < ACCOUNTS; i++)
        for (uint32_t slot = core->account[pairs->accounts[i]].positions; slot != NO_SLOT;
             slot = core->position[slot].account_next) {
            assert_int_equal(core->position[slot].account, pairs->accounts[i]);
            by_account++;
        }
    for (uint32_t i = 0; i < MARKETS; i++)
        for (uint32_t slot = core->market[pairs->markets[i]].positions; slot != NO_SLOT;
             slot = core->position[slot].market_next) {
            assert_int_equal(core->position[slot].market, pairs->markets[i]);
            by_market++;
        }
    assert_int_equal(by_account, pairs->count);
    assert_int_equal(by_market, pairs->count);
    assert_int_equal(core->positions.used, pairs->count);
}

static void position__made_and_unmade_at_random__found_and_listed_while_there(void **state)
{
    struct btx_fixture *fixture = *state;
    struct pairs pairs = make_pairs(fixture);
    struct btx_random random;

    btx_random_init(&random, 52);
    for (int i = 0; i < 5000; i++) {
        const uint32_t a = (uint32_t)btx_random_below(&random, ACCOUNTS);
        const uint32_t m = (uint32_t)btx_random_below(&random, MARKETS);
        struct position **position = &pairs.positions[a][m];

        if (*position != NULL) {
            btx_unmake_position(pairs.core, *position);
            *position = NULL;
            pairs.count--;
        } else {
            *position = btx_make_position(pairs.core, pairs.accounts[a], pairs.markets[m]);
            pairs.count++;
        }
        for (uint32_t j = 0; j < ACCOUNTS; j++)
            assert_ptr_equal(btx_find_position(pairs.core, pairs.accounts[j], pairs.markets[m]),
                             pairs.positions[j][m]);
        if (i % 50 == 0)
            assert_lists(&pairs);
    }
    assert_lists(&pairs);
    fixture->corrupted = true; /* Positions without a bet or an order. */
}

/* The slots of three accounts whose pairs with @market begin at the same head. */
static void list_colliding_accounts(struct btx_core *core, uint32_t market, uint32_t ret_slots[3])
{
    const uint32_t first = HOUSE_SLOT + 1;
    const uint32_t *head = index_head(&core->position_index, (uint64_t)first << 32 | market);
    uint32_t count = 0;

    for (uint32_t slot = first; count < 3; slot++) {
        assert_true(slot <= core->accounts.high);
        if (index_head(&core->position_index, (uint64_t)slot << 32 | market) == head)
            ret_slots[count++] = slot;
    }
}

/* Three pairs in one chain: whoever leaves, the other two are found. */
static void position__pairs_that_collide__each_found_whoever_leaves(void **state)
{
    static const struct btx_core_capacity few_positions = {
        .accounts = 200, .markets = 1, .runners = 2, .orders = 1, .positions = 3};
    struct btx_fixture fixture;
    uint32_t accounts[3];

    (void)state;
    btx_fixture_open(&fixture, &few_positions, 0);
    btx_fixture_open_odds(&fixture, 1, 2, 1);
    for (uint64_t id = 1; id <= 200; id++)
        (void)btx_make_account(fixture.core, id);
    list_colliding_accounts(fixture.core, 1, accounts);
    for (uint32_t leaves = 0; leaves < 3; leaves++) {
        struct position *positions[3];

        for (uint32_t i = 0; i < 3; i++)
            positions[i] = btx_make_position(fixture.core, accounts[i], 1);
        btx_unmake_position(fixture.core, positions[leaves]);
        positions[leaves] = NULL;
        for (uint32_t i = 0; i < 3; i++)
            assert_ptr_equal(btx_find_position(fixture.core, accounts[i], 1), positions[i]);
        for (uint32_t i = 0; i < 3; i++)
            if (positions[i] != NULL)
                btx_unmake_position(fixture.core, positions[i]);
    }
    btx_fixture_close(&fixture);
}

/* The same for runners, whose ids people choose. */
static void runner__ids_that_collide__each_found_whoever_leaves(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_core *core = fixture->core;

    for (uint32_t leaves = 0; leaves < 3; leaves++) {
        struct market *markets[3];
        uint64_t ids[3];

        for (uint64_t i = 0; i < 3; i++) {
            markets[i] = btx_make_market(core, i + 1);
            const uint64_t high = (uint64_t)slot_of_market(core, markets[i]) << 40;
            ids[i] = 1;
            while (index_head(&core->runner_index, ids[i] ^ high) !=
                   index_head(&core->runner_index, 0))
                ids[i]++;
            (void)btx_make_runner(core, markets[i], ids[i]);
        }
        btx_unmake_market(core, markets[leaves]);
        for (uint32_t i = 0; i < 3; i++) {
            const uint32_t slot = slot_of_market(core, markets[i]);

            assert_int_equal(btx_find_runner(core, slot, ids[i]) != NULL, i != leaves);
            if (i != leaves)
                btx_unmake_market(core, markets[i]);
        }
    }
}

/* In one market the id alone tells runners of one chain apart. */
static void find_runner__ids_of_one_market_that_collide__each_its_own(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_core *core = fixture->core;
    struct market *market = btx_make_market(core, 1);
    const uint32_t slot = slot_of_market(core, market);
    const uint64_t high = (uint64_t)slot << 40;
    const struct runner *runners[3];
    uint64_t ids[3];
    uint64_t id = 0;

    for (uint32_t i = 0; i < 3; i++) {
        do
            id++;
        while (index_head(&core->runner_index, id ^ high) != index_head(&core->runner_index, 0));
        ids[i] = id;
        runners[i] = btx_make_runner(core, market, id);
    }
    for (uint32_t i = 0; i < 3; i++)
        assert_ptr_equal(btx_find_runner(core, slot, ids[i]), runners[i]);
    btx_unmake_market(core, market);
}

/* What a position reserved is free again when it goes. */
static void unmake_position__with_a_reserve__released(void **state)
{
    struct btx_fixture *fixture = *state;
    struct pairs pairs = make_pairs(fixture);
    struct position *one = btx_make_position(pairs.core, pairs.accounts[0], pairs.markets[0]);
    struct position *other = btx_make_position(pairs.core, pairs.accounts[0], pairs.markets[1]);

    btx_risk_set_reserved(pairs.core, one, 700);
    btx_risk_set_reserved(pairs.core, other, 30);
    assert_true(pairs.core->account[pairs.accounts[0]].reserved == 730);
    btx_unmake_position(pairs.core, one);
    assert_true(pairs.core->account[pairs.accounts[0]].reserved == 30);
    btx_unmake_position(pairs.core, other);
    assert_true(pairs.core->account[pairs.accounts[0]].reserved == 0);
}

/* A position lives as long as there is a bet or an order in it: either alone keeps it. */
static void unmake_position_if_flat__bet_or_order__stays(void **state)
{
    struct btx_fixture *fixture = *state;
    struct pairs pairs = make_pairs(fixture);
    struct position *position = btx_make_position(pairs.core, pairs.accounts[0], pairs.markets[0]);
    const struct shift shift = {.win = 0, .lose = -100};

    risk_shift(pairs.core, position, 1, shift);
    btx_unmake_position_if_flat(pairs.core, position);
    assert_int_equal(pairs.core->positions.used, 1);

    struct order *order = btx_make_order(pairs.core, 1, position, BTX_SIDE_BACK);
    risk_shift(pairs.core, position, 1, risk_negated(shift));
    btx_unmake_position_if_flat(pairs.core, position);
    assert_int_equal(pairs.core->positions.used, 1);

    btx_unmake_order(pairs.core, order);
    btx_unmake_position_if_flat(pairs.core, position);
    assert_int_equal(pairs.core->positions.used, 0);
}

#define ORDERS 200u

struct listed {
    struct btx_core *core;
    struct position *positions[3];
    struct order *orders[ORDERS]; /* Ids ascending; NULL: taken out. */
    uint64_t ids[ORDERS];
    uint32_t of[ORDERS]; /* Number of the position. */
    uint32_t count;      /* Ever made. */
};

/* Each position's list has its live orders, ids ascending, and counts them by side. */
static void assert_order_lists(const struct listed *listed)
{
    const struct btx_core *core = listed->core;
    uint32_t live[BTX_SIDE_COUNT] = {0};

    for (uint32_t p = 0; p < 3; p++) {
        const struct position *position = listed->positions[p];
        uint32_t slot = position->orders_head;
        uint32_t previous = NO_SLOT;
        uint32_t of_side[BTX_SIDE_COUNT] = {0};

        for (uint32_t i = 0; i < listed->count; i++) {
            if (listed->orders[i] == NULL || listed->of[i] != p)
                continue;
            assert_ptr_equal(&core->order[slot], listed->orders[i]);
            assert_int_equal(core->order[slot].position_prev, previous);
            of_side[core->order[slot].side]++;
            previous = slot;
            slot = core->order[slot].position_next;
        }
        assert_int_equal(slot, NO_SLOT);
        assert_int_equal(position->orders_tail, previous);
        assert_memory_equal(position->live, of_side, sizeof of_side);
        live[0] += of_side[0];
        live[1] += of_side[1];
    }
    assert_memory_equal(core->market[listed->positions[0]->market].live, live, sizeof live);
}

static void make_next(struct listed *listed, struct btx_random *random)
{
    const uint32_t at = listed->count++;

    /* Steps of 2^14 collide in any table of this capacity. */
    listed->ids[at] = at % 3 == 0 ? at + 1 : ((uint64_t)at << 14) + 1;
    if (at > 0 && listed->ids[at] <= listed->ids[at - 1])
        listed->ids[at] = listed->ids[at - 1] + 1;
    listed->of[at] = (uint32_t)btx_random_below(random, 3);
    listed->orders[at] =
        btx_make_order(listed->core, listed->ids[at], listed->positions[listed->of[at]],
                       (uint8_t)btx_random_below(random, 2));
}

static void order__made_and_unmade_at_random__found_and_listed_while_live(void **state)
{
    struct btx_fixture *fixture = *state;
    struct pairs pairs = make_pairs(fixture);
    struct listed listed = {.core = pairs.core};
    struct btx_random random;

    btx_random_init(&random, 53);
    for (uint32_t p = 0; p < 3; p++)
        listed.positions[p] = btx_make_position(pairs.core, pairs.accounts[p], pairs.markets[0]);
    for (int i = 0; i < 1000; i++) {
        const uint32_t at = (uint32_t)btx_random_below(&random, ORDERS);

        if (at >= listed.count && listed.count < ORDERS) {
            make_next(&listed, &random);
        } else if (listed.orders[at] != NULL) {
            btx_unmake_order(listed.core, listed.orders[at]);
            listed.orders[at] = NULL;
        }
        for (uint32_t j = 0; j < listed.count; j++)
            assert_ptr_equal(btx_find_order(listed.core, listed.ids[j]), listed.orders[j]);
        assert_order_lists(&listed);
    }
    fixture->corrupted = true; /* Orders in no book. */
}

/* The next user of the slot must not inherit a ref, a queue or a place in a list. */
static void make_order__in_a_used_slot__blank(void **state)
{
    struct btx_fixture *fixture = *state;
    struct pairs pairs = make_pairs(fixture);
    struct position *position = btx_make_position(pairs.core, pairs.accounts[0], pairs.markets[0]);
    struct order *order = btx_make_order(pairs.core, 1, position, BTX_SIDE_LAY);
    const uint32_t slot = slot_of_order(pairs.core, order);

    order->has_ref = true;
    order->level_next = 5;
    order->level_prev = 6;
    order->stp = BTX_STP_CANCEL_TAKER;
    order->tif = BTX_TIF_FOK;
    order->remaining = 7;
    btx_unmake_order(pairs.core, order);
    order = btx_make_order(pairs.core, 9, position, BTX_SIDE_BACK);

    const struct order blank = {
        .id = 9, .side = BTX_SIDE_BACK, .position = slot_of_position(pairs.core, position)};
    assert_int_equal(slot_of_order(pairs.core, order), slot);
    assert_memory_equal(order, &blank, sizeof blank);
    fixture->corrupted = true;
}

/* Order ids go on for ever, so a long-lived order meets younger ones with the same low bits. */
static void find_order__ids_equal_in_their_low_bits__each_found(void **state)
{
    struct btx_fixture *fixture = *state;
    struct pairs pairs = make_pairs(fixture);
    struct position *position = btx_make_position(pairs.core, pairs.accounts[0], pairs.markets[0]);
    struct order *orders[KEYS];

    for (uint64_t i = 0; i < KEYS; i++)
        orders[i] = btx_make_order(pairs.core, (i << 33) + 77, position, BTX_SIDE_BACK);
    for (uint64_t i = 0; i < KEYS; i += 2)
        btx_unmake_order(pairs.core, orders[i]);
    for (uint64_t i = 0; i < KEYS; i++)
        assert_ptr_equal(btx_find_order(pairs.core, (i << 33) + 77), i % 2 == 0 ? NULL : orders[i]);
    assert_null(btx_find_order(pairs.core, 0));
    fixture->corrupted = true;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BTX_IN_FIXTURE(find_account__the_house__is_not_found),
        BTX_IN_FIXTURE(find_account__all_in_one_chain__each_found),
        BTX_IN_FIXTURE(market__colliding_ids_made_and_unmade_at_random__found_while_there),
        BTX_IN_FIXTURE(find_runner__one_id_in_two_markets__each_its_own),
        BTX_IN_FIXTURE(unmake_market__with_bets__everything_of_it_gone),
        BTX_IN_FIXTURE(position__made_and_unmade_at_random__found_and_listed_while_there),
        cmocka_unit_test(position__pairs_that_collide__each_found_whoever_leaves),
        BTX_IN_FIXTURE(runner__ids_that_collide__each_found_whoever_leaves),
        BTX_IN_FIXTURE(find_runner__ids_of_one_market_that_collide__each_its_own),
        BTX_IN_FIXTURE(unmake_position__with_a_reserve__released),
        BTX_IN_FIXTURE(unmake_position_if_flat__bet_or_order__stays),
        BTX_IN_FIXTURE(order__made_and_unmade_at_random__found_and_listed_while_live),
        BTX_IN_FIXTURE(make_order__in_a_used_slot__blank),
        BTX_IN_FIXTURE(find_order__ids_equal_in_their_low_bits__each_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
