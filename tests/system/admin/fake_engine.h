/* SPDX-License-Identifier: Apache-2.0 */
/* fake_engine.h - a test double of betexd: the real core, rings and log, in one thread.
 *
 * It decides, commits and answers as the engine does, one command at a time and slowly: no cores,
 * no poller, no helpers, no time of its own but the wall clock's.  Nothing but tests may use it. */
#ifndef BTX_TESTS_SYSTEM_ADMIN_FAKE_ENGINE_H
#define BTX_TESTS_SYSTEM_ADMIN_FAKE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/exchange/exchange.h"
#include "engine/ring/event_ring.h"
#include "engine/ring/ring_server.h"
#include "engine/status/page.h"
#include "engine/wal/writer.h"

struct fake_engine {
    struct btx_exchange exchange;
    struct btx_event_ring events;
    struct btx_ring_server *server;
    struct btx_wal_writer *writer;
    struct btx_status_page page;
    struct btx_status_writer main_status;
    struct btx_status_writer matcher_status;
    uint64_t seq;
    uint64_t tx;
    uint64_t commands;
    bool is_draining;
    bool is_asked_to_stop; /* by a Shutdown request */
};

/* Start on the log at @wal, which is made when missing, and listen at @socket.  Any fault ends the
 * process: there is no test without it. */
void fake_engine_open(struct fake_engine *engine, const char *socket, const char *wal);

/* Take at most one command, do it, make it durable.  Returns whether there was one. */
bool fake_engine_turn(struct fake_engine *engine);

/* Run a command of the engine's own, as if it had come through a ring. */
void fake_engine_run(struct fake_engine *engine, const struct btx_command *command);

/* Stop; @clean says so in the log, otherwise it is as if it had been killed. */
void fake_engine_close(struct fake_engine *engine, bool clean);

#endif
