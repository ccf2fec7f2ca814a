/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/console/console.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/console/pages.h"
#include "engine/base/check.h"
#include "engine/status/status_format.h"

#define SECOND_NS UINT64_C(1000000000)
/* How often is asked what changes seldom, or costs a process of its own. */
#define LOCK_NS (5 * SECOND_NS)
#define SEGMENTS_NS (10 * SECOND_NS)
#define WHOAMI_NS (60 * SECOND_NS)
/* What went well need not be read for longer. */
#define MESSAGE_NS (15 * SECOND_NS)

/* ---- Beginning and end ---- */

void btx_console_init(struct btx_console *console, const char *socket, uint64_t period_ns)
{
    const uint64_t periods_ns[BTX_CONSOLE_FEED_COUNT] = {
        [BTX_CONSOLE_STATUS] = period_ns,      [BTX_CONSOLE_WHOAMI] = WHOAMI_NS,
        [BTX_CONSOLE_LOCK] = LOCK_NS,          [BTX_CONSOLE_SEGMENTS] = SEGMENTS_NS,
        [BTX_CONSOLE_MARKETS] = period_ns,     [BTX_CONSOLE_MARKET] = period_ns,
        [BTX_CONSOLE_SNAPSHOTS] = SEGMENTS_NS, [BTX_CONSOLE_ACCOUNT] = period_ns,
    };

    *console = (struct btx_console){.socket = socket};
    for (size_t i = 0; i < BTX_CONSOLE_FEED_COUNT; i++)
        console->feeds[i].period_ns = periods_ns[i];
}

void btx_console_done(struct btx_console *console)
{
    for (size_t i = 0; i < BTX_CONSOLE_FEED_COUNT; i++)
        btx_feed_forget(&console->feeds[i]);
}

/* ---- Asking ---- */

static void ask_words(struct btx_console_ask *ask, const char *const *words)
{
    for (ask->argument_count = 0; words[ask->argument_count] != NULL; ask->argument_count++)
        ask->arguments[ask->argument_count] = words[ask->argument_count];
}

/* What a feed asks about: 0 where it is the same each time. */
static uint64_t id_of(const struct btx_console *console, enum btx_console_feed feed)
{
    return feed == BTX_CONSOLE_MARKET    ? console->market
           : feed == BTX_CONSOLE_ACCOUNT ? console->account
                                         : 0;
}

static bool is_wanted(const struct btx_console *console, enum btx_console_feed feed)
{
    if ((btx_pages[console->page].feeds >> feed & 1u) == 0)
        return false;
    if (feed == BTX_CONSOLE_MARKETS)
        return !console->market_is_open;
    if (feed == BTX_CONSOLE_MARKET)
        return console->market_is_open;
    return feed != BTX_CONSOLE_ACCOUNT || console->account_is_open;
}

/* The feed of those of the page that has waited longest; BTX_CONSOLE_FEED_COUNT: none is due. */
static enum btx_console_feed due_feed(const struct btx_console *console, uint64_t now_ns)
{
    enum btx_console_feed best = BTX_CONSOLE_FEED_COUNT;

    for (unsigned i = 0; i < BTX_CONSOLE_FEED_COUNT; i++) {
        if (is_wanted(console, (enum btx_console_feed)i) && console->feeds[i].due_ns <= now_ns &&
            (best == BTX_CONSOLE_FEED_COUNT ||
             console->feeds[i].due_ns < console->feeds[best].due_ns))
            best = (enum btx_console_feed)i;
    }
    return best;
}

static bool wants_look(struct btx_console *console, uint64_t now_ns, struct btx_console_ask *ask)
{
    static const char *const words[BTX_CONSOLE_FEED_COUNT][5] = {
        [BTX_CONSOLE_STATUS] = {"status", "--json"},
        [BTX_CONSOLE_WHOAMI] = {"whoami", "--json"},
        [BTX_CONSOLE_LOCK] = {"wal", "lock", "--json"},
        [BTX_CONSOLE_SEGMENTS] = {"wal", "segments", "--json"},
        [BTX_CONSOLE_MARKETS] = {"market", "ls", "--json"},
        [BTX_CONSOLE_MARKET] = {"market", "show", "--json"},
        [BTX_CONSOLE_SNAPSHOTS] = {"snapshot", "ls", "--json"},
        [BTX_CONSOLE_ACCOUNT] = {"account", "show", "--json"},
    };
    const enum btx_console_feed feed = due_feed(console, now_ns);

    if (feed == BTX_CONSOLE_FEED_COUNT)
        return false;
    ask_words(ask, words[feed]);
    if (feed == BTX_CONSOLE_MARKET || feed == BTX_CONSOLE_ACCOUNT) {
        (void)snprintf(console->argument, sizeof console->argument, "%" PRIu64,
                       id_of(console, feed));
        ask->arguments[ask->argument_count++] = console->argument;
    }
    console->asked = feed;
    console->asked_id = id_of(console, feed);
    return true;
}

bool btx_console_wants(struct btx_console *console, enum btx_console_lane lane, uint64_t now_ns,
                       struct btx_console_ask *ret_ask)
{
    static const char *const verify[] = {"wal", "verify", NULL};

    switch (lane) {
    case BTX_CONSOLE_LOOKS:
        return wants_look(console, now_ns, ret_ask);
    case BTX_CONSOLE_CHANGES:
        if (console->change_state != BTX_CONSOLE_CHANGE_DUE)
            return false;
        console->change_state = BTX_CONSOLE_CHANGE_ASKED;
        ret_ask->argument_count = console->change.count;
        for (size_t i = 0; i < console->change.count; i++)
            ret_ask->arguments[i] = console->change.arguments[i];
        return true;
    case BTX_CONSOLE_VERIFIES:
        if (console->verify.state != BTX_CONSOLE_CHANGE_DUE)
            return false;
        console->verify.state = BTX_CONSOLE_CHANGE_ASKED;
        console->verify.asked_ns = now_ns;
        ask_words(ret_ask, verify);
        return true;
    case BTX_CONSOLE_LANE_COUNT:
        break;
    }
    CHECK_UNREACHABLE();
}

/* ---- Answers ---- */

/* The first line of what a program said, without its name. */
static void first_line(char *ret_line, size_t size_bytes, const char *text, size_t length_bytes)
{
    static const char *const names[] = {"betexctl: ", "betex-wal: "};
    const char *newline = memchr(text, '\n', length_bytes);
    size_t length = newline != NULL ? (size_t)(newline - text) : length_bytes;

    for (size_t i = 0; i < BTX_COUNT_OF(names); i++) {
        const size_t name_length = strlen(names[i]);

        if (length >= name_length && memcmp(text, names[i], name_length) == 0) {
            text += name_length;
            length -= name_length;
        }
    }
    (void)snprintf(ret_line, size_bytes, "%.*s", (int)length, text);
}

static void join_change(const struct btx_change *change, char *ret_text, size_t size_bytes)
{
    size_t length = 0;

    ret_text[0] = '\0';
    for (size_t i = 0; i < change->count && length < size_bytes; i++)
        length += (size_t)snprintf(ret_text + length, size_bytes - length, "%s%s",
                                   i == 0 ? "" : " ", change->arguments[i]);
}

/* What was changed shows at once. */
static void ask_all_again(struct btx_console *console)
{
    for (size_t i = 0; i < BTX_CONSOLE_FEED_COUNT; i++)
        console->feeds[i].due_ns = 0;
}

static void end_change(struct btx_console *console, bool is_done, const char *what, uint64_t now_ns)
{
    char change[BTX_CONSOLE_MESSAGE_BYTES / 2];

    join_change(&console->change, change, sizeof change);
    console->change_state = BTX_CONSOLE_CHANGE_NONE;
    btx_page_say(console, is_done ? BTX_GRID_STRONG : BTX_GRID_ACT, now_ns, "%s: %s", change,
                 what[0] != '\0' ? what : "done");
    ask_all_again(console);
}

static void end_verify(struct btx_console *console, int status, const char *text, uint64_t now_ns)
{
    struct btx_console_verify *verify = &console->verify;

    verify->state = BTX_CONSOLE_CHANGE_NONE;
    verify->is_there = true;
    verify->status = status;
    verify->answered_ns = now_ns;
    (void)snprintf(verify->text, sizeof verify->text, "%s", text);
}

static void take_look(struct btx_console *console, int status, const char *out, size_t out_bytes,
                      const char *why, uint64_t asked_ns, uint64_t now_ns)
{
    struct btx_feed *feed = &console->feeds[console->asked];

    if (console->asked_id != id_of(console, console->asked))
        return; /* Another one is open by now. */
    /* What was found stands there even when it is not as it should be. */
    if (status == 0 || out_bytes != 0)
        btx_feed_take(feed, out, out_bytes, asked_ns, now_ns);
    else
        btx_feed_fail(feed, why, now_ns);
}

void btx_console_take(struct btx_console *console, enum btx_console_lane lane, int status,
                      const char *out, size_t out_bytes, const char *err, size_t err_bytes,
                      uint64_t asked_ns, uint64_t now_ns)
{
    const char *text = out_bytes != 0 ? out : ""; /* Of nothing there may be no bytes at all. */
    char said[BTX_CONSOLE_VERIFY_BYTES];
    char why[BTX_FEED_WHY_BYTES];

    if (err_bytes != 0)
        first_line(why, sizeof why, err, err_bytes);
    else
        (void)snprintf(why, sizeof why, "it ended with status %d", status);
    switch (lane) {
    case BTX_CONSOLE_LOOKS:
        take_look(console, status, text, out_bytes, why, asked_ns, now_ns);
        return;
    case BTX_CONSOLE_CHANGES:
        first_line(said, sizeof said, text, out_bytes);
        end_change(console, status == 0, status == 0 ? said : why, now_ns);
        return;
    case BTX_CONSOLE_VERIFIES:
        (void)snprintf(said, sizeof said, "%.*s%.*s", (int)out_bytes, text, (int)err_bytes,
                       err_bytes != 0 ? err : "");
        end_verify(console, status, said, now_ns);
        return;
    case BTX_CONSOLE_LANE_COUNT:
        break;
    }
    CHECK_UNREACHABLE();
}

void btx_console_fail(struct btx_console *console, enum btx_console_lane lane, const char *why,
                      uint64_t now_ns)
{
    switch (lane) {
    case BTX_CONSOLE_LOOKS:
        btx_feed_fail(&console->feeds[console->asked], why, now_ns);
        return;
    case BTX_CONSOLE_CHANGES:
        end_change(console, false, why, now_ns);
        return;
    case BTX_CONSOLE_VERIFIES:
        end_verify(console, -1, why, now_ns);
        return;
    case BTX_CONSOLE_LANE_COUNT:
        break;
    }
    CHECK_UNREACHABLE();
}

/* ---- Keys ---- */

static void take_yes(struct btx_console *console, uint64_t now_ns)
{
    const struct btx_change *change = &console->question.change;
    char *end;
    uint64_t id;

    switch (console->question_is_for) {
    case BTX_CONSOLE_ASKS_CHANGE:
        console->change = *change;
        console->change_state = BTX_CONSOLE_CHANGE_DUE;
        return;
    case BTX_CONSOLE_ASKS_VERIFY:
        console->verify.state = BTX_CONSOLE_CHANGE_DUE;
        return;
    case BTX_CONSOLE_ASKS_MARKET:
    case BTX_CONSOLE_ASKS_ACCOUNT:
        id = strtoull(change->arguments[0], &end, 10);
        if (*end != '\0')
            btx_page_say(console, BTX_GRID_PLAIN, now_ns, "'%s' is no number",
                         change->arguments[0]);
        else if (console->question_is_for == BTX_CONSOLE_ASKS_MARKET)
            btx_markets_open(console, id);
        else
            btx_account_open(console, id);
        return;
    }
    CHECK_UNREACHABLE();
}

static void answer_question(struct btx_console *console, int key, uint64_t now_ns)
{
    switch (btx_question_key(&console->question, key)) {
    case BTX_QUESTION_GOES_ON:
        return;
    case BTX_QUESTION_NO:
        btx_page_say(console, BTX_GRID_PLAIN, now_ns, "not done: %s", console->question.title);
        return;
    case BTX_QUESTION_YES:
        take_yes(console, now_ns);
        return;
    }
    CHECK_UNREACHABLE();
}

static void go_to(struct btx_console *console, enum btx_console_page page)
{
    if (page == BTX_CONSOLE_PAGE_HELP && console->page != page)
        console->page_before = console->page;
    if (page == BTX_CONSOLE_PAGE_MARKETS && console->page == page)
        console->market_is_open = false;
    console->page = page;
}

static bool take_page_key(struct btx_console *console, int key)
{
    for (unsigned i = 0; i < BTX_CONSOLE_PAGE_COUNT; i++) {
        if (key == btx_pages[i].key || (i < BTX_CONSOLE_PAGE_HELP && key == BTX_KEY_F1 + (int)i)) {
            go_to(console, (enum btx_console_page)i);
            return true;
        }
    }
    return false;
}

void btx_console_key(struct btx_console *console, int key, uint64_t now_ns)
{
    if (key == BTX_KEY_NONE)
        return;
    if (key != BTX_KEY_REDRAW && key != BTX_KEY_RESIZED)
        console->message.text[0] = '\0';
    if (console->question.state != BTX_QUESTION_NONE)
        answer_question(console, key, now_ns);
    else if (key == 'q' || key == 'Q')
        console->is_over = true;
    else if (!take_page_key(console, key))
        (void)btx_pages[console->page].take_key(console, key, now_ns);
}

/* ---- Drawing ---- */

/* How many lines of the status screen are as urgent as @level. */
static unsigned lines_that(const struct btx_console *console, const char *level)
{
    const struct btx_json_value screen = btx_json_member(btx_page_status(console), "screen");
    unsigned count = 0;

    for (struct btx_json_value line = btx_json_first(screen); btx_json_is(line);
         line = btx_json_next(screen, line))
        count += btx_json_says(btx_json_member(line, "level"), level) ? 1 : 0;
    return count;
}

/* The answer to "is it healthy?". */
static enum btx_grid_style health(const struct btx_console *console, uint64_t now_ns,
                                  char *ret_text, size_t size_bytes)
{
    const unsigned act = lines_that(console, "act");
    const unsigned look = lines_that(console, "look");

    if (!console->feeds[BTX_CONSOLE_STATUS].is_there) {
        (void)snprintf(ret_text, size_bytes, "NOTHING IS KNOWN YET");
        return BTX_GRID_ACT;
    }
    if (btx_page_is_old(console, BTX_CONSOLE_STATUS, now_ns)) {
        (void)snprintf(ret_text, size_bytes, "NOT KNOWN NOW");
        return BTX_GRID_ACT;
    }
    if (act != 0) {
        (void)snprintf(ret_text, size_bytes, "ACT: %u, look: %u", act, look);
        return BTX_GRID_ACT;
    }
    if (look != 0) {
        (void)snprintf(ret_text, size_bytes, "LOOK: %u", look);
        return BTX_GRID_LOOK;
    }
    (void)snprintf(ret_text, size_bytes, "ALL FINE");
    return BTX_GRID_BAR;
}

static void draw_title(const struct btx_console *console, struct btx_pane *pane, uint64_t now_ns)
{
    const struct btx_feed *feed = &console->feeds[BTX_CONSOLE_STATUS];
    const struct btx_json_value status = btx_page_status(console);
    const struct btx_json_value host = btx_json_member(btx_json_member(status, "texts"), "host");
    const struct btx_json_value who =
        btx_json_member(btx_feed_line(&console->feeds[BTX_CONSOLE_WHOAMI], 0), "user");
    const uint64_t time_ns = btx_page_number(btx_json_member(status, "time_ns"), UINT64_MAX);
    char left[80];
    char right[160];
    char text[40];
    enum btx_grid_style style;

    btx_pane_paint(pane, BTX_GRID_BAR);
    (void)snprintf(left, sizeof left, " betex %.24s ",
                   btx_json_is(host) ? btx_page_text(host).text : "");
    (void)snprintf(right, sizeof right, "%.16s  %s UTC, %" PRIu64 " s old ",
                   btx_json_is(who) ? btx_page_text(who).text : "",
                   btx_status_format_time(time_ns).text, btx_feed_age_ns(feed, now_ns) / SECOND_NS);
    style = health(console, now_ns, text, sizeof text);
    btx_pane_put(pane, 0, BTX_GRID_BAR, "%s", left);
    btx_pane_put(pane, (unsigned)strlen(left), style, " %s ", text);
    if (feed->is_there)
        btx_pane_put(pane, pane->end_column - (unsigned)strlen(right), BTX_GRID_BAR, "%s", right);
}

/* Above every page: that betex-admin does not answer. */
static void draw_banner(const struct btx_console *console, struct btx_pane *pane, uint64_t now_ns)
{
    const struct btx_feed *feed = &console->feeds[BTX_CONSOLE_STATUS];

    if (!feed->is_there && !feed->is_failing) {
        btx_pane_line(pane, BTX_GRID_PLAIN, "  asking betex-admin at %s ...", console->socket);
        return;
    }
    if (!btx_feed_is_old(feed, now_ns))
        return;
    btx_pane_paragraph(pane, BTX_GRID_ACT, "! %s",
                       feed->is_failing ? feed->why : "betex-admin does not answer");
    if (feed->is_there)
        btx_pane_paragraph(pane, BTX_GRID_ACT,
                           "! what stands below is %s old and may be otherwise by now; asking on",
                           btx_status_format_duration(btx_feed_age_ns(feed, now_ns)).text);
    else
        btx_pane_paragraph(pane, BTX_GRID_ACT, "! nothing is known yet; asking on");
}

/* What was said last; what went well not for long. */
static const struct btx_console_message *message(const struct btx_console *console, uint64_t now_ns)
{
    const struct btx_console_message *last = &console->message;

    if (last->text[0] == '\0' ||
        (last->style != BTX_GRID_ACT && now_ns - last->since_ns >= MESSAGE_NS))
        return NULL;
    return last;
}

/* The keys of the page, or a message in their place. */
static void draw_page_keys(const struct btx_console *console, struct btx_pane *pane,
                           uint64_t now_ns)
{
    const struct btx_console_message *shown = message(console, now_ns);

    if (console->change_state != BTX_CONSOLE_CHANGE_NONE)
        btx_pane_line(pane, BTX_GRID_STRONG, " asked of betex-admin, not answered yet ...");
    else if (shown != NULL)
        btx_pane_paragraph(pane, shown->style, " %s", shown->text);
    else
        btx_pane_line(pane, BTX_GRID_PLAIN, " %s", btx_pages[console->page].keys(console));
}

static void draw_keys(const struct btx_console *console, struct btx_pane *pane)
{
    unsigned column = 0;

    btx_pane_paint(pane, BTX_GRID_BAR);
    for (unsigned i = 0; i < BTX_CONSOLE_PAGE_COUNT; i++) {
        char text[40];

        (void)snprintf(text, sizeof text, console->page == i ? "[%c %s]" : " %c %s ",
                       btx_pages[i].key, btx_pages[i].name);
        btx_pane_put(pane, column, BTX_GRID_BAR, "%s", text);
        column += (unsigned)strlen(text) + 1;
    }
    btx_pane_put(pane, column, BTX_GRID_BAR, " q quit");
}

void btx_console_draw(struct btx_console *console, struct btx_grid *grid, uint64_t now_ns)
{
    struct btx_pane pane = {.grid = grid, .end_row = grid->rows, .end_column = grid->columns};
    struct btx_pane keys;

    if (grid->rows < BTX_CONSOLE_ROWS_MIN || grid->columns < BTX_CONSOLE_COLUMNS_MIN) {
        btx_pane_line(&pane, BTX_GRID_STRONG, "%ux%u is too small", grid->columns, grid->rows);
        btx_pane_line(&pane, BTX_GRID_PLAIN, "want %dx%d", BTX_CONSOLE_COLUMNS_MIN,
                      BTX_CONSOLE_ROWS_MIN);
        btx_pane_line(&pane, BTX_GRID_PLAIN, "q quits");
        return;
    }
    draw_title(console, &pane, now_ns);
    pane.row = 1;
    pane.end_row = grid->rows - 2;
    if (message(console, now_ns) != NULL && strlen(console->message.text) >= grid->columns)
        pane.end_row--; /* It needs two. */
    keys = (struct btx_pane){grid, pane.end_row, grid->rows - 1, 0, grid->columns};
    draw_banner(console, &pane, now_ns);
    btx_pages[console->page].draw(console, &pane, now_ns);
    draw_page_keys(console, &keys, now_ns);
    keys = (struct btx_pane){grid, grid->rows - 1, grid->rows, 0, grid->columns};
    draw_keys(console, &keys);
    if (console->question.state != BTX_QUESTION_NONE)
        btx_question_draw(&console->question, grid);
}
