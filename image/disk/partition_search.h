/* SPDX-License-Identifier: Apache-2.0 */
/* partition_search.h - finds partitions on all disks of the machine by what their table says. */
#ifndef BTX_DISK_PARTITION_SEARCH_H
#define BTX_DISK_PARTITION_SEARCH_H

#include "image/disk/disks.h"
#include "image/disk/gpt.h"

enum { BTX_PLACES_MAX = 8 };

/* Where a partition is.  Both names are those of files in /dev. */
struct btx_place {
    char disk[BTX_DEVICE_NAME_BYTES];   /* "vda" */
    char device[BTX_DEVICE_NAME_BYTES]; /* "vda1" */
    struct btx_gpt_partition partition;
};

struct btx_places {
    uint32_t count;
    struct btx_place places[BTX_PLACES_MAX]; /* by name of the disk, then by number */
};

/* Whether a partition is looked for; @context is the caller's. */
typedef bool (*btx_partition_wanted)(const struct btx_gpt_partition *partition,
                                     const void *context);

/* All partitions that are @wanted, BTX_PLACES_MAX at most.  A disk that cannot be read, or whose
 * table is damaged, has none: @ret_unreadable, when not NULL, counts these.  Faults: IO (there is
 * no /sys/block). */
BTX_MUST_USE enum btx_fault_code btx_partition_search(
    const struct btx_machine *machine, btx_partition_wanted wanted, const void *context,
    struct btx_places *ret_places, uint32_t *ret_unreadable, struct btx_fault *reterr_fault);

#endif
