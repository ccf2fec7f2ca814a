/* SPDX-License-Identifier: Apache-2.0 */
#include "output_check.h"

#include "engine/status/status_text.h"

#include <string.h>

static bool is_printable(char byte)
{
    return byte >= ' ' && byte <= '~';
}

/* The length of a colour code at @text, 0 when there is none. */
static size_t colour_length(const char *text, size_t length)
{
    size_t i = 2;

    if (length < 3 || text[0] != '\x1b' || text[1] != '[')
        return 0;
    while (i < length && (text[i] == ';' || (text[i] >= '0' && text[i] <= '9')))
        i++;
    return i < length && text[i] == 'm' ? i + 1 : 0;
}

static const char *check_line(const char *line, size_t length, bool colour)
{
    size_t columns = 0;
    bool coloured = false;
    size_t i = 0;

    while (i < length) {
        const size_t code = colour ? colour_length(line + i, length - i) : 0;

        if (code != 0) {
            coloured = !(code == 4 && line[i + 2] == '0');
            i += code;
        } else if (is_printable(line[i])) {
            columns++;
            i++;
        } else {
            return "a byte of the screen is not printable";
        }
    }
    if (coloured)
        return "a line ends in colour";
    if (columns > BTX_STATUS_SCREEN_COLUMNS)
        return "a line is too wide";
    return columns < 1 || strchr(" *!", line[colour_length(line, length)]) == NULL
               ? "a line has no mark"
               : NULL;
}

const char *output_check_screen(const char *text, size_t length, bool colour)
{
    unsigned lines = 0;

    while (length > 0) {
        const char *end = memchr(text, '\n', length);
        const char *wrong;

        if (end == NULL)
            return "the last line does not end";
        wrong = check_line(text, (size_t)(end - text), colour);
        if (wrong != NULL)
            return wrong;
        lines++;
        length -= (size_t)(end - text) + 1;
        text = end + 1;
    }
    return lines == BTX_STATUS_SCREEN_LINES ? NULL : "the screen has another number of lines";
}

/* Behind a string at @at, NULL when there is none. */
static const char *skip_string(const char *at, const char *end)
{
    if (at == end || *at != '"')
        return NULL;
    for (at++; at < end && *at != '"'; at++) {
        if (!is_printable(*at))
            return NULL;
        if (*at == '\\' && (++at == end || (*at != '"' && *at != '\\')))
            return NULL;
    }
    return at < end ? at + 1 : NULL;
}

static const char *skip_word(const char *at, const char *end)
{
    static const char *const words[] = {"null", "true", "false"};
    const char *start = at;

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const size_t length = strlen(words[i]);

        if ((size_t)(end - at) >= length && memcmp(at, words[i], length) == 0)
            return at + length;
    }
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at > start && (at == start + 1 || *start != '0') ? at : NULL;
}

/* Behind the value at @at.  @depth bounds the recursion. */
static const char *skip_value(const char *at, const char *end, unsigned depth)
{
    char close;

    if (at < end && *at == '"')
        return skip_string(at, end);
    if (at == end || (*at != '{' && *at != '['))
        return skip_word(at, end);
    if (depth == 0)
        return NULL;
    close = *at == '{' ? '}' : ']';
    at++;
    if (at < end && *at == close)
        return at + 1;
    for (;;) {
        if (close == '}') {
            at = skip_string(at, end);
            if (at == NULL || at == end || *at++ != ':')
                return NULL;
        }
        at = skip_value(at, end, depth - 1);
        if (at == NULL || at == end)
            return NULL;
        if (*at == close)
            return at + 1;
        if (*at++ != ',')
            return NULL;
    }
}

const char *output_check_json(const char *text, size_t length)
{
    const char *end = text + length;
    const char *at = skip_value(text, end, 4);

    if (at == NULL)
        return "no JSON";
    return at + 1 == end && *at == '\n' ? NULL : "something follows the JSON";
}

static bool begins(const char *line, const char *end, const char *with)
{
    return (size_t)(end - line) >= strlen(with) && memcmp(line, with, strlen(with)) == 0;
}

static size_t name_length(const char *name, const char *end)
{
    const char *at = name;

    while (at < end && ((*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9') || *at == '_'))
        at++;
    return (size_t)(at - name);
}

/* name{label="value",...} number */
static const char *check_sample(const char *line, const char *end, const char *name, size_t length)
{
    const size_t own = name_length(line, end);
    const char *at = line + own;

    if (own < length || memcmp(line, name, length) != 0)
        return "a sample stands below another metric";
    if (own > length && !begins(line + length, end, "_bucket") &&
        !begins(line + length, end, "_sum") && !begins(line + length, end, "_count"))
        return "a sample has another name than its metric";
    if (at < end && *at == '{') {
        do {
            at++;
            at += name_length(at, end);
            if (at == end || *at != '=')
                return "a label has no value";
            at = skip_string(at + 1, end);
        } while (at != NULL && at < end && *at == ',');
        if (at == NULL || at == end || *at++ != '}')
            return "labels do not end";
    }
    if (at == end || *at++ != ' ' || at == end)
        return "a sample has no value";
    return at + strspn(at, "0123456789.") == end ? NULL : "a value is no number";
}

/* Whether a TYPE line for this name stands anywhere before @line. */
static bool is_repeated(const char *text, const char *line, const char *name, size_t length)
{
    while (text < line) {
        const char *end = memchr(text, '\n', (size_t)(line - text));

        if (end != NULL && begins(text, end, "# TYPE ") && (size_t)(end - text) > 7 + length &&
            memcmp(text + 7, name, length) == 0 && text[7 + length] == ' ')
            return true;
        text = end == NULL ? line : end + 1;
    }
    return false;
}

const char *output_check_metrics(const char *text, size_t length)
{
    const char *const all = text;
    const char *const behind = text + length;
    const char *name = NULL;
    size_t own = 0;

    while (text < behind) {
        const char *end = memchr(text, '\n', (size_t)(behind - text));
        const char *wrong = NULL;

        if (end == NULL)
            return "the last line does not end";
        for (const char *at = text; at < end; at++) {
            if (!is_printable(*at))
                return "a byte of the metrics is not printable";
        }
        if (begins(text, end, "# HELP betex_")) {
            name = text + 7;
            own = name_length(name, end);
            if (is_repeated(all, text, name, own))
                return "a metric comes twice";
        } else if (begins(text, end, "# TYPE ")) {
            if (name == NULL || name_length(text + 7, end) != own ||
                memcmp(text + 7, name, own) != 0)
                return "a type stands below another metric";
        } else {
            wrong = name == NULL ? "a sample stands alone" : check_sample(text, end, name, own);
        }
        if (wrong != NULL)
            return wrong;
        text = end + 1;
    }
    return NULL;
}
