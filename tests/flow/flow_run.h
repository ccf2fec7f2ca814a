/* SPDX-License-Identifier: Apache-2.0 */
/* flow_run.h - runs commands as text on two exchanges at once.
 *
 * One executes them (decode, step, encode); the other, the folded one, only ever applies the
 * records that the first wrote, as recovery does.  Whatever the two have in common at a
 * checkpoint is proved there.  The text of all events is hashed as betex-replay prints it. */
#ifndef BTX_TESTS_FLOW_RUN_H
#define BTX_TESTS_FLOW_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "engine/exchange/exchange.h"
#include "engine/text/command_text.h"
#include "engine/text/event_text.h"

/* Told of each event, after both exchanges know of it. */
typedef void (*btx_flow_observer)(void *context, const struct btx_record *event);

/* Caller's storage, some 150 KiB: not on the stack.  Start with {0}. */
struct btx_flow_run {
    struct btx_exchange live;
    struct btx_exchange folded;
    uint64_t command_count;     /* Executed so far. */
    uint64_t event_count;       /* Of them. */
    uint64_t checkpoint_count;  /* Passed so far. */
    btx_flow_observer observer; /* May be NULL; the caller sets it after open. */
    void *observer_context;
    union btx_command_space command; /* The last one. */
    struct btx_sha256 stream;        /* Private from here on. */
    struct btx_command_text decoder;
    char line[BTX_EVENT_TEXT_BYTES_MAX];
};

/* Begin with two empty exchanges.  Faults: USAGE, MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_flow_run_open(struct btx_flow_run *run,
                                                   const struct btx_core_capacity *capacity,
                                                   struct btx_fault *reterr_fault);

/* Decode the next command into @run->command; it is not executed yet.  Faults: INPUT. */
BTX_MUST_USE enum btx_fault_code btx_flow_run_decode(struct btx_flow_run *run, const char *line,
                                                     size_t length_bytes,
                                                     struct btx_fault *reterr_fault);

/* Execute what was decoded on the live exchange and fold its records into the other.
 * Faults: BUG when a record is malformed or cannot be applied. */
BTX_MUST_USE enum btx_fault_code btx_flow_run_execute(struct btx_flow_run *run,
                                                      struct btx_fault *reterr_fault);

/* Prove that both exchanges have the same digest and that the live one is sound in itself
 * (btx_core_verify).  *ret_digest may be NULL.  Faults: BUG. */
BTX_MUST_USE enum btx_fault_code btx_flow_run_checkpoint(struct btx_flow_run *run,
                                                         uint8_t *ret_digest,
                                                         struct btx_fault *reterr_fault);

/* SHA-256 of all event lines so far, in hexadecimal; once, at the end. */
void btx_flow_run_stream_hash(struct btx_flow_run *run, char ret_hex[BTX_SHA256_HEX_BYTES]);

/* The 64 hexadecimal digits that the file at @path begins with.  Faults: IO, CORRUPT. */
BTX_MUST_USE enum btx_fault_code btx_flow_read_hash(const char *path,
                                                    char ret_hex[BTX_SHA256_HEX_BYTES],
                                                    struct btx_fault *reterr_fault);

/* Give back everything.  Idempotent. */
void btx_flow_run_close(struct btx_flow_run *run);

#endif
