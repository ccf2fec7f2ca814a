/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/verify_report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "admin/printable.h"
#include "admin/terminal.h"
#include "admin/units.h"

static void BTX_PRINTF(2, 3) append(char text[BTX_VERIFY_TEXT_BYTES], const char *format, ...)
{
    const size_t length = strlen(text);
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text + length, BTX_VERIFY_TEXT_BYTES - length, format,
                    arguments); /* Cut is fine. */
    va_end(arguments);
}

static uint64_t count_signed(const struct btx_wal_survey *survey)
{
    uint64_t count = 0;

    for (size_t i = 0; i < survey->row_count; i++)
        count += survey->rows[i].is_signed;
    return count;
}

bool btx_verify_report_is_bad(const struct btx_verify_report *report)
{
    return report->damages != 0 || report->execution->state == BTX_EXECUTION_DIFFERS;
}

void btx_verify_report_verdict(const struct btx_verify_report *report,
                               char ret_text[BTX_VERIFY_TEXT_BYTES])
{
    const struct btx_log_execution *execution = report->execution;
    const bool differs = execution->state == BTX_EXECUTION_DIFFERS;

    ret_text[0] = '\0';
    if (btx_verify_report_is_bad(report)) {
        append(ret_text, "DAMAGED");
        if (report->damages != 0)
            append(ret_text, ", in %" PRIu64 " place%s", report->damages,
                   btx_units_s(report->damages));
        if (differs)
            append(ret_text, ", and not what its commands give behind seq %" PRIu64,
                   execution->stopped_seq);
        return;
    }
    append(ret_text, report->survey->row_count == 0 ? "empty" : "consistent");
    if (report->survey->live)
        append(ret_text, " as far as it is written");
    if (report->survey->end_known && report->survey->end.cut)
        append(ret_text, " up to its torn end");
    append(ret_text, ", %s, end not anchored",
           count_signed(report->survey) == 0 ? "unsigned" : "signatures not checked");
    if (report->trimmed)
        append(ret_text, "; proves from seq %" PRIu64, report->survey->rows[0].name.first_seq);
    if (execution->state == BTX_EXECUTION_STOPPED && execution->stopped_seq != 0)
        append(ret_text, "; executed up to seq %" PRIu64 " only", execution->stopped_seq);
    else if (execution->state != BTX_EXECUTION_RUNNING)
        append(ret_text, "; not executed");
}

/* @event is a record as JSON, or NULL: then @none stands there. */
static void print_event(const char *where, const char *event, const char *none)
{
    const char *text = event == NULL ? none : event;

    printf("  %s ", where);
    btx_printable_write(stdout, text, strlen(text), BTX_PRINTABLE_TERMINAL);
    printf("\n");
}

static void print_execution(const struct btx_verify_report *report)
{
    const struct btx_log_execution *execution = report->execution;

    switch (execution->state) {
    case BTX_EXECUTION_OFF:
        printf("executed    no\n");
        return;
    case BTX_EXECUTION_RUNNING:
        printf("executed    %" PRIu64 " command%s gave the same %" PRIu64 " event%s\n"
               "digests     %" PRIu64 " of states and %" PRIu64 " of snapshots are right\n",
               execution->audit.commands, btx_units_s(execution->audit.commands),
               execution->audit.events, btx_units_s(execution->audit.events),
               execution->audit.digests, report->snapshots_compared);
        return;
    case BTX_EXECUTION_STOPPED:
        printf("executed    %sup to seq %" PRIu64 " only%s: %s\n", btx_colour_on(BTX_COLOUR_NOTICE),
               execution->stopped_seq, btx_colour_off(), execution->why);
        return;
    case BTX_EXECUTION_DIFFERS:
        printf("executed    %sDIFFERS%s behind seq %" PRIu64 ": %s\n",
               btx_colour_on(BTX_COLOUR_BAD), btx_colour_off(), execution->stopped_seq,
               execution->why);
        print_event("log:      ", report->in_log, "?");
        print_event("execution:", report->in_execution, "nothing");
        return;
    }
}

static void print_end(const struct btx_verify_report *report)
{
    const struct btx_wal_survey *survey = report->survey;
    char where[BTX_VERIFY_TEXT_BYTES];

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

void btx_verify_report_print(const struct btx_verify_report *report)
{
    const struct btx_wal_survey *survey = report->survey;
    const bool bad = btx_verify_report_is_bad(report);
    char verdict[BTX_VERIFY_TEXT_BYTES];
    size_t sealed = 0;

    for (size_t i = 0; i < survey->row_count; i++)
        sealed += survey->rows[i].sealed_by != 0;
    printf("checked     %" PRIu64 " event%s, %" PRIu64 " command%s, %" PRIu64
           " note%s in %zu segment%s\n",
           report->events, btx_units_s(report->events), report->commands,
           btx_units_s(report->commands), report->notes, btx_units_s(report->notes),
           survey->row_count, btx_units_s(survey->row_count));
    printf("seals       %zu, %" PRIu64 " of them signed\n", sealed, count_signed(survey));
    printf("snapshots   %" PRIu64 "\n", report->snapshots);
    print_execution(report);
    print_end(report);
    btx_verify_report_verdict(report, verdict);
    printf("verdict     %s%s%s\n", btx_colour_on(bad ? BTX_COLOUR_BAD : BTX_COLOUR_GOOD), verdict,
           btx_colour_off());
    if (bad)
        printf("advice      copy the whole log before anything else; dump prints what is intact\n");
}

static void json_execution(const struct btx_verify_report *report, struct btx_json *json)
{
    static const char *const words[] = {
        [BTX_EXECUTION_OFF] = "off",
        [BTX_EXECUTION_RUNNING] = "equal",
        [BTX_EXECUTION_STOPPED] = "stopped",
        [BTX_EXECUTION_DIFFERS] = "differs",
    };
    const struct btx_log_execution *execution = report->execution;

    btx_json_begin_object(json, "execution");
    btx_json_text(json, "result", words[execution->state]);
    btx_json_u64(json, "commands", execution->audit.commands);
    btx_json_u64(json, "events", execution->audit.events);
    btx_json_u64(json, "digests", execution->audit.digests);
    btx_json_u64(json, "snapshots", report->snapshots_compared);
    if (execution->why[0] != '\0')
        btx_json_text(json, "why", execution->why);
    if (report->in_log != NULL) {
        btx_json_u64(json, "seq", report->difference_seq);
        btx_json_record(json, "log", report->in_log, strlen(report->in_log));
    }
    if (report->in_execution != NULL)
        btx_json_record(json, "expected", report->in_execution, strlen(report->in_execution));
    btx_json_end_object(json);
}

static void json_end(const struct btx_verify_report *report, struct btx_json *json)
{
    const struct btx_wal_survey *survey = report->survey;
    char where[BTX_VERIFY_TEXT_BYTES];

    btx_json_begin_object(json, "end");
    btx_json_bool(json, "in_use", survey->live);
    btx_json_bool(json, "torn", survey->end_known && survey->end.cut);
    if (survey->end_known && survey->end.cut) {
        btx_wal_damage_print(&survey->end.cut_where, where, sizeof where);
        btx_json_text(json, "where", where);
    }
    btx_json_u64(json, "seq", report->position.seq);
    btx_json_bool(json, "in_command", report->position.in_command);
    btx_json_end_object(json);
}

void btx_verify_report_json(const struct btx_verify_report *report, struct btx_json *json)
{
    char verdict[BTX_VERIFY_TEXT_BYTES];

    btx_json_u64(json, "damages", report->damages);
    btx_json_u64(json, "segments", report->survey->row_count);
    btx_json_u64(json, "events", report->events);
    btx_json_u64(json, "commands", report->commands);
    btx_json_u64(json, "notes", report->notes);
    btx_json_u64(json, "snapshots", report->snapshots);
    btx_json_u64(json, "first_seq",
                 report->survey->row_count == 0 ? 1 : report->survey->rows[0].name.first_seq);
    json_execution(report, json);
    json_end(report, json);
    btx_verify_report_verdict(report, verdict);
    btx_json_text(json, "verdict", verdict);
}
