/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c - betex-replay: commands as JSON lines in, events as JSON lines out.
 *
 * One thread, one pass: each line is decoded, executed and answered before the next is looked at,
 * so that a bad line stops everything behind it and nothing before it.  The answers are written
 * whenever the input pauses: whoever is at the other end, a person or a program, has them.
 *
 * With a log (--wal) the answers of many lines are made durable together, when a batch is full or
 * the input pauses, and only then printed. */
#include "engine/base/check.h"
#include "engine/exchange/exchange.h"
#include "engine/line_reader.h"
#include "engine/output.h"
#include "engine/replay_log.h"
#include "engine/replay_options.h"
#include "engine/text/command_text.h"
#include "engine/text/event_text.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* One run.  Static, because the decoder alone takes 64 KiB. */
struct replay {
    struct btx_replay_options options;
    struct btx_exchange exchange;
    struct btx_line_reader reader;
    struct btx_output output;
    struct btx_replay_log log; /* With --wal. */
    struct btx_command_text decoder;
    union btx_command_space command;
};

/* Print the events of a tx, or of a batch of txs. */
static enum btx_fault_code print_events(struct replay *replay, const struct btx_tx *tx,
                                        struct btx_fault *reterr_fault)
{
    const struct btx_record *record = NULL;

    if (replay->options.quiet)
        return BTX_OK;
    while ((record = btx_tx_next_record(tx, record)) != NULL) {
        enum btx_fault_code code;
        char *room;

        if (btx_record_kind(record) != BTX_RECORD_EVENT)
            continue;
        code = btx_output_claim(&replay->output, BTX_EVENT_TEXT_BYTES_MAX, &room, reterr_fault);
        if (code != BTX_OK)
            return btx_fault_wrap(reterr_fault, "standard output");
        btx_output_commit(&replay->output, btx_event_text_encode(record, room));
    }
    return BTX_OK;
}

/* Make durable what is gathered, and print it. */
static enum btx_fault_code commit(struct replay *replay, struct btx_fault *reterr_fault)
{
    const enum btx_fault_code code = btx_replay_log_commit(&replay->log, reterr_fault);

    return code == BTX_OK ? print_events(replay, &replay->log.batch, reterr_fault) : code;
}

static enum btx_fault_code gather_tx(struct replay *replay, struct btx_fault *reterr_fault)
{
    if (!btx_replay_log_fits(&replay->log) && commit(replay, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    btx_replay_log_take(&replay->log);
    return BTX_OK;
}

/* Finish the command that the log left unfinished, if there is one; then execute @command, if it
 * is not NULL. */
static enum btx_fault_code run_command(struct replay *replay, const struct btx_command *command,
                                       struct btx_fault *reterr_fault)
{
    const bool logged = replay->options.wal != NULL;
    struct btx_tx *tx = logged ? &replay->log.tx : &replay->exchange.tx;
    bool unfinished = btx_core_pending(replay->exchange.core) != NULL;
    enum btx_step step = unfinished ? BTX_STEP_MORE : BTX_STEP_DUE;

    while (unfinished || (command != NULL && step != BTX_STEP_DONE)) {
        const struct btx_command *next = step == BTX_STEP_MORE ? NULL : command;
        enum btx_fault_code code;

        step = btx_core_step(replay->exchange.core, next, tx);
        code = logged ? gather_tx(replay, reterr_fault) : print_events(replay, tx, reterr_fault);
        if (code != BTX_OK)
            return code;
        if (unfinished && step != BTX_STEP_MORE) {
            unfinished = false;
            step = BTX_STEP_DUE; /* @command has not been looked at. */
        }
    }
    return BTX_OK;
}

/* The command of a line, in replay->command; or the line is refused as a whole. */
static enum btx_fault_code decode_line(struct replay *replay, const char *line, size_t length_bytes,
                                       struct btx_fault *reterr_fault)
{
    const char *why =
        btx_command_text_decode(&replay->decoder, line, length_bytes, &replay->command);

    if (why != NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_INPUT, 0, "line %" PRIu64 ": %s",
                             replay->reader.line_number, why);
    if (replay->log.stopped)
        return btx_fault_set(reterr_fault, BTX_FAULT_DISK_FULL, 0,
                             "line %" PRIu64 ": not executed: log %s: only %" PRIu64
                             " bytes are left on its filesystem, less than wal.stop_bytes",
                             replay->reader.line_number, replay->options.wal,
                             replay->log.free_bytes);
    return BTX_OK;
}

/* Whether a log that is written to ends inside a command: that is finished without being asked. */
static bool has_unfinished(const struct replay *replay)
{
    return replay->options.wal != NULL && btx_core_pending(replay->exchange.core) != NULL;
}

/* All lines that were read; there may be none.  run_command() is called in one place, so that it
 * is compiled into the loop: 1.5 % of all instructions. */
static enum btx_fault_code run_buffered(struct replay *replay, struct btx_fault *reterr_fault)
{
    const char *line;
    size_t length_bytes;

    for (;;) {
        const struct btx_command *command = &replay->command.command;

        switch (btx_line_reader_take(&replay->reader, &line, &length_bytes)) {
        case BTX_LINE_NONE:
            if (!has_unfinished(replay))
                return BTX_OK;
            command = NULL;
            break;
        case BTX_LINE_TOO_LONG:
            return btx_fault_set(reterr_fault, BTX_FAULT_INPUT, 0,
                                 "line %" PRIu64 ": longer than %u bytes",
                                 replay->reader.line_number, BTX_COMMAND_LINE_BYTES_MAX);
        case BTX_LINE_TAKEN:
            if (decode_line(replay, line, length_bytes, reterr_fault) != BTX_OK)
                return reterr_fault->code;
        }
        if (run_command(replay, command, reterr_fault) != BTX_OK)
            return reterr_fault->code;
    }
}

static enum btx_fault_code flush_output(struct replay *replay, struct btx_fault *reterr_fault)
{
    const enum btx_fault_code code = btx_output_flush(&replay->output, reterr_fault);

    return code == BTX_OK ? BTX_OK : btx_fault_wrap(reterr_fault, "standard output");
}

/* Whoever waits for answers gets them, as soon as they are durable. */
static enum btx_fault_code answer(struct replay *replay, struct btx_fault *reterr_fault)
{
    if (replay->options.wal != NULL && commit(replay, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    return flush_output(replay, reterr_fault);
}

static enum btx_fault_code run_input(struct replay *replay, struct btx_fault *reterr_fault)
{
    for (;;) {
        enum btx_fault_code code = run_buffered(replay, reterr_fault);

        if (code != BTX_OK || replay->reader.ended)
            return code;
        if (btx_line_reader_would_wait(&replay->reader)) {
            code = answer(replay, reterr_fault);
            if (code != BTX_OK)
                return code;
        }
        code = btx_line_reader_fill(&replay->reader, reterr_fault);
        if (code != BTX_OK)
            return btx_fault_wrap(reterr_fault, "standard input");
    }
}

static enum btx_fault_code print_digest(struct replay *replay,
                                        const uint8_t digest[BTX_SHA256_BYTES],
                                        struct btx_fault *reterr_fault)
{
    char hex[BTX_SHA256_HEX_BYTES];
    enum btx_fault_code code;
    char *room;

    btx_sha256_hex(digest, hex);
    code = btx_output_claim(&replay->output, BTX_EVENT_TEXT_BYTES_MAX, &room, reterr_fault);
    if (code != BTX_OK)
        return btx_fault_wrap(reterr_fault, "standard output");
    btx_output_commit(&replay->output, (size_t)sprintf(room, "digest %s\n", hex));
    return BTX_OK;
}

/* What an operator should know about the log that was read, and that is no fault. */
static void tell_report(const char *root, const struct btx_recovery_report *report)
{
    char where[BTX_FAULT_TEXT_BYTES];

    if (report->snapshots_refused != 0)
        fprintf(stderr, "betex-replay: %s: %" PRIu64 " snapshot%s not used: %s\n", root,
                report->snapshots_refused, report->snapshots_refused == 1 ? "" : "s",
                report->snapshot_why);
    if (!report->cut)
        return;
    btx_wal_damage_print(&report->cut_where, where, sizeof where);
    fprintf(stderr, "betex-replay: %s: the end was torn: it is cut behind event %" PRIu64 ": %s\n",
            root, report->position.seq, where);
}

/* Begin with the state of a log, if one is given. */
static enum btx_fault_code recover(struct replay *replay, struct btx_fault *reterr_fault)
{
    const struct btx_replay_options *options = &replay->options;
    const struct btx_recovery_options recovery = {.root = options->from_wal,
                                                  .at_seq = options->at_seq};
    struct btx_recovery_report report;
    enum btx_fault_code code;

    if (options->wal != NULL)
        code = btx_replay_log_open(&replay->log, options->wal, &options->wal_settings,
                                   &replay->exchange, &report, reterr_fault);
    else if (options->from_wal != NULL)
        code = btx_recovery_run(&replay->exchange, &recovery, &report, reterr_fault);
    else
        return BTX_OK;
    if (code == BTX_OK)
        tell_report(options->wal != NULL ? options->wal : options->from_wal, &report);
    return code;
}

static enum btx_fault_code open_all(struct replay *replay, struct btx_fault *reterr_fault)
{
    enum btx_fault_code code;

    code = btx_exchange_open(&replay->exchange, &replay->options.capacity, reterr_fault);
    if (code == BTX_OK)
        code = btx_line_reader_open(&replay->reader, STDIN_FILENO, BTX_COMMAND_LINE_BYTES_MAX,
                                    reterr_fault);
    if (code == BTX_OK)
        code =
            btx_output_open(&replay->output, STDOUT_FILENO, BTX_EVENT_TEXT_BYTES_MAX, reterr_fault);
    if (code == BTX_OK)
        code = recover(replay, reterr_fault);
    return code;
}

/* The input has ended in order. */
static enum btx_fault_code finish(struct replay *replay, struct btx_fault *reterr_fault)
{
    const bool logged = replay->options.wal != NULL;
    uint8_t digest[BTX_SHA256_BYTES];

    if (!logged && !replay->options.digest)
        return BTX_OK;
    btx_exchange_digest(&replay->exchange, digest);
    if (logged) {
        if (commit(replay, reterr_fault) != BTX_OK)
            return reterr_fault->code;
        btx_replay_log_stop(&replay->log, &replay->exchange, digest);
        if (commit(replay, reterr_fault) != BTX_OK)
            return reterr_fault->code;
    }
    return replay->options.digest ? print_digest(replay, digest, reterr_fault) : BTX_OK;
}

/* The run has ended, in order or by @code: end the log, and write what was answered.  Returns the
 * fault that matters most: what the log or the output has to say before a bad line. */
static enum btx_fault_code close_all(struct replay *replay, enum btx_fault_code code,
                                     struct btx_fault *reterr_fault)
{
    const bool snapshot = code == BTX_OK && replay->options.snapshot;
    struct btx_fault fault = {0};

    /* What ends a run undoes nothing: what was executed before it lasts, and is answered. */
    if (code != BTX_OK && replay->log.writer != NULL && commit(replay, &fault) != BTX_OK &&
        code == BTX_FAULT_INPUT) {
        *reterr_fault = fault;
        code = fault.code;
    }
    if (btx_replay_log_close(&replay->log, &replay->exchange, snapshot, &fault) != BTX_OK &&
        (code == BTX_OK || code == BTX_FAULT_INPUT)) {
        *reterr_fault = fault;
        code = fault.code;
    }
    if (flush_output(replay, &fault) != BTX_OK && (code == BTX_OK || code == BTX_FAULT_INPUT)) {
        *reterr_fault = fault;
        code = fault.code;
    }
    return code;
}

static enum btx_fault_code run(struct replay *replay, struct btx_fault *reterr_fault)
{
    enum btx_fault_code code = open_all(replay, reterr_fault);

    if (code == BTX_OK && isatty(STDIN_FILENO) && isatty(STDERR_FILENO))
        fputs("betex-replay: type commands, one JSON object a line; Ctrl-D ends\n", stderr);
    if (code == BTX_OK)
        code = run_input(replay, reterr_fault);
    if (code == BTX_OK)
        code = finish(replay, reterr_fault);
    return close_all(replay, code, reterr_fault);
}

static enum btx_fault_code print_text(enum btx_replay_action action, struct btx_fault *reterr_fault)
{
    if (action == BTX_REPLAY_HELP)
        btx_replay_options_print_help();
    else
        printf("betex-replay %s, rules version %u\n", BTX_VERSION, BTX_RULES_VERSION);
    if (fflush(stdout) != 0)
        return btx_fault_set(reterr_fault, errno == ENOSPC ? BTX_FAULT_DISK_FULL : BTX_FAULT_IO,
                             errno, "standard output: cannot write");
    return BTX_OK;
}

int main(int argument_count, char **arguments)
{
    static struct replay replay;
    struct btx_fault fault = {0};
    enum btx_fault_code code;

    /* A reader that has gone away is a fault with a sentence, not a silent death. */
    (void)signal(SIGPIPE, SIG_IGN); /* Cannot fail for this signal. */
    code = btx_replay_options_parse(argument_count, arguments, &replay.options, &fault);
    if (code == BTX_OK && replay.options.action != BTX_REPLAY_RUN)
        code = print_text(replay.options.action, &fault);
    else if (code == BTX_OK)
        code = run(&replay, &fault);
    btx_output_close(&replay.output);
    btx_line_reader_close(&replay.reader);
    btx_exchange_close(&replay.exchange);
    if (code != BTX_OK)
        fprintf(stderr, "betex-replay: %s\n", fault.text);
    return btx_fault_exit_status(code);
}
