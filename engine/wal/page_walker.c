/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/wal/page_walker.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/wal/sizing.h"

enum {
    META_COUNT = 2,
    META_BYTES = META_COUNT * BTX_WAL_PAGE_BYTES,
    /* Readings of the meta pages until two agree: the writer needs a microsecond to write one, and
     * longer than that from one to the next. */
    META_READINGS_MAX = 1000,
    /* New beginnings because the writer was faster, within one call; then it is the end for now. */
    RETRIES_MAX = 1000,
};

static void damage_set(struct btx_wal_damage *damage, uint64_t page, const char *why)
{
    *damage = (struct btx_wal_damage){.page = page, .batch = BTX_WAL_NOWHERE};
    (void)snprintf(damage->why, sizeof damage->why, "%s", why);
}

static uint8_t *page_of(const struct btx_page_walker *walker, unsigned level)
{
    return walker->pages + (size_t)level * BTX_WAL_PAGE_BYTES;
}

/* --- Snapshots -------------------------------------------------------------------------------- */

/* Read both meta pages; where a writer may be writing them, until two readings agree. */
static enum btx_fault_code metas_read(struct btx_page_walker *walker, const uint8_t **ret_metas,
                                      size_t *ret_bytes, struct btx_fault *reterr_fault)
{
    uint8_t *readings[2] = {walker->meta_buffer.bytes, walker->meta_buffer.bytes + META_BYTES};
    size_t lengths[2] = {0, 0};

    for (unsigned i = 0; i < META_READINGS_MAX; i++) {
        const unsigned now = i % 2;
        const enum btx_fault_code code = btx_page_file_read(
            walker->file, 0, readings[now], META_BYTES, &lengths[now], reterr_fault);

        if (code != BTX_OK)
            return code;
        *ret_metas = readings[now];
        *ret_bytes = lengths[now];
        if (!walker->file->changing)
            break;
        if (i > 0 && lengths[0] == lengths[1] && memcmp(readings[0], readings[1], lengths[0]) == 0)
            break;
    }
    return BTX_OK;
}

static void meta_damage(struct btx_page_walker *walker, uint64_t page, const char *why)
{
    CHECK(walker->meta_damage_count < META_COUNT);
    damage_set(&walker->meta_damage[walker->meta_damage_count++], page, why);
}

/* The meta page to follow, or NULL.  The transactions of the two follow each other, since each
 * commit writes the other one and adds an entry; both are 0 in a file without a commit.  If they
 * do not, one of them is wrong and nothing tells which: the newer one is taken. */
static const struct btx_page_meta *meta_choose(struct btx_page_walker *walker, const uint8_t *metas,
                                               size_t metas_bytes)
{
    const struct btx_page_meta *right[META_COUNT];
    unsigned count = 0;

    walker->meta_damage_count = 0;
    for (unsigned i = 0; i < META_COUNT; i++) {
        const uint8_t *page = metas + (size_t)i * BTX_WAL_PAGE_BYTES;
        const char *why = "meta: the file ends before it does";

        if ((size_t)(i + 1) * BTX_WAL_PAGE_BYTES <= metas_bytes)
            why = btx_page_meta_check(page, i);
        if (why == NULL)
            right[count++] = (const void *)page;
        else
            meta_damage(walker, i, why);
    }
    if (count == 1 && metas_bytes >= META_BYTES) {
        const uint64_t other = 1 - right[0]->header.number;

        if (btx_page_meta_is_taken_back((const void *)(metas + other * BTX_WAL_PAGE_BYTES),
                                        right[0]))
            walker->meta_damage_count = 0;
    }
    if (count < META_COUNT)
        return count == 0 ? NULL : right[0];
    if (right[0]->transaction > right[1]->transaction) {
        const struct btx_page_meta *newer = right[0];

        right[0] = right[1];
        right[1] = newer;
    }
    if (right[1]->transaction != 0 && !btx_page_meta_is_taken_back(right[0], right[1]) &&
        (right[1]->transaction - right[0]->transaction != 1 ||
         right[1]->main.entries <= right[0]->main.entries ||
         right[1]->last_page < right[0]->last_page))
        meta_damage(walker, right[1]->header.number,
                    "meta: not of the transaction after the other");
    return right[1];
}

static enum btx_fault_code snapshot_read(struct btx_page_walker *walker,
                                         struct btx_page_snapshot *ret_snapshot,
                                         struct btx_fault *reterr_fault)
{
    const struct btx_page_meta *meta;
    const uint8_t *metas;
    size_t metas_bytes;
    enum btx_fault_code code = metas_read(walker, &metas, &metas_bytes, reterr_fault);

    if (code != BTX_OK)
        return code;
    *ret_snapshot = (struct btx_page_snapshot){0};
    meta = meta_choose(walker, metas, metas_bytes);
    if (meta == NULL)
        return BTX_OK;
    ret_snapshot->transaction = meta->transaction;
    ret_snapshot->entries = meta->main.entries;
    ret_snapshot->root = meta->main.root == BTX_PAGE_NONE ? 0 : meta->main.root;
    ret_snapshot->depth = meta->main.depth;
    ret_snapshot->last_page = meta->last_page;
    return BTX_OK;
}

enum btx_fault_code btx_page_walker_look(struct btx_page_walker *walker, bool *ret_newer,
                                         struct btx_fault *reterr_fault)
{
    struct btx_page_snapshot snapshot;
    enum btx_fault_code code = snapshot_read(walker, &snapshot, reterr_fault);

    if (code != BTX_OK)
        return code;
    *ret_newer = snapshot.transaction != walker->snapshot.transaction;
    if (!*ret_newer)
        return BTX_OK;
    walker->snapshot = snapshot;
    walker->placed = false;
    walker->ended = false;
    walker->visited_pages = 0;
    return btx_page_file_look(walker->file, reterr_fault);
}

/* Whether what was read since belongs to the snapshot; see the header. */
static enum btx_fault_code snapshot_stands(struct btx_page_walker *walker, bool *ret_stands,
                                           struct btx_fault *reterr_fault)
{
    struct btx_page_snapshot now;
    enum btx_fault_code code = snapshot_read(walker, &now, reterr_fault);

    if (code == BTX_OK)
        *ret_stands = now.transaction - walker->snapshot.transaction <= 1;
    return code;
}

enum btx_fault_code btx_page_walker_init(struct btx_page_walker *walker, struct btx_page_file *file,
                                         struct btx_fault *reterr_fault)
{
    enum btx_fault_code code;

    *walker = (struct btx_page_walker){.file = file, .damage_page = BTX_WAL_NOWHERE};
    code = btx_page_buffer_reserve(&walker->meta_buffer, 2 * (uint64_t)META_BYTES, reterr_fault);
    if (code != BTX_OK)
        return code;
    walker->pages =
        aligned_alloc(BTX_WAL_PAGE_BYTES, (size_t)BTX_PAGE_DEPTH_MAX * BTX_WAL_PAGE_BYTES);
    if (walker->pages == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, ENOMEM, "walking through a segment");
    code = snapshot_read(walker, &walker->snapshot, reterr_fault);
    return code == BTX_OK ? btx_page_file_look(file, reterr_fault) : code; /* It may have grown. */
}

void btx_page_walker_done(struct btx_page_walker *walker)
{
    btx_page_buffer_done(&walker->meta_buffer);
    free(walker->pages);
    walker->pages = NULL;
}

/* --- Along the tree --------------------------------------------------------------------------- */

static enum btx_page_step damaged(struct btx_wal_damage *ret_damage, uint64_t page, const char *why)
{
    damage_set(ret_damage, page, why);
    return BTX_PAGE_DAMAGE;
}

/* The key of a node; the page was checked. */
static struct btx_page_key node_key(const uint8_t *page, unsigned index, bool leaf)
{
    struct btx_page_entry entry = {0};

    if (!leaf)
        return btx_page_branch_key(page, index);
    CHECK(btx_page_entry_read(page, index, &entry));
    return entry.key;
}

/* Whether the page agrees with what its parent says of it.  Nothing is ever deleted, so the key
 * that leads to a leaf is the first one in it; the first one of a branch may be left out. */
static const char *bounds_check(const uint8_t *page, const struct btx_page_level *level, bool leaf)
{
    const struct btx_page_key first = node_key(page, leaf ? 0 : 1, leaf);
    const struct btx_page_key last = node_key(page, level->count - 1, leaf);

    if (leaf && level->has_low && btx_page_key_compare(&first, &level->low) != 0)
        return "leaf: it does not begin with the key that leads to it";
    if (!leaf && level->has_low && btx_page_key_compare(&first, &level->low) <= 0)
        return "branch: its keys are below the one that leads to it";
    if (level->has_high && btx_page_key_compare(&last, &level->high) >= 0)
        return "page: its keys reach into the page beside it";
    return NULL;
}

/* Read the page of @level, whose number and bounds are set, and check it. */
static enum btx_page_step level_load(struct btx_page_walker *walker, unsigned index,
                                     struct btx_wal_damage *ret_damage,
                                     struct btx_fault *reterr_fault)
{
    struct btx_page_level *level = &walker->levels[index];
    const bool leaf = index + 1 == walker->snapshot.depth;
    const uint64_t number = level->number;
    uint8_t *page = page_of(walker, index);
    const uint8_t *read_page;
    const char *why;

    if (number < BTX_PAGE_FIRST || number > walker->snapshot.last_page)
        return damaged(ret_damage, number, "page: the tree leads to it, but it does not exist");
    if (++walker->visited_pages > btx_page_file_pages(walker->file)) {
        walker->ended = true;
        return damaged(ret_damage, number, "tree: it has more pages than the file");
    }
    if (btx_page_file_page(walker->file, number, &read_page, reterr_fault) != BTX_OK)
        return BTX_PAGE_FAULT;
    if (read_page == NULL)
        return damaged(ret_damage, number, "page: the file ends before it does");
    memcpy(page, read_page, BTX_WAL_PAGE_BYTES);
    why = leaf ? btx_page_leaf_check(page, number) : btx_page_branch_check(page, number);
    if (why == NULL) {
        level->count = btx_page_node_count(page);
        why = bounds_check(page, level, leaf);
    }
    if (why != NULL)
        return damaged(ret_damage, number, why);
    level->index = 0;
    walker->top = index;
    return BTX_PAGE_ENTRY;
}

/* Prepare the level below @index for the child that the walk is at. */
static void child_bounds(struct btx_page_walker *walker, unsigned index)
{
    const struct btx_page_level *parent = &walker->levels[index];
    const uint8_t *page = page_of(walker, index);
    struct btx_page_level *child = &walker->levels[index + 1];

    child->number = btx_page_branch_child(page, parent->index);
    child->has_low = parent->index > 0 || parent->has_low;
    child->low = parent->index > 0 ? btx_page_branch_key(page, parent->index) : parent->low;
    child->has_high = parent->index + 1 < parent->count || parent->has_high;
    child->high = parent->index + 1 < parent->count ? btx_page_branch_key(page, parent->index + 1)
                                                    : parent->high;
}

/* The last child of the branch at @index whose keys do not begin behind @key. */
static unsigned child_find(const struct btx_page_walker *walker, unsigned index,
                           const struct btx_page_key *key)
{
    const uint8_t *page = page_of(walker, index);
    unsigned low = 0;
    unsigned high = walker->levels[index].count;

    while (high - low > 1) {
        const unsigned middle = (low + high) / 2;
        const struct btx_page_key separator = btx_page_branch_key(page, middle);

        if (btx_page_key_compare(&separator, key) <= 0)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* The first entry of the leaf that is not before @key; the number of entries if all are. */
static unsigned entry_find(const struct btx_page_walker *walker, const struct btx_page_key *key)
{
    const uint8_t *page = page_of(walker, walker->top);
    unsigned low = 0;
    unsigned high = walker->levels[walker->top].count;

    while (low < high) {
        const unsigned middle = (low + high) / 2;
        const struct btx_page_key middle_key = node_key(page, middle, true);

        if (btx_page_key_compare(&middle_key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* From the page of level @index, which was loaded, down to the leaf where @key is or would be. */
static enum btx_page_step descend_from(struct btx_page_walker *walker, unsigned index,
                                       const struct btx_page_key *key,
                                       struct btx_wal_damage *ret_damage,
                                       struct btx_fault *reterr_fault)
{
    for (; index + 1 < walker->snapshot.depth; index++) {
        enum btx_page_step step;

        walker->levels[index].index = child_find(walker, index, key);
        child_bounds(walker, index);
        step = level_load(walker, index + 1, ret_damage, reterr_fault);
        if (step != BTX_PAGE_ENTRY)
            return step;
    }
    walker->levels[index].index = entry_find(walker, key);
    return BTX_PAGE_ENTRY;
}

static enum btx_page_step descend(struct btx_page_walker *walker, const struct btx_page_key *key,
                                  struct btx_wal_damage *ret_damage, struct btx_fault *reterr_fault)
{
    struct btx_page_level *root = &walker->levels[0];
    enum btx_page_step step;

    walker->placed = true;
    walker->top = 0;
    *root = (struct btx_page_level){.number = walker->snapshot.root};
    if (root->number == 0)
        return BTX_PAGE_END;
    step = level_load(walker, 0, ret_damage, reterr_fault);
    if (step != BTX_PAGE_ENTRY)
        return step;
    return descend_from(walker, 0, key, ret_damage, reterr_fault);
}

/* The leaf is used up, or a page below level walker->top was damaged: on to the next one beside. */
static enum btx_page_step advance(struct btx_page_walker *walker, struct btx_wal_damage *ret_damage,
                                  struct btx_fault *reterr_fault)
{
    unsigned index = walker->top;
    enum btx_page_step step;

    if (index + 1 == walker->snapshot.depth) { /* A leaf; its parent is to go on. */
        if (index == 0)
            return BTX_PAGE_END;
        index--;
    }
    while (walker->levels[index].index + 1 >= walker->levels[index].count) {
        if (index-- == 0)
            return BTX_PAGE_END;
    }
    walker->levels[index].index++;
    walker->top = index;
    child_bounds(walker, index);
    walker->from = walker->levels[index + 1].low;
    step = level_load(walker, index + 1, ret_damage, reterr_fault);
    if (step != BTX_PAGE_ENTRY)
        return step;
    return descend_from(walker, index + 1, &walker->from, ret_damage, reterr_fault);
}

/* One step over pages; *ret_read is false when it took none but those in memory. */
static enum btx_page_step step_once(struct btx_page_walker *walker, bool *ret_read,
                                    struct btx_wal_damage *ret_damage,
                                    struct btx_fault *reterr_fault)
{
    const struct btx_page_level *leaf = &walker->levels[walker->top];

    *ret_read = true;
    if (!walker->placed)
        return descend(walker, &walker->from, ret_damage, reterr_fault);
    *ret_read = false;
    if (walker->top + 1 == walker->snapshot.depth && leaf->index < leaf->count)
        return BTX_PAGE_ENTRY;
    *ret_read = true;
    return advance(walker, ret_damage, reterr_fault);
}

/* What a changing file adds to a step: it is repeated if it may have read what the writer is
 * overwriting, and the end is where there is no newer snapshot. */
static enum btx_page_step step_confirmed(struct btx_page_walker *walker,
                                         struct btx_wal_damage *ret_damage,
                                         struct btx_fault *reterr_fault)
{
    for (unsigned i = 0; i < RETRIES_MAX; i++) {
        bool was_read;
        bool again = false;
        const enum btx_page_step step = step_once(walker, &was_read, ret_damage, reterr_fault);

        if (!walker->file->changing || !was_read || step == BTX_PAGE_FAULT)
            return step;
        if (step == BTX_PAGE_END) {
            if (btx_page_walker_look(walker, &again, reterr_fault) != BTX_OK)
                return BTX_PAGE_FAULT;
        } else {
            bool stands;

            if (snapshot_stands(walker, &stands, reterr_fault) != BTX_OK)
                return BTX_PAGE_FAULT;
            if (!stands) {
                if (btx_page_walker_look(walker, &again, reterr_fault) != BTX_OK)
                    return BTX_PAGE_FAULT;
                again = true;
            } else if (step == BTX_PAGE_DAMAGE) {
                again = ret_damage->page == walker->damage_page; /* Said already. */
                walker->damage_page = ret_damage->page;
            }
        }
        if (!again)
            return step;
    }
    return BTX_PAGE_END;
}

/* The overflow pages of an entry count as visited: else many entries could name the same ones. */
static bool entry_counts(struct btx_page_walker *walker, const struct btx_page_entry *entry)
{
    const uint64_t file_pages = btx_page_file_pages(walker->file);
    uint64_t pages = btx_wal_batch_pages(entry->value_bytes);

    if (entry->run_page == 0 || entry->run_page >= file_pages)
        return true;
    if (pages > file_pages - entry->run_page)
        pages = file_pages - entry->run_page;
    walker->visited_pages += pages;
    return walker->visited_pages <= file_pages;
}

enum btx_page_step btx_page_walker_next(struct btx_page_walker *walker,
                                        struct btx_page_entry *ret_entry,
                                        struct btx_wal_damage *ret_damage,
                                        struct btx_fault *reterr_fault)
{
    while (!walker->ended) {
        const enum btx_page_step step = step_confirmed(walker, ret_damage, reterr_fault);
        struct btx_page_level *leaf = &walker->levels[walker->top];

        if (step != BTX_PAGE_ENTRY)
            return step;
        if (leaf->index >= leaf->count)
            continue; /* Everything in it is before what was sought. */
        CHECK(btx_page_entry_read(page_of(walker, walker->top), leaf->index, ret_entry));
        if (!entry_counts(walker, ret_entry)) {
            walker->ended = true;
            return damaged(ret_damage, leaf->number,
                           "tree: its values have more pages than the file");
        }
        leaf->index++;
        walker->from = btx_page_key_next(&ret_entry->key);
        walker->ended = btx_page_key_compare(&walker->from, &ret_entry->key) == 0;
        return BTX_PAGE_ENTRY;
    }
    return BTX_PAGE_END;
}

void btx_page_walker_seek(struct btx_page_walker *walker, const struct btx_page_key *key)
{
    walker->from = *key;
    walker->placed = false;
    walker->ended = false;
    walker->visited_pages = 0;
}

enum btx_page_step btx_page_walker_floor(struct btx_page_walker *walker,
                                         const struct btx_page_key *key,
                                         struct btx_page_key *ret_key,
                                         struct btx_wal_damage *ret_damage,
                                         struct btx_fault *reterr_fault)
{
    const struct btx_page_key behind = btx_page_key_next(key);
    const struct btx_page_level *leaf;
    enum btx_page_step step;
    unsigned found;

    btx_page_walker_seek(walker, key);
    step = step_confirmed(walker, ret_damage, reterr_fault);
    if (step != BTX_PAGE_ENTRY)
        return step;
    leaf = &walker->levels[walker->top];
    found = btx_page_key_compare(key, &behind) == 0 ? leaf->count : entry_find(walker, &behind);
    if (found == 0)
        return BTX_PAGE_END;
    *ret_key = node_key(page_of(walker, walker->top), found - 1, true);
    return BTX_PAGE_ENTRY;
}

/* --- Values ----------------------------------------------------------------------------------- */

/* A value in the leaf, copied to where its records are aligned. */
static enum btx_fault_code value_copy(const struct btx_page_entry *entry,
                                      struct btx_page_buffer *buffer,
                                      struct btx_page_value *ret_value,
                                      struct btx_fault *reterr_fault)
{
    const enum btx_fault_code code =
        btx_page_buffer_reserve(buffer, BTX_WAL_PAGE_BYTES, reterr_fault);

    if (code != BTX_OK)
        return code;
    memcpy(buffer->bytes, entry->value, entry->value_bytes);
    *ret_value =
        (struct btx_page_value){.bytes = buffer->bytes, .length_bytes = entry->value_bytes};
    return BTX_OK;
}

enum btx_fault_code btx_page_value_read(struct btx_page_file *file,
                                        const struct btx_page_entry *entry,
                                        struct btx_page_buffer *buffer,
                                        struct btx_page_value *ret_value,
                                        struct btx_fault *reterr_fault)
{
    const uint64_t run_pages = btx_wal_batch_pages(entry->value_bytes);
    const uint8_t *run;
    size_t read_bytes;
    enum btx_fault_code code;

    *ret_value = (struct btx_page_value){0};
    if (entry->run_page == 0)
        return value_copy(entry, buffer, ret_value, reterr_fault);
    code = btx_page_file_run(file, entry->run_page, run_pages * BTX_WAL_PAGE_BYTES, &run,
                             &read_bytes, reterr_fault);
    if (code != BTX_OK)
        return code;
    if (read_bytes <= BTX_WAL_PAGE_HEADER_BYTES) {
        ret_value->why = "overflow page: the file ends before it does";
        return BTX_OK;
    }
    ret_value->why = btx_page_overflow_check(run, entry->run_page, run_pages);
    ret_value->bytes = run + BTX_WAL_PAGE_HEADER_BYTES;
    ret_value->length_bytes = read_bytes - BTX_WAL_PAGE_HEADER_BYTES;
    if (ret_value->length_bytes > entry->value_bytes)
        ret_value->length_bytes = entry->value_bytes;
    return BTX_OK;
}
