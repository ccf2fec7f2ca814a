/* SPDX-License-Identifier: Apache-2.0 */
/* sim.c - the whole engine under one seed.
 *
 *   betex-sim [SEED [STEPS]] [--seeds N] [--trace] [--coverage] [--twice] [--control]
 *
 * A run of STEPS steps with each of the seeds SEED, SEED+1, ...  --trace: says every step.
 * --coverage: fails when anything of world.h was never met; BTX_SIM_SEEDS says how many seeds.
 * --twice: each seed twice, and all that happens must be the same.  --control: the disk lies, and
 * something must be found. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/base/sha256.h"
#include "tests/crash/child.h"
#include "tests/crash/work_folder.h"
#include "tests/sim/life.h"

enum { LIFE_SECONDS_MAX = 600 };
#define MEMORY_BYTES ((size_t)8 << 30)
#define BEGIN_NS UINT64_C(1700000000000000000)
#define FIRST_NS UINT64_C(1000000000) /* monotonic */
#define FREE_BYTES (UINT64_C(1) << 30)

struct options {
    uint64_t seed;
    uint64_t steps;
    uint64_t seeds;
    bool trace;
    bool coverage;
    bool twice;
    bool control;
};

struct life_context {
    struct btx_sim_world *world;
    struct btx_sim_follower *follower;
};

static int live(void *context)
{
    struct life_context *life = context;

    return btx_sim_life_run(life->world, life->follower);
}

/* --- A run ------------------------------------------------------------------------------------ */

static struct btx_sim_world *begin_world(const struct options *options, uint64_t seed,
                                         const char *folder)
{
    static const enum btx_flow_theme themes[] = {
        BTX_FLOW_ORDINARY, BTX_FLOW_ORDINARY, BTX_FLOW_TINY, BTX_FLOW_HUGE,
        BTX_FLOW_WIDE,     BTX_FLOW_PAIR,     BTX_FLOW_HELD, BTX_FLOW_REDUCED};
    struct btx_sim_world *world;

    btx_disk_memory_reset();
    world = btx_disk_memory_take(sizeof *world);
    world->folder = folder;
    world->seed = seed;
    world->steps = options->steps;
    world->lying = options->control;
    world->trace = options->trace;
    world->free_bytes = FREE_BYTES;
    world->hash = BTX_SIM_HASH_BEGIN;
    world->history = btx_history_open();
    btx_random_init(&world->random, seed);
    world->weights_seed = btx_random_u64(&world->random);
    btx_flow_init(&world->flow, btx_random_u64(&world->random),
                  themes[btx_random_below(&world->random, BTX_COUNT_OF(themes))]);
    btx_clock_manual_init(&world->clock, BEGIN_NS, FIRST_NS);
    (void)snprintf(world->root, sizeof world->root, "%s/0", folder);
    btx_disk_folder_clear(folder);
    btx_disk_folder_make(world->root);
    world->disk = btx_disk_open(world->root);
    return world;
}

/* The machine comes up again: on what a power cut has left, if there was one. */
static void restart(struct btx_sim_world *world, uint64_t root_number)
{
    char before[BTX_SIM_PATH_BYTES];

    if (world->root_number == root_number)
        return;
    (void)snprintf(before, sizeof before, "%s/%" PRIu64, world->folder, root_number);
    btx_disk_close(world->disk);
    btx_disk_folder_clear(before);
    world->disk = btx_disk_open(world->root);
}

/* What is to be said of a life that ended with @status.  False: the run ends here. */
static bool judge_life(struct btx_sim_world *world, struct btx_sim_follower *follower, int status)
{
    const char *differs;

    if (status == -SIGALRM)
        return btx_sim_fail(world, "the engine hangs");
    if (status < 0)
        return btx_sim_fail(world, "the engine died of signal %d", -status);
    if (world->failure[0] != '\0')
        return false;
    CHECK(status == BTX_SIM_LIFE_ENDED || status == BTX_SIM_LIFE_CRASHED ||
          status == BTX_SIM_LIFE_FAULT || status == BTX_SIM_LIFE_REFUSED);
    differs = btx_disk_check(world->disk);
    if (differs != NULL)
        return btx_sim_fail(world, "the disk and the files differ: %s", differs);
    btx_sim_follower_take_model(follower, false);
    return btx_sim_follower_take_fold(follower) && btx_sim_follower_take_audit(follower);
}

/* At the very end, stopped in order: the log is what was shown, no more and no less. */
static bool judge_end(struct btx_sim_world *world)
{
    char text[BTX_VERDICT_TEXT_BYTES];
    size_t length_bytes;
    const enum btx_verdict verdict =
        btx_history_compare(world->history, world->root, false, &length_bytes, text);

    if (verdict != BTX_VERDICT_RIGHT)
        return btx_sim_fail(world, "the log at the end is %s: %s", btx_verdict_name(verdict), text);
    if (length_bytes != world->history->length_bytes || length_bytes != world->checked_bytes)
        return btx_sim_fail(world, "the log at the end has %zu bytes, %zu were given", length_bytes,
                            world->history->length_bytes);
    return true;
}

/* *ret_state is the digest of the state at the end, when all is right. */
static void run_world(struct btx_sim_world *world, uint8_t ret_state[BTX_SHA256_BYTES])
{
    struct btx_sim_follower follower;
    struct life_context context = {.world = world, .follower = &follower};
    int status = BTX_SIM_LIFE_CRASHED;
    bool right = true;

    btx_sim_follower_open(&follower, world);
    while (right && (world->step < world->steps || status != BTX_SIM_LIFE_ENDED)) {
        const uint64_t root_number = world->root_number;

        status = btx_child_run(live, &context, LIFE_SECONDS_MAX);
        if (world->root_number == root_number || status != BTX_SIM_LIFE_CRASHED)
            right = judge_life(world, &follower, status);
        else
            right = world->failure[0] == '\0';
        restart(world, root_number);
    }
    if (right && judge_end(world))
        btx_exchange_digest(&follower.fold, ret_state);
    btx_sim_follower_close(&follower);
}

/* --- All runs --------------------------------------------------------------------------------- */

static void add_counts(uint64_t totals[BTX_SIM_SITUATION_COUNT], const struct btx_sim_world *world)
{
    for (int i = 0; i < BTX_SIM_SITUATION_COUNT; i++)
        totals[i] += world->met[i];
}

static void tell_failure(const struct btx_sim_world *world)
{
    printf("FAILED: seed %" PRIu64 ", step %" PRIu64 " of %" PRIu64 ": %s\n"
           "again, step by step: ./run sim %" PRIu64 " %" PRIu64 " --trace\n",
           world->seed, world->step, world->steps, world->failure, world->seed, world->steps);
}

static void tell_seed(const struct btx_sim_world *world, const uint8_t state[BTX_SHA256_BYTES])
{
    char hex[BTX_SHA256_HEX_BYTES];

    btx_sha256_hex(state, hex);
    printf("seed %" PRIu64 ": all of it %016" PRIx64 ", state %s\n", world->seed, world->hash, hex);
}

/* False when something that must hold does not.  *ret_found: something was found, with a control,
 * which wants that. */
static bool run_seed(const struct options *options, uint64_t seed, const char *folder,
                     uint64_t totals[BTX_SIM_SITUATION_COUNT], bool *ret_found)
{
    uint64_t hashes[2] = {0};

    for (int i = 0; i < (options->twice ? 2 : 1); i++) {
        struct btx_sim_world *world = begin_world(options, seed, folder);
        uint8_t state[BTX_SHA256_BYTES] = {0};

        run_world(world, state);
        hashes[i] = world->hash;
        add_counts(totals, world);
        *ret_found = world->failure[0] != '\0';
        if (*ret_found && !options->control) {
            tell_failure(world);
            return false;
        }
        if (!options->control)
            tell_seed(world, state);
    }
    if (options->twice && hashes[0] != hashes[1]) {
        printf("FAILED: seed %" PRIu64 " does not repeat\n", seed);
        return false;
    }
    return true;
}

/* False when something was never met and should have been. */
static bool tell_counts(const struct options *options,
                        const uint64_t totals[BTX_SIM_SITUATION_COUNT])
{
    bool all = true;

    for (int i = 0; i < BTX_SIM_SITUATION_COUNT; i++) {
        const enum btx_sim_situation situation = (enum btx_sim_situation)i;
        const char *group = btx_sim_group_name(btx_sim_situation_group(situation));

        if (i == 0 || btx_sim_situation_group((enum btx_sim_situation)(i - 1)) !=
                          btx_sim_situation_group(situation))
            printf("%s\n", group);
        printf("%10" PRIu64 " %s\n", totals[i], btx_sim_situation_name(situation));
        if (options->coverage && totals[i] == 0) {
            printf("FAILED: never met: %s: %s\n", group, btx_sim_situation_name(situation));
            all = false;
        }
    }
    return all;
}

/* --- Options ---------------------------------------------------------------------------------- */

BTX_NORETURN static void refuse(const char *word)
{
    (void)fprintf(stderr,
                  "betex-sim: not understood: '%s'\n"
                  "usage: betex-sim [SEED [STEPS]] [--seeds N] [--trace] [--coverage] [--twice] "
                  "[--control]\n",
                  word);
    exit(2);
}

static uint64_t number_of(const char *text)
{
    char *end;
    const uint64_t number = strtoull(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0')
        refuse(text);
    return number;
}

static struct options parse(int count, char **words)
{
    struct options options = {.seed = 1, .steps = 3000, .seeds = 1};
    uint64_t *const places[] = {&options.seed, &options.steps};
    size_t numbers = 0;

    for (int i = 1; i < count; i++) {
        if (i + 1 < count && strcmp(words[i], "--seeds") == 0)
            options.seeds = number_of(words[++i]);
        else if (strcmp(words[i], "--trace") == 0)
            options.trace = true;
        else if (strcmp(words[i], "--coverage") == 0)
            options.coverage = true;
        else if (strcmp(words[i], "--twice") == 0)
            options.twice = true;
        else if (strcmp(words[i], "--control") == 0)
            options.control = true;
        else if (numbers < BTX_COUNT_OF(places))
            *places[numbers++] = number_of(words[i]);
        else
            refuse(words[i]);
    }
    if (options.coverage)
        options.seeds = btx_environment_number("BTX_SIM_SEEDS", options.seeds);
    return options;
}

int main(int count, char **words)
{
    const struct options options = parse(count, words);
    uint64_t totals[BTX_SIM_SITUATION_COUNT] = {0};
    char folder[BTX_WORK_FOLDER_BYTES];
    uint64_t found = 0;
    bool passed = true;

    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    btx_work_folder_make(folder);
    btx_disk_memory_open(MEMORY_BYTES);
    for (uint64_t i = 0; i < options.seeds && passed; i++) {
        bool is_found = false;

        passed = run_seed(&options, options.seed + i, folder, totals, &is_found);
        found += is_found;
    }
    if (passed)
        passed = tell_counts(&options, totals);
    if (options.control) {
        printf("control: a lying disk was found out in %" PRIu64 " of %" PRIu64 " runs\n", found,
               options.seeds);
        passed = passed && 2 * found >= options.seeds;
    }
    btx_work_folder_remove(folder);
    printf(passed ? "passed\n" : "FAILED\n");
    return passed ? 0 : 1;
}
