/* SPDX-License-Identifier: Apache-2.0 */
/* test_load_second.c - what format 2 of saved bytes has beyond format 1: bytes by hand, and each
 * field of them one beyond what a state can be. */
#include "engine/core/core.h"

#include "engine/core/entities.h"
#include "tests/unit/core/picture.h"

#define MARKET UINT64_C(1)
#define RUNNER BTX_FIXTURE_RUNNER
#define ONE BTX_FIXTURE_ONE
#define UNTIL UINT64_C(10001000)
#define STAKED_MAX ((btx_i128)1 << 91)

static const char not_a_market[] = "state: not a valid market";
static const char not_held[] = "state: not a held order, or ids do not ascend";
static const char not_a_stake[] = "state: a stake is out of range or order, or one too many";
static const char text[] = "Gr\xc3\xbc\xc3\x9f"
                           "e";

static struct btx_fixture live;
static struct btx_picture picture;

/* Accounts 1 and 2, and a market in play with four runners: 2 has laid and 1 backed 4 at 2.5 and 6
 * at 3.01 on the first, the last is removed; an order of 1 rests and expires, and one of each is
 * held. */
static void tell(void)
{
    static const struct btx_core_capacity capacity = {.accounts = 2,
                                                      .markets = 1,
                                                      .runners = 4,
                                                      .orders = 4,
                                                      .positions = 2,
                                                      .stakes = 12,
                                                      .description_bytes = 100};
    struct btx_wish wish = {
        .market = MARKET, .runner = RUNNER, .persistence = BTX_PERSISTENCE_PERSIST};

    btx_fixture_open(&live, &capacity, 0);
    btx_fixture_open_account(&live, 1, 1000 * ONE);
    btx_fixture_open_account(&live, 2, 1000 * ONE);
    btx_fixture_open_second(
        &live, MARKET, 4, 1,
        (struct btx_opening){.reductions = true, .finest = true, .bet_delay = 10});
    assert_int_equal(btx_fixture_describe(&live, MARKET, text, strlen(text)), BTX_REJECT_COUNT);
    for (int i = 0; i < 4; i++) {
        wish.account = i % 2 == 0 ? 2 : 1;
        wish.side = i % 2 == 0 ? BTX_SIDE_LAY : BTX_SIDE_BACK;
        wish.price = i < 2 ? 25000 : 30100;
        wish.size = (i < 2 ? 4 : 6) * ONE;
        assert_true(btx_fixture_place(&live, &wish) != 0);
    }
    wish.price = 35000;
    wish.size = ONE;
    wish.expires = 900000;
    assert_int_equal(btx_fixture_place(&live, &wish), 5);
    btx_fixture_remove(&live, MARKET, RUNNER + 3, 0);
    btx_fixture_on_market(&live, BTX_COMMAND_TURN_IN_PLAY, MARKET);
    wish = (struct btx_wish){.account = 2,
                             .market = MARKET,
                             .runner = RUNNER + 1,
                             .side = BTX_SIDE_LAY,
                             .price = 20000,
                             .size = 2 * ONE,
                             .post_only = true,
                             .ref = "held",
                             .expires = 5000000};
    assert_int_equal(btx_fixture_place(&live, &wish), 6);
    wish = (struct btx_wish){.account = 1,
                             .market = MARKET,
                             .runner = RUNNER,
                             .side = BTX_SIDE_BACK,
                             .price = 20000,
                             .size = 3 * ONE,
                             .tif = BTX_TIF_FOK,
                             .min_fill = ONE};
    assert_int_equal(btx_fixture_place(&live, &wish), 7);
}

static struct btx_picture_item a_stake(uint64_t index, uint64_t price, int64_t size)
{
    return (struct btx_picture_item){
        .item = BTX_PICTURE_STAKE, .index = index, .price = price, .size = size};
}

static void draw_orders(struct btx_picture_market *market)
{
    market->books[0].item = BTX_PICTURE_ORDER;
    market->books[0].order = (struct btx_picture_order){.id = 5,
                                                        .account = 1,
                                                        .remaining = ONE,
                                                        .price = 35000,
                                                        .side = BTX_SIDE_BACK,
                                                        .persistence = 1,
                                                        .expires = 900000};
    market->held[0] = (struct btx_picture_item){
        .item = BTX_PICTURE_ORDER, .index = 1, .until = UNTIL, .post_only = 1};
    market->held[0].order = (struct btx_picture_order){.id = 6,
                                                       .account = 2,
                                                       .remaining = 2 * ONE,
                                                       .price = 20000,
                                                       .side = BTX_SIDE_LAY,
                                                       .has_ref = 1,
                                                       .ref_length = 4,
                                                       .ref = "held",
                                                       .expires = 5000000};
    market->held[1] = (struct btx_picture_item){
        .item = BTX_PICTURE_ORDER, .index = 0, .until = UNTIL, .min_fill = ONE};
    market->held[1].order = (struct btx_picture_order){.id = 7,
                                                       .account = 1,
                                                       .remaining = 3 * ONE,
                                                       .price = 20000,
                                                       .side = BTX_SIDE_BACK,
                                                       .tif = BTX_TIF_FOK};
}

static void draw_market(struct btx_picture_market *market)
{
    const struct btx_picture_item positions[] = {
        {.item = BTX_PICTURE_POSITION, .account = 1},
        {.item = BTX_PICTURE_CELL, .index = 0, .win = 180600, .lose = -100000},
        a_stake(0, 25000, 40000),
        a_stake(0, 30100, 60000),
        {.item = BTX_PICTURE_POSITION, .account = 2},
        {.item = BTX_PICTURE_CELL, .index = 0, .win = -180600, .lose = 100000},
        a_stake(0, 25000, -40000),
        a_stake(0, 30100, -60000),
        {.item = BTX_PICTURE_END},
    };

    *market = (struct btx_picture_market){
        .id = MARKET,
        .in_play = 1,
        .ladder = BTX_LADDER_FINEST,
        .winners = 1,
        .min_size = 100,
        .version = 3,
        .bet_delay = 10,
        .reductions = 1,
        .text_said = 7,
        .text_bytes = 7,
        .runner_count = 4,
        .runners = {RUNNER, RUNNER + 1, RUNNER + 2, RUNNER + 3},
        .removed_said = 1,
        .removed = {3},
        .removed_count = 1,
        .matched_count = BTX_COUNT_OF(positions),
        .books_count = 5,
        .held_count = 3,
    };
    memcpy(market->text, text, 7);
    memcpy(market->matched, positions, sizeof positions);
    draw_orders(market);
}

/* The same written down. */
static void draw(void)
{
    const struct btx_core *core = live.core;

    picture = (struct btx_picture){
        .second_stage = true,
        .magic = {'B', 'T', 'X', 'S', 'T', 'A', 'T', 'E'},
        .format = 2,
        .rules_version = 2,
        .seq = core->seq,
        .tx = core->tx,
        .time_ns = core->time_ns,
        .next_order = 8,
        .removals = 1,
        .accounts_said = 3,
        .accounts = {{.id = 0}, {.id = 1, .balance = 1000 * ONE}, {.id = 2, .balance = 1000 * ONE}},
        .account_count = 3,
        .markets_said = 1,
        .market_count = 1,
    };
    draw_market(&picture.markets[0]);
}

static int setup(void **state)
{
    (void)state;
    tell();
    draw();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    btx_fixture_close(&live);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* What load says about the picture, which is drawn anew for the next change. */
static const char *load_picture(void)
{
    static struct btx_fixture loading;
    const struct btx_bytes bytes = btx_picture_write(&picture, &live);

    btx_fixture_open(&loading, &live.capacity, 0);
    const char *wrong = btx_core_load(loading.core, bytes.bytes, bytes.length_bytes);
    if (wrong == NULL)
        btx_bytes_assert_equal(btx_fixture_save(&loading), bytes);
    loading.corrupted = true;
    btx_fixture_close(&loading);
    draw();
    return wrong;
}

static void refuse(const char *sentence)
{
    const char *wrong = load_picture();

    if (wrong == NULL)
        fail_msg("loaded, want: %s", sentence);
    assert_string_equal(wrong, sentence);
}

static void accept(void)
{
    const char *wrong = load_picture();

    if (wrong != NULL)
        fail_msg("refused: %s", wrong);
}

/* The format is a promise to every later version: here it is written once more, by hand. */
static void save__all_of_the_second_stage__bytes_as_documented(void **state)
{
    (void)state;
    btx_bytes_assert_equal(btx_fixture_save(&live), btx_picture_write(&picture, &live));
    accept();
}

/* What is loaded goes on as what was saved: time does the same to both. */
static void load__orders_that_wait__happen_as_before(void **state)
{
    struct btx_fixture loaded;

    (void)state;
    btx_fixture_open(&loaded, &live.capacity, 0);
    const struct btx_bytes saved = btx_fixture_save(&live);
    assert_null(btx_core_load(loaded.core, saved.bytes, saved.length_bytes));
    static const uint64_t times[] = {900000, 5000000, UNTIL};
    for (size_t i = 0; i < BTX_COUNT_OF(times); i++) {
        btx_fixture_tick(&live, times[i]);
        btx_fixture_tick(&loaded, times[i]);
        assert_int_equal(live.event_count, 1);
        assert_int_equal(loaded.event_count, 1);
        assert_memory_equal(live.events[0], loaded.events[0],
                            btx_record_length_bytes(live.events[0]));
    }
    btx_bytes_assert_equal(btx_fixture_save(&loaded), btx_fixture_save(&live));
    btx_fixture_close(&loaded);
}

static void load_market__fields_out_of_range__refused(void **state)
{
    struct btx_picture_market *market = &picture.markets[0];

    (void)state;
    market->version = 0;
    refuse(not_a_market);
    market->bet_delay = BTX_BET_DELAY_MS_MAX + 1;
    refuse(not_a_market);
    market->reductions = 2;
    refuse(not_a_market);
    market->implied = 2;
    refuse(not_a_market);
    market->ladder = BTX_LADDER_COUNT;
    refuse(not_a_market);
    market->text_said = BTX_DESCRIPTION_BYTES_MAX + 1;
    refuse(not_a_market);
    market->implied = 1; /* With reductions. */
    refuse(not_a_market);
    market->reductions = 0;
    market->implied = 1; /* With four runners. */
    refuse(not_a_market);
    market->bet_delay = BTX_BET_DELAY_MS_MAX;
    market->version = UINT64_MAX;
    accept();
    market->bet_delay = 0; /* It has become 0 since. */
    accept();
    market->ladder = BTX_LADDER_CLASSIC; /* 3.01 need not be one of its prices any more. */
    accept();
}

/* Two runners, and nothing in it. */
static void draw_pair(uint8_t implied, uint8_t ladder)
{
    picture.markets[0] = (struct btx_picture_market){.id = MARKET,
                                                     .ladder = ladder,
                                                     .winners = 1,
                                                     .min_size = 100,
                                                     .version = 1,
                                                     .implied = implied,
                                                     .runner_count = 2,
                                                     .runners = {RUNNER, RUNNER + 1},
                                                     .matched_count = 1,
                                                     .books_count = 2,
                                                     .held_count = 1};
}

static void load_market__implied__one_pair_without_reductions(void **state)
{
    (void)state;
    draw_pair(1, BTX_LADDER_FINEST);
    accept();
    draw_pair(2, BTX_LADDER_CLASSIC);
    refuse(not_a_market);
    draw_pair(1, BTX_LADDER_CLASSIC);
    picture.markets[0].reductions = 1;
    refuse(not_a_market);
}

/* The byte of the ladder was always 0 in format 1. */
static void load_market__ladder_in_format_1__refused(void **state)
{
    (void)state;
    for (uint8_t ladder = 0; ladder < BTX_LADDER_COUNT; ladder++) {
        draw_pair(0, ladder);
        picture.second_stage = false;
        picture.format = 1;
        picture.rules_version = 1;
        if (ladder == BTX_LADDER_CLASSIC)
            accept();
        else
            refuse(not_a_market);
    }
}

/* Format 1 has none of it, nor has a binary market. */
static void load_market__binary_with_what_only_odds_have__refused(void **state)
{
    (void)state;
    for (int field = 0; field < 4; field++) {
        picture.markets[0] = (struct btx_picture_market){.id = MARKET,
                                                         .kind = BTX_MARKET_KIND_BINARY,
                                                         .winners = 1,
                                                         .tick = 10,
                                                         .min_size = ONE,
                                                         .version = 1,
                                                         .runner_count = 1,
                                                         .runners = {1},
                                                         .matched_count = 1,
                                                         .books_count = 1,
                                                         .held_count = 1};
        picture.markets[0].reductions = field == 0;
        picture.markets[0].implied = field == 1;
        picture.markets[0].ladder = field == 2;
        if (field < 3)
            refuse(not_a_market);
        else
            accept();
    }
}

static void load_market__description__utf8_within_the_capacity(void **state)
{
    static const char sentence[] = "state: not a description, or more than the capacity";
    struct btx_picture_market *market = &picture.markets[0];

    (void)state;
    market->text[2] = (char)0xff;
    refuse(sentence);
    market->text[6] = (char)0xc3; /* Cut within a character. */
    refuse(sentence);
    memset(market->text, 'x', sizeof market->text);
    market->text_said = 101;
    market->text_bytes = 101;
    refuse(sentence);
    memset(market->text, 'x', sizeof market->text);
    market->text_said = 100;
    market->text_bytes = 100;
    accept();
    market->text_said = 0;
    market->text_bytes = 0;
    accept();
}

static void load_removed__more_than_there_can_be__refused(void **state)
{
    static const char many[] = "state: too many removed runners";
    static const char order[] = "state: removed runners do not ascend";
    struct btx_picture_market *market = &picture.markets[0];

    (void)state;
    picture.removals = 0;
    refuse(many);
    picture.removals = UINT64_MAX; /* Of markets that are forgotten. */
    accept();
    market->removed_said = 3; /* As many as win are left. */
    picture.removals = 3;
    refuse(many);
    market->removed_said = UINT64_MAX;
    picture.removals = UINT64_MAX;
    refuse(many);
    market->removed[0] = 4;
    refuse(order);
    market->removed[0] = UINT64_MAX;
    refuse(order);
    for (uint64_t second = 2; second <= 3; second++) {
        picture.removals = 2;
        market->removed_said = 2;
        market->removed_count = 2;
        market->removed[1] = second; /* Behind 3: twice, or descending. */
        refuse(order);
    }
    picture.removals = 2;
    market->removed_said = 2;
    market->removed_count = 2;
    market->removed[0] = 2;
    market->removed[1] = 3;
    accept();
    market->removed[0] = 0; /* There are bets on it. */
    refuse("position: it has bets on a removed runner");
    market->removed[0] = 1; /* And a held order. */
    refuse("order: on a removed runner, and nothing is about to cancel it");
}

/* The first of the runners that are left is found again: by it the reserve of who has nothing yet
 * is computed. */
static void load_removed__the_first__reserves_as_live(void **state)
{
    struct btx_fixture fixture;
    struct btx_fixture loaded;
    struct btx_account_view views[2];

    (void)state;
    for (uint32_t winners = 1; winners <= 2; winners++) {
        btx_fixture_open(&fixture, &live.capacity, 0);
        btx_fixture_open(&loaded, &live.capacity, 0);
        btx_fixture_open_account(&fixture, 1, 1000 * ONE);
        btx_fixture_open_odds(&fixture, MARKET, 4, winners);
        btx_fixture_remove(&fixture, MARKET, RUNNER, 0);
        const struct btx_bytes saved = btx_fixture_save(&fixture);
        assert_null(btx_core_load(loaded.core, saved.bytes, saved.length_bytes));
        for (uint64_t runner = RUNNER + 1; runner < RUNNER + 4; runner++)
            for (int i = 0; i < 2; i++)
                assert_true(btx_fixture_place(i == 0 ? &fixture : &loaded,
                                              &(struct btx_wish){.account = 1,
                                                                 .market = MARKET,
                                                                 .runner = runner,
                                                                 .side = BTX_SIDE_BACK,
                                                                 .price = 30000,
                                                                 .size = ONE}) != 0);
        assert_true(btx_core_view_account(fixture.core, 1, &views[0]));
        assert_true(btx_core_view_account(loaded.core, 1, &views[1]));
        assert_true(views[0].available == views[1].available);
        assert_null(btx_core_verify(loaded.core));
        btx_fixture_close(&fixture);
        btx_fixture_close(&loaded);
    }
}

static void load_stake__out_of_range_or_order__refused(void **state)
{
    struct btx_picture_item *items = picture.markets[0].matched;

    (void)state;
    items[2].index = 4;
    refuse(not_a_stake);
    items[2].index = UINT64_MAX;
    refuse(not_a_stake);
    items[2].price = 10000;
    refuse(not_a_stake);
    items[3].price = 10000100;
    refuse(not_a_stake);
    items[2].price = 25050;
    refuse(not_a_stake);
    items[2].price = 30100; /* Twice one price. */
    refuse(not_a_stake);
    items[2].price = 30200; /* Descending. */
    refuse(not_a_stake);
    items[2].index = 1; /* Descending by runner. */
    refuse(not_a_stake);
    items[2].size = 0;
    refuse(not_a_stake);
    items[2].size = 40050;
    refuse(not_a_stake);
    items[2].size = STAKED_MAX / 100 * 100 + 100;
    refuse(not_a_stake);
    items[2].size = -(STAKED_MAX / 100 * 100) - 100;
    refuse(not_a_stake);
    items[0] = items[2]; /* Nobody's. */
    refuse(not_a_stake);
    picture.markets[0].reductions = 0;
    refuse(not_a_stake);
    items[2].size += 100;
    refuse("position: its stakes do not make its profit");
    items[1].win += 100;
    items[5].win -= 100;
    refuse("position: its stakes do not make its profit");
}

/* However many there are, their sum is one that factors cannot make overflow. */
static void load_stake__more_than_all_orders_together__refused(void **state)
{
    struct btx_picture_item *items = picture.markets[0].matched;

    (void)state;
    items[2].size = STAKED_MAX / 10000 * 5000;
    items[3].size = -(STAKED_MAX / 10000 * 5200);
    refuse("state: more staked than all orders together");
    items[2].size = STAKED_MAX / 10000 * 5000;
    items[3].size = STAKED_MAX / 10000 * 5200;
    refuse("state: more staked than all orders together");
}

/* A position's profits come before its stakes, and one of both is there. */
static void load_position__items_of_it__in_their_order(void **state)
{
    struct btx_picture_item *items = picture.markets[0].matched;
    const struct btx_picture_item cell = items[1];

    (void)state;
    items[1] = items[2];
    items[2] = cell;
    refuse("state: a profit is out of range or order");
    for (int i = 1; i < 6; i++)
        items[i] = items[i + 3];
    picture.markets[0].matched_count = 6;
    refuse("state: a position without a profit");
}

/* W and X of nothing, but stakes that factors may part: a position has them alone. */
static void load_position__stakes_without_a_profit__accepted(void **state)
{
    struct btx_picture_market *market = &picture.markets[0];

    (void)state;
    live.capacity.stakes = 30;
    uint32_t count = 0;
    for (uint64_t account = 1; account <= 2; account++) {
        const int64_t size = account == 1 ? 100 : -100;

        market->matched[count++] =
            (struct btx_picture_item){.item = BTX_PICTURE_POSITION, .account = account};
        for (uint64_t index = 0; index < 2; index++) {
            const uint64_t price = index == 0 ? 20000 : 11000; /* By runner, then by price. */
            market->matched[count++] = a_stake(index, price, size);
            market->matched[count++] = a_stake(index, price + 1000, -2 * size);
            market->matched[count++] = a_stake(index, price + 2000, size);
        }
    }
    market->matched[count++] = (struct btx_picture_item){.item = BTX_PICTURE_END};
    market->matched_count = count;
    picture.markets[0].books[0] = (struct btx_picture_item){.item = BTX_PICTURE_END};
    picture.markets[0].books_count = 4;
    accept();
}

static void load_stakes__capacity__with_what_live_orders_set_aside(void **state)
{
    (void)state;
    live.capacity.stakes = 10; /* Four, and two for each of the three orders. */
    accept();
    live.capacity.stakes = 9;
    refuse(not_held);
    live.capacity.stakes = 5;
    refuse("state: not a resting order, or prices do not ascend");
    live.capacity.stakes = 3;
    refuse(not_a_stake);
}

static void load_order__expires__time_and_only_gtc(void **state)
{
    struct btx_picture_market *market = &picture.markets[0];

    (void)state;
    market->books[0].order.expires = BTX_TIME_NS_MAX + 1;
    refuse("state: not a resting order, or prices do not ascend");
    market->books[0].order.expires = BTX_TIME_NS_MAX;
    accept();
    market->books[0].order.expires = 0;
    accept();
    market->books[0].order.expires = 1; /* It fell due, and is done with the next command. */
    accept();
    market->held[1].order.expires = 900000;
    refuse(not_held);
    market->held[0].order.expires = 0;
    accept();
}

static void load_held__out_of_range_or_order__refused(void **state)
{
    struct btx_picture_market *market = &picture.markets[0];
    struct btx_picture_item *held = market->held;
    const struct btx_picture_item first = held[0];

    (void)state;
    held[0].item = BTX_PICTURE_CELL;
    held[0].index = BTX_PICTURE_END; /* What would end the list, if anybody looked further. */
    refuse(not_held);
    held[0].index = 4;
    refuse(not_held);
    held[0].index = UINT64_MAX;
    refuse(not_held);
    held[0].until = 0;
    refuse(not_held);
    held[0].until = BTX_UNTIL_NS_MAX + 1;
    refuse(not_held);
    held[0].until = BTX_UNTIL_NS_MAX;
    accept();
    held[0].until = 1;
    accept();
    held[0].post_only = 2;
    refuse(not_held);
    held[0].order.tif = BTX_TIF_IOC; /* And post_only. */
    held[0].order.expires = 0;
    refuse(not_held);
    held[0].min_fill = 100; /* And GTC. */
    refuse(not_held);
    held[1].min_fill = -100;
    refuse(not_held);
    held[1].min_fill = 50;
    refuse(not_held);
    held[1].min_fill = 3 * ONE + 100;
    refuse(not_held);
    held[1].min_fill = 3 * ONE;
    accept();
    held[1].min_fill = 0;
    accept();
    held[1].order.remaining = 0;
    refuse(not_held);
    held[0] = held[1];
    held[1] = first;
    refuse(not_held);
    held[1].order.id = 6;
    refuse(not_held);
    held[1].order.id = 5; /* That of the one that rests. */
    refuse(not_held);
    market->in_play = 0;
    refuse(not_held);
}

/* One form for one state: whatever is loaded with one byte changed is saved as it was loaded. */
static void load__any_byte_changed__refused_or_saved_the_same(void **state)
{
    static struct btx_fixture loading;
    const struct btx_bytes bytes = btx_picture_write(&picture, &live);
    uint32_t loaded = 0;

    (void)state;
    btx_fixture_open(&loading, &live.capacity, 0);
    for (size_t at = 0; at < bytes.length_bytes; at++)
        for (uint32_t change = 1; change < 256; change += change < 4 ? 1 : change) {
            const uint8_t kept = bytes.bytes[at];

            bytes.bytes[at] ^= (uint8_t)change;
            if (btx_fixture_load(&loading, bytes.bytes, bytes.length_bytes) == NULL) {
                const size_t used_bytes = loading.arena_used_bytes;

                btx_bytes_assert_equal(btx_fixture_save(&loading), bytes);
                loading.arena_used_bytes = used_bytes;
                loaded++;
            }
            bytes.bytes[at] = kept;
        }
    print_message("%u changes were loaded\n", loaded);
    assert_true(loaded > 100);
    loading.corrupted = true;
    btx_fixture_close(&loading);
}

static void load__every_truncation__refused(void **state)
{
    static struct btx_fixture loading;
    const struct btx_bytes bytes = btx_fixture_save(&live);

    (void)state;
    btx_fixture_open(&loading, &live.capacity, 0);
    for (size_t length = 1; length < bytes.length_bytes; length++) {
        const char *wrong = btx_fixture_load(&loading, bytes.bytes, length);

        if (wrong == NULL || strcmp(wrong, "state: it ends too early") != 0)
            fail_msg("%zu of %zu bytes: %s", length, bytes.length_bytes,
                     wrong == NULL ? "loaded" : wrong);
    }
    loading.corrupted = true;
    btx_fixture_close(&loading);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(save__all_of_the_second_stage__bytes_as_documented),
        TEST(load__orders_that_wait__happen_as_before),
        TEST(load_market__fields_out_of_range__refused),
        TEST(load_market__implied__one_pair_without_reductions),
        TEST(load_market__ladder_in_format_1__refused),
        TEST(load_market__binary_with_what_only_odds_have__refused),
        TEST(load_market__description__utf8_within_the_capacity),
        TEST(load_removed__more_than_there_can_be__refused),
        TEST(load_removed__the_first__reserves_as_live),
        TEST(load_stake__out_of_range_or_order__refused),
        TEST(load_stake__more_than_all_orders_together__refused),
        TEST(load_position__items_of_it__in_their_order),
        TEST(load_position__stakes_without_a_profit__accepted),
        TEST(load_stakes__capacity__with_what_live_orders_set_aside),
        TEST(load_order__expires__time_and_only_gtc),
        TEST(load_held__out_of_range_or_order__refused),
        TEST(load__any_byte_changed__refused_or_saved_the_same),
        TEST(load__every_truncation__refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
