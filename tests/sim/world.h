/* SPDX-License-Identifier: Apache-2.0 */
/* world.h - what is outside of the simulated engine and outlives it: the machine with its disk and
 * its clock, what producers have handed in, and what was shown to anybody.
 *
 * It lies in memory that forked processes share (tests/crash/disk.h): each life of the engine is a
 * process of its own, which may be killed at any moment.  All choices come from one row of random
 * numbers in it, so that a seed is a whole run. */
#ifndef BTX_SIM_WORLD_H
#define BTX_SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/attributes.h"
#include "engine/base/clock.h"
#include "tests/crash/disk.h"
#include "tests/crash/history.h"
#include "tests/property/flow.h"
#include "tests/property/random.h"

/* What must be met, so that a simulation means something: SITUATION(NAME, group, "name"). */
#define BTX_SIM_SITUATIONS(SITUATION)                                                              \
    SITUATION(LIVES, ENGINE, "lives")                                                              \
    SITUATION(STOPPED_IN_ORDER, ENGINE, "stops in order")                                          \
    SITUATION(KILLS, ENGINE, "kills")                                                              \
    SITUATION(POWER_CUTS, ENGINE, "power cuts")                                                    \
    SITUATION(POWER_CUTS_IN_CALL, ENGINE, "of them in a call")                                     \
    SITUATION(POWER_CUTS_IN_RECOVERY, ENGINE, "of them in recovery")                               \
    SITUATION(FAULTS, ENGINE, "ends by a fault")                                                   \
    SITUATION(FAULTS_IN_RECOVERY, ENGINE, "of them in recovery")                                   \
    SITUATION(RECOVERIES, RECOVERY, "compared with all that was seen")                             \
    SITUATION(SNAPSHOTS_USED, RECOVERY, "from a snapshot")                                         \
    SITUATION(UNSEEN_RECOVERED, RECOVERY, "found what nobody had seen")                            \
    SITUATION(UNSEEN_LOST, RECOVERY, "lost what nobody had seen")                                  \
    SITUATION(COMMANDS, EXCHANGE, "commands executed and seen")                                    \
    SITUATION(EVENTS, EXCHANGE, "events seen")                                                     \
    SITUATION(TRADES, EXCHANGE, "trades")                                                          \
    SITUATION(REJECTS, EXCHANGE, "refusals")                                                       \
    SITUATION(BUSY, EXCHANGE, "of them BUSY")                                                      \
    SITUATION(TICKS, EXCHANGE, "things due by time alone")                                         \
    SITUATION(COMMITS, EXCHANGE, "commits")                                                        \
    SITUATION(EVENT_RING_FULL, EXCHANGE, "turns with a full event ring")                           \
    SITUATION(COMMAND_RING_FULL, EXCHANGE, "commands for a full ring")                             \
    SITUATION(READERS_OVERRUN, EXCHANGE, "readers overrun")                                        \
    SITUATION(SETTLED, EXCHANGE, "times left alone, and all was answered")                         \
    SITUATION(ROTATIONS, OPERATORS, "rotations")                                                   \
    SITUATION(DRAINS, OPERATORS, "drains")                                                         \
    SITUATION(SHUTDOWNS, OPERATORS, "shutdowns")                                                   \
    SITUATION(AUDITED, OPERATORS, "segments audited beside the engine")                            \
    SITUATION(SNAPSHOTS, OPERATORS, "snapshots written")                                           \
    SITUATION(TORN_WRITES, DISK, "writes torn by a power cut")                                     \
    SITUATION(LOST_WRITES, DISK, "writes lost")                                                    \
    SITUATION(LOST_NAMES, DISK, "changes of names lost")                                           \
    SITUATION(SYNC_ERRORS, DISK, "EIO of a sync")                                                  \
    SITUATION(WRITE_ERRORS, DISK, "EIO of another change")                                         \
    SITUATION(READ_ERRORS, DISK, "EIO of a read")                                                  \
    SITUATION(DISK_FULL, DISK, "ENOSPC")                                                           \
    SITUATION(SHORT_WRITES, DISK, "short writes")                                                  \
    SITUATION(SLOW_SYNCS, DISK, "slow syncs")                                                      \
    SITUATION(WORKED_IN_SYNC, DISK, "of them with txs made meanwhile")                             \
    SITUATION(SPACE_LOW, DISK, "turns with little space")                                          \
    SITUATION(SPACE_STOP, DISK, "turns with no space")                                             \
    SITUATION(PEERS_DIED, PEERS, "died")                                                           \
    SITUATION(PEERS_DIED_BUSY, PEERS, "of them with commands in the ring")                         \
    SITUATION(DISCONNECT_CANCELS, PEERS, "cancels for accounts of the dead")                       \
    SITUATION(LIES, PEERS, "lied and were found out")                                              \
    SITUATION(FROZEN, PEERS, "stood still")                                                        \
    SITUATION(CLOCK_FORWARD, CLOCK, "set forward")                                                 \
    SITUATION(CLOCK_BACK, CLOCK, "set back")                                                       \
    SITUATION(CLOCK_REFUSED, CLOCK, "starts refused for it")

enum btx_sim_group {
    BTX_SIM_GROUP_ENGINE,
    BTX_SIM_GROUP_RECOVERY,
    BTX_SIM_GROUP_EXCHANGE,
    BTX_SIM_GROUP_OPERATORS,
    BTX_SIM_GROUP_DISK,
    BTX_SIM_GROUP_PEERS,
    BTX_SIM_GROUP_CLOCK,
};

enum btx_sim_situation {
#define SITUATION(NAME, GROUP, name) BTX_SIM_##NAME,
    BTX_SIM_SITUATIONS(SITUATION)
#undef SITUATION
        BTX_SIM_SITUATION_COUNT
};

const char *btx_sim_situation_name(enum btx_sim_situation situation);
enum btx_sim_group btx_sim_situation_group(enum btx_sim_situation situation);
const char *btx_sim_group_name(enum btx_sim_group group);

enum {
    BTX_SIM_PATH_BYTES = 256,
    BTX_SIM_TEXT_BYTES = 1200,
    BTX_SIM_PEERS = 3,         /* the admin service, two gateways */
    BTX_SIM_SENT_MAX = 1 << 14 /* handed in and neither shown nor known to be lost */
};

/* What was handed in, as it must be shown. */
struct btx_sim_sent {
    uint64_t number;
    uint64_t hash; /* of what the engine may not change */
    uint32_t incarnation;
    bool may_be_left_out; /* its producer has lied since */
};

/* Of one producer, in the order in which it handed in; a ring. */
struct btx_sim_sent_queue {
    struct btx_sim_sent sent[BTX_SIM_SENT_MAX];
    uint64_t begin;
    uint64_t end;
};

/* Start with zeroes.  Fields are for tests/sim. */
struct btx_sim_world {
    const char *folder; /* of the images of the disk; the runner's */
    uint64_t seed;
    uint64_t step;
    uint64_t steps;
    uint64_t weights_seed;
    struct btx_random random;
    struct btx_flow flow;
    struct btx_clock_manual clock; /* of the machine */
    struct btx_disk *disk;
    char root[BTX_SIM_PATH_BYTES];
    uint64_t root_number;
    uint64_t free_bytes; /* of the disk */
    struct btx_history *history;
    size_t checked_bytes; /* of the history: those shown records have been looked at */
    uint64_t seq;         /* of the last event looked at */
    uint64_t tx;          /* of the last record looked at */
    bool tx_is_open;      /* behind a command, or an event that does not end its tx */
    uint64_t last_ns;     /* of the last command or event */
    struct btx_sim_sent_queue queues[BTX_SIM_PEERS];
    uint64_t number; /* of the last command handed in */
    uint32_t incarnation;
    bool lying; /* negative control: syncs do nothing */
    bool trace; /* say every step */
    uint64_t met[BTX_SIM_SITUATION_COUNT];
    uint64_t hash; /* of all that has happened */
    char failure[BTX_SIM_TEXT_BYTES];
};

/* Something has happened: into the hash. */
void btx_sim_note(struct btx_sim_world *world, const void *bytes, size_t length_bytes);
void btx_sim_note_number(struct btx_sim_world *world, uint64_t number);

static inline void btx_sim_meet(struct btx_sim_world *world, enum btx_sim_situation situation)
{
    world->met[situation]++;
}

/* Say what happens, when somebody wants to know. */
void btx_sim_trace(const struct btx_sim_world *world, const char *format, ...) BTX_PRINTF(2, 3);

/* Something is wrong: say it, once, and return false. */
bool btx_sim_fail(struct btx_sim_world *world, const char *format, ...) BTX_PRINTF(2, 3);

/* FNV-1a over @bytes, going on from @hash. */
#define BTX_SIM_HASH_BEGIN UINT64_C(0xcbf29ce484222325)
uint64_t btx_sim_hash(uint64_t hash, const void *bytes, size_t length_bytes);

/* --- What producers handed in, what was shown ------------------------------------------------- */

/* Peer @peer (0: the admin service) hands in a record: it must be shown as it is, or be lost. */
void btx_sim_world_send(struct btx_sim_world *world, size_t peer, const struct btx_record *record,
                        uint32_t incarnation);

/* Peer @peer lies in its life @incarnation: what it handed in before may be left out, or not. */
void btx_sim_world_doubt(struct btx_sim_world *world, size_t peer, uint32_t incarnation);

/* Whether all that @peer handed in was shown, but for what may be left out. */
bool btx_sim_world_is_answered(const struct btx_sim_world *world, size_t peer);

/* Look at the records of the history that have become known to be durable: seq and tx count on,
 * time does not go back, each command has an answer, is what its producer handed in, in its order,
 * and is there once. */
BTX_MUST_USE bool btx_sim_world_check_shown(struct btx_sim_world *world);

/* An engine has begun: what is not in the log now never will be. */
void btx_sim_world_forget_sent(struct btx_sim_world *world);

#endif
