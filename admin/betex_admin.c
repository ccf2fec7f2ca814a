/* SPDX-License-Identifier: Apache-2.0 */
/* betex_admin.c - betex-admin: answers betexctl on a local socket. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "admin/options.h"
#include "admin/server.h"
#include "engine/service/sandbox.h"

/* For 32 calls a socket, three pipes and a segment each; the engine's rings; the log's segments. */
#define DESCRIPTORS_MAX 512

static const char wal_usual[] = "/var/lib/betex/wal";

struct options {
    const char *config;
    const char *wal;
    bool no_sandbox;
    bool help;
    bool version;
};

#define ROW(name, kind, value, member, help)                                                       \
    {                                                                                              \
        name, BTX_OPTION_##kind, value, 1, offsetof(struct options, member), help                  \
    }

static const struct btx_option rows[] = {
    ROW("config", TEXT, "FILE", config, "the configuration; without it all defaults"),
    ROW("wal", TEXT, "DIR", wal, "the engine's log, instead of /var/lib/betex/wal"),
    ROW("no-sandbox", SWITCH, NULL, no_sandbox,
        "keep what a debugger or a sanitizer needs; not for production"),
    ROW("help", SWITCH, NULL, help, "print this text"),
    ROW("version", SWITCH, NULL, version, "print the version"),
};

static void print_help(void)
{
    printf("Usage: betex-admin [OPTION]...\n"
           "\n"
           "Answers betexctl on the socket admin.socket, for the engine at engine.socket.\n"
           "\n");
    btx_options_print(rows, BTX_COUNT_OF(rows), 1);
    printf("\n"
           "Exit status: 0 ended by SIGTERM or SIGINT; 2 usage; 64 the configuration is wrong;\n"
           "65 another one answers at the socket; 68 the socket failed; 70 a bug; 71 no memory.\n"
           "\n"
           "Example:\n"
           "  betex-admin --config /etc/betex/betex.yaml\n");
}

/* From here on the process opens the log, connects to the engine and the auditor, answers at its
 * socket and logs; nothing else.  The log may come later, so its folder is meant too; and so is
 * that of the names of users, because each change replaces their file. */
static enum btx_fault_code enter_sandbox(const struct btx_admin_server *server,
                                         struct btx_fault *reterr_fault)
{
    const struct btx_sandbox_path paths[] = {
        {.path = server->wal_root, .access = BTX_SANDBOX_READ, .optional = true},
        {.path = server->wal_root, .access = BTX_SANDBOX_READ, .folder_of = true, .optional = true},
        {.path = server->settings->admin.socket, .access = BTX_SANDBOX_SOCKETS, .folder_of = true},
        {.path = "/etc/passwd", .access = BTX_SANDBOX_READ, .folder_of = true},
    };
    const struct btx_sandbox sandbox = {
        .profile = BTX_SANDBOX_ADMIN,
        .limits = {.descriptors = DESCRIPTORS_MAX},
        .files = {.paths = paths, .path_count = BTX_COUNT_OF(paths)},
    };

    return btx_sandbox_enter(&sandbox, server->log, reterr_fault);
}

/* What is looked up and forked comes before the sandbox; threads behind it, so that they are in. */
static enum btx_fault_code prepare(struct btx_admin_server *server, const struct options *options,
                                   struct btx_fault *reterr_fault)
{
    const struct btx_launcher_options launcher = {
        .wal_root = server->wal_root,
        .config = options->config,
        .no_sandbox = options->no_sandbox,
    };

    server->groups = btx_role_groups_find(server->settings->admin.view_group,
                                          server->settings->admin.operator_group);
    if (btx_launcher_start(server->launcher, &launcher, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (!options->no_sandbox)
        return enter_sandbox(server, reterr_fault);
    btx_sandbox_leave_out(server->log);
    return BTX_OK;
}

static enum btx_fault_code serve(const struct options *options, struct btx_fault *reterr_fault)
{
    static struct btx_admin_server server;
    static struct btx_settings settings;
    static struct btx_config config;
    struct btx_launcher launcher = {.fd = -1};
    struct btx_notify notify = BTX_NOTIFY_NONE;
    struct btx_log log;
    struct btx_log_line line;
    enum btx_fault_code code;

    btx_settings_init(&settings, &config);
    if (options->config != NULL &&
        btx_settings_read(&settings, &config, options->config, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    btx_log_init(&log, "betex-admin", btx_clock_system());
    server.settings = &settings;
    server.config_path = options->config;
    server.wal_root = options->wal != NULL ? options->wal : wal_usual;
    server.log = &log;
    server.clock = btx_clock_system();
    server.launcher = &launcher;
    server.notify = &notify;
    if (btx_notify_open(&notify, reterr_fault) != BTX_OK ||
        prepare(&server, options, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    code = btx_admin_server_open(&server, reterr_fault);
    if (code == BTX_OK) {
        btx_log_begin(&line, &log, BTX_LOG_NOTICE, "answering");
        btx_log_text(&line, "socket", settings.admin.socket);
        btx_log_text(&line, "wal", server.wal_root);
        btx_log_end(&line);
        code = btx_admin_server_run(&server, reterr_fault);
    }
    btx_admin_server_close(&server);
    btx_launcher_close(&launcher);
    btx_notify_close(&notify);
    return code;
}

static enum btx_fault_code run(const char **arguments, size_t argument_count,
                               struct btx_fault *reterr_fault)
{
    struct options options = {0};

    if (btx_options_parse(rows, BTX_COUNT_OF(rows), 1, arguments, &argument_count, &options,
                          reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (argument_count != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "%s: not wanted (see --help)",
                             arguments[0]);
    if (options.help)
        print_help();
    else if (options.version)
        printf("betex-admin %s\n", BTX_VERSION);
    else
        return serve(&options, reterr_fault);
    return BTX_OK;
}

int main(int argument_count, char **arguments)
{
    struct btx_fault fault = {0};
    enum btx_fault_code code;

    (void)signal(SIGPIPE, SIG_IGN); /* Cannot fail for this signal. */
    code = run((const char **)arguments + 1, argument_count > 0 ? (size_t)argument_count - 1 : 0,
               &fault);
    if (code != BTX_OK)
        fprintf(stderr, "betex-admin: %s\n", fault.text);
    return btx_fault_exit_status(code);
}
