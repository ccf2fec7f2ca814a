/* SPDX-License-Identifier: Apache-2.0 */
/* note_text.h - notes as JSON lines, in the manner of events.
 * betex-wal prints with it, later betexctl.  No heap, no stdio, no state.  The text form:
 * README.md. */
#ifndef BTX_TEXT_NOTE_TEXT_H
#define BTX_TEXT_NOTE_TEXT_H

#include <stddef.h>

#include "engine/base/attributes.h"
#include "engine/wire/notes.h"

/* Room for the line of any note, newline included: an OperatorAction whose text is all quotes and
 * 1024 bytes for everything else. */
#define BTX_NOTE_TEXT_BYTES_MAX (2u * BTX_OPERATOR_ACTION_BYTES_MAX + 1024u)

/* Print @note as one JSON line that ends in a newline, without a zero behind it, and return its
 * length in bytes.  BTX_NOTE_TEXT_BYTES_MAX bytes must be there at @out, however short the line.
 * @note is a note that btx_record_check() accepts (its CRC is not looked at); anything else is a
 * bug of the caller. */
BTX_MUST_USE size_t btx_note_text_encode(const struct btx_record *note, char *out);

#endif
