/* SPDX-License-Identifier: Apache-2.0 */
/* paragraph.h - text broken into lines. */
#ifndef BTX_ADMIN_PARAGRAPH_H
#define BTX_ADMIN_PARAGRAPH_H

#include <stddef.h>
#include <stdio.h>

/* Print @text, words with single spaces, in lines of at most @columns with @prefix before each;
 * a word that is longer has a line of its own. */
void btx_paragraph_print(FILE *out, const char *prefix, size_t columns, const char *text);

#endif
