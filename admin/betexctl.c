/* SPDX-License-Identifier: Apache-2.0 */
/* betexctl.c - betexctl: what operators do, from a command line or at a prompt.
 *
 * A new verb is a row of verbs.def and a function in a file of its own; a new option is a member of
 * struct btx_ctl_request, a bit and a row of verb_table.c. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin/console/ctl_console.h"
#include "admin/ctl_prompt.h"
#include "admin/ctl_remote.h"
#include "admin/ctl_request.h"
#include "admin/verb_command.h"
#include "admin/verb_table.h"
#include "admin/verbs.h"

/* The exit status of the last verb, when it was no fault. */
static int verb_status;

static const btx_ctl_verb functions[BTX_VERB_COUNT] = {
#define FUNCTION_LOCAL(function) function
#define FUNCTION_SERVER(function) NULL
#define VERB(NAME, PLACE, function, ROLE, COMMAND, OPTIONS, pattern, summary, help)                \
    [BTX_VERB_##NAME] = FUNCTION_##PLACE(function),
#include "admin/verbs.def"
};

static void print_help(void)
{
    printf("Usage: betexctl VERB... [OPTION]... [ARGUMENT]...\n"
           "\n"
           "What operators of a betex exchange do, from a command line.\n"
           "\n");
    (void)btx_verbs_print(btx_verb_table, BTX_VERB_COUNT, NULL, 0);
    printf("\n"
           "  --help     print this text; behind a verb tell about that\n"
           "  --version  print the version\n"
           "\n"
           "Without a verb, on a terminal: a prompt, with Tab and a history.\n"
           "\n"
           "Exit status: 0 fine; 1 refused, or what was looked at is not right; 2 usage; 64\n"
           "the configuration is wrong; 67 disk full; 68 reading or writing failed, or\n"
           "nobody answers; 71 no memory; 72 another version answers.\n"
           "\n"
           "Examples:\n"
           "  betexctl status\n"
           "  betexctl market suspend 7\n"
           "  betexctl config check /etc/betex/betex.yaml\n");
}

static void print_field(void *context, const char *field)
{
    (void)context;
    printf(" %s", field);
}

static void print_verb_help(const struct btx_verb *verb)
{
    printf("Usage: betexctl %s [OPTION]...\n"
           "\n"
           "betexctl %s - %s\n"
           "\n",
           verb->pattern, verb->pattern, verb->summary);
    btx_verb_options_print(verb);
    if (verb->command != 0 && strstr(verb->pattern, "field=value") != NULL) {
        printf("\nFields:");
        btx_verb_command_fields(verb, print_field, NULL);
        putchar('\n');
    }
    printf("\n%s", verb->help);
}

/* The verb of all @arguments, of which the first @word_count are its words. */
static enum btx_fault_code run_verb(const struct btx_verb *verb, const char **arguments,
                                    size_t argument_count, size_t word_count,
                                    struct btx_fault *reterr_fault)
{
    const char *sent[BTX_CTL_ARGUMENTS_MAX];
    struct btx_ctl_request request;

    if (argument_count > BTX_COUNT_OF(sent))
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "too many arguments");
    memcpy(sent, arguments, argument_count * sizeof sent[0]);
    if (btx_verb_options_parse(verb, arguments + word_count, argument_count - word_count, &request,
                               reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (request.help) {
        print_verb_help(verb);
        return BTX_OK;
    }
    if (!btx_verb_takes(verb, request.argument_count))
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "want betexctl %s", verb->pattern);
    if (verb->place == BTX_VERB_SERVER)
        return btx_ctl_remote(&request, sent, argument_count, &verb_status, reterr_fault);
    request.exit_status = &verb_status;
    return functions[btx_verb_name(verb)](&request, reterr_fault);
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
    if (help && btx_verbs_print(btx_verb_table, BTX_VERB_COUNT, arguments, argument_count - 1) != 0)
        return BTX_OK;
    if (argument_count == 1 && strcmp(arguments[0], "--version") == 0) {
        printf("betexctl %s\n", BTX_VERSION);
        return BTX_OK;
    }
    return btx_verbs_refuse(btx_verb_table, BTX_VERB_COUNT, "betexctl", arguments, argument_count,
                            reterr_fault);
}

static enum btx_fault_code run(const char **arguments, size_t argument_count,
                               struct btx_fault *reterr_fault)
{
    size_t word_count = 0;
    const struct btx_verb *verb =
        btx_verbs_find(btx_verb_table, BTX_VERB_COUNT, arguments, argument_count, &word_count);

    if (verb == NULL)
        return run_none(arguments, argument_count, reterr_fault);
    return run_verb(verb, arguments, argument_count, word_count, reterr_fault);
}

static void report(const struct btx_fault *fault)
{
    /* Who leaves a pipe has seen enough (head, less): that needs no sentence. */
    if (fault->code != BTX_OK && fault->text[0] != '\0' && fault->os_error != EPIPE)
        fprintf(stderr, "betexctl: %s\n", fault->text);
}

/* One line of the prompt; "help" is what --help is on a command line, and no program stands before
 * the words. */
static void run_line(const char **arguments, size_t argument_count)
{
    struct btx_fault fault = {0};

    if (argument_count > 1 && strcmp(arguments[0], "betexctl") == 0) {
        arguments++;
        argument_count--;
    }
    if (argument_count == 1 && strcmp(arguments[0], "help") == 0)
        print_help();
    else if (run(arguments, argument_count, &fault) != BTX_OK)
        report(&fault);
    (void)fflush(stdout);
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
    if (argument_count == 1 && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) {
        code = btx_ctl_prompt(run_line, &fault);
        verb_status = 0;
    } else {
        code = run((const char **)arguments + 1,
                   argument_count > 0 ? (size_t)argument_count - 1 : 0, &fault);
    }
    code = finish_output(code, &fault);
    report(&fault);
    return code == BTX_OK ? verb_status : btx_fault_exit_status(code);
}
