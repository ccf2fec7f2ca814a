/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_core_report.h"

#include <errno.h>
#include <stdbool.h>

/* quality.md 2, and the absolute figures of the project's issue. */
#define RATIO_FLOOR 2.0
#define RATIO_GOAL 1.0
#define COMMAND_FLOOR_NS 200.0
#define COMMAND_GOAL_NS 100.0

static const char *const kind_names[BTX_BENCH_KIND_COUNT] = {
    [BTX_BENCH_PASSIVE] = "passive PlaceOrder",
    [BTX_BENCH_CROSSING] = "crossing PlaceOrder",
    [BTX_BENCH_CANCEL] = "CancelOrder",
};
static const char *const kind_keys[BTX_BENCH_KIND_COUNT] = {
    [BTX_BENCH_PASSIVE] = "passive",
    [BTX_BENCH_CROSSING] = "crossing",
    [BTX_BENCH_CANCEL] = "cancel",
};
static const char *const mode_keys[BTX_BENCH_BASELINE_MODE_COUNT] = {
    [BTX_BENCH_BASELINE_UNLINK] = "baseline_unlink",
    [BTX_BENCH_BASELINE_MARK] = "baseline_mark",
};

static double median(const struct btx_bench_timing *timing)
{
    return btx_bench_median(timing->wall_ns, timing->count);
}

static double minimum(const struct btx_bench_timing *timing)
{
    return btx_bench_minimum(timing->wall_ns, timing->count);
}

static double quiet(const struct btx_bench_timing *timing)
{
    return timing->quiet_ns;
}

/* Against the faster of the two baselines: the harder comparison. */
static double ratio_of(const struct btx_bench_run *run,
                       double (*figure)(const struct btx_bench_timing *timing))
{
    const double unlink_ns = figure(&run->baseline[BTX_BENCH_BASELINE_UNLINK]);
    const double mark_ns = figure(&run->baseline[BTX_BENCH_BASELINE_MARK]);
    return figure(&run->core) / (unlink_ns < mark_ns ? unlink_ns : mark_ns);
}

static double percent(uint32_t part, uint32_t whole)
{
    return 100.0 * (double)part / (double)whole;
}

static void print_flows(const struct btx_bench_report *report, FILE *file)
{
    fprintf(file, "\nThe flows\n%-22s %8s %7s %8s %8s %8s %7s %7s %8s %7s\n", "", "commands",
            "cancel%", "passive%", "crossing%", "trades", "resting", "most", "events", "refused");
    for (uint32_t i = 0; i < report->row_count; i++) {
        const struct btx_bench_row *row = &report->rows[i];
        const struct btx_bench_flow *flow = &row->flow;
        const uint32_t commands = flow->shape.commands;
        fprintf(file, "%-22s %8u %7.1f %8.1f %9.1f %8llu %7llu %7u %8llu %7llu\n", row->name,
                commands, percent(flow->kinds[BTX_BENCH_CANCEL], commands),
                percent(flow->kinds[BTX_BENCH_PASSIVE], commands),
                percent(flow->kinds[BTX_BENCH_CROSSING], commands),
                (unsigned long long)row->run.facts.trades,
                (unsigned long long)row->run.facts.resting, flow->resting_max,
                (unsigned long long)row->run.facts.events,
                (unsigned long long)row->run.facts.refused);
    }
}

static void print_figures(const struct btx_bench_report *report, FILE *file)
{
    fprintf(file, "\nns per command: %u runs; single commands; median of the baselines\n",
            report->repetitions);
    fprintf(file, "%-22s %7s %7s %7s %6s %6s %6s %7s %7s %7s\n", "", "median", "min", "quiet",
            "p50", "p99", "p99.9", "unlink", "mark", "ratio");
    for (uint32_t i = 0; i < report->row_count; i++) {
        const struct btx_bench_run *run = &report->rows[i].run;
        fprintf(file, "%-22s %7.1f %7.1f %7.1f %6.0f %6.0f %6.0f %7.1f %7.1f %7.2f\n",
                report->rows[i].name, median(&run->core), minimum(&run->core), run->core.quiet_ns,
                run->all.p50_ns, run->all.p99_ns, run->all.p999_ns,
                median(&run->baseline[BTX_BENCH_BASELINE_UNLINK]),
                median(&run->baseline[BTX_BENCH_BASELINE_MARK]), ratio_of(run, median));
    }
}

static void print_kinds(const struct btx_bench_row *row, FILE *file)
{
    fprintf(file, "\nSingle commands of \"%s\", ns, less the timer's own %.0f\n", row->name,
            row->run.timer_ns);
    fprintf(file, "%-22s %8s %8s %8s %8s\n", "", "count", "p50", "p99", "p99.9");
    for (int kind = 0; kind < BTX_BENCH_KIND_COUNT; kind++) {
        const struct btx_bench_latency *latency = &row->run.kinds[kind];
        fprintf(file, "%-22s %8u %8.0f %8.0f %8.0f\n", kind_names[kind], latency->count,
                latency->p50_ns, latency->p99_ns, latency->p999_ns);
    }
}

static void print_fold(const struct btx_bench_report *report, FILE *file)
{
    const struct btx_bench_fold *fold = &report->fold;
    const struct btx_bench_row *row = &report->rows[report->fold_row];
    const double live_ns =
        median(&row->run.core) * (double)row->flow.shape.commands / (double)fold->events;
    fprintf(file, "\nFolding the log of \"%s\": %llu records, %llu events, %llu bytes\n", row->name,
            (unsigned long long)fold->records, (unsigned long long)fold->events,
            (unsigned long long)fold->bytes);
    fprintf(file, "%-22s %10s %10s %12s\n", "", "ns/event", "min", "events/s");
    fprintf(file, "%-22s %10.1f %10.1f %12.0f\n", "live (step)", live_ns,
            minimum(&row->run.core) * (double)row->flow.shape.commands / (double)fold->events,
            1e9 / live_ns);
    fprintf(file, "%-22s %10.1f %10.1f %12.0f\n", "apply", median(&fold->apply),
            minimum(&fold->apply), 1e9 / median(&fold->apply));
    fprintf(file, "%-22s %10.1f %10.1f %12.0f\n", "check and apply", median(&fold->check_apply),
            minimum(&fold->check_apply), 1e9 / median(&fold->check_apply));
}

static const char *mark(double value, double floor, double goal)
{
    if (value <= goal) {
        return "goal reached";
    }
    return value <= floor ? "floor passed" : "MISSES THE FLOOR";
}

static void print_mark(const char *name, double value, double floor, double goal, FILE *file)
{
    fprintf(file, "%-34s %9.2f %7.1f %7.1f  %s\n", name, value, floor, goal,
            mark(value, floor, goal));
}

static void print_marks(const struct btx_bench_row *row, FILE *file)
{
    const struct btx_bench_run *run = &row->run;
    fprintf(file, "\nFloors and goals, for \"%s\"\n", row->name);
    fprintf(file, "%-34s %9s %7s %7s\n", "", "measured", "floor", "goal");
    print_mark("ns per command, median run", median(&run->core), COMMAND_FLOOR_NS, COMMAND_GOAL_NS,
               file);
    print_mark("ns per command, quiet", quiet(&run->core), COMMAND_FLOOR_NS, COMMAND_GOAL_NS, file);
    print_mark("times the faster baseline, median", ratio_of(run, median), RATIO_FLOOR, RATIO_GOAL,
               file);
    print_mark("times the faster baseline, quiet", ratio_of(run, quiet), RATIO_FLOOR, RATIO_GOAL,
               file);
    fputs("For reference: 51 to 104 ns per operation are published for QuantCup's winner, on "
          "another\nmachine.\n",
          file);
}

void btx_bench_report_print(const struct btx_bench_report *report, FILE *file)
{
    btx_bench_machine_print(&report->machine, file);
    print_flows(report, file);
    print_figures(report, file);
    print_kinds(&report->rows[report->base_row], file);
    if (report->fold_row != UINT32_MAX) {
        print_fold(report, file);
    }
    print_marks(&report->rows[report->base_row], file);
}

static void json_timing(const char *name, const struct btx_bench_timing *timing, FILE *file)
{
    fprintf(file, "\"%s\":{\"median_ns\":%.2f,\"min_ns\":%.2f,", name, median(timing),
            minimum(timing));
    fprintf(file, "\"cpu_min_ns\":%.2f,\"quiet_ns\":%.2f,\"wall_ns\":[",
            btx_bench_minimum(timing->cpu_ns, timing->count), timing->quiet_ns);
    for (uint32_t i = 0; i < timing->count; i++) {
        fprintf(file, "%s%.2f", i == 0 ? "" : ",", timing->wall_ns[i]);
    }
    fputs("]}", file);
}

static void json_latency(const char *name, const struct btx_bench_latency *latency, FILE *file)
{
    fprintf(file, "\"%s\":{\"count\":%u,\"p50_ns\":%.1f,\"p99_ns\":%.1f,\"p999_ns\":%.1f}", name,
            latency->count, latency->p50_ns, latency->p99_ns, latency->p999_ns);
}

static void json_row(const struct btx_bench_row *row, FILE *file)
{
    const struct btx_bench_flow *flow = &row->flow;
    const struct btx_bench_shape *shape = &flow->shape;
    const struct btx_bench_facts *facts = &row->run.facts;
    fprintf(file, "{\"name\":\"%s\",\"seed\":%llu,\"commands\":%u,\"accounts\":%u,\"markets\":%u,",
            row->name, (unsigned long long)shape->seed, shape->commands, shape->accounts,
            shape->markets);
    fprintf(file, "\"runners\":%u,\"runners_touched\":%u,\"huge_pages\":%s,\n ", shape->runners,
            shape->touched, shape->huge_pages ? "true" : "false");
    fprintf(file, "\"cancels\":%u,\"passive\":%u,\"crossing\":%u,", flow->kinds[BTX_BENCH_CANCEL],
            flow->kinds[BTX_BENCH_PASSIVE], flow->kinds[BTX_BENCH_CROSSING]);
    fprintf(file, "\"trades\":%llu,\"resting_end\":%llu,\"resting_max\":%u,",
            (unsigned long long)facts->trades, (unsigned long long)facts->resting,
            flow->resting_max);
    fprintf(file, "\"events\":%llu,\"event_bytes\":%llu,\"refused\":%llu,\n ",
            (unsigned long long)facts->events, (unsigned long long)facts->event_bytes,
            (unsigned long long)facts->refused);
    json_timing("core", &row->run.core, file);
    for (int mode = 0; mode < BTX_BENCH_BASELINE_MODE_COUNT; mode++) {
        fputs(",\n ", file);
        json_timing(mode_keys[mode], &row->run.baseline[mode], file);
    }
    fprintf(file, ",\n \"ratio\":%.3f,\"ratio_quiet\":%.3f,\"timer_ns\":%.1f,\n ",
            ratio_of(&row->run, median), ratio_of(&row->run, quiet), row->run.timer_ns);
    json_latency("all", &row->run.all, file);
    for (int kind = 0; kind < BTX_BENCH_KIND_COUNT; kind++) {
        fputc(',', file);
        json_latency(kind_keys[kind], &row->run.kinds[kind], file);
    }
    fputc('}', file);
}

static void json_fold(const struct btx_bench_report *report, FILE *file)
{
    const struct btx_bench_fold *fold = &report->fold;
    fprintf(file, "\"fold\":{\"flow\":\"%s\",\"records\":%llu,\"events\":%llu,\"bytes\":%llu,",
            report->rows[report->fold_row].name, (unsigned long long)fold->records,
            (unsigned long long)fold->events, (unsigned long long)fold->bytes);
    json_timing("apply", &fold->apply, file);
    fputc(',', file);
    json_timing("check_apply", &fold->check_apply, file);
    fputs("},\n", file);
}

static void json_marks(const struct btx_bench_row *row, FILE *file)
{
    const double ns = median(&row->run.core);
    const double ratio = ratio_of(&row->run, median);
    fprintf(file,
            "\"marks\":{\"flow\":\"%s\",\"ns_per_command\":{\"measured\":%.2f,\"floor\":%.0f,"
            "\"goal\":%.0f,\"mark\":\"%s\"},",
            row->name, ns, COMMAND_FLOOR_NS, COMMAND_GOAL_NS,
            mark(ns, COMMAND_FLOOR_NS, COMMAND_GOAL_NS));
    fprintf(file, "\"ratio\":{\"measured\":%.3f,\"floor\":%.1f,\"goal\":%.1f,\"mark\":\"%s\"}},\n",
            ratio, RATIO_FLOOR, RATIO_GOAL, mark(ratio, RATIO_FLOOR, RATIO_GOAL));
}

enum btx_fault_code btx_bench_report_write(const struct btx_bench_report *report, const char *path,
                                           struct btx_fault *reterr_fault)
{
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s", path);
    }
    fputs("{\"benchmark\":\"core\",", file);
    btx_bench_machine_json(&report->machine, file);
    fprintf(file, ",\n\"repetitions\":%u,\n", report->repetitions);
    json_marks(&report->rows[report->base_row], file);
    if (report->fold_row != UINT32_MAX) {
        json_fold(report, file);
    }
    fputs("\"flows\":[\n", file);
    for (uint32_t i = 0; i < report->row_count; i++) {
        fputs(i == 0 ? "" : ",\n", file);
        json_row(&report->rows[i], file);
    }
    fputs("\n]}\n", file);
    const bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed) {
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s", path);
    }
    return BTX_OK;
}
