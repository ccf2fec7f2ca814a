/* SPDX-License-Identifier: Apache-2.0 */
/* gpt.h - reads the partition table of a disk (GPT, UEFI 2.10 section 5.3).
 *
 * The kernel reads it too, but tells nobody the type of a partition; and the initrd has no udev.
 * Nothing of a table is believed before both its checksums are right. */
#ifndef BTX_DISK_GPT_H
#define BTX_DISK_GPT_H

#include "image/disk/guid.h"

#include "engine/base/fault.h"

enum { BTX_GPT_PARTITIONS_MAX = 128, BTX_GPT_LABEL_BYTES = 37 };

struct btx_gpt_partition {
    struct btx_guid type;
    struct btx_guid unique;
    uint32_t number;                 /* from 1, as in the name of its device */
    uint64_t sectors;                /* of the disk's own size */
    char label[BTX_GPT_LABEL_BYTES]; /* what is no printable ASCII reads '?' */
};

struct btx_gpt {
    uint32_t count; /* 0 when the disk has no table */
    struct btx_gpt_partition partitions[BTX_GPT_PARTITIONS_MAX];
};

/* The table of the disk @fd, whose sectors have @sector_bytes and which has @size_bytes; where the
 * first copy is missing or damaged, the copy at the disk's end.  Faults: CORRUPT (there is a
 * table, and no copy is whole), LIMIT (it has more entries than are looked at), IO. */
BTX_MUST_USE enum btx_fault_code btx_gpt_read(int fd, uint32_t sector_bytes, uint64_t size_bytes,
                                              struct btx_gpt *ret_gpt,
                                              struct btx_fault *reterr_fault);

#endif
