/* SPDX-License-Identifier: Apache-2.0 */
/* device_mapper.h - makes one read-only device of the kernel's device mapper, by its ioctls. */
#ifndef BTX_INIT_DEVICE_MAPPER_H
#define BTX_INIT_DEVICE_MAPPER_H

#include <stdint.h>

#include "engine/base/fault.h"

enum { BTX_MAPPED_DEVICE_BYTES = 32 };

/* Make the device @name (with @uuid, by which others know what it is) of one target of kind @type
 * with @sectors and @table, and start it.  @ret_device is its path, "/dev/dm-0".
 * Faults: IO, with the step that failed. */
BTX_MUST_USE enum btx_fault_code btx_device_mapper_create(
    const char *name, const char *uuid, const char *type, uint64_t sectors, const char *table,
    char ret_device[static BTX_MAPPED_DEVICE_BYTES], struct btx_fault *reterr_fault);

#endif
