/* SPDX-License-Identifier: Apache-2.0 */
/* test_rules_version.c - which rules decide a command, and that logs of older ones are read as they
 * were written. */
#include "engine/core/rules_version.h"

#include "engine/core/entities.h"
#include "engine/wire/notes.h"
#include "tests/unit/core/scene.h"
#include "tests/unit/core/stories.h"

#define RUNNER BTX_FIXTURE_RUNNER

static const char older[] = "command: by older rules than the one before it";
static const char beyond[] = "command: its rules do not know what it asks for";
static const char event_beyond[] = "event: its command's rules do not know it";

static const struct btx_command *built(const struct btx_scene *scene)
{
    return &scene->fixture.command->command;
}

static void expect(const char *said, const char *sentence)
{
    if (sentence == NULL) {
        assert_null(said);
    } else {
        assert_non_null(said);
        assert_string_equal(said, sentence);
    }
}

/* What a record of the built command, by the rules of @version, is answered by apply, and by
 * follow_rules. */
static void expect_command(struct btx_scene *scene, uint32_t version, const char *sentence)
{
    struct btx_core *core = scene->fixture.core;
    struct btx_record *record = &scene->fixture.command->command.record;
    const struct btx_bytes before = btx_fixture_save(&scene->fixture);

    scene->fixture.command->command.rules = rules_written(version);
    record->seq = core->seq + 1;
    record->tx = core->tx + 1;
    record->time_ns = core->time_ns;
    assert_null(btx_record_check(record, sizeof *scene->fixture.command));
    core->decide_by = 77;
    expect(btx_core_follow_rules(core, built(scene)), sentence);
    assert_int_equal(core->decide_by, sentence == NULL ? version : 77);
    core->decide_by = core->rules_version;
    btx_bytes_assert_equal(btx_fixture_save(&scene->fixture), before);
    expect(btx_core_apply(core, record), sentence);
    core->has_pending = false;
}

static struct btx_open_market *build_open(struct btx_scene *scene)
{
    return btx_fixture_build_odds(&scene->fixture, 55, 2, 1);
}

static void build_place(struct btx_scene *scene, uint64_t expires, uint64_t if_version)
{
    btx_fixture_build_place(&scene->fixture, &(struct btx_wish){.account = 2,
                                                                .market = BTX_SCENE_MARKET,
                                                                .runner = RUNNER,
                                                                .price = 30000,
                                                                .size = 100,
                                                                .expires = expires,
                                                                .if_version = if_version});
}

/* Whatever version 1 has no field for, it cannot have been asked; with the same record by version
 * 2 nothing is wrong. */
static void follow_rules__asks_for_what_version_1_does_not_know__refused(void **state)
{
    struct btx_scene *scene = *state;

    for (uint32_t version = 1; version <= 2; version++) {
        const char *sentence = version == 1 ? beyond : NULL;
        static const uint8_t bits[] = {BTX_OPEN_MARKET_HAS_BET_DELAY,
                                       BTX_OPEN_MARKET_HAS_REDUCTIONS, BTX_OPEN_MARKET_HAS_IMPLIED,
                                       BTX_OPEN_MARKET_HAS_LADDER};

        assert_int_equal(btx_scene_teardown(state), 0);
        assert_int_equal(btx_scene_setup_first(state), 0);
        for (size_t i = 0; i < BTX_COUNT_OF(bits); i++) {
            build_open(scene)->present |= bits[i]; /* Given as the default, too. */
            expect_command(scene, version, sentence);
        }
        build_place(scene, 5000, 0);
        expect_command(scene, version, sentence);
        build_place(scene, 0, 1);
        expect_command(scene, version, sentence);
        struct btx_replace_order *replace =
            btx_fixture_begin(&scene->fixture, BTX_COMMAND_REPLACE_ORDER);
        replace->present = BTX_REPLACE_ORDER_HAS_IF_VERSION;
        expect_command(scene, version, sentence);
        for (uint32_t type = BTX_COMMAND_TICK + 1; type <= BTX_COMMAND_COUNT; type++) {
            (void)btx_fixture_begin(&scene->fixture, (enum btx_command_type)type);
            expect_command(scene, version, sentence);
        }
    }
}

/* All that version 1 has. */
static void follow_rules__commands_of_version_1__followed(void **state)
{
    struct btx_scene *scene = *state;

    (void)build_open(scene);
    expect_command(scene, 1, NULL);
    build_place(scene, 0, 0);
    expect_command(scene, 1, NULL);
    struct btx_replace_order *replace =
        btx_fixture_begin(&scene->fixture, BTX_COMMAND_REPLACE_ORDER);
    replace->present = BTX_REPLACE_ORDER_HAS_SIZE;
    replace->size = 100;
    expect_command(scene, 1, NULL);
    (void)btx_fixture_begin(&scene->fixture, BTX_COMMAND_TICK);
    expect_command(scene, 1, NULL);
}

/* Rules only go forward: who went on with newer ones cannot have gone back. */
static void follow_rules__older_after_newer__refused(void **state)
{
    struct btx_scene *scene = *state;

    build_place(scene, 0, 0);
    expect_command(scene, 1, older);
    expect_command(scene, 2, NULL);
}

/* With nothing before it, the first command of a log is by whatever rules it says. */
static void follow_rules__first_command_of_a_log__any(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_open_account *command = btx_fixture_begin(fixture, BTX_COMMAND_OPEN_ACCOUNT);

    command->account = 1;
    assert_null(btx_core_follow_rules(fixture->core, &command->command));
    btx_fixture_run(fixture);
    assert_int_equal(((const struct btx_command *)(const void *)fixture->tx.bytes)->rules, 0);
    assert_int_equal(fixture->core->rules_version, 1);
}

/* A core that goes on with a state of version 1 decides by the present rules from its next command
 * on, and says so in the record; a Tick that does nothing is not one. */
static void step__state_of_version_1__newer_from_the_next_command_on(void **state)
{
    struct btx_scene *scene = *state;
    struct btx_fixture *fixture = &scene->fixture;
    const struct btx_bytes saved = btx_fixture_save(fixture);

    assert_null(btx_fixture_load(fixture, saved.bytes, saved.length_bytes));
    btx_bytes_assert_equal(btx_fixture_save(fixture), saved);
    btx_fixture_tick(fixture, 90000);
    btx_bytes_assert_equal(btx_fixture_save(fixture), saved);
    btx_fixture_on_market(fixture, BTX_COMMAND_SUSPEND_MARKET, BTX_SCENE_MARKET);
    assert_int_equal(((const struct btx_command *)(const void *)fixture->tx.bytes)->rules, 2);
    struct btx_core_view view;
    struct btx_market_view market;
    btx_core_view(fixture->core, &view);
    assert_int_equal(view.rules_version, 2);
    assert_true(btx_core_view_market(fixture->core, BTX_SCENE_MARKET, &market));
    assert_int_equal(market.version, 2);
    assert_int_equal(btx_fixture_save(fixture).bytes[8], 2); /* The format. */
}

/* Markets have a version from version 2 of the rules on; before, it stays where it begins. */
static void step__by_version_1__market_versions_do_not_grow(void **state)
{
    struct btx_scene *scene = *state;
    struct btx_market_view market;

    btx_fixture_on_market(&scene->fixture, BTX_COMMAND_SUSPEND_MARKET, BTX_SCENE_MARKET);
    btx_fixture_on_market(&scene->fixture, BTX_COMMAND_RESUME_MARKET, BTX_SCENE_MARKET);
    btx_fixture_on_market(&scene->fixture, BTX_COMMAND_TURN_IN_PLAY, BTX_SCENE_MARKET);
    assert_true(btx_core_view_market(scene->fixture.core, BTX_SCENE_MARKET, &market));
    assert_int_equal(market.version, 1);
    assert_int_equal(((const struct btx_command *)(const void *)scene->fixture.tx.bytes)->rules, 0);
}

/* The events that version 1 does not have, and the fields of those that it has. */
static void apply__event_that_version_1_does_not_know__refused(void **state)
{
    struct btx_scene *scene = *state;
    static const uint64_t runners[] = {RUNNER, RUNNER + 1};
    static const enum btx_event_type types[] = {BTX_EVENT_MARKET_DESCRIBED, BTX_EVENT_BET_DELAY_SET,
                                                BTX_EVENT_RUNNER_REMOVED, BTX_EVENT_ORDER_RELEASED};

    for (size_t i = 0; i < BTX_COUNT_OF(types); i++) {
        (void)btx_fixture_event_begin(&scene->fixture, types[i]);
        btx_scene_refuse(scene, event_beyond);
    }
    struct btx_order_held *held = btx_fixture_event_begin(&scene->fixture, BTX_EVENT_ORDER_HELD);
    held->size = 100;
    held->price = 20000;
    btx_scene_refuse(scene, event_beyond);
    struct btx_implied_matched *matched =
        btx_fixture_event_begin(&scene->fixture, BTX_EVENT_IMPLIED_MATCHED);
    matched->size = 100;
    matched->maker_size = 100;
    matched->maker_price = 20000;
    btx_scene_refuse(scene, event_beyond);
    for (int field = 0; field < 5; field++) {
        struct btx_market_opened *opened =
            btx_fixture_event_begin(&scene->fixture, BTX_EVENT_MARKET_OPENED);

        opened->market = 55;
        opened->min_size = 100;
        opened->winners = 1;
        opened->runners_count = 2;
        opened->bet_delay = field == 0;
        opened->reductions = field == 1;
        opened->implied = field == 2;
        opened->ladder = field == 3 ? BTX_LADDER_FINEST : BTX_LADDER_CLASSIC;
        btx_fixture_event_tail(&scene->fixture, runners, sizeof runners);
        if (field < 4)
            btx_scene_refuse(scene, event_beyond);
        else
            btx_scene_accept(scene);
    }
    for (uint64_t expires = 900000; true; expires = 0) {
        struct btx_order_accepted *accepted =
            btx_fixture_event_begin(&scene->fixture, BTX_EVENT_ORDER_ACCEPTED);

        accepted->order = scene->fixture.core->next_order;
        accepted->account = 2;
        accepted->market = BTX_SCENE_MARKET;
        accepted->runner = RUNNER;
        accepted->size = 100;
        accepted->price = 30500;
        accepted->expires = expires;
        if (expires == 0)
            break;
        btx_scene_refuse(scene, event_beyond);
    }
    btx_scene_accept(scene);
}

static const char *apply_start(struct btx_core *core, uint32_t rules_version)
{
    union {
        struct btx_engine_started body;
        uint8_t bytes[512];
    } note;

    memset(&note, 0, sizeof note);
    note.body.record.length_units = btx_record_units(sizeof note.body);
    note.body.record.kind_flags = BTX_RECORD_NOTE;
    note.body.record.type = BTX_NOTE_ENGINE_STARTED;
    note.body.rules_version = rules_version;
    return btx_core_apply(core, &note.body.record);
}

/* An exchange in which nothing has happened has the digest of the rules that started it. */
static void apply__start_of_an_engine__rules_of_an_empty_exchange(void **state)
{
    static const struct {
        uint32_t said;
        uint32_t version; /* And the format with it. */
    } rows[] = {{1, 1}, {2, 2}, {BTX_RULES_VERSION + 1, 2}, {0, 2}, {1, 1}};
    struct btx_fixture *fixture = *state;

    assert_int_equal(btx_fixture_save(fixture).bytes[8], 2);
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        assert_null(apply_start(fixture->core, rows[i].said));
        assert_int_equal(btx_fixture_save(fixture).bytes[8], rows[i].version);
        assert_int_equal(fixture->core->rules_version, rows[i].version);
    }
    btx_fixture_open_account(fixture, 1, 0);
    assert_int_equal(btx_fixture_save(fixture).bytes[8], 2);
    assert_null(apply_start(fixture->core, 1)); /* Of no more meaning. */
    assert_int_equal(btx_fixture_save(fixture).bytes[8], 2);
}

/* A log of version 1, its commands and events applied, rebuilds the state it was. */
static void apply__every_record_of_a_log_of_version_1__equal_bytes(void **state)
{
    struct btx_fixture live;
    struct btx_fixture rebuilt;

    (void)state;
    for (uint32_t story = 0; story < BTX_STORY_COUNT; story += 3) {
        btx_story_open(&live);
        btx_story_open(&rebuilt);
        live.core->decide_by = 1;
        live.follower = rebuilt.core;
        btx_story_tell(&live, (enum btx_story)story);
        btx_bytes_assert_equal(btx_fixture_save(&rebuilt), btx_fixture_save(&live));
        assert_int_equal(rebuilt.core->rules_version, 1);
        btx_fixture_close(&live);
        btx_fixture_close(&rebuilt);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BTX_IN_FIRST_SCENE(follow_rules__asks_for_what_version_1_does_not_know__refused),
        BTX_IN_FIRST_SCENE(follow_rules__commands_of_version_1__followed),
        BTX_IN_SCENE(follow_rules__older_after_newer__refused),
        BTX_IN_FIXTURE(follow_rules__first_command_of_a_log__any),
        BTX_IN_FIRST_SCENE(step__state_of_version_1__newer_from_the_next_command_on),
        BTX_IN_FIRST_SCENE(step__by_version_1__market_versions_do_not_grow),
        BTX_IN_FIRST_SCENE(apply__event_that_version_1_does_not_know__refused),
        BTX_IN_FIXTURE(apply__start_of_an_engine__rules_of_an_empty_exchange),
        cmocka_unit_test(apply__every_record_of_a_log_of_version_1__equal_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
