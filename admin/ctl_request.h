/* SPDX-License-Identifier: Apache-2.0 */
/* ctl_request.h - what betexctl was asked, and the functions of the verbs that need no engine.
 *
 * Each is found by the table verbs.def and prints its findings on standard output; main() reports
 * its fault and decides about the exit status. */
#ifndef BTX_ADMIN_CTL_REQUEST_H
#define BTX_ADMIN_CTL_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "admin/options.h"
#include "engine/base/fault.h"

enum { BTX_CTL_ARGUMENTS_MAX = 64 };

struct btx_ctl_request {
    const char *const *arguments; /* what stands for the placeholders of the verb's pattern */
    size_t argument_count;
    bool help; /* the verb's help and nothing else */
    bool json;
    bool markdown; /* config explain */
    bool watch;
    bool is_long;    /* wal segments */
    bool no_execute; /* wal verify */
    const char *socket;
    struct btx_option_number from; /* events tail */
    struct btx_option_number rate; /* wal sizing */
    int *exit_status;              /* what to end with when there is no fault; 0 before */
};

/* What a verb is.  A fault with an empty text: all was said. */
typedef enum btx_fault_code (*btx_ctl_verb)(const struct btx_ctl_request *request,
                                            struct btx_fault *reterr_fault);

/* Without an engine: configuration files.  Faults: CONFIG, IO, USAGE, MEMORY. */
enum btx_fault_code btx_ctl_config_check(const struct btx_ctl_request *request,
                                         struct btx_fault *reterr_fault);
enum btx_fault_code btx_ctl_config_example(const struct btx_ctl_request *request,
                                           struct btx_fault *reterr_fault);
enum btx_fault_code btx_ctl_config_explain(const struct btx_ctl_request *request,
                                           struct btx_fault *reterr_fault);
enum btx_fault_code btx_ctl_config_show(const struct btx_ctl_request *request,
                                        struct btx_fault *reterr_fault);

/* On the appliance: the service that knows disks.  One that it refuses is no fault: it says why.
 * Faults: IO, USAGE, MEMORY. */
enum btx_fault_code btx_ctl_wal_disks(const struct btx_ctl_request *request,
                                      struct btx_fault *reterr_fault);
enum btx_fault_code btx_ctl_wal_init(const struct btx_ctl_request *request,
                                     struct btx_fault *reterr_fault);

#endif
