/* SPDX-License-Identifier: Apache-2.0 */
/* bench_ring_hop.h - how long it takes from one processor to another, by a ring and by a word. */
#ifndef BTX_BENCH_RING_HOP_H
#define BTX_BENCH_RING_HOP_H

#include <stdint.h>

#include "tests/bench/bench_ring_world.h"
#include "tests/bench/bench_timer.h"

/* How something gets to the far thread; a word always comes back. */
enum btx_bench_ring_way {
    BTX_BENCH_RING_SPIN,      /* a word */
    BTX_BENCH_RING_SPIN_NICE, /* a word, both sides with the processor's pause instruction */
    BTX_BENCH_RING_COMMAND,   /* a command of 128 bytes, from producer to matcher */
    BTX_BENCH_RING_PUBLISHED, /* a tx of 256 bytes, from matcher to poller */
    BTX_BENCH_RING_DURABLE,   /* the same, from poller to a reader of another process */
    BTX_BENCH_RING_WAY_COUNT
};

/* In ns; a hop is the round trip without the way back, which is half of the faster spin. */
struct btx_bench_ring_hop {
    double trip_p50;
    double trip_p99;
    double hop_p50;
    double hop_p99;
    double ratio_p50; /* to the hop of the faster spin */
};

/* @rounds of @trips for each way in turn; of each figure the median of the rounds. */
void btx_bench_ring_hops(struct btx_bench_ring_world *world, const struct btx_bench_timer *timer,
                         unsigned int rounds, unsigned int trips,
                         struct btx_bench_ring_hop ret_hops[BTX_BENCH_RING_WAY_COUNT]);

#endif
