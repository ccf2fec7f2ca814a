/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/exchange/audit.h"

#include "engine/base/check.h"
#include "engine/core/view.h"
#include "engine/wire/notes.h"

#include <string.h>

/* Execute @command, or go on with the pending one, until its next tx is complete. */
static void step(struct btx_audit *audit, const struct btx_command *command)
{
    struct btx_exchange *exchange = audit->exchange;

    (void)btx_core_step(exchange->core, command, &exchange->tx); /* The core has it pending. */
    audit->expected = btx_tx_next_record(&exchange->tx, NULL);
}

/* What was expected must be @record, which has a CRC where the other has none. */
static const char *compare(struct btx_audit *audit, const struct btx_record *record)
{
    const struct btx_record *expected = audit->expected;
    struct btx_record header = *record;

    header.crc = expected->crc;
    if (memcmp(&header, expected, sizeof header) != 0)
        return "seq, tx, time, type, length or flags are not those of the execution";
    if (memcmp(record + 1, expected + 1, btx_record_length_bytes(record) - sizeof header) != 0)
        return "the content is not that of the execution";
    audit->expected = btx_tx_next_record(&audit->exchange->tx, expected);
    return NULL;
}

static const char *take_command(struct btx_audit *audit, const struct btx_record *record)
{
    const char *why;

    if (audit->expected != NULL)
        return "a command where the execution gives an event";
    if (btx_core_pending(audit->exchange->core) != NULL)
        return "a command where the one before it goes on";
    why = btx_core_follow_rules(audit->exchange->core, (const struct btx_command *)record);
    if (why != NULL)
        return why;
    step(audit, (const struct btx_command *)record);
    if (audit->expected == NULL)
        return "a command that makes no event";
    why = compare(audit, record);
    if (why == NULL)
        audit->commands++;
    return why;
}

static const char *take_event(struct btx_audit *audit, const struct btx_record *record)
{
    const char *why;

    if (audit->expected == NULL) {
        if (btx_core_pending(audit->exchange->core) == NULL)
            return "an event where the execution gives none";
        step(audit, NULL);
    }
    why = compare(audit, record);
    if (why == NULL)
        audit->events++;
    return why;
}

static const char *take_digest(struct btx_audit *audit, const struct btx_state_digest *note)
{
    uint8_t digest[BTX_SHA256_BYTES];

    struct btx_core_view view;

    btx_core_view(audit->exchange->core, &view);
    if (note->rules_version != view.rules_version)
        return "a StateDigest of other rules than those of the command before it";
    btx_exchange_digest(audit->exchange, digest);
    if (memcmp(digest, note->sha256, sizeof digest) != 0)
        return "the StateDigest is not that of the execution";
    audit->digests++;
    return NULL;
}

const char *btx_audit_take(struct btx_audit *audit, const struct btx_record *record)
{
    switch (btx_record_kind(record)) {
    case BTX_RECORD_COMMAND:
        return take_command(audit, record);
    case BTX_RECORD_EVENT:
        return take_event(audit, record);
    case BTX_RECORD_NOTE:
        if (audit->expected != NULL)
            return "a note where the execution gives an event";
        if (btx_core_apply(audit->exchange->core, record) != NULL)
            return "a note that cannot follow";
        if (record->type == BTX_NOTE_STATE_DIGEST)
            return take_digest(audit, (const struct btx_state_digest *)record);
        return NULL;
    }
    CHECK_UNREACHABLE();
}
