/* SPDX-License-Identifier: Apache-2.0 */
/* log_execution.h - a log executed once more, record by record, within the capacities that it was
 * written with: for auditors, on a disk or beside a living engine.
 *
 * audit.h compares; here is what is around it: EngineStarted notes say the
 * capacities, which decide about refusals, and a log whose beginning is gone begins with a
 * snapshot. */
#ifndef BTX_EXCHANGE_LOG_EXECUTION_H
#define BTX_EXCHANGE_LOG_EXECUTION_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/exchange/audit.h"
#include "engine/exchange/exchange.h"
#include "engine/wal/snapshot.h"
#include "engine/wire/notes.h"

enum { BTX_EXECUTION_TEXT_BYTES = BTX_FAULT_TEXT_BYTES };

enum btx_execution_state {
    BTX_EXECUTION_OFF,     /* not asked for */
    BTX_EXECUTION_RUNNING, /* everything so far came out again */
    BTX_EXECUTION_STOPPED, /* cannot go on; the reason is in @why */
    BTX_EXECUTION_DIFFERS, /* what came out is not what the log has; likewise */
};

/* Caller's storage; start with {0}, which is OFF. */
struct btx_log_execution {
    enum btx_execution_state state;
    struct btx_audit audit;             /* its counters, and what was expected when DIFFERS */
    enum btx_fault_code code;           /* STOPPED: MEMORY, LAYOUT, LIMIT; CORRUPT for damage */
    char why[BTX_EXECUTION_TEXT_BYTES]; /* STOPPED, DIFFERS */
    uint64_t stopped_seq;               /* STOPPED, DIFFERS: of the last event that was equal */
    struct btx_exchange exchange;       /* private from here on */
    struct btx_core_capacity capacity;
    const char *root;
    uint64_t base_seq; /* of the snapshot to begin with, 0: none */
};

/* Get ready for the first record of the log at @root, which outlives @execution.  @base_seq: the
 * snapshot that the log begins behind; 0: it begins at its beginning. */
void btx_log_execution_begin(struct btx_log_execution *execution, const char *root,
                             uint64_t base_seq);

/* Get ready for the first record behind @snapshot, which stands on the log, within @capacity: what
 * the last EngineStarted before it said.  RUNNING, or STOPPED when the state cannot be taken. */
void btx_log_execution_resume(struct btx_log_execution *execution,
                              const struct btx_snapshot *snapshot,
                              const struct btx_core_capacity *capacity);

/* The capacities that @note says. */
struct btx_core_capacity btx_log_capacity(const struct btx_engine_started *note);

/* Take the next record while RUNNING; otherwise it does nothing. */
void btx_log_execution_take(struct btx_log_execution *execution, const struct btx_record *record);

/* It cannot go on, because of damage: @why.  Does nothing unless RUNNING. */
void btx_log_execution_stop(struct btx_log_execution *execution, const char *why);

/* Give back everything.  Idempotent. */
void btx_log_execution_done(struct btx_log_execution *execution);

#endif
