/* SPDX-License-Identifier: Apache-2.0 */
/* pinning.h - a thread on a core of its own.
 *
 * Each thread pins itself when it begins: on isolated cores nothing moves threads apart that were
 * started on the same one, so a set of cores for the whole process (CPUAffinity=) would not do. */
#ifndef BTX_SERVICE_PINNING_H
#define BTX_SERVICE_PINNING_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/fault.h"

enum {
    BTX_THREAD_NAME_BYTES = 16, /* the kernel's, with the zero at the end */
    BTX_CORES_TEXT_BYTES = 256, /* of btx_pinning_cores() */
};

/* Call the running thread @name (1..15 bytes), as it is seen in top and in what perf says. */
void btx_pinning_name(const char *name);

/* Keep the running thread to @core from now on, and see that it is there.  @name is for the fault.
 * Faults: CONFIG when the core is not to be had: which there are stands in the text, and the
 * thread is where it was. */
BTX_MUST_USE enum btx_fault_code btx_pinning_pin(const char *name, uint64_t core,
                                                 struct btx_fault *reterr_fault);

/* The cores that this process may use: online, and in the cpuset of its cgroup, as "0-2,4".  Not
 * narrowed by what the running thread was pinned to. */
void btx_pinning_cores(char text[static BTX_CORES_TEXT_BYTES]);

#endif
