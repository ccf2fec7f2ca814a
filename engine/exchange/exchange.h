/* SPDX-License-Identifier: Apache-2.0 */
/* exchange.h - a core with its memory and room for a tx: what a program needs to run commands.
 *
 * For programs without a ring or a log: replay, tests, demonstrations.  The memory is mapped in
 * one piece without reserve, so that generous capacities cost nothing until they are used. */
#ifndef BTX_EXCHANGE_EXCHANGE_H
#define BTX_EXCHANGE_EXCHANGE_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/fault.h"
#include "engine/base/sha256.h"
#include "engine/core/core.h"

/* What programs take when nobody says better.  Generous, because memory is used only as the
 * exchange fills; not the greatest possible, because wide indexes are slow ones. */
extern const struct btx_core_capacity btx_exchange_capacity_default;

/* Caller's storage; start with {0}. */
struct btx_exchange {
    struct btx_core *core; /* NULL when not open. */
    struct btx_tx tx;      /* What btx_core_step() last made. */
    void *memory;          /* Private from here on. */
    size_t memory_bytes;
    struct btx_core_capacity capacity;
    struct btx_sha256 sha256;
};

/* All memory of the state and of a tx, for who wants to lock it.  A recovery may have it mapped
 * anew. */
static inline const void *btx_exchange_memory(const struct btx_exchange *exchange,
                                              size_t *ret_size_bytes)
{
    *ret_size_bytes = exchange->memory_bytes;
    return exchange->memory;
}

/* Begin an empty exchange of shard 0.  Faults: USAGE for a capacity out of its range; MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_exchange_open(struct btx_exchange *exchange,
                                                   const struct btx_core_capacity *capacity,
                                                   struct btx_fault *reterr_fault);

/* Begin anew, as open left it.  Faults: MEMORY, and then it can only be closed. */
BTX_MUST_USE enum btx_fault_code btx_exchange_reset(struct btx_exchange *exchange,
                                                    struct btx_fault *reterr_fault);

/* SHA-256 of the whole state, between txs. */
void btx_exchange_digest(struct btx_exchange *exchange, uint8_t ret_digest[BTX_SHA256_BYTES]);

/* The record behind @record in @tx, the first one for NULL; NULL behind the last. */
const struct btx_record *btx_tx_next_record(const struct btx_tx *tx,
                                            const struct btx_record *record);

/* Give back everything.  Idempotent; accepts an object that open failed on. */
void btx_exchange_close(struct btx_exchange *exchange);

#endif
