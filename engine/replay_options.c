/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/replay_options.h"

#include "engine/base/check.h"
#include "engine/text/command_text.h"

#include <getopt.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Generous, because memory is used only as the exchange fills; not the greatest possible, because
 * wide indexes are slow ones. */
static const struct btx_core_capacity capacity_default = {
    .accounts = 1000000,
    .markets = 100000,
    .runners = 1000000,
    .orders = 1000000,
    .positions = 1000000,
};

/* What an option means; its row in the table below. */
enum option_kind { OPTION_DIGEST, OPTION_QUIET, OPTION_CAPACITY, OPTION_TEXT, OPTION_LOG };

struct option_row {
    enum option_kind kind;
    enum btx_replay_action action; /* OPTION_TEXT */
    size_t capacity_offset;        /* OPTION_CAPACITY: in struct btx_core_capacity */
};

#define CAPACITY_ROW(member)                                                                       \
    {                                                                                              \
        OPTION_CAPACITY, BTX_REPLAY_RUN, offsetof(struct btx_core_capacity, member)                \
    }

/* In the order of `known` below, which getopt wants in a form of its own. */
static const struct option_row rows[] = {
    {OPTION_DIGEST, BTX_REPLAY_RUN, 0},
    {OPTION_QUIET, BTX_REPLAY_RUN, 0},
    CAPACITY_ROW(accounts),
    CAPACITY_ROW(markets),
    CAPACITY_ROW(runners),
    CAPACITY_ROW(orders),
    CAPACITY_ROW(positions),
    {OPTION_TEXT, BTX_REPLAY_HELP, 0},
    {OPTION_TEXT, BTX_REPLAY_VERSION, 0},
    {OPTION_LOG, BTX_REPLAY_RUN, 0},
    {OPTION_LOG, BTX_REPLAY_RUN, 0},
    {OPTION_LOG, BTX_REPLAY_RUN, 0},
};
static const struct option known[] = {
    {"digest", no_argument, NULL, 0},
    {"quiet", no_argument, NULL, 0},
    {"accounts", required_argument, NULL, 0},
    {"markets", required_argument, NULL, 0},
    {"runners", required_argument, NULL, 0},
    {"orders", required_argument, NULL, 0},
    {"positions", required_argument, NULL, 0},
    {"help", no_argument, NULL, 0},
    {"version", no_argument, NULL, 0},
    {"wal", optional_argument, NULL, 0},
    {"from-wal", optional_argument, NULL, 0},
    {"at", optional_argument, NULL, 0},
    {NULL, 0, NULL, 0},
};
static_assert(BTX_COUNT_OF(rows) + 1 == BTX_COUNT_OF(known), "one row for each option");

/* Digits only: no sign, no space, no suffix. */
static enum btx_fault_code parse_capacity(const char *name, const char *text,
                                          uint32_t *ret_capacity, struct btx_fault *reterr_fault)
{
    const char *digit = text;
    uint32_t value = 0;

    for (; *digit >= '0' && *digit <= '9' && value <= BTX_CORE_CAPACITY_MAX; digit++)
        value = 10 * value + (uint32_t)(*digit - '0');
    if (*digit != '\0' || value < 1 || value > BTX_CORE_CAPACITY_MAX)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "--%s: want a number from 1 to %u, got '%s'", name,
                             BTX_CORE_CAPACITY_MAX, text);
    *ret_capacity = value;
    return BTX_OK;
}

static enum btx_fault_code take_option(size_t index, const char *value,
                                       struct btx_replay_options *options,
                                       struct btx_fault *reterr_fault)
{
    const struct option_row *row = &rows[index];
    void *capacity = (char *)&options->capacity + row->capacity_offset;

    switch (row->kind) {
    case OPTION_DIGEST:
        options->digest = true;
        return BTX_OK;
    case OPTION_QUIET:
        options->quiet = true;
        return BTX_OK;
    case OPTION_CAPACITY:
        return parse_capacity(known[index].name, value, capacity, reterr_fault);
    case OPTION_TEXT:
        options->action = row->action;
        return BTX_OK;
    case OPTION_LOG:
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "--%s: comes with the log, which this version does not have",
                             known[index].name);
    }
    CHECK_UNREACHABLE();
}

enum btx_fault_code btx_replay_options_parse(int argument_count, char **arguments,
                                             struct btx_replay_options *ret_options,
                                             struct btx_fault *reterr_fault)
{
    struct btx_replay_options options = {.capacity = capacity_default};
    enum btx_fault_code code;
    int index = 0;
    int found;

    opterr = 0; /* getopt's own sentences do not say what to do. */
    /* "+": options behind an argument that is none are not looked for, it is an error anyway. */
    while ((found = getopt_long(argument_count, arguments, "+:", known, &index)) == 0) {
        code = take_option((size_t)index, optarg, &options, reterr_fault);
        if (code != BTX_OK)
            return code;
    }
    if (found == ':')
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "%s: wants a value (see --help)",
                             arguments[optind - 1]);
    if (found != -1 && optopt != 0) /* A single letter, perhaps one of several: none is ours. */
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "-%c: not an option (see --help)",
                             optopt);
    if (found != -1)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "%s: not an option, or one that takes no value (see --help)",
                             arguments[optind - 1]);
    if (optind < argument_count)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "%s: not an option (commands are read from standard input: "
                             "betex-replay < FILE)",
                             arguments[optind]);
    *ret_options = options;
    return BTX_OK;
}

void btx_replay_options_print_help(void)
{
    printf("Usage: betex-replay [OPTION]... < COMMANDS > EVENTS\n"
           "\n"
           "Executes commands, one JSON object a line, on an empty exchange and prints what\n"
           "happened, one JSON object a line.  The same commands always give the same\n"
           "bytes.  A line of commands has at most %u bytes.\n"
           "\n"
           "  --digest       print \"digest HEX\" last: SHA-256 of the final state\n"
           "  --quiet        print no events\n"
           "  --accounts N   room for so many accounts (%u)\n"
           "  --markets N    room for so many markets, forgotten ones not counted (%u)\n"
           "  --runners N    room for so many runners in all these markets (%u)\n"
           "  --orders N     room for so many live orders (%u)\n"
           "  --positions N  room for so many pairs of an account and a market in which it\n"
           "                 has a bet or a live order (%u)\n"
           "  --help         print this text\n"
           "  --version      print the version\n"
           "\n"
           "A command that the rules refuse is answered like any other, with the event\n"
           "CommandRejected.  A line that is no command ends the run: the events of all\n"
           "lines before it are printed, and \"line N: why\" on standard error.\n"
           "\n"
           "Exit status: 0 all lines were executed; 2 usage, or a line that is no command;\n"
           "67 disk full; 68 reading or writing failed; 71 no memory.\n"
           "\n"
           "Examples:\n"
           "  betex-replay < day.commands.jsonl > day.events.jsonl\n"
           "  zcat day.commands.jsonl.gz | betex-replay | sha256sum\n"
           "  betex-replay --quiet --digest < day.commands.jsonl\n"
           "  echo '{\"cmd\":\"OpenAccount\",\"t\":1,\"account\":7}' | betex-replay\n"
           "\n"
           "Not in this version: --wal, --from-wal and --at come with the log.\n",
           BTX_COMMAND_LINE_BYTES_MAX, capacity_default.accounts, capacity_default.markets,
           capacity_default.runners, capacity_default.orders, capacity_default.positions);
}
