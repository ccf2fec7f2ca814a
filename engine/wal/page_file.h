/* SPDX-License-Identifier: Apache-2.0 */
/* page_file.h - a segment as a row of pages: opened for reading, read with pread.
 *
 * Private to the readers of segments.  Never mapped: a file that is cut while it is read must not
 * end the process.  Everything is read in whole pages into aligned memory, so that the page cache
 * can be passed by (O_DIRECT). */
#ifndef BTX_WAL_PAGE_FILE_H
#define BTX_WAL_PAGE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/fault.h"
#include "engine/wal/wal_format.h"

/* Memory on a page boundary that grows and never shrinks.  Start with {0}. */
struct btx_page_buffer {
    uint8_t *bytes;
    size_t size_bytes;
};

/* Make room for @size_bytes; what was there before is lost.  Faults: MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_page_buffer_reserve(struct btx_page_buffer *buffer,
                                                         uint64_t size_bytes,
                                                         struct btx_fault *reterr_fault);
void btx_page_buffer_done(struct btx_page_buffer *buffer);

/* What was read at once.  Private. */
struct btx_page_window {
    struct btx_page_buffer buffer;
    uint64_t first;      /* page number */
    size_t length_bytes; /* 0: nothing */
};

/* Fields may be read. */
struct btx_page_file {
    int fd;
    bool direct;                   /* past the page cache: asked for, and the filesystem does it */
    bool changing;                 /* a writer may have it open */
    uint64_t size_bytes;           /* when it was opened or looked at last */
    struct btx_page_window single; /* around a page that was asked for */
    struct btx_page_window run;    /* a run of pages, and those behind it */
    size_t ahead_bytes;            /* to be read with the next run if it is near */
};

/* Open @name in the folder @folder_fd, past the page cache if @direct.  A failed one may be closed.
 * Faults: IO, also for what is no ordinary file; MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_page_file_open(struct btx_page_file *file, int folder_fd,
                                                    const char *name, bool direct, bool changing,
                                                    struct btx_fault *reterr_fault);

/* Find out anew how large it is, and forget what was read ahead.  Faults: IO. */
BTX_MUST_USE enum btx_fault_code btx_page_file_look(struct btx_page_file *file,
                                                    struct btx_fault *reterr_fault);

/* Pages in the file; the last one may be cut, and then zeros stand for the rest of it. */
static inline uint64_t btx_page_file_pages(const struct btx_page_file *file)
{
    return (file->size_bytes + BTX_WAL_PAGE_BYTES - 1) / BTX_WAL_PAGE_BYTES;
}

/* Read up to @length_bytes, whole pages, from the page @first on into @bytes, which is aligned.
 * *ret_read is less only where the file ends; zeros follow up to the page.  Faults: IO. */
BTX_MUST_USE enum btx_fault_code btx_page_file_read(struct btx_page_file *file, uint64_t first,
                                                    uint8_t *bytes, size_t length_bytes,
                                                    size_t *ret_read,
                                                    struct btx_fault *reterr_fault);

/* The page @number, or NULL in *ret_page where the file ends before it does.  Valid until the next
 * call; neighbours are read along with it unless the file is changing.  Faults: IO. */
BTX_MUST_USE enum btx_fault_code btx_page_file_page(struct btx_page_file *file, uint64_t number,
                                                    const uint8_t **ret_page,
                                                    struct btx_fault *reterr_fault);

/* The pages of a run that begins with @first, @length_bytes of whole pages, in memory that is valid
 * until the next call; *ret_read is as above.  When runs are asked for one behind the other, some
 * are read together, unless the file is changing.  Faults: IO, MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_page_file_run(struct btx_page_file *file, uint64_t first,
                                                   uint64_t length_bytes, const uint8_t **ret_bytes,
                                                   size_t *ret_read,
                                                   struct btx_fault *reterr_fault);

/* Idempotent. */
void btx_page_file_close(struct btx_page_file *file);

#endif
