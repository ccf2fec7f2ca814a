/* SPDX-License-Identifier: Apache-2.0 */
/* screen.h - a terminal as a screen, by ncurses: only what has changed is sent. */
#ifndef BTX_CONSOLE_SCREEN_H
#define BTX_CONSOLE_SCREEN_H

#include <stdbool.h>

#include "admin/console/grid.h"
#include "engine/base/fault.h"

/* Take the terminal that standard input and output are.  Faults: USAGE, there is none, TERM is
 * unknown or names one that cannot place a cursor; then the terminal is as it was. */
BTX_MUST_USE enum btx_fault_code btx_screen_open(struct btx_fault *reterr_fault);

/* Leave the terminal as it was. */
void btx_screen_close(void);

/* Its size, in *ret_rows and *ret_columns. */
void btx_screen_size(unsigned *ret_rows, unsigned *ret_columns);

/* Bits a second that the line takes; 0: not known. */
unsigned btx_screen_speed(void);

void btx_screen_show(const struct btx_grid *grid);

/* Send everything anew with the next btx_screen_show(): somebody else has written to it. */
void btx_screen_forget(void);

/* The next key that waits, of enum btx_key; BTX_KEY_NONE: none. */
int btx_screen_key(void);

#endif
