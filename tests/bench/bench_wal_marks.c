/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_wal_marks.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "tests/bench/bench_wal_loads.h"

static int compare(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return (left > right) - (left < right);
}

static double median(const double *values, uint32_t count)
{
    double sorted[BTX_BENCH_WAL_REPETITIONS_MAX];
    CHECK(count >= 1 && count <= BTX_BENCH_WAL_REPETITIONS_MAX);
    memcpy(sorted, values, count * sizeof *values);
    qsort(sorted, count, sizeof *sorted, compare);
    return count % 2 == 1 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

double btx_bench_wal_figure_of(const struct btx_bench_wal_result *result,
                               enum btx_bench_wal_figure figure)
{
    switch (figure) {
    case BTX_BENCH_WAL_RATE:
        return (double)result->events / result->seconds;
    case BTX_BENCH_WAL_P50:
        return result->p50_us;
    case BTX_BENCH_WAL_P99:
        return result->p99_us;
    case BTX_BENCH_WAL_SPACE:
        return (double)result->disk_bytes / (double)result->bytes;
    case BTX_BENCH_WAL_FIGURE_COUNT:
        break;
    }
    CHECK_UNREACHABLE();
}

double btx_bench_wal_median(const struct btx_bench_wal_report *report,
                            const struct btx_bench_wal_row *row, enum btx_bench_wal_side side,
                            enum btx_bench_wal_figure figure)
{
    double values[BTX_BENCH_WAL_REPETITIONS_MAX];
    for (uint32_t i = 0; i < report->repetitions; i++) {
        values[i] = btx_bench_wal_figure_of(&row->results[side][i], figure);
    }
    return median(values, report->repetitions);
}

double btx_bench_wal_ratio(const struct btx_bench_wal_report *report,
                           const struct btx_bench_wal_row *row, enum btx_bench_wal_side side,
                           enum btx_bench_wal_side against, enum btx_bench_wal_figure figure,
                           double ret_ratios[BTX_BENCH_WAL_REPETITIONS_MAX])
{
    for (uint32_t i = 0; i < report->repetitions; i++) {
        ret_ratios[i] = btx_bench_wal_figure_of(&row->results[side][i], figure) /
                        btx_bench_wal_figure_of(&row->results[against][i], figure);
    }
    return median(ret_ratios, report->repetitions);
}

double btx_bench_wal_fold_ratio(const struct btx_bench_wal_fold *fold,
                                enum btx_bench_wal_temperature temperature)
{
    double ratios[BTX_BENCH_WAL_REPETITIONS_MAX];
    for (uint32_t i = 0; i < fold->count; i++) {
        ratios[i] = fold->folded[temperature][i] / fold->live[i];
    }
    return median(ratios, fold->count);
}

/* One row of the last table.  quality.md 2 has the numbers. */
struct mark {
    const char *name;
    const char *load; /* Its name. */
    enum btx_bench_wal_side side;
    enum btx_bench_wal_side against;
    enum btx_bench_wal_figure figure;
    double floor;
    double goal;
};

static const struct mark marks[] = {
    {"saturated events/s, burst, of plain", BTX_BENCH_WAL_SATURATED, BTX_BENCH_WAL_OURS,
     BTX_BENCH_WAL_PLAIN, BTX_BENCH_WAL_RATE, 0.45, 0.75},
    {"the same, order flow", BTX_BENCH_WAL_FLOW_SATURATED, BTX_BENCH_WAL_OURS, BTX_BENCH_WAL_PLAIN,
     BTX_BENCH_WAL_RATE, 0.45, 0.75},
    {"saturated events/s, sustained, of plain", BTX_BENCH_WAL_LONG_SATURATED, BTX_BENCH_WAL_OURS,
     BTX_BENCH_WAL_PLAIN, BTX_BENCH_WAL_RATE, 0.45, 0.75},
    {"order -> durable p50 at 500 k/s, x plain", BTX_BENCH_WAL_500K, BTX_BENCH_WAL_OURS,
     BTX_BENCH_WAL_PLAIN, BTX_BENCH_WAL_P50, 3, 2},
    {"the same, sustained", BTX_BENCH_WAL_LONG_500K, BTX_BENCH_WAL_OURS, BTX_BENCH_WAL_PLAIN,
     BTX_BENCH_WAL_P50, 3, 2},
    {"rotation: saturated events/s, of none", BTX_BENCH_WAL_ROTATED, BTX_BENCH_WAL_OURS,
     BTX_BENCH_WAL_STILL, BTX_BENCH_WAL_RATE, 0.9, 0.98},
    {"rotation: events/s at 500 k/s, of none", BTX_BENCH_WAL_500K, BTX_BENCH_WAL_OURS,
     BTX_BENCH_WAL_STILL, BTX_BENCH_WAL_RATE, 0.9, 0.98},
    {"rotation: p99 at 500 k/s, x none", BTX_BENCH_WAL_500K, BTX_BENCH_WAL_OURS,
     BTX_BENCH_WAL_STILL, BTX_BENCH_WAL_P99, 2, 1.2},
    {"rotation: p99 at 1 M/s, x none", BTX_BENCH_WAL_1M, BTX_BENCH_WAL_OURS, BTX_BENCH_WAL_STILL,
     BTX_BENCH_WAL_P99, 2, 1.2},
    {"disk bytes / payload, saturated", BTX_BENCH_WAL_SATURATED, BTX_BENCH_WAL_OURS,
     BTX_BENCH_WAL_OURS, BTX_BENCH_WAL_SPACE, 1.15, 1.05},
};

#define FOLD_FLOOR 3.0
#define FOLD_GOAL 8.0

static const char *verdict(double value, double floor, double goal)
{
    const bool more_is_better = goal > floor;
    if (more_is_better ? value >= goal : value <= goal) {
        return "goal reached";
    }
    return (more_is_better ? value >= floor : value <= floor) ? "floor passed" : "MISSES THE FLOOR";
}

/* Where a finished mark goes; @index counts them. */
typedef void (*mark_sink)(FILE *file, uint32_t index, const char *name, double value, double floor,
                          double goal);

/* The fold of a long log, that was written for a minute, from the disk. */
static void fold_of_sustained(const struct btx_bench_wal_report *report, uint32_t index,
                              mark_sink sink, FILE *file)
{
    for (uint32_t r = 0; r < report->row_count && report->fold_count > 0; r++) {
        const struct btx_bench_wal_row *row = &report->rows[r];
        const struct btx_bench_wal_fold *fold = &report->folds[0];
        if (strcmp(row->load.name, BTX_BENCH_WAL_LONG_SATURATED) == 0 &&
            (row->load.sides >> BTX_BENCH_WAL_OURS & 1u) != 0) {
            sink(file, index, "read and check from disk, x sustained live",
                 median(fold->folded[BTX_BENCH_WAL_COLD], fold->count) /
                     btx_bench_wal_median(report, row, BTX_BENCH_WAL_OURS, BTX_BENCH_WAL_RATE),
                 FOLD_FLOOR, FOLD_GOAL);
        }
    }
}

static void each_mark(const struct btx_bench_wal_report *report, mark_sink sink, FILE *file)
{
    double ratios[BTX_BENCH_WAL_REPETITIONS_MAX];
    uint32_t count = 0;
    for (size_t i = 0; i < BTX_COUNT_OF(marks); i++) {
        const struct mark *mark = &marks[i];
        const uint32_t sides = (1u << mark->side) | (1u << mark->against);
        for (uint32_t r = 0; r < report->row_count; r++) {
            const struct btx_bench_wal_row *row = &report->rows[r];
            if (strcmp(row->load.name, mark->load) != 0 || (row->load.sides & sides) != sides) {
                continue;
            }
            const double value = mark->side == mark->against
                                     ? btx_bench_wal_median(report, row, mark->side, mark->figure)
                                     : btx_bench_wal_ratio(report, row, mark->side, mark->against,
                                                           mark->figure, ratios);
            sink(file, count++, mark->name, value, mark->floor, mark->goal);
        }
    }
    for (uint32_t i = 0; i < report->fold_count; i++) {
        static const char *const temperatures[] = {"from disk", "from memory"};
        for (int t = 0; t < BTX_BENCH_WAL_TEMPERATURE_COUNT; t++) {
            char name[80];
            const struct btx_bench_wal_fold *fold = &report->folds[i];
            (void)snprintf(name, sizeof name, "%s %s, x live", fold->name, temperatures[t]);
            sink(file, count++, name,
                 btx_bench_wal_fold_ratio(fold, (enum btx_bench_wal_temperature)t), FOLD_FLOOR,
                 FOLD_GOAL);
        }
    }
    fold_of_sustained(report, count, sink, file);
}

static void print_mark(FILE *file, uint32_t index, const char *name, double value, double floor,
                       double goal)
{
    (void)index;
    fprintf(file, "%-44s %8.2f %7.2f %7.2f  %s\n", name, value, floor, goal,
            verdict(value, floor, goal));
}

void btx_bench_wal_marks_print(const struct btx_bench_wal_report *report, FILE *file)
{
    fprintf(file, "\nFloors and goals%s\n",
            report->is_quick ? " (--quick: too short to count)" : "");
    fprintf(file, "%-44s %8s %7s %7s\n", "", "measured", "floor", "goal");
    each_mark(report, print_mark, file);
}

static void json_mark(FILE *file, uint32_t index, const char *name, double value, double floor,
                      double goal)
{
    fprintf(file,
            "%s{\"name\":\"%s\",\"measured\":%.4f,\"floor\":%.2f,\"goal\":%.2f,\"mark\":\"%s\"}",
            index == 0 ? "" : ",\n", name, value, floor, goal, verdict(value, floor, goal));
}

void btx_bench_wal_marks_json(const struct btx_bench_wal_report *report, FILE *file)
{
    fputs("\"marks\":[\n", file);
    each_mark(report, json_mark, file);
    fputc(']', file);
}
