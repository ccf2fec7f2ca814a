/* SPDX-License-Identifier: Apache-2.0 */
/* test_sandbox.c - probes from inside: children enter the sandbox and try what they must not. */
#include "engine/service/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <seccomp.h>

#include "engine/base/check.h"
#include "sandbox_child.h"
#include "tests/unit/skip.h"

static char folder[64];

static int setup(void **state)
{
    char path[128];
    int fd;

    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/betex-sandbox-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    sandbox_child_give(folder);
    (void)snprintf(path, sizeof(path), "%s/there", folder);
    fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
    sandbox_child_give(path);
    return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
    static const char *const names[] = {"there", "new", "moved", "socket"};
    char path[128];

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    (void)snprintf(path, sizeof(path), "%s/folder", folder);
    (void)rmdir(path);
    return rmdir(folder);
}

/* --- Privileges ------------------------------------------------------------------------------- */

/* The hexadecimal value of a line of /proc/self/status. */
static unsigned long long status_hex(const char *key)
{
    FILE *file = fopen("/proc/self/status", "re");
    unsigned long long value = 1;
    char line[256];

    if (file == NULL)
        _exit(99);
    while (fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, key, strlen(key)) == 0)
            value = strtoull(line + strlen(key) + 1, NULL, 16);
    }
    (void)fclose(file);
    return value;
}

/* Root, so that there is something to lose: without becoming nobody first. */
static int privileges_left(void)
{
    const struct btx_sandbox_limits limits = {.descriptors = 40, .threads = 7};
    struct btx_fault fault = {0};
    struct rlimit limit;

    if (btx_sandbox_drop(&limits, &fault) != BTX_OK)
        return 1;
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        return 2;
    if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
        return 3;
    if (status_hex("CapEff:") != 0 || status_hex("CapPrm:") != 0 || status_hex("CapInh:") != 0 ||
        status_hex("CapAmb:") != 0)
        return 4;
    if (geteuid() == 0 && status_hex("CapBnd:") != 0)
        return 5;
    if (getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_max != 0 || limit.rlim_cur != 0)
        return 6;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max != 40 || limit.rlim_cur != 40)
        return 7;
    if (getrlimit(RLIMIT_NPROC, &limit) != 0 || limit.rlim_max != 7 || limit.rlim_cur != 7)
        return 8;
    return 0;
}

/* Run @function in a child; its result. */
static int in_child(int (*function)(void))
{
    const pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(function());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void sandbox_drop__as_started__nothing_is_left(void **state)
{
    (void)state;
    assert_int_equal(in_child(privileges_left), 0);
}

static int few_descriptors(void)
{
    const struct btx_sandbox_limits limits = {.descriptors = 50};
    const struct rlimit few = {.rlim_cur = 49, .rlim_max = 49};
    struct btx_fault fault = {0};

    if (setrlimit(RLIMIT_NOFILE, &few) != 0)
        return 1;
    if (btx_sandbox_drop(&limits, &fault) != BTX_FAULT_LIMIT)
        return 2;
    return strcmp(fault.text, "50 open files are needed, 49 are allowed: raise RLIMIT_NOFILE "
                              "(LimitNOFILE= of the unit)") == 0
               ? 0
               : 3;
}

/* A service that learns of it at its 49th client learns of it too late. */
static void sandbox_drop__fewer_descriptors_allowed__fault(void **state)
{
    (void)state;
    assert_int_equal(in_child(few_descriptors), 0);
}

/* --- Files ------------------------------------------------------------------------------------ */

/* The errno of an attempt, 0 when it worked. */
static int error_of(long result)
{
    return result < 0 ? errno : 0;
}

static const char *below(const char *name)
{
    static char paths[2][128];
    static unsigned int turn;

    turn ^= 1;
    (void)snprintf(paths[turn], sizeof(paths[turn]), "%s/%s", folder, name);
    return paths[turn];
}

static int try_read(void *context)
{
    (void)context;
    return error_of(open(below("there"), O_RDONLY | O_CLOEXEC));
}

static int try_list(void *context)
{
    (void)context;
    return error_of(open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static int try_write(void *context)
{
    (void)context;
    return error_of(open(below("there"), O_WRONLY | O_CLOEXEC));
}

static int try_truncate(void *context)
{
    (void)context;
    return error_of(open(below("there"), O_RDONLY | O_TRUNC | O_CLOEXEC));
}

static int try_make(void *context)
{
    (void)context;
    return error_of(open(below("new"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static int try_make_folder(void *context)
{
    (void)context;
    return error_of(mkdir(below("folder"), 0700));
}

static int try_rename(void *context)
{
    (void)context;
    return error_of(rename(below("there"), below("moved")));
}

static int try_remove(void *context)
{
    (void)context;
    return error_of(unlink(below("there")));
}

static int try_socket(void *context)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)context;
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", folder);
    return error_of(bind(fd, (const struct sockaddr *)(const void *)&address, sizeof(address)));
}

static int try_passwd(void *context)
{
    (void)context;
    return error_of(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static bool has_landlock(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, 1) > 0;
}

static unsigned int abi_of_kernel(void)
{
    return (unsigned int)syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
}

/* Each right, and what it does not include; all of it works without the sandbox. */
static void sandbox_close_files__each_access__gives_that_and_no_more(void **state)
{
    static const struct {
        const char *name;
        int (*attempt)(void *context);
        int wanted[BTX_SANDBOX_ACCESS_COUNT];
    } rows[] = {
        {"read", try_read, {0, 0, EACCES, 0}},
        {"list", try_list, {0, 0, 0, EACCES}},
        {"write", try_write, {EACCES, 0, EACCES, EACCES}},
        {"truncate", try_truncate, {EACCES, 0, EACCES, EACCES}},
        {"make", try_make, {EACCES, 0, EACCES, EACCES}},
        {"make a folder", try_make_folder, {EACCES, 0, EACCES, EACCES}},
        {"rename", try_rename, {EACCES, 0, EACCES, EACCES}},
        {"remove", try_remove, {EACCES, 0, 0, EACCES}},
        {"make a socket", try_socket, {EACCES, EACCES, 0, EACCES}},
        {"outside", try_passwd, {EACCES, EACCES, EACCES, EACCES}},
    };

    if (!has_landlock())
        SKIP_BECAUSE("the kernel has no landlock");
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        for (int access = 0; access < BTX_SANDBOX_ACCESS_COUNT; access++) {
            const struct sandbox_child child = {
                .profile = BTX_SANDBOX_ENGINE_START,
                .answer = BTX_SANDBOX_TRAP,
                .attempt = rows[i].attempt,
                .paths = {{.path = folder, .access = (enum btx_sandbox_access)access}},
            };

            print_message("%s with access %d\n", rows[i].name, access);
            assert_int_equal(sandbox_child_run(&child), rows[i].wanted[access]);
            assert_int_equal(teardown(state), 0);
            assert_int_equal(setup(state), 0);
        }
    }
}

/* Rulesets of older kernels must be valid, and close what they can. */
static void sandbox_close_files__older_kernels__close_what_they_can(void **state)
{
    (void)state;
    if (!has_landlock())
        SKIP_BECAUSE("the kernel has no landlock");
    for (unsigned int abi = 1; abi <= abi_of_kernel(); abi++) {
        struct sandbox_child child = {
            .profile = BTX_SANDBOX_ENGINE_START,
            .answer = BTX_SANDBOX_TRAP,
            .attempt = try_passwd,
            .paths = {{.path = folder, .access = BTX_SANDBOX_WRITE},
                      {.path = "/dev/null", .access = BTX_SANDBOX_WRITE}},
            .landlock_abi_max = abi,
        };

        print_message("ABI %u\n", abi);
        assert_int_equal(sandbox_child_run(&child), EACCES);
        child.attempt = try_make;
        assert_int_equal(sandbox_child_run(&child), 0);
    }
}

/* What landlock alone says of a TCP connection to nobody, and of a signal to the parent. */
static bool tcp_allowed;

static int reach_out(void)
{
    const struct btx_sandbox_files files = {.tcp = tcp_allowed};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const pid_t parent = getppid();
    struct btx_fault fault = {0};
    unsigned int abi;

    if (fd < 0 || btx_sandbox_close_files(&files, &abi, &fault) != BTX_OK)
        return 99;
    /* Port 0: nobody can listen there. */
    if (connect(fd, (const struct sockaddr *)(const void *)&address, sizeof(address)) == 0)
        return 98;
    return (errno == EACCES ? 1 : 0) + (kill(parent, 0) != 0 && errno == EPERM ? 2 : 0);
}

/* Where the filter of calls is loaded too late or not at all, this is what is left. */
static void sandbox_close_files__tcp_and_signals__as_asked_where_the_kernel_can(void **state)
{
    const int signals = has_landlock() && abi_of_kernel() >= 6 ? 2 : 0;

    (void)state;
    if (!has_landlock() || abi_of_kernel() < 4)
        SKIP_BECAUSE("the kernel's landlock does not know TCP");
    tcp_allowed = false;
    assert_int_equal(in_child(reach_out), 1 + signals);
    tcp_allowed = true;
    assert_int_equal(in_child(reach_out), signals);
}

/* A kernel without landlock, which is what a filter makes of this one. */
static int without_landlock(void)
{
    const struct btx_sandbox_path path = {.path = folder, .access = BTX_SANDBOX_READ};
    const struct btx_sandbox_files files = {.paths = &path, .path_count = 1};
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    struct btx_fault fault = {0};
    unsigned int abi = 99;

    if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), (int)SYS_landlock_create_ruleset, 0) !=
            0 ||
        seccomp_load(filter) != 0)
        return 1;
    if (btx_sandbox_close_files(&files, &abi, &fault) != BTX_OK)
        return 2;
    return abi == 0 && try_passwd(NULL) == 0 ? 0 : 3;
}

static void sandbox_close_files__kernel_without_landlock__goes_on_and_says_so(void **state)
{
    (void)state;
    assert_int_equal(in_child(without_landlock), 0);
    assert_non_null(strstr(btx_sandbox_files_sentence(0), "no landlock"));
}

static int with_a_path_that_is_missing(void)
{
    const struct btx_sandbox_path path = {.path = "/nonexistent/betex"};
    const struct btx_sandbox_files files = {.paths = &path, .path_count = 1};
    struct btx_fault fault = {0};
    unsigned int abi;

    if (btx_sandbox_close_files(&files, &abi, &fault) != BTX_FAULT_IO)
        return 1;
    return strcmp(fault.text, "opening '/nonexistent/betex' for the sandbox: No such file or "
                              "directory") == 0
               ? 0
               : 2;
}

static void sandbox_close_files__missing_path__fault(void **state)
{
    (void)state;
    if (!has_landlock())
        SKIP_BECAUSE("the kernel has no landlock");
    assert_int_equal(in_child(with_a_path_that_is_missing), 0);
}

/* Of a path that is not there: nothing, or the folder that it would be in. */
static void sandbox_close_files__optional_and_folder_of__as_the_path_says(void **state)
{
    char absent[128];
    struct sandbox_child child = {
        .profile = BTX_SANDBOX_ENGINE_START,
        .answer = BTX_SANDBOX_TRAP,
        .attempt = try_read,
        .paths = {{.path = absent, .access = BTX_SANDBOX_READ, .optional = true}},
    };

    (void)state;
    if (!has_landlock())
        SKIP_BECAUSE("the kernel has no landlock");
    (void)snprintf(absent, sizeof(absent), "%s/absent", folder);
    assert_int_equal(sandbox_child_run(&child), EACCES);
    child.paths[0].folder_of = true;
    assert_int_equal(sandbox_child_run(&child), 0);
    (void)snprintf(absent, sizeof(absent), "%s/there", folder);
    child.paths[0].folder_of = false;
    assert_int_equal(sandbox_child_run(&child), 0);
}

/* In a child: all of it, with a log at @log_fd, and a call too many. */
static void enter(int log_fd)
{
    const struct btx_sandbox sandbox = {.profile = BTX_SANDBOX_ADMIN, .limits.descriptors = 64};
    struct btx_fault fault = {0};
    struct btx_log log;

    btx_log_init(&log, "child", btx_clock_system());
    log.fd = log_fd;
    if (btx_sandbox_enter(&sandbox, &log, &fault) != BTX_OK)
        _exit(1);
    btx_sandbox_leave_out(&log); /* It can still be logged. */
    (void)socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    _exit(2);
}

static void sandbox_enter__all_steps__said_in_the_log_and_a_call_too_many_is_the_end(void **state)
{
    char text[1024] = "";
    int ends[2];
    int status;
    pid_t pid;

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        enter(ends[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(read(ends[0], text, sizeof(text) - 1) > 0);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
    assert_non_null(strstr(text, btx_sandbox_files_sentence(abi_of_kernel())));
    assert_non_null(strstr(text, "warning: without a sandbox, as the command line says"));
    (void)close(ends[0]);
    (void)close(ends[1]);
}

/* /bin/true, with what its loader reads. */
static int try_true(void *context)
{
    char *const arguments[] = {context, NULL};
    int status = 0;
    pid_t pid;
    const int error = posix_spawn(&pid, context, NULL, NULL, arguments, arguments + 1);

    if (error != 0)
        return error;
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

/* A program is executed when it may be and its loader too, in a sandbox that it inherits. */
static void sandbox_close_files__execute__that_program_and_no_other(void **state)
{
    static char program[] = "/bin/true";
    struct sandbox_child child = {
        .profile = BTX_SANDBOX_LAUNCHER,
        .answer = BTX_SANDBOX_TRAP,
        .attempt = try_true,
        .context = program,
        .paths = {{.path = btx_sandbox_loader(), .access = BTX_SANDBOX_EXECUTE},
                  {.path = "/usr", .access = BTX_SANDBOX_READ},
                  {.path = "/etc/ld.so.cache", .access = BTX_SANDBOX_READ, .optional = true},
                  {.path = program, .access = BTX_SANDBOX_EXECUTE}},
    };

    (void)state;
    if (!has_landlock())
        SKIP_BECAUSE("the kernel has no landlock");
    assert_int_equal(sandbox_child_run(&child), 0);
    child.paths[3].access = BTX_SANDBOX_READ;
    assert_int_equal(sandbox_child_run(&child), EACCES);
    child.paths[3].access = BTX_SANDBOX_EXECUTE;
    child.paths[0].access = BTX_SANDBOX_READ;
    assert_int_equal(sandbox_child_run(&child), EACCES);
}

static void sandbox_files_sentence__each_abi__is_another_or_the_same_but_never_empty(void **state)
{
    (void)state;
    for (unsigned int abi = 0; abi < 9; abi++)
        assert_true(strlen(btx_sandbox_files_sentence(abi)) > 40);
    assert_string_not_equal(btx_sandbox_files_sentence(2), btx_sandbox_files_sentence(3));
    assert_string_not_equal(btx_sandbox_files_sentence(3), btx_sandbox_files_sentence(4));
    assert_string_not_equal(btx_sandbox_files_sentence(5), btx_sandbox_files_sentence(6));
}

/* --- System calls ----------------------------------------------------------------------------- */

static int call_inet(void *context)
{
    (void)context;
    return socket(AF_INET, SOCK_STREAM, 0) < 0;
}

static int call_execve(void *context)
{
    char *const arguments[] = {NULL};

    (void)context;
    /* What the filter lets through landlock still forbids. */
    return execve("/bin/true", arguments, arguments) != 0 && errno != EACCES;
}

/* In the one way that the launcher does it. */
static int call_spawn(void *context)
{
    char *const arguments[] = {NULL};
    pid_t pid;

    (void)context;
    return posix_spawn(&pid, "/nonexistent", NULL, NULL, arguments, arguments) != ENOENT;
}

static int call_fork(void *context)
{
    (void)context;
    return syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL) < 0;
}

static int call_ptrace(void *context)
{
    (void)context;
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0;
}

static int call_setaffinity(void *context)
{
    cpu_set_t set;

    (void)context;
    CPU_ZERO(&set);
    CPU_SET(0, &set);
    return sched_setaffinity(0, sizeof(set), &set) != 0;
}

static int call_kill(void *context)
{
    return kill(*(pid_t *)context, 0) != 0;
}

static int call_tgkill_parent(void *context)
{
    (void)context;
    return syscall(SYS_tgkill, *(pid_t *)context, *(pid_t *)context, 0) != 0;
}

static int call_mmap_exec(void *context)
{
    (void)context;
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
           MAP_FAILED;
}

static int call_mmap_write_exec(void *context)
{
    (void)context;
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                0) == MAP_FAILED;
}

static int call_memfd(void *context)
{
    (void)context;
    return memfd_create("test", MFD_CLOEXEC) < 0;
}

/* Lower a limit by nothing. */
static int call_setrlimit(void *context)
{
    struct rlimit limit;

    (void)context;
    return getrlimit(RLIMIT_CORE, &limit) != 0 || setrlimit(RLIMIT_CORE, &limit) != 0;
}

static int call_mprotect_exec(void *context)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)context;
    return mprotect(page, 4096, PROT_READ | PROT_EXEC) != 0;
}

static int call_unshare(void *context)
{
    (void)context;
    return unshare(CLONE_NEWUSER) != 0;
}

static int call_unix(void *context)
{
    (void)context;
    return socket(AF_UNIX, SOCK_STREAM, 0) < 0;
}

static int call_dumpable(void *context)
{
    (void)context;
    return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0;
}

static int call_pwrite(void *context)
{
    (void)context;
    return pwrite(-1, "x", 1, 0) >= 0;
}

static int call_setlk(void *context)
{
    struct flock lock = {.l_type = F_WRLCK};

    (void)context;
    return fcntl(-1, F_SETLK, &lock) >= 0;
}

static int call_setown(void *context)
{
    (void)context;
    return fcntl(-1, F_SETOWN, 1) >= 0;
}

static int call_sticky_ioctl(void *context)
{
    (void)context;
    return ioctl(0, 0x5412 /* TIOCSTI: types into the terminal */, "x") == 0;
}

static void *empty_thread(void *context)
{
    return context;
}

static int call_thread(void *context)
{
    pthread_t thread;

    (void)context;
    return pthread_create(&thread, NULL, empty_thread, NULL) != 0 ||
           pthread_join(thread, NULL) != 0;
}

#define S (1u << BTX_SANDBOX_ENGINE_START)
#define E (1u << BTX_SANDBOX_ENGINE)
#define W (1u << BTX_SANDBOX_SHADOW)
#define A (1u << BTX_SANDBOX_ADMIN)
#define G (1u << BTX_SANDBOX_GATEWAY)
#define L (1u << BTX_SANDBOX_LAUNCHER)

static const struct {
    const char *name;
    int number;
    int (*attempt)(void *context);
    unsigned int allowed;
    bool kills; /* glibc has all signals blocked around it, and so it cannot be trapped */
} calls[] = {
    {"socket(AF_INET)", SYS_socket, call_inet, 0, false},
    {"execve", SYS_execve, call_execve, L, false},
    {"posix_spawn", SYS_clone, call_spawn, L, true},
    {"fork", SYS_clone, call_fork, 0, false},
    {"ptrace", SYS_ptrace, call_ptrace, 0, false},
    {"kill", SYS_kill, call_kill, 0, false},
    {"tgkill of another process", SYS_tgkill, call_tgkill_parent, 0, false},
    {"mmap to execute", SYS_mmap, call_mmap_exec, L, false},
    {"mmap to write and execute", SYS_mmap, call_mmap_write_exec, 0, false},
    {"memfd_create", SYS_memfd_create, call_memfd, S | E | W | A | G, false},
    {"setrlimit", SYS_prlimit64, call_setrlimit, S | W | A | G, false},
    {"mprotect to execute", SYS_mprotect, call_mprotect_exec, 0, false},
    {"unshare", SYS_unshare, call_unshare, 0, false},
    {"prctl(PR_SET_DUMPABLE)", SYS_prctl, call_dumpable, 0, false},
    {"fcntl(F_SETOWN)", SYS_fcntl, call_setown, 0, false},
    {"ioctl(TIOCSTI)", SYS_ioctl, call_sticky_ioctl, 0, false},
    {"sched_setaffinity", SYS_sched_setaffinity, call_setaffinity, S, false},
    {"socket(AF_UNIX)", SYS_socket, call_unix, S | W | A | G, false},
    {"a thread", SYS_clone, call_thread, S | W | A | G, true},
    {"pwrite", SYS_pwrite64, call_pwrite, S | E | W, false},
    {"fcntl(F_SETLK)", SYS_fcntl, call_setlk, S | E, false},
};

/* Every call in every profile: allowed ones work, others end at exactly that call. */
static void sandbox_close_calls__each_call_in_each_profile__as_the_table_says(void **state)
{
    pid_t parent = getpid();

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(calls); i++) {
        for (int profile = 0; profile < BTX_SANDBOX_PROFILE_COUNT; profile++) {
            const struct sandbox_child child = {
                .profile = (enum btx_sandbox_profile)profile,
                .answer = BTX_SANDBOX_TRAP,
                .attempt = calls[i].attempt,
                .context = &parent,
            };
            const bool allowed = (calls[i].allowed & 1u << profile) != 0;
            const int refused =
                calls[i].kills ? SANDBOX_CHILD_KILLED : SANDBOX_CHILD_TRAPPED + calls[i].number;

            print_message("%s in profile %d\n", calls[i].name, profile);
            assert_int_equal(sandbox_child_run(&child), allowed ? 0 : refused);
        }
    }
}

/* What ships: the process is dead, whichever thread it was and whatever it handles. */
static void sandbox_close_calls__forbidden_call__the_process_is_killed(void **state)
{
    struct sandbox_child child = {.profile = BTX_SANDBOX_ENGINE, .attempt = call_execve};

    (void)state;
    assert_int_equal(sandbox_child_run(&child), SANDBOX_CHILD_KILLED);
}

static int call_abort(void *context)
{
    (void)context;
    abort();
}

/* A CHECK that fails must look like one (SIGABRT), not like an attack. */
static void sandbox_close_calls__abort__is_sigabrt(void **state)
{
    (void)state;
    for (int profile = 0; profile < BTX_SANDBOX_PROFILE_COUNT; profile++) {
        const struct sandbox_child child = {.profile = (enum btx_sandbox_profile)profile,
                                            .attempt = call_abort};

        assert_int_equal(sandbox_child_run(&child), SANDBOX_CHILD_SIGNAL + SIGABRT);
    }
}

/* A thread that was there before, and asks for a core when it is told to. */
static int turn_fds[2];

static void *late_thread(void *context)
{
    char byte;

    if (read(turn_fds[0], &byte, 1) != 1)
        return context;
    (void)call_setaffinity(NULL);
    return context;
}

static pthread_t late;

static void start_late_thread(void *context)
{
    CHECK(pipe2(turn_fds, O_CLOEXEC) == 0);
    CHECK(pthread_create(&late, NULL, late_thread, context) == 0);
}

static int let_late_thread_try(void *context)
{
    (void)context;
    return write(turn_fds[1], "x", 1) != 1 || pthread_join(late, NULL) != 0;
}

/* The filter comes when the threads are there: it must hold for them too. */
static void sandbox_close_calls__thread_from_before__is_filtered_too(void **state)
{
    const struct sandbox_child child = {.profile = BTX_SANDBOX_ENGINE,
                                        .answer = BTX_SANDBOX_TRAP,
                                        .prepare = start_late_thread,
                                        .attempt = let_late_thread_try};

    (void)state;
    assert_int_equal(sandbox_child_run(&child), SANDBOX_CHILD_TRAPPED + (int)SYS_sched_setaffinity);
}

/* Killing the one thread would leave an engine without its poller. */
static void sandbox_close_calls__forbidden_call_of_a_thread__the_whole_process_is_killed(
    void **state)
{
    const struct sandbox_child child = {.profile = BTX_SANDBOX_ENGINE,
                                        .prepare = start_late_thread,
                                        .attempt = let_late_thread_try};

    (void)state;
    assert_int_equal(sandbox_child_run(&child), SANDBOX_CHILD_KILLED);
}

static int enter_second(void *context)
{
    sandbox_child_enter(BTX_SANDBOX_ENGINE, BTX_SANDBOX_TRAP);
    return call_setaffinity(context);
}

/* Start and run, one on top of the other, as the engine does it. */
static void sandbox_close_calls__engine_after_its_start__is_narrower(void **state)
{
    const struct sandbox_child start = {
        .profile = BTX_SANDBOX_ENGINE_START, .answer = BTX_SANDBOX_TRAP, .attempt = enter_second};

    (void)state;
    assert_int_equal(sandbox_child_run(&start), SANDBOX_CHILD_TRAPPED + (int)SYS_sched_setaffinity);
}

#define FILES_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sandbox_drop__as_started__nothing_is_left),
        cmocka_unit_test(sandbox_drop__fewer_descriptors_allowed__fault),
        FILES_TEST(sandbox_close_files__each_access__gives_that_and_no_more),
        FILES_TEST(sandbox_close_files__older_kernels__close_what_they_can),
        cmocka_unit_test(sandbox_close_files__tcp_and_signals__as_asked_where_the_kernel_can),
        FILES_TEST(sandbox_close_files__kernel_without_landlock__goes_on_and_says_so),
        cmocka_unit_test(sandbox_close_files__missing_path__fault),
        cmocka_unit_test_setup_teardown(
            sandbox_close_files__optional_and_folder_of__as_the_path_says, setup, teardown),
        cmocka_unit_test(sandbox_close_files__execute__that_program_and_no_other),
        cmocka_unit_test(sandbox_enter__all_steps__said_in_the_log_and_a_call_too_many_is_the_end),
        cmocka_unit_test(sandbox_files_sentence__each_abi__is_another_or_the_same_but_never_empty),
        cmocka_unit_test(sandbox_close_calls__each_call_in_each_profile__as_the_table_says),
        cmocka_unit_test(sandbox_close_calls__forbidden_call__the_process_is_killed),
        cmocka_unit_test(sandbox_close_calls__abort__is_sigabrt),
        cmocka_unit_test(sandbox_close_calls__thread_from_before__is_filtered_too),
        cmocka_unit_test(
            sandbox_close_calls__forbidden_call_of_a_thread__the_whole_process_is_killed),
        cmocka_unit_test(sandbox_close_calls__engine_after_its_start__is_narrower),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
