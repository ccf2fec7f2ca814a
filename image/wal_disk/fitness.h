/* SPDX-License-Identifier: Apache-2.0 */
/* fitness.h - whether a machine has one disk for the log, and whether that is fit.
 *
 * Fit is a partition of the type and label of layout.h, with ext4 (with a journal) or XFS, on a
 * disk that only this machine can write to: a second writer elsewhere would not see the lock. */
#ifndef BTX_WAL_DISK_FITNESS_H
#define BTX_WAL_DISK_FITNESS_H

#include "image/disk/partition_search.h"

enum btx_wal_disk_verdict {
    BTX_WAL_DISK_FIT,
    BTX_WAL_DISK_NONE,       /* no partition is of that type and label */
    BTX_WAL_DISK_SEVERAL,    /* more than one is: nobody but a person knows which is right */
    BTX_WAL_DISK_REMOTE,     /* the disk is reached over a network */
    BTX_WAL_DISK_FILESYSTEM, /* no filesystem, or one that may not hold a log */
    BTX_WAL_DISK_UNREADABLE, /* the disk does not answer */
};

enum { BTX_WAL_DISK_WHY_BYTES = 512 };

struct btx_wal_disk {
    enum btx_wal_disk_verdict verdict;
    struct btx_place place;           /* with NONE there is none */
    char why[BTX_WAL_DISK_WHY_BYTES]; /* a sentence for the console, and what to do */
};

/* Look at all disks of @machine.  Faults: IO (the machine has no list of disks). */
BTX_MUST_USE enum btx_fault_code btx_wal_disk_look(const struct btx_machine *machine,
                                                   struct btx_wal_disk *ret_disk,
                                                   struct btx_fault *reterr_fault);

#endif
