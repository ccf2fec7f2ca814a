/* SPDX-License-Identifier: Apache-2.0 */
/* locking.h - memory that is not swapped out: so that no command waits for a disk that is not the
 * log's, and no account's money is found on one. */
#ifndef BTX_SERVICE_LOCKING_H
#define BTX_SERVICE_LOCKING_H

#include <stddef.h>

#include "engine/base/fault.h"

/* Keep the pages of @memory once they are in use; what is never used takes no memory.  @what is the
 * name of it in a fault.  It ends when the memory is unmapped or mapped anew.
 * Faults: LIMIT when RLIMIT_MEMLOCK is less than @size_bytes and what is locked already (the text
 * says how to raise it), IO for anything else that the kernel refuses. */
BTX_MUST_USE enum btx_fault_code btx_locking_lock(const char *what, const void *memory,
                                                  size_t size_bytes,
                                                  struct btx_fault *reterr_fault);

#endif
