/* SPDX-License-Identifier: Apache-2.0 */
/* log_notes.h - the notes that a program writes which keeps a log: when it starts, when it stops in
 * order, and what an operator did.
 *
 * Each is written at @to (64-byte aligned, room for BTX_TX_BYTES_MAX), for the place in the log
 * where @core is, between txs.  Each returns its length.  Not sealed. */
#ifndef BTX_EXCHANGE_LOG_NOTES_H
#define BTX_EXCHANGE_LOG_NOTES_H

#include <stddef.h>
#include <stdint.h>

#include "engine/exchange/exchange.h"

/* Who starts. */
struct btx_log_start {
    uint64_t epoch;    /* of the writer */
    const char *image; /* program and version; cut where it is too long, as the host's name is */
    uint8_t configuration_sha256[BTX_SHA256_BYTES];
};

/* EngineStarted, which is also applied to the core. */
size_t btx_log_note_start(void *to, struct btx_exchange *exchange,
                          const struct btx_log_start *start, uint64_t time_ns);

/* StateDigest: @digest is that of @core (btx_exchange_digest()). */
size_t btx_log_note_digest(void *to, const struct btx_core *core,
                           const uint8_t digest[BTX_SHA256_BYTES], uint64_t time_ns);

size_t btx_log_note_clean_stop(void *to, const struct btx_core *core, uint64_t time_ns);

/* OperatorAction: @who has 32 bytes, zeros behind the name; @what is printable ASCII. */
size_t btx_log_note_action(void *to, const struct btx_core *core, const char who[32],
                           const char *what, size_t what_length_bytes, uint64_t time_ns);

#endif
