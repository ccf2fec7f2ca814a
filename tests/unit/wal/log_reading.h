/* SPDX-License-Identifier: Apache-2.0 */
/* log_reading.h - everything that a log reader gives until it says END, to compare. */
#ifndef BTX_TESTS_UNIT_WAL_LOG_READING_H
#define BTX_TESTS_UNIT_WAL_LOG_READING_H

#include "engine/wal/log_reader.h"
#include "log_builder.h"

enum { LOG_READING_DAMAGES_MAX = 64 };

struct log_reading {
    uint8_t *bytes; /* the records, one behind the other */
    size_t bytes_count;
    size_t records;
    char damages[LOG_READING_DAMAGES_MAX][256]; /* as printed, "segments/" left out */
    size_t damages_at[LOG_READING_DAMAGES_MAX]; /* how many bytes of records came before */
    size_t damage_count;                        /* may be more than are kept */
    enum btx_log_step last;                     /* END or FAULT */
    struct btx_fault fault;
    struct btx_wal_position position; /* at the last step */
};

/* Read on into @reading, which starts with {0}, until END or FAULT. */
void log_reading_go_on(struct log_reading *reading, struct btx_log_reader *reader);

/* Open, read to the END, close.  Fails the test when opening does. */
void log_reading_all(struct log_reading *reading, const struct log_builder *log,
                     const struct btx_log_options *options);

void log_reading_done(struct log_reading *reading);

/* What was read is exactly the bytes @from to @to of what counts, and nothing was damaged. */
void log_reading_assert_clean(const struct log_reading *reading, const struct log_builder *log,
                              size_t from, size_t to);

#endif
