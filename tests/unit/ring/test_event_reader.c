/* SPDX-License-Identifier: Apache-2.0 */
/* test_event_reader.c - what a reader sees, does not see, and is told when it is too slow. */
#include "engine/ring/event_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "ring_fixture.h"

#define CAPACITY BTX_EVENT_RING_BYTES_MIN

static struct btx_event_ring ring;
static struct btx_event_reader reader;
static uint64_t buffer[CAPACITY / sizeof(uint64_t)];

static int setup(void **state)
{
    (void)state;
    fixture_event_ring(&ring, 5);
    fixture_event_reader(&ring, &reader);
    memset(buffer, 0, sizeof(buffer));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    btx_event_reader_detach(&reader);
    btx_event_ring_done(&ring);
    return 0;
}

/* No answer ever shows what is not on the disk. */
static void event_reader_read__published_but_not_durable__sees_nothing(void **state)
{
    size_t length_bytes = 0;

    (void)state;
    fixture_write(&ring, 128, 1);

    assert_int_equal(btx_event_reader_read(&reader, buffer, sizeof(buffer), &length_bytes),
                     BTX_EVENT_READ_NOTHING);
    assert_false(btx_event_reader_is_behind(&reader));
}

static void event_reader_read__durable__copies_it_once(void **state)
{
    size_t length_bytes = 0;

    (void)state;
    fixture_write(&ring, 128, 1);
    fixture_commit(&ring, 6);

    assert_true(btx_event_reader_is_behind(&reader));
    assert_int_equal(btx_event_reader_read(&reader, buffer, sizeof(buffer), &length_bytes),
                     BTX_EVENT_READ_BYTES);
    assert_int_equal(length_bytes, 128);
    assert_true(fixture_is_counting(buffer, 128, 1));
    btx_event_reader_advance(&reader, length_bytes);
    assert_int_equal(btx_event_reader_read(&reader, buffer, sizeof(buffer), &length_bytes),
                     BTX_EVENT_READ_NOTHING);
}

static void event_reader_read__more_than_the_limit__comes_in_pieces(void **state)
{
    size_t length_bytes = 0;

    (void)state;
    fixture_write(&ring, 192, 1);
    fixture_commit(&ring, 6);

    assert_int_equal(btx_event_reader_read(&reader, buffer, 128, &length_bytes),
                     BTX_EVENT_READ_BYTES);
    assert_int_equal(length_bytes, 128);
    /* Its last record was not whole: read that again. */
    btx_event_reader_advance(&reader, 64);
    assert_int_equal(btx_event_reader_read(&reader, buffer, 128, &length_bytes),
                     BTX_EVENT_READ_BYTES);
    assert_true(fixture_is_counting(buffer, 128, 9));
}

static void event_reader_read__over_the_end__is_contiguous(void **state)
{
    size_t length_bytes = 0;
    uint64_t mark;

    (void)state;
    fixture_write(&ring, CAPACITY - 64, 0);
    fixture_commit(&ring, 6);
    assert_true(btx_event_reader_join(&reader, &mark));
    fixture_write(&ring, 4096, 50);
    fixture_commit(&ring, 7);

    assert_int_equal(btx_event_reader_read(&reader, buffer, sizeof(buffer), &length_bytes),
                     BTX_EVENT_READ_BYTES);
    assert_true(fixture_is_counting(buffer, 4096, 50));
}

/* A ring behind to the byte is still good; the oldest byte is the one that goes first. */
static void event_reader_read__exactly_a_ring_behind__still_reads(void **state)
{
    size_t length_bytes = 0;

    (void)state;
    fixture_write(&ring, CAPACITY, 0);
    fixture_commit(&ring, 6);

    assert_int_equal(btx_event_reader_read(&reader, buffer, sizeof(buffer), &length_bytes),
                     BTX_EVENT_READ_BYTES);
    assert_int_equal(length_bytes, CAPACITY);
    assert_true(fixture_is_counting(buffer, CAPACITY, 0));
}

/* From the claim on, before a byte of it is published, the place may be overwritten. */
static void event_reader_read__its_place_is_claimed__overrun(void **state)
{
    size_t length_bytes = 0;

    (void)state;
    fixture_write(&ring, CAPACITY, 0);
    fixture_commit(&ring, 6);
    assert_int_equal(btx_event_ring_room(&ring, 64), CAPACITY);
    (void)btx_event_ring_claim(&ring, 64);

    assert_int_equal(btx_event_reader_read(&reader, buffer, 64, &length_bytes),
                     BTX_EVENT_READ_OVERRUN);
    assert_int_equal(btx_event_reader_position(&reader), 0);
}

/* A claim that turned out short must not be forgotten: its bytes may have been written. */
static void event_reader_read__short_tx_after_a_long_claim__still_overrun(void **state)
{
    size_t length_bytes = 0;

    (void)state;
    fixture_write(&ring, CAPACITY - 128, 0);
    fixture_commit(&ring, 6);
    assert_int_equal(btx_event_ring_room(&ring, 1024), CAPACITY);
    (void)btx_event_ring_claim(&ring, 1024);
    btx_event_ring_publish(&ring, 64);
    fixture_write(&ring, 64, 0); /* Claims up to a full ring, less than before. */

    assert_int_equal(btx_event_reader_read(&reader, buffer, 64, &length_bytes),
                     BTX_EVENT_READ_OVERRUN);
}

static void event_reader_read__far_behind__overrun(void **state)
{
    size_t length_bytes = 0;

    (void)state;
    for (int i = 0; i < 3; i++) {
        fixture_write(&ring, CAPACITY, 0);
        fixture_commit(&ring, 6);
    }

    assert_int_equal(btx_event_reader_read(&reader, buffer, 64, &length_bytes),
                     BTX_EVENT_READ_OVERRUN);
}

/* The way back after an overrun: fold the log up to the mark, go on from there. */
static void event_reader_join__after_overrun__stands_at_the_mark(void **state)
{
    size_t length_bytes = 0;
    uint64_t mark = 0;

    (void)state;
    assert_true(btx_event_reader_join(&reader, &mark));
    assert_int_equal(mark, 5);
    fixture_write(&ring, CAPACITY, 0);
    fixture_commit(&ring, 1005);
    fixture_write(&ring, 64, 0);
    fixture_commit(&ring, 1006);
    assert_int_equal(btx_event_reader_read(&reader, buffer, 64, &length_bytes),
                     BTX_EVENT_READ_OVERRUN);

    assert_true(btx_event_reader_join(&reader, &mark));
    assert_int_equal(mark, 1006);
    fixture_write(&ring, 64, 31);
    fixture_commit(&ring, 1007);
    assert_int_equal(btx_event_reader_read(&reader, buffer, 64, &length_bytes),
                     BTX_EVENT_READ_BYTES);
    assert_true(fixture_is_counting(buffer, 64, 31));
}

/* An engine that was killed between two stores must not keep its readers for ever. */
static void event_reader_join__pair_never_whole__gives_up(void **state)
{
    uint64_t mark = 0;

    (void)state;
    atomic_store(&ring.page->pair, 1);

    assert_false(btx_event_reader_join(&reader, &mark));
    assert_int_equal(mark, 0);
}

static void event_reader_attach__other_layout__fault(void **state)
{
    struct btx_event_reader other;
    struct btx_fault fault = {0};
    int page_fd = -1;
    int bytes_fd = -1;

    (void)state;
    ring.page->layout_version++;
    assert_int_equal(btx_ring_memory_open_reader(&ring.page_memory, &page_fd, &fault), BTX_OK);
    assert_int_equal(btx_ring_memory_open_reader(&ring.bytes_memory, &bytes_fd, &fault), BTX_OK);

    assert_int_equal(btx_event_reader_attach(&other, page_fd, bytes_fd, &fault), BTX_FAULT_LAYOUT);
}

/* Readers have no way to write, whatever they try with what they were given. */
static void event_reader_memory__mapped_for_writing__is_refused(void **state)
{
    (void)state;
    assert_ptr_equal(
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, reader.bytes_memory.fd, 0),
        MAP_FAILED);
    assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, reader.page_memory.fd, 0),
                     MAP_FAILED);
    assert_int_equal(mprotect(reader.bytes_memory.base, 4096, PROT_READ | PROT_WRITE), -1);
    assert_int_equal(mprotect(reader.page_memory.base, 4096, PROT_READ | PROT_WRITE), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(event_reader_read__published_but_not_durable__sees_nothing,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(event_reader_read__durable__copies_it_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(event_reader_read__more_than_the_limit__comes_in_pieces,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(event_reader_read__over_the_end__is_contiguous, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(event_reader_read__exactly_a_ring_behind__still_reads,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(event_reader_read__its_place_is_claimed__overrun, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            event_reader_read__short_tx_after_a_long_claim__still_overrun, setup, teardown),
        cmocka_unit_test_setup_teardown(event_reader_read__far_behind__overrun, setup, teardown),
        cmocka_unit_test_setup_teardown(event_reader_join__after_overrun__stands_at_the_mark, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(event_reader_join__pair_never_whole__gives_up, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(event_reader_attach__other_layout__fault, setup, teardown),
        cmocka_unit_test_setup_teardown(event_reader_memory__mapped_for_writing__is_refused, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
