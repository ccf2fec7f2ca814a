/* SPDX-License-Identifier: Apache-2.0 */
/* life_turns.c - turns of the engine's threads, and what others see of them. */
#include <inttypes.h>
#include <string.h>

#include "engine/base/check.h"
#include "tests/crash/units.h"
#include "tests/sim/life.h"

enum {
    SETTLE_TURNS_MAX = 200000,
    STOP_TURNS_MAX = 1000,
    AUDIT_RECORDS = 300,
    READ_BYTES = 1 << 20,
};
#define SNAPSHOT_INTERVAL_NS UINT64_C(1000000000)
#define LOOK_NS UINT64_C(2000000000)

/* --- Matcher ---------------------------------------------------------------------------------- */

/* A log may end behind @record. */
static bool ends_unit(const struct btx_record *record)
{
    return btx_record_kind(record) == BTX_RECORD_NOTE ||
           (btx_record_kind(record) == BTX_RECORD_EVENT &&
            (record->kind_flags & BTX_RECORD_TX_END) != 0);
}

/* What the matcher has published is given from now on: to be committed, or to be lost. */
static bool copy_published(struct btx_sim_life *life)
{
    struct btx_history *history = life->world->history;
    const void *bytes;
    const size_t pending_bytes = btx_event_ring_pending(&life->ring, &bytes);
    const uint64_t durable = btx_event_ring_durable(&life->ring);
    const uint64_t published = durable + pending_bytes;

    while (life->published < published) {
        const uint8_t *from = (const uint8_t *)bytes + (life->published - durable);
        uint8_t *room = btx_history_room(history, BTX_UNIT_BYTES_MAX);
        size_t length_bytes = 0;
        bool ended = false;

        while (!ended) {
            struct btx_record *record = (struct btx_record *)(void *)(room + length_bytes);
            const size_t record_bytes = btx_record_length_bytes(
                (const struct btx_record *)(const void *)(from + length_bytes));

            memcpy(record, from + length_bytes, record_bytes);
            btx_record_seal(record);
            length_bytes += record_bytes;
            ended = ends_unit(record);
            CHECK(life->published + length_bytes <= published);
            if (!btx_sim_checks_published(life, record))
                return false;
        }
        btx_history_add(history, length_bytes);
        life->published += length_bytes;
    }
    return true;
}

enum btx_matcher_turn btx_sim_life_matcher(struct btx_sim_life *life)
{
    enum btx_matcher_turn turn;

    btx_sim_checks_before(life);
    turn = btx_matcher_turn(&life->matcher);
    btx_sim_note_number(life->world, (uint64_t)turn);
    if (!copy_published(life) || !btx_sim_checks_after(life, turn))
        return turn; /* The world knows. */
    if (turn == BTX_MATCHER_FULL)
        btx_sim_meet(life->world, BTX_SIM_EVENT_RING_FULL);
    if (life->desk.space != BTX_WAL_SPACE_OK)
        btx_sim_meet(life->world, life->desk.space == BTX_WAL_SPACE_LOW ? BTX_SIM_SPACE_LOW
                                                                        : BTX_SIM_SPACE_STOP);
    return turn;
}

/* --- Readers ---------------------------------------------------------------------------------- */

/* Of the last event before byte @end_bytes of the history. */
static uint64_t last_seq(const struct btx_history *history, size_t end_bytes)
{
    const struct btx_record *record;
    uint64_t seq = 0;

    for (size_t at = 0; at < end_bytes; at += btx_record_length_bytes(record)) {
        record = (const struct btx_record *)(const void *)(history->bytes + at);
        if (btx_record_kind(record) == BTX_RECORD_EVENT)
            seq = record->seq;
    }
    return seq;
}

/* A reader that begins, or begins anew: the log tells it up to the mark. */
static bool join(struct btx_sim_life *life, struct btx_event_reader *reader)
{
    uint64_t mark;
    uint64_t seq;

    if (!btx_event_reader_join(reader, &mark))
        return btx_sim_fail(life->world, "a reader cannot join where nobody writes");
    seq = last_seq(life->world->history, life->shown_base + btx_event_reader_position(reader));
    if (mark == seq)
        return true;
    return btx_sim_fail(life->world,
                        "a reader that joins is told seq %" PRIu64 ", and goes on behind %" PRIu64,
                        mark, seq);
}

/* How many of @length_bytes are whole records. */
static size_t whole_records(const uint8_t *bytes, size_t length_bytes)
{
    size_t at = 0;

    while (at < length_bytes) {
        const size_t record_bytes =
            btx_record_length_bytes((const struct btx_record *)(const void *)(bytes + at));

        if (at + record_bytes > length_bytes)
            break;
        at += record_bytes;
    }
    return at;
}

static bool read_all(struct btx_sim_life *life, struct btx_event_reader *reader)
{
    static _Alignas(BTX_RECORD_UNIT_BYTES) uint8_t copy[READ_BYTES];
    struct btx_history *history = life->world->history;

    for (;;) {
        const size_t at = life->shown_base + btx_event_reader_position(reader);
        size_t length_bytes;

        switch (btx_event_reader_read(reader, copy, sizeof copy, &length_bytes)) {
        case BTX_EVENT_READ_NOTHING:
        case BTX_EVENT_READ_COUNT:
            return true;
        case BTX_EVENT_READ_OVERRUN:
            btx_sim_meet(life->world, BTX_SIM_READERS_OVERRUN);
            if (!join(life, reader))
                return false;
            break;
        case BTX_EVENT_READ_BYTES:
            if (at + length_bytes > history->length_bytes ||
                memcmp(history->bytes + at, copy, length_bytes) != 0)
                return btx_sim_fail(life->world,
                                    "what is shown at byte %zu of the log was never published", at);
            length_bytes = whole_records(copy, length_bytes);
            btx_event_reader_advance(reader, length_bytes);
            if (at + length_bytes > history->acknowledged_bytes)
                history->acknowledged_bytes = at + length_bytes;
            break;
        }
    }
}

bool btx_sim_life_read(struct btx_sim_life *life)
{
    return life->world->failure[0] == '\0' && read_all(life, &life->reader) &&
           btx_sim_world_check_shown(life->world);
}

bool btx_sim_life_idle_read(struct btx_sim_life *life)
{
    if (btx_random_chance(&life->world->random, 300) && !join(life, &life->idler))
        return false; /* Another one begins. */
    return read_all(life, &life->idler) && btx_sim_world_check_shown(life->world);
}

/* --- Poller ----------------------------------------------------------------------------------- */

void btx_sim_life_wait(void *context)
{
    struct btx_sim_life *life = context;
    struct btx_random *random = &life->world->random;
    const uint64_t before = life->published;

    for (uint64_t i = btx_random_below(random, 6); i != 0; i--) {
        if (btx_desk_wished(&life->desk) < BTX_ENGINE_STOP) /* Later it need not be taken. */
            btx_sim_peers_command(&life->peers);
        (void)btx_sim_life_matcher(life);
    }
    /* Nothing of this commit may be seen yet: if it is, a crash now shows that it was too early.
     * What is wrong at once the world knows. */
    if (btx_sim_life_read(life) && life->published != before)
        btx_sim_meet(life->world, BTX_SIM_WORKED_IN_SYNC);
}

enum btx_poller_turn btx_sim_life_poller(struct btx_sim_life *life)
{
    struct btx_history *history = life->world->history;
    enum btx_poller_turn turn;

    history->attempted_bytes = history->length_bytes;
    life->machine.wait = btx_sim_life_wait;
    turn = btx_poller_turn(&life->poller, &life->fault);
    life->machine.wait = NULL;
    btx_sim_note_number(life->world, (uint64_t)turn);
    if (turn == BTX_POLLER_WORKED)
        btx_sim_meet(life->world, BTX_SIM_COMMITS);
    if (life->woken != btx_event_ring_durable(&life->ring))
        (void)btx_sim_fail(life->world, "durable up to %" PRIu64 ", and nobody is woken for it",
                           btx_event_ring_durable(&life->ring));
    return turn;
}

int btx_sim_life_failed(struct btx_sim_life *life)
{
    struct btx_fault fault = {0};

    /* It is said again and again, the matcher ends, and nobody sees what was not durable. */
    if (btx_sim_life_matcher(life) != BTX_MATCHER_STOPPED)
        (void)btx_sim_fail(life->world, "the log is closed for good and the matcher goes on");
    if (btx_poller_turn(&life->poller, &fault) != BTX_POLLER_FAILED)
        (void)btx_sim_fail(life->world, "the log is closed for good and the poller goes on");
    return btx_sim_life_read(life) ? btx_sim_life_fault(life) : BTX_SIM_LIFE_FAILED;
}

/* --- All together ----------------------------------------------------------------------------- */

static bool is_quiet(struct btx_sim_life *life, int *ret_status)
{
    const enum btx_matcher_turn matcher = btx_sim_life_matcher(life);
    const enum btx_poller_turn poller = btx_sim_life_poller(life);

    *ret_status = BTX_SIM_LIFE_ENDED;
    if (poller == BTX_POLLER_FAILED) {
        *ret_status = btx_sim_life_failed(life);
        return true;
    }
    if (!btx_sim_life_read(life)) {
        *ret_status = BTX_SIM_LIFE_FAILED;
        return true;
    }
    btx_sim_peers_help(&life->peers);
    return (matcher == BTX_MATCHER_IDLE || matcher == BTX_MATCHER_STOPPED) &&
           (poller == BTX_POLLER_IDLE || poller == BTX_POLLER_STOPPED);
}

int btx_sim_life_settle(struct btx_sim_life *life)
{
    int status = BTX_SIM_LIFE_ENDED;
    uint64_t turns = 0;

    /* Twice quiet, and with time between: to look at the disk, and for the helper. */
    for (int quiet = 0; quiet < 2; quiet++) {
        btx_clock_manual_advance(&life->world->clock, LOOK_NS);
        while (!is_quiet(life, &status)) {
            quiet = 0;
            if (++turns == SETTLE_TURNS_MAX) {
                (void)btx_sim_fail(life->world, "left alone the engine does not come to rest");
                return BTX_SIM_LIFE_FAILED;
            }
        }
        if (status != BTX_SIM_LIFE_ENDED)
            return status;
    }
    if (btx_desk_wished(&life->desk) >= BTX_ENGINE_STOP)
        return status;
    if (!btx_sim_checks_at_rest(life))
        return BTX_SIM_LIFE_FAILED;
    btx_sim_meet(life->world, BTX_SIM_SETTLED);
    return status;
}

int btx_sim_life_stop(struct btx_sim_life *life)
{
    uint64_t turns = 0;

    for (;;) {
        enum btx_poller_turn turn;

        /* Also all of its turns before the poller's next one. */
        for (uint64_t i = btx_random_below(&life->world->random, STOP_TURNS_MAX); i != 0; i--) {
            if (btx_sim_life_matcher(life) == BTX_MATCHER_STOPPED)
                break;
        }
        turn = btx_sim_life_poller(life);
        if (turn == BTX_POLLER_FAILED)
            return btx_sim_life_failed(life);
        if (!btx_sim_life_read(life))
            return BTX_SIM_LIFE_FAILED;
        btx_sim_peers_help(&life->peers);
        if (turn == BTX_POLLER_STOPPED)
            break;
        if (++turns == SETTLE_TURNS_MAX) {
            (void)btx_sim_fail(life->world, "told to stop the engine does not");
            return BTX_SIM_LIFE_FAILED;
        }
    }
    if (life->world->history->acknowledged_bytes != life->world->history->length_bytes) {
        (void)btx_sim_fail(life->world, "stopped in order, but not all is durable");
        return BTX_SIM_LIFE_FAILED;
    }
    for (size_t i = 0; i < BTX_SIM_PEERS; i++) {
        if (!btx_sim_world_is_answered(life->world, i)) {
            (void)btx_sim_fail(life->world, "stopped in order, with commands of peer %zu left", i);
            return BTX_SIM_LIFE_FAILED;
        }
    }
    return btx_sim_follower_compare(life->follower, &life->exchange, "at the stop")
               ? BTX_SIM_LIFE_ENDED
               : BTX_SIM_LIFE_FAILED;
}

/* --- The auditor ------------------------------------------------------------------------------ */

static void hear(void *context, const struct btx_auditor_news *news)
{
    struct btx_sim_life *life = context;

    btx_sim_note_number(life->world, (uint64_t)news->event);
    btx_sim_note_number(life->world, news->seq);
    switch (news->event) {
    case BTX_AUDITOR_SEGMENT_DONE:
        btx_sim_meet(life->world, BTX_SIM_AUDITED);
        break;
    case BTX_AUDITOR_SNAPSHOT_WRITTEN:
        btx_sim_meet(life->world, BTX_SIM_SNAPSHOTS);
        break;
    case BTX_AUDITOR_SNAPSHOT_REFUSED:
        if (btx_sim_machine_has_failed())
            break; /* It could not be read. */
        (void)btx_sim_fail(life->world, "the auditor refuses the snapshot at %" PRIu64 ": %s",
                           news->seq, news->why);
        break;
    case BTX_AUDITOR_DIFFERENCE:
    case BTX_AUDITOR_DAMAGE:
        (void)btx_sim_fail(life->world, "the auditor: seq %" PRIu64 ": %s", news->seq,
                           news->why == NULL ? "" : news->why);
        break;
    case BTX_AUDITOR_STARTED:
    case BTX_AUDITOR_SNAPSHOT_FAILED:
    case BTX_AUDITOR_SNAPSHOT_REMOVED:
    case BTX_AUDITOR_SNAPSHOT_LEFT:
        break;
    }
}

/* Time goes by while a snapshot is written. */
static void beat(void *context)
{
    struct btx_sim_life *life = context;

    btx_clock_manual_advance(&life->world->clock, 1000);
}

int btx_sim_life_audit(struct btx_sim_life *life)
{
    const struct btx_auditor_options options = {
        .root = life->world->root,
        .snapshot_interval_ns = SNAPSHOT_INTERVAL_NS,
        .clock = &life->world->clock.clock,
        .tell = hear,
        .beat = beat,
        .context = life,
    };
    struct btx_fault fault = {0};

    if (!life->has_auditor) {
        life->auditor = (struct btx_auditor){.root_fd = -1, .segments_fd = -1};
        life->has_auditor = btx_auditor_open(&life->auditor, &options, &fault) == BTX_OK;
    }
    if (!life->has_auditor ||
        btx_auditor_step(&life->auditor, AUDIT_RECORDS, &fault) == BTX_AUDITOR_FAULT) {
        btx_auditor_close(&life->auditor);
        life->has_auditor = false; /* It begins anew, as its supervisor would have it. */
        if (!btx_sim_machine_has_failed())
            (void)btx_sim_fail(life->world, "the auditor: %s", fault.text);
    }
    return life->world->failure[0] == '\0' ? BTX_SIM_LIFE_ENDED : BTX_SIM_LIFE_FAILED;
}
