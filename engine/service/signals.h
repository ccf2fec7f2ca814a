/* SPDX-License-Identifier: Apache-2.0 */
/* signals.h - the signals of a service, as a descriptor to wait for and flags to look at.
 *
 * SIGTERM and SIGINT ask to stop, SIGHUP asks to read the configuration again, SIGPIPE is ignored.
 * No handler ever runs: the signals are blocked and read from a signalfd, so that no call of any
 * thread is interrupted by them and nothing has to be safe in a handler. */
#ifndef BTX_SERVICE_SIGNALS_H
#define BTX_SERVICE_SIGNALS_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "engine/base/fault.h"

struct btx_signals {
    int fd;                   /* readable when there is one: for poll and epoll; -1: closed */
    _Atomic int stop;         /* private */
    _Atomic bool reload;      /* private */
    sigset_t mask_before;     /* private */
    void (*pipe_before)(int); /* private */
};

#define BTX_SIGNALS_CLOSED ((struct btx_signals){.fd = -1})

/* Block and take over the signals of this process.  Before any other thread is started: threads
 * inherit what is blocked, and one that does not would be ended by SIGTERM.
 * Faults: IO. */
BTX_MUST_USE enum btx_fault_code btx_signals_open(struct btx_signals *signals,
                                                  struct btx_fault *reterr_fault);

/* Take all signals that have come into the flags, without waiting.  The one thread that waits for
 * the descriptor calls it. */
void btx_signals_read(struct btx_signals *signals);

/* The signal that asked to stop, 0 when none has.  Any thread, as often as it likes: one load. */
int btx_signals_stop(const struct btx_signals *signals);

/* Whether a reload was asked for since the last call. */
bool btx_signals_take_reload(struct btx_signals *signals);

/* Give the signals back as they were.  Idempotent. */
void btx_signals_close(struct btx_signals *signals);

#endif
