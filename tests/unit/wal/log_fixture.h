/* SPDX-License-Identifier: Apache-2.0 */
/* log_fixture.h - a log folder for a test, and small txs to put into it.
 *
 * The folder is a temporary one, removed at the end; the log is allowed on any filesystem.  What
 * is written is valid for every reader: sealed records, seq and tx counting on. */
#ifndef BTX_WAL_LOG_FIXTURE_H
#define BTX_WAL_LOG_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/clock.h"
#include "engine/wal/writer.h"

enum { LOG_FIXTURE_BUFFER_BYTES = 8 << 20 };

struct log_fixture {
    char root[64];
    struct btx_clock_manual clock;
    struct btx_wal_writer_options options;
    struct btx_wal_writer *writer; /* NULL: closed */
    uint64_t seq;                  /* of the last event made */
    uint64_t tx;
    uint8_t *buffer; /* what log_fixture_txs() makes */
};

/* For cmocka's setup and teardown; *state is a struct log_fixture.  threadless, small bounds. */
int log_fixture_setup(void **state);
int log_fixture_teardown(void **state);

/* Open and close the writer; both must work. */
void log_fixture_open(struct log_fixture *fixture);
struct btx_wal_seal log_fixture_close(struct log_fixture *fixture);

/* Make @count txs, each a 64-byte command and a 64-byte event, in the buffer; returns the bytes. */
size_t log_fixture_txs(struct log_fixture *fixture, size_t count);

/* Make and commit them as one batch. */
void log_fixture_commit(struct log_fixture *fixture, size_t count);

/* Commit a batch of one note. */
void log_fixture_commit_note(struct log_fixture *fixture);

/* Read the whole log and check that it holds the events 1..seq, seals that are right, and no
 * damage; returns how many records it has. */
uint64_t log_fixture_read(const struct log_fixture *fixture);

/* The names of the files in a folder of the log, sorted, joined by spaces. */
void log_fixture_names(const struct log_fixture *fixture, const char *folder, char *text,
                       size_t size_bytes);

#endif
