/* SPDX-License-Identifier: Apache-2.0 */
#include "log_builder.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/base/crc32c.h"

enum { MAP_BYTES = 8 * 1024 * 1024 };

void log_builder_make(struct log_builder *log)
{
    memset(log, 0, sizeof *log);
    segment_fixture_make(&log->files);
    log->counted = malloc(LOG_BUILDER_BYTES);
    CHECK(log->counted != NULL);
}

void log_builder_remove(struct log_builder *log)
{
    log_builder_end(log);
    segment_fixture_remove(&log->files);
    free(log->counted);
}

void log_builder_segment_prepare(struct log_builder *log)
{
    struct segment_fixture *files = &log->files;

    log_builder_end(log);
    files->position = log->builder.position;
    files->segment_bytes = log->bytes;
    segment_fixture_begin(files, MAP_BYTES, 0);
    log->header = files->header;
    CHECK(log->segment_count < LOG_BUILDER_SEGMENTS_MAX);
    memcpy(log->names[log->segment_count++], files->segment.name, BTX_WAL_NAME_BYTES);
}

void log_builder_segment_finish(struct log_builder *log)
{
    static const uint8_t nothing[BTX_WAL_HASH_BYTES];
    const uint8_t *previous = log->seal_count != 0 ? log->seals[log->seal_count - 1].hash : nothing;

    log->header.crc = btx_crc32c(0, &log->header, offsetof(struct btx_wal_header, crc));
    segment_fixture_put(&log->files, 0, 0, &log->header, sizeof log->header);
    CHECK(btx_wal_chain_begin(&log->chain, &log->header, previous, NULL) == BTX_OK);
    for (uint64_t i = 1; log->seals_put < log->seal_count; i++) {
        const struct btx_wal_seal *seal = &log->seals[log->seals_put++];

        segment_fixture_put(&log->files, 0, i, seal, sizeof *seal);
    }
    log->bytes = 0;
    log->is_open = true;
    batch_begin(&log->builder);
}

void log_builder_segment(struct log_builder *log)
{
    log_builder_segment_prepare(log);
    log_builder_segment_finish(log);
}

void log_builder_end(struct log_builder *log)
{
    if (!log->is_open)
        return;
    btx_wal_chain_end(&log->chain, log->seal_count, &log->seals[log->seal_count]);
    btx_wal_chain_done(&log->chain);
    log->seal_count++;
    segment_fixture_end(&log->files);
    log->files.has_seal = false; /* Ours are put. */
    log->is_open = false;
}

static void put_batch(struct log_builder *log, const struct btx_wal_batch *batch)
{
    segment_fixture_put(&log->files, batch->seq, batch->number, batch->bytes, batch->length_bytes);
}

void log_builder_commit_torn(struct log_builder *log, size_t counted_bytes,
                             const struct btx_wal_position *position)
{
    const struct btx_wal_batch batch = batch_end(&log->builder);

    put_batch(log, &batch);
    log->builder.position = *position;
    if (counted_bytes != 0) {
        log->builder.position.batch = batch.number;
        btx_wal_chain_add(&log->chain, &batch, counted_bytes, &log->builder.position);
        CHECK(counted_bytes <= LOG_BUILDER_BYTES - log->counted_bytes);
        memcpy(log->counted + log->counted_bytes, batch.bytes, counted_bytes);
        log->counted_bytes += counted_bytes;
        log->bytes += counted_bytes;
    } else {
        log->builder.position.batch = batch.number - 1;
    }
    batch_begin(&log->builder);
}

void log_builder_commit(struct log_builder *log)
{
    const struct btx_wal_position position = log->builder.position;

    log_builder_commit_torn(log, log->builder.length_bytes, &position);
}

void log_builder_batch(struct log_builder *log, size_t txs)
{
    if (txs == 0)
        (void)batch_note(&log->builder); /* Right as it is. */
    for (size_t i = 0; i < txs; i++)
        batch_tx(&log->builder, 1 + i % 2);
    log_builder_commit(log);
}

void log_builder_fill(struct log_builder *log)
{
    log_builder_segment(log);
    (void)batch_note(&log->builder); /* As they are right. */
    log_builder_batch(log, 3);
    log_builder_batch(log, 1);
    log_builder_batch(log, 0);
    log_builder_batch(log, 2);
    log_builder_segment(log);
    log_builder_batch(log, 0);
    log_builder_segment(log);
    log_builder_batch(log, 1);
    log_builder_batch(log, 1);
    log_builder_segment(log);
    log_builder_segment(log);
    log_builder_batch(log, 2);
    batch_tx(&log->builder, 2);
    (void)batch_note(&log->builder);
    batch_tx(&log->builder, 1);
    log_builder_commit(log);
    log_builder_batch(log, 0);
}

void log_builder_flip(const struct log_builder *log, uint64_t number, const char *mark,
                      size_t offset)
{
    const int fd = log_builder_open_file(log, number);
    const off_t size = lseek(fd, 0, SEEK_END);
    uint8_t *bytes = malloc((size_t)size);
    size_t found = 0;

    CHECK(bytes != NULL && pread(fd, bytes, (size_t)size, 0) == size);
    for (uint8_t *at = bytes; (at = memmem(at, (size_t)(bytes + size - at), mark, strlen(mark)));
         at += strlen(mark)) {
        at[offset] ^= 1;
        found++;
    }
    CHECK(found != 0 && pwrite(fd, bytes, (size_t)size, 0) == size && close(fd) == 0);
    free(bytes);
}

int log_builder_open_file(const struct log_builder *log, uint64_t number)
{
    const int fd = openat(log->files.segments_fd, log->names[number - 1], O_RDWR | O_CLOEXEC);

    CHECK(number - 1 < log->segment_count && fd >= 0);
    return fd;
}
