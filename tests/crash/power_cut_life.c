/* SPDX-License-Identifier: Apache-2.0 */
/* power_cut_life.c - the lives of one log: how they end, and where the power is cut in them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "tests/crash/power_cut.h"

enum { LIFE_SECONDS_MAX = 300, LIVES = 3, STEPS_MAX = 30, IMAGES_AT_ONCE = 3 };

/* How a life is to end. */
struct life {
    struct btx_disk *disk;
    struct btx_history *history;
    uint64_t seed;
    size_t image_limit;
    uint32_t kill_calls;
    bool kill_segments_only;
    enum btx_disk_moment kill_moment;
    uint64_t kill_at;
    uint64_t fail_at; /* the sync of this number fails with EIO; 0: none */
    const char *fail_target;
    bool no_direct;
    bool lying;
    bool lying_open; /* syncs do nothing until the log is open */
};

void btx_power_cut_root(const struct power_cut_run *run, size_t depth, size_t slot,
                        char ret_root[POWER_CUT_PATH_BYTES])
{
    (void)snprintf(ret_root, POWER_CUT_PATH_BYTES, "%s/%zu-%zu", run->folder, depth, slot);
}

/* --- Cutting ---------------------------------------------------------------------------------- */

void btx_power_cut_take(struct power_cut_cutter *cutter, const char *point, size_t count)
{
    struct power_cut_ledger *ledger = cutter->run->ledger;
    const struct btx_history *history = cutter->session->history;
    size_t *used = &ledger->image_counts[cutter->depth];
    char root[POWER_CUT_PATH_BYTES];

    for (; count != 0 && *used < cutter->image_limit; count--) {
        struct power_cut_image *image = &ledger->images[cutter->depth][*used];
        btx_power_cut_root(cutter->run, cutter->depth, *used, root);
        btx_disk_folder_make(root);
        btx_disk_folder_clear(root);
        btx_disk_image(cutter->disk, root, &cutter->random);
        image->history = btx_history_copy(history);
        (void)snprintf(image->point, sizeof(image->point), "%s", point);
        ++*used;
    }
}

static bool is_kill(struct power_cut_cutter *cutter, const struct btx_disk_point *point)
{
    if (point->moment != cutter->kill_moment ||
        (cutter->kill_calls & BTX_DISK_BIT(point->call)) == 0)
        return false;
    if (cutter->segments_only && strstr(point->target, BTX_WAL_SEGMENT_ENDING) == NULL)
        return false;
    return ++cutter->kill_count == cutter->kill_at;
}

void btx_power_cut_hook(void *context, const struct btx_disk_point *at)
{
    struct power_cut_cutter *cutter = context;
    struct power_cut_ledger *ledger = cutter->run->ledger;

    if (is_kill(cutter, at)) {
        ledger->kills++;
        _exit(LIFE_KILLED);
    }
    if (at->moment == BTX_DISK_BEFORE || (BTX_DISK_BIT(at->call) & BTX_DISK_CHANGES) == 0)
        return;
    struct btx_point *point =
        btx_points_find(&ledger->points, btx_session_phase_name(cutter->session->phase), at);
    point->met++;
    if (cutter->skip != 0) {
        cutter->skip--;
        return;
    }
    /* What was not cut in this run yet is cut rather than what was. */
    if (!btx_random_chance(&cutter->random, 20 + 300 / (1 + point->cut_in_run)))
        return;
    const size_t before = ledger->image_counts[cutter->depth];
    btx_power_cut_take(cutter, point->name, btx_random_between(&cutter->random, 1, IMAGES_AT_ONCE));
    const size_t made = ledger->image_counts[cutter->depth] - before;
    point->cut += made;
    point->cut_in_run += made;
}

/* --- One life --------------------------------------------------------------------------------- */

/* Outside of the hook. */
static void take_one(struct power_cut_cutter *cutter, const char *point)
{
    btx_disk_hold();
    btx_power_cut_take(cutter, point, 1);
    btx_disk_release();
}

/* After a fault every call says the same and does nothing; then the log is given back. */
static int end_by_fault(struct power_cut_run *run, struct btx_session *session)
{
    struct power_cut_ledger *ledger = run->ledger;
    const struct btx_fault fault = session->fault;

    if (!btx_disk_control()->failed) {
        (void)snprintf(ledger->failure, sizeof(ledger->failure), "a fault that nobody made: %s",
                       fault.text);
        return LIFE_FAILED;
    }
    ledger->errors++;
    if (session->writer == NULL)
        return LIFE_ERROR;
    memset(&session->fault, 0, sizeof(session->fault));
    if (btx_session_close(session) == fault.code)
        return LIFE_ERROR;
    (void)snprintf(ledger->failure, sizeof(ledger->failure), "after the fault '%s' close says '%s'",
                   fault.text, session->fault.text);
    return LIFE_FAILED;
}

static int live(struct power_cut_run *run, struct power_cut_cutter *cutter, const struct life *life)
{
    struct btx_session *session = cutter->session;
    struct power_cut_ledger *ledger = run->ledger;
    char root[POWER_CUT_PATH_BYTES];
    const struct btx_session_options options = {
        .root = root,
        .seed = life->seed,
        .form_seed = run->seed,
        .threads = run->scenario == POWER_CUT_THREAD,
    };
    const size_t steps = btx_random_between(&cutter->random, 1, STEPS_MAX);

    btx_power_cut_root(run, 0, 0, root);
    const enum btx_verdict verdict = btx_session_open(session, &options, life->history);
    btx_disk_control()->lying = life->lying;
    if (verdict == BTX_VERDICT_REFUSED && session->fault.code != BTX_OK)
        return end_by_fault(run, session);
    if (verdict != BTX_VERDICT_RIGHT) {
        (void)snprintf(ledger->failure, sizeof(ledger->failure), "restarted: %s: %s",
                       btx_verdict_name(verdict), session->text);
        return LIFE_FAILED;
    }
    take_one(cutter, "recovered and published");
    for (size_t i = 0; i < steps; i++) {
        if (btx_session_step(session) != BTX_OK)
            return end_by_fault(run, session);
        if (btx_random_chance(&cutter->random, 40))
            take_one(cutter, "acknowledged");
    }
    if (btx_session_close(session) != BTX_OK)
        return end_by_fault(run, session);
    ledger->endings++;
    return LIFE_ENDED;
}

static int begin_life(struct power_cut_run *run, const struct life *life)
{
    struct btx_session session = {0};
    struct btx_disk_control *control = btx_disk_control();
    struct power_cut_cutter cutter = {
        .run = run,
        .disk = life->disk,
        .session = &session,
        .depth = 1,
        .image_limit = life->image_limit,
        .kill_calls = life->kill_calls,
        .kill_moment = life->kill_moment,
        .kill_at = life->kill_at,
        .segments_only = life->kill_segments_only,
    };

    session.history = life->history;
    btx_random_init(&cutter.random, life->seed ^ 1);
    cutter.skip = btx_random_below(&cutter.random, 2) * btx_random_below(&cutter.random, 200);
    control->hook = btx_power_cut_hook;
    control->hook_context = &cutter;
    control->lying = life->lying || life->lying_open;
    control->no_direct = life->no_direct;
    if (life->fail_at != 0) {
        control->failure = BTX_DISK_ERROR;
        control->error = EIO;
        control->fail_calls = BTX_DISK_BIT(BTX_DISK_SYNC) | BTX_DISK_BIT(BTX_DISK_SYNCED_WRITE) |
                              BTX_DISK_BIT(BTX_DISK_FOLDER_SYNC);
        control->fail_at = life->fail_at;
        control->fail_target = life->fail_target;
    }
    btx_disk_use(life->disk);
    const int status = live(run, &cutter, life);
    btx_disk_use(NULL);
    return status;
}

/* A life in a process of its own, and then the power cut at once, too.  Returns its status. */
static int give_life(struct power_cut_run *run, const struct life *life)
{
    struct btx_session session = {.history = life->history};
    struct power_cut_cutter cutter = {.run = run,
                                      .disk = life->disk,
                                      .session = &session,
                                      .depth = 1,
                                      .image_limit = life->image_limit};
    int status;
    const pid_t child = fork();

    CHECK(child >= 0);
    if (child == 0) {
        (void)alarm(LIFE_SECONDS_MAX);
        _exit(begin_life(run, life));
    }
    CHECK(waitpid(child, &status, 0) == child);
    btx_random_init(&cutter.random, life->seed ^ 2);
    btx_power_cut_take(&cutter, "after the end of the process", 2);
    if (!WIFEXITED(status)) {
        (void)snprintf(run->ledger->failure, sizeof(run->ledger->failure),
                       "the writer's process died of signal %d", WTERMSIG(status));
        return LIFE_FAILED;
    }
    const char *differs = btx_disk_check(life->disk);
    if (differs != NULL) {
        (void)snprintf(run->ledger->failure, sizeof(run->ledger->failure),
                       "the disk and the files differ: %s", differs);
        return LIFE_FAILED;
    }
    return WEXITSTATUS(status);
}

/* --- A run ------------------------------------------------------------------------------------ */

/* An end at random: killed before or in a call, by an EIO, or in order. */
static void draw_end(struct life *life, struct btx_random *random)
{
    const uint64_t drawn = btx_random_below(random, 100);

    if (drawn < 50) {
        life->kill_calls = BTX_DISK_CHANGES;
        life->kill_moment = btx_random_chance(random, 500) ? BTX_DISK_BEFORE : BTX_DISK_DURING;
        life->kill_at = btx_random_between(random, 1, drawn < 20 ? 30 : 300);
    } else if (drawn < 75) {
        life->fail_at = btx_random_between(random, 1, drawn < 60 ? 10 : 60);
    }
}

/* The chain by which a batch is in the cache, not on the disk, and no sync will ever write it. */
static void draw_chain(struct life *life, struct btx_random *random, size_t index,
                       enum power_cut_scenario scenario)
{
    life->image_limit = index * POWER_CUT_SLOTS_MAX / LIVES;
    if (index == 0) {
        life->kill_calls = BTX_DISK_BIT(BTX_DISK_SYNCED_WRITE);
        life->kill_segments_only = true;
        life->kill_moment = BTX_DISK_DURING;
        life->kill_at = btx_random_between(random, 1, 12);
    } else if (index == 1 && scenario != POWER_CUT_UNSYNCED) {
        life->fail_at = 1;
        life->fail_target = BTX_WAL_SEGMENT_ENDING;
    }
}

bool btx_power_cut_run(struct power_cut_run *run)
{
    char root[POWER_CUT_PATH_BYTES];
    struct power_cut_ledger *ledger = run->ledger;
    const bool mixed = run->scenario == POWER_CUT_MIXED || run->scenario == POWER_CUT_THREAD;
    struct btx_history *history;
    bool lives = true;

    btx_random_init(&run->random, run->seed);
    btx_points_begin_run(&ledger->points);
    ledger->failure[0] = '\0';
    btx_power_cut_root(run, 0, 0, root);
    btx_disk_folder_make(root);
    btx_disk_folder_clear(root);
    history = btx_history_open();
    struct btx_disk *disk = btx_disk_open(root);
    for (size_t i = 0; i < LIVES && lives; i++) {
        struct life life = {
            .disk = disk,
            .history = history,
            .seed = btx_random_u64(&run->random),
            .image_limit = POWER_CUT_SLOTS_MAX,
            .lying = run->scenario == POWER_CUT_LYING,
            .no_direct = run->scenario == POWER_CUT_CACHED && i == 2,
            .lying_open = run->scenario == POWER_CUT_UNSYNCED && i == 1,
        };
        if (mixed)
            draw_end(&life, &run->random);
        else if (run->scenario != POWER_CUT_LYING)
            draw_chain(&life, &run->random, i, run->scenario);
        memset(ledger->image_counts, 0, sizeof(ledger->image_counts));
        lives = give_life(run, &life) != LIFE_FAILED;
        btx_power_cut_verify(run, 1);
        lives = lives && run->scenario != POWER_CUT_LYING;
    }
    btx_disk_close(disk);
    btx_history_close(history);
    return ledger->failure[0] == '\0';
}
