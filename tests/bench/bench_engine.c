/* SPDX-License-Identifier: Apache-2.0 */
/* bench_engine.c - the whole engine: commands into its ring, events durable and out of it again.
 *
 * What is measured and how is told in README.md. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "tests/bench/bench_engine_report.h"

#define DIRECTORY "build/bench"
#define LOG_DIRECTORY DIRECTORY "/engine"
#define JSON_PATH DIRECTORY "/engine.json"
#define SECONDS 60u
#define QUICK_SECONDS 1u
/* More than an engine and then a plain file write in a second, and what both leave free. */
#define SECOND_BYTES (UINT64_C(512) << 20)
#define SPARE_BYTES (UINT64_C(8) << 30)

static const char usage[] =
    "usage: betex-bench-engine [OPTION...]\n"
    "\n"
    "Measures the engine as a process: one client hands commands in, and reads every event back\n"
    "as soon as it is durable.  As fast as it goes, then at rates that are offered, beside a\n"
    "plain file that is given the same bytes.  Run it from the top of the checkout; it takes\n"
    "about ten minutes and 38 GiB of free disk.  What it writes is removed again.\n"
    "\n"
    "  --seconds N    length of each load (60)\n"
    "  --only LOAD    one of saturated, 100k, 500k, 1M\n"
    "  --rate N       only so many events a second, offered\n"
    "  --alone        without the plain file\n"
    "  --cores LIST   engine.cores, as in '0,1' (off)\n"
    "  --hugepages    engine.hugepages required, its default (off)\n"
    "  --commands N   of the clients in a session (1000000)\n"
    "  --markets N    in a session (20)\n"
    "  --accounts N   that trade (1000)\n"
    "  --resting N    orders in all books that the flow tends to (20000)\n"
    "  --engine FILE  which betexd (the one beside this program)\n"
    "  --dir DIR      where to write (" LOG_DIRECTORY "): its disk takes part\n"
    "  --quick        a second each, and small: too short to say anything\n"
    "  --json FILE    results as JSON (" JSON_PATH ")\n"
    "  --help         this text\n";

enum choice {
    OPTION_HELP = 256,
    OPTION_SECONDS,
    OPTION_ONLY,
    OPTION_RATE,
    OPTION_ALONE,
    OPTION_CORES,
    OPTION_HUGEPAGES,
    OPTION_COMMANDS,
    OPTION_MARKETS,
    OPTION_ACCOUNTS,
    OPTION_RESTING,
    OPTION_ENGINE,
    OPTION_DIR,
    OPTION_QUICK,
    OPTION_JSON,
};

static const struct option long_options[] = {
    {"help", no_argument, NULL, OPTION_HELP},
    {"seconds", required_argument, NULL, OPTION_SECONDS},
    {"only", required_argument, NULL, OPTION_ONLY},
    {"rate", required_argument, NULL, OPTION_RATE},
    {"alone", no_argument, NULL, OPTION_ALONE},
    {"cores", required_argument, NULL, OPTION_CORES},
    {"hugepages", no_argument, NULL, OPTION_HUGEPAGES},
    {"commands", required_argument, NULL, OPTION_COMMANDS},
    {"markets", required_argument, NULL, OPTION_MARKETS},
    {"accounts", required_argument, NULL, OPTION_ACCOUNTS},
    {"resting", required_argument, NULL, OPTION_RESTING},
    {"engine", required_argument, NULL, OPTION_ENGINE},
    {"dir", required_argument, NULL, OPTION_DIR},
    {"quick", no_argument, NULL, OPTION_QUICK},
    {"json", required_argument, NULL, OPTION_JSON},
    {NULL, 0, NULL, 0},
};

struct load_name {
    const char *name;
    double offered; /* Events a second. */
};

static const struct load_name load_names[] = {
    {"saturated", 0}, {"100k", 100000}, {"500k", 500000}, {"1M", 1000000}};

struct settings {
    const char *directory;
    const char *json_path;
    const char *program;
    const char *cores;
    const char *only; /* NULL: all. */
    struct btx_bench_shape shape;
    uint32_t seconds;
    uint32_t rate;
    bool hugepages;
    bool alone;
    bool quick;
    bool help;
};

static enum btx_fault_code set_number(uint32_t *number, uint32_t most,
                                      struct btx_fault *reterr_fault)
{
    char *end = NULL;
    errno = 0;
    const unsigned long long value = strtoull(optarg, &end, 10);
    if (end == optarg || *end != '\0' || errno != 0 || *optarg == '-' || value < 1 ||
        value > most) {
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "want a number from 1 to %u, got '%s'", most, optarg);
    }
    *number = (uint32_t)value;
    return BTX_OK;
}

static enum btx_fault_code set_only(struct settings *settings, struct btx_fault *reterr_fault)
{
    settings->only = optarg;
    for (size_t i = 0; i < BTX_COUNT_OF(load_names); i++) {
        if (strcmp(optarg, load_names[i].name) == 0) {
            return BTX_OK;
        }
    }
    return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                         "want saturated, 100k, 500k or 1M, got '%s'", optarg);
}

static enum btx_fault_code take_shape(struct btx_bench_shape *shape, int option,
                                      struct btx_fault *reterr_fault)
{
    switch (option) {
    case OPTION_COMMANDS:
        return set_number(&shape->commands, 10000000, reterr_fault);
    case OPTION_MARKETS:
        return set_number(&shape->markets, 10000, reterr_fault);
    case OPTION_ACCOUNTS:
        return set_number(&shape->accounts, 100000, reterr_fault);
    case OPTION_RESTING:
        return set_number(&shape->resting, 400000, reterr_fault);
    default:
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "see --help");
    }
}

static enum btx_fault_code take_option(struct settings *settings, int option,
                                       struct btx_fault *reterr_fault)
{
    switch (option) {
    case OPTION_HELP:
        settings->help = true;
        return BTX_OK;
    case OPTION_SECONDS:
        return set_number(&settings->seconds, 86400, reterr_fault);
    case OPTION_ONLY:
        return set_only(settings, reterr_fault);
    case OPTION_RATE:
        return set_number(&settings->rate, 100000000, reterr_fault);
    case OPTION_ALONE:
        settings->alone = true;
        return BTX_OK;
    case OPTION_CORES:
        settings->cores = optarg;
        return BTX_OK;
    case OPTION_HUGEPAGES:
        settings->hugepages = true;
        return BTX_OK;
    case OPTION_ENGINE:
        settings->program = optarg;
        return BTX_OK;
    case OPTION_DIR:
        settings->directory = optarg;
        return BTX_OK;
    case OPTION_QUICK:
        settings->quick = true;
        return BTX_OK;
    case OPTION_JSON:
        settings->json_path = optarg;
        return BTX_OK;
    default:
        return take_shape(&settings->shape, option, reterr_fault);
    }
}

static uint32_t number_or(uint32_t number, uint32_t otherwise)
{
    return number != 0 ? number : otherwise;
}

/* What was not said. */
static void set_defaults(struct settings *settings)
{
    struct btx_bench_shape *shape = &settings->shape;
    const bool quick = settings->quick;
    settings->seconds = number_or(settings->seconds, quick ? QUICK_SECONDS : SECONDS);
    shape->commands = number_or(shape->commands, quick ? 5000 : 1000000);
    shape->markets = number_or(shape->markets, quick ? 3 : 20);
    shape->accounts = number_or(shape->accounts, quick ? 20 : 1000);
    shape->resting = number_or(shape->resting, quick ? 300 : 20000);
    shape->runners = 3;
    shape->touched = 3;
    shape->seed = 1;
}

static enum btx_fault_code read_arguments(struct settings *settings, int argument_count,
                                          char **arguments, struct btx_fault *reterr_fault)
{
    int option = 0;
    int row = 0;
    *settings = (struct settings){.directory = LOG_DIRECTORY, .json_path = JSON_PATH};
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
    set_defaults(settings);
    return BTX_OK;
}

/* betexd beside this program. */
static enum btx_fault_code find_engine(char program[PATH_MAX], struct btx_fault *reterr_fault)
{
    const ssize_t length = readlink("/proc/self/exe", program, PATH_MAX - 1);
    if (length <= 0) {
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "/proc/self/exe");
    }
    program[length] = '\0';
    char *name = strrchr(program, '/') + 1;
    if ((size_t)(name - program) + sizeof "betexd" > PATH_MAX) {
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, 0, "%s: too long", program);
    }
    memcpy(name, "betexd", sizeof "betexd");
    return BTX_OK;
}

struct bench {
    const struct settings *settings;
    char program[PATH_MAX];
    struct btx_bench_sessions sessions;
    struct btx_bench_engine_report report;
};

/* One run of an engine with a log of its own, and what is in that log. */
static enum btx_fault_code measure_engine(struct bench *bench, struct btx_bench_engine_row *row,
                                          struct btx_bench_engine_sample *sample,
                                          struct btx_fault *reterr_fault)
{
    const struct btx_bench_wal_place *place = &bench->report.place;
    const struct btx_bench_engine_options options = {
        .program = bench->program,
        .wal = place->root,
        .cores = bench->settings->cores,
        .hugepages = bench->settings->hugepages,
        .any_disk = bench->settings->quick || !place->is_allowed,
    };
    struct btx_bench_engine_process process = {0};
    struct btx_fault second;
    if (btx_bench_engine_start(&process, &options, reterr_fault) != BTX_OK) {
        return reterr_fault->code;
    }
    if (btx_bench_engine_load(&process, &bench->sessions, row->offered / bench->sessions.events,
                              bench->settings->seconds, &row->engine, reterr_fault) != BTX_OK) {
        /* The first fault is the one to tell. */
        (void)btx_bench_engine_stop(&process, &second);
        return reterr_fault->code;
    }
    if (btx_bench_engine_stop(&process, reterr_fault) != BTX_OK) {
        return reterr_fault->code;
    }
    return btx_bench_engine_read_log(place, &row->engine, sample, reterr_fault);
}

/* And the plain file with the same bytes. */
static enum btx_fault_code measure_plain(struct bench *bench, struct btx_bench_engine_row *row,
                                         const struct btx_bench_engine_sample *sample,
                                         struct btx_fault *reterr_fault)
{
    const struct btx_bench_wal_place *place = &bench->report.place;
    if (btx_bench_wal_place_clear(place, reterr_fault) != BTX_OK) {
        return reterr_fault->code;
    }
    btx_bench_wal_place_sync(place);
    row->has_plain = true;
    return btx_bench_engine_plain(place, sample, row->offered / bench->sessions.events,
                                  bench->settings->seconds, row->engine.commit_bytes, &row->plain,
                                  reterr_fault);
}

static enum btx_fault_code measure_row(struct bench *bench, const char *name, double offered,
                                       struct btx_fault *reterr_fault)
{
    const struct btx_bench_wal_place *place = &bench->report.place;
    struct btx_bench_engine_row *row = &bench->report.rows[bench->report.row_count++];
    struct btx_bench_engine_sample sample = {0};
    struct btx_fault second;
    *row = (struct btx_bench_engine_row){.name = name, .offered = offered};
    fprintf(stderr, "measuring: %s\n", name);
    enum btx_fault_code code = btx_bench_wal_place_clear(place, reterr_fault);
    if (code == BTX_OK) {
        btx_bench_wal_place_sync(place);
        code = measure_engine(bench, row, &sample, reterr_fault);
    }
    if (code == BTX_OK && !bench->settings->alone) {
        code = measure_plain(bench, row, &sample, reterr_fault);
    }
    btx_bench_engine_sample_done(&sample);
    (void)btx_bench_wal_place_clear(place, &second); /* The next one would say it. */
    return code == BTX_OK ? BTX_OK : btx_fault_wrap(reterr_fault, "%s", name);
}

static enum btx_fault_code measure(struct bench *bench, struct btx_fault *reterr_fault)
{
    const struct settings *settings = bench->settings;
    if (settings->rate != 0) {
        return measure_row(bench, "offered", settings->rate, reterr_fault);
    }
    for (size_t i = 0; i < BTX_COUNT_OF(load_names); i++) {
        const struct load_name *load = &load_names[i];
        /* Of a quick run only the end matters: a machine may be as slow as it likes. */
        const double offered = settings->quick ? load->offered / 100 : load->offered;
        if (settings->only != NULL && strcmp(settings->only, load->name) != 0) {
            continue;
        }
        if (measure_row(bench, load->name, offered, reterr_fault) != BTX_OK) {
            return reterr_fault->code;
        }
    }
    return BTX_OK;
}

static enum btx_fault_code check_space(const struct settings *settings,
                                       const struct btx_bench_wal_place *place,
                                       struct btx_fault *reterr_fault)
{
    const uint64_t needed = SECOND_BYTES * settings->seconds + (settings->quick ? 0 : SPARE_BYTES);
    if (place->free_bytes >= needed) {
        return BTX_OK;
    }
    return btx_fault_set(reterr_fault, BTX_FAULT_DISK_FULL, 0,
                         "%s has %.1f GiB free, %.1f are needed (fewer --seconds need less)",
                         place->directory, (double)place->free_bytes / (double)(1 << 30),
                         (double)needed / (double)(1 << 30));
}

static enum btx_fault_code run(const struct settings *settings, struct btx_fault *reterr_fault)
{
    static struct bench bench; /* Great for the stack. */
    struct btx_bench_engine_report *report = &bench.report;
    bench.settings = settings;
    if (settings->program == NULL) {
        if (find_engine(bench.program, reterr_fault) != BTX_OK) {
            return reterr_fault->code;
        }
    } else {
        (void)snprintf(bench.program, sizeof bench.program, "%s", settings->program);
    }
    if (btx_bench_wal_place_init(&report->place, settings->directory, reterr_fault) != BTX_OK ||
        check_space(settings, &report->place, reterr_fault) != BTX_OK) {
        return reterr_fault->code;
    }
    report->shape = settings->shape;
    report->cores = settings->cores;
    report->hugepages = settings->hugepages;
    report->seconds = settings->seconds;
    btx_bench_machine_begin(&report->machine);
    btx_bench_sessions_init(&bench.sessions, &settings->shape);
    const enum btx_fault_code code = measure(&bench, reterr_fault);
    btx_bench_sessions_done(&bench.sessions);
    if (code != BTX_OK) {
        return code;
    }
    btx_bench_machine_end(&report->machine);
    btx_bench_engine_report_print(report, stdout);
    if (btx_bench_engine_report_write(report, settings->json_path, reterr_fault) != BTX_OK) {
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
        fprintf(stderr, "betex-bench-engine: %s\n", fault.text);
    }
    return btx_fault_exit_status(code);
}
