/* SPDX-License-Identifier: Apache-2.0 */
/* bench_engine_sessions.h - commands without end whose state stays bounded: session after session.
 *
 * A session is the mixed flow of bench_core_generate.c on markets of its own.  While the next one
 * is traded the operator settles and forgets the markets of the last one and opens those of the one
 * after it, one command at a time, spread over the session.  The flow is made once, as operations
 * of 16 bytes; the commands of all sessions are made from it where they are handed in. */
#ifndef BTX_BENCH_ENGINE_SESSIONS_H
#define BTX_BENCH_ENGINE_SESSIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/wire/commands.h"
#include "tests/bench/bench_core_flow.h"

/* PlaceOrder and CancelOrder, of clients. */
#define BTX_BENCH_ORDER_BYTES BTX_BENCH_COMMAND_BYTES

/* The next command of the clients. */
struct btx_bench_session_place {
    uint64_t number; /* Of all sessions, from 0. */
    uint64_t session;
    uint32_t index; /* In its session. */
    uint32_t padding;
};

/* Fields are private but shape, orders and events. */
struct btx_bench_sessions {
    struct btx_bench_shape shape; /* Of one session. */
    struct btx_bench_op *ops;     /* shape.commands of them. */
    uint32_t orders;              /* Placed in a session. */
    uint32_t padding;
    double events; /* Of a client's command, in the mean; settlement comes on top. */
    uint64_t prices[350];
    struct btx_place_order place;
    struct btx_cancel_order cancel;
};

void btx_bench_sessions_init(struct btx_bench_sessions *sessions,
                             const struct btx_bench_shape *shape);
void btx_bench_sessions_done(struct btx_bench_sessions *sessions);

/* Write the command at @place to @to, which has BTX_BENCH_ORDER_BYTES, and move @place on.
 * @time_ns: when it was due. */
void btx_bench_sessions_order(const struct btx_bench_sessions *sessions,
                              struct btx_bench_session_place *place, uint64_t time_ns, void *to);

/* What has to be there before the first command: operator's commands number 0 to this one less.
 * They open accounts, pay in, and open the markets of the first two sessions. */
uint64_t btx_bench_sessions_setup(const struct btx_bench_sessions *sessions);

/* Make the operator's command @number, from 0, in @space. */
const struct btx_command *btx_bench_sessions_operator(const struct btx_bench_sessions *sessions,
                                                      uint64_t number,
                                                      union btx_command_space *space);

/* How many of the operator's commands may be handed in when @answered commands of the clients are
 * durable: never so many that a market of theirs is settled before they are through. */
uint64_t btx_bench_sessions_may_operate(const struct btx_bench_sessions *sessions,
                                        uint64_t answered);

/* How many of them must be durable before session @session begins: its markets are open then. */
uint64_t btx_bench_sessions_must_operate(const struct btx_bench_sessions *sessions,
                                         uint64_t session);

#endif
