/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/wal/seal.h"

#include <inttypes.h>
#include <string.h>

#include "engine/base/crc32c.h"
#include "engine/wal/log_folder.h"

/* The keys of batches are hashed as they stand in the segment. */
static struct btx_wal_key key_of(const struct btx_wal_batch *batch)
{
    struct btx_wal_key key;
    const uint64_t seq = __builtin_bswap64(batch->seq);
    const uint64_t number = __builtin_bswap64(batch->number);

    memcpy(key.seq, &seq, sizeof key.seq);
    memcpy(key.batch, &number, sizeof key.batch);
    return key;
}

/* Begin behind @previous with @header_bytes of 256 bytes, which may be of a header or zeros. */
static enum btx_fault_code chain_open(struct btx_wal_chain *chain, const void *header_bytes,
                                      const uint8_t previous[BTX_WAL_HASH_BYTES],
                                      struct btx_fault *reterr_fault)
{
    const enum btx_fault_code code = btx_sha256_init(&chain->sha256, reterr_fault);

    if (code != BTX_OK)
        return code;
    memcpy(chain->seal.magic, BTX_WAL_SEAL_MAGIC, sizeof chain->seal.magic);
    memcpy(chain->seal.previous, previous, BTX_WAL_HASH_BYTES);
    btx_sha256_update(&chain->sha256, previous, BTX_WAL_HASH_BYTES);
    btx_sha256_update(&chain->sha256, header_bytes, sizeof(struct btx_wal_header));
    return BTX_OK;
}

enum btx_fault_code btx_wal_chain_begin(struct btx_wal_chain *chain,
                                        const struct btx_wal_header *header,
                                        const uint8_t previous[BTX_WAL_HASH_BYTES],
                                        struct btx_fault *reterr_fault)
{
    chain->seal = (struct btx_wal_seal){
        .segment = header->segment,
        .first_seq = header->first_seq,
        .last_seq = header->first_seq - 1,
        .last_tx = header->first_tx - 1,
        .first_batch = header->first_batch,
    };
    return chain_open(chain, header, previous, reterr_fault);
}

enum btx_fault_code btx_wal_chain_begin_headless(struct btx_wal_chain *chain, uint64_t segment,
                                                 const struct btx_wal_position *position,
                                                 const uint8_t previous[BTX_WAL_HASH_BYTES],
                                                 struct btx_fault *reterr_fault)
{
    static const struct btx_wal_header zeros;

    chain->seal = (struct btx_wal_seal){
        .segment = segment,
        .first_seq = position->seq + 1,
        .last_seq = position->seq,
        .last_tx = position->tx,
        .first_batch = position->batch + 1,
    };
    return chain_open(chain, &zeros, previous, reterr_fault);
}

void btx_wal_chain_add(struct btx_wal_chain *chain, const struct btx_wal_batch *batch,
                       size_t length_bytes, const struct btx_wal_position *position)
{
    const struct btx_wal_key key = key_of(batch);
    const uint64_t length = length_bytes;

    btx_sha256_update(&chain->sha256, &key, sizeof key);
    btx_sha256_update(&chain->sha256, &length, sizeof length);
    btx_sha256_update(&chain->sha256, batch->bytes, length_bytes);
    chain->seal.batch_count++;
    chain->seal.bytes += length_bytes;
    chain->seal.last_seq = position->seq;
    chain->seal.last_tx = position->tx;
}

void btx_wal_chain_end(struct btx_wal_chain *chain, uint64_t sealed_ns,
                       struct btx_wal_seal *ret_seal)
{
    chain->seal.sealed_ns = sealed_ns;
    btx_sha256_final(&chain->sha256, chain->seal.hash);
    chain->seal.crc = btx_crc32c(0, &chain->seal, offsetof(struct btx_wal_seal, crc));
    *ret_seal = chain->seal;
}

void btx_wal_chain_done(struct btx_wal_chain *chain)
{
    btx_sha256_done(&chain->sha256);
}

void btx_wal_header_seal(struct btx_wal_header *header)
{
    header->crc = btx_crc32c(0, header, offsetof(struct btx_wal_header, crc));
}

static const char *check_header_fields(const struct btx_wal_header *header)
{
    if (header->reserved != 0 ||
        !btx_wal_bytes_are_zero(header->reserved_bytes, sizeof header->reserved_bytes))
        return "header: reserved bytes are not zero";
    if (!btx_wal_text_valid(header->host, sizeof header->host))
        return "header: host: not a padded text";
    if (header->segment == 0 || header->segment > BTX_WAL_SEGMENT_NUMBER_MAX)
        return "header: segment: out of range";
    if (header->first_seq == 0 || header->first_tx == 0 || header->first_batch == 0)
        return "header: first seq, tx or batch: out of range";
    if (header->segment == 1 && (header->first_seq != 1 || header->first_tx != 1 ||
                                 header->first_batch != 1 || header->previous_bytes != 0))
        return "header: of the first segment, but something stands before it";
    return NULL;
}

const char *btx_wal_header_check(const void *bytes, size_t length_bytes)
{
    struct btx_wal_header header;

    if (length_bytes != sizeof header)
        return "header: wrong length";
    memcpy(&header, bytes, sizeof header);
    if (memcmp(header.magic, BTX_WAL_HEADER_MAGIC, sizeof header.magic) != 0)
        return "header: wrong magic";
    if (header.crc != btx_crc32c(0, &header, offsetof(struct btx_wal_header, crc)))
        return "header: CRC is wrong";
    if (header.format != BTX_WAL_FORMAT || (header.incompatible & ~BTX_WAL_INCOMPATIBLE_KNOWN) != 0)
        return NULL; /* Whole, and for btx_wal_header_known() to refuse. */
    return check_header_fields(&header);
}

enum btx_fault_code btx_wal_header_known(const struct btx_wal_header *header,
                                         struct btx_fault *reterr_fault)
{
    if (header->format != BTX_WAL_FORMAT)
        return btx_fault_set(reterr_fault, BTX_FAULT_LAYOUT, 0,
                             "the segment has format %" PRIu32
                             ", this program reads %u: use the version that wrote it",
                             header->format, BTX_WAL_FORMAT);
    if ((header->incompatible & ~BTX_WAL_INCOMPATIBLE_KNOWN) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_LAYOUT, 0,
                             "the segment uses features 0x%" PRIx32
                             " that this program does not know: use the version that wrote it",
                             header->incompatible & ~BTX_WAL_INCOMPATIBLE_KNOWN);
    return BTX_OK;
}

const char *btx_wal_seal_check(const void *bytes, size_t length_bytes)
{
    struct btx_wal_seal seal;

    if (length_bytes != sizeof seal)
        return "seal: wrong length";
    memcpy(&seal, bytes, sizeof seal);
    if (memcmp(seal.magic, BTX_WAL_SEAL_MAGIC, sizeof seal.magic) != 0)
        return "seal: wrong magic";
    if (seal.crc != btx_crc32c(0, &seal, offsetof(struct btx_wal_seal, crc)))
        return "seal: CRC is wrong";
    if (!btx_wal_bytes_are_zero(seal.reserved, sizeof seal.reserved))
        return "seal: reserved bytes are not zero";
    if (seal.segment == 0 || seal.segment > BTX_WAL_SEGMENT_NUMBER_MAX)
        return "seal: segment: out of range";
    if (seal.first_seq == 0 || seal.first_batch == 0 || seal.last_seq < seal.first_seq - 1)
        return "seal: first seq, last seq or first batch: out of range";
    if (seal.segment == 1 && !btx_wal_bytes_are_zero(seal.previous, sizeof seal.previous))
        return "seal: of the first segment, but it stands on another";
    return NULL;
}
