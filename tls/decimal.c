/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/decimal.h"

#include <inttypes.h>
#include <stdio.h>

#include "engine/base/limits.h"

enum { PLACES = 4 };
#define WHOLE_MAX INT64_C(100000000000000)

bool btx_decimal_read(const char *text, int64_t *ret_value)
{
    const bool is_negative = *text == '-';
    int64_t value = 0;
    int places = 0;

    text += is_negative ? 1 : 0;
    if (*text < '0' || *text > '9')
        return false;
    for (; *text >= '0' && *text <= '9'; text++) {
        value = value * 10 + (*text - '0');
        if (value > WHOLE_MAX)
            return false;
    }
    if (*text == '.' && text[1] != '\0') {
        for (text++; *text >= '0' && *text <= '9' && places < PLACES; text++, places++)
            value = value * 10 + (*text - '0');
    }
    for (; places < PLACES; places++)
        value *= 10;
    *ret_value = is_negative ? -value : value;
    return *text == '\0';
}

const char *btx_decimal_print(int64_t value, char text[BTX_DECIMAL_TEXT_BYTES])
{
    const uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;
    int length = snprintf(text, BTX_DECIMAL_TEXT_BYTES, "%s%" PRIu64 ".%04u", value < 0 ? "-" : "",
                          size / BTX_DECIMAL_ONE, (unsigned)(size % BTX_DECIMAL_ONE));

    while (text[length - 1] == '0')
        text[--length] = '\0';
    if (text[length - 1] == '.')
        text[--length] = '\0';
    return text;
}
