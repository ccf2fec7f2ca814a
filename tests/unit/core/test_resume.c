/* SPDX-License-Identifier: Apache-2.0 */
/* test_resume.c - which commands can go on in which states.
 *
 * step(NULL) trusts the answer: a command that goes on where it does not fit would find nothing
 * to do and never end, or fail a CHECK. */
#include "engine/core/resume.h"

#include "engine/core/entities.h"
#include "tests/unit/core/scene.h"
#include "tests/unit/core/stories.h"

#define RUNNER BTX_FIXTURE_RUNNER
#define BIT(type) (UINT32_C(1) << (type))

/* States in the middle of something. */
enum middle {
    QUIET,
    TAKER,
    SETTLING,
    VOIDING,
    FROZEN,
    IN_PLAY,
    REMOVED,
    MIDDLE_COUNT,
};

/* The commands that can go on in each; CancelOrders needs nothing but orders. */
static const uint32_t fitting[MIDDLE_COUNT] = {
    [QUIET] = BIT(BTX_COMMAND_CANCEL_ORDERS),
    [TAKER] = BIT(BTX_COMMAND_PLACE_ORDER) | BIT(BTX_COMMAND_REPLACE_ORDER) | BIT(BTX_COMMAND_TICK),
    [SETTLING] = BIT(BTX_COMMAND_SETTLE_MARKET),
    [VOIDING] = BIT(BTX_COMMAND_VOID_MARKET),
    [FROZEN] = BIT(BTX_COMMAND_FREEZE_ACCOUNT) | BIT(BTX_COMMAND_CANCEL_ORDERS),
    [IN_PLAY] = BIT(BTX_COMMAND_TURN_IN_PLAY) | BIT(BTX_COMMAND_CANCEL_ORDERS),
    [REMOVED] = BIT(BTX_COMMAND_REMOVE_RUNNER) | BIT(BTX_COMMAND_CANCEL_ORDERS),
};

static void close_market(struct btx_core *core, uint32_t *ret_work)
{
    struct market *market = btx_find_market(core, BTX_SCENE_MARKET);

    market->status = BTX_MARKET_CLOSED;
    *ret_work = slot_of_market(core, market);
}

/* A BACK of account 2 becomes the taker; the LAY at 2 (price index 99) meets it up to there. */
static struct order *make_taker(struct btx_scene *scene, uint32_t price_index)
{
    struct btx_core *core = scene->fixture.core;
    struct btx_order_accepted *event =
        btx_fixture_event_begin(&scene->fixture, BTX_EVENT_ORDER_ACCEPTED);

    event->order = core->next_order;
    event->account = 2;
    event->market = BTX_SCENE_MARKET;
    event->runner = RUNNER;
    event->size = BTX_FIXTURE_ONE;
    event->price = 20000;
    event->side = BTX_SIDE_BACK;
    btx_scene_accept_open(scene);
    struct order *taker = &core->order[core->work.taker];
    taker->price_index = price_index;
    scene->fixture.corrupted = true;
    return taker;
}

static void enter(struct btx_scene *scene, enum middle middle)
{
    struct btx_core *core = scene->fixture.core;

    switch (middle) {
    case TAKER:
        (void)make_taker(scene, 99);
        return;
    case SETTLING:
        close_market(core, &core->work.settling);
        return;
    case VOIDING:
        close_market(core, &core->work.voiding);
        return;
    case FROZEN:
        btx_find_account(core, 2)->frozen = true;
        return;
    case IN_PLAY:
        btx_find_market(core, BTX_SCENE_MARKET)->in_play = true;
        return;
    case REMOVED:
        btx_find_runner(core, slot_of_market(core, btx_find_market(core, BTX_SCENE_MARKET)), RUNNER)
            ->removed = true;
        return;
    case QUIET:
    case MIDDLE_COUNT:
        return;
    }
}

/* Let the fixture's command be the pending one. */
static bool fits(struct btx_scene *scene)
{
    struct btx_core *core = scene->fixture.core;

    memcpy(&core->pending, scene->fixture.command, sizeof core->pending);
    scene->fixture.corrupted = true;
    return btx_resume_fits(core);
}

static void build_on_market(struct btx_scene *scene, enum btx_command_type type, uint64_t market)
{
    struct btx_market_command *command = btx_fixture_begin(&scene->fixture, type);

    command->market = market;
}

static void build_on_account(struct btx_scene *scene, enum btx_command_type type, uint64_t account)
{
    struct btx_account_command *command = btx_fixture_begin(&scene->fixture, type);

    command->account = account;
}

static void build_settle(struct btx_scene *scene, const uint64_t *winners, uint16_t count)
{
    btx_fixture_build_settle(&scene->fixture, BTX_SCENE_MARKET, winners, count);
}

/* A command of @type that names what the scene has. */
static void build(struct btx_scene *scene, enum btx_command_type type)
{
    static const uint64_t winner = RUNNER;

    switch (type) {
    case BTX_COMMAND_SETTLE_MARKET:
        build_settle(scene, &winner, 1);
        return;
    case BTX_COMMAND_SUSPEND_MARKET:
    case BTX_COMMAND_RESUME_MARKET:
    case BTX_COMMAND_TURN_IN_PLAY:
    case BTX_COMMAND_VOID_MARKET:
    case BTX_COMMAND_FORGET_MARKET:
    case BTX_COMMAND_OPEN_MARKET:
    case BTX_COMMAND_DESCRIBE_MARKET:
    case BTX_COMMAND_SET_BET_DELAY:
        build_on_market(scene, type, BTX_SCENE_MARKET);
        return;
    case BTX_COMMAND_OPEN_ACCOUNT:
    case BTX_COMMAND_DEPOSIT:
    case BTX_COMMAND_WITHDRAW:
    case BTX_COMMAND_FREEZE_ACCOUNT:
    case BTX_COMMAND_UNFREEZE_ACCOUNT:
    case BTX_COMMAND_PLACE_ORDER:
    case BTX_COMMAND_CANCEL_ORDER:
    case BTX_COMMAND_UPDATE_ORDER:
    case BTX_COMMAND_REPLACE_ORDER:
        build_on_account(scene, type, 2);
        return;
    case BTX_COMMAND_REMOVE_RUNNER:
        btx_fixture_build_removal(&scene->fixture, BTX_SCENE_MARKET, RUNNER, 0);
        return;
    case BTX_COMMAND_CANCEL_ORDERS:
    case BTX_COMMAND_TICK:
        (void)btx_fixture_begin(&scene->fixture, type);
        return;
    }
}

/* Every command in every state: the few that fit, and no other. */
static void resume_fits__every_command_in_every_state__only_its_own(void **state)
{
    struct btx_scene *scene = *state;

    for (uint32_t middle = 0; middle < MIDDLE_COUNT; middle++)
        for (uint32_t type = 1; type <= BTX_COMMAND_COUNT; type++) {
            assert_int_equal(btx_scene_teardown(state), 0);
            assert_int_equal(btx_scene_setup(state), 0);
            enter(scene, (enum middle)middle);
            build(scene, (enum btx_command_type)type);
            if (fits(scene) != ((fitting[middle] & BIT(type)) != 0))
                fail_msg("state %u, command %u", middle, type);
        }
}

static void resume_in_work__each_work__true(void **state)
{
    struct btx_scene *scene = *state;
    struct work *work = &scene->fixture.core->work;

    assert_false(btx_resume_in_work(scene->fixture.core));
    *work = (struct work){.taker = 1};
    assert_true(btx_resume_in_work(scene->fixture.core));
    *work = (struct work){.settling = 1};
    assert_true(btx_resume_in_work(scene->fixture.core));
    *work = (struct work){.voiding = 1};
    assert_true(btx_resume_in_work(scene->fixture.core));
    *work = (struct work){0};
}

/* What was live in the middle of a command must not be refused after a restart. */
static void resume_fits__in_the_middle_of_each_story__true(void **state)
{
    (void)state;
    for (uint32_t story = BTX_STORY_QUIET + 1; story < BTX_STORY_COUNT; story++) {
        struct btx_fixture fixture;
        enum btx_step step = BTX_STEP_MORE;

        btx_story_open(&fixture);
        btx_story_tell(&fixture, (enum btx_story)story);
        while (step == BTX_STEP_MORE) {
            print_message("%s\n", btx_story_name((enum btx_story)story));
            assert_true(btx_resume_fits(fixture.core));
            step = btx_fixture_continue(&fixture);
        }
        btx_fixture_close(&fixture);
    }
}

/* A taker that may rest has nothing left to do: its command should have ended. */
static void resume_fits__taker_with_nothing_left__false(void **state)
{
    struct btx_scene *scene = *state;
    struct order *taker = make_taker(scene, 100);

    build(scene, BTX_COMMAND_PLACE_ORDER);
    assert_false(fits(scene));
    build(scene, BTX_COMMAND_REPLACE_ORDER);
    assert_false(fits(scene));
    taker->tif = BTX_TIF_IOC; /* It is still to be cancelled. */
    assert_true(fits(scene));
    taker->tif = BTX_TIF_FOK;
    assert_true(fits(scene));
    taker->tif = BTX_TIF_GTC;
    taker->price_index = 98;
    assert_true(fits(scene));
}

static void resume_fits__two_works_at_once__false(void **state)
{
    static const uint64_t winner = RUNNER;
    struct btx_scene *scene = *state;
    struct btx_core *core = scene->fixture.core;

    (void)make_taker(scene, 99);
    const uint32_t taker = core->work.taker;
    build(scene, BTX_COMMAND_PLACE_ORDER);
    core->work.voiding = 1;
    assert_false(fits(scene));
    core->work.voiding = NO_SLOT;
    core->work.settling = 1;
    assert_false(fits(scene));

    close_market(core, &core->work.settling);
    build_settle(scene, &winner, 1);
    core->work.taker = NO_SLOT;
    assert_true(fits(scene));
    core->work.taker = taker;
    assert_false(fits(scene));
    core->work.taker = NO_SLOT;
    core->work.voiding = 1;
    assert_false(fits(scene));

    core->work.settling = NO_SLOT;
    close_market(core, &core->work.voiding);
    build(scene, BTX_COMMAND_VOID_MARKET);
    assert_true(fits(scene));
    core->work.settling = 1;
    assert_false(fits(scene));
    core->work.settling = NO_SLOT;
    core->work.taker = taker;
    assert_false(fits(scene));
}

/* Settlement reads its winners again in each tx. */
static void resume_fits__settlement_with_other_winners__false(void **state)
{
    static const struct {
        uint64_t winners[4];
        uint16_t count;
        bool fits;
    } rows[] = {
        {{RUNNER}, 1, true},
        {{RUNNER + 2, RUNNER}, 2, true},
        {{RUNNER, RUNNER + 1, RUNNER + 2}, 3, true},
        {{0}, 0, false},
        {{RUNNER + 3}, 1, false},
        {{RUNNER, RUNNER}, 2, false},
    };
    struct btx_scene *scene = *state;

    enter(scene, SETTLING);
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        build_settle(scene, rows[i].winners, rows[i].count);
        assert_int_equal(fits(scene), rows[i].fits);
    }
    struct btx_settle_market *command =
        btx_fixture_begin(&scene->fixture, BTX_COMMAND_SETTLE_MARKET);
    command->market = BTX_SCENE_MARKET;
    command->result = BTX_OUTCOME_YES;
    assert_false(fits(scene)); /* A result is for BINARY. */
}

static void resume_fits__market_of_another_name__false(void **state)
{
    struct btx_scene *scene = *state;
    static const uint64_t others[] = {77, BTX_SCENE_BINARY};
    static const uint64_t winner = RUNNER;

    for (size_t i = 0; i < BTX_COUNT_OF(others); i++) {
        scene->fixture.core->work = (struct work){0};
        enter(scene, SETTLING);
        btx_fixture_build_settle(&scene->fixture, others[i], &winner, 1);
        assert_false(fits(scene));
        scene->fixture.core->work = (struct work){0};
        enter(scene, VOIDING);
        build_on_market(scene, BTX_COMMAND_VOID_MARKET, others[i]);
        assert_false(fits(scene));
        scene->fixture.core->work = (struct work){0};
        enter(scene, IN_PLAY);
        build_on_market(scene, BTX_COMMAND_TURN_IN_PLAY, others[i]);
        assert_false(fits(scene));
    }
}

/* A voiding, a freeze and the like end with their last batch: without orders nothing is left. */
static void resume_fits__no_orders_left__only_a_settlement(void **state)
{
    static const enum btx_command_type types[MIDDLE_COUNT] = {
        [QUIET] = BTX_COMMAND_CANCEL_ORDERS,  [SETTLING] = BTX_COMMAND_SETTLE_MARKET,
        [VOIDING] = BTX_COMMAND_VOID_MARKET,  [FROZEN] = BTX_COMMAND_FREEZE_ACCOUNT,
        [IN_PLAY] = BTX_COMMAND_TURN_IN_PLAY, [REMOVED] = BTX_COMMAND_REMOVE_RUNNER,
    };
    struct btx_scene *scene = *state;

    for (uint32_t middle = 0; middle < MIDDLE_COUNT; middle++) {
        if (middle == TAKER)
            continue;
        assert_int_equal(btx_scene_teardown(state), 0);
        assert_int_equal(btx_scene_setup(state), 0);
        btx_fixture_cancel(&scene->fixture, 1, scene->lay);
        btx_fixture_cancel(&scene->fixture, 2, scene->back);
        enter(scene, (enum middle)middle);
        build(scene, types[middle]);
        assert_int_equal(fits(scene), middle == SETTLING);
    }
}

static void resume_fits__one_order_of_one_side_left__voiding_goes_on(void **state)
{
    for (int side = BTX_SIDE_BACK; side <= BTX_SIDE_LAY; side++) {
        assert_int_equal(btx_scene_teardown(state), 0);
        assert_int_equal(btx_scene_setup(state), 0);
        struct btx_scene *scene = *state;

        if (side == BTX_SIDE_BACK)
            btx_fixture_cancel(&scene->fixture, 1, scene->lay);
        else
            btx_fixture_cancel(&scene->fixture, 2, scene->back);
        enter(scene, VOIDING);
        build(scene, BTX_COMMAND_VOID_MARKET);
        assert_true(fits(scene));
    }
}

/* Orders that persist are none of TurnInPlay's. */
static void resume_fits__only_persisting_orders_left__no_turn_in_play(void **state)
{
    struct btx_scene *scene = *state;
    struct btx_core *core = scene->fixture.core;

    enter(scene, IN_PLAY);
    build(scene, BTX_COMMAND_TURN_IN_PLAY);
    btx_find_order(core, scene->lay)->persistence = BTX_PERSISTENCE_PERSIST;
    assert_true(fits(scene));
    btx_find_order(core, scene->back)->persistence = BTX_PERSISTENCE_PERSIST;
    assert_false(fits(scene));
}

static void resume_fits__account_unknown_or_not_frozen__no_freeze(void **state)
{
    struct btx_scene *scene = *state;

    enter(scene, FROZEN);
    build_on_account(scene, BTX_COMMAND_FREEZE_ACCOUNT, 77);
    assert_false(fits(scene));
    build_on_account(scene, BTX_COMMAND_FREEZE_ACCOUNT, 0);
    assert_false(fits(scene));
    build_on_account(scene, BTX_COMMAND_FREEZE_ACCOUNT, 1);
    assert_false(fits(scene));
    build_on_account(scene, BTX_COMMAND_FREEZE_ACCOUNT, 2);
    assert_true(fits(scene));
}

static bool cancel_fits(struct btx_scene *scene, uint64_t account, uint64_t market, uint64_t runner,
                        uint8_t side)
{
    struct btx_cancel_orders *command =
        btx_fixture_begin(&scene->fixture, BTX_COMMAND_CANCEL_ORDERS);

    command->account = account;
    command->market = market;
    command->runner = runner;
    command->side = side < BTX_SIDE_COUNT ? side : 0;
    command->present = (uint8_t)((account != 0 ? BTX_CANCEL_ORDERS_HAS_ACCOUNT : 0) |
                                 (market != 0 ? BTX_CANCEL_ORDERS_HAS_MARKET : 0) |
                                 (runner != 0 ? BTX_CANCEL_ORDERS_HAS_RUNNER : 0) |
                                 (side < BTX_SIDE_COUNT ? BTX_CANCEL_ORDERS_HAS_SIDE : 0));
    return fits(scene);
}

static void resume_fits__cancel_orders_with_filters__while_any_passes(void **state)
{
    const uint8_t either = BTX_SIDE_COUNT;
    struct btx_scene *scene = *state;

    assert_true(cancel_fits(scene, 1, 0, 0, either));
    assert_true(cancel_fits(scene, 1, BTX_SCENE_MARKET, RUNNER, BTX_SIDE_LAY));
    assert_true(cancel_fits(scene, 0, BTX_SCENE_MARKET, RUNNER, BTX_SIDE_BACK));
    assert_false(cancel_fits(scene, 77, 0, 0, either));
    assert_false(cancel_fits(scene, 0, 77, 0, either));
    assert_false(cancel_fits(scene, 0, BTX_SCENE_MARKET, 99, either));
    assert_false(cancel_fits(scene, 3, 0, 0, either));
    assert_false(cancel_fits(scene, 1, 0, 0, BTX_SIDE_BACK));
    assert_false(cancel_fits(scene, 0, BTX_SCENE_BINARY, 0, either));
    assert_false(cancel_fits(scene, 0, BTX_SCENE_MARKET, RUNNER + 1, either));
}

/* As a log could have it: a batch of all orders ends its tx, but not its command.  Whoever went
 * on with that command would emit nothing, and never come to its end. */
static void apply__last_batch_does_not_end_the_command__refused(void **state)
{
    struct btx_scene *scene = *state;
    const uint64_t ids[] = {scene->lay, scene->back};

    build(scene, BTX_COMMAND_CANCEL_ORDERS);
    assert_null(btx_scene_apply_command(scene));
    struct btx_order_cancelled_batched *event =
        btx_fixture_event_begin(&scene->fixture, BTX_EVENT_ORDER_CANCELLED_BATCHED);
    event->market = BTX_SCENE_MARKET;
    event->orders_count = 2;
    event->record.kind_flags = BTX_RECORD_EVENT | BTX_RECORD_TX_END;
    btx_fixture_event_tail(&scene->fixture, ids, sizeof ids);
    btx_scene_refuse_end(scene, "tx: its events are not those of the pending command");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BTX_IN_SCENE(resume_fits__every_command_in_every_state__only_its_own),
        BTX_IN_SCENE(resume_in_work__each_work__true),
        cmocka_unit_test(resume_fits__in_the_middle_of_each_story__true),
        BTX_IN_SCENE(resume_fits__taker_with_nothing_left__false),
        BTX_IN_SCENE(resume_fits__two_works_at_once__false),
        BTX_IN_SCENE(resume_fits__settlement_with_other_winners__false),
        BTX_IN_SCENE(resume_fits__market_of_another_name__false),
        BTX_IN_SCENE(resume_fits__no_orders_left__only_a_settlement),
        BTX_IN_SCENE(resume_fits__one_order_of_one_side_left__voiding_goes_on),
        BTX_IN_SCENE(resume_fits__only_persisting_orders_left__no_turn_in_play),
        BTX_IN_SCENE(resume_fits__account_unknown_or_not_frozen__no_freeze),
        BTX_IN_SCENE(resume_fits__cancel_orders_with_filters__while_any_passes),
        BTX_IN_SCENE(apply__last_batch_does_not_end_the_command__refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
