/* SPDX-License-Identifier: Apache-2.0 */
/* test_bytes.c - cursors keep to their buffer and to little-endian. */
#include "engine/base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* The byte order is the format: a log written here must be readable anywhere. */
static void writer__every_width__little_endian_bytes(void **state)
{
    static const uint8_t expected[] = {
        0x01,                                                       /* u8 */
        0x03, 0x02,                                                 /* u16 */
        0x07, 0x06, 0x05, 0x04,                                     /* u32 */
        0x0f, 0x0e, 0x0d, 0x0c, 0x0b, 0x0a, 0x09, 0x08,             /* u64 */
        0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,             /* i64: -2 */
        0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, /* i128: -3 */
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff,                         /* i128, the rest */
        0x00, 0x00, 0x00,                                           /* zeros */
        'a',  'b',                                                  /* bytes */
    };
    uint8_t buffer[sizeof(expected)];
    struct btx_writer writer;

    (void)state;
    memset(buffer, 0xa5, sizeof(buffer));
    btx_writer_init(&writer, buffer, sizeof(buffer));
    btx_writer_u8(&writer, 0x01);
    btx_writer_u16(&writer, 0x0203);
    btx_writer_u32(&writer, 0x04050607);
    btx_writer_u64(&writer, 0x08090a0b0c0d0e0f);
    btx_writer_i64(&writer, -2);
    btx_writer_i128(&writer, -3);
    btx_writer_zeros(&writer, 3);
    btx_writer_bytes(&writer, "ab", 2);

    assert_false(writer.overflowed);
    assert_int_equal(writer.length_bytes, sizeof(expected));
    assert_memory_equal(buffer, expected, sizeof(expected));
}

/* The mark must stay, or a short write in the middle would give a record with a hole. */
static void writer__one_byte_too_few__writes_nothing_more(void **state)
{
    uint8_t buffer[8];
    struct btx_writer writer;

    (void)state;
    memset(buffer, 0xa5, sizeof(buffer));
    btx_writer_init(&writer, buffer, 7);
    btx_writer_u32(&writer, 0);
    btx_writer_u32(&writer, 0);
    btx_writer_u8(&writer, 0);

    assert_true(writer.overflowed);
    assert_int_equal(writer.length_bytes, 4);
    for (size_t i = 4; i < sizeof(buffer); i++)
        assert_int_equal(buffer[i], 0xa5);
}

/* A length near SIZE_MAX must not wrap around the comparison. */
static void writer_claim__absurd_length__returns_null(void **state)
{
    uint8_t buffer[8];
    struct btx_writer writer;

    (void)state;
    btx_writer_init(&writer, buffer, sizeof(buffer));
    btx_writer_u8(&writer, 1);

    assert_null(btx_writer_claim(&writer, SIZE_MAX));
    assert_true(writer.overflowed);
    assert_int_equal(writer.length_bytes, 1);
}

/* Empty lists come without a buffer: passing NULL to memcpy would be undefined. */
static void writer__nothing_to_no_buffer__is_no_overflow(void **state)
{
    struct btx_writer writer;

    (void)state;
    btx_writer_init(&writer, NULL, 0);
    btx_writer_bytes(&writer, NULL, 0);
    btx_writer_zeros(&writer, 0);
    assert_false(writer.overflowed);

    btx_writer_u8(&writer, 1);
    assert_true(writer.overflowed);
}

/* What was written is what is read, at both ends of each range. */
static void reader__extremes_of_every_width__round_trip(void **state)
{
    uint8_t buffer[128];
    struct btx_writer writer;
    struct btx_reader reader;

    (void)state;
    btx_writer_init(&writer, buffer, sizeof(buffer));
    btx_writer_u8(&writer, UINT8_MAX);
    btx_writer_u16(&writer, UINT16_MAX);
    btx_writer_u32(&writer, UINT32_MAX);
    btx_writer_u64(&writer, UINT64_MAX);
    btx_writer_i64(&writer, INT64_MIN);
    btx_writer_i64(&writer, INT64_MAX);
    btx_writer_i128(&writer, BTX_I128_MIN);
    btx_writer_i128(&writer, BTX_I128_MAX);
    btx_reader_init(&reader, buffer, writer.length_bytes);

    assert_int_equal(btx_reader_u8(&reader), UINT8_MAX);
    assert_int_equal(btx_reader_u16(&reader), UINT16_MAX);
    assert_int_equal(btx_reader_u32(&reader), UINT32_MAX);
    assert_true(btx_reader_u64(&reader) == UINT64_MAX);
    assert_true(btx_reader_i64(&reader) == INT64_MIN);
    assert_true(btx_reader_i64(&reader) == INT64_MAX);
    assert_true(btx_reader_i128(&reader) == BTX_I128_MIN);
    assert_true(btx_reader_i128(&reader) == BTX_I128_MAX);
    assert_true(btx_reader_finished(&reader));
}

/* Decoders check once, at the end: until then they must see zeros and never stray bytes. */
static void reader__input_ends_early__gives_zeros_from_then_on(void **state)
{
    static const uint8_t input[] = {1, 2, 3, 4, 5, 6};
    uint8_t copied[4] = {9, 9, 9, 9};
    struct btx_reader reader;

    (void)state;
    btx_reader_init(&reader, input, 5);
    assert_int_equal(btx_reader_u16(&reader), 0x0201);
    assert_int_equal(btx_reader_u32(&reader), 0);
    assert_int_equal(btx_reader_u8(&reader), 0);
    btx_reader_bytes(&reader, copied, sizeof(copied));

    assert_true(reader.exhausted);
    assert_false(btx_reader_finished(&reader));
    assert_int_equal(btx_reader_left_bytes(&reader), 0);
    assert_int_equal(copied[0] | copied[1] | copied[2] | copied[3], 0);
}

/* A message with bytes left over is as wrong as one that is too short. */
static void reader_finished__bytes_left_over__is_false(void **state)
{
    static const uint8_t input[] = {1, 2};
    struct btx_reader reader;

    (void)state;
    btx_reader_init(&reader, input, sizeof(input));
    (void)btx_reader_u8(&reader);

    assert_int_equal(btx_reader_left_bytes(&reader), 1);
    assert_false(btx_reader_finished(&reader));
    assert_false(reader.exhausted);
}

/* The position alone cannot tell: it stays at the end when something more was asked for. */
static void reader_finished__asked_for_more_at_the_end__is_false(void **state)
{
    static const uint8_t input[] = {1};
    struct btx_reader reader;

    (void)state;
    btx_reader_init(&reader, input, sizeof(input));
    (void)btx_reader_u8(&reader);
    assert_true(btx_reader_finished(&reader));
    (void)btx_reader_u8(&reader);

    assert_false(btx_reader_finished(&reader));
}

static void reader_view__absurd_length__returns_null(void **state)
{
    static const uint8_t input[] = {1, 2};
    struct btx_reader reader;

    (void)state;
    btx_reader_init(&reader, input, sizeof(input));
    (void)btx_reader_u8(&reader);

    assert_null(btx_reader_view(&reader, SIZE_MAX));
    assert_true(reader.exhausted);
}

static void reader_view__within_the_input__points_into_it(void **state)
{
    static const uint8_t input[] = {1, 2, 3};
    struct btx_reader reader;

    (void)state;
    btx_reader_init(&reader, input, sizeof(input));
    (void)btx_reader_u8(&reader);

    assert_ptr_equal(btx_reader_view(&reader, 2), input + 1);
    assert_true(btx_reader_finished(&reader));
}

/* Reserved bytes must be zero, or two encodings of one record would be accepted. */
static void reader_zeros__one_bit_set__exhausts_the_reader(void **state)
{
    static const uint8_t input[] = {0, 0, 1, 0};
    struct btx_reader reader;

    (void)state;
    btx_reader_init(&reader, input, sizeof(input));
    btx_reader_zeros(&reader, 2);
    assert_false(reader.exhausted);
    btx_reader_zeros(&reader, 2);

    assert_true(reader.exhausted);
}

static void reader__nothing_from_no_buffer__is_finished(void **state)
{
    struct btx_reader reader;

    (void)state;
    btx_reader_init(&reader, NULL, 0);
    btx_reader_bytes(&reader, NULL, 0);
    btx_reader_zeros(&reader, 0);
    assert_true(btx_reader_finished(&reader));

    assert_int_equal(btx_reader_u64(&reader), 0);
    assert_true(reader.exhausted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writer__every_width__little_endian_bytes),
        cmocka_unit_test(writer__one_byte_too_few__writes_nothing_more),
        cmocka_unit_test(writer_claim__absurd_length__returns_null),
        cmocka_unit_test(writer__nothing_to_no_buffer__is_no_overflow),
        cmocka_unit_test(reader__extremes_of_every_width__round_trip),
        cmocka_unit_test(reader__input_ends_early__gives_zeros_from_then_on),
        cmocka_unit_test(reader_finished__bytes_left_over__is_false),
        cmocka_unit_test(reader_finished__asked_for_more_at_the_end__is_false),
        cmocka_unit_test(reader_view__absurd_length__returns_null),
        cmocka_unit_test(reader_view__within_the_input__points_into_it),
        cmocka_unit_test(reader_zeros__one_bit_set__exhausts_the_reader),
        cmocka_unit_test(reader__nothing_from_no_buffer__is_finished),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
