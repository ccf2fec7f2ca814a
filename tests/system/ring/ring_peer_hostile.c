/* SPDX-License-Identifier: Apache-2.0 */
/* ring_peer_hostile.c - producers that do what they can with what they were given.
 * They write the shared memory directly, as an attacker who owns the process would. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/base/attributes.h"
#include "engine/ring/ring_message.h"
#include "engine/ring/ring_words.h"
#include "ring_peer.h"
#include "tests/property/random.h"

static struct btx_ring_client *peer;
static struct btx_random dice;

static void put_word(uint64_t offset, uint64_t word)
{
    btx_ring_words_store(peer->commands.region_memory.base + offset, &word, sizeof(word));
}

static void put_tail(uint64_t tail)
{
    atomic_store_explicit(&peer->commands.own->tail, tail, memory_order_release);
}

/* Everything is noise, the tail included, for ever. */
static int run_noise(struct btx_ring_client *client, uint64_t seed)
{
    const uint64_t words = client->commands.region_memory.size_bytes / 8;

    (void)seed;
    for (;;)
        put_word(btx_random_below(&dice, words) * 8, btx_random_u64(&dice));
    return PEER_OK;
}

/* Changes the record's head all the time that the engine copies it. */
static void *race_heads(void *context)
{
    (void)context;
    for (;;) {
        uint8_t *at =
            peer->commands.bytes + btx_random_below(&dice, peer->commands.capacity_bytes / 64) * 64;
        const uint64_t head = btx_random_below(&dice, 200) << BTX_RING_LENGTH_SHIFT |
                              (uint64_t)PEER_KIND << BTX_RING_KIND_SHIFT |
                              (uint64_t)PEER_TYPE << BTX_RING_TYPE_SHIFT;

        btx_ring_words_store(at, &head, sizeof(head));
    }
    return NULL;
}

static int run_race(struct btx_ring_client *client, uint64_t seed)
{
    pthread_t thread;

    (void)seed;
    if (pthread_create(&thread, NULL, race_heads, NULL) != 0)
        return PEER_FAILED;
    for (uint64_t number = 0;; number++)
        if (!peer_produce(client, 1 + (unsigned int)(number % PEER_UNITS_MAX), number))
            for (;;)
                (void)pause(); /* Revoked: stay, to see that the engine does not mind. */
    return PEER_OK;
}

/* One lie about positions or lengths; which one, the seed says. */
static int run_lie(struct btx_ring_client *client, uint64_t seed)
{
    const uint64_t capacity_bytes = client->commands.capacity_bytes;
    const uint64_t records_offset = client->commands.region_memory.size_bytes - capacity_bytes;
    const uint64_t good = UINT64_C(1) << BTX_RING_LENGTH_SHIFT |
                          (uint64_t)PEER_KIND << BTX_RING_KIND_SHIFT |
                          (uint64_t)PEER_TYPE << BTX_RING_TYPE_SHIFT;
    const uint64_t tails[] = {
        1, 63, capacity_bytes + 64, UINT64_MAX, UINT64_MAX - 63, UINT64_C(1) << 63};
    const uint64_t heads[] = {0,
                              UINT64_MAX,
                              good + (UINT64_C(1) << BTX_RING_LENGTH_SHIFT),
                              good + (UINT64_C(0xfffe) << BTX_RING_LENGTH_SHIFT),
                              good + (UINT64_C(1) << BTX_RING_KIND_SHIFT),
                              good + (UINT64_C(1) << BTX_RING_TYPE_SHIFT)};

    if (seed < BTX_COUNT_OF(tails)) {
        put_word(records_offset, good);
        put_tail(tails[seed]);
    } else {
        put_word(records_offset, heads[(seed - BTX_COUNT_OF(tails)) % BTX_COUNT_OF(heads)]);
        put_tail(64);
    }
    for (;;)
        (void)pause();
    return PEER_OK;
}

/* Tries to change size or rights of all that it was given.  Nothing of that may work. */
static int run_truncate(struct btx_ring_client *client, uint64_t seed)
{
    const int fds[] = {client->commands.region_memory.fd, client->commands.page_memory.fd,
                       client->events.page_memory.fd, client->events.bytes_memory.fd};

    (void)seed;
    for (size_t i = 0; i < BTX_COUNT_OF(fds); i++) {
        char path[32];
        int again;

        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[i]);
        again = open(path, O_RDWR | O_CLOEXEC);
        if (ftruncate(fds[i], 0) == 0 || ftruncate(again, 0) == 0 ||
            ftruncate(again, 1 << 30) == 0 || fallocate(again, 0, 1 << 30, 4096) == 0 ||
            fcntl(fds[i], F_ADD_SEALS, F_SEAL_WRITE) == 0 ||
            mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fds[i], 0) != MAP_FAILED ||
            mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, again, 0) != MAP_FAILED ||
            pwrite(again, "x", 1, 0) >= 0 ||
            fallocate(again, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) == 0)
            return PEER_SUCCEEDED;
    }
    return PEER_OK;
}

/* Tries to take pages away while the engine reads them, for as long as it lives. */
static int run_holes(struct btx_ring_client *client, uint64_t seed)
{
    const struct btx_ring_memory *region = &client->commands.region_memory;

    (void)seed;
    for (uint64_t number = 0; number < 100000; number++) {
        if (fallocate(region->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096,
                      (off_t)(region->size_bytes - 4096)) == 0 ||
            madvise(region->base, region->size_bytes, MADV_REMOVE) == 0)
            return PEER_SUCCEEDED;
        if (!peer_produce(client, 64, number))
            return PEER_FAILED;
    }
    return PEER_OK;
}

/* Takes all hugepages that there are, and keeps them. */
static int run_hugepages(struct btx_ring_client *client, uint64_t seed)
{
    size_t count = 0;

    (void)client;
    (void)seed;
    while (mmap(NULL, BTX_RING_HUGEPAGE_BYTES, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE, -1, 0) != MAP_FAILED)
        count++;
    if (count == 0)
        return PEER_NOT_POSSIBLE;
    return run_noise(client, seed);
}

/* Asks to be woken all the time, never reads, and makes the connection one that blocks. */
static int run_mute(struct btx_ring_client *client, uint64_t seed)
{
    (void)seed;
    if (fcntl(client->fd, F_SETFL, 0) != 0)
        return PEER_FAILED;
    for (uint64_t number = 0;; number++) {
        if (!peer_produce(client, 1, number))
            return PEER_OK;
        btx_command_producer_wait_for(
            &client->commands,
            1 + atomic_load_explicit(&client->events.page->durable, memory_order_relaxed));
    }
}

/* Fills the engine's queue with what it must not say. */
static int run_talk(struct btx_ring_client *client, uint64_t seed)
{
    const struct btx_ring_message message = btx_ring_message_make(BTX_RING_MESSAGE_WELCOME, "me");
    int fds[BTX_RING_DESCRIPTORS_MAX];

    (void)seed;
    for (size_t i = 0; i < BTX_RING_DESCRIPTORS_MAX; i++)
        fds[i] = client->fd;
    for (int i = 0; i < 100000; i++)
        if (btx_ring_message_send(client->fd, &message, fds, BTX_RING_DESCRIPTORS_MAX) == EPIPE)
            break;
    return PEER_OK;
}

void peer_hostile_init(struct btx_ring_client *client, uint64_t seed)
{
    peer = client;
    btx_random_init(&dice, seed);
}

peer_run peer_hostile(const char *name)
{
    static const struct {
        const char *name;
        peer_run run;
    } peers[] = {
        {"noise", run_noise},       {"race", run_race},   {"lie", run_lie},
        {"truncate", run_truncate}, {"holes", run_holes}, {"hugepages", run_hugepages},
        {"mute", run_mute},         {"talk", run_talk},
    };

    for (size_t i = 0; i < BTX_COUNT_OF(peers); i++)
        if (strcmp(peers[i].name, name) == 0)
            return peers[i].run;
    return NULL;
}
