/* SPDX-License-Identifier: Apache-2.0 */
/* bench_wal_run.h - one run: a fresh log of one side, a load on it, the figures, the log checked.
 *
 * Open loop: the time of an event runs from when it was offered, by the clock, whether or not the
 * log was ready for it; so a log that stalls is charged with everything that waited meanwhile.
 * One thread offers, seals and commits, as the probe did that the goals come from; the writer's
 * and the baseline's own threads run beside it. */
#ifndef BTX_BENCH_WAL_RUN_H
#define BTX_BENCH_WAL_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/fault.h"
#include "tests/bench/bench_wal_place.h"
#include "tests/bench/bench_wal_source.h"

/* Whose log. */
enum btx_bench_wal_side {
    BTX_BENCH_WAL_PLAIN, /* bench_wal_plain.h */
    BTX_BENCH_WAL_STILL, /* Ours, never rotated. */
    BTX_BENCH_WAL_OURS,  /* Ours at its defaults. */
    BTX_BENCH_WAL_OFTEN, /* Ours, rotated at max_segment_events whatever the segment's age. */
    BTX_BENCH_WAL_SIDE_COUNT
};

enum btx_bench_wal_part {
    BTX_BENCH_WAL_BURST,     /* Commits one behind the other. */
    BTX_BENCH_WAL_OFFERED,   /* Events at a rate. */
    BTX_BENCH_WAL_ROTATION,  /* Ours against ours. */
    BTX_BENCH_WAL_SUSTAINED, /* Both pay for their zeroing. */
    BTX_BENCH_WAL_FOLD,      /* bench_wal_fold.h */
    BTX_BENCH_WAL_PART_COUNT
};

struct btx_bench_wal_load {
    const char *name;
    enum btx_bench_wal_part part;
    uint32_t sides;         /* Bit n: measure side n. */
    uint32_t commit_events; /* In each commit; 0: what was offered meanwhile, at most
                               max_commit_bytes of it. */
    enum btx_bench_wal_kind kind;
    double rate;        /* Events offered a second; 0: the next commit follows at once. */
    double seconds;     /* For a rate, how long events are offered; else the run's length, unless
                           bytes_max ends it before. */
    uint64_t bytes_max; /* Of records, in all. */
};

struct btx_bench_wal_result {
    uint64_t events;
    uint64_t bytes;      /* Of records in the segments that the run wrote into, those before the */
    uint64_t disk_bytes; /* clock started included; and what the segments take. */
    uint64_t commits;
    uint64_t rotations;
    uint64_t waits; /* For a next segment or file. */
    uint64_t map_full;
    double seconds;
    double cpu_ns;       /* Of the committing thread, an event. */
    double other_cpu_ns; /* Of all other threads, an event. */
    double p50_us;       /* Of events from offered to durable; without a rate, of commits. */
    double p99_us;
    double p999_us;
    double maximum_us;
    double commit_p50_us; /* Of the call alone. */
    double rotate_p50_us; /* Of calls in which a rotation took place, or the first one behind it. */
    double rotate_maximum_us;
};

/* Bytes of disk that a run of @load may need at most, zeroed ones included. */
uint64_t btx_bench_wal_disk_bytes(const struct btx_bench_wal_load *load);

/* One run.  What is wrong with the log is a fault, so figures are only of logs that were read back:
 * @verify reads all of it, with log_reader.h for ours, and checks that it is valid and holds what
 * was committed.  @keep leaves the log in place->root; else it is removed.
 * @recording may be NULL for loads of EVENTS.
 * Faults: those of the writer and the reader; IO; BUG when the log does not hold what it should. */
BTX_MUST_USE enum btx_fault_code btx_bench_wal_run(
    const struct btx_bench_wal_place *place, const struct btx_bench_wal_load *load,
    enum btx_bench_wal_side side, struct btx_bench_wal_recording *recording, bool verify, bool keep,
    struct btx_bench_wal_result *ret_result, struct btx_fault *reterr_fault);

/* Read our log in place->root back.  Faults: BUG for damage; those of the reader. */
BTX_MUST_USE enum btx_fault_code btx_bench_wal_verify(const struct btx_bench_wal_place *place,
                                                      uint64_t *ret_events, uint64_t *ret_bytes,
                                                      struct btx_fault *reterr_fault);

#endif
