/* SPDX-License-Identifier: Apache-2.0 */
/* launcher_process.h - the other side of launcher.h: what the forked process does.
 *
 * Its first packet is a struct btx_fault: how its start went.  Each packet to it is an order: the
 * arguments, each with a zero behind it, and BTX_LAUNCH_PIPE_COUNT descriptors to write to. */
#ifndef BTX_ADMIN_LAUNCHER_PROCESS_H
#define BTX_ADMIN_LAUNCHER_PROCESS_H

#include "admin/launcher.h"

enum {
    BTX_LAUNCH_ORDER_BYTES_MAX = 16 * 1024, /* two paths and some options */
    BTX_LAUNCH_ARGUMENTS_MAX = 16,
};

/* Take orders at @fd until the other end is closed, then end the process. */
_Noreturn void btx_launcher_serve(int fd, const struct btx_launcher_options *options);

#endif
