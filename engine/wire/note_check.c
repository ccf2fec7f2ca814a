/* SPDX-License-Identifier: Apache-2.0 */
/* note_check.c - what a note may say.  Notes are few and each is its own: no list of fields. */
#include "engine/base/check.h"
#include "engine/wire/checks.h"

static const char *check_engine_started(const struct btx_engine_started *note)
{
    if (!is_padded_text(note->image, sizeof note->image))
        return "image: not printable ASCII, padded with zeros";
    if (!is_padded_text(note->host, sizeof note->host))
        return "host: not printable ASCII, padded with zeros";
    return NULL;
}

static const char *check_operator_action(const struct btx_operator_action *note)
{
    if (!is_padded_text(note->who, sizeof note->who))
        return "who: not printable ASCII, padded with zeros";
    return sentence_on_text(btx_operator_action_what(note), note->what_length,
                            BTX_OPERATOR_ACTION_BYTES_MAX, "what: too long",
                            "what: not printable ASCII");
}

static const char *check_fields(const struct btx_record *note)
{
    const void *body = note;

    switch ((enum btx_note_type)note->type) {
    case BTX_NOTE_ENGINE_STARTED:
        return check_engine_started(body);
    case BTX_NOTE_OPERATOR_ACTION:
        return check_operator_action(body);
    case BTX_NOTE_STATE_DIGEST:
    case BTX_NOTE_CLEAN_STOP:
        break;
    }
    return NULL;
}

const char *btx_note_check(const struct btx_record *note)
{
    const char *sentence = NULL;

    switch ((enum btx_note_type)note->type) {
#define NOTE(number, NAME, Name, body, size)                                                       \
    case BTX_NOTE_##NAME:                                                                          \
        sentence = check_reserved_##body(note);                                                    \
        break;
#include "engine/wire/notes.def"
    }
    return sentence != NULL ? sentence : check_fields(note);
}

size_t btx_note_tail_bytes(const struct btx_record *note)
{
    const void *body = note;

    switch ((enum btx_note_type)note->type) {
    case BTX_NOTE_OPERATOR_ACTION:
        return ((const struct btx_operator_action *)body)->what_length;
    case BTX_NOTE_ENGINE_STARTED:
    case BTX_NOTE_STATE_DIGEST:
    case BTX_NOTE_CLEAN_STOP:
        return 0;
    }
    CHECK_UNREACHABLE();
}
