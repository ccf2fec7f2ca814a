/* SPDX-License-Identifier: Apache-2.0 */
/* console.h - the console without a terminal and without a socket: what it knows, what it asks,
 * what it shows and what keys do.
 *
 * Whoever runs it (ctl_console.c, or a test) asks betex-admin what it wants to know, hands in the
 * answers and the keys, and shows the grid that it draws.  Times are monotonic. */
#ifndef BTX_CONSOLE_CONSOLE_H
#define BTX_CONSOLE_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin/console/feed.h"
#include "admin/console/grid.h"
#include "admin/console/list.h"
#include "admin/console/question.h"

/* What fits no smaller screen. */
enum { BTX_CONSOLE_ROWS_MIN = 24, BTX_CONSOLE_COLUMNS_MIN = 80 };

enum { BTX_CONSOLE_MESSAGE_BYTES = 256, BTX_CONSOLE_VERIFY_BYTES = 4096 };

/* Questions that are put again and again; console.c has their words. */
enum btx_console_feed {
    BTX_CONSOLE_STATUS,
    BTX_CONSOLE_WHOAMI,
    BTX_CONSOLE_LOCK,
    BTX_CONSOLE_SEGMENTS,
    BTX_CONSOLE_MARKETS,
    BTX_CONSOLE_MARKET, /* the one that is open */
    BTX_CONSOLE_SNAPSHOTS,
    BTX_CONSOLE_ACCOUNT, /* the one that is open */
    BTX_CONSOLE_FEED_COUNT,
};

/* In the order of their keys; pages.c has their table. */
enum btx_console_page {
    BTX_CONSOLE_PAGE_DASHBOARD,
    BTX_CONSOLE_PAGE_LOG,
    BTX_CONSOLE_PAGE_MARKETS,
    BTX_CONSOLE_PAGE_AUDIT,
    BTX_CONSOLE_PAGE_ACCOUNT,
    BTX_CONSOLE_PAGE_HELP,
    BTX_CONSOLE_PAGE_COUNT,
};

/* Calls that may go on at the same time. */
enum btx_console_lane {
    BTX_CONSOLE_LOOKS,    /* the feeds, one behind the other */
    BTX_CONSOLE_CHANGES,  /* what somebody has said yes to */
    BTX_CONSOLE_VERIFIES, /* wal verify, which may take an hour */
    BTX_CONSOLE_LANE_COUNT,
};

/* A call that is wanted.  What it points to is good until the next one of its lane. */
struct btx_console_ask {
    const char *arguments[BTX_CHANGE_ARGUMENTS_MAX];
    size_t argument_count;
};

struct btx_console_message {
    char text[BTX_CONSOLE_MESSAGE_BYTES]; /* "": none */
    enum btx_grid_style style;
    uint64_t since_ns;
};

/* What is done when a question is answered with yes. */
enum btx_console_purpose {
    BTX_CONSOLE_ASKS_CHANGE,
    BTX_CONSOLE_ASKS_VERIFY,
    BTX_CONSOLE_ASKS_MARKET, /* which one to open */
    BTX_CONSOLE_ASKS_ACCOUNT,
};

enum btx_console_change_state {
    BTX_CONSOLE_CHANGE_NONE,
    BTX_CONSOLE_CHANGE_DUE,
    BTX_CONSOLE_CHANGE_ASKED,
};

/* What the last wal verify has found. */
struct btx_console_verify {
    enum btx_console_change_state state;
    bool is_there;
    int status;
    uint64_t asked_ns;
    uint64_t answered_ns;
    char text[BTX_CONSOLE_VERIFY_BYTES];
};

/* Caller's storage, large.  Fields are for the pages and for tests. */
struct btx_console {
    const char *socket; /* where betex-admin answers, for messages */
    struct btx_feed feeds[BTX_CONSOLE_FEED_COUNT];
    enum btx_console_feed asked; /* on the lane of looks */
    uint64_t asked_id;           /* the market or account that was asked about */
    enum btx_console_page page;
    enum btx_console_page page_before; /* help */
    bool hides_alarms;
    unsigned hidden_lines; /* of the dashboard, that do not fit */
    struct btx_list segments;
    struct btx_list markets;
    struct btx_list runners; /* of the market that is open */
    bool market_is_open;
    uint64_t market;
    struct btx_list positions; /* of the account that is open */
    bool account_is_open;
    uint64_t account;
    struct btx_question question;
    enum btx_console_purpose question_is_for;
    enum btx_console_change_state change_state;
    struct btx_change change;
    struct btx_console_verify verify;
    struct btx_console_message message;
    char argument[32];
    bool is_over; /* somebody has quit */
};

/* @period_ns is how often figures are asked for: longer where the line is slow. */
void btx_console_init(struct btx_console *console, const char *socket, uint64_t period_ns);

/* Give back what answers took. */
void btx_console_done(struct btx_console *console);

/* Whether a call is wanted on @lane, on which none goes on; then it is asked from now on, until
 * its answer or its failure is handed in. */
bool btx_console_wants(struct btx_console *console, enum btx_console_lane lane, uint64_t now_ns,
                       struct btx_console_ask *ret_ask);

/* The answer on @lane: an exit status and what was printed, neither ended by a zero. */
void btx_console_take(struct btx_console *console, enum btx_console_lane lane, int status,
                      const char *out, size_t out_bytes, const char *err, size_t err_bytes,
                      uint64_t asked_ns, uint64_t now_ns);

/* There was none, and why. */
void btx_console_fail(struct btx_console *console, enum btx_console_lane lane, const char *why,
                      uint64_t now_ns);

/* A key of enum btx_key, or a character. */
void btx_console_key(struct btx_console *console, int key, uint64_t now_ns);

/* Draw all of @grid, which has its size (btx_grid_clear). */
void btx_console_draw(struct btx_console *console, struct btx_grid *grid, uint64_t now_ns);

#endif
