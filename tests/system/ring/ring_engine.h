/* SPDX-License-Identifier: Apache-2.0 */
/* ring_engine.h - the least engine that has peers: it answers each command with an event. */
#ifndef BTX_TESTS_SYSTEM_RING_RING_ENGINE_H
#define BTX_TESTS_SYSTEM_RING_RING_ENGINE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/ring/event_ring.h"
#include "engine/ring/ring_server.h"

enum { ENGINE_PORTS = 2 };

/* What came of one port. */
struct engine_port {
    uint64_t commands; /* in this life */
    bool is_counting;  /* they were numbered 0, 1, 2, ... and whole */
    bool is_broken;    /* the matcher met a lie */
    bool is_ended;
    char why[128];        /* after the end */
    uint64_t accounts[8]; /* listed at the end, the first of them */
    size_t accounts_count;
};

struct engine {
    char folder[32];
    char path[64];
    struct btx_event_ring events;
    struct btx_ring_server *server;
    pthread_t poller;
    _Atomic bool is_stopping;
    uint64_t answered;
    struct engine_port ports[ENGINE_PORTS];
};

/* Start it, with hugepages or without.  False when the hugepages cannot be had. */
bool engine_start(struct engine *engine, bool hugepages);
void engine_stop(struct engine *engine);

/* One turn of the matcher: at most one command from each port.  An ended port is released and its
 * results stay until engine_forget(). */
void engine_turn(struct engine *engine);
void engine_forget(struct engine *engine, size_t port);

#endif
