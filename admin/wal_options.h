/* SPDX-License-Identifier: Apache-2.0 */
/* wal_options.h - the options of betex-wal, and which verb knows which. */
#ifndef BTX_ADMIN_WAL_OPTIONS_H
#define BTX_ADMIN_WAL_OPTIONS_H

#include "admin/wal_request.h"

/* Bits: whose option it is. */
enum btx_wal_verb_bit {
    BTX_WAL_INFO = 1,
    BTX_WAL_LOCK = 2,
    BTX_WAL_LS = 4,
    BTX_WAL_VERIFY = 8,
    BTX_WAL_DUMP = 16,
    BTX_WAL_SIZING = 32,
    BTX_WAL_ALL = 63,
};

/* Read what stands behind the name of the verb @verb.  Options and arguments may be mixed; "--"
 * ends the options.  @arguments is reordered, and *ret_request points into it.
 * Faults: USAGE. */
BTX_MUST_USE enum btx_fault_code btx_wal_options_parse(enum btx_wal_verb_bit verb,
                                                       const char **arguments,
                                                       size_t argument_count,
                                                       struct btx_wal_request *ret_request,
                                                       struct btx_fault *reterr_fault);

/* The options of @verb, a line each, on standard output. */
void btx_wal_options_print(enum btx_wal_verb_bit verb);

#endif
