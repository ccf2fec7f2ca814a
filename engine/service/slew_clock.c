/* SPDX-License-Identifier: Apache-2.0 */
/* slew_clock.c - a line through the last look, with a bend where the distance is closed.
 *
 * Reading computes from what the last look has left and changes nothing, so that this is a
 * struct btx_clock as any other.  That it never goes back: between two looks the line rises with at
 * least 1 - 1/BTX_SLEW_NS_PER_NS, and a look begins the next line where the one before is.
 *
 * NTP disciplines the kernel's monotonic clock together with its wall clock.  So their distance
 * changes by steps only: by clock_settime, by a leap second, and by a suspend, in which the
 * monotonic clock stands still. */
#include "engine/service/slew_clock.h"

#include <assert.h>
#include <inttypes.h>
#include <stddef.h>

#include "engine/base/check.h"

static_assert(offsetof(struct btx_slew_clock, clock) == 0, "slew_of() relies on it");

/* A pair of readings that took longer was interrupted between them, and is tried again. */
#define PAIR_NS_MAX UINT64_C(10000)
#define PAIR_TRIES 8

static const struct btx_slew_clock *slew_of(const struct btx_clock *clock)
{
    return (const struct btx_slew_clock *)(const void *)clock;
}

/* What was closed of the distance within @elapsed_ns. */
static int64_t closed_ns(const struct btx_slew_clock *slew, uint64_t elapsed_ns)
{
    const int64_t most_ns = (int64_t)(elapsed_ns / BTX_SLEW_NS_PER_NS);

    if (slew->pending_ns > most_ns)
        return most_ns;
    if (slew->pending_ns < -most_ns)
        return -most_ns;
    return slew->pending_ns;
}

static uint64_t slewed_ns(const struct btx_slew_clock *slew, uint64_t monotonic_ns)
{
    const uint64_t elapsed_ns = monotonic_ns - slew->anchor_monotonic_ns;

    return slew->anchor_wall_ns + elapsed_ns + (uint64_t)closed_ns(slew, elapsed_ns);
}

static uint64_t slew_wall_ns(const struct btx_clock *clock)
{
    const struct btx_slew_clock *slew = slew_of(clock);

    return slewed_ns(slew, btx_clock_monotonic_ns(slew->base));
}

static uint64_t slew_wall_at_ns(const struct btx_clock *clock, uint64_t monotonic_ns)
{
    return slewed_ns(slew_of(clock), monotonic_ns);
}

static uint64_t slew_monotonic_ns(const struct btx_clock *clock)
{
    return btx_clock_monotonic_ns(slew_of(clock)->base);
}

/* Both clocks at one moment, as near as they can be read: a thread that loses its core between
 * the two must not take that time for a distance. */
static void read_pair(const struct btx_clock *base, uint64_t *ret_wall_ns,
                      uint64_t *ret_monotonic_ns)
{
    uint64_t best_ns = UINT64_MAX;

    for (int tries = 0; tries < PAIR_TRIES && best_ns > PAIR_NS_MAX; tries++) {
        const uint64_t before_ns = btx_clock_monotonic_ns(base);
        const uint64_t wall_ns = btx_clock_wall_ns(base);
        const uint64_t after_ns = btx_clock_monotonic_ns(base);

        if (after_ns - before_ns < best_ns) {
            best_ns = after_ns - before_ns;
            *ret_wall_ns = wall_ns;
            *ret_monotonic_ns = before_ns + best_ns / 2;
        }
    }
}

static void set_distance(struct btx_slew_clock *slew, uint64_t wall_ns)
{
    slew->distance_ns = (int64_t)(wall_ns - slew->anchor_wall_ns);
    slew->away =
        slew->distance_ns > BTX_SLEW_DISTANCE_NS || slew->distance_ns < -BTX_SLEW_DISTANCE_NS;
    slew->pending_ns = slew->away ? 0 : slew->distance_ns;
}

enum btx_fault_code btx_slew_clock_init(struct btx_slew_clock *slew, const struct btx_clock *base,
                                        uint64_t last_event_ns, struct btx_fault *reterr_fault)
{
    uint64_t monotonic_ns = 0;
    uint64_t wall_ns = 0;

    read_pair(base, &wall_ns, &monotonic_ns);
    if (wall_ns < last_event_ns && last_event_ns - wall_ns > (uint64_t)BTX_SLEW_DISTANCE_NS)
        return btx_fault_set(reterr_fault, BTX_FAULT_CONFIG, 0,
                             "the clock of this machine is %" PRIu64
                             " s before the last event of the log: set it right, then start again",
                             (last_event_ns - wall_ns) / UINT64_C(1000000000));
    *slew = (struct btx_slew_clock){
        .clock = {slew_wall_ns, slew_monotonic_ns, slew_wall_at_ns},
        .base = base,
        .anchor_wall_ns = wall_ns < last_event_ns ? last_event_ns : wall_ns,
        .anchor_monotonic_ns = monotonic_ns,
    };
    set_distance(slew, wall_ns);
    return BTX_OK;
}

bool btx_slew_clock_look(struct btx_slew_clock *slew)
{
    uint64_t monotonic_ns = 0;
    uint64_t wall_ns = 0;

    read_pair(slew->base, &wall_ns, &monotonic_ns);
    slew->anchor_wall_ns = slewed_ns(slew, monotonic_ns);
    slew->anchor_monotonic_ns = monotonic_ns;
    set_distance(slew, wall_ns);
    return !slew->away;
}

int64_t btx_slew_clock_distance_ns(const struct btx_slew_clock *slew)
{
    return slew->distance_ns;
}
