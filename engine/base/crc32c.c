/* SPDX-License-Identifier: Apache-2.0 */
/* crc32c.c - CRC-32C by instruction, three streams at a time, or by table.
 * The CRC instruction takes 8 bytes with a latency of three cycles but can start every cycle: one
 * stream leaves two thirds of it idle, which shows already at the 128 to 256 bytes of a record.
 * So the data is cut into three streams of equal length that advance side by side, and one
 * carry-less multiplication for each of the first two carries its result over what follows it. */
#include "engine/base/crc32c.h"

#include "engine/base/crc32c_tables.h"

#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#include <wmmintrin.h>
#endif

static uint64_t load_u64(const uint8_t *bytes)
{
    uint64_t word;

    memcpy(&word, bytes, sizeof(word));
    return word;
}

static uint32_t portable_byte(uint32_t crc, uint8_t byte)
{
    return btx_crc32c_slices[0][(crc ^ byte) & 0xffU] ^ (crc >> 8);
}

uint32_t btx_crc32c_portable(uint32_t crc, const void *data, size_t length_bytes)
{
    const uint8_t *bytes = data;

    crc = ~crc;
    for (; length_bytes >= 8; length_bytes -= 8) {
        uint64_t word = load_u64(bytes) ^ crc;

        crc = 0;
        for (unsigned int i = 0; i < BTX_CRC32C_SLICE_COUNT; i++)
            crc ^= btx_crc32c_slices[7 - i][(word >> (8 * i)) & 0xffU];
        bytes += 8;
    }
    for (; length_bytes > 0; length_bytes--)
        crc = portable_byte(crc, *bytes++);
    return ~crc;
}

#if defined(__x86_64__)

/* Shorter than this, cutting and joining costs more than it saves (measured). */
enum { FOLD_BYTES_MIN = 72 };

/* The rest of the tree is built for any x86-64, these functions for what is_hardware() asks. */
#define USES_INSTRUCTIONS __attribute__((target("sse4.2,pclmul")))

/* All processors with SSE 4.2 but the first generation have the multiplication too. */
bool btx_crc32c_is_hardware(void)
{
    return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
}

/* The carry-less product of two polynomials of degree 31, of degree 62. */
USES_INSTRUCTIONS static inline uint64_t multiply(uint64_t left, uint32_t right)
{
    __m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)left),
                                           _mm_cvtsi64_si128((int64_t)(uint64_t)right), 0);

    return (uint64_t)_mm_cvtsi128_si64(product);
}

/* The register after 3 * @words words at @bytes.  @words is 1 to BTX_CRC32C_FOLD_WORDS_MAX. */
USES_INSTRUCTIONS static inline uint64_t fold(uint64_t first, const uint8_t *bytes, size_t words)
{
    const uint8_t *second_bytes = bytes + 8 * words;
    const uint8_t *third_bytes = bytes + 16 * words;
    uint64_t second = 0;
    uint64_t third = 0;
    size_t last = 8 * (words - 1);

    for (size_t i = 0; i < last; i += 8) {
        first = _mm_crc32_u64(first, load_u64(bytes + i));
        second = _mm_crc32_u64(second, load_u64(second_bytes + i));
        third = _mm_crc32_u64(third, load_u64(third_bytes + i));
    }
    first = _mm_crc32_u64(first, load_u64(bytes + last));
    second = _mm_crc32_u64(second, load_u64(second_bytes + last));
    /* The third stream takes in the other two with its last word. */
    return _mm_crc32_u64(third, load_u64(third_bytes + last) ^
                                    multiply(first, btx_crc32c_folds[words - 1][0]) ^
                                    multiply(second, btx_crc32c_folds[words - 1][1]));
}

USES_INSTRUCTIONS static uint32_t hardware(uint32_t crc, const uint8_t *bytes, size_t length_bytes)
{
    uint64_t wide = (uint32_t)~crc;

    while (length_bytes >= FOLD_BYTES_MIN) {
        size_t words = length_bytes / 24;

        if (words > BTX_CRC32C_FOLD_WORDS_MAX)
            words = BTX_CRC32C_FOLD_WORDS_MAX;
        wide = fold(wide, bytes, words);
        bytes += 24 * words;
        length_bytes -= 24 * words;
    }
    for (; length_bytes >= 8; length_bytes -= 8) {
        wide = _mm_crc32_u64(wide, load_u64(bytes));
        bytes += 8;
    }
    for (; length_bytes > 0; length_bytes--)
        wide = _mm_crc32_u8((uint32_t)wide, *bytes++);
    return ~(uint32_t)wide;
}

uint32_t btx_crc32c(uint32_t crc, const void *data, size_t length_bytes)
{
    if (btx_crc32c_is_hardware())
        return hardware(crc, data, length_bytes);
    return btx_crc32c_portable(crc, data, length_bytes);
}

#else

bool btx_crc32c_is_hardware(void)
{
    return false;
}

uint32_t btx_crc32c(uint32_t crc, const void *data, size_t length_bytes)
{
    return btx_crc32c_portable(crc, data, length_bytes);
}

#endif
