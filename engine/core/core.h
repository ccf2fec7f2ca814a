/* SPDX-License-Identifier: Apache-2.0 */
/* core.h - the matching core: commands in, events out, and nothing else.
 *
 * Pure: no clock, heap, files, randomness, floating point or threads.  All memory is handed in
 * once, sized from the capacities; nothing is allocated afterwards.  One thread at a time.
 * Equal records give equal states and equal bytes anywhere, whatever the capacities.
 * What it decides is rules.md; how it is built is README.md in this folder. */
#ifndef BTX_CORE_CORE_H
#define BTX_CORE_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/attributes.h"
#include "engine/wire/commands.h"
#include "engine/wire/events.h"

/* How much the core may hold (rules.md 6, CAPACITY).  Each 1..BTX_CORE_CAPACITY_MAX; runners at
 * least 1.  The house is not counted as an account. */
struct btx_core_capacity {
    uint32_t accounts;
    uint32_t markets;   /* Not forgotten ones. */
    uint32_t runners;   /* In all markets together. */
    uint32_t orders;    /* Live ones, the incoming one included. */
    uint32_t positions; /* (account, market) pairs with a position or a live order. */
    /* These two may be 0, which is none. */
    uint32_t stakes; /* Net stakes by account, runner and price in markets with reductions, and two
                        for each live order there. */
    uint32_t description_bytes; /* Of all descriptions together. */
};
/* So that every index, and twice of it, fits 32 bits, and 512 cells a position do too. */
#define BTX_CORE_CAPACITY_MAX 8000000u
#define BTX_CORE_STAKES_MAX 64000000u
#define BTX_CORE_DESCRIPTION_BYTES_MAX UINT32_C(1073741824)

/* Order ids of shard n run from n * 2^40 + 1; the shard is 0..BTX_CORE_SHARD_MAX. */
#define BTX_CORE_SHARD_BITS 40
#define BTX_CORE_SHARD_MAX 8191u

struct btx_core;

/* Bytes of memory that a core of @capacity needs; 0 when a capacity is out of its range.  It is
 * the worst case of every rule: most of it is touched only when used, so hand in memory that the
 * system commits lazily (an anonymous mapping without reserve). */
size_t btx_core_memory_bytes(const struct btx_core_capacity *capacity);

/* Begin an empty exchange in @memory: btx_core_memory_bytes() of it, zeroed, aligned to 64 bytes.
 * The core lives in it and needs no end; the memory stays the caller's. */
struct btx_core *btx_core_init(void *memory, const struct btx_core_capacity *capacity,
                               uint32_t shard);

/* Room for one tx and what step says of it. */
struct btx_tx {
    uint8_t *bytes;      /* The caller's: BTX_TX_BYTES_MAX of room, 64-byte aligned. */
    size_t length_bytes; /* Set by step: whole records, the command's first when it is the
                            command's first tx.  0: nothing happened (a Tick). */
    uint32_t event_count;
    bool begins_command; /* The first record is the command; false when nothing happened. */
    bool full;           /* No further event belongs into this tx. */
};

enum btx_step {
    BTX_STEP_DONE, /* The command is finished. */
    BTX_STEP_MORE, /* It goes on in the next tx: call again, with NULL, before anything else. */
    BTX_STEP_DUE,  /* Something that has fallen due is finished; the command, if one was given, has
                      not been looked at: call again with it. */
};

/* Execute @command, or with NULL go on with the pending one, until its next tx is complete in
 * @tx.  The state has changed by exactly the events in it.  @command must have passed
 * btx_record_check(); its time is the wall clock's, and moves the core's time, never back.
 * What falls due by that (rules-2.md 4) comes first, one thing at a time, each as a command of its
 * own: a Tick that the core writes.
 * Records are not sealed (btx_record_seal()). */
enum btx_step btx_core_step(struct btx_core *core, const struct btx_command *command,
                            struct btx_tx *tx);

/* Fetch what @command will look at into the processor's caches, which is most of the time that a
 * command takes.  In BTX_CORE_PREFETCH_STEPS steps, from 0 on: what one finds on its way must have
 * arrived when the next one follows it, so let some other command be executed between two.  Each
 * may be left out.  @command must have passed btx_record_check(); nothing changes by it. */
void btx_core_prefetch(const struct btx_core *core, const struct btx_command *command,
                       uint32_t step);
#define BTX_CORE_PREFETCH_STEPS 5u

/* Decide from the next command on by the rules of @command, a record of a log, as the program did
 * that wrote it: for auditors, who execute logs again.  A core decides by BTX_RULES_VERSION
 * otherwise.  Returns NULL, or a sentence why @command cannot be decided so. */
BTX_MUST_USE const char *btx_core_follow_rules(struct btx_core *core,
                                               const struct btx_command *command);

/* Whether step may be called: not inside a tx that apply has begun, and not after events of a
 * long command whose own record was never applied, which nobody can go on with. */
bool btx_core_can_step(const struct btx_core *core);

/* The command that step(NULL) would go on with, or NULL. */
const struct btx_command *btx_core_pending(const struct btx_core *core);

/* Change the state by one record of a log: a command (which becomes the pending one until an
 * event ends it), an event, or a note (of which only the rules version of a start counts, and only
 * before the first event).  Events alone rebuild the same state, but that it is taken to be of the
 * present rules version.  @record
 * must have passed btx_record_check().  Returns NULL, or a sentence why the record cannot follow
 * the present state; the state is then of no further use.  Safe on any checked record. */
BTX_MUST_USE const char *btx_core_apply(struct btx_core *core, const struct btx_record *record);

/* Where the canonical bytes go, piece by piece. */
typedef void (*btx_core_sink)(void *context, const void *bytes, size_t length_bytes);

/* The whole state as canonical little-endian bytes (README.md, "State bytes"): the snapshot, and
 * what is hashed for a digest.  Between txs only.  Changes nothing. */
void btx_core_save(struct btx_core *core, btx_core_sink sink, void *context);

/* Rebuild a state from saved bytes in a core fresh from btx_core_init().  Returns NULL, or a
 * sentence why the bytes are not a state that fits @core; it is then of no further use.  Safe on
 * any bytes. */
BTX_MUST_USE const char *btx_core_load(struct btx_core *core, const void *bytes,
                                       size_t length_bytes);

/* Check the whole state against itself: lists, indexes, sums, reserves, uncrossed books,
 * conservation of money.  Slow; for tests, debug builds and auditors.  Returns NULL or what is
 * wrong. */
BTX_MUST_USE const char *btx_core_verify(struct btx_core *core);

#endif
