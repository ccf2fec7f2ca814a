/* SPDX-License-Identifier: Apache-2.0 */
/* ring_memory.h - a piece of memory that processes share: a sealed memfd, mapped.
 *
 * Sealed means that nobody can shrink or grow it, so that no access can ever die by SIGBUS; and
 * for what only the engine writes, that nobody else can ever write it, by whatever descriptor or
 * mapping, nor punch holes into it.  All pages are there when it is made: later use never faults
 * for memory that might not be had.  The last part can be mapped twice, one copy behind the other,
 * so that what goes over the end of a ring is contiguous all the same. */
#ifndef BTX_RING_RING_MEMORY_H
#define BTX_RING_RING_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/fault.h"

#define BTX_RING_HUGEPAGE_BYTES (UINT64_C(2) << 20)

/* Who may write it.  The maker decides when it makes it, by seals. */
enum btx_ring_writer {
    BTX_RING_WRITER_MAKER, /* this mapping alone; all others can only read, whatever they hold */
    BTX_RING_WRITER_PEER,  /* whoever gets the descriptor; the maker's mapping can only read */
};

struct btx_ring_memory_plan {
    const char *name;     /* shown in /proc/PID/maps and in faults */
    size_t size_bytes;    /* whole pages of the kind that it is made of */
    size_t mirror_offset; /* from here to the end it is mapped twice; size_bytes: nothing is */
    enum btx_ring_writer writer;
    bool hugepages;     /* of 2 MiB; they cannot be swapped and need not be locked */
    bool lock_required; /* ordinary pages that cannot be locked into memory are a fault; else it is
                           tried, and `locked` says how it went */
};

/* Start with BTX_RING_MEMORY_NONE. */
struct btx_ring_memory {
    int fd; /* -1: none */
    uint8_t *base;
    size_t size_bytes;
    size_t mapped_bytes; /* with the second mapping */
    bool locked;
};

#define BTX_RING_MEMORY_NONE ((struct btx_ring_memory){.fd = -1})

/* Make it, all zero.
 * Faults: MEMORY when it cannot be had (how many hugepages are missing, and what to set), LIMIT
 * when it may not be locked, IO for anything else that the kernel refuses. */
BTX_MUST_USE enum btx_fault_code btx_ring_memory_create(const struct btx_ring_memory_plan *plan,
                                                        struct btx_ring_memory *ret_memory,
                                                        struct btx_fault *reterr_fault);

/* Map what another process made, from the descriptor @fd, which is this function's from now on,
 * also when it fails.  plan->writer is who the maker said; the peer's side of WRITER_PEER is mapped
 * for writing, all else for reading.  plan->lock_required is ignored: the maker has locked it.
 * Faults: LAYOUT when size or seals are not those of the plan, MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_ring_memory_attach(const struct btx_ring_memory_plan *plan,
                                                        int fd, struct btx_ring_memory *ret_memory,
                                                        struct btx_fault *reterr_fault);

/* Another descriptor of @memory, which can only read, whoever gets it.
 * Faults: IO. */
BTX_MUST_USE enum btx_fault_code btx_ring_memory_open_reader(const struct btx_ring_memory *memory,
                                                             int *ret_fd,
                                                             struct btx_fault *reterr_fault);

/* Whether all of its pages are there: false when somebody has punched holes.  They read as zeros
 * and are filled again by the next access, so this is a look at a moment. */
bool btx_ring_memory_is_whole(const struct btx_ring_memory *memory);

/* Give the pages back although others may still have it mapped: for what a peer keeps of a ring
 * that is no longer ours.  To them it reads as zeros. */
void btx_ring_memory_empty(const struct btx_ring_memory *memory);

/* Unmap and close.  A memory that is none, or done already, is left alone. */
void btx_ring_memory_done(struct btx_ring_memory *memory);

#endif
