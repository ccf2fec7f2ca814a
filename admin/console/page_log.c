/* SPDX-License-Identifier: Apache-2.0 */
/* page_log.c - how the log is written: who may, where it stands, how it rotates, what it holds. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin/console/pages.h"
#include "admin/units.h"
#include "engine/status/status_format.h"

/* The kernel's word and the record's, side by side. */
static void put_lock(struct btx_pane *pane, struct btx_json_value lock, bool is_old)
{
    const struct btx_json_value record = btx_json_member(lock, "record");
    const uint64_t holder = btx_page_number(btx_json_member(lock, "holder_pid"), 0);
    const uint64_t pid = btx_page_number(btx_json_member(record, "pid"), 0);
    const bool is_held = btx_json_says(btx_json_member(lock, "state"), "held");
    const char *where = !btx_json_is_true(btx_json_member(lock, "this_host")) ? "ANOTHER MACHINE"
                        : !btx_json_is_true(btx_json_member(lock, "this_boot"))
                            ? "this machine, before its last start"
                            : "this machine";
    enum btx_grid_style style = BTX_GRID_PLAIN;
    char text[160];

    if (!is_held)
        (void)snprintf(text, sizeof text, "NOT HELD: nobody writes the log, says the kernel");
    else if (holder == pid)
        (void)snprintf(text, sizeof text, "held; kernel and record agree on process %" PRIu64,
                       holder);
    else
        (void)snprintf(text, sizeof text,
                       "held by process %" PRIu64 ", says the kernel; the record names %" PRIu64,
                       holder, pid);
    if (!is_held || holder != pid)
        style = BTX_GRID_LOOK;
    if (is_old)
        style = BTX_GRID_DIM;
    btx_pane_put(pane, 0, style, "%c", is_old ? '?' : style == BTX_GRID_LOOK ? '*' : ' ');
    btx_pane_put(pane, 2, BTX_GRID_STRONG, "lock");
    btx_pane_put(pane, 12, style, "%s", text);
    btx_pane_next(pane);
    btx_pane_put(pane, 2, BTX_GRID_STRONG, "holder");
    btx_pane_put(pane, 12, style, "%s, pid %" PRIu64 " on %s (%s)",
                 btx_page_text(btx_json_member(record, "program")).text, pid,
                 btx_page_text(btx_json_member(record, "host")).text, where);
    btx_pane_next(pane);
    btx_pane_put(pane, 2, BTX_GRID_STRONG, "epoch");
    btx_pane_put(pane, 12, style, "%s, since %s UTC",
                 btx_page_text(btx_json_member(record, "epoch")).text,
                 btx_units_time(btx_page_number(btx_json_member(record, "since_ns"), 0)).text);
    btx_pane_next(pane);
}

static void put_status_lines(struct btx_console *console, struct btx_pane *pane, uint64_t now_ns)
{
    static const char *const labels[] = {"position", "commits", "segment", "rotation", "disk"};
    const bool is_old = btx_page_is_old(console, BTX_CONSOLE_STATUS, now_ns);

    for (size_t i = 0; i < BTX_COUNT_OF(labels); i++)
        btx_page_put_status_line(pane, btx_page_status_line(console, labels[i]), is_old);
}

static void put_segment(struct btx_pane *pane, struct btx_json_value segment)
{
    const struct btx_json_value hash = btx_json_member(segment, "hash");
    const bool is_damaged = btx_json_is_true(btx_json_member(segment, "damaged"));
    const uint64_t events = btx_page_number(btx_json_member(segment, "events"), 0);
    struct btx_page_text seal = {"unsealed"};
    struct btx_page_text range = {"-"};

    if (events != 0)
        (void)snprintf(range.text, sizeof range.text, "%.20s-%.20s",
                       btx_page_text(btx_json_member(segment, "first_seq")).text,
                       btx_page_text(btx_json_member(segment, "last_seq")).text);
    if (btx_json_is(hash))
        (void)snprintf(seal.text, sizeof seal.text, "%.8s%s", btx_page_text(hash).text,
                       btx_json_is_true(btx_json_member(segment, "signed")) ? "s" : "");
    btx_pane_put(
        pane, 2, is_damaged ? BTX_GRID_ACT : BTX_GRID_PLAIN, "%6s %23s %7s %8s %5s %-14s %s",
        btx_page_text(btx_json_member(segment, "segment")).text, range.text,
        btx_status_format_rate(events).text,
        btx_status_format_bytes(
            btx_page_number(btx_json_member(segment, "file_bytes"), BTX_STATUS_ABSENT))
            .text,
        btx_page_text(btx_json_member(segment, "epoch")).text,
        btx_units_short_time(btx_page_number(btx_json_member(segment, "created_ns"), 0)).text,
        is_damaged ? "DAMAGED" : seal.text);
    btx_pane_next(pane);
}

/* The newest first, since that is what moves. */
static void put_segments(struct btx_console *console, struct btx_pane *pane, uint64_t now_ns)
{
    const struct btx_feed *feed = &console->feeds[BTX_CONSOLE_SEGMENTS];

    btx_pane_next(pane);
    if (!btx_page_begin(console, pane, BTX_CONSOLE_SEGMENTS, now_ns))
        return;
    btx_pane_line(pane, BTX_GRID_STRONG, "  %6s %23s %7s %8s %5s %-14s %s", "NUMBER", "SEQ",
                  "EVENTS", "FILE", "EPOCH", "CREATED", "SEAL");
    btx_list_fit(&console->segments, feed->line_count, btx_pane_rows_left(pane));
    for (size_t i = console->segments.top; i < feed->line_count && btx_pane_rows_left(pane) != 0;
         i++) {
        btx_pane_put(pane, 0, BTX_GRID_STRONG, "%s", i == console->segments.chosen ? ">" : "");
        put_segment(pane, btx_feed_line(feed, feed->line_count - 1 - i));
    }
}

void btx_log_page_draw(struct btx_console *console, struct btx_pane *pane, uint64_t now_ns)
{
    if (btx_page_begin(console, pane, BTX_CONSOLE_LOCK, now_ns))
        put_lock(pane, btx_feed_line(&console->feeds[BTX_CONSOLE_LOCK], 0),
                 btx_page_is_old(console, BTX_CONSOLE_LOCK, now_ns));
    if (console->feeds[BTX_CONSOLE_STATUS].is_there)
        put_status_lines(console, pane, now_ns);
    put_segments(console, pane, now_ns);
}

bool btx_log_page_key(struct btx_console *console, int key, uint64_t now_ns)
{
    static const char *const rotate[] = {"wal", "rotate", NULL};

    if (key != 'r')
        return btx_list_key(&console->segments, key);
    btx_page_ask(console, now_ns, rotate,
                 "The segment is closed and sealed, and the next one begins.\n"
                 "Trading goes on: a rotation takes less time than a commit.",
                 "", NULL, "Rotate the log");
    return true;
}

const char *btx_log_page_keys(const struct btx_console *console)
{
    (void)console;
    return "r rotate   up/down, space/- through the segments";
}
