/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/utf8.h"

#include <stdint.h>

/* How many bytes follow the leading byte @lead, and the range of the first of them; the others are
 * 0x80..0xbf (RFC 3629, section 4). */
struct sequence {
    uint8_t following; /* 0: not a leading byte of more than one */
    uint8_t least;
    uint8_t most;
};

static struct sequence sequence_of(uint8_t lead)
{
    if (lead >= 0xc2 && lead <= 0xdf)
        return (struct sequence){1, 0x80, 0xbf};
    if (lead == 0xe0)
        return (struct sequence){2, 0xa0, 0xbf};
    if (lead == 0xed)
        return (struct sequence){2, 0x80, 0x9f};
    if (lead >= 0xe1 && lead <= 0xef)
        return (struct sequence){2, 0x80, 0xbf};
    if (lead == 0xf0)
        return (struct sequence){3, 0x90, 0xbf};
    if (lead >= 0xf1 && lead <= 0xf3)
        return (struct sequence){3, 0x80, 0xbf};
    if (lead == 0xf4)
        return (struct sequence){3, 0x80, 0x8f};
    return (struct sequence){0, 0, 0};
}

bool btx_utf8_is_valid(const char *text, size_t length_bytes)
{
    const uint8_t *bytes = (const uint8_t *)text;
    size_t i = 0;

    while (i < length_bytes) {
        if (bytes[i] < 0x80) {
            i++;
            continue;
        }
        const struct sequence sequence = sequence_of(bytes[i]);
        if (sequence.following == 0 || length_bytes - i <= sequence.following ||
            bytes[i + 1] < sequence.least || bytes[i + 1] > sequence.most)
            return false;
        for (size_t k = 2; k <= sequence.following; k++)
            if (bytes[i + k] < 0x80 || bytes[i + k] > 0xbf)
                return false;
        i += 1u + sequence.following;
    }
    return true;
}
