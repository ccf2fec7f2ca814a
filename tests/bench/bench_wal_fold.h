/* SPDX-License-Identifier: Apache-2.0 */
/* bench_wal_fold.h - how fast a log is read, checked and folded, beside how fast it was written.
 *
 * Each repetition writes a log and folds that one: read from the disk (its pages dropped from the
 * page cache before), then again from memory. */
#ifndef BTX_BENCH_WAL_FOLD_H
#define BTX_BENCH_WAL_FOLD_H

#include "tests/bench/bench_wal_run.h"

enum { BTX_BENCH_WAL_REPETITIONS_MAX = 32 };

enum btx_bench_wal_temperature {
    BTX_BENCH_WAL_COLD, /* From the disk. */
    BTX_BENCH_WAL_HOT,  /* From the page cache. */
    BTX_BENCH_WAL_TEMPERATURE_COUNT
};

/* Events a second of each repetition. */
struct btx_bench_wal_fold {
    const char *name;
    const char *live_name;
    uint64_t events;
    uint64_t bytes; /* Of records. */
    double live[BTX_BENCH_WAL_REPETITIONS_MAX];
    double folded[BTX_BENCH_WAL_TEMPERATURE_COUNT][BTX_BENCH_WAL_REPETITIONS_MAX];
    double disk_share[BTX_BENCH_WAL_REPETITIONS_MAX]; /* Of the cold read's bytes, how much the
                                                         disk was asked for. */
    uint32_t count;
};

/* One repetition: write the log of @load (EVENTS, or LIVE, which is then applied to a fresh core
 * and must give the recording's state), fold it and remove it.
 * Faults: those of btx_bench_wal_run(); BUG when the state differs. */
BTX_MUST_USE enum btx_fault_code btx_bench_wal_fold_run(struct btx_bench_wal_fold *fold,
                                                        const struct btx_bench_wal_place *place,
                                                        const struct btx_bench_wal_load *load,
                                                        struct btx_bench_wal_recording *recording,
                                                        struct btx_fault *reterr_fault);

#endif
