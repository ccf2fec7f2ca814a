/* SPDX-License-Identifier: Apache-2.0 */
/* command_rows.h - command_fields.def as a table: what the decoder and the encoder of commands
 * go by.  Private to engine/text. */
#ifndef BTX_TEXT_COMMAND_ROWS_H
#define BTX_TEXT_COMMAND_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "engine/text/text_words.h"
#include "engine/wire/commands.h"

/* How a value is read and written. */
enum btx_text_form {
    BTX_TEXT_INTEGER, /* uint64_t; ID, COUNT, SEQUENCE and the time */
    BTX_TEXT_PRICE,   /* uint64_t in 1/10 000 */
    BTX_TEXT_DECIMAL, /* int64_t in 1/10 000 */
    BTX_TEXT_BOOL,    /* uint8_t */
    BTX_TEXT_WORD,    /* uint8_t, one of @words */
    BTX_TEXT_REF,     /* uint8_t length, and the bytes behind the body */
    BTX_TEXT_TEXT,    /* uint16_t length, and the bytes of UTF-8 behind the body */
    BTX_TEXT_IDS,     /* uint16_t count, and the ids behind the body */
    BTX_TEXT_TYPE,    /* the command's own type: "cmd" */
};

/* One field of one command. */
struct btx_text_row {
    char key[16];                      /* "price", quotes included, then zeros */
    const struct btx_text_word *words; /* WORD: the words, by number */
    uint64_t least;                    /* INTEGER: the range */
    uint64_t most;
    uint16_t offset;         /* where the value (REF, IDS: its length or count) is in the command */
    uint16_t present_offset; /* where `present` is; 0 when the field has no bit in it */
    uint8_t present_bit;     /* its bit there, 0 for none */
    uint8_t key_length;      /* of the key, quotes included */
    uint8_t form;            /* enum btx_text_form */
    uint8_t words_first;     /* WORD: the first that has a spelling */
    uint8_t words_count;     /* WORD: one behind the last */
    uint8_t required;        /* 1: must be given */
};

/* The rows of one command, in the order of command_fields.def. */
struct btx_text_rows {
    const struct btx_text_row *rows;
    uint32_t count;
    uint32_t required; /* bit n: rows[n] must be given */
};

/* The greatest number of rows of one command, so that a set of them fits 32 bits beside cmd, t. */
#define BTX_TEXT_ROWS_MAX 30u

/* The rows of @type, which is a valid command type. */
struct btx_text_rows btx_text_rows_of(enum btx_command_type type);

/* What every command has beside its own: "t" and "cmd". */
extern const struct btx_text_row btx_text_time_row;
extern const struct btx_text_row btx_text_type_row;

#endif
