/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/exchange/story.h"

#include "engine/core/view.h"
#include "engine/wire/notes.h"

#include <stdlib.h>
#include <string.h>

const struct btx_core_capacity btx_story_capacity = {
    .accounts = 1000, .markets = 1000, .runners = 1000, .orders = 100000, .positions = 1000};

void btx_story_open(struct btx_story *story, const struct btx_core_capacity *capacity)
{
    struct btx_fault fault = {0};

    assert_int_equal(btx_exchange_open(&story->exchange, capacity, &fault), BTX_OK);
}

/* Room for a part of @length_bytes. */
static void make_room(struct btx_story *story, size_t length_bytes)
{
    if (story->room_bytes - story->length_bytes < length_bytes) {
        story->room_bytes = 2 * story->room_bytes + length_bytes;
        story->bytes = realloc(story->bytes, story->room_bytes);
    }
    if (story->part_count == story->part_room) {
        story->part_room = 2 * story->part_room + 1;
        story->parts = realloc(story->parts, story->part_room * sizeof *story->parts);
    }
    assert_non_null(story->bytes);
    assert_non_null(story->parts);
}

/* Append @length_bytes of whole records, sealed, as the next part. */
static struct btx_story_part *append_part(struct btx_story *story, const void *bytes,
                                          size_t length_bytes)
{
    struct btx_story_part *part;
    struct btx_core_view view;
    size_t next;

    make_room(story, length_bytes);
    part = &story->parts[story->part_count++];
    memset(part, 0, sizeof *part);
    part->begin_bytes = story->length_bytes;
    memcpy(story->bytes + story->length_bytes, bytes, length_bytes);
    story->length_bytes += length_bytes;
    part->end_bytes = story->length_bytes;
    for (next = part->begin_bytes; next < part->end_bytes;) {
        struct btx_record *record = (struct btx_record *)(void *)(story->bytes + next);

        btx_record_seal(record);
        next += btx_record_length_bytes(record);
    }
    btx_core_view(story->exchange.core, &view);
    part->seq = view.seq;
    part->in_command = btx_core_pending(story->exchange.core) != NULL;
    if (story->digests)
        btx_exchange_digest(&story->exchange, part->digest);
    return part;
}

void btx_story_run(struct btx_story *story, const struct btx_command *command)
{
    struct btx_exchange *exchange = &story->exchange;
    enum btx_step step = BTX_STEP_DUE;

    do {
        step = btx_core_step(exchange->core, step == BTX_STEP_MORE ? NULL : command, &exchange->tx);
        if (exchange->tx.length_bytes > 0)
            append_part(story, exchange->tx.bytes, exchange->tx.length_bytes);
    } while (step != BTX_STEP_DONE);
}

void btx_story_line(struct btx_story *story, const char *line)
{
    assert_null(btx_command_text_decode(&story->decoder, line, strlen(line), &story->command));
    btx_story_run(story, &story->command.command);
}

void btx_story_note_digest(struct btx_story *story)
{
    struct btx_core_view view;
    union {
        struct btx_state_digest body;
        uint8_t bytes[128];
    } note = {.bytes = {0}};

    btx_core_view(story->exchange.core, &view);
    note.body.record.length_units = btx_record_units(sizeof note.body);
    note.body.record.kind_flags = BTX_RECORD_NOTE;
    note.body.record.type = BTX_NOTE_STATE_DIGEST;
    note.body.record.seq = view.seq;
    note.body.record.tx = view.tx;
    note.body.rules_version = BTX_RULES_VERSION;
    btx_exchange_digest(&story->exchange, note.body.sha256);
    append_part(story, note.bytes, btx_record_length_bytes(&note.body.record))->is_note = true;
}

void btx_story_begin_market(struct btx_story *story, unsigned order_count)
{
    btx_story_line(story, "{\"cmd\":\"OpenAccount\",\"t\":1,\"account\":1}");
    btx_story_line(story, "{\"cmd\":\"OpenAccount\",\"t\":2,\"account\":2}");
    btx_story_line(story, "{\"cmd\":\"Deposit\",\"t\":3,\"account\":1,\"amount\":1000000}");
    btx_story_line(story, "{\"cmd\":\"Deposit\",\"t\":3,\"account\":2,\"amount\":1000000}");
    btx_story_line(story, "{\"cmd\":\"OpenMarket\",\"t\":4,\"market\":1,\"kind\":\"BINARY\","
                          "\"tick\":0.01,\"min_size\":1,\"commission\":0}");
    for (unsigned i = 0; i < order_count; i++)
        btx_story_line(story, "{\"cmd\":\"PlaceOrder\",\"t\":5,\"account\":1,\"market\":1,"
                              "\"side\":\"BUY\",\"outcome\":\"YES\",\"price\":0.5,\"size\":1}");
}

void btx_story_cancel_all(struct btx_story *story)
{
    btx_story_line(story, "{\"cmd\":\"CancelOrders\",\"t\":6,\"account\":1}");
}

void btx_story_close(struct btx_story *story)
{
    btx_exchange_close(&story->exchange);
    free(story->bytes);
    free(story->parts);
    memset(story, 0, sizeof *story);
}
