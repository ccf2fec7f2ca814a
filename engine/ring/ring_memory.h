/* SPDX-License-Identifier: Apache-2.0 */
/* ring_memory.h - a piece of memory that processes share: a sealed memfd, mapped.
 *
 * Sealed means that nobody can shrink or grow it, so that no access can ever die by SIGBUS; that
 * there is one mapping that can write it and nobody can ever get another; and that nobody can punch
 * holes into it, so that no access faults for a page that is gone.  All pages are there before it
 * is used.  The last part can be mapped twice, one copy behind the other, so that what goes over
 * the end of a ring is contiguous all the same. */
#ifndef BTX_RING_RING_MEMORY_H
#define BTX_RING_RING_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/fault.h"

#define BTX_RING_HUGEPAGE_BYTES (UINT64_C(2) << 20)

/* Whose mapping can write it. */
enum btx_ring_writer {
    BTX_RING_WRITER_MAKER, /* the maker's: complete and sealed when it is made */
    BTX_RING_WRITER_PEER,  /* a peer's: made without a page and without a mapping; the peer maps it
                              and puts its pages in; then the maker accepts it, which seals it */
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

/* Make it, all zero.  For a peer to write: only the descriptor, to be handed out.
 * Faults: MEMORY when it cannot be had (how many hugepages are missing, and what to set), LIMIT
 * when it may not be locked, IO for anything else that the kernel refuses. */
BTX_MUST_USE enum btx_fault_code btx_ring_memory_create(const struct btx_ring_memory_plan *plan,
                                                        struct btx_ring_memory *ret_memory,
                                                        struct btx_fault *reterr_fault);

/* The peer has mapped what was made for it to write: seal it, map it for reading.  From here on
 * the peer can write it, by the mappings that it has, and do nothing else to it.
 * Faults: INPUT when the peer has not left all pages in it, MEMORY, LIMIT, IO. */
BTX_MUST_USE enum btx_fault_code btx_ring_memory_accept(const struct btx_ring_memory_plan *plan,
                                                        struct btx_ring_memory *memory,
                                                        struct btx_fault *reterr_fault);

/* Map what another process made, from the descriptor @fd, which is this function's from now on,
 * also when it fails.  plan->writer is who the maker said; the peer's side of WRITER_PEER is mapped
 * for writing, with all of its pages, all else for reading.  plan->lock_required is ignored: that
 * is the maker's.
 * Faults: LAYOUT when size or seals are not those of the plan, MEMORY. */
BTX_MUST_USE enum btx_fault_code btx_ring_memory_attach(const struct btx_ring_memory_plan *plan,
                                                        int fd, struct btx_ring_memory *ret_memory,
                                                        struct btx_fault *reterr_fault);

/* Another descriptor of @memory, which can only read, whoever gets it.
 * Faults: IO. */
BTX_MUST_USE enum btx_fault_code btx_ring_memory_open_reader(const struct btx_ring_memory *memory,
                                                             int *ret_fd,
                                                             struct btx_fault *reterr_fault);

/* Unmap and close.  A memory that is none, or done already, is left alone. */
void btx_ring_memory_done(struct btx_ring_memory *memory);

#endif
