/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/text/text_put.h"

static char *put_escaped(char *out, char c)
{
    static const char controls[] = "\b\t\n\f\r\"\\";
    static const char letters[] = "btnfr\"\\";
    static const char hex[] = "0123456789abcdef";
    const char *control = c == '\0' ? NULL : strchr(controls, c);

    *out++ = '\\';
    if (control != NULL) {
        *out++ = letters[control - controls];
        return out;
    }
    out = BTX_TEXT_PUT_LITERAL(out, "u00");
    *out++ = hex[(uint8_t)c >> 4];
    *out++ = hex[(uint8_t)c & 15];
    return out;
}

char *btx_text_put_text(char *out, const char *text, size_t length_bytes)
{
    *out++ = '"';
    for (size_t i = 0; i < length_bytes; i++) {
        if ((uint8_t)text[i] < 0x20 || text[i] == '"' || text[i] == '\\')
            out = put_escaped(out, text[i]);
        else
            *out++ = text[i];
    }
    *out++ = '"';
    return out;
}
