/* SPDX-License-Identifier: Apache-2.0 */
/* engine.h - the engine as a process: a log opened and recovered, rings handed out, a matcher and a
 * poller at work, and the thread that watches over them.  betexd.c is the program around it. */
#ifndef BTX_ENGINE_ENGINE_H
#define BTX_ENGINE_ENGINE_H

#include "engine/base/fault.h"
#include "engine/base/log.h"
#include "engine/config/config.h"
#include "engine/service/notify.h"
#include "engine/service/signals.h"
#include "engine/settings/settings.h"

struct btx_engine_options {
    const struct btx_settings *settings;
    const struct btx_config *config; /* of the same settings, for their digest */
    const char *wal;                 /* root of the log */
    const struct btx_log *log;
    struct btx_signals *signals; /* open */
    struct btx_notify *notify;   /* open */
    bool sandbox;                /* give up what is not needed; off for debuggers and sanitizers */
};

/* Open the log, recover, serve until a signal or an operator asks for an end, stop in order.
 * With a sandbox this process cannot do anything else afterwards.
 * Faults: those of btx_sandbox_*(), btx_wal_writer_open(), btx_recovery_run(),
 * btx_event_ring_create(), btx_ring_server_open() and btx_wal_writer_commit(); CONFIG for users
 * that there are not, cores that are not to be had, a clock before the log. */
BTX_MUST_USE enum btx_fault_code btx_engine_run(const struct btx_engine_options *options,
                                                struct btx_fault *reterr_fault);

#endif
