/* SPDX-License-Identifier: Apache-2.0 */
/* disks.h - the disks of the machine as the kernel lists them (/sys/block), and opening one.
 *
 * Whole disks only, whatever they are attached by.  Left out is what stands on other devices or on
 * no disk: loop, ram, zram, dm, md, sr, fd. */
#ifndef BTX_DISK_DISKS_H
#define BTX_DISK_DISKS_H

#include <stdint.h>

#include "engine/base/fault.h"

enum { BTX_DEVICE_NAME_BYTES = 64, BTX_DISKS_MAX = 64, BTX_DISK_FACT_BYTES = 128 };

/* Where to look. */
struct btx_machine {
    const char *root; /* before /sys and /dev; "" outside of tests */
};

struct btx_disks {
    uint32_t count;
    char names[BTX_DISKS_MAX][BTX_DEVICE_NAME_BYTES]; /* of files in /dev, in alphabetical order */
};

struct btx_disk {
    int fd;
    uint32_t sector_bytes;
    uint64_t size_bytes;
};

/* The first BTX_DISKS_MAX disks.  Faults: IO (there is no /sys/block). */
BTX_MUST_USE enum btx_fault_code btx_disks_list(const struct btx_machine *machine,
                                                struct btx_disks *ret_disks,
                                                struct btx_fault *reterr_fault);

/* Open the device @name with @flags (of open(2)); the caller closes ret_disk->fd.  Faults: IO. */
BTX_MUST_USE enum btx_fault_code btx_disk_open(const struct btx_machine *machine, const char *name,
                                               int flags, struct btx_disk *ret_disk,
                                               struct btx_fault *reterr_fault);

/* What the kernel's file @fact of the disk @name says ("ro", "device/model"), without spaces at its
 * ends; what is no printable ASCII reads '?'.  "" when there is no such file. */
void btx_disk_fact(const struct btx_machine *machine, const char *name, const char *fact,
                   char ret_text[static BTX_DISK_FACT_BYTES]);

#endif
