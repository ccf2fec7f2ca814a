/* SPDX-License-Identifier: Apache-2.0 */
/* test_notify.c - the test is systemd: it has the socket at the other end. */
#include "engine/service/notify.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define MINUTE_NS UINT64_C(60000000000)

static int listener;
static char folder[] = "/tmp/betex-notify-XXXXXX";
static struct btx_notify notify;
static struct btx_fault fault;

static void listen_at(const struct sockaddr_un *address, size_t length)
{
    listener = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(listener >= 0);
    assert_int_equal(
        bind(listener, (const struct sockaddr *)(const void *)address, (socklen_t)length), 0);
}

/* An abstract name that the kernel chose, as NOTIFY_SOCKET has it. */
static void listen_abstract(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t length = sizeof(address);
    char name[sizeof(address.sun_path) + 1];

    listen_at(&address, sizeof(sa_family_t));
    assert_int_equal(getsockname(listener, (struct sockaddr *)(void *)&address, &length), 0);
    (void)snprintf(name, sizeof(name), "@%.*s",
                   (int)(length - offsetof(struct sockaddr_un, sun_path) - 1),
                   address.sun_path + 1);
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
}

static int setup(void **state)
{
    (void)state;
    listener = -1;
    notify = BTX_NOTIFY_NONE;
    fault = (struct btx_fault){0};
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    btx_notify_close(&notify);
    if (listener >= 0)
        (void)close(listener);
    return 0;
}

/* What came, "" when nothing has. */
static const char *heard(void)
{
    static char text[1024];
    const ssize_t length = recv(listener, text, sizeof(text) - 1, 0);

    text[length > 0 ? length : 0] = '\0';
    return text;
}

static void open_abstract(void)
{
    listen_abstract();
    assert_int_equal(btx_notify_open(&notify, &fault), BTX_OK);
}

/* Started from a terminal everything works, and says nothing to anybody. */
static void notify_open__nobody_listens__all_calls_do_nothing(void **state)
{
    (void)state;
    assert_int_equal(setenv("WATCHDOG_USEC", "1000000", 1), 0); /* Nobody would hear it. */
    assert_int_equal(btx_notify_open(&notify, &fault), BTX_OK);
    assert_int_equal(notify.fd, -1);
    assert_int_equal(notify.watchdog_ns, 0);
    assert_true(btx_notify_ready(&notify));
    assert_true(btx_notify_status(&notify, "x"));
    assert_true(btx_notify_extend(&notify, 1));
    assert_true(btx_notify_alive(&notify, 1));
    assert_true(btx_notify_stopping(&notify));
}

static void notify__abstract_address__each_message_as_the_protocol_wants_it(void **state)
{
    (void)state;
    open_abstract();
    assert_true(btx_notify_ready(&notify));
    assert_string_equal(heard(), "READY=1");
    assert_true(btx_notify_status(&notify, "%d of %d", 3, 4));
    assert_string_equal(heard(), "STATUS=3 of 4");
    assert_true(btx_notify_extend(&notify, MINUTE_NS));
    assert_string_equal(heard(), "EXTEND_TIMEOUT_USEC=60000000");
    assert_true(btx_notify_stopping(&notify));
    assert_string_equal(heard(), "STOPPING=1");
    assert_string_equal(heard(), "");
}

/* The path may be out of reach once the sandbox is closed: the descriptor goes on. */
static void notify__path_that_is_removed_later__goes_on(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", folder);
    listen_at(&address, sizeof(address));
    assert_int_equal(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
    assert_int_equal(btx_notify_open(&notify, &fault), BTX_OK);
    assert_int_equal(unlink(address.sun_path), 0);
    assert_int_equal(rmdir(folder), 0);

    assert_true(btx_notify_ready(&notify));
    assert_string_equal(heard(), "READY=1");
}

/* Children must not speak for the service, nor hold its socket. */
static void notify_open__it_listens__environment_and_exec_are_clean(void **state)
{
    (void)state;
    assert_int_equal(setenv("WATCHDOG_USEC", "1000000", 1), 0);
    open_abstract();
    assert_null(getenv("NOTIFY_SOCKET"));
    assert_null(getenv("WATCHDOG_USEC"));
    assert_true((fcntl(notify.fd, F_GETFD) & FD_CLOEXEC) != 0);
}

static void notify_open__variables_that_make_no_sense__fault(void **state)
{
    static const char *const rows[][3] = {
        {"engine.sock", "WATCHDOG_USEC", "1"}, {"@", "WATCHDOG_USEC", "1"},
        {"/", "WATCHDOG_USEC", "1"},           {NULL, "WATCHDOG_USEC", "soon"},
        {NULL, "WATCHDOG_USEC", "0"},          {NULL, "WATCHDOG_USEC", "-1"},
        {NULL, "WATCHDOG_USEC", "1s"},         {NULL, "WATCHDOG_USEC", "18446744073709552"},
        {NULL, "WATCHDOG_PID", "x"},
    };

    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        (void)setup(state);
        print_message("row %zu\n", i);
        listen_abstract();
        if (rows[i][0] != NULL)
            assert_int_equal(setenv("NOTIFY_SOCKET", rows[i][0], 1), 0);
        assert_int_equal(setenv("WATCHDOG_USEC", "1000000", 1), 0);
        assert_int_equal(setenv(rows[i][1], rows[i][2], 1), 0);
        assert_int_equal(btx_notify_open(&notify, &fault), BTX_FAULT_CONFIG);
        assert_int_equal(notify.fd, -1);
        (void)teardown(state);
    }
}

static void notify_open__path_too_long__fault(void **state)
{
    char name[110];

    (void)state;
    memset(name, 'a', sizeof(name));
    name[0] = '/';
    name[108] = '\0';
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
    assert_int_equal(btx_notify_open(&notify, &fault), BTX_FAULT_CONFIG);
}

static void notify_open__nothing_at_the_path__fault(void **state)
{
    (void)state;
    assert_int_equal(setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1), 0);
    assert_int_equal(btx_notify_open(&notify, &fault), BTX_FAULT_IO);
    assert_string_equal(fault.text, "connecting to NOTIFY_SOCKET '/nonexistent/notify': No such "
                                    "file or directory");
}

/* A status that carries a line end would say another thing too: STOPPING, for instance. */
static void notify_status__control_characters__are_spaces(void **state)
{
    (void)state;
    open_abstract();
    assert_true(btx_notify_status(&notify, "a\nSTOPPING=1\r\x7f\x1b"));
    assert_string_equal(heard(), "STATUS=a STOPPING=1   ");
}

static void notify_status__too_long__is_cut(void **state)
{
    (void)state;
    open_abstract();
    assert_true(btx_notify_status(&notify, "%0*d", 2 * BTX_NOTIFY_STATUS_BYTES, 7));
    assert_int_equal(strlen(heard()), strlen("STATUS=") + BTX_NOTIFY_STATUS_BYTES - 1);
}

/* A service that would wait here would be held up by a systemd that hangs. */
static void notify_ready__queue_is_full__false_and_does_not_wait(void **state)
{
    (void)state;
    open_abstract();
    while (btx_notify_stopping(&notify))
        continue;
    assert_false(btx_notify_ready(&notify));
    while (heard()[0] != '\0')
        continue;
    assert_true(btx_notify_ready(&notify));
    assert_string_equal(heard(), "READY=1");
}

/* systemd restarts itself, or is gone: the service goes on. */
static void notify_ready__the_other_side_is_gone__true(void **state)
{
    (void)state;
    open_abstract();
    (void)close(listener);
    listener = -1;
    assert_true(btx_notify_ready(&notify));
}

static void notify_alive__often__said_each_quarter(void **state)
{
    (void)state;
    assert_int_equal(setenv("WATCHDOG_USEC", "60000000", 1), 0);
    open_abstract();
    assert_int_equal(notify.watchdog_ns, MINUTE_NS);
    assert_true(btx_notify_alive(&notify, 1000));
    assert_string_equal(heard(), "WATCHDOG=1");
    assert_true(btx_notify_alive(&notify, 999 + MINUTE_NS / 4));
    assert_string_equal(heard(), "");
    assert_true(btx_notify_alive(&notify, 1000 + MINUTE_NS / 4));
    assert_string_equal(heard(), "WATCHDOG=1");
    assert_true(btx_notify_alive(&notify, 2000 + MINUTE_NS / 4));
    assert_string_equal(heard(), "");
}

/* One that was not delivered is said at the next call, not a quarter later. */
static void notify_alive__queue_was_full__said_at_the_next_call(void **state)
{
    (void)state;
    assert_int_equal(setenv("WATCHDOG_USEC", "60000000", 1), 0);
    open_abstract();
    while (btx_notify_stopping(&notify))
        continue;
    assert_false(btx_notify_alive(&notify, 1000));
    while (heard()[0] != '\0')
        continue;
    assert_true(btx_notify_alive(&notify, 1001));
    assert_string_equal(heard(), "WATCHDOG=1");
}

/* The variables go down to children, which would keep a dead service alive. */
static void notify_open__watchdog_of_this_process_or_another__only_ours_counts(void **state)
{
    char pid[32];

    (void)state;
    (void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
    assert_int_equal(setenv("WATCHDOG_USEC", "60000000", 1), 0);
    assert_int_equal(setenv("WATCHDOG_PID", pid, 1), 0);
    open_abstract();
    assert_int_equal(notify.watchdog_ns, MINUTE_NS);
    (void)teardown(state);

    assert_int_equal(setenv("WATCHDOG_USEC", "60000000", 1), 0);
    (void)snprintf(pid, sizeof(pid), "%d", (int)getppid());
    assert_int_equal(setenv("WATCHDOG_PID", pid, 1), 0);
    open_abstract();
    assert_int_equal(notify.watchdog_ns, 0);
    assert_true(btx_notify_alive(&notify, 1000));
    assert_string_equal(heard(), "");
}

#define NOTIFY_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NOTIFY_TEST(notify_open__nobody_listens__all_calls_do_nothing),
        NOTIFY_TEST(notify__abstract_address__each_message_as_the_protocol_wants_it),
        NOTIFY_TEST(notify__path_that_is_removed_later__goes_on),
        NOTIFY_TEST(notify_open__it_listens__environment_and_exec_are_clean),
        NOTIFY_TEST(notify_open__variables_that_make_no_sense__fault),
        NOTIFY_TEST(notify_open__path_too_long__fault),
        NOTIFY_TEST(notify_open__nothing_at_the_path__fault),
        NOTIFY_TEST(notify_status__control_characters__are_spaces),
        NOTIFY_TEST(notify_status__too_long__is_cut),
        NOTIFY_TEST(notify_ready__queue_is_full__false_and_does_not_wait),
        NOTIFY_TEST(notify_ready__the_other_side_is_gone__true),
        NOTIFY_TEST(notify_alive__often__said_each_quarter),
        NOTIFY_TEST(notify_alive__queue_was_full__said_at_the_next_call),
        NOTIFY_TEST(notify_open__watchdog_of_this_process_or_another__only_ours_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
