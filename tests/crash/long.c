/* SPDX-License-Identifier: Apache-2.0 */
/* long.c - a log of very many segments, and a reader that follows a busy writer.
 *
 *   betex-long [--segments N] [--seconds N]
 *
 * 2000 segments and 3 seconds; with BTX_SOAK=1 100 000 segments and a minute. */
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "engine/wal/log_reader.h"
#include "engine/wal/sizing.h"
#include "tests/crash/child.h"
#include "tests/crash/disk.h"
#include "tests/crash/session.h"
#include "tests/crash/work_folder.h"

enum { SECONDS_MAX = 7200, COMMIT_BYTES = 32 << 10 };
#define MEMORY_BYTES ((size_t)8 << 30)
#define HISTORY_BYTES ((size_t)1 << 30)

/* In memory that all processes share. */
struct long_test {
    char root[BTX_WORK_FOLDER_BYTES + 8];
    struct btx_history *history;
    uint64_t segments;
    uint64_t seconds;
    bool finished; /* the writer has closed the log */
    uint64_t rotations;
    uint64_t records; /* that the reader has seen */
    uint64_t early;   /* of them, those not acknowledged yet */
    char text[BTX_VERDICT_TEXT_BYTES];
};

static int fail(struct long_test *test, const char *what, const char *why)
{
    (void)snprintf(test->text, sizeof(test->text), "%s: %.500s", what, why);
    return 1;
}

static double seconds_since(uint64_t began_ns)
{
    return (double)(btx_clock_monotonic_ns(btx_clock_system()) - began_ns) / 1e9;
}

static int open_session(struct long_test *test, struct btx_session *session,
                        const struct btx_wal_settings *settings, bool threads)
{
    const struct btx_session_options options = {
        .root = test->root, .seed = 1, .threads = threads, .settings = settings};
    const enum btx_verdict verdict = btx_session_open(session, &options, test->history);

    if (verdict == BTX_VERDICT_RIGHT)
        return 0;
    return fail(test, btx_verdict_name(verdict),
                session->fault.code != BTX_OK ? session->fault.text : session->text);
}

static struct btx_wal_settings small_settings(uint64_t segment_events)
{
    struct btx_wal_settings settings;

    btx_wal_settings_default(&settings);
    settings.max_commit_bytes = COMMIT_BYTES;
    settings.segment_map_size_bytes = btx_wal_map_bytes_min(COMMIT_BYTES);
    settings.max_segment_events = segment_events;
    settings.min_segment_age_ns = 0;
    settings.low_space_bytes = 0;
    settings.stop_bytes = 0;
    settings.unsafe_filesystem = 1;
    return settings;
}

/* --- Many segments ---------------------------------------------------------------------------- */

static int write_segments(void *context)
{
    struct long_test *test = context;
    const struct btx_wal_settings settings = small_settings(1);
    struct btx_session session = {0};

    if (open_session(test, &session, &settings, false) != 0)
        return 1;
    while (test->rotations < test->segments) {
        struct btx_wal_status status;
        if (btx_session_commit(&session, 1) != BTX_OK)
            return fail(test, "writing", session.fault.text);
        btx_wal_writer_status(session.writer, &status);
        test->rotations = status.rotations;
    }
    return 0; /* Without closing: recovery has an end to find. */
}

/* As the next start does: find the end, then read everything. */
static int recover_segments(void *context)
{
    struct long_test *test = context;
    const struct btx_clock *clock = btx_clock_system();
    uint64_t began_ns = btx_clock_monotonic_ns(clock);
    struct btx_log_end end;
    struct btx_fault fault = {0};
    const struct btx_wal_settings settings = small_settings(1);
    struct btx_session session = {0};

    if (btx_log_end_find(&end, test->root, true, btx_clock_wall_ns(clock), &fault) != BTX_OK)
        return fail(test, "finding the end", fault.text);
    printf("%" PRIu64 " segments: end found in %.3f s\n", end.segment, seconds_since(began_ns));
    if (end.segment < test->segments)
        return fail(test, "finding the end", "segments are missing");
    btx_log_end_done(&end);
    began_ns = btx_clock_monotonic_ns(clock);
    if (open_session(test, &session, &settings, true) != 0)
        return 1;
    printf("opened, read and folded in %.3f s\n", seconds_since(began_ns));
    if (btx_session_commit(&session, 10) != BTX_OK || btx_session_close(&session) != BTX_OK)
        return fail(test, "going on", session.fault.text);
    return 0;
}

/* --- Following -------------------------------------------------------------------------------- */

static int write_busily(struct long_test *test)
{
    const struct btx_wal_settings settings = small_settings(500);
    const uint64_t began_ns = btx_clock_monotonic_ns(btx_clock_system());
    struct btx_session session = {0};
    struct btx_wal_status status;

    if (open_session(test, &session, &settings, true) != 0)
        return 1;
    while (seconds_since(began_ns) < (double)test->seconds &&
           test->history->length_bytes < HISTORY_BYTES)
        if (btx_session_step(&session) != BTX_OK)
            return fail(test, "writing", session.fault.text);
    btx_wal_writer_status(session.writer, &status);
    test->rotations = status.rotations;
    if (btx_session_close(&session) != BTX_OK)
        return fail(test, "closing", session.fault.text);
    __atomic_store_n(&test->finished, true, __ATOMIC_RELEASE);
    return 0;
}

/* One record that the follower was handed. */
static bool is_next(struct long_test *test, const struct btx_record *record, size_t *offset)
{
    const struct btx_history *history = test->history;
    const size_t bytes = btx_record_length_bytes(record);
    const size_t given = __atomic_load_n(&history->attempted_bytes, __ATOMIC_ACQUIRE);
    const size_t acknowledged = __atomic_load_n(&history->acknowledged_bytes, __ATOMIC_ACQUIRE);

    if (bytes > given - *offset || memcmp(history->bytes + *offset, record, bytes) != 0)
        return false;
    *offset += bytes;
    test->records++;
    test->early += *offset > acknowledged;
    return true;
}

static int follow(struct long_test *test, struct btx_log_reader *reader)
{
    const struct btx_record *record;
    struct btx_fault fault = {0};
    char where[BTX_VERDICT_TEXT_BYTES];
    size_t offset = 0;

    for (;;) {
        const bool finished = __atomic_load_n(&test->finished, __ATOMIC_ACQUIRE);
        switch (btx_log_reader_next(reader, &record, &fault)) {
        case BTX_LOG_RECORD:
            if (!is_next(test, record, &offset))
                return fail(test, "following", "a record is not what was given");
            break;
        case BTX_LOG_END:
            if (finished && offset == test->history->acknowledged_bytes)
                return 0;
            if (finished)
                return fail(test, "following", "it ends before the log does");
            (void)sched_yield();
            break;
        case BTX_LOG_DAMAGE:
            btx_wal_damage_print(btx_log_reader_damage(reader), where, sizeof(where));
            return fail(test, "following, damage", where);
        case BTX_LOG_FAULT:
            return fail(test, "following", fault.text);
        }
    }
}

static int follow_log(void *context)
{
    struct long_test *test = context;
    const struct btx_log_options options = {.live = true};
    struct btx_log_reader *reader = NULL;
    struct btx_fault fault = {0};

    /* The log is made by the writer, which has just begun. */
    while (__atomic_load_n(&test->history->acknowledged_bytes, __ATOMIC_ACQUIRE) == 0)
        (void)sched_yield();
    if (btx_log_reader_open(&reader, test->root, &options, &fault) != BTX_OK)
        return fail(test, "opening to follow", fault.text);
    const int status = follow(test, reader);
    btx_log_reader_close(reader);
    return status;
}

static bool follow_writer(struct long_test *test)
{
    int status;

    test->history = btx_history_open();
    (void)btx_history_room(test->history, HISTORY_BYTES); /* So that it does not move. */
    const pid_t writer = fork();
    CHECK(writer >= 0);
    if (writer == 0) {
        (void)alarm(SECONDS_MAX);
        _exit(write_busily(test));
    }
    const int reader_status = btx_child_run(follow_log, test, SECONDS_MAX);
    CHECK(waitpid(writer, &status, 0) == writer);
    if (reader_status != 0 || status != 0) {
        printf("FAILED: reader %d, writer %d: %s\n", reader_status, status, test->text);
        return false;
    }
    printf("followed %" PRIu64 " records, %" PRIu64 " before they were acknowledged, over %" PRIu64
           " rotations\n",
           test->records, test->early, test->rotations);
    return test->records != 0 && test->rotations != 0;
}

static bool many_segments(struct long_test *test)
{
    int status;

    test->history = btx_history_open();
    status = btx_child_run(write_segments, test, SECONDS_MAX);
    if (status == 0)
        status = btx_child_run(recover_segments, test, SECONDS_MAX);
    if (status != 0)
        printf("FAILED: status %d: %s\n", status, test->text);
    btx_history_close(test->history);
    return status == 0;
}

int main(int count, char **words)
{
    const bool soak = btx_environment_number("BTX_SOAK", 0) != 0;
    char folder[BTX_WORK_FOLDER_BYTES];

    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    btx_disk_memory_open(MEMORY_BYTES);
    struct long_test *test = btx_disk_memory_take(sizeof(*test));
    test->segments = soak ? 100000 : btx_environment_is_slow() ? 300 : 2000;
    test->seconds = soak ? 60 : 3;
    for (int i = 1; i + 1 < count; i += 2) {
        if (strcmp(words[i], "--segments") == 0)
            test->segments = strtoull(words[i + 1], NULL, 10);
        else if (strcmp(words[i], "--seconds") == 0)
            test->seconds = strtoull(words[i + 1], NULL, 10);
    }
    btx_work_folder_make(folder);
    (void)snprintf(test->root, sizeof(test->root), "%s/log", folder);
    bool passed = many_segments(test);
    btx_work_folder_remove(folder);
    btx_work_folder_make_on_disk(folder);
    (void)snprintf(test->root, sizeof(test->root), "%s/log", folder);
    passed = follow_writer(test) && passed;
    btx_work_folder_remove(folder);
    puts(passed ? "passed" : "FAILED");
    return passed ? 0 : 1;
}
