/* SPDX-License-Identifier: Apache-2.0 */
/* pages.c - the table of the pages, and what they share.
 *
 * What belongs to the machine (network, updates, gates, journal) gets rows here and files of its
 * own, before the help. */
#include "admin/console/pages.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/status/status_format.h"

#define FEED(NAME) (1u << BTX_CONSOLE_##NAME)
/* How it is stands above every page. */
#define FEEDS_ALWAYS (FEED(STATUS) | FEED(WHOAMI))

const struct btx_page btx_pages[BTX_CONSOLE_PAGE_COUNT] = {
    [BTX_CONSOLE_PAGE_DASHBOARD] = {"dashboard", '1', FEEDS_ALWAYS, btx_dashboard_draw,
                                    btx_dashboard_key, btx_dashboard_keys},
    [BTX_CONSOLE_PAGE_LOG] = {"log", '2', FEEDS_ALWAYS | FEED(LOCK) | FEED(SEGMENTS),
                              btx_log_page_draw, btx_log_page_key, btx_log_page_keys},
    [BTX_CONSOLE_PAGE_MARKETS] = {"markets", '3', FEEDS_ALWAYS | FEED(MARKETS) | FEED(MARKET),
                                  btx_markets_draw, btx_markets_key, btx_markets_keys},
    [BTX_CONSOLE_PAGE_AUDIT] = {"audit", '4', FEEDS_ALWAYS | FEED(SNAPSHOTS), btx_audit_draw,
                                btx_audit_key, btx_audit_keys},
    [BTX_CONSOLE_PAGE_ACCOUNT] = {"account", '5', FEEDS_ALWAYS | FEED(ACCOUNT), btx_account_draw,
                                  btx_account_key, btx_account_keys},
    [BTX_CONSOLE_PAGE_HELP] = {"help", '?', FEEDS_ALWAYS, btx_help_draw, btx_help_key,
                               btx_help_keys},
};

/* ---- Values ---- */

/* How many bytes at @at stand for one byte or unit that is not ASCII: "\u00c3", "\xc3"; 0: none.
 * *ret_unit is that one. */
static size_t escape_at(const char *at, unsigned *ret_unit)
{
    int length = 0;

    if (at[0] == '\\' && at[1] == 'u' && sscanf(at + 2, "%4x%n", ret_unit, &length) == 1)
        return length == 4 ? 6 : 0;
    if (at[0] == '\\' && at[1] == 'x' && sscanf(at + 2, "%2x%n", ret_unit, &length) == 1)
        return length == 2 ? 4 : 0;
    return 0;
}

struct btx_page_text btx_page_text(struct btx_json_value value)
{
    struct btx_page_text shown;
    struct btx_page_text text;
    size_t length = 0;

    (void)btx_json_show(value, shown.text, sizeof shown.text);
    for (const char *at = shown.text; *at != '\0';) {
        unsigned unit = 0;
        const size_t escape = escape_at(at, &unit);

        /* What goes on with a character of UTF-8 has been shown with its first byte. */
        if (escape == 0)
            text.text[length++] = *at;
        else if (unit < 0x80 || unit >= 0xc0)
            text.text[length++] = '?';
        at += escape == 0 ? 1 : escape;
    }
    text.text[length] = '\0';
    return text;
}

uint64_t btx_page_number(struct btx_json_value value, uint64_t otherwise)
{
    uint64_t number = otherwise;

    return btx_json_number_of(value, &number) ? number : otherwise;
}

struct btx_page_text btx_page_count(struct btx_json_value value)
{
    struct btx_page_text text;

    (void)snprintf(text.text, sizeof text.text, "%s",
                   btx_status_format_count(btx_page_number(value, BTX_STATUS_ABSENT)).text);
    return text;
}

size_t btx_page_elements(struct btx_json_value list)
{
    size_t count = 0;

    for (struct btx_json_value one = btx_json_first(list); btx_json_is(one);
         one = btx_json_next(list, one))
        count++;
    return count;
}

/* ---- Answers ---- */

/* When betex-admin does not even say how it is, nothing else that it said is how things are. */
bool btx_page_is_old(const struct btx_console *console, enum btx_console_feed feed, uint64_t now_ns)
{
    return btx_feed_is_old(&console->feeds[BTX_CONSOLE_STATUS], now_ns) ||
           btx_feed_is_old(&console->feeds[feed], now_ns);
}

bool btx_page_begin(struct btx_console *console, struct btx_pane *pane, enum btx_console_feed feed,
                    uint64_t now_ns)
{
    const struct btx_feed *from = &console->feeds[feed];
    const char *why = from->is_failing ? from->why : "not answered";

    if (feed == BTX_CONSOLE_STATUS)
        return from->is_there; /* The rest stands above every page. */
    /* What stands above already, that nobody answers, need not stand here again. */
    if (from->is_there && btx_page_is_old(console, BTX_CONSOLE_STATUS, now_ns))
        btx_pane_line(pane, BTX_GRID_ACT, "! this is %s old",
                      btx_status_format_duration(btx_feed_age_ns(from, now_ns)).text);
    else if (from->is_there && btx_page_is_old(console, feed, now_ns))
        btx_pane_paragraph(pane, BTX_GRID_ACT, "! this is %s old: %s",
                           btx_status_format_duration(btx_feed_age_ns(from, now_ns)).text, why);
    else if (from->is_failing && !btx_page_is_old(console, BTX_CONSOLE_STATUS, now_ns))
        btx_pane_paragraph(pane, BTX_GRID_ACT, "! %s", why);
    else if (!from->is_there && !from->is_failing)
        btx_pane_line(pane, BTX_GRID_PLAIN, "  asking ...");
    return from->is_there;
}

struct btx_json_value btx_page_status(const struct btx_console *console)
{
    return btx_feed_line(&console->feeds[BTX_CONSOLE_STATUS], 0);
}

struct btx_json_value btx_page_status_line(const struct btx_console *console, const char *label)
{
    const struct btx_json_value screen = btx_json_member(btx_page_status(console), "screen");
    struct btx_json_value line = btx_json_first(screen);

    while (btx_json_is(line) && !btx_json_says(btx_json_member(line, "label"), label))
        line = btx_json_next(screen, line);
    return line;
}

void btx_page_put_status_line(struct btx_pane *pane, struct btx_json_value line, bool is_old)
{
    const struct btx_json_value level = btx_json_member(line, "level");
    const bool acts = btx_json_says(level, "act");
    const bool looks = btx_json_says(level, "look");
    struct btx_page_text text = btx_page_text(btx_json_member(line, "text"));
    enum btx_grid_style style = acts ? BTX_GRID_ACT : looks ? BTX_GRID_LOOK : BTX_GRID_PLAIN;

    if (!btx_json_is(line))
        return;
    if (is_old)
        style = BTX_GRID_DIM;
    btx_pane_put(pane, 0, style, "%s", is_old ? "?" : acts ? "!" : looks ? "*" : " ");
    /* Behind a gap the first line has a clock, which stands in the title here. */
    if (btx_json_says(btx_json_member(line, "label"), "engine") && strstr(text.text, "   ") != NULL)
        *strstr(text.text, "   ") = '\0';
    btx_pane_put(pane, 2, is_old ? BTX_GRID_DIM : BTX_GRID_STRONG, "%s",
                 btx_page_text(btx_json_member(line, "label")).text);
    btx_pane_put(pane, 12, style, "%s", text.text);
    btx_pane_next(pane);
}

/* ---- Asking and telling ---- */

void btx_page_say(struct btx_console *console, enum btx_grid_style style, uint64_t now_ns,
                  const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(console->message.text, sizeof console->message.text, format, arguments);
    va_end(arguments);
    console->message.style = style;
    console->message.since_ns = now_ns;
}

void btx_page_ask(struct btx_console *console, uint64_t now_ns, const char *const *change,
                  const char *effect, const char *word, const char *value, const char *title, ...)
{
    const struct btx_json_value who = btx_feed_line(&console->feeds[BTX_CONSOLE_WHOAMI], 0);
    char text[BTX_QUESTION_TEXT_BYTES];
    va_list arguments;

    if (console->change_state != BTX_CONSOLE_CHANGE_NONE) {
        btx_page_say(console, BTX_GRID_PLAIN, now_ns, "one thing after the other");
        return;
    }
    /* Betex-admin would refuse it anyway; who is not known yet may try. */
    if (btx_json_is(who) && !btx_json_says(btx_json_member(who, "role"), "operator")) {
        btx_page_say(console, BTX_GRID_ACT, now_ns, "this wants the role operator; %s has %s",
                     btx_page_text(btx_json_member(who, "user")).text,
                     btx_page_text(btx_json_member(who, "role")).text);
        return;
    }
    va_start(arguments, title);
    (void)vsnprintf(text, sizeof text, title, arguments);
    va_end(arguments);
    console->question_is_for = BTX_CONSOLE_ASKS_CHANGE;
    btx_question_ask(&console->question, change, effect, word, value, "%s", text);
}
