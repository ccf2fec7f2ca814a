/* SPDX-License-Identifier: Apache-2.0 */
/* probe.c - betex-probe NAME: tries what a service that was taken over would try, from inside its
 * sandbox, and prints a line for each: "probe NAME: TRIED: refused (why)", or "DONE" for the last
 * part.  cases_long.py puts it into the image as ExecStartPre= of each unit.
 *
 * betex-probe --machine: prints what is true of the whole machine, "machine: FACT: value". */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* Each tries one thing and returns 0 when that was possible, else the reason. */
typedef int (*probe_try)(void);

static int try_open(const char *path, int flags)
{
    const int fd = open(path, flags | O_CLOEXEC, 0600);

    if (fd < 0)
        return errno;
    (void)close(fd);
    return 0;
}

static int write_root(void)
{
    return try_open("/etc/probe", O_WRONLY | O_CREAT);
}

static int write_programs(void)
{
    return try_open("/usr/lib/betex/bin/betexd", O_WRONLY);
}

static int write_kernel_settings(void)
{
    return try_open("/proc/sys/kernel/sysrq", O_WRONLY);
}

static int read_disk(void)
{
    return try_open("/dev/vda", O_RDONLY);
}

static int read_memory(void)
{
    return try_open("/dev/mem", O_RDONLY);
}

static int open_socket(int family, int kind)
{
    const int fd = socket(family, kind | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return errno;
    (void)close(fd);
    return 0;
}

static int open_network(void)
{
    return open_socket(AF_INET, SOCK_STREAM);
}

static int open_network_6(void)
{
    return open_socket(AF_INET6, SOCK_DGRAM);
}

static int open_packets(void)
{
    return open_socket(AF_PACKET, SOCK_RAW);
}

static int trace_a_process(void)
{
    return ptrace(PTRACE_SEIZE, 1, NULL, NULL) == 0 ? 0 : errno;
}

static int mount_something(void)
{
    return mount("none", "/tmp", "tmpfs", 0, NULL) == 0 ? 0 : errno;
}

static int make_user_namespace(void)
{
    return unshare(CLONE_NEWUSER) == 0 ? 0 : errno;
}

static int become_root(void)
{
    if (getuid() == 0)
        return EALREADY; /* Some services are, without a capability. */
    return setuid(0) == 0 ? 0 : errno;
}

static int load_a_module(void)
{
    (void)syscall(SYS_finit_module, -1, "", 0);
    return errno == EBADF ? 0 : errno; /* Who may not is told so before the file is looked at. */
}

static int set_the_clock(void)
{
    const struct timespec now = {.tv_sec = 1};

    return clock_settime(CLOCK_REALTIME, &now) == 0 ? 0 : errno;
}

static int make_code(void)
{
    void *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return page != MAP_FAILED ? 0 : errno;
}

/* A program of its own, in the one place where a service may write. */
static int run_own_program(void)
{
    static const char path[] = "/tmp/probe";
    const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
    int reason;

    if (fd < 0)
        return errno;
    (void)!write(fd, "\177ELF", 4);
    (void)close(fd);
    (void)execl(path, path, (char *)NULL);
    reason = errno; /* ENOEXEC would say that only the program was no good. */
    (void)unlink(path);
    return reason == ENOEXEC ? 0 : reason;
}

static void probe(const char *name)
{
    static const struct {
        const char *what;
        probe_try attempt;
    } tries[] = {
        {"write to /etc", write_root},
        {"write to its program", write_programs},
        {"change the kernel's settings", write_kernel_settings},
        {"read a disk", read_disk},
        {"read memory", read_memory},
        {"open a socket of the network", open_network},
        {"open a socket of IPv6", open_network_6},
        {"open a socket of packets", open_packets},
        {"trace a process", trace_a_process},
        {"mount", mount_something},
        {"make a user namespace", make_user_namespace},
        {"become root", become_root},
        {"load a module", load_a_module},
        {"set the clock", set_the_clock},
        {"make memory that is written and run", make_code},
        {"run a program of its own", run_own_program},
    };

    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        const int reason = tries[i].attempt();

        if (reason == 0)
            printf("probe %s: %s: DONE\n", name, tries[i].what);
        else
            printf("probe %s: %s: refused (%s)\n", name, tries[i].what, strerror(reason));
    }
    printf("probe %s: end\n", name);
}

/* The lines of a file, the first @skipped left out, as facts; "none" when there is none. */
static void tell_lines(const char *what, const char *path, int skipped)
{
    FILE *file = fopen(path, "re");
    char line[512];
    int told = 0;

    if (file == NULL) {
        printf("machine: %s: %s\n", what, strerror(errno));
        return;
    }
    for (int number = 0; fgets(line, sizeof line, file) != NULL; number++) {
        line[strcspn(line, "\n")] = '\0';
        if (number < skipped || line[0] == '\0')
            continue;
        printf("machine: %s: %s\n", what, line);
        told++;
    }
    if (told == 0)
        printf("machine: %s: none\n", what);
    (void)fclose(file);
}

static void tell_machine(void)
{
    tell_lines("tcp", "/proc/net/tcp", 1);
    tell_lines("tcp6", "/proc/net/tcp6", 1);
    tell_lines("udp", "/proc/net/udp", 1);
    tell_lines("udp6", "/proc/net/udp6", 1);
    tell_lines("raw", "/proc/net/raw", 1);
    tell_lines("packet", "/proc/net/packet", 1);
    tell_lines("command line", "/proc/cmdline", 0);
    tell_lines("mounts", "/proc/mounts", 0);
    tell_lines("partition of cores", "/sys/fs/cgroup/betexengine.slice/cpuset.cpus.partition", 0);
    tell_lines("cores", "/sys/fs/cgroup/betexengine.slice/cpuset.cpus.effective", 0);
    tell_lines("hugepages", "/proc/sys/vm/nr_hugepages", 0);
    tell_lines("ptrace", "/proc/sys/kernel/yama/ptrace_scope", 0);
    printf("machine: end\n");
}

int main(int count, char **arguments)
{
    if (count != 2) {
        fputs("usage: betex-probe NAME | --machine\n", stderr);
        return 2;
    }
    if (strcmp(arguments[1], "--machine") == 0)
        tell_machine();
    else
        probe(arguments[1]);
    /* The line may be slow, and what comes next on it begins with a hangup. */
    (void)fflush(stdout);
    (void)tcdrain(STDOUT_FILENO);
    return 0;
}
