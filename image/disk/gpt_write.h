/* SPDX-License-Identifier: Apache-2.0 */
/* gpt_write.h - gives a disk a partition table with one partition. */
#ifndef BTX_DISK_GPT_WRITE_H
#define BTX_DISK_GPT_WRITE_H

#include "image/disk/guid.h"

#include "engine/base/fault.h"

/* Where partitions begin and end: whole MiB, as every tool has them. */
enum { BTX_GPT_ALIGN_BYTES = 1 << 20 };

struct btx_gpt_plan {
    struct btx_guid disk;
    struct btx_guid type;
    struct btx_guid unique;
    const char *label; /* of at most 36 ASCII characters */
};

/* How large the one partition is on a disk of @size_bytes: it begins at BTX_GPT_ALIGN_BYTES, and
 * ends at a multiple of that.  0 when the disk is too small. */
uint64_t btx_gpt_partition_bytes(uint64_t size_bytes);

/* Write the table to the disk @fd.  The header of the first copy comes last, when all the rest is
 * on the disk: before it, there is no table.  Faults: LIMIT (the disk is too small), IO. */
BTX_MUST_USE enum btx_fault_code btx_gpt_write(int fd, uint32_t sector_bytes, uint64_t size_bytes,
                                               const struct btx_gpt_plan *plan,
                                               struct btx_fault *reterr_fault);

#endif
