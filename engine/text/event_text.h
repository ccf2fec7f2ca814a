/* SPDX-License-Identifier: Apache-2.0 */
/* event_text.h - events as JSON lines, exactly as rules.md 8 prints them.
 * betex-replay and betex-wal print with it.  No heap, no stdio, no state: one event gives one line,
 * the same on every machine.  The text form: README.md. */
#ifndef BTX_TEXT_EVENT_TEXT_H
#define BTX_TEXT_EVENT_TEXT_H

#include <assert.h>
#include <stddef.h>

#include "engine/base/attributes.h"
#include "engine/base/limits.h"
#include "engine/wire/record.h"

/* Room for the line of any event, newline included: a batch of BTX_BATCH_ORDERS_MAX ids of up to
 * 20 digits and their commas, and 1024 bytes for everything else; a description of which each byte
 * takes an escape is shorter. */
#define BTX_EVENT_TEXT_BYTES_MAX (BTX_BATCH_ORDERS_MAX * 21u + 1024u)
static_assert(BTX_DESCRIPTION_BYTES_MAX * 6u <= BTX_BATCH_ORDERS_MAX * 21u,
              "the longest text fits");

/* Print @event as one JSON line that ends in a newline, without a zero behind it, and return its
 * length in bytes.  BTX_EVENT_TEXT_BYTES_MAX bytes must be there at @out, however short the line:
 * what lies behind the line may be overwritten too.
 * @event is an event that btx_record_check() accepts (its CRC is not looked at); anything else is
 * a bug of the caller. */
BTX_MUST_USE size_t btx_event_text_encode(const struct btx_record *event, char *out);

#endif
