/* SPDX-License-Identifier: Apache-2.0 */
/* recovery.c - which snapshot to begin with, and the fold of the records behind it.
 *
 * A snapshot counts only if the log has the very hash that it stands on for the segment that it
 * stands on: then the log up to there is the one that it was made from. */
#include "engine/exchange/recovery.h"

#include "engine/base/check.h"
#include "engine/base/clock.h"
#include "engine/core/view.h"
#include "engine/exchange/snapshot_standing.h"
#include "engine/wal/log_folder.h"
#include "engine/wal/log_reader.h"
#include "engine/wal/snapshot.h"
#include "engine/wal/writer_lock.h"
#include "engine/wire/notes.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SENTENCE_BYTES = 320 };

/* One run. */
struct recovery {
    const struct btx_recovery_options *options;
    struct btx_exchange *exchange;
    struct btx_recovery_report *report;
    const struct btx_log_end *end; /* NULL: a writer is at work, and there is no end yet */
    struct btx_log_end own_end;
    struct btx_log_segment *segments;
    size_t segment_count;
    int segments_fd;
    struct btx_log_reader *reader;
    uint64_t seq;                          /* last event in the state */
    uint64_t tx_first_seq;                 /* of the tx of that event */
    bool in_tx;                            /* that event does not end its tx */
    uint64_t inside_seq;                   /* at_seq when it turned out to be inside a tx, else 0 */
    struct btx_core_capacity written_with; /* as the last EngineStarted said; zeros: none met */
};

/* --- The folder and the end of the log ------------------------------------------------------ */

/* Whether a process of this machine has the log open for writing. */
static enum btx_fault_code look_for_writer(int root_fd, bool *ret_live,
                                           struct btx_fault *reterr_fault)
{
    struct btx_writer_lock_status status;

    if (btx_writer_lock_look(root_fd, &status, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    *ret_live = status.state == BTX_WRITER_LOCK_HELD;
    return BTX_OK;
}

static enum btx_fault_code find_end(struct recovery *recovery, int root_fd,
                                    struct btx_fault *reterr_fault)
{
    bool live = false;

    if (recovery->options->end != NULL) {
        recovery->end = recovery->options->end;
        return BTX_OK;
    }
    if (look_for_writer(root_fd, &live, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (live)
        return BTX_OK; /* What it writes now may look torn, and is not. */
    if (btx_log_end_find(&recovery->own_end, recovery->options->root, false,
                         btx_clock_wall_ns(btx_clock_system()), reterr_fault) != BTX_OK)
        return reterr_fault->code;
    recovery->end = &recovery->own_end;
    return BTX_OK;
}

static enum btx_fault_code open_log(struct recovery *recovery, struct btx_fault *reterr_fault)
{
    enum btx_fault_code code;
    struct btx_wal_id id;
    int root_fd;

    code = btx_wal_folder_open(&root_fd, AT_FDCWD, recovery->options->root, reterr_fault);
    if (code != BTX_OK)
        return code;
    code = btx_wal_id_read(root_fd, &id, reterr_fault);
    if (code == BTX_OK)
        code = btx_wal_folder_open(&recovery->segments_fd, root_fd, BTX_WAL_SEGMENTS_NAME,
                                   reterr_fault);
    if (code == BTX_OK)
        code = find_end(recovery, root_fd, reterr_fault);
    if (code == BTX_OK)
        code = btx_log_segments_list(recovery->segments_fd, &recovery->segments,
                                     &recovery->segment_count, reterr_fault);
    (void)close(root_fd); /* Only read. */
    return code;
}

/* --- What does not fit ---------------------------------------------------------------------- */

/* ", which is 3 orders (the log was written with 1000)" for each capacity that @why names. */
static void describe_capacity(const struct recovery *recovery, const char *why,
                              char text[SENTENCE_BYTES])
{
    const struct btx_core_capacity *have = &recovery->exchange->capacity;
    const struct btx_core_capacity *had = &recovery->written_with;
    const struct {
        const char *word;
        uint32_t have;
        uint32_t had;
    } rows[] = {
        {"accounts", have->accounts, had->accounts},
        {"markets", have->markets, had->markets},
        {"runners", have->runners, had->runners},
        {"orders", have->orders, had->orders},
        {"positions", have->positions, had->positions},
        {"stakes", have->stakes, had->stakes},
        {"descriptions", have->description_bytes, had->description_bytes},
    };
    int length = 0;

    text[0] = '\0';
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        if (strstr(why, rows[i].word) == NULL)
            continue;
        length += snprintf(text + length, SENTENCE_BYTES - (size_t)length, "%s %" PRIu32 " %s",
                           length == 0 ? ", which is" : ",", rows[i].have, rows[i].word);
        if (rows[i].had != 0)
            length += snprintf(text + length, SENTENCE_BYTES - (size_t)length,
                               " (the log was written with %" PRIu32 ")", rows[i].had);
    }
}

/* The fault for what the core says of something at @where: too little room, or damage. */
static enum btx_fault_code core_fault(const struct recovery *recovery, const char *where,
                                      const char *why, struct btx_fault *reterr_fault)
{
    char text[SENTENCE_BYTES];

    if (strstr(why, "the capacity") == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0, "%s: %s", where, why);
    describe_capacity(recovery, why, text);
    return btx_fault_set(reterr_fault, BTX_FAULT_LIMIT, 0, "%s: %s%s", where, why, text);
}

/* --- The snapshot --------------------------------------------------------------------------- */

/* Why the log is not the one that the snapshot of @header was made from; NULL when it is. */
static const char *wrong_standing(const struct recovery *recovery,
                                  const struct btx_wal_snapshot_header *header,
                                  struct btx_wal_seal *ret_seal)
{
    const struct btx_log_ground ground = {
        .segments_fd = recovery->segments_fd,
        .segments = recovery->segments,
        .segment_count = recovery->segment_count,
        .end = recovery->end,
    };
    struct btx_fault ignored = {0};
    bool found = false;

    if (btx_log_ground_seal(&ground, header->segment, &found, ret_seal, &ignored) != BTX_OK ||
        !found)
        return "the log has no seal of the segment that it stands on";
    return btx_snapshot_standing(header, ret_seal);
}

/* The state of @snapshot, which stands on @seal, into the core. */
static const char *load_state(struct recovery *recovery, const struct btx_snapshot *snapshot,
                              const struct btx_wal_seal *seal)
{
    struct btx_core *core = recovery->exchange->core;
    struct btx_core_view view;
    const char *why = btx_core_load(core, snapshot->state, snapshot->header.length_bytes);

    if (why != NULL)
        return why;
    btx_core_view(core, &view);
    if (view.seq != seal->last_seq || view.tx != seal->last_tx)
        return "state: of another seq or tx";
    recovery->seq = view.seq;
    recovery->report->snapshot_seq = view.seq;
    recovery->report->position = (struct btx_wal_position){
        .seq = view.seq,
        .tx = view.tx,
        .batch = seal->first_batch + seal->batch_count - 1,
        .time_ns = view.time_ns,
        .in_command = btx_core_pending(core) != NULL,
    };
    return NULL;
}

/* Load the snapshot at @seq into the exchange.  A fault says why not; the exchange has no core any
 * more when it was spoilt by it. */
static enum btx_fault_code load_snapshot(struct recovery *recovery, uint64_t seq,
                                         struct btx_fault *reterr_fault)
{
    struct btx_snapshot snapshot = {0};
    char name[BTX_WAL_NAME_BYTES];
    char place[SENTENCE_BYTES];
    struct btx_wal_seal seal;
    enum btx_fault_code code;
    const char *why;

    code = btx_snapshot_load(&snapshot, recovery->options->root, seq, reterr_fault);
    if (code != BTX_OK)
        return code;
    btx_snapshot_name(name, seq);
    snprintf(place, sizeof place, "snapshot %s", name);
    why = wrong_standing(recovery, &snapshot.header, &seal);
    if (why != NULL) {
        code = btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0, "%s: %s", place, why);
    } else {
        why = load_state(recovery, &snapshot, &seal);
        if (why != NULL) {
            code = core_fault(recovery, place, why, reterr_fault);
            recovery->exchange->core = NULL;
        }
    }
    btx_snapshot_unload(&snapshot);
    return code;
}

/* Pass over a snapshot; the first one's reason is kept for the report. */
static enum btx_fault_code refuse_snapshot(struct recovery *recovery, const struct btx_fault *why,
                                           struct btx_fault *reterr_fault)
{
    struct btx_recovery_report *report = recovery->report;

    if (report->snapshots_refused++ == 0)
        memcpy(report->snapshot_why, why->text, sizeof report->snapshot_why);
    if (recovery->exchange->core != NULL)
        return BTX_OK;
    return btx_exchange_reset(recovery->exchange, reterr_fault);
}

/* The first event that the segments hold, or would hold. */
static uint64_t first_seq(const struct recovery *recovery)
{
    return recovery->segment_count == 0 ? 1 : recovery->segments[0].first_seq;
}

/* Begin with the newest snapshot that can be used, if any. */
static enum btx_fault_code begin_with_snapshot(struct recovery *recovery,
                                               struct btx_fault *reterr_fault)
{
    const uint64_t end_seq = recovery->end != NULL ? recovery->end->position.seq : UINT64_MAX;
    enum btx_fault_code code;
    bool loaded = false;
    size_t count;
    uint64_t *seqs;

    if (recovery->options->no_snapshots)
        return BTX_OK;
    code = btx_snapshot_list(recovery->options->root, &seqs, &count, reterr_fault);
    if (code != BTX_OK)
        return code;
    for (; count > 0 && !loaded && code == BTX_OK; count--) {
        struct btx_fault why = {0};

        if (seqs[count - 1] > recovery->options->at_seq || seqs[count - 1] > end_seq)
            continue;
        if (load_snapshot(recovery, seqs[count - 1], &why) == BTX_OK) {
            loaded = true;
        } else if (why.code == BTX_FAULT_LIMIT) {
            /* Every way to a later state leads through this one. */
            *reterr_fault = why;
            code = BTX_FAULT_LIMIT;
        } else {
            code = refuse_snapshot(recovery, &why, reterr_fault);
        }
    }
    free(seqs);
    return code;
}

/* A log whose first segments were archived begins with a snapshot. */
static enum btx_fault_code check_beginning(const struct recovery *recovery,
                                           struct btx_fault *reterr_fault)
{
    const struct btx_recovery_report *report = recovery->report;
    const uint64_t first = first_seq(recovery);

    if (recovery->segment_count == 0 || recovery->segments[0].number == 1 ||
        recovery->seq + 1 >= first)
        return BTX_OK;
    if (recovery->options->at_seq < first - 1)
        return btx_fault_set(reterr_fault, BTX_FAULT_INPUT, 0,
                             "event %" PRIu64
                             " is not in the log, which begins behind event %" PRIu64,
                             recovery->options->at_seq, first - 1);
    return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0,
                         "the log begins with segment %" PRIu64
                         ", and the snapshot of event %" PRIu64
                         " or a later one, which must stand before it, is not there%s%s",
                         recovery->segments[0].number, first - 1,
                         report->snapshots_refused > 0 ? ": " : "", report->snapshot_why);
}

/* --- The fold ------------------------------------------------------------------------------- */

/* "segments/NAME: seq N", where the record handed out last stands. */
static void describe_place(const struct recovery *recovery, uint64_t seq, char text[SENTENCE_BYTES])
{
    const struct btx_wal_header *header = btx_log_reader_header(recovery->reader);
    struct btx_log_segment segment;

    btx_log_segment_name(&segment, header->first_seq, header->segment);
    snprintf(text, SENTENCE_BYTES, "segments/%s: seq %" PRIu64, segment.name, seq);
}

static enum btx_fault_code take_digest(struct recovery *recovery,
                                       const struct btx_state_digest *note,
                                       struct btx_fault *reterr_fault)
{
    uint8_t digest[BTX_SHA256_BYTES];
    char place[SENTENCE_BYTES];

    struct btx_core_view view;

    btx_core_view(recovery->exchange->core, &view);
    btx_exchange_digest(recovery->exchange, digest);
    if (note->rules_version == view.rules_version &&
        memcmp(digest, note->sha256, sizeof digest) == 0) {
        recovery->report->digests++;
        return BTX_OK;
    }
    describe_place(recovery, note->record.seq, place);
    return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0,
                         "%s: the state is not the one whose digest the log has", place);
}

static enum btx_fault_code take_start(struct recovery *recovery,
                                      const struct btx_engine_started *note,
                                      struct btx_fault *reterr_fault)
{
    char place[SENTENCE_BYTES];

    if (note->rules_version > BTX_RULES_VERSION) {
        describe_place(recovery, note->record.seq, place);
        return btx_fault_set(reterr_fault, BTX_FAULT_LAYOUT, 0,
                             "%s: written by rules version %" PRIu32 ", this version knows %u",
                             place, note->rules_version, BTX_RULES_VERSION);
    }
    recovery->written_with = (struct btx_core_capacity){
        .accounts = (uint32_t)note->capacity_accounts,
        .markets = (uint32_t)note->capacity_markets,
        .runners = (uint32_t)note->capacity_runners,
        .orders = (uint32_t)note->capacity_orders,
        .positions = (uint32_t)note->capacity_positions,
        .stakes = note->capacity_stakes,
        .description_bytes = note->capacity_description_bytes,
    };
    CHECK(btx_core_apply(recovery->exchange->core, &note->record) == NULL);
    return BTX_OK;
}

static enum btx_fault_code take_note(struct recovery *recovery, const struct btx_record *record,
                                     struct btx_fault *reterr_fault)
{
    recovery->report->notes++;
    switch ((enum btx_note_type)record->type) {
    case BTX_NOTE_STATE_DIGEST:
        return take_digest(recovery, (const struct btx_state_digest *)record, reterr_fault);
    case BTX_NOTE_ENGINE_STARTED:
        return take_start(recovery, (const struct btx_engine_started *)record, reterr_fault);
    case BTX_NOTE_OPERATOR_ACTION:
    case BTX_NOTE_CLEAN_STOP:
        return BTX_OK;
    }
    CHECK_UNREACHABLE();
}

static enum btx_fault_code take_record(struct recovery *recovery, const struct btx_record *record,
                                       struct btx_fault *reterr_fault)
{
    const enum btx_record_kind kind = btx_record_kind(record);
    char place[SENTENCE_BYTES];
    const char *why;

    if (kind == BTX_RECORD_NOTE)
        return take_note(recovery, record, reterr_fault);
    why = btx_core_apply(recovery->exchange->core, record);
    if (BTX_UNLIKELY(why != NULL)) {
        describe_place(recovery, record->seq, place);
        return core_fault(recovery, place, why, reterr_fault);
    }
    if (kind == BTX_RECORD_COMMAND) {
        recovery->report->commands++;
        return BTX_OK;
    }
    recovery->report->events++;
    recovery->seq = record->seq;
    if (!recovery->in_tx)
        recovery->tx_first_seq = record->seq;
    recovery->in_tx = (record->kind_flags & BTX_RECORD_TX_END) == 0;
    return BTX_OK;
}

/* Whether the state is the one asked for; a tx that at_seq is inside is read to its end.  The state
 * before all events is there with the first command only: the notes before it say its rules. */
static bool is_there(struct recovery *recovery)
{
    if (recovery->seq < recovery->options->at_seq || recovery->options->at_seq == 0)
        return false;
    if (recovery->in_tx && recovery->inside_seq == 0)
        recovery->inside_seq = recovery->seq;
    return !recovery->in_tx;
}

/* Damage at the end, which was torn there and is cut, is no damage of the log. */
static enum btx_fault_code take_damage(const struct recovery *recovery,
                                       struct btx_fault *reterr_fault)
{
    const struct btx_log_end *end = recovery->end;
    char text[SENTENCE_BYTES];

    if (end != NULL && end->cut && recovery->seq == end->position.seq)
        return BTX_OK;
    btx_wal_damage_print(btx_log_reader_damage(recovery->reader), text, sizeof text);
    return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0, "%s", text);
}

/* Whether @record was written since the end was looked for.  Notes right behind the end count, so
 * that the digest of a clean stop is compared. */
static bool is_behind_end(const struct recovery *recovery, const struct btx_record *record)
{
    return recovery->end != NULL && record->seq > recovery->end->position.seq;
}

/* Whether the state before all events was asked for, and @record is behind it. */
static bool is_behind_nothing(const struct recovery *recovery, const struct btx_record *record)
{
    return recovery->options->at_seq == 0 && btx_record_kind(record) != BTX_RECORD_NOTE;
}

static enum btx_fault_code fold(struct recovery *recovery, struct btx_fault *reterr_fault)
{
    const struct btx_record *record;
    enum btx_fault_code code;

    while (!is_there(recovery)) {
        switch (btx_log_reader_next(recovery->reader, &record, reterr_fault)) {
        case BTX_LOG_RECORD:
            if (is_behind_end(recovery, record) || is_behind_nothing(recovery, record))
                return BTX_OK;
            code = take_record(recovery, record, reterr_fault);
            if (code != BTX_OK)
                return code;
            break;
        case BTX_LOG_END:
            return BTX_OK;
        case BTX_LOG_DAMAGE:
            return take_damage(recovery, reterr_fault);
        case BTX_LOG_FAULT:
            return reterr_fault->code;
        }
    }
    return BTX_OK;
}

/* Apply the records behind the snapshot, or all, up to where the state is asked for. */
static enum btx_fault_code fold_log(struct recovery *recovery, struct btx_fault *reterr_fault)
{
    const struct btx_log_options options = {
        .from_seq = recovery->seq + 1,
        .live = recovery->end == NULL,
        .direct = recovery->options->end != NULL,
    };
    enum btx_fault_code code;

    if (is_there(recovery) || (recovery->report->snapshot_seq != 0 && recovery->end != NULL &&
                               recovery->seq == recovery->end->position.seq))
        return BTX_OK; /* The snapshot is the state. */
    code = btx_log_reader_open(&recovery->reader, recovery->options->root, &options, reterr_fault);
    if (code != BTX_OK)
        return code;
    code = fold(recovery, reterr_fault);
    if (code == BTX_OK && recovery->seq != recovery->report->snapshot_seq)
        btx_log_reader_position(recovery->reader, &recovery->report->position);
    return code;
}

/* --- The end -------------------------------------------------------------------------------- */

/* Whether what was asked for was reached, and holds together. */
static enum btx_fault_code check_state(const struct recovery *recovery,
                                       struct btx_fault *reterr_fault)
{
    const uint64_t at_seq = recovery->options->at_seq;
    const struct btx_log_end *end = recovery->end;
    const char *why;

    if (at_seq == UINT64_MAX && end != NULL && recovery->seq != end->position.seq)
        return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0,
                             "the records end at event %" PRIu64 ", the log at %" PRIu64,
                             recovery->seq, end->position.seq);
    if (at_seq != UINT64_MAX && recovery->seq < at_seq)
        return btx_fault_set(reterr_fault, BTX_FAULT_INPUT, 0,
                             "event %" PRIu64 " is not in the log, which ends at event %" PRIu64,
                             at_seq, recovery->seq);
    if (recovery->inside_seq != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_INPUT, 0,
                             "event %" PRIu64 " is inside a tx, of the events %" PRIu64
                             " to %" PRIu64 ": there is a state at %" PRIu64 " and at %" PRIu64,
                             at_seq, recovery->tx_first_seq, recovery->seq,
                             recovery->tx_first_seq - 1, recovery->seq);
    why = btx_core_verify(recovery->exchange->core);
    if (why == NULL && !btx_core_can_step(recovery->exchange->core))
        why = "a command goes on whose record is not there";
    if (why != NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0,
                             "the state at event %" PRIu64 " does not hold together: %s",
                             recovery->seq, why);
    return BTX_OK;
}

static enum btx_fault_code run(struct recovery *recovery, struct btx_fault *reterr_fault)
{
    struct btx_recovery_report *report = recovery->report;
    enum btx_fault_code code = open_log(recovery, reterr_fault);

    if (code == BTX_OK)
        code = begin_with_snapshot(recovery, reterr_fault);
    if (code == BTX_OK)
        code = check_beginning(recovery, reterr_fault);
    if (code == BTX_OK)
        code = fold_log(recovery, reterr_fault);
    if (code == BTX_OK)
        code = check_state(recovery, reterr_fault);
    if (code != BTX_OK || recovery->end == NULL)
        return code;
    report->cut = recovery->end->cut;
    report->cut_where = recovery->end->cut_where;
    if (recovery->options->at_seq == UINT64_MAX)
        report->position = recovery->end->position;
    return BTX_OK;
}

enum btx_fault_code btx_recovery_run(struct btx_exchange *exchange,
                                     const struct btx_recovery_options *options,
                                     struct btx_recovery_report *ret_report,
                                     struct btx_fault *reterr_fault)
{
    struct recovery recovery = {
        .options = options, .exchange = exchange, .report = ret_report, .segments_fd = -1};
    enum btx_fault_code code;

    memset(ret_report, 0, sizeof *ret_report);
    code = run(&recovery, reterr_fault);
    btx_log_reader_close(recovery.reader);
    btx_log_end_done(&recovery.own_end);
    free(recovery.segments);
    if (recovery.segments_fd >= 0)
        (void)close(recovery.segments_fd); /* Only read. */
    if (code != BTX_OK)
        return btx_fault_wrap(reterr_fault, "log %s", options->root);
    return BTX_OK;
}
