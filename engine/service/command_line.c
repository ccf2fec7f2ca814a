/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/service/command_line.h"

#include <getopt.h>
#include <stddef.h>

enum btx_fault_code btx_command_line_parse(struct btx_command_line *line, int argument_count,
                                           char **arguments, struct btx_fault *reterr_fault)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"wal", required_argument, NULL, 'w'},
        {"no-sandbox", no_argument, NULL, 'n'},   {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},      {NULL, 0, NULL, 0}};
    int option;

    opterr = 0;
    while ((option = getopt_long(argument_count, arguments, ":", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            line->config = optarg;
            break;
        case 'w':
            line->wal = optarg;
            break;
        case 'n':
            line->no_sandbox = true;
            break;
        case 'h':
            line->help = true;
            return BTX_OK;
        case 'v':
            line->version = true;
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
    return BTX_OK;
}
