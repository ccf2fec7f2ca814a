/* SPDX-License-Identifier: Apache-2.0 */
/* writer.h - the one writer of a log: group commits, rotation, seals, fail-stop.
 *
 * Called by one thread: the engine's poller, or a program that keeps a log by itself.  What commit
 * returned for is on the disk; nothing may be shown to anybody before.  A helper thread prepares
 * the next segments (created, zeroed, synced) and seals closed ones.
 *
 * After the first failed write, sync or commit the log is closed for good in this process: every
 * later call returns the same fault and touches nothing.  Restart, recover, go on. */
#ifndef BTX_WAL_WRITER_H
#define BTX_WAL_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "engine/base/clock.h"
#include "engine/base/fault.h"
#include "engine/wal/log_end.h"
#include "engine/wal/wal_settings.h"

struct btx_wal_writer; /* opaque */

struct btx_wal_writer_options {
    const char *root;                 /* made when missing, but not its parents */
    struct btx_wal_settings settings; /* checked by the caller */
    const char *program;              /* for the lock record and headers; printable ASCII */
    const char *host;                 /* NULL: as the kernel says */
    const struct btx_clock *clock;    /* outlives the writer; the helper thread asks it too */
    bool threadless; /* no helper thread: its work is done in open, commit, rotate and close, in an
                        order that depends on the calls alone (simulator, power-cut tests) */
};

/* Open the log at options->root for writing: lock it, count up the epoch, remove what a crash left
 * behind, sync what the last writer may not have synced, find the end and cut it where it is torn
 * (log_end.h).  Nothing is written into old segments.  The next segment begins with the first
 * commit.
 * *ret_writer is NULL on a fault.
 * Faults: LOCKED, CONFIG (filesystem), CORRUPT, LAYOUT, DISK_FULL, IO, MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_wal_writer_open(struct btx_wal_writer **ret_writer,
                                                     const struct btx_wal_writer_options *options,
                                                     struct btx_fault *reterr_fault);

/* What was found at the end when it was opened; valid until close. */
const struct btx_log_end *btx_wal_writer_recovered(const struct btx_wal_writer *writer);

/* What the lock file says of this writer; valid until close.  Texts are padded with zeros and may
 * fill their room. */
const struct btx_wal_lock_record *btx_wal_writer_lock(const struct btx_wal_writer *writer);

uint64_t btx_wal_writer_epoch(const struct btx_wal_writer *writer);

/* The writer itself, for who wants to lock it: what it stands on all the time.  The pages of a
 * commit are liblmdb's, which takes and gives them back as it goes. */
const void *btx_wal_writer_memory(const struct btx_wal_writer *writer, size_t *ret_size_bytes);

/* One group commit: the concatenation of @pieces is whole txs and notes, sealed (btx_record_seal),
 * counting on from what was committed before, and at most settings.max_commit_bytes.  Returns
 * when it is on the disk.  Rotates before it when the segment could not take it, and after it when
 * a target is reached.
 * Faults: DISK_FULL, IO, LOCKED when the lock file was replaced, MEMORY: closed for good. */
BTX_MUST_USE enum btx_fault_code btx_wal_writer_commit(struct btx_wal_writer *writer,
                                                       const struct iovec *pieces,
                                                       size_t piece_count,
                                                       struct btx_fault *reterr_fault);

/* What a rotation did, for the operator. */
struct btx_wal_rotation {
    char closed[BTX_WAL_NAME_BYTES]; /* name of the segment that was closed; "" when it was empty
                                        and nothing was done */
    char opened[BTX_WAL_NAME_BYTES]; /* name of the next one: it will exist with its first commit */
    uint64_t events;                 /* in the closed one */
    uint64_t bytes;                  /* of its records */
    uint64_t duration_ns;
};

/* Close the segment now; the next commit begins another.  An empty segment stays.
 * Faults: as commit. */
BTX_MUST_USE enum btx_fault_code btx_wal_writer_rotate(struct btx_wal_writer *writer,
                                                       struct btx_wal_rotation *ret_rotation,
                                                       struct btx_fault *reterr_fault);

/* Rotate if max_segment_age asks for it: to be called now and then when nothing is committed. */
BTX_MUST_USE enum btx_fault_code btx_wal_writer_idle(struct btx_wal_writer *writer,
                                                     struct btx_fault *reterr_fault);

enum btx_wal_space {
    BTX_WAL_SPACE_OK,
    BTX_WAL_SPACE_LOW,  /* under low_space_bytes: shed new orders */
    BTX_WAL_SPACE_STOP, /* under stop_bytes: take nothing */
};

struct btx_wal_status {
    struct btx_wal_position position; /* durable */
    uint64_t epoch;
    uint64_t segment; /* number of the open segment; of the last one between two */
    char segment_name[BTX_WAL_NAME_BYTES];
    uint64_t segment_first_seq;
    uint64_t segment_events;
    uint64_t segment_bytes;
    uint64_t segment_age_ns;
    uint64_t commits;     /* since open */
    uint64_t rotations;   /* since open */
    uint64_t rotation_ns; /* of the last one: closing the segment, and taking the next one when the
                             commit behind it did that already */
    uint64_t rotation_max_ns; /* of the longest one since open */
    uint64_t lock_checked_ns; /* when the lock was last found to be ours, by the wall clock */
    uint64_t next_ready;      /* next segments that are there */
    uint64_t next_wanted;
    uint64_t seals_pending; /* closed segments whose seals are not in the log yet */
    uint64_t seals;         /* made since open */
    uint64_t seal_ns;       /* how long the last one took */
    uint64_t seal_wall_ns;  /* when it was made, by the wall clock; 0: none yet */
    uint64_t map_full;      /* MDB_MAP_FULL met, and survived: must stay 0 */
    uint64_t pool_waits;    /* rotations that had to wait for a next segment */
    uint64_t free_bytes; /* of the filesystem, when last looked (each second, and each rotation) */
    enum btx_wal_space space;
    bool closed_for_good; /* after a fault */
};
void btx_wal_writer_status(const struct btx_wal_writer *writer, struct btx_wal_status *ret_status);

/* Finish: close and seal the last segment, stop the helper, remove prepared segments, give back
 * the lock.  @ret_last_seal (may be NULL) gets the seal of the last segment: what a snapshot of
 * the state at this end stands on; all zero when the log has no segment.
 * After a fault it only gives back what it holds, and returns that fault.
 * Frees @writer in any case; NULL is allowed. */
enum btx_fault_code btx_wal_writer_close(struct btx_wal_writer *writer,
                                         struct btx_wal_seal *ret_last_seal,
                                         struct btx_fault *reterr_fault);

#endif
