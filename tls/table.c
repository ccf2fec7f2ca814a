/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/table.h"

#include <stdlib.h>

#include "engine/base/check.h"

enum { BUCKETS_LEAST = 64 };

/* One round of splitmix64: each bit of the input moves each of the output. */
static uint64_t mix(uint64_t value)
{
    value += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

static struct btx_table_entry **bucket_of(const struct btx_table *table, const uint64_t key[2])
{
    const uint64_t hash = mix(mix(key[0] ^ table->secret) ^ key[1]);

    return &table->buckets[hash & (table->bucket_count - 1)];
}

void btx_table_init(struct btx_table *table, uint64_t secret)
{
    *table = (struct btx_table){.secret = secret};
}

void btx_table_done(struct btx_table *table)
{
    free(table->buckets);
    table->buckets = NULL;
    table->bucket_count = table->count = 0;
}

struct btx_table_entry *btx_table_find(const struct btx_table *table, uint64_t first,
                                       uint64_t second)
{
    const uint64_t key[2] = {first, second};
    struct btx_table_entry *entry = table->bucket_count == 0 ? NULL : *bucket_of(table, key);

    while (entry != NULL && (entry->key[0] != first || entry->key[1] != second))
        entry = entry->next;
    return entry;
}

/* Twice the buckets.  False: no memory. */
static bool grow(struct btx_table *table)
{
    struct btx_table_entry **old = table->buckets;
    const size_t old_count = table->bucket_count;

    table->bucket_count = old_count == 0 ? (size_t)BUCKETS_LEAST : 2 * old_count;
    table->buckets = calloc(table->bucket_count, sizeof *table->buckets);
    if (table->buckets == NULL) {
        table->buckets = old;
        table->bucket_count = old_count;
        return false;
    }
    for (size_t i = 0; i < old_count; i++) {
        for (struct btx_table_entry *entry = old[i], *next; entry != NULL; entry = next) {
            struct btx_table_entry **bucket = bucket_of(table, entry->key);

            next = entry->next;
            entry->next = *bucket;
            *bucket = entry;
        }
    }
    free(old);
    return true;
}

bool btx_table_add(struct btx_table *table, struct btx_table_entry *entry)
{
    struct btx_table_entry **bucket;

    /* A table that cannot grow only gets slower, unless there is none at all. */
    if (table->count >= table->bucket_count && !grow(table) && table->bucket_count == 0)
        return false;
    bucket = bucket_of(table, entry->key);
    entry->next = *bucket;
    *bucket = entry;
    table->count++;
    return true;
}

void btx_table_remove(struct btx_table *table, struct btx_table_entry *entry)
{
    struct btx_table_entry **at = bucket_of(table, entry->key);

    while (*at != entry) {
        CHECK(*at != NULL);
        at = &(*at)->next;
    }
    *at = entry->next;
    table->count--;
}
