/* SPDX-License-Identifier: Apache-2.0 */
/* terminal.h - what only a terminal gets: colour, and a line that says how far the work is. */
#ifndef BTX_ADMIN_TERMINAL_H
#define BTX_ADMIN_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

enum btx_colour { BTX_COLOUR_GOOD, BTX_COLOUR_NOTICE, BTX_COLOUR_BAD, BTX_COLOUR_STRONG };

/* What to print before and behind a text on standard output: nothing when that is no terminal,
 * when NO_COLOR is set, or when the terminal is dumb.  Static storage. */
const char *btx_colour_on(enum btx_colour colour);
const char *btx_colour_off(void);

/* A line on standard error, "verify: 12.3 MiB of 1 GiB, 45 %", rewritten in place: when standard
 * error is a terminal, and only for what takes longer than a second.
 * Caller's storage; fields are private. */
struct btx_progress {
    const char *what;
    uint64_t total_bytes;
    uint64_t due_ns; /* when to look again */
    uint32_t calls;
    bool on;
    bool shown;
};

/* Begin; @what outlives it.  @stream_too: the work's results scroll over standard output while it
 * goes on, so that on a terminal there would be two writers on one screen. */
void btx_progress_begin(struct btx_progress *progress, const char *what, uint64_t total_bytes,
                        bool stream_too);

/* So much is done.  Cheap: may be called for each record. */
void btx_progress_at(struct btx_progress *progress, uint64_t done_bytes);

/* Take the line away, before anything else is printed and at the end.  It comes back by itself. */
void btx_progress_clear(struct btx_progress *progress);

#endif
