/* SPDX-License-Identifier: Apache-2.0 */
/* flow_ladders.h - a whole ladders file against a run: each ladder at its moment, none left out. */
#ifndef BTX_TESTS_FLOW_LADDERS_H
#define BTX_TESTS_FLOW_LADDERS_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/flow/flow_ladder.h"
#include "tests/flow/flow_run.h"
#include "tests/flow/flow_text.h"

/* Caller's storage; start with {0}. */
struct btx_flow_ladders {
    uint64_t compared_count;   /* Equal so far. */
    struct btx_flow_text text; /* Private from here on. */
    struct btx_flow_ladder next;
    bool left; /* @next is to be compared. */
};

/* Faults: IO, CORRUPT, MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_flow_ladders_open(struct btx_flow_ladders *ladders,
                                                       const char *path,
                                                       struct btx_fault *reterr_fault);

/* Compare the ladders of @market that are due after the commands that @run has executed; where
 * there are any, pass a checkpoint too.  To be called after every command.
 * Faults: BUG when something differs; CORRUPT. */
BTX_MUST_USE enum btx_fault_code btx_flow_ladders_check(struct btx_flow_ladders *ladders,
                                                        struct btx_flow_run *run, uint64_t market,
                                                        struct btx_fault *reterr_fault);

/* All must have been compared, and there must have been some.  Faults: CORRUPT. */
BTX_MUST_USE enum btx_fault_code btx_flow_ladders_end(const struct btx_flow_ladders *ladders,
                                                      struct btx_fault *reterr_fault);

/* Idempotent. */
void btx_flow_ladders_close(struct btx_flow_ladders *ladders);

#endif
