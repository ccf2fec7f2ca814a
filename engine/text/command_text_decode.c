/* SPDX-License-Identifier: Apache-2.0 */
/* The line is read once, from left to right: as far as possible by btx_text_read_expected(), and
 * from there on by the functions here, which know all of JSON.
 *
 * The type of the command decides which fields there are, so "cmd" must be known first.  Where it
 * is not the first member, the line is looked through for it before. */
#include "engine/text/command_text.h"

#include "engine/text/command_decoding.h"
#include "engine/text/text_refusal.h"
#include "engine/text/text_scan.h"
#include "engine/text/text_string.h"

static bool is_key(const struct btx_text_string *string, const struct btx_text_row *row)
{
    const size_t length_bytes = row->key_length - 2u;

    return string->length_bytes == length_bytes &&
           memcmp(string->bytes, row->key + 1, length_bytes) == 0;
}

/* Behind a key: its colon.  Returns where the value begins. */
static const char *skip_colon(struct btx_command_text *text, const char *p)
{
    p = btx_text_skip_space(p);
    if (*p != ':')
        return btx_text_refuse_byte(text, p, "':'");
    return btx_text_skip_space(p + 1);
}

/* Before a key, which may have any escapes in it. */
static const char *check_key(struct btx_command_text *text, const char *p)
{
    if (*p != '"')
        return btx_text_refuse_byte(text, p, "the name of a field in quotes");
    return p;
}

/* Behind a value: returns where the next key begins, or the '}'. */
static const char *skip_comma(struct btx_command_text *text, const char *p)
{
    p = btx_text_skip_space(p);
    if (*p == '}')
        return p;
    if (*p != ',')
        return btx_text_refuse_byte(text, p, "',' or '}'");
    return check_key(text, btx_text_skip_space(p + 1));
}

/* Find the row of the key at @p: sets *@ret_row and *@ret_bit, its bit of what was seen, and
 * returns what is behind the key. */
static const char *find_row(struct btx_text_decoding *decoding, const char *p,
                            const struct btx_text_row **ret_row, uint32_t *ret_bit)
{
    const struct btx_text_rows *rows = &decoding->rows;
    struct btx_text_string key;
    const char *const end = btx_text_scan_string(decoding->text, p, &key);

    if (end == NULL)
        return NULL;
    for (uint32_t i = 0; i < rows->count; i++) {
        if (is_key(&key, &rows->rows[i])) {
            *ret_row = &rows->rows[i];
            *ret_bit = 1u << i;
            return end;
        }
    }
    if (is_key(&key, &btx_text_time_row)) {
        *ret_row = &btx_text_time_row;
        *ret_bit = BTX_TEXT_SEEN_TIME;
        return end;
    }
    if (is_key(&key, &btx_text_type_row)) {
        *ret_row = &btx_text_type_row;
        *ret_bit = BTX_TEXT_SEEN_TYPE;
        return end;
    }
    return btx_text_refuse_name(decoding->text, p + 1, (size_t)(end - p) - 2,
                                (enum btx_command_type)decoding->space->command.record.type);
}

/* Pass over the list or object at @p. */
static const char *skip_brackets(struct btx_command_text *text, const char *p)
{
    struct btx_text_string string;
    size_t depth = 0;

    do {
        if (*p == '"') {
            p = btx_text_scan_string(text, p, &string);
            if (p == NULL)
                return NULL;
            continue;
        }
        if (p == text->line + text->line_length)
            return p;
        if (*p == '[' || *p == '{')
            depth++;
        else if (*p == ']' || *p == '}')
            depth--;
        p++;
    } while (depth != 0);
    return p;
}

/* Pass over the value at @p, whatever it is.  It is judged when its turn comes. */
static const char *skip_value(struct btx_command_text *text, const char *p)
{
    struct btx_text_string string;

    if (*p == '"')
        return btx_text_scan_string(text, p, &string);
    if (*p == '[' || *p == '{')
        return skip_brackets(text, p);
    while (!btx_text_ends_value(*p))
        p++;
    return p;
}

/* The member whose key is at @p; returns what is behind its value. */
static const char *read_member(struct btx_text_decoding *decoding, const char *p)
{
    const struct btx_text_row *row = NULL;
    uint32_t bit = 0;

    p = find_row(decoding, p, &row, &bit);
    if (p != NULL)
        p = skip_colon(decoding->text, p);
    if (p == NULL)
        return NULL;
    if ((decoding->seen & bit) != 0)
        return btx_text_refuse_field(decoding->text, row, "given twice");
    decoding->seen |= bit;
    if (bit == BTX_TEXT_SEEN_TYPE)
        return skip_value(decoding->text, p); /* find_type() has read it. */
    p = btx_text_read_value(decoding, row, p);
    if (p != NULL)
        decoding->space->bytes[row->present_offset] |= row->present_bit;
    return p;
}

/* Look for the member "cmd" from the key at @p on: returns its value. */
static const char *find_type(struct btx_command_text *text, const char *p)
{
    struct btx_text_string key;

    while (*p != '}') {
        p = btx_text_scan_string(text, p, &key);
        if (p != NULL)
            p = skip_colon(text, p);
        if (p == NULL || is_key(&key, &btx_text_type_row))
            return p;
        p = skip_value(text, p);
        if (p != NULL)
            p = skip_comma(text, p);
        if (p == NULL)
            return NULL;
    }
    return btx_text_refuse_field(text, &btx_text_type_row, "missing");
}

/* From the start of the line to the first key or the '}', with the type found and begun. */
static const char *read_start(struct btx_text_decoding *decoding)
{
    struct btx_command_text *text = decoding->text;
    const char *p = btx_text_skip_space(text->line);
    enum btx_command_type type;
    const char *value;

    if (p == text->line + text->line_length)
        return btx_text_refuse(text, "empty line: want a command");
    if (*p != '{')
        return btx_text_refuse_byte(text, p, "'{'");
    p = btx_text_skip_space(p + 1);
    if (*p != '}' && check_key(text, p) == NULL)
        return NULL;
    value = find_type(text, p);
    if (value == NULL || btx_text_read_type(text, value, &type) == NULL)
        return NULL;
    btx_text_begin(decoding, type);
    return p;
}

/* The object at the start of the line; returns what is behind its '}'. */
static const char *read_object(struct btx_text_decoding *decoding)
{
    const char *p = btx_text_read_expected(decoding);

    if (BTX_LIKELY(p != NULL && *p == '}'))
        return p + 1;
    p = p != NULL ? skip_comma(decoding->text, p) : read_start(decoding);
    while (p != NULL && *p != '}') {
        p = read_member(decoding, p);
        if (p != NULL)
            p = skip_comma(decoding->text, p);
    }
    return p != NULL ? p + 1 : NULL;
}

/* Name the first field that should be there and is not. */
static const char *refuse_missing(const struct btx_text_decoding *decoding)
{
    uint32_t missing = decoding->rows.required & ~decoding->seen;

    if ((decoding->seen & BTX_TEXT_SEEN_TIME) == 0)
        return btx_text_refuse_field(decoding->text, &btx_text_time_row, "missing");
    return btx_text_refuse_field(decoding->text, &decoding->rows.rows[__builtin_ctz(missing)],
                                 "missing");
}

const char *btx_command_text_decode(struct btx_command_text *text, const char *line,
                                    size_t length_bytes, union btx_command_space *space)
{
    struct btx_text_decoding decoding = {.text = text, .space = space};
    const char *end;
    uint32_t required;

    if (length_bytes > BTX_COMMAND_LINE_BYTES_MAX)
        return "a line of more than 65536 bytes";
    static_assert(BTX_COMMAND_LINE_BYTES_MAX == 65536, "the sentence says it");
    memcpy(text->line, line, length_bytes);
    memset(text->line + length_bytes, 0, BTX_COMMAND_TEXT_PADDING_BYTES);
    text->line_length = length_bytes;

    end = read_object(&decoding);
    if (BTX_UNLIKELY(end == NULL))
        return text->error;
    if (BTX_UNLIKELY(end != text->line + length_bytes)) {
        end = btx_text_skip_space(end);
        if (end != text->line + length_bytes) {
            (void)btx_text_refuse_byte(text, end, "nothing behind the command");
            return text->error;
        }
    }
    required = decoding.rows.required | BTX_TEXT_SEEN_TIME;
    if (BTX_UNLIKELY((decoding.seen & required) != required)) {
        (void)refuse_missing(&decoding);
        return text->error;
    }
    btx_command_set_length(space, decoding.tail_bytes);
    return btx_command_check(&space->command);
}
