/* SPDX-License-Identifier: Apache-2.0 */
/* call.h - one question at betex-admin, without waiting for its answer.
 *
 * Whoever calls waits for the descriptor with poll() and takes a turn when it can be read. */
#ifndef BTX_CONSOLE_CALL_H
#define BTX_CONSOLE_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/attributes.h"
#include "engine/base/fault.h"

/* An answer longer than this is none. */
#define BTX_CALL_ANSWER_BYTES_MAX (64u * 1024u * 1024u)

/* Bytes that grow. */
struct btx_call_bytes {
    char *bytes;
    size_t length;
    size_t size;
};

/* Caller's storage; start with {.fd = -1}.  Fields are read-only for others. */
struct btx_call {
    int fd; /* -1: no call */
    uint64_t asked_ns;
    bool is_answered;
    int status;                     /* exit status, once it is answered */
    struct btx_call_bytes received; /* not taken apart yet */
    struct btx_call_bytes out;      /* for standard output */
    struct btx_call_bytes err;
};

/* Ask.  Faults: USAGE, IO: then there is no call. */
BTX_MUST_USE enum btx_fault_code btx_call_begin(struct btx_call *call, const char *path,
                                                const char *const *arguments, size_t argument_count,
                                                uint64_t now_ns, struct btx_fault *reterr_fault);

/* Take what has come.  BTX_OK: call->is_answered says whether that was all.  Faults: IO, it went
 * away; LAYOUT, it speaks something else; MEMORY.  After a fault end the call. */
BTX_MUST_USE enum btx_fault_code btx_call_turn(struct btx_call *call,
                                               struct btx_fault *reterr_fault);

/* Give everything back; there is no call then.  Idempotent. */
void btx_call_end(struct btx_call *call);

#endif
