/* SPDX-License-Identifier: Apache-2.0 */
/* tx.h - writing the events of one step into the caller's tx, private to this folder. */
#ifndef BTX_CORE_TX_H
#define BTX_CORE_TX_H

#include <string.h>

#include "engine/core/change.h"

/* One call of btx_core_step(): what it executes and where its events go. */
struct run {
    struct btx_core *core;
    const struct btx_command *command;
    struct btx_tx *tx;
    struct btx_record *last; /* The last event, whose flags end the tx. */
    bool resumed;            /* Not the command's first tx. */
    bool is_due;             /* It is not a command's but that of something that fell due. */
};

/* Room for an event of @body_bytes and @tail_bytes behind them; the frame is filled in, the rest
 * is zero.  The tx must not be full. */
static inline void *tx_event(struct run *run, enum btx_event_type type, size_t body_bytes,
                             size_t tail_bytes)
{
    struct btx_tx *tx = run->tx;
    struct btx_core *core = run->core;
    CHECK(!tx->full);
    struct btx_record *record = (struct btx_record *)(void *)(tx->bytes + tx->length_bytes);
    const uint16_t units = btx_record_units(body_bytes + tail_bytes);
    memset(record, 0, (size_t)units * BTX_RECORD_UNIT_BYTES);
    record->length_units = units;
    record->kind_flags = BTX_RECORD_EVENT;
    record->type = (uint8_t)type;
    record->seq = core->seq + 1;
    record->tx = core->tx + (tx->event_count == 0);
    record->time_ns = core->now_ns;
    tx->length_bytes += (size_t)units * BTX_RECORD_UNIT_BYTES;
    tx->event_count++;
    tx->full = tx->event_count == BTX_TX_EVENTS_MAX || type == BTX_EVENT_ORDER_CANCELLED_BATCHED;
    run->last = record;
    change_counters(core, record);
    return record;
}

#endif
