/* SPDX-License-Identifier: Apache-2.0 */
/* history.h - what a writer was given and what it acknowledged, outside of its process; and
 * whether the log says the same.  In memory that forked processes share (disk.h). */
#ifndef BTX_CRASH_HISTORY_H
#define BTX_CRASH_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/attributes.h"

/* All records, one behind the other, as units.h makes them.  Fields may be read. */
struct btx_history {
    uint8_t *bytes;
    size_t length_bytes;
    size_t room_bytes;
    size_t *ends; /* behind each unit */
    size_t unit_count;
    size_t unit_room;
    size_t acknowledged_bytes; /* of what commit returned for, or what recovery published */
    size_t attempted_bytes;    /* of what was given to commit */
    uint64_t epoch;            /* of the last writer that was open */
};

struct btx_history *btx_history_open(void);
struct btx_history *btx_history_copy(const struct btx_history *of);
void btx_history_close(struct btx_history *history);

/* Room for one unit of at most @unit_bytes; it counts when btx_history_add says how long it is. */
uint8_t *btx_history_room(struct btx_history *history, size_t unit_bytes);
void btx_history_add(struct btx_history *history, size_t length_bytes);

/* What lies behind @length_bytes never was: recovery ended there, and published what is before. */
void btx_history_cut(struct btx_history *history, size_t length_bytes);

/* What a log turned out to be. */
enum btx_verdict {
    BTX_VERDICT_RIGHT,
    BTX_VERDICT_LOST,    /* something acknowledged is missing */
    BTX_VERDICT_WRONG,   /* something is there that was never given, or half of something */
    BTX_VERDICT_REFUSED, /* it was not opened: damage or a fault */
    BTX_VERDICT_DIED,    /* the process that looked at it crashed or hung */
    BTX_VERDICT_COUNT
};

const char *btx_verdict_name(enum btx_verdict verdict);

enum { BTX_VERDICT_TEXT_BYTES = 600 };

/* Read the log at @root from its first record and compare.  @direct: its last segment past the
 * page cache, as recovery does.  *ret_length_bytes is how much of
 * @history it has; @text says more when the verdict is not RIGHT. */
enum btx_verdict btx_history_compare(const struct btx_history *history, const char *root,
                                     bool direct, size_t *ret_length_bytes,
                                     char text[BTX_VERDICT_TEXT_BYTES]);

#endif
