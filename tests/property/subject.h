/* SPDX-License-Identifier: Apache-2.0 */
/* subject.h - a core under test, in memory of its own that ends at a page nobody may touch. */
#ifndef BTX_PROPERTY_SUBJECT_H
#define BTX_PROPERTY_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/core/core.h"
#include "tests/property/model.h"

/* What a core is made with that has room for as much as the model. */
struct btx_core_capacity btx_model_core_capacity(const struct btx_model_capacity *capacity);

/* Start with {0}, which is no core. */
struct btx_subject {
    struct btx_core *core; /* NULL: none. */
    void *mapping;
    size_t mapping_bytes;
    struct btx_core_capacity capacity;
};

/* Bytes that grow; start with {0}. */
struct btx_buffer {
    uint8_t *bytes;
    size_t length_bytes;
    size_t room_bytes;
};

/* Begin an empty core in @subject, in place of the one that was there. */
void btx_subject_open(struct btx_subject *subject, const struct btx_core_capacity *capacity,
                      uint32_t shard);
/* Nothing happens where there is none. */
void btx_subject_close(struct btx_subject *subject);

/* Save into @buffer, whose bytes are replaced. */
void btx_subject_save(const struct btx_subject *subject, struct btx_buffer *buffer);

/* Append @length_bytes. */
void btx_buffer_append(struct btx_buffer *buffer, const void *bytes, size_t length_bytes);
void btx_buffer_done(struct btx_buffer *buffer);

static inline bool btx_buffer_equal(const struct btx_buffer *left, const struct btx_buffer *right)
{
    return left->length_bytes == right->length_bytes &&
           __builtin_memcmp(left->bytes, right->bytes, left->length_bytes) == 0;
}

#endif
