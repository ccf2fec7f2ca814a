/* SPDX-License-Identifier: Apache-2.0 */
/* betex_wal.c - betex-wal: looks into a log, for operators and investigators.
 *
 * Needs no engine, no lock and no write permission.  A new verb is a row in the table below, a bit
 * and its options in wal_options, and a function in a file of its own. */
#include "admin/wal_options.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/check.h"

/* What the exit status says; in the help and in README.md too. */
enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_UNUSABLE = 2 };

struct verb {
    const char *name;
    const char *usage; /* what follows the name */
    btx_wal_verb run;
    enum btx_wal_verb_bit bit;
    size_t arguments_min;
    size_t arguments_max;
    const char *summary;
    const char *help; /* paragraphs behind the options, examples last */
};

static const struct verb verbs[] = {
    {"info", "DIR", btx_wal_verb_info, BTX_WAL_INFO, 1, 1,
     "what this log is, how much it holds, and how it ended",
     "Reads headers, seals and the last segment; it does not verify the others.\n"
     "\n"
     "Example:\n"
     "  betex-wal info /var/lib/betex/wal\n"},
    {"lock", "DIR", btx_wal_verb_lock, BTX_WAL_LOCK, 1, 1, "who writes it now, or wrote it last",
     "Asks the kernel whether a process of this machine holds the writer lock, and\n"
     "takes nothing.  On a copied disk it tells who held the lock last.\n"
     "\n"
     "Example:\n"
     "  betex-wal lock /var/lib/betex/wal\n"},
    {"ls", "[--long] DIR", btx_wal_verb_ls, BTX_WAL_LS, 1, 1, "its segments, a row each",
     "Without --long only headers and seals are read, and what has no seal yet.\n"
     "SEAL is the beginning of the segment's hash; '-' is a segment without a seal.\n"
     "Times are UTC.\n"
     "\n"
     "Examples:\n"
     "  betex-wal ls /var/lib/betex/wal\n"
     "  betex-wal ls --json /var/lib/betex/wal | tail -1\n"},
    {"verify", "[--no-execute] DIR", btx_wal_verb_verify, BTX_WAL_VERIFY, 1, 1,
     "check all of it, and execute it once more",
     "Checks every record, the counts of seq, tx and batches, headers and the chain of\n"
     "seals; executes every command again and compares every event, every StateDigest\n"
     "note and every snapshot.  Lists all damage and goes on behind it; re-execution\n"
     "stops at the first damage or difference.  A torn end, which the next start of\n"
     "the engine cuts, is named and is no damage.\n"
     "\n"
     "The best verdict is \"consistent, unsigned, end not anchored\": a chain of hashes\n"
     "without a signature shows decay, not forgery, and nothing inside a log tells\n"
     "whether its last part was taken away.\n"
     "\n"
     "Examples:\n"
     "  betex-wal verify /var/lib/betex/wal\n"
     "  betex-wal verify --no-execute --json copy-of-wal\n"},
    {"dump", "[OPTION]... DIR", btx_wal_verb_dump, BTX_WAL_DUMP, 1, 1,
     "its records as JSON lines, in the order of the log",
     "\"ev\", \"note\" or \"command\" says what a line is.  A record that names several\n"
     "accounts or orders is found by each of them; OrderCancelledBatched names orders\n"
     "and a market, but no account, and PlaceOrder not yet an order.  Damage is named\n"
     "on standard error, and the dump goes on behind it.\n"
     "\n"
     "Examples:\n"
     "  betex-wal dump --from 1000 --to 1010 /var/lib/betex/wal\n"
     "  betex-wal dump --order 31 --events /var/lib/betex/wal\n"
     "  betex-wal dump --commands DIR | sed 's/.*\"command\"://; s/}$//' | betex-replay\n"},
    {"sizing", "[OPTION]... [KEY=VALUE]...", btx_wal_verb_sizing, BTX_WAL_SIZING, 0, SIZE_MAX,
     "what settings of the log can reach: bytes, pages, rotation",
     "Shows every setting with its bounds and default, checks them against each other,\n"
     "and computes what they can reach.  Needs no log.  KEY=VALUE overrules what the\n"
     "file of --config says.\n"
     "\n"
     "Examples:\n"
     "  betex-wal sizing\n"
     "  betex-wal sizing --config /etc/betex/betex.yaml\n"
     "  betex-wal sizing --rate 20000 wal.segment_map_size_bytes=256MiB\n"},
};

static void print_help(void)
{
    printf("Usage: betex-wal COMMAND [OPTION]... DIR\n"
           "\n"
           "Looks into a betex log: the folder DIR with wal.id and segments/ in it.  Never\n"
           "changes a byte, takes no lock, needs no engine; the log may be in use, on a\n"
           "read-only mount, or damaged.\n"
           "\n");
    for (size_t i = 0; i < BTX_COUNT_OF(verbs); i++)
        printf("  %-8s %s\n", verbs[i].name, verbs[i].summary);
    printf("\n"
           "  --help     print this text; betex-wal COMMAND --help tells about one\n"
           "  --version  print the version\n"
           "\n"
           "Every command knows --json.  Exit status: 0 fine; 1 there is damage; 2 usage, or\n"
           "DIR is no log that can be used; 68 reading or writing failed.\n"
           "\n"
           "Examples:\n"
           "  betex-wal info /var/lib/betex/wal\n"
           "  betex-wal verify /var/lib/betex/wal && echo it is consistent\n"
           "  betex-wal dump --account 7 /var/lib/betex/wal | less\n");
}

static void print_verb_help(const struct verb *verb)
{
    printf("Usage: betex-wal %s %s\n"
           "\n"
           "betex-wal %s - %s\n"
           "\n",
           verb->name, verb->usage, verb->name, verb->summary);
    btx_wal_options_print(verb->bit);
    printf("\n%s", verb->help);
}

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < BTX_COUNT_OF(verbs); i++) {
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    }
    return NULL;
}

static enum btx_fault_code run_verb(const struct verb *verb, const char **arguments,
                                    size_t argument_count, bool *ret_failed,
                                    struct btx_fault *reterr_fault)
{
    struct btx_wal_request request;
    enum btx_fault_code code =
        btx_wal_options_parse(verb->bit, arguments, argument_count, &request, reterr_fault);

    if (code != BTX_OK)
        return code;
    if (request.help) {
        print_verb_help(verb);
        return BTX_OK;
    }
    if (request.argument_count < verb->arguments_min ||
        request.argument_count > verb->arguments_max)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "%s: want betex-wal %s %s",
                             verb->name, verb->name, verb->usage);
    return verb->run(&request, ret_failed, reterr_fault);
}

static enum btx_fault_code run(const char **arguments, size_t argument_count, bool *ret_failed,
                               struct btx_fault *reterr_fault)
{
    const struct verb *verb;

    if (argument_count == 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "want betex-wal COMMAND [OPTION]... DIR (see --help)");
    if (strcmp(arguments[0], "--help") == 0) {
        print_help();
        return BTX_OK;
    }
    if (strcmp(arguments[0], "--version") == 0) {
        printf("betex-wal %s\n", BTX_VERSION);
        return BTX_OK;
    }
    verb = find_verb(arguments[0]);
    if (verb == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "'%s': not a command (info, lock, ls, verify, dump, sizing: see "
                             "--help)",
                             arguments[0]);
    return run_verb(verb, arguments + 1, argument_count - 1, ret_failed, reterr_fault);
}

/* What was printed must have arrived; that it did not would be worse than what else there is. */
static enum btx_fault_code finish_output(enum btx_fault_code code, struct btx_fault *reterr_fault)
{
    if (code == BTX_FAULT_IO || code == BTX_FAULT_DISK_FULL)
        return code; /* Said already, with its errno. */
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    *reterr_fault = (struct btx_fault){0};
    return btx_fault_set(reterr_fault, errno == ENOSPC ? BTX_FAULT_DISK_FULL : BTX_FAULT_IO, errno,
                         "standard output: cannot write");
}

static int exit_status(enum btx_fault_code code, bool failed)
{
    switch (code) {
    case BTX_FAULT_OK:
        return failed ? EXIT_FAILED : EXIT_FINE;
    case BTX_FAULT_CORRUPT:
        return EXIT_FAILED;
    case BTX_FAULT_USAGE:
    case BTX_FAULT_INPUT:
    case BTX_FAULT_CONFIG:
    case BTX_FAULT_LAYOUT:
        return EXIT_UNUSABLE;
    case BTX_FAULT_LOCKED:
    case BTX_FAULT_DISK_FULL:
    case BTX_FAULT_IO:
    case BTX_FAULT_BUG:
    case BTX_FAULT_MEMORY:
    case BTX_FAULT_LIMIT:
    case BTX_FAULT_COUNT:
        return btx_fault_exit_status(code);
    }
    CHECK_UNREACHABLE();
}

int main(int argument_count, char **arguments)
{
    static char output[1 << 18];
    struct btx_fault fault = {0};
    enum btx_fault_code code;
    bool failed = false;

    /* A reader that has gone away is a fault like any other, not a silent death. */
    (void)signal(SIGPIPE, SIG_IGN); /* Cannot fail for this signal. */
    /* Large blocks for dumps; what a person reads is flushed at the end. */
    (void)setvbuf(stdout, output, _IOFBF, sizeof output);
    code = run((const char **)arguments + 1, argument_count > 0 ? (size_t)argument_count - 1 : 0,
               &failed, &fault);
    code = finish_output(code, &fault);
    /* Who leaves a pipe has seen enough (head, less): that needs no sentence. */
    if (code != BTX_OK && fault.os_error != EPIPE)
        fprintf(stderr, "betex-wal: %s\n", fault.text);
    return exit_status(code, failed);
}
