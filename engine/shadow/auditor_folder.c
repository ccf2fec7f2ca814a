/* SPDX-License-Identifier: Apache-2.0 */
/* auditor_folder.c - which segments there are, and what is sealed. */
#include "engine/shadow/auditor_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

/* A seal stands in one of the four segments behind its own, or in the first that a later engine
 * wrote; there may be headless ones between.  Behind so many nobody will write it any more. */
enum { SEAL_REACH = 16 };

/* Whether the folder changed since it was listed.  The kernel stamps changes with a clock that
 * ticks: what changed within a few ticks before the look may have changed again behind it. */
static enum btx_fault_code is_changed(struct btx_auditor *auditor, bool *ret_changed,
                                      struct btx_fault *reterr_fault)
{
    static const int64_t ticks_ns = 20000000;
    struct timespec now;
    struct stat status;
    int64_t age_ns;

    if (fstat(auditor->segments_fd, &status) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "segments: cannot be looked at");
    (void)clock_gettime(CLOCK_REALTIME_COARSE, &now); /* It exists. */
    age_ns = (now.tv_sec - status.st_mtim.tv_sec) * INT64_C(1000000000) + now.tv_nsec -
             status.st_mtim.tv_nsec;
    *ret_changed = !auditor->listing_counts ||
                   status.st_mtim.tv_sec != auditor->listed_change.tv_sec ||
                   status.st_mtim.tv_nsec != auditor->listed_change.tv_nsec;
    auditor->listed_change = status.st_mtim;
    auditor->listing_counts = age_ns >= ticks_ns || age_ns <= -ticks_ns;
    return BTX_OK;
}

enum btx_fault_code btx_auditor_list(struct btx_auditor *auditor, struct btx_fault *reterr_fault)
{
    struct btx_log_segment *segments;
    bool changed = false;
    size_t count;

    if (is_changed(auditor, &changed, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (!changed)
        return BTX_OK;
    if (btx_log_segments_list(auditor->segments_fd, &segments, &count, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    free(auditor->segments);
    auditor->segments = segments;
    auditor->segment_count = count;
    return BTX_OK;
}

size_t btx_auditor_find_segment(const struct btx_auditor *auditor, uint64_t number)
{
    size_t low = 0;
    size_t high = auditor->segment_count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (auditor->segments[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Whether the log has the seal of a segment behind @number: seals are stored in their order. */
static enum btx_fault_code find_later(const struct btx_log_ground *ground, uint64_t number,
                                      bool *ret_found, struct btx_fault *reterr_fault)
{
    struct btx_wal_seal seal;

    *ret_found = false;
    for (size_t i = 0; i < ground->segment_count && !*ret_found; i++) {
        if (ground->segments[i].number > number &&
            btx_log_ground_seal(ground, ground->segments[i].number, ret_found, &seal,
                                reterr_fault) != BTX_OK)
            return reterr_fault->code;
    }
    return BTX_OK;
}

enum btx_fault_code btx_auditor_find_seal(const struct btx_auditor *auditor, uint64_t number,
                                          bool *ret_found, bool *ret_lost,
                                          struct btx_wal_seal *ret_seal,
                                          struct btx_fault *reterr_fault)
{
    const size_t first = btx_auditor_find_segment(auditor, number + 1);
    const size_t behind = auditor->segment_count - first;
    const struct btx_log_ground ground = {
        .segments_fd = auditor->segments_fd,
        .segments = auditor->segments + first,
        .segment_count = behind < SEAL_REACH ? behind : SEAL_REACH,
    };

    *ret_lost = false;
    if (btx_log_ground_seal(&ground, number, ret_found, ret_seal, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (*ret_found || behind < 2)
        return BTX_OK;
    if (find_later(&ground, number, ret_lost, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    *ret_lost = *ret_lost || behind >= SEAL_REACH;
    /* They may all have been stored since the first look. */
    if (*ret_lost &&
        btx_log_ground_seal(&ground, number, ret_found, ret_seal, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    *ret_lost = *ret_lost && !*ret_found;
    return BTX_OK;
}
