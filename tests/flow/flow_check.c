/* SPDX-License-Identifier: Apache-2.0 */
/* flow_check.c - betex-flow-check: the order flow of a real market must give the real books.
 *
 *     betex-flow-check DIRECTORY MARKET LADDERS
 *
 * Runs DIRECTORY/MARKET.commands.jsonl.gz and proves, at each moment for which there is a ladder
 * in MARKET.ladders.jsonl.gz, that the books equal the recorded ones, that an exchange which only
 * applied the events has the same digest, and that the state is sound; half-way, that a third
 * exchange restored from the saved state goes on to the same end; and at the end that the text of
 * all events has the SHA-256 of MARKET.events.sha256.  LADDERS is how many there must be.
 * Exit status 0; 1 when something differs; 77 when the data is not there. */
#include "tests/flow/flow_ladders.h"
#include "tests/flow/flow_run.h"
#include "tests/flow/flow_text.h"

#include "engine/base/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FAILED = 1, USAGE = 2, SKIPPED = 77, PATH_BYTES = 4096 };

/* Enough for one market. */
static const struct btx_core_capacity capacity = {
    .accounts = 1000, .markets = 4, .runners = 100, .orders = 100000, .positions = 1000};

struct flow {
    struct btx_flow_run run;
    struct btx_exchange restored; /* Begins half-way. */
    struct btx_flow_text commands;
    struct btx_flow_ladders ladders;
    uint64_t trade_count;
    uint64_t market;
};

/* A state in memory. */
struct saved {
    uint8_t *bytes;
    size_t length_bytes;
    size_t size_bytes;
};

static void save_piece(void *context, const void *bytes, size_t length_bytes)
{
    struct saved *saved = context;

    if (saved->size_bytes - saved->length_bytes < length_bytes) {
        saved->size_bytes = 2 * (saved->size_bytes + length_bytes);
        saved->bytes = realloc(saved->bytes, saved->size_bytes);
        CHECK(saved->bytes != NULL);
    }
    memcpy(saved->bytes + saved->length_bytes, bytes, length_bytes);
    saved->length_bytes += length_bytes;
}

/* Restore the third exchange from what the first one saves. */
static enum btx_fault_code restore(struct flow *flow, struct btx_fault *reterr_fault)
{
    struct saved saved = {0};
    enum btx_fault_code code = btx_exchange_open(&flow->restored, &capacity, reterr_fault);
    const char *why;

    if (code != BTX_OK)
        return code;
    btx_core_save(flow->run.live.core, save_piece, &saved);
    why = btx_core_load(flow->restored.core, saved.bytes, saved.length_bytes);
    free(saved.bytes);
    if (why != NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_BUG, 0,
                             "the state saved after command %" PRIu64 " does not load: %s",
                             flow->run.command_count, why);
    return BTX_OK;
}

static void count_trades(void *context, const struct btx_record *event)
{
    struct flow *flow = context;

    flow->trade_count += event->type == BTX_EVENT_TRADE_MATCHED;
    if (event->type == BTX_EVENT_MARKET_OPENED)
        flow->market = ((const struct btx_market_opened *)event)->market;
}

static enum btx_fault_code run_line(struct flow *flow, const char *line, size_t length_bytes,
                                    struct btx_fault *reterr_fault)
{
    enum btx_fault_code code = btx_flow_run_decode(&flow->run, line, length_bytes, reterr_fault);

    if (code != BTX_OK)
        return code;
    code = btx_flow_run_execute(&flow->run, reterr_fault);
    if (code != BTX_OK)
        return code;
    if (flow->restored.core != NULL) {
        const struct btx_command *command = &flow->run.command.command;
        enum btx_step step = BTX_STEP_DUE;

        while (step != BTX_STEP_DONE)
            step = btx_core_step(flow->restored.core, step == BTX_STEP_MORE ? NULL : command,
                                 &flow->restored.tx);
    } else if (flow->commands.position_bytes >= flow->commands.length_bytes / 2) {
        code = restore(flow, reterr_fault);
        if (code != BTX_OK)
            return code;
    }
    return btx_flow_ladders_check(&flow->ladders, &flow->run, flow->market, reterr_fault);
}

/* Everything must have led to the same end, and nothing may be left. */
static enum btx_fault_code check_end(struct flow *flow, const char *wanted_hash,
                                     uint64_t wanted_ladder_count, struct btx_fault *reterr_fault)
{
    uint8_t digest[BTX_SHA256_BYTES];
    uint8_t restored_digest[BTX_SHA256_BYTES];
    char hash[BTX_SHA256_HEX_BYTES];
    enum btx_fault_code code = btx_flow_run_checkpoint(&flow->run, digest, reterr_fault);

    if (code != BTX_OK)
        return code;
    code = btx_flow_ladders_end(&flow->ladders, reterr_fault);
    if (code != BTX_OK)
        return code;
    if (flow->ladders.compared_count != wanted_ladder_count)
        return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0,
                             "%" PRIu64 " ladders, want %" PRIu64, flow->ladders.compared_count,
                             wanted_ladder_count);
    if (flow->restored.core == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0, "too few commands to restore");
    btx_exchange_digest(&flow->restored, restored_digest);
    if (memcmp(digest, restored_digest, sizeof digest) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_BUG, 0,
                             "the restored exchange went on to a different state");
    btx_flow_run_stream_hash(&flow->run, hash);
    if (strcmp(hash, wanted_hash) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_BUG, 0, "SHA-256 of the events is %s, want %s",
                             hash, wanted_hash);
    return BTX_OK;
}

static enum btx_fault_code check_flow(struct flow *flow, const char *directory, const char *name,
                                      uint64_t wanted_ladder_count, struct btx_fault *reterr_fault)
{
    char path[PATH_BYTES];
    char wanted_hash[BTX_SHA256_HEX_BYTES];
    const char *line;
    size_t length_bytes;
    enum btx_fault_code code;

    snprintf(path, sizeof path, "%s/%s.commands.jsonl.gz", directory, name);
    code = btx_flow_text_open(&flow->commands, path, reterr_fault);
    if (code != BTX_OK)
        return code;
    snprintf(path, sizeof path, "%s/%s.ladders.jsonl.gz", directory, name);
    code = btx_flow_ladders_open(&flow->ladders, path, reterr_fault);
    if (code != BTX_OK)
        return code;
    snprintf(path, sizeof path, "%s/%s.events.sha256", directory, name);
    code = btx_flow_read_hash(path, wanted_hash, reterr_fault);
    if (code != BTX_OK)
        return code;
    code = btx_flow_run_open(&flow->run, &capacity, reterr_fault);
    if (code != BTX_OK)
        return code;
    flow->run.observer = count_trades;
    flow->run.observer_context = flow;
    while (code == BTX_OK && btx_flow_text_line(&flow->commands, &line, &length_bytes))
        code = run_line(flow, line, length_bytes, reterr_fault);
    return code == BTX_OK ? check_end(flow, wanted_hash, wanted_ladder_count, reterr_fault) : code;
}

int main(int argument_count, char **arguments)
{
    static struct flow flow;
    struct btx_fault fault = {0};
    enum btx_fault_code code;

    if (argument_count != 4) {
        fprintf(stderr, "Usage: betex-flow-check DIRECTORY MARKET LADDERS\n");
        return USAGE;
    }
    if (access(arguments[1], F_OK) != 0) {
        printf("SKIPPED: no real order flow at %s, so the books of market %s stay unproved\n",
               arguments[1], arguments[2]);
        return SKIPPED;
    }
    code = check_flow(&flow, arguments[1], arguments[2], strtoull(arguments[3], NULL, 10), &fault);
    if (code == BTX_OK)
        printf("%s: %" PRIu64 " commands, %" PRIu64 " events, %" PRIu64 " trades\n"
               "  %" PRIu64 " ladders equal the recorded ones\n"
               "  executing and applying agree at %" PRIu64 " moments, and each state is sound\n"
               "  restored half-way, it comes to the same end\n"
               "  SHA-256 of the event stream is the expected one\n",
               arguments[2], flow.run.command_count, flow.run.event_count, flow.trade_count,
               flow.ladders.compared_count, flow.run.checkpoint_count);
    else
        printf("%s: FAILED: %s\n", arguments[2], fault.text);
    btx_exchange_close(&flow.restored);
    btx_flow_run_close(&flow.run);
    btx_flow_ladders_close(&flow.ladders);
    btx_flow_text_close(&flow.commands);
    return code == BTX_OK ? EXIT_SUCCESS : FAILED;
}
