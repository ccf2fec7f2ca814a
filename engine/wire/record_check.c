/* SPDX-License-Identifier: Apache-2.0 */
/* record_check.c - the frame of every record, then what its kind says.
 *
 * Lengths are settled before anything behind the header is read: first the frame against what is
 * there, then the fixed body against the frame, then the tail, whose counts are in the body. */
#include "engine/base/check.h"
#include "engine/wire/checks.h"

static const char *check_header(const struct btx_record *record, size_t available_bytes)
{
    const uint8_t flags = record->kind_flags & (uint8_t)~BTX_RECORD_KIND_MASK;
    const enum btx_record_kind kind = btx_record_kind(record);

    if (record->length_units == 0)
        return "length: zero";
    if (btx_record_length_bytes(record) > available_bytes)
        return "length: more than there is";
    if (kind != BTX_RECORD_COMMAND && kind != BTX_RECORD_EVENT && kind != BTX_RECORD_NOTE)
        return "kind: unknown";
    if ((flags & ~(BTX_RECORD_TX_END | BTX_RECORD_COMMAND_END)) != 0)
        return "flags: unknown bits";
    if (flags != 0 && kind != BTX_RECORD_EVENT)
        return "flags: only on events";
    if (flags == BTX_RECORD_COMMAND_END)
        return "flags: COMMAND_END without TX_END";
    if (record->time_ns > BTX_TIME_NS_MAX)
        return "time: out of range";
    if (kind == BTX_RECORD_EVENT && record->seq == 0)
        return "seq: out of range";
    if (kind == BTX_RECORD_EVENT && record->tx == 0)
        return "tx: out of range";
    return NULL;
}

/* 0 for an unknown type. */
static size_t body_bytes(const struct btx_record *record)
{
    switch (btx_record_kind(record)) {
    case BTX_RECORD_COMMAND:
        return btx_command_body_bytes(record->type);
    case BTX_RECORD_EVENT:
        return btx_event_body_bytes(record->type);
    case BTX_RECORD_NOTE:
        return btx_note_body_bytes(record->type);
    }
    CHECK_UNREACHABLE();
}

static size_t tail_bytes(const struct btx_record *record)
{
    switch (btx_record_kind(record)) {
    case BTX_RECORD_COMMAND:
        return btx_command_tail_bytes((const struct btx_command *)record);
    case BTX_RECORD_EVENT:
        return btx_event_tail_bytes(record);
    case BTX_RECORD_NOTE:
        return btx_note_tail_bytes(record);
    }
    CHECK_UNREACHABLE();
}

static const char *check_length(const struct btx_record *record)
{
    const size_t fixed_bytes = body_bytes(record);
    const size_t length_bytes = btx_record_length_bytes(record);
    size_t used_bytes;

    if (fixed_bytes == 0)
        return "type: unknown";
    if (fixed_bytes > length_bytes)
        return "length: too short for its type";
    used_bytes = fixed_bytes + tail_bytes(record);
    /* Not btx_record_units(): a hostile count times 8 bytes could wrap its 16 bits. */
    if (used_bytes > length_bytes || length_bytes - used_bytes >= BTX_RECORD_UNIT_BYTES)
        return "length: not that of its fields";
    if (!is_zero((const uint8_t *)record + used_bytes, length_bytes - used_bytes))
        return "padding: not zero";
    return NULL;
}

const char *btx_record_check(const void *bytes, size_t available_bytes)
{
    const struct btx_record *record = bytes;
    const char *sentence;

    CHECK((uintptr_t)bytes % _Alignof(struct btx_record) == 0);
    if (available_bytes < sizeof *record)
        return "length: less than a header";
    sentence = check_header(record, available_bytes);
    if (sentence == NULL)
        sentence = check_length(record);
    if (sentence != NULL)
        return sentence;

    switch (btx_record_kind(record)) {
    case BTX_RECORD_COMMAND:
        return btx_command_check((const struct btx_command *)record);
    case BTX_RECORD_EVENT:
        return btx_event_check(record);
    case BTX_RECORD_NOTE:
        return btx_note_check(record);
    }
    CHECK_UNREACHABLE();
}
