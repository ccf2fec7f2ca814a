/* SPDX-License-Identifier: Apache-2.0 */
/* units.h - sizes, times and identities as people read them. */
#ifndef BTX_ADMIN_UNITS_H
#define BTX_ADMIN_UNITS_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/attributes.h"

enum { BTX_UNITS_TEXT_BYTES = 48 };

/* A text in storage of its own, so that several fit one call of printf. */
struct btx_units_text {
    char text[BTX_UNITS_TEXT_BYTES];
};

/* What stands behind a noun: "1 event", "2 events". */
static inline const char *btx_units_s(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* "512 B", "1.5 MiB", "1023.9 GiB". */
struct btx_units_text btx_units_bytes(uint64_t bytes);

/* "2026-11-26 00:48:40", in UTC; and the same with its year left out, for narrow columns. */
struct btx_units_text btx_units_time(uint64_t wall_ns);
struct btx_units_text btx_units_short_time(uint64_t wall_ns);

/* The two greatest units: "3 d 4 h", "5 min 2 s", "12.3 s", "8 ms". */
struct btx_units_text btx_units_duration(uint64_t duration_ns);

/* 1/10 000 as the text form has decimals: "12.5", "-3", "0.0001". */
struct btx_units_text btx_units_decimal(int64_t ten_thousandths);

/* "7f0c2a44-...". */
struct btx_units_text btx_units_uuid(const uint8_t uuid[16]);

/* Copy @text up to its first zero or @size_bytes, as printable ASCII: every other byte is shown
 * as \xNN, so that nothing from a disk steers a terminal.  What does not fit is cut. */
void btx_units_printable(char *ret_text, size_t ret_size_bytes, const char *text,
                         size_t size_bytes);

#endif
