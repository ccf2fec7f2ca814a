/* SPDX-License-Identifier: Apache-2.0 */
/* page_audit.c - is what the engine did right?  What the auditor has found, its snapshots, and the
 * whole log verified when somebody wants it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin/console/pages.h"
#include "engine/status/status_format.h"

enum { SNAPSHOTS_SHOWN = 6 };

static uint64_t figure(struct btx_json_value status, const char *name)
{
    return btx_page_number(btx_json_member(btx_json_member(status, "figures"), name),
                           BTX_STATUS_ABSENT);
}

static void put_figures(struct btx_console *console, struct btx_pane *pane, uint64_t now_ns)
{
    const struct btx_json_value status = btx_page_status(console);
    const bool is_old = btx_page_is_old(console, BTX_CONSOLE_STATUS, now_ns);
    const enum btx_grid_style style = is_old ? BTX_GRID_DIM : BTX_GRID_PLAIN;

    btx_page_put_status_line(pane, btx_page_status_line(console, "audit"), is_old);
    btx_pane_line(pane, style,
                  "            %s events compared since the auditor started, differences: %s",
                  btx_status_format_count(figure(status, "audit_events")).text,
                  btx_status_format_count(figure(status, "audit_differences")).text);
    btx_page_put_status_line(pane, btx_page_status_line(console, "snapshot"), is_old);
    btx_pane_line(pane, style,
                  "            %s written since the auditor started, the last in %s; failed: %s",
                  btx_status_format_count(figure(status, "snapshots")).text,
                  btx_status_format_duration(figure(status, "last_snapshot_duration_ns")).text,
                  btx_status_format_count(figure(status, "snapshot_failures")).text);
    btx_page_put_status_line(pane, btx_page_status_line(console, "parts"), is_old);
    btx_page_put_status_line(pane, btx_page_status_line(console, "fault"), is_old);
}

static void put_snapshots(struct btx_console *console, struct btx_pane *pane, uint64_t now_ns)
{
    const struct btx_feed *feed = &console->feeds[BTX_CONSOLE_SNAPSHOTS];

    if (!btx_page_begin(console, pane, BTX_CONSOLE_SNAPSHOTS, now_ns))
        return;
    btx_pane_line(pane, BTX_GRID_STRONG, "  SNAPSHOTS: %zu, the newest first", feed->line_count);
    for (size_t i = 0; i < feed->line_count && i < SNAPSHOTS_SHOWN; i++) {
        const struct btx_json_value one = btx_feed_line(feed, feed->line_count - 1 - i);

        btx_pane_line(pane, BTX_GRID_PLAIN, "  %15s  %s",
                      btx_page_count(btx_json_member(one, "seq")).text,
                      btx_page_text(btx_json_member(one, "name")).text);
    }
}

/* Its lines as it printed them; the verdict, which stands last, must be seen. */
static void put_verify(const struct btx_console *console, struct btx_pane *pane, uint64_t now_ns)
{
    const struct btx_console_verify *verify = &console->verify;
    const enum btx_grid_style style = verify->status == 0 ? BTX_GRID_PLAIN : BTX_GRID_ACT;
    unsigned lines = 0;
    unsigned skipped;

    if (verify->state != BTX_CONSOLE_CHANGE_NONE) {
        btx_pane_line(pane, BTX_GRID_STRONG, "  VERIFY: at work for %s",
                      btx_status_format_duration(now_ns - verify->asked_ns).text);
        return;
    }
    if (!verify->is_there) {
        btx_pane_line(pane, BTX_GRID_STRONG, "  VERIFY: not asked for (v)");
        return;
    }
    btx_pane_line(pane, verify->status == 0 ? BTX_GRID_STRONG : BTX_GRID_ACT,
                  "  VERIFY: %s, ended %s ago, took %s",
                  verify->status == 0 ? "the log is right" : "NOT ALL IS RIGHT",
                  btx_status_format_duration(now_ns - verify->answered_ns).text,
                  btx_status_format_duration(verify->answered_ns - verify->asked_ns).text);
    for (const char *at = verify->text; *at != '\0'; at++)
        lines += *at == '\n' ? 1 : 0;
    skipped = lines > btx_pane_rows_left(pane) ? lines - btx_pane_rows_left(pane) : 0;
    for (const char *at = verify->text; *at != '\0';) {
        const size_t length = strcspn(at, "\n");

        if (skipped == 0)
            btx_pane_line(pane, style, "  %.*s", (int)length, at);
        else
            skipped--;
        at += length + (at[length] == '\n' ? 1 : 0);
    }
}

void btx_audit_draw(struct btx_console *console, struct btx_pane *pane, uint64_t now_ns)
{
    if (btx_page_begin(console, pane, BTX_CONSOLE_STATUS, now_ns))
        put_figures(console, pane, now_ns);
    btx_pane_next(pane);
    put_snapshots(console, pane, now_ns);
    btx_pane_next(pane);
    put_verify(console, pane, now_ns);
}

bool btx_audit_key(struct btx_console *console, int key, uint64_t now_ns)
{
    static const char *const snapshot[] = {"snapshot", "now", NULL};
    static const char *const verify[] = {"wal", "verify", NULL};

    switch (key) {
    case 'n':
        btx_page_ask(console, now_ns, snapshot,
                     "The auditor writes its state to the disk, once it has executed what is\n"
                     "sealed.  The engine does not notice.",
                     "", NULL, "Ask for a snapshot");
        return true;
    case 'v':
        if (console->verify.state != BTX_CONSOLE_CHANGE_NONE)
            return true;
        console->question_is_for = BTX_CONSOLE_ASKS_VERIFY;
        btx_question_ask(&console->question, verify,
                         "All of it is read and executed once more, by a process of its own.\n"
                         "That may take long and keeps a core and the disk busy.",
                         "", NULL, "Verify the whole log");
        return true;
    default: /* lint: default: any other number may come */
        return false;
    }
}

const char *btx_audit_keys(const struct btx_console *console)
{
    (void)console;
    return "n snapshot now   v verify the whole log";
}
