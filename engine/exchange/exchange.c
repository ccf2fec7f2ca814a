/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/exchange/exchange.h"

#include "engine/base/check.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

/* The tx lies before the core, and the core begins at a page. */
enum { PAGE_BYTES = 4096 };
#define TX_BYTES (((size_t)BTX_TX_BYTES_MAX + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES)

const struct btx_core_capacity btx_exchange_capacity_default = {
    .accounts = 1000000,
    .markets = 100000,
    .runners = 1000000,
    .orders = 1000000,
    .positions = 1000000,
    .stakes = 4000000,
    .description_bytes = 64 << 20,
};

/* A state is looked up all over its memory, a few bytes here and there: with pages of 4 KiB nearly
 * each of these is also looked for in the page tables. */
static void ask_hugepages(void *memory, size_t memory_bytes)
{
    (void)madvise(memory, memory_bytes, MADV_HUGEPAGE); /* A wish; without them it is slower. */
}

enum btx_fault_code btx_exchange_open(struct btx_exchange *exchange,
                                      const struct btx_core_capacity *capacity,
                                      struct btx_fault *reterr_fault)
{
    const size_t core_bytes = btx_core_memory_bytes(capacity);
    enum btx_fault_code code;
    void *memory;

    memset(exchange, 0, sizeof *exchange);
    if (core_bytes == 0)
        return btx_fault_set(
            reterr_fault, BTX_FAULT_USAGE, 0,
            "capacities run from 1 to %u (stakes: 0 to %u, description bytes: 0 to %u)",
            BTX_CORE_CAPACITY_MAX, BTX_CORE_STAKES_MAX, BTX_CORE_DESCRIPTION_BYTES_MAX);
    memory = mmap(NULL, TX_BYTES + core_bytes, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, errno,
                             "no address space for %zu MiB (give smaller capacities)",
                             core_bytes >> 20);
    exchange->memory = memory;
    exchange->memory_bytes = TX_BYTES + core_bytes;
    ask_hugepages(memory, exchange->memory_bytes);
    exchange->capacity = *capacity;
    code = btx_sha256_init(&exchange->sha256, reterr_fault);
    if (code != BTX_OK) {
        btx_exchange_close(exchange);
        return code;
    }
    exchange->tx.bytes = memory;
    exchange->core = btx_core_init((uint8_t *)memory + TX_BYTES, capacity, 0);
    return BTX_OK;
}

enum btx_fault_code btx_exchange_reset(struct btx_exchange *exchange,
                                       struct btx_fault *reterr_fault)
{
    uint8_t *core_memory = (uint8_t *)exchange->memory + TX_BYTES;

    /* Fresh pages in the same place: zeroing what was used would touch all of it. */
    exchange->core = NULL;
    if (mmap(core_memory, exchange->memory_bytes - TX_BYTES, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, errno, "no memory to begin anew");
    ask_hugepages(core_memory, exchange->memory_bytes - TX_BYTES);
    exchange->core = btx_core_init(core_memory, &exchange->capacity, 0);
    exchange->tx.length_bytes = 0;
    return BTX_OK;
}

static void hash_piece(void *context, const void *bytes, size_t length_bytes)
{
    btx_sha256_update(context, bytes, length_bytes);
}

void btx_exchange_digest(struct btx_exchange *exchange, uint8_t ret_digest[BTX_SHA256_BYTES])
{
    btx_core_save(exchange->core, hash_piece, &exchange->sha256);
    btx_sha256_final(&exchange->sha256, ret_digest);
}

const struct btx_record *btx_tx_next_record(const struct btx_tx *tx,
                                            const struct btx_record *record)
{
    const uint8_t *next = tx->bytes;

    if (record != NULL)
        next = (const uint8_t *)record + btx_record_length_bytes(record);
    if (next == tx->bytes + tx->length_bytes)
        return NULL;
    CHECK(next < tx->bytes + tx->length_bytes);
    return (const struct btx_record *)next;
}

void btx_exchange_close(struct btx_exchange *exchange)
{
    btx_sha256_done(&exchange->sha256);
    if (exchange->memory != NULL)
        (void)munmap(exchange->memory, exchange->memory_bytes); /* Only a bug could make it fail. */
    exchange->memory = NULL;
    exchange->core = NULL;
}
