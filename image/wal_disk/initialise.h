/* SPDX-License-Identifier: Apache-2.0 */
/* initialise.h - makes a blank disk the log's.
 *
 * It happens once, because a person said so and named the disk by its serial number; nothing in a
 * file can bring it about.  What is not proven blank is never touched, and a machine that has a log
 * gets no second one. */
#ifndef BTX_WAL_DISK_INITIALISE_H
#define BTX_WAL_DISK_INITIALISE_H

#include <stdbool.h>

#include "image/disk/disks.h"

enum { BTX_WAL_DISK_ANSWER_BYTES = 512 };

/* Make the blank disk with @serial the log's: ext4, a partition table.  @ret_done: it is;
 * @ret_answer says what was done, or why nothing was (no such disk, not blank, a log is there).
 * Faults: IO (the disk failed on the way, and is not blank any more). */
BTX_MUST_USE enum btx_fault_code btx_wal_disk_initialise(
    const struct btx_machine *machine, const char *serial, bool *ret_done,
    char ret_answer[static BTX_WAL_DISK_ANSWER_BYTES], struct btx_fault *reterr_fault);

#endif
