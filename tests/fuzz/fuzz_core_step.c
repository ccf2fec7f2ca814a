/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_core_step - lines of commands, whatever they are, leave a core that holds together, and a
 * core that is told its records alone has the same state.  What is no command is passed over. */
#include "engine/base/check.h"
#include "engine/core/core.h"
#include "engine/text/command_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Little, so that it is soon used up. */
static const struct btx_core_capacity capacity = {
    .accounts = 6,
    .markets = 4,
    .runners = 12,
    .orders = 40,
    .positions = 20,
    .stakes = 60,
    .description_bytes = 300,
};

static struct btx_command_text text;
static union btx_command_space space;

struct subject {
    struct btx_core *core;
    void *memory;
    uint8_t *saved;
    size_t saved_bytes;
    size_t saved_room;
};

static struct subject live;
static struct subject applied;
static struct btx_tx tx;

static void begin(struct subject *subject)
{
    const size_t memory_bytes = (btx_core_memory_bytes(&capacity) + 63) / 64 * 64;

    if (subject->memory == NULL)
        subject->memory = aligned_alloc(64, memory_bytes);
    CHECK(subject->memory != NULL);
    memset(subject->memory, 0, memory_bytes);
    subject->core = btx_core_init(subject->memory, &capacity, 0);
    subject->saved_bytes = 0;
}

static void append(void *context, const void *bytes, size_t length_bytes)
{
    struct subject *subject = context;

    if (subject->saved_bytes + length_bytes > subject->saved_room) {
        subject->saved_room = (subject->saved_bytes + length_bytes) * 2;
        subject->saved = realloc(subject->saved, subject->saved_room);
        CHECK(subject->saved != NULL);
    }
    if (length_bytes != 0)
        memcpy(subject->saved + subject->saved_bytes, bytes, length_bytes);
    subject->saved_bytes += length_bytes;
}

static void apply_tx(void)
{
    for (size_t offset = 0; offset < tx.length_bytes;) {
        const struct btx_record *record =
            (const struct btx_record *)(const void *)(tx.bytes + offset);

        CHECK(btx_record_check(record, tx.length_bytes - offset) == NULL);
        CHECK(btx_core_apply(applied.core, record) == NULL);
        offset += btx_record_length_bytes(record);
    }
}

/* What is due before the command, one thing after the other, and then the command. */
static void execute(void)
{
    enum btx_step step = BTX_STEP_DUE;

    for (uint32_t i = 0; i < BTX_CORE_PREFETCH_STEPS; i++)
        btx_core_prefetch(live.core, &space.command, i);
    while (step != BTX_STEP_DONE) {
        step = btx_core_step(live.core, step == BTX_STEP_MORE ? NULL : &space.command, &tx);
        apply_tx();
    }
    CHECK(btx_core_verify(live.core) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *line = (const char *)data;
    size_t left = size;

    if (tx.bytes == NULL)
        tx.bytes = aligned_alloc(64, (BTX_TX_BYTES_MAX + 63) / 64 * 64);
    CHECK(tx.bytes != NULL);
    begin(&live);
    begin(&applied);
    while (left > 0) {
        const char *end = memchr(line, '\n', left);
        const size_t length = end == NULL ? left : (size_t)(end - line);

        if (btx_command_text_decode(&text, line, length, &space) == NULL)
            execute();
        left -= end == NULL ? left : length + 1;
        line += length + 1;
    }
    btx_core_save(live.core, append, &live);
    btx_core_save(applied.core, append, &applied);
    CHECK(live.saved_bytes == applied.saved_bytes);
    CHECK(memcmp(live.saved, applied.saved, live.saved_bytes) == 0);
    return 0;
}
