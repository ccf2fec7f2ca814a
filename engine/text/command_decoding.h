/* SPDX-License-Identifier: Apache-2.0 */
/* command_decoding.h - the decoding of one line, as its parts hand it on: command_text_decode.c
 * (the object and its members), command_values.c (a value of any form) and command_expected.c
 * (the fast way through a line as programs write it).  Private to engine/text.
 *
 * A function that reads something at @p returns what is behind it, or NULL with a sentence in
 * the decoder. */
#ifndef BTX_TEXT_COMMAND_DECODING_H
#define BTX_TEXT_COMMAND_DECODING_H

#include "engine/text/command_rows.h"
#include "engine/text/command_text.h"

struct btx_text_decoding {
    struct btx_command_text *text;
    union btx_command_space *space;
    struct btx_text_rows rows; /* of the command's type, from btx_text_begin() on */
    uint32_t seen;             /* bit n: rows.rows[n] was given; and the two below */
    size_t body_bytes;
    size_t tail_bytes; /* what the command has behind its body */
};

/* Bits of `seen` behind those of the rows: "t" and "cmd". */
#define BTX_TEXT_SEEN_TIME (1u << BTX_TEXT_ROWS_MAX)
#define BTX_TEXT_SEEN_TYPE (1u << (BTX_TEXT_ROWS_MAX + 1))

/* The type is known: begin the command. */
static inline void btx_text_begin(struct btx_text_decoding *decoding, enum btx_command_type type)
{
    decoding->rows = btx_text_rows_of(type);
    decoding->body_bytes = btx_command_body_bytes((uint8_t)type);
    (void)btx_command_begin(decoding->space, type);
}

/* Read the value of @row at @p into the command. */
BTX_MUST_USE const char *btx_text_read_value(struct btx_text_decoding *decoding,
                                             const struct btx_text_row *row, const char *p);

/* Read the name of a command at @p: sets *@ret_type. */
BTX_MUST_USE const char *btx_text_read_type(struct btx_command_text *text, const char *p,
                                            enum btx_command_type *ret_type);

/* Read as much of the line as looks as programs write it: no white space, "cmd" and "t" first,
 * the fields in the order of the table, no escapes in keys and words.  Begins the command and
 * returns what is behind the last value that was read, or NULL without a sentence when nothing
 * was.  It refuses nothing: what it does not like it leaves to those who know all of JSON. */
const char *btx_text_read_expected(struct btx_text_decoding *decoding);

#endif
