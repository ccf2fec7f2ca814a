/* SPDX-License-Identifier: Apache-2.0 */
/* plausible.h - status pages of an engine that could be real, for tests and for looking. */
#ifndef BTX_STATUS_PLAUSIBLE_H
#define BTX_STATUS_PLAUSIBLE_H

#include "engine/base/clock.h"
#include "engine/status/page.h"
#include "engine/status/reading.h"

/* 2026-11-26 00:48:40 UTC. */
#define PLAUSIBLE_NOW_NS UINT64_C(1795654120000000000)
#define PLAUSIBLE_SECOND_NS UINT64_C(1000000000)

/* The pages of the four processes, in ordinary memory, and their clock. */
struct plausible {
    struct btx_clock_manual clock;
    struct btx_status_shared *engine;
    struct btx_status_shared *shadow;
    struct btx_status_shared *admin;
    struct btx_status_shared *gateway;
};

/* Engine and others, three days into an incarnation, all well.  The clock stands at
 * PLAUSIBLE_NOW_NS.  CHECK fails without memory. */
void plausible_init(struct plausible *plausible);
void plausible_done(struct plausible *plausible);

/* Let @seconds of ordinary trading pass: clock, counters, histograms, heartbeats. */
void plausible_go_on(struct plausible *plausible, uint64_t seconds);

/* Everything that can go wrong with the engine at once. */
void plausible_break(struct plausible *plausible);

/* One of the parts' writers. */
struct btx_status_writer plausible_writer(struct plausible *plausible, enum btx_status_part part);

/* A reading of all four pages.  Given back with free(). */
struct btx_status_reading *plausible_read(const struct plausible *plausible);

#endif
