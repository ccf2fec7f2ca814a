/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/sizing_reach.h"

#include "engine/wal/sizing.h"
#include "engine/wal/wal_format.h"

#define HUGEPAGE_BYTES (UINT64_C(2) << 20)
#define INCARNATIONS UINT64_C(2) /* The engine that ends and the one that takes over. */
#define NS_IN_S UINT64_C(1000000000)

/* Events of @event_bytes in a commit that is as large as it may be. */
static uint64_t events_in_commit(const struct btx_sizing_plan *plan, uint64_t event_bytes)
{
    return plan->settings.max_commit_bytes / event_bytes;
}

uint64_t btx_sizing_full(const struct btx_sizing_plan *plan, uint64_t event_bytes)
{
    const uint64_t together = events_in_commit(plan, event_bytes);

    return together *
           btx_wal_segment_batches(plan->settings.segment_map_size_bytes, together * event_bytes);
}

uint64_t btx_sizing_single(const struct btx_sizing_plan *plan, uint64_t event_bytes)
{
    return btx_wal_segment_batches(plan->settings.segment_map_size_bytes, event_bytes);
}

struct btx_sizing_case btx_sizing_case(const struct btx_sizing_plan *plan, uint64_t count,
                                       uint64_t event_bytes)
{
    const uint64_t map_bytes = plan->settings.segment_map_size_bytes;
    struct btx_wal_plan full;
    struct btx_wal_plan single;

    btx_wal_plan_make(&full, map_bytes, plan->settings.max_commit_bytes, count, event_bytes);
    btx_wal_plan_make(&single, map_bytes, event_bytes, count, event_bytes);
    return (struct btx_sizing_case){
        .count = count,
        .event_bytes = event_bytes,
        .payload_bytes = count * event_bytes,
        .full_bytes = full.pages * BTX_WAL_PAGE_BYTES,
        .single_bytes = single.pages * BTX_WAL_PAGE_BYTES,
        .segments = single.segments,
    };
}

struct btx_sizing_rotation btx_sizing_rotation(const struct btx_sizing_plan *plan)
{
    const struct btx_wal_settings *settings = &plan->settings;
    const uint64_t map_events = btx_sizing_full(plan, plan->event_bytes);
    const double ns_for_event = (double)NS_IN_S / (double)plan->rate;
    struct btx_sizing_rotation rotation = {"wal.max_segment_events", 0, 0, 0};
    double every_ns = ns_for_event * (double)settings->max_segment_events;

    if (every_ns < (double)settings->min_segment_age_ns) {
        every_ns = (double)settings->min_segment_age_ns;
        rotation.cause = "wal.min_segment_age";
    }
    if (settings->max_segment_age_ns != 0 && every_ns > (double)settings->max_segment_age_ns) {
        every_ns = (double)settings->max_segment_age_ns;
        rotation.cause = "wal.max_segment_age";
    }
    if (every_ns > ns_for_event * (double)map_events) {
        every_ns = ns_for_event * (double)map_events;
        rotation.cause = "wal.segment_map_size_bytes";
    }
    rotation.every_ns = (uint64_t)every_ns;
    rotation.events = (uint64_t)(every_ns / ns_for_event + 0.5);
    rotation.bytes = rotation.events * plan->event_bytes;
    return rotation;
}

uint64_t btx_sizing_hugepages(const struct btx_sizing_plan *plan)
{
    const uint64_t ring_bytes = plan->ring_events * BTX_WAL_RING_EVENT_BYTES;

    return INCARNATIONS * ((ring_bytes + HUGEPAGE_BYTES - 1) / HUGEPAGE_BYTES);
}
