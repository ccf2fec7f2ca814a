/* SPDX-License-Identifier: Apache-2.0 */
/* ring_port.c - a port changes hands by its state, and whoever has it touches the rest alone. */
#include "engine/ring/ring_port.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/check.h"

static struct btx_engine_page *port_page(const struct btx_ring_port *port)
{
    return (struct btx_engine_page *)(void *)port->page_memory.base;
}

/* What stays the same for all lives. */
static enum btx_fault_code port_make_page(struct btx_ring_port *port,
                                          struct btx_fault *reterr_fault)
{
    const struct btx_ring_port_rule *rule = &port->rule;
    const struct btx_ring_memory_plan plan = {
        .name = "betex-engine-page",
        .size_bytes = BTX_RING_PAGE_BYTES,
        .mirror_offset = BTX_RING_PAGE_BYTES,
        .writer = BTX_RING_WRITER_MAKER,
        .lock_required = port->lock_required,
    };
    struct btx_engine_page *page;

    if (btx_ring_memory_create(&plan, &port->page_memory, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    page = port_page(port);
    page->magic = BTX_ENGINE_PAGE_MAGIC;
    page->layout_version = BTX_RING_LAYOUT_VERSION;
    page->unit_bytes = BTX_RING_UNIT_BYTES;
    page->ring_bytes = rule->ring_bytes;
    page->command_types = rule->commands.types;
    page->accounts_max = rule->accounts_max;
    page->length_bytes_max = rule->commands.length_bytes_max;
    page->producer = rule->producer;
    page->kind = rule->commands.kind;
    return BTX_OK;
}

enum btx_fault_code btx_ring_port_init(struct btx_ring_port *port,
                                       const struct btx_ring_port_rule *rule, bool lock_required,
                                       struct btx_fault *reterr_fault)
{
    CHECK(rule->ring_bytes >= BTX_COMMAND_RING_BYTES_MIN &&
          rule->ring_bytes <= BTX_COMMAND_RING_BYTES_MAX &&
          (rule->ring_bytes & (rule->ring_bytes - 1)) == 0);
    CHECK(rule->accounts_max <= BTX_RING_ACCOUNTS_MAX);
    memset(port, 0, sizeof(*port));
    port->page_memory = BTX_RING_MEMORY_NONE;
    port->region_memory = BTX_RING_MEMORY_NONE;
    port->page_fd = -1;
    port->rule = *rule;
    port->lock_required = lock_required;
    port->accounts = calloc((size_t)rule->accounts_max + 1, sizeof(port->accounts[0]));
    if (port->accounts == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "the accounts of port '%s'",
                             rule->name);
    if (port_make_page(port, reterr_fault) != BTX_OK ||
        btx_ring_memory_open_reader(&port->page_memory, &port->page_fd, reterr_fault) != BTX_OK) {
        btx_ring_port_done(port);
        return reterr_fault->code;
    }
    return BTX_OK;
}

void btx_ring_port_done(struct btx_ring_port *port)
{
    btx_ring_memory_done(&port->region_memory);
    btx_ring_memory_done(&port->page_memory);
    if (port->page_fd >= 0)
        (void)close(port->page_fd); /* Only for reading. */
    port->page_fd = -1;
    free(port->accounts);
    port->accounts = NULL;
}

static struct btx_ring_memory_plan port_region_plan(const struct btx_ring_port *port)
{
    const size_t records_offset = btx_producer_region_records_offset(port->rule.accounts_max);

    return (struct btx_ring_memory_plan){
        .name = "betex-command-ring",
        .size_bytes = records_offset + port->rule.ring_bytes,
        .mirror_offset = records_offset,
        .writer = BTX_RING_WRITER_PEER,
        .lock_required = port->lock_required,
    };
}

enum btx_fault_code btx_ring_port_prepare(struct btx_ring_port *port, uint32_t incarnation,
                                          struct btx_fault *reterr_fault)
{
    const struct btx_ring_memory_plan plan = port_region_plan(port);
    struct btx_engine_page *page = port_page(port);

    CHECK(btx_ring_port_state(port) == BTX_RING_PORT_CLOSED);
    if (btx_ring_memory_create(&plan, &port->region_memory, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    port->incarnation = incarnation;
    atomic_store_explicit(&page->incarnation, incarnation, memory_order_relaxed);
    atomic_store_explicit(&page->head, 0, memory_order_relaxed);
    /* Release pairs with the acquire in btx_command_producer_is_revoked(): a producer of an earlier
     * life that still looks sees the number with it. */
    atomic_store_explicit(&page->state, BTX_COMMAND_RING_OPEN, memory_order_release);
    return BTX_OK;
}

void btx_ring_port_descriptors(const struct btx_ring_port *port, int *ret_page_fd,
                               int *ret_region_fd)
{
    *ret_page_fd = port->page_fd;
    *ret_region_fd = port->region_memory.fd;
}

enum btx_fault_code btx_ring_port_open(struct btx_ring_port *port, struct btx_fault *reterr_fault)
{
    const struct btx_ring_memory_plan plan = port_region_plan(port);
    const struct btx_ring_port_rule *rule = &port->rule;

    CHECK(btx_ring_port_state(port) == BTX_RING_PORT_CLOSED);
    if (btx_ring_memory_accept(&plan, &port->region_memory, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    btx_command_consumer_init(
        &port->consumer, port_page(port),
        (const struct btx_producer_page *)(const void *)port->region_memory.base,
        port->region_memory.base + btx_producer_region_records_offset(rule->accounts_max),
        rule->ring_bytes, &rule->commands);
    port->is_ending = false;
    port->is_told = false;
    port->why = NULL;
    port->accounts_count = 0;
    port->woken_for = 0;
    atomic_store_explicit(&port->is_broken, 0, memory_order_relaxed);
    /* Release, as part of it, pairs with the load in btx_ring_port_take(). */
    atomic_store_explicit(&port->state, BTX_RING_PORT_OPEN, memory_order_seq_cst);
    return BTX_OK;
}

void btx_ring_port_abandon(struct btx_ring_port *port)
{
    CHECK(btx_ring_port_state(port) == BTX_RING_PORT_CLOSED);
    /* Relaxed: a hint for the peer, should it live on. */
    atomic_store_explicit(&port_page(port)->state, BTX_COMMAND_RING_REVOKED, memory_order_relaxed);
    btx_ring_memory_done(&port->region_memory);
}

void btx_ring_port_revoke(struct btx_ring_port *port, const char *why)
{
    const _Atomic uint64_t *list =
        (const _Atomic uint64_t *)(const void *)(port->region_memory.base + BTX_RING_PAGE_BYTES);

    CHECK(btx_ring_port_state(port) == BTX_RING_PORT_OPEN);
    /* The consumer is the matcher's, but where its producer page is never changes.  This acquire
     * also pairs with the release in btx_command_producer_commit() for the list: an account that
     * was set before an order of it was handed over is seen. */
    port->end_tail = btx_command_consumer_tail(&port->consumer);
    for (uint32_t i = 0; i < port->rule.accounts_max; i++) {
        const uint64_t account = atomic_load_explicit(&list[i], memory_order_relaxed);

        if (account != 0)
            port->accounts[port->accounts_count++] = account;
    }
    port->why = why;
    /* Relaxed: a hint for the peer, should it live on. */
    atomic_store_explicit(&port_page(port)->state, BTX_COMMAND_RING_REVOKED, memory_order_relaxed);
    /* Release, as part of it, pairs with the load in btx_ring_port_take(); sequentially consistent
     * pairs with btx_ring_server_wake(). */
    atomic_store_explicit(&port->state, BTX_RING_PORT_REVOKED, memory_order_seq_cst);
}

const char *btx_ring_port_lie(const struct btx_ring_port *port)
{
    /* Acquire pairs with the release in btx_ring_port_take(): the sentence is there, and a consumer
     * that is broken does not change any more. */
    if (atomic_load_explicit(&port->is_broken, memory_order_acquire) == 0)
        return NULL;
    return btx_command_consumer_why(&port->consumer);
}

void btx_ring_port_close(struct btx_ring_port *port)
{
    CHECK(btx_ring_port_state(port) == BTX_RING_PORT_DRAINED);
    btx_ring_memory_done(&port->region_memory);
    atomic_store_explicit(&port->state, BTX_RING_PORT_CLOSED, memory_order_seq_cst);
}

enum btx_ring_port_take btx_ring_port_take(struct btx_ring_port *port, void *to,
                                           size_t *ret_length_bytes)
{
    /* Acquire pairs with the stores in btx_ring_port_open() and btx_ring_port_revoke(). */
    const uint32_t state = atomic_load_explicit(&port->state, memory_order_acquire);

    if (state == BTX_RING_PORT_CLOSED || state == BTX_RING_PORT_DRAINED || port->is_told)
        return BTX_RING_PORT_EMPTY;
    if (state == BTX_RING_PORT_REVOKED && !port->is_ending) {
        port->is_ending = true;
        btx_command_consumer_end(&port->consumer, port->end_tail);
    }
    switch (btx_command_consumer_take(&port->consumer, to, ret_length_bytes)) {
    case BTX_COMMAND_TAKE_ONE:
        return BTX_RING_PORT_COMMAND;
    case BTX_COMMAND_TAKE_BROKEN:
        if (!port->is_ending) {
            if (atomic_load_explicit(&port->is_broken, memory_order_relaxed) != 0)
                return BTX_RING_PORT_EMPTY;
            /* Release pairs with the acquire in btx_ring_port_lie(). */
            atomic_store_explicit(&port->is_broken, 1, memory_order_release);
            return BTX_RING_PORT_BROKEN;
        }
        break;
    case BTX_COMMAND_TAKE_EMPTY:
        if (!port->is_ending)
            return BTX_RING_PORT_EMPTY;
        break;
    case BTX_COMMAND_TAKE_COUNT:
        CHECK_UNREACHABLE();
    }
    port->is_told = true;
    return BTX_RING_PORT_ENDED;
}

uint64_t btx_ring_port_fill_bytes(const struct btx_ring_port *port)
{
    /* Acquire pairs with the store in btx_ring_port_open(). */
    const uint32_t state = atomic_load_explicit(&port->state, memory_order_acquire);
    uint64_t fill_bytes;

    if (state != BTX_RING_PORT_OPEN && state != BTX_RING_PORT_REVOKED)
        return 0;
    fill_bytes = btx_command_consumer_tail(&port->consumer) - port->consumer.head;
    return fill_bytes < port->consumer.capacity_bytes ? fill_bytes : port->consumer.capacity_bytes;
}

uint32_t btx_ring_port_incarnation(const struct btx_ring_port *port)
{
    return port->incarnation;
}

size_t btx_ring_port_accounts(const struct btx_ring_port *port, const uint64_t **ret_accounts)
{
    CHECK(port->is_told);
    *ret_accounts = port->accounts;
    return port->accounts_count;
}

const char *btx_ring_port_why(const struct btx_ring_port *port)
{
    const char *lie = btx_command_consumer_why(&port->consumer);

    CHECK(port->is_told);
    return lie != NULL ? lie : port->why;
}

void btx_ring_port_release(struct btx_ring_port *port)
{
    CHECK(port->is_told);
    /* Release, as part of it, pairs with the load in btx_ring_port_state(). */
    atomic_store_explicit(&port->state, BTX_RING_PORT_DRAINED, memory_order_seq_cst);
}

bool btx_ring_port_wake_due(struct btx_ring_port *port, uint64_t durable)
{
    const struct btx_producer_page *producer =
        (const struct btx_producer_page *)(const void *)port->region_memory.base;
    /* Sequentially consistent: the other half of btx_command_producer_wait_for(). */
    const uint64_t waits_for = atomic_load_explicit(&producer->waits_for, memory_order_seq_cst);

    if (waits_for == 0 || waits_for > durable || waits_for == port->woken_for)
        return false;
    port->woken_for = waits_for;
    return true;
}
