/* SPDX-License-Identifier: Apache-2.0 */
/* test_crc32c.c - both ways of computing the checksum against the definition. */
#include "engine/base/crc32c.h"

#include "engine/base/attributes.h"
#include "engine/base/crc32c_tables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/skip.h"
#include <cmocka.h>

/* The definition, bit by bit: slow, but short enough to be seen to be right. */
static uint32_t step_bit(uint32_t polynomial)
{
    return (polynomial >> 1) ^ ((polynomial & 1U) != 0 ? 0x82f63b78U : 0U);
}

static uint32_t crc32c_by_definition(uint32_t crc, const uint8_t *bytes, size_t length_bytes)
{
    crc = ~crc;
    for (size_t i = 0; i < length_bytes; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = step_bit(crc);
    }
    return ~crc;
}

/* Bytes without structure, the same in every run. */
static void fill(uint8_t *bytes, size_t length_bytes)
{
    uint32_t state = 1;

    for (size_t i = 0; i < length_bytes; i++) {
        state = state * 1664525U + 1013904223U;
        bytes[i] = (uint8_t)(state >> 24);
    }
}

/* RFC 3720 B.4, and the check value that catalogues of checksums give for this polynomial. */
static void crc32c__published_vectors__published_values(void **state)
{
    uint8_t zeros[32];
    uint8_t ones[32];
    uint8_t ascending[32];
    uint8_t descending[32];
    const struct {
        const void *bytes;
        size_t length_bytes;
        uint32_t crc;
    } rows[] = {
        {"", 0, 0},
        {"123456789", 9, 0xe3069283},
        {zeros, 32, 0x8a9136aa},
        {ones, 32, 0x62a8ab43},
        {ascending, 32, 0x46dd794e},
        {descending, 32, 0x113fdb5c},
    };

    (void)state;
    memset(zeros, 0, sizeof(zeros));
    memset(ones, 0xff, sizeof(ones));
    for (uint8_t i = 0; i < 32; i++) {
        ascending[i] = i;
        descending[i] = (uint8_t)(31 - i);
    }
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        print_message("row %zu\n", i);
        assert_int_equal(btx_crc32c(0, rows[i].bytes, rows[i].length_bytes), rows[i].crc);
        assert_int_equal(btx_crc32c_portable(0, rows[i].bytes, rows[i].length_bytes), rows[i].crc);
    }
}

/* Every length at every alignment, each in a block of exactly its size for ASan to watch. */
static void crc32c__lengths_to_1024_at_all_alignments__equal_the_definition(void **state)
{
    (void)state;
    for (size_t length_bytes = 0; length_bytes <= 1024; length_bytes++) {
        for (size_t offset = 0; offset < 8; offset++) {
            uint8_t *block = malloc(offset + length_bytes + 1);
            uint8_t *bytes;
            uint32_t expected;

            assert_non_null(block);
            /* The end of the block is the end of the data: the byte before it stays unused. */
            bytes = block + offset + 1;
            fill(bytes, length_bytes);
            expected = crc32c_by_definition(0, bytes, length_bytes);
            if (btx_crc32c(0, bytes, length_bytes) != expected ||
                btx_crc32c_portable(0, bytes, length_bytes) != expected)
                fail_msg("length %zu, offset %zu", length_bytes, offset);
            free(block);
        }
    }
}

/* Beyond one fold: the lengths around multiples of the greatest fold. */
static void crc32c__long_buffers__equal_the_definition(void **state)
{
    const size_t fold_bytes = (size_t)24 * BTX_CRC32C_FOLD_WORDS_MAX;
    uint8_t *bytes = malloc(4 * fold_bytes);

    (void)state;
    assert_non_null(bytes);
    fill(bytes, 4 * fold_bytes);
    for (size_t folds = 1; folds <= 3; folds++) {
        for (size_t extra = 0; extra <= 160; extra++) {
            size_t length_bytes = folds * fold_bytes - 80 + extra;
            uint32_t expected = crc32c_by_definition(0, bytes, length_bytes);

            if (btx_crc32c(0, bytes, length_bytes) != expected ||
                btx_crc32c_portable(0, bytes, length_bytes) != expected)
                fail_msg("length %zu", length_bytes);
        }
    }
    free(bytes);
}

/* A record is summed in pieces, around its own checksum field. */
static void crc32c__split_anywhere__chains_to_the_same(void **state)
{
    uint8_t bytes[600];
    uint32_t whole;

    (void)state;
    fill(bytes, sizeof(bytes));
    whole = crc32c_by_definition(0, bytes, sizeof(bytes));
    for (size_t split = 0; split <= sizeof(bytes); split++) {
        size_t rest_bytes = sizeof(bytes) - split;
        uint32_t crc = btx_crc32c(btx_crc32c(0, bytes, split), bytes + split, rest_bytes);
        uint32_t crc_mixed =
            btx_crc32c_portable(btx_crc32c(0, bytes, split), bytes + split, rest_bytes);

        if (crc != whole || crc_mixed != whole)
            fail_msg("split at %zu", split);
    }
}

static void crc32c__no_bytes__returns_what_it_was_given(void **state)
{
    (void)state;
    assert_int_equal(btx_crc32c(0, NULL, 0), 0);
    assert_int_equal(btx_crc32c(0x12345678, NULL, 0), 0x12345678);
    assert_int_equal(btx_crc32c_portable(0x12345678, NULL, 0), 0x12345678);
}

/* x^@exponent modulo the polynomial, reflected. */
static uint32_t power_of_x(unsigned int exponent)
{
    uint32_t power = 0x80000000U;

    for (unsigned int i = 0; i < exponent; i++)
        power = step_bit(power);
    return power;
}

/* The tables are checked in, so the formula behind each number is checked here. */
static void crc32c_tables__every_entry__follows_from_the_polynomial(void **state)
{
    (void)state;
    for (unsigned int zeros = 0; zeros < BTX_CRC32C_SLICE_COUNT; zeros++) {
        for (uint32_t byte = 0; byte < 256; byte++) {
            uint32_t crc = byte;

            for (unsigned int bit = 0; bit < 8 * (zeros + 1); bit++)
                crc = step_bit(crc);
            assert_int_equal(btx_crc32c_slices[zeros][byte], crc);
        }
    }
    for (unsigned int words = 1; words <= BTX_CRC32C_FOLD_WORDS_MAX; words++) {
        assert_int_equal(btx_crc32c_folds[words - 1][0], power_of_x(128 * words - 33));
        assert_int_equal(btx_crc32c_folds[words - 1][1], power_of_x(64 * words - 33));
    }
}

/* Says which way ran: the other tests mean less for the hardware way on an old processor. */
static void crc32c_is_hardware__asked__is_reported(void **state)
{
    (void)state;
    if (!btx_crc32c_is_hardware()) {
        SKIP_BECAUSE("this processor lacks the instructions: only the portable way was tested");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc32c__published_vectors__published_values),
        cmocka_unit_test(crc32c__lengths_to_1024_at_all_alignments__equal_the_definition),
        cmocka_unit_test(crc32c__long_buffers__equal_the_definition),
        cmocka_unit_test(crc32c__split_anywhere__chains_to_the_same),
        cmocka_unit_test(crc32c__no_bytes__returns_what_it_was_given),
        cmocka_unit_test(crc32c_tables__every_entry__follows_from_the_polynomial),
        cmocka_unit_test(crc32c_is_hardware__asked__is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
