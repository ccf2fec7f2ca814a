/* SPDX-License-Identifier: Apache-2.0 */
/* batch.c - one pass over the bytes of a batch: frame, CRC, then what the record says of its place.
 *
 * Recovery runs this over every byte of a log.  Nothing is copied, and the position of the caller
 * moves only at the ends of txs and notes, so that it is right whatever comes behind. */
#include "engine/wal/batch.h"

/* How far the walk got into the tx that begins at the position. */
struct tx_walk {
    bool has_command;
    bool has_events;
    uint64_t seq;     /* last event */
    uint64_t time_ns; /* last command or event */
};

static struct tx_walk tx_walk_at(const struct btx_wal_position *position)
{
    return (struct tx_walk){.seq = position->seq, .time_ns = position->time_ns};
}

static bool is_in_tx(const struct tx_walk *walk)
{
    return walk->has_command || walk->has_events;
}

static const char *take_command(struct tx_walk *walk, const struct btx_wal_position *position,
                                const struct btx_record *command)
{
    if (is_in_tx(walk))
        return "command: within a tx";
    if (position->in_command)
        return "command: the one before is not finished";
    if (command->seq != position->seq + 1)
        return "seq: a command names the next event";
    if (command->tx != position->tx + 1)
        return "tx: not the next one";
    if (command->time_ns < walk->time_ns)
        return "time: before that of the record before";
    walk->has_command = true;
    walk->time_ns = command->time_ns;
    return NULL;
}

static const char *take_event(struct tx_walk *walk, const struct btx_wal_position *position,
                              const struct btx_record *event)
{
    if (!is_in_tx(walk) && !position->in_command)
        return "event: without a command";
    if (event->seq != walk->seq + 1)
        return "seq: not the next one";
    if (event->tx != position->tx + 1)
        return "tx: not the next one";
    if (event->time_ns < walk->time_ns)
        return "time: before that of the record before";
    walk->has_events = true;
    walk->seq = event->seq;
    walk->time_ns = event->time_ns;
    return NULL;
}

static const char *take_note(const struct tx_walk *walk, const struct btx_wal_position *position,
                             const struct btx_record *note)
{
    if (is_in_tx(walk))
        return "note: within a tx";
    if (note->seq != position->seq)
        return "seq: a note names the event before it";
    if (note->tx != position->tx)
        return "tx: a note names the one before it";
    return NULL;
}

/* Take @record, whose frame is checked; *ret_whole: what was begun is whole with it. */
static const char *take_record(struct tx_walk *walk, const struct btx_wal_position *position,
                               const struct btx_record *record, bool *ret_whole)
{
    switch (btx_record_kind(record)) {
    case BTX_RECORD_COMMAND:
        *ret_whole = false;
        return take_command(walk, position, record);
    case BTX_RECORD_EVENT:
        *ret_whole = (record->kind_flags & BTX_RECORD_TX_END) != 0;
        return take_event(walk, position, record);
    case BTX_RECORD_NOTE:
        *ret_whole = true;
        return take_note(walk, position, record);
    }
    return "kind: unknown";
}

static const char *check_key(const struct btx_wal_batch *batch,
                             const struct btx_wal_position *position)
{
    if (batch->number != position->batch + 1)
        return "key: not the next batch";
    if (batch->seq != position->seq + 1)
        return "key: not the next seq";
    if (batch->length_bytes == 0)
        return "no record";
    return NULL;
}

/* Move @position behind @record, which ends what @walk has seen. */
static void position_advance(struct btx_wal_position *position, uint64_t batch_number,
                             const struct tx_walk *walk, const struct btx_record *record)
{
    position->batch = batch_number;
    if (!walk->has_events)
        return; /* A note. */
    position->seq = walk->seq;
    position->tx = record->tx;
    position->time_ns = walk->time_ns;
    position->in_command = (record->kind_flags & BTX_RECORD_COMMAND_END) == 0;
}

struct btx_wal_batch_check btx_wal_batch_check(const struct btx_wal_batch *batch,
                                               struct btx_wal_position *position)
{
    struct btx_wal_batch_check check = {.why = check_key(batch, position)};
    struct tx_walk walk = tx_walk_at(position);

    if (check.why != NULL)
        return check;
    while (check.offset_bytes < batch->length_bytes) {
        const struct btx_record *record =
            (const struct btx_record *)(batch->bytes + check.offset_bytes);
        bool whole;

        check.why = btx_record_check(record, batch->length_bytes - check.offset_bytes);
        if (check.why == NULL && !btx_record_sealed(record))
            check.why = "CRC is wrong";
        if (check.why == NULL)
            check.why = take_record(&walk, position, record, &whole);
        if (check.why != NULL)
            return check;

        check.offset_bytes += btx_record_length_bytes(record);
        if (whole) {
            position_advance(position, batch->number, &walk, record);
            walk = tx_walk_at(position);
            check.valid_bytes = check.offset_bytes;
        }
    }
    if (is_in_tx(&walk)) {
        check.offset_bytes = check.valid_bytes;
        check.why = "tx: not whole at the end of the batch";
    }
    return check;
}

struct btx_wal_position btx_wal_batch_origin(const struct btx_wal_batch *batch)
{
    struct btx_wal_position origin = {.seq = batch->seq - 1, .batch = batch->number - 1};
    size_t offset_bytes = 0;

    while (offset_bytes < batch->length_bytes &&
           batch->length_bytes - offset_bytes >= sizeof(struct btx_record)) {
        const struct btx_record *record = (const struct btx_record *)(batch->bytes + offset_bytes);
        const bool is_note = btx_record_kind(record) == BTX_RECORD_NOTE;

        origin.tx = is_note ? record->tx : record->tx - 1;
        origin.in_command = btx_record_kind(record) == BTX_RECORD_EVENT;
        if (!is_note || record->length_units == 0)
            break;
        offset_bytes += btx_record_length_bytes(record);
    }
    return origin;
}
