/* SPDX-License-Identifier: Apache-2.0 */
/* test_matching.c - what a taker meets, and whether enough is there, against a plain list of
 * orders that is walked one by one. */
#include "engine/core/matching.h"

#include "engine/core/entities.h"
#include "engine/core/ladder.h"
#include "tests/unit/core/fixture.h"

#define ORDERS 400u
#define ACCOUNTS 4u
#define MARKET 1u
#define RUNNER BTX_FIXTURE_RUNNER

/* A live order as the list has it; ids ascend. */
struct listed {
    uint64_t id;
    uint64_t account;
    uint64_t runner;
    uint32_t index; /* Of its price. */
    uint8_t side;
    int64_t remaining;
};

struct trial {
    struct btx_fixture *fixture;
    struct market *market;
    struct listed orders[ORDERS];
    uint32_t count;
    int64_t step; /* Of sizes. */
};

/* What is asked for. */
struct asked {
    uint64_t account;
    uint32_t limit;
    uint8_t side;
    enum btx_stp stp;
    enum btx_tif tif;
    int64_t size;
    int64_t min_fill; /* 0: all */
};

static struct trial new_trial(struct btx_fixture *fixture, uint8_t kind)
{
    struct trial trial = {.fixture = fixture};

    for (uint64_t account = 1; account <= ACCOUNTS + 1; account++)
        btx_fixture_open_account(fixture, account, INT64_C(100000000) * BTX_FIXTURE_ONE);
    if (kind == BTX_MARKET_KIND_ODDS)
        btx_fixture_open_odds(fixture, MARKET, 3, 1);
    else
        btx_fixture_open_binary(fixture, MARKET, 100);
    trial.market = btx_find_market(fixture->core, MARKET);
    trial.step = ladder_size_step(kind);
    return trial;
}

static uint64_t runner_of(const struct trial *trial)
{
    return trial->market->kind == BTX_MARKET_KIND_ODDS ? RUNNER : 1;
}

/* Whether @maker is matched before @other; both on the side that @asked meets. */
static bool comes_before(const struct trial *trial, const struct listed *maker,
                         const struct listed *other)
{
    const bool bids = (trial->market->kind == BTX_MARKET_KIND_ODDS) == (maker->side == 1);

    if (maker->index != other->index)
        return bids ? maker->index > other->index : maker->index < other->index;
    return maker->id < other->id;
}

static bool meets(const struct trial *trial, const struct asked *asked, const struct listed *maker)
{
    const bool bids = (trial->market->kind == BTX_MARKET_KIND_ODDS) == (maker->side == 1);

    return maker->remaining > 0 && maker->side != asked->side &&
           maker->runner == runner_of(trial) &&
           (bids ? maker->index >= asked->limit : maker->index <= asked->limit);
}

/* The maker that is next for @asked behind @after (NULL: the first); NULL: none crosses. */
static struct listed *next_listed(struct trial *trial, const struct asked *asked,
                                  const struct listed *after)
{
    struct listed *next = NULL;

    for (uint32_t i = 0; i < trial->count; i++) {
        struct listed *maker = &trial->orders[i];

        if (meets(trial, asked, maker) && (after == NULL || comes_before(trial, after, maker)) &&
            (next == NULL || comes_before(trial, maker, next)))
            next = maker;
    }
    return next;
}

/* What of a size without end would be matched. */
static int64_t fillable(struct trial *trial, const struct asked *asked)
{
    int64_t size = 0;
    const struct listed *maker = next_listed(trial, asked, NULL);

    for (; maker != NULL; maker = next_listed(trial, asked, maker)) {
        const bool own = maker->account == asked->account;

        if (own && asked->stp == BTX_STP_CANCEL_TAKER)
            break;
        if (!own || asked->stp == BTX_STP_NONE)
            size += maker->remaining;
    }
    return size;
}

static void note_accepted(struct trial *trial, const struct asked *asked, uint64_t runner)
{
    const struct btx_order_accepted *event =
        btx_fixture_event(trial->fixture, 0, BTX_EVENT_ORDER_ACCEPTED);

    assert_true(trial->count < ORDERS);
    trial->orders[trial->count++] = (struct listed){
        .id = event->order,
        .account = asked->account,
        .runner = runner,
        .index = asked->limit,
        .side = asked->side,
        .remaining = asked->size,
    };
}

static void forget_the_gone(struct trial *trial)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < trial->count; i++)
        if (trial->orders[i].remaining > 0)
            trial->orders[kept++] = trial->orders[i];
    trial->count = kept;
}

static void place(struct trial *trial, const struct asked *asked)
{
    btx_fixture_build_place(trial->fixture,
                            &(struct btx_wish){
                                .account = asked->account,
                                .market = MARKET,
                                .runner = runner_of(trial),
                                .side = (enum btx_side)asked->side,
                                .price = btx_ladder_price(trial->market, asked->limit),
                                .size = asked->size,
                                .tif = asked->tif,
                                .stp = asked->stp,
                                .min_fill = asked->min_fill,
                            });
    btx_fixture_run(trial->fixture);
}

/* The event @index is a trade of @taker with @maker, and both lists shrink. */
static void expect_trade(struct trial *trial, uint32_t index, struct listed *taker,
                         struct listed *maker)
{
    const struct btx_trade_matched *event =
        btx_fixture_event(trial->fixture, index, BTX_EVENT_TRADE_MATCHED);
    const int64_t size = taker->remaining < maker->remaining ? taker->remaining : maker->remaining;

    taker->remaining -= size;
    maker->remaining -= size;
    assert_int_equal(event->market, MARKET);
    assert_int_equal(event->runner, maker->runner);
    assert_int_equal(event->maker, maker->id);
    assert_int_equal(event->maker_account, maker->account);
    assert_int_equal(event->taker, taker->id);
    assert_int_equal(event->taker_account, taker->account);
    assert_int_equal(event->taker_side, taker->side);
    assert_int_equal(event->price, btx_ladder_price(trial->market, maker->index));
    assert_int_equal(event->size, size);
    assert_int_equal(event->taker_remaining, taker->remaining);
    assert_int_equal(event->maker_remaining, maker->remaining);
}

/* The event @index cancels all of @order. */
static void expect_cancel(struct trial *trial, uint32_t index, struct listed *order,
                          enum btx_cause cause)
{
    const struct btx_order_cancelled *event =
        btx_fixture_event(trial->fixture, index, BTX_EVENT_ORDER_CANCELLED);

    assert_int_equal(event->order, order->id);
    assert_int_equal(event->account, order->account);
    assert_int_equal(event->market, MARKET);
    assert_int_equal(event->runner, order->runner);
    assert_int_equal(event->side, order->side);
    assert_int_equal(event->cancelled, order->remaining);
    assert_int_equal(event->remaining, 0);
    assert_int_equal(event->cause, cause);
    assert_int_equal(event->cseq, 0);
    order->remaining = 0;
}

/* All events of the command that placed @asked. */
static void expect_events(struct trial *trial, const struct asked *asked)
{
    uint32_t index = 1;

    note_accepted(trial, asked, runner_of(trial));
    struct listed *taker = &trial->orders[trial->count - 1];
    while (taker->remaining > 0) {
        struct listed *maker = next_listed(trial, asked, NULL);

        if (maker == NULL)
            break;
        const bool own = maker->account == asked->account;
        if (own && asked->stp == BTX_STP_CANCEL_TAKER)
            expect_cancel(trial, index++, taker, BTX_CAUSE_SELF_TRADE);
        else if (own && asked->stp == BTX_STP_CANCEL_MAKER)
            expect_cancel(trial, index++, maker, BTX_CAUSE_SELF_TRADE);
        else
            expect_trade(trial, index++, taker, maker);
    }
    if (taker->remaining > 0 && asked->tif != BTX_TIF_GTC)
        expect_cancel(trial, index++, taker,
                      asked->tif == BTX_TIF_IOC ? BTX_CAUSE_IOC : BTX_CAUSE_FOK);
    assert_int_equal(trial->fixture->event_count, index);
    forget_the_gone(trial);
}

static struct asked random_asked(const struct trial *trial, struct btx_random *random)
{
    /* A narrow band on either side of a leaf's border, so that everything meets. */
    struct asked asked = {
        .account = btx_random_between(random, 1, ACCOUNTS),
        .limit = (uint32_t)btx_random_between(random, 59, 68),
        .side = (uint8_t)btx_random_below(random, 2),
        .stp = (enum btx_stp)btx_random_below(random, 3),
        .tif = (enum btx_tif)btx_random_below(random, 3),
        .size = (int64_t)btx_random_between(random, 1, 40) * trial->step,
    };

    /* More rest than leave. */
    if (btx_random_chance(random, 400))
        asked.tif = BTX_TIF_GTC;
    if (asked.tif == BTX_TIF_FOK && btx_random_chance(random, 500))
        asked.min_fill =
            (int64_t)btx_random_between(random, 1, (uint64_t)(asked.size / trial->step)) *
            trial->step;
    return asked;
}

/* What rests on another runner or on the taker's own side is not for it. */
static void place_aside(struct trial *trial, struct btx_random *random)
{
    if (trial->market->kind == BTX_MARKET_KIND_BINARY)
        return;
    const uint64_t order = btx_fixture_place(
        trial->fixture,
        &(struct btx_wish){
            .account = btx_random_between(random, 1, ACCOUNTS),
            .market = MARKET,
            .runner = RUNNER + 1,
            .side = (enum btx_side)btx_random_below(random, 2),
            .price = btx_ladder_price(trial->market, (uint32_t)btx_random_between(random, 59, 68)),
            .size = 5 * trial->step,
            .post_only = true,
        });
    (void)order; /* Where it crosses it is refused: just as well. */
}

static void run_commands(struct trial *trial, uint64_t seed, int count)
{
    struct btx_random random;

    btx_random_init(&random, seed);
    for (int i = 0; i < count; i++) {
        const struct asked asked = random_asked(trial, &random);
        const int64_t wanted = asked.min_fill > 0 ? asked.min_fill : asked.size;
        const bool refused = asked.tif == BTX_TIF_FOK && fillable(trial, &asked) < wanted;

        if (i % 50 == 0)
            place_aside(trial, &random);
        place(trial, &asked);
        if (refused)
            assert_int_equal(btx_fixture_reason(trial->fixture), BTX_REJECT_NOT_FILLABLE);
        else
            expect_events(trial, &asked);
        trial->fixture->arena_used_bytes = (size_t)4 << 20; /* Its events have been read. */
    }
}

/* Priority, prices, self-trade prevention and what is left over: event by event. */
static void match_taker__random_orders_in_odds__every_event_as_walked(void **state)
{
    struct trial trial = new_trial(*state, BTX_MARKET_KIND_ODDS);

    run_commands(&trial, 71, 3000);
}

static void match_taker__random_orders_in_binary__every_event_as_walked(void **state)
{
    struct trial trial = new_trial(*state, BTX_MARKET_KIND_BINARY);

    run_commands(&trial, 72, 3000);
}

/* Fill both sides of the book with orders that rest. */
static void fill_book(struct trial *trial, struct btx_random *random)
{
    const uint8_t bids = trial->market->kind == BTX_MARKET_KIND_ODDS ? BTX_SIDE_LAY : BTX_SIDE_BACK;

    for (int i = 0; i < 60; i++) {
        struct asked asked = random_asked(trial, random);

        asked.tif = BTX_TIF_GTC;
        asked.limit = (uint32_t)btx_random_between(random, 59, 63);
        if (asked.side != bids)
            asked.limit += 5;
        asked.min_fill = 0;
        place(trial, &asked);
        note_accepted(trial, &asked, runner_of(trial));
        assert_int_equal(trial->fixture->event_count, 1);
    }
    place_aside(trial, random);
}

static struct taking taking_of(struct trial *trial, const struct asked *asked)
{
    struct btx_core *core = trial->fixture->core;
    const uint32_t market = slot_of_market(core, trial->market);

    return (struct taking){
        .market = trial->market,
        .runner = btx_find_runner(core, market, runner_of(trial)),
        .position = btx_find_position(
            core, slot_of_account(core, btx_find_account(core, asked->account)), market),
        .limit_index = asked->limit,
        .side = asked->side,
        .stp = (uint8_t)asked->stp,
    };
}

/* One question with every answer near its border. */
static void assert_fillable(struct trial *trial, const struct asked *asked)
{
    const struct btx_core *core = trial->fixture->core;
    const struct taking taking = taking_of(trial, asked);
    const int64_t there = fillable(trial, asked);

    assert_int_equal(btx_would_match(core, &taking), next_listed(trial, asked, NULL) != NULL);
    if (there > 0)
        assert_true(btx_is_fillable(core, &taking, BTX_MONEY_MAX, there));
    if (there > trial->step)
        assert_true(btx_is_fillable(core, &taking, BTX_MONEY_MAX, there - trial->step));
    assert_true(btx_is_fillable(core, &taking, BTX_MONEY_MAX, trial->step) == (there > 0));
    assert_false(btx_is_fillable(core, &taking, BTX_MONEY_MAX, there + trial->step));
    assert_false(btx_is_fillable(core, &taking, BTX_MONEY_MAX, BTX_MONEY_MAX));
}

/* A FOK is refused or filled by this answer alone: each account, one without any order, each
 * form of self-trade prevention, at each limit. */
static void is_fillable__every_taker_of_a_full_book__what_the_walk_gives(void **state)
{
    for (int round = 0; round < 16; round++) {
        struct btx_fixture *fixture = *state;
        struct btx_random random;

        assert_int_equal(btx_fixture_teardown(state), 0);
        assert_int_equal(btx_fixture_setup(state), 0);
        struct trial trial = new_trial(fixture, (uint8_t)(round % 2));
        btx_random_init(&random, 73 + (uint64_t)round);
        fill_book(&trial, &random);
        for (uint64_t account = 1; account <= ACCOUNTS + 1; account++)
            for (uint8_t side = 0; side < BTX_SIDE_COUNT; side++)
                for (uint32_t stp = 0; stp < BTX_STP_COUNT; stp++)
                    for (uint32_t limit = 57; limit <= 70; limit++)
                        assert_fillable(&trial, &(struct asked){.account = account,
                                                                .side = side,
                                                                .stp = (enum btx_stp)stp,
                                                                .limit = limit});
    }
}

/* Nobody there is nothing to match. */
static void would_match__empty_book__false(void **state)
{
    struct trial trial = new_trial(*state, BTX_MARKET_KIND_ODDS);

    for (uint8_t side = 0; side < BTX_SIDE_COUNT; side++) {
        const struct asked asked = {.account = 1, .side = side, .limit = 60};
        const struct taking taking = taking_of(&trial, &asked);

        assert_false(btx_would_match(trial.fixture->core, &taking));
        assert_false(btx_is_fillable(trial.fixture->core, &taking, BTX_MONEY_MAX, trial.step));
    }
}

/* WOULD_MATCH looks at own orders too, whatever the stp (rules.md 5). */
static void would_match__own_order_crosses__true(void **state)
{
    struct trial trial = new_trial(*state, BTX_MARKET_KIND_BINARY);
    struct asked asked = {.account = 1, .side = BTX_SIDE_LAY, .limit = 60, .size = trial.step};

    place(&trial, &asked);
    asked.side = BTX_SIDE_BACK;
    for (uint32_t stp = 0; stp < BTX_STP_COUNT; stp++) {
        asked.stp = (enum btx_stp)stp;
        const struct taking taking = taking_of(&trial, &asked);
        assert_true(btx_would_match(trial.fixture->core, &taking));
    }
}

/* Sizes of one price pass 64 bits long before anybody has spent what one account may have: what is
 * there, and what of it is the taker's own, must not wrap around. */
static void is_fillable__sizes_beyond_64_bits__still_counted(void **state)
{
    static const struct btx_core_capacity capacity = {
        .accounts = 2, .markets = 1, .runners = 1, .orders = 9300, .positions = 2};
    struct btx_wish wish = {
        .account = 1, .market = MARKET, .side = BTX_SIDE_BACK, .price = 1, .size = BTX_MONEY_MAX};
    struct btx_fixture fixture;

    (void)state;
    btx_fixture_open(&fixture, &capacity, 0);
    btx_fixture_open_account(&fixture, 1, BTX_MONEY_MAX - BTX_FIXTURE_ONE);
    btx_fixture_open_account(&fixture, 2, BTX_FIXTURE_ONE);
    btx_fixture_open_binary(&fixture, MARKET, 1);
    const size_t used_bytes = fixture.arena_used_bytes;
    for (int i = 0; i < 9224; i++) {
        assert_true(btx_fixture_place(&fixture, &wish) != 0);
        fixture.arena_used_bytes = used_bytes;
    }
    wish.account = 2;
    wish.size = BTX_DECIMAL_ONE;
    assert_true(btx_fixture_place(&fixture, &wish) != 0);

    struct trial trial = {.fixture = &fixture, .step = BTX_DECIMAL_ONE};
    trial.market = btx_find_market(fixture.core, MARKET);
    struct asked asked = {.account = 2, .side = BTX_SIDE_LAY, .limit = 0};
    struct taking taking = taking_of(&trial, &asked);
    assert_true(btx_is_fillable(fixture.core, &taking, BTX_MONEY_MAX, BTX_MONEY_MAX));
    asked.stp = BTX_STP_CANCEL_TAKER; /* All of them are before the own one. */
    taking = taking_of(&trial, &asked);
    assert_true(btx_is_fillable(fixture.core, &taking, BTX_MONEY_MAX, BTX_MONEY_MAX));
    asked.account = 1;
    asked.stp = BTX_STP_CANCEL_MAKER; /* All but one contract are its own. */
    taking = taking_of(&trial, &asked);
    assert_true(btx_is_fillable(fixture.core, &taking, BTX_MONEY_MAX, BTX_DECIMAL_ONE));
    assert_false(btx_is_fillable(fixture.core, &taking, BTX_MONEY_MAX, 2 * BTX_DECIMAL_ONE));
    btx_fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BTX_IN_FIXTURE(match_taker__random_orders_in_odds__every_event_as_walked),
        BTX_IN_FIXTURE(match_taker__random_orders_in_binary__every_event_as_walked),
        BTX_IN_FIXTURE(is_fillable__every_taker_of_a_full_book__what_the_walk_gives),
        BTX_IN_FIXTURE(would_match__empty_book__false),
        BTX_IN_FIXTURE(would_match__own_order_crosses__true),
        cmocka_unit_test(is_fillable__sizes_beyond_64_bits__still_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
