/* SPDX-License-Identifier: Apache-2.0 */
/* line_reader.h - lines out of a file descriptor, read in large blocks.
 *
 * For programs that take text on stdin.  Reading and taking apart are two calls, so that the
 * caller decides what happens before a read that may wait: a filter flushes its answers there. */
#ifndef BTX_ENGINE_LINE_READER_H
#define BTX_ENGINE_LINE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/fault.h"

/* Caller's storage; start with {0}.  Fields are private but @line_number and @ended. */
struct btx_line_reader {
    uint64_t line_number; /* Of the line last taken or refused, from 1. */
    bool ended;           /* Nothing more will come; lines may still be buffered. */
    int fd;
    char *bytes;
    size_t size_bytes;
    size_t line_bytes_max;
    size_t begin;   /* Of what is not yet taken. */
    size_t scanned; /* Up to here there is no line feed. */
    size_t end;     /* Of what was read. */
};

enum btx_line_result {
    BTX_LINE_TAKEN,    /* A whole line, or the rest of the input where no line feed ends it. */
    BTX_LINE_NONE,     /* No whole line is buffered: fill, or stop when it has ended. */
    BTX_LINE_TOO_LONG, /* Longer than allowed; nothing can be taken behind it. */
};

/* Begin to read lines of at most @line_bytes_max, line feed not counted, from @fd, which stays
 * the caller's.  Faults: MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_line_reader_open(struct btx_line_reader *reader, int fd,
                                                      size_t line_bytes_max,
                                                      struct btx_fault *reterr_fault);

/* Take the next line out of what was read.  Its bytes, without the line feed and not ended by a
 * zero, are valid until the next fill; they may be any bytes. */
enum btx_line_result btx_line_reader_take(struct btx_line_reader *reader, const char **ret_line,
                                          size_t *ret_length_bytes);

/* Whether a fill would now wait for somebody to write. */
bool btx_line_reader_would_wait(const struct btx_line_reader *reader);

/* Read a block more, waiting for it; or note that the input has ended.  Call it after take said
 * NONE and never after @ended.  Faults: IO. */
BTX_MUST_USE enum btx_fault_code btx_line_reader_fill(struct btx_line_reader *reader,
                                                      struct btx_fault *reterr_fault);

/* Give back the memory.  Idempotent. */
void btx_line_reader_close(struct btx_line_reader *reader);

#endif
