/* SPDX-License-Identifier: Apache-2.0 */
/* bench_wal.c - how fast the log makes events durable, beside a plain file that does nothing else.
 *
 * What is measured and how is told in README.md. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "tests/bench/bench_wal_loads.h"
#include "tests/bench/bench_wal_report.h"

#define DIRECTORY "build/bench"
#define LOG_DIRECTORY DIRECTORY "/wal"
#define JSON_PATH DIRECTORY "/wal.json"
#define COMMANDS 2000000u
#define QUICK_COMMANDS 20000u
#define REPETITIONS 5u
#define GIB(count) ((uint64_t)(count) << 30)
/* What all but the sustained loads take at most, and what no run may use up. */
#define SPACE_BYTES GIB(12)
#define QUICK_SPACE_BYTES GIB(1)
/* The least that says anything about a sustained run, and more than a minute can write here. */
#define SUSTAIN_BYTES_MIN GIB(8)
#define SUSTAIN_BYTES_MAX GIB(96)

static const char usage[] =
    "usage: betex-bench-wal [OPTION...]\n"
    "\n"
    "Measures the log (group commits, rotation, reading) beside a plain file that is zeroed\n"
    "ahead, appended to and synced: the same records, the same folder, in turn.  Run it from the\n"
    "top of the checkout; it takes about 40 minutes and 12 GiB of free disk, 22 and more for the\n"
    "sustained loads.  What it writes is removed again.\n"
    "\n"
    "  --dir DIR          where to write (" LOG_DIRECTORY "): what is measured is its disk\n"
    "  --quick            everything, too short to say anything: seconds, 1 GiB\n"
    "  --repetitions N    of each load, 1..31 (5)\n"
    "  --sustain SECONDS  length of the sustained loads (60)\n"
    "  --only PART        one of burst, offered, rotation, sustained, fold; may be repeated\n"
    "  --load NAME        only loads of this name, as the tables have it\n"
    "  --log NAME         only this side: plain, still, ours or often\n"
    "  --json FILE        results as JSON (" JSON_PATH ")\n"
    "  --help             this text\n";

enum choice {
    OPTION_HELP = 256,
    OPTION_DIR,
    OPTION_QUICK,
    OPTION_REPETITIONS,
    OPTION_SUSTAIN,
    OPTION_ONLY,
    OPTION_LOAD,
    OPTION_LOG,
    OPTION_JSON,
};

static const struct option long_options[] = {
    {"help", no_argument, NULL, OPTION_HELP},
    {"dir", required_argument, NULL, OPTION_DIR},
    {"quick", no_argument, NULL, OPTION_QUICK},
    {"repetitions", required_argument, NULL, OPTION_REPETITIONS},
    {"sustain", required_argument, NULL, OPTION_SUSTAIN},
    {"only", required_argument, NULL, OPTION_ONLY},
    {"load", required_argument, NULL, OPTION_LOAD},
    {"log", required_argument, NULL, OPTION_LOG},
    {"json", required_argument, NULL, OPTION_JSON},
    {NULL, 0, NULL, 0},
};

static const char *const part_names[BTX_BENCH_WAL_PART_COUNT] = {
    [BTX_BENCH_WAL_BURST] = "burst",       [BTX_BENCH_WAL_OFFERED] = "offered",
    [BTX_BENCH_WAL_ROTATION] = "rotation", [BTX_BENCH_WAL_SUSTAINED] = "sustained",
    [BTX_BENCH_WAL_FOLD] = "fold",
};

struct settings {
    const char *directory;
    const char *json_path;
    const char *load; /* NULL: all. */
    uint32_t parts;   /* Bit n: part n. */
    uint32_t sides;   /* Bit n: side n. */
    uint32_t repetitions;
    uint32_t sustain_seconds;
    bool quick;
    bool help;
};

static enum btx_fault_code set_number(uint32_t *number, uint32_t most, const char *text,
                                      struct btx_fault *reterr_fault)
{
    char *end = NULL;
    errno = 0;
    const unsigned long long value = strtoull(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || *text == '-' || value < 1 || value > most) {
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "want a number from 1 to %u, got '%s'", most, text);
    }
    *number = (uint32_t)value;
    return BTX_OK;
}

static enum btx_fault_code add_part(struct settings *settings, const char *text,
                                    struct btx_fault *reterr_fault)
{
    for (uint32_t i = 0; i < BTX_COUNT_OF(part_names); i++) {
        if (strcmp(text, part_names[i]) == 0) {
            settings->parts |= 1u << i;
            return BTX_OK;
        }
    }
    return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                         "want burst, offered, rotation, sustained or fold, got '%s'", text);
}

static enum btx_fault_code set_side(struct settings *settings, const char *text,
                                    struct btx_fault *reterr_fault)
{
    for (uint32_t i = 0; i < BTX_BENCH_WAL_SIDE_COUNT; i++) {
        if (strcmp(text, btx_bench_wal_side_name((enum btx_bench_wal_side)i)) == 0) {
            settings->sides = 1u << i;
            return BTX_OK;
        }
    }
    return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                         "want plain, still, ours or often, got '%s'", text);
}

static enum btx_fault_code take_option(struct settings *settings, int option,
                                       struct btx_fault *reterr_fault)
{
    switch (option) {
    case OPTION_HELP:
        settings->help = true;
        return BTX_OK;
    case OPTION_DIR:
        settings->directory = optarg;
        return BTX_OK;
    case OPTION_QUICK:
        settings->quick = true;
        return BTX_OK;
    case OPTION_REPETITIONS:
        return set_number(&settings->repetitions, BTX_BENCH_WAL_REPETITIONS_MAX - 1, optarg,
                          reterr_fault);
    case OPTION_SUSTAIN:
        return set_number(&settings->sustain_seconds, 86400, optarg, reterr_fault);
    case OPTION_ONLY:
        return add_part(settings, optarg, reterr_fault);
    case OPTION_LOAD:
        settings->load = optarg;
        return BTX_OK;
    case OPTION_LOG:
        return set_side(settings, optarg, reterr_fault);
    case OPTION_JSON:
        settings->json_path = optarg;
        return BTX_OK;
    default:
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "see --help");
    }
}

static enum btx_fault_code read_arguments(struct settings *settings, int argument_count,
                                          char **arguments, struct btx_fault *reterr_fault)
{
    int option = 0;
    int row = 0;
    *settings = (struct settings){.directory = LOG_DIRECTORY,
                                  .json_path = JSON_PATH,
                                  .sides = UINT32_MAX,
                                  .sustain_seconds = 60};
    while ((option = getopt_long(argument_count, arguments, "", long_options, &row)) != -1) {
        const enum btx_fault_code code = take_option(settings, option, reterr_fault);
        if (code != BTX_OK) {
            return option == '?' ? code
                                 : btx_fault_wrap(reterr_fault, "--%s", long_options[row].name);
        }
    }
    if (optind < argument_count) {
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "%s: see --help", arguments[optind]);
    }
    if (settings->repetitions == 0) {
        settings->repetitions = settings->quick ? 1 : REPETITIONS;
    }
    settings->parts = settings->parts == 0 ? UINT32_MAX : settings->parts;
    return BTX_OK;
}

static bool wants(const struct settings *settings, enum btx_bench_wal_part part)
{
    return (settings->parts >> part & 1u) != 0;
}

/* How much a sustained run may write, of what is free, and whether that is enough. */
static enum btx_fault_code plan_space(const struct settings *settings,
                                      const struct btx_bench_wal_place *place,
                                      struct btx_bench_wal_plan *plan,
                                      struct btx_fault *reterr_fault)
{
    const bool sustains = wants(settings, BTX_BENCH_WAL_SUSTAINED) && !settings->quick;
    const uint64_t needed = settings->quick
                                ? QUICK_SPACE_BYTES
                                : SPACE_BYTES + (sustains ? SUSTAIN_BYTES_MIN / 4 * 5 : 0);
    if (place->free_bytes < needed) {
        return btx_fault_set(reterr_fault, BTX_FAULT_DISK_FULL, 0,
                             "%s has %.1f GiB free, %.0f are needed (--dir, --only and --quick "
                             "need less)",
                             place->directory, (double)place->free_bytes / (double)GIB(1),
                             (double)needed / (double)GIB(1));
    }
    plan->sustain_bytes = sustains ? (place->free_bytes - SPACE_BYTES) / 5 * 4 : 0;
    if (plan->sustain_bytes > SUSTAIN_BYTES_MAX) {
        plan->sustain_bytes = SUSTAIN_BYTES_MAX;
    }
    return BTX_OK;
}

struct bench {
    const struct settings *settings;
    struct btx_bench_wal_plan plan;
    struct btx_bench_wal_recording recording;
    struct btx_bench_wal_report report;
};

/* Every side once; each time another one begins. */
static enum btx_fault_code measure_once(struct bench *bench, struct btx_bench_wal_row *row,
                                        uint32_t repetition, struct btx_fault *reterr_fault)
{
    for (uint32_t i = 0; i < BTX_BENCH_WAL_SIDE_COUNT; i++) {
        const uint32_t side = (i + repetition) % BTX_BENCH_WAL_SIDE_COUNT;
        if ((row->load.sides >> side & 1u) == 0) {
            continue;
        }
        const enum btx_fault_code code = btx_bench_wal_run(
            &bench->report.place, &row->load, (enum btx_bench_wal_side)side, &bench->recording,
            repetition == 0, false, &row->results[side][repetition], reterr_fault);
        if (code != BTX_OK) {
            return btx_fault_wrap(reterr_fault, "%s",
                                  btx_bench_wal_side_name((enum btx_bench_wal_side)side));
        }
    }
    return BTX_OK;
}

static enum btx_fault_code measure_row(struct bench *bench, const struct btx_bench_wal_load *load,
                                       struct btx_fault *reterr_fault)
{
    struct btx_bench_wal_row *row = &bench->report.rows[bench->report.row_count];
    CHECK(bench->report.row_count < BTX_BENCH_WAL_ROWS_MAX);
    bench->report.row_count++;
    row->load = *load;
    for (uint32_t i = 0; i < bench->report.repetitions; i++) {
        if (measure_once(bench, row, i, reterr_fault) != BTX_OK) {
            return reterr_fault->code;
        }
    }
    return BTX_OK;
}

static enum btx_fault_code measure_fold(struct bench *bench, const struct btx_bench_wal_load *load,
                                        struct btx_fault *reterr_fault)
{
    struct btx_bench_wal_fold *fold = &bench->report.folds[bench->report.fold_count];
    CHECK(bench->report.fold_count < BTX_BENCH_WAL_FOLDS_MAX);
    bench->report.fold_count++;
    fold->name = load->name;
    for (uint32_t i = 0; i < bench->report.repetitions; i++) {
        if (btx_bench_wal_fold_run(fold, &bench->report.place, load, &bench->recording,
                                   reterr_fault) != BTX_OK) {
            return reterr_fault->code;
        }
    }
    return BTX_OK;
}

/* The order flow is made when the first load wants it: it takes a while. */
static void make_recording(struct bench *bench, const struct btx_bench_wal_load *load)
{
    if (load->kind != BTX_BENCH_WAL_EVENTS && bench->recording.bytes == NULL) {
        btx_bench_wal_recording_init(&bench->recording, bench->plan.commands);
    }
}

static enum btx_fault_code measure(struct bench *bench, struct btx_fault *reterr_fault)
{
    const struct settings *settings = bench->settings;
    struct btx_bench_wal_load load;
    for (uint32_t i = 0; btx_bench_wal_load_at(&bench->plan, i, &load); i++) {
        load.sides &= settings->sides;
        if (!wants(settings, load.part) || load.sides == 0 ||
            (settings->load != NULL && strcmp(settings->load, load.name) != 0)) {
            continue;
        }
        fprintf(stderr, "measuring: %s, %s\n", part_names[load.part], load.name);
        make_recording(bench, &load);
        const enum btx_fault_code code = load.part == BTX_BENCH_WAL_FOLD
                                             ? measure_fold(bench, &load, reterr_fault)
                                             : measure_row(bench, &load, reterr_fault);
        if (code != BTX_OK) {
            return btx_fault_wrap(reterr_fault, "%s, %s", part_names[load.part], load.name);
        }
    }
    return bench->report.row_count + bench->report.fold_count > 0
               ? BTX_OK
               : btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                               "no load has that name and that side");
}

static enum btx_fault_code run(const struct settings *settings, struct btx_fault *reterr_fault)
{
    /* Great for the stack. */
    static struct bench bench;
    struct btx_bench_wal_report *report = &bench.report;
    bench.settings = settings;
    bench.plan.quick = settings->quick;
    bench.plan.sustain_seconds = settings->sustain_seconds;
    bench.plan.commands = settings->quick ? QUICK_COMMANDS : COMMANDS;
    report->repetitions = settings->repetitions;
    report->is_quick = settings->quick;
    if (btx_bench_wal_place_init(&report->place, settings->directory, reterr_fault) != BTX_OK ||
        plan_space(settings, &report->place, &bench.plan, reterr_fault) != BTX_OK) {
        return reterr_fault->code;
    }
    btx_bench_machine_begin(&report->machine);
    const enum btx_fault_code code = measure(&bench, reterr_fault);
    btx_bench_wal_recording_done(&bench.recording);
    if (code != BTX_OK) {
        return code;
    }
    btx_bench_machine_end(&report->machine);
    btx_bench_wal_report_print(report, stdout);
    if (btx_bench_wal_report_write(report, settings->json_path, reterr_fault) != BTX_OK) {
        return reterr_fault->code;
    }
    printf("\nJSON: %s\n", settings->json_path);
    return BTX_OK;
}

int main(int argument_count, char **arguments)
{
    struct btx_fault fault = {0};
    struct settings settings;
    enum btx_fault_code code = read_arguments(&settings, argument_count, arguments, &fault);
    if (code == BTX_OK && settings.help) {
        fputs(usage, stdout);
        return 0;
    }
    if (code == BTX_OK) {
        code = run(&settings, &fault);
    }
    if (code != BTX_OK) {
        fprintf(stderr, "betex-bench-wal: %s\n", fault.text);
    }
    return btx_fault_exit_status(code);
}
