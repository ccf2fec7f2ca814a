/* SPDX-License-Identifier: Apache-2.0 */
/* test_ring_port.c - a port from closed to closed, and what the matcher is told on the way. */
#include "engine/ring/ring_port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "ring_fixture.h"

static struct btx_ring_port port;
static struct btx_command_producer producer;
static uint64_t copy[FIXTURE_LENGTH_MAX / sizeof(uint64_t)];
static size_t length_bytes;

static int setup(void **state)
{
    (void)state;
    fixture_port(&port);
    fixture_open(&port, 1, &producer);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    btx_command_producer_detach(&producer);
    btx_ring_port_done(&port);
    return 0;
}

static enum btx_ring_port_take take(void)
{
    return btx_ring_port_take(&port, copy, &length_bytes);
}

static void ring_port_take__closed__is_empty(void **state)
{
    struct btx_ring_port closed;

    (void)state;
    fixture_port(&closed);
    assert_int_equal(btx_ring_port_take(&closed, copy, &length_bytes), BTX_RING_PORT_EMPTY);
    btx_ring_port_done(&closed);
}

static void ring_port_take__open__takes_commands_of_its_incarnation(void **state)
{
    (void)state;
    assert_true(fixture_produce(&producer, 1, 4));

    assert_int_equal(take(), BTX_RING_PORT_COMMAND);
    assert_int_equal(btx_ring_port_incarnation(&port), 1);
    assert_int_equal(take(), BTX_RING_PORT_EMPTY);
}

/* What the dead had handed over is executed; then its accounts are to be cancelled for. */
static void ring_port_take__revoked__takes_the_rest_then_says_ended_once(void **state)
{
    const uint64_t *accounts;

    (void)state;
    btx_command_producer_set_account(&producer, 500, 71);
    btx_command_producer_set_account(&producer, 3, 70);
    btx_command_producer_set_account(&producer, 4, 99);
    btx_command_producer_set_account(&producer, 4, 0);
    assert_true(fixture_produce(&producer, 1, 1));
    assert_true(fixture_produce(&producer, 1, 2));
    btx_ring_port_revoke(&port, "gone");

    assert_int_equal(take(), BTX_RING_PORT_COMMAND);
    assert_int_equal(take(), BTX_RING_PORT_COMMAND);
    assert_int_equal(take(), BTX_RING_PORT_ENDED);
    assert_int_equal(take(), BTX_RING_PORT_EMPTY);
    assert_int_equal(btx_ring_port_accounts(&port, &accounts), 2);
    assert_int_equal(accounts[0], 70);
    assert_int_equal(accounts[1], 71);
    assert_string_equal(btx_ring_port_why(&port), "gone");
}

/* A process that wakes up again after its connection was cut: nothing of what it does counts. */
static void ring_port_take__writes_after_the_end__are_not_read(void **state)
{
    const uint64_t *accounts;

    (void)state;
    btx_ring_port_revoke(&port, "gone");
    assert_false(fixture_produce(&producer, 1, 1)); /* An honest one sees it. */
    atomic_store(&producer.own->tail, 64);
    btx_command_producer_set_account(&producer, 0, 70);

    assert_int_equal(take(), BTX_RING_PORT_ENDED);
    assert_int_equal(btx_ring_port_accounts(&port, &accounts), 0);
}

static void ring_port_take__a_lie__says_broken_once_then_ended(void **state)
{
    (void)state;
    assert_null(btx_ring_port_lie(&port));
    atomic_store(&producer.own->tail, 1);

    assert_int_equal(take(), BTX_RING_PORT_BROKEN);
    assert_int_equal(take(), BTX_RING_PORT_EMPTY);
    assert_string_equal(btx_ring_port_lie(&port),
                        "the tail of the ring is no whole number of units");
    btx_ring_port_revoke(&port, "told to");
    assert_int_equal(take(), BTX_RING_PORT_ENDED);
    /* The operator wants the cause, not the consequence. */
    assert_string_equal(btx_ring_port_why(&port),
                        "the tail of the ring is no whole number of units");
}

/* A record that was cut by the death of its producer is no lie to be told, only not whole. */
static void ring_port_take__revoked_in_the_middle_of_a_record__says_ended(void **state)
{
    (void)state;
    assert_true(fixture_produce(&producer, 2, 1));
    atomic_store(&producer.own->tail, 64);
    btx_ring_port_revoke(&port, "gone");

    assert_int_equal(take(), BTX_RING_PORT_ENDED);
}

static void ring_port_close__after_release__opens_anew_and_empty(void **state)
{
    struct btx_command_producer next;

    (void)state;
    assert_true(fixture_produce(&producer, 1, 1));
    btx_ring_port_revoke(&port, "gone");
    assert_int_equal(take(), BTX_RING_PORT_COMMAND);
    assert_int_equal(take(), BTX_RING_PORT_ENDED);
    btx_ring_port_release(&port);
    assert_int_equal(take(), BTX_RING_PORT_EMPTY);
    btx_ring_port_close(&port);
    assert_false(fixture_produce(&producer, 1, 2));
    fixture_open(&port, 2, &next);

    assert_true(btx_command_producer_is_revoked(&producer)); /* The page says open, not to it. */
    assert_false(btx_command_producer_is_revoked(&next));
    atomic_store(&producer.own->tail, 128); /* The old one still has its old ring. */
    assert_int_equal(take(), BTX_RING_PORT_EMPTY);
    assert_true(fixture_produce(&next, 1, 30));
    assert_int_equal(take(), BTX_RING_PORT_COMMAND);
    assert_int_equal(btx_ring_port_incarnation(&port), 2);
    assert_true(fixture_is_counting(copy + 1, 56, 30));
    btx_command_producer_detach(&next);
}

/* A peer that goes before it has mapped its ring: the port is as it was. */
static void ring_port_abandon__prepared__is_closed_and_opens_anew(void **state)
{
    struct btx_ring_port other;
    struct btx_command_producer next;
    struct btx_fault fault = {0};

    (void)state;
    fixture_port(&other);
    assert_int_equal(btx_ring_port_prepare(&other, 1, &fault), BTX_OK);
    btx_ring_port_abandon(&other);
    assert_int_equal(btx_ring_port_take(&other, copy, &length_bytes), BTX_RING_PORT_EMPTY);
    fixture_open(&other, 2, &next);
    assert_true(fixture_produce(&next, 1, 1));
    assert_int_equal(btx_ring_port_take(&other, copy, &length_bytes), BTX_RING_PORT_COMMAND);
    btx_command_producer_detach(&next);
    btx_ring_port_done(&other);
}

static void ring_port_wake_due__each_wait__is_due_once(void **state)
{
    (void)state;
    assert_false(btx_ring_port_wake_due(&port, 1000));
    btx_command_producer_wait_for(&producer, 65);
    assert_false(btx_ring_port_wake_due(&port, 64));
    assert_true(btx_ring_port_wake_due(&port, 128));
    assert_false(btx_ring_port_wake_due(&port, 192));
    btx_command_producer_wait_for(&producer, 129);
    assert_true(btx_ring_port_wake_due(&port, 192));
    btx_command_producer_wait_for(&producer, 0);
    assert_false(btx_ring_port_wake_due(&port, 256));
}

#define PORT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ring_port_take__closed__is_empty),
        PORT_TEST(ring_port_take__open__takes_commands_of_its_incarnation),
        PORT_TEST(ring_port_take__revoked__takes_the_rest_then_says_ended_once),
        PORT_TEST(ring_port_take__writes_after_the_end__are_not_read),
        PORT_TEST(ring_port_take__a_lie__says_broken_once_then_ended),
        PORT_TEST(ring_port_take__revoked_in_the_middle_of_a_record__says_ended),
        PORT_TEST(ring_port_close__after_release__opens_anew_and_empty),
        PORT_TEST(ring_port_abandon__prepared__is_closed_and_opens_anew),
        PORT_TEST(ring_port_wake_due__each_wait__is_due_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
