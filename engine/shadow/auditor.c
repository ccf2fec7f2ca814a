/* SPDX-License-Identifier: Apache-2.0 */
/* auditor.c - from one sealed segment to the next. */
#include "engine/shadow/auditor.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/shadow/auditor_parts.h"

void btx_auditor_tell(const struct btx_auditor *auditor, enum btx_auditor_event event, uint64_t seq,
                      const struct btx_fault *fault)
{
    const struct btx_auditor_news news = {
        .event = event,
        .seq = seq,
        .segment = auditor->seal.segment,
        .why = fault == NULL ? NULL : fault->text,
        .fault = fault,
    };

    auditor->options.tell(auditor->options.context, &news);
}

/* ---- What ends an audit ---- */

static enum btx_auditor_step fail(struct btx_auditor *auditor, const struct btx_auditor_news *news)
{
    auditor->figures.failed = true;
    auditor->figures.failed_seq = news->seq;
    if (news->event == BTX_AUDITOR_DIFFERENCE)
        auditor->figures.differences++;
    auditor->options.tell(auditor->options.context, news);
    return BTX_AUDITOR_FAILED;
}

static enum btx_auditor_step fail_difference(struct btx_auditor *auditor,
                                             const struct btx_record *record)
{
    return fail(auditor,
                &(struct btx_auditor_news){.event = BTX_AUDITOR_DIFFERENCE,
                                           .seq = record->seq,
                                           .segment = auditor->seal.segment,
                                           .why = auditor->execution.why,
                                           .in_log = record,
                                           .in_execution = auditor->execution.audit.expected});
}

static enum btx_auditor_step fail_damage(struct btx_auditor *auditor, uint64_t segment,
                                         uint64_t seq, const char *why)
{
    return fail(auditor,
                &(struct btx_auditor_news){
                    .event = BTX_AUDITOR_DAMAGE, .seq = seq, .segment = segment, .why = why});
}

static enum btx_auditor_step fail_reading(struct btx_auditor *auditor)
{
    const struct btx_wal_damage *damage = btx_log_reader_damage(auditor->reader);
    char text[BTX_FAULT_TEXT_BYTES];

    btx_wal_damage_print(damage, text, sizeof text);
    return fail_damage(auditor, auditor->seal.segment, damage->seq, text);
}

/* ---- A segment ---- */

static enum btx_fault_code open_reader(struct btx_auditor *auditor, struct btx_fault *reterr_fault)
{
    const bool has_base = auditor->base.segment != 0;
    /* With the tx of the last event that is in the state, so that no note behind it is missed; or
     * where the log begins, if that tx is gone. */
    const bool from_base = has_base && auditor->segments[0].first_seq <= auditor->base_seq;
    const struct btx_log_options options = {
        .from_seq = from_base ? auditor->base_seq : 0,
        .live = true,
        .verify_seals = true,
        .behind = has_base ? &auditor->base : NULL,
    };

    return btx_log_reader_open(&auditor->reader, auditor->options.root, &options, reterr_fault);
}

/* Begin with the next segment, if it is sealed. */
static enum btx_auditor_step begin_segment(struct btx_auditor *auditor,
                                           struct btx_fault *reterr_fault)
{
    const uint64_t number = auditor->done + 1;
    struct btx_wal_seal seal;
    bool found = false;
    bool lost = false;

    if (btx_auditor_list(auditor, reterr_fault) != BTX_OK ||
        btx_auditor_find_seal(auditor, number, &found, &lost, &seal, reterr_fault) != BTX_OK)
        return BTX_AUDITOR_FAULT;
    if (lost)
        return fail_damage(auditor, number, 0,
                           "the log has no seal of the segment, and nobody will write it any more");
    if (!found)
        return BTX_AUDITOR_IDLE;
    if (auditor->reader == NULL && open_reader(auditor, reterr_fault) != BTX_OK)
        return BTX_AUDITOR_FAULT;
    btx_log_reader_limit_segment(auditor->reader, number);
    auditor->seal = seal;
    auditor->in_segment = true;
    return BTX_AUDITOR_MORE;
}

/* Whether the record is in the state that was begun with.  A command names the event that comes
 * next, a note the last one. */
static bool is_in_base(const struct btx_auditor *auditor, const struct btx_record *record)
{
    if (btx_record_kind(record) == BTX_RECORD_NOTE)
        return record->seq < auditor->base_seq;
    return record->seq <= auditor->base_seq;
}

static enum btx_auditor_step take_record(struct btx_auditor *auditor,
                                         const struct btx_record *record,
                                         struct btx_fault *reterr_fault)
{
    struct btx_log_execution *execution = &auditor->execution;

    if (is_in_base(auditor, record))
        return BTX_AUDITOR_MORE;
    btx_log_execution_take(execution, record);
    auditor->figures.events = execution->audit.events;
    if (btx_record_kind(record) == BTX_RECORD_EVENT && execution->state == BTX_EXECUTION_RUNNING)
        auditor->figures.seq = record->seq;
    switch (execution->state) {
    case BTX_EXECUTION_RUNNING:
        return BTX_AUDITOR_MORE;
    case BTX_EXECUTION_DIFFERS:
        return fail_difference(auditor, record);
    case BTX_EXECUTION_STOPPED:
    case BTX_EXECUTION_OFF:
        break;
    }
    (void)btx_fault_set(reterr_fault, execution->code, 0, "behind event %" PRIu64 ": %s",
                        execution->stopped_seq, execution->why);
    return BTX_AUDITOR_FAULT;
}

/* The records of the segment are compared: so is its seal. */
static enum btx_auditor_step end_segment(struct btx_auditor *auditor)
{
    const struct btx_wal_seal *seal = &auditor->seal;
    const struct btx_wal_seal *computed;
    size_t count;

    computed = btx_log_reader_unsealed(auditor->reader, &count);
    while (count > 0 && computed->segment != seal->segment) {
        computed++;
        count--;
    }
    if (count == 0)
        return BTX_AUDITOR_IDLE; /* Its reader has not yet seen that there is a next one. */
    if (memcmp(computed->hash, seal->hash, sizeof seal->hash) != 0 ||
        computed->last_seq != seal->last_seq || computed->last_tx != seal->last_tx)
        return fail_damage(auditor, seal->segment, 0,
                           "the seal of the segment is not that of the records that are there");
    auditor->in_segment = false;
    auditor->done = seal->segment;
    auditor->figures.segments++;
    btx_auditor_tell(auditor, BTX_AUDITOR_SEGMENT_DONE, auditor->figures.seq, NULL);
    return BTX_AUDITOR_MORE;
}

static enum btx_auditor_step read_segment(struct btx_auditor *auditor, uint64_t records_max,
                                          struct btx_fault *reterr_fault)
{
    for (uint64_t i = 0; i < records_max; i++) {
        enum btx_auditor_step step = BTX_AUDITOR_MORE;
        const struct btx_record *record;

        switch (btx_log_reader_next(auditor->reader, &record, reterr_fault)) {
        case BTX_LOG_RECORD:
            step = take_record(auditor, record, reterr_fault);
            if (step != BTX_AUDITOR_MORE)
                return step;
            break;
        case BTX_LOG_END:
            return end_segment(auditor);
        case BTX_LOG_DAMAGE:
            return fail_reading(auditor);
        case BTX_LOG_FAULT:
            return BTX_AUDITOR_FAULT;
        }
    }
    return BTX_AUDITOR_MORE;
}

/* ---- All of it ---- */

enum btx_auditor_step btx_auditor_step(struct btx_auditor *auditor, uint64_t records_max,
                                       struct btx_fault *reterr_fault)
{
    enum btx_auditor_step step = BTX_AUDITOR_MORE;

    if (auditor->figures.failed)
        return BTX_AUDITOR_FAILED;
    if (!auditor->in_segment &&
        btx_clock_monotonic_ns(auditor->options.clock) >= auditor->snapshot_due_ns)
        btx_auditor_snapshot(auditor);
    if (!auditor->in_segment)
        step = begin_segment(auditor, reterr_fault);
    if (step != BTX_AUDITOR_MORE)
        return step;
    auditor->figures.compared_wall_ns = btx_clock_wall_ns(auditor->options.clock);
    return read_segment(auditor, records_max, reterr_fault);
}

enum btx_fault_code btx_auditor_open(struct btx_auditor *auditor,
                                     const struct btx_auditor_options *options,
                                     struct btx_fault *reterr_fault)
{
    enum btx_fault_code code;
    struct btx_wal_id id;

    *auditor = (struct btx_auditor){.options = *options, .root_fd = -1, .segments_fd = -1};
    code = btx_wal_folder_open(&auditor->root_fd, AT_FDCWD, options->root, reterr_fault);
    if (code == BTX_OK)
        code = btx_wal_id_read(auditor->root_fd, &id, reterr_fault);
    if (code == BTX_OK)
        code = btx_wal_folder_open(&auditor->segments_fd, auditor->root_fd, BTX_WAL_SEGMENTS_NAME,
                                   reterr_fault);
    if (code == BTX_OK)
        code = btx_auditor_begin(auditor, reterr_fault);
    if (code != BTX_OK) {
        btx_auditor_close(auditor);
        return btx_fault_wrap(reterr_fault, "log %s", options->root);
    }
    /* Where there is one, the next is due after an interval; else as soon as it can be. */
    if (auditor->done != 0)
        auditor->snapshot_due_ns =
            btx_clock_monotonic_ns(options->clock) + options->snapshot_interval_ns;
    btx_auditor_tell(auditor, BTX_AUDITOR_STARTED, auditor->base_seq, NULL);
    return BTX_OK;
}

void btx_auditor_close(struct btx_auditor *auditor)
{
    btx_log_reader_close(auditor->reader);
    btx_log_execution_done(&auditor->execution);
    free(auditor->segments);
    if (auditor->segments_fd >= 0)
        (void)close(auditor->segments_fd); /* Only read. */
    if (auditor->root_fd >= 0)
        (void)close(auditor->root_fd); /* Only read. */
    auditor->reader = NULL;
    auditor->segments = NULL;
    auditor->segment_count = 0;
    auditor->segments_fd = auditor->root_fd = -1;
}
