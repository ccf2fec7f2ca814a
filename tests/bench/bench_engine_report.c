/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_engine_report.h"

#include <errno.h>

/* quality.md 2: the headline to beat, events a second, for a minute. */
#define HEADLINE_EVENTS 500000.0
#define HEADLINE_SECONDS 60.0

/* --- Floors and goals --------------------------------------------------------------------- */

struct mark {
    const char *name;
    double value;
    double floor;
    double goal;
};

enum { MARKS_MAX = 3 * BTX_BENCH_ENGINE_ROWS_MAX };

static double rate_of(uint64_t count, double seconds)
{
    return seconds > 0 ? (double)count / seconds : 0;
}

/* What counts: the saturated load, and the one that offers the headline. */
static uint32_t find_marks(const struct btx_bench_engine_report *report,
                           struct mark marks[MARKS_MAX])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < report->row_count; i++) {
        const struct btx_bench_engine_row *row = &report->rows[i];
        const double events = rate_of(row->engine.events, row->engine.seconds);
        if (row->offered <= 0) {
            marks[count++] =
                (struct mark){"durable events/s, x 500 k", events / HEADLINE_EVENTS, 1, 4};
        }
        if (row->offered >= HEADLINE_EVENTS && row->offered <= HEADLINE_EVENTS) {
            marks[count++] = (struct mark){"500 k/s offered: of it durable in its time",
                                           events / row->offered, 0.99, 1};
            marks[count++] = (struct mark){"500 k/s offered: rings full",
                                           (double)(row->engine.full + row->engine.stalls), 0, 0};
            if (row->has_plain) {
                marks[count++] =
                    (struct mark){"500 k/s offered: order -> durable p50, x plain",
                                  row->engine.latency.p50 / row->plain.latency.p50, 3, 2};
            }
        }
    }
    return count;
}

static const char *verdict(const struct mark *mark)
{
    const bool more_is_better = mark->goal > mark->floor;
    if (more_is_better ? mark->value >= mark->goal : mark->value <= mark->goal) {
        return "goal reached";
    }
    return (more_is_better ? mark->value >= mark->floor : mark->value <= mark->floor)
               ? "floor passed"
               : "MISSES THE FLOOR";
}

static void print_marks(const struct btx_bench_engine_report *report, FILE *file)
{
    struct mark marks[MARKS_MAX];
    const uint32_t count = find_marks(report, marks);
    if (count == 0) {
        return;
    }
    fprintf(file, "\nFloors and goals%s\n%-46s %8s %7s %7s\n",
            report->seconds < HEADLINE_SECONDS ? " (of a minute: this run is too short to count)"
                                               : "",
            "", "measured", "floor", "goal");
    for (uint32_t i = 0; i < count; i++) {
        fprintf(file, "%-46s %8.2f %7.2f %7.2f  %s\n", marks[i].name, marks[i].value,
                marks[i].floor, marks[i].goal, verdict(&marks[i]));
    }
}

/* --- Tables ------------------------------------------------------------------------------- */

static void print_rate(const char *name, const char *side, double seconds, uint64_t commands,
                       uint64_t events, uint64_t commits, FILE *file)
{
    fprintf(file, "%-10s %-6s %8.1f %8.1f %7.0f", name, side, rate_of(commands, seconds) / 1000,
            rate_of(events, seconds) / 1000, commits > 0 ? (double)events / (double)commits : 0);
}

static void print_spread(const struct btx_bench_engine_spread *spread, FILE *file)
{
    if (spread->maximum > 0) {
        fprintf(file, " %7.0f %7.0f %7.0f %7.0f %8.0f", spread->p50, spread->p90, spread->p99,
                spread->p999, spread->maximum);
    } else {
        fprintf(file, " %7s %7s %7s %7s %8s", "", "", "", "", "");
    }
}

static void print_row(const struct btx_bench_engine_row *row, FILE *file)
{
    const struct btx_bench_engine_result *engine = &row->engine;
    const struct btx_bench_engine_plain *plain = &row->plain;
    if (row->has_plain) {
        print_rate(row->name, "plain", plain->seconds, plain->commands, plain->events,
                   plain->commits, file);
        if (row->offered > 0) {
            print_spread(&plain->latency, file);
        }
        fputc('\n', file);
    }
    print_rate(row->has_plain ? "" : row->name, "engine", engine->seconds, engine->commands,
               engine->events, engine->commits, file);
    print_spread(&engine->latency, file);
    if (row->has_plain) {
        fprintf(file, " %5.2f",
                rate_of(engine->events, engine->seconds) / rate_of(plain->events, plain->seconds));
        if (row->offered > 0) {
            fprintf(file, " %5.2f %5.2f", engine->latency.p50 / plain->latency.p50,
                    engine->latency.p99 / plain->latency.p99);
        }
    }
    fputc('\n', file);
}

static void print_costs(const struct btx_bench_engine_row *row, FILE *file)
{
    const struct btx_bench_engine_result *engine = &row->engine;
    fprintf(file, "%-10s %8.1f %8.0f %8.0f %8.0f %8.0f %6llu %6llu %6llu %6llu\n", row->name,
            rate_of(engine->commit_bytes, engine->seconds) / 1e6, engine->matcher_ns,
            engine->poller_ns, engine->others_ns, engine->client_ns,
            (unsigned long long)engine->full, (unsigned long long)engine->stalls,
            (unsigned long long)engine->rotations, (unsigned long long)engine->pool_waits);
}

void btx_bench_engine_report_print(const struct btx_bench_engine_report *report, FILE *file)
{
    const struct btx_bench_shape *shape = &report->shape;
    btx_bench_machine_print(&report->machine, file);
    fprintf(file, "place     %s, %s%s\n", report->place.directory, report->place.filesystem,
            report->place.is_allowed ? "" : " (where no log is allowed)");
    fprintf(file, "engine    cores %s, hugepages %s\n",
            report->cores != NULL ? report->cores : "off", report->hugepages ? "required" : "off");
    fprintf(file,
            "flow      sessions of %u commands, %u markets of %u runners, %u resting orders, %u "
            "accounts\n",
            shape->commands, shape->markets, shape->runners, shape->resting, shape->accounts);
    fprintf(file, "\nCommand to durable and read back, %.0f s each; us from when it was due\n",
            report->seconds);
    fprintf(file, "%-10s %-6s %8s %8s %7s %7s %7s %7s %7s %8s %5s %5s %5s\n", "", "", "k cmd/s",
            "k ev/s", "ev/com", "p50", "p90", "p99", "p99.9", "max", "xev/s", "xp50", "xp99");
    for (uint32_t i = 0; i < report->row_count; i++) {
        print_row(&report->rows[i], file);
    }
    fputs("\nplain: append and fdatasync.  Saturated, the same bytes in the same commits, one "
          "behind the other;\noffered, the same records, each commit with what came due during "
          "the one before.  x: times plain.\n",
          file);
    fprintf(file, "\nThe engine: MB/s committed, and processor time, ns an event\n");
    fprintf(file, "%-10s %8s %8s %8s %8s %8s %6s %6s %6s %6s\n", "", "MB/s", "matcher", "poller",
            "others", "clients", "full", "stalls", "rot", "wait");
    for (uint32_t i = 0; i < report->row_count; i++) {
        print_costs(&report->rows[i], file);
    }
    fputs("\nfull: times that a command found no room in its ring.  stalls: times that the event "
          "ring was full.\nrot, wait: rotations, waits for a next segment.\n",
          file);
    print_marks(report, file);
}

/* --- JSON --------------------------------------------------------------------------------- */

static void json_spread(const struct btx_bench_engine_spread *spread, FILE *file)
{
    fprintf(file,
            "\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"max_us\":%.1f",
            spread->p50, spread->p90, spread->p99, spread->p999, spread->maximum);
}

static void json_row(const struct btx_bench_engine_row *row, FILE *file)
{
    const struct btx_bench_engine_result *engine = &row->engine;
    const struct btx_bench_engine_plain *plain = &row->plain;
    fprintf(file, "{\"name\":\"%s\",\"offered\":%.0f,\n \"engine\":{", row->name, row->offered);
    fprintf(file, "\"commands\":%llu,\"events\":%llu,\"seconds\":%.6f,\"commits\":%llu,",
            (unsigned long long)engine->commands, (unsigned long long)engine->events,
            engine->seconds, (unsigned long long)engine->commits);
    fprintf(file, "\"commit_bytes\":%llu,\"full\":%llu,\"stalls\":%llu,\"rotations\":%llu,",
            (unsigned long long)engine->commit_bytes, (unsigned long long)engine->full,
            (unsigned long long)engine->stalls, (unsigned long long)engine->rotations);
    fprintf(file, "\"pool_waits\":%llu,\"matcher_ns\":%.1f,\"poller_ns\":%.1f,",
            (unsigned long long)engine->pool_waits, engine->matcher_ns, engine->poller_ns);
    fprintf(file, "\"others_ns\":%.1f,\"client_ns\":%.1f,", engine->others_ns, engine->client_ns);
    json_spread(&engine->latency, file);
    fputc('}', file);
    if (row->has_plain) {
        fprintf(file, ",\n \"plain\":{\"commands\":%llu,\"events\":%llu,\"seconds\":%.6f,",
                (unsigned long long)plain->commands, (unsigned long long)plain->events,
                plain->seconds);
        fprintf(file, "\"commits\":%llu,\"waits\":%llu,", (unsigned long long)plain->commits,
                (unsigned long long)plain->waits);
        json_spread(&plain->latency, file);
        fputc('}', file);
    }
    fputc('}', file);
}

enum btx_fault_code btx_bench_engine_report_write(const struct btx_bench_engine_report *report,
                                                  const char *path, struct btx_fault *reterr_fault)
{
    struct mark marks[MARKS_MAX];
    const uint32_t mark_count = find_marks(report, marks);
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s", path);
    }
    fputs("{\"benchmark\":\"engine\",", file);
    btx_bench_machine_json(&report->machine, file);
    fprintf(file, ",\n\"filesystem\":\"%s\",\"hugepages\":%s,\"seconds\":%.1f,\n\"marks\":[",
            report->place.filesystem, report->hugepages ? "true" : "false", report->seconds);
    for (uint32_t i = 0; i < mark_count; i++) {
        fprintf(file,
                "%s\n{\"name\":\"%s\",\"measured\":%.4f,\"floor\":%.2f,\"goal\":%.2f,"
                "\"mark\":\"%s\"}",
                i == 0 ? "" : ",", marks[i].name, marks[i].value, marks[i].floor, marks[i].goal,
                verdict(&marks[i]));
    }
    fputs("],\n\"loads\":[", file);
    for (uint32_t i = 0; i < report->row_count; i++) {
        fputs(i == 0 ? "\n" : ",\n", file);
        json_row(&report->rows[i], file);
    }
    fputs("]}\n", file);
    const bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed) {
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s", path);
    }
    return BTX_OK;
}
