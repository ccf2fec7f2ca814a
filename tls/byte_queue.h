/* SPDX-License-Identifier: Apache-2.0 */
/* byte_queue.h - bytes that wait, in one row: appended at the end, taken from the front.
 *
 * Grows up to a limit and can give its memory back, so that a connection that says nothing costs
 * none.  What is appended in whole words of 8 bytes is aligned to 8, whatever was taken. */
#ifndef BTX_TLS_BYTE_QUEUE_H
#define BTX_TLS_BYTE_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/attributes.h"

/* Fields are private but those described. */
struct btx_byte_queue {
    uint8_t *bytes;
    size_t size_bytes;
    size_t head;
    size_t tail;
    size_t limit_bytes;   /* of what may wait; may be raised */
    uint64_t taken_bytes; /* of all time, for reading: the position of the front */
};

void btx_byte_queue_init(struct btx_byte_queue *queue, size_t limit_bytes);

/* Give the memory back.  Idempotent. */
void btx_byte_queue_done(struct btx_byte_queue *queue);

/* Give the memory back if nothing waits. */
void btx_byte_queue_trim(struct btx_byte_queue *queue);

static inline size_t btx_byte_queue_length(const struct btx_byte_queue *queue)
{
    return queue->tail - queue->head;
}

/* Append @length_bytes for the caller to fill, valid until the next call.  NULL, and nothing has
 * changed, when they would be over the limit or there is no memory. */
BTX_MUST_USE void *btx_byte_queue_append(struct btx_byte_queue *queue, size_t length_bytes);

/* What waits longest; of btx_byte_queue_length(), valid until the next append.  It may be NULL when
 * nothing waits. */
static inline uint8_t *btx_byte_queue_front(const struct btx_byte_queue *queue)
{
    return queue->bytes == NULL ? NULL : queue->bytes + queue->head;
}

/* Take @length_bytes, which are there, from the front. */
void btx_byte_queue_take(struct btx_byte_queue *queue, size_t length_bytes);

/* Take back what was appended last, so that @length_bytes wait. */
void btx_byte_queue_cut(struct btx_byte_queue *queue, size_t length_bytes);

#endif
