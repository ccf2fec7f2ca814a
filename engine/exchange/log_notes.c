/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/exchange/log_notes.h"

#include <string.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "engine/core/view.h"
#include "engine/wal/log_folder.h"
#include "engine/wire/notes.h"

/* Begin a note of @type and @length_bytes at @to, all zero behind its header. */
static void *begin_note(void *to, const struct btx_core *core, enum btx_note_type type,
                        size_t length_bytes, uint64_t time_ns)
{
    struct btx_record *record = to;
    struct btx_core_view view;

    btx_core_view(core, &view);
    memset(record, 0, (size_t)btx_record_units(length_bytes) * BTX_RECORD_UNIT_BYTES);
    record->length_units = btx_record_units(length_bytes);
    record->kind_flags = BTX_RECORD_NOTE;
    record->type = (uint8_t)type;
    record->seq = view.seq;
    record->tx = view.tx;
    record->time_ns = time_ns;
    return record;
}

size_t btx_log_note_start(void *to, struct btx_exchange *exchange,
                          const struct btx_log_start *start, uint64_t time_ns)
{
    const struct btx_core_capacity *capacity = &exchange->capacity;
    struct btx_engine_started *note =
        begin_note(to, exchange->core, BTX_NOTE_ENGINE_STARTED, sizeof *note, time_ns);
    char host[256] = "unknown";

    (void)gethostname(host, sizeof host - 1); /* A host without a name stays unknown. */
    note->epoch = start->epoch;
    note->capacity_accounts = capacity->accounts;
    note->capacity_markets = capacity->markets;
    note->capacity_runners = capacity->runners;
    note->capacity_orders = capacity->orders;
    note->capacity_positions = capacity->positions;
    note->capacity_stakes = capacity->stakes;
    note->capacity_description_bytes = capacity->description_bytes;
    note->rules_version = BTX_RULES_VERSION;
    memcpy(note->configuration_sha256, start->configuration_sha256, BTX_SHA256_BYTES);
    btx_wal_text_set(note->image, sizeof note->image, start->image);
    btx_wal_text_set(note->host, sizeof note->host, host);
    CHECK(btx_core_apply(exchange->core, &note->record) == NULL);
    return btx_record_length_bytes(&note->record);
}

size_t btx_log_note_digest(void *to, const struct btx_core *core,
                           const uint8_t digest[BTX_SHA256_BYTES], uint64_t time_ns)
{
    struct btx_state_digest *note =
        begin_note(to, core, BTX_NOTE_STATE_DIGEST, sizeof *note, time_ns);
    struct btx_core_view view;

    btx_core_view(core, &view);
    memcpy(note->sha256, digest, BTX_SHA256_BYTES);
    note->rules_version = view.rules_version; /* Of the state: older until a new command came. */
    return btx_record_length_bytes(&note->record);
}

size_t btx_log_note_clean_stop(void *to, const struct btx_core *core, uint64_t time_ns)
{
    const struct btx_record *note =
        begin_note(to, core, BTX_NOTE_CLEAN_STOP, sizeof(struct btx_clean_stop), time_ns);

    return btx_record_length_bytes(note);
}

size_t btx_log_note_action(void *to, const struct btx_core *core, const char who[32],
                           const char *what, size_t what_length_bytes, uint64_t time_ns)
{
    struct btx_operator_action *note;

    CHECK(what_length_bytes <= BTX_OPERATOR_ACTION_BYTES_MAX);
    note =
        begin_note(to, core, BTX_NOTE_OPERATOR_ACTION, sizeof *note + what_length_bytes, time_ns);
    memcpy(note->who, who, sizeof note->who);
    note->what_length = (uint16_t)what_length_bytes;
    memcpy(note + 1, what, what_length_bytes);
    return btx_record_length_bytes(&note->record);
}
