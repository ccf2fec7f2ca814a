/* SPDX-License-Identifier: Apache-2.0 */
/* betexd.c - the engine's program: command line, configuration, signals, and its end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/engine.h"
#include "engine/service/command_line.h"

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

static enum btx_fault_code parse(struct btx_command_line *line, int argument_count,
                                 char **arguments, struct btx_fault *reterr_fault)
{
    if (btx_command_line_parse(line, argument_count, arguments, reterr_fault) != BTX_OK ||
        line->help || line->version)
        return reterr_fault->code;
    if (line->config == NULL || line->wal == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "--config FILE and --wal DIR are both wanted (--help)");
    return BTX_OK;
}

static enum btx_fault_code run(const struct btx_command_line *command_line,
                               const struct btx_log *log, struct btx_fault *reterr_fault)
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
    struct btx_command_line command_line = {0};
    struct btx_fault fault = {0};
    struct btx_log log;
    enum btx_fault_code code;

    btx_log_init(&log, "betexd", btx_clock_system());
    code = parse(&command_line, argument_count, arguments, &fault);
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
