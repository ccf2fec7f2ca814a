/* SPDX-License-Identifier: Apache-2.0 */
/* test_command_ring.c - one producer, honest or not, and the consumer that believes nothing. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/base/check.h"
#include "engine/ring/command_consumer.h"
#include "engine/ring/ring_words.h"
#include "ring_fixture.h"

#define CAPACITY BTX_COMMAND_RING_BYTES_MIN

static struct btx_ring_port port;
static struct btx_command_producer producer;
static struct btx_command_consumer *consumer;
static uint64_t copy[FIXTURE_LENGTH_MAX / sizeof(uint64_t)];
static size_t length_bytes;

static int setup(void **state)
{
    (void)state;
    fixture_port(&port);
    fixture_open(&port, 9, &producer);
    consumer = &port.consumer;
    memset(copy, 0, sizeof(copy));
    length_bytes = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    btx_command_producer_detach(&producer);
    btx_ring_port_done(&port);
    return 0;
}

static enum btx_command_take take(void)
{
    return btx_command_consumer_take(consumer, copy, &length_bytes);
}

/* Write a raw first word at the tail and say that @handed_bytes were handed over. */
static void lie(uint64_t first, uint64_t handed_bytes)
{
    btx_ring_words_store(producer.bytes + (producer.tail & (CAPACITY - 1)), &first, sizeof(first));
    atomic_store(&producer.own->tail, producer.tail + handed_bytes);
}

static uint64_t first_word(uint64_t units, uint64_t kind, uint64_t type)
{
    return units << BTX_RING_LENGTH_SHIFT | kind << BTX_RING_KIND_SHIFT |
           type << BTX_RING_TYPE_SHIFT;
}

static void command_producer_terms__as_opened__are_those_of_the_rule(void **state)
{
    const struct btx_command_terms terms = btx_command_producer_terms(&producer);

    (void)state;
    assert_int_equal(terms.command_types, 0x7c00);
    assert_int_equal(terms.length_bytes_max, FIXTURE_LENGTH_MAX);
    assert_int_equal(terms.accounts_max, 512);
    assert_int_equal(terms.incarnation, 9);
    assert_int_equal(terms.producer, 3);
    assert_int_equal(terms.kind, FIXTURE_KIND);
}

static void command_consumer_take__empty__is_empty(void **state)
{
    (void)state;
    assert_int_equal(take(), BTX_COMMAND_TAKE_EMPTY);
}

static void command_consumer_take__records__come_in_order_one_a_call(void **state)
{
    (void)state;
    assert_true(fixture_produce(&producer, 2, 100));
    assert_true(fixture_produce(&producer, 130, 200));

    assert_int_equal(take(), BTX_COMMAND_TAKE_ONE);
    assert_int_equal(length_bytes, 128);
    assert_true(fixture_is_counting(copy + 1, 120, 100));
    assert_int_equal(take(), BTX_COMMAND_TAKE_ONE);
    assert_int_equal(length_bytes, FIXTURE_LENGTH_MAX);
    assert_true(fixture_is_counting(copy + 1, FIXTURE_LENGTH_MAX - 8, 200));
    assert_int_equal(take(), BTX_COMMAND_TAKE_EMPTY);
}

/* A producer that dies here leaves nothing. */
static void command_producer_claim__not_committed__is_not_seen(void **state)
{
    void *record = btx_command_producer_claim(&producer, 64);

    (void)state;
    assert_non_null(record);
    fixture_record(record, 1, FIXTURE_KIND, FIXTURE_TYPE, 1);

    assert_int_equal(take(), BTX_COMMAND_TAKE_EMPTY);
}

static void command_producer_claim__full__is_an_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < CAPACITY / 64; i++)
        assert_true(fixture_produce(&producer, 1, i));

    assert_null(btx_command_producer_claim(&producer, 64));
    assert_int_equal(take(), BTX_COMMAND_TAKE_ONE);
    assert_non_null(btx_command_producer_claim(&producer, 64));
    assert_null(btx_command_producer_claim(&producer, 128));
}

static void command_consumer_take__over_the_end__is_contiguous(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 40; i++) { /* 40 * 41 units: one and a half rings. */
        assert_true(fixture_produce(&producer, 41, i * 1000));
        assert_int_equal(take(), BTX_COMMAND_TAKE_ONE);
        assert_int_equal(length_bytes, 41 * 64);
        assert_true(fixture_is_counting(copy + 1, 41 * 64 - 8, i * 1000));
    }
}

static void command_producer_is_taken__after_the_last__is_true(void **state)
{
    (void)state;
    assert_true(btx_command_producer_is_taken(&producer));
    assert_true(fixture_produce(&producer, 1, 0));
    assert_false(btx_command_producer_is_taken(&producer));
    assert_int_equal(take(), BTX_COMMAND_TAKE_ONE);
    assert_true(btx_command_producer_is_taken(&producer));
}

/* A lie about positions or lengths, what it is, and the sentence that the operator reads. */
struct fraud {
    uint64_t first;
    uint64_t handed_bytes;
    const char *why;
};

static const struct fraud frauds[] = {
    {0, UINT64_MAX - 63, "the tail of the ring is out of range"},
    {0, UINT64_C(1) << 63, "the tail of the ring is out of range"},
    {0, CAPACITY + 64, "the tail of the ring is out of range"},
    {0, 65, "the tail of the ring is no whole number of units"},
    {0, 64, "a record of a length that this ring may not carry"},
    {UINT64_MAX, CAPACITY, "a record of a length that this ring may not carry"},
    {UINT64_C(131) << 32 | UINT64_C(0x0a01) << 48, CAPACITY,
     "a record of a length that this ring may not carry"},
    {UINT64_C(2) << 32 | UINT64_C(0x0a01) << 48, 64,
     "a record that is longer than what was handed over"},
    {UINT64_C(1) << 32 | UINT64_C(0x0a02) << 48, 64,
     "a record of a kind that this ring may not carry"},
    {UINT64_C(1) << 32 | UINT64_C(0x0a11) << 48, 64,
     "a record of a kind that this ring may not carry"},
    {UINT64_C(1) << 32 | UINT64_C(0x0201) << 48, 64,
     "a command of a type that this ring may not carry"},
    {UINT64_C(1) << 32 | UINT64_C(0x0f01) << 48, 64,
     "a command of a type that this ring may not carry"},
    {UINT64_C(1) << 32 | UINT64_C(0x4a01) << 48, 64,
     "a command of a type that this ring may not carry"},
    {UINT64_C(1) << 32 | UINT64_C(0xff01) << 48, 64,
     "a command of a type that this ring may not carry"},
};

/* The first lie ends the ring, and what follows it is not even looked at. */
static void command_consumer_take__each_lie__breaks_the_ring_for_good(void **state)
{
    for (size_t i = 0; i < sizeof(frauds) / sizeof(frauds[0]); i++) {
        (void)setup(state);
        assert_true(fixture_produce(&producer, 1, 0));
        assert_int_equal(take(), BTX_COMMAND_TAKE_ONE);
        lie(frauds[i].first, frauds[i].handed_bytes);

        assert_int_equal(take(), BTX_COMMAND_TAKE_BROKEN);
        assert_string_equal(btx_command_consumer_why(consumer), frauds[i].why);
        lie(first_word(1, FIXTURE_KIND, FIXTURE_TYPE), 64);
        assert_int_equal(take(), BTX_COMMAND_TAKE_BROKEN);
        (void)teardown(state);
    }
}

/* What was handed over before the lie was honest as far as anybody knows. */
static void command_consumer_take__honest_then_a_lie__takes_what_was_before(void **state)
{
    (void)state;
    assert_true(fixture_produce(&producer, 3, 55));
    lie(0, 64);

    assert_int_equal(take(), BTX_COMMAND_TAKE_ONE);
    assert_true(fixture_is_counting(copy + 1, 3 * 64 - 8, 55));
    assert_int_equal(take(), BTX_COMMAND_TAKE_BROKEN);
}

/* What was seen once is not asked for again: a tail that goes back takes nothing back. */
static void command_consumer_take__tail_goes_back__takes_what_was_seen(void **state)
{
    (void)state;
    assert_true(fixture_produce(&producer, 1, 1));
    assert_true(fixture_produce(&producer, 1, 2));
    assert_int_equal(take(), BTX_COMMAND_TAKE_ONE);
    atomic_store(&producer.own->tail, 0);

    assert_int_equal(take(), BTX_COMMAND_TAKE_ONE);
    assert_int_equal(take(), BTX_COMMAND_TAKE_BROKEN); /* And now it is behind the head. */
}

static const char *refuse_number_7(const void *record, size_t bytes, void *context)
{
    uint64_t number;

    CHECK(bytes == 64);
    memcpy(&number, (const uint8_t *)record + 8, sizeof(number));
    return number == 7 ? context : NULL;
}

static void command_consumer_take__the_check_says_no__breaks_with_its_sentence(void **state)
{
    static char sentence[] = "seven is not allowed";

    (void)state;
    consumer->rule.check = refuse_number_7;
    consumer->rule.context = sentence;
    assert_true(fixture_produce(&producer, 1, 6));
    assert_true(fixture_produce(&producer, 1, 7));

    assert_int_equal(take(), BTX_COMMAND_TAKE_ONE);
    assert_int_equal(take(), BTX_COMMAND_TAKE_BROKEN);
    assert_string_equal(btx_command_consumer_why(consumer), sentence);
}

static void command_consumer_end__whole_records__are_taken_and_no_more(void **state)
{
    (void)state;
    assert_true(fixture_produce(&producer, 1, 1));
    assert_true(fixture_produce(&producer, 1, 2));
    btx_command_consumer_end(consumer, btx_command_consumer_tail(consumer));
    assert_true(fixture_produce(&producer, 1, 3)); /* It lives on, and it does not count. */

    assert_int_equal(take(), BTX_COMMAND_TAKE_ONE);
    assert_int_equal(take(), BTX_COMMAND_TAKE_ONE);
    assert_int_equal(take(), BTX_COMMAND_TAKE_EMPTY);
}

static void command_consumer_end__at_a_lie__breaks(void **state)
{
    (void)state;
    btx_command_consumer_end(consumer, CAPACITY + 64);
    assert_int_equal(take(), BTX_COMMAND_TAKE_BROKEN);
}

static void command_producer_attach__other_layout__fault(void **state)
{
    struct btx_command_producer other;
    struct btx_fault fault = {0};
    int page_fd = -1;
    int region_fd = -1;

    (void)state;
    consumer->page->layout_version++;
    btx_ring_port_descriptors(&port, &page_fd, &region_fd);
    assert_int_equal(btx_command_producer_attach(&other, dup(page_fd), dup(region_fd), &fault),
                     BTX_FAULT_LAYOUT);
}

#define RACE_RECORDS 200000u

static void *race_producer(void *context)
{
    (void)context;
    for (uint64_t i = 0; i < RACE_RECORDS; i++)
        while (!fixture_produce(&producer, 1 + (unsigned int)(i % 3), i))
            ;
    return NULL;
}

static void command_ring__producer_and_consumer_at_once__nothing_is_lost(void **state)
{
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, race_producer, NULL), 0);
    for (uint64_t i = 0; i < RACE_RECORDS; i++) {
        enum btx_command_take taken;

        do
            taken = take();
        while (taken == BTX_COMMAND_TAKE_EMPTY);
        assert_int_equal(taken, BTX_COMMAND_TAKE_ONE);
        assert_int_equal(length_bytes, (1 + i % 3) * 64);
        assert_true(fixture_is_counting(copy + 1, length_bytes - 8, i));
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(take(), BTX_COMMAND_TAKE_EMPTY);
}

#define CHANGES 20000u
static _Atomic bool is_over;

/* Change the length of the record that is taken next, all the time, between two that are right. */
static void *change_lengths(void *context)
{
    (void)context;
    for (uint64_t i = 0; !atomic_load_explicit(&is_over, memory_order_relaxed); i++) {
        const uint64_t head =
            atomic_load_explicit(&producer.page->head, memory_order_relaxed) & (CAPACITY - 1);
        const uint64_t first = first_word(1 + i % 2, FIXTURE_KIND, FIXTURE_TYPE);

        btx_ring_words_store(producer.bytes + head, &first, sizeof(first));
    }
    return NULL;
}

/* What was checked is what was copied: else who reads the copy would go by another length. */
static void command_consumer_take__length_changes_meanwhile__the_copy_is_what_was_checked(
    void **state)
{
    pthread_t thread;
    uint64_t tail = CAPACITY;

    (void)state;
    for (size_t i = 0; i < CAPACITY / 64; i++)
        fixture_record(producer.bytes + 64 * i, 1, FIXTURE_KIND, FIXTURE_TYPE, i);
    atomic_store(&is_over, false);
    assert_int_equal(pthread_create(&thread, NULL, change_lengths, NULL), 0);
    for (size_t changes = 0; changes < CHANGES;) { /* Both threads run at the same time. */
        const size_t length_before = length_bytes;
        uint16_t units;

        /* Let it look at the tail each time: neither length is beyond a full ring. */
        consumer->tail_seen = consumer->head;
        atomic_store(&producer.own->tail, tail);
        assert_int_equal(take(), BTX_COMMAND_TAKE_ONE);
        memcpy(&units, (const uint8_t *)copy + 4, sizeof(units));
        assert_int_equal(units * 64u, length_bytes);
        tail += length_bytes;
        changes += length_bytes != length_before;
    }
    atomic_store(&is_over, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

#define RING_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RING_TEST(command_producer_terms__as_opened__are_those_of_the_rule),
        RING_TEST(command_consumer_take__empty__is_empty),
        RING_TEST(command_consumer_take__records__come_in_order_one_a_call),
        RING_TEST(command_producer_claim__not_committed__is_not_seen),
        RING_TEST(command_producer_claim__full__is_an_answer),
        RING_TEST(command_consumer_take__over_the_end__is_contiguous),
        RING_TEST(command_producer_is_taken__after_the_last__is_true),
        cmocka_unit_test(command_consumer_take__each_lie__breaks_the_ring_for_good),
        RING_TEST(command_consumer_take__honest_then_a_lie__takes_what_was_before),
        RING_TEST(command_consumer_take__tail_goes_back__takes_what_was_seen),
        RING_TEST(command_consumer_take__the_check_says_no__breaks_with_its_sentence),
        RING_TEST(command_consumer_end__whole_records__are_taken_and_no_more),
        RING_TEST(command_consumer_end__at_a_lie__breaks),
        RING_TEST(command_producer_attach__other_layout__fault),
        RING_TEST(command_ring__producer_and_consumer_at_once__nothing_is_lost),
        RING_TEST(command_consumer_take__length_changes_meanwhile__the_copy_is_what_was_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
