/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/life.h"

#include <string.h>

#include "engine/base/check.h"

#define SECOND_NS UINT64_C(1000000000)
#define HOUR_NS (3600 * SECOND_NS)
#define MIB (UINT64_C(1) << 20)

/* What may happen next: ACTION(NAME, name, weight, varies).  What varies has another weight in each
 * run, often none at all: a fault is best met where others do not end everything before it. */
#define ACTIONS(ACTION)                                                                            \
    ACTION(PRODUCE, "produce", 300, false)                                                         \
    ACTION(MATCHER, "matcher", 250, false)                                                         \
    ACTION(POLLER, "poller", 200, true)                                                            \
    ACTION(HELPER, "helper", 60, false)                                                            \
    ACTION(TIME, "time", 30, false)                                                                \
    ACTION(READ, "read", 30, true)                                                                 \
    ACTION(SETTLE, "settle", 10, false)                                                            \
    ACTION(AUDITOR, "auditor", 40, true)                                                           \
    ACTION(ROTATE, "rotate", 4, true)                                                              \
    ACTION(REMARK, "remark", 6, true)                                                              \
    ACTION(DRAIN, "drain", 1, true)                                                                \
    ACTION(SHUTDOWN, "shutdown", 1, true)                                                          \
    ACTION(SIGNAL, "signal", 1, true)                                                              \
    ACTION(DIE, "die", 4, true)                                                                    \
    ACTION(LIE, "lie", 4, true)                                                                    \
    ACTION(FREEZE, "freeze", 6, true)                                                              \
    ACTION(CLOCK, "clock", 2, true)                                                                \
    ACTION(SPACE, "space", 5, true)                                                                \
    ACTION(SLOW, "slow", 6, true)                                                                  \
    ACTION(FLOOD, "flood", 2, true)                                                                \
    ACTION(FAILURE, "failure", 3, true)                                                            \
    ACTION(CRASH, "crash", 5, true)

enum action {
#define ACTION(NAME, name, weight, varies) ACTION_##NAME,
    ACTIONS(ACTION)
#undef ACTION
        ACTION_COUNT
};

enum {
    RECOVERY_CALLS_MAX = 60,
    CALLS_MAX = 25,
    TURNS_MAX = 12,
    COMMANDS_MAX = 8,
    SLOW_SYNCS_MAX = 20,
    FLOOD_TURNS_MAX = 4000,
    DRAIN_STEPS = 60,
};

static const char *action_name(enum action action)
{
    static const char *const names[ACTION_COUNT] = {
#define ACTION(NAME, name, weight, varies) name,
        ACTIONS(ACTION)
#undef ACTION
    };

    return names[action];
}

static enum action draw_action(struct btx_sim_world *world)
{
    static const struct {
        uint64_t weight;
        bool varies;
    } plan[ACTION_COUNT] = {
#define ACTION(NAME, name, weight, varies) {weight, varies},
        ACTIONS(ACTION)
#undef ACTION
    };
    static const uint64_t factors[] = {0, 1, 1, 3};
    struct btx_random random;
    uint64_t weights[ACTION_COUNT];
    uint64_t sum = 0;
    uint64_t drawn;
    int action = 0;

    btx_random_init(&random, world->weights_seed);
    for (int i = 0; i < ACTION_COUNT; i++) {
        const uint64_t factor = factors[btx_random_below(&random, BTX_COUNT_OF(factors))];

        /* Without a poller nothing would ever be shown. */
        weights[i] = plan[i].weight * (!plan[i].varies                     ? 1
                                       : factor == 0 && i == ACTION_POLLER ? 1
                                                                           : factor);
        sum += weights[i];
    }
    drawn = btx_random_below(&world->random, sum);
    while (drawn >= weights[action])
        drawn -= weights[action++];
    return (enum action)action;
}

/* --- Actions: each returns the status of a life, ENDED when it goes on. ----------------------- */

static int act_poller(struct btx_sim_life *life)
{
    if (btx_sim_life_poller(life) == BTX_POLLER_FAILED)
        return btx_sim_life_failed(life);
    if (btx_random_chance(&life->world->random, 900) && !btx_sim_life_read(life))
        return BTX_SIM_LIFE_FAILED;
    return BTX_SIM_LIFE_ENDED;
}

static void act_time(struct btx_sim_life *life)
{
    static const uint64_t longest_ns[] = {1000000, 100000000, 2 * SECOND_NS, 90 * SECOND_NS};
    struct btx_random *random = &life->world->random;
    const uint64_t limit_ns = longest_ns[btx_random_below(random, BTX_COUNT_OF(longest_ns))];

    btx_clock_manual_advance(&life->world->clock, btx_random_below(random, limit_ns));
}

static void act_clock(struct btx_sim_life *life)
{
    struct btx_sim_world *world = life->world;
    const uint64_t by_ns = btx_random_chance(&world->random, 500) ? HOUR_NS : 2 * SECOND_NS;
    const bool forward = btx_random_chance(&world->random, 500);
    const uint64_t now_ns = btx_clock_wall_ns(&world->clock.clock);

    btx_sim_meet(world, forward ? BTX_SIM_CLOCK_FORWARD : BTX_SIM_CLOCK_BACK);
    btx_clock_manual_set_wall(&world->clock, forward ? now_ns + by_ns : now_ns - by_ns);
}

static void act_space(struct btx_sim_life *life)
{
    static const uint64_t free_bytes[] = {1024 * MIB, 1024 * MIB, 1024 * MIB,
                                          1024 * MIB, 48 * MIB,   16 * MIB};
    struct btx_sim_world *world = life->world;

    world->free_bytes = free_bytes[btx_random_below(&world->random, BTX_COUNT_OF(free_bytes))];
    btx_disk_control()->free_bytes = world->free_bytes;
}

/* The disk does not come back while operators talk: until the event ring is full. */
static void act_flood(struct btx_sim_life *life)
{
    for (int i = 0; i < FLOOD_TURNS_MAX; i++) {
        while (btx_sim_peers_request(&life->peers, BTX_REQUEST_OPERATOR_ACTION, true)) {
        }
        if (btx_sim_life_matcher(life) != BTX_MATCHER_WORKED)
            break;
    }
    if (btx_random_chance(&life->world->random, 500))
        btx_desk_wish(&life->desk, BTX_ENGINE_STOP); /* With more than one commit to do. */
}

static void act_drain(struct btx_sim_life *life)
{
    if (!btx_sim_peers_request(&life->peers, BTX_REQUEST_DRAIN, false))
        return;
    btx_sim_meet(life->world, BTX_SIM_DRAINS);
    life->asked.drain = true;
    life->steps_left = DRAIN_STEPS; /* Who drains an engine ends it soon. */
}

static void act_rotate(struct btx_sim_life *life)
{
    const enum btx_request_type type =
        btx_random_chance(&life->world->random, 500) ? BTX_REQUEST_ROTATE : BTX_REQUEST_SNAPSHOT;
    struct btx_wal_status log;

    if (!btx_sim_peers_request(&life->peers, type, false))
        return;
    btx_sim_meet(life->world, BTX_SIM_ROTATIONS);
    btx_wal_writer_status(life->writer, &log);
    life->asked.rotation = true;
    life->asked.rotations_before = log.rotations;
}

static void act_request(struct btx_sim_life *life, enum action action)
{
    if (action == ACTION_REMARK) {
        (void)btx_sim_peers_request(&life->peers, BTX_REQUEST_OPERATOR_ACTION, false);
    } else if (action == ACTION_DRAIN) {
        act_drain(life);
    } else if (action == ACTION_ROTATE) {
        act_rotate(life);
    } else if (btx_sim_peers_request(&life->peers, BTX_REQUEST_SHUTDOWN, false)) {
        btx_sim_meet(life->world, BTX_SIM_SHUTDOWNS);
        life->asked.shutdown = true;
    }
}

static void act_crash(struct btx_sim_life *life)
{
    struct btx_random *random = &life->world->random;

    if (btx_random_chance(random, 300))
        btx_sim_machine_crash(&life->machine, btx_random_chance(random, 700));
    if (life->machine.crash_in == 0)
        btx_sim_machine_arm_crash(&life->machine, CALLS_MAX);
}

static void act_often(struct btx_sim_life *life, enum action action)
{
    struct btx_random *random = &life->world->random;

    if (action == ACTION_HELPER)
        btx_sim_peers_help(&life->peers);
    else if (action == ACTION_TIME)
        act_time(life);
    else if (action == ACTION_PRODUCE)
        for (uint64_t i = btx_random_between(random, 1, COMMANDS_MAX); i != 0; i--)
            btx_sim_peers_command(&life->peers);
    else
        for (uint64_t i = btx_random_between(random, 1, TURNS_MAX); i != 0; i--)
            (void)btx_sim_life_matcher(life);
}

static int act(struct btx_sim_life *life, enum action action)
{
    struct btx_random *random = &life->world->random;

    switch (action) {
    case ACTION_PRODUCE:
    case ACTION_MATCHER:
    case ACTION_HELPER:
    case ACTION_TIME:
        act_often(life, action);
        break;
    case ACTION_POLLER:
        return act_poller(life);
    case ACTION_READ:
        return btx_sim_life_idle_read(life) ? BTX_SIM_LIFE_ENDED : BTX_SIM_LIFE_FAILED;
    case ACTION_SETTLE:
        return btx_sim_life_settle(life);
    case ACTION_AUDITOR:
        return btx_sim_life_audit(life);
    case ACTION_ROTATE:
    case ACTION_REMARK:
    case ACTION_DRAIN:
    case ACTION_SHUTDOWN:
        act_request(life, action);
        break;
    case ACTION_SIGNAL:
        btx_desk_wish(&life->desk, BTX_ENGINE_STOP);
        break;
    case ACTION_DIE:
        btx_sim_peers_die(&life->peers);
        break;
    case ACTION_LIE:
        if (btx_sim_peers_lie(&life->peers) == 0)
            life->asked = (struct btx_sim_asked){0}; /* By an operator who may not be heard now. */
        break;
    case ACTION_FREEZE:
        btx_sim_peers_freeze(&life->peers);
        break;
    case ACTION_CLOCK:
        act_clock(life);
        break;
    case ACTION_SPACE:
        act_space(life);
        break;
    case ACTION_SLOW:
        life->machine.slow_syncs = btx_random_between(random, 1, SLOW_SYNCS_MAX);
        break;
    case ACTION_FLOOD:
        act_flood(life);
        break;
    case ACTION_FAILURE:
        btx_sim_machine_arm_failure(&life->machine, CALLS_MAX);
        break;
    case ACTION_CRASH:
        act_crash(life);
        break;
    case ACTION_COUNT:
        CHECK_UNREACHABLE();
    }
    return BTX_SIM_LIFE_ENDED;
}

/* --- A life ----------------------------------------------------------------------------------- */

/* Until it is told to stop. */
static int serve(struct btx_sim_life *life)
{
    struct btx_sim_world *world = life->world;
    int status = BTX_SIM_LIFE_ENDED;

    while (status == BTX_SIM_LIFE_ENDED && btx_desk_wished(&life->desk) < BTX_ENGINE_STOP) {
        enum action action;

        if (world->step >= world->steps || life->steps_left == 0) {
            btx_desk_wish(&life->desk, BTX_ENGINE_STOP);
            break;
        }
        world->step++;
        life->steps_left--;
        action = draw_action(world);
        btx_sim_note_number(world, (uint64_t)action);
        btx_sim_trace(world, "%s", action_name(action));
        status = act(life, action);
        if (world->failure[0] != '\0')
            status = BTX_SIM_LIFE_FAILED; /* Of a turn within a call. */
    }
    return status;
}

static int end_in_order(struct btx_sim_life *life)
{
    int status;

    btx_sim_peers_thaw(&life->peers);
    status = btx_sim_life_stop(life);
    if (status != BTX_SIM_LIFE_ENDED)
        return status;
    if (btx_wal_writer_close(life->writer, NULL, &life->fault) != BTX_OK) {
        life->writer = NULL;
        return btx_sim_life_fault(life);
    }
    life->writer = NULL;
    btx_sim_meet(life->world, BTX_SIM_STOPPED_IN_ORDER);
    return BTX_SIM_LIFE_ENDED;
}

/* A life that ends by itself gives back what it holds: after a fault, too. */
static void give_back(struct btx_sim_life *life)
{
    struct btx_fault fault = {0};

    if (life->has_auditor)
        btx_auditor_close(&life->auditor);
    (void)btx_wal_writer_close(life->writer, NULL, &fault);
}

int btx_sim_life_run(struct btx_sim_world *world, struct btx_sim_follower *follower)
{
    static struct btx_sim_life life;
    struct btx_random *random = &world->random;
    int status;

    life.world = world;
    life.follower = follower;
    life.steps_left = UINT64_MAX;
    btx_sim_meet(world, BTX_SIM_LIVES);
    btx_sim_machine_begin(&life.machine, world);
    life.machine.context = &life;
    life.machine.is_recovering = true;
    if (world->step < world->steps && btx_random_chance(random, 150))
        btx_sim_machine_arm_crash(&life.machine, RECOVERY_CALLS_MAX);
    if (world->step < world->steps && btx_random_chance(random, 100))
        btx_sim_machine_arm_failure(&life.machine, RECOVERY_CALLS_MAX);
    status = btx_sim_life_open(&life);
    if (status == BTX_SIM_LIFE_ENDED) {
        life.machine.is_recovering = false;
        status = serve(&life);
    }
    if (status == BTX_SIM_LIFE_ENDED)
        status = end_in_order(&life);
    if (status == BTX_SIM_LIFE_FAULT)
        btx_sim_meet(world, BTX_SIM_FAULTS);
    if (status == BTX_SIM_LIFE_FAULT && life.machine.is_recovering)
        btx_sim_meet(world, BTX_SIM_FAULTS_IN_RECOVERY);
    give_back(&life);
    btx_sim_machine_end(&life.machine);
    btx_sim_note_number(world, (uint64_t)status);
    return status;
}
