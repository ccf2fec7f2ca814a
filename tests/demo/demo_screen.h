/* SPDX-License-Identifier: Apache-2.0 */
/* demo_screen.h - what the demonstration looks like: colours, one line that is redrawn, numbers.
 *
 * Colours and redrawing only on a terminal, and colours not where NO_COLOR is set; 80 columns. */
#ifndef BTX_TESTS_DEMO_DEMO_SCREEN_H
#define BTX_TESTS_DEMO_DEMO_SCREEN_H

#include <stdint.h>

enum btx_style {
    BTX_STYLE_PLAIN,
    BTX_STYLE_TITLE,
    BTX_STYLE_FAINT,
    BTX_STYLE_BACK, /* What a backer can have. */
    BTX_STYLE_LAY,
    BTX_STYLE_GOOD,
    BTX_STYLE_BAD,
    BTX_STYLE_COUNT,
};

/* Look at stdout and the environment; before anything else. */
void btx_screen_init(void);

/* What switches @style on; "" without colours.  BTX_STYLE_PLAIN switches all off. */
const char *btx_screen_style(enum btx_style style);

/* A heading with an empty line before it. */
void btx_screen_heading(const char *text);

/* "what  43 %" in one line that the next call writes over; nothing where there is no terminal. */
void btx_screen_progress(const char *what, uint64_t done, uint64_t all);
/* The line is empty again. */
void btx_screen_progress_end(void);

/* A short text by value, so that several fit one printf. */
struct btx_short_text {
    char text[32];
};

struct btx_short_text btx_format_count(uint64_t count); /* 52,814 */
struct btx_short_text btx_format_money(int64_t money);  /* 1,500.25, from 1/10 000 */
struct btx_short_text btx_format_price(uint32_t price); /* 2.44, from 1/10 000 */
struct btx_short_text btx_format_size(int64_t size); /* at most 4 characters: 0.04 7.5 153 12k 2M */
struct btx_short_text btx_format_time(uint64_t time_ns); /* 15:03:22, of any day, UTC */

#endif
