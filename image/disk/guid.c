/* SPDX-License-Identifier: Apache-2.0 */
/* guid.c - GUIDs of partitions to and from text. */
#include "image/disk/guid.h"

#include <stdio.h>
#include <string.h>

enum { DIGITS = 2 * BTX_GUID_BYTES };

/* Where each byte of the text belongs: the first three fields are turned round. */
static const uint8_t place[BTX_GUID_BYTES] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

static int digit_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

bool btx_guid_from_digits(const char *digits, struct btx_guid *ret_guid)
{
    for (int i = 0; i < BTX_GUID_BYTES; i++) {
        const int high = digit_value(digits[2 * i]);
        const int low = high < 0 ? -1 : digit_value(digits[2 * i + 1]);

        if (low < 0)
            return false;
        ret_guid->bytes[place[i]] = (uint8_t)(high << 4 | low);
    }
    return true;
}

bool btx_guid_from_text(const char *text, struct btx_guid *ret_guid)
{
    char digits[DIGITS];
    int count = 0;

    if (strlen(text) != BTX_GUID_TEXT_BYTES - 1)
        return false;
    for (int i = 0; i < BTX_GUID_TEXT_BYTES - 1; i++) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash != (text[i] == '-'))
            return false;
        if (!dash)
            digits[count++] = text[i];
    }
    return btx_guid_from_digits(digits, ret_guid);
}

void btx_guid_to_text(const struct btx_guid *guid, char ret_text[static BTX_GUID_TEXT_BYTES])
{
    int used = 0;

    for (int i = 0; i < BTX_GUID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            ret_text[used++] = '-';
        used += snprintf(ret_text + used, (size_t)(BTX_GUID_TEXT_BYTES - used), "%02x",
                         guid->bytes[place[i]]);
    }
}

bool btx_guid_equal(const struct btx_guid *a, const struct btx_guid *b)
{
    return memcmp(a->bytes, b->bytes, BTX_GUID_BYTES) == 0;
}
