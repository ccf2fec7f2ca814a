/* SPDX-License-Identifier: Apache-2.0 */
/* test_signals.c - signals that the test sends to its own process. */
#include "engine/service/signals.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static struct btx_signals signals;

static int setup(void **state)
{
    struct btx_fault fault = {0};

    (void)state;
    return btx_signals_open(&signals, &fault) == BTX_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    btx_signals_close(&signals);
    return 0;
}

static bool is_readable(void)
{
    struct pollfd waited = {.fd = signals.fd, .events = POLLIN};

    return poll(&waited, 1, 0) == 1;
}

static void signals_read__none_came__nothing_is_asked(void **state)
{
    (void)state;
    assert_false(is_readable());
    btx_signals_read(&signals);
    assert_int_equal(btx_signals_stop(&signals), 0);
    assert_false(btx_signals_take_reload(&signals));
}

/* Who waits for the descriptor wakes up, and who only looks sees it, for good. */
static void signals_read__asked_to_stop__says_by_which(void **state)
{
    static const int asking[] = {SIGTERM, SIGINT};

    for (size_t i = 0; i < BTX_COUNT_OF(asking); i++) {
        assert_int_equal(kill(getpid(), asking[i]), 0);
        assert_true(is_readable());
        btx_signals_read(&signals);
        assert_false(is_readable());
        assert_int_equal(btx_signals_stop(&signals), asking[i]);
        assert_int_equal(btx_signals_stop(&signals), asking[i]);
        assert_false(btx_signals_take_reload(&signals));
        btx_signals_close(&signals);
        assert_int_equal(setup(state), 0);
    }
}

static void signals_read__hangup__is_a_reload_once(void **state)
{
    (void)state;
    assert_int_equal(kill(getpid(), SIGHUP), 0);
    assert_true(is_readable());
    btx_signals_read(&signals);
    assert_true(btx_signals_take_reload(&signals));
    assert_false(btx_signals_take_reload(&signals));
    assert_int_equal(btx_signals_stop(&signals), 0);
}

/* Two at once must not hide one another. */
static void signals_read__reload_and_stop__both_are_seen(void **state)
{
    (void)state;
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    assert_int_equal(kill(getpid(), SIGHUP), 0);
    btx_signals_read(&signals);
    assert_int_equal(btx_signals_stop(&signals), SIGTERM);
    assert_true(btx_signals_take_reload(&signals));
}

/* A client that is gone is an error of a call, not the end of the service. */
static void signals_open__writing_to_a_closed_pipe__is_an_error(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    (void)close(ends[0]);
    assert_int_equal(write(ends[1], "x", 1), -1);
    assert_int_equal(errno, EPIPE);
    (void)close(ends[1]);
}

/* What a test or a tool did with its signals before must hold after. */
static void signals_close__a_signal_is_pending__gives_all_back(void **state)
{
    struct sigaction action;
    sigset_t mask;

    (void)state;
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    btx_signals_close(&signals); /* It does not end us. */
    assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &mask), 0);
    assert_false(sigismember(&mask, SIGTERM));
    assert_false(sigismember(&mask, SIGINT));
    assert_false(sigismember(&mask, SIGHUP));
    assert_int_equal(sigaction(SIGPIPE, NULL, &action), 0);
    assert_ptr_equal(action.sa_handler, SIG_DFL);
    btx_signals_close(&signals);
}

#define SIGNALS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIGNALS_TEST(signals_read__none_came__nothing_is_asked),
        SIGNALS_TEST(signals_read__asked_to_stop__says_by_which),
        SIGNALS_TEST(signals_read__hangup__is_a_reload_once),
        SIGNALS_TEST(signals_read__reload_and_stop__both_are_seen),
        SIGNALS_TEST(signals_open__writing_to_a_closed_pipe__is_an_error),
        SIGNALS_TEST(signals_close__a_signal_is_pending__gives_all_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
