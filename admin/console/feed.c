/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/console/feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What failed is asked for again soon, however seldom it is asked for. */
#define RETRY_NS UINT64_C(2000000000)

/* So much later than it should have come an answer is missed. */
#define GRACE_NS UINT64_C(8000000000)

/* The line that begins at @at; NULL and *ret_bytes 0: there is none. */
static const char *line_at(const char *at, const char *end, size_t *ret_bytes)
{
    const char *newline;

    *ret_bytes = 0;
    if (at == NULL || at >= end)
        return NULL;
    newline = memchr(at, '\n', (size_t)(end - at));
    *ret_bytes = (size_t)((newline != NULL ? newline : end) - at);
    return at;
}

/* Whether all lines are JSON; how many they are. */
static bool count_lines(const char *text, size_t length_bytes, size_t *ret_count)
{
    const char *end = text + length_bytes;
    struct btx_json_value value;
    size_t bytes;

    *ret_count = 0;
    for (const char *at = text; (at = line_at(at, end, &bytes)) != NULL; at += bytes + 1) {
        if (!btx_json_read(at, bytes, &value))
            return false;
        (*ret_count)++;
    }
    return true;
}

void btx_feed_take(struct btx_feed *feed, const char *text, size_t length_bytes, uint64_t asked_ns,
                   uint64_t now_ns)
{
    const uint64_t took_ns = now_ns - asked_ns;
    size_t line_count;
    char *copy;

    if (!count_lines(text, length_bytes, &line_count)) {
        btx_feed_fail(feed, "betex-admin answers what is not understood: another version?", now_ns);
        return;
    }
    copy = malloc(length_bytes + 1);
    if (copy == NULL) {
        btx_feed_fail(feed, "no memory for an answer", now_ns);
        return;
    }
    memcpy(copy, text, length_bytes);
    free(feed->text);
    feed->text = copy;
    feed->length_bytes = length_bytes;
    feed->line_count = line_count;
    feed->asked_ns = asked_ns;
    feed->is_there = true;
    feed->is_failing = false;
    /* What takes long is asked seldom: four fifths of the time belong to others. */
    feed->due_ns = asked_ns + (5 * took_ns > feed->period_ns ? 5 * took_ns : feed->period_ns);
}

void btx_feed_fail(struct btx_feed *feed, const char *why, uint64_t now_ns)
{
    feed->is_failing = true;
    feed->due_ns = now_ns + (feed->period_ns < RETRY_NS ? feed->period_ns : RETRY_NS);
    (void)snprintf(feed->why, sizeof feed->why, "%s", why);
}

void btx_feed_forget(struct btx_feed *feed)
{
    free(feed->text);
    *feed = (struct btx_feed){.period_ns = feed->period_ns};
}

uint64_t btx_feed_age_ns(const struct btx_feed *feed, uint64_t now_ns)
{
    return feed->is_there && now_ns > feed->asked_ns ? now_ns - feed->asked_ns : 0;
}

bool btx_feed_is_old(const struct btx_feed *feed, uint64_t now_ns)
{
    return feed->is_failing ||
           (feed->is_there && now_ns > feed->due_ns && now_ns - feed->due_ns > GRACE_NS);
}

struct btx_json_value btx_feed_line(const struct btx_feed *feed, size_t index)
{
    struct btx_json_value value = {0};
    const char *end = feed->text + feed->length_bytes;
    const char *at = feed->text;
    size_t bytes;

    if (!feed->is_there || index >= feed->line_count)
        return value;
    for (size_t i = 0; (at = line_at(at, end, &bytes)) != NULL && i < index; i++)
        at += bytes + 1;
    if (at != NULL && !btx_json_read(at, bytes, &value))
        value = (struct btx_json_value){0};
    return value;
}
