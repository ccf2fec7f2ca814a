/* SPDX-License-Identifier: Apache-2.0 */
/* full.c - a filesystem runs full under a log, on ext4 and on XFS.
 *
 * Each is made in a file and mounted by a loop device, in a mount namespace of this process alone.
 * The writer says DISK_FULL and goes on saying it; nothing that was acknowledged is lost, also for
 * who reads or restarts while there is no room; and when there is room again the log goes on.
 * Needs root, loop devices and the programs that make filesystems; says so and ends with 77. */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "tests/crash/child.h"
#include "tests/crash/disk.h"
#include "tests/crash/session.h"
#include "tests/crash/work_folder.h"

enum {
    ROUNDS = 6,
    RECOVERED_STEPS = 5,
    ROOM_BYTES_LEAST = 1 << 20, /* what is left to the log in a round */
    ROOM_BYTES_STEP = 700 << 10,
    SECONDS_MAX = 300,
    SKIPPED = 77,
};
#define MEMORY_BYTES ((size_t)4 << 30)

/* In memory that all processes share. */
struct full_test {
    char folder[BTX_WORK_FOLDER_BYTES];
    char mounted[BTX_WORK_FOLDER_BYTES + 16];
    char root[BTX_WORK_FOLDER_BYTES + 32];
    char filler[BTX_WORK_FOLDER_BYTES + 32];
    struct btx_history *history;
    uint64_t seed;
    char text[BTX_VERDICT_TEXT_BYTES];
};

static int fail(struct full_test *test, const char *what, const char *why)
{
    (void)snprintf(test->text, sizeof(test->text), "%s: %.500s", what, why);
    return 1;
}

/* --- Processes -------------------------------------------------------------------------------- */

static int open_session(struct full_test *test, struct btx_session *session)
{
    const struct btx_session_options options = {
        .root = test->root, .seed = test->seed, .form_seed = test->seed, .threads = true};
    const enum btx_verdict verdict = btx_session_open(session, &options, test->history);

    if (verdict == BTX_VERDICT_RIGHT)
        return 0;
    return fail(test, btx_verdict_name(verdict),
                session->fault.code != BTX_OK ? session->fault.text : session->text);
}

/* Until there is no room: the fault is DISK_FULL, and stays. */
static int live_until_full(void *context)
{
    struct full_test *test = context;
    struct btx_session session = {0};
    struct btx_fault again = {0};

    if (open_session(test, &session) != 0)
        return 1;
    while (btx_session_step(&session) == BTX_OK)
        continue;
    if (session.fault.code != BTX_FAULT_DISK_FULL)
        return fail(test, "not DISK_FULL", session.fault.text);
    if (btx_wal_writer_idle(session.writer, &again) != BTX_FAULT_DISK_FULL)
        return fail(test, "then not DISK_FULL", again.text);
    if (btx_session_close(&session) != BTX_FAULT_DISK_FULL)
        return fail(test, "closed without DISK_FULL", session.fault.text);
    return 0;
}

/* While there is no room: all of it can be read; a writer says DISK_FULL at once or later. */
static int look_while_full(void *context)
{
    struct full_test *test = context;
    struct btx_session session = {0};
    size_t length_bytes;

    if (btx_history_compare(test->history, test->root, false, &length_bytes, test->text) !=
        BTX_VERDICT_RIGHT)
        return 1;
    if (open_session(test, &session) == 0)
        return btx_session_close(&session) == BTX_OK || session.fault.code == BTX_FAULT_DISK_FULL
                   ? 0
                   : fail(test, "closing while full", session.fault.text);
    return session.fault.code == BTX_FAULT_DISK_FULL ? 0 : 1;
}

static int live_on(void *context)
{
    struct full_test *test = context;
    struct btx_session session = {0};
    const struct btx_session_options options = {
        .root = test->root, .seed = test->seed, .form_seed = test->seed, .threads = true};
    const enum btx_verdict verdict =
        btx_session_live(&session, &options, test->history, RECOVERED_STEPS);

    return verdict == BTX_VERDICT_RIGHT ? 0 : fail(test, btx_verdict_name(verdict), session.text);
}

/* --- Filesystems ------------------------------------------------------------------------------ */

/* Leave @room_bytes. */
static void fill(const struct full_test *test, uint64_t room_bytes)
{
    struct statvfs status;
    const int fd = open(test->filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    CHECK(fd >= 0 && fstatvfs(fd, &status) == 0);
    const uint64_t free_bytes = (uint64_t)status.f_bavail * status.f_frsize;
    if (free_bytes > room_bytes)
        CHECK(posix_fallocate(fd, 0, (off_t)(free_bytes - room_bytes)) == 0);
    CHECK(close(fd) == 0);
}

static bool run(const char *format, const char *first, const char *second)
{
    char command[600];

    (void)snprintf(command, sizeof(command), format, first, second);
    return system(command) == 0;
}

static bool run_rounds(struct full_test *test, const char *type)
{
    test->history = btx_history_open();
    (void)snprintf(test->root, sizeof(test->root), "%s/log", test->mounted);
    (void)snprintf(test->filler, sizeof(test->filler), "%s/filler", test->mounted);
    for (uint64_t i = 0; i < ROUNDS; i++) {
        int status;
        test->seed = i + 1;
        fill(test, ROOM_BYTES_LEAST + i * ROOM_BYTES_STEP);
        const size_t before = test->history->acknowledged_bytes;
        status = btx_child_run(live_until_full, test, SECONDS_MAX);
        const size_t written = test->history->acknowledged_bytes - before;
        if (status == 0)
            status = btx_child_run(look_while_full, test, SECONDS_MAX);
        CHECK(unlink(test->filler) == 0);
        if (status == 0)
            status = btx_child_run(live_on, test, SECONDS_MAX);
        if (status != 0) {
            printf("FAILED: %s, round %ju: status %d: %s\n", type, (uintmax_t)i, status,
                   test->text);
            return false;
        }
        printf("%s: full after %zu bytes, nothing lost, went on\n", type, written);
    }
    btx_history_close(test->history);
    return true;
}

static int test_filesystem(struct full_test *test, const char *type, const char *size)
{
    char image[BTX_WORK_FOLDER_BYTES + 16];

    (void)snprintf(image, sizeof(image), "%s/%s", test->folder, type);
    if (!run("truncate -s %s '%s'", size, image) ||
        !run(strcmp(type, "xfs") == 0 ? "mkfs.%s -q -f '%s' 2>/dev/null"
                                      : "mkfs.%s -q -F '%s' 2>/dev/null",
             type, image)) {
        printf("no %s can be made here: mkfs.%s fails or is missing\n", type, type);
        return SKIPPED;
    }
    if (!run("mount -o loop '%s' '%s' 2>/dev/null", image, test->mounted)) {
        printf("no %s can be mounted here: it takes a loop device\n", type);
        return SKIPPED;
    }
    const bool passed = run_rounds(test, type);
    CHECK(umount(test->mounted) == 0);
    return passed ? 0 : 1;
}

int main(void)
{
    if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        puts("no filesystem can be mounted here: it takes root and a mount namespace");
        return SKIPPED;
    }
    if (!run("command -v mkfs.%s >/dev/null && command -v mkfs.%s >/dev/null", "ext4", "xfs")) {
        puts("no filesystem can be made here: mkfs.ext4 or mkfs.xfs is missing");
        return SKIPPED;
    }
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    btx_disk_memory_open(MEMORY_BYTES);
    struct full_test *test = btx_disk_memory_take(sizeof(*test));
    btx_work_folder_make_on_disk(test->folder);
    (void)snprintf(test->mounted, sizeof(test->mounted), "%s/mounted", test->folder);
    btx_disk_folder_make(test->mounted);
    int status = test_filesystem(test, "ext4", "32M");
    if (status == 0)
        status = test_filesystem(test, "xfs", "320M");
    btx_work_folder_remove(test->folder);
    return status;
}
