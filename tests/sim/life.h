/* SPDX-License-Identifier: Apache-2.0 */
/* life.h - one life of the engine, put together as engine/engine.c does it, but on one thread: what
 * runs next is drawn.  It ends in order, by a fault, by a crash, or because something is wrong. */
#ifndef BTX_SIM_LIFE_H
#define BTX_SIM_LIFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/exchange/recovery.h"
#include "engine/loop/matcher.h"
#include "engine/loop/poller.h"
#include "engine/ring/event_reader.h"
#include "engine/service/slew_clock.h"
#include "engine/shadow/auditor.h"
#include "tests/sim/follower.h"
#include "tests/sim/machine.h"
#include "tests/sim/peers.h"
#include "tests/sim/world.h"

/* What held since the matcher had no command in its hands. */
struct btx_sim_checks {
    bool may_hold_command;  /* taken at a turn before, and executed at one to come */
    bool published_command; /* of a peer */
    bool shed[2];           /* orders were taken, were to be shed */
    bool may_take;
    uint64_t earliest_ns; /* time of a command */
    bool waits[BTX_SIM_PEERS];
};

/* Of operators, since the engine was last at rest. */
struct btx_sim_asked {
    bool rotation;
    bool drain;
    bool shutdown;
    uint64_t rotations_before;
};

/* Fields are private to life*.c. */
struct btx_sim_life {
    struct btx_sim_world *world;
    struct btx_sim_follower *follower;
    struct btx_sim_machine machine;
    struct btx_sim_peers peers;
    struct btx_wal_settings settings;
    struct btx_wal_writer *writer;
    struct btx_exchange exchange;
    struct btx_slew_clock time;
    struct btx_event_ring ring;
    struct btx_event_reader reader; /* reads at once: what it has read was shown */
    struct btx_event_reader idler;  /* reads now and then */
    size_t shown_base;              /* of the history: position 0 of the ring */
    uint64_t published;             /* of the ring: copied into the history */
    struct btx_desk desk;
    struct btx_latency_track track;
    struct btx_status_shared status;
    struct btx_matcher matcher;
    struct btx_poller poller;
    struct btx_auditor auditor;
    bool has_auditor;
    struct btx_sim_checks checks;
    struct btx_sim_asked asked;
    unsigned int passed_over[BTX_SIM_PEERS]; /* commands of others since it waits */
    bool drained[BTX_SIM_PEERS];
    uint64_t began_ns; /* the exchange's time at the start, */
    uint64_t began_monotonic_ns;
    uint64_t woken; /* position that peers were last woken for */
    uint64_t steps_left;
    struct btx_fault fault;
};

/* Live until the end; returns an exit status (machine.h).  @follower has taken what is known. */
int btx_sim_life_run(struct btx_sim_world *world, struct btx_sim_follower *follower);

/* --- life_open.c ------------------------------------------------------------------------------ */

/* Recover and compare with all that is known; then be ready for the first turn.  Returns a status:
 * ENDED, when it has begun. */
int btx_sim_life_open(struct btx_sim_life *life);

/* The status of a life that ends by life->fault: somebody must have made it. */
int btx_sim_life_fault(struct btx_sim_life *life);

/* --- life_turns.c ----------------------------------------------------------------------------- */

enum btx_matcher_turn btx_sim_life_matcher(struct btx_sim_life *life);
enum btx_poller_turn btx_sim_life_poller(struct btx_sim_life *life);
/* The status of a life whose poller has failed. */
int btx_sim_life_failed(struct btx_sim_life *life);
/* What is durable is read, and known from then on. */
BTX_MUST_USE bool btx_sim_life_read(struct btx_sim_life *life);
BTX_MUST_USE bool btx_sim_life_idle_read(struct btx_sim_life *life);
/* During a sync of the poller. */
void btx_sim_life_wait(void *context);
/* Turns of all until nothing is left to do; then all must be answered. */
int btx_sim_life_settle(struct btx_sim_life *life);
int btx_sim_life_audit(struct btx_sim_life *life);
/* All turns from here to the end of a life that was told to stop. */
int btx_sim_life_stop(struct btx_sim_life *life);

/* --- life_checks.c ---------------------------------------------------------------------------- */

/* Around a turn of the matcher, and for each record that it published.  False: the world knows. */
void btx_sim_checks_before(struct btx_sim_life *life);
BTX_MUST_USE bool btx_sim_checks_published(struct btx_sim_life *life,
                                           const struct btx_record *record);
BTX_MUST_USE bool btx_sim_checks_after(struct btx_sim_life *life, enum btx_matcher_turn turn);

/* Of an engine that was left alone, and has had the time to look around. */
BTX_MUST_USE bool btx_sim_checks_at_rest(struct btx_sim_life *life);

#endif
