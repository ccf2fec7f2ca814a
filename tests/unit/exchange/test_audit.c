/* SPDX-License-Identifier: Apache-2.0 */
/* test_audit.c - what a log says must be what its commands give, to the last byte. */
#include "engine/exchange/audit.h"

#include "engine/wire/notes.h"
#include "tests/unit/exchange/story.h"

#include <string.h>

enum { ORDERS = BTX_BATCH_ORDERS_MAX + 904 };

struct fixture {
    struct btx_story story;
    struct btx_exchange exchange; /* that of the audit */
    struct btx_audit audit;
};

/* A story of all that matters to an audit: a refusal, a trade, a command of two txs, digests. */
static int set_up(void **state)
{
    static struct fixture fixture;
    struct btx_fault fault = {0};

    memset(&fixture, 0, sizeof fixture);
    btx_story_open(&fixture.story, &btx_story_capacity);
    btx_story_begin_market(&fixture.story, ORDERS);
    btx_story_line(&fixture.story, "{\"cmd\":\"OpenAccount\",\"t\":5,\"account\":1}");
    btx_story_line(&fixture.story,
                   "{\"cmd\":\"PlaceOrder\",\"t\":5,\"account\":2,\"market\":1,\"side\":\"SELL\","
                   "\"outcome\":\"YES\",\"price\":0.5,\"size\":3}");
    btx_story_note_digest(&fixture.story);
    btx_story_cancel_all(&fixture.story);
    btx_story_note_digest(&fixture.story);
    assert_int_equal(btx_exchange_open(&fixture.exchange, &btx_story_capacity, &fault), BTX_OK);
    fixture.audit = (struct btx_audit){.exchange = &fixture.exchange};
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    btx_exchange_close(&fixture->exchange);
    btx_story_close(&fixture->story);
    return 0;
}

static struct btx_record *record_at(struct fixture *fixture, size_t offset_bytes)
{
    return (struct btx_record *)(void *)(fixture->story.bytes + offset_bytes);
}

/* Take the records of the story in [@begin_bytes, @end_bytes); what differs, or NULL. */
static const char *take(struct fixture *fixture, size_t begin_bytes, size_t end_bytes)
{
    const char *why = NULL;

    for (size_t next = begin_bytes; next < end_bytes && why == NULL;) {
        const struct btx_record *record = record_at(fixture, next);

        why = btx_audit_take(&fixture->audit, record);
        next += btx_record_length_bytes(record);
    }
    return why;
}

/* The part of the CancelOrders command's first tx: the last but two. */
static const struct btx_story_part *cancel_part(const struct fixture *fixture)
{
    const struct btx_story_part *part = &fixture->story.parts[fixture->story.part_count - 3];

    assert_true(part->in_command);
    return part;
}

/* What the core made is what the core makes: nothing is reported where nothing is wrong. */
static void audit_take__own_log__equal(void **state)
{
    struct fixture *fixture = *state;

    assert_null(take(fixture, 0, fixture->story.length_bytes));
    assert_int_equal(fixture->audit.commands, 5 + ORDERS + 1 + 1 + 1);
    /* Two more: the trades of the taker, and the second tx of the cancellation. */
    assert_int_equal(fixture->audit.events,
                     fixture->story.parts[fixture->story.part_count - 1].seq);
    assert_int_equal(fixture->audit.digests, 2);
    assert_null(fixture->audit.expected);
}

/* An audit may begin in the middle of a command: segments end at txs, not at commands. */
static void audit_take__begun_within_a_command__goes_on(void **state)
{
    struct fixture *fixture = *state;
    const struct btx_story_part *part = cancel_part(fixture);
    struct btx_audit second = {.exchange = &fixture->exchange};

    assert_null(take(fixture, 0, part->end_bytes));
    fixture->audit = second;
    assert_null(take(fixture, part->end_bytes, fixture->story.length_bytes));
    assert_int_equal(fixture->audit.commands, 0);
    assert_int_equal(fixture->audit.events, 1);
}

/* Every byte that an event has, but for its CRC, is what was decided. */
static void audit_take__one_byte_of_an_event_differs__told(void **state)
{
    struct fixture *fixture = *state;
    const struct btx_story_part *part = &fixture->story.parts[5]; /* The first PlaceOrder. */
    const struct btx_record *command = record_at(fixture, part->begin_bytes);
    const size_t event_bytes = part->begin_bytes + btx_record_length_bytes(command);
    /* Low bits of: seq, tx, time, order id, account, market, size, price, and the last byte. */
    const size_t offsets[] = {8, 16, 24, 32, 40, 48, 64, 88, part->end_bytes - event_bytes - 1};

    assert_null(take(fixture, 0, part->begin_bytes));
    for (size_t i = 0; i < BTX_COUNT_OF(offsets); i++) {
        uint8_t *byte = fixture->story.bytes + event_bytes + offsets[i];
        struct btx_fault fault = {0};

        print_message("offset %zu\n", offsets[i]);
        *byte ^= 1;
        assert_non_null(take(fixture, part->begin_bytes, part->end_bytes));
        assert_ptr_not_equal(fixture->audit.expected, NULL);
        assert_int_equal(fixture->audit.expected->type, BTX_EVENT_ORDER_ACCEPTED);
        *byte ^= 1;
        assert_int_equal(btx_exchange_reset(&fixture->exchange, &fault), BTX_OK);
        fixture->audit = (struct btx_audit){.exchange = &fixture->exchange};
        assert_null(take(fixture, 0, part->begin_bytes));
    }
}

/* A command record is compared too: its seq, tx and time are the core's. */
static void audit_take__command_with_another_time__told(void **state)
{
    struct fixture *fixture = *state;
    const struct btx_story_part *part = &fixture->story.parts[5];

    assert_null(take(fixture, 0, part->begin_bytes));
    record_at(fixture, part->begin_bytes)->time_ns = 1;
    assert_non_null(take(fixture, part->begin_bytes, part->end_bytes));
    assert_int_equal(fixture->audit.commands, 5);
}

/* Somebody who leaves out an event is found at the next record, whatever that is. */
static void audit_take__something_is_missing__told(void **state)
{
    struct fixture *fixture = *state;
    const struct btx_story_part *part = &fixture->story.parts[5];
    const struct btx_story_part *cancel = cancel_part(fixture);
    const struct btx_record *command = record_at(fixture, part->begin_bytes);
    const size_t event_bytes = part->begin_bytes + btx_record_length_bytes(command);
    const struct btx_story_part *note = &fixture->story.parts[fixture->story.part_count - 1];
    struct btx_audit before;

    assert_null(take(fixture, 0, part->begin_bytes));
    assert_string_equal(take(fixture, event_bytes, part->end_bytes),
                        "an event where the execution gives none");
    assert_null(take(fixture, part->begin_bytes, event_bytes));
    before = fixture->audit;
    assert_string_equal(take(fixture, part->end_bytes, part->end_bytes + 1),
                        "a command where the execution gives an event");
    fixture->audit = before;
    assert_string_equal(take(fixture, note->begin_bytes, note->end_bytes),
                        "a note where the execution gives an event");
    fixture->audit = before;
    assert_null(take(fixture, event_bytes, cancel->end_bytes));
    assert_string_equal(take(fixture, part->begin_bytes, event_bytes),
                        "a command where the one before it goes on");
}

/* A Tick leaves no record: one in a log was put there. */
static void audit_take__command_without_events__told(void **state)
{
    struct fixture *fixture = *state;
    struct btx_command *tick = btx_command_begin(&fixture->story.command, BTX_COMMAND_TICK);

    assert_string_equal(btx_audit_take(&fixture->audit, &tick->record),
                        "a command that makes no event");
}

/* The digest is what tells of a state that differs where no event does. */
static void audit_take__another_digest__told(void **state)
{
    struct fixture *fixture = *state;
    const struct btx_story_part *note = &fixture->story.parts[fixture->story.part_count - 1];
    struct btx_state_digest *digest =
        (struct btx_state_digest *)(void *)record_at(fixture, note->begin_bytes);

    assert_null(take(fixture, 0, note->begin_bytes));
    digest->sha256[31] ^= 1;
    assert_string_equal(take(fixture, note->begin_bytes, note->end_bytes),
                        "the StateDigest is not that of the execution");
    digest->sha256[31] ^= 1;
    digest->rules_version++;
    assert_string_equal(take(fixture, note->begin_bytes, note->end_bytes),
                        "a StateDigest of other rules than those of the command before it");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(audit_take__own_log__equal),
        TEST(audit_take__begun_within_a_command__goes_on),
        TEST(audit_take__one_byte_of_an_event_differs__told),
        TEST(audit_take__command_with_another_time__told),
        TEST(audit_take__something_is_missing__told),
        TEST(audit_take__command_without_events__told),
        TEST(audit_take__another_digest__told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
