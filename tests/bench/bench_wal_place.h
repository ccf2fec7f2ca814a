/* SPDX-License-Identifier: Apache-2.0 */
/* bench_wal_place.h - the folder that logs are measured in, and waiting until nothing moves. */
#ifndef BTX_BENCH_WAL_PLACE_H
#define BTX_BENCH_WAL_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/fault.h"

struct btx_bench_wal_place {
    const char *directory; /* An existing folder; everything is made in one below it. */
    char root[4096];       /* That one. */
    char filesystem[32];
    uint64_t free_bytes;
    bool is_allowed; /* For logs; the others are measured all the same, but not in memory. */
};

/* Make @directory (which stays the caller's) with its parents, and refuse what is in memory.
 * Faults: CONFIG, USAGE, IO. */
BTX_MUST_USE enum btx_fault_code btx_bench_wal_place_init(struct btx_bench_wal_place *place,
                                                          const char *directory,
                                                          struct btx_fault *reterr_fault);

/* Remove the folder place->root and all in it, if there is one.  Faults: IO. */
enum btx_fault_code btx_bench_wal_place_clear(const struct btx_bench_wal_place *place,
                                              struct btx_fault *reterr_fault);

/* Open each file of the folder place->root + @below whose name ends in @ending. */
typedef void (*btx_bench_wal_visit)(void *context, int fd);
void btx_bench_wal_place_each(const struct btx_bench_wal_place *place, const char *below,
                              const char *ending, btx_bench_wal_visit visit, void *context);

/* Bytes that these files take on the disk. */
uint64_t btx_bench_wal_place_used(const struct btx_bench_wal_place *place, const char *below,
                                  const char *ending);

/* Write back everything that the filesystem has waiting. */
void btx_bench_wal_place_sync(const struct btx_bench_wal_place *place);

/* Wait until no other thread of this process has anything to do, so that what was to be done ahead
 * is done when the clock starts.  Faults: BUG after a minute. */
BTX_MUST_USE enum btx_fault_code btx_bench_wal_settle(struct btx_fault *reterr_fault);

#endif
