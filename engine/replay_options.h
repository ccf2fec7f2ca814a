/* SPDX-License-Identifier: Apache-2.0 */
/* replay_options.h - the command line of betex-replay, apart from what it does. */
#ifndef BTX_ENGINE_REPLAY_OPTIONS_H
#define BTX_ENGINE_REPLAY_OPTIONS_H

#include <stdbool.h>

#include "engine/base/fault.h"
#include "engine/core/core.h"

enum btx_replay_action {
    BTX_REPLAY_RUN,
    BTX_REPLAY_HELP,
    BTX_REPLAY_VERSION,
};

struct btx_replay_options {
    enum btx_replay_action action;
    struct btx_core_capacity capacity;
    bool digest; /* Print the digest of the last state. */
    bool quiet;  /* Print no events. */
};

/* Read the command line.  Faults: USAGE. */
BTX_MUST_USE enum btx_fault_code btx_replay_options_parse(int argument_count, char **arguments,
                                                          struct btx_replay_options *ret_options,
                                                          struct btx_fault *reterr_fault);

/* The text of --help, on stdout through stdio. */
void btx_replay_options_print_help(void);

#endif
