/* SPDX-License-Identifier: Apache-2.0 */
/* pinning.c - sched_setaffinity, and asking the kernel what became of it.
 *
 * Which cores a cgroup allows stands in files whose place depends on the version of cgroups and on
 * what is mounted.  The kernel itself says it without them: who asks for all cores is given those
 * that are online and in his cpuset. */
#include "engine/service/pinning.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/check.h"

/* What the kernel takes for the calling thread. */
#define THIS_THREAD 0

/* @set as ranges.  What does not fit is left out, with dots in its place. */
static void cores_print(const cpu_set_t *set, char text[static BTX_CORES_TEXT_BYTES])
{
    size_t used = 0;

    text[0] = '\0';
    for (unsigned int first = 0; first < CPU_SETSIZE; first++) {
        unsigned int last = first;
        char range[32];
        int length;

        if (!CPU_ISSET(first, set))
            continue;
        while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, set))
            last++;
        length = first == last
                     ? snprintf(range, sizeof(range), "%s%u", used == 0 ? "" : ",", first)
                     : snprintf(range, sizeof(range), "%s%u-%u", used == 0 ? "" : ",", first, last);
        if (used + (size_t)length + sizeof(",...") > BTX_CORES_TEXT_BYTES) {
            memcpy(text + used, ",...", sizeof(",..."));
            return;
        }
        memcpy(text + used, range, (size_t)length + 1);
        used += (size_t)length;
        first = last;
    }
}

void btx_pinning_cores(char text[static BTX_CORES_TEXT_BYTES])
{
    cpu_set_t before;
    cpu_set_t all;

    CHECK(sched_getaffinity(THIS_THREAD, sizeof(before), &before) == 0);
    memset(&all, 0xff, sizeof(all));
    /* Where it is refused, what the thread has now is the best answer there is. */
    if (sched_setaffinity(THIS_THREAD, sizeof(all), &all) == 0) {
        CHECK(sched_getaffinity(THIS_THREAD, sizeof(all), &all) == 0);
        /* A core that has gone in the meantime: then all is as good as any. */
        (void)!sched_setaffinity(THIS_THREAD, sizeof(before), &before);
    } else {
        all = before;
    }
    cores_print(&all, text);
}

void btx_pinning_name(const char *name)
{
    const size_t length = strnlen(name, BTX_THREAD_NAME_BYTES);

    CHECK(length != 0 && length < BTX_THREAD_NAME_BYTES);
    CHECK(pthread_setname_np(pthread_self(), name) == 0);
}

static enum btx_fault_code fault_core(const char *name, uint64_t core, int os_error,
                                      struct btx_fault *reterr_fault)
{
    char cores[BTX_CORES_TEXT_BYTES];

    btx_pinning_cores(cores);
    return btx_fault_set(reterr_fault, BTX_FAULT_CONFIG, os_error,
                         "core %" PRIu64 " for the thread %s is not to be had, of this machine and "
                         "the cpuset of this process there are %s",
                         core, name, cores);
}

enum btx_fault_code btx_pinning_pin(const char *name, uint64_t core, struct btx_fault *reterr_fault)
{
    cpu_set_t before;
    cpu_set_t wanted;
    cpu_set_t got;

    CHECK(sched_getaffinity(THIS_THREAD, sizeof(before), &before) == 0);
    if (core >= CPU_SETSIZE)
        return fault_core(name, core, 0, reterr_fault);
    CPU_ZERO(&wanted);
    CPU_SET(core, &wanted);
    if (sched_setaffinity(THIS_THREAD, sizeof(wanted), &wanted) != 0)
        return fault_core(name, core, errno, reterr_fault);
    /* A cpuset may narrow what was asked for, and a core may go away at any moment. */
    CHECK(sched_getaffinity(THIS_THREAD, sizeof(got), &got) == 0);
    if (CPU_EQUAL(&wanted, &got) && sched_getcpu() == (int)core)
        return BTX_OK;
    (void)!sched_setaffinity(THIS_THREAD, sizeof(before), &before); /* There is a fault already. */
    return fault_core(name, core, 0, reterr_fault);
}
