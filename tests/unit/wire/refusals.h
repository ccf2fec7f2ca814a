/* SPDX-License-Identifier: Apache-2.0 */
/* refusals.h - what can be wrong with one record, and the sentence that must say so: the tables
 * of test_record_check.c, written by hand from rules.md 4 and the lists, not derived from them. */
#ifndef BTX_TESTS_UNIT_WIRE_REFUSALS_H
#define BTX_TESTS_UNIT_WIRE_REFUSALS_H

#include "samples.h"

#define POKES_MAX 3

/* The low @bytes of @value, little-endian, at @offset. */
struct poke {
    size_t offset;
    size_t bytes;
    uint64_t value;
};

/* A sample, what is changed in it, and what is then said; NULL: it is still valid. */
struct refusal {
    const char *sample;
    struct poke pokes[POKES_MAX];
    const char *sentence;
};

/* A list or text behind a body. */
struct list {
    const char *sample;
    size_t count_offset;
    size_t count_bytes;
    size_t element_bytes;
    size_t count_min;
    size_t count_max;
    const char *sentence;
};

/* A byte that is one of a list of words. */
struct word {
    const char *sample;
    size_t offset;
    uint8_t count;
};

/* A field of the lists; kind 0 when it may hold any value. */
struct ranged_field {
    uint8_t kind; /* enum btx_record_kind */
    uint8_t type;
    const char *name;
};

/* A member of layout.def, with the number of bytes that must be zero. */
struct reserved_member {
    const char *body;
    const char *name;
    size_t offset;
    size_t bytes;
};

extern const struct refusal btx_refusals[];
extern const size_t btx_refusals_count;
extern const struct list btx_lists[];
extern const size_t btx_lists_count;
extern const struct word btx_words[];
extern const size_t btx_words_count;
extern const struct ranged_field btx_ranged_fields[];
extern const size_t btx_ranged_fields_count;
extern const struct reserved_member btx_reserved_members[];
extern const size_t btx_reserved_members_count;

#endif
