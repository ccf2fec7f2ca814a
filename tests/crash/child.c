/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/crash/child.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/check.h"

int btx_child_run(int (*work)(void *context), void *context, unsigned int seconds_max)
{
    int status;
    const pid_t child = fork();

    CHECK(child >= 0);
    if (child == 0) {
        (void)alarm(seconds_max);
        _exit(work(context));
    }
    CHECK(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

uint64_t btx_environment_number(const char *name, uint64_t fallback)
{
    const char *text = getenv(name);
    char *end;

    if (text == NULL)
        return fallback;
    const uint64_t number = strtoull(text, &end, 10);
    if (*text == '\0' || *end != '\0') {
        (void)fprintf(stderr, "%s: want a number, got '%s'\n", name, text);
        exit(2);
    }
    return number;
}

bool btx_environment_is_slow(void)
{
    const char *kind = getenv("BTX_KIND");

    return kind != NULL && strcmp(kind, "release") != 0;
}

bool btx_environment_has_threads(void)
{
    const char *kind = getenv("BTX_KIND");

    return kind == NULL || strcmp(kind, "tsan") != 0;
}
