/* SPDX-License-Identifier: Apache-2.0 */
/* seal.h - the SHA-256 chain over segments.
 *
 * The hash of a segment is SHA-256 of: the hash of the segment before it (32 zeros for the first),
 * the 256 bytes of its header (zeros when it has none that can be read), and for each batch that
 * counts its key (16 bytes), the number of its bytes that count (u64, little-endian) and these
 * bytes.  What recovery cut does not count. */
#ifndef BTX_WAL_SEAL_H
#define BTX_WAL_SEAL_H

#include "engine/base/sha256.h"
#include "engine/wal/batch.h"
#include "engine/wal/wal_format.h"

/* Caller's storage; start with {0}.  Fields are private. */
struct btx_wal_chain {
    struct btx_sha256 sha256;
    struct btx_wal_seal seal; /* what is known of it so far */
};

/* Begin the hash of the segment of @header (its 256 bytes as they are), behind the segment whose
 * hash is @previous.  Faults: MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_wal_chain_begin(struct btx_wal_chain *chain,
                                                     const struct btx_wal_header *header,
                                                     const uint8_t previous[BTX_WAL_HASH_BYTES],
                                                     struct btx_fault *reterr_fault);

/* The same for segment number @segment whose file has no header that can be read, so that none of
 * it counts: 256 zeros stand for the header.  @position is where the log ends before it. */
BTX_MUST_USE enum btx_fault_code btx_wal_chain_begin_headless(
    struct btx_wal_chain *chain, uint64_t segment, const struct btx_wal_position *position,
    const uint8_t previous[BTX_WAL_HASH_BYTES], struct btx_fault *reterr_fault);

/* Take the first @length_bytes of @batch, which is checked and leads to @position. */
void btx_wal_chain_add(struct btx_wal_chain *chain, const struct btx_wal_batch *batch,
                       size_t length_bytes, const struct btx_wal_position *position);

/* Give the finished seal, unsigned, with its CRC. */
void btx_wal_chain_end(struct btx_wal_chain *chain, uint64_t sealed_ns,
                       struct btx_wal_seal *ret_seal);

/* Idempotent; accepts an object that begin failed on. */
void btx_wal_chain_done(struct btx_wal_chain *chain);

/* Set the CRC of a finished header. */
void btx_wal_header_seal(struct btx_wal_header *header);

/* Whether the bytes (of any alignment) are a header, or a seal: length, magic, CRC, and what can
 * be said of the fields alone.  NULL or what is wrong, in static storage.  A header of another
 * format is whole and right here, so that nobody takes it for damage: see below. */
BTX_MUST_USE const char *btx_wal_header_check(const void *bytes, size_t length_bytes);
BTX_MUST_USE const char *btx_wal_seal_check(const void *bytes, size_t length_bytes);

/* Whether this version reads segments with this header, which was checked; to be asked before
 * anything else of it is used.  Faults: LAYOUT. */
BTX_MUST_USE enum btx_fault_code btx_wal_header_known(const struct btx_wal_header *header,
                                                      struct btx_fault *reterr_fault);

#endif
