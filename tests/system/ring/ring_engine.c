/* SPDX-License-Identifier: Apache-2.0 */
/* ring_engine.c - matcher turns, and a poller whose disk is infinitely fast. */
#include "ring_engine.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "ring_peer.h"

#define SECOND_NS UINT64_C(1000000000)

static void *poller_main(void *context)
{
    struct engine *engine = context;

    while (!atomic_load(&engine->is_stopping)) {
        const void *bytes;
        size_t length_bytes;

        if (!btx_event_ring_wait(&engine->events, SECOND_NS))
            continue;
        length_bytes = btx_event_ring_pending(&engine->events, &bytes);
        btx_event_ring_set_durable(&engine->events, length_bytes, 0);
        btx_ring_server_wake(engine->server, btx_event_ring_durable(&engine->events));
    }
    return NULL;
}

static struct btx_ring_port_rule port_rule(uint16_t producer)
{
    return (struct btx_ring_port_rule){
        .name = "peer",
        .uid = getuid(),
        .producer = producer,
        .ring_bytes = BTX_COMMAND_RING_BYTES_MIN,
        .accounts_max = 512,
        .commands = {.types = UINT64_C(1) << PEER_TYPE,
                     .length_bytes_max = PEER_UNITS_MAX * BTX_RING_UNIT_BYTES,
                     .kind = PEER_KIND},
    };
}

bool engine_start(struct engine *engine, bool hugepages)
{
    const struct btx_ring_port_rule rules[ENGINE_PORTS] = {port_rule(1), port_rule(2)};
    const struct btx_event_ring_options event_options = {
        .capacity_bytes = 4 * BTX_EVENT_RING_BYTES_MIN, .incarnation = 1, .hugepages = hugepages};
    struct btx_ring_server_options options = {
        .path = engine->path,
        .mode = 0600,
        .rules = rules,
        .rule_count = ENGINE_PORTS,
        .events = &engine->events,
        .status_fd = -1,
        .first_incarnation = 1,
        .patience_ns = 60 * SECOND_NS,
        .mapping_ns = 60 * SECOND_NS,
        .clock = btx_clock_system(),
    };
    struct btx_fault fault = {0};

    memset(engine, 0, sizeof(*engine));
    (void)snprintf(engine->folder, sizeof(engine->folder), "/tmp/betex-peers-XXXXXX");
    if (btx_event_ring_create(&engine->events, &event_options, &fault) != BTX_OK)
        return false;
    CHECK(mkdtemp(engine->folder) != NULL);
    (void)snprintf(engine->path, sizeof(engine->path), "%s/engine.sock", engine->folder);
    CHECK(btx_ring_server_open(&engine->server, &options, &fault) == BTX_OK);
    CHECK(pthread_create(&engine->poller, NULL, poller_main, engine) == 0);
    for (size_t i = 0; i < ENGINE_PORTS; i++)
        engine_forget(engine, i);
    return true;
}

void engine_stop(struct engine *engine)
{
    atomic_store(&engine->is_stopping, true);
    btx_event_ring_kick(&engine->events);
    CHECK(pthread_join(engine->poller, NULL) == 0);
    btx_ring_server_close(engine->server);
    btx_event_ring_done(&engine->events);
    CHECK(rmdir(engine->folder) == 0);
}

static void answer(struct engine *engine, uint64_t producer, uint64_t number)
{
    uint64_t *event;

    while (btx_event_ring_room(&engine->events, BTX_RING_UNIT_BYTES) < BTX_RING_UNIT_BYTES)
        (void)sched_yield();
    event = btx_event_ring_claim(&engine->events, BTX_RING_UNIT_BYTES);
    memset(event, 0, BTX_RING_UNIT_BYTES);
    event[1] = producer;
    event[2] = number;
    btx_event_ring_publish(&engine->events, BTX_RING_UNIT_BYTES);
    engine->answered++;
}

static bool is_whole(const uint64_t *words, size_t length_bytes, uint64_t number)
{
    for (size_t i = 1; i < length_bytes / 8; i++)
        if (words[i] != number + i - 1)
            return false;
    return true;
}

static void port_ended(struct engine *engine, size_t index)
{
    struct btx_ring_port *port = btx_ring_server_port(engine->server, index);
    struct engine_port *result = &engine->ports[index];
    const uint64_t *accounts;

    result->accounts_count = btx_ring_port_accounts(port, &accounts);
    for (size_t i = 0; i < result->accounts_count && i < 8; i++)
        result->accounts[i] = accounts[i];
    (void)snprintf(result->why, sizeof(result->why), "%s", btx_ring_port_why(port));
    result->is_ended = true;
    btx_ring_port_release(port);
    btx_ring_server_kick(engine->server);
}

void engine_turn(struct engine *engine)
{
    static uint64_t words[PEER_UNITS_MAX * BTX_RING_UNIT_BYTES / 8];
    size_t length_bytes = 0;
    bool was_idle = true;

    for (size_t i = 0; i < ENGINE_PORTS; i++) {
        struct btx_ring_port *port = btx_ring_server_port(engine->server, i);
        struct engine_port *result = &engine->ports[i];

        switch (btx_ring_port_take(port, words, &length_bytes)) {
        case BTX_RING_PORT_EMPTY:
            break;
        case BTX_RING_PORT_COMMAND:
            if (words[1] != result->commands || !is_whole(words, length_bytes, words[1]))
                result->is_counting = false;
            result->commands++;
            was_idle = false;
            answer(engine, i + 1, words[1]);
            break;
        case BTX_RING_PORT_BROKEN:
            result->is_broken = true;
            btx_ring_server_kick(engine->server);
            break;
        case BTX_RING_PORT_ENDED:
            port_ended(engine, i);
            break;
        case BTX_RING_PORT_TAKE_COUNT:
            CHECK_UNREACHABLE();
        }
    }
    if (was_idle)
        (void)sched_yield();
}

void engine_forget(struct engine *engine, size_t port)
{
    memset(&engine->ports[port], 0, sizeof(engine->ports[port]));
    engine->ports[port].is_counting = true;
}
