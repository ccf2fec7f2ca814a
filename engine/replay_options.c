/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/replay_options.h"

#include "engine/base/check.h"
#include "engine/settings/settings.h"
#include "engine/text/command_text.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* What an option means; its row in the table below. */
enum option_kind {
    OPTION_SWITCH,
    OPTION_CAPACITY,
    OPTION_FILE,
    OPTION_SEQ,
    OPTION_SET,
    OPTION_TEXT
};

struct option_row {
    enum option_kind kind;
    enum btx_replay_action action; /* OPTION_TEXT */
    size_t offset_bytes;           /* Of what it sets in struct btx_replay_options. */
    const char *key;               /* OPTION_CAPACITY: the setting that it sets. */
};

#define ROW(kind, member)                                                                          \
    {                                                                                              \
        kind, BTX_REPLAY_RUN, offsetof(struct btx_replay_options, member), NULL                    \
    }
#define CAPACITY(field)                                                                            \
    {                                                                                              \
        OPTION_CAPACITY, BTX_REPLAY_RUN, 0, "engine.capacities." #field                            \
    }

/* In the order of `known` below, which getopt wants in a form of its own. */
static const struct option_row rows[] = {
    ROW(OPTION_SWITCH, digest),
    ROW(OPTION_SWITCH, quiet),
    CAPACITY(accounts),
    CAPACITY(markets),
    CAPACITY(runners),
    CAPACITY(orders),
    CAPACITY(positions),
    CAPACITY(stakes),
    CAPACITY(description_bytes),
    {OPTION_TEXT, BTX_REPLAY_HELP, 0, NULL},
    {OPTION_TEXT, BTX_REPLAY_VERSION, 0, NULL},
    ROW(OPTION_FILE, wal),
    ROW(OPTION_FILE, from_wal),
    ROW(OPTION_SEQ, at_seq),
    ROW(OPTION_SWITCH, snapshot),
    {OPTION_SET, BTX_REPLAY_RUN, 0, NULL},
    ROW(OPTION_FILE, config),
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
    {"config", required_argument, NULL, 0},
    {NULL, 0, NULL, 0},
};
static_assert(BTX_COUNT_OF(rows) + 1 == BTX_COUNT_OF(known), "one row for each option");

/* What is being read: options, and the settings that some of them are about. */
struct reading {
    struct btx_replay_options options;
    struct btx_settings settings;
    struct btx_config config; /* Points into settings. */
};

/* Digits only: no sign, no space, no suffix. */
static enum btx_fault_code parse_capacity(const char *name, const char *text, const char *key_name,
                                          struct reading *reading, struct btx_fault *reterr_fault)
{
    struct btx_config_key *key = btx_config_find(&reading->config, key_name);

    CHECK(key != NULL);
    if (text[strspn(text, "0123456789")] != '\0' || btx_config_set(key, text, NULL) != BTX_OK)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "--%s: want a number from %" PRIu64 " to %" PRIu64 ", got '%s'", name,
                             key->setting->minimum, key->setting->maximum, text);
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

/* Whether it is one of those that matter here. */
static bool is_used(const struct btx_setting *setting)
{
    return strncmp(setting->name, "wal.", 4) == 0 ||
           strncmp(setting->name, "engine.capacities.", 18) == 0;
}

/* "wal.max_commit_bytes=1 MiB". */
static enum btx_fault_code parse_setting(const char *name, const char *text,
                                         struct reading *reading, struct btx_fault *reterr_fault)
{
    const char *equals = strchr(text, '=');
    struct btx_config_key *key = NULL;
    char key_name[BTX_CONFIG_NAME_BYTES];

    if (equals != NULL && (size_t)(equals - text) < sizeof key_name) {
        memcpy(key_name, text, (size_t)(equals - text));
        key_name[equals - text] = '\0';
        key = btx_config_find(&reading->config, key_name);
    }
    if (key == NULL || !is_used(key->setting))
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "--%s: want KEY=VALUE with a key that --help lists, got '%s'", name,
                             text);
    if (btx_config_set(key, equals + 1, reterr_fault) != BTX_OK)
        return btx_fault_wrap(reterr_fault, "--%s: %s", name, key_name);
    return BTX_OK;
}

static enum btx_fault_code take_option(size_t index, const char *value, struct reading *reading,
                                       struct btx_fault *reterr_fault)
{
    const struct option_row *row = &rows[index];
    void *member = (char *)&reading->options + row->offset_bytes;

    switch (row->kind) {
    case OPTION_SWITCH:
        *(bool *)member = true;
        return BTX_OK;
    case OPTION_CAPACITY:
        return parse_capacity(known[index].name, value, row->key, reading, reterr_fault);
    case OPTION_FILE:
        *(const char **)member = value;
        return BTX_OK;
    case OPTION_SEQ:
        return parse_seq(known[index].name, value, member, reterr_fault);
    case OPTION_SET:
        return parse_setting(known[index].name, value, reading, reterr_fault);
    case OPTION_TEXT:
        reading->options.action = row->action;
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
    return BTX_OK;
}

/* Read the configuration, if one is given, behind the options that overrule it; then judge the
 * rules across settings, those about a ring apart: there is none here. */
static enum btx_fault_code read_settings(struct reading *reading, struct btx_fault *reterr_fault)
{
    const struct btx_replay_options *options = &reading->options;
    struct btx_wal_conflict conflict;
    struct btx_fault fault = {0};

    if (options->config != NULL &&
        btx_config_read(&reading->config, options->config, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if ((options->config != NULL || options->wal != NULL) &&
        btx_wal_settings_judge(&reading->settings.wal, 0, &conflict, &fault) != BTX_OK)
        btx_config_refuse(&reading->config, conflict.setting, conflict.other, fault.text);
    return btx_config_fault(&reading->config, reterr_fault);
}

static enum btx_fault_code parse_options(int argument_count, char **arguments,
                                         struct reading *reading, struct btx_fault *reterr_fault)
{
    enum btx_fault_code code;
    int index = 0;
    int found;

    opterr = 0; /* getopt's own sentences do not say what to do. */
    /* "+": options behind an argument that is none are not looked for, it is an error anyway. */
    while ((found = getopt_long(argument_count, arguments, "+:", known, &index)) == 0) {
        code = take_option((size_t)index, optarg, reading, reterr_fault);
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
    return BTX_OK;
}

enum btx_fault_code btx_replay_options_parse(int argument_count, char **arguments,
                                             struct btx_replay_options *ret_options,
                                             struct btx_fault *reterr_fault)
{
    struct reading reading = {.options = {.at_seq = UINT64_MAX}};
    enum btx_fault_code code;

    btx_settings_init(&reading.settings, &reading.config);
    code = parse_options(argument_count, arguments, &reading, reterr_fault);
    if (code == BTX_OK && reading.options.action == BTX_REPLAY_RUN)
        code = check_together(&reading.options, reterr_fault);
    if (code == BTX_OK && reading.options.action == BTX_REPLAY_RUN)
        code = read_settings(&reading, reterr_fault);
    if (code != BTX_OK)
        return code;
    *ret_options = reading.options;
    ret_options->capacity = btx_settings_capacity(&reading.settings);
    ret_options->wal_settings = reading.settings.wal;
    return BTX_OK;
}

/* The keys that --set takes, with defaults and bounds. */
static void print_settings(void)
{
    struct btx_settings settings;
    struct btx_config config;

    btx_settings_init(&settings, &config);
    for (size_t i = 0; i < config.key_count; i++) {
        const struct btx_setting *setting = config.keys[i].setting;
        char fallback[BTX_SETTING_SHOWN_BYTES];
        char bounds[BTX_SETTING_BOUNDS_BYTES];

        if (!is_used(setting))
            continue;
        btx_setting_show_default(setting, fallback);
        btx_setting_print_bounds(setting, bounds, sizeof bounds);
        printf("  %-36s %-8s %s\n", setting->name, fallback, bounds);
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
           "  --accounts N, --markets N, --runners N, --orders N, --positions N, --stakes N,\n"
           "  --description-bytes N\n"
           "                  what there is room for: --set engine.capacities.accounts=N\n"
           "                  (betexctl config explain engine.capacities tells about each)\n"
           "  --config FILE   take what there is room for, and the settings of the log, from\n"
           "                  this file; other options overrule it\n"
           "  --set KEY=VALUE set one of them, see below; may be repeated\n"
           "  --help          print this text\n"
           "  --version       print the version\n"
           "\n"
           "With a log (a folder):\n"
           "  --wal DIR       go on where the log DIR ends, or begin it, and write to it;\n"
           "                  an event is printed when it is on the disk, not before\n"
           "  --snapshot      with --wal: write a snapshot of the state at the end\n"
           "  --from-wal DIR  begin with the state that the log DIR says; only reads it\n"
           "  --at SEQ        with --from-wal: the state right after event SEQ\n"
           "A command that is unfinished in the log is finished first: with --wal at once,\n"
           "with --from-wal when the first command comes.\n"
           "\n",
           BTX_COMMAND_LINE_BYTES_MAX);
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
           "  betex-replay --config /etc/betex/betex.yaml --wal log < day.commands.jsonl\n"
           "  betex-replay --from-wal /var/lib/betex/log --digest < /dev/null\n"
           "  betex-replay --from-wal /var/lib/betex/log --at 812 < what-if.commands.jsonl\n"
           "\n"
           "Settings, with default and bounds:\n");
    print_settings();
}
