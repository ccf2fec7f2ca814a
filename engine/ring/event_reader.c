/* SPDX-License-Identifier: Apache-2.0 */
/* event_reader.c - copy, then check that nothing of it was overwritten meanwhile. */
#include "engine/ring/event_reader.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "engine/ring/ring_words.h"

/* How often to look for a pair that belongs together.  The poller needs some ns to write one; if
 * it was interrupted just then, waiting for it is the caller's business. */
#define PAIR_TRIES 100

static enum btx_fault_code fault_layout(struct btx_fault *reterr_fault)
{
    return btx_fault_set(reterr_fault, BTX_FAULT_LAYOUT, 0,
                         "the event ring has another layout than %u", BTX_RING_LAYOUT_VERSION);
}

static bool page_is_ours(const struct btx_event_page *page)
{
    const uint64_t capacity_bytes = page->capacity_bytes;

    return page->magic == BTX_EVENT_PAGE_MAGIC && page->layout_version == BTX_RING_LAYOUT_VERSION &&
           page->unit_bytes == BTX_RING_UNIT_BYTES && capacity_bytes >= BTX_EVENT_RING_BYTES_MIN &&
           capacity_bytes <= BTX_EVENT_RING_BYTES_MAX &&
           (capacity_bytes & (capacity_bytes - 1)) == 0;
}

enum btx_fault_code btx_event_reader_attach(struct btx_event_reader *reader, int page_fd,
                                            int bytes_fd, struct btx_fault *reterr_fault)
{
    struct btx_ring_memory_plan plan = {
        .name = "the event page",
        .size_bytes = BTX_RING_PAGE_BYTES,
        .mirror_offset = BTX_RING_PAGE_BYTES,
        .writer = BTX_RING_WRITER_MAKER,
    };
    enum btx_fault_code code;

    memset(reader, 0, sizeof(*reader));
    reader->page_memory = BTX_RING_MEMORY_NONE;
    reader->bytes_memory = BTX_RING_MEMORY_NONE;
    code = btx_ring_memory_attach(&plan, page_fd, &reader->page_memory, reterr_fault);
    if (code != BTX_OK) {
        (void)close(bytes_fd); /* Promised to the caller; there is a fault already. */
        return code;
    }
    reader->page = (const struct btx_event_page *)(const void *)reader->page_memory.base;
    if (!page_is_ours(reader->page)) {
        (void)close(bytes_fd);
        btx_event_reader_detach(reader);
        return fault_layout(reterr_fault);
    }
    plan.name = "the event ring";
    plan.size_bytes = reader->page->capacity_bytes;
    plan.mirror_offset = 0;
    plan.hugepages = true; /* It may be: then the addresses must be aligned to them. */
    code = btx_ring_memory_attach(&plan, bytes_fd, &reader->bytes_memory, reterr_fault);
    if (code != BTX_OK) {
        btx_event_reader_detach(reader);
        return code;
    }
    reader->bytes = reader->bytes_memory.base;
    reader->capacity_bytes = plan.size_bytes;
    return BTX_OK;
}

void btx_event_reader_detach(struct btx_event_reader *reader)
{
    btx_ring_memory_done(&reader->bytes_memory);
    btx_ring_memory_done(&reader->page_memory);
    reader->page = NULL;
    reader->bytes = NULL;
}

uint64_t btx_event_reader_incarnation(const struct btx_event_reader *reader)
{
    return reader->page->incarnation;
}

bool btx_event_reader_join(struct btx_event_reader *reader, uint64_t *ret_mark)
{
    const struct btx_event_page *page = reader->page;

    for (int i = 0; i < PAIR_TRIES; i++) {
        /* Acquire pairs with the last release in btx_event_ring_set_durable(): what was stored
         * before the even number is seen. */
        const uint64_t pair = atomic_load_explicit(&page->pair, memory_order_acquire);
        const uint64_t mark = atomic_load_explicit(&page->mark, memory_order_relaxed);
        const uint64_t durable = atomic_load_explicit(&page->durable, memory_order_acquire);

        /* Pairs with the release fence in btx_event_ring_set_durable(): if one of the two is of a
         * later pair, the number has moved. */
        btx_ring_fence_acquire();
        if (pair % 2 == 0 && atomic_load_explicit(&page->pair, memory_order_relaxed) == pair) {
            reader->position = durable;
            *ret_mark = mark;
            return true;
        }
    }
    return false;
}

enum btx_event_read btx_event_reader_read(struct btx_event_reader *reader, void *to,
                                          size_t limit_bytes, size_t *ret_length_bytes)
{
    const uint64_t position = reader->position;
    /* Acquire pairs with the store in btx_event_ring_set_durable(), and through the poller's
     * acquire with the one in btx_event_ring_publish(): the records are there. */
    const uint64_t durable = atomic_load_explicit(&reader->page->durable, memory_order_acquire);
    uint64_t length_bytes = durable - position;

    CHECK(limit_bytes % BTX_RING_UNIT_BYTES == 0 && limit_bytes != 0);
    if (length_bytes == 0)
        return BTX_EVENT_READ_NOTHING;
    if (length_bytes > reader->capacity_bytes)
        return BTX_EVENT_READ_OVERRUN;
    if (length_bytes > limit_bytes)
        length_bytes = limit_bytes;
    btx_ring_words_load(to, reader->bytes + (position & (reader->capacity_bytes - 1)),
                        (size_t)length_bytes);
    /* Pairs with the release fence in btx_event_ring_claim(): if one of the words was written by a
     * later claim, that claim is seen here. */
    btx_ring_fence_acquire();
    if (atomic_load_explicit(&reader->page->claimed, memory_order_relaxed) - position >
        reader->capacity_bytes)
        return BTX_EVENT_READ_OVERRUN;
    *ret_length_bytes = (size_t)length_bytes;
    return BTX_EVENT_READ_BYTES;
}

void btx_event_reader_advance(struct btx_event_reader *reader, size_t length_bytes)
{
    CHECK(length_bytes % BTX_RING_UNIT_BYTES == 0);
    reader->position += length_bytes;
}

bool btx_event_reader_is_behind(const struct btx_event_reader *reader)
{
    return atomic_load_explicit(&reader->page->durable, memory_order_seq_cst) != reader->position;
}
