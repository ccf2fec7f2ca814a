/* SPDX-License-Identifier: Apache-2.0 */
/* command_producer.h - a producer's side of its command ring: write a record, hand it over.
 *
 * In the gateway or the admin service, one thread.  Never waits: a full ring is an answer.  The
 * engine's page is read-only here; what stands in the producer's own region is nobody's but ours,
 * and the engine believes none of it. */
#ifndef BTX_RING_COMMAND_PRODUCER_H
#define BTX_RING_COMMAND_PRODUCER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/fault.h"
#include "engine/ring/ring_layout.h"
#include "engine/ring/ring_memory.h"

/* Fields are private. */
struct btx_command_producer {
    struct btx_ring_memory page_memory;
    struct btx_ring_memory region_memory;
    const struct btx_engine_page *page;
    struct btx_producer_page *own;
    _Atomic uint64_t *accounts;
    uint8_t *bytes;
    uint64_t capacity_bytes;
    uint64_t tail;
    uint64_t claimed_bytes;
    uint64_t head_seen;
    uint32_t incarnation;
};

/* Map the ring whose descriptors the engine has sent, and put its pages in; the descriptors are
 * this function's from now on, also when it fails.  The engine has to be told then, to accept it.
 * Faults: LAYOUT when the other side has another layout, MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_command_producer_attach(struct btx_command_producer *producer,
                                                             int page_fd, int region_fd,
                                                             struct btx_fault *reterr_fault);

void btx_command_producer_detach(struct btx_command_producer *producer);

/* Which producer this is, in which life, and what its records may be. */
struct btx_command_terms {
    uint64_t command_types; /* bit n: type n */
    uint32_t length_bytes_max;
    uint32_t accounts_max;
    uint32_t incarnation;
    uint16_t producer;
    uint8_t kind;
};
struct btx_command_terms btx_command_producer_terms(const struct btx_command_producer *producer);

/* Where to write a record of @length_bytes (whole units, at most length_bytes_max); NULL when the
 * ring is full or revoked: answer BUSY.  Contiguous.  Nothing of it is seen before commit; claiming
 * again instead gives it up. */
void *btx_command_producer_claim(struct btx_command_producer *producer, uint32_t length_bytes);

/* Hand over what was claimed last. */
void btx_command_producer_commit(struct btx_command_producer *producer);

/* Whether all that was handed over has been taken. */
bool btx_command_producer_is_taken(const struct btx_command_producer *producer);

/* The engine reads nothing any more: connect again. */
bool btx_command_producer_is_revoked(const struct btx_command_producer *producer);

/* Put @account at place @index (0..accounts_max-1) of the list of those whose orders the engine
 * cancels when this process or its connection ends; 0 takes it away.  What stands there when it
 * ends is what counts, so it has to be set before the account's first order is handed over. */
void btx_command_producer_set_account(struct btx_command_producer *producer, uint32_t index,
                                      uint64_t account);

/* Ask to be woken (a message on the connection) once the durable position is @position or more, and
 * 0 to stop that.  Look at the position again after asking: it may just have got there. */
void btx_command_producer_wait_for(struct btx_command_producer *producer, uint64_t position);

#endif
