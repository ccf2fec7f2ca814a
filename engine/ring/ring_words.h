/* SPDX-License-Identifier: Apache-2.0 */
/* ring_words.h - copying what another thread or process may be writing, without a data race.
 * Words are read with relaxed atomic loads: what comes of it may be torn, but it is a value, and
 * whoever copies finds out afterwards whether it counts. */
#ifndef BTX_RING_RING_WORDS_H
#define BTX_RING_RING_WORDS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* The fences of the event ring.  ThreadSanitizer does not model fences, and gcc warns of that;
 * what they order are relaxed atomic words, which it never takes for a race. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wtsan"
#endif
static inline void btx_ring_fence_acquire(void)
{
    atomic_thread_fence(memory_order_acquire);
}

static inline void btx_ring_fence_release(void)
{
    atomic_thread_fence(memory_order_release);
}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

/* Copy @length_bytes, whole units, out of shared memory.  Both are aligned to 8. */
static inline void btx_ring_words_load(void *to, const uint8_t *shared, size_t length_bytes)
{
    uint64_t *words = to;
    const _Atomic uint64_t *from = (const _Atomic uint64_t *)(const void *)shared;

    for (size_t i = 0; i < length_bytes / sizeof(uint64_t); i++)
        words[i] = atomic_load_explicit(&from[i], memory_order_relaxed);
}

/* Copy into shared memory that somebody may be reading. */
static inline void btx_ring_words_store(uint8_t *shared, const void *from, size_t length_bytes)
{
    const uint64_t *words = from;
    _Atomic uint64_t *to = (_Atomic uint64_t *)(void *)shared;

    for (size_t i = 0; i < length_bytes / sizeof(uint64_t); i++)
        atomic_store_explicit(&to[i], words[i], memory_order_relaxed);
}

#endif
