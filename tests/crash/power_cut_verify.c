/* SPDX-License-Identifier: Apache-2.0 */
/* power_cut_verify.c - recovering what a power cut left, going on from there, cutting again. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "tests/crash/power_cut.h"

enum { BATCH = 12, BATCH_SECONDS_MAX = 300, STEPS_MAX = 5 };

static bool is_control(const struct power_cut_run *run)
{
    return run->scenario > POWER_CUT_LAST_TRUE;
}

static void tally(struct power_cut_run *run, size_t depth, size_t slot, enum btx_verdict verdict,
                  const char *why)
{
    struct power_cut_ledger *ledger = run->ledger;
    struct power_cut_tally *counts = &ledger->tallies[run->scenario];
    char point[BTX_POINT_NAME_BYTES];

    memcpy(point, ledger->images[depth][slot].point, sizeof(point));
    if (counts->verdicts[verdict]++ == 0)
        (void)snprintf(counts->first[verdict], sizeof(counts->first[verdict]),
                       "seed %ju, image %zu of depth %zu, cut at '%s': %.300s",
                       (uintmax_t)run->seed, slot, depth, point, why);
}

static size_t next_image_limit(const struct power_cut_run *run, size_t depth)
{
    if (is_control(run) || depth == POWER_CUT_DEPTH_MAX)
        return 0;
    return depth == 1 ? 3 : 1;
}

/* In a child process.  Images of greater depth are recovered here too, one behind the other. */
static void verify_image(struct power_cut_run *run, size_t depth, size_t slot)
{
    struct power_cut_ledger *ledger = run->ledger;
    const struct power_cut_image *image = &ledger->images[depth][slot];
    char root[POWER_CUT_PATH_BYTES];
    struct btx_history *history = image->history;
    struct btx_session session = {.history = history};
    const uint64_t seed = btx_random_u64(&run->random);
    struct power_cut_cutter cutter = {.run = run,
                                      .session = &session,
                                      .depth = depth + 1,
                                      .image_limit = next_image_limit(run, depth)};

    btx_power_cut_root(run, depth, slot, root);
    cutter.disk = btx_disk_open(root);
    btx_random_init(&cutter.random, seed ^ 1);
    if (depth < POWER_CUT_DEPTH_MAX)
        ledger->image_counts[depth + 1] = 0;
    memset(btx_disk_control(), 0, sizeof(*btx_disk_control()));
    if (cutter.image_limit != 0) {
        btx_disk_control()->hook = btx_power_cut_hook;
        btx_disk_control()->hook_context = &cutter;
    }
    btx_disk_use(cutter.disk);
    const struct btx_session_options options = {.root = root, .seed = seed, .form_seed = run->seed};
    const size_t steps = btx_random_below(&cutter.random, STEPS_MAX);
    const enum btx_verdict verdict = btx_session_live(&session, &options, history, steps);
    btx_disk_use(NULL);
    /* It reads everything again, which not each image needs. */
    const char *differs =
        verdict == BTX_VERDICT_RIGHT && slot == 0 ? btx_disk_check(cutter.disk) : NULL;
    tally(run, depth, slot, differs != NULL ? BTX_VERDICT_WRONG : verdict,
          differs != NULL ? differs : session.text);
    btx_disk_close(cutter.disk);
    if (cutter.image_limit != 0)
        for (size_t i = 0; i < ledger->image_counts[depth + 1]; i++)
            verify_image(run, depth + 1, i);
    btx_history_close(history);
}

void btx_power_cut_verify(struct power_cut_run *run, size_t depth)
{
    struct power_cut_ledger *ledger = run->ledger;
    const size_t count = ledger->image_counts[depth];
    size_t *at = btx_disk_memory_take(sizeof(*at));

    for (*at = 0; *at < count;) {
        int status;
        const size_t end = *at + BATCH < count ? *at + BATCH : count;
        const uint64_t seed = btx_random_u64(&run->random);
        const pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            (void)alarm(BATCH_SECONDS_MAX);
            btx_random_init(&run->random, seed);
            for (; *at < end; ++*at)
                verify_image(run, depth, *at);
            _exit(0);
        }
        CHECK(waitpid(child, &status, 0) == child);
        if (status == 0)
            continue;
        tally(run, depth, *at, BTX_VERDICT_DIED,
              "the process that recovers it or an image behind it crashed or hung");
        ++*at;
    }
    btx_disk_memory_give(at);
}
