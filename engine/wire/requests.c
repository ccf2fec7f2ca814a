/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/wire/requests.h"

#include "engine/base/check.h"
#include "engine/wire/checks.h"

#include <string.h>

static const struct btx_term names[] = {
#define REQUEST(number, NAME, Name) [number] = {#Name, sizeof #Name - 1},
#include "engine/wire/requests.def"
};

const struct btx_term *btx_request_name(enum btx_request_type type)
{
    CHECK(btx_request_is_type((uint8_t)type));
    return &names[type];
}

static void copy_printable(char *to, const char *text, size_t length_bytes)
{
    for (size_t i = 0; i < length_bytes; i++)
        to[i] = is_printable(text + i, 1) ? text[i] : '?';
}

struct btx_request *btx_request_build(union btx_command_space *space, enum btx_request_type type,
                                      const char *who, const char *what)
{
    struct btx_request *request = (struct btx_request *)(void *)space;
    const size_t what_length = strnlen(what, BTX_OPERATOR_ACTION_BYTES_MAX);
    const uint16_t units = btx_record_units(sizeof *request + what_length);
    struct btx_record *record = &space->command.record;

    CHECK(btx_request_is_type((uint8_t)type));
    memset(space->bytes, 0, (size_t)units * BTX_RECORD_UNIT_BYTES);
    record->kind_flags = BTX_RECORD_COMMAND;
    record->type = (uint8_t)type;
    record->length_units = units;
    copy_printable(request->who, who, strnlen(who, sizeof request->who));
    request->what_length = (uint16_t)what_length;
    copy_printable((char *)(request + 1), what, what_length);
    return request;
}

static const char *check_frame(const struct btx_record *record, size_t available_bytes)
{
    if (record->length_units == 0)
        return "length: zero";
    if (btx_record_length_bytes(record) > available_bytes)
        return "length: more than there is";
    if (record->kind_flags != BTX_RECORD_COMMAND)
        return "kind: not that of commands";
    if (!btx_request_is_type(record->type))
        return "type: unknown";
    if (btx_record_length_bytes(record) < sizeof(struct btx_request))
        return "length: too short for its type";
    if (record->time_ns > BTX_TIME_NS_MAX)
        return "time: out of range";
    return NULL;
}

static const char *check_body(const struct btx_request *request)
{
    const size_t length_bytes = btx_record_length_bytes(&request->command.record);
    const size_t used_bytes = sizeof *request + request->what_length;
    const char *sentence;

    if (used_bytes > length_bytes || length_bytes - used_bytes >= BTX_RECORD_UNIT_BYTES)
        return "length: not that of its fields";
    if (!is_zero((const uint8_t *)request + used_bytes, length_bytes - used_bytes))
        return "padding: not zero";
    if (request->command.shed != 0 || request->command.rules != 0)
        return "shed, rules: not zero";
    sentence = check_reserved_request(request);
    if (sentence != NULL)
        return sentence;
    if (!is_padded_text(request->who, sizeof request->who))
        return "who: not printable ASCII, padded with zeros";
    return sentence_on_text(btx_request_what(request), request->what_length,
                            BTX_OPERATOR_ACTION_BYTES_MAX, "what: too long",
                            "what: not printable ASCII");
}

const char *btx_request_check(const void *bytes, size_t available_bytes)
{
    const char *sentence;

    CHECK((uintptr_t)bytes % _Alignof(struct btx_record) == 0);
    if (available_bytes < sizeof(struct btx_record))
        return "length: less than a header";
    sentence = check_frame(bytes, available_bytes);
    return sentence != NULL ? sentence : check_body(bytes);
}
