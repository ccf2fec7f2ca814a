/* SPDX-License-Identifier: Apache-2.0 */
/* wal_settings.h - what an operator may set about the log, with its bounds and defaults. */
#ifndef BTX_WAL_WAL_SETTINGS_H
#define BTX_WAL_WAL_SETTINGS_H

#include <stdint.h>

#include "engine/base/fault.h"
#include "engine/base/setting.h"

/* Values of the rows below.  Durations in ns, switches 0 or 1. */
struct btx_wal_settings {
    uint64_t max_commit_bytes;       /* one group commit, cut at a tx boundary */
    uint64_t max_segment_events;     /* soft: rotate when so many events are in a segment */
    uint64_t min_segment_age_ns;     /* ... but not younger than this, unless the map runs short */
    uint64_t max_segment_age_ns;     /* rotate a non-empty segment after this long; 0: off */
    uint64_t segment_map_size_bytes; /* LMDB map of a segment: its size at most */
    uint64_t zero_ahead_bytes;  /* zeroed in each next segment; 0 (off): twice a recent one's */
    uint64_t low_space_bytes;   /* less free: new orders are shed */
    uint64_t stop_bytes;        /* less free: nothing is taken */
    uint64_t unsafe_filesystem; /* 1: also on filesystems that cannot keep the promises */
};

enum { BTX_WAL_SETTING_COUNT = 9 };
extern const struct btx_setting btx_wal_settings[BTX_WAL_SETTING_COUNT];

/* The ring's own row: engine.ring_size, in events of BTX_RING_EVENT_BYTES. */
extern const struct btx_setting btx_wal_ring_setting;
#define BTX_WAL_RING_EVENT_BYTES 512u

void btx_wal_settings_default(struct btx_wal_settings *settings);

/* Which setting is refused, and because of which other one: NULL when its own bounds do. */
struct btx_wal_conflict {
    const struct btx_setting *setting;
    const struct btx_setting *other;
};

/* Every value in its bounds, and the rules across them, for a ring of @ring_events events (0: no
 * ring): a commit holds a largest tx and fits the ring; a fresh segment takes a largest commit;
 * stop_bytes <= low_space_bytes.  Faults: CONFIG, with the number that would do; *ret_conflict then
 * says what it is about. */
BTX_MUST_USE enum btx_fault_code btx_wal_settings_judge(const struct btx_wal_settings *settings,
                                                        uint64_t ring_events,
                                                        struct btx_wal_conflict *ret_conflict,
                                                        struct btx_fault *reterr_fault);

/* The same, with the name of the setting before the text of the fault. */
BTX_MUST_USE enum btx_fault_code btx_wal_settings_check(const struct btx_wal_settings *settings,
                                                        uint64_t ring_events,
                                                        struct btx_fault *reterr_fault);

#endif
