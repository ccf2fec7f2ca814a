/* SPDX-License-Identifier: Apache-2.0 */
/* bench_timer.h - the cheapest clock that can time a single command, in its own ticks. */
#ifndef BTX_BENCH_TIMER_H
#define BTX_BENCH_TIMER_H

#include <stdint.h>
#include <time.h>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

static inline uint64_t btx_bench_clock_ns(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* After all that comes before it in the program, and before all that comes after. */
static inline uint64_t btx_bench_ticks(void)
{
#if defined(__x86_64__)
    unsigned int processor;
    const uint64_t ticks = __rdtscp(&processor);
    _mm_lfence();
    return ticks;
#else
    return btx_bench_clock_ns(CLOCK_MONOTONIC);
#endif
}

struct btx_bench_timer {
    double tick_ns;      /* Length of a tick. */
    uint64_t cost_ticks; /* Median distance of two readings with nothing between. */
};

void btx_bench_timer_init(struct btx_bench_timer *timer);

#endif
