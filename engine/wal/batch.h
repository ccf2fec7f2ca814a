/* SPDX-License-Identifier: Apache-2.0 */
/* batch.h - one group commit: whole txs and notes, and whether a row of bytes is one.
 *
 * The writer checks nothing here: what it is handed comes from its own process.  Every reader
 * checks every batch before it hands out a record. */
#ifndef BTX_WAL_BATCH_H
#define BTX_WAL_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/attributes.h"
#include "engine/wire/record.h"

/* Where in the log something stands: behind which event, tx and batch. */
struct btx_wal_position {
    uint64_t seq;     /* last event before it, 0 for none */
    uint64_t tx;      /* of that event */
    uint64_t batch;   /* last batch before it, 0 for none */
    uint64_t time_ns; /* of the last command or event before it */
    bool in_command;  /* the last event did not end its command: it goes on in the next tx */
};

/* The records of one batch, checked or not. */
struct btx_wal_batch {
    uint64_t seq;         /* of its key: the seq that its first event has or would have */
    uint64_t number;      /* of its key: 1, 2, 3, ... over the life of the log */
    const uint8_t *bytes; /* 8-byte aligned */
    size_t length_bytes;
};

/* What is wrong with a batch, and how much of it is right. */
struct btx_wal_batch_check {
    size_t valid_bytes;  /* up to here it is whole txs and notes; all of it when why is NULL */
    size_t offset_bytes; /* of the record that is wrong */
    const char *why;     /* NULL: the batch is valid.  Static storage. */
};

/* Check that @batch may follow @position: every record is valid (btx_record_check) and sealed;
 * seq and tx count on without a gap; time does not run backwards; commands stand where their tx
 * begins and txs are whole; notes stand between txs and name the event before them.
 * On return @position stands behind the valid part. */
struct btx_wal_batch_check btx_wal_batch_check(const struct btx_wal_batch *batch,
                                               struct btx_wal_position *position);

/* The position that @batch says it follows: where nothing is known of what stood before it (the
 * first batch of a log whose beginning is gone, or behind damage).  seq and number are those of
 * its key; tx and in_command those of its first command or event, or tx that of its notes.  The
 * time is 0.  @batch need not be checked: what it says wrongly, btx_wal_batch_check() finds. */
struct btx_wal_position btx_wal_batch_origin(const struct btx_wal_batch *batch);

#endif
