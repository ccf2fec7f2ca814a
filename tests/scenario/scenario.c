/* SPDX-License-Identifier: Apache-2.0 */
/* scenario.c - betex-scenario: runs files of commands with the events they must give.
 * Text goes in and comes out: decode, step, encode, in this process.  Each file is run three
 * times at once: through the core, through a core that is saved and loaded after every tx, and
 * through the reference model.  README.md has the form of a file.
 * Exit status 0: all as written; 1: not; 2: usage; 77: an example is not there. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/attributes.h"
#include "engine/base/check.h"
#include "engine/base/sha256.h"
#include "engine/core/core.h"
#include "engine/text/command_text.h"
#include "engine/text/event_text.h"
#include "tests/property/model.h"
#include "tests/property/subject.h"

enum { FAILED = 1, USAGE = 2, SKIPPED = 77, LINE_BYTES = 1 << 17 };

/* One scenario being run. */
struct run {
    const char *path;
    unsigned line_number;
    struct btx_core_capacity capacity;
    bool sheds; /* Of the following commands. */
    bool disconnects;
    struct btx_subject live;
    struct btx_subject reloaded;
    struct btx_model model;
    bool has_begun; /* The capacities can no longer be changed. */
    struct btx_tx tx;
    struct btx_tx reloaded_tx;
    struct btx_command_text decoder;
    union btx_command_space space;
    struct btx_buffer saved;
    struct btx_buffer made;    /* Records of the last command. */
    struct btx_buffer printed; /* Its events as text that nothing was compared with yet. */
    size_t compared_bytes;     /* Of printed. */
    const char *refused;       /* Why the last command could not be decoded; NULL: it could. */
    bool refusal_compared;
};

BTX_NORETURN static void fail(const struct run *run, const char *format, ...) BTX_PRINTF(2, 3);

static void fail(const struct run *run, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "%s:%u: ", run->path, run->line_number);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n");
    exit(FAILED);
}

static void begin(struct run *run)
{
    const struct btx_core_capacity *capacity = &run->capacity;
    const struct btx_model_capacity model_capacity = {
        .accounts = capacity->accounts,
        .markets = capacity->markets,
        .runners = capacity->runners,
        .orders = capacity->orders,
        .positions = capacity->positions,
        .stakes = capacity->stakes,
        .description_bytes = capacity->description_bytes,
    };

    if (run->has_begun)
        return;
    run->has_begun = true;
    btx_subject_open(&run->live, capacity, 0);
    btx_subject_open(&run->reloaded, capacity, 0);
    btx_model_init(&run->model, &model_capacity, 1);
}

/* Put a core that is loaded from the saved bytes in the place of the reloaded one. */
static void reload(struct run *run)
{
    const char *sentence;

    btx_subject_save(&run->reloaded, &run->saved);
    btx_subject_open(&run->reloaded, &run->capacity, 0);
    sentence = btx_core_load(run->reloaded.core, run->saved.bytes, run->saved.length_bytes);
    if (sentence != NULL)
        fail(run, "load: %s", sentence);
}

static void print_tx(struct run *run)
{
    static char line[BTX_EVENT_TEXT_BYTES_MAX];
    size_t offset = 0;

    while (offset < run->tx.length_bytes) {
        const struct btx_record *record =
            (const struct btx_record *)(const void *)(run->tx.bytes + offset);
        const char *sentence = btx_record_check(record, run->tx.length_bytes - offset);

        if (sentence != NULL)
            fail(run, "the core made a record that is not valid: %s", sentence);
        offset += btx_record_length_bytes(record);
        if (btx_record_kind(record) == BTX_RECORD_EVENT)
            btx_buffer_append(&run->printed, line, btx_event_text_encode(record, line));
    }
}

/* Execute the command in run->space; its events are printed to run->printed. */
static void execute(struct run *run)
{
    union btx_command_space copy = run->space;
    const struct btx_command *command = &run->space.command;
    const struct btx_command *reloaded_command = &copy.command;
    const char *sentence;
    enum btx_step step = BTX_STEP_DUE;

    btx_model_execute(&run->model, command);
    /* What was saved knows the time of the last event, and no Tick since then. */
    copy.command.record.time_ns = run->model.time_ns;
    do {
        const bool goes_on = step == BTX_STEP_MORE;

        step = btx_core_step(run->live.core, goes_on ? NULL : command, &run->tx);
        (void)btx_core_step(run->reloaded.core, goes_on ? NULL : reloaded_command,
                            &run->reloaded_tx);
        if (run->tx.length_bytes != run->reloaded_tx.length_bytes ||
            memcmp(run->tx.bytes, run->reloaded_tx.bytes, run->tx.length_bytes) != 0)
            fail(run, "a core that was saved and loaded decides otherwise");
        btx_buffer_append(&run->made, run->tx.bytes, run->tx.length_bytes);
        print_tx(run);
        reload(run);
    } while (step != BTX_STEP_DONE);
    sentence = btx_core_verify(run->live.core);
    if (sentence != NULL)
        fail(run, "verify: %s", sentence);
    if (run->made.length_bytes != run->model.length_bytes ||
        (run->made.length_bytes != 0 &&
         memcmp(run->made.bytes, run->model.bytes, run->made.length_bytes) != 0))
        fail(run, "the reference model decides otherwise; the core says:\n%.*s",
             (int)run->printed.length_bytes, (const char *)run->printed.bytes);
}

/* Everything that the last command gave must have been written down before the next line that is
 * no answer. */
static void expect_no_more(const struct run *run)
{
    if (run->refused != NULL && !run->refusal_compared)
        fail(run, "not expected above: ! %s", run->refused);
    if (run->compared_bytes < run->printed.length_bytes)
        fail(run, "not expected above: %.*s",
             (int)(run->printed.length_bytes - run->compared_bytes),
             (const char *)run->printed.bytes + run->compared_bytes);
}

static void command_line(struct run *run, const char *line, size_t length)
{
    begin(run);
    expect_no_more(run);
    run->made.length_bytes = 0;
    run->printed.length_bytes = 0;
    run->compared_bytes = 0;
    run->refusal_compared = false;
    run->refused = btx_command_text_decode(&run->decoder, line, length, &run->space);
    if (run->refused != NULL)
        return;
    run->space.command.shed = run->sheds;
    if (run->space.command.record.type == BTX_COMMAND_CANCEL_ORDERS && run->disconnects)
        ((struct btx_cancel_orders *)(void *)&run->space)->disconnect = 1;
    execute(run);
}

/* A command that is only there to bring about the situation: it must not be refused. */
static void given_line(struct run *run, const char *line, size_t length)
{
    command_line(run, line, length);
    if (run->refused != NULL)
        fail(run, "%s", run->refused);
    btx_buffer_append(&run->printed, "", 1);
    if (strstr((const char *)run->printed.bytes, "\"ev\":\"CommandRejected\"") != NULL)
        fail(run, "refused: %s", (const char *)run->printed.bytes);
    run->compared_bytes = run->printed.length_bytes;
}

/* The event at @actual without its seq, tx and t, where @expected leaves them out. */
static const char *without_numbers(const char *expected, const char *actual, const char *end)
{
    static const char event_key[] = "\"ev\":";
    const char *found;

    if (strncmp(expected, "{\"ev\":", 6) != 0)
        return actual;
    found = memmem(actual, (size_t)(end - actual), event_key, sizeof event_key - 1);
    CHECK(found != NULL);
    return found;
}

static void event_line(struct run *run, const char *expected)
{
    const char *actual = (const char *)run->printed.bytes + run->compared_bytes;
    const size_t left = run->printed.length_bytes - run->compared_bytes;
    const char *end = left == 0 ? NULL : memchr(actual, '\n', left);
    const char *compared;
    const char *wanted = expected;

    if (end == NULL)
        fail(run, "no further event, but expected\n%s", expected);
    compared = without_numbers(expected, actual, end);
    if (compared != actual)
        wanted++; /* Behind the brace, as what is compared. */
    if (strlen(wanted) != (size_t)(end - compared) || memcmp(wanted, compared, strlen(wanted)) != 0)
        fail(run, "expected\n  %s\ngot\n  %.*s", expected, (int)(end - actual), actual);
    run->compared_bytes += (size_t)(end - actual) + 1;
}

static void refusal_line(struct run *run, const char *expected)
{
    if (run->refused == NULL)
        fail(run, "the command was decoded, but expected\n! %s", expected);
    if (strcmp(run->refused, expected) != 0)
        fail(run, "expected\n! %s\ngot\n! %s", expected, run->refused);
    run->refusal_compared = true;
}

static void capacity_line(struct run *run, const char *line)
{
    struct btx_core_capacity *capacity = &run->capacity;
    const struct {
        const char *name;
        uint32_t *part;
    } parts[] = {{"accounts=", &capacity->accounts},
                 {"markets=", &capacity->markets},
                 {"runners=", &capacity->runners},
                 {"orders=", &capacity->orders},
                 {"positions=", &capacity->positions},
                 {"stakes=", &capacity->stakes},
                 {"description_bytes=", &capacity->description_bytes}};

    if (run->has_begun)
        fail(run, "capacity comes before the first command");
    for (size_t i = 0; i < BTX_COUNT_OF(parts); i++) {
        const char *found = strstr(line, parts[i].name);

        if (found != NULL)
            *parts[i].part = (uint32_t)strtoul(found + strlen(parts[i].name), NULL, 10);
    }
    if (btx_core_memory_bytes(capacity) == 0)
        fail(run, "no such capacity");
}

/* The SHA-256 of the state, as betex-replay --digest prints it. */
static void digest_line(struct run *run, const char *expected)
{
    struct btx_sha256 sha256 = {0};
    struct btx_fault fault = {0};
    uint8_t digest[BTX_SHA256_BYTES];
    char text[BTX_SHA256_HEX_BYTES];

    begin(run);
    btx_subject_save(&run->live, &run->saved);
    if (btx_sha256_init(&sha256, &fault) != BTX_OK)
        fail(run, "%s", fault.text);
    btx_sha256_update(&sha256, run->saved.bytes, run->saved.length_bytes);
    btx_sha256_final(&sha256, digest);
    btx_sha256_done(&sha256);
    btx_sha256_hex(digest, text);
    if (strcmp(text, expected) != 0)
        fail(run, "expected\ndigest %s\ngot\ndigest %s", expected, text);
}

/* What follows @word and a space in @line; NULL when the line begins otherwise. */
static const char *after(const char *line, const char *word)
{
    const size_t length = strlen(word);

    return strncmp(line, word, length) == 0 ? line + length : NULL;
}

static void any_line(struct run *run, const char *line)
{
    const char *rest;

    if (line[0] == '\0' || line[0] == '#')
        return;
    if ((rest = after(line, "> ")) != NULL) {
        command_line(run, rest, strlen(rest));
    } else if ((rest = after(line, "given ")) != NULL) {
        given_line(run, rest, strlen(rest));
    } else if ((rest = after(line, "  ")) != NULL) {
        event_line(run, rest);
    } else if ((rest = after(line, "! ")) != NULL) {
        refusal_line(run, rest);
    } else if ((rest = after(line, "capacity ")) != NULL) {
        capacity_line(run, rest);
    } else if ((rest = after(line, "digest ")) != NULL) {
        digest_line(run, rest);
    } else if (strcmp(line, "shed on") == 0 || strcmp(line, "shed off") == 0) {
        run->sheds = line[6] == 'n';
    } else if (strcmp(line, "disconnect on") == 0 || strcmp(line, "disconnect off") == 0) {
        run->disconnects = line[12] == 'n';
    } else {
        fail(run, "not a line of a scenario: %s", line);
    }
}

static struct run *run_open(const char *path)
{
    struct run *run = calloc(1, sizeof *run);
    const size_t tx_bytes = ((size_t)BTX_TX_BYTES_MAX + 63) / 64 * 64;

    CHECK(run != NULL);
    run->path = path;
    run->capacity.accounts = 100;
    run->capacity.markets = 100;
    run->capacity.runners = 1000;
    run->capacity.orders = 10000;
    run->capacity.positions = 1000;
    run->capacity.stakes = 1000;
    run->capacity.description_bytes = 100000;
    run->tx.bytes = aligned_alloc(64, tx_bytes);
    run->reloaded_tx.bytes = aligned_alloc(64, tx_bytes);
    CHECK(run->tx.bytes != NULL && run->reloaded_tx.bytes != NULL);
    return run;
}

static void run_close(struct run *run)
{
    btx_subject_close(&run->live);
    btx_subject_close(&run->reloaded);
    btx_model_done(&run->model);
    btx_buffer_done(&run->saved);
    btx_buffer_done(&run->made);
    btx_buffer_done(&run->printed);
    free(run->tx.bytes);
    free(run->reloaded_tx.bytes);
    free(run);
}

/* The next line without its newline; NULL at the end of the file. */
static const char *next_line(FILE *file, char *line)
{
    size_t length;

    if (fgets(line, LINE_BYTES, file) == NULL)
        return NULL;
    length = strlen(line);
    if (length > 0 && line[length - 1] == '\n')
        line[length - 1] = '\0';
    return line;
}

static FILE *open_or_exit(const char *path, int status)
{
    FILE *file = fopen(path, "r");

    if (file == NULL) {
        fprintf(stderr, "betex-scenario: %s: %s%s\n", path, strerror(errno),
                status == SKIPPED ? " (SKIPPED: the worked examples are not there)" : "");
        exit(status);
    }
    return file;
}

static void run_scenario(const char *path)
{
    static char line[LINE_BYTES];
    FILE *file = open_or_exit(path, USAGE);
    struct run *run = run_open(path);

    while (next_line(file, line) != NULL) {
        run->line_number++;
        any_line(run, line);
    }
    if (!run->has_begun)
        fail(run, "there is no command in it");
    expect_no_more(run);
    run_close(run);
    fclose(file);
}

/* All commands of one file must give exactly the events of another, byte for byte. */
static void run_example(const char *commands_path, const char *events_path)
{
    static char line[LINE_BYTES];
    FILE *commands = open_or_exit(commands_path, SKIPPED);
    FILE *events = open_or_exit(events_path, SKIPPED);
    struct run *run = run_open(commands_path);
    unsigned event_number = 0;

    while (next_line(commands, line) != NULL) {
        const char *actual;

        run->line_number++;
        command_line(run, line, strlen(line));
        if (run->refused != NULL)
            fail(run, "%s", run->refused);
        while (run->compared_bytes < run->printed.length_bytes) {
            event_number++;
            if (fgets(line, LINE_BYTES, events) == NULL)
                fail(run, "more events than there are in %s", events_path);
            actual = (const char *)run->printed.bytes + run->compared_bytes;
            if (strlen(line) > run->printed.length_bytes - run->compared_bytes ||
                memcmp(line, actual, strlen(line)) != 0)
                fail(run, "%s:%u: expected\n%sgot\n%.*s", events_path, event_number, line,
                     (int)(run->printed.length_bytes - run->compared_bytes), actual);
            run->compared_bytes += strlen(line);
        }
    }
    if (fgets(line, LINE_BYTES, events) != NULL)
        fail(run, "%s: not printed: %s", events_path, line);
    printf("%s: %u commands, %u events\n", commands_path, run->line_number, event_number);
    run_close(run);
    fclose(commands);
    fclose(events);
}

int main(int argument_count, char **arguments)
{
    if (argument_count == 4 && strcmp(arguments[1], "--example") == 0) {
        run_example(arguments[2], arguments[3]);
        return 0;
    }
    if (argument_count < 2 || arguments[1][0] == '-') {
        fputs("usage: betex-scenario FILE.scn...\n"
              "       betex-scenario --example COMMANDS EVENTS\n",
              argument_count == 2 && strcmp(arguments[1], "--help") == 0 ? stdout : stderr);
        return argument_count == 2 && strcmp(arguments[1], "--help") == 0 ? 0 : USAGE;
    }
    for (int i = 1; i < argument_count; i++)
        run_scenario(arguments[i]);
    printf("%d scenarios as written\n", argument_count - 1);
    return 0;
}
