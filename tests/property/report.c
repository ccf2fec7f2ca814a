/* SPDX-License-Identifier: Apache-2.0 */
/* report.c - what a failed property says: enough to run it again, and to see it at once. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

#include "engine/text/command_text.h"
#include "engine/text/event_text.h"
#include "tests/property/trial.h"

/* Lines of events at each end of a long command. */
enum { REPORT_LINES_MAX = 20 };

static void print_command(const struct btx_command *command)
{
    static char line[BTX_COMMAND_TEXT_BYTES_MAX];
    const size_t length = btx_command_text_encode(command, line);

    fprintf(stderr, "  %.*s", (int)length, line);
    if (command->shed != 0)
        fprintf(stderr, "  (shed)\n");
    if (command->record.type == BTX_COMMAND_CANCEL_ORDERS &&
        ((const struct btx_cancel_orders *)(const void *)command)->disconnect != 0)
        fprintf(stderr, "  (disconnect)\n");
}

static void print_records(const char *whose, const uint8_t *bytes, size_t length_bytes)
{
    static char line[BTX_EVENT_TEXT_BYTES_MAX];
    size_t offset = 0;
    size_t count = 0;

    fprintf(stderr, "%s:\n", whose);
    while (offset < length_bytes) {
        const struct btx_record *record = (const struct btx_record *)(const void *)(bytes + offset);
        const char *sentence = btx_record_check(record, length_bytes - offset);

        if (sentence != NULL) {
            fprintf(stderr, "  (a record that is not valid: %s)\n", sentence);
            return;
        }
        offset += btx_record_length_bytes(record);
        if (btx_record_kind(record) != BTX_RECORD_EVENT)
            continue;
        count++;
        if (count <= REPORT_LINES_MAX || length_bytes - offset < REPORT_LINES_MAX * 128)
            fprintf(stderr, "  %.*s", (int)btx_event_text_encode(record, line), line);
        else if (count == REPORT_LINES_MAX + 1)
            fprintf(stderr, "  ...\n");
    }
}

/* Everything about the run but why it failed. */
static void print_trial(const struct btx_trial *trial)
{
    fprintf(stderr, "\ncommand:\n");
    print_command(&trial->space.command);
    print_records("the core's events", trial->made.bytes, trial->made.length_bytes);
    print_records("the model's events", trial->model.bytes, trial->model.length_bytes);
    fprintf(stderr, "again: betex-property --runs 1 --seed %llu --theme %s\n",
            (unsigned long long)trial->seed, btx_flow_theme_name(trial->flow.theme));
}

static void print_place(const struct btx_trial *trial)
{
    fflush(stdout);
    fprintf(stderr, "betex-property: FAILED: seed %llu, theme %s, command %llu, %s: ",
            (unsigned long long)trial->seed, btx_flow_theme_name(trial->flow.theme),
            (unsigned long long)trial->command_index, trial->phase);
}

/* The run that a crash would be in. */
static const struct btx_trial *current;

static void print_crash(void)
{
    if (current == NULL)
        return;
    print_place(current);
    fprintf(stderr, "the program died");
    print_trial(current);
    current = NULL;
}

static void died(int signal_number)
{
    /* The process ends here: that stdio is not for signal handlers can do no more harm. */
    print_crash();
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

void btx_trial_announce(const struct btx_trial *trial)
{
    current = trial;
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_set_death_callback(print_crash);
#endif
    signal(SIGABRT, died);
}

void btx_trial_fail(const struct btx_trial *trial, const char *format, ...)
{
    va_list arguments;

    print_place(trial);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    print_trial(trial);
    exit(1);
}
