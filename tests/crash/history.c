/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/crash/history.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/wal/log_reader.h"
#include "tests/crash/disk.h"

struct btx_history *btx_history_open(void)
{
    return btx_disk_memory_take(sizeof(struct btx_history));
}

void btx_history_close(struct btx_history *history)
{
    btx_disk_memory_give(history->bytes);
    btx_disk_memory_give(history->ends);
    btx_disk_memory_give(history);
}

/* A copy of @used_bytes at @from in twice the room that is needed; @from is given back. */
static void *larger(void *from, size_t used_bytes, size_t room_bytes)
{
    void *to = btx_disk_memory_take(room_bytes);

    if (used_bytes != 0)
        memcpy(to, from, used_bytes);
    btx_disk_memory_give(from);
    return to;
}

uint8_t *btx_history_room(struct btx_history *history, size_t unit_bytes)
{
    const size_t needed = history->length_bytes + unit_bytes;

    if (needed > history->room_bytes) {
        history->bytes = larger(history->bytes, history->length_bytes, 2 * needed);
        history->room_bytes = 2 * needed;
    }
    if (history->unit_count == history->unit_room) {
        const size_t room = 2 * history->unit_room + 64;
        history->ends = larger(history->ends, history->unit_count * sizeof(*history->ends),
                               room * sizeof(*history->ends));
        history->unit_room = room;
    }
    return history->bytes + history->length_bytes;
}

void btx_history_add(struct btx_history *history, size_t length_bytes)
{
    history->length_bytes += length_bytes;
    history->ends[history->unit_count++] = history->length_bytes;
}

struct btx_history *btx_history_copy(const struct btx_history *of)
{
    struct btx_history *history = btx_history_open();

    *history = *of;
    history->room_bytes = of->length_bytes;
    history->bytes = NULL;
    history->unit_room = of->unit_count;
    history->ends = NULL;
    if (of->unit_count == 0)
        return history;
    history->bytes = btx_disk_memory_take(of->length_bytes);
    memcpy(history->bytes, of->bytes, of->length_bytes);
    history->ends = btx_disk_memory_take(of->unit_count * sizeof(*of->ends));
    memcpy(history->ends, of->ends, of->unit_count * sizeof(*of->ends));
    return history;
}

void btx_history_cut(struct btx_history *history, size_t length_bytes)
{
    while (history->unit_count != 0 && history->ends[history->unit_count - 1] > length_bytes)
        history->unit_count--;
    CHECK(length_bytes == 0 || history->ends[history->unit_count - 1] == length_bytes);
    history->length_bytes = length_bytes;
    history->acknowledged_bytes = length_bytes;
    history->attempted_bytes = length_bytes;
}

/* --- Against a log ---------------------------------------------------------------------------- */

const char *btx_verdict_name(enum btx_verdict verdict)
{
    static const char *const names[BTX_VERDICT_COUNT] = {"right", "lost", "wrong", "refused",
                                                         "died"};

    return names[verdict];
}

static enum btx_verdict judge_end(const struct btx_history *history, size_t length_bytes,
                                  char *text)
{
    bool at_unit = length_bytes == 0;

    if (length_bytes < history->acknowledged_bytes) {
        (void)snprintf(text, BTX_VERDICT_TEXT_BYTES,
                       "the log ends behind %zu bytes of records, %zu were acknowledged",
                       length_bytes, history->acknowledged_bytes);
        return BTX_VERDICT_LOST;
    }
    for (size_t i = 0; i < history->unit_count; i++)
        at_unit = at_unit || history->ends[i] == length_bytes;
    if (at_unit && length_bytes <= history->attempted_bytes)
        return BTX_VERDICT_RIGHT;
    (void)snprintf(text, BTX_VERDICT_TEXT_BYTES,
                   "the log ends behind %zu bytes of records, %zu were given; %s", length_bytes,
                   history->attempted_bytes, at_unit ? "whole txs" : "half of a tx is there");
    return BTX_VERDICT_WRONG;
}

static enum btx_verdict compare_records(const struct btx_history *history,
                                        struct btx_log_reader *reader, size_t *ret_length_bytes,
                                        char *text)
{
    const struct btx_record *record;
    struct btx_fault fault = {0};
    char where[BTX_VERDICT_TEXT_BYTES];
    size_t offset = 0;

    for (;;) {
        switch (btx_log_reader_next(reader, &record, &fault)) {
        case BTX_LOG_RECORD: {
            const size_t bytes = btx_record_length_bytes(record);
            if (bytes > history->length_bytes - offset ||
                memcmp(history->bytes + offset, record, bytes) != 0) {
                (void)snprintf(text, BTX_VERDICT_TEXT_BYTES,
                               "the record at byte %zu (seq %" PRIu64 ") is not what was given",
                               offset, record->seq);
                return BTX_VERDICT_WRONG;
            }
            offset += bytes;
            break;
        }
        case BTX_LOG_END:
            *ret_length_bytes = offset;
            return judge_end(history, offset, text);
        case BTX_LOG_DAMAGE:
            btx_wal_damage_print(btx_log_reader_damage(reader), where, sizeof(where));
            (void)snprintf(text, BTX_VERDICT_TEXT_BYTES, "damage: %.500s", where);
            return BTX_VERDICT_REFUSED;
        case BTX_LOG_FAULT:
            (void)snprintf(text, BTX_VERDICT_TEXT_BYTES, "the reader failed: %s", fault.text);
            return BTX_VERDICT_REFUSED;
        }
    }
}

enum btx_verdict btx_history_compare(const struct btx_history *history, const char *root,
                                     bool direct, size_t *ret_length_bytes,
                                     char text[BTX_VERDICT_TEXT_BYTES])
{
    const struct btx_log_options options = {.direct = direct, .verify_seals = true};
    struct btx_log_reader *reader;
    struct btx_fault fault = {0};

    *ret_length_bytes = 0;
    if (btx_log_reader_open(&reader, root, &options, &fault) != BTX_OK) {
        (void)snprintf(text, BTX_VERDICT_TEXT_BYTES, "the reader does not open: %s", fault.text);
        return BTX_VERDICT_REFUSED;
    }
    const enum btx_verdict verdict = compare_records(history, reader, ret_length_bytes, text);
    btx_log_reader_close(reader);
    return verdict;
}
