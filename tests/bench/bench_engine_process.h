/* SPDX-License-Identifier: Apache-2.0 */
/* bench_engine_process.h - the real engine as a child: started at its defaults, and stopped. */
#ifndef BTX_BENCH_ENGINE_PROCESS_H
#define BTX_BENCH_ENGINE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/base/fault.h"

struct btx_bench_engine_options {
    const char *program; /* betexd */
    const char *wal;     /* Where its log goes. */
    const char *cores;   /* engine.cores; NULL: the default. */
    bool hugepages;      /* Else ordinary pages, where the default would want hugepages. */
    bool any_disk;       /* Whatever its filesystem and its free space. */
};

/* Caller's storage, zeroed. */
struct btx_bench_engine_process {
    pid_t pid;       /* 0: none */
    char folder[64]; /* Of its own: configuration, socket, and what it says. */
    char socket[96];
};

/* Start it and wait until it serves.  BETEXD_OPTIONS of the environment goes to its command line.
 * Faults: IO when it ends before, with what it said. */
BTX_MUST_USE enum btx_fault_code btx_bench_engine_start(
    struct btx_bench_engine_process *process, const struct btx_bench_engine_options *options,
    struct btx_fault *reterr_fault);

/* Ask it to end in order, wait until it has, and remove its folder (its log stays).  Idempotent.
 * Faults: IO when it ended otherwise, with what it said. */
enum btx_fault_code btx_bench_engine_stop(struct btx_bench_engine_process *process,
                                          struct btx_fault *reterr_fault);

/* Time on a processor so far, by thread. */
struct btx_bench_engine_cpu {
    uint64_t matcher_ns;
    uint64_t poller_ns;
    uint64_t others_ns;
};
void btx_bench_engine_cpu(const struct btx_bench_engine_process *process,
                          struct btx_bench_engine_cpu *ret_cpu);

#endif
