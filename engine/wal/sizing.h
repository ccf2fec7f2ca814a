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

/* Whole pages that the records of one batch of @batch_bytes take by themselves: overflow pages,
 * or 0 for one that lies inside a leaf. */
uint64_t btx_wal_batch_pages(uint64_t batch_bytes);

/* The most pages by which the file can grow by committing one batch of @batch_bytes and @seals
 * seals in one transaction: its own pages, and everything that LMDB copies, splits and lists. */
uint64_t btx_wal_commit_pages_max(uint64_t batch_bytes, uint64_t seals);

/* Whether a segment of @map_bytes whose last page in use is @last_page can take that commit. */
bool btx_wal_commit_fits(uint64_t map_bytes, uint64_t last_page, uint64_t batch_bytes,
                         uint64_t seals);

/* The smallest map that takes a commit of @batch_bytes when it is fresh, header and seals
 * included, rounded up to 64 KiB. */
uint64_t btx_wal_map_bytes_min(uint64_t batch_bytes);

/* Pages of a segment filled with @count batches of @batch_bytes each, the least: payload, tree,
 * header and meta pages.  For tables; the true number is a little greater. */
uint64_t btx_wal_segment_pages(uint64_t count, uint64_t batch_bytes);

#endif
