/* SPDX-License-Identifier: Apache-2.0 */
/* table.h - a hash table of entries that lie in their owners' structs, found by two numbers.
 *
 * Its hash has a secret of this process in it, since clients choose what is looked for. */
#ifndef BTX_TLS_TABLE_H
#define BTX_TLS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/attributes.h"

/* First member of what is in the table. */
struct btx_table_entry {
    struct btx_table_entry *next; /* private */
    uint64_t key[2];
};

/* Fields are private but count. */
struct btx_table {
    struct btx_table_entry **buckets;
    size_t bucket_count; /* 0 or a power of two */
    size_t count;
    uint64_t secret;
};

/* @secret is a random number. */
void btx_table_init(struct btx_table *table, uint64_t secret);

/* Give back the table; what is in it stays its owner's.  Idempotent. */
void btx_table_done(struct btx_table *table);

/* NULL when it is not there. */
struct btx_table_entry *btx_table_find(const struct btx_table *table, uint64_t first,
                                       uint64_t second);

/* Put @entry, whose key is set and not there yet, into it.  False: no memory. */
BTX_MUST_USE bool btx_table_add(struct btx_table *table, struct btx_table_entry *entry);

/* Take @entry, which is there, out of it. */
void btx_table_remove(struct btx_table *table, struct btx_table_entry *entry);

#endif
