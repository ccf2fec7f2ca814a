/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_wal_report.h"

#include <errno.h>
#include <stdbool.h>

#include "tests/bench/bench_wal_marks.h"
#include "tests/bench/bench_wal_side.h"

static const char *const part_titles[BTX_BENCH_WAL_PART_COUNT] = {
    [BTX_BENCH_WAL_BURST] =
        "Burst: commits of so many events of 64 bytes one behind the other, zeroed ahead; us of a "
        "commit",
    [BTX_BENCH_WAL_OFFERED] =
        "Offered: so many events a second, group commit, zeroed ahead; us from offered to durable",
    [BTX_BENCH_WAL_ROTATION] = "Rotation: ours against ours; us of a commit",
    [BTX_BENCH_WAL_SUSTAINED] = "Sustained: both zero while they write; us as above",
    [BTX_BENCH_WAL_FOLD] = "Fold",
};

const char *btx_bench_wal_side_name(enum btx_bench_wal_side side)
{
    switch (side) {
    case BTX_BENCH_WAL_PLAIN:
        return "plain";
    case BTX_BENCH_WAL_STILL:
        return "still";
    case BTX_BENCH_WAL_OURS:
        return "ours";
    case BTX_BENCH_WAL_OFTEN:
        return "often";
    case BTX_BENCH_WAL_SIDE_COUNT:
        break;
    }
    return "none";
}

static double mean_commit(const struct btx_bench_wal_result *result)
{
    return (double)result->events / (double)result->commits;
}

/* The figures of the repetition in the middle, by rate or, where that is given, by p50. */
static const struct btx_bench_wal_result *middle(const struct btx_bench_wal_report *report,
                                                 const struct btx_bench_wal_row *row,
                                                 enum btx_bench_wal_side side)
{
    const enum btx_bench_wal_figure figure =
        row->load.rate > 0 ? BTX_BENCH_WAL_P50 : BTX_BENCH_WAL_RATE;
    const double wanted = btx_bench_wal_median(report, row, side, figure);
    uint32_t best = 0;
    double best_distance = -1;
    for (uint32_t i = 0; i < report->repetitions; i++) {
        const double is = btx_bench_wal_figure_of(&row->results[side][i], figure);
        const double distance = is > wanted ? is - wanted : wanted - is;
        if (best_distance < 0 || distance < best_distance) {
            best = i;
            best_distance = distance;
        }
    }
    return &row->results[side][best];
}

static bool has(const struct btx_bench_wal_row *row, enum btx_bench_wal_side side)
{
    return (row->load.sides >> side & 1u) != 0;
}

static void print_ratios(const struct btx_bench_wal_report *report,
                         const struct btx_bench_wal_row *row, enum btx_bench_wal_side side,
                         FILE *file)
{
    const enum btx_bench_wal_side against =
        has(row, BTX_BENCH_WAL_PLAIN) ? BTX_BENCH_WAL_PLAIN : BTX_BENCH_WAL_STILL;
    double ratios[BTX_BENCH_WAL_REPETITIONS_MAX];
    if (side == against || !has(row, against)) {
        fprintf(file, " %5s %5s %5s %5s", "", "", "", "");
        return;
    }
    fprintf(file, " %5.2f",
            btx_bench_wal_ratio(report, row, side, against, BTX_BENCH_WAL_RATE, ratios));
    double worst = ratios[0];
    for (uint32_t i = 1; i < report->repetitions; i++) {
        worst = ratios[i] < worst ? ratios[i] : worst;
    }
    fprintf(file, " %5.2f %5.2f %5.2f", worst,
            btx_bench_wal_ratio(report, row, side, against, BTX_BENCH_WAL_P50, ratios),
            btx_bench_wal_ratio(report, row, side, against, BTX_BENCH_WAL_P99, ratios));
}

static void print_side(const struct btx_bench_wal_report *report,
                       const struct btx_bench_wal_row *row, enum btx_bench_wal_side side,
                       bool is_first, FILE *file)
{
    const struct btx_bench_wal_result *result = middle(report, row, side);
    fprintf(file, "%-20s %-5s %7.0f %6.0f", is_first ? row->load.name : "",
            btx_bench_wal_side_name(side),
            btx_bench_wal_median(report, row, side, BTX_BENCH_WAL_RATE) / 1000,
            mean_commit(result));
    fprintf(file, " %6.0f %6.0f %7.0f", btx_bench_wal_median(report, row, side, BTX_BENCH_WAL_P50),
            btx_bench_wal_median(report, row, side, BTX_BENCH_WAL_P99), result->p999_us);
    print_ratios(report, row, side, file);
    fprintf(file, " %5.2f %4llu %4llu %4.0f %4.0f\n",
            btx_bench_wal_median(report, row, side, BTX_BENCH_WAL_SPACE),
            (unsigned long long)result->rotations, (unsigned long long)result->waits,
            result->cpu_ns, result->other_cpu_ns);
}

static void print_part(const struct btx_bench_wal_report *report, enum btx_bench_wal_part part,
                       FILE *file)
{
    bool is_begun = false;
    for (uint32_t r = 0; r < report->row_count; r++) {
        const struct btx_bench_wal_row *row = &report->rows[r];
        bool is_first = true;
        if (row->load.part != part) {
            continue;
        }
        if (!is_begun) {
            fprintf(file,
                    "\n%s\n%-20s %-5s %7s %6s %6s %6s %7s %5s %5s %5s %5s %5s %4s %4s %4s %4s\n",
                    part_titles[part], "", "log", "k ev/s", "ev/com", "p50", "p99", "p99.9",
                    "xev/s", "worst", "xp50", "xp99", "disk", "rot", "wait", "cpu", "help");
            is_begun = true;
        }
        for (int side = 0; side < BTX_BENCH_WAL_SIDE_COUNT; side++) {
            if (has(row, (enum btx_bench_wal_side)side)) {
                print_side(report, row, (enum btx_bench_wal_side)side, is_first, file);
                is_first = false;
            }
        }
    }
}

/* What one rotation costs the thread that commits. */
static void print_rotations(const struct btx_bench_wal_report *report, FILE *file)
{
    bool is_begun = false;
    for (uint32_t r = 0; r < report->row_count; r++) {
        const struct btx_bench_wal_row *row = &report->rows[r];
        for (int s = 0; s < BTX_BENCH_WAL_SIDE_COUNT; s++) {
            const enum btx_bench_wal_side side = (enum btx_bench_wal_side)s;
            if (!has(row, side) || middle(report, row, side)->rotations == 0) {
                continue;
            }
            const struct btx_bench_wal_result *result = middle(report, row, side);
            if (!is_begun) {
                fprintf(file, "\nCommits with a rotation in them or right before them, us\n");
                fprintf(file, "%-20s %-5s %9s %9s %9s %9s %6s\n", "", "log", "rotations", "others",
                        "p50", "max", "waits");
                is_begun = true;
            }
            fprintf(file, "%-20s %-5s %9llu %9.0f %9.0f %9.0f %6llu\n", row->load.name,
                    btx_bench_wal_side_name(side), (unsigned long long)result->rotations,
                    result->commit_p50_us, result->rotate_p50_us, result->rotate_maximum_us,
                    (unsigned long long)result->waits);
        }
    }
}

static double fold_median(const struct btx_bench_wal_fold *fold, const double *values)
{
    struct btx_bench_wal_fold one = *fold;
    /* The ratio to a live rate of 1. */
    for (uint32_t i = 0; i < one.count; i++) {
        one.folded[0][i] = values[i];
        one.live[i] = 1;
    }
    return btx_bench_wal_fold_ratio(&one, (enum btx_bench_wal_temperature)0);
}

static void print_folds(const struct btx_bench_wal_report *report, FILE *file)
{
    if (report->fold_count == 0) {
        return;
    }
    fprintf(file, "\nFold: k events/s of the log just written\n%-20s %8s %9s %9s %9s %6s %6s %6s\n",
            "", "MiB", "live", "disk", "memory", "x live", "x live", "cold");
    for (uint32_t i = 0; i < report->fold_count; i++) {
        const struct btx_bench_wal_fold *fold = &report->folds[i];
        fprintf(file, "%-20s %8.0f %9.0f %9.0f %9.0f %6.2f %6.2f %6.2f\n", fold->name,
                (double)fold->bytes / (1 << 20), fold_median(fold, fold->live) / 1000,
                fold_median(fold, fold->folded[BTX_BENCH_WAL_COLD]) / 1000,
                fold_median(fold, fold->folded[BTX_BENCH_WAL_HOT]) / 1000,
                btx_bench_wal_fold_ratio(fold, BTX_BENCH_WAL_COLD),
                btx_bench_wal_fold_ratio(fold, BTX_BENCH_WAL_HOT),
                fold_median(fold, fold->disk_share));
    }
}

static void print_legend(FILE *file)
{
    fputs("\nplain: append to a zeroed file and fdatasync.  ours: at the defaults.  still: never "
          "rotated.\noften: rotated at 5000 events whatever the age.  x: times plain (or still), "
          "median of the\nratios within each repetition, worst: of ev/s.  disk: bytes on disk / "
          "bytes of records.  rot,\nwait: rotations, waits for a next segment or file.  cpu, "
          "help: ns an event, of the thread that\ncommits and of all others.\n",
          file);
}

void btx_bench_wal_report_print(const struct btx_bench_wal_report *report, FILE *file)
{
    btx_bench_machine_print(&report->machine, file);
    fprintf(file, "place     %s, %s%s, %.1f GiB free, %u repetitions\n", report->place.directory,
            report->place.filesystem, report->place.is_allowed ? "" : " (where no log is allowed)",
            (double)report->place.free_bytes / (1 << 30), report->repetitions);
    for (int part = 0; part < BTX_BENCH_WAL_FOLD; part++) {
        print_part(report, (enum btx_bench_wal_part)part, file);
    }
    print_legend(file);
    print_rotations(report, file);
    print_folds(report, file);
    btx_bench_wal_marks_print(report, file);
}

static void json_result(const struct btx_bench_wal_result *result, FILE *file)
{
    fprintf(file, "{\"events\":%llu,\"bytes\":%llu,\"disk_bytes\":%llu,\"commits\":%llu,",
            (unsigned long long)result->events, (unsigned long long)result->bytes,
            (unsigned long long)result->disk_bytes, (unsigned long long)result->commits);
    fprintf(file, "\"rotations\":%llu,\"waits\":%llu,\"map_full\":%llu,\"seconds\":%.6f,",
            (unsigned long long)result->rotations, (unsigned long long)result->waits,
            (unsigned long long)result->map_full, result->seconds);
    fprintf(file, "\"cpu_ns\":%.1f,\"other_cpu_ns\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f,",
            result->cpu_ns, result->other_cpu_ns, result->p50_us, result->p99_us);
    fprintf(file, "\"p999_us\":%.1f,\"max_us\":%.1f,\"commit_p50_us\":%.1f,", result->p999_us,
            result->maximum_us, result->commit_p50_us);
    fprintf(file, "\"rotate_p50_us\":%.1f,\"rotate_max_us\":%.1f}", result->rotate_p50_us,
            result->rotate_maximum_us);
}

static void json_row(const struct btx_bench_wal_report *report, const struct btx_bench_wal_row *row,
                     FILE *file)
{
    static const char *const parts[BTX_BENCH_WAL_PART_COUNT] = {"burst", "offered", "rotation",
                                                                "sustained", "fold"};
    fprintf(file, "{\"name\":\"%s\",\"part\":\"%s\",\"rate\":%.0f", row->load.name,
            parts[row->load.part], row->load.rate);
    for (int side = 0; side < BTX_BENCH_WAL_SIDE_COUNT; side++) {
        if (!has(row, (enum btx_bench_wal_side)side)) {
            continue;
        }
        fprintf(file, ",\n \"%s\":[", btx_bench_wal_side_name((enum btx_bench_wal_side)side));
        for (uint32_t i = 0; i < report->repetitions; i++) {
            fputs(i == 0 ? "" : ",\n  ", file);
            json_result(&row->results[side][i], file);
        }
        fputc(']', file);
    }
    fputc('}', file);
}

static void json_list(const char *name, const double *values, uint32_t count, FILE *file)
{
    fprintf(file, ",\"%s\":[", name);
    for (uint32_t i = 0; i < count; i++) {
        fprintf(file, "%s%.4f", i == 0 ? "" : ",", values[i]);
    }
    fputc(']', file);
}

static void json_fold(const struct btx_bench_wal_fold *fold, FILE *file)
{
    fprintf(file, "{\"name\":\"%s\",\"events\":%llu,\"bytes\":%llu", fold->name,
            (unsigned long long)fold->events, (unsigned long long)fold->bytes);
    json_list("live", fold->live, fold->count, file);
    json_list("cold", fold->folded[BTX_BENCH_WAL_COLD], fold->count, file);
    json_list("hot", fold->folded[BTX_BENCH_WAL_HOT], fold->count, file);
    json_list("cold_disk_share", fold->disk_share, fold->count, file);
    fputc('}', file);
}

enum btx_fault_code btx_bench_wal_report_write(const struct btx_bench_wal_report *report,
                                               const char *path, struct btx_fault *reterr_fault)
{
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s", path);
    }
    fputs("{\"benchmark\":\"wal\",", file);
    btx_bench_machine_json(&report->machine, file);
    fprintf(file, ",\n\"filesystem\":\"%s\",\"quick\":%s,\"repetitions\":%u,\n",
            report->place.filesystem, report->is_quick ? "true" : "false", report->repetitions);
    btx_bench_wal_marks_json(report, file);
    fputs(",\n\"loads\":[\n", file);
    for (uint32_t r = 0; r < report->row_count; r++) {
        fputs(r == 0 ? "" : ",\n", file);
        json_row(report, &report->rows[r], file);
    }
    fputs("],\n\"folds\":[\n", file);
    for (uint32_t i = 0; i < report->fold_count; i++) {
        fputs(i == 0 ? "" : ",\n", file);
        json_fold(&report->folds[i], file);
    }
    fputs("]}\n", file);
    const bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed) {
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s", path);
    }
    return BTX_OK;
}
