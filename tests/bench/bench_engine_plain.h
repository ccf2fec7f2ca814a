/* SPDX-License-Identifier: Apache-2.0 */
/* bench_engine_plain.h - the log that an engine has just written, read back and checked; and what a
 * plain file makes of the same bytes (bench_wal_plain.h). */
#ifndef BTX_BENCH_ENGINE_PLAIN_H
#define BTX_BENCH_ENGINE_PLAIN_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/fault.h"
#include "tests/bench/bench_engine_load.h"
#include "tests/bench/bench_wal_place.h"

/* The records of a run, from its beginning, as they lie in the log, and how they were committed. */
struct btx_bench_engine_sample {
    uint8_t *bytes;
    size_t length_bytes;
    uint32_t *batches; /* Bytes of each commit. */
    size_t batch_count;
};

/* Read all of the log at place->root, whose run gave @result: every record valid, and exactly the
 * events that were read from the ring.  @ret_sample gets what fits it of the run's records.
 * Faults: those of the reader; BUG for damage and for events that are not there. */
BTX_MUST_USE enum btx_fault_code btx_bench_engine_read_log(
    const struct btx_bench_wal_place *place, const struct btx_bench_engine_result *result,
    struct btx_bench_engine_sample *ret_sample, struct btx_fault *reterr_fault);

/* Idempotent. */
void btx_bench_engine_sample_done(struct btx_bench_engine_sample *sample);

struct btx_bench_engine_plain {
    uint64_t commands;
    uint64_t events;
    uint64_t commits;
    uint64_t waits; /* Files behind whose zeros it had to go on. */
    double seconds;
    struct btx_bench_engine_spread latency; /* Of commands; zeros where there is no rate. */
};

/* Append and sync the sample again and again, for @seconds or until @bytes_max are written.
 * Without @rate: batch by batch as the engine committed them, one behind the other.  With it: so
 * many commands a second are due, and all that are due and not written go into the next commit.
 * Faults: IO. */
BTX_MUST_USE enum btx_fault_code btx_bench_engine_plain(
    const struct btx_bench_wal_place *place, const struct btx_bench_engine_sample *sample,
    double rate, double seconds, uint64_t bytes_max, struct btx_bench_engine_plain *ret_plain,
    struct btx_fault *reterr_fault);

#endif
