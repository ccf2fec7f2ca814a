/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_engine_process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/check.h"

#define LOOK_NS 5000000
/* A start on a busy machine under a sanitizer is not shorter than this. */
#define LOOKS_MAX 24000

static void path_in(const struct btx_bench_engine_process *process, const char *name,
                    char path[128])
{
    (void)snprintf(path, 128, "%s/%s", process->folder, name);
}

/* --- Configuration ------------------------------------------------------------------------ */

static enum btx_fault_code make_folder(struct btx_bench_engine_process *process,
                                       struct btx_fault *reterr_fault)
{
    /* Not below TMPDIR, which may be too long for the path of a socket. */
    (void)snprintf(process->folder, sizeof process->folder, "/tmp/betex-bench-XXXXXX");
    if (mkdtemp(process->folder) == NULL) {
        process->folder[0] = '\0';
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "a folder in /tmp");
    }
    (void)snprintf(process->socket, sizeof process->socket, "%s/engine.sock", process->folder);
    return BTX_OK;
}

static enum btx_fault_code configure(const struct btx_bench_engine_process *process,
                                     const struct btx_bench_engine_options *options,
                                     struct btx_fault *reterr_fault)
{
    const struct passwd *user = getpwuid(getuid());
    char path[128];
    path_in(process, "betex.yaml", path);
    FILE *file = fopen(path, "w");
    if (file == NULL || user == NULL) {
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s, for user %u", path, getuid());
    }
    fprintf(file, "engine:\n  socket: %s\n  admin_user: %s\n  gateway_user: %s\n", process->socket,
            user->pw_name, user->pw_name);
    fprintf(file, "  hugepages: %s\n", options->hugepages ? "required" : "off");
    if (options->cores != NULL) {
        fprintf(file, "  cores: %s\n", options->cores);
    }
    if (options->any_disk) {
        fputs("wal:\n  unsafe_filesystem: true\n  low_space_bytes: 0\n  stop_bytes: 0\n", file);
    }
    return fclose(file) == 0 ? BTX_OK
                             : btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s", path);
}

/* --- Beginning and end -------------------------------------------------------------------- */

/* In the child. */
static void execute(const struct btx_bench_engine_process *process,
                    const struct btx_bench_engine_options *options)
{
    char config[128];
    char said[128];
    const char *further = getenv("BETEXD_OPTIONS");
    path_in(process, "betex.yaml", config);
    path_in(process, "said", said);
    const int fd = open(said, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (further != NULL && further[0] == '\0') {
        further = NULL;
    }
    if (fd >= 0 && dup2(fd, STDERR_FILENO) >= 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0) {
        (void)execl(options->program, options->program, "--config", config, "--wal", options->wal,
                    further, (char *)NULL);
    }
    (void)fprintf(stderr, "%s: %s\n", options->program, strerror(errno));
    _exit(70);
}

/* What the engine said, as far as a sentence can hold it: its end. */
static void read_said(const struct btx_bench_engine_process *process, char *text, size_t size)
{
    char path[128];
    path_in(process, "said", path);
    FILE *file = fopen(path, "r");
    text[0] = '\0';
    if (file == NULL) {
        return;
    }
    if (fseek(file, -(long)(size - 1), SEEK_END) != 0) {
        rewind(file);
    }
    text[fread(text, 1, size - 1, file)] = '\0';
    (void)fclose(file); /* Only read. */
}

static enum btx_fault_code ended(struct btx_bench_engine_process *process, int status,
                                 struct btx_fault *reterr_fault)
{
    char said[160];
    read_said(process, said, sizeof said);
    process->pid = 0;
    return btx_fault_set(reterr_fault, BTX_FAULT_IO, 0, "betexd ended with %s %d: ...%s",
                         WIFSIGNALED(status) ? "signal" : "status",
                         WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), said);
}

static bool serves(const struct btx_bench_engine_process *process)
{
    char said[4096];
    read_said(process, said, sizeof said);
    return strstr(said, "serving") != NULL;
}

static enum btx_fault_code await_serving(struct btx_bench_engine_process *process,
                                         struct btx_fault *reterr_fault)
{
    const struct timespec pause = {.tv_nsec = LOOK_NS};
    int status = 0;
    for (int look = 0; look < LOOKS_MAX; look++) {
        if (waitpid(process->pid, &status, WNOHANG) == process->pid) {
            return ended(process, status, reterr_fault);
        }
        if (serves(process)) {
            return BTX_OK;
        }
        (void)nanosleep(&pause, NULL); /* A shorter one does no harm. */
    }
    return btx_fault_set(reterr_fault, BTX_FAULT_IO, 0, "betexd does not serve after two minutes");
}

enum btx_fault_code btx_bench_engine_start(struct btx_bench_engine_process *process,
                                           const struct btx_bench_engine_options *options,
                                           struct btx_fault *reterr_fault)
{
    enum btx_fault_code code = make_folder(process, reterr_fault);
    if (code == BTX_OK) {
        code = configure(process, options, reterr_fault);
    }
    if (code == BTX_OK) {
        process->pid = fork();
        if (process->pid == 0) {
            execute(process, options);
        }
        code = process->pid > 0 ? await_serving(process, reterr_fault)
                                : btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, errno, "fork");
    }
    if (code != BTX_OK) {
        struct btx_fault second; /* The first fault is the one to tell. */
        (void)btx_bench_engine_stop(process, &second);
    }
    return code;
}

static void remove_folder(struct btx_bench_engine_process *process)
{
    static const char *const names[] = {"betex.yaml", "said", "engine.sock"};
    char path[128];
    if (process->folder[0] == '\0') {
        return;
    }
    for (size_t i = 0; i < BTX_COUNT_OF(names); i++) {
        path_in(process, names[i], path);
        (void)unlink(path); /* It may not have come to be. */
    }
    (void)rmdir(process->folder); /* Something is left in it: it may stay. */
    process->folder[0] = '\0';
}

enum btx_fault_code btx_bench_engine_stop(struct btx_bench_engine_process *process,
                                          struct btx_fault *reterr_fault)
{
    enum btx_fault_code code = BTX_OK;
    int status = 0;
    if (process->pid > 0) {
        (void)kill(process->pid, SIGTERM); /* A zombie takes it as well. */
        while (waitpid(process->pid, &status, 0) < 0) {
            CHECK(errno == EINTR);
        }
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            code = ended(process, status, reterr_fault);
        }
        process->pid = 0;
    }
    remove_folder(process);
    return code;
}

/* --- Time on processors ------------------------------------------------------------------- */

/* A line of the file @name of thread @id of process @pid. */
static bool read_task(pid_t pid, const char *id, const char *name, char line[64])
{
    char path[96];
    (void)snprintf(path, sizeof path, "/proc/%d/task/%.16s/%s", (int)pid, id, name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return false; /* It has ended. */
    }
    const bool got = fgets(line, 64, file) != NULL;
    (void)fclose(file); /* Only read. */
    return got;
}

void btx_bench_engine_cpu(const struct btx_bench_engine_process *process,
                          struct btx_bench_engine_cpu *ret_cpu)
{
    char path[64];
    char name[64];
    char line[64];
    *ret_cpu = (struct btx_bench_engine_cpu){0};
    (void)snprintf(path, sizeof path, "/proc/%d/task", (int)process->pid);
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return;
    }
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] == '.' || !read_task(process->pid, entry->d_name, "comm", name) ||
            !read_task(process->pid, entry->d_name, "schedstat", line)) {
            continue;
        }
        const uint64_t ns = strtoull(line, NULL, 10);
        if (strcmp(name, "btx-matcher\n") == 0) {
            ret_cpu->matcher_ns += ns;
        } else if (strcmp(name, "btx-poller\n") == 0) {
            ret_cpu->poller_ns += ns;
        } else {
            ret_cpu->others_ns += ns;
        }
    }
    (void)closedir(folder); /* Only read. */
}
