/* SPDX-License-Identifier: Apache-2.0 */
/* bench_wal_plain.h - the baseline: the least that makes records durable, which is an append to a
 * file that was zeroed ahead, then fdatasync.  No tree, no index, no identity, no recovery.
 *
 * In a burst there is one file, zeroed before the clock starts.  In a sustained run a thread makes
 * the next files (zeroed, synced, named durably), at most two ahead; a commit that finds none goes
 * on behind the end of the present one. */
#ifndef BTX_BENCH_WAL_PLAIN_H
#define BTX_BENCH_WAL_PLAIN_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/base/fault.h"

#define BTX_BENCH_PLAIN_AHEAD 2

/* Caller's storage; start with {.folder_fd = -1, .fd = -1}.  Fields are private but waits. */
struct btx_bench_plain {
    uint64_t waits; /* Files behind whose zeros it had to go on. */
    uint64_t file_bytes;
    uint64_t offset_bytes; /* In the present file. */
    uint32_t files_made;
    uint32_t files_taken;
    int folder_fd;
    int fd;
    bool direct; /* The zeros are written past the page cache. */
    bool sustained;
    bool stop;
    bool failed;
    int ready[BTX_BENCH_PLAIN_AHEAD]; /* File n is in place n % AHEAD. */
    struct btx_fault fault;           /* The thread's. */
    uint8_t *zeros;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
};

/* Begin in the empty folder @path.  Burst: one file with @zeroed_bytes of zeros.  @sustained: files
 * of @zeroed_bytes, one after the other.  Faults: IO. */
BTX_MUST_USE enum btx_fault_code btx_bench_plain_open(struct btx_bench_plain *plain,
                                                      const char *path, uint64_t zeroed_bytes,
                                                      bool sustained,
                                                      struct btx_fault *reterr_fault);

/* Returns when the bytes are on the disk.  Faults: IO. */
BTX_MUST_USE enum btx_fault_code btx_bench_plain_commit(struct btx_bench_plain *plain,
                                                        const uint8_t *bytes, size_t length_bytes,
                                                        struct btx_fault *reterr_fault);

/* Cut what was zeroed in vain and end.  Idempotent.  Faults: IO. */
enum btx_fault_code btx_bench_plain_close(struct btx_bench_plain *plain,
                                          struct btx_fault *reterr_fault);

/* Read the closed files in the folder @path back: every record valid, sealed, each event one seq
 * behind the last.  Faults: IO; BUG with what is wrong. */
BTX_MUST_USE enum btx_fault_code btx_bench_plain_verify(const char *path, uint64_t *ret_events,
                                                        uint64_t *ret_bytes,
                                                        struct btx_fault *reterr_fault);

#endif
