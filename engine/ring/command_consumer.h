/* SPDX-License-Identifier: Apache-2.0 */
/* command_consumer.h - the engine's side of one command ring: take one command, believe nothing.
 *
 * Everything in the producer's region is input: another process can write it at any moment, and
 * may be hostile.  Each word is loaded once, copied, and only the copy is judged.  The first lie
 * ends the ring: nothing is read from it any more.  Never waits, never makes a system call, and
 * copies at most one record a call. */
#ifndef BTX_RING_COMMAND_CONSUMER_H
#define BTX_RING_COMMAND_CONSUMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/attributes.h"
#include "engine/ring/ring_layout.h"

/* Judge one record, a private copy aligned to 8 whose length is @length_bytes: NULL when it may be
 * executed, else a sentence that is valid for ever.  Called by the thread that takes. */
typedef const char *(*btx_command_judge)(const void *record, size_t length_bytes, void *context);

/* What one ring may carry. */
struct btx_command_rule {
    uint64_t types;            /* bit n: type n, 1..63 */
    uint32_t length_bytes_max; /* of one record, whole units */
    uint8_t kind;              /* byte 6 of each record: kind, without any flag */
    btx_command_judge check;   /* asked last; NULL: bytes are not judged */
    void *context;
};

/* Fields are private. */
struct btx_command_consumer {
    const struct btx_producer_page *producer; /* hostile */
    const uint8_t *bytes;                     /* hostile; mapped twice, one behind the other */
    struct btx_engine_page *page;             /* ours: what we store there we never load */
    struct btx_command_rule rule;
    uint64_t capacity_bytes;
    uint64_t head;      /* taken up to here */
    uint64_t tail_seen; /* whole records up to here, as the producer has last said and we checked */
    uint64_t end;       /* never beyond this */
    const char *why;    /* the lie that ended it, NULL while there was none */
};

/* Begin at position 0 of an empty ring.  @page is in the shared engine page, already filled in. */
void btx_command_consumer_init(struct btx_command_consumer *consumer, struct btx_engine_page *page,
                               const struct btx_producer_page *producer, const uint8_t *bytes,
                               uint64_t capacity_bytes, const struct btx_command_rule *rule);

enum btx_command_take {
    BTX_COMMAND_TAKE_EMPTY,
    BTX_COMMAND_TAKE_ONE,
    BTX_COMMAND_TAKE_BROKEN, /* the producer has lied: now, or before (btx_command_consumer_why) */
    BTX_COMMAND_TAKE_COUNT
};

/* Copy the next record to @to (length_bytes_max bytes, aligned to 8), check it, and let the
 * producer have its place again.  *ret_length_bytes is set for ONE only. */
BTX_MUST_USE enum btx_command_take btx_command_consumer_take(struct btx_command_consumer *consumer,
                                                             void *to, size_t *ret_length_bytes);

/* The tail as the producer says now, to be given to btx_command_consumer_end().  Any number. */
uint64_t btx_command_consumer_tail(const struct btx_command_consumer *consumer);

/* From now on take nothing beyond @position: what was whole there is taken, later tails are not
 * looked at.  A @position that no honest producer can have reached is a lie. */
void btx_command_consumer_end(struct btx_command_consumer *consumer, uint64_t position);

/* What the producer did, for the operator; NULL when nothing. */
static inline const char *btx_command_consumer_why(const struct btx_command_consumer *consumer)
{
    return consumer->why;
}

#endif
