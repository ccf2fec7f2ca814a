/* SPDX-License-Identifier: Apache-2.0 */
/* wal_info.c - betex-wal info: one screen about a log. */
#include "admin/wal_request.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/json.h"
#include "admin/terminal.h"
#include "admin/units.h"
#include "admin/wal_lock.h"
#include "admin/wal_survey.h"
#include "engine/wal/log_reader.h"
#include "engine/wal/snapshot.h"
#include "engine/wire/notes.h"

enum ending {
    ENDING_EMPTY,      /* there is no record */
    ENDING_IN_USE,     /* a writer holds it */
    ENDING_CLEAN,      /* CleanStop is the last record */
    ENDING_STOPPED,    /* whole, without a CleanStop: killed, or the power went */
    ENDING_IN_COMMAND, /* likewise, and its last command is not finished */
    ENDING_TORN,       /* something behind the end does not count */
    ENDING_DAMAGED,    /* recovery would refuse it */
    ENDING_COUNT
};

/* Sums over the segments, and what the first and last records say. */
struct info {
    const struct btx_wal_survey *survey;
    enum ending ending;
    uint64_t last_seq; /* 0: no event */
    uint64_t last_tx;  /* 0: no event, or not known */
    uint64_t events;
    uint64_t record_bytes;
    uint64_t file_bytes;
    uint64_t missing; /* numbers of segments that are not there */
    uint64_t epochs;  /* how many */
    uint64_t epoch_first;
    uint64_t epoch_last;
    uint64_t first_time_ns; /* of commands and events; 0: none or not known */
    uint64_t last_time_ns;
    uint64_t snapshots;
    uint64_t snapshot_seq; /* of the newest */
};

static void sum_rows(struct info *info)
{
    uint64_t number = 0;

    for (size_t i = 0; i < info->survey->row_count; i++) {
        const struct btx_wal_row *row = &info->survey->rows[i];

        info->events += row->events;
        info->record_bytes += row->bytes;
        info->file_bytes += row->file_bytes;
        info->missing += row->name.number - number - 1;
        number = row->name.number;
        if (row->last_seq > info->last_seq)
            info->last_seq = row->last_seq;
        if (!row->header_valid)
            continue;
        if (info->epochs == 0)
            info->epoch_first = row->epoch;
        if (info->epochs == 0 || row->epoch != info->epoch_last)
            info->epochs++;
        info->epoch_last = row->epoch;
    }
}

/* Read from @from_seq: one record, or all there are.  Damage is for others to tell. */
static enum btx_fault_code look_at_records(struct info *info, const char *root, uint64_t from_seq,
                                           bool only_first, bool *ret_clean_stop,
                                           struct btx_fault *reterr_fault)
{
    const struct btx_log_options options = {.from_seq = from_seq, .live = info->survey->live};
    struct btx_log_reader *reader;
    const struct btx_record *record;
    enum btx_log_step step;

    if (btx_log_reader_open(&reader, root, &options, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    while ((step = btx_log_reader_next(reader, &record, reterr_fault)) == BTX_LOG_RECORD) {
        const bool is_note = btx_record_kind(record) == BTX_RECORD_NOTE;

        *ret_clean_stop = is_note && record->type == BTX_NOTE_CLEAN_STOP;
        if (is_note)
            continue;
        if (info->first_time_ns == 0)
            info->first_time_ns = record->time_ns;
        info->last_time_ns = record->time_ns;
        info->last_tx = record->tx;
        if (only_first)
            break;
    }
    btx_log_reader_close(reader);
    return step == BTX_LOG_FAULT ? reterr_fault->code : BTX_OK;
}

static enum ending find_ending(const struct btx_wal_survey *survey, bool clean_stop)
{
    if (survey->live)
        return ENDING_IN_USE;
    if (!survey->end_known)
        return ENDING_DAMAGED;
    if (survey->end.cut)
        return ENDING_TORN;
    if (survey->end.position.batch == 0)
        return ENDING_EMPTY;
    if (survey->end.position.in_command)
        return ENDING_IN_COMMAND;
    return clean_stop ? ENDING_CLEAN : ENDING_STOPPED;
}

static enum btx_fault_code gather(struct info *info, const char *root,
                                  struct btx_fault *reterr_fault)
{
    bool clean_stop = false;
    enum btx_fault_code code = BTX_OK;
    uint64_t *seqs = NULL;
    size_t count = 0;

    sum_rows(info);
    if (info->survey->id_valid && info->survey->row_count != 0) {
        code = look_at_records(info, root, 0, true, &clean_stop, reterr_fault);
        if (code == BTX_OK)
            code = look_at_records(info, root, info->last_seq, false, &clean_stop, reterr_fault);
        if (code == BTX_FAULT_IO || code == BTX_FAULT_MEMORY)
            return code;
    }
    info->ending = find_ending(info->survey, clean_stop);
    if (info->ending == ENDING_TORN || info->ending == ENDING_IN_COMMAND)
        info->last_seq = info->survey->end.position.seq;
    code = btx_snapshot_list(root, &seqs, &count, reterr_fault);
    if (code != BTX_OK)
        return code;
    info->snapshots = count;
    info->snapshot_seq = count == 0 ? 0 : seqs[count - 1];
    free(seqs);
    return BTX_OK;
}

static const char *ending_word(enum ending ending)
{
    static const char *const words[ENDING_COUNT] = {
        [ENDING_EMPTY] = "empty",           [ENDING_IN_USE] = "in use",
        [ENDING_CLEAN] = "clean stop",      [ENDING_STOPPED] = "stopped",
        [ENDING_IN_COMMAND] = "in command", [ENDING_TORN] = "torn",
        [ENDING_DAMAGED] = "damaged",
    };

    return words[ending];
}

static void print_ending(const struct info *info)
{
    const struct btx_log_end *end = &info->survey->end;
    char where[BTX_WAL_DAMAGE_TEXT_BYTES + 64];

    switch (info->ending) {
    case ENDING_EMPTY:
        printf("nothing was ever written\n");
        return;
    case ENDING_IN_USE:
        printf("a writer is at work; these are the figures of a moment ago\n");
        return;
    case ENDING_CLEAN:
        printf("%sclean%s: the writer stopped in order\n", btx_colour_on(BTX_COLOUR_GOOD),
               btx_colour_off());
        return;
    case ENDING_STOPPED:
        printf("%swhole, without a clean stop%s: the writer was ended, or the\n"
               "             power went; nothing is torn\n",
               btx_colour_on(BTX_COLOUR_NOTICE), btx_colour_off());
        return;
    case ENDING_IN_COMMAND:
        printf("%sin the middle of a command%s: the next start finishes it\n",
               btx_colour_on(BTX_COLOUR_NOTICE), btx_colour_off());
        return;
    case ENDING_TORN:
        btx_wal_damage_print(&end->cut_where, where, sizeof where);
        printf("%storn%s: the next start cuts about %" PRIu64 " batches behind seq %" PRIu64 "\n"
               "             (%s)\n",
               btx_colour_on(BTX_COLOUR_NOTICE), btx_colour_off(), end->cut_batches,
               end->position.seq, where);
        return;
    case ENDING_DAMAGED:
        printf("%sDAMAGED%s: the next start refuses this log\n"
               "             (%s)\n",
               btx_colour_on(BTX_COLOUR_BAD), btx_colour_off(), info->survey->end_fault.text);
        return;
    case ENDING_COUNT:
        return;
    }
}

static void print_identity(const struct btx_wal_survey *survey)
{
    char host[4 * BTX_WAL_TEXT_BYTES + 1];

    if (!survey->id_valid) {
        printf("  identity   %sDAMAGED%s: %s\n", btx_colour_on(BTX_COLOUR_BAD), btx_colour_off(),
               survey->id_fault.text);
        return;
    }
    btx_units_printable(host, sizeof host, survey->id.host, sizeof survey->id.host);
    printf("  uuid       %s, format %" PRIu32 "\n", btx_units_uuid(survey->id.uuid).text,
           survey->id.format);
    printf("  created    %s UTC on %s\n", btx_units_time(survey->id.created_ns).text, host);
}

static void print_segments(const struct info *info)
{
    const struct btx_wal_survey *survey = info->survey;

    if (survey->row_count == 0) {
        printf("  segments   none\n");
        return;
    }
    printf("  segments   %zu, number %" PRIu64 " to %" PRIu64, survey->row_count,
           survey->rows[0].name.number, survey->rows[survey->row_count - 1].name.number);
    if (info->missing != 0)
        printf("; %s%" PRIu64 " missing%s (see ls)", btx_colour_on(BTX_COLOUR_NOTICE),
               info->missing, btx_colour_off());
    printf("\n  writers    %" PRIu64 ", epochs %" PRIu64 " to %" PRIu64 "\n", info->epochs,
           info->epoch_first, info->epoch_last);
    printf("  events     %" PRIu64 ", seq %" PRIu64 " to %" PRIu64 "\n", info->events,
           survey->rows[0].name.first_seq, info->last_seq);
    if (info->last_tx != 0)
        printf("  txs        %" PRIu64 " to %" PRIu64 "\n", survey->rows[0].first_tx,
               info->last_tx);
    if (info->last_time_ns != 0)
        printf("  time       %s to %s UTC\n", btx_units_time(info->first_time_ns).text,
               btx_units_time(info->last_time_ns).text);
    printf("  on disk    %s for %s of records", btx_units_bytes(info->file_bytes).text,
           btx_units_bytes(info->record_bytes).text);
    if (info->record_bytes != 0)
        printf(" (%.2f to 1)", (double)info->file_bytes / (double)info->record_bytes);
    printf("\n");
}

static void print_snapshots(const struct info *info)
{
    if (info->snapshots == 0)
        printf("  snapshots  none\n");
    else if (info->snapshot_seq <= info->last_seq)
        printf("  snapshots  %" PRIu64 ", the newest at seq %" PRIu64 ", %" PRIu64
               " events before the end\n",
               info->snapshots, info->snapshot_seq, info->last_seq - info->snapshot_seq);
    else
        printf("  snapshots  %" PRIu64 ", the newest at seq %" PRIu64 ": %sbehind the end%s\n",
               info->snapshots, info->snapshot_seq, btx_colour_on(BTX_COLOUR_NOTICE),
               btx_colour_off());
}

static void print_text(const struct info *info, const char *root)
{
    const struct btx_wal_survey *survey = info->survey;
    char lock[BTX_WAL_LOCK_TEXT_BYTES];

    printf("%s%s%s\n", btx_colour_on(BTX_COLOUR_STRONG), root, btx_colour_off());
    print_identity(survey);
    print_segments(info);
    print_snapshots(info);
    printf("  end        ");
    print_ending(info);
    btx_wal_lock_summary(&survey->lock, lock);
    printf("  lock       %s\n", lock);
    if (survey->damaged)
        printf("\n%sThere is damage%s: betex-wal verify lists all of it.\n",
               btx_colour_on(BTX_COLOUR_BAD), btx_colour_off());
}

static void json_ending(struct btx_json *json, const struct info *info)
{
    const struct btx_log_end *end = &info->survey->end;
    char where[BTX_WAL_DAMAGE_TEXT_BYTES + 64];

    btx_json_begin_object(json, "end");
    btx_json_text(json, "how", ending_word(info->ending));
    if (info->ending == ENDING_TORN) {
        btx_wal_damage_print(&end->cut_where, where, sizeof where);
        btx_json_text(json, "where", where);
        btx_json_u64(json, "cut_batches", end->cut_batches);
        btx_json_u64(json, "last_seq", end->position.seq);
    }
    if (info->ending == ENDING_DAMAGED)
        btx_json_text(json, "why", info->survey->end_fault.text);
    btx_json_end_object(json);
}

static void print_json(const struct info *info)
{
    const struct btx_wal_survey *survey = info->survey;
    struct btx_json json = {.out = stdout};
    char lock[BTX_WAL_LOCK_TEXT_BYTES];

    btx_json_begin_object(&json, NULL);
    if (survey->id_valid) {
        btx_json_text(&json, "uuid", btx_units_uuid(survey->id.uuid).text);
        btx_json_u64(&json, "format", survey->id.format);
        btx_json_u64(&json, "created_ns", survey->id.created_ns);
        btx_json_padded(&json, "host", survey->id.host, sizeof survey->id.host);
    }
    btx_json_u64(&json, "segments", survey->row_count);
    btx_json_u64(&json, "segments_missing", info->missing);
    btx_json_u64(&json, "first_seq", survey->row_count == 0 ? 1 : survey->rows[0].name.first_seq);
    btx_json_u64(&json, "last_seq", info->last_seq);
    btx_json_u64(&json, "last_tx", info->last_tx);
    btx_json_u64(&json, "events", info->events);
    btx_json_u64(&json, "first_time_ns", info->first_time_ns);
    btx_json_u64(&json, "last_time_ns", info->last_time_ns);
    btx_json_u64(&json, "epochs", info->epochs);
    btx_json_u64(&json, "epoch_first", info->epoch_first);
    btx_json_u64(&json, "epoch_last", info->epoch_last);
    btx_json_u64(&json, "record_bytes", info->record_bytes);
    btx_json_u64(&json, "file_bytes", info->file_bytes);
    btx_json_u64(&json, "snapshots", info->snapshots);
    btx_json_u64(&json, "snapshot_seq", info->snapshot_seq);
    json_ending(&json, info);
    btx_wal_lock_summary(&survey->lock, lock);
    btx_json_text(&json, "lock", lock);
    btx_json_bool(&json, "damaged", survey->damaged);
    btx_json_end_object(&json);
    btx_json_end_line(&json);
}

enum btx_fault_code btx_wal_verb_info(const struct btx_wal_request *request, bool *ret_failed,
                                      struct btx_fault *reterr_fault)
{
    struct btx_wal_survey survey;
    struct info info = {.survey = &survey};
    enum btx_fault_code code;

    code = btx_wal_survey_read(&survey, request->arguments[0], reterr_fault);
    if (code == BTX_OK)
        code = gather(&info, request->arguments[0], reterr_fault);
    if (code == BTX_OK && request->json)
        print_json(&info);
    else if (code == BTX_OK)
        print_text(&info, request->arguments[0]);
    *ret_failed = survey.damaged;
    btx_wal_survey_done(&survey);
    return code;
}
