/* SPDX-License-Identifier: Apache-2.0 */
/* ring_layout.h - the bytes of the shared pages: what two processes must agree on.
 * README.md has the same as tables, byte by byte.  Little-endian, naturally aligned, no padding.
 *
 * Four pieces of memory, each a sealed memfd of its own, so that the kernel and not our manners
 * says who may write what:
 *   event page       the positions of the event ring; written by the engine only
 *   event bytes      its records; written by the engine only
 *   engine page      the engine's side of one command ring; written by the engine only
 *   producer region  the producer's side: its page, its accounts, its records; written by the
 *                    producer only, made anew for each life of it */
#ifndef BTX_RING_RING_LAYOUT_H
#define BTX_RING_RING_LAYOUT_H

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* All positions, lengths and capacities are whole units: a cache line, a record's least size. */
#define BTX_RING_UNIT_BYTES 64u

/* What a ring knows of the records in it: bytes 4 and 5 are the length in units, the low four bits
 * of byte 6 the kind and the high four flags, byte 7 the type.  All else is meaning. */
#define BTX_RING_LENGTH_SHIFT 32
#define BTX_RING_KIND_SHIFT 48
#define BTX_RING_TYPE_SHIFT 56

/* Of the layout on this page.  Counts up with every change: both sides must have the same. */
#define BTX_RING_LAYOUT_VERSION 1u

#define BTX_EVENT_PAGE_MAGIC UINT64_C(0x676e697276657462)  /* "btevring" as bytes in memory */
#define BTX_ENGINE_PAGE_MAGIC UINT64_C(0x676e69726d637462) /* "btcmring" */

/* Each page is one page of memory.  What different threads write is two cache lines apart: the
 * processor fetches lines in pairs. */
#define BTX_RING_PAGE_BYTES 4096u
#define BTX_RING_APART_BYTES 128u

/* Positions count bytes since the ring was made and never wrap: 2^64 bytes at 100 GB/s are five
 * years, and a ring lives as long as its process. */
struct btx_event_page {
    uint64_t magic; /* BTX_EVENT_PAGE_MAGIC */
    uint32_t layout_version;
    uint32_t unit_bytes;
    uint64_t capacity_bytes; /* of the event bytes: a power of two */
    uint64_t incarnation;    /* of the engine: another number, another ring */
    uint8_t reserved_0[96];

    _Atomic uint64_t claimed; /* up to here bytes may be overwritten any moment; stored before */
    uint8_t reserved_1[120];

    _Atomic uint64_t published; /* up to here whole txs are there, for the poller only */
    uint8_t reserved_2[120];

    _Atomic uint64_t durable; /* up to here everything is on the disk, for everybody */
    _Atomic uint64_t mark;    /* what the poller said of that position: the last seq before it */
    _Atomic uint64_t pair;    /* odd while durable and mark do not belong together */
    uint8_t reserved_3[3688];
};

/* Values of state. */
#define BTX_COMMAND_RING_OPEN 1u
#define BTX_COMMAND_RING_REVOKED 2u /* nothing is read any more */

struct btx_engine_page {
    uint64_t magic; /* BTX_ENGINE_PAGE_MAGIC */
    uint32_t layout_version;
    uint32_t unit_bytes;
    uint64_t ring_bytes;          /* of the records: a power of two */
    uint64_t command_types;       /* bit n: records of type n are taken */
    uint32_t accounts_max;        /* places in the list of accounts */
    uint32_t length_bytes_max;    /* of one record */
    _Atomic uint32_t incarnation; /* which life of this producer's ring */
    uint16_t producer;            /* which producer */
    uint8_t kind;                 /* the kind that its records must have */
    uint8_t reserved_0[77];

    _Atomic uint64_t head; /* up to here records were taken: may be overwritten */
    uint8_t reserved_1[120];

    _Atomic uint32_t state;
    uint8_t reserved_2[3836];
};

/* Behind it, at BTX_RING_PAGE_BYTES, accounts_max accounts (8 bytes each, rounded up to whole
 * pages; 0 is an empty place), then ring_bytes of records. */
struct btx_producer_page {
    _Atomic uint64_t tail; /* up to here whole records are there */
    uint8_t reserved_0[120];

    _Atomic uint64_t waits_for; /* wake me when the durable position is this or more; 0: do not */
    uint8_t reserved_1[3960];
};

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the pages are little-endian");
/* In another process there is no lock table that both would use. */
static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2, "atomics without locks");
static_assert(sizeof(_Atomic uint64_t) == 8 && sizeof(_Atomic uint32_t) == 4, "and without more");

static_assert(offsetof(struct btx_event_page, magic) == 0, "event page");
static_assert(offsetof(struct btx_event_page, layout_version) == 8, "event page");
static_assert(offsetof(struct btx_event_page, unit_bytes) == 12, "event page");
static_assert(offsetof(struct btx_event_page, capacity_bytes) == 16, "event page");
static_assert(offsetof(struct btx_event_page, incarnation) == 24, "event page");
static_assert(offsetof(struct btx_event_page, claimed) == 128, "event page");
static_assert(offsetof(struct btx_event_page, published) == 256, "event page");
static_assert(offsetof(struct btx_event_page, durable) == 384, "event page");
static_assert(offsetof(struct btx_event_page, mark) == 392, "event page");
static_assert(offsetof(struct btx_event_page, pair) == 400, "event page");
static_assert(offsetof(struct btx_event_page, reserved_3) == 408, "no padding before it");
static_assert(sizeof(struct btx_event_page) == BTX_RING_PAGE_BYTES, "one page");

static_assert(offsetof(struct btx_engine_page, magic) == 0, "engine page");
static_assert(offsetof(struct btx_engine_page, layout_version) == 8, "engine page");
static_assert(offsetof(struct btx_engine_page, unit_bytes) == 12, "engine page");
static_assert(offsetof(struct btx_engine_page, ring_bytes) == 16, "engine page");
static_assert(offsetof(struct btx_engine_page, command_types) == 24, "engine page");
static_assert(offsetof(struct btx_engine_page, accounts_max) == 32, "engine page");
static_assert(offsetof(struct btx_engine_page, length_bytes_max) == 36, "engine page");
static_assert(offsetof(struct btx_engine_page, incarnation) == 40, "engine page");
static_assert(offsetof(struct btx_engine_page, producer) == 44, "engine page");
static_assert(offsetof(struct btx_engine_page, kind) == 46, "engine page");
static_assert(offsetof(struct btx_engine_page, head) == 128, "engine page");
static_assert(offsetof(struct btx_engine_page, state) == 256, "engine page");
static_assert(offsetof(struct btx_engine_page, reserved_2) == 260, "no padding before it");
static_assert(sizeof(struct btx_engine_page) == BTX_RING_PAGE_BYTES, "one page");

static_assert(offsetof(struct btx_producer_page, tail) == 0, "producer page");
static_assert(offsetof(struct btx_producer_page, waits_for) == 128, "producer page");
static_assert(sizeof(struct btx_producer_page) == BTX_RING_PAGE_BYTES, "one page");

/* The event ring: 4096 to 4 194 304 events (engine.ring_size) of 512 bytes; a hugepage at least. */
#define BTX_EVENT_RING_BYTES_MIN (UINT64_C(2) << 20)
#define BTX_EVENT_RING_BYTES_MAX (UINT64_C(2) << 30)
/* A command ring: some of the longest records (8320 bytes) at least, and locked memory at most. */
#define BTX_COMMAND_RING_BYTES_MIN (UINT64_C(64) << 10)
#define BTX_COMMAND_RING_BYTES_MAX (UINT64_C(16) << 20)
/* More accounts than one gateway can have connections (RLIMIT_NOFILE, some 20 000): 256 KiB. */
#define BTX_RING_ACCOUNTS_MAX 32768u
static_assert(BTX_RING_ACCOUNTS_MAX * 8u % BTX_RING_PAGE_BYTES == 0, "whole pages");

/* Where the parts of a producer region are. */
static inline size_t btx_producer_region_records_offset(uint32_t accounts_max)
{
    const size_t list_bytes = (size_t)accounts_max * sizeof(uint64_t);

    return BTX_RING_PAGE_BYTES +
           (list_bytes + BTX_RING_PAGE_BYTES - 1) / BTX_RING_PAGE_BYTES * BTX_RING_PAGE_BYTES;
}

#endif
