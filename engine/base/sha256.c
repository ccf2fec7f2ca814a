/* SPDX-License-Identifier: Apache-2.0 */
/* sha256.c - SHA-256 by libcrypto's EVP interface.
 * Once the context exists, no call below can fail but by a bug in its use, hence the CHECKs. */
#include "engine/base/sha256.h"

#include "engine/base/check.h"

#include <openssl/evp.h>

enum btx_fault_code btx_sha256_init(struct btx_sha256 *sha256, struct btx_fault *reterr_fault)
{
    sha256->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
    sha256->context = EVP_MD_CTX_new();
    if (sha256->algorithm == NULL || sha256->context == NULL ||
        EVP_DigestInit_ex2(sha256->context, sha256->algorithm, NULL) != 1) {
        btx_sha256_done(sha256);
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "libcrypto gives no SHA-256");
    }
    return BTX_OK;
}

void btx_sha256_update(struct btx_sha256 *sha256, const void *data, size_t length_bytes)
{
    CHECK(EVP_DigestUpdate(sha256->context, data, length_bytes) == 1);
}

void btx_sha256_final(struct btx_sha256 *sha256, uint8_t ret_digest[BTX_SHA256_BYTES])
{
    unsigned int length_bytes = 0;

    CHECK(EVP_DigestFinal_ex(sha256->context, ret_digest, &length_bytes) == 1);
    CHECK(length_bytes == BTX_SHA256_BYTES);
    CHECK(EVP_DigestInit_ex2(sha256->context, NULL, NULL) == 1);
}

void btx_sha256_done(struct btx_sha256 *sha256)
{
    EVP_MD_CTX_free(sha256->context);
    EVP_MD_free(sha256->algorithm);
    sha256->context = NULL;
    sha256->algorithm = NULL;
}

void btx_sha256_hex(const uint8_t digest[BTX_SHA256_BYTES], char ret_text[BTX_SHA256_HEX_BYTES])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < BTX_SHA256_BYTES; i++) {
        ret_text[2 * i] = digits[digest[i] >> 4];
        ret_text[2 * i + 1] = digits[digest[i] & 15];
    }
    ret_text[BTX_SHA256_HEX_BYTES - 1] = '\0';
}
