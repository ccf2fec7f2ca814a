/* SPDX-License-Identifier: Apache-2.0 */
/* disk_fixture.h - a folder that looks like a machine with disks: /sys/block and /dev below it,
 * with files in the place of disks, and partition tables in the files. */
#ifndef BTX_IMAGE_DISK_FIXTURE_H
#define BTX_IMAGE_DISK_FIXTURE_H

#include <stddef.h>

#include "image/disk/partition_search.h"

enum { DISK_BYTES = 1 << 20, SECTOR_BYTES = 512, DISK_SECTORS = DISK_BYTES / SECTOR_BYTES };

struct machine {
    char root[64];
    struct btx_machine as_seen; /* what is handed to the functions under test */
};

/* What a partition table is to say of a partition. */
struct partition_plan {
    const char *type;
    const char *unique;
    const char *label;
};

/* An empty machine below a new folder in the temporary folder; machine_remove() deletes it. */
void machine_make(struct machine *machine);
void machine_remove(struct machine *machine);

/* A disk with @count partitions, of 64 sectors each; none: a disk of zeros. */
void machine_add_disk(const struct machine *machine, const char *name,
                      const struct partition_plan *plans, uint32_t count);

/* A file below the machine, with the folders that it is in. */
void machine_write(const struct machine *machine, const char *path, const void *bytes,
                   size_t length_bytes);

/* Write a partition table, both copies, into @disk. */
void table_write(uint8_t disk[static DISK_BYTES], const struct partition_plan *plans,
                 uint32_t count);

/* The disk @bytes as an open file without a name. */
int disk_open(const uint8_t bytes[static DISK_BYTES]);

#endif
