/* SPDX-License-Identifier: Apache-2.0 */
/* auditor_capacity.c - within which capacities an engine wrote what stands behind a snapshot.
 *
 * An engine begins a segment with a greater epoch and says what it is before its first command: so
 * the note stands in the first segment of an epoch.  Where there is none the engine before counts
 * on, until the log begins. */
#include "engine/shadow/auditor_parts.h"

#include "engine/wal/segment_reader.h"

/* The epoch of segment @index, or of the first one behind it that has a header; @end is one of
 * those that have. */
static enum btx_fault_code epoch_at(const struct btx_auditor *auditor, size_t index, size_t end,
                                    uint64_t *ret_epoch, struct btx_fault *reterr_fault)
{
    const struct btx_segment_options options = {.live = true};
    const struct btx_wal_header *header = NULL;

    for (*ret_epoch = 0; header == NULL && index <= end; index++) {
        struct btx_segment_reader *reader;

        if (btx_segment_reader_open(&reader, auditor->segments_fd, auditor->segments[index].name,
                                    &options, reterr_fault) != BTX_OK)
            return reterr_fault->code;
        header = btx_segment_reader_header(reader);
        if (header != NULL)
            *ret_epoch = header->epoch;
        btx_segment_reader_close(reader);
    }
    return BTX_OK;
}

/* The first segment of the epoch of segment @index: epochs never go back. */
static enum btx_fault_code find_epoch(const struct btx_auditor *auditor, size_t index,
                                      size_t *ret_first, struct btx_fault *reterr_fault)
{
    uint64_t wanted;
    size_t low = 0;
    size_t high = index;

    if (epoch_at(auditor, index, index, &wanted, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        uint64_t epoch;

        if (epoch_at(auditor, middle, index, &epoch, reterr_fault) != BTX_OK)
            return reterr_fault->code;
        if (epoch < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_first = low;
    return BTX_OK;
}

/* What was found in one segment. */
struct finding {
    bool found;
    struct btx_core_capacity capacity;
};

/* The notes of the segment before its first command, and not behind the event @seq. */
static enum btx_fault_code read_notes(struct btx_log_reader *reader,
                                      const struct btx_log_segment *segment, uint64_t seq,
                                      struct finding *finding, struct btx_fault *reterr_fault)
{
    const struct btx_record *record;

    for (;;) {
        switch (btx_log_reader_next(reader, &record, reterr_fault)) {
        case BTX_LOG_RECORD:
            break;
        case BTX_LOG_END:
            return BTX_OK;
        case BTX_LOG_DAMAGE:
            return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0,
                                 "damage in segments/%s, which says within which capacities the "
                                 "engine went on",
                                 segment->name);
        case BTX_LOG_FAULT:
            return reterr_fault->code;
        }
        if (record->seq > seq ||
            (btx_record_kind(record) == BTX_RECORD_COMMAND && record->seq >= segment->first_seq))
            return BTX_OK;
        if (btx_record_kind(record) == BTX_RECORD_NOTE && record->type == BTX_NOTE_ENGINE_STARTED) {
            finding->found = true;
            finding->capacity = btx_log_capacity((const struct btx_engine_started *)record);
        }
    }
}

/* A reader asked for an event passes over the notes before its tx: so ask for the one before. */
static enum btx_fault_code look_into(const struct btx_auditor *auditor, size_t index, uint64_t seq,
                                     struct finding *finding, struct btx_fault *reterr_fault)
{
    const struct btx_log_segment *segment = &auditor->segments[index];
    const struct btx_log_options options = {
        .live = true,
        .from_seq = index == 0 ? 0 : segment->first_seq - 1,
    };
    struct btx_log_reader *reader;
    enum btx_fault_code code;

    if (btx_log_reader_open(&reader, auditor->options.root, &options, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    btx_log_reader_limit_segment(reader, segment->number);
    code = read_notes(reader, segment, seq, finding, reterr_fault);
    btx_log_reader_close(reader);
    return code;
}

enum btx_fault_code btx_auditor_capacity(const struct btx_auditor *auditor, uint64_t number,
                                         uint64_t seq, struct btx_core_capacity *ret_capacity,
                                         struct btx_fault *reterr_fault)
{
    size_t index = btx_auditor_find_segment(auditor, number);
    struct finding finding = {.capacity = btx_exchange_capacity_default};

    /* A log that begins behind the snapshot has nothing to say of what was before. */
    if (index == auditor->segment_count || auditor->segments[index].number != number)
        index = 0;
    else
        index++;
    while (index > 0 && !finding.found) {
        if (find_epoch(auditor, index - 1, &index, reterr_fault) != BTX_OK ||
            look_into(auditor, index, seq, &finding, reterr_fault) != BTX_OK)
            return reterr_fault->code;
    }
    *ret_capacity = finding.capacity;
    return BTX_OK;
}
