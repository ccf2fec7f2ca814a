/* SPDX-License-Identifier: Apache-2.0 */
/* command_line.h - what the command lines of the services have in common: they say where the
 * configuration and the log are, and everything else is in the configuration. */
#ifndef BTX_SERVICE_COMMAND_LINE_H
#define BTX_SERVICE_COMMAND_LINE_H

#include <stdbool.h>

#include "engine/base/fault.h"

struct btx_command_line {
    const char *config; /* of --config FILE */
    const char *wal;    /* of --wal DIR */
    bool no_sandbox;
    bool help; /* --help or --version: what stands behind it was not looked at */
    bool version;
};

/* Parse @arguments, of main(), into @line; what they do not say stays as the caller has set it, and
 * which of them are wanted is the caller's to say.
 * Faults: USAGE. */
BTX_MUST_USE enum btx_fault_code btx_command_line_parse(struct btx_command_line *line,
                                                        int argument_count, char **arguments,
                                                        struct btx_fault *reterr_fault);

#endif
