/* SPDX-License-Identifier: Apache-2.0 */
/* grid.h - what is to be seen on a screen, as cells: made without a terminal, compared in tests.
 *
 * Printable ASCII is all that gets into a cell, whatever is put: whoever shows a grid cannot steer
 * the terminal by what it holds, and needs no locale. */
#ifndef BTX_CONSOLE_GRID_H
#define BTX_CONSOLE_GRID_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/attributes.h"

enum { BTX_GRID_ROWS_MAX = 120, BTX_GRID_COLUMNS_MAX = 250 };

/* What a cell means.  What it looks like is for the screen to decide, which may have no colours. */
enum btx_grid_style {
    BTX_GRID_PLAIN,
    BTX_GRID_STRONG, /* headings */
    BTX_GRID_DIM,    /* old, or beside the point */
    BTX_GRID_BAR,    /* the lines at the edges */
    BTX_GRID_CHOSEN, /* what the next key is about */
    BTX_GRID_LOOK,   /* somebody should look */
    BTX_GRID_ACT,    /* somebody must act */
    BTX_GRID_STYLE_COUNT,
};

struct btx_grid {
    unsigned rows;
    unsigned columns;
    char text[BTX_GRID_ROWS_MAX][BTX_GRID_COLUMNS_MAX];
    uint8_t style[BTX_GRID_ROWS_MAX][BTX_GRID_COLUMNS_MAX]; /* enum btx_grid_style */
};

/* Plain spaces everywhere; more than the maximum is not used. */
void btx_grid_clear(struct btx_grid *grid, unsigned rows, unsigned columns);

/* A part of a grid that is filled line by line from its top.  Caller's storage. */
struct btx_pane {
    struct btx_grid *grid;
    unsigned row; /* the next one */
    unsigned end_row;
    unsigned column;
    unsigned end_column;
};

static inline unsigned btx_pane_rows_left(const struct btx_pane *pane)
{
    return pane->row < pane->end_row ? pane->end_row - pane->row : 0;
}

/* Put text, at most 1023 bytes of it, into the next row from @column of the pane on, without
 * leaving that row.  What is outside the pane is cut; what is no printable ASCII becomes '?'. */
void btx_pane_put(struct btx_pane *pane, unsigned column, enum btx_grid_style style,
                  const char *format, ...) BTX_PRINTF(4, 5);

/* All of the next row in @style, without leaving it. */
void btx_pane_paint(struct btx_pane *pane, enum btx_grid_style style);

/* Leave the next row. */
static inline void btx_pane_next(struct btx_pane *pane)
{
    pane->row++;
}

/* A whole line: put it at the left, and leave the row. */
void btx_pane_line(struct btx_pane *pane, enum btx_grid_style style, const char *format, ...)
    BTX_PRINTF(3, 4);

/* Whole lines, as many as @text needs: broken at spaces, later ones further in.  All of their rows
 * are in @style. */
void btx_pane_paragraph(struct btx_pane *pane, enum btx_grid_style style, const char *format, ...)
    BTX_PRINTF(3, 4);

#endif
