/* SPDX-License-Identifier: Apache-2.0 */
/* kill.c - the writer's process is killed, at every call that it makes and at random moments.
 *
 *   betex-kill [--kills N] [--seed S]
 *
 * First at each call, before it and in it, of short lives that open, commit, rotate and close: the
 * list of points that is printed is the list of all crash points.  Then N times (BTX_CRASH_KILLS is
 * the default of N) at random moments, with the helper thread and a real disk.  Each time a next
 * process recovers: what was acknowledged is there, and nothing is half there. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "tests/crash/child.h"
#include "tests/crash/points.h"
#include "tests/crash/session.h"
#include "tests/crash/work_folder.h"

enum {
    SEED_DEFAULT = 20240714,
    LIVES = 3, /* different ones, each killed at every call */
    LIFE_STEPS = 7,
    RECOVERED_STEPS = 3,
    KILLS_A_LOG = 20,
    STEPS_MAX = 12,
    DELAY_US_MAX = 8000,
    SECONDS_MAX = 300,
    KILLED = 42,
    FAILED = 1,
};
#define MEMORY_BYTES ((size_t)4 << 30)

/* In memory that all processes share. */
struct kill_test {
    char root[BTX_WORK_FOLDER_BYTES + 8];
    struct btx_points points;
    struct btx_history *history;
    struct btx_disk *disk;
    uint64_t seed;
    uint64_t form_seed;
    bool threads;
    size_t steps;
    enum btx_disk_moment kill_moment;
    uint64_t kill_at; /* 0: never */
    uint64_t kill_count;
    struct btx_session *session; /* of the process that lives */
    char point[BTX_POINT_NAME_BYTES];
    char text[BTX_VERDICT_TEXT_BYTES];
};

static struct btx_session_options session_options(const struct kill_test *test)
{
    return (struct btx_session_options){.root = test->root,
                                        .seed = test->seed,
                                        .form_seed = test->form_seed,
                                        .threads = test->threads};
}

static void kill_hook(void *context, const struct btx_disk_point *at)
{
    struct kill_test *test = context;

    if ((BTX_DISK_BIT(at->call) & BTX_DISK_CHANGES) == 0)
        return;
    struct btx_point *point =
        btx_points_find(&test->points, btx_session_phase_name(test->session->phase), at);
    point->met += at->moment == BTX_DISK_BEFORE;
    if (at->moment != test->kill_moment || ++test->kill_count != test->kill_at)
        return;
    point->cut++;
    memcpy(test->point, point->name, sizeof(test->point));
    _exit(KILLED);
}

static int report(struct kill_test *test, enum btx_verdict verdict,
                  const struct btx_session *session)
{
    if (verdict == BTX_VERDICT_RIGHT)
        return 0;
    (void)snprintf(test->text, sizeof(test->text), "%s: %.500s", btx_verdict_name(verdict),
                   session->text);
    return FAILED;
}

/* A life on the simulated disk, which calls the hook. */
static int live_hooked(void *context)
{
    struct kill_test *test = context;
    struct btx_session session = {0};
    const struct btx_session_options options = session_options(test);

    test->session = &session;
    btx_disk_control()->hook = kill_hook;
    btx_disk_control()->hook_context = test;
    btx_disk_use(test->disk);
    return report(test, btx_session_live(&session, &options, test->history, test->steps), &session);
}

/* A life on the real files. */
static int live(void *context)
{
    struct kill_test *test = context;
    struct btx_session session = {0};
    const struct btx_session_options options = session_options(test);

    return report(test, btx_session_live(&session, &options, test->history, test->steps), &session);
}

static bool fail(const struct kill_test *test, const char *what, int status)
{
    printf("FAILED: %s, killed at '%s': status %d: %s\n", what, test->point, status, test->text);
    return false;
}

static void begin_log(struct kill_test *test)
{
    btx_disk_folder_make(test->root);
    btx_disk_folder_clear(test->root);
    if (test->history != NULL)
        btx_history_close(test->history);
    test->history = btx_history_open();
}

/* --- At every call ---------------------------------------------------------------------------- */

/* A log with a past, then a life that is killed at call number test->kill_at, and the next one.
 * *ret_ended: there was no such call. */
static bool kill_once(struct kill_test *test, uint64_t seed, bool *ret_ended)
{
    const uint64_t kill_at = test->kill_at;
    int status;

    begin_log(test);
    test->disk = btx_disk_open(test->root);
    test->kill_at = 0;
    test->seed = seed;
    test->steps = seed % 2 == 0 ? 0 : LIFE_STEPS; /* Half of them begin with an empty folder. */
    status = test->steps == 0 ? 0 : btx_child_run(live_hooked, test, SECONDS_MAX);
    test->kill_at = kill_at;
    test->kill_count = 0;
    test->seed = seed + 1;
    test->steps = LIFE_STEPS;
    if (status == 0)
        status = btx_child_run(live_hooked, test, SECONDS_MAX);
    btx_disk_close(test->disk);
    *ret_ended = status == 0;
    if (status != 0 && status != KILLED)
        return fail(test, "before the kill", status);
    test->threads = true;
    test->seed = seed + 2;
    test->steps = RECOVERED_STEPS;
    status = btx_child_run(live, test, SECONDS_MAX);
    test->threads = false;
    return status == 0 || fail(test, "recovering", status);
}

static bool kill_at_every_call(struct kill_test *test, uint64_t seed)
{
    uint64_t kills = 0;

    for (uint64_t i = 0; i < 2 * LIVES; i++) {
        bool ended = false;
        test->kill_moment = i % 2 == 0 ? BTX_DISK_BEFORE : BTX_DISK_DURING;
        test->form_seed = seed + i / 2;
        for (uint64_t n = 1; !ended; n++) {
            test->kill_at = n;
            if (!kill_once(test, 10 * (seed + i / 2) + i / 2 % 2, &ended))
                return false;
            kills += !ended;
        }
    }
    (void)btx_points_print(&test->points, 1);
    printf("killed at each of %" PRIu64 " calls\n", kills);
    return true;
}

/* --- At random moments ------------------------------------------------------------------------ */

static void wait_us(uint64_t us)
{
    const struct timespec pause = {(time_t)(us / 1000000), (long)(us % 1000000) * 1000};

    (void)nanosleep(&pause, NULL); /* Shorter does no harm: when the kill comes is random. */
}

/* Lives until it is killed, and says so after each step. */
static int live_reporting(struct kill_test *test, int pipe_fd)
{
    struct btx_session session = {0};
    const struct btx_session_options options = session_options(test);
    const enum btx_verdict verdict = btx_session_open(&session, &options, test->history);

    if (verdict != BTX_VERDICT_RIGHT)
        return report(test, verdict, &session);
    while (btx_session_step(&session) == BTX_OK)
        CHECK(write(pipe_fd, "", 1) == 1);
    (void)snprintf(test->text, sizeof(test->text), "%s", session.fault.text);
    return FAILED;
}

/* Kill the child some time after some steps: while it opens, commits, rotates. */
static void kill_later(pid_t child, int pipe_fd, struct btx_random *random)
{
    char byte;

    for (uint64_t steps = btx_random_below(random, 4) * btx_random_below(random, STEPS_MAX);
         steps != 0; steps--)
        if (read(pipe_fd, &byte, 1) != 1)
            break; /* It has ended; the parent will see how. */
    wait_us(btx_random_below(random, DELAY_US_MAX));
    CHECK(kill(child, SIGKILL) == 0);
}

static bool kill_at_random(struct kill_test *test, struct btx_random *random)
{
    int fds[2];
    int status;

    CHECK(pipe(fds) == 0);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        (void)alarm(SECONDS_MAX);
        _exit(live_reporting(test, fds[1]));
    }
    CHECK(close(fds[1]) == 0);
    kill_later(child, fds[0], random);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(close(fds[0]) == 0);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        return true;
    return fail(test, "living", status);
}

static bool kill_many(struct kill_test *test, uint64_t seed, uint64_t kills)
{
    struct btx_random random;
    uint64_t acknowledged = 0;

    btx_random_init(&random, seed);
    (void)snprintf(test->point, sizeof(test->point), "a random moment");
    test->threads = true;
    for (uint64_t i = 0; i < kills; i++) {
        if (i % KILLS_A_LOG == 0) {
            begin_log(test);
            test->form_seed = btx_random_u64(&random);
        }
        const size_t before = test->history->acknowledged_bytes;
        test->seed = btx_random_u64(&random);
        if (!kill_at_random(test, &random))
            return false;
        acknowledged += test->history->acknowledged_bytes != before;
        if (i % KILLS_A_LOG != KILLS_A_LOG - 1 && i + 1 != kills)
            continue;
        test->steps = RECOVERED_STEPS;
        test->seed = btx_random_u64(&random);
        const int status = btx_child_run(live, test, SECONDS_MAX);
        if (status != 0)
            return fail(test, "recovering", status);
    }
    printf("killed %" PRIu64 " times at random, %" PRIu64 " lives acknowledged something\n", kills,
           acknowledged);
    return true;
}

int main(int count, char **words)
{
    uint64_t kills =
        btx_environment_number("BTX_CRASH_KILLS", btx_environment_is_slow() ? 60 : 300);
    uint64_t seed = SEED_DEFAULT;
    char folder[BTX_WORK_FOLDER_BYTES];

    for (int i = 1; i + 1 < count; i += 2) {
        if (strcmp(words[i], "--kills") == 0)
            kills = strtoull(words[i + 1], NULL, 10);
        else if (strcmp(words[i], "--seed") == 0)
            seed = strtoull(words[i + 1], NULL, 10);
    }
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    printf("seed %" PRIu64 ", %" PRIu64 " kills\n", seed, kills);
    btx_disk_memory_open(MEMORY_BYTES);
    struct kill_test *test = btx_disk_memory_take(sizeof(*test));
    btx_work_folder_make(folder);
    (void)snprintf(test->root, sizeof(test->root), "%s/log", folder);
    bool passed = kill_at_every_call(test, seed);
    btx_work_folder_remove(folder);
    btx_work_folder_make_on_disk(folder);
    (void)snprintf(test->root, sizeof(test->root), "%s/log", folder);
    passed = passed && kill_many(test, seed, kills);
    btx_work_folder_remove(folder);
    printf(passed ? "passed, seed %" PRIu64 "\n" : "FAILED, seed %" PRIu64 "\n", seed);
    return passed ? 0 : 1;
}
