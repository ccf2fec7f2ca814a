/* SPDX-License-Identifier: Apache-2.0 */
/* segment_file.h - one LMDB file being written.  Private to engine/wal.
 *
 * The only code that calls liblmdb.  A file is made under a temporary name and zeroed ahead, since
 * writing into blocks that were never written costs a journal commit at every sync; it gets its
 * name when its first commit is on the disk.  MDB_NOLOCK: the writer lock keeps others out. */
#ifndef BTX_WAL_SEGMENT_FILE_H
#define BTX_WAL_SEGMENT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "engine/base/fault.h"
#include "engine/wal/wal_format.h"

/* Caller's storage; start with {0}.  Moved by plain assignment.  Fields are private but those
 * described. */
struct btx_segment_file {
    void *environment;             /* MDB_env; NULL: not open */
    unsigned int database;         /* MDB_dbi */
    uint64_t map_bytes;            /* of the LMDB map */
    uint64_t last_page;            /* in use, as of the last commit */
    uint64_t zeroed_bytes;         /* every block before it was written once */
    char name[BTX_WAL_NAME_BYTES]; /* below segments/, the present one */
};

/* What one transaction puts.  All that is pointed to stays the caller's. */
struct btx_segment_commit {
    const struct btx_wal_header *header; /* NULL: it is there already */
    const struct btx_wal_seal *seals;    /* of earlier segments, behind those already there */
    size_t seal_count;
    size_t seals_before;       /* how many are there already */
    struct btx_wal_key key;    /* of the batch */
    const struct iovec *batch; /* its records in pieces */
    size_t piece_count;        /* 0: no batch */
    size_t batch_bytes;
};

enum btx_segment_result {
    BTX_SEGMENT_COMMITTED, /* it is on the disk */
    BTX_SEGMENT_FULL,      /* MDB_MAP_FULL: nothing was done */
    BTX_SEGMENT_FAILED,    /* see the fault; what is on the disk is unknown */
};

/* Make @name below @folder (a path), with a map of @map_bytes, zeroed up to @zero_bytes, synced.
 * Faults: DISK_FULL, IO, MEMORY; nothing is left then. */
BTX_MUST_USE enum btx_fault_code btx_segment_file_create(struct btx_segment_file *file,
                                                         const char *folder, const char *name,
                                                         uint64_t map_bytes, uint64_t zero_bytes,
                                                         struct btx_fault *reterr_fault);

/* Zero @file, which is fresh, up to @zero_bytes, and sync.  Less than is zeroed already: nothing.
 * Faults: DISK_FULL, IO. */
BTX_MUST_USE enum btx_fault_code btx_segment_file_zero(struct btx_segment_file *file,
                                                       uint64_t zero_bytes,
                                                       struct btx_fault *reterr_fault);

/* One transaction: put, write, sync. */
BTX_MUST_USE enum btx_segment_result btx_segment_file_commit(
    struct btx_segment_file *file, const struct btx_segment_commit *commit,
    struct btx_fault *reterr_fault);

/* Give the file the name @name, durably: rename and sync the folder @folder_fd.
 * Faults: DISK_FULL, IO. */
BTX_MUST_USE enum btx_fault_code btx_segment_file_publish(struct btx_segment_file *file,
                                                          int folder_fd, const char *name,
                                                          struct btx_fault *reterr_fault);

/* Cut what was zeroed in vain and close.  Faults: IO; it is closed all the same. */
BTX_MUST_USE enum btx_fault_code btx_segment_file_finish(struct btx_segment_file *file,
                                                         struct btx_fault *reterr_fault);

/* Close without touching the file.  Idempotent. */
void btx_segment_file_close(struct btx_segment_file *file);

#endif
