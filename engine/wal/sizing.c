/* SPDX-License-Identifier: Apache-2.0 */
/* sizing.c - the arithmetic of README.md, section 3, with its names. */
#include "engine/wal/sizing.h"

#include "engine/base/check.h"
#include "engine/wal/wal_format.h"

/* Bytes that a page of the tree has for its nodes. */
#define PAGE_ROOM (BTX_WAL_PAGE_BYTES - BTX_WAL_PAGE_HEADER_BYTES)
/* A node's own header, and its place in the list of nodes. */
#define NODE_HEADER_BYTES 8u
#define NODE_PLACE_BYTES 2u
/* Children of a full branch page: nodes of a header, a key and a place, the first without key. */
#define BRANCH_NODE_BYTES (NODE_HEADER_BYTES + sizeof(struct btx_wal_key) + NODE_PLACE_BYTES)
#define BRANCH_CHILDREN_MAX                                                                        \
    ((PAGE_ROOM - NODE_HEADER_BYTES - NODE_PLACE_BYTES) / BRANCH_NODE_BYTES + 1)
static_assert(BRANCH_CHILDREN_MAX == 157, "README.md 3 says so");

/* D: levels of the tree of a segment, leaves included. */
#define DEPTH_MAX 5u
/* Pages of the free list's own tree, all of which is one leaf: its copy, and a new one after it was
 * empty. */
#define FREE_LIST_PAGES 2u
/* A branch page that was split has at least so many nodes to go before it must be split again. */
#define SPLIT_AGAIN_NODES 64u

/* The two meta pages, 0 and 1. */
#define META_PAGES 2u

#define MAP_STEP_BYTES (UINT64_C(64) * 1024)

/* The node of a value in a leaf, with its place. */
static uint64_t leaf_node_bytes(uint64_t value_bytes)
{
    uint64_t node = NODE_HEADER_BYTES + sizeof(struct btx_wal_key);

    node += btx_wal_batch_pages(value_bytes) != 0 ? sizeof(uint64_t) : value_bytes;
    return (node + 1) / 2 * 2 + NODE_PLACE_BYTES;
}

uint64_t btx_wal_batch_pages(uint64_t batch_bytes)
{
    const uint64_t node = NODE_HEADER_BYTES + sizeof(struct btx_wal_key) + batch_bytes;

    if (node <= BTX_WAL_NODE_BYTES_MAX)
        return 0;
    return (BTX_WAL_PAGE_HEADER_BYTES + batch_bytes + BTX_WAL_PAGE_BYTES - 1) / BTX_WAL_PAGE_BYTES;
}

uint64_t btx_wal_commit_pages_max(uint64_t batch_bytes, uint64_t seals)
{
    uint64_t copied = DEPTH_MAX;
    uint64_t split = 1 + (DEPTH_MAX - 1) + 1; /* a leaf, the branches above it, a new root */

    if (seals != 0) {
        copied += DEPTH_MAX - 1;
        split += seals + (DEPTH_MAX - 1) + seals / SPLIT_AGAIN_NODES;
    }
    return btx_wal_batch_pages(batch_bytes) + copied + split + FREE_LIST_PAGES;
}

/* Pages that must lie behind @last_page in the map. */
static uint64_t pages_wanted(uint64_t batch_bytes, uint64_t seals)
{
    uint64_t pages = btx_wal_commit_pages_max(batch_bytes, seals);

    if (batch_bytes != 0)
        pages += btx_wal_commit_pages_max(0, 1);
    return pages + 1; /* LMDB never gives out the last page of a map. */
}

bool btx_wal_commit_fits(uint64_t map_bytes, uint64_t last_page, uint64_t batch_bytes,
                         uint64_t seals)
{
    const uint64_t map_pages = map_bytes / BTX_WAL_PAGE_BYTES;

    return map_pages > last_page && map_pages - last_page - 1 >= pages_wanted(batch_bytes, seals);
}

uint64_t btx_wal_map_bytes_min(uint64_t batch_bytes)
{
    /* As if the header were committed before, by itself. */
    const uint64_t pages = META_PAGES + btx_wal_commit_pages_max(0, 0) +
                           pages_wanted(batch_bytes, BTX_WAL_FRESH_SEALS_MAX);
    const uint64_t bytes = pages * BTX_WAL_PAGE_BYTES;

    return (bytes + MAP_STEP_BYTES - 1) / MAP_STEP_BYTES * MAP_STEP_BYTES;
}

uint64_t btx_wal_segment_pages(uint64_t count, uint64_t batch_bytes)
{
    const uint64_t header_bytes = leaf_node_bytes(sizeof(struct btx_wal_header));
    const uint64_t node_bytes = leaf_node_bytes(batch_bytes);
    const uint64_t first_leaf = (PAGE_ROOM - header_bytes) / node_bytes;
    const uint64_t each_leaf = PAGE_ROOM / node_bytes;
    uint64_t pages = META_PAGES + count * btx_wal_batch_pages(batch_bytes);
    uint64_t level = 1;

    if (count > first_leaf)
        level += (count - first_leaf + each_leaf - 1) / each_leaf;
    for (;;) {
        pages += level;
        if (level == 1)
            return pages;
        level = (level + BRANCH_CHILDREN_MAX - 1) / BRANCH_CHILDREN_MAX;
    }
}

uint64_t btx_wal_segment_batches(uint64_t map_bytes, uint64_t batch_bytes)
{
    uint64_t good = 1;
    uint64_t bad = map_bytes; /* More than one for each byte is too many. */

    while (bad - good > 1) {
        uint64_t count = good + (bad - good) / 2;
        uint64_t last_page = btx_wal_segment_pages(count - 1, batch_bytes) - 1;

        if (btx_wal_commit_fits(map_bytes, last_page, batch_bytes, 0))
            good = count;
        else
            bad = count;
    }
    return good;
}

void btx_wal_plan_make(struct btx_wal_plan *ret_plan, uint64_t map_bytes, uint64_t commit_bytes,
                       uint64_t events, uint64_t event_bytes)
{
    uint64_t batch_bytes;
    uint64_t batches;
    uint64_t last_bytes;

    CHECK(events != 0 && event_bytes != 0 && map_bytes <= BTX_WAL_MAP_BYTES_MAX);
    ret_plan->commit_events = commit_bytes < event_bytes ? 1 : commit_bytes / event_bytes;
    ret_plan->commits = (events + ret_plan->commit_events - 1) / ret_plan->commit_events;
    batch_bytes = ret_plan->commit_events * event_bytes;
    batches = btx_wal_segment_batches(map_bytes, batch_bytes);
    ret_plan->segments = (ret_plan->commits + batches - 1) / batches;
    ret_plan->pages =
        (ret_plan->segments - 1) * btx_wal_segment_pages(batches, batch_bytes) +
        btx_wal_segment_pages(ret_plan->commits - (ret_plan->segments - 1) * batches, batch_bytes);
    /* The last commit has what is left over. */
    last_bytes = (events - (ret_plan->commits - 1) * ret_plan->commit_events) * event_bytes;
    ret_plan->pages -= btx_wal_batch_pages(batch_bytes) - btx_wal_batch_pages(last_bytes);
}
