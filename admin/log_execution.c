/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/log_execution.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/wal/snapshot.h"
#include "engine/wire/notes.h"

/* Bytes of a state that moves to another core. */
struct state_bytes {
    uint8_t *bytes;
    size_t length_bytes;
    size_t size_bytes;
    bool failed;
};

static void stop(struct btx_log_execution *execution, enum btx_execution_state state,
                 const char *why)
{
    execution->state = state;
    (void)snprintf(execution->why, sizeof execution->why, "%s", why); /* Cut is fine. */
}

void btx_log_execution_begin(struct btx_log_execution *execution, const char *root,
                             uint64_t base_seq)
{
    memset(execution, 0, sizeof *execution);
    execution->state = BTX_EXECUTION_RUNNING;
    execution->root = root;
    execution->base_seq = base_seq;
}

static void keep_bytes(void *context, const void *bytes, size_t length_bytes)
{
    struct state_bytes *state = context;

    if (state->failed)
        return;
    if (state->size_bytes - state->length_bytes < length_bytes) {
        const size_t size_bytes = 2 * state->size_bytes + length_bytes + (1u << 20);
        uint8_t *grown = realloc(state->bytes, size_bytes);

        if (grown == NULL) {
            state->failed = true;
            return;
        }
        state->bytes = grown;
        state->size_bytes = size_bytes;
    }
    memcpy(state->bytes + state->length_bytes, bytes, length_bytes);
    state->length_bytes += length_bytes;
}

/* Open the first exchange, and load the snapshot that the log begins behind. */
static void open_first(struct btx_log_execution *execution)
{
    struct btx_snapshot snapshot = {0};
    struct btx_fault fault = {0};
    const char *why = NULL;

    if (btx_exchange_open(&execution->exchange, &execution->capacity, &fault) != BTX_OK) {
        stop(execution, BTX_EXECUTION_STOPPED, fault.text);
        return;
    }
    execution->audit.exchange = &execution->exchange;
    if (execution->base_seq == 0)
        return;
    if (btx_snapshot_load(&snapshot, execution->root, execution->base_seq, &fault) != BTX_OK)
        why = fault.text;
    else
        why = btx_core_load(execution->exchange.core, snapshot.state,
                            (size_t)snapshot.header.length_bytes);
    if (why != NULL)
        stop(execution, BTX_EXECUTION_STOPPED, why);
    execution->stopped_seq = execution->base_seq;
    btx_snapshot_unload(&snapshot);
}

/* Go on with the same state within other capacities. */
static void move_state(struct btx_log_execution *execution)
{
    struct state_bytes state = {0};
    struct btx_fault fault = {0};
    const char *why = NULL;

    btx_core_save(execution->exchange.core, keep_bytes, &state);
    btx_exchange_close(&execution->exchange);
    if (state.failed)
        why = "no memory to move the state to other capacities";
    else if (btx_exchange_open(&execution->exchange, &execution->capacity, &fault) != BTX_OK)
        why = fault.text;
    else
        why = btx_core_load(execution->exchange.core, state.bytes, state.length_bytes);
    if (why != NULL)
        stop(execution, BTX_EXECUTION_STOPPED, why);
    free(state.bytes);
}

static uint32_t narrow(uint64_t capacity)
{
    return capacity > UINT32_MAX ? UINT32_MAX : (uint32_t)capacity;
}

/* Another engine goes on from here: by the same rules, perhaps within other capacities. */
static void take_start(struct btx_log_execution *execution, const struct btx_engine_started *note)
{
    const struct btx_core_capacity capacity = {
        .accounts = narrow(note->capacity_accounts),
        .markets = narrow(note->capacity_markets),
        .runners = narrow(note->capacity_runners),
        .orders = narrow(note->capacity_orders),
        .positions = narrow(note->capacity_positions),
        .stakes = note->capacity_stakes,
        .description_bytes = note->capacity_description_bytes,
    };

    if (note->rules_version > BTX_RULES_VERSION) {
        (void)snprintf(execution->why, sizeof execution->why,
                       "an engine with rules version %" PRIu32 " went on; this program knows %u",
                       note->rules_version, BTX_RULES_VERSION);
        execution->state = BTX_EXECUTION_STOPPED;
        return;
    }
    if (note->shard != 0) {
        stop(execution, BTX_EXECUTION_STOPPED, "this program can execute shard 0 only");
        return;
    }
    if (memcmp(&capacity, &execution->capacity, sizeof capacity) == 0)
        return;
    execution->capacity = capacity;
    if (execution->exchange.core == NULL)
        open_first(execution);
    else if (execution->audit.expected == NULL)
        move_state(execution);
}

void btx_log_execution_take(struct btx_log_execution *execution, const struct btx_record *record)
{
    const char *why;

    if (execution->state != BTX_EXECUTION_RUNNING)
        return;
    if (btx_record_kind(record) == BTX_RECORD_NOTE && record->type == BTX_NOTE_ENGINE_STARTED)
        take_start(execution, (const void *)record);
    if (execution->state == BTX_EXECUTION_RUNNING && execution->exchange.core == NULL) {
        execution->capacity = btx_exchange_capacity_default;
        open_first(execution);
    }
    if (execution->state != BTX_EXECUTION_RUNNING)
        return;
    why = btx_audit_take(&execution->audit, record);
    if (why != NULL)
        stop(execution, BTX_EXECUTION_DIFFERS, why);
    else if (btx_record_kind(record) == BTX_RECORD_EVENT)
        execution->stopped_seq = record->seq;
}

void btx_log_execution_stop(struct btx_log_execution *execution, const char *why)
{
    if (execution->state == BTX_EXECUTION_RUNNING)
        stop(execution, BTX_EXECUTION_STOPPED, why);
}

void btx_log_execution_done(struct btx_log_execution *execution)
{
    btx_exchange_close(&execution->exchange);
}
