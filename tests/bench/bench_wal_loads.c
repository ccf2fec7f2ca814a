/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_wal_loads.h"

#include "engine/base/attributes.h"

#define MIB(count) ((uint64_t)(count) << 20)

#define PLAIN (1u << BTX_BENCH_WAL_PLAIN)
#define STILL (1u << BTX_BENCH_WAL_STILL)
#define OURS (1u << BTX_BENCH_WAL_OURS)
#define OFTEN (1u << BTX_BENCH_WAL_OFTEN)

/* Short enough that no burst lasts until the default min_segment_age but where it is meant to. */
#define BURST_S 0.5
/* One rotation at the defaults, for want of age not before 5 s. */
#define OFFERED_S 6.0
/* Until bytes_max. */
#define LONG_S 60.0
/* Of the flow, records and commands: rather more than a command with its events takes. */
#define FLOW_COMMAND_BYTES 300u

static const struct btx_bench_wal_load loads[] = {
    {"1", BTX_BENCH_WAL_BURST, PLAIN | OURS, 1, BTX_BENCH_WAL_EVENTS, 0, BURST_S, MIB(512)},
    {"64", BTX_BENCH_WAL_BURST, PLAIN | OURS, 64, BTX_BENCH_WAL_EVENTS, 0, BURST_S, MIB(512)},
    {"512", BTX_BENCH_WAL_BURST, PLAIN | OURS, 512, BTX_BENCH_WAL_EVENTS, 0, BURST_S, MIB(512)},
    {"4096", BTX_BENCH_WAL_BURST, PLAIN | OURS, 4096, BTX_BENCH_WAL_EVENTS, 0, BURST_S, MIB(512)},
    {"32768", BTX_BENCH_WAL_BURST, PLAIN | OURS, 32768, BTX_BENCH_WAL_EVENTS, 0, LONG_S, MIB(512)},
    {BTX_BENCH_WAL_SATURATED, BTX_BENCH_WAL_BURST, PLAIN | OURS, 0, BTX_BENCH_WAL_EVENTS, 0, LONG_S,
     MIB(512)},
    {BTX_BENCH_WAL_FLOW_SATURATED, BTX_BENCH_WAL_BURST, PLAIN | OURS, 0, BTX_BENCH_WAL_FLOW, 0,
     LONG_S, MIB(512)},
    {BTX_BENCH_WAL_500K, BTX_BENCH_WAL_OFFERED, PLAIN | STILL | OURS | OFTEN, 0,
     BTX_BENCH_WAL_EVENTS, 500000, OFFERED_S, MIB(1024)},
    {BTX_BENCH_WAL_1M, BTX_BENCH_WAL_OFFERED, PLAIN | STILL | OURS | OFTEN, 0, BTX_BENCH_WAL_EVENTS,
     1000000, OFFERED_S, MIB(1024)},
    {"flow, 500 k/s", BTX_BENCH_WAL_OFFERED, PLAIN | OURS, 0, BTX_BENCH_WAL_FLOW, 500000, OFFERED_S,
     MIB(1024)},
    {BTX_BENCH_WAL_ROTATED, BTX_BENCH_WAL_ROTATION, STILL | OURS, 0, BTX_BENCH_WAL_EVENTS, 0,
     LONG_S, MIB(2560)},
    {"4096", BTX_BENCH_WAL_ROTATION, STILL | OFTEN, 4096, BTX_BENCH_WAL_EVENTS, 0, BURST_S,
     MIB(512)},
    {BTX_BENCH_WAL_LONG_SATURATED, BTX_BENCH_WAL_SUSTAINED, PLAIN | OURS, 0, BTX_BENCH_WAL_EVENTS,
     0, 0, 0},
    {BTX_BENCH_WAL_LONG_500K, BTX_BENCH_WAL_SUSTAINED, PLAIN | OURS, 0, BTX_BENCH_WAL_EVENTS,
     500000, 0, 0},
    {"read and check", BTX_BENCH_WAL_FOLD, OURS, 0, BTX_BENCH_WAL_EVENTS, 0, LONG_S, MIB(512)},
    {"read, check, apply", BTX_BENCH_WAL_FOLD, OURS, 0, BTX_BENCH_WAL_LIVE, 0, LONG_S, 0},
};

/* Short, but with everything that happens in a long one. */
static void shorten(struct btx_bench_wal_load *load)
{
    load->seconds = load->rate > 0 ? 0.2 : 0.05;
    load->bytes_max = MIB(16);
}

bool btx_bench_wal_load_at(const struct btx_bench_wal_plan *plan, uint32_t index,
                           struct btx_bench_wal_load *ret_load)
{
    if (index >= BTX_COUNT_OF(loads)) {
        return false;
    }
    *ret_load = loads[index];
    if (ret_load->part == BTX_BENCH_WAL_SUSTAINED) {
        ret_load->seconds = plan->sustain_seconds;
        ret_load->bytes_max = plan->sustain_bytes;
    }
    if (plan->quick) {
        shorten(ret_load);
    }
    if (ret_load->kind == BTX_BENCH_WAL_LIVE) {
        /* All of it, since the state is compared at its end. */
        ret_load->seconds = LONG_S * LONG_S;
        ret_load->bytes_max = plan->commands * (uint64_t)FLOW_COMMAND_BYTES + MIB(8);
    }
    return true;
}
