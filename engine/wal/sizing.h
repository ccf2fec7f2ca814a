/* SPDX-License-Identifier: Apache-2.0 */
/* sizing.h - how many LMDB pages a commit can take: the arithmetic that makes MDB_MAP_FULL
 * impossible, and the tables that `betex-wal sizing` prints.
 *
 * Payload is not what counts: a batch is rounded up to pages, and each commit copies pages of
 * the tree and of the free list.  The bounds are derived in README.md, "Sizes". */
#ifndef BTX_WAL_SIZING_H
#define BTX_WAL_SIZING_H

#include <stdbool.h>
#include <stdint.h>

/* A node (8 bytes, key, value) greater than this goes to overflow pages: LMDB's me_nodemax for
 * pages of 4096 bytes. */
#define BTX_WAL_NODE_BYTES_MAX 2038u

/* The greatest map that the bounds below are proven for. */
#define BTX_WAL_MAP_BYTES_MAX (UINT64_C(64) << 30)

/* Seals that a fresh segment is sure to have room for, next to a largest commit: those of the
 * segments that a crash left without one.  If there are more, they go into commits of their own. */
#define BTX_WAL_FRESH_SEALS_MAX 16u

/* Whole pages that the records of one batch of @batch_bytes take by themselves: overflow pages,
 * or 0 for one that lies inside a leaf. */
uint64_t btx_wal_batch_pages(uint64_t batch_bytes);

/* The most pages by which the file can grow by committing one batch of @batch_bytes (0: none) and
 * @seals seals in one transaction, the header of a fresh segment included: its own pages, and
 * everything that LMDB copies, splits and lists. */
uint64_t btx_wal_commit_pages_max(uint64_t batch_bytes, uint64_t seals);

/* Whether a segment of @map_bytes whose last page in use is @last_page (me_last_pgno) can take that
 * commit; and, when it has a batch, behind it still a last one that brings a single seal: a
 * segment must be able to take the seal of the one before until it is closed. */
bool btx_wal_commit_fits(uint64_t map_bytes, uint64_t last_page, uint64_t batch_bytes,
                         uint64_t seals);

/* The smallest map that takes a commit of @batch_bytes when it is fresh, header and seals
 * included, rounded up to 64 KiB. */
uint64_t btx_wal_map_bytes_min(uint64_t batch_bytes);

/* Pages of a segment filled with @count batches of @batch_bytes each, the least: payload, tree,
 * header and meta pages.  For tables; the true number is a little greater. */
uint64_t btx_wal_segment_pages(uint64_t count, uint64_t batch_bytes);

/* The most batches of @batch_bytes that a segment with a map of @map_bytes takes, at least one. */
uint64_t btx_wal_segment_batches(uint64_t map_bytes, uint64_t batch_bytes);

/* What becomes of @events events of @event_bytes each, all waiting, when each commit takes as many
 * as fit @commit_bytes (at least one) and a segment is only left when the map runs short. */
struct btx_wal_plan {
    uint64_t commit_events; /* in each commit but the last */
    uint64_t commits;
    uint64_t pages; /* of all segments together, the least */
    uint64_t segments;
};
void btx_wal_plan_make(struct btx_wal_plan *ret_plan, uint64_t map_bytes, uint64_t commit_bytes,
                       uint64_t events, uint64_t event_bytes);

#endif
