/* SPDX-License-Identifier: Apache-2.0 */
/* test_protocol.c - frames between betexctl and betex-admin, right ones and any bytes. */
#include "admin/protocol.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint8_t bytes[BTX_ADMIN_REQUEST_BYTES_MAX];
static struct btx_admin_request request;

static void header__put_and_read__says_the_same(void **state)
{
    uint8_t header[BTX_ADMIN_HEADER_BYTES];
    struct btx_admin_header read;

    (void)state;
    btx_admin_header_put(header, BTX_ADMIN_ERR, 0x01020304);
    assert_memory_equal(header, "\x04\x03\x02\x01\x03\0\0\0", 8);
    assert_null(btx_admin_header_read(header, &read));
    assert_int_equal(read.length_bytes, 0x01020304);
    assert_int_equal(read.type, BTX_ADMIN_ERR);
    header[7] = 1;
    assert_non_null(btx_admin_header_read(header, &read));
}

static void request__put_and_read__says_the_same(void **state)
{
    static const char *const arguments[] = {"market", "show", "", "7"};
    const size_t length = btx_admin_request_put(bytes, BTX_ADMIN_COLOUR, 80, arguments, 4);

    (void)state;
    assert_int_equal(length, 8 + 7 + 5 + 1 + 2);
    assert_null(btx_admin_request_read(bytes, length, &request));
    assert_int_equal(request.flags, BTX_ADMIN_COLOUR);
    assert_int_equal(request.columns, 80);
    assert_int_equal(request.argument_count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(request.arguments[i], arguments[i]);
}

static void request_put__too_much__is_refused(void **state)
{
    static char text[BTX_ADMIN_REQUEST_BYTES_MAX];
    const char *arguments[BTX_ADMIN_ARGUMENTS_MAX + 1];

    (void)state;
    for (size_t i = 0; i < BTX_ADMIN_ARGUMENTS_MAX + 1; i++)
        arguments[i] = "x";
    assert_int_not_equal(btx_admin_request_put(bytes, 0, 0, arguments, BTX_ADMIN_ARGUMENTS_MAX), 0);
    assert_int_equal(btx_admin_request_put(bytes, 0, 0, arguments, BTX_ADMIN_ARGUMENTS_MAX + 1), 0);
    assert_int_equal(btx_admin_request_put(bytes, 0, 0, arguments, 0), 0);
    memset(text, 'x', sizeof text - 1);
    arguments[0] = text;
    assert_int_equal(btx_admin_request_put(bytes, 0, 0, arguments, 1), 0);
}

/* Each part of a request and each byte too many: the end is where the memory ends. */
static void request_read__cut_or_longer__is_refused(void **state)
{
    static const char *const arguments[] = {"status", "--json"};
    const size_t length = btx_admin_request_put(bytes, 0, 0, arguments, 2);

    (void)state;
    bytes[length] = 0;
    for (size_t cut = 0; cut <= length + 1; cut++) {
        uint8_t *copy = malloc(cut == 0 ? 1 : cut);

        assert_non_null(copy);
        memcpy(copy, bytes, cut);
        if (cut == length)
            assert_null(btx_admin_request_read(copy, cut, &request));
        else
            assert_non_null(btx_admin_request_read(copy, cut, &request));
        free(copy);
    }
}

static void request_read__hostile_counts__are_refused(void **state)
{
    static const char *const arguments[] = {"status"};
    const size_t length = btx_admin_request_put(bytes, 0, 0, arguments, 1);

    (void)state;
    bytes[0] = 2;
    assert_non_null(btx_admin_request_read(bytes, length, &request));
    bytes[0] = 1;
    bytes[6] = 0;
    assert_non_null(btx_admin_request_read(bytes, length, &request));
    bytes[6] = 2;
    assert_non_null(btx_admin_request_read(bytes, length, &request));
    bytes[6] = bytes[7] = 0xff;
    assert_non_null(btx_admin_request_read(bytes, length, &request));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header__put_and_read__says_the_same),
        cmocka_unit_test(request__put_and_read__says_the_same),
        cmocka_unit_test(request_put__too_much__is_refused),
        cmocka_unit_test(request_read__cut_or_longer__is_refused),
        cmocka_unit_test(request_read__hostile_counts__are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
