/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot.h - the state at the end of a segment, in a file: written whole or not at all.
 *
 * Bytes in, bytes out: what they mean is the core's.  Neither takes the writer lock nor makes the
 * writer wait: another process may write snapshots (at most one at a time).  A snapshot is only
 * a short cut; whatever is wrong with one, the log without it gives the same state. */
#ifndef BTX_WAL_SNAPSHOT_H
#define BTX_WAL_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/fault.h"
#include "engine/base/sha256.h"
#include "engine/wal/wal_format.h"

/* Writing.  Caller's storage; start with {.fd = -1, .folder_fd = -1}.  Fields are private. */
struct btx_snapshot_writer {
    struct btx_wal_snapshot_header header;
    struct btx_sha256 sha256;
    struct btx_fault fault; /* of the first write that failed */
    int folder_fd;
    int fd;
    size_t buffered_bytes;
    uint8_t *buffer;
};

/* Begin the snapshot of the log at @root that stands on @seal, of a state whose last event is that
 * of the seal.  Faults: CONFIG, CORRUPT, LAYOUT (of wal.id), DISK_FULL, IO, MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_snapshot_begin(struct btx_snapshot_writer *writer,
                                                    const char *root,
                                                    const struct btx_wal_seal *seal,
                                                    uint32_t rules_version, uint64_t now_ns,
                                                    struct btx_fault *reterr_fault);

/* More of the state; what fails is reported by end.  Fits btx_core_sink with the writer as its
 * context. */
void btx_snapshot_add(void *writer, const void *bytes, size_t length_bytes);

/* Make it durable under its name: sync, rename, sync the folder.  @ret_digest (may be NULL) gets
 * the state digest.  Faults: DISK_FULL, IO: there is no new snapshot then. */
BTX_MUST_USE enum btx_fault_code btx_snapshot_end(struct btx_snapshot_writer *writer,
                                                  uint8_t ret_digest[BTX_SHA256_BYTES],
                                                  struct btx_fault *reterr_fault);

/* Give up what is unfinished and give back the rest.  Idempotent. */
void btx_snapshot_done(struct btx_snapshot_writer *writer);

/* Remove snapshots/<@seq>.snap of the log at @root, durably; one that is not there is none.
 * Faults: CONFIG, IO, DISK_FULL. */
BTX_MUST_USE enum btx_fault_code btx_snapshot_remove(const char *root, uint64_t seq,
                                                     struct btx_fault *reterr_fault);

/* A snapshot in memory.  Caller's storage; start with {0}. */
struct btx_snapshot {
    struct btx_wal_snapshot_header header; /* checked */
    uint8_t *state;                        /* header.length_bytes; its digest is right */
    size_t mapped_bytes;                   /* private */
};

/* The name of the snapshot at @seq, and whether @name is exactly one. */
void btx_snapshot_name(char ret_name[BTX_WAL_NAME_BYTES], uint64_t seq);
BTX_MUST_USE bool btx_snapshot_name_parse(const char *name, uint64_t *ret_seq);

/* Read snapshots/<@seq>.snap of the log at @root and check all of it: header, name, uuid, length,
 * digest.  Whether it stands on the log is the caller's to compare (header.segment and .chain).
 * Faults: CORRUPT, LAYOUT, IO, MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_snapshot_load(struct btx_snapshot *snapshot, const char *root,
                                                   uint64_t seq, struct btx_fault *reterr_fault);

/* Give back the memory.  Idempotent. */
void btx_snapshot_unload(struct btx_snapshot *snapshot);

/* The seqs of the snapshots at @root, ascending; memory of the caller, free() it.
 * Faults: IO, MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_snapshot_list(const char *root, uint64_t **ret_seqs,
                                                   size_t *ret_count,
                                                   struct btx_fault *reterr_fault);

#endif
