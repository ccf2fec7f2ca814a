/* SPDX-License-Identifier: Apache-2.0 */
/* filesystem.h - which filesystems a log may be written on, and how much room there is.
 *
 * The writer lock and the order of writes hold on local, journaled filesystems: ext4 and XFS.
 * Everything else is refused by name: on network, FUSE, cluster and overlay filesystems a second
 * writer elsewhere would not see the lock, and tmpfs loses all with the power. */
#ifndef BTX_WAL_FILESYSTEM_H
#define BTX_WAL_FILESYSTEM_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/fault.h"

/* The name of filesystem type @magic (statfs.f_type), "unknown" for one that is in no list, and
 * whether it is allowed. */
const char *btx_wal_filesystem_name(uint64_t magic, bool *ret_allowed);

enum { BTX_WAL_FILESYSTEM_BYTES = 32 };

/* The type that the table of mounts (of the form of /proc/self/mountinfo) names for @device
 * (stat.st_dev): it tells ext2 and ext3 from ext4, which statfs does not.  False when the table
 * cannot be read or does not list the device. */
BTX_MUST_USE bool btx_wal_filesystem_mounted(const char *table, uint64_t device,
                                             char ret_type[BTX_WAL_FILESYSTEM_BYTES]);

/* Whether the folder @root_fd may hold a log; @unsafe allows any filesystem.
 * Faults: CONFIG, with the filesystem's name and what to do; IO. */
BTX_MUST_USE enum btx_fault_code btx_wal_filesystem_check(int root_fd, bool unsafe,
                                                          struct btx_fault *reterr_fault);

/* Bytes that an unprivileged process may still write to the filesystem of @fd.  Faults: IO. */
BTX_MUST_USE enum btx_fault_code btx_wal_filesystem_free(int fd, uint64_t *ret_bytes,
                                                         struct btx_fault *reterr_fault);

#endif
