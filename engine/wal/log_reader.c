/* SPDX-License-Identifier: Apache-2.0 */
/* log_reader.c - records out of checked batches.
 *
 * All checking is done a batch at a time (log_walk.h); handing out a record is a step of a pointer.
 * Where the reader is, in seqs and txs, is only worked out when somebody asks. */
#include "engine/wal/log_reader.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/wal/log_walk.h"

struct btx_log_reader {
    const uint8_t *cursor; /* the next record of the batch at hand */
    const uint8_t *stop;   /* handed out up to here: the end, or where the limit is */
    const uint8_t *end;    /* of what of the batch is right */
    const uint8_t *folded; /* position stands before this record; NULL: nothing was read yet */
    uint64_t number;       /* of the batch */
    struct btx_wal_position position;
    uint64_t limit_seq; /* UINT64_MAX: none */
    uint64_t from_seq;  /* not reached yet; 0: it is */
    bool has_header;
    struct btx_wal_header header; /* of the segment of the batch at hand */
    struct btx_wal_damage damage; /* told last */
    struct btx_log_walk walk;
};

enum btx_fault_code btx_log_reader_open(struct btx_log_reader **ret_reader, const char *root,
                                        const struct btx_log_options *options,
                                        struct btx_fault *reterr_fault)
{
    struct btx_log_reader *reader = calloc(1, sizeof *reader);

    *ret_reader = NULL;
    if (reader == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "a reader of the log");
    reader->walk.segments_fd = -1;
    reader->limit_seq = UINT64_MAX;
    reader->from_seq = options->from_seq > 1 ? options->from_seq : 0;
    if (btx_log_walk_open(&reader->walk, root, options, reterr_fault) != BTX_OK) {
        btx_log_reader_close(reader);
        return reterr_fault->code;
    }
    *ret_reader = reader;
    return BTX_OK;
}

const struct btx_wal_id *btx_log_reader_id(const struct btx_log_reader *reader)
{
    return &reader->walk.id;
}

const struct btx_log_segment *btx_log_reader_segments(const struct btx_log_reader *reader,
                                                      size_t *ret_count)
{
    *ret_count = reader->walk.segment_count;
    return reader->walk.segments;
}

/* Move @position behind @record. */
static void fold(struct btx_wal_position *position, const struct btx_record *record)
{
    switch (btx_record_kind(record)) {
    case BTX_RECORD_COMMAND:
        position->time_ns = record->time_ns;
        break;
    case BTX_RECORD_EVENT:
        position->seq = record->seq;
        position->tx = record->tx;
        position->time_ns = record->time_ns;
        position->in_command = (record->kind_flags & BTX_RECORD_COMMAND_END) == 0;
        break;
    case BTX_RECORD_NOTE:
        break;
    }
}

/* Let the position catch up with the cursor. */
static void catch_up(struct btx_log_reader *reader)
{
    if (reader->folded != reader->cursor)
        reader->position.batch = reader->number;
    while (reader->folded != reader->cursor) {
        const struct btx_record *record = (const struct btx_record *)reader->folded;

        fold(&reader->position, record);
        reader->folded += btx_record_length_bytes(record);
    }
}

static bool ends_part(const struct btx_record *record)
{
    return btx_record_kind(record) == BTX_RECORD_NOTE ||
           (record->kind_flags & BTX_RECORD_TX_END) != 0;
}

/* Where the limit stops the batch at hand: behind the last tx or note that is not beyond it. */
static const uint8_t *find_stop(const struct btx_log_reader *reader)
{
    const uint8_t *stop = reader->cursor;
    const uint8_t *at = reader->cursor;

    if (reader->limit_seq == UINT64_MAX || reader->walk.present.position.seq < reader->limit_seq)
        return reader->end;
    while (at != reader->end) {
        const struct btx_record *record = (const struct btx_record *)at;
        const bool is_note = btx_record_kind(record) == BTX_RECORD_NOTE;

        if (record->seq > reader->limit_seq || (is_note && record->seq == reader->limit_seq))
            break;
        at += btx_record_length_bytes(record);
        if (ends_part(record))
            stop = at;
    }
    return stop;
}

void btx_log_reader_limit(struct btx_log_reader *reader, uint64_t seq)
{
    reader->limit_seq = seq;
    reader->stop = find_stop(reader);
}

void btx_log_reader_limit_segment(struct btx_log_reader *reader, uint64_t number)
{
    reader->walk.limit_segment = number;
}

/* The beginning of the tx that holds the event from_seq; the end when none does. */
static const uint8_t *find_from(const struct btx_log_reader *reader)
{
    const uint8_t *part = reader->cursor;
    const uint8_t *at = reader->cursor;

    if (reader->walk.present.position.seq < reader->from_seq)
        return reader->end;
    while (at != reader->end) {
        const struct btx_record *record = (const struct btx_record *)at;

        if (btx_record_kind(record) == BTX_RECORD_EVENT && record->seq >= reader->from_seq)
            break;
        at += btx_record_length_bytes(record);
        if (ends_part(record))
            part = at;
    }
    return part;
}

/* Take up the batch that the walk gave. */
static void take_up(struct btx_log_reader *reader, const struct btx_wal_batch *batch)
{
    const struct btx_counted_segment *present = &reader->walk.present;

    reader->cursor = batch->bytes;
    reader->end = batch->bytes + batch->length_bytes;
    reader->folded = reader->cursor;
    reader->position = present->before;
    reader->number = batch->number;
    reader->has_header = present->header != NULL;
    if (reader->has_header)
        reader->header = *present->header;
    if (reader->from_seq != 0) {
        reader->cursor = find_from(reader);
        if (reader->cursor != reader->end)
            reader->from_seq = 0;
    }
    reader->stop = find_stop(reader);
}

/* Whether what comes next is behind the limit, so that it is not even looked at. */
static bool is_at_limit(const struct btx_log_reader *reader)
{
    return reader->cursor != reader->end ||
           (reader->limit_seq != UINT64_MAX &&
            reader->walk.present.position.seq >= reader->limit_seq);
}

/* Find the next record to hand out: *reader stands before it when it is RECORD. */
static enum btx_log_step find_next(struct btx_log_reader *reader, struct btx_fault *reterr_fault)
{
    struct btx_wal_batch batch;
    const struct btx_wal_damage *damage;

    while (reader->cursor == reader->stop) {
        if (is_at_limit(reader))
            return BTX_LOG_END;
        catch_up(reader);
        switch (btx_log_walk_next(&reader->walk, &batch, reterr_fault)) {
        case BTX_SEGMENT_BATCH:
            take_up(reader, &batch);
            break;
        case BTX_SEGMENT_END:
            return BTX_LOG_END;
        case BTX_SEGMENT_DAMAGE:
            damage = btx_damage_list_take(&reader->walk.damages);
            if (damage == NULL)
                break;
            reader->damage = *damage;
            return BTX_LOG_DAMAGE;
        case BTX_SEGMENT_FAULT:
            return BTX_LOG_FAULT;
        }
    }
    return BTX_LOG_RECORD;
}

enum btx_log_step btx_log_reader_next(struct btx_log_reader *reader,
                                      const struct btx_record **ret_record,
                                      struct btx_fault *reterr_fault)
{
    if (BTX_UNLIKELY(reader->cursor == reader->stop)) {
        const enum btx_log_step step = find_next(reader, reterr_fault);

        if (step != BTX_LOG_RECORD)
            return step;
    }
    *ret_record = (const struct btx_record *)reader->cursor;
    reader->cursor += btx_record_length_bytes(*ret_record);
    return BTX_LOG_RECORD;
}

const struct btx_wal_damage *btx_log_reader_damage(const struct btx_log_reader *reader)
{
    return &reader->damage;
}

void btx_log_reader_position(struct btx_log_reader *reader, struct btx_wal_position *ret_position)
{
    catch_up(reader);
    *ret_position = reader->folded != NULL ? reader->position : reader->walk.origin;
}

const struct btx_wal_header *btx_log_reader_header(const struct btx_log_reader *reader)
{
    return reader->has_header ? &reader->header : NULL;
}

const struct btx_wal_seal *btx_log_reader_unsealed(const struct btx_log_reader *reader,
                                                   size_t *ret_count)
{
    *ret_count = reader->walk.seals.count;
    return reader->walk.seals.computed;
}

void btx_log_reader_close(struct btx_log_reader *reader)
{
    if (reader == NULL)
        return;
    btx_log_walk_close(&reader->walk);
    free(reader);
}
