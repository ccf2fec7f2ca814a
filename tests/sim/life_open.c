/* SPDX-License-Identifier: Apache-2.0 */
/* life_open.c - the start of the engine: log, recovery, rings, peers. */
#include <inttypes.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/exchange/log_notes.h"
#include "engine/wal/sizing.h"
#include "tests/crash/units.h"
#include "tests/property/subject.h"
#include "tests/sim/life.h"

#define SECOND_NS UINT64_C(1000000000)
#define MINUTE_NS (60 * SECOND_NS)
#define MIB (UINT64_C(1) << 20)

/* Smaller than what an operator may set, so that a short life has many segments. */
static void choose_settings(struct btx_wal_settings *settings, uint64_t seed)
{
    static const uint64_t events[] = {40, 200, 1000, 1000000};
    struct btx_random random;

    btx_random_init(&random, seed);
    btx_wal_settings_default(settings);
    settings->max_commit_bytes = btx_random_chance(&random, 500) ? MIB : 640 << 10;
    settings->segment_map_size_bytes = btx_wal_map_bytes_min(settings->max_commit_bytes) +
                                       btx_random_below(&random, 3) * (256 << 10);
    settings->max_segment_events = events[btx_random_below(&random, BTX_COUNT_OF(events))];
    settings->min_segment_age_ns = 0;
    settings->max_segment_age_ns = btx_random_chance(&random, 500) ? MINUTE_NS : 0;
    settings->zero_ahead_bytes = 64 << 10;
    settings->low_space_bytes = 64 * MIB;
    settings->stop_bytes = 32 * MIB;
    settings->unsafe_filesystem = 1;
}

int btx_sim_life_fault(struct btx_sim_life *life)
{
    btx_sim_note_number(life->world, (uint64_t)life->fault.code);
    btx_sim_trace(life->world, "fault: %s", life->fault.text);
    if (btx_sim_machine_has_failed_log())
        return BTX_SIM_LIFE_FAULT;
    (void)btx_sim_fail(life->world, "a fault that nobody made: %s", life->fault.text);
    return BTX_SIM_LIFE_FAILED;
}

/* The log has everything that was shown, and of the rest a beginning; from now on that is known. */
static bool compare_log(struct btx_sim_life *life)
{
    struct btx_sim_world *world = life->world;
    struct btx_history *history = world->history;
    const size_t shown_bytes = history->acknowledged_bytes;
    char text[BTX_VERDICT_TEXT_BYTES];
    size_t length_bytes;
    enum btx_verdict verdict;

    btx_sim_machine_hold_failures(&life->machine, true);
    verdict = btx_history_compare(history, world->root, true, &length_bytes, text);
    btx_sim_machine_hold_failures(&life->machine, false);
    if (verdict != BTX_VERDICT_RIGHT)
        return btx_sim_fail(world, "the recovered log is %s: %s", btx_verdict_name(verdict), text);
    if (length_bytes > shown_bytes)
        btx_sim_meet(world, BTX_SIM_UNSEEN_RECOVERED);
    btx_sim_note_number(world, length_bytes);
    btx_history_cut(history, length_bytes);
    if (!btx_sim_world_check_shown(world))
        return false;
    btx_sim_world_forget_sent(world);
    return true;
}

/* The state that recovery gives is the one that all records give. */
static int recover(struct btx_sim_life *life, struct btx_recovery_report *ret_report)
{
    struct btx_sim_world *world = life->world;
    const struct btx_core_capacity capacity = btx_model_core_capacity(&world->flow.capacity);
    const struct btx_recovery_options options = {
        .root = world->root,
        .end = btx_wal_writer_recovered(life->writer),
        .at_seq = UINT64_MAX,
    };

    CHECK(btx_exchange_open(&life->exchange, &capacity, &life->fault) == BTX_OK);
    if (btx_recovery_run(&life->exchange, &options, ret_report, &life->fault) != BTX_OK)
        return btx_sim_life_fault(life);
    if (ret_report->snapshot_seq != 0)
        btx_sim_meet(world, BTX_SIM_SNAPSHOTS_USED);
    if (ret_report->snapshots_refused != 0 && !btx_sim_machine_has_failed())
        (void)btx_sim_fail(world, "a snapshot was refused: %s", ret_report->snapshot_why);
    else if (ret_report->position.seq != world->seq || ret_report->position.tx != world->tx)
        (void)btx_sim_fail(world,
                           "recovered up to seq %" PRIu64 " tx %" PRIu64
                           ", the log ends with seq %" PRIu64 " tx %" PRIu64,
                           ret_report->position.seq, ret_report->position.tx, world->seq,
                           world->tx);
    else if (btx_sim_follower_compare(life->follower, &life->exchange, "after recovery")) {
        btx_sim_meet(world, BTX_SIM_RECOVERIES);
        btx_sim_trace(world, "recovered up to seq %" PRIu64, world->seq);
        return BTX_SIM_LIFE_ENDED;
    }
    return BTX_SIM_LIFE_FAILED;
}

/* Somebody who set the clock back has to set it right before the engine starts. */
static int start_clock(struct btx_sim_life *life, uint64_t last_event_ns)
{
    struct btx_sim_world *world = life->world;
    const struct btx_clock *clock = &world->clock.clock;
    const bool is_away = btx_clock_wall_ns(clock) + (uint64_t)BTX_SLEW_DISTANCE_NS < last_event_ns;
    const bool starts =
        btx_slew_clock_init(&life->time, clock, last_event_ns, &life->fault) == BTX_OK;

    if (starts == is_away) {
        (void)btx_sim_fail(world, "a clock %s the log is %s", is_away ? "before" : "at",
                           starts ? "taken" : "refused");
        return BTX_SIM_LIFE_FAILED;
    }
    if (starts)
        return BTX_SIM_LIFE_ENDED;
    btx_sim_meet(world, BTX_SIM_CLOCK_REFUSED);
    btx_clock_manual_set_wall(&world->clock, last_event_ns + SECOND_NS);
    return BTX_SIM_LIFE_REFUSED;
}

static int write_start(struct btx_sim_life *life)
{
    struct btx_history *history = life->world->history;
    const struct btx_log_start start = {.epoch = btx_wal_writer_epoch(life->writer),
                                        .image = "betex-sim"};
    uint8_t *room = btx_history_room(history, BTX_UNIT_BYTES_MAX);
    struct iovec piece = {.iov_base = room};

    if (start.epoch <= history->epoch) {
        (void)btx_sim_fail(life->world, "epoch %" PRIu64 " was used before", start.epoch);
        return BTX_SIM_LIFE_FAILED;
    }
    history->epoch = start.epoch;
    piece.iov_len =
        btx_log_note_start(room, &life->exchange, &start, btx_clock_wall_ns(&life->time.clock));
    btx_record_seal((struct btx_record *)(void *)room);
    btx_history_add(history, piece.iov_len);
    history->attempted_bytes = history->length_bytes;
    if (btx_wal_writer_commit(life->writer, &piece, 1, &life->fault) != BTX_OK)
        return btx_sim_life_fault(life);
    history->acknowledged_bytes = history->length_bytes;
    return btx_sim_world_check_shown(life->world) ? BTX_SIM_LIFE_ENDED : BTX_SIM_LIFE_FAILED;
}

static void attach_reader(struct btx_sim_life *life, struct btx_event_reader *reader)
{
    int page_fd = -1;
    int bytes_fd = -1;

    CHECK(btx_ring_memory_open_reader(&life->ring.page_memory, &page_fd, &life->fault) == BTX_OK);
    CHECK(btx_ring_memory_open_reader(&life->ring.bytes_memory, &bytes_fd, &life->fault) == BTX_OK);
    CHECK(btx_event_reader_attach(reader, page_fd, bytes_fd, &life->fault) == BTX_OK);
}

static void open_rings(struct btx_sim_life *life, uint64_t mark)
{
    const struct btx_event_ring_options options = {
        .capacity_bytes = BTX_EVENT_RING_BYTES_MIN,
        .incarnation = btx_wal_writer_epoch(life->writer),
        .mark = mark,
    };
    const struct btx_status_options status = {
        .parts = 1u << BTX_STATUS_PART_MATCHER | 1u << BTX_STATUS_PART_POLLER |
                 1u << BTX_STATUS_PART_SEGMENTS,
        .version = "sim",
        .clock = &life->world->clock.clock,
    };

    CHECK(btx_event_ring_create(&life->ring, &options, &life->fault) == BTX_OK);
    attach_reader(life, &life->reader);
    attach_reader(life, &life->idler);
    life->shown_base = life->world->history->acknowledged_bytes;
    btx_status_shared_init(&life->status, &status);
    btx_sim_peers_open(&life->peers, life->world, life->follower);
}

static void look_at_clock(void *context)
{
    struct btx_sim_life *life = context;

    (void)btx_slew_clock_look(&life->time);
}

static void ignore_kick(void *context)
{
    (void)context; /* The helper comes by in its time. */
}

static void wake(void *context, uint64_t durable)
{
    struct btx_sim_life *life = context;

    life->woken = durable;
}

static void open_loops(struct btx_sim_life *life, uint64_t mark)
{
    btx_matcher_init(&life->matcher,
                     &(const struct btx_matcher_options){.exchange = &life->exchange,
                                                         .ring = &life->ring,
                                                         .ports = life->peers.port_list,
                                                         .port_count = BTX_SIM_PEERS,
                                                         .clock = &life->time.clock,
                                                         .desk = &life->desk,
                                                         .track = &life->track,
                                                         .status = &life->status,
                                                         .look = look_at_clock,
                                                         .look_context = life,
                                                         .kick = ignore_kick});
    btx_poller_init(&life->poller,
                    &(const struct btx_poller_options){.ring = &life->ring,
                                                       .writer = life->writer,
                                                       .settings = &life->settings,
                                                       .mark = mark,
                                                       .clock = &life->world->clock.clock,
                                                       .desk = &life->desk,
                                                       .track = &life->track,
                                                       .status = &life->status,
                                                       .wake = wake,
                                                       .wake_context = life});
}

int btx_sim_life_open(struct btx_sim_life *life)
{
    struct btx_sim_world *world = life->world;
    struct btx_wal_writer_options options = {
        .root = world->root,
        .program = "betex-sim",
        .host = "sim",
        .clock = &world->clock.clock,
        .threadless = true,
    };
    struct btx_recovery_report report;
    int status;

    choose_settings(&life->settings, world->seed);
    options.settings = life->settings;
    if (btx_wal_writer_open(&life->writer, &options, &life->fault) != BTX_OK)
        return btx_sim_life_fault(life);
    if (!compare_log(life))
        return BTX_SIM_LIFE_FAILED;
    status = recover(life, &report);
    if (status == BTX_SIM_LIFE_ENDED)
        status = start_clock(life, report.position.time_ns);
    if (status == BTX_SIM_LIFE_ENDED)
        status = write_start(life);
    if (status != BTX_SIM_LIFE_ENDED)
        return status;
    open_rings(life, report.position.seq);
    open_loops(life, report.position.seq);
    life->began_ns = btx_clock_wall_ns(&life->time.clock);
    life->began_monotonic_ns = btx_clock_monotonic_ns(&world->clock.clock);
    return BTX_SIM_LIFE_ENDED;
}
