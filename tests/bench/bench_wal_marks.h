/* SPDX-License-Identifier: Apache-2.0 */
/* bench_wal_marks.h - what came out, against the floors and goals of the log's design. */
#ifndef BTX_BENCH_WAL_MARKS_H
#define BTX_BENCH_WAL_MARKS_H

#include "tests/bench/bench_wal_report.h"

enum btx_bench_wal_figure {
    BTX_BENCH_WAL_RATE,  /* Events a second. */
    BTX_BENCH_WAL_P50,   /* us */
    BTX_BENCH_WAL_P99,   /* us */
    BTX_BENCH_WAL_SPACE, /* Bytes on disk for each byte of records. */
    BTX_BENCH_WAL_FIGURE_COUNT
};

double btx_bench_wal_figure_of(const struct btx_bench_wal_result *result,
                               enum btx_bench_wal_figure figure);

/* The median over the repetitions. */
double btx_bench_wal_median(const struct btx_bench_wal_report *report,
                            const struct btx_bench_wal_row *row, enum btx_bench_wal_side side,
                            enum btx_bench_wal_figure figure);

/* The ratios of @side to @against, one for each repetition, and their median. */
double btx_bench_wal_ratio(const struct btx_bench_wal_report *report,
                           const struct btx_bench_wal_row *row, enum btx_bench_wal_side side,
                           enum btx_bench_wal_side against, enum btx_bench_wal_figure figure,
                           double ret_ratios[BTX_BENCH_WAL_REPETITIONS_MAX]);

/* The median of a fold's ratio to the live run of the same repetition. */
double btx_bench_wal_fold_ratio(const struct btx_bench_wal_fold *fold,
                                enum btx_bench_wal_temperature temperature);

/* The last table. */
void btx_bench_wal_marks_print(const struct btx_bench_wal_report *report, FILE *file);

/* The same as the JSON member "marks":[...] without a comma. */
void btx_bench_wal_marks_json(const struct btx_bench_wal_report *report, FILE *file);

#endif
