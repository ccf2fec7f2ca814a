/* SPDX-License-Identifier: Apache-2.0 */
/* text_put.h - numbers, words and texts written as JSON.  Private to engine/text.
 *
 * Every function writes at @out and returns where the next byte goes.  Some write up to
 * BTX_TEXT_SLACK_BYTES further than that: wide stores of which the tail is overwritten by what
 * follows.  No loop over digits and no branch on their number: the position of the next byte
 * depends on a few cheap instructions, and the digits are made beside it. */
#ifndef BTX_TEXT_TEXT_PUT_H
#define BTX_TEXT_TEXT_PUT_H

#include <stdint.h>
#include <string.h>

#include "engine/base/attributes.h"
#include "engine/base/check.h"
#include "engine/base/limits.h"
#include "engine/text/text_words.h"

/* What a wide store may write behind the last byte that counts. */
#define BTX_TEXT_SLACK_BYTES 32u

/* The longest of each, for the bounds of whole lines. */
#define BTX_TEXT_INTEGER_BYTES_MAX 20u /* 18446744073709551615 */
#define BTX_TEXT_DECIMAL_BYTES_MAX 21u /* -922337203685477.5808 */
#define BTX_TEXT_REF_BYTES_MAX (2u + 2u * BTX_REF_BYTES_MAX)

/* A literal, copied with its length known to the compiler. */
#define BTX_TEXT_PUT_LITERAL(out, literal)                                                         \
    ((char *)memcpy((out), "" literal "", sizeof(literal) - 1) + (sizeof(literal) - 1))

/* How many decimal digits @value has, 1 for 0.  The table holds for each bit length what must be
 * added so that the carry into the high half tells on which side of a power of ten it lies. */
static inline unsigned btx_text_digits(uint32_t value)
{
    static const uint64_t table[32] = {
        4294967296,  8589934582,  8589934582,  8589934582,  12884901788, 12884901788, 12884901788,
        17179868184, 17179868184, 17179868184, 21474826480, 21474826480, 21474826480, 21474826480,
        25769703776, 25769703776, 25769703776, 30063771072, 30063771072, 30063771072, 34349738368,
        34349738368, 34349738368, 34349738368, 38554705664, 38554705664, 38554705664, 41949672960,
        41949672960, 41949672960, 42949672960, 42949672960,
    };

    return (unsigned)((value + table[31 - __builtin_clz(value | 1)]) >> 32);
}

/* The eight digits of @value, which is below 10^8, first digit in the lowest byte, each 0..9:
 * split into fours, pairs and digits, side by side in one machine word. */
static inline uint64_t btx_text_eight_digits(uint32_t value)
{
    const uint64_t fours = value / 10000 | (uint64_t)(value % 10000) << 32;
    const uint64_t pair_high = ((fours * 10486) >> 20) & UINT64_C(0x0000007f0000007f);
    const uint64_t pairs = pair_high | (fours - 100 * pair_high) << 16;
    const uint64_t tens = ((pairs * 103) >> 10) & UINT64_C(0x000f000f000f000f);

    return tens | (pairs - 10 * tens) << 8;
}

#define BTX_TEXT_EIGHT_ZEROS UINT64_C(0x3030303030303030)

/* @value, which is below 10^8. */
static inline char *btx_text_put_u27(char *out, uint32_t value)
{
    const unsigned digits = btx_text_digits(value);
    uint64_t text = btx_text_eight_digits(value) + BTX_TEXT_EIGHT_ZEROS;

    text >>= 64 - 8 * digits;
    memcpy(out, &text, sizeof(text));
    return out + digits;
}

/* Eight digits of @value, which is below 10^8, leading zeros included. */
static inline char *btx_text_put_eight(char *out, uint32_t value)
{
    const uint64_t text = btx_text_eight_digits(value) + BTX_TEXT_EIGHT_ZEROS;

    memcpy(out, &text, sizeof(text));
    return out + sizeof(text);
}

static inline char *btx_text_put_u64(char *out, uint64_t value)
{
    const uint64_t eight = 100000000;

    if (value < eight)
        return btx_text_put_u27(out, (uint32_t)value);
    if (value < eight * eight) {
        out = btx_text_put_u27(out, (uint32_t)(value / eight));
        return btx_text_put_eight(out, (uint32_t)(value % eight));
    }
    out = btx_text_put_u27(out, (uint32_t)(value / (eight * eight)));
    out = btx_text_put_eight(out, (uint32_t)(value / eight % eight));
    return btx_text_put_eight(out, (uint32_t)(value % eight));
}

/* @value / 10 000 in the shortest form: 12.5, 3, 0.0001. */
static inline char *btx_text_put_decimal_u64(char *out, uint64_t value)
{
    /* The four decimals, first digit in the lowest byte; the zeros at their end are the zero
     * bits at the top.  Without any decimal the point and they are written, but not counted. */
    const uint32_t decimals = (uint32_t)(btx_text_eight_digits((uint32_t)(value % 10000)) >> 32);
    const uint32_t text = decimals + 0x30303030u;
    const size_t length = decimals == 0 ? 0 : 5 - (size_t)(__builtin_clz(decimals | 1) >> 3);

    out = btx_text_put_u64(out, value / 10000);
    *out = '.';
    memcpy(out + 1, &text, sizeof(text));
    return out + length;
}

static inline char *btx_text_put_decimal(char *out, int64_t value)
{
    if (BTX_UNLIKELY(value < 0)) {
        *out++ = '-';
        return btx_text_put_decimal_u64(out, 0 - (uint64_t)value);
    }
    return btx_text_put_decimal_u64(out, (uint64_t)value);
}

/* The entry of @words, of which there are @words_count, with its quotes. */
static inline char *btx_text_put_word(char *out, const struct btx_text_word *words,
                                      size_t words_count, size_t number)
{
    CHECK(number < words_count);
    memcpy(out, words[number].quoted, sizeof(*words));
    return out + words[number].length;
}

static inline char *btx_text_put_bool(char *out, uint8_t value)
{
    /* One store of eight bytes for either, without a branch. */
    memcpy(out, value != 0 ? "true\0\0\0" : "false\0\0", 8);
    return out + (value != 0 ? 4 : 5);
}

/* [1,2,3] */
static inline char *btx_text_put_ids(char *out, const uint64_t *ids, size_t ids_count)
{
    *out++ = '[';
    for (size_t i = 0; i < ids_count; i++) {
        if (i != 0)
            *out++ = ',';
        out = btx_text_put_u64(out, ids[i]);
    }
    *out++ = ']';
    return out;
}

/* A ref with its quotes: printable ASCII, in which only the quote and the backslash need an
 * escape. */
static inline char *btx_text_put_ref(char *out, const char *ref, size_t length_bytes)
{
    *out++ = '"';
    for (size_t i = 0; i < length_bytes; i++) {
        if (BTX_UNLIKELY(ref[i] == '"' || ref[i] == '\\'))
            *out++ = '\\';
        *out++ = ref[i];
    }
    *out++ = '"';
    return out;
}

/* Any UTF-8 with its quotes: the quote, the backslash and what is below U+0020 are escaped, as
 * rules-2.md 2 says. */
char *btx_text_put_text(char *out, const char *text, size_t length_bytes);

#endif
