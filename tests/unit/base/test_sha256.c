/* SPDX-License-Identifier: Apache-2.0 */
/* test_sha256.c - the digest is SHA-256 and depends only on the bytes. */
#include "engine/base/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ABC_HEX "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define EMPTY_HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void finish(struct btx_sha256 *sha256, char ret_text[BTX_SHA256_HEX_BYTES])
{
    uint8_t digest[BTX_SHA256_BYTES];

    btx_sha256_final(sha256, digest);
    btx_sha256_hex(digest, ret_text);
}

/* Vectors of FIPS 180-4. */
static void sha256__known_inputs__known_digests(void **state)
{
    static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    struct btx_sha256 sha256 = {0};
    struct btx_fault fault = {0};
    char text[BTX_SHA256_HEX_BYTES];

    (void)state;
    assert_int_equal(btx_sha256_init(&sha256, &fault), BTX_OK);
    btx_sha256_update(&sha256, NULL, 0);
    finish(&sha256, text);
    assert_string_equal(text, EMPTY_HEX);
    btx_sha256_update(&sha256, "abc", 3);
    finish(&sha256, text);
    assert_string_equal(text, ABC_HEX);
    btx_sha256_update(&sha256, two_blocks, strlen(two_blocks));
    finish(&sha256, text);
    assert_string_equal(text, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    btx_sha256_done(&sha256);
}

/* A state is hashed piece by piece: where the pieces end must not show. */
static void sha256__any_split__same_digest(void **state)
{
    struct btx_sha256 sha256 = {0};
    struct btx_fault fault = {0};
    char text[BTX_SHA256_HEX_BYTES];

    (void)state;
    assert_int_equal(btx_sha256_init(&sha256, &fault), BTX_OK);
    for (size_t split = 0; split <= 3; split++) {
        btx_sha256_update(&sha256, "abc", split);
        btx_sha256_update(&sha256, &"abc"[split], 3 - split);
        finish(&sha256, text);
        print_message("split %zu\n", split);
        assert_string_equal(text, ABC_HEX);
    }
    btx_sha256_done(&sha256);
}

static void sha256_done__twice_and_never_initialised__does_nothing(void **state)
{
    struct btx_sha256 sha256 = {0};
    struct btx_fault fault = {0};

    (void)state;
    btx_sha256_done(&sha256);
    assert_int_equal(btx_sha256_init(&sha256, &fault), BTX_OK);
    btx_sha256_done(&sha256);
    btx_sha256_done(&sha256);
    assert_null(sha256.context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256__known_inputs__known_digests),
        cmocka_unit_test(sha256__any_split__same_digest),
        cmocka_unit_test(sha256_done__twice_and_never_initialised__does_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
