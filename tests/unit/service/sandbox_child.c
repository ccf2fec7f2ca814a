/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox_child.h"

#include <fcntl.h>
#include <grp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/check.h"

enum { NOBODY = 65534, DESCRIPTORS = 256 };

static int trapped_fd = -1;

static void trapped(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    (void)!write(trapped_fd, &info->si_syscall, sizeof(info->si_syscall));
    _exit(110);
}

static void fail(int status, const struct btx_fault *fault)
{
    (void)fprintf(stderr, "child: %s\n", fault->text);
    _exit(status);
}

void sandbox_child_give(const char *path)
{
    if (geteuid() == 0)
        CHECK(chown(path, NOBODY, NOBODY) == 0);
}

void sandbox_child_drop(void)
{
    const struct btx_sandbox_limits limits = {.descriptors = DESCRIPTORS};
    struct btx_fault fault = {0};

    if (geteuid() == 0)
        CHECK(setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
              setresuid(NOBODY, NOBODY, NOBODY) == 0);
    if (btx_sandbox_drop(&limits, &fault) != BTX_OK)
        fail(111, &fault);
}

void sandbox_child_enter(enum btx_sandbox_profile profile, enum btx_sandbox_answer answer)
{
    struct btx_fault fault = {0};

    if (btx_sandbox_close_calls(profile, answer, &fault) != BTX_OK)
        fail(112, &fault);
}

static void close_files(const struct sandbox_child *child)
{
    struct btx_sandbox_files files = {.paths = child->paths, .abi_max = child->landlock_abi_max};
    struct btx_fault fault = {0};
    unsigned int abi;

    while (files.path_count < BTX_COUNT_OF(child->paths) &&
           child->paths[files.path_count].path != NULL)
        files.path_count++;
    if (btx_sandbox_close_files(&files, &abi, &fault) != BTX_OK)
        fail(113, &fault);
}

static void run_in_child(const struct sandbox_child *child)
{
    struct sigaction action = {.sa_sigaction = trapped, .sa_flags = SA_SIGINFO};

    if (child->answer == BTX_SANDBOX_TRAP)
        CHECK(sigaction(SIGSYS, &action, NULL) == 0);
    sandbox_child_drop();
    /* A test that is ended leaves no one behind.  After the change of users, which undoes it. */
    CHECK(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0);
    if (child->prepare != NULL)
        child->prepare(child->context);
    close_files(child);
    sandbox_child_enter(child->profile, child->answer);
    /* _exit: what the parent had open is the parent's to finish. */
    _exit(child->attempt(child->context));
}

int sandbox_child_run(const struct sandbox_child *child)
{
    int number = 0;
    int ends[2];
    int status;
    pid_t pid;

    CHECK(pipe2(ends, O_CLOEXEC) == 0);
    trapped_fd = ends[1];
    pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
        run_in_child(child);
    (void)close(ends[1]);
    CHECK(waitpid(pid, &status, 0) == pid);
    if (read(ends[0], &number, sizeof(number)) == (ssize_t)sizeof(number)) {
        char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);

        (void)fprintf(stderr, "child: trapped at %s\n", name);
        free(name);
        status = SANDBOX_CHILD_TRAPPED + number;
    } else if (WIFSIGNALED(status)) {
        status = WTERMSIG(status) == SIGSYS ? SANDBOX_CHILD_KILLED
                                            : SANDBOX_CHILD_SIGNAL + WTERMSIG(status);
    } else {
        status = WEXITSTATUS(status);
    }
    (void)close(ends[0]);
    return status;
}
