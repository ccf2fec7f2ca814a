/* SPDX-License-Identifier: Apache-2.0 */
/* utf8.h - whether bytes are UTF-8 (RFC 3629). */
#ifndef BTX_BASE_UTF8_H
#define BTX_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the @length_bytes of @text are whole code points in their shortest form, surrogates and
 * what is above U+10FFFF excluded.  U+0000 is one like others. */
bool btx_utf8_is_valid(const char *text, size_t length_bytes);

#endif
