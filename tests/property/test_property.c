/* SPDX-License-Identifier: Apache-2.0 */
/* test_property.c - betex-property: seeded random commands, and what must hold whatever they are.
 * README.md says which properties.  Exit status 0: all held; 1: one did not; 2: usage. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "tests/property/trial.h"

/* Chosen once and kept, so that a failure of the ordinary tests is everybody's failure. */
#define SEED_DEFAULT UINT64_C(20240229)
#define RUNS_DEFAULT 120u
#define COMMANDS_DEFAULT 700u
#define TRIES_DEFAULT 24u

struct options {
    uint64_t runs;
    uint64_t seed;
    struct btx_trial_options trial;
    bool wants_coverage;
};

static const char usage[] =
    "usage: betex-property [--runs N] [--seed S|random] [--commands N] [--theme NAME]\n"
    "                      [--tries N] [--coverage]\n"
    "\n"
    "Run N seeded random command flows (run i has the seed S + i) through the core and the\n"
    "reference model, and check the properties of tests/property/README.md.\n"
    "  --commands N   commands of one run, at least\n"
    "  --theme NAME   not what the seed says but: ordinary tiny huge wide pair\n"
    "                 held reduced burst crowd dutch\n"
    "  --tries N      damaged snapshots, and records out of place, of one run\n"
    "  --coverage     fail also when an event, reason, cause or situation was never met\n"
    "BTX_PROPERTY_RUNS in the environment takes the place of the default N.\n"
    "\n"
    "examples: betex-property --runs 1 --seed 42\n"
    "          betex-property --runs 10000 --seed random\n";

static bool parse_number(const char *text, uint64_t *ret_number)
{
    char *end;
    unsigned long long number;

    errno = 0;
    number = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || text[0] == '-')
        return false;
    *ret_number = number;
    return true;
}

static bool parse_seed(const char *text, uint64_t *ret_seed)
{
    if (strcmp(text, "random") == 0)
        return getrandom(ret_seed, sizeof *ret_seed, 0) == (ssize_t)sizeof *ret_seed;
    return parse_number(text, ret_seed);
}

static bool parse_theme(const char *text, enum btx_flow_theme *ret_theme)
{
    for (int i = 0; i < BTX_FLOW_THEME_COUNT; i++) {
        if (strcmp(text, btx_flow_theme_name((enum btx_flow_theme)i)) == 0) {
            *ret_theme = (enum btx_flow_theme)i;
            return true;
        }
    }
    return false;
}

static bool parse_options(int argument_count, char **arguments, struct options *options)
{
    static const struct option longs[] = {
        {"runs", required_argument, NULL, 'r'},     {"seed", required_argument, NULL, 's'},
        {"commands", required_argument, NULL, 'c'}, {"theme", required_argument, NULL, 't'},
        {"tries", required_argument, NULL, 'd'},    {"coverage", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0},
    };
    const char *runs = getenv("BTX_PROPERTY_RUNS");
    int letter;
    bool good = runs == NULL || parse_number(runs, &options->runs);

    while (good && (letter = getopt_long(argument_count, arguments, "", longs, NULL)) != -1) {
        if (letter == 'r')
            good = parse_number(optarg, &options->runs);
        else if (letter == 's')
            good = parse_seed(optarg, &options->seed);
        else if (letter == 'c')
            good = parse_number(optarg, &options->trial.commands);
        else if (letter == 't')
            good = parse_theme(optarg, &options->trial.theme);
        else if (letter == 'd')
            good = parse_number(optarg, &options->trial.tries);
        else if (letter == 'v')
            options->wants_coverage = true;
        else if (letter == 'h') {
            fputs(usage, stdout);
            exit(0);
        } else
            good = false;
    }
    return good && optind == argument_count;
}

/* Print one table of names and numbers; returns how many were never met. */
static unsigned print_met(const char *title, const struct btx_term *const *terms,
                          const uint64_t *numbers, size_t first, size_t count)
{
    unsigned missed = 0;

    printf("%s:", title);
    for (size_t i = first; i < count; i++) {
        printf(" %s %llu", terms[i]->text, (unsigned long long)numbers[i]);
        missed += numbers[i] == 0;
    }
    printf("\n");
    return missed;
}

/* Print what was met of every list; returns how much was not that can be. */
static unsigned print_coverage(const struct btx_trial_totals *totals)
{
    static const char *const situations[] = {
#define SITUATION(NAME, name) name,
        BTX_WATCH_SITUATIONS(SITUATION)
#undef SITUATION
    };
    const struct btx_term *terms[BTX_TRIAL_TERMS_MAX] = {0};
    unsigned missed = 0;

    for (int i = 1; i <= BTX_COMMAND_COUNT; i++)
        terms[i] = btx_command_name((enum btx_command_type)i);
    missed += print_met("commands", terms, totals->commands_of, 1, BTX_COMMAND_COUNT + 1);
    for (int i = 1; i <= BTX_EVENT_COUNT; i++)
        terms[i] = btx_event_name((enum btx_event_type)i);
    missed += print_met("events", terms, totals->events_of, 1, BTX_EVENT_COUNT + 1);
    for (int i = 0; i < BTX_REJECT_COUNT; i++)
        terms[i] = &btx_reject_terms[i];
    missed += print_met("reasons", terms, totals->rejects_of, 0, BTX_REJECT_COUNT);
    for (int i = 0; i < BTX_CAUSE_COUNT; i++)
        terms[i] = &btx_cause_terms[i];
    missed += print_met("causes", terms, totals->causes_of, 0, BTX_CAUSE_COUNT);
    printf("situations:");
    for (int i = 0; i < BTX_WATCH_SITUATION_COUNT; i++) {
        printf(" %s %llu", situations[i], (unsigned long long)totals->met[i]);
        missed += totals->met[i] == 0;
    }
    printf("\n");
    missed += totals->long_commands == 0;
    missed += totals->restores_within == 0;
    return missed;
}

static void print_totals(const struct btx_trial_totals *totals)
{
    printf("runs:");
    for (int i = 0; i < BTX_FLOW_THEME_COUNT; i++)
        printf(" %s %llu", btx_flow_theme_name((enum btx_flow_theme)i),
               (unsigned long long)totals->runs[i]);
    printf("\ncommands %llu, events %llu, txs %llu, commands of several txs %llu\n",
           (unsigned long long)totals->commands, (unsigned long long)totals->events,
           (unsigned long long)totals->txs, (unsigned long long)totals->long_commands);
    printf("restores %llu (%llu within a command), recoveries %llu, folds compared %llu, "
           "states checked %llu\n",
           (unsigned long long)totals->restores, (unsigned long long)totals->restores_within,
           (unsigned long long)totals->recoveries, (unsigned long long)totals->folds_compared,
           (unsigned long long)totals->state_checks);
    printf("damaged snapshots %llu (%llu of them still states), records out of place %llu "
           "(%llu applied)\n",
           (unsigned long long)totals->mutated_loads, (unsigned long long)totals->mutated_accepted,
           (unsigned long long)totals->hostile_records,
           (unsigned long long)totals->hostile_applied);
}

int main(int argument_count, char **arguments)
{
    static struct btx_trial_totals totals;
    struct options options = {
        .runs = RUNS_DEFAULT,
        .seed = SEED_DEFAULT,
        .trial = {.theme = BTX_FLOW_THEME_COUNT,
                  .commands = COMMANDS_DEFAULT,
                  .tries = TRIES_DEFAULT},
    };
    unsigned missed;

    if (!parse_options(argument_count, arguments, &options)) {
        fputs(usage, stderr);
        return 2;
    }
    printf("betex-property: seed %llu, runs %llu, commands %llu\n",
           (unsigned long long)options.seed, (unsigned long long)options.runs,
           (unsigned long long)options.trial.commands);
    fflush(stdout);
    for (uint64_t i = 0; i < options.runs; i++)
        btx_trial_run(&totals, &options.trial, options.seed + i);
    print_totals(&totals);
    missed = print_coverage(&totals);
    printf("seed %llu: all properties held\n", (unsigned long long)options.seed);
    if (options.wants_coverage && missed != 0) {
        fprintf(stderr, "betex-property: FAILED: %u things were never met\n", missed);
        return 1;
    }
    return 0;
}
