/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/wire/notes.h"
#include "engine/wire/requests.h"

const char *btx_sim_situation_name(enum btx_sim_situation situation)
{
    static const char *const names[] = {
#define SITUATION(NAME, GROUP, name) name,
        BTX_SIM_SITUATIONS(SITUATION)
#undef SITUATION
    };

    return names[situation];
}

enum btx_sim_group btx_sim_situation_group(enum btx_sim_situation situation)
{
    static const enum btx_sim_group groups[] = {
#define SITUATION(NAME, GROUP, name) BTX_SIM_GROUP_##GROUP,
        BTX_SIM_SITUATIONS(SITUATION)
#undef SITUATION
    };

    return groups[situation];
}

const char *btx_sim_group_name(enum btx_sim_group group)
{
    static const char *const names[] = {
        [BTX_SIM_GROUP_ENGINE] = "engine",     [BTX_SIM_GROUP_RECOVERY] = "recovery",
        [BTX_SIM_GROUP_EXCHANGE] = "exchange", [BTX_SIM_GROUP_OPERATORS] = "operators",
        [BTX_SIM_GROUP_DISK] = "disk",         [BTX_SIM_GROUP_PEERS] = "peers",
        [BTX_SIM_GROUP_CLOCK] = "clock",
    };

    return names[group];
}

uint64_t btx_sim_hash(uint64_t hash, const void *bytes, size_t length_bytes)
{
    const uint8_t *byte = bytes;

    for (size_t i = 0; i < length_bytes; i++)
        hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
    return hash;
}

void btx_sim_note(struct btx_sim_world *world, const void *bytes, size_t length_bytes)
{
    world->hash = btx_sim_hash(world->hash, bytes, length_bytes);
}

void btx_sim_note_number(struct btx_sim_world *world, uint64_t number)
{
    btx_sim_note(world, &number, sizeof number);
}

void btx_sim_trace(const struct btx_sim_world *world, const char *format, ...)
{
    va_list arguments;

    if (!world->trace)
        return;
    printf("step %" PRIu64 ": ", world->step);
    va_start(arguments, format);
    (void)vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    (void)fflush(stdout); /* A life may end without it. */
}

bool btx_sim_fail(struct btx_sim_world *world, const char *format, ...)
{
    va_list arguments;

    if (world->failure[0] != '\0')
        return false; /* What came first is what matters. */
    va_start(arguments, format);
    (void)vsnprintf(world->failure, sizeof world->failure, format, arguments);
    va_end(arguments);
    return false;
}

/* --- Sent ------------------------------------------------------------------------------------- */

/* Of a command: all but what the engine stamps. */
static uint64_t hash_command(const struct btx_record *record)
{
    static union btx_command_space copy;
    const size_t length_bytes = btx_record_length_bytes(record);

    CHECK(length_bytes <= sizeof copy);
    memcpy(&copy, record, length_bytes);
    copy.command.record.crc = 0;
    copy.command.record.seq = 0;
    copy.command.record.tx = 0;
    copy.command.record.time_ns = 0;
    copy.command.incarnation = 0;
    copy.command.producer = 0;
    copy.command.shed = 0;
    copy.command.rules = 0;
    return btx_sim_hash(BTX_SIM_HASH_BEGIN, &copy, length_bytes);
}

/* Of a request, and of the note that it becomes. */
static uint64_t hash_action(const char *what, size_t length_bytes)
{
    return btx_sim_hash(BTX_SIM_HASH_BEGIN, what, length_bytes);
}

void btx_sim_world_send(struct btx_sim_world *world, size_t peer, const struct btx_record *record,
                        uint32_t incarnation)
{
    struct btx_sim_sent_queue *queue = &world->queues[peer];
    const struct btx_request *request = (const struct btx_request *)(const void *)record;

    CHECK(queue->end - queue->begin < BTX_SIM_SENT_MAX);
    queue->sent[queue->end++ % BTX_SIM_SENT_MAX] = (struct btx_sim_sent){
        .number = ((const struct btx_command *)(const void *)record)->number,
        .hash = btx_request_is_type(record->type)
                    ? hash_action(btx_request_what(request), request->what_length)
                    : hash_command(record),
        .incarnation = incarnation,
    };
}

static struct btx_sim_sent *sent_at(struct btx_sim_sent_queue *queue, uint64_t index)
{
    return &queue->sent[index % BTX_SIM_SENT_MAX];
}

void btx_sim_world_doubt(struct btx_sim_world *world, size_t peer, uint32_t incarnation)
{
    struct btx_sim_sent_queue *queue = &world->queues[peer];

    for (uint64_t i = queue->begin; i != queue->end; i++) {
        if (sent_at(queue, i)->incarnation == incarnation)
            sent_at(queue, i)->may_be_left_out = true;
    }
}

bool btx_sim_world_is_answered(const struct btx_sim_world *world, size_t peer)
{
    const struct btx_sim_sent_queue *queue = &world->queues[peer];

    for (uint64_t i = queue->begin; i != queue->end; i++) {
        if (!queue->sent[i % BTX_SIM_SENT_MAX].may_be_left_out)
            return false;
    }
    return true;
}

void btx_sim_world_forget_sent(struct btx_sim_world *world)
{
    for (size_t i = 0; i < BTX_SIM_PEERS; i++) {
        if (world->queues[i].begin != world->queues[i].end)
            btx_sim_meet(world, BTX_SIM_UNSEEN_LOST);
        world->queues[i].begin = world->queues[i].end;
    }
}

/* --- Shown ------------------------------------------------------------------------------------ */

/* What is shown is the next thing that its producer handed in, since the engine takes them in order
 * and leaves none out.  @incarnation 0: a note does not say it. */
static bool match(struct btx_sim_world *world, size_t peer, uint32_t incarnation, uint64_t hash,
                  const struct btx_record *record)
{
    struct btx_sim_sent_queue *queue = &world->queues[peer];
    uint64_t found = queue->begin;

    while (found != queue->end &&
           (sent_at(queue, found)->hash != hash ||
            (incarnation != 0 && sent_at(queue, found)->incarnation != incarnation)))
        found++;
    if (found == queue->end)
        return btx_sim_fail(world,
                            "peer %zu: the record before seq %" PRIu64
                            " (type %u) is executed twice, or not what was handed in",
                            peer, record->seq, (unsigned)record->type);
    for (; queue->begin != found; queue->begin++) {
        if (!sent_at(queue, queue->begin)->may_be_left_out)
            return btx_sim_fail(
                world,
                "peer %zu: command %" PRIu64 " was left out, %" PRIu64 " behind it was executed",
                peer, sent_at(queue, queue->begin)->number, sent_at(queue, found)->number);
    }
    queue->begin++;
    return true;
}

static bool check_command(struct btx_sim_world *world, const struct btx_record *record)
{
    const struct btx_command *command = (const struct btx_command *)(const void *)record;

    if (record->seq != world->seq + 1 || record->tx != world->tx + 1 || world->tx_is_open)
        return btx_sim_fail(world,
                            "a command before seq %" PRIu64 " tx %" PRIu64 " follows seq %" PRIu64
                            " tx %" PRIu64 "%s",
                            record->seq, record->tx, world->seq, world->tx,
                            world->tx_is_open ? ", which is not answered" : "");
    world->tx = record->tx;
    world->tx_is_open = true;
    if (record->type == BTX_COMMAND_TICK) {
        btx_sim_meet(world, BTX_SIM_TICKS);
        return true;
    }
    if (command->producer == 0 || command->producer > BTX_SIM_PEERS)
        return btx_sim_fail(world, "a command of producer %u", (unsigned)command->producer);
    if (command->number == 0) {
        const struct btx_cancel_orders *cancel = (const void *)command;

        if (record->type != BTX_COMMAND_CANCEL_ORDERS || cancel->disconnect == 0)
            return btx_sim_fail(world, "the engine itself made a command of type %u",
                                (unsigned)record->type);
        btx_sim_meet(world, BTX_SIM_DISCONNECT_CANCELS);
        return true;
    }
    btx_sim_meet(world, BTX_SIM_COMMANDS);
    return match(world, (size_t)command->producer - 1, command->incarnation, hash_command(record),
                 record);
}

static bool check_event(struct btx_sim_world *world, const struct btx_record *record)
{
    if (record->seq != world->seq + 1 || record->tx != world->tx + !world->tx_is_open)
        return btx_sim_fail(world,
                            "event %" PRIu64 " of tx %" PRIu64 " follows event %" PRIu64
                            " of tx %" PRIu64 ", which %s",
                            record->seq, record->tx, world->seq, world->tx,
                            world->tx_is_open ? "goes on" : "has ended");
    world->seq = record->seq;
    world->tx = record->tx;
    world->tx_is_open = (record->kind_flags & BTX_RECORD_TX_END) == 0;
    btx_sim_meet(world, BTX_SIM_EVENTS);
    if (record->type == BTX_EVENT_TRADE_MATCHED)
        btx_sim_meet(world, BTX_SIM_TRADES);
    if (record->type == BTX_EVENT_COMMAND_REJECTED) {
        btx_sim_meet(world, BTX_SIM_REJECTS);
        if (((const struct btx_command_rejected *)(const void *)record)->reason == BTX_REJECT_BUSY)
            btx_sim_meet(world, BTX_SIM_BUSY);
    }
    return true;
}

static bool check_note(struct btx_sim_world *world, const struct btx_record *record)
{
    const struct btx_operator_action *action = (const void *)record;

    if (record->seq != world->seq || record->tx != world->tx || world->tx_is_open)
        return btx_sim_fail(world, "a note behind event %" PRIu64 " follows event %" PRIu64,
                            record->seq, world->seq);
    if (record->type != BTX_NOTE_OPERATOR_ACTION)
        return true;
    return match(world, 0, 0, hash_action(btx_operator_action_what(action), action->what_length),
                 record);
}

static bool check_record(struct btx_sim_world *world, const struct btx_record *record)
{
    /* A note has a time of its own: the log may be opened again before it, but not before what the
     * exchange has done. */
    if (btx_record_kind(record) != BTX_RECORD_NOTE) {
        if (record->time_ns < world->last_ns)
            return btx_sim_fail(world, "time goes back by %" PRIu64 " ns at seq %" PRIu64,
                                world->last_ns - record->time_ns, record->seq);
        world->last_ns = record->time_ns;
    }
    switch (btx_record_kind(record)) {
    case BTX_RECORD_COMMAND:
        return check_command(world, record);
    case BTX_RECORD_EVENT:
        return check_event(world, record);
    case BTX_RECORD_NOTE:
        return check_note(world, record);
    }
    return btx_sim_fail(world, "a record that is nothing");
}

bool btx_sim_world_check_shown(struct btx_sim_world *world)
{
    const struct btx_history *history = world->history;

    while (world->checked_bytes < history->acknowledged_bytes) {
        const struct btx_record *record =
            (const struct btx_record *)(const void *)(history->bytes + world->checked_bytes);

        if (!check_record(world, record))
            return false;
        if (btx_record_kind(record) != BTX_RECORD_NOTE || record->type != BTX_NOTE_ENGINE_STARTED)
            btx_sim_note(world, record, btx_record_length_bytes(record)); /* It names the host. */
        world->checked_bytes += btx_record_length_bytes(record);
    }
    return true;
}
