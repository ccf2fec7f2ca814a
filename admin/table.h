/* SPDX-License-Identifier: Apache-2.0 */
/* table.h - rows of text in columns as wide as their widest cell, for people. */
#ifndef BTX_ADMIN_TABLE_H
#define BTX_ADMIN_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "engine/base/attributes.h"
#include "engine/base/fault.h"

enum { BTX_TABLE_COLUMNS_MAX = 16 };

struct btx_column {
    const char *title;
    bool left; /* texts; numbers stand at the right */
};

/* Caller's storage; start with {.columns = ..., .column_count = ...}.  The rest is private. */
struct btx_table {
    const struct btx_column *columns; /* outlive it */
    size_t column_count;              /* 1..BTX_TABLE_COLUMNS_MAX */
    size_t widths[BTX_TABLE_COLUMNS_MAX];
    char *text; /* cells one behind the other, each with its zero; remarks begin with a tab */
    size_t length_bytes;
    size_t size_bytes;
    size_t cell_count;
    bool failed; /* no memory: print says so */
};

/* The next cell of the present row; a row is full after column_count of them.  Printable text of
 * the program, or made printable by the caller. */
void btx_table_cell(struct btx_table *table, const char *format, ...) BTX_PRINTF(2, 3);

/* A line below the row that was filled last. */
void btx_table_remark(struct btx_table *table, const char *format, ...) BTX_PRINTF(2, 3);

/* Print titles and rows, two spaces between columns.  Faults: MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_table_print(const struct btx_table *table, FILE *out,
                                                 struct btx_fault *reterr_fault);

/* Give back the memory.  Idempotent. */
void btx_table_done(struct btx_table *table);

#endif
