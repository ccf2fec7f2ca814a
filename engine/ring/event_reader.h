/* SPDX-License-Identifier: Apache-2.0 */
/* event_reader.h - a reader of the event ring in another process: read-only, unknown to the writer.
 *
 * It sees what is durable and nothing else.  It copies, then finds out whether the copy counts: a
 * reader that falls a ring behind loses its place and has to fold the log up to a position that it
 * is told.  One thread. */
#ifndef BTX_RING_EVENT_READER_H
#define BTX_RING_EVENT_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/fault.h"
#include "engine/ring/ring_layout.h"
#include "engine/ring/ring_memory.h"

/* Fields are private. */
struct btx_event_reader {
    struct btx_ring_memory page_memory;
    struct btx_ring_memory bytes_memory;
    const struct btx_event_page *page;
    const uint8_t *bytes;
    uint64_t capacity_bytes;
    uint64_t position;
};

/* Map the ring whose descriptors an engine has sent; they are this function's from now on, also
 * when it fails.  The reader stands at position 0: join before reading, unless it is there from
 * the start.
 * Faults: LAYOUT when the other side has another layout, MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_event_reader_attach(struct btx_event_reader *reader,
                                                         int page_fd, int bytes_fd,
                                                         struct btx_fault *reterr_fault);

void btx_event_reader_detach(struct btx_event_reader *reader);

/* Which engine's ring this is (btx_event_ring_options). */
uint64_t btx_event_reader_incarnation(const struct btx_event_reader *reader);

/* Stand at the durable position.  @ret_mark gets the last seq before it: fold the log up to there,
 * then read on here; if that reads OVERRUN, the folding took longer than a ring: join again.
 * False when the pair could not be had in a bounded number of tries, because the poller is just
 * writing it or was stopped in the middle: try again later, nothing has changed. */
BTX_MUST_USE bool btx_event_reader_join(struct btx_event_reader *reader, uint64_t *ret_mark);

enum btx_event_read {
    BTX_EVENT_READ_NOTHING, /* all that is durable has been read */
    BTX_EVENT_READ_BYTES,
    BTX_EVENT_READ_OVERRUN, /* what comes next is overwritten: go on in the log from the last seq
                               that was read, and join */
    BTX_EVENT_READ_COUNT
};

/* Copy what comes next, at most @limit_bytes (whole units), to @to, aligned to 8.  It begins with a
 * record and may end within one: let it have at least the longest record, then at least one is
 * whole.  The position stays until advance.  *ret_length_bytes is set for BYTES only. */
BTX_MUST_USE enum btx_event_read btx_event_reader_read(struct btx_event_reader *reader, void *to,
                                                       size_t limit_bytes,
                                                       size_t *ret_length_bytes);

/* Whole records of @length_bytes in all, of what was read, are done with. */
void btx_event_reader_advance(struct btx_event_reader *reader, size_t length_bytes);

static inline uint64_t btx_event_reader_position(const struct btx_event_reader *reader)
{
    return reader->position;
}

/* Whether more is durable than was read.  Sequentially consistent, for who goes to sleep. */
bool btx_event_reader_is_behind(const struct btx_event_reader *reader);

#endif
