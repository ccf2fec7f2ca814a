/* SPDX-License-Identifier: Apache-2.0 */
/* test_ring_message.c - packets with descriptors, whole or not at all. */
#include "engine/ring/ring_message.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static int pair[2];

static int setup(void **state)
{
    (void)state;
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair);
}

static int teardown(void **state)
{
    (void)state;
    (void)close(pair[0]);
    (void)close(pair[1]);
    return 0;
}

static void ring_message_send__with_descriptors__arrive_in_their_order(void **state)
{
    struct btx_ring_message message = btx_ring_message_make(BTX_RING_MESSAGE_WELCOME, "hello");
    const int fds[2] = {pair[0], pair[1]};
    int got[BTX_RING_DESCRIPTORS_MAX];
    size_t count = 0;

    (void)state;
    message.descriptor_count = 2;
    assert_int_equal(btx_ring_message_send(pair[0], &message, fds, 2), 0);
    memset(&message, 0, sizeof(message));

    assert_int_equal(btx_ring_message_receive(pair[1], &message, got, &count), 0);
    assert_int_equal(message.type, BTX_RING_MESSAGE_WELCOME);
    assert_string_equal(message.text, "hello");
    assert_int_equal(count, 2);
    assert_int_equal(fcntl(got[0], F_GETFD), FD_CLOEXEC);
    (void)close(got[0]);
    (void)close(got[1]);
}

/* The engine must not wait for a peer that does not read. */
static void ring_message_send__nobody_reads__says_again(void **state)
{
    const struct btx_ring_message message = btx_ring_message_make(BTX_RING_MESSAGE_WAKE, "");
    int flags = fcntl(pair[0], F_GETFL);
    int os_error = 0;

    (void)state;
    /* Blocking, as a peer might make a description that it shares. */
    assert_int_equal(fcntl(pair[0], F_SETFL, flags & ~O_NONBLOCK), 0);
    for (int i = 0; i < 100000 && os_error == 0; i++)
        os_error = btx_ring_message_send(pair[0], &message, NULL, 0);
    assert_int_equal(os_error, EAGAIN);
}

static void ring_message_receive__nothing_there__says_again(void **state)
{
    struct btx_ring_message message;
    int fds[BTX_RING_DESCRIPTORS_MAX];
    size_t count = 0;

    (void)state;
    assert_int_equal(btx_ring_message_receive(pair[1], &message, fds, &count), EAGAIN);
}

static void ring_message_receive__other_end_closed__says_reset(void **state)
{
    struct btx_ring_message message;
    int fds[BTX_RING_DESCRIPTORS_MAX];
    size_t count = 0;

    (void)state;
    assert_int_equal(shutdown(pair[0], SHUT_WR), 0);
    assert_int_equal(btx_ring_message_receive(pair[1], &message, fds, &count), ECONNRESET);
}

static void ring_message_receive__short_or_foreign__says_protocol(void **state)
{
    struct btx_ring_message message = btx_ring_message_make(BTX_RING_MESSAGE_WAKE, "");
    int fds[BTX_RING_DESCRIPTORS_MAX];
    size_t count = 0;

    (void)state;
    assert_int_equal(send(pair[0], &message, sizeof(message) - 1, 0), sizeof(message) - 1);
    message.magic++;
    assert_int_equal(btx_ring_message_send(pair[0], &message, NULL, 0), 0);

    assert_int_equal(btx_ring_message_receive(pair[1], &message, fds, &count), EPROTO);
    assert_int_equal(btx_ring_message_receive(pair[1], &message, fds, &count), EPROTO);
}

/* A count that is not what came along must not make us look at descriptors that are none. */
static void ring_message_receive__count_that_lies__says_protocol_and_closes(void **state)
{
    struct btx_ring_message message = btx_ring_message_make(BTX_RING_MESSAGE_WELCOME, "");
    const int fds[1] = {pair[0]};
    int got[BTX_RING_DESCRIPTORS_MAX];
    const int before = dup(pair[0]);
    size_t count = 0;
    int after;

    (void)state;
    (void)close(before);
    message.descriptor_count = 2;
    assert_int_equal(btx_ring_message_send(pair[0], &message, fds, 1), 0);

    assert_int_equal(btx_ring_message_receive(pair[1], &message, got, &count), EPROTO);
    after = dup(pair[0]);
    assert_int_equal(after, before); /* The lowest free number: nothing is left open. */
    (void)close(after);
}

static void ring_message_make__text_too_long__is_cut(void **state)
{
    char text[200];
    struct btx_ring_message message;

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    message = btx_ring_message_make(BTX_RING_MESSAGE_REFUSED, text);

    assert_int_equal(strlen(message.text), BTX_RING_MESSAGE_TEXT_BYTES - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ring_message_send__with_descriptors__arrive_in_their_order,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(ring_message_send__nobody_reads__says_again, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(ring_message_receive__nothing_there__says_again, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(ring_message_receive__other_end_closed__says_reset, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(ring_message_receive__short_or_foreign__says_protocol,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            ring_message_receive__count_that_lies__says_protocol_and_closes, setup, teardown),
        cmocka_unit_test(ring_message_make__text_too_long__is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
