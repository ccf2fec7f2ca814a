/* SPDX-License-Identifier: Apache-2.0 */
/* writer_open.c - opening a log for writing, in the order that recovery needs.
 *
 *   1. The writer lock, before anything of the log is looked at.
 *   2. What the last writer wrote and perhaps never synced is synced, and the names of its files;
 *      then it is read past the page cache: what a failed sync dropped is not believed.
 *   3. The end is found, and cut where it is torn.
 *   4. The epoch counts up, durably, before anything is written.
 *
 * Old segments are never written: what is cut stays where it is, and the next segment says so. */
#include "engine/base/check.h"
#include "engine/wal/filesystem.h"
#include "engine/wal/writer_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_MODE = 0750 };

static enum btx_fault_code copy_options(struct btx_wal_writer *writer,
                                        const struct btx_wal_writer_options *options,
                                        struct btx_fault *reterr_fault)
{
    char host[256] = "unknown";

    (void)gethostname(host, sizeof host - 1); /* A host without a name stays unknown. */
    btx_wal_text_set(writer->program, sizeof writer->program, options->program);
    btx_wal_text_set(writer->host, sizeof writer->host,
                     options->host != NULL ? options->host : host);
    writer->options = *options;
    writer->options.root = writer->root = strdup(options->root);
    writer->options.program = writer->program;
    writer->options.host = writer->host;
    if (writer->root == NULL ||
        asprintf(&writer->segments, "%s/%s", options->root, BTX_WAL_SEGMENTS_NAME) < 0) {
        writer->segments = NULL;
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "log writer");
    }
    return BTX_OK;
}

/* The name of a folder just made is in the folder above it. */
static enum btx_fault_code sync_above(int folder_fd, struct btx_fault *reterr_fault)
{
    enum btx_fault_code code;
    int above_fd;

    if (btx_wal_folder_open(&above_fd, folder_fd, "..", reterr_fault) != BTX_OK)
        return reterr_fault->code;
    code = btx_wal_sync(above_fd, "the folder above", reterr_fault);
    (void)close(above_fd);
    return code;
}

static enum btx_fault_code open_root(struct btx_wal_writer *writer, struct btx_fault *reterr_fault)
{
    const bool made = mkdir(writer->root, FOLDER_MODE) == 0;

    if (!made && errno != EEXIST)
        return btx_fault_set(reterr_fault, errno == ENOSPC ? BTX_FAULT_DISK_FULL : BTX_FAULT_IO,
                             errno, "cannot be made");
    if (btx_wal_folder_open(&writer->root_fd, AT_FDCWD, writer->root, reterr_fault) != BTX_OK ||
        (made && sync_above(writer->root_fd, reterr_fault) != BTX_OK))
        return reterr_fault->code;
    return btx_wal_filesystem_check(writer->root_fd, writer->options.settings.unsafe_filesystem,
                                    reterr_fault);
}

/* Say early who is at it: recovery may take a while.  The end settles the epoch. */
static enum btx_fault_code claim(struct btx_wal_writer *writer, uint64_t epoch,
                                 struct btx_fault *reterr_fault)
{
    writer->epoch = epoch;
    return btx_writer_lock_write_record(&writer->lock, epoch, writer->program, writer->host,
                                        writer->id.uuid, btx_clock_wall_ns(writer->options.clock),
                                        reterr_fault);
}

static enum btx_fault_code lock_root(struct btx_wal_writer *writer, struct btx_fault *reterr_fault)
{
    if (btx_writer_lock_take(&writer->lock, writer->root_fd, reterr_fault) != BTX_OK ||
        btx_wal_id_ensure(writer->root_fd, writer->host, btx_clock_wall_ns(writer->options.clock),
                          &writer->id, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    return claim(writer, writer->lock.record.epoch + 1, reterr_fault);
}

/* What a killed writer left in the page cache is not on the disk yet, and must be before anything
 * of it is believed.  What is cached is dropped, so that readers see what the disk has. */
static enum btx_fault_code sync_last_segment(struct btx_wal_writer *writer,
                                             struct btx_fault *reterr_fault)
{
    struct btx_log_segment *segments = NULL;
    size_t count;
    int fd;

    if (btx_log_segments_list(writer->segments_fd, &segments, &count, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (count == 0) {
        free(segments);
        return BTX_OK;
    }
    fd = openat(writer->segments_fd, segments[count - 1].name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        (void)btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "segments/%s: cannot be opened",
                            segments[count - 1].name);
    else if (btx_wal_sync(fd, segments[count - 1].name, reterr_fault) == BTX_OK)
        (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED); /* Advice. */
    if (fd >= 0)
        (void)close(fd);
    free(segments);
    return reterr_fault->code;
}

static enum btx_fault_code recover(struct btx_wal_writer *writer, struct btx_fault *reterr_fault)
{
    if (btx_wal_folder_open(&writer->segments_fd, writer->root_fd, BTX_WAL_SEGMENTS_NAME,
                            reterr_fault) != BTX_OK ||
        btx_wal_temporaries_remove(writer->segments_fd, reterr_fault) != BTX_OK ||
        btx_wal_sync(writer->segments_fd, "segments", reterr_fault) != BTX_OK ||
        sync_last_segment(writer, reterr_fault) != BTX_OK ||
        btx_log_end_find(&writer->end, writer->root, true, btx_clock_wall_ns(writer->options.clock),
                         reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (writer->end.epoch < writer->epoch)
        return BTX_OK;
    return claim(writer, writer->end.epoch + 1, reterr_fault);
}

/* Go on behind the end: seals that are still owed, then a next segment with the first commit. */
static enum btx_fault_code go_on(struct btx_wal_writer *writer, struct btx_fault *reterr_fault)
{
    const struct btx_log_end *end = &writer->end;
    const struct btx_segment_pool_options options = {
        .segments = writer->segments,
        .segments_fd = writer->segments_fd,
        .settings = &writer->options.settings,
        .clock = writer->options.clock,
        .recent_bytes = end->file_bytes,
        .chain = end->chain,
        .threadless = writer->options.threadless,
    };

    writer->position = end->position;
    writer->segment = end->segment;
    writer->segment_bytes = end->segment_bytes;
    writer->segment_seq = end->position.seq;
    /* Those that did not fit a segment that was closed, and those of the helper behind them. */
    writer->seals_max = end->seal_count + 2 * BTX_SEGMENT_POOL_CLOSED_MAX;
    writer->seals = calloc(writer->seals_max, sizeof *writer->seals);
    if (writer->seals == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "log writer");
    for (size_t i = 0; i < end->seal_count; i++)
        btx_wal_writer_add_seal(writer, &end->seals[i]);
    return btx_segment_pool_open(&writer->pool, &options, reterr_fault);
}

enum btx_fault_code btx_wal_writer_open(struct btx_wal_writer **ret_writer,
                                        const struct btx_wal_writer_options *options,
                                        struct btx_fault *reterr_fault)
{
    struct btx_wal_writer *writer = calloc(1, sizeof *writer);

    *ret_writer = NULL;
    if (writer == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "log writer");
    writer->root_fd = -1;
    writer->segments_fd = -1;
    writer->lock.fd = -1;
    if (copy_options(writer, options, reterr_fault) != BTX_OK ||
        open_root(writer, reterr_fault) != BTX_OK || lock_root(writer, reterr_fault) != BTX_OK ||
        recover(writer, reterr_fault) != BTX_OK || go_on(writer, reterr_fault) != BTX_OK) {
        btx_wal_writer_free(writer);
        return btx_fault_wrap(reterr_fault, "log %s", options->root);
    }
    *ret_writer = writer;
    return BTX_OK;
}

static void close_fd(int fd)
{
    if (fd >= 0)
        (void)close(fd); /* Everything that matters is synced. */
}

void btx_wal_writer_free(struct btx_wal_writer *writer)
{
    if (writer->segment_open)
        btx_segment_file_close(&writer->file);
    btx_segment_pool_close(writer->pool);
    btx_log_end_done(&writer->end);
    btx_writer_lock_release(&writer->lock);
    close_fd(writer->segments_fd);
    close_fd(writer->root_fd);
    free(writer->seals);
    free(writer->segments);
    free(writer->root);
    free(writer);
}
