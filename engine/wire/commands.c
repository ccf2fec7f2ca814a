/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/wire/commands.h"

#include "engine/base/check.h"

#include <string.h>

static const struct btx_term names[] = {
#define COMMAND(number, NAME, Name, body, size, door) [number] = {#Name, sizeof #Name - 1},
#include "engine/wire/commands.def"
};

static const uint16_t body_bytes[] = {
#define COMMAND(number, NAME, Name, body, size, door) [number] = (size),
#include "engine/wire/commands.def"
};

const struct btx_term *btx_command_name(enum btx_command_type type)
{
    CHECK(btx_command_body_bytes((uint8_t)type) != 0);
    return &names[type];
}

struct btx_command *btx_command_begin(union btx_command_space *space, enum btx_command_type type)
{
    const size_t fixed_bytes = btx_command_body_bytes((uint8_t)type);
    struct btx_record *record = &space->command.record;

    CHECK(fixed_bytes != 0);
    memset(space->bytes, 0, (size_t)btx_record_units(fixed_bytes) * BTX_RECORD_UNIT_BYTES);
    record->kind_flags = BTX_RECORD_COMMAND;
    record->type = (uint8_t)type;
    record->length_units = btx_record_units(fixed_bytes);
    return &space->command;
}

size_t btx_command_body_bytes(uint8_t type)
{
    return type < BTX_COUNT_OF(body_bytes) ? body_bytes[type] : 0;
}

void btx_command_set_length(union btx_command_space *space, size_t tail_bytes)
{
    struct btx_record *record = &space->command.record;
    const size_t fixed_bytes = btx_command_body_bytes(record->type);
    size_t used_bytes;

    CHECK(fixed_bytes != 0);
    CHECK(tail_bytes <= sizeof space->bytes - fixed_bytes);
    used_bytes = fixed_bytes + tail_bytes;
    record->length_units = btx_record_units(used_bytes);
    memset(space->bytes + used_bytes, 0, btx_record_length_bytes(record) - used_bytes);
}
