/* SPDX-License-Identifier: Apache-2.0 */
/* flow_text.h - a text file, packed by gzip or not, whole in memory, line by line. */
#ifndef BTX_TESTS_FLOW_TEXT_H
#define BTX_TESTS_FLOW_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/fault.h"

/* Caller's storage; start with {0}. */
struct btx_flow_text {
    char *bytes;
    size_t length_bytes;
    size_t position_bytes; /* Of the next line. */
};

/* Read @path whole.  Faults: IO; CORRUPT when it is packed and damaged or cut short; MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_flow_text_open(struct btx_flow_text *text, const char *path,
                                                    struct btx_fault *reterr_fault);

/* The next line, without its line feed, valid until close; false when there is none. */
bool btx_flow_text_line(struct btx_flow_text *text, const char **ret_line,
                        size_t *ret_length_bytes);

/* Give back the memory.  Idempotent. */
void btx_flow_text_close(struct btx_flow_text *text);

#endif
