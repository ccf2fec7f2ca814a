/* SPDX-License-Identifier: Apache-2.0 */
/* sizing_reach.h - what settings of the log can reach: the arithmetic behind betex-wal sizing.
 *
 * The pages are engine/wal/sizing.h; here they are put together into segments, rotations and days.
 * Settings that engine/wal/wal_settings.h accepts together are assumed. */
#ifndef BTX_ADMIN_SIZING_REACH_H
#define BTX_ADMIN_SIZING_REACH_H

#include <stdint.h>

#include "engine/wal/wal_settings.h"

/* What is to be sized. */
struct btx_sizing_plan {
    struct btx_wal_settings settings;
    uint64_t ring_events;
    uint64_t rate;        /* events a second, 1..10^9 */
    uint64_t event_bytes; /* of an average event, its share of command records included */
};

/* So many events of one size, in the log. */
struct btx_sizing_case {
    uint64_t count;
    uint64_t event_bytes;
    uint64_t payload_bytes;
    uint64_t full_bytes;   /* on disk, in commits as large as they may be */
    uint64_t single_bytes; /* on disk, each in a commit of its own: the worst */
    uint64_t segments;     /* that the worst takes, at least */
};

/* How often a segment is closed, and why then. */
struct btx_sizing_rotation {
    const char *cause; /* the setting that decides */
    uint64_t every_ns;
    uint64_t events; /* of one segment */
    uint64_t bytes;  /* of their records */
};

/* How many events of @event_bytes one segment takes, about: in commits as large as they may be,
 * and each in a commit of its own. */
uint64_t btx_sizing_full(const struct btx_sizing_plan *plan, uint64_t event_bytes);
uint64_t btx_sizing_single(const struct btx_sizing_plan *plan, uint64_t event_bytes);

/* What @count events of @event_bytes take. */
struct btx_sizing_case btx_sizing_case(const struct btx_sizing_plan *plan, uint64_t count,
                                       uint64_t event_bytes);

/* When segments are closed at the plan's rate. */
struct btx_sizing_rotation btx_sizing_rotation(const struct btx_sizing_plan *plan);

/* Hugepages of 2 MiB for the ring, of the engine that ends and of the one that takes over. */
uint64_t btx_sizing_hugepages(const struct btx_sizing_plan *plan);

#endif
