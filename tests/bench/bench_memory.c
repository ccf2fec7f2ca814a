/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/base/check.h"

#define HUGE_PAGE_BYTES ((size_t)2 << 20)

void btx_bench_memory_init(struct btx_bench_memory *memory, size_t length_bytes, bool huge)
{
    /* Whole huge pages, so that the kernel can use them up to the end. */
    const size_t whole = (length_bytes + HUGE_PAGE_BYTES - 1) / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES;
    void *bytes = mmap(NULL, whole, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(bytes != MAP_FAILED);
    /* A kernel without huge pages refuses; then they are small. */
    (void)madvise(bytes, whole, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    memory->bytes = bytes;
    memory->length_bytes = whole;
}

void btx_bench_memory_reset(struct btx_bench_memory *memory)
{
    const size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    const size_t page_count = memory->length_bytes / page_bytes;
    unsigned char *touched = malloc(page_count);
    CHECK(touched != NULL);
    CHECK(mincore(memory->bytes, memory->length_bytes, touched) == 0);
    for (size_t i = 0; i < page_count; i++) {
        if ((touched[i] & 1u) != 0) {
            memset((char *)memory->bytes + i * page_bytes, 0, page_bytes);
        }
    }
    free(touched);
}

void btx_bench_memory_done(struct btx_bench_memory *memory)
{
    if (memory->bytes != NULL) {
        CHECK(munmap(memory->bytes, memory->length_bytes) == 0);
        memory->bytes = NULL;
    }
}
