/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/service/locking.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "engine/base/check.h"

enum btx_fault_code btx_locking_lock(const char *what, const void *memory, size_t size_bytes,
                                     struct btx_fault *reterr_fault)
{
    struct rlimit limit;

    if (mlock2(memory, size_bytes, MLOCK_ONFAULT) == 0)
        return BTX_OK;
    if (errno != ENOMEM && errno != EPERM && errno != EAGAIN)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "locking %s into memory", what);
    CHECK(getrlimit(RLIMIT_MEMLOCK, &limit) == 0);
    return btx_fault_set(reterr_fault, BTX_FAULT_LIMIT, 0,
                         "locking %s into memory: %zu KiB are more than what is left of %" PRIu64
                         " KiB: raise RLIMIT_MEMLOCK (LimitMEMLOCK= of the unit, ulimit -l)",
                         what, size_bytes / 1024, (uint64_t)limit.rlim_cur / 1024);
}
