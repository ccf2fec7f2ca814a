/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/flow/flow_run.h"

#include "tests/flow/flow_text.h"

#include <inttypes.h>
#include <string.h>

enum btx_fault_code btx_flow_run_open(struct btx_flow_run *run,
                                      const struct btx_core_capacity *capacity,
                                      struct btx_fault *reterr_fault)
{
    enum btx_fault_code code;

    memset(run, 0, sizeof *run);
    code = btx_exchange_open(&run->live, capacity, reterr_fault);
    if (code == BTX_OK)
        code = btx_exchange_open(&run->folded, capacity, reterr_fault);
    if (code == BTX_OK)
        code = btx_sha256_init(&run->stream, reterr_fault);
    if (code != BTX_OK)
        btx_flow_run_close(run);
    return code;
}

enum btx_fault_code btx_flow_run_decode(struct btx_flow_run *run, const char *line,
                                        size_t length_bytes, struct btx_fault *reterr_fault)
{
    const char *why = btx_command_text_decode(&run->decoder, line, length_bytes, &run->command);

    if (why != NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_INPUT, 0, "command %" PRIu64 ": %s",
                             run->command_count + 1, why);
    return BTX_OK;
}

/* Fold the tx that the live exchange just made, hash its text and tell the observer. */
static enum btx_fault_code take_tx(struct btx_flow_run *run, struct btx_fault *reterr_fault)
{
    const struct btx_tx *tx = &run->live.tx;
    const uint8_t *end = tx->bytes + tx->length_bytes;
    const struct btx_record *record = NULL;

    while ((record = btx_tx_next_record(tx, record)) != NULL) {
        const char *why = btx_record_check(record, (size_t)(end - (const uint8_t *)record));

        if (why == NULL)
            why = btx_core_apply(run->folded.core, record);
        if (why != NULL)
            return btx_fault_set(reterr_fault, BTX_FAULT_BUG, 0,
                                 "command %" PRIu64 ", seq %" PRIu64 ": %s", run->command_count,
                                 record->seq, why);
        if (btx_record_kind(record) != BTX_RECORD_EVENT)
            continue;
        run->event_count++;
        btx_sha256_update(&run->stream, run->line, btx_event_text_encode(record, run->line));
        if (run->observer != NULL)
            run->observer(run->observer_context, record);
    }
    return BTX_OK;
}

enum btx_fault_code btx_flow_run_execute(struct btx_flow_run *run, struct btx_fault *reterr_fault)
{
    const struct btx_command *command = &run->command.command;
    enum btx_step step = BTX_STEP_DUE;

    run->command_count++;
    do {
        enum btx_fault_code code;

        step = btx_core_step(run->live.core, step == BTX_STEP_MORE ? NULL : command, &run->live.tx);
        code = take_tx(run, reterr_fault);
        if (code != BTX_OK)
            return code;
    } while (step != BTX_STEP_DONE);
    return BTX_OK;
}

enum btx_fault_code btx_flow_run_checkpoint(struct btx_flow_run *run, uint8_t *ret_digest,
                                            struct btx_fault *reterr_fault)
{
    uint8_t live[BTX_SHA256_BYTES];
    uint8_t folded[BTX_SHA256_BYTES];
    const char *why = btx_core_verify(run->live.core);

    if (why != NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_BUG, 0,
                             "after command %" PRIu64 ": the state is not sound: %s",
                             run->command_count, why);
    btx_exchange_digest(&run->live, live);
    btx_exchange_digest(&run->folded, folded);
    if (memcmp(live, folded, sizeof live) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_BUG, 0,
                             "after command %" PRIu64
                             ": executing and applying lead to different states",
                             run->command_count);
    run->checkpoint_count++;
    if (ret_digest != NULL)
        memcpy(ret_digest, live, sizeof live);
    return BTX_OK;
}

void btx_flow_run_stream_hash(struct btx_flow_run *run, char ret_hex[BTX_SHA256_HEX_BYTES])
{
    uint8_t digest[BTX_SHA256_BYTES];

    btx_sha256_final(&run->stream, digest);
    btx_sha256_hex(digest, ret_hex);
}

enum btx_fault_code btx_flow_read_hash(const char *path, char ret_hex[BTX_SHA256_HEX_BYTES],
                                       struct btx_fault *reterr_fault)
{
    struct btx_flow_text text = {0};
    enum btx_fault_code code = btx_flow_text_open(&text, path, reterr_fault);

    if (code != BTX_OK)
        return code;
    if (text.length_bytes < BTX_SHA256_HEX_BYTES ||
        strspn(text.bytes, "0123456789abcdef") != BTX_SHA256_HEX_BYTES - 1) {
        code =
            btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0, "%s: begins with no SHA-256", path);
    } else {
        memcpy(ret_hex, text.bytes, BTX_SHA256_HEX_BYTES - 1);
        ret_hex[BTX_SHA256_HEX_BYTES - 1] = '\0';
    }
    btx_flow_text_close(&text);
    return code;
}

void btx_flow_run_close(struct btx_flow_run *run)
{
    btx_sha256_done(&run->stream);
    btx_exchange_close(&run->folded);
    btx_exchange_close(&run->live);
}
