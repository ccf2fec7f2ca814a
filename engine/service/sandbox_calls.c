/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_calls.c - the table of sandbox_calls.def as a filter, by libseccomp.
 *
 * libseccomp and not a filter of our own: it knows the numbers of calls on each architecture, lets
 * no call of another one through (x32), and arranges rows as a tree. */
#include "engine/service/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/base/check.h"

/* Columns of the table. */
#define START (1u << BTX_SANDBOX_ENGINE_START)
#define LAUNCHER (1u << BTX_SANDBOX_LAUNCHER)
#define SERVERS (1u << BTX_SANDBOX_SHADOW | 1u << BTX_SANDBOX_ADMIN | 1u << BTX_SANDBOX_GATEWAY)
#define THREADS (START | SERVERS) /* who makes threads, and opens what it needs, as it goes */
#define LOCKERS (START | 1u << BTX_SANDBOX_ENGINE)
#define WRITERS (LOCKERS | 1u << BTX_SANDBOX_SHADOW)
#define SERVICES (WRITERS | SERVERS)
#define EVERYBODY ((1u << BTX_SANDBOX_PROFILE_COUNT) - 1)

/* An argument that the kernel takes as an int: what is above it does not count. */
#define LOW_32 UINT64_C(0xffffffff)

struct call_row {
    const char *name;
    unsigned int profiles;
    unsigned int conditions; /* 0 or 1 */
    unsigned int argument;
    uint64_t mask;
    uint64_t value;
};

/* Zero is success; @code is a negative errno of libseccomp. */
static enum btx_fault_code fault_of(int code, const char *what, struct btx_fault *reterr_fault)
{
    if (code == 0)
        return BTX_OK;
    return btx_fault_set(reterr_fault, code == -ENOMEM ? BTX_FAULT_MEMORY : BTX_FAULT_IO, -code,
                         "%s the filter of system calls", what);
}

/* A name that this architecture does not have (open on arm64) is no call that could be made. */
static int row_add(scmp_filter_ctx filter, const struct call_row *row)
{
    const int number = seccomp_syscall_resolve_name(row->name);
    const struct scmp_arg_cmp condition =
        SCMP_CMP(row->argument, SCMP_CMP_MASKED_EQ, row->mask, row->value);

    CHECK(number != __NR_SCMP_ERROR);
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, row->conditions, &condition);
}

static int rows_add(scmp_filter_ctx filter, enum btx_sandbox_profile profile)
{
    /* Not static: one row has the number of this process. */
    const struct call_row rows[] = {
#define CALL(name, profiles) {#name, profiles, 0, 0, 0, 0},
#define CALL_IF(name, profiles, argument, mask, value) {#name, profiles, 1, argument, mask, value},
#include "engine/service/sandbox_calls.def"
    };

    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        if ((rows[i].profiles & 1u << profile) != 0) {
            const int code = row_add(filter, &rows[i]);

            if (code != 0)
                return code;
        }
    }
    return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

/* All threads get it, which have no_new_privs already; calls of a foreign architecture end the
 * process; a tree and not a list. */
static int attributes_set(scmp_filter_ctx filter)
{
    int code = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

    if (code == 0)
        code = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
    if (code == 0)
        code = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (code == 0)
        code = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    return code;
}

enum btx_fault_code btx_sandbox_close_calls(enum btx_sandbox_profile profile,
                                            enum btx_sandbox_answer answer,
                                            struct btx_fault *reterr_fault)
{
    const uint32_t action = answer == BTX_SANDBOX_KILL ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_TRAP;
    enum btx_fault_code code;
    scmp_filter_ctx filter;

    CHECK((unsigned int)profile < BTX_SANDBOX_PROFILE_COUNT);
    CHECK((unsigned int)answer < BTX_SANDBOX_ANSWER_COUNT);
    filter = seccomp_init(action);
    if (filter == NULL)
        return fault_of(-ENOMEM, "making", reterr_fault);
    code = fault_of(attributes_set(filter), "making", reterr_fault);
    if (code == BTX_OK)
        code = fault_of(rows_add(filter, profile), "making", reterr_fault);
    if (code == BTX_OK)
        code = fault_of(seccomp_load(filter), "entering", reterr_fault);
    seccomp_release(filter);
    return code;
}
