/* SPDX-License-Identifier: Apache-2.0 */
/* segment_fixture.h - logs written with liblmdb alone: what readers are tested with.
 *
 * Independent of the writer of the product.  Whole folders of segments with headers and seals, and
 * batches of real, sealed records, of any multiple of 64 bytes; what was written into the open
 * segment is remembered to compare with.  Nothing is synced. */
#ifndef BTX_TESTS_UNIT_WAL_SEGMENT_FIXTURE_H
#define BTX_TESTS_UNIT_WAL_SEGMENT_FIXTURE_H

#include <lmdb.h>

#include "engine/wal/batch.h"
#include "engine/wal/log_folder.h"
#include "engine/wal/seal.h"
#include "engine/wal/wal_format.h"
#include "temp_folder.h"

/* A batch that is in the segment, and where its bytes are in fixture->bytes. */
struct fixture_batch {
    uint64_t seq;
    uint64_t number;
    size_t offset_bytes;
    size_t length_bytes;
};

/* Fields may be read; position and number may be set before a segment begins. */
struct segment_fixture {
    struct temp_folder folder; /* the root of the log */
    int segments_fd;
    struct btx_wal_id id;
    struct btx_wal_position position;
    uint64_t number;                /* of the segment begun last */
    uint64_t segment_bytes;         /* of its records */
    struct btx_wal_header header;   /* its header */
    struct btx_log_segment segment; /* its name */
    char path[512];                 /* of its file */
    MDB_env *environment;           /* NULL between segments */
    MDB_dbi database;
    bool has_header;               /* the header was put */
    struct btx_wal_chain chain;    /* private */
    struct btx_wal_seal seal;      /* of the segment before, when has_seal */
    bool has_seal;                 /* it is still to be put */
    struct fixture_batch *batches; /* of the segment begun last */
    size_t batch_count;
    size_t batch_room;
    uint8_t *bytes;
    size_t bytes_count;
    size_t bytes_room;
};

/* A log without segments, in a folder of its own. */
void segment_fixture_make(struct segment_fixture *fixture);

/* Begin the next segment: a map of @map_bytes, the file zeroed up to @zero_bytes before it is used.
 * Its header comes with the first batch.  The one before is ended. */
void segment_fixture_begin(struct segment_fixture *fixture, size_t map_bytes, size_t zero_bytes);

/* Commit a batch of @units records of 64 bytes: txs of a command and its events, of which the last
 * may stay without the end of its command; a single one is a note. */
void segment_fixture_batch(struct segment_fixture *fixture, size_t units);

/* Commit the seal of the segment before by itself. */
void segment_fixture_seal(struct segment_fixture *fixture);

/* Commit @value under any key. */
void segment_fixture_put(struct segment_fixture *fixture, uint64_t seq, uint64_t number,
                         const void *value, size_t length_bytes);

/* Close the segment; its seal is to be put into the next one. */
void segment_fixture_end(struct segment_fixture *fixture);

/* How many pages the segment uses, whatever the size of its file; while it is open. */
size_t segment_fixture_pages(const struct segment_fixture *fixture);

/* The file of the segment begun last, into memory that the caller frees. */
uint8_t *segment_fixture_file(const struct segment_fixture *fixture, size_t *ret_bytes);

void segment_fixture_remove(struct segment_fixture *fixture);

#endif
