/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c - betex-replay: commands as JSON lines in, events as JSON lines out.
 *
 * One thread, one pass: each line is decoded, executed and answered before the next is looked at,
 * so that a bad line stops everything behind it and nothing before it.  The answers are written
 * whenever the input pauses: whoever is at the other end, a person or a program, has them. */
#include "engine/base/check.h"
#include "engine/exchange/exchange.h"
#include "engine/line_reader.h"
#include "engine/output.h"
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
    struct btx_command_text decoder;
    union btx_command_space command;
};

static enum btx_fault_code print_tx(struct replay *replay, struct btx_fault *reterr_fault)
{
    const struct btx_record *record = NULL;

    while ((record = btx_tx_next_record(&replay->exchange.tx, record)) != NULL) {
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

/* One line: what it asks is done and answered, or it is refused as a whole. */
static enum btx_fault_code run_line(struct replay *replay, const char *line, size_t length_bytes,
                                    struct btx_fault *reterr_fault)
{
    const struct btx_command *command = &replay->command.command;
    struct btx_exchange *exchange = &replay->exchange;
    const char *why =
        btx_command_text_decode(&replay->decoder, line, length_bytes, &replay->command);
    enum btx_step step;

    if (why != NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_INPUT, 0, "line %" PRIu64 ": %s",
                             replay->reader.line_number, why);
    do {
        step = btx_core_step(exchange->core, command, &exchange->tx);
        command = NULL;
        if (!replay->options.quiet) {
            const enum btx_fault_code code = print_tx(replay, reterr_fault);

            if (code != BTX_OK)
                return code;
        }
    } while (step == BTX_STEP_MORE);
    return BTX_OK;
}

/* All lines that were read; there may be none. */
static enum btx_fault_code run_buffered(struct replay *replay, struct btx_fault *reterr_fault)
{
    const char *line;
    size_t length_bytes;

    for (;;) {
        const enum btx_line_result result =
            btx_line_reader_take(&replay->reader, &line, &length_bytes);
        enum btx_fault_code code;

        switch (result) {
        case BTX_LINE_NONE:
            return BTX_OK;
        case BTX_LINE_TOO_LONG:
            return btx_fault_set(reterr_fault, BTX_FAULT_INPUT, 0,
                                 "line %" PRIu64 ": longer than %u bytes",
                                 replay->reader.line_number, BTX_COMMAND_LINE_BYTES_MAX);
        case BTX_LINE_TAKEN:
            code = run_line(replay, line, length_bytes, reterr_fault);
            if (code != BTX_OK)
                return code;
        }
    }
}

static enum btx_fault_code flush_output(struct replay *replay, struct btx_fault *reterr_fault)
{
    const enum btx_fault_code code = btx_output_flush(&replay->output, reterr_fault);

    return code == BTX_OK ? BTX_OK : btx_fault_wrap(reterr_fault, "standard output");
}

static enum btx_fault_code run_input(struct replay *replay, struct btx_fault *reterr_fault)
{
    for (;;) {
        enum btx_fault_code code = run_buffered(replay, reterr_fault);

        if (code != BTX_OK || replay->reader.ended)
            return code;
        if (btx_line_reader_would_wait(&replay->reader)) {
            code = flush_output(replay, reterr_fault);
            if (code != BTX_OK)
                return code;
        }
        code = btx_line_reader_fill(&replay->reader, reterr_fault);
        if (code != BTX_OK)
            return btx_fault_wrap(reterr_fault, "standard input");
    }
}

static enum btx_fault_code print_digest(struct replay *replay, struct btx_fault *reterr_fault)
{
    uint8_t digest[BTX_SHA256_BYTES];
    char hex[BTX_SHA256_HEX_BYTES];
    enum btx_fault_code code;
    char *room;

    btx_exchange_digest(&replay->exchange, digest);
    btx_sha256_hex(digest, hex);
    code = btx_output_claim(&replay->output, BTX_EVENT_TEXT_BYTES_MAX, &room, reterr_fault);
    if (code != BTX_OK)
        return btx_fault_wrap(reterr_fault, "standard output");
    btx_output_commit(&replay->output, (size_t)sprintf(room, "digest %s\n", hex));
    return BTX_OK;
}

static enum btx_fault_code run(struct replay *replay, struct btx_fault *reterr_fault)
{
    struct btx_fault flush_fault = {0};
    enum btx_fault_code code;

    code = btx_exchange_open(&replay->exchange, &replay->options.capacity, reterr_fault);
    if (code != BTX_OK)
        return code;
    code = btx_line_reader_open(&replay->reader, STDIN_FILENO, BTX_COMMAND_LINE_BYTES_MAX,
                                reterr_fault);
    if (code != BTX_OK)
        return code;
    code = btx_output_open(&replay->output, STDOUT_FILENO, BTX_EVENT_TEXT_BYTES_MAX, reterr_fault);
    if (code != BTX_OK)
        return code;
    if (isatty(STDIN_FILENO) && isatty(STDERR_FILENO))
        fputs("betex-replay: type commands, one JSON object a line; Ctrl-D ends\n", stderr);
    code = run_input(replay, reterr_fault);
    if (code == BTX_OK && replay->options.digest)
        code = print_digest(replay, reterr_fault);
    /* What was answered before a bad line is written in any case; that it could not be written
     * would be worse than the bad line. */
    if (flush_output(replay, &flush_fault) != BTX_OK && (code == BTX_OK || code == BTX_FAULT_INPUT))
        *reterr_fault = flush_fault;
    return reterr_fault->code;
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
