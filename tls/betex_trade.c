/* SPDX-License-Identifier: Apache-2.0 */
/* betex_trade.c - betex-trade: trading from a command line. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tls/trade.h"

#define SECOND_NS UINT64_C(1000000000)

enum { WAIT_S_USUAL = 10, WAIT_S_MAX = 86400 };

struct command_line {
    char *server;
    const char *ca;
    const char *certificate;
    const char *key;
    uint64_t account;
    uint64_t wait_s;
    struct btx_trade trade;
    const struct btx_trade_verb *verb; /* NULL: help or version was asked for */
};

static void print_help(void)
{
    printf("usage: betex-trade --server HOST:PORT --ca FILE --cert FILE --key FILE VERB...\n"
           "\n"
           "Trades at a betex-gateway. A command is done exactly once: when the connection is\n"
           "lost it is made again, and what has become of the command is found out.\n"
           "\n");
    for (size_t i = 0; i < btx_trade_verb_count; i++)
        printf("  %s %s\n      %s\n", btx_trade_verbs[i].name, btx_trade_verbs[i].usage,
               btx_trade_verbs[i].help);
    printf("\n"
           "  --server HOST:PORT  the gateway; an address of IPv6 in brackets\n"
           "  --ca FILE           the CA of its certificate (PEM)\n"
           "  --cert FILE         your certificate (PEM)\n"
           "  --key FILE          its key (PEM)\n"
           "  --account N         one of the certificate's; without it its first\n"
           "  --wait SECONDS      try so long to connect, and to find out what has become of a\n"
           "                      command (10)\n"
           "  --json              a JSON object a line\n"
           "  --count N           watch, events: end after N\n"
           "  --from SEQ          events: begin behind this one\n"
           "  --help, --version\n"
           "\n"
           "exit status: 0 done, 1 refused by the exchange, 2 usage or refused by the gateway,\n"
           "64 a file is wrong, 68 not reached, or not known whether it was done\n"
           "\n"
           "examples:\n"
           "  betex-trade --server localhost:7443 --ca ca.pem --cert me.pem --key me.key \\\n"
           "      place 7 1 back 2.5 10 tif=IOC\n"
           "  betex-trade --server localhost:7443 --ca ca.pem --cert me.pem --key me.key \\\n"
           "      --json watch 7 1\n");
}

static bool read_number(const char *text, uint64_t *ret_number)
{
    char *end;

    errno = 0;
    *ret_number = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0;
}

static enum btx_fault_code find_verb(struct command_line *line, char **words, int count,
                                     struct btx_fault *reterr_fault)
{
    if (count == 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "a verb is wanted (--help)");
    for (size_t i = 0; i < btx_trade_verb_count; i++) {
        if (strcmp(words[0], btx_trade_verbs[i].name) == 0)
            line->verb = &btx_trade_verbs[i];
    }
    if (line->verb == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "%s: no such verb (--help)",
                             words[0]);
    line->trade.arguments = (const char *const *)words + 1;
    line->trade.argument_count = (size_t)count - 1;
    if (line->trade.argument_count < line->verb->arguments_min ||
        line->trade.argument_count > line->verb->arguments_max)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "want betex-trade %s %s",
                             line->verb->name, line->verb->usage);
    if (line->server == NULL || line->ca == NULL || line->certificate == NULL || line->key == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "--server, --ca, --cert and --key are all wanted (--help)");
    return BTX_OK;
}

/* One option.  False: its value is wrong. */
static bool take_option(struct command_line *line, int option)
{
    switch (option) {
    case 's':
        line->server = optarg;
        return true;
    case 'a':
        line->ca = optarg;
        return true;
    case 'c':
        line->certificate = optarg;
        return true;
    case 'k':
        line->key = optarg;
        return true;
    case 'A':
        return read_number(optarg, &line->account);
    case 'w':
        return read_number(optarg, &line->wait_s) && line->wait_s <= WAIT_S_MAX;
    case 'n':
        return read_number(optarg, &line->trade.count);
    case 'f':
        line->trade.has_from = true;
        return read_number(optarg, &line->trade.from_seq);
    default: /* lint: default: the others were seen before, and j is left */
        line->trade.json = true;
        return true;
    }
}

static enum btx_fault_code parse(int argument_count, char **arguments, struct command_line *line,
                                 struct btx_fault *reterr_fault)
{
    static const struct option options[] = {
        {"server", required_argument, NULL, 's'},  {"ca", required_argument, NULL, 'a'},
        {"cert", required_argument, NULL, 'c'},    {"key", required_argument, NULL, 'k'},
        {"account", required_argument, NULL, 'A'}, {"count", required_argument, NULL, 'n'},
        {"from", required_argument, NULL, 'f'},    {"wait", required_argument, NULL, 'w'},
        {"json", no_argument, NULL, 'j'},          {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},       {NULL, 0, NULL, 0}};
    int option;

    opterr = 0;
    while ((option = getopt_long(argument_count, arguments, "+:", options, NULL)) != -1) {
        if (option == 'h' || option == 'v') {
            if (option == 'h')
                print_help();
            else
                printf("betex-trade %s, protocol %s\n", BTX_VERSION, BTX_FRAME_ALPN);
            return BTX_OK;
        }
        if (option == '?' || option == ':' || !take_option(line, option))
            return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "%s: %s (--help)",
                                 arguments[optind - 1],
                                 option == '?'   ? "no such option"
                                 : option == ':' ? "a value is missing"
                                                 : "want a number");
    }
    return find_verb(line, arguments + optind, argument_count - optind, reterr_fault);
}

/* Cut "host:port", the host perhaps in brackets. */
static enum btx_fault_code cut_server(char *server, const char **ret_host, const char **ret_port,
                                      struct btx_fault *reterr_fault)
{
    char *port = strrchr(server, ':');

    if (port == NULL || port == server || port[1] == '\0')
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "--server: want HOST:PORT, got '%s'",
                             server);
    *port++ = '\0';
    if (*server == '[' && server[strlen(server) - 1] == ']') {
        server[strlen(server) - 1] = '\0';
        server++;
    }
    *ret_host = server;
    *ret_port = port;
    return BTX_OK;
}

static enum btx_fault_code run(struct command_line *line, struct btx_fault *reterr_fault)
{
    struct btx_client_options options = {
        .ca = line->ca,
        .certificate = line->certificate,
        .key = line->key,
        .account = line->account,
        .flags = line->verb->is_command ? BTX_FRAME_HELLO_SEQUENCE : 0,
        .timeout_ns = 20 * SECOND_NS,
        .patience_ns = line->wait_s * SECOND_NS,
        .sink = btx_trade_sink,
        .context = &line->trade,
    };
    enum btx_fault_code code;

    if (cut_server(line->server, &options.host, &options.port, reterr_fault) != BTX_OK ||
        btx_client_open(&line->trade.client, &options, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    code = line->verb->run(&line->trade, reterr_fault);
    btx_client_close(line->trade.client);
    return code;
}

int main(int argument_count, char **arguments)
{
    struct command_line line = {.wait_s = WAIT_S_USUAL};
    struct btx_fault fault = {0};
    enum btx_fault_code code;

    (void)signal(SIGPIPE, SIG_IGN); /* Cannot fail for this signal. */
    code = parse(argument_count, arguments, &line, &fault);
    if (code == BTX_OK && line.verb != NULL)
        code = run(&line, &fault);
    if (code != BTX_OK)
        fprintf(stderr, "betex-trade: %s\n", fault.text);
    return code == BTX_OK && line.trade.is_refused ? 1 : btx_fault_exit_status(code);
}
