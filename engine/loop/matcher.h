/* SPDX-License-Identifier: Apache-2.0 */
/* matcher.h - the loop around the core: takes commands from the rings, stamps the time, lets the
 * core decide, and writes what it says into the event ring.
 *
 * One thread, which never waits for another: what it cannot do now it does at a later turn.  In
 * steady state a turn makes no system call but the wake-up of a poller that sleeps.  Clock and
 * rings are handed in, so that the simulator runs the same turns under its own. */
#ifndef BTX_LOOP_MATCHER_H
#define BTX_LOOP_MATCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/clock.h"
#include "engine/core/core.h"
#include "engine/exchange/exchange.h"
#include "engine/loop/desk.h"
#include "engine/loop/latency_track.h"
#include "engine/ring/event_ring.h"
#include "engine/ring/ring_port.h"
#include "engine/status/page.h"
#include "engine/wire/requests.h"

struct btx_matcher_options {
    struct btx_exchange *exchange; /* recovered; all of it the matcher's from now on */
    struct btx_event_ring *ring;
    struct btx_ring_port **ports; /* the admin service's first, then the gateways'; outlive it */
    size_t port_count;
    const struct btx_clock *clock; /* the engine's time, and monotonic time */
    struct btx_desk *desk;
    struct btx_latency_track *track;
    struct btx_status_shared *status;
    void (*look)(void *context); /* each tenth of a second or so: to look at the clock; or NULL */
    void *look_context;
    void (*kick)(void *context); /* a port is broken or released: let the helper look */
    void *kick_context;
};

/* Commands are taken so many ahead of the one that is executed, so that what each of them looks at
 * can be fetched into the processor's caches meanwhile, a step at each turn. */
#define BTX_MATCHER_AHEAD (BTX_CORE_PREFETCH_STEPS + 1u)

/* A command that was taken, or a request. */
struct btx_matcher_taken {
    union btx_command_space space;
    uint64_t began_ns; /* when it was handed in, monotonic; 0: by nobody */
    uint32_t fetched;  /* steps of btx_core_prefetch() */
    bool stamped;      /* with the time, and whether load is shed */
};

/* Caller's storage, zeroed.  Fields are private. */
struct btx_matcher {
    struct btx_matcher_options options;
    struct btx_status_writer status;
    struct btx_matcher_taken taken[BTX_MATCHER_AHEAD]; /* a queue */
    size_t taken_first;                                /* the command being executed */
    size_t taken_count;
    size_t turn_port;             /* the gateway that is asked next */
    struct btx_ring_port *ending; /* its peer is gone: its accounts are being cancelled for */
    size_t ending_next;
    uint64_t position; /* of the event ring, behind what was published */
    uint64_t now_ns;   /* monotonic, at the beginning of the turn */
    uint64_t swept_ns; /* when the gauges were last written */
    uint64_t number;   /* of the engine's own commands */
    bool has_now;      /* now_ns was read at the end of the turn before */
    bool goes_on;      /* the core wants step(NULL) */
    bool was_full;     /* the turn before found no room in the event ring */
    bool stopped;
};

/* Begin.  A command that was unfinished in the recovered state is finished first. */
void btx_matcher_init(struct btx_matcher *matcher, const struct btx_matcher_options *options);

enum btx_matcher_turn {
    BTX_MATCHER_WORKED,  /* something was done, or there may be more at once */
    BTX_MATCHER_IDLE,    /* nothing to do: all rings are empty and nothing is due */
    BTX_MATCHER_FULL,    /* the event ring has no room for a tx: wait for the disk */
    BTX_MATCHER_STOPPED, /* as the desk wished; nothing more will come */
};

/* Do at most one tx.  Commands are taken a few ahead; in a queue, so that they are executed in the
 * order in which they were taken. */
enum btx_matcher_turn btx_matcher_turn(struct btx_matcher *matcher);

/* What a producer's ring may carry is a matter of its types; this judges one record of an admin
 * or gateway ring (engine/ring/command_consumer.h): a whole command or request, with
 * nothing in it that only the engine sets.  @context NULL. */
const char *btx_matcher_check(const void *record, size_t length_bytes, void *context);
/* For gateways: and not of all accounts at once. */
const char *btx_matcher_check_gateway(const void *record, size_t length_bytes, void *context);

/* Types of commands that gateways may hand in (architecture.md 4); of the admin service. */
extern const uint64_t btx_matcher_gateway_types;
extern const uint64_t btx_matcher_admin_types;

#endif
