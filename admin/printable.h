/* SPDX-License-Identifier: Apache-2.0 */
/* printable.h - records as JSON for a screen: a market's description may hold any UTF-8, control
 * characters included, and none of it may steer a terminal. */
#ifndef BTX_ADMIN_PRINTABLE_H
#define BTX_ADMIN_PRINTABLE_H

#include <stddef.h>
#include <stdio.h>

enum btx_printable {
    /* For terminals: what controls them, is invisible or turns the direction of writing is
     * escaped; all else stands as it is. */
    BTX_PRINTABLE_TERMINAL,
    /* Everything that is not ASCII is escaped. */
    BTX_PRINTABLE_ASCII,
};

/* Write @json, in which only strings hold anything but printable ASCII, with \uXXXX for what
 * @which does not let through: for a JSON parser it says the same.  A byte that is no UTF-8 is
 * escaped as if it were the character of its number.  A line feed passes, as the end of a line.
 * Failing shows in ferror(@out). */
void btx_printable_write(FILE *out, const char *json, size_t length_bytes,
                         enum btx_printable which);

#endif
