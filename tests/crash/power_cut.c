/* SPDX-License-Identifier: Apache-2.0 */
/* power_cut.c - the power is cut, thousands of times, and nothing that was acknowledged is missing.
 *
 *   betex-power-cut [--images N] [--seed S] [--scenario NUMBER]
 *
 * N images are recovered; BTX_CRASH_IMAGES is the default of N.  The seed of run i is S + i, and a
 * failure prints its own: "--images 1 --seed THAT --scenario NUMBER" is that run again.
 * The negative controls run each time: where the disk does not keep its promises, or recovery does
 * not ask for them, the same test must find losses.  If it does not, it has failed. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/base/check.h"
#include "tests/crash/child.h"
#include "tests/crash/power_cut.h"
#include "tests/crash/work_folder.h"

enum { SEED_DEFAULT = 20240713, POINT_MET_LEAST = 400, COVERING_IMAGES = 5000 };
#define MEMORY_BYTES ((size_t)4 << 30)

struct options {
    uint64_t images;
    uint64_t seed;
    uint64_t scenario; /* POWER_CUT_SCENARIO_COUNT: all */
};

static const char *const scenario_names[] = {
#define SCENARIO(NAME, name) name,
    POWER_CUT_SCENARIOS(SCENARIO)
#undef SCENARIO
};

/* What part of the images a scenario gets, in percent. */
static const uint64_t scenario_percent[POWER_CUT_SCENARIO_COUNT] = {80, 12, 8, 3, 10, 6};

static uint64_t number_of(const char *text)
{
    char *end;
    const uint64_t number = strtoull(text, &end, 10);

    if (*text == '\0' || *end != '\0') {
        (void)fprintf(stderr, "betex-power-cut: want a number, got '%s'\n", text);
        exit(2);
    }
    return number;
}

/* Sanitizers make it slow; they look for other things than luck does. */
static uint64_t default_images(void)
{
    return btx_environment_number("BTX_CRASH_IMAGES", btx_environment_is_slow() ? 1500 : 10500);
}

static struct options parse(int count, char **words)
{
    struct options options = {default_images(), SEED_DEFAULT, POWER_CUT_SCENARIO_COUNT};

    for (int i = 1; i < count; i += 2) {
        if (i + 1 < count && strcmp(words[i], "--images") == 0)
            options.images = number_of(words[i + 1]);
        else if (i + 1 < count && strcmp(words[i], "--seed") == 0)
            options.seed = number_of(words[i + 1]);
        else if (i + 1 < count && strcmp(words[i], "--scenario") == 0)
            options.scenario = number_of(words[i + 1]);
        else {
            (void)fputs("usage: betex-power-cut [--images N] [--seed S] [--scenario NUMBER]\n",
                        stderr);
            exit(2);
        }
    }
    return options;
}

static uint64_t image_count(const struct power_cut_tally *tally)
{
    uint64_t count = 0;

    for (int i = 0; i < BTX_VERDICT_COUNT; i++)
        count += tally->verdicts[i];
    return count;
}

static bool run_scenario(struct power_cut_ledger *ledger, enum power_cut_scenario scenario,
                         const struct options *options, const char *folder)
{
    const struct power_cut_tally *tally = &ledger->tallies[scenario];
    uint64_t wanted = options->images * scenario_percent[scenario] / 100;

    if (wanted == 0)
        wanted = 1;
    for (uint64_t seed = options->seed; image_count(tally) < wanted; seed++) {
        struct power_cut_run run = {
            .ledger = ledger, .scenario = scenario, .seed = seed, .folder = folder};
        if (!btx_power_cut_run(&run)) {
            printf("FAILED: scenario %d (%s), seed %" PRIu64 ": %s\n", (int)scenario,
                   scenario_names[scenario], seed, ledger->failure);
            return false;
        }
    }
    return true;
}

static void print_tally(const struct power_cut_ledger *ledger, enum power_cut_scenario scenario)
{
    const struct power_cut_tally *tally = &ledger->tallies[scenario];

    printf("scenario %d, %s: %" PRIu64 " images", (int)scenario, scenario_names[scenario],
           image_count(tally));
    for (int i = 0; i < BTX_VERDICT_COUNT; i++)
        printf(", %" PRIu64 " %s", tally->verdicts[i], btx_verdict_name((enum btx_verdict)i));
    printf("\n");
    for (int i = BTX_VERDICT_RIGHT + 1; i < BTX_VERDICT_COUNT; i++)
        if (tally->verdicts[i] != 0)
            printf("  first %s: %s\n", btx_verdict_name((enum btx_verdict)i), tally->first[i]);
}

/* A control has to lose in a good part of its images; nothing else may lose anything, and no
 * process may die of anything.  What was lost shows in several ways: later segments stand on it and
 * the log is refused, or the log begins with what came later. */
static bool judge(const struct power_cut_ledger *ledger, enum power_cut_scenario scenario)
{
    const struct power_cut_tally *tally = &ledger->tallies[scenario];
    const uint64_t count = image_count(tally);
    const uint64_t right = tally->verdicts[BTX_VERDICT_RIGHT];

    if (scenario <= POWER_CUT_LAST_TRUE)
        return right == count;
    return tally->verdicts[BTX_VERDICT_DIED] == 0 && 10 * (count - right) > count &&
           (tally->verdicts[BTX_VERDICT_LOST] != 0 || count < 100);
}

static bool run_all(struct power_cut_ledger *ledger, const struct options *options,
                    const char *folder)
{
    bool passed = true;

    for (int i = 0; i < POWER_CUT_SCENARIO_COUNT; i++) {
        const enum power_cut_scenario scenario = (enum power_cut_scenario)i;
        if (options->scenario != POWER_CUT_SCENARIO_COUNT && options->scenario != scenario)
            continue;
        if (scenario == POWER_CUT_THREAD && !btx_environment_has_threads())
            continue;
        passed = run_scenario(ledger, scenario, options, folder) && passed;
        print_tally(ledger, scenario);
        if (judge(ledger, scenario))
            continue;
        printf("FAILED: scenario %d\n", i);
        passed = false;
    }
    return passed;
}

int main(int count, char **words)
{
    const struct options options = parse(count, words);
    const time_t began = time(NULL);
    char folder[BTX_WORK_FOLDER_BYTES];

    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    printf("seed %" PRIu64 ", %" PRIu64 " images\n", options.seed, options.images);
    btx_work_folder_make(folder);
    btx_disk_memory_open(MEMORY_BYTES);
    struct power_cut_ledger *ledger = btx_disk_memory_take(sizeof(*ledger));
    bool passed = run_all(ledger, &options, folder);
    const size_t never = btx_points_print(&ledger->points, POINT_MET_LEAST);
    printf("%" PRIu64 " lives ended by kill, %" PRIu64 " by EIO, %" PRIu64 " in order; %jd s\n",
           ledger->kills, ledger->errors, ledger->endings, (intmax_t)(time(NULL) - began));
    if (never != 0 && options.scenario == POWER_CUT_SCENARIO_COUNT &&
        options.images >= COVERING_IMAGES) {
        printf("FAILED: %zu points were met and never cut\n", never);
        passed = false;
    }
    btx_work_folder_remove(folder);
    printf(passed ? "passed, seed %" PRIu64 "\n" : "FAILED, seed %" PRIu64 "\n", options.seed);
    return passed ? 0 : 1;
}
