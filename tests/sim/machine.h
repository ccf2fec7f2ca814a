/* SPDX-License-Identifier: Apache-2.0 */
/* machine.h - what the machine below the engine does to it: loses power, kills it, fails its calls,
 * keeps it waiting.  On the simulated disk of tests/crash. */
#ifndef BTX_SIM_MACHINE_H
#define BTX_SIM_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/world.h"

/* Exit statuses of a life. */
enum {
    BTX_SIM_LIFE_ENDED = 0,
    BTX_SIM_LIFE_FAILED = 1,   /* what must hold does not: world->failure */
    BTX_SIM_LIFE_CRASHED = 42, /* power cut or kill */
    BTX_SIM_LIFE_FAULT = 43,   /* a call failed and the engine stopped, as it must */
    BTX_SIM_LIFE_REFUSED = 44, /* the clock is before the log */
};

/* Of one life of the engine.  Start with {0}. */
struct btx_sim_machine {
    struct btx_sim_world *world;
    uint64_t crash_in; /* so many calls from now; 0: none is due */
    enum btx_disk_moment crash_moment;
    bool crash_cuts; /* the power, else the process is killed alone */
    bool is_recovering;
    uint32_t held_calls; /* which calls are to fail, while none is */
    uint64_t slow_syncs;
    void (*wait)(void *context); /* during a slow sync: what other threads do meanwhile */
    void *context;
};

/* From here on this process's calls go to the world's disk. */
void btx_sim_machine_begin(struct btx_sim_machine *machine, struct btx_sim_world *world);
/* They are the system's again; what failed is counted. */
void btx_sim_machine_end(struct btx_sim_machine *machine);

/* Now. */
BTX_NORETURN void btx_sim_machine_crash(struct btx_sim_machine *machine, bool cut);

/* At one of the next @calls_max calls. */
void btx_sim_machine_arm_crash(struct btx_sim_machine *machine, uint64_t calls_max);
void btx_sim_machine_arm_failure(struct btx_sim_machine *machine, uint64_t calls_max);

/* Whether a failure was armed and met; and in a call that an engine may end by: what is wrong with
 * snapshots is no reason. */
bool btx_sim_machine_has_failed(void);
bool btx_sim_machine_has_failed_log(void);

/* While the simulation itself looks at the log no call fails. */
void btx_sim_machine_hold_failures(struct btx_sim_machine *machine, bool hold);

#endif
