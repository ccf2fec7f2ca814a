/* SPDX-License-Identifier: Apache-2.0 */
/* betex_gateway.c - betex-gateway: command line, configuration, sandbox. */
#include <stdio.h>
#include <stdlib.h>

#include "engine/service/command_line.h"
#include "tls/gateway.h"

static const char wal_usual[] = "/var/lib/betex/wal";

static void print_help(void)
{
    printf("usage: betex-gateway --config FILE [--wal DIR]\n"
           "\n"
           "The front door: clients connect by TLS, with certificates, and speak betex/1 (see\n"
           "tls/README.md). Hands their commands to the engine at engine.socket, and answers\n"
           "when they are durable. Reads certificates, keys and the list of clients again on\n"
           "SIGHUP; ends on SIGTERM and SIGINT.\n"
           "\n"
           "  --config FILE   the configuration (betexctl config explain)\n"
           "  --wal DIR       the engine's log, instead of /var/lib/betex/wal\n"
           "  --no-sandbox    keep what a debugger or a sanitizer needs; not for production\n"
           "  --help          print this text\n"
           "  --version       print the version\n"
           "\n"
           "exit status: 0 ended by a signal, 2 usage, 64 configuration, 68 I/O failure,\n"
           "71 memory, 73 a limit of the system\n"
           "\n"
           "example:\n"
           "  betex-gateway --config /etc/betex/betex.yaml\n");
}

static enum btx_fault_code parse(struct btx_command_line *line, int argument_count,
                                 char **arguments, struct btx_fault *reterr_fault)
{
    if (btx_command_line_parse(line, argument_count, arguments, reterr_fault) != BTX_OK ||
        line->help || line->version)
        return reterr_fault->code;
    if (line->config == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "--config FILE is wanted (--help)");
    return BTX_OK;
}

static enum btx_fault_code run(const struct btx_command_line *command_line,
                               const struct btx_log *log, struct btx_fault *reterr_fault)
{
    static struct btx_gateway gateway;
    static struct btx_settings settings;
    static struct btx_config config;
    struct btx_signals signals = BTX_SIGNALS_CLOSED;
    struct btx_notify notify = BTX_NOTIFY_NONE;
    const struct btx_gateway_options options = {
        .settings = &settings,
        .wal_root = command_line->wal,
        .log = log,
        .clock = btx_clock_system(),
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
        code = btx_gateway_run(&gateway, &options, reterr_fault);
    btx_notify_close(&notify);
    btx_signals_close(&signals);
    return code;
}

int main(int argument_count, char **arguments)
{
    struct btx_command_line command_line = {.wal = wal_usual};
    struct btx_fault fault = {0};
    struct btx_log log;
    enum btx_fault_code code;

    btx_log_init(&log, "betex-gateway", btx_clock_system());
    code = parse(&command_line, argument_count, arguments, &fault);
    if (code == BTX_OK && command_line.help)
        print_help();
    else if (code == BTX_OK && command_line.version)
        printf("betex-gateway %s, protocol %s\n", BTX_VERSION, BTX_FRAME_ALPN);
    else if (code == BTX_OK)
        code = run(&command_line, &log, &fault);
    if (code != BTX_OK)
        fprintf(stderr, "betex-gateway: %s\n", fault.text);
    return btx_fault_exit_status(code);
}
