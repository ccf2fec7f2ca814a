/* SPDX-License-Identifier: Apache-2.0 */
/* bench_core_report.h - the measured rows as tables for people and as JSON for programs. */
#ifndef BTX_BENCH_CORE_REPORT_H
#define BTX_BENCH_CORE_REPORT_H

#include <stdio.h>

#include "tests/bench/bench_core_flow.h"
#include "tests/bench/bench_core_run.h"
#include "tests/bench/bench_machine.h"

#define BTX_BENCH_ROWS_MAX 32u

/* One flow with its figures; of @flow only the numbers count, its memory may be gone. */
struct btx_bench_row {
    const char *name;
    struct btx_bench_flow flow;
    struct btx_bench_run run;
};

struct btx_bench_report {
    struct btx_bench_machine machine;
    struct btx_bench_row rows[BTX_BENCH_ROWS_MAX];
    struct btx_bench_fold fold; /* Of the flow in row @fold_row. */
    uint32_t row_count;
    uint32_t repetitions;
    uint32_t fold_row; /* UINT32_MAX: nothing was folded. */
    uint32_t base_row; /* The row that floors and goals are for. */
};

void btx_bench_report_print(const struct btx_bench_report *report, FILE *file);

/* Faults: IO. */
BTX_MUST_USE enum btx_fault_code btx_bench_report_write(const struct btx_bench_report *report,
                                                        const char *path,
                                                        struct btx_fault *reterr_fault);

#endif
