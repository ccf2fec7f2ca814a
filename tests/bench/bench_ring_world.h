/* SPDX-License-Identifier: Apache-2.0 */
/* bench_ring_world.h - one of everything that is measured, and two threads on two processors. */
#ifndef BTX_BENCH_RING_WORLD_H
#define BTX_BENCH_RING_WORLD_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/ring/command_producer.h"
#include "engine/ring/event_reader.h"
#include "engine/ring/event_ring.h"
#include "engine/ring/ring_port.h"

/* A PlaceOrder, and a tx of a command and one event. */
enum { BTX_BENCH_RING_COMMAND_BYTES = 128, BTX_BENCH_RING_TX_BYTES = 256 };

/* The rings as the engine has them and as its peers do, in one process; and two words, each on
 * lines of its own, for what nothing can be faster than. */
struct btx_bench_ring_world {
    struct btx_event_ring events;
    struct btx_event_reader reader;
    struct btx_ring_port port;
    struct btx_command_producer producer;
    bool hugepages;    /* of the event ring */
    int processors[2]; /* the near and the far thread's */
    alignas(128) _Atomic uint64_t go;
    alignas(128) _Atomic uint64_t back;
    alignas(128) _Atomic bool is_over; /* the far thread's loop may end */
};

/* Make it, with hugepages where they can be had.  False, after a line on stderr, when there are not
 * two processors. */
bool btx_bench_ring_world_init(struct btx_bench_ring_world *world);
void btx_bench_ring_world_done(struct btx_bench_ring_world *world);

/* Run @far on the far processor and @near on the near one, both with @context; back when both are
 * done.  @near begins when @far is there; is_over, go and back are reset before. */
void btx_bench_ring_pair(struct btx_bench_ring_world *world, void (*near)(void *context),
                         void (*far)(void *context), void *context);

/* Fill in the first word of a command that the port takes. */
void btx_bench_ring_command(uint64_t *words);

#endif
