/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/property/subject.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/base/check.h"

struct btx_core_capacity btx_model_core_capacity(const struct btx_model_capacity *capacity)
{
    return (struct btx_core_capacity){
        .accounts = (uint32_t)capacity->accounts,
        .markets = (uint32_t)capacity->markets,
        .runners = (uint32_t)capacity->runners,
        .orders = (uint32_t)capacity->orders,
        .positions = (uint32_t)capacity->positions,
        .stakes = (uint32_t)capacity->stakes,
        .description_bytes = (uint32_t)capacity->description_bytes,
    };
}

void btx_subject_open(struct btx_subject *subject, const struct btx_core_capacity *capacity,
                      uint32_t shard)
{
    const size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    const size_t core_bytes = btx_core_memory_bytes(capacity);
    const size_t aligned_bytes = (core_bytes + 63) / 64 * 64;
    const size_t room_bytes = (aligned_bytes + page_bytes - 1) / page_bytes * page_bytes;
    uint8_t *mapping;

    btx_subject_close(subject);
    CHECK(core_bytes != 0);
    /* Worst cases of every rule together are more than a machine needs to have. */
    mapping = mmap(NULL, room_bytes + page_bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(mapping != MAP_FAILED);
    CHECK(mprotect(mapping + room_bytes, page_bytes, PROT_NONE) == 0);
    subject->mapping = mapping;
    subject->mapping_bytes = room_bytes + page_bytes;
    subject->capacity = *capacity;
    subject->core = btx_core_init(mapping + room_bytes - aligned_bytes, capacity, shard);
    CHECK(subject->core != NULL);
}

void btx_subject_close(struct btx_subject *subject)
{
    if (subject->mapping != NULL)
        CHECK(munmap(subject->mapping, subject->mapping_bytes) == 0);
    memset(subject, 0, sizeof *subject);
}

void btx_buffer_append(struct btx_buffer *buffer, const void *bytes, size_t length_bytes)
{
    if (buffer->length_bytes + length_bytes > buffer->room_bytes) {
        buffer->room_bytes = (buffer->length_bytes + length_bytes) * 2;
        buffer->bytes = realloc(buffer->bytes, buffer->room_bytes);
        CHECK(buffer->bytes != NULL);
    }
    if (length_bytes != 0)
        memcpy(buffer->bytes + buffer->length_bytes, bytes, length_bytes);
    buffer->length_bytes += length_bytes;
}

void btx_buffer_done(struct btx_buffer *buffer)
{
    free(buffer->bytes);
    memset(buffer, 0, sizeof *buffer);
}

static void append_saved(void *context, const void *bytes, size_t length_bytes)
{
    btx_buffer_append(context, bytes, length_bytes);
}

void btx_subject_save(const struct btx_subject *subject, struct btx_buffer *buffer)
{
    buffer->length_bytes = 0;
    btx_core_save(subject->core, append_saved, buffer);
}
