/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/text/text_refusal.h"

#include "engine/base/check.h"
#include "engine/text/text_put.h"
#include "engine/text/text_scan.h"

/* How much of the line is shown. */
#define SHOWN_BYTES_MAX 40u

static void say_byte(struct btx_command_text *text, char byte)
{
    if (text->error_length + 1 < sizeof(text->error))
        text->error[text->error_length++] = byte;
    text->error[text->error_length] = '\0';
}

static void say(struct btx_command_text *text, const char *part)
{
    for (; *part != '\0'; part++)
        say_byte(text, *part);
}

static void say_number(struct btx_command_text *text, uint64_t value)
{
    char digits[BTX_TEXT_INTEGER_BYTES_MAX + BTX_TEXT_SLACK_BYTES];

    *btx_text_put_u64(digits, value) = '\0';
    say(text, digits);
}

/* Bytes of the line, so that they can neither break the sentence nor the terminal. */
static void say_bytes(struct btx_command_text *text, const char *bytes, size_t length_bytes)
{
    static const char hex[] = "0123456789abcdef";

    for (size_t i = 0; i < length_bytes && i < SHOWN_BYTES_MAX; i++) {
        const unsigned char byte = (unsigned char)bytes[i];

        if (byte >= 0x20 && byte < 0x7f) {
            say_byte(text, (char)byte);
        } else {
            say(text, "\\x");
            say_byte(text, hex[byte >> 4]);
            say_byte(text, hex[byte & 15]);
        }
    }
    if (length_bytes > SHOWN_BYTES_MAX)
        say(text, "...");
}

/* The name of @row without its quotes. */
static void say_row(struct btx_command_text *text, const struct btx_text_row *row)
{
    text->error_length = 0;
    say_bytes(text, row->key + 1, row->key_length - 2u);
    say(text, ": ");
}

static void say_position(struct btx_command_text *text, const char *p)
{
    text->error_length = 0;
    say(text, "byte ");
    say_number(text, (uint64_t)(p - text->line) + 1);
    say(text, ": ");
}

/* What stands at @p in the place of a value. */
static void say_value(struct btx_command_text *text, const char *p)
{
    const char *const line_end = text->line + text->line_length;
    const char *end = p;

    if (*p == '"') {
        for (end = p + 1; end < line_end && *end != '"'; end++)
            end += *end == '\\';
        end = end < line_end ? end : line_end;
        say(text, "'");
        say_bytes(text, p + 1, (size_t)(end - p) - 1);
        say(text, "'");
        return;
    }
    while (!btx_text_ends_value(*end) && *end != '"')
        end++;
    if (*p == '[')
        say(text, "a list");
    else if (*p == '{')
        say(text, "an object");
    else if (p == line_end)
        say(text, "the end of the line");
    else if (end == p)
        say(text, "nothing");
    else
        say_bytes(text, p, (size_t)(end - p));
}

const char *btx_text_refuse(struct btx_command_text *text, const char *what)
{
    text->error_length = 0;
    say(text, what);
    return NULL;
}

const char *btx_text_refuse_byte(struct btx_command_text *text, const char *p, const char *want)
{
    say_position(text, p);
    say(text, "want ");
    say(text, want);
    if (p == text->line + text->line_length) {
        say(text, ", got the end of the line");
        return NULL;
    }
    say(text, ", got '");
    say_bytes(text, p, 1);
    say(text, "'");
    return NULL;
}

const char *btx_text_refuse_at(struct btx_command_text *text, const char *p, const char *what)
{
    say_position(text, p);
    say(text, what);
    return NULL;
}

const char *btx_text_refuse_field(struct btx_command_text *text, const struct btx_text_row *row,
                                  const char *what)
{
    say_row(text, row);
    say(text, what);
    return NULL;
}

const char *btx_text_refuse_name(struct btx_command_text *text, const char *name,
                                 size_t length_bytes, enum btx_command_type type)
{
    text->error_length = 0;
    say(text, "'");
    say_bytes(text, name, length_bytes);
    say(text, "': ");
    say(text, btx_command_name(type)->text);
    say(text, " has no such field");
    return NULL;
}

/* What kind of number stands at a place, by the grammar of JSON. */
enum number_shape {
    NUMBER_NONE, /* no number */
    NUMBER_LEADING_ZERO,
    NUMBER_PLAIN,   /* without an exponent, at most four places */
    NUMBER_PLACES,  /* without an exponent, more than four places */
    NUMBER_EXPONENT /* with an exponent */
};

static const char *skip_digits(const char *p)
{
    while (*p >= '0' && *p <= '9')
        p++;
    return p;
}

static enum number_shape number_shape(const char *p)
{
    const char *const integer = *p == '-' ? p + 1 : p;
    const char *end = skip_digits(integer);
    enum number_shape shape = NUMBER_PLAIN;
    const char *part;

    if (end == integer)
        return NUMBER_NONE;
    if (*integer == '0' && end > integer + 1)
        return NUMBER_LEADING_ZERO;
    if (*end == '.') {
        part = end + 1;
        end = skip_digits(part);
        if (end == part)
            return NUMBER_NONE;
        if (end > part + 4)
            shape = NUMBER_PLACES;
    }
    if (*end == 'e' || *end == 'E') {
        part = end[1] == '+' || end[1] == '-' ? end + 2 : end + 1;
        end = skip_digits(part);
        if (end == part)
            return NUMBER_NONE;
        shape = NUMBER_EXPONENT;
    }
    return btx_text_ends_value(*end) ? shape : NUMBER_NONE;
}

static void say_want_integer(struct btx_command_text *text, const struct btx_text_row *row)
{
    say(text, "an integer from ");
    say_number(text, row->least);
    say(text, " to ");
    say_number(text, row->most);
}

static void say_want_decimal(struct btx_command_text *text, enum number_shape shape,
                             const char *range)
{
    switch (shape) {
    case NUMBER_NONE:
    case NUMBER_LEADING_ZERO:
    case NUMBER_EXPONENT:
        say(text, "a number");
        break;
    case NUMBER_PLACES:
        say(text, "a number with at most 4 decimals");
        break;
    case NUMBER_PLAIN:
        say(text, "a number from ");
        say(text, range);
        break;
    }
}

/* BACK, LAY, BUY or SELL */
static void say_want_word(struct btx_command_text *text, const struct btx_text_row *row)
{
    for (unsigned i = row->words_first; i < row->words_count; i++) {
        if (i != row->words_first)
            say(text, i + 1u == row->words_count ? " or " : ", ");
        say_bytes(text, row->words[i].quoted + 1, row->words[i].length - 2u);
    }
}

static void say_want(struct btx_command_text *text, const struct btx_text_row *row,
                     enum number_shape shape)
{
    switch ((enum btx_text_form)row->form) {
    case BTX_TEXT_INTEGER:
        say_want_integer(text, row);
        break;
    case BTX_TEXT_PRICE:
        say_want_decimal(text, shape, "0 to 42949672.95");
        static_assert(BTX_PRICE_WIRE_MAX == UINT64_C(429496729500), "the sentence says it");
        break;
    case BTX_TEXT_DECIMAL:
        say_want_decimal(text, shape, "-922337203685477.5808 to 922337203685477.5807");
        break;
    case BTX_TEXT_BOOL:
        say(text, "true or false");
        break;
    case BTX_TEXT_WORD:
        say_want_word(text, row);
        break;
    case BTX_TEXT_REF:
        say(text, "a string of at most 64 printable ASCII characters");
        static_assert(BTX_REF_BYTES_MAX == 64, "the sentence says it");
        break;
    case BTX_TEXT_TEXT:
        say(text, "a string of at most 8192 bytes of UTF-8");
        static_assert(BTX_DESCRIPTION_BYTES_MAX == 8192, "the sentence says it");
        break;
    case BTX_TEXT_IDS:
        say(text, "a list of integers");
        break;
    case BTX_TEXT_TYPE:
        say(text, "the name of a command");
        break;
    }
}

const char *btx_text_refuse_value(struct btx_command_text *text, const struct btx_text_row *row,
                                  const char *p)
{
    const enum btx_text_form form = (enum btx_text_form)row->form;
    const bool is_number =
        form == BTX_TEXT_INTEGER || form == BTX_TEXT_PRICE || form == BTX_TEXT_DECIMAL;
    const enum number_shape shape = number_shape(p);

    say_row(text, row);
    say(text, "want ");
    if (is_number && shape == NUMBER_LEADING_ZERO)
        say(text, "a number without leading zeros");
    else if (is_number && shape == NUMBER_EXPONENT)
        say(text, "a number without an exponent");
    else
        say_want(text, row, shape);
    say(text, ", got ");
    say_value(text, p);
    return NULL;
}
