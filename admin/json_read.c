/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/json_read.h"

#include <stdio.h>
#include <string.h>

/* Where reading is; @end is behind the last byte. */
struct scan {
    const char *at;
    const char *end;
};

static void skip_spaces(struct scan *scan)
{
    while (scan->at < scan->end &&
           (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\n' || *scan->at == '\r'))
        scan->at++;
}

static bool take(struct scan *scan, char byte)
{
    if (scan->at == scan->end || *scan->at != byte)
        return false;
    scan->at++;
    return true;
}

static bool is_hex(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') ||
           (byte >= 'A' && byte <= 'F');
}

static bool skip_escape(struct scan *scan)
{
    if (scan->at == scan->end)
        return false;
    if (*scan->at != 'u')
        return strchr("\"\\/bfnrt", *scan->at) != NULL && *scan->at++ != '\0';
    scan->at++;
    for (int i = 0; i < 4; i++, scan->at++) {
        if (scan->at == scan->end || !is_hex(*scan->at))
            return false;
    }
    return true;
}

static bool skip_string(struct scan *scan)
{
    if (!take(scan, '"'))
        return false;
    while (scan->at < scan->end && *scan->at != '"') {
        if ((unsigned char)*scan->at < ' ')
            return false;
        if (*scan->at++ == '\\' && !skip_escape(scan))
            return false;
    }
    return take(scan, '"');
}

static bool skip_digits(struct scan *scan)
{
    const char *start = scan->at;

    while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9')
        scan->at++;
    return scan->at != start;
}

static bool skip_number(struct scan *scan)
{
    (void)take(scan, '-');
    if (!skip_digits(scan) || (take(scan, '.') && !skip_digits(scan)))
        return false;
    if (!take(scan, 'e') && !take(scan, 'E'))
        return true;
    if (!take(scan, '+'))
        (void)take(scan, '-');
    return skip_digits(scan);
}

static bool skip_word(struct scan *scan, const char *word)
{
    const size_t length = strlen(word);

    if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, word, length) != 0)
        return false;
    scan->at += length;
    return true;
}

static bool skip_value(struct scan *scan, int depth);

/* The members behind the opening bracket, and the closing one. */
static bool skip_members(struct scan *scan, bool is_object, int depth)
{
    const char closing = is_object ? '}' : ']';

    skip_spaces(scan);
    if (take(scan, closing))
        return true;
    for (;;) {
        skip_spaces(scan);
        if (is_object) {
            if (!skip_string(scan))
                return false;
            skip_spaces(scan);
            if (!take(scan, ':'))
                return false;
            skip_spaces(scan);
        }
        if (!skip_value(scan, depth))
            return false;
        skip_spaces(scan);
        if (take(scan, closing))
            return true;
        if (!take(scan, ','))
            return false;
    }
}

static bool skip_value(struct scan *scan, int depth)
{
    if (scan->at == scan->end || depth == BTX_JSON_DEPTH_MAX)
        return false;
    if (*scan->at == '"')
        return skip_string(scan);
    if (take(scan, '{'))
        return skip_members(scan, true, depth + 1);
    if (take(scan, '['))
        return skip_members(scan, false, depth + 1);
    return skip_word(scan, "true") || skip_word(scan, "false") || skip_word(scan, "null") ||
           skip_number(scan);
}

bool btx_json_read(const char *text, size_t length_bytes, struct btx_json_value *ret_value)
{
    struct scan scan = {text, text + length_bytes};
    const char *start;

    skip_spaces(&scan);
    start = scan.at;
    if (!skip_value(&scan, 0))
        return false;
    *ret_value = (struct btx_json_value){start, (size_t)(scan.at - start)};
    skip_spaces(&scan);
    return scan.at == scan.end;
}

/* ---- Inside what is whole: nothing below can fail for want of form ---- */

static struct scan inside(struct btx_json_value value)
{
    struct scan scan = {value.text + 1, value.text + value.length_bytes};

    skip_spaces(&scan);
    return scan;
}

/* The value at @scan, which moves behind it and what separates it from the next. */
static struct btx_json_value take_value(struct scan *scan)
{
    struct btx_json_value value = {scan->at, 0};

    (void)skip_value(scan, 0);
    value.length_bytes = (size_t)(scan->at - value.text);
    skip_spaces(scan);
    (void)take(scan, ',');
    skip_spaces(scan);
    return value;
}

static bool begins(struct btx_json_value value, char byte)
{
    return value.text != NULL && *value.text == byte;
}

/* The member whose key stands at @scan, if that is not the end of the object. */
static struct btx_json_value member_at(struct scan *scan, struct btx_json_value *ret_key)
{
    if (scan->at == scan->end || *scan->at != '"')
        return (struct btx_json_value){0};
    ret_key->text = scan->at;
    (void)skip_string(scan);
    ret_key->length_bytes = (size_t)(scan->at - ret_key->text);
    skip_spaces(scan);
    (void)take(scan, ':');
    skip_spaces(scan);
    return take_value(scan);
}

struct btx_json_value btx_json_first_member(struct btx_json_value object,
                                            struct btx_json_value *ret_key)
{
    struct scan scan;

    if (!begins(object, '{'))
        return (struct btx_json_value){0};
    scan = inside(object);
    return member_at(&scan, ret_key);
}

struct btx_json_value btx_json_next_member(struct btx_json_value object,
                                           struct btx_json_value member,
                                           struct btx_json_value *ret_key)
{
    struct scan scan = {member.text, object.text + object.length_bytes};

    if (member.text == NULL)
        return member;
    (void)take_value(&scan);
    return member_at(&scan, ret_key);
}

struct btx_json_value btx_json_member(struct btx_json_value value, const char *key)
{
    struct btx_json_value found_key;
    struct btx_json_value member = btx_json_first_member(value, &found_key);

    while (btx_json_is(member) && !btx_json_says(found_key, key))
        member = btx_json_next_member(value, member, &found_key);
    return member;
}

/* What stands at @scan in a list, if it is not its end. */
static struct btx_json_value element_at(struct scan *scan)
{
    if (scan->at == scan->end || *scan->at == ']')
        return (struct btx_json_value){0};
    return take_value(scan);
}

struct btx_json_value btx_json_first(struct btx_json_value list)
{
    struct scan scan;

    if (!begins(list, '['))
        return (struct btx_json_value){0};
    scan = inside(list);
    return element_at(&scan);
}

struct btx_json_value btx_json_next(struct btx_json_value list, struct btx_json_value element)
{
    struct scan scan = {element.text, list.text + list.length_bytes};

    if (element.text == NULL)
        return element;
    (void)take_value(&scan);
    return element_at(&scan);
}

const char *btx_json_show(struct btx_json_value value, char *ret_text, size_t size_bytes)
{
    const bool is_string = begins(value, '"');
    const char *at = value.text + (is_string ? 1 : 0);
    const char *end = value.text + value.length_bytes - (is_string ? 1 : 0);
    size_t length = 0;

    if (value.text == NULL || *value.text == 'n') {
        (void)snprintf(ret_text, size_bytes, "-");
        return ret_text;
    }
    for (; at < end && length + sizeof "\\xNN" <= size_bytes; at++) {
        if (*at == '\\' && (at[1] == '"' || at[1] == '\\' || at[1] == '/'))
            ret_text[length++] = *++at;
        else if (*at >= ' ' && *at <= '~')
            ret_text[length++] = *at;
        else
            length += (size_t)snprintf(ret_text + length, sizeof "\\xNN", "\\x%02x",
                                       (unsigned)(unsigned char)*at);
    }
    ret_text[length] = '\0';
    return ret_text;
}

bool btx_json_says(struct btx_json_value value, const char *word)
{
    const size_t length = strlen(word);

    return begins(value, '"') && value.length_bytes == length + 2 &&
           memcmp(value.text + 1, word, length) == 0;
}

bool btx_json_number_of(struct btx_json_value value, uint64_t *ret_number)
{
    uint64_t number = 0;

    if (value.text == NULL || value.length_bytes == 0)
        return false;
    for (size_t i = 0; i < value.length_bytes; i++) {
        const char byte = value.text[i];

        if (byte < '0' || byte > '9' || number > (UINT64_MAX - (uint64_t)(byte - '0')) / 10)
            return false;
        number = number * 10 + (uint64_t)(byte - '0');
    }
    *ret_number = number;
    return true;
}

bool btx_json_is_true(struct btx_json_value value)
{
    return begins(value, 't');
}
