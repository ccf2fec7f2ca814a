/* SPDX-License-Identifier: Apache-2.0 */
/* Dumps and tests write commands, not the way of an order: so by the table, row by row. */
#include "engine/text/command_rows.h"
#include "engine/text/command_text.h"
#include "engine/text/text_put.h"

#include "engine/base/check.h"

#include <stdbool.h>

static uint64_t load_u64(const struct btx_command *command, const struct btx_text_row *row)
{
    uint64_t value;

    memcpy(&value, (const uint8_t *)command + row->offset, sizeof(value));
    return value;
}

static uint8_t load_u8(const struct btx_command *command, size_t offset)
{
    return ((const uint8_t *)command)[offset];
}

/* Whether the field says anything: it is required, its bit is set, or its value is not zero. */
static bool is_given(const struct btx_command *command, const struct btx_text_row *row)
{
    if (row->required)
        return true;
    if (row->present_bit != 0)
        return (load_u8(command, row->present_offset) & row->present_bit) != 0;
    switch ((enum btx_text_form)row->form) {
    case BTX_TEXT_INTEGER:
    case BTX_TEXT_PRICE:
    case BTX_TEXT_DECIMAL:
        return load_u64(command, row) != 0;
    case BTX_TEXT_BOOL:
    case BTX_TEXT_WORD:
    case BTX_TEXT_REF:
        return load_u8(command, row->offset) != 0;
    case BTX_TEXT_TEXT:
    case BTX_TEXT_IDS:
    case BTX_TEXT_TYPE:
        break;
    }
    CHECK_UNREACHABLE();
}

static char *put_value(char *out, const struct btx_command *command, const struct btx_text_row *row)
{
    const void *tail = (const uint8_t *)command + btx_command_body_bytes(command->record.type);
    uint16_t count;

    switch ((enum btx_text_form)row->form) {
    case BTX_TEXT_INTEGER:
        return btx_text_put_u64(out, load_u64(command, row));
    case BTX_TEXT_PRICE:
        return btx_text_put_decimal_u64(out, load_u64(command, row));
    case BTX_TEXT_DECIMAL:
        return btx_text_put_decimal(out, (int64_t)load_u64(command, row));
    case BTX_TEXT_BOOL:
        return btx_text_put_bool(out, load_u8(command, row->offset));
    case BTX_TEXT_WORD:
        return btx_text_put_word(out, row->words, row->words_count, load_u8(command, row->offset));
    case BTX_TEXT_REF:
        return btx_text_put_ref(out, tail, load_u8(command, row->offset));
    case BTX_TEXT_TEXT:
        memcpy(&count, (const uint8_t *)command + row->offset, sizeof(count));
        return btx_text_put_text(out, tail, count);
    case BTX_TEXT_IDS:
        memcpy(&count, (const uint8_t *)command + row->offset, sizeof(count));
        return btx_text_put_ids(out, tail, count);
    case BTX_TEXT_TYPE:
        break;
    }
    CHECK_UNREACHABLE();
}

size_t btx_command_text_encode(const struct btx_command *command, char *out)
{
    const enum btx_command_type type = (enum btx_command_type)command->record.type;
    const struct btx_text_rows rows = btx_text_rows_of(type);
    char *const start = out;

    CHECK(btx_record_kind(&command->record) == BTX_RECORD_COMMAND);
    out = BTX_TEXT_PUT_LITERAL(out, "{\"cmd\":");
    out = btx_text_put_word(out, btx_text_command_words, BTX_TEXT_COMMAND_WORDS, type);
    out = BTX_TEXT_PUT_LITERAL(out, ",\"t\":");
    out = btx_text_put_u64(out, command->record.time_ns);
    for (const struct btx_text_row *row = rows.rows; row < rows.rows + rows.count; row++) {
        if (!is_given(command, row))
            continue;
        *out++ = ',';
        memcpy(out, row->key, sizeof(row->key));
        out += row->key_length;
        *out++ = ':';
        out = put_value(out, command, row);
    }
    out = BTX_TEXT_PUT_LITERAL(out, "}\n");
    return (size_t)(out - start);
}
