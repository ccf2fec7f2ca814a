/* SPDX-License-Identifier: Apache-2.0 */
/* shadow_options.h - the command line of betex-shadow. */
#ifndef BTX_ENGINE_SHADOW_OPTIONS_H
#define BTX_ENGINE_SHADOW_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/attributes.h"
#include "engine/base/fault.h"

enum btx_shadow_action { BTX_SHADOW_RUN, BTX_SHADOW_HELP, BTX_SHADOW_VERSION };

struct btx_shadow_options {
    enum btx_shadow_action action;
    const char *wal;    /* root of the log */
    const char *config; /* NULL: all settings at their defaults */
    bool once;          /* end when all that is sealed is compared */
    bool no_sandbox;    /* keep what a debugger or a sanitizer needs */
    char socket[108];   /* "": the status is not handed out */
    uint64_t snapshot_interval_ns;
};

/* Read the command line, and the configuration file that it names.  Strings point into @arguments.
 * Faults: USAGE, CONFIG, IO. */
BTX_MUST_USE enum btx_fault_code btx_shadow_options_parse(int argument_count, char **arguments,
                                                          struct btx_shadow_options *ret_options,
                                                          struct btx_fault *reterr_fault);

/* To standard output. */
void btx_shadow_options_print_help(void);

#endif
