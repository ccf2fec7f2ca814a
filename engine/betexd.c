/* SPDX-License-Identifier: Apache-2.0 */
/* betexd.c - the engine's program: command line, configuration, signals, and its end. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/engine.h"

struct command_line {
    const char *config;
    const char *wal;
    bool no_sandbox;
    bool help;
    bool version;
};

static void print_help(void)
{
    printf("usage: betexd --config FILE --wal DIR\n"
           "\n"
           "The engine: recovers the log DIR, hands rings to the gateways and the admin\n"
           "service at engine.socket, executes what they ask for, and has every event on the\n"
           "disk before anybody sees it. Ends in order on SIGTERM and SIGINT.\n"
           "\n"
           "  --config FILE   the configuration (betexctl config explain)\n"
           "  --wal DIR       the log; made when there is none\n"
           "  --no-sandbox    keep what a debugger or a sanitizer needs; not for production\n"
           "  --help          print this text\n"
           "  --version       print the version\n"
           "\n"
           "exit status: 0 stopped in order, 2 usage, 64 configuration, 65 the log is locked\n"
           "by another writer, 66 the log is damaged, 67 disk full, 68 I/O failure,\n"
           "71 memory\n"
           "\n"
           "example:\n"
           "  betexd --config /etc/betex/betex.yaml --wal /var/lib/betex/wal\n");
}

static enum btx_fault_code parse(int argument_count, char **arguments,
                                 struct command_line *ret_line, struct btx_fault *reterr_fault)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"wal", required_argument, NULL, 'w'},
        {"no-sandbox", no_argument, NULL, 'n'},   {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},      {NULL, 0, NULL, 0}};
    int option;

    *ret_line = (struct command_line){0};
    opterr = 0;
    while ((option = getopt_long(argument_count, arguments, ":", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            ret_line->config = optarg;
            break;
        case 'w':
            ret_line->wal = optarg;
            break;
        case 'n':
            ret_line->no_sandbox = true;
            break;
        case 'h':
            ret_line->help = true;
            return BTX_OK;
        case 'v':
            ret_line->version = true;
            return BTX_OK;
        case ':':
            return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                                 "%s: a value is missing (--help)", arguments[optind - 1]);
        default: /* lint: default: getopt gives '?' for what is no option */
            return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "%s: no such option (--help)",
                                 arguments[optind - 1]);
        }
    }
    if (optind != argument_count)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "%s: not wanted (--help)",
                             arguments[optind]);
    if (ret_line->config == NULL || ret_line->wal == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "--config FILE and --wal DIR are both wanted (--help)");
    return BTX_OK;
}

static enum btx_fault_code run(const struct command_line *command_line, const struct btx_log *log,
                               struct btx_fault *reterr_fault)
{
    static struct btx_settings settings;
    static struct btx_config config;
    struct btx_signals signals = BTX_SIGNALS_CLOSED;
    struct btx_notify notify = BTX_NOTIFY_NONE;
    const struct btx_engine_options options = {
        .settings = &settings,
        .config = &config,
        .wal = command_line->wal,
        .log = log,
        .signals = &signals,
        .notify = &notify,
        .sandbox = !command_line->no_sandbox,
    };
    enum btx_fault_code code;

    btx_settings_init(&settings, &config);
    if (btx_settings_read(&settings, &config, command_line->config, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    code = btx_signals_open(&signals, reterr_fault);
    if (code == BTX_OK)
        code = btx_notify_open(&notify, reterr_fault);
    if (code == BTX_OK)
        code = btx_engine_run(&options, reterr_fault);
    btx_notify_close(&notify);
    btx_signals_close(&signals);
    return code;
}

int main(int argument_count, char **arguments)
{
    struct command_line command_line;
    struct btx_fault fault = {0};
    struct btx_log log;
    enum btx_fault_code code;

    btx_log_init(&log, "betexd", btx_clock_system());
    code = parse(argument_count, arguments, &command_line, &fault);
    if (code == BTX_OK && command_line.help) {
        print_help();
    } else if (code == BTX_OK && command_line.version) {
        printf("betexd %s, rules version %u\n", BTX_VERSION, BTX_RULES_VERSION);
    } else if (code == BTX_OK) {
        code = run(&command_line, &log, &fault);
    }
    if (code != BTX_OK)
        fprintf(stderr, "betexd: %s\n", fault.text);
    return btx_fault_exit_status(code);
}
