/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/line_reader.h"

#include "engine/base/check.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A pipe gives at most 64 KiB at a time, a file as much as is asked for: enough that the call
 * costs nothing beside the bytes, little enough to stay in the second-level cache. */
enum { BLOCK_BYTES = 256 * 1024 };

enum btx_fault_code btx_line_reader_open(struct btx_line_reader *reader, int fd,
                                         size_t line_bytes_max, struct btx_fault *reterr_fault)
{
    memset(reader, 0, sizeof *reader);
    reader->fd = fd;
    reader->line_bytes_max = line_bytes_max;
    /* What is left of a block is less than a line and its line feed, and a block fits behind. */
    reader->size_bytes = line_bytes_max + 1 + BLOCK_BYTES;
    reader->bytes = malloc(reader->size_bytes);
    if (reader->bytes == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, errno, "no room to read lines");
    return BTX_OK;
}

enum btx_line_result btx_line_reader_take(struct btx_line_reader *reader, const char **ret_line,
                                          size_t *ret_length_bytes)
{
    const char *line = reader->bytes + reader->begin;
    const char *feed = memchr(reader->bytes + reader->scanned, '\n', reader->end - reader->scanned);
    const size_t length_bytes = feed != NULL ? (size_t)(feed - line) : reader->end - reader->begin;

    if (length_bytes > reader->line_bytes_max) {
        reader->line_number++;
        return BTX_LINE_TOO_LONG;
    }
    if (feed == NULL && (!reader->ended || length_bytes == 0)) {
        reader->scanned = reader->end;
        return BTX_LINE_NONE;
    }
    reader->line_number++;
    reader->begin += length_bytes + (feed != NULL ? 1 : 0);
    reader->scanned = reader->begin;
    *ret_line = line;
    *ret_length_bytes = length_bytes;
    return BTX_LINE_TAKEN;
}

bool btx_line_reader_would_wait(const struct btx_line_reader *reader)
{
    struct pollfd wanted = {.fd = reader->fd, .events = POLLIN};

    /* A regular file is always ready.  An error is for the read to find. */
    return poll(&wanted, 1, 0) == 0;
}

enum btx_fault_code btx_line_reader_fill(struct btx_line_reader *reader,
                                         struct btx_fault *reterr_fault)
{
    ssize_t got;

    CHECK(!reader->ended);
    reader->end -= reader->begin;
    reader->scanned -= reader->begin;
    memmove(reader->bytes, reader->bytes + reader->begin, reader->end);
    reader->begin = 0;
    CHECK(reader->end < reader->size_bytes);
    while ((got = read(reader->fd, reader->bytes + reader->end, reader->size_bytes - reader->end)) <
           0) {
        struct pollfd wanted = {.fd = reader->fd, .events = POLLIN};

        /* Somebody who shares the file made it non-blocking: wait all the same. */
        if (errno == EAGAIN)
            (void)poll(&wanted, 1, -1); /* Whatever it says, the next read knows better. */
        else if (errno != EINTR)
            return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "cannot read");
    }
    reader->end += (size_t)got;
    reader->ended = got == 0;
    return BTX_OK;
}

void btx_line_reader_close(struct btx_line_reader *reader)
{
    free(reader->bytes);
    reader->bytes = NULL;
}
