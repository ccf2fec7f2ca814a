/* SPDX-License-Identifier: Apache-2.0 */
/* test_record_seal.c - the CRC covers every byte, and one flipped bit never passes. */
#include "samples.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* CRC-32C by its definition, a bit at a time: shares nothing with the code under test. */
static uint32_t crc32c_bitwise(const uint8_t *bytes, size_t length_bytes)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < length_bytes; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ ((crc & 1u) != 0 ? UINT32_C(0x82f63b78) : 0);
    }
    return ~crc;
}

static void record_seal__every_sample__crc_of_all_bytes_behind_it(void **state)
{
    union btx_sample_space space;

    (void)state;
    for (size_t i = 0; i < btx_samples_count; i++) {
        const size_t length_bytes = btx_sample_build(&btx_samples[i], &space);

        assert_false(btx_record_sealed(&space.record));
        btx_record_seal(&space.record);
        assert_int_equal(space.record.crc, crc32c_bitwise(space.bytes + 4, length_bytes - 4));
        assert_true(btx_record_sealed(&space.record));
    }
}

/* The seal says nothing about what is behind the record, and must not read it. */
static void record_sealed__bytes_behind_changed__still_sealed(void **state)
{
    union btx_sample_space space;
    size_t length_bytes;

    (void)state;
    length_bytes = btx_sample_build(btx_sample_find("command_place_order"), &space);
    btx_record_seal(&space.record);
    space.bytes[length_bytes] ^= 0xff;
    assert_true(btx_record_sealed(&space.record));
}

/* Flips in length_units change how far the CRC reaches: the check, which comes first, has to
 * refuse those, because the length then is not that of the fields. */
static void record_sealed__any_one_bit_flipped__not_sealed(void **state)
{
    static const size_t length_first_bit = offsetof(struct btx_record, length_units) * 8;
    union btx_sample_space space;

    (void)state;
    for (size_t i = 0; i < btx_samples_count; i++) {
        const size_t length_bytes = btx_sample_build(&btx_samples[i], &space);

        btx_record_seal(&space.record);
        for (size_t bit = 0; bit < length_bytes * 8; bit++) {
            space.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            if (bit >= length_first_bit && bit < length_first_bit + 16) {
                if (btx_record_check(&space, sizeof space) == NULL)
                    fail_msg("%s: bit %zu of the length is not noticed", btx_samples[i].name, bit);
            } else if (btx_record_sealed(&space.record)) {
                fail_msg("%s: bit %zu is not noticed", btx_samples[i].name, bit);
            }
            space.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        assert_true(btx_record_sealed(&space.record));
    }
}

/* A record of zeros would have a CRC of its own, but its length is zero: the check comes first. */
static void record_check__zeroed_page__refused(void **state)
{
    union btx_sample_space space;

    (void)state;
    memset(&space, 0, sizeof space);
    assert_string_equal(btx_record_check(&space, sizeof space), "length: zero");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(record_seal__every_sample__crc_of_all_bytes_behind_it),
        cmocka_unit_test(record_sealed__bytes_behind_changed__still_sealed),
        cmocka_unit_test(record_sealed__any_one_bit_flipped__not_sealed),
        cmocka_unit_test(record_check__zeroed_page__refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
