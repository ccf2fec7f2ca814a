/* SPDX-License-Identifier: Apache-2.0 */
/* log_folder.h - the folder of a log: its identity, its names, its segments in order. */
#ifndef BTX_WAL_LOG_FOLDER_H
#define BTX_WAL_LOG_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/fault.h"
#include "engine/wal/wal_format.h"

/* A segment as the folder names it: <first seq, 20 digits>-<number, 10 digits>.mdb.  The seq says
 * where to look for an event; the number tells apart segments without events. */
struct btx_log_segment {
    char name[BTX_WAL_NAME_BYTES];
    uint64_t first_seq;
    uint64_t number; /* 1..BTX_WAL_SEGMENT_NUMBER_MAX */
};

void btx_log_segment_name(struct btx_log_segment *segment, uint64_t first_seq, uint64_t number);

/* Whether @name is exactly such a name; *ret_segment is set when it is. */
BTX_MUST_USE bool btx_log_segment_parse(const char *name, struct btx_log_segment *ret_segment);

/* All segments in the folder @segments_fd, in the order of their numbers, in memory that the
 * caller frees with free().  Other names are passed over.  Faults: IO, MEMORY; CORRUPT when two
 * have one number or the seqs do not ascend with the numbers (gaps are not looked for). */
BTX_MUST_USE enum btx_fault_code btx_log_segments_list(int segments_fd,
                                                       struct btx_log_segment **ret_segments,
                                                       size_t *ret_count,
                                                       struct btx_fault *reterr_fault);

/* Open the folder @root for reading, or one below it.  The descriptor is the caller's,
 * -1 on a fault.  Faults: CONFIG when it does not exist, IO. */
BTX_MUST_USE enum btx_fault_code btx_wal_folder_open(int *ret_fd, int parent_fd, const char *name,
                                                     struct btx_fault *reterr_fault);

/* Read and check wal.id.  Faults: CONFIG when there is none, CORRUPT, LAYOUT, IO. */
BTX_MUST_USE enum btx_fault_code btx_wal_id_read(int root_fd, struct btx_wal_id *ret_id,
                                                 struct btx_fault *reterr_fault);

/* Make the folders below @root_fd and wal.id where they are missing, durably, and read wal.id.
 * Refuses to make one where there are segments already (CORRUPT: the identity was lost).
 * Only with the writer lock.  Faults: CONFIG when a folder is a link or on another filesystem;
 * CORRUPT, LAYOUT, DISK_FULL, IO. */
BTX_MUST_USE enum btx_fault_code btx_wal_id_ensure(int root_fd, const char *host, uint64_t now_ns,
                                                   struct btx_wal_id *ret_id,
                                                   struct btx_fault *reterr_fault);

/* Remove the files that end in .tmp in @folder_fd and sync the folder: the left-overs of a crash.
 * Only with the writer lock, or for snapshots by their only writer.  Faults: IO. */
BTX_MUST_USE enum btx_fault_code btx_wal_temporaries_remove(int folder_fd,
                                                            struct btx_fault *reterr_fault);

/* Write all of it at @offset_bytes; sync a file or a folder.  Faults: DISK_FULL, IO: a failed sync
 * must never be tried again, since the pages may have been dropped.  @what is for the sentence. */
BTX_MUST_USE enum btx_fault_code btx_wal_write(int fd, const void *bytes, size_t length_bytes,
                                               uint64_t offset_bytes, const char *what,
                                               struct btx_fault *reterr_fault);
BTX_MUST_USE enum btx_fault_code btx_wal_sync(int fd, const char *what,
                                              struct btx_fault *reterr_fault);

/* The fault for a failed write or sync of the file or folder @fd: DISK_FULL when the filesystem
 * has no room left (LMDB reports that as EIO), else IO. */
enum btx_fault_code btx_wal_write_fault(int fd, int os_error, const char *what,
                                        struct btx_fault *reterr_fault);

/* Put @text into the padded text @field of a record, always with a final zero: what does not fit
 * is cut, and what is not printable ASCII becomes '?'.  And whether a field is so. */
void btx_wal_text_set(char *field, size_t size_bytes, const char *text);
BTX_MUST_USE bool btx_wal_text_valid(const char *field, size_t size_bytes);

/* Whether reserved bytes are what they must be. */
BTX_MUST_USE bool btx_wal_bytes_are_zero(const void *bytes, size_t length_bytes);

#endif
