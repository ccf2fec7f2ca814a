/* SPDX-License-Identifier: Apache-2.0 */
/* bench_engine_report.h - the loads of an engine as tables for people and as JSON for programs, and
 * what came out against floors and goals. */
#ifndef BTX_BENCH_ENGINE_REPORT_H
#define BTX_BENCH_ENGINE_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/bench/bench_engine_plain.h"
#include "tests/bench/bench_machine.h"

enum { BTX_BENCH_ENGINE_ROWS_MAX = 8 };

struct btx_bench_engine_row {
    const char *name;
    double offered; /* Events a second; 0: as many as the ring takes. */
    bool has_plain;
    struct btx_bench_engine_result engine;
    struct btx_bench_engine_plain plain;
};

struct btx_bench_engine_report {
    struct btx_bench_machine machine;
    struct btx_bench_wal_place place;
    struct btx_bench_shape shape;
    const char *cores; /* NULL: engine.cores is off. */
    bool hugepages;
    double seconds;
    uint32_t row_count;
    struct btx_bench_engine_row rows[BTX_BENCH_ENGINE_ROWS_MAX];
};

void btx_bench_engine_report_print(const struct btx_bench_engine_report *report, FILE *file);

/* Faults: IO. */
BTX_MUST_USE enum btx_fault_code btx_bench_engine_report_write(
    const struct btx_bench_engine_report *report, const char *path, struct btx_fault *reterr_fault);

#endif
