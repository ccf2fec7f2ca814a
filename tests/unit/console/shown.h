/* SPDX-License-Identifier: Apache-2.0 */
/* shown.h - a console in the hands of a test: answers that it is given, and what it shows. */
#ifndef BTX_CONSOLE_SHOWN_H
#define BTX_CONSOLE_SHOWN_H

#include "admin/console/console.h"

#define SECOND_NS UINT64_C(1000000000)

/* A time that is not 0. */
#define NOON_NS (1000 * SECOND_NS)

extern struct btx_console shown_console;
extern struct btx_grid shown_grid;

/* A `status` answer with one line of the screen that acts, one that looks and one that is fine. */
extern const char shown_status[];

/* A console at socket "admin.sock"; tear down with shown_end(). */
int shown_begin(void **state);
int shown_end(void **state);

/* Hand in @text as the answer to @feed, asked and answered at @now_ns. */
void shown_answer(enum btx_console_feed feed, const char *text, uint64_t now_ns);

/* The same, that it failed. */
void shown_fail(enum btx_console_feed feed, const char *why, uint64_t now_ns);

/* Press all of @keys at @now_ns. */
void shown_press(const char *keys, uint64_t now_ns);

/* Draw a screen of @rows and @columns. */
void shown_draw(unsigned rows, unsigned columns, uint64_t now_ns);

/* A row of what was drawn, spaces at its end left out; static storage. */
const char *shown_row(unsigned row);

/* The row that holds @text; the test fails when none does. */
unsigned shown_find(const char *text);

/* The test fails when a row holds @text. */
void shown_lack(const char *text);

#endif
