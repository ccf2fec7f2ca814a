/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_ring_flow.h"

#include <sched.h>
#include <string.h>

#include "engine/base/check.h"
#include "tests/bench/bench_timer.h"

#define WAIT_NS UINT64_C(1000000000)
#define READ_BYTES (64u << 10)

struct flow_run {
    struct btx_bench_ring_world *world;
    uint64_t count;
    bool flag;
    struct btx_bench_histogram *first;
    struct btx_bench_histogram *second;
};

static double elapsed_ns_each(uint64_t start_ns, uint64_t count)
{
    return (double)(btx_bench_clock_ns(CLOCK_MONOTONIC) - start_ns) / (double)count;
}

/* --- Commands --------------------------------------------------------------------------------- */

static void produce_far(void *context)
{
    struct flow_run *run = context;
    uint64_t command[BTX_BENCH_RING_COMMAND_BYTES / 8] = {0};

    btx_bench_ring_command(command);
    for (uint64_t i = 0; i < run->count; i++) {
        void *record;

        do
            record =
                btx_command_producer_claim(&run->world->producer, BTX_BENCH_RING_COMMAND_BYTES);
        while (record == NULL);
        command[1] = i;
        memcpy(record, command, sizeof(command));
        btx_command_producer_commit(&run->world->producer);
    }
}

static void consume_near(void *context)
{
    static uint64_t copy[8320 / sizeof(uint64_t)];
    struct flow_run *run = context;
    size_t length_bytes = 0;

    for (uint64_t i = 0; i < run->count; i++) {
        while (btx_ring_port_take(&run->world->port, copy, &length_bytes) != BTX_RING_PORT_COMMAND)
            ;
        CHECK(copy[1] == i);
    }
}

double btx_bench_ring_commands(struct btx_bench_ring_world *world, uint64_t count)
{
    struct flow_run run = {.world = world, .count = count};
    const uint64_t start_ns = btx_bench_clock_ns(CLOCK_MONOTONIC);

    btx_bench_ring_pair(world, consume_near, produce_far, &run);
    return elapsed_ns_each(start_ns, count);
}

/* --- Events ----------------------------------------------------------------------------------- */

static void write_near(void *context)
{
    struct flow_run *run = context;
    struct btx_event_ring *events = &run->world->events;
    uint64_t tx[BTX_BENCH_RING_TX_BYTES / 8] = {0};

    for (uint64_t i = 0; i < run->count; i++) {
        while (btx_event_ring_room(events, 4096) < 4096)
            ;
        tx[0] = i;
        memcpy(btx_event_ring_claim(events, 4096), tx, sizeof(tx));
        btx_event_ring_publish(events, sizeof(tx));
    }
}

static void poll_far(void *context)
{
    struct flow_run *run = context;
    struct btx_event_ring *events = &run->world->events;
    uint64_t left_bytes = run->count * BTX_BENCH_RING_TX_BYTES;

    while (left_bytes > 0) {
        const void *bytes;
        size_t length_bytes;

        if (run->flag)
            (void)btx_event_ring_wait(events, WAIT_NS);
        length_bytes = btx_event_ring_pending(events, &bytes);
        if (length_bytes != 0)
            btx_event_ring_set_durable(events, length_bytes, 0);
        left_bytes -= length_bytes;
    }
}

double btx_bench_ring_events(struct btx_bench_ring_world *world, uint64_t count, bool sleeps)
{
    struct flow_run run = {.world = world, .count = count, .flag = sleeps};
    const uint64_t start_ns = btx_bench_clock_ns(CLOCK_MONOTONIC);

    btx_bench_ring_pair(world, write_near, poll_far, &run);
    return elapsed_ns_each(start_ns, count);
}

double btx_bench_ring_publish(struct btx_bench_ring_world *world, uint64_t count)
{
    struct btx_event_ring *events = &world->events;
    const uint64_t start_ns = btx_bench_clock_ns(CLOCK_MONOTONIC);
    const void *bytes;

    for (uint64_t i = 0; i < count; i++) {
        if (btx_event_ring_room(events, 64) < 64) {
            const size_t length_bytes = btx_event_ring_pending(events, &bytes);

            btx_event_ring_set_durable(events, length_bytes, 0);
            CHECK(btx_event_ring_room(events, 64) >= 64);
        }
        (void)btx_event_ring_claim(events, 64);
        btx_event_ring_publish(events, 64);
    }
    btx_event_ring_set_durable(events, btx_event_ring_pending(events, &bytes), 0);
    return elapsed_ns_each(start_ns, count);
}

double btx_bench_ring_copy(struct btx_bench_ring_world *world, uint64_t count_bytes)
{
    static uint64_t copy[READ_BYTES / sizeof(uint64_t)];
    uint64_t spent_ns = 0;
    uint64_t read_bytes = 0;
    uint64_t mark;

    CHECK(btx_event_reader_join(&world->reader, &mark));
    while (read_bytes < count_bytes) {
        const void *bytes;
        size_t length_bytes = 0;
        uint64_t start_ns;

        CHECK(btx_event_ring_room(&world->events, UINT64_C(8) << 20) >= UINT64_C(8) << 20);
        memset(btx_event_ring_claim(&world->events, UINT64_C(8) << 20), 1, 8u << 20);
        btx_event_ring_publish(&world->events, UINT64_C(8) << 20);
        btx_event_ring_set_durable(&world->events, btx_event_ring_pending(&world->events, &bytes),
                                   0);
        start_ns = btx_bench_clock_ns(CLOCK_MONOTONIC);
        while (btx_event_reader_read(&world->reader, copy, sizeof(copy), &length_bytes) ==
               BTX_EVENT_READ_BYTES) {
            btx_event_reader_advance(&world->reader, length_bytes);
            read_bytes += length_bytes;
        }
        spent_ns += btx_bench_clock_ns(CLOCK_MONOTONIC) - start_ns;
    }
    return (double)spent_ns * 64 / (double)read_bytes;
}

/* --- Waking ----------------------------------------------------------------------------------- */

static void sleep_far(void *context)
{
    struct flow_run *run = context;
    struct btx_event_ring *events = &run->world->events;

    for (uint64_t number = 1; number <= run->count; number++) {
        const void *bytes;

        while (!btx_event_ring_wait(events, WAIT_NS))
            ;
        btx_event_ring_set_durable(events, btx_event_ring_pending(events, &bytes), number);
        atomic_store_explicit(&run->world->back, number, memory_order_release);
    }
}

static void wake_near(void *context)
{
    struct flow_run *run = context;
    struct btx_event_ring *events = &run->world->events;

    for (uint64_t number = 1; number <= run->count; number++) {
        uint64_t start;

        /* It says so a moment before it does: give it the time. */
        while (atomic_load(&events->poller_sleeps) == 0)
            (void)sched_yield();
        start = btx_bench_clock_ns(CLOCK_MONOTONIC);
        while (btx_bench_clock_ns(CLOCK_MONOTONIC) - start < 20000)
            ;
        CHECK(btx_event_ring_room(events, 64) >= 64);
        start = btx_bench_ticks();
        (void)btx_event_ring_claim(events, 64);
        btx_event_ring_publish(events, 64);
        btx_bench_histogram_add(run->first, btx_bench_ticks() - start);
        while (atomic_load_explicit(&run->world->back, memory_order_acquire) != number)
            ;
        btx_bench_histogram_add(run->second, btx_bench_ticks() - start);
    }
}

void btx_bench_ring_wake(struct btx_bench_ring_world *world, uint64_t count,
                         struct btx_bench_histogram *call, struct btx_bench_histogram *trip)
{
    struct flow_run run = {.world = world, .count = count, .first = call, .second = trip};

    btx_bench_ring_pair(world, wake_near, sleep_far, &run);
}
