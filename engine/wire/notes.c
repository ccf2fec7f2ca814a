/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/wire/notes.h"

#include "engine/base/check.h"

static const struct btx_term names[] = {
#define NOTE(number, NAME, Name, body, size) [number] = {#Name, sizeof #Name - 1},
#include "engine/wire/notes.def"
};

static const uint16_t body_bytes[] = {
#define NOTE(number, NAME, Name, body, size) [number] = (size),
#include "engine/wire/notes.def"
};

const struct btx_term *btx_note_name(enum btx_note_type type)
{
    CHECK(btx_note_body_bytes((uint8_t)type) != 0);
    return &names[type];
}

size_t btx_note_body_bytes(uint8_t type)
{
    return type < BTX_COUNT_OF(body_bytes) ? body_bytes[type] : 0;
}
