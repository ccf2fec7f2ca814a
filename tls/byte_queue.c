/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/byte_queue.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"

enum { WORD_BYTES = 8, LEAST_BYTES = 1024 };

void btx_byte_queue_init(struct btx_byte_queue *queue, size_t limit_bytes)
{
    *queue = (struct btx_byte_queue){.limit_bytes = limit_bytes};
}

void btx_byte_queue_done(struct btx_byte_queue *queue)
{
    free(queue->bytes);
    queue->bytes = NULL;
    queue->size_bytes = queue->head = queue->tail = 0;
}

void btx_byte_queue_trim(struct btx_byte_queue *queue)
{
    if (queue->bytes != NULL && btx_byte_queue_length(queue) == 0)
        btx_byte_queue_done(queue);
}

/* Move what waits to the beginning, but for what would change its place in its word. */
static void compact(struct btx_byte_queue *queue)
{
    const size_t by = queue->head / WORD_BYTES * WORD_BYTES;

    memmove(queue->bytes, queue->bytes + by, queue->tail - by);
    queue->head -= by;
    queue->tail -= by;
}

void *btx_byte_queue_append(struct btx_byte_queue *queue, size_t length_bytes)
{
    const size_t waiting = btx_byte_queue_length(queue);
    void *room;

    if (waiting > queue->limit_bytes || length_bytes > queue->limit_bytes - waiting)
        return NULL;
    if (queue->size_bytes - queue->tail < length_bytes) {
        /* Moving is worth it when it makes as much room as it moves; else twice the memory. */
        if (queue->head >= queue->size_bytes / 2 && queue->bytes != NULL)
            compact(queue);
        if (queue->size_bytes - queue->tail < length_bytes) {
            size_t size = queue->size_bytes == 0 ? (size_t)LEAST_BYTES : queue->size_bytes;
            uint8_t *bytes;

            while (size - queue->tail < length_bytes)
                size *= 2;
            bytes = realloc(queue->bytes, size);
            if (bytes == NULL)
                return NULL;
            queue->bytes = bytes;
            queue->size_bytes = size;
        }
    }
    room = queue->bytes + queue->tail;
    queue->tail += length_bytes;
    return room;
}

void btx_byte_queue_take(struct btx_byte_queue *queue, size_t length_bytes)
{
    CHECK(length_bytes <= btx_byte_queue_length(queue));
    queue->head += length_bytes;
    queue->taken_bytes += length_bytes;
    if (queue->head == queue->tail)
        queue->head = queue->tail = 0;
}

void btx_byte_queue_cut(struct btx_byte_queue *queue, size_t length_bytes)
{
    CHECK(length_bytes <= btx_byte_queue_length(queue));
    queue->tail = queue->head + length_bytes;
}
