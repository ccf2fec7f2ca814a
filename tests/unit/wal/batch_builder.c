/* SPDX-License-Identifier: Apache-2.0 */
#include "batch_builder.h"

#include <string.h>

#include "engine/base/check.h"
#include "engine/wire/commands.h"
#include "engine/wire/events.h"
#include "engine/wire/notes.h"

void batch_begin(struct batch_builder *builder)
{
    builder->length_bytes = 0;
    builder->batch_seq = builder->position.seq + 1;
}

struct btx_wal_batch batch_end(struct batch_builder *builder)
{
    builder->position.batch++;
    return (struct btx_wal_batch){
        .seq = builder->batch_seq,
        .number = builder->position.batch,
        .bytes = builder->bytes,
        .length_bytes = builder->length_bytes,
    };
}

/* Zeros of @body_bytes, rounded up, with their frame. */
static void *claim(struct batch_builder *builder, enum btx_record_kind kind, uint8_t type,
                   size_t body_bytes)
{
    struct btx_record *record = (struct btx_record *)(builder->bytes + builder->length_bytes);
    const size_t length_bytes = (size_t)btx_record_units(body_bytes) * BTX_RECORD_UNIT_BYTES;

    CHECK(length_bytes <= sizeof builder->bytes - builder->length_bytes);
    memset(record, 0, length_bytes);
    record->length_units = btx_record_units(body_bytes);
    record->kind_flags = (uint8_t)kind;
    record->type = type;
    builder->length_bytes += length_bytes;
    return record;
}

struct btx_record *batch_command(struct batch_builder *builder)
{
    struct btx_open_account *command =
        claim(builder, BTX_RECORD_COMMAND, BTX_COMMAND_OPEN_ACCOUNT, sizeof *command);
    struct btx_record *record = &command->command.record;

    command->account = 7;
    record->seq = builder->position.seq + 1;
    record->tx = builder->position.tx + 1;
    record->time_ns = ++builder->position.time_ns;
    btx_record_seal(record);
    return record;
}

struct btx_record *batch_event(struct batch_builder *builder, uint8_t flags)
{
    struct btx_funds_event *event =
        claim(builder, BTX_RECORD_EVENT, BTX_EVENT_FUNDS_DEPOSITED, sizeof *event);

    event->account = 7;
    event->amount = 10000;
    event->balance = 10000;
    event->record.kind_flags |= flags;
    event->record.seq = ++builder->position.seq;
    event->record.tx = builder->position.tx + 1;
    event->record.time_ns = builder->position.time_ns;
    btx_record_seal(&event->record);
    builder->position.in_command = (flags & BTX_RECORD_COMMAND_END) == 0;
    if ((flags & BTX_RECORD_TX_END) != 0)
        builder->position.tx++;
    return &event->record;
}

struct btx_record *batch_note(struct batch_builder *builder)
{
    struct btx_record *note =
        claim(builder, BTX_RECORD_NOTE, BTX_NOTE_CLEAN_STOP, sizeof(struct btx_clean_stop));

    note->seq = builder->position.seq;
    note->tx = builder->position.tx;
    btx_record_seal(note);
    return note;
}

void batch_tx(struct batch_builder *builder, size_t events)
{
    (void)batch_command(builder); /* Right as they are. */
    for (size_t i = 1; i < events; i++)
        (void)batch_event(builder, 0);
    (void)batch_event(builder, BTX_RECORD_TX_END | BTX_RECORD_COMMAND_END);
}
