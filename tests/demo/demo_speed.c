/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/demo/demo_speed.h"

#include "engine/base/check.h"
#include "engine/base/clock.h"
#include "engine/exchange/exchange.h"
#include "engine/text/command_text.h"
#include "engine/text/event_text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A block: few enough commands for what they lead to to stay in the cache, as it does in an
 * engine that hands each on at once. */
enum { BLOCK_COMMANDS = 256, BLOCK_BYTES = 256 * 1024 };

/* Room for one block, whatever is in it. */
struct bench {
    struct btx_exchange exchange;
    struct btx_command_text decoder;
    union btx_command_space command;
    _Alignas(64) uint8_t commands[BLOCK_BYTES + BTX_COMMAND_BYTES_MAX];
    size_t commands_bytes;
    _Alignas(64) uint8_t records[BLOCK_BYTES + BTX_TX_BYTES_MAX];
    size_t records_bytes;
    char text[BLOCK_BYTES + BTX_EVENT_TEXT_BYTES_MAX];
    size_t text_bytes;
};

/* Decodes up to a block of lines; false when there are none left. */
static bool decode_block(struct bench *bench, struct btx_flow_text *text, struct btx_speed *speed)
{
    const char *line;
    size_t length_bytes;

    bench->commands_bytes = 0;
    for (int i = 0; i < BLOCK_COMMANDS && bench->commands_bytes < BLOCK_BYTES; i++) {
        size_t record_bytes;

        if (!btx_flow_text_line(text, &line, &length_bytes))
            break;
        if (btx_command_text_decode(&bench->decoder, line, length_bytes, &bench->command) != NULL)
            break;
        record_bytes = btx_record_length_bytes(&bench->command.command.record);
        memcpy(bench->commands + bench->commands_bytes, bench->command.bytes, record_bytes);
        bench->commands_bytes += record_bytes;
        speed->command_count++;
    }
    return bench->commands_bytes > 0;
}

static void encode_records(struct bench *bench)
{
    const struct btx_tx all = {.bytes = bench->records, .length_bytes = bench->records_bytes};
    const struct btx_record *record = NULL;

    while ((record = btx_tx_next_record(&all, record)) != NULL) {
        if (btx_record_kind(record) != BTX_RECORD_EVENT)
            continue;
        if (bench->text_bytes >= BLOCK_BYTES)
            bench->text_bytes = 0; /* Where a program would have written it out. */
        bench->text_bytes += btx_event_text_encode(record, bench->text + bench->text_bytes);
    }
    bench->records_bytes = 0;
}

/* Executes the block; encodes in between when there is more than fits. */
static void run_block(struct bench *bench, struct btx_speed *speed)
{
    const struct btx_clock *clock = btx_clock_system();
    struct btx_tx *tx = &bench->exchange.tx;
    const uint8_t *at = bench->commands;
    enum btx_step step = BTX_STEP_DUE;
    uint64_t begin_ns = btx_clock_monotonic_ns(clock);
    uint64_t end_ns;

    while (at < bench->commands + bench->commands_bytes) {
        tx->bytes = bench->records + bench->records_bytes;
        step = btx_core_step(bench->exchange.core,
                             step == BTX_STEP_MORE ? NULL : (const struct btx_command *)at, tx);
        bench->records_bytes += tx->length_bytes;
        if (step == BTX_STEP_DONE)
            at += btx_record_length_bytes((const struct btx_record *)at);
        if (bench->records_bytes < BLOCK_BYTES)
            continue;
        end_ns = btx_clock_monotonic_ns(clock);
        speed->core_ns += end_ns - begin_ns;
        encode_records(bench);
        begin_ns = btx_clock_monotonic_ns(clock);
        speed->encode_ns += begin_ns - end_ns;
    }
    end_ns = btx_clock_monotonic_ns(clock);
    speed->core_ns += end_ns - begin_ns;
    encode_records(bench);
    speed->encode_ns += btx_clock_monotonic_ns(clock) - end_ns;
}

static enum btx_fault_code run_pass(struct bench *bench, struct btx_flow_text *text,
                                    const struct btx_core_capacity *capacity,
                                    struct btx_speed *ret_speed, struct btx_fault *reterr_fault)
{
    const struct btx_clock *clock = btx_clock_system();
    const enum btx_fault_code code = btx_exchange_open(&bench->exchange, capacity, reterr_fault);
    uint8_t *const own_room = bench->exchange.tx.bytes;
    bool more = true;

    if (code != BTX_OK)
        return code;
    memset(ret_speed, 0, sizeof *ret_speed);
    bench->text_bytes = 0;
    text->position_bytes = 0;
    while (more) {
        const uint64_t begin_ns = btx_clock_monotonic_ns(clock);

        more = decode_block(bench, text, ret_speed);
        ret_speed->decode_ns += btx_clock_monotonic_ns(clock) - begin_ns;
        if (more)
            run_block(bench, ret_speed);
    }
    bench->exchange.tx.bytes = own_room;
    btx_exchange_close(&bench->exchange);
    if (text->position_bytes < text->length_bytes)
        return btx_fault_set(reterr_fault, BTX_FAULT_INPUT, 0, "a line is no command");
    text->position_bytes = 0;
    return BTX_OK;
}

static void keep_least(uint64_t *kept_ns, uint64_t measured_ns)
{
    if (measured_ns < *kept_ns)
        *kept_ns = measured_ns;
}

enum btx_fault_code btx_speed_measure(struct btx_flow_text *commands,
                                      const struct btx_core_capacity *capacity,
                                      struct btx_speed *ret_speed, struct btx_fault *reterr_fault)
{
    struct bench *bench = aligned_alloc(64, (sizeof *bench + 63) / 64 * 64);
    enum btx_fault_code code = BTX_OK;

    if (bench == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, errno, "no room to measure");
    memset(bench, 0, sizeof *bench);
    *ret_speed =
        (struct btx_speed){.decode_ns = UINT64_MAX, .core_ns = UINT64_MAX, .encode_ns = UINT64_MAX};
    for (int pass = 0; pass < BTX_SPEED_PASSES && code == BTX_OK; pass++) {
        struct btx_speed speed;

        code = run_pass(bench, commands, capacity, &speed, reterr_fault);
        if (code != BTX_OK)
            break;
        ret_speed->command_count = speed.command_count;
        keep_least(&ret_speed->decode_ns, speed.decode_ns);
        keep_least(&ret_speed->core_ns, speed.core_ns);
        keep_least(&ret_speed->encode_ns, speed.encode_ns);
    }
    free(bench);
    return code;
}
