/* SPDX-License-Identifier: Apache-2.0 */
/* bench_ring_flow.h - what goes through a ring in a second, and what single steps cost. */
#ifndef BTX_BENCH_RING_FLOW_H
#define BTX_BENCH_RING_FLOW_H

#include <stdint.h>

#include "tests/bench/bench_histogram.h"
#include "tests/bench/bench_ring_world.h"

/* Commands of 128 bytes from a producer that never stops to a matcher that does nothing else.
 * ns for each. */
double btx_bench_ring_commands(struct btx_bench_ring_world *world, uint64_t count);

/* Txs of 256 bytes to a poller whose disk takes no time: one that spins, or one that sleeps when it
 * has nothing to do.  ns for each. */
double btx_bench_ring_events(struct btx_bench_ring_world *world, uint64_t count, bool sleeps);

/* Claim and publish alone, nobody on the other side: what a tx costs the matcher.  ns. */
double btx_bench_ring_publish(struct btx_bench_ring_world *world, uint64_t count);

/* A reader that copies what it has not read yet, @count bytes in all: ns for each 64. */
double btx_bench_ring_copy(struct btx_bench_ring_world *world, uint64_t count_bytes);

/* A publish that finds the poller asleep: ticks of the call, and of the way until it runs. */
void btx_bench_ring_wake(struct btx_bench_ring_world *world, uint64_t count,
                         struct btx_bench_histogram *call, struct btx_bench_histogram *trip);

#endif
