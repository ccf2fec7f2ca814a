/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/core/scene.h"

#include "engine/core/rules_version.h"

#define RUNNER BTX_FIXTURE_RUNNER

static const struct btx_core_capacity capacity = {.accounts = 4,
                                                  .markets = 4,
                                                  .runners = 10,
                                                  .orders = 6,
                                                  .positions = 5,
                                                  .stakes = 20,
                                                  .description_bytes = 600};

static uint64_t place(struct btx_fixture *fixture, uint64_t account, uint64_t market,
                      enum btx_side side, uint64_t price, int64_t units)
{
    const uint64_t order = btx_fixture_place(fixture, &(struct btx_wish){
                                                          .account = account,
                                                          .market = market,
                                                          .runner = RUNNER,
                                                          .side = side,
                                                          .price = price,
                                                          .size = units * BTX_FIXTURE_ONE,
                                                      });
    assert_true(order != 0);
    return order;
}

static void close_market(struct btx_fixture *fixture)
{
    static const uint64_t winner = RUNNER + 1;

    btx_fixture_open_odds(fixture, BTX_SCENE_CLOSED, 2, 1);
    btx_fixture_build_settle(fixture, BTX_SCENE_CLOSED, &winner, 1);
    btx_fixture_run(fixture);
}

static int begin(void **state, uint32_t rules_version)
{
    static struct btx_scene scene;
    struct btx_fixture *fixture = &scene.fixture;

    btx_fixture_open(fixture, &capacity, 0);
    fixture->core->decide_by = rules_version;
    for (uint64_t account = 1; account <= 3; account++)
        btx_fixture_open_account(fixture, account, 1000 * BTX_FIXTURE_ONE);
    btx_fixture_on_account(fixture, BTX_COMMAND_FREEZE_ACCOUNT, 3);
    for (int i = 0; i < 2; i++) {
        struct btx_funds_command *deposit = btx_fixture_begin(fixture, BTX_COMMAND_DEPOSIT);
        deposit->account = 1;
        deposit->amount = BTX_FIXTURE_ONE;
        deposit->cseq = i == 0 ? 10 : 0;
        deposit->transfer = i == 1 ? 20 : 0;
        btx_fixture_run(fixture);
    }
    btx_fixture_open_odds(fixture, BTX_SCENE_MARKET, 3, 1);
    btx_fixture_open_binary(fixture, BTX_SCENE_BINARY, 10);
    close_market(fixture);
    (void)place(fixture, 1, BTX_SCENE_MARKET, BTX_SIDE_LAY, 25000, 4);
    (void)place(fixture, 2, BTX_SCENE_MARKET, BTX_SIDE_BACK, 25000, 4);
    scene.lay = place(fixture, 1, BTX_SCENE_MARKET, BTX_SIDE_LAY, 20000, 10);
    scene.back = place(fixture, 2, BTX_SCENE_MARKET, BTX_SIDE_BACK, 30000, 20);
    *state = &scene;
    return 0;
}

int btx_scene_setup(void **state)
{
    return begin(state, BTX_RULES_VERSION);
}

int btx_scene_setup_first(void **state)
{
    return begin(state, 1);
}

int btx_scene_teardown(void **state)
{
    struct btx_scene *scene = *state;

    btx_fixture_close(&scene->fixture);
    return 0;
}

void btx_scene_refuse(struct btx_scene *scene, const char *sentence)
{
    const struct btx_bytes before = btx_fixture_save(&scene->fixture);
    const char *wrong = btx_fixture_apply(&scene->fixture);

    assert_non_null(wrong);
    assert_string_equal(wrong, sentence);
    btx_bytes_assert_equal(btx_fixture_save(&scene->fixture), before);
}

void btx_scene_refuse_end(struct btx_scene *scene, const char *sentence)
{
    const char *wrong = btx_fixture_apply(&scene->fixture);

    assert_non_null(wrong);
    assert_string_equal(wrong, sentence);
    scene->fixture.corrupted = true; /* "of no further use" */
}

void btx_scene_accept(struct btx_scene *scene)
{
    const char *wrong = btx_fixture_apply(&scene->fixture);

    if (wrong != NULL)
        fail_msg("refused: %s", wrong);
}

void btx_scene_accept_open(struct btx_scene *scene)
{
    scene->fixture.record->record.kind_flags = BTX_RECORD_EVENT;
    btx_scene_accept(scene);
}

const char *btx_scene_apply_command(struct btx_scene *scene)
{
    const struct btx_core *core = scene->fixture.core;
    struct btx_record *record = &scene->fixture.command->command.record;

    scene->fixture.command->command.rules = rules_written(core->decide_by);
    record->seq = core->seq + 1;
    record->tx = core->tx + 1;
    record->time_ns = core->time_ns;
    assert_null(btx_record_check(record, sizeof *scene->fixture.command));
    return btx_core_apply(scene->fixture.core, record);
}
