/* SPDX-License-Identifier: Apache-2.0 */
/* writer_lock.h - one writer a log: .writer.lock.
 *
 * A POSIX record lock (F_SETLK) on the whole file: the kernel gives it back when the process ends
 * however it ends, and a forked child does not have it.  Its trap is that closing any descriptor
 * of the file in the holder drops it; so the file is opened once in a process, which is guarded.
 * Inside is who holds it, or held it last (struct btx_wal_lock_record). */
#ifndef BTX_WAL_WRITER_LOCK_H
#define BTX_WAL_WRITER_LOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/fault.h"
#include "engine/wal/wal_format.h"

/* Caller's storage, which stays where it is while the lock is held; start with {.fd = -1}.
 * Fields are private but @record. */
struct btx_writer_lock {
    struct btx_wal_lock_record record; /* as it stands in the file */
    int fd;                            /* -1: not held */
    int root_fd;                       /* the folder, kept to see whether the path is still it */
    uint64_t device;
    uint64_t inode;
    int64_t pid;                  /* of the holder: a forked child has the struct, not the lock */
    struct btx_writer_lock *next; /* of those that this process holds */
};

/* Take the lock of the folder @root_fd (which stays the caller's and must outlive the lock), or
 * fail at once.  The record of the last holder is left in lock->record (zeros when there was none
 * or it is damaged); write_record replaces it.
 * Faults: LOCKED, with who holds it, since when, in which epoch; DISK_FULL, IO. */
BTX_MUST_USE enum btx_fault_code btx_writer_lock_take(struct btx_writer_lock *lock, int root_fd,
                                                      struct btx_fault *reterr_fault);

/* Say durably who holds it: @epoch, @program, this process, host and boot.
 * Faults: DISK_FULL, IO. */
BTX_MUST_USE enum btx_fault_code btx_writer_lock_write_record(
    struct btx_writer_lock *lock, uint64_t epoch, const char *program, const char *host,
    const uint8_t uuid[BTX_WAL_UUID_BYTES], uint64_t now_ns, struct btx_fault *reterr_fault);

/* Whether .writer.lock of the folder still is the file that is locked, and the lock is still ours.
 * Faults: LOCKED when somebody replaced or removed it, or wrote it meanwhile, and in a forked
 * child; IO. */
BTX_MUST_USE enum btx_fault_code btx_writer_lock_check(const struct btx_writer_lock *lock,
                                                       struct btx_fault *reterr_fault);

/* Give it back.  Idempotent. */
void btx_writer_lock_release(struct btx_writer_lock *lock);

enum btx_writer_lock_state {
    BTX_WRITER_LOCK_ABSENT, /* there is no lock file: never opened for writing */
    BTX_WRITER_LOCK_FREE,   /* not held now; the record says who held it last */
    BTX_WRITER_LOCK_HELD,   /* held by a process of this machine, as the kernel says */
};

struct btx_writer_lock_status {
    enum btx_writer_lock_state state;
    bool record_valid;                 /* @record can be believed */
    struct btx_wal_lock_record record; /* zeros when it is not valid; its texts end in a zero */
    int64_t holder_pid;                /* as the kernel says, when HELD */
};

/* Look, without taking anything and without write permission.  Never call it in the process that
 * holds the lock of the same folder (closing the file would drop it): that is a CHECK.
 * Faults: IO. */
BTX_MUST_USE enum btx_fault_code btx_writer_lock_look(int root_fd,
                                                      struct btx_writer_lock_status *ret_status,
                                                      struct btx_fault *reterr_fault);

/* Who a record names, "pid 4711 (betexd) on node-1 since 2026-11-26 00:41:12 UTC, epoch 12",
 * into @text of @size_bytes; what does not fit is cut. */
void btx_writer_lock_print(const struct btx_wal_lock_record *record, char *text, size_t size_bytes);

#endif
