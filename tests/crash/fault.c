/* SPDX-License-Identifier: Apache-2.0 */
/* fault.c - every call of a writer fails once, in each way in which it can.
 *
 *   betex-fault [--seed S [--failure I --call N]]
 *
 * For each kind of call and of failure, and for n = 1, 2, 3, ... until no call is left: the n-th
 * call of a life fails.  The writer then says DISK_FULL or IO; each later call says the very same
 * and changes nothing on the disk; and the next process finds everything that was acknowledged,
 * also when the power was cut as well.  Where nothing that matters has failed the life goes on.
 * Last, the n-th mdb_put() finds the map full although the arithmetic says that it cannot be. */
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "tests/crash/child.h"
#include "tests/crash/disk.h"
#include "tests/crash/session.h"
#include "tests/crash/work_folder.h"

enum {
    FAILED_MAX = 5,
    SEED_DEFAULT = 20240715,
    LIFE_STEPS = 8,
    RECOVERED_STEPS = 3,
    SECONDS_MAX = 300
};
#define MEMORY_BYTES ((size_t)4 << 30)

/* What fails, how, and what the writer may say. */
struct failure {
    const char *name;
    uint32_t calls;
    enum btx_disk_failure failure;
    int error;
    uint32_t faults; /* as bits */
};
#define FAULT_BIT(NAME) (1u << BTX_FAULT_##NAME)
#define CALL_BIT(NAME) BTX_DISK_BIT(BTX_DISK_##NAME)
#define WRITES (CALL_BIT(WRITE) | CALL_BIT(SYNCED_WRITE))
#define SYNCS (CALL_BIT(SYNC) | CALL_BIT(FOLDER_SYNC))
#define OPENS (CALL_BIT(OPEN) | CALL_BIT(CREATE))
#define NAMES (CALL_BIT(RENAME) | CALL_BIT(UNLINK) | CALL_BIT(MKDIR) | CALL_BIT(CREATE))

/* A disk that is full while statvfs() says that it is not is no DISK_FULL to everybody. */
static const struct failure failures[] = {
    {"write: EIO", WRITES, BTX_DISK_ERROR, EIO, FAULT_BIT(IO)},
    {"write: ENOSPC", WRITES, BTX_DISK_ERROR, ENOSPC, FAULT_BIT(IO) | FAULT_BIT(DISK_FULL)},
    {"write: short", WRITES, BTX_DISK_SHORT_WRITE, EIO, FAULT_BIT(IO) | FAULT_BIT(DISK_FULL)},
    {"sync: EIO", SYNCS, BTX_DISK_ERROR, EIO, FAULT_BIT(IO)},
    {"sync: ENOSPC", SYNCS, BTX_DISK_ERROR, ENOSPC, FAULT_BIT(IO) | FAULT_BIT(DISK_FULL)},
    {"names: EIO", NAMES, BTX_DISK_ERROR, EIO, FAULT_BIT(IO)},
    {"names: ENOSPC", NAMES, BTX_DISK_ERROR, ENOSPC, FAULT_BIT(IO) | FAULT_BIT(DISK_FULL)},
    {"open: EMFILE", OPENS, BTX_DISK_ERROR, EMFILE, FAULT_BIT(IO)},
    {"set size: EIO", CALL_BIT(TRUNCATE), BTX_DISK_ERROR, EIO, FAULT_BIT(IO)},
    {"read: EIO", CALL_BIT(READ), BTX_DISK_ERROR, EIO, FAULT_BIT(IO)},
};

/* In memory that all processes share. */
struct fault_test {
    char folder[BTX_WORK_FOLDER_BYTES];
    char root[BTX_WORK_FOLDER_BYTES + 16];
    struct btx_history *history;
    struct btx_disk *disk;
    uint64_t seed;
    size_t steps;
    bool threads;                  /* the helper is a thread: what it has begun it finishes */
    const struct failure *failure; /* NULL: none */
    uint64_t fail_at;
    uint64_t full_at; /* that mdb_put() finds the map full; 0: none */
    bool happened;
    bool reported;            /* as a fault */
    struct btx_disk_point at; /* where it happened */
    uint64_t map_full;
    char text[BTX_VERDICT_TEXT_BYTES];
};

/* --- liblmdb ---------------------------------------------------------------------------------- */

static uint64_t put_count;
static uint64_t put_full_at;

/* In the executable, so found before liblmdb's. */
int mdb_put(MDB_txn *transaction, MDB_dbi database, MDB_val *key, MDB_val *value,
            unsigned int flags)
{
    static int (*real_put)(MDB_txn *, MDB_dbi, MDB_val *, MDB_val *, unsigned int);

    if (real_put == NULL)
        *(void **)&real_put = dlsym(RTLD_NEXT, "mdb_put");
    if (++put_count == put_full_at)
        return MDB_MAP_FULL;
    return real_put(transaction, database, key, value, flags);
}

/* --- A life with a failure in it -------------------------------------------------------------- */

static int fail(struct fault_test *test, const char *what, const char *why)
{
    (void)snprintf(test->text, sizeof(test->text), "%s: %.400s", what, why);
    return 1;
}

static bool same_fault(const struct btx_fault *left, const struct btx_fault *right)
{
    return left->code == right->code && strcmp(left->text, right->text) == 0;
}

/* All calls after a fault say the same, and change nothing; end by giving back the log. */
static int check_closed_for_good(struct fault_test *test, struct btx_session *session)
{
    const struct btx_fault fault = session->fault;
    const uint64_t changes = btx_disk_control()->changes_after;
    struct btx_wal_rotation rotation;
    struct btx_wal_status status;
    struct btx_fault again[4] = {{0}};
    struct iovec piece = {session->history->bytes, 64};

    (void)!btx_wal_writer_commit(session->writer, &piece, 1, &again[0]);
    (void)!btx_wal_writer_rotate(session->writer, &rotation, &again[1]);
    (void)!btx_wal_writer_idle(session->writer, &again[2]);
    btx_wal_writer_status(session->writer, &status);
    if (!status.closed_for_good)
        return fail(test, "status does not say that it is closed for good", fault.text);
    if (btx_disk_control()->changes_after != changes && !test->threads)
        return fail(test, "a call after the fault changed the disk", fault.text);
    (void)btx_wal_writer_close(session->writer, NULL, &again[3]);
    for (int i = 0; i < 4; i++)
        if (!same_fault(&again[i], &fault))
            return fail(test, "a later call says something else", again[i].text);
    return 0;
}

static int check_fault(struct fault_test *test, struct btx_session *session)
{
    const uint32_t allowed = test->failure == NULL ? FAULT_BIT(BUG) : test->failure->faults;

    test->reported = true;
    if (!btx_disk_control()->failed && test->full_at == 0)
        return fail(test, "a fault that nobody made", session->fault.text);
    if ((allowed & (1u << session->fault.code)) == 0)
        return fail(test, btx_fault_name(session->fault.code), session->fault.text);
    return session->writer == NULL ? 0 : check_closed_for_good(test, session);
}

static int live_steps(struct fault_test *test, struct btx_session *session)
{
    const struct btx_disk_control *control = btx_disk_control();
    struct btx_wal_status status;

    for (size_t i = 0; i < test->steps; i++) {
        const uint64_t changes = control->changes_after;
        const bool failed = control->failed;
        if (btx_session_step(session) == BTX_OK)
            continue;
        /* What failed behind a commit, or in the helper's work, is found out by the next call
         * before it does anything; where only room was missing it tries again. */
        if (failed && changes != control->changes_after && session->fault.code == BTX_FAULT_IO &&
            !test->threads)
            return fail(test, "a call went on after the failure", session->fault.text);
        return check_fault(test, session);
    }
    btx_wal_writer_status(session->writer, &status);
    test->map_full = status.map_full;
    return btx_session_close(session) == BTX_OK ? 0 : check_fault(test, session);
}

static int live(void *context)
{
    struct fault_test *test = context;
    const struct btx_session_options options = {.root = test->root,
                                                .seed = test->seed,
                                                .form_seed = test->threads ? 1 : 3,
                                                .threads = test->threads};
    struct btx_session session = {0};
    struct btx_disk_control *control = btx_disk_control();

    if (test->failure != NULL) {
        control->failure = test->failure->failure;
        control->error = test->failure->error;
        control->fail_calls = test->failure->calls;
        control->fail_at = test->fail_at;
    }
    put_full_at = test->full_at;
    btx_disk_use(test->disk);
    enum btx_verdict verdict = btx_session_open(&session, &options, test->history);
    int result = verdict == BTX_VERDICT_RIGHT ? live_steps(test, &session) : 1;
    if (verdict == BTX_VERDICT_REFUSED && session.fault.code != BTX_OK)
        result = check_fault(test, &session);
    else if (verdict == BTX_VERDICT_REFUSED && control->failed)
        result = 0; /* The reader of the test met the failure, not the writer. */
    else if (verdict != BTX_VERDICT_RIGHT)
        (void)fail(test, btx_verdict_name(verdict), session.text);
    test->at = control->failed_at;
    test->happened = test->full_at == 0 ? control->failed : put_count >= put_full_at;
    return result;
}

/* The next process, without a failure, on the disk of the last one or on what the power left. */
static int live_again(void *context)
{
    struct fault_test *test = context;
    const struct btx_session_options options = {
        .root = test->root, .seed = test->seed, .form_seed = 3};
    struct btx_session session = {0};

    btx_disk_use(test->disk);
    const enum btx_verdict verdict =
        btx_session_live(&session, &options, test->history, RECOVERED_STEPS);
    return verdict == BTX_VERDICT_RIGHT ? 0 : fail(test, btx_verdict_name(verdict), session.text);
}

/* --- Trials ----------------------------------------------------------------------------------- */

static void set_root(struct fault_test *test, const char *name)
{
    (void)snprintf(test->root, sizeof(test->root), "%s/%s", test->folder, name);
    btx_disk_folder_make(test->root);
}

/* Recover what a power cut right now would leave, then what is there. */
static int recover(struct fault_test *test, uint64_t seed)
{
    struct btx_history *history = test->history;
    struct btx_disk *disk = test->disk;
    struct btx_random random;

    btx_random_init(&random, seed);
    set_root(test, "image");
    btx_disk_folder_clear(test->root);
    btx_disk_image(disk, test->root, &random);
    test->seed = seed;
    test->history = btx_history_copy(history);
    test->disk = btx_disk_open(test->root);
    int status = btx_child_run(live_again, test, SECONDS_MAX);
    btx_disk_close(test->disk);
    btx_history_close(test->history);
    test->history = history;
    test->disk = disk;
    set_root(test, "log");
    return status != 0 ? status : btx_child_run(live_again, test, SECONDS_MAX);
}

/* A log with a past, a life in which something fails, and the one after it. */
static bool try_once(struct fault_test *test, const struct failure *failure, uint64_t seed,
                     uint64_t at)
{
    int status;

    set_root(test, "log");
    btx_disk_folder_clear(test->root);
    test->history = btx_history_open();
    test->disk = btx_disk_open(test->root);
    test->failure = NULL;
    test->full_at = 0;
    test->seed = seed;
    test->steps = seed % 2 == 0 ? 0 : LIFE_STEPS;
    test->reported = false;
    status = test->steps == 0 ? 0 : btx_child_run(live, test, SECONDS_MAX);
    test->failure = failure;
    test->fail_at = at;
    test->full_at = failure == NULL ? at : 0;
    test->seed = seed + 1;
    test->steps = LIFE_STEPS;
    if (status == 0)
        status = btx_child_run(live, test, SECONDS_MAX);
    test->failure = NULL;
    test->full_at = 0;
    if (status == 0)
        status = recover(test, seed + at);
    btx_disk_close(test->disk);
    btx_history_close(test->history);
    if (status == 0)
        return true;
    printf("FAILED: %s, call %" PRIu64 ", seed %" PRIu64 ": status %d: %s\n",
           failure == NULL ? "map full" : failure->name, at, seed, status, test->text);
    return false;
}

/* Nothing of what a log stands on may fail unsaid: only what is made ahead, what is removed, what
 * is read by the test itself, and what is written again when it was cut short. */
static bool may_go_on(const struct btx_disk_point *at)
{
    const uint32_t always = CALL_BIT(FOLDER_SYNC) | CALL_BIT(RENAME) | CALL_BIT(MKDIR);
    const uint32_t in_segments = WRITES | CALL_BIT(SYNC) | CALL_BIT(TRUNCATE);
    const uint32_t call = BTX_DISK_BIT(at->call);

    return (call & always) == 0 &&
           ((call & in_segments) == 0 || strstr(at->target, BTX_WAL_SEGMENT_ENDING) == NULL);
}

/* Count a trial; false when what failed should have been a fault. */
static bool judge_going_on(const struct fault_test *test)
{
    if (!test->happened || test->reported)
        return true;
    printf("  %s: %s %s\n", may_go_on(&test->at) ? "went on" : "FAILED, unsaid",
           btx_disk_call_name(test->at.call), test->at.target);
    return may_go_on(&test->at);
}

static bool try_failure(struct fault_test *test, const struct failure *failure, uint64_t seed)
{
    uint64_t reported = 0;
    uint64_t count = 0;
    uint64_t failed = 0;

    /* From an empty folder, from a log with a past, and that with the helper thread. */
    for (uint64_t i = 0; i < (btx_environment_has_threads() ? 3U : 2U); i++) {
        test->threads = i == 2;
        test->happened = true;
        for (uint64_t at = 1; test->happened && failed < FAILED_MAX; at++) {
            failed += !try_once(test, failure, seed + i % 2, at);
            count += test->happened;
            reported += test->reported;
            failed += !judge_going_on(test);
        }
    }
    test->threads = false;
    printf("%s: each of %" PRIu64 " calls, %" PRIu64 " reported as faults\n", failure->name, count,
           reported);
    if (reported == 0)
        printf("FAILED: %s is never reported\n", failure->name);
    return failed == 0 && reported != 0;
}

/* A full map is survived, except in a segment without a commit: there it is a bug, and is said to
 * be one. */
static bool try_map_full(struct fault_test *test, uint64_t seed)
{
    uint64_t survived = 0;
    uint64_t count = 0;

    test->happened = true;
    for (uint64_t at = 1; test->happened; at++) {
        if (!try_once(test, NULL, seed, at))
            return false;
        count += test->happened;
        survived += test->happened && !test->reported && test->map_full == 1;
        if (!test->happened || test->reported || test->map_full == 1)
            continue;
        printf("FAILED: map full at put %" PRIu64 " was not counted\n", at);
        return false;
    }
    printf("map full: each of %" PRIu64 " puts, %" PRIu64 " survived and counted\n", count,
           survived);
    return survived != 0;
}

static bool try_all(struct fault_test *test, uint64_t seed)
{
    bool passed = true;

    for (size_t i = 0; i < BTX_COUNT_OF(failures); i++)
        passed = try_failure(test, &failures[i], seed) && passed;
    return try_map_full(test, seed) && passed;
}

int main(int count, char **words)
{
    struct fault_test *test;
    uint64_t seed = SEED_DEFAULT;
    bool passed;

    if (count >= 3)
        seed = strtoull(words[2], NULL, 10);
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    printf("seed %" PRIu64 "\n", seed);
    btx_disk_memory_open(MEMORY_BYTES);
    test = btx_disk_memory_take(sizeof(*test));
    btx_work_folder_make(test->folder);
    if (count == 7)
        passed = try_once(test, &failures[strtoull(words[4], NULL, 10)], seed,
                          strtoull(words[6], NULL, 10));
    else
        passed = try_all(test, seed);
    btx_work_folder_remove(test->folder);
    printf(passed ? "passed, seed %" PRIu64 "\n" : "FAILED, seed %" PRIu64 "\n", seed);
    return passed ? 0 : 1;
}
