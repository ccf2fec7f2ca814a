/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/machine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/check.h"

#define MS_NS UINT64_C(1000000)
#define SYNCS                                                                                      \
    (BTX_DISK_BIT(BTX_DISK_SYNC) | BTX_DISK_BIT(BTX_DISK_SYNCED_WRITE) |                           \
     BTX_DISK_BIT(BTX_DISK_FOLDER_SYNC))
#define WRITES                                                                                     \
    (BTX_DISK_BIT(BTX_DISK_WRITE) | BTX_DISK_BIT(BTX_DISK_CREATE) | BTX_DISK_BIT(BTX_DISK_TRUNCATE))

/* Cut the power: what it leaves is the disk of the next life. */
static void cut(struct btx_sim_world *world)
{
    char root[BTX_SIM_PATH_BYTES];
    struct btx_disk_loss loss;

    world->root_number++;
    const int length =
        snprintf(root, sizeof root, "%s/%" PRIu64, world->folder, world->root_number);
    CHECK(length > 0 && (size_t)length < sizeof root);
    btx_disk_folder_make(root);
    btx_disk_folder_clear(root);
    loss = btx_disk_image(world->disk, root, &world->random);
    memcpy(world->root, root, sizeof root);
    world->met[BTX_SIM_TORN_WRITES] += loss.torn_writes;
    world->met[BTX_SIM_LOST_WRITES] += loss.lost_writes;
    world->met[BTX_SIM_LOST_NAMES] += loss.lost_names;
}

/* What has failed in this life, if anything. */
static void count_failure(struct btx_sim_world *world)
{
    const struct btx_disk_control *control = btx_disk_control();
    const uint32_t bit = BTX_DISK_BIT(control->failed_at.call);

    if (!control->failed)
        return;
    if (control->failure == BTX_DISK_SHORT_WRITE)
        btx_sim_meet(world, BTX_SIM_SHORT_WRITES);
    else if (control->error == ENOSPC)
        btx_sim_meet(world, BTX_SIM_DISK_FULL);
    else if ((bit & BTX_DISK_BIT(BTX_DISK_READ)) != 0)
        btx_sim_meet(world, BTX_SIM_READ_ERRORS);
    else
        btx_sim_meet(world, (bit & SYNCS) != 0 ? BTX_SIM_SYNC_ERRORS : BTX_SIM_WRITE_ERRORS);
}

/* In a call, or between two of them while the disk is held. */
BTX_NORETURN static void crash(struct btx_sim_machine *machine, bool cuts)
{
    btx_sim_trace(machine->world, cuts ? "the power is cut" : "the engine is killed");
    count_failure(machine->world);
    btx_sim_note_number(machine->world, cuts);
    btx_sim_meet(machine->world, cuts ? BTX_SIM_POWER_CUTS : BTX_SIM_KILLS);
    if (cuts && machine->is_recovering)
        btx_sim_meet(machine->world, BTX_SIM_POWER_CUTS_IN_RECOVERY);
    if (cuts)
        cut(machine->world);
    _exit(BTX_SIM_LIFE_CRASHED);
}

BTX_NORETURN void btx_sim_machine_crash(struct btx_sim_machine *machine, bool cuts)
{
    btx_disk_hold();
    crash(machine, cuts);
}

static void hook(void *context, const struct btx_disk_point *point)
{
    struct btx_sim_machine *machine = context;
    const uint32_t bit = BTX_DISK_BIT(point->call);

    btx_sim_note_number(machine->world, (uint64_t)point->call << 1 | point->moment);
    btx_sim_note(machine->world, point->target, strlen(point->target));
    if ((bit & BTX_DISK_CHANGES) == 0)
        return;
    if (machine->slow_syncs != 0 && point->moment == BTX_DISK_DURING && machine->wait != NULL &&
        (bit & SYNCS) != 0) {
        machine->slow_syncs--;
        btx_sim_meet(machine->world, BTX_SIM_SLOW_SYNCS);
        btx_clock_manual_advance(&machine->world->clock,
                                 btx_random_below(&machine->world->random, 300) * MS_NS);
        machine->wait(machine->context);
    }
    if (machine->crash_in != 0 && point->moment == machine->crash_moment &&
        --machine->crash_in == 0) {
        if (machine->crash_cuts)
            btx_sim_meet(machine->world, BTX_SIM_POWER_CUTS_IN_CALL);
        crash(machine, machine->crash_cuts);
    }
}

void btx_sim_machine_begin(struct btx_sim_machine *machine, struct btx_sim_world *world)
{
    struct btx_disk_control *control = btx_disk_control();

    machine->world = world;
    control->hook = hook;
    control->hook_context = machine;
    control->lying = world->lying;
    control->free_bytes = world->free_bytes;
    btx_disk_use(world->disk);
}

void btx_sim_machine_end(struct btx_sim_machine *machine)
{
    count_failure(machine->world);
    btx_disk_use(NULL);
}

void btx_sim_machine_arm_crash(struct btx_sim_machine *machine, uint64_t calls_max)
{
    struct btx_random *random = &machine->world->random;

    machine->crash_in = btx_random_between(random, 1, calls_max);
    machine->crash_moment = btx_random_chance(random, 300) ? BTX_DISK_BEFORE : BTX_DISK_DURING;
    machine->crash_cuts = btx_random_chance(random, 700);
}

void btx_sim_machine_arm_failure(struct btx_sim_machine *machine, uint64_t calls_max)
{
    static const struct {
        uint32_t calls;
        enum btx_disk_failure failure;
        int error;
    } kinds[] = {
        {SYNCS, BTX_DISK_ERROR, EIO},
        {BTX_DISK_CHANGES, BTX_DISK_ERROR, EIO},
        {BTX_DISK_BIT(BTX_DISK_READ), BTX_DISK_ERROR, EIO},
        {WRITES, BTX_DISK_ERROR, ENOSPC},
        {BTX_DISK_BIT(BTX_DISK_WRITE) | BTX_DISK_BIT(BTX_DISK_SYNCED_WRITE), BTX_DISK_SHORT_WRITE,
         EIO},
    };
    struct btx_disk_control *control = btx_disk_control();
    struct btx_random *random = &machine->world->random;
    const uint64_t kind = btx_random_below(random, BTX_COUNT_OF(kinds));

    if (control->failed)
        return; /* One a life: the engine ends by it, or somebody else met it. */
    control->failure = kinds[kind].failure;
    control->error = kinds[kind].error;
    control->fail_calls = kinds[kind].calls;
    control->fail_count = 0;
    control->fail_at = btx_random_between(random, 1, calls_max);
}

bool btx_sim_machine_has_failed(void)
{
    return btx_disk_control()->failed;
}

bool btx_sim_machine_has_failed_log(void)
{
    return btx_sim_machine_has_failed() &&
           strncmp(btx_disk_control()->failed_at.target, "snapshots/", 10) != 0;
}

void btx_sim_machine_hold_failures(struct btx_sim_machine *machine, bool hold)
{
    struct btx_disk_control *control = btx_disk_control();

    if (hold) {
        machine->held_calls = control->fail_calls;
        control->fail_calls = 0;
    } else {
        control->fail_calls = machine->held_calls;
    }
}
