/* SPDX-License-Identifier: Apache-2.0 */
/* text_refusal.h - the sentences with which the decoder refuses a line.  Private to engine/text.
 *
 * All of them write into the decoder's storage and return NULL, so that a reader of tokens, which
 * returns where the next one is, ends with "return btx_text_refuse...(...)".  What they quote of
 * the line is cut, and every byte that is not printable ASCII is shown as \xNN. */
#ifndef BTX_TEXT_TEXT_REFUSAL_H
#define BTX_TEXT_TEXT_REFUSAL_H

#include "engine/text/command_rows.h"
#include "engine/text/command_text.h"

/* "@what". */
BTX_COLD const char *btx_text_refuse(struct btx_command_text *text, const char *what);

/* "byte 17: want @want, got 'x'": the byte at @p, which is not what the syntax of JSON asks for;
 * or, at the end of the line, "got the end of the line". */
BTX_COLD const char *btx_text_refuse_byte(struct btx_command_text *text, const char *p,
                                          const char *want);

/* "byte 17: @what": something about the token at @p. */
BTX_COLD const char *btx_text_refuse_at(struct btx_command_text *text, const char *p,
                                        const char *what);

/* "price: @what". */
BTX_COLD const char *btx_text_refuse_field(struct btx_command_text *text,
                                           const struct btx_text_row *row, const char *what);

/* "'stake': PlaceOrder has no such field"; the name is what stands at @name in the line. */
BTX_COLD const char *btx_text_refuse_name(struct btx_command_text *text, const char *name,
                                          size_t length_bytes, enum btx_command_type type);

/* "price: want a number, got 'x'": the value at @p does not suit @row, for a reason that this
 * function finds out. */
BTX_COLD const char *btx_text_refuse_value(struct btx_command_text *text,
                                           const struct btx_text_row *row, const char *p);

#endif
