/* SPDX-License-Identifier: Apache-2.0 */
/* segment_pool.c - the helper's work, one piece at a time, and the thread that does it.
 *
 * One mutex guards everything but the files being worked on: a file belongs to the helper while
 * `making` or `sealing` is set, to the pool while it is ready or closed, else to the writer. */
#include "engine/wal/segment_pool.h"

#include "engine/base/check.h"
#include "engine/wal/filesystem.h"
#include "engine/wal/log_folder.h"
#include "engine/wal/seal.h"
#include "engine/wal/segment_reader.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    READY_MAX = 2,          /* one to take and one in reserve */
    SPACE_LOOK_SECONDS = 1, /* how often the free space is looked at */
};
/* Zeroed in the first segment of a log, whose size nobody knows yet. */
#define ZERO_BYTES_FIRST (UINT64_C(8) << 20)
#define ZERO_BYTES_MIN (UINT64_C(1) << 20)
/* Zeroed in one go while commits go on, and how far the open segment grows between two looks. */
#define ZERO_BYTES_STEP (UINT64_C(8) << 20)
#define PROGRESS_BYTES_STEP (UINT64_C(2) << 20)

struct btx_segment_pool {
    char *segments;
    int segments_fd;
    struct btx_wal_settings settings;
    const struct btx_clock *clock;
    bool threadless;
    pthread_t thread;
    _Atomic uint64_t free_bytes;
    uint64_t looked_bytes; /* the writer's: open_bytes when it last woke the helper */

    pthread_mutex_t mutex;
    pthread_cond_t work; /* for the helper: something to do, or stop */
    pthread_cond_t done; /* for the writer: something was done */
    bool stop;
    struct btx_segment_file ready[READY_MAX]; /* oldest first */
    size_t ready_count;
    uint64_t made_count;   /* for temporary names */
    uint64_t recent_bytes; /* pages in use in the segment closed last */
    uint64_t open_bytes;   /* pages in use in the open one */
    bool taken;            /* the writer has had a segment */
    bool make_failed;      /* make_fault says why; tried again when somebody waits */
    struct btx_fault make_fault;
    struct btx_segment_closed closed[BTX_SEGMENT_POOL_CLOSED_MAX]; /* oldest first */
    size_t closed_count;                                           /* the one at work included */
    struct btx_wal_seal seals[BTX_SEGMENT_POOL_CLOSED_MAX];        /* not taken yet, oldest first */
    size_t seal_count;
    uint64_t sealed;  /* since open */
    uint64_t seal_ns; /* of the last one */
    uint64_t seal_wall_ns;
    bool seal_failed; /* seal_fault says why; nothing is sealed behind it */
    struct btx_fault seal_fault;
    uint8_t chain[BTX_WAL_HASH_BYTES]; /* the helper's: hash of the segment sealed last */
};

/* What a next segment has when it is taken: twice what a recent one took, since it may be greater,
 * or twice what the open one has taken so far. */
static uint64_t zero_bytes(const struct btx_segment_pool *pool)
{
    const uint64_t map_bytes = pool->settings.segment_map_size_bytes;
    uint64_t bytes = pool->settings.zero_ahead_bytes;

    if (bytes == 0)
        bytes = pool->recent_bytes == 0 ? ZERO_BYTES_FIRST : 2 * pool->recent_bytes;
    if (pool->settings.zero_ahead_bytes == 0 && bytes < 2 * pool->open_bytes)
        bytes = 2 * pool->open_bytes;
    if (bytes < ZERO_BYTES_MIN)
        bytes = ZERO_BYTES_MIN;
    return bytes < map_bytes ? bytes : map_bytes;
}

/* What the second next segment has while the open one grows: it is not needed before two are full,
 * so that its zeros need not come all at once and hold up commits.  Before the first commit there
 * are none to hold up, and who says how many zeros he wants has them as soon as can be. */
static uint64_t zero_bytes_so_far(const struct btx_segment_pool *pool)
{
    const uint64_t bytes = zero_bytes(pool);
    const uint64_t due = ZERO_BYTES_STEP + 2 * pool->open_bytes;

    return pool->taken && pool->settings.zero_ahead_bytes == 0 && due < bytes ? due : bytes;
}

static void look_at_space(struct btx_segment_pool *pool)
{
    uint64_t bytes = UINT64_MAX;

    /* What cannot be told must not stop the exchange: the next write will tell. */
    if (btx_wal_filesystem_free(pool->segments_fd, &bytes, NULL) != BTX_OK)
        bytes = UINT64_MAX;
    atomic_store_explicit(&pool->free_bytes, bytes, memory_order_relaxed);
}

/* Called with the mutex, which is given back meanwhile. */
static void make_one(struct btx_segment_pool *pool)
{
    uint64_t bytes = zero_bytes(pool);
    struct btx_segment_file file;
    struct btx_fault fault = {0};
    char name[BTX_WAL_NAME_BYTES];
    enum btx_fault_code code;

    /* The rest follows in steps, so that nobody ever waits for all of it. */
    if (bytes > ZERO_BYTES_STEP && !pool->threadless)
        bytes = ZERO_BYTES_STEP;
    (void)snprintf(name, sizeof name, "next-%" PRIu64 BTX_WAL_TEMPORARY_ENDING, ++pool->made_count);
    pthread_mutex_unlock(&pool->mutex);
    code = btx_segment_file_create(&file, pool->segments, name,
                                   pool->settings.segment_map_size_bytes, bytes, &fault);
    pthread_mutex_lock(&pool->mutex);
    if (code == BTX_OK) {
        pool->ready[pool->ready_count++] = file;
    } else {
        pool->make_failed = true;
        pool->make_fault = fault;
    }
    pthread_cond_broadcast(&pool->done);
}

/* Which of the ready segments wants more zeros; -1: none.  The last one ready stays where it is,
 * for the writer to take. */
static int wants_zeros(const struct btx_segment_pool *pool)
{
    if (pool->threadless || pool->ready_count < READY_MAX)
        return -1;
    if (pool->ready[0].zeroed_bytes < zero_bytes(pool))
        return 0;
    return pool->ready[1].zeroed_bytes < zero_bytes_so_far(pool) ? 1 : -1;
}

/* A few more zeros in the ready segment @index.  Called with the mutex, which is given back
 * meanwhile. */
static void zero_more(struct btx_segment_pool *pool, int index)
{
    const uint64_t wanted_bytes = index == 0 ? zero_bytes(pool) : zero_bytes_so_far(pool);
    struct btx_segment_file file = pool->ready[index];
    uint64_t bytes = file.zeroed_bytes + ZERO_BYTES_STEP;
    struct btx_fault fault = {0};
    enum btx_fault_code code;

    pool->ready[index] = pool->ready[READY_MAX - 1];
    pool->ready_count = READY_MAX - 1;
    pthread_mutex_unlock(&pool->mutex);
    if (bytes > wanted_bytes)
        bytes = wanted_bytes;
    code = btx_segment_file_zero(&file, bytes, &fault);
    if (code != BTX_OK) {
        btx_segment_file_close(&file);
        (void)unlinkat(pool->segments_fd, file.name, 0); /* Else the next start does. */
    }
    pthread_mutex_lock(&pool->mutex);
    if (code != BTX_OK) {
        pool->make_failed = true;
        pool->make_fault = fault;
        pthread_cond_broadcast(&pool->done);
        return;
    }
    /* Before one with fewer zeros, so that the best is taken first. */
    index = pool->ready_count != 0 && pool->ready[0].zeroed_bytes >= file.zeroed_bytes;
    if (index == 0)
        pool->ready[1] = pool->ready[0];
    pool->ready[index] = file;
    pool->ready_count++;
    pthread_cond_broadcast(&pool->done);
}

/* Hash what is in the file, and compare with what the writer counted. */
static enum btx_fault_code hash_batches(struct btx_segment_reader *reader,
                                        struct btx_wal_chain *chain,
                                        const struct btx_segment_closed *closed,
                                        struct btx_fault *reterr_fault)
{
    struct btx_wal_damage damage;
    struct btx_wal_batch batch;
    uint64_t batch_count = 0;
    uint64_t bytes = 0;
    char text[BTX_FAULT_TEXT_BYTES];

    for (;;) {
        switch (btx_segment_reader_next(reader, &batch, &damage, reterr_fault)) {
        case BTX_SEGMENT_BATCH:
            btx_wal_chain_add(chain, &batch, batch.length_bytes, &closed->position);
            batch_count++;
            bytes += batch.length_bytes;
            break;
        case BTX_SEGMENT_END:
            if (batch_count == closed->batch_count && bytes == closed->bytes)
                return BTX_OK;
            return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0,
                                 "%" PRIu64 " batches of %" PRIu64 " bytes were written, %" PRIu64
                                 " of %" PRIu64 " are there",
                                 closed->batch_count, closed->bytes, batch_count, bytes);
        case BTX_SEGMENT_DAMAGE:
            btx_wal_damage_print(&damage, text, sizeof text);
            return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0, "%s", text);
        case BTX_SEGMENT_FAULT:
            return reterr_fault->code;
        }
    }
}

static enum btx_fault_code seal_closed(struct btx_segment_pool *pool,
                                       struct btx_segment_closed *closed,
                                       struct btx_wal_seal *ret_seal,
                                       struct btx_fault *reterr_fault)
{
    const struct btx_segment_options options = {0};
    struct btx_segment_reader *reader = NULL;
    struct btx_wal_chain chain = {0};

    if (btx_segment_file_finish(&closed->file, reterr_fault) == BTX_OK &&
        btx_segment_reader_open(&reader, pool->segments_fd, closed->file.name, &options,
                                reterr_fault) == BTX_OK &&
        btx_wal_chain_begin(&chain, &closed->header, pool->chain, reterr_fault) == BTX_OK &&
        hash_batches(reader, &chain, closed, reterr_fault) == BTX_OK) {
        btx_wal_chain_end(&chain, btx_clock_wall_ns(pool->clock), ret_seal);
        memcpy(pool->chain, ret_seal->hash, sizeof pool->chain);
    } else {
        (void)btx_fault_wrap(reterr_fault, "sealing %s", closed->file.name);
    }
    btx_wal_chain_done(&chain);
    btx_segment_reader_close(reader);
    return reterr_fault->code;
}

/* Called with the mutex, which is given back meanwhile. */
static void seal_one(struct btx_segment_pool *pool)
{
    struct btx_segment_closed closed = pool->closed[0];
    struct btx_fault fault = {0};
    struct btx_wal_seal seal;
    uint64_t began_ns;
    enum btx_fault_code code;

    pool->closed[0].file.environment = NULL;
    pool->recent_bytes = (closed.file.last_page + 1) * BTX_WAL_PAGE_BYTES;
    pthread_mutex_unlock(&pool->mutex);
    look_at_space(pool);
    began_ns = btx_clock_monotonic_ns(pool->clock);
    code = seal_closed(pool, &closed, &seal, &fault);
    pthread_mutex_lock(&pool->mutex);
    pool->closed_count--;
    memmove(&pool->closed[0], &pool->closed[1], pool->closed_count * sizeof pool->closed[0]);
    if (code == BTX_OK) {
        pool->seals[pool->seal_count++] = seal;
        pool->sealed++;
        pool->seal_ns = btx_clock_monotonic_ns(pool->clock) - began_ns;
        pool->seal_wall_ns = seal.sealed_ns;
    } else {
        pool->seal_failed = true;
        pool->seal_fault = fault;
    }
    pthread_cond_broadcast(&pool->done);
}

/* One piece of work, what the writer would wait for first; false when there is none. */
static bool work_once(struct btx_segment_pool *pool)
{
    const bool may_make = !pool->make_failed && !pool->stop;

    if (pool->ready_count == 0 && may_make)
        make_one(pool);
    else if (pool->closed_count != 0 && !pool->seal_failed)
        seal_one(pool);
    else if (pool->ready_count < READY_MAX && may_make)
        make_one(pool);
    else if (wants_zeros(pool) >= 0 && may_make)
        zero_more(pool, wants_zeros(pool));
    else
        return false;
    return true;
}

static void *help(void *argument)
{
    struct btx_segment_pool *pool = argument;
    struct timespec until;

    pthread_mutex_lock(&pool->mutex);
    while (!pool->stop) {
        if (work_once(pool))
            continue;
        CHECK(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
        until.tv_sec += SPACE_LOOK_SECONDS;
        if (pthread_cond_timedwait(&pool->work, &pool->mutex, &until) != 0) {
            pthread_mutex_unlock(&pool->mutex);
            look_at_space(pool);
            pthread_mutex_lock(&pool->mutex);
        }
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

static enum btx_fault_code start_thread(struct btx_segment_pool *pool,
                                        struct btx_fault *reterr_fault)
{
    const int error = pthread_create(&pool->thread, NULL, help, pool);

    if (error == 0)
        return BTX_OK;
    pool->threadless = true; /* There is none to stop. */
    return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, error, "the log's helper thread");
}

static void init_locks(struct btx_segment_pool *pool)
{
    pthread_condattr_t monotonic;

    CHECK(pthread_mutex_init(&pool->mutex, NULL) == 0);
    CHECK(pthread_condattr_init(&monotonic) == 0);
    CHECK(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&pool->work, &monotonic) == 0);
    CHECK(pthread_cond_init(&pool->done, NULL) == 0);
    CHECK(pthread_condattr_destroy(&monotonic) == 0);
}

enum btx_fault_code btx_segment_pool_open(struct btx_segment_pool **ret_pool,
                                          const struct btx_segment_pool_options *options,
                                          struct btx_fault *reterr_fault)
{
    struct btx_segment_pool *pool = calloc(1, sizeof *pool);

    *ret_pool = NULL;
    if (pool == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "segment pool");
    pool->segments = strdup(options->segments);
    pool->segments_fd = options->segments_fd;
    pool->settings = *options->settings;
    pool->clock = options->clock;
    pool->recent_bytes = options->recent_bytes;
    pool->threadless = options->threadless;
    memcpy(pool->chain, options->chain, sizeof pool->chain);
    init_locks(pool);
    look_at_space(pool);
    if (pool->segments == NULL)
        (void)btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "segment pool");
    if (pool->segments == NULL ||
        (!pool->threadless && start_thread(pool, reterr_fault) != BTX_OK)) {
        pool->threadless = true;
        btx_segment_pool_close(pool);
        return reterr_fault->code;
    }
    *ret_pool = pool;
    btx_segment_pool_run(pool);
    return BTX_OK;
}

/* Until the helper has done something; without one, do it here.  Called with the mutex. */
static void await_work(struct btx_segment_pool *pool)
{
    if (pool->threadless) {
        CHECK(work_once(pool));
        return;
    }
    pthread_cond_signal(&pool->work);
    pthread_cond_wait(&pool->done, &pool->mutex);
}

enum btx_fault_code btx_segment_pool_take(struct btx_segment_pool *pool,
                                          struct btx_segment_file *ret_file, bool *ret_waited,
                                          struct btx_fault *reterr_fault)
{
    pthread_mutex_lock(&pool->mutex);
    *ret_waited = pool->ready_count == 0;
    /* Room may have been made since, and another file is another try. */
    if (pool->make_failed && pool->make_fault.code == BTX_FAULT_DISK_FULL)
        pool->make_failed = false;
    while (pool->ready_count == 0 && !pool->make_failed)
        await_work(pool);
    if (pool->ready_count == 0) {
        *reterr_fault = pool->make_fault;
        pthread_mutex_unlock(&pool->mutex);
        return btx_fault_wrap(reterr_fault, "the next segment");
    }
    *ret_file = pool->ready[0];
    pool->ready[0] = pool->ready[1];
    pool->ready_count--;
    pool->open_bytes = 0;
    pool->taken = true;
    pthread_cond_signal(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
    return BTX_OK;
}

void btx_segment_pool_progress(struct btx_segment_pool *pool, uint64_t used_bytes)
{
    if (pool->threadless ||
        (used_bytes >= pool->looked_bytes && used_bytes < pool->looked_bytes + PROGRESS_BYTES_STEP))
        return;
    pool->looked_bytes = used_bytes;
    pthread_mutex_lock(&pool->mutex);
    pool->open_bytes = used_bytes;
    pthread_cond_signal(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
}

void btx_segment_pool_give(struct btx_segment_pool *pool, const struct btx_segment_closed *closed)
{
    pthread_mutex_lock(&pool->mutex);
    CHECK(pool->closed_count + pool->seal_count < BTX_SEGMENT_POOL_CLOSED_MAX);
    pool->closed[pool->closed_count++] = *closed;
    pthread_cond_signal(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
}

enum btx_fault_code btx_segment_pool_seal_poll(struct btx_segment_pool *pool, bool *ret_there,
                                               struct btx_wal_seal *ret_seal,
                                               struct btx_fault *reterr_fault)
{
    enum btx_fault_code code = BTX_OK;

    pthread_mutex_lock(&pool->mutex);
    *ret_there = pool->seal_count != 0;
    if (pool->seal_count != 0) {
        *ret_seal = pool->seals[0];
        pool->seal_count--;
        memmove(&pool->seals[0], &pool->seals[1], pool->seal_count * sizeof pool->seals[0]);
    } else if (pool->seal_failed) {
        *reterr_fault = pool->seal_fault;
        code = reterr_fault->code;
    } else if (pool->make_failed && pool->make_fault.code != BTX_FAULT_DISK_FULL) {
        *reterr_fault = pool->make_fault;
        code = btx_fault_wrap(reterr_fault, "the next segment");
    }
    pthread_mutex_unlock(&pool->mutex);
    return code;
}

enum btx_fault_code btx_segment_pool_seal_wait(struct btx_segment_pool *pool,
                                               struct btx_wal_seal *ret_seal,
                                               struct btx_fault *reterr_fault)
{
    bool there;

    pthread_mutex_lock(&pool->mutex);
    CHECK(pool->closed_count + pool->seal_count != 0 || pool->seal_failed);
    while (pool->seal_count == 0 && !pool->seal_failed)
        await_work(pool);
    pthread_mutex_unlock(&pool->mutex);
    return btx_segment_pool_seal_poll(pool, &there, ret_seal, reterr_fault);
}

void btx_segment_pool_run(struct btx_segment_pool *pool)
{
    if (!pool->threadless)
        return;
    look_at_space(pool);
    pthread_mutex_lock(&pool->mutex);
    while (work_once(pool))
        ;
    pthread_mutex_unlock(&pool->mutex);
}

uint64_t btx_segment_pool_free_bytes(const struct btx_segment_pool *pool)
{
    return atomic_load_explicit(&pool->free_bytes, memory_order_relaxed);
}

void btx_segment_pool_status(struct btx_segment_pool *pool,
                             struct btx_segment_pool_status *ret_status)
{
    pthread_mutex_lock(&pool->mutex);
    *ret_status = (struct btx_segment_pool_status){
        .ready = pool->ready_count,
        .ready_wanted = READY_MAX,
        .closed = pool->closed_count,
        .seals = pool->sealed,
        .seal_ns = pool->seal_ns,
        .seal_wall_ns = pool->seal_wall_ns,
    };
    pthread_mutex_unlock(&pool->mutex);
}

void btx_segment_pool_close(struct btx_segment_pool *pool)
{
    if (pool == NULL)
        return;
    if (!pool->threadless) {
        pthread_mutex_lock(&pool->mutex);
        pool->stop = true;
        pthread_cond_signal(&pool->work);
        pthread_mutex_unlock(&pool->mutex);
        CHECK(pthread_join(pool->thread, NULL) == 0);
    }
    for (size_t i = 0; i < pool->ready_count; i++) {
        btx_segment_file_close(&pool->ready[i]);
        (void)unlinkat(pool->segments_fd, pool->ready[i].name, 0); /* Else the next start does. */
    }
    for (size_t i = 0; i < pool->closed_count; i++)
        btx_segment_file_close(&pool->closed[i].file);
    CHECK(pthread_cond_destroy(&pool->work) == 0);
    CHECK(pthread_cond_destroy(&pool->done) == 0);
    CHECK(pthread_mutex_destroy(&pool->mutex) == 0);
    free(pool->segments);
    free(pool);
}
