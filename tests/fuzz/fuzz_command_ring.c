/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_command_ring - whatever stands in a producer's region, the consumer takes a record that
 * obeys the ring's rule, or nothing, and after the first lie nothing for ever.
 *
 * The input is a row of strokes on the region, 12 bytes each: a word and where it goes; after each
 * one record is taken.  The offset 0xffffffff revokes the ring at the tail of that moment. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/ring/command_consumer.h"
#include "engine/ring/ring_words.h"

#define CAPACITY BTX_COMMAND_RING_BYTES_MIN
#define LENGTH_MAX 8320u
#define KIND 1u
#define TYPES UINT64_C(0x7c00)
#define STROKE_BYTES 12u
#define END_OFFSET UINT32_MAX

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct region {
    struct btx_producer_page page;
    uint8_t records[2 * CAPACITY]; /* the second half is the first, as the mirror makes it */
};

/* Put @word where a producer could have put it, in both halves of the records. */
static void stroke(struct region *region, uint32_t offset, uint64_t word)
{
    const size_t at = offset / 8 * 8 % (sizeof(region->page) + CAPACITY);

    if (at < sizeof(region->page)) {
        btx_ring_words_store((uint8_t *)&region->page + at, &word, sizeof(word));
        return;
    }
    btx_ring_words_store(region->records + at - sizeof(region->page), &word, sizeof(word));
    btx_ring_words_store(region->records + at - sizeof(region->page) + CAPACITY, &word,
                         sizeof(word));
}

static void record_check(const uint8_t *record, size_t length_bytes)
{
    uint16_t units;

    memcpy(&units, record + 4, sizeof(units));
    CHECK(length_bytes != 0 && length_bytes <= LENGTH_MAX);
    CHECK(units * (size_t)BTX_RING_UNIT_BYTES == length_bytes);
    CHECK(record[6] == KIND);
    CHECK(record[7] < 64 && (TYPES >> record[7] & 1u) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct btx_command_rule rule = {
        .types = TYPES, .length_bytes_max = LENGTH_MAX, .kind = KIND};
    struct region *region = calloc(1, sizeof(*region));
    struct btx_engine_page *page = calloc(1, sizeof(*page));
    uint64_t *copy = malloc(LENGTH_MAX); /* So that ASan sees a byte beyond it. */
    struct btx_command_consumer consumer;
    uint64_t taken_bytes = 0;
    bool was_broken = false;

    CHECK(region != NULL && page != NULL && copy != NULL);
    btx_command_consumer_init(&consumer, page, &region->page, region->records, CAPACITY, &rule);
    for (; size >= STROKE_BYTES; data += STROKE_BYTES, size -= STROKE_BYTES) {
        size_t length_bytes = 0;
        enum btx_command_take taken;
        uint32_t offset;
        uint64_t word;

        memcpy(&offset, data, sizeof(offset));
        memcpy(&word, data + sizeof(offset), sizeof(word));
        if (offset == END_OFFSET)
            btx_command_consumer_end(&consumer, btx_command_consumer_tail(&consumer));
        else
            stroke(region, offset, word);
        taken = btx_command_consumer_take(&consumer, copy, &length_bytes);
        CHECK(!was_broken || taken == BTX_COMMAND_TAKE_BROKEN);
        CHECK((taken == BTX_COMMAND_TAKE_BROKEN) == (btx_command_consumer_why(&consumer) != NULL));
        was_broken = taken == BTX_COMMAND_TAKE_BROKEN;
        if (taken == BTX_COMMAND_TAKE_ONE) {
            record_check((const uint8_t *)copy, length_bytes);
            taken_bytes += length_bytes;
            CHECK(atomic_load(&page->head) == taken_bytes);
        }
    }
    free(copy);
    free(page);
    free(region);
    return 0;
}
