/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_ring_hop.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "tests/bench/bench_histogram.h"

#define ROUNDS_MAX 101

struct hop_run {
    struct btx_bench_ring_world *world;
    enum btx_bench_ring_way way;
    uint64_t trips;
    struct btx_bench_histogram histogram;
};

/* A thread that has found nothing lets the other one of its core have its turn, as a matcher does,
 * but for the way that is there to show what that is worth. */
static void relax(enum btx_bench_ring_way way)
{
#if defined(__x86_64__)
    if (way != BTX_BENCH_RING_SPIN)
        __builtin_ia32_pause();
#else
    (void)way;
#endif
}

static void send_tx(struct btx_event_ring *events)
{
    CHECK(btx_event_ring_room(events, BTX_BENCH_RING_TX_BYTES) >= BTX_BENCH_RING_TX_BYTES);
    memset(btx_event_ring_claim(events, BTX_BENCH_RING_TX_BYTES), 1, BTX_BENCH_RING_TX_BYTES);
    btx_event_ring_publish(events, BTX_BENCH_RING_TX_BYTES);
}

static void send_one(struct btx_bench_ring_world *world, enum btx_bench_ring_way way,
                     uint64_t number)
{
    uint64_t *command;

    switch (way) {
    case BTX_BENCH_RING_SPIN:
    case BTX_BENCH_RING_SPIN_NICE:
        atomic_store_explicit(&world->go, number, memory_order_release);
        break;
    case BTX_BENCH_RING_COMMAND:
        command = btx_command_producer_claim(&world->producer, BTX_BENCH_RING_COMMAND_BYTES);
        CHECK(command != NULL);
        memset(command, 1, BTX_BENCH_RING_COMMAND_BYTES);
        btx_bench_ring_command(command);
        btx_command_producer_commit(&world->producer);
        break;
    case BTX_BENCH_RING_PUBLISHED:
        send_tx(&world->events);
        break;
    case BTX_BENCH_RING_DURABLE:
        send_tx(&world->events);
        btx_event_ring_set_durable(&world->events, BTX_BENCH_RING_TX_BYTES, number);
        break;
    case BTX_BENCH_RING_WAY_COUNT:
        CHECK_UNREACHABLE();
    }
}

static void receive_one(struct btx_bench_ring_world *world, enum btx_bench_ring_way way,
                        uint64_t number)
{
    static uint64_t copy[8320 / sizeof(uint64_t)];
    size_t length_bytes = 0;
    const void *bytes;

    switch (way) {
    case BTX_BENCH_RING_SPIN:
    case BTX_BENCH_RING_SPIN_NICE:
        while (atomic_load_explicit(&world->go, memory_order_acquire) != number)
            relax(way);
        break;
    case BTX_BENCH_RING_COMMAND:
        while (btx_ring_port_take(&world->port, copy, &length_bytes) != BTX_RING_PORT_COMMAND)
            relax(way);
        break;
    case BTX_BENCH_RING_PUBLISHED:
        while (btx_event_ring_pending(&world->events, &bytes) == 0)
            relax(way);
        btx_event_ring_set_durable(&world->events, BTX_BENCH_RING_TX_BYTES, number);
        break;
    case BTX_BENCH_RING_DURABLE:
        while (btx_event_reader_read(&world->reader, copy, BTX_BENCH_RING_TX_BYTES,
                                     &length_bytes) != BTX_EVENT_READ_BYTES)
            relax(way);
        btx_event_reader_advance(&world->reader, length_bytes);
        break;
    case BTX_BENCH_RING_WAY_COUNT:
        CHECK_UNREACHABLE();
    }
}

static void near_run(void *context)
{
    struct hop_run *run = context;

    for (uint64_t number = 1; number <= run->trips; number++) {
        const uint64_t start = btx_bench_ticks();

        send_one(run->world, run->way, number);
        while (atomic_load_explicit(&run->world->back, memory_order_acquire) != number)
            relax(run->way);
        btx_bench_histogram_add(&run->histogram, btx_bench_ticks() - start);
    }
}

static void far_run(void *context)
{
    struct hop_run *run = context;

    for (uint64_t number = 1; number <= run->trips; number++) {
        receive_one(run->world, run->way, number);
        atomic_store_explicit(&run->world->back, number, memory_order_release);
    }
}

static int compare(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;

    return (left > right) - (left < right);
}

static double median(double *values, unsigned int count)
{
    qsort(values, count, sizeof(values[0]), compare);
    return values[count / 2];
}

void btx_bench_ring_hops(struct btx_bench_ring_world *world, const struct btx_bench_timer *timer,
                         unsigned int rounds, unsigned int trips,
                         struct btx_bench_ring_hop ret_hops[BTX_BENCH_RING_WAY_COUNT])
{
    static double p50[BTX_BENCH_RING_WAY_COUNT][ROUNDS_MAX];
    static double p99[BTX_BENCH_RING_WAY_COUNT][ROUNDS_MAX];
    static struct hop_run run;
    uint64_t mark;
    double spin;

    CHECK(rounds > 0 && rounds <= ROUNDS_MAX);
    for (unsigned int round = 0; round < rounds; round++)
        for (int way = 0; way < BTX_BENCH_RING_WAY_COUNT; way++) {
            memset(&run, 0, sizeof(run));
            run.world = world;
            run.way = (enum btx_bench_ring_way)way;
            run.trips = trips;
            CHECK(btx_event_reader_join(&world->reader, &mark));
            btx_bench_ring_pair(world, near_run, far_run, &run);
            p50[way][round] =
                (double)btx_bench_histogram_value(&run.histogram, 500) * timer->tick_ns;
            p99[way][round] =
                (double)btx_bench_histogram_value(&run.histogram, 990) * timer->tick_ns;
        }
    for (int way = 0; way < BTX_BENCH_RING_WAY_COUNT; way++) {
        ret_hops[way].trip_p50 = median(p50[way], rounds);
        ret_hops[way].trip_p99 = median(p99[way], rounds);
    }
    spin = ret_hops[BTX_BENCH_RING_SPIN].trip_p50 < ret_hops[BTX_BENCH_RING_SPIN_NICE].trip_p50
               ? ret_hops[BTX_BENCH_RING_SPIN].trip_p50 / 2
               : ret_hops[BTX_BENCH_RING_SPIN_NICE].trip_p50 / 2;
    for (int way = 0; way < BTX_BENCH_RING_WAY_COUNT; way++) {
        ret_hops[way].hop_p50 = ret_hops[way].trip_p50 - spin;
        ret_hops[way].hop_p99 = ret_hops[way].trip_p99 - spin;
        ret_hops[way].ratio_p50 = ret_hops[way].hop_p50 / spin;
    }
}
