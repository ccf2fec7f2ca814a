/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/units.h"
#include "engine/base/clock.h"

enum { CALLS_BETWEEN_LOOKS = 256 };
#define FIRST_AFTER_NS UINT64_C(1000000000)
#define AGAIN_AFTER_NS UINT64_C(200000000)

static bool wants_colour(void)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    return isatty(STDOUT_FILENO) && (no_color == NULL || *no_color == '\0') && term != NULL &&
           strcmp(term, "dumb") != 0;
}

const char *btx_colour_on(enum btx_colour colour)
{
    static const char *const codes[] = {
        [BTX_COLOUR_GOOD] = "\033[32m",
        [BTX_COLOUR_NOTICE] = "\033[33m",
        [BTX_COLOUR_BAD] = "\033[1;31m",
        [BTX_COLOUR_STRONG] = "\033[1m",
    };

    return wants_colour() ? codes[colour] : "";
}

const char *btx_colour_off(void)
{
    return wants_colour() ? "\033[0m" : "";
}

void btx_progress_begin(struct btx_progress *progress, const char *what, uint64_t total_bytes,
                        bool stream_too)
{
    *progress = (struct btx_progress){
        .what = what,
        .total_bytes = total_bytes,
        .due_ns = btx_clock_monotonic_ns(btx_clock_system()) + FIRST_AFTER_NS,
        .on = isatty(STDERR_FILENO) && !(stream_too && isatty(STDOUT_FILENO)),
    };
}

void btx_progress_at(struct btx_progress *progress, uint64_t done_bytes)
{
    uint64_t now_ns;
    unsigned percent;

    if (!progress->on || ++progress->calls % CALLS_BETWEEN_LOOKS != 0)
        return;
    now_ns = btx_clock_monotonic_ns(btx_clock_system());
    if (now_ns < progress->due_ns)
        return;
    progress->due_ns = now_ns + AGAIN_AFTER_NS;
    percent = progress->total_bytes == 0
                  ? 100
                  : (unsigned)((double)done_bytes * 100 / (double)progress->total_bytes);
    fprintf(stderr, "\r\033[K%s: %s of %s, %u %%", progress->what, btx_units_bytes(done_bytes).text,
            btx_units_bytes(progress->total_bytes).text, percent > 100 ? 100 : percent);
    fflush(stderr);
    progress->shown = true;
}

void btx_progress_clear(struct btx_progress *progress)
{
    if (!progress->shown)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    progress->shown = false;
}
