/* SPDX-License-Identifier: Apache-2.0 */
/* command_producer.c - claim and commit, on the side that may die at any moment in between. */
#include "engine/ring/command_producer.h"

#include <string.h>
#include <unistd.h>

#include "engine/base/check.h"

static bool page_is_ours(const struct btx_engine_page *page)
{
    return page->magic == BTX_ENGINE_PAGE_MAGIC &&
           page->layout_version == BTX_RING_LAYOUT_VERSION &&
           page->unit_bytes == BTX_RING_UNIT_BYTES &&
           page->ring_bytes >= BTX_COMMAND_RING_BYTES_MIN &&
           page->ring_bytes <= BTX_COMMAND_RING_BYTES_MAX &&
           (page->ring_bytes & (page->ring_bytes - 1)) == 0 &&
           page->accounts_max <= BTX_RING_ACCOUNTS_MAX &&
           page->length_bytes_max <= page->ring_bytes;
}

enum btx_fault_code btx_command_producer_attach(struct btx_command_producer *producer, int page_fd,
                                                int region_fd, struct btx_fault *reterr_fault)
{
    struct btx_ring_memory_plan plan = {
        .name = "the engine's page",
        .size_bytes = BTX_RING_PAGE_BYTES,
        .mirror_offset = BTX_RING_PAGE_BYTES,
        .writer = BTX_RING_WRITER_MAKER,
    };
    enum btx_fault_code code;
    size_t records_offset;

    memset(producer, 0, sizeof(*producer));
    producer->page_memory = BTX_RING_MEMORY_NONE;
    producer->region_memory = BTX_RING_MEMORY_NONE;
    code = btx_ring_memory_attach(&plan, page_fd, &producer->page_memory, reterr_fault);
    if (code != BTX_OK) {
        (void)close(region_fd); /* Promised to the caller; there is a fault already. */
        return code;
    }
    producer->page = (const struct btx_engine_page *)(const void *)producer->page_memory.base;
    if (!page_is_ours(producer->page)) {
        (void)close(region_fd);
        btx_command_producer_detach(producer);
        return btx_fault_set(reterr_fault, BTX_FAULT_LAYOUT, 0,
                             "the command ring has another layout than %u",
                             BTX_RING_LAYOUT_VERSION);
    }
    records_offset = btx_producer_region_records_offset(producer->page->accounts_max);
    plan.name = "the command ring";
    plan.size_bytes = records_offset + producer->page->ring_bytes;
    plan.mirror_offset = records_offset;
    plan.writer = BTX_RING_WRITER_PEER;
    code = btx_ring_memory_attach(&plan, region_fd, &producer->region_memory, reterr_fault);
    if (code != BTX_OK) {
        btx_command_producer_detach(producer);
        return code;
    }
    producer->own = (struct btx_producer_page *)(void *)producer->region_memory.base;
    producer->accounts =
        (_Atomic uint64_t *)(void *)(producer->region_memory.base + BTX_RING_PAGE_BYTES);
    producer->bytes = producer->region_memory.base + records_offset;
    producer->capacity_bytes = producer->page->ring_bytes;
    producer->incarnation =
        atomic_load_explicit(&producer->page->incarnation, memory_order_relaxed);
    return BTX_OK;
}

void btx_command_producer_detach(struct btx_command_producer *producer)
{
    btx_ring_memory_done(&producer->region_memory);
    btx_ring_memory_done(&producer->page_memory);
    producer->page = NULL;
    producer->own = NULL;
}

struct btx_command_terms btx_command_producer_terms(const struct btx_command_producer *producer)
{
    const struct btx_engine_page *page = producer->page;

    return (struct btx_command_terms){
        .command_types = page->command_types,
        .length_bytes_max = page->length_bytes_max,
        .accounts_max = page->accounts_max,
        .incarnation = producer->incarnation,
        .producer = page->producer,
        .kind = page->kind,
    };
}

void *btx_command_producer_claim(struct btx_command_producer *producer, uint32_t length_bytes)
{
    CHECK(length_bytes != 0 && length_bytes % BTX_RING_UNIT_BYTES == 0 &&
          length_bytes <= producer->page->length_bytes_max);
    producer->claimed_bytes = 0;
    if (producer->tail - producer->head_seen + length_bytes > producer->capacity_bytes) {
        /* Acquire pairs with the release in btx_command_consumer_take(): the record has been copied
         * before it is written over. */
        producer->head_seen = atomic_load_explicit(&producer->page->head, memory_order_acquire);
        if (producer->tail - producer->head_seen + length_bytes > producer->capacity_bytes)
            return NULL;
    }
    if (btx_command_producer_is_revoked(producer))
        return NULL;
    producer->claimed_bytes = length_bytes;
    return producer->bytes + (producer->tail & (producer->capacity_bytes - 1));
}

void btx_command_producer_commit(struct btx_command_producer *producer)
{
    CHECK(producer->claimed_bytes != 0);
    producer->tail += producer->claimed_bytes;
    producer->claimed_bytes = 0;
    /* Release pairs with the acquire in btx_command_consumer_take(): a record is there before it is
     * handed over, and a process that dies before this line has handed over nothing. */
    atomic_store_explicit(&producer->own->tail, producer->tail, memory_order_release);
}

bool btx_command_producer_is_taken(const struct btx_command_producer *producer)
{
    return atomic_load_explicit(&producer->page->head, memory_order_acquire) == producer->tail;
}

bool btx_command_producer_is_revoked(const struct btx_command_producer *producer)
{
    /* The page is the same for all lives of this producer.  Acquire pairs with the release in
     * btx_ring_port_prepare(): who sees a later life's state sees its number. */
    return atomic_load_explicit(&producer->page->state, memory_order_acquire) !=
               BTX_COMMAND_RING_OPEN ||
           atomic_load_explicit(&producer->page->incarnation, memory_order_relaxed) !=
               producer->incarnation;
}

void btx_command_producer_set_account(struct btx_command_producer *producer, uint32_t index,
                                      uint64_t account)
{
    CHECK(index < producer->page->accounts_max);
    /* Relaxed: the account's first order is handed over by a later release, so whoever takes the
     * order could see the account; and the list is read when this process writes no more. */
    atomic_store_explicit(&producer->accounts[index], account, memory_order_relaxed);
}

void btx_command_producer_wait_for(struct btx_command_producer *producer, uint64_t position)
{
    /* Sequentially consistent, and the reader looks at the durable position after it
     * (btx_event_reader_is_behind): pairs with btx_event_ring_set_durable() and then
     * btx_ring_port_wake_due(), so that at least one sees the other. */
    atomic_store_explicit(&producer->own->waits_for, position, memory_order_seq_cst);
}
