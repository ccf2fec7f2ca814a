/* SPDX-License-Identifier: Apache-2.0 */
/* wal_survey.h - a log at a glance: its identity, its lock, its segments and its end.
 *
 * Reads headers and seals of all segments, and whole only those that no seal stands for: so it is
 * quick however long the log is, and it verifies nothing.  What is damaged it goes around. */
#ifndef BTX_ADMIN_WAL_SURVEY_H
#define BTX_ADMIN_WAL_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/fault.h"
#include "engine/wal/log_end.h"
#include "engine/wal/log_folder.h"
#include "engine/wal/wal_format.h"
#include "engine/wal/writer_lock.h"

/* What was found in one segment by reading it. */
struct btx_wal_contents {
    uint64_t batches;
    uint64_t commands;
    uint64_t events;
    uint64_t notes;
    uint64_t bytes;         /* of records */
    uint64_t uncounted;     /* batches behind those that count: cut by a recovery */
    uint64_t last_seq;      /* of the last event; as the header begins when there is none */
    uint64_t first_time_ns; /* of commands and events; 0: there are none */
    uint64_t last_time_ns;
    uint64_t damages;
    char damage[BTX_WAL_DAMAGE_TEXT_BYTES + 64]; /* the first of them */
};

enum btx_wal_row_source {
    BTX_WAL_ROW_SEALED,  /* its seal, which stands in a later segment */
    BTX_WAL_ROW_ENDING,  /* no seal yet: as recovery would find it */
    BTX_WAL_ROW_COUNTED, /* no seal yet, in use or damaged: read and counted */
};

/* One segment. */
struct btx_wal_row {
    struct btx_log_segment name;
    enum btx_wal_row_source source; /* where the numbers are from */
    bool header_valid;
    bool own_uuid;         /* the header's is that of the log */
    uint64_t epoch;        /* of the header */
    uint64_t created_ns;   /* likewise */
    uint64_t first_tx;     /* likewise */
    uint64_t first_batch;  /* likewise */
    uint64_t before_bytes; /* likewise: previous_bytes */
    uint64_t last_seq;     /* less than name.first_seq: no events */
    uint64_t events;
    uint64_t batches;
    uint64_t bytes; /* of records */
    uint64_t file_bytes;
    uint64_t sealed_by; /* number of the segment with its seal, 0: none */
    uint64_t sealed_ns;
    bool is_signed;
    bool hash_known; /* also of one without a seal that recovery would seal */
    uint8_t hash[BTX_WAL_HASH_BYTES];
    uint64_t claimed_batches; /* as its tree says, those that do not count included */
    bool truncated;           /* the file is shorter than its tree says */
    bool damaged;
    char damage[BTX_WAL_DAMAGE_TEXT_BYTES + 64]; /* when damaged */
};

struct btx_wal_survey {
    int root_fd;
    int segments_fd; /* -1: there is no such folder */
    bool id_valid;
    struct btx_wal_id id;
    struct btx_fault id_fault; /* when not valid */
    struct btx_writer_lock_status lock;
    bool live; /* a writer holds it: the last segment is growing */
    struct btx_wal_row *rows;
    size_t row_count;
    bool end_known; /* no writer holds it, and recovery would find the end */
    struct btx_log_end end;
    struct btx_fault end_fault; /* why recovery would not */
    bool damaged;               /* something of the above is */
};

/* The least that every reader asks first: whether a writer holds the log at @root, and how many
 * bytes its segments' files have.
 * Faults: CONFIG when there is no such folder; CORRUPT, IO, MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_wal_glance(const char *root, bool *ret_live,
                                                uint64_t *ret_bytes,
                                                struct btx_fault *reterr_fault);

/* Look at the log at @root.  @survey is set in any case: done gives back what it holds.
 * Faults: CONFIG when there is no log; LAYOUT; CORRUPT when its segments cannot be told apart; IO;
 * MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_wal_survey_read(struct btx_wal_survey *survey,
                                                     const char *root,
                                                     struct btx_fault *reterr_fault);

/* Read the whole segment @row_index and count what is in it.  Faults: IO, MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_wal_survey_contents(const struct btx_wal_survey *survey,
                                                         size_t row_index,
                                                         struct btx_wal_contents *ret_contents,
                                                         struct btx_fault *reterr_fault);

/* Give back everything.  Idempotent. */
void btx_wal_survey_done(struct btx_wal_survey *survey);

#endif
