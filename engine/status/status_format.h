/* SPDX-License-Identifier: Apache-2.0 */
/* status_format.h - numbers and texts as status_text.h writes them, for whoever shows more of them.
 * Everything here takes any value: what a page says was never checked one by one. */
#ifndef BTX_STATUS_STATUS_FORMAT_H
#define BTX_STATUS_STATUS_FORMAT_H

#include "engine/base/attributes.h"
#include "engine/base/bytes.h"
#include "engine/status/figures.h"

#include <stddef.h>
#include <stdint.h>

/* A text in storage of its own, so that several fit one call.  BTX_STATUS_ABSENT is "-" in all. */
struct btx_status_short {
    char text[40];
};

/* "1,234,567". */
struct btx_status_short btx_status_format_count(uint64_t count);
/* Three digits: "812", "61.2 k", "1.23 M", "4 G". */
struct btx_status_short btx_status_format_rate(uint64_t count);
/* "512 B", "31.2 MiB", "931 GiB". */
struct btx_status_short btx_status_format_bytes(uint64_t bytes);
/* "812 ns", "41.2 us", "3.21 ms", "12.3 s", "5 min 2 s", "3 h 12 min", "4 d 3 h". */
struct btx_status_short btx_status_format_duration(uint64_t duration_ns);
/* "2026-11-26 00:48:40", in UTC. */
struct btx_status_short btx_status_format_time(uint64_t wall_ns);
/* @part of @whole, as "41 %"; rounded down, so that 100 % is full. */
struct btx_status_short btx_status_format_percent(uint64_t part, uint64_t whole);
/* ns as seconds, exactly: "0.000421", "1764114520". */
struct btx_status_short btx_status_format_seconds(uint64_t duration_ns);

/* How much of @whole @part is, 0..100; 0 when either is absent. */
uint64_t btx_status_percent(uint64_t part, uint64_t whole);

/* @text as printable ASCII, any other byte as \xNN, cut to the size. */
void btx_status_printable(char *ret_text, size_t size_bytes, const char *text);

/* Append formatted text, at most 1023 bytes of it. */
void btx_status_put(struct btx_writer *out, const char *format, ...) BTX_PRINTF(2, 3);

/* Append @text between quotes, as JSON and label values of metrics both read it: quotes and
 * backslashes escaped, what is not printable ASCII replaced by a question mark. */
void btx_status_put_quoted(struct btx_writer *out, const char *text);

#endif
