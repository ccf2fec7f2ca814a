/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/replay_options.h"

#include "engine/base/check.h"
#include "engine/exchange/exchange.h"
#include "engine/text/command_text.h"

#include <getopt.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* What an option means; its row in the table below. */
enum option_kind {
    OPTION_SWITCH,
    OPTION_CAPACITY,
    OPTION_FOLDER,
    OPTION_SEQ,
    OPTION_SET,
    OPTION_TEXT
};

struct option_row {
    enum option_kind kind;
    enum btx_replay_action action; /* OPTION_TEXT */
    size_t offset_bytes;           /* Others: of what it sets in struct btx_replay_options. */
    uint32_t minimum;              /* OPTION_CAPACITY */
    uint32_t maximum;
};

#define ROW(kind, member)                                                                          \
    {                                                                                              \
        kind, BTX_REPLAY_RUN, offsetof(struct btx_replay_options, member), 0, 0                    \
    }
#define CAPACITY(member, minimum, maximum)                                                         \
    {                                                                                              \
        OPTION_CAPACITY, BTX_REPLAY_RUN, offsetof(struct btx_replay_options, capacity.member),     \
            minimum, maximum                                                                       \
    }

/* In the order of `known` below, which getopt wants in a form of its own. */
static const struct option_row rows[] = {
    ROW(OPTION_SWITCH, digest),
    ROW(OPTION_SWITCH, quiet),
    CAPACITY(accounts, 1, BTX_CORE_CAPACITY_MAX),
    CAPACITY(markets, 1, BTX_CORE_CAPACITY_MAX),
    CAPACITY(runners, 1, BTX_CORE_CAPACITY_MAX),
    CAPACITY(orders, 1, BTX_CORE_CAPACITY_MAX),
    CAPACITY(positions, 1, BTX_CORE_CAPACITY_MAX),
    CAPACITY(stakes, 0, BTX_CORE_STAKES_MAX),
    CAPACITY(description_bytes, 0, BTX_CORE_DESCRIPTION_BYTES_MAX),
    {OPTION_TEXT, BTX_REPLAY_HELP, 0, 0, 0},
    {OPTION_TEXT, BTX_REPLAY_VERSION, 0, 0, 0},
    ROW(OPTION_FOLDER, wal),
    ROW(OPTION_FOLDER, from_wal),
    ROW(OPTION_SEQ, at_seq),
    ROW(OPTION_SWITCH, snapshot),
    ROW(OPTION_SET, wal_settings),
};
static const struct option known[] = {
    {"digest", no_argument, NULL, 0},
    {"quiet", no_argument, NULL, 0},
    {"accounts", required_argument, NULL, 0},
    {"markets", required_argument, NULL, 0},
    {"runners", required_argument, NULL, 0},
    {"orders", required_argument, NULL, 0},
    {"positions", required_argument, NULL, 0},
    {"stakes", required_argument, NULL, 0},
    {"description-bytes", required_argument, NULL, 0},
    {"help", no_argument, NULL, 0},
    {"version", no_argument, NULL, 0},
    {"wal", required_argument, NULL, 0},
    {"from-wal", required_argument, NULL, 0},
    {"at", required_argument, NULL, 0},
    {"snapshot", no_argument, NULL, 0},
    {"set", required_argument, NULL, 0},
    {NULL, 0, NULL, 0},
};
static_assert(BTX_COUNT_OF(rows) + 1 == BTX_COUNT_OF(known), "one row for each option");

/* Digits only: no sign, no space, no suffix. */
static enum btx_fault_code parse_capacity(const char *name, const char *text,
                                          const struct option_row *row, uint32_t *ret_capacity,
                                          struct btx_fault *reterr_fault)
{
    const char *digit = text;
    uint64_t value = 0;

    for (; *digit >= '0' && *digit <= '9' && value <= row->maximum; digit++)
        value = 10 * value + (uint64_t)(*digit - '0');
    if (*digit != '\0' || digit == text || value < row->minimum || value > row->maximum)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "--%s: want a number from %u to %u, got '%s'", name, row->minimum,
                             row->maximum, text);
    *ret_capacity = (uint32_t)value;
    return BTX_OK;
}

/* The number of an event, as all of them are printed: digits only. */
static enum btx_fault_code parse_seq(const char *name, const char *text, uint64_t *ret_seq,
                                     struct btx_fault *reterr_fault)
{
    const char *digit = text;
    uint64_t value = 0;

    for (; *digit >= '0' && *digit <= '9'; digit++) {
        if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
            __builtin_add_overflow(value, (uint64_t)(*digit - '0'), &value))
            break;
    }
    /* The greatest number stands for the end of the log, and no event ever has it. */
    if (*digit != '\0' || digit == text || value == UINT64_MAX)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "--%s: want the seq of an event, got '%s'", name, text);
    *ret_seq = value;
    return BTX_OK;
}

/* "wal.max_commit_bytes=1 MiB". */
static enum btx_fault_code parse_setting(const char *name, const char *text,
                                         struct btx_wal_settings *settings,
                                         struct btx_fault *reterr_fault)
{
    const char *equals = strchr(text, '=');
    const struct btx_setting *setting = NULL;
    char key[64];

    if (equals != NULL && (size_t)(equals - text) < sizeof key) {
        memcpy(key, text, (size_t)(equals - text));
        key[equals - text] = '\0';
        setting = btx_setting_find(btx_wal_settings, BTX_WAL_SETTING_COUNT, key);
    }
    if (setting == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "--%s: want KEY=VALUE with a key that --help lists, got '%s'", name,
                             text);
    if (btx_setting_parse(setting, equals + 1, btx_setting_value(setting, settings),
                          reterr_fault) != BTX_OK)
        return btx_fault_wrap(reterr_fault, "--%s: %s", name, key);
    return BTX_OK;
}

static enum btx_fault_code take_option(size_t index, const char *value,
                                       struct btx_replay_options *options,
                                       struct btx_fault *reterr_fault)
{
    const struct option_row *row = &rows[index];
    void *member = (char *)options + row->offset_bytes;

    switch (row->kind) {
    case OPTION_SWITCH:
        *(bool *)member = true;
        return BTX_OK;
    case OPTION_CAPACITY:
        return parse_capacity(known[index].name, value, row, member, reterr_fault);
    case OPTION_FOLDER:
        *(const char **)member = value;
        return BTX_OK;
    case OPTION_SEQ:
        return parse_seq(known[index].name, value, member, reterr_fault);
    case OPTION_SET:
        return parse_setting(known[index].name, value, member, reterr_fault);
    case OPTION_TEXT:
        options->action = row->action;
        return BTX_OK;
    }
    CHECK_UNREACHABLE();
}

/* What goes with what. */
static enum btx_fault_code check_together(const struct btx_replay_options *options,
                                          struct btx_fault *reterr_fault)
{
    if (options->wal != NULL && options->from_wal != NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "--wal and --from-wal: want one of them (--wal goes on with the log "
                             "and writes to it, --from-wal only reads it)");
    if (options->at_seq != UINT64_MAX && options->from_wal == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "--at: goes with --from-wal");
    if (options->snapshot && options->wal == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "--snapshot: goes with --wal");
    if (options->wal == NULL)
        return BTX_OK;
    return btx_wal_settings_check(&options->wal_settings, 0, reterr_fault);
}

enum btx_fault_code btx_replay_options_parse(int argument_count, char **arguments,
                                             struct btx_replay_options *ret_options,
                                             struct btx_fault *reterr_fault)
{
    struct btx_replay_options options = {.capacity = btx_exchange_capacity_default,
                                         .at_seq = UINT64_MAX};
    enum btx_fault_code code;
    int index = 0;
    int found;

    btx_wal_settings_default(&options.wal_settings);
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
    if (options.action == BTX_REPLAY_RUN && check_together(&options, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    *ret_options = options;
    return BTX_OK;
}

/* The keys that --set takes, with bounds and defaults. */
static void print_settings(void)
{
    for (size_t i = 0; i < BTX_WAL_SETTING_COUNT; i++) {
        const struct btx_setting *setting = &btx_wal_settings[i];
        char fallback[BTX_SETTING_TEXT_BYTES];
        char bounds[80];

        btx_setting_print(setting, setting->fallback, fallback);
        btx_setting_print_bounds(setting, bounds, sizeof bounds);
        printf("  %-28s %-8s %s\n", setting->name, fallback, bounds);
    }
}

void btx_replay_options_print_help(void)
{
    printf("Usage: betex-replay [OPTION]... < COMMANDS > EVENTS\n"
           "\n"
           "Executes commands, one JSON object a line, on an empty exchange and prints what\n"
           "happened, one JSON object a line.  The same commands always give the same\n"
           "bytes.  A line of commands has at most %u bytes.\n"
           "\n"
           "  --digest        print \"digest HEX\" last: SHA-256 of the final state\n"
           "  --quiet         print no events\n"
           "  --accounts N    room for so many accounts (%u)\n"
           "  --markets N     room for so many markets, forgotten ones not counted (%u)\n"
           "  --runners N     room for so many runners in all these markets (%u)\n"
           "  --orders N      room for so many live orders (%u)\n"
           "  --positions N   room for so many pairs of an account and a market in which it\n"
           "                  has a bet or a live order (%u)\n"
           "  --stakes N      room for so many stakes by account, runner and price, and two\n"
           "                  for each live order, in markets with reductions (%u)\n"
           "  --description-bytes N\n"
           "                  room for so many bytes of descriptions of markets (%u)\n"
           "  --help          print this text\n"
           "  --version       print the version\n"
           "\n"
           "With a log (a folder):\n"
           "  --wal DIR       go on where the log DIR ends, or begin it, and write to it;\n"
           "                  an event is printed when it is on the disk, not before\n"
           "  --snapshot      with --wal: write a snapshot of the state at the end\n"
           "  --set KEY=VALUE with --wal: a setting, see below; may be repeated\n"
           "  --from-wal DIR  begin with the state that the log DIR says; only reads it\n"
           "  --at SEQ        with --from-wal: the state right after event SEQ\n"
           "A command that is unfinished in the log is finished first: with --wal at once,\n"
           "with --from-wal when the first command comes.\n"
           "\n",
           BTX_COMMAND_LINE_BYTES_MAX, btx_exchange_capacity_default.accounts,
           btx_exchange_capacity_default.markets, btx_exchange_capacity_default.runners,
           btx_exchange_capacity_default.orders, btx_exchange_capacity_default.positions,
           btx_exchange_capacity_default.stakes, btx_exchange_capacity_default.description_bytes);
    printf("A command that the rules refuse is answered like any other, with the event\n"
           "CommandRejected.  A line that is no command ends the run: the events of all\n"
           "lines before it are printed, and \"line N: why\" on standard error.\n"
           "\n"
           "Exit status: 0 all lines were executed; 2 usage, a line that is no command, or\n"
           "an event that --at cannot stop at; 64 configuration, or no log; 65 another\n"
           "writer holds the log; 66 the log is damaged; 67 disk full; 68 reading or writing\n"
           "failed; 71 no memory; 72 another version's log; 73 a log that needs more room.\n"
           "\n"
           "Examples:\n"
           "  betex-replay < day.commands.jsonl > day.events.jsonl\n"
           "  zcat day.commands.jsonl.gz | betex-replay | sha256sum\n"
           "  betex-replay --quiet --digest < day.commands.jsonl\n"
           "  echo '{\"cmd\":\"OpenAccount\",\"t\":1,\"account\":7}' | betex-replay\n"
           "  betex-replay --wal /var/lib/betex/log < day.commands.jsonl > day.events.jsonl\n"
           "  betex-replay --from-wal /var/lib/betex/log --digest < /dev/null\n"
           "  betex-replay --from-wal /var/lib/betex/log --at 812 < what-if.commands.jsonl\n"
           "\n"
           "Settings of --wal, with default and bounds:\n");
    print_settings();
}
