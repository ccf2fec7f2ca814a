/* SPDX-License-Identifier: Apache-2.0 */
/* notify.h - tells systemd how this service is: ready, busy with what, alive, stopping.
 *
 * The protocol of sd_notify(3), which is a datagram of lines "KEY=VALUE" to the socket that
 * NOTIFY_SOCKET names.  The descriptor is opened once and kept: nothing has to be found in the
 * filesystem when the sandbox is closed.  Nothing here waits, and without systemd all calls do
 * nothing.  One thread. */
#ifndef BTX_SERVICE_NOTIFY_H
#define BTX_SERVICE_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/fault.h"

enum { BTX_NOTIFY_STATUS_BYTES = 256 }; /* of a status, its end included; the rest is cut */

struct btx_notify {
    int fd;               /* -1: nobody listens */
    uint64_t watchdog_ns; /* a service that says nothing for so long is killed; 0: it is not */
    uint64_t alive_ns;    /* private: of the last btx_notify_alive() that was delivered; 0: none */
};

#define BTX_NOTIFY_NONE ((struct btx_notify){.fd = -1})

/* Connect to who started this process, and take NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out
 * of the environment.  Before other threads are started.  Without them @notify is BTX_NOTIFY_NONE.
 * Faults: CONFIG (the variables make no sense), IO. */
BTX_MUST_USE enum btx_fault_code btx_notify_open(struct btx_notify *notify,
                                                 struct btx_fault *reterr_fault);

/* All of these: false when the other side's queue is full, and then nothing was said: try again
 * later.  True also when nobody listens. */

/* The service does its work: who waits for it may go on.  To be repeated until it is true. */
BTX_MUST_USE bool btx_notify_ready(struct btx_notify *notify);

/* What it is doing, for `systemctl status`.  A control character becomes a space. */
bool btx_notify_status(struct btx_notify *notify, const char *format, ...) BTX_PRINTF(2, 3);

/* It has begun to stop. */
bool btx_notify_stopping(struct btx_notify *notify);

/* Starting or stopping takes until @more_ns from now: a recovery that goes on is no hang. */
bool btx_notify_extend(struct btx_notify *notify, uint64_t more_ns);

/* The loop turns.  To be called often, with the monotonic clock: it is said each time that a
 * quarter of the watchdog's time has passed, so that one that is lost does no harm. */
bool btx_notify_alive(struct btx_notify *notify, uint64_t now_ns);

/* Idempotent. */
void btx_notify_close(struct btx_notify *notify);

#endif
