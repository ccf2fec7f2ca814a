/* SPDX-License-Identifier: Apache-2.0 */
/* log_builder.h - logs of several segments, right or wrong as a test wants them, and what of them
 * must come out of a reader.
 *
 * Files are those of segment_fixture.h; here are batches of chosen records, ends that were cut,
 * headers and seals that were tampered with.  Everything that counts is remembered. */
#ifndef BTX_TESTS_UNIT_WAL_LOG_BUILDER_H
#define BTX_TESTS_UNIT_WAL_LOG_BUILDER_H

#include "batch_builder.h"
#include "segment_fixture.h"

enum { LOG_BUILDER_SEGMENTS_MAX = 24, LOG_BUILDER_BYTES = 1024 * 1024 };

/* Fields may be read, and changed where it is said. */
struct log_builder {
    struct segment_fixture files;
    struct batch_builder builder;                        /* the position behind what counts */
    struct btx_wal_header header;                        /* of the segment begun last */
    struct btx_wal_chain chain;                          /* of it */
    uint64_t bytes;                                      /* of its records that count */
    struct btx_wal_seal seals[LOG_BUILDER_SEGMENTS_MAX]; /* of the segments that ended */
    size_t seal_count;
    size_t seals_put; /* how many of them are in the log; may be raised to leave out */
    char names[LOG_BUILDER_SEGMENTS_MAX][BTX_WAL_NAME_BYTES];
    size_t segment_count;
    bool is_open;
    uint8_t *counted; /* all records that count, one behind the other */
    size_t counted_bytes;
};

void log_builder_make(struct log_builder *log);
void log_builder_remove(struct log_builder *log);

/* Begin the next segment: with its header, and the seals that are due. */
void log_builder_segment(struct log_builder *log);

/* The same in two steps: @header may be changed between them.  finish makes its CRC right. */
void log_builder_segment_prepare(struct log_builder *log);
void log_builder_segment_finish(struct log_builder *log);

/* End the segment: its seal is due. */
void log_builder_end(struct log_builder *log);

/* Commit what was built (batch_begin() and so on) as the next batch. */
void log_builder_commit(struct log_builder *log);

/* Commit it, but only the first @counted_bytes of it count, behind @position; the rest is what a
 * recovery cuts, or what nobody ever knew to be there when @counted_bytes is 0. */
void log_builder_commit_torn(struct log_builder *log, size_t counted_bytes,
                             const struct btx_wal_position *position);

/* Commit a batch of @txs txs of one or two events, or a note when @txs is 0. */
void log_builder_batch(struct log_builder *log, size_t txs);

/* A log for many tests: segments of batches of so many txs, 0 being a note.
 *   1: 3 behind a note, 1, 0, 2   2: 0   3: 1, 1   4: none   5: 2, 2 with a note between them, 0 */
void log_builder_fill(struct log_builder *log);

/* Turn a bit of the file of segment @number, @offset bytes behind each place where @mark stands. */
void log_builder_flip(const struct log_builder *log, uint64_t number, const char *mark,
                      size_t offset);

/* The file of segment @number, open for reading and writing. */
int log_builder_open_file(const struct log_builder *log, uint64_t number);

#endif
