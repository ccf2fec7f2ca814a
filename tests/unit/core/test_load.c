/* SPDX-License-Identifier: Apache-2.0 */
/* test_load.c - saved bytes: what they are, that they come back, and what is refused.
 *
 * Snapshots lie on disks and travel: load must refuse, with a sentence, whatever is not exactly
 * what save writes for a state that holds together. */
#include "engine/core/core.h"

#include "engine/base/sha256.h"
#include "engine/core/entities.h"
#include "engine/core/rules_version.h"
#include "tests/unit/core/picture.h"
#include "tests/unit/core/stories.h"

#define RUNNER BTX_FIXTURE_RUNNER
#define ONE BTX_FIXTURE_ONE
#define PROFIT_MAX ((btx_i128)1 << 100)

/* Of every test: the picture of the scene, to be changed. */
static struct btx_picture picture;

static int setup(void **state)
{
    assert_int_equal(btx_scene_setup(state), 0);
    btx_picture_of_scene(&picture, *state);
    return 0;
}

/* The same in format 1. */
static int setup_first(void **state)
{
    assert_int_equal(btx_scene_setup_first(state), 0);
    btx_picture_of_scene(&picture, *state);
    return 0;
}

#define IN_SETUP(test) cmocka_unit_test_setup_teardown(test, setup, btx_scene_teardown)
/* What holds for both formats alike. */
#define IN_BOTH_FORMATS(test)                                                                      \
    IN_SETUP(test),                                                                                \
    {                                                                                              \
#test " (format 1)", test, setup_first, btx_scene_teardown, NULL                           \
    }

/* What load says about the picture; and the picture is drawn anew for the next change. */
static const char *load_picture(struct btx_scene *scene)
{
    static struct btx_fixture loading;
    const struct btx_bytes bytes = btx_picture_write(&picture, &scene->fixture);

    btx_fixture_open(&loading, &scene->fixture.capacity, 0);
    const char *wrong = btx_core_load(loading.core, bytes.bytes, bytes.length_bytes);
    if (wrong == NULL)
        btx_bytes_assert_equal(btx_fixture_save(&loading), bytes);
    loading.corrupted = true;
    btx_fixture_close(&loading);
    btx_picture_of_scene(&picture, scene);
    return wrong;
}

static void refuse(struct btx_scene *scene, const char *sentence)
{
    const char *wrong = load_picture(scene);

    if (wrong == NULL)
        fail_msg("loaded, want: %s", sentence);
    assert_string_equal(wrong, sentence);
}

static void accept(struct btx_scene *scene)
{
    const char *wrong = load_picture(scene);

    if (wrong != NULL)
        fail_msg("refused: %s", wrong);
}

/* The format is a promise to every later version: here it is written once more, by hand. */
static void save__the_scene__bytes_as_documented(void **state)
{
    struct btx_scene *scene = *state;

    btx_bytes_assert_equal(btx_fixture_save(&scene->fixture),
                           btx_picture_write(&picture, &scene->fixture));
    accept(scene);
}

/* Put @order into the book of the picture's first runner, last of its price. */
static void draw_order(struct btx_picture_order order)
{
    struct btx_picture_market *market = &picture.markets[0];
    uint32_t at = 0;

    while (market->books[at].item == BTX_PICTURE_ORDER &&
           market->books[at].order.price <= order.price)
        at++;
    for (uint32_t i = market->books_count; i > at; i--)
        market->books[i] = market->books[i - 1];
    market->books[at] = (struct btx_picture_item){.item = BTX_PICTURE_ORDER, .order = order};
    market->books_count++;
}

/* Everything that an order keeps of its command is saved, in queues and across leaves. */
static void save__orders_of_every_form__bytes_as_documented(void **state)
{
    static const struct {
        uint64_t price;
        enum btx_side side;
        enum btx_persistence persistence;
        enum btx_stp stp;
        const char *ref;
    } rows[] = {
        {31000, BTX_SIDE_BACK, BTX_PERSISTENCE_PERSIST, BTX_STP_CANCEL_MAKER, "a ref"},
        {31000, BTX_SIDE_BACK, BTX_PERSISTENCE_LAPSE, BTX_STP_CANCEL_TAKER, ""},
        {10000000, BTX_SIDE_BACK, BTX_PERSISTENCE_LAPSE, BTX_STP_NONE, NULL},
        {10100, BTX_SIDE_LAY, BTX_PERSISTENCE_LAPSE, BTX_STP_NONE, NULL},
    };
    struct btx_scene *scene = *state;

    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++)
        assert_true(btx_fixture_place(&scene->fixture,
                                      &(struct btx_wish){.account = 2,
                                                         .market = BTX_SCENE_MARKET,
                                                         .runner = RUNNER,
                                                         .side = rows[i].side,
                                                         .price = rows[i].price,
                                                         .size = 100 * (int64_t)(i + 1),
                                                         .persistence = rows[i].persistence,
                                                         .stp = rows[i].stp,
                                                         .ref = rows[i].ref}) != 0);
    btx_picture_of_scene(&picture, scene);
    picture.next_order = 9;
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        struct btx_picture_order order = {.id = 5 + i,
                                          .account = 2,
                                          .remaining = 100 * (int64_t)(i + 1),
                                          .price = (uint32_t)rows[i].price,
                                          .side = (uint8_t)rows[i].side,
                                          .persistence = (uint8_t)rows[i].persistence,
                                          .stp = (uint8_t)rows[i].stp,
                                          .has_ref = rows[i].ref != NULL};
        if (rows[i].ref != NULL) {
            order.ref_length = (uint8_t)strlen(rows[i].ref);
            memcpy(order.ref, rows[i].ref, order.ref_length);
        }
        draw_order(order);
    }
    btx_bytes_assert_equal(btx_fixture_save(&scene->fixture),
                           btx_picture_write(&picture, &scene->fixture));
    accept(scene);
}

/* A position with bets on several runners is named once. */
static void save__bets_on_several_runners__bytes_as_documented(void **state)
{
    struct btx_scene *scene = *state;
    struct btx_wish wish = {.account = 1,
                            .market = BTX_SCENE_MARKET,
                            .runner = RUNNER + 2,
                            .side = BTX_SIDE_BACK,
                            .price = 30000,
                            .size = ONE};

    assert_true(btx_fixture_place(&scene->fixture, &wish) != 0);
    wish.account = 2;
    wish.side = BTX_SIDE_LAY;
    assert_true(btx_fixture_place(&scene->fixture, &wish) != 0);
    btx_picture_of_scene(&picture, scene);
    picture.next_order = 7;
    struct btx_picture_item *items = picture.markets[0].matched;
    items[6] = items[4];
    items[5] = (struct btx_picture_item){
        .item = BTX_PICTURE_CELL, .index = 2, .win = -2 * ONE, .lose = ONE};
    items[4] = items[3];
    items[3] = items[2];
    items[2] = (struct btx_picture_item){
        .item = BTX_PICTURE_CELL, .index = 2, .win = 2 * ONE, .lose = -ONE};
    picture.markets[0].matched_count = 7;
    btx_bytes_assert_equal(btx_fixture_save(&scene->fixture),
                           btx_picture_write(&picture, &scene->fixture));
}

/* A market that was forgotten leaves nothing in the bytes; one with the least id is one. */
static void save__market_forgotten__not_in_the_bytes(void **state)
{
    struct btx_scene *scene = *state;

    btx_fixture_on_market(&scene->fixture, BTX_COMMAND_FORGET_MARKET, BTX_SCENE_CLOSED);
    btx_picture_of_scene(&picture, scene);
    picture.markets_said = 2;
    picture.market_count = 2;
    btx_bytes_assert_equal(btx_fixture_save(&scene->fixture),
                           btx_picture_write(&picture, &scene->fixture));
    btx_picture_of_scene(&picture, scene);
    picture.markets[0].id = 1;
    accept(scene);
}

/* Whatever the capacities: the digest of equal logs must be equal. */
static void save__loaded_with_other_capacities__equal_bytes(void **state)
{
    static const struct btx_core_capacity exact = {
        .accounts = 3, .markets = 3, .runners = 6, .orders = 2, .positions = 2};
    static const struct btx_core_capacity ample = {
        .accounts = 1000, .markets = 77, .runners = 5000, .orders = 3333, .positions = 900};
    struct btx_scene *scene = *state;
    const struct btx_bytes saved = btx_fixture_save(&scene->fixture);
    struct btx_fixture other;

    btx_fixture_open(&other, &exact, 0);
    assert_null(btx_core_load(other.core, saved.bytes, saved.length_bytes));
    btx_bytes_assert_equal(btx_fixture_save(&other), saved);
    btx_fixture_close(&other);
    btx_fixture_open(&other, &ample, 0);
    assert_null(btx_core_load(other.core, saved.bytes, saved.length_bytes));
    btx_bytes_assert_equal(btx_fixture_save(&other), saved);
    btx_fixture_close(&other);
}

/* One less of anything is refused, not overrun. */
static void load__one_capacity_too_small__refused(void **state)
{
    static const struct btx_core_capacity exact = {
        .accounts = 3, .markets = 3, .runners = 6, .orders = 2, .positions = 2};
    struct btx_scene *scene = *state;
    const struct btx_bytes saved = btx_fixture_save(&scene->fixture);

    for (int field = 0; field < 5; field++) {
        struct btx_core_capacity less = exact;
        struct btx_fixture other;

        less.accounts -= field == 0;
        less.markets -= field == 1;
        less.runners -= field == 2;
        less.orders -= field == 3;
        less.positions -= field == 4;
        btx_fixture_open(&other, &less, 0);
        assert_non_null(btx_core_load(other.core, saved.bytes, saved.length_bytes));
        other.corrupted = true;
        btx_fixture_close(&other);
    }
}

/* Every state there is a story of comes back, and is itself. */
static void load__each_story__round_trips(void **state)
{
    (void)state;
    for (uint32_t story = 0; story < BTX_STORY_COUNT; story++) {
        struct btx_fixture live;
        struct btx_fixture loaded;

        print_message("%s\n", btx_story_name((enum btx_story)story));
        btx_story_open(&live);
        btx_story_tell(&live, (enum btx_story)story);
        btx_story_open(&loaded);
        const struct btx_bytes saved = btx_fixture_save(&live);
        assert_null(btx_fixture_load(&loaded, saved.bytes, saved.length_bytes));
        btx_bytes_assert_equal(btx_fixture_save(&loaded), saved);
        assert_int_equal(btx_core_pending(loaded.core) != NULL, story != BTX_STORY_QUIET);
        btx_fixture_close(&live);
        btx_fixture_close(&loaded);
    }
}

/* The digests of the stories as the program that knew rules version 1 only made them. */
static const char *const first_digests[BTX_STORY_COUNT] = {
    [BTX_STORY_QUIET] = "b65f12eb3b559132f921fd40c6806ed1e590e2b9f506854fb850e69e82a018aa",
    [BTX_STORY_PLACE_GTC] = "abb0e72be10a79125b2644e6ad170e732f89faa1a8f2454d36f5218656834808",
    [BTX_STORY_PLACE_IOC] = "b3142005e6fb7e25e3f337cabf940db7209ae42c0e49496fc226bff3432b43d7",
    [BTX_STORY_REPLACE] = "36dbc8f27642f453a32a042d77e974410e0f8bc71279e34bbff4b2497f4444d9",
    [BTX_STORY_SELF_TRADE] = "505a3c3eea4d0d328524ae8afb48d25b959242ee3477ef7d8534689975a14425",
    [BTX_STORY_TURN_IN_PLAY] = "47914fd407612c49d6eb120a9ac0a845e5f607fd38d53f4f27fc0165be2aaad9",
    [BTX_STORY_FREEZE] = "9552b19593294460698aa4eeae91d6af8641bb2178ab8ff624918e2c22babf5a",
    [BTX_STORY_CANCEL_ACCOUNT] = "01569241640871697d8a12ee1c6bae6adea2ddbdbe4ae8734d9f9db8e5a1de6a",
    [BTX_STORY_CANCEL_MARKET] = "9856ad2327593ca8970d2a4bb4ef0a240bd5dc393cc12780c5f4b15a5350f4db",
    [BTX_STORY_CANCEL_ALL] = "2737d1e2055d0e54f514cdd47823e28a6bd943ba89d21d9a79cc36b23608f0dd",
    [BTX_STORY_VOID] = "082271d70adb053defbaf1403ed1c639d6738709a32d72cb5fc9f9716f4ecb1b",
    [BTX_STORY_SETTLE_ORDERS] = "9d199a9f6714db309e1850694daf4f651e8d01194692c454bacde5bfafe0e272",
    [BTX_STORY_SETTLE_MANY] = "82cbfdd03bd4343b393db4e63a22445b3022cf128f1b1ae317037652fd3471b5",
    [BTX_STORY_SETTLE_ACCOUNTS] =
        "b10c0f6851ec1746090ddd3b818405bbe6dbb1df310c3099662dc0554bc0e00c",
};

/* A log of rules version 1 has the digests that it was written with, for ever. */
static void save__each_story_by_the_first_rules__digests_of_its_time(void **state)
{
    struct btx_sha256 sha256 = {0};
    struct btx_fault fault;

    (void)state;
    assert_int_equal(btx_sha256_init(&sha256, &fault), BTX_OK);
    for (uint32_t story = 0; story < BTX_STORY_COUNT; story++) {
        struct btx_fixture fixture;
        uint8_t digest[BTX_SHA256_BYTES];
        char text[BTX_SHA256_HEX_BYTES];

        print_message("%s\n", btx_story_name((enum btx_story)story));
        btx_story_open(&fixture);
        fixture.core->decide_by = 1;
        btx_story_tell(&fixture, (enum btx_story)story);
        const struct btx_bytes saved = btx_fixture_save(&fixture);
        btx_sha256_update(&sha256, saved.bytes, saved.length_bytes);
        btx_sha256_final(&sha256, digest);
        btx_sha256_hex(digest, text);
        assert_string_equal(text, first_digests[story]);
        assert_null(btx_fixture_load(&fixture, saved.bytes, saved.length_bytes));
        btx_bytes_assert_equal(btx_fixture_save(&fixture), saved);
        btx_fixture_close(&fixture);
    }
    btx_sha256_done(&sha256);
}

/* A file cut short anywhere is not a smaller state. */
static void load__every_truncation__refused(void **state)
{
    static const enum btx_story stories[] = {BTX_STORY_QUIET, BTX_STORY_FREEZE,
                                             BTX_STORY_SETTLE_ORDERS};

    (void)state;
    for (size_t s = 0; s < BTX_COUNT_OF(stories); s++) {
        struct btx_fixture live;
        struct btx_fixture loading;

        btx_story_open(&live);
        btx_story_tell(&live, stories[s]);
        btx_story_open(&loading);
        const struct btx_bytes saved = btx_fixture_save(&live);
        for (size_t length = 0; length < saved.length_bytes; length++) {
            const char *wrong = btx_fixture_load(&loading, saved.bytes, length);

            if (wrong == NULL)
                fail_msg("loaded: %zu of %zu bytes", length, saved.length_bytes);
            if (length > 0 && strcmp(wrong, "state: it ends too early") != 0)
                fail_msg("%zu of %zu bytes: %s", length, saved.length_bytes, wrong);
        }
        assert_null(btx_fixture_load(&loading, saved.bytes, saved.length_bytes));
        btx_fixture_close(&live);
        btx_fixture_close(&loading);
    }
}

static void load__bytes_behind_the_end__refused(void **state)
{
    struct btx_scene *scene = *state;
    struct btx_bytes bytes = btx_picture_write(&picture, &scene->fixture);

    bytes.length_bytes++; /* A zero. */
    assert_string_equal(btx_fixture_load(&scene->fixture, bytes.bytes, bytes.length_bytes),
                        "state: more bytes than a state has");
    scene->fixture.corrupted = true;
}

/* One form for one state: whatever is loaded with one byte changed is saved as it was loaded. */
static void load__any_byte_changed__refused_or_saved_the_same(void **state)
{
    struct btx_scene *scene = *state;
    static struct btx_fixture loading;
    const struct btx_bytes bytes = btx_picture_write(&picture, &scene->fixture);
    uint32_t loaded = 0;

    btx_fixture_open(&loading, &scene->fixture.capacity, 0);
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
    assert_true(loaded > 100); /* Ids, numbers and times may be others. */
    loading.corrupted = true;
    btx_fixture_close(&loading);
}

static void load_counters__not_this_format_rules_or_shard__refused(void **state)
{
    struct btx_scene *scene = *state;

    picture.magic[7] = 'X';
    refuse(scene, "state: not a state");
    picture.format = 3 - picture.format;
    refuse(scene, "state: not a state of this format");
    picture.format = 3;
    refuse(scene, "state: not a state of this format");
    picture.rules_version = 0;
    refuse(scene, "state: made by newer rules");
    picture.rules_version = BTX_RULES_VERSION + 1;
    refuse(scene, "state: made by newer rules");
    picture.shard = 1;
    refuse(scene, "state: of another shard");
}

static void load_counters__out_of_range__refused(void **state)
{
    static const char sentence[] = "state: its counters are out of range";
    struct btx_scene *scene = *state;

    picture.time_ns = BTX_TIME_NS_MAX + 1;
    refuse(scene, sentence);
    picture.tx = picture.seq + 1;
    refuse(scene, sentence);
    picture.next_order = 0;
    refuse(scene, sentence);
    picture.next_order = (UINT64_C(1) << BTX_CORE_SHARD_BITS) + 2;
    refuse(scene, sentence);
    picture.next_order = (UINT64_C(1) << BTX_CORE_SHARD_BITS) + 1; /* None is left. */
    refuse(scene, sentence);
    picture.next_order = UINT64_C(1) << BTX_CORE_SHARD_BITS;
    picture.time_ns = BTX_TIME_NS_MAX;
    picture.tx = picture.seq;
    accept(scene);
}

static void load_accounts__count_or_order__refused(void **state)
{
    struct btx_scene *scene = *state;

    picture.accounts_said = 0;
    refuse(scene, "state: more accounts than the capacity");
    picture.accounts_said = 6; /* Four and the house are the capacity. */
    refuse(scene, "state: more accounts than the capacity");
    picture.accounts_said = UINT64_MAX;
    refuse(scene, "state: more accounts than the capacity");
    picture.accounts[0].id = 1;
    refuse(scene, "state: the house is missing");
    picture.accounts[2].id = 1;
    refuse(scene, "state: accounts do not ascend");
    picture.accounts[1].id = 0;
    refuse(scene, "state: accounts do not ascend");
    picture.accounts[3].id = 1;
    refuse(scene, "state: accounts do not ascend");
}

static void load_accounts__balance_or_frozen_out_of_range__refused(void **state)
{
    struct btx_scene *scene = *state;

    picture.accounts[2].balance = BTX_MONEY_MAX + 1;
    refuse(scene, "state: a balance is out of range");
    picture.accounts[2].balance = -BTX_MONEY_MAX - 1;
    refuse(scene, "state: a balance is out of range");
    for (int i = 0; i < 4; i++) {
        picture.accounts[i].frozen = 2;
        refuse(scene, "state: an account is neither frozen nor not");
    }
    picture.accounts[2].balance = 0; /* It has orders. */
    refuse(scene, "account: less than nothing is available");
    picture.accounts[3].balance = BTX_MONEY_MAX;
    refuse(scene, "accounts: their sum is wrong, or over the limit");
    picture.accounts[3].balance = 0;
    accept(scene);
}

/* The house never trades, is never frozen and consumes nothing. */
static void load_accounts__house_with_a_client_s_fields__refused(void **state)
{
    struct btx_scene *scene = *state;

    for (int field = 0; field < 3; field++) {
        struct btx_picture_account *house = &picture.accounts[0];

        house->cseq = field == 0;
        house->transfer = field == 1;
        house->frozen = field == 2;
        refuse(scene, "state: the house has what only clients have");
    }
    picture.accounts[0].balance = -5 * ONE;
    accept(scene);
    picture.accounts[0].balance = PROFIT_MAX; /* What it earns has no bound in 64 bits. */
    accept(scene);
    picture.accounts[0].balance = PROFIT_MAX + 1;
    refuse(scene, "state: a balance is out of range");
    picture.accounts[0].balance = -PROFIT_MAX - 1;
    refuse(scene, "state: a balance is out of range");
}

static void load_markets__count_or_order__refused(void **state)
{
    struct btx_scene *scene = *state;

    picture.markets_said = 5;
    refuse(scene, "state: more markets than the capacity");
    picture.markets_said = UINT64_MAX;
    refuse(scene, "state: more markets than the capacity");
    picture.markets[0].id = 0;
    refuse(scene, "state: markets do not ascend");
    picture.markets[1].id = BTX_SCENE_MARKET;
    refuse(scene, "state: markets do not ascend");
    picture.markets[2].id = 1;
    refuse(scene, "state: markets do not ascend");
}

/* Each number of a market one beyond its range. */
static void load_market__not_a_market__refused(void **state)
{
    static const char sentence[] = "state: not a valid market";
    struct btx_scene *scene = *state;
    struct btx_picture_market *odds = &picture.markets[0];
    struct btx_picture_market *binary = &picture.markets[1];

    odds->kind = 2;
    refuse(scene, sentence);
    odds->status = 3;
    refuse(scene, sentence);
    odds->in_play = 2;
    refuse(scene, sentence);
    odds->ladder = 2;
    refuse(scene, sentence);
    odds->commission = 10001;
    refuse(scene, sentence);
    odds->min_size = 0;
    refuse(scene, sentence);
    odds->min_size = -100;
    refuse(scene, sentence);
    odds->min_size = 150;
    refuse(scene, sentence);
    odds->min_size = BTX_MONEY_MAX + 100;
    refuse(scene, sentence);
    odds->winners = 0;
    refuse(scene, sentence);
    odds->winners = 3;
    refuse(scene, sentence);
    odds->tick = 10;
    refuse(scene, sentence);
    odds->runners[1] = 0;
    refuse(scene, sentence);
    odds->runners[2] = RUNNER;
    refuse(scene, sentence);
    binary->runners[0] = 2;
    refuse(scene, sentence);
    binary->winners = 2;
    refuse(scene, sentence);
    binary->tick = 20;
    refuse(scene, sentence);
    binary->tick = 0;
    refuse(scene, sentence);
    binary->min_size = 100;
    refuse(scene, sentence);
    binary->runner_count = 2;
    binary->runners[1] = 2;
    refuse(scene, sentence);
}

/* The ends of the ranges belong to them. */
static void load_market__at_its_limits__accepted(void **state)
{
    struct btx_scene *scene = *state;

    picture.markets[0].commission = 10000;
    picture.markets[0].min_size = BTX_MONEY_MAX;
    picture.markets[0].in_play = 1;
    picture.markets[0].status = 1;
    picture.markets[0].winners = 2;
    picture.markets[1].tick = 1;
    picture.markets[1].min_size = BTX_MONEY_MAX;
    picture.markets[2].commission = 0;
    accept(scene);
}

static void load_runners__none_or_too_many__refused(void **state)
{
    static const char sentence[] = "state: more runners than the capacity";
    struct btx_scene *scene = *state;

    picture.markets[0].runner_count = 0;
    refuse(scene, sentence);
    picture.markets[0].runner_count = 513;
    refuse(scene, sentence);
    picture.markets[0].runner_count = 11; /* 10 is the capacity. */
    refuse(scene, sentence);
    picture.markets[2].runner_count = 7; /* 6 of it are left. */
    refuse(scene, sentence);
    picture.markets[0].runner_count = UINT64_MAX;
    refuse(scene, sentence);
}

/* One list of positions, ascending, each profit once: or two files would be one state. */
static void load_positions__not_in_canonical_form__refused(void **state)
{
    static const char sentence[] = "state: positions do not ascend";
    struct btx_scene *scene = *state;
    struct btx_picture_item *items = picture.markets[0].matched;

    items[0].item = 5;
    refuse(scene, "state: an unknown item");
    items[0].item = BTX_PICTURE_ORDER;
    refuse(scene, "state: an unknown item");
    items[2].account = 1;
    refuse(scene, sentence);
    items[0].account = 3;
    refuse(scene, sentence);
    items[0].account = 0; /* The house. */
    refuse(scene, sentence);
    items[2].account = 77;
    refuse(scene, "state: no such account, or more positions than the capacity");
}

static void load_cell__out_of_range_or_order__refused(void **state)
{
    static const char sentence[] = "state: a profit is out of range or order";
    struct btx_scene *scene = *state;
    struct btx_picture_market *market = &picture.markets[0];
    struct btx_picture_item *items = market->matched;

    items[1].index = 3;
    refuse(scene, sentence);
    items[1].index = UINT64_MAX;
    refuse(scene, sentence);
    items[1].win = PROFIT_MAX + 1;
    refuse(scene, sentence);
    items[1].win = -PROFIT_MAX - 1;
    refuse(scene, sentence);
    items[1].lose = PROFIT_MAX + 1;
    refuse(scene, sentence);
    items[1].lose = -PROFIT_MAX - 1;
    refuse(scene, sentence);
    items[1].win = 0;
    items[1].lose = 0;
    refuse(scene, sentence);
    items[0] = items[1]; /* Nobody's. */
    refuse(scene, sentence);
    items[4] = items[3]; /* Twice. */
    items[5] = (struct btx_picture_item){.item = BTX_PICTURE_END};
    market->matched_count = 6;
    refuse(scene, sentence);
    for (int zero = 0; zero < 2; zero++) {
        for (int i = 1; i <= 3; i += 2)
            *(zero == 0 ? &items[i].win : &items[i].lose) = 0;
        accept(scene); /* One of both is a profit. */
    }
    items[4] = items[3]; /* The greater index first. */
    items[3].index = 1;
    items[5] = (struct btx_picture_item){.item = BTX_PICTURE_END};
    market->matched_count = 6;
    refuse(scene, sentence);
}

/* What was won must have been lost by somebody, or a settlement would pay it out of nothing. */
static void load_cell__profits_not_zero_together__refused(void **state)
{
    static const char sentence[] = "market: what its accounts won and lost is not zero together";
    struct btx_scene *scene = *state;

    picture.markets[0].matched[3].win++;
    refuse(scene, sentence);
    picture.markets[0].matched[1].lose--;
    refuse(scene, sentence);
    picture.markets[0].matched[3].index = 1;
    refuse(scene, sentence);
}

/* Positions without a bet come with their orders: save does not write them, not even where there
 * is an order. */
static void load_position__without_a_profit__refused(void **state)
{
    static const char sentence[] = "state: a position without a profit";
    struct btx_scene *scene = *state;
    struct btx_picture_market *market = &picture.markets[0];

    market->matched[3] = market->matched[4];
    market->matched_count = 4;
    refuse(scene, sentence); /* Account 2's, at the end. */
    for (int i = 1; i < 4; i++)
        market->matched[i] = market->matched[i + 1];
    market->matched_count = 4;
    refuse(scene, sentence); /* Account 1's, before another one. */
    market->matched[5] = market->matched[4];
    market->matched[4].item = BTX_PICTURE_POSITION;
    market->matched[4].account = 3;
    market->matched_count = 6;
    refuse(scene, sentence); /* Of an account without an order. */
}

/* Each field of an order one beyond its range. */
static void load_order__not_an_order__refused(void **state)
{
    static const char sentence[] = "state: not a resting order, or prices do not ascend";
    struct btx_scene *scene = *state;
    struct btx_picture_order *order = &picture.markets[0].books[0].order;

    order->id = 0;
    refuse(scene, sentence);
    order->id = picture.next_order;
    refuse(scene, sentence);
    order->id = scene->back;
    refuse(scene, sentence);
    order->account = 77;
    refuse(scene, sentence);
    order->account = 0;
    refuse(scene, sentence);
    order->remaining = 0;
    refuse(scene, sentence);
    order->remaining = -100;
    refuse(scene, sentence);
    order->remaining = 150;
    refuse(scene, sentence);
    order->remaining = BTX_MONEY_MAX + 100;
    refuse(scene, sentence);
    order->price = 20100;
    refuse(scene, sentence);
    order->side = 2;
    refuse(scene, sentence);
    order->persistence = 2;
    refuse(scene, sentence);
    order->stp = 3;
    refuse(scene, sentence);
    for (uint8_t tif = 1; tif <= 3; tif++) {
        order->tif = tif;
        refuse(scene, sentence);
    }
    order->has_ref = 2;
    refuse(scene, sentence);
    order->ref_length = 1;
    refuse(scene, sentence);
    order->has_ref = 1;
    order->ref_length = 65;
    refuse(scene, sentence);
    picture.markets[0].books[0].item = BTX_PICTURE_POSITION;
    refuse(scene, sentence);
}

/* A ref is printable ASCII (rules.md 1): what no command can have brought cannot be saved. */
static void load_order__ref_that_no_command_can_bring__refused(void **state)
{
    struct btx_scene *scene = *state;
    struct btx_picture_order *order = &picture.markets[0].books[0].order;

    for (int i = 0; i < 3; i++) {
        order->has_ref = 1;
        order->ref_length = 3;
        memcpy(order->ref, "abc", 3);
        order->ref[1] = (char)(i == 0 ? '\n' : i == 1 ? '\x7f' : '\x80');
        refuse(scene, "state: not a resting order, or prices do not ascend");
    }
    order->has_ref = 1;
    order->ref_length = 64;
    memset(order->ref, '~', 64);
    accept(scene);
    order->has_ref = 1;
    accept(scene);
}

static void load_book__prices_descend__refused(void **state)
{
    struct btx_scene *scene = *state;
    struct btx_picture_item *books = picture.markets[0].books;
    const struct btx_picture_item first = books[0];

    books[0] = books[1];
    books[1] = first;
    refuse(scene, "state: not a resting order, or prices do not ascend");
}

static void load_book__crossed__refused(void **state)
{
    struct btx_scene *scene = *state;
    struct btx_picture_item *books = picture.markets[0].books;

    books[0].order.side = 0;
    books[1].order.side = 1;
    refuse(scene, "state: a crossed book");
    books[1].order.price = 20000; /* At one price. */
    refuse(scene, "state: a crossed book");
}

static void load_market__closed_with_orders__refused(void **state)
{
    struct btx_scene *scene = *state;

    picture.markets[0].status = 2;
    refuse(scene, "market: it is closed and has orders");
}

static void set_pending(const struct btx_scene *scene)
{
    const struct btx_record *record = &scene->fixture.command->command.record;

    picture.pending = *scene->fixture.command;
    picture.pending.command.rules = rules_written(picture.rules_version);
    picture.pending_bytes = (uint32_t)btx_record_length_bytes(record);
    picture.pending_said = picture.pending_bytes;
}

/* The scene's market in the middle of its settlement, nobody settled: as step leaves it. */
static void draw_settling(struct btx_scene *scene)
{
    static const uint64_t winner = RUNNER;
    struct btx_picture_market *market = &picture.markets[0];

    btx_fixture_build_settle(&scene->fixture, BTX_SCENE_MARKET, &winner, 1);
    set_pending(scene);
    market->status = 2;
    picture.settling = BTX_SCENE_MARKET;
    for (int i = 0; i < 3; i++)
        market->books[i] = (struct btx_picture_item){.item = BTX_PICTURE_END};
    market->books_count = 3;
}

/* A LAY of account 2 at 2.5 is being matched, and crosses nothing. */
static void draw_taker(struct btx_scene *scene)
{
    btx_fixture_build_place(&scene->fixture, &(struct btx_wish){.account = 2,
                                                                .market = BTX_SCENE_MARKET,
                                                                .runner = RUNNER,
                                                                .side = BTX_SIDE_LAY,
                                                                .price = 25000,
                                                                .size = ONE,
                                                                .tif = BTX_TIF_IOC});
    set_pending(scene);
    picture.taker_item = BTX_PICTURE_ORDER;
    picture.taker_market = BTX_SCENE_MARKET;
    picture.taker_runner = RUNNER;
    picture.taker = (struct btx_picture_order){
        .id = 5, .account = 2, .remaining = ONE, .price = 25000, .side = 1, .tif = 1};
    picture.next_order = 6;
}

static void load_work__market_that_is_not_being_closed__refused(void **state)
{
    static const char sentence[] = "state: the market being closed does not exist";
    struct btx_scene *scene = *state;

    draw_settling(scene);
    accept(scene);
    draw_settling(scene);
    picture.settling = 77;
    refuse(scene, sentence);
    draw_settling(scene);
    picture.markets[0].status = 0;
    refuse(scene, sentence);
    draw_settling(scene);
    picture.voiding = BTX_SCENE_BINARY;
    refuse(scene, sentence);
}

static void load_work__sums_out_of_range__refused(void **state)
{
    static const char sentence[] = "state: the sums of a settlement are out of range";
    static const char without[] = "state: the sums of a settlement without one";
    struct btx_scene *scene = *state;

    draw_settling(scene);
    picture.settled_commission = -1;
    refuse(scene, sentence);
    draw_settling(scene);
    picture.settled_commission = (btx_i128)1 << 101;
    refuse(scene, sentence);
    draw_settling(scene);
    picture.settled_pnl = (btx_i128)1 << 101;
    refuse(scene, sentence);
    draw_settling(scene);
    picture.settled_pnl = -((btx_i128)1 << 101);
    refuse(scene, sentence);
    picture.settled_accounts = 1;
    refuse(scene, without);
    picture.settled_last = 1;
    refuse(scene, without);
    picture.settled_commission = 1;
    refuse(scene, without);
    picture.settled_pnl = 1;
    refuse(scene, without);
}

static void load_taker__not_one__refused(void **state)
{
    static const char sentence[] = "state: not a taker";
    struct btx_scene *scene = *state;

    draw_taker(scene);
    accept(scene);
    draw_taker(scene);
    picture.taker_item = BTX_PICTURE_CELL;
    refuse(scene, sentence);
    draw_taker(scene);
    picture.taker_market = 77;
    refuse(scene, sentence);
    draw_taker(scene);
    picture.taker_runner = 77;
    refuse(scene, sentence);
    draw_taker(scene);
    picture.taker.id = 6;
    refuse(scene, sentence);
    draw_taker(scene);
    picture.taker.account = 77;
    refuse(scene, sentence);
    draw_taker(scene);
    picture.taker.tif = 3;
    refuse(scene, sentence);
}

static void load_pending__work_without_a_command__refused(void **state)
{
    static const char sentence[] = "state: work without a command";
    struct btx_scene *scene = *state;

    draw_settling(scene);
    picture.pending_bytes = 0;
    picture.pending_said = 0;
    refuse(scene, sentence);
    draw_taker(scene);
    picture.pending_bytes = 0;
    picture.pending_said = 0;
    refuse(scene, sentence);
    picture.voiding = BTX_SCENE_CLOSED;
    refuse(scene, sentence);
}

static void load_pending__not_a_command__refused(void **state)
{
    static const char sentence[] = "state: not a command that can go on";
    struct btx_scene *scene = *state;

    picture.pending_said = BTX_COMMAND_BYTES_MAX + 1;
    refuse(scene, "state: not a command");
    picture.pending_said = UINT64_MAX;
    refuse(scene, "state: not a command");
    draw_settling(scene);
    picture.pending.command.record.kind_flags = BTX_RECORD_EVENT;
    refuse(scene, sentence);
    draw_settling(scene);
    picture.pending.command.record.type = 99;
    refuse(scene, sentence);
    draw_settling(scene);
    picture.pending.command.shed = 2;
    refuse(scene, sentence);
    draw_settling(scene);
    picture.pending.command.rules = picture.rules_version == 1 ? 2 : 0; /* Other rules. */
    refuse(scene, sentence);
    draw_settling(scene);
    picture.pending_bytes += 64; /* More than the record says. */
    picture.pending_said += 64;
    refuse(scene, sentence);
    draw_settling(scene);
    picture.voiding = BTX_SCENE_CLOSED;
    refuse(scene, sentence);
    (void)btx_fixture_begin(&scene->fixture, BTX_COMMAND_TICK);
    set_pending(scene);
    refuse(scene, sentence);
}

/* The seal of the log is not part of the state: one state, one form. */
static void load_pending__with_a_crc__refused(void **state)
{
    struct btx_scene *scene = *state;

    draw_settling(scene);
    btx_record_seal(&picture.pending.command.record);
    refuse(scene, "state: not a command that can go on");
}

/* A pending command has had its first event, and all of them at its time. */
static void load_pending__of_another_time__refused(void **state)
{
    static const char sentence[] = "state: not a command that can go on";
    struct btx_scene *scene = *state;
    struct btx_record *record = &picture.pending.command.record;

    draw_settling(scene);
    record->seq = picture.seq + 1;
    refuse(scene, sentence);
    draw_settling(scene);
    record->tx = picture.tx + 1;
    refuse(scene, sentence);
    draw_settling(scene);
    record->time_ns++;
    refuse(scene, sentence);
    draw_settling(scene);
    record->time_ns--;
    refuse(scene, sentence);
}

/* Pages beyond the bytes are not read, whatever the counts in them say: they end where the memory
 * of the fixture does.  (The sanitizers see the rest.) */
static void load__nothing_at_all__refused(void **state)
{
    struct btx_scene *scene = *state;
    const char *wrong = btx_fixture_load(&scene->fixture, NULL, 0);

    assert_non_null(wrong);
    scene->fixture.corrupted = true;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BOTH_FORMATS(save__the_scene__bytes_as_documented),
        IN_BOTH_FORMATS(save__orders_of_every_form__bytes_as_documented),
        IN_BOTH_FORMATS(save__bets_on_several_runners__bytes_as_documented),
        IN_BOTH_FORMATS(save__market_forgotten__not_in_the_bytes),
        IN_BOTH_FORMATS(save__loaded_with_other_capacities__equal_bytes),
        IN_BOTH_FORMATS(load__one_capacity_too_small__refused),
        cmocka_unit_test(load__each_story__round_trips),
        cmocka_unit_test(save__each_story_by_the_first_rules__digests_of_its_time),
        cmocka_unit_test(load__every_truncation__refused),
        IN_BOTH_FORMATS(load__bytes_behind_the_end__refused),
        IN_BOTH_FORMATS(load__any_byte_changed__refused_or_saved_the_same),
        IN_BOTH_FORMATS(load_counters__not_this_format_rules_or_shard__refused),
        IN_BOTH_FORMATS(load_counters__out_of_range__refused),
        IN_BOTH_FORMATS(load_accounts__count_or_order__refused),
        IN_BOTH_FORMATS(load_accounts__balance_or_frozen_out_of_range__refused),
        IN_BOTH_FORMATS(load_accounts__house_with_a_client_s_fields__refused),
        IN_BOTH_FORMATS(load_markets__count_or_order__refused),
        IN_BOTH_FORMATS(load_market__not_a_market__refused),
        IN_BOTH_FORMATS(load_market__at_its_limits__accepted),
        IN_BOTH_FORMATS(load_runners__none_or_too_many__refused),
        IN_BOTH_FORMATS(load_positions__not_in_canonical_form__refused),
        IN_BOTH_FORMATS(load_cell__out_of_range_or_order__refused),
        IN_BOTH_FORMATS(load_cell__profits_not_zero_together__refused),
        IN_BOTH_FORMATS(load_position__without_a_profit__refused),
        IN_BOTH_FORMATS(load_order__not_an_order__refused),
        IN_BOTH_FORMATS(load_order__ref_that_no_command_can_bring__refused),
        IN_BOTH_FORMATS(load_book__prices_descend__refused),
        IN_BOTH_FORMATS(load_book__crossed__refused),
        IN_BOTH_FORMATS(load_market__closed_with_orders__refused),
        IN_BOTH_FORMATS(load_work__market_that_is_not_being_closed__refused),
        IN_BOTH_FORMATS(load_work__sums_out_of_range__refused),
        IN_BOTH_FORMATS(load_taker__not_one__refused),
        IN_BOTH_FORMATS(load_pending__work_without_a_command__refused),
        IN_BOTH_FORMATS(load_pending__not_a_command__refused),
        IN_BOTH_FORMATS(load_pending__with_a_crc__refused),
        IN_BOTH_FORMATS(load_pending__of_another_time__refused),
        IN_BOTH_FORMATS(load__nothing_at_all__refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
