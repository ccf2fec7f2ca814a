/* SPDX-License-Identifier: Apache-2.0 */
/* ctl_console.h - betexctl console: the console on a terminal and at betex-admin's socket. */
#ifndef BTX_CONSOLE_CTL_CONSOLE_H
#define BTX_CONSOLE_CTL_CONSOLE_H

#include "admin/ctl_request.h"

/* Run until somebody quits, a signal ends it or the terminal is gone.  Faults: USAGE, as
 * btx_screen_open(). */
enum btx_fault_code btx_ctl_console(const struct btx_ctl_request *request,
                                    struct btx_fault *reterr_fault);

#endif
