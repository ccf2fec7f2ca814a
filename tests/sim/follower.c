/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/follower.h"

#include <inttypes.h>
#include <string.h>

#include "engine/base/check.h"
#include "tests/property/subject.h"

void btx_sim_follower_open(struct btx_sim_follower *follower, struct btx_sim_world *world)
{
    const struct btx_core_capacity capacity = btx_model_core_capacity(&world->flow.capacity);
    struct btx_fault fault = {0};

    memset(follower, 0, sizeof *follower);
    follower->world = world;
    btx_model_init(&follower->model, &world->flow.capacity, 1);
    CHECK(btx_exchange_open(&follower->fold, &capacity, &fault) == BTX_OK);
    btx_log_execution_begin(&follower->audit, world->root, 0);
}

void btx_sim_follower_close(struct btx_sim_follower *follower)
{
    btx_model_done(&follower->model);
    btx_exchange_close(&follower->fold);
    btx_log_execution_done(&follower->audit);
}

/* The record behind @bytes, NULL behind the last before @end_bytes; *@bytes goes on. */
static const struct btx_record *next_record(const struct btx_sim_follower *follower, size_t *bytes,
                                            size_t end_bytes)
{
    const struct btx_record *record;

    if (*bytes >= end_bytes)
        return NULL;
    record = (const struct btx_record *)(const void *)(follower->world->history->bytes + *bytes);
    *bytes += btx_record_length_bytes(record);
    return record;
}

/* The next one that is known. */
static const struct btx_record *next_known(const struct btx_sim_follower *follower, size_t *bytes)
{
    return next_record(follower, bytes, follower->world->history->acknowledged_bytes);
}

void btx_sim_follower_take_model(struct btx_sim_follower *follower, bool unseen_too)
{
    const struct btx_history *history = follower->world->history;
    const size_t end_bytes = unseen_too ? history->length_bytes : history->acknowledged_bytes;
    const struct btx_record *record;

    while ((record = next_record(follower, &follower->model_bytes, end_bytes)) != NULL) {
        if (btx_record_kind(record) == BTX_RECORD_COMMAND)
            btx_model_execute(&follower->model, (const struct btx_command *)(const void *)record);
    }
}

bool btx_sim_follower_take_fold(struct btx_sim_follower *follower)
{
    const struct btx_record *record;

    while ((record = next_known(follower, &follower->fold_bytes)) != NULL) {
        const char *why = btx_core_apply(follower->fold.core, record);

        if (why != NULL)
            return btx_sim_fail(follower->world,
                                "a record cannot follow those before it: seq %" PRIu64 ": %s",
                                record->seq, why);
    }
    return true;
}

bool btx_sim_follower_take_audit(struct btx_sim_follower *follower)
{
    struct btx_log_execution *audit = &follower->audit;
    const struct btx_record *record;

    while ((record = next_known(follower, &follower->audit_bytes)) != NULL) {
        btx_log_execution_take(audit, record);
        if (audit->state != BTX_EXECUTION_RUNNING)
            return btx_sim_fail(follower->world, "the audit stopped at seq %" PRIu64 ": %s",
                                record->seq, audit->why);
    }
    return true;
}

bool btx_sim_follower_compare(struct btx_sim_follower *follower, struct btx_exchange *exchange,
                              const char *what)
{
    uint8_t digests[2][BTX_SHA256_BYTES];
    const char *why;

    if (!btx_sim_follower_take_fold(follower))
        return false;
    why = btx_core_verify(exchange->core);
    if (why != NULL)
        return btx_sim_fail(follower->world, "%s: the state is wrong in itself: %s", what, why);
    btx_exchange_digest(exchange, digests[0]);
    btx_exchange_digest(&follower->fold, digests[1]);
    if (memcmp(digests[0], digests[1], BTX_SHA256_BYTES) != 0)
        return btx_sim_fail(follower->world, "%s: the state is not the one that the log says",
                            what);
    btx_sim_note(follower->world, digests[0], BTX_SHA256_BYTES);
    return true;
}
