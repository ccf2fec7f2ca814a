/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/verb_table.h"

#include <stddef.h>

#include "engine/wire/commands.h"

enum {
    O_NONE = 0,
    O_HELP = 1,
    O_JSON = 2,
    O_MARKDOWN = 4,
    O_WATCH = 8,
    O_FROM = 16,
    O_LONG = 32,
    O_RATE = 64,
    O_NO_EXECUTE = 128,
    O_SOCKET = 256,
    O_OF_LOCAL = O_HELP,
    O_OF_SERVER = O_HELP | O_SOCKET,
};

/* The type of no command. */
enum { BTX_COMMAND_NONE = 0 };

const struct btx_verb btx_verb_table[BTX_VERB_COUNT] = {
#define VERB(NAME, PLACE, function, ROLE, COMMAND, OPTIONS, verb_pattern, verb_summary, verb_help) \
    [BTX_VERB_##NAME] = {.pattern = verb_pattern,                                                  \
                         .options = (OPTIONS) | O_OF_##PLACE,                                      \
                         .summary = verb_summary,                                                  \
                         .help = verb_help,                                                        \
                         .place = BTX_VERB_##PLACE,                                                \
                         .role = BTX_ROLE_##ROLE,                                                  \
                         .command = (uint8_t)BTX_COMMAND_##COMMAND},
#include "admin/verbs.def"
};

#define ROW(name, bit, kind, value, member, help)                                                  \
    {                                                                                              \
        name, BTX_OPTION_##kind, value, bit, offsetof(struct btx_ctl_request, member), help        \
    }

static const struct btx_option options[] = {
    ROW("json", O_JSON, SWITCH, NULL, json, "print for programs"),
    ROW("markdown", O_MARKDOWN, SWITCH, NULL, markdown, "print a table for documentation"),
    ROW("watch", O_WATCH, SWITCH, NULL, watch, "again each two seconds, until Ctrl-C"),
    ROW("from", O_FROM, NUMBER, "SEQ", from, "begin with this event"),
    ROW("long", O_LONG, SWITCH, NULL, is_long, "read each segment and tell more"),
    ROW("rate", O_RATE, NUMBER, "N", rate, "what comes of N events a second"),
    ROW("no-execute", O_NO_EXECUTE, SWITCH, NULL, no_execute, "do not execute the commands anew"),
    ROW("socket", O_SOCKET, TEXT, "PATH", socket, "of betex-admin, instead of the usual one"),
    ROW("help", O_HELP, SWITCH, NULL, help, "print this text"),
};

enum btx_fault_code btx_verb_options_parse(const struct btx_verb *verb, const char **arguments,
                                           size_t argument_count, struct btx_ctl_request *request,
                                           struct btx_fault *reterr_fault)
{
    *request = (struct btx_ctl_request){.arguments = arguments, .argument_count = argument_count};
    return btx_options_parse(options, BTX_COUNT_OF(options), verb->options, arguments,
                             &request->argument_count, request, reterr_fault);
}

void btx_verb_options_print(const struct btx_verb *verb)
{
    btx_options_print(options, BTX_COUNT_OF(options), verb->options);
}
