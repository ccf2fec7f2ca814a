/* SPDX-License-Identifier: Apache-2.0 */
/* serve.h - answers betexctl about disks: one request on a connection, in a process of its own.
 *
 * A request is a line: "disks", or "init SERIAL".  The answer is a line with 0 (done) or 1
 * (refused), and then text for people.  Who may ask is decided by the mode of the socket
 * (betex-wal-init.socket). */
#ifndef BTX_WAL_DISK_SERVE_H
#define BTX_WAL_DISK_SERVE_H

#include "image/disk/disks.h"

/* Read a request from @in and write the answer to @out, both open descriptors.
 * Faults: INPUT (it is no request), IO; the answer says it, too. */
BTX_MUST_USE enum btx_fault_code btx_wal_disk_serve(const struct btx_machine *machine, int in,
                                                    int out, struct btx_fault *reterr_fault);

#endif
