/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox.h - what a process gives up for good before it touches anything that others wrote.
 *
 * Three steps, each narrower than the one before: privileges, files (landlock), system calls
 * (seccomp).  The first two concern the calling thread and those that it starts, so they come
 * before there are others; the third concerns all threads.  No step can be taken back.  README.md
 * says what is called when. */
#ifndef BTX_SERVICE_SANDBOX_H
#define BTX_SERVICE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/fault.h"
#include "engine/base/log.h"

/* --- Privileges ------------------------------------------------------------------------------- */

struct btx_sandbox_limits {
    uint64_t descriptors; /* open at the same time (RLIMIT_NOFILE) */
    uint64_t threads;     /* of all processes of the user (RLIMIT_NPROC); 0: as it was */
};

/* Give up: privileges by executing programs (no_new_privs), all capabilities, cores on the disk and
 * being looked into by others of the same user (dumpable), and more than @limits.
 * Faults: LIMIT when fewer descriptors are allowed to this process, IO. */
BTX_MUST_USE enum btx_fault_code btx_sandbox_drop(const struct btx_sandbox_limits *limits,
                                                  struct btx_fault *reterr_fault);

/* --- Files ------------------------------------------------------------------------------------ */

enum btx_sandbox_access {
    BTX_SANDBOX_READ,    /* read files, list folders */
    BTX_SANDBOX_WRITE,   /* also write, make, rename and remove both */
    BTX_SANDBOX_SOCKETS, /* list folders, make sockets in them, remove what is there */
    BTX_SANDBOX_EXECUTE, /* of a file: read and execute it; the same for its loader (ELF) */
    BTX_SANDBOX_ACCESS_COUNT
};

/* A file, or a folder with all that is below it. */
struct btx_sandbox_path {
    const char *path;
    enum btx_sandbox_access access;
    bool folder_of; /* the folder that it lies in is meant; it need not be there itself */
    bool optional;  /* left out when it is not there or cannot be reached */
};

struct btx_sandbox_files {
    const struct btx_sandbox_path *paths;
    size_t path_count;
    bool tcp;             /* TCP may be used; else not, where the kernel can tell (ABI 4) */
    unsigned int abi_max; /* act as on a kernel of that landlock ABI at most; 0: as it is */
};

/* From now on only these paths can be opened, and nothing else can be executed.  What is open stays
 * open, and memfds are no files in this sense.  Signals and abstract sockets of other processes are
 * out of reach too (ABI 6), but for sockets that are connected already.
 * @ret_abi is the landlock ABI in force: 0 where the kernel has none, which is no fault.  Say
 * btx_sandbox_files_sentence() of it in the log.
 * Faults: IO when a path that is not optional cannot be opened, or the kernel refuses. */
BTX_MUST_USE enum btx_fault_code btx_sandbox_close_files(const struct btx_sandbox_files *files,
                                                         unsigned int *ret_abi,
                                                         struct btx_fault *reterr_fault);

/* The loader (ELF interpreter) of this program, which those made beside it have too and which must
 * be executable for them.  NULL when it is static.  Lasts as long as the program. */
const char *btx_sandbox_loader(void);

/* What @abi means, for the log.  Static storage. */
const char *btx_sandbox_files_sentence(unsigned int abi);

/* --- System calls ----------------------------------------------------------------------------- */

/* Who may call what stands in sandbox_calls.def. */
enum btx_sandbox_profile {
    BTX_SANDBOX_ENGINE_START, /* betexd while it recovers, opens things and starts threads */
    BTX_SANDBOX_ENGINE,       /* betexd afterwards; on top of the one before */
    BTX_SANDBOX_SHADOW,
    BTX_SANDBOX_ADMIN,
    BTX_SANDBOX_LAUNCHER, /* who executes betex-wal for betex-admin, and that betex-wal */
    BTX_SANDBOX_GATEWAY,  /* when it listens already */
    BTX_SANDBOX_PROFILE_COUNT
};

enum btx_sandbox_answer {
    BTX_SANDBOX_KILL, /* the process ends by SIGSYS, and the kernel's log says which call it was */
    BTX_SANDBOX_TRAP, /* SIGSYS can be handled and tells which call it was: for tests */
    BTX_SANDBOX_ANSWER_COUNT
};

/* From now on, in all threads, a system call that @profile does not have is answered by @answer.
 * Needs btx_sandbox_drop() before.
 * Faults: IO when the kernel refuses, MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_sandbox_close_calls(enum btx_sandbox_profile profile,
                                                         enum btx_sandbox_answer answer,
                                                         struct btx_fault *reterr_fault);

/* --- All of it -------------------------------------------------------------------------------- */

struct btx_sandbox {
    enum btx_sandbox_profile profile; /* what is not in it ends the process */
    struct btx_sandbox_limits limits;
    struct btx_sandbox_files files;
};

/* The three steps, one after the other.  @log is told what landlock closes.
 * Faults: those of the steps, and then the process must end. */
BTX_MUST_USE enum btx_fault_code btx_sandbox_enter(const struct btx_sandbox *sandbox,
                                                   const struct btx_log *log,
                                                   struct btx_fault *reterr_fault);

/* What is done instead when the command line says --no-sandbox: @log is warned. */
void btx_sandbox_leave_out(const struct btx_log *log);

#endif
