/* SPDX-License-Identifier: Apache-2.0 */
/* feed.h - what betex-admin answers to one question that is put to it again and again.
 *
 * The last good answer is kept while later ones fail, with its age: so old figures can be shown,
 * and shown as old.  An answer is JSON, a line for each value. */
#ifndef BTX_CONSOLE_FEED_H
#define BTX_CONSOLE_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin/json_read.h"

enum { BTX_FEED_WHY_BYTES = 256 };

/* Caller's storage; start with {.period_ns = ...}.  Times are monotonic. */
struct btx_feed {
    uint64_t period_ns;
    uint64_t due_ns; /* when to ask again; 0: at once */
    bool is_there;   /* there is an answer */
    bool is_failing; /* the last question was not answered, or wrongly; @why says more */
    char why[BTX_FEED_WHY_BYTES];
    char *text;
    size_t length_bytes;
    size_t line_count;
    uint64_t asked_ns; /* when the question was put that is answered */
};

/* The answer to the question that was put at @asked_ns; a copy is kept.  What is no JSON is a
 * failure. */
void btx_feed_take(struct btx_feed *feed, const char *text, size_t length_bytes, uint64_t asked_ns,
                   uint64_t now_ns);

/* There was none.  @why is a sentence. */
void btx_feed_fail(struct btx_feed *feed, const char *why, uint64_t now_ns);

/* As if nothing had been answered yet, and to be asked at once: the question is another one now. */
void btx_feed_forget(struct btx_feed *feed);

/* How old the answer is: since the question, so that it is never too little.  0 without one. */
uint64_t btx_feed_age_ns(const struct btx_feed *feed, uint64_t now_ns);

/* Whether the answer is not to be taken for how things are: it fails now, or has not come for far
 * too long. */
bool btx_feed_is_old(const struct btx_feed *feed, uint64_t now_ns);

/* Line @index, from 0; none when there are not as many. */
struct btx_json_value btx_feed_line(const struct btx_feed *feed, size_t index);

#endif
