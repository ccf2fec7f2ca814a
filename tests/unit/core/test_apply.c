/* SPDX-License-Identifier: Apache-2.0 */
/* test_apply.c - records of a log onto a state: accounts, frames, commands and notes.
 *
 * A record that cannot follow the state is refused before it has changed anything.  What comes
 * from a log may be anything that btx_record_check() lets through. */
#include "engine/core/apply.h"

#include "engine/core/entities.h"
#include "engine/wire/notes.h"
#include "tests/unit/core/scene.h"
#include "tests/unit/core/stories.h"

static void opened(struct btx_scene *scene, uint64_t account)
{
    struct btx_account_event *event =
        btx_fixture_event_begin(&scene->fixture, BTX_EVENT_ACCOUNT_OPENED);

    event->account = account;
}

static void apply_account_opened__there_or_too_many__refused(void **state)
{
    struct btx_scene *scene = *state;

    opened(scene, 0);
    btx_scene_refuse(scene, "AccountOpened: the account exists");
    opened(scene, 1);
    btx_scene_refuse(scene, "AccountOpened: the account exists");
    opened(scene, 4);
    btx_scene_accept(scene);
    opened(scene, 5);
    btx_scene_refuse(scene, "AccountOpened: more accounts than the capacity");
}

/* FundsDeposited or FundsWithdrawn as it would be accepted. */
static struct btx_funds_event *funds(struct btx_scene *scene, enum btx_event_type type,
                                     uint64_t account, int64_t amount)
{
    struct btx_funds_event *event = btx_fixture_event_begin(&scene->fixture, type);
    const struct account *found = btx_find_account(scene->fixture.core, account);

    event->account = account;
    event->amount = amount;
    event->balance = found == NULL ? 0 : (int64_t)found->balance;
    event->balance += type == BTX_EVENT_FUNDS_DEPOSITED ? amount : -amount;
    return event;
}

/* The balance in the event is a check sum of everything before. */
static void apply_funds__not_the_balance_before_and_the_amount__refused(void **state)
{
    static const char sentence[] = "Funds: the balance is not the one before and the amount";
    struct btx_scene *scene = *state;

    for (int type = BTX_EVENT_FUNDS_DEPOSITED; type <= BTX_EVENT_FUNDS_WITHDRAWN; type++) {
        funds(scene, (enum btx_event_type)type, 2, 100)->balance++;
        btx_scene_refuse(scene, sentence);
        funds(scene, (enum btx_event_type)type, 2, 100)->amount = 99;
        btx_scene_refuse(scene, sentence);
        (void)funds(scene, (enum btx_event_type)type, 2, 100);
        btx_scene_accept(scene);
    }
    (void)funds(scene, BTX_EVENT_FUNDS_DEPOSITED, 77, 100);
    btx_scene_refuse(scene, "Funds: the account does not exist");
    (void)funds(scene, BTX_EVENT_FUNDS_DEPOSITED, 0, 100);
    btx_scene_refuse(scene, "Funds: the account does not exist");
}

/* What bets and orders reserve is not there to be taken out (I4). */
static void apply_funds__more_than_available__refused(void **state)
{
    struct btx_scene *scene = *state;

    (void)funds(scene, BTX_EVENT_FUNDS_WITHDRAWN, 2, 976 * BTX_FIXTURE_ONE + 1);
    btx_scene_refuse(scene, "FundsWithdrawn: more than was available");
    (void)funds(scene, BTX_EVENT_FUNDS_WITHDRAWN, 2, 976 * BTX_FIXTURE_ONE);
    btx_scene_accept(scene);
}

static void apply_funds__more_than_there_may_be_or_is__refused(void **state)
{
    static const char sentence[] = "Funds: more than there may be, or is";
    struct btx_scene *scene = *state;
    const btx_i128 sum = scene->fixture.core->clients_sum;

    (void)funds(scene, BTX_EVENT_FUNDS_DEPOSITED, 2, BTX_MONEY_MAX);
    btx_scene_refuse(scene, sentence);
    (void)funds(scene, BTX_EVENT_FUNDS_DEPOSITED, 2, BTX_MONEY_MAX - (int64_t)sum + 1);
    btx_scene_refuse(scene, sentence);
    (void)funds(scene, BTX_EVENT_FUNDS_WITHDRAWN, 3, 1000 * BTX_FIXTURE_ONE + 1);
    btx_scene_refuse(scene, sentence);
    (void)funds(scene, BTX_EVENT_FUNDS_DEPOSITED, 2, BTX_MONEY_MAX - (int64_t)sum);
    btx_scene_accept(scene);
    (void)funds(scene, BTX_EVENT_FUNDS_WITHDRAWN, 3, 1000 * BTX_FIXTURE_ONE);
    btx_scene_accept(scene);
}

/* A log in which a number is consumed twice has been put together wrongly. */
static void apply_funds__number_consumed_before__refused(void **state)
{
    static const char sentence[] = "Funds: cseq or transfer was consumed before";
    struct btx_scene *scene = *state;

    funds(scene, BTX_EVENT_FUNDS_DEPOSITED, 1, 100)->cseq = 10;
    btx_scene_refuse(scene, sentence);
    funds(scene, BTX_EVENT_FUNDS_DEPOSITED, 1, 100)->transfer = 19;
    btx_scene_refuse(scene, sentence);
    funds(scene, BTX_EVENT_FUNDS_DEPOSITED, 1, 100)->cseq = 11;
    btx_scene_accept(scene);
    funds(scene, BTX_EVENT_FUNDS_WITHDRAWN, 1, 100)->transfer = 21;
    btx_scene_accept(scene);
    assert_int_equal(btx_find_account(scene->fixture.core, 1)->cseq, 11);
    assert_int_equal(btx_find_account(scene->fixture.core, 1)->transfer, 21);
}

static void frozen(struct btx_scene *scene, enum btx_event_type type, uint64_t account)
{
    struct btx_account_event *event = btx_fixture_event_begin(&scene->fixture, type);

    event->account = account;
}

static void apply_frozen__no_account_or_no_change__refused(void **state)
{
    static const char sentence[] =
        "AccountFrozen or AccountUnfrozen: no such account, or no change";
    struct btx_scene *scene = *state;

    frozen(scene, BTX_EVENT_ACCOUNT_FROZEN, 77);
    btx_scene_refuse(scene, sentence);
    frozen(scene, BTX_EVENT_ACCOUNT_FROZEN, 3);
    btx_scene_refuse(scene, sentence);
    frozen(scene, BTX_EVENT_ACCOUNT_UNFROZEN, 2);
    btx_scene_refuse(scene, sentence);
    frozen(scene, BTX_EVENT_ACCOUNT_UNFROZEN, 3);
    btx_scene_accept(scene);
    assert_false(btx_find_account(scene->fixture.core, 3)->frozen);
}

static struct btx_command_rejected *rejected(struct btx_scene *scene, enum btx_reject reason,
                                             uint64_t cseq, uint64_t transfer)
{
    struct btx_command_rejected *event =
        btx_fixture_event_begin(&scene->fixture, BTX_EVENT_COMMAND_REJECTED);

    event->cmd = BTX_COMMAND_WITHDRAW;
    event->reason = (uint8_t)reason;
    event->account = 1;
    event->present = BTX_COMMAND_REJECTED_HAS_ACCOUNT;
    event->cseq = cseq;
    event->transfer = transfer;
    return event;
}

/* DUPLICATE and BUSY consume nothing, so they may come with any number. */
static void apply_rejected__number_consumed_before__refused(void **state)
{
    static const char sentence[] = "CommandRejected: cseq or transfer was consumed before";
    struct btx_scene *scene = *state;
    const struct account *account = btx_find_account(scene->fixture.core, 1);

    (void)rejected(scene, BTX_REJECT_NO_CHANGE, 10, 0);
    btx_scene_refuse(scene, sentence);
    (void)rejected(scene, BTX_REJECT_NO_CHANGE, 0, 20);
    btx_scene_refuse(scene, sentence);
    (void)rejected(scene, BTX_REJECT_DUPLICATE, 10, 0);
    btx_scene_accept(scene);
    (void)rejected(scene, BTX_REJECT_BUSY, 11, 0);
    btx_scene_accept(scene);
    assert_int_equal(account->cseq, 10);
    rejected(scene, BTX_REJECT_UNKNOWN_ACCOUNT, 1, 0)->account = 77;
    btx_scene_accept(scene);
    (void)rejected(scene, BTX_REJECT_NO_CHANGE, 11, 0);
    btx_scene_accept(scene);
    assert_int_equal(account->cseq, 11);
    assert_int_equal(account->transfer, 20);
}

/* A record lost, repeated or moved shows by its numbers. */
static void apply__seq_tx_or_time_does_not_follow__refused(void **state)
{
    static const char sentence[] = "event: seq, tx or time does not follow";
    struct btx_scene *scene = *state;
    struct btx_record *record = &scene->fixture.record->record;

    opened(scene, 4);
    record->seq++;
    btx_scene_refuse(scene, sentence);
    opened(scene, 4);
    record->seq--;
    btx_scene_refuse(scene, sentence);
    opened(scene, 4);
    record->tx++;
    btx_scene_refuse(scene, sentence);
    opened(scene, 4);
    record->tx--;
    btx_scene_refuse(scene, sentence);
    opened(scene, 4);
    record->time_ns--;
    btx_scene_refuse(scene, sentence);
    opened(scene, 4);
    record->time_ns++;
    btx_scene_accept(scene);
}

/* A core that goes on where a log ends must not stamp its events before those of the log. */
static void apply__event_of_a_later_time__next_command_is_not_before_it(void **state)
{
    struct btx_scene *scene = *state;

    opened(scene, 4);
    scene->fixture.record->record.time_ns = 777777;
    btx_scene_accept(scene);
    btx_fixture_on_account(&scene->fixture, BTX_COMMAND_FREEZE_ACCOUNT, 4);
    assert_int_equal(scene->fixture.events[0]->time_ns, 777777);
}

/* Within a tx all events have its number. */
static void apply__next_tx_before_the_last_has_ended__refused(void **state)
{
    struct btx_scene *scene = *state;

    opened(scene, 4);
    btx_scene_accept_open(scene);
    frozen(scene, BTX_EVENT_ACCOUNT_FROZEN, 4);
    scene->fixture.record->record.tx++;
    btx_scene_refuse(scene, "event: seq, tx or time does not follow");
    frozen(scene, BTX_EVENT_ACCOUNT_FROZEN, 4);
    btx_scene_accept(scene);
}

static void build_freeze(struct btx_scene *scene, uint64_t account)
{
    struct btx_account_command *command =
        btx_fixture_begin(&scene->fixture, BTX_COMMAND_FREEZE_ACCOUNT);

    command->account = account;
}

/* The command of @scene's fixture is refused with @sentence; the state is as before. */
static void refuse_command(struct btx_scene *scene, const char *sentence)
{
    const struct btx_bytes before = btx_fixture_save(&scene->fixture);
    const char *wrong = btx_scene_apply_command(scene);

    assert_non_null(wrong);
    assert_string_equal(wrong, sentence);
    btx_bytes_assert_equal(btx_fixture_save(&scene->fixture), before);
}

/* Between two txs of a command no other command is executed (rules.md 7). */
static void apply_command__the_one_before_has_not_ended__refused(void **state)
{
    static const char sentence[] = "command: the one before it has not ended";
    struct btx_scene *scene = *state;

    opened(scene, 4);
    btx_scene_accept_open(scene);
    build_freeze(scene, 2);
    refuse_command(scene, sentence); /* In the middle of a tx. */
    frozen(scene, BTX_EVENT_ACCOUNT_FROZEN, 4);
    btx_scene_accept(scene);

    build_freeze(scene, 2);
    assert_null(btx_scene_apply_command(scene));
    assert_non_null(btx_core_pending(scene->fixture.core));
    build_freeze(scene, 1);
    refuse_command(scene, sentence); /* Right behind another. */
}

static void apply_command__seq_tx_or_time_does_not_follow__refused(void **state)
{
    struct btx_scene *scene = *state;
    struct btx_core *core = scene->fixture.core;

    for (int field = 0; field < 3; field++) {
        const struct btx_bytes before = btx_fixture_save(&scene->fixture);

        build_freeze(scene, 2);
        struct btx_record *record = &scene->fixture.command->command.record;
        record->seq = core->seq + 1 + (field == 0);
        record->tx = core->tx + 1 + (field == 1);
        record->time_ns = core->time_ns - (field == 2);
        assert_string_equal(btx_core_apply(core, record),
                            "command: seq, tx or time does not follow");
        btx_bytes_assert_equal(btx_fixture_save(&scene->fixture), before);
    }
}

/* What stays pending at the end of a tx must be what its events belong to. */
static void apply__tx_of_another_command__refused(void **state)
{
    static const char sentence[] = "tx: its events are not those of the pending command";
    struct btx_scene *scene = *state;

    build_freeze(scene, 2);
    assert_null(btx_scene_apply_command(scene));
    opened(scene, 4);
    scene->fixture.record->record.kind_flags = BTX_RECORD_EVENT | BTX_RECORD_TX_END;
    btx_scene_refuse_end(scene, sentence);
}

/* A tx may end in the middle of a command, and then only the command goes on. */
static void apply__tx_ends_within_the_command__it_stays_pending(void **state)
{
    struct btx_scene *scene = *state;
    struct btx_fixture *fixture = &scene->fixture;

    build_freeze(scene, 2);
    assert_null(btx_scene_apply_command(scene));
    frozen(scene, BTX_EVENT_ACCOUNT_FROZEN, 2);
    fixture->record->record.kind_flags = BTX_RECORD_EVENT | BTX_RECORD_TX_END;
    btx_scene_accept(scene);
    assert_non_null(btx_core_pending(fixture->core));
    assert_true(btx_core_can_step(fixture->core));

    fixture->event_count = 0;
    fixture->tx_count = 0;
    assert_int_equal(btx_fixture_continue(fixture), BTX_STEP_DONE);
    const struct btx_order_cancelled_batched *batch =
        btx_fixture_event(fixture, 0, BTX_EVENT_ORDER_CANCELLED_BATCHED);
    assert_int_equal(btx_order_cancelled_batched_orders(batch)[0], scene->back);
    assert_null(btx_core_pending(fixture->core));
}

/* Events alone rebuild the state, but nobody can go on with a command that was never seen. */
static void apply__tx_ends_within_an_unknown_command__no_step_until_it_ends(void **state)
{
    struct btx_scene *scene = *state;
    struct btx_core *core = scene->fixture.core;

    frozen(scene, BTX_EVENT_ACCOUNT_FROZEN, 2);
    scene->fixture.record->record.kind_flags = BTX_RECORD_EVENT | BTX_RECORD_TX_END;
    btx_scene_accept(scene);
    assert_false(btx_core_can_step(core));
    build_freeze(scene, 1);
    refuse_command(scene, "command: the one before it has not ended");

    struct btx_order_cancelled_batched *batch =
        btx_fixture_event_begin(&scene->fixture, BTX_EVENT_ORDER_CANCELLED_BATCHED);
    batch->market = BTX_SCENE_MARKET;
    batch->orders_count = 1;
    btx_fixture_event_tail(&scene->fixture, &scene->back, sizeof scene->back);
    btx_scene_accept(scene);
    assert_true(btx_core_can_step(core));
    build_freeze(scene, 1);
    assert_null(btx_scene_apply_command(scene));
}

/* In the middle of a tx the state is not one that anybody may see or step from. */
static void btx_core_can_step__in_the_middle_of_a_tx__false(void **state)
{
    struct btx_scene *scene = *state;

    assert_true(btx_core_can_step(scene->fixture.core));
    opened(scene, 4);
    btx_scene_accept_open(scene);
    assert_false(btx_core_can_step(scene->fixture.core));
    frozen(scene, BTX_EVENT_ACCOUNT_FROZEN, 4);
    btx_scene_accept(scene);
    assert_true(btx_core_can_step(scene->fixture.core));
}

/* Notes are about machines; two machines with the same events have the same state. */
static void apply__every_note__changes_nothing(void **state)
{
    struct btx_scene *scene = *state;
    struct btx_record *record = &scene->fixture.record->record;
    const struct btx_bytes before = btx_fixture_save(&scene->fixture);

    for (uint8_t type = 1; type <= BTX_NOTE_COUNT; type++) {
        memset(scene->fixture.record, 0, sizeof *scene->fixture.record);
        record->kind_flags = BTX_RECORD_NOTE;
        record->type = type;
        record->length_units = btx_record_units(btx_note_body_bytes(type));
        record->seq = 12345;
        record->tx = 678;
        record->time_ns = 1;
        assert_null(btx_core_apply(scene->fixture.core, record));
        btx_bytes_assert_equal(btx_fixture_save(&scene->fixture), before);
    }
    opened(scene, 4);
    btx_scene_accept_open(scene);
    record->kind_flags = BTX_RECORD_NOTE;
    assert_null(btx_core_apply(scene->fixture.core, record));
    frozen(scene, BTX_EVENT_ACCOUNT_FROZEN, 4);
    btx_scene_accept(scene);
}

/* In the log commands are sealed, in the ring they may not be: the state must not tell. */
static void apply_command__with_a_crc_or_without__equal_bytes(void **state)
{
    struct btx_scene *scene = *state;
    struct btx_fixture other;

    btx_fixture_open(&other, &scene->fixture.capacity, 0);
    const struct btx_bytes before = btx_fixture_save(&scene->fixture);
    assert_null(btx_fixture_load(&other, before.bytes, before.length_bytes));

    build_freeze(scene, 2);
    assert_null(btx_scene_apply_command(scene));
    struct btx_record *record = &scene->fixture.command->command.record;
    btx_record_seal(record);
    assert_true(record->crc != 0);
    assert_null(btx_core_apply(other.core, record));

    btx_bytes_assert_equal(btx_fixture_save(&other), btx_fixture_save(&scene->fixture));
    btx_fixture_close(&other);
}

/* Recovery, the auditor and a read model see what the live core has: after every record of every
 * long command. */
static void apply__all_records_of_each_story__the_same_state(void **state)
{
    (void)state;
    for (uint32_t story = 0; story < BTX_STORY_COUNT; story++) {
        struct btx_fixture live;
        struct btx_fixture follower;

        print_message("%s\n", btx_story_name((enum btx_story)story));
        btx_story_open(&live);
        btx_story_open(&follower);
        live.follower = follower.core;
        btx_story_tell(&live, (enum btx_story)story);
        btx_bytes_assert_equal(btx_fixture_save(&follower), btx_fixture_save(&live));
        while (btx_core_pending(live.core) != NULL) {
            assert_non_null(btx_core_pending(follower.core));
            (void)btx_fixture_continue(&live);
            btx_bytes_assert_equal(btx_fixture_save(&follower), btx_fixture_save(&live));
        }
        assert_null(btx_core_pending(follower.core));
        btx_fixture_close(&live);
        btx_fixture_close(&follower);
    }
}

static void apply__events_of_each_story_without_commands__the_same_state(void **state)
{
    (void)state;
    for (uint32_t story = 0; story < BTX_STORY_COUNT; story++) {
        struct btx_fixture live;
        struct btx_fixture follower;

        btx_story_open(&live);
        btx_story_open(&follower);
        live.follower = follower.core;
        live.follows_events = true;
        btx_story_tell(&live, (enum btx_story)story);
        while (btx_core_pending(live.core) != NULL)
            (void)btx_fixture_continue(&live);
        btx_bytes_assert_equal(btx_fixture_save(&follower), btx_fixture_save(&live));
        btx_fixture_close(&live);
        btx_fixture_close(&follower);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BTX_IN_SCENE(apply_account_opened__there_or_too_many__refused),
        BTX_IN_SCENE(apply_funds__not_the_balance_before_and_the_amount__refused),
        BTX_IN_SCENE(apply_funds__more_than_available__refused),
        BTX_IN_SCENE(apply_funds__more_than_there_may_be_or_is__refused),
        BTX_IN_SCENE(apply_funds__number_consumed_before__refused),
        BTX_IN_SCENE(apply_frozen__no_account_or_no_change__refused),
        BTX_IN_SCENE(apply_rejected__number_consumed_before__refused),
        BTX_IN_SCENE(apply__seq_tx_or_time_does_not_follow__refused),
        BTX_IN_SCENE(apply__event_of_a_later_time__next_command_is_not_before_it),
        BTX_IN_SCENE(apply__next_tx_before_the_last_has_ended__refused),
        BTX_IN_SCENE(apply_command__the_one_before_has_not_ended__refused),
        BTX_IN_SCENE(apply_command__seq_tx_or_time_does_not_follow__refused),
        BTX_IN_SCENE(apply__tx_of_another_command__refused),
        BTX_IN_SCENE(apply__tx_ends_within_the_command__it_stays_pending),
        BTX_IN_SCENE(apply__tx_ends_within_an_unknown_command__no_step_until_it_ends),
        BTX_IN_SCENE(btx_core_can_step__in_the_middle_of_a_tx__false),
        BTX_IN_SCENE(apply__every_note__changes_nothing),
        BTX_IN_SCENE(apply_command__with_a_crc_or_without__equal_bytes),
        cmocka_unit_test(apply__all_records_of_each_story__the_same_state),
        cmocka_unit_test(apply__events_of_each_story_without_commands__the_same_state),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
