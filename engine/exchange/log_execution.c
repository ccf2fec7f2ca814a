/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/exchange/log_execution.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a state that moves to another core. */
struct state_bytes {
    uint8_t *bytes;
    size_t length_bytes;
    size_t size_bytes;
    bool failed;
};

static void stop(struct btx_log_execution *execution, enum btx_execution_state state,
                 enum btx_fault_code code, const char *why)
{
    execution->state = state;
    execution->code = code;
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

/* Why the state could not be taken, and which fault that is: no room for it, or damage. */
static void refuse_state(struct btx_log_execution *execution, const char *why)
{
    const bool no_room = strstr(why, "the capacity") != NULL;

    stop(execution, BTX_EXECUTION_STOPPED, no_room ? BTX_FAULT_LIMIT : BTX_FAULT_CORRUPT, why);
}

static void open_exchange(struct btx_log_execution *execution)
{
    struct btx_fault fault = {0};

    if (btx_exchange_open(&execution->exchange, &execution->capacity, &fault) != BTX_OK) {
        stop(execution, BTX_EXECUTION_STOPPED,
             fault.code == BTX_FAULT_USAGE ? BTX_FAULT_LIMIT : fault.code, fault.text);
        return;
    }
    execution->audit.exchange = &execution->exchange;
}

/* Take the state of @snapshot into the exchange, which was just opened. */
static void load_base(struct btx_log_execution *execution, const struct btx_snapshot *snapshot)
{
    const char *why = btx_core_load(execution->exchange.core, snapshot->state,
                                    (size_t)snapshot->header.length_bytes);

    if (why != NULL)
        refuse_state(execution, why);
    execution->stopped_seq = snapshot->header.seq;
}

/* Open the first exchange, and load the snapshot that the log begins behind. */
static void open_first(struct btx_log_execution *execution)
{
    struct btx_snapshot snapshot = {0};
    struct btx_fault fault = {0};

    open_exchange(execution);
    if (execution->state != BTX_EXECUTION_RUNNING || execution->base_seq == 0)
        return;
    if (btx_snapshot_load(&snapshot, execution->root, execution->base_seq, &fault) == BTX_OK)
        load_base(execution, &snapshot);
    else
        stop(execution, BTX_EXECUTION_STOPPED, fault.code, fault.text);
    btx_snapshot_unload(&snapshot);
}

void btx_log_execution_resume(struct btx_log_execution *execution,
                              const struct btx_snapshot *snapshot,
                              const struct btx_core_capacity *capacity)
{
    memset(execution, 0, sizeof *execution);
    execution->state = BTX_EXECUTION_RUNNING;
    execution->base_seq = snapshot->header.seq;
    execution->capacity = *capacity;
    open_exchange(execution);
    if (execution->state == BTX_EXECUTION_RUNNING)
        load_base(execution, snapshot);
}

/* Go on with the same state within other capacities. */
static void move_state(struct btx_log_execution *execution)
{
    struct state_bytes state = {0};
    const char *why;

    btx_core_save(execution->exchange.core, keep_bytes, &state);
    btx_exchange_close(&execution->exchange);
    if (state.failed)
        stop(execution, BTX_EXECUTION_STOPPED, BTX_FAULT_MEMORY,
             "no memory to move the state to other capacities");
    else
        open_exchange(execution);
    if (execution->state == BTX_EXECUTION_RUNNING) {
        why = btx_core_load(execution->exchange.core, state.bytes, state.length_bytes);
        if (why != NULL)
            refuse_state(execution, why);
    }
    free(state.bytes);
}

static uint32_t narrow(uint64_t capacity)
{
    return capacity > UINT32_MAX ? UINT32_MAX : (uint32_t)capacity;
}

struct btx_core_capacity btx_log_capacity(const struct btx_engine_started *note)
{
    return (struct btx_core_capacity){
        .accounts = narrow(note->capacity_accounts),
        .markets = narrow(note->capacity_markets),
        .runners = narrow(note->capacity_runners),
        .orders = narrow(note->capacity_orders),
        .positions = narrow(note->capacity_positions),
        .stakes = narrow(note->capacity_stakes),
        .description_bytes = narrow(note->capacity_description_bytes),
    };
}

/* Another engine goes on from here: by the same rules, perhaps within other capacities. */
static void take_start(struct btx_log_execution *execution, const struct btx_engine_started *note)
{
    const struct btx_core_capacity capacity = btx_log_capacity(note);

    if (note->rules_version > BTX_RULES_VERSION) {
        char why[BTX_EXECUTION_TEXT_BYTES];

        (void)snprintf(why, sizeof why,
                       "an engine with rules version %" PRIu32 " went on; this program knows %u",
                       note->rules_version, BTX_RULES_VERSION);
        stop(execution, BTX_EXECUTION_STOPPED, BTX_FAULT_LAYOUT, why);
        return;
    }
    if (note->shard != 0) {
        stop(execution, BTX_EXECUTION_STOPPED, BTX_FAULT_LAYOUT,
             "this program can execute shard 0 only");
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
        stop(execution, BTX_EXECUTION_DIFFERS, BTX_FAULT_CORRUPT, why);
    else if (btx_record_kind(record) == BTX_RECORD_EVENT)
        execution->stopped_seq = record->seq;
}

void btx_log_execution_stop(struct btx_log_execution *execution, const char *why)
{
    if (execution->state == BTX_EXECUTION_RUNNING)
        stop(execution, BTX_EXECUTION_STOPPED, BTX_FAULT_CORRUPT, why);
}

void btx_log_execution_done(struct btx_log_execution *execution)
{
    btx_exchange_close(&execution->exchange);
}
