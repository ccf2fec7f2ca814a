/* SPDX-License-Identifier: Apache-2.0 */
/* test_log_execution.c - what is around an audit: capacities, other rules, and where it ends. */
#include "engine/exchange/log_execution.h"

#include "engine/wire/notes.h"
#include "tests/unit/exchange/story.h"

#include <string.h>

struct fixture {
    struct btx_story story;
    struct btx_log_execution execution;
};

static int set_up(void **state)
{
    static struct fixture fixture;

    memset(&fixture, 0, sizeof fixture);
    btx_story_open(&fixture.story, &btx_story_capacity);
    btx_story_begin_market(&fixture.story, 3);
    btx_story_note_digest(&fixture.story);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    btx_log_execution_done(&fixture->execution);
    btx_log_execution_done(&fixture->execution);
    btx_story_close(&fixture->story);
    return 0;
}

static struct btx_record *record_at(struct fixture *fixture, size_t offset_bytes)
{
    return (struct btx_record *)(void *)(fixture->story.bytes + offset_bytes);
}

/* All records of the story, in their order. */
static void take_story(struct fixture *fixture)
{
    for (size_t next = 0; next < fixture->story.length_bytes;
         next += btx_record_length_bytes(record_at(fixture, next)))
        btx_log_execution_take(&fixture->execution, record_at(fixture, next));
}

static void take_start(struct fixture *fixture, uint32_t rules_version, uint32_t shard,
                       uint64_t accounts)
{
    const struct btx_engine_started note = {
        .record = {.kind_flags = BTX_RECORD_NOTE,
                   .type = BTX_NOTE_ENGINE_STARTED,
                   .length_units = btx_record_units(sizeof note)},
        .capacity_accounts = accounts,
        .capacity_markets = 10,
        .capacity_runners = 100,
        .capacity_orders = 100,
        .capacity_positions = 100,
        .rules_version = rules_version,
        .shard = shard,
    };

    btx_log_execution_take(&fixture->execution, &note.record);
}

/* A log that does not say with what it was written is executed in plenty of room. */
static void log_execution_take__story_without_a_start__equal(void **state)
{
    struct fixture *fixture = *state;

    btx_log_execution_begin(&fixture->execution, "nowhere", 0);
    take_story(fixture);
    assert_int_equal(fixture->execution.state, BTX_EXECUTION_RUNNING);
    assert_true(fixture->execution.audit.events > 0);
    assert_int_equal(fixture->execution.audit.digests, 1);
    assert_int_equal(fixture->execution.stopped_seq, fixture->execution.audit.events);
}

/* The room that the log was written with decides: with less, other events come out. */
static void log_execution_take__start_with_little_room__differs(void **state)
{
    struct fixture *fixture = *state;

    btx_log_execution_begin(&fixture->execution, "nowhere", 0);
    take_start(fixture, BTX_RULES_VERSION, 0, 1);
    take_story(fixture);
    assert_int_equal(fixture->execution.state, BTX_EXECUTION_DIFFERS);
    assert_non_null(fixture->execution.audit.expected);
    assert_true(fixture->execution.why[0] != '\0');
}

/* Another engine goes on with the same state in other room, and the digest is still right. */
static void log_execution_take__second_start__same_state(void **state)
{
    struct fixture *fixture = *state;
    size_t digest_bytes = 0;

    btx_log_execution_begin(&fixture->execution, "nowhere", 0);
    take_start(fixture, BTX_RULES_VERSION, 0, 10);
    for (size_t next = 0; next < fixture->story.length_bytes;
         next += btx_record_length_bytes(record_at(fixture, next))) {
        if (btx_record_kind(record_at(fixture, next)) == BTX_RECORD_NOTE) {
            digest_bytes = next;
            break;
        }
        btx_log_execution_take(&fixture->execution, record_at(fixture, next));
    }
    take_start(fixture, BTX_RULES_VERSION, 0, 20);
    btx_log_execution_take(&fixture->execution, record_at(fixture, digest_bytes));
    assert_int_equal(fixture->execution.state, BTX_EXECUTION_RUNNING);
    assert_int_equal(fixture->execution.audit.digests, 1);
    assert_int_equal(fixture->execution.exchange.capacity.accounts, 20);
}

struct start_case {
    uint32_t rules_version;
    uint32_t shard;
    uint64_t accounts;
    enum btx_fault_code code;
    const char *why;
};

/* What this program cannot execute it says so, and takes nothing for a difference. */
static void log_execution_take__start_that_cannot_be_followed__stopped(void **state)
{
    static const struct start_case cases[] = {
        {BTX_RULES_VERSION + 1, 0, 10, BTX_FAULT_LAYOUT,
         "an engine with rules version 3 went on; this program knows 2"},
        {BTX_RULES_VERSION, 1, 10, BTX_FAULT_LAYOUT, "this program can execute shard 0 only"},
        {BTX_RULES_VERSION, 0, 0, BTX_FAULT_LIMIT,
         "capacities run from 1 to 8000000 (stakes: 0 to 64000000, "
         "description bytes: 0 to 1073741824)"},
        {BTX_RULES_VERSION, 0, UINT64_MAX, BTX_FAULT_LIMIT,
         "capacities run from 1 to 8000000 (stakes: 0 to 64000000, "
         "description bytes: 0 to 1073741824)"},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        btx_log_execution_begin(&fixture->execution, "nowhere", 0);
        take_start(fixture, cases[i].rules_version, cases[i].shard, cases[i].accounts);
        take_story(fixture);
        assert_int_equal(fixture->execution.state, BTX_EXECUTION_STOPPED);
        assert_int_equal(fixture->execution.code, cases[i].code);
        assert_string_equal(fixture->execution.why, cases[i].why);
        assert_int_equal(fixture->execution.audit.events, 0);
        btx_log_execution_done(&fixture->execution);
    }
}

/* The state of a story so far, as a snapshot has it. */
struct kept_state {
    struct btx_snapshot snapshot;
    size_t offset_bytes; /* of the first record behind it */
    uint8_t bytes[1 << 16];
};

static void keep_bytes(void *context, const void *bytes, size_t length_bytes)
{
    struct kept_state *kept = context;

    assert_true(length_bytes <= sizeof kept->bytes - kept->snapshot.header.length_bytes);
    memcpy(kept->bytes + kept->snapshot.header.length_bytes, bytes, length_bytes);
    kept->snapshot.header.length_bytes += length_bytes;
}

static void keep_state(struct fixture *fixture, struct kept_state *kept)
{
    memset(kept, 0, sizeof *kept);
    btx_core_save(fixture->story.exchange.core, keep_bytes, kept);
    kept->snapshot.state = kept->bytes;
    kept->snapshot.header.seq = fixture->story.parts[fixture->story.part_count - 1].seq;
    kept->offset_bytes = fixture->story.length_bytes;
}

static void log_execution_resume__snapshot_within_the_story__rest_is_equal(void **state)
{
    static struct kept_state kept;
    struct fixture *fixture = *state;

    keep_state(fixture, &kept);
    btx_story_cancel_all(&fixture->story);
    btx_story_note_digest(&fixture->story);
    btx_log_execution_resume(&fixture->execution, &kept.snapshot, &btx_story_capacity);
    for (size_t next = kept.offset_bytes; next < fixture->story.length_bytes;
         next += btx_record_length_bytes(record_at(fixture, next)))
        btx_log_execution_take(&fixture->execution, record_at(fixture, next));
    assert_int_equal(fixture->execution.state, BTX_EXECUTION_RUNNING);
    assert_int_equal(fixture->execution.audit.commands, 1);
    assert_int_equal(fixture->execution.audit.digests, 1);
    assert_int_equal(fixture->execution.stopped_seq,
                     kept.snapshot.header.seq + fixture->execution.audit.events);
}

static void log_execution_resume__state_that_cannot_be_taken__stopped_with_its_fault(void **state)
{
    struct btx_core_capacity little = btx_story_capacity;
    static struct kept_state kept;
    struct fixture *fixture = *state;

    keep_state(fixture, &kept);
    little.accounts = 1;
    btx_log_execution_resume(&fixture->execution, &kept.snapshot, &little);
    assert_int_equal(fixture->execution.state, BTX_EXECUTION_STOPPED);
    assert_int_equal(fixture->execution.code, BTX_FAULT_LIMIT);
    btx_log_execution_done(&fixture->execution);

    kept.snapshot.header.length_bytes--;
    btx_log_execution_resume(&fixture->execution, &kept.snapshot, &btx_story_capacity);
    assert_int_equal(fixture->execution.state, BTX_EXECUTION_STOPPED);
    assert_int_equal(fixture->execution.code, BTX_FAULT_CORRUPT);
}

/* Behind a stop nothing is taken any more, and the first reason stays. */
static void log_execution_stop__before_more_records__nothing_is_taken(void **state)
{
    struct fixture *fixture = *state;

    btx_log_execution_begin(&fixture->execution, "nowhere", 0);
    btx_log_execution_stop(&fixture->execution, "damage");
    btx_log_execution_stop(&fixture->execution, "another");
    take_story(fixture);
    assert_int_equal(fixture->execution.state, BTX_EXECUTION_STOPPED);
    assert_string_equal(fixture->execution.why, "damage");
    assert_int_equal(fixture->execution.audit.commands, 0);
}

/* Off is off: no memory is taken for what was not asked for. */
static void log_execution_take__off__does_nothing(void **state)
{
    struct fixture *fixture = *state;

    fixture->execution = (struct btx_log_execution){0};
    take_story(fixture);
    btx_log_execution_stop(&fixture->execution, "damage");
    assert_int_equal(fixture->execution.state, BTX_EXECUTION_OFF);
    assert_null(fixture->execution.exchange.core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_execution_take__story_without_a_start__equal),
        cmocka_unit_test(log_execution_take__start_with_little_room__differs),
        cmocka_unit_test(log_execution_take__second_start__same_state),
        cmocka_unit_test(log_execution_take__start_that_cannot_be_followed__stopped),
        cmocka_unit_test(log_execution_resume__snapshot_within_the_story__rest_is_equal),
        cmocka_unit_test(log_execution_resume__state_that_cannot_be_taken__stopped_with_its_fault),
        cmocka_unit_test(log_execution_stop__before_more_records__nothing_is_taken),
        cmocka_unit_test(log_execution_take__off__does_nothing),
    };
    struct CMUnitTest ready[sizeof tests / sizeof tests[0]];

    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        ready[i] = tests[i];
        ready[i].setup_func = set_up;
        ready[i].teardown_func = tear_down;
    }
    return cmocka_run_group_tests(ready, NULL, NULL);
}
