/* SPDX-License-Identifier: Apache-2.0 */
/* recovery.h - the state that a log says: newest good snapshot, then the records behind it.
 *
 * What the engine does at start, an auditor at any seq, and `betex-replay --from-wal`.  Reads
 * only; btx_core_apply() alone changes the state. */
#ifndef BTX_EXCHANGE_RECOVERY_H
#define BTX_EXCHANGE_RECOVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/fault.h"
#include "engine/exchange/exchange.h"
#include "engine/wal/batch.h"
#include "engine/wal/damage.h"
#include "engine/wal/log_end.h"

struct btx_recovery_options {
    const char *root;
    const struct btx_log_end *end; /* as the writer found it; NULL: look here, at a log that a
                                      writer may be at work on: then up to where it is now */
    uint64_t at_seq;               /* the state right after this event, which must end its tx;
                                      0: before the first; UINT64_MAX: at the end of the log */
    bool no_snapshots;             /* from the first record on */
};

struct btx_recovery_report {
    struct btx_wal_position position;        /* behind the last record that was applied */
    uint64_t snapshot_seq;                   /* of the snapshot it began with, 0: none */
    uint64_t snapshots_refused;              /* newer ones that could not be used */
    char snapshot_why[BTX_FAULT_TEXT_BYTES]; /* why the newest of them was not */
    uint64_t commands;                       /* records applied, by kind */
    uint64_t events;
    uint64_t notes;
    uint64_t digests;                /* StateDigest notes met, each of which was right */
    bool cut;                        /* the end of the log is torn, and was cut */
    struct btx_wal_damage cut_where; /* the first thing that does not count, when cut */
};

/* Rebuild the state in @exchange, which is open and fresh; a snapshot that turns out not to fit
 * makes it begin anew.  An unfinished command is left pending (btx_core_pending()): whoever goes
 * on finishes it first.  At the end the state is verified (btx_core_verify()) and can step.
 * A snapshot is only a short cut: one that cannot be used, for whatever reason, is passed over
 * and reported, unless the log begins behind it.
 * Faults: CORRUPT, with segment and reason: damage, a record that cannot follow the state, a
 * StateDigest that differs; INPUT: at_seq is not in the log or does not end a tx (the text says
 * which seq would do); LIMIT: the state does not fit the capacities; LAYOUT: written by newer
 * rules; those of btx_log_end_find(). */
BTX_MUST_USE enum btx_fault_code btx_recovery_run(struct btx_exchange *exchange,
                                                  const struct btx_recovery_options *options,
                                                  struct btx_recovery_report *ret_report,
                                                  struct btx_fault *reterr_fault);

#endif
