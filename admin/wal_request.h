/* SPDX-License-Identifier: Apache-2.0 */
/* wal_request.h - what betex-wal was asked, and the functions that do it.
 *
 * One function for each verb.  It prints its findings on standard output and damage in a stream
 * on standard error, and never changes a byte of the log: files are opened for reading, and no
 * lock is taken.  main() reports its fault and decides about the exit status. */
#ifndef BTX_ADMIN_WAL_REQUEST_H
#define BTX_ADMIN_WAL_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin/options.h"
#include "engine/base/fault.h"

struct btx_wal_request {
    const char *const *arguments; /* what is no option: DIR, or KEY=VALUE of sizing */
    size_t argument_count;
    bool help; /* the verb's help and nothing else */
    bool json;
    bool long_form;  /* ls */
    bool no_execute; /* verify */
    bool events;     /* dump: these kinds; none of the three: all */
    bool commands;
    bool notes;
    struct btx_option_number from; /* dump: filters */
    struct btx_option_number to;
    struct btx_option_number tx;
    struct btx_option_number account;
    struct btx_option_number market;
    struct btx_option_number order;
    struct btx_option_number rate;  /* sizing: events a second */
    struct btx_option_number bytes; /* sizing: of an average event */
    const char *config;             /* sizing: the file with the settings; NULL: defaults */
};

/* What a verb is: *ret_failed is set when its check failed, so when the log is damaged; what it
 * could tell was printed all the same.
 * Faults: CONFIG and LAYOUT when DIR is no log or not one of this version, IO, MEMORY, and those of
 * what it calls. */
typedef enum btx_fault_code (*btx_wal_verb)(const struct btx_wal_request *request, bool *ret_failed,
                                            struct btx_fault *reterr_fault);

enum btx_fault_code btx_wal_verb_info(const struct btx_wal_request *request, bool *ret_failed,
                                      struct btx_fault *reterr_fault);
enum btx_fault_code btx_wal_verb_lock(const struct btx_wal_request *request, bool *ret_failed,
                                      struct btx_fault *reterr_fault);
enum btx_fault_code btx_wal_verb_ls(const struct btx_wal_request *request, bool *ret_failed,
                                    struct btx_fault *reterr_fault);
enum btx_fault_code btx_wal_verb_verify(const struct btx_wal_request *request, bool *ret_failed,
                                        struct btx_fault *reterr_fault);
enum btx_fault_code btx_wal_verb_dump(const struct btx_wal_request *request, bool *ret_failed,
                                      struct btx_fault *reterr_fault);
enum btx_fault_code btx_wal_verb_sizing(const struct btx_wal_request *request, bool *ret_failed,
                                        struct btx_fault *reterr_fault);

#endif
