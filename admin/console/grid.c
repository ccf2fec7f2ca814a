/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/console/grid.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void btx_grid_clear(struct btx_grid *grid, unsigned rows, unsigned columns)
{
    grid->rows = rows < BTX_GRID_ROWS_MAX ? rows : BTX_GRID_ROWS_MAX;
    grid->columns = columns < BTX_GRID_COLUMNS_MAX ? columns : BTX_GRID_COLUMNS_MAX;
    memset(grid->text, ' ', sizeof grid->text);
    memset(grid->style, BTX_GRID_PLAIN, sizeof grid->style);
}

enum { INDENT = 2 };

static unsigned end_column(const struct btx_pane *pane)
{
    return pane->end_column < pane->grid->columns ? pane->end_column : pane->grid->columns;
}

static bool is_inside(const struct btx_pane *pane)
{
    return pane->row < pane->end_row && pane->row < pane->grid->rows;
}

static void put(struct btx_pane *pane, unsigned column, enum btx_grid_style style,
                const char *format, va_list arguments)
{
    char text[1024];
    unsigned at = pane->column + column;

    (void)vsnprintf(text, sizeof text, format, arguments);
    if (!is_inside(pane))
        return;
    for (const char *byte = text; *byte != '\0' && at < end_column(pane); byte++, at++) {
        pane->grid->text[pane->row][at] = *byte >= ' ' && *byte <= '~' ? *byte : '?';
        pane->grid->style[pane->row][at] = (uint8_t)style;
    }
}

void btx_pane_put(struct btx_pane *pane, unsigned column, enum btx_grid_style style,
                  const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    put(pane, column, style, format, arguments);
    va_end(arguments);
}

void btx_pane_paint(struct btx_pane *pane, enum btx_grid_style style)
{
    for (unsigned at = pane->column; is_inside(pane) && at < end_column(pane); at++)
        pane->grid->style[pane->row][at] = (uint8_t)style;
}

void btx_pane_line(struct btx_pane *pane, enum btx_grid_style style, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    put(pane, 0, style, format, arguments);
    va_end(arguments);
    btx_pane_next(pane);
}

void btx_pane_paragraph(struct btx_pane *pane, enum btx_grid_style style, const char *format, ...)
{
    const size_t columns = end_column(pane) > pane->column ? end_column(pane) - pane->column : 1;
    unsigned indent = 0;
    char text[1024];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    for (const char *at = text; *at != '\0'; indent = INDENT) {
        const size_t room = columns > indent ? columns - indent : 1;
        size_t length = strlen(at);

        if (length > room) {
            length = room;
            while (length > 0 && at[length] != ' ')
                length--;
            if (length == 0)
                length = room; /* A word that is longer than a row. */
        }
        btx_pane_put(pane, indent, style, "%.*s", (int)length, at);
        btx_pane_paint(pane, style);
        btx_pane_next(pane);
        at += length;
        at += strspn(at, " ");
    }
}
