/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/paragraph.h"

#include <string.h>

void btx_paragraph_print(FILE *out, const char *prefix, size_t columns, const char *text)
{
    size_t column = 0; /* 0: no line has begun */

    while (*text != '\0') {
        const size_t length = strcspn(text, " ");

        if (column != 0 && column + 1 + length > columns) {
            putc('\n', out);
            column = 0;
        }
        if (column == 0) {
            fputs(prefix, out);
            column = strlen(prefix);
        } else {
            putc(' ', out);
            column++;
        }
        fwrite(text, 1, length, out);
        column += length;
        text += length;
        text += strspn(text, " ");
    }
    if (column != 0)
        putc('\n', out);
}
