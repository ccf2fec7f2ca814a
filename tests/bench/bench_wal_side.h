/* SPDX-License-Identifier: Apache-2.0 */
/* bench_wal_side.h - both logs behind one door: open, commit, close. */
#ifndef BTX_BENCH_WAL_SIDE_H
#define BTX_BENCH_WAL_SIDE_H

#include "engine/wal/writer.h"
#include "tests/bench/bench_wal_plain.h"
#include "tests/bench/bench_wal_run.h"

/* What one commit may take, on both sides: the default of wal.max_commit_bytes. */
uint64_t btx_bench_wal_commit_bytes(void);

/* Caller's storage. */
struct btx_bench_wal_log {
    enum btx_bench_wal_side side;
    struct btx_wal_writer *writer; /* NULL for PLAIN. */
    struct btx_bench_plain plain;
};

/* Make an empty log in place->root, which does not exist.  @zeroed_bytes are zeroed before, as far
 * as a segment of the side takes them; when @sustained, what the side zeroes by itself.
 * Faults: those of the writer; IO. */
BTX_MUST_USE enum btx_fault_code btx_bench_wal_log_open(struct btx_bench_wal_log *log,
                                                        const struct btx_bench_wal_place *place,
                                                        enum btx_bench_wal_side side,
                                                        uint64_t zeroed_bytes, bool sustained,
                                                        struct btx_fault *reterr_fault);

/* Returns when @records are on the disk. */
BTX_MUST_USE enum btx_fault_code btx_bench_wal_log_commit(
    struct btx_bench_wal_log *log, const struct btx_bench_wal_records *records,
    struct btx_fault *reterr_fault);

/* Begin a next segment with the next commit; for PLAIN nothing. */
BTX_MUST_USE enum btx_fault_code btx_bench_wal_log_rotate(struct btx_bench_wal_log *log,
                                                          struct btx_fault *reterr_fault);

/* Rotations so far, waits for a next segment or file, and MDB_MAP_FULL met. */
void btx_bench_wal_log_counts(const struct btx_bench_wal_log *log,
                              struct btx_bench_wal_result *ret_result);
uint64_t btx_bench_wal_log_rotations(const struct btx_bench_wal_log *log);

/* Idempotent; accepts a log that open failed on. */
enum btx_fault_code btx_bench_wal_log_close(struct btx_bench_wal_log *log,
                                            struct btx_fault *reterr_fault);

#endif
