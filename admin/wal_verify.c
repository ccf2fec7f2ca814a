/* SPDX-License-Identifier: Apache-2.0 */
/* wal_verify.c - betex-wal verify: all of a log is checked, and executed once more.
 *
 * Damage is printed as it is found; what could be counted, and the verdict, come last.  What a
 * chain of hashes can prove is said exactly: README.md, "verify". */
#include "admin/wal_request.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/json.h"
#include "admin/terminal.h"
#include "admin/verify_report.h"
#include "admin/wal_survey.h"
#include "engine/exchange/log_execution.h"
#include "engine/text/record_text.h"
#include "engine/wal/log_reader.h"
#include "engine/wal/snapshot.h"
#include "engine/wire/notes.h"

/* A snapshot that is right in itself and stands on this log. */
struct good_snapshot {
    uint64_t seq;
    uint64_t segment;
    uint8_t digest[BTX_SHA256_BYTES];
};

struct verify {
    const struct btx_wal_request *request;
    const char *root;
    struct btx_json json;
    struct btx_wal_survey survey;
    struct btx_progress progress;
    struct btx_log_execution execution;
    struct btx_verify_report report;
    struct good_snapshot *snapshots; /* report.snapshots of them */
    size_t snapshot_next;            /* the first that execution has not come to */
    uint64_t base_seq;               /* of the snapshot that a trimmed log begins behind; 0: none */
    char said_last[BTX_VERIFY_TEXT_BYTES];
    bool behind_damage; /* the next record is the first one behind it */
    uint64_t done_bytes;
    char line[BTX_RECORD_TEXT_BYTES_MAX];
};

/* One damage: a line for people, or a member of the list "damage". */
static void BTX_PRINTF(2, 3) tell_damage(struct verify *verify, const char *format, ...)
{
    char text[BTX_VERIFY_TEXT_BYTES];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments); /* Cut is fine. */
    va_end(arguments);
    if (strcmp(text, verify->said_last) == 0)
        return; /* One page may be in the way of several batches. */
    memcpy(verify->said_last, text, sizeof text);
    verify->report.damages++;
    btx_progress_clear(&verify->progress);
    if (verify->request->json)
        btx_json_text(&verify->json, NULL, text);
    else
        printf("%sdamage%s: %s\n", btx_colour_on(BTX_COLOUR_BAD), btx_colour_off(), text);
}

/* ---- Snapshots ---- */

/* Whether @snapshot stands on this log: NULL or why not. */
static const char *find_footing(const struct verify *verify,
                                const struct btx_wal_snapshot_header *snapshot)
{
    for (size_t i = 0; i < verify->survey.row_count; i++) {
        const struct btx_wal_row *row = &verify->survey.rows[i];

        if (row->name.number != snapshot->segment)
            continue;
        if (!row->hash_known)
            return NULL; /* Nothing to compare with; the execution has the last word. */
        if (row->last_seq != snapshot->seq)
            return "it is not of the end of its segment";
        return memcmp(row->hash, snapshot->chain, sizeof row->hash) == 0
                   ? NULL
                   : "it stands on another hash than its segment has";
    }
    if (verify->survey.row_count != 0 && snapshot->segment < verify->survey.rows[0].name.number)
        return NULL;
    return "it stands on a segment that is not here";
}

static enum btx_fault_code check_snapshot(struct verify *verify, uint64_t seq,
                                          struct btx_fault *reterr_fault)
{
    struct btx_snapshot snapshot = {0};
    struct btx_fault fault = {0};
    const char *why;

    if (btx_snapshot_load(&snapshot, verify->root, seq, &fault) != BTX_OK) {
        if (fault.code == BTX_FAULT_IO || fault.code == BTX_FAULT_MEMORY) {
            *reterr_fault = fault;
            return fault.code;
        }
        tell_damage(verify, "%s", fault.text);
        return BTX_OK;
    }
    why = find_footing(verify, &snapshot.header);
    if (why != NULL) {
        char name[BTX_WAL_NAME_BYTES];

        btx_snapshot_name(name, seq);
        tell_damage(verify, "snapshots/%s: %s", name, why);
    } else {
        struct good_snapshot *good = &verify->snapshots[verify->report.snapshots++];

        good->seq = seq;
        good->segment = snapshot.header.segment;
        memcpy(good->digest, snapshot.header.digest, sizeof good->digest);
    }
    btx_snapshot_unload(&snapshot);
    return BTX_OK;
}

static enum btx_fault_code check_snapshots(struct verify *verify, struct btx_fault *reterr_fault)
{
    enum btx_fault_code code;
    uint64_t *seqs = NULL;
    size_t count = 0;

    code = btx_snapshot_list(verify->root, &seqs, &count, reterr_fault);
    if (code != BTX_OK)
        return code;
    verify->snapshots = calloc(count == 0 ? 1 : count, sizeof *verify->snapshots);
    if (verify->snapshots == NULL)
        code = btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "no room for %zu snapshots", count);
    for (size_t i = 0; code == BTX_OK && i < count; i++)
        code = check_snapshot(verify, seqs[i], reterr_fault);
    free(seqs);
    return code;
}

/* A log whose first segments are gone begins behind a snapshot. */
static void find_base(struct verify *verify)
{
    const struct btx_wal_survey *survey = &verify->survey;

    if (survey->row_count == 0 || survey->rows[0].name.number == 1)
        return;
    verify->report.trimmed = true;
    for (size_t i = 0; i < verify->report.snapshots; i++) {
        if (verify->snapshots[i].segment + 1 == survey->rows[0].name.number)
            verify->base_seq = verify->snapshots[i].seq;
    }
}

/* The state behind an event that ends its tx is that of the snapshot there, if there is one. */
static void compare_snapshot(struct verify *verify, const struct btx_record *record)
{
    const struct good_snapshot *snapshot;
    uint8_t digest[BTX_SHA256_BYTES];
    char name[BTX_WAL_NAME_BYTES];

    if ((record->kind_flags & BTX_RECORD_TX_END) == 0)
        return;
    while (verify->snapshot_next < verify->report.snapshots &&
           verify->snapshots[verify->snapshot_next].seq < record->seq)
        verify->snapshot_next++;
    if (verify->snapshot_next == verify->report.snapshots ||
        verify->snapshots[verify->snapshot_next].seq != record->seq)
        return;
    snapshot = &verify->snapshots[verify->snapshot_next++];
    btx_exchange_digest(&verify->execution.exchange, digest);
    if (memcmp(digest, snapshot->digest, sizeof digest) == 0) {
        verify->report.snapshots_compared++;
        return;
    }
    btx_snapshot_name(name, snapshot->seq);
    tell_damage(verify, "snapshots/%s: it is not the state that execution gives", name);
}

/* ---- Records ---- */

/* Behind damage the execution goes on when no event is missing: then no command is. */
static void look_for_gap(struct verify *verify, const struct btx_record *record)
{
    const bool is_note = btx_record_kind(record) == BTX_RECORD_NOTE;

    if (verify->behind_damage && record->seq != verify->report.position.seq + (is_note ? 0 : 1))
        btx_log_execution_stop(&verify->execution, "damage, and events are missing behind it");
    verify->behind_damage = false;
}

static void take_record(struct verify *verify, const struct btx_record *record)
{
    look_for_gap(verify, record);
    verify->done_bytes += btx_record_length_bytes(record);
    btx_progress_at(&verify->progress, verify->done_bytes);
    btx_log_execution_take(&verify->execution, record);
    switch (btx_record_kind(record)) {
    case BTX_RECORD_COMMAND:
        verify->report.commands++;
        return;
    case BTX_RECORD_EVENT:
        verify->report.events++;
        if (verify->execution.state == BTX_EXECUTION_RUNNING)
            compare_snapshot(verify, record);
        return;
    case BTX_RECORD_NOTE:
        verify->report.notes++;
        return;
    }
}

/* @record as JSON text, in memory of its own; NULL without memory: then it is not shown. */
static char *copy_text(struct verify *verify, const struct btx_record *record)
{
    const size_t length_bytes = btx_record_text_encode(record, verify->line);

    return strndup(verify->line, length_bytes - 1);
}

/* Keep what differs: the record is gone with the next one. */
static void keep_difference(struct verify *verify, const struct btx_record *record)
{
    struct btx_log_execution *execution = &verify->execution;

    verify->report.difference_seq = record->seq;
    verify->report.in_log = copy_text(verify, record);
    if (execution->audit.expected != NULL) {
        verify->report.in_execution = copy_text(verify, execution->audit.expected);
    } else if (btx_record_kind(record) == BTX_RECORD_NOTE &&
               record->type == BTX_NOTE_STATE_DIGEST) {
        char hex[BTX_SHA256_HEX_BYTES];
        uint8_t digest[BTX_SHA256_BYTES];

        btx_exchange_digest(&execution->exchange, digest);
        btx_sha256_hex(digest, hex);
        if (asprintf(&verify->report.in_execution, "{\"sha256\":\"%s\"}", hex) < 0)
            verify->report.in_execution = NULL; /* Without memory it is not shown. */
    }
}

/* Whether the damage is the end that the next start cuts, and everything before it was read. */
static bool is_torn_end(const struct verify *verify, const struct btx_wal_damage *damage)
{
    const struct btx_wal_survey *survey = &verify->survey;
    const struct btx_wal_position *end = &survey->end.position;

    return survey->end_known && survey->end.cut && survey->row_count != 0 &&
           strcmp(damage->segment, survey->rows[survey->row_count - 1].name.name) == 0 &&
           verify->report.position.seq == end->seq && verify->report.position.batch >= end->batch;
}

static void take_damage(struct verify *verify, const struct btx_wal_damage *damage)
{
    char text[BTX_VERIFY_TEXT_BYTES];

    btx_wal_damage_print(damage, text, sizeof text);
    tell_damage(verify, "%s", text);
    verify->behind_damage = true;
}

static enum btx_fault_code read_records(struct verify *verify, struct btx_log_reader *reader,
                                        struct btx_fault *reterr_fault)
{
    for (;;) {
        const struct btx_record *record;

        switch (btx_log_reader_next(reader, &record, reterr_fault)) {
        case BTX_LOG_RECORD:
            take_record(verify, record);
            /* The record is gone with the next call, and what was expected with it. */
            if (verify->execution.state == BTX_EXECUTION_DIFFERS && verify->report.in_log == NULL)
                keep_difference(verify, record);
            btx_log_reader_position(reader, &verify->report.position);
            break;
        case BTX_LOG_DAMAGE:
            if (is_torn_end(verify, btx_log_reader_damage(reader)))
                return BTX_OK;
            take_damage(verify, btx_log_reader_damage(reader));
            break;
        case BTX_LOG_END:
            return BTX_OK;
        case BTX_LOG_FAULT:
            return reterr_fault->code;
        }
    }
}

/* Without its identity the log cannot be followed, but each segment can be looked at. */
static enum btx_fault_code read_segments(struct verify *verify, struct btx_fault *reterr_fault)
{
    btx_log_execution_stop(&verify->execution, "without its identity the log cannot be followed");
    for (size_t i = 0; i < verify->survey.row_count; i++) {
        struct btx_wal_contents contents;
        const enum btx_fault_code code =
            btx_wal_survey_contents(&verify->survey, i, &contents, reterr_fault);

        if (code != BTX_OK)
            return code;
        verify->report.events += contents.events;
        verify->report.commands += contents.commands;
        verify->report.notes += contents.notes;
        if (contents.damages != 0)
            tell_damage(verify, "segments/%s: %s", verify->survey.rows[i].name.name,
                        contents.damage);
    }
    return BTX_OK;
}

static enum btx_fault_code check_records(struct verify *verify, struct btx_fault *reterr_fault)
{
    const struct btx_log_options options = {
        .live = verify->survey.live,
        .all_damage = true,
        .verify_seals = true,
    };
    struct btx_log_reader *reader;
    struct btx_fault fault = {0};
    uint64_t total_bytes = 0;
    enum btx_fault_code code;

    for (size_t i = 0; i < verify->survey.row_count; i++)
        total_bytes += verify->survey.rows[i].bytes;
    btx_progress_begin(&verify->progress, "verify", total_bytes, false);
    code = btx_log_reader_open(&reader, verify->root, &options, &fault);
    if (code == BTX_FAULT_CORRUPT || code == BTX_FAULT_CONFIG) {
        tell_damage(verify, "%s", fault.text);
        return read_segments(verify, reterr_fault);
    }
    if (code != BTX_OK) {
        *reterr_fault = fault;
        return code;
    }
    code = read_records(verify, reader, reterr_fault);
    btx_progress_clear(&verify->progress);
    btx_log_reader_close(reader);
    return code;
}

/* ---- All of it ---- */

static enum btx_fault_code check_all(struct verify *verify, struct btx_fault *reterr_fault)
{
    enum btx_fault_code code;

    code = check_snapshots(verify, reterr_fault);
    if (code != BTX_OK)
        return code;
    find_base(verify);
    if (!verify->request->no_execute) {
        btx_log_execution_begin(&verify->execution, verify->root, verify->base_seq);
        if (verify->report.trimmed && verify->base_seq == 0)
            btx_log_execution_stop(&verify->execution,
                                   "its beginning is gone, and no snapshot stands for it");
    }
    code = check_records(verify, reterr_fault);
    /* What recovery objects to is nearly always what was found above; never let it go unsaid. */
    if (code == BTX_OK && verify->report.damages == 0 && !verify->survey.live &&
        !verify->survey.end_known)
        tell_damage(verify, "%s", verify->survey.end_fault.text);
    return code;
}

/* @fault: why it could not go on to the end, or NULL. */
static void end_json(struct verify *verify, const char *fault)
{
    btx_json_end_list(&verify->json);
    btx_verify_report_json(&verify->report, &verify->json);
    if (fault != NULL)
        btx_json_text(&verify->json, "fault", fault);
    btx_json_end_object(&verify->json);
    btx_json_end_line(&verify->json);
}

enum btx_fault_code btx_wal_verb_verify(const struct btx_wal_request *request, bool *ret_failed,
                                        struct btx_fault *reterr_fault)
{
    static struct verify verify; /* One line of text alone takes 85 KiB. */
    enum btx_fault_code code;

    verify.request = request;
    verify.root = request->arguments[0];
    verify.json.out = stdout;
    verify.report.survey = &verify.survey;
    verify.report.execution = &verify.execution;
    code = btx_wal_survey_read(&verify.survey, verify.root, reterr_fault);
    if (code == BTX_OK) {
        if (request->json) {
            btx_json_begin_object(&verify.json, NULL);
            btx_json_begin_list(&verify.json, "damage");
        }
        code = check_all(&verify, reterr_fault);
        if (request->json)
            end_json(&verify, code == BTX_OK ? NULL : reterr_fault->text);
        else if (code == BTX_OK)
            btx_verify_report_print(&verify.report);
    }
    *ret_failed = btx_verify_report_is_bad(&verify.report);
    btx_log_execution_done(&verify.execution);
    free(verify.report.in_log);
    free(verify.report.in_execution);
    free(verify.snapshots);
    btx_wal_survey_done(&verify.survey);
    return code;
}
