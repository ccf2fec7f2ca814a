/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h - time as a small interface, so that tests and the simulator decide what time it is.
 * The system clock asks the kernel; the manual clock says what it was told.  Both give uint64_t
 * nanoseconds.  The pure core never sees a clock: it is told the time with each command. */
#ifndef BTX_BASE_CLOCK_H
#define BTX_BASE_CLOCK_H

#include <stdint.h>

/* What a user of time is handed.  An implementation has this as its first member. */
struct btx_clock {
    uint64_t (*wall_ns)(const struct btx_clock *clock);
    uint64_t (*monotonic_ns)(const struct btx_clock *clock);
    uint64_t (*wall_at_ns)(const struct btx_clock *clock, uint64_t monotonic_ns);
};

/* Nanoseconds since 1970-01-01 UTC.  May step in either direction when somebody sets the clock. */
static inline uint64_t btx_clock_wall_ns(const struct btx_clock *clock)
{
    return clock->wall_ns(clock);
}

/* Nanoseconds since some moment in the past, the same for a whole run; never goes back. */
static inline uint64_t btx_clock_monotonic_ns(const struct btx_clock *clock)
{
    return clock->monotonic_ns(clock);
}

/* The wall time when the monotonic clock said @monotonic_ns, which it has just said: for who has
 * read the one already and needs the other. */
static inline uint64_t btx_clock_wall_at_ns(const struct btx_clock *clock, uint64_t monotonic_ns)
{
    return clock->wall_at_ns(clock, monotonic_ns);
}

/* The kernel's CLOCK_REALTIME and CLOCK_MONOTONIC.  Static storage; any thread may use it. */
const struct btx_clock *btx_clock_system(void);

/* A clock that stands still until it is moved.  Caller's storage, for one thread. */
struct btx_clock_manual {
    struct btx_clock clock; /* hand out its address; must stay first */
    uint64_t wall_ns;
    uint64_t monotonic_ns;
};

/* Begin at the given times. */
void btx_clock_manual_init(struct btx_clock_manual *manual, uint64_t wall_ns,
                           uint64_t monotonic_ns);

/* Let @elapsed_ns pass on both clocks. */
void btx_clock_manual_advance(struct btx_clock_manual *manual, uint64_t elapsed_ns);

/* Somebody sets the wall clock to @wall_ns; the monotonic clock does not notice. */
void btx_clock_manual_set_wall(struct btx_clock_manual *manual, uint64_t wall_ns);

#endif
