/* SPDX-License-Identifier: Apache-2.0 */
/* replay_options.h - the command line of betex-replay, apart from what it does. */
#ifndef BTX_ENGINE_REPLAY_OPTIONS_H
#define BTX_ENGINE_REPLAY_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/fault.h"
#include "engine/core/core.h"
#include "engine/wal/wal_settings.h"

enum btx_replay_action {
    BTX_REPLAY_RUN,
    BTX_REPLAY_HELP,
    BTX_REPLAY_VERSION,
};

struct btx_replay_options {
    enum btx_replay_action action;
    struct btx_core_capacity capacity;
    struct btx_wal_settings wal_settings; /* Checked when there is a log to write. */
    const char *config;                   /* The file that these are from; NULL: none. */
    const char *wal;                      /* The log to go on with and to write; NULL: none. */
    const char *from_wal;                 /* The log to begin with; NULL: none.  Not both. */
    uint64_t at_seq;                      /* With from_wal: after this event; UINT64_MAX: all. */
    bool snapshot;                        /* With wal: write one at the end. */
    bool digest;                          /* Print the digest of the last state. */
    bool quiet;                           /* Print no events. */
};

/* Read the command line; texts in the result are those of @arguments.
 * Faults: USAGE; CONFIG for a setting or what is in the configuration file; IO when that cannot be
 * read. */
BTX_MUST_USE enum btx_fault_code btx_replay_options_parse(int argument_count, char **arguments,
                                                          struct btx_replay_options *ret_options,
                                                          struct btx_fault *reterr_fault);

/* The text of --help, on stdout through stdio. */
void btx_replay_options_print_help(void);

#endif
