/* SPDX-License-Identifier: Apache-2.0 */
/* test_seal.c - the hash of a segment is what README.md says, and headers and seals are checked. */
#include "engine/wal/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/crc32c.h"

#include "batch_builder.h"

static struct btx_wal_header a_header(void)
{
    struct btx_wal_header header = {
        .magic = {'B', 'T', 'X', 'W', 'A', 'L', 'S', 'G'},
        .format = BTX_WAL_FORMAT,
        .segment = 3,
        .epoch = 2,
        .first_seq = 11,
        .first_tx = 5,
        .first_batch = 4,
        .previous_bytes = 640,
        .host = "somewhere",
    };

    header.crc = btx_crc32c(0, &header, offsetof(struct btx_wal_header, crc));
    return header;
}

static const uint8_t previous[BTX_WAL_HASH_BYTES] = {1, 2, 3};

/* The description of README.md, a second time and in another way. */
static void hash_by_hand(const void *header, const struct btx_wal_batch *batch, size_t length_bytes,
                         uint8_t ret_hash[BTX_WAL_HASH_BYTES])
{
    struct btx_sha256 sha256 = {0};
    uint8_t key[16] = {0};
    uint8_t length[8] = {0};

    assert_int_equal(btx_sha256_init(&sha256, NULL), BTX_OK);
    btx_sha256_update(&sha256, previous, sizeof previous);
    btx_sha256_update(&sha256, header, 256);
    if (batch != NULL) {
        key[7] = (uint8_t)batch->seq; /* Big-endian, and small here. */
        key[15] = (uint8_t)batch->number;
        length[0] = (uint8_t)length_bytes; /* Little-endian. */
        length[1] = (uint8_t)(length_bytes >> 8);
        btx_sha256_update(&sha256, key, sizeof key);
        btx_sha256_update(&sha256, length, sizeof length);
        btx_sha256_update(&sha256, batch->bytes, length_bytes);
    }
    btx_sha256_final(&sha256, ret_hash);
    btx_sha256_done(&sha256);
}

/* Others must be able to verify a log from the description alone. */
static void chain__segment_with_cut_batch__hash_as_described(void **state)
{
    const struct btx_wal_header header = a_header();
    struct batch_builder builder = {.position = {.seq = 10, .tx = 4, .batch = 3}};
    struct btx_wal_chain chain = {0};
    struct btx_wal_position position;
    struct btx_wal_batch batch;
    struct btx_wal_seal seal;
    uint8_t expected[BTX_WAL_HASH_BYTES];
    size_t counted_bytes;

    (void)state;
    batch_begin(&builder);
    batch_tx(&builder, 2);
    counted_bytes = builder.length_bytes;
    position = builder.position;
    batch_tx(&builder, 1);
    batch = batch_end(&builder);
    hash_by_hand(&header, &batch, counted_bytes, expected);

    assert_int_equal(btx_wal_chain_begin(&chain, &header, previous, NULL), BTX_OK);
    btx_wal_chain_add(&chain, &batch, counted_bytes, &position);
    btx_wal_chain_end(&chain, 77, &seal);
    btx_wal_chain_done(&chain);

    assert_memory_equal(seal.hash, expected, sizeof expected);
    assert_memory_equal(seal.previous, previous, sizeof previous);
    assert_null(btx_wal_seal_check(&seal, sizeof seal));
    assert_int_equal(seal.segment, 3);
    assert_int_equal(seal.first_seq, 11);
    assert_int_equal(seal.last_seq, 12);
    assert_int_equal(seal.last_tx, 5);
    assert_int_equal(seal.first_batch, 4);
    assert_int_equal(seal.batch_count, 1);
    assert_int_equal(seal.bytes, counted_bytes);
    assert_int_equal(seal.sealed_ns, 77);
}

static void chain__segment_without_batches__ends_where_it_begins(void **state)
{
    const struct btx_wal_header header = a_header();
    struct btx_wal_chain chain = {0};
    struct btx_wal_seal seal;
    uint8_t expected[BTX_WAL_HASH_BYTES];

    (void)state;
    hash_by_hand(&header, NULL, 0, expected);
    assert_int_equal(btx_wal_chain_begin(&chain, &header, previous, NULL), BTX_OK);
    btx_wal_chain_end(&chain, 0, &seal);
    btx_wal_chain_done(&chain);

    assert_memory_equal(seal.hash, expected, sizeof expected);
    assert_int_equal(seal.last_seq, 10);
    assert_int_equal(seal.last_tx, 4);
    assert_int_equal(seal.bytes, 0);
}

/* The chain must go on over a file that a crash left without its first commit. */
static void chain_begin_headless__no_header__zeros_stand_for_it(void **state)
{
    static const uint8_t zeros[256];
    const struct btx_wal_position position = {.seq = 10, .tx = 4, .batch = 3};
    struct btx_wal_chain chain = {0};
    struct btx_wal_seal seal;
    uint8_t expected[BTX_WAL_HASH_BYTES];

    (void)state;
    hash_by_hand(zeros, NULL, 0, expected);
    assert_int_equal(btx_wal_chain_begin_headless(&chain, 3, &position, previous, NULL), BTX_OK);
    btx_wal_chain_end(&chain, 0, &seal);
    btx_wal_chain_done(&chain);

    assert_memory_equal(seal.hash, expected, sizeof expected);
    assert_null(btx_wal_seal_check(&seal, sizeof seal));
    assert_int_equal(seal.segment, 3);
    assert_int_equal(seal.first_seq, 11);
    assert_int_equal(seal.last_seq, 10);
    assert_int_equal(seal.last_tx, 4);
    assert_int_equal(seal.first_batch, 4);
}

static void header_check__each_violation__named(void **state)
{
    static const struct {
        size_t offset;
        uint64_t value;
        size_t bytes;
        const char *why;
    } rows[] = {
        {offsetof(struct btx_wal_header, magic), 'X', 1, "header: wrong magic"},
        {offsetof(struct btx_wal_header, reserved), 1, 4, "header: reserved bytes are not zero"},
        {offsetof(struct btx_wal_header, reserved_bytes) + 91, 1, 1,
         "header: reserved bytes are not zero"},
        {offsetof(struct btx_wal_header, host), '\n', 1, "header: host: not a padded text"},
        {offsetof(struct btx_wal_header, host) + 63, 'x', 1, "header: host: not a padded text"},
        {offsetof(struct btx_wal_header, segment), 0, 8, "header: segment: out of range"},
        {offsetof(struct btx_wal_header, segment), UINT64_C(10000000000), 8,
         "header: segment: out of range"},
        {offsetof(struct btx_wal_header, first_seq), 0, 8,
         "header: first seq, tx or batch: out of range"},
        {offsetof(struct btx_wal_header, first_tx), 0, 8,
         "header: first seq, tx or batch: out of range"},
        {offsetof(struct btx_wal_header, first_batch), 0, 8,
         "header: first seq, tx or batch: out of range"},
        {offsetof(struct btx_wal_header, segment), 1, 8,
         "header: of the first segment, but something stands before it"},
    };

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        struct btx_wal_header header = a_header();
        const char *why;

        memcpy((uint8_t *)&header + rows[i].offset, &rows[i].value, rows[i].bytes);
        header.crc = btx_crc32c(0, &header, offsetof(struct btx_wal_header, crc));
        why = btx_wal_header_check(&header, sizeof header);
        if (why == NULL || strcmp(why, rows[i].why) != 0)
            fail_msg("row %zu: want '%s', got '%s'", i, rows[i].why, why != NULL ? why : "right");
    }
}

/* A bit anywhere that is not what the writer wrote must show. */
static void header_check__each_bit_turned__refused(void **state)
{
    struct btx_wal_header header = a_header();

    (void)state;
    assert_null(btx_wal_header_check(&header, sizeof header));
    assert_string_equal(btx_wal_header_check(&header, sizeof header - 1), "header: wrong length");
    for (size_t bit = 0; bit < 8 * sizeof header; bit++) {
        ((uint8_t *)&header)[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_non_null(btx_wal_header_check(&header, sizeof header));
        ((uint8_t *)&header)[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* A log of a newer version must never be taken for a torn one, and be cut. */
static void header_known__newer_format_or_feature__layout_and_not_damage(void **state)
{
    struct btx_wal_header header = a_header();

    (void)state;
    assert_int_equal(btx_wal_header_known(&header, NULL), BTX_OK);
    header.compatible = 0x80;
    header.crc = btx_crc32c(0, &header, offsetof(struct btx_wal_header, crc));
    assert_null(btx_wal_header_check(&header, sizeof header));
    assert_int_equal(btx_wal_header_known(&header, NULL), BTX_OK);

    header.incompatible = 0x10;
    header.reserved_bytes[0] = 1; /* Who knows what that means there. */
    header.crc = btx_crc32c(0, &header, offsetof(struct btx_wal_header, crc));
    assert_null(btx_wal_header_check(&header, sizeof header));
    assert_int_equal(btx_wal_header_known(&header, NULL), BTX_FAULT_LAYOUT);

    header.incompatible = 0;
    header.format = BTX_WAL_FORMAT + 1;
    header.crc = btx_crc32c(0, &header, offsetof(struct btx_wal_header, crc));
    assert_null(btx_wal_header_check(&header, sizeof header));
    assert_int_equal(btx_wal_header_known(&header, NULL), BTX_FAULT_LAYOUT);
}

static struct btx_wal_seal a_seal(void)
{
    const struct btx_wal_header header = a_header();
    struct btx_wal_chain chain = {0};
    struct btx_wal_seal seal;

    assert_int_equal(btx_wal_chain_begin(&chain, &header, previous, NULL), BTX_OK);
    btx_wal_chain_end(&chain, 0, &seal);
    btx_wal_chain_done(&chain);
    return seal;
}

static void seal_check__each_violation__named(void **state)
{
    static const struct {
        size_t offset;
        uint64_t value;
        size_t bytes;
        const char *why;
    } rows[] = {
        {offsetof(struct btx_wal_seal, magic), 'X', 1, "seal: wrong magic"},
        {offsetof(struct btx_wal_seal, reserved) + 51, 1, 1, "seal: reserved bytes are not zero"},
        {offsetof(struct btx_wal_seal, segment), 0, 8, "seal: segment: out of range"},
        {offsetof(struct btx_wal_seal, segment), UINT64_C(10000000000), 8,
         "seal: segment: out of range"},
        {offsetof(struct btx_wal_seal, first_seq), 0, 8,
         "seal: first seq, last seq or first batch: out of range"},
        {offsetof(struct btx_wal_seal, last_seq), 9, 8,
         "seal: first seq, last seq or first batch: out of range"},
        {offsetof(struct btx_wal_seal, first_batch), 0, 8,
         "seal: first seq, last seq or first batch: out of range"},
        {offsetof(struct btx_wal_seal, segment), 1, 8,
         "seal: of the first segment, but it stands on another"},
    };

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        struct btx_wal_seal seal = a_seal();
        const char *why;

        memcpy((uint8_t *)&seal + rows[i].offset, &rows[i].value, rows[i].bytes);
        seal.crc = btx_crc32c(0, &seal, offsetof(struct btx_wal_seal, crc));
        why = btx_wal_seal_check(&seal, sizeof seal);
        if (why == NULL || strcmp(why, rows[i].why) != 0)
            fail_msg("row %zu: want '%s', got '%s'", i, rows[i].why, why != NULL ? why : "right");
    }
}

static void seal_check__each_bit_turned__refused(void **state)
{
    struct btx_wal_seal seal = a_seal();

    (void)state;
    assert_null(btx_wal_seal_check(&seal, sizeof seal));
    assert_string_equal(btx_wal_seal_check(&seal, 0), "seal: wrong length");
    for (size_t bit = 0; bit < 8 * sizeof seal; bit++) {
        ((uint8_t *)&seal)[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_non_null(btx_wal_seal_check(&seal, sizeof seal));
        ((uint8_t *)&seal)[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* done() ends every path, also those on which nothing was begun. */
static void chain_done__never_begun__nothing_happens(void **state)
{
    struct btx_wal_chain chain = {0};

    (void)state;
    btx_wal_chain_done(&chain);
    btx_wal_chain_done(&chain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chain__segment_with_cut_batch__hash_as_described),
        cmocka_unit_test(chain__segment_without_batches__ends_where_it_begins),
        cmocka_unit_test(chain_begin_headless__no_header__zeros_stand_for_it),
        cmocka_unit_test(header_check__each_violation__named),
        cmocka_unit_test(header_check__each_bit_turned__refused),
        cmocka_unit_test(header_known__newer_format_or_feature__layout_and_not_damage),
        cmocka_unit_test(seal_check__each_violation__named),
        cmocka_unit_test(seal_check__each_bit_turned__refused),
        cmocka_unit_test(chain_done__never_begun__nothing_happens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
