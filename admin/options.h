/* SPDX-License-Identifier: Apache-2.0 */
/* options.h - long options by a table: "--name", "--name VALUE" or "--name=VALUE". */
#ifndef BTX_ADMIN_OPTIONS_H
#define BTX_ADMIN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/fault.h"

/* A number that may be left out. */
struct btx_option_number {
    bool given;
    uint64_t value;
};

enum btx_option_kind {
    BTX_OPTION_SWITCH, /* without a value; a bool */
    BTX_OPTION_NUMBER, /* a struct btx_option_number */
    BTX_OPTION_TEXT,   /* a const char *, of the arguments */
};

struct btx_option {
    const char *name;
    enum btx_option_kind kind;
    const char *value; /* what the help calls its value */
    unsigned verbs;    /* bits: whose option it is */
    size_t offset_bytes;
    const char *help;
};

/* Read the *count @arguments into @request, a struct that the rows point into.  Options and others
 * may be mixed; "--" ends the options.  @arguments is reordered: those that are no option are its
 * first *count.  Only rows with a bit of @verbs are options.  Faults: USAGE. */
BTX_MUST_USE enum btx_fault_code btx_options_parse(const struct btx_option *rows, size_t row_count,
                                                   unsigned verbs, const char **arguments,
                                                   size_t *count, void *request,
                                                   struct btx_fault *reterr_fault);

/* Those options with a bit of @verbs, a line each, on standard output. */
void btx_options_print(const struct btx_option *rows, size_t row_count, unsigned verbs);

#endif
