/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_timer.h"

#include <stdlib.h>

#define CALIBRATION_NS UINT64_C(50000000)
#define READINGS 10001

static int compare(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a;
    const uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

void btx_bench_timer_init(struct btx_bench_timer *timer)
{
    static uint64_t distances[READINGS];
    const uint64_t start_ns = btx_bench_clock_ns(CLOCK_MONOTONIC);
    const uint64_t start = btx_bench_ticks();
    uint64_t end_ns = start_ns;
    while (end_ns - start_ns < CALIBRATION_NS) {
        end_ns = btx_bench_clock_ns(CLOCK_MONOTONIC);
    }
    timer->tick_ns = (double)(end_ns - start_ns) / (double)(btx_bench_ticks() - start);
    for (int i = 0; i < READINGS; i++) {
        const uint64_t before = btx_bench_ticks();
        distances[i] = btx_bench_ticks() - before;
    }
    qsort(distances, READINGS, sizeof distances[0], compare);
    timer->cost_ticks = distances[READINGS / 2];
}
