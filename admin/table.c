/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "admin/terminal.h"
#include "engine/base/check.h"

enum { CELL_BYTES_MAX = 512, REMARK_INDENT = 4 };

/* Keep @text, which is of one cell or remark, with its zero. */
static void append(struct btx_table *table, const char *text)
{
    const size_t length_bytes = strlen(text) + 1;

    if (table->size_bytes - table->length_bytes < length_bytes) {
        const size_t size_bytes = 2 * table->size_bytes + 4096;
        char *grown = table->failed ? NULL : realloc(table->text, size_bytes);

        if (grown == NULL) {
            table->failed = true;
            return;
        }
        table->text = grown;
        table->size_bytes = size_bytes;
    }
    memcpy(table->text + table->length_bytes, text, length_bytes);
    table->length_bytes += length_bytes;
}

void btx_table_cell(struct btx_table *table, const char *format, ...)
{
    size_t *width = &table->widths[table->cell_count % table->column_count];
    char text[CELL_BYTES_MAX];
    va_list arguments;

    CHECK(table->column_count >= 1 && table->column_count <= BTX_TABLE_COLUMNS_MAX);
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments); /* Cut is fine. */
    va_end(arguments);
    if (strlen(text) > *width)
        *width = strlen(text);
    table->cell_count++;
    append(table, text);
}

void btx_table_remark(struct btx_table *table, const char *format, ...)
{
    char text[CELL_BYTES_MAX] = "\t";
    va_list arguments;

    CHECK(table->cell_count % table->column_count == 0);
    va_start(arguments, format);
    (void)vsnprintf(text + 1, sizeof text - 1, format, arguments); /* Cut is fine. */
    va_end(arguments);
    append(table, text);
}

static void print_cell(const struct btx_table *table, size_t column, size_t width, const char *text,
                       FILE *out)
{
    const bool last = column + 1 == table->column_count;

    if (table->columns[column].left)
        fprintf(out, "%-*s", last ? 0 : (int)width, text);
    else
        fprintf(out, "%*s", (int)width, text);
    fputs(last ? "\n" : "  ", out);
}

enum btx_fault_code btx_table_print(const struct btx_table *table, FILE *out,
                                    struct btx_fault *reterr_fault)
{
    size_t widths[BTX_TABLE_COLUMNS_MAX];
    size_t column = 0;

    if (table->failed)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, ENOMEM, "no room for the table");
    for (size_t i = 0; i < table->column_count; i++) {
        const size_t title = strlen(table->columns[i].title);

        widths[i] = table->widths[i] > title ? table->widths[i] : title;
        print_cell(table, i, widths[i], table->columns[i].title, out);
    }
    for (size_t at = 0; at < table->length_bytes; at += strlen(table->text + at) + 1) {
        const char *text = table->text + at;

        if (*text == '\t') {
            fprintf(out, "%*s%s%s%s\n", REMARK_INDENT, "", btx_colour_on(BTX_COLOUR_NOTICE),
                    text + 1, btx_colour_off());
            continue;
        }
        print_cell(table, column, widths[column], text, out);
        column = (column + 1) % table->column_count;
    }
    return BTX_OK;
}

void btx_table_done(struct btx_table *table)
{
    free(table->text);
    table->text = NULL;
    table->length_bytes = 0;
    table->size_bytes = 0;
}
