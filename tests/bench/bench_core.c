/* SPDX-License-Identifier: Apache-2.0 */
/* bench_core.c - how long the core takes for a command, beside a book that does nothing else.
 *
 * What is measured and how is told in README.md. */
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/check.h"
#include "tests/bench/bench_core_callgrind.h"
#include "tests/bench/bench_core_flow.h"
#include "tests/bench/bench_core_report.h"
#include "tests/bench/bench_core_run.h"

#define DIRECTORY "build/bench"
#define JSON_PATH DIRECTORY "/core.json"
#define SEED 20260101
#define COMMANDS 2000000u
#define CALLGRIND_COMMANDS 200000u
#define RESTING 2000u

static const char usage[] =
    "usage: betex-bench-core [OPTION...]\n"
    "\n"
    "Measures the core (step and apply, risk checked, no log) on a mixed order flow, beside a\n"
    "minimal order book.  Run it from the top of the checkout.\n"
    "\n"
    "  --quick            only flows of 20 k and 100 k commands\n"
    "  --repetitions N    measured runs of each flow, 1..63 (7); one more warms up\n"
    "  --fold             also measure applying the recorded log of the base flow\n"
    "  --json FILE        results as JSON (" JSON_PATH ")\n"
    "  --small-pages      4 KiB pages instead of huge ones\n"
    "  --cpu N            stay on processor N\n"
    "\n"
    "One flow of one's own instead of the standard ones, by any of:\n"
    "  --commands N --accounts N --markets N --runners N --touched N --resting N --seed N\n"
    "                     touched: runners of each market that have orders\n"
    "  --read-csv FILE    the flow in FILE (README.md, \"The CSV form\")\n"
    "\n"
    "Instead of measuring time:\n"
    "  --write-csv FILE   write the flow and end\n"
    "  --callgrind        count instructions with valgrind (200 k commands unless said)\n"
    "  --once             run each measured loop once and end, for profilers\n"
    "  --help             this text\n";

struct standard_flow {
    const char *name;
    uint32_t commands;
    uint32_t accounts;
    uint32_t markets;
    uint32_t runners;
    uint32_t touched;
    uint32_t resting;
    bool small_pages;
};

static const struct standard_flow standard_flows[] = {
    {"20 k", 20000, 100, 1, 2, 1, RESTING, false},
    {"100 k", 100000, 100, 1, 2, 1, RESTING, false},
    {"2 M", COMMANDS, 100, 1, 2, 1, RESTING, false},
    {"1 account", COMMANDS, 1, 1, 2, 1, RESTING, false},
    {"10 000 accounts", COMMANDS, 10000, 1, 2, 1, RESTING, false},
    {"10 markets", COMMANDS, 100, 10, 2, 1, 10 * RESTING, false},
    {"1000 markets", COMMANDS, 100, 1000, 2, 1, 50 * RESTING, false},
    {"2 runners of 2", COMMANDS, 100, 1, 2, 2, 2 * RESTING, false},
    {"10 runners of 10", COMMANDS, 100, 1, 10, 10, 10 * RESTING, false},
    {"20 000 resting", COMMANDS, 100, 1, 2, 1, 10 * RESTING, false},
    {"100 000 resting", COMMANDS, 100, 1, 2, 1, 50 * RESTING, false},
    {"2 M, 4 KiB pages", COMMANDS, 100, 1, 2, 1, RESTING, true},
};
#define QUICK_FLOWS 2u
/* The flow that floors and goals are for. */
#define BASE_FLOW 2u
static_assert(BTX_COUNT_OF(standard_flows) <= BTX_BENCH_ROWS_MAX, "every flow has a row");

enum choice {
    OPTION_HELP = 256,
    OPTION_QUICK,
    OPTION_REPETITIONS,
    OPTION_FOLD,
    OPTION_JSON,
    OPTION_SMALL_PAGES,
    OPTION_CPU,
    OPTION_COMMANDS,
    OPTION_ACCOUNTS,
    OPTION_MARKETS,
    OPTION_RUNNERS,
    OPTION_TOUCHED,
    OPTION_RESTING,
    OPTION_SEED,
    OPTION_READ_CSV,
    OPTION_WRITE_CSV,
    OPTION_CALLGRIND,
    OPTION_ONCE,
};

static const struct option long_options[] = {
    {"help", no_argument, NULL, OPTION_HELP},
    {"quick", no_argument, NULL, OPTION_QUICK},
    {"repetitions", required_argument, NULL, OPTION_REPETITIONS},
    {"fold", no_argument, NULL, OPTION_FOLD},
    {"json", required_argument, NULL, OPTION_JSON},
    {"small-pages", no_argument, NULL, OPTION_SMALL_PAGES},
    {"cpu", required_argument, NULL, OPTION_CPU},
    {"commands", required_argument, NULL, OPTION_COMMANDS},
    {"accounts", required_argument, NULL, OPTION_ACCOUNTS},
    {"markets", required_argument, NULL, OPTION_MARKETS},
    {"runners", required_argument, NULL, OPTION_RUNNERS},
    {"touched", required_argument, NULL, OPTION_TOUCHED},
    {"resting", required_argument, NULL, OPTION_RESTING},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"read-csv", required_argument, NULL, OPTION_READ_CSV},
    {"write-csv", required_argument, NULL, OPTION_WRITE_CSV},
    {"callgrind", no_argument, NULL, OPTION_CALLGRIND},
    {"once", no_argument, NULL, OPTION_ONCE},
    {NULL, 0, NULL, 0},
};

struct settings {
    struct btx_bench_shape shape;
    const char *json_path;
    const char *read_path;  /* NULL: make the flow. */
    const char *write_path; /* NULL: measure. */
    uint32_t repetitions;
    uint32_t processor; /* UINT32_MAX: any. */
    bool is_own;        /* One flow of one's own. */
    bool is_quick;
    bool fold;
    bool callgrind;
    bool once;
    bool help;
};

struct number_option {
    enum choice option;
    uint32_t *number;
    uint32_t least;
    uint32_t most;
};

static enum btx_fault_code set_number(const struct number_option *row, const char *text,
                                      struct btx_fault *reterr_fault)
{
    char *end = NULL;
    errno = 0;
    const unsigned long long number = strtoull(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || *text == '-' || number < row->least ||
        number > row->most) {
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "want a number from %u to %u, got "
                             "'%s'",
                             row->least, row->most, text);
    }
    *row->number = (uint32_t)number;
    return BTX_OK;
}

static enum btx_fault_code take_number(struct settings *settings, int option, const char *text,
                                       struct btx_fault *reterr_fault)
{
    uint32_t seed = 0;
    const struct number_option rows[] = {
        {OPTION_REPETITIONS, &settings->repetitions, 1, BTX_BENCH_REPETITIONS_MAX - 1},
        {OPTION_CPU, &settings->processor, 0, CPU_SETSIZE - 1},
        {OPTION_COMMANDS, &settings->shape.commands, 1000, 100000000},
        {OPTION_ACCOUNTS, &settings->shape.accounts, 1, 1000000},
        {OPTION_MARKETS, &settings->shape.markets, 1, 10000},
        {OPTION_RUNNERS, &settings->shape.runners, BTX_RUNNERS_MIN, BTX_RUNNERS_MAX},
        {OPTION_TOUCHED, &settings->shape.touched, 1, BTX_RUNNERS_MAX},
        {OPTION_RESTING, &settings->shape.resting, 1, 4000000},
        {OPTION_SEED, &seed, 0, UINT32_MAX},
    };
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        if ((int)rows[i].option == option) {
            settings->is_own |= option >= OPTION_COMMANDS;
            const enum btx_fault_code code = set_number(&rows[i], text, reterr_fault);
            settings->shape.seed = option == OPTION_SEED ? seed : settings->shape.seed;
            return code;
        }
    }
    return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "see --help");
}

static enum btx_fault_code take_option(struct settings *settings, int option,
                                       struct btx_fault *reterr_fault)
{
    switch (option) {
    case OPTION_HELP:
        settings->help = true;
        return BTX_OK;
    case OPTION_QUICK:
        settings->is_quick = true;
        return BTX_OK;
    case OPTION_FOLD:
        settings->fold = true;
        return BTX_OK;
    case OPTION_JSON:
        settings->json_path = optarg;
        return BTX_OK;
    case OPTION_SMALL_PAGES:
        settings->shape.huge_pages = false;
        return BTX_OK;
    case OPTION_READ_CSV:
        settings->read_path = optarg;
        settings->is_own = true;
        return BTX_OK;
    case OPTION_WRITE_CSV:
        settings->write_path = optarg;
        settings->is_own = true;
        return BTX_OK;
    case OPTION_CALLGRIND:
        settings->callgrind = true;
        settings->is_own = true;
        return BTX_OK;
    case OPTION_ONCE:
        settings->once = true;
        settings->is_own = true;
        return BTX_OK;
    default:
        return take_number(settings, option, optarg, reterr_fault);
    }
}

static enum btx_fault_code read_arguments(struct settings *settings, int argument_count,
                                          char **arguments, struct btx_fault *reterr_fault)
{
    int option = 0;
    int row = 0;
    *settings = (struct settings){
        .shape = {.seed = SEED,
                  .accounts = 100,
                  .markets = 1,
                  .runners = 2,
                  .touched = 1,
                  .resting = RESTING,
                  .huge_pages = true},
        .json_path = JSON_PATH,
        .repetitions = 7,
        .processor = UINT32_MAX,
    };
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
    if (settings->shape.touched > settings->shape.runners) {
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "touched: more than runners");
    }
    if (settings->shape.commands == 0) {
        const bool is_counted = settings->callgrind || settings->once;
        settings->shape.commands = is_counted ? CALLGRIND_COMMANDS : COMMANDS;
    }
    return BTX_OK;
}

/* The only flow of one's own. */
static enum btx_fault_code own_flow(const struct settings *settings, struct btx_bench_flow *flow,
                                    struct btx_fault *reterr_fault)
{
    if (settings->read_path != NULL) {
        return btx_bench_flow_read_csv(flow, &settings->shape, settings->read_path, reterr_fault);
    }
    btx_bench_flow_init(flow, &settings->shape);
    return BTX_OK;
}

static enum btx_fault_code measure(struct btx_bench_report *report, const char *name,
                                   struct btx_bench_flow *flow, bool fold,
                                   struct btx_fault *reterr_fault)
{
    struct btx_bench_row *row = &report->rows[report->row_count];
    fprintf(stderr, "measuring: %s\n", name);
    row->name = name;
    const char *wrong = btx_bench_run_flow(flow, report->repetitions, &row->run);
    if (wrong == NULL && fold) {
        report->fold_row = report->row_count;
        wrong = btx_bench_run_fold(flow, report->repetitions, &report->fold);
    }
    btx_bench_flow_done(flow);
    row->flow = *flow;
    report->row_count++;
    return wrong == NULL ? BTX_OK
                         : btx_fault_set(reterr_fault, BTX_FAULT_BUG, 0, "%s: %s", name, wrong);
}

static enum btx_fault_code measure_standard(const struct settings *settings,
                                            struct btx_bench_report *report,
                                            struct btx_fault *reterr_fault)
{
    const size_t count = settings->is_quick ? QUICK_FLOWS : BTX_COUNT_OF(standard_flows);
    report->base_row = settings->is_quick ? QUICK_FLOWS - 1 : BASE_FLOW;
    for (size_t i = 0; i < count; i++) {
        const struct standard_flow *standard = &standard_flows[i];
        const struct btx_bench_shape shape = {
            .seed = settings->shape.seed,
            .commands = standard->commands,
            .accounts = standard->accounts,
            .markets = standard->markets,
            .runners = standard->runners,
            .touched = standard->touched,
            .resting = standard->resting,
            .huge_pages = settings->shape.huge_pages && !standard->small_pages,
        };
        struct btx_bench_flow flow;
        btx_bench_flow_init(&flow, &shape);
        const bool fold = settings->fold && i == report->base_row;
        const enum btx_fault_code code = measure(report, standard->name, &flow, fold, reterr_fault);
        if (code != BTX_OK) {
            return code;
        }
    }
    return BTX_OK;
}

static enum btx_fault_code measure_own(const struct settings *settings,
                                       struct btx_bench_report *report,
                                       struct btx_fault *reterr_fault)
{
    struct btx_bench_flow flow;
    const enum btx_fault_code code = own_flow(settings, &flow, reterr_fault);
    return code != BTX_OK ? code
                          : measure(report, settings->read_path != NULL ? "CSV" : "as asked", &flow,
                                    settings->fold, reterr_fault);
}

static enum btx_fault_code make_directory(struct btx_fault *reterr_fault)
{
    if ((mkdir("build", 0777) != 0 && errno != EEXIST) ||
        (mkdir(DIRECTORY, 0777) != 0 && errno != EEXIST)) {
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, DIRECTORY);
    }
    return BTX_OK;
}

static enum btx_fault_code measure_all(const struct settings *settings,
                                       struct btx_fault *reterr_fault)
{
    static struct btx_bench_report report;
    report.repetitions = settings->repetitions;
    report.fold_row = UINT32_MAX;
    btx_bench_machine_begin(&report.machine);
    enum btx_fault_code code = settings->is_own ? measure_own(settings, &report, reterr_fault)
                                                : measure_standard(settings, &report, reterr_fault);
    if (code != BTX_OK) {
        return code;
    }
    btx_bench_machine_end(&report.machine);
    btx_bench_report_print(&report, stdout);
    code = btx_bench_report_write(&report, settings->json_path, reterr_fault);
    if (code == BTX_OK) {
        printf("\nJSON: %s\n", settings->json_path);
    }
    return code;
}

static enum btx_fault_code run(const struct settings *settings, char **arguments,
                               struct btx_fault *reterr_fault)
{
    if (settings->processor != UINT32_MAX) {
        cpu_set_t processors;
        CPU_ZERO(&processors);
        CPU_SET(settings->processor, &processors);
        if (sched_setaffinity(0, sizeof processors, &processors) != 0) {
            return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, errno, "--cpu");
        }
    }
    const bool is_default = strcmp(settings->json_path, JSON_PATH) == 0;
    if ((settings->callgrind || is_default) && make_directory(reterr_fault) != BTX_OK) {
        return reterr_fault->code;
    }
    if (settings->callgrind) {
        return btx_bench_callgrind(arguments, DIRECTORY, settings->shape.commands, reterr_fault);
    }
    if (settings->write_path == NULL && !settings->once) {
        return measure_all(settings, reterr_fault);
    }
    struct btx_bench_flow flow;
    enum btx_fault_code code = own_flow(settings, &flow, reterr_fault);
    if (code != BTX_OK) {
        return code;
    }
    if (settings->write_path != NULL) {
        code = btx_bench_flow_write_csv(&flow, settings->write_path, reterr_fault);
    } else {
        btx_bench_run_once(&flow);
    }
    btx_bench_flow_done(&flow);
    return code;
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
        code = run(&settings, arguments, &fault);
    }
    if (code != BTX_OK) {
        fprintf(stderr, "betex-bench-core: %s\n", fault.text);
    }
    return btx_fault_exit_status(code);
}
