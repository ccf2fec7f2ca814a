/* SPDX-License-Identifier: Apache-2.0 */
/* bench_core_run.h - running a flow through the core and the baseline, checked and timed. */
#ifndef BTX_BENCH_CORE_RUN_H
#define BTX_BENCH_CORE_RUN_H

#include "engine/core/core.h"
#include "tests/bench/baseline_book.h"
#include "tests/bench/bench_core_flow.h"

#define BTX_BENCH_REPETITIONS_MAX 64u
#define BTX_BENCH_CHUNK_COMMANDS 2000u

/* How the baseline cancels. */
enum btx_bench_baseline_mode {
    BTX_BENCH_BASELINE_UNLINK,
    BTX_BENCH_BASELINE_MARK,
    BTX_BENCH_BASELINE_MODE_COUNT,
};

/* One figure for each repetition, in ns per command. */
struct btx_bench_timing {
    double wall_ns[BTX_BENCH_REPETITIONS_MAX];
    double cpu_ns[BTX_BENCH_REPETITIONS_MAX]; /* Of this thread: without what others took. */
    /* Each chunk of BTX_BENCH_CHUNK_COMMANDS as fast as in its fastest run, put together: what a
     * run would take that nothing disturbed.  0: not measured. */
    double quiet_ns;
    uint32_t count;
};

/* Percentiles of the time of single commands, in ns, what the timer costs taken off. */
struct btx_bench_latency {
    double p50_ns;
    double p99_ns;
    double p999_ns;
    uint32_t count;
};

/* What the core did with a flow, from a run that compares every trade with the baseline's. */
struct btx_bench_facts {
    uint64_t events;
    uint64_t event_bytes; /* Without the command records. */
    uint64_t trades;
    uint64_t refused;
    uint64_t resting;
    uint8_t state_sha256[32];
};

struct btx_bench_run {
    struct btx_bench_facts facts;
    struct btx_bench_timing core;
    struct btx_bench_timing baseline[BTX_BENCH_BASELINE_MODE_COUNT];
    struct btx_bench_latency all;
    struct btx_bench_latency kinds[BTX_BENCH_KIND_COUNT];
    double timer_ns; /* The cost of reading the timer, taken off every single time. */
};

/* Applying a recorded log, in ns per event. */
struct btx_bench_fold {
    struct btx_bench_timing apply;
    struct btx_bench_timing check_apply; /* btx_record_check() first, as recovery must. */
    uint64_t events;
    uint64_t records;
    uint64_t bytes;
};

double btx_bench_median(const double *values, uint32_t count);
double btx_bench_minimum(const double *values, uint32_t count);

/* Verify @flow, then measure it @repetitions times, core and baselines in turn so that what else
 * the machine does hits all of them.  Returns NULL, or what is wrong with the core (or the
 * benchmark): the figures are then worth nothing. */
BTX_MUST_USE const char *btx_bench_run_flow(const struct btx_bench_flow *flow, uint32_t repetitions,
                                            struct btx_bench_run *ret_run);

/* Record @flow as a log, then measure how fast it is folded.  Returns as above. */
BTX_MUST_USE const char *btx_bench_run_fold(const struct btx_bench_flow *flow, uint32_t repetitions,
                                            struct btx_bench_fold *ret_fold);

/* Run the loops that are measured once each, for tools that watch from outside. */
void btx_bench_run_once(const struct btx_bench_flow *flow);

/* The measured loops.  Functions of their own, with names that profilers find. */
uint64_t btx_bench_core_loop(struct btx_core *core, const uint8_t *commands, size_t commands_bytes,
                             struct btx_tx *tx);
void btx_bench_baseline_unlink_loop(struct btx_baseline *baseline, const struct btx_bench_op *ops,
                                    uint32_t count);
void btx_bench_baseline_mark_loop(struct btx_baseline *baseline, const struct btx_bench_op *ops,
                                  uint32_t count);

#endif
