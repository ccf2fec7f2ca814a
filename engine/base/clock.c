/* SPDX-License-Identifier: Apache-2.0 */
/* clock.c - the kernel's clocks and the one that tests move. */
#include "engine/base/clock.h"

#include "engine/base/check.h"

#include <assert.h>
#include <stddef.h>
#include <time.h>

static_assert(offsetof(struct btx_clock_manual, clock) == 0, "manual_of() relies on it");

static uint64_t kernel_ns(clockid_t id)
{
    struct timespec now;

    /* Both clocks exist in every Linux, and the address is good: it cannot fail. */
    CHECK(clock_gettime(id, &now) == 0);
    CHECK(now.tv_sec >= 0);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static uint64_t system_wall_ns(const struct btx_clock *clock)
{
    (void)clock;
    return kernel_ns(CLOCK_REALTIME);
}

static uint64_t system_monotonic_ns(const struct btx_clock *clock)
{
    (void)clock;
    return kernel_ns(CLOCK_MONOTONIC);
}

/* A moment later: the kernel does not say what its wall clock said before. */
static uint64_t system_wall_at_ns(const struct btx_clock *clock, uint64_t monotonic_ns)
{
    (void)monotonic_ns;
    return system_wall_ns(clock);
}

const struct btx_clock *btx_clock_system(void)
{
    static const struct btx_clock clock_system = {system_wall_ns, system_monotonic_ns,
                                                  system_wall_at_ns};

    return &clock_system;
}

static const struct btx_clock_manual *manual_of(const struct btx_clock *clock)
{
    return (const struct btx_clock_manual *)(const void *)clock;
}

static uint64_t manual_wall_ns(const struct btx_clock *clock)
{
    return manual_of(clock)->wall_ns;
}

static uint64_t manual_monotonic_ns(const struct btx_clock *clock)
{
    return manual_of(clock)->monotonic_ns;
}

static uint64_t manual_wall_at_ns(const struct btx_clock *clock, uint64_t monotonic_ns)
{
    return manual_of(clock)->wall_ns - (manual_of(clock)->monotonic_ns - monotonic_ns);
}

void btx_clock_manual_init(struct btx_clock_manual *manual, uint64_t wall_ns, uint64_t monotonic_ns)
{
    manual->clock.wall_ns = manual_wall_ns;
    manual->clock.monotonic_ns = manual_monotonic_ns;
    manual->clock.wall_at_ns = manual_wall_at_ns;
    manual->wall_ns = wall_ns;
    manual->monotonic_ns = monotonic_ns;
}

void btx_clock_manual_advance(struct btx_clock_manual *manual, uint64_t elapsed_ns)
{
    manual->wall_ns += elapsed_ns;
    manual->monotonic_ns += elapsed_ns;
}

void btx_clock_manual_set_wall(struct btx_clock_manual *manual, uint64_t wall_ns)
{
    manual->wall_ns = wall_ns;
}
