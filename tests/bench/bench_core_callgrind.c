/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_core_callgrind.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS_MAX 64
#define PATH_BYTES 512

static const struct {
    const char *what;
    const char *function;
    const char *file;
} loops[] = {
    {"core, step and apply", "btx_bench_core_loop", "core.callgrind"},
    {"baseline, unlinks", "btx_bench_baseline_unlink_loop", "baseline-unlink.callgrind"},
    {"baseline, marks", "btx_bench_baseline_mark_loop", "baseline-mark.callgrind"},
};

/* What callgrind writes of its own, which would stand between our lines. */
static enum btx_fault_code run_quietly(char *const *arguments, struct btx_fault *reterr_fault)
{
    posix_spawn_file_actions_t actions;
    pid_t child = 0;
    int status = 0;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    const int error = posix_spawnp(&child, arguments[0], &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, error, "%s", arguments[0]);
    }
    if (waitpid(child, &status, 0) != child || status != 0) {
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, 0, "%s failed", arguments[0]);
    }
    return BTX_OK;
}

/* The instructions that are in the profile at @path: of its only event, Ir. */
static enum btx_fault_code read_total(const char *path, uint64_t *ret_instructions,
                                      struct btx_fault *reterr_fault)
{
    char line[PATH_BYTES];
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s", path);
    }
    bool found = false;
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "totals: %" SCNu64, ret_instructions) == 1) {
            found = true;
        }
    }
    fclose(file);
    return found ? BTX_OK : btx_fault_set(reterr_fault, BTX_FAULT_IO, 0, "%s: no totals", path);
}

static enum btx_fault_code profile(char *const *arguments, const char *function, const char *path,
                                   uint64_t *ret_instructions, struct btx_fault *reterr_fault)
{
    static char tool[] = "valgrind";
    static char option[] = "--tool=callgrind";
    static char quiet[] = "-q";
    static char off[] = "--collect-atstart=no";
    static char once[] = "--once";
    char toggle[PATH_BYTES];
    char out[PATH_BYTES];
    char self[PATH_BYTES] = "";
    char *spawned[ARGUMENTS_MAX] = {tool, option, quiet, off, toggle, out, self};
    size_t count = 7;
    /* Compilers make clones of functions, with something behind the name. */
    (void)snprintf(toggle, sizeof toggle, "--toggle-collect=%s*", function);
    (void)snprintf(out, sizeof out, "--callgrind-out-file=%.400s", path);
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0) {
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "/proc/self/exe");
    }
    for (size_t i = 1; arguments[i] != NULL; i++) {
        if (count + 2 >= ARGUMENTS_MAX) {
            return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "too many arguments");
        }
        if (strcmp(arguments[i], "--callgrind") != 0) {
            spawned[count] = arguments[i];
            count++;
        }
    }
    spawned[count] = once;
    const enum btx_fault_code code = run_quietly(spawned, reterr_fault);
    return code != BTX_OK ? code : read_total(path, ret_instructions, reterr_fault);
}

enum btx_fault_code btx_bench_callgrind(char *const *arguments, const char *directory,
                                        uint32_t commands, struct btx_fault *reterr_fault)
{
    printf("Instructions per command, %u commands (callgrind)\n", commands);
    for (size_t i = 0; i < BTX_COUNT_OF(loops); i++) {
        char path[PATH_BYTES];
        uint64_t instructions = 0;
        (void)snprintf(path, sizeof path, "%.300s/%s", directory, loops[i].file);
        const enum btx_fault_code code =
            profile(arguments, loops[i].function, path, &instructions, reterr_fault);
        if (code != BTX_OK) {
            return code;
        }
        printf("  %-24s %10.1f\n", loops[i].what, (double)instructions / (double)commands);
    }
    printf("Where they go: callgrind_annotate %s/%s\n", directory, loops[0].file);
    return BTX_OK;
}
