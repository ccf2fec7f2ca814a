/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox.c - privileges: what the unit takes away as well, for whoever runs without one. */
#include "engine/service/sandbox.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/base/check.h"

/* Lower both bounds; what is less already stays. */
static enum btx_fault_code limit_lower(__rlimit_resource_t resource, uint64_t most,
                                       const char *what, struct btx_fault *reterr_fault)
{
    struct rlimit limit;

    CHECK(getrlimit(resource, &limit) == 0);
    if (limit.rlim_max > most)
        limit.rlim_max = most;
    if (limit.rlim_cur > limit.rlim_max)
        limit.rlim_cur = limit.rlim_max;
    if (setrlimit(resource, &limit) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "limiting %s", what);
    return BTX_OK;
}

static enum btx_fault_code limit_descriptors(uint64_t wanted, struct btx_fault *reterr_fault)
{
    struct rlimit limit;

    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    if (limit.rlim_max < wanted)
        return btx_fault_set(reterr_fault, BTX_FAULT_LIMIT, 0,
                             "%" PRIu64 " open files are needed, %" PRIu64
                             " are allowed: raise RLIMIT_NOFILE (LimitNOFILE= of the unit)",
                             wanted, (uint64_t)limit.rlim_max);
    limit.rlim_cur = wanted;
    limit.rlim_max = wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "limiting open files");
    return BTX_OK;
}

/* All sets of this thread, and what a program that it executes could get back. */
static enum btx_fault_code capabilities_drop(struct btx_fault *reterr_fault)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

    /* Capabilities are numbered without gaps, and a newer kernel has more than our headers know.
     * Only who has CAP_SETPCAP may narrow this set: to others no_new_privs does the same. */
    for (unsigned long number = 0; prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0; number++)
        continue;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "dropping ambient capabilities");
    if (syscall(SYS_capset, &header, none) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "dropping capabilities");
    return BTX_OK;
}

enum btx_fault_code btx_sandbox_drop(const struct btx_sandbox_limits *limits,
                                     struct btx_fault *reterr_fault)
{
    enum btx_fault_code code = BTX_OK;

    CHECK(limits->descriptors != 0);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "setting no_new_privs");
    code = limit_descriptors(limits->descriptors, reterr_fault);
    /* A core holds the state of all accounts. */
    if (code == BTX_OK)
        code = limit_lower(RLIMIT_CORE, 0, "cores", reterr_fault);
    if (code == BTX_OK && limits->threads != 0)
        code = limit_lower(RLIMIT_NPROC, limits->threads, "threads", reterr_fault);
    if (code == BTX_OK)
        code = capabilities_drop(reterr_fault);
    if (code == BTX_OK && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        code = btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "setting dumpable");
    return code;
}
