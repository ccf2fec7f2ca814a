/* SPDX-License-Identifier: Apache-2.0 */
/* slew_clock.h - the time of the exchange: follows the wall clock, but never jumps nor goes back.
 *
 * It begins with the wall clock and goes on with the monotonic one, at most 500 ppm faster or
 * slower while it closes a distance to the wall clock.  A wall clock that is more than
 * BTX_SLEW_DISTANCE_NS away was set by somebody: it is reported and not followed, until it is near
 * again.  Owned by one thread. */
#ifndef BTX_SERVICE_SLEW_CLOCK_H
#define BTX_SERVICE_SLEW_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/clock.h"
#include "engine/base/fault.h"

/* How far the wall clock may be away and is still followed; and how far it may be before the last
 * event of the log when the engine starts, which is the same, since that distance has to be closed
 * too (in 10 000 s).  A leap second, which the kernel makes a step, is well within. */
#define BTX_SLEW_DISTANCE_NS INT64_C(5000000000)

/* 500 ppm, as the kernel and NTP slew: of so many ns that pass, one is closed. */
#define BTX_SLEW_NS_PER_NS 2000u

/* Fields are private. */
struct btx_slew_clock {
    struct btx_clock clock;       /* hand out its address; must stay first */
    const struct btx_clock *base; /* what is followed */
    uint64_t anchor_wall_ns;      /* what this clock said at the last look... */
    uint64_t anchor_monotonic_ns; /* ...when the monotonic clock said this */
    int64_t pending_ns;           /* then still to close; positive: this clock is behind */
    int64_t distance_ns;          /* of the wall clock then, whether it is followed or not */
    bool away;
};

/* Begin at the wall clock of @base, which must outlive @slew, or at @last_event_ns, the time of the
 * last event of the log (0: none), where that is later.  @slew must not move.
 * Faults: CONFIG when the wall clock is before @last_event_ns by more than BTX_SLEW_DISTANCE_NS:
 * somebody has to set it. */
BTX_MUST_USE enum btx_fault_code btx_slew_clock_init(struct btx_slew_clock *slew,
                                                     const struct btx_clock *base,
                                                     uint64_t last_event_ns,
                                                     struct btx_fault *reterr_fault);

/* Look where the wall clock is.  To be called now and then, about once a second; between two
 * looks the clock goes on by itself.  No system call with the kernel's clocks (vDSO).
 * Returns false when the wall clock is away, and then this clock keeps the pace of the monotonic
 * one: alarm once for each time that it becomes false. */
bool btx_slew_clock_look(struct btx_slew_clock *slew);

/* How far the wall clock was before this one at the last look; negative: behind.  For alarm and
 * status. */
int64_t btx_slew_clock_distance_ns(const struct btx_slew_clock *slew);

#endif
