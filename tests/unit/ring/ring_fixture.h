/* SPDX-License-Identifier: Apache-2.0 */
/* ring_fixture.h - small rings, honest and hostile peers of them, for tests in one process. */
#ifndef BTX_TESTS_UNIT_RING_RING_FIXTURE_H
#define BTX_TESTS_UNIT_RING_RING_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/ring/command_producer.h"
#include "engine/ring/event_reader.h"
#include "engine/ring/event_ring.h"
#include "engine/ring/ring_port.h"

/* The least event ring, without hugepages.  Asserts that it can be made. */
void fixture_event_ring(struct btx_event_ring *ring, uint64_t mark);

/* A reader of @ring, as another process would have it. */
void fixture_event_reader(const struct btx_event_ring *ring, struct btx_event_reader *reader);

/* Claim, fill with @length_bytes / 8 words that count on from @first, and publish. */
void fixture_write(struct btx_event_ring *ring, size_t length_bytes, uint64_t first);

/* Make all that is pending durable. */
void fixture_commit(struct btx_event_ring *ring, uint64_t mark);

/* Whether @length_bytes at @bytes are words that count on from @first. */
bool fixture_is_counting(const void *bytes, size_t length_bytes, uint64_t first);

/* The kind and the types of the records below. */
enum { FIXTURE_KIND = 1, FIXTURE_TYPE = 10, FIXTURE_TYPE_FOREIGN = 2, FIXTURE_LENGTH_MAX = 8320 };

/* A rule for the user of this process: type 10 to 14, 64 KiB, 512 accounts. */
struct btx_ring_port_rule fixture_rule(void);

/* A closed port. */
void fixture_port(struct btx_ring_port *port);

/* Open it, with a producer on it as another process would have it. */
void fixture_open(struct btx_ring_port *port, uint32_t incarnation,
                  struct btx_command_producer *producer);

/* A record of @units, of kind and type, whose words behind the first count on from @number. */
void fixture_record(void *record, unsigned int units, unsigned int kind, unsigned int type,
                    uint64_t number);

/* Produce a good one; false when the ring is full. */
bool fixture_produce(struct btx_command_producer *producer, unsigned int units, uint64_t number);

#endif
