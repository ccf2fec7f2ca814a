/* SPDX-License-Identifier: Apache-2.0 */
/* record.h - the frame that every command, event and note is carried in, in ring and log alike.
 *
 * A record is a whole number of 64-byte units: a header of 32 bytes, a body of a fixed layout
 * for its type, for some types a list or text behind it, and zeros up to the unit.  The structs
 * are the bytes: little-endian, naturally aligned, without padding (asserted), so that a record
 * is written where it will stay and read where it lies.  engine/wire/README.md has the format. */
#ifndef BTX_WIRE_RECORD_H
#define BTX_WIRE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/attributes.h"
#include "engine/base/limits.h"

enum btx_record_kind {
    BTX_RECORD_COMMAND = 1, /* What was asked, as the core took it. */
    BTX_RECORD_EVENT = 2,   /* What happened. */
    BTX_RECORD_NOTE = 3,    /* A fact about the machine that the core ignores. */
};

/* The high four bits of kind_flags; set on events only. */
#define BTX_RECORD_TX_END 0x10u      /* The last event of its tx. */
#define BTX_RECORD_COMMAND_END 0x20u /* The last event of its command; goes with TX_END. */
#define BTX_RECORD_KIND_MASK 0x0fu

struct btx_record {
    uint32_t crc;          /* CRC32C of all bytes behind this field; 0 until sealed. */
    uint16_t length_units; /* Whole length in units of BTX_RECORD_UNIT_BYTES, header included. */
    uint8_t kind_flags;    /* enum btx_record_kind and the flags above. */
    uint8_t type;          /* enum btx_command_type, btx_event_type or btx_note_type. */
    uint64_t seq;          /* Event: its own, from 1.  Command: the first of its events.
                              Note: the last event before it, 0 for none. */
    uint64_t tx;           /* Event and command: their tx, from 1.  Note: the last before it. */
    uint64_t time_ns;      /* The core's time when it was executed; a note's own time. */
};

static inline enum btx_record_kind btx_record_kind(const struct btx_record *record)
{
    return (enum btx_record_kind)(record->kind_flags & BTX_RECORD_KIND_MASK);
}

static inline size_t btx_record_length_bytes(const struct btx_record *record)
{
    return (size_t)record->length_units * BTX_RECORD_UNIT_BYTES;
}

/* Whole units that hold @bytes. */
static inline uint16_t btx_record_units(size_t bytes)
{
    return (uint16_t)((bytes + BTX_RECORD_UNIT_BYTES - 1) / BTX_RECORD_UNIT_BYTES);
}

/* Set the CRC of a finished record. */
void btx_record_seal(struct btx_record *record);

/* Whether the CRC is that of the record's bytes.  The length must have been checked before. */
bool btx_record_sealed(const struct btx_record *record);

/* Check everything about the record at @bytes but its CRC: the frame fits @available_bytes, kind
 * and type are known, every field is in its range, what must be absent is zero, lists and texts
 * are well formed and fill the record to the last unit, and everything behind them is zero.
 * @bytes is 8-byte aligned.  Returns NULL when the record is valid, else a sentence that names
 * what is wrong ("price: out of range"), valid for ever.  Never reads past @available_bytes.
 * What a writer of another process can still change must be copied first. */
BTX_MUST_USE const char *btx_record_check(const void *bytes, size_t available_bytes);

#endif
