/* SPDX-License-Identifier: Apache-2.0 */
/* bench_memory.h - memory for what is measured, that can be had again as if it were new.
 *
 * A fresh mapping pays for its page faults at the first touch, which is no part of any figure
 * here: an engine takes its memory at start.  So one run is thrown away, and later ones get the
 * same pages, zeroed again. */
#ifndef BTX_BENCH_MEMORY_H
#define BTX_BENCH_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

struct btx_bench_memory {
    void *bytes; /* Page-aligned and zeroed. */
    size_t length_bytes;
};

/* Map @length_bytes without reserving them; @huge asks for huge pages (madvise, a wish).  Ends
 * the program by CHECK where there is no memory: without it there is nothing to report. */
void btx_bench_memory_init(struct btx_bench_memory *memory, size_t length_bytes, bool huge);

/* Zero every page that was touched and leave it committed. */
void btx_bench_memory_reset(struct btx_bench_memory *memory);

void btx_bench_memory_done(struct btx_bench_memory *memory);

#endif
