/* SPDX-License-Identifier: Apache-2.0 */
/* test_verify.c - every sentence of btx_core_verify(), provoked by one wrong private field.
 *
 * Property tests, debug builds and auditors rely on it: a check that finds nothing is worse than
 * none. */
#include "engine/core/book.h"
#include "engine/core/core.h"
#include "engine/core/due.h"
#include "engine/core/entities.h"
#include "engine/core/risk.h"
#include "engine/core/stakes.h"
#include "tests/unit/core/scene.h"
#include "tests/unit/core/stories.h"

#define RUNNER BTX_FIXTURE_RUNNER

/* The scene's parts.  Account 1's LAY at 2 has another one of its own behind it. */
static struct order *lay(struct btx_core *core)
{
    return btx_find_order(core, 3);
}

static struct order *back(struct btx_core *core)
{
    return btx_find_order(core, 4);
}

static struct account *owner(struct btx_core *core)
{
    return btx_find_account(core, 1);
}

static struct market *market(struct btx_core *core)
{
    return btx_find_market(core, BTX_SCENE_MARKET);
}

static struct position *position(struct btx_core *core)
{
    return &core->position[lay(core)->position];
}

static struct runner *runner(struct btx_core *core)
{
    return &core->runner[lay(core)->runner];
}

static struct leaf *leaf(struct btx_core *core)
{
    return &core->leaf[runner(core)->leaves[lay(core)->price_index / BOOK_LEAF_PRICES]];
}

static struct level *level(struct btx_core *core)
{
    return book_level(core, runner(core), lay(core)->price_index);
}

static int setup(void **state)
{
    assert_int_equal(btx_scene_setup(state), 0);
    struct btx_scene *scene = *state;
    assert_int_equal(scene->lay, 3);
    assert_int_equal(scene->back, 4);
    assert_int_equal(
        btx_fixture_place(&scene->fixture, &(struct btx_wish){.account = 1,
                                                              .market = BTX_SCENE_MARKET,
                                                              .runner = RUNNER,
                                                              .side = BTX_SIDE_LAY,
                                                              .price = 20000,
                                                              .size = 5 * BTX_FIXTURE_ONE}),
        5);
    return 0;
}

static void order_id(struct btx_core *core)
{
    lay(core)->id = 77;
}

static void order_ids_descend(struct btx_core *core)
{
    /* Into the other's chain, so that it is found. */
    struct order *first = lay(core);
    uint32_t *head = index_head_counted(&core->order_index, 6);
    *index_head_counted(&core->order_index, 3) = NO_SLOT;
    *head = slot_of_order(core, first);
    first->id = 6;
}

static void order_remaining(struct btx_core *core)
{
    lay(core)->remaining = 0;
}

static void order_remaining_step(struct btx_core *core)
{
    lay(core)->remaining += 50;
}

static void order_price(struct btx_core *core)
{
    lay(core)->price = 20100;
}

static void order_price_index(struct btx_core *core)
{
    lay(core)->price_index++;
}

static void order_runner_of_another_market(struct btx_core *core)
{
    lay(core)->runner =
        runner_slot(core, slot_of_market(core, btx_find_market(core, BTX_SCENE_BINARY)), 0);
}

static void order_resting(struct btx_core *core)
{
    lay(core)->resting = false;
}

static void order_position_prev(struct btx_core *core)
{
    lay(core)->position_prev = 5;
}

static void order_position(struct btx_core *core)
{
    lay(core)->position = back(core)->position;
}

static void position_live(struct btx_core *core)
{
    position(core)->live[BTX_SIDE_BACK]++;
}

static void position_orders_tail(struct btx_core *core)
{
    position(core)->orders_tail = NO_SLOT;
}

static void cell_lose(struct btx_core *core)
{
    position_cell(core, position(core), 1)->lose++;
}

static void position_lose_sum(struct btx_core *core)
{
    position(core)->lose_sum--;
}

static void position_nonzero_cells(struct btx_core *core)
{
    position(core)->nonzero_cells++;
}

static void position_floor(struct btx_core *core)
{
    assert_true(position(core)->floor_known);
    position(core)->floor--;
}

/* Account 2's one is the runner with the greatest difference. */
static void position_floor_index(struct btx_core *core)
{
    struct position *of_back = &core->position[back(core)->position];
    assert_true(of_back->floor_known && of_back->floor_index != 0);
    of_back->floor_index = 0;
}

static void position_floor_index_beyond(struct btx_core *core)
{
    core->position[back(core)->position].floor_index = 3;
}

static void position_market_prev(struct btx_core *core)
{
    struct position *of_back = &core->position[back(core)->position];
    of_back->market_prev = of_back->market_prev == NO_SLOT ? 5 : NO_SLOT;
}

static void runner_index(struct btx_core *core)
{
    core->runner[runner_slot(core, slot_of_market(core, market(core)), 1)].index = 2;
}

static void runner_id(struct btx_core *core)
{
    runner(core)->id = 99;
}

/* The next order of that price would inherit it. */
static void level_size_without_orders(struct btx_core *core)
{
    leaf(core)->levels[7].size = 100;
}

static void level_size_of_the_first_price(struct btx_core *core)
{
    leaf(core)->levels[0].size = 100;
}

static void level_tail_of_the_last_price(struct btx_core *core)
{
    leaf(core)->levels[BOOK_LEAF_PRICES - 1].tail = 5;
}

static void blocks_used(struct btx_core *core)
{
    core->cells.blocks.used = core->positions.used + 1;
}

static void position_flat(struct btx_core *core)
{
    (void)btx_make_position(core, slot_of_account(core, btx_find_account(core, 3)),
                            slot_of_market(core, market(core)));
}

static void position_reserved(struct btx_core *core)
{
    position(core)->reserved++;
}

/* Taken out of its chain. */
static void position_hash(struct btx_core *core)
{
    const struct position *found = position(core);
    const uint64_t key = (uint64_t)found->account << 32 | found->market;
    uint32_t *head = index_head(&core->position_index, key);

    assert_int_equal(*head, slot_of_position(core, found));
    *head = found->hash_next;
}

static void position_account_prev(struct btx_core *core)
{
    position(core)->account_prev = 5;
}

static void position_market(struct btx_core *core)
{
    position(core)->market = slot_of_market(core, btx_find_market(core, BTX_SCENE_BINARY));
}

static void account_reserved(struct btx_core *core)
{
    owner(core)->reserved++;
}

static void house_id(struct btx_core *core)
{
    core->account[HOUSE_SLOT].id = 5;
}

static void account_id(struct btx_core *core)
{
    owner(core)->id = 78;
}

static void account_balance(struct btx_core *core)
{
    owner(core)->balance = 0;
}

static void account_balance_more(struct btx_core *core)
{
    owner(core)->balance++;
}

static void clients_sum(struct btx_core *core)
{
    core->clients_sum++;
}

static void net_deposits(struct btx_core *core)
{
    core->net_deposits++;
}

static void house_balance(struct btx_core *core)
{
    core->account[HOUSE_SLOT].balance--;
}

static void order_level_prev(struct btx_core *core)
{
    lay(core)->level_prev = 5;
}

static void order_runner(struct btx_core *core)
{
    lay(core)->runner = runner_slot(core, slot_of_market(core, market(core)), 1);
}

static void level_tail(struct btx_core *core)
{
    level(core)->tail = slot_of_order(core, lay(core));
}

static void level_head(struct btx_core *core)
{
    level(core)->head = NO_SLOT;
}

static void level_size(struct btx_core *core)
{
    level(core)->size += 100;
}

static void market_price_count(struct btx_core *core)
{
    market(core)->price_count = 99;
}

static void leaf_bits_of_both(struct btx_core *core)
{
    leaf(core)->bits[BTX_SIDE_BACK] = leaf(core)->bits[BTX_SIDE_LAY];
}

static void leaf_without_orders(struct btx_core *core)
{
    runner(core)->leaves[5] = core->leaves.high + 1;
}

static void leaf_unmarked(struct btx_core *core)
{
    runner(core)->sides[BTX_SIDE_LAY].top = 0;
}

/* Account 2's BACK moves to 1.5, below the LAYs: its loss is its stake at any price. */
static void book_crossed(struct btx_core *core)
{
    struct order *order = back(core);
    btx_book_remove(core, order);
    order->price = 15000;
    order->price_index = 49;
    btx_book_add(core, order);
}

/* What account 1 has won nobody has lost. */
static void zero_sum(struct btx_core *core)
{
    risk_shift(core, position(core), 2, (struct shift){.win = 100, .lose = 0});
    btx_risk_refresh(core, position(core));
}

static void market_id(struct btx_core *core)
{
    market(core)->id = 79;
}

static void market_live(struct btx_core *core)
{
    market(core)->live[BTX_SIDE_LAY]--;
}

/* With its reserves released, as a settlement would have left them. */
static void market_closed(struct btx_core *core)
{
    btx_risk_set_reserved(core, position(core), 0);
    btx_risk_set_reserved(core, &core->position[back(core)->position], 0);
    market(core)->status = BTX_MARKET_CLOSED;
}

static void orders_used(struct btx_core *core)
{
    core->orders.used++;
}

static void positions_used(struct btx_core *core)
{
    core->positions.used--;
}

static void leaves_used(struct btx_core *core)
{
    core->leaves.used++;
}

static void taker_that_rests(struct btx_core *core)
{
    core->work.taker = slot_of_order(core, lay(core));
}

/* No release can make a held order of it, in a market that is not in play. */
static void order_held(struct btx_core *core)
{
    btx_book_remove(core, lay(core));
    lay(core)->held = true;
}

static void order_held_and_resting(struct btx_core *core)
{
    lay(core)->held = true;
}

static void order_on_a_removed_runner(struct btx_core *core)
{
    runner(core)->removed = true;
}

static void account_balance_beyond_the_limit(struct btx_core *core)
{
    btx_find_account(core, 2)->balance += BTX_MONEY_MAX;
}

static void account_balance_below_the_limit(struct btx_core *core)
{
    core->removals = 1; /* Or nothing is available would be said before. */
    btx_find_account(core, 3)->balance = -BTX_MONEY_MAX - 1;
}

static void market_removed_count(struct btx_core *core)
{
    market(core)->removed_count = 1;
}

static void market_first_active(struct btx_core *core)
{
    market(core)->first_active = 1;
}

static void market_description_bytes(struct btx_core *core)
{
    market(core)->description_bytes = 1;
}

static void due_place(struct btx_core *core)
{
    lay(core)->due_place = 1;
}

static void due_count(struct btx_core *core)
{
    core->due.count = 1;
}

static void reducible_orders(struct btx_core *core)
{
    core->reducible_orders++;
}

static void stakes_used(struct btx_core *core)
{
    core->stakes.used++;
}

static void stakes_capacity(struct btx_core *core)
{
    core->stakes.used = 1;
    core->stakes.capacity = 0;
}

/* Whom a market without reductions needs none for. */
static void stake_without_reductions(struct btx_core *core)
{
    btx_stake_add(core, position(core), 0, 25000, -100);
}

static const struct {
    void (*corrupt)(struct btx_core *core);
    const char *name;
    const char *sentence;
} rows[] = {
#define ROW(corrupt, sentence)                                                                     \
    {                                                                                              \
        corrupt, #corrupt, sentence                                                                \
    }
    ROW(order_id, "order: ids of a position do not ascend, or it cannot be found"),
    ROW(order_ids_descend, "order: ids of a position do not ascend, or it cannot be found"),
    ROW(order_remaining, "order: nothing remains of it, or no whole size"),
    ROW(order_remaining_step, "order: nothing remains of it, or no whole size"),
    ROW(order_price, "order: not of its market's runners or prices"),
    ROW(order_price_index, "order: not of its market's runners or prices"),
    ROW(order_runner_of_another_market, "order: not of its market's runners or prices"),
    ROW(order_resting, "order: it neither rests nor is it held or the taker, or several of that"),
    ROW(order_position_prev, "order: its position's list is broken"),
    ROW(order_position, "order: its position's list is broken"),
    ROW(position_live, "position: its count of live orders is wrong"),
    ROW(position_orders_tail, "position: its count of live orders is wrong"),
    ROW(cell_lose, "position: the sum of its cells is wrong"),
    ROW(position_lose_sum, "position: the sum of its cells is wrong"),
    ROW(position_nonzero_cells, "position: the sum of its cells is wrong"),
    ROW(position_floor, "position: its floor is wrong"),
    ROW(position_floor_index, "position: its floor is wrong"),
    ROW(position_floor_index_beyond, "position: its floor is wrong"),
    ROW(position_flat, "position: it is flat"),
    ROW(position_reserved, "position: its reserve is wrong"),
    ROW(position_hash, "position: it cannot be found"),
    ROW(position_account_prev, "account: its list of positions is broken"),
    ROW(account_reserved, "account: its reserve is not the sum of its positions'"),
    ROW(house_id, "house: it trades"),
    ROW(account_id, "account: it cannot be found"),
    ROW(account_balance, "account: less than nothing is available"),
    ROW(account_balance_more, "accounts: their sum is wrong, or over the limit"),
    ROW(clients_sum, "accounts: their sum is wrong, or over the limit"),
    ROW(net_deposits, "accounts: money was made or lost"),
    ROW(house_balance, "accounts: money was made or lost"),
    ROW(order_level_prev, "book: an order is in the wrong queue"),
    ROW(order_runner, "book: an order is in the wrong queue"),
    ROW(level_tail, "book: a queue is broken, or empty but marked"),
    ROW(level_head, "book: a queue is broken, or empty but marked"),
    ROW(level_size, "book: the size of a price is wrong"),
    ROW(market_price_count, "book: a price is off the ladder"),
    ROW(leaf_bits_of_both, "book: a leaf is empty, or a price has both sides"),
    ROW(leaf_without_orders, "book: a leaf is empty, or a price has both sides"),
    ROW(level_size_without_orders, "book: a price has orders and no mark, or a mark and no orders"),
    ROW(level_size_of_the_first_price,
        "book: a price has orders and no mark, or a mark and no orders"),
    ROW(level_tail_of_the_last_price,
        "book: a price has orders and no mark, or a mark and no orders"),
    ROW(book_crossed, "book: it is crossed"),
    ROW(zero_sum, "market: what its accounts won and lost is not zero together"),
    ROW(position_market, "market: its list of positions is broken"),
    ROW(position_market_prev, "market: its list of positions is broken"),
    ROW(runner_index, "runner: it cannot be found, or not at its place"),
    ROW(runner_id, "runner: it cannot be found, or not at its place"),
    ROW(market_id, "market: it cannot be found"),
    ROW(market_live, "market: its count of live orders is wrong"),
    ROW(market_closed, "market: it is closed and has orders"),
    ROW(leaf_unmarked, "pools: what is used is not what is there"),
    ROW(orders_used, "pools: what is used is not what is there"),
    ROW(positions_used, "pools: what is used is not what is there"),
    ROW(leaves_used, "pools: what is used is not what is there"),
    ROW(blocks_used, "pools: what is used is not what is there"),
    ROW(taker_that_rests,
        "order: it neither rests nor is it held or the taker, or several of that"),
    ROW(order_held, "order: it is held, but nothing releases it, or not in play"),
    ROW(order_held_and_resting,
        "order: it neither rests nor is it held or the taker, or several of that"),
    ROW(order_on_a_removed_runner, "order: on a removed runner, and nothing is about to cancel it"),
    ROW(account_balance_beyond_the_limit, "account: its balance is out of range"),
    ROW(account_balance_below_the_limit, "account: its balance is out of range"),
    ROW(market_removed_count,
        "market: its count of removed runners is wrong, or the first that was not"),
    ROW(market_first_active,
        "market: its count of removed runners is wrong, or the first that was not"),
    ROW(market_description_bytes, "pools: what is used is not what is there"),
    ROW(due_place, "due things: not the orders that wait, or not in order"),
    ROW(due_count, "due things: not the orders that wait, or not in order"),
    ROW(reducible_orders, "stakes: more than the capacity, with what live orders have set aside"),
    ROW(stakes_used, "pools: what is used is not what is there"),
    ROW(stakes_capacity, "pools: what is used is not what is there"),
    ROW(stake_without_reductions, "stake: its market needs none"),
#undef ROW
};

static void verify__one_private_field_wrong__named(void **state)
{
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        struct btx_scene *scene;

        assert_int_equal(setup(state), 0);
        scene = *state;
        assert_null(btx_core_verify(scene->fixture.core));
        rows[i].corrupt(scene->fixture.core);
        const char *wrong = btx_core_verify(scene->fixture.core);
        if (wrong == NULL || strcmp(wrong, rows[i].sentence) != 0)
            fail_msg("%s: %s", rows[i].name, wrong == NULL ? "nothing found" : wrong);
        scene->fixture.corrupted = true;
        assert_int_equal(btx_scene_teardown(state), 0);
    }
}

/* A market with reductions in play, in which account 1 has backed the first runner with 4 at 2.5
 * and 6 at 3, laid by account 2; account 1 holds an order, and one that expires rests. */
static void begin_second(struct btx_fixture *fixture)
{
    struct btx_wish wish = {.market = 1,
                            .runner = RUNNER,
                            .price = 25000,
                            .persistence = BTX_PERSISTENCE_PERSIST,
                            .size = 4 * BTX_FIXTURE_ONE};
    static const struct btx_core_capacity capacity = {
        .accounts = 2, .markets = 1, .runners = 4, .orders = 6, .positions = 2, .stakes = 14};

    btx_fixture_open(fixture, &capacity, 0);
    btx_fixture_open_account(fixture, 1, 1000 * BTX_FIXTURE_ONE);
    btx_fixture_open_account(fixture, 2, 1000 * BTX_FIXTURE_ONE);
    btx_fixture_open_second(fixture, 1, 4, 1,
                            (struct btx_opening){.reductions = true, .bet_delay = 10});
    for (uint64_t i = 0; i < 2; i++) {
        wish.account = 2;
        wish.side = BTX_SIDE_LAY;
        assert_int_equal(btx_fixture_place(fixture, &wish), 1 + 2 * i);
        wish.account = 1;
        wish.side = BTX_SIDE_BACK;
        assert_int_equal(btx_fixture_place(fixture, &wish), 2 + 2 * i);
        wish.price = 30000;
        wish.size = 6 * BTX_FIXTURE_ONE;
    }
    wish.expires = 900000;
    assert_int_equal(btx_fixture_place(fixture, &wish), 5);
    btx_fixture_on_market(fixture, BTX_COMMAND_TURN_IN_PLAY, 1);
    assert_int_equal(btx_fixture_place(fixture, &wish), 6);
}

static struct order *waiting(struct btx_core *core)
{
    return btx_find_order(core, 5);
}

static struct order *held(struct btx_core *core)
{
    return btx_find_order(core, 6);
}

static struct stake *stake(struct btx_core *core)
{
    return &core->stake[core->position[held(core)->position].stakes];
}

static void held_without_a_release(struct btx_core *core)
{
    btx_due_remove(core, held(core));
}

static void held_before_in_play(struct btx_core *core)
{
    core->market[1].in_play = false;
}

static void due_moment(struct btx_core *core)
{
    core->due.entries[2].moment_ns++;
}

static void due_order_id(struct btx_core *core)
{
    core->due.entries[1].id = 4;
}

static void due_expires(struct btx_core *core)
{
    moment_of_order(core, waiting(core))->expires++;
}

/* The one that waits longer comes first. */
static void due_not_a_heap(struct btx_core *core)
{
    const struct due_entry first = core->due.entries[1];

    core->due.entries[1] = core->due.entries[2];
    core->due.entries[2] = first;
    core->order[core->due.entries[1].slot].due_place = 1;
    core->order[core->due.entries[2].slot].due_place = 2;
}

static void due_place_of_another(struct btx_core *core)
{
    waiting(core)->due_place = held(core)->due_place;
}

static void stake_size(struct btx_core *core)
{
    stake(core)->size += 100;
}

static void stake_of_nothing(struct btx_core *core)
{
    stake(core)->size = 0;
}

static void stake_price(struct btx_core *core)
{
    stake(core)->price += 100;
}

static void stake_position(struct btx_core *core)
{
    stake(core)->position = 3 - stake(core)->position;
}

static void stake_position_prev(struct btx_core *core)
{
    core->stake[stake(core)->position_next].position_prev = NO_SLOT;
}

static void stakes_forgotten(struct btx_core *core)
{
    btx_stakes_drop(core, &core->position[held(core)->position]);
}

/* Three stakes that make no profit at all, on a runner that was removed. */
static void stakes_on_a_removed_runner(struct btx_core *core)
{
    struct position *of_held = &core->position[held(core)->position];

    core->removals = 1;
    core->runner[runner_slot(core, 1, 3)].removed = true;
    core->market[1].removed_count = 1;
    btx_stake_add(core, of_held, 3, 20000, 100);
    btx_stake_add(core, of_held, 3, 21000, -200);
    btx_stake_add(core, of_held, 3, 22000, 100);
}

static void bets_on_a_removed_runner(struct btx_core *core)
{
    risk_shift(core, &core->position[held(core)->position], 3, (struct shift){.win = 1, .lose = 0});
    core->runner[runner_slot(core, 1, 3)].removed = true;
}

static void stakes_set_aside(struct btx_core *core)
{
    core->stakes.capacity = core->stakes.used + 2 * core->reducible_orders - 1;
}

static const struct {
    void (*corrupt)(struct btx_core *core);
    const char *name;
    const char *sentence;
} second_rows[] = {
#define ROW(corrupt, sentence)                                                                     \
    {                                                                                              \
        corrupt, #corrupt, sentence                                                                \
    }
    ROW(held_without_a_release, "order: it is held, but nothing releases it, or not in play"),
    ROW(held_before_in_play, "order: it is held, but nothing releases it, or not in play"),
    ROW(due_moment, "due things: not the orders that wait, or not in order"),
    ROW(due_order_id, "due things: not the orders that wait, or not in order"),
    ROW(due_expires, "due things: not the orders that wait, or not in order"),
    ROW(due_place_of_another, "due things: not the orders that wait, or not in order"),
    ROW(due_not_a_heap, "due things: not the orders that wait, or not in order"),
    ROW(stake_size, "position: its stakes do not make its profit"),
    ROW(stake_price, "position: its stakes do not make its profit"),
    ROW(stakes_forgotten, "position: its stakes do not make its profit"),
    ROW(stake_of_nothing,
        "stake: nothing is left of it, or its runner was removed, or its list is broken"),
    ROW(stake_position,
        "stake: nothing is left of it, or its runner was removed, or its list is broken"),
    ROW(stake_position_prev,
        "stake: nothing is left of it, or its runner was removed, or its list is broken"),
    ROW(stakes_on_a_removed_runner,
        "stake: nothing is left of it, or its runner was removed, or its list is broken"),
    ROW(bets_on_a_removed_runner, "position: it has bets on a removed runner"),
    ROW(stakes_set_aside, "stakes: more than the capacity, with what live orders have set aside"),
#undef ROW
};

/* The same for what the second stage of the rules added. */
static void verify__one_private_field_of_the_second_stage_wrong__named(void **state)
{
    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(second_rows); i++) {
        struct btx_fixture fixture;

        begin_second(&fixture);
        assert_null(btx_core_verify(fixture.core));
        second_rows[i].corrupt(fixture.core);
        const char *wrong = btx_core_verify(fixture.core);
        if (wrong == NULL || strcmp(wrong, second_rows[i].sentence) != 0)
            fail_msg("%s: %s", second_rows[i].name, wrong == NULL ? "nothing found" : wrong);
        fixture.corrupted = true;
        btx_fixture_close(&fixture);
    }
}

/* No false alarm: an empty core, and each story at each of its txs. */
static void verify__sound_states__nothing(void **state)
{
    (void)state;
    for (uint32_t story = 0; story < BTX_STORY_COUNT; story++) {
        struct btx_fixture fixture;

        btx_story_open(&fixture);
        assert_null(btx_core_verify(fixture.core));
        btx_story_tell(&fixture, (enum btx_story)story);
        while (btx_core_pending(fixture.core) != NULL) {
            assert_null(btx_core_verify(fixture.core));
            (void)btx_fixture_continue(&fixture);
        }
        assert_null(btx_core_verify(fixture.core));
        btx_fixture_close(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verify__one_private_field_wrong__named),
        cmocka_unit_test(verify__one_private_field_of_the_second_stage_wrong__named),
        cmocka_unit_test(verify__sound_states__nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
