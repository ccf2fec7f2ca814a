/* SPDX-License-Identifier: Apache-2.0 */
/* replay_log.h - the log that betex-replay keeps with --wal: txs are gathered, and committed
 * together.
 *
 * The core writes each tx straight behind those that were gathered.  Nothing of them may be shown
 * before the commit; then the batch is there to be shown. */
#ifndef BTX_ENGINE_REPLAY_LOG_H
#define BTX_ENGINE_REPLAY_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/fault.h"
#include "engine/base/sha256.h"
#include "engine/exchange/exchange.h"
#include "engine/exchange/recovery.h"
#include "engine/wal/wal_settings.h"
#include "engine/wal/writer.h"

/* Caller's storage; start with {0}. */
struct btx_replay_log {
    struct btx_tx tx;    /* Where the next tx is to be written. */
    struct btx_tx batch; /* What is gathered; what was committed, until the next tx is taken. */
    bool stopped;        /* The filesystem has less room than wal.stop_bytes: take no command. */
    uint64_t free_bytes; /* What it has. */
    struct btx_wal_writer *writer; /* Private from here on. */
    const char *root;
    struct btx_wal_settings settings;
    bool committed; /* The batch is: it is not part of the next one. */
};

/* Open the log at @root, which is made when missing, recover its state into @exchange, which is
 * open and fresh, and gather an EngineStarted note.  @root must outlive the log.
 * Faults: those of btx_wal_writer_open() and btx_recovery_run(). */
BTX_MUST_USE enum btx_fault_code btx_replay_log_open(struct btx_replay_log *log, const char *root,
                                                     const struct btx_wal_settings *settings,
                                                     struct btx_exchange *exchange,
                                                     struct btx_recovery_report *ret_report,
                                                     struct btx_fault *reterr_fault);

/* Whether log->tx, as the core left it, fits into the batch: if not, commit first. */
bool btx_replay_log_fits(const struct btx_replay_log *log);

/* Seal log->tx and gather it. */
void btx_replay_log_take(struct btx_replay_log *log);

/* Make durable what is gathered; log->batch is that, or empty when there was nothing.
 * Faults: DISK_FULL, IO, LOCKED, MEMORY: nothing of it may be shown, and nothing more be done. */
BTX_MUST_USE enum btx_fault_code btx_replay_log_commit(struct btx_replay_log *log,
                                                       struct btx_fault *reterr_fault);

/* Gather what ends a log in order: the notes StateDigest, of @digest, and CleanStop.  Call it with
 * nothing gathered, and commit then. */
void btx_replay_log_stop(struct btx_replay_log *log, const struct btx_exchange *exchange,
                         const uint8_t digest[BTX_SHA256_BYTES]);

/* End writing: what is gathered and not committed is lost.  With @snapshot, write one of the
 * state of @exchange, which is that of the last commit.  Idempotent; accepts an object that open
 * failed on.  Faults: those of btx_wal_writer_close() and btx_snapshot_end(). */
BTX_MUST_USE enum btx_fault_code btx_replay_log_close(struct btx_replay_log *log,
                                                      const struct btx_exchange *exchange,
                                                      bool snapshot,
                                                      struct btx_fault *reterr_fault);

#endif
