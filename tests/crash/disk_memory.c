/* SPDX-License-Identifier: Apache-2.0 */
/* disk_memory.c - memory that forked processes share, in pieces of powers of two. */
#include <string.h>
#include <sys/mman.h>

#include "engine/base/check.h"
#include "tests/crash/disk.h"

enum { LEAST_BITS = 6, CLASS_COUNT = 40 };

/* In front of each piece, which then is aligned as malloc's are. */
struct piece {
    struct piece *next; /* while it is free */
    uint64_t bits;
};

/* At the beginning of the memory itself: so that every process sees the same. */
struct memory {
    size_t size_bytes;
    size_t used_bytes;
    struct piece *free[CLASS_COUNT];
};

static struct memory *memory;

void btx_disk_memory_open(size_t size_bytes)
{
    CHECK(memory == NULL);
    void *mapped = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(mapped != MAP_FAILED);
    memory = mapped;
    memory->size_bytes = size_bytes;
    memory->used_bytes = sizeof(*memory);
}

void btx_disk_memory_reset(void)
{
    const size_t size_bytes = memory->size_bytes;

    btx_disk_use(NULL);
    CHECK(madvise(memory, size_bytes, MADV_REMOVE) == 0);
    memory->size_bytes = size_bytes;
    memory->used_bytes = sizeof(*memory);
}

void *btx_disk_memory_take(size_t size_bytes)
{
    uint64_t bits = LEAST_BITS;

    while (((size_t)1 << bits) < size_bytes + sizeof(struct piece))
        bits++;
    CHECK(bits < CLASS_COUNT);
    struct piece *piece = memory->free[bits];
    if (piece != NULL) {
        memory->free[bits] = piece->next;
    } else {
        CHECK(((size_t)1 << bits) <= memory->size_bytes - memory->used_bytes);
        piece = (struct piece *)(void *)((uint8_t *)memory + memory->used_bytes);
        memory->used_bytes += (size_t)1 << bits;
        piece->bits = bits;
        return piece + 1; /* Never used before: it is zero. */
    }
    memset(piece + 1, 0, size_bytes);
    return piece + 1;
}

void btx_disk_memory_give(void *given)
{
    if (given == NULL)
        return;
    struct piece *piece = (struct piece *)given - 1;
    piece->next = memory->free[piece->bits];
    memory->free[piece->bits] = piece;
}
