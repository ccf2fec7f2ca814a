/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/text/note_text.h"

#include <string.h>

#include "engine/base/check.h"
#include "engine/text/text_put.h"

#define PUT_KEY(key) (out = BTX_TEXT_PUT_LITERAL(out, ",\"" key "\":"))
#define PUT_NUMBER(note, field) (PUT_KEY(#field), out = btx_text_put_u64(out, (note)->field))
#define PUT_SHA256(note, field) (PUT_KEY(#field), out = put_sha256(out, (note)->field))
#define PUT_PADDED(note, field)                                                                    \
    (PUT_KEY(#field), out = put_padded(out, (note)->field, sizeof(note)->field))

static char *put_sha256(char *out, const uint8_t sha256[32])
{
    static const char digits[] = "0123456789abcdef";

    *out++ = '"';
    for (size_t i = 0; i < 32; i++) {
        *out++ = digits[sha256[i] >> 4];
        *out++ = digits[sha256[i] & 0x0f];
    }
    *out++ = '"';
    return out;
}

static char *put_padded(char *out, const char *text, size_t size_bytes)
{
    return btx_text_put_ref(out, text, strnlen(text, size_bytes));
}

static char *put_engine_started(char *out, const struct btx_engine_started *note)
{
    PUT_NUMBER(note, epoch);
    PUT_NUMBER(note, rules_version);
    PUT_NUMBER(note, shard);
    PUT_NUMBER(note, capacity_accounts);
    PUT_NUMBER(note, capacity_markets);
    PUT_NUMBER(note, capacity_runners);
    PUT_NUMBER(note, capacity_orders);
    PUT_NUMBER(note, capacity_positions);
    PUT_NUMBER(note, capacity_stakes);
    PUT_NUMBER(note, capacity_description_bytes);
    PUT_SHA256(note, configuration_sha256);
    PUT_PADDED(note, image);
    PUT_PADDED(note, host);
    return out;
}

static char *put_state_digest(char *out, const struct btx_state_digest *note)
{
    PUT_SHA256(note, sha256);
    PUT_NUMBER(note, rules_version);
    return out;
}

static char *put_operator_action(char *out, const struct btx_operator_action *note)
{
    PUT_PADDED(note, who);
    PUT_KEY("what");
    return btx_text_put_ref(out, btx_operator_action_what(note), note->what_length);
}

static char *put_fields(char *out, const struct btx_record *note)
{
    const void *body = note;

    switch ((enum btx_note_type)note->type) {
    case BTX_NOTE_ENGINE_STARTED:
        return put_engine_started(out, body);
    case BTX_NOTE_STATE_DIGEST:
        return put_state_digest(out, body);
    case BTX_NOTE_OPERATOR_ACTION:
        return put_operator_action(out, body);
    case BTX_NOTE_CLEAN_STOP:
        return out;
    }
    CHECK_UNREACHABLE();
}

size_t btx_note_text_encode(const struct btx_record *note, char *out)
{
    const struct btx_term *name = btx_note_name((enum btx_note_type)note->type);
    char *const start = out;

    CHECK(btx_record_kind(note) == BTX_RECORD_NOTE);
    out = BTX_TEXT_PUT_LITERAL(out, "{\"seq\":");
    out = btx_text_put_u64(out, note->seq);
    out = BTX_TEXT_PUT_LITERAL(out, ",\"tx\":");
    out = btx_text_put_u64(out, note->tx);
    out = BTX_TEXT_PUT_LITERAL(out, ",\"t\":");
    out = btx_text_put_u64(out, note->time_ns);
    PUT_KEY("note");
    out = btx_text_put_ref(out, name->text, name->length);
    out = put_fields(out, note);
    out = BTX_TEXT_PUT_LITERAL(out, "}\n");
    return (size_t)(out - start);
}
