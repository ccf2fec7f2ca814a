/* SPDX-License-Identifier: Apache-2.0 */
/* wal_disk.c - betex-wal-disk: finds the disk of the log, or says why there is none and waits; and
 * makes a blank disk one, when a person asks for it (serve).
 *
 * Runs as root before the log is mounted.  "wait" and "check" write to no disk. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "image/wal_disk/fitness.h"
#include "image/wal_disk/serve.h"

enum {
    EVENT_BYTES = 4096,
    LOOK_AGAIN_MS = 10000, /* for changes that make no event in /dev */
};

struct options {
    const char *verb;
    const char *link;
    struct btx_machine machine;
    bool help;
};

/* The journal puts the program's name before what it shows. */
static void say(const char *what, const char *before)
{
    fprintf(stderr, "%s%s%s\n", getenv("JOURNAL_STREAM") == NULL ? "betex-wal-disk: " : "", before,
            what);
}

static void print_help(void)
{
    printf(
        "Usage: betex-wal-disk wait --link PATH\n"
        "       betex-wal-disk check\n"
        "\n"
        "Looks for the disk of the log: one partition labelled betex-wal with our type, on a\n"
        "disk of this machine, with ext4 or XFS.  \"check\" says what it finds.  \"wait\" waits\n"
        "for one that is fit, and makes a link to its device; until then it says what is wrong.\n"
        "\n"
        "  --link PATH     the link to make\n"
        "  --root DIR      look for /sys and /dev below DIR: for tests\n"
        "  --help          this\n"
        "\n"
        "Exit status: 0 there is a disk; 1 there is none that is fit (check); 2 usage;\n"
        "68 disks or link are out of reach.\n");
}

static enum btx_fault_code options_parse(int argument_count, char **arguments,
                                         struct options *options, struct btx_fault *reterr_fault)
{
    static const struct option known[] = {
        {"link", required_argument, NULL, 'l'},
        {"root", required_argument, NULL, 'r'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int found;

    opterr = 0; /* getopt's own sentences do not say what to do. */
    while ((found = getopt_long(argument_count, arguments, ":", known, NULL)) != -1) {
        if (found == 'l')
            options->link = optarg;
        else if (found == 'r')
            options->machine.root = optarg;
        else if (found == 'h')
            options->help = true;
        else
            return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                                 "%s: not an option, or its value is missing (see --help)",
                                 arguments[optind - 1]);
    }
    options->verb = optind < argument_count ? arguments[optind] : "";
    if (options->help)
        return BTX_OK;
    if (argument_count - optind != 1 ||
        (strcmp(options->verb, "wait") != 0 && strcmp(options->verb, "check") != 0 &&
         strcmp(options->verb, "serve") != 0))
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "want wait, check or serve (see --help)");
    if ((strcmp(options->verb, "wait") == 0) != (options->link != NULL))
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "--link PATH belongs to wait (see --help)");
    return BTX_OK;
}

/* Returns when something in /dev has changed, or after a while. */
static enum btx_fault_code wait_for_change(int watch, struct btx_fault *reterr_fault)
{
    struct pollfd ready = {.fd = watch, .events = POLLIN};
    char events[EVENT_BYTES];
    const int count = poll(&ready, 1, LOOK_AGAIN_MS);

    if (count < 0 && errno != EINTR)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "waiting for disks");
    if (count > 0 && read(watch, events, sizeof(events)) < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "reading what happened in /dev");
    return BTX_OK;
}

static enum btx_fault_code make_link(const struct options *options, const struct btx_wal_disk *disk,
                                     struct btx_fault *reterr_fault)
{
    char device[BTX_DEVICE_NAME_BYTES + sizeof("/dev/")];

    (void)snprintf(device, sizeof(device), "/dev/%s", disk->place.device);
    if (unlink(options->link) != 0 && errno != ENOENT)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "removing %s", options->link);
    if (symlink(device, options->link) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "making the link %s",
                             options->link);
    return BTX_OK;
}

/* The watch begins before the first look: what happens in between is not missed. */
static enum btx_fault_code wait_for_disk(const struct options *options, int watch,
                                         struct btx_fault *reterr_fault)
{
    struct btx_wal_disk disk = {.verdict = BTX_WAL_DISK_NONE};
    char said[BTX_WAL_DISK_WHY_BYTES] = "";

    for (;;) {
        if (btx_wal_disk_look(&options->machine, &disk, reterr_fault) != BTX_OK)
            return reterr_fault->code;
        if (disk.verdict == BTX_WAL_DISK_FIT)
            break;
        if (strcmp(said, disk.why) != 0)
            say(disk.why, "waiting: ");
        (void)strcpy(said, disk.why);
        if (wait_for_change(watch, reterr_fault) != BTX_OK)
            return reterr_fault->code;
    }
    say(disk.why, "");
    return make_link(options, &disk, reterr_fault);
}

static enum btx_fault_code run_wait(const struct options *options, struct btx_fault *reterr_fault)
{
    char folder[512];
    const int watch = inotify_init1(IN_CLOEXEC);
    enum btx_fault_code code;

    (void)snprintf(folder, sizeof(folder), "%s/dev", options->machine.root);
    if (watch < 0 || inotify_add_watch(watch, folder, IN_CREATE | IN_DELETE | IN_CLOSE_WRITE) < 0)
        code = btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "watching %s", folder);
    else
        code = wait_for_disk(options, watch, reterr_fault);
    if (watch >= 0)
        (void)close(watch); /* It was only read. */
    return code;
}

static enum btx_fault_code run_check(const struct options *options, bool *ret_fit,
                                     struct btx_fault *reterr_fault)
{
    struct btx_wal_disk disk;

    if (btx_wal_disk_look(&options->machine, &disk, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    *ret_fit = disk.verdict == BTX_WAL_DISK_FIT;
    printf("%s\n", disk.why);
    return BTX_OK;
}

int main(int argument_count, char **arguments)
{
    struct options options = {.machine = {.root = ""}};
    struct btx_fault fault = {0};
    bool fit = true;

    if (options_parse(argument_count, arguments, &options, &fault) == BTX_OK) {
        if (options.help)
            print_help();
        else if (strcmp(options.verb, "wait") == 0)
            (void)run_wait(&options, &fault); /* The fault is looked at below. */
        else if (strcmp(options.verb, "serve") == 0)
            (void)!btx_wal_disk_serve(&options.machine, STDIN_FILENO, STDOUT_FILENO, &fault);
        else
            (void)run_check(&options, &fit, &fault); /* The same. */
    }
    if (fault.code != BTX_OK) {
        say(fault.text, "");
        return btx_fault_exit_status(fault.code);
    }
    return fit ? 0 : 1;
}
