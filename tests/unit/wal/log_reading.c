/* SPDX-License-Identifier: Apache-2.0 */
#include "log_reading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void keep_damage(struct log_reading *reading, const struct btx_wal_damage *damage)
{
    char text[300];

    if (reading->damage_count < LOG_READING_DAMAGES_MAX) {
        btx_wal_damage_print(damage, text, sizeof text);
        (void)snprintf(reading->damages[reading->damage_count],
                       sizeof reading->damages[reading->damage_count], "%.255s",
                       text + strlen("segments/"));
        reading->damages_at[reading->damage_count] = reading->bytes_count;
    }
    reading->damage_count++;
}

static void keep_record(struct log_reading *reading, const struct btx_record *record)
{
    const size_t length_bytes = btx_record_length_bytes(record);

    if (reading->bytes == NULL)
        reading->bytes = malloc(LOG_BUILDER_BYTES);
    assert_non_null(reading->bytes);
    assert_true(length_bytes <= LOG_BUILDER_BYTES - reading->bytes_count);
    memcpy(reading->bytes + reading->bytes_count, record, length_bytes);
    reading->bytes_count += length_bytes;
    reading->records++;
}

void log_reading_go_on(struct log_reading *reading, struct btx_log_reader *reader)
{
    const struct btx_record *record;

    for (;;) {
        reading->last = btx_log_reader_next(reader, &record, &reading->fault);
        switch (reading->last) {
        case BTX_LOG_RECORD:
            keep_record(reading, record);
            break;
        case BTX_LOG_DAMAGE:
            keep_damage(reading, btx_log_reader_damage(reader));
            break;
        case BTX_LOG_END:
        case BTX_LOG_FAULT:
            btx_log_reader_position(reader, &reading->position);
            return;
        }
        assert_true(reading->records + reading->damage_count < 1000000); /* It ends. */
    }
}

void log_reading_all(struct log_reading *reading, const struct log_builder *log,
                     const struct btx_log_options *options)
{
    struct btx_log_reader *reader;
    struct btx_fault fault = {0};

    *reading = (struct log_reading){0};
    if (btx_log_reader_open(&reader, log->files.folder.path, options, &fault) != BTX_OK)
        fail_msg("%s", fault.text);
    log_reading_go_on(reading, reader);
    btx_log_reader_close(reader);
}

void log_reading_done(struct log_reading *reading)
{
    free(reading->bytes);
    *reading = (struct log_reading){0};
}

void log_reading_assert_clean(const struct log_reading *reading, const struct log_builder *log,
                              size_t from, size_t to)
{
    if (reading->last == BTX_LOG_FAULT)
        fail_msg("%s", reading->fault.text);
    if (reading->damage_count != 0)
        fail_msg("%s", reading->damages[0]);
    assert_int_equal(reading->bytes_count, to - from);
    if (to != from)
        assert_memory_equal(reading->bytes, log->counted + from, to - from);
}
