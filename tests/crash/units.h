/* SPDX-License-Identifier: Apache-2.0 */
/* units.h - what a log is made of, in the least pieces that can be committed: whole txs and notes.
 *
 * Made by the real core from seeded random commands; after a crash a new one takes the records
 * that are in the log, finishes the command that was cut, and goes on with other commands. */
#ifndef BTX_CRASH_UNITS_H
#define BTX_CRASH_UNITS_H

#include <stddef.h>
#include <stdint.h>

#include "engine/exchange/exchange.h"
#include "tests/property/random.h"

/* Fields are private. */
struct btx_units {
    struct btx_exchange exchange;
    struct btx_random random;
    union btx_command_space space;
    uint64_t time_ns;
    uint64_t seq; /* of the last event */
    uint64_t tx;
    uint64_t orders; /* accepted so far: their ids count */
    uint64_t started;
};

/* Of its exchange: another one that is to hold the same state needs no more. */
extern const struct btx_core_capacity btx_units_capacity;

/* Room that a unit needs. */
#define BTX_UNIT_BYTES_MAX BTX_TX_BYTES_MAX

/* Begin an empty exchange; equal seeds and records give equal units. */
void btx_units_open(struct btx_units *units, uint64_t seed);

/* Go on behind this record of the log, which must be the next one. */
void btx_units_take(struct btx_units *units, const struct btx_record *record);

/* Make the next unit at @bytes and return its length.  The first one says that an engine started,
 * in which @epoch. */
size_t btx_units_next(struct btx_units *units, uint64_t epoch, uint8_t *bytes);

void btx_units_close(struct btx_units *units);

#endif
