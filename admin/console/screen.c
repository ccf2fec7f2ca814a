/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/console/screen.h"

/* Its macros for names such as clear() and move() are left out. */
#define NCURSES_NOMACROS
#include <ncurses.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin/console/keys.h"
#include "engine/base/attributes.h"

/* The bytes of one arrow may come so far apart on a serial line over a network. */
enum { ESCAPE_DELAY_MS = 200, PAIR_LOOK = 1, PAIR_ACT = 2 };

static SCREEN *screen;
static chtype attributes[BTX_GRID_STYLE_COUNT];

static void leave(void)
{
    (void)endwin();
    delscreen(screen);
    screen = NULL;
}

/* Take it, or say what is wrong with it. */
static enum btx_fault_code take_terminal(struct btx_fault *reterr_fault)
{
    const char *name = getenv("TERM");
    const char *cursor;

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "console: this is no terminal (on a command line: betexctl status)");
    if (name == NULL || *name == '\0')
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "console: TERM is not set (on a serial line: export TERM=vt220)");
    screen = newterm(name, stdout, stdin);
    if (screen == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "console: the terminal '%s' is not known here (TERM=vt220 or "
                             "TERM=xterm is nearly always right)",
                             name);
    cursor = tigetstr("cup");
    if (cursor != NULL && (intptr_t)cursor != -1)
        return BTX_OK;
    leave();
    return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                         "console: the terminal '%s' cannot place its cursor (TERM=vt220 or "
                         "TERM=xterm is nearly always right)",
                         name);
}

/* Without colours the meanings still differ, as far as the terminal can. */
static void choose_attributes(void)
{
    const char *no_colour = getenv("NO_COLOR");
    const bool coloured =
        (no_colour == NULL || *no_colour == '\0') && has_colors() && start_color() == OK;

    attributes[BTX_GRID_PLAIN] = A_NORMAL;
    attributes[BTX_GRID_STRONG] = A_BOLD;
    attributes[BTX_GRID_DIM] = A_DIM;
    attributes[BTX_GRID_BAR] = A_REVERSE;
    attributes[BTX_GRID_CHOSEN] = A_REVERSE;
    attributes[BTX_GRID_LOOK] = A_BOLD;
    attributes[BTX_GRID_ACT] = A_REVERSE | A_BOLD;
    if (!coloured)
        return;
    (void)use_default_colors(); /* Failing, the background is black. */
    (void)init_pair(PAIR_LOOK, COLOR_YELLOW, -1);
    (void)init_pair(PAIR_ACT, COLOR_WHITE, COLOR_RED);
    attributes[BTX_GRID_LOOK] = A_BOLD | (chtype)COLOR_PAIR(PAIR_LOOK);
    attributes[BTX_GRID_ACT] = A_BOLD | (chtype)COLOR_PAIR(PAIR_ACT);
}

enum btx_fault_code btx_screen_open(struct btx_fault *reterr_fault)
{
    if (take_terminal(reterr_fault) != BTX_OK)
        return reterr_fault->code;
    (void)set_escdelay(ESCAPE_DELAY_MS);
    (void)cbreak(); /* None of these fails once there is a screen. */
    (void)noecho();
    (void)nodelay(stdscr, TRUE);
    (void)keypad(stdscr, TRUE);
    (void)curs_set(0); /* Where it cannot be hidden it is seen. */
    choose_attributes();
    return BTX_OK;
}

void btx_screen_close(void)
{
    if (screen == NULL)
        return;
    /* Where there is no screen beside this one, no figures stay that grow old. */
    (void)werase(stdscr);
    (void)wrefresh(stdscr);
    leave();
}

void btx_screen_size(unsigned *ret_rows, unsigned *ret_columns)
{
    *ret_rows = (unsigned)getmaxy(stdscr);
    *ret_columns = (unsigned)getmaxx(stdscr);
}

unsigned btx_screen_speed(void)
{
    const int speed = baudrate();

    return speed > 0 ? (unsigned)speed : 0;
}

void btx_screen_show(const struct btx_grid *grid)
{
    for (unsigned row = 0; row < grid->rows; row++) {
        (void)wmove(stdscr, (int)row, 0);
        for (unsigned column = 0; column < grid->columns; column++)
            (void)waddch(stdscr, (chtype)(unsigned char)grid->text[row][column] |
                                     attributes[grid->style[row][column]]);
    }
    (void)wmove(stdscr, (int)grid->rows - 1, (int)grid->columns - 1);
    (void)wrefresh(stdscr);
}

void btx_screen_forget(void)
{
    (void)clearok(stdscr, TRUE);
}

int btx_screen_key(void)
{
    static const struct {
        int key;
        enum btx_key meaning;
    } keys[] = {
        {KEY_UP, BTX_KEY_UP},         {KEY_DOWN, BTX_KEY_DOWN},
        {KEY_PPAGE, BTX_KEY_PAGE_UP}, {KEY_NPAGE, BTX_KEY_PAGE_DOWN},
        {KEY_HOME, BTX_KEY_HOME},     {KEY_END, BTX_KEY_END},
        {KEY_ENTER, BTX_KEY_ENTER},   {'\r', BTX_KEY_ENTER},
        {'\n', BTX_KEY_ENTER},        {KEY_BACKSPACE, BTX_KEY_BACKSPACE},
        {'\b', BTX_KEY_BACKSPACE},    {127, BTX_KEY_BACKSPACE},
        {27, BTX_KEY_ESCAPE},         {KEY_LEFT, BTX_KEY_ESCAPE},
        {12, BTX_KEY_REDRAW},         {KEY_RESIZE, BTX_KEY_RESIZED},
    };
    const int key = wgetch(stdscr);

    if (key == ERR)
        return BTX_KEY_NONE;
    if (key >= KEY_F(1) && key <= KEY_F(12))
        return BTX_KEY_F1 + key - KEY_F(1);
    for (size_t i = 0; i < BTX_COUNT_OF(keys); i++)
        if (key == keys[i].key)
            return keys[i].meaning;
    return key >= ' ' && key <= '~' ? key : BTX_KEY_OTHER;
}
