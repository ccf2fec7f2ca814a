/* SPDX-License-Identifier: Apache-2.0 */
/* modules.h - loads the kernel modules of the initrd: those that are always needed, and those that
 * the devices of this machine ask for.
 *
 * The build writes a table (image/kernel.py), a record a line:
 *
 *     always NAME               load it at the start
 *     alias PATTERN NAME        load it when a device's modalias is like PATTERN (fnmatch)
 *     files NAME FILE...        what it consists of, in the order of loading
 */
#ifndef BTX_INIT_MODULES_H
#define BTX_INIT_MODULES_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/fault.h"

/* Loads one file; tests have one of their own.  Loading twice is no fault. */
typedef enum btx_fault_code (*btx_module_load)(const char *file, void *context,
                                               struct btx_fault *reterr_fault);

struct btx_modules {
    char *table; /* the caller's, ends in a zero; its lines are as above */
    btx_module_load load;
    void *context; /* of load */
};

/* Load what is marked "always".  Faults: those of load, the first one; all others are tried. */
BTX_MUST_USE enum btx_fault_code btx_modules_load_always(const struct btx_modules *modules,
                                                         struct btx_fault *reterr_fault);

/* Load what the device with @modalias asks for, which may be nothing.  Faults: as above. */
BTX_MUST_USE enum btx_fault_code btx_modules_load_for(const struct btx_modules *modules,
                                                      const char *modalias,
                                                      struct btx_fault *reterr_fault);

#endif
