/* SPDX-License-Identifier: Apache-2.0 */
/* check.c - the end of a program that found a bug in itself.
 * Nothing here may depend on a sane heap or stdio: the line is put together on the stack. */
#include "engine/base/check.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Longer than any path, function name and condition of ours; what is longer is cut. */
enum { LINE_BYTES = 1024 };

struct line {
    char text[LINE_BYTES];
    size_t length;
};

/* One byte stays free for the newline. */
static void line_append(struct line *line, const char *text)
{
    size_t length = strlen(text);
    size_t room = sizeof(line->text) - 1 - line->length;

    if (length > room)
        length = room;
    memcpy(line->text + line->length, text, length);
    line->length += length;
}

static void line_append_number(struct line *line, int number)
{
    char digits[16];
    size_t start = sizeof(digits) - 1;
    unsigned int rest = number < 0 ? 0U : (unsigned int)number;

    digits[start] = '\0';
    do {
        start--;
        digits[start] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    line_append(line, digits + start);
}

void btx_check_failed(const char *file, int line_number, const char *function,
                      const char *condition)
{
    struct line line;
    ssize_t written;

    line.length = 0;
    line_append(&line, program_invocation_short_name);
    line_append(&line, ": bug: ");
    line_append(&line, file);
    line_append(&line, ":");
    line_append_number(&line, line_number);
    line_append(&line, ": ");
    line_append(&line, function);
    line_append(&line, ": ");
    line_append(&line, condition);
    line.text[line.length] = '\n';
    /* Nothing better can be done when stderr is closed: the core dump remains. */
    written = write(STDERR_FILENO, line.text, line.length + 1);
    (void)written;
    abort();
}
