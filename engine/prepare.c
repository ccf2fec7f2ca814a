/* SPDX-License-Identifier: Apache-2.0 */
/* prepare.c - betex-prepare: hugepages and cores for the engine, as the configuration has them.
 *
 * Runs as root before betexd and ends.  It is a program and no script of sysctl, because what is to
 * be reserved follows from the configuration, and the appliance has no shell.
 *
 * Hugepages are reserved for two incarnations of the event ring: a peer may hold the ring of an
 * engine that has died while the next one makes its own.  The cores become an isolated partition
 * of the cgroup in which betexd runs, by which the kernel's scheduler keeps all others off them
 * and does not balance between them. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/log.h"
#include "engine/settings/settings.h"

#define INCARNATIONS 2u
#define HUGEPAGE_BYTES UINT64_C(2097152)
#define RING_EVENT_BYTES UINT64_C(512) /* what an event of engine.ring_size stands for */

#define HUGEPAGES_FILE "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"
/* Not below another slice: only a child of a partition can be one, and the root is. */
#define CORES_FILE "/sys/fs/cgroup/betexengine.slice/cpuset.cpus"
#define PARTITION_FILE "/sys/fs/cgroup/betexengine.slice/cpuset.cpus.partition"

enum { KERNEL_TEXT_BYTES = 256 };

struct prepare {
    const char *config;
    const char *root; /* "" but for tests */
    bool help;
    struct btx_log log;
    struct btx_settings settings;
};

/* --- Files of the kernel ---------------------------------------------------------------------- */

static enum btx_fault_code kernel_open(const struct prepare *prepare, const char *path, int flags,
                                       int *ret_fd, struct btx_fault *reterr_fault)
{
    char full[PATH_MAX];
    int fd;

    if (snprintf(full, sizeof(full), "%s%s", prepare->root, path) >= (int)sizeof(full))
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "--root: too long");
    fd = open(full, flags | O_CLOEXEC);
    if (fd < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "opening %s", full);
    *ret_fd = fd;
    return BTX_OK;
}

/* The first line. */
static enum btx_fault_code kernel_read(const struct prepare *prepare, const char *path,
                                       char text[static KERNEL_TEXT_BYTES],
                                       struct btx_fault *reterr_fault)
{
    ssize_t length;
    int fd;

    if (kernel_open(prepare, path, O_RDONLY, &fd, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    length = read(fd, text, KERNEL_TEXT_BYTES - 1);
    if (length < 0)
        (void)btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "reading %s", path);
    (void)close(fd); /* It was only read. */
    if (length < 0)
        return reterr_fault->code;
    text[length] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return BTX_OK;
}

/* The kernel takes a value in one write, and the write says whether it has. */
static enum btx_fault_code kernel_write(const struct prepare *prepare, const char *path,
                                        const char *text, struct btx_fault *reterr_fault)
{
    enum btx_fault_code code;
    int fd;

    code = kernel_open(prepare, path, O_WRONLY | O_TRUNC, &fd, reterr_fault);
    if (code != BTX_OK)
        return code;
    if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        code = btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "writing '%s' to %s", text, path);
    (void)close(fd); /* The write has said what there is to say. */
    return code;
}

static enum btx_fault_code hugepages_read(const struct prepare *prepare, uint64_t *ret_count,
                                          struct btx_fault *reterr_fault)
{
    char text[KERNEL_TEXT_BYTES];

    if (kernel_read(prepare, HUGEPAGES_FILE, text, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (sscanf(text, "%" SCNu64, ret_count) != 1)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, 0, "%s: want a number, got '%s'",
                             HUGEPAGES_FILE, text);
    return BTX_OK;
}

/* --- What is prepared ------------------------------------------------------------------------- */

/* Reserve what is missing; what others have reserved is never given back.
 * Faults: MEMORY when the kernel has not so many, IO. */
static enum btx_fault_code prepare_hugepages(const struct prepare *prepare,
                                             struct btx_fault *reterr_fault)
{
    const uint64_t ring_bytes = prepare->settings.engine.ring_events * RING_EVENT_BYTES;
    const uint64_t wanted = INCARNATIONS * ((ring_bytes + HUGEPAGE_BYTES - 1) / HUGEPAGE_BYTES);
    struct btx_log_line line;
    char text[32];
    uint64_t count;

    if (prepare->settings.engine.hugepages == BTX_HUGEPAGES_OFF)
        return BTX_OK;
    if (hugepages_read(prepare, &count, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (count < wanted) {
        (void)snprintf(text, sizeof(text), "%" PRIu64, wanted);
        if (kernel_write(prepare, HUGEPAGES_FILE, text, reterr_fault) != BTX_OK ||
            hugepages_read(prepare, &count, reterr_fault) != BTX_OK)
            return reterr_fault->code;
    }
    if (count < wanted)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0,
                             "%" PRIu64 " hugepages of 2 MiB are needed for two event rings, the "
                             "kernel has %" PRIu64 ": make engine.ring_size smaller, or reserve "
                             "them at boot (hugepages=%" PRIu64 ")",
                             wanted, count, wanted);
    btx_log_begin(&line, &prepare->log, BTX_LOG_NOTICE, "hugepages are reserved");
    btx_log_u64(&line, "wanted", wanted);
    btx_log_u64(&line, "there", count);
    btx_log_end(&line);
    return BTX_OK;
}

static void cores_print(const struct btx_setting_cores *cores, char text[static KERNEL_TEXT_BYTES])
{
    size_t used = 0;

    static_assert(BTX_SETTING_CORES_MAX * sizeof("1023,") < KERNEL_TEXT_BYTES, "all cores fit");
    text[0] = '\0';
    for (uint64_t i = 0; i < cores->count; i++)
        used += (size_t)snprintf(text + used, KERNEL_TEXT_BYTES - used, "%s%" PRIu64,
                                 i == 0 ? "" : ",", cores->cores[i]);
}

/* Give betexd's cgroup the cores, and isolate them.  A kernel that does not isolate them (others
 * were given them, or they are all there are) costs latency and not correctness: that is a
 * warning.  Faults: IO. */
static enum btx_fault_code prepare_cores(const struct prepare *prepare,
                                         struct btx_fault *reterr_fault)
{
    char partition[KERNEL_TEXT_BYTES];
    char cores[KERNEL_TEXT_BYTES];
    struct btx_log_line line;
    bool isolated;

    if (prepare->settings.engine.cores.count == 0)
        return BTX_OK;
    cores_print(&prepare->settings.engine.cores, cores);
    if (kernel_write(prepare, CORES_FILE, cores, reterr_fault) != BTX_OK ||
        kernel_write(prepare, PARTITION_FILE, "isolated", reterr_fault) != BTX_OK ||
        kernel_read(prepare, PARTITION_FILE, partition, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    isolated = strcmp(partition, "isolated") == 0;
    btx_log_begin(&line, &prepare->log, isolated ? BTX_LOG_NOTICE : BTX_LOG_WARNING,
                  isolated ? "cores are isolated" : "cores are not isolated");
    btx_log_text(&line, "cores", cores);
    btx_log_text(&line, "partition", partition);
    btx_log_end(&line);
    return BTX_OK;
}

/* --- The program ------------------------------------------------------------------------------ */

static void print_help(void)
{
    printf("Usage: betex-prepare --config FILE\n"
           "\n"
           "Reserves hugepages for two event rings and isolates the cores of the engine, as the\n"
           "configuration says (engine.ring_size, engine.hugepages, engine.cores).  As root,\n"
           "before betexd; betex-prepare.service does it.\n"
           "\n"
           "  --root DIR      look for /sys below DIR: for tests\n"
           "  --help          this\n"
           "\n"
           "Exit status: 0 done; 2 usage; 64 configuration; 68 the kernel refused; 71 there are\n"
           "not so many hugepages.\n");
}

static enum btx_fault_code options_parse(int argument_count, char **arguments,
                                         struct prepare *prepare, struct btx_fault *reterr_fault)
{
    static const struct option known[] = {
        {"config", required_argument, NULL, 'c'},
        {"root", required_argument, NULL, 'r'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int found;

    opterr = 0; /* getopt's own sentences do not say what to do. */
    while ((found = getopt_long(argument_count, arguments, "+:", known, NULL)) != -1) {
        if (found == 'c')
            prepare->config = optarg;
        else if (found == 'r')
            prepare->root = optarg;
        else if (found == 'h')
            prepare->help = true;
        else
            return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                                 "%s: not an option, or its value is missing (see --help)",
                                 arguments[optind - 1]);
    }
    if (optind < argument_count)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "%s: not an option (see --help)",
                             arguments[optind]);
    if (prepare->config == NULL && !prepare->help)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "--config FILE is missing (see --help)");
    return BTX_OK;
}

int main(int argument_count, char **arguments)
{
    struct prepare prepare = {.root = ""};
    struct btx_fault fault = {0};
    struct btx_log_line line;
    struct btx_config config;

    btx_log_init(&prepare.log, "betex-prepare", btx_clock_system());
    btx_settings_init(&prepare.settings, &config);
    if (options_parse(argument_count, arguments, &prepare, &fault) == BTX_OK) {
        if (prepare.help) {
            print_help();
            return 0;
        }
        if (btx_settings_read(&prepare.settings, &config, prepare.config, &fault) == BTX_OK &&
            prepare_hugepages(&prepare, &fault) == BTX_OK)
            (void)prepare_cores(&prepare, &fault); /* The fault is looked at below. */
    }
    if (fault.code != BTX_OK) {
        btx_log_begin(&line, &prepare.log, BTX_LOG_ERROR, "not prepared");
        btx_log_fault(&line, &fault);
        btx_log_end(&line);
    }
    return btx_fault_exit_status(fault.code);
}
