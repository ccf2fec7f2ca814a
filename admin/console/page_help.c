/* SPDX-License-Identifier: Apache-2.0 */
/* page_help.c - what stands where, and what keys do. */
#include "admin/console/pages.h"

void btx_help_draw(struct btx_console *console, struct btx_pane *pane, uint64_t now_ns)
{
    static const char *const lines[] = {
        "  1 F1  dashboard   everything that matters, the worst first, with what to do",
        "  2 F2  log         who writes it, rotation, disk, segments",
        "  3 F3  markets     the list; Enter opens one with its books",
        "  4 F4  audit       is what the engine did right, snapshots, wal verify",
        "  5 F5  account     one by its number; freeze",
        "  ?     this page   Ctrl-L draws anew   q and Ctrl-C leave",
        "",
        "  !  somebody must act      *  somebody should look      ?  old",
        "",
        "  In lists: arrows or j and k, space and - by pages, Home and End.",
        "",
        "  The first line tells whom you look at, how it is, who you are, and how old",
        "  the figures are.  When betex-admin does not answer, that stands below it, and",
        "  it is asked again for as long as it takes; old figures are marked with ?.",
        "",
        "  Every change asks first: y for what harms nobody, a word to be typed for what",
        "  cannot be taken back.  It wants the role operator, and is noted in the log",
        "  with your name.  What became of it stands in the last line but one.",
        "",
        "  A book shows the orders that wait, the best at the top: backs at the left.",
        "  betexctl has all of it, too: status, wal, market, audit, snapshot.",
    };

    (void)console;
    (void)now_ns;
    for (size_t i = 0; i < BTX_COUNT_OF(lines); i++)
        btx_pane_line(pane, BTX_GRID_PLAIN, "%s", lines[i]);
}

bool btx_help_key(struct btx_console *console, int key, uint64_t now_ns)
{
    (void)now_ns;
    (void)key;
    console->page = console->page_before;
    return true;
}

const char *btx_help_keys(const struct btx_console *console)
{
    (void)console;
    return "any key: back";
}
