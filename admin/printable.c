/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/printable.h"

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/attributes.h"
#include "engine/base/utf8.h"

/* Beyond ASCII: what a terminal obeys or does not show, from the first to the last of each. */
static const struct range {
    uint32_t first;
    uint32_t last;
} unprintable[] = {
    {0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},   {0x200b, 0x200f},
    {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
};

/* The length of the character at @text, and which one it is; 0 when it is no UTF-8. */
static size_t decode(const char *text, size_t length_bytes, uint32_t *ret_character)
{
    const uint8_t lead = (uint8_t)text[0];
    const size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    uint32_t character = length == 1 ? lead : lead & (0x7fu >> length);

    if (length > length_bytes || !btx_utf8_is_valid(text, length))
        return 0;
    for (size_t i = 1; i < length; i++)
        character = character << 6 | ((uint8_t)text[i] & 0x3fu);
    *ret_character = character;
    return length;
}

static bool passes(uint32_t character, enum btx_printable which)
{
    if (character == '\n')
        return true;
    if (which == BTX_PRINTABLE_ASCII && character > 0x7e)
        return false;
    for (size_t i = 0; i < BTX_COUNT_OF(unprintable); i++) {
        if (character >= unprintable[i].first && character <= unprintable[i].last)
            return false;
    }
    return true;
}

/* As JSON escapes it: beyond U+FFFF as a pair of surrogates. */
static void write_escaped(FILE *out, uint32_t character)
{
    if (character > 0xffff) {
        fprintf(out, "\\u%04x", (unsigned)(0xd800 + ((character - 0x10000) >> 10)));
        character = 0xdc00 + ((character - 0x10000) & 0x3ff);
    }
    fprintf(out, "\\u%04x", (unsigned)character);
}

void btx_printable_write(FILE *out, const char *json, size_t length_bytes, enum btx_printable which)
{
    size_t done = 0; /* Written so far; what passes is written in one piece. */
    size_t at = 0;

    while (at < length_bytes) {
        uint32_t character;
        const size_t length = decode(json + at, length_bytes - at, &character);

        if (length != 0 && passes(character, which)) {
            at += length;
            continue;
        }
        (void)fwrite(json + done, 1, at - done, out); /* The caller asks ferror(). */
        write_escaped(out, length != 0 ? character : (uint8_t)json[at]);
        at += length != 0 ? length : 1;
        done = at;
    }
    (void)fwrite(json + done, 1, at - done, out);
}
