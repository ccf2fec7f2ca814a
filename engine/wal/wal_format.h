/* SPDX-License-Identifier: Apache-2.0 */
/* wal_format.h - the bytes of a log on disk: every struct that the folder writes or reads.
 *
 * The structs are the bytes: little-endian, naturally aligned, without padding (asserted).  What
 * they mean and when a log is valid is README.md in this folder; the records themselves are
 * engine/wire/README.md. */
#ifndef BTX_WAL_WAL_FORMAT_H
#define BTX_WAL_WAL_FORMAT_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/limits.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the structs are the bytes");

/* The version of everything below.  A reader refuses a log with unknown incompatible features
 * and ignores unknown compatible ones. */
#define BTX_WAL_FORMAT 1u
#define BTX_WAL_INCOMPATIBLE_KNOWN 0u

/* Names below the root of a log. */
#define BTX_WAL_LOCK_NAME ".writer.lock"
#define BTX_WAL_ID_NAME "wal.id"
#define BTX_WAL_SEGMENTS_NAME "segments"
#define BTX_WAL_SNAPSHOTS_NAME "snapshots"
/* A segment is <first seq, 20 digits>-<number, 10 digits>.mdb, a snapshot <seq, 20 digits>.snap;
 * what is not yet one of them ends in .tmp and is removed when a writer starts. */
#define BTX_WAL_SEGMENT_ENDING ".mdb"
#define BTX_WAL_SNAPSHOT_ENDING ".snap"
#define BTX_WAL_TEMPORARY_ENDING ".tmp"
enum { BTX_WAL_NAME_BYTES = 40 };
#define BTX_WAL_SEGMENT_NUMBER_MAX UINT64_C(9999999999)

#define BTX_WAL_UUID_BYTES 16
#define BTX_WAL_HASH_BYTES 32
#define BTX_WAL_SIGNATURE_BYTES 64
#define BTX_WAL_TEXT_BYTES 64

/* wal.id: which log this is.  Written once, when the log is made. */
#define BTX_WAL_ID_MAGIC "BTXWALID"
struct btx_wal_id {
    char magic[8];
    uint32_t format;
    uint32_t reserved;
    uint8_t uuid[BTX_WAL_UUID_BYTES]; /* random, RFC 4122 version 4 */
    uint64_t created_ns;              /* wall clock */
    char host[BTX_WAL_TEXT_BYTES];    /* padded text: the host that made it */
    uint8_t reserved_bytes[404];
    uint32_t crc; /* CRC-32C of all bytes before it */
};
static_assert(sizeof(struct btx_wal_id) == 512, "one sector");
static_assert(offsetof(struct btx_wal_id, uuid) == 16, "no padding");
static_assert(offsetof(struct btx_wal_id, created_ns) == 32, "no padding");
static_assert(offsetof(struct btx_wal_id, host) == 40, "no padding");
static_assert(offsetof(struct btx_wal_id, crc) == 508, "the CRC is last");

/* .writer.lock: who holds the log, or held it last.  One sector, so that it is never torn. */
#define BTX_WAL_LOCK_MAGIC "BTXLOCK1"
struct btx_wal_lock_record {
    char magic[8];
    uint64_t epoch;    /* of this holder; each opening for writing has a greater one */
    uint64_t since_ns; /* wall clock */
    int64_t pid;       /* of the holder, as its host counts */
    char program[BTX_WAL_TEXT_BYTES]; /* padded text */
    char host[BTX_WAL_TEXT_BYTES];    /* padded text */
    char boot_id[40];                 /* padded text: /proc/sys/kernel/random/boot_id */
    uint8_t uuid[BTX_WAL_UUID_BYTES]; /* of the log; zero before it has one */
    uint8_t reserved[292];
    uint32_t crc; /* CRC-32C of all bytes before it */
};
static_assert(sizeof(struct btx_wal_lock_record) == 512, "one sector");
static_assert(offsetof(struct btx_wal_lock_record, program) == 32, "no padding");
static_assert(offsetof(struct btx_wal_lock_record, uuid) == 200, "no padding");
static_assert(offsetof(struct btx_wal_lock_record, crc) == 508, "the CRC is last");

/* Keys of a segment: two big-endian numbers, so that memcmp() orders them.
 *   (0, 0)          the header
 *   (0, 1..)        seals of earlier segments, in the order of the segments
 *   (seq, batch)    a batch: the seq that its first event has or would have (the last event
 *                   before it, plus 1), and its number in the log, 1, 2, 3, ... without gaps */
struct btx_wal_key {
    uint8_t seq[8];
    uint8_t batch[8];
};
static_assert(sizeof(struct btx_wal_key) == 16, "no padding");

/* The value of key (0, 0). */
#define BTX_WAL_HEADER_MAGIC "BTXWALSG"
struct btx_wal_header {
    char magic[8];
    uint32_t format;
    uint32_t compatible;   /* features that a reader may ignore */
    uint32_t incompatible; /* features that a reader must know */
    uint32_t reserved;
    uint8_t uuid[BTX_WAL_UUID_BYTES]; /* of wal.id */
    uint64_t segment;                 /* 1, 2, 3, ... without gaps */
    uint64_t epoch;                   /* of the writer; never less than in the segment before */
    uint64_t created_ns;              /* wall clock */
    uint64_t first_seq;               /* that its first event has or will have; its name */
    uint64_t first_tx;                /* that its first tx has or will have */
    uint64_t first_batch;             /* that its first batch has or will have */
    uint64_t previous_bytes;          /* how many bytes of records of the segment before count;
                                         what may stand there behind them was cut, see recovery */
    char host[BTX_WAL_TEXT_BYTES];    /* padded text */
    uint8_t reserved_bytes[92];
    uint32_t crc; /* CRC-32C of all bytes before it */
};
static_assert(sizeof(struct btx_wal_header) == 256, "no padding");
static_assert(offsetof(struct btx_wal_header, uuid) == 24, "no padding");
static_assert(offsetof(struct btx_wal_header, segment) == 40, "no padding");
static_assert(offsetof(struct btx_wal_header, host) == 96, "no padding");
static_assert(offsetof(struct btx_wal_header, crc) == 252, "the CRC is last");

/* The value of keys (0, 1..): what an earlier segment holds, for ever. */
#define BTX_WAL_SEAL_MAGIC "BTXWSEAL"
struct btx_wal_seal {
    char magic[8];
    uint64_t segment; /* which */
    uint64_t first_seq;
    uint64_t last_seq;    /* first_seq - 1 when there are no events */
    uint64_t last_tx;     /* of the last event or, when there are none, of the one before */
    uint64_t first_batch; /* of the header */
    uint64_t batch_count;
    uint64_t bytes;                       /* of its records, together */
    uint64_t sealed_ns;                   /* wall clock */
    uint8_t previous[BTX_WAL_HASH_BYTES]; /* hash of the segment before; zeros for segment 1 */
    uint8_t hash[BTX_WAL_HASH_BYTES];     /* see btx_wal_chain, seal.h */
    uint8_t signature[BTX_WAL_SIGNATURE_BYTES]; /* Ed25519; zeros: not signed */
    uint8_t reserved[52];
    uint32_t crc; /* CRC-32C of all bytes before it */
};
static_assert(sizeof(struct btx_wal_seal) == 256, "no padding");
static_assert(offsetof(struct btx_wal_seal, previous) == 72, "no padding");
static_assert(offsetof(struct btx_wal_seal, signature) == 136, "no padding");
static_assert(offsetof(struct btx_wal_seal, crc) == 252, "the CRC is last");

/* snapshots/<seq>.snap: this, then @length_bytes of state (engine/core/README.md). */
#define BTX_WAL_SNAPSHOT_MAGIC "BTXWSNAP"
struct btx_wal_snapshot_header {
    char magic[8];
    uint32_t format;
    uint32_t rules_version;
    uint8_t uuid[BTX_WAL_UUID_BYTES];   /* of wal.id */
    uint64_t segment;                   /* it is the state at the end of this segment */
    uint64_t seq;                       /* the last event it contains; its name */
    uint64_t tx;                        /* of that event */
    uint64_t created_ns;                /* wall clock */
    uint64_t length_bytes;              /* of the state behind this header */
    uint8_t chain[BTX_WAL_HASH_BYTES];  /* hash of the seal of @segment: what it stands on */
    uint8_t digest[BTX_WAL_HASH_BYTES]; /* SHA-256 of the state: the state digest */
    uint8_t reserved[116];
    uint32_t crc; /* CRC-32C of all bytes before it */
};
static_assert(sizeof(struct btx_wal_snapshot_header) == 256, "no padding");
static_assert(offsetof(struct btx_wal_snapshot_header, segment) == 32, "no padding");
static_assert(offsetof(struct btx_wal_snapshot_header, chain) == 72, "no padding");
static_assert(offsetof(struct btx_wal_snapshot_header, crc) == 252, "the CRC is last");

/* LMDB pages: the only size that a log has, whatever the machine. */
#define BTX_WAL_PAGE_BYTES 4096u
/* In front of the data of a page, and of a run of overflow pages. */
#define BTX_WAL_PAGE_HEADER_BYTES 16u

#endif
