/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/shadow_options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "engine/settings/settings.h"

enum {
    OPTION_WAL,
    OPTION_CONFIG,
    OPTION_SOCKET,
    OPTION_ONCE,
    OPTION_NO_SANDBOX,
    OPTION_HELP,
    OPTION_VERSION
};

static const struct option known[] = {
    [OPTION_WAL] = {"wal", required_argument, NULL, 0},
    [OPTION_CONFIG] = {"config", required_argument, NULL, 0},
    [OPTION_SOCKET] = {"status-socket", required_argument, NULL, 0},
    [OPTION_ONCE] = {"once", no_argument, NULL, 0},
    [OPTION_NO_SANDBOX] = {"no-sandbox", no_argument, NULL, 0},
    [OPTION_HELP] = {"help", no_argument, NULL, 0},
    [OPTION_VERSION] = {"version", no_argument, NULL, 0},
    {NULL, 0, NULL, 0},
};

static void take_option(int index, struct btx_shadow_options *options, const char **ret_socket)
{
    if (index == OPTION_WAL)
        options->wal = optarg;
    else if (index == OPTION_CONFIG)
        options->config = optarg;
    else if (index == OPTION_SOCKET)
        *ret_socket = optarg;
    else if (index == OPTION_ONCE)
        options->once = true;
    else if (index == OPTION_NO_SANDBOX)
        options->no_sandbox = true;
    else
        options->action = index == OPTION_HELP ? BTX_SHADOW_HELP : BTX_SHADOW_VERSION;
}

static enum btx_fault_code parse_options(int argument_count, char **arguments,
                                         struct btx_shadow_options *options,
                                         const char **ret_socket, struct btx_fault *reterr_fault)
{
    int index = 0;
    int found;

    opterr = 0; /* getopt's own sentences do not say what to do. */
    while ((found = getopt_long(argument_count, arguments, "+:", known, &index)) == 0)
        take_option(index, options, ret_socket);
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
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "%s: not an option (see --help)",
                             arguments[optind]);
    if (options->action == BTX_SHADOW_RUN && options->wal == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "--wal: wants the folder of a log (see --help)");
    return BTX_OK;
}

/* Where the status is handed out: what the command line says, else the setting; a run that ends by
 * itself has nobody to wait for, and does so only if it is told to. */
static enum btx_fault_code choose_socket(struct btx_shadow_options *options, const char *said,
                                         const char *setting, struct btx_fault *reterr_fault)
{
    const char *path = said != NULL ? said : options->once ? "" : setting;

    if (strlen(path) >= sizeof options->socket || (said != NULL && *said == '\0'))
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "--status-socket: want a path of 1 to %zu bytes",
                             sizeof options->socket - 1);
    memcpy(options->socket, path, strlen(path) + 1);
    return BTX_OK;
}

enum btx_fault_code btx_shadow_options_parse(int argument_count, char **arguments,
                                             struct btx_shadow_options *ret_options,
                                             struct btx_fault *reterr_fault)
{
    static struct btx_settings settings;
    static struct btx_config config; /* Static: both are large. */
    const char *socket = NULL;

    *ret_options = (struct btx_shadow_options){.action = BTX_SHADOW_RUN};
    if (parse_options(argument_count, arguments, ret_options, &socket, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (ret_options->action != BTX_SHADOW_RUN)
        return BTX_OK;
    btx_settings_init(&settings, &config);
    if (ret_options->config != NULL &&
        btx_settings_read(&settings, &config, ret_options->config, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    ret_options->snapshot_interval_ns = settings.snapshot.interval_ns;
    return choose_socket(ret_options, socket, settings.shadow.socket, reterr_fault);
}

void btx_shadow_options_print_help(void)
{
    fputs("Usage: betex-shadow --wal DIR [--config FILE] [--status-socket PATH] [--once]\n"
          "\n"
          "Executes the log in DIR once more, segment by segment as they are sealed, compares\n"
          "every event with what the rules decide, and writes snapshots.  Takes no lock, changes\n"
          "nothing but DIR/snapshots.\n"
          "\n"
          "  --wal DIR             the log\n"
          "  --config FILE         settings: snapshot.interval, shadow.socket\n"
          "  --status-socket PATH  hand out the status there, instead of at shadow.socket\n"
          "  --once                compare what is sealed now, write a snapshot, and end; the\n"
          "                        status is handed out only with --status-socket\n"
          "  --no-sandbox          keep what a debugger or a sanitizer needs; not for production\n"
          "  --help, --version\n"
          "\n"
          "A difference or damage is logged and shown in the status.  The auditor stays up to be\n"
          "seen, writes no more snapshots, and ends with status 66 when it is told to end.\n",
          stdout);
}
