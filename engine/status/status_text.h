/* SPDX-License-Identifier: Apache-2.0 */
/* status_text.h - a reading as text: the screen of `status`, lists, JSON, and metrics.
 *
 * Pure functions of one reading, or of two for rates and intervals, shared by betexctl, the admin
 * service and the console.  They write to a caller's buffer; BTX_STATUS_OUTPUT_BYTES is enough for
 * any reading.  Whatever is in a page, the output is printable ASCII and newlines (and, if asked,
 * the colour codes of this file), and JSON and metrics keep their form. */
#ifndef BTX_STATUS_STATUS_TEXT_H
#define BTX_STATUS_STATUS_TEXT_H

#include "engine/base/bytes.h"
#include "engine/status/reading.h"

#include <stdbool.h>

#define BTX_STATUS_OUTPUT_BYTES (512u * 1024u)

#define BTX_STATUS_SCREEN_COLUMNS 80u
#define BTX_STATUS_SCREEN_LINES 23u /* one of 24 is left for a prompt, or the keys of the console */

/* How it is; least urgent first. */
enum btx_status_level {
    BTX_STATUS_LEVEL_FINE,
    BTX_STATUS_LEVEL_LOOK, /* somebody should look before it becomes worse; '*' on the screen */
    BTX_STATUS_LEVEL_ACT,  /* somebody must act; '!' on the screen */
};

/* One line of the screen.  What it points to is good until the next line. */
struct btx_status_line {
    const char *label; /* "" when it goes on with the line before */
    enum btx_status_level level;
    const char *text;   /* at most BTX_STATUS_SCREEN_COLUMNS - 12 columns, printable ASCII */
    const char *advice; /* what to do, at most 66 columns; NULL when it is fine */
};

typedef void (*btx_status_take_line)(void *context, const struct btx_status_line *line);

/* Hand all lines of the screen to @take, in its order.  @earlier as below. */
void btx_status_judge(const struct btx_status_reading *reading,
                      const struct btx_status_reading *earlier, btx_status_take_line take,
                      void *context);

/* The screen: BTX_STATUS_SCREEN_LINES lines of at most BTX_STATUS_SCREEN_COLUMNS columns.  A mark
 * in the first column says what is not fine.  @earlier may be NULL, or of another start: rates and
 * latencies are since the start then.  Returns the most urgent level. */
enum btx_status_level btx_status_put_screen(struct btx_writer *out,
                                            const struct btx_status_reading *reading,
                                            const struct btx_status_reading *earlier, bool colour);

/* Every figure of @parts (bit n: part n), one below the other with what it says, for `wal status`
 * (POLLER and SEGMENTS), `audit status` (SHADOW) and whoever wants to see all.  Parts that were in
 * no page are left out; of figures by producer, reason or command those that counted are shown.
 * Lines may be wider than a screen: the meaning stands last in them. */
void btx_status_put_list(struct btx_writer *out, const struct btx_status_reading *reading,
                         uint64_t parts);

/* Everything, as one JSON object and a newline.  Absent figures are null, parts that were in no
 * page are left out.  Keys end in their unit: _bytes, _ns, _time_ns (since 1970).  "screen" has the
 * lines of the screen: label, level (fine, look, act), text, and advice when it is not fine. */
void btx_status_put_json(struct btx_writer *out, const struct btx_status_reading *reading,
                         const struct btx_status_reading *earlier);

/* Everything, in Prometheus' text format 0.0.4.  Absent figures are left out.  Rates are
 * Prometheus' own business, so that one reading is enough. */
void btx_status_put_metrics(struct btx_writer *out, const struct btx_status_reading *reading);

#endif
