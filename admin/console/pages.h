/* SPDX-License-Identifier: Apache-2.0 */
/* pages.h - the pages of the console, and what they share.  Private to admin/console. */
#ifndef BTX_CONSOLE_PAGES_H
#define BTX_CONSOLE_PAGES_H

#include "admin/console/console.h"
#include "admin/console/keys.h"
#include "engine/base/attributes.h"

struct btx_page {
    const char *name; /* as it stands in the last line */
    int key;
    unsigned feeds; /* bit n: feed n is asked while the page is shown */
    /* Fill the pane. */
    void (*draw)(struct btx_console *console, struct btx_pane *pane, uint64_t now_ns);
    /* Whether @key means something here; then it is done. */
    bool (*take_key)(struct btx_console *console, int key, uint64_t now_ns);
    /* Its own keys in words, at most 78 columns. */
    const char *(*keys)(const struct btx_console *console);
};

/* Indexed by enum btx_console_page. */
extern const struct btx_page btx_pages[BTX_CONSOLE_PAGE_COUNT];

/* ---- Each page, in a file of its own ---- */

void btx_dashboard_draw(struct btx_console *console, struct btx_pane *pane, uint64_t now_ns);
bool btx_dashboard_key(struct btx_console *console, int key, uint64_t now_ns);
const char *btx_dashboard_keys(const struct btx_console *console);

/* What a wide screen has beside the lines: capacities, parts, rings, refusals. */
void btx_details_draw(struct btx_console *console, struct btx_pane *pane);

void btx_log_page_draw(struct btx_console *console, struct btx_pane *pane, uint64_t now_ns);
bool btx_log_page_key(struct btx_console *console, int key, uint64_t now_ns);
const char *btx_log_page_keys(const struct btx_console *console);

/* The list, or the market that is open. */
void btx_markets_draw(struct btx_console *console, struct btx_pane *pane, uint64_t now_ns);
bool btx_markets_key(struct btx_console *console, int key, uint64_t now_ns);
const char *btx_markets_keys(const struct btx_console *console);
void btx_markets_open(struct btx_console *console, uint64_t market);
void btx_market_draw(struct btx_console *console, struct btx_pane *pane, uint64_t now_ns);
bool btx_market_key(struct btx_console *console, int key, uint64_t now_ns);
const char *btx_market_keys(const struct btx_console *console);

void btx_audit_draw(struct btx_console *console, struct btx_pane *pane, uint64_t now_ns);
bool btx_audit_key(struct btx_console *console, int key, uint64_t now_ns);
const char *btx_audit_keys(const struct btx_console *console);

void btx_account_open(struct btx_console *console, uint64_t account);
void btx_account_draw(struct btx_console *console, struct btx_pane *pane, uint64_t now_ns);
bool btx_account_key(struct btx_console *console, int key, uint64_t now_ns);
const char *btx_account_keys(const struct btx_console *console);

void btx_help_draw(struct btx_console *console, struct btx_pane *pane, uint64_t now_ns);
bool btx_help_key(struct btx_console *console, int key, uint64_t now_ns);
const char *btx_help_keys(const struct btx_console *console);

/* ---- What they share ---- */

/* A text that is at most so long, in storage of its own. */
struct btx_page_text {
    char text[160];
};

/* The value for people: "-" for none; what was not ASCII is one '?' for each character. */
struct btx_page_text btx_page_text(struct btx_json_value value);

/* The number; @otherwise when it is none. */
uint64_t btx_page_number(struct btx_json_value value, uint64_t otherwise);

/* "1,234,567", or "-" for none. */
struct btx_page_text btx_page_count(struct btx_json_value value);

/* How many elements a list has. */
size_t btx_page_elements(struct btx_json_value list);

/* Say in a line why there are no answers to @feed, or that they are old, unless that stands above
 * already.  False: there are none at all, so that there is nothing to draw. */
bool btx_page_begin(struct btx_console *console, struct btx_pane *pane, enum btx_console_feed feed,
                    uint64_t now_ns);

/* Whether what @feed says is not how things are. */
bool btx_page_is_old(const struct btx_console *console, enum btx_console_feed feed,
                     uint64_t now_ns);

/* What `status` says, and one line of its screen: none if there is no such label. */
struct btx_json_value btx_page_status(const struct btx_console *console);
struct btx_json_value btx_page_status_line(const struct btx_console *console, const char *label);

/* The line of the status screen with its mark; one that is old has '?' for a mark.  Nothing
 * where there is no such line. */
void btx_page_put_status_line(struct btx_pane *pane, struct btx_json_value line, bool is_old);

/* Ask whether to do a change (btx_question_ask); who may only look is told so. */
void btx_page_ask(struct btx_console *console, uint64_t now_ns, const char *const *change,
                  const char *effect, const char *word, const char *value, const char *title, ...)
    BTX_PRINTF(7, 8);

/* Say something in the last line but one. */
void btx_page_say(struct btx_console *console, enum btx_grid_style style, uint64_t now_ns,
                  const char *format, ...) BTX_PRINTF(4, 5);

#endif
