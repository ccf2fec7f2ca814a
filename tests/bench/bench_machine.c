/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_machine.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

#define GOVERNOR_PATH "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"

/* The first line of @file without its end, or @text as it was when there is none. */
static void read_line(FILE *file, char *text, size_t text_bytes)
{
    char line[512];
    if (file != NULL && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        (void)snprintf(text, text_bytes, "%.*s", (int)text_bytes - 1, line);
    }
}

static void read_processor(struct btx_bench_machine *machine)
{
    char line[512];
    FILE *file = fopen("/proc/cpuinfo", "r");
    (void)snprintf(machine->processor, sizeof machine->processor, "unknown");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *value = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && value != NULL) {
            line[strcspn(line, "\n")] = '\0';
            (void)snprintf(machine->processor, sizeof machine->processor, "%.100s", value + 2);
            break;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
}

static void read_commit(struct btx_bench_machine *machine)
{
    char change[8] = "";
    (void)snprintf(machine->commit, sizeof machine->commit, "none");
    FILE *git = popen("git rev-parse --verify --quiet HEAD 2>/dev/null", "r");
    read_line(git, machine->commit, sizeof machine->commit);
    if (git != NULL) {
        (void)pclose(git);
    }
    git = popen("git status --porcelain 2>/dev/null", "r");
    read_line(git, change, sizeof change);
    if (git != NULL) {
        (void)pclose(git);
    }
    machine->is_dirty = change[0] != '\0';
}

static double load_now(void)
{
    double load = 0;
    return getloadavg(&load, 1) == 1 ? load : -1;
}

void btx_bench_machine_begin(struct btx_bench_machine *machine)
{
    const time_t now = time(NULL);
    struct tm utc;
    struct utsname system;
    memset(machine, 0, sizeof *machine);
    read_processor(machine);
    (void)snprintf(machine->governor, sizeof machine->governor, "unknown");
    FILE *file = fopen(GOVERNOR_PATH, "r");
    read_line(file, machine->governor, sizeof machine->governor);
    if (file != NULL) {
        fclose(file);
    }
    if (uname(&system) == 0) {
        (void)snprintf(machine->kernel, sizeof machine->kernel, "%.30s %.60s", system.sysname,
                       system.release);
    }
    (void)snprintf(machine->compiler, sizeof machine->compiler, "%s", COMPILER);
    read_commit(machine);
    if (gmtime_r(&now, &utc) != NULL) {
        (void)strftime(machine->date, sizeof machine->date, "%Y-%m-%dT%H:%M:%SZ", &utc);
    }
    machine->processors = (int)sysconf(_SC_NPROCESSORS_ONLN);
    machine->load_before = load_now();
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    machine->is_optimised = true;
#endif
}

void btx_bench_machine_end(struct btx_bench_machine *machine)
{
    machine->load_after = load_now();
}

void btx_bench_machine_print(const struct btx_bench_machine *machine, FILE *file)
{
    fprintf(file, "machine   %s, %d processors, governor %s, %s\n", machine->processor,
            machine->processors, machine->governor, machine->kernel);
    fprintf(file, "program   commit %.12s%s, %s%s\n", machine->commit,
            machine->is_dirty ? " with changes" : "", machine->compiler,
            machine->is_optimised ? "" : ", NOT OPTIMISED: the figures say nothing");
    fprintf(file, "run       %s, load average %.2f before and %.2f after\n", machine->date,
            machine->load_before, machine->load_after);
}

/* What these texts may hold that JSON may not: quotes, backslashes, control characters. */
static void json_text(const char *name, const char *text, FILE *file)
{
    fprintf(file, "\"%s\":\"", name);
    for (; *text != '\0'; text++) {
        const unsigned char letter = (unsigned char)*text;
        fputc(letter < 0x20 || letter == '"' || letter == '\\' ? ' ' : letter, file);
    }
    fputs("\",", file);
}

void btx_bench_machine_json(const struct btx_bench_machine *machine, FILE *file)
{
    fputs("\"machine\":{", file);
    json_text("processor", machine->processor, file);
    json_text("governor", machine->governor, file);
    json_text("kernel", machine->kernel, file);
    json_text("compiler", machine->compiler, file);
    json_text("commit", machine->commit, file);
    json_text("date", machine->date, file);
    fprintf(file, "\"processors\":%d,\"dirty\":%s,\"optimised\":%s,", machine->processors,
            machine->is_dirty ? "true" : "false", machine->is_optimised ? "true" : "false");
    fprintf(file, "\"load_before\":%.2f,\"load_after\":%.2f}", machine->load_before,
            machine->load_after);
}
