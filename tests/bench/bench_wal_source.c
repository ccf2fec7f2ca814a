/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_wal_source.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"

#define SEED 20260101
#define ACCOUNTS 100u
#define RESTING 2000u
#define ACCOUNT 1u
/* 2024-01-01, and an event every microsecond. */
#define START_NS UINT64_C(1704067200000000000)
#define STEP_NS 1000u

/* Nothing here can fail but for want of memory, and then there is nothing to report. */
static void open_exchange(struct btx_exchange *exchange,
                          const struct btx_bench_wal_recording *recording)
{
    CHECK(btx_exchange_open(exchange, &recording->flow.capacity, NULL) == BTX_OK);
}

static void *take_memory(size_t length_bytes)
{
    void *memory = aligned_alloc(4096, (length_bytes + 4095) / 4096 * 4096);
    CHECK(memory != NULL);
    /* Touched now, so that no run pays for the page faults. */
    memset(memory, 0, length_bytes);
    return memory;
}

/* The next tx of the command at *@at into exchange->tx; *@at moves on when the command is done. */
static void step(struct btx_exchange *exchange, const uint8_t **at)
{
    const struct btx_command *command = (const struct btx_command *)(const void *)*at;
    const size_t length_bytes = btx_record_length_bytes(&command->record);
    if (btx_core_pending(exchange->core) != NULL) {
        command = NULL;
    }
    if (btx_core_step(exchange->core, command, &exchange->tx) == BTX_STEP_DONE) {
        *at += length_bytes;
    }
}

static void record_tx(struct btx_bench_wal_recording *recording, size_t *capacity_bytes,
                      const struct btx_tx *tx)
{
    if (*capacity_bytes - recording->length_bytes < tx->length_bytes) {
        *capacity_bytes = *capacity_bytes * 2 + BTX_TX_BYTES_MAX;
        recording->bytes = realloc(recording->bytes, *capacity_bytes);
        CHECK(recording->bytes != NULL);
    }
    memcpy(recording->bytes + recording->length_bytes, tx->bytes, tx->length_bytes);
    recording->length_bytes += tx->length_bytes;
    recording->txs[recording->tx_count] = (struct btx_bench_wal_tx){
        .length_bytes = (uint32_t)tx->length_bytes, .events = tx->event_count};
    recording->tx_count++;
    recording->events += tx->event_count;
    recording->records += tx->event_count + (tx->begins_command ? 1u : 0u);
}

static void record_commands(struct btx_bench_wal_recording *recording,
                            struct btx_exchange *exchange, size_t *capacity_bytes,
                            const uint8_t *bytes, size_t length_bytes)
{
    for (const uint8_t *at = bytes; at < bytes + length_bytes;) {
        step(exchange, &at);
        record_tx(recording, capacity_bytes, &exchange->tx);
    }
}

void btx_bench_wal_recording_init(struct btx_bench_wal_recording *recording, uint32_t commands)
{
    const struct btx_bench_shape shape = {.seed = SEED,
                                          .commands = commands,
                                          .accounts = ACCOUNTS,
                                          .markets = 1,
                                          .runners = 2,
                                          .touched = 1,
                                          .resting = RESTING};
    struct btx_exchange exchange;
    size_t capacity_bytes = 0;
    memset(recording, 0, sizeof *recording);
    btx_bench_flow_init(&recording->flow, &shape);
    const struct btx_bench_flow *flow = &recording->flow;
    /* A command of this flow is one tx: an order sweeps far less than a tx holds. */
    recording->txs = calloc(commands + 2 * (size_t)ACCOUNTS + 1, sizeof *recording->txs);
    CHECK(recording->txs != NULL);
    open_exchange(&exchange, recording);
    record_commands(recording, &exchange, &capacity_bytes, flow->setup, flow->setup_bytes);
    recording->setup_txs = recording->tx_count;
    record_commands(recording, &exchange, &capacity_bytes, flow->commands, flow->commands_bytes);
    CHECK(recording->tx_count == commands + 2 * (size_t)ACCOUNTS + 1);
    btx_exchange_digest(&exchange, recording->digest);
    btx_exchange_close(&exchange);
}

void btx_bench_wal_recording_done(struct btx_bench_wal_recording *recording)
{
    btx_bench_flow_done(&recording->flow);
    free(recording->bytes);
    free(recording->txs);
    recording->bytes = NULL;
    recording->txs = NULL;
}

void btx_bench_wal_source_init(struct btx_bench_wal_source *source, enum btx_bench_wal_kind kind,
                               struct btx_bench_wal_recording *recording, size_t commit_bytes)
{
    CHECK(kind == BTX_BENCH_WAL_EVENTS || recording != NULL);
    memset(source, 0, sizeof *source);
    source->kind = kind;
    source->recording = recording;
    source->room_bytes = commit_bytes;
    if (kind != BTX_BENCH_WAL_FLOW) {
        source->room = take_memory(commit_bytes);
    }
    if (kind == BTX_BENCH_WAL_LIVE) {
        open_exchange(&source->live, recording);
        source->live_command = recording->flow.setup;
    }
}

/* An event that is a tx by itself, as everything about it but its seq is always the same. */
static void put_event(struct btx_bench_wal_source *source, uint8_t *to)
{
    struct btx_account_event *event = (struct btx_account_event *)(void *)to;
    memset(to, 0, BTX_RECORD_UNIT_BYTES);
    source->seq++;
    event->record = (struct btx_record){.length_units = 1,
                                        .kind_flags = BTX_RECORD_EVENT | BTX_RECORD_TX_END,
                                        .type = BTX_EVENT_ACCOUNT_FROZEN,
                                        .seq = source->seq,
                                        .tx = source->seq,
                                        .time_ns = START_NS + source->seq * STEP_NS};
    event->account = ACCOUNT;
    btx_record_seal(&event->record);
}

static struct btx_bench_wal_records next_events(struct btx_bench_wal_source *source,
                                                uint64_t events_max)
{
    const uint64_t fit = source->room_bytes / BTX_RECORD_UNIT_BYTES;
    const uint64_t count = events_max < fit ? events_max : fit;
    for (uint64_t i = 0; i < count; i++) {
        put_event(source, source->room + i * BTX_RECORD_UNIT_BYTES);
    }
    return (struct btx_bench_wal_records){
        .bytes = source->room, .length_bytes = count * BTX_RECORD_UNIT_BYTES, .events = count};
}

static struct btx_bench_wal_records first_events(struct btx_bench_wal_source *source)
{
    union btx_command_space space;
    struct btx_account_command *command =
        (struct btx_account_command *)btx_command_begin(&space, BTX_COMMAND_FREEZE_ACCOUNT);
    const size_t command_bytes = btx_record_length_bytes(&command->command.record);
    command->account = ACCOUNT;
    command->command.number = 1;
    command->command.record.seq = source->seq + 1;
    command->command.record.tx = source->seq + 1;
    command->command.record.time_ns = START_NS;
    btx_record_seal(&command->command.record);
    memcpy(source->room, command, command_bytes);
    put_event(source, source->room + command_bytes);
    const struct btx_bench_wal_records records = {
        .bytes = source->room, .length_bytes = command_bytes + BTX_RECORD_UNIT_BYTES, .events = 1};
    return records;
}

static void seal_all(uint8_t *bytes, size_t length_bytes)
{
    for (size_t at = 0; at < length_bytes;) {
        struct btx_record *record = (struct btx_record *)(void *)(bytes + at);
        btx_record_seal(record);
        at += btx_record_length_bytes(record);
    }
}

static struct btx_bench_wal_records next_flow(struct btx_bench_wal_source *source,
                                              uint64_t events_max, size_t tx_end)
{
    const struct btx_bench_wal_recording *recording = source->recording;
    struct btx_bench_wal_records records = {.bytes = recording->bytes + source->at_bytes};
    while (source->tx < tx_end) {
        const struct btx_bench_wal_tx *tx = &recording->txs[source->tx];
        if (records.events + tx->events > events_max ||
            records.length_bytes + tx->length_bytes > source->room_bytes) {
            break;
        }
        records.events += tx->events;
        records.length_bytes += tx->length_bytes;
        source->tx++;
    }
    seal_all(recording->bytes + source->at_bytes, records.length_bytes);
    source->at_bytes += records.length_bytes;
    return records;
}

static struct btx_bench_wal_records next_live(struct btx_bench_wal_source *source,
                                              uint64_t events_max, const uint8_t *end)
{
    struct btx_bench_wal_records records = {.bytes = source->room};
    while (source->live_command < end && records.events < events_max &&
           source->room_bytes - records.length_bytes >= BTX_TX_BYTES_MAX) {
        source->live.tx.bytes = source->room + records.length_bytes;
        step(&source->live, &source->live_command);
        seal_all(source->live.tx.bytes, source->live.tx.length_bytes);
        records.length_bytes += source->live.tx.length_bytes;
        records.events += source->live.tx.event_count;
    }
    return records;
}

struct btx_bench_wal_records btx_bench_wal_source_first(struct btx_bench_wal_source *source)
{
    if (source->kind == BTX_BENCH_WAL_EVENTS) {
        return first_events(source);
    }
    const struct btx_bench_flow *flow = &source->recording->flow;
    if (source->kind == BTX_BENCH_WAL_FLOW) {
        return next_flow(source, UINT64_MAX, source->recording->setup_txs);
    }
    const struct btx_bench_wal_records records =
        next_live(source, UINT64_MAX, flow->setup + flow->setup_bytes);
    source->live_command = flow->commands;
    return records;
}

struct btx_bench_wal_records btx_bench_wal_source_next(struct btx_bench_wal_source *source,
                                                       uint64_t events_max)
{
    if (source->kind == BTX_BENCH_WAL_EVENTS) {
        return next_events(source, events_max);
    }
    const struct btx_bench_flow *flow = &source->recording->flow;
    return source->kind == BTX_BENCH_WAL_FLOW
               ? next_flow(source, events_max, source->recording->tx_count)
               : next_live(source, events_max, flow->commands + flow->commands_bytes);
}

bool btx_bench_wal_source_ended(const struct btx_bench_wal_source *source)
{
    const struct btx_bench_wal_recording *recording = source->recording;
    switch (source->kind) {
    case BTX_BENCH_WAL_FLOW:
        return source->tx == recording->tx_count;
    case BTX_BENCH_WAL_LIVE:
        return source->live_command == recording->flow.commands + recording->flow.commands_bytes;
    case BTX_BENCH_WAL_EVENTS:
    case BTX_BENCH_WAL_KIND_COUNT:
        break;
    }
    return false;
}

void btx_bench_wal_source_done(struct btx_bench_wal_source *source)
{
    free(source->room);
    source->room = NULL;
    if (source->kind == BTX_BENCH_WAL_LIVE) {
        btx_exchange_close(&source->live);
    }
}
