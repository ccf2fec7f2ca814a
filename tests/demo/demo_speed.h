/* SPDX-License-Identifier: Apache-2.0 */
/* demo_speed.h - how long commands take, and which part of it what takes.
 *
 * Text in memory to text in memory, one thread, no log.  Done in blocks, so that reading the clock
 * costs nothing beside what is measured. */
#ifndef BTX_TESTS_DEMO_DEMO_SPEED_H
#define BTX_TESTS_DEMO_DEMO_SPEED_H

#include <stdint.h>

#include "engine/base/fault.h"
#include "engine/core/core.h"
#include "tests/flow/flow_text.h"

struct btx_speed {
    uint64_t command_count;
    uint64_t decode_ns; /* Text to records. */
    uint64_t core_ns;   /* Records to records. */
    uint64_t encode_ns; /* Records to text. */
};

/* How often everything is run, and of each part the quickest is taken: what else the machine does
 * only ever makes it slower. */
enum { BTX_SPEED_PASSES = 5 };

/* Run all of @commands from an empty exchange, BTX_SPEED_PASSES times.  Their position is at the
 * first line again afterwards.  Faults: INPUT, MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_speed_measure(struct btx_flow_text *commands,
                                                   const struct btx_core_capacity *capacity,
                                                   struct btx_speed *ret_speed,
                                                   struct btx_fault *reterr_fault);

#endif
