/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/wal/page_format.h"

#include <endian.h>
#include <string.h>

#include "engine/wal/sizing.h"

enum { KEY_BYTES = sizeof(struct btx_wal_key), NODE_BYTES = sizeof(struct btx_page_node) };

/* The flag of the tree of free pages; the others there are how the file was opened. */
#define TREE_INTEGER_KEY 0x08u

struct btx_page_key btx_page_key_next(const struct btx_page_key *key)
{
    struct btx_page_key next = {key->seq, key->batch + 1};

    if (next.batch == 0 && ++next.seq == 0)
        return *key;
    return next;
}

uint32_t btx_page_run_claimed(const uint8_t *page)
{
    const struct btx_page_header *header = btx_page_header(page);

    return header->lower | (uint32_t)header->upper << 16;
}

static struct btx_page_key key_read(const uint8_t *bytes)
{
    struct btx_page_key key;

    memcpy(&key, bytes, sizeof key);
    key.seq = be64toh(key.seq);
    key.batch = be64toh(key.batch);
    return key;
}

static unsigned node_offset(const uint8_t *page, unsigned index)
{
    const uint16_t *offsets = (const void *)(page + BTX_WAL_PAGE_HEADER_BYTES);

    return offsets[index];
}

static const struct btx_page_node *node_at(const uint8_t *page, unsigned offset)
{
    return (const void *)(page + offset);
}

static unsigned even(unsigned bytes)
{
    return (bytes + 1u) & ~1u;
}

/* --- Meta pages ------------------------------------------------------------------------------- */

static const char *main_tree_check(const struct btx_page_meta *meta)
{
    const struct btx_page_tree *tree = &meta->main;

    if (tree->flags != 0 || tree->page_bytes != 0)
        return "meta: the main database has flags";
    if (tree->root == BTX_PAGE_NONE)
        return tree->depth == 0 && tree->entries == 0 ? NULL : "meta: entries without a root";
    if (tree->root < BTX_PAGE_FIRST || tree->root > meta->last_page)
        return "meta: the root is outside of the file";
    if (tree->depth < 1 || tree->depth > BTX_PAGE_DEPTH_MAX)
        return "meta: the depth is impossible";
    if (tree->entries == 0)
        return "meta: a root without entries";
    return NULL;
}

const char *btx_page_meta_check(const uint8_t *page, uint64_t number)
{
    const struct btx_page_meta *meta = (const void *)page;

    if (meta->header.number != number || meta->header.flags != BTX_PAGE_META)
        return "meta: this is no meta page";
    if (meta->magic != BTX_PAGE_MAGIC)
        return "meta: the magic number is wrong";
    if (meta->version != BTX_PAGE_VERSION)
        return "meta: the data version is not 1";
    if (meta->free.page_bytes != BTX_WAL_PAGE_BYTES)
        return "meta: pages are not of 4096 bytes";
    if ((meta->free.flags & TREE_INTEGER_KEY) == 0)
        return "meta: the free pages are not listed by number";
    if (meta->last_page < BTX_PAGE_FIRST - 1 ||
        meta->last_page > (uint64_t)INT64_MAX / BTX_WAL_PAGE_BYTES - 1)
        return "meta: the last page is impossible";
    if (meta->transaction != 0 && (meta->transaction & 1) != number)
        return "meta: the transaction belongs to the other meta page";
    return main_tree_check(meta);
}

bool btx_page_meta_is_taken_back(const struct btx_page_meta *meta,
                                 const struct btx_page_meta *other)
{
    return meta->magic == other->magic && meta->version == other->version &&
           meta->transaction + 1 == other->transaction && meta->last_page <= other->last_page &&
           meta->main.entries > other->main.entries;
}

/* --- Pages of the tree ------------------------------------------------------------------------ */

static const char *header_check(const uint8_t *page, uint64_t number, unsigned flags)
{
    const struct btx_page_header *header = btx_page_header(page);

    if (header->number != number)
        return "page: it says that it is another page";
    if (header->flags != flags)
        return "page: it is of another kind";
    if (header->lower <= BTX_WAL_PAGE_HEADER_BYTES || header->lower % 2 != 0 ||
        header->upper % 2 != 0 || header->lower > header->upper ||
        header->upper > BTX_WAL_PAGE_BYTES)
        return "page: its bounds are impossible";
    return NULL;
}

/* Whether a node's fixed part lies within the page. */
static bool node_fits(unsigned offset)
{
    return offset % 2 == 0 && offset >= BTX_WAL_PAGE_HEADER_BYTES &&
           offset <= BTX_WAL_PAGE_BYTES - NODE_BYTES;
}

bool btx_page_entry_read_at(const uint8_t *page, unsigned offset_bytes,
                            struct btx_page_entry *ret_entry)
{
    const struct btx_page_node *node;
    const uint8_t *key;
    size_t left_bytes;

    if (!node_fits(offset_bytes))
        return false;
    node = node_at(page, offset_bytes);
    if (node->key_bytes != KEY_BYTES || (node->flags & ~BTX_PAGE_NODE_BIG) != 0)
        return false;
    key = (const uint8_t *)(node + 1);
    left_bytes = (size_t)(page + BTX_WAL_PAGE_BYTES - key);
    if (left_bytes < KEY_BYTES)
        return false;
    left_bytes -= KEY_BYTES;
    ret_entry->key = key_read(key);
    ret_entry->value_bytes = node->low | (uint32_t)node->high << 16;
    if (ret_entry->value_bytes > BTX_PAGE_VALUE_BYTES_MAX)
        return false;
    if ((node->flags & BTX_PAGE_NODE_BIG) == 0) {
        ret_entry->run_page = 0;
        ret_entry->value = key + KEY_BYTES;
        return btx_wal_batch_pages(ret_entry->value_bytes) == 0 &&
               ret_entry->value_bytes <= left_bytes;
    }
    if (left_bytes < sizeof ret_entry->run_page || btx_wal_batch_pages(ret_entry->value_bytes) == 0)
        return false;
    ret_entry->value = NULL;
    memcpy(&ret_entry->run_page, key + KEY_BYTES, sizeof ret_entry->run_page);
    return ret_entry->run_page >= BTX_PAGE_FIRST;
}

bool btx_page_entry_read(const uint8_t *page, unsigned index, struct btx_page_entry *ret_entry)
{
    return btx_page_entry_read_at(page, node_offset(page, index), ret_entry);
}

const char *btx_page_leaf_check(const uint8_t *page, uint64_t number)
{
    const char *why = header_check(page, number, BTX_PAGE_LEAF);
    const unsigned count = why == NULL ? btx_page_node_count(page) : 0;
    struct btx_page_key before = {0, 0};
    unsigned nodes_bytes = 0;

    for (unsigned i = 0; i < count; i++) {
        struct btx_page_entry entry;

        if (node_offset(page, i) < btx_page_header(page)->upper ||
            !btx_page_entry_read(page, i, &entry))
            return "leaf: an entry is impossible";
        if (i > 0 && btx_page_key_compare(&before, &entry.key) >= 0)
            return "leaf: the keys do not ascend";
        before = entry.key;
        nodes_bytes += even(
            NODE_BYTES + KEY_BYTES +
            (entry.run_page != 0 ? (unsigned)sizeof entry.run_page : (unsigned)entry.value_bytes));
    }
    if (why == NULL && nodes_bytes != BTX_WAL_PAGE_BYTES - btx_page_header(page)->upper)
        why = "leaf: the entries do not fill it";
    return why;
}

struct btx_page_key btx_page_branch_key(const uint8_t *page, unsigned index)
{
    const struct btx_page_node *node = node_at(page, node_offset(page, index));

    return node->key_bytes == 0 ? (struct btx_page_key){0, 0}
                                : key_read((const uint8_t *)(node + 1));
}

uint64_t btx_page_branch_child(const uint8_t *page, unsigned index)
{
    const struct btx_page_node *node = node_at(page, node_offset(page, index));

    return node->low | (uint64_t)node->high << 16 | (uint64_t)node->flags << 32;
}

const char *btx_page_branch_check(const uint8_t *page, uint64_t number)
{
    const char *why = header_check(page, number, BTX_PAGE_BRANCH);
    const unsigned count = why == NULL ? btx_page_node_count(page) : 0;
    struct btx_page_key before = {0, 0};
    unsigned nodes_bytes = 0;

    if (why == NULL && count < 2)
        return "branch: it has a single child";
    for (unsigned i = 0; i < count; i++) {
        const unsigned offset = node_offset(page, i);
        const struct btx_page_node *node;
        struct btx_page_key key;

        if (offset < btx_page_header(page)->upper || !node_fits(offset))
            return "branch: an entry is impossible";
        node = node_at(page, offset);
        if (!(node->key_bytes == KEY_BYTES || (i == 0 && node->key_bytes == 0)) ||
            offset + NODE_BYTES + node->key_bytes > BTX_WAL_PAGE_BYTES)
            return "branch: an entry is impossible";
        key = btx_page_branch_key(page, i);
        if (i > 0 && btx_page_key_compare(&before, &key) >= 0)
            return "branch: the keys do not ascend";
        before = key;
        nodes_bytes += NODE_BYTES + node->key_bytes;
    }
    if (why == NULL && nodes_bytes != BTX_WAL_PAGE_BYTES - btx_page_header(page)->upper)
        why = "branch: the entries do not fill it";
    return why;
}

const char *btx_page_overflow_check(const uint8_t *page, uint64_t number, uint64_t run_pages)
{
    if (btx_page_header(page)->number != number)
        return "overflow page: it says that it is another page";
    if (btx_page_header(page)->flags != BTX_PAGE_OVERFLOW)
        return "overflow page: it is of another kind";
    if (btx_page_run_claimed(page) != run_pages)
        return "overflow page: the number of pages is not that of the value";
    return NULL;
}
