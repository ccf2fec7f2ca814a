/* SPDX-License-Identifier: Apache-2.0 */
/* page_dashboard.c - all of `status`, the worst first and with what to do. */
#include <stdio.h>
#include <string.h>

#include "admin/console/pages.h"

enum { LINES_MAX = 40, WIDE_COLUMNS = 132, DETAILS_COLUMN = 82 };

struct lines {
    struct btx_json_value all[LINES_MAX];
    bool is_hidden[LINES_MAX];
    unsigned count;
    unsigned shown;
};

static const char *level_of(struct btx_json_value line)
{
    const struct btx_json_value level = btx_json_member(line, "level");

    return btx_json_says(level, "act") ? "act" : btx_json_says(level, "look") ? "look" : "fine";
}

static bool begins_with(struct btx_json_value line, const char *words)
{
    const struct btx_page_text label = btx_page_text(btx_json_member(line, "label"));
    const struct btx_page_text text = btx_page_text(btx_json_member(line, "text"));

    return strcmp(label.text, words) == 0 ||
           (label.text[0] == '\0' && strncmp(text.text, words, strlen(words)) == 0);
}

/* Lines give way in this order, if they are fine, where not all fit. */
static void hide(struct lines *lines, unsigned rows)
{
    static const char *const order[] = {
        "machine",  "ring hop", "step of the core", "refused", "position", "commands", "state",
        "sessions", "snapshot", "segment",          "parts",   "commit",   "rotation", "commits",
        "ring",     "latency",  "order to",         "rates",   "fault",    "audit",    "lock",
        "disk",
    };

    for (size_t k = 0; k < BTX_COUNT_OF(order); k++) {
        for (unsigned i = 0; i < lines->count && lines->shown > rows; i++) {
            if (lines->is_hidden[i] || !begins_with(lines->all[i], order[k]) ||
                strcmp(level_of(lines->all[i]), "fine") != 0)
                continue;
            lines->is_hidden[i] = true;
            lines->shown--;
        }
    }
}

static void find_lines(struct btx_console *console, struct lines *ret_lines)
{
    const struct btx_json_value screen = btx_json_member(btx_page_status(console), "screen");

    *ret_lines = (struct lines){0};
    for (struct btx_json_value line = btx_json_first(screen);
         btx_json_is(line) && ret_lines->count < LINES_MAX; line = btx_json_next(screen, line))
        ret_lines->all[ret_lines->count++] = line;
    ret_lines->shown = ret_lines->count;
}

/* What to do, the most urgent first: one row for each, at most @rows. */
static void put_alarms(struct btx_pane *pane, const struct lines *lines, unsigned rows)
{
    static const struct {
        const char *level;
        const char *mark;
        enum btx_grid_style style;
    } levels[] = {{"act", "!", BTX_GRID_ACT}, {"look", "*", BTX_GRID_LOOK}};

    for (size_t k = 0; k < BTX_COUNT_OF(levels); k++) {
        for (unsigned i = 0; i < lines->count && rows > 0; i++) {
            if (strcmp(level_of(lines->all[i]), levels[k].level) != 0)
                continue;
            btx_pane_paint(pane, levels[k].style);
            btx_pane_line(pane, levels[k].style, "%s %-9s %s", levels[k].mark,
                          btx_page_text(btx_json_member(lines->all[i], "label")).text,
                          btx_page_text(btx_json_member(lines->all[i], "advice")).text);
            rows--;
        }
    }
}

static unsigned alarms_in(const struct lines *lines)
{
    unsigned count = 0;

    for (unsigned i = 0; i < lines->count; i++)
        count += strcmp(level_of(lines->all[i]), "fine") != 0 ? 1 : 0;
    return count;
}

static void put_rule(struct btx_pane *pane, unsigned columns)
{
    for (unsigned at = 0; at < columns; at++)
        btx_pane_put(pane, at, BTX_GRID_DIM, "-");
    btx_pane_next(pane);
}

void btx_dashboard_draw(struct btx_console *console, struct btx_pane *pane, uint64_t now_ns)
{
    const bool is_old = btx_page_is_old(console, BTX_CONSOLE_STATUS, now_ns);
    const bool is_wide = pane->end_column >= WIDE_COLUMNS;
    struct btx_pane left = *pane;
    struct btx_pane right;
    struct lines lines;
    unsigned alarms;

    if (!btx_page_begin(console, &left, BTX_CONSOLE_STATUS, now_ns))
        return;
    find_lines(console, &lines);
    alarms = alarms_in(&lines);
    if (alarms != 0 && !console->hides_alarms && !is_old) {
        put_alarms(&left, &lines, btx_pane_rows_left(&left) / 3);
        put_rule(&left, left.end_column);
    }
    right = left;
    if (is_wide)
        left.end_column = DETAILS_COLUMN - 2;
    hide(&lines, btx_pane_rows_left(&left));
    console->hidden_lines = lines.count - lines.shown;
    for (unsigned i = 0; i < lines.count; i++)
        if (!lines.is_hidden[i])
            btx_page_put_status_line(&left, lines.all[i], is_old);
    if (!is_wide)
        return;
    right.column = DETAILS_COLUMN;
    btx_details_draw(console, &right);
}

bool btx_dashboard_key(struct btx_console *console, int key, uint64_t now_ns)
{
    static const char *const drain[] = {"drain", NULL};
    static const char *const shutdown[] = {"shutdown", NULL};

    switch (key) {
    case 'a':
        console->hides_alarms = !console->hides_alarms;
        return true;
    case 'd':
        btx_page_ask(console, now_ns, drain,
                     "No new orders are taken from gateways until the engine is restarted.\n"
                     "Cancelling goes on, and so does what operators do.",
                     "drain", NULL, "Take no new orders");
        return true;
    case 'x':
        btx_page_ask(console, now_ns, shutdown,
                     "The engine ends in order: no orders, no cancels, no prices.\n"
                     "Nothing is lost. It must be started again from outside.",
                     "shutdown", NULL, "End the engine");
        return true;
    default: /* lint: default: any other number may come */
        return false;
    }
}

const char *btx_dashboard_keys(const struct btx_console *console)
{
    static char text[80];

    const char *what = console->hides_alarms ? "show" : "hide";

    if (console->hidden_lines == 0)
        (void)snprintf(text, sizeof text, "a %s what to do   d drain   x shutdown", what);
    else
        (void)snprintf(text, sizeof text,
                       "a %s what to do   d drain   x shutdown   (not shown: %u fine line%s)", what,
                       console->hidden_lines, console->hidden_lines == 1 ? "" : "s");
    return text;
}
