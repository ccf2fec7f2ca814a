/* SPDX-License-Identifier: Apache-2.0 */
/* text_scan.h - the tokens of JSON, read eight bytes at a time.  Private to engine/text.
 *
 * @p points into the line of a struct btx_command_text, behind which there are zeros: so eight
 * bytes may be loaded at any of its bytes, and every token ends before the line does. */
#ifndef BTX_TEXT_TEXT_SCAN_H
#define BTX_TEXT_TEXT_SCAN_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "engine/base/attributes.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first byte is the lowest of eight");

/* The same byte eight times. */
#define BTX_TEXT_EIGHT(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline uint64_t btx_text_load(const char *p)
{
    uint64_t word;

    memcpy(&word, p, sizeof(word));
    return word;
}

/* What JSON calls white space. */
static inline const char *btx_text_skip_space(const char *p)
{
    while (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')
        p++;
    return p;
}

/* Whether a number or a bare word may end before the byte @c. */
static inline bool btx_text_ends_value(char c)
{
    return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\t' || c == '\n' || c == '\r' ||
           c == '\0';
}

/* How many of the eight bytes are digits, from the first on.  @word has been XORed with eight
 * '0', so that a digit is 0..9; a carry out of another byte reaches only bytes behind it. */
static inline unsigned btx_text_leading_digits(uint64_t word)
{
    const uint64_t others = ((word + BTX_TEXT_EIGHT(0x76)) | word) & BTX_TEXT_EIGHT(0x80);

    return others == 0 ? 8 : (unsigned)__builtin_ctzll(others) >> 3;
}

/* The number that the first @digits (1..8) bytes of @word say; digits are 0..9 as above. */
static inline uint32_t btx_text_digits_value(uint64_t word, unsigned digits)
{
    const uint64_t pairs_mask = UINT64_C(0x000000ff000000ff);

    /* Behind leading zeros instead of before what follows; then pairs, fours, all eight. */
    word <<= 64 - 8 * digits;
    word = word * 10 + (word >> 8);
    word = (word & pairs_mask) * (100 + (UINT64_C(1000000) << 32)) +
           ((word >> 16) & pairs_mask) * (1 + (UINT64_C(10000) << 32));
    return (uint32_t)(word >> 32);
}

/* The rest of a number of which the first eight digits make *@value; see below. */
const char *btx_text_scan_more_digits(const char *p, uint64_t *value);

/* Read digits at @p: returns where they end and sets *@ret_value; NULL when there is none, when a
 * zero leads others, and when the number does not fit. */
static inline const char *btx_text_scan_u64(const char *p, uint64_t *ret_value)
{
    const uint64_t word = btx_text_load(p) ^ BTX_TEXT_EIGHT('0');
    const unsigned digits = btx_text_leading_digits(word);

    if (BTX_UNLIKELY(digits == 0) || BTX_UNLIKELY((word & 0xff) == 0 && digits > 1))
        return NULL;
    *ret_value = btx_text_digits_value(word, digits);
    return digits == 8 ? btx_text_scan_more_digits(p + 8, ret_value) : p + digits;
}

/* Read an unsigned decimal at @p in 1/10 000: returns where it ends, at the latest behind four
 * places; NULL when there is none or when it does not fit. */
static inline const char *btx_text_scan_decimal(const char *p, uint64_t *ret_value)
{
    const uint64_t eighty = 0x80808080u;
    uint64_t value;
    uint64_t word;
    unsigned has_point;
    unsigned places;

    p = btx_text_scan_u64(p, &value);
    if (BTX_UNLIKELY(p == NULL) || BTX_UNLIKELY(value > UINT64_MAX / 10000 - 1))
        return NULL;
    /* Without a branch: whether a number has places cannot be predicted.  Four bytes behind what
     * may be the point; bit 39 stands for a fifth that is no digit. */
    has_point = *p == '.';
    word = (btx_text_load(p + 1) & UINT32_MAX) ^ 0x30303030u;
    places =
        (unsigned)__builtin_ctzll((((word + 0x76767676u) | word) & eighty) | UINT64_C(1) << 39) >>
        3;
    places &= 0 - has_point;
    if (BTX_UNLIKELY(has_point > places))
        return NULL;
    /* The first place counts 1000 whether others follow or not. */
    word &= (UINT64_C(1) << (8 * places)) - 1;
    word = (word * 10 + (word >> 8)) & 0x00ff00ffu;
    *ret_value = value * 10000 + ((word * 100 + (word >> 16)) & 0xffff);
    return p + has_point + places;
}

/* The first byte at or behind @p that is a quote, a backslash or a control character (such as
 * the zero behind the line). */
static inline const char *btx_text_find_string_end(const char *p)
{
    for (;; p += 8) {
        const uint64_t word = btx_text_load(p);
        const uint64_t quote = word ^ BTX_TEXT_EIGHT('"');
        const uint64_t backslash = word ^ BTX_TEXT_EIGHT('\\');
        /* Borrows make some bytes behind a hit look like hits too: the first is always one. */
        const uint64_t hits = (((quote - BTX_TEXT_EIGHT(0x01)) & ~quote) |
                               ((backslash - BTX_TEXT_EIGHT(0x01)) & ~backslash) |
                               ((word - BTX_TEXT_EIGHT(0x20)) & ~word)) &
                              BTX_TEXT_EIGHT(0x80);

        if (hits != 0)
            return p + (__builtin_ctzll(hits) >> 3);
    }
}

#endif
