/* SPDX-License-Identifier: Apache-2.0 */
/* output.h - bytes into a file descriptor, written in large blocks.
 *
 * For programs that print a great many lines: the caller encodes straight into the buffer. */
#ifndef BTX_ENGINE_OUTPUT_H
#define BTX_ENGINE_OUTPUT_H

#include <stddef.h>

#include "engine/base/fault.h"

/* Caller's storage; start with {0}.  Fields are private. */
struct btx_output {
    int fd;
    char *bytes;
    size_t size_bytes;
    size_t length_bytes;
};

/* Begin to write to @fd, which stays the caller's.  At most @claim_bytes_max are claimed at a
 * time.  Faults: MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_output_open(struct btx_output *output, int fd,
                                                 size_t claim_bytes_max,
                                                 struct btx_fault *reterr_fault);

/* Room for @length_bytes in *ret_room, valid until the next claim or flush; writes a block when
 * there is too little.  Faults: as flush. */
BTX_MUST_USE enum btx_fault_code btx_output_claim(struct btx_output *output, size_t length_bytes,
                                                  char **ret_room, struct btx_fault *reterr_fault);

/* The first @length_bytes of what was claimed are to be written. */
void btx_output_commit(struct btx_output *output, size_t length_bytes);

/* Write everything that was committed.  On a fault the bytes that were not written are dropped.
 * Faults: DISK_FULL; IO, a reader that has gone (EPIPE) included. */
BTX_MUST_USE enum btx_fault_code btx_output_flush(struct btx_output *output,
                                                  struct btx_fault *reterr_fault);

/* Give back the memory; does not flush.  Idempotent. */
void btx_output_close(struct btx_output *output);

#endif
