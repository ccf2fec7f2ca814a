/* SPDX-License-Identifier: Apache-2.0 */
/* life_checks.c - what one turn of the matcher may do, seen from outside: what it published, the
 * bounds of the rings, and what has become of the orders of peers that are gone. */
#include <inttypes.h>

#include "engine/base/check.h"
#include "engine/core/view.h"
#include "engine/wire/notes.h"
#include "tests/sim/life.h"

enum { PASSED_OVER_MAX = 2 * BTX_SIM_PEERS };

static bool is_shedding(struct btx_sim_life *life)
{
    return btx_desk_wished(&life->desk) >= BTX_ENGINE_DRAIN || life->desk.space != BTX_WAL_SPACE_OK;
}

static bool may_take(struct btx_sim_life *life)
{
    return btx_desk_wished(&life->desk) >= BTX_ENGINE_STOP ||
           life->desk.space != BTX_WAL_SPACE_STOP;
}

void btx_sim_checks_before(struct btx_sim_life *life)
{
    struct btx_sim_checks *checks = &life->checks;

    if (!checks->may_hold_command)
        *checks = (struct btx_sim_checks){.earliest_ns = btx_clock_wall_ns(&life->time.clock)};
    /* Of a command that was taken some turns ago: what held at any of them. */
    checks->shed[is_shedding(life)] = true;
    checks->may_take = checks->may_take || may_take(life);
    for (size_t i = 0; i < BTX_SIM_PEERS; i++)
        checks->waits[i] = btx_sim_peers_waits(&life->peers, i);
}

/* The engine cancels for accounts that a peer had listed which is gone, and for no others. */
static bool check_own(struct btx_sim_life *life, const struct btx_command *command)
{
    const struct btx_cancel_orders *cancel =
        (const struct btx_cancel_orders *)(const void *)command;
    const size_t index = (size_t)command->producer - 1;

    if (command->record.type == BTX_COMMAND_TICK)
        return true;
    if (command->record.type != BTX_COMMAND_CANCEL_ORDERS || cancel->disconnect == 0 ||
        index >= BTX_SIM_PEERS)
        return btx_sim_fail(life->world, "the engine itself made a command of type %u",
                            (unsigned)command->record.type);
    if (btx_ring_port_state(&life->peers.ports[index]) != BTX_RING_PORT_REVOKED ||
        command->incarnation != life->peers.peers[index].incarnation)
        return btx_sim_fail(life->world, "cancelled for peer %zu, which is not gone", index);
    if (!btx_sim_peers_has_listed(&life->peers, index, cancel->account))
        return btx_sim_fail(life->world,
                            "cancelled for account %" PRIu64 ", which peer %zu had not listed",
                            cancel->account, index);
    return true;
}

/* One gateway cannot keep another from its turn. */
static bool check_fair(struct btx_sim_life *life, size_t index)
{
    life->passed_over[index] = 0;
    for (size_t i = 1; index != 0 && i < BTX_SIM_PEERS; i++) {
        if (i == index || !life->checks.waits[i])
            life->passed_over[i] = 0;
        else if (++life->passed_over[i] > PASSED_OVER_MAX)
            return btx_sim_fail(life->world, "peer %zu waits while %zu is served again and again",
                                i, index);
    }
    return true;
}

static bool check_taken(struct btx_sim_life *life, const struct btx_command *command)
{
    if (!life->checks.may_take)
        return btx_sim_fail(life->world, "command %" PRIu64 " was taken without space for it",
                            command->number);
    if (!life->checks.shed[command->shed != 0])
        return btx_sim_fail(life->world, "command %" PRIu64 " is %sto be shed", command->number,
                            command->shed != 0 ? "" : "not ");
    return check_fair(life, (size_t)command->producer - 1);
}

bool btx_sim_checks_published(struct btx_sim_life *life, const struct btx_record *record)
{
    struct btx_sim_checks *checks = &life->checks;
    const struct btx_command *command = (const struct btx_command *)(const void *)record;
    const uint64_t now_ns = btx_clock_wall_ns(&life->time.clock);

    if (btx_record_kind(record) == BTX_RECORD_NOTE && record->type == BTX_NOTE_OPERATOR_ACTION) {
        checks->published_command = true;
        return checks->may_take ||
               btx_sim_fail(life->world, "a request was taken without space for it");
    }
    if (btx_record_kind(record) != BTX_RECORD_COMMAND)
        return true;
    if (record->time_ns < checks->earliest_ns || record->time_ns > now_ns)
        return btx_sim_fail(life->world,
                            "command %" PRIu64 " at %" PRIu64 ", taken between %" PRIu64
                            " and %" PRIu64,
                            command->number, record->time_ns, checks->earliest_ns, now_ns);
    if (command->number == 0)
        return check_own(life, command);
    checks->published_command = true;
    return check_taken(life, command);
}

/* Before a port is given back nothing is left of its accounts' orders. */
static bool check_ports(struct btx_sim_life *life)
{
    for (size_t i = 0; i < BTX_SIM_PEERS; i++) {
        const struct btx_sim_peer *peer = &life->peers.peers[i];

        if (btx_ring_port_state(&life->peers.ports[i]) != BTX_RING_PORT_DRAINED)
            continue;
        for (size_t j = 0; j < BTX_SIM_ACCOUNTS_MAX; j++) {
            if (peer->accounts[j] != 0 && !life->drained[i] &&
                btx_core_view_live_orders(life->exchange.core, peer->accounts[j]) != 0)
                return btx_sim_fail(life->world,
                                    "peer %zu is gone, but account %" PRIu64 " still has orders", i,
                                    peer->accounts[j]);
        }
    }
    for (size_t i = 0; i < BTX_SIM_PEERS; i++)
        life->drained[i] = btx_ring_port_state(&life->peers.ports[i]) == BTX_RING_PORT_DRAINED;
    return true;
}

/* The time of the exchange keeps the pace of the machine's, however the wall clock is set. */
static bool check_pace(struct btx_sim_life *life)
{
    const uint64_t gone_ns =
        btx_clock_monotonic_ns(&life->world->clock.clock) - life->began_monotonic_ns;
    const uint64_t time_ns = btx_clock_wall_ns(&life->time.clock) - life->began_ns;
    const uint64_t slack_ns = gone_ns / BTX_SLEW_NS_PER_NS + 1;

    if (time_ns + slack_ns >= gone_ns && time_ns <= gone_ns + slack_ns)
        return true;
    return btx_sim_fail(life->world, "in %" PRIu64 " ns the time went on by %" PRIu64, gone_ns,
                        time_ns);
}

bool btx_sim_checks_after(struct btx_sim_life *life, enum btx_matcher_turn turn)
{
    const uint64_t durable = btx_event_ring_durable(&life->ring);
    const uint64_t pending_bytes = life->published - durable;

    if (pending_bytes > life->ring.capacity_bytes)
        return btx_sim_fail(life->world, "the event ring has %" PRIu64 " bytes of %" PRIu64,
                            pending_bytes, life->ring.capacity_bytes);
    if (turn == BTX_MATCHER_FULL && life->ring.capacity_bytes - pending_bytes >= BTX_TX_BYTES_MAX)
        return btx_sim_fail(life->world, "the event ring has room for a tx and is called full");
    life->checks.may_hold_command = turn != BTX_MATCHER_IDLE && !life->checks.published_command;
    return check_ports(life) && check_pace(life);
}

/* --- At rest ---------------------------------------------------------------------------------- */

/* What operators have asked for has been done. */
static bool check_asked(struct btx_sim_life *life)
{
    struct btx_wal_status log;

    btx_wal_writer_status(life->writer, &log);
    if (life->asked.rotation && log.rotations == life->asked.rotations_before)
        return btx_sim_fail(life->world, "a rotation was asked for and there was none");
    if (life->asked.drain && btx_desk_wished(&life->desk) < BTX_ENGINE_DRAIN)
        return btx_sim_fail(life->world, "asked to drain the engine does not");
    if (life->asked.shutdown && btx_desk_wished(&life->desk) < BTX_ENGINE_STOP)
        return btx_sim_fail(life->world, "asked to shut down the engine does not");
    life->asked.rotation = false;
    return true;
}

bool btx_sim_checks_at_rest(struct btx_sim_life *life)
{
    const uint64_t free_bytes = life->world->free_bytes;
    const enum btx_wal_space space = free_bytes < life->settings.stop_bytes ? BTX_WAL_SPACE_STOP
                                     : free_bytes < life->settings.low_space_bytes
                                         ? BTX_WAL_SPACE_LOW
                                         : BTX_WAL_SPACE_OK;
    struct btx_core_view view;

    if (life->desk.space != (uint32_t)space)
        return btx_sim_fail(life->world, "with %" PRIu64 " bytes free the matcher is told space %u",
                            free_bytes, (unsigned)life->desk.space);
    if (space == BTX_WAL_SPACE_STOP)
        return true; /* Then what waits in the rings waits. */
    btx_core_view(life->exchange.core, &view);
    if (view.due_ns <= btx_clock_wall_ns(&life->time.clock))
        return btx_sim_fail(life->world, "left alone the engine does not do what is due");
    for (size_t i = 0; i < BTX_SIM_PEERS; i++) {
        if (btx_ring_port_state(&life->peers.ports[i]) != BTX_RING_PORT_OPEN)
            return btx_sim_fail(life->world, "the port of peer %zu is not given back", i);
    }
    return check_asked(life) && btx_sim_peers_check_answered(&life->peers);
}
