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

/* How many commits of @batch_bytes one segment takes, about. */
static uint64_t commits_in_map(const struct btx_sizing_plan *plan, uint64_t batch_bytes)
{
    const uint64_t map_bytes = plan->settings.segment_map_size_bytes;
    uint64_t low = 0;
    uint64_t high = map_bytes / batch_bytes + 1;

    while (low < high) { /* The greatest count whose last commit still fits. */
        const uint64_t middle = low + (high - low + 1) / 2;
        const uint64_t last_page = btx_wal_segment_pages(middle - 1, batch_bytes);

        if (btx_wal_commit_fits(map_bytes, last_page, batch_bytes, 0))
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

uint64_t btx_sizing_full(const struct btx_sizing_plan *plan, uint64_t event_bytes)
{
    const uint64_t together = events_in_commit(plan, event_bytes);

    return together * commits_in_map(plan, together * event_bytes);
}

uint64_t btx_sizing_single(const struct btx_sizing_plan *plan, uint64_t event_bytes)
{
    return commits_in_map(plan, event_bytes);
}

struct btx_sizing_case btx_sizing_case(const struct btx_sizing_plan *plan, uint64_t count,
                                       uint64_t event_bytes)
{
    const uint64_t together = events_in_commit(plan, event_bytes);
    struct btx_sizing_case sized = {.count = count, .event_bytes = event_bytes};
    uint64_t pages = btx_wal_segment_pages(count / together, together * event_bytes);

    if (count % together != 0)
        pages += btx_wal_batch_pages(count % together * event_bytes);
    sized.payload_bytes = count * event_bytes;
    sized.full_bytes = pages * BTX_WAL_PAGE_BYTES;
    sized.single_bytes = btx_wal_segment_pages(count, event_bytes) * BTX_WAL_PAGE_BYTES;
    sized.segments = count / btx_sizing_single(plan, event_bytes) +
                     (count % btx_sizing_single(plan, event_bytes) != 0);
    return sized;
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
