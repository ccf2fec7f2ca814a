/* SPDX-License-Identifier: Apache-2.0 */
/* wal_ls.c - betex-wal ls: the segments of a log, a row each. */
#include "admin/wal_request.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "admin/json.h"
#include "admin/table.h"
#include "admin/terminal.h"
#include "admin/units.h"
#include "admin/wal_survey.h"

enum { REMARK_BYTES = 256, HASH_SHOWN_BYTES = 4 };

/* What else there is to say of a segment: kept in words, for people and programs alike. */
struct remarks {
    char text[6][REMARK_BYTES];
    size_t count;
};

static void BTX_PRINTF(2, 3) remark(struct remarks *remarks, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(remarks->text[remarks->count++], REMARK_BYTES, format, arguments);
    va_end(arguments);
}

static void find_gap(const struct btx_wal_survey *survey, size_t row_index, struct remarks *remarks)
{
    const struct btx_wal_row *row = &survey->rows[row_index];
    const uint64_t before = row_index == 0 ? 0 : row[-1].name.number;
    const char *what = row_index == 0 ? "begins late" : "gap";

    if (row->name.number == before + 1)
        return;
    if (row->name.number == before + 2)
        remark(remarks, "%s: segment %" PRIu64 " is not here", what, before + 1);
    else
        remark(remarks, "%s: segments %" PRIu64 " to %" PRIu64 " are not here", what, before + 1,
               row->name.number - 1);
}

static bool is_torn(const struct btx_wal_survey *survey, const struct btx_wal_row *row)
{
    return survey->end_known && survey->end.cut &&
           strcmp(row->name.name, survey->end.cut_where.segment) == 0;
}

/* What an earlier recovery cut from the segment. */
static void find_cut(const struct btx_wal_row *row, struct remarks *remarks)
{
    if (row->source == BTX_WAL_ROW_SEALED && !row->header_valid && !row->damaged) {
        remark(remarks, "cut by recovery: nothing of it counts");
    } else if (row->source == BTX_WAL_ROW_SEALED && row->claimed_batches > row->batches) {
        const uint64_t cut = row->claimed_batches - row->batches;

        remark(remarks, "cut by recovery: %" PRIu64 " %s at its end %s not count", cut,
               cut == 1 ? "batch" : "batches", cut == 1 ? "does" : "do");
    }
}

static void find_remarks(const struct btx_wal_survey *survey, size_t row_index,
                         struct remarks *remarks)
{
    const struct btx_wal_row *row = &survey->rows[row_index];

    remarks->count = 0;
    find_gap(survey, row_index, remarks);
    if (is_torn(survey, row)) {
        char where[REMARK_BYTES - 16];

        btx_wal_damage_print(&survey->end.cut_where, where, sizeof where);
        remark(remarks, "torn end: %s", where);
        return;
    }
    if (row->damaged)
        remark(remarks, "DAMAGED: %s", row->damage);
    else if (row->truncated)
        remark(remarks, "the file is shorter than its tree says");
    find_cut(row, remarks);
    if (survey->live && row_index + 1 == survey->row_count)
        remark(remarks, "in use: it grows");
    else if (row->events == 0 && !row->damaged)
        remark(remarks, "no events");
}

static void short_hash(const struct btx_wal_row *row, char ret_text[2 * HASH_SHOWN_BYTES + 2])
{
    if (row->sealed_by == 0) {
        (void)snprintf(ret_text, 2, "-");
        return;
    }
    for (size_t i = 0; i < HASH_SHOWN_BYTES; i++)
        (void)snprintf(ret_text + 2 * i, 3, "%02x", row->hash[i]);
    if (row->is_signed)
        (void)snprintf(ret_text + 2 * (size_t)HASH_SHOWN_BYTES, 2, "s");
}

static void add_row(struct btx_table *table, const struct btx_wal_row *row)
{
    char hash[2 * HASH_SHOWN_BYTES + 2];

    short_hash(row, hash);
    btx_table_cell(table, "%" PRIu64, row->name.number);
    if (row->events == 0)
        btx_table_cell(table, "-");
    else if (row->last_seq == row->name.first_seq)
        btx_table_cell(table, "%" PRIu64, row->last_seq);
    else
        btx_table_cell(table, "%" PRIu64 "-%" PRIu64, row->name.first_seq, row->last_seq);
    btx_table_cell(table, "%" PRIu64, row->batches);
    btx_table_cell(table, "%s", btx_units_bytes(row->bytes).text);
    btx_table_cell(table, "%s", btx_units_bytes(row->file_bytes).text);
    btx_table_cell(table, "%" PRIu64, row->epoch);
    btx_table_cell(table, "%s",
                   row->header_valid ? btx_units_short_time(row->created_ns).text : "?");
    btx_table_cell(table, "%s", hash);
}

static enum btx_fault_code print_table(const struct btx_wal_survey *survey,
                                       struct btx_fault *reterr_fault)
{
    static const struct btx_column columns[] = {
        {"NO", false},   {"SEQ", false},   {"BATCHES", false}, {"RECORDS", false},
        {"FILE", false}, {"EPOCH", false}, {"CREATED", false}, {"SEAL", true},
    };
    struct btx_table table = {.columns = columns, .column_count = BTX_COUNT_OF(columns)};
    struct remarks remarks;
    enum btx_fault_code code;

    for (size_t i = 0; i < survey->row_count; i++) {
        add_row(&table, &survey->rows[i]);
        find_remarks(survey, i, &remarks);
        for (size_t j = 0; j < remarks.count; j++)
            btx_table_remark(&table, "%s", remarks.text[j]);
    }
    code = btx_table_print(&table, stdout, reterr_fault);
    btx_table_done(&table);
    return code;
}

static void print_times(const struct btx_wal_contents *contents)
{
    if (contents->first_time_ns == 0)
        return;
    printf("  time     %s to %s UTC\n", btx_units_time(contents->first_time_ns).text,
           btx_units_time(contents->last_time_ns).text);
}

/* Everything about one segment. */
static void print_long(const struct btx_wal_survey *survey, size_t row_index,
                       const struct btx_wal_contents *contents)
{
    const struct btx_wal_row *row = &survey->rows[row_index];
    struct remarks remarks;

    printf("%s%s%s\n", btx_colour_on(BTX_COLOUR_STRONG), row->name.name, btx_colour_off());
    printf("  segment  %" PRIu64 ", epoch %" PRIu64 ", created %s UTC\n", row->name.number,
           row->epoch, btx_units_time(row->created_ns).text);
    if (contents->events == 0)
        printf("  seq      %" PRIu64 " would be its first\n", row->name.first_seq);
    else
        printf("  seq      %" PRIu64 " to %" PRIu64 "\n", row->name.first_seq, contents->last_seq);
    printf("  records  %" PRIu64 " event%s, %" PRIu64 " command%s, %" PRIu64 " note%s in %" PRIu64
           " batch%s\n",
           contents->events, btx_units_s(contents->events), contents->commands,
           btx_units_s(contents->commands), contents->notes, btx_units_s(contents->notes),
           contents->batches, contents->batches == 1 ? "" : "es");
    printf("  bytes    %" PRIu64 " of records, %" PRIu64 " of the file\n", contents->bytes,
           row->file_bytes);
    print_times(contents);
    if (row->sealed_by != 0) {
        printf("  sealed   %s UTC, in segment %" PRIu64 ", %s\n           ",
               btx_units_time(row->sealed_ns).text, row->sealed_by,
               row->is_signed ? "signed" : "not signed");
        for (size_t i = 0; i < sizeof row->hash; i++)
            printf("%02x", row->hash[i]);
        printf("\n");
    } else {
        printf("  sealed   not yet\n");
    }
    find_remarks(survey, row_index, &remarks);
    for (size_t i = 0; i < remarks.count; i++)
        printf("  %s%s%s\n", btx_colour_on(BTX_COLOUR_NOTICE), remarks.text[i], btx_colour_off());
}

/* One JSON line; @contents is NULL without --long. */
static void print_json(const struct btx_wal_survey *survey, size_t row_index,
                       const struct btx_wal_contents *contents)
{
    const struct btx_wal_row *row = &survey->rows[row_index];
    struct btx_json json = {.out = stdout};
    struct remarks remarks;

    btx_json_begin_object(&json, NULL);
    btx_json_u64(&json, "segment", row->name.number);
    btx_json_text(&json, "name", row->name.name);
    btx_json_u64(&json, "first_seq", row->name.first_seq);
    btx_json_u64(&json, "last_seq", row->last_seq);
    btx_json_u64(&json, "events", row->events);
    btx_json_u64(&json, "batches", row->batches);
    btx_json_u64(&json, "record_bytes", row->bytes);
    btx_json_u64(&json, "file_bytes", row->file_bytes);
    btx_json_u64(&json, "epoch", row->epoch);
    btx_json_u64(&json, "created_ns", row->created_ns);
    if (row->sealed_by != 0) {
        btx_json_u64(&json, "sealed_by", row->sealed_by);
        btx_json_u64(&json, "sealed_ns", row->sealed_ns);
        btx_json_hex(&json, "hash", row->hash, sizeof row->hash);
        btx_json_bool(&json, "signed", row->is_signed);
    }
    if (contents != NULL) {
        btx_json_u64(&json, "commands", contents->commands);
        btx_json_u64(&json, "notes", contents->notes);
        btx_json_u64(&json, "first_time_ns", contents->first_time_ns);
        btx_json_u64(&json, "last_time_ns", contents->last_time_ns);
        btx_json_u64(&json, "cut_batches", contents->uncounted);
    }
    btx_json_bool(&json, "damaged", row->damaged);
    find_remarks(survey, row_index, &remarks);
    btx_json_begin_list(&json, "remarks");
    for (size_t i = 0; i < remarks.count; i++)
        btx_json_text(&json, NULL, remarks.text[i]);
    btx_json_end_list(&json);
    btx_json_end_object(&json);
    btx_json_end_line(&json);
}

/* Segments one by one: --long or --json. */
static enum btx_fault_code print_each(struct btx_wal_survey *survey,
                                      const struct btx_wal_request *request,
                                      struct btx_fault *reterr_fault)
{
    struct btx_wal_contents contents;

    for (size_t i = 0; i < survey->row_count; i++) {
        struct btx_wal_row *row = &survey->rows[i];
        enum btx_fault_code code = BTX_OK;

        if (request->long_form)
            code = btx_wal_survey_contents(survey, i, &contents, reterr_fault);
        if (code != BTX_OK)
            return code;
        if (request->long_form && contents.damages != 0 && !row->damaged) {
            row->damaged = true;
            survey->damaged = true;
            (void)snprintf(row->damage, sizeof row->damage, "%s", contents.damage);
        }
        if (request->json)
            print_json(survey, i, request->long_form ? &contents : NULL);
        else
            print_long(survey, i, &contents);
    }
    return BTX_OK;
}

enum btx_fault_code btx_wal_verb_ls(const struct btx_wal_request *request, bool *ret_failed,
                                    struct btx_fault *reterr_fault)
{
    struct btx_wal_survey survey;
    enum btx_fault_code code;

    code = btx_wal_survey_read(&survey, request->arguments[0], reterr_fault);
    if (code == BTX_OK && (request->json || request->long_form))
        code = print_each(&survey, request, reterr_fault);
    else if (code == BTX_OK && survey.row_count == 0)
        printf("no segments: nothing was ever written\n");
    else if (code == BTX_OK)
        code = print_table(&survey, reterr_fault);
    if (code == BTX_OK && !survey.id_valid)
        fprintf(stderr, "betex-wal: %s\n", survey.id_fault.text);
    if (code == BTX_OK && !survey.live && !survey.end_known && survey.id_valid)
        fprintf(stderr, "betex-wal: %s\n", survey.end_fault.text);
    *ret_failed = survey.damaged;
    btx_wal_survey_done(&survey);
    return code;
}
