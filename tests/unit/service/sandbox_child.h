/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_child.h - a child process that enters a sandbox and tries something in it.
 *
 * As root it becomes nobody first: what root may do by his number alone proves nothing. */
#ifndef BTX_TESTS_UNIT_SERVICE_SANDBOX_CHILD_H
#define BTX_TESTS_UNIT_SERVICE_SANDBOX_CHILD_H

#include <stddef.h>

#include "engine/service/sandbox.h"

struct sandbox_child {
    enum btx_sandbox_profile profile;
    enum btx_sandbox_answer answer;
    void (*prepare)(void *context); /* after privileges, before files and calls; may be NULL */
    int (*attempt)(void *context);  /* in the sandbox; its result is the exit status, 0..99 */
    void *context;
    struct btx_sandbox_path paths[4]; /* up to the first without a path */
    unsigned int landlock_abi_max;
};

enum {
    /* Statuses that say how a child ended otherwise. */
    SANDBOX_CHILD_KILLED = 1000,  /* by SIGSYS */
    SANDBOX_CHILD_SIGNAL = 2000,  /* by another signal, whose number is added */
    SANDBOX_CHILD_TRAPPED = 3000, /* the number of the system call is added */
};

/* Run it, wait for its end, and say how it was. */
int sandbox_child_run(const struct sandbox_child *child);

/* Give a folder made by mkdtemp to who the child will be. */
void sandbox_child_give(const char *path);

/* In a child: become nobody if root, drop privileges.  Ends it with status 111 on a fault. */
void sandbox_child_drop(void);

/* In a child: enter @profile.  Ends it with status 112 on a fault. */
void sandbox_child_enter(enum btx_sandbox_profile profile, enum btx_sandbox_answer answer);

#endif
