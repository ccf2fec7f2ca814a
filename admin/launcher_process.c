/* SPDX-License-Identifier: Apache-2.0 */
/* launcher_process.c - the launcher: takes orders, executes betex-wal, tells how it ended. */
#include "admin/launcher_process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "engine/base/log.h"
#include "engine/service/sandbox.h"

enum {
    /* More than betex-admin has calls: those that are being ended count for a moment too. */
    JOBS_MAX = 64,
    /* Of this process, one for each job and some; betex-wal has that many for itself. */
    DESCRIPTORS_MAX = 256,
};

/* A betex-wal at work. */
struct job {
    pid_t pid;
    int end_fd; /* who wants to know how it ends; -1: nobody any more */
};

static struct {
    int fd;
    int signal_fd;
    char program[PATH_MAX];
    struct job jobs[JOBS_MAX];
    size_t job_count;
} launcher;

/* ---- Start ---- */

/* Only the end of betex-admin is an end: signals that a terminal or systemd sends to all of us are
 * for betex-admin to answer. */
static enum btx_fault_code catch_signals(struct btx_fault *reterr_fault)
{
    sigset_t children;
    sigset_t blocked;

    CHECK(sigemptyset(&children) == 0 && sigaddset(&children, SIGCHLD) == 0);
    blocked = children;
    CHECK(sigaddset(&blocked, SIGTERM) == 0 && sigaddset(&blocked, SIGINT) == 0 &&
          sigaddset(&blocked, SIGHUP) == 0);
    CHECK(sigprocmask(SIG_BLOCK, &blocked, NULL) == 0);
    launcher.signal_fd = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
    if (launcher.signal_fd < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "waiting for signals");
    return BTX_OK;
}

/* betex-wal stands beside this program. */
static enum btx_fault_code find_program(struct btx_fault *reterr_fault)
{
    static const char name[] = "betex-wal";
    char *const path = launcher.program;
    const ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - sizeof name);
    char *slash;

    if (length <= 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "finding betex-wal");
    path[length] = '\0';
    slash = strrchr(path, '/');
    CHECK(slash != NULL); /* The kernel gives a whole path. */
    memcpy(slash + 1, name, sizeof name);
    return BTX_OK;
}

/* betex-wal itself reads the log and, for sizing, the configuration, whose file editors replace:
 * so their folders, also when there is no log yet. */
static enum btx_fault_code enter_sandbox(const struct btx_launcher_options *options,
                                         struct btx_fault *reterr_fault)
{
    const char *loader = btx_sandbox_loader();
    const struct btx_sandbox_path paths[] = {
        {.path = launcher.program, .access = BTX_SANDBOX_EXECUTE, .optional = true},
        {.path = loader != NULL ? loader : launcher.program,
         .access = BTX_SANDBOX_EXECUTE,
         .optional = true},
        {.path = "/lib", .access = BTX_SANDBOX_READ, .optional = true},
        {.path = "/lib64", .access = BTX_SANDBOX_READ, .optional = true},
        {.path = "/usr/lib", .access = BTX_SANDBOX_READ, .optional = true},
        {.path = "/usr/local/lib", .access = BTX_SANDBOX_READ, .optional = true},
        {.path = "/etc/ld.so.cache", .access = BTX_SANDBOX_READ, .optional = true},
        {.path = "/etc/ld.so.preload", .access = BTX_SANDBOX_READ, .optional = true},
        {.path = "/dev/null", .access = BTX_SANDBOX_READ},
        {.path = "/proc/sys/kernel/random/boot_id", .access = BTX_SANDBOX_READ, .optional = true},
        {.path = options->wal_root, .access = BTX_SANDBOX_READ, .optional = true},
        {.path = options->wal_root,
         .access = BTX_SANDBOX_READ,
         .folder_of = true,
         .optional = true},
        {.path = options->config, .access = BTX_SANDBOX_READ, .folder_of = true},
    };
    const struct btx_sandbox sandbox = {
        .profile = BTX_SANDBOX_LAUNCHER,
        .limits = {.descriptors = DESCRIPTORS_MAX},
        .files = {.paths = paths,
                  .path_count = BTX_COUNT_OF(paths) - (options->config == NULL ? 1 : 0)},
    };
    struct btx_log log;

    if (options->no_sandbox)
        return BTX_OK; /* betex-admin says so. */
    btx_log_init(&log, "betex-admin, launcher", btx_clock_system());
    return btx_sandbox_enter(&sandbox, &log, reterr_fault);
}

static void start(const struct btx_launcher_options *options)
{
    struct btx_fault fault = {0};

    (void)prctl(PR_SET_NAME, "betex-launcher", 0, 0, 0); /* For those who look at processes. */
    if (catch_signals(&fault) == BTX_OK && find_program(&fault) == BTX_OK)
        (void)!enter_sandbox(options, &fault); /* It is in the fault. */
    if (write(launcher.fd, &fault, sizeof fault) < 0 || fault.code != BTX_OK)
        _exit(btx_fault_exit_status(fault.code));
}

/* ---- Jobs ---- */

/* What cannot be told is not wanted any more. */
static void tell_end(int end_fd, int os_error, int status)
{
    const struct btx_launch_end end = {.os_error = os_error, .status = status};

    if (end_fd < 0)
        return;
    (void)!write(end_fd, &end, sizeof end);
    (void)close(end_fd);
}

static int spawn(char *const *arguments, int out, int err, pid_t *ret_pid)
{
    static char path[] = "PATH=/usr/bin:/bin";
    static char locale[] = "LC_ALL=C";
    char *const environment[] = {path, locale, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    int os_error;

    CHECK(sigemptyset(&none) == 0);
    os_error = posix_spawn_file_actions_init(&actions);
    if (os_error != 0)
        return os_error;
    CHECK(posix_spawnattr_init(&attributes) == 0 &&
          posix_spawnattr_setsigmask(&attributes, &none) == 0 &&
          posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK) == 0);
    os_error = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (os_error == 0)
        os_error = posix_spawn_file_actions_adddup2(&actions, out, 1);
    if (os_error == 0)
        os_error = posix_spawn_file_actions_adddup2(&actions, err, 2);
    if (os_error == 0)
        os_error =
            posix_spawn(ret_pid, launcher.program, &actions, &attributes, arguments, environment);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    return os_error;
}

_Noreturn static void end_all(void)
{
    for (size_t i = 0; i < launcher.job_count; i++)
        (void)kill(launcher.jobs[i].pid, SIGKILL);
    _exit(0);
}

static void reap(void)
{
    struct signalfd_siginfo ignored;

    /* Of several ends one signal may be all that comes. */
    while (read(launcher.signal_fd, &ignored, sizeof ignored) > 0)
        continue;
    for (size_t i = launcher.job_count; i-- > 0;) {
        struct job *job = &launcher.jobs[i];
        int status = 0;

        if (waitpid(job->pid, &status, WNOHANG) != job->pid)
            continue;
        tell_end(job->end_fd, 0, status);
        *job = launcher.jobs[--launcher.job_count];
    }
}

/* ---- Orders ---- */

/* Take @length_bytes of @order apart.  False when it is none: then betex-admin is not itself. */
static bool take_apart(char *order, size_t length_bytes,
                       char *ret_arguments[BTX_LAUNCH_ARGUMENTS_MAX + 1])
{
    size_t count = 0;

    if (length_bytes == 0 || order[length_bytes - 1] != '\0')
        return false;
    for (size_t at = 0; at < length_bytes; at += strlen(order + at) + 1) {
        if (count == BTX_LAUNCH_ARGUMENTS_MAX)
            return false;
        ret_arguments[count++] = order + at;
    }
    ret_arguments[count] = NULL;
    return true;
}

static void obey(char *const *arguments, const int fds[BTX_LAUNCH_PIPE_COUNT])
{
    struct job *job = &launcher.jobs[launcher.job_count];
    int os_error = EAGAIN;

    if (launcher.job_count < JOBS_MAX)
        os_error = spawn(arguments, fds[BTX_LAUNCH_OUT], fds[BTX_LAUNCH_ERR], &job->pid);
    (void)close(fds[BTX_LAUNCH_OUT]); /* The child has its own, and its end must be theirs. */
    (void)close(fds[BTX_LAUNCH_ERR]);
    if (os_error != 0) {
        tell_end(fds[BTX_LAUNCH_END], os_error, 0);
        return;
    }
    job->end_fd = fds[BTX_LAUNCH_END];
    launcher.job_count++;
}

static void take_order(void)
{
    struct {
        alignas(struct cmsghdr) char bytes[CMSG_SPACE(BTX_LAUNCH_PIPE_COUNT * sizeof(int))];
    } control = {{0}};
    char order[BTX_LAUNCH_ORDER_BYTES_MAX];
    char *arguments[BTX_LAUNCH_ARGUMENTS_MAX + 1];
    struct iovec piece = {.iov_base = order, .iov_len = sizeof order};
    struct msghdr header = {.msg_iov = &piece,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof control.bytes};
    const ssize_t got = recvmsg(launcher.fd, &header, MSG_CMSG_CLOEXEC);
    const struct cmsghdr *item = CMSG_FIRSTHDR(&header);
    int fds[BTX_LAUNCH_PIPE_COUNT];

    if (got < 0 && errno == EINTR)
        return;
    if (got <= 0 || (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || item == NULL ||
        item->cmsg_type != SCM_RIGHTS || item->cmsg_len != CMSG_LEN(sizeof fds) ||
        !take_apart(order, (size_t)got, arguments))
        end_all(); /* betex-admin is gone, or not itself. */
    memcpy(fds, CMSG_DATA(item), sizeof fds);
    obey(arguments, fds);
}

/* End those whose end nobody waits for; they are reaped like others. */
static void end_unwanted(const struct pollfd *polls)
{
    for (size_t i = 0; i < launcher.job_count; i++) {
        if ((polls[i].revents & (POLLERR | POLLHUP)) == 0)
            continue;
        (void)kill(launcher.jobs[i].pid, SIGKILL);
        (void)close(launcher.jobs[i].end_fd);
        launcher.jobs[i].end_fd = -1;
    }
}

_Noreturn void btx_launcher_serve(int fd, const struct btx_launcher_options *options)
{
    launcher.fd = fd;
    start(options);
    for (;;) {
        struct pollfd polls[2 + JOBS_MAX] = {{.fd = launcher.fd, .events = POLLIN},
                                             {.fd = launcher.signal_fd, .events = POLLIN}};

        /* Of a pipe whose other end is closed poll() says so unasked. */
        for (size_t i = 0; i < launcher.job_count; i++)
            polls[2 + i].fd = launcher.jobs[i].end_fd;
        if (poll(polls, 2 + launcher.job_count, -1) < 0)
            continue; /* EINTR: there is nothing else that could be. */
        end_unwanted(polls + 2);
        if (polls[1].revents != 0)
            reap();
        if (polls[0].revents != 0)
            take_order();
    }
}
