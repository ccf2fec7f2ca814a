/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/demo/demo_screen.h"

#include "engine/base/attributes.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ONE = 10000 };

static const char *const styles[] = {
    [BTX_STYLE_PLAIN] = "\033[0m",  [BTX_STYLE_TITLE] = "\033[1m", [BTX_STYLE_FAINT] = "\033[2m",
    [BTX_STYLE_BACK] = "\033[36m",  [BTX_STYLE_LAY] = "\033[35m",  [BTX_STYLE_GOOD] = "\033[32m",
    [BTX_STYLE_BAD] = "\033[1;31m",
};
static_assert(BTX_COUNT_OF(styles) == BTX_STYLE_COUNT, "one sequence for each style");

/* Facts about stdout that do not change while the program runs. */
static bool is_terminal;
static bool has_colours;

void btx_screen_init(void)
{
    const char *terminal = getenv("TERM");
    const char *no_colour = getenv("NO_COLOR");

    is_terminal = isatty(STDOUT_FILENO) && terminal != NULL && strcmp(terminal, "dumb") != 0;
    has_colours = is_terminal && (no_colour == NULL || no_colour[0] == '\0');
}

const char *btx_screen_style(enum btx_style style)
{
    return has_colours ? styles[style] : "";
}

void btx_screen_heading(const char *text)
{
    printf("\n%s%s%s\n", btx_screen_style(BTX_STYLE_TITLE), text,
           btx_screen_style(BTX_STYLE_PLAIN));
}

void btx_screen_progress(const char *what, uint64_t done, uint64_t all)
{
    if (!is_terminal)
        return;
    printf("\r  %-50s %3" PRIu64 " %%", what, all == 0 ? 100 : done * 100 / all);
    fflush(stdout);
}

void btx_screen_progress_end(void)
{
    if (!is_terminal)
        return;
    printf("\r\033[K");
    fflush(stdout);
}

struct btx_short_text btx_format_count(uint64_t count)
{
    struct btx_short_text result;
    char digits[24];
    const int length = snprintf(digits, sizeof digits, "%" PRIu64, count);
    char *out = result.text;

    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *out++ = ',';
        *out++ = digits[i];
    }
    *out = '\0';
    return result;
}

struct btx_short_text btx_format_money(int64_t money)
{
    const uint64_t units = money < 0 ? 0 - (uint64_t)money : (uint64_t)money;
    const struct btx_short_text whole = btx_format_count(units / ONE);
    struct btx_short_text result;

    snprintf(result.text, sizeof result.text, "%s%.24s.%02u", money < 0 ? "-" : "", whole.text,
             (unsigned)(units % ONE / 100));
    return result;
}

struct btx_short_text btx_format_price(uint32_t price)
{
    struct btx_short_text result;
    size_t length;

    snprintf(result.text, sizeof result.text, "%u.%04u", price / ONE, price % ONE);
    length = strlen(result.text);
    while (result.text[length - 1] == '0')
        result.text[--length] = '\0';
    if (result.text[length - 1] == '.')
        result.text[--length] = '\0';
    return result;
}

struct btx_short_text btx_format_size(int64_t size)
{
    const uint64_t hundredths = (uint64_t)size / (ONE / 100);
    const uint64_t tenths = hundredths / 10;
    const uint64_t whole = tenths / 10;
    struct btx_short_text result;

    if (hundredths < 100)
        snprintf(result.text, sizeof result.text, "0.%02" PRIu64, hundredths);
    else if (tenths < 100 && tenths % 10 != 0)
        snprintf(result.text, sizeof result.text, "%" PRIu64 ".%" PRIu64, whole, tenths % 10);
    else if (whole < 10000)
        snprintf(result.text, sizeof result.text, "%" PRIu64, whole);
    else if (whole < 1000000)
        snprintf(result.text, sizeof result.text, "%" PRIu64 "k", whole / 1000);
    else
        snprintf(result.text, sizeof result.text, "%" PRIu64 "M", whole / 1000000);
    return result;
}

struct btx_short_text btx_format_time(uint64_t time_ns)
{
    const unsigned second = (unsigned)(time_ns / 1000000000 % 86400);
    struct btx_short_text result;

    snprintf(result.text, sizeof result.text, "%02u:%02u:%02u", second / 3600, second / 60 % 60,
             second % 60);
    return result;
}
