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
#include "admin/log_execution.h"
#include "admin/terminal.h"
#include "admin/units.h"
#include "admin/wal_survey.h"
#include "engine/text/record_text.h"
#include "engine/wal/log_reader.h"
#include "engine/wal/snapshot.h"
#include "engine/wire/notes.h"

enum { SENTENCE_BYTES = 640 };

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
    struct good_snapshot *snapshots;
    size_t snapshot_count;
    size_t snapshot_next;        /* the first that execution has not come to */
    uint64_t snapshots_compared; /* equal to what execution gave */
    uint64_t base_seq;           /* of the snapshot that a trimmed log begins behind; 0: none */
    bool trimmed;
    uint64_t damages;
    char said_last[SENTENCE_BYTES];
    bool behind_damage; /* the next record is the first one behind it */
    uint64_t events;
    uint64_t commands;
    uint64_t notes;
    uint64_t done_bytes;
    struct btx_wal_position position; /* behind the last record */
    uint64_t difference_seq;
    char *in_log;       /* the record that differs, as JSON text; NULL: none does */
    char *in_execution; /* what should stand there; NULL: nothing */
    char line[BTX_RECORD_TEXT_BYTES_MAX];
};

/* One damage: a line for people, or a member of the list "damage". */
static void BTX_PRINTF(2, 3) report(struct verify *verify, const char *format, ...)
{
    char text[SENTENCE_BYTES];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments); /* Cut is fine. */
    va_end(arguments);
    if (strcmp(text, verify->said_last) == 0)
        return; /* One page may be in the way of several batches. */
    memcpy(verify->said_last, text, sizeof text);
    verify->damages++;
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
        report(verify, "%s", fault.text);
        return BTX_OK;
    }
    why = find_footing(verify, &snapshot.header);
    if (why != NULL) {
        char name[BTX_WAL_NAME_BYTES];

        btx_snapshot_name(name, seq);
        report(verify, "snapshots/%s: %s", name, why);
    } else {
        struct good_snapshot *good = &verify->snapshots[verify->snapshot_count++];

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
    verify->trimmed = true;
    for (size_t i = 0; i < verify->snapshot_count; i++) {
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
    while (verify->snapshot_next < verify->snapshot_count &&
           verify->snapshots[verify->snapshot_next].seq < record->seq)
        verify->snapshot_next++;
    if (verify->snapshot_next == verify->snapshot_count ||
        verify->snapshots[verify->snapshot_next].seq != record->seq)
        return;
    snapshot = &verify->snapshots[verify->snapshot_next++];
    btx_exchange_digest(&verify->execution.exchange, digest);
    if (memcmp(digest, snapshot->digest, sizeof digest) == 0) {
        verify->snapshots_compared++;
        return;
    }
    btx_snapshot_name(name, snapshot->seq);
    report(verify, "snapshots/%s: it is not the state that execution gives", name);
}

/* ---- Records ---- */

/* Behind damage the execution goes on when no event is missing: then no command is. */
static void look_for_gap(struct verify *verify, const struct btx_record *record)
{
    const bool is_note = btx_record_kind(record) == BTX_RECORD_NOTE;

    if (verify->behind_damage && record->seq != verify->position.seq + (is_note ? 0 : 1))
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
        verify->commands++;
        return;
    case BTX_RECORD_EVENT:
        verify->events++;
        if (verify->execution.state == BTX_EXECUTION_RUNNING)
            compare_snapshot(verify, record);
        return;
    case BTX_RECORD_NOTE:
        verify->notes++;
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

    verify->difference_seq = record->seq;
    verify->in_log = copy_text(verify, record);
    if (execution->audit.expected != NULL) {
        verify->in_execution = copy_text(verify, execution->audit.expected);
    } else if (btx_record_kind(record) == BTX_RECORD_NOTE &&
               record->type == BTX_NOTE_STATE_DIGEST) {
        char hex[BTX_SHA256_HEX_BYTES];
        uint8_t digest[BTX_SHA256_BYTES];

        btx_exchange_digest(&execution->exchange, digest);
        btx_sha256_hex(digest, hex);
        if (asprintf(&verify->in_execution, "{\"sha256\":\"%s\"}", hex) < 0)
            verify->in_execution = NULL; /* Without memory it is not shown. */
    }
}

/* Whether the damage is the end that the next start cuts, and everything before it was read. */
static bool is_torn_end(const struct verify *verify, const struct btx_wal_damage *damage)
{
    const struct btx_wal_survey *survey = &verify->survey;
    const struct btx_wal_position *end = &survey->end.position;

    return survey->end_known && survey->end.cut && survey->row_count != 0 &&
           strcmp(damage->segment, survey->rows[survey->row_count - 1].name.name) == 0 &&
           verify->position.seq == end->seq && verify->position.batch >= end->batch;
}

static void take_damage(struct verify *verify, const struct btx_wal_damage *damage)
{
    char text[SENTENCE_BYTES];

    btx_wal_damage_print(damage, text, sizeof text);
    report(verify, "%s", text);
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
            if (verify->execution.state == BTX_EXECUTION_DIFFERS && verify->in_log == NULL)
                keep_difference(verify, record);
            btx_log_reader_position(reader, &verify->position);
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
        verify->events += contents.events;
        verify->commands += contents.commands;
        verify->notes += contents.notes;
        if (contents.damages != 0)
            report(verify, "segments/%s: %s", verify->survey.rows[i].name.name, contents.damage);
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
        report(verify, "%s", fault.text);
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

/* ---- The report ---- */

static void BTX_PRINTF(2, 3) append(char text[SENTENCE_BYTES], const char *format, ...)
{
    const size_t length = strlen(text);
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text + length, SENTENCE_BYTES - length, format, arguments); /* Cut is fine. */
    va_end(arguments);
}

static uint64_t count_signed(const struct btx_wal_survey *survey)
{
    uint64_t count = 0;

    for (size_t i = 0; i < survey->row_count; i++)
        count += survey->rows[i].is_signed;
    return count;
}

/* What can be said, and not a word more. */
static void find_verdict(const struct verify *verify, char ret_text[SENTENCE_BYTES])
{
    const bool differs = verify->execution.state == BTX_EXECUTION_DIFFERS;

    ret_text[0] = '\0';
    if (verify->damages != 0 || differs) {
        append(ret_text, "DAMAGED");
        if (verify->damages != 0)
            append(ret_text, ", in %" PRIu64 " place%s", verify->damages,
                   btx_units_s(verify->damages));
        if (differs)
            append(ret_text, ", and not what its commands give behind seq %" PRIu64,
                   verify->execution.stopped_seq);
        return;
    }
    append(ret_text, verify->survey.row_count == 0 ? "empty" : "consistent");
    if (verify->survey.live)
        append(ret_text, " as far as it is written");
    if (verify->survey.end_known && verify->survey.end.cut)
        append(ret_text, " up to its torn end");
    append(ret_text, ", %s, end not anchored",
           count_signed(&verify->survey) == 0 ? "unsigned" : "signatures not checked");
    if (verify->trimmed)
        append(ret_text, "; proves from seq %" PRIu64, verify->survey.rows[0].name.first_seq);
    if (verify->execution.state == BTX_EXECUTION_OFF ||
        verify->execution.state == BTX_EXECUTION_STOPPED)
        append(ret_text, "; not executed");
}

static void print_execution(const struct verify *verify)
{
    const struct btx_log_execution *execution = &verify->execution;

    switch (execution->state) {
    case BTX_EXECUTION_OFF:
        printf("executed    no\n");
        return;
    case BTX_EXECUTION_RUNNING:
        printf("executed    %" PRIu64 " command%s gave the same %" PRIu64 " event%s\n"
               "digests     %" PRIu64 " of states and %" PRIu64 " of snapshots are right\n",
               execution->audit.commands, btx_units_s(execution->audit.commands),
               execution->audit.events, btx_units_s(execution->audit.events),
               execution->audit.digests, verify->snapshots_compared);
        return;
    case BTX_EXECUTION_STOPPED:
        printf("executed    %sup to seq %" PRIu64 " only%s: %s\n", btx_colour_on(BTX_COLOUR_NOTICE),
               execution->stopped_seq, btx_colour_off(), execution->why);
        return;
    case BTX_EXECUTION_DIFFERS:
        printf("executed    %sDIFFERS%s behind seq %" PRIu64 ": %s\n",
               btx_colour_on(BTX_COLOUR_BAD), btx_colour_off(), execution->stopped_seq,
               execution->why);
        printf("  log:       %s\n", verify->in_log == NULL ? "?" : verify->in_log);
        printf("  execution: %s\n",
               verify->in_execution == NULL ? "nothing" : verify->in_execution);
        return;
    }
}

static void print_end(const struct verify *verify)
{
    const struct btx_wal_survey *survey = &verify->survey;
    char where[SENTENCE_BYTES];

    if (survey->live) {
        printf("end         in use: a writer is at work\n");
    } else if (!survey->end_known) {
        printf("end         %snot found%s: the next start refuses this log\n",
               btx_colour_on(BTX_COLOUR_BAD), btx_colour_off());
    } else if (survey->end.cut) {
        btx_wal_damage_print(&survey->end.cut_where, where, sizeof where);
        printf("end         %storn%s behind seq %" PRIu64 ": the next start cuts it\n"
               "            (%s)\n",
               btx_colour_on(BTX_COLOUR_NOTICE), btx_colour_off(), survey->end.position.seq, where);
    } else if (survey->end.position.in_command) {
        printf("end         in the middle of a command: the next start finishes it\n");
    } else {
        printf("end         whole\n");
    }
}

static void print_text(const struct verify *verify)
{
    const struct btx_wal_survey *survey = &verify->survey;
    const bool bad = verify->damages != 0 || verify->execution.state == BTX_EXECUTION_DIFFERS;
    char verdict[SENTENCE_BYTES];
    size_t sealed = 0;

    for (size_t i = 0; i < survey->row_count; i++)
        sealed += survey->rows[i].sealed_by != 0;
    printf("checked     %" PRIu64 " event%s, %" PRIu64 " command%s, %" PRIu64
           " note%s in %zu segment%s\n",
           verify->events, btx_units_s(verify->events), verify->commands,
           btx_units_s(verify->commands), verify->notes, btx_units_s(verify->notes),
           survey->row_count, btx_units_s(survey->row_count));
    printf("seals       %zu, %" PRIu64 " of them signed\n", sealed, count_signed(survey));
    printf("snapshots   %zu\n", verify->snapshot_count);
    print_execution(verify);
    print_end(verify);
    find_verdict(verify, verdict);
    printf("verdict     %s%s%s\n", btx_colour_on(bad ? BTX_COLOUR_BAD : BTX_COLOUR_GOOD), verdict,
           btx_colour_off());
    if (bad)
        printf("advice      copy the whole log before anything else; dump prints what is intact\n");
}

static void json_execution(struct verify *verify)
{
    static const char *const words[] = {
        [BTX_EXECUTION_OFF] = "off",
        [BTX_EXECUTION_RUNNING] = "equal",
        [BTX_EXECUTION_STOPPED] = "stopped",
        [BTX_EXECUTION_DIFFERS] = "differs",
    };
    const struct btx_log_execution *execution = &verify->execution;
    struct btx_json *json = &verify->json;

    btx_json_begin_object(json, "execution");
    btx_json_text(json, "result", words[execution->state]);
    btx_json_u64(json, "commands", execution->audit.commands);
    btx_json_u64(json, "events", execution->audit.events);
    btx_json_u64(json, "digests", execution->audit.digests);
    btx_json_u64(json, "snapshots", verify->snapshots_compared);
    if (execution->why[0] != '\0')
        btx_json_text(json, "why", execution->why);
    if (verify->in_log != NULL) {
        btx_json_u64(json, "seq", verify->difference_seq);
        btx_json_verbatim(json, "log", verify->in_log, strlen(verify->in_log));
    }
    if (verify->in_execution != NULL)
        btx_json_verbatim(json, "expected", verify->in_execution, strlen(verify->in_execution));
    btx_json_end_object(json);
}

static void json_end(struct verify *verify)
{
    const struct btx_wal_survey *survey = &verify->survey;
    struct btx_json *json = &verify->json;
    char where[SENTENCE_BYTES];

    btx_json_begin_object(json, "end");
    btx_json_bool(json, "in_use", survey->live);
    btx_json_bool(json, "torn", survey->end_known && survey->end.cut);
    if (survey->end_known && survey->end.cut) {
        btx_wal_damage_print(&survey->end.cut_where, where, sizeof where);
        btx_json_text(json, "where", where);
    }
    btx_json_u64(json, "seq", verify->position.seq);
    btx_json_bool(json, "in_command", verify->position.in_command);
    btx_json_end_object(json);
}

/* Everything behind the list of damage. */
static void print_json(struct verify *verify)
{
    struct btx_json *json = &verify->json;
    char verdict[SENTENCE_BYTES];

    btx_json_end_list(json);
    btx_json_u64(json, "damages", verify->damages);
    btx_json_u64(json, "segments", verify->survey.row_count);
    btx_json_u64(json, "events", verify->events);
    btx_json_u64(json, "commands", verify->commands);
    btx_json_u64(json, "notes", verify->notes);
    btx_json_u64(json, "snapshots", verify->snapshot_count);
    btx_json_u64(json, "first_seq",
                 verify->survey.row_count == 0 ? 1 : verify->survey.rows[0].name.first_seq);
    json_execution(verify);
    json_end(verify);
    find_verdict(verify, verdict);
    btx_json_text(json, "verdict", verdict);
    btx_json_end_object(json);
    btx_json_end_line(json);
}

static enum btx_fault_code check_all(struct verify *verify, struct btx_fault *reterr_fault)
{
    enum btx_fault_code code;

    code = check_snapshots(verify, reterr_fault);
    if (code != BTX_OK)
        return code;
    find_base(verify);
    if (!verify->request->no_execute) {
        btx_log_execution_begin(&verify->execution, verify->root, verify->base_seq);
        if (verify->trimmed && verify->base_seq == 0)
            btx_log_execution_stop(&verify->execution,
                                   "its beginning is gone, and no snapshot stands for it");
    }
    code = check_records(verify, reterr_fault);
    /* What recovery objects to is nearly always what was found above; never let it go unsaid. */
    if (code == BTX_OK && verify->damages == 0 && !verify->survey.live && !verify->survey.end_known)
        report(verify, "%s", verify->survey.end_fault.text);
    return code;
}

enum btx_fault_code btx_wal_verb_verify(const struct btx_wal_request *request, bool *ret_failed,
                                        struct btx_fault *reterr_fault)
{
    static struct verify verify; /* One line of text alone takes 85 KiB. */
    enum btx_fault_code code;

    verify.request = request;
    verify.root = request->arguments[0];
    verify.json.out = stdout;
    code = btx_wal_survey_read(&verify.survey, verify.root, reterr_fault);
    if (code == BTX_OK) {
        if (request->json) {
            btx_json_begin_object(&verify.json, NULL);
            btx_json_begin_list(&verify.json, "damage");
        }
        code = check_all(&verify, reterr_fault);
        if (request->json)
            print_json(&verify);
        else if (code == BTX_OK)
            print_text(&verify);
    }
    *ret_failed = verify.damages != 0 || verify.execution.state == BTX_EXECUTION_DIFFERS;
    btx_log_execution_done(&verify.execution);
    free(verify.in_log);
    free(verify.in_execution);
    free(verify.snapshots);
    btx_wal_survey_done(&verify.survey);
    return code;
}
