/* SPDX-License-Identifier: Apache-2.0 */
/* record_text.h - any record of a log as one JSON line.
 *
 * Events are printed as event_text.h prints them, notes as note_text.h.  A command gets a line of
 * the same kind around the line that command_text.h prints:
 *     {"seq":1,"tx":1,"t":9,"producer":2,"incarnation":1,"number":7,"shed":false,"command":{...}}
 * with "disconnect":true before "command" where the engine cancelled for a lost connection.
 * "ev", "note" and "command" tell the three kinds apart; "command" is always the last member. */
#ifndef BTX_TEXT_RECORD_TEXT_H
#define BTX_TEXT_RECORD_TEXT_H

#include <stddef.h>

#include "engine/base/attributes.h"
#include "engine/text/event_text.h"
#include "engine/wire/record.h"

/* Room for the line of any record; asserted in record_text.c. */
#define BTX_RECORD_TEXT_BYTES_MAX BTX_EVENT_TEXT_BYTES_MAX

/* Print @record as one JSON line that ends in a newline, without a zero behind it, and return its
 * length in bytes.  BTX_RECORD_TEXT_BYTES_MAX bytes must be there at @out, however short the line.
 * @record is one that btx_record_check() accepts; anything else is a bug of the caller. */
BTX_MUST_USE size_t btx_record_text_encode(const struct btx_record *record, char *out);

#endif
