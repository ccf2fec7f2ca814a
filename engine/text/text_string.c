/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/text/text_string.h"

#include "engine/text/text_refusal.h"
#include "engine/text/text_scan.h"

/* The value of four hexadecimal digits, or -1. */
static int32_t hex_value(const char *p)
{
    int32_t value = 0;

    for (int i = 0; i < 4; i++) {
        const char c = p[i];

        if (c >= '0' && c <= '9')
            value = value * 16 + (c - '0');
        else if (c >= 'a' && c <= 'f')
            value = value * 16 + (c - 'a' + 10);
        else if (c >= 'A' && c <= 'F')
            value = value * 16 + (c - 'A' + 10);
        else
            return -1;
    }
    return value;
}

/* What is written of a string; more than fits is counted only. */
struct undone {
    char *bytes;
    size_t size_bytes;
    size_t length_bytes;
};

static void append(struct undone *undone, uint32_t byte)
{
    if (undone->length_bytes < undone->size_bytes)
        undone->bytes[undone->length_bytes] = (char)byte;
    undone->length_bytes++;
}

static void append_utf8(struct undone *undone, uint32_t point)
{
    if (point < 0x80) {
        append(undone, point);
    } else if (point < 0x800) {
        append(undone, 0xc0 | point >> 6);
        append(undone, 0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
        append(undone, 0xe0 | point >> 12);
        append(undone, 0x80 | (point >> 6 & 0x3f));
        append(undone, 0x80 | (point & 0x3f));
    } else {
        append(undone, 0xf0 | point >> 18);
        append(undone, 0x80 | (point >> 12 & 0x3f));
        append(undone, 0x80 | (point >> 6 & 0x3f));
        append(undone, 0x80 | (point & 0x3f));
    }
}

/* \uXXXX, or two of them for a point beyond the first plane.  @p is at the backslash. */
static const char *undo_unicode(struct btx_command_text *text, const char *p, struct undone *undone)
{
    const int32_t first = hex_value(p + 2);
    int32_t second;

    if (first < 0)
        return btx_text_refuse_at(text, p, "want four hexadecimal digits behind \\u");
    if (first < 0xd800 || first > 0xdfff) {
        append_utf8(undone, (uint32_t)first);
        return p + 6;
    }
    second = p[6] == '\\' && p[7] == 'u' ? hex_value(p + 8) : -1;
    if (first > 0xdbff || second < 0xdc00 || second > 0xdfff)
        return btx_text_refuse_at(text, p, "half a surrogate pair");
    append_utf8(undone, 0x10000 + ((uint32_t)(first - 0xd800) << 10) + (uint32_t)(second - 0xdc00));
    return p + 12;
}

/* One escape.  @p is at the backslash. */
static const char *undo_escape(struct btx_command_text *text, const char *p, struct undone *undone)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    const char *letter;

    if (p[1] == 'u')
        return undo_unicode(text, p, undone);
    letter = p[1] != '\0' ? strchr(letters, p[1]) : NULL;
    if (letter == NULL)
        return btx_text_refuse_at(text, p, "no such escape in JSON");
    append(undone, (uint32_t)meanings[letter - letters]);
    return p + 2;
}

/* The string that begins at @start, behind its quote, and has its first escape at @p. */
static const char *scan_escaped(struct btx_command_text *text, const char *start, const char *p,
                                struct btx_text_string *ret_string)
{
    struct undone undone = {text->string, sizeof(text->string), 0};

    for (const char *plain = start; plain < p; plain++)
        append(&undone, (unsigned char)*plain);
    while (*p != '"') {
        if ((unsigned char)*p < 0x20) {
            if (p == text->line + text->line_length)
                return btx_text_refuse_at(text, start - 1, "a string without an end");
            return btx_text_refuse_at(text, p, "a control character in a string");
        }
        if (*p == '\\') {
            p = undo_escape(text, p, &undone);
            if (p == NULL)
                return NULL;
        } else {
            append(&undone, (unsigned char)*p++);
        }
    }
    ret_string->bytes = text->string;
    ret_string->length_bytes = undone.length_bytes;
    return p + 1;
}

const char *btx_text_scan_string(struct btx_command_text *text, const char *p,
                                 struct btx_text_string *ret_string)
{
    const char *const start = p + 1;
    const char *const end = btx_text_find_string_end(start);

    if (BTX_UNLIKELY(*end != '"'))
        return scan_escaped(text, start, end, ret_string);
    ret_string->bytes = start;
    ret_string->length_bytes = (size_t)(end - start);
    return end + 1;
}
