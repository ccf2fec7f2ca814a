/* SPDX-License-Identifier: Apache-2.0 */
/* text_string.h - JSON strings, with all of their escapes.  Private to engine/text. */
#ifndef BTX_TEXT_TEXT_STRING_H
#define BTX_TEXT_TEXT_STRING_H

#include "engine/text/command_text.h"

/* A string with its escapes undone: bytes of the line when it has none, else of the decoder's
 * storage, until the next call. */
struct btx_text_string {
    const char *bytes;
    size_t length_bytes; /* of the whole string; no more than those that fit are at @bytes */
};

/* Read the string whose opening quote is at @p: returns what is behind its closing quote, or
 * NULL when it is no JSON string, with a sentence.  Whether the bytes from 0x80 on are good UTF-8
 * is not looked at: no field may have them. */
BTX_MUST_USE const char *btx_text_scan_string(struct btx_command_text *text, const char *p,
                                              struct btx_text_string *ret_string);

#endif
