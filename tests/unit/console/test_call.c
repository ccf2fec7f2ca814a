/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/console/call.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "admin/protocol.h"

/* A betex-admin that does what the test says. */
struct world {
    char folder[32];
    char path[64];
    int listen_fd;
    int fd; /* at which it was asked */
    struct btx_call call;
};

static struct world world;

static int set_up(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    (void)state;
    strcpy(world.folder, "/tmp/betex-call-XXXXXX");
    if (mkdtemp(world.folder) == NULL)
        return -1;
    (void)snprintf(world.path, sizeof world.path, "%s/admin.sock", world.folder);
    strcpy(address.sun_path, world.path);
    world.listen_fd = socket(AF_UNIX, SOCK_STREAM, 0);
    world.fd = -1;
    world.call = (struct btx_call){.fd = -1};
    return bind(world.listen_fd, (const struct sockaddr *)&address, sizeof address) == 0
               ? listen(world.listen_fd, 1)
               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    btx_call_end(&world.call);
    if (world.fd >= 0)
        (void)close(world.fd);
    (void)close(world.listen_fd);
    (void)unlink(world.path);
    return rmdir(world.folder);
}

static void begin(void)
{
    struct btx_fault fault = {0};

    assert_int_equal(btx_call_begin(&world.call, world.path,
                                    (const char *const[]){"status", "--json"}, 2, 7, &fault),
                     BTX_OK);
    world.fd = accept(world.listen_fd, NULL, NULL);
    assert_true(world.fd >= 0);
}

static void send_bytes(const void *bytes, size_t length)
{
    assert_int_equal(send(world.fd, bytes, length, 0), length);
}

static void send_frame(enum btx_admin_frame type, const char *text, size_t length)
{
    uint8_t header[BTX_ADMIN_HEADER_BYTES];

    btx_admin_header_put(header, type, (uint32_t)length);
    send_bytes(header, sizeof header);
    send_bytes(text, length);
}

static enum btx_fault_code turn(void)
{
    struct btx_fault fault = {0};

    return btx_call_turn(&world.call, &fault);
}

static void begin__somebody_there__is_asked(void **state)
{
    uint8_t bytes[256];
    struct btx_admin_request request;
    ssize_t got;

    (void)state;
    begin();
    got = recv(world.fd, bytes, sizeof bytes, 0);
    assert_true(got > BTX_ADMIN_HEADER_BYTES);
    assert_null(btx_admin_request_read(bytes + BTX_ADMIN_HEADER_BYTES,
                                       (size_t)got - BTX_ADMIN_HEADER_BYTES, &request));
    assert_int_equal(request.argument_count, 2);
    assert_string_equal(request.arguments[0], "status");
    assert_int_equal(world.call.asked_ns, 7);
}

static void begin__nobody_there__fault(void **state)
{
    struct btx_fault fault = {0};

    (void)state;
    (void)unlink(world.path);
    assert_int_equal(
        btx_call_begin(&world.call, world.path, (const char *const[]){"status"}, 1, 7, &fault),
        BTX_FAULT_IO);
    assert_int_equal(world.call.fd, -1);
    assert_non_null(strstr(fault.text, "nobody answers"));
}

static void turn__nothing_has_come__goes_on(void **state)
{
    (void)state;
    begin();
    assert_int_equal(turn(), BTX_OK);
    assert_false(world.call.is_answered);
}

/* Frames come in whatever pieces. */
static void turn__byte_by_byte__taken_apart(void **state)
{
    const uint8_t bytes[] = {
        2, 0, 0, 0, BTX_ADMIN_OUT,  0, 0, 0, 'a', 'b', 1, 0, 0, 0, BTX_ADMIN_ERR, 0, 0, 0, 'e',
        1, 0, 0, 0, BTX_ADMIN_EXIT, 0, 0, 0, 3};

    (void)state;
    begin();
    for (size_t i = 0; i < sizeof bytes; i++) {
        assert_false(world.call.is_answered);
        send_bytes(bytes + i, 1);
        assert_int_equal(turn(), BTX_OK);
    }
    assert_true(world.call.is_answered);
    assert_int_equal(world.call.status, 3);
    assert_int_equal(world.call.out.length, 2);
    assert_memory_equal(world.call.out.bytes, "ab", 2);
    assert_memory_equal(world.call.err.bytes, "e", 1);
}

static void turn__a_long_answer__whole(void **state)
{
    static char text[BTX_ADMIN_CHUNK_BYTES_MAX];

    (void)state;
    begin();
    memset(text, 'x', sizeof text);
    for (int i = 0; i < 3; i++) {
        send_frame(BTX_ADMIN_OUT, text, sizeof text);
        assert_int_equal(turn(), BTX_OK);
        assert_int_equal(turn(), BTX_OK);
    }
    send_frame(BTX_ADMIN_EXIT, "\0", 1);
    while (!world.call.is_answered)
        assert_int_equal(turn(), BTX_OK);
    assert_int_equal(world.call.out.length, 3 * sizeof text);
}

static void turn__gone_before_the_end__fault(void **state)
{
    (void)state;
    begin();
    send_frame(BTX_ADMIN_OUT, "ab", 2);
    (void)shutdown(world.fd, SHUT_RDWR);
    assert_int_equal(turn(), BTX_OK);
    assert_int_equal(turn(), BTX_FAULT_IO);
}

static void turn__no_frame__fault(void **state)
{
    static const struct {
        const char *bytes;
        const char *what;
    } wrong[] = {
        {"HTTP/1.1", "no header"},
        {"\0\0\0\0\2\0\0\0", "an empty frame"},
        {"\1\0\0\0\1\0\0\0", "a request"},
        {"\1\0\0\0\5\0\0\0", "a type that is none"},
        {"\1\0\1\0\2\0\0\0", "more than a chunk"},
    };

    for (size_t i = 0; i < BTX_COUNT_OF(wrong); i++) {
        begin();
        send_bytes(wrong[i].bytes, BTX_ADMIN_HEADER_BYTES);
        if (turn() != BTX_FAULT_LAYOUT)
            fail_msg("taken: %s", wrong[i].what);
        assert_int_equal(tear_down(state), 0);
        assert_int_equal(set_up(state), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(begin__somebody_there__is_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(begin__nobody_there__fault, set_up, tear_down),
        cmocka_unit_test_setup_teardown(turn__nothing_has_come__goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(turn__byte_by_byte__taken_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(turn__a_long_answer__whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(turn__gone_before_the_end__fault, set_up, tear_down),
        cmocka_unit_test_setup_teardown(turn__no_frame__fault, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
