/* SPDX-License-Identifier: Apache-2.0 */
/* int128.h - the wide integer for sums of money and products of price and size. */
#ifndef BTX_BASE_INT128_H
#define BTX_BASE_INT128_H

#include <assert.h>
#include <stdint.h>

/* The one typedef of a value in this tree: ISO C17 has no name for the type, and -Wpedantic lets
 * __int128 pass only behind __extension__, which belongs in one place and not at each use. */
__extension__ typedef __int128 btx_i128;

static_assert(sizeof(btx_i128) == 16, "the log stores 16 bytes");

#define BTX_I128_MAX ((btx_i128)((((btx_i128)1 << 126) - 1) * 2 + 1))
#define BTX_I128_MIN (-BTX_I128_MAX - 1)

/* Build from the two halves, as they are stored, and take apart again. */
static inline btx_i128 btx_i128_from_halves(int64_t high, uint64_t low)
{
    return (btx_i128)high * ((btx_i128)1 << 64) + (btx_i128)low;
}

static inline uint64_t btx_i128_low(btx_i128 value)
{
    return (uint64_t)value;
}

/* Rounds towards minus infinity, so that low and high halves make the value again. */
static inline int64_t btx_i128_high(btx_i128 value)
{
    return (int64_t)(value >> 64);
}

#endif
