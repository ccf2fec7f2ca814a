/* SPDX-License-Identifier: Apache-2.0 */
/* layout.h - how the partitions of the appliance are known: types and labels.
 * image/disk_image.py lays them out; image/README.md lists them. */
#ifndef BTX_DISK_LAYOUT_H
#define BTX_DISK_LAYOUT_H

/* The log's disk: type and label must both be these. */
#define BTX_WAL_TYPE "be7ec5a1-0000-4000-8000-0000a15d15c0"
#define BTX_WAL_LABEL "betex-wal"

/* On the disk of the system. */
#define BTX_CONFIG_LABEL "betex-config"

/* Where the initrd and later steps leave links to the devices that they have found. */
#define BTX_DEVICES_FOLDER "/run/betex-devices"

#endif
