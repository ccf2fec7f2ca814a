/* SPDX-License-Identifier: Apache-2.0 */
/* test_locking.c - what is locked, and what is said when it may not be. */
#include "engine/service/locking.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/base/check.h"

enum { SIZE_BYTES = 256 * 1024, NOBODY = 65534 };

static char *map(void)
{
    return mmap(NULL, SIZE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* A figure of /proc/self/status, in KiB. */
static long figure(const char *name)
{
    FILE *status = fopen("/proc/self/status", "re");
    char line[256];
    long value = -1;

    assert_non_null(status);
    while (fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0)
            (void)sscanf(line + strlen(name), ": %ld", &value);
    }
    (void)fclose(status);
    return value;
}

/* All of it is locked, and only what is used is there. */
static void locking_lock__within_the_limit__locked_without_being_used(void **state)
{
    const long locked = figure("VmLck");
    struct btx_fault fault = {0};
    unsigned char present[SIZE_BYTES / 4096] = {0};
    char *memory = map();

    (void)state;
    assert_ptr_not_equal(memory, MAP_FAILED);
    memory[8192] = 1;
    assert_int_equal(btx_locking_lock("a test", memory, SIZE_BYTES, &fault), BTX_OK);
    assert_int_equal(figure("VmLck"), locked + SIZE_BYTES / 1024);
    assert_int_equal(mincore(memory, SIZE_BYTES, present), 0);
    assert_int_equal(present[2] & 1, 1);
    assert_int_equal(present[3] & 1, 0);
    (void)munmap(memory, SIZE_BYTES);
}

/* In a child, which root may not be: he may lock all he likes. */
static int beyond_the_limit(void)
{
    const struct rlimit limit = {.rlim_cur = 65536, .rlim_max = 65536};
    struct btx_fault fault = {0};
    char *memory = map();

    if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0 || (geteuid() == 0 && setuid(NOBODY) != 0))
        return 2;
    return btx_locking_lock("a test", memory, SIZE_BYTES, &fault) == BTX_FAULT_LIMIT &&
                   strstr(fault.text, "locking a test into memory: 256 KiB are more than what is "
                                      "left of 64 KiB: raise RLIMIT_MEMLOCK") != NULL
               ? 0
               : 1;
}

static void locking_lock__beyond_the_limit__fault_says_how_to_raise_it(void **state)
{
    const pid_t pid = fork();
    int status;

    (void)state;
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(beyond_the_limit());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* What is no memory is not a matter of limits. */
static void locking_lock__address_that_wraps__fault(void **state)
{
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(btx_locking_lock("a test", (const char *)(uintptr_t)-4096, 8192, &fault),
                     BTX_FAULT_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(locking_lock__within_the_limit__locked_without_being_used),
        cmocka_unit_test(locking_lock__beyond_the_limit__fault_says_how_to_raise_it),
        cmocka_unit_test(locking_lock__address_that_wraps__fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
