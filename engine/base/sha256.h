/* SPDX-License-Identifier: Apache-2.0 */
/* sha256.h - SHA-256 over a stream of bytes, for state digests, hash chains and manifests.
 * A thin layer over OpenSSL's libcrypto, in its own library (btx_digest): the pure core hands its
 * bytes to a caller and never links this.  One object belongs to one thread at a time. */
#ifndef BTX_BASE_SHA256_H
#define BTX_BASE_SHA256_H

#include "engine/base/attributes.h"
#include "engine/base/fault.h"

#include <stddef.h>
#include <stdint.h>

enum { BTX_SHA256_BYTES = 32, BTX_SHA256_HEX_BYTES = 65 };

/* Caller's storage; start with {0}.  Fields are private. */
struct btx_sha256 {
    void *algorithm; /* looked up once, since that costs more than hashing a short record */
    void *context;
};

/* Get ready for the first byte.  Faults: MEMORY when libcrypto has none or offers no SHA-256. */
BTX_MUST_USE enum btx_fault_code btx_sha256_init(struct btx_sha256 *sha256,
                                                 struct btx_fault *reterr_fault);

/* Take @length_bytes more.  @data may be NULL when there are none. */
void btx_sha256_update(struct btx_sha256 *sha256, const void *data, size_t length_bytes);

/* Give the digest of everything since the last init or final, and be ready for the next stream. */
void btx_sha256_final(struct btx_sha256 *sha256, uint8_t ret_digest[BTX_SHA256_BYTES]);

/* Give back what init took.  Idempotent; accepts an object that init failed on. */
void btx_sha256_done(struct btx_sha256 *sha256);

/* @digest as 64 lower-case hexadecimal digits and a zero. */
void btx_sha256_hex(const uint8_t digest[BTX_SHA256_BYTES], char ret_text[BTX_SHA256_HEX_BYTES]);

#endif
