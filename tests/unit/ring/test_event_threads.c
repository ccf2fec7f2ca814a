/* SPDX-License-Identifier: Apache-2.0 */
/* test_event_threads.c - matcher, poller and readers at the same time.
 * Also for ThreadSanitizer, which sees each access that is not ordered. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/check.h"
#include "engine/base/clock.h"
#include "ring_fixture.h"

/* Two hundred rings full. */
#define TX_COUNT 400000u
#define WAIT_NS UINT64_C(10000000000)

static struct btx_event_ring ring;
static _Atomic bool is_finished;

/* The length of tx @number: 1 to 32 units, not in step with the ring. */
static size_t tx_bytes(uint64_t number)
{
    return (size_t)(number * UINT64_C(2654435761) >> 8 & 31u) * 64 + 64;
}

/* Each word of a tx is a function of the tx and of its place, so that two of them mixed are seen.
 * The first is the number. */
static uint64_t tx_word(uint64_t number, size_t index)
{
    return number + (uint64_t)index * UINT64_C(0x9e3779b97f4a7c15);
}

static void tx_write(uint64_t number)
{
    const size_t length_bytes = tx_bytes(number);
    _Atomic uint64_t *words;

    while (btx_event_ring_room(&ring, length_bytes) < length_bytes)
        ;
    words = btx_event_ring_claim(&ring, length_bytes);
    for (size_t i = 0; i < length_bytes / 8; i++)
        atomic_store_explicit(&words[i], tx_word(number, i), memory_order_relaxed);
    btx_event_ring_publish(&ring, length_bytes);
}

/* The whole txs in @length_bytes at @bytes, all right and counting on from *number. */
static size_t tx_check(const uint64_t *words, size_t length_bytes, uint64_t *number)
{
    size_t done_bytes = 0;

    while (done_bytes < length_bytes && done_bytes + tx_bytes(*number) <= length_bytes) {
        for (size_t i = 0; i < tx_bytes(*number) / 8; i++)
            CHECK(words[done_bytes / 8 + i] == tx_word(*number, i));
        done_bytes += tx_bytes(*number);
        (*number)++;
    }
    return done_bytes;
}

static void *matcher(void *context)
{
    (void)context;
    for (uint64_t number = 0; number < TX_COUNT; number++)
        tx_write(number);
    return NULL;
}

/* A wait may end early, by a wake-up that was meant for the one before; but who has been there for
 * the whole time has lost one. */
static void wait_woken(void)
{
    const struct btx_clock *clock = btx_clock_system();
    const uint64_t before_ns = btx_clock_monotonic_ns(clock);

    (void)btx_event_ring_wait(&ring, WAIT_NS);
    CHECK(btx_clock_monotonic_ns(clock) - before_ns < WAIT_NS);
}

static void *poller(void *context)
{
    uint64_t number = 0;

    (void)context;
    while (number < TX_COUNT) {
        const void *bytes;
        size_t length_bytes;
        size_t checked_bytes;

        wait_woken();
        length_bytes = btx_event_ring_pending(&ring, &bytes);
        checked_bytes = tx_check(bytes, length_bytes, &number);
        CHECK(checked_bytes == length_bytes);
        btx_event_ring_set_durable(&ring, length_bytes, number);
    }
    atomic_store(&is_finished, true);
    return NULL;
}

/* What a reader found. */
struct reading {
    uint64_t read;
    uint64_t overruns;
};

static void *follower(void *context)
{
    static _Thread_local uint64_t buffer[64 * 1024 / 8];
    struct reading *reading = context;
    struct btx_event_reader reader;
    uint64_t number = 0;

    fixture_event_reader(&ring, &reader);
    for (;;) {
        const bool was_finished = atomic_load(&is_finished);
        size_t length_bytes = 0;

        switch (btx_event_reader_read(&reader, buffer, sizeof(buffer), &length_bytes)) {
        case BTX_EVENT_READ_BYTES:
            length_bytes = tx_check(buffer, length_bytes, &number);
            btx_event_reader_advance(&reader, length_bytes);
            reading->read++;
            break;
        case BTX_EVENT_READ_OVERRUN:
            reading->overruns++;
            /* The mark is the number of the next tx: position and mark belong together. */
            while (!btx_event_reader_join(&reader, &number))
                ;
            break;
        case BTX_EVENT_READ_NOTHING:
            if (was_finished) {
                CHECK(number == TX_COUNT);
                btx_event_reader_detach(&reader);
                return NULL;
            }
            break;
        case BTX_EVENT_READ_COUNT:
            CHECK_UNREACHABLE();
        }
    }
}

/* Order, content, no torn copy that counts, no wake-up lost, joins at the right place: all checked
 * in the threads themselves. */
static void event_ring__all_threads_at_once__every_byte_is_right(void **state)
{
    struct reading readings[2] = {{0}};
    pthread_t threads[4];

    (void)state;
    fixture_event_ring(&ring, 0);
    assert_int_equal(pthread_create(&threads[0], NULL, poller, NULL), 0);
    assert_int_equal(pthread_create(&threads[1], NULL, follower, &readings[0]), 0);
    assert_int_equal(pthread_create(&threads[2], NULL, follower, &readings[1]), 0);
    assert_int_equal(pthread_create(&threads[3], NULL, matcher, NULL), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);

    assert_true(readings[0].read + readings[1].read > 0);
    print_message("reads %llu and %llu, overruns %llu and %llu\n",
                  (unsigned long long)readings[0].read, (unsigned long long)readings[1].read,
                  (unsigned long long)readings[0].overruns,
                  (unsigned long long)readings[1].overruns);
    btx_event_ring_done(&ring);
}

static void *kicker(void *context)
{
    (void)context;
    while (!atomic_load(&is_finished))
        btx_event_ring_kick(&ring);
    return NULL;
}

/* A stop must reach a poller that sleeps, and one that is about to. */
static void event_ring_kick__poller_sleeps__wakes_it(void **state)
{
    pthread_t thread;

    (void)state;
    fixture_event_ring(&ring, 0);
    atomic_store(&is_finished, false);
    assert_int_equal(pthread_create(&thread, NULL, kicker, NULL), 0);
    for (int i = 0; i < 1000; i++)
        wait_woken();
    atomic_store(&is_finished, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    btx_event_ring_done(&ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_ring__all_threads_at_once__every_byte_is_right),
        cmocka_unit_test(event_ring_kick__poller_sleeps__wakes_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
