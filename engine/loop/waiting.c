/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/loop/waiting.h"

#include <sched.h>
#include <time.h>

/* Looks, and turns given away, before the first sleep: together some 20 us. */
#define LOOKS 64u
#define YIELDS 128u
#define SLEEP_NS_MIN 20000u
#define SLEEP_NS_MAX 200000u

void btx_waiting_idle(struct btx_waiting *waiting)
{
    struct timespec sleep = {0};

    waiting->idle += waiting->idle < UINT32_MAX;
    if (waiting->owns_core || waiting->idle <= LOOKS) {
        __builtin_ia32_pause();
        return;
    }
    if (waiting->idle <= LOOKS + YIELDS) {
        (void)sched_yield();
        return;
    }
    sleep.tv_nsec = SLEEP_NS_MIN + (waiting->idle - LOOKS - YIELDS) * 1000;
    if (sleep.tv_nsec > SLEEP_NS_MAX)
        sleep.tv_nsec = SLEEP_NS_MAX;
    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &sleep, NULL);
}
