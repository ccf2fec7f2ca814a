/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/text/record_text.h"

#include <assert.h>
#include <stdbool.h>

#include "engine/base/check.h"
#include "engine/text/command_text.h"
#include "engine/text/note_text.h"
#include "engine/text/text_put.h"

/* What stands around a command: seven numbers of up to 20 digits and their keys. */
enum { AROUND_BYTES_MAX = 256 };
static_assert(BTX_COMMAND_TEXT_BYTES_MAX + AROUND_BYTES_MAX <= BTX_RECORD_TEXT_BYTES_MAX,
              "the longest command fits");
static_assert(BTX_NOTE_TEXT_BYTES_MAX <= BTX_RECORD_TEXT_BYTES_MAX, "the longest note fits");

/* The one thing that a command says and its text form does not. */
static bool is_for_a_disconnect(const struct btx_command *command)
{
    return command->record.type == BTX_COMMAND_CANCEL_ORDERS &&
           ((const struct btx_cancel_orders *)command)->disconnect != 0;
}

static size_t encode_command(const struct btx_command *command, char *out)
{
    char *const start = out;

    out = BTX_TEXT_PUT_LITERAL(out, "{\"seq\":");
    out = btx_text_put_u64(out, command->record.seq);
    out = BTX_TEXT_PUT_LITERAL(out, ",\"tx\":");
    out = btx_text_put_u64(out, command->record.tx);
    out = BTX_TEXT_PUT_LITERAL(out, ",\"t\":");
    out = btx_text_put_u64(out, command->record.time_ns);
    out = BTX_TEXT_PUT_LITERAL(out, ",\"producer\":");
    out = btx_text_put_u64(out, command->producer);
    out = BTX_TEXT_PUT_LITERAL(out, ",\"incarnation\":");
    out = btx_text_put_u64(out, command->incarnation);
    out = BTX_TEXT_PUT_LITERAL(out, ",\"number\":");
    out = btx_text_put_u64(out, command->number);
    out = BTX_TEXT_PUT_LITERAL(out, ",\"shed\":");
    out = btx_text_put_bool(out, command->shed);
    if (command->rules != 0) {
        out = BTX_TEXT_PUT_LITERAL(out, ",\"rules\":");
        out = btx_text_put_u64(out, command->rules);
    }
    if (is_for_a_disconnect(command))
        out = BTX_TEXT_PUT_LITERAL(out, ",\"disconnect\":true");
    out = BTX_TEXT_PUT_LITERAL(out, ",\"command\":");
    out += btx_command_text_encode(command, out) - 1; /* Its newline ends the whole line. */
    out = BTX_TEXT_PUT_LITERAL(out, "}\n");
    return (size_t)(out - start);
}

size_t btx_record_text_encode(const struct btx_record *record, char *out)
{
    switch (btx_record_kind(record)) {
    case BTX_RECORD_COMMAND:
        return encode_command((const struct btx_command *)record, out);
    case BTX_RECORD_EVENT:
        return btx_event_text_encode(record, out);
    case BTX_RECORD_NOTE:
        return btx_note_text_encode(record, out);
    }
    CHECK_UNREACHABLE();
}
