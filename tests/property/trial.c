/* SPDX-License-Identifier: Apache-2.0 */
/* trial.c - one run: each command goes to the model and to every core, and after each tx and each
 * command they are compared. */
#include "tests/property/trial.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/core/view.h"

/* Of the log no more is kept than the hostile part can use. */
#define TRIAL_LOG_BYTES_MAX (2u << 20)

static bool is_long_story(const struct btx_trial *trial)
{
    return trial->flow.theme == BTX_FLOW_BURST || trial->flow.theme == BTX_FLOW_CROWD ||
           trial->flow.theme == BTX_FLOW_DUTCH;
}

/* At least as much of everything. */
static struct btx_core_capacity larger(struct btx_random *random, struct btx_core_capacity capacity)
{
    capacity.accounts += (uint32_t)btx_random_below(random, 50);
    capacity.markets += (uint32_t)btx_random_below(random, 50);
    capacity.runners += (uint32_t)btx_random_below(random, 100);
    capacity.orders += (uint32_t)btx_random_below(random, 1000);
    capacity.positions += (uint32_t)btx_random_below(random, 100);
    capacity.stakes += (uint32_t)btx_random_below(random, 1000);
    capacity.description_bytes += (uint32_t)btx_random_below(random, 10000);
    return capacity;
}

/* The capacities, of which the first ones are at least 1. */
enum { CAPACITY_PARTS_FROM_1 = 5, CAPACITY_PARTS = 7 };

static uint32_t *capacity_part(struct btx_core_capacity *capacity, uint64_t which)
{
    uint32_t *const parts[] = {
        &capacity->accounts,  &capacity->markets, &capacity->runners,          &capacity->orders,
        &capacity->positions, &capacity->stakes,  &capacity->description_bytes};

    return parts[which];
}

/* A core that has exactly the room that the state needs holds it, and one with less does not. */
static void load_into_the_least(struct btx_trial *trial)
{
    struct btx_subject least = {0};
    struct btx_core_view view;
    const char *sentence;
    uint64_t which;
    uint32_t *part;

    btx_core_view(trial->live.core, &view);
    for (uint64_t i = 0; i < CAPACITY_PARTS_FROM_1; i++) {
        part = capacity_part(&view.used, i);
        if (*part == 0)
            *part = 1;
    }
    btx_subject_open(&least, &view.used, btx_trial_shard(trial));
    sentence = btx_core_load(least.core, trial->saved.bytes, trial->saved.length_bytes);
    if (sentence != NULL)
        btx_trial_fail(trial, "load into the capacities in use: %s", sentence);
    btx_subject_save(&least, &trial->saved_other);
    if (!btx_buffer_equal(&trial->saved, &trial->saved_other))
        btx_trial_fail(trial, "saved, loaded into the least capacities, saved: other bytes");
    which = btx_random_below(&trial->random, CAPACITY_PARTS);
    part = capacity_part(&view.used, which);
    if (*part > (which < CAPACITY_PARTS_FROM_1 ? 1 : 0)) {
        (*part)--;
        btx_subject_open(&least, &view.used, btx_trial_shard(trial));
        sentence = btx_core_load(least.core, trial->saved.bytes, trial->saved.length_bytes);
        if (sentence == NULL)
            btx_trial_fail(trial, "loaded into less than the capacities in use");
    }
    btx_subject_close(&least);
}

static bool rejected_for_capacity(const struct btx_model *model)
{
    const uint8_t *part = model->bytes + model->part_bytes; /* Behind what was due before it. */
    const struct btx_record *command = (const struct btx_record *)(const void *)part;
    const struct btx_command_rejected *rejected;

    if (model->length_bytes == model->part_bytes)
        return false;
    rejected = (const struct btx_command_rejected *)(const void *)(part + btx_record_length_bytes(
                                                                              command));
    return rejected->record.type == BTX_EVENT_COMMAND_REJECTED &&
           rejected->reason == BTX_REJECT_CAPACITY;
}

/* Replace the restored core by one that is loaded from the live one as it is now. */
static void restore(struct btx_trial *trial)
{
    struct btx_core_capacity capacity = trial->live.capacity;
    const char *sentence;

    trial->phase = "restore";
    btx_subject_save(&trial->live, &trial->saved);
    load_into_the_least(trial);
    /* Not where the command that is under way will ask for the capacity. */
    if (!rejected_for_capacity(&trial->model) && btx_random_chance(&trial->random, 500))
        capacity = larger(&trial->random, capacity);
    btx_subject_open(&trial->restored, &capacity, btx_trial_shard(trial));
    sentence = btx_core_load(trial->restored.core, trial->saved.bytes, trial->saved.length_bytes);
    if (sentence != NULL)
        btx_trial_fail(trial, "load: %s", sentence);
    sentence = btx_core_verify(trial->restored.core);
    if (sentence != NULL)
        btx_trial_fail(trial, "verify after load: %s", sentence);
    btx_subject_save(&trial->restored, &trial->saved_other);
    if (!btx_buffer_equal(&trial->saved, &trial->saved_other))
        btx_trial_fail(trial, "saved, loaded, saved: other bytes");
    /* The states in the middle of a command are rare, and worth more. */
    if (trial->snapshot.length_bytes == 0 || btx_core_pending(trial->live.core) != NULL ||
        btx_random_chance(&trial->random, 30)) {
        trial->snapshot.length_bytes = 0;
        btx_buffer_append(&trial->snapshot, trial->saved.bytes, trial->saved.length_bytes);
    }
    trial->totals->restores++;
    if (btx_core_pending(trial->live.core) != NULL)
        trial->totals->restores_within++;
}

static void count_event(struct btx_trial_totals *totals, const struct btx_record *record)
{
    totals->events++;
    totals->events_of[record->type]++;
    if (record->type == BTX_EVENT_COMMAND_REJECTED)
        totals->rejects_of[((const struct btx_command_rejected *)(const void *)record)->reason]++;
    else if (record->type == BTX_EVENT_ORDER_CANCELLED)
        totals->causes_of[((const struct btx_order_cancelled *)(const void *)record)->cause]++;
    else if (record->type == BTX_EVENT_ORDER_CANCELLED_BATCHED)
        totals->causes_of[((const struct btx_order_cancelled_batched *)(const void *)record)
                              ->cause]++;
}

/* Check the frames of the tx that the live core has made, and apply them to the others; not to the
 * applied one where it makes them itself. */
static void apply_tx(struct btx_trial *trial, bool recovers)
{
    const struct btx_tx *tx = &trial->tx;
    size_t offset = 0;
    uint32_t event_count = 0;

    trial->phase = "apply";
    while (offset < tx->length_bytes) {
        const struct btx_record *record =
            (const struct btx_record *)(const void *)(tx->bytes + offset);
        const bool is_event = btx_record_kind(record) == BTX_RECORD_EVENT;
        const char *sentence = btx_record_check(record, tx->length_bytes - offset);

        if (sentence != NULL)
            btx_trial_fail(trial, "the core made a record that is not valid: %s", sentence);
        sentence = btx_watch_record(&trial->watch, record);
        if (sentence != NULL)
            btx_trial_fail(trial, "what the events alone tell: %s", sentence);
        if (!recovers)
            sentence = btx_core_apply(trial->applied.core, record);
        if (sentence != NULL)
            btx_trial_fail(trial, "apply of all records: %s", sentence);
        if (is_event) {
            sentence = btx_core_apply(trial->folded.core, record);
            event_count++;
            count_event(trial->totals, record);
        }
        if (sentence != NULL)
            btx_trial_fail(trial, "apply of events alone: %s", sentence);
        offset += btx_record_length_bytes(record);
    }
    if (event_count != tx->event_count)
        btx_trial_fail(trial, "tx.event_count is %u, there are %u", tx->event_count, event_count);
}

static void compare_applied(struct btx_trial *trial)
{
    trial->phase = "compare with apply alone";
    btx_subject_save(&trial->live, &trial->saved);
    btx_subject_save(&trial->applied, &trial->saved_other);
    if (!btx_buffer_equal(&trial->saved, &trial->saved_other))
        btx_trial_fail(trial, "step and apply of the same records give other bytes");
}

/* Let another core make the tx that the live one has made. */
static void step_other(struct btx_trial *trial, struct btx_subject *other, const char *phase,
                       const struct btx_command *command)
{
    struct btx_tx *tx = &trial->other_tx;

    trial->phase = phase;
    (void)btx_core_step(other->core, command, tx); /* Seen by what pends afterwards. */
    if (tx->length_bytes != trial->tx.length_bytes ||
        memcmp(tx->bytes, trial->tx.bytes, tx->length_bytes) != 0)
        btx_trial_fail(trial, "another core decides otherwise");
    if ((btx_core_pending(other->core) != NULL) != (btx_core_pending(trial->live.core) != NULL))
        btx_trial_fail(trial, "another core is done at another time");
}

/* The tx must be the next part of what the model made. */
static void compare_with_model(struct btx_trial *trial, enum btx_step step, bool begins)
{
    const struct btx_model *model = &trial->model;
    const size_t offset = trial->made.length_bytes;

    trial->phase = "compare with the model";
    btx_buffer_append(&trial->made, trial->tx.bytes, trial->tx.length_bytes);
    if (trial->made.length_bytes > model->length_bytes ||
        (trial->tx.length_bytes != 0 &&
         memcmp(trial->made.bytes + offset, model->bytes + offset, trial->tx.length_bytes) != 0))
        btx_trial_fail(trial, "the model decides otherwise");
    if (step == BTX_STEP_DONE && trial->made.length_bytes != model->length_bytes)
        btx_trial_fail(trial, "the model makes more");
    if (trial->tx.length_bytes != 0 && begins != trial->tx.begins_command)
        btx_trial_fail(trial, "tx.begins_command");
    if (step == BTX_STEP_MORE && !trial->tx.full)
        btx_trial_fail(trial, "a tx in the middle is not full");
    if ((step == BTX_STEP_MORE) != (btx_core_pending(trial->live.core) != NULL))
        btx_trial_fail(trial, "what is pending");
}

/* The command as it stands in the log: at the core's time, which a restored core knows only as
 * far as events told it. */
static void command_at_core_time(const struct btx_trial *trial, union btx_command_space *ret_space)
{
    memcpy(ret_space->bytes, trial->space.bytes,
           btx_record_length_bytes(&trial->space.command.record));
    ret_space->command.record.time_ns = trial->model.time_ns;
}

/* One tx more of the command, or of what is due before it: the others make it or apply it; the
 * applied core makes it itself where it @recovers.  @command is NULL where the tx before goes on.
 */
static void follow(struct btx_trial *trial, const struct btx_command *command, bool recovers)
{
    if (recovers)
        step_other(trial, &trial->applied, "the core that recovers", command);
    apply_tx(trial, recovers);
    if (trial->restored.core != NULL)
        step_other(trial, &trial->restored, "the restored core", command);
}

static void step_all(struct btx_trial *trial)
{
    struct btx_random *random = &trial->random;
    union btx_command_space at_core_time;
    enum btx_step step = BTX_STEP_DUE;
    uint64_t tx_count = 0;
    bool recovers = btx_random_chance(random, 20);
    bool is_long = false;

    trial->made.length_bytes = 0;
    if (rejected_for_capacity(&trial->model) &&
        memcmp(&trial->restored.capacity, &trial->live.capacity, sizeof trial->live.capacity) != 0)
        btx_subject_close(&trial->restored);
    command_at_core_time(trial, &at_core_time);
    for (;;) {
        const bool begins = step != BTX_STEP_MORE;

        /* Whatever it fetches, the others decide the same without it. */
        trial->phase = "prefetch";
        for (uint32_t i = 0; begins && i < BTX_CORE_PREFETCH_STEPS; i++)
            btx_core_prefetch(trial->live.core, &trial->space.command, i);
        trial->phase = begins ? "step" : "step on";
        step = btx_core_step(trial->live.core, begins ? &trial->space.command : NULL, &trial->tx);
        compare_with_model(trial, step, begins);
        follow(trial, begins ? &at_core_time.command : NULL, recovers);
        tx_count += trial->tx.length_bytes != 0;
        is_long = is_long || step == BTX_STEP_MORE;
        if (step == BTX_STEP_DONE)
            break;
        /* Not always: saving may drop what step remembers from one tx to the next. */
        if (btx_random_chance(random, 600))
            compare_applied(trial);
        if (btx_random_chance(random, 400))
            restore(trial);
        /* What was applied up to here is gone on with by step, as after a crash, or applied. */
        trial->totals->recoveries += recovers;
        recovers = btx_random_chance(random, 400);
    }
    trial->totals->txs += tx_count;
    trial->totals->long_commands += is_long;
    trial->totals->recoveries += recovers;
}

static void compare_folded(struct btx_trial *trial)
{
    trial->phase = "compare with the fold of events alone";
    btx_subject_save(&trial->live, &trial->saved);
    btx_subject_save(&trial->folded, &trial->saved_other);
    if (!btx_buffer_equal(&trial->saved, &trial->saved_other))
        btx_trial_fail(trial, "events without their commands give other bytes");
    trial->totals->folds_compared++;
}

static void one_command(struct btx_trial *trial)
{
    struct btx_random *random = &trial->random;
    /* The states of the long stories are large, and change little. */
    const uint64_t often = is_long_story(trial) ? 1 : 100;

    btx_flow_next(&trial->flow, &trial->model, &trial->space);
    btx_trial_see_before(trial);
    btx_model_execute(&trial->model, &trial->space.command);
    btx_trial_see_after(trial);
    step_all(trial);
    trial->totals->commands++;
    trial->totals->commands_of[trial->space.command.record.type]++;
    if (trial->log.length_bytes < TRIAL_LOG_BYTES_MAX)
        btx_buffer_append(&trial->log, trial->made.bytes, trial->made.length_bytes);
    if (btx_random_chance(random, often * 5))
        compare_applied(trial);
    if (btx_random_chance(random, often * 2))
        compare_folded(trial);
    if (btx_random_chance(random, often) || trial->restored.core == NULL)
        restore(trial);
    trial->phase = "check the accounts";
    if (!is_long_story(trial) || btx_random_chance(random, 20))
        btx_trial_check_accounts(trial);
    trial->phase = "check the state";
    if (is_long_story(trial) ? btx_random_below(random, 2500) == 0 : btx_random_chance(random, 120))
        btx_trial_check_state(trial);
}

static void open_all(struct btx_trial *trial)
{
    const struct btx_core_capacity capacity = btx_model_core_capacity(&trial->flow.capacity);
    const uint32_t shards[] = {0, 0, 0, 1, BTX_CORE_SHARD_MAX};
    const uint32_t shard = shards[btx_random_below(&trial->random, BTX_COUNT_OF(shards))];
    const struct btx_core_capacity folded = larger(&trial->random, capacity);
    const uint64_t first_order = ((uint64_t)shard << BTX_CORE_SHARD_BITS) + 1;

    btx_model_init(&trial->model, &trial->flow.capacity, first_order);
    btx_watch_init(&trial->watch, first_order, trial->totals->met);
    btx_subject_open(&trial->live, &capacity, shard);
    btx_subject_open(&trial->applied, &capacity, shard);
    btx_subject_open(&trial->folded, &folded, shard);
}

static void close_all(struct btx_trial *trial)
{
    btx_subject_close(&trial->live);
    btx_subject_close(&trial->applied);
    btx_subject_close(&trial->folded);
    btx_subject_close(&trial->restored);
    btx_model_done(&trial->model);
    btx_watch_done(&trial->watch);
    btx_buffer_done(&trial->made);
    btx_buffer_done(&trial->saved);
    btx_buffer_done(&trial->saved_other);
    btx_buffer_done(&trial->log);
    btx_buffer_done(&trial->snapshot);
    free(trial->tx.bytes);
    free(trial->other_tx.bytes);
    free(trial);
}

void btx_trial_run(struct btx_trial_totals *totals, const struct btx_trial_options *options,
                   uint64_t seed)
{
    struct btx_trial *trial = calloc(1, sizeof *trial);

    CHECK(trial != NULL);
    trial->seed = seed;
    trial->tries = options->tries;
    trial->totals = totals;
    trial->phase = "begin";
    btx_trial_announce(trial);
    btx_random_init(&trial->random, ~seed);
    btx_flow_init(&trial->flow, seed, options->theme);
    trial->tx.bytes = aligned_alloc(64, BTX_TX_BYTES_MAX + 64 - BTX_TX_BYTES_MAX % 64);
    trial->other_tx.bytes = aligned_alloc(64, BTX_TX_BYTES_MAX + 64 - BTX_TX_BYTES_MAX % 64);
    CHECK(trial->tx.bytes != NULL && trial->other_tx.bytes != NULL);
    open_all(trial);
    totals->runs[trial->flow.theme]++;
    while (trial->command_index < options->commands || !btx_flow_ended(&trial->flow)) {
        one_command(trial);
        trial->command_index++;
    }
    compare_applied(trial);
    compare_folded(trial);
    trial->phase = "check the state at the end";
    btx_trial_check_accounts(trial);
    btx_trial_check_state(trial);
    trial->phase = "damaged snapshots";
    btx_trial_damage_snapshots(trial);
    trial->phase = "records out of place";
    btx_trial_apply_hostile(trial);
    btx_trial_announce(NULL);
    close_all(trial);
}
