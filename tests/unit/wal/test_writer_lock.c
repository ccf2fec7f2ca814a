/* SPDX-License-Identifier: Apache-2.0 */
/* test_writer_lock.c - one writer a log, with real processes: each other writer is a child. */
#include "engine/wal/writer_lock.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "engine/base/clock.h"
#include "engine/base/crc32c.h"
#include "tests/unit/wal/temp_folder.h"

static const uint8_t uuid[BTX_WAL_UUID_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};

/* 2026-11-26 00:41:12 UTC */
#define SINCE_NS UINT64_C(1795653672000000000)

static int setup(void **state)
{
    static struct temp_folder folder;

    temp_folder_make(&folder);
    *state = &folder;
    return 0;
}

static int teardown(void **state)
{
    temp_folder_remove(*state);
    return 0;
}

/* ---- Another process ---- */

struct other {
    pid_t pid;
    int say_fd;  /* a byte to it: go on; closed: end */
    int hear_fd; /* a byte from it: it is where the test wants it */
};

/* What a child does; its return value is its exit status. */
typedef int (*other_run)(const struct temp_folder *folder, int hear_fd, int say_fd);

static void other_start(struct other *other, const struct temp_folder *folder, other_run run)
{
    int to_child[2];
    int from_child[2];

    assert_int_equal(pipe2(to_child, O_CLOEXEC), 0);
    assert_int_equal(pipe2(from_child, O_CLOEXEC), 0);
    other->pid = fork();
    assert_true(other->pid >= 0);
    if (other->pid == 0) {
        (void)close(to_child[1]);
        (void)close(from_child[0]);
        _exit(run(folder, to_child[0], from_child[1]));
    }
    (void)close(to_child[0]);
    (void)close(from_child[1]);
    other->say_fd = to_child[1];
    other->hear_fd = from_child[0];
}

/* False when the other end was closed without a word. */
static bool hear(int fd)
{
    char byte;
    ssize_t got;

    do
        got = read(fd, &byte, 1);
    while (got < 0 && errno == EINTR);
    return got == 1;
}

static void say(int fd)
{
    CHECK(write(fd, "x", 1) == 1);
}

/* Let it end by itself, and give its exit status; that of a killed one is minus its signal. */
static int other_end(struct other *other)
{
    int status;

    (void)close(other->say_fd);
    (void)close(other->hear_fd);
    assert_int_equal(waitpid(other->pid, &status, 0), other->pid);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void other_kill(struct other *other)
{
    assert_int_equal(kill(other->pid, SIGKILL), 0);
    assert_int_equal(other_end(other), -SIGKILL);
}

/* Hold the lock until told to end. */
static int run_holder(const struct temp_folder *folder, int hear_fd, int say_fd)
{
    struct btx_writer_lock lock = {.fd = -1};

    if (btx_writer_lock_take(&lock, folder->fd, NULL) != BTX_OK ||
        btx_writer_lock_write_record(&lock, 12, "betexd", "node-1", uuid, SINCE_NS, NULL) != BTX_OK)
        return 9;
    say(say_fd);
    (void)hear(hear_fd);
    return 0;
}

static int run_holder_without_record(const struct temp_folder *folder, int hear_fd, int say_fd)
{
    struct btx_writer_lock lock = {.fd = -1};

    if (btx_writer_lock_take(&lock, folder->fd, NULL) != BTX_OK)
        return 9;
    say(say_fd);
    (void)hear(hear_fd);
    return 0;
}

/* Take it and give the code. */
static int run_take(const struct temp_folder *folder, int hear_fd, int say_fd)
{
    struct btx_writer_lock lock = {.fd = -1};

    (void)hear_fd;
    (void)say_fd;
    return (int)btx_writer_lock_take(&lock, folder->fd, NULL);
}

static enum btx_fault_code take_elsewhere(const struct temp_folder *folder)
{
    struct other other;

    other_start(&other, folder, run_take);
    return (enum btx_fault_code)other_end(&other);
}

/* ---- Taking ---- */

static void take__new_folder__holds_a_file_that_nobody_inherits(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_writer_lock lock = {.fd = -1};
    struct btx_wal_lock_record none = {0};
    struct btx_fault fault = {0};
    struct stat status;

    (void)umask(022);
    assert_int_equal(btx_writer_lock_take(&lock, folder->fd, &fault), BTX_OK);

    assert_memory_equal(&lock.record, &none, sizeof none);
    assert_int_equal(fstatat(folder->fd, ".writer.lock", &status, 0), 0);
    assert_int_equal(status.st_mode, S_IFREG | 0640);
    assert_true((fcntl(lock.fd, F_GETFD) & FD_CLOEXEC) != 0);
    assert_int_equal(take_elsewhere(folder), BTX_FAULT_LOCKED);
    btx_writer_lock_release(&lock);
    btx_writer_lock_release(&lock); /* Idempotent. */
    assert_int_equal(take_elsewhere(folder), BTX_OK);
}

/* The operator starts a second engine by mistake, and must be told at once which one runs. */
static void take__another_writer__is_refused_at_once_and_told_who(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_writer_lock lock = {.fd = -1};
    struct btx_fault fault = {0};
    char want[160];
    struct other other;
    uint64_t begun_ns;
    uint64_t taken_ns;

    other_start(&other, folder, run_holder);
    assert_true(hear(other.hear_fd));

    begun_ns = btx_clock_monotonic_ns(btx_clock_system());
    assert_int_equal(btx_writer_lock_take(&lock, folder->fd, &fault), BTX_FAULT_LOCKED);
    taken_ns = btx_clock_monotonic_ns(btx_clock_system()) - begun_ns;

    (void)snprintf(want, sizeof want,
                   "locked by pid %d (betexd) on node-1 since 2026-11-26 00:41:12 UTC, epoch 12",
                   other.pid);
    assert_string_equal(fault.text, want);
    assert_int_equal(btx_fault_exit_status(fault.code), 65);
    assert_int_equal(lock.fd, -1);
    print_message("refused in %" PRIu64 " us: %s\n", taken_ns / 1000, fault.text);
    assert_int_equal(other_end(&other), 0);
    assert_int_equal(btx_writer_lock_take(&lock, folder->fd, &fault), BTX_OK);
    btx_writer_lock_release(&lock);
}

/* Between taking the lock and writing the record, and with one left by a writer before, nobody
 * must be accused who does not hold it. */
static void take__holder_has_no_record_yet__names_what_the_kernel_knows(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_writer_lock lock = {.fd = -1};
    struct btx_fault fault = {0};
    struct other first;
    struct other second;
    struct other third;
    char want[64];

    other_start(&first, folder, run_holder_without_record);
    assert_true(hear(first.hear_fd));
    assert_int_equal(btx_writer_lock_take(&lock, folder->fd, &fault), BTX_FAULT_LOCKED);
    (void)snprintf(want, sizeof want, "locked by pid %d, which has not said more", first.pid);
    assert_memory_equal(fault.text, want, strlen(want));
    assert_int_equal(other_end(&first), 0);

    other_start(&second, folder, run_holder);
    assert_true(hear(second.hear_fd));
    assert_int_equal(other_end(&second), 0);
    other_start(&third, folder, run_holder_without_record);
    assert_true(hear(third.hear_fd));
    assert_int_equal(btx_writer_lock_take(&lock, folder->fd, &fault), BTX_FAULT_LOCKED);
    (void)snprintf(want, sizeof want, "locked by pid %d; .writer.lock names pid %d (betexd)",
                   third.pid, second.pid);
    assert_memory_equal(fault.text, want, strlen(want));
    assert_int_equal(other_end(&third), 0);
}

/* A crash must never keep the next start from its log. */
static void take__holder_was_killed__is_free_and_names_the_last(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_writer_lock lock = {.fd = -1};
    struct btx_fault fault = {0};
    struct other other;

    other_start(&other, folder, run_holder);
    assert_true(hear(other.hear_fd));
    other_kill(&other);

    assert_int_equal(btx_writer_lock_take(&lock, folder->fd, &fault), BTX_OK);
    assert_int_equal(lock.record.epoch, 12);
    assert_int_equal(lock.record.pid, other.pid);
    btx_writer_lock_release(&lock);
}

/* Hold it and leave a child behind that outlives this process, and has all its descriptors. */
static int run_holder_with_child(const struct temp_folder *folder, int hear_fd, int say_fd)
{
    struct btx_writer_lock lock = {.fd = -1};
    pid_t child;

    if (btx_writer_lock_take(&lock, folder->fd, NULL) != BTX_OK)
        return 9;
    child = fork();
    if (child == 0) {
        say(say_fd);
        (void)hear(hear_fd);
        _exit(0);
    }
    (void)pause();
    return 9;
}

/* flock() fails here: the child of a killed engine would keep the log for ever. */
static void take__child_of_a_killed_holder_lives__is_free(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_writer_lock lock = {.fd = -1};
    struct btx_fault fault = {0};
    struct other other;
    int status;

    other_start(&other, folder, run_holder_with_child);
    assert_true(hear(other.hear_fd));
    assert_int_equal(take_elsewhere(folder), BTX_FAULT_LOCKED);
    assert_int_equal(kill(other.pid, SIGKILL), 0);
    assert_int_equal(waitpid(other.pid, &status, 0), other.pid);

    assert_int_equal(btx_writer_lock_take(&lock, folder->fd, &fault), BTX_OK);
    /* The grandchild is still there: it has not closed its end. */
    assert_int_equal(fcntl(other.hear_fd, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(read(other.hear_fd, &status, 1), -1);
    assert_int_equal(errno, EAGAIN);
    btx_writer_lock_release(&lock);
    (void)close(other.say_fd);
    (void)close(other.hear_fd);
}

/* The trap of record locks: closing a second descriptor drops the lock.  So the second take must
 * not even open the file. */
static void take__again_in_this_process__is_refused_and_the_lock_stays(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_writer_lock lock = {.fd = -1};
    struct btx_writer_lock second = {.fd = -1};
    struct btx_fault fault = {0};

    assert_int_equal(btx_writer_lock_take(&lock, folder->fd, &fault), BTX_OK);
    assert_int_equal(
        btx_writer_lock_write_record(&lock, 3, "betexd", "node-1", uuid, SINCE_NS, &fault), BTX_OK);

    assert_int_equal(btx_writer_lock_take(&second, folder->fd, &fault), BTX_FAULT_LOCKED);

    assert_memory_equal(fault.text, "locked by this process: pid ", 28);
    assert_non_null(strstr(fault.text, "epoch 3"));
    assert_int_equal(second.fd, -1);
    assert_int_equal(take_elsewhere(folder), BTX_FAULT_LOCKED);
    btx_writer_lock_release(&lock);
    assert_int_equal(btx_writer_lock_take(&second, folder->fd, &fault), BTX_OK);
    btx_writer_lock_release(&second);
}

/* One process may write several logs, and give them back in any order. */
static void take__two_logs__are_independent(void **state)
{
    struct temp_folder *folder = *state;
    struct temp_folder other;
    struct btx_writer_lock one = {.fd = -1};
    struct btx_writer_lock two = {.fd = -1};
    struct btx_fault fault = {0};

    temp_folder_make(&other);
    assert_int_equal(btx_writer_lock_take(&one, folder->fd, &fault), BTX_OK);
    assert_int_equal(btx_writer_lock_take(&two, other.fd, &fault), BTX_OK);
    btx_writer_lock_release(&one);
    assert_int_equal(take_elsewhere(folder), BTX_OK);
    assert_int_equal(take_elsewhere(&other), BTX_FAULT_LOCKED);
    btx_writer_lock_release(&two);
    assert_int_equal(take_elsewhere(&other), BTX_OK);
    temp_folder_remove(&other);
}

/* Inside a child, what the parent holds is somebody else's. */
static int run_take_what_parent_holds(const struct temp_folder *folder, int hear_fd, int say_fd)
{
    struct btx_writer_lock lock = {.fd = -1};
    struct btx_fault fault = {0};

    (void)hear_fd;
    (void)say_fd;
    if (btx_writer_lock_take(&lock, folder->fd, &fault) != BTX_FAULT_LOCKED)
        return 1;
    return strncmp(fault.text, "locked by pid ", 14) == 0 ? 0 : 2;
}

static void take__in_a_child_of_the_holder__names_the_parent(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_writer_lock lock = {.fd = -1};
    struct btx_fault fault = {0};
    struct other other;

    assert_int_equal(btx_writer_lock_take(&lock, folder->fd, &fault), BTX_OK);
    other_start(&other, folder, run_take_what_parent_holds);
    assert_int_equal(other_end(&other), 0);
    btx_writer_lock_release(&lock);
}

/* A link would lock, and write into, a file of somebody's choice. */
static void take__not_a_regular_file__is_refused(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_writer_lock lock = {.fd = -1};
    struct btx_fault fault = {0};

    assert_int_equal(symlinkat("victim", folder->fd, ".writer.lock"), 0);
    assert_int_equal(btx_writer_lock_take(&lock, folder->fd, &fault), BTX_FAULT_IO);
    assert_int_equal(faccessat(folder->fd, "victim", F_OK, 0), -1);
    assert_int_equal(unlinkat(folder->fd, ".writer.lock", 0), 0);
    assert_int_equal(mkfifoat(folder->fd, ".writer.lock", 0640), 0);
    assert_int_equal(btx_writer_lock_take(&lock, folder->fd, &fault), BTX_FAULT_IO);
    assert_non_null(strstr(fault.text, "not a regular file"));
}

/* ---- Keeping ---- */

static void check__held__is_ok(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_writer_lock lock = {.fd = -1};
    struct btx_fault fault = {0};

    assert_int_equal(btx_writer_lock_take(&lock, folder->fd, &fault), BTX_OK);
    assert_int_equal(btx_writer_lock_check(&lock, &fault), BTX_OK);
    assert_int_equal(
        btx_writer_lock_write_record(&lock, 3, "betexd", "node-1", uuid, SINCE_NS, &fault), BTX_OK);
    assert_int_equal(btx_writer_lock_check(&lock, &fault), BTX_OK);
    assert_int_equal(take_elsewhere(folder), BTX_FAULT_LOCKED);
    btx_writer_lock_release(&lock);
}

/* Somebody who "cleans up" lock files lets a second writer in: the first one must notice. */
static void check__file_removed_or_replaced__says_so(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_writer_lock lock = {.fd = -1};
    struct btx_fault fault = {0};

    assert_int_equal(btx_writer_lock_take(&lock, folder->fd, &fault), BTX_OK);
    assert_int_equal(unlinkat(folder->fd, ".writer.lock", 0), 0);
    assert_int_equal(btx_writer_lock_check(&lock, &fault), BTX_FAULT_LOCKED);
    assert_non_null(strstr(fault.text, "removed"));

    temp_folder_put(folder, ".writer.lock", "", 0);
    assert_int_equal(btx_writer_lock_check(&lock, &fault), BTX_FAULT_LOCKED);
    assert_non_null(strstr(fault.text, "replaced"));
    btx_writer_lock_release(&lock);
}

/* What the guard cannot see: other code of the process that opens and closes the file. */
static void drop_by_closing_another_descriptor(const struct temp_folder *folder)
{
    int fd = openat(folder->fd, ".writer.lock", O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
}

static void check__lock_dropped__takes_it_again_if_nobody_came(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_writer_lock lock = {.fd = -1};
    struct btx_fault fault = {0};

    assert_int_equal(btx_writer_lock_take(&lock, folder->fd, &fault), BTX_OK);
    drop_by_closing_another_descriptor(folder);
    assert_int_equal(take_elsewhere(folder), BTX_OK); /* It really is dropped. */

    assert_int_equal(btx_writer_lock_check(&lock, &fault), BTX_OK);
    assert_int_equal(take_elsewhere(folder), BTX_FAULT_LOCKED);
    btx_writer_lock_release(&lock);
}

static void check__lock_dropped_and_somebody_came__says_who(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_writer_lock lock = {.fd = -1};
    struct btx_fault fault = {0};
    struct other other;

    assert_int_equal(btx_writer_lock_take(&lock, folder->fd, &fault), BTX_OK);
    assert_int_equal(
        btx_writer_lock_write_record(&lock, 11, "betexd", "node-1", uuid, SINCE_NS, &fault),
        BTX_OK);
    drop_by_closing_another_descriptor(folder);
    other_start(&other, folder, run_holder);
    assert_true(hear(other.hear_fd));
    assert_int_equal(btx_writer_lock_check(&lock, &fault), BTX_FAULT_LOCKED);
    assert_memory_equal(fault.text, "locked by pid ", 14);

    /* He is gone, but he was there: what he wrote is behind our back. */
    assert_int_equal(other_end(&other), 0);
    assert_int_equal(btx_writer_lock_check(&lock, &fault), BTX_FAULT_LOCKED);
    assert_memory_equal(fault.text, "the lock was lost to pid ", 25);
    assert_non_null(strstr(fault.text, "epoch 12"));
    btx_writer_lock_release(&lock);
}

static struct btx_writer_lock inherited;

static int run_check_inherited(const struct temp_folder *folder, int hear_fd, int say_fd)
{
    int code = (int)btx_writer_lock_check(&inherited, NULL);

    (void)folder;
    (void)hear_fd;
    (void)say_fd;
    btx_writer_lock_release(&inherited); /* Must not take it from the parent. */
    return code;
}

/* A child that goes on with the parent's writer is a second writer. */
static void check__in_a_child_of_the_holder__is_locked(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_fault fault = {0};
    struct other other;

    inherited = (struct btx_writer_lock){.fd = -1};
    assert_int_equal(btx_writer_lock_take(&inherited, folder->fd, &fault), BTX_OK);
    other_start(&other, folder, run_check_inherited);
    assert_int_equal(other_end(&other), BTX_FAULT_LOCKED);
    assert_int_equal(take_elsewhere(folder), BTX_FAULT_LOCKED);
    btx_writer_lock_release(&inherited);
}

/* Hold it, and leave a child behind that checks it when told, and says the code. */
static int run_holder_with_checking_child(const struct temp_folder *folder, int hear_fd, int say_fd)
{
    struct btx_writer_lock lock = {.fd = -1};

    if (btx_writer_lock_take(&lock, folder->fd, NULL) != BTX_OK)
        return 9;
    if (fork() == 0) {
        char code;

        say(say_fd);
        (void)hear(hear_fd);
        code = (char)btx_writer_lock_check(&lock, NULL);
        CHECK(write(say_fd, &code, 1) == 1);
        (void)hear(hear_fd);
        _exit(0);
    }
    (void)pause();
    return 9;
}

/* Its parent is gone and the lock is free: taking it again would make a writer that never opened
 * the log. */
static void check__in_a_child_of_a_dead_holder__takes_nothing(void **state)
{
    struct temp_folder *folder = *state;
    struct other other;
    int status;
    char code;

    other_start(&other, folder, run_holder_with_checking_child);
    assert_true(hear(other.hear_fd));
    assert_int_equal(kill(other.pid, SIGKILL), 0);
    assert_int_equal(waitpid(other.pid, &status, 0), other.pid);
    say(other.say_fd);
    assert_int_equal(read(other.hear_fd, &code, 1), 1);
    assert_int_equal(code, BTX_FAULT_LOCKED);
    assert_int_equal(take_elsewhere(folder), BTX_OK);
    (void)close(other.say_fd);
    (void)close(other.hear_fd);
}

/* ---- The record, and looking ---- */

static void look__never_written__is_absent_and_makes_nothing(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_writer_lock_status status;
    struct btx_fault fault = {0};

    assert_int_equal(btx_writer_lock_look(folder->fd, &status, &fault), BTX_OK);
    assert_int_equal(status.state, BTX_WRITER_LOCK_ABSENT);
    assert_false(status.record_valid);
    assert_int_equal(faccessat(folder->fd, ".writer.lock", F_OK, 0), -1);
}

static void look__held_then_left__tells_both_and_takes_nothing(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_writer_lock_status status;
    struct btx_fault fault = {0};
    struct other other;
    char boot_id[64] = "";
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

    assert_true(read(fd, boot_id, sizeof boot_id) > 36);
    (void)close(fd);
    other_start(&other, folder, run_holder);
    assert_true(hear(other.hear_fd));

    assert_int_equal(btx_writer_lock_look(folder->fd, &status, &fault), BTX_OK);
    assert_int_equal(status.state, BTX_WRITER_LOCK_HELD);
    assert_int_equal(status.holder_pid, other.pid);
    assert_true(status.record_valid);
    assert_int_equal(status.record.epoch, 12);
    assert_int_equal(status.record.since_ns, SINCE_NS);
    assert_int_equal(status.record.pid, other.pid);
    assert_string_equal(status.record.program, "betexd");
    assert_string_equal(status.record.host, "node-1");
    assert_memory_equal(status.record.boot_id, boot_id, 36);
    assert_memory_equal(status.record.uuid, uuid, sizeof uuid);
    assert_int_equal(take_elsewhere(folder), BTX_FAULT_LOCKED);

    assert_int_equal(other_end(&other), 0);
    assert_int_equal(btx_writer_lock_look(folder->fd, &status, &fault), BTX_OK);
    assert_int_equal(status.state, BTX_WRITER_LOCK_FREE);
    assert_int_equal(status.holder_pid, 0);
    assert_true(status.record_valid);
    assert_int_equal(status.record.epoch, 12);
}

/* Look as a user who may only read. */
static int run_look_without_rights(const struct temp_folder *folder, int hear_fd, int say_fd)
{
    struct btx_writer_lock_status status;

    (void)hear_fd;
    (void)say_fd;
    if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        return 8;
    if (openat(folder->fd, ".writer.lock", O_RDWR | O_CLOEXEC) >= 0)
        return 7; /* This would be no proof. */
    if (btx_writer_lock_look(folder->fd, &status, NULL) != BTX_OK)
        return 1;
    return status.state == BTX_WRITER_LOCK_HELD && status.record_valid ? 0 : 2;
}

static void look__without_write_permission__works(void **state)
{
    struct temp_folder *folder = *state;
    struct other holder;
    struct other looker;

    other_start(&holder, folder, run_holder);
    assert_true(hear(holder.hear_fd));
    assert_int_equal(fchmodat(folder->fd, ".writer.lock", 0444, 0), 0);
    assert_int_equal(fchmod(folder->fd, 0555), 0);
    other_start(&looker, folder, run_look_without_rights);
    assert_int_equal(other_end(&looker), 0);
    assert_int_equal(other_end(&holder), 0);
    assert_int_equal(fchmod(folder->fd, 0700), 0);
}

static int run_look_while_holding(const struct temp_folder *folder, int hear_fd, int say_fd)
{
    struct btx_writer_lock_status status;
    struct btx_writer_lock lock = {.fd = -1};

    (void)hear_fd;
    (void)say_fd;
    (void)close(STDERR_FILENO); /* What CHECK says is expected. */
    if (btx_writer_lock_take(&lock, folder->fd, NULL) != BTX_OK)
        return 9;
    return (int)btx_writer_lock_look(folder->fd, &status, NULL);
}

/* It would drop the lock without a word. */
static void look__in_the_holder_itself__is_a_bug(void **state)
{
    struct temp_folder *folder = *state;
    struct other other;

    other_start(&other, folder, run_look_while_holding);
    assert_int_equal(other_end(&other), -SIGABRT);
}

static void record_put(const struct temp_folder *folder, struct btx_wal_lock_record *record)
{
    record->crc = btx_crc32c(0, record, offsetof(struct btx_wal_lock_record, crc));
    temp_folder_put(folder, ".writer.lock", record, sizeof *record);
}

static struct btx_wal_lock_record good_record(void)
{
    struct btx_wal_lock_record record = {.epoch = 5, .since_ns = SINCE_NS, .pid = 4711};

    memcpy(record.magic, BTX_WAL_LOCK_MAGIC, sizeof record.magic);
    (void)snprintf(record.program, sizeof record.program, "betexd");
    (void)snprintf(record.host, sizeof record.host, "node-1");
    return record;
}

/* What is in the file is anybody's, and must be believed only when it is whole; and a damaged
 * record must not keep a writer from a log that nobody holds. */
static void take__damaged_record__takes_it_and_believes_nothing(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_wal_lock_record record = good_record();
    struct btx_wal_lock_record none = {0};
    struct btx_fault fault = {0};

    record_put(folder, &record);
    for (size_t i = 0; i < sizeof record; i++) {
        struct btx_writer_lock_status status;
        struct btx_writer_lock lock = {.fd = -1};
        uint8_t bytes[sizeof record];

        memcpy(bytes, &record, sizeof record);
        bytes[i] ^= 0x10;
        temp_folder_put(folder, ".writer.lock", bytes, sizeof bytes);
        assert_int_equal(btx_writer_lock_look(folder->fd, &status, &fault), BTX_OK);
        assert_false(status.record_valid);
        assert_memory_equal(&status.record, &none, sizeof none);
        assert_int_equal(btx_writer_lock_take(&lock, folder->fd, &fault), BTX_OK);
        assert_memory_equal(&lock.record, &none, sizeof none);
        btx_writer_lock_release(&lock);
    }
    for (size_t length = 0; length < sizeof record; length += 73) {
        struct btx_writer_lock_status status;

        temp_folder_put(folder, ".writer.lock", &record, length);
        assert_int_equal(btx_writer_lock_look(folder->fd, &status, &fault), BTX_OK);
        assert_false(status.record_valid);
    }
}

static void look__right_crc_but_wrong_fields__believes_nothing(void **state)
{
    struct temp_folder *folder = *state;
    struct btx_writer_lock_status status;
    struct btx_fault fault = {0};
    struct btx_wal_lock_record records[9];

    for (size_t i = 0; i < BTX_COUNT_OF(records); i++)
        records[i] = good_record();
    records[1].magic[7] = '2';
    records[2].epoch = 0;
    records[3].epoch = UINT64_MAX; /* There is no next one. */
    records[4].pid = 0;
    records[5].pid = -1;
    memset(records[6].program, 'x', sizeof records[6].program); /* No final zero. */
    records[7].host[2] = '\x1b';                                /* Would steer a terminal. */
    records[8].reserved[0] = 1;
    for (size_t i = 0; i < BTX_COUNT_OF(records); i++) {
        record_put(folder, &records[i]);
        print_message("record %zu\n", i);
        assert_int_equal(btx_writer_lock_look(folder->fd, &status, &fault), BTX_OK);
        assert_int_equal(status.record_valid, i == 0);
    }
}

static void print__any_record__is_one_line(void **state)
{
    struct btx_wal_lock_record record = good_record();
    char text[320];
    char small[8];

    (void)state;
    btx_writer_lock_print(&record, text, sizeof text);
    assert_string_equal(text, "pid 4711 (betexd) on node-1 since 2026-11-26 00:41:12 UTC, epoch 5");
    record.since_ns = UINT64_MAX;
    btx_writer_lock_print(&record, text, sizeof text);
    assert_non_null(strstr(text, "since 2554-07-21 23:34:33 UTC"));
    btx_writer_lock_print(&record, small, sizeof small);
    assert_string_equal(small, "pid 471");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(take__new_folder__holds_a_file_that_nobody_inherits),
        TEST(take__another_writer__is_refused_at_once_and_told_who),
        TEST(take__holder_has_no_record_yet__names_what_the_kernel_knows),
        TEST(take__holder_was_killed__is_free_and_names_the_last),
        TEST(take__child_of_a_killed_holder_lives__is_free),
        TEST(take__again_in_this_process__is_refused_and_the_lock_stays),
        TEST(take__two_logs__are_independent),
        TEST(take__in_a_child_of_the_holder__names_the_parent),
        TEST(take__not_a_regular_file__is_refused),
        TEST(check__held__is_ok),
        TEST(check__file_removed_or_replaced__says_so),
        TEST(check__lock_dropped__takes_it_again_if_nobody_came),
        TEST(check__lock_dropped_and_somebody_came__says_who),
        TEST(check__in_a_child_of_the_holder__is_locked),
        TEST(check__in_a_child_of_a_dead_holder__takes_nothing),
        TEST(look__never_written__is_absent_and_makes_nothing),
        TEST(look__held_then_left__tells_both_and_takes_nothing),
        TEST(look__without_write_permission__works),
        TEST(look__in_the_holder_itself__is_a_bug),
        TEST(take__damaged_record__takes_it_and_believes_nothing),
        TEST(look__right_crc_but_wrong_fields__believes_nothing),
        TEST(print__any_record__is_one_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
