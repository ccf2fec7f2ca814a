/* SPDX-License-Identifier: Apache-2.0 */
/* event_ring.c - claim, publish, commit: three positions and who may pass whom. */
#include "engine/ring/event_ring.h"

#include <errno.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "engine/ring/ring_words.h"

#define NS_PER_S UINT64_C(1000000000)

enum btx_fault_code btx_event_ring_create(struct btx_event_ring *ring,
                                          const struct btx_event_ring_options *options,
                                          struct btx_fault *reterr_fault)
{
    const struct btx_ring_memory_plan page_plan = {
        .name = "betex-event-page",
        .size_bytes = BTX_RING_PAGE_BYTES,
        .mirror_offset = BTX_RING_PAGE_BYTES,
        .writer = BTX_RING_WRITER_MAKER,
        .lock_required = options->lock_required,
    };
    const struct btx_ring_memory_plan bytes_plan = {
        .name = "betex-event-ring",
        .size_bytes = options->capacity_bytes,
        .mirror_offset = 0,
        .writer = BTX_RING_WRITER_MAKER,
        .hugepages = options->hugepages,
        .lock_required = options->lock_required,
    };
    enum btx_fault_code code;

    CHECK(options->capacity_bytes >= BTX_EVENT_RING_BYTES_MIN &&
          options->capacity_bytes <= BTX_EVENT_RING_BYTES_MAX &&
          (options->capacity_bytes & (options->capacity_bytes - 1)) == 0);
    memset(ring, 0, sizeof(*ring));
    ring->page_memory = BTX_RING_MEMORY_NONE;
    ring->bytes_memory = BTX_RING_MEMORY_NONE;
    code = btx_ring_memory_create(&page_plan, &ring->page_memory, reterr_fault);
    if (code == BTX_OK)
        code = btx_ring_memory_create(&bytes_plan, &ring->bytes_memory, reterr_fault);
    if (code != BTX_OK) {
        btx_event_ring_done(ring);
        return code;
    }
    ring->page = (struct btx_event_page *)(void *)ring->page_memory.base;
    ring->bytes = ring->bytes_memory.base;
    ring->capacity_bytes = options->capacity_bytes;
    ring->page->layout_version = BTX_RING_LAYOUT_VERSION;
    ring->page->unit_bytes = BTX_RING_UNIT_BYTES;
    ring->page->capacity_bytes = options->capacity_bytes;
    ring->page->incarnation = options->incarnation;
    /* Nobody else has it yet: whoever gets the descriptor sees all of this. */
    atomic_store_explicit(&ring->page->mark, options->mark, memory_order_relaxed);
    ring->page->magic = BTX_EVENT_PAGE_MAGIC;
    return BTX_OK;
}

void btx_event_ring_done(struct btx_event_ring *ring)
{
    btx_ring_memory_done(&ring->bytes_memory);
    btx_ring_memory_done(&ring->page_memory);
    ring->page = NULL;
    ring->bytes = NULL;
}

uint64_t btx_event_ring_room(struct btx_event_ring *ring, uint64_t wanted_bytes)
{
    uint64_t free_bytes = ring->capacity_bytes - (ring->published - ring->durable_seen);

    if (free_bytes < wanted_bytes) {
        /* Acquire pairs with the store in btx_event_ring_set_durable(): the poller has read the
         * bytes, before they are written over. */
        ring->durable_seen = atomic_load_explicit(&ring->page->durable, memory_order_acquire);
        free_bytes = ring->capacity_bytes - (ring->published - ring->durable_seen);
    }
    return free_bytes;
}

void *btx_event_ring_claim(struct btx_event_ring *ring, uint64_t length_bytes)
{
    CHECK(length_bytes % BTX_RING_UNIT_BYTES == 0);
    CHECK(ring->claimed_bytes == 0);
    CHECK(ring->published - ring->durable_seen + length_bytes <= ring->capacity_bytes);
    ring->claimed_bytes = length_bytes;
    /* Never back, also when this claim is shorter than what was left of the one before: bytes that
     * have been written once are not what they were. */
    if (ring->published + length_bytes > ring->claimed) {
        ring->claimed = ring->published + length_bytes;
        atomic_store_explicit(&ring->page->claimed, ring->claimed, memory_order_relaxed);
    }
    /* Pairs with the acquire fence in btx_event_reader_read(): a reader that has copied any word
     * written from here on sees this claim. */
    btx_ring_fence_release();
    return ring->bytes + (ring->published & (ring->capacity_bytes - 1));
}

static long futex(_Atomic uint32_t *word, int operation, uint32_t value,
                  const struct timespec *timeout)
{
    return syscall(SYS_futex, word, operation, value, timeout, NULL, 0);
}

void btx_event_ring_kick(struct btx_event_ring *ring)
{
    atomic_store_explicit(&ring->poller_sleeps, 0, memory_order_seq_cst);
    (void)futex(&ring->poller_sleeps, FUTEX_WAKE_PRIVATE, 1, NULL); /* Nobody to wake is fine. */
}

void btx_event_ring_publish(struct btx_event_ring *ring, uint64_t length_bytes)
{
    CHECK(length_bytes % BTX_RING_UNIT_BYTES == 0 && length_bytes <= ring->claimed_bytes);
    ring->claimed_bytes = 0;
    if (length_bytes == 0)
        return;
    ring->published += length_bytes;
    /* Release, as part of it, pairs with the acquire in btx_event_ring_pending(): the records are
     * there.  Sequentially consistent together with the load below pairs with the store and the
     * load in btx_event_ring_wait(): of a publish and a poller that goes to sleep at the same time
     * at least one sees the other, so that no wake-up is lost. */
    atomic_store_explicit(&ring->page->published, ring->published, memory_order_seq_cst);
    if (BTX_UNLIKELY(atomic_load_explicit(&ring->poller_sleeps, memory_order_seq_cst) != 0))
        btx_event_ring_kick(ring);
}

size_t btx_event_ring_pending(struct btx_event_ring *ring, const void **ret_bytes)
{
    /* Acquire pairs with the store in btx_event_ring_publish(). */
    const uint64_t published = atomic_load_explicit(&ring->page->published, memory_order_acquire);

    *ret_bytes = ring->bytes + (ring->durable & (ring->capacity_bytes - 1));
    return (size_t)(published - ring->durable);
}

void btx_event_ring_set_durable(struct btx_event_ring *ring, size_t length_bytes, uint64_t mark)
{
    const uint64_t published = atomic_load_explicit(&ring->page->published, memory_order_relaxed);

    CHECK(length_bytes % BTX_RING_UNIT_BYTES == 0 && length_bytes <= published - ring->durable);
    ring->durable += length_bytes;
    atomic_store_explicit(&ring->page->pair, ++ring->pair, memory_order_relaxed);
    /* Pairs with the acquire fence in btx_event_reader_join(): who sees one of the two stores below
     * sees the odd number, too. */
    btx_ring_fence_release();
    atomic_store_explicit(&ring->page->mark, mark, memory_order_relaxed);
    /* Release, as part of it, pairs with the acquires in btx_event_ring_room() and in
     * btx_event_reader_read().  Sequentially consistent pairs with btx_event_reader_arm() and the
     * load in btx_ring_port_wake_due(), so that no wake-up is lost. */
    atomic_store_explicit(&ring->page->durable, ring->durable, memory_order_seq_cst);
    /* Release pairs with the first acquire in btx_event_reader_join(). */
    atomic_store_explicit(&ring->page->pair, ++ring->pair, memory_order_release);
}

static bool is_pending(struct btx_event_ring *ring)
{
    return atomic_load_explicit(&ring->page->published, memory_order_seq_cst) != ring->durable;
}

bool btx_event_ring_wait(struct btx_event_ring *ring, uint64_t timeout_ns)
{
    const struct timespec timeout = {.tv_sec = (time_t)(timeout_ns / NS_PER_S),
                                     .tv_nsec = (long)(timeout_ns % NS_PER_S)};

    if (is_pending(ring))
        return true;
    /* Sequentially consistent store, then load: the other half of btx_event_ring_publish(). */
    atomic_store_explicit(&ring->poller_sleeps, 1, memory_order_seq_cst);
    if (!is_pending(ring))
        /* Woken, kicked before it slept (the word is no longer 1), or the time is over. */
        (void)futex(&ring->poller_sleeps, FUTEX_WAIT_PRIVATE, 1, &timeout);
    atomic_store_explicit(&ring->poller_sleeps, 0, memory_order_relaxed);
    return is_pending(ring);
}
