/* SPDX-License-Identifier: Apache-2.0 */
/* writer_parts.h - the writer's inside, shared by writer.c and writer_open.c.  Private to them. */
#ifndef BTX_WAL_WRITER_PARTS_H
#define BTX_WAL_WRITER_PARTS_H

#include "engine/base/check.h"
#include "engine/wal/log_folder.h"
#include "engine/wal/seal.h"
#include "engine/wal/segment_file.h"
#include "engine/wal/segment_pool.h"
#include "engine/wal/writer.h"
#include "engine/wal/writer_lock.h"

struct btx_wal_writer {
    struct btx_wal_writer_options options; /* the texts are copies, below */
    struct btx_fault fault;                /* set: closed for good */
    char *root;
    char *segments; /* path of the folder */
    char program[BTX_WAL_TEXT_BYTES];
    char host[BTX_WAL_TEXT_BYTES];
    int root_fd;
    int segments_fd;
    struct btx_writer_lock lock;
    struct btx_wal_id id;
    struct btx_log_end end; /* as recovered */
    struct btx_segment_pool *pool;
    uint64_t epoch;
    struct btx_wal_position position; /* durable */

    /* Seals of earlier segments that wait for the next transaction. */
    struct btx_wal_seal *seals;
    size_t seal_count;
    size_t seals_max;
    uint64_t seals_due; /* segments whose seals the helper still has to give */

    /* The segment: open, or the last one. */
    bool segment_open;
    struct btx_segment_file file; /* when open */
    struct btx_wal_header header; /* when open */
    char segment_name[BTX_WAL_NAME_BYTES];
    uint64_t segment;          /* its number */
    uint64_t segment_seq;      /* last event before it */
    uint64_t segment_batches;  /* 0: it is not visible yet */
    uint64_t segment_bytes;    /* of records */
    uint64_t segment_seals;    /* stored in it */
    uint64_t segment_began_ns; /* monotonic */

    uint64_t commits;
    uint64_t rotations;
    uint64_t rotation_ns;
    uint64_t rotation_max_ns;
    uint64_t lock_checked_ns; /* by the wall clock */
    uint64_t map_full;
    uint64_t pool_waits;
};

static inline void btx_wal_writer_add_seal(struct btx_wal_writer *writer,
                                           const struct btx_wal_seal *seal)
{
    CHECK(writer->seal_count < writer->seals_max);
    writer->seals[writer->seal_count++] = *seal;
}

/* Give back everything that a writer holds, half-made ones too. */
void btx_wal_writer_free(struct btx_wal_writer *writer);

#endif
