/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_ring_world.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/check.h"

enum { KIND = 1, TYPE = 10 };

void btx_bench_ring_command(uint64_t *words)
{
    words[0] = (uint64_t)(BTX_BENCH_RING_COMMAND_BYTES / BTX_RING_UNIT_BYTES)
                   << BTX_RING_LENGTH_SHIFT |
               (uint64_t)KIND << BTX_RING_KIND_SHIFT | (uint64_t)TYPE << BTX_RING_TYPE_SHIFT;
}

static bool find_processors(int processors[2])
{
    cpu_set_t all;
    int found = 0;

    CHECK(sched_getaffinity(0, sizeof(all), &all) == 0);
    for (int i = 0; i < CPU_SETSIZE && found < 2; i++)
        if (CPU_ISSET((size_t)i, &all))
            processors[found++] = i;
    return found == 2;
}

static void pin(int processor)
{
    cpu_set_t one;

    CPU_ZERO(&one);
    CPU_SET((size_t)processor, &one);
    CHECK(pthread_setaffinity_np(pthread_self(), sizeof(one), &one) == 0);
}

static void make_events(struct btx_bench_ring_world *world)
{
    struct btx_event_ring_options options = {.capacity_bytes = UINT64_C(16) << 20,
                                             .hugepages = true};
    struct btx_fault fault = {0};
    int page_fd = -1;
    int bytes_fd = -1;

    if (btx_event_ring_create(&world->events, &options, &fault) != BTX_OK) {
        options.hugepages = false;
        CHECK(btx_event_ring_create(&world->events, &options, &fault) == BTX_OK);
    }
    world->hugepages = options.hugepages;
    CHECK(btx_ring_memory_open_reader(&world->events.page_memory, &page_fd, &fault) == BTX_OK);
    CHECK(btx_ring_memory_open_reader(&world->events.bytes_memory, &bytes_fd, &fault) == BTX_OK);
    CHECK(btx_event_reader_attach(&world->reader, page_fd, bytes_fd, &fault) == BTX_OK);
}

bool btx_bench_ring_world_init(struct btx_bench_ring_world *world)
{
    const struct btx_ring_port_rule rule = {
        .name = "bench",
        .ring_bytes = 1u << 20,
        .commands = {.types = UINT64_C(1) << TYPE, .length_bytes_max = 8320, .kind = KIND},
    };
    struct btx_fault fault = {0};
    int page_fd;
    int region_fd;

    memset(world, 0, sizeof(*world));
    if (!find_processors(world->processors)) {
        (void)fprintf(stderr, "betex-bench-ring: a hop is from one processor to another, and "
                              "there is only one\n");
        return false;
    }
    make_events(world);
    CHECK(btx_ring_port_init(&world->port, &rule, false, &fault) == BTX_OK);
    CHECK(btx_ring_port_prepare(&world->port, 1, &fault) == BTX_OK);
    btx_ring_port_descriptors(&world->port, &page_fd, &region_fd);
    CHECK(btx_command_producer_attach(&world->producer, dup(page_fd), dup(region_fd), &fault) ==
          BTX_OK);
    CHECK(btx_ring_port_open(&world->port, &fault) == BTX_OK);
    return true;
}

void btx_bench_ring_world_done(struct btx_bench_ring_world *world)
{
    btx_command_producer_detach(&world->producer);
    btx_ring_port_done(&world->port);
    btx_event_reader_detach(&world->reader);
    btx_event_ring_done(&world->events);
}

/* What the far thread is told. */
struct far_start {
    void (*run)(void *context);
    void *context;
    int processor;
    _Atomic bool is_there;
};

static void *far_main(void *argument)
{
    struct far_start *start = argument;

    pin(start->processor);
    atomic_store(&start->is_there, true);
    start->run(start->context);
    return NULL;
}

void btx_bench_ring_pair(struct btx_bench_ring_world *world, void (*near)(void *context),
                         void (*far)(void *context), void *context)
{
    struct far_start start = {
        .run = far, .context = context, .processor = world->processors[1], .is_there = false};
    pthread_t thread;
    cpu_set_t before;

    CHECK(pthread_getaffinity_np(pthread_self(), sizeof(before), &before) == 0);
    atomic_store(&world->go, 0);
    atomic_store(&world->back, 0);
    atomic_store(&world->is_over, false);
    pin(world->processors[0]);
    CHECK(pthread_create(&thread, NULL, far_main, &start) == 0);
    while (!atomic_load(&start.is_there))
        ;
    near(context);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(pthread_setaffinity_np(pthread_self(), sizeof(before), &before) == 0);
}
