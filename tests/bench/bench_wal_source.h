/* SPDX-License-Identifier: Apache-2.0 */
/* bench_wal_source.h - the records that both logs are given: real ones, sealed while time runs.
 *
 * Three kinds.  EVENTS are AccountFrozen records of 64 bytes, each a tx of its own, in one command
 * that never ends: the smallest thing that a log can hold, so that a commit of N events has N
 * records and N * 64 bytes.  FLOW is the mixed order flow of bench_core_generate.c as the core
 * recorded it, commands and events, in memory.  LIVE is the same flow decided while time runs.
 * Each kind is a valid log from its first record on (engine/wal/README.md 2). */
#ifndef BTX_BENCH_WAL_SOURCE_H
#define BTX_BENCH_WAL_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "engine/exchange/exchange.h"
#include "tests/bench/bench_core_flow.h"

enum btx_bench_wal_kind {
    BTX_BENCH_WAL_EVENTS,
    BTX_BENCH_WAL_FLOW,
    BTX_BENCH_WAL_LIVE,
    BTX_BENCH_WAL_KIND_COUNT
};

/* Whole txs, sealed.  The bytes are valid until the next call on their source. */
struct btx_bench_wal_records {
    const uint8_t *bytes; /* 64-byte aligned. */
    size_t length_bytes;  /* 0: no tx fits what was asked for, or the flow is at its end. */
    uint64_t events;
};

/* One tx of a recorded flow. */
struct btx_bench_wal_tx {
    uint32_t length_bytes;
    uint32_t events;
};

/* A flow as the core recorded it, for any number of sources. */
struct btx_bench_wal_recording {
    struct btx_bench_flow flow;
    uint8_t *bytes; /* Unsealed records, those that open accounts and markets first. */
    size_t length_bytes;
    struct btx_bench_wal_tx *txs;
    size_t tx_count;
    size_t setup_txs;
    uint64_t events; /* The setup's included. */
    uint64_t records;
    uint8_t digest[BTX_SHA256_BYTES]; /* Of the state at its end. */
};

/* Make the flow of @commands commands and run it through a core.  CHECKs that there is memory. */
void btx_bench_wal_recording_init(struct btx_bench_wal_recording *recording, uint32_t commands);
void btx_bench_wal_recording_done(struct btx_bench_wal_recording *recording);

struct btx_bench_wal_source {
    enum btx_bench_wal_kind kind;
    struct btx_bench_wal_recording *recording; /* FLOW and LIVE. */
    uint8_t *room;                             /* EVENTS and LIVE: where a commit is made. */
    size_t room_bytes;
    uint64_t seq;                /* EVENTS: of the last event. */
    size_t tx;                   /* FLOW: the next one. */
    size_t at_bytes;             /* FLOW: where it begins. */
    struct btx_exchange live;    /* LIVE. */
    const uint8_t *live_command; /* LIVE: the next one. */
};

/* Begin at the beginning; @commit_bytes is the most that a call will ask for. */
void btx_bench_wal_source_init(struct btx_bench_wal_source *source, enum btx_bench_wal_kind kind,
                               struct btx_bench_wal_recording *recording, size_t commit_bytes);

/* What the log begins with, before the clock starts: the command and its first event, or what
 * opens the accounts and markets. */
struct btx_bench_wal_records btx_bench_wal_source_first(struct btx_bench_wal_source *source);

/* The next txs, as many as fit @events_max events and the bytes asked for at init. */
struct btx_bench_wal_records btx_bench_wal_source_next(struct btx_bench_wal_source *source,
                                                       uint64_t events_max);

/* Whether there will be no more. */
bool btx_bench_wal_source_ended(const struct btx_bench_wal_source *source);

void btx_bench_wal_source_done(struct btx_bench_wal_source *source);

#endif
