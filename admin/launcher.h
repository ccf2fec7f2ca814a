/* SPDX-License-Identifier: Apache-2.0 */
/* launcher.h - a process beside betex-admin that runs betex-wal for it.
 *
 * betex-admin reads what clients send and what engines hand out, so its sandbox lets it execute
 * nothing.  The launcher may execute betex-wal, and reads nothing but what betex-admin asks it for.
 * They are forked apart before either closes its sandbox, and the socket between them is their
 * life: the launcher ends, and ends what it runs, when betex-admin is gone. */
#ifndef BTX_ADMIN_LAUNCHER_H
#define BTX_ADMIN_LAUNCHER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/fault.h"

struct btx_launcher {
    int fd; /* becomes readable when the launcher is gone; -1: there is none */
};

struct btx_launcher_options {
    const char *wal_root; /* what betex-wal may look into */
    const char *config;   /* and what it may read; NULL: none */
    bool no_sandbox;
};

/* Fork, before there are threads, and wait until it can take orders.  It keeps standard error.
 * Faults: what it met while it started, IO. */
BTX_MUST_USE enum btx_fault_code btx_launcher_start(struct btx_launcher *ret_launcher,
                                                    const struct btx_launcher_options *options,
                                                    struct btx_fault *reterr_fault);
/* And what it still runs is ended.  Idempotent. */
void btx_launcher_close(struct btx_launcher *launcher);

/* How a betex-wal ended: the one record that is to be read from BTX_LAUNCH_END. */
struct btx_launch_end {
    int32_t os_error; /* it could not be started; 0: it was */
    int32_t status;   /* as waitpid() gives it */
};

/* Pipes to be read from.  Closing BTX_LAUNCH_END ends the betex-wal if it is still at work. */
enum btx_launch_pipe {
    BTX_LAUNCH_OUT, /* its standard output */
    BTX_LAUNCH_ERR, /* its standard error */
    BTX_LAUNCH_END, /* a struct btx_launch_end; or nothing, when the launcher is gone */
    BTX_LAUNCH_PIPE_COUNT
};

/* Have betex-wal run with @arguments, the program's name first and NULL last.  0, and the pipes are
 * the caller's to close; or an errno. */
BTX_MUST_USE int btx_launcher_run(const struct btx_launcher *launcher, const char *const *arguments,
                                  int ret_pipes[BTX_LAUNCH_PIPE_COUNT]);

#endif
