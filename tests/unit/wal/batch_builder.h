/* SPDX-License-Identifier: Apache-2.0 */
/* batch_builder.h - batches as a right writer makes them, record by record, to be stored or spoilt.
 *
 * The builder counts: each record gets the seq, tx and time that follow.  What a test wants wrong
 * it changes in the bytes and seals again with btx_record_seal(). */
#ifndef BTX_TESTS_UNIT_WAL_BATCH_BUILDER_H
#define BTX_TESTS_UNIT_WAL_BATCH_BUILDER_H

#include "engine/wal/batch.h"
#include "engine/wire/record.h"

enum { BATCH_BUILDER_BYTES = 256 * 1024 };

/* Start with {0}: the beginning of a log.  Caller's storage. */
struct batch_builder {
    struct btx_wal_position position; /* behind the last record built */
    uint64_t batch_seq;               /* of the batch being built, its key */
    size_t length_bytes;
    _Alignas(8) uint8_t bytes[BATCH_BUILDER_BYTES];
};

/* Forget the records and begin the next batch behind them. */
void batch_begin(struct batch_builder *builder);

/* The batch built so far; its bytes are the builder's.  Counts it: position.batch is its number. */
struct btx_wal_batch batch_end(struct batch_builder *builder);

/* OpenAccount, of 64 bytes, as the first record of a tx. */
struct btx_record *batch_command(struct batch_builder *builder);

/* FundsDeposited, of 128 bytes, with @flags: TX_END counts the tx. */
struct btx_record *batch_event(struct batch_builder *builder, uint8_t flags);

/* CleanStop, of 64 bytes. */
struct btx_record *batch_note(struct batch_builder *builder);

/* A command and its only tx, of @events events. */
void batch_tx(struct batch_builder *builder, size_t events);

#endif
