/* SPDX-License-Identifier: Apache-2.0 */
/* origin.h - how a disk is reached. */
#ifndef BTX_WAL_DISK_ORIGIN_H
#define BTX_WAL_DISK_ORIGIN_H

#include "image/disk/disks.h"

/* The name of the network that the disk @name is reached over ("iSCSI"), NULL when it is local.  On
 * a network a second machine may write to the same disk, unseen by any lock. */
const char *btx_disk_network(const struct btx_machine *machine, const char *name);

#endif
