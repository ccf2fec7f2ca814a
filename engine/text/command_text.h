/* SPDX-License-Identifier: Apache-2.0 */
/* command_text.h - commands as JSON lines, read and written (rules.md 4).
 * betex-replay reads with it, betex-wal and betexctl write with it.  No heap, no stdio, no number
 * ever goes through a floating-point type.  What is accepted and what is refused: README.md. */
#ifndef BTX_TEXT_COMMAND_TEXT_H
#define BTX_TEXT_COMMAND_TEXT_H

#include <stddef.h>

#include "engine/base/attributes.h"
#include "engine/base/limits.h"
#include "engine/wire/commands.h"

/* The longest line that is read, without its newline: three times the longest list of ids. */
#define BTX_COMMAND_LINE_BYTES_MAX 65536u

/* Room for the line of any command as it is written: a description of which each byte takes an
 * escape (more than the longest list of ids of up to 20 digits with their commas), and 1024 bytes
 * for everything else. */
#define BTX_COMMAND_TEXT_BYTES_MAX (BTX_DESCRIPTION_BYTES_MAX * 6u + 1024u)
static_assert(BTX_LIST_IDS_MAX * 21u <= BTX_DESCRIPTION_BYTES_MAX * 6u, "the longest list fits");

/* The longest sentence with its zero; one that would be longer is cut. */
#define BTX_COMMAND_TEXT_ERROR_BYTES 320u

/* What is read behind the end of a line; the longest ref is copied in one piece. */
#define BTX_COMMAND_TEXT_PADDING_BYTES 80u

/* A decoder: caller's storage, need not be initialised, all fields private.  It takes some 64 KiB:
 * one for each thread that decodes, not one for each line. */
struct btx_command_text {
    size_t error_length;                      /* of the sentence in @error, without its zero */
    size_t line_length;                       /* of the line in @line */
    char error[BTX_COMMAND_TEXT_ERROR_BYTES]; /* the sentence */
    /* A string with its escapes undone; a longer one is too long for any field. */
    char string[BTX_DESCRIPTION_BYTES_MAX];
    /* A copy of the line with zeros behind it, so that no step of the decoder needs to ask
     * whether there is another byte: a zero byte ends every token and begins none. */
    char line[BTX_COMMAND_LINE_BYTES_MAX + BTX_COMMAND_TEXT_PADDING_BYTES];
};

/* Decode the @length_bytes of @line, a command without its newline, into @space.
 * Returns NULL when it is one: then @space holds a command record that btx_command_check()
 * accepts, with the line's "t" as its time; seq, tx, CRC and the fields of the source (number,
 * incarnation, producer, shed) are 0 and remain for the caller to set.
 * Else a sentence for the person who wrote the line: what is wrong and where, as in "price: want
 * a number with at most 4 decimals, got 2.00001"; printable ASCII, valid until the next call with
 * the same @text; what @space holds is then unspecified.  A line that is empty or has only white
 * space is refused like everything else that is no command. */
BTX_MUST_USE const char *btx_command_text_decode(struct btx_command_text *text, const char *line,
                                                 size_t length_bytes,
                                                 union btx_command_space *space);

/* Print @command as one JSON line that ends in a newline, without a zero behind it, and return
 * its length in bytes: "cmd", "t", then the fields in the order of command_fields.def; optional
 * ones only where they differ from being absent.  BTX_COMMAND_TEXT_BYTES_MAX bytes must be there
 * at @out, however short the line.  Decoding the line gives the same record, but for what has no
 * text form: seq, tx, CRC, the fields of the source, and CancelOrders' `disconnect`.
 * @command is one that btx_record_check() accepts; anything else is a bug of the caller. */
BTX_MUST_USE size_t btx_command_text_encode(const struct btx_command *command, char *out);

#endif
