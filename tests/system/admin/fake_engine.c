/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "engine/core/view.h"
#include "engine/exchange/recovery.h"
#include "engine/wire/notes.h"
#include "engine/wire/requests.h"

#define SECOND_NS UINT64_C(1000000000)

enum { RING_BYTES = 2 * 1024 * 1024, COMMAND_RING_BYTES = 64 * 1024, ADMIN_PRODUCER = 1 };

static const struct btx_core_capacity capacity = {
    .accounts = 1000,
    .markets = 1000,
    .runners = 4000,
    .orders = 20000,
    .positions = 4000,
    .stakes = 4000,
    .description_bytes = 65536,
};

static void need(enum btx_fault_code code, const struct btx_fault *fault)
{
    if (code == BTX_OK)
        return;
    (void)fprintf(stderr, "fake engine: %s\n", fault->text);
    exit(EXIT_FAILURE);
}

static const char *check(const void *record, size_t length_bytes, void *context)
{
    const struct btx_record *header = record;

    (void)context;
    return btx_request_is_type(header->type) ? btx_request_check(record, length_bytes)
                                             : btx_record_check(record, length_bytes);
}

static void show(struct fake_engine *engine)
{
    const uint64_t now_ns = btx_clock_monotonic_ns(btx_clock_system());

    btx_status_set(&engine->matcher_status, BTX_STATUS_SEQ, engine->seq);
    btx_status_set(&engine->matcher_status, BTX_STATUS_TX, engine->tx);
    btx_status_beat(&engine->main_status, now_ns);
    btx_status_beat(&engine->matcher_status, now_ns);
}

/* Everything that is in the ring onto the disk. */
static void commit(struct fake_engine *engine)
{
    struct btx_fault fault = {0};
    const void *bytes;
    const size_t length_bytes = btx_event_ring_pending(&engine->events, &bytes);
    const struct iovec piece = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = length_bytes};

    if (length_bytes == 0)
        return;
    need(btx_wal_writer_commit(engine->writer, &piece, 1, &fault), &fault);
    btx_event_ring_set_durable(&engine->events, length_bytes, engine->seq);
    btx_ring_server_wake(engine->server, btx_event_ring_durable(&engine->events));
    show(engine);
}

static void put_tx(struct fake_engine *engine, const struct btx_tx *tx)
{
    uint8_t *room;

    if (tx->length_bytes == 0)
        return;
    CHECK(btx_event_ring_room(&engine->events, tx->length_bytes) >= tx->length_bytes);
    room = btx_event_ring_claim(&engine->events, tx->length_bytes);
    memcpy(room, tx->bytes, tx->length_bytes);
    for (size_t at = 0; at < tx->length_bytes;) {
        struct btx_record *record = (void *)(room + at);

        btx_record_seal(record);
        at += btx_record_length_bytes(record);
        if (btx_record_kind(record) != BTX_RECORD_EVENT)
            continue;
        engine->seq = record->seq;
        engine->tx = record->tx;
    }
    btx_event_ring_publish(&engine->events, tx->length_bytes);
    commit(engine);
}

void fake_engine_run(struct fake_engine *engine, const struct btx_command *command)
{
    enum btx_step step = BTX_STEP_DUE;

    while (step == BTX_STEP_DUE) {
        step = btx_core_step(engine->exchange.core, command, &engine->exchange.tx);
        put_tx(engine, &engine->exchange.tx);
    }
    while (step == BTX_STEP_MORE) {
        step = btx_core_step(engine->exchange.core, NULL, &engine->exchange.tx);
        put_tx(engine, &engine->exchange.tx);
    }
}

/* A note of @body_bytes with @tail behind it. */
static void put_note(struct fake_engine *engine, enum btx_note_type type, const void *body,
                     size_t body_bytes, const void *tail, size_t tail_bytes)
{
    const uint16_t units = btx_record_units(body_bytes + tail_bytes);
    const size_t length_bytes = (size_t)units * BTX_RECORD_UNIT_BYTES;
    uint8_t *room;
    struct btx_record *record;

    CHECK(btx_event_ring_room(&engine->events, length_bytes) >= length_bytes);
    room = btx_event_ring_claim(&engine->events, length_bytes);
    memset(room, 0, length_bytes);
    memcpy(room, body, body_bytes);
    if (tail_bytes != 0)
        memcpy(room + body_bytes, tail, tail_bytes);
    record = (void *)room;
    record->length_units = units;
    record->kind_flags = BTX_RECORD_NOTE;
    record->type = (uint8_t)type;
    record->seq = engine->seq;
    record->tx = engine->tx;
    record->time_ns = btx_clock_wall_ns(btx_clock_system());
    CHECK(btx_record_check(record, length_bytes) == NULL);
    btx_record_seal(record);
    btx_event_ring_publish(&engine->events, length_bytes);
    commit(engine);
}

static void take_request(struct fake_engine *engine, const struct btx_request *request)
{
    struct btx_operator_action note = {.what_length = request->what_length};
    struct btx_wal_rotation rotation;
    struct btx_fault fault = {0};

    memcpy(note.who, request->who, sizeof note.who);
    put_note(engine, BTX_NOTE_OPERATOR_ACTION, &note, sizeof note, btx_request_what(request),
             request->what_length);
    switch ((enum btx_request_type)request->command.record.type) {
    case BTX_REQUEST_ROTATE:
        need(btx_wal_writer_rotate(engine->writer, &rotation, &fault), &fault);
        break;
    case BTX_REQUEST_DRAIN:
        engine->is_draining = true;
        btx_status_set(&engine->main_status, BTX_STATUS_STATE, BTX_STATUS_ENGINE_DRAINING);
        break;
    case BTX_REQUEST_SHUTDOWN:
        engine->is_asked_to_stop = true;
        break;
    case BTX_REQUEST_SNAPSHOT:
    case BTX_REQUEST_OPERATOR_ACTION:
        break;
    }
}

bool fake_engine_turn(struct fake_engine *engine)
{
    static union btx_command_space space;
    struct btx_ring_port *port = btx_ring_server_port(engine->server, 0);
    size_t length_bytes;

    show(engine);
    switch (btx_ring_port_take(port, &space, &length_bytes)) {
    case BTX_RING_PORT_EMPTY:
        return false;
    case BTX_RING_PORT_COMMAND:
        engine->commands++;
        if (btx_request_is_type(space.command.record.type)) {
            take_request(engine, (const struct btx_request *)(const void *)&space);
            return true;
        }
        space.command.incarnation = btx_ring_port_incarnation(port);
        space.command.producer = ADMIN_PRODUCER;
        space.command.record.time_ns = btx_clock_wall_ns(btx_clock_system());
        fake_engine_run(engine, &space.command);
        return true;
    case BTX_RING_PORT_BROKEN:
        btx_ring_server_kick(engine->server);
        return true;
    case BTX_RING_PORT_ENDED:
        btx_ring_port_release(port);
        btx_ring_server_kick(engine->server);
        return true;
    case BTX_RING_PORT_TAKE_COUNT:
        break;
    }
    CHECK_UNREACHABLE();
}

static void open_log(struct fake_engine *engine, const char *wal)
{
    struct btx_wal_writer_options options = {
        .root = wal, .program = "fake-engine", .clock = btx_clock_system()};
    struct btx_recovery_options recovery = {.root = wal, .at_seq = UINT64_MAX};
    struct btx_recovery_report report;
    struct btx_core_view view;
    struct btx_fault fault = {0};

    btx_setting_defaults(btx_wal_settings, BTX_WAL_SETTING_COUNT, &options.settings);
    options.settings.unsafe_filesystem = 1;
    options.settings.segment_map_size_bytes = UINT64_C(64) << 20;
    options.settings.low_space_bytes = options.settings.stop_bytes = 0;
    need(btx_wal_writer_open(&engine->writer, &options, &fault), &fault);
    need(btx_exchange_open(&engine->exchange, &capacity, &fault), &fault);
    recovery.end = btx_wal_writer_recovered(engine->writer);
    need(btx_recovery_run(&engine->exchange, &recovery, &report, &fault), &fault);
    btx_core_view(engine->exchange.core, &view);
    engine->seq = view.seq;
    engine->tx = view.tx;
}

static void open_page(struct fake_engine *engine)
{
    const struct btx_status_options options = {
        .parts = UINT64_C(1) << BTX_STATUS_PART_MAIN | UINT64_C(1) << BTX_STATUS_PART_MATCHER,
        .incarnation = btx_wal_writer_epoch(engine->writer),
        .version = "fake",
        .clock = btx_clock_system(),
    };
    struct btx_fault fault = {0};

    need(btx_status_page_create(&engine->page, &options, &fault), &fault);
    btx_status_writer_init(&engine->main_status, engine->page.shared, BTX_STATUS_PART_MAIN);
    btx_status_writer_init(&engine->matcher_status, engine->page.shared, BTX_STATUS_PART_MATCHER);
    btx_status_set(&engine->main_status, BTX_STATUS_STATE, BTX_STATUS_ENGINE_SERVING);
    btx_status_common(&engine->main_status, BTX_STATUS_COMMON_PART_STATE, BTX_STATUS_PART_RUNNING);
    btx_status_common(&engine->matcher_status, BTX_STATUS_COMMON_PART_STATE,
                      BTX_STATUS_PART_RUNNING);
}

static void open_rings(struct fake_engine *engine, const char *socket)
{
    const uint64_t epoch = btx_wal_writer_epoch(engine->writer);
    const struct btx_event_ring_options events = {
        .capacity_bytes = RING_BYTES, .incarnation = epoch, .mark = engine->seq};
    const struct btx_ring_port_rule rule = {
        .name = "admin",
        .uid = getuid(),
        .producer = ADMIN_PRODUCER,
        .ring_bytes = COMMAND_RING_BYTES,
        .accounts_max = 512,
        .commands = {.types = ((UINT64_C(2) << BTX_COMMAND_COUNT) - 2) | BTX_REQUEST_TYPES,
                     .length_bytes_max = BTX_COMMAND_BYTES_MAX,
                     .kind = BTX_RECORD_COMMAND,
                     .check = check},
    };
    const struct btx_ring_server_options options = {
        .path = socket,
        .mode = 0600,
        .rules = &rule,
        .rule_count = 1,
        .events = &engine->events,
        .status_fd = engine->page.fd,
        .first_incarnation = (uint32_t)epoch * 1000,
        .patience_ns = 60 * SECOND_NS,
        .mapping_ns = 60 * SECOND_NS,
        .clock = btx_clock_system(),
    };
    struct btx_fault fault = {0};

    need(btx_event_ring_create(&engine->events, &events, &fault), &fault);
    need(btx_ring_server_open(&engine->server, &options, &fault), &fault);
}

void fake_engine_open(struct fake_engine *engine, const char *socket, const char *wal)
{
    struct btx_engine_started note = {
        .capacity_accounts = capacity.accounts,
        .capacity_markets = capacity.markets,
        .capacity_runners = capacity.runners,
        .capacity_orders = capacity.orders,
        .capacity_positions = capacity.positions,
        .capacity_stakes = capacity.stakes,
        .capacity_description_bytes = capacity.description_bytes,
        .rules_version = BTX_RULES_VERSION,
        .image = "fake",
        .host = "test",
    };

    memset(engine, 0, sizeof *engine);
    engine->page.fd = -1;
    open_log(engine, wal);
    open_page(engine);
    open_rings(engine, socket);
    note.epoch = btx_wal_writer_epoch(engine->writer);
    put_note(engine, BTX_NOTE_ENGINE_STARTED, &note, sizeof note, NULL, 0);
    while (btx_core_pending(engine->exchange.core) != NULL) {
        (void)btx_core_step(engine->exchange.core, NULL, &engine->exchange.tx);
        put_tx(engine, &engine->exchange.tx);
    }
    show(engine);
}

void fake_engine_close(struct fake_engine *engine, bool clean)
{
    const struct btx_clean_stop note = {.record = {0}};
    struct btx_fault fault = {0};

    if (clean)
        put_note(engine, BTX_NOTE_CLEAN_STOP, &note, sizeof note, NULL, 0);
    btx_ring_server_close(engine->server);
    btx_event_ring_done(&engine->events);
    need(btx_wal_writer_close(engine->writer, NULL, &fault), &fault);
    btx_exchange_close(&engine->exchange);
    btx_status_page_close(&engine->page);
}
