/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/wal_survey.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/terminal.h"
#include "engine/base/clock.h"
#include "engine/wal/segment_reader.h"
#include "engine/wire/record.h"

/* The row of segment @number, NULL when there is none. */
static struct btx_wal_row *find_row(const struct btx_wal_survey *survey, uint64_t number)
{
    size_t low = 0;
    size_t high = survey->row_count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (survey->rows[middle].name.number < number)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == survey->row_count || survey->rows[low].name.number != number)
        return NULL;
    return &survey->rows[low];
}

static void take_seal(struct btx_wal_row *row, const struct btx_wal_seal *seal)
{
    row->last_seq = seal->last_seq;
    row->events = seal->last_seq - seal->first_seq + 1;
    row->batches = seal->batch_count;
    row->bytes = seal->bytes;
    row->hash_known = true;
    memcpy(row->hash, seal->hash, sizeof row->hash);
}

static void mark_damaged(struct btx_wal_row *row, const char *what)
{
    if (!row->damaged)
        (void)snprintf(row->damage, sizeof row->damage, "%s", what); /* Cut is fine. */
    row->damaged = true;
}

/* Note down what the headers say, and the seals that stand in the segment of @row. */
static void take_segment(struct btx_wal_survey *survey, struct btx_wal_row *row,
                         const struct btx_segment_reader *reader)
{
    static const uint8_t unsigned_seal[BTX_WAL_SIGNATURE_BYTES];
    const struct btx_wal_header *header = btx_segment_reader_header(reader);
    const struct btx_wal_seal *seal;
    struct btx_segment_claims claims;
    size_t seals = 0;

    btx_segment_reader_claims(reader, &claims);
    row->file_bytes = claims.file_bytes;
    row->truncated = claims.truncated;
    if (header == NULL) {
        mark_damaged(row, "its header cannot be read");
    } else {
        row->header_valid = true;
        row->own_uuid =
            !survey->id_valid || memcmp(header->uuid, survey->id.uuid, sizeof header->uuid) == 0;
        row->epoch = header->epoch;
        row->created_ns = header->created_ns;
        row->first_tx = header->first_tx;
        row->first_batch = header->first_batch;
        row->before_bytes = header->previous_bytes;
        if (header->first_seq != row->name.first_seq || header->segment != row->name.number)
            mark_damaged(row, "its header does not fit its name");
        else if (!row->own_uuid)
            mark_damaged(row, "it belongs to another log");
    }
    while ((seal = btx_segment_reader_seal(reader, seals)) != NULL) {
        struct btx_wal_row *sealed = find_row(survey, seal->segment);

        seals++;
        if (sealed == NULL || sealed->sealed_by != 0 || sealed >= row ||
            seal->first_seq != sealed->name.first_seq || seal->last_seq + 1 < seal->first_seq)
            continue;
        take_seal(sealed, seal);
        sealed->source = BTX_WAL_ROW_SEALED;
        sealed->sealed_by = row->name.number;
        sealed->sealed_ns = seal->sealed_ns;
        sealed->is_signed = memcmp(seal->signature, unsigned_seal, sizeof unsigned_seal) != 0;
    }
    if (claims.entries > seals + 1)
        row->claimed_batches = claims.entries - seals - 1;
}

static enum btx_fault_code open_segment(const struct btx_wal_survey *survey, size_t row_index,
                                        struct btx_segment_reader **ret_reader,
                                        struct btx_fault *reterr_fault)
{
    const struct btx_segment_options options = {
        .live = survey->live && row_index + 1 == survey->row_count,
    };

    return btx_segment_reader_open(ret_reader, survey->segments_fd,
                                   survey->rows[row_index].name.name, &options, reterr_fault);
}

static enum btx_fault_code read_rows(struct btx_wal_survey *survey, struct btx_fault *reterr_fault)
{
    struct btx_progress progress;
    enum btx_fault_code code = BTX_OK;

    btx_progress_begin(&progress, "reading headers", survey->row_count * BTX_WAL_PAGE_BYTES, false);
    for (size_t i = 0; code == BTX_OK && i < survey->row_count; i++) {
        struct btx_segment_reader *reader;

        code = open_segment(survey, i, &reader, reterr_fault);
        if (code != BTX_OK)
            break;
        take_segment(survey, &survey->rows[i], reader);
        btx_segment_reader_close(reader);
        btx_progress_at(&progress, i * BTX_WAL_PAGE_BYTES);
    }
    btx_progress_clear(&progress);
    return code;
}

static enum btx_fault_code list_rows(struct btx_wal_survey *survey, struct btx_fault *reterr_fault)
{
    struct btx_log_segment *segments = NULL;
    enum btx_fault_code code;
    size_t count = 0;

    if (survey->segments_fd < 0)
        return BTX_OK;
    code = btx_log_segments_list(survey->segments_fd, &segments, &count, reterr_fault);
    if (code != BTX_OK)
        return code;
    survey->rows = calloc(count == 0 ? 1 : count, sizeof *survey->rows);
    if (survey->rows == NULL) {
        free(segments);
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, errno, "no room for %zu segments",
                             count);
    }
    for (size_t i = 0; i < count; i++) {
        survey->rows[i].name = segments[i];
        survey->rows[i].source = BTX_WAL_ROW_COUNTED;
        survey->rows[i].last_seq = segments[i].first_seq - 1;
    }
    survey->row_count = count;
    free(segments);
    return BTX_OK;
}

/* Count the records of @batch, up to the first that is not one. */
static void count_records(const struct btx_wal_batch *batch, size_t counted_bytes,
                          struct btx_wal_contents *contents)
{
    size_t at = 0;

    contents->batches++;
    while (at < counted_bytes) {
        const struct btx_record *record = (const void *)(batch->bytes + at);
        const char *why = btx_record_check(record, batch->length_bytes - at);

        if (why == NULL && !btx_record_sealed(record))
            why = "CRC is wrong";
        if (why != NULL) {
            if (contents->damages++ == 0)
                (void)snprintf(contents->damage, sizeof contents->damage,
                               "batch %" PRIu64 ", byte %zu: %s", batch->number, at, why);
            return;
        }
        at += btx_record_length_bytes(record);
        contents->bytes += btx_record_length_bytes(record);
        contents->commands += btx_record_kind(record) == BTX_RECORD_COMMAND;
        contents->notes += btx_record_kind(record) == BTX_RECORD_NOTE;
        if (btx_record_kind(record) == BTX_RECORD_EVENT) {
            contents->events++;
            contents->last_seq = record->seq;
        }
        if (btx_record_kind(record) != BTX_RECORD_NOTE) {
            contents->last_time_ns = record->time_ns;
            if (contents->first_time_ns == 0)
                contents->first_time_ns = record->time_ns;
        }
    }
}

/* How much of the segment of @row counts, as the segment behind it says. */
static void find_limit(const struct btx_wal_survey *survey, size_t row_index,
                       uint64_t *ret_batches_end, uint64_t *ret_bytes)
{
    const struct btx_wal_row *row = &survey->rows[row_index];
    const struct btx_wal_row *next = row + 1;

    *ret_batches_end = UINT64_MAX;
    *ret_bytes = UINT64_MAX;
    if (row_index + 1 < survey->row_count && next->header_valid && next->own_uuid &&
        next->name.number == row->name.number + 1) {
        *ret_batches_end = next->first_batch;
        *ret_bytes = next->before_bytes;
    }
}

static void take_damage(const struct btx_wal_damage *damage, struct btx_wal_contents *contents)
{
    if (contents->damages++ == 0)
        btx_wal_damage_print(damage, contents->damage, sizeof contents->damage);
}

static enum btx_fault_code count_batches(struct btx_segment_reader *reader, uint64_t batches_end,
                                         uint64_t limit_bytes, struct btx_wal_contents *contents,
                                         struct btx_fault *reterr_fault)
{
    for (;;) {
        struct btx_wal_damage damage;
        struct btx_wal_batch batch;
        uint64_t left_bytes;

        switch (btx_segment_reader_next(reader, &batch, &damage, reterr_fault)) {
        case BTX_SEGMENT_BATCH:
            left_bytes = limit_bytes - contents->bytes;
            if (batch.number >= batches_end || left_bytes == 0)
                contents->uncounted++;
            else
                count_records(&batch,
                              batch.length_bytes < left_bytes ? batch.length_bytes
                                                              : (size_t)left_bytes,
                              contents);
            break;
        case BTX_SEGMENT_DAMAGE:
            take_damage(&damage, contents);
            break;
        case BTX_SEGMENT_END:
            return BTX_OK;
        case BTX_SEGMENT_FAULT:
            return reterr_fault->code;
        }
    }
}

enum btx_fault_code btx_wal_survey_contents(const struct btx_wal_survey *survey, size_t row_index,
                                            struct btx_wal_contents *ret_contents,
                                            struct btx_fault *reterr_fault)
{
    const struct btx_wal_row *row = &survey->rows[row_index];
    struct btx_segment_reader *reader;
    enum btx_fault_code code;
    uint64_t batches_end;
    uint64_t limit_bytes;

    memset(ret_contents, 0, sizeof *ret_contents);
    ret_contents->last_seq = row->name.first_seq - 1;
    find_limit(survey, row_index, &batches_end, &limit_bytes);
    code = open_segment(survey, row_index, &reader, reterr_fault);
    if (code != BTX_OK)
        return code;
    code = count_batches(reader, batches_end, limit_bytes, ret_contents, reterr_fault);
    btx_segment_reader_close(reader);
    return code;
}

/* The numbers of the segments that no seal stands for. */
static enum btx_fault_code fill_unsealed(struct btx_wal_survey *survey,
                                         struct btx_fault *reterr_fault)
{
    for (size_t i = 0; survey->end_known && i < survey->end.seal_count; i++) {
        struct btx_wal_row *row = find_row(survey, survey->end.seals[i].segment);

        if (row == NULL || row->sealed_by != 0)
            continue;
        take_seal(row, &survey->end.seals[i]);
        row->source = BTX_WAL_ROW_ENDING;
    }
    for (size_t i = 0; i < survey->row_count; i++) {
        struct btx_wal_row *row = &survey->rows[i];
        struct btx_wal_contents contents;
        enum btx_fault_code code;

        if (row->source != BTX_WAL_ROW_COUNTED)
            continue;
        code = btx_wal_survey_contents(survey, i, &contents, reterr_fault);
        if (code != BTX_OK)
            return code;
        row->batches = contents.batches;
        row->events = contents.events;
        row->bytes = contents.bytes;
        row->last_seq = contents.last_seq;
        if (contents.damages != 0)
            mark_damaged(row, contents.damage);
    }
    return BTX_OK;
}

/* Bytes of the files of all segments in @segments_fd. */
static enum btx_fault_code sum_files(int segments_fd, uint64_t *ret_bytes,
                                     struct btx_fault *reterr_fault)
{
    struct btx_log_segment *segments = NULL;
    enum btx_fault_code code;
    size_t count = 0;

    code = btx_log_segments_list(segments_fd, &segments, &count, reterr_fault);
    for (size_t i = 0; code == BTX_OK && i < count; i++) {
        struct stat status;

        if (fstatat(segments_fd, segments[i].name, &status, 0) == 0)
            *ret_bytes += (uint64_t)status.st_size;
    }
    free(segments);
    return code;
}

enum btx_fault_code btx_wal_glance(const char *root, bool *ret_live, uint64_t *ret_bytes,
                                   struct btx_fault *reterr_fault)
{
    struct btx_writer_lock_status lock;
    enum btx_fault_code code;
    int segments_fd;
    int root_fd;

    *ret_bytes = 0;
    code = btx_wal_folder_open(&root_fd, AT_FDCWD, root, reterr_fault);
    if (code != BTX_OK)
        return code;
    code = btx_writer_lock_look(root_fd, &lock, reterr_fault);
    *ret_live = code == BTX_OK && lock.state == BTX_WRITER_LOCK_HELD;
    segments_fd = openat(root_fd, BTX_WAL_SEGMENTS_NAME, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (code == BTX_OK && segments_fd >= 0)
        code = sum_files(segments_fd, ret_bytes, reterr_fault);
    if (segments_fd >= 0)
        (void)close(segments_fd); /* Nothing was written by it. */
    (void)close(root_fd);         /* Nothing was written by it. */
    return code == BTX_OK ? BTX_OK : btx_fault_wrap(reterr_fault, "%s", root);
}

static enum btx_fault_code read_identity(struct btx_wal_survey *survey,
                                         struct btx_fault *reterr_fault)
{
    enum btx_fault_code code;

    code = btx_wal_id_read(survey->root_fd, &survey->id, &survey->id_fault);
    survey->id_valid = code == BTX_OK;
    survey->segments_fd =
        openat(survey->root_fd, BTX_WAL_SEGMENTS_NAME, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* Without its wal.id it is still a log when there are segments that tell of it. */
    if (code != BTX_OK &&
        (survey->segments_fd < 0 || (code != BTX_FAULT_CORRUPT && code != BTX_FAULT_CONFIG))) {
        *reterr_fault = survey->id_fault;
        return code;
    }
    return btx_writer_lock_look(survey->root_fd, &survey->lock, reterr_fault);
}

/* Whether it is right that @row cannot be read as it should: a torn end, which the next start cuts;
 * or a segment that an earlier start cut whole, header included. */
static bool is_cut(const struct btx_wal_survey *survey, const struct btx_wal_row *row)
{
    return (survey->end_known && survey->end.cut &&
            strcmp(row->name.name, survey->end.cut_where.segment) == 0) ||
           (!row->header_valid && row->sealed_by != 0 && row->batches == 0);
}

static void judge(struct btx_wal_survey *survey)
{
    survey->damaged = !survey->id_valid || (!survey->live && !survey->end_known);
    for (size_t i = 0; i < survey->row_count; i++) {
        struct btx_wal_row *row = &survey->rows[i];

        row->damaged = row->damaged && !is_cut(survey, row);
        survey->damaged = survey->damaged || row->damaged;
    }
}

enum btx_fault_code btx_wal_survey_read(struct btx_wal_survey *survey, const char *root,
                                        struct btx_fault *reterr_fault)
{
    enum btx_fault_code code;

    memset(survey, 0, sizeof *survey);
    survey->root_fd = -1;
    survey->segments_fd = -1;
    code = btx_wal_folder_open(&survey->root_fd, AT_FDCWD, root, reterr_fault);
    if (code != BTX_OK)
        return code;
    code = read_identity(survey, reterr_fault);
    if (code == BTX_OK)
        code = list_rows(survey, reterr_fault);
    if (code != BTX_OK)
        return btx_fault_wrap(reterr_fault, "%s", root);
    survey->live = survey->lock.state == BTX_WRITER_LOCK_HELD;
    if (read_rows(survey, reterr_fault) != BTX_OK)
        return btx_fault_wrap(reterr_fault, "%s", root);
    if (!survey->live) {
        const uint64_t now_ns = btx_clock_wall_ns(btx_clock_system());

        code = btx_log_end_find(&survey->end, root, false, now_ns, &survey->end_fault);
        survey->end_known = code == BTX_OK;
        if (code == BTX_FAULT_IO || code == BTX_FAULT_MEMORY) {
            *reterr_fault = survey->end_fault;
            return btx_fault_wrap(reterr_fault, "%s", root);
        }
    }
    if (fill_unsealed(survey, reterr_fault) != BTX_OK)
        return btx_fault_wrap(reterr_fault, "%s", root);
    judge(survey);
    return BTX_OK;
}

void btx_wal_survey_done(struct btx_wal_survey *survey)
{
    if (survey->end_known)
        btx_log_end_done(&survey->end);
    survey->end_known = false;
    free(survey->rows);
    survey->rows = NULL;
    survey->row_count = 0;
    if (survey->segments_fd >= 0)
        (void)close(survey->segments_fd); /* Nothing was written by it. */
    if (survey->root_fd >= 0)
        (void)close(survey->root_fd); /* Nothing was written by it. */
    survey->segments_fd = -1;
    survey->root_fd = -1;
}
