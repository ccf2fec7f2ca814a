/* SPDX-License-Identifier: Apache-2.0 */
/* ring_peer.h - what the engine of the test and its peers agree on.
 *
 * A command is a record of kind 1 and type 10: its second word is its number, counted from 0, and
 * the words behind it count on from there.  The engine answers each with an event of one unit:
 * second word the producer, third the number. */
#ifndef BTX_TESTS_SYSTEM_RING_RING_PEER_H
#define BTX_TESTS_SYSTEM_RING_RING_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/ring/ring_client.h"

enum {
    PEER_KIND = 1,
    PEER_TYPE = 10,
    PEER_UNITS_MAX = 130,
    /* The accounts that every honest peer lists. */
    PEER_ACCOUNT_FIRST = 70,
    PEER_ACCOUNT_COUNT = 2,
};

/* Exit statuses of peers. */
enum {
    PEER_OK = 0,
    PEER_FAILED = 1,      /* something was not as it should be: stderr says what */
    PEER_SUCCEEDED = 3,   /* a hostile one managed what it should not */
    PEER_NOT_POSSIBLE = 4 /* what it should do is not possible here */
};

/* Write command @number of @units at @to. */
void peer_command(void *to, unsigned int units, uint64_t number);

/* Hand it over, waiting for room; false when the ring was revoked. */
bool peer_produce(struct btx_ring_client *client, unsigned int units, uint64_t number);

/* The hostile ones, by name: NULL when there is none.  Each returns an exit status, or never. */
typedef int (*peer_run)(struct btx_ring_client *client, uint64_t seed);
void peer_hostile_init(struct btx_ring_client *client, uint64_t seed);
peer_run peer_hostile(const char *name);

#endif
