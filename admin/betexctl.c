/* SPDX-License-Identifier: Apache-2.0 */
/* betexctl.c - betexctl: what operators do, from a command line.
 *
 * A new verb is a row in the table below and a function in a file of its own; a new option is a
 * member of struct btx_ctl_request, a bit and a row. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "admin/ctl_request.h"
#include "admin/options.h"
#include "admin/verbs.h"
#include "engine/base/attributes.h"

enum { OPTION_HELP = 1, OPTION_JSON = 2, OPTION_MARKDOWN = 4, OPTION_ALL = 7 };

#define ROW(name, bit, member, help)                                                               \
    {                                                                                              \
        name, BTX_OPTION_SWITCH, NULL, bit, offsetof(struct btx_ctl_request, member), help         \
    }

static const struct btx_option options[] = {
    ROW("json", OPTION_JSON, json, "print for programs"),
    ROW("markdown", OPTION_MARKDOWN, markdown, "print a table for documentation"),
    ROW("help", OPTION_HELP, help, "print this text"),
};

static const struct btx_verb verbs[] = {
    {"config check <file>", btx_ctl_config_check, OPTION_JSON | OPTION_HELP,
     "is this configuration file right?",
     "Reads all of it and names every mistake with its line and column; exit status 64\n"
     "when there is one.  Needs no engine.\n"
     "\n"
     "Example:\n"
     "  betexctl config check /etc/betex/betex.yaml\n"},
    {"config example", btx_ctl_config_example, OPTION_HELP, "a file with every key at its default",
     "Example:\n"
     "  betexctl config example > betex.yaml\n"},
    {"config explain [key]", btx_ctl_config_explain, OPTION_JSON | OPTION_MARKDOWN | OPTION_HELP,
     "what may be set: meaning, bounds, default",
     "Of a key, of all keys of a section, or of all.\n"
     "\n"
     "Examples:\n"
     "  betexctl config explain | less\n"
     "  betexctl config explain wal\n"
     "  betexctl config explain engine.ring_size\n"},
    {"config show <file>", btx_ctl_config_show, OPTION_JSON | OPTION_HELP,
     "every value, and where it comes from",
     "Examples:\n"
     "  betexctl config show /etc/betex/betex.yaml\n"
     "  betexctl config show --json /etc/betex/betex.yaml | grep '\"from\":\"file\"'\n"},
};

static void print_help(void)
{
    printf("Usage: betexctl VERB... [OPTION]... [ARGUMENT]...\n"
           "\n"
           "What operators of a betex exchange do, from a command line.\n"
           "\n");
    (void)btx_verbs_print(verbs, BTX_COUNT_OF(verbs), NULL, 0);
    printf("\n"
           "  --help     print this text; behind a verb tell about that\n"
           "  --version  print the version\n"
           "\n"
           "Exit status: 0 fine; 2 usage; 64 the configuration is wrong; 67 disk full; 68\n"
           "reading or writing failed; 71 no memory.\n"
           "\n"
           "Examples:\n"
           "  betexctl config check /etc/betex/betex.yaml\n"
           "  betexctl config explain wal\n");
}

static void print_verb_help(const struct btx_verb *verb)
{
    printf("Usage: betexctl %s [OPTION]...\n"
           "\n"
           "betexctl %s - %s\n"
           "\n",
           verb->pattern, verb->pattern, verb->summary);
    btx_options_print(options, BTX_COUNT_OF(options), verb->options);
    printf("\n%s", verb->help);
}

static enum btx_fault_code run_verb(const struct btx_verb *verb, const char **arguments,
                                    size_t argument_count, struct btx_fault *reterr_fault)
{
    struct btx_ctl_request request = {.arguments = arguments, .argument_count = argument_count};

    if (btx_options_parse(options, BTX_COUNT_OF(options), verb->options, arguments,
                          &request.argument_count, &request, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (request.help) {
        print_verb_help(verb);
        return BTX_OK;
    }
    if (!btx_verb_takes(verb, request.argument_count))
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "want betexctl %s", verb->pattern);
    return verb->run(&request, reterr_fault);
}

/* Nothing, a half verb or none; all of them may ask for help. */
static enum btx_fault_code run_none(const char **arguments, size_t argument_count,
                                    struct btx_fault *reterr_fault)
{
    const bool help = argument_count > 0 && strcmp(arguments[argument_count - 1], "--help") == 0;

    if (argument_count == 1 && help) {
        print_help();
        return BTX_OK;
    }
    if (help && btx_verbs_print(verbs, BTX_COUNT_OF(verbs), arguments, argument_count - 1) != 0)
        return BTX_OK;
    if (argument_count == 1 && strcmp(arguments[0], "--version") == 0) {
        printf("betexctl %s\n", BTX_VERSION);
        return BTX_OK;
    }
    return btx_verbs_refuse(verbs, BTX_COUNT_OF(verbs), "betexctl", arguments, argument_count,
                            reterr_fault);
}

static enum btx_fault_code run(const char **arguments, size_t argument_count,
                               struct btx_fault *reterr_fault)
{
    size_t word_count = 0;
    const struct btx_verb *verb =
        btx_verbs_find(verbs, BTX_COUNT_OF(verbs), arguments, argument_count, &word_count);

    if (verb == NULL)
        return run_none(arguments, argument_count, reterr_fault);
    return run_verb(verb, arguments + word_count, argument_count - word_count, reterr_fault);
}

/* What was printed must have arrived; that it did not would be worse than what else there is. */
static enum btx_fault_code finish_output(enum btx_fault_code code, struct btx_fault *reterr_fault)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    *reterr_fault = (struct btx_fault){0};
    return btx_fault_set(reterr_fault, errno == ENOSPC ? BTX_FAULT_DISK_FULL : BTX_FAULT_IO, errno,
                         "standard output: cannot write");
}

int main(int argument_count, char **arguments)
{
    struct btx_fault fault = {0};
    enum btx_fault_code code;

    /* A reader that has gone away is a fault like any other, not a silent death. */
    (void)signal(SIGPIPE, SIG_IGN); /* Cannot fail for this signal. */
    code = run((const char **)arguments + 1, argument_count > 0 ? (size_t)argument_count - 1 : 0,
               &fault);
    code = finish_output(code, &fault);
    /* Who leaves a pipe has seen enough (head, less): that needs no sentence. */
    if (code != BTX_OK && fault.text[0] != '\0' && fault.os_error != EPIPE)
        fprintf(stderr, "betexctl: %s\n", fault.text);
    return btx_fault_exit_status(code);
}
