/* SPDX-License-Identifier: Apache-2.0 */
/* test_pinning.c - on whatever cores the machine has. */
#include "engine/service/pinning.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static cpu_set_t before;

static int setup(void **state)
{
    (void)state;
    return sched_getaffinity(0, sizeof(before), &before);
}

static int teardown(void **state)
{
    (void)state;
    return sched_setaffinity(0, sizeof(before), &before);
}

/* The greatest core that this process may use. */
static uint64_t last_core(void)
{
    uint64_t last = CPU_SETSIZE;

    for (uint64_t core = 0; core < CPU_SETSIZE; core++) {
        if (CPU_ISSET(core, &before))
            last = core;
    }
    assert_true(last < CPU_SETSIZE);
    return last;
}

static void pinning_pin__a_core_there_is__runs_there_and_nowhere_else(void **state)
{
    struct btx_fault fault = {0};
    cpu_set_t now;

    (void)state;
    assert_int_equal(btx_pinning_pin("test", last_core(), &fault), BTX_OK);
    assert_int_equal(sched_getcpu(), last_core());
    assert_int_equal(sched_getaffinity(0, sizeof(now), &now), 0);
    assert_int_equal(CPU_COUNT(&now), 1);
    assert_true(CPU_ISSET(last_core(), &now));
}

static void *pinned_thread(void *context)
{
    struct btx_fault fault = {0};

    return btx_pinning_pin("other", *(uint64_t *)context, &fault) == BTX_OK ? context : NULL;
}

/* One thread after the other finds its own core: the first must not take the others along. */
static void pinning_pin__another_thread__leaves_this_one_alone(void **state)
{
    uint64_t core = last_core();
    pthread_t thread;
    void *result;
    cpu_set_t now;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, pinned_thread, &core), 0);
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_ptr_equal(result, &core);
    assert_int_equal(sched_getaffinity(0, sizeof(now), &now), 0);
    assert_true(CPU_EQUAL(&now, &before));
}

/* The operator wrote a number of another machine: he has to be told what this one has. */
static void pinning_pin__a_core_there_is_not__fault_says_which_there_are(void **state)
{
    static const uint64_t missing[] = {CPU_SETSIZE - 1, CPU_SETSIZE, UINT64_MAX};
    char cores[BTX_CORES_TEXT_BYTES];
    cpu_set_t now;

    (void)state;
    btx_pinning_cores(cores);
    for (size_t i = 0; i < BTX_COUNT_OF(missing); i++) {
        struct btx_fault fault = {0};
        char wanted[512];

        (void)snprintf(wanted, sizeof(wanted),
                       "core %llu for the thread matcher is not to be had, of this machine and the "
                       "cpuset of this process there are %s%s",
                       (unsigned long long)missing[i], cores,
                       missing[i] < CPU_SETSIZE ? ": Invalid argument" : "");
        assert_int_equal(btx_pinning_pin("matcher", missing[i], &fault), BTX_FAULT_CONFIG);
        assert_string_equal(fault.text, wanted);
        assert_int_equal(sched_getaffinity(0, sizeof(now), &now), 0);
        assert_true(CPU_EQUAL(&now, &before));
    }
}

/* A pinned thread is asked too, and must not say that its core is the only one, nor move. */
static void pinning_cores__pinned_thread__names_all_and_stays(void **state)
{
    struct btx_fault fault = {0};
    char wide[BTX_CORES_TEXT_BYTES];
    char narrow[BTX_CORES_TEXT_BYTES];
    cpu_set_t now;

    (void)state;
    btx_pinning_cores(wide);
    assert_int_equal(btx_pinning_pin("test", last_core(), &fault), BTX_OK);
    btx_pinning_cores(narrow);
    assert_string_equal(narrow, wide);
    assert_int_equal(sched_getaffinity(0, sizeof(now), &now), 0);
    assert_int_equal(CPU_COUNT(&now), 1);
}

static void pinning_cores__this_machine__as_the_kernel_writes_them(void **state)
{
    char wanted[BTX_CORES_TEXT_BYTES] = "";
    char cores[BTX_CORES_TEXT_BYTES];
    char line[512];
    FILE *file;
    cpu_set_t all;

    (void)state;
    memset(&all, 0xff, sizeof(all));
    assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
    file = fopen("/proc/self/status", "re");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL)
        (void)sscanf(line, "Cpus_allowed_list: %255s", wanted);
    (void)fclose(file);
    assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
    btx_pinning_cores(cores);
    assert_string_equal(cores, wanted);
}

static void pinning_name__fifteen_bytes__is_the_threads_name(void **state)
{
    char name[BTX_THREAD_NAME_BYTES];

    (void)state;
    btx_pinning_name("wal-poller-0123");
    assert_int_equal(pthread_getname_np(pthread_self(), name, sizeof(name)), 0);
    assert_string_equal(name, "wal-poller-0123");
}

#define PINNING_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PINNING_TEST(pinning_pin__a_core_there_is__runs_there_and_nowhere_else),
        PINNING_TEST(pinning_pin__another_thread__leaves_this_one_alone),
        PINNING_TEST(pinning_pin__a_core_there_is_not__fault_says_which_there_are),
        PINNING_TEST(pinning_cores__pinned_thread__names_all_and_stays),
        PINNING_TEST(pinning_cores__this_machine__as_the_kernel_writes_them),
        PINNING_TEST(pinning_name__fifteen_bytes__is_the_threads_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
