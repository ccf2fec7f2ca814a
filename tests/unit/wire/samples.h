/* SPDX-License-Identifier: Apache-2.0 */
/* samples.h - valid records with fixed contents: at least one of every type, for the wire tests.
 *
 * tests/golden has their bytes: a sample that changes shows there. */
#ifndef BTX_TESTS_UNIT_WIRE_SAMPLES_H
#define BTX_TESTS_UNIT_WIRE_SAMPLES_H

#include "engine/wire/commands.h"
#include "engine/wire/events.h"
#include "engine/wire/notes.h"

/* Room for any record, and a little more for the tests that make one too long. */
union btx_sample_space {
    struct btx_record record;
    uint8_t bytes[BTX_RECORD_BYTES_MAX + 2 * BTX_RECORD_UNIT_BYTES];
};

struct btx_sample {
    const char *name; /* The stem of its file in tests/golden. */
    enum btx_record_kind kind;
    uint8_t flags;
    uint8_t type;
    const char *body_name; /* As in layout.def. */
    const void *body;
    size_t body_bytes;
    const void *tail;
    size_t tail_bytes;
};

extern const struct btx_sample btx_samples[];
extern const size_t btx_samples_count;

/* The sample of that name; ends the test if there is none. */
const struct btx_sample *btx_sample_find(const char *name);

/* Build the record in @space, unsealed, and return its length in bytes.  The rest of @space is
 * 0xa5, so that a byte taken from behind a record shows. */
size_t btx_sample_build(const struct btx_sample *sample, union btx_sample_space *space);

/* Give @space the @tail_bytes at @tail behind its body of @body_bytes, the right length and zeros
 * up to it; the counts in the body are the caller's. */
void btx_sample_set_tail(union btx_sample_space *space, size_t body_bytes, const void *tail,
                         size_t tail_bytes);

/* What btx_record_check() says about a copy of the @length_bytes at @bytes that ends where the
 * memory ends, so that a sanitizer sees every byte read too far. */
const char *btx_sample_check_copy(const void *bytes, size_t length_bytes);

#endif
