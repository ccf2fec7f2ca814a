/* SPDX-License-Identifier: Apache-2.0 */
/* bench_wal_loads.h - which loads are measured. */
#ifndef BTX_BENCH_WAL_LOADS_H
#define BTX_BENCH_WAL_LOADS_H

#include "tests/bench/bench_wal_run.h"

/* Names that floors and goals refer to. */
#define BTX_BENCH_WAL_SATURATED "saturated"
#define BTX_BENCH_WAL_FLOW_SATURATED "flow, saturated"
#define BTX_BENCH_WAL_500K "500 k/s"
#define BTX_BENCH_WAL_1M "1 M/s"
#define BTX_BENCH_WAL_ROTATED "2.5 GiB, saturated"
#define BTX_BENCH_WAL_LONG_SATURATED "sustained, saturated"
#define BTX_BENCH_WAL_LONG_500K "sustained, 500 k/s"

struct btx_bench_wal_plan {
    bool quick;
    double sustain_seconds;
    uint64_t sustain_bytes; /* Records of one sustained run, at most. */
    uint32_t commands;      /* Of the order flow. */
};

/* Load number @index of those that @plan asks for; false behind the last. */
bool btx_bench_wal_load_at(const struct btx_bench_wal_plan *plan, uint32_t index,
                           struct btx_bench_wal_load *ret_load);

#endif
