/* SPDX-License-Identifier: Apache-2.0 */
/* hostile.c - snapshots that were damaged, and valid records where they do not belong.
 *
 * Nothing is compared here: the core must answer with a sentence or do what it is told, and must
 * neither crash nor fail a check of its own.  Run under the sanitizers it means the most. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/core/view.h"
#include "tests/property/trial.h"

/* Records of one try. */
enum { HOSTILE_RECORDS = 40 };

/* A number that some check may have forgotten. */
static uint64_t strange_number(struct btx_random *random)
{
    const uint64_t numbers[] = {0,
                                1,
                                2,
                                99,
                                100,
                                10000,
                                UINT64_MAX,
                                UINT64_MAX - 1,
                                (uint64_t)INT64_MAX,
                                (uint64_t)INT64_MIN,
                                (uint64_t)BTX_MODEL_MONEY_MAX,
                                UINT32_MAX,
                                BTX_TIME_NS_MAX,
                                btx_random_below(random, 300),
                                btx_random_u64(random)};

    return numbers[btx_random_below(random, BTX_COUNT_OF(numbers))];
}

/* Change @bytes somewhere between @from and its end. */
static void damage(struct btx_random *random, uint8_t *bytes, size_t from, size_t length_bytes)
{
    const size_t span = length_bytes - from;
    const size_t offset = from + (size_t)btx_random_below(random, span);
    const size_t word = offset / 8 * 8;
    const size_t other = (from + (size_t)btx_random_below(random, span)) / 8 * 8;
    uint64_t number = strange_number(random);

    switch (btx_random_below(random, 6)) {
    case 0:
        bytes[offset] ^= (uint8_t)(1u << btx_random_below(random, 8));
        break;
    case 1:
        bytes[offset] = (uint8_t)number;
        break;
    case 2:
        bytes[offset]++;
        break;
    case 3:
        if (word >= from && word + 8 <= length_bytes)
            memcpy(bytes + word, &number, 8);
        break;
    case 4:
        if (offset + 4 <= length_bytes)
            memcpy(bytes + offset, &number, 4);
        break;
    default:
        if (word >= from && other >= from && word + 8 <= length_bytes && other + 8 <= length_bytes)
            memmove(bytes + word, bytes + other, 8);
        break;
    }
}

/* The record at @index of the log, counted round; NULL when the log is empty. */
static const struct btx_record *record_of_log(const struct btx_buffer *log, size_t start)
{
    size_t offset = 0;
    size_t last = 0;

    while (offset < log->length_bytes && offset <= start) {
        const struct btx_record *record =
            (const struct btx_record *)(const void *)(log->bytes + offset);

        last = offset;
        offset += btx_record_length_bytes(record);
    }
    return log->length_bytes == 0 ? NULL
                                  : (const struct btx_record *)(const void *)(log->bytes + last);
}

/* A state that verify() likes must be one that works: finish what is pending, then execute some
 * commands of the run. */
static void use_state(struct btx_trial *trial, struct btx_subject *subject)
{
    struct btx_tx *tx = &trial->tx;
    enum btx_step step;

    while (btx_core_pending(subject->core) != NULL)
        (void)btx_core_step(subject->core, NULL, tx); /* Until none pends. */
    for (int i = 0; i < 20; i++) {
        const size_t start = (size_t)btx_random_below(&trial->random, trial->log.length_bytes + 1);
        const struct btx_record *record = record_of_log(&trial->log, start);

        if (record == NULL || btx_record_kind(record) != BTX_RECORD_COMMAND)
            continue;
        step = BTX_STEP_DUE;
        while (step != BTX_STEP_DONE)
            step = btx_core_step(subject->core, step == BTX_STEP_MORE ? NULL : (const void *)record,
                                 tx);
    }
}

static void damage_one_snapshot(struct btx_trial *trial)
{
    struct btx_random *random = &trial->random;
    struct btx_subject subject = {0};
    size_t length_bytes = trial->snapshot.length_bytes;
    uint8_t *bytes;
    const char *sentence;

    if (btx_random_chance(random, 200))
        length_bytes = (size_t)btx_random_below(random, length_bytes + 1);
    /* Exactly so long, that a read behind the end is seen. */
    bytes = malloc(length_bytes != 0 ? length_bytes : 1);
    CHECK(bytes != NULL);
    memcpy(bytes, trial->snapshot.bytes, length_bytes);
    for (uint64_t i = btx_random_below(random, 3); i > 0 && length_bytes > 0; i--)
        damage(random, bytes, 0, length_bytes);
    btx_subject_open(&subject, &trial->live.capacity, btx_trial_shard(trial));
    sentence = btx_core_load(subject.core, bytes, length_bytes);
    trial->totals->mutated_loads++;
    if (sentence == NULL) {
        btx_subject_save(&subject, &trial->saved_other);
        if (trial->saved_other.length_bytes != length_bytes ||
            memcmp(trial->saved_other.bytes, bytes, length_bytes) != 0)
            btx_trial_fail(trial, "load took bytes that are not canonical");
    }
    if (sentence == NULL && btx_core_verify(subject.core) == NULL) {
        trial->totals->mutated_accepted++;
        use_state(trial, &subject);
    }
    btx_subject_close(&subject);
    free(bytes);
}

void btx_trial_damage_snapshots(struct btx_trial *trial)
{
    for (uint64_t i = 0; i < trial->tries && trial->snapshot.length_bytes != 0; i++)
        damage_one_snapshot(trial);
}

/* Copy a record of the log into @space, so that it could follow the state of @subject or not,
 * and damaged or not.  False when the result is no valid record. */
static bool prepare_record(struct btx_trial *trial, const struct btx_subject *subject,
                           union btx_command_space *space)
{
    struct btx_random *random = &trial->random;
    const size_t start = (size_t)btx_random_below(random, trial->log.length_bytes);
    const struct btx_record *source = record_of_log(&trial->log, start);
    struct btx_record *record = &space->command.record;
    struct btx_core_view view;
    size_t length_bytes;

    if (source == NULL || btx_record_length_bytes(source) > sizeof space->bytes)
        return false;
    length_bytes = btx_record_length_bytes(source);
    memcpy(space->bytes, source, length_bytes);
    btx_core_view(subject->core, &view);
    if (btx_random_chance(random, 900)) {
        record->seq = view.seq + 1;
        record->tx = view.tx + btx_random_below(random, 2);
        if (record->time_ns < view.time_ns)
            record->time_ns = view.time_ns;
    }
    if (btx_random_chance(random, 700)) {
        const uint8_t flags = (uint8_t)(record->kind_flags & BTX_RECORD_KIND_MASK);

        damage(random, space->bytes, BTX_RECORD_HEADER_BYTES, length_bytes);
        if (flags == BTX_RECORD_EVENT && btx_random_chance(random, 200))
            record->kind_flags =
                (uint8_t)(flags | (btx_random_chance(random, 500)
                                       ? BTX_RECORD_TX_END
                                       : BTX_RECORD_TX_END | BTX_RECORD_COMMAND_END));
    }
    return btx_record_check(record, length_bytes) == NULL;
}

static void apply_out_of_place(struct btx_trial *trial)
{
    struct btx_subject subject = {0};
    union btx_command_space space;
    const char *sentence;

    btx_subject_open(&subject, &trial->live.capacity, btx_trial_shard(trial));
    sentence = btx_core_load(subject.core, trial->snapshot.bytes, trial->snapshot.length_bytes);
    if (sentence != NULL)
        btx_trial_fail(trial, "load: %s", sentence);
    for (int i = 0; i < HOSTILE_RECORDS; i++) {
        if (!prepare_record(trial, &subject, &space))
            continue;
        sentence = btx_core_apply(subject.core, &space.command.record);
        trial->totals->hostile_records++;
        if (sentence != NULL)
            break;
        trial->totals->hostile_applied++;
    }
    /* It may complain, but not crash. */
    trial->totals->hostile_complaints += btx_core_verify(subject.core) != NULL;
    btx_subject_close(&subject);
}

void btx_trial_apply_hostile(struct btx_trial *trial)
{
    for (uint64_t i = 0; i < trial->tries && trial->snapshot.length_bytes != 0; i++)
        apply_out_of_place(trial);
}
