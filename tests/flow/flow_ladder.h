/* SPDX-License-Identifier: Apache-2.0 */
/* flow_ladder.h - one recorded ladder: what a runner's book must be at one moment.
 *
 * A line of a ladders file, {"after":N,"runner":id,"back":[[price,size],...],"lay":[...]}: after
 * the first N commands the resting orders of each side add up to these levels, prices ascending. */
#ifndef BTX_TESTS_FLOW_LADDER_H
#define BTX_TESTS_FLOW_LADDER_H

#include <stddef.h>
#include <stdint.h>

#include "engine/core/view.h"

/* More than the 350 prices of the odds ladder. */
enum { BTX_FLOW_LEVELS_MAX = 400 };

struct btx_flow_ladder {
    uint64_t after;
    uint64_t runner;
    size_t level_count[BTX_SIDE_COUNT];
    struct btx_level_view levels[BTX_SIDE_COUNT][BTX_FLOW_LEVELS_MAX];
};

/* Read @line strictly: these keys in this order, no white space, decimals exact with at most four
 * places, prices strictly ascending, sizes positive.  Returns NULL or what is wrong. */
BTX_MUST_USE const char *btx_flow_ladder_parse(const char *line, size_t length_bytes,
                                               struct btx_flow_ladder *ret_ladder);

/* Compare with the book of @core, in which the runner's market is @market.  Returns NULL when
 * both sides are equal, level by level, else a sentence, valid until the next call. */
BTX_MUST_USE const char *btx_flow_ladder_compare(const struct btx_flow_ladder *ladder,
                                                 const struct btx_core *core, uint64_t market);

#endif
