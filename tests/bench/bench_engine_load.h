/* SPDX-License-Identifier: Apache-2.0 */
/* bench_engine_load.h - the clients of a running engine, as one thread: commands go into its rings,
 * every event is read back from its ring, which shows only what is durable, and checked.
 *
 * Open loop: a command is due by the clock, whether or not it can be handed in then, and its time
 * runs from there until its last event has been read. */
#ifndef BTX_BENCH_ENGINE_LOAD_H
#define BTX_BENCH_ENGINE_LOAD_H

#include <stdint.h>

#include "engine/base/fault.h"
#include "tests/bench/bench_engine_process.h"
#include "tests/bench/bench_engine_sessions.h"

/* How long something takes, us. */
struct btx_bench_engine_spread {
    double p50;
    double p90;
    double p99;
    double p999;
    double maximum;
};

struct btx_bench_engine_result {
    uint64_t commands;  /* Of clients, from the clock's start to the last answer. */
    uint64_t events;    /* Durable and read back, those of the operator's commands included. */
    uint64_t first_seq; /* Of these events. */
    uint64_t last_seq;
    uint64_t full; /* Times that a command was due and the ring had no room for it. */
    uint64_t commits;
    uint64_t commit_bytes;
    uint64_t stalls;     /* Times that the event ring was full. */
    uint64_t pool_waits; /* Rotations that waited for a next segment. */
    uint64_t rotations;
    double seconds;
    double matcher_ns; /* Time on a processor, an event. */
    double poller_ns;
    double others_ns;
    double client_ns;
    struct btx_bench_engine_spread latency; /* Of commands; zeros where there is no rate. */
};

/* Drive @process, whose log is empty, for @seconds: with @rate commands a second, 0 for as many as
 * its ring takes.  Returns when all are answered.
 * Faults: those of the rings; BUG for a refused command or an event out of order; IO when the
 * engine ends, does not go on, or overruns the reader. */
BTX_MUST_USE enum btx_fault_code btx_bench_engine_load(
    const struct btx_bench_engine_process *process, const struct btx_bench_sessions *sessions,
    double rate, double seconds, struct btx_bench_engine_result *ret_result,
    struct btx_fault *reterr_fault);

#endif
