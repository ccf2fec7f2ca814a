/* SPDX-License-Identifier: Apache-2.0 */
/* bench_wal_report.h - the measured loads as tables for people and as JSON for programs.
 *
 * A ratio is the median of the ratios within each repetition, since what else the machine does
 * changes from one to the next more than from one side to the other. */
#ifndef BTX_BENCH_WAL_REPORT_H
#define BTX_BENCH_WAL_REPORT_H

#include <stdio.h>

#include "tests/bench/bench_machine.h"
#include "tests/bench/bench_wal_fold.h"
#include "tests/bench/bench_wal_run.h"

enum { BTX_BENCH_WAL_ROWS_MAX = 24, BTX_BENCH_WAL_FOLDS_MAX = 2 };

/* One load with its figures, [side][repetition]. */
struct btx_bench_wal_row {
    struct btx_bench_wal_load load;
    struct btx_bench_wal_result results[BTX_BENCH_WAL_SIDE_COUNT][BTX_BENCH_WAL_REPETITIONS_MAX];
};

struct btx_bench_wal_report {
    struct btx_bench_machine machine;
    struct btx_bench_wal_place place;
    uint32_t repetitions;
    uint32_t row_count;
    uint32_t fold_count;
    bool is_quick; /* Too short to say anything. */
    struct btx_bench_wal_row rows[BTX_BENCH_WAL_ROWS_MAX];
    struct btx_bench_wal_fold folds[BTX_BENCH_WAL_FOLDS_MAX];
};

/* The word for @side, in tables and as an argument. */
const char *btx_bench_wal_side_name(enum btx_bench_wal_side side);

void btx_bench_wal_report_print(const struct btx_bench_wal_report *report, FILE *file);

/* Faults: IO. */
BTX_MUST_USE enum btx_fault_code btx_bench_wal_report_write(
    const struct btx_bench_wal_report *report, const char *path, struct btx_fault *reterr_fault);

#endif
