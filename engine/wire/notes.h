/* SPDX-License-Identifier: Apache-2.0 */
/* notes.h - the note records: facts about the machine, kept in the log beside the events.
 *
 * Texts are printable ASCII padded with zeros; a text that fills its field has no zero. */
#ifndef BTX_WIRE_NOTES_H
#define BTX_WIRE_NOTES_H

#include "engine/wire/record.h"
#include "engine/wire/terms.h"

enum btx_note_type {
#define NOTE(number, NAME, Name, body, size) BTX_NOTE_##NAME = (number),
#include "engine/wire/notes.def"
};
enum {
#define NOTE(number, NAME, Name, body, size) +1
    BTX_NOTE_COUNT =
#include "engine/wire/notes.def"
        ,
};

/* EngineStarted: which writer, deciding by which rules, within which capacities. */
struct btx_engine_started {
    struct btx_record record;
    uint64_t epoch;             /* Of the writer lock; grows with every start. */
    uint64_t capacity_accounts; /* rules.md 6; the house is not counted. */
    uint64_t capacity_markets;
    uint64_t capacity_runners;
    uint64_t capacity_orders;
    uint64_t capacity_positions;
    uint32_t rules_version; /* BTX_RULES_VERSION of the core. */
    uint32_t shard;         /* Order ids start at shard * 2^40 + 1. */
    uint8_t configuration_sha256[32];
    char image[64];
    char host[64];
    uint32_t capacity_stakes; /* 0, as in the next, where rules version 1 wrote it. */
    uint32_t capacity_description_bytes;
};

/* StateDigest: the SHA-256 of the canonical state after the record's seq. */
struct btx_state_digest {
    struct btx_record record;
    uint8_t sha256[32];
    uint32_t rules_version;
    uint8_t reserved[4];
};

/* OperatorAction: who did what; @what_length bytes of printable ASCII follow. */
struct btx_operator_action {
    struct btx_record record;
    char who[32];
    uint16_t what_length;
    uint8_t reserved[6];
};
/* Bytes of an OperatorAction's text: a command line of the admin service. */
#define BTX_OPERATOR_ACTION_BYTES_MAX 1024u

/* CleanStop: the writer ended in order. */
struct btx_clean_stop {
    struct btx_record record;
};

static inline const char *btx_operator_action_what(const struct btx_operator_action *note)
{
    return (const char *)(note + 1);
}

/* The name of a note type; valid types only. */
const struct btx_term *btx_note_name(enum btx_note_type type);

/* The size of the fixed body of @type, header included; 0 for an unknown type. */
size_t btx_note_body_bytes(uint8_t type);

#endif
